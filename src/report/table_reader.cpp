// SPDX-License-Identifier: Apache-2.0
// Three steps: bytes to rows of cells (xlsx_reader, parse_csv), old encodings inside cells to Unicode, and
// the header to be found. Encoding is decided for the file, then cell by cell where that makes more
// Vietnamese: one sheet often holds rows pasted from old and from new documents.
#include "report/table_reader.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"
#include "report/xlsx_reader.h"

namespace phendau::report {
namespace {

constexpr std::size_t kCsvProbeBytes = 64u << 10;
constexpr std::size_t kCsvProbeRows = 80;
constexpr std::size_t kLearnedCellsMax = 20'000;  // with accents; more do not change what the file is
constexpr std::size_t kRememberedTextsMax = 50'000;
constexpr std::size_t kRememberedBytesMax = 256;
constexpr double kPlainShareMin = 0.5;  // of syllables: the text is Vietnamese as it stands
constexpr std::size_t kCellBytesMax = kCellCharactersMax * 4;
constexpr std::string_view kSeparators = ";,\t|";

bool beyond_ascii(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::string single_line(std::string_view text) {
  std::string out;
  for (const char c : trim(text)) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

// --- encodings in cells ---

/// Whether everything beyond ASCII is a letter or tone of Vietnamese, or a sign that every encoding has: such
/// a text says nothing about an old encoding, whatever else it could be read as. "12/H\u0110" is a contract.
bool only_vietnamese(std::string_view text) {
  static const std::unordered_set<std::string> kLetters = [] {
    std::unordered_set<std::string> out;
    constexpr std::string_view kAll =
        "\u00E0\u00E1\u1EA3\u00E3\u1EA1\u0103\u1EB1\u1EAF\u1EB3\u1EB5\u1EB7\u00E2\u1EA7\u1EA5\u1EA9\u1EAB"
        "\u1EAD\u0111\u00E8\u00E9\u1EBB\u1EBD\u1EB9\u00EA\u1EC1\u1EBF\u1EC3\u1EC5\u1EC7\u00EC\u00ED\u1EC9"
        "\u0129\u1ECB\u00F2\u00F3\u1ECF\u00F5\u1ECD\u00F4\u1ED3\u1ED1\u1ED5\u1ED7\u1ED9\u01A1\u1EDD\u1EDB"
        "\u1EDF\u1EE1\u1EE3\u00F9\u00FA\u1EE7\u0169\u1EE5\u01B0\u1EEB\u1EE9\u1EED\u1EEF\u1EF1\u1EF3\u00FD"
        "\u1EF7\u1EF9\u1EF5\u2010\u2013\u2014\u2018\u2019\u201C\u201D\u2022\u2026";
    for (std::size_t pos = 0; pos < kAll.size();) {
      const std::size_t length = utf8_sequence_length(kAll, pos);
      out.emplace(kAll.substr(pos, length));
      pos += length;
    }
    return out;
  }();
  const std::string folded = fold_case(to_nfc(text));
  for (std::size_t pos = 0; pos < folded.size();) {
    const std::size_t length = utf8_sequence_length(folded, pos);
    if (length == 0 || (length > 1 && !kLetters.contains(folded.substr(pos, length)))) return false;
    pos += length;
  }
  return true;
}

class CellConverter {
 public:
  CellConverter(Table& table, std::optional<TextEncoding> forced) : table_(table), forced_(forced) {}

  /// Looks at the texts that could be bytes of an old encoding.
  void learn(const std::vector<TableRow>& rows) {
    std::string ascii;
    std::string narrow_texts;
    std::size_t wide = 0;
    std::size_t narrow = 0;
    for (const auto& row : rows) {
      for (const auto& cell : row.cells) {
        if (cell.kind != CellKind::text || wide + narrow >= kLearnedCellsMax) continue;
        if (!beyond_ascii(cell.text)) {
          if (ascii.size() < kDetectionSampleBytesMax) ascii += cell.text + "\n";
          continue;
        }
        const auto one = detect_encoding(cell.text);
        const bool plain =
            one.encoding == TextEncoding::utf8 && vietnamese_share(cell.text) >= kPlainShareMin;
        if (!plain && only_vietnamese(cell.text)) continue;
        ++(plain ? wide : narrow);
        if (!plain && narrow_texts.size() < kDetectionSampleBytesMax) narrow_texts += cell.text + "\n";
      }
    }
    file_ = detect_encoding(narrow > 0 ? narrow_texts : ascii);
    mostly_ = narrow > wide || (narrow == 0 && wide == 0);
    const bool old =
        file_.in_unicode || file_.encoding == TextEncoding::viqr || file_.encoding == TextEncoding::utf8_nfd;
    if (old) table_.encoding = file_;
  }

  void convert(TableRow& row, std::size_t index, TextEncoding font) {
    Cell& cell = row.cells[index];
    if (cell.kind != CellKind::text) return;
    const ConvertedText& after = remembered(cell.text, font);
    table_.undecodable += after.undecodable;
    if (after.text == cell.text) return;
    ++table_.converted_cells;
    if (table_.samples.size() < kEncodingSamplesMax) {
      table_.samples.push_back({row.number, static_cast<std::uint32_t>(index + 1), cell.text, after.text});
    }
    cell.text = after.text;
  }

 private:
  /// Names of agencies and states come again in every row.
  const ConvertedText& remembered(const std::string& text, TextEncoding font) {
    const std::string key = static_cast<char>(font) + text;
    const auto found = memory_.find(key);
    if (found != memory_.end()) return found->second;
    if (memory_.size() >= kRememberedTextsMax || text.size() > kRememberedBytesMax) {
      last_ = converted(text, font);
      return last_;
    }
    return memory_.emplace(key, converted(text, font)).first->second;
  }

  static ConvertedText as(const std::string& text, TextEncoding encoding) {
    const bool in_unicode = encoding != TextEncoding::viqr && encoding != TextEncoding::utf8 &&
                            encoding != TextEncoding::utf8_nfd;
    auto out = convert_to_utf8(text, encoding, in_unicode);
    if (!out) return {text, 0};
    return std::move(*out);
  }

  ConvertedText converted(const std::string& text, TextEncoding font) const {
    if (forced_) return as(text, *forced_);
    if (font != TextEncoding::utf8) {
      // People change fonts without retyping: the font is believed when the text is not worse for it.
      ConvertedText read = as(text, font);
      if (vietnamese_share(read.text) >= vietnamese_share(to_nfc(text))) return read;
      return {to_nfc(text), 0};
    }
    if (!beyond_ascii(text)) {
      const bool viqr = file_.encoding == TextEncoding::viqr && mostly_;
      return viqr ? as(text, TextEncoding::viqr) : ConvertedText{text, 0};
    }
    const bool file_is_old = file_.in_unicode && mostly_;
    TextEncoding encoding = file_is_old ? file_.encoding : TextEncoding::utf8;
    if (!file_is_old) {
      const auto one = detect_encoding(text);
      if (one.in_unicode && !only_vietnamese(text)) encoding = one.encoding;
    }
    ConvertedText plain{to_nfc(text), 0};
    if (encoding == TextEncoding::utf8) return plain;
    ConvertedText read = as(text, encoding);
    const double share = vietnamese_share(read.text);
    const double plain_share = vietnamese_share(plain.text);
    // On a tie the rest of the file decides.
    return share > plain_share || (share == plain_share && file_is_old) ? read : plain;
  }

  Table& table_;
  std::optional<TextEncoding> forced_;
  EncodingDetection file_;
  bool mostly_ = false;
  std::unordered_map<std::string, ConvertedText> memory_;
  ConvertedText last_;
};

// --- the header ---

struct Wanted {
  std::vector<std::unordered_set<std::string>> columns;

  explicit Wanted(const TableOptions& options) {
    for (const auto& titles : options.wanted) {
      columns.emplace_back();
      for (const auto& title : titles) columns.back().insert(fold_title(title));
    }
  }
  std::size_t score(const std::vector<std::string>& folded) const {
    std::size_t out = 0;
    for (const auto& column : columns) {
      out +=
          std::any_of(folded.begin(), folded.end(), [&](const auto& title) { return column.contains(title); })
              ? 1
              : 0;
    }
    return out;
  }
};

std::vector<std::string> folded(const std::vector<std::string>& titles) {
  std::vector<std::string> out;
  for (const auto& title : titles) out.push_back(fold_title(title));
  return out;
}

std::vector<std::string> titles_of(const TableRow& row) {
  std::vector<std::string> out;
  for (const auto& cell : row.cells) out.push_back(single_line(to_display(cell)));
  return out;
}

/// A header of two rows: the lower title where there is one, else the upper.
std::vector<std::string> below(const std::vector<std::string>& upper, const std::vector<std::string>& lower) {
  std::vector<std::string> out = upper;
  out.resize(std::max(upper.size(), lower.size()));
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (!lower[i].empty()) out[i] = lower[i];
  }
  return out;
}

struct Header {
  std::vector<std::string> titles;
  std::size_t rows_end = 0;  // index of the first row after it
  std::size_t score = 0;
};

/// (1) (2) (3) or 1 2 3 or A B 1 2: the row under a header that numbers the columns.
bool numbers_columns(const TableRow& row) {
  std::int64_t previous = 0;
  std::size_t count = 0;
  for (const auto& cell : row.cells) {
    if (is_blank(cell)) continue;
    std::string_view text = trim(cell.text);
    if (text.starts_with('(') && text.ends_with(')')) text = text.substr(1, text.size() - 2);
    if (text.size() == 1 && text[0] >= 'A' && text[0] <= 'D' && previous == 0) continue;
    const auto number = parse_int(text);
    if (!number || *number != previous + 1) return false;
    previous = *number;
    ++count;
  }
  return count >= 3;
}

Header find_header(const std::vector<TableRow>& rows, const Wanted& wanted) {
  Header best;
  for (std::size_t i = 0; i < rows.size() && i < kHeaderRowsMax; ++i) {
    const auto titles = titles_of(rows[i]);
    if (wanted.columns.empty()) {
      const auto filled =
          std::count_if(titles.begin(), titles.end(), [](const auto& title) { return !title.empty(); });
      if (filled >= 2 || rows.size() == 1) return {titles, i + 1, 1};
      continue;
    }
    const std::size_t alone = wanted.score(folded(titles));
    if (alone > best.score) best = {titles, i + 1, alone};
    if (i + 1 < rows.size() && rows[i + 1].number == rows[i].number + 1) {
      auto both = below(titles, titles_of(rows[i + 1]));
      const std::size_t together = wanted.score(folded(both));
      if (together > best.score && together > alone) best = {std::move(both), i + 2, together};
    }
  }
  return best;
}

/// Repeats the first cell of what is merged downwards, in rows that hold something. Excel's ranges never
/// overlap, so that a sheet needs no more steps than it may have cells.
Result<> fill_merged(RawSheet& sheet) {
  std::size_t steps = 0;
  for (const auto& merged : sheet.merged) {
    if (merged.row_last <= merged.row_first || merged.column_first >= kTableColumnsMax) continue;
    const auto at = [&](std::uint32_t number) {
      return std::lower_bound(sheet.rows.begin(), sheet.rows.end(), number,
                              [](const TableRow& row, std::uint32_t wanted) { return row.number < wanted; });
    };
    const auto first = at(merged.row_first);
    if (first == sheet.rows.end() || first->number != merged.row_first ||
        first->cells.size() <= merged.column_first)
      continue;
    const Cell value = first->cells[merged.column_first];
    const auto font = sheet.fonts.find(std::uint64_t{merged.row_first} << 32 | merged.column_first);
    for (auto row = first + 1; row != sheet.rows.end() && row->number <= merged.row_last; ++row) {
      if (row->cells.size() <= merged.column_first) row->cells.resize(merged.column_first + 1);
      if (++steps > kTableCellsMax) return fail(ErrorCode::limit, "too many merged cells", "table.damaged");
      row->cells[merged.column_first] = value;
      if (font != sheet.fonts.end())
        sheet.fonts[std::uint64_t{row->number} << 32 | merged.column_first] = font->second;
    }
  }
  return {};
}

std::unexpected<Error> no_header(const TableOptions& options) {
  std::string titles;
  for (const auto& column : options.wanted) {
    if (column.empty()) continue;
    if (!titles.empty()) titles += ", ";
    titles += column.front();
    if (titles.size() > 300) break;
  }
  return fail(ErrorCode::not_found, "no row holds the titles of the wanted columns", "table.no_header",
              {titles});
}

/// Finishes `table` from rows whose texts are Unicode by now.
Result<> take_rows(Table& table, std::vector<TableRow> rows, Header header) {
  table.header = std::move(header.titles);
  while (!table.header.empty() && table.header.back().empty()) table.header.pop_back();
  table.header_row = header.rows_end == 0 ? 0 : rows[header.rows_end - 1].number;
  std::size_t begin = header.rows_end;
  // What stands right of the last title is kept, under no title: import_rows tells about it.
  for (std::size_t i = begin; i < rows.size(); ++i) {
    while (!rows[i].cells.empty() && is_blank(rows[i].cells.back())) rows[i].cells.pop_back();
    if (rows[i].cells.size() > table.header.size()) table.header.resize(rows[i].cells.size());
  }
  if (begin < rows.size() && numbers_columns(rows[begin])) ++begin;
  for (std::size_t i = begin; i < rows.size(); ++i) {
    auto& row = rows[i];
    row.cells.resize(std::max(table.header.size(), std::size_t{1}));
    if (std::all_of(row.cells.begin(), row.cells.end(), is_blank)) continue;
    table.rows.push_back(std::move(row));
  }
  return {};
}

void convert_cells(Table& table, std::vector<TableRow>& rows,
                   const std::map<std::uint64_t, TextEncoding>& fonts, std::optional<TextEncoding> forced) {
  CellConverter converter(table, forced);
  if (!forced) converter.learn(rows);
  for (auto& row : rows) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const auto font = fonts.empty() ? fonts.end() : fonts.find(std::uint64_t{row.number} << 32 | i);
      converter.convert(row, i, font == fonts.end() ? TextEncoding::utf8 : font->second);
    }
  }
  if (!fonts.empty() && !table.encoding.in_unicode && table.converted_cells > 0 && !forced) {
    table.encoding = {fonts.begin()->second, true, 1, {{"encoding.fonts", {}}}};
  }
}

Result<Table> read_xlsx(std::string_view bytes, const TableOptions& options) {
  const XlsxFile file = PHENDAU_TRY(XlsxFile::open(bytes));
  const Wanted wanted(options);
  Table best;
  std::size_t best_score = 0;
  bool found = false;
  bool any = false;
  for (std::size_t i = 0; i < file.sheet_names().size(); ++i) {
    if (!options.sheet.empty() && file.sheet_names()[i] != options.sheet) continue;
    any = true;
    RawSheet raw = PHENDAU_TRY(file.read_sheet(i));
    PHENDAU_TRY(fill_merged(raw));
    Table table;
    table.encoding = {TextEncoding::utf8, false, 1, {{"encoding.valid_utf8", {}}}};
    if (options.encoding) table.encoding = {*options.encoding, true, 1, {{"encoding.chosen", {}}}};
    convert_cells(table, raw.rows, raw.fonts, options.encoding);
    Header header = find_header(raw.rows, wanted);
    if (header.score <= best_score) continue;
    best_score = header.score;
    table.sheet = raw.name;
    PHENDAU_TRY(take_rows(table, std::move(raw.rows), std::move(header)));
    best = std::move(table);
    found = true;
    if (best_score >= std::max<std::size_t>(1, wanted.columns.size())) break;
  }
  if (!any) return fail(ErrorCode::not_found, "no such sheet", "table.no_sheet", {options.sheet});
  if (!found) return no_header(options);
  best.sheets = file.sheet_names();
  return best;
}

// --- CSV ---

/// How well a separator fits: titles found, then columns.
std::pair<std::size_t, std::size_t> fit(std::string_view text, char separator, const Wanted& wanted) {
  auto rows = parse_csv(text.substr(0, kCsvProbeBytes), separator, kCsvProbeRows);
  if (!rows) return {0, 0};
  std::map<std::size_t, std::size_t> widths;
  for (const auto& row : *rows) {
    if (row.cells.size() > 1) ++widths[row.cells.size()];
  }
  std::size_t rows_alike = 0;
  for (const auto& [width, count] : widths) rows_alike = std::max(rows_alike, count);
  const std::size_t score = wanted.columns.empty() ? 0 : find_header(*rows, wanted).score;
  return {score, rows_alike};
}

char find_separator(std::string_view& text, const Wanted& wanted) {
  // "sep=;" in the first line is how Excel is told.
  if (text.size() > 5 && starts_with_ignore_case_ascii(text, "sep=") &&
      (text[5] == '\r' || text[5] == '\n')) {
    const char separator = text[4];
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    return separator;
  }
  char best = ',';
  std::pair<std::size_t, std::size_t> best_fit{0, 0};
  for (const char separator : kSeparators) {
    const auto one = fit(text, separator, wanted);
    if (one > best_fit) {
      best_fit = one;
      best = separator;
    }
  }
  return best;
}

/// Cells as they look where nobody converts them: each byte a character of code page 1252.
std::vector<TableRow> unconverted(std::string_view bytes, TextEncoding encoding, char separator) {
  if (encoding == TextEncoding::utf16_le || encoding == TextEncoding::utf16_be) return {};
  const auto text = from_charset(bytes.substr(0, kCsvProbeBytes), "windows-1252");
  if (!text) return {};
  std::string_view rest = *text;
  find_separator(rest, Wanted({}));  // takes "sep=" away
  auto rows = parse_csv(rest, separator, kCsvProbeRows);
  return rows ? std::move(*rows) : std::vector<TableRow>();
}

std::string cell_text(const std::vector<TableRow>& rows, std::uint32_t number, std::size_t index) {
  for (const auto& row : rows) {
    if (row.number == number) return index < row.cells.size() ? row.cells[index].text : std::string();
  }
  return {};
}

Result<Table> read_text_table(std::string_view bytes, const TableOptions& options) {
  Table table;
  table.encoding = detect_encoding(bytes);
  std::optional<TextEncoding> forced;
  TextEncoding encoding = table.encoding.encoding;
  const bool unicode = table.encoding.in_unicode || encoding == TextEncoding::utf8 ||
                       encoding == TextEncoding::utf8_nfd || encoding == TextEncoding::viqr;
  if (options.encoding) {
    // The bytes may be Unicode that holds the old encoding.
    table.encoding = {*options.encoding, unicode, 1, {{"encoding.chosen", {}}}};
    if (unicode)
      forced = options.encoding;
    else
      encoding = *options.encoding;
  } else if (encoding == TextEncoding::unknown) {
    return fail(ErrorCode::invalid, "the encoding of the text was not recognised",
                table.encoding.reasons[0].text_id, table.encoding.reasons[0].args);
  }
  const auto text = PHENDAU_TRY(convert_to_utf8(bytes, unicode ? TextEncoding::utf8 : encoding));
  table.undecodable = text.undecodable;
  if (!options.encoding && table.encoding.in_unicode && only_vietnamese(text.text))
    table.encoding = {TextEncoding::utf8, false, 1, {{"encoding.valid_utf8", {}}}};
  std::string_view rest = text.text;
  if (rest.substr(0, 512).find("<html") != std::string_view::npos ||
      rest.substr(0, 512).find("<table") != std::string_view::npos)
    return fail(ErrorCode::invalid, "a web page, not a table", "table.html");
  const Wanted wanted(options);
  const char separator = find_separator(rest, wanted);
  auto rows = PHENDAU_TRY(parse_csv(rest, separator));
  if (rows.empty()) return fail(ErrorCode::invalid, "an empty file", "table.empty");
  convert_cells(table, rows, {}, forced);
  if (!unicode) table.converted_cells = 0;
  const auto before = unicode ? std::vector<TableRow>() : unconverted(bytes, encoding, separator);
  for (const auto& row : rows) {
    for (std::size_t i = 0; !unicode && i < row.cells.size(); ++i) {
      if (!beyond_ascii(row.cells[i].text)) continue;
      ++table.converted_cells;
      if (table.samples.size() < kEncodingSamplesMax)
        table.samples.push_back({row.number, static_cast<std::uint32_t>(i + 1),
                                 cell_text(before, row.number, i), row.cells[i].text});
    }
  }
  Header header = find_header(rows, wanted);
  if (header.score == 0) return no_header(options);
  PHENDAU_TRY(take_rows(table, std::move(rows), std::move(header)));
  return table;
}

struct CsvParser {
  std::string_view text;
  char separator;
  std::size_t rows_max;
  std::vector<TableRow> rows;
  std::uint32_t number = 1;
  std::vector<Cell> cells;
  std::size_t cells_total = 0;
  std::size_t pos = 0;

  Result<> close_cell(std::string value) {
    if (cells.size() >= kTableColumnsMax) {
      if (value.empty()) return {};
      return fail(ErrorCode::limit, fmt::format("row {}: more than {} columns", number, kTableColumnsMax),
                  "table.too_many_columns", {std::to_string(number), std::to_string(kTableColumnsMax)});
    }
    if (value.size() > kCellBytesMax) {
      return fail(
          ErrorCode::limit, fmt::format("row {}, column {}: a cell too long", number, cells.size() + 1),
          "table.cell_too_long",
          {std::to_string(number), std::to_string(cells.size() + 1), std::to_string(kCellCharactersMax)});
    }
    if (++cells_total > kTableCellsMax)
      return fail(ErrorCode::limit, "too many cells", "table.unpacks_too_large");
    cells.push_back(Cell::of_text(std::move(value)));
    return {};
  }

  Result<> close_row() {
    if (!std::all_of(cells.begin(), cells.end(), is_blank)) {
      if (rows.size() >= rows_max) {
        return fail(ErrorCode::limit, fmt::format("more than {} rows", rows_max), "table.too_many_rows",
                    {std::to_string(rows_max)});
      }
      rows.push_back({number, std::move(cells)});
    }
    cells.clear();
    ++number;
    return {};
  }

  /// From behind an opening quote; moves behind the closing one.
  Result<std::string> read_quoted() {
    std::string value;
    for (;;) {
      const std::size_t quote = text.find('"', pos);
      if (quote == std::string_view::npos) {
        return fail(ErrorCode::invalid,
                    fmt::format("row {}, column {}: a quote that is never closed", number, cells.size() + 1),
                    "table.open_quote", {std::to_string(number), std::to_string(cells.size() + 1)});
      }
      value.append(text, pos, quote - pos);
      pos = quote + 1;
      if (pos >= text.size() || text[pos] != '"') return value;
      value += '"';
      ++pos;
    }
  }

  Result<> run() {
    while (pos < text.size()) {
      std::string value;
      std::size_t begin = pos;
      while (begin < text.size() && text[begin] == ' ') ++begin;
      if (begin < text.size() && text[begin] == '"') {
        pos = begin + 1;
        value = PHENDAU_TRY(read_quoted());
      }
      const std::size_t end =
          std::min(text.find_first_of(std::string{separator, '\r', '\n'}, pos), text.size());
      value.append(text, pos, end - pos);
      PHENDAU_TRY(close_cell(std::move(value)));
      pos = end;
      if (pos >= text.size()) break;
      if (text[pos] == separator) {
        ++pos;
        if (pos == text.size()) PHENDAU_TRY(close_cell(""));
        continue;
      }
      pos += text.substr(pos, 2) == "\r\n" ? 2 : 1;
      if (rows.size() + 1 > rows_max && rows_max == kCsvProbeRows) return {};
      PHENDAU_TRY(close_row());
    }
    return cells.empty() ? Result<>{} : close_row();
  }
};

}  // namespace

std::string fold_title(std::string_view title) {
  std::string_view text = trim(title);
  if (text.ends_with(')') && text.find('(') != std::string_view::npos && text.find('(') > 0)
    text = text.substr(0, text.find('('));
  std::string out;
  for (const char c : fold_accents(text)) {
    const bool sign =
        static_cast<unsigned char>(c) < 0x80 && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9');
    if (!sign)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return std::string(trim(out));
}

Result<std::vector<TableRow>> parse_csv(std::string_view text, char separator, std::size_t rows_max) {
  CsvParser parser{text, separator, rows_max, {}, 1, {}, 0, 0};
  PHENDAU_TRY(parser.run());
  return std::move(parser.rows);
}

Result<Table> read_table(std::string_view bytes, const TableOptions& options) {
  if (bytes.size() > kTableFileBytesMax) {
    return fail(ErrorCode::limit,
                fmt::format("file of {} bytes, at most {}", bytes.size(), kTableFileBytesMax),
                "table.too_large", {std::to_string(kTableFileBytesMax >> 20)});
  }
  if (trim(bytes).empty()) return fail(ErrorCode::invalid, "an empty file", "table.empty");
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) return read_xlsx(bytes, options);
  if (bytes.starts_with("\xD0\xCF\x11\xE0"))
    return fail(ErrorCode::invalid, "an old .xls file or one with a password", "table.old_excel");
  if (bytes.starts_with("%PDF-")) return fail(ErrorCode::invalid, "a PDF file", "table.not_xlsx");
  return read_text_table(bytes, options);
}

}  // namespace phendau::report

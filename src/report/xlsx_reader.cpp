// SPDX-License-Identifier: Apache-2.0
// Parts of a workbook: relationships lead to sheets, styles and shared texts; a sheet is read as a stream.
// Numbers keep the digits that were stored; the style says when a number is a date.
#include "report/xlsx_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "base/xml_reader.h"
#include "report/zip_reader.h"

namespace phendau::report {
namespace {

using Token = XmlReader::Token;

constexpr std::size_t kFormatsMax = 100'000;  // Excel itself stops at 65,490
constexpr std::size_t kMergedMax = 100'000;
constexpr std::int64_t kDays1904 = 1462;

std::unexpected<Error> damaged(std::string message) {
  return fail(ErrorCode::invalid, std::move(message), "table.damaged");
}

/// What reading XML said, as a damaged workbook.
std::unexpected<Error> damaged_part(std::string_view part, const Error& error) {
  return fail(error.code, fmt::format("{}: {}", part, error.message), "table.damaged");
}

std::uint32_t number_of(std::string_view text, std::uint32_t fallback) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : fallback;
}

/// "xl/" + "worksheets/sheet1.xml", or an absolute target without its slash; "../" goes up.
std::string resolve(std::string_view base_part, std::string_view target) {
  if (target.starts_with('/')) return std::string(target.substr(1));
  std::string folder(base_part.substr(0, base_part.find_last_of('/') + 1));
  while (target.starts_with("../")) {
    target.remove_prefix(3);
    if (!folder.empty()) folder.pop_back();
    folder.resize(folder.find_last_of('/') == std::string::npos ? 0 : folder.find_last_of('/') + 1);
  }
  return folder + std::string(target);
}

/// Whether a number format shows a date: letters of dates outside of quotes, brackets and escapes.
struct FormatLetters {
  bool day = false;   // d, m or y
  bool time = false;  // h or s
  bool zeros = false;
  std::uint32_t zero_count = 0;
};

FormatLetters letters_of(std::string_view code) {
  FormatLetters out;
  out.zeros = !code.empty() && code.find_first_not_of('0') == std::string_view::npos;
  out.zero_count = out.zeros ? static_cast<std::uint32_t>(code.size()) : 0;
  bool quoted = false;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = ascii_lower(code[i]);
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (c == '\\' || c == '_' || c == '*') {
      ++i;
    } else if (c == '[') {
      const std::size_t end = code.find(']', i);
      if (end == std::string_view::npos) break;
      const char first = i + 1 < code.size() ? ascii_lower(code[i + 1]) : ' ';
      out.time = out.time || first == 'h' || first == 's' || (first == 'm' && code[end - 1] != 'n');
      i = end;
    } else if (c == ';') {
      break;  // the part for positive numbers decides
    } else if (c == 'd' || c == 'm' || c == 'y') {
      out.day = true;
    } else if (c == 'h' || c == 's') {
      out.time = true;
    }
  }
  return out;
}

/// "AB12": column from 0 and row from 1; false when it is no reference.
bool parse_reference(std::string_view text, std::uint32_t& column, std::uint32_t& row) {
  std::uint32_t letters = 0;
  std::size_t i = 0;
  for (; i < text.size() && text[i] >= 'A' && text[i] <= 'Z' && i < 3; ++i)
    letters = letters * 26 + static_cast<std::uint32_t>(text[i] - 'A' + 1);
  row = number_of(text.substr(i), 0);
  column = letters - 1;
  return letters > 0 && row > 0 && row <= kRowsMax;
}

/// _x000D_ and such: how OOXML writes characters that XML does not take.
std::string decode_escapes(std::string text) {
  std::size_t at = text.find("_x");
  if (at == std::string::npos) return text;
  std::string out;
  std::size_t from = 0;
  for (; at != std::string::npos; at = text.find("_x", at)) {
    unsigned value = 0;
    const bool whole = at + 6 < text.size() && text[at + 6] == '_';
    const char* digits = text.data() + at + 2;
    const bool hex = whole && std::from_chars(digits, digits + 4, value, 16).ptr == digits + 4;
    if (!hex || value > 0x7F || value == 0) {
      at += 2;
      continue;
    }
    out.append(text, from, at - from);
    out += static_cast<char>(value);
    from = at = at + 7;
  }
  out.append(text, from);
  return out;
}

/// Text of an element up to its end, elements inside left out.
Result<std::string> read_text_of(XmlReader& xml) {
  std::string out;
  const std::size_t depth = xml.depth();
  for (;;) {
    const Token token = PHENDAU_TRY(xml.next());
    if (token == Token::text && xml.depth() == depth) out += xml.text();
    if (token == Token::eof || (token == Token::end && xml.depth() < depth)) return out;
  }
}

/// A text with runs (<si> or <is>): joined; a run in an old font is converted at once.
struct RichText {
  std::string text;
  bool converted = false;
};

Result<RichText> read_rich_text(XmlReader& xml) {
  RichText out;
  TextEncoding run = TextEncoding::utf8;

  const std::size_t depth = xml.depth();
  std::size_t phonetic = 0;
  for (;;) {
    const Token token = PHENDAU_TRY(xml.next());
    if (token == Token::eof || (token == Token::end && xml.depth() < depth)) return out;
    if (token == Token::end && phonetic != 0 && xml.depth() < phonetic) phonetic = 0;
    if (token != Token::start || phonetic != 0) continue;
    if (xml.name() == "rPh") phonetic = xml.depth();
    if (xml.name() == "r") run = TextEncoding::utf8;
    if (xml.name() == "rFont") run = encoding_of_font(xml.attribute("val").value_or(""));
    if (xml.name() != "t") continue;
    std::string text = decode_escapes(PHENDAU_TRY(read_text_of(xml)));
    if (run != TextEncoding::utf8) {
      text = PHENDAU_TRY(convert_to_utf8(text, run, true)).text;
      out.converted = true;
    }
    out.text += text;
  }
}

/// 15 digits, which is what Excel shows and people typed: "0.3", never "0.30000000000000004".
Cell number_cell(std::string_view stored) {
  const auto value = parse_double(stored);
  if (!value) return Cell::of_text(std::string(stored));
  return Cell::of_number(parse_double(fmt::format("{:.15g}", *value)).value_or(*value));
}

Cell date_cell(double serial, bool with_time, bool since_1904) {
  // Day 60 of the 1900 system is 29/02/1900, which never was; days before it are one less.
  double whole = std::floor(serial);
  auto second = static_cast<std::int32_t>(std::lround((serial - whole) * 86'400));
  if (second == 86'400) {
    second = 0;
    whole += 1;
  }
  std::int64_t day = static_cast<std::int64_t>(whole) + (since_1904 ? kDays1904 : 0);
  if (day < 60) ++day;
  const CivilDate date = civil_from_days(day + days_from_civil({1899, 12, 30}));
  if (!with_time && second == 0) return Cell::of_date(date);
  return Cell::of_date_time({date, second / 3600, second / 60 % 60, second % 60, 0});
}

}  // namespace

const std::string* XlsxFile::part(const std::string& name) const {
  const auto found = parts_.find(name);
  return found == parts_.end() ? nullptr : &found->second;
}

Result<XlsxFile> XlsxFile::open(std::string_view bytes) {
  const ZipLimits limits{4'000, kTableUnpackedBytesMax, 1'000};
  auto entries = read_zip(bytes, limits, [](std::string_view name) {
    return name.ends_with(".xml") || name.ends_with(".rels") || name == "mimetype";
  });
  if (!entries) {
    if (entries.error().code == ErrorCode::limit)
      return fail(ErrorCode::limit, entries.error().message, "table.unpacks_too_large");
    return damaged(entries.error().message);
  }
  XlsxFile file;
  for (auto& entry : *entries) {
    if (entry.encrypted) return fail(ErrorCode::invalid, "an encrypted ZIP entry", "table.password");
    file.parts_.insert_or_assign(std::move(entry.name), std::move(entry.bytes));
  }
  if (file.part("mimetype") != nullptr && file.part("mimetype")->find("opendocument") != std::string::npos)
    return fail(ErrorCode::invalid, "an OpenDocument file", "table.not_xlsx");
  PHENDAU_TRY(file.read_relationships());
  PHENDAU_TRY(file.read_workbook());
  if (const auto* xml = file.part(file.styles_part_)) PHENDAU_TRY(file.read_styles(*xml));
  if (const auto* xml = file.part(file.shared_part_)) PHENDAU_TRY(file.read_shared_texts(*xml));
  return file;
}

Result<> XlsxFile::read_relationships() {
  const auto read = [&](const std::string& name, const std::string& base) -> Result<> {
    const std::string* text = part(name);
    if (text == nullptr) return {};
    XmlReader xml(*text);
    for (;;) {
      const auto token = xml.next();
      if (!token) return damaged_part(name, token.error());
      if (*token == Token::eof) return {};
      if (*token != Token::start || xml.name() != "Relationship") continue;
      const std::string type = xml.attribute("Type").value_or("");
      const std::string target = resolve(base, xml.attribute("Target").value_or(""));
      if (base.empty()) {
        if (type.ends_with("/officeDocument")) workbook_part_ = target;
        continue;
      }
      targets_[xml.attribute("Id").value_or("")] = target;
      if (type.ends_with("/styles")) styles_part_ = target;
      if (type.ends_with("/sharedStrings")) shared_part_ = target;
    }
  };
  PHENDAU_TRY(read("_rels/.rels", ""));
  const std::size_t slash = workbook_part_.find_last_of('/');
  const std::string folder = slash == std::string::npos ? "" : workbook_part_.substr(0, slash + 1);
  return read(folder + "_rels/" + workbook_part_.substr(folder.size()) + ".rels", workbook_part_);
}

Result<> XlsxFile::read_workbook() {
  const std::string* text = part(workbook_part_);
  if (text == nullptr) return fail(ErrorCode::invalid, "a ZIP archive without a workbook", "table.not_xlsx");
  XmlReader xml(*text);
  for (;;) {
    const auto token = xml.next();
    if (!token) return damaged_part(workbook_part_, token.error());
    if (*token == Token::eof) break;
    if (*token != Token::start) continue;
    if (xml.name() == "workbookPr") {
      const std::string value = xml.attribute("date1904").value_or("0");
      since_1904_ = value == "1" || value == "true";
    }
    if (xml.name() != "sheet" || xml.attribute("state").value_or("visible") != "visible") continue;
    const auto target = targets_.find(xml.attribute("id").value_or(""));
    if (target == targets_.end() || part(target->second) == nullptr) continue;  // a chart sheet, or damaged
    names_.push_back(xml.attribute("name").value_or(""));
    sheet_parts_.push_back(target->second);
  }
  if (names_.empty()) return damaged("a workbook without visible sheets");
  return {};
}

Result<> XlsxFile::read_styles(std::string_view text) {
  std::map<std::uint32_t, std::string> codes;
  std::vector<TextEncoding> fonts;
  XmlReader xml(text);
  std::string section;
  for (;;) {
    const auto token = xml.next();
    if (!token) return damaged_part(styles_part_, token.error());
    if (*token == Token::eof) return {};
    if (*token == Token::start && xml.depth() == 2) section = xml.name();
    if (*token != Token::start) continue;
    if (xml.name() == "numFmt" && section == "numFmts")
      codes[number_of(xml.attribute("numFmtId").value_or(""), 0)] = xml.attribute("formatCode").value_or("");
    if (section == "fonts" && xml.name() == "font") fonts.push_back(TextEncoding::utf8);
    if (section == "fonts" && xml.name() == "name" && !fonts.empty())
      fonts.back() = encoding_of_font(xml.attribute("val").value_or(""));
    if (section != "cellXfs" || xml.name() != "xf") continue;
    if (formats_.size() >= kFormatsMax)
      return fail(ErrorCode::limit, "too many cell formats", "table.damaged");
    Format format;
    const std::uint32_t id = number_of(xml.attribute("numFmtId").value_or(""), 0);
    const std::uint32_t font = number_of(xml.attribute("fontId").value_or(""), 0);
    if (font < fonts.size()) format.font = fonts[font];
    // Built-in formats of dates and times. Source: ECMA-376-1, 18.8.30.
    const bool date = (id >= 14 && id <= 17) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
    const bool time = (id >= 18 && id <= 22) || (id >= 45 && id <= 47);
    if (date) format.kind = Format::Kind::date;
    if (time) format.kind = Format::Kind::date_time;
    if (const auto code = codes.find(id); code != codes.end()) {
      const FormatLetters letters = letters_of(code->second);
      if (letters.day || letters.time)
        format.kind = letters.time ? Format::Kind::date_time : Format::Kind::date;
      if (letters.zeros && letters.zero_count > 1 && letters.zero_count <= 32) {
        format.kind = Format::Kind::zeros;
        format.zeros = letters.zero_count;
      }
    }
    formats_.push_back(format);
  }
}

Result<> XlsxFile::read_shared_texts(std::string_view text) {
  XmlReader xml(text);
  std::size_t total = 0;
  for (;;) {
    const auto token = xml.next();
    if (!token) return damaged_part(shared_part_, token.error());
    if (*token == Token::eof) return {};
    if (*token != Token::start || xml.name() != "si") continue;
    auto rich = read_rich_text(xml);
    if (!rich) return damaged_part(shared_part_, rich.error());
    total += rich->text.size();
    if (shared_.size() >= kTableCellsMax || total > kTableTextBytesMax)
      return fail(ErrorCode::limit, "too much text", "table.unpacks_too_large");
    shared_.push_back({std::move(rich->text), rich->converted});
  }
}

/// One pass over a sheet.
class SheetParser {
 public:
  SheetParser(const XlsxFile& file, RawSheet& out) : file_(file), out_(out) {}

  Result<> run(std::string_view text) {
    XmlReader xml(text);
    for (;;) {
      const Token token = PHENDAU_TRY(xml.next());
      if (token == Token::eof) break;
      if (token == Token::end && xml.name() == "row") PHENDAU_TRY(close_row());
      if (token != Token::start) continue;
      if (xml.name() == "row") {
        row_ = number_of(xml.attribute("r").value_or(""), row_ + 1);
        column_ = 0;
      } else if (xml.name() == "c") {
        PHENDAU_TRY(read_cell(xml));
      } else if (xml.name() == "mergeCell") {
        PHENDAU_TRY(add_merged(xml.attribute("ref").value_or("")));
      }
    }
    std::stable_sort(out_.rows.begin(), out_.rows.end(),
                     [](const TableRow& a, const TableRow& b) { return a.number < b.number; });
    return {};
  }

 private:
  Result<> read_cell(XmlReader& xml) {
    std::uint32_t row = row_;
    if (const auto reference = xml.attribute("r")) {
      if (!parse_reference(*reference, column_, row))
        return damaged(fmt::format("cell '{}'", truncate_utf8(*reference, 16)));
    }
    const std::string type = xml.attribute("t").value_or("n");
    const std::uint32_t style = number_of(xml.attribute("s").value_or(""), 0);
    const XlsxFile::Format format =
        style < file_.formats_.size() ? file_.formats_[style] : XlsxFile::Format{};
    std::string value;
    RichText rich;
    const std::size_t depth = xml.depth();
    for (;;) {
      const Token token = PHENDAU_TRY(xml.next());
      if (token == Token::eof || (token == Token::end && xml.depth() < depth)) break;
      if (token != Token::start) continue;
      if (xml.name() == "v")
        value = PHENDAU_TRY(read_text_of(xml));
      else if (xml.name() == "is")
        rich = PHENDAU_TRY(read_rich_text(xml));
    }
    Cell cell = PHENDAU_TRY(cell_of(type, value, rich, format));
    const std::uint32_t column = column_++;
    if (cell.kind == CellKind::empty) return {};
    if (column >= kTableColumnsMax) {
      return fail(ErrorCode::limit, fmt::format("row {}: more than {} columns", row_, kTableColumnsMax),
                  "table.too_many_columns", {std::to_string(row_), std::to_string(kTableColumnsMax)});
    }
    if (cell.text.size() > kCellCharactersMax * 4) {
      return fail(ErrorCode::limit, fmt::format("row {}: a cell too long", row_), "table.cell_too_long",
                  {std::to_string(row_), std::to_string(column + 1), std::to_string(kCellCharactersMax)});
    }
    bytes_ += cell.text.size();
    if (++cells_count_ > kTableCellsMax || bytes_ > kTableTextBytesMax)
      return fail(ErrorCode::limit, "too many cells", "table.unpacks_too_large");
    if (cell.kind == CellKind::text && format.font != TextEncoding::utf8 && !rich.converted)
      out_.fonts[std::uint64_t{row_} << 32 | column] = format.font;
    if (cells_.size() <= column) cells_.resize(column + 1);
    cells_[column] = std::move(cell);
    return {};
  }

  Result<Cell> cell_of(const std::string& type, const std::string& value, RichText& rich,
                       const XlsxFile::Format& format) {
    using Kind = XlsxFile::Format::Kind;
    if (type == "s") {
      const std::uint32_t index = number_of(value, UINT32_MAX);
      if (value.empty()) return Cell{};
      if (index >= file_.shared_.size())
        return damaged(fmt::format("row {}: no shared text {}", row_, truncate_utf8(value, 16)));
      rich.converted = file_.shared_[index].converted;
      return Cell::of_text(file_.shared_[index].text);
    }
    if (type == "inlineStr") return Cell::of_text(std::move(rich.text));
    if (value.empty()) return Cell{};
    if (type == "str") return Cell::of_text(decode_escapes(value));
    if (type == "b") return Cell::of_boolean(value == "1" || value == "true");
    if (type == "e") return Cell{CellKind::error, value};
    if (type == "d") {
      const auto day = parse_date(std::string_view(value).substr(0, 10));
      if (!day) return Cell::of_text(value);
      const auto time =
          value.size() > 10 ? parse_rfc3339(value.substr(0, 19) + "Z") : Result<UtcTime>(UtcTime{});
      return value.size() > 10 && time ? Cell::of_date_time(to_civil(*time, kUtcZone)) : Cell::of_date(*day);
    }
    const auto number = parse_double(trim(value));
    if (!number) return Cell::of_text(value);
    const bool serial = *number >= 0 && *number < 2'958'466;  // 31/12/9999
    if (serial && (format.kind == Kind::date || format.kind == Kind::date_time)) {
      // A time without a day stays a number of hours that no column of ours takes; show it as a time.
      if (format.kind == Kind::date_time && *number < 1) {
        const auto second = static_cast<int>(std::lround(*number * 86'400));
        return Cell::of_text(fmt::format("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60));
      }
      return date_cell(*number, format.kind == Kind::date_time, file_.since_1904_);
    }
    Cell cell = number_cell(trim(value));
    if (format.kind == Kind::zeros && cell.text.find_first_not_of("0123456789") == std::string::npos &&
        cell.text.size() < format.zeros) {
      return Cell::of_text(std::string(format.zeros - cell.text.size(), '0') + cell.text);
    }
    return cell;
  }

  Result<> close_row() {
    const bool empty = cells_.empty();
    if (!empty) {
      if (out_.rows.size() >= kTableRowsMax) {
        return fail(ErrorCode::limit, fmt::format("more than {} rows", kTableRowsMax), "table.too_many_rows",
                    {std::to_string(kTableRowsMax)});
      }
      out_.rows.push_back({row_, std::move(cells_)});
    }
    cells_.clear();
    return {};
  }

  Result<> add_merged(const std::string& reference) {
    MergedCells merged;
    const std::size_t colon = reference.find(':');
    if (colon == std::string::npos) return {};
    std::string_view text(reference);
    if (!parse_reference(text.substr(0, colon), merged.column_first, merged.row_first) ||
        !parse_reference(text.substr(colon + 1), merged.column_last, merged.row_last)) {
      return damaged("a merged range that is none");
    }
    if (out_.merged.size() >= kMergedMax)
      return fail(ErrorCode::limit, "too many merged cells", "table.damaged");
    out_.merged.push_back(merged);
    return {};
  }

  const XlsxFile& file_;
  RawSheet& out_;
  std::uint32_t row_ = 0;
  std::uint32_t column_ = 0;
  std::vector<Cell> cells_;
  std::size_t cells_count_ = 0;
  std::size_t bytes_ = 0;
};

Result<RawSheet> XlsxFile::read_sheet(std::size_t index) const {
  RawSheet out;
  out.name = names_[index];
  SheetParser parser(*this, out);
  if (auto done = parser.run(*part(sheet_parts_[index])); !done) {
    if (!done.error().text_id.empty()) return std::unexpected(done.error());
    return damaged_part(sheet_parts_[index], done.error());
  }
  return out;
}

}  // namespace phendau::report

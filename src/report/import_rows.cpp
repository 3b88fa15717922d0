// SPDX-License-Identifier: Apache-2.0
// Columns are mapped once; then each cell goes through the reader of its type. A reader gives a value or the
// id of the sentence that says what is wrong.
#include "report/import_rows.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"

namespace phendau::report {
namespace {

constexpr std::size_t kShownBytesMax = 60;  // of a wrong value in a sentence
constexpr std::int64_t kOldestDateSerial =
    18'264;                                   // 01/01/1950: a smaller number in a column of dates is no date
constexpr std::int64_t kSerialLast = 73'050;  // 31/12/2099

/// Sums at the end of a table, and who signed it; folded.
constexpr std::string_view kSumWords[] = {"tong", "cong", "tong cong", "tong so"};
/// Columns that number the rows.
constexpr std::string_view kNumberTitles[] = {"stt", "tt", "so tt", "so thu tu"};
constexpr std::string_view kTrueWords[] = {"co", "x", "dung", "roi",    "da",     "true",  "yes",
                                           "y",  "1", "v",    "\u2713", "\u2714", "\u2611"};
constexpr std::string_view kFalseWords[] = {"khong", "sai", "chua", "false", "no", "n", "0", "ko", "k"};
constexpr std::string_view kTicks[] = {"x", "v", "\u2713", "\u2714", "\u2611"};

template <std::size_t N>
bool among(std::string_view text, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

/// A value, or the sentence that says why not.
struct Reading {
  Json value;
  std::string wrong;        // text id; empty: good
  std::string explanation;  // args[3], if the sentence needs one
};

Reading wrong(std::string text_id, std::string explanation = {}) {
  return {Json(), std::move(text_id), std::move(explanation)};
}

std::unexpected<Error> no(std::string_view what, std::string_view text) {
  return fail(ErrorCode::invalid, fmt::format("'{}' is no {}", truncate_utf8(text, kShownBytesMax), what));
}

/// Numbers of a text in order, and the signs between them.
struct DateParts {
  std::vector<std::int32_t> numbers;
  std::vector<std::size_t> digits;
  bool clean = true;
};

DateParts date_parts(std::string_view text) {
  DateParts out;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c < '0' || c > '9') {
      out.clean = out.clean && (c == '/' || c == '-' || c == '.' || c == ' ');
      ++i;
      continue;
    }
    std::int32_t value = 0;
    std::size_t digits = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9' && digits < 5; ++i, ++digits)
      value = value * 10 + (text[i] - '0');
    out.numbers.push_back(value);
    out.digits.push_back(digits);
  }
  return out;
}

Reading read_text(const Cell& cell) {
  if (cell.kind == CellKind::date || cell.kind == CellKind::date_time) return {to_display(cell), {}, {}};
  return {std::string(trim(cell.text)), {}, {}};
}

Reading read_integer(const Cell& cell) {
  if (cell.kind == CellKind::date || cell.kind == CellKind::date_time) return wrong("import.integer");
  const auto value =
      cell.kind == CellKind::number ? parse_double(cell.text) : parse_number_vietnamese(cell.text);
  if (!value || *value != static_cast<double>(static_cast<std::int64_t>(*value)))
    return wrong("import.integer");
  if (*value > 9e15 || *value < -9e15) return wrong("import.integer");
  return {static_cast<std::int64_t>(*value), {}, {}};
}

Reading read_number(const Cell& cell) {
  if (cell.kind == CellKind::date || cell.kind == CellKind::date_time) return wrong("import.number");
  const auto value =
      cell.kind == CellKind::number ? parse_double(cell.text) : parse_number_vietnamese(cell.text);
  if (!value) return wrong("import.number");
  return {*value, {}, {}};
}

Reading read_boolean(const Cell& cell) {
  if (cell.kind == CellKind::boolean) return {cell.text == "true", {}, {}};
  const std::string word = fold_accents(trim(cell.text));
  if (among(word, kTrueWords)) return {true, {}, {}};
  if (among(word, kFalseWords)) return {false, {}, {}};
  return wrong("import.boolean");
}

/// A number that Excel stores for a day, in a column where it lost its format.
std::optional<CivilDate> day_of_serial(const Cell& cell) {
  if (cell.kind != CellKind::number) return std::nullopt;
  const auto serial = parse_int(cell.text);
  if (!serial || *serial < kOldestDateSerial || *serial > kSerialLast) return std::nullopt;
  return civil_from_days(*serial + days_from_civil({1899, 12, 30}));
}

Reading read_date(const Cell& cell) {
  if (cell.kind == CellKind::date || cell.kind == CellKind::date_time)
    return {cell.text.substr(0, 10), {}, {}};
  if (const auto day = day_of_serial(cell)) return {format_date(*day), {}, {}};
  const auto date = parse_date_vietnamese(cell.text);
  if (!date) return wrong(date.error().text_id.empty() ? "import.date" : date.error().text_id);
  return {format_date(*date), {}, {}};
}

/// "05/03/2024 14:30" (also "14h30"), local to Viet Nam.
Reading read_date_time(const Cell& cell) {
  constexpr std::string_view kZone = "+07:00";
  if (cell.kind == CellKind::date_time) return {cell.text + std::string(kZone), {}, {}};
  if (const auto time = parse_rfc3339(trim(cell.text))) return {format_rfc3339(*time, kVietnamZone), {}, {}};
  std::string_view text = trim(cell.text);
  std::string clock = "00:00:00";
  const std::size_t colon = text.find_first_of(":hH");
  if (cell.kind == CellKind::text && colon != std::string_view::npos && colon > 0) {
    // The clock may stand before or behind the day.
    const std::size_t begin =
        text.find_last_of(" T", colon) == std::string_view::npos ? 0 : text.find_last_of(" T", colon) + 1;
    const std::size_t end = std::min(text.find(' ', colon), text.size());
    int parts[3] = {0, 0, 0};
    std::size_t count = 0;
    for (const char c : text.substr(begin, end - begin)) {
      if (c >= '0' && c <= '9')
        parts[count] = std::min(parts[count] * 10 + (c - '0'), 999);
      else if (++count == 3)
        return wrong("import.date_time");
    }
    if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return wrong("import.date_time");
    clock = fmt::format("{:02}:{:02}:{:02}", parts[0], parts[1], parts[2]);
    text = begin == 0 ? trim(text.substr(end)) : trim(text.substr(0, begin - 1));
  }
  const Reading day = read_date(Cell{cell.kind, std::string(text)});
  if (!day.wrong.empty()) return wrong("import.date_time");
  return {day.value.as_string() + "T" + clock + std::string(kZone), {}, {}};
}

/// Enumerations by folded word.
class Words {
 public:
  explicit Words(const WantedColumn& column) : other_(column.other_words) {
    for (const auto& word : column.words) {
      values_.emplace(fold_title(word.value), word.value);
      for (const auto& one : word.words) values_.emplace(fold_title(one), word.value);
      if (shown_.size() < 400)
        shown_ += (shown_.empty() ? "" : ", ") + (word.words.empty() ? word.value : word.words.front());
    }
  }
  bool empty() const { return values_.empty(); }
  bool allows_others() const { return other_; }
  const std::string& shown() const { return shown_; }
  const std::string* value_of(std::string_view text) const {
    const auto found = values_.find(fold_title(text));
    return found == values_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::string, std::string> values_;
  std::string shown_;
  bool other_ = false;
};

Reading read_word(const Words& words, std::string text) {
  if (words.empty()) return {std::move(text), {}, {}};
  const std::string* value = words.value_of(text);
  if (value == nullptr && words.allows_others()) return {std::move(text), {}, {}};
  if (value == nullptr) return wrong("import.word", words.shown());
  return {*value, {}, {}};
}

/// Several texts in one cell: by line or semicolon; by comma when there is neither.
Reading read_texts(const Words& words, const Cell& cell) {
  const std::string_view text = cell.text;
  const bool lines = text.find_first_of(";\n") != std::string_view::npos;
  Json list = Json::array();
  std::string part;
  const auto close = [&]() -> Reading {
    const std::string one(trim(part));
    part.clear();
    if (one.empty()) return {};
    Reading reading = read_word(words, one);
    if (reading.wrong.empty()) list.push(std::move(reading.value));
    return reading;
  };
  for (const char c : std::string(text) + (lines ? ";" : ",")) {
    const bool ends = lines ? c == ';' || c == '\n' : c == ',';
    if (!ends) {
      part += c;
      continue;
    }
    if (auto reading = close(); !reading.wrong.empty()) return reading;
  }
  return {std::move(list), {}, {}};
}

Reading read_cell(const WantedColumn& column, const Words& words, const Cell& cell) {
  if (cell.kind == CellKind::error) return wrong("import.formula_error");
  switch (column.type) {
    case ColumnType::integer:
      return read_integer(cell);
    case ColumnType::number:
      return read_number(cell);
    case ColumnType::boolean:
      return read_boolean(cell);
    case ColumnType::date:
      return read_date(cell);
    case ColumnType::date_time:
      return read_date_time(cell);
    case ColumnType::texts:
      return read_texts(words, cell);
    case ColumnType::text:
      break;
  }
  Reading text = read_text(cell);
  return words.empty() ? text : read_word(words, text.value.as_string());
}

/// Our own CSV puts an apostrophe before what a spreadsheet would run as a formula (csv.h).
Cell without_guard(const Cell& cell) {
  const bool guarded = cell.kind == CellKind::text && cell.text.size() > 1 && cell.text[0] == '\'' &&
                       std::string_view("=+-@\t\r\n").find(cell.text[1]) != std::string_view::npos;
  return guarded ? Cell{cell.kind, cell.text.substr(1)} : cell;
}

/// How Excel names a column without a title.
std::string column_letters(std::size_t index) {
  std::string out;
  for (std::size_t n = index + 1; n > 0; n = (n - 1) / 26) {
    out.insert(out.begin(), static_cast<char>('A' + (n - 1) % 26));
  }
  return out;
}

class Importer {
 public:
  Importer(const Table& table, const std::vector<WantedColumn>& columns, const ImportOptions& options)
      : table_(table), columns_(columns), options_(options) {
    for (const auto& column : columns_) words_.emplace_back(column);
  }

  Result<ImportResult> run() {
    PHENDAU_TRY(map_columns());
    find_tick_columns();
    for (const auto& row : table_.rows) import_row(row);
    return std::move(out_);
  }

 private:
  Result<> map_columns() {
    std::map<std::string, std::vector<std::size_t>> by_title;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      for (const auto& title : columns_[i].titles) {
        auto& list = by_title[fold_title(title)];
        if (list.empty() || list.back() != i) list.push_back(i);
      }
    }
    out_.taken.resize(columns_.size());
    for (std::size_t at = 0; at < table_.header.size(); ++at) {
      const std::string folded = fold_title(table_.header[at]);
      if (folded.empty()) {
        const bool used = std::any_of(table_.rows.begin(), table_.rows.end(),
                                      [&](const TableRow& row) { return !is_blank(row.cells[at]); });
        if (used) out_.unknown_titles.push_back(column_letters(at));
        continue;
      }
      const auto found = by_title.find(folded);
      if (found == by_title.end()) {
        if (!among(folded, kNumberTitles)) out_.unknown_titles.push_back(table_.header[at]);
        continue;
      }
      const std::size_t wanted = found->second.front();
      if (out_.taken[wanted]) {
        return fail(ErrorCode::invalid, fmt::format("two columns '{}'", table_.header[at]),
                    "import.column_twice", {table_.header[*out_.taken[wanted]], table_.header[at]});
      }
      out_.taken[wanted] = at;
    }
    std::string missing;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].required && !out_.taken[i]) missing += (missing.empty() ? "" : ", ") + title_of(i);
    }
    if (missing.empty()) return {};
    return fail(ErrorCode::invalid, "columns are missing: " + missing, "import.missing_columns", {missing});
  }

  /// Where people tick with an x, an empty cell says no.
  void find_tick_columns() {
    ticked_.assign(columns_.size(), false);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].type != ColumnType::boolean || !out_.taken[i]) continue;
      bool ticks = false;
      bool others = false;
      for (const auto& row : table_.rows) {
        const Cell& cell = row.cells[*out_.taken[i]];
        if (is_blank(cell)) continue;
        (among(fold_accents(trim(cell.text)), kTicks) ? ticks : others) = true;
      }
      ticked_[i] = ticks && !others;
    }
  }

  void import_row(const TableRow& row) {
    if (is_sum(row)) {
      out_.rows_skipped.push_back(row.number);
      return;
    }
    const std::size_t errors_before = out_.errors_total;
    ImportedRow imported{row.number, Json::object(), Json::object()};
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!out_.taken[i]) continue;
      const Cell cell = without_guard(row.cells[*out_.taken[i]]);
      Json& target = columns_[i].beside ? imported.beside : imported.document;
      if (is_blank(cell)) {
        if (ticked_[i])
          target.set(columns_[i].key, false);
        else if (columns_[i].required)
          add_error(row.number, i, "import.required", "");
        continue;
      }
      Reading reading = read_cell(columns_[i], words_[i], cell);
      if (reading.wrong.empty())
        target.set(columns_[i].key, std::move(reading.value));
      else
        add_error(row.number, i, std::move(reading.wrong), to_display(cell), std::move(reading.explanation));
    }
    if (errors_before == out_.errors_total && options_.schema != nullptr) check(imported);
    if (errors_before == out_.errors_total)
      out_.rows.push_back(std::move(imported));
    else
      ++out_.rows_wrong;
  }

  void check(const ImportedRow& imported) {
    for (auto& problem : options_.schema->validate(imported.document)) {
      const std::string key = problem.pointer.substr(std::min<std::size_t>(1, problem.pointer.size()));
      const auto at = std::find_if(columns_.begin(), columns_.end(), [&](const auto& column) {
        return key == column.key || key.starts_with(column.key + "/");
      });
      const bool known = at != columns_.end();
      const std::string shown = known ? imported.document[at->key].string_or("") : "";
      ImportError error{
          imported.row, known ? at->key : "", known ? "import.schema" : "import.schema_row", {}, {}};
      error.args = {std::to_string(imported.row), known ? at->titles.front() : "",
                    std::string(truncate_utf8(shown, kShownBytesMax))};
      error.schema = std::move(problem);
      add(std::move(error));
    }
  }

  /// A word for sums in one of the first cells, and little else.
  bool is_sum(const TableRow& row) const {
    for (std::size_t i = 0; i < std::min<std::size_t>(3, row.cells.size()); ++i) {
      if (row.cells[i].kind == CellKind::text && among(fold_title(row.cells[i].text), kSumWords)) {
        return std::any_of(columns_.begin(), columns_.end(), [&](const auto& column) {
          const auto& taken = out_.taken[static_cast<std::size_t>(&column - columns_.data())];
          return column.required && taken && (is_blank(row.cells[*taken]) || *taken == i);
        });
      }
    }
    return false;
  }

  std::string title_of(std::size_t i) const {
    return columns_[i].titles.empty() ? columns_[i].key : columns_[i].titles.front();
  }

  void add_error(std::uint32_t row, std::size_t column, std::string text_id, std::string_view shown,
                 std::string explanation = {}) {
    add({row,
         columns_[column].key,
         std::move(text_id),
         {std::to_string(row), title_of(column), std::string(truncate_utf8(shown, kShownBytesMax)),
          std::move(explanation)},
         {}});
  }

  void add(ImportError error) {
    ++out_.errors_total;
    if (out_.errors.size() < kImportErrorsMax) out_.errors.push_back(std::move(error));
  }

  const Table& table_;
  const std::vector<WantedColumn>& columns_;
  const ImportOptions& options_;
  std::vector<Words> words_;
  std::vector<bool> ticked_;
  ImportResult out_;
};

std::optional<ColumnType> type_of(const Json& property) {
  // ["string", "null"]: what is not null.
  std::string type = property["type"].string_or("");
  for (const auto& one : property["type"].items()) {
    if (one.as_string() != "null") type = one.as_string();
  }
  const std::string format = property["format"].string_or("");
  if (type == "string" || (type.empty() && property.contains("enum"))) {
    return format == "date"        ? ColumnType::date
           : format == "date-time" ? ColumnType::date_time
                                   : ColumnType::text;
  }
  if (type == "integer") return ColumnType::integer;
  if (type == "number") return ColumnType::number;
  if (type == "boolean") return ColumnType::boolean;
  if (type == "array" && property["items"]["type"].string_or("string") == "string") return ColumnType::texts;
  return std::nullopt;
}

}  // namespace

Result<CivilDate> parse_date_vietnamese(std::string_view raw) {
  std::string text(trim(raw));
  if (const auto iso = parse_date(text)) return *iso;
  std::string folded = fold_accents(text);
  for (const std::string_view word : {"ngay", "thang", "nam", ","}) {
    if (folded.find(word) != std::string::npos) folded = replace_all(folded, word, " ");
  }
  const DateParts parts = date_parts(trim(folded));
  if (!parts.clean || parts.numbers.size() != 3) return no("date", text);
  if (parts.digits[2] == 2) {
    return fail(ErrorCode::invalid, "a year of two digits", "import.date_short_year");
  }
  const CivilDate date{parts.numbers[2], parts.numbers[1], parts.numbers[0]};
  if (parts.digits[2] != 4 || parts.digits[0] > 2 || parts.digits[1] > 2 || date.year < 1900 ||
      date.year > 2200 || !is_valid(date))
    return no("date", text);
  return date;
}

Result<double> parse_number_vietnamese(std::string_view raw) {
  std::string text;
  for (const char c : replace_all(trim(raw), "\u00A0", "")) {
    if (c != ' ') text += c;
  }
  const std::size_t begin = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  if (text.size() == begin || text.find_first_not_of("0123456789.,", begin) != std::string::npos)
    return no("number", raw);
  const auto grouped = [&](std::string_view digits, char sign) {
    const auto groups = split(digits, sign);
    if (groups.size() < 2 || groups[0].empty() || groups[0].size() > 3 || groups[0] == "0") return false;
    return std::all_of(groups.begin() + 1, groups.end(), [](std::string_view group) {
      return group.size() == 3 && group.find_first_not_of("0123456789") == std::string_view::npos;
    });
  };
  const std::string_view digits = std::string_view(text).substr(begin);
  const std::size_t comma = digits.find_last_of(',');
  const std::size_t point = digits.find_last_of('.');
  char decimal = 0;
  char group = 0;
  if (comma != std::string_view::npos && point != std::string_view::npos) {
    decimal = comma > point ? ',' : '.';
    group = comma > point ? '.' : ',';
  } else if (comma != std::string_view::npos) {
    (digits.find(',') != comma ? group : decimal) = ',';
  } else if (point != std::string_view::npos) {
    (grouped(digits, '.') ? group : decimal) = '.';
  }
  const std::size_t end = decimal == 0 ? digits.size() : digits.find_last_of(decimal);
  const std::string_view whole = digits.substr(0, end);
  if (whole.empty() || (group != 0 && whole.find(group) != std::string_view::npos && !grouped(whole, group)))
    return no("number", raw);
  std::string plain = text.starts_with('-') ? "-" : "";
  for (const char c : whole) {
    if (c == group) continue;
    if (c == '.' || c == ',') return no("number", raw);
    plain += c;
  }
  if (decimal != 0) {
    const std::string_view fraction = digits.substr(end + 1);
    if (fraction.empty()) return no("number", raw);
    plain += "." + std::string(fraction);
  }
  const auto value = parse_double(plain);
  if (!value) return no("number", raw);
  return *value;
}

std::string ImportError::to_text(Lang lang) const {
  std::vector<std::string> all = args;
  if (!schema.text_id.empty()) all.push_back(schema.to_text(lang));
  return tr(lang, text_id, all);
}

std::vector<WantedColumn> columns_of_schema(const Json& schema) {
  std::vector<WantedColumn> out;
  for (const auto& [key, property] : schema["properties"].members()) {
    const auto type = type_of(property);
    if (!type) continue;
    WantedColumn column;
    column.key = key;
    column.type = *type;
    for (const auto& title : {property["title"].string_or(""), property["x-title-en"].string_or("")}) {
      if (!title.empty()) column.titles.push_back(title);
    }
    for (const auto& title : property["x-import-titles"].items()) column.titles.push_back(title.as_string());
    column.titles.push_back(key);
    const Json& allowed = *type == ColumnType::texts ? property["items"] : property;
    for (const auto& value : allowed["enum"].items()) {
      if (!value.is_string()) continue;
      EnumWord word{value.as_string(), {}};
      const std::string own = allowed["x-titles-vi"][word.value].string_or("");
      const std::string title = own.empty() ? property["x-titles-vi"][word.value].string_or("") : own;
      if (!title.empty()) word.words.push_back(title);
      column.words.push_back(std::move(word));
    }
    if (*type == ColumnType::text && allowed["enum"].is_null()) {
      for (const auto& [value, title] : property["x-titles-vi"].members())
        column.words.push_back({value, {title.as_string()}});
      column.other_words = !column.words.empty();
    }
    const auto& required = schema["required"].items();
    column.required = std::any_of(required.begin(), required.end(),
                                  [&, &name = key](const Json& one) { return one.as_string() == name; });
    out.push_back(std::move(column));
  }
  return out;
}

TableOptions options_for(const std::vector<WantedColumn>& columns) {
  TableOptions out;
  for (const auto& column : columns) out.wanted.push_back(column.titles);
  return out;
}

Sheet import_template(std::string_view name, const std::vector<WantedColumn>& columns) {
  Sheet out;
  out.name = name;
  for (const auto& column : columns) {
    out.columns.push_back(
        {(column.titles.empty() ? column.key : column.titles.front()) + (column.required ? " (*)" : ""), 0});
  }
  return out;
}

Result<ImportResult> import_rows(const Table& table, const std::vector<WantedColumn>& columns,
                                 const ImportOptions& options) {
  return Importer(table, columns, options).run();
}

}  // namespace phendau::report

// SPDX-License-Identifier: Apache-2.0
// The parts of a workbook as text, packed by zip_writer. Texts are inline strings: one pass, no table of
// shared strings to hold. Cell styles are the fixed list of kStyles.
#include "report/xlsx_writer.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "report/zip_writer.h"

namespace phendau::report {
namespace {

// Order of <cellXfs> in kStyles.
enum Style : int { plain, title, header, text, quoted, number, date, date_time };

constexpr double kWidthMin = 8;
constexpr double kWidthMax = 60;
constexpr std::size_t kWidthRows = 200;  // the first rows decide; the rest wraps
constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
constexpr std::string_view kMain = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
constexpr std::string_view kOffice = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
constexpr std::string_view kPackage = "http://schemas.openxmlformats.org/package/2006";
constexpr std::string_view kMime = "application/vnd.openxmlformats-officedocument.spreadsheetml.";

constexpr std::string_view kStyles =
    R"(<numFmts count="2"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/>)"
    R"(<numFmt numFmtId="165" formatCode="dd/mm/yyyy\ hh:mm:ss"/></numFmts><fonts count="3"><font>)"
    R"(<sz val="11"/><name val="Times New Roman"/><family val="1"/></font><font><b/><sz val="14"/>)"
    R"(<name val="Times New Roman"/><family val="1"/></font><font><b/><sz val="11"/>)"
    R"(<name val="Times New Roman"/><family val="1"/></font></fonts><fills count="3"><fill>)"
    R"(<patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>)"
    R"(<fill><patternFill patternType="solid"><fgColor rgb="FFE7EDF3"/><bgColor indexed="64"/>)"
    R"(</patternFill></fill></fills><borders count="2"><border><left/><right/><top/><bottom/>)"
    R"(<diagonal/></border><border><left style="thin"/><right style="thin"/><top style="thin"/>)"
    R"(<bottom style="thin"/><diagonal/></border></borders><cellStyleXfs count="1">)"
    R"(<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="8">)"
    R"(<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>)"
    R"(<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1")"
    R"( applyAlignment="1"><alignment horizontal="center" vertical="center" wrapText="1"/></xf>)"
    R"(<xf numFmtId="49" fontId="2" fillId="2" borderId="1" xfId="0" applyFont="1" applyFill="1")"
    R"( applyBorder="1" applyAlignment="1">)"
    R"(<alignment horizontal="center" vertical="center" wrapText="1"/></xf>)"
    R"(<xf numFmtId="49" fontId="0" fillId="0" borderId="1" xfId="0" applyNumberFormat="1")"
    R"( applyBorder="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>)"
    R"(<xf numFmtId="49" fontId="0" fillId="0" borderId="1" xfId="0" quotePrefix="1")"
    R"( applyNumberFormat="1" applyBorder="1" applyAlignment="1">)"
    R"(<alignment vertical="top" wrapText="1"/></xf>)"
    R"(<xf numFmtId="0" fontId="0" fillId="0" borderId="1" xfId="0" applyBorder="1")"
    R"( applyAlignment="1"><alignment vertical="top"/></xf>)"
    R"(<xf numFmtId="164" fontId="0" fillId="0" borderId="1" xfId="0" applyNumberFormat="1")"
    R"( applyBorder="1" applyAlignment="1"><alignment vertical="top"/></xf>)"
    R"(<xf numFmtId="165" fontId="0" fillId="0" borderId="1" xfId="0" applyNumberFormat="1")"
    R"( applyBorder="1" applyAlignment="1"><alignment vertical="top"/></xf></cellXfs>)"
    R"(<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>)";

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Excel reads _xHHHH_ in texts as a character: such text keeps its meaning by escaping the first sign.
bool looks_escaped(std::string_view text, std::size_t at) {
  return at + 6 < text.size() && (text[at + 1] == 'x' || text[at + 1] == 'X') && text[at + 6] == '_' &&
         is_hex(text[at + 2]) && is_hex(text[at + 3]) && is_hex(text[at + 4]) && is_hex(text[at + 5]);
}

void append_xml(std::string& out, std::string_view raw) {
  const std::string valid = is_valid_utf8(raw) ? std::string() : to_valid_utf8(raw);
  const std::string_view text = valid.empty() ? raw : std::string_view(valid);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '_' && looks_escaped(text, i)) {
      out += "_x005F_";
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
      fmt::format_to(std::back_inserter(out), "_x{:04X}_", static_cast<unsigned>(c));
    } else if (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF") {
      out += "\xEF\xBF\xBD";  // U+FFFE and U+FFFF may not stand in XML
      i += 2;
    } else {
      out += c;
    }
  }
}

std::string column_name(std::size_t index) {
  std::string out;
  for (std::size_t n = index + 1; n > 0; n = (n - 1) / 26)
    out.insert(out.begin(), static_cast<char>('A' + (n - 1) % 26));
  return out;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// A name that Excel takes: at most 31 characters, none of []:*?/\ and no apostrophe at an end, unlike
/// `used`.
std::string sheet_name(std::string_view wanted, std::size_t number, std::set<std::string>& used) {
  std::string clean;
  std::size_t characters = 0;
  const std::string valid = to_valid_utf8(wanted);
  for (std::size_t pos = 0; pos < valid.size() && characters < 27; ++characters) {
    const std::size_t length = std::max<std::size_t>(1, utf8_sequence_length(valid, pos));
    const bool bad = static_cast<unsigned char>(valid[pos]) < 0x20 ||
                     std::string_view("[]:*?/\\'").find(valid[pos]) != std::string_view::npos || length == 4;
    clean += bad ? " " : valid.substr(pos, length);
    pos += length;
  }
  clean = trim(clean);
  if (clean.empty()) clean = fmt::format("Sheet{}", number);
  std::string name = clean;
  for (int n = 2; !used.insert(to_lower_ascii(name)).second; ++n) name = fmt::format("{} {}", clean, n);
  return name;
}

/// Days since 1899-12-30, the serial that Excel counts in from 1900-03-01 on.
std::int64_t serial_of(CivilDate day) { return days_from_civil(day) - days_from_civil({1899, 12, 30}); }
constexpr std::int64_t kSerialFirst = 61;

/// Whole numbers of more than 15 digits would be rounded by Excel: they stay text, whole.
bool fits_double(std::string_view text) {
  const auto digits = std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return parse_double(text) && (digits <= 15 || text.find_first_of(".eE") != std::string_view::npos);
}

struct SheetWriter {
  const Sheet& sheet;
  std::string out;

  void append_text(const std::string& reference, int style, std::string_view value) {
    fmt::format_to(std::back_inserter(out),
                   "<c r=\"{}\" s=\"{}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">", reference, style);
    append_xml(out, value);
    out += "</t></is></c>";
  }

  void append_number(const std::string& reference, int style, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "<c r=\"{}\" s=\"{}\"><v>", reference, style);
    append_xml(out, value);
    out += "</v></c>";
  }

  void append_date(const std::string& reference, const Cell& cell) {
    const auto day = parse_date(std::string_view(cell.text).substr(0, 10));
    const std::int64_t serial = day ? serial_of(*day) : 0;
    if (serial < kSerialFirst) return append_text(reference, text, to_display(cell));
    if (cell.kind == CellKind::date) return append_number(reference, date, std::to_string(serial));
    const auto time = parse_rfc3339(cell.text + "Z");
    if (!time) return append_text(reference, text, to_display(cell));
    const CivilTime civil = to_civil(*time, kUtcZone);
    const double fraction = (civil.hour * 3600 + civil.minute * 60 + civil.second) / 86400.0;
    append_number(reference, date_time, fmt::format("{:.9f}", static_cast<double>(serial) + fraction));
  }

  void append_cell(const std::string& reference, const Cell& cell) {
    switch (cell.kind) {
      case CellKind::empty:
        fmt::format_to(std::back_inserter(out), "<c r=\"{}\" s=\"{}\"/>", reference, int{text});
        break;
      case CellKind::number:
        if (fits_double(cell.text))
          append_number(reference, number, cell.text);
        else
          append_text(reference, text, cell.text);
        break;
      case CellKind::date:
      case CellKind::date_time:
        append_date(reference, cell);
        break;
      case CellKind::boolean:
        fmt::format_to(std::back_inserter(out), "<c r=\"{}\" s=\"{}\" t=\"b\"><v>{}</v></c>", reference,
                       int{number}, cell.text == "true" ? 1 : 0);
        break;
      case CellKind::text:
      case CellKind::error: {
        const bool formula = !cell.text.empty() &&
                             std::string_view("=+-@\t\r\n'").find(cell.text[0]) != std::string_view::npos;
        append_text(reference, formula ? quoted : text, cell.text);
        break;
      }
    }
  }

  void append_columns() {
    out += "<cols>";
    for (std::size_t i = 0; i < sheet.columns.size(); ++i) {
      double width = sheet.columns[i].width_characters;
      if (width <= 0) {
        std::size_t longest = count_characters(sheet.columns[i].title);
        for (std::size_t r = 0; r < std::min(kWidthRows, sheet.rows.size()); ++r) {
          if (i < sheet.rows[r].size())
            longest = std::max(longest, count_characters(to_display(sheet.rows[r][i])));
        }
        width = static_cast<double>(longest) + 2;
      }
      fmt::format_to(std::back_inserter(out),
                     "<col min=\"{0}\" max=\"{0}\" width=\"{1:.1f}\" customWidth=\"1\"/>", i + 1,
                     std::clamp(width, kWidthMin, kWidthMax));
    }
    out += "</cols>";
  }

  Result<> append_rows() {
    std::size_t row = 0;
    for (const auto& line : sheet.titles) {
      fmt::format_to(std::back_inserter(out), "<row r=\"{}\">", ++row);
      append_text(fmt::format("A{}", row), title, line);
      out += "</row>";
    }
    fmt::format_to(std::back_inserter(out), "<row r=\"{}\">", ++row);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < sheet.columns.size(); ++i) {
      names.push_back(column_name(i));
      append_text(names[i] + std::to_string(row), header, sheet.columns[i].title);
    }
    out += "</row>";
    for (const auto& cells : sheet.rows) {
      const std::string row_text = std::to_string(++row);
      out += "<row r=\"" + row_text + "\">";
      if (cells.size() > names.size())
        return fail(ErrorCode::invalid,
                    fmt::format("sheet '{}', row {}: more cells than columns", sheet.name, row));
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].text.size() > kCellCharactersMax &&
            count_characters(cells[i].text) > kCellCharactersMax) {
          return fail(ErrorCode::limit,
                      fmt::format("sheet '{}', cell {}{}: over {} characters", sheet.name, names[i], row,
                                  kCellCharactersMax),
                      "table.cell_too_long",
                      {row_text, sheet.columns[i].title, std::to_string(kCellCharactersMax)});
        }
        append_cell(names[i] + row_text, cells[i]);
      }
      out += "</row>";
    }
    return {};
  }

  Result<std::string> run() {
    const std::size_t head = sheet.titles.size() + 1;
    const std::size_t last = head + sheet.rows.size();
    const std::string last_column = column_name(sheet.columns.size() - 1);
    out.reserve(1024 + sheet.rows.size() * sheet.columns.size() * 72);
    out += kDeclaration;
    fmt::format_to(std::back_inserter(out), "<worksheet xmlns=\"{}\">", kMain);
    fmt::format_to(std::back_inserter(out),
                   "<sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr><dimension ref=\"A1:{0}{1}\"/>"
                   "<sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"{2}\" topLeftCell=\"A{3}\" "
                   "activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews>",
                   last_column, last, head, head + 1);
    append_columns();
    out += "<sheetData>";
    PHENDAU_TRY(append_rows());
    out += "</sheetData>";
    fmt::format_to(std::back_inserter(out), "<autoFilter ref=\"A{}:{}{}\"/>", head, last_column, last);
    if (!sheet.titles.empty() && sheet.columns.size() > 1) {
      fmt::format_to(std::back_inserter(out), "<mergeCells count=\"{}\">", sheet.titles.size());
      for (std::size_t i = 1; i < head; ++i)
        fmt::format_to(std::back_inserter(out), "<mergeCell ref=\"A{0}:{1}{0}\"/>", i, last_column);
      out += "</mergeCells>";
    }
    out +=
        "<pageMargins left=\"0.59\" right=\"0.39\" top=\"0.59\" bottom=\"0.59\" header=\"0.3\" "
        "footer=\"0.3\"/>"
        "<pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/></worksheet>";
    return std::move(out);
  }
};

Result<> check_limits(const Workbook& workbook) {
  if (workbook.sheets.empty()) return fail(ErrorCode::invalid, "a workbook without sheets");
  if (workbook.sheets.size() > kSheetsMax)
    return fail(ErrorCode::limit, fmt::format("more than {} sheets", kSheetsMax));
  for (const auto& sheet : workbook.sheets) {
    if (sheet.columns.empty())
      return fail(ErrorCode::invalid, fmt::format("sheet '{}' has no columns", sheet.name));
    if (sheet.columns.size() > kColumnsMax)
      return fail(ErrorCode::limit, fmt::format("sheet '{}' has over {} columns", sheet.name, kColumnsMax));
    if (sheet.titles.size() + 1 + sheet.rows.size() > kRowsMax) {
      return fail(ErrorCode::limit, fmt::format("sheet '{}' has over {} rows", sheet.name, kRowsMax),
                  "table.too_many_rows", {std::to_string(kRowsMax)});
    }
  }
  return {};
}

std::string workbook_part(const Workbook& workbook, const std::vector<std::string>& names) {
  std::string out(kDeclaration);
  out += fmt::format("<workbook xmlns=\"{}\" xmlns:r=\"{}\"><bookViews><workbookView/></bookViews><sheets>",
                     kMain, kOffice);
  std::string defined;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string name;
    append_xml(name, names[i]);
    out += fmt::format("<sheet name=\"{0}\" sheetId=\"{1}\" r:id=\"rId{1}\"/>", name, i + 1);
    const Sheet& sheet = workbook.sheets[i];
    const std::size_t head = sheet.titles.size() + 1;
    defined += fmt::format(
        "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{0}\" "
        "hidden=\"1\">'{1}'!$A${2}:${3}${4}</definedName>",
        i, name, head, column_name(sheet.columns.size() - 1), head + sheet.rows.size());
    defined += fmt::format(
        "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{0}\">'{1}'!${2}:${2}</definedName>", i,
        name, head);
  }
  return out + "</sheets><definedNames>" + defined + "</definedNames></workbook>";
}

std::string relationship(std::string_view id, std::string_view type, std::string_view target) {
  return fmt::format("<Relationship Id=\"{}\" Type=\"{}\" Target=\"{}\"/>", id, type, target);
}

std::string relationships(const std::string& entries) {
  return fmt::format("{}<Relationships xmlns=\"{}/relationships\">{}</Relationships>", kDeclaration, kPackage,
                     entries);
}

std::string core_properties(const Workbook& workbook) {
  std::string name, author;
  append_xml(name, workbook.title);
  append_xml(author, workbook.author);
  return fmt::format(
      "{}<cp:coreProperties xmlns:cp=\"{}/metadata/core-properties\" "
      "xmlns:dc=\"http://purl.org/dc/elements/1.1/\">"
      "<dc:title>{}</dc:title><dc:creator>{}</dc:creator></cp:coreProperties>",
      kDeclaration, kPackage, name, author);
}

}  // namespace

Result<std::string> write_xlsx(const Workbook& workbook) {
  PHENDAU_TRY(check_limits(workbook));
  std::set<std::string> used;
  std::vector<std::string> names;
  std::vector<ZipFile> files(1);
  std::string types = fmt::format(
      "{}<Types xmlns=\"{}/content-types\"><Default Extension=\"rels\" "
      "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" "
      "ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" "
      "ContentType=\"{}sheet.main+xml\"/>"
      "<Override PartName=\"/xl/styles.xml\" ContentType=\"{}styles+xml\"/><Override "
      "PartName=\"/docProps/core.xml\" "
      "ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>",
      kDeclaration, kPackage, kMime, kMime);
  files.push_back(
      {"_rels/.rels",
       relationships(relationship("rId1", std::string(kOffice) + "/officeDocument", "xl/workbook.xml") +
                     relationship("rId2", std::string(kPackage) + "/relationships/metadata/core-properties",
                                  "docProps/core.xml"))});
  files.push_back({"docProps/core.xml", core_properties(workbook)});
  std::string links;
  for (std::size_t i = 0; i < workbook.sheets.size(); ++i) {
    names.push_back(sheet_name(workbook.sheets[i].name, i + 1, used));
    const std::string part = fmt::format("worksheets/sheet{}.xml", i + 1);
    links += relationship(fmt::format("rId{}", i + 1), std::string(kOffice) + "/worksheet", part);
    types += fmt::format("<Override PartName=\"/xl/{}\" ContentType=\"{}worksheet+xml\"/>", part, kMime);
  }
  links +=
      relationship(fmt::format("rId{}", names.size() + 1), std::string(kOffice) + "/styles", "styles.xml");
  files[0] = {"[Content_Types].xml", types + "</Types>"};
  files.push_back({"xl/workbook.xml", workbook_part(workbook, names)});
  files.push_back({"xl/_rels/workbook.xml.rels", relationships(links)});
  files.push_back({"xl/styles.xml",
                   fmt::format("{}<styleSheet xmlns=\"{}\">{}</styleSheet>", kDeclaration, kMain, kStyles)});
  for (std::size_t i = 0; i < names.size(); ++i) {
    SheetWriter writer{workbook.sheets[i], {}};
    std::string part = PHENDAU_TRY(writer.run());
    files.push_back({fmt::format("xl/worksheets/sheet{}.xml", i + 1), std::move(part)});
  }
  return write_zip(files);
}

}  // namespace phendau::report

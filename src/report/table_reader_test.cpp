// SPDX-License-Identifier: Apache-2.0
// Proves that tables as offices make them are read: titles above, merged cells, old fonts, dates, leading
// zeros; and that hostile files end in an error. The workbooks in tests/data/xlsx were written by openpyxl.
#include "report/table_reader.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "base/text.h"
#include "report/xlsx_writer.h"
#include "report/zip_reader.h"
#include "report/zip_writer.h"

namespace phendau::report::table_reader_test {
namespace {

std::string file(const std::string& name) {
  std::ifstream in(PHENDAU_SOURCE_DIR "/tests/data/xlsx/" + name, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

Table read(std::string_view bytes, const TableOptions& options) {
  auto table = read_table(bytes, options);
  if (!table) MESSAGE(table.error().message);
  REQUIRE(table.has_value());
  return std::move(*table);
}

TableOptions wants(std::vector<std::vector<std::string>> titles) {
  TableOptions out;
  out.wanted = std::move(titles);
  return out;
}

const TableOptions kOfficers = wants({{"\u0110\u01a1n v\u1ecb", "C\u01a1 quan, \u0111\u01a1n v\u1ecb"},
                                      {"H\u1ecd t\u00ean", "H\u1ecd v\u00e0 t\u00ean"},
                                      {"Ng\u00e0y sinh"},
                                      {"\u0110i\u1ec7n tho\u1ea1i"},
                                      {"M\u00e3 t\u00e0i s\u1ea3n"}});

/// A workbook of one sheet with this XML inside.
std::string workbook(const std::string& sheet, const std::string& shared = "",
                     const std::string& styles = "") {
  const std::string office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const auto link = [&](const char* id, const char* type, const char* target) {
    return std::string("<Relationship Id=\"") + id + "\" Type=\"" + office + "/" + type + "\" Target=\"" +
           target + "\"/>";
  };
  return *write_zip(
      {{"_rels/.rels",
        "<Relationships>" + link("r1", "officeDocument", "xl/workbook.xml") + "</Relationships>"},
       {"xl/workbook.xml",
        "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"},
       {"xl/_rels/workbook.xml.rels", "<Relationships>" + link("a", "worksheet", "worksheets/sheet1.xml") +
                                          link("b", "sharedStrings", "sharedStrings.xml") +
                                          link("c", "styles", "styles.xml") + "</Relationships>"},
       {"xl/worksheets/sheet1.xml", sheet},
       {"xl/sharedStrings.xml", shared.empty() ? "<sst/>" : shared},
       {"xl/styles.xml", styles.empty() ? "<styleSheet/>" : styles}});
}

}  // namespace

TEST_CASE("a list of an office: titles, line breaks, numbered columns, dates, zeros, merged cells") {
  const Table table = read(file("officers.xlsx"), kOfficers);
  CHECK(table.sheet == "Danh s\u00e1ch");
  CHECK(table.sheets.size() == 2);  // the hidden one is left out
  CHECK(table.header_row == 5);
  REQUIRE(table.header.size() == 9);
  CHECK(table.header[1] == "C\u01a1 quan, \u0111\u01a1n v\u1ecb");
  REQUIRE(table.rows.size() == 4);
  CHECK(table.rows[0].number == 7);
  CHECK(table.rows[0].cells[3] == Cell{CellKind::date, "1980-02-29"});
  CHECK(table.rows[0].cells[4] == Cell{CellKind::text, "0987654321"});
  CHECK(table.rows[0].cells[5].text == "000007");
  CHECK(table.rows[2].cells[5].text == "123456");
  CHECK(table.rows[0].cells[7] == Cell{CellKind::number, "3.66"});
  CHECK(table.rows[1].cells[1].text == "S\u1edf N\u1ed9i v\u1ee5");  // merged downwards
  CHECK(table.rows[1].cells[3].text == "05/03/1991");
  CHECK(table.rows[2].cells[3] == Cell{CellKind::date_time, "1975-12-31T14:30:00"});
  CHECK(to_display(table.rows[2].cells[3]) == "31/12/1975 14:30:00");
  CHECK(table.rows[3].number == 11);
  CHECK(table.converted_cells == 0);
  CHECK(table.encoding.encoding == TextEncoding::utf8);
}

TEST_CASE("old fonts: by name, by content, and not where the text is honest Unicode") {
  const Table table =
      read(file("old_fonts.xlsx"), wants({{"T\u00ean thi\u1ebft b\u1ecb"}, {"T\u00ecnh tr\u1ea1ng"}}));
  CHECK(table.header_row == 3);
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0].cells[0].text == "M\u00e1y ch\u1ee7 c\u01a1 s\u1edf d\u1eef li\u1ec7u");
  CHECK(table.rows[1].cells[0].text == "M\u00e1y t\u00ednh x\u00e1ch tay");
  CHECK(table.rows[1].cells[2].text == "h\u1ecfng \u1ed5 c\u1ee9ng");
  CHECK(table.rows[2].cells[0].text == "B\u1ed9 chuy\u1ec3n m\u1ea1ch");
  CHECK(table.rows[2].cells[1].text == "S\u1edf Y t\u1ebf");
  CHECK(table.encoding.encoding == TextEncoding::tcvn3);
  CHECK(table.encoding.in_unicode);
  CHECK(table.converted_cells >= 8);
  REQUIRE(!table.samples.empty());
  CHECK(table.samples[0].after == "DANH M\u1ee4C THI\u1ebeT B\u1eca M\u1ea0NG");  // .VnTimeH
  CHECK(table.undecodable == 0);
}

TEST_CASE("CSV: separators, quotes, encodings, and where a quote stays open") {
  const TableOptions options = wants({{"H\u1ecd t\u00ean"}, {"Ghi ch\u00fa"}});
  const std::string text =
      "Danh s\u00e1ch,,\r\n\r\nSTT;H\u1ecd t\u00ean;Ghi ch\u00fa\r\n1;L\u00ea V\u0103n A;\"n\u00f3i "
      "\"\"kh\u00f4ng\"\"\r\n"
      "hai d\u00f2ng; v\u1eabn th\u1ebf\"\r\n;;\r\n2;Tr\u1ea7n B;007\r\n";
  const Table table = read("\xEF\xBB\xBF" + text, options);
  CHECK(table.header_row == 3);
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].cells[2].text == "n\u00f3i \"kh\u00f4ng\"\r\nhai d\u00f2ng; v\u1eabn th\u1ebf");
  CHECK(table.rows[1].number == 6);
  CHECK(table.rows[1].cells[2].text == "007");
  // What stands beside the titles is not dropped.
  CHECK(read("Ho ten;Ghi chu\na;b;;c\n", options).header.size() == 4);
  CHECK(read("sep=|\nH\u1ecd t\u00ean|Ghi ch\u00fa\na|b\n", options).rows.at(0).cells[1].text == "b");
  CHECK(read("Ho ten\tGhi chu\na\tb;c,d\n", options).rows.at(0).cells[1].text == "b;c,d");
  const auto open = read_table("Ho ten,Ghi chu\na,b\nc,\"d\n", options);
  REQUIRE(!open);
  CHECK(open.error().text_id == "table.open_quote");
  CHECK(open.error().args == std::vector<std::string>{"3", "2"});
}

TEST_CASE("CSV in TCVN3, with the conversion shown") {
  // "Ho ten,Don vi / Nguyen Van Ha,So Noi vu / Tran Thi Hong,Phong Tai chinh" with accents.
  const std::string bytes =
      "H\xE4 t\xAAn,\xA7\xACn v\xDE\r\nNguy\xD4n V\xA8n H\xB5,S\xEB N\xE9i v\xF4\r\nTr\xC7n Th\xDE "
      "H\xE5ng,Ph\xDFng T\xB5i "
      "ch\xDDnh\r\n";
  const Table table = read(bytes, wants({{"H\u1ecd t\u00ean"}, {"\u0110\u01a1n v\u1ecb"}}));
  CHECK(table.encoding.encoding == TextEncoding::tcvn3);
  CHECK(table.rows.at(0).cells[1].text == "S\u1edf N\u1ed9i v\u1ee5");
  CHECK(table.samples.size() == 6);
  // As Excel saves it in "CSV UTF-8": the bytes have become characters.
  std::string unicode;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      unicode += c;
    else
      unicode += {static_cast<char>(0xC0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3F))};
  }
  const Table again = read(unicode, wants({{"H\u1ecd t\u00ean"}, {"\u0110\u01a1n v\u1ecb"}}));
  CHECK(again.encoding.encoding == TextEncoding::tcvn3);
  CHECK(again.encoding.in_unicode);
  CHECK(again.rows.at(1).cells[1].text == "Ph\u00f2ng T\u00e0i ch\u00ednh");
  // A person may choose.
  TableOptions chosen = wants({{"H\u1ecd t\u00ean"}});
  chosen.encoding = TextEncoding::tcvn3;
  CHECK(read(bytes, chosen).rows.at(0).cells[0].text == "Nguy\u1ec5n V\u0103n H\u00e0");
}

TEST_CASE(
    "details of workbooks: serials, 1904, errors, booleans, rich text, phonetic hints, two header rows") {
  const std::string styles =
      "<styleSheet><numFmts><numFmt numFmtId=\"170\" formatCode=\"[$-42A]d\\ &quot;thang&quot;\\ m\"/>"
      "<numFmt numFmtId=\"171\" "
      "formatCode=\"0.00&quot;d&quot;\"/></numFmts><fonts><font/></fonts><cellXfs><xf numFmtId=\"0\"/>"
      "<xf numFmtId=\"14\"/><xf numFmtId=\"22\"/><xf numFmtId=\"170\"/><xf numFmtId=\"171\"/><xf "
      "numFmtId=\"20\"/></cellXfs></styleSheet>";
  const std::string shared =
      "<sst><si><r><t>Ngay</t></r><r><t xml:space=\"preserve\"> "
      "ky</t></r><rPh><t>x</t></rPh></si><si><t>a_x000A_b &amp; &#x1EA1;</t></si></sst>";
  const std::string sheet =
      "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" "
      "t=\"inlineStr\"><is><t>Ket qua</t></is></c>"
      "<c r=\"D1\" t=\"inlineStr\"><is><t>Khac</t></is></c></row>"
      "<row r=\"2\"><c r=\"B2\" t=\"inlineStr\"><is><t>Diem</t></is></c><c r=\"C2\" "
      "t=\"inlineStr\"><is><t>Dat</t></is></c></row>"
      "<row r=\"3\"><c r=\"A3\" s=\"1\"><v>36585</v></c><c r=\"B3\"><v>0.1</v></c><c r=\"C3\" "
      "t=\"b\"><v>1</v></c><c r=\"D3\" t=\"e\"><v>#N/A</v></c></row>"
      "<row r=\"4\"><c r=\"A4\" s=\"2\"><v>60.5</v></c><c r=\"B4\" s=\"4\"><v>1234567890123</v></c><c "
      "r=\"C4\" t=\"s\"><v>1</v></c>"
      "<c r=\"D4\" s=\"3\"><v>45356</v></c></row>"
      "<row r=\"5\"><c r=\"A5\" s=\"5\"><v>0.5</v></c><c r=\"B5\"><v>1.1000000000000001</v></c></row>"
      "</sheetData></worksheet>";
  const Table table = read(workbook(sheet, shared, styles),
                           wants({{"Ng\u00e0y k\u00fd"}, {"\u0110i\u1ec3m"}, {"\u0110\u1ea1t"}}));
  CHECK(table.header_row == 2);
  CHECK(table.header == std::vector<std::string>{"Ngay ky", "Diem", "Dat", "Khac"});
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0].cells[0] == Cell{CellKind::date, "2000-02-29"});
  CHECK(table.rows[0].cells[1].text == "0.1");
  CHECK(table.rows[0].cells[2] == Cell{CellKind::boolean, "true"});
  CHECK(table.rows[0].cells[3] == Cell{CellKind::error, "#N/A"});
  CHECK(table.rows[1].cells[0].text == "1900-02-28T12:00:00");  // serial 60 is a day that never was
  CHECK(table.rows[1].cells[1] == Cell{CellKind::number, "1234567890123"});
  CHECK(table.rows[1].cells[2].text == "a\nb & \u1ea1");
  CHECK(table.rows[1].cells[3] == Cell{CellKind::date, "2024-03-05"});
  CHECK(table.rows[2].cells[0].text == "12:00:00");
  CHECK(table.rows[2].cells[1].text == "1.1");
}

TEST_CASE("what is no table says what to do") {
  const TableOptions options = wants({{"Ng\u00e0y"}});
  const auto id = [&](std::string_view bytes) {
    const auto table = read_table(bytes, options);
    REQUIRE(!table);
    CHECK(has_text(table.error().text_id));
    return table.error().text_id;
  };
  CHECK(id("") == "table.empty");
  CHECK(id("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") == "table.old_excel");
  CHECK(id("%PDF-1.7") == "table.not_xlsx");
  CHECK(id("<html><table><tr><td>Ngay</td></tr></table>") == "table.html");
  CHECK(id("PK\x03\x04 damaged") == "table.damaged");
  CHECK(id(*write_zip({{"a.txt", "x"}})) == "table.not_xlsx");
  CHECK(id("ten,tuoi\na,1\n") == "table.no_header");
  CHECK(id(workbook("<worksheet><sheetData><row><c t=\"s\"><v>9</v></c></row></sheetData></worksheet>")) ==
        "table.damaged");
  CHECK(id(workbook("<worksheet><sheetData><row>")) == "table.damaged");
  CHECK(id("\x81\x8D\x8F\x90 \x9D,\x81\xE1\xE2\n") == "encoding.unknown");
  TableOptions other = options;
  other.sheet = "Khac";
  CHECK(read_table(file("officers.xlsx"), other).error().text_id == "table.no_sheet");
}

TEST_CASE("hostile workbooks: entities, bombs, depth, columns") {
  const TableOptions options = wants({{"Ng\u00e0y"}});
  const auto code = [&](const std::string& bytes) {
    const auto table = read_table(bytes, options);
    REQUIRE(!table);
    return table.error().code;
  };
  CHECK(code(workbook("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
                      "\"&a;&a;&a;&a;&a;\">]><worksheet>&b;</worksheet>")) == ErrorCode::invalid);
  CHECK(code(workbook(std::string(200u << 20, ' '))) == ErrorCode::limit);  // packs a thousand to one
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  CHECK(code(workbook(deep)) == ErrorCode::limit);
  CHECK(code(workbook(
            "<worksheet><sheetData><row r=\"1\"><c r=\"ZZZ1\"><v>1</v></c></row></sheetData></worksheet>")) ==
        ErrorCode::limit);
  CHECK(code(std::string(kTableFileBytesMax + 1, 'a')) == ErrorCode::limit);
  std::string merged = "<worksheet><sheetData>";
  for (int i = 1; i <= 2'000; ++i)
    merged += "<row r=\"" + std::to_string(i) + "\"><c t=\"str\"><v>Ngay</v></c></row>";
  merged += "</sheetData>";
  for (int i = 0; i < 2'000; ++i) merged += "<mergeCell ref=\"A1:A2000\"/>";
  CHECK(code(workbook(merged + "</worksheet>")) == ErrorCode::limit);
  std::string wide = "Ngay";
  for (std::size_t i = 0; i < kTableColumnsMax; ++i) wide += ",x";
  CHECK(code(wide) == ErrorCode::limit);
}

TEST_CASE("titles compare without accents, case, signs and hints") {
  CHECK(fold_title(" Ng\u00e0y  sinh\n(dd/mm/yyyy)") == "ngay sinh");
  CHECK(fold_title("H\u1ecd v\u00e0 t\u00ean (*)") == fold_title("HO VA TEN"));
  CHECK(fold_title("\u0110\u01a1n v\u1ecb, c\u01a1 quan:") == "don vi co quan");
  CHECK(fold_title("(1)") == "1");
}

TEST_CASE("a number of a paper is no old encoding") {
  // Alone it could be read as TCVN3: the barred D is a byte of code page 1258.
  const auto table =
      read_table("So,Noi dung\r\n007/H\u0110,Thu\u00EA k\u00EAnh\r\n12/Q\u0110-UBND,\u0110\r\n", {});
  REQUIRE(table.has_value());
  CHECK(table->rows.at(0).cells.at(0).text == "007/H\u0110");
  CHECK(table->rows.at(1).cells.at(0).text == "12/Q\u0110-UBND");
  CHECK(table->rows.at(1).cells.at(1).text == "\u0110");
  CHECK(table->encoding.encoding == TextEncoding::utf8);
  CHECK(table->converted_cells == 0);
}

TEST_CASE("samples of a converted file show what stood there") {
  const auto table = read_table(
      "H\xE4 v\xB5 t\xAAn;M\xB7 c\xB8n b\xE9;Ch\xF8\r\nL\xDF V\xA8n Th\xB8i;1;B\xDD th\xAD\r\n", {});
  REQUIRE(table.has_value());
  CHECK(table->encoding.encoding == TextEncoding::tcvn3);
  REQUIRE_FALSE(table->samples.empty());
  CHECK(table->samples[0].after == "H\u1ECD v\u00E0 t\u00EAn");
  CHECK(table->samples[0].before == "H\u00E4 v\u00B5 t\u00AAn");
}

}  // namespace phendau::report::table_reader_test

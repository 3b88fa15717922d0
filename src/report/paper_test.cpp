// SPDX-License-Identifier: Apache-2.0
// Proves the lines of an official paper (zeros, capitals, punctuation, letters of points) and that each rule
// that can be broken is named.
#include "report/paper.h"

#include <doctest/doctest.h>

namespace phendau::report::paper_test {

const std::string kDecision = "Q\xC4\x90";

Paper sound() {
  Paper out;
  out.kind = PaperKind::bao_cao;
  out.agency_above = "\u1ee6y ban nh\u00e2n d\u00e2n t\u1ec9nh H\u00e0 Giang";
  out.agency = "S\u1edf Khoa h\u1ecdc v\u00e0 C\u00f4ng ngh\u1ec7";
  out.number = 5;
  out.symbol = "BC-SKHCN";
  out.place = "H\u00e0 Giang";
  out.date = {2026, 1, 5};
  out.subject = "Ban \u0111\u1ea7u";
  out.recipients = {"C\u00f4ng an t\u1ec9nh"};
  out.archive = "VT, CNTT";
  out.signer = {SignerPrefix::kt, "", "Gi\u00e1m \u0111\u1ed1c", "Ph\u00f3 Gi\u00e1m \u0111\u1ed1c", "A"};
  return out;
}

TEST_CASE("numbers, days and months have zeros where the layout wants them") {
  Paper paper = sound();
  CHECK(full_number(paper) == "05/BC-SKHCN");
  paper.number = 128;
  CHECK(full_number(paper) == "128/BC-SKHCN");
  paper.number = 0;
  CHECK(full_number(paper) == "      /BC-SKHCN");
  CHECK(place_and_date("S\u01a1n La", {2026, 1, 5}) ==
        "S\u01a1n La, ng\u00e0y 05 th\u00e1ng 01 n\u0103m 2026");
  CHECK(place_and_date("S\u01a1n La", {2026, 2, 10}) ==
        "S\u01a1n La, ng\u00e0y 10 th\u00e1ng 02 n\u0103m 2026");
  CHECK(place_and_date("S\u01a1n La", {2026, 3, 9}) ==
        "S\u01a1n La, ng\u00e0y 09 th\u00e1ng 3 n\u0103m 2026");
  CHECK(place_and_date("S\u01a1n La", {2026, 12, 31}) ==
        "S\u01a1n La, ng\u00e0y 31 th\u00e1ng 12 n\u0103m 2026");
}

TEST_CASE("points are lettered in Vietnamese") {
  CHECK(point_letter(0) == "");
  std::string all;
  for (std::size_t i = 1; !point_letter(i).empty(); ++i) all += point_letter(i);
  CHECK(all == "abcd\u0111eghiklmnopqrstuvxy");
}

TEST_CASE("the lines of a report and of a letter") {
  Paper paper = sound();
  Json values = paper_values(paper);
  CHECK(values["agency"].as_string() == "S\u1ede KHOA H\u1eccC V\u00c0 C\u00d4NG NGH\u1ec6");
  CHECK(values["agency_above"].as_string() ==
        "\u1ee6Y BAN NH\u00c2N D\u00c2N T\u1ec8NH\u00a0H\u00c0\u00a0GIANG");  // one line is too short for it
  CHECK(values["number_line"].as_string() == "S\u1ed1: 05/BC-SKHCN");
  CHECK(values["type"].as_string() == "B\u00c1O C\u00c1O");
  CHECK(values["signer"]["lines"] ==
        texts_json({"KT. GI\u00c1M \u0110\u1ed0C", "PH\u00d3 GI\u00c1M \u0110\u1ed0C"}));
  CHECK(values["recipients"] == texts_json({"- C\u00f4ng an t\u1ec9nh;", "- L\u01b0u: VT, CNTT."}));
  paper.kind = PaperKind::cong_van;
  paper.addressees = {"A"};
  values = paper_values(paper);
  CHECK(values["type"].as_string() == "");
  CHECK(values["about"].as_string() == "V/v Ban \u0111\u1ea7u");
  CHECK(values["addressee"].as_string() == "A");
  CHECK(values["addressees"].size() == 0);
  CHECK(values["recipients"].items()[0].as_string() == "- Nh\u01b0 tr\u00ean;");
  paper.addressees = {"A", "B"};
  values = paper_values(paper);
  CHECK(values["addressee"].as_string() == "");
  CHECK(values["addressees"] == texts_json({"- A;", "- B."}));
  CHECK(values["exercise"].as_string() == "");
  paper.exercise = true;
  CHECK(paper_values(paper)["exercise"].as_string() == "DI\u1ec4N T\u1eacP");
  paper.signer = {SignerPrefix::q, "", "", "Gi\u00e1m \u0111\u1ed1c", "A"};
  CHECK(paper_values(paper)["signer"]["lines"] == texts_json({"Q. GI\u00c1M \u0110\u1ed0C"}));
  paper.signer = {SignerPrefix::tm, "\u1ee6y ban", "", "Ch\u1ee7 t\u1ecbch", "A"};
  CHECK(paper_values(paper)["signer"]["lines"] == texts_json({"TM. \u1ee6Y BAN", "CH\u1ee6 T\u1ecaCH"}));
}

TEST_CASE("each rule that is broken is named, and nothing else") {
  CHECK(check_paper(sound()).empty());
  const struct {
    void (*breaks)(Paper&);
    std::string_view text_id;
  } cases[] = {{[](Paper& p) { p.agency = " "; }, "paper.agency"},
               {[](Paper& p) { p.place.clear(); }, "paper.place"},
               {[](Paper& p) { p.subject.clear(); }, "paper.subject"},
               {[](Paper& p) { p.subject += "."; }, "paper.subject_stop"},
               {[](Paper& p) { p.subject = "V/v a"; }, "paper.subject_about"},
               {[](Paper& p) { p.subject = "a\nb"; }, "paper.line"},
               {[](Paper& p) { p.date = {2026, 2, 30}; }, "paper.date"},
               {[](Paper& p) { p.number = -1; }, "paper.number_range"},
               {[](Paper& p) { p.symbol = ""; }, "paper.symbol"},
               {[](Paper& p) { p.symbol = "BC - SKHCN"; }, "paper.symbol"},
               {[](Paper& p) { p.symbol = "BC-skhcn"; }, "paper.symbol"},
               {[](Paper& p) { p.symbol = "SKHCN-CNTT"; }, "paper.symbol_kind"},
               {[](Paper& p) { p.symbol = "BC"; }, "paper.symbol_kind"},
               {[](Paper& p) { p.kind = PaperKind::cong_van, p.addressees = {"A"}; }, "paper.symbol_letter"},
               {[](Paper& p) { p.kind = PaperKind::cong_van, p.symbol = "SKHCN-CNTT"; }, "paper.addressees"},
               {[](Paper& p) { p.recipients = {"- A"}; }, "paper.list_sign"},
               {[](Paper& p) { p.recipients.assign(41, "A"); }, "paper.list"},
               {[](Paper& p) { p.archive = "CNTT"; }, "paper.archive"},
               {[](Paper& p) { p.signer.name.clear(); }, "paper.signer_name"},
               {[](Paper& p) { p.signer.title.clear(); }, "paper.signer_title"},
               {[](Paper& p) { p.signer.head.clear(); }, "paper.signer_head"},
               {[](Paper& p) { p.signer.title = "Gi\u00e1m \u0111\u1ed1c"; }, "paper.signer_deputy"},
               {[](Paper& p) { p.signer.prefix = SignerPrefix::tm; }, "paper.signer_body"},
               {[](Paper& p) { p.signer.head = "KT. Gi\u00e1m \u0111\u1ed1c"; }, "paper.signer_prefix"}};
  for (const auto& one : cases) {
    Paper paper = sound();
    one.breaks(paper);
    const auto found = check_paper(paper);
    CAPTURE(one.text_id);
    REQUIRE(found.size() == 1);
    CHECK(found[0].text_id == one.text_id);
  }
  Paper decision = sound();
  decision.kind = PaperKind::quyet_dinh;
  decision.symbol = kDecision + "-SKHCN";
  CHECK(check_paper(decision).empty());
}

TEST_CASE("a template's marks are the fields of its paper") {
  using Kind = DocxMark::Kind;
  const std::vector<DocxMark> marks = {{Kind::value, "case.title", {}, "word/document.xml", 1},
                                       {Kind::value, "paper.signer.name", {}, "word/document.xml", 2},
                                       {Kind::each, "items", {}, "word/document.xml", 3},
                                       {Kind::value, "anything", {"items"}, "word/document.xml", 3}};
  CHECK(check_marks(marks, {"case.title", "items"}).empty());
  const auto unused = check_marks(marks, {"case.title", "items", "answer"});
  REQUIRE(unused.size() == 1);
  CHECK(unused[0].text_id == "paper.field_unused");
  const auto unknown = check_marks(
      {{Kind::value, "paper.nobody", {}, "p", 4}, {Kind::when, "case.titel", {}, "p", 5}}, {"case.title"});
  REQUIRE(unknown.size() == 3);
  CHECK(unknown[0].text_id == "docx.unknown_mark");
  CHECK(unknown[1].text_id == "docx.unknown_mark_near");
  CHECK(unknown[1].args == std::vector<std::string>{"p", "5", "case.titel", "case.title"});
}

TEST_CASE("a paper is read from its JSON") {
  const auto read = [](std::string_view text) { return paper_from_json(parse_json(text).value()); };
  const auto paper =
      read(R"({"kind":"to_trinh","number":7,"symbol":"TTr-A","date":"2026-02-03","recipients":["B"],
                              "signer":{"prefix":"tuq","head":"H","title":"T","name":"N"}})");
  REQUIRE(paper);
  CHECK(paper->kind == PaperKind::to_trinh);
  CHECK(paper->archive == "VT");
  CHECK(paper->signer.prefix == SignerPrefix::tuq);
  CHECK(read(R"({"kind":"letter","date":"2026-02-03"})").error().text_id == "paper.kind_unknown");
  CHECK(read(R"({"kind":"bao_cao","date":"2026-02-03","signer":{"prefix":"PP"}})").error().text_id ==
        "paper.prefix_unknown");
  CHECK(!read(R"({"kind":"bao_cao","date":"3/2/2026"})"));
}

}  // namespace phendau::report::paper_test

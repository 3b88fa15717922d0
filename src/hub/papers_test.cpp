// SPDX-License-Identifier: Apache-2.0
// Papers over a real ledger: numbers are never given twice, not by two officers at once, not over New Year
// at +07, not after a cancellation; what is incomplete gets none; only a signed scan makes a paper issued;
// and nobody sees a paper of a case that is not theirs to see.
#include "hub/papers.h"

#include "hub/case_parties.h"

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/hash.h"
#include "hub/hub_test_folder.h"
#include "hub/number_books.h"
#include "report/docx_template.h"

namespace papers_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

Json json(std::string_view text) { return parse_json(text).value(); }

const std::string kScan = std::string("\x89PNG\r\n\x1a\n", 8) + std::string(64, '\0');

struct World {
  TestHub hub{"ha-giang"};
  Alerts alerts{*hub.services};
  Incidents incidents{*hub.services, alerts};
  Records records{*hub.services};
  PdfMaker pdf{hub.env, "/office"};
  Papers papers{*hub.services, incidents, records, pdf};
  Actor a = TestHub::officer("a1");
  Actor b = TestHub::officer("b1");

  World() {
    hub.env.set_now(*parse_rfc3339("2026-11-20T08:00:00+07:00"));
    for (const char* id : {"a1", "b1", "lead"}) hub.add_agency(id);
    REQUIRE(
        records.create(system_actor(), "role_binding",
                       json(R"({"doc":{"slot":"lead_department","agency_id":"lead","from":"2026-01-01"}})")));
  }
  std::string open_case(const Actor& actor, const std::string& agency) {
    const auto made = incidents.create(
        actor, Json::object({{"agency_id", agency}, {"title", "web"}, {"description", "Trang bi sua"}}));
    REQUIRE(made);
    return (*made)["id"].as_string();
  }
  Json get(const Actor& actor, const std::string& id) {
    const auto got = papers.get(actor, id);
    REQUIRE(got);
    return *got;
  }
  /// A minute with everything that it needs.
  std::string complete(const Actor& actor, const std::string& case_id = "") {
    Json body = Json::object({{"paper", "evidence_minute"}});
    if (!case_id.empty()) body.set("case_id", case_id);
    const auto made = papers.create(actor, body);
    if (!made) CAPTURE(made.error().message);
    REQUIRE(made);
    const std::string id = (*made)["id"].as_string();
    Json values = Json::object();
    for (const auto& field : (*made)["fields"].items()) {
      const std::string& type = field["type"].as_string();
      if (!field["required"].as_bool() || !field["value"].is_null()) continue;
      Json row = Json::object({{"number", "E001"}, {"name", "log"}});
      values.set(field["id"].as_string(), type == "rows" ? Json::array({row}) : Json("x"));
    }
    const auto done = papers.update(
        actor, id,
        Json::object({{"values", values},
                      {"head", json(R"({"symbol":"BB-A","place":"X","signer":{"title":"Y","name":"Z"}})")}}));
    if (!done) CAPTURE(done.error().message);
    REQUIRE(done);
    CAPTURE((*done)["missing"].dump());
    REQUIRE((*done)["missing"].size() == 0);
    return id;
  }
  Result<Json> number(const Actor& actor, const std::string& id, Json body = Json::object()) {
    return papers.number(actor, id, body);
  }
};

ErrorCode code_of(const Result<Json>& answer) {
  REQUIRE_FALSE(answer);
  return answer.error().code;
}

}  // namespace

TEST_CASE("two officers at once never get the same number") {
  World w;
  constexpr int kEach = 12;
  std::vector<std::string> ids[2];
  for (auto& mine : ids) {
    for (int i = 0; i < kEach; ++i) mine.push_back(w.complete(w.a));
  }
  std::vector<std::int64_t> given[2];
  const auto work = [&](int which) {
    for (const auto& id : ids[which]) {
      const auto done = w.papers.number(w.a, id, Json::object());
      if (done) given[which].push_back((*done)["head"]["number"].as_int());
    }
  };
  std::thread first(work, 0);
  std::thread second(work, 1);
  first.join();
  second.join();
  std::set<std::int64_t> all(given[0].begin(), given[0].end());
  all.insert(given[1].begin(), given[1].end());
  CHECK(given[0].size() + given[1].size() == 2 * kEach);
  CHECK(all.size() == 2 * kEach);
  CHECK(*all.begin() == 1);
  CHECK(*all.rbegin() == 2 * kEach);
}

TEST_CASE("numbers begin again on 1 January at +07, per agency and book, and cancelled ones stay used") {
  World w;
  w.hub.env.set_now(*parse_rfc3339("2026-12-31T16:59:59Z"));
  const std::string cancelled = w.complete(w.a);
  CHECK((*w.number(w.a, cancelled))["number"].as_string() == "01/BB-A");
  REQUIRE(w.papers.cancel(w.a, cancelled, json(R"({"reason":"sai ten"})")));
  CHECK((*w.number(w.a, w.complete(w.a)))["number"].as_string() == "02/BB-A");
  CHECK((*w.number(w.b, w.complete(w.b)))["number"].as_string() == "01/BB-A");  // another agency
  // The office's clerk gives one: it must be above all that were given.
  const std::string by_clerk = w.complete(w.a);
  CHECK(code_of(w.number(w.a, by_clerk, json(R"({"number":2})"))) == ErrorCode::conflict);
  CHECK((*w.number(w.a, by_clerk, json(R"({"number":10})")))["number"].as_string() == "10/BB-A");
  CHECK((*w.number(w.a, w.complete(w.a)))["number"].as_string() == "11/BB-A");
  w.hub.env.set_now(*parse_rfc3339("2026-12-31T17:00:00Z"));
  const Json next = *w.number(w.a, w.complete(w.a));
  CHECK(next["number"].as_string() == "01/BB-A");
  CHECK(next["year"].as_int() == 2027);
  CHECK(next["date"].as_string() == "2027-01-01");
  CHECK(w.papers.cancel(w.a, next["id"].as_string(), json("{}")).error().code == ErrorCode::invalid);
}

TEST_CASE("an incomplete paper gets no number, a numbered one stays as it is") {
  World w;
  const auto made = w.papers.create(w.a, json(R"({"paper":"evidence_minute"})"));
  REQUIRE(made);
  const std::string id = (*made)["id"].as_string();
  CHECK((*made)["missing"].size() > 3);
  const auto refused = w.number(w.a, id);
  CHECK(code_of(refused) == ErrorCode::invalid);
  CHECK(refused.error().text_id == "paper.incomplete");
  CHECK(*last_number(*w.hub.ledger, "a1", "bien_ban", 2026) == 0);
  const std::string done = w.complete(w.a);
  const Json numbered = *w.number(w.a, done);
  CHECK(code_of(w.papers.update(w.a, done, json(R"({"values":{"carrier":"y"}})"))) == ErrorCode::conflict);
  CHECK(code_of(w.number(w.a, done)) == ErrorCode::conflict);
  CHECK(code_of(w.papers.update(w.a, id, json(R"({"head":{"agency":"x"}})"))) == ErrorCode::invalid);
  const auto file = w.papers.file(w.a, done, Papers::Part::docx);
  REQUIRE(file);
  CHECK(file->name == "01-BB-A.docx");
  CHECK(sha256_hex(file->bytes) == numbered["docx_sha256"].as_string());
  CHECK(report::read_docx_marks(file->bytes)->empty());
  CHECK(code_of(w.papers.update(w.a, id, json(R"({"values":{"no_such":"y"}})"))) == ErrorCode::invalid);
  CHECK(code_of(w.papers.update(w.a, id, json(R"({"values":{"items":"y"}})"))) == ErrorCode::invalid);
  CHECK(code_of(w.papers.update(w.a, id, json(R"({"version":9,"values":{"carrier":"y"}})"))) ==
        ErrorCode::conflict);
}

TEST_CASE("a case fills its paper, and only a signed scan makes it issued") {
  World w;
  const std::string case_id = w.open_case(w.a, "a1");
  const auto draft = w.papers.create(w.a, Json::object({{"paper", "initial_report"}, {"case_id", case_id}}));
  REQUIRE(draft);
  CHECK((*draft)["head"]["subject"].as_string() ==
        "Ban \xC4\x91\xE1\xBA\xA7u v\xE1\xBB\x81 s\xE1\xBB\xB1 c\xE1\xBB\x91 web");
  CHECK((*draft)["head"]["addressees"].items().front().as_string() == "Agency lead");
  for (const auto& field : (*draft)["fields"].items()) {
    if (field["id"].as_string() != "incident.description") continue;
    CHECK(field["value"].as_string() == "Trang bi sua");
    CHECK(field["source"].as_string() == "known");
  }
  const std::string draft_id = (*draft)["id"].as_string();
  CHECK(
      code_of(w.papers.update(w.a, draft_id, json(R"({"values":{"system.public_addresses":"10.1.1.1"}})"))) ==
      ErrorCode::invalid);
  CHECK(w.papers.update(w.a, draft_id, json(R"({"values":{"system.public_addresses":"203.0.113.4"}})")));

  const std::string id = w.complete(w.a, case_id);
  CHECK(code_of(w.papers.issue(w.a, id, {"a.png", kScan, ""})) == ErrorCode::conflict);  // no number yet
  REQUIRE(w.number(w.a, id));
  CHECK(code_of(w.papers.issue(w.a, id, {"a.txt", "signed", ""})) == ErrorCode::invalid);
  const auto docx = w.papers.file(w.a, id, Papers::Part::docx);
  CHECK_FALSE(w.papers.issue(w.a, id, {"a.docx", docx->bytes, ""}));
  CHECK(code_of(w.papers.issue(w.b, id, {"a.png", kScan, ""})) == ErrorCode::not_found);
  const auto issued = w.papers.issue(w.a, id, {"ban-quet.png", kScan, ""});
  REQUIRE(issued);
  CHECK((*issued)["state"].as_string() == "issued");
  CHECK((*issued)["signed"]["by"].as_string() == w.a.user_id);
  CHECK((*issued)["signed"]["likeness"].as_string() == "stated");
  CHECK(w.papers.file(w.a, id, Papers::Part::signed_file)->bytes == kScan);
  // The page of the case says what became of it.
  const auto of_case = w.hub.ledger->get("case", case_id, everything());
  const Json brief = paper_brief(*w.hub.services, w.a, *of_case, id);
  CHECK(brief["state"].as_string() == "issued");
  CHECK(brief["number"] == (*issued)["number"]);
  CHECK(brief["signed_by"].as_string() == "Z");
  CHECK(brief["how"].as_string() == "scan");
  CHECK(paper_brief(*w.hub.services, w.b, *of_case, id).is_null());
  CHECK(code_of(w.papers.cancel(w.a, id, json(R"({"reason":"x"})"))) == ErrorCode::conflict);
  const Json seen = *w.incidents.get(w.a, case_id);
  const Json files = seen["attachments"];
  CHECK(seen["timeline"].items().back()["text"].as_string() ==
        tr(Lang::vi, "case.paper_issued", {(*issued)["title"].as_string(), (*issued)["number"].as_string()}));
  REQUIRE(files.size() == 1);
  CHECK(files.items()[0]["sha256"].as_string() == sha256_hex(kScan));
}

TEST_CASE(
    "what the hub knows is not asked: alerts, the affected system, the agency's record, its contact, steps") {
  World w;
  const Json contact = json(R"({"agency_id":"a1","doc":{"full_name":"Contact","roles":["focal_point"],
      "assigned_on":"2026-01-01","phone":"0912","email":"c@a1.vn"}})");
  REQUIRE(w.records.create(system_actor(), "officer", contact));
  REQUIRE(w.records.create(system_actor(), "information_system",
                           json(R"({"agency_id":"a1","doc":{"name":"Portal","level":3}})")));
  const auto mail =
      w.records.create(system_actor(), "information_system",
                       json(R"({"agency_id":"a1","doc":{"name":"Mail","level":2,"purpose":"letters"}})"));
  REQUIRE(mail);
  {
    auto write = ledger::rewrite(*w.hub.ledger->get("agency", "a1", everything()), "known");
    for (const char* member : {"address", "phone", "email", "place", "head_name"})
      write.doc.set(member, std::string("the ") + member);
    write.doc.set("short_name", "A");
    REQUIRE(w.hub.ledger->write(write, system_actor(), w.hub.env.now()));
  }
  ledger::Write alert;
  alert.kind = "alert";
  alert.id = "alert-1";
  alert.agency_id = "a1";
  alert.state = "new";
  alert.expected_version = 0;
  alert.reason = "raised";
  alert.doc = json(R"({"rule_id":"r","rule_title":"Brute force","level":"high","host":"web-01",
      "entity":{"source_ip":"203.0.113.7"},"first_at":"2026-11-20T00:10:00Z"})");
  REQUIRE(w.hub.ledger->write(alert, system_actor(), w.hub.env.now()));
  const auto opened = w.incidents.open_from_alert(w.a, "alert-1");
  REQUIRE(opened);
  const std::string case_id = opened->view["id"].as_string();
  const Json report =
      json(R"({"verb":"begin","doc":{"head_at":"2026-11-20T07:30:00+07:00","head_channel":"phone"}})");
  REQUIRE(w.incidents.act(w.a, case_id, "report", report));
  Actor hub = w.a;  // as the hub drafts: nobody's name, the agency's rights
  hub.user_id = "system";
  hub.name.clear();
  hub.agency_ids = {"a1"};
  const auto draft = w.papers.create(
      hub, Json::object({{"paper", "initial_report"}, {"case_id", case_id}, {"agency_id", "a1"}}));
  REQUIRE(draft);
  const auto value = [](const Json& paper, std::string_view id) {
    for (const auto& field : paper["fields"].items()) {
      if (field["id"].as_string() == id) return field["value"];
    }
    return Json();
  };
  CHECK(value(*draft, "contact.name").as_string() == "Contact");
  CHECK(value(*draft, "contact.phone").as_string() == "0912");
  CHECK(value(*draft, "reporter.address").as_string() == "the address");
  CHECK((*draft)["head"]["place"].as_string() == "the place");
  CHECK((*draft)["head"]["signer"]["name"].as_string() == "the head_name");
  CHECK(value(*draft, "incident.found_how").as_string().ends_with(": Brute force"));
  CHECK(value(*draft, "incident.description").as_string().find("203.0.113.7") != std::string::npos);
  const Json told = value(*draft, "told");
  REQUIRE(told.size() == 1);  // what nobody filled in is no row
  CHECK(told.items()[0]["name"].as_string().ends_with("Agency a1"));
  CHECK(told.items()[0]["channel"].as_string() == "\xC4\x90i\xE1\xBB\x87n tho\xE1\xBA\xA1i");
  // Of two systems none is taken; of what is missing only that is said.
  CHECK(value(*draft, "system.name").is_null());
  CHECK((*draft)["missing"].size() == 2);
  const auto chosen =
      w.papers.update(w.a, (*draft)["id"].as_string(), Json::object({{"system_id", (*mail)["id"]}}));
  REQUIRE(chosen);
  CHECK(value(*chosen, "system.purpose").as_string() == "letters");
  CHECK((*chosen)["missing"].size() == 0);
  // Of an affected system that the case's classification names nobody asks at all.
  auto write = ledger::rewrite(*w.hub.ledger->get("case", case_id, everything()), "classified");
  write.doc.set("classification",
                Json::object({{"systems", Json::array({Json::object({{"id", (*mail)["id"]}})})}}));
  REQUIRE(w.hub.ledger->write(write, system_actor(), w.hub.env.now()));
  const auto again = w.papers.create(w.a, Json::object({{"paper", "initial_report"}, {"case_id", case_id}}));
  REQUIRE(again);
  CHECK(value(*again, "system.name").as_string() == "Mail");
}

TEST_CASE("papers are seen by their agency, and of a case only by those who see the case") {
  World w;
  const std::string case_id = w.open_case(w.a, "a1");
  const std::string id = w.complete(w.a, case_id);
  CHECK(code_of(w.papers.get(w.b, id)) == ErrorCode::not_found);
  CHECK((*w.papers.list(w.b, {}))["items"].size() == 0);
  CHECK((*w.papers.list(w.a, {}))["items"].size() == 1);
  CHECK(code_of(w.papers.create(w.b, Json::object({{"paper", "evidence_minute"}, {"case_id", case_id}}))) ==
        ErrorCode::not_found);
  Actor staff = w.a;
  staff.role = Role::staff;
  CHECK(code_of(w.papers.get(staff, id)) == ErrorCode::denied);
  CHECK(code_of(w.papers.create(staff, json(R"({"paper":"evidence_minute"})"))) == ErrorCode::denied);
  Actor head = w.a;
  head.role = Role::agency_head;
  CHECK(w.papers.get(head, id));
  // Police who were asked in write a paper of their own; once they are out, it is closed to them, too.
  w.hub.add_agency("police");
  Actor police = TestHub::officer("police");
  police.role = Role::partner;
  const auto invite = [&](bool in) {
    const auto record = w.hub.ledger->get("case", case_id, everything());
    auto write = ledger::rewrite(*record, "invited");
    const PartyKind kind{"police", {}, "police", {CaseRight::view, CaseRight::papers}, {}};
    if (in)
      REQUIRE(add_party(write.doc, "police", kind, "request-1", w.hub.env.now()));
    else
      remove_party(write.doc, "request-1");
    REQUIRE(w.hub.ledger->write(write, system_actor(), w.hub.env.now()));
  };
  invite(true);
  const auto shown = [&](const std::string& paper) {
    return paper_brief(*w.hub.services, police, *w.hub.ledger->get("case", case_id, everything()), paper);
  };
  CHECK(shown(id).is_null());  // a draft
  REQUIRE(w.number(w.a, id));
  CHECK(shown(id)["state"].as_string() == "numbered");
  const std::string theirs = w.complete(police, case_id);
  CHECK(w.get(police, theirs)["agency_id"].as_string() == "police");
  CHECK(code_of(w.papers.get(w.a, theirs)) == ErrorCode::not_found);
  invite(false);
  CHECK(code_of(w.papers.get(police, theirs)) == ErrorCode::not_found);
  CHECK((*w.papers.list(police, {}))["items"].size() == 0);
}

TEST_CASE("PDF: what is not installed is said, what hangs is ended") {
  const std::string folder = (std::filesystem::temp_directory_path() / "phendau-pdf-XXXXXX").string();
  std::string root = folder;
  REQUIRE(::mkdtemp(root.data()) != nullptr);
  PdfMaker absent(posix_env(), root + "/a",
                  {"phendau-no-such-office", "phendau-no-such-painter", seconds(5), {}});
  const auto missing = absent.pdf_of("x");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::unavailable);
  CHECK(missing.error().text_id == "paper.no_libreoffice");
  const std::string script = root + "/hangs";
  REQUIRE(write_file_atomic(posix_env(), script, "#!/bin/sh\nsleep 600 &\nsleep 600\n"));
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  PdfMaker hanging(posix_env(), root + "/b", {script, "/bin/false", seconds(1), {}});
  const auto ended = hanging.pdf_of("x");
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == ErrorCode::limit);
  CHECK(hanging.pages_of("x").error().code == ErrorCode::unavailable);
  CHECK(std::filesystem::is_empty(root + "/b"));  // nothing of the paper is left
  // One works and one waits; nobody else holds a thread meanwhile.
  PdfMaker wanted(posix_env(), root + "/c", {script, "/bin/false", seconds(1), std::chrono::seconds(20)});
  std::atomic<int> worked = 0;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> people;
    for (int i = 0; i < 8; ++i) {
      people.emplace_back([&] {
        const auto pdf = wanted.pdf_of("x");
        ++(pdf.error().text_id == "paper.pdf_busy" ? refused : worked);
      });
    }
  }
  CHECK(worked + refused == 8);
  CHECK(worked >= 2);
  CHECK(refused >= 1);
  std::filesystem::remove_all(root);
}

}  // namespace papers_test

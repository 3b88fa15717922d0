// SPDX-License-Identifier: Apache-2.0
// Evidence end to end without HTTP: parts, the guard, who may do what, the chain in the ledger and everything
// that is done to it, packages judged by the verifier, holds before each removal.
#include "hub/evidence.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "base/hash.h"
#include "base/texts.h"
#include "hub/evidence_bags.h"
#include "hub/hub_test_folder.h"
#include "report/bag.h"
#include "report/bag_files_zip.h"

namespace evidence_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

Json json(std::string_view text) { return parse_json(text).value(); }

Actor person(Role role, std::string id, std::vector<std::string> agencies) {
  Actor out;
  out.user_id = out.name = std::move(id);
  out.role = role;
  out.agency_ids = std::move(agencies);
  return out;
}

struct World {
  TestHub hub;
  HoldBook book;
  Records records{*hub.services};
  Events events{*hub.services};
  Holds holds{*hub.services, book};
  Evidence evidence;
  Alerts alerts{*hub.services};
  Incidents incidents{*hub.services, alerts};
  PdfMaker pdf{hub.env, "/office"};
  Papers papers{*hub.services, incidents, records, pdf};
  EvidenceBags bags;
  Actor officer = TestHub::officer("a1");
  Actor other = TestHub::officer("a2");
  Actor police = person(Role::partner, "police", {"p1"});
  Actor province = person(Role::province_operator, "operator", {});

  World()
      : evidence(setup(), records, events, holds, std::string(32, 'j')),
        bags(*hub.services, evidence, papers) {
    for (const char* id : {"a1", "a2", "p1"}) hub.add_agency(id);
    ledger::Write binding;
    binding.kind = "role_binding";
    binding.state = "active";
    binding.doc = json(R"({"slot":"police","agency_id":"p1","from":"2026-01-01"})");
    REQUIRE(hub.ledger->write(binding, system_actor(), hub.env.now()));
    ledger::Write incident;
    incident.kind = "case";
    incident.id = "case-1";
    incident.agency_id = "a1";
    incident.state = "open";
    incident.doc = json(R"({"workflow":"incident","title":"Ransomware"})");
    REQUIRE(hub.ledger->write(incident, system_actor(), hub.env.now()));
    REQUIRE(holds.open());
    REQUIRE(evidence.open());
  }
  Services& setup() {
    hub.env.set_now(*parse_rfc3339("2026-11-26T08:00:00+07:00"));
    hub.config.data_dir = "/data";
    hub.config.disk_quota_percent = 90;
    hub.env.set_total_bytes(std::uint64_t{1} << 34);
    hub.env.set_free_bytes(std::uint64_t{1} << 33);
    return *hub.services;
  }
  Json about(std::string_view name, std::size_t size, std::string_view more = "") {
    return json(R"({"case_id":"case-1","label":"Log of the web server","source":"web-01","name":")" +
                std::string(name) + R"(","size_bytes":)" + std::to_string(size) + std::string(more) + "}");
  }
  Result<Json> upload(const Actor& actor, const Json& body, std::string_view bytes, std::size_t part = 7) {
    const auto begun = PHENDAU_TRY(evidence.begin_upload(actor, body));
    const std::string& id = begun["id"].as_string();
    for (std::size_t at = 0; at < bytes.size(); at += part)
      PHENDAU_TRY(evidence.add_part(actor, id, at, bytes.substr(at, part)));
    return evidence.finish_upload(actor, id, Json::object());
  }
  Json item(std::string_view bytes = "192.0.2.1 GET /shell.php") {
    const auto made = upload(officer, about("access.log", bytes.size()), bytes);
    REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
    return *made;
  }
  Result<Json> act(const Actor& actor, const Json& item, const std::string& body) {
    hub.env.advance(minutes(1));
    return evidence.act(actor, item["id"].as_string(), json(body));
  }
  std::size_t staged() { return hub.env.list("/data/evidence-staging")->size(); }
};

class Bytes final : public report::BagFiles {
 public:
  Result<std::vector<Entry>> list() override { return entries; }
  Result<> read(const std::string& path, const report::ZipStream::Sink& sink) override {
    return sink(files.at(path));
  }
  std::vector<Entry> entries;
  std::map<std::string, std::string> files;
};

/// Reads our own ZIP: stored entries only, one after the other.
Bytes unpacked(std::string_view zip) {
  const auto number = [&](std::size_t at, int size) {
    std::uint64_t out = 0;
    for (int i = size - 1; i >= 0; --i) out = out << 8 | static_cast<unsigned char>(zip[at + i]);
    return out;
  };
  Bytes out;
  for (std::size_t at = 0; number(at, 4) == 0x04034B50;) {
    const auto size = number(at + 18, 4), name_size = number(at + 26, 2), extra = number(at + 28, 2);
    const std::string name(zip.substr(at + 30, name_size));
    at += 30 + name_size + extra;
    const std::string path = name.substr(name.find('/') + 1);
    out.files[path] = zip.substr(at, size);
    out.entries.push_back({path, size});
    at += size;
  }
  return out;
}

}  // namespace

TEST_CASE("evidence: parts become an item with number, digests and the first entry of its chain") {
  World world;
  const std::string bytes = "192.0.2.1 GET /shell.php";
  const Json made = world.item(bytes);
  CHECK(made["number"].as_string() == "E001");
  CHECK(made["agency_id"].as_string() == "a1");
  CHECK(made["sha256"].as_string() == sha256_hex(bytes));
  CHECK(made["sha512"].as_string() == sha512_hex(bytes));
  CHECK(made["state"].as_string() == "collected");
  CHECK(made["holder"].as_string() == "Agency a1");
  CHECK(made["verified"]["ok"].as_bool());
  REQUIRE(made["events"].size() == 1);
  CHECK(made["events"].items()[0]["reason"].as_string() == "SHA-256 " + sha256_hex(bytes));
  CHECK(world.item("second")["number"].as_string() == "E002");
  CHECK(world.staged() == 0);
  const auto own =
      world.upload(world.officer,
                   json(R"({"agency_id":"a1","label":"x","source":"y","name":"a.txt","size_bytes":1})"), "z");
  REQUIRE(own);
  CHECK((*own)["number"].as_string() == "E001");  // a series of its own
  CHECK((*own)["custody_id"].as_string() == "E001@agency/a1");
}

TEST_CASE("evidence: parts that are lost, twice, too long or somebody else's") {
  World world;
  const auto begun = *world.evidence.begin_upload(world.officer, world.about("a.log", 10));
  const std::string id = begun["id"].as_string();
  const auto add = [&](const Actor& actor, std::uint64_t offset, std::string_view bytes) {
    const auto done = world.evidence.add_part(actor, id, offset, bytes);
    return done ? std::string() : done.error().text_id;
  };
  CHECK(add(world.officer, 0, "01234").empty());
  CHECK(add(world.officer, 0, "01234") == "evidence.offset");
  CHECK(add(world.officer, 6, "6789") == "evidence.offset");
  CHECK(add(world.officer, 5, "567890") == "evidence.part_size");
  CHECK(add(world.other, 5, "56789") == "evidence.no_upload");
  CHECK(world.evidence.finish_upload(world.officer, id, {}).error().text_id == "evidence.not_whole");
  CHECK(add(world.officer, 5, "56789").empty());
  CHECK(world.evidence.finish_upload(world.officer, id, json(R"({"sha256":")" + sha256_hex("x") + "\"}"))
            .error()
            .text_id == "evidence.digest_differs");
  CHECK(world.staged() == 0);
  CHECK(world.evidence.finish_upload(world.officer, id, {}).error().text_id == "evidence.no_upload");
  for (const char* text :
       {"evidence.offset", "evidence.part_size", "evidence.no_upload", "evidence.not_whole",
        "evidence.digest_differs", "evidence.disk", "evidence.too_large", "evidence.too_many_uploads"})
    CHECK(has_text(text));
}

TEST_CASE("evidence: what others began counts as if it were there") {
  World world;
  const std::uint64_t size_bytes = 100u << 20;
  world.hub.env.set_total_bytes(std::uint64_t{1} << 30);
  world.hub.env.set_free_bytes((std::uint64_t{1} << 30) / 10 * 9);  // room for three files, twice each
  const auto begins = [&](const Actor& actor) {
    const auto begun = world.evidence.begin_upload(actor, world.about("a.log", size_bytes));
    return begun ? (*begun)["id"].as_string() : begun.error().text_id;
  };
  const std::string first = begins(world.officer);
  for (int i = 0; i < 2; ++i) CHECK(begins(world.officer).find('.') == std::string::npos);
  CHECK(begins(world.officer) == "evidence.disk");
  CHECK(world.evidence.cancel_upload(world.officer, first).has_value());
  CHECK(begins(world.officer).find('.') == std::string::npos);
}

TEST_CASE("evidence: whoever asks while a whole file is being checked is told to ask again") {
  FakeEnv env;
  EvidenceStaging staging(env, "/staging", 90);
  REQUIRE(staging.open());
  const std::string id = *staging.begin({"u1", "a.log", 3, Json::object({})});
  REQUIRE(staging.add(id, "u1", 0, "abc"));
  const auto whole = staging.take(id, "u1");
  REQUIRE(whole);
  env.advance(hours(7));
  staging.sweep();  // not swept under the one who looks at it
  CHECK(staging.take(id, "u1").error().text_id == "evidence.being_checked");
  CHECK(staging.add(id, "u1", 3, "d").error().text_id == "evidence.being_checked");
  CHECK(staging.cancel(id, "u1").error().text_id == "evidence.being_checked");
  CHECK(*staging.received(id, "u1") == 3);
  CHECK(staging.take(id, "u2").error().text_id == "evidence.no_upload");
  CHECK(env.exists(whole->path));
  staging.done(*whole);
  CHECK(staging.take(id, "u1").error().text_id == "evidence.no_upload");
  CHECK(staging.counts().open == 0);
  CHECK_FALSE(env.exists(whole->path));
  CHECK(has_text("evidence.being_checked"));
}

TEST_CASE("evidence: parts keep an upload, asking for its state does not") {
  FakeEnv env;
  EvidenceStaging staging(env, "/staging", 90);
  REQUIRE(staging.open());
  const std::string sent = *staging.begin({"u1", "a.log", 3, Json::object({})});
  const std::string asked = *staging.begin({"u1", "b.log", 3, Json::object({})});
  env.advance(hours(5));
  REQUIRE(staging.add(sent, "u1", 0, "a"));
  CHECK(*staging.received(asked, "u1") == 0);
  env.advance(hours(5));
  staging.sweep();
  CHECK(*staging.received(sent, "u1") == 1);
  CHECK(staging.received(asked, "u1").error().text_id == "evidence.no_upload");
  CHECK(staging.counts().expired == 1);
}

TEST_CASE("evidence: many begin at once: no more than the disk holds") {
  FakeEnv env;
  EvidenceStaging staging(env, "/staging", 90);
  REQUIRE(staging.open());
  env.set_total_bytes(std::uint64_t{1} << 30);
  env.set_free_bytes((std::uint64_t{1} << 30) / 10 * 9);  // room for three of 100 MiB, twice each
  std::atomic<int> begun = 0;
  std::vector<std::thread> people;
  for (int i = 0; i < 8; ++i) {
    people.emplace_back([&, i] {
      if (staging.begin({"u" + std::to_string(i), "a.log", 100u << 20, Json::object({})})) ++begun;
    });
  }
  for (auto& one : people) one.join();
  CHECK(begun == 3);
  CHECK(staging.counts().no_disk == 5);
}

TEST_CASE("evidence: limits are named and counted") {
  World world;
  const auto refused = [&](const Json& body) {
    const auto begun = world.evidence.begin_upload(world.officer, body);
    return begun ? std::string() : begun.error().text_id;
  };
  CHECK(refused(world.about("a.log", (512u << 20) + 1)) == "evidence.too_large");
  world.hub.env.set_free_bytes(std::uint64_t{1} << 31);
  CHECK(refused(world.about("a.log", 512u << 20)) == "evidence.disk");
  world.hub.env.set_free_bytes(std::uint64_t{1} << 33);
  for (int i = 0; i < 4; ++i) CHECK(refused(world.about("a.log", 5)).empty());
  CHECK(refused(world.about("a.log", 5)) == "evidence.too_many_uploads");
  world.hub.env.advance(hours(7));
  CHECK(refused(world.about("a.log", 5)).empty());  // the idle ones went, with their bytes
  CHECK(world.staged() == 2);                       // the file, and how far it is
  const Json counts = (*world.evidence.list(world.province, {}))["uploads"];
  CHECK(counts["too_large"].as_int() == 1);
  CHECK(counts["no_disk"].as_int() == 1);
  CHECK(counts["too_many"].as_int() == 1);
  CHECK(counts["expired"].as_int() == 4);
  CHECK(counts["open"].as_int() == 1);
  CHECK_FALSE((*world.evidence.list(world.officer, {})).contains("uploads"));
  world.hub.env.advance(hours(7));
  world.evidence.sweep();
  CHECK(world.staged() == 0);
  CHECK((*world.evidence.list(world.province, {}))["uploads"]["expired"].as_int() == 5);
}

TEST_CASE("evidence: an upload goes on after a power cut, from the last acknowledged part") {
  World world;
  FakeEnv& env = world.hub.env;
  const std::string bytes = "192.0.2.1 GET /shell.php";
  const auto begun = *world.evidence.begin_upload(world.officer, world.about("a.log", bytes.size()));
  const std::string id = begun["id"].as_string();
  REQUIRE(world.evidence.add_part(world.officer, id, 0, bytes.substr(0, 10)));
  // Cut off in the middle of a part: nobody was told that it is there.
  env.set_fault_hook([](std::string_view operation, const std::string& path) -> Result<> {
    if (operation == "sync" && !path.ends_with(".new")) return fail(ErrorCode::io, "cut");
    return {};
  });
  CHECK_FALSE(world.evidence.add_part(world.officer, id, 10, bytes.substr(10)));
  env.set_fault_hook(nullptr);
  const std::string folder = "/data/evidence-staging/";
  REQUIRE(env.open(folder + "01KAV9FT00HSCVY2582CPWAA4G", OpenMode::create_new));  // an excerpt's
  for (const std::uint8_t kept : {std::uint8_t{255}, std::uint8_t{0}}) {
    env.power_cut(kept);
    REQUIRE(world.evidence.open());
    CHECK(world.staged() == 2);
    CHECK((*world.evidence.upload(world.officer, id))["received"].as_int() == 10);
  }
  CHECK(world.evidence.upload(world.other, id).error().text_id == "evidence.no_upload");
  REQUIRE(world.evidence.add_part(world.officer, id, 10, bytes.substr(10)));
  const Json hash = Json::object({{"sha256", sha256_hex(bytes)}});
  const auto made = world.evidence.finish_upload(world.officer, id, hash);
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  CHECK((*made)["sha256"].as_string() == sha256_hex(bytes));
  CHECK(world.staged() == 0);
  // Its answer was lost: the same item, once; nobody else learns of it.
  CHECK((*world.evidence.finish_upload(world.officer, id, hash))["number"].as_string() == "E001");
  CHECK(world.evidence.finish_upload(world.other, id, hash).error().text_id == "evidence.no_upload");
  CHECK((*world.evidence.list(world.officer, {}))["total"].as_int() == 1);

  // What waited too long while the hub was down goes at the start; what is damaged, too.
  const auto idle = *world.evidence.begin_upload(world.officer, world.about("b.log", 3));
  env.advance(hours(7));
  const auto damaged = *world.evidence.begin_upload(world.officer, world.about("c.log", 3));
  REQUIRE(world.evidence.add_part(world.officer, damaged["id"].as_string(), 0, "ab"));
  REQUIRE((*env.open(folder + damaged["id"].as_string(), OpenMode::read_write))->truncate(1));
  REQUIRE(world.evidence.open());
  CHECK(world.staged() == 0);
}

TEST_CASE("evidence: a refusal after a restart leaves no byte") {
  World world;
  const std::string marked = "TUY\xE1\xBB\x86T M\xE1\xBA\xACT\n";
  const auto begun = *world.evidence.begin_upload(world.officer, world.about("a.log", marked.size()));
  const std::string id = begun["id"].as_string();
  REQUIRE(world.evidence.add_part(world.officer, id, 0, marked));
  REQUIRE(world.evidence.open());
  CHECK(world.evidence.finish_upload(world.officer, id, {}).error().text_id == "upload.state_secret");
  CHECK(world.staged() == 0);
  CHECK_FALSE(world.hub.ledger->blob_exists(sha256_hex(marked)));
}

TEST_CASE("evidence: a marking is found in any piece, and a refusal leaves no byte") {
  World world;
  const std::string marked = "a\n\xC4\x90\xE1\xBB\x99 m\xE1\xBA\xADt: T\xE1\xBB\x90I M\xE1\xBA\xACT\nb\n";
  const auto refused = [&](std::string_view name, const std::string& bytes) {
    const auto made = world.upload(world.officer, world.about(name, bytes.size()), bytes, 4u << 20);
    CHECK(world.staged() == 0);
    if (made) return std::string();
    CHECK_FALSE(world.hub.ledger->blob_exists(sha256_hex(bytes)));
    return made.error().text_id;
  };
  CHECK(refused("a.log", marked) == "upload.state_secret");
  std::string large(33u << 20, 'x');
  for (std::size_t at = 100; at < large.size(); at += 100) large[at] = '\n';
  CHECK(refused("large.log", large).empty());
  CHECK(refused("large.pdf", large + "y") == "upload.evidence_too_large");
  large.replace((2u << 20) - 8'192 - 20, marked.size(), marked);  // over the edge of a piece
  CHECK(refused("large.log", large) == "upload.state_secret");
  std::string wide = "MZ";
  for (const char c : std::string("\r\nTOI MAT\r\n")) wide += std::string(1, c) + '\0';
  CHECK(refused("a.exe", wide) == "upload.state_secret");
  CHECK(refused("a.exe", "MZ\x01\x02") == "");
  CHECK(refused("disk.e01", "EVF") == "upload.evidence_type");
  CHECK(refused("TUYET_MAT.exe", "MZ") == "upload.state_secret");
  const auto typed = world.evidence.begin_upload(
      world.officer, json(R"({"case_id":"case-1","source":"x","name":"a.log","size_bytes":1,"label":"T)"
                          "\xE1\xBB\x90I M\xE1\xBA\xACT\"}"));
  CHECK(typed.error().text_id == "upload.state_secret_text");
}

TEST_CASE("evidence: what an agent brings, and what stays outside") {
  World world;
  const auto put = [&](const std::string& bytes) {
    REQUIRE(write_file_atomic(world.hub.env, "/data/from-agent", bytes));
  };
  const Json about = json(R"({"case_id":"case-1","label":"sockets","source":"web-01","taken_by":"An",
                             "taken_at":"2026-11-26T07:30:00+07:00"})");
  put("tcp 0.0.0.0:22");
  Evidence::TakenFile file;
  file.path = "/data/from-agent";
  file.name = "sockets.txt";
  file.sha256 = sha256_hex("tcp 0.0.0.0:22");
  file.stays_at = "web-01";
  file.custodian = "An";
  const auto taken = world.evidence.take_file(system_actor(), about, file);
  REQUIRE(taken);
  CHECK((*taken)["taken_by"].as_string() == "An");
  CHECK((*taken)["events"].items()[0]["at"].as_string() == "2026-11-26T00:30:00Z");
  put("other");
  CHECK(world.evidence.take_file(system_actor(), about, file).error().text_id == "evidence.digest_differs");
  put("T\xE1\xBB\x90I M\xE1\xBA\xACT\n");
  file.sha256 = sha256_hex("T\xE1\xBB\x90I M\xE1\xBA\xACT\n");
  const auto outside = world.evidence.take_file(system_actor(), about, file);
  REQUIRE(outside);
  CHECK((*outside)["outside"].as_bool());
  CHECK((*outside)["kept_at"].as_string() == "web-01");
  CHECK_FALSE((*outside)["has_content"].as_bool());
  CHECK_FALSE(world.hub.ledger->blob_exists(file.sha256));
  CHECK(world.evidence.content(world.officer, (*outside)["id"].as_string()).error().text_id ==
        "evidence.outside");
  const Json image = json(R"({"case_id":"case-1","label":"Disk","source":"web-01","kept_at":"Safe 2",
                             "custodian":"Binh","sha256":")" +
                          std::string(64, 'a') + "\"}");
  CHECK((*world.evidence.refer(world.officer, image))["number"].as_string() == "E003");
  for (const char* needed : {"sha256", "kept_at", "custodian", "label", "source"}) {
    Json without = image;
    without.erase(needed);
    CHECK(world.evidence.refer(world.officer, without).error().args == std::vector<std::string>{needed});
  }
}

TEST_CASE("evidence: acts follow chain and pack, each signed, each in its state") {
  World world;
  Json item = world.item();
  const auto state = [&](const Result<Json>& done) {
    if (!done) return done.error().text_id;
    return (*done)["state"].as_string();
  };
  CHECK(state(world.act(world.officer, item, R"({"act":"collected"})")) == "request.invalid");
  CHECK(state(world.act(world.officer, item, R"({"act":"sealed"})")) == "record.needs");
  CHECK(state(world.act(world.officer, item, R"({"act":"sealed","seal_number":"NP-1"})")) == "sealed");
  CHECK(state(world.act(world.officer, item, R"({"act":"analysed"})")) == "custody.seal_needs_reason");
  CHECK(state(world.act(world.officer, item, R"({"act":"analysed","reason":"Request 5"})")) == "in_analysis");
  CHECK(state(world.act(world.officer, item, R"({"act":"copied","to":"An"})")) == "in_analysis");
  CHECK(state(world.act(world.officer, item, R"({"act":"handed_over","to":"Police","to_body":"police"})")) ==
        "custody.needs_reason");
  CHECK(state(world.act(world.officer, item,
                        R"({"act":"handed_over","to":"Police","to_body":"police","reason":"CV 12"})")) ==
        "handed_over");
  CHECK(state(world.act(world.officer, item, R"({"act":"destroyed","reason":"x","decision_number":"1"})")) ==
        "record.no_move");
  // The police see it now, seal it, and give it back; then they see it no more.
  CHECK(state(world.act(world.police, item, R"({"act":"sealed","seal_number":"CA-9"})")) == "sealed");
  CHECK(world.evidence.get(world.police, item["id"].as_string()));
  CHECK(state(world.act(world.police, item, R"({"act":"returned"})")).empty());
  CHECK(world.evidence.get(world.police, item["id"].as_string()).error().code == ErrorCode::not_found);
  item = *world.evidence.get(world.officer, item["id"].as_string());
  CHECK(item["state"].as_string() == "sealed");
  CHECK(item["holder"].as_string() == "Agency a1");
  CHECK(item["verified"]["ok"].as_bool());
  CHECK(item["events"].size() == 7);
  CHECK(state(world.act(world.officer, item,
                        R"({"act":"sealed","at":"2026-11-26T00:00:00Z","seal_number":"1"})")) ==
        "custody.time_goes_back");
  CHECK(state(world.act(world.officer, item, R"({"act":"returned","to":"web-01"})")) == "returned");
  CHECK(state(world.act(world.officer, item, R"({"act":"copied","to":"x"})")) == "custody.ended");
  CHECK((*world.evidence.get(world.officer, item["id"].as_string()))["acts"].size() == 0);
}

TEST_CASE("evidence: nobody else's, and every reading is noted") {
  World world;
  const Json item = world.item();
  const std::string id = item["id"].as_string();
  const Actor staff = person(Role::staff, "staff", {"a1"});
  const Actor head = person(Role::agency_head, "head", {"a1"});
  Evidence::Filter of_case;
  of_case.case_id = "case-1";
  for (const Actor& stranger : {world.other, world.police, staff}) {
    CHECK_FALSE(world.evidence.get(stranger, id));
    CHECK_FALSE(world.evidence.content(stranger, id));
    CHECK_FALSE(world.evidence.update(stranger, id, Json::object()));
    CHECK_FALSE(world.act(stranger, item, R"({"act":"copied","to":"x"})"));
    CHECK_FALSE(world.evidence.begin_upload(stranger, world.about("a.log", 1)));
    CHECK_FALSE(world.bags.make(stranger, json(R"({"case_id":"case-1","to":"x","no_request_reason":"y"})")));
    const auto listed = world.evidence.list(stranger, of_case);
    CHECK((!listed || (*listed)["total"].as_int() == 0));
  }
  CHECK(world.evidence.get(head, id));
  CHECK((*world.evidence.list(head, {}))["total"].as_int() == 1);
  CHECK_FALSE(world.evidence.begin_upload(head, world.about("a.log", 1)));
  CHECK(world.act(head, item, R"({"act":"copied","to":"x"})").error().text_id == "record.move_denied");
  CHECK((*world.evidence.get(head, id))["acts"].size() == 0);
  const auto content = world.evidence.content(head, id);
  REQUIRE(content);
  CHECK(content->name == "E001_access.log");
  const Json seen = *world.evidence.get(world.officer, id);
  REQUIRE(seen["readings"].size() == 1);
  CHECK(seen["readings"].items()[0]["by"].as_string() == "head");
  const auto program = world.upload(world.officer, world.about("x.exe", 2), "MZ");
  REQUIRE(program);
  CHECK(world.evidence.content(head, (*program)["id"].as_string())->name == "E002_x.exe.bin");
}

TEST_CASE("evidence: whatever is done to the chain in the store is found") {
  World world;
  const Json item = world.item();
  const std::string id = item["id"].as_string();
  REQUIRE(world.act(world.officer, item, R"({"act":"copied","to":"An","reason":"For analysis"})"));
  REQUIRE(world.act(world.officer, item, R"({"act":"handed_over","to":"Police","reason":"CV 12"})"));
  const auto broken = [&] {
    const Json now = *world.evidence.get(world.officer, id);
    const bool ok = now["verified"]["ok"].as_bool();
    CHECK((ok || !now["verified"]["reason"].as_string().empty()));
    if (!ok)
      CHECK(world.act(world.officer, item, R"({"act":"copied","to":"x"})").error().text_id ==
            "evidence.chain_broken");
    return !ok;
  };
  CHECK_FALSE(broken());
  // As somebody who can write the ledger would: through it, so that its own chain is whole.
  const auto change = [&](std::string_view kind, const std::string& record_id, auto&& edit) {
    const auto before = *world.hub.ledger->get(kind, record_id, everything());
    ledger::Write write = ledger::rewrite(before, "forged");
    edit(write.doc);
    REQUIRE(world.hub.ledger->write(write, system_actor(), world.hub.env.now()));
    CHECK(broken());
    ledger::Write back = ledger::rewrite(before, "back");
    back.expected_version.reset();
    REQUIRE(world.hub.ledger->write(back, system_actor(), world.hub.env.now()));
    CHECK_FALSE(broken());
  };
  for (int seq = 1; seq <= 3; ++seq) {
    const std::string event = id + ".00000" + std::to_string(seq);
    for (const char* member :
         {"item", "prev_hash", "at", "actor", "from", "to", "reason", "hash", "public_key", "signature"}) {
      change("custody_event", event, [&](Json& doc) {
        Json changed = doc["event"];
        std::string text = changed[member].as_string();
        if (std::string_view(member) == "at")
          text = "2026-11-26T01:00:30Z";
        else if (text.empty())
          text = "x";
        else
          text.back() = text.back() == '0' ? '1' : '0';
        changed.set(member, text);
        doc.set("event", changed);
      });
    }
    change("custody_event", event, [&](Json& doc) { doc.set("item_id", "elsewhere"); });
  }
  change("evidence_item", id, [](Json& doc) { doc.set("sha256", std::string(64, 'b')); });
  change("evidence_item", id, [](Json& doc) { doc.set("custody_head", std::string(64, 'b')); });
  CHECK(world.hub.ledger->verify()->ok);
}

TEST_CASE("evidence: a package says why, is the same each time, and the verifier takes it") {
  World world;
  world.bags.case_view = [](const Actor&, std::string_view) -> Result<Json> {
    return json(
        R"({"timeline":[{"at":"2026-11-26T01:00:00Z","by":"An","kind":"note",
                    "step":"isolate","text":"=x"}]})");
  };
  const Json first = world.item("first"), second = world.item("second");
  const Json image = json(R"({"case_id":"case-1","label":"Disk","source":"web-01","kept_at":"Safe 2",
                             "custodian":"Binh","sha256":")" +
                          std::string(64, 'a') + "\"}");
  REQUIRE(world.evidence.refer(world.officer, image));
  Json body = json(R"({"case_id":"case-1","to":"Police","to_body":"police"})");
  CHECK(world.bags.make(world.officer, body).error().text_id == "evidence.why_no_request");
  body.set("no_request_reason", "Ordered by phone");
  const auto made = world.bags.make(world.officer, body);
  REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  const std::string bag_id = (*made)["id"].as_string();
  const auto read = [&](const Actor& actor) -> std::string {
    const auto package = world.bags.open(actor, bag_id);
    REQUIRE(package);
    std::string zip;
    REQUIRE(world.bags.write(*package, [&](std::string_view piece, Duration) {
      zip += piece;
      return true;
    }));
    CHECK(zip.size() == package->size_bytes);
    return zip;
  };
  const std::string zip = read(world.officer);
  CHECK(read(world.police) == zip);
  CHECK_FALSE(world.bags.open(world.other, bag_id));
  Bytes bag = unpacked(zip);
  report::BagOptions options;
  options.public_key = *ed25519_public_key(std::string(32, 'j'));
  const auto report = report::verify_bag(bag, options);
  REQUIRE(report);
  CHECK(report->errors + report->warnings == 0);
  CHECK(report->tagmanifest_sha256 == (*made)["tagmanifest_sha256"].as_string());
  CHECK(bag.files.at("data/evidence/E001/original") == "first");
  CHECK(bag.files.contains("data/evidence/E003.json"));
  CHECK_FALSE(bag.files.contains("data/evidence/E003/original"));
  CHECK(bag.files.at("data/timeline.csv").find("\"'=x\"") != std::string::npos);
  CHECK(bag.files.contains("data/bien-ban-ban-giao.docx"));
  const auto custody = custody::verify_file(bag.files.at("data/custody.jsonl"));
  CHECK_FALSE(custody.broken);
  CHECK(custody.items.at("E002@case-1").holder() == "Police");
  // The ledger's hand-over holds the package's digest; who has it gets no second entry.
  const Json item = *world.evidence.get(world.officer, second["id"].as_string());
  CHECK(item["state"].as_string() == "handed_over");
  CHECK(item["events"].items().back()["tagmanifest_sha256"] == (*made)["tagmanifest_sha256"]);
  const auto again = world.bags.make(world.officer, body);
  REQUIRE(again);
  CHECK((*world.evidence.get(world.officer, first["id"].as_string()))["events"].size() == 2);
  body.set("act", "copied").set("to", "Court");
  // The minute has its number from the book of the agency that has a symbol, and is a paper that waits for
  // its signatures; its number is in the custody log, too. What the office numbered itself takes none.
  CHECK((*made)["minute_id"].is_null());
  auto agency = *world.hub.ledger->get("agency", "a1", everything());
  auto named = ledger::rewrite(agency, "short name");
  named.doc.set("short_name", "A1");
  REQUIRE(world.hub.ledger->write(named, system_actor(), world.hub.env.now()));
  const auto copied = world.bags.make(world.officer, body);
  REQUIRE(copied);
  CHECK((*copied)["minutes_number"].as_string() == "01/BB-A1");
  const auto minute = world.papers.get(world.officer, (*copied)["minute_id"].as_string());
  REQUIRE(minute);
  CHECK((*minute)["state"].as_string() == "numbered");
  const Bytes copy = unpacked([&] {
    const auto opened = world.bags.open(world.officer, (*copied)["id"].as_string());
    std::string bytes;
    REQUIRE(world.bags.write(*opened, [&](std::string_view piece, Duration) {
      bytes += piece;
      return true;
    }));
    return bytes;
  }());
  CHECK(sha256_hex(copy.files.at("data/bien-ban-ban-giao.docx")) == (*minute)["docx_sha256"].as_string());
  CHECK(copy.files.at("data/custody.jsonl").find("01/BB-A1") == std::string::npos);  // a copy: no hand-over
  body.set("minutes_number", "77/BB");
  const auto own = world.bags.make(world.officer, body);
  REQUIRE(own);
  CHECK((*own)["minutes_number"].as_string() == "77/BB");
  CHECK((*own)["minute_id"].is_null());
  CHECK((*world.papers.books(world.officer))["items"].items().front()["last"].as_int() == 1);
  CHECK((*world.evidence.get(world.officer, first["id"].as_string()))["holder"].as_string() == "Police");
  CHECK((*world.bags.list(world.officer, "case-1", "", 50))["items"].size() == 4);
}

TEST_CASE("legal hold: nothing goes while it is in force") {
  World world;
  const Json item = world.item();
  const std::string id = item["id"].as_string(), sha256 = item["sha256"].as_string();
  const std::string destroy = R"({"act":"destroyed","reason":"Old","decision_number":"QD 1"})";
  const Json place = json(R"({"what":"case","case_id":"case-1","reason":"Inquiry","paper_number":"CV 7"})");
  CHECK_FALSE(world.holds.place(world.other, place));
  const auto hold = world.holds.place(world.province, place);
  REQUIRE(hold);
  CHECK((*world.evidence.get(world.officer, id))["held"].as_bool());
  const auto refused = world.act(world.officer, item, destroy);
  CHECK(refused.error().text_id == "hold.held");
  CHECK(refused.error().args == std::vector<std::string>{"CV 7"});
  CHECK(world.hub.ledger->remove_blob(sha256).error().text_id == "hold.held");
  CHECK(world.hub.ledger->erase_personal("case", "case-1", "asked", system_actor(), world.hub.env.now())
            .error()
            .text_id == "hold.held");
  const std::string hold_id = (*hold)["id"].as_string();
  const Json lift = json(R"({"reason":"Closed","paper_number":"CV 9"})");
  CHECK(world.holds.lift(world.officer, hold_id, lift).error().text_id == "hold.of_province");
  CHECK(world.holds.lift(world.province, hold_id, json(R"({"reason":"x"})")).error().code ==
        ErrorCode::invalid);
  REQUIRE(world.holds.lift(world.province, hold_id, lift));
  CHECK(world.holds.lift(world.province, hold_id, lift).error().text_id == "hold.lifted");
  CHECK(world.hub.ledger->erase_personal("case", "case-1", "asked", system_actor(), world.hub.env.now()));
  const auto destroyed = world.act(world.officer, item, destroy);
  REQUIRE_MESSAGE(destroyed, (destroyed ? "" : destroyed.error().message));
  CHECK((*destroyed)["state"].as_string() == "destroyed");
  CHECK_FALSE(world.hub.ledger->blob_exists(sha256));
  CHECK(world.evidence.content(world.officer, id).error().text_id == "evidence.destroyed");
  CHECK(world.hub.ledger->verify(std::nullopt, true)->ok);
  // On the item alone, by its own officer.
  const Json second = world.item("second");
  const auto own =
      world.holds.place(world.officer, json(R"({"what":"item","reason":"x","paper_number":"1","item_id":")" +
                                            second["id"].as_string() + "\"}"));
  REQUIRE(own);
  CHECK(world.act(world.officer, second, destroy).error().text_id == "hold.held");
  CHECK((*world.holds.list(world.other, {}))["items"].size() == 0);
  Holds::Filter in_force;
  in_force.state = "in_force";
  CHECK((*world.holds.list(world.officer, in_force))["items"].size() == 1);
}

TEST_CASE("legal hold: retention would have removed the journal's segment") {
  World world;
  FakeEnv env(*parse_rfc3339("2026-11-20T08:00:00+07:00"));
  journal::Options options;
  options.dir = "/j";
  options.signing_key = std::string(32, 'j');
  options.retention = {{"", 2}};
  options.may_delete = [](const journal::SegmentSummary&) { return true; };
  options.is_held = [&](const journal::SegmentSummary& segment) { return world.book.holds(segment); };
  auto journal = *journal::Journal::open(env, std::move(options));
  for (const char* agency : {"a1", "a2"}) {
    BatchBuilder builder("syslog");
    builder.begin_row({.event_time = env.now(),
                       .received_time = env.now(),
                       .time_quality = TimeQuality::exact,
                       .source = "s",
                       .host = "h",
                       .agency = agency,
                       .logsource = "linux//",
                       .parse_error = {},
                       .raw = "x"});
    REQUIRE(journal->append(builder.finish(), {}));
  }
  REQUIRE(journal->seal_now());
  REQUIRE(journal->segments().size() == 2);
  const auto hold = world.holds.place(
      world.province, json(R"({"what":"journal","agency_id":"a1","from":"2026-11-19","until":"2026-11-20",
                               "reason":"Inquiry","paper_number":"CV 7"})"));
  REQUIRE(hold);
  CHECK_FALSE(world.holds.place(
      world.officer,
      json(R"({"what":"journal","reason":"x","paper_number":"1"})")));  // of all: the province's
  env.advance(days(10));
  REQUIRE(journal->maintenance(env.now()));
  REQUIRE(journal->segments().size() == 1);
  CHECK(journal->segments()[0].agency == "a1");
  CHECK(journal->delete_segments({journal->segments()[0].name}, "r", "w").error().text_id == "journal.held");
  REQUIRE(world.holds.lift(world.province, (*hold)["id"].as_string(),
                           json(R"({"reason":"Closed","paper_number":"CV 9"})")));
  REQUIRE(journal->maintenance(env.now()));
  CHECK(journal->segments().empty());
}

}  // namespace evidence_test

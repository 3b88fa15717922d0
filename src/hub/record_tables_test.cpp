// SPDX-License-Identifier: Apache-2.0
// Proves on the base pack that a table becomes records as one by one entry would make them, once; that
// agencies and things are found by name; that nobody imports for somebody else; and that an export comes in
// again.
#include "hub/record_tables.h"

#include <doctest/doctest.h>

#include "hub/hub_test_folder.h"
#include "report/table_reader.h"

namespace record_tables_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

struct Fixture {
  Fixture() : records(*hub.services), tables(*hub.services, records) {
    for (const char* id : {"a1", "a2", "lead"}) hub.add_agency(id);
    const auto bound = records.create(
        province, "role_binding",
        parse_json(R"({"doc":{"slot":"lead_department","agency_id":"lead","from":"2020-01-01"}})").value());
    REQUIRE(bound);
  }
  Result<Json> import(const Actor& actor, std::string_view kind, std::string_view csv, bool write = true,
                      bool good_only = false) {
    RecordTables::Options options;
    options.file_name = "t.csv";
    options.good_rows_only = good_only;
    return write ? tables.import(actor, kind, options, csv) : tables.preview(actor, kind, options, csv);
  }
  std::uint64_t count(const Actor& actor, std::string_view kind) {
    return static_cast<std::uint64_t>((*records.list(actor, kind, {}))["total"].as_int());
  }

  TestHub hub;
  Actor province = system_actor();
  Actor officer = TestHub::officer("a1");
  Records records;
  RecordTables tables;
};

// "Ho va ten", "Ma can bo", "Co quan" with their accents.
const std::string kStaff = "H\u1ECD v\u00E0 t\u00EAn,M\u00E3 c\u00E1n b\u1ED9,C\u01A1 quan\n";

}  // namespace

TEST_CASE("tables: a dry run writes nothing, an import once") {
  Fixture f;
  const std::string csv = kStaff + "A,001,\nB,002,Agency a1\n";
  const auto seen = f.import(f.officer, "staff", csv, false);
  REQUIRE(seen);
  CHECK((*seen)["counts"]["good"].as_int() == 2);
  CHECK(f.count(f.officer, "staff") == 0);
  CHECK((*f.import(f.officer, "staff", csv))["written"].as_int() == 2);
  const auto again = f.import(f.officer, "staff", csv);
  CHECK((*again)["written"].as_int() == 0);
  CHECK((*again)["counts"]["present"].as_int() == 2);
  CHECK(f.count(f.officer, "staff") == 2);
  // The same code in another agency is another person.
  CHECK((*f.import(f.province, "staff", kStaff + "C,001,a2\n"))["written"].as_int() == 1);
}

TEST_CASE("tables: one wrong row stops all, unless the good ones are wanted") {
  Fixture f;
  const std::string csv = kStaff + "A,001,\nB,002,Agency a2\nC,003,nobody\n";
  const auto stopped = f.import(f.officer, "staff", csv);
  REQUIRE(stopped);
  CHECK((*stopped)["written"].as_int() == 0);
  CHECK((*stopped)["errors"].size() == 2);  // neither is the officer's to enter for
  CHECK(f.count(f.province, "staff") == 0);
  CHECK((*f.import(f.officer, "staff", csv, true, true))["written"].as_int() == 1);
}

TEST_CASE("tables: rights are those of one record") {
  Fixture f;
  Actor head = f.officer;
  head.role = Role::agency_head;
  CHECK(f.import(head, "staff", kStaff + "A,001,\n").error().code == ErrorCode::denied);
  CHECK(f.import(f.officer, "ip_prefix", "x,y\n1,2\n").error().code == ErrorCode::denied);
  CHECK(f.import(f.province, "agency", "x,y\n1,2\n").error().code == ErrorCode::not_found);
  CHECK(f.tables.export_table(head, "staff", {}, RecordTables::Format::csv).error().code ==
        ErrorCode::denied);
}

TEST_CASE("tables: records move from their first state, never into a later one") {
  Fixture f;
  const RegisterKind* kind = f.hub.pack->pack().reg("information_system");
  REQUIRE(kind->lifecycle.has_moves());
  const std::string name = kind->spec.schema["properties"]["name"]["title"].as_string();
  const std::string running = f.hub.pack->pack().state_titles.find("running")->second.vi;
  const std::string csv = name + ",Tr\u1EA1ng th\u00E1i\nA,\nB," + running + "\n";
  const auto seen = f.import(f.officer, "information_system", csv, true, true);
  REQUIRE(seen);
  CHECK((*seen)["written"].as_int() == 1);
  CHECK((*seen)["errors"].items().at(0)["row"].as_int() == 3);
}

TEST_CASE("tables: what goes out comes in again as the same") {
  Fixture f;
  const auto made =
      f.records.create(f.officer, "provider",
                       parse_json(
                           R"({"doc":{"name":"=1+1","services":["line","hosting"],"contact_phone":"+84 0",
                           "confidentiality_signed_on":"2026-02-03"}})")
                           .value());
  REQUIRE(made);
  for (const auto format : {RecordTables::Format::csv, RecordTables::Format::xlsx}) {
    const auto file = f.tables.export_table(f.officer, "provider", {}, format);
    REQUIRE(file);
    RecordTables::Options options;
    options.file_name = file->name;
    const auto back = f.tables.preview(f.officer, "provider", options, file->bytes);
    REQUIRE(back);
    CHECK((*back)["counts"]["present"].as_int() == 1);
    CHECK_FALSE((*back)["present"].items().at(0)["differs"].as_bool());
  }
  const auto form = f.tables.blank_form(f.officer, "provider");
  REQUIRE(form);
  CHECK(report::read_table(form->bytes, {}).has_value());
}

TEST_CASE("tables: a text in two encodings may not carry a marking") {
  Fixture f;
  const std::string secret = kStaff + "TUY\u1EC6T M\u1EACT,001,\n";
  const auto refused = f.import(f.officer, "staff", secret);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text_id.starts_with("upload."));
  CHECK(f.count(f.officer, "staff") == 0);
}

}  // namespace record_tables_test

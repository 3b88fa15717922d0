// SPDX-License-Identifier: Apache-2.0
// What every implementation of Ledger must do: writes, scopes, lists, secrets, redaction, derived rows,
// blobs, concurrency. An implementation runs kConformance on a fixture with its own factory, a fresh one for
// each case (ledger_test.cpp does for SQLite). Tests only.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "store/ledger/ledger_test_folder.h"

namespace phendau::ledger::testing {

inline Json json(std::string_view text) {
  auto parsed = parse_json(text);
  REQUIRE_MESSAGE(parsed.has_value(), text);
  return *parsed;
}

inline Scope agency_scope(std::vector<std::string> ids) {
  Scope scope;
  scope.reach = Scope::Reach::agencies;
  scope.agency_ids = std::move(ids);
  return scope;
}
/// The people of these agencies, who are also called `bodies` by what is sent to them.
inline Scope addressed_scope(std::vector<std::string> agencies, std::vector<std::string> bodies) {
  Scope scope;
  scope.reach = agencies.empty() ? Scope::Reach::invited : Scope::Reach::agencies;
  scope.agency_ids = std::move(agencies);
  scope.addressed = std::move(bodies);
  return scope;
}
inline Scope invited_scope(std::string user) {
  Scope scope;
  scope.reach = Scope::Reach::invited;
  scope.invited_id = std::move(user);
  return scope;
}

inline std::vector<std::string> ids_of(const Page& page) {
  std::vector<std::string> out;
  for (const auto& record : page.records) out.push_back(record.id);
  return out;
}

inline void write_and_read(TestLedger& t) {
  const auto change = t.ledger->write(
      t.asset("pc-1", "so-tttt", R"({"name":"PC 1","ip":"10.0.0.1","score":7})"), t.officer(), t.at(1));
  REQUIRE_MESSAGE(change.has_value(), change.error().message);
  CHECK(change->seq == 1);
  CHECK(change->version == 1);
  CHECK(change->previous == Sha256{});
  CHECK(change->actor_name == "Officer");
  CHECK(change->pack == "test@1");

  auto next = t.asset("pc-1", "so-tttt", R"({"name":"PC 1b","ip":"10.0.0.1"})");
  next.state = "retired";
  next.reason = "moved";
  next.valid_from = CivilDate{2026, 1, 1};
  const auto second = t.ledger->write(next, t.officer(), t.at(2));
  REQUIRE(second.has_value());
  CHECK(second->previous == change->hash);
  CHECK(second->before == change->after);
  CHECK(t.ledger->head()->hash == second->hash);

  const auto record = t.ledger->get("asset", "pc-1", t.all());
  REQUIRE(record.has_value());
  CHECK(record->version == 2);
  CHECK(record->state == "retired");
  CHECK(record->doc["name"].as_string() == "PC 1b");
  CHECK(record->valid_from == CivilDate{2026, 1, 1});
  CHECK(record->created_at == t.at(1));
  CHECK(record->updated_at == t.at(2));

  const auto history = t.ledger->history("asset", "pc-1", t.all());
  REQUIRE(history.has_value());
  REQUIRE(history->size() == 2);
  CHECK((*history)[0].reason == "moved");
  CHECK((*history)[1].doc["name"].as_string() == "PC 1");
  CHECK((*history)[1].state == "used");
  CHECK(t.ledger->changes_since(1, 10)->size() == 1);
  CHECK(t.ledger->verify()->ok);
}

inline void refusals(TestLedger& t) {
  REQUIRE(t.put("pc-1", "a1", R"({"name":"n"})"));
  struct Case {
    const char* what;
    std::function<void(Write&)> spoil;
    ErrorCode code;
    const char* text_id;
  };
  const Case kCases[] = {
      {"unknown kind", [](Write& w) { w.kind = "none"; }, ErrorCode::not_found, "ledger.no_kind"},
      {"schema", [](Write& w) { w.doc = Json::object(); }, ErrorCode::invalid, "schema.required"},
      {"state", [](Write& w) { w.state = "lost"; }, ErrorCode::invalid, "ledger.bad_state"},
      {"not an object", [](Write& w) { w.doc = Json::array(); }, ErrorCode::invalid, "ledger.bad_doc"},
      {"reserved member", [](Write& w) { w.doc.set("$state", "x"); }, ErrorCode::invalid, "ledger.bad_doc"},
      {"too large", [](Write& w) { w.doc.set("note", std::string(kDocBytesMax, 'x')); }, ErrorCode::limit,
       "ledger.doc_too_large"},
      {"long id", [](Write& w) { w.id = std::string(201, 'x'); }, ErrorCode::limit, "ledger.too_long"},
      {"bad text", [](Write& w) { w.reason = "\xff"; }, ErrorCode::invalid, "ledger.bad_text"},
      {"validity",
       [](Write& w) {
         w.valid_from = CivilDate{2026, 2, 1};
         w.valid_to = CivilDate{2026, 1, 1};
       },
       ErrorCode::invalid, "ledger.bad_validity"},
      {"made-up marker", [](Write& w) { w.doc.set("note", json(R"({"$redacted":true})")); },
       ErrorCode::invalid, "ledger.bad_marker"},
      {"made-up secret", [](Write& w) { w.doc.set("password", json(R"({"$secret":9})")); },
       ErrorCode::invalid, "ledger.bad_marker"},
      {"must be new", [](Write& w) { w.expected_version = 0; }, ErrorCode::conflict,
       "ledger.version_conflict"},
      {"other version", [](Write& w) { w.expected_version = 7; }, ErrorCode::conflict,
       "ledger.version_conflict"},
      {"hidden by scope", [](Write& w) { w.scope = agency_scope({"a2"}); }, ErrorCode::not_found,
       "ledger.not_found"},
      {"given away",
       [](Write& w) {
         w.scope = agency_scope({"a1"});
         w.agency_id = "a2";
       },
       ErrorCode::denied, "ledger.denied"},
      {"new for others",
       [](Write& w) {
         w.scope = agency_scope({"a1"});
         w.id = "pc-9";
         w.agency_id = "a2";
       },
       ErrorCode::denied, "ledger.denied"},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.what);
    Write write = t.asset("pc-1", "a1", R"({"name":"n"})");
    c.spoil(write);
    const auto result = t.ledger->write(write, t.officer(), t.at(2));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == c.code);
    CHECK(result.error().text_id == c.text_id);
    CHECK(t.ledger->head()->seq == 1);
  }
  Actor nobody = t.officer();
  nobody.user_id.clear();
  CHECK_FALSE(t.ledger->write(t.asset("x", "a1", R"({"name":"n"})"), nobody, t.at(2)).has_value());
  auto right = t.asset("pc-1", "a1", R"({"name":"n"})");
  right.expected_version = 1;
  right.scope = agency_scope({"a1"});
  CHECK(t.ledger->write(right, t.officer(), t.at(3)).has_value());
  CHECK(t.ledger->verify()->ok);
}

inline void batches(TestLedger& t) {
  const auto first =
      t.ledger->write_if_absent(t.asset("al-1", "a1", R"({"name":"one"})"), t.officer(), t.at(1));
  REQUIRE(first.has_value());
  CHECK(first->changed);
  const auto again =
      t.ledger->write_if_absent(t.asset("al-1", "a1", R"({"name":"two"})"), t.officer(), t.at(2));
  REQUIRE(again.has_value());
  CHECK_FALSE(again->changed);
  CHECK(again->record.doc["name"].as_string() == "one");
  CHECK(t.ledger->head()->seq == 1);

  WriteBatch batch;
  batch.writes.push_back(t.asset("b-1", "a1", R"({"name":"x"})"));
  batch.writes.push_back(t.asset("b-2", "a1", R"({})"));  // does not conform
  batch.derived.push_back({"cursor", "detect", "", json(R"({"position":5})")});
  CHECK_FALSE(t.ledger->write_batch(batch, t.officer(), t.at(3)).has_value());
  CHECK_FALSE(t.ledger->get("asset", "b-1", t.all()).has_value());
  CHECK_FALSE(t.ledger->get_derived("cursor", "detect")->has_value());

  batch.writes[1] = t.asset("b-2", "a1", R"({"name":"y"})");
  batch.writes.push_back(t.asset("al-1", "a1", R"({"name":"late"})"));
  batch.writes.back().if_absent = true;
  batch.writes.push_back(t.asset("", "a1", R"({"name":"id made here"})"));
  const auto written = t.ledger->write_batch(batch, t.officer(), t.at(4));
  REQUIRE(written.has_value());
  CHECK((*written)[1].changed);
  CHECK_FALSE((*written)[2].changed);
  CHECK((*written)[3].record.id.size() == 26);
  CHECK((*t.ledger->get_derived("cursor", "detect"))->doc["position"].as_int() == 5);
  CHECK(t.ledger->head()->seq == 4);
  CHECK(t.ledger->verify()->ok);
}

inline void scopes(TestLedger& t) {
  REQUIRE(t.put("p-1", "a1", R"({"name":"one"})"));
  REQUIRE(t.put("p-2", "a2", R"({"name":"two","guests":["police"]})"));
  Query query;
  query.kind = "asset";
  query.order_by = "id";
  query.descending = false;
  const struct {
    Scope scope;
    std::vector<std::string> visible;
  } kCases[] = {
      {t.all(), {"p-1", "p-2"}},
      {agency_scope({"a1"}), {"p-1"}},
      {agency_scope({"a1", "a2"}), {"p-1", "p-2"}},
      {agency_scope({"a3"}), {}},
      {invited_scope("police"), {"p-2"}},
      {invited_scope("army"), {}},
      {Scope{}, {}},
  };
  for (const auto& c : kCases) {
    CHECK(ids_of(*t.ledger->list(query, c.scope)) == c.visible);
    CHECK(*t.ledger->count(query, c.scope) == c.visible.size());
    for (const char* id : {"p-1", "p-2"}) {
      const bool sees = std::find(c.visible.begin(), c.visible.end(), id) != c.visible.end();
      CHECK(t.ledger->get("asset", id, c.scope).has_value() == sees);
      CHECK(t.ledger->history("asset", id, c.scope).has_value() == sees);
    }
  }
  query.agency_ids = {"a2"};
  CHECK(ids_of(*t.ledger->list(query, agency_scope({"a1"}))).empty());
}

/// What is sealed is seen by its owner and who it is sent to, even where a scope reaches everything; the
/// hub's own work sees it.
inline void seals(TestLedger& t) {
  KindSchema kind = t.kind();
  kind.name = "note";
  kind.schema = json(R"({"type":"object"})");
  kind.sealed_field = "sealed";
  REQUIRE(t.ledger->register_kind(kind).has_value());
  const auto put = [&](const char* id, const char* doc, const char* name = "note") {
    Write write = t.asset(id, "a1", doc);
    write.kind = name;
    return t.ledger->write(write, t.officer(), t.at(5)).has_value();
  };
  REQUIRE(put("p-1", R"({"name":"one"})"));
  REQUIRE(put("p-2", R"({"name":"two","sealed":true,"to":["a2"],"to_role":"police"})"));
  REQUIRE(put("p-3", R"({"name":"two","sealed":false})"));
  Query query;
  query.kind = "note";
  query.order_by = "id";
  query.descending = false;
  const auto for_bodies = [](Scope scope, std::vector<std::string> bodies) {
    scope.sealed_for = std::move(bodies);
    return scope;
  };
  const auto sees = [&](const Scope& scope, bool found) {
    const std::vector<std::string> all = {"p-1", "p-2", "p-3"};
    const std::vector<std::string> open = {"p-1", "p-3"};
    CHECK(ids_of(*t.ledger->list(query, scope)) == (found ? all : open));
    CHECK(*t.ledger->count(query, scope) == (found ? 3 : 2));
    Query words = query;
    words.text = "two";
    CHECK(*t.ledger->count(words, scope) == (found ? 2 : 1));
    CHECK(t.ledger->get("note", "p-2", scope).has_value() == found);
    CHECK(t.ledger->history("note", "p-2", scope).has_value() == found);
    Write write = t.asset("p-2", "a1", R"({"name":"two","sealed":true,"to":["a2"],"to_role":"police"})");
    write.kind = "note";
    write.scope = scope;
    CHECK(t.ledger->write(write, t.officer(), t.at(6)).has_value() == found);
  };
  sees(t.all(), true);
  sees(for_bodies(t.all(), {}), false);
  sees(for_bodies(t.all(), {"a3", "role:military"}), false);
  sees(for_bodies(t.all(), {"a2"}), true);
  sees(for_bodies(t.all(), {"role:police"}), true);
  sees(for_bodies(t.all(), {"a1"}), true);
  sees(for_bodies(agency_scope({"a1"}), {}), false);
  // The list is made anew when the pack stops sealing.
  kind.sealed_field.clear();
  REQUIRE(t.ledger->register_kind(kind).has_value());
  sees(for_bodies(t.all(), {}), true);
  CHECK(t.ledger->verify()->ok);
}

/// What is sent to a body is seen by it while it is sent to it, and nothing else is.
inline void addressees(TestLedger& t) {
  REQUIRE(t.put("p-1", "a1", R"({"name":"one","to":["a2","a3"]})"));
  REQUIRE(t.put("p-2", "a1", R"({"name":"two","to_role":"police"})"));
  REQUIRE(t.put("p-3", "a1", R"({"name":"three"})"));
  Query query;
  query.kind = "asset";
  query.order_by = "id";
  query.descending = false;
  const auto sees = [&](const Scope& scope, const std::vector<std::string>& visible) {
    CHECK(ids_of(*t.ledger->list(query, scope)) == visible);
    CHECK(*t.ledger->count(query, scope) == visible.size());
    for (const char* id : {"p-1", "p-2", "p-3"}) {
      const bool found = std::find(visible.begin(), visible.end(), id) != visible.end();
      CHECK(t.ledger->get("asset", id, scope).has_value() == found);
      CHECK(t.ledger->history("asset", id, scope).has_value() == found);
    }
  };
  sees(addressed_scope({"a2"}, {"a2"}), {"p-1"});
  sees(addressed_scope({"a4"}, {"a4", "role:police"}), {"p-2"});
  sees(addressed_scope({}, {"a3", "role:police"}), {"p-1", "p-2"});
  sees(addressed_scope({"a1"}, {"a1"}), {"p-1", "p-2", "p-3"});
  sees(addressed_scope({"a4"}, {"a4", "police"}), {});
  sees(agency_scope({"a2"}), {});
  // Another state, another addressee.
  Write write = t.asset("p-2", "a1", R"({"name":"two","to_role":"police"})");
  write.state = "retired";
  REQUIRE(t.ledger->write(write, t.officer(), t.at(50)).has_value());
  REQUIRE(t.put("p-1", "a1", R"({"name":"one","to":["a3"]})"));
  sees(addressed_scope({"a4"}, {"a4", "role:police"}), {});
  sees(addressed_scope({"a2"}, {"a2"}), {});
  // The list is made anew when the pack addresses otherwise.
  KindSchema kind = t.kind();
  kind.addressees = {{"", "military", false, {}}};
  REQUIRE(t.ledger->register_kind(kind).has_value());
  sees(addressed_scope({"a5"}, {"a5", "role:military"}), {"p-1", "p-2", "p-3"});
  sees(addressed_scope({"a3"}, {"a3"}), {});
  CHECK(t.ledger->verify()->ok);
}

/// Five records that differ in everything a list can ask for.
inline void fill_for_lists(TestLedger& t) {
  const char* kNames[] = {"M\xc3\xa1y ch\xe1\xbb\xa7 web", "M\xc3\xa1y in", "may chu thu",
                          "B\xe1\xbb\x99 chuy\xe1\xbb\x83n m\xe1\xba\xa1"
                          "ch",
                          "\xc4\x90\xc6\xb0\xe1\xbb\x9dng truy\xe1\xbb\x81n"};
  for (int i = 0; i < 5; ++i) {
    Json doc = Json::object(
        {{"name", kNames[i]}, {"score", i * 10}, {"tags", Json::array({"all", i % 2 ? "odd" : "even"})}});
    if (i != 3) doc.set("ip", fmt::format("10.0.0.{}", i));
    Write write = t.asset(fmt::format("p-{}", i), "a1", "{}");
    write.doc = doc;
    write.state = i < 3 ? "used" : "retired";
    if (i == 4) write.valid_to = CivilDate{2026, 6, 30};
    REQUIRE(t.ledger->write(write, t.officer(), t.at(i)).has_value());
  }
}

struct ListCase {
  const char* what;
  std::function<void(Query&)> set;
  std::vector<std::string> ids;
};
/// What is asked, and which records answer, in order.
inline std::vector<ListCase> list_cases() {
  using Op = FieldFilter::Op;
  return {
      {"all", [](Query&) {}, {"p-0", "p-1", "p-2", "p-3", "p-4"}},
      {"states", [](Query& q) { q.states = {"retired"}; }, {"p-3", "p-4"}},
      {"equal", [](Query& q) { q.filters = {{"ip", Op::equal, {"10.0.0.2"}}}; }, {"p-2"}},
      {"list item", [](Query& q) { q.filters = {{"tags", Op::equal, {"odd"}}}; }, {"p-1", "p-3"}},
      {"not equal", [](Query& q) { q.filters = {{"tags", Op::not_equal, {"odd"}}}; }, {"p-0", "p-2", "p-4"}},
      {"any of", [](Query& q) { q.filters = {{"score", Op::any_of, {0, 40}}}; }, {"p-0", "p-4"}},
      {"range",
       [](Query& q) { q.filters = {{"score", Op::at_least, {10}}, {"score", Op::at_most, {30}}}; },
       {"p-1", "p-2", "p-3"}},
      {"text is not a number", [](Query& q) { q.filters = {{"ip", Op::at_least, {5}}}; }, {}},
      {"prefix",
       [](Query& q) { q.filters = {{"ip", Op::prefix, {"10.0.0."}}}; },
       {"p-0", "p-1", "p-2", "p-4"}},
      {"missing", [](Query& q) { q.filters = {{"ip", Op::missing, {}}}; }, {"p-3"}},
      {"present", [](Query& q) { q.filters = {{"ip", Op::present, {}}}; }, {"p-0", "p-1", "p-2", "p-4"}},
      {"by id", [](Query& q) { q.ids = {"p-1", "p-3", "p-9"}; }, {"p-1", "p-3"}},
      {"present and ordered by it",
       [](Query& q) {
         q.filters = {{"ip", Op::present, {}}};
         q.order_by = "ip";
       },
       {"p-0", "p-1", "p-2", "p-4"}},
      {"search folds accents", [](Query& q) { q.text = "MAY chu"; }, {"p-0", "p-2"}},
      {"search with accents", [](Query& q) { q.text = "\xc4\x91\xc6\xb0\xe1\xbb\x9dng"; }, {"p-4"}},
      {"search is text, not a pattern", [](Query& q) { q.text = "%"; }, {}},
      {"valid", [](Query& q) { q.valid_on = CivilDate{2026, 7, 1}; }, {"p-0", "p-1", "p-2", "p-3"}},
      {"still valid on the last day",
       [](Query& q) { q.valid_on = CivilDate{2026, 6, 30}; },
       {"p-0", "p-1", "p-2", "p-3", "p-4"}},
      {"kept", [](Query& q) { q.keep = [](const Record& r) { return r.id > "p-2"; }; }, {"p-3", "p-4"}},
      {"newest first",
       [](Query& q) {
         q.order_by = "updated_at";
         q.descending = true;
       },
       {"p-4", "p-3", "p-2", "p-1", "p-0"}},
      {"by a field",
       [](Query& q) {
         q.order_by = "score";
         q.descending = true;
       },
       {"p-4", "p-3", "p-2", "p-1", "p-0"}},
      {"by a field that one lacks", [](Query& q) { q.order_by = "ip"; }, {"p-3", "p-0", "p-1", "p-2", "p-4"}},
  };
}

inline void lists(TestLedger& t) {
  fill_for_lists(t);
  Query base;
  base.kind = "asset";
  base.order_by = "id";
  base.descending = false;
  for (const auto& c : list_cases()) {
    CAPTURE(c.what);
    Query query = base;
    c.set(query);
    const auto page = t.ledger->list(query, t.all());
    REQUIRE(page.has_value());
    CHECK(ids_of(*page) == c.ids);
    CHECK(*t.ledger->count(query, t.all()) == c.ids.size());
    std::set<std::string> owners;
    for (const auto& record : page->records) owners.insert(record.agency_id);
    const auto said = t.ledger->owners(query, t.all());
    CHECK((query.keep != nullptr || std::vector<std::string>(owners.begin(), owners.end()) == *said));
    // The same in pages of two.
    std::vector<std::string> paged;
    query.limit = 2;
    do {
      const auto part = t.ledger->list(query, t.all());
      REQUIRE(part.has_value());
      for (const auto& id : ids_of(*part)) paged.push_back(id);
      query.cursor = part->next_cursor;
    } while (!query.cursor.empty());
    CHECK(paged == c.ids);
  }
  Query query = base;
  query.only = {"ip", "absent"};
  const auto some = t.ledger->list(query, t.all());
  REQUIRE(some);
  for (const auto& record : some->records) {
    CHECK(record.doc["ip"] == t.ledger->get("asset", record.id, t.all())->doc["ip"]);
    CHECK(record.doc["absent"].is_null());
    CHECK_FALSE(record.doc.contains("name"));
  }
}

inline void lists_refused(TestLedger& t) {
  using Op = FieldFilter::Op;
  Query base;
  base.kind = "asset";
  for (const auto& spoil : std::vector<std::function<void(Query&)>>{
           [](Query& q) { q.filters = {{"name", Op::equal, {"x"}}}; }, [](Query& q) { q.order_by = "doc"; },
           [](Query& q) { q.only = {"x'"}; }, [](Query& q) { q.limit = 0; }, [](Query& q) { q.limit = 1001; },
           [](Query& q) { q.cursor = "zz"; }, [](Query& q) { q.filters = {{"ip", Op::equal, {}}}; }}) {
    Query query = base;
    spoil(query);
    CHECK(t.ledger->list(query, t.all()).error().code == ErrorCode::invalid);
  }
}

inline void secrets(TestLedger& t) {
  const std::string secret = "correct horse battery";
  REQUIRE(t.put("u-1", "a1", R"({"name":"n","password":"correct horse battery"})"));
  auto record = *t.ledger->get("asset", "u-1", t.all());
  CHECK(record.doc["password"]["$secret"].as_int() == 1);
  CHECK(*t.ledger->get_secret("asset", "u-1", "password") == secret);
  CHECK(t.ledger->history("asset", "u-1", t.all())->front().doc["password"]["$secret"].as_int() == 1);
  Query query;
  query.kind = "asset";
  query.text = "battery";
  CHECK(t.ledger->list(query, t.all())->records.empty());

  Write keep = t.asset("u-1", "a1", "{}");
  keep.doc = record.doc;
  REQUIRE(t.ledger->write(keep, t.officer(), t.at(2)).has_value());
  CHECK(*t.ledger->get_secret("asset", "u-1", "password") == secret);

  const auto rotated =
      t.ledger->put_secret("asset", "u-1", "password", "another secret", "rotation", t.officer(), t.at(3));
  REQUIRE(rotated.has_value());
  CHECK(rotated->version == 3);
  CHECK(*t.ledger->get_secret("asset", "u-1", "password") == "another secret");
  CHECK(t.ledger->get("asset", "u-1", t.all())->doc["password"]["$secret"].as_int() == 3);
  CHECK(t.ledger->put_secret("asset", "u-1", "name", "x", "r", t.officer(), t.at(3)).error().code ==
        ErrorCode::invalid);
  CHECK(t.ledger->write(t.asset("u-1", "a1", R"({"name":"n","password":"short"})"), t.officer(), t.at(4))
            .error()
            .text_id == "schema.length_min");
  CHECK(t.ledger->verify()->ok);

  REQUIRE(t.put("u-1", "a1", R"({"name":"n"})"));
  CHECK(t.ledger->get_secret("asset", "u-1", "password").error().code == ErrorCode::not_found);
  t.close();
  CHECK(t.bytes_on_disk().find("correct horse") == std::string::npos);
  CHECK(t.bytes_on_disk().find("another secret") == std::string::npos);

  t.key = std::string(32, 'x');
  t.open();
  CHECK(t.ledger->put_secret("asset", "u-1", "password", "third secret", "r", t.officer(), t.at(5))
            .has_value());
  t.close();
  t.key = std::string(32, 'y');
  t.open();
  CHECK(t.ledger->get_secret("asset", "u-1", "password").error().code == ErrorCode::corrupt);
  CHECK_FALSE(t.ledger->verify()->ok);  // a foreign key and an altered secret look the same
}

inline void redaction(TestLedger& t) {
  REQUIRE(t.put("p-1", "a1", R"({"name":"n","owner":"Nguyen Van Forgotten","note":"first"})"));
  REQUIRE(t.put("p-1", "a1", R"({"name":"n","owner":"Nguyen Van Forgotten","note":"second"})"));
  const auto one = t.ledger->redact({{1, {"note"}}}, "typed by mistake", t.officer(), t.at(5));
  REQUIRE_MESSAGE(one.has_value(), one.error().message);
  CHECK(one->type == Change::Type::redact);
  auto history = *t.ledger->history("asset", "p-1", t.all());
  CHECK(history[2].doc["note"]["$redacted"].as_bool());
  CHECK(history[1].doc["note"].as_string() == "second");
  CHECK(t.ledger->verify()->ok);
  CHECK(t.ledger->redact({{1, {"note"}}}, "again", t.officer(), t.at(6)).error().text_id ==
        "ledger.already_redacted");
  CHECK(t.ledger->redact({{1, {"$state"}}}, "r", t.officer(), t.at(6)).error().text_id ==
        "ledger.bad_redaction");
  CHECK(t.ledger->redact({{1, {"none"}}}, "r", t.officer(), t.at(6)).error().text_id ==
        "ledger.bad_redaction");
  CHECK(t.ledger->redact({{3, {"$reason"}}}, "r", t.officer(), t.at(6)).error().code == ErrorCode::invalid);
  CHECK(t.ledger->redact({{99, {"note"}}}, "r", t.officer(), t.at(6)).error().code == ErrorCode::not_found);
  CHECK(t.ledger->redact({{1, {"note"}}}, "", t.officer(), t.at(6)).error().text_id == "ledger.needs_reason");

  const auto held = [](std::string_view kind, std::string_view id) -> Result<> {
    return fail(ErrorCode::denied, "held", "held", {std::string(kind), std::string(id)});
  };
  t.ledger->set_hold_check({held, {}});
  CHECK(t.ledger->erase_personal("asset", "p-1", "asked by the person", t.officer(), t.at(7)).error().args ==
        std::vector<std::string>{"asset", "p-1"});
  t.ledger->set_hold_check({});
  const auto erased = t.ledger->erase_personal("asset", "p-1", "asked by the person", t.officer(), t.at(7));
  REQUIRE(erased.has_value());
  REQUIRE(erased->has_value());
  CHECK((*erased)->seq == 4);
  CHECK_FALSE(t.ledger->erase_personal("asset", "p-1", "again", t.officer(), t.at(8))->has_value());
  const auto record = *t.ledger->get("asset", "p-1", t.all());
  CHECK(record.doc["owner"]["$redacted"].as_bool());
  CHECK(record.doc["note"].as_string() == "second");
  CHECK(record.version == 2);
  Query query;
  query.kind = "asset";
  query.text = "forgotten";
  CHECK(t.ledger->list(query, t.all())->records.empty());
  CHECK(t.ledger->verify()->ok);

  // The form comes back with its marker and may be saved; the marker moves on.
  Write write = t.asset("p-1", "a1", "{}");
  write.doc = record.doc;
  write.doc.set("note", "third");
  REQUIRE(t.ledger->write(write, t.officer(), t.at(9)).has_value());
  CHECK(t.ledger->verify()->ok);
  t.close();
  CHECK(t.bytes_on_disk().find("Forgotten") == std::string::npos);
  CHECK(t.bytes_on_disk().find("forgotten") == std::string::npos);
}

inline void derived_rows(TestLedger& t) {
  REQUIRE(t.ledger->put_derived("fact", "dev-1/host", "a1", json(R"({"os":"x"})"), t.at(1)).has_value());
  REQUIRE(t.ledger->put_derived("fact", "dev-2/host", "a2", json(R"({"os":"y"})"), t.at(1)).has_value());
  REQUIRE(t.ledger->put_derived("fact", "dev-1/host", "a1", json(R"({"os":"z"})"), t.at(2)).has_value());
  CHECK(t.ledger->head()->seq == 0);
  CHECK((*t.ledger->get_derived("fact", "dev-1/host"))->doc["os"].as_string() == "z");
  CHECK((*t.ledger->get_derived("fact", "dev-1/host"))->updated_at == t.at(2));
  CHECK(t.ledger->list_derived("fact", "", t.all(), 10)->size() == 2);
  CHECK(t.ledger->list_derived("fact", "dev-2", t.all(), 10)->size() == 1);
  CHECK(t.ledger->list_derived("fact", "", agency_scope({"a1"}), 10)->size() == 1);
  CHECK(t.ledger->list_derived("fact", "", invited_scope("u"), 10)->empty());
  CHECK(t.ledger->list_derived("fact", "", t.all(), 10, "dev-1/host")->front().key == "dev-2/host");
  REQUIRE(t.ledger->remove_derived("fact", "dev-1/host").has_value());
  CHECK_FALSE(t.ledger->get_derived("fact", "dev-1/host")->has_value());
  CHECK(t.ledger->put_derived("Bad Space", "k", "", {}, t.at(1)).error().code == ErrorCode::invalid);
}

inline void blobs(TestLedger& t) {
  const std::string digest = *t.ledger->put_blob("evidence");
  CHECK(digest == sha256_hex("evidence"));
  CHECK(*t.ledger->put_blob("evidence") == digest);
  CHECK(t.ledger->blob_exists(digest));
  CHECK(*(*t.ledger->open_blob(digest))->read_at(0, 100) == "evidence");
  CHECK(t.ledger->open_blob("../../etc/passwd").error().code == ErrorCode::not_found);
  CHECK(t.ledger->open_blob(std::string(64, 'a')).error().code == ErrorCode::not_found);
  int parts = 0;
  const auto endless = [&](std::size_t size) -> Result<std::string> {
    ++parts;
    return std::string(size, 'x');
  };
  CHECK(t.ledger->put_blob(endless, 3u << 20).error().code == ErrorCode::limit);
  CHECK(parts == 4);
  const auto broken = [](std::size_t) -> Result<std::string> {
    return fail(ErrorCode::io, "the sender went away");
  };
  CHECK(t.ledger->put_blob(broken, 100).error().message == "the sender went away");

  const std::string loose = *t.ledger->put_blob("nobody refers to this");
  Write write = t.asset("p-1", "a1", R"({"name":"n"})");
  write.doc.set("note", digest);
  REQUIRE(t.ledger->write(write, t.officer(), t.at(1)).has_value());
  CHECK(t.ledger->unreferenced_blobs()->empty());  // put by this process: a record may follow
  t.close();
  t.open();
  CHECK(*t.ledger->unreferenced_blobs() == std::vector<std::string>{loose});
  const auto held = [](std::string_view) { return Result<>(fail(ErrorCode::denied, "held", "held")); };
  t.ledger->set_hold_check({{}, held});
  CHECK(t.ledger->remove_blob(loose).error().text_id == "held");
  CHECK(t.ledger->blob_exists(loose));
  t.ledger->set_hold_check({});
  REQUIRE(t.ledger->remove_blob(loose).has_value());
  CHECK_FALSE(t.ledger->blob_exists(loose));
  CHECK(t.ledger->verify(std::nullopt, true)->ok);
}

inline void kinds(TestLedger& t) {
  REQUIRE(t.put("p-1", "a1", R"({"name":"findme"})"));
  t.close();
  t.open(false);
  REQUIRE(t.ledger->kind("asset").has_value());
  Query query;
  query.kind = "asset";
  query.filters = {{"name", FieldFilter::Op::equal, {"findme"}}};
  CHECK_FALSE(t.ledger->list(query, t.all()).has_value());
  KindSchema kind = *t.ledger->kind("asset");
  kind.indexed_fields = {"name"};
  REQUIRE(t.ledger->register_kind(kind).has_value());
  CHECK(t.ledger->list(query, t.all())->records.size() == 1);
  CHECK(t.ledger->verify()->ok);
  kind.schema = json(R"({"unknown":1})");
  CHECK(t.ledger->register_kind(kind).error().code == ErrorCode::invalid);
  kind = *t.ledger->kind("asset");
  kind.name = "Not a name";
  CHECK(t.ledger->register_kind(kind).error().code == ErrorCode::invalid);
  kind.name = "leaky";
  kind.indexed_fields = {"password"};
  CHECK(t.ledger->register_kind(kind).error().code == ErrorCode::invalid);
  CHECK(t.ledger->kinds().size() == 1);
}

inline void one_owner(TestLedger& t) {
  REQUIRE(t.put("p-1", "a1", R"({"name":"n"})"));
  LedgerOptions options{&posix_env(), t.folder, t.key, false, 0};
  CHECK(t.open_with(options).error().code == ErrorCode::conflict);
  options.read_only = true;
  const auto beside = t.open_with(options);
  REQUIRE(beside.has_value());
  CHECK((*beside)->get("asset", "p-1", t.all()).has_value());
  CHECK((*beside)->verify()->ok);
  CHECK((*beside)->write(t.asset("x", "a1", R"({"name":"n"})"), t.officer(), t.at(1)).error().code ==
        ErrorCode::denied);
}

inline void concurrency(TestLedger& t) {
  constexpr int kWriters = 3;
  constexpr int kEach = 20;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) {
        WriteBatch batch;
        for (const char* side : {"l", "r"}) {
          Write write;
          write.kind = "asset";
          write.id = fmt::format("{}-{}-{}", w, i, side);
          write.agency_id = "a1";
          write.state = "used";
          write.doc = Json::object({{"name", "n"}});
          batch.writes.push_back(std::move(write));
        }
        if (!t.ledger->write_batch(batch, system_actor(), UtcTime{i})) ++failures;
      }
    });
  }
  Query query;
  query.kind = "asset";
  for (int r = 0; r < 12; ++r) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto count = t.ledger->count(query, t.all());
        if (!count || *count % 2 != 0) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(*t.ledger->count(query, t.all()) == kWriters * kEach * 2);
  CHECK(t.ledger->verify()->ok);
}

struct ConformanceCase {
  const char* what;
  void (*run)(TestLedger&);
};
inline constexpr ConformanceCase kConformance[] = {
    {"a write is judged, chained and read back", write_and_read},
    {"what is refused, and that nothing of it stays", refusals},
    {"write_if_absent replays without effect, a batch is all or nothing", batches},
    {"the scope is inside every read", scopes},
    {"what is sent to a body is read by it", addressees},
    {"what is sealed is for its owner and its addressees", seals},
    {"filters, search, order and pages", lists},
    {"lists that cannot be", lists_refused},
    {"secrets are outside of documents, history, search and file", secrets},
    {"redaction removes bytes and keeps the chain whole", redaction},
    {"derived rows live beside the chain", derived_rows},
    {"blobs are kept by digest, garbage is named, limits hold", blobs},
    {"kinds survive, and a changed index is rebuilt", kinds},
    {"one owner, readers beside it", one_owner},
    {"writers take turns, readers see whole batches", concurrency},
};

}  // namespace phendau::ledger::testing

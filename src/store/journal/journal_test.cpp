// SPDX-License-Identifier: Apache-2.0
// The journal on a FakeEnv: conformance, days in the zone, quota, full disk, locks, retention, group commit,
// search that skips blocks.
#include <doctest/doctest.h>

#include <thread>

#include "base/texts.h"
#include "os/testing/fake_env.h"
#include "store/journal/journal.h"
#include "store/journal/testing/conformance.h"
#include "store/journal/verify.h"

namespace journal_test {

using namespace phendau;
using namespace phendau::journal;
using namespace phendau::journal::testing;

namespace {

Options options_for(const std::string& dir = "/j") {
  Options out;
  out.dir = dir;
  out.signing_key = std::string(32, 'k');
  return out;
}
std::unique_ptr<Journal> open_ok(Env& env, Options options) {
  auto opened = Journal::open(env, std::move(options));
  if (!opened) FAIL(opened.error().message);
  return std::move(*opened);
}
UtcTime at(const char* text) { return *parse_rfc3339(text); }

}  // namespace

TEST_CASE("the journal keeps the promises of its conformance suite") {
  FakeEnv env(at("2026-11-24T08:00:00+07:00"));
  run_conformance<Journal>([&] { return open_ok(env, options_for()); }, env.now());
  const auto report = verify(env, "/j");
  CHECK_MESSAGE(report.state == VerifyState::intact, report.segment, " ", report.reason);
  CHECK(report.unknown_files.empty());
}

TEST_CASE("rows land in the received day of the zone") {
  struct Case {
    const char* received;
    const char* folder;
  };
  const Case cases[] = {
      {"2026-12-31T23:59:59.9+07:00", "2026-12-31"}, {"2027-01-01T00:00:00+07:00", "2027-01-01"},
      {"2026-12-31T17:00:00Z", "2027-01-01"},        {"2026-11-30T23:59:00+07:00", "2026-11-30"},
      {"2026-11-30T16:59:59Z", "2026-11-30"},        {"2028-02-29T23:59:00+07:00", "2028-02-29"}};
  for (const auto& c : cases) {
    CAPTURE(c.received);
    FakeEnv env(at(c.received));
    const auto store = open_ok(env, options_for());
    REQUIRE(store->append(sample_batch("x", 1, at(c.received)), {}));
    REQUIRE(store->seal_now());
    CHECK(format_date(store->segments().at(0).day) == c.folder);
    CHECK(store->segments().at(0).name.starts_with(c.folder));
  }
}

TEST_CASE("one batch over midnight becomes two segments and is read back whole") {
  FakeEnv env(at("2026-12-31T23:59:59+07:00"));
  const auto store = open_ok(env, options_for());
  BatchBuilder builder("syslog");
  for (const char* received :
       {"2026-12-31T23:59:59+07:00", "2027-01-01T00:00:00+07:00", "2026-12-31T23:59:58+07:00"}) {
    builder.begin_row({.event_time = at(received),
                       .received_time = at(received),
                       .time_quality = TimeQuality::exact,
                       .source = "s",
                       .host = "h",
                       .agency = "a",
                       .logsource = "linux//",
                       .parse_error = {},
                       .raw = received});
  }
  const Batch batch = builder.finish();
  REQUIRE(store->append(batch, {}));
  REQUIRE(store->seal_now());
  CHECK(store->segments().size() == 2);
  const auto frames = store->read_from(1, 10);
  REQUIRE(frames->size() == 1);
  check_same(batch, frames->at(0).batch);
}

TEST_CASE("maintenance seals at the end of the day and enforces retention only where deletion is allowed") {
  FakeEnv env(at("2026-11-24T23:50:00+07:00"));
  bool hold = true;
  Options options = options_for();
  options.retention = {{"linux", 2}, {"", 0}};
  options.may_delete = [](const SegmentSummary&) { return true; };
  options.is_held = [&](const SegmentSummary&) { return hold; };
  const auto store = open_ok(env, options);
  REQUIRE(store->append(sample_batch("a", 3, env.now()), {}));
  REQUIRE(store->append(sample_batch("b", 3, env.now(), "a1", "windows"), {}));
  REQUIRE(store->maintenance(env.now()));
  CHECK(store->segments().empty());
  env.advance(minutes(11));
  REQUIRE(store->maintenance(env.now()));
  CHECK(store->segments().size() == 2);
  env.advance(days(5));
  REQUIRE(store->maintenance(env.now()));
  CHECK(store->segments().size() == 2);
  CHECK(store->delete_segments({store->segments()[0].name}, "court order 1", "an").error().text_id ==
        "journal.held");
  CHECK(has_text("journal.held"));
  CHECK(store->segments().size() == 2);
  hold = false;
  REQUIRE(store->maintenance(env.now()));
  REQUIRE(store->segments().size() == 1);
  CHECK(store->segments()[0].source_class == "windows");
  CHECK(store->read_from(1, 10)->size() == 1);
  CHECK(verify(env, "/j").state == VerifyState::intact);
}

TEST_CASE("above the quota archived segments go first, then appends are refused, and space resumes them") {
  FakeEnv env;
  Options options = options_for();
  bool archived = false;
  options.may_delete = [&](const SegmentSummary&) { return archived; };
  const auto store = open_ok(env, options);
  REQUIRE(store->append(sample_batch("a", 3, env.now()), {}));
  REQUIRE(store->seal_now());
  env.set_total_bytes(1'000'000);
  env.set_free_bytes(100'000);
  const auto refused = store->append(sample_batch("b", 3, env.now()), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::limit);
  CHECK(refused.error().text_id == "journal.quota");
  CHECK(has_text("journal.quota"));
  CHECK(store->stat().refused_quota == 1);
  archived = true;
  CHECK_FALSE(store->append(sample_batch("b", 3, env.now()), {}));
  CHECK(store->segments().empty());
  env.set_free_bytes(900'000);
  CHECK(store->append(sample_batch("b", 3, env.now()), {}));
  CHECK(verify(env, "/j").ok);
}

TEST_CASE("a full disk fails appends, keeps what was acknowledged, and appends work again afterwards") {
  FakeEnv env;
  Options options = options_for();
  options.quota_percent = 100;
  auto store = open_ok(env, options);
  REQUIRE(store->append(sample_batch("a", 3, env.now()), {}));
  env.set_free_bytes(10);
  const auto full = store->append(sample_batch("b", 3, env.now()), {});
  REQUIRE_FALSE(full);
  CHECK(full.error().text_id == "error.disk_full");
  CHECK_FALSE(store->seal_now());
  CHECK(store->read_from(1, 10)->size() == 1);
  env.set_free_bytes(1ull << 30);
  CHECK(store->append(sample_batch("c", 3, env.now()), {})->frame_seq == 2);
  REQUIRE(store->seal_now());
  store.reset();
  store = open_ok(env, options);
  CHECK(store->read_from(1, 10)->size() == 2);
  CHECK(verify(env, "/j").state == VerifyState::intact);
}

TEST_CASE("the folder is locked, newer formats and other keys are refused") {
  FakeEnv env;
  auto store = open_ok(env, options_for());
  const auto second = Journal::open(env, options_for());
  REQUIRE_FALSE(second);
  CHECK(second.error().text_id == "journal.in_use");
  Options reading = options_for();
  reading.read_only = true;
  reading.signing_key.clear();
  const auto reader = Journal::open(env, reading);
  REQUIRE(reader);
  CHECK((*reader)->append(sample_batch("a", 1, env.now()), {}).error().code == ErrorCode::denied);
  store.reset();
  Options other = options_for();
  other.signing_key = std::string(32, 'x');
  CHECK(Journal::open(env, other).error().text_id == "journal.other_key");
  REQUIRE(write_file_atomic(env, "/j/FORMAT", "phendau-journal 2\n"));
  CHECK(Journal::open(env, options_for()).error().text_id == "journal.newer_format");
  for (const char* id :
       {"journal.in_use", "journal.other_key", "journal.newer_format", "journal.sequence", "journal.queue",
        "journal.none", "journal.chain_damaged", "journal.no_segment", "journal.no_event"}) {
    CHECK_MESSAGE(has_text(id), id);
  }
}

TEST_CASE("concurrent appends share fsyncs and keep each producer's order") {
  FakeEnv env;
  const auto store = open_ok(env, options_for());
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 1; i <= 25; ++i) {
        const ProducerRange range{"p" + std::to_string(t), 1, i, i};
        if (!store->append(sample_batch("x", 1, env.now()), {range, env.now()})) ++failed;
        if (i % 10 == 0 && t == 0 && !store->seal_now()) ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(store->head().frame_seq == 100);
  const auto frames = store->read_from(1, 1000);
  REQUIRE(frames->size() == 100);
  for (std::size_t i = 0; i < frames->size(); ++i) CHECK((*frames)[i].seq == i + 1);
  std::vector<AppendItem> items;
  const Batch batch = sample_batch("many", 1, env.now());
  for (int i = 0; i < 10; ++i) items.push_back({&batch, {}});
  const auto groups = store->stat().groups;
  for (const auto& result : store->append_many(items)) CHECK(result);
  CHECK(store->stat().groups == groups + 1);
  CHECK(verify(env, "/j", {store->head()}).state == VerifyState::intact);
}

TEST_CASE("search skips blocks by time, agency and value, and finds the same as an unfiltered scan") {
  FakeEnv env(at("2026-11-24T08:00:00+07:00"));
  const auto store = open_ok(env, options_for());
  for (int i = 0; i < 10; ++i) {
    REQUIRE(store->append(
        sample_batch("label" + std::to_string(i), 50, env.now() + hours(i), "a" + std::to_string(i)), {}));
  }
  REQUIRE(store->seal_now());
  SearchRequest request;
  request.predicate = equals("label", "label7");
  auto found = store->search(request);
  CHECK(found->rows.size() == 50);
  CHECK(found->scanned.blocks == 1);
  CHECK(found->scanned.blocks_skipped == 9);
  request.predicate = contains("", "LABEL3 1");
  found = store->search(request);
  CHECK(found->rows.size() == 11);
  CHECK(found->scanned.blocks == 1);
  request.predicate = nullptr;
  request.agencies = {"a2"};
  CHECK(store->search(request)->scanned.blocks == 1);
  request.agencies.reset();
  request.event_time = {env.now() + hours(4), env.now() + hours(4) + seconds(10)};
  found = store->search(request);
  CHECK(found->rows.size() == 10);
  CHECK(found->scanned.blocks == 1);
  request.fields = std::vector<std::string>{"user"};
  request.with_raw = false;
  request.newest_first = false;
  found = store->search(request);
  CHECK(found->rows[0].fields == std::vector<std::pair<std::string, std::string>>{{"user", "u0"}});
  CHECK(found->rows[0].raw.empty());
  std::atomic<bool> cancel = true;
  request.cancel = &cancel;
  CHECK(store->search(request)->cut);
}

TEST_CASE("lawful deletion leaves a signed tombstone and no rows") {
  FakeEnv env;
  auto store = open_ok(env, options_for());
  REQUIRE(store->append(sample_batch("a", 3, env.now()), {{"p", 1, 1, 3}, env.now()}));
  REQUIRE(store->seal_now());
  CHECK_FALSE(store->delete_segments({store->segments()[0].name}, "", "an"));
  CHECK(store->delete_segments({"nope"}, "r", "an").error().code == ErrorCode::not_found);
  REQUIRE(store->delete_segments({store->segments()[0].name}, "court order 1", "an"));
  CHECK(store->search({})->rows.empty());
  store.reset();
  store = open_ok(env, options_for());
  CHECK(store->search({})->rows.empty());
  CHECK(store->append(sample_batch("a", 3, env.now()), {{"p", 1, 1, 3}, env.now()})->duplicate);
  CHECK_FALSE(store->stat().damaged);
  CHECK(verify(env, "/j", {store->head()}).state == VerifyState::intact);
}

}  // namespace journal_test

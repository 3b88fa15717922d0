// SPDX-License-Identifier: Apache-2.0
// Proves exactly-once: a source is read through the spool to a hub that drops known numbers; the run is
// killed at each mutation of the disk in turn, with all kinds of surviving tails, and in the end the hub has
// each line once, in order.
#include <doctest/doctest.h>

#include <map>

#include "agent/spool.h"
#include "base/text.h"
#include "os/testing/fake_env.h"
#include "wire/messages.h"

namespace spool_test {

using namespace phendau;
using namespace phendau::agent;

namespace {

constexpr int kLines = 40;

SpoolOptions small_options() { return {"/spool", 1u << 20, 700}; }

wire::Record line(int number) {
  return {"src", wire::RecordFormat::text, {number}, "line " + std::to_string(number)};
}

/// The hub's rule: per epoch the next number; known numbers are dropped, later ones accepted.
struct FakeHub {
  std::map<std::string, std::uint64_t> next;
  std::vector<std::string> lines;
  wire::Ack take(const wire::RecordBatch& batch);
};

wire::Ack FakeHub::take(const wire::RecordBatch& batch) {
  std::uint64_t& expected = next.emplace(batch.epoch, batch.first_seq).first->second;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    if (batch.first_seq + i < expected) continue;
    expected = batch.first_seq + i + 1;
    lines.push_back(batch.records[i].bytes);
  }
  return {expected - 1, expected};
}

/// One life of the agent: until the disk fails or all is delivered.
Result<> live(FakeEnv& env, FakeHub& hub, int per_group) {
  auto spool = PHENDAU_TRY(Spool::open(env, small_options()));
  for (int round = 0;; ++round) {
    const std::string position = spool->bookmark("src");
    const int at = position.empty() ? 0 : static_cast<int>(parse_int(position).value());
    if (at < kLines) {
      std::vector<wire::Record> records;
      int end = at;
      while (end < kLines && end < at + per_group) records.push_back(line(end++));
      PHENDAU_TRY(spool->enqueue(records, Bookmark{"src", std::to_string(end)}));
      if (round % 2 == 0) PHENDAU_TRY(spool->sync());
    } else {
      PHENDAU_TRY(spool->sync());
    }
    if (round % 3 == 2 || at >= kLines) {
      const auto batch = PHENDAU_TRY(spool->lease(300, 7));
      if (batch.records.empty() && at >= kLines) return {};
      if (!batch.records.empty()) PHENDAU_TRY(spool->commit(hub.take(batch).last_seq));
    }
  }
}

void check_delivery(const FakeHub& hub) {
  REQUIRE(hub.lines.size() == kLines);
  for (int i = 0; i < kLines; ++i) CHECK(hub.lines[static_cast<std::size_t>(i)] == line(i).bytes);
}

}  // namespace

TEST_CASE("spool: a power cut at every mutation loses nothing and repeats nothing") {
  FakeEnv whole;
  FakeHub undisturbed;
  REQUIRE(live(whole, undisturbed, 3));
  check_delivery(undisturbed);
  const std::uint64_t mutations = whole.mutation_count();
  REQUIRE(mutations > 50);
  for (const int keep : {0, 128, 255}) {
    for (std::uint64_t stop = 1; stop <= mutations; ++stop) {
      FakeEnv env(UtcTime{1'764'000'000'000'000'000}, stop);
      FakeHub hub;
      std::uint64_t done = 0;
      env.set_fault_hook([&](std::string_view, const std::string&) -> Result<> {
        if (++done >= stop) return fail(ErrorCode::io, "power is gone");
        return {};
      });
      CHECK(!live(env, hub, 3));
      env.set_fault_hook({});
      env.power_cut(static_cast<std::uint8_t>(keep));
      REQUIRE(live(env, hub, 3));
      check_delivery(hub);
    }
  }
}

TEST_CASE("spool: a process that is killed without a power cut also delivers each line once") {
  for (std::uint64_t stop = 1; stop <= 80; ++stop) {
    FakeEnv env(UtcTime{1'764'000'000'000'000'000}, stop);
    FakeHub hub;
    std::uint64_t done = 0;
    env.set_fault_hook([&](std::string_view, const std::string&) -> Result<> {
      if (++done >= stop) return fail(ErrorCode::io, "killed");
      return {};
    });
    static_cast<void>(live(env, hub, 2).has_value());
    env.set_fault_hook({});  // Files keep what was written.
    REQUIRE(live(env, hub, 2));
    check_delivery(hub);
  }
}

TEST_CASE("spool: when full it rejects, counts it, keeps what it has and works again after a commit") {
  FakeEnv env;
  SpoolOptions options{"/spool", 4000, 900};
  auto spool = Spool::open(env, options).value();
  int written = 0;
  Result<> last;
  while ((last = spool->enqueue({line(written)}, Bookmark{"src", std::to_string(written + 1)}))) {
    ++written;
    REQUIRE(written < 1000);
  }
  CHECK(last.error().code == ErrorCode::limit);
  CHECK(last.error().text_id == "agent.trouble.spool_full");
  CHECK(spool->counts().rejected_total == 1);
  CHECK(spool->bookmark("src") == std::to_string(written));
  REQUIRE(spool->sync());
  CHECK(spool->counts().records == static_cast<std::uint64_t>(written));
  REQUIRE(spool->commit(static_cast<std::uint64_t>(written)));
  CHECK(spool->counts().records == 0);
  CHECK(spool->enqueue({line(written)}, std::nullopt));
}

TEST_CASE("spool: only synced records are leased, partial commits continue in the middle of a group") {
  FakeEnv env;
  auto spool = Spool::open(env, small_options()).value();
  REQUIRE(spool->enqueue({line(1), line(2), line(3)}, std::nullopt));
  CHECK(spool->lease(1000, 100).value().records.empty());
  CHECK(!spool->commit(1));
  REQUIRE(spool->sync());
  CHECK(spool->lease(1000, 100).value().records.size() == 3);
  REQUIRE(spool->commit(2));
  const auto rest = spool->lease(1000, 100).value();
  CHECK(rest.first_seq == 3);
  REQUIRE(rest.records.size() == 1);
  CHECK(rest.records[0].bytes == "line 3");
  CHECK(spool->counts().records == 1);
  CHECK(!spool->commit(4));
}

TEST_CASE("spool: a full disk or failed sync is an error, and recovery reads again from the bookmark") {
  FakeEnv env;
  auto spool = Spool::open(env, small_options()).value();
  REQUIRE(spool->enqueue({line(1)}, Bookmark{"src", "1"}));
  REQUIRE(spool->sync());
  env.set_fault_hook([](std::string_view operation, const std::string&) -> Result<> {
    if (operation == "sync") return fail(ErrorCode::io, "EIO");
    return {};
  });
  REQUIRE(spool->enqueue({line(2)}, Bookmark{"src", "2"}));
  CHECK(!spool->sync());
  CHECK(spool->needs_recovery());
  CHECK(!spool->enqueue({line(3)}, std::nullopt));
  env.set_fault_hook({});
  REQUIRE(spool->recover());
  CHECK(spool->bookmark("src") == "1");
  REQUIRE(spool->enqueue({line(2)}, Bookmark{"src", "2"}));
  REQUIRE(spool->sync());
  CHECK(spool->lease(1000, 100).value().records.size() == 2);
}

TEST_CASE("spool: bytes that rot on disk cost those records only, and numbers are never reused") {
  FakeEnv env;
  std::string epoch;
  {
    auto spool = Spool::open(env, small_options()).value();
    epoch = spool->epoch();
    for (int i = 0; i < 6; ++i) REQUIRE(spool->enqueue({line(i)}, Bookmark{"src", std::to_string(i)}));
    REQUIRE(spool->sync());
  }
  const std::string path = "/spool/00000000000000000001.seg";
  env.corrupt(path, read_file(env, path).value().size() - 3, 0x10);
  auto spool = Spool::open(env, small_options()).value();
  CHECK(spool->epoch() == epoch);
  CHECK(spool->next_seq() == kGenerationStep);
  CHECK(spool->counts().damaged_bytes > 0);
  CHECK(spool->bookmark("src") == "4");
  REQUIRE(spool->enqueue({line(5)}, Bookmark{"src", "5"}));
  REQUIRE(spool->sync());
  const auto batch = spool->lease(1 << 20, 1000).value();
  CHECK(batch.records.size() == 5);  // A batch never spans the jump.
  REQUIRE(spool->commit(batch.last_seq()));
  CHECK(spool->lease(1 << 20, 1000).value().first_seq == kGenerationStep);
  REQUIRE(spool->start_new_epoch());
  CHECK(spool->epoch() != epoch);
  CHECK(spool->lease(1 << 20, 1000).value().records.size() == 1);
  CHECK(Spool::open(env, small_options()).error().code == ErrorCode::conflict);
}

}  // namespace spool_test

// SPDX-License-Identifier: Apache-2.0
// What is proved: wherever the machine stops (at each mutation of a history of appends, seals and deletions)
// or a single call fails, everything acknowledged is there afterwards, in order, once; verify() sees nothing
// worse than `recovered`.
#include <doctest/doctest.h>

#include "os/testing/fake_env.h"
#include "store/journal/journal.h"
#include "store/journal/testing/conformance.h"
#include "store/journal/verify.h"

namespace crash_test {

using namespace phendau;
using namespace phendau::journal;
using namespace phendau::journal::testing;

namespace {

Options options_for() {
  Options out;
  out.dir = "/j";
  out.signing_key = std::string(32, 'k');
  out.wal_bytes_max = 4096;
  return out;
}

struct History {
  std::vector<std::string> acknowledged;  // labels in order
  std::uint64_t next_seq = 1;             // of the producer
};

void append(Journal& store, Env& env, History& history, const std::string& label) {
  const ProducerRange range{"p", 1, history.next_seq, history.next_seq};
  const auto done = store.append(sample_batch(label, 3, env.now()), {range, env.now()});
  if (!done) return;
  history.acknowledged.push_back(label);
  ++history.next_seq;
}

/// Goes on after errors, as the hub does.
void live(Env& env, History& history) {
  auto opened = Journal::open(env, options_for());
  if (!opened) return;
  Journal& store = **opened;
  for (int i = 0; i < 4; ++i) append(store, env, history, "a" + std::to_string(i));
  (void)store.seal_now().has_value();
  for (int i = 0; i < 3; ++i) append(store, env, history, "b" + std::to_string(i));
  (void)store.seal_now().has_value();
  append(store, env, history, "c");
}

std::vector<std::string> labels_of(Journal& store) {
  std::vector<std::string> out;
  const auto frames = store.read_from(1, 1000);
  REQUIRE(frames);
  for (const auto& frame : *frames) {
    REQUIRE(frame.batch.rows() == 3);
    out.emplace_back(frame.batch.column("label")->text(0));
  }
  return out;
}

/// An append whose answer was an error may have reached the disk all the same; then it stands right after the
/// others.
void check_history(Journal& store, Env& env, const History& history) {
  const auto found = labels_of(store);
  std::size_t at = 0;
  for (const auto& label : history.acknowledged) {
    while (at < found.size() && found[at] != label) ++at;
    REQUIRE(at < found.size());
    CHECK(std::count(found.begin(), found.end(), label) == 1);
  }
  if (!history.acknowledged.empty()) {
    const auto again = store.append(sample_batch("again", 3, env.now()), {{"p", 1, 1, 1}, env.now()});
    REQUIRE(again);
    CHECK(again->duplicate);
  }
}

}  // namespace

TEST_CASE("slow: a power cut at every mutation loses nothing that was acknowledged") {
  FakeEnv counted;
  History whole;
  live(counted, whole);
  REQUIRE(whole.acknowledged.size() == 8);
  const std::uint64_t mutations = counted.mutation_count();
  REQUIRE(mutations > 60);
  for (const int keep : {0, 100, 255}) {
    for (std::uint64_t stop = 0; stop <= mutations; ++stop) {
      CAPTURE(keep);
      CAPTURE(stop);
      FakeEnv env;
      std::uint64_t calls = 0;
      env.set_fault_hook([&](std::string_view, const std::string&) -> Result<> {
        if (++calls > stop) return fail(ErrorCode::io, "power is gone");
        return {};
      });
      History history;
      live(env, history);
      env.set_fault_hook({});
      env.power_cut(static_cast<std::uint8_t>(keep));
      if (!history.acknowledged.empty()) {
        const auto report = verify(env, "/j");
        CHECK_MESSAGE(report.ok, report.segment, " ", report.offset_bytes, " ", report.reason);
      }
      auto opened = Journal::open(env, options_for());
      REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
      CHECK_FALSE((*opened)->stat().damaged);
      check_history(**opened, env, history);
      REQUIRE((*opened)->append(sample_batch("after", 3, env.now()), {}));
      REQUIRE((*opened)->seal_now());
      opened->reset();
      const auto after = verify(env, "/j");
      CHECK_MESSAGE(after.state == VerifyState::intact, after.segment, " ", after.offset_bytes, " ",
                    after.reason);
      CHECK(after.unknown_files.empty());
    }
  }
}

TEST_CASE("slow: any single failing call costs its caller an error and nobody a frame") {
  FakeEnv counted;
  History whole;
  live(counted, whole);
  for (std::uint64_t bad = 1; bad <= counted.mutation_count(); ++bad) {
    CAPTURE(bad);
    FakeEnv env;
    std::uint64_t calls = 0;
    env.set_fault_hook([&](std::string_view, const std::string&) -> Result<> {
      if (++calls == bad) return fail(ErrorCode::io, "a bad moment");
      return {};
    });
    History history;
    live(env, history);
    env.set_fault_hook({});
    auto opened = Journal::open(env, options_for());
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    check_history(**opened, env, history);
    REQUIRE((*opened)->seal_now());
    opened->reset();
    const auto report = verify(env, "/j");
    CHECK_MESSAGE(report.state == VerifyState::intact, report.segment, " ", report.offset_bytes, " ",
                  report.reason);
  }
}

}  // namespace crash_test

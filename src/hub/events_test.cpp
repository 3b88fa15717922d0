// SPDX-License-Identifier: Apache-2.0
// Proves that a search keeps its time limit also inside one block, that exports neutralise formulas and that
// an account holds few places for exports.
#include "hub/events.h"

#include <doctest/doctest.h>

#include "hub/hub_test_folder.h"

namespace events_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

/// Each look at the clock takes a millisecond.
class SlowEnv : public FakeEnv {
 public:
  Duration monotonic() override {
    advance(milliseconds(1));
    return FakeEnv::monotonic();
  }
};

Batch batch_of(Env& env, const std::vector<std::string>& messages) {
  BatchBuilder builder("test");
  for (const auto& message : messages) {
    BatchBuilder::Row row;
    row.event_time = row.received_time = env.now() - minutes(1);
    row.source = "s";
    row.agency = "a1";
    row.logsource = "x//y";
    row.raw = message;
    builder.begin_row(row);
    builder.add("message", message);
  }
  return builder.finish();
}

}  // namespace

TEST_CASE("events: a search keeps its time limit inside one block") {
  SlowEnv env;
  journal::Options options;
  options.dir = "/journal";
  options.signing_key = std::string(32, 'j');
  const auto journal = journal::Journal::open(env, std::move(options)).value();
  std::vector<std::string> messages;
  for (int i = 0; i < 20'000; ++i) messages.push_back("message " + std::to_string(i));
  REQUIRE(journal->append(batch_of(env, messages), {}));
  journal::SearchRequest request;
  request.event_time = {env.now() - hours(1), env.now() + hours(1)};
  request.predicate = Predicate::atom("message", make_pattern(MatchOp::contains, "message 1999").value());
  const auto whole = journal->search(request).value();
  CHECK_FALSE(whole.cut);
  CHECK(whole.rows.size() == 11);
  request.time_limit = milliseconds(20);
  const auto cut = journal->search(request).value();
  CHECK(cut.cut);
  CHECK(cut.more);
  CHECK(journal->histogram(request, 10).value().cut);
  CHECK(journal->top_values(request, "message", 10).value().cut);
}

TEST_CASE("events: exported cells are text, also after a line break") {
  TestHub hub;
  Events events(*hub.services);
  REQUIRE(hub.journal->append(batch_of(hub.env, {"\n=cmd|' /C calc'!A0", "=1+1", "plain"}), {}));
  std::string file;
  const auto done = events.export_rows(system_actor(), {}, Events::Format::csv,
                                       [&](std::string_view piece, Duration patience) {
                                         CHECK(patience >= kExportGrace);
                                         file += piece;
                                         return true;
                                       });
  REQUIRE(done);
  CHECK(file.find("\"'\n=cmd") != std::string::npos);
  CHECK(file.find("\"\n=cmd") == std::string::npos);
  CHECK(file.find("\"'=1+1\"") != std::string::npos);
  CHECK(file.find("\"plain\"") != std::string::npos);
  const auto cut = events.export_rows(system_actor(), {}, Events::Format::csv,
                                      [](std::string_view, Duration) { return false; });
  CHECK(cut.error().text_id == "events.export_cut");
}

TEST_CASE("events: an export ends with its time") {
  TestHub hub;
  Events events(*hub.services);
  REQUIRE(hub.journal->append(batch_of(hub.env, std::vector<std::string>(12'000, "m")), {}));
  int pieces = 0;
  const auto done =
      events.export_rows(system_actor(), {}, Events::Format::raw, [&](std::string_view, Duration patience) {
        CHECK(patience <= kExportTimeMax);
        ++pieces;
        hub.env.advance(minutes(20));
        return true;
      });
  REQUIRE_FALSE(done);
  CHECK(done.error().text_id == "events.export_cut");
  CHECK(pieces == 2);
}

TEST_CASE("events: an account holds two places for exports, and gives them back") {
  TestHub hub;
  hub.add_agency("a1");
  Events events(*hub.services);
  const Actor one = hub.officer("a1");
  const Actor other = hub.officer("a2");
  auto first = events.begin_export(one);
  auto second = events.begin_export(one);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(events.begin_export(one).error().text_id == "events.too_many_exports");
  CHECK(events.begin_export(one).error().code == ErrorCode::limit);
  CHECK(events.begin_export(other));
  ExportPlaces::Place copy = *first;
  first->reset();
  CHECK_FALSE(events.begin_export(one));
  copy.reset();
  CHECK(events.begin_export(one));
}

}  // namespace events_test

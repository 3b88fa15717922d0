// SPDX-License-Identifier: Apache-2.0
// The promises of a journal as checks, so that another backend can be held to the same ones. A backend is a
// type with the public methods of Journal; the factory opens it again over the same data. Tests only.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/journal/journal.h"

namespace phendau::journal::testing {

/// `rows` events of one agency; row i carries user "u<i>" and the raw text "raw <label> <i>".
inline Batch sample_batch(const std::string& label, std::uint32_t rows, UtcTime at,
                          const std::string& agency = "a1", const std::string& product = "linux") {
  BatchBuilder builder("syslog");
  const std::string logsource = product + "//sshd";
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::string raw = "raw " + label + " " + std::to_string(i);
    const std::string host = "host" + std::to_string(i % 3);
    builder.begin_row({.event_time = at + seconds(i),
                       .received_time = at,
                       .time_quality = TimeQuality::exact,
                       .source = "s1",
                       .host = host,
                       .agency = agency,
                       .logsource = logsource,
                       .parse_error = {},
                       .raw = raw});
    builder.add("user", "u" + std::to_string(i));
    builder.add("label", label);
    builder.add("count", std::to_string(i), ValueKind::integer);
    if (i % 2 == 0) builder.add("tag", "even");
    if (i % 4 == 0) builder.add("tag", "fourth");
    if (i % 5 == 0) builder.add("empty", "");
    if (i % 7 == 0) builder.add("nothing", "", ValueKind::null);
  }
  return builder.finish();
}

inline PredicatePtr equals(const std::string& field, const std::string& value) {
  return Predicate::atom(field, *make_pattern(MatchOp::equals, value));
}
inline PredicatePtr contains(const std::string& field, const std::string& value) {
  return Predicate::atom(field, *make_pattern(MatchOp::contains, value));
}

/// The same events, whatever the order of columns and dictionary entries.
inline void check_same(const Batch& wanted, const Batch& found) {
  REQUIRE(found.rows() == wanted.rows());
  CHECK(found.shape() == wanted.shape());
  for (std::uint32_t row = 0; row < wanted.rows(); ++row) {
    CHECK(found.raw(row) == wanted.raw(row));
    CHECK(found.event_time(row) == wanted.event_time(row));
    CHECK(found.received_time(row) == wanted.received_time(row));
    CHECK(found.time_quality(row) == wanted.time_quality(row));
    for (const auto& column : wanted.columns()) {
      const Column* other = found.column(column.name);
      const bool has = other != nullptr && other->has(row);
      CHECK(has == column.has(row));
      if (!has || !column.has(row)) continue;
      CHECK(other->text(row) == column.text(row));
      CHECK(other->values.kind(other->ids[row]) == column.values.kind(column.ids[row]));
    }
  }
}

template <class Backend>
using Reopen = std::function<std::unique_ptr<Backend>()>;

/// What the two frames of run_conformance() look like from every side, sealed or not.
template <class Backend>
void check_contents(Backend& store, UtcTime start) {
  const auto frames = store.read_from(1, 10);
  REQUIRE(frames);
  REQUIRE(frames->size() == 2);
  check_same(sample_batch("one", 10, start), (*frames)[0].batch);
  check_same(sample_batch("two", 20, start + hours(1), "a2", "windows"), (*frames)[1].batch);
  CHECK((*frames)[1].refs[3] == EventRef{2, 3});
  SearchRequest request;
  request.limit = 7;
  std::vector<EventRef> seen;
  for (;;) {
    const auto page = store.search(request);
    REQUIRE(page);
    for (const auto& row : page->rows) seen.push_back(row.ref);
    if (!page->next) break;
    request.after = page->next;
  }
  REQUIRE(seen.size() == 30);
  CHECK(seen.front() == EventRef{2, 19});
  CHECK(seen.back() == EventRef{1, 0});
  SearchRequest scoped;
  scoped.agencies = {"a1"};
  CHECK(store.search(scoped)->rows.size() == 10);
  scoped.agencies = std::vector<std::string>();
  CHECK(store.search(scoped)->rows.empty());
  SearchRequest filtered;
  filtered.predicate = Predicate::all_of({equals("label", "TWO"), equals("tag", "fourth")});
  CHECK(store.search(filtered)->rows.size() == 5);
  filtered.predicate = contains("", "raw one 3");
  REQUIRE(store.search(filtered)->rows.size() == 1);
  CHECK(store.search(filtered)->rows[0].raw == "raw one 3");
  filtered.predicate = equals("count", "3.0");
  CHECK(store.search(filtered)->rows.size() == 2);
  filtered.predicate = Predicate::negation(equals("label", "two"));
  CHECK(store.search(filtered)->rows.size() == 10);
  SearchRequest bounded;
  bounded.event_time = {start, start + hours(2)};
  CHECK(store.histogram(bounded, 2)->counts == std::vector<std::uint64_t>{10, 20});
  const auto top = store.top_values(bounded, "label", 1);
  CHECK(top->values == std::vector<std::pair<std::string, std::uint64_t>>{{"two", 20}});
  CHECK(top->others == 10);
  CHECK(store.get({2, 19})->raw == "raw two 19");
  CHECK(store.get({2, 20}).error().code == ErrorCode::not_found);
  CHECK(store.get({3, 0}).error().code == ErrorCode::not_found);
  CHECK(store.stat().rows == 30);
  CHECK(store.wait_committed(0, seconds(0)) == 2);
}

/// Exactly-once, order, identity of events before and after sealing, paging, scope, histogram and top values.
template <class Backend>
void run_conformance(const Reopen<Backend>& reopen, UtcTime start) {
  auto store = reopen();
  const AppendMeta first{{"agent-1", 1, 1, 10}, start};
  REQUIRE(store->append(sample_batch("one", 10, start), first)->frame_seq == 1);
  CHECK(store->append(sample_batch("one", 10, start), first)->duplicate);
  const auto partly = store->append(sample_batch("part", 10, start), {{"agent-1", 1, 6, 15}, start});
  REQUIRE_FALSE(partly);
  CHECK(partly.error().code == ErrorCode::conflict);
  CHECK(partly.error().args[0] == "11");
  CHECK_FALSE(store->append(sample_batch("hole", 1, start), {{"agent-1", 1, 20, 20}, start}));
  REQUIRE(store->append(sample_batch("two", 20, start + hours(1), "a2", "windows"),
                        {{"agent-1", 1, 11, 30}, start}));
  check_contents(*store, start);
  store.reset();
  store = reopen();
  check_contents(*store, start);
  CHECK(store->append(sample_batch("one", 10, start), first)->duplicate);
  REQUIRE(store->seal_now());
  check_contents(*store, start);
  store.reset();
  store = reopen();
  check_contents(*store, start);
  CHECK(store->append(sample_batch("one", 10, start), first)->duplicate);
  CHECK(store->append(sample_batch("new", 1, start), {{"agent-1", 2, 1, 1}, start})->frame_seq == 3);
  CHECK_FALSE(store->append(sample_batch("old", 1, start), {{"agent-1", 1, 31, 31}, start}));
}

}  // namespace phendau::journal::testing

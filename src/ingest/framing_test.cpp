// SPDX-License-Identifier: Apache-2.0
// Proves that messages come out of a stream the same wherever it is cut, and that limits hold: every split of
// a mixed stream into two and three chunks and into single bytes is compared with the whole.
#include "ingest/framing.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace phendau::ingest::framing_test {
namespace {

struct Seen {
  std::vector<std::string> records;  // "O:" in front of oversized, "T:" in front of truncated ones
  FramingCounters counters;
};

void drain(Deframer& deframer, Seen& seen) {
  while (const auto frame = deframer.next()) {
    const std::string mark = frame->oversized ? "O:" : frame->truncated ? "T:" : "";
    seen.records.push_back(mark + std::string(frame->record));
  }
}

Seen run(const std::vector<std::string_view>& chunks, FramingOptions options = {}) {
  Deframer deframer(options);
  Seen seen;
  for (const std::string_view chunk : chunks) {
    const std::string copy(chunk);  // a view kept too long would be seen by ASan
    deframer.push(copy);
    drain(deframer, seen);
  }
  deframer.finish();
  deframer.push({});
  drain(deframer, seen);
  seen.counters = deframer.counters();
  return seen;
}

TEST_CASE("framing: octet counting, lines and NUL in one stream") {
  const std::string nul(1, '\0');
  const std::string stream = "11 <34>1 hello<13>one\r\n\n\r\n12 users here\n" + nul +
                             "2026-11-24T10:00:00Z a\n" + "<14>two" + nul +
                             "9 <1>a\nb\nc3 <2>12345678901 <x\n007 <34>\nlast";
  const std::vector<std::string> expected = {
      "<34>1 hello",        "<13>one",  "12 users here", "2026-11-24T10:00:00Z a", "<14>two", "<1>a\nb\nc3",
      " <2>12345678901 <x", "007 <34>", "last"};
  const Seen whole = run({stream});
  CHECK(whole.records == expected);
  CHECK(whole.counters.records == expected.size());
  CHECK(whole.counters.empty == 3);
  const std::string_view view = stream;
  for (std::size_t a = 0; a <= stream.size(); ++a) {
    for (std::size_t b = a; b <= stream.size(); ++b) {
      const Seen split = run({view.substr(0, a), view.substr(a, b - a), view.substr(b)});
      REQUIRE(split.records == expected);
      REQUIRE(split.counters.empty == 3);
    }
  }
}

TEST_CASE("framing: oversized messages are cut, their rest is skipped and counted") {
  const std::string stream = "0123456789ABC\nok\n20 <34>567890123456789xnext\n10 <34>567890\n";
  const std::vector<std::string> expected = {"O:0123456789", "ok", "O:<34>567890", "next", "<34>567890"};
  const FramingOptions options{.message_bytes_max = 10};
  const std::string_view view = stream;
  for (std::size_t a = 0; a <= stream.size(); ++a) {
    const Seen split = run({view.substr(0, a), view.substr(a)}, options);
    REQUIRE(split.records == expected);
    REQUIRE(split.counters.oversized == 2);
    REQUIRE(split.counters.skipped_bytes == 3 + 10);
  }
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(view.substr(i, 1));
  CHECK(run(bytes, options).records == expected);
}

TEST_CASE("framing: a stream that ends inside a message") {
  CHECK(run({"20 <34>half"}).records == std::vector<std::string>{"T:<34>half"});
  CHECK(run({"20 <34>half"}).counters.truncated == 1);
  CHECK(run({"no line end"}).records == std::vector<std::string>{"no line end"});
  CHECK(run({"12"}).records == std::vector<std::string>{"12"});
  CHECK(run({"20 "}).records == std::vector<std::string>{"20 "});
  CHECK(run({""}).records.empty());
}

TEST_CASE("framing: a lying count does not swallow what follows") {
  CHECK(run({"99999999 <34>a\nb\n"}).records == std::vector<std::string>{"99999999 <34>a", "b"});
}

TEST_CASE("framing: many blank lines need no stack") {
  std::string blanks;
  for (int i = 0; i < 200'000; ++i) blanks += "\r\n";
  const Seen seen = run({blanks});
  CHECK(seen.records.empty());
  CHECK(seen.counters.empty == 200'000);
}

TEST_CASE("framing: NDJSON does not know counts") {
  const Seen seen = run({"12 <a>\n{}\n"}, {.message_bytes_max = 100, .octet_counting = false});
  CHECK(seen.records == std::vector<std::string>{"12 <a>", "{}"});
}

}  // namespace
}  // namespace phendau::ingest::framing_test

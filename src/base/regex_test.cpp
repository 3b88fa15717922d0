// SPDX-License-Identifier: Apache-2.0
// Flags, groups, escaping, and that hostile patterns end.
#include "base/regex.h"

#include <thread>

#include <doctest/doctest.h>

namespace regex_test {

using namespace phendau;

TEST_CASE("regex: search and flags") {
  const struct {
    const char* pattern;
    RegexFlags flags;
    std::string_view subject;
    bool found;
  } kCases[] = {
      {"", {}, "", true},
      {"a", {}, "", false},
      {"b+", {}, "abbb", true},
      {"^b", {}, "ab", false},
      {"b$", {}, "ab\n", false},
      {"B", {}, "abc", false},
      {"B", {.ignore_case = true}, "abc", true},
      {"\xC4\x90", {.ignore_case = true}, "\xC4\x91", true},
      {"^b", {.multiline = true}, "a\nb", true},
      {"a.b", {}, "a\nb", false},
      {"a.b", {.dot_all = true}, "a\nb", true},
      {"^.$", {}, "\xE1\xBB\x87", true},
      {"^.$", {.utf = false}, "\xE1\xBB\x87", false},
      {"b",
       {},
       "\xff"
       "b",
       true},
      {"\xff", {.utf = false}, "a\xff", true},
      {"a\\d{2}\\b", {}, "x a12 y", true},
  };
  for (const auto& c : kCases) {
    CAPTURE(c.pattern);
    const auto regex = Regex::compile(c.pattern, c.flags);
    REQUIRE_MESSAGE(regex.has_value(), regex.error().message);
    CHECK(regex->search(c.subject) == c.found);
    CHECK(regex->match_groups(c.subject).has_value() == c.found);
  }
  CHECK(Regex::compile(std::string_view())->search(std::string_view()));
  CHECK(Regex::compile("a\\0b")->search(std::string_view("a\0b", 3)));
}

TEST_CASE("regex: groups") {
  const auto groups = Regex::compile("(\\d+)-(x)?-(\\w*)")->match_groups("id 12--abc");
  REQUIRE(groups.has_value());
  REQUIRE(groups->size() == 4);
  CHECK((*groups)[0] == "12--abc");
  CHECK((*groups)[1] == "12");
  CHECK((*groups)[2].data() == nullptr);
  CHECK((*groups)[3] == "abc");
}

TEST_CASE("regex: mistakes and limits") {
  for (const char* bad : {"(", "[a", "a{2,1}", "*", "(?<n>a)(?<n>b)", "\\C"}) {
    CAPTURE(bad);
    CHECK(Regex::compile(bad).error().code == ErrorCode::invalid);
  }
  CHECK(Regex::compile(std::string(16385, 'a')).error().code == ErrorCode::limit);
  bool exhausted = false;
  const auto slow = Regex::compile("^(a+)+$");
  CHECK_FALSE(slow->search(std::string(5000, 'a') + "b", &exhausted));
  CHECK(exhausted);
  CHECK(slow->search("aaa", &exhausted));
  CHECK_FALSE(exhausted);
  CHECK_FALSE(slow->search("b", &exhausted));
  CHECK_FALSE(exhausted);
}

TEST_CASE("regex: work on long subjects is limited, whatever a step is") {
  const std::string run(1'000'000, 'a');
  for (const char* pattern :
       {"[a-z]+[0-9]", "(?=(a+))a*b\\1", "(?:a?){80}a{80}[bc]", "\\w+\\d", "a*?[bc]", "(?:a|a)*?z?[bc]"}) {
    CAPTURE(std::string(pattern));
    bool exhausted = false;
    CHECK_FALSE(Regex::compile(pattern)->search(run, &exhausted));
    CHECK(exhausted);
  }
  // What looks at each character a few times is found, also at the end.
  bool exhausted = true;
  for (const char* pattern :
       {"b[0-9]{3}$", "^a+b\\d+$", ".*b123", "(?i)A+B1", "^.*?b", "^(?:.*)b123$", "a{20}b"}) {
    CAPTURE(std::string(pattern));
    CHECK(Regex::compile(pattern)->search(run + "b123", &exhausted));
    CHECK_FALSE(exhausted);
  }
  CHECK_FALSE(Regex::compile("c[0-9]")->search(run, &exhausted));
  CHECK_FALSE(exhausted);
}

TEST_CASE("regex: a long value does not run out of the compiled code's stack") {
  bool exhausted = true;
  const auto groups = Regex::compile("^(?:(a)|(b))+c");
  CHECK(groups->search(std::string(20'000, 'a') + "c", &exhausted));
  CHECK_FALSE(exhausted);
}

TEST_CASE("regex: escaping and sharing") {
  const std::string all = "a.b*c+d?e(f)g[h]i{j}k^l$m|n\\o-p/q#r s";
  CHECK(Regex::compile("^" + regex_escape(all) + "$")->search(all));
  CHECK_FALSE(Regex::compile("^" + regex_escape("a.b") + "$")->search("axb"));
  const auto regex = *Regex::compile("x(\\d+)y");
  std::vector<std::thread> threads;
  std::atomic<int> found{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) found += regex.search("ax" + std::to_string(i) + "y") ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(found == 2000);
}

TEST_CASE("regex: a sign that every match has is sought first, one that a match may lack is not") {
  struct Row {
    const char* pattern;
    const char* text;
    bool found;
  };
  for (const Row& row : std::initializer_list<Row>{{"\\w+`\\w`", "in`v`oke", true},
                                                   {"\\w+`\\w`", "invoke", false},
                                                   {"(?i)a%B", "xA%b", true},
                                                   {"(?i)a%B", "xAb", false},
                                                   {"a%?b", "ab", true},
                                                   {"(a|%)b", "ab", true},
                                                   {"(?<=%)a", "%a", true},
                                                   {"(?<=%)a", "a", false},
                                                   {"a(?!%)", "a", true},
                                                   {"(%a|b)+", "b", true},
                                                   {"(?i)k", "\xE2\x84\xAA", true}}) {
    INFO(row.pattern << " on " << row.text);
    const auto regex = Regex::compile(row.pattern);
    REQUIRE(regex);
    CHECK(regex->search(row.text) == row.found);
  }
}

}  // namespace regex_test

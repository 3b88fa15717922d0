// SPDX-License-Identifier: Apache-2.0
#include "model/predicate.h"

#include <doctest/doctest.h>

namespace predicate_test {

using namespace phendau;

namespace {

struct Cell {
  const char* text;
  ValueKind kind = ValueKind::text;
};

/// One column "f" with a row per cell; a null pointer leaves the row without the field.
Batch batch_of(const std::vector<Cell>& cells) {
  BatchBuilder builder("test");
  for (const auto& cell : cells) {
    BatchBuilder::Row row;
    row.logsource = "linux//sshd";
    row.host = "host-a";
    row.raw = "raw line";
    builder.begin_row(row);
    if (cell.text != nullptr) builder.add("f", cell.text, cell.kind);
  }
  return builder.finish();
}

std::uint32_t count(MatchOp op, std::string_view value, const std::vector<Cell>& cells, bool cased = false) {
  return select(*Predicate::atom("f", make_pattern(op, value, cased).value()), batch_of(cells)).count();
}

Pattern glob_of(std::vector<Pattern::GlobPart> parts) {
  Pattern pattern;
  pattern.op = MatchOp::glob;
  pattern.glob = std::move(parts);
  return pattern;
}

using Part = Pattern::GlobPart;
const Part kMany{Part::Kind::any_many, {}};
const Part kOne{Part::Kind::any_one, {}};
Part literal(std::string text) { return {Part::Kind::literal, std::move(text)}; }

}  // namespace

TEST_CASE("each operation on text, numbers, booleans, null and absence") {
  const std::vector<Cell> cells = {{"Abc"},
                                   {"10"},
                                   {"10", ValueKind::integer},
                                   {"10.0", ValueKind::real},
                                   {"true", ValueKind::boolean},
                                   {"", ValueKind::null},
                                   {""},
                                   {nullptr}};
  struct Row {
    MatchOp op;
    const char* value;
    std::uint32_t count;
  };
  const Row rows[] = {
      {MatchOp::equals, "abc", 1},       {MatchOp::equals, "10", 3},      {MatchOp::equals, "10.0", 2},
      {MatchOp::equals, "TRUE", 1},      {MatchOp::equals, "", 1},        {MatchOp::contains, "B", 1},
      {MatchOp::contains, "", 6},        {MatchOp::starts_with, "AB", 1}, {MatchOp::ends_with, "0", 3},
      {MatchOp::less, "11", 3},          {MatchOp::less_equal, "10", 3},  {MatchOp::greater, "10", 0},
      {MatchOp::greater_equal, "10", 3}, {MatchOp::regex, "^[A-Z]", 1},   {MatchOp::regex, "^a", 0},
      {MatchOp::exists, "true", 7},      {MatchOp::exists, "false", 1},   {MatchOp::is_null, "", 2},
  };
  for (const auto& row : rows) {
    INFO(to_string(row.op) << " " << row.value);
    CHECK(count(row.op, row.value, cells) == row.count);
  }
  CHECK(count(MatchOp::equals, "abc", cells, true) == 0);
  CHECK(count(MatchOp::contains, "b", cells, true) == 1);
  CHECK(count(MatchOp::cidr, "10.0.0.0/8", {{"10.1.2.3"}, {"11.1.2.3"}, {"x"}, {"::ffff:10.0.0.1"}}) == 2);
  CHECK(count(MatchOp::equals, "\xC4\x90\xE1\xBB\x92NG", {{"\xC4\x91\xE1\xBB\x93ng"}, {"dong"}}) == 1);
}

TEST_CASE("globs") {
  struct Row {
    std::vector<Part> parts;
    const char* text;
    bool holds;
  };
  const Row rows[] = {
      {{kMany}, "", true},
      {{kOne}, "", false},
      {{kOne}, "\xC3\xA2", true},
      {{kOne, kOne}, "\xC3\xA2", false},
      {{kMany, kOne, kOne}, "\xC3\xA2", false},
      {{literal("a"), kMany, literal("c")}, "abc", true},
      {{literal("a"), kMany, literal("c")}, "abcx", false},
      {{kMany, literal("ab"), kMany, literal("ab")}, "ab", false},
      {{kMany, literal("ab"), kMany, literal("ab")}, "xabyabzab", true},
      {{kMany, literal("a"), kOne, literal("c"), kMany}, "xxabc", true},
      {{kMany, literal("aab")}, "aaab", true},
      {{kMany, kOne, literal("b")}, "b", false},
      {{kMany, kOne, kOne, kMany}, "a", false},
      {{kMany, kOne, kOne, kMany}, "ab", true},
      {{kMany, kOne, literal("b")}, "bab", true},
      {{kMany, kOne, kOne, literal("b")},
       "b\xE1\xBA\xBF\xF0\x9F\x98\x80"
       "b",
       true},
      {{literal("b"), kMany, kOne, kOne, literal("b")},
       "b\xE1\xBA\xBF"
       "b",
       false},
      {{kMany, kOne, literal("b"), kOne}, "bbxab", false},
      {{kMany, kOne, literal("b"), kOne}, "bbxabc", true},
      {{}, "", true},
      {{}, "a", false},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(matches(glob_of(row.parts), row.text, ValueKind::text) == row.holds);
  }
  CHECK(!matches(glob_of({kMany}), "", ValueKind::null));
}

TEST_CASE("trees, several values, keywords") {
  BatchBuilder builder("test");
  for (int i = 0; i < 130; ++i) {
    BatchBuilder::Row row;
    row.logsource = "linux//sshd";
    row.source = "source-1";
    row.host = "host-a";
    row.raw = i == 129 ? "only here" : "raw";
    builder.begin_row(row);
    builder.add("f", i % 2 == 0 ? "even" : "odd");
    if (i % 10 == 0) builder.add("f", "ten");
  }
  const Batch batch = builder.finish();
  const auto equals = [](const char* field, const char* value) {
    return Predicate::atom(field, make_pattern(MatchOp::equals, value).value());
  };
  const auto contains = [](const char* value) {
    return Predicate::atom("", make_pattern(MatchOp::contains, value).value());
  };
  CHECK(select(*equals("f", "ten"), batch).count() == 13);
  CHECK(select(*Predicate::all_of({equals("f", "ten"), equals("f", "even")}), batch).count() == 13);
  CHECK(select(*Predicate::all_of({equals("f", "ten"), equals("f", "odd")}), batch).count() == 0);
  CHECK(select(*Predicate::any_of({equals("f", "ten"), equals("f", "odd")}), batch).count() == 78);
  CHECK(select(*Predicate::negation(equals("f", "ten")), batch).count() == 117);
  CHECK(select(*Predicate::negation(equals("g", "ten")), batch).count() == 130);
  CHECK(select(*Predicate::all_of({}), batch).count() == 130);
  CHECK(select(*Predicate::any_of({}), batch).count() == 0);
  CHECK(select(*contains("eve"), batch).count() == 65);
  CHECK(select(*contains("host-a"), batch).count() == 130);
  CHECK(select(*contains("sshd"), batch).count() == 0);
  CHECK(select(*contains("source-1"), batch).count() == 0);
  CHECK(select(*contains("only here"), batch).count() == 0);
  CHECK(select(*contains("only here"), batch, true).count() == 1);
  std::vector<std::string> fields;
  bool keywords = false;
  collect_fields(*Predicate::all_of({equals("f", "a"), equals("f", "b"), contains("x")}), fields, keywords);
  CHECK(fields == std::vector<std::string>{"f"});
  CHECK(keywords);
}

TEST_CASE("same_as_field: null equals nothing") {
  BatchBuilder builder("test");
  const auto add = [&](Cell a, Cell b) {
    builder.begin_row({});
    if (a.text != nullptr) builder.add("a", a.text, a.kind);
    if (b.text != nullptr) builder.add("b", b.text, b.kind);
  };
  add({"x"}, {"X"});
  add({"x"}, {"y"});
  add({"", ValueKind::null}, {"", ValueKind::null});
  add({nullptr}, {nullptr});
  const Batch batch = builder.finish();
  Pattern pattern;
  pattern.op = MatchOp::same_as_field;
  pattern.value = "b";
  CHECK(select(*Predicate::atom("a", pattern), batch).count() == 1);
  pattern.cased = true;
  CHECK(select(*Predicate::atom("a", pattern), batch).count() == 0);
}

TEST_CASE("a field holds, begins or ends with another") {
  BatchBuilder builder("test");
  for (const auto& [a, b] : std::vector<std::pair<const char*, const char*>>{
           {"xYz", "y"}, {"Yz", "y"}, {"xY", "y"}, {"Y", "y"}, {"x", "y"}, {"x", ""}}) {
    builder.begin_row({});
    builder.add("a", a);
    builder.add("b", b);
  }
  builder.begin_row({});
  builder.add("a", "x");
  const Batch batch = builder.finish();
  const auto rows = [&](MatchOp op, bool cased) {
    Pattern pattern;
    pattern.op = op;
    pattern.value = "b";
    pattern.cased = cased;
    std::vector<std::uint32_t> out;
    select(*Predicate::atom("a", pattern), batch).for_each([&](std::uint32_t row) { out.push_back(row); });
    return out;
  };
  using Rows = std::vector<std::uint32_t>;
  CHECK(rows(MatchOp::contains_field, false) == Rows{0, 1, 2, 3, 5});
  CHECK(rows(MatchOp::starts_with_field, false) == Rows{1, 3, 5});
  CHECK(rows(MatchOp::ends_with_field, false) == Rows{2, 3, 5});
  CHECK(rows(MatchOp::contains_field, true) == Rows{5});
}

TEST_CASE("whole numbers of 64 bits are compared exactly") {
  const std::vector<Cell> cells = {{"9007199254740992", ValueKind::integer},
                                   {"9007199254740993", ValueKind::integer}};
  CHECK(count(MatchOp::equals, "9007199254740993", cells) == 1);
  CHECK(count(MatchOp::less, "9007199254740993", cells) == 1);
  CHECK(count(MatchOp::greater_equal, "9007199254740993", cells) == 1);
  CHECK(count(MatchOp::equals, "9007199254740993.0", cells) == 2);  // a real one is as exact as doubles are
  const std::vector<Cell> large = {{"9223372036854775807", ValueKind::integer},
                                   {"9223372036854775808", ValueKind::integer},
                                   {"18446744073709551614", ValueKind::integer},
                                   {"18446744073709551615", ValueKind::integer}};
  for (const char* text : {"9223372036854775807", "9223372036854775808", "18446744073709551615"})
    CHECK(count(MatchOp::equals, text, large) == 1);
  CHECK(count(MatchOp::less, "9223372036854775808", large) == 1);
  CHECK(count(MatchOp::less_equal, "18446744073709551614", large) == 3);
  CHECK(count(MatchOp::greater, "18446744073709551614", large) == 1);
  CHECK(count(MatchOp::equals, "18446744073709551615.0", large) == 2);
}

TEST_CASE("a stray byte does not hide the letters beside it") {
  CHECK(count(MatchOp::starts_with, "\xC4\x90", {{"\xC4\x91\xFFx"}, {"\xFF\xC4\x91"}}) == 1);
}

TEST_CASE("addresses and networks") {
  CHECK(parse_ip("1.2.3.4")->size() == 4);
  CHECK(parse_ip("::1")->size() == 16);
  CHECK(parse_ip("::ffff:1.2.3.4") == parse_ip("1.2.3.4"));
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "x", "1.2.3.4/8", ":::1"}) CHECK(!parse_ip(bad));
  for (const char* bad : {"", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "::/129", "x/8"})
    CHECK(!Cidr::parse(bad));
  CHECK(Cidr::parse("0.0.0.0/0")->contains("255.1.2.3"));
  CHECK(!Cidr::parse("0.0.0.0/0")->contains("::1"));
  CHECK(Cidr::parse("10.128.0.0/9")->contains("10.200.0.1"));
  CHECK(!Cidr::parse("10.128.0.0/9")->contains("10.100.0.1"));
  CHECK(Cidr::parse("10.1.2.3")->contains("10.1.2.3"));
  CHECK(Cidr::parse("::ffff:10.0.0.0/104")->contains("10.200.0.1"));
  CHECK(!Cidr::parse("::ffff:10.0.0.0/104")->contains("11.0.0.1"));
  CHECK(!Cidr::parse("::ffff:10.0.0.0/8"));
  CHECK(Cidr::parse("fe80::/10")->contains("fe80::1%eth0"));
  CHECK(!Cidr::parse("10.0.0.0/8")->contains("10.1.1.1%eth0"));
}

TEST_CASE("bad patterns are refused") {
  CHECK(!make_pattern(MatchOp::less, "x"));
  CHECK(!make_pattern(MatchOp::regex, "("));
  CHECK(!make_pattern(MatchOp::cidr, "x"));
}

TEST_CASE("facts: absent and unreadable are unknown") {
  const auto at_least = [](const char* field, const char* value) {
    return Predicate::atom(field, make_pattern(MatchOp::greater_equal, value).value());
  };
  Pattern exists;
  exists.op = MatchOp::exists;
  exists.value = "true";
  Pattern null;
  null.op = MatchOp::is_null;
  const Json row = parse_json(R"({"n": 8, "nested": {"m": 3}, "list": [1, 9], "nothing": null})").value();
  const auto judged = [&](const PredicatePtr& predicate, std::vector<std::string> unreadable = {}) {
    return judge(*predicate, row, unreadable, nullptr);
  };
  CHECK(judged(at_least("n", "8")) == Tri::yes);
  CHECK(judged(at_least("n", "9")) == Tri::no);
  CHECK(judged(at_least("absent", "9")) == Tri::unknown);
  CHECK(judged(at_least("nested.m", "3")) == Tri::yes);
  CHECK(judged(at_least("list", "9")) == Tri::yes);
  CHECK(judged(at_least("nothing", "1")) == Tri::unknown);
  CHECK(judged(at_least("n", "8"), {"n"}) == Tri::unknown);
  CHECK(judged(Predicate::atom("n", exists)) == Tri::yes);
  CHECK(judged(Predicate::atom("absent", exists)) == Tri::no);
  CHECK(judged(Predicate::atom("n", exists), {"n"}) == Tri::unknown);
  CHECK(judged(Predicate::atom("absent", null)) == Tri::yes);
  CHECK(judged(Predicate::negation(at_least("absent", "9"))) == Tri::unknown);
  CHECK(judged(Predicate::all_of({at_least("n", "8"), at_least("absent", "1")})) == Tri::unknown);
  CHECK(judged(Predicate::all_of({at_least("n", "9"), at_least("absent", "1")})) == Tri::no);
  CHECK(judged(Predicate::any_of({at_least("n", "8"), at_least("absent", "1")})) == Tri::yes);
  std::vector<FactReason> reasons;
  judge(*Predicate::all_of({at_least("n", "9"), at_least("absent", "1")}), row, {}, &reasons);
  REQUIRE(reasons.size() == 2);
  CHECK(reasons[0].found == "8");
  CHECK(reasons[1].result == Tri::unknown);
}

TEST_CASE("select_until gives up inside one atom, and judges like select otherwise") {
  std::vector<std::string> texts;
  std::vector<Cell> cells;
  for (int i = 0; i < 5'000; ++i) texts.push_back("text " + std::to_string(i));
  for (const auto& text : texts) cells.push_back({text.c_str()});
  const Batch batch = batch_of(cells);
  const auto atom = Predicate::atom("f", make_pattern(MatchOp::contains, "text 49").value());
  const auto tree = Predicate::any_of({Predicate::negation(atom), Predicate::all_of({atom, atom})});
  int asked = 0;
  const auto whole = select_until(*tree, batch, true, [&] { return ++asked < 0; });
  REQUIRE(whole);
  CHECK(whole->count() == 5'000);
  CHECK(asked >= 3 * 5'000 / 256 - 3);
  CHECK(select_until(*atom, batch, true, [] { return false; })->count() ==
        select(*atom, batch, true).count());
  asked = 0;
  CHECK_FALSE(select_until(*tree, batch, true, [&] { return ++asked == 2; }));
  CHECK(asked == 2);
  // Few but large texts are asked for by their bytes.
  const std::string large(1u << 20, 'x');
  asked = 0;
  CHECK_FALSE(select_until(*atom, batch_of({{large.c_str()}, {"a"}}), false, [&] { return ++asked == 1; }));
}

}  // namespace predicate_test

// SPDX-License-Identifier: Apache-2.0
// Predicates over events and facts: what Sigma rules, searches and posture rules compile to. `detect` makes
// them, the journal uses them to skip blocks, `comply` judges facts with them. Immutable after construction;
// thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/regex.h"
#include "base/result.h"
#include "model/batch.h"
#include "model/row_set.h"
#include "model/time_part.h"

namespace phendau {

enum class MatchOp : std::uint8_t {
  equals,  // text, or number if both sides are numbers
  contains,
  starts_with,
  ends_with,
  glob,  // * and ? with the escapes already resolved: see Pattern::glob
  regex,
  cidr,
  less,
  less_equal,
  greater,
  greater_equal,
  exists,         // `value` "true" or "false"
  is_null,        // absent or null
  same_as_field,  // equal to the value of field `value` (fieldref)
  contains_field,
  starts_with_field,
  ends_with_field,
  time_part,  // `time_part` of the value, compared by `time_op` with `number`
};
std::string_view to_string(MatchOp op);
/// The other side is a field of the same row: same_as_field and its kin.
bool is_field_reference(MatchOp op);

/// One network for MatchOp::cidr, IPv4 or IPv6 (bytes in network order).
struct Cidr {
  std::vector<std::uint8_t> address;  // 4 or 16 bytes
  int prefix_bits = 0;
  static Result<Cidr> parse(std::string_view text);
  bool contains(std::string_view address_text) const;  // false for text that is no address
  bool contains(const Cidr& other) const;              // also itself; never across families
};
/// IPv4 or IPv6 text to 4 or 16 bytes; nullopt otherwise. IPv4-mapped IPv6 becomes IPv4; a zone ("%eth0") is
/// dropped.
std::optional<std::vector<std::uint8_t>> parse_ip(std::string_view text);

/// What one value is compared with.
struct Pattern {
  MatchOp op = MatchOp::equals;
  std::string value;  // as written; folded (base/unicode fold_case) by make_pattern unless `cased`
  bool cased = false;
  bool accent_blind = false;  // search: compare fold_accents() of both sides
  struct GlobPart {
    enum class Kind : std::uint8_t { literal, any_one, any_many } kind = Kind::literal;
    std::string literal;
  };
  std::vector<GlobPart> glob;             // op glob
  std::optional<Regex> regex;             // op regex
  std::optional<Cidr> cidr;               // op cidr
  std::optional<double> number;           // equals and the comparisons
  std::optional<std::int64_t> whole;      // `number` exactly, if it is a whole one of 64 bits
  TimePart time_part = TimePart::minute;  // op time_part
  MatchOp time_op = MatchOp::equals;      // op time_part: equals or a comparison
};

/// True if the value satisfies the pattern. Not for exists, is_null and field references (they look at rows).
/// A null value satisfies no pattern. Booleans compare as "true" and "false".
bool matches(const Pattern& pattern, std::string_view text, ValueKind kind);
/// Builds folded or numeric forms from `value`; `invalid` for a bad regex, network or number.
/// For op equals/contains/starts_with/ends_with/glob `value` is literal text; globs come from parse of Sigma
/// strings.
Result<Pattern> make_pattern(MatchOp op, std::string_view value, bool cased = false);
/// For op time_part; `invalid` if `value` is no whole number or can never be that part.
Result<Pattern> make_time_pattern(TimePart part, MatchOp op, std::string_view value);
/// Whether two texts, folded unless the pattern is `cased`, are as a field reference wants them.
bool texts_relate(MatchOp op, std::string_view text, std::string_view other);

struct Predicate;
using PredicatePtr = std::shared_ptr<const Predicate>;

/// A tree. `field` empty in an atom means: any value of the event (keywords).
struct Predicate {
  enum class Kind : std::uint8_t { constant, atom, all_of, any_of, negation } kind = Kind::constant;
  bool constant = true;
  std::string field;
  Pattern pattern;
  std::vector<PredicatePtr> children;

  static PredicatePtr always(bool value);
  static PredicatePtr atom(std::string field, Pattern pattern);
  static PredicatePtr all_of(std::vector<PredicatePtr> children);  // of none: always(true)
  static PredicatePtr any_of(std::vector<PredicatePtr> children);  // of none: always(false)
  static PredicatePtr negation(PredicatePtr child);
};

/// Fields named in the tree, each once; `keywords` is set if an atom looks at every value.
void collect_fields(const Predicate& predicate, std::vector<std::string>& fields, bool& keywords);

/// Whether atoms without a field look at the column: all but the routing columns `source`, `agency`,
/// `logsource` and `parse_error`, which describe the record and are not part of what the machine said.
bool is_keyword_column(std::string_view name);

/// Rows of the batch that satisfy the predicate, by distinct values: each atom is judged once per dictionary
/// entry. Two-valued: an absent field satisfies nothing (so `not` of it holds), as Sigma says for events.
/// @param with_raw keywords also look at the raw bytes (searches do, rules do not).
RowSet select(const Predicate& predicate, const Batch& batch, bool with_raw = false);
/// As above, asking `stop` now and then, also inside one atom: nullopt as soon as it says true.
std::optional<RowSet> select_until(const Predicate& predicate, const Batch& batch, bool with_raw,
                                   const std::function<bool()>& stop);

/// Kleene's three values, for posture facts: an absent or unreadable field is unknown unless `exists` or
/// `is_null` asks.
enum class Tri : std::uint8_t { no, unknown, yes };
constexpr Tri tri_and(Tri a, Tri b) { return a < b ? a : b; }
constexpr Tri tri_or(Tri a, Tri b) { return a > b ? a : b; }
constexpr Tri tri_not(Tri a) { return a == Tri::yes ? Tri::no : a == Tri::no ? Tri::yes : Tri::unknown; }

/// Why an atom was not `yes`: for people, rendered by comply.
struct FactReason {
  std::string field;
  MatchOp op = MatchOp::equals;
  std::string wanted;
  std::string found;  // JSON text; empty when absent
  Tri result = Tri::unknown;
};
/// Judges one fact row: a JSON object; dotted names reach nested members; an array satisfies an atom if an
/// item does.
/// @param unreadable_fields fields that could not be read: for them even exists and is_null are unknown.
/// @param reasons receives every atom that was not `yes`; may be null.
Tri judge(const Predicate& predicate, const Json& row, const std::vector<std::string>& unreadable_fields,
          std::vector<FactReason>* reasons);

}  // namespace phendau

// SPDX-License-Identifier: Apache-2.0
// The idea: an atom is judged once per distinct value of its column; the answers become a bitmap over rows.
// Absent rows never satisfy an atom. Facts are judged row by row in three values; they are few.
#include "model/predicate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/find_bytes.h"
#include "base/text.h"
#include "base/unicode.h"

namespace phendau {
namespace {

/// A number of a value. Whole ones are kept exactly: a double confuses neighbours beyond 2^53.
struct Number {
  double real = 0;
  std::optional<std::int64_t> whole;
};

std::optional<Number> number_of(std::string_view text) {
  text = trim(text);
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc() && read.ptr == end)
    return Number{static_cast<double>(whole), whole};
  double real = 0;
  const auto read = std::from_chars(text.data(), end, real);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(real)) return std::nullopt;
  return Number{real, std::nullopt};
}

std::string folded(const Pattern& pattern, std::string_view text) {
  if (pattern.accent_blind) return fold_accents(text);
  return pattern.cased ? std::string(text) : fold_case(text);
}

/// The start of a letter at or after `from`; before it cannot begin what stands behind a star, some `?` of
/// one to four bytes each and then the literal. npos if that is nowhere; `from` if no literal follows.
std::size_t find_behind_star(const std::vector<Pattern::GlobPart>& parts, std::size_t part,
                             std::string_view text, std::size_t from) {
  using Kind = Pattern::GlobPart::Kind;
  constexpr std::size_t kLetterBytesMax = 4;
  std::size_t letters = 0;
  for (; part < parts.size() && parts[part].kind == Kind::any_one; ++part) ++letters;
  if (text.size() - from < letters) return std::string_view::npos;
  if (part == parts.size() || parts[part].kind != Kind::literal) return from;
  const std::size_t found = find_bytes(text, parts[part].literal, from + letters);
  if (found == std::string_view::npos) return found;
  std::size_t at = std::max(from, found - std::min(found, letters * kLetterBytesMax));
  const auto inside_letter = [&] { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  for (std::size_t i = 1; letters > 0 && i < kLetterBytesMax && at > from && inside_letter(); ++i) --at;
  return at;
}

/// Greedy glob with backtracking to the last `*` only: O(text x parts).
bool glob_matches(const std::vector<Pattern::GlobPart>& parts, std::string_view text) {
  using Kind = Pattern::GlobPart::Kind;
  std::size_t part = 0;
  std::size_t at = 0;
  std::size_t star_part = std::string_view::npos;
  std::size_t star_at = 0;
  for (;;) {
    bool advanced = false;
    if (part < parts.size()) {
      const auto& wanted = parts[part];
      if (wanted.kind == Kind::any_many) {
        star_part = part++;
        if (part == parts.size()) return true;
        at = find_behind_star(parts, part, text, at);
        if (at == std::string_view::npos) return false;
        star_at = at;
        continue;
      }
      if (wanted.kind == Kind::literal && text.substr(at).starts_with(wanted.literal)) {
        at += wanted.literal.size();
        ++part;
        advanced = true;
      } else if (wanted.kind == Kind::any_one && at < text.size()) {
        at += std::max<std::size_t>(1, utf8_sequence_length(text, at));
        ++part;
        advanced = true;
      }
    } else if (at == text.size()) {
      return true;
    }
    if (advanced) continue;
    if (star_part == std::string_view::npos || star_at >= text.size()) return false;
    part = star_part + 1;
    star_at = find_behind_star(parts, part, text,
                               star_at + std::max<std::size_t>(1, utf8_sequence_length(text, star_at)));
    if (star_at == std::string_view::npos) return false;
    at = star_at;
  }
}

template <class T>
bool compare_values(MatchOp op, T value, T wanted) {
  switch (op) {
    case MatchOp::less:
      return value < wanted;
    case MatchOp::less_equal:
      return value <= wanted;
    case MatchOp::greater:
      return value > wanted;
    case MatchOp::greater_equal:
      return value >= wanted;
    default:
      return value == wanted;
  }
}

/// A whole number without sign; half of those of 64 bits are no int64_t.
std::optional<std::uint64_t> unsigned_of(std::string_view text) {
  text = trim(text);
  std::uint64_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return out;
}

bool compare_number(MatchOp op, const Pattern& pattern, std::string_view text) {
  const auto value = number_of(text);
  if (!value) return false;
  if (value->whole && pattern.whole) return compare_values(op, *value->whole, *pattern.whole);
  if (value->real == *pattern.number) {  // perhaps neighbours that a double confuses
    const auto exact = unsigned_of(text);
    const auto wanted = unsigned_of(pattern.value);
    if (exact && wanted) return compare_values(op, *exact, *wanted);
  }
  return compare_values(op, value->real, *pattern.number);
}

bool is_comparison(MatchOp op) {
  return op == MatchOp::less || op == MatchOp::less_equal || op == MatchOp::greater ||
         op == MatchOp::greater_equal;
}

}  // namespace

std::string_view to_string(MatchOp op) {
  constexpr std::string_view kNames[] = {"equals",
                                         "contains",
                                         "starts_with",
                                         "ends_with",
                                         "glob",
                                         "regex",
                                         "cidr",
                                         "less",
                                         "less_equal",
                                         "greater",
                                         "greater_equal",
                                         "exists",
                                         "is_null",
                                         "same_as_field",
                                         "contains_field",
                                         "starts_with_field",
                                         "ends_with_field",
                                         "time_part"};
  return kNames[static_cast<std::size_t>(op)];
}

bool is_field_reference(MatchOp op) {
  return op == MatchOp::same_as_field || op == MatchOp::contains_field || op == MatchOp::starts_with_field ||
         op == MatchOp::ends_with_field;
}

bool texts_relate(MatchOp op, std::string_view text, std::string_view other) {
  switch (op) {
    case MatchOp::contains_field:
      return text.find(other) != std::string_view::npos;
    case MatchOp::starts_with_field:
      return text.starts_with(other);
    case MatchOp::ends_with_field:
      return text.ends_with(other);
    default:
      return text == other;
  }
}

std::optional<std::vector<std::uint8_t>> parse_ip(std::string_view text) {
  if (text.size() > 256) return std::nullopt;  // the longest zone of an interface is far shorter
  const std::size_t zone = text.find(':') == std::string_view::npos ? std::string_view::npos : text.find('%');
  const std::string owned(text.substr(0, zone));
  if (owned.empty() || owned.size() > 45) return std::nullopt;
  std::vector<std::uint8_t> out(16);
  if (inet_pton(AF_INET6, owned.c_str(), out.data()) == 1) {
    constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (std::equal(std::begin(kMapped), std::end(kMapped), out.begin()))
      out.erase(out.begin(), out.begin() + 12);
    return out;
  }
  out.resize(4);
  if (inet_pton(AF_INET, owned.c_str(), out.data()) == 1) return out;
  return std::nullopt;
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return fail(ErrorCode::invalid, fmt::format("'{}' is not an IP network", text));
  Cidr out;
  out.address = *address;
  const auto bits_max = static_cast<int>(out.address.size() * 8);
  out.prefix_bits = bits_max;
  if (slash != std::string_view::npos) {
    // A mapped network (::ffff:10.0.0.0/104) counts the 96 bits before the IPv4 address too.
    const bool mapped = bits_max == 32 && text.substr(0, slash).find(':') != std::string_view::npos;
    const int hidden_bits = mapped ? 96 : 0;
    const auto bits = parse_int(text.substr(slash + 1));
    if (!bits || *bits < hidden_bits || *bits > hidden_bits + bits_max) {
      return fail(ErrorCode::invalid, fmt::format("'{}': the prefix length must be {} to {}", text,
                                                  hidden_bits, hidden_bits + bits_max));
    }
    out.prefix_bits = static_cast<int>(*bits) - hidden_bits;
  }
  return out;
}

namespace {

bool same_prefix(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b, int bits) {
  if (a.size() != b.size()) return false;
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const int mask = 0xFF << (8 - rest) & 0xFF;
  return (a[whole] & mask) == (b[whole] & mask);
}

}  // namespace

bool Cidr::contains(std::string_view address_text) const {
  const auto other = parse_ip(trim(address_text));
  return other && same_prefix(address, *other, prefix_bits);
}

bool Cidr::contains(const Cidr& other) const {
  return prefix_bits <= other.prefix_bits && same_prefix(address, other.address, prefix_bits);
}

Result<Pattern> make_pattern(MatchOp op, std::string_view value, bool cased) {
  Pattern pattern;
  pattern.op = op;
  pattern.cased = cased;
  pattern.value = value;
  if (op == MatchOp::equals || is_comparison(op)) {
    if (const auto number = number_of(value)) {
      pattern.number = number->real;
      pattern.whole = number->whole;
    } else if (op != MatchOp::equals) {
      return fail(ErrorCode::invalid, fmt::format("'{}' is not a number", value));
    }
  }
  switch (op) {
    case MatchOp::regex:
      pattern.regex = PHENDAU_TRY(Regex::compile(value, {.ignore_case = false}));
      break;
    case MatchOp::cidr:
      pattern.cidr = PHENDAU_TRY(Cidr::parse(value));
      break;
    default:
      break;
  }
  const bool is_text = op == MatchOp::equals || op == MatchOp::contains || op == MatchOp::starts_with ||
                       op == MatchOp::ends_with;
  if (is_text && !cased) pattern.value = fold_case(value);
  return pattern;
}

Result<Pattern> make_time_pattern(TimePart part, MatchOp op, std::string_view value) {
  const auto number = number_of(value);
  const TimePartRange range = range_of(part);
  if (!number || !number->whole || *number->whole < range.least || *number->whole > range.most) {
    return fail(ErrorCode::invalid, fmt::format("'{}' is not a whole number of {} to {}, as '{}' needs",
                                                value, range.least, range.most, to_string(part)));
  }
  Pattern pattern;
  pattern.op = MatchOp::time_part;
  pattern.value = fmt::format("{} {} {}", to_string(part), to_string(op), *number->whole);
  pattern.number = number->real;
  pattern.whole = number->whole;
  pattern.time_part = part;
  pattern.time_op = op;
  return pattern;
}

bool matches(const Pattern& pattern, std::string_view text, ValueKind kind) {
  if (kind == ValueKind::null) return false;
  switch (pattern.op) {
    case MatchOp::equals:
      if (pattern.number && (kind == ValueKind::integer || kind == ValueKind::real)) {
        return compare_number(MatchOp::equals, pattern, text);
      }
      return folded(pattern, text) == pattern.value;
    case MatchOp::contains:
      return folded(pattern, text).find(pattern.value) != std::string::npos;
    case MatchOp::starts_with:
      return folded(pattern, text).starts_with(pattern.value);
    case MatchOp::ends_with:
      return folded(pattern, text).ends_with(pattern.value);
    case MatchOp::glob:
      return glob_matches(pattern.glob, folded(pattern, text));
    case MatchOp::regex:
      return pattern.regex->search(text);
    case MatchOp::cidr:
      return pattern.cidr->contains(text);
    case MatchOp::less:
    case MatchOp::less_equal:
    case MatchOp::greater:
    case MatchOp::greater_equal:
      return compare_number(pattern.op, pattern, text);
    case MatchOp::time_part: {
      const auto part = time_part_of(pattern.time_part, text);
      return part && compare_values(pattern.time_op, std::int64_t{*part}, *pattern.whole);
    }
    case MatchOp::exists:
    case MatchOp::is_null:
    case MatchOp::same_as_field:
    case MatchOp::contains_field:
    case MatchOp::starts_with_field:
    case MatchOp::ends_with_field:
      break;
  }
  return false;
}

PredicatePtr Predicate::always(bool value) {
  auto out = std::make_shared<Predicate>();
  out->constant = value;
  return out;
}
PredicatePtr Predicate::atom(std::string field, Pattern pattern) {
  auto out = std::make_shared<Predicate>();
  out->kind = Kind::atom;
  out->field = std::move(field);
  out->pattern = std::move(pattern);
  return out;
}
PredicatePtr Predicate::all_of(std::vector<PredicatePtr> children) {
  if (children.empty()) return always(true);
  if (children.size() == 1) return children.front();
  auto out = std::make_shared<Predicate>();
  out->kind = Kind::all_of;
  out->children = std::move(children);
  return out;
}
PredicatePtr Predicate::any_of(std::vector<PredicatePtr> children) {
  if (children.empty()) return always(false);
  if (children.size() == 1) return children.front();
  auto out = std::make_shared<Predicate>();
  out->kind = Kind::any_of;
  out->children = std::move(children);
  return out;
}
PredicatePtr Predicate::negation(PredicatePtr child) {
  auto out = std::make_shared<Predicate>();
  out->kind = Kind::negation;
  out->children = {std::move(child)};
  return out;
}

void collect_fields(const Predicate& predicate, std::vector<std::string>& fields, bool& keywords) {
  if (predicate.kind == Predicate::Kind::atom) {
    if (predicate.field.empty())
      keywords = true;
    else if (std::find(fields.begin(), fields.end(), predicate.field) == fields.end())
      fields.push_back(predicate.field);
  }
  for (const auto& child : predicate.children) collect_fields(*child, fields, keywords);
}

namespace {

/// Asks the caller's `stop` once per kStopTexts texts or kStopBytes bytes judged.
class StopClock {
 public:
  explicit StopClock(const std::function<bool()>* stop) : stop_(stop) {}
  /// True once the caller said stop.
  bool judged(std::string_view text) {
    if (stop_ == nullptr || stopped_) return stopped_;
    bytes_ += text.size();
    if (++texts_ < kStopTexts && bytes_ < kStopBytes) return false;
    texts_ = 0;
    bytes_ = 0;
    stopped_ = (*stop_)();
    return stopped_;
  }
  bool stopped() const { return stopped_; }

 private:
  static constexpr std::size_t kStopTexts = 256;
  static constexpr std::size_t kStopBytes = 64u << 10;
  const std::function<bool()>* stop_;
  std::size_t texts_ = 0;
  std::size_t bytes_ = 0;
  bool stopped_ = false;
};

/// Rows of `column` that hold a value with answer[id] set.
void mark_rows(const Column& column, const std::vector<bool>& answer, RowSet& out) {
  for (std::uint32_t row = 0; row < column.ids.size(); ++row) {
    if (column.ids[row] != kAbsent && answer[column.ids[row]]) out.insert(row);
  }
  for (const auto& more : column.more) {
    if (answer[more.id]) out.insert(more.row);
  }
}

void mark_matches(const Column& column, const Pattern& pattern, StopClock& clock, RowSet& out) {
  std::vector<bool> answer(column.values.size());
  bool any = false;
  for (ValueId id = 0; id < column.values.size(); ++id) {
    if (clock.judged(column.values.text(id))) return;
    answer[id] = matches(pattern, column.values.text(id), column.values.kind(id));
    any = any || answer[id];
  }
  if (any) mark_rows(column, answer, out);
}

RowSet select_presence(const Predicate& atom, const Batch& batch) {
  const Column* column = batch.column(atom.field);
  RowSet out(batch.rows());
  if (atom.pattern.op == MatchOp::exists) {
    for (std::uint32_t row = 0; column != nullptr && row < batch.rows(); ++row) {
      if (column->has(row)) out.insert(row);
    }
    if (atom.pattern.value == "false") out.invert();
    return out;
  }
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    const bool present =
        column != nullptr && column->has(row) && column->values.kind(column->ids[row]) != ValueKind::null;
    if (!present) out.insert(row);
  }
  return out;
}

/// The texts of a column as a field reference compares them, each folded once.
class FoldedValues {
 public:
  FoldedValues(const Column& column, bool cased) : column_(column), cased_(cased) {
    if (!cased) texts_.resize(column.values.size());
  }
  /// Null equals nothing, also not another null.
  bool usable(std::uint32_t row) const {
    return column_.has(row) && column_.values.kind(column_.ids[row]) != ValueKind::null;
  }
  std::string_view text(std::uint32_t row) {
    if (cased_) return column_.text(row);
    auto& folded = texts_[column_.ids[row]];
    if (!folded) folded = fold_case(column_.text(row));
    return *folded;
  }

 private:
  const Column& column_;
  bool cased_;
  std::vector<std::optional<std::string>> texts_;
};

RowSet select_field_reference(const Predicate& atom, const Batch& batch) {
  RowSet out(batch.rows());
  const Column* left = batch.column(atom.field);
  const Column* right = batch.column(atom.pattern.value);
  if (left == nullptr || right == nullptr) return out;
  FoldedValues mine(*left, atom.pattern.cased);
  FoldedValues others(*right, atom.pattern.cased);
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    if (mine.usable(row) && others.usable(row) &&
        texts_relate(atom.pattern.op, mine.text(row), others.text(row))) {
      out.insert(row);
    }
  }
  return out;
}

RowSet select_atom(const Predicate& atom, const Batch& batch, bool with_raw, StopClock& clock) {
  if (atom.pattern.op == MatchOp::exists || atom.pattern.op == MatchOp::is_null)
    return select_presence(atom, batch);
  if (is_field_reference(atom.pattern.op)) return select_field_reference(atom, batch);
  RowSet out(batch.rows());
  if (!atom.field.empty()) {
    if (const Column* column = batch.column(atom.field)) mark_matches(*column, atom.pattern, clock, out);
    return out;
  }
  for (const auto& column : batch.columns()) {
    if (is_keyword_column(column.name)) mark_matches(column, atom.pattern, clock, out);
  }
  if (with_raw) {
    for (std::uint32_t row = 0; row < batch.rows(); ++row) {
      if (clock.judged(batch.raw(row))) break;
      if (!out.contains(row) && matches(atom.pattern, batch.raw(row), ValueKind::text)) out.insert(row);
    }
  }
  return out;
}

/// When the clock stopped, the rows mean nothing.
RowSet select_node(const Predicate& predicate, const Batch& batch, bool with_raw, StopClock& clock) {
  switch (predicate.kind) {
    case Predicate::Kind::constant:
      return RowSet(batch.rows(), predicate.constant);
    case Predicate::Kind::atom:
      return select_atom(predicate, batch, with_raw, clock);
    case Predicate::Kind::negation: {
      RowSet out = select_node(*predicate.children.front(), batch, with_raw, clock);
      out.invert();
      return out;
    }
    case Predicate::Kind::all_of: {
      RowSet out(batch.rows(), true);
      for (const auto& child : predicate.children) {
        if (out.empty() || clock.stopped()) break;
        out &= select_node(*child, batch, with_raw, clock);
      }
      return out;
    }
    case Predicate::Kind::any_of: {
      RowSet out(batch.rows());
      for (const auto& child : predicate.children) {
        if (clock.stopped()) break;
        out |= select_node(*child, batch, with_raw, clock);
      }
      return out;
    }
  }
  return RowSet(batch.rows());
}

}  // namespace

bool is_keyword_column(std::string_view name) {
  return name != kSourceColumn && name != kAgencyColumn && name != kLogsourceColumn &&
         name != kParseErrorColumn;
}

RowSet select(const Predicate& predicate, const Batch& batch, bool with_raw) {
  StopClock clock(nullptr);
  return select_node(predicate, batch, with_raw, clock);
}

std::optional<RowSet> select_until(const Predicate& predicate, const Batch& batch, bool with_raw,
                                   const std::function<bool()>& stop) {
  StopClock clock(&stop);
  RowSet out = select_node(predicate, batch, with_raw, clock);
  if (clock.stopped()) return std::nullopt;
  return out;
}

namespace {

ValueKind kind_of(const Json& value) {
  if (value.is_null()) return ValueKind::null;
  if (value.is_bool()) return ValueKind::boolean;
  if (value.is_int()) return ValueKind::integer;
  if (value.is_number()) return ValueKind::real;
  return ValueKind::text;
}

bool value_matches(const Pattern& pattern, const Json& value) {
  if (value.is_array()) {
    return std::any_of(value.items().begin(), value.items().end(),
                       [&](const Json& item) { return value_matches(pattern, item); });
  }
  const std::string text = value.is_string() ? value.as_string() : value.dump();
  return matches(pattern, text, kind_of(value));
}

Tri judge_atom(const Predicate& atom, const Json& row, const std::vector<std::string>& unreadable_fields) {
  const auto unreadable = [&](const std::string& name) {
    return std::find(unreadable_fields.begin(), unreadable_fields.end(), name) != unreadable_fields.end();
  };
  if (unreadable(atom.field)) return Tri::unknown;
  const Json& direct = row[atom.field];
  const Json& value = row.contains(atom.field) ? direct : row.at_path(atom.field);
  const bool present = row.contains(atom.field) || !value.is_null();
  if (atom.pattern.op == MatchOp::exists)
    return present == (atom.pattern.value != "false") ? Tri::yes : Tri::no;
  if (atom.pattern.op == MatchOp::is_null) return value.is_null() ? Tri::yes : Tri::no;
  if (!present || value.is_null()) return Tri::unknown;
  if (is_field_reference(atom.pattern.op)) {
    if (unreadable(atom.pattern.value) || !row.contains(atom.pattern.value)) return Tri::unknown;
    const Json& other = row[atom.pattern.value];
    if (atom.pattern.op == MatchOp::same_as_field) return value == other ? Tri::yes : Tri::no;
    const auto text = [&](const Json& one) {
      return folded(atom.pattern, one.is_string() ? one.as_string() : one.dump());
    };
    return texts_relate(atom.pattern.op, text(value), text(other)) ? Tri::yes : Tri::no;
  }
  return value_matches(atom.pattern, value) ? Tri::yes : Tri::no;
}

}  // namespace

Tri judge(const Predicate& predicate, const Json& row, const std::vector<std::string>& unreadable_fields,
          std::vector<FactReason>* reasons) {
  switch (predicate.kind) {
    case Predicate::Kind::constant:
      return predicate.constant ? Tri::yes : Tri::no;
    case Predicate::Kind::negation:
      return tri_not(judge(*predicate.children.front(), row, unreadable_fields, reasons));
    case Predicate::Kind::all_of: {
      Tri out = Tri::yes;
      for (const auto& child : predicate.children)
        out = tri_and(out, judge(*child, row, unreadable_fields, reasons));
      return out;
    }
    case Predicate::Kind::any_of: {
      Tri out = Tri::no;
      for (const auto& child : predicate.children)
        out = tri_or(out, judge(*child, row, unreadable_fields, reasons));
      return out;
    }
    case Predicate::Kind::atom:
      break;
  }
  const Tri out = judge_atom(predicate, row, unreadable_fields);
  if (out != Tri::yes && reasons != nullptr) {
    const Json& value = row.contains(predicate.field) ? row[predicate.field] : row.at_path(predicate.field);
    reasons->push_back({predicate.field, predicate.pattern.op, predicate.pattern.value,
                        value.is_null() ? std::string() : value.dump(), out});
  }
  return out;
}

}  // namespace phendau

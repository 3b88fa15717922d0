// SPDX-License-Identifier: Apache-2.0
// The idea: most rules ask for one of a few values of the same field (the event's number on Windows). By that
// field and by log source the rules fall into groups, each with the fields and keywords that it reads.
#include "detect/plan_projection.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "detect/keyword_sieve.h"
#include "detect/plan_layout.h"
#include "detect/regex_literal.h"

namespace phendau::detect {
namespace {

/// Letters beyond ASCII that fold_case() turns into letters of ASCII: a keyword may be written with them.
constexpr std::string_view kLettersThatBecomeAscii[] = {"\xC5\xBF", "\xE2\x84\xAA"};  // long s, Kelvin

/// Bytes that every writing of a text in JSON has, whatever it escapes, and that normalising makes of nothing
/// else.
bool stands_as_written(char c) {
  return c >= ' ' && c < '\x7F' && c != '"' && c != '\\' && c != '/' && c != ';' && c != '`';
}

/// Numbers are written in other ways than values of a batch have them.
bool may_be_of_number(std::string_view text) {
  return text.find_first_not_of("0123456789+-.einfa") == text.npos;
}

/// The longest piece of the folded text that stands in the JSON of every value that has it; empty if none is
/// long enough to be looked for.
std::string_view written_piece(std::string_view folded) {
  std::string_view best;
  for (std::size_t at = 0; at < folded.size();) {
    if (!stands_as_written(folded[at])) {
      ++at;
      continue;
    }
    const auto* const end = std::find_if_not(folded.begin() + at, folded.end(), stands_as_written);
    const std::string_view piece(folded.data() + at, static_cast<std::size_t>(end - (folded.begin() + at)));
    if (piece.size() > best.size() && !may_be_of_number(piece)) best = piece;
    at += piece.size();
  }
  return best.size() < KeywordSieve::kLiteralBytesMin ? std::string_view() : best;
}

/// What a value has that the pattern holds for; empty if nothing is known.
std::string word_of(const Pattern& pattern) {
  std::string text;
  switch (pattern.op) {
    case MatchOp::equals:
    case MatchOp::contains:
    case MatchOp::starts_with:
    case MatchOp::ends_with:
      text = pattern.value;
      break;
    case MatchOp::regex:
      text = required_literal(pattern.value);
      break;
    case MatchOp::glob:
      for (const auto& part : pattern.glob) {
        if (part.literal.size() > text.size()) text = part.literal;
      }
      break;
    default:
      return {};
  }
  if (pattern.accent_blind) return {};
  const std::string small = to_lower_ascii(text);
  return std::string(written_piece(small));
}

struct FieldsAndWords {
  std::set<std::string, std::less<>> fields;
  std::vector<AtomId> keywords;
};

void collect(const PlanLayout& layout, NodeId id, FieldsAndWords& out) {
  const PlanNode& node = layout.nodes[id];
  if (node.kind == Predicate::Kind::atom) {
    const Predicate& atom = *layout.atoms[node.atom].predicate;
    if (atom.field.empty())
      out.keywords.push_back(node.atom);
    else
      out.fields.insert(atom.field);
    if (is_field_reference(atom.pattern.op)) out.fields.insert(atom.pattern.value);
  }
  for (const NodeId child : node.children) collect(layout, child, out);
}

/// Atoms of the field of which one must hold for the node to hold; none: it may hold without.
std::vector<AtomId> required(const PlanLayout& layout, NodeId id, std::string_view field) {
  const PlanNode& node = layout.nodes[id];
  std::vector<AtomId> out;
  switch (node.kind) {
    case Predicate::Kind::atom:
      if (layout.atoms[node.atom].method == AtomMethod::exact &&
          layout.atoms[node.atom].predicate->field == field)
        out.push_back(node.atom);
      break;
    case Predicate::Kind::all_of:
      for (const NodeId child : node.children) {
        out = required(layout, child, field);
        if (!out.empty()) break;
      }
      break;
    case Predicate::Kind::any_of:
      for (const NodeId child : node.children) {
        const auto of_child = required(layout, child, field);
        if (of_child.empty()) return {};
        out.insert(out.end(), of_child.begin(), of_child.end());
      }
      break;
    case Predicate::Kind::constant:
    case Predicate::Kind::negation:
      break;
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// Fields of which a rule needs one of some exact values, wherever it stands.
void count_exact_fields(const PlanLayout& layout, NodeId id, std::set<std::string_view>& out) {
  const PlanNode& node = layout.nodes[id];
  if (node.kind == Predicate::Kind::atom && layout.atoms[node.atom].method == AtomMethod::exact)
    out.insert(layout.atoms[node.atom].predicate->field);
  if (node.kind != Predicate::Kind::all_of && node.kind != Predicate::Kind::any_of) return;
  for (const NodeId child : node.children) count_exact_fields(layout, child, out);
}

std::string most_required_field(const PlanLayout& layout) {
  std::map<std::string_view, std::size_t> counts;
  for (const auto& variant : layout.variants) {
    std::set<std::string_view> fields;
    count_exact_fields(layout, variant.root, fields);
    for (const std::string_view field : fields) {
      if (!field.empty() && !required(layout, variant.root, field).empty()) ++counts[field];
    }
  }
  const auto most = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == counts.end() ? std::string() : std::string(most->first);
}

class PlanAudience final : public Audience {
 public:
  PlanAudience(std::set<std::string, std::less<>> fields, KeywordSieve sieve, bool any_may_be_keyword)
      : fields_(std::move(fields)), sieve_(std::move(sieve)), any_may_be_keyword_(any_may_be_keyword) {}

  bool reads(std::string_view field) const override {
    if (fields_.contains(field)) return true;
    const std::string inside = std::string(field) + ".";
    const auto next = fields_.lower_bound(inside);
    return next != fields_.end() && next->starts_with(inside);
  }
  bool may_hold_keyword(std::string_view json) const override {
    return any_may_be_keyword_ || sieve_.finds(json);
  }

 private:
  std::set<std::string, std::less<>> fields_;
  KeywordSieve sieve_;
  bool any_may_be_keyword_;
};

}  // namespace

struct PlanProjection::Reading {
  /// Variants that see the same log sources and need one of the same values of the kind field.
  struct Group {
    std::uint32_t cover_set = 0;
    std::vector<AtomId> kinds;  // none: whatever the kind
    FieldsAndWords reads;
  };
  Plan plan;
  std::string kind_field;
  std::vector<Group> groups;
  std::set<std::string, std::less<>> of_correlations;
};

PlanProjection::PlanProjection(const Plan& plan, const std::vector<CorrelationRule>& correlations) {
  auto reading = std::make_unique<Reading>();
  reading->plan = plan;
  const PlanLayout& layout = reading->plan.layout();
  reading->kind_field = most_required_field(layout);
  std::map<std::pair<std::uint32_t, std::vector<AtomId>>, FieldsAndWords> groups;
  for (const auto& variant : layout.variants) {
    auto kinds = required(layout, variant.root, reading->kind_field);
    collect(layout, variant.root, groups[{variant.cover_set, std::move(kinds)}]);
  }
  for (auto& [key, reads] : groups) {
    auto& words = reads.keywords;
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    reading->groups.push_back({key.first, key.second, std::move(reads)});
  }
  const auto add = [&](const std::string& field) {
    reading->of_correlations.insert(field);
    for (const auto& renamed : layout.renamings) {
      if (const auto found = renamed.find(field); found != renamed.end())
        reading->of_correlations.insert(found->second);
    }
  };
  for (const auto& rule : correlations) {
    for (const auto& field : rule.group_by) add(field);
    for (const auto& field : rule.fields) add(field);
    for (const auto& alias : rule.aliases) {
      for (const auto& field : alias.fields) add(field.field);
    }
  }
  reading_ = std::move(reading);
}

PlanProjection::~PlanProjection() = default;

const std::string& PlanProjection::kind_field() const { return reading_->kind_field; }

std::unique_ptr<const Audience> PlanProjection::audience_of(std::string_view logsource,
                                                            const Kind* kind) const {
  const PlanLayout& layout = reading_->plan.layout();
  const std::vector<bool> seen = seen_by(layout, logsource);
  std::set<std::string, std::less<>> fields = reading_->of_correlations;
  std::set<std::string> words;
  bool any_may_be_keyword = false;
  for (const auto& group : reading_->groups) {
    const bool is_kind = group.kinds.empty() || kind == nullptr ||
                         std::any_of(group.kinds.begin(), group.kinds.end(), [&](AtomId atom) {
                           return matches(layout.atoms[atom].predicate->pattern, kind->text, kind->kind);
                         });
    if (!seen[group.cover_set] || !is_kind) continue;
    fields.insert(group.reads.fields.begin(), group.reads.fields.end());
    for (const AtomId atom : group.reads.keywords) {
      std::string word = word_of(layout.atoms[atom].predicate->pattern);
      any_may_be_keyword = any_may_be_keyword || word.empty();
      words.insert(std::move(word));
    }
  }
  if (any_may_be_keyword) words.clear();
  if (!words.empty()) words.insert(std::begin(kLettersThatBecomeAscii), std::end(kLettersThatBecomeAscii));
  return std::make_unique<PlanAudience>(std::move(fields),
                                        KeywordSieve(std::vector<std::string>(words.begin(), words.end())),
                                        any_may_be_keyword);
}

}  // namespace phendau::detect

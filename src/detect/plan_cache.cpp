// SPDX-License-Identifier: Apache-2.0
// The idea: SavedForm says once, for writing and reading, which members each struct has. The writer appends
// them; the reader takes them with every length checked, then shapes and indexes are checked that the
// matcher relies on. What can be made again quickly (fields, hashes, regexes) is not kept.
// Form: magic with the layout's version, the rule set, the automata by field and slice, XXH3 of all before.
#include "detect/plan_cache.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "base/hash.h"
#include "detect/plan_layout.h"

namespace phendau::detect {

/// A new member of a struct is a new name here, and a new version in kRuleSetMagic.
struct SavedForm {
  template <class A, class T>
  using Of = std::conditional_t<A::kReads, T&, const T&>;

  // Of rules.
  template <class A>
  static void describe(A& a, Of<A, Place> it) {
    a(it.line, it.column);
  }
  template <class A>
  static void describe(A& a, Of<A, ContentError> it) {
    a(it.file, it.line, it.column, it.reason);
  }
  template <class A>
  static void describe(A& a, Of<A, LogSource> it) {
    a(it.product, it.category, it.service);
  }
  template <class A>
  static void describe(A& a, Of<A, SigmaValue> it) {
    a(it.kind, it.text, it.place);
  }
  template <class A>
  static void describe(A& a, Of<A, FieldItem> it) {
    a(it.field, it.modifiers, it.values, it.place);
  }
  template <class A>
  static void describe(A& a, Of<A, Selection> it) {
    a(it.kind, it.item, it.children);
  }
  template <class A>
  static void describe(A& a, Of<A, ConditionNode> it) {
    a(it.kind, it.name, it.children);
    if constexpr (A::kReads) {
      if (it.kind == ConditionNode::Kind::not_ && it.children.size() != 1) a.refuse();
    }
  }
  template <class A>
  static void describe(A& a, Of<A, RuleMeta> it) {
    a(it.file, it.place, it.title, it.id, it.name, it.status, it.level, it.description, it.author, it.tags,
      it.falsepositives, it.references, it.related, it.title_vi, it.description_vi, it.features, it.clauses,
      it.entity, it.window.ns);
  }
  template <class A>
  static void describe(A& a, Of<A, Rule> it) {
    describe(a, static_cast<Of<A, RuleMeta>>(it));
    a(it.logsource, it.selections, it.conditions, it.condition_texts, it.condition_place, it.quantifier);
  }
  template <class A>
  static void describe(A& a, Of<A, CorrelationCondition> it) {
    a(it.gt, it.gte, it.lt, it.lte, it.eq, it.neq);
  }
  template <class A>
  static void describe(A& a, Of<A, CorrelationRule::AliasField> it) {
    a(it.rule, it.field, it.place);
  }
  template <class A>
  static void describe(A& a, Of<A, CorrelationRule::Alias> it) {
    a(it.name, it.fields);
  }
  template <class A>
  static void describe(A& a, Of<A, CorrelationRule> it) {
    describe(a, static_cast<Of<A, RuleMeta>>(it));
    a(it.type, it.rules, it.rule_places, it.group_by, it.timespan.ns, it.condition, it.fields, it.percentile,
      it.aliases, it.generate);
    if constexpr (A::kReads) {
      if (!is_sound(it)) a.refuse();
    }
  }

  // Of what they were compiled to.
  template <class A>
  static void describe(A& a, Of<A, Pattern::GlobPart> it) {
    a(it.kind, it.literal);
  }
  template <class A>
  static void describe(A& a, Of<A, Pattern> it) {
    a(it.op, it.value, it.cased, it.accent_blind, it.glob, it.number, it.whole, it.time_part, it.time_op);
    if constexpr (A::kReads) {
      if (!complete(it)) a.refuse();
    }
  }
  template <class A>
  static void describe(A& a, Of<A, Predicate> it) {
    a(it.kind, it.constant, it.field, it.pattern, it.children);
    if constexpr (A::kReads) {
      const bool one = it.kind != Predicate::Kind::negation || it.children.size() == 1;
      if (!one || std::find(it.children.begin(), it.children.end(), nullptr) != it.children.end()) a.refuse();
    }
  }
  template <class A>
  static void describe(A& a, Of<A, PredicatePtr> it) {
    if constexpr (A::kReads) {
      bool given = false;
      a(given);
      if (!given) return;
      auto made = std::make_shared<Predicate>();
      a(*made);
      it = std::move(made);
    } else {
      a(it != nullptr);
      if (it != nullptr) a(*it);
    }
  }
  template <class A>
  static void describe(A& a, Of<A, PlanAtom> it) {
    a(it.predicate);
    if constexpr (A::kReads) {
      if (it.predicate == nullptr || it.predicate->kind != Predicate::Kind::atom) return a.refuse();
      it = plan_atom(std::move(it.predicate));
    }
  }
  template <class A>
  static void describe(A& a, Of<A, PlanNode> it) {
    a(it.kind, it.constant, it.atom, it.children);
  }
  template <class A>
  static void describe(A& a, Of<A, PlanVariant> it) {
    a(it.rule, it.cover_set, it.root, it.renaming);
  }
  template <class A>
  static void describe(A& a, Of<A, PlanLayout> it) {
    a(it.rules, it.rejected, it.without_source, it.atoms, it.nodes, it.variants, it.cover_sets, it.renamings,
      it.atom_variants, it.always);
  }
  template <class A>
  static void describe(A& a, Of<A, SourceRoute> it) {
    a(it.covers, it.conditions, it.fields);
  }
  template <class A>
  static void describe(A& a, Of<A, SourceMap::Entry> it) {
    a(it.logsource, it.route);
  }
  template <class A>
  static void describe(A& a, Of<A, SourceMap::NotCovered> it) {
    a(it.logsource, it.vi, it.en);
  }
  template <class A>
  static void describe(A& a, Of<A, ChannelSource> it) {
    a(it.channel, it.logsource);
  }
  template <class A>
  static void describe(A& a, Of<A, SourceMap> it) {
    a(it.entries_, it.channels_, it.not_covered_);
  }
  /// But for the plan.
  template <class A>
  static void describe(A& a, Of<A, RuleSet> it) {
    a(it.sources, it.correlations, it.broken_correlations, it.rejected, it.rules_rejected, it.warnings,
      it.fact_rule_files);
  }

  static Plan plan_of(std::shared_ptr<const PlanLayout> layout) {
    Plan out;
    out.layout_ = std::move(layout);
    return out;
  }

  /// What rule.cpp promises to the Correlator.
  static bool is_sound(const CorrelationRule& rule) {
    const bool counts_values = rule.type >= CorrelationType::value_sum ||  //
                               rule.type == CorrelationType::value_count;
    return rule.timespan >= Duration{0} && rule.timespan <= days(366 * 100) && !rule.rules.empty() &&
           rule.group_by.size() <= kGroupFieldsMax && rule.fields.size() <= kGroupFieldsMax &&
           !(counts_values && rule.fields.empty()) && rule.percentile >= 0 && rule.percentile <= 100;
  }

  /// Makes what is not kept; false if matches() would miss something.
  static bool complete(Pattern& pattern) {
    switch (pattern.op) {
      case MatchOp::regex:
      case MatchOp::cidr: {
        auto made = make_pattern(pattern.op, pattern.value, pattern.cased);
        if (!made) return false;
        pattern.regex = std::move(made->regex);
        pattern.cidr = std::move(made->cidr);
        return true;
      }
      case MatchOp::less:
      case MatchOp::less_equal:
      case MatchOp::greater:
      case MatchOp::greater_equal:
        return pattern.number.has_value();
      case MatchOp::time_part:
        return pattern.whole.has_value();
      default:
        return true;
    }
  }
};

namespace {

constexpr std::string_view kRuleSetMagic = "PDRULES6";
constexpr std::size_t kSumBytes = 8;
constexpr int kSavedDepthMax = 400;  // conditions are 64 deep, with up to three nodes each

constexpr auto last_of(ValueKind) { return ValueKind::null; }
constexpr auto last_of(Selection::Kind) { return Selection::Kind::any_of; }
constexpr auto last_of(ConditionNode::Kind) { return ConditionNode::Kind::not_; }
constexpr auto last_of(Quantifier) { return Quantifier::every; }
constexpr auto last_of(CorrelationType) { return CorrelationType::value_median; }
constexpr auto last_of(MatchOp) { return MatchOp::time_part; }
constexpr auto last_of(TimePart) { return TimePart::year; }
constexpr auto last_of(Pattern::GlobPart::Kind) { return Pattern::GlobPart::Kind::any_many; }
constexpr auto last_of(Predicate::Kind) { return Predicate::Kind::negation; }

class RuleSetWriter {
 public:
  static constexpr bool kReads = false;
  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  std::string bytes;

 private:
  void raw(const void* from, std::size_t size) {
    if (size > 0) bytes.append(static_cast<const char*>(from), size);
  }
  template <class T>
  void put(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>)
      raw(&value, sizeof value);
    else
      SavedForm::describe(*this, value);
  }
  void count(std::size_t size) { put(static_cast<std::uint32_t>(size)); }
  void put(const std::string& text) {
    count(text.size());
    bytes += text;
  }
  template <class T>
  void put(const std::vector<T>& list) {
    count(list.size());
    if constexpr (std::is_arithmetic_v<T>) {
      raw(list.data(), list.size() * sizeof(T));
    } else {
      for (const auto& one : list) put(one);
    }
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& pair) {
    put(pair.first);
    put(pair.second);
  }
  template <class K, class V>
  void put(const std::map<K, V>& map) {
    count(map.size());
    for (const auto& one : map) put(one);
  }
};

/// After a refusal everything reads as empty.
class RuleSetReader {
 public:
  static constexpr bool kReads = true;
  explicit RuleSetReader(std::string_view bytes) : left_(bytes) {}
  template <class... T>
  void operator()(T&... values) {
    (put(values), ...);
  }
  void refuse() {
    refused_ = true;
    left_ = {};
  }
  bool refused() const { return refused_; }
  bool at_end() const { return left_.empty(); }

 private:
  void raw(void* to, std::size_t size) {
    if (size > left_.size()) return refuse();
    if (size > 0) std::memcpy(to, left_.data(), size);
    left_.remove_prefix(size);
  }
  /// Everything takes at least one byte.
  std::uint32_t count() {
    std::uint32_t out = 0;
    raw(&out, sizeof out);
    if (out <= left_.size()) return out;
    refuse();
    return 0;
  }
  template <class T>
  void put(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      raw(&byte, sizeof byte);
      if (byte > 1) return refuse();
      value = byte == 1;
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number = 0;
      raw(&number, sizeof number);
      if (number > static_cast<std::underlying_type_t<T>>(last_of(T()))) return refuse();
      value = static_cast<T>(number);
    } else if constexpr (std::is_arithmetic_v<T>) {
      raw(&value, sizeof value);
    } else {
      if (depth_ >= kSavedDepthMax) return refuse();
      ++depth_;
      SavedForm::describe(*this, value);
      --depth_;
    }
  }
  void put(std::string_view& view) {
    const std::uint32_t size = count();
    view = left_.substr(0, size);
    left_.remove_prefix(size);
  }
  void put(std::string& text) {
    std::string_view view;
    put(view);
    text = view;
  }
  template <class T>
  void put(std::vector<T>& list) {
    const std::uint32_t size = count();
    if constexpr (std::is_arithmetic_v<T>) {
      if (size > left_.size() / sizeof(T)) return refuse();
      list.resize(size);
      raw(list.data(), size * sizeof(T));
    } else {
      // A made up count must not take more memory than its bytes.
      list.reserve(std::min<std::size_t>(size, left_.size() / sizeof(T)));
      for (std::uint32_t i = 0; i < size && !refused_; ++i) put(list.emplace_back());
    }
  }
  template <class T>
  void put(std::optional<T>& value) {
    bool given = false;
    put(given);
    if (given) put(value.emplace());
  }
  template <class A, class B>
  void put(std::pair<A, B>& pair) {
    put(pair.first);
    put(pair.second);
  }
  template <class K, class V>
  void put(std::map<K, V>& map) {
    const std::uint32_t size = count();
    for (std::uint32_t i = 0; i < size && !refused_; ++i) {
      std::pair<K, V> one;
      put(one);
      map.insert(std::move(one));
    }
  }

  std::string_view left_;
  int depth_ = 0;
  bool refused_ = false;
};

bool all_below(const std::vector<std::uint32_t>& indexes, std::size_t end) {
  return std::all_of(indexes.begin(), indexes.end(), [&](std::uint32_t index) { return index < end; });
}

/// Trees, not too deep: children before their parent, each with one parent.
bool are_trees(const std::vector<PlanNode>& nodes, std::size_t atoms) {
  std::vector<int> depths(nodes.size(), 1);
  std::vector<bool> has_parent(nodes.size());
  for (NodeId id = 0; id < nodes.size(); ++id) {
    const PlanNode& node = nodes[id];
    const bool leaf = node.kind == Predicate::Kind::atom || node.kind == Predicate::Kind::constant;
    if (leaf && !node.children.empty()) return false;
    if (node.kind == Predicate::Kind::atom && node.atom >= atoms) return false;
    if (node.kind == Predicate::Kind::negation && node.children.size() != 1) return false;
    for (const NodeId child : node.children) {
      if (child >= id || has_parent[child]) return false;
      has_parent[child] = true;
      depths[id] = std::max(depths[id], depths[child] + 1);
    }
    if (depths[id] > kSavedDepthMax) return false;
  }
  return true;
}

/// What the matcher relies on without asking.
bool is_sound_plan(const PlanLayout& plan) {
  const auto in_range = [&](const PlanVariant& variant) {
    return variant.rule < plan.rules.size() && variant.cover_set < plan.cover_sets.size() &&
           variant.root < plan.nodes.size() && variant.renaming < plan.renamings.size();
  };
  const auto by_rule = [](const PlanVariant& a, const PlanVariant& b) { return a.rule < b.rule; };
  const auto below_variants = [&](const auto& list) { return all_below(list, plan.variants.size()); };
  return all_below(plan.without_source, plan.rules.size()) && are_trees(plan.nodes, plan.atoms.size()) &&
         std::all_of(plan.variants.begin(), plan.variants.end(), in_range) &&
         std::is_sorted(plan.variants.begin(), plan.variants.end(), by_rule) &&
         plan.atom_variants.size() == plan.atoms.size() && below_variants(plan.always) &&
         std::all_of(plan.atom_variants.begin(), plan.atom_variants.end(), below_variants);
}

void append_sum(std::string& bytes) {
  const std::uint64_t sum = hash64(bytes);
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
}

}  // namespace

std::string rule_set_version() { return std::string(kRuleSetMagic) + " " + MultiPattern::engine(); }

std::string rule_set_key(const std::vector<Rule>& rules, const SourceMap& sources,
                         const CompileOptions& options) {
  RuleSetWriter out;
  out(rule_set_version(), rules, sources, options.fields.size());
  for (const auto& [field, name] : options.fields) out(field, name);
  for (const auto& [name, values] : options.placeholders) out(name, values);
  return sha256_hex(out.bytes);
}

std::string save_rule_set(const RuleSet& set) {
  RuleSetWriter out;
  out.bytes = kRuleSetMagic;
  const PlanLayout& layout = set.plan.layout();
  std::vector<std::string> automata;
  for (const auto& field : layout.fields) {
    for (const auto& slice : field.slices) automata.push_back(slice.literals.save());
  }
  out(set, layout, automata);
  append_sum(out.bytes);
  return std::move(out.bytes);
}

Result<RuleSet> load_rule_set(std::string_view bytes, Automata automata) {
  const auto refused = [] {
    return fail(ErrorCode::corrupt, "saved rules are damaged or of another version");
  };
  if (bytes.size() < kRuleSetMagic.size() + kSumBytes || !bytes.starts_with(kRuleSetMagic)) return refused();
  std::uint64_t sum = 0;
  std::memcpy(&sum, bytes.data() + bytes.size() - kSumBytes, kSumBytes);
  bytes.remove_suffix(kSumBytes);
  if (hash64(bytes) != sum) return refused();
  RuleSetReader in(bytes.substr(kRuleSetMagic.size()));
  RuleSet set;
  auto layout = std::make_shared<PlanLayout>();
  std::vector<std::string_view> saved;
  in(set, *layout, saved);
  if (in.refused() || !in.at_end() || !is_sound_plan(*layout)) return refused();
  if (automata == Automata::rebuilt) saved.clear();
  index_atoms(*layout, saved);
  set.plan = SavedForm::plan_of(std::move(layout));
  return set;
}

}  // namespace phendau::detect

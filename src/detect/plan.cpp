// SPDX-License-Identifier: Apache-2.0
// The idea: predicates become nodes over shared atoms. Each variant (rule x route) gets a cover: a cheap set
// of atoms of which at least one must be found for the rule to match; without one the variant is not looked
// at.
#include "detect/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/ascii.h"
#include "detect/plan_layout.h"
#include "detect/regex_literal.h"

namespace phendau::detect {
namespace {

struct Cover {
  bool possible = false;  // false: the node can hold without any fast atom
  double cost = 0;        // expected number of needless looks, in arbitrary units
  std::vector<AtomId> atoms;
};

AtomMethod method_of(const Pattern& pattern) {
  switch (pattern.op) {
    case MatchOp::equals:
      return pattern.cased || pattern.accent_blind ? AtomMethod::scan : AtomMethod::exact;
    case MatchOp::contains:
    case MatchOp::starts_with:
    case MatchOp::ends_with: {
      const bool plain = !pattern.cased && !pattern.accent_blind && !pattern.value.empty();
      return plain ? AtomMethod::literal : AtomMethod::scan;
    }
    case MatchOp::exists:
    case MatchOp::is_null:
      return AtomMethod::presence;
    default:
      return is_field_reference(pattern.op) ? AtomMethod::presence : AtomMethod::scan;
  }
}

std::string atom_key(const Predicate& atom) {
  const Pattern& pattern = atom.pattern;
  return fmt::format("{}\x1F{}{}{}\x1F{}", atom.field, static_cast<int>(pattern.op),
                     pattern.cased ? 'c' : '-', pattern.accent_blind ? 'a' : '-', pattern.value);
}

/// The longest literal of a glob or a regular expression: a text that every value has which matches. Null if
/// it is too short to tell.
PredicatePtr guard_of(const Predicate& atom) {
  constexpr std::size_t kGuardBytesMin = 3;
  std::string longest;
  if (atom.pattern.op == MatchOp::regex) {
    longest = required_literal(atom.pattern.value);
  } else if (atom.pattern.op == MatchOp::glob && !atom.pattern.cased && !atom.pattern.accent_blind) {
    for (const auto& part : atom.pattern.glob) {
      if (part.literal.size() > longest.size()) longest = part.literal;
    }
  }
  if (longest.size() < kGuardBytesMin) return nullptr;
  Pattern pattern;
  pattern.op = MatchOp::contains;
  pattern.value = std::move(longest);  // folded, as the glob's parts are
  return Predicate::atom(atom.field, std::move(pattern));
}

class Builder {
 public:
  Builder(PlanLayout& layout, const SourceMap& sources, const CompileOptions& options)
      : layout_(layout), sources_(sources), options_(options) {}

  void add(Rule rule) {
    if (layout_.rules.size() >= kPlanRulesMax)
      return reject(rule, fmt::format("more than {} rules", kPlanRulesMax));
    const SourceRoutes routes = sources_.routes(rule.logsource);
    std::vector<PredicatePtr> predicates;
    for (const auto& route : routes.routes) {
      CompileOptions options = options_;
      options.fields.insert(route.fields.begin(), route.fields.end());
      Compiled compiled = compile_rule(rule, options);
      if (!compiled.errors.empty()) {
        layout_.rejected.insert(layout_.rejected.end(), compiled.errors.begin(), compiled.errors.end());
        return;
      }
      predicates.push_back(route.conditions ? Predicate::all_of({route.conditions, compiled.predicate})
                                            : compiled.predicate);
    }
    const auto index = static_cast<std::uint32_t>(layout_.rules.size());
    if (!routes.known) layout_.without_source.push_back(index);
    for (std::size_t i = 0; i < predicates.size(); ++i) {
      const SourceRoute& route = routes.routes[i];
      add_variant(index, cover_set(route.covers), renaming(route.fields), predicates[i]);
    }
    layout_.rules.push_back(std::move(rule));
  }

 private:
  void reject(const Rule& rule, std::string reason) {
    layout_.rejected.push_back({rule.file, rule.place.line, rule.place.column, std::move(reason)});
  }

  std::uint32_t cover_set(const std::vector<std::string>& covers) {
    const auto [found, added] =
        cover_sets_.try_emplace(covers, static_cast<std::uint32_t>(layout_.cover_sets.size()));
    if (added) layout_.cover_sets.push_back(covers);
    return found->second;
  }

  std::uint32_t renaming(const std::map<std::string, std::string>& fields) {
    const auto [found, added] =
        renamings_.try_emplace(fields, static_cast<std::uint32_t>(layout_.renamings.size()));
    if (added) layout_.renamings.push_back(fields);
    return found->second;
  }

  void add_variant(std::uint32_t rule, std::uint32_t covers, std::uint32_t renaming,
                   const PredicatePtr& predicate) {
    const auto variant = static_cast<std::uint32_t>(layout_.variants.size());
    Cover cover;
    const NodeId root = add_node(predicate, cover);
    layout_.variants.push_back({rule, covers, root, renaming});
    if (!cover.possible) {
      layout_.always.push_back(variant);
      return;
    }
    const std::set<AtomId> distinct(cover.atoms.begin(), cover.atoms.end());
    for (const AtomId atom : distinct) layout_.atom_variants[atom].push_back(variant);
  }

  AtomId add_atom(const PredicatePtr& predicate) {
    const auto [found, added] =
        atoms_.try_emplace(atom_key(*predicate), static_cast<AtomId>(layout_.atoms.size()));
    if (added) {
      layout_.atoms.push_back(plan_atom(predicate));
      layout_.atom_variants.emplace_back();
    }
    return found->second;
  }

  /// Rare things make good covers. Long words somewhere in a text are rare; what begins or ends a value or is
  /// all of it is often the name of a program that runs all the time, and a short whole value (of EventID
  /// mostly) is what half of the events have. A short word is found everywhere and slows the automaton down,
  /// unless it is of letters that commands do not have.
  Cover atom_cover(AtomId id) const {
    const PlanAtom& atom = layout_.atoms[id];
    const std::size_t length = atom.predicate->pattern.value.size();
    if (atom.method == AtomMethod::exact) return {true, length <= 5 ? 10'000.0 : 12.0, {id}};
    if (atom.method != AtomMethod::literal) return {};
    if (atom.predicate->pattern.op != MatchOp::contains) return {true, length <= 3 ? 30.0 : 12.0, {id}};
    if (!is_all_ascii(atom.predicate->pattern.value)) return {true, 1.0, {id}};
    constexpr double kCosts[] = {1'000, 1'000, 1'000, 100, 30, 6, 6, 1};
    constexpr double kEveryday = 300;
    const double of_length = kCosts[std::min(length, std::size(kCosts) - 1)];
    if (is_everyday(atom.predicate->pattern.value)) return {true, std::max(kEveryday, of_length), {id}};
    return {true, of_length, {id}};
  }

  NodeId add_node(const PredicatePtr& predicate, Cover& cover) {
    if (predicate->kind == Predicate::Kind::atom) return add_atom_node(predicate, cover);
    PlanNode node;
    node.kind = predicate->kind;
    node.constant = predicate->constant;
    std::vector<Cover> covers;
    for (const auto& child : predicate->children) adopt(node, add_node(child, covers.emplace_back()));
    switch (predicate->kind) {
      case Predicate::Kind::constant:
        cover.possible = !predicate->constant;
        break;
      case Predicate::Kind::atom:
      case Predicate::Kind::negation:
        break;
      case Predicate::Kind::all_of:
        for (auto& child : covers) {
          if (child.possible && (!cover.possible || child.cost < cover.cost)) cover = std::move(child);
        }
        break;
      case Predicate::Kind::any_of:
        cover.possible = true;
        for (const auto& child : covers) {
          cover.possible = cover.possible && child.possible;
          cover.cost += child.cost;
          cover.atoms.insert(cover.atoms.end(), child.atoms.begin(), child.atoms.end());
        }
        if (!cover.possible) cover = {};
        break;
    }
    return put(std::move(node));
  }

  /// A pattern that has to be tried on each value gets a guard that the automaton of its field finds.
  NodeId add_atom_node(const PredicatePtr& predicate, Cover& cover) {
    PlanNode node;
    node.kind = Predicate::Kind::atom;
    node.atom = add_atom(predicate);
    cover = atom_cover(node.atom);
    const PredicatePtr guard = guard_of(*predicate);
    if (guard == nullptr) return put(std::move(node));
    PlanNode guarded;
    guarded.kind = Predicate::Kind::all_of;
    guarded.children = {add_atom_node(guard, cover), put(std::move(node))};
    return put(std::move(guarded));
  }

  /// "All of" in "all of" is one: what is cheap in the inner one comes before what is dear in the outer.
  void adopt(PlanNode& parent, NodeId child) {
    PlanNode& made = layout_.nodes[child];
    const bool same = made.kind == parent.kind && parent.kind != Predicate::Kind::negation;
    if (!same) return parent.children.push_back(child);
    parent.children.insert(parent.children.end(), made.children.begin(), made.children.end());
    layout_.nodes.pop_back();  // the child, which was put last
  }

  NodeId put(PlanNode node) {
    layout_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(layout_.nodes.size() - 1);
  }

  PlanLayout& layout_;
  const SourceMap& sources_;
  const CompileOptions& options_;
  std::unordered_map<std::string, AtomId> atoms_;
  std::map<std::vector<std::string>, std::uint32_t> cover_sets_;
  std::map<std::map<std::string, std::string>, std::uint32_t> renamings_;
};

}  // namespace

bool is_everyday(std::string_view folded) {
  constexpr std::string_view kTexts[] = {
      R"("c:\windows\system32\svchost.exe -k netsvcs -p -s )",
      R"("c:\windows\syswow64\rundll32.exe c:\windows\system32\shell32.dll)",
      R"("c:\program files (x86)\microsoft\edge\application\msedge.exe" --type=)",
      R"("c:\program files\google\chrome\application\chrome.exe")",
      R"(c:\programdata\microsoft\windows defender\)",
      R"(c:\users\public\documents\)",
      R"(c:\users\appdata\local\microsoft\)",
      R"(\appdata\local\temp\)",
      R"(\appdata\roaming\microsoft\)",
      R"(\windowspowershell\v1.0\powershell.exe -noprofile -file )",
      R"(c:\windows\system32\cmd.exe /c )",
      R"(\software\microsoft\windows\currentversion\)",
      "https://www.",
      "http://",
      "network",
      "service",
      "process",
      "server",
      "install",
      "user"};
  return std::any_of(std::begin(kTexts), std::end(kTexts),
                     [&](std::string_view text) { return text.find(folded) != std::string_view::npos; });
}

PlanAtom plan_atom(PredicatePtr predicate) {
  const AtomMethod method = method_of(predicate->pattern);
  return {std::move(predicate), method, 0, false};
}

Plan Plan::compile(std::vector<Rule> rules, const SourceMap& sources, const CompileOptions& options) {
  auto layout = std::make_shared<PlanLayout>();
  Builder builder(*layout, sources, options);
  for (auto& rule : rules) builder.add(std::move(rule));
  index_atoms(*layout);
  Plan out;
  out.layout_ = std::move(layout);
  return out;
}

const std::vector<Rule>& Plan::rules() const { return layout_->rules; }
const std::vector<ContentError>& Plan::rejected() const { return layout_->rejected; }
const std::vector<std::uint32_t>& Plan::rules_without_source() const { return layout_->without_source; }

std::vector<std::string> Plan::covers(std::uint32_t rule_index) const {
  std::vector<std::string> out;
  for (const auto& variant : layout_->variants) {
    if (variant.rule != rule_index) continue;
    for (const auto& key : layout_->cover_sets[variant.cover_set]) {
      if (std::find(out.begin(), out.end(), key) == out.end()) out.push_back(key);
    }
  }
  return out;
}

std::vector<std::string> Plan::field_names(std::uint32_t rule_index, const std::string& field) const {
  std::vector<std::string> out = {field};
  const auto& variants = layout_->variants;
  auto at =
      std::lower_bound(variants.begin(), variants.end(), rule_index,
                       [](const PlanVariant& variant, std::uint32_t rule) { return variant.rule < rule; });
  for (; at != variants.end() && at->rule == rule_index; ++at) {
    const auto& renamed = layout_->renamings[at->renaming];
    const auto found = renamed.find(field);
    if (found == renamed.end() || std::find(out.begin(), out.end(), found->second) != out.end()) continue;
    out.push_back(found->second);
  }
  return out;
}

PlanStats Plan::stats() const {
  return {layout_->rules.size(), layout_->rejected.size(), layout_->without_source.size(),
          layout_->atoms.size(), layout_->fields.size(),   layout_->always.size()};
}

}  // namespace phendau::detect

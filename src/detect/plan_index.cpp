// SPDX-License-Identifier: Apache-2.0
// The idea: what the matcher looks up is made from atoms, nodes and variants. A field's literals are sliced
// by log source: events of one need few of the keywords that all of them have.
#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "detect/plan_layout.h"

namespace phendau::detect {
namespace {

constexpr std::size_t kSliceShare = 2;      // a slice with over half of the literals is not worth its memory
constexpr std::size_t kSlicedTimesMax = 4;  // all slices of a field together, times its literals
constexpr std::string_view kNobody = "\x01";  // a part of a log source that no rule names

/// Which cover sets an atom serves, as an index into the distinct ones.
struct Uses {
  std::vector<std::vector<std::uint32_t>> distinct;
  std::vector<std::uint32_t> of_atom;
};

void collect_uses(const PlanLayout& layout, NodeId id, std::uint32_t cover_set,
                  std::vector<std::vector<std::uint32_t>>& by_atom) {
  const PlanNode& node = layout.nodes[id];
  if (node.kind == Predicate::Kind::atom) {
    auto& known = by_atom[node.atom];
    if (std::find(known.begin(), known.end(), cover_set) == known.end()) known.push_back(cover_set);
  }
  for (const NodeId child : node.children) collect_uses(layout, child, cover_set, by_atom);
}

Uses uses_of(const PlanLayout& layout) {
  std::vector<std::vector<std::uint32_t>> by_atom(layout.atoms.size());
  for (const auto& variant : layout.variants) collect_uses(layout, variant.root, variant.cover_set, by_atom);
  Uses out;
  std::map<std::vector<std::uint32_t>, std::uint32_t> index;
  for (auto& cover_sets : by_atom) {
    std::sort(cover_sets.begin(), cover_sets.end());
    const auto [found, added] = index.try_emplace(cover_sets, static_cast<std::uint32_t>(index.size()));
    if (added) out.distinct.push_back(std::move(cover_sets));
    out.of_atom.push_back(found->second);
  }
  return out;
}

/// What different kinds of events there are, as far as the rules can tell.
std::set<std::vector<bool>> audiences_of(const PlanLayout& layout) {
  std::set<std::vector<bool>> out;
  for (const auto& patterns : layout.cover_sets) {
    for (std::string key : patterns) {
      for (std::size_t at = key.find('*'); at != std::string::npos; at = key.find('*', at))
        key.replace(at, 1, kNobody);
      out.insert(seen_by(layout, key));
    }
  }
  return out;
}

/// Of literals that stand anywhere only those are sought in all values that say whether a rule has to be
/// looked at, or that are one of many: a plain search finds the others in the few values that come in
/// question.
void choose_sought(PlanLayout& layout) {
  constexpr std::size_t kManyMin = 16;
  constexpr std::size_t kManyBytesMin = 4;  // short ones slow the automaton down
  for (AtomId id = 0; id < layout.atoms.size(); ++id) {
    PlanAtom& atom = layout.atoms[id];
    const bool literal = atom.method == AtomMethod::literal;
    const bool anywhere = literal && atom.predicate->pattern.op == MatchOp::contains;
    const bool judged_by_value =
        anywhere && !atom.predicate->field.empty() && layout.atom_variants[id].empty();
    atom.sought = atom.method == AtomMethod::exact || (literal && !judged_by_value);
  }
  for (const auto& node : layout.nodes) {
    if (node.kind != Predicate::Kind::any_of || node.children.size() < kManyMin) continue;
    for (const NodeId child : node.children) {
      if (layout.nodes[child].kind != Predicate::Kind::atom) continue;
      PlanAtom& atom = layout.atoms[layout.nodes[child].atom];
      const std::string& text = atom.predicate->pattern.value;
      const bool costly = is_all_ascii(text) && (text.size() < kManyBytesMin || is_everyday(text));
      if (atom.method == AtomMethod::literal && !costly) atom.sought = true;
    }
  }
}

/// The atoms of one field that an automaton, a trie or a hash finds.
struct FieldAtoms {
  std::vector<AtomId> anywhere;
  std::vector<AtomId> others;
};

/// Gives each atom its field and fills what looks at whole values.
std::vector<FieldAtoms> make_fields(PlanLayout& layout) {
  std::vector<FieldAtoms> out;
  for (AtomId id = 0; id < layout.atoms.size(); ++id) {
    PlanAtom& atom = layout.atoms[id];
    const auto [found, added] = layout.field_index.try_emplace(
        atom.predicate->field, static_cast<std::uint32_t>(layout.fields.size()));
    if (added) {
      layout.fields.emplace_back();
      layout.fields.back().name = atom.predicate->field;
      out.emplace_back();
    }
    atom.field = found->second;
    PlanField& field = layout.fields[atom.field];
    const Pattern& pattern = atom.predicate->pattern;
    if (atom.method == AtomMethod::literal && pattern.op == MatchOp::contains) {
      if (atom.sought) out[atom.field].anywhere.push_back(id);
    } else if (atom.method == AtomMethod::literal || atom.method == AtomMethod::exact) {
      out[atom.field].others.push_back(id);
    }
    if (atom.method == AtomMethod::literal && pattern.op == MatchOp::starts_with)
      field.begin_atoms.push_back(id);
    else if (atom.method == AtomMethod::literal && pattern.op == MatchOp::ends_with)
      field.end_atoms.push_back(id);
    if (atom.method != AtomMethod::exact) continue;
    field.exact[pattern.value].push_back(id);
    field.exact_bytes_max = std::max(field.exact_bytes_max, pattern.value.size());
    if (pattern.number) field.numbers[*pattern.number].push_back(id);
  }
  return out;
}

std::vector<std::string> literals_of(const PlanLayout& layout, const std::vector<AtomId>& atoms) {
  std::vector<std::string> out;
  for (const AtomId atom : atoms) out.push_back(layout.atoms[atom].predicate->pattern.value);
  return out;
}

/// Makes the slices of one field after the other, and with them takes the saved automata in their order.
class Slicer {
 public:
  Slicer(PlanLayout& layout, const std::vector<std::string_view>& saved)
      : layout_(layout), saved_(saved), uses_(uses_of(layout)) {
    for (const auto& seen : audiences_of(layout)) layout.audiences[seen];
    for (const auto& [seen, slices] : layout.audiences) {
      std::vector<bool>& serves = serves_.emplace_back();
      for (const auto& cover_sets : uses_.distinct)
        serves.push_back(std::any_of(cover_sets.begin(), cover_sets.end(),
                                     [&of_audience = seen](std::uint32_t set) { return of_audience[set]; }));
    }
  }

  void slice(std::uint32_t index, const FieldAtoms& atoms) {
    PlanField& field = layout_.fields[index];
    add(field, atoms.anywhere);
    std::map<std::vector<AtomId>, std::uint32_t> known = {{atoms.anywhere, kWholeField}};
    std::size_t budget = atoms.anywhere.size() * kSlicedTimesMax;
    auto serves = serves_.begin();
    for (auto& [seen, slices] : layout_.audiences) {
      const std::vector<bool>& of_audience = *serves++;
      std::vector<AtomId> used = used_of(atoms.anywhere, of_audience);
      if (used.empty() && used_of(atoms.others, of_audience).empty()) {
        slices.push_back(kNoSlice);
        continue;
      }
      auto found = known.find(used);
      const bool worth = used.size() * kSliceShare <= atoms.anywhere.size() && used.size() <= budget;
      if (found == known.end() && worth) {
        budget -= used.size();
        found = known.emplace(used, static_cast<std::uint32_t>(field.slices.size())).first;
        add(field, std::move(used));
      }
      slices.push_back(found == known.end() ? kWholeField : found->second);
    }
  }

 private:
  std::vector<AtomId> used_of(const std::vector<AtomId>& atoms, const std::vector<bool>& serves) const {
    std::vector<AtomId> out;
    for (const AtomId atom : atoms) {
      if (serves[uses_.of_atom[atom]]) out.push_back(atom);
    }
    return out;
  }

  void add(PlanField& field, std::vector<AtomId> atoms) {
    LiteralSlice& out = field.slices.emplace_back();
    auto literals = literals_of(layout_, atoms);
    for (const auto& literal : literals)
      out.bytes_min = out.bytes_min == 0 ? literal.size() : std::min(out.bytes_min, literal.size());
    const bool has_saved = next_saved_ < saved_.size();
    out.literals =
        MultiPattern::build(std::move(literals), has_saved ? saved_[next_saved_] : std::string_view());
    out.atoms = std::move(atoms);
    ++next_saved_;
  }

  PlanLayout& layout_;
  const std::vector<std::string_view>& saved_;
  Uses uses_;
  std::vector<std::vector<bool>> serves_;  // by audience, by distinct use
  std::size_t next_saved_ = 0;
};

}  // namespace

std::vector<bool> seen_by(const PlanLayout& layout, std::string_view logsource_key) {
  std::vector<bool> out;
  for (const auto& patterns : layout.cover_sets) {
    out.push_back(std::any_of(patterns.begin(), patterns.end(),
                              [&](const auto& pattern) { return covers(pattern, logsource_key); }));
  }
  return out;
}

void index_atoms(PlanLayout& layout, const std::vector<std::string_view>& automata) {
  layout.covers.resize(layout.variants.size());
  for (AtomId id = 0; id < layout.atoms.size(); ++id) {
    for (const std::uint32_t variant : layout.atom_variants[id]) layout.covers[variant].push_back(id);
  }
  choose_sought(layout);
  const auto atoms = make_fields(layout);
  Slicer slicer(layout, automata);
  for (std::uint32_t i = 0; i < layout.fields.size(); ++i) {
    PlanField& field = layout.fields[i];
    field.begins = LiteralTrie::build(literals_of(layout, field.begin_atoms), LiteralTrie::Side::begin);
    field.ends = LiteralTrie::build(literals_of(layout, field.end_atoms), LiteralTrie::Side::end);
    slicer.slice(i, atoms[i]);
  }
}

}  // namespace phendau::detect

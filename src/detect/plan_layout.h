// SPDX-License-Identifier: Apache-2.0
// Inside of a Plan. Only plan.cpp (makes it), plan_cache.cpp (keeps it) and matcher.cpp (reads it) include
// this. Immutable after compile().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "detect/literal_trie.h"
#include "detect/multi_pattern.h"
#include "detect/plan.h"
#include "detect/rule.h"
#include "model/predicate.h"

namespace phendau::detect {

using AtomId = std::uint32_t;
using NodeId = std::uint32_t;

/// How an atom is found: by what the field's literals are kept in, by the hash of its field, or by looking at
/// each value.
enum class AtomMethod : std::uint8_t { literal, exact, scan, presence };

struct PlanAtom {
  PredicatePtr predicate;  // kind atom
  AtomMethod method = AtomMethod::scan;
  std::uint32_t field = 0;  // by index_atoms()
  bool sought = false;      // by index_atoms(): in all values of a batch, before any condition is looked at
};

/// Finds a view without making a string of it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

/// Sought literals of a field that stand anywhere in a text: all, or those that some log sources need.
struct LiteralSlice {
  MultiPattern literals;
  std::vector<AtomId> atoms;  // by index in `literals`
  std::size_t bytes_min = 0;  // of the shortest
};
inline constexpr std::uint32_t kNoSlice = 0xFFFF'FFFF;
inline constexpr std::uint32_t kWholeField = 0;

struct PlanField {
  std::string name;                  // empty: keywords
  std::vector<LiteralSlice> slices;  // the first holds all literals
  LiteralTrie begins, ends;
  std::vector<AtomId> begin_atoms, end_atoms;                                             // by index there
  std::unordered_map<std::string, std::vector<AtomId>, TextHash, std::equal_to<>> exact;  // folded text
  std::size_t exact_bytes_max = 0;                                                        // of the longest
  std::unordered_map<double, std::vector<AtomId>> numbers;
  bool looks_at_whole_values() const { return !exact.empty() || !begins.empty() || !ends.empty(); }
};

struct PlanNode {
  Predicate::Kind kind = Predicate::Kind::constant;
  bool constant = false;
  AtomId atom = 0;
  std::vector<NodeId> children;
};

/// A rule under one route of the source map.
struct PlanVariant {
  std::uint32_t rule = 0;
  std::uint32_t cover_set = 0;
  NodeId root = 0;
  std::uint32_t renaming = 0;  // in PlanLayout::renamings
};

struct PlanLayout {
  std::vector<Rule> rules;
  std::vector<ContentError> rejected;
  std::vector<std::uint32_t> without_source;
  std::vector<PlanAtom> atoms;
  std::vector<PlanField> fields;                               // by index_atoms()
  std::unordered_map<std::string, std::uint32_t> field_index;  // by index_atoms()
  std::vector<PlanNode> nodes;
  std::vector<PlanVariant> variants;                          // sorted by rule
  std::vector<std::vector<std::string>> cover_sets;           // distinct lists of log source patterns
  std::vector<std::map<std::string, std::string>> renamings;  // distinct ones: rule field -> event field
  std::vector<std::vector<std::uint32_t>> atom_variants;      // variants to judge if the atom is found
  std::vector<std::uint32_t> always;                          // variants without a required atom
  std::vector<std::vector<AtomId>> covers;  // by variant, the required atoms; by index_atoms()
  /// By which cover sets see an event: the slice of each field that its rules need, kNoSlice if they need
  /// nothing of the field. Holds the log sources that the rules name; others need whole fields. By
  /// index_atoms().
  std::map<std::vector<bool>, std::vector<std::uint32_t>> audiences;
};

/// @param predicate kind atom
PlanAtom plan_atom(PredicatePtr predicate);
/// Pieces of texts as most machines write them all day: finding one says little, however long it is.
bool is_everyday(std::string_view folded);
/// The last step of making a layout: fields in the order of their first atoms, and in them what the matcher
/// looks up.
/// @param automata saved ones, by field and slice; what is missing or does not fit is built.
void index_atoms(PlanLayout& layout, const std::vector<std::string_view>& automata = {});
/// Which cover sets see events of a log source.
std::vector<bool> seen_by(const PlanLayout& layout, std::string_view logsource_key);

}  // namespace phendau::detect

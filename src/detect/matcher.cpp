// SPDX-License-Identifier: Apache-2.0
// The idea: (1) route by the distinct log sources of the batch; (2) one pass over each column's dictionary
// finds all literal and exact atoms; (3) only variants of which a required atom was found are judged; (4)
// atoms become row sets when first needed, conditions are bitmap algebra.
#include "detect/matcher.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/ascii.h"
#include "base/text.h"
#include "base/unicode.h"
#include "detect/plan_layout.h"
#include "model/predicate.h"
#include "model/row_set.h"

namespace phendau::detect {
namespace {

constexpr double kExactMax = 9007199254740992.0;  // 2^53

/// Rows by value of one column, made when the first atom of the column is needed.
struct RowsByValue {
  std::vector<std::uint32_t> begins;
  std::vector<std::uint32_t> rows;
};

RowsByValue index_rows(const Column& column) {
  RowsByValue out;
  out.begins.assign(column.values.size() + 1, 0);
  const auto visit = [&](auto use) {
    for (std::uint32_t row = 0; row < column.ids.size(); ++row) {
      if (column.ids[row] != kAbsent) use(column.ids[row], row);
    }
    for (const auto& more : column.more) use(more.id, more.row);
  };
  visit([&](ValueId id, std::uint32_t) { ++out.begins[id + 1]; });
  for (std::size_t i = 1; i < out.begins.size(); ++i) out.begins[i] += out.begins[i - 1];
  out.rows.resize(out.begins.back());
  std::vector<std::uint32_t> next(out.begins.begin(), out.begins.end() - 1);
  visit([&](ValueId id, std::uint32_t row) { out.rows[next[id]++] = row; });
  return out;
}

/// Folded text, without an allocation for ASCII.
std::string_view fold_into(std::string& buffer, std::string_view text) {
  buffer.resize(text.size());
  if (!lower_ascii_into(text, buffer.data())) buffer = fold_case(text);
  return buffer;
}

class Matching {
 public:
  Matching(const PlanLayout& plan, const Batch& batch)
      : plan_(plan),
        batch_(batch),
        hits_(plan.atoms.size()),
        rows_(plan.atoms.size()),
        by_value_(batch.columns().size()) {}

  std::vector<Match> run() {
    std::vector<Match> out;
    if (batch_.rows() == 0) return out;
    route();
    if (std::none_of(covered_.begin(), covered_.end(), [](const auto& rows) { return !rows.empty(); }))
      return out;
    find_fast_atoms();
    std::uint32_t previous = 0;
    RowSet found(batch_.rows());
    const auto flush = [&] { found.for_each([&](std::uint32_t row) { out.push_back({previous, row}); }); };
    for (const std::uint32_t index : candidates()) {
      const PlanVariant& variant = plan_.variants[index];
      if (!possible(variant.root)) continue;
      if (variant.rule != previous) {
        flush();
        found = RowSet(batch_.rows());
        previous = variant.rule;
      }
      RowSet rows = covered_[variant.cover_set];
      keep(rows, variant.root);
      found |= rows;
    }
    flush();
    return out;
  }

 private:
  struct Hit {
    std::uint32_t column = 0;
    ValueId value = 0;
  };

  /// Rows of the batch that each set of log sources covers.
  void route() {
    const Column& column = *batch_.column(kLogsourceColumn);
    const bool has_absent = std::find(column.ids.begin(), column.ids.end(), kAbsent) != column.ids.end();
    for (const auto& patterns : plan_.cover_sets) {
      const auto covered = [&](std::string_view key) {
        return std::any_of(patterns.begin(), patterns.end(),
                           [&](const auto& pattern) { return covers(pattern, key); });
      };
      std::vector<bool> answer(column.values.size());
      for (ValueId id = 0; id < column.values.size(); ++id) answer[id] = covered(column.values.text(id));
      const bool absent = has_absent && covered("//");
      const bool all =
          std::find(answer.begin(), answer.end(), false) == answer.end() && (absent || !has_absent);
      const bool none = std::find(answer.begin(), answer.end(), true) == answer.end() && !absent;
      RowSet rows(batch_.rows(), all);
      for (std::uint32_t row = 0; !all && !none && row < batch_.rows(); ++row) {
        if (column.ids[row] == kAbsent ? absent : answer[column.ids[row]]) rows.insert(row);
      }
      covered_.push_back(std::move(rows));
      is_covered_.push_back(!none);
    }
  }

  void find_fast_atoms() {
    const auto keywords = plan_.field_index.find("");
    for (std::uint32_t i = 0; i < batch_.columns().size(); ++i) {
      const Column& column = batch_.columns()[i];
      const auto field = plan_.field_index.find(column.name);
      if (field != plan_.field_index.end()) find_in(i, plan_.fields[field->second]);
      if (keywords != plan_.field_index.end() && is_keyword_column(column.name)) {
        find_in(i, plan_.fields[keywords->second]);
      }
    }
  }

  void find_in(std::uint32_t column_index, const PlanField& field) {
    if (!field.has_fast_atoms()) return;
    const Dictionary& values = batch_.columns()[column_index].values;
    for (ValueId id = 0; id < values.size(); ++id) {
      const ValueKind kind = values.kind(id);
      if (kind == ValueKind::null) continue;
      const std::string_view text = fold_into(folded_, values.text(id));
      found_.clear();
      if (text.size() >= field.literal_bytes_min) field.literals.scan(text, found_);
      for (const std::uint32_t index : found_) note(field.literal_atoms[index], column_index, id);
      const bool numeric = kind == ValueKind::integer || kind == ValueKind::real;
      const bool short_enough = text.size() <= field.exact_bytes_max;
      const auto exact = short_enough ? field.exact.find(text) : field.exact.end();
      if (exact != field.exact.end()) {
        for (const AtomId atom : exact->second) {
          if (!numeric || !plan_.atoms[atom].predicate->pattern.number) note(atom, column_index, id);
        }
      }
      if (!numeric || field.numbers.empty()) continue;
      const auto number = parse_double(trim(values.text(id)));
      const auto equal = number ? field.numbers.find(*number) : field.numbers.end();
      if (equal == field.numbers.end()) continue;
      for (const AtomId atom : equal->second) {
        // Doubles confuse neighbours beyond 2^53: there the pattern itself decides.
        if (std::abs(*number) < kExactMax ||
            matches(plan_.atoms[atom].predicate->pattern, values.text(id), kind))
          note(atom, column_index, id);
      }
    }
  }

  void note(AtomId atom, std::uint32_t column, ValueId value) {
    if (hits_[atom].empty()) touched_.push_back(atom);
    hits_[atom].push_back({column, value});
  }

  /// Variants that are routed to and may match, ascending (so by rule).
  std::vector<std::uint32_t> candidates() const {
    std::vector<bool> wanted(plan_.variants.size());
    for (const std::uint32_t variant : plan_.always) wanted[variant] = true;
    for (const AtomId atom : touched_) {
      for (const std::uint32_t variant : plan_.atom_variants[atom]) wanted[variant] = true;
    }
    std::vector<std::uint32_t> out;
    for (std::uint32_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i] && is_covered_[plan_.variants[i].cover_set]) out.push_back(i);
    }
    return out;
  }

  bool is_fast(AtomId atom) const {
    return plan_.atoms[atom].method == AtomMethod::literal || plan_.atoms[atom].method == AtomMethod::exact;
  }

  /// Whether some row of the batch may satisfy the node, as far as the found atoms tell.
  bool possible(NodeId id) const {
    const PlanNode& node = plan_.nodes[id];
    const auto child_possible = [&](NodeId child) { return possible(child); };
    switch (node.kind) {
      case Predicate::Kind::constant:
        return node.constant;
      case Predicate::Kind::atom:
        return !is_fast(node.atom) || !hits_[node.atom].empty();
      case Predicate::Kind::all_of:
        return std::all_of(node.children.begin(), node.children.end(), child_possible);
      case Predicate::Kind::any_of:
        return std::any_of(node.children.begin(), node.children.end(), child_possible);
      case Predicate::Kind::negation:
        break;
    }
    return true;
  }

  const RowSet& rows_of(AtomId atom) {
    if (!rows_[atom]) {
      if (is_fast(atom)) {
        RowSet rows(batch_.rows());
        for (const Hit& hit : hits_[atom]) mark(hit, rows);
        rows_[atom] = std::move(rows);
      } else {
        rows_[atom] = select(*plan_.atoms[atom].predicate, batch_);
      }
    }
    return *rows_[atom];
  }

  void mark(const Hit& hit, RowSet& rows) {
    auto& index = by_value_[hit.column];
    if (!index) index = index_rows(batch_.columns()[hit.column]);
    for (std::uint32_t at = index->begins[hit.value]; at < index->begins[hit.value + 1]; ++at)
      rows.insert(index->rows[at]);
  }

  /// Leaves those rows in which the node holds.
  void keep(RowSet& rows, NodeId id) {
    const PlanNode& node = plan_.nodes[id];
    switch (node.kind) {
      case Predicate::Kind::constant:
        if (!node.constant) rows.clear();
        return;
      case Predicate::Kind::atom:
        keep_atom(rows, node.atom);
        return;
      case Predicate::Kind::all_of:
        for (const NodeId child : node.children) {
          keep(rows, child);
          if (rows.empty()) return;
        }
        return;
      case Predicate::Kind::any_of:
        keep_any(rows, node);
        return;
      case Predicate::Kind::negation: {
        RowSet other = rows;
        keep(other, node.children.front());
        rows -= other;
        return;
      }
    }
  }

  void keep_atom(RowSet& rows, AtomId atom) {
    const PlanAtom& looked_for = plan_.atoms[atom];
    if (is_fast(atom) && hits_[atom].empty())
      rows.clear();
    else if (looked_for.method == AtomMethod::scan && !looked_for.predicate->field.empty())
      judge(rows, atom);
    else
      rows &= rows_of(atom);
  }

  /// What the automata have found comes first: the others look at fewer rows then.
  void keep_any(RowSet& rows, const PlanNode& node) {
    RowSet found(batch_.rows());
    const auto fast_atom = [&](NodeId child) {
      return plan_.nodes[child].kind == Predicate::Kind::atom && is_fast(plan_.nodes[child].atom);
    };
    for (const NodeId child : node.children) {
      if (fast_atom(child) && possible(child)) found |= rows_of(plan_.nodes[child].atom);
    }
    found &= rows;
    RowSet rest = rows;
    rest -= found;
    for (const NodeId child : node.children) {
      if (rest.empty()) break;
      if (fast_atom(child) || !possible(child)) continue;
      RowSet some = rest;
      keep(some, child);
      found |= some;
      rest -= some;
    }
    rows = std::move(found);
  }

  enum class Verdict : std::uint8_t { unknown, no, yes };
  /// What is known of an atom that is judged value by value.
  struct Judged {
    const Column* column = nullptr;
    std::vector<Verdict> verdicts;  // by value
  };

  /// Judges the values of these rows only: an expensive pattern mostly stands behind cheap ones.
  void judge(RowSet& rows, AtomId atom) {
    const Predicate& predicate = *plan_.atoms[atom].predicate;
    const auto [found, added] = judged_.try_emplace(atom);
    Judged& known = found->second;
    if (added) {
      known.column = batch_.column(predicate.field);
      if (known.column != nullptr) known.verdicts.resize(known.column->values.size());
    }
    if (known.column == nullptr) return rows.clear();
    const Column& column = *known.column;
    const auto holds = [&](ValueId id) {
      Verdict& verdict = known.verdicts[id];
      if (verdict == Verdict::unknown) {
        const bool yes = matches(predicate.pattern, column.values.text(id), column.values.kind(id));
        verdict = yes ? Verdict::yes : Verdict::no;
      }
      return verdict == Verdict::yes;
    };
    RowSet out(batch_.rows());
    rows.for_each([&](std::uint32_t row) {
      if (column.has(row) && holds(column.ids[row])) out.insert(row);
    });
    for (const auto& more : column.more) {
      if (rows.contains(more.row) && holds(more.id)) out.insert(more.row);
    }
    rows = std::move(out);
  }

  const PlanLayout& plan_;
  const Batch& batch_;
  std::vector<RowSet> covered_;   // by cover set
  std::vector<bool> is_covered_;  // by cover set
  std::vector<std::vector<Hit>> hits_;
  std::vector<AtomId> touched_;
  std::vector<std::optional<RowSet>> rows_;
  std::vector<std::optional<RowsByValue>> by_value_;
  std::unordered_map<AtomId, Judged> judged_;
  std::string folded_;
  std::vector<std::uint32_t> found_;
};

}  // namespace

std::vector<Match> match(const Plan& plan, const Batch& batch) {
  return Matching(plan.layout(), batch).run();
}

}  // namespace phendau::detect

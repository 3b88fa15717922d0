// SPDX-License-Identifier: Apache-2.0
// The idea: (1) route by the distinct log sources of the batch; (2) one pass over each column's dictionary
// finds all literal and exact atoms; (3) only variants of which a required atom was found are judged, on the
// rows that have one; (4) atoms become row sets when first needed, conditions are bitmap algebra; what was
// not sought is looked for last, in the values of the rows that are left.
#include "detect/matcher.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/ascii.h"
#include "base/find_bytes.h"
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

constexpr std::uint32_t kNone = 0xFFFF'FFFF;

/// An atom was found in a value of a column.
struct Hit {
  std::uint32_t column = 0;
  ValueId value = 0;
  std::uint32_t before = kNone;  // the same atom's hit before this one
};

/// What matching a batch needs by atom and by variant. Kept by the thread, so that a batch costs what is
/// found in it and not what the plan has; all clean between batches.
struct Workspace {
  std::vector<std::uint32_t> last_hit;  // by atom, in `hits`; kNone: not found
  std::vector<std::uint32_t> rows_at;   // by atom: where its rows are kept; kNone: nowhere
  std::vector<char> wanted;             // by variant
  std::vector<Hit> hits;
  std::vector<AtomId> found;         // with a last hit
  std::vector<AtomId> with_rows;     // with a place of rows
  JoinedTexts texts;                 // folded values, each once for all that looks at it
  std::vector<ValueId> text_values;  // by text
  std::vector<bool> chosen;          // by value

  void prepare(const PlanLayout& plan) {
    if (last_hit.size() < plan.atoms.size()) {
      last_hit.resize(plan.atoms.size(), kNone);
      rows_at.resize(plan.atoms.size(), kNone);
    }
    if (wanted.size() < plan.variants.size()) wanted.resize(plan.variants.size());
  }
  void clean() {
    constexpr std::size_t kKeptHitsMax = 1u << 18;
    constexpr std::size_t kKeptBytesMax = 2u << 20;
    for (const AtomId atom : found) last_hit[atom] = kNone;
    for (const AtomId atom : with_rows) rows_at[atom] = kNone;
    found.clear();
    with_rows.clear();
    hits.clear();
    if (hits.capacity() > kKeptHitsMax) hits = {};
    texts.clear();
    text_values.clear();
    if (texts.bytes.capacity() > kKeptBytesMax) texts = {};
  }
};

/// Adds the folded text; ASCII without an allocation of its own.
void append_folded(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  // Not resize_and_overwrite(): libstdc++ 12 hands it the capacity for the size.
  out.resize(begin + text.size());
  if (lower_ascii_into(text, out.data() + begin)) return;
  out.resize(begin);
  out += fold_case(text);
}

class Matching {
 public:
  Matching(const PlanLayout& plan, const Batch& batch, Workspace& space)
      : plan_(plan),
        batch_(batch),
        space_(space),
        columns_(plan.fields.size()),
        by_value_(batch.columns().size()),
        folded_(batch.columns().size()) {
    space_.prepare(plan);
  }
  ~Matching() { space_.clean(); }
  Matching(const Matching&) = delete;
  Matching& operator=(const Matching&) = delete;

  std::vector<Match> run() {
    std::vector<Match> out;
    if (batch_.rows() == 0) return out;
    route();
    if (std::none_of(is_covered_.begin(), is_covered_.end(), [](bool covered) { return covered; }))
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
        found.clear();
        previous = variant.rule;
      }
      RowSet rows = candidate_rows(index);
      if (rows.empty()) continue;
      keep(rows, variant.root);
      found |= rows;
    }
    flush();
    return out;
  }

 private:
  /// The events that the same rules see.
  struct Audience {
    std::vector<bool> seen_by;                           // cover sets
    const std::vector<std::uint32_t>* slices = nullptr;  // by field; null: whole fields
    RowSet rows;
    std::uint32_t slice_of(std::uint32_t field) const { return slices ? (*slices)[field] : kWholeField; }
  };

  void route() {
    const Column& column = *batch_.column(kLogsourceColumn);
    std::vector<std::uint32_t> by_value;
    for (ValueId id = 0; id < column.values.size(); ++id)
      by_value.push_back(audience_of(column.values.text(id)));
    std::uint32_t of_absent = kNone;
    audience_of_row_.resize(batch_.rows());
    for (std::uint32_t row = 0; row < batch_.rows(); ++row) {
      if (!column.has(row) && of_absent == kNone) of_absent = audience_of(kNoLogsource);
      const std::uint32_t audience = column.has(row) ? by_value[column.ids[row]] : of_absent;
      audience_of_row_[row] = audience;
      audiences_[audience].rows.insert(row);
    }
    is_covered_.resize(plan_.cover_sets.size());
    for (const auto& audience : audiences_) {
      for (std::size_t i = 0; i < is_covered_.size(); ++i) {
        if (audience.seen_by[i]) is_covered_[i] = true;
      }
    }
  }

  std::uint32_t audience_of(std::string_view logsource_key) {
    std::vector<bool> seen = seen_by(plan_, logsource_key);
    const auto [known, added] =
        audience_index_.try_emplace(seen, static_cast<std::uint32_t>(audiences_.size()));
    if (added) {
      const auto slices = plan_.audiences.find(seen);
      audiences_.push_back({std::move(seen), slices == plan_.audiences.end() ? nullptr : &slices->second,
                            RowSet(batch_.rows())});
    }
    return known->second;
  }

  RowSet covered_rows(std::uint32_t cover_set) const {
    RowSet out(batch_.rows());
    for (const auto& audience : audiences_) {
      if (audience.seen_by[cover_set]) out |= audience.rows;
    }
    return out;
  }

  void find_fast_atoms() {
    const auto keywords = plan_.field_index.find("");
    for (std::uint32_t i = 0; i < batch_.columns().size(); ++i) {
      const Column& column = batch_.columns()[i];
      const auto field = plan_.field_index.find(column.name);
      if (field != plan_.field_index.end()) {
        columns_[field->second] = &column;
        find_in(i, field->second);
      }
      if (keywords == plan_.field_index.end() || !is_keyword_column(column.name)) continue;
      if (batch_.is_projected())
        find_in_keyword_rows(i, plan_.fields[keywords->second]);
      else
        find_in(i, keywords->second);
    }
  }

  void find_in_keyword_rows(std::uint32_t column_index, const PlanField& keywords) {
    if (batch_.keyword_rows().empty()) return;
    const Column& column = batch_.columns()[column_index];
    space_.chosen.assign(column.values.size(), false);
    auto more = column.more.begin();
    for (const std::uint32_t row : batch_.keyword_rows()) {
      if (row >= column.ids.size() || column.ids[row] == kAbsent) continue;
      space_.chosen[column.ids[row]] = true;
      while (more != column.more.end() && more->row < row) ++more;
      for (; more != column.more.end() && more->row == row; ++more) space_.chosen[more->id] = true;
    }
    find_in_chosen(column_index, keywords, keywords.slices[kWholeField]);
  }

  /// Where a column has many bytes, each value is only looked through for what rules want that see its
  /// events.
  void find_in(std::uint32_t column_index, std::uint32_t field_index) {
    constexpr std::size_t kNarrowBytesMin = 2;  // of values, per row of the batch
    std::vector<std::uint32_t> slices;
    bool same = true;
    for (const auto& audience : audiences_) {
      const std::uint32_t slice = audience.slice_of(field_index);
      same = same && slice == audiences_.front().slice_of(field_index);
      if (slice != kNoSlice && std::find(slices.begin(), slices.end(), slice) == slices.end())
        slices.push_back(slice);
    }
    if (slices.empty()) return;
    const PlanField& field = plan_.fields[field_index];
    const Dictionary& values = batch_.columns()[column_index].values;
    if (same || values.size_bytes() <= batch_.rows() * kNarrowBytesMin) {
      space_.chosen.assign(values.size(), true);
      find_in_chosen(column_index, field, field.slices[slices.size() == 1 ? slices.front() : kWholeField]);
      return;
    }
    for (const std::uint32_t slice : slices) {
      choose(batch_.columns()[column_index], field_index, slice);
      find_in_chosen(column_index, field, field.slices[slice]);
    }
  }

  /// The values of events whose rules need the slice.
  void choose(const Column& column, std::uint32_t field, std::uint32_t slice) {
    std::vector<bool> needed;
    for (const auto& audience : audiences_) needed.push_back(audience.slice_of(field) == slice);
    space_.chosen.assign(column.values.size(), false);
    for (std::uint32_t row = 0; row < column.ids.size(); ++row) {
      if (column.ids[row] != kAbsent && needed[audience_of_row_[row]]) space_.chosen[column.ids[row]] = true;
    }
    for (const auto& more : column.more) {
      if (needed[audience_of_row_[more.row]]) space_.chosen[more.id] = true;
    }
  }

  void find_in_chosen(std::uint32_t column, const PlanField& field, const LiteralSlice& slice) {
    constexpr std::size_t kScannedBytes = 128u << 10;  // with the automaton in the second level cache
    const Dictionary& values = batch_.columns()[column].values;
    std::uint32_t first = space_.texts.size();
    for (ValueId id = 0; id < values.size(); ++id) {
      if (!space_.chosen[id] || values.kind(id) == ValueKind::null) continue;
      const std::string_view text = values.text(id);
      const bool too_short =
          slice.literals.size() == 0 || (text.size() < slice.bytes_min && is_all_ascii(text));
      if (too_short && !field.looks_at_whole_values()) continue;
      if (space_.texts.bytes.size() - space_.texts.begin_of(first) >= kScannedBytes) {
        scan_texts(column, slice, first);
        make_room();
        first = space_.texts.size();
      }
      find_whole(column, field, id, fold(column, id));
    }
    scan_texts(column, slice, first);
    make_room();
  }

  void scan_texts(std::uint32_t column, const LiteralSlice& slice, std::uint32_t first) {
    const auto found = [&](std::uint32_t text, std::uint32_t literal) {
      note(slice.atoms[literal], column, space_.text_values[text]);
    };
    slice.literals.scan(space_.texts, found, first);
  }

  /// A flood of values is folded again and again rather than kept.
  void make_room() {
    constexpr std::size_t kFoldedBytesMax = 8u << 20;
    if (space_.texts.bytes.size() < kFoldedBytesMax) return;
    space_.texts.clear();
    space_.text_values.clear();
    for (auto& of_column : folded_) of_column.clear();
  }

  /// The folded value, now the last of the texts. Holds until the next.
  std::string_view fold(std::uint32_t column, ValueId id) {
    const Dictionary& values = batch_.columns()[column].values;
    JoinedTexts& texts = space_.texts;
    append_folded(texts.bytes, values.text(id));
    texts.ends.push_back(static_cast<std::uint32_t>(texts.bytes.size()));
    space_.text_values.push_back(id);
    auto& of_column = folded_[column];
    if (of_column.empty()) of_column.resize(values.size(), kNone);
    of_column[id] = texts.size() - 1;
    return texts.text(texts.size() - 1);
  }

  void find_whole(std::uint32_t column, const PlanField& field, ValueId id, std::string_view folded) {
    field.begins.find(folded, [&](std::uint32_t found) { note(field.begin_atoms[found], column, id); });
    field.ends.find(folded, [&](std::uint32_t found) { note(field.end_atoms[found], column, id); });
    if (field.exact.empty()) return;
    const Dictionary& values = batch_.columns()[column].values;
    const ValueKind kind = values.kind(id);
    const bool numeric = kind == ValueKind::integer || kind == ValueKind::real;
    const auto exact = folded.size() <= field.exact_bytes_max ? field.exact.find(folded) : field.exact.end();
    if (exact != field.exact.end()) {
      for (const AtomId atom : exact->second) {
        if (!numeric || !plan_.atoms[atom].predicate->pattern.number) note(atom, column, id);
      }
    }
    if (!numeric || field.numbers.empty()) return;
    const auto number = parse_double(trim(values.text(id)));
    const auto equal = number ? field.numbers.find(*number) : field.numbers.end();
    if (equal == field.numbers.end()) return;
    for (const AtomId atom : equal->second) {
      // Doubles confuse neighbours beyond 2^53: there the pattern itself decides.
      if (std::abs(*number) < kExactMax ||
          matches(plan_.atoms[atom].predicate->pattern, values.text(id), kind))
        note(atom, column, id);
    }
  }

  void note(AtomId atom, std::uint32_t column, ValueId value) {
    std::uint32_t& last = space_.last_hit[atom];
    if (last == kNone)
      space_.found.push_back(atom);
    else if (space_.hits[last].value == value && space_.hits[last].column == column)
      return;
    space_.hits.push_back({column, value, last});
    last = static_cast<std::uint32_t>(space_.hits.size() - 1);
  }

  bool is_found(AtomId atom) const { return space_.last_hit[atom] != kNone; }

  /// Variants that are routed to and may match, ascending (so by rule).
  std::vector<std::uint32_t> candidates() {
    std::vector<std::uint32_t> out;
    const auto want = [&](std::uint32_t variant) {
      if (space_.wanted[variant] || !is_covered_[plan_.variants[variant].cover_set]) return;
      space_.wanted[variant] = true;
      out.push_back(variant);
    };
    for (const std::uint32_t variant : plan_.always) want(variant);
    for (const AtomId atom : space_.found) {
      for (const std::uint32_t variant : plan_.atom_variants[atom]) want(variant);
    }
    for (const std::uint32_t variant : out) space_.wanted[variant] = false;
    std::sort(out.begin(), out.end());
    return out;
  }

  /// Those that the variant is routed to and that have one of its required atoms.
  RowSet candidate_rows(std::uint32_t variant) {
    RowSet covered = covered_rows(plan_.variants[variant].cover_set);
    const auto& required = plan_.covers[variant];
    if (required.empty()) return covered;
    RowSet rows(batch_.rows());
    for (const AtomId atom : required) {
      if (is_found(atom)) rows |= rows_of(atom);
    }
    rows &= covered;
    return rows;
  }

  bool is_fast(AtomId atom) const { return plan_.atoms[atom].sought; }

  /// Whether some row of the batch may satisfy the node, as far as the found atoms tell.
  bool possible(NodeId id) const {
    const PlanNode& node = plan_.nodes[id];
    const auto child_possible = [&](NodeId child) { return possible(child); };
    switch (node.kind) {
      case Predicate::Kind::constant:
        return node.constant;
      case Predicate::Kind::atom:
        return !is_fast(node.atom) || is_found(node.atom);
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
    std::uint32_t& at = space_.rows_at[atom];
    if (at == kNone) {
      at = static_cast<std::uint32_t>(rows_.size());
      space_.with_rows.push_back(atom);
      rows_.push_back(is_fast(atom) ? RowSet(batch_.rows()) : select(*plan_.atoms[atom].predicate, batch_));
      for (std::uint32_t hit = space_.last_hit[atom]; hit != kNone; hit = space_.hits[hit].before)
        mark(space_.hits[hit], rows_.back());
    }
    return rows_[at];
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
        for (const NodeId child : by_looks(node)) {
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

  /// Values to look at until it is known where the node holds, about.
  std::size_t looks(NodeId id) const {
    constexpr std::size_t kOfPattern = 8;  // times a plain search
    const PlanNode& node = plan_.nodes[id];
    std::size_t out = 0;
    for (const NodeId child : node.children) out += looks(child);
    if (node.kind != Predicate::Kind::atom || is_fast(node.atom)) return out;
    const PlanAtom& atom = plan_.atoms[node.atom];
    if (atom.predicate->field.empty()) return std::size_t{batch_.rows()} * batch_.columns().size();
    const Column* const column = columns_[atom.field];
    if (column == nullptr) return 0;
    return column->values.size() * (atom.method == AtomMethod::literal ? 1 : kOfPattern);
  }

  /// Children of which less is to be looked at come first: the others look at fewer rows then.
  std::vector<NodeId> by_looks(const PlanNode& node) const {
    std::vector<std::pair<std::size_t, NodeId>> order;
    for (const NodeId child : node.children) order.emplace_back(looks(child), child);
    std::sort(order.begin(), order.end());
    std::vector<NodeId> out;
    for (const auto& [count, child] : order) out.push_back(child);
    return out;
  }

  void keep_atom(RowSet& rows, AtomId atom) {
    const PlanAtom& looked_for = plan_.atoms[atom];
    if (is_fast(atom) && !is_found(atom))
      rows.clear();
    else if (!looked_for.sought && looked_for.method != AtomMethod::presence &&
             !looked_for.predicate->field.empty())
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
    for (const NodeId child : rest.empty() ? std::vector<NodeId>() : by_looks(node)) {
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

  Judged& judged(AtomId atom) {
    constexpr std::size_t kVerdictsMax = 16u << 20;  // a batch of many values and a plan of many atoms
    const auto [found, added] = judged_.try_emplace(atom);
    if (!added) return found->second;
    const Column* const column = columns_[plan_.atoms[atom].field];
    const std::size_t values = column == nullptr ? 0 : column->values.size();
    verdicts_ += values;
    if (verdicts_ > kVerdictsMax) {
      verdicts_ = values;
      judged_.clear();
    }
    Judged& known = judged_[atom];
    known.column = column;
    known.verdicts.resize(values);
    return known;
  }

  bool holds_for(const Column& column, AtomId atom, ValueId id) {
    const Pattern& pattern = plan_.atoms[atom].predicate->pattern;
    const ValueKind kind = column.values.kind(id);
    if (plan_.atoms[atom].method != AtomMethod::literal)
      return matches(pattern, column.values.text(id), kind);
    return kind != ValueKind::null && contains_bytes(folded(column, id), pattern.value);
  }

  std::string_view folded(const Column& column, ValueId id) {
    const auto index = static_cast<std::uint32_t>(&column - batch_.columns().data());
    const auto& texts = folded_[index];
    if (!texts.empty() && texts[id] != kNone) return space_.texts.text(texts[id]);
    make_room();
    return fold(index, id);
  }

  /// Judges the values of these rows only: an expensive pattern mostly stands behind cheap ones.
  void judge(RowSet& rows, AtomId atom) {
    Judged& known = judged(atom);
    if (known.column == nullptr) return rows.clear();
    const Column& column = *known.column;
    const auto holds = [&](ValueId id) {
      Verdict& verdict = known.verdicts[id];
      if (verdict == Verdict::unknown) verdict = holds_for(column, atom, id) ? Verdict::yes : Verdict::no;
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
  Workspace& space_;
  std::vector<Audience> audiences_;  // those in the batch
  std::map<std::vector<bool>, std::uint32_t> audience_index_;
  std::vector<std::uint32_t> audience_of_row_;
  std::vector<bool> is_covered_;        // by cover set: whether a row is
  std::deque<RowSet> rows_;             // of atoms, by Workspace::rows_at
  std::vector<const Column*> columns_;  // by field; null: the batch has none
  std::vector<std::optional<RowsByValue>> by_value_;
  std::vector<std::vector<std::uint32_t>> folded_;  // by column and value: which text it became, or kNone
  std::unordered_map<AtomId, Judged> judged_;
  std::size_t verdicts_ = 0;  // in judged_
};

}  // namespace

std::vector<Match> match(const Plan& plan, const Batch& batch) {
  thread_local Workspace space;
  return Matching(plan.layout(), batch, space).run();
}

}  // namespace phendau::detect

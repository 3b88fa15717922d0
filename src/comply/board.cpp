// SPDX-License-Identifier: Apache-2.0
// A group is one part in one agency: its rows lie side by side, so that a group is judged, counted and
// searched in one pass over a few kilobytes. Time: one heap entry per group with the earliest instant of its
// rows; an entry that was overtaken is dropped when it comes up.
#include "comply/board.h"

#include <algorithm>

#include <fmt/format.h>

#include "comply/subjects.h"

namespace phendau::comply {
namespace {

constexpr int kSeverity[] = {6, 5, 4, 3, 2, 1, 0, 7, 8};  // by Status
constexpr std::size_t kStatuses = 9;

BoardRow row_of(std::uint32_t subject, std::uint32_t period, const Judged& one) {
  BoardRow row;
  row.subject = subject;
  row.period = period;
  row.status = one.verdict.status;
  row.next_at = one.verdict.next_at.value_or(kNever);
  row.due_at = one.verdict.due_at.value_or(kNever);
  if (one.past) row.closed = one.closed_status.value_or(row.status);
  return row;
}

/// The verdict of the close is the board's: the engine knows only what the records say today.
void show_close(Obligation& one, Status closed) {
  if (closed == one.status) return one.closed_status.reset();
  if (one.closed_status == closed) return;
  if (!one.closed_status) one.details.insert(one.details.begin(), std::move(one.reason));
  one.closed_status = closed;
  const std::string status = "comply.status." + std::string(to_string(closed));
  one.reason = {"comply.changed_since_close", {both_of(status)}};
}

}  // namespace

int severity(Status status) { return kSeverity[static_cast<std::size_t>(status)]; }

RollUp roll_up_of(const StatusCounts& counts) {
  RollUp out;
  out.counts = counts;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    RollUp one;
    one.add(static_cast<Status>(i));
    out.status = roll_up(out.status, one.status);
    out.good += one.good * counts[i];
    out.total += one.total * counts[i];
  }
  return out;
}

Board::Board(const Catalog& catalog) : catalog_(catalog) {
  for (std::uint32_t clause = 0; clause < catalog.clauses.size(); ++clause) {
    for (const ClausePart& part : catalog.clauses[clause].parts) {
      parts_.push_back({&catalog.clauses[clause], &part, clause});
    }
  }
  for (std::uint32_t part = 0; part < parts_.size(); ++part) index_part(part);
  period_slot("");
  const std::uint32_t province = agency_slot("");
  agencies_[province].live = true;
  for (const SubjectKind kind : {SubjectKind::role, SubjectKind::hub}) {
    for (const std::uint32_t part : by_kind_[static_cast<std::size_t>(kind)]) mark(province, part);
  }
}

std::uint32_t Board::agency_slot(std::string_view id) {
  const auto [at, is_new] = agency_slots_.try_emplace(std::string(id), agencies_.size());
  if (!is_new) return at->second;
  Agency& agency = agencies_.emplace_back();
  agency.id = id;
  agency.groups.resize(parts_.size());
  agency.by_clause.resize(catalog_.clauses.size());
  subject_slot(SubjectKind::agency, id);
  return at->second;
}

std::optional<std::uint32_t> Board::find_agency(std::string_view id) const {
  const auto at = agency_slots_.find(id);
  return at == agency_slots_.end() ? std::nullopt : std::optional(at->second);
}

std::uint32_t Board::subject_slot(SubjectKind kind, std::string_view id) {
  auto& slots = subject_slots_[static_cast<std::size_t>(kind)];
  const auto found = slots.find(id);
  if (found != slots.end()) return found->second;
  const auto slot = static_cast<std::uint32_t>(subjects_.size());
  subjects_.push_back({kind, std::string(id)});
  slots.emplace(std::string(id), slot);
  return slot;
}

std::optional<std::uint32_t> Board::find_subject(SubjectKind kind, std::string_view id) const {
  const auto& slots = subject_slots_[static_cast<std::size_t>(kind)];
  const auto at = slots.find(id);
  return at == slots.end() ? std::nullopt : std::optional(at->second);
}

std::uint32_t Board::period_slot(std::string_view id) {
  const auto found = period_slots_.find(id);
  if (found != period_slots_.end()) return found->second;
  const auto slot = static_cast<std::uint32_t>(periods_.size());
  periods_.emplace_back(id);
  period_slots_.emplace(std::string(id), slot);
  return slot;
}

void Board::count(Agency& agency, std::uint32_t part, Status status, std::int32_t by) {
  const auto index = static_cast<std::size_t>(status);
  const auto change = static_cast<std::uint32_t>(by);  // two's complement: adds or takes away
  agency.by_clause[parts_[part].clause_index][index] += change;
  agency.all[index] += change;
}

void Board::enqueue(std::uint32_t agency, std::uint32_t part, UtcTime at) {
  Group& group = agencies_[agency].groups[part];
  if (at == kNever || group.queued_at <= at) return;
  group.queued_at = at;
  queue_.push({at, agency, part});
}

void Board::replace(std::uint32_t agency_index, std::uint32_t part, std::size_t first, std::size_t last,
                    std::vector<BoardRow> fresh, Settled& out) {
  Agency& agency = agencies_[agency_index];
  auto& rows = agency.groups[part].rows;
  bool changed = last - first != fresh.size();
  for (BoardRow& row : fresh) {
    count(agency, part, row.status, 1);
    const auto same = [&](const BoardRow& old) {
      return old.subject == row.subject && old.period == row.period;
    };
    // Old rows of a subject lie together; subjects are in order in both lists.
    const auto begin = std::lower_bound(rows.begin() + static_cast<std::ptrdiff_t>(first),
                                        rows.begin() + static_cast<std::ptrdiff_t>(last), row.subject,
                                        [](const BoardRow& a, std::uint32_t s) { return a.subject < s; });
    auto old = begin;
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(last);
    while (old != end && old->subject == row.subject && !same(*old)) ++old;
    const bool found = old != end && same(*old);
    if (found && row.closed && old->closed) row.closed = old->closed;
    changed = changed || !found || old->status != row.status || old->closed != row.closed;
    if (found && old->status != row.status) {
      out.transitions.push_back({view_of(agency_index, part, row), old->status});
    }
  }
  for (std::size_t i = first; i < last; ++i) count(agency, part, rows[i].status, -1);
  const std::size_t kept = std::min(last - first, fresh.size());
  std::copy_n(fresh.begin(), kept, rows.begin() + static_cast<std::ptrdiff_t>(first));
  if (fresh.size() > kept) {
    rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(first + kept),
                fresh.begin() + static_cast<std::ptrdiff_t>(kept), fresh.end());
  } else {
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(first + kept),
               rows.begin() + static_cast<std::ptrdiff_t>(last));
  }
  if (changed) out.groups.emplace_back(agency_index, part);
  UtcTime next = kNever;
  for (const BoardRow& row : fresh) next = std::min(next, row.next_at);
  enqueue(agency_index, part, next);
}

void Board::judge_group(std::uint32_t agency_index, std::uint32_t part_index, UtcTime now, Settled& out) {
  Agency& agency = agencies_[agency_index];
  if (agency.ended_at) return;
  const PartEntry& entry = parts_[part_index];
  std::vector<BoardRow> fresh;
  fresh.reserve(agency.groups[part_index].rows.size());
  const Judge keep = [&](const Subject& subject, Judged&& one) {
    const std::uint32_t period = one.period_id.empty() ? 0 : period_slot(one.period_id);
    fresh.push_back(row_of(subject_slot(subject.kind, subject.id), period, one));
  };
  if (agency.live) {
    const Subjects subjects = subjects_of(catalog_, knowledge_, *entry.part, agency.id, now);
    for (const Subject* subject : subjects.of) {
      judge_part(catalog_, knowledge_, *entry.clause, *entry.part, *subject, now, true, keep);
    }
    if (subjects.absent) {
      judge_absence(catalog_, knowledge_, *entry.clause, *entry.part, agency.id, now, true, keep);
    }
    out.judged += subjects.of.size();
  }
  std::stable_sort(fresh.begin(), fresh.end(),
                   [](const BoardRow& a, const BoardRow& b) { return a.subject < b.subject; });
  replace(agency_index, part_index, 0, agency.groups[part_index].rows.size(), std::move(fresh), out);
  if (entry.part->subject != SubjectKind::role) return;
  Group& group = agency.groups[part_index];
  group.binding_at = knowledge_.next_binding_change(entry.part->role, now).value_or(kNever);
  enqueue(agency_index, part_index, group.binding_at);
}

void Board::judge_row(const MarkedRow& marked, UtcTime now, Settled& out) {
  Agency& agency = agencies_[marked.agency];
  if (agency.ended_at) return;
  const PartEntry& entry = parts_[marked.part];
  const SubjectEntry& of = subjects_[marked.subject];
  if (of.kind != entry.part->subject) return judge_group(marked.agency, marked.part, now, out);  // an absence
  std::vector<BoardRow> fresh;
  const Judge keep = [&](const Subject&, Judged&& one) {
    fresh.push_back(row_of(marked.subject, one.period_id.empty() ? 0 : period_slot(one.period_id), one));
  };
  std::optional<Subject> made;
  const Subject* subject = knowledge_.subject(of.kind, of.id);
  if (subject == nullptr) {  // a role or the hub
    made = subject_of(knowledge_, *entry.part, agency.id, of.id, now);
    subject = made ? &*made : nullptr;
  }
  const bool moved = subject != nullptr && of.kind != SubjectKind::agency && subject->agency_id != agency.id;
  if (subject == nullptr || moved || !agency.live) return judge_group(marked.agency, marked.part, now, out);
  judge_part(catalog_, knowledge_, *entry.clause, *entry.part, *subject, now, true, keep);
  ++out.judged;
  const auto& rows = agency.groups[marked.part].rows;
  const auto first = std::lower_bound(rows.begin(), rows.end(), marked.subject,
                                      [](const BoardRow& a, std::uint32_t s) { return a.subject < s; });
  auto last = first;
  while (last != rows.end() && last->subject == marked.subject) ++last;
  replace(marked.agency, marked.part, static_cast<std::size_t>(first - rows.begin()),
          static_cast<std::size_t>(last - rows.begin()), std::move(fresh), out);
}

void Board::judge_due(const Due& due, UtcTime now, Settled& out) {
  if (agencies_[due.agency].ended_at) return;
  Group& group = agencies_[due.agency].groups[due.part];
  if (group.queued_at != due.at) return;  // overtaken by an earlier one, or judged meanwhile
  group.queued_at = kNever;
  if (group.binding_at <= now) {
    judge_group(due.agency, due.part, now, out);
  } else {
    std::vector<MarkedRow> late;
    for (const BoardRow& row : group.rows) {
      if (row.next_at > now) continue;
      if (late.empty() || late.back().subject != row.subject)
        late.push_back({due.agency, due.part, row.subject});
    }
    for (const MarkedRow& row : late) judge_row(row, now, out);
  }
  UtcTime next = group.binding_at;
  for (const BoardRow& row : group.rows) next = std::min(next, row.next_at);
  enqueue(due.agency, due.part, next);
}

Board::Settled Board::settle(UtcTime now) {
  Settled out;
  settled_at_ = now;
  auto groups = std::move(marked_groups_);
  marked_groups_.clear();
  auto rows = std::move(marked_rows_);
  marked_rows_.clear();
  for (const auto& [agency, part] : groups) judge_group(agency, part, now, out);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  for (const MarkedRow& row : rows) {
    if (!agencies_[row.agency].groups[row.part].marked) judge_row(row, now, out);
  }
  for (const auto& [agency, part] : groups) agencies_[agency].groups[part].marked = false;
  while (!queue_.empty() && queue_.top().at <= now) {
    const Due due = queue_.top();
    queue_.pop();
    judge_due(due, now, out);
  }
  std::sort(out.groups.begin(), out.groups.end());
  out.groups.erase(std::unique(out.groups.begin(), out.groups.end()), out.groups.end());
  return out;
}

void Board::drop_agency(std::string_view id) {
  const auto slot = find_agency(id);
  if (!slot) return;
  agencies_[*slot].live = false;  // settle() then finds nothing in it
  for (std::uint32_t part = 0; part < parts_.size(); ++part) mark(*slot, part);
  for (const std::uint32_t part : by_kind_[static_cast<std::size_t>(SubjectKind::role)]) mark(0, part);
}

void Board::end_agency(std::string_view id, UtcTime at) {
  const std::uint32_t slot = agency_slot(id);
  agencies_[slot].live = false;
  agencies_[slot].ended_at = at;
  for (const std::uint32_t part : by_kind_[static_cast<std::size_t>(SubjectKind::role)]) mark(0, part);
  knowledge_.drop_subject(SubjectKind::agency, id);
}

void Board::restore(std::string_view agency_id, std::string_view part_id, SubjectKind kind,
                    std::string_view subject_id, std::string_view period_id, Status status,
                    std::optional<Status> closed) {
  const auto agency = find_agency(agency_id);
  if (!agency) return;
  for (const std::uint32_t part : of(by_scope_id_, part_id)) {
    if (parts_[part].part->id != part_id) continue;
    BoardRow row;
    row.subject = subject_slot(kind, subject_id);
    row.period = period_slot(period_id);
    row.status = status;
    row.closed = closed;
    auto& rows = agencies_[*agency].groups[part].rows;
    rows.insert(std::upper_bound(rows.begin(), rows.end(), row.subject,
                                 [](std::uint32_t s, const BoardRow& a) { return s < a.subject; }),
                row);
    count(agencies_[*agency], part, status, 1);
    mark(*agency, part);
  }
}

RowView Board::view_of(std::uint32_t agency, std::uint32_t part, const BoardRow& row) const {
  const SubjectEntry& subject = subjects_[row.subject];
  return {parts_[part].clause,  parts_[part].part, agencies_[agency].id, subject.kind, subject.id,
          periods_[row.period], row.status,        row.due_at,           row.closed};
}

std::vector<RowView> Board::rows_of(std::uint32_t agency, std::uint32_t part) const {
  std::vector<RowView> out;
  for (const BoardRow& row : agencies_[agency].groups[part].rows) out.push_back(view_of(agency, part, row));
  return out;
}

bool Board::take_rows(const Filter& filter, std::uint32_t agency, std::size_t status, Paging& paging) const {
  const Agency& of = agencies_[agency];
  for (std::uint32_t part = 0; part < parts_.size(); ++part) {
    const PartEntry& entry = parts_[part];
    if (of.by_clause[entry.clause_index][status] == 0) continue;
    if (!filter.clause_id.empty() && entry.clause->id != filter.clause_id) continue;
    if (!filter.part_id.empty() && entry.part->id != filter.part_id) continue;
    for (const BoardRow& row : of.groups[part].rows) {
      if (static_cast<std::size_t>(row.status) != status) continue;
      const SubjectEntry& subject = subjects_[row.subject];
      if (filter.subject_kind && subject.kind != *filter.subject_kind) continue;
      if (!filter.subject_id.empty() && subject.id != filter.subject_id) continue;
      if (paging.offset > 0) {
        --paging.offset;
        continue;
      }
      if (paging.out.rows.size() == paging.limit) {
        paging.out.more = true;
        return false;
      }
      paging.out.rows.push_back(view_of(agency, part, row));
    }
  }
  return true;
}

Board::Page Board::page(const Filter& filter, std::size_t offset, std::size_t limit) const {
  Paging paging{offset, limit, {}};
  std::vector<std::uint32_t> shown;
  for (const auto& [id, slot] : agency_slots_) {
    const bool asked = !filter.agency_id.empty() && id == filter.agency_id;
    const bool there = agencies_[slot].live || (asked && agencies_[slot].ended_at);
    if (!there || (!filter.agency_id.empty() && !asked)) continue;
    if (!filter.covers || filter.covers(id)) shown.push_back(slot);
  }
  std::sort(shown.begin(), shown.end(),
            [&](std::uint32_t a, std::uint32_t b) { return agencies_[a].id < agencies_[b].id; });
  const bool whole =
      !filter.subject_kind && filter.subject_id.empty() && filter.part_id.empty() && filter.clause_id.empty();
  for (int level = 0; level < static_cast<int>(kStatuses); ++level) {
    const auto* const at = std::find(std::begin(kSeverity), std::end(kSeverity), level);
    const auto status = static_cast<std::size_t>(at - std::begin(kSeverity));
    if ((filter.statuses >> status & 1U) == 0) continue;
    for (const std::uint32_t agency : shown) {
      const std::uint32_t count = agencies_[agency].all[status];
      if (whole && paging.offset >= count) {  // skipped without a look
        paging.offset -= count;
      } else if (count > 0 && !take_rows(filter, agency, status, paging)) {
        return std::move(paging.out);
      }
    }
  }
  return std::move(paging.out);
}

Obligation Board::ended_row(const RowView& row, UtcTime ended_at) const {
  Obligation out;
  out.id =
      fmt::format("{}|{}:{}|{}", row.part->id, to_string(row.subject_kind), row.subject_id, row.period_id);
  out.clause_id = row.clause->id;
  out.part_id = row.part->id;
  out.subject_kind = row.subject_kind;
  out.subject_id = row.subject_id;
  out.agency_id = row.agency_id;
  out.period_id = row.period_id;
  out.status = row.status;
  out.reason = {"comply.agency_ended", {time_label(ended_at, catalog_.zone).substr(0, 10)}};
  return out;
}

std::vector<Obligation> Board::details(const std::vector<RowView>& rows, UtcTime now) const {
  std::vector<Obligation> out;
  std::vector<Obligation> judged;  // of the row before: occasions of one subject are judged once
  const RowView* of = nullptr;
  for (const RowView& row : rows) {
    const auto agency = find_agency(row.agency_id);
    if (agency && agencies_[*agency].ended_at) {
      out.push_back(ended_row(row, *agencies_[*agency].ended_at));
      continue;
    }
    const bool same = of != nullptr && of->part == row.part && of->subject_kind == row.subject_kind &&
                      of->subject_id == row.subject_id && of->agency_id == row.agency_id;
    if (!same) {
      judged.clear();
      Subject subject;  // of a slot that nobody holds
      subject.kind = row.subject_kind;
      subject.id = row.subject_id;
      subject.role = row.part->role;
      const bool unbound = row.subject_kind == SubjectKind::role && row.agency_id.empty();
      const Subject* known = knowledge_.subject(row.subject_kind, row.subject_id);
      const auto made = known != nullptr || unbound
                            ? std::nullopt
                            : subject_of(knowledge_, *row.part, row.agency_id, row.subject_id, now);
      if (known != nullptr) subject = *known;
      if (made) subject = *made;
      if (known != nullptr || made || unbound) {
        judged = assess_part(catalog_, knowledge_, *row.clause, *row.part, subject, now);
      }
      of = &row;
    }
    const auto at = std::find_if(judged.begin(), judged.end(),
                                 [&](const Obligation& one) { return one.period_id == row.period_id; });
    if (at == judged.end()) continue;
    out.push_back(*at);
    if (row.closed) show_close(out.back(), *row.closed);
  }
  return out;
}

std::vector<std::string_view> Board::agencies() const {
  std::vector<std::string_view> out;
  for (const Agency& agency : agencies_) {
    if (agency.live) out.push_back(agency.id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

const std::vector<StatusCounts>& Board::counts_by_clause(std::string_view agency_id) const {
  static const std::vector<StatusCounts> kNone;
  const auto agency = find_agency(agency_id);
  return agency ? agencies_[*agency].by_clause : kNone;
}

StatusCounts Board::counts_of_agency(std::string_view agency_id) const {
  const auto agency = find_agency(agency_id);
  return agency ? agencies_[*agency].all : StatusCounts{};
}

StatusCounts Board::counts_of_subject(SubjectKind kind, std::string_view id) const {
  StatusCounts out{};
  const Subject* subject = knowledge_.subject(kind, id);
  const auto slot = find_subject(kind, id);
  const auto agency = subject == nullptr ? std::nullopt : find_agency(subject->agency_id);
  if (!slot || !agency) return out;
  for (const std::uint32_t part : by_kind_[static_cast<std::size_t>(kind)]) {
    const auto& rows = agencies_[*agency].groups[part].rows;
    auto row = std::lower_bound(rows.begin(), rows.end(), *slot,
                                [](const BoardRow& a, std::uint32_t s) { return a.subject < s; });
    for (; row != rows.end() && row->subject == *slot; ++row) ++out[static_cast<std::size_t>(row->status)];
  }
  return out;
}

std::size_t Board::row_count() const {
  std::size_t out = 0;
  for (const Agency& agency : agencies_) {
    for (const Group& group : agency.groups) out += group.rows.size();
  }
  return out;
}

}  // namespace phendau::comply

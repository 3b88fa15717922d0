// SPDX-License-Identifier: Apache-2.0
// The board's rows as duties of people: what one part asks of an agency in a period is one thing to do,
// however many machines or people it is about.
#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "hub/obligations.h"

namespace phendau::hub {

std::vector<Obligations::Duty> Obligations::duties(const std::function<bool(std::string_view)>& covers,
                                                   std::uint16_t statuses) const {
  comply::Board::Filter wanted;
  wanted.covers = covers;
  wanted.statuses = statuses;
  std::vector<Duty> out;
  const std::lock_guard lock(mu_);
  std::map<std::tuple<std::string_view, std::string_view, std::string_view, Status>, std::size_t> known;
  for (const auto& row : board_.page(wanted, 0, kDutyRowsMax).rows) {
    using comply::Modality;
    if (row.part->modality != Modality::must && row.part->modality != Modality::must_not) continue;
    const auto [at, is_new] =
        known.try_emplace({row.agency_id, row.part->id, row.period_id, row.status}, out.size());
    if (is_new) {
      Duty& duty = out.emplace_back();
      duty.clause = row.clause;
      duty.part = row.part;
      duty.agency_id = row.agency_id;
      duty.period_id = row.period_id;
      duty.status = row.status;
      duty.subject_kind = row.subject_kind;
    }
    Duty& duty = out[at->second];
    duty.due_at = std::min(duty.due_at, row.due_at);
    ++duty.subjects_total;
    if (duty.subjects.size() < kDutySubjectsMax)
      duty.subjects.emplace_back(row.subject_id, subject_name(row.subject_kind, row.subject_id));
  }
  return out;
}

void Obligations::explain_duties(std::span<Duty> duties) const {
  struct Asked {
    comply::RowView row;
    Duty* duty;
  };
  std::vector<Asked> asked;
  for (Duty& duty : duties) {
    comply::RowView row;
    row.clause = duty.clause;
    row.part = duty.part;
    row.agency_id = duty.agency_id;
    row.subject_kind = duty.subject_kind;
    row.subject_id = duty.subjects.front().first;
    row.period_id = duty.period_id;
    row.status = duty.status;
    asked.push_back({row, &duty});
  }
  // Side by side what is judged together: all cases of a trigger are looked at once, not once for each duty.
  const auto judged_as = [](const comply::RowView& row) {
    return std::tie(row.part->id, row.agency_id, row.subject_kind, row.subject_id);
  };
  std::stable_sort(asked.begin(), asked.end(),
                   [&](const Asked& a, const Asked& b) { return judged_as(a.row) < judged_as(b.row); });
  const std::lock_guard lock(mu_);
  for (auto first = asked.begin(); first != asked.end();) {
    const auto last = std::find_if(
        first, asked.end(), [&](const Asked& one) { return judged_as(one.row) != judged_as(first->row); });
    std::vector<comply::RowView> rows;
    for (auto at = first; at != last; ++at) rows.push_back(at->row);
    // In the order of the rows; one that time has removed meanwhile is left out and stays without words.
    for (const auto& judged : board_.details(rows, board_.settled_at())) {
      while (first != last && first->row.period_id != judged.period_id) ++first;
      if (first == last) break;
      Duty& duty = *first++->duty;
      duty.reason = comply::explain(Lang::vi, judged.reason);
      std::vector<std::string> details;
      for (const auto& detail : judged.details) details.push_back(comply::explain(Lang::vi, detail));
      duty.missing = join(details, " ");
    }
    first = last;
  }
}

}  // namespace phendau::hub

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
  const std::lock_guard lock(mu_);
  for (Duty& duty : duties) {
    comply::RowView row;
    row.clause = duty.clause;
    row.part = duty.part;
    row.agency_id = duty.agency_id;
    row.subject_kind = duty.subject_kind;
    row.subject_id = duty.subjects.front().first;
    row.period_id = duty.period_id;
    row.status = duty.status;
    const auto judged = board_.details({row}, board_.settled_at());
    if (judged.empty()) continue;
    duty.reason = comply::explain(Lang::vi, judged.front().reason);
    std::vector<std::string> details;
    for (const auto& detail : judged.front().details) details.push_back(comply::explain(Lang::vi, detail));
    duty.missing = join(details, " ");
  }
}

}  // namespace phendau::hub

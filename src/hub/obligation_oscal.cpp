// SPDX-License-Identifier: Apache-2.0
// A round of obligations as OSCAL assessment results: the part of Obligations that serves them.
#include <fmt/format.h>

#include "hub/obligations.h"
#include "hub/oscal_export.h"

namespace phendau::hub {

Result<Json> Obligations::oscal(const Actor& actor, std::string_view agency_id, std::string_view period) {
  PHENDAU_TRY(scope_for(actor, Action::export_out, Resource::obligation));
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  if (!agency_id.empty() && !scope.covers(agency_id))
    return fail(ErrorCode::not_found, "no such agency", "error.not_found");
  comply::Board::Filter wanted;
  wanted.covers = [&](std::string_view agency) { return scope.covers(agency); };
  wanted.agency_id = agency_id;
  const std::lock_guard lock(mu_);
  auto page = board_.page(wanted, 0, kOscalObligationsMax);
  if (page.more) {
    return fail(ErrorCode::limit, fmt::format("more than {} obligations", kOscalObligationsMax),
                "hub.oscal_too_many", {std::to_string(kOscalObligationsMax)});
  }
  if (!period.empty()) std::erase_if(page.rows, [&](const auto& row) { return row.period_id != period; });
  const UtcTime at = board_.settled_at();
  const auto obligations = board_.details(page.rows, at);
  std::map<std::string, std::string, std::less<>> names;
  for (const auto& one : obligations) {
    if (!one.agency_id.empty() && !names.contains(one.agency_id))
      names[one.agency_id] = subject_name(comply::SubjectKind::agency, one.agency_id);
    if (!names.contains(one.subject_id))
      names[one.subject_id] = subject_name(one.subject_kind, one.subject_id);
  }
  return export_oscal_results(services_.pack.pack(), obligations, names, at);
}

}  // namespace phendau::hub

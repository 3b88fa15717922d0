// SPDX-License-Identifier: Apache-2.0
// "What do I owe, and when": the open duties of the actor's own bodies with what fulfils them, the steps of
// cases and the records that wait for the actor; the same as a calendar; and the figures that a head signs.
// Everything is read off the board and the ledger; nothing is kept here. Thread-safe.
#pragma once

#include <set>
#include <string>

#include "comply/calendar.h"
#include "hub/case_record.h"
#include "hub/obligations.h"
#include "hub/records.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::size_t kTasksMax = 300;   // told apart in one answer, the most pressing first; the rest
                                                // is a number
inline constexpr std::size_t kStepsShown = 50;  // cases that wait
inline constexpr std::size_t kStepsLookedAt = 1'000;  // open cases of the actor's reach, the oldest first
inline constexpr std::size_t kCalendarDutiesMax = 1'000;

/// The day that a due instant of the board means.
comply::DueDay due_day_of(const comply::ClausePart& part, UtcTime due_at);

class Duties {
 public:
  Duties(Services& services, Obligations& obligations, Records& records)
      : services_(services), obligations_(obligations), records_(records), definitions_(services) {}

  /// Tasks of openapi.yaml.
  Result<Json> tasks(const Actor& actor);
  /// Dated duties and clocks of the actor as iCalendar; `host` is this hub's name in addresses.
  Result<std::string> calendar(const Actor& actor, std::string_view host);
  /// What the page of one agency shows at its head: AgencyPage of openapi.yaml.
  Result<Json> agency_page(const Actor& actor, std::string_view agency_id);
  /// The agency's figures now, for a record that freezes them.
  Result<Json> figures(std::string_view agency_id);

 private:
  std::set<std::string, std::less<>> own_bodies(const Actor& actor);
  std::vector<Obligations::Duty> own_duties(const Actor& actor, const Scope& scope, std::uint16_t statuses);
  Json task_view(const Obligations::Duty& duty, const CivilDate& today);
  Result<Json> waiting_steps(const Actor& actor);
  Json waiting_step(const Actor& actor, const ledger::Record& record, AgencyNames& names, UtcTime now);
  Result<std::uint64_t> count(std::string_view kind, std::vector<std::string> states,
                              std::string_view agency_id);

  Services& services_;
  Obligations& obligations_;
  Records& records_;
  CaseDefinitions definitions_;
};

}  // namespace phendau::hub

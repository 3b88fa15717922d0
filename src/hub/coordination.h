// SPDX-License-Identifier: Apache-2.0
// Coordination between bodies: requests about a case (records of the register coordination_request) and what
// they do to it (who is asked takes part, the timeline says so), what the pack says a case now asks for, what
// waits for whose answer, and who is to be called. Rights: the register's, and authorize_case(). Thread-safe.
#pragma once

#include "comply/deadline.h"
#include "hub/case_record.h"
#include "hub/records.h"

namespace phendau::hub {

inline constexpr std::string_view kOfficers = "officer";  // register: who looks after an agency's computers
/// Whom others turn to when they need its agency.
bool is_focal_point(const ledger::Record& officer);

inline constexpr std::size_t kInboxShown = 200;       // of each list; further ones are counted
inline constexpr std::size_t kCaseRequestsMax = 500;  // shown on a case
inline constexpr std::size_t kCaseLoansMax = 200;     // likewise, the newest
inline constexpr std::size_t kDutyPeopleMax = 500;    // of the page of duty, of each list

inline constexpr std::size_t kCallNumbersShown = 6;  // of one agency; the rest is left out

/// By when a request of this document is answered in the pack's term; nullopt: it sets none.
std::optional<comply::DueDay> answer_due(const Pack& pack, const Json& doc);

/// Whom to telephone in an agency: who is on duty today, its focal points, itself; by the registers, nobody
/// without a number, no number twice. Without names: strangers read it.
struct CallNumber {
  std::string title;
  std::string number;  // as it was entered
};
Result<std::vector<CallNumber>> call_numbers(Services& services, const std::string& agency_id);

/// What a case's closing says of requests that nobody has answered, of those in `shown`: of all that are open
/// to its readers in one entry, of each sealed one in an entry with its seal.
Result<std::vector<workflow::TimelineEntry>> unanswered_requests(Services& services, std::string_view case_id,
                                                                 const Scope& shown);
/// Requests of this case that the actor reads: of the own case all but what is sealed from him.
Scope case_requests_scope(Services& services, const Actor& actor, const ledger::Record& of_case);

class CaseCoordination {
 public:
  /// Becomes the company of `records`.
  CaseCoordination(Services& services, Records& records);

  /// Records::company.
  Result<Records::Company> company(const Actor& actor, const Draft& draft, std::string_view state_before);
  /// {parties, requests, proposals, may_ask, loans, may_lend}
  Result<Json> of_case(const Actor& actor, std::string_view case_id);
  /// {waiting, asked, overdue}: what waits for the answer of the actor's bodies, what they asked.
  Result<Json> inbox(const Actor& actor);
  /// {bodies, team, shifts}: whom to call, and who is on duty.
  Result<Json> duty(const Actor& actor);

 private:
  Json request_view(const Actor& actor, const RegisterKind& kind, const ledger::Record& record,
                    Json case_title, AgencyNames& names);
  Json request_views(const Actor& actor, const std::vector<ledger::Record>& records);
  Result<Json> loans(const Actor& actor, std::string_view case_id);
  Json proposals(const workflow::CaseState& state, const std::vector<ledger::Record>& sent);
  Result<> join(ledger::Write& of_case, const Draft& draft, std::string_view case_agency, UtcTime now);
  std::vector<std::string> own_bodies(const Actor& actor);
  Result<Json> shifts(const Actor& actor, const std::vector<std::string>& agencies);

  Services& services_;
  Records& records_;
  CaseDefinitions definitions_;
};

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// One page for whoever leads: where duties stand and against last year, who is late, which incidents are
// open, what waits for a signature, what changed this month. Counts and titles only, within
// authorize_leader(). Keeps only the shares of past years, which no longer move. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "hub/incidents.h"
#include "hub/obligations.h"
#include "hub/records.h"
#include "hub/services.h"
#include "hub/year_book.h"

namespace phendau::hub {

class Leader {
 public:
  Leader(Services& services, Obligations& obligations, Incidents& incidents, Records& records)
      : services_(services), obligations_(obligations), incidents_(incidents), records_(records) {}
  /// LeaderPage of openapi.yaml; `denied` for those who do not lead.
  Result<Json> get(const Actor& actor);

 private:
  using Shares = std::map<std::string, YearShare, std::less<>>;
  Result<Shares> shares_in(std::int32_t year, const std::vector<std::string>& agencies);
  Result<Json> compared(const Scope& scope, const std::vector<std::string>& agencies);
  Result<Json> incidents_view(const Actor& reader, const Scope& scope, UtcTime month);

  Services& services_;
  Obligations& obligations_;
  Incidents& incidents_;
  Records& records_;
  std::mutex mu_;
  std::map<std::int32_t, std::pair<UtcTime, Shares>> past_;  // guarded by mu_: by year, when read
};

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// One list of what somebody has to do now: alerts to triage, incidents with their clocks, overdue duties of
// the lead department (of others: of the own agency), records that wait for a decision, warnings with silent
// agencies. Most urgent first: clocks by their end, then by level, then by age. Keeps nothing. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "hub/alerts.h"
#include "hub/incidents.h"
#include "hub/obligations.h"
#include "hub/records.h"
#include "hub/services.h"

namespace phendau::hub {

class Queue {
 public:
  Queue(Services& services, Alerts& alerts, Incidents& incidents, Obligations& obligations, Records& records)
      : services_(services),
        alerts_(alerts),
        incidents_(incidents),
        obligations_(obligations),
        records_(records),
        definitions_(services) {}

  /// {items, counts: {type: how many}, more}. @param types alert, incident, obligation, request, effect,
  /// warning; empty: all. What the role may not read is left out, not an error.
  Result<Json> get(const Actor& actor, const std::vector<std::string>& types, std::size_t limit);

 private:
  Result<> add_alerts(const Actor& actor, Json::Array& out, Json& counts);
  Result<> add_incidents(const Actor& actor, Json::Array& out, Json& counts);
  Result<> add_obligations(const Actor& actor, Json::Array& out, Json& counts);
  Result<> add_requests(const Actor& actor, Json::Array& out, Json& counts);
  Result<> add_effects(const Actor& actor, Json::Array& out, Json& counts);
  Result<> add_warnings(const Actor& actor, Json::Array& out, Json& counts);

  Services& services_;
  Alerts& alerts_;
  Incidents& incidents_;
  Obligations& obligations_;
  Records& records_;
  CaseDefinitions definitions_;
};

}  // namespace phendau::hub

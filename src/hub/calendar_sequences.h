// SPDX-License-Identifier: Apache-2.0
// How often the day of a deadline has moved since calendars first read it: the SEQUENCE of its event (RFC
// 5545 3.8.7.4), by which a calendar program knows that the later of two days is the one that counts. Kept as
// derived rows per agency, so that every reader gets the same numbers. Used by duties.cpp only.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "report/icalendar.h"
#include "store/ledger/ledger.h"

namespace phendau::hub {

struct DeadlineEvent {
  std::string agency_id;
  report::CalendarEvent event;  // `key` and `day` are read, `sequence` is set
};

/// Sets the sequences and keeps the days that are new or have moved. Days more than a year past are
/// forgotten.
Result<> number_events(ledger::Ledger& ledger, std::vector<DeadlineEvent>& events, UtcTime now);

}  // namespace phendau::hub

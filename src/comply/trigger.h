// SPDX-License-Identifier: Apache-2.0
// Inside comply: what makes a duty arise. Finds the occurrences of a part's trigger and computes their
// clocks. Shared by the files of the engine; nobody else includes it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "comply/catalog.h"
#include "comply/knowledge.h"

namespace phendau::comply {

/// One occurrence: exactly one of `record` and `run` is set.
struct Occasion {
  std::string id;  // "KIND/ID": the obligation's period id
  const RegisterRecord* record = nullptr;
  const CaseState* run = nullptr;
  UtcTime occurred_at;  // of a date: the start of its local day
  std::optional<DueDay> due;
  std::string due_unknown;  // why there is no due day although there is a clock: text id and argument
  std::string due_unknown_arg;

  const std::string& record_id() const { return record != nullptr ? record->id : run->id; }
};

/// The instant that a date or a date with a time names; of a date the start of its local day.
std::optional<UtcTime> time_of_field(const Json& document, std::string_view field, ZoneOffset zone);

/// All occurrences for this subject, oldest first. None before the pack came into force. `clock` receives
/// when time alone makes another one.
std::vector<Occasion> occasions_of(const Catalog& catalog, const Knowledge& knowledge, const ClausePart& part,
                                   const Subject& subject, AgeClock& clock);
/// Until when an occasion that was fulfilled at `done_at` still counts.
UtcTime kept_until(const Trigger& trigger, UtcTime done_at, ZoneOffset zone);

}  // namespace phendau::comply

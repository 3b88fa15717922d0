// SPDX-License-Identifier: Apache-2.0
// Inside comply: what makes a duty arise. Finds the occurrences of a part's trigger and computes their clocks.
// Shared by the files of the engine; nobody else includes it. Pure.
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
  UtcTime occurred_at;            // of a date: the start of its local day
  std::optional<UtcTime> due_at;  // the first instant that is too late

  const std::string& record_id() const { return record != nullptr ? record->id : run->id; }
};

/// When the limit is over. @param day_only `from` stands for its whole local day: elapsed time runs from its
/// end. nullopt without a limit, or when the calendar knows no such working day.
std::optional<UtcTime> due_after(const TimeLimit& limit, UtcTime from, bool day_only, const Catalog& catalog);

/// A date or an instant as a record has it; `day_only` for a date (then the start of its local day).
struct FieldTime {
  UtcTime at;
  bool day_only = false;
};
std::optional<FieldTime> time_of_field(const Json& document, std::string_view field, ZoneOffset zone);

/// All occurrences for this subject, oldest first. None before the pack came into force.
std::vector<Occasion> occasions_of(const Catalog& catalog, const Knowledge& knowledge, const ClausePart& part,
                                   const Subject& subject);
/// Until when an occasion that was fulfilled at `done_at` still counts.
UtcTime kept_until(const Trigger& trigger, UtcTime done_at, ZoneOffset zone);

}  // namespace phendau::comply

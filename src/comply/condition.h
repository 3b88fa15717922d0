// SPDX-License-Identifier: Apache-2.0
// Conditions on the members of a record or a case: values, ages of dates, the order of two dates. Read from
// `where` and `every` (docs/packs.md, "Conditions"). Pure; what time it is comes from an AgeClock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "comply/content.h"

namespace phendau::comply {

/// A length of calendar time: "P6Y" is 72 months.
struct Span {
  std::int32_t months = 0;
  std::int32_t days = 0;
  bool empty() const { return months == 0 && days == 0; }
};
/// "P1Y" "P6M" "P2W" "P90D", counts up to kKeepCountMax; nullopt otherwise.
std::optional<Span> parse_span(std::string_view text);

/// The instant for which ages are asked; `next_at` receives the first one at which time alone changes an
/// answer.
struct AgeClock {
  UtcTime now;
  ZoneOffset zone = kVietnamZone;
  std::optional<UtcTime> next_at = std::nullopt;
};
/// Whether more than `span` has passed since the day that `value` names: on the day itself not yet. nullopt:
/// no date.
std::optional<bool> is_older(const Json& value, Span span, AgeClock& clock);

/// Whether the day that `value` names is past or at most `span` ahead. nullopt: no date.
std::optional<bool> is_within(const Json& value, Span span, AgeClock& clock);

/// A member of a record and what it must be. The value "*" asks for any that is not empty. Several tests of
/// one condition must all hold; a date that is not there passes none.
struct Condition {
  std::string field;         // dotted
  std::vector<Json> any_of;  // empty: any value will do, the other tests ask
  Span older_than = {};
  Span not_older_than = {};
  Span within = {};            // past, or at most so far ahead
  std::string not_after = {};  // another field: this date is the same or earlier
  std::string before = {};     // another field: this date is earlier
  Place place = {};

  bool asks_age() const { return !older_than.empty() || !not_older_than.empty() || !within.empty(); }
  bool asks_dates() const { return asks_age() || !not_after.empty() || !before.empty(); }
};
/// The values only: for who has no clock and reads no other tests.
bool holds(const Condition& condition, const Json& document);
bool holds(const Condition& condition, const Json& document, AgeClock& clock);
bool all_hold(const std::vector<Condition>& conditions, const Json& document, AgeClock& clock);
/// The members of a map in a pack: a value, a list of values or a map of tests for each field; `label` is
/// what mistakes call the map.
std::vector<Condition> conditions_of(ContentReader& reader, const YamlNode& map, std::string_view label);

}  // namespace phendau::comply

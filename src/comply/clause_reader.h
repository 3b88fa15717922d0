// SPDX-License-Identifier: Apache-2.0
// Inside comply: reading the pieces of a clause (conditions, triggers, ways). Shared by clause.cpp and
// clause_ways.cpp; nobody else includes it.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/clause.h"

namespace phendau::comply {

template <std::size_t N>
std::optional<std::size_t> index_of(const std::string_view (&names)[N], std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return i;
  }
  return std::nullopt;
}

/// The value of a key whose words are the names of E, in their order.
template <class E>
E choice(ContentReader& reader, const YamlNode& map, std::string_view key,
         std::span<const std::string_view> names, E fallback, bool required = false) {
  const std::string text = reader.text(map, key, required);
  if (text.empty()) return fallback;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<E>(i);
  }
  const std::vector<std::string> known(names.begin(), names.end());
  reader.error(*map.find(key), fmt::format("'{}' cannot be '{}'; known: {}", key, text, join(known, ", ")));
  return fallback;
}

std::span<const std::string_view> satisfier_names();
/// `key` of the map: a value, a list of values or a map of tests for each field.
std::vector<Condition> read_conditions(ContentReader& reader, const YamlNode& map, std::string_view key);
std::optional<PeriodKind> read_period(ContentReader& reader, const YamlNode& map, bool allow_none);
/// A day of the year as "MM-DD".
std::optional<MonthDay> read_month_day(ContentReader& reader, const YamlNode& map, std::string_view key);
/// The `trigger` of a clause or part, if there is one.
std::optional<Trigger> read_trigger(ContentReader& reader, const YamlNode& map);
/// `satisfied_by`, checked against the part's subject and trigger.
void read_ways(ContentReader& reader, const YamlNode& node, ClausePart& part);

}  // namespace phendau::comply

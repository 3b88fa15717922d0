// SPDX-License-Identifier: Apache-2.0
// The statuses of an obligation, spelled as in JSON and SQL, and how several roll up into one. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace phendau {

enum class Status : std::uint8_t {
  met,
  attested,
  excepted,
  due,
  unknown,
  overdue,
  violated,
  no_occasion,
  not_applicable,
};

constexpr std::string_view to_string(Status status) {
  constexpr std::string_view kNames[] = {"met",     "attested", "excepted",    "due",           "unknown",
                                         "overdue", "violated", "no_occasion", "not_applicable"};
  return kNames[static_cast<std::size_t>(status)];
}

constexpr std::optional<Status> status_from(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(Status::not_applicable); ++i) {
    if (to_string(static_cast<Status>(i)) == text) return static_cast<Status>(i);
  }
  return std::nullopt;
}

/// Worst of: violated > overdue > unknown > due > excepted > attested > met. no_occasion and not_applicable
/// give way to anything else; between the two no_occasion wins.
constexpr Status roll_up(Status a, Status b) {
  const auto weight = [](Status s) {
    if (s == Status::not_applicable) return -2;
    if (s == Status::no_occasion) return -1;
    return static_cast<int>(s);
  };
  return weight(a) >= weight(b) ? a : b;
}

}  // namespace phendau

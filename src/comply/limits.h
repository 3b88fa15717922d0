// SPDX-License-Identifier: Apache-2.0
// Limits of the obligation engine, each with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

namespace phendau::comply {

inline constexpr std::size_t kClausesMax = 5'000;      // the five documents have 360; a decree a few hundred
inline constexpr std::size_t kPartsPerClauseMax = 64;  // the longest clause read so far has 9
inline constexpr std::size_t kSatisfiersPerPartMax = 16;  // more is a sign that the part should be split
inline constexpr std::size_t kTextBytesMax = 4'000;       // title or duty; own words are short
inline constexpr std::size_t kEvidenceMax = 20;  // per obligation; the rest is counted in `evidence_total`
inline constexpr std::size_t kDetailsMax = 20;   // further reasons per obligation, likewise
inline constexpr std::int32_t kOccurrencesMax =
    1'000;  // "at least so many" in a period: more than that is no event any more
inline constexpr int kScopeDepthMax = 4;            // scopes made of scopes
inline constexpr std::int32_t kKeepCountMax = 100;  // an occasion kept for a century is a mistake
inline constexpr std::int32_t kWorkingDaysMax =
    3'660;                                            // ten years: nobody sets a longer term in working days
inline constexpr std::size_t kCalendarDaysMax = 400;  // a year has 366 days
inline constexpr std::size_t kRegimeRulesMax = 32;    // laws of one duty; Viet Nam had three in ten years
inline constexpr std::size_t kReminderDaysMax = 16;   // four are usual; more is noise
inline constexpr std::int64_t kReminderDayMax = 366;
inline constexpr std::size_t kRankingsMax = 32;         // groups of agencies that are ranked apart
inline constexpr std::size_t kRankingCriteriaMax = 64;  // published models have 4 to 11
inline constexpr std::size_t kRankingClassesMax = 16;

}  // namespace phendau::comply

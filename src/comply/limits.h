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
inline constexpr std::int32_t kKeepCountMax = 100;   // an occasion kept for a century is a mistake
inline constexpr std::int64_t kTimeLimitMax = 3'660;  // days; hours and minutes likewise end at ten years
inline constexpr std::int32_t kWorkingDaysMax =
    3'660;  // ten years: nobody sets a longer term in working days

}  // namespace phendau::comply

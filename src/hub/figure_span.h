// SPDX-License-Identifier: Apache-2.0
// The days that the figures of a paper are of: a period of the calendar, or days that somebody chose.
// Used by PaperSources (its name in subjects), Papers and YearReport. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace phendau::hub {

inline constexpr std::int32_t kFigureYearFirst = 2000;
inline constexpr std::int64_t kFigureDaysMax = 731;  // of days that somebody chose

struct FigureSpan {
  std::string id;    // "2026", "2026-H1", "2026-Q3", "2026-07", "2026-W31"; empty: own days
  std::string name;  // in Vietnamese, as a subject ends: "of the year 2026", "of quarter III of 2026"
  CivilDate first;
  CivilDate last;  // not after today
};

/// @param text an id as above, "YYYY-MM-DD/YYYY-MM-DD" (both inclusive), or nothing: this year.
/// @return `invalid` for anything else, for what has not begun, and for what is longer or older than above.
Result<FigureSpan> figure_span(std::string_view text, CivilDate today);
/// "03/02/2026"
std::string day_text(CivilDate day);

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "hub/figure_span.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/texts.h"
#include "comply/calendar.h"
#include "hub/services.h"

namespace phendau::hub {
namespace {

std::string name_of(const comply::Period& period) {
  using comply::PeriodKind;
  constexpr std::string_view kQuarters[] = {"I", "II", "III", "IV"};
  const std::string year = period.id.substr(0, 4);
  const std::string part =
      period.id.size() > 5 ? period.id.substr(period.kind == PeriodKind::month ? 5 : 6) : std::string();
  const auto named = [&](std::string_view kind, std::string what) {
    return tr(Lang::vi, fmt::format("paper.period.{}", kind), {year, std::move(what)});
  };
  switch (period.kind) {
    case PeriodKind::week:
      return named("week", part);
    case PeriodKind::month:
      return named("month", part);
    case PeriodKind::quarter:
      return named("quarter", std::string(kQuarters[(period.first.month - 1) / 3]));
    case PeriodKind::half_year:
      return named(period.first.month == 1 ? "first_half" : "second_half", "");
    case PeriodKind::year:
    case PeriodKind::none:
      break;
  }
  return named("year", "");
}

}  // namespace

std::string day_text(CivilDate day) { return fmt::format("{:02}/{:02}/{}", day.day, day.month, day.year); }

Result<FigureSpan> figure_span(std::string_view text, CivilDate today) {
  FigureSpan out;
  if (const std::size_t slash = text.find('/'); slash != text.npos) {
    const auto first = parse_date(text.substr(0, slash));
    const auto last = parse_date(text.substr(slash + 1));
    if (!first || !last || *last < *first ||
        days_from_civil(*last) - days_from_civil(*first) >= kFigureDaysMax)
      return bad_member("period");
    out.first = *first;
    out.last = *last;
    out.name = tr(Lang::vi, "paper.period", {day_text(*first), day_text(*last)});
  } else {
    const auto period = comply::parse_period(text.empty() ? std::to_string(today.year) : text, kHubZone);
    if (!period) return bad_member("period");
    out.id = period->id;
    out.name = name_of(*period);
    out.first = period->first;
    out.last = period->last;
  }
  if (out.first.year < kFigureYearFirst || today < out.first) return bad_member("period");
  out.last = std::min(out.last, today);
  return out;
}

}  // namespace phendau::hub

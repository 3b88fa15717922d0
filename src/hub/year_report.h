// SPDX-License-Identifier: Apache-2.0
// The figures of periodic papers: an agency's year or other period, the province's, who is late (now), the
// ranking of the year. Read off
// what the program keeps (duties, cases, registers, rankings), within the reach of whoever drafts the paper;
// exercises are no incidents. Every value is a text, a table or a chart as papers take them (paper_kinds.h).
// Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/figure_span.h"
#include "hub/obligations.h"
#include "hub/paper_sources.h"
#include "hub/rankings.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::size_t kLateRowsMax = 200;  // of a paper; the most late first, the rest is a number
inline constexpr std::size_t kYearIncidentsMax = 100;  // listed; all are counted
inline constexpr std::size_t kYearChartBars = 15;      // agencies in a chart

class YearReport {
 public:
  YearReport(Services& services, const Obligations& obligations, Rankings& rankings)
      : services_(services), obligations_(obligations), rankings_(rankings) {}

  /// `root`: year, late, province or ranking; the last three only for who may see the whole province.
  Result<Json> figures(const Actor& actor, std::string_view root, const PaperOrigin& origin);

 private:
  struct Incident {
    UtcTime at;
    std::string agency_id;
    std::string title;
    std::string state;
    std::string id;
    std::string category;  // of the pack's table; empty: nobody has classified it
    std::string outcome;
  };
  Result<Json> of_agency(const Actor& actor, const std::string& agency_id, const FigureSpan& span);
  Result<Json> of_province(const Actor& actor, const FigureSpan& span);
  Result<Json> late();
  Result<Json> ranking(const Actor& actor, std::int32_t year);
  /// Cases detected on those days without exercises, oldest first.
  Result<std::vector<Incident>> incidents(const FigureSpan& span, std::string_view agency_id,
                                          const Scope& scope);
  static Json chart_of_months(const std::vector<Incident>& found, const FigureSpan& span);
  /// Rows by category and by severity: every one of the pack's table, then those that nobody has classified,
  /// then all.
  Result<> put_classified(const std::vector<Incident>& found, Json& out);
  Result<std::uint64_t> count(std::string_view kind, std::vector<std::string> states,
                              std::string_view agency_id);
  std::vector<Obligations::Duty> late_duties(const std::function<bool(std::string_view)>& covers) const;
  /// period and as_of.
  Json frame(const FigureSpan& span) const;

  Services& services_;
  const Obligations& obligations_;
  Rankings& rankings_;
};

}  // namespace phendau::hub

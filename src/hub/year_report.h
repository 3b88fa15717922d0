// SPDX-License-Identifier: Apache-2.0
// The figures of periodic papers: an agency's year, the province's year, who is late, the ranking. Read off
// what the program keeps (duties, cases, registers, rankings), within the reach of whoever drafts the paper;
// exercises are no incidents. Every value is a text, a table or a chart as papers take them (paper_kinds.h).
// Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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
  Result<Json> of_agency(const Actor& actor, const std::string& agency_id, std::int32_t year);
  Result<Json> of_province(const Actor& actor, std::int32_t year);
  Result<Json> late();
  Result<Json> ranking(const Actor& actor, std::int32_t year);
  /// Cases of that year without exercises, oldest first.
  Result<std::vector<Incident>> incidents(std::int32_t year, std::string_view agency_id, const Scope& scope);
  /// Rows by category and by severity: every one of the pack's table, then those that nobody has classified,
  /// then all.
  Result<> put_classified(const std::vector<Incident>& found, Json& out);
  Result<std::uint64_t> count(std::string_view kind, std::vector<std::string> states,
                              std::string_view agency_id);
  std::vector<Obligations::Duty> late_duties(const std::function<bool(std::string_view)>& covers) const;
  /// period and as_of.
  Json frame(std::int32_t year) const;

  Services& services_;
  const Obligations& obligations_;
  Rankings& rankings_;
};

}  // namespace phendau::hub

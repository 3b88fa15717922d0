// SPDX-License-Identifier: Apache-2.0
// The yearly ranking of agencies (comply/ranking.h) over what the hub knows: duties, records, points given by
// hand, appeals. A published ranking is a ledger record that keeps criteria, input and sheet as files, so
// that it can be computed again and compared in any later year; a correction is a new one that names the old.
// Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "comply/ranking.h"
#include "hub/active_pack.h"
#include "hub/obligations.h"
#include "hub/records.h"
#include "hub/services.h"

namespace phendau::hub {

class Rankings {
 public:
  Rankings(Services& services, const Obligations& obligations, Records& records)
      : services_(services), obligations_(obligations), records_(records) {}

  struct Query {
    std::string ranking;      // id; empty: the first of that year
    std::string agency_id;    // whose sheet comes along; empty: none
    std::string publication;  // id of a published one; empty: as of now
  };
  /// Ranking of openapi.yaml. An agency sees its own row and sheet, and the published table where the pack
  /// says so. Of a publication `recomputed` tells whether its input and criteria still give the same bytes.
  Result<Json> get(const Actor& actor, std::int32_t year, const Query& query);
  /// `body`: {ranking, decision_number, reason}. `denied` for all but the province; `conflict` while the
  /// year runs. A second one of a year needs a reason and replaces the first.
  Result<Json> publish(const Actor& actor, std::int32_t year, const Json& body);
  struct File {
    std::string name;
    std::string bytes;
  };
  /// XLSX of what get() shows.
  Result<File> workbook(const Actor& actor, std::int32_t year, const Query& query);

 private:
  /// One ranking of one year, as far as it is computed.
  struct Sheet {
    comply::Ranking ranking;
    comply::RankingResult result;
    std::optional<ledger::Record> publication;
    bool recomputed = true;
  };
  Result<Sheet> sheet_of(std::int32_t year, const Query& query, const Scope& scope);
  Result<Sheet> published_sheet(const ledger::Record& record);
  Result<const comply::Ranking*> ranking_for(std::int32_t year, std::string_view id) const;
  Result<comply::RankingInput> input_for(const comply::Ranking& ranking, std::int32_t year,
                                         std::string_view evidence_of);
  Result<> add_obligations(comply::RankingInput& input, std::string_view evidence_of);
  Result<> add_records(comply::RankingInput& input, const comply::Ranking& ranking);
  Result<> add_points(comply::RankingInput& input, const comply::Ranking& ranking);
  Result<std::vector<ledger::Record>> publications(std::int32_t year);
  Result<std::string> blob(const std::string& sha256);
  Result<ledger::Write> frozen(const comply::Ranking& ranking, const comply::RankingInput& input,
                               const comply::RankingResult& result);
  /// The record that the clauses about yearly evaluation ask for; none without a lead department.
  std::optional<ledger::Write> evaluation_of(const ledger::Write& sheet, const comply::Ranking& ranking,
                                             std::size_t agencies);
  Json table(const Sheet& sheet, const Scope& scope) const;

  Services& services_;
  const Obligations& obligations_;
  Records& records_;
  std::mutex mu_;  // publications take turns
};

}  // namespace phendau::hub

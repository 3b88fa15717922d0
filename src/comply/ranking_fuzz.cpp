// SPDX-License-Identifier: Apache-2.0
// Any bytes as ranking.yaml: mistakes are reported with a place; what has none can rank, gives no more than
// the total, and gives the same bytes twice.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "comply/ranking.h"

using namespace phendau;
using namespace phendau::comply;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<ContentError> errors;
  const auto rankings = parse_rankings(text, "fuzz.yaml", errors);
  for (const auto& error : errors) {
    if (error.line < 0 || error.reason.empty()) std::abort();
  }
  if (!errors.empty()) return 0;
  RankingInput input;
  input.year = 2026;
  input.agencies = {{"a", "A", Json::object({{"unit_class", "commune"}})}, {"b", "B", Json::object()}};
  for (int i = 0; i < 4; ++i) {
    RankedObligation one;
    one.id = "o" + std::to_string(i);
    one.clause_id = one.part_id = "hg-1374:3." + std::to_string(i);
    one.agency_id = i % 2 == 0 ? "a" : "b";
    one.year = 2026;
    one.status = i < 2 ? Status::met : Status::overdue;
    one.has_due = true;
    input.obligations.push_back(one);
  }
  for (const Ranking& ranking : rankings) {
    const auto result = rank_agencies(ranking, input);
    if (!result) continue;
    for (const AgencyScore& one : result->agencies) {
      if (one.score_hundredths < 0 || one.score_hundredths > ranking.total_hundredths) std::abort();
    }
    if (to_json(*result, Lang::vi).dump_canonical() !=
        to_json(*rank_agencies(ranking, input), Lang::vi).dump_canonical())
      std::abort();
  }
  return 0;
}

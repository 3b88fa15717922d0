// SPDX-License-Identifier: Apache-2.0
#include "hub/obligation_matrix.h"

#include <algorithm>

#include <fmt/format.h>

namespace phendau::hub {
namespace {

constexpr std::size_t kCellBytes = 120;  // a guess for reserve()

/// Nobody has to do anything: the portal shows no cell.
bool is_meaning_only(const comply::Clause& clause) {
  return std::all_of(clause.parts.begin(), clause.parts.end(),
                     [](const auto& part) { return part.satisfied_by.empty(); });
}

}  // namespace

std::string matrix_json(const comply::Board& board, std::string_view pack_reference,
                        std::string_view clauses_json,
                        const std::vector<std::pair<std::string, std::string>>& agencies) {
  std::vector<std::string> starts;  // of each clause's cells; empty: it has none
  for (const auto& clause : board.catalog().clauses) {
    std::string& start = starts.emplace_back();
    if (is_meaning_only(clause)) continue;
    start = "{\"clause\":";
    append_json_string(start, clause.id);
    start += ",\"agency\":";
  }
  std::string out;
  out.reserve(clauses_json.size() + agencies.size() * starts.size() * kCellBytes);
  out += "{\"pack\":";
  append_json_string(out, pack_reference);
  out += ",\"clauses\":";
  out += clauses_json;
  Json columns = Json::array();
  for (const auto& [id, name] : agencies) columns.push(Json::object({{"id", id}, {"name", name}}));
  out += ",\"agencies\":" + columns.dump() + ",\"cells\":[";
  const std::size_t before = out.size();
  for (const auto& [id, name] : agencies) {
    std::string agency;
    append_json_string(agency, id);
    const auto& counts = board.counts_by_clause(id);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (starts[i].empty() || counts[i] == comply::StatusCounts{}) continue;
      const comply::RollUp roll = comply::roll_up_of(counts[i]);
      if (out.size() != before) out += ',';
      out += starts[i];
      out += agency;
      fmt::format_to(std::back_inserter(out), R"(,"status":"{}","met":{},"total":{},"unknown":{}}})",
                     to_string(roll.status), roll.good, roll.total,
                     roll.counts[static_cast<std::size_t>(Status::unknown)]);
    }
  }
  out += "]}";
  return out;
}

}  // namespace phendau::hub

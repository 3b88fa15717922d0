// SPDX-License-Identifier: Apache-2.0
#include "hub/calendar_sequences.h"

#include <map>

#include "hub/services.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kSequenceSpace = "calendar_sequence";  // "AGENCY/KEY" -> {day, sequence}
constexpr std::size_t kSequencesPerRead = 1'000;
constexpr std::int64_t kKeptDays = 400;

std::string prefix_of(std::string_view agency_id) { return std::string(agency_id) + "/"; }

Result<std::map<std::string, Json, std::less<>>> known_of(ledger::Ledger& ledger,
                                                          std::string_view agency_id) {
  std::map<std::string, Json, std::less<>> out;
  std::string after;
  for (;;) {
    const auto rows = PHENDAU_TRY(
        ledger.list_derived(kSequenceSpace, prefix_of(agency_id), everything(), kSequencesPerRead, after));
    for (const auto& row : rows) out.emplace(row.key, row.doc);
    if (rows.size() < kSequencesPerRead) return out;
    after = rows.back().key;
  }
}

}  // namespace

Result<> number_events(ledger::Ledger& ledger, std::vector<DeadlineEvent>& events, UtcTime now) {
  std::map<std::string, std::map<std::string, Json, std::less<>>, std::less<>> known;  // by agency
  ledger::WriteBatch batch;
  for (auto& [agency_id, event] : events) {
    if (!known.contains(agency_id)) known[agency_id] = PHENDAU_TRY(known_of(ledger, agency_id));
    auto& rows = known[agency_id];
    const std::string key = prefix_of(agency_id) + event.key;
    const std::string day = format_date(event.day);
    const auto row = rows.find(key);
    if (row != rows.end()) event.sequence = static_cast<std::int32_t>(row->second["sequence"].as_int());
    if (row != rows.end() && row->second["day"].as_string() == day) continue;
    if (row != rows.end()) ++event.sequence;
    Json doc = Json::object({{"day", day}, {"sequence", std::int64_t{event.sequence}}});
    rows[key] = doc;
    batch.derived.push_back({std::string(kSequenceSpace), key, agency_id, std::move(doc)});
  }
  if (batch.derived.empty()) return {};
  const std::string oldest =
      format_date(civil_from_days(days_from_civil(to_civil(now, kHubZone).date) - kKeptDays));
  for (const auto& [agency_id, rows] : known) {
    for (const auto& [key, doc] : rows) {
      const bool fits = batch.derived.size() < ledger::kBatchWritesMax;
      if (fits && doc["day"].as_string() < oldest)
        batch.derived.push_back({std::string(kSequenceSpace), key, agency_id, std::nullopt});
    }
  }
  PHENDAU_TRY(ledger.write_batch(batch, system_actor(), now));
  return {};
}

}  // namespace phendau::hub

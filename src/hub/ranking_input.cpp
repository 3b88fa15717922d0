// SPDX-License-Identifier: Apache-2.0
#include "hub/ranking_input.h"

#include "model/status.h"

namespace phendau::hub {
namespace {

UtcTime time_from(const Json& json) { return {json.as_int()}; }  // nanoseconds: exact

/// What scores and appeals have in common.
template <class Points>
Json points_json(const Points& one) {
  return Json::object({{"record", one.record_id},
                       {"ranking", one.ranking},
                       {"criterion", one.criterion},
                       {"agency", one.agency_id},
                       {"year", one.year},
                       {"points", one.points_hundredths},
                       {"reason", one.reason},
                       {"files", texts_json(one.files)},
                       {"at", one.at.ns}});
}

template <class Points>
Points points_from(const Json& json) {
  Points out;
  out.record_id = json["record"].as_string();
  out.ranking = json["ranking"].as_string();
  out.criterion = json["criterion"].as_string();
  out.agency_id = json["agency"].as_string();
  out.year = static_cast<std::int32_t>(json["year"].as_int());
  out.points_hundredths = json["points"].as_int();
  out.reason = json["reason"].as_string();
  out.files = texts_from(json["files"]);
  out.at = time_from(json["at"]);
  return out;
}

Json appeal_json(const comply::RankingAppeal& appeal) {
  Json out = points_json(appeal);
  out.set("state", static_cast<int>(appeal.state));
  return out;
}

comply::RankingAppeal appeal_from(const Json& json) {
  auto out = points_from<comply::RankingAppeal>(json);
  const std::int64_t state = json["state"].as_int();
  if (state >= 0 && state <= 2) out.state = static_cast<comply::RankingAppeal::State>(state);
  return out;
}

Json record_json(const comply::RankedRecord& record) {
  return Json::object({{"kind", record.kind},
                       {"id", record.id},
                       {"agency", record.agency_id},
                       {"state", record.state},
                       {"year", record.year},
                       {"document", record.document}});
}

comply::RankedRecord record_from(const Json& json) {
  return {json["kind"].as_string(),
          json["id"].as_string(),
          json["agency"].as_string(),
          json["state"].as_string(),
          static_cast<std::int32_t>(json["year"].as_int()),
          json["document"]};
}

template <class List, class Write>
Json list_json(const List& list, Write write) {
  Json out = Json::array();
  for (const auto& one : list) out.push(write(one));
  return out;
}

}  // namespace

Json to_json(const comply::RankedObligation& one) {
  return Json::object({{"id", one.id},
                       {"clause", one.clause_id},
                       {"part", one.part_id},
                       {"features", texts_json(one.features)},
                       {"agency", one.agency_id},
                       {"year", one.year},
                       {"status", to_string(one.status)},
                       {"has_due", one.has_due},
                       {"late", one.late},
                       {"good", one.good},
                       {"total", one.total},
                       {"evidence", texts_json(one.evidence)}});
}

comply::RankedObligation ranked_obligation_from(const Json& json) {
  comply::RankedObligation out;
  out.id = json["id"].as_string();
  out.clause_id = json["clause"].as_string();
  out.part_id = json["part"].as_string();
  out.features = texts_from(json["features"]);
  out.agency_id = json["agency"].as_string();
  out.year = static_cast<std::int32_t>(json["year"].as_int());
  out.status = status_from(json["status"].as_string()).value_or(Status::unknown);
  out.has_due = json["has_due"].as_bool();
  out.late = json["late"].as_bool();
  out.good = static_cast<std::uint32_t>(json["good"].as_int());
  out.total = static_cast<std::uint32_t>(json["total"].as_int());
  out.evidence = texts_from(json["evidence"]);
  return out;
}

Json to_json(const comply::RankingInput& input) {
  Json agencies = Json::array();
  for (const auto& one : input.agencies) {
    agencies.push(Json::object({{"id", one.id}, {"name", one.name}, {"attributes", one.attributes}}));
  }
  return Json::object(
      {{"format", 1},
       {"pack", input.pack},
       {"year", input.year},
       {"as_of", input.as_of.ns},
       {"zone", input.zone.seconds},
       {"agencies", std::move(agencies)},
       {"obligations", list_json(input.obligations, [](const auto& one) { return to_json(one); })},
       {"records", list_json(input.records, record_json)},
       {"scores", list_json(input.scores, points_json<comply::RankingScore>)},
       {"appeals", list_json(input.appeals, appeal_json)}});
}

Result<comply::RankingInput> ranking_input_from(const Json& json) {
  if (json["format"].as_int() != 1)
    return fail(ErrorCode::corrupt, "this is no input of a ranking", "ranking.damaged");
  comply::RankingInput out;
  out.pack = json["pack"].as_string();
  out.year = static_cast<std::int32_t>(json["year"].as_int());
  out.as_of = time_from(json["as_of"]);
  out.zone.seconds = static_cast<std::int32_t>(json["zone"].as_int());
  for (const auto& one : json["agencies"].items())
    out.agencies.push_back({one["id"].as_string(), one["name"].as_string(), one["attributes"]});
  for (const auto& one : json["obligations"].items()) out.obligations.push_back(ranked_obligation_from(one));
  for (const auto& one : json["records"].items()) out.records.push_back(record_from(one));
  for (const auto& one : json["scores"].items()) out.scores.push_back(points_from<comply::RankingScore>(one));
  for (const auto& one : json["appeals"].items()) out.appeals.push_back(appeal_from(one));
  return out;
}

}  // namespace phendau::hub

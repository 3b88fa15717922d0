// SPDX-License-Identifier: Apache-2.0
// CaseState as JSON: the form in which a case record keeps it, without the timeline, which lies beside it.
// Times are RFC 3339 in UTC.
#include <algorithm>

#include "workflow/run.h"

namespace phendau::workflow {
namespace {

constexpr std::string_view kStatusNames[] = {"pending", "in_progress", "done", "skipped"};

Json time_json(const std::optional<UtcTime>& time) { return time ? Json(format_rfc3339(*time)) : Json(); }

Result<std::optional<UtcTime>> time_from(const Json& json) {
  if (json.is_null()) return std::optional<UtcTime>();
  const auto time = parse_rfc3339(json.as_string());
  if (!time) return fail(ErrorCode::corrupt, "case state: " + time.error().message);
  return std::optional(*time);
}

Result<UtcTime> needed_time(const Json& json) {
  const auto time = PHENDAU_TRY(time_from(json));
  if (!time) return fail(ErrorCode::corrupt, "case state: a time is missing");
  return *time;
}

Json step_json(const StepState& step) {
  Json attachments = Json::array();
  for (const auto& item : step.attachments) {
    attachments.push(Json::object({{"sha256", item.sha256},
                                   {"name", item.name},
                                   {"size_bytes", item.size_bytes},
                                   {"by", item.by},
                                   {"at", format_rfc3339(item.at)}}));
  }
  return Json::object({{"id", step.id},
                       {"status", to_string(step.status)},
                       {"doc", step.doc},
                       {"began_at", time_json(step.began_at)},
                       {"began_by", step.began_by},
                       {"finished_at", time_json(step.finished_at)},
                       {"finished_by", step.finished_by},
                       {"finished_by_name", step.finished_by_name},
                       {"skip_reason", step.skip_reason},
                       {"attachments", std::move(attachments)}});
}

Result<StepState> step_from(const Json& json) {
  StepState out;
  out.id = json["id"].as_string();
  const auto* status =
      std::find(std::begin(kStatusNames), std::end(kStatusNames), json["status"].as_string());
  if (status == std::end(kStatusNames))
    return fail(ErrorCode::corrupt, "case state: unknown status of a step");
  out.status = static_cast<StepStatus>(status - std::begin(kStatusNames));
  out.doc = json["doc"];
  out.began_at = PHENDAU_TRY(time_from(json["began_at"]));
  out.began_by = json["began_by"].as_string();
  out.finished_at = PHENDAU_TRY(time_from(json["finished_at"]));
  out.finished_by = json["finished_by"].as_string();
  out.finished_by_name = json["finished_by_name"].as_string();
  out.skip_reason = json["skip_reason"].as_string();
  const bool finished = out.status == StepStatus::done || out.status == StepStatus::skipped;
  if (finished != out.finished_at.has_value())
    return fail(ErrorCode::corrupt, "case state: a finished step has no time");
  for (const auto& item : json["attachments"].items()) {
    Attachment attachment;
    attachment.sha256 = item["sha256"].as_string();
    attachment.name = item["name"].as_string();
    attachment.size_bytes = static_cast<std::uint64_t>(item["size_bytes"].as_int());
    attachment.by = item["by"].as_string();
    attachment.at = PHENDAU_TRY(needed_time(item["at"]));
    out.attachments.push_back(std::move(attachment));
  }
  return out;
}

}  // namespace

std::string_view to_string(StepStatus status) { return kStatusNames[static_cast<std::size_t>(status)]; }

Json to_json(const CaseState& state) {
  Json steps = Json::array();
  for (const auto& step : state.steps) steps.push(step_json(step));
  return Json::object({{"case_id", state.case_id},
                       {"definition_id", state.definition_id},
                       {"pack", state.pack},
                       {"status", state.closed ? "closed" : "open"},
                       {"opened_at", format_rfc3339(state.opened_at)},
                       {"opened_by", state.opened_by},
                       {"detected_at", format_rfc3339(state.detected_at)},
                       {"stopped", state.stopped},
                       {"stop_reason", state.stop_reason},
                       {"closed_at", time_json(state.closed_at)},
                       {"closed_by", state.closed_by},
                       {"context", state.context},
                       {"steps", std::move(steps)},
                       {"entries", state.entries + state.timeline.size()}});
}

Result<CaseState> from_json(const Json& json) {
  CaseState out;
  out.case_id = json["case_id"].as_string();
  out.definition_id = json["definition_id"].as_string();
  out.pack = json["pack"].as_string();
  const std::string& status = json["status"].as_string();
  if (status != "open" && status != "closed")
    return fail(ErrorCode::corrupt, "case state: neither open nor closed");
  out.closed = status == "closed";
  out.opened_at = PHENDAU_TRY(needed_time(json["opened_at"]));
  out.opened_by = json["opened_by"].as_string();
  out.detected_at = PHENDAU_TRY(time_from(json["detected_at"])).value_or(out.opened_at);
  out.stopped = json["stopped"].as_bool();
  out.stop_reason = json["stop_reason"].as_string();
  out.entries = static_cast<std::size_t>(std::max<std::int64_t>(json["entries"].as_int(), 0));
  out.closed_at = PHENDAU_TRY(time_from(json["closed_at"]));
  out.closed_by = json["closed_by"].as_string();
  out.context = json["context"];
  for (const auto& item : json["steps"].items()) {
    auto step = PHENDAU_TRY(step_from(item));
    out.steps.push_back(std::move(step));
  }
  // States from before had the timeline in them.
  for (const auto& item : json["timeline"].items()) {
    const UtcTime at = PHENDAU_TRY(needed_time(item["at"]));
    out.timeline.push_back({at, item["by"].as_string(), item["by_name"].as_string(), item["role"].as_string(),
                            item["step"].as_string(), item["what"].as_string(), item["text"].as_string()});
  }
  return out;
}

}  // namespace phendau::workflow

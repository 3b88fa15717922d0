// SPDX-License-Identifier: Apache-2.0
#include "model/fact.h"

namespace phendau {
namespace {
constexpr std::size_t kRowsMax = 10'000;
constexpr std::size_t kKindBytesMax = 64;

/// Words of lower-case letters, digits and _, joined by single . or -: it becomes part of keys and paths.
bool is_kind(std::string_view text) {
  bool word = false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!letter && !(word && (c == '.' || c == '-'))) return false;
    word = letter;
  }
  return word && text.size() <= kKindBytesMax;
}
}  // namespace

Json to_json(const Fact& fact) {
  Json rows = Json::array();
  for (const auto& row : fact.rows) rows.push(row);
  Json unreadable = Json::object();
  for (const auto& [field, reason] : fact.unreadable) unreadable.set(field, reason);
  return Json::object({{"kind", fact.kind},
                       {"device_id", fact.device_id},
                       {"collected_at", format_rfc3339(fact.collected_at)},
                       {"valid_seconds", fact.valid_for.ns / 1'000'000'000},
                       {"rows", std::move(rows)},
                       {"complete", fact.complete},
                       {"incomplete_reason", fact.incomplete_reason},
                       {"unreadable", std::move(unreadable)}});
}

Result<Fact> fact_from_json(const Json& json) {
  Fact out;
  out.kind = json["kind"].as_string();
  if (!is_kind(out.kind))
    return fail(ErrorCode::invalid, "fact: 'kind' must be a name of letters a-z, digits and _");
  out.device_id = json["device_id"].as_string();
  out.collected_at = PHENDAU_TRY(parse_rfc3339(json["collected_at"].as_string()));
  const std::int64_t valid = json["valid_seconds"].as_int(0);
  if (valid <= 0 || valid > 366 * 86'400)
    return fail(ErrorCode::invalid, "fact: 'valid_seconds' must be 1 second to 366 days");
  out.valid_for = seconds(valid);
  if (!json["rows"].is_array()) return fail(ErrorCode::invalid, "fact: 'rows' must be a list");
  if (json["rows"].size() > kRowsMax) return fail(ErrorCode::limit, "fact: more than 10000 rows");
  for (const auto& row : json["rows"].items()) {
    if (!row.is_object()) return fail(ErrorCode::invalid, "fact: each row must be an object");
    out.rows.push_back(row);
  }
  if (!json["complete"].is_bool()) return fail(ErrorCode::invalid, "fact: 'complete' must be true or false");
  out.complete = json["complete"].as_bool();
  out.incomplete_reason = json["incomplete_reason"].as_string();
  for (const auto& [field, reason] : json["unreadable"].members())
    out.unreadable.emplace_back(field, reason.as_string());
  return out;
}

}  // namespace phendau

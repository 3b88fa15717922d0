// SPDX-License-Identifier: Apache-2.0
#include "hub/province_settings.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/text.h"
#include "hub/pack_terms.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kSettingKind = "setting";
constexpr std::string_view kPrefix = "parameter.";
constexpr std::string_view kTermsId = "pack_terms";
constexpr std::string_view kActive = "active";
constexpr std::string_view kWithdrawn = "withdrawn";
constexpr Duration kEarlierKept = days(400);  // no period or clock of a duty is longer than a year
constexpr std::size_t kEarlierMax = 8;        // changes that are looked back; each reads the pack once more

constexpr std::string_view kMediaParameter = "registered_media_serials";
constexpr std::size_t kMediaMax = 3'000;    // values of one placeholder; media beyond are alerted on
constexpr std::size_t kSerialBytesMin = 4;  // a shorter "serial" would be found inside others

std::string id_of(std::string_view name) { return std::string(kPrefix) + std::string(name); }

/// One change of one value; null: back to the pack's.
struct Change {
  UtcTime at;
  std::string name;
  Json value;
};

/// All changes, oldest first, of values that the pack still allows.
Result<std::vector<Change>> changes_of(ledger::Ledger& ledger, const Pack& pack) {
  std::vector<Change> out;
  for (const auto& parameter : pack.parameters) {
    const auto history = ledger.history(kSettingKind, id_of(parameter.name), everything());
    if (!history && history.error().code == ErrorCode::not_found) continue;
    if (!history) return std::unexpected(history.error());
    for (auto at = history->rbegin(); at != history->rend(); ++at) {  // oldest first
      const auto& entry = *at;
      Json value = entry.state == kActive ? entry.doc["value"] : Json();
      if (!value.is_null() && !check_parameter(parameter, value)) {
        PHENDAU_LOG(warn, "setting_ignored", {"parameter", parameter.name}, {"value", value.dump()});
        value = Json();
      }
      out.push_back({entry.change.at, parameter.name, std::move(value)});
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Change& a, const Change& b) { return a.at < b.at; });
  return out;
}

Json set_or_erased(Json values, const Change& change) {
  if (change.value.is_null())
    values.erase(change.name);
  else
    values.set(change.name, change.value);
  return values;
}

/// Serial numbers of the storage media that are in use: what detections call registered.
Result<std::vector<std::string>> registered_media(ledger::Ledger& ledger) {
  std::vector<std::string> out;
  ledger::Query query;
  query.kind = "storage_media";
  query.limit = ledger::kListLimitMax;
  while (out.size() < kMediaMax) {
    auto page = ledger.list(query, everything());
    if (!page)
      return page.error().code == ErrorCode::not_found ? Result<std::vector<std::string>>(out)
                                                       : std::unexpected(page.error());
    for (const auto& record : page->records) {
      const std::string& serial = record.doc["serial"].as_string();
      if (record.state == "in_use" && serial.size() >= kSerialBytesMin) out.push_back(serial);
    }
    if (page->next_cursor.empty()) break;
    query.cursor = page->next_cursor;
  }
  return out;
}

/// Under which terms the hub ran before this pack came.
struct EarlierPacks {
  std::vector<PackOptions::Earlier> steps;  // oldest first
  std::optional<UtcTime> since;             // when this pack came; none: it is the first
};

Result<EarlierPacks> packs_before(ledger::Ledger& ledger, const Pack& pack, UtcTime now) {
  EarlierPacks out;
  const auto history = ledger.history(kSettingKind, kTermsId, everything());
  if (!history && history.error().code == ErrorCode::not_found) return out;
  if (!history) return std::unexpected(history.error());
  UtcTime until = now;  // newest first: each version held until the one after it
  bool own = true;
  for (const auto& entry : *history) {
    const Json& value = entry.doc["value"];
    own = own && value["pack"].as_string() == pack.reference();
    if (!own && !out.since) out.since = until;
    if (!own && now - until < kEarlierKept) out.steps.push_back({until, Json(), value["terms"]});
    until = entry.change.at;
  }
  std::reverse(out.steps.begin(), out.steps.end());
  return out;
}

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

}  // namespace

Result<PackOptions> pack_options_of(ledger::Ledger& ledger, const Pack& pack, UtcTime now) {
  PackOptions out;
  EarlierPacks packs = PHENDAU_TRY(packs_before(ledger, pack, now));
  out.earlier = std::move(packs.steps);
  for (const auto& change : PHENDAU_TRY(changes_of(ledger, pack))) {
    // What was set before this pack came is in the terms of the packs before it.
    const bool counts = !packs.since || change.at >= *packs.since;
    if (counts && now - change.at < kEarlierKept) out.earlier.push_back({change.at, out.parameters});
    out.parameters = set_or_erased(std::move(out.parameters), change);
  }
  if (out.earlier.size() > kEarlierMax)
    out.earlier.erase(out.earlier.begin(), out.earlier.end() - static_cast<std::ptrdiff_t>(kEarlierMax));
  if (pack.parameter(kMediaParameter) != nullptr) {
    auto serials = PHENDAU_TRY(registered_media(ledger));
    if (!serials.empty()) out.register_values.emplace(std::string(kMediaParameter), std::move(serials));
  }
  return out;
}

Result<> note_terms(ledger::Ledger& ledger, const Pack& pack, UtcTime now) {
  const Json said = Json::object({{"pack", pack.reference()}, {"terms", terms_of(pack)}});
  const Json value = PHENDAU_TRY(parse_json(said.dump()));  // as it comes back: 8.0 is 8
  const auto known = ledger.get(kSettingKind, kTermsId, everything());
  if (known && known->doc["value"] == value) return {};
  ledger::Write write;
  write.kind = kSettingKind;
  write.id = kTermsId;
  write.state = kActive;
  write.expected_version = known ? known->version : 0;
  write.reason = known ? "other terms in force" : "first start";
  write.doc.set("value", value);
  write.pack = pack.reference();
  PHENDAU_TRY(ledger.write(write, system_actor(), now));
  return {};
}

Json ProvinceSettings::parameter_view(const PackParameter& parameter) {
  const Pack& pack = services_.pack.pack();
  const auto record = services_.ledger.get(kSettingKind, id_of(parameter.name), everything());
  const bool is_set = record && record->state == kActive;
  Json clauses = Json::array();
  for (const auto& id : parameter.clauses) {
    const comply::Clause* clause = pack.clause(id);
    if (clause != nullptr)
      clauses.push(Json::object({{"id", id}, {"citation", clause->citation}, {"title", clause->title.vi}}));
  }
  Json choices = Json::array();
  for (const auto& one : parameter.allowed) choices.push(one);
  Json set;
  if (is_set) {
    set = Json::object({{"value", record->doc["value"]},
                        {"reason", record->doc["reason"]},
                        {"by", record->updated_by},
                        {"at", format_rfc3339(record->updated_at)}});
  }
  const Json wanted = is_set ? record->doc["value"] : parameter.pack_value;
  return Json::object({{"name", parameter.name},
                       {"title", parameter.title.vi},
                       {"kind", kind_of(parameter)},
                       {"unit", parameter.unit},
                       {"default", parameter.pack_value},
                       {"reason", parameter.reason.vi},
                       {"clauses", std::move(clauses)},
                       {"minimum", number_or_null(parameter.minimum)},
                       {"maximum", number_or_null(parameter.maximum)},
                       {"choices", std::move(choices)},
                       {"value", parameter.value},
                       {"set", std::move(set)},
                       {"waits_for_restart", !(wanted == parameter.value)}});
}

Result<Json> ProvinceSettings::slots_view() {
  std::map<std::string, Json, std::less<>> holders;  // by slot
  ledger::Query query;
  query.kind = kRoleBindingKind;
  query.limit = ledger::kListLimitMax;
  const RegisterKind* kind = services_.pack.pack().reg(kRoleBindingKind);
  if (kind != nullptr) {
    for (const auto& record : PHENDAU_TRY(services_.ledger.list(query, everything())).records) {
      if (!kind->lifecycle.is_live(record.state)) continue;
      holders.try_emplace(record.doc["slot"].as_string(), Json::array())
          .first->second.push(
              Json::object({{"record", record.id},
                            {"agency_id", record.doc["agency_id"]},
                            {"agency_name", agency_name(services_, record.doc["agency_id"].as_string())},
                            {"from", record.doc["from"]},
                            {"to", record.doc["to"]}}));
    }
  }
  Json out = Json::array();
  for (const auto& role : services_.pack.pack().roles) {
    const auto at = holders.find(role.id);
    out.push(Json::object({{"id", role.id},
                           {"title", role.title.vi},
                           {"holders", at == holders.end() ? Json::array() : at->second}}));
  }
  return out;
}

Result<Json> ProvinceSettings::get(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::setting));
  const Pack& pack = services_.pack.pack();
  Json parameters = Json::array();
  for (const auto& one : pack.parameters) parameters.push(parameter_view(one));
  const bool waits = std::any_of(parameters.items().begin(), parameters.items().end(),
                                 [](const Json& one) { return one["waits_for_restart"].as_bool(); });
  Json before = Json::array();
  for (const auto day : pack.reminders.before_days) before.push(std::int64_t{day});
  Json overdue = Json::array();
  for (const auto day : pack.reminders.overdue_days) overdue.push(std::int64_t{day});
  return Json::object({{"pack", pack.title.vi},
                       {"parameters", std::move(parameters)},
                       {"waits_for_restart", waits},
                       {"may_change", !authorize(actor, Action::update, Resource::setting).allows_nothing()},
                       {"slots", PHENDAU_TRY(slots_view())},
                       {"reminders", Json::object({{"before_days", std::move(before)},
                                                   {"overdue_days", std::move(overdue)}})}});
}

Result<Json> ProvinceSettings::set(const Actor& actor, std::string_view name, const Json& body) {
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::setting));
  const PackParameter* parameter = services_.pack.pack().parameter(name);
  if (parameter == nullptr) return fail(ErrorCode::not_found, "no such parameter", "setting.none");
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string reason(trim(body["reason"].as_string()));
  if (reason.empty()) return fail(ErrorCode::invalid, "reason is missing", "setting.reason");
  const Json& value = body["value"];
  if (!value.is_null()) PHENDAU_TRY(check_parameter(*parameter, value));
  const std::lock_guard turn(mu_);
  const auto known = services_.ledger.get(kSettingKind, id_of(name), everything());
  ledger::Write write;
  write.kind = kSettingKind;
  write.id = id_of(name);
  write.state = value.is_null() ? kWithdrawn : kActive;
  write.expected_version = known ? known->version : 0;
  write.reason = reason;
  write.pack = services_.pack.pack().reference();
  write.doc.set("value", value.is_null() ? parameter->pack_value : value).set("reason", reason);
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  return parameter_view(*parameter);
}

}  // namespace phendau::hub

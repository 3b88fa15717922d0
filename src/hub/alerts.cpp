// SPDX-License-Identifier: Apache-2.0
#include "hub/alerts.h"

#include "hub/accounts.h"
#include "hub/active_pack.h"
#include "hub/delegations.h"
#include "hub/detection.h"
#include "hub/events.h"

namespace phendau::hub {
namespace {
constexpr std::string_view kAlertKind = "alert";
constexpr std::size_t kEventsShown = 100;

Json rule_view(const ActivePack& pack, const ledger::Record& record) {
  const std::string id = record.doc["rule_id"].as_string();
  const detect::RuleMeta* rule = pack.rule(id);
  Json features = Json::array();
  std::string description;
  if (rule != nullptr) {
    description = rule->description_vi.empty() ? rule->description : rule->description_vi;
    for (const auto& tag : rule->tags) features.push(tag);
    for (const auto& feature : rule->features) features.push(feature);
  }
  return Json::object({{"id", id},
                       {"title", record.doc["rule_title"]},
                       {"description", description},
                       {"level", record.doc["level"]},
                       {"source_yaml", pack.rule_source(id)},
                       {"features", std::move(features)}});
}

/// What the account of an id is called; null for nobody.
Json person_name(const Services& services, const Json& id) {
  if (!id.is_string()) return {};
  const auto user = services.ledger.get("user", id.as_string(), everything());
  return user && !user->doc["full_name"].as_string().empty() ? user->doc["full_name"] : id;
}

/// `invalid` unless the account can act on alerts of the agency: nobody would ever see an alert that waits
/// for somebody else.
Result<> check_assignee(const Services& services, const std::string& username, std::string_view agency_id) {
  const auto user = services.ledger.get("user", username, everything());
  if (user) {
    const Account account = account_from(*user);
    Actor person = actor_of(account, {});
    const CivilDate today = to_civil(services.env.now(), kHubZone).date;
    person.delegations = delegations_of(services.ledger, account, today);
    person.past_agency_ids = services.succession->past_of(account.agency_ids);
    if (!account.locked && scope_covering(person, Action::triage, Resource::alert, agency_id)) return {};
  }
  return fail(ErrorCode::invalid, "this account cannot act on alerts of the agency", "alert.assignee",
              {username});
}
}  // namespace

std::string search_for(const Json& entity) {
  std::string query;
  for (const auto& [field, value] : entity.members()) {
    if (!query.empty()) query += ' ';
    query += field + ":\"";
    for (const char c : value.as_string()) {
      if (c == '"' || c == '\\') query += '\\';
      query += c;
    }
    query += '"';
  }
  return query;
}

Json Alerts::view(const ledger::Record& record) {
  const auto activity = services_.ledger.get_derived(kActivitySpace, record.id);
  const Json seen = activity && *activity ? (*activity)->doc : Json();
  Json refs = seen["event_refs"];
  if (!refs.is_array()) refs = Json::array({record.doc["first_event"]});
  return Json::object({{"id", record.id},
                       {"rule_id", record.doc["rule_id"]},
                       {"title", record.doc["rule_title"]},
                       {"level", record.doc["level"]},
                       {"entity", record.doc["entity"]},
                       {"agency_id", record.agency_id},
                       {"agency_name", agency_name(services_, record.agency_id)},
                       {"host", record.doc["host"].as_string()},
                       {"count", seen["count"].as_int(1)},
                       {"first_at", record.doc["first_at"]},
                       {"last_at", seen["last_at"].string_or(record.doc["first_at"].as_string())},
                       {"raised_at", format_rfc3339(record.created_at)},
                       {"status", record.state},
                       {"assignee", record.doc["assignee"]},
                       {"assignee_name", person_name(services_, record.doc["assignee"])},
                       {"note", record.doc["note"]},
                       {"case_id", record.doc["case_id"]},
                       {"event_refs", std::move(refs)},
                       {"detail", record.doc["detail"]},
                       {"pack", record.doc["pack"]}});
}

Result<Json> Alerts::list(const Actor& actor, const Filter& filter) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::alert));
  ledger::Query query;
  query.kind = kAlertKind;
  query.states = filter.statuses;
  query.order_by = "created_at";
  query.limit = filter.limit;
  query.cursor = filter.cursor;
  if (!filter.agency_id.empty()) query.agency_ids = {filter.agency_id};
  const auto any_of = [&](std::string field, const std::vector<std::string>& values) {
    ledger::FieldFilter one;
    one.field = std::move(field);
    one.op = ledger::FieldFilter::Op::any_of;
    for (const auto& value : values) one.values.emplace_back(value);
    query.filters.push_back(std::move(one));
  };
  if (!filter.levels.empty()) any_of("level", filter.levels);
  if (!filter.rule_id.empty()) any_of("rule_id", {filter.rule_id});
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) items.push_back(view(record));
  Json out = page_json(std::move(items), page.next_cursor);
  out.set("total", PHENDAU_TRY(services_.ledger.count(query, scope)));
  return out;
}

Result<Json> Alerts::get(const Actor& actor, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::alert));
  const auto record = PHENDAU_TRY(services_.ledger.get(kAlertKind, id, scope));
  Json out = view(record);
  out.set("rule", rule_view(services_.pack, record));
  out.set("search", search_for(record.doc["entity"]));
  Json events = Json::array();
  std::size_t shown = 0;
  for (const auto& ref : out["event_refs"].items()) {
    if (shown++ >= kEventsShown) break;
    // The alert's reader may read its events: they belong to the same agency.
    const auto event = event_by_ref(services_, ref.as_string(), scope);
    if (event) events.push(*event);
  }
  out.set("events", std::move(events));
  return out;
}

Result<Json> Alerts::triage(const Actor& actor, std::string_view id, const Json& body) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::triage, Resource::alert));
  const auto record = PHENDAU_TRY(services_.ledger.get(kAlertKind, id, scope));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string& status = body["status"].as_string();
  if (status != "new" && status != "acknowledged" && status != "closed") {
    return fail(ErrorCode::invalid, "status must be new, acknowledged or closed", "request.invalid",
                {"status"});
  }
  ledger::Write write;
  write.kind = kAlertKind;
  write.id = record.id;
  write.agency_id = record.agency_id;
  write.state = status;
  write.doc = record.doc;
  write.expected_version = record.version;
  write.scope = scope;
  write.reason = body["note"].string_or("triage");
  if (body.contains("note")) write.doc.set("note", body["note"].string_or(""));
  if (body.contains("assignee")) {
    if (body["assignee"].is_string())
      PHENDAU_TRY(check_assignee(services_, body["assignee"].as_string(), record.agency_id));
    write.doc.set("assignee", body["assignee"]);
  } else if (status == "acknowledged" && write.doc["assignee"].is_null()) {
    write.doc.set("assignee", actor.user_id);
  }
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  services_.live.publish({"alert", Resource::alert, record.agency_id,
                          Json::object({{"id", record.id},
                                        {"kind", "triaged"},
                                        {"title", record.doc["rule_title"]},
                                        {"level", record.doc["level"]}})});
  return view(PHENDAU_TRY(services_.ledger.get(kAlertKind, id, scope)));
}

Result<Json> Alerts::open_by_level(const Actor& actor) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::alert));
  Json out = Json::object();
  for (const std::string_view level : kAlertLevels) {
    ledger::Query query;
    query.kind = kAlertKind;
    query.states = {"new", "acknowledged"};
    query.filters.push_back({"level", ledger::FieldFilter::Op::equal, {Json(level)}});
    out.set(level, PHENDAU_TRY(services_.ledger.count(query, scope)));
  }
  return out;
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "hub/queue.h"

#include <algorithm>
#include <tuple>

#include "base/texts.h"
#include "hub/case_effects.h"
#include "hub/warnings.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kPerType = 200;  // of each, the newest or oldest; the count says how many there are

int rank_of(const Json& item) {
  const auto* const at =
      std::find(std::begin(kAlertLevels), std::end(kAlertLevels), item["level"].as_string());
  return static_cast<int>(at - std::begin(kAlertLevels));
}

bool more_urgent(const Json& a, const Json& b) {
  const auto key = [](const Json& item) {
    const std::string& due = item["due_at"].as_string();  // RFC 3339 in UTC: sorts as text
    return std::tuple(due.empty(), std::string_view(due), rank_of(item),
                      std::string_view(item["since"].as_string()));
  };
  return key(a) < key(b);
}

bool lists(const std::vector<std::string>& types, std::string_view type) {
  return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

/// Overdue clocks count as such whatever stands beside them.
Json item(std::string_view type, const Json& of, UtcTime now, Json due_at, std::string_view level) {
  const auto due = parse_rfc3339(due_at.as_string());
  return Json::object({{"type", type},
                       {"id", of["id"]},
                       {"title", of["title"]},
                       {"agency_id", of["agency_id"]},
                       {"agency_name", of["agency_name"]},
                       {"level", level},
                       {"overdue", due && *due < now},
                       {"due_at", std::move(due_at)}});
}

}  // namespace

Result<> Queue::add_alerts(const Actor& actor, Json::Array& out, Json& counts) {
  Alerts::Filter filter;
  filter.statuses = {"new", "acknowledged"};
  filter.limit = kPerType;
  const Json page = PHENDAU_TRY(alerts_.list(actor, filter));
  for (const auto& alert : page["items"].items()) {
    Json one = item("alert", alert, services_.env.now(), {}, alert["level"].as_string());
    one.set("since", alert["raised_at"])
        .set("state", alert["status"])
        .set("detail", alert["assignee_name"])
        .set("entity", alert["entity"]);
    out.push_back(std::move(one));
  }
  counts.set("alert", page["total"]);
  return {};
}

Result<> Queue::add_incidents(const Actor& actor, Json::Array& out, Json& counts) {
  const Json page = PHENDAU_TRY(incidents_.list(
      actor, {.status = "open", .order = Incidents::Filter::Order::urgent, .limit = kPerType}));
  for (const auto& incident : page["items"].items()) {
    Json due;
    for (const auto& clock : incident["clocks"].items()) {
      if (due.is_null() || clock["due_at"].as_string() < due.as_string()) due = clock["due_at"];
    }
    Json one = item("incident", incident, services_.env.now(), std::move(due), "high");
    one.set("since", incident["opened_at"]).set("state", "open").set("detail", incident["current_step"]);
    out.push_back(std::move(one));
  }
  counts.set("incident", page["total"]);
  return {};
}

Result<> Queue::add_obligations(const Actor& actor, Json::Array& out, Json& counts) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  Obligations::Filter filter;
  filter.statuses = {"overdue"};
  filter.limit = kPerType;
  if (scope.covers("")) {
    const auto lead = records_.province_agency();
    if (!lead) {
      counts.set("obligation", 0);
      return {};
    }
    filter.agency_id = *lead;
  }
  const Json page = PHENDAU_TRY(obligations_.list(actor, filter));
  for (const auto& duty : page["items"].items()) {
    Json one = item("obligation", duty, services_.env.now(), duty["due_at"], "medium");
    const comply::Clause* clause = services_.pack.pack().clause(duty["clause"].as_string());
    one.set("title", clause == nullptr ? duty["clause"] : Json(clause->title.vi));
    one.set("clause", duty["clause"])
        .set("since", duty["due_at"])
        .set("state", "overdue")
        .set("detail", duty["reason"]);
    out.push_back(std::move(one));
  }
  counts.set("obligation", std::uint64_t{page["items"].size()});
  return {};
}

Result<> Queue::add_requests(const Actor& actor, Json::Array& out, Json& counts) {
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::record));
  const Json waiting = PHENDAU_TRY(records_.waiting(actor, kPerType));
  for (const auto& record : waiting["items"].items()) {
    Json one = item("request", record, services_.env.now(), {}, "medium");
    one.set("kind", record["kind"]).set("kind_title", record["kind_title"]).set("since", record["since"]);
    one.set("state", record["state_title"]).set("detail", record["moves"].items().front());
    out.push_back(std::move(one));
  }
  counts.set("request", waiting["total"]);
  return {};
}

/// Orders that cases propose, and what they could not do by themselves.
Result<> Queue::add_effects(const Actor& actor, Json::Array& out, Json& counts) {
  const auto waiting = PHENDAU_TRY(waiting_effects(services_, definitions_, actor));
  for (const auto& effect : waiting) {
    Json one = item("effect", effect, services_.env.now(), {}, "high");
    one.set("id", effect["case_id"].as_string() + "/" + effect["effect"].as_string())
        .set("title", effect["case_title"])
        .set("since", effect["since"])
        .set("state", effect["state"])
        .set("detail", effect["outcome"]);
    out.push_back(std::move(one));
  }
  counts.set("effect", std::uint64_t{waiting.size()});
  return {};
}

Result<> Queue::add_warnings(const Actor& actor, Json::Array& out, Json& counts) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::update, Resource::record));
  const UtcTime now = services_.env.now();
  std::int64_t count = 0;
  if (actor.role == Role::agency_head) {
    counts.set("warning", count);
    return {};
  }
  const Json silent = PHENDAU_TRY(silent_warnings(services_, now, scope));
  for (const auto& warning : silent.items()) {
    ++count;
    Json one = item("warning", warning, now, warning["due_at"], "medium");
    one.set("agency_name", agency_name(services_, warning["agency_id"].as_string()));
    one.set("since", warning["due_at"]).set("state", "silent");
    one.set("detail", tr(Lang::vi, "warning.silent_count", {std::to_string(warning["silent"].size())}));
    out.push_back(std::move(one));
  }
  counts.set("warning", count);
  return {};
}

Result<Json> Queue::get(const Actor& actor, const std::vector<std::string>& types, std::size_t limit) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::record));
  using Adder = Result<> (Queue::*)(const Actor&, Json::Array&, Json&);
  constexpr std::pair<std::string_view, Adder> kAdders[] = {
      {"alert", &Queue::add_alerts},           {"incident", &Queue::add_incidents},
      {"obligation", &Queue::add_obligations}, {"request", &Queue::add_requests},
      {"effect", &Queue::add_effects},         {"warning", &Queue::add_warnings}};
  Json counts = Json::object();
  Json::Array shown;
  for (const auto& [type, add] : kAdders) {
    Json::Array items;
    const auto added = (this->*add)(actor, items, counts);
    if (!added && added.error().code != ErrorCode::denied) return std::unexpected(added.error());
    if (lists(types, type)) std::move(items.begin(), items.end(), std::back_inserter(shown));
  }
  std::stable_sort(shown.begin(), shown.end(), more_urgent);
  const bool more = shown.size() > limit;
  if (more) shown.resize(limit);
  return Json::object({{"items", Json::array(std::move(shown))},
                       {"counts", std::move(counts)},
                       {"more", more},
                       {"generated_at", format_rfc3339(services_.env.now())}});
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "hub/rule_filters.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "detect/filter_text.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kDraft = "draft";
constexpr std::string_view kInForce = "in_force";
constexpr std::string_view kEnded = "ended";
constexpr std::size_t kFieldBytesMax = 200;
constexpr std::size_t kValueBytesMax = 4'096;
constexpr std::size_t kReasonBytesMax = 2'000;
constexpr std::size_t kAlertsReplayedMax = 100'000;  // of a silence rule

std::string file_of(std::string_view id) { return fmt::format("{}/{}", kRuleFilterKind, id); }

std::vector<detect::FilterRule> parsed(const ledger::Record& record) {
  return detect::parse_rules(file_of(record.id), record.doc["sigma"].as_string()).filters;
}

/// The rules for events that a rule rests on: itself, or what it counts, through any chain.
std::vector<const detect::Rule*> event_rules_of(const ActivePack& pack, std::string_view id, int depth = 0) {
  std::vector<const detect::Rule*> out;
  for (const auto& rule : pack.pack().rules.rules) {
    if (rule.is_called(id)) out.push_back(&rule);
  }
  for (const auto& correlation : pack.correlations()) {
    if (!correlation.is_called(id) || depth >= detect::kCorrelationChainMax) continue;
    for (const auto& name : correlation.rules) {
      for (const detect::Rule* rule : event_rules_of(pack, name, depth + 1)) {
        if (std::find(out.begin(), out.end(), rule) == out.end()) out.push_back(rule);
      }
    }
  }
  return out;
}

const detect::SilenceRule* silence_of(const ActivePack& pack, std::string_view id) {
  for (const auto& rule : pack.silences()) {
    if (rule.is_called(id)) return &rule;
  }
  return nullptr;
}

Result<std::vector<detect::FilterCondition>> conditions_from(const Json& list) {
  if (!list.is_array() || list.items().empty() || list.items().size() > kFilterConditionsMax)
    return bad_member("conditions");
  std::vector<detect::FilterCondition> out;
  for (const auto& item : list.items()) {
    detect::FilterCondition one{item["field"].as_string(), texts_from(item["values"])};
    // "|" would make the rest of the name a modifier.
    const bool named = !trim(one.field).empty() && one.field.size() <= kFieldBytesMax &&
                       one.field.find('|') == std::string::npos;
    const auto& values = item["values"].items();
    const bool all_texts =
        std::all_of(values.begin(), values.end(), [](const Json& value) { return value.is_string(); });
    const bool sized = all_texts && !one.values.empty() && one.values.size() <= kFilterValuesMax &&
                       one.values.size() == values.size() &&
                       std::all_of(one.values.begin(), one.values.end(),
                                   [](const auto& value) { return value.size() <= kValueBytesMax; });
    if (!named || !sized) return bad_member("conditions");
    out.push_back(std::move(one));
  }
  return out;
}

Json conditions_json(const std::vector<detect::FilterCondition>& conditions) {
  Json out = Json::array();
  for (const auto& one : conditions) {
    Json values = Json::array();
    for (const auto& value : one.values) values.push(value);
    out.push(Json::object({{"field", one.field}, {"values", std::move(values)}}));
  }
  return out;
}

}  // namespace

Result<CivilDate> last_day_from(const Json& text, UtcTime now) {
  const auto day = parse_date(text.as_string());
  if (!day) return bad_member("until");
  const std::int64_t ahead = days_from_civil(*day) - days_from_civil(to_civil(now, kHubZone).date);
  if (ahead < 0 || ahead > kRuleFilterDaysMax) {
    return fail(ErrorCode::invalid, "the last day lies in the past or more than a year ahead",
                "rule_filter.until", {std::to_string(kRuleFilterDaysMax)});
  }
  return *day;
}

Result<> RuleFilters::open() {
  // Before what came in the meantime is judged.
  PHENDAU_TRY(end_what_is_over());
  return compile_in_force();
}

Result<> RuleFilters::work_once() {
  PHENDAU_TRY(end_what_is_over());
  if (worker_.take_change()) {
    if (const auto compiled = compile_in_force(); !compiled) {
      worker_.note_change();  // tried again
      return compiled;
    }
  }
  worker_.run_next([&](const auto& job, const auto& progress) { return replay_one(job, progress); });
  return {};
}

Result<std::vector<ledger::Record>> RuleFilters::records_in(const std::vector<std::string>& states) {
  ledger::Query query;
  query.kind = kRuleFilterKind;
  query.states = states;
  return ledger::all_records(services_.ledger, ledger::by_id(std::move(query)), everything());
}

Result<> RuleFilters::end_what_is_over() {
  const std::string today = format_date(to_civil(services_.env.now(), kHubZone).date);
  for (const auto& record : PHENDAU_TRY(records_in({std::string(kInForce)}))) {
    if (record.doc["until"].as_string() >= today) continue;
    PHENDAU_TRY(change(system_actor(), record, kEnded, "its last day is over", record.doc));
    PHENDAU_LOG(info, "rule_filter_over", {"id", record.id});
  }
  return {};
}

Result<> RuleFilters::compile_in_force() {
  std::vector<detect::FilterRule> filters;
  for (const auto& record : PHENDAU_TRY(records_in({std::string(kInForce)}))) {
    for (auto& one : parsed(record)) filters.push_back(std::move(one));
  }
  services_.rules->put_filters(std::move(filters));
  for (const auto& problem : services_.rules->current()->problems) {
    PHENDAU_LOG(warn, "rule_filter_problem", {"reason", problem.to_string()});
  }
  return {};
}

Result<> RuleFilters::replay_one(const RuleWorker::Job& job, const std::function<bool(double)>& progress) {
  const auto run = [&]() -> Result<Json> {
    const auto record = PHENDAU_TRY(services_.ledger.get(kRuleFilterKind, job.id, everything()));
    if (silence_of(services_.pack, record.doc["rule_id"].as_string()) != nullptr)
      return replay_alerts(record, job.from);
    ReplayAsk ask;
    ask.rules = texts_from(record.doc["rules"]);
    ask.filter = parsed(record);
    ask.from = job.from;
    for (const auto& other : PHENDAU_TRY(records_in({std::string(kInForce)}))) {
      if (other.id == record.id) continue;
      for (auto& one : parsed(other)) ask.in_force.push_back(std::move(one));
    }
    return to_json(
        PHENDAU_TRY(replay_filter(services_.journal, services_.pack, *services_.rules, ask, progress)));
  };
  Json result = PHENDAU_TRY(run());
  result.set("at", format_rfc3339(services_.env.now())).set("pack", services_.pack.pack().reference());
  auto record = PHENDAU_TRY(services_.ledger.get(kRuleFilterKind, job.id, everything()));
  Json doc = record.doc;
  doc.set("replay", std::move(result));
  PHENDAU_TRY(change(system_actor(), record, record.state, "replayed", std::move(doc)));
  return {};
}

/// Silence has no events: what it would have held back are alerts.
Result<Json> RuleFilters::replay_alerts(const ledger::Record& record, UtcTime from) {
  const detect::SilenceRule& rule = *silence_of(services_.pack, record.doc["rule_id"].as_string());
  const std::vector<std::string> no_event_rules;
  const RulesInForce set = services_.rules->compile(parsed(record), &no_event_rules);
  ledger::Query query;
  query.kind = "alert";
  query.filters.push_back({"rule_id", ledger::FieldFilter::Op::equal, {Json(rule.id)}});
  std::uint64_t before = 0, after = 0;
  UtcTime first = services_.env.now();
  PHENDAU_TRY(ledger::each_record(services_.ledger, ledger::by_id(std::move(query)), everything(),
                                  [&](const ledger::Record& alert) -> Result<> {
                                    if (alert.created_at < from) return {};
                                    if (before >= kAlertsReplayedMax)
                                      return fail(ErrorCode::limit, "too many alerts to look at");
                                    first = std::min(first, alert.created_at);
                                    detect::SourceActivity source;
                                    source.source = alert.doc["entity"]["source"].as_string();
                                    source.host = alert.doc["entity"]["host"].as_string();
                                    source.agency = alert.agency_id;
                                    ++before;
                                    if (!set.is_filtered(rule, source)) ++after;
                                    return {};
                                  }));
  ReplayResult result;
  result.from = first;
  result.to = services_.env.now();
  result.without.matches = before;
  result.with.matches = after;
  return to_json(result);
}

Result<> RuleFilters::queue_replay(const std::string& id, std::int64_t days_back) {
  return worker_.add(id, services_.env.now() - days(days_back));
}

Result<ledger::Record> RuleFilters::change(const Actor& actor, const ledger::Record& record,
                                           std::string_view state, std::string_view reason, Json doc) {
  ledger::Write write = ledger::rewrite(record, std::string(reason));
  write.state = state;
  write.doc = std::move(doc);
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  if (record.state != state && (record.state == kInForce || state == kInForce)) {
    worker_.note_change();
  }
  return services_.ledger.get(kRuleFilterKind, record.id, everything());
}

Result<ledger::Record> RuleFilters::record_of(const Actor& actor, Action action, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, action, Resource::rule));
  return services_.ledger.get(kRuleFilterKind, id, scope);
}

Json RuleFilters::view(const ledger::Record& record) {
  const Json& doc = record.doc;
  const auto owner = services_.ledger.get("user", doc["owner"].as_string(), everything());
  const std::string& agency = doc["agency_id"].as_string();
  Json out = Json::object(
      {{"id", record.id},
       {"state", record.state},
       {"rule_id", doc["rule_id"]},
       {"title", doc["rule_title"]},
       {"alert_id", doc["alert_id"]},
       {"agency_id", agency},
       {"agency_name", agency.empty() ? std::string() : agency_name(services_, agency)},
       {"conditions", doc["conditions"]},
       {"sigma", doc["sigma"]},
       {"reason", doc["reason"]},
       {"until", doc["until"]},
       {"owner", doc["owner"]},
       {"owner_name", owner ? owner->doc["full_name"].string_or(owner->doc["username"].as_string())
                            : doc["owner"].as_string()},
       {"made_at", format_rfc3339(record.created_at)},
       {"changed_at", format_rfc3339(record.updated_at)},
       {"end_reason", doc["end_reason"]},
       {"replay", doc["replay"]},
       {"running", worker_.view(record.id)},
       {"problem", Json()}});
  for (const auto& problem : services_.rules->current()->problems) {
    if (problem.file == file_of(record.id)) out.set("problem", problem.reason);
  }
  return out;
}

Result<Json> RuleFilters::list(const Actor& actor, const std::vector<std::string>& states) {
  // What a filter lets pass are values of some agency's events: for those who may write them.
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::rule));
  auto records = PHENDAU_TRY(records_in(states));
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.created_at > b.created_at; });
  Json items = Json::array();
  for (const auto& record : records) items.push(view(record));
  return Json::object({{"items", std::move(items)}});
}

Result<Json> RuleFilters::get(const Actor& actor, std::string_view id) {
  return view(PHENDAU_TRY(record_of(actor, Action::update, id)));
}

Result<Json> RuleFilters::create(const Actor& actor, const Json& body) {
  PHENDAU_TRY(scope_for(actor, Action::create, Resource::rule));
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kReasonBytesMax));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json::object({{"reason", reason}})));
  const CivilDate until = PHENDAU_TRY(last_day_from(body["until"], services_.env.now()));
  auto conditions = PHENDAU_TRY(conditions_from(body["conditions"]));
  const Json shown = conditions_json(conditions);
  const std::string agency = body["agency_id"].string_or("");
  if (!agency.empty()) {
    PHENDAU_TRY(services_.ledger.get("agency", agency, everything()));
    conditions.push_back({std::string(kAgencyColumn), {agency}});
  }
  const std::string& rule_id = body["rule_id"].as_string();
  const detect::RuleMeta* rule = services_.pack.rule(rule_id);
  auto rules = event_rules_of(services_.pack, rule_id);
  const detect::SilenceRule* silence = silence_of(services_.pack, rule_id);
  if (rule == nullptr || (rules.empty() && silence == nullptr))
    return fail(ErrorCode::not_found, "no such rule for events", "rule_filter.no_rule");
  detect::Rule for_silence;  // as a rule with a log source of its own
  if (silence != nullptr) {
    for_silence.id = silence->id;
    for_silence.logsource = {"phendau", "silence", ""};
    rules = {&for_silence};
  }
  if (PHENDAU_TRY(records_in({std::string(kDraft), std::string(kInForce)})).size() >= kRuleFiltersMax)
    return fail(ErrorCode::limit, "too many filters", "rule_filter.many", {std::to_string(kRuleFiltersMax)});
  Json names = Json::array();
  for (const auto* one : rules) names.push(one->id.empty() ? one->name : one->id);
  ledger::Write write;
  write.kind = kRuleFilterKind;
  write.id = new_ulid(services_.env);
  write.state = kDraft;
  write.expected_version = 0;
  write.reason = reason;
  write.pack = services_.pack.pack().reference();
  write.doc.set("rule_id", rule->id.empty() ? rule->name : rule->id)
      .set("rule_title", rule->title_for_people())
      .set("rules", std::move(names))
      .set("conditions", shown)
      .set("sigma", detect::filter_text(rule->title_for_people(), reason, rules, conditions))
      .set("reason", reason)
      .set("until", format_date(until))
      .set("owner", actor.user_id);
  if (!agency.empty()) write.doc.set("agency_id", agency);
  if (const std::string alert = body["alert_id"].string_or(""); !alert.empty())
    write.doc.set("alert_id", alert);
  const std::string id = write.id;
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  PHENDAU_TRY(queue_replay(id, kReplayDaysDefault));
  return get(actor, id);
}

Result<Json> RuleFilters::replay(const Actor& actor, std::string_view id, const Json& body) {
  const auto record = PHENDAU_TRY(record_of(actor, Action::update, id));
  const std::int64_t days_back = body["days"].as_int(kReplayDaysDefault);
  if (days_back < 1 || days_back > kReplayDaysMax) return bad_member("days");
  PHENDAU_TRY(queue_replay(record.id, days_back));
  return view(record);
}

Result<Json> RuleFilters::enforce(const Actor& actor, std::string_view id) {
  const auto record = PHENDAU_TRY(record_of(actor, Action::update, id));
  if (record.state != kDraft) return fail(ErrorCode::conflict, "it is no draft", "rule_filter.state");
  // Other rules than those it was tried on would be another trial.
  if (worker_.waits(record.id) ||
      record.doc["replay"]["pack"].as_string() != services_.pack.pack().reference()) {
    return fail(ErrorCode::conflict, "it has not been replayed", "rule_filter.not_replayed");
  }
  PHENDAU_TRY(last_day_from(record.doc["until"], services_.env.now()));
  return view(PHENDAU_TRY(change(actor, record, kInForce, record.doc["reason"].as_string(), record.doc)));
}

Result<Json> RuleFilters::end(const Actor& actor, std::string_view id, const Json& body) {
  const auto record = PHENDAU_TRY(record_of(actor, Action::update, id));
  if (record.state == kEnded) return fail(ErrorCode::conflict, "it has ended", "rule_filter.state");
  const std::string reason =
      PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kReasonBytesMax));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json::object({{"reason", reason}})));
  Json doc = record.doc;
  doc.set("end_reason", reason);
  return view(PHENDAU_TRY(change(actor, record, kEnded, reason, std::move(doc))));
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "hub/duties.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "hub/calendar_sequences.h"
#include "hub/case_effects.h"
#include "hub/duty_actions.h"
#include "hub/incidents.h"
#include "net/http.h"
#include "report/icalendar.h"
#include "workflow/run.h"

namespace phendau::hub {
namespace {

constexpr std::uint16_t bit(Status status) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(status));
}
constexpr std::uint16_t kOpen =
    bit(Status::due) | bit(Status::overdue) | bit(Status::violated) | bit(Status::unknown);

/// In the order in which they are shown.
enum class Group : std::uint8_t { late, month, later, undated };
std::string_view to_string(Group group) {
  constexpr std::string_view kNames[] = {"late", "month", "later", "undated"};
  return kNames[static_cast<std::size_t>(group)];
}

Group group_of(const Obligations::Duty& duty, const CivilDate& today) {
  if (duty.status == Status::overdue || duty.status == Status::violated) return Group::late;
  if (duty.status == Status::unknown || duty.due_at == comply::kNever) return Group::undated;
  const CivilDate day = due_day_of(*duty.part, duty.due_at).last_good_day;
  const bool this_month = day < today || (day.year == today.year && day.month == today.month);
  return this_month ? Group::month : Group::later;
}

std::vector<report::CalendarAlarm> alarms_of(const comply::ReminderPlan& plan) {
  std::vector<report::CalendarAlarm> out;
  for (const std::int32_t days : plan.before_days) out.push_back({days, plan.minute_of_day, {}});
  return out;
}

}  // namespace

comply::DueDay due_day_of(const comply::ClausePart& part, UtcTime due_at) {
  using Kind = comply::DeadlineRule::Kind;
  comply::DueDay out;
  out.due_at = due_at;
  const bool at_midnight = start_of_day(to_civil(due_at, kHubZone).date, kHubZone) == due_at;
  if (part.trigger && !part.trigger->regime.empty()) out.inclusive = !at_midnight;  // rules of days end there
  if (part.trigger && part.trigger->within)
    out.inclusive = part.trigger->within->kind == Kind::hours || part.trigger->within->kind == Kind::minutes;
  out.last_good_day = to_civil(out.inclusive ? due_at : due_at - nanoseconds(1), kHubZone).date;
  return out;
}

/// Those of the account. Who works for the province answers for its lead department, and for what is bound to
/// nobody ("").
std::set<std::string, std::less<>> Duties::own_bodies(const Actor& actor) {
  std::set<std::string, std::less<>> out(actor.agency_ids.begin(), actor.agency_ids.end());
  if (!is_provincial(actor)) return out;
  out.insert("");
  if (const auto lead = records_.province_agency()) out.insert(*lead);
  return out;
}

std::vector<Obligations::Duty> Duties::own_duties(const Actor& actor, const Scope& scope,
                                                  std::uint16_t statuses) {
  const auto own = own_bodies(actor);
  auto out = obligations_.duties(
      [&](std::string_view agency) { return own.contains(agency) && scope.covers(agency); }, statuses);
  std::erase_if(out, [](const auto& duty) { return is_waiting_for_program(*duty.part); });
  return out;
}

Json Duties::task_view(const Obligations::Duty& duty, const CivilDate& today) {
  Json subjects = Json::array();
  for (const auto& [id, name] : duty.subjects) subjects.push(Json::object({{"id", id}, {"name", name}}));
  const std::string agency =
      duty.agency_id.empty() ? tr(Lang::vi, "hub.subject_province") : agency_name(services_, duty.agency_id);
  Json out = Json::object({{"id", duty.id()},
                           {"clause", duty.clause->id},
                           {"part", duty.part->id},
                           {"citation", duty.clause->citation},
                           {"title", duty.clause->title.vi},
                           {"name", name_of(duty).vi},
                           {"duty", duty.part->duty.vi},
                           {"agency_id", duty.agency_id},
                           {"agency_name", agency},
                           {"period", duty.period_id},
                           {"status", to_string(duty.status)},
                           {"group", to_string(group_of(duty, today))},
                           {"due_at", Json()},
                           {"last_good_day", Json()},
                           {"reason", duty.reason},
                           {"missing", duty.missing},
                           {"subject_kind", comply::to_string(duty.subject_kind)},
                           {"subjects", std::move(subjects)},
                           {"subjects_total", duty.subjects_total},
                           {"actions", actions_for(services_.pack.pack(), duty)}});
  if (duty.due_at != comply::kNever) {
    const auto due = due_day_of(*duty.part, duty.due_at);
    out.set("due_at", format_rfc3339(due.due_at)).set("last_good_day", format_date(due.last_good_day));
    out.set("by_hour", due.inclusive);
  }
  return out;
}

Result<Json> Duties::tasks(const Actor& actor) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  const CivilDate today = to_civil(services_.env.now(), kHubZone).date;
  auto duties = own_duties(actor, scope, kOpen);
  std::stable_sort(duties.begin(), duties.end(), [&](const auto& a, const auto& b) {
    const auto key = [&](const auto& d) { return std::make_pair(group_of(d, today), d.due_at); };
    return key(a) < key(b);
  });
  std::array<std::int64_t, 4> counts{};
  for (const auto& duty : duties) ++counts[static_cast<std::size_t>(group_of(duty, today))];
  const std::size_t total = duties.size();
  duties.resize(std::min(duties.size(), kTasksMax));
  obligations_.explain_duties(duties);
  Json items = Json::array();
  for (const auto& duty : duties) items.push(task_view(duty, today));
  Json groups = Json::object();
  for (std::size_t i = 0; i < counts.size(); ++i) groups.set(to_string(static_cast<Group>(i)), counts[i]);
  return Json::object({{"today", format_date(today)},
                       {"groups", std::move(groups)},
                       {"items", std::move(items)},
                       {"more", total - duties.size()},
                       {"steps", PHENDAU_TRY(waiting_steps(actor))},
                       {"effects", Json::array(PHENDAU_TRY(waiting_effects(services_, definitions_, actor)))},
                       {"records", PHENDAU_TRY(records_.waiting_for(actor))}});
}

Result<Json> Duties::waiting_steps(const Actor& actor) {
  Json out = Json::array();
  const Scope scope = authorize_case(actor, CaseRight::act);
  if (scope.allows_nothing()) return out;
  ledger::Query query;
  query.kind = kCaseKind;
  query.states = {"open"};
  query.order_by = "created_at";
  query.descending = false;
  query.limit = kStepsShown;
  const UtcTime now = services_.env.now();
  AgencyNames names(services_);
  for (std::size_t looked = 0; looked < kStepsLookedAt; looked += query.limit) {
    const auto page = PHENDAU_TRY(case_summaries(services_.ledger, query, scope));
    for (const auto& record : page.records) {
      if (out.size() >= kStepsShown) return out;
      if (Json step = waiting_step(actor, record, names, now); step.is_object()) out.push(std::move(step));
    }
    if (page.next_cursor.empty()) break;
    query.cursor = page.next_cursor;
  }
  return out;
}

/// The step of a case that is the actor's to do, or its closing; null where nothing is.
Json Duties::waiting_step(const Actor& actor, const ledger::Record& record, AgencyNames& names, UtcTime now) {
  const Json progress = case_progress(services_.pack, record, now);
  if (!progress.is_object()) return {};
  const auto is_for = [&](const Json& roles) {
    const auto named = texts_from(roles);
    return workflow::is_named(named, names_in_case(services_, actor, record.agency_id, named).names);
  };
  const auto& steps = progress["open"].items();
  const auto own =
      std::find_if(steps.begin(), steps.end(), [&](const Json& one) { return is_for(one["roles"]); });
  const bool closes = steps.empty() && is_for(progress["close_roles"]);
  if (own == steps.end() && !closes) return {};
  const Json next = closes ? Json() : *own;
  const std::string mark = record.doc["exercise"].as_bool() ? tr(Lang::vi, "case.exercise_mark") : "";
  return Json::object({{"case_id", record.id},
                       {"case_title", mark + record.doc["title"].as_string()},
                       {"agency_id", record.agency_id},
                       {"agency_name", names.at(record.agency_id, now)},
                       {"step", next["step"]},
                       {"title", next["title"].string_or(tr(Lang::vi, "duty.close_case"))},
                       {"due_at", next["due_at"]}});
}

Result<std::string> Duties::calendar(const Actor& actor, std::string_view host) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::obligation));
  auto duties = own_duties(actor, scope, bit(Status::due) | bit(Status::overdue));
  std::erase_if(duties, [](const auto& duty) { return duty.due_at == comply::kNever; });
  std::stable_sort(duties.begin(), duties.end(),
                   [](const auto& a, const auto& b) { return a.due_at < b.due_at; });
  duties.resize(std::min(duties.size(), kCalendarDutiesMax));
  const comply::ReminderPlan& plan = services_.pack.pack().reminders;
  // The bytes change once a day, not with every request: readers can tell that nothing is new.
  const UtcTime today = start_of_day(to_civil(services_.env.now(), kHubZone).date, kHubZone);
  std::vector<DeadlineEvent> dated;
  for (const auto& duty : duties) {
    const auto due = due_day_of(*duty.part, duty.due_at);
    report::CalendarEvent event;
    event.key = duty.id();
    event.day = due.last_good_day;
    const std::string title = name_of(duty).vi;
    event.summary = duty.status == Status::overdue ? tr(Lang::vi, "duty.calendar_late", {title}) : title;
    event.description = duty.clause->citation + "\n" + duty.part->duty.vi;
    if (own_bodies(actor).size() > 1 && !duty.agency_id.empty())
      event.description += "\n" + agency_name(services_, duty.agency_id);
    event.category = tr(Lang::vi, "duty.calendar_category");
    event.url = fmt::format("https://{}/viec-cua-toi?viec={}", host, net::percent_encode(duty.id()));
    event.changed_at = today;
    event.alarms = alarms_of(plan);
    dated.push_back({duty.agency_id, std::move(event)});
  }
  PHENDAU_TRY(number_events(services_.ledger, dated, services_.env.now()));
  std::vector<report::CalendarEvent> events;
  for (auto& one : dated) events.push_back(std::move(one.event));
  report::CalendarFeed feed;
  feed.name = tr(Lang::vi, "duty.calendar_name");
  feed.host = host;
  return report::to_icalendar(feed, events);
}

Result<std::uint64_t> Duties::count(std::string_view kind, std::vector<std::string> states,
                                    std::string_view agency_id) {
  ledger::Query query = kind == kCaseKind ? cases_query(false) : ledger::Query();
  query.kind = kind;
  query.states = std::move(states);
  query.agency_ids = {std::string(agency_id)};
  return services_.ledger.count(query, everything());
}

Result<Json> Duties::figures(std::string_view agency_id) {
  const UtcTime now = services_.env.now();
  const auto late = obligations_.duties([&](std::string_view id) { return id == agency_id; },
                                        bit(Status::overdue) | bit(Status::violated));
  Json names = Json::array();
  for (const auto& duty : late) {
    if (names.size() >= kTasksMax) break;
    names.push(duty.clause->citation + ": " + name_of(duty).vi);
  }
  return Json::object({{"taken_at", format_rfc3339(now)},
                       {"obligations", obligations_.counts_of_agency(agency_id)},
                       {"late", std::move(names)},
                       {"devices", PHENDAU_TRY(count("device", {"enrolled"}, agency_id))},
                       {"open_incidents", PHENDAU_TRY(count(kCaseKind, {"open"}, agency_id))},
                       {"open_alerts", PHENDAU_TRY(count("alert", {"new", "acknowledged"}, agency_id))},
                       {"pack", services_.pack.pack().reference()}});
}

Result<Json> Duties::agency_page(const Actor& actor, std::string_view agency_id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::agency));
  const auto agency = PHENDAU_TRY(services_.ledger.get("agency", agency_id, scope));
  PHENDAU_TRY(scope_covering(actor, Action::read, Resource::obligation, agency_id));
  Json out = Json::object({{"id", agency.id},
                           {"name", agency.doc["name"]},
                           {"short_name", agency.doc["short_name"].as_string()},
                           {"contact", agency.doc["contact"].as_string()},
                           {"unit_class", agency.doc["unit_class"].as_string()},
                           {"has_own_systems", agency.doc["has_own_systems"]},
                           {"state", agency.state}});
  const Json now = PHENDAU_TRY(figures(agency_id));
  for (const auto& [name, value] : now.members()) out.set(name, value);
  return out;
}

}  // namespace phendau::hub

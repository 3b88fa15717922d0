// SPDX-License-Identifier: Apache-2.0
#include "hub/organisations.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "base/unicode.h"
#include "hub/active_pack.h"
#include "hub/agencies.h"
#include "hub/organisation_moves.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kAgency = "agency";
constexpr std::string_view kNetworks = "network";  // addresses of its syslog: no kind of the ledger
constexpr std::size_t kAssignedMax = 5'000;

std::string day_of(UtcTime at) { return format_date(to_civil(at, kHubZone).date); }

Result<> each_record(ledger::Ledger& ledger, ledger::Query query,
                     const std::function<Result<>(const ledger::Record&)>& each) {
  return ledger::each_record(ledger, ledger::by_id(std::move(query)), everything(), each);
}

Result<> provincial(const Actor& actor, Action action) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, action, Resource::agency));
  if (scope.reach == Scope::Reach::everything) return {};
  return fail(ErrorCode::denied, "not for this role", "error.denied");
}

Json named(const std::string& id, const AgencyMap& all, std::string_view day) {
  const auto found = all.find(id);
  return Json::object({{"id", id}, {"name", found == all.end() ? id : name_on(found->second.doc, day)}});
}

std::vector<ledger::Record> by_day(std::vector<ledger::Record> acts) {
  std::stable_sort(acts.begin(), acts.end(), [](const auto& a, const auto& b) {
    const std::string& left = a.doc["in_force"].as_string();
    const std::string& right = b.doc["in_force"].as_string();
    return left != right ? left < right : a.created_at < b.created_at;
  });
  return acts;
}

void add_days(std::set<std::string>& days, const Json& doc) {
  for (const char* list : {"names", "parents"}) {
    const auto& entries = doc[list].items();
    for (std::size_t i = 1; i < entries.size(); ++i) days.insert(entries[i]["from"].as_string());
  }
  for (const char* field : {"founded_on", "abolished_on"}) {
    if (!doc[field].as_string().empty()) days.insert(doc[field].as_string());
  }
}

}  // namespace

std::string Organisations::today() const { return day_of(services_.env.now()); }

Result<AgencyMap> Organisations::agencies() {
  AgencyMap out;
  ledger::Query query;
  query.kind = kAgency;
  PHENDAU_TRY(each_record(services_.ledger, std::move(query), [&](const ledger::Record& record) -> Result<> {
    out[record.id] = {record.doc, record.state == "abolished", day_of(record.created_at)};
    return {};
  }));
  return out;
}

Result<std::vector<ledger::Record>> Organisations::acts_in(const std::vector<std::string>& states) {
  std::vector<ledger::Record> out;
  ledger::Query query;
  query.kind = kActKind;
  query.states = states;
  PHENDAU_TRY(each_record(services_.ledger, std::move(query), [&](const ledger::Record& record) -> Result<> {
    out.push_back(record);
    return {};
  }));
  return by_day(std::move(out));
}

Result<AgencyMap> Organisations::agencies_on(std::string_view day) {
  AgencyMap out = PHENDAU_TRY(agencies());
  for (const auto& act : PHENDAU_TRY(acts_in({"planned"}))) {
    if (act.doc["in_force"].as_string() > day) break;
    auto effect = effect_of(act.doc, out);
    if (effect) apply(out, std::move(*effect));  // else it will be blocked on its day, and says so then
  }
  return out;
}

Result<Json> Organisations::tree(const Actor& actor, const std::optional<CivilDate>& at) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::agency));
  const std::string day = at ? format_date(*at) : today();
  const AgencyMap then = PHENDAU_TRY(agencies_on(std::max(day, today())));
  // What an act makes belongs to whom the act concerns: before its day nobody but the province sees it.
  const auto seen = [&](const std::string& id) { return scope.covers(id); };
  std::set<std::string> days;
  Json::Array items;
  for (const auto& [id, one] : then) {
    if (!seen(id)) continue;
    add_days(days, one.doc);
    if (!exists_on(one.doc, day)) continue;
    Json successors = Json::array();
    for (const auto& next : one.doc["successors"].items())
      successors.push(named(next.as_string(), then, one.doc["abolished_on"].as_string()));
    items.push_back(Json::object({{"id", id},
                                  {"name", name_on(one.doc, day)},
                                  {"name_now", one.doc["name"]},
                                  {"short_name", one.doc["short_name"]},
                                  {"parent_id", parent_on(one.doc, day)},
                                  {"unit_class", one.doc["unit_class"]},
                                  {"from", one.doc["founded_on"]},
                                  {"until", one.doc["abolished_on"]},
                                  {"successors", std::move(successors)}}));
  }
  std::sort(items.begin(), items.end(), [](const Json& a, const Json& b) {
    return compare_vietnamese(a["name"].as_string(), b["name"].as_string()) < 0;
  });
  if (scope.reach == Scope::Reach::everything) {
    for (const auto& act : PHENDAU_TRY(acts_in({"planned"}))) days.insert(act.doc["in_force"].as_string());
  }
  Json marks = Json::array();
  for (const auto& one : days) marks.push(one);
  return Json::object({{"at", day},
                       {"today", today()},
                       {"items", Json::array(std::move(items))},
                       {"days", std::move(marks)}});
}

Json Organisations::act_view(const ledger::Record& record, const AgencyMap& all) const {
  const std::string& day = record.doc["in_force"].as_string();
  // What ended on the day is named as it was the day before.
  const std::string eve = day_of(start_of_day(parse_date(day).value_or(CivilDate{}), kHubZone) - hours(1));
  Json agencies = Json::array();
  for (const auto& id : record.doc["agencies"].items()) agencies.push(named(id.as_string(), all, eve));
  Json into = Json::array();
  for (const auto& one : record.doc["into"].items()) {
    Json part = named(one["id"].as_string(), all, day);
    if (!all.contains(one["id"].as_string())) part.set("name", one["name"]);
    part.set("new", one["new"].as_bool());
    into.push(std::move(part));
  }
  return Json::object({{"id", record.id},
                       {"state", record.state},
                       {"act", record.doc["act"]},
                       {"in_force", day},
                       {"decision_number", record.doc["decision_number"]},
                       {"file_sha256", record.doc["file_sha256"]},
                       {"note", record.doc["note"]},
                       {"agencies", std::move(agencies)},
                       {"into", std::move(into)},
                       {"name", record.doc["name"]},
                       {"parent_id", record.doc["parent_id"]},
                       {"moved", record.doc["moved"].as_int()},
                       {"problem", record.doc["problem"]},
                       {"entered_by", record.created_by},
                       {"entered_at", format_rfc3339(record.created_at)}});
}

Result<Json> Organisations::acts(const Actor& actor) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::agency));
  const AgencyMap all = PHENDAU_TRY(agencies());
  auto found = PHENDAU_TRY(acts_in({}));
  std::reverse(found.begin(), found.end());
  Json::Array items;
  for (const auto& act : found) {
    const auto& own = act.doc["agencies"].items();
    const auto& into = act.doc["into"].items();
    const bool concerns =
        scope.reach == Scope::Reach::everything ||
        std::any_of(own.begin(), own.end(), [&](const Json& id) { return scope.covers(id.as_string()); }) ||
        std::any_of(into.begin(), into.end(),
                    [&](const Json& one) { return scope.covers(one["id"].as_string()); });
    if (concerns && items.size() < kActsShownMax) items.push_back(act_view(act, all));
  }
  return Json::object({{"items", Json::array(std::move(items))}});
}

/// Agencies that go on; new ones get a code that nobody has.
Result<Json> Organisations::parts_of(const Json& body, const AgencyMap& all) {
  Json out = Json::array();
  std::set<std::string> taken;
  for (const auto& one : body["into"].items()) {
    const std::string& known = one["id"].as_string();
    Json part = Json::object();
    if (!known.empty()) {
      part.set("id", known);
    } else {
      const std::string name(trim(one["name"].as_string()));
      std::string code = one["code"].string_or(agency_code_of(name));
      if (name.empty() || !is_agency_code(code)) return bad_member(name.empty() ? "name" : "code");
      const std::string base = code.substr(0, 55);
      for (int number = 2; all.contains(code) || taken.contains(code); ++number)
        code = fmt::format("{}-{}", base, number);
      taken.insert(code);
      part.set("id", code).set("new", true).set("name", name);
      for (const char* field : {"short_name", "parent_id", "unit_class"}) {
        if (one[field].is_string()) part.set(field, one[field]);
      }
      if (one["has_own_system"].is_bool()) part.set("has_own_systems", one["has_own_system"]);
    }
    if (one["addresses"].is_array()) part.set("addresses", one["addresses"]);
    out.push(std::move(part));
    if (out.size() > kActAgenciesMax) return bad_member("into");
  }
  return out;
}

/// What the act gives to one part, by name or the whole kind; with new agencies the code of the body may
/// stand for the id.
Result<Json> Organisations::assigned_of(const Json& body, const Json& doc) {
  Json out = Json::array();
  if (body["assign"].size() > kAssignedMax) return bad_member("assign");
  for (const auto& one : body["assign"].items()) {
    const auto part = one["part"].as_int(-1);  // place in `into`
    const auto& into = doc["into"].items();
    if (part < 0 || part >= static_cast<std::int64_t>(into.size())) return bad_member("assign");
    const Json& to = into[static_cast<std::size_t>(part)]["id"];
    const std::string& kind = one["kind"].as_string();
    if (one["id"].as_string().empty()) {  // everything of the kind
      const auto kinds = kinds_that_move(services_.ledger);
      if (kind != "user" && std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
        return bad_member("assign");
      out.push(Json::object({{"kind", kind}, {"id", ""}, {"to", to}}));
      continue;
    }
    const auto record = services_.ledger.get(kind, one["id"].as_string(), everything());
    if (!record || stays_with_past(record->kind, record->doc)) return bad_member("assign");
    out.push(Json::object({{"kind", record->kind}, {"id", record->id}, {"to", to}}));
  }
  return out;
}

/// The document of the act as it is kept, if it can be carried out on its day as things stand.
Result<Json> Organisations::document_of(const Actor& actor, const Json& body) {
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::string& day = body["in_force"].as_string();
  if (!parse_date(day)) return bad_member("in_force");
  Json doc = Json::object();
  doc.set("act", body["act"]).set("in_force", day);
  doc.set("decision_number", std::string(trim(body["decision_number"].as_string())));
  if (doc["decision_number"].as_string().empty()) return bad_member("decision_number");
  doc.set("agencies", Json::array(body["agencies"].items()));
  for (const char* field : {"note", "short_name", "parent_id"}) {
    if (body[field].is_string()) doc.set(field, body[field]);
  }
  if (body["name"].is_string()) doc.set("name", std::string(trim(body["name"].as_string())));
  if (body["remains"].is_bool()) doc.set("remains", body["remains"]);
  const AgencyMap all = PHENDAU_TRY(agencies_on(day));
  if (body["into"].size() > 0) doc.set("into", PHENDAU_TRY(parts_of(body, all)));
  if (body["assign"].size() > 0) {
    if (body["act"].as_string() != "split") return bad_member("assign");
    doc.set("assign", PHENDAU_TRY(assigned_of(body, doc)));
  }
  if (const std::string& file = body["file_sha256"].as_string(); !file.empty()) {
    ledger::Query query;
    query.kind = "attachment";
    query.filters.push_back({"sha256", ledger::FieldFilter::Op::equal, {Json(file)}});
    query.limit = 1;
    const Scope scope = authorize(actor, Action::read, Resource::attachment);
    if (PHENDAU_TRY(services_.ledger.list(query, scope)).records.empty()) return bad_member("file_sha256");
    doc.set("file_sha256", file);
  }
  return doc;
}

Result<Json> Organisations::belongings_of(const std::string& agency_id, const AgencyMap& all) {
  Json out = Json::array();
  const auto add = [&](std::string_view kind, std::string_view title, std::uint64_t count) {
    if (count > 0) out.push(Json::object({{"kind", kind}, {"title", title}, {"count", count}}));
  };
  for (const auto& kind : kinds_that_move(services_.ledger)) {
    ledger::Query query;
    query.kind = kind;
    query.agency_ids = {agency_id};
    std::uint64_t count = PHENDAU_TRY(services_.ledger.count(query, everything()));
    if (kind == "exception") {  // those of the agency as a whole stay
      query.filters.push_back({"subject_id", ledger::FieldFilter::Op::missing, {}});
      count -= PHENDAU_TRY(services_.ledger.count(query, everything()));
    }
    const auto known = services_.ledger.kind(kind);
    add(kind, known ? known->title_vi : kind, count);
  }
  std::uint64_t users = 0;
  ledger::Query query;
  query.kind = "user";
  PHENDAU_TRY(each_record(services_.ledger, std::move(query), [&](const ledger::Record& user) -> Result<> {
    const auto& ids = user.doc["agency_ids"].items();
    users += std::find(ids.begin(), ids.end(), Json(agency_id)) != ids.end() ? 1 : 0;
    return {};
  }));
  add("user", services_.ledger.kind("user")->title_vi, users);
  const auto found = all.find(agency_id);
  if (found != all.end())
    add(kNetworks, tr(Lang::vi, "organisation.networks"), found->second.doc["addresses"].size());
  return out;
}

namespace {

Json move_of(const Json& from, const Json& to, Json counts) {
  std::uint64_t total = 0;
  for (const auto& one : counts.items()) total += static_cast<std::uint64_t>(one["count"].as_int());
  return Json::object({{"from", from}, {"to", to}, {"total", total}, {"counts", std::move(counts)}});
}

/// How many of a kind a part gets: what is named, and what a rule for the whole kind leaves to it. Without a
/// rule the rest is the first part's, or stays where it is.
std::int64_t share_of(const Json& doc, const Json& one, const std::string& part) {
  const std::string& kind = one["kind"].as_string();
  std::int64_t named = 0;
  std::int64_t own = 0;
  std::string heir = doc["remains"].as_bool() ? std::string() : doc["into"].items().front()["id"].as_string();
  for (const auto& rule : doc["assign"].items()) {
    if (rule["kind"].as_string() != kind) continue;
    if (rule["id"].as_string().empty()) {
      heir = rule["to"].as_string();
      continue;
    }
    ++named;
    own += rule["to"].as_string() == part ? 1 : 0;
  }
  return own + (heir == part ? one["count"].as_int() - named : 0);
}

}  // namespace

Result<Json> Organisations::moves_view(const ActEffect& effect, const Json& doc, const AgencyMap& all) {
  AgencyMap after = all;
  for (const auto& [id, one] : effect.changed) after.insert_or_assign(id, one);
  const std::string& day = doc["in_force"].as_string();
  Json moves = Json::array();
  Json out = Json::object();
  if (doc["act"].as_string() == "split") {
    const std::string& divided = doc["agencies"].items().front().as_string();
    Json divisible = Json::array();
    const Json belongings = PHENDAU_TRY(belongings_of(divided, all));
    for (const auto& one : belongings.items()) {
      const std::string& kind = one["kind"].as_string();  // files go with what they belong to
      if (kind != "attachment" && kind != kNetworks) divisible.push(one);
    }
    for (const auto& part : doc["into"].items()) {
      Json counts = Json::array();
      for (const auto& one : divisible.items()) {
        Json share = one;
        share.set("count", share_of(doc, one, part["id"].as_string()));
        if (share["count"].as_int() > 0) counts.push(std::move(share));
      }
      moves.push(
          move_of(named(divided, all, day), named(part["id"].as_string(), after, day), std::move(counts)));
    }
    out.set("divisible", std::move(divisible));
  } else {
    for (const auto& [from, to] : effect.ended) {
      moves.push(
          move_of(named(from, all, day), named(to, after, day), PHENDAU_TRY(belongings_of(from, all))));
    }
  }
  std::uint64_t children = 0;
  for (const auto& [id, one] : effect.changed) {
    const auto before = all.find(id);
    if (before == all.end() || one.ended) continue;
    const bool heir = effect.ended.contains(before->second.doc["parent_id"].as_string());
    children += heir && before->second.doc["parent_id"] != one.doc["parent_id"] ? 1 : 0;
  }
  out.set("moves", std::move(moves))
      .set("children", children)
      .set("assigned", std::uint64_t{doc["assign"].size()});
  return out;
}

Result<Json> Organisations::preview(const Actor& actor, const Json& body) {
  PHENDAU_TRY(provincial(actor, Action::create));
  const Json doc = PHENDAU_TRY(document_of(actor, body));
  const AgencyMap all = PHENDAU_TRY(agencies_on(doc["in_force"].as_string()));
  return moves_view(PHENDAU_TRY(effect_of(doc, all)), doc, all);
}

Result<Json> Organisations::create(const Actor& actor, const Json& body) {
  PHENDAU_TRY(provincial(actor, Action::create));
  const std::lock_guard turn(mu_);
  if (PHENDAU_TRY(acts_in({"planned"})).size() >= kActsPlannedMax)
    return fail(ErrorCode::limit, "too many planned acts", "organisation.too_many_planned",
                {std::to_string(kActsPlannedMax)});
  ledger::Write write;
  write.kind = kActKind;
  write.id = new_ulid(services_.env);
  write.state = "planned";
  write.expected_version = 0;
  write.reason = "entered";
  write.doc = PHENDAU_TRY(document_of(actor, body));
  const std::string day = write.doc["in_force"].as_string();
  PHENDAU_TRY(effect_of(write.doc, PHENDAU_TRY(agencies_on(day))));
  const std::string id = write.id;
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  if (day <= today()) {
    if (const auto done = carry_out(id, actor); !done) {
      note_problem(id, done.error());
      return std::unexpected(done.error());
    }
  }
  return act_view(PHENDAU_TRY(services_.ledger.get(kActKind, id, everything())), PHENDAU_TRY(agencies()));
}

Result<Json> Organisations::withdraw(const Actor& actor, std::string_view id, const Json& body) {
  PHENDAU_TRY(provincial(actor, Action::update));
  const std::string reason(trim(body["reason"].as_string()));
  if (reason.empty()) return bad_member("reason");
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::lock_guard turn(mu_);
  const auto record = PHENDAU_TRY(services_.ledger.get(kActKind, id, everything()));
  if (record.state != "planned" && record.state != "blocked")
    return fail(ErrorCode::conflict, "the act is in force", "organisation.in_force");
  ledger::Write write = ledger::rewrite(record, reason);
  write.state = "withdrawn";
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  return act_view(PHENDAU_TRY(services_.ledger.get(kActKind, id, everything())), PHENDAU_TRY(agencies()));
}

/// The agencies as the act makes them, and the close of those that end.
Result<std::vector<ledger::Write>> Organisations::first_writes(const ledger::Record& act,
                                                               const ActEffect& effect) {
  std::vector<ledger::Write> out;
  for (const auto& [id, one] : effect.changed) {
    ledger::Write write;
    if (effect.created.contains(id)) {
      write.kind = kAgency;
      write.id = id;
      write.agency_id = id;
      write.state = "active";
      write.expected_version = 0;
    } else {
      write = ledger::rewrite(PHENDAU_TRY(services_.ledger.get(kAgency, id, everything())), "");
      if (write.doc == one.doc && !one.ended) continue;
    }
    if (one.ended) write.state = "abolished";
    write.doc = one.doc;
    out.push_back(std::move(write));
  }
  for (const auto& [id, heir] : effect.ended) {
    ledger::Write write;
    write.kind = kCloseKind;
    write.id = id;
    write.agency_id = id;
    write.state = "closed";
    write.doc = Json::object({{"act", act.id},
                              {"ended_on", act.doc["in_force"]},
                              {"parts", close_of ? close_of(id) : Json::object()}});
    out.push_back(std::move(write));
  }
  return out;
}

Result<> Organisations::carry_out_once(ledger::Record act, const Actor& actor) {
  std::vector<ledger::Write> first;
  if (act.state != "running") {
    const auto effect = PHENDAU_TRY(effect_of(act.doc, PHENDAU_TRY(agencies())));
    first = PHENDAU_TRY(first_writes(act, effect));
    Json handover = Json::array();
    for (const auto& [from, to] : effect.ended) handover.push(Json::object({{"from", from}, {"to", to}}));
    act.doc.set("handover", std::move(handover));
  }
  OrganisationMoves moves(services_, std::move(act), actor);
  moves.begin(std::move(first));
  return moves.run();
}

Result<> Organisations::carry_out(const std::string& id, const Actor& actor) {
  auto done = anew_when_overtaken([&]() -> Result<> {
    return carry_out_once(PHENDAU_TRY(services_.ledger.get(kActKind, id, everything())), actor);
  });
  PHENDAU_TRY(services_.succession->load(services_.ledger));
  if (on_changed) on_changed();
  if (!done) return done;
  PHENDAU_LOG(info, "organisation_act_carried_out", {"act", id});
  return {};
}

/// The act waits for a person, who sees why it could not be carried out on its day.
void Organisations::note_problem(const std::string& id, const Error& error) {
  PHENDAU_LOG(warn, "organisation_act_failed", {"act", id}, {"error", error.message});
  const auto record = services_.ledger.get(kActKind, id, everything());
  if (!record || record->state != "planned") return;
  ledger::Write write = ledger::rewrite(*record, "could not be carried out");
  write.state = "blocked";
  write.doc.set("problem", explain(Lang::vi, error));
  static_cast<void>(services_.ledger.write(write, system_actor(), services_.env.now()));
}

void Organisations::carry_out_due() {
  const std::lock_guard turn(mu_);
  const auto waiting = acts_in({"planned", "running"});
  if (!waiting) return;
  for (const auto& act : *waiting) {
    if (act.state == "planned" && act.doc["in_force"].as_string() > today()) continue;
    const auto done = carry_out(act.id, system_actor());
    if (!done) note_problem(act.id, done.error());
  }
}

Result<> Organisations::open() {
  PHENDAU_TRY(services_.succession->load(services_.ledger));
  carry_out_due();
  return {};
}

namespace {

class OrphanSearch {
 public:
  OrphanSearch(ledger::Ledger& ledger, std::size_t limit) : ledger_(ledger), limit_(limit) {}

  Result<std::vector<std::string>> run() {
    ledger::Query query;
    query.kind = kAgency;
    PHENDAU_TRY(each_record(ledger_, query, [&](const ledger::Record& one) -> Result<> {
      const bool ended = one.state == "abolished" && one.doc["successors"].size() > 0;
      (ended ? ended_ : living_).insert(one.id);
      return {};
    }));
    for (const auto& kind : ledger_.kinds()) {
      query.kind = kind.name;
      PHENDAU_TRY(each_record(ledger_, query, [&](const ledger::Record& one) { return look(one); }));
    }
    return std::move(found_);
  }

 private:
  void add(std::string what) {
    if (found_.size() < limit_) found_.push_back(std::move(what));
  }
  bool is_ended(const Json& id) const { return ended_.contains(id.as_string()); }

  Result<> look(const ledger::Record& one) {
    const std::string key = fmt::format("{}/{}", one.kind, one.id);
    const bool nobody = !one.agency_id.empty() && one.agency_id != kUnassignedAgency &&
                        !living_.contains(one.agency_id) && !ended_.contains(one.agency_id);
    if (nobody) add(fmt::format("{} belongs to agency '{}', which never was", key, one.agency_id));
    if (ended_.contains(one.agency_id) && !stays_with_past(one.kind, one.doc))
      add(fmt::format("{} belongs to agency '{}', which is no more", key, one.agency_id));
    const auto& ids = one.doc["agency_ids"].items();
    if (one.kind == "user" &&
        std::any_of(ids.begin(), ids.end(), [&](const Json& id) { return is_ended(id); }))
      add(fmt::format("{} belongs to an agency that is no more", key));
    if (one.kind == "role_binding" && one.state == "active" && is_ended(one.doc["agency_id"]))
      add(fmt::format("{} binds a role to an agency that is no more", key));
    if (one.kind == kAgency && !ended_.contains(one.id) && is_ended(one.doc["parent_id"]))
      add(fmt::format("{} stands under an agency that is no more", key));
    if (one.kind == kActKind && one.state == "running") add(fmt::format("{} stopped half-way", key));
    return {};
  }

  ledger::Ledger& ledger_;
  std::size_t limit_;
  std::set<std::string, std::less<>> living_;
  std::set<std::string, std::less<>> ended_;
  std::vector<std::string> found_;
};

}  // namespace

Result<std::vector<std::string>> find_orphans(ledger::Ledger& ledger, std::size_t limit) {
  return OrphanSearch(ledger, limit).run();
}

}  // namespace phendau::hub

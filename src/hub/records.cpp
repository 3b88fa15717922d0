// SPDX-License-Identifier: Apache-2.0
#include "hub/records.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "hub/attachments.h"
#include "hub/delegations.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kBinding = "role_binding";
constexpr std::string_view kLeadSlot = "lead_department";
constexpr std::size_t kHistoryPage = 100;

bool is_provincial(const Actor& actor) {
  return actor.role == Role::administrator || actor.role == Role::province_operator;
}

std::string today_of(const Services& services) {
  return format_date(to_civil(services.env.now(), kHubZone).date);
}

/// A binding counts on the day between `from` and `to`, both inclusive, either may be absent.
bool holds_on(const Json& doc, const std::string& day) {
  const std::string& from = doc["from"].as_string();
  const std::string& to = doc["to"].as_string();
  return (from.empty() || from <= day) && (to.empty() || day <= to);
}

Json move_view(const workflow::StateMove& move, bool allowed) {
  Json needs = Json::array();
  for (const auto& field : move.needs) needs.push(field);
  return Json::object({{"to", move.to},
                       {"title", move.title_vi},
                       {"needs", std::move(needs)},
                       {"attachment", move.attachment},
                       {"allowed", allowed}});
}

Json texts_json(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const auto& text : texts) out.push(text);
  return out;
}

Json states_json(const Pack& pack, const workflow::Lifecycle& lifecycle) {
  Json out = Json::array();
  for (const auto& state : lifecycle.states) {
    const auto title = pack.state_titles.find(state);
    out.push(Json::object({{"id", state},
                           {"title", title == pack.state_titles.end() ? state : title->second.vi},
                           {"live", lifecycle.is_live(state)}}));
  }
  return out;
}

/// Registers of the province are kept by its bodies: not by the officer of any agency.
bool may_keep(const Actor& actor, const RegisterKind& kind, std::string_view lead) {
  if (kind.owner != "province" || actor.role != Role::agency_officer) return true;
  const RecordRights rights = rights_of(kind, "");
  if (authorize_record(actor, Action::create, rights).covers(lead)) return true;
  return std::find(actor.agency_ids.begin(), actor.agency_ids.end(), lead) != actor.agency_ids.end();
}

bool is_writer(const RegisterKind& kind, const std::vector<std::string>& names) {
  return kind.writers.empty() || std::any_of(names.begin(), names.end(), [&](const auto& name) {
           return std::find(kind.writers.begin(), kind.writers.end(), name) != kind.writers.end();
         });
}

/// Members of `patch` into `doc`; null removes.
void merge(Json& doc, const Json& patch) {
  for (const auto& [name, value] : patch.members()) {
    if (value.is_null())
      doc.erase(name);
    else
      doc.set(name, value);
  }
}

}  // namespace

Result<const RegisterKind*> Records::kind_of(const Actor& actor, std::string_view kind) const {
  const RegisterKind* found = services_.pack.pack().reg(kind);
  if (found == nullptr || !found->is_kept_by_people())
    return fail(ErrorCode::not_found, "no such register", "error.not_found");
  if (scope_of(actor, Action::read, *found, "").allows_nothing())
    return fail(ErrorCode::denied, "not for this role", "error.denied");
  return found;
}

RecordRights rights_of(const RegisterKind& kind, std::string_view state) {
  RecordRights rights;
  rights.everyone_reads = kind.visible == Visibility::everyone;
  rights.final_state = !state.empty() && kind.lifecycle.is_final(state);
  rights.head_writes = is_writer(kind, {std::string(to_string(Role::agency_head))}) && !kind.writers.empty();
  rights.kind = kind.spec.name;
  return rights;
}

Scope Records::scope_of(const Actor& actor, Action action, const RegisterKind& kind,
                        std::string_view state) const {
  return authorize_record(actor, action, rights_of(kind, state));
}

Result<Scope> Records::writable(const Actor& actor, Action action, const RegisterKind& kind,
                                std::string_view state, std::string_view agency_id) {
  Scope scope = scope_of(actor, action, kind, state);
  if (!is_writer(kind, names_for(actor, kind, agency_id)))
    return fail(ErrorCode::denied, "this register has its own writers", "record.writers", {kind.title.vi});
  if (scope.allows_nothing()) {
    const bool decided = action == Action::update && kind.lifecycle.is_final(state);
    return fail(ErrorCode::denied, "this record may not be changed by this role",
                decided ? "record.final" : "error.denied");
  }
  if (!scope.covers(agency_id))
    return fail(ErrorCode::not_found, "no such record or agency", "error.not_found");
  return scope;
}

Result<ledger::Record> Records::record_for(const Actor& actor, Action action, const RegisterKind& kind,
                                           std::string_view id) {
  const Scope readable = scope_of(actor, Action::read, kind, "");
  auto record = PHENDAU_TRY(services_.ledger.get(kind.spec.name, id, readable));
  if (action != Action::read) PHENDAU_TRY(writable(actor, action, kind, record.state, record.agency_id));
  return record;
}

Result<std::vector<ledger::Record>> Records::live_records(const RegisterKind& kind,
                                                          std::vector<ledger::FieldFilter> filters) {
  std::vector<ledger::Record> out;
  ledger::Query query;
  query.kind = kind.spec.name;
  query.states = kind.lifecycle.states.empty() ? std::vector<std::string>() : kind.lifecycle.live;
  query.filters = std::move(filters);
  query.limit = ledger::kListLimitMax;
  for (;;) {
    auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
    std::move(page.records.begin(), page.records.end(), std::back_inserter(out));
    if (page.next_cursor.empty()) return out;
    query.cursor = page.next_cursor;
  }
}

namespace {

Actor without_delegations(Actor actor) {
  actor.delegations.clear();
  return actor;
}

bool gives(const Delegation& delegation, const RegisterKind& kind) {
  Actor only;
  only.role = Role::staff;
  only.delegations = {delegation};
  return authorize_record(only, Action::update, rights_of(kind, "")).covers(delegation.agency_id);
}

}  // namespace

std::vector<std::string> Records::names_for(const Actor& actor, const RegisterKind& kind,
                                            std::string_view agency_id) {
  std::vector<std::string> out;
  for (const auto& one : actor.delegations) {
    if (one.agency_id == agency_id && gives(one, kind)) out.emplace_back(to_string(one.role));
  }
  const Scope own = scope_of(without_delegations(actor), Action::update, kind, "");
  if (!out.empty() && !own.covers(agency_id)) return out;
  for (auto& name : own_names(actor)) out.push_back(std::move(name));
  return out;
}

std::vector<std::string> Records::all_names(const Actor& actor, const RegisterKind& kind) {
  std::vector<std::string> out = own_names(actor);
  for (const auto& one : actor.delegations) {
    if (gives(one, kind)) out.emplace_back(to_string(one.role));
  }
  return out;
}

void Records::written(std::string_view kind) {
  if (on_write) on_write(kind);
}

std::vector<std::string> Records::own_names(const Actor& actor) {
  std::vector<std::string> out = {std::string(to_string(actor.role))};
  const RegisterKind* binding = services_.pack.pack().reg(kBinding);
  if (binding == nullptr) return out;
  const auto bound = live_records(*binding, {});
  if (!bound) return out;
  const std::string today = today_of(services_);
  for (const auto& record : *bound) {
    const auto& agencies = actor.agency_ids;
    const bool own =
        std::find(agencies.begin(), agencies.end(), record.doc["agency_id"].as_string()) != agencies.end();
    if (own && holds_on(record.doc, today)) out.push_back("role:" + record.doc["slot"].as_string());
  }
  return out;
}

Result<std::string> Records::province_agency() {
  const RegisterKind* binding = services_.pack.pack().reg(kBinding);
  if (binding != nullptr) {
    const std::string today = today_of(services_);
    for (const auto& record : PHENDAU_TRY(live_records(*binding, {}))) {
      if (record.doc["slot"].as_string() == kLeadSlot && holds_on(record.doc, today))
        return record.doc["agency_id"].as_string();
    }
  }
  return fail(ErrorCode::conflict, "no agency is bound to the slot lead_department", "record.no_lead");
}

Result<std::string> Records::owner_of(const Actor& actor, const RegisterKind& kind, const Json& body) {
  std::string agency = body["agency_id"].as_string();
  if (agency.empty() && actor.agency_ids.size() == 1) agency = actor.agency_ids.front();
  if (agency.empty() && is_provincial(actor)) {
    // The first binding makes the lead department what it is.
    const auto lead = province_agency();
    if (lead || kind.spec.name != kBinding) return lead;
    agency = body["doc"]["agency_id"].as_string();
  }
  if (agency.empty()) return fail(ErrorCode::invalid, "agency is missing", "request.invalid", {"agency_id"});
  PHENDAU_TRY(services_.ledger.get("agency", agency, everything()));
  if (!may_keep(actor, kind, province_agency().value_or(std::string())))
    return fail(ErrorCode::denied, "kept by the province's bodies", "record.of_province", {kind.title.vi});
  return agency;
}

Result<> Records::check_references(const Actor& actor, const Draft& draft) {
  for (const auto& [name, member] : draft.kind->spec.schema["properties"].members()) {
    const std::string& target = member["x-ref"].as_string();
    if (target.empty() || !draft.doc[name].is_string() || draft.doc[name].as_string().empty()) continue;
    const RegisterKind* kind = services_.pack.pack().reg(target);
    // Bodies and accounts are known to everybody by name; other records only within the actor's reach.
    const bool open = kind == nullptr || !kind->is_kept_by_people();
    const Scope scope = open ? everything() : scope_of(actor, Action::read, *kind, "");
    if (!services_.ledger.get(target, draft.doc[name].as_string(), scope)) {
      return fail(ErrorCode::invalid, fmt::format("{}: no such {}", name, target), "record.no_reference",
                  {member["title"].string_or(name), draft.doc[name].as_string()});
    }
  }
  return {};
}

Result<> Records::check_unique(const Draft& draft) {
  for (const auto& unique : draft.kind->unique) {
    const Json& first = draft.doc.at_path(unique.fields.front());
    if (first.is_null()) continue;
    const auto same = [&](const ledger::Record& other) {
      return other.id != draft.id && (unique.in_province || other.agency_id == draft.agency_id) &&
             std::all_of(unique.fields.begin(), unique.fields.end(), [&](const auto& field) {
               return other.doc.at_path(field) == draft.doc.at_path(field);
             });
    };
    const auto others = PHENDAU_TRY(
        live_records(*draft.kind, {{unique.fields.front(), ledger::FieldFilter::Op::equal, {first}}}));
    if (std::any_of(others.begin(), others.end(), same)) {
      const Json& properties = draft.kind->spec.schema["properties"];
      const std::string title = properties[unique.fields.front()]["title"].string_or(unique.fields.front());
      return fail(ErrorCode::conflict, "a live record has the same " + unique.fields.front(),
                  "record.duplicate", {title, first.is_string() ? first.as_string() : first.dump()});
    }
  }
  return {};
}

/// Networks may nest, never cross: the inner one names a parent, and its parent contains it.
Result<> Records::check_disjoint(const Draft& draft) {
  const std::string& field = draft.kind->disjoint_field;
  if (field.empty() || !draft.doc[field].is_string()) return {};
  const Cidr own = PHENDAU_TRY(Cidr::parse(draft.doc[field].as_string()));
  const std::string& parent = draft.doc["parent"].as_string();
  for (const auto& other : PHENDAU_TRY(live_records(*draft.kind, {}))) {
    if (other.id == draft.id) continue;
    const auto network = Cidr::parse(other.doc[field].as_string());
    if (!network) continue;
    if (other.id == parent && !network->contains(own)) {
      return fail(ErrorCode::invalid, "the network lies outside its parent", "record.outside_parent",
                  {draft.doc[field].as_string(), other.doc[field].as_string()});
    }
    if (!network->contains(own) && !own.contains(*network)) continue;
    const bool is_inner = network->prefix_bits < own.prefix_bits && !parent.empty();
    const bool is_outer = own.prefix_bits < network->prefix_bits && !other.doc["parent"].as_string().empty();
    if (is_inner || is_outer) continue;
    return fail(ErrorCode::conflict, "the network overlaps another one", "record.overlap",
                {draft.doc[field].as_string(), other.doc[field].as_string()});
  }
  return {};
}

Result<> Records::check_inside(const Draft& draft) {
  const auto& rule = draft.kind->inside;
  if (!rule || !draft.doc[rule->field].is_string()) return {};
  const RegisterKind* kind = services_.pack.pack().reg(rule->reg);
  const std::string& address = draft.doc[rule->field].as_string();
  for (const auto& other : PHENDAU_TRY(live_records(*kind, {}))) {
    const auto network = Cidr::parse(other.doc[rule->target].as_string());
    if (network && network->contains(address)) return {};
  }
  return fail(ErrorCode::invalid, "the address lies in no registered network", "record.outside",
              {address, kind->title.vi});
}

Result<> Records::check_draft(const Actor& actor, const Draft& draft) {
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), draft.doc));
  PHENDAU_TRY(check_references(actor, draft));
  if (!draft.kind->lifecycle.is_live(draft.state)) return {};
  if (draft.kind->spec.name == kDelegationKind)
    PHENDAU_TRY(check_delegation(services_.ledger, draft.doc, draft.agency_id));
  PHENDAU_TRY(check_unique(draft));
  PHENDAU_TRY(check_disjoint(draft));
  return check_inside(draft);
}

Result<Json> Records::files_of(std::string_view kind, std::string_view id) {
  return attachments_of(services_, "record", fmt::format("{}/{}", kind, id));
}

Json Records::summary(const RegisterKind& kind, const ledger::Record& record) {
  return Json::object({{"kind", kind.spec.name},
                       {"id", record.id},
                       {"agency_id", record.agency_id},
                       {"agency_name", agency_name(services_, record.agency_id)},
                       {"state", record.state},
                       {"doc", record.doc},
                       {"version", record.version},
                       {"created_at", format_rfc3339(record.created_at)},
                       {"updated_at", format_rfc3339(record.updated_at)},
                       {"updated_by", record.updated_by}});
}

Result<Json> Records::view(const Actor& actor, const RegisterKind& kind, const ledger::Record& record) {
  Json out = summary(kind, record);
  const Scope scope = scope_of(actor, Action::update, kind, record.state);
  const auto names = names_for(actor, kind, record.agency_id);
  const bool may_update = scope.covers(record.agency_id) && is_writer(kind, names);
  Json moves = Json::array();
  for (const auto& move : kind.lifecycle.moves) {
    if (std::find(move.from.begin(), move.from.end(), record.state) == move.from.end()) continue;
    moves.push(move_view(move, may_update && may_move(move, names)));
  }
  out.set("may_update", may_update)
      .set("moves", std::move(moves))
      .set("attachments", PHENDAU_TRY(files_of(kind.spec.name, record.id)));
  return out;
}

Result<Json> Records::kinds(const Actor& actor) {
  const std::string lead = province_agency().value_or(std::string());
  const auto own = own_names(actor);
  Json items = Json::array();
  for (const auto& kind : services_.pack.pack().registers) {
    if (!kind.is_kept_by_people()) continue;
    const auto names = actor.delegations.empty() ? own : all_names(actor, kind);
    if (scope_of(actor, Action::read, kind, "").allows_nothing()) continue;
    const bool may_create = !scope_of(actor, Action::create, kind, "").allows_nothing() &&
                            may_keep(actor, kind, lead) && is_writer(kind, names);
    Json moves = Json::array();
    for (const auto& move : kind.lifecycle.moves) {
      Json one = move_view(move, true);
      one.set("from", texts_json(move.from)).set("by", texts_json(move.by));
      moves.push(std::move(one));
    }
    items.push(Json::object({{"kind", kind.spec.name},
                             {"title", kind.title.vi},
                             {"group", kind.group},
                             {"owner", kind.owner},
                             {"states", states_json(services_.pack.pack(), kind.lifecycle)},
                             {"indexed", texts_json(kind.spec.indexed_fields)},
                             {"personal", texts_json(kind.spec.personal_fields)},
                             {"moves", std::move(moves)},
                             {"may_create", may_create},
                             {"schema", kind.spec.schema}}));
  }
  return Json::object({{"items", std::move(items)}});
}

Result<Json> Records::list(const Actor& actor, std::string_view kind_name, const Query& wanted) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  const Scope scope = scope_of(actor, Action::read, *kind, "");
  ledger::Query query;
  query.kind = kind->spec.name;
  query.states = wanted.states;
  if (!wanted.agency_id.empty()) query.agency_ids = {wanted.agency_id};
  query.text = wanted.text;
  for (const auto& [field, value] : wanted.equals) {
    const auto number = parse_int(value);
    std::vector<Json> values = {Json(value)};
    if (number) values.emplace_back(*number);
    if (value == "true" || value == "false") values.emplace_back(value == "true");
    query.filters.push_back({field, ledger::FieldFilter::Op::any_of, std::move(values)});
  }
  if (!wanted.order_by.empty()) {
    query.descending = wanted.order_by.starts_with('-');
    query.order_by = wanted.order_by.substr(query.descending ? 1 : 0);
  }
  query.cursor = wanted.cursor;
  query.limit = wanted.limit;
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) items.push_back(summary(*kind, record));
  Json out = page_json(std::move(items), page.next_cursor);
  out.set("total", PHENDAU_TRY(services_.ledger.count(query, scope)));
  return out;
}

Result<Json> Records::get(const Actor& actor, std::string_view kind_name, std::string_view id,
                          std::optional<UtcTime> at) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  auto record = PHENDAU_TRY(record_for(actor, Action::read, *kind, id));
  if (!at || record.updated_at <= *at) return view(actor, *kind, record);
  for (std::uint64_t before = 0;;) {
    const auto page =
        PHENDAU_TRY(services_.ledger.history(kind->spec.name, id, everything(), before, kHistoryPage));
    for (const auto& entry : page) {
      before = entry.change.seq;
      if (entry.change.at > *at) continue;
      record.doc = entry.doc;
      record.state = entry.state;
      record.version = entry.change.version;
      record.updated_at = entry.change.at;
      record.updated_by = entry.change.actor_id;
      Json out = summary(*kind, record);
      out.set("as_of", format_rfc3339(*at)).set("may_update", false).set("moves", Json::array());
      out.set("attachments", Json::array());
      return out;
    }
    if (page.size() < kHistoryPage) break;
  }
  return fail(ErrorCode::not_found, "the record did not exist then", "record.not_yet");
}

Result<Json> Records::create(const Actor& actor, std::string_view kind_name, const Json& body) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  const std::string agency = PHENDAU_TRY(owner_of(actor, *kind, body));
  Draft draft{kind, new_ulid(services_.env), agency, body["state"].as_string(), body["doc"]};
  if (draft.state.empty() || kind->lifecycle.has_moves()) draft.state = kind->lifecycle.initial;
  if (!draft.doc.is_object()) return fail(ErrorCode::invalid, "no document", "request.invalid", {"doc"});
  const Scope scope = PHENDAU_TRY(writable(actor, Action::create, *kind, draft.state, agency));
  const std::lock_guard lock(mu_);
  PHENDAU_TRY(check_draft(actor, draft));
  ledger::Write write;
  write.kind = kind->spec.name;
  write.id = draft.id;
  write.agency_id = agency;
  write.state = draft.state;
  write.doc = draft.doc;
  write.expected_version = 0;
  write.scope = scope;
  write.reason = body["reason"].string_or("created");
  write.pack = services_.pack.pack().reference();
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  services_.live.publish(
      {"record", Resource::record, agency, Json::object({{"id", draft.id}, {"kind", kind->spec.name}})});
  written(kind->spec.name);
  return view(actor, *kind, PHENDAU_TRY(services_.ledger.get(kind->spec.name, draft.id, everything())));
}

Result<Json> Records::save(const Actor& actor, const RegisterKind& kind, const ledger::Record& record,
                           std::string state, Json doc, const Json& body, std::string reason) {
  PHENDAU_TRY(check_draft(actor, {&kind, record.id, record.agency_id, state, doc}));
  ledger::Write write;
  write.kind = kind.spec.name;
  write.id = record.id;
  write.agency_id = record.agency_id;
  write.state = std::move(state);
  write.doc = std::move(doc);
  write.valid_from = record.valid_from;
  write.valid_to = record.valid_to;
  write.expected_version = body["version"].is_int() ? body["version"].as_int() : record.version;
  write.reason = std::move(reason);
  write.pack = services_.pack.pack().reference();
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  services_.live.publish({"record", Resource::record, record.agency_id,
                          Json::object({{"id", record.id}, {"kind", kind.spec.name}})});
  written(kind.spec.name);
  return view(actor, kind, PHENDAU_TRY(services_.ledger.get(kind.spec.name, record.id, everything())));
}

Result<Json> Records::update(const Actor& actor, std::string_view kind_name, std::string_view id,
                             const Json& body) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  const std::lock_guard lock(mu_);
  const auto record = PHENDAU_TRY(record_for(actor, Action::update, *kind, id));
  Json doc = record.doc;
  merge(doc, body["doc"]);
  std::string state = record.state;
  if (!kind->lifecycle.has_moves() && body["state"].is_string()) state = body["state"].as_string();
  return save(actor, *kind, record, std::move(state), std::move(doc), body,
              body["reason"].string_or("changed"));
}

Result<Json> Records::move(const Actor& actor, std::string_view kind_name, std::string_view id,
                           const Json& body) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  const std::lock_guard lock(mu_);
  const auto record = PHENDAU_TRY(record_for(actor, Action::update, *kind, id));
  Json doc = record.doc;
  merge(doc, body["doc"]);
  const bool has_file = PHENDAU_TRY(files_of(kind->spec.name, id)).size() > 0;
  const std::string& to = body["to"].as_string();
  const auto* move =
      PHENDAU_TRY(workflow::check_move(kind->lifecycle, record.state, to, kind->spec.schema, doc, has_file,
                                       names_for(actor, *kind, record.agency_id)));
  Actor acting = actor;
  // A deputy of the own agency makes a move of its head: the change must say by which right.
  if (!workflow::may_move(*move, own_names(actor))) {
    for (const auto& one : actor.delegations) {
      const std::string place(to_string(one.role));
      if (one.agency_id == record.agency_id && gives(one, *kind) && workflow::may_move(*move, {&place, 1}))
        acting.acting_under = one.record_id;
    }
  }
  return save(acting, *kind, record, to, std::move(doc), body, body["reason"].string_or(move->title_vi));
}

Result<Json> Records::undo(const Actor& actor, std::string_view kind_name, std::string_view id,
                           const Json& body) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  const std::string reason(trim(body["reason"].as_string()));
  if (reason.empty()) return fail(ErrorCode::invalid, "reason is missing", "request.invalid", {"reason"});
  const std::lock_guard lock(mu_);
  const auto record = PHENDAU_TRY(record_for(actor, Action::update, *kind, id));
  const auto wanted = static_cast<std::uint64_t>(body["sequence"].as_int());
  const auto page = PHENDAU_TRY(services_.ledger.history(kind->spec.name, id, everything(), wanted + 1, 1));
  if (page.empty() || page.front().change.seq != wanted || wanted == record.last_seq)
    return fail(ErrorCode::not_found, "no such earlier change", "record.no_change");
  // A decision is not taken back by its applicant.
  if (page.front().state != record.state && !is_provincial(actor))
    return fail(ErrorCode::denied, "only the province undoes a move", "record.undo_state");
  return save(actor, *kind, record, page.front().state, page.front().doc, body, reason);
}

Result<Json> Records::history(const Actor& actor, std::string_view kind_name, std::string_view id) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  const auto record = PHENDAU_TRY(record_for(actor, Action::read, *kind, id));
  const std::string lead = province_agency().value_or(std::string());
  Json items = Json::array();
  for (const auto& entry : PHENDAU_TRY(services_.ledger.history(kind->spec.name, id, everything()))) {
    const bool provincial =
        entry.change.actor_role == "administrator" || entry.change.actor_role == "province_operator";
    const std::string_view under = delegation_in(entry.reason);
    items.push(Json::object({{"sequence", entry.change.seq},
                             {"at", format_rfc3339(entry.change.at)},
                             {"by", entry.change.actor_name},
                             {"on_behalf", (provincial && entry.change.agency_id != lead) || !under.empty()},
                             {"delegation", under.empty() ? Json() : Json(under)},
                             {"reason", without_delegation(entry.reason)},
                             {"state", entry.state},
                             {"doc", entry.doc},
                             {"digest", to_hex(entry.change.hash)}}));
  }
  return Json::object({{"items", std::move(items)}});
}

}  // namespace phendau::hub

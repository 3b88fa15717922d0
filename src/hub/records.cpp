// SPDX-License-Identifier: Apache-2.0
#include "hub/records.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"
#include "hub/attachments.h"
#include "hub/record_lists.h"
#include "hub/record_rules.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kLeadSlot = "lead_department";
constexpr std::size_t kHistoryPage = 100;

Json move_view(const workflow::StateMove& move, bool allowed) {
  Json needs = Json::array();
  for (const auto& field : move.needs) needs.push(field);
  return Json::object({{"to", move.to},
                       {"title", move.title_vi},
                       {"needs", std::move(needs)},
                       {"attachment", move.attachment},
                       {"allowed", allowed}});
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

/// Whether the record changes a case, which nobody does by the hundred.
bool brings_company(const RegisterKind& kind, const Json& doc) {
  return kind.spec.name == kRequestKind && !doc["case_id"].as_string().empty();
}

/// Where records move from state to state, a new one stands at the beginning.
Result<> check_first_state(const Pack& pack, const RegisterKind& kind, const std::string& state) {
  if (state.empty() || !kind.lifecycle.has_moves() || state == kind.lifecycle.initial) return {};
  const auto title = [&](const std::string& id) {
    const auto found = pack.state_titles.find(id);
    return found == pack.state_titles.end() ? id : found->second.vi;
  };
  return fail(ErrorCode::invalid, "states of this register are reached by moves", "record.state_by_moves",
              {title(kind.lifecycle.initial), title(state)});
}

Json lists_json(const RegisterKind& kind) {
  Json out = Json::array();
  for (const auto& one : kind.lists) out.push(Json::object({{"id", one.id}, {"title", one.title.vi}}));
  return out;
}

std::unexpected<Error> not_yet() {
  return fail(ErrorCode::not_found, "the record did not exist then", "record.not_yet");
}

/// Of a record that was sent to somebody, that one sees what it said while it was sent.
bool shows(const Scope& readable, const RegisterKind& kind, std::string_view agency_id,
           const ledger::HistoryEntry& entry) {
  return kind.spec.addressees.empty() || readable.covers(agency_id) ||
         ledger::is_addressed_to(kind.spec, entry.state, entry.doc, readable.addressed);
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
  if (record_scope(services_, actor, Action::read, *found, "").allows_nothing())
    return fail(ErrorCode::denied, "not for this role", "error.denied");
  return found;
}

Result<Scope> Records::writable(const Actor& actor, Action action, const RegisterKind& kind,
                                std::string_view state, std::string_view agency_id) {
  Scope scope = record_scope(services_, actor, action, kind, state);
  if (!is_writer(kind, names_for(actor, kind, agency_id, own_names(actor))))
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
  const Scope readable = record_scope(services_, actor, Action::read, kind, "");
  auto record = PHENDAU_TRY(services_.ledger.get(kind.spec.name, id, readable));
  if (action == Action::read) return record;
  const auto allowed = writable(actor, action, kind, record.state, record.agency_id);
  if (allowed) return record;
  // Its addressee may know that it is there.
  const bool sent = ledger::is_addressed_to(kind.spec, record.state, record.doc, readable.addressed);
  if (sent) return fail(ErrorCode::denied, "its addressee reads it", "record.addressee_reads");
  return std::unexpected(allowed.error());
}

void Records::written(std::string_view kind) {
  if (on_write) on_write(kind);
}

std::vector<std::string> Records::own_names(const Actor& actor) {
  std::vector<std::string> out = {std::string(to_string(actor.role))};
  const auto bodies = bodies_of_slots(services_);
  if (!bodies) return out;
  for (const auto& [slot, agency] : *bodies) {
    const auto& own = actor.agency_ids;
    if (std::find(own.begin(), own.end(), agency) != own.end()) out.push_back("role:" + slot);
  }
  return out;
}

Result<std::string> Records::province_agency() {
  const auto bodies = PHENDAU_TRY(bodies_of_slots(services_));
  const auto lead = bodies.lower_bound(kLeadSlot);  // the first that was bound
  if (lead != bodies.end() && lead->first == kLeadSlot) return lead->second;
  return fail(ErrorCode::conflict, "no agency is bound to the slot lead_department", "record.no_lead");
}

Result<std::string> Records::owner_of(const Actor& actor, const RegisterKind& kind, const Json& body) {
  std::string agency = body["agency_id"].as_string();
  if (agency.empty() && actor.agency_ids.size() == 1) agency = actor.agency_ids.front();
  if (agency.empty() && is_provincial(actor)) {
    // The first binding makes the lead department what it is.
    const auto lead = province_agency();
    if (lead || kind.spec.name != kRoleBindingKind) return lead;
    agency = body["doc"]["agency_id"].as_string();
  }
  if (agency.empty()) return fail(ErrorCode::invalid, "agency is missing", "request.invalid", {"agency_id"});
  PHENDAU_TRY(living_agency(services_.ledger, agency));
  if (!may_keep(actor, kind, province_agency().value_or(std::string())))
    return fail(ErrorCode::denied, "kept by the province's bodies", "record.of_province", {kind.title.vi});
  return agency;
}

Result<Json> Records::files_of(std::string_view kind, std::string_view id) {
  return attachments_of(services_, "record", fmt::format("{}/{}", kind, id), everything());
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
  const Scope decide = record_scope(services_, actor, Action::decide, kind, "");
  const Standing here = standing(actor, kind, record, own_names(actor), decide);
  const UtcTime now = services_.env.now();
  Json moves = Json::array();
  for (const auto& move : kind.lifecycle.moves) {
    if (std::find(move.from.begin(), move.from.end(), record.state) == move.from.end()) continue;
    if (!is_offered(kind.rule_of(move), record.doc, now)) continue;
    Json one = move_view(move, here.may_make(move));
    add_rule(services_, kind, move, &record, one);
    moves.push(std::move(one));
  }
  const bool answers = has_move(kind, record.state, here.names_as_addressee);
  out.set("may_update", here.may_update)
      .set("may_attach", here.may_update || answers)
      .set("addressed", !here.may_update && !here.names_as_addressee.empty())
      .set("moves", std::move(moves))
      .set("attachments", PHENDAU_TRY(files_of(kind.spec.name, record.id)));
  return out;
}

namespace {

/// Members that name addressees say so: whom, addressees() lists.
Json schema_view(const RegisterKind& kind) {
  Json out = kind.spec.schema;
  for (const auto& [name, member] : kind.spec.schema["properties"].members()) {
    if (names_addressees(kind, name)) out.find("properties")->find(name)->set("x-addressees", kind.spec.name);
  }
  return out;
}

}  // namespace

Result<Json> Records::addressees(const Actor& actor, std::string_view kind_name, std::string_view case_id) {
  const RegisterKind* kind = services_.pack.pack().reg(kind_name);
  if (kind == nullptr || !kind->is_kept_by_people())
    return fail(ErrorCode::not_found, "no such register", "error.not_found");
  const Scope to = PHENDAU_TRY(addressee_scope(services_, actor, *kind, case_id));
  if (to.allows_nothing()) return fail(ErrorCode::denied, "not for this role", "error.denied");
  ledger::Query query;
  query.kind = "agency";
  query.states = {"active"};
  query.only = {"name"};
  std::vector<std::pair<std::string, std::string>> found;  // name, id
  PHENDAU_TRY(ledger::each_record(services_.ledger, ledger::by_id(std::move(query)), everything(),
                                  [&](const ledger::Record& agency) -> Result<> {
                                    if (to.covers(agency.id))
                                      found.emplace_back(agency.doc["name"].string_or(agency.id), agency.id);
                                    return {};
                                  }));
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return compare_vietnamese(a.first, b.first) < 0; });
  Json items = Json::array();
  for (const auto& [name, id] : found) items.push(Json::object({{"id", id}, {"name", name}}));
  return Json::object({{"items", std::move(items)}});
}

Result<Json> Records::kinds(const Actor& actor) {
  const std::string lead = province_agency().value_or(std::string());
  const auto own = own_names(actor);
  Json items = Json::array();
  for (const auto& kind : services_.pack.pack().registers) {
    if (!kind.is_kept_by_people()) continue;
    const auto names = all_names(actor, kind, own);
    if (record_scope(services_, actor, Action::read, kind, "").allows_nothing()) continue;
    const bool may_create = !record_scope(services_, actor, Action::create, kind, "").allows_nothing() &&
                            may_keep(actor, kind, lead) && is_writer(kind, names);
    Json moves = Json::array();
    for (const auto& move : kind.lifecycle.moves) {
      Json one = move_view(move, true);
      add_rule(services_, kind, move, nullptr, one);
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
                             {"lists", lists_json(kind)},
                             {"may_create", may_create},
                             {"schema", schema_view(kind)}}));
  }
  return Json::object({{"items", std::move(items)}});
}

Result<ledger::Query> Records::query_of(const RegisterKind& kind, const Query& wanted,
                                        const Scope& scope) const {
  ledger::Query query;
  query.kind = kind.spec.name;
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
  if (!wanted.list.empty()) PHENDAU_TRY(narrow_to_list(services_, kind, wanted.list, scope, query));
  return query;
}

Result<Json> Records::list(const Actor& actor, std::string_view kind_name, const Query& wanted) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  const Scope scope = record_scope(services_, actor, Action::read, *kind, "");
  const ledger::Query query = PHENDAU_TRY(query_of(*kind, wanted, scope));
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
  const Scope readable = record_scope(services_, actor, Action::read, *kind, "");
  if (!at || record.updated_at <= *at) return view(actor, *kind, record);
  for (std::uint64_t before = 0;;) {
    const auto page =
        PHENDAU_TRY(services_.ledger.history(kind->spec.name, id, everything(), before, kHistoryPage));
    for (const auto& entry : page) {
      before = entry.change.seq;
      if (entry.change.at > *at) continue;
      // What was sent to the reader since then was not its to read before.
      if (!shows(readable, *kind, record.agency_id, entry)) return not_yet();
      record.doc = entry.doc;
      record.state = entry.state;
      record.version = entry.change.version;
      record.updated_at = entry.change.at;
      record.updated_by = entry.change.actor_id;
      record.agency_id = entry.change.agency_id;
      Json out = summary(*kind, record);
      out.set("agency_name", agency_name_at(services_, record.agency_id, *at));
      out.set("as_of", format_rfc3339(*at)).set("may_update", false).set("moves", Json::array());
      out.set("attachments", Json::array());
      return out;
    }
    if (page.size() < kHistoryPage) break;
  }
  return not_yet();
}

Result<Json> Records::create(const Actor& actor, std::string_view kind_name, const Json& body) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  const std::string agency = PHENDAU_TRY(owner_of(actor, *kind, body));
  Draft draft{kind, new_ulid(services_.env), agency, body["state"].as_string(), body["doc"]};
  if (draft.state.empty() || kind->lifecycle.has_moves()) draft.state = kind->lifecycle.initial;
  if (!draft.doc.is_object()) return fail(ErrorCode::invalid, "no document", "request.invalid", {"doc"});
  const Scope scope = PHENDAU_TRY(writable(actor, Action::create, *kind, draft.state, agency));
  PHENDAU_TRY(freeze(*kind, agency, draft.state, body["doc"], draft.doc));
  const std::lock_guard lock(mu_);
  PHENDAU_TRY(RecordChecks(services_, actor, *kind).check(draft));
  PHENDAU_TRY(write_one(actor, draft, "", write_of(draft, scope, body["reason"].string_or("created"))));
  services_.live.publish({"record", Resource::record, agency,
                          Json::object({{"id", draft.id}, {"kind", kind->spec.name}}), "",
                          agencies_addressed(*kind, draft.state, draft.doc)});
  written(kind->spec.name);
  return view(actor, *kind, PHENDAU_TRY(services_.ledger.get(kind->spec.name, draft.id, everything())));
}

Result<> Records::write_one(const Actor& actor, const Draft& draft, std::string_view state_before,
                            const ledger::Write& write) {
  return anew_when_overtaken([&]() -> Result<> {
    Company with;
    if (company) with = PHENDAU_TRY(company(actor, draft, state_before));
    ledger::WriteBatch batch;
    batch.writes.push_back(write);
    for (auto& one : with.writes) batch.writes.push_back(std::move(one));
    PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
    for (const auto& message : with.messages) services_.live.publish(message);
    return {};
  });
}

ledger::Write Records::write_of(const Draft& draft, const Scope& scope, std::string reason) const {
  ledger::Write write;
  write.kind = draft.kind->spec.name;
  write.id = draft.id;
  write.agency_id = draft.agency_id;
  write.state = draft.state;
  write.doc = draft.doc;
  write.expected_version = 0;
  write.scope = scope;
  write.reason = std::move(reason);
  write.pack = services_.pack.pack().reference();
  return write;
}

Result<> Records::check_may_create(const Actor& actor, const RegisterKind& kind) {
  if (record_scope(services_, actor, Action::create, kind, "").allows_nothing())
    return fail(ErrorCode::denied, "not for this role", "error.denied");
  if (!is_writer(kind, all_names(actor, kind, own_names(actor))))
    return fail(ErrorCode::denied, "this register has its own writers", "record.writers", {kind.title.vi});
  if (!may_keep(actor, kind, province_agency().value_or(std::string())))
    return fail(ErrorCode::denied, "kept by the province's bodies", "record.of_province", {kind.title.vi});
  return {};
}

Result<std::vector<ledger::Record>> Records::all(const Actor& actor, const RegisterKind& kind,
                                                 const Query& wanted, std::size_t records_max) {
  const Scope scope = record_scope(services_, actor, Action::read, kind, "");
  ledger::Query query = PHENDAU_TRY(query_of(kind, wanted, scope));
  query.cursor.clear();
  const std::uint64_t count = PHENDAU_TRY(services_.ledger.count(query, scope));
  if (count > records_max) {
    return fail(ErrorCode::limit, fmt::format("{} records; at most {}", count, records_max),
                "import.export_too_many", {std::to_string(records_max), std::to_string(count)});
  }
  std::vector<ledger::Record> out;
  PHENDAU_TRY(
      ledger::each_record(services_.ledger, ledger::by_id(query), scope, [&](const auto& record) -> Result<> {
        if (out.size() < records_max) out.push_back(record);
        return {};
      }));
  return out;
}

Result<Records::Added> Records::create_many(const Actor& actor, const RegisterKind& kind,
                                            std::vector<NewRecord> records, Writing writing) {
  std::unique_lock lock(mu_, std::defer_lock);
  if (writing != Writing::nothing) lock.lock();
  RecordChecks checks(services_, actor, kind);
  PHENDAU_TRY(checks.read_all());
  // Whose record it becomes and whether the actor may: the same for all of one agency and state.
  std::map<std::pair<std::string, std::string>, Result<std::pair<std::string, Scope>>> places;
  const auto place_of = [&](const NewRecord& record, const std::string& state) {
    const auto key = std::pair(record.agency_id, state);
    const auto known = places.find(key);
    if (known != places.end()) return known->second;
    const auto place = [&]() -> Result<std::pair<std::string, Scope>> {
      const Json body = Json::object({{"agency_id", record.agency_id}, {"doc", record.doc}});
      std::string agency = PHENDAU_TRY(owner_of(actor, kind, body));
      Scope scope = PHENDAU_TRY(writable(actor, Action::create, kind, state, agency));
      return std::pair(std::move(agency), std::move(scope));
    };
    return places.emplace(key, place()).first->second;
  };
  Added out;
  ledger::WriteBatch batch;
  bool any_wrong = false;
  std::map<std::string, std::size_t> added;  // by agency
  for (auto& record : records) {
    Outcome outcome;
    outcome.draft = {&kind, std::move(record.id), record.agency_id, std::move(record.state),
                     std::move(record.doc)};
    Draft& draft = outcome.draft;
    const std::string asked = draft.state;
    if (draft.state.empty() || kind.lifecycle.has_moves()) draft.state = kind.lifecycle.initial;
    record.doc = draft.doc;
    const auto place = place_of(record, draft.state);
    if (place) draft.agency_id = place->first;
    const auto present = place ? checks.present(draft) : std::nullopt;
    auto checked = !place ? Result<>(std::unexpected(place.error())) : Result<>();
    if (checked && !present) checked = check_first_state(services_.pack.pack(), kind, asked);
    if (checked && !present) checked = freeze(kind, draft.agency_id, draft.state, record.doc, draft.doc);
    if (checked && !present) checked = checks.check(draft);
    if (checked && !present && brings_company(kind, draft.doc))
      checked = fail(ErrorCode::invalid, "sent from its case, one by one", "coordination.not_by_table");
    // Nothing of a file with a marking is taken, and nothing of it is shown.
    if (!checked && checked.error().text_id.starts_with("upload.")) return std::unexpected(checked.error());
    if (!checked) {
      outcome.fate = Outcome::Fate::wrong;
      outcome.error = std::move(checked).error();
      any_wrong = true;
    } else if (present) {
      outcome.fate = Outcome::Fate::present;
      outcome.present = *present;
    } else {
      checks.accept(draft);
      ++added[draft.agency_id];
      batch.writes.push_back(write_of(draft, place->second, std::move(record.reason)));
    }
    out.outcomes.push_back(std::move(outcome));
  }
  if (batch.writes.size() > ledger::kBatchWritesMax) {
    return fail(ErrorCode::limit, fmt::format("{} new records in one batch", batch.writes.size()),
                "import.too_many_rows",
                {std::to_string(ledger::kBatchWritesMax), std::to_string(batch.writes.size())});
  }
  const bool stopped = writing == Writing::all_or_nothing && any_wrong;
  if (writing == Writing::nothing || stopped || batch.writes.empty()) return out;
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
  out.written = batch.writes.size();
  written(kind.spec.name);
  for (const auto& [agency, count] : added) {
    services_.live.publish(
        {"record", Resource::record, agency,
         Json::object({{"id", ""}, {"kind", kind.spec.name}, {"count", std::uint64_t{count}}})});
  }
  return out;
}

Result<Json> Records::save(const Actor& actor, const RegisterKind& kind, const ledger::Record& record,
                           std::string state, Json doc, const Json& body, std::string reason) {
  const Draft draft{&kind, record.id, record.agency_id, state, doc, record.doc};
  PHENDAU_TRY(RecordChecks(services_, actor, kind).check(draft));
  if (state == record.state) PHENDAU_TRY(check_kept(services_, kind, record, doc));
  auto also_for = agencies_addressed(kind, state, doc);
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
  PHENDAU_TRY(write_one(actor, draft, record.state, write));
  services_.live.publish({"record", Resource::record, record.agency_id,
                          Json::object({{"id", record.id}, {"kind", kind.spec.name}}), "",
                          std::move(also_for)});
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
  PHENDAU_TRY(freeze(*kind, record.agency_id, record.state, body["doc"], doc));
  std::string state = record.state;
  if (!kind->lifecycle.has_moves() && body["state"].is_string()) state = body["state"].as_string();
  return save(actor, *kind, record, std::move(state), std::move(doc), body,
              body["reason"].string_or("changed"));
}

Result<Json> Records::move(const Actor& actor, std::string_view kind_name, std::string_view id,
                           const Json& body) {
  const RegisterKind* kind = PHENDAU_TRY(kind_of(actor, kind_name));
  const std::lock_guard lock(mu_);
  const auto record = PHENDAU_TRY(record_for(actor, Action::read, *kind, id));
  const auto own = own_names(actor);
  const Scope decide = record_scope(services_, actor, Action::decide, *kind, "");
  const Standing here = standing(actor, *kind, record, own, decide);
  if (here.names_as_addressee.empty()) PHENDAU_TRY(record_for(actor, Action::update, *kind, id));
  Json doc = record.doc;
  merge(doc, body["doc"]);
  // A move carries on what was frozen: who decides, decides on what stands there.
  PHENDAU_TRY(freeze(*kind, record.agency_id, "", body["doc"], doc));
  const bool has_file = PHENDAU_TRY(files_of(kind->spec.name, id)).size() > 0;
  const std::string& to = body["to"].as_string();
  if (const auto* wanted = kind->lifecycle.find(record.state, to); wanted && !here.may_make(*wanted))
    return fail(ErrorCode::denied, "this move is for others", "record.move_denied", {wanted->title_vi});
  auto names = here.names;
  names.insert(names.end(), here.names_as_addressee.begin(), here.names_as_addressee.end());
  const auto* move = PHENDAU_TRY(
      workflow::check_move(kind->lifecycle, record.state, to, kind->spec.schema, doc, has_file, names));
  if (here.only_as_addressee(*move)) PHENDAU_TRY(check_filled(*kind, *move, record, body["doc"]));
  PHENDAU_TRY(check_rule(services_, *kind, *move, record, doc));
  Actor acting = actor;
  acting.acting_under = delegation_for(actor, *kind, record, *move, own);
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
  const Scope readable = record_scope(services_, actor, Action::read, *kind, "");
  Json items = Json::array();
  for (const auto& entry : PHENDAU_TRY(services_.ledger.history(kind->spec.name, id, everything()))) {
    if (!shows(readable, *kind, record.agency_id, entry)) continue;
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

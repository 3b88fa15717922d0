// SPDX-License-Identifier: Apache-2.0
// Lists, views, acts and readings; taking in is evidence_intake.cpp.
#include "hub/evidence.h"

#include <algorithm>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "hub/case_record.h"
#include "hub/orders.h"
#include "hub/record_checks.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kReadingsShown = 50;
constexpr Duration kActAheadMax = minutes(5);  // of an act's time against our clock
constexpr std::string_view kItemMembers[] = {
    "number",         "case_id",     "label",       "taken_on",       "taken_by",       "source",
    "method",         "request_id",  "incident_id", "violation_id",   "note",           "original_name",
    "media_type",     "size_bytes",  "sha256",      "sha512",         "inspected",      "outside",
    "kept_at",        "custodian",   "journal",     "custody_id",     "custody_events", "custody_head",
    "holder",         "sealed",      "seal_number", "handed_to",      "handed_to_body", "handed_on",
    "minutes_number", "returned_to", "returned_on", "decision_number"};
/// Members that an act may fill in, and that update() may change.
constexpr std::string_view kActMembers[] = {"seal_number", "minutes_number", "kept_at", "decision_number"};
constexpr std::string_view kChangeable[] = {"label", "minutes_number", "kept_at", "custodian", "note"};
constexpr custody::Action kLaterActs[] = {custody::Action::sealed,   custody::Action::handed_over,
                                          custody::Action::copied,   custody::Action::analysed,
                                          custody::Action::returned, custody::Action::destroyed};

Json entry_view(const CustodyLog::Entry& entry) {
  Json out = custody::to_json(entry.event);
  out.erase("item");
  if (!entry.bag_id.empty())
    out.set("bag_id", entry.bag_id).set("tagmanifest_sha256", entry.tagmanifest_sha256);
  return out;
}

Json verdict_view(const custody::Verdict& verdict, const std::string& public_key) {
  const auto& broken = verdict.broken;
  return Json::object({{"ok", !broken},
                       {"event", broken ? Json(broken->event) : Json()},
                       {"reason", broken ? Json(explain(Lang::vi, broken->error)) : Json()},
                       {"public_key", to_hex(public_key)}});
}

/// Text members of the body that are among `known`, not too long.
Result<> copy_texts(const Json& body, std::span<const std::string_view> known, Json& out) {
  for (const auto member : known) {
    if (!body.contains(member) || body[member].is_null()) continue;
    const std::string text(trim(body[member].as_string()));
    if (text.size() > (member == "note" ? 2'000u : 300u)) return bad_member(member);
    if (!text.empty()) out.set(member, text);
  }
  return {};
}

Result<CustodyAct> act_of(const Json& body, const Actor& actor, UtcTime now) {
  CustodyAct out;
  const auto action = custody::action_from(body["act"].as_string());
  if (!action || *action == custody::Action::collected) return bad_member("act");
  out.action = *action;
  out.at = now;
  if (!body["at"].as_string().empty()) {
    const auto at = parse_rfc3339(body["at"].as_string());
    if (!at || *at - now > kActAheadMax) return bad_member("at");
    out.at = *at;
  }
  out.person = trim(body["person"].as_string());
  if (out.person.empty()) out.person = actor.name;
  out.to = trim(body["to"].as_string());
  out.to_body = body["to_body"].as_string();
  out.reason = trim(body["reason"].as_string());
  if (out.action == custody::Action::handed_over && out.to.empty()) return bad_member("to");
  PHENDAU_TRY(copy_texts(body, kActMembers, out.fields));
  return out;
}

}  // namespace

Evidence::Evidence(Services& services, Records& records, Events& events, Holds& holds,
                   std::string signing_key)
    : services_(services),
      records_(records),
      events_(events),
      holds_(holds),
      log_(services, std::move(signing_key)),
      staging_(services.env, path_join(services.config.data_dir, "evidence-staging"),
               services.config.disk_quota_percent) {}

Result<> Evidence::open() {
  PHENDAU_TRY(log_.open());
  ledger::Query destroyed;
  destroyed.kind = kItemKind;
  destroyed.states = {"destroyed"};
  // What a stopped hub had written as destroyed, but not removed yet.
  PHENDAU_TRY(ledger::each_record(services_.ledger, ledger::by_id(std::move(destroyed)), everything(),
                                  [&](const ledger::Record& item) -> Result<> {
                                    const bool left =
                                        !item.doc["outside"].as_bool() &&
                                        services_.ledger.blob_exists(item.doc["sha256"].as_string());
                                    return left ? remove_bytes(item) : Result<>{};
                                  }));
  return staging_.open();
}

Result<bool> Evidence::may_read_case(const Actor& actor, std::string_view case_id) {
  if (case_id.empty()) return false;
  return services_.ledger.get(kCaseKind, case_id, authorize_case(actor, CaseRight::evidence)).has_value();
}

Result<ledger::Record> Evidence::by_scope(const Scope& scope, std::string_view id) {
  return services_.ledger.get(kItemKind, id, scope);
}

/// By the agency's registers, by the case, or (read, decide) as the body that it was handed to.
Result<ledger::Record> Evidence::item_for(const Actor& actor, Action action, std::string_view id) {
  using enum Action;
  PHENDAU_TRY(scope_for(actor, action, Resource::record));
  const RegisterKind* kind = services_.pack.pack().reg(kItemKind);
  if (kind == nullptr) return fail(ErrorCode::not_found, "the pack keeps no evidence", "error.not_found");
  auto own = by_scope(record_scope(services_, actor, action, *kind, ""), id);
  if (own) return own;
  const auto item = services_.ledger.get(kItemKind, id, everything());
  if (!item) return own;
  const std::string& case_id = item->doc["case_id"].as_string();
  const Scope of_case = authorize_case(actor, action == read ? CaseRight::evidence : CaseRight::act);
  if (!case_id.empty() && services_.ledger.get(kCaseKind, case_id, of_case)) return *item;
  if (action != update) return own;
  const Scope decide_scope = record_scope(services_, actor, decide, *kind, "");
  if (!names_as_addressee(*kind, *item, decide_scope).empty()) return *item;
  return own;
}

std::vector<std::string> Evidence::names_for(const Actor& actor, const ledger::Record& item) {
  using enum Action;
  const RegisterKind& kind = *services_.pack.pack().reg(kItemKind);
  std::vector<std::string> names;
  const std::string& case_id = item.doc["case_id"].as_string();
  const auto reaches = [&](const Actor& who) {
    return record_scope(services_, who, update, kind, "").covers(item.agency_id) ||
           (!case_id.empty() &&
            services_.ledger.get(kCaseKind, case_id, authorize_case(who, CaseRight::act)).has_value());
  };
  // The role that somebody has at home counts only where he gets without standing in for others.
  if (reaches(without_delegations(actor))) names = records_.own_names(actor);
  for (const auto& one : actor.delegations) {
    const bool given = covers_kind(one, kItemKind) || (!case_id.empty() && covers_kind(one, kCaseKind));
    if (one.agency_id == item.agency_id && given) names.emplace_back(to_string(one.role));
  }
  const auto as_addressee = names_as_addressee(kind, item, record_scope(services_, actor, decide, kind, ""));
  names.insert(names.end(), as_addressee.begin(), as_addressee.end());
  return names;
}

Json Evidence::item_view(const Actor& actor, const ledger::Record& item) {
  Json out = Json::object({{"id", item.id},
                           {"state", item.state},
                           {"agency_id", item.agency_id},
                           {"agency_name", agency_name(services_, item.agency_id)},
                           {"version", item.version},
                           {"created_at", format_rfc3339(item.created_at)}});
  const auto& titles = services_.pack.pack().state_titles;
  const auto title = titles.find(item.state);
  out.set("state_title", title == titles.end() ? item.state : title->second.vi);
  for (const auto member : kItemMembers) out.set(member, item.doc[member]);
  const std::string& case_id = item.doc["case_id"].as_string();
  const auto case_record = services_.ledger.get(kCaseKind, case_id, authorize_case(actor, CaseRight::view));
  out.set("case_title", case_record ? case_record->doc["title"] : Json())
      .set("exercise", item.doc["exercise"].as_bool())
      .set("held", !holds_.check(case_id, item.id))
      .set("has_content", !item.doc["outside"].as_bool() && item.state != "destroyed");
  return out;
}

Result<Json> Evidence::list(const Actor& actor, const Filter& filter) {
  using enum Action;
  PHENDAU_TRY(scope_for(actor, read, Resource::record));
  const RegisterKind* kind = services_.pack.pack().reg(kItemKind);
  if (kind == nullptr) return page_json({}, "");
  ledger::Query query;
  query.kind = kItemKind;
  query.states = filter.states;
  query.text = filter.text;
  query.order_by = "created_at";
  query.descending = filter.case_id.empty();
  query.limit = filter.limit;
  query.cursor = filter.cursor;
  if (!filter.agency_id.empty()) query.agency_ids = {filter.agency_id};
  if (!filter.case_id.empty())
    query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(filter.case_id)}});
  else  // what a drill collected is listed with its case only
    query.filters.push_back({"exercise", ledger::FieldFilter::Op::missing, {}});
  Scope scope = record_scope(services_, actor, read, *kind, "");
  if (PHENDAU_TRY(may_read_case(actor, filter.case_id))) scope = everything();
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) items.push_back(item_view(actor, record));
  Json out = page_json(std::move(items), page.next_cursor);
  out.set("total", PHENDAU_TRY(services_.ledger.count(query, scope)));
  if (!authorize(actor, read, Resource::storage).allows_nothing()) {
    const auto counts = staging_.counts();
    out.set("uploads", Json::object({{"open", counts.open},
                                     {"too_large", counts.too_large},
                                     {"too_many", counts.too_many},
                                     {"no_disk", counts.no_disk},
                                     {"expired", counts.expired}}));
  }
  return out;
}

/// Acts that the chain, the moves of the pack and the actor's names allow from here.
Json Evidence::acts_view(const Actor& actor, const ledger::Record& item) {
  Json out = Json::array();
  if (!item_for(actor, Action::update, item.id)) return out;
  const RegisterKind& kind = *services_.pack.pack().reg(kItemKind);
  const auto names = names_for(actor, item);
  custody::Standing now;
  now.events = 1;
  now.sealed = item.doc["sealed"].as_bool();
  const bool ended = item.state == "returned" || item.state == "destroyed";
  for (const custody::Action action : kLaterActs) {
    if (ended || (action == custody::Action::sealed && now.sealed)) continue;
    custody::Standing after = now;
    if (action == custody::Action::copied || action == custody::Action::analysed) after.sealed = false;
    after.ended = action == custody::Action::destroyed;
    const auto state = state_after(after, action, item.state);
    if (state == item.state && action != custody::Action::copied && action != custody::Action::handed_over)
      continue;
    const auto* move = kind.lifecycle.find(item.state, state);
    const bool free = state == item.state;  // changes no state
    if (!free && (move == nullptr || !workflow::may_move(*move, names))) continue;
    if (free && !has_move(kind, item.state, names)) continue;
    out.push(Json::object(
        {{"act", custody::to_string(action)}, {"needs", free ? Json::array() : texts_json(move->needs)}}));
  }
  return out;
}

Result<Json> Evidence::readings(std::string_view item_id) {
  ledger::Query query;
  query.kind = kReadKind;
  query.filters.push_back({"item_id", ledger::FieldFilter::Op::equal, {Json(item_id)}});
  query.order_by = "created_at";
  query.limit = kReadingsShown;
  Json out = Json::array();
  for (const auto& one : PHENDAU_TRY(services_.ledger.list(query, everything())).records) {
    out.push(Json::object(
        {{"by", one.doc["by"]}, {"what", one.doc["what"]}, {"at", format_rfc3339(one.created_at)}}));
  }
  return out;
}

Result<Json> Evidence::get(const Actor& actor, std::string_view id) {
  const auto item = PHENDAU_TRY(item_for(actor, Action::read, id));
  Json out = item_view(actor, item);
  const auto entries = PHENDAU_TRY(log_.entries_of(item.id));
  const auto verdict = log_.judge(item, entries);
  Json events = Json::array();
  for (const auto& entry : entries) events.push(entry_view(entry));
  Json holders = Json::array();
  for (std::size_t i = 0; i + 1 < verdict.standing.holders.size(); ++i)
    holders.push(verdict.standing.holders[i]);
  const bool may_change = item_for(actor, Action::update, id).has_value();
  out.set("events", std::move(events))
      .set("verified", verdict_view(verdict, log_.public_key()))
      .set("may_return_to", std::move(holders))
      .set("acts", verdict.broken ? Json::array() : acts_view(actor, item))
      .set("may_update", may_change)
      .set("readings", may_change ? PHENDAU_TRY(readings(item.id)) : Json::array());
  return out;
}

Result<Json> Evidence::act(const Actor& actor, std::string_view id, const Json& body) {
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const auto wanted = PHENDAU_TRY(act_of(body, actor, services_.env.now()));
  const std::lock_guard lock(mu_);
  const auto item = PHENDAU_TRY(item_for(actor, Action::update, id));
  if (wanted.action == custody::Action::destroyed)
    PHENDAU_TRY(holds_.check(item.doc["case_id"].as_string(), item.id));
  auto step = PHENDAU_TRY(log_.step(item, wanted, names_for(actor, item)));
  ledger::WriteBatch batch;
  batch.writes.push_back(std::move(step.item));
  batch.writes.push_back(std::move(step.event));
  PHENDAU_TRY(services_.ledger.write_batch(batch, actor, services_.env.now()));
  if (wanted.action == custody::Action::destroyed) {
    // The act stands in the log by now; bytes that are left are removed at the next start.
    if (const auto removed = remove_bytes(item); !removed)
      PHENDAU_LOG(warn, "evidence_not_removed", {"item", item.id}, {"error", removed.error().message});
  }
  services_.live.publish(
      {"record", Resource::record, item.agency_id, Json::object({{"id", item.id}, {"kind", kItemKind}})});
  // Who gave it away may see it no more.
  if (!item_for(actor, Action::read, id)) return Json::object({{"id", item.id}});
  return get(actor, id);
}

/// Only when nothing else keeps the same bytes.
Result<> Evidence::remove_bytes(const ledger::Record& item) {
  if (item.doc["outside"].as_bool()) return {};
  const std::string& sha256 = item.doc["sha256"].as_string();
  for (const auto& [kind, id] : PHENDAU_TRY(services_.ledger.naming_blob(sha256))) {
    if (kind == kItemKind) {
      const auto other = PHENDAU_TRY(services_.ledger.get(kItemKind, id, everything()));
      if (id == item.id || other.doc["outside"].as_bool() || other.state == "destroyed") continue;
    } else if (kind == kCustodyKind) {
      continue;  // what happened to bytes, not the bytes
    } else if (kind == kOrderKind) {
      // It says what the machine collected; an item of each file keeps the bytes.
      const auto order = PHENDAU_TRY(services_.ledger.get(kind, id, everything()));
      if (!order.doc["files_waiting"].as_bool()) continue;
    }
    return {};
  }
  PHENDAU_LOG(info, "evidence_destroyed", {"item", item.id}, {"sha256", sha256});
  return services_.ledger.remove_blob(sha256);
}

/// Whoever it was handed to acts on it, but does not rewrite what the giver said; and what has ended stays as
/// it is.
Result<> Evidence::check_details(const Actor& actor, const ledger::Record& item) {
  const RegisterKind& kind = *services_.pack.pack().reg(kItemKind);
  const std::string& case_id = item.doc["case_id"].as_string();
  const bool own = record_scope(services_, actor, Action::update, kind, item.state).covers(item.agency_id);
  const bool by_case = !case_id.empty() && kind.lifecycle.is_live(item.state) &&
                       services_.ledger.get(kCaseKind, case_id, authorize_case(actor, CaseRight::act));
  if (own || by_case) return {};
  return fail(ErrorCode::denied, "only who took it in changes what is said of it", "error.denied");
}

Result<Json> Evidence::update(const Actor& actor, std::string_view id, const Json& body) {
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  Json changes = Json::object();
  PHENDAU_TRY(copy_texts(body, kChangeable, changes));
  {
    const std::lock_guard lock(mu_);
    const auto item = PHENDAU_TRY(item_for(actor, Action::update, id));
    PHENDAU_TRY(check_details(actor, item));
    ledger::Write write = ledger::rewrite(item, "details");
    for (const auto& [name, value] : changes.members()) write.doc.set(name, value);
    PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  }
  return get(actor, id);
}

Result<> Evidence::note_reading(const Actor& actor, std::string_view agency_id, std::string_view member,
                                std::string_view id, std::string_view what) {
  ledger::Write write;
  write.kind = kReadKind;
  write.agency_id = agency_id;
  write.reason = "read";
  write.doc.set(member, id).set("by", actor.name).set("what", what).set("from", actor.from);
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  return {};
}

Result<Evidence::Content> Evidence::content(const Actor& actor, std::string_view id) {
  const auto item = PHENDAU_TRY(item_for(actor, Action::read, id));
  if (item.doc["outside"].as_bool())
    return fail(ErrorCode::not_found, "kept outside", "evidence.outside", {item.doc["kept_at"].as_string()});
  if (item.state == "destroyed") return fail(ErrorCode::not_found, "destroyed", "evidence.destroyed");
  Content out;
  out.sha256 = item.doc["sha256"].as_string();
  out.file = PHENDAU_TRY(services_.ledger.open_blob(out.sha256));
  out.size_bytes = PHENDAU_TRY(out.file->size());
  out.name = item.doc["number"].as_string() + "_" + item.doc["original_name"].as_string();
  const std::string extension = to_lower_ascii(out.name.substr(out.name.rfind('.') + 1));
  const auto& plain = services_.pack.upload_policy().extensions;
  if (std::find(plain.begin(), plain.end(), extension) == plain.end()) out.name += ".bin";
  PHENDAU_TRY(note_reading(actor, item.agency_id, "item_id", item.id, "content"));
  return out;
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "hub/coordination.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "base/texts.h"
#include "hub/case_parties.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kSent = "sent";
constexpr std::string_view kAnswered = "answered";
constexpr std::string_view kWithdrawn = "withdrawn";
constexpr std::string_view kTeam = "response_team";
constexpr std::string_view kShifts = "duty_shift";
constexpr std::string_view kLoanKind = "coordination_loan";
constexpr std::string_view kLent = "lent";
constexpr std::int64_t kShiftDaysAround = 7;

/// What people read for one of the words that a field may hold.
std::string word_of(const RegisterKind& kind, std::string_view field, const Json& value) {
  return kind.spec.schema["properties"][field]["x-titles-vi"][value.as_string()].string_or(value.as_string());
}

std::string receiver_of(Services& services, const RegisterKind& kind, const Json& doc) {
  const std::string& agency = doc["to_agency_id"].as_string();
  return agency.empty() ? word_of(kind, "to_body", doc["to_body"]) : agency_name(services, agency);
}

/// Agencies that the request is sent to.
std::vector<std::string> asked_agencies(const RegisterKind& kind, const Draft& draft,
                                        const SlotHolders& holders) {
  return agencies_of(ledger::addressees_of(kind.spec, draft.state, draft.doc), holders);
}

const JoinRule* join_of(const Coordination& rules, const std::string& wanted) {
  for (const auto& rule : rules.joins) {
    if (std::find(rule.wanted.begin(), rule.wanted.end(), wanted) != rule.wanted.end()) return &rule;
  }
  return nullptr;
}

std::optional<comply::DueDay> due_of(const Pack& pack, std::string_view term, UtcTime from) {
  if (term.empty()) return std::nullopt;
  const auto rule = comply::parse_term(term);
  if (!rule) return std::nullopt;
  const auto due =
      comply::due_of(*rule, comply::TermStart::instant(from, kHubZone), pack.catalog.work_calendar, kHubZone);
  return due ? std::optional(*due) : std::nullopt;
}

bool is_accepted(std::string_view state, const Json& doc) {
  return (state == kAnswered || state == "done") && doc["accepted"].is_bool() && doc["accepted"].as_bool();
}

ledger::Query requests_of(std::string_view case_id) {
  ledger::Query query;
  query.kind = kRequestKind;
  query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(case_id)}});
  query.order_by = "created_at";
  query.limit = kCaseRequestsMax;
  return query;
}

}  // namespace

Scope case_requests_scope(Services& services, const Actor& actor, const ledger::Record& of_case) {
  const RegisterKind* kind = services.pack.pack().reg(kRequestKind);
  if (kind == nullptr) return {};
  // Whose case it is sees what is asked about it; a party what it asked and was asked.
  Scope out = record_scope(services, actor, Action::read, *kind, "");
  if (!authorize_own_case(actor, CaseRight::view).covers(of_case.agency_id)) return out;
  // What is sealed stays for its sender and for the bodies that it is sent to.
  auto sealed_for = std::move(out.sealed_for);
  out = everything();
  out.sealed_for = std::move(sealed_for);
  return out;
}

Result<std::vector<workflow::TimelineEntry>> unanswered_requests(Services& services, std::string_view case_id,
                                                                 const Scope& shown) {
  std::vector<workflow::TimelineEntry> out;
  const RegisterKind* kind = services.pack.pack().reg(kRequestKind);
  if (kind == nullptr || shown.allows_nothing()) return out;
  const auto holders = PHENDAU_TRY(bodies_of_slots(services));
  const auto entry_of = [](const std::vector<std::string>& lines) {
    workflow::TimelineEntry entry;
    entry.what = "request";
    entry.text = tr(Lang::vi, "coordination.unanswered", {std::to_string(lines.size()), join(lines, "; ")});
    return entry;
  };
  ledger::Query query = requests_of(case_id);
  query.states = {std::string(kSent)};
  query.descending = false;
  std::vector<std::string> open;
  for (const auto& request : PHENDAU_TRY(services.ledger.list(query, shown)).records) {
    const Json& doc = request.doc;
    const auto sent = parse_rfc3339(doc["sent_at"].as_string()).value_or(request.created_at);
    std::string line = tr(Lang::vi, "coordination.unanswered_one",
                          {agency_name(services, request.agency_id), receiver_of(services, *kind, doc),
                           word_of(*kind, "wanted", doc["wanted"]), format_vietnamese(sent).substr(0, 10)});
    if (!ledger::is_sealed(kind->spec, doc)) {
      open.push_back(std::move(line));
      continue;
    }
    out.push_back(entry_of({line}));
    out.back().sealed_by = request.agency_id;
    out.back().sealed_for = agencies_of(ledger::addressees_of(kind->spec, request.state, doc), holders);
  }
  if (!open.empty()) out.insert(out.begin(), entry_of(open));
  return out;
}

CaseCoordination::CaseCoordination(Services& services, Records& records)
    : services_(services), records_(records), definitions_(services) {
  records_.company = [this](const Actor& actor, const Draft& draft, std::string_view state_before) {
    return company(actor, draft, state_before);
  };
}

std::optional<comply::DueDay> answer_due(const Pack& pack, const Json& doc) {
  const auto sent_at = parse_rfc3339(doc["sent_at"].as_string());
  return sent_at ? due_of(pack, pack.coordination.answer_within, *sent_at) : std::nullopt;
}

/// Who was asked comes in; whoever was asked by what was withdrawn goes out.
Result<> CaseCoordination::join(ledger::Write& of_case, const Draft& draft, std::string_view case_agency,
                                UtcTime now) {
  const Coordination& rules = services_.pack.pack().coordination;
  if (draft.state == kWithdrawn) {
    remove_party(of_case.doc, draft.id);
    return {};
  }
  const auto holders = PHENDAU_TRY(bodies_of_slots(services_));
  for (const auto& agency : asked_agencies(*draft.kind, draft, holders)) {
    if (agency == case_agency) continue;
    const PartyKind* kind = nullptr;
    for (const auto& [slot, holder] : holders) {
      const PartyKind* one = holder == agency ? rules.party_of(slot) : nullptr;
      if (one != nullptr &&
          (kind == nullptr || kind->slot.empty() || one->slot == draft.doc["to_body"].as_string()))
        kind = one;
    }
    if (kind == nullptr) kind = rules.party_of("");
    if (kind == nullptr) continue;
    PHENDAU_TRY(add_party(of_case.doc, agency, *kind, draft.id, now));
  }
  return {};
}

Result<Records::Company> CaseCoordination::company(const Actor& actor, const Draft& draft,
                                                   std::string_view state_before) {
  Records::Company out;
  if (draft.kind->spec.name != kRequestKind) return out;
  const std::string& case_id = draft.doc["case_id"].as_string();
  const bool is_new = draft.before.is_null();
  if (!is_new && draft.before["case_id"].as_string() != case_id) return bad_member("case_id");
  if (case_id.empty()) return out;
  const UtcTime now = services_.env.now();
  const Scope asking = is_new ? authorize_case(actor, CaseRight::ask) : everything();
  const auto record = services_.ledger.get(kCaseKind, case_id, asking);
  if (!record) return bad_member("case_id");
  if (is_new && record->state != "open")
    return fail(ErrorCode::conflict, "the case is closed", "coordination.case_closed");
  const JoinRule* rule = join_of(services_.pack.pack().coordination, draft.doc["wanted"].as_string());
  const bool joins = rule != nullptr && (rule->on_acceptance ? is_accepted(draft.state, draft.doc) &&
                                                                   !is_accepted(state_before, draft.before)
                                                             : is_new);
  const bool moved = !is_new && draft.state != state_before;
  const RegisterKind& kind = *draft.kind;
  const bool sealed = ledger::is_sealed(kind.spec, draft.doc);
  const bool opened_up = !sealed && ledger::is_sealed(kind.spec, draft.before);
  if (!is_new && !moved && !opened_up) return out;
  auto opened = PHENDAU_TRY(definitions_.open(*record));
  ledger::Write write = ledger::rewrite(*record, "request/" + draft.id);
  if (joins || draft.state == kWithdrawn) PHENDAU_TRY(join(write, draft, record->agency_id, now));
  workflow::TimelineEntry entry;
  entry.what = opened_up ? "unsealed" : "request";
  const std::string text_id = "coordination.entry." + (opened_up ? std::string("unsealed") : draft.state);
  entry.text =
      tr(Lang::vi, text_id,
         {agency_name(services_, draft.agency_id), receiver_of(services_, kind, draft.doc),
          word_of(kind, "wanted", draft.doc["wanted"]), word_of(kind, "channel", draft.doc["channel"])});
  if (sealed) {
    entry.sealed_by = draft.agency_id;
    entry.sealed_for = asked_agencies(kind, draft, PHENDAU_TRY(bodies_of_slots(services_)));
  }
  const auto next = PHENDAU_TRY(workflow::with_entry(std::move(opened.state), std::move(entry), actor, now));
  ledger::Record after = *record;
  after.doc = write.doc;
  ledger::WriteBatch batch;
  put_state(batch, std::move(write), opened.definition, next, services_.pack, now);
  out.writes = std::move(batch.writes);
  auto also_for = party_agencies(*record, CaseRight::view);
  for (auto& agency : party_agencies(after, CaseRight::view)) also_for.push_back(std::move(agency));
  out.messages.push_back({"incident", Resource::incident, record->agency_id,
                          Json::object({{"id", record->id}}), "", std::move(also_for)});
  return out;
}

Json CaseCoordination::request_view(const Actor& actor, const RegisterKind& kind,
                                    const ledger::Record& record, Json case_title, AgencyNames& names) {
  const Json& doc = record.doc;
  const UtcTime now = services_.env.now();
  const auto title = services_.pack.pack().state_titles.find(record.state);
  Json out = Json::object(
      {{"id", record.id},
       {"version", record.version},
       {"state", record.state},
       {"state_title", title == services_.pack.pack().state_titles.end() ? record.state : title->second.vi},
       {"agency_id", record.agency_id},
       {"agency_name", names.at(record.agency_id, now)},
       {"to_title", doc["to_agency_id"].as_string().empty() ? word_of(kind, "to_body", doc["to_body"])
                                                            : names.at(doc["to_agency_id"].as_string(), now)},
       {"wanted_title", word_of(kind, "wanted", doc["wanted"])},
       {"channel_title", word_of(kind, "channel", doc["channel"])},
       {"sealed", ledger::is_sealed(kind.spec, doc)}});
  for (const char* member :
       {"to_body", "to_agency_id", "wanted", "channel", "sent_at", "sent_by", "received_by", "content",
        "document_number", "confirmation_number", "confirmed_on", "answer", "answered_at", "answered_by",
        "accepted", "given", "case_id"})
    out.set(member, doc[member]);
  out.set("case_title", std::move(case_title)).set("exercise", is_of_exercise(services_, doc));
  const auto due = answer_due(services_.pack.pack(), doc);
  out.set("due_at", due ? Json(format_rfc3339(due->due_at)) : Json())
      .set("overdue", due && record.state == kSent && due->is_late(now));
  const Scope decide = record_scope(services_, actor, Action::decide, kind, record.state);
  const Scope change = record_scope(services_, actor, Action::update, kind, record.state);
  const bool answers = is_provincial(actor) || !names_as_addressee(kind, record, decide).empty();
  out.set("may_answer", record.state == kSent && answers)
      .set("may_update", change.covers(record.agency_id))
      .set("may_unseal", out["sealed"].as_bool() && change.covers(record.agency_id) &&
                             is_own_body(actor, record.agency_id));
  return out;
}

Json CaseCoordination::request_views(const Actor& actor, const std::vector<ledger::Record>& records) {
  const RegisterKind& kind = *services_.pack.pack().reg(kRequestKind);
  // Titles of their cases in one look: cases are large.
  ledger::Query of;
  of.kind = kCaseKind;
  for (const auto& record : records) {
    const std::string& id = record.doc["case_id"].as_string();
    if (!id.empty() && std::find(of.ids.begin(), of.ids.end(), id) == of.ids.end()) of.ids.push_back(id);
  }
  of.only = {"title"};
  of.limit = ledger::kListLimitMax;
  std::map<std::string, Json> titles;
  if (!of.ids.empty()) {
    if (const auto page = services_.ledger.list(of, authorize_case(actor, CaseRight::view))) {
      for (const auto& one : page->records) titles.emplace(one.id, one.doc["title"]);
    }
  }
  AgencyNames names(services_);
  Json out = Json::array();
  for (const auto& record : records) {
    const auto title = titles.find(record.doc["case_id"].as_string());
    out.push(request_view(actor, kind, record, title == titles.end() ? Json() : title->second, names));
  }
  return out;
}

Json CaseCoordination::proposals(const workflow::CaseState& state, const std::vector<ledger::Record>& sent) {
  Json out = Json::array();
  const Pack& pack = services_.pack.pack();
  const RegisterKind& kind = *pack.reg(kRequestKind);
  const UtcTime now = services_.env.now();
  for (const auto& trigger : pack.coordination.triggers) {
    if (!workflow::all_hold(state, trigger.when)) continue;
    const auto* step = trigger.when.empty() ? nullptr : state.find(trigger.when.front().step);
    const auto since = step == nullptr     ? std::nullopt
                       : step->finished_at ? step->finished_at
                                           : step->began_at;
    const auto due = since ? due_of(pack, trigger.within, *since) : std::nullopt;
    const auto* clause = pack.clause(trigger.clause);
    for (const auto& one : trigger.proposals) {
      const bool done = std::any_of(sent.begin(), sent.end(), [&](const ledger::Record& request) {
        return request.state != kWithdrawn && request.doc["to_body"].as_string() == one.to_body &&
               request.doc["wanted"].as_string() == one.wanted;
      });
      out.push(Json::object({{"id", trigger.id},
                             {"title", trigger.title.vi},
                             {"clause", trigger.clause.empty() ? Json() : Json(trigger.clause)},
                             {"citation", clause == nullptr ? Json() : Json(clause->citation)},
                             {"to_body", one.to_body},
                             {"to_title", word_of(kind, "to_body", Json(one.to_body))},
                             {"wanted", one.wanted},
                             {"wanted_title", word_of(kind, "wanted", Json(one.wanted))},
                             {"content", one.content.vi},
                             {"due_at", due ? Json(format_rfc3339(due->due_at)) : Json()},
                             {"overdue", !done && due && due->is_late(now)},
                             {"sent", done}}));
    }
  }
  return out;
}

/// What was lent for the case, as far as the register lets the actor see it.
Result<Json> CaseCoordination::loans(const Actor& actor, std::string_view case_id) {
  Json out = Json::array();
  const RegisterKind* kind = services_.pack.pack().reg(kLoanKind);
  if (kind == nullptr) return out;
  const Scope readable = record_scope(services_, actor, Action::read, *kind, "");
  if (readable.allows_nothing()) return out;
  ledger::Query query;
  query.kind = kLoanKind;
  query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(case_id)}});
  query.order_by = "created_at";
  query.limit = kCaseLoansMax;
  AgencyNames names(services_);
  const UtcTime now = services_.env.now();
  for (const auto& one : PHENDAU_TRY(services_.ledger.list(query, readable)).records) {
    Json loan = Json::object({{"id", one.id}, {"version", one.version}, {"state", one.state}});
    for (const char* member :
         {"name", "serial", "quantity", "lent_on", "due_back_on", "returned_on", "condition"})
      loan.set(member, one.doc[member]);
    const Scope change = record_scope(services_, actor, Action::update, *kind, one.state);
    loan.set("what_title", word_of(*kind, "what", one.doc["what"]))
        .set("lender_name", names.at(one.agency_id, now))
        .set("borrower_name", names.at(one.doc["borrower_id"].as_string(), now))
        .set("may_return", one.state == kLent && change.covers(one.agency_id));
    out.push(std::move(loan));
  }
  return out;
}

Result<Json> CaseCoordination::of_case(const Actor& actor, std::string_view case_id) {
  const auto record =
      PHENDAU_TRY(services_.ledger.get(kCaseKind, case_id, authorize_case(actor, CaseRight::view)));
  const RegisterKind* kind = services_.pack.pack().reg(kRequestKind);
  Json out = Json::object({{"parties", parties_view(services_, record)},
                           {"requests", Json::array()},
                           {"proposals", Json::array()},
                           {"may_ask", false},
                           {"loans", PHENDAU_TRY(loans(actor, record.id))},
                           {"may_lend", false}});
  if (const RegisterKind* lent = services_.pack.pack().reg(kLoanKind); lent != nullptr)
    out.set("may_lend", record.state == "open" && case_rights(actor, record).contains(CaseRight::note) &&
                            !record_scope(services_, actor, Action::create, *lent, "").allows_nothing());
  if (kind == nullptr) return out;
  const auto requests = PHENDAU_TRY(services_.ledger.list(requests_of(record.id),
                                                          case_requests_scope(services_, actor, record)))
                            .records;
  out.set("requests", request_views(actor, requests));
  const auto rights = case_rights(actor, record);
  if (!rights.contains(CaseRight::ask)) return out;
  const auto state = PHENDAU_TRY(workflow::from_json(record.doc["state"]));
  if (rights.contains(CaseRight::timeline)) out.set("proposals", proposals(state, requests));
  out.set("may_ask", record.state == "open" &&
                         !record_scope(services_, actor, Action::create, *kind, "").allows_nothing());
  return out;
}

/// Agencies that the actor works in; the province's people without any stand for the lead department.
std::vector<std::string> CaseCoordination::own_bodies(const Actor& actor) {
  if (!actor.agency_ids.empty() || !is_provincial(actor)) return actor.agency_ids;
  const auto lead = records_.province_agency();
  return lead ? std::vector<std::string>{*lead} : std::vector<std::string>{};
}

Result<Json> CaseCoordination::inbox(const Actor& actor) {
  const RegisterKind* kind = services_.pack.pack().reg(kRequestKind);
  const Scope readable = kind == nullptr ? Scope() : record_scope(services_, actor, Action::read, *kind, "");
  if (readable.allows_nothing()) return fail(ErrorCode::denied, "not for this role", "error.denied");
  const auto bodies = own_bodies(actor);
  Scope to_us;
  to_us.reach = Scope::Reach::invited;
  to_us.addressed = bodies;
  to_us.sealed_for = readable.sealed_for;
  for (const auto& [slot, agency] : PHENDAU_TRY(bodies_of_slots(services_))) {
    if (std::find(bodies.begin(), bodies.end(), agency) != bodies.end())
      to_us.addressed.push_back(std::string(kSlotPrefix) + slot);
  }
  ledger::Query query;
  query.kind = kRequestKind;
  query.states = {std::string(kSent)};
  query.order_by = "created_at";
  query.descending = false;
  query.limit = kInboxShown;
  Json waiting = Json::array();
  Json asked = Json::array();
  std::uint64_t waiting_total = 0;
  std::uint64_t asked_total = 0;
  if (!bodies.empty()) {
    waiting = request_views(actor, PHENDAU_TRY(services_.ledger.list(query, to_us)).records);
    waiting_total = PHENDAU_TRY(services_.ledger.count(query, to_us));
    query.agency_ids = bodies;
    query.states = {std::string(kSent), std::string(kAnswered)};
    query.descending = true;
    asked = request_views(actor, PHENDAU_TRY(services_.ledger.list(query, readable)).records);
    asked_total = PHENDAU_TRY(services_.ledger.count(query, readable));
  }
  std::uint64_t overdue = 0;
  for (const auto* list : {&waiting, &asked}) {
    for (const auto& one : list->items()) overdue += one["overdue"].as_bool() ? 1u : 0u;
  }
  return Json::object({{"waiting", std::move(waiting)},
                       {"waiting_total", waiting_total},
                       {"asked", std::move(asked)},
                       {"asked_total", asked_total},
                       {"overdue", overdue}});
}

namespace {

/// Agency, and what it is in the coordination; nobody twice.
using DutyBodies = std::vector<std::pair<std::string, std::string>>;

void add_body(DutyBodies& bodies, const std::string& agency, const std::string& title) {
  const bool known =
      std::any_of(bodies.begin(), bodies.end(), [&](const auto& one) { return one.first == agency; });
  if (!known) bodies.emplace_back(agency, title);
}

Result<std::vector<ledger::Record>> duty_rows(Services& services, std::string_view kind,
                                              std::vector<std::string> states,
                                              std::vector<std::string> agencies,
                                              std::vector<ledger::FieldFilter> filters = {}) {
  if (services.pack.pack().reg(kind) == nullptr) return std::vector<ledger::Record>{};
  ledger::Query query;
  query.kind = kind;
  query.states = std::move(states);
  query.agency_ids = std::move(agencies);
  query.filters = std::move(filters);
  query.limit = kDutyPeopleMax;
  return std::move(PHENDAU_TRY(services.ledger.list(query, everything_unsealed())).records);
}

Json with_members(const ledger::Record& record, std::initializer_list<const char*> members) {
  Json out = Json::object({{"id", record.id}});
  for (const char* member : members) out.set(member, record.doc[member]);
  return out;
}

}  // namespace

bool is_focal_point(const ledger::Record& officer) {
  const auto& roles = officer.doc["roles"].items();
  return std::find(roles.begin(), roles.end(), Json("focal_point")) != roles.end();
}

Result<std::vector<CallNumber>> call_numbers(Services& services, const std::string& agency_id) {
  std::vector<CallNumber> out;
  const auto add = [&](const char* title, const Json& number) {
    const std::string text(trim(number.as_string()));
    const bool known =
        std::any_of(out.begin(), out.end(), [&](const CallNumber& one) { return one.number == text; });
    if (!text.empty() && !known && out.size() < kCallNumbersShown) out.push_back({tr(Lang::vi, title), text});
  };
  const auto officers = PHENDAU_TRY(duty_rows(services, kOfficers, {"active"}, {agency_id}));
  const Json today(format_date(to_civil(services.env.now(), kHubZone).date));
  const auto shifts = PHENDAU_TRY(duty_rows(services, kShifts, {"planned"}, {agency_id},
                                            {{"on_duty_on", ledger::FieldFilter::Op::equal, {today}}}));
  for (const auto& shift : shifts) {
    for (const auto& officer : officers) {
      if (officer.doc["full_name"] == shift.doc["officer"]) add("call.on_duty", officer.doc["phone"]);
    }
  }
  for (const auto& officer : officers) {
    if (!is_focal_point(officer)) continue;
    add("call.focal_point", officer.doc["phone"]);
    add("call.out_of_hours", officer.doc["out_of_hours_phone"]);
  }
  if (const auto agency = services.ledger.get("agency", agency_id, everything()))
    add("call.agency", agency->doc["phone"]);
  return out;
}

Result<Json> CaseCoordination::shifts(const Actor& actor, const std::vector<std::string>& agencies) {
  Json out = Json::array();
  const RegisterKind* kind = services_.pack.pack().reg(kShifts);
  if (kind == nullptr || agencies.empty()) return out;
  const CivilDate today = to_civil(services_.env.now(), kHubZone).date;
  const auto day = [&](std::int64_t offset) {
    return format_date(civil_from_days(days_from_civil(today) + offset));
  };
  const Scope readable = record_scope(services_, actor, Action::read, *kind, "");
  const Scope changeable = record_scope(services_, actor, Action::update, *kind, "");
  ledger::Query query;
  query.kind = kShifts;
  query.agency_ids = agencies;
  query.filters = {{"on_duty_on", ledger::FieldFilter::Op::at_least, {Json(day(-kShiftDaysAround))}},
                   {"on_duty_on", ledger::FieldFilter::Op::at_most, {Json(day(kShiftDaysAround))}}};
  query.order_by = "on_duty_on";
  query.descending = false;
  query.limit = kDutyPeopleMax;
  for (const auto& one : PHENDAU_TRY(services_.ledger.list(query, everything_unsealed())).records) {
    Json shift = with_members(one, {"officer", "on_duty_on", "hours"});
    // What was handed over is for the body itself.
    for (const char* member : {"handed_over_to", "handed_over_at", "notes"})
      shift.set(member, readable.covers(one.agency_id) ? one.doc[member] : Json());
    shift.set("version", one.version)
        .set("state", one.state)
        .set("agency_id", one.agency_id)
        .set("agency_name", agency_name(services_, one.agency_id))
        .set("may_hand_over", one.state == "planned" && changeable.covers(one.agency_id));
    out.push(std::move(shift));
  }
  return out;
}

Result<Json> CaseCoordination::duty(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::duty_roster));
  // Who is called in an emergency: the bodies of the coordination, and the own one.
  DutyBodies bodies;
  const auto holders = PHENDAU_TRY(bodies_of_slots(services_));
  for (const auto& party : services_.pack.pack().coordination.parties) {
    const auto [first, last] = holders.equal_range(party.slot);
    for (auto at = first; at != last; ++at) add_body(bodies, at->second, party.title.vi);
  }
  for (const auto& agency : actor.agency_ids) add_body(bodies, agency, "");
  std::vector<std::string> ids;
  for (const auto& [agency, title] : bodies) ids.push_back(agency);
  std::vector<ledger::Record> officers;
  if (!ids.empty()) officers = PHENDAU_TRY(duty_rows(services_, kOfficers, {"active"}, ids));
  Json bodies_json = Json::array();
  for (const auto& [agency, title] : bodies) {
    Json people = Json::array();
    for (const auto& officer : officers) {
      if (officer.agency_id == agency && is_focal_point(officer))
        people.push(with_members(officer, {"full_name", "phone", "email", "out_of_hours_phone", "deputy"}));
    }
    bodies_json.push(Json::object({{"agency_id", agency},
                                   {"agency_name", agency_name(services_, agency)},
                                   {"title", title},
                                   {"people", std::move(people)}}));
  }
  Json team = Json::array();
  for (const auto& one : PHENDAU_TRY(duty_rows(services_, kTeam, {"active"}, {}))) {
    Json person =
        with_members(one, {"full_name", "position", "skills", "phone", "email", "out_of_hours_phone"});
    const std::string& agency = one.doc["agency_id"].as_string();
    person.set("agency_name", agency.empty() ? Json() : Json(agency_name(services_, agency)));
    team.push(std::move(person));
  }
  return Json::object({{"today", format_date(to_civil(services_.env.now(), kHubZone).date)},
                       {"bodies", std::move(bodies_json)},
                       {"team", std::move(team)},
                       {"shifts", PHENDAU_TRY(shifts(actor, ids))}});
}

}  // namespace phendau::hub

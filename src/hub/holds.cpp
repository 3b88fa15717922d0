// SPDX-License-Identifier: Apache-2.0
#include "hub/holds.h"

#include <algorithm>

#include "base/text.h"
#include "hub/record_checks.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kHoldReasonBytesMax = 2'000;
constexpr std::size_t kHoldPaperBytesMax = 300;

std::optional<CivilDate> hold_day(const Json& text) {
  const auto day = parse_date(text.as_string());
  return day ? std::optional(*day) : std::nullopt;
}

/// Whether anything in the segment was received or happened on one of the days.
bool touches(const HoldBook::Range& range, const journal::SegmentSummary& segment) {
  const auto day = [](UtcTime at) { return to_civil(at, kHubZone).date; };
  const CivilDate first = std::min(day(segment.event_min), day(segment.received_min));
  const CivilDate last = std::max(day(segment.event_max), day(segment.received_max));
  if (range.from && last < *range.from) return false;
  return !range.until || first <= *range.until;
}

HoldBook::Entry hold_entry(const ledger::Record& record) {
  HoldBook::Entry out;
  out.id = record.id;
  out.paper_number = record.doc["paper_number"].as_string();
  const std::string& what = record.doc["what"].as_string();
  if (what == "case") out.case_id = record.doc["case_id"].as_string();
  if (what == "item") out.item_id = record.doc["item_id"].as_string();
  if (what != "journal") return out;
  out.range = HoldBook::Range{record.doc["agency_id"].as_string(), record.doc["source_class"].as_string(),
                              hold_day(record.doc["from"]), hold_day(record.doc["until"])};
  return out;
}

}  // namespace

void HoldBook::replace(std::vector<Entry> entries) {
  const std::lock_guard lock(mu_);
  entries_ = std::move(entries);
}

bool HoldBook::holds(const journal::SegmentSummary& segment) const {
  const std::lock_guard lock(mu_);
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& one) {
    if (!one.range) return false;
    const bool of_agency = one.range->agency_id.empty() || one.range->agency_id == segment.agency;
    const bool of_class = one.range->source_class.empty() || one.range->source_class == segment.source_class;
    return of_agency && of_class && touches(*one.range, segment);
  });
}

std::optional<std::string> HoldBook::paper_of(std::string_view case_id, std::string_view item_id) const {
  const std::lock_guard lock(mu_);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& one) {
    return (!case_id.empty() && one.case_id == case_id) || (!item_id.empty() && one.item_id == item_id);
  });
  return found == entries_.end() ? std::nullopt : std::optional(found->paper_number);
}

Result<> Holds::open() {
  PHENDAU_TRY(reload());
  ledger::HoldCheck check;
  check.record = [this](std::string_view kind, std::string_view id) { return check_record(kind, id); };
  check.blob = [this](std::string_view sha256) { return check_blob(sha256); };
  services_.ledger.set_hold_check(std::move(check));
  return {};
}

Result<> Holds::reload() {
  ledger::Query query;
  query.kind = kHoldKind;
  query.states = {"in_force"};
  std::vector<HoldBook::Entry> entries;
  PHENDAU_TRY(ledger::each_record(services_.ledger, ledger::by_id(std::move(query)), everything(),
                                  [&](const ledger::Record& record) -> Result<> {
                                    entries.push_back(hold_entry(record));
                                    return {};
                                  }));
  book_.replace(std::move(entries));
  return {};
}

Result<> Holds::check(std::string_view case_id, std::string_view item_id) const {
  const auto paper = book_.paper_of(case_id, item_id);
  if (!paper) return {};
  return fail(ErrorCode::denied, "under legal hold " + *paper, "hold.held", {*paper});
}

/// A case, an item of evidence, and whatever names one of them.
Result<> Holds::check_record(std::string_view kind, std::string_view id) const {
  const auto record = services_.ledger.get(kind, id, everything());
  if (!record) return {};  // the ledger itself says that it is not there
  const std::string& case_id = kind == "case" ? record->id : record->doc["case_id"].as_string();
  const std::string& item_id = kind == "evidence_item" ? record->id : record->doc["item_id"].as_string();
  return check(case_id, item_id);
}

Result<> Holds::check_blob(std::string_view sha256) const {
  for (const std::string_view kind : {"evidence_item", "attachment"}) {
    ledger::Query query;
    query.kind = kind;
    query.filters.push_back({"sha256", ledger::FieldFilter::Op::equal, {Json(sha256)}});
    PHENDAU_TRY(ledger::each_record(services_.ledger, ledger::by_id(std::move(query)), everything(),
                                    [&](const ledger::Record& record) -> Result<> {
                                      if (record.doc["outside"].as_bool())
                                        return {};  // knows of bytes that lie elsewhere
                                      return check_record(record.kind, record.id);
                                    }));
  }
  return {};
}

Scope Holds::scope_of(const Actor& actor, Action action) const {
  const RegisterKind* kind = services_.pack.pack().reg(kHoldKind);
  return kind == nullptr ? Scope() : record_scope(services_, actor, action, *kind, "");
}

Json Holds::view(const Actor& actor, const ledger::Record& record) {
  Json out = Json::object({{"id", record.id},
                           {"state", record.state},
                           {"agency_id", record.agency_id},
                           {"agency_name", agency_name(services_, record.agency_id)},
                           {"placed_at", format_rfc3339(record.created_at)}});
  for (const char* member :
       {"what", "case_id", "item_id", "source_class", "from", "until", "reason", "paper_number", "placed_by",
        "lifted_by", "lifted_at", "lift_reason", "lift_paper_number"})
    out.set(member, record.doc[member]);
  const bool may = record.state == "in_force" &&
                   (is_provincial(actor) || (!record.doc["by_province"].as_bool() &&
                                             scope_of(actor, Action::update).covers(record.agency_id)));
  return std::move(out.set("may_lift", may));
}

Result<Json> Holds::list(const Actor& actor, const Filter& filter) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::record));
  ledger::Query query;
  query.kind = kHoldKind;
  query.order_by = "created_at";
  query.limit = filter.limit;
  query.cursor = filter.cursor;
  if (!filter.state.empty()) query.states = {filter.state};
  const auto only = [&](std::string_view field, const std::string& value) {
    if (!value.empty())
      query.filters.push_back({std::string(field), ledger::FieldFilter::Op::equal, {Json(value)}});
  };
  only("case_id", filter.case_id);
  only("item_id", filter.item_id);
  const auto page = PHENDAU_TRY(services_.ledger.list(query, scope_of(actor, Action::read)));
  Json::Array items;
  for (const auto& record : page.records) items.push_back(view(actor, record));
  return page_json(std::move(items), page.next_cursor);
}

/// Whom the hold belongs to: the agency of the case or item; of a range the agency that it names, and of one
/// over all agencies nobody, so that only the province sees and places it.
Result<ledger::Write> Holds::write_of(const Actor& actor, const Json& body) {
  ledger::Write write;
  write.kind = kHoldKind;
  write.id = new_ulid(services_.env);
  write.state = "in_force";
  write.expected_version = 0;
  const std::string& what = body["what"].as_string();
  const auto about = [&](std::string_view kind, std::string_view member) -> Result<> {
    const std::string id = PHENDAU_TRY(required_text(body[member].as_string(), member, ledger::kIdBytesMax));
    write.agency_id = PHENDAU_TRY(services_.ledger.get(kind, id, everything())).agency_id;
    write.doc.set(member, id);
    return {};
  };
  if (what == "case") {
    PHENDAU_TRY(about("case", "case_id"));
  } else if (what == "item") {
    PHENDAU_TRY(about("evidence_item", "item_id"));
  } else if (what == "journal") {
    write.agency_id = body["agency_id"].as_string();
    for (const char* member : {"agency_id", "source_class", "from", "until"}) {
      const std::string& text = body[member].as_string();
      const bool is_day = std::string_view(member) == "from" || std::string_view(member) == "until";
      if (is_day && !text.empty() && !hold_day(body[member])) return bad_member(member);
      if (text.size() > 100) return bad_member(member);
      if (!text.empty()) write.doc.set(member, text);
    }
    const auto from = hold_day(body["from"]), until = hold_day(body["until"]);
    if (from && until && *until < *from) return bad_member("until");
  } else {
    return bad_member("what");
  }
  write.doc.set("what", what)
      .set("reason", PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kHoldReasonBytesMax)))
      .set("paper_number",
           PHENDAU_TRY(required_text(body["paper_number"].as_string(), "paper_number", kHoldPaperBytesMax)))
      .set("placed_by", actor.name)
      .set("by_province", is_provincial(actor));
  return write;
}

Result<Json> Holds::place(const Actor& actor, const Json& body) {
  PHENDAU_TRY(scope_for(actor, Action::create, Resource::record));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  ledger::Write write = PHENDAU_TRY(write_of(actor, body));
  const Scope scope = scope_of(actor, Action::create);
  if (!scope.covers(write.agency_id)) return fail(ErrorCode::not_found, "out of reach", "error.not_found");
  if (!write.agency_id.empty()) PHENDAU_TRY(services_.ledger.get("agency", write.agency_id, everything()));
  write.reason = "legal hold " + write.doc["paper_number"].as_string();
  const std::lock_guard lock(mu_);
  ledger::Query in_force;
  in_force.kind = kHoldKind;
  in_force.states = {"in_force"};
  if (PHENDAU_TRY(services_.ledger.count(in_force, everything())) >= kHoldsMax)
    return fail(ErrorCode::limit, "too many legal holds", "hold.too_many", {std::to_string(kHoldsMax)});
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  PHENDAU_TRY(reload());
  return view(actor, PHENDAU_TRY(services_.ledger.get(kHoldKind, write.id, everything())));
}

Result<Json> Holds::lift(const Actor& actor, std::string_view id, const Json& body) {
  PHENDAU_TRY(scope_for(actor, Action::update, Resource::record));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  const std::lock_guard lock(mu_);
  const Scope scope = scope_of(actor, Action::update);
  const auto record = PHENDAU_TRY(services_.ledger.get(kHoldKind, id, scope));
  if (record.state != "in_force") return fail(ErrorCode::conflict, "the hold was lifted", "hold.lifted");
  if (record.doc["by_province"].as_bool() && !is_provincial(actor))
    return fail(ErrorCode::denied, "placed by the province", "hold.of_province");
  ledger::Write write = ledger::rewrite(record, "lifted");
  write.state = "lifted";
  write.scope = scope;
  write.doc.set("lifted_by", actor.name)
      .set("lifted_at", format_rfc3339(services_.env.now()))
      .set("lift_reason",
           PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kHoldReasonBytesMax)))
      .set("lift_paper_number",
           PHENDAU_TRY(required_text(body["paper_number"].as_string(), "paper_number", kHoldPaperBytesMax)));
  PHENDAU_TRY(services_.ledger.write(write, actor, services_.env.now()));
  PHENDAU_TRY(reload());
  return view(actor, PHENDAU_TRY(services_.ledger.get(kHoldKind, id, everything())));
}

}  // namespace phendau::hub

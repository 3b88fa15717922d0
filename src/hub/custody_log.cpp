// SPDX-License-Identifier: Apache-2.0
#include "hub/custody_log.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/texts.h"
#include "hub/record_checks.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kDigestNote = "SHA-256 ";

std::string custody_day(UtcTime at) { return format_date(to_civil(at, kHubZone).date); }

std::string event_id(std::string_view item_id, std::uint64_t seq) {
  return fmt::format("{}.{:06}", item_id, seq);
}

ledger::Write event_write(const ledger::Write& item, const custody::Event& event) {
  ledger::Write out;
  out.kind = kCustodyKind;
  out.id = event_id(item.id, event.seq);
  out.agency_id = item.agency_id;
  out.expected_version = 0;
  out.reason = custody::to_string(event.action);
  out.doc.set("item_id", item.id).set("event", custody::to_json(event));
  return out;
}

void set_standing(Json& doc, const custody::Standing& standing) {
  doc.set("custody_events", standing.events)
      .set("custody_head", standing.hash)
      .set("holder", standing.holders.empty() ? std::string() : standing.holder())
      .set("sealed", standing.sealed);
}

/// What the item says of the act besides its standing.
void set_act(Json& doc, const CustodyAct& act, const custody::Event& event) {
  for (const auto& [name, value] : act.fields.members()) doc.set(name, value);
  if (act.action == custody::Action::handed_over) {
    doc.set("handed_to", event.to).set("handed_on", custody_day(event.at));
    doc.erase("handed_to_body");
    if (!act.to_body.empty()) doc.set("handed_to_body", act.to_body);
  }
  if (act.action == custody::Action::returned) {
    doc.set("returned_to", event.to).set("returned_on", custody_day(event.at));
    doc.erase("handed_to_body");
  }
}

}  // namespace

std::string_view state_after(const custody::Standing& standing, custody::Action action,
                             std::string_view before) {
  if (standing.ended) return action == custody::Action::destroyed ? "destroyed" : "returned";
  switch (action) {
    case custody::Action::sealed:
      return "sealed";
    case custody::Action::handed_over:
      return "handed_over";
    case custody::Action::analysed:
      return "in_analysis";
    case custody::Action::returned:
      return standing.sealed ? "sealed" : "collected";
    case custody::Action::copied:
      return before == "sealed" ? "collected" : before;
    case custody::Action::collected:
    case custody::Action::destroyed:
      break;
  }
  return "collected";
}

std::string digest_note(std::string_view sha256, std::string_view method) {
  std::string out = std::string(kDigestNote) + std::string(sha256);
  return method.empty() ? out : out + "; " + std::string(method);
}

Result<> CustodyLog::open() {
  public_key_ = PHENDAU_TRY(ed25519_public_key(signing_key_));
  return {};
}

Result<std::string> CustodyLog::sign(std::string_view bytes) const {
  return ed25519_sign(signing_key_, bytes);
}

Result<std::vector<CustodyEntry>> custody_entries(ledger::Ledger& ledger, std::string_view item_id) {
  ledger::Query query;
  query.kind = kCustodyKind;
  query.filters.push_back({"item_id", ledger::FieldFilter::Op::equal, {Json(item_id)}});
  std::vector<CustodyEntry> out;
  const auto add = [&](const ledger::Record& record) -> Result<> {
    out.push_back({PHENDAU_TRY(custody::event_from(record.doc["event"])), record.doc["bag_id"].as_string(),
                   record.doc["tagmanifest_sha256"].as_string()});
    return {};
  };
  PHENDAU_TRY(ledger::each_record(ledger, ledger::by_id(std::move(query)), everything(), add));
  return out;
}

custody::Verdict judge_custody(const ledger::Record& item, const std::vector<CustodyEntry>& entries,
                               const std::string& public_key) {
  std::vector<custody::Event> chain;
  for (const auto& one : entries) chain.push_back(one.event);
  custody::Expected expected;
  expected.head = item.doc["custody_head"].as_string();
  expected.public_keys = {to_hex(public_key)};
  expected.signed_wholly = true;
  auto out = custody::verify(chain, expected);
  const std::string note = digest_note(item.doc["sha256"].as_string(), "");
  const bool names_bytes = !chain.empty() && chain.front().reason.starts_with(note);
  if (!out.broken && !names_bytes)
    out.broken = custody::Broken{item.doc["custody_id"].as_string(), 1,
                                 Error{ErrorCode::corrupt, "other bytes", "evidence.other_bytes", {}}};
  if (!out.broken && chain.front().item != item.doc["custody_id"].as_string())
    out.broken = custody::Broken{
        item.doc["custody_id"].as_string(), 1,
        Error{ErrorCode::corrupt, "another item", "custody.other_item", {chain.front().item}}};
  return out;
}

Result<custody::Event> CustodyLog::signed_event(const custody::Standing& standing,
                                                custody::Event draft) const {
  auto event = PHENDAU_TRY(custody::link(standing, std::move(draft)));
  event.public_key = to_hex(public_key_);
  event.signature = to_hex(PHENDAU_TRY(sign(custody::bytes_to_sign(event))));
  return event;
}

Result<CustodyStep> CustodyLog::begin(ledger::Write item, const CustodyAct& act) const {
  custody::Event draft;
  draft.item = item.doc["custody_id"].as_string();
  draft.at = act.at;
  draft.actor = act.person;
  draft.from = act.from;
  draft.to = act.to;
  draft.action = custody::Action::collected;
  draft.reason = digest_note(item.doc["sha256"].as_string(), act.reason);
  const auto event = PHENDAU_TRY(signed_event({}, std::move(draft)));
  CustodyStep out;
  out.standing = PHENDAU_TRY(custody::after({}, event));
  out.standing.hash = event.hash;
  set_standing(item.doc, out.standing);
  item.state = "collected";
  item.expected_version = 0;
  out.event = event_write(item, event);
  out.item = std::move(item);
  return out;
}

Result<CustodyStep> CustodyLog::step(const ledger::Record& item, const CustodyAct& act,
                                     std::span<const std::string> names) const {
  const auto verdict = judge(item, PHENDAU_TRY(entries_of(item.id)));
  if (verdict.broken)
    return fail(ErrorCode::corrupt, "the custody log of " + item.id + " does not hold",
                "evidence.chain_broken", {item.doc["number"].as_string()});
  const custody::Standing& before = verdict.standing;
  custody::Event draft;
  draft.item = item.doc["custody_id"].as_string();
  draft.at = act.at;
  draft.actor = act.person;
  draft.action = act.action;
  draft.reason = act.reason;
  if (act.action == custody::Action::handed_over || act.action == custody::Action::returned)
    draft.from = before.holder();
  if (act.action == custody::Action::handed_over || act.action == custody::Action::copied) draft.to = act.to;
  if (act.action == custody::Action::returned) {
    const std::size_t holders = before.holders.size();
    draft.to = !act.to.empty() || holders < 2 ? act.to : before.holders[holders - 2];
  }
  const auto event = PHENDAU_TRY(signed_event(before, std::move(draft)));
  CustodyStep out;
  out.standing = PHENDAU_TRY(custody::after(before, event));
  out.standing.hash = event.hash;
  out.item = ledger::rewrite(item, std::string(custody::to_string(act.action)));
  set_standing(out.item.doc, out.standing);
  set_act(out.item.doc, act, event);
  out.item.state = state_after(out.standing, act.action, item.state);
  const RegisterKind* kind = services_.pack.pack().reg(kItemKind);
  if (kind == nullptr) return fail(ErrorCode::not_found, "the pack keeps no evidence", "error.not_found");
  if (out.item.state != item.state) {
    PHENDAU_TRY(workflow::check_move(kind->lifecycle, item.state, out.item.state, kind->spec.schema,
                                     out.item.doc, true, names));
  } else if (!has_move(*kind, item.state, {names.begin(), names.end()})) {
    // An act that changes no state is for whoever could make one that does.
    return fail(ErrorCode::denied, "for others", "record.move_denied",
                {tr(Lang::vi, "custody.act." + std::string(custody::to_string(act.action)))});
  }
  out.event = event_write(out.item, event);
  return out;
}

}  // namespace phendau::hub

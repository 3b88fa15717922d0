// SPDX-License-Identifier: Apache-2.0
#include "hub/organisation_moves.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "hub/case_record.h"
#include "hub/devices.h"
#include "hub/obligations.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kUser = "user";
constexpr std::string_view kAttachmentKind = "attachment";
/// Writes of one transaction: other writers wait for about a second.
constexpr std::size_t kMovesPerBatch = 4'000;
constexpr std::size_t kDerivedPerBatch = 5'000;
static_assert(kMovesPerBatch + kDerivedPerBatch < ledger::kBatchWritesMax);

std::string key_of(std::string_view kind, std::string_view id) { return fmt::format("{}/{}", kind, id); }

std::map<std::string, std::string, std::less<>> heirs_of(const Json& act) {
  std::map<std::string, std::string, std::less<>> out;
  for (const auto& one : act["handover"].items()) out[one["from"].as_string()] = one["to"].as_string();
  return out;
}

std::string day_before(std::string_view day) {
  const auto date = parse_date(day);
  return date ? format_date(civil_from_days(days_from_civil(*date) - 1)) : std::string(day);
}

}  // namespace

bool stays_with_past(std::string_view kind, const Json& doc) {
  if (kind == "agency" || kind == kActKind || kind == kCloseKind || kind == "attestation" ||
      kind == "delivery")
    return true;
  // An agency that was excused is no more; who takes over asks anew. What excuses one machine goes with it.
  return kind == "exception" && doc["subject_id"].as_string().empty();
}

std::vector<std::string> kinds_that_move(const ledger::Ledger& ledger) {
  std::vector<std::string> out;
  for (const auto& kind : ledger.kinds()) {
    const bool past = stays_with_past(kind.name, Json::object({{"subject_id", "any"}}));
    if (!past && kind.name != kUser) out.push_back(kind.name);
  }
  return out;
}

OrganisationMoves::OrganisationMoves(Services& services, ledger::Record act, const Actor& actor)
    : services_(services),
      act_(std::move(act)),
      actor_(actor),
      day_(act_.doc["in_force"].as_string()),
      reason_(key_of(kActKind, act_.id)),
      heir_of_(heirs_of(act_.doc)),
      moved_(static_cast<std::uint64_t>(act_.doc["moved"].as_int())) {}

void OrganisationMoves::begin(std::vector<ledger::Write> writes) {
  head_ = std::move(writes);
  for (auto& write : head_) write.reason = reason_;
}

Result<> OrganisationMoves::run() {
  PHENDAU_TRY(move_assigned());
  PHENDAU_TRY(move_records());
  PHENDAU_TRY(move_users());
  PHENDAU_TRY(move_bindings());
  PHENDAU_TRY(move_references());
  return flush(true);
}

ledger::Write& OrganisationMoves::draft(const ledger::Record& record) {
  return pending_.try_emplace(key_of(record.kind, record.id), ledger::rewrite(record, reason_)).first->second;
}

Result<> OrganisationMoves::each_record(ledger::Query query,
                                        const std::function<Result<>(const ledger::Record&)>& each) {
  return ledger::each_record(services_.ledger, ledger::by_id(std::move(query)), everything(), each);
}

/// The transaction so far. The act comes first: who follows the ledger then knows what the rest means.
Result<> OrganisationMoves::flush(bool last) {
  ledger::WriteBatch batch;
  ledger::Write act = ledger::rewrite(act_, reason_);
  act.state = last ? "done" : "running";
  act.doc.set("moved", moved_ + pending_.size());
  act.doc.erase("problem");
  if (last) act.doc.set("carried_out_at", format_rfc3339(services_.env.now()));
  batch.writes.push_back(std::move(act));
  std::move(head_.begin(), head_.end(), std::back_inserter(batch.writes));
  head_.clear();
  for (auto& [key, write] : pending_) batch.writes.push_back(std::move(write));
  const std::size_t count = pending_.size();
  pending_.clear();
  batch.derived = std::exchange(derived_, {});
  const auto written = PHENDAU_TRY(services_.ledger.write_batch(batch, actor_, services_.env.now()));
  act_ = written.front().record;
  moved_ += count;
  return {};
}

Result<> OrganisationMoves::hand_over(const ledger::Record& record, const std::string& to) {
  ledger::Write& write = draft(record);
  if (write.agency_id == to) return {};
  const std::string from = std::exchange(write.agency_id, to);
  const std::string key = key_of(record.kind, record.id);
  const auto before = PHENDAU_TRY(services_.ledger.get_derived(kHandoverSpace, key));
  Json owners = before ? Json::array(before->doc["owners"].items()) : Json::array();
  owners.push(Json::object(
      {{"agency", from}, {"until", day_}, {"handed_over_at", format_rfc3339(services_.env.now())}}));
  derived_.push_back({std::string(kHandoverSpace), key, to, Json::object({{"owners", std::move(owners)}})});
  if (record.kind == "device") PHENDAU_TRY(move_facts(record.id, to));
  const bool full = pending_.size() >= kMovesPerBatch || derived_.size() >= kDerivedPerBatch / 2;
  return full ? flush(false) : Result<>();
}

/// What the machine said last follows it: its old owner's people need not be the new one's.
Result<> OrganisationMoves::move_facts(const std::string& device_id, const std::string& to) {
  for (const auto& row : PHENDAU_TRY(
           services_.ledger.list_derived(kFactSpace, device_id + "/", everything(), ledger::kListLimitMax))) {
    derived_.push_back({row.space, row.key, to, row.doc});
  }
  const auto beat = PHENDAU_TRY(services_.ledger.get_derived(kHeartbeatSpace, device_id));
  if (beat) derived_.push_back({std::string(kHeartbeatSpace), device_id, to, beat->doc});
  return {};
}

/// A record with its files, a case also with its timeline.
Result<> OrganisationMoves::give(const ledger::Record& record, const std::string& to) {
  PHENDAU_TRY(hand_over(record, to));
  const bool is_case = record.kind == kCaseKind;
  ledger::Query files;
  files.kind = kAttachmentKind;
  files.filters.push_back({is_case ? "case_id" : "record",
                           ledger::FieldFilter::Op::equal,
                           {Json(is_case ? record.id : key_of(record.kind, record.id))}});
  PHENDAU_TRY(each_record(std::move(files), [&](const ledger::Record& file) { return hand_over(file, to); }));
  if (!is_case) return {};
  for (const auto kind : {kCaseEntryKind, kCaseEffectKind}) {
    ledger::Query beside;
    beside.kind = kind;
    beside.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(record.id)}});
    PHENDAU_TRY(
        each_record(std::move(beside), [&](const ledger::Record& one) { return hand_over(one, to); }));
  }
  return {};
}

/// What the act gives to somebody by name, then the kinds that it gives as a whole.
Result<> OrganisationMoves::move_assigned() {
  const std::string& divided = act_.doc["agencies"].items().front().as_string();
  std::set<std::string, std::less<>> given;
  for (const auto& one : act_.doc["assign"].items()) {
    const std::string& kind = one["kind"].as_string();
    if (kind == kUser || one["id"].as_string().empty()) continue;
    given.insert(key_of(kind, one["id"].as_string()));
    const auto record = services_.ledger.get(kind, one["id"].as_string(), everything());
    if (record && record->agency_id == divided) PHENDAU_TRY(give(*record, one["to"].as_string()));
  }
  for (const auto& one : act_.doc["assign"].items()) {
    const std::string& kind = one["kind"].as_string();
    if (kind == kUser || !one["id"].as_string().empty()) continue;
    ledger::Query query;
    query.kind = kind;
    query.agency_ids = {divided};
    PHENDAU_TRY(each_record(std::move(query), [&](const ledger::Record& record) -> Result<> {
      if (given.contains(key_of(kind, record.id)) || stays_with_past(kind, record.doc)) return {};
      return give(record, one["to"].as_string());
    }));
  }
  return {};
}

Result<> OrganisationMoves::move_records() {
  for (const auto& [from, to] : heir_of_) {
    for (const auto& kind : kinds_that_move(services_.ledger)) {
      ledger::Query query;
      query.kind = kind;
      query.agency_ids = {from};
      PHENDAU_TRY(each_record(std::move(query), [&](const ledger::Record& record) -> Result<> {
        const bool given = pending_.contains(key_of(record.kind, record.id));
        if (given || stays_with_past(kind, record.doc)) return {};
        return hand_over(record, to);
      }));
    }
  }
  return {};
}

Result<> OrganisationMoves::move_users() {
  std::map<std::string, std::string> given;  // "": who is not named
  for (const auto& one : act_.doc["assign"].items()) {
    if (one["kind"].as_string() == kUser) given[one["id"].as_string()] = one["to"].as_string();
  }
  const std::string& divided = act_.doc["agencies"].items().front().as_string();
  ledger::Query query;
  query.kind = kUser;
  return each_record(std::move(query), [&](const ledger::Record& record) -> Result<> {
    Json ids = Json::array();
    for (const auto& id : record.doc["agency_ids"].items()) {
      std::string now = id.as_string();
      const auto heir = heir_of_.find(now);
      const auto part = given.contains(record.id) ? given.find(record.id) : given.find("");
      if (part != given.end() && now == divided)
        now = part->second;
      else if (heir != heir_of_.end())
        now = heir->second;
      const auto& known = ids.items();
      if (std::find(known.begin(), known.end(), Json(now)) == known.end()) ids.push(now);
    }
    if (ids == Json::array(record.doc["agency_ids"].items())) return {};
    ledger::Write& write = draft(record);
    write.agency_id = ids.size() == 1 ? ids.items().front().as_string() : std::string();
    write.doc.set("agency_ids", std::move(ids));
    return pending_.size() >= kMovesPerBatch ? flush(false) : Result<>();
  });
}

/// A slot was held until the day before, and is held by the successor from the day on.
Result<> OrganisationMoves::move_bindings() {
  if (services_.pack.pack().reg(kRoleBindingKind) == nullptr) return {};
  for (const auto& [from, to] : heir_of_) {
    ledger::Query query;
    query.kind = kRoleBindingKind;
    query.states = {"active"};
    query.filters.push_back({"agency_id", ledger::FieldFilter::Op::equal, {Json(from)}});
    PHENDAU_TRY(each_record(std::move(query), [&](const ledger::Record& record) -> Result<> {
      const std::string& until = record.doc["to"].as_string();
      ledger::Write& old = draft(record);
      old.state = "ended";
      if (!until.empty() && until < day_) return {};  // it was over by itself
      ledger::Query held;
      held.kind = kRoleBindingKind;
      held.states = {"active"};
      held.filters.push_back({"agency_id", ledger::FieldFilter::Op::equal, {Json(to)}});
      held.filters.push_back({"slot", ledger::FieldFilter::Op::equal, {record.doc["slot"]}});
      const bool has_it = PHENDAU_TRY(services_.ledger.count(held, everything())) > 0;
      ledger::Write made = ledger::rewrite(record, reason_);
      made.id = new_ulid(services_.env);
      made.agency_id = old.agency_id;
      made.expected_version = 0;
      made.doc.set("agency_id", to);
      if (made.doc["from"].as_string() < day_) {
        made.doc.set("from", day_).set("decision_number", act_.doc["decision_number"]);
        old.doc.set("to", day_before(day_));
      }
      const std::string slot_key =
          key_of(kRoleBindingKind, fmt::format("{}@{}", made.doc["slot"].as_string(), to));
      if (!has_it) pending_.try_emplace(slot_key, std::move(made));  // once, when two held it that became one
      return {};
    }));
  }
  return {};
}

/// Live records of others that name the agency name its successor.
Result<> OrganisationMoves::move_references() {
  if (heir_of_.empty()) return {};
  for (const auto& kind : services_.pack.pack().registers) {
    if (!kind.is_kept_by_people() || kind.spec.name == kRoleBindingKind) continue;
    std::vector<std::string> fields;
    for (const auto& [name, member] : kind.spec.schema["properties"].members()) {
      if (member["x-ref"].as_string() == "agency") fields.push_back(name);
    }
    if (fields.empty()) continue;
    ledger::Query query;
    query.kind = kind.spec.name;
    query.states = kind.lifecycle.states.empty() ? std::vector<std::string>() : kind.lifecycle.live;
    PHENDAU_TRY(each_record(std::move(query), [&](const ledger::Record& record) -> Result<> {
      for (const auto& field : fields) {
        const auto heir = heir_of_.find(record.doc[field].as_string());
        if (heir != heir_of_.end()) draft(record).doc.set(field, heir->second);
      }
      return pending_.size() >= kMovesPerBatch ? flush(false) : Result<>();
    }));
  }
  return {};
}

}  // namespace phendau::hub

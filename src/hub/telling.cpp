// SPDX-License-Identifier: Apache-2.0
#include "hub/telling.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "hub/case_parties.h"
#include "hub/case_record.h"
#include "hub/coordination.h"
#include "hub/record_checks.h"
#include "net/smtp_client.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kPositionSpace = "telling";
constexpr std::string_view kPositionKey = "position";
constexpr auto kLookEvery = std::chrono::seconds(1);
constexpr std::size_t kChangesPerLook = 1'000;
constexpr std::size_t kHistoryRead = 2;  // the change and what was before
constexpr std::size_t kPeopleMax = 20;   // of one agency and register
constexpr std::size_t kDeliveriesPerBatch = 1'000;
constexpr std::string_view kLeadSlot = "lead_department";
constexpr std::string_view kOfficerRegister = "officer";
constexpr std::string_view kHeadRegister = "head";

/// Where the portal shows it.
std::string path_of(std::string_view kind, std::string_view id) {
  if (kind == kCaseKind) return "/su-co/" + std::string(id);
  if (kind == "incident_report") return "/tin-bao/" + std::string(id);
  if (kind == "paper") return "/giay-to/" + std::string(id);
  if (kind == "warning") return "/thong-bao-nguy-co/" + std::string(id);
  return "/so-dang-ky/" + std::string(kind) + "/" + std::string(id);
}

/// What the office calls it; the end of its id until it has a number.
std::string number_of(const ledger::Record& record) {
  constexpr std::size_t kTail = 6;
  const std::string& number = record.doc["number"].as_string();
  if (!number.empty()) return number;
  return record.id.size() <= kTail ? record.id : record.id.substr(record.id.size() - kTail);
}

std::string level_of(const ledger::Record& record) {
  for (const auto* name : {"severity", "level"}) {
    const Json& value = record.doc[name];
    if (value.is_string()) return value.as_string();
    if (value.is_int()) return std::to_string(value.as_int());
  }
  return {};
}

std::string filled(std::string text, const std::vector<std::pair<std::string_view, std::string>>& marks) {
  for (const auto& [mark, value] : marks) text = replace_all(text, mark, value);
  return text;
}

/// For who calls: the number, then the one out of hours.
std::string numbers_of(std::string_view phone, std::string_view night) {
  std::string day = phone_number(phone, kPhoneChannel);
  const std::string late = phone_number(night, kPhoneChannel);
  if (late.empty() || late == day) return day;
  return day.empty() ? late : tr(Lang::vi, "notice.phone_night", {day, late});
}

bool is_among(const std::vector<std::string>& list, std::string_view one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

}  // namespace

/// Somebody to be told: an account, or a person whom an agency registered.
struct Telling::Reader {
  Actor actor;         // as whom the record would be read
  std::string agency;  // whose people
  std::string user;    // of an account
  std::string person;  // "officer/ID"
  std::string name;
  std::string email;
  std::string phone;
  std::string night;              // number out of hours, for who calls
  std::vector<std::string> ways;  // besides the portal
  std::string deputy;             // of an officer: name
  std::string deputy_phone;
  bool is_focal = false;
};

struct Telling::People {
  std::vector<Account> accounts;
  std::multimap<std::string, std::string, std::less<>> bodies_of_slot;
};

/// One agency was told one thing.
struct Telling::Round {
  std::string notice;
  std::string about;
  std::string agency;
  std::string key;
  UtcTime told_at;              // the first of them
  bool confirmed = false;       // somebody has read or answered it
  std::set<std::string> steps;  // that were told already
};

void Telling::start() {
  worker_.start(kLookEvery, [this] {
    auto told = look();
    if (told && services_.env.now() >= next_look_) {
      next_look_ = services_.env.now() + kTellNextEvery;
      told = tell_next();
    }
    if (!told) PHENDAU_LOG(warn, "notices_not_sent", {"error", told.error().message});
  });
}

Result<> Telling::open() {
  const std::lock_guard lock(mu_);
  const auto row = PHENDAU_TRY(services_.ledger.get_derived(kPositionSpace, kPositionKey));
  if (row) {
    seq_ = static_cast<std::uint64_t>(row->doc["seq"].as_int());
    return {};
  }
  seq_ = PHENDAU_TRY(services_.ledger.head()).seq;
  return services_.ledger.put_derived(kPositionSpace, kPositionKey, "", Json::object({{"seq", seq_}}),
                                      services_.env.now());
}

Result<std::size_t> Telling::look() {
  const std::lock_guard lock(mu_);
  std::size_t told = 0;
  for (;;) {
    const auto changes = PHENDAU_TRY(services_.ledger.changes_since(seq_, kChangesPerLook));
    if (changes.empty()) return told;
    std::vector<DeliveryWrite> out;
    PHENDAU_TRY(tell_changes(changes, out));
    PHENDAU_TRY(write(out));
    told += out.size();
    seq_ = changes.back().seq;
    // Written each time: who is registered later must not be told of an old case after a restart.
    PHENDAU_TRY(services_.ledger.put_derived(kPositionSpace, kPositionKey, "", Json::object({{"seq", seq_}}),
                                             services_.env.now()));
    if (out.empty() && changes.size() < kChangesPerLook) return told;
  }
}

Result<Telling::People> Telling::people_now() {
  People out;
  for (auto& account : PHENDAU_TRY(accounts_.list(system_actor()))) {
    if (!account.locked) out.accounts.push_back(std::move(account));
  }
  out.bodies_of_slot = PHENDAU_TRY(bodies_of_slots(services_));
  return out;
}

Result<std::size_t> Telling::tell_now(std::string_view notice, const ledger::Record& record,
                                      std::string_view key, std::vector<std::string> to, const Marks& more) {
  const NoticeRule* found = services_.pack.pack().notice(notice);
  if (found == nullptr) return fail(ErrorCode::not_found, "no notice " + std::string(notice));
  NoticeRule rule = *found;
  if (!to.empty()) rule.to = std::move(to);
  const std::lock_guard lock(mu_);
  People people = PHENDAU_TRY(people_now());
  std::vector<DeliveryWrite> out;
  PHENDAU_TRY(tell(rule, record, key, people, out, more));
  PHENDAU_TRY(write(out));
  return out.size();
}

Result<> Telling::tell_changes(const std::vector<ledger::Change>& changes, std::vector<DeliveryWrite>& out) {
  const auto& rules = services_.pack.pack().notices;
  std::set<std::string, std::less<>> kinds;
  for (const auto& rule : rules) kinds.insert(rule.reg);
  std::optional<People> people;
  for (const auto& change : changes) {
    if (!kinds.contains(change.kind) || change.type != ledger::Change::Type::write) continue;
    const auto entries = PHENDAU_TRY(
        services_.ledger.history(change.kind, change.record_id, everything(), change.seq + 1, kHistoryRead));
    if (entries.empty() || entries.front().change.seq != change.seq) continue;
    const std::string& state = entries.front().state;
    const std::string before = entries.size() > 1 ? entries[1].state : std::string();
    for (const auto& rule : rules) {
      const bool is_new = is_among(rule.states, state) && !is_among(rule.states, before);
      if (rule.reg != change.kind || !is_new) continue;
      if (!people) people = PHENDAU_TRY(people_now());
      const auto record = services_.ledger.get(change.kind, change.record_id, everything());
      if (!record) continue;
      PHENDAU_TRY(tell(rule, *record, std::to_string(change.seq), *people, out));
    }
  }
  return {};
}

Result<std::vector<Telling::Round>> Telling::rounds_since(UtcTime from) {
  std::vector<Json> wanted;
  for (const auto& rule : services_.pack.pack().notices) wanted.emplace_back(rule.id);
  ledger::Query query;
  query.kind = kDeliveryKind;
  query.filters.push_back({"notice", ledger::FieldFilter::Op::any_of, std::move(wanted)});
  query.order_by = "created_at";
  query.limit = ledger::kListLimitMax;
  std::map<std::string, Round> rounds;
  for (std::size_t seen = 0;;) {
    const auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
    for (const auto& one : page.records) {
      const Json& doc = one.doc;
      if (one.created_at < from || ++seen > kDeliveriesLookedAtMax) {
        query.cursor.clear();
        break;
      }
      query.cursor = page.next_cursor;
      if (!doc["round"].is_string() || one.agency_id.empty()) continue;
      const std::string& notice = doc["notice"].as_string();
      const std::string& about = doc["about"].as_string();
      const std::string& key = doc["round"].as_string();
      Round& round = rounds[join({notice, about, one.agency_id, key}, "|")];
      round.notice = notice;
      round.about = about;
      round.agency = one.agency_id;
      round.key = key;
      round.told_at = one.created_at;  // the newest come first
      round.confirmed = round.confirmed || one.state == "read" || one.state == "answered";
      if (const std::string& step = doc["step"].as_string(); !step.empty()) round.steps.insert(step);
    }
    if (page.records.empty() || query.cursor.empty()) break;
  }
  std::vector<Round> out;
  for (auto& [name, round] : rounds) out.push_back(std::move(round));
  return out;
}

Result<std::size_t> Telling::tell_next() {
  const std::lock_guard lock(mu_);
  if (services_.pack.pack().notice_steps.empty()) return 0;
  const UtcTime now = services_.env.now();
  std::optional<People> people;
  std::vector<DeliveryWrite> out;
  for (const auto& round : PHENDAU_TRY(rounds_since(now - kTellNextAgeMax))) {
    if (!round.confirmed) PHENDAU_TRY(tell_round(round, people, now, out));
  }
  PHENDAU_TRY(write(out));
  return out.size();
}

Result<> Telling::tell_round(const Round& round, std::optional<People>& people, UtcTime now,
                             std::vector<DeliveryWrite>& out) {
  const Pack& pack = services_.pack.pack();
  const NoticeRule* notice = pack.notice(round.notice);
  if (notice == nullptr || notice->is_of_clock()) return {};
  const std::size_t slash = std::min(round.about.find('/'), round.about.size());
  for (const auto& step : pack.notice_steps) {
    const bool is_due = now >= round.told_at + step.after && !round.steps.contains(step.id);
    if (!is_due || (!step.of.empty() && !is_among(step.of, round.notice))) continue;
    const auto record =
        slash == round.about.size()
            ? Result<ledger::Record>(fail(ErrorCode::not_found, "about nothing"))
            : services_.ledger.get(round.about.substr(0, slash), round.about.substr(slash + 1), everything());
    // Answered, withdrawn, closed: there is nothing left to be read.
    if (!record || (!notice->states.empty() && !is_among(notice->states, record->state))) return {};
    NoticeRule rule = *notice;
    rule.to = step.to;
    if (!step.channels.empty())
      rule.channels = step.channels;
    else if (!is_among(rule.channels, std::string(kPhoneChannel)))
      rule.channels.emplace_back(kPhoneChannel);
    if (!people) people = PHENDAU_TRY(people_now());
    const Next next{step, round};
    PHENDAU_TRY(tell(rule, *record, round.key + "/" + step.id, *people, out, {}, &next));
  }
  return {};
}

/// Deputies of an agency's focal points (of its officers, if it has none), or their numbers out of hours.
Result<> Telling::add_next(const std::string& to, const std::string& agency, const People& people,
                           std::vector<Reader>& out) {
  std::vector<Reader> all;
  PHENDAU_TRY(add_registered(agency, kOfficerRegister, Role::agency_officer, all));
  std::vector<Reader> asked;
  for (const auto& reader : all) {
    if (reader.is_focal) asked.push_back(reader);
  }
  for (auto& reader : asked.empty() ? all : asked) {
    if (to == "out_of_hours") {
      Reader late = reader;
      late.phone = std::exchange(late.night, "");
      late.email.clear();
      late.person.clear();  // sent again it goes to the same number
      if (!is_among(late.ways, std::string(kPhoneChannel))) late.ways.emplace_back(kPhoneChannel);
      out.push_back(std::move(late));
      continue;
    }
    if (reader.deputy.empty()) continue;
    const auto named = std::find_if(all.begin(), all.end(),
                                    [&](const Reader& other) { return other.name == reader.deputy; });
    if (named != all.end()) out.push_back(*named);
    for (const auto& account : people.accounts) {
      if (account.full_name == reader.deputy && belongs_to(account, agency))
        out.push_back(reader_of(account, agency));
    }
    if (reader.deputy_phone.empty()) continue;
    Reader deputy = reader;
    deputy.name = reader.deputy;
    deputy.phone = reader.deputy_phone;
    deputy.ways = {"sms", "zalo", "phone"};
    deputy.email.clear();
    deputy.night.clear();
    deputy.person.clear();
    out.push_back(std::move(deputy));
  }
  return {};
}

Result<> Telling::add_registered(std::string_view agency_id, std::string_view reg, Role role,
                                 std::vector<Reader>& out) {
  if (services_.pack.pack().reg(reg) == nullptr) return {};
  ledger::Query query;
  query.kind = reg;
  query.states = {"active"};
  query.agency_ids = {std::string(agency_id)};
  query.limit = kPeopleMax;
  for (const auto& record : PHENDAU_TRY(services_.ledger.list(query, everything())).records) {
    Reader reader;
    reader.actor.role = role;
    reader.actor.agency_ids = {std::string(agency_id)};
    reader.agency = agency_id;
    reader.person = std::string(reg) + "/" + record.id;
    reader.name = record.doc["full_name"].as_string();
    reader.email = trim(record.doc["email"].as_string());
    reader.phone = trim(record.doc["phone"].as_string());
    const std::string night(trim(record.doc["out_of_hours_phone"].as_string()));
    reader.ways = {"mail", "sms", "zalo", "phone"};
    if (const Json& chosen = record.doc["notice_ways"]; chosen.size() > 0) reader.ways = texts_from(chosen);
    reader.night = night;
    reader.deputy = trim(record.doc["deputy"].as_string());
    reader.deputy_phone = trim(record.doc["deputy_phone"].as_string());
    reader.is_focal = is_focal_point(record);
    out.push_back(std::move(reader));
  }
  return {};
}

Telling::Reader Telling::reader_of(const Account& account, std::string_view agency_id) {
  Reader out;
  out.actor = actor_of(account, "");
  out.agency = agency_id;
  out.user = account.username;
  out.name = account.full_name;
  const NoticeChoice choice = deliveries_.choice_of(account.username);
  out.email = choice.email;
  out.phone = choice.phone;
  out.ways = choice.ways;
  return out;
}

Result<std::vector<Telling::Reader>> Telling::readers_of(const NoticeRule& rule, const ledger::Record& record,
                                                         const std::vector<std::string>& agencies,
                                                         People& people) {
  std::vector<Reader> out;
  const auto add_accounts = [&](Role role, std::string_view agency_id) {
    std::size_t count = 0;
    for (const auto& account : people.accounts) {
      if (account.role != role || (!agency_id.empty() && !belongs_to(account, agency_id))) continue;
      out.push_back(reader_of(account, agency_id));
      ++count;
    }
    return count;
  };
  const auto add_body = [&](const std::string& body) -> Result<std::size_t> {
    std::size_t count = 0;
    for (const Role role : {Role::agency_officer, Role::agency_head, Role::partner})
      count += add_accounts(role, body);
    PHENDAU_TRY(add_registered(body, kOfficerRegister, Role::agency_officer, out));
    PHENDAU_TRY(add_registered(body, kHeadRegister, Role::agency_head, out));
    return count;
  };
  const auto add_slot = [&](std::string_view slot) -> Result<> {
    std::size_t count = 0;
    const auto [begin, end] = people.bodies_of_slot.equal_range(slot);
    for (auto body = begin; body != end; ++body) count += PHENDAU_TRY(add_body(body->second));
    // The province's people stand in for a lead department without people of its own.
    if (count == 0 && slot == kLeadSlot) add_accounts(Role::province_operator, "");
    return {};
  };
  for (const auto& to : rule.to) {
    if (to.starts_with(kSlotPrefix)) {
      PHENDAU_TRY(add_slot(std::string_view(to).substr(kSlotPrefix.size())));
    } else if (to == "addressee") {
      const auto kind = services_.ledger.kind(record.kind);
      if (!kind) continue;
      for (const auto& body : ledger::addressees_of(*kind, record.state, record.doc)) {
        if (body.starts_with(kSlotPrefix)) {
          PHENDAU_TRY(add_slot(std::string_view(body).substr(kSlotPrefix.size())));
        } else {
          PHENDAU_TRY(add_body(body));
        }
      }
    } else if (to == "party") {
      for (const auto& body : party_agencies(record, CaseRight::notices)) PHENDAU_TRY(add_body(body));
    } else if (to == "province_operator") {
      add_accounts(Role::province_operator, "");
    } else if (to == "deputy" || to == "out_of_hours") {
      for (const auto& agency : agencies) PHENDAU_TRY(add_next(to, agency, people, out));
    } else {
      const bool is_head = to == "agency_head";
      const Role role = is_head ? Role::agency_head : Role::agency_officer;
      for (const auto& agency : agencies) {
        // Partners stand in for officers of a body that has none.
        if (add_accounts(role, agency) == 0 && !is_head) add_accounts(Role::partner, agency);
        PHENDAU_TRY(add_registered(agency, is_head ? kHeadRegister : kOfficerRegister, role, out));
      }
    }
  }
  return out;
}

bool Telling::may_read(const Reader& reader, const ledger::Record& record) {
  const RegisterKind* kind = services_.pack.pack().reg(record.kind);
  if (kind == nullptr) return false;
  const Scope scope = record.kind == kCaseKind ? authorize_case(reader.actor, CaseRight::notices)
                      : record.kind == "incident_report"
                          ? authorize(reader.actor, Action::read, Resource::incident)
                          : record_scope(services_, reader.actor, Action::read, *kind, record.state);
  return !scope.allows_nothing() && services_.ledger.get(record.kind, record.id, scope).has_value();
}

/// The agency as whose the reader may read the record; none: may not. What is told is kept for that agency's
/// people: who belongs to several is not told as one what another reads.
std::optional<std::string> Telling::read_as(const Reader& reader, const ledger::Record& record) {
  if (reader.actor.agency_ids.size() < 2) {
    if (may_read(reader, record)) return reader.agency;
    return std::nullopt;
  }
  std::vector<std::string> agencies = {reader.agency};
  for (const auto& one : reader.actor.agency_ids) {
    if (one != reader.agency) agencies.push_back(one);
  }
  for (const auto& agency : agencies) {
    Reader alone = reader;
    alone.actor.agency_ids = {agency};
    if (!agency.empty() && may_read(alone, record)) return agency;
  }
  return std::nullopt;
}

Result<> Telling::tell(const NoticeRule& rule, const ledger::Record& record, std::string_view key,
                       People& people, std::vector<DeliveryWrite>& out, const Marks& more, const Next* next) {
  const std::string about = record.kind + "/" + record.id;
  const std::vector<std::pair<std::string_view, std::string>> marks = {
      {"{number}", number_of(record)},
      {"{level}", level_of(record)},
      {"{agency}", agency_name(services_, record.agency_id)},
      {"{title}", record.doc["title"].as_string()}};
  // A drill must never be taken for the real thing, by whom it reaches by mistake either.
  const bool drill = is_of_exercise(services_, record.doc);
  const auto marked = [&](std::string text) {
    if (next != nullptr) text = tr(Lang::vi, "notice.unanswered", {text});
    return drill ? tr(Lang::vi, "case.exercise_mark") + text : text;
  };
  std::vector<std::string> agencies = {record.agency_id};
  if (!rule.agencies.empty()) agencies = texts_from(record.doc[rule.agencies]);
  if (next != nullptr) agencies = {next->round.agency};
  const std::string title = marked(filled(rule.title.vi, {marks[0], marks[1]}));
  const std::string brief = marked(filled(rule.short_text.vi, {marks[0], marks[1]}));
  const std::string whole = marked(filled(filled(rule.text.vi, more), marks));
  std::set<std::string> seen;  // nobody is told twice by one way
  for (const auto& reader : PHENDAU_TRY(readers_of(rule, record, agencies, people))) {
    const auto as = read_as(reader, record);
    const std::string& words = as ? whole : brief;
    for (const auto& channel : rule.channels) {
      const bool is_portal = channel == kPortalChannel;
      if (is_portal ? reader.user.empty() : !is_among(reader.ways, channel)) continue;
      if (!is_portal && channel != kPhoneChannel && !deliveries_.has(channel)) continue;
      const std::string address = is_portal                  ? reader.user
                                  : channel == kMailChannel  ? reader.email
                                  : channel == kPhoneChannel ? numbers_of(reader.phone, reader.night)
                                                             : phone_number(reader.phone, channel);
      if (address.empty() || (channel == kMailChannel && !net::is_mail_address(address))) continue;
      if (!seen.insert(channel + "|" + address).second) continue;
      DeliveryWrite one;
      one.key = rule.id + "|" + about + "|" + std::string(key) + "|" + channel + "|" + address;
      one.channel = channel;
      one.agency_id = as.value_or(reader.agency);
      one.round = next != nullptr ? next->round.key : std::string(key);
      if (next != nullptr) one.step = next->step.id;
      one.to_user = reader.user;
      one.person = reader.person;
      one.name = reader.name;
      one.address = is_portal ? "" : address;
      one.notice = rule.id;
      one.about = about;
      one.subject = title;
      one.text = is_portal ? words : brief;
      if (channel == kMailChannel) {
        one.subject = tr(Lang::vi, "notice.mail_subject", {title});
        one.text = words + "\n\n" +
                   tr(Lang::vi, "notice.mail_end",
                      {public_host(services_.config) + path_of(record.kind, record.id)}) +
                   "\n";
      }
      out.push_back(std::move(one));
    }
  }
  return {};
}

Result<> Telling::write(const std::vector<DeliveryWrite>& deliveries) {
  const UtcTime now = services_.env.now();
  std::vector<NoticeWrite> told;
  for (std::size_t begin = 0; begin < deliveries.size(); begin += kDeliveriesPerBatch) {
    ledger::WriteBatch batch;
    const std::size_t end = std::min(begin + kDeliveriesPerBatch, deliveries.size());
    for (std::size_t i = begin; i < end; ++i) {
      const DeliveryWrite& one = deliveries[i];
      const std::size_t before = batch.writes.size();
      const std::string id = PHENDAU_TRY(deliveries_.add(batch, one, now));
      if (batch.writes.size() == before || one.channel != kPortalChannel) continue;
      NoticeWrite notice{one.to_user, one.key, "notice", one.text, "", one.agency_id};
      notice.about = one.about;
      notice.delivery = id;
      batch.derived.push_back(Notices::row_of(notice, now));
      told.push_back(std::move(notice));
    }
    if (!batch.writes.empty()) PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
  }
  if (!told.empty()) notices_.delivered(told);
  if (!deliveries.empty()) deliveries_.poke();
  return {};
}

}  // namespace phendau::hub

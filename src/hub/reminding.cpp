// SPDX-License-Identifier: Apache-2.0
#include "hub/reminding.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/text.h"
#include "hub/duties.h"
#include "hub/duty_actions.h"
#include "net/smtp_client.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kDutiesPerRead = 1'000;

/// Classes of people in packs as roles of accounts; a pack may also name the role of the account itself.
struct PersonClass {
  std::string_view name;
  Role role;
};
constexpr PersonClass kPersonClasses[] = {
    {"it_officer", Role::agency_officer}, {"agency_head", Role::agency_head}, {"staff", Role::staff}};

/// Registers in which an agency names the people of a class, with their addresses.
struct AddressBook {
  std::string_view name;
  std::string_view reg;
};
constexpr AddressBook kAddressBooks[] = {{"it_officer", "officer"}, {"agency_head", "head"}};
constexpr std::size_t kAddressesMax = 20;  // of one agency and class
constexpr std::string_view kReminderNotice = "reminder";

std::optional<Role> role_of(std::string_view to) {
  for (const auto& one : kPersonClasses) {
    if (one.name == to) return one.role;
  }
  return role_from(to);
}

/// "DUTY|2026-11-14|before:7|ROLE": the day, and the duty before it.
struct SentKey {
  std::string_view duty;
  std::string_view day;
};
std::optional<SentKey> parse_key(std::string_view key) {
  for (int i = 0; i < 2; ++i) {
    const std::size_t bar = key.rfind('|');
    if (bar == std::string_view::npos) return std::nullopt;
    key = key.substr(0, bar);
  }
  const std::size_t bar = key.rfind('|');
  if (bar == std::string_view::npos) return std::nullopt;
  return SentKey{key.substr(0, bar), key.substr(bar + 1)};
}

}  // namespace

struct Reminding::People {
  std::vector<Account> accounts;  // that can sign in
  std::string lead;
  std::multimap<std::string, std::string, std::less<>> bodies_of_slot;

  std::vector<std::string> of(Role role, std::string_view agency_id) const {
    std::vector<std::string> out;
    for (const auto& account : accounts) {
      const auto& own = account.agency_ids;
      const bool belongs = agency_id.empty() || std::find(own.begin(), own.end(), agency_id) != own.end();
      if (account.role == role && belongs) out.push_back(account.username);
    }
    return out;
  }
};

Result<> Reminding::open() {
  const std::lock_guard lock(mu_);
  std::string after;
  for (;;) {
    const auto rows =
        PHENDAU_TRY(services_.ledger.list_derived(kSentSpace, "", everything(), kDutiesPerRead, after));
    for (const auto& row : rows) sent_.insert(row.key);
    if (rows.size() < kDutiesPerRead) return {};
    after = rows.back().key;
  }
}

Result<std::size_t> Reminding::run(UtcTime now) {
  const comply::ReminderPlan& plan = services_.pack.pack().reminders;
  constexpr auto kWanted = static_cast<std::uint16_t>(1U << static_cast<unsigned>(Status::due) |
                                                      1U << static_cast<unsigned>(Status::overdue));
  const std::lock_guard lock(mu_);
  std::vector<comply::ReminderDuty> duties;
  std::set<std::string, std::less<>> open_duties;
  for (const auto& duty : obligations_.duties({}, kWanted)) {
    if (duty.due_at == comply::kNever) continue;
    comply::ReminderDuty one;
    one.obligation_id = duty.id();
    one.agency_id = duty.agency_id;
    one.title = name_of(duty);
    one.due = due_day_of(*duty.part, duty.due_at);
    one.open = comply::wants_reminder(duty.status);
    open_duties.insert(one.obligation_id);
    duties.push_back(std::move(one));
  }
  const auto due = comply::notices_due(plan, duties, sent_, now, kHubZone);
  forget(open_duties, now);
  if (due.empty()) return std::size_t{0};
  const auto told = PHENDAU_TRY(send(due, now));
  notices_.delivered(told);
  return told.size();
}

/// By role; the province's people stand in for a lead department without officers of its own, and partners
/// for their bodies.
std::vector<std::string> Reminding::readers_of(const comply::Notice& notice, const People& people) {
  constexpr std::string_view kSlot = "role:";
  if (notice.to.starts_with(kSlot)) {
    std::vector<std::string> out;
    const auto [begin, end] = people.bodies_of_slot.equal_range(notice.to.substr(kSlot.size()));
    for (auto body = begin; body != end; ++body) {
      for (const Role role : {Role::agency_officer, Role::agency_head, Role::partner}) {
        for (auto& person : people.of(role, body->second)) out.push_back(std::move(person));
      }
    }
    return out;
  }
  const auto role = role_of(notice.to);
  if (!role) return {};
  const bool of_province = notice.agency_id.empty() || notice.agency_id == people.lead;
  const std::string& body = notice.agency_id.empty() ? people.lead : notice.agency_id;
  if (*role == Role::province_operator || *role == Role::administrator) return people.of(*role, "");
  auto out = body.empty() ? std::vector<std::string>() : people.of(*role, body);
  if (out.empty() && *role == Role::agency_officer && !body.empty()) out = people.of(Role::partner, body);
  if (out.empty() && *role == Role::agency_officer && of_province)
    out = people.of(Role::province_operator, "");
  return out;
}

Result<std::vector<NoticeWrite>> Reminding::send(const std::vector<comply::Notice>& due, UtcTime now) {
  People people;
  for (auto& account : PHENDAU_TRY(accounts_.list(system_actor()))) {
    if (!account.locked) people.accounts.push_back(std::move(account));
  }
  people.lead = records_.province_agency().value_or(std::string());
  people.bodies_of_slot = PHENDAU_TRY(bodies_of_slots(services_));
  std::vector<NoticeWrite> told;
  std::vector<std::string> keys;
  Mails mails;
  std::size_t sentences = 0;  // of mails
  ledger::WriteBatch batch;
  for (const auto& notice : due) {
    if (told.size() + sentences >= notices_per_run) break;
    const auto readers = readers_of(notice, people);
    const auto addresses = addresses_of(notice, people);
    if (readers.empty() && addresses.empty()) continue;
    for (const auto& address : addresses) {
      Mail& mail = mails.try_emplace({address.address, address.agency_id}, Mail{address, {}}).first->second;
      ++sentences;
      mail.sentences.push_back(comply::text_of(Lang::vi, notice, kHubZone));
    }
    for (const auto& reader : readers) {
      told.push_back({reader, notice.key, std::string(comply::to_string(notice.kind)),
                      comply::text_of(Lang::vi, notice, kHubZone), notice.obligation_id, notice.agency_id});
      batch.derived.push_back(Notices::row_of(told.back(), now));
    }
    keys.push_back(notice.key);
    batch.derived.push_back({std::string(kSentSpace), notice.key, notice.agency_id,
                             Json::object({{"at", format_rfc3339(now)}, {"readers", readers.size()}})});
  }
  PHENDAU_TRY(add_mails(mails, now, batch));
  if (!batch.derived.empty()) PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
  sent_.insert(keys.begin(), keys.end());
  if (!mails.empty()) deliveries_.poke();
  return told;
}

std::vector<DeliveryWrite> Reminding::addresses_of(const comply::Notice& notice, const People& people) {
  std::vector<DeliveryWrite> out;
  if (!deliveries_.has(kMailChannel)) return out;
  std::string_view kind;
  for (const auto& one : kAddressBooks) {
    if (one.name == notice.to) kind = one.reg;
  }
  const std::string& body = notice.agency_id.empty() ? people.lead : notice.agency_id;
  if (kind.empty() || body.empty() || services_.pack.pack().reg(kind) == nullptr) return out;
  ledger::Query query;
  query.kind = kind;
  query.states = {"active"};
  query.agency_ids = {body};
  query.limit = kAddressesMax;
  const auto page = services_.ledger.list(query, everything());
  if (!page) return out;
  for (const auto& record : page->records) {
    const auto ways = texts_from(record.doc["notice_ways"]);
    if (!ways.empty() && std::find(ways.begin(), ways.end(), kMailChannel) == ways.end()) continue;
    DeliveryWrite mail;
    mail.address = trim(record.doc["email"].as_string());
    const bool is_known =
        std::any_of(out.begin(), out.end(), [&](const auto& other) { return other.address == mail.address; });
    if (is_known || !net::is_mail_address(mail.address)) continue;
    mail.channel = kMailChannel;
    mail.agency_id = body;
    mail.person = std::string(kind) + "/" + record.id;
    mail.name = record.doc["full_name"].as_string();
    mail.notice = kReminderNotice;
    out.push_back(std::move(mail));
  }
  return out;
}

/// One mail per address and body for all of this run.
Result<> Reminding::add_mails(Mails& mails, UtcTime now, ledger::WriteBatch& batch) {
  for (auto& [to, mail] : mails) {
    mail.write.key = to.first + "|" + to.second + "|" + format_rfc3339(now);
    mail.write.subject = tr(Lang::vi, "duty.mail_subject", {std::to_string(mail.sentences.size())});
    mail.write.text = "- " + join(mail.sentences, "\n- ") + "\n\n" +
                      tr(Lang::vi, "duty.mail_end", {public_host(services_.config)}) + "\n";
    PHENDAU_TRY(deliveries_.add(batch, mail.write, now));
  }
  return {};
}

void Reminding::forget(const std::set<std::string, std::less<>>& open_duties, UtcTime now) {
  const std::string oldest = format_date(to_civil(now - days(kSentKeptDays), kHubZone).date);
  ledger::WriteBatch batch;
  for (const auto& key : sent_) {
    const auto parsed = parse_key(key);
    if (parsed && (parsed->day >= oldest || open_duties.contains(parsed->duty))) continue;
    if (batch.derived.size() >= kNoticesPerRun) break;
    batch.derived.push_back({std::string(kSentSpace), key, "", std::nullopt});
  }
  if (batch.derived.empty()) return;
  if (const auto written = services_.ledger.write_batch(batch, system_actor(), now); !written) {
    PHENDAU_LOG(warn, "reminders_not_forgotten", {"error", written.error().message});
    return;
  }
  for (const auto& row : batch.derived) sent_.erase(row.key);
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "hub/mailer.h"

#include <algorithm>
#include <chrono>

#include "base/hash.h"
#include "base/log.h"

namespace phendau::hub {
namespace {

/// Looks again this often although nobody poked: a clock that was set, a row of before a restart.
constexpr int kLookAgainSeconds = 30;

Duration pause_after(int tries) {
  Duration out = kMailRetryFirst;
  for (int i = 1; i < tries && out < kMailRetryMax; ++i) out = {out.ns * 3};
  return std::min(out, kMailRetryMax);
}

}  // namespace

Mailer::Mailer(Services& services, Send send) : services_(services), send_(std::move(send)) {}
Mailer::~Mailer() { stop(); }

void Mailer::start() {
  if (is_on()) thread_ = std::thread([this] { run(); });
}

void Mailer::stop() {
  {
    const std::lock_guard lock(mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Mailer::poke() {
  {
    const std::lock_guard lock(mu_);
    poked_ = true;
  }
  wake_.notify_all();
}

MailCounts Mailer::counts() const {
  const std::lock_guard lock(mu_);
  return counts_;
}

ledger::DerivedWrite Mailer::row_of(std::string_view key, const std::string& to, const std::string& subject,
                                    const std::string& text, UtcTime now) {
  return {std::string(kMailSpace), sha256_hex(key), "",
          Json::object({{"to", to},
                        {"subject", subject},
                        {"text", text},
                        {"at", format_rfc3339(now)},
                        {"tries", 0},
                        {"next_at", format_rfc3339(now)}})};
}

void Mailer::run() {
  for (;;) {
    const auto next = run_once(services_.env.now());
    if (!next) PHENDAU_LOG(warn, "mails_not_read", {"error", next.error().message});
    std::unique_lock lock(mu_);
    wake_.wait_for(lock, std::chrono::seconds(kLookAgainSeconds), [&] { return stopping_ || poked_; });
    if (stopping_) return;
    poked_ = false;
  }
}

Result<std::optional<UtcTime>> Mailer::run_once(UtcTime now) {
  const auto rows =
      PHENDAU_TRY(services_.ledger.list_derived(kMailSpace, "", everything(), ledger::kListLimitMax));
  std::optional<UtcTime> next;
  std::uint64_t left = rows.size();
  for (const auto& row : rows) {
    {
      const std::lock_guard lock(mu_);
      if (stopping_) return next;
    }
    const auto due = parse_rfc3339(row.doc["next_at"].as_string());
    const bool waits = due && *due > now;
    const auto again = waits ? std::optional<UtcTime>(*due) : PHENDAU_TRY(send_one(row, now));
    if (again) next = next ? std::min(*next, *again) : *again;
    if (!again) --left;
  }
  const std::lock_guard lock(mu_);
  counts_.waiting = left;
  return next;
}

Result<std::optional<UtcTime>> Mailer::send_one(const ledger::Derived& row, UtcTime now) {
  net::Mail mail;
  mail.id = row.key;
  mail.to = row.doc["to"].as_string();
  mail.subject = row.doc["subject"].as_string();
  mail.text = row.doc["text"].as_string();
  mail.at = parse_rfc3339(row.doc["at"].as_string()).value_or(now);
  const auto sent = send_(*services_.config.smtp, mail);
  const int tries = static_cast<int>(row.doc["tries"].as_int()) + 1;
  const bool is_over = sent || sent.error().code == ErrorCode::invalid || tries >= kMailTriesMax;
  {
    const std::lock_guard lock(mu_);
    if (sent) ++counts_.sent;
    if (!sent) ++counts_.failed;
    if (!sent && is_over) ++counts_.given_up;
  }
  if (!sent) {
    PHENDAU_LOG(warn, "mail_not_sent", {"error", sent.error().message}, {"tries", tries},
                {"given_up", is_over});
  }
  if (is_over) {
    PHENDAU_TRY(services_.ledger.remove_derived(row.space, row.key));
    return std::optional<UtcTime>();
  }
  const UtcTime again = now + pause_after(tries);
  Json doc = row.doc;
  doc.set("tries", tries).set("next_at", format_rfc3339(again));
  PHENDAU_TRY(services_.ledger.put_derived(row.space, row.key, "", doc, now));
  return std::optional<UtcTime>(again);
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "hub/outbox.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"

namespace phendau::hub {
namespace {

/// Looks again this often although nobody poked: a clock that was set, a row of before a restart.
constexpr auto kLookAgain = std::chrono::seconds(30);
constexpr auto kAfterError = std::chrono::seconds(5);
constexpr std::size_t kRowsPerPage = 200;
constexpr std::size_t kAddressesRememberedMax = 10'000;
constexpr std::size_t kRestedPerBatch = 1'000;
constexpr int kSettleTriesMax = 3;  // against a person who changes the record in the same moment

Duration pause_after(Duration first, int times, Duration longest) {
  Duration out = first;
  for (int i = 1; i < times && out < longest; ++i) out = {out.ns * 3};
  return std::min(out, longest);
}

std::string prefix_of(std::string_view channel) { return std::string(channel) + "/"; }
std::string due_key_of(std::string_view channel, std::string_view id, UtcTime due) {
  return fmt::format("{}/{:020}|{}", channel, due.ns, id);
}
/// "CHANNEL/TIME|ID".
struct DueKey {
  UtcTime at;
  std::string_view id;
};
std::optional<DueKey> parse_due(std::string_view key, std::size_t prefix) {
  const std::size_t bar = key.find('|');
  if (bar == std::string_view::npos || bar < prefix) return std::nullopt;
  const auto ns = parse_int(key.substr(prefix, bar - prefix));
  if (!ns) return std::nullopt;
  return DueKey{UtcTime{*ns}, key.substr(bar + 1)};
}
std::string digest_of(std::string_view address) { return sha256_hex(address).substr(0, 16); }

}  // namespace

Outbox::Outbox(Services& services, OutboxOptions options, Carry carry)
    : services_(services), options_(std::move(options)), carry_(std::move(carry)) {}
Outbox::~Outbox() { stop(); }

void Outbox::start() {
  for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

void Outbox::stop() {
  stopping_ = true;
  {
    const std::lock_guard lock(mu_);
    ++pokes_;
  }
  wake_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  threads_.clear();
}

void Outbox::poke() {
  {
    const std::lock_guard lock(mu_);
    ++pokes_;
  }
  wake_.notify_all();
}

OutboxCounts Outbox::counts() const {
  const std::lock_guard lock(mu_);
  return counts_;
}

std::set<std::string> Outbox::sending() const {
  const std::lock_guard lock(mu_);
  return held_;
}

void Outbox::add_rows(ledger::WriteBatch& batch, std::string_view channel, std::string_view id,
                      std::string_view address, UtcTime due, bool twice) {
  const std::string to = digest_of(address);
  const std::string key = due_key_of(channel, id, due);
  batch.derived.push_back({std::string(kOutboxSpace), prefix_of(channel) + std::string(id), "",
                           Json::object({{"to", to},
                                         {"due_key", key},
                                         {"next_at", format_rfc3339(due)},
                                         {"since", format_rfc3339(due)},
                                         {"tries", 0},
                                         {"sending", false},
                                         {"twice", twice}})});
  batch.derived.push_back({std::string(kOutboxDueSpace), key, "", Json::object({{"to", to}})});
}

Result<> Outbox::open() {
  ledger::WriteBatch batch;
  PHENDAU_TRY(mend_progress(batch));
  PHENDAU_TRY(mend_missing(batch));
  return {};
}

/// What was on its way when the hub ended may have arrived.
Result<> Outbox::mend_progress(ledger::WriteBatch& batch) {
  const std::string prefix = prefix_of(options_.channel);
  std::string after;
  for (;;) {
    const auto rows = PHENDAU_TRY(
        services_.ledger.list_derived(kOutboxSpace, prefix, everything(), ledger::kListLimitMax, after));
    for (const auto& row : rows) {
      if (!row.doc["sending"].as_bool()) continue;
      Json doc = row.doc;
      doc.set("sending", false).set("twice", true);
      batch.derived.push_back({row.space, row.key, row.agency_id, std::move(doc)});
    }
    if (!batch.derived.empty())
      PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), services_.env.now()));
    batch.derived.clear();
    if (rows.size() < ledger::kListLimitMax) return {};
    after = rows.back().key;
  }
}

/// Derived rows can be rebuilt: what nobody knows the progress of goes out, possibly again.
Result<> Outbox::mend_missing(ledger::WriteBatch& batch) {
  ledger::Query query;
  query.kind = kDeliveryKind;
  query.states = open_delivery_states();
  query.filters.push_back({"channel", ledger::FieldFilter::Op::equal, {Json(options_.channel)}});
  const UtcTime now = services_.env.now();
  for (const auto& record : PHENDAU_TRY(ledger::all_records(services_.ledger, query, everything()))) {
    const auto row =
        PHENDAU_TRY(services_.ledger.get_derived(kOutboxSpace, prefix_of(options_.channel) + record.id));
    if (row) continue;
    add_rows(batch, options_.channel, record.id, record.doc["address"].as_string(), now, true);
    if (batch.derived.size() < kRestedPerBatch) continue;
    PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
    batch.derived.clear();
  }
  if (!batch.derived.empty()) PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
  return {};
}

void Outbox::run() {
  while (!stopping_) {
    std::uint64_t seen = 0;
    {
      const std::lock_guard lock(mu_);
      seen = pokes_;
    }
    const auto next = run_once();
    if (!next)
      PHENDAU_LOG(warn, "outbox_not_read", {"channel", options_.channel}, {"error", next.error().message});
    auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(next ? kLookAgain : kAfterError);
    if (next && *next) {
      const std::int64_t ms = ((*next)->ns - services_.env.now().ns) / 1'000'000;
      pause = std::clamp(std::chrono::milliseconds(ms), std::chrono::milliseconds(100), pause);
    }
    std::unique_lock lock(mu_);
    wake_.wait_for(lock, pause, [&] { return stopping_ || (next && pokes_ != seen); });
  }
}

Result<std::optional<UtcTime>> Outbox::run_once() {
  PHENDAU_TRY(settle_unsaved());
  std::optional<UtcTime> next;
  while (!stopping_) {
    auto job = PHENDAU_TRY(claim(next));
    if (!job) break;
    PHENDAU_TRY(carry(std::move(*job)));
  }
  return next;
}

/// The first that is due and whose address nobody serves. Who waits for a busy address is stepped over.
Result<std::optional<Outbox::Job>> Outbox::claim(std::optional<UtcTime>& next) {
  const std::string prefix = prefix_of(options_.channel);
  const UtcTime now = services_.env.now();
  const std::lock_guard lock(mu_);
  next.reset();
  std::string after;
  for (;;) {
    const auto rows = PHENDAU_TRY(
        services_.ledger.list_derived(kOutboxDueSpace, prefix, everything(), kRowsPerPage, after));
    for (const auto& row : rows) {
      const auto due = parse_due(row.key, prefix.size());
      if (!due) continue;
      if (pause_until_ > now || due->at > now) {
        next = std::max(due->at, pause_until_);
        return std::optional<Job>();
      }
      Job job{std::string(due->id), row.key, row.doc["to"].as_string(), Json()};
      if (busy_.contains(job.to) || held_.contains(job.id)) continue;
      const auto progress = PHENDAU_TRY(services_.ledger.get_derived(kOutboxSpace, prefix + job.id));
      if (!progress) {  // an order without a delivery
        PHENDAU_TRY(services_.ledger.remove_derived(kOutboxDueSpace, row.key));
        continue;
      }
      job.row = progress->doc;
      busy_.insert(job.to);
      held_.insert(job.id);
      return std::optional<Job>(std::move(job));
    }
    if (rows.size() < kRowsPerPage) return std::optional<Job>();
    after = rows.back().key;
  }
}

void Outbox::release(const Job& job) {
  {
    const std::lock_guard lock(mu_);
    busy_.erase(job.to);
    held_.erase(job.id);
    ++pokes_;
  }
  wake_.notify_all();
}

Result<> Outbox::carry(Job job) {
  const auto record = services_.ledger.get(kDeliveryKind, job.id, everything());
  if (!record || !is_open_delivery(record->state)) {
    release(job);
    if (!record && record.error().code != ErrorCode::not_found) return std::unexpected(record.error());
    PHENDAU_TRY(services_.ledger.remove_derived(kOutboxSpace, prefix_of(options_.channel) + job.id));
    return services_.ledger.remove_derived(kOutboxDueSpace, job.due_key);
  }
  Parcel parcel;
  parcel.id = job.id;
  parcel.address = record->doc["address"].as_string();
  parcel.subject = record->doc["subject"].as_string();
  parcel.text = record->doc["text"].as_string();
  parcel.at = parse_rfc3339(record->doc["at"].as_string()).value_or(record->created_at);
  Json on_its_way = job.row;
  on_its_way.set("sending", true);
  if (auto noted = services_.ledger.put_derived(kOutboxSpace, prefix_of(options_.channel) + job.id, "",
                                                on_its_way, services_.env.now());
      !noted) {
    release(job);
    return noted;
  }
  const net::SendReply reply = carry_(parcel, stopping_);
  const Verdict verdict = judge(job, reply, services_.env.now());
  if (reply.end != net::SendEnd::accepted) {
    PHENDAU_LOG(warn, "delivery_not_sent", {"channel", options_.channel}, {"delivery", job.id},
                {"end", net::to_string(reply.end)}, {"answer", reply.answer},
                {"tries", verdict.row["tries"].as_int()}, {"given_up", verdict.state == "dead"});
  }
  auto settled = settle(job, verdict);
  if (!settled) {
    const std::lock_guard lock(mu_);
    unsaved_.emplace_back(job, verdict);
    busy_.erase(job.to);  // the delivery itself stays held: nobody sends it again
    return settled;
  }
  if (reply.end == net::SendEnd::put_off || reply.end == net::SendEnd::unsure)
    settled = rest_others(job, verdict);
  release(job);
  return settled;
}

Outbox::Verdict Outbox::judge(const Job& job, const net::SendReply& reply, UtcTime now) {
  using enum net::SendEnd;
  Verdict out{"", now, job.row};
  int tries = static_cast<int>(job.row["tries"].as_int());
  const auto since = parse_rfc3339(job.row["since"].as_string());
  const bool is_old = since && now - *since > kSendAgeMax;
  if (reply.end != unreachable) ++tries;
  out.row.set("tries", tries).set("end", net::to_string(reply.end)).set("answer", reply.answer);
  out.row.set("sending", false);
  const std::lock_guard lock(mu_);
  if (reply.end == accepted) {
    out.state = "sent";
    out.row.set("at", format_rfc3339(now));
    put_off_.erase(job.to);
    unreached_ = 0;
    ++counts_.sent;
    return out;
  }
  ++counts_.failed;
  if (reply.end == unreachable) {
    // What other threads had under way when it went down counts as the same time.
    if (pause_until_ <= now && !stopping_)
      pause_until_ = now + pause_after(options_.retry_first, ++unreached_, kServerPauseMax);
    out.again = std::max(now, pause_until_);
  } else {
    unreached_ = 0;
  }
  if (reply.end == put_off || reply.end == unsure) {
    if (put_off_.size() >= kAddressesRememberedMax) put_off_.clear();
    out.again = now + pause_after(options_.retry_first, std::max(tries, ++put_off_[job.to]), kSendRetryMax);
  }
  if (reply.end == refused || tries >= kSendTriesMax || is_old) {
    out.state = "dead";
    ++counts_.given_up;
  } else if (reply.end == unsure) {
    out.row.set("twice", true);  // it goes out again
  }
  return out;
}

Result<> Outbox::settle(const Job& job, const Verdict& verdict) {
  const UtcTime now = services_.env.now();
  const std::string key = prefix_of(options_.channel) + job.id;
  for (int tries = 0;; ++tries) {
    const auto record = PHENDAU_TRY(services_.ledger.get(kDeliveryKind, job.id, everything()));
    ledger::WriteBatch batch;
    batch.derived.push_back({std::string(kOutboxDueSpace), job.due_key, "", std::nullopt});
    const bool is_first_failure = verdict.state.empty() && record.state == "waiting";
    if (!verdict.state.empty() || is_first_failure) {
      ledger::Write write = ledger::rewrite(record, "");
      write.state = verdict.state.empty() ? "failed" : verdict.state;
      for (const auto* name : {"tries", "end", "answer", "twice"}) write.doc.set(name, verdict.row[name]);
      if (write.state == "sent") write.doc.set("sent_at", verdict.row["at"]);
      // Its gateway was faster: it has said already that nobody got it.
      if (write.state == "sent" && record.doc["receipt"].as_string() == "failed") {
        write.state = "dead";
        for (const auto* name : {"end", "answer"}) write.doc.set(name, record.doc[name]);
      }
      batch.writes.push_back(std::move(write));
    }
    if (verdict.state.empty()) {
      const std::string due_key = due_key_of(options_.channel, job.id, verdict.again);
      Json row = verdict.row;
      row.set("next_at", format_rfc3339(verdict.again)).set("due_key", due_key);
      batch.derived.push_back({std::string(kOutboxDueSpace), due_key, "", Json::object({{"to", job.to}})});
      batch.derived.push_back({std::string(kOutboxSpace), key, "", std::move(row)});
    } else {
      batch.derived.push_back({std::string(kOutboxSpace), key, "", std::nullopt});
    }
    const auto written = services_.ledger.write_batch(batch, system_actor(), now);
    if (written) {
      services_.live.publish(
          {"delivery", Resource::record, record.agency_id, Json::object({{"id", job.id}}), ""});
      return {};
    }
    if (written.error().code != ErrorCode::conflict || tries >= kSettleTriesMax)
      return std::unexpected(written.error());
  }
}

Result<> Outbox::settle_unsaved() {
  std::vector<std::pair<Job, Verdict>> again;
  {
    const std::lock_guard lock(mu_);
    again.swap(unsaved_);
  }
  for (std::size_t i = 0; i < again.size(); ++i) {
    if (auto settled = settle(again[i].first, again[i].second); !settled) {
      const std::lock_guard lock(mu_);
      unsaved_.insert(unsaved_.end(), again.begin() + static_cast<std::ptrdiff_t>(i), again.end());
      return settled;
    }
    const std::lock_guard lock(mu_);
    held_.erase(again[i].first.id);
  }
  return {};
}

/// What else is due at an address that put one off waits as long: it stands in nobody's way, and its own
/// tries are not used up.
Result<> Outbox::rest_others(const Job& job, const Verdict& verdict) {
  const std::string prefix = prefix_of(options_.channel);
  const UtcTime now = services_.env.now();
  const UtcTime until = verdict.state.empty() ? verdict.again : now + options_.retry_first;
  std::string after;
  for (;;) {
    const auto rows = PHENDAU_TRY(
        services_.ledger.list_derived(kOutboxDueSpace, prefix, everything(), kRestedPerBatch, after));
    ledger::WriteBatch batch;
    for (const auto& row : rows) {
      const auto due = parse_due(row.key, prefix.size());
      if (!due || due->at >= until || row.doc["to"].as_string() != job.to || due->id == job.id) continue;
      auto progress = PHENDAU_TRY(services_.ledger.get_derived(kOutboxSpace, prefix + std::string(due->id)));
      if (!progress) continue;
      const std::string key = due_key_of(options_.channel, due->id, until);
      progress->doc.set("next_at", format_rfc3339(until)).set("due_key", key);
      progress->doc.set("end", verdict.row["end"]).set("answer", verdict.row["answer"]);
      batch.derived.push_back({row.space, row.key, "", std::nullopt});
      batch.derived.push_back({row.space, key, "", row.doc});
      batch.derived.push_back({progress->space, progress->key, "", progress->doc});
    }
    if (!batch.derived.empty()) PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
    const auto last = rows.empty() ? std::nullopt : parse_due(rows.back().key, prefix.size());
    if (rows.size() < kRestedPerBatch || (last && last->at > now)) return {};
    after = rows.back().key;
  }
}

Json Outbox::progress(std::string_view id) {
  const auto row = services_.ledger.get_derived(kOutboxSpace, prefix_of(options_.channel) + std::string(id));
  return row && *row ? (*row)->doc : Json();
}

}  // namespace phendau::hub

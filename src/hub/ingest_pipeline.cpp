// SPDX-License-Identifier: Apache-2.0
#include "hub/ingest_pipeline.h"

#include <chrono>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "hub/active_pack.h"
#include "hub/anchors.h"
#include "hub/devices.h"
#include "store/journal/journal.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kOwnLogsource = "phendau//hub";
constexpr std::string_view kFactLogsource = "phendau/fact/";
constexpr std::size_t kFirstErrorsMax = 10;
constexpr Duration kRetryAfter = seconds(1);

/// How far the device's clock ran ahead of ours at its last heartbeat, which comes before records.
Duration clock_ahead(Services& services, std::string_view device_id) {
  const auto beat = services.ledger.get_derived(kHeartbeatSpace, device_id);
  return beat && *beat ? Duration{(*beat)->doc["clock_offset_ms"].as_int(0) * 1'000'000} : Duration{};
}

}  // namespace

Duration skew_limit_for(UtcTime read_at, UtcTime now, Duration skew_max) {
  const bool waited = read_at < now && now - read_at < days(30);
  return waited ? Duration{skew_max.ns + (now - read_at).ns} : skew_max;
}

struct IngestPipeline::Lane {
  std::unique_ptr<ingest::Decoder> decoder;
  BatchBuilder builder;
  ingest::FlushPolicy policy;
  bool flushing = false;

  Lane(std::unique_ptr<ingest::Decoder> made, Duration delay_max)
      : decoder(std::move(made)),
        builder(std::string(decoder->name())),
        policy(ingest::FlushPolicy::Limits{kBatchRowsMax, kBatchBytesMax, delay_max}) {}
};

IngestPipeline::IngestPipeline(Services& services)
    : services_(services), channels_(channel_table(services.pack.sources())), spools_(services) {}
IngestPipeline::~IngestPipeline() { stop(); }

ingest::Provenance IngestPipeline::provenance_of(const Origin& origin, UtcTime now) {
  ingest::Provenance out;
  out.received_time = now;
  out.source = origin.source;
  out.agency = origin.agency_id;
  out.zone = kHubZone;
  out.skew_limit = services_.config.skew_max;
  out.peer = origin.peer;
  out.channel = origin.channel;
  out.host = origin.host;
  out.default_logsource = origin.default_logsource;
  out.channel_logsources = channels_;
  out.memory = &memory_;
  return out;
}

void IngestPipeline::start() {
  if (const auto loaded = reload_senders(); !loaded) {
    PHENDAU_LOG(warn, "senders_unreadable", {"error", loaded.error().message});
  }
  thread_ = std::thread([this] { run(); });
}

void IngestPipeline::close_intake() {
  const std::lock_guard lock(mu_);
  closed_ = true;
  room_.notify_all();
}

void IngestPipeline::stop() {
  {
    const std::lock_guard lock(mu_);
    if (stopping_) return;
    stopping_ = true;
  }
  work_.notify_all();
  room_.notify_all();
  if (thread_.joinable()) thread_.join();
}

IngestPipeline::Lane& IngestPipeline::lane(std::string_view format) {
  auto found = lanes_.find(format);
  if (found == lanes_.end()) {
    auto decoder = ingest::make_decoder(format);
    PHENDAU_ASSERT(decoder.has_value());  // formats of listeners are checked when settings are read
    auto made = std::make_unique<Lane>(std::move(*decoder), services_.config.flush_after);
    found = lanes_.emplace(std::string(format), std::move(made)).first;
  }
  return *found->second;
}

void IngestPipeline::decode(Lane& lane, std::string_view record, const Origin& origin, bool oversized,
                            bool truncated) {
  ingest::Provenance provenance = provenance_of(origin, services_.env.now());
  provenance.oversized = oversized;
  provenance.truncated = truncated;
  lane.decoder->decode(record, provenance, lane.builder);
  ++counters_.accepted;
}

bool IngestPipeline::submit(std::string_view format, std::string_view record, const Origin& origin,
                            WhenFull when_full, bool oversized, bool truncated) {
  std::unique_lock lock(mu_);
  Lane& target = lane(format);
  while (target.builder.full()) {
    if (closed_ || stopping_ || when_full == WhenFull::drop_newest) {
      ++counters_.dropped;
      return false;
    }
    work_.notify_one();
    room_.wait(lock);
  }
  const bool was_empty = target.builder.rows() == 0;
  decode(target, record, origin, oversized, truncated);
  if (was_empty || target.builder.full()) work_.notify_one();
  return true;
}

void IngestPipeline::submit_own(const Json& event) {
  Origin origin;
  origin.source = kOwnSource;
  origin.agency_id = kUnassignedAgency;
  origin.default_logsource = kOwnLogsource;
  submit("ndjson", event.dump(), origin, WhenFull::drop_newest);
}

bool IngestPipeline::flush(Lane& lane, std::unique_lock<std::mutex>& lock) {
  Batch batch = lane.builder.finish();
  lane.policy.flushed();
  room_.notify_all();
  for (;;) {
    lock.unlock();
    const auto appended = services_.journal.append(batch, {});
    lock.lock();
    if (appended) {
      counters_.stored += batch.rows();
      return true;
    }
    ++counters_.append_failures;
    PHENDAU_LOG(warn, "append_waits", {"rows", batch.rows()}, {"error", appended.error().message});
    // The batch is kept and tried again; meanwhile the lane fills up and its policy acts.
    if (stopping_) {
      PHENDAU_LOG(error, "rows_lost_at_stop", {"rows", batch.rows()}, {"error", appended.error().message});
      return false;
    }
    work_.wait_for(lock, std::chrono::nanoseconds(kRetryAfter.ns), [&] { return stopping_; });
  }
}

void IngestPipeline::run() {
  std::unique_lock lock(mu_);
  for (;;) {
    const UtcTime now = services_.env.now();
    std::optional<UtcTime> next;
    Lane* due = nullptr;
    for (auto& [format, lane] : lanes_) {
      if (lane->policy.due(lane->builder, now) || (stopping_ && lane->builder.rows() > 0)) due = lane.get();
      const auto deadline = lane->policy.deadline();
      if (deadline && (!next || *deadline < *next)) next = deadline;
    }
    if (due != nullptr) {
      flush(*due, lock);
      continue;
    }
    if (stopping_) return;
    if (next) {
      const Duration wait = std::max(*next - now, milliseconds(1));
      work_.wait_for(lock, std::chrono::nanoseconds(wait.ns));
    } else {
      work_.wait(lock);
    }
  }
}

Result<wire::Ack> IngestPipeline::append_records(const Actor& device, const wire::RecordBatch& batch) {
  PHENDAU_TRY(scope_covering(device, Action::create, Resource::event, device.agency_ids.front()));
  const UtcTime now = services_.env.now();
  PHENDAU_TRY(spools_.admit(device.user_id, device.agency_ids.front(), batch.epoch, now));
  const Duration ahead = clock_ahead(services_, device.user_id);
  std::vector<Batch> batches;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  ingest::DecodeCounters counters;
  // Runs of one format become one batch each, with their part of the sequence.
  for (std::size_t first = 0; first < batch.records.size();) {
    const auto format = batch.records[first].format;
    auto decoder = PHENDAU_TRY(ingest::make_decoder(wire::to_string(format)));
    BatchBuilder builder{std::string(decoder->name())};
    std::size_t at = first;
    for (; at < batch.records.size() && batch.records[at].format == format && !builder.full(); ++at) {
      const wire::Record& record = batch.records[at];
      Origin origin;
      origin.source = device.user_id;
      origin.agency_id = device.agency_ids.front();
      origin.peer = device.from;
      origin.channel = record.channel;
      origin.host = device.name;
      ingest::Provenance provenance = provenance_of(origin, now);
      provenance.skew_limit = skew_limit_for(record.received_at - ahead, now, services_.config.skew_max);
      decoder->decode(record.bytes, provenance, builder);
    }
    ranges.emplace_back(batch.first_seq + first, batch.first_seq + at - 1);
    batches.push_back(builder.finish());
    counters += decoder->counters();
    first = at;
  }
  std::vector<journal::AppendItem> items;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    journal::AppendItem item;
    item.batch = &batches[i];
    item.meta.producer = {device.user_id + "/" + batch.epoch, 0, ranges[i].first, ranges[i].second};
    item.meta.received = now;
    items.push_back(std::move(item));
  }
  wire::Ack ack;
  const auto results = services_.journal.append_many(items);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) {
      if (results[i].error().text_id != "journal.sequence" || results[i].error().args.empty()) {
        return std::unexpected(results[i].error());
      }
      ack.next_expected = static_cast<std::uint64_t>(PHENDAU_TRY(parse_int(results[i].error().args[0])));
      ack.last_seq = ack.next_expected - 1;
      return ack;
    }
    ack.last_seq = ranges[i].second;
    ack.next_expected = ack.last_seq + 1;
  }
  const std::lock_guard lock(mu_);
  counters_.accepted += batch.records.size();
  counters_.stored += batch.records.size();
  counters_.decode += counters;
  return ack;
}

Result<Json> IngestPipeline::upload_ndjson(const Actor& actor, std::string_view agency_id,
                                           std::string_view source, std::string_view body) {
  PHENDAU_TRY(scope_covering(actor, Action::create, Resource::event, agency_id));
  PHENDAU_TRY(living_agency(services_.ledger, agency_id));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), Json(source)));
  auto decoder = PHENDAU_TRY(ingest::make_decoder("ndjson"));
  Origin origin;
  origin.source = source.empty() ? std::string("upload") : std::string(truncate_utf8(source, 100));
  origin.agency_id = agency_id;
  origin.peer = actor.from;
  const auto lines = split(body, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!has_marked_event(services_.pack.upload_policy(), lines[i])) continue;
    return fail(ErrorCode::denied, fmt::format("line {} carries a state-secret marking", i + 1),
                "upload.state_secret_line", {std::to_string(i + 1)});
  }
  BatchBuilder builder("ndjson");
  // One at a time: small records between wide ones make batches that are far larger than the body.
  const auto append = [&]() -> Result<> {
    PHENDAU_TRY(services_.journal.append(builder.finish(), {}));
    return {};
  };
  Json::Array first_errors;
  std::int64_t rejected = 0;
  std::int64_t accepted = 0;
  std::int64_t number = 0;
  for (std::string_view line : lines) {
    ++number;
    line = trim(line);
    if (line.empty()) continue;
    const auto reasons_before = decoder->counters().by_reason;
    decoder->decode(line, provenance_of(origin, services_.env.now()), builder);
    bool bad = false;
    for (const auto& [reason, count] : decoder->counters().by_reason) {
      const auto before = reasons_before.find(reason);
      if (before != reasons_before.end() && before->second == count) continue;
      bad = true;
      if (first_errors.size() < kFirstErrorsMax) {
        first_errors.push_back(Json::object({{"line", number}, {"reason", reason}}));
      }
      break;
    }
    (bad ? rejected : accepted) += 1;
    if (builder.full()) PHENDAU_TRY(append());
  }
  if (builder.rows() > 0) PHENDAU_TRY(append());
  const std::lock_guard lock(mu_);
  counters_.accepted += static_cast<std::uint64_t>(accepted + rejected);
  counters_.stored += static_cast<std::uint64_t>(accepted + rejected);
  counters_.decode += decoder->counters();
  return Json::object({{"accepted", accepted},
                       {"rejected", rejected},
                       {"first_errors", Json::array(std::move(first_errors))}});
}

Result<> IngestPipeline::append_facts(const Actor& device, const std::vector<Fact>& facts) {
  PHENDAU_TRY(scope_covering(device, Action::create, Resource::fact, device.agency_ids.front()));
  if (facts.empty()) return {};
  BatchBuilder builder("fact");
  for (const auto& fact : facts) {
    const std::string text = to_json(fact).dump();
    const std::string logsource = std::string(kFactLogsource) + fact.kind;
    BatchBuilder::Row row;
    row.event_time = fact.collected_at;
    row.received_time = services_.env.now();
    row.source = device.user_id;
    row.host = device.name;
    row.agency = device.agency_ids.front();
    row.logsource = logsource;
    row.raw = text;
    builder.begin_row(row);
    builder.add("fact.kind", fact.kind);
    builder.add("fact.complete", fact.complete ? "true" : "false", ValueKind::boolean);
  }
  const Batch batch = builder.finish();
  PHENDAU_TRY(services_.journal.append(batch, {}));
  return {};
}

std::string IngestPipeline::agency_of(const ListenerConfig& listener, std::string_view peer_ip) const {
  // hub.json may name an agency that has ended meanwhile.
  if (!listener.agency_id.empty()) return services_.succession->current(listener.agency_id);
  const std::lock_guard lock(mu_);
  for (const auto& sender : senders_) {
    if (sender.network.contains(peer_ip)) return services_.succession->current(sender.agency_id);
  }
  return std::string(kUnassignedAgency);
}

Result<> IngestPipeline::reload_senders() {
  std::vector<SenderConfig> senders = services_.config.senders;
  ledger::Query query;
  query.kind = "agency";
  query.limit = ledger::kListLimitMax;
  for (;;) {
    const auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
    for (const auto& record : page.records) {
      for (const auto& network : record.doc["addresses"].items()) {
        const auto parsed = Cidr::parse(network.as_string());
        if (parsed) senders.push_back({*parsed, network.as_string(), record.id});
      }
    }
    if (page.next_cursor.empty()) break;
    query.cursor = page.next_cursor;
  }
  // The narrowest network wins.
  std::stable_sort(senders.begin(), senders.end(), [](const SenderConfig& a, const SenderConfig& b) {
    return a.network.prefix_bits > b.network.prefix_bits;
  });
  const std::lock_guard lock(mu_);
  senders_ = std::move(senders);
  return {};
}

IngestCounters IngestPipeline::counters() const {
  const std::lock_guard lock(mu_);
  IngestCounters out = counters_;
  out.spools_refused = spools_.refused();
  for (const auto& [format, lane] : lanes_) out.decode += lane->decoder->counters();
  return out;
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "agent/agent.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "net/pki.h"
#include "wire/protocol.h"

namespace phendau::agent {
namespace {
constexpr Duration kLogSourceEvery = minutes(15);
constexpr Duration kRenewRetry = hours(1);
}  // namespace

Agent::Agent(Env& env, AgentParts parts)
    : env_(env),
      parts_(std::move(parts)),
      config_(parts_.config),
      identity_(parts_.identity),
      facts_backoff_(env),
      facts_every_ns_(config_.facts_every.ns) {}

Result<std::unique_ptr<Agent>> Agent::create(Env& env, AgentParts parts) {
  std::unique_ptr<Agent> agent(new Agent(env, std::move(parts)));
  agent->spool_ = PHENDAU_TRY(Spool::open(
      env, {path_join(agent->parts_.data_folder, "spool"), agent->config_.spool_bytes_max, kSegmentBytes}));
  agent->uploader_ = std::make_unique<Uploader>(env, *agent->spool_, agent->troubles_);
  agent->state_ = load_state(env, agent->parts_.data_folder);
  OrderHands hands = std::move(agent->parts_.order_hands);
  hands.kinds["collect_facts"] = [self = agent.get()](const wire::Order&) -> Result<Json> {
    self->facts_asked_ = true;
    return Json();
  };
  agent->orders_ =
      std::make_unique<Orders>(env, agent->parts_.data_folder, std::move(hands), agent->troubles_);
  PHENDAU_TRY(agent->orders_->open());
  for (auto& collector : agent->parts_.collectors)
    collector->rewind(agent->spool_->bookmark(collector->source()));
  return agent;
}

void Agent::store(Collector& collector, const Collected& collected) {
  const auto stored = spool_->enqueue(collected.records, Bookmark{collector.source(), collected.position});
  if (stored) {
    troubles_.clear("spool_write");
    return;
  }
  // Policy `reject`: the source keeps what we could not; the reader goes back to where the spool is.
  troubles_.set("spool_write", stored.error(), env_.now());
  collector.rewind(spool_->bookmark(collector.source()));
}

bool Agent::collect_one(Collector& collector) {
  const std::string cause = "read " + collector.source();
  for (int i = 0; i < kGroupsPerStepMax; ++i) {
    const auto collected = collector.collect(env_.now());
    if (!collected) {
      troubles_.set(cause, collected.error(), env_.now());
      return false;
    }
    troubles_.clear(cause);
    const bool moved =
        !collected->records.empty() || collected->position != spool_->bookmark(collector.source());
    if (moved) {
      store(collector, *collected);
      if (troubles_.has("spool_write")) return false;
    }
    if (!collected->more) return false;
  }
  return true;
}

bool Agent::collect_step() {
  watch_memory();
  bool more = false;
  if (spool_->needs_recovery()) {
    if (auto recovered = spool_->recover(); !recovered) {
      troubles_.set("spool_write", recovered.error(), env_.now());
      return false;
    }
    for (auto& collector : parts_.collectors) collector->rewind(spool_->bookmark(collector->source()));
  }
  if (!memory_high_) {
    for (auto& collector : parts_.collectors) more = collect_one(*collector) || more;
  }
  if (auto synced = spool_->sync(); !synced) troubles_.set("spool_write", synced.error(), env_.now());
  std::vector<wire::SourceStatus> sources;
  for (const auto& collector : parts_.collectors) sources.push_back(collector->status());
  const std::lock_guard lock(mu_);
  sources_ = std::move(sources);
  return more;
}

void Agent::watch_memory() {
  if (!parts_.memory_bytes) return;
  const std::uint64_t used = parts_.memory_bytes();
  if (used <= config_.memory_bytes_max) {
    if (memory_high_) troubles_.clear("memory");
    memory_high_ = false;
    return;
  }
  // Policy `pause, then restart`: sources hold their records, the spool holds ours.
  if (!memory_high_) memory_high_since_ = env_.monotonic();
  memory_high_ = true;
  troubles_.set("memory",
                Error{ErrorCode::limit,
                      fmt::format("the agent uses {} MiB, more than its limit of {} MiB; reading is paused",
                                  used >> 20, config_.memory_bytes_max >> 20),
                      "agent.trouble.memory",
                      {}},
                env_.now());
  if (env_.monotonic().ns - memory_high_since_.ns > kMemoryPatience.ns) must_restart_ = true;
}

Result<Transport*> Agent::transport() {
  if (std::exchange(reconnect_, false)) transport_.reset();
  if (!transport_) transport_ = PHENDAU_TRY(parts_.connect(connection_of(identity_)));
  return transport_.get();
}

wire::Heartbeat Agent::heartbeat() const {
  wire::Heartbeat out;
  out.agent_version = PHENDAU_VERSION;
  out.time = env_.now();
  out.epoch = spool_->epoch();
  const SpoolCounts counts = spool_->counts();
  out.spool_bytes = counts.size_bytes;
  out.spool_bytes_max = counts.size_bytes_max;
  out.spool_records = counts.records;
  out.rejected_total = counts.rejected_total;
  out.clock_skew_ms = clock_skew_ms_;
  if (parts_.memory_bytes) out.memory_bytes = parts_.memory_bytes();
  out.troubles = troubles_.list();
  out.journal_head = state_.journal_head;
  out.order_results = orders_->results();
  if (orders_->can_isolate()) out.isolation = orders_->isolation();
  const std::lock_guard lock(mu_);
  out.sources = sources_;
  return out;
}

Duration Agent::heartbeat_pause() const {
  return beat_within_ ? std::min(*beat_within_, config_.heartbeat_every) : config_.heartbeat_every;
}

void Agent::send_heartbeat(Transport& transport) {
  const bool news = orders_->take_news();  // A finished order is told at once.
  if (env_.monotonic() < heartbeat_due_ && !news) return;
  heartbeat_due_ = {env_.monotonic().ns + heartbeat_pause().ns};
  const wire::Heartbeat message = heartbeat();
  const UtcTime asked_at = env_.now();
  const auto answer = transport.post(wire::kHeartbeatPath, wire::kJsonType, wire::to_json(message).dump());
  const UtcTime answered_at = env_.now();
  if (!answer) {
    troubles_.set("heartbeat", answer.error(), env_.now());
    reconnect_ = true;
    return;
  }
  if (answer->status != 200) {
    troubles_.set("heartbeat", wire::error_of_answer(answer->status, answer->body), env_.now());
    return;
  }
  const auto reply = wire::decode_heartbeat_reply(answer->body);
  if (!reply) {
    troubles_.set("heartbeat", reply.error(), env_.now());
    return;
  }
  troubles_.clear("heartbeat");
  orders_->told(message.order_results);
  take_reply(*reply, asked_at, answered_at);
}

void Agent::take_reply(const wire::HeartbeatReply& reply, UtcTime asked_at, UtcTime answered_at) {
  const std::int64_t middle_ns = asked_at.ns + (answered_at.ns - asked_at.ns) / 2;
  clock_skew_ms_ = (reply.time.ns - middle_ns) / 1'000'000;
  if (std::llabs(clock_skew_ms_) > kSkewMax.ns / 1'000'000) {
    troubles_.set(
        "clock",
        Error{ErrorCode::invalid,
              fmt::format("this machine's clock is {} s {} the hub's", std::llabs(clock_skew_ms_) / 1000,
                          clock_skew_ms_ > 0 ? "behind" : "ahead of"),
              "agent.trouble.clock",
              {}},
        env_.now());
  } else {
    troubles_.clear("clock");
  }
  if (reply.journal_head) remember_head(*reply.journal_head);
  if (reply.renew_certificate) renew_asked_ = true;
  if (reply.config.is_object() && reply.config.size() > 0) {
    const auto changed = change_config(env_, parts_.data_folder, reply.config);
    if (!changed) {
      troubles_.set("config", changed.error(), env_.now());
    } else {
      troubles_.clear("config");
      // Pauses take effect now; sources and sizes when the service starts next.
      config_.heartbeat_every = changed->heartbeat_every;
      config_.facts_every = changed->facts_every;
      facts_every_ns_ = config_.facts_every.ns;
      heartbeat_due_ = std::min(heartbeat_due_, Duration{env_.monotonic().ns + config_.heartbeat_every.ns});
    }
  }
  beat_within_ = reply.beat_within;
  if (beat_within_) {
    beat_within_ = std::max(*beat_within_, kBeatWithinMin);
    heartbeat_due_ = std::min(heartbeat_due_, Duration{env_.monotonic().ns + heartbeat_pause().ns});
  }
  orders_->take(reply.orders, identity_, reply.time);
}

void Agent::remember_head(const wire::JournalHead& head) {
  if (state_.journal_head == head) return;
  // The same number with another hash also means that history was rewritten.
  const bool went_back = state_.journal_head && head.seq <= state_.journal_head->seq;
  if (went_back) {
    // Keep the older promise: it is the evidence that history was lost or rewritten.
    troubles_.set("journal_head",
                  Error{ErrorCode::conflict,
                        fmt::format("the hub's journal no longer holds what it showed before (record {})",
                                    state_.journal_head->seq),
                        "agent.trouble.journal_head",
                        {}},
                  env_.now());
    return;
  }
  troubles_.clear("journal_head");
  state_.journal_head = head;
  if (auto saved = save_state(env_, parts_.data_folder, state_); !saved) {
    troubles_.set("state", saved.error(), env_.now());
  }
}

Fact Agent::log_source_fact() const {
  Fact fact;
  fact.kind = "log_source";
  fact.collected_at = env_.now();
  fact.valid_for = hours(1);
  const std::lock_guard lock(mu_);
  for (const auto& source : sources_) {
    Json row = Json::object({{"channel", source.channel}, {"readable", source.state == "reading"}});
    if (source.last_event_at) {
      row.set("last_event_at", format_rfc3339(*source.last_event_at));
      row.set("last_event_age_minutes", (fact.collected_at.ns - source.last_event_at->ns) / minutes(1).ns);
    }
    fact.rows.push_back(std::move(row));
  }
  return fact;
}

bool Agent::survey_step() {
  if (facts_asked_.exchange(false)) {
    for (auto& [kind, due] : fact_due_) due = {};
  }
  const Duration now = env_.monotonic();
  const auto is_due = [&](const std::string& kind, Duration every) {
    const auto [found, is_new] = fact_due_.emplace(kind, Duration{});
    if (!is_new && now < found->second) return false;
    found->second = {now.ns + every.ns};
    return true;
  };
  const auto keep = [&](Fact fact) {
    const std::lock_guard lock(mu_);
    facts_to_send_.insert_or_assign(fact.kind, std::move(fact));
    return true;
  };
  for (const std::string& kind : parts_.fact_kinds) {
    if (is_due(kind, {facts_every_ns_})) return keep(parts_.collect_fact(kind));
  }
  return is_due("log_source", kLogSourceEvery) && keep(log_source_fact());
}

void Agent::send_facts(Transport& transport) {
  if (facts_backoff_.is_waiting()) return;
  std::map<std::string, Fact> sending;
  {
    const std::lock_guard lock(mu_);
    sending.swap(facts_to_send_);
  }
  if (sending.empty()) return;
  wire::FactsUpload upload;
  for (const auto& [kind, fact] : sending) upload.facts.push_back(fact);
  const auto answer = transport.post(wire::kFactsPath, wire::kJsonType, wire::to_json(upload).dump());
  if (answer && answer->status == 200) {
    facts_backoff_.succeeded();
    troubles_.clear("facts");
    return;
  }
  {
    const std::lock_guard lock(mu_);
    facts_to_send_.merge(sending);  // What was measured since is newer and stays.
  }
  facts_backoff_.failed();
  troubles_.set("facts", answer ? wire::error_of_answer(answer->status, answer->body) : answer.error(),
                env_.now());
}

void Agent::renew_if_due(Transport& transport) {
  const auto certificate = net::parse_certificate(identity_.certificate_pem);
  if (!certificate) {
    troubles_.set("certificate", certificate.error(), env_.now());
    return;
  }
  if (env_.now() >= certificate->not_after) {
    troubles_.set(
        "certificate",
        Error{ErrorCode::denied,
              "this machine's certificate has expired: records are kept here until it is enrolled again",
              "agent.trouble.certificate_expired",
              {}},
        env_.now());
  }
  if (!renew_asked_ && env_.now() < net::renewal_due(*certificate)) return;
  if (env_.monotonic() < renew_after_) return;
  renew_after_ = {env_.monotonic().ns + kRenewRetry.ns};
  auto renewed = renew(env_, parts_.data_folder, identity_, transport);
  if (!renewed) {
    if (env_.now() < certificate->not_after) troubles_.set("certificate", renewed.error(), env_.now());
    return;
  }
  identity_ = std::move(*renewed);
  renew_asked_ = false;
  renew_after_ = {};
  transport_.reset();  // The next request uses the new certificate.
  troubles_.clear("certificate");
}

void Agent::write_status() {
  const std::string text = wire::to_json(heartbeat()).dump_pretty() + "\n";
  if (auto written = write_file_atomic(env_, path_join(parts_.data_folder, "status.json"), text); !written) {
    troubles_.set("status", written.error(), env_.now());
  }
}

bool Agent::talk_step() {
  auto connected = transport();
  if (!connected) {
    troubles_.set("connect", connected.error(), env_.now());
    if (env_.monotonic() >= heartbeat_due_) {
      heartbeat_due_ = {env_.monotonic().ns + heartbeat_pause().ns};
      write_status();
    }
    return false;
  }
  troubles_.clear("connect");
  const bool beat = env_.monotonic() >= heartbeat_due_;
  send_heartbeat(**connected);
  send_facts(**connected);
  const bool more = uploader_->step(**connected) == UploadStep::sent;
  renew_if_due(**connected);
  if (beat) write_status();
  return more;
}

Result<> Agent::run(const std::function<bool(Duration)>& wait) {
  const auto repeat = [this](bool (Agent::*step)()) {
    return std::jthread([this, step](const std::stop_token& stop) {
      std::mutex mu;
      std::condition_variable_any wake;
      std::unique_lock lock(mu);
      while (!stop.stop_requested()) {
        if (!(this->*step)()) wake.wait_for(lock, stop, std::chrono::milliseconds(500), [] { return false; });
      }
    });
  };
  // Orders and some facts take minutes on a busy machine; neither logs nor the heartbeat wait for them.
  std::jthread talking = repeat(&Agent::talk_step);
  std::jthread working = repeat(&Agent::order_step);
  std::jthread surveying = repeat(&Agent::survey_step);
  PHENDAU_LOG(info, "agent_started", {"device_id", identity_.device_id},
              {"sources", parts_.collectors.size()});
  for (;;) {
    const bool more = collect_step();
    if (must_restart_)
      return fail(ErrorCode::limit, "memory stayed above its limit: restart", "agent.trouble.memory");
    if (wait(more ? Duration{} : kCollectPause)) break;
  }
  for (std::jthread* side : {&talking, &working, &surveying}) side->request_stop();
  for (std::jthread* side : {&talking, &working, &surveying}) side->join();
  write_status();
  PHENDAU_LOG(info, "agent_stopped", {"device_id", identity_.device_id});
  return {};
}

}  // namespace phendau::agent

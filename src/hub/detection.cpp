// SPDX-License-Identifier: Apache-2.0
#include "hub/detection.h"

#include <optional>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/ulid.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kSpace = kDetectionSpace;
constexpr std::string_view kKey = kCheckpointKey;
constexpr std::size_t kFramesPerRead = 64;
constexpr Duration kCheckpointEvery = seconds(2);
constexpr char kSeparator = '\x1f';

std::string agency_of(const Batch& batch, std::uint32_t row) {
  const std::string_view text = batch.column(kAgencyColumn)->text(row);
  return text.empty() ? std::string(kUnassignedAgency) : std::string(text);
}

std::string field_of(const Batch& batch, std::string_view name, std::uint32_t row) {
  const Column* column = batch.column(name);
  return column == nullptr ? std::string() : to_valid_utf8(column->text(row));
}

/// Whom an alert is about: the rule's entity fields, else the host.
Json entity_of(const detect::RuleMeta& rule, const Batch& batch, std::uint32_t row) {
  Json out = Json::object();
  for (const auto& name : rule.entity) {
    const std::string value = field_of(batch, name, row);
    if (!value.empty()) out.set(name, value);
  }
  if (out.size() == 0) out.set("host", field_of(batch, kHostColumn, row));
  return out;
}

/// Nullopt if the event lies in another frame.
std::optional<std::uint32_t> row_of(const journal::CommittedBatch& committed, EventRef ref) {
  for (std::uint32_t row = 0; row < committed.refs.size(); ++row) {
    if (committed.refs[row] == ref) return row;
  }
  return std::nullopt;
}

}  // namespace

Detection::Detection(Services& services)
    : services_(services),
      rules_(services.rules->current()),
      correlator_(detect::Correlator::compile(services.pack.correlations(), rules_->plan)) {}

Detection::~Detection() { stop(); }

/// What clauses show as the last alert of a rule, from before this start.
Result<> Detection::recall_alerts() {
  ledger::Query query;
  query.kind = "alert";
  query.order_by = "created_at";
  query.limit = ledger::kListLimitMax;
  const auto page = PHENDAU_TRY(services_.ledger.list(query, everything()));
  const std::lock_guard lock(mu_);
  for (const auto& record : page.records) {  // newest first: the first one of a rule stays
    const auto at = parse_rfc3339(record.doc["first_at"].as_string());
    if (at) last_alerts_.try_emplace({record.doc["rule_id"].as_string(), record.agency_id}, *at, record.id);
  }
  return {};
}

Result<> Detection::open() {
  opened_at_ = services_.env.now();
  PHENDAU_TRY(recall_alerts());
  for (const auto& mistake : correlator_.rejected()) {
    PHENDAU_LOG(warn, "correlation_rejected", {"reason", mistake.to_string()});
  }
  const auto saved = PHENDAU_TRY(services_.ledger.get_derived(kSpace, kKey));
  if (!saved) return {};
  if (const auto restored = restore(saved->doc); !restored) {
    PHENDAU_LOG(warn, "detection_starts_over", {"error", restored.error().message});
    const std::lock_guard lock(mu_);
    position_ = 0;
    open_.clear();
    streams_.clear();
    feeds_.clear();
  }
  const std::lock_guard lock(mu_);
  if (position_ > services_.journal.head().frame_seq) {
    // The journal was put back to an earlier day on purpose (`admin accept`): what it holds is read again.
    PHENDAU_LOG(warn, "detection_starts_over", {"error", "the position lies behind the journal's end"});
    position_ = 0;
  }
  return {};
}

void Detection::start() {
  thread_ = std::thread([this] { run(); });
}

void Detection::stop() {
  if (stopping_.exchange(true)) return;
  if (thread_.joinable()) thread_.join();
  Pending nothing;
  if (const auto saved = commit(nothing, true); !saved) {
    PHENDAU_LOG(warn, "checkpoint_failed", {"error", saved.error().message});
  }
}

void Detection::run() {
  UtcTime silence_at = services_.env.now();
  while (!stopping_) {
    services_.journal.wait_committed(position_, milliseconds(500));
    const auto handled = run_once();
    if (!handled) {
      // Position unchanged: the same frames are tried again.
      PHENDAU_LOG(warn, "detection_waits", {"error", handled.error().message});
      services_.journal.wait_committed(UINT64_MAX, seconds(1));
    }
    const UtcTime now = services_.env.now();
    if (now - silence_at >= services_.config.silence_check_every) {
      silence_at = now;
      if (const auto checked = check_silence(now); !checked) {
        PHENDAU_LOG(warn, "silence_check_failed", {"error", checked.error().message});
      }
    }
  }
}

void Detection::follow_rules() {
  auto now = services_.rules->current();
  if (now == rules_) return;
  auto fresh = detect::Correlator::compile(services_.pack.correlations(), now->plan);
  const std::lock_guard lock(mu_);
  if (const auto kept = fresh.restore(correlator_.save()); !kept) {
    PHENDAU_LOG(warn, "correlation_starts_over", {"error", kept.error().message});
  }
  correlator_ = std::move(fresh);
  rules_ = std::move(now);
}

Result<std::size_t> Detection::run_once() {
  follow_rules();
  const auto frames = PHENDAU_TRY(services_.journal.read_from(position_ + 1, kFramesPerRead));
  Pending pending;
  for (const auto& frame : frames) handle(frame, pending);
  if (frames.empty()) return std::size_t{0};
  const std::uint64_t before = position_;
  position_ = frames.back().seq;
  const bool due = services_.env.now() - checkpoint_at_ >= kCheckpointEvery;
  if (const auto committed = commit(pending, due); !committed) {
    position_ = before;
    // What was correlated must not be correlated twice: go back to the last checkpoint.
    const auto saved = services_.ledger.get_derived(kSpace, kKey);
    if (saved && *saved) {
      PHENDAU_TRY(restore((*saved)->doc));
    } else {
      position_ = 0;
      const std::lock_guard lock(mu_);
      open_.clear();
      correlator_ = detect::Correlator::compile(services_.pack.correlations(), rules_->plan);
    }
    return std::unexpected(committed.error());
  }
  return frames.size();
}

void Detection::handle(const journal::CommittedBatch& committed, Pending& pending) {
  const auto matches = detect::match(rules_->plan, committed.batch);
  const std::lock_guard lock(mu_);
  note_streams(committed.batch);
  counts_.frames += 1;
  counts_.events += committed.batch.rows();
  counts_.matches += matches.size();
  for (const auto& match : matches) {
    if (correlator_.rule_alerts()[match.rule_index]) handle_match(committed, match, pending);
  }
  // The correlator names rows by frame and row of the batch as it is; a frame that lost rows keeps their
  // numbers apart.
  for (const auto& match : correlator_.observe(committed.batch, committed.seq, matches)) {
    if (match.alerts) handle_correlation(committed, match, pending);
  }
  // Windows with an upper bound are judged when no event for them can come any more. Time is the journal's,
  // not the clock's: reading the same frames again gives the same alerts.
  if (committed.batch.rows() == 0) return;
  const UtcTime passed = committed.batch.received_time_max() - detect::kCorrelationLatenessMax;
  for (const auto& match : correlator_.advance(passed)) {
    if (match.alerts) handle_correlation(committed, match, pending);
  }
}

Detection::Open& Detection::open_group(const std::string& key, UtcTime at, Duration window, bool& is_new,
                                       std::string_view identity) {
  const auto found = open_.find(key);
  if (found != open_.end() && at - found->second.first_at <= window &&
      found->second.first_at - at <= window) {
    is_new = false;
    return found->second;
  }
  if (found == open_.end() && open_.size() >= kOpenAlertsMax) {
    open_.erase(std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
      return a.second.last_at < b.second.last_at;
    }));
    ++counts_.groups_evicted;
  }
  is_new = true;
  Open& fresh = open_[key];
  fresh = Open{};
  fresh.first_at = at;
  fresh.last_at = at;
  fresh.alert_id = derive_ulid(at, std::string(identity) + kSeparator + key);
  return fresh;
}

void Detection::handle_match(const journal::CommittedBatch& committed, const detect::Match& match,
                             Pending& pending) {
  const detect::Rule& rule = rules_->plan.rules()[match.rule_index];
  const Batch& batch = committed.batch;
  const std::string agency = agency_of(batch, match.row);
  Json entity = entity_of(rule, batch, match.row);
  const std::string key = rule.id + kSeparator + agency + kSeparator + entity.dump_canonical();
  const std::string ref = phendau::to_string(committed.refs[match.row]);
  const UtcTime at = batch.event_time(match.row);
  const Duration window = rule.window.ns > 0 ? rule.window : kAlertWindowDefault;
  bool is_new = false;
  Open& open = open_group(key, at, window, is_new, ref);
  ++open.count;
  open.last_at = std::max(open.last_at, at);
  if (open.refs.size() < kAlertRefsMax) open.refs.push_back(ref);
  if (is_new)
    add_alert(rule, agency, std::move(entity), field_of(batch, kHostColumn, match.row), open, pending);
  touch(open, agency, pending);
}

void Detection::handle_correlation(const journal::CommittedBatch& committed,
                                   const detect::CorrelationMatch& match, Pending& pending) {
  const detect::CorrelationRule& rule = correlator_.rules()[match.correlation_index];
  Json entity = Json::object();
  std::string agency(kUnassignedAgency);
  for (std::size_t i = 0; i < match.group.size() && i < rule.group_by.size(); ++i) {
    if (rule.group_by[i] == kAgencyColumn)
      agency = match.group[i];
    else
      entity.set(rule.group_by[i], to_valid_utf8(match.group[i]));
  }
  Open open;
  open.first_at = match.window_start;
  open.last_at = match.window_end;
  open.count = match.count;
  for (const auto& ref : match.sample) open.refs.push_back(phendau::to_string(ref));
  open.alert_id =
      derive_ulid(match.window_start, rule.id + kSeparator + agency + kSeparator + entity.dump_canonical() +
                                          kSeparator + phendau::to_string(match.first_event));
  open.last_at = match.last_time;
  if (!match.update) {
    const auto row = row_of(committed, match.last_event);
    const std::string host = row ? field_of(committed.batch, kHostColumn, *row) : std::string();
    add_alert(rule, agency, std::move(entity), host, open, pending);
  }
  touch(open, agency, pending);
}

void Detection::add_alert(const detect::RuleMeta& rule, const std::string& agency, Json entity,
                          const std::string& host, const Open& open, Pending& pending) {
  ledger::Write write;
  write.kind = "alert";
  write.id = open.alert_id;
  write.agency_id = services_.succession->current(agency);  // the id stays that of the event's agency
  write.state = "new";
  write.if_absent = true;
  write.reason = "raised";
  write.pack = services_.pack.pack().reference();
  write.doc.set("rule_id", rule.id)
      .set("rule_title", rule.title_for_people())
      .set("level", rule.level.empty() ? std::string("medium") : rule.level)
      .set("entity", std::move(entity))
      .set("host", host)
      .set("pack", services_.pack.pack().reference())
      .set("first_at", format_rfc3339(open.first_at))
      .set("first_event", open.refs.empty() ? std::string() : open.refs.front());
  pending.alerts.push_back(std::move(write));
  last_alerts_[{rule.id, agency}] = {open.first_at, open.alert_id};
}

void Detection::touch(const Open& open, const std::string& agency, Pending& pending) {
  Json refs = Json::array();
  for (const auto& ref : open.refs) refs.push(ref);
  pending.activity[open.alert_id] = Json::object({{"count", open.count},
                                                  {"first_at", format_rfc3339(open.first_at)},
                                                  {"last_at", format_rfc3339(open.last_at)},
                                                  {"event_refs", std::move(refs)}});
  pending.agency_of[open.alert_id] = agency;
}

void Detection::note_streams(const Batch& batch) {
  hosts_.note(batch);
  const Column& source = *batch.column(kSourceColumn);
  const Column& agency = *batch.column(kAgencyColumn);
  const Column& host = *batch.column(kHostColumn);
  const Column& logsource = *batch.column(kLogsourceColumn);
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    std::string key(source.text(row));
    key += kSeparator;
    key += agency.text(row);
    key += kSeparator;
    key += host.text(row);
    const UtcTime received = batch.received_time(row);
    auto found = streams_.find(key);
    if (found == streams_.end()) {
      if (streams_.size() >= kStreamsMax) continue;
      found = streams_.emplace(std::move(key), Stream{received, received, 0}).first;
    }
    found->second.last_received = std::max(found->second.last_received, received);
    ++found->second.events;
    Feed& feed = feeds_[{std::string(agency.text(row)), std::string(logsource.text(row))}];
    feed.last_event = std::max(feed.last_event, received);
    if (feed.sources.size() < 1'000) feed.sources.insert(std::string(source.text(row)));
  }
}

Result<> Detection::commit(Pending& pending, bool with_checkpoint) {
  if (pending.alerts.empty() && pending.activity.empty() && !with_checkpoint) return {};
  const UtcTime now = services_.env.now();
  ledger::WriteBatch batch;
  batch.writes = pending.alerts;
  for (auto& [id, doc] : pending.activity) {
    batch.derived.push_back({std::string(kActivitySpace), id, pending.agency_of[id], doc});
  }
  if (with_checkpoint) batch.derived.push_back({std::string(kSpace), std::string(kKey), "", checkpoint()});
  const auto written = PHENDAU_TRY(services_.ledger.write_batch(batch, system_actor(), now));
  if (with_checkpoint) checkpoint_at_ = now;
  std::set<std::string> agencies;
  for (const auto& one : written) {
    if (!one.changed) continue;
    agencies.insert(one.record.agency_id);
    services_.live.publish({"alert", Resource::alert, one.record.agency_id,
                            Json::object({{"id", one.record.id},
                                          {"kind", "raised"},
                                          {"title", one.record.doc["rule_title"]},
                                          {"level", one.record.doc["level"]}})});
    const std::lock_guard lock(mu_);
    ++counts_.alerts;
  }
  if (!agencies.empty() && on_alerts) on_alerts(agencies);
  const std::lock_guard lock(mu_);
  counts_.position = position_;
  return {};
}

Json Detection::checkpoint() const {
  const std::lock_guard lock(mu_);
  Json open = Json::array();
  for (const auto& [key, group] : open_) {
    Json refs = Json::array();
    for (const auto& ref : group.refs) refs.push(ref);
    open.push(Json::object({{"key", to_base64(key)},
                            {"id", group.alert_id},
                            {"first_at", group.first_at.ns},
                            {"last_at", group.last_at.ns},
                            {"count", group.count},
                            {"refs", std::move(refs)}}));
  }
  Json streams = Json::array();
  for (const auto& [key, stream] : streams_) {
    streams.push(Json::object({{"key", to_base64(key)},
                               {"first", stream.first_received.ns},
                               {"last", stream.last_received.ns},
                               {"events", stream.events}}));
  }
  Json feeds = Json::array();
  for (const auto& [key, feed] : feeds_) {
    Json sources = Json::array();
    for (const auto& source : feed.sources) sources.push(source);
    feeds.push(Json::object({{"agency", key.first},
                             {"logsource", key.second},
                             {"last", feed.last_event.ns},
                             {"sources", std::move(sources)}}));
  }
  return Json::object({{"version", 1},
                       {"position", position_},
                       {"feeds", std::move(feeds)},
                       {"hosts", hosts_.save()},
                       {"pack", services_.pack.pack().reference()},
                       {"correlator", to_base64(correlator_.save())},
                       {"open", std::move(open)},
                       {"streams", std::move(streams)}});
}

Result<> Detection::restore(const Json& checkpoint) {
  if (checkpoint["version"].as_int() != 1) return fail(ErrorCode::corrupt, "unknown checkpoint version");
  auto fresh = detect::Correlator::compile(services_.pack.correlations(), rules_->plan);
  const std::string state = PHENDAU_TRY(from_base64(checkpoint["correlator"].as_string()));
  PHENDAU_TRY(fresh.restore(state));
  const std::lock_guard lock(mu_);
  correlator_ = std::move(fresh);
  position_ = static_cast<std::uint64_t>(checkpoint["position"].as_int());
  open_.clear();
  for (const auto& item : checkpoint["open"].items()) {
    Open group;
    group.alert_id = item["id"].as_string();
    group.first_at.ns = item["first_at"].as_int();
    group.last_at.ns = item["last_at"].as_int();
    group.count = static_cast<std::uint64_t>(item["count"].as_int());
    for (const auto& ref : item["refs"].items()) group.refs.push_back(ref.as_string());
    open_[PHENDAU_TRY(from_base64(item["key"].as_string()))] = std::move(group);
  }
  feeds_.clear();
  for (const auto& item : checkpoint["feeds"].items()) {
    Feed& feed = feeds_[{item["agency"].as_string(), item["logsource"].as_string()}];
    feed.last_event.ns = item["last"].as_int();
    for (const auto& source : item["sources"].items()) feed.sources.insert(source.as_string());
  }
  hosts_.restore(checkpoint["hosts"]);  // older checkpoints have none: it fills as events come
  streams_.clear();
  for (const auto& item : checkpoint["streams"].items()) {
    streams_[PHENDAU_TRY(from_base64(item["key"].as_string()))] =
        Stream{{item["first"].as_int()},
               {item["last"].as_int()},
               static_cast<std::uint64_t>(item["events"].as_int())};
  }
  return {};
}

std::vector<detect::SourceActivity> Detection::activities() const {
  const std::lock_guard lock(mu_);
  std::vector<detect::SourceActivity> out;
  for (const auto& [key, stream] : streams_) {
    const auto parts = split(key, kSeparator);
    detect::SourceActivity one;
    one.source = parts[0];
    one.agency = parts[1].empty() ? kUnassignedAgency : parts[1];
    one.host = parts[2];
    one.last_event_time = stream.last_received;
    const double span_hours =
        std::max(1.0, static_cast<double>((stream.last_received - stream.first_received).ns) / 3.6e12);
    one.events_per_hour_usual = static_cast<double>(stream.events) / span_hours;
    out.push_back(std::move(one));
  }
  return out;
}

Json Detection::coverage_of(std::string_view agency_id, std::string_view host) const {
  HostSources::Sources sources;
  std::shared_ptr<const RulesInForce> set;
  {
    const std::lock_guard lock(mu_);
    sources = hosts_.of(agency_id, host);
    set = rules_;
  }
  const auto& plan = set->plan;
  Json heard = Json::array();
  for (const auto& [name, at] : sources) {
    heard.push(Json::object({{"logsource", name}, {"last_event_at", format_rfc3339(at)}}));
  }
  const BlindRules found = blind_rules(plan, sources, product_of(sources));
  std::map<std::string, std::int64_t> missing;
  for (const std::uint32_t index : found.blind) ++missing[plan.rules()[index].logsource.key()];
  Json blind = Json::array();
  for (const auto& [name, count] : missing) {
    blind.push(Json::object({{"logsource", name}, {"rules", count}}));
  }
  return Json::object(
      {{"log_sources", std::move(heard)}, {"rules", found.rules}, {"blind", std::move(blind)}});
}

Result<> Detection::check_silence(UtcTime now) {
  Pending pending;
  const auto& rules = services_.pack.silences();
  // While the hub itself was down nobody could be heard: silence counts from its start on.
  auto heard = activities();
  for (auto& one : heard) one.last_event_time = std::max(one.last_event_time, opened_at_);
  const auto silent = detect::evaluate_silence(rules, heard, now);
  {
    const std::lock_guard lock(mu_);
    for (const auto& match : silent) {
      const detect::SilenceRule& rule = rules[match.rule_index];
      if (rules_->is_filtered(rule, match.source)) continue;
      Json entity = Json::object({{"source", match.source.source}, {"host", match.source.host}});
      Open open;
      open.first_at = match.source.last_event_time;
      open.last_at = match.source.last_event_time;
      open.alert_id = derive_ulid(
          open.first_at, rule.id + kSeparator + entity.dump_canonical() + kSeparator + match.source.agency);
      if (open_.contains(open.alert_id)) continue;  // raised since start
      Open& marker = open_[open.alert_id];
      marker = open;
      marker.last_at = now;
      add_alert(rule, match.source.agency, std::move(entity), match.source.host, open, pending);
      touch(open, match.source.agency, pending);
    }
  }
  return commit(pending, false);
}

DetectionCounts Detection::counts() const {
  const std::lock_guard lock(mu_);
  return counts_;
}

comply::DetectionState Detection::state_of(std::string_view rule_ref, std::string_view agency_id) const {
  comply::DetectionState out;
  out.rule = rule_ref;
  out.agency_id = agency_id;
  const auto fits = [&](const detect::RuleMeta& rule) {
    return rule.id == rule_ref || rule.name == rule_ref ||
           std::find(rule.features.begin(), rule.features.end(), rule_ref) != rule.features.end();
  };
  std::set<std::string> sources;
  const std::lock_guard lock(mu_);
  const auto& plan = rules_->plan;
  const auto look = [&](std::uint32_t index) {
    out.in_force = true;
    for (const auto& pattern : plan.covers(index)) {
      for (auto at = feeds_.lower_bound({out.agency_id, ""}); at != feeds_.end(); ++at) {
        const auto& [key, feed] = *at;
        if (key.first != agency_id) break;
        if (!detect::covers(pattern, key.second)) continue;
        sources.insert(feed.sources.begin(), feed.sources.end());
        if (!out.last_event_at || *out.last_event_at < feed.last_event) out.last_event_at = feed.last_event;
      }
    }
  };
  const auto note_alert = [&](const std::string& rule_id) {
    const auto last = last_alerts_.find({rule_id, std::string(agency_id)});
    if (last == last_alerts_.end()) return;
    if (!out.last_alert_at || *out.last_alert_at < last->second.first) {
      out.last_alert_at = last->second.first;
      out.last_alert_id = last->second.second;
    }
  };
  const auto& rules = plan.rules();
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    if (!fits(rules[i])) continue;
    look(i);
    note_alert(rules[i].id);
  }
  for (const auto& correlation : correlator_.rules()) {
    if (!fits(correlation)) continue;
    note_alert(correlation.id);
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
      const auto& refs = correlation.rules;
      const bool used = std::find(refs.begin(), refs.end(), rules[i].id) != refs.end() ||
                        std::find(refs.begin(), refs.end(), rules[i].name) != refs.end();
      if (used) look(i);
    }
  }
  out.sources = static_cast<std::uint32_t>(sources.size());
  return out;
}

}  // namespace phendau::hub

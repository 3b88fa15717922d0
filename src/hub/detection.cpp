// SPDX-License-Identifier: Apache-2.0
#include "hub/detection.h"

#include <optional>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/texts.h"
#include "base/ulid.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kSpace = kDetectionSpace;
constexpr std::string_view kKey = kCheckpointKey;
constexpr std::size_t kFramesPerRead = 64;
constexpr Duration kCheckpointEvery = seconds(2);
constexpr char kSeparator = '\x1f';
constexpr std::size_t kWritesPerPart = 5'000;
static_assert(kWritesPerPart < ledger::kBatchWritesMax);

std::string agency_of(const Batch& batch, std::uint32_t row) {
  const std::string_view text = batch.column(kAgencyColumn)->text(row);
  return text.empty() ? std::string(kUnassignedAgency) : std::string(text);
}

std::string field_of(const Batch& batch, std::string_view name, std::uint32_t row) {
  const Column* column = batch.column(name);
  if (column == nullptr) return {};
  return to_valid_utf8(truncate_utf8(column->text(row), kEntityBytesMax));
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
  const auto found = std::lower_bound(committed.refs.begin(), committed.refs.end(), ref);
  if (found == committed.refs.end() || *found != ref) return std::nullopt;
  return static_cast<std::uint32_t>(found - committed.refs.begin());
}

Json in_both_languages(std::string_view text_id, const std::vector<std::string>& args) {
  return Json::object({{"vi", tr(Lang::vi, text_id, args)}, {"en", tr(Lang::en, text_id, args)}});
}

/// How much came in the days of a finding about silence, and how much is usual.
Json detail_of(const detect::LessThanUsual& less) {
  const auto day = [](UtcTime at) { return format_vietnamese(at, kHubZone).substr(0, 10); };
  const std::string last = day(less.to - seconds(1));
  std::vector<std::string> args = {last, std::to_string(less.came), fmt::format("{:.0f}", less.usual),
                                   std::to_string(less.weeks)};
  if (less.to - less.from <= days(1)) return in_both_languages("alert.sent_less_day", args);
  args.insert(args.begin(), day(less.from));
  return in_both_languages("alert.sent_less_days", args);
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
    groups_.clear();
    streams_.clear();
    feeds_.clear();
  }
  const std::lock_guard lock(mu_);
  if (const std::int64_t alive_at = saved->doc["saved_at"].as_int(); alive_at != 0)
    streams_.note_deaf(UtcTime{alive_at}, opened_at_);
  if (position_ > services_.journal.head().frame_seq) {
    // The journal was put back to an earlier day on purpose (`admin accept`): what it holds is read again.
    PHENDAU_LOG(warn, "detection_starts_over", {"error", "the position lies behind the journal's end"});
    position_ = 0;
    streams_.clear();
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
      groups_.clear();
      streams_.clear();
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
  if (committed.batch.rows() > 0) {
    const UtcTime passed = committed.batch.received_time_max() - detect::kCorrelationLatenessMax;
    for (const auto& match : correlator_.advance(passed)) {
      if (match.alerts) handle_correlation(committed, match, pending);
    }
  }
  show_touched(pending);
  if (committed.batch.rows() > 0) counts_.groups_evicted += groups_.tidy(committed.batch.received_time_max());
}

AlertGroup& Detection::group_of(const Finding& finding, Pending& pending) {
  if (AlertGroup* found = groups_.find(finding.key, finding.at, finding.window)) return *found;
  const std::string quota_key = finding.rule.id + kSeparator + finding.agency;
  AlertGroup* collective = groups_.collective(quota_key, finding.at, finding.received);
  if (collective == nullptr) {
    AlertGroup& fresh = groups_.add(finding.key, finding.at, finding.received + finding.window + kGroupKept);
    fresh.alert_id = finding.alert_id;
    add_alert(finding, fresh.alert_id, finding.entity, finding.host, finding.detail, pending);
    return fresh;
  }
  ++counts_.collected;
  if (collective->alert_id.empty()) {
    collective->alert_id = derive_ulid(finding.at, quota_key + kSeparator + finding.alert_id);
    collective->first_at = collective->last_at = finding.at;
    add_alert(finding, collective->alert_id, Json::object(), "",
              in_both_languages("alert.collected", {std::to_string(collective->alerts)}), pending);
  }
  return *collective;
}

void Detection::handle_match(const journal::CommittedBatch& committed, const detect::Match& match,
                             Pending& pending) {
  const detect::Rule& rule = rules_->plan.rules()[match.rule_index];
  const Batch& batch = committed.batch;
  const std::string ref = phendau::to_string(committed.refs[match.row]);
  const UtcTime at = batch.event_time(match.row);
  Finding finding{.rule = rule,
                  .agency = agency_of(batch, match.row),
                  .entity = entity_of(rule, batch, match.row),
                  .host = field_of(batch, kHostColumn, match.row),
                  .key = {},
                  .alert_id = {},
                  .at = at,
                  .received = batch.received_time(match.row),
                  .window = rule.window.ns > 0 ? rule.window : kAlertWindowDefault,
                  .refs = {ref}};
  finding.key = rule.id + kSeparator + finding.agency + kSeparator + finding.entity.dump_canonical();
  finding.alert_id = derive_ulid(at, ref + kSeparator + finding.key);
  AlertGroup& group = group_of(finding, pending);
  group.add(at, 1, finding.refs);
  pending.touched[&group] = finding.agency;
}

void Detection::handle_correlation(const journal::CommittedBatch& committed,
                                   const detect::CorrelationMatch& match, Pending& pending) {
  const detect::CorrelationRule& rule = correlator_.rules()[match.correlation_index];
  Finding finding{.rule = rule,
                  .agency = std::string(kUnassignedAgency),
                  .entity = Json::object(),
                  .host = {},
                  .key = {},
                  .alert_id = {},
                  .at = match.window_start,
                  .received = committed.batch.received_time_max(),
                  .window = {},
                  .refs = {}};
  for (std::size_t i = 0; i < match.group.size() && i < rule.group_by.size(); ++i) {
    if (rule.group_by[i] == kAgencyColumn)
      finding.agency = match.group[i];
    else
      finding.entity.set(rule.group_by[i], to_valid_utf8(truncate_utf8(match.group[i], kEntityBytesMax)));
  }
  finding.alert_id = derive_ulid(match.window_start, rule.id + kSeparator + finding.agency + kSeparator +
                                                         finding.entity.dump_canonical() + kSeparator +
                                                         phendau::to_string(match.first_event));
  finding.key = finding.alert_id;
  // Without a group of its own, its beginning was collected, with the count that it had then.
  if (match.update && groups_.find(finding.key, finding.at, finding.window) == nullptr) return;
  if (const auto row = row_of(committed, match.last_event))
    finding.host = field_of(committed.batch, kHostColumn, *row);
  for (const auto& ref : match.sample) finding.refs.push_back(phendau::to_string(ref));
  AlertGroup& group = group_of(finding, pending);
  if (group.alert_id == finding.alert_id) {
    group.count = 0;  // the match says all that its window holds
    group.refs.clear();
  }
  group.add(match.window_start, match.count, finding.refs);
  group.last_at = std::max(group.last_at, match.last_time);
  pending.touched[&group] = finding.agency;
}

void Detection::add_alert(const Finding& finding, const std::string& id, Json entity, const std::string& host,
                          Json detail, Pending& pending) {
  const detect::RuleMeta& rule = finding.rule;
  ledger::Write write;
  write.kind = "alert";
  write.id = id;
  write.agency_id = services_.succession->current(finding.agency);  // the id stays that of the event's agency
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
      .set("first_at", format_rfc3339(finding.at))
      .set("first_event", finding.refs.empty() ? std::string() : finding.refs.front());
  if (!detail.is_null()) write.doc.set("detail", std::move(detail));
  pending.alerts.push_back(std::move(write));
  last_alerts_[{rule.id, finding.agency}] = {finding.at, id};
}

/// Once for all that a frame added: an alert may have grown by thousands of matches.
void Detection::show_touched(Pending& pending) {
  for (const auto& [group, agency] : pending.touched) {
    Json refs = Json::array();
    for (const auto& ref : group->refs) refs.push(ref);
    pending.activity[group->alert_id] = Json::object({{"count", group->count},
                                                      {"first_at", format_rfc3339(group->first_at)},
                                                      {"last_at", format_rfc3339(group->last_at)},
                                                      {"event_refs", std::move(refs)}});
    pending.agency_of[group->alert_id] = agency;
  }
  pending.touched.clear();
}

void Detection::note_streams(const Batch& batch) {
  hosts_.note(batch);
  streams_.note(batch);
  const Column& source = *batch.column(kSourceColumn);
  const Column& agency = *batch.column(kAgencyColumn);
  const Column& logsource = *batch.column(kLogsourceColumn);
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    Feed& feed = feeds_[{std::string(agency.text(row)), std::string(logsource.text(row))}];
    feed.last_event = std::max(feed.last_event, batch.received_time(row));
    if (feed.sources.size() < 1'000) feed.sources.insert(std::string(source.text(row)));
  }
}

/// A flood may raise more than one transaction holds. The checkpoint comes last: what was written before it
/// is written again after a crash, and the ledger knows it.
Result<> Detection::commit(Pending& pending, bool with_checkpoint) {
  if (pending.alerts.empty() && pending.activity.empty() && !with_checkpoint) return {};
  const UtcTime now = services_.env.now();
  ledger::WriteBatch part;
  const auto write_if_full = [&]() -> Result<> {
    if (part.writes.size() + part.derived.size() < kWritesPerPart) return {};
    return write_part(part, now);
  };
  for (const auto& alert : pending.alerts) {
    part.writes.push_back(alert);
    PHENDAU_TRY(write_if_full());
  }
  for (const auto& [id, doc] : pending.activity) {
    part.derived.push_back({std::string(kActivitySpace), id, pending.agency_of[id], doc});
    PHENDAU_TRY(write_if_full());
  }
  if (!part.writes.empty() || !part.derived.empty()) PHENDAU_TRY(write_part(part, now));
  if (with_checkpoint) PHENDAU_TRY(save_checkpoint(now));
  const std::lock_guard lock(mu_);
  counts_.position = position_;
  return {};
}

/// What correlation holds in a flood may be more than a row of the ledger takes: then the earlier checkpoint
/// stays, and a restart reads more of the journal again. Detection itself must not stop for that.
Result<> Detection::save_checkpoint(UtcTime now) {
  ledger::WriteBatch part;
  part.derived.push_back({std::string(kSpace), std::string(kKey), "", checkpoint(now)});
  bool with_days = false;
  {
    const std::lock_guard lock(mu_);
    with_days = streams_.days_changed();
    if (with_days)
      part.derived.push_back({std::string(kSpace), std::string(kStreamDaysKey), "", streams_.save_days()});
  }
  auto written = write_part(part, now);
  if (!written && written.error().code != ErrorCode::limit) return written;
  checkpoint_at_ = now;
  if (!written) {
    PHENDAU_LOG(warn, "checkpoint_too_large", {"error", written.error().message});
    return {};
  }
  const std::lock_guard lock(mu_);
  if (with_days) streams_.days_saved();
  return {};
}

Result<> Detection::write_part(ledger::WriteBatch& part, UtcTime now) {
  const auto written = PHENDAU_TRY(services_.ledger.write_batch(part, system_actor(), now));
  part = {};
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
  return {};
}

Json Detection::checkpoint(UtcTime now) const {
  const std::lock_guard lock(mu_);
  Json feeds = Json::array();
  for (const auto& [key, feed] : feeds_) {
    Json sources = Json::array();
    for (const auto& source : feed.sources) sources.push(source);
    feeds.push(Json::object({{"agency", key.first},
                             {"logsource", key.second},
                             {"last", feed.last_event.ns},
                             {"sources", std::move(sources)}}));
  }
  Json out = streams_.save();
  out.set("version", 1)
      .set("saved_at", now.ns)
      .set("position", position_)
      .set("feeds", std::move(feeds))
      .set("hosts", hosts_.save())
      .set("pack", services_.pack.pack().reference())
      .set("correlator", to_base64(correlator_.save()))
      .set("open", groups_.save());
  return out;
}

Result<> Detection::restore(const Json& checkpoint) {
  if (checkpoint["version"].as_int() != 1) return fail(ErrorCode::corrupt, "unknown checkpoint version");
  auto fresh = detect::Correlator::compile(services_.pack.correlations(), rules_->plan);
  const std::string state = PHENDAU_TRY(from_base64(checkpoint["correlator"].as_string()));
  PHENDAU_TRY(fresh.restore(state));
  const auto days = PHENDAU_TRY(services_.ledger.get_derived(kSpace, kStreamDaysKey));
  const std::lock_guard lock(mu_);
  correlator_ = std::move(fresh);
  position_ = static_cast<std::uint64_t>(checkpoint["position"].as_int());
  PHENDAU_TRY(groups_.restore(checkpoint["open"]));
  feeds_.clear();
  for (const auto& item : checkpoint["feeds"].items()) {
    Feed& feed = feeds_[{item["agency"].as_string(), item["logsource"].as_string()}];
    feed.last_event.ns = item["last"].as_int();
    for (const auto& source : item["sources"].items()) feed.sources.insert(source.as_string());
  }
  hosts_.restore(checkpoint["hosts"]);  // older checkpoints have none: it fills as events come
  return streams_.restore(checkpoint, days ? days->doc : Json());
}

std::vector<detect::SourceActivity> Detection::activities() const {
  const std::lock_guard lock(mu_);
  return streams_.activities();
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
  {
    const std::lock_guard lock(mu_);
    auto heard = streams_.activities(true);
    // While the hub itself was down nobody could be heard: silence counts from its start on.
    for (auto& one : heard) one.last_event_time = std::max(one.last_event_time, opened_at_);
    const auto whole_days = streams_.whole_days(services_.pack.pack().catalog.work_calendar);
    for (const auto& match : detect::evaluate_silence(rules, heard, now, whole_days)) {
      const detect::SilenceRule& rule = rules[match.rule_index];
      if (!rules_->is_filtered(rule, match.source)) handle_silence(rule, match, now, pending);
    }
    show_touched(pending);
  }
  return commit(pending, false);
}

void Detection::handle_silence(const detect::SilenceRule& rule, const detect::SilenceMatch& match,
                               UtcTime now, Pending& pending) {
  const auto& [source, agency, host, last_event_time, usual, counts] = match.source;
  Finding finding{.rule = rule,
                  .agency = agency,
                  .entity = Json::object({{"source", source}, {"host", host}}),
                  .host = host,
                  .key = {},
                  .alert_id = {},
                  .at = match.less ? match.less->from : last_event_time,
                  .received = now,
                  .window = {},
                  .refs = {}};
  const std::string whom = rule.id + kSeparator + finding.entity.dump_canonical() + kSeparator + agency;
  finding.alert_id = derive_ulid(finding.at, whom);
  finding.key = finding.alert_id;  // a silence is another one when something came in between
  if (match.less) {
    finding.key = whom;
    finding.window = rule.window.ns > 0 ? rule.window : kAlertWindowDefault;
    finding.detail = detail_of(*match.less);
  }
  const UtcTime until = now + finding.window + kGroupKept;
  if (AlertGroup* raised = groups_.find(finding.key, finding.at, finding.window)) {
    raised->until = until;
    return;
  }
  AlertGroup& group = group_of(finding, pending);
  group.add(match.less ? match.less->to : finding.at, match.less ? match.less->came : 0, {});
  pending.touched[&group] = agency;
  // Also what was collected is remembered, for it is judged again every minute.
  if (group.alert_id != finding.alert_id)
    groups_.add(finding.key, finding.at, until).alert_id = group.alert_id;
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
    return rule.is_called(rule_ref) ||
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

// SPDX-License-Identifier: Apache-2.0
#include "hub/hub.h"

#include <chrono>

#include "base/hash.h"
#include "base/log.h"
#include "hub/anchors.h"
#include "net/address.h"
#include "store/ledger/signatures.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kIncidentsOnOverview = 20;
constexpr Duration kSilentAfter = minutes(30);

Json pack_view(const Pack& pack) {
  return Json::object({{"id", pack.id}, {"title", pack.title.vi}, {"digest", pack.digest}});
}

/// What a hub certificate must name: loopback, the configured address, further names.
std::vector<std::string> certificate_names(const HubConfig& config) {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  if (const auto address = net::parse_host_port(config.https_address)) {
    const bool any = address->host.empty() || address->host == "0.0.0.0" || address->host == "::";
    if (!any && std::find(names.begin(), names.end(), address->host) == names.end())
      names.push_back(address->host);
  }
  names.insert(names.end(), config.server_names.begin(), config.server_names.end());
  return names;
}

Json silent_sources(Services& services, const Detection& detection, const Scope& scope, UtcTime now) {
  Json out = Json::array();
  for (const auto& activity : detection.activities()) {
    if (!scope.covers(activity.agency) || now - activity.last_event_time < kSilentAfter) continue;
    out.push(Json::object({{"id", activity.source + "/" + activity.host},
                           {"name", activity.host.empty() ? activity.source : activity.host},
                           {"agency_id", activity.agency},
                           {"agency_name", agency_name(services, activity.agency)},
                           {"last_event_at", format_rfc3339(activity.last_event_time)}}));
  }
  return out;
}

}  // namespace

DataFolder DataFolder::of(const std::string& data_dir) {
  return {path_join(data_dir, "journal"), path_join(data_dir, "ledger")};
}

Result<std::unique_ptr<ledger::Ledger>> open_hub_ledger(Env& env, const std::string& data_dir,
                                                        const std::string& secret_key, const Pack& pack) {
  ledger::LedgerOptions options;
  options.env = &env;
  options.folder = DataFolder::of(data_dir).ledger;
  options.secret_key = secret_key;
  auto ledger = PHENDAU_TRY(ledger::open_ledger(options));
  for (const auto& kind : pack.registers) PHENDAU_TRY(ledger->register_kind(kind.spec));
  return ledger;
}

Result<std::unique_ptr<Hub>> Hub::open(Env& env, HubConfig config,
                                       std::shared_ptr<CompiledRules> compiled_rules) {
  if (!has_keys(env, config.data_dir)) {
    return std::unexpected(explain_missing_keys(env, config.data_dir));
  }
  std::unique_ptr<Hub> hub(new Hub(env, std::move(config)));
  hub->compiled_rules_ = std::move(compiled_rules);
  PHENDAU_TRY(hub->open_stores());
  PHENDAU_TRY(hub->open_workers());
  return hub;
}

Result<> Hub::open_stores() {
  keys_ = PHENDAU_TRY(load_keys(env_, config_.data_dir, certificate_names(config_)));
  PackOptions as_published;
  as_published.compiled_rules = compiled_rules_;
  pack_ = std::make_unique<ActivePack>(PHENDAU_TRY(ActivePack::load(env_, config_.pack_dir, as_published)));
  ledger_ = PHENDAU_TRY(open_hub_ledger(env_, config_.data_dir, keys_.secret_key, pack_->pack()));
  // The province's values are in the ledger, which needs the pack's kinds: the pack is read again with them.
  auto values = PHENDAU_TRY(pack_options_of(*ledger_, pack_->pack(), env_.now()));
  values.compiled_rules = compiled_rules_;
  if (values.parameters.size() > 0 || !values.earlier.empty() || !values.register_values.empty())
    pack_ = std::make_unique<ActivePack>(PHENDAU_TRY(ActivePack::load(env_, config_.pack_dir, values)));
  journal::Options options;
  options.dir = DataFolder::of(config_.data_dir).journal;
  options.zone = kHubZone;
  options.quota_percent = config_.disk_quota_percent;
  options.signing_key = keys_.journal_key;
  options.is_held = [this](const journal::SegmentSummary& segment) { return hold_book_.holds(segment); };
  journal_ = PHENDAU_TRY(journal::Journal::open(env_, std::move(options)));
  PHENDAU_TRY(check_secret_key(*ledger_, keys_.secret_key, env_.now()));
  PHENDAU_TRY(check_anchors(*ledger_, *journal_));
  PHENDAU_TRY(anchor_journal(*ledger_, journal_->head(), "start", env_.now()));
  anchored_entries_ = journal_->head().chain_entries;
  services_ = std::make_unique<Services>(Services{env_, config_, *ledger_, *journal_, live_, *pack_});
  holds_ = std::make_unique<Holds>(*services_, hold_book_);
  return holds_->open();
}

/// A change of packs is a decision that the ledger keeps, with the journal position from which the new rules
/// apply.
Result<> Hub::note_pack() {
  PHENDAU_TRY(note_terms(*ledger_, pack_->pack(), env_.now()));
  constexpr std::string_view kId = "active_pack";
  const Json value =
      Json::object({{"pack", pack_->pack().reference()}, {"from_frame", journal_->head().frame_seq + 1}});
  const auto known = ledger_->get("setting", kId, everything());
  if (known && known->doc["value"]["pack"] == value["pack"]) return {};
  ledger::Write write;
  write.kind = "setting";
  write.id = kId;
  write.state = "active";
  write.reason = known ? "started with another pack" : "first start";
  write.doc.set("value", value);
  write.pack = pack_->pack().reference();
  PHENDAU_TRY(ledger_->write(write, system_actor(), env_.now()));
  PHENDAU_LOG(info, "pack_activated", {"pack", pack_->pack().reference()});
  return {};
}

Result<> Hub::open_workers() {
  PHENDAU_TRY(note_pack());
  accounts_ = std::make_unique<Accounts>(env_, *ledger_, config_);
  accounts_->set_password_rule(pack_->password_rule());
  accounts_->set_succession(services_->succession);
  first_password_ = PHENDAU_TRY(accounts_->ensure_administrator());
  keeper_ = std::make_unique<AccountKeeper>(*services_, *accounts_);
  PHENDAU_TRY(keeper_->open());
  agencies_ = std::make_unique<Agencies>(*services_);
  alerts_ = std::make_unique<Alerts>(*services_);
  devices_ = std::make_unique<Devices>(*services_, keys_, config_.https_address);
  orders_ = std::make_unique<Orders>(*services_, keys_);
  order_evidence_ = std::make_unique<OrderEvidence>(*services_);
  PHENDAU_TRY(order_evidence_->open());
  events_ = std::make_unique<Events>(*services_);
  incidents_ = std::make_unique<Incidents>(*services_, *alerts_);
  records_ = std::make_unique<Records>(*services_);
  record_tables_ = std::make_unique<RecordTables>(*services_, *records_);
  records_->on_write = [this](std::string_view) { keep_accounts(); };
  coordination_ = std::make_unique<CaseCoordination>(*services_, *records_);
  PHENDAU_TRY(open_evidence());
  pipeline_ = std::make_unique<IngestPipeline>(*services_);
  rule_filters_ = std::make_unique<RuleFilters>(*services_);
  PHENDAU_TRY(rule_filters_->open());
  indicators_ = std::make_unique<Indicators>(*services_);
  PHENDAU_TRY(indicators_->open());
  detection_ = std::make_unique<Detection>(*services_);
  PHENDAU_TRY(detection_->open());
  obligations_ = std::make_unique<Obligations>(*services_, *detection_);
  PHENDAU_TRY(obligations_->open());
  leader_ = std::make_unique<Leader>(*services_, *obligations_, *incidents_, *records_);
  province_settings_ = std::make_unique<ProvinceSettings>(*services_);
  queue_ = std::make_unique<Queue>(*services_, *alerts_, *incidents_, *obligations_, *records_);
  rankings_ = std::make_unique<Rankings>(*services_, *obligations_, *records_);
  warnings_ = std::make_unique<Warnings>(*services_, *records_);
  open_papers();
  PHENDAU_TRY(open_organisations());
  PHENDAU_TRY(open_duties());
  detection_->on_alerts = [this](const std::set<std::string>& agencies) {
    for (const auto& id : agencies) obligations_->mark_agency(id);
  };
  accounts_->set_observer([this](const SignInEvent& event) {
    Json own = Json::object({{"timestamp", format_rfc3339(env_.now())},
                             {"program", "phendau-hub"},
                             {"action", "login"},
                             {"outcome", event.success ? "success" : "failure"},
                             {"user", event.username},
                             {"source_ip", event.from},
                             {"method", "password"},
                             {"message", "portal sign-in " + event.reason}});
    if (event.count > 1) own.set("count", event.count);
    pipeline_->submit_own(own);
  });
  pipeline_->start();
  detection_->start();
  rule_filters_->start();
  indicators_->start();
  obligations_->start();
  deliveries_->start();
  telling_->start();
  case_effects_->start();
  collected_files_->start();
  listeners_ = std::make_unique<SyslogListeners>(*services_, *pipeline_, *devices_, keys_);
  PHENDAU_TRY(listeners_->start());
  journal_watch_ = std::make_unique<JournalWatch>(*services_, DataFolder::of(config_.data_dir).journal,
                                                  PHENDAU_TRY(ed25519_public_key(keys_.journal_key)));
  journal_watch_->start();
  maintenance_ = std::thread([this] { run_maintenance(); });
  return {};
}

void Hub::open_papers() {
  pdf_maker_ = std::make_unique<PdfMaker>(env_, path_join(config_.data_dir, "office"));
  papers_ = std::make_unique<Papers>(*services_, *incidents_, *records_, *pdf_maker_);
  year_report_ = std::make_unique<YearReport>(*services_, *obligations_, *rankings_);
  papers_->sources().figures = [this](const Actor& actor, std::string_view root, const PaperOrigin& origin) {
    return year_report_->figures(actor, root, origin);
  };
  evidence_bags_ = std::make_unique<EvidenceBags>(*services_, *evidence_, *papers_);
  evidence_bags_->case_view = [this](const Actor& actor, std::string_view id) {
    return incidents_->whole(actor, id);
  };
}

Result<> Hub::open_organisations() {
  organisations_ = std::make_unique<Organisations>(*services_);
  organisations_->close_of = [this](std::string_view agency_id) { return obligations_->close_of(agency_id); };
  organisations_->on_changed = [this] {
    obligations_->assess_due(env_.now());
    if (const auto loaded = pipeline_->reload_senders(); !loaded)
      PHENDAU_LOG(warn, "senders_unreadable", {"error", loaded.error().message});
  };
  return organisations_->open();
}

Result<> Hub::open_evidence() {
  evidence_ = std::make_unique<Evidence>(*services_, *records_, *events_, *holds_, keys_.journal_key);
  return evidence_->open();
}

Result<> Hub::open_duties() {
  duties_ = std::make_unique<Duties>(*services_, *obligations_, *records_);
  notices_ = std::make_unique<Notices>(*services_);
  deliveries_ = std::make_unique<Deliveries>(*services_);
  PHENDAU_TRY(deliveries_->open());
  notices_->on_read = [this](const Actor& actor, const std::vector<std::string>& ids) {
    deliveries_->note_read(actor, ids);
  };
  telling_ = std::make_unique<Telling>(*services_, *accounts_, *notices_, *deliveries_);
  PHENDAU_TRY(telling_->open());
  case_effects_ = std::make_unique<CaseEffects>(*services_, *telling_, *papers_);
  collected_files_ = std::make_unique<CollectedFiles>(*services_, *evidence_);
  reminding_ =
      std::make_unique<Reminding>(*services_, *obligations_, *records_, *accounts_, *notices_, *deliveries_);
  incident_reports_ = std::make_unique<IncidentReports>(*services_, *incidents_, *records_, *deliveries_);
  calendar_feeds_ = std::make_unique<CalendarFeeds>(*services_, *accounts_);
  records_->figures = [this](std::string_view agency) { return duties_->figures(agency); };
  return reminding_->open();
}

void Hub::run_maintenance() {
  // Journal time passes in seconds; the loop sleeps in short steps so that stop() is quick.
  UtcTime done_at = env_.now();
  UtcTime reminded_at;
  while (!stopping_) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    keep_accounts();
    const UtcTime now = env_.now();
    if (now - done_at < seconds(5)) continue;
    done_at = now;
    organisations_->carry_out_due();
    evidence_->sweep();
    if (const auto maintained = journal_->maintenance(now); !maintained) {
      PHENDAU_LOG(warn, "journal_maintenance_failed", {"error", maintained.error().message});
    }
    if (now - reminded_at >= config_.assess_every) {
      reminded_at = now;
      if (const auto sent = reminding_->run(now); !sent)
        PHENDAU_LOG(warn, "reminders_not_sent", {"error", sent.error().message});
    }
    if (journal_->head().chain_entries == anchored_entries_) continue;
    anchored_entries_ = journal_->head().chain_entries;
    keep_anchors("seal");
  }
}

void Hub::keep_accounts() {
  if (const auto kept = keeper_->look(); !kept) {
    PHENDAU_LOG(warn, "accounts_not_kept", {"error", kept.error().message});
  }
}

void Hub::keep_anchors(std::string_view reason) {
  const auto head = ledger_->head();
  if (head) pipeline_->submit_own(ledger_anchor_event(*head, env_.now()));
  const auto kept = anchor_journal(*ledger_, journal_->head(), reason, env_.now());
  if (!head || !kept) {
    PHENDAU_LOG(warn, "anchor_not_kept", {"error", head ? kept.error().message : head.error().message});
  }
}

void Hub::stop() {
  if (stopping_.exchange(true)) return;
  if (maintenance_.joinable()) maintenance_.join();
  if (journal_watch_) journal_watch_->stop();
  if (obligations_) keep_anchors("stop");
  // Against the stream: nothing new comes in, what is held is stored, then detected.
  if (pipeline_) pipeline_->close_intake();
  if (listeners_) listeners_->stop();
  if (pipeline_) pipeline_->stop();
  if (detection_) detection_->stop();
  if (obligations_) obligations_->stop();
  if (collected_files_) collected_files_->stop();
  if (case_effects_) case_effects_->stop();
  if (telling_) telling_->stop();
  if (deliveries_) deliveries_->stop();
  if (rule_filters_) rule_filters_->stop();
  if (indicators_) indicators_->stop();
}

Hub::~Hub() { stop(); }

Result<Json> Hub::overview(const Actor& actor) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::agency));
  Json agencies = Json::array();
  const Json listed = PHENDAU_TRY(agencies_->list(actor))["items"];
  for (const auto& agency : listed.items()) {
    const std::string& id = agency["id"].as_string();
    if (services_->succession->has_ended(id)) continue;
    ledger::Query open;
    open.kind = "alert";
    open.states = {"new", "acknowledged"};
    open.agency_ids = {id};
    ledger::Query cases = cases_query(false);
    cases.states = {"open"};
    cases.agency_ids = {id};
    agencies.push(Json::object({{"id", id},
                                {"name", agency["name"]},
                                {"obligations", obligations_->counts_of_agency(id)},
                                {"devices", agency["devices"]},
                                {"open_alerts", PHENDAU_TRY(ledger_->count(open, scope))},
                                {"open_incidents", PHENDAU_TRY(ledger_->count(cases, scope))}}));
  }
  const UtcTime now = env_.now();
  Json silent = silent_sources(*services_, *detection_, scope, now);
  Json storage = Json::object();
  Json ingest = Json::object();
  Json mail = Json::object();
  if (!authorize(actor, Action::read, Resource::storage).allows_nothing()) {
    const auto stat = journal_->stat();
    storage = Json::object({{"used_bytes", stat.segment_bytes + stat.wal_bytes},
                            {"quota_percent", stat.quota_percent},
                            {"used_percent", stat.disk_used_percent},
                            {"journal_rows", stat.rows},
                            {"damaged", stat.damaged},
                            {"ledger_changes", PHENDAU_TRY(ledger_->head()).seq}});
    const IngestCounters counters = pipeline_->counters();
    std::uint64_t parse_errors = 0;
    for (const auto& [reason, count] : counters.decode.by_reason) parse_errors += count;
    ingest = Json::object({{"parse_errors", parse_errors},
                           {"skewed", counters.decode.skewed},
                           {"dropped", counters.dropped},
                           {"refused_senders", listeners_->refused_senders()},
                           {"spools_refused", counters.spools_refused},
                           {"udp_kernel_drops", listeners_->kernel_drops()}});
    mail = PHENDAU_TRY(deliveries_->mail_counts());
  }
  Events::Search last_hour;
  last_hour.from = now - hours(1);
  if (const auto counted = events_->histogram(actor, last_hour, 1)) {
    ingest.set("events_last_hour", (*counted)["total"]);
  }
  const auto incidents = incidents_->list(actor, {.status = "open", .limit = kIncidentsOnOverview});
  const auto levels = alerts_->open_by_level(actor);
  return Json::object(
      {{"generated_at", format_rfc3339(now)},
       {"agencies", std::move(agencies)},
       {"alerts_by_level", levels ? *levels : Json::object()},
       {"open_incidents", incidents ? Json::array((*incidents)["items"].items()) : Json::array()},
       {"silent_sources", std::move(silent)},
       {"storage", std::move(storage)},
       {"ingest", std::move(ingest)},
       {"mail", std::move(mail)},
       {"pack", pack_view(pack_->pack())},
       {"demo", config_.demo}});
}

Result<Json> Hub::ledger_head(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::pack));
  return ledger::to_json(
      PHENDAU_TRY(ledger::sign_head(PHENDAU_TRY(ledger_->head()), env_.now(), keys_.journal_key)));
}

Result<Json> Hub::packs(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::pack));
  const Pack& pack = pack_->pack();
  std::map<std::string, std::int64_t> counts;
  for (const auto& row : coverage(pack).rows) {
    for (const auto& by : row.satisfied_by) ++counts[by.working ? by.kind : "pending"];
  }
  Json by = Json::object();
  for (const auto& [kind, count] : counts) by.set(kind, count);
  Json one = Json::object({{"id", pack.id},
                           {"title", pack.title.vi},
                           {"document", pack.document ? pack.document->number : std::string()},
                           {"digest", pack.digest},
                           {"active", true},
                           {"coverage", std::move(by)}});
  return Json::object({{"items", Json::array({std::move(one)})}});
}

Result<Json> Hub::rules(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::rule));
  Json items = Json::array();
  const auto add = [&](const detect::RuleMeta& rule, const std::string& logsource, bool blind = false,
                       const std::string& reason = {}) {
    Json item = Json::object({{"id", rule.id},
                              {"title", rule.title_for_people()},
                              {"level", rule.level},
                              {"logsource", logsource},
                              {"state", blind ? "blind" : "active"}});
    if (!reason.empty()) item.set("reason", reason);
    items.push(std::move(item));
  };
  const auto& plan = pack_->plan();
  const auto& without = plan.rules_without_source();
  for (std::uint32_t i = 0; i < plan.rules().size(); ++i) {
    const LogSource& of = plan.rules()[i].logsource;
    const bool blind = std::find(without.begin(), without.end(), i) != without.end();
    add(plan.rules()[i], of.key(), blind, blind ? pack_->sources().reason_not_covered(of, Lang::vi) : "");
  }
  for (const auto& rule : pack_->correlations()) add(rule, "correlation");
  for (const auto& rule : pack_->silences()) add(rule, "silence");
  for (const auto& mistake : pack_->rejected()) {
    items.push(Json::object({{"id", mistake.file},
                             {"title", mistake.file},
                             {"level", "informational"},
                             {"logsource", ""},
                             {"state", "unsupported"},
                             {"reason", mistake.to_string()}}));
  }
  return Json::object({{"items", std::move(items)}});
}

Result<Json> Hub::history(const Actor& actor, std::string_view kind, std::string_view id) {
  const Scope scope = PHENDAU_TRY(scope_for(actor, Action::read, Resource::ledger_history));
  Json items = Json::array();
  for (const auto& entry : PHENDAU_TRY(ledger_->history(kind, id, scope))) {
    items.push(Json::object({{"sequence", entry.change.seq},
                             {"at", format_rfc3339(entry.change.at)},
                             {"by", entry.change.actor_name},
                             {"reason", entry.reason},
                             {"state", entry.state},
                             {"doc", entry.doc},
                             {"digest", to_hex(entry.change.hash)}}));
  }
  return Json::object({{"items", std::move(items)}});
}

}  // namespace phendau::hub

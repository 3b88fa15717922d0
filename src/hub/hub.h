// SPDX-License-Identifier: Apache-2.0
// The hub as a whole: stores, pack, engines' workers and use cases, made in the right order and stopped in
// the reverse. Made by cli; used by api. Thread-safe after open().
#pragma once

#include <memory>
#include <string>

#include "hub/account_keeper.h"
#include "hub/accounts.h"
#include "hub/active_pack.h"
#include "hub/agencies.h"
#include "hub/alerts.h"
#include "hub/calendar_feeds.h"
#include "hub/case_effects.h"
#include "hub/collected_files.h"
#include "hub/coordination.h"
#include "hub/deliveries.h"
#include "hub/detection.h"
#include "hub/devices.h"
#include "hub/duties.h"
#include "hub/events.h"
#include "hub/evidence_bags.h"
#include "hub/incident_reports.h"
#include "hub/incidents.h"
#include "hub/indicators.h"
#include "hub/ingest_pipeline.h"
#include "hub/journal_watch.h"
#include "hub/keys.h"
#include "hub/leader.h"
#include "hub/live.h"
#include "hub/notices.h"
#include "hub/obligations.h"
#include "hub/order_evidence.h"
#include "hub/orders.h"
#include "hub/organisations.h"
#include "hub/papers.h"
#include "hub/province_settings.h"
#include "hub/queue.h"
#include "hub/rankings.h"
#include "hub/record_tables.h"
#include "hub/records.h"
#include "hub/reminding.h"
#include "hub/rule_filters.h"
#include "hub/services.h"
#include "hub/syslog_listeners.h"
#include "hub/telling.h"
#include "hub/warnings.h"
#include "hub/year_report.h"
#include "store/journal/journal.h"
#include "store/ledger/ledger.h"

namespace phendau::hub {

/// Layout of the data folder.
struct DataFolder {
  std::string journal;
  std::string ledger;
  static DataFolder of(const std::string& data_dir);
};
/// Opens the ledger of a data folder and registers the kinds of the pack. For the hub and `phendau admin`.
Result<std::unique_ptr<ledger::Ledger>> open_hub_ledger(Env& env, const std::string& data_dir,
                                                        const std::string& secret_key, const Pack& pack);

class Hub {
 public:
  /// Opens everything and starts the workers. Errors say what to do (text ids).
  /// @param compiled_rules where they are kept between starts; null: nowhere.
  static Result<std::unique_ptr<Hub>> open(Env& env, HubConfig config,
                                           std::shared_ptr<CompiledRules> compiled_rules = nullptr);
  ~Hub();
  /// Ends the workers: what is held is appended, checkpoints are written.
  void stop();

  const HubConfig& config() const { return config_; }
  const Keys& keys() const { return keys_; }
  Env& env() { return env_; }
  Services& services() { return *services_; }
  Accounts& accounts() { return *accounts_; }
  Agencies& agencies() { return *agencies_; }
  Alerts& alerts() { return *alerts_; }
  Devices& devices() { return *devices_; }
  Orders& orders() { return *orders_; }
  OrderEvidence& order_evidence() { return *order_evidence_; }
  Events& events() { return *events_; }
  Evidence& evidence() { return *evidence_; }
  EvidenceBags& evidence_bags() { return *evidence_bags_; }
  Holds& holds() { return *holds_; }
  Incidents& incidents() { return *incidents_; }
  IncidentReports& incident_reports() { return *incident_reports_; }
  IngestPipeline& pipeline() { return *pipeline_; }
  Obligations& obligations() { return *obligations_; }
  Organisations& organisations() { return *organisations_; }
  Papers& papers() { return *papers_; }
  Records& records() { return *records_; }
  RecordTables& record_tables() { return *record_tables_; }
  Duties& duties() { return *duties_; }
  Notices& notices() { return *notices_; }
  Deliveries& deliveries() { return *deliveries_; }
  Telling& telling() { return *telling_; }
  CaseEffects& case_effects() { return *case_effects_; }
  CalendarFeeds& calendar_feeds() { return *calendar_feeds_; }
  Leader& leader() { return *leader_; }
  ProvinceSettings& province_settings() { return *province_settings_; }
  Queue& queue() { return *queue_; }
  Rankings& rankings() { return *rankings_; }
  RuleFilters& rule_filters() { return *rule_filters_; }
  Indicators& indicators() { return *indicators_; }
  CaseCoordination& coordination() { return *coordination_; }
  Warnings& warnings() { return *warnings_; }
  Detection& detection() { return *detection_; }
  Live& live() { return live_; }
  SyslogListeners& listeners() { return *listeners_; }
  /// The one-time password of the first administrator, if this start created it. Shown once, never kept.
  const std::optional<std::string>& first_password() const { return first_password_; }

  /// What the overview page shows, within the actor's scope.
  Result<Json> overview(const Actor& actor);
  Result<Json> packs(const Actor& actor);
  Result<Json> rules(const Actor& actor);
  /// The ledger's head, signed with the hub's key: to be printed and kept by whoever may sign in.
  Result<Json> ledger_head(const Actor& actor);
  Result<Json> history(const Actor& actor, std::string_view kind, std::string_view id);

 private:
  Hub(Env& env, HubConfig config) : env_(env), config_(std::move(config)) {}
  Result<> open_stores();
  Result<> note_pack();
  Result<> open_workers();
  void open_papers();
  Result<> open_organisations();
  Result<> open_duties();
  Result<> open_evidence();
  void run_maintenance();
  void keep_accounts();
  /// Each store's head into the other one.
  void keep_anchors(std::string_view reason);

  Env& env_;
  HubConfig config_;
  Keys keys_;
  std::shared_ptr<CompiledRules> compiled_rules_;
  std::unique_ptr<ActivePack> pack_;
  HoldBook hold_book_;  // the journal asks it
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<journal::Journal> journal_;
  Live live_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<AccountKeeper> keeper_;
  std::unique_ptr<Agencies> agencies_;
  std::unique_ptr<Alerts> alerts_;
  std::unique_ptr<Devices> devices_;
  std::unique_ptr<Orders> orders_;
  std::unique_ptr<OrderEvidence> order_evidence_;
  std::unique_ptr<Events> events_;
  std::unique_ptr<Incidents> incidents_;
  std::unique_ptr<IngestPipeline> pipeline_;
  std::unique_ptr<RuleFilters> rule_filters_;
  std::unique_ptr<Indicators> indicators_;
  std::unique_ptr<Detection> detection_;
  std::unique_ptr<Obligations> obligations_;
  std::unique_ptr<Organisations> organisations_;
  std::unique_ptr<Records> records_;
  std::unique_ptr<RecordTables> record_tables_;
  std::unique_ptr<Holds> holds_;
  std::unique_ptr<Evidence> evidence_;
  std::unique_ptr<EvidenceBags> evidence_bags_;
  std::unique_ptr<PdfMaker> pdf_maker_;
  std::unique_ptr<Papers> papers_;
  std::unique_ptr<YearReport> year_report_;
  std::unique_ptr<Duties> duties_;
  std::unique_ptr<Notices> notices_;
  std::unique_ptr<Deliveries> deliveries_;
  std::unique_ptr<Telling> telling_;
  std::unique_ptr<CaseEffects> case_effects_;
  std::unique_ptr<CollectedFiles> collected_files_;
  std::unique_ptr<Reminding> reminding_;
  std::unique_ptr<IncidentReports> incident_reports_;
  std::unique_ptr<CalendarFeeds> calendar_feeds_;
  std::unique_ptr<Leader> leader_;
  std::unique_ptr<ProvinceSettings> province_settings_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Rankings> rankings_;
  std::unique_ptr<CaseCoordination> coordination_;
  std::unique_ptr<Warnings> warnings_;
  std::unique_ptr<SyslogListeners> listeners_;
  std::unique_ptr<JournalWatch> journal_watch_;
  std::optional<std::string> first_password_;
  std::uint64_t anchored_entries_ = 0;  // of the journal's chain; maintenance thread after open()
  std::atomic<bool> stopping_{false};
  std::thread maintenance_;
};

}  // namespace phendau::hub

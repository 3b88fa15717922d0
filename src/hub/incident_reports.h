// SPDX-License-Identifier: Apache-2.0
// Reports of incidents or of a mere risk, before there is a case: from strangers by the public form, from
// people who are signed in, and what came by phone, mail or fax and is typed in. Each is answered once: it
// opens a case, belongs to one, or is no incident. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hub/coordination.h"
#include "hub/deliveries.h"
#include "hub/incidents.h"
#include "hub/records.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::string_view kReportKind = "incident_report";
// What the public form takes; beyond: refused, counted, with the advice to telephone.
inline constexpr int kReportsPerSenderHour = 20;  // an address, of IPv6 its /64: an office behind one address
inline constexpr int kReportsPerHour = 120;
inline constexpr std::size_t kReportSendersMax = 20'000;    // remembered at once
inline constexpr std::uint64_t kReportsWaitingMax = 5'000;  // of the form, that nobody has answered
inline constexpr int kAcknowledgementsPerDay = 3;           // to one mail address
inline constexpr std::uint64_t kReportFormBytesMax = 32u << 10;
inline constexpr std::size_t kReportsPerCaseOpening = 50;

/// Counts by key within a window; keys are forgotten with their window. Not thread-safe.
class WindowCounter {
 public:
  WindowCounter(Duration window, std::size_t keys_max) : window_(window), keys_max_(keys_max) {}
  /// False: `most` were counted for the key in its window already, or there is no room for another key.
  bool take(const std::string& key, int most, UtcTime now);

 private:
  struct Entry {
    UtcTime since;
    int count = 0;
  };
  Duration window_;
  std::size_t keys_max_;
  std::map<std::string, Entry> entries_;
};

class IncidentReports {
 public:
  IncidentReports(Services& services, Incidents& incidents, Records& records, Deliveries& deliveries)
      : services_(services), incidents_(incidents), records_(records), deliveries_(deliveries) {}

  struct Received {
    std::string number;
    bool by_mail = false;  // an acknowledgement goes out
    std::string agency_name = {};
    std::vector<CallNumber> calls = {};  // of the agency that it went to
  };
  /// What a stranger sent. `fields`: members of the report, and `once`, which the form gave out: the same
  /// again is the same report. Errors name the member or the limit.
  Result<Received> receive_public(const Json& fields, const std::string& from);
  struct Choice {
    std::string id;
    std::string name;
  };
  /// Whom the form offers, in Vietnamese order; without id: the lead department takes what nobody else would.
  Result<std::vector<Choice>> choices();
  std::string new_once() const;

  /// `body`: ReportWrite of openapi.yaml.
  Result<Json> receive(const Actor& actor, const Json& body);
  struct Filter {
    std::vector<std::string> states;  // new, opened, linked, answered
    std::string agency_id;
    std::string text;
    std::string cursor;
    std::size_t limit = 50;
  };
  /// {items, next_cursor, total, refused}, newest first.
  Result<Json> list(const Actor& actor, const Filter& filter);
  Result<Json> get(const Actor& actor, std::string_view id);
  /// `body`: ReportDecision: a case is opened with this and further reports and alerts, the report is linked
  /// to one, or it is no incident. One transaction. `conflict` for what was answered before.
  Result<Json> decide(const Actor& actor, std::string_view id, const Json& body);

 private:
  struct Report {
    std::string id;
    std::string agency_id;
    Json doc;
  };
  Result<Report> report_from(const Json& fields, std::string_view channel);
  Result<Received> write(Report report, const Actor& actor, bool exists_already);
  Result<> take_place(const std::string& from);
  bool acknowledge(ledger::WriteBatch& batch, const Report& report, std::string_view text_id, UtcTime now);
  Result<ledger::Record> undecided(const Actor& actor, std::string_view id);
  ledger::Write decided(const ledger::Record& record, const Actor& actor, std::string_view state) const;
  Result<> open_case(const Actor& actor, const ledger::Record& record, const Json& body);
  Result<> link(const Actor& actor, const ledger::Record& record, const Json& body);
  Result<> answer(const Actor& actor, const ledger::Record& record, const Json& body);
  void tell_reporter(const ledger::Record& record, std::string_view text_id, ledger::WriteBatch& batch);
  Json summary(const ledger::Record& record);
  void publish(std::string_view id, const std::string& agency_id);

  Services& services_;
  Incidents& incidents_;
  Records& records_;
  Deliveries& deliveries_;
  std::mutex mu_;
  WindowCounter senders_{hours(1), kReportSendersMax};  // guarded by mu_
  WindowCounter all_{hours(1), 1};                      // guarded by mu_
  WindowCounter mails_{hours(24), kReportSendersMax};   // guarded by mu_
  std::atomic<std::uint64_t> refused_{0};               // of the form, since the start
  UtcTime reported_at_;                                 // guarded by mu_
};

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// Lists of indicators: taken from a file, sought in the stored journal, held against the province's own
// addresses and names, and put in force as rules by a person who answers for it and until a day. Records of
// kind `indicator_list`; the values are a blob. What they become is in LiveRules. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/active_pack.h"
#include "hub/rule_worker.h"
#include "hub/services.h"
#include "model/indicator.h"

namespace phendau::hub {

inline constexpr std::string_view kIndicatorListKind = "indicator_list";
inline constexpr std::size_t kIndicatorListsMax = 500;         // drafts and in force
inline constexpr std::size_t kIndicatorsInForceMax = 100'000;  // values of all lists
inline constexpr std::size_t kIndicatorUploadBytesMax = 32u << 20;
inline constexpr std::size_t kIndicatorsShown = 200;       // of one list on a screen
inline constexpr std::size_t kIndicatorsLeftOutMax = 500;  // of one list; with more it is no good list
inline constexpr std::size_t kIndicatorOwnersShown = 500;  // things of the province on a list

class Indicators {
 public:
  explicit Indicators(Services& services) : services_(services) {}
  /// Puts in force what the ledger says, before detection reads its first frame.
  Result<> open();
  void start() {
    worker_.start([this] { return work_once(); });
  }
  void stop() { worker_.stop(); }

  struct Import {
    std::string title;  // empty: what the file calls itself
    std::string source;
    std::string tlp;  // empty: what the file says, else TLP:AMBER
    std::string until;
    std::string reason;
    std::string bytes;
  };
  /// A draft; it is sought in the journal of the last 30 days at once. Errors: those of read_indicators().
  Result<Json> import(const Actor& actor, const Import& file);
  /// {items}: IndicatorList of openapi.yaml, newest first, without values and owners.
  /// @param states draft, in_force, ended; empty: all.
  Result<Json> list(const Actor& actor, const std::vector<std::string>& states);
  /// With the first values and, under `owners`, what of the province is on the list.
  Result<Json> get(const Actor& actor, std::string_view id);
  /// `body`: {days}.
  Result<Json> hunt(const Actor& actor, std::string_view id, const Json& body);
  /// `conflict` (rule_filter.not_replayed) unless it was sought with the rules of now.
  Result<Json> enforce(const Actor& actor, std::string_view id);
  /// `body`: {reason}. A draft is dropped, a list in force ends.
  Result<Json> end(const Actor& actor, std::string_view id, const Json& body);

  /// `body`: {value, out, reason}. One value of the list alerts no more, or again; those that do are
  /// `values`.
  Result<Json> leave_out(const Actor& actor, std::string_view id, const Json& body);

  /// One round of the worker. For tests and start().
  Result<> work_once();

 private:
  Result<> end_what_is_over();
  Result<> compile_in_force();
  Result<> hunt_one(const RuleWorker::Job& job, const std::function<bool(double)>& progress);
  Result<ledger::Record> change(const Actor& actor, const ledger::Record& record, std::string_view state,
                                std::string_view reason, Json doc);
  Result<ledger::Record> record_of(const Actor& actor, std::string_view id);
  Result<std::vector<ledger::Record>> records_in(const std::vector<std::string>& states);
  Result<std::vector<Indicator>> values_of(const ledger::Record& record);
  Result<std::vector<Indicator>> values_sought(const ledger::Record& record);  // without those left out
  Json view(const ledger::Record& record);

  Services& services_;
  RuleWorker worker_;
};

/// Records of registers whose fields say `x-indicator` and that are on the list: [{agency_id, agency_name,
/// kind, id, value, indicator}], at most kIndicatorOwnersShown. No authorisation.
Result<Json> owners_on_list(Services& services, const std::vector<Indicator>& indicators);

}  // namespace phendau::hub

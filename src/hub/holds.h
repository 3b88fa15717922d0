// SPDX-License-Identifier: Apache-2.0
// Legal holds: what must stay as it is while somebody may still ask for it. A hold is on a case with all that
// belongs to it, on one item of evidence, or on a range of the journal. While it is in force retention takes
// no segment, no blob and no personal data goes, and the item is not destroyed. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/services.h"
#include "store/journal/chain.h"

namespace phendau::hub {

inline constexpr std::string_view kHoldKind = "legal_hold";
inline constexpr std::size_t kHoldsMax = 10'000;  // in force at a time

/// Those in force, in memory: the journal asks while it holds its own locks. Thread-safe.
class HoldBook {
 public:
  struct Range {
    std::string agency_id;     // empty: of all agencies
    std::string source_class;  // empty: all classes
    std::optional<CivilDate> from, until;
  };
  struct Entry {
    std::string id;
    std::string case_id, item_id;  // or
    std::optional<Range> range;
    std::string paper_number;
  };
  void replace(std::vector<Entry> entries);
  bool holds(const journal::SegmentSummary& segment) const;
  /// The paper of a hold on one of them; empty ids are nothing.
  std::optional<std::string> paper_of(std::string_view case_id, std::string_view item_id) const;

 private:
  mutable std::mutex mu_;
  std::vector<Entry> entries_;  // guarded by mu_
};

class Holds {
 public:
  Holds(Services& services, HoldBook& book) : services_(services), book_(book) {}
  /// Reads what is in force and puts itself before the ledger's removals. Before use.
  Result<> open();

  struct Filter {
    std::string case_id, item_id, state;
    std::string cursor;
    std::size_t limit = 50;
  };
  /// {items, next_cursor}
  Result<Json> list(const Actor& actor, const Filter& filter);
  /// `body`: HoldCreate of openapi.yaml.
  Result<Json> place(const Actor& actor, const Json& body);
  /// What the province placed only the province lifts.
  Result<Json> lift(const Actor& actor, std::string_view id, const Json& body);
  /// `denied` (hold.held) with the number of the paper.
  Result<> check(std::string_view case_id, std::string_view item_id) const;

 private:
  Result<> reload();
  Result<> check_record(std::string_view kind, std::string_view id) const;
  Result<> check_blob(std::string_view sha256) const;
  Result<ledger::Write> write_of(const Actor& actor, const Json& body);
  Scope scope_of(const Actor& actor, Action action) const;
  Json view(const Actor& actor, const ledger::Record& record);

  Services& services_;
  HoldBook& book_;
  std::mutex mu_;  // held over a change and the reload after it
};

}  // namespace phendau::hub

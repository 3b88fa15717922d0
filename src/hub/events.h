// SPDX-License-Identifier: Apache-2.0
// Searching the journal on behalf of a person: the search language, the scope pushed into the query, exports
// that neutralise formulas. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "hub/services.h"
#include "store/journal/journal.h"

namespace phendau::hub {

inline constexpr Duration kSearchTimeMax = seconds(20);
inline constexpr std::size_t kExportRowsMax = 1'000'000;
/// Exports that one account may have running; the pool that serves all accounts has more places.
inline constexpr std::size_t kExportsPerAccountMax = 2;
/// One export, from its first row to its last.
inline constexpr Duration kExportTimeMax = minutes(30);
/// What a reader must take, on average over a piece, after the grace: a place is not held by who does not
/// read.
inline constexpr std::uint64_t kExportBytesPerSecondMin = 16u << 10;
inline constexpr Duration kExportGrace = seconds(15);
constexpr Duration export_patience(std::uint64_t size_bytes) {
  return Duration{kExportGrace.ns +
                  seconds(static_cast<std::int64_t>(size_bytes / kExportBytesPerSecondMin)).ns};
}

/// Places for exports, counted by account. Thread-safe.
class ExportPlaces {
 public:
  /// Given back when the last copy goes.
  using Place = std::shared_ptr<void>;
  /// `limit` (events.too_many_exports) when the account has kExportsPerAccountMax running.
  Result<Place> take(const std::string& user_id);

 private:
  struct Counts {
    std::mutex mu;
    std::map<std::string, std::size_t> of;  // guarded by mu
  };
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

class Events {
 public:
  explicit Events(Services& services) : services_(services) {}
  struct Search {
    std::string query;
    std::optional<UtcTime> from;  // default: 24 h before `to`
    std::optional<UtcTime> to;    // default: now
    std::string agency_id;
    std::string cursor;
    std::size_t limit = 50;
    bool newest_first = true;
  };
  /// An error in the query is `invalid` with the position in args[1] (0-based character).
  Result<Json> search(const Actor& actor, const Search& search);
  Result<Json> histogram(const Actor& actor, const Search& search, std::size_t buckets);
  Result<Json> top(const Actor& actor, const Search& search, const std::string& field, std::size_t count);
  Result<Json> fields(const Actor& actor, const Search& search);
  Result<Json> get(const Actor& actor, std::string_view ref);
  /// Before an export: hold the place until it has ended.
  Result<ExportPlaces::Place> begin_export(const Actor& actor);
  /// Calls `write` with pieces of the file, and how long the reader may take for each, until everything was
  /// written: the number of rows. `unavailable` when `write` returned false or kExportTimeMax is over: the
  /// file is not whole.
  enum class Format : std::uint8_t { ndjson, csv, raw };
  using Write = std::function<bool(std::string_view piece, Duration patience)>;
  Result<std::size_t> export_rows(const Actor& actor, const Search& search, Format format,
                                  const Write& write);

 private:
  Result<journal::SearchRequest> request_for(const Actor& actor, Action action, const Search& search);
  Services& services_;
  ExportPlaces places_;
};

/// One event as the API shows it; `not_found` outside the scope.
Result<Json> event_by_ref(Services& services, std::string_view ref, const Scope& scope);
Json event_view(const journal::EventRow& row);

}  // namespace phendau::hub

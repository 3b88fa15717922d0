// SPDX-License-Identifier: Apache-2.0
// Searching the journal on behalf of a person: the search language, the scope pushed into the query, exports
// that neutralise formulas. Thread-safe.
#pragma once

#include <functional>

#include "hub/services.h"
#include "store/journal/journal.h"

namespace phendau::hub {

inline constexpr Duration kSearchTimeMax = seconds(20);
inline constexpr std::size_t kExportRowsMax = 1'000'000;

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
  /// Calls `write` with pieces of the file until everything was written or it returns false.
  enum class Format : std::uint8_t { ndjson, csv, raw };
  Result<> export_rows(const Actor& actor, const Search& search, Format format,
                       const std::function<bool(std::string_view)>& write);

 private:
  Result<journal::SearchRequest> request_for(const Actor& actor, Action action, const Search& search);
  Services& services_;
};

/// One event as the API shows it; `not_found` outside the scope.
Result<Json> event_by_ref(Services& services, std::string_view ref, const Scope& scope);
Json event_view(const journal::EventRow& row);

}  // namespace phendau::hub

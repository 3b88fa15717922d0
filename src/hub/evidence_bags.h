// SPDX-License-Identifier: Apache-2.0
// Packages of evidence that leave (report/bag): made once, with the hand-over of each item in its chain and
// the package's digest beside it in the ledger, then read as often as somebody fetches it, the same bytes
// each time. Never whole in memory: each file streams from its blob. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/evidence.h"
#include "hub/papers.h"
#include "report/bag.h"

namespace phendau::hub {

inline constexpr std::string_view kBagKind = "evidence_bag";
inline constexpr std::size_t kBagItemsMax = 500;

class EvidenceBags {
 public:
  EvidenceBags(Services& services, Evidence& evidence, Papers& papers)
      : services_(services), evidence_(evidence), papers_(papers) {}
  /// The case as its page shows it, for the timeline; set before use.
  std::function<Result<Json>(const Actor& actor, std::string_view case_id)> case_view;

  /// `body`: EvidenceBagCreate of openapi.yaml. Without a request it must say why (evidence.why_no_request).
  Result<Json> make(const Actor& actor, const Json& body);
  /// {items, next_cursor}
  Result<Json> list(const Actor& actor, std::string_view case_id, std::string_view cursor, std::size_t limit);

  struct Package {
    std::string file_name;
    std::uint64_t size_bytes = 0;
    report::BagPlan plan;              // every file is one of the payload
    std::vector<std::string> digests;  // of its blob, in step with plan.files
    ExportPlaces::Place place;         // held until the package has left
  };
  /// Noted as a reading. `limit` when the account has too many downloads running.
  Result<Package> open(const Actor& actor, std::string_view id);
  using Write = std::function<bool(std::string_view piece, Duration patience)>;
  /// `unavailable` when the reader went away, `corrupt` when bytes are not what was recorded.
  Result<> write(const Package& package, const Write& write);

 private:
  struct Wish;
  struct Draft;
  Result<Wish> wish_of(const Actor& actor, const Json& body);
  Result<std::vector<ledger::Record>> items_of(const Actor& actor, const Json& body);
  Result<> add_steps(const Actor& actor, Draft& draft);
  Result<> add_files(const Actor& actor, Draft& draft);
  Result<Json> make_once(const Actor& actor, const Json& body);
  Result<> reserve_minute(const Actor& actor, Draft& draft);
  Result<> add_minute(const Actor& actor, Draft& draft);
  Result<std::string> timeline_of(const Actor& actor, const Draft& draft);
  Result<> add_text(Draft& draft, const std::string& path, const std::string& bytes);
  Result<Json> write_draft(const Actor& actor, Draft& draft);
  Json view(const ledger::Record& record);
  Result<ledger::Record> bag_for(const Actor& actor, std::string_view id);

  Services& services_;
  Evidence& evidence_;
  Papers& papers_;
  ExportPlaces places_;
};

}  // namespace phendau::hub

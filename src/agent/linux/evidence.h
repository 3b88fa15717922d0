// SPDX-License-Identifier: Apache-2.0
// Collects what this machine shows of an attack, on the order `collect`: a fixed catalogue in the order of
// RFC 3227 (what vanishes first, first), one tar file per entry, streamed, then sent to the hub piece by
// piece. Never a command of the hub's, and no documents of people: of folders that hold them only the names.
// Memory and disk images stay outside. Works in slices, remembered in a manifest, so that a kill costs one
// slice. Worker thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/transport.h"
#include "base/json.h"
#include "os/env.h"
#include "wire/evidence_part.h"
#include "wire/messages.h"

namespace phendau::agent {

inline constexpr std::uint64_t kEvidenceEntryBytesMax =
    200ull << 20;  // of one tar file; beyond, it says what is missing
inline constexpr std::size_t kEvidenceMembersMax = 20'000;  // of one tar file
/// What an order that failed has collected stays, because nobody else has it: so long, and so much of all
/// orders together; the oldest goes first.
inline constexpr Duration kEvidenceKeptMax = days(30);
inline constexpr std::uint64_t kEvidenceKeptBytesMax = 2ull << 30;

struct EvidenceParts {
  std::string data_folder;
  std::string root = "/";  // another tree, for tests
  Connector connect;       // knows the way to the hub
  Connection connection;
  std::uint64_t kept_bytes_max = kEvidenceKeptBytesMax;
};

/// Writes the entry of the catalogue into `path`; what could not be read stands in its member NOTES.txt.
Result<> collect_evidence(std::string_view entry, const std::string& root, Env& env, const std::string& path);
/// Names of the entries, in the order in which they are collected.
const std::vector<std::string>& evidence_catalogue();

class Evidence {
 public:
  Evidence(Env& env, EvidenceParts parts) : env_(env), parts_(std::move(parts)) {}
  /// One slice: an entry collected, or some megabytes sent. kOrderGoesOn until all of it is at the hub.
  Result<Json> collect(const wire::Order& order);
  /// Removes what is beyond the two bounds; how many orders' files went is counted and told with the next
  /// order that ends. `working_on` stays.
  Result<> sweep(std::string_view working_on = {});

 private:
  struct Kept {
    UtcTime started_at{INT64_MIN};  // unknown: nothing was remembered of it
    std::uint64_t size_bytes = 0;
    std::string order;
  };
  Result<Kept> kept_of(const std::string& order);
  Result<> save(const std::string& folder, const Json& manifest);
  Result<> collect_next(const std::string& folder, Json& manifest);
  Result<> send_some(const wire::Order& order, const std::string& folder, Json& manifest);
  Result<wire::EvidenceAnswer> send(const wire::EvidencePart& part);

  Env& env_;
  EvidenceParts parts_;
  std::unique_ptr<Transport> transport_;
  std::uint64_t dropped_ = 0;  // orders
};

}  // namespace phendau::agent

// SPDX-License-Identifier: Apache-2.0
// The signed chain: one entry per seal, lawful deletion or repair, each linked to the one before by SHA-256
// and signed with Ed25519. Bodies are JSON so that an auditor can read them. docs/formats/journal.md,
// "Chain". Pure but for reads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "store/journal/frame.h"

namespace phendau::journal {

enum class ChainKind : std::uint16_t { genesis = 1, seal = 2, tombstone = 3, repair = 4 };

/// A sealed segment as the chain knows it.
struct SegmentSummary {
  std::string name;  // "2026-11-24/000000000002-0000.seg", below segments/
  std::string agency;
  std::string source_class;
  CivilDate day;  // received day in the journal's zone
  std::uint64_t size_bytes = 0;
  Sha256 digest{};
  std::uint64_t rows = 0;
  UtcTime event_min, event_max, received_min, received_max;
  std::uint64_t first_frame = 0, last_frame = 0;
};
struct SealedFile {
  std::string name;
  std::uint64_t size_bytes = 0;
  Sha256 digest{};
};
struct SealBody {
  UtcTime at;
  std::uint64_t first_frame = 0, last_frame = 0;
  Sha256 previous_hash{};  // of frame first_frame - 1
  Sha256 last_hash{};      // of frame last_frame
  SealedFile frames;       // digests and append records of the frames replaced
  SealedFile producers;    // checkpoint of the duplicate table
  std::vector<SegmentSummary> segments;
};
struct TombstoneBody {
  UtcTime at;
  std::string reason;
  std::string who;
  std::vector<std::string> segments;
};

struct ChainEntry {
  ChainKind kind = ChainKind::genesis;
  std::uint64_t number = 0;  // genesis is 0
  Sha256 previous{};
  std::string body;
  Sha256 hash{};  // SHA-256 over the whole entry, signature included
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;
};

Result<std::string> encode_entry(ChainKind kind, std::uint64_t number, const Sha256& previous,
                                 std::string_view body, std::string_view signing_key);
std::string genesis_body(UtcTime at, ZoneOffset zone, std::string_view public_key);
std::string seal_body(const SealBody& body);
std::string tombstone_body(const TombstoneBody& body);
std::string repair_body(UtcTime at, const std::string& file, const std::string& reason);
Result<SealBody> parse_seal(std::string_view body);
Result<TombstoneBody> parse_tombstone(std::string_view body);

struct ChainScan {
  std::vector<ChainEntry> entries;
  std::string public_key;
  std::int32_t zone_seconds = 0;
  std::uint64_t good_bytes = 0;
  bool damaged = false;  // else, if good_bytes is less than the size, the tail is torn
  std::string damage;
};
/// Entries in order up to the first that is wrong; signatures and links are checked.
ChainScan scan_chain(std::string_view bytes);

/// The frames of a seal, in `seals/<number>.frames`.
struct SealedFrame {
  Sha256 hash{};
  FrameMeta meta;
};
std::string encode_sealed_frames(std::uint64_t first_frame, const std::vector<SealedFrame>& frames);
Result<std::vector<SealedFrame>> decode_sealed_frames(std::string_view bytes, std::uint64_t first_frame);

/// The duplicate table, in `seals/<number>.producers`.
struct ProducerState {
  std::uint64_t epoch = 0;
  std::uint64_t next_seq = 0;
  std::uint64_t last_frame = 0;
};
using ProducerTable = std::map<std::string, ProducerState, std::less<>>;
std::string encode_producers(const ProducerTable& table);
Result<ProducerTable> decode_producers(std::string_view bytes);

}  // namespace phendau::journal

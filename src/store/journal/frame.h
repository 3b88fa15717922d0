// SPDX-License-Identifier: Apache-2.0
// The write-ahead format: file header, batch frames and the commit marker that ends each group. One screen
// that writer, recovery, verify and fuzzers share; docs/formats/journal.md explains it. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"

namespace phendau::journal {

inline constexpr std::size_t kWalHeaderBytes = 64;
inline constexpr std::size_t kFrameHeaderBytes = 64;
inline constexpr std::size_t kHeadSlotBytes = 128;

/// Who sent a batch and which of its sequence numbers it covers. An empty id: not exactly-once, never
/// checked.
struct ProducerRange {
  std::string id;
  std::uint64_t epoch = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
};

struct WalHeader {
  std::uint64_t first_seq = 1;
  Sha256 previous{};  // hash of frame first_seq - 1; zeros before frame 1
  UtcTime created_at;
};
std::string encode_wal_header(const WalHeader& header);
Result<WalHeader> decode_wal_header(std::string_view bytes);

enum class FrameKind : std::uint16_t { batch = 1, commit = 2 };

/// What the journal keeps of a frame beside its batch.
struct FrameMeta {
  UtcTime received;
  std::uint32_t rows = 0;
  ProducerRange producer;
};
struct FrameHeader {
  FrameKind kind = FrameKind::batch;
  std::uint32_t payload_bytes = 0;
  std::uint64_t seq = 0;  // of a commit marker: the last frame of its group
  Sha256 previous{};      // of a commit marker: the hash of that frame
};
/// Payload of a batch frame: FrameMeta, then the encoded batch.
std::string encode_frame_payload(const FrameMeta& meta, std::string_view encoded_batch);
struct FramePayload {
  FrameMeta meta;
  std::string_view batch;
};
Result<FramePayload> decode_frame_payload(std::string_view payload);

/// Appends a whole frame and returns its hash: SHA-256 over its bytes, header and checksum included.
Sha256 append_frame(std::string& out, std::uint64_t seq, const Sha256& previous, std::string_view payload);
void append_commit(std::string& out, std::uint64_t last_seq, const Sha256& last_hash);

/// The header at the front of `bytes`, unchecked against its payload. `corrupt` if it is none.
Result<FrameHeader> peek_frame(std::string_view bytes);
/// One checked frame at the front of `bytes`.
struct Frame {
  FrameHeader header;
  std::string_view payload;
  std::size_t size_bytes = 0;
  Sha256 hash{};  // zeros for a commit marker
};
Result<Frame> decode_frame(std::string_view bytes);

/// The acknowledged mark: how far frames and chain were durable when it was written. It is written after the
/// fsync and not synced itself, so it can lag behind after a power cut but never runs ahead.
struct Head {
  std::uint64_t frame_seq = 0;
  Sha256 frame_hash{};
  std::uint64_t chain_entries = 0;
  Sha256 chain_hash{};
  friend bool operator==(const Head&, const Head&) = default;
};
std::string encode_head_slot(const Head& head);
Result<Head> decode_head_slot(std::string_view bytes);

}  // namespace phendau::journal

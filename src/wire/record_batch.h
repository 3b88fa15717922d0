// SPDX-License-Identifier: Apache-2.0
// A batch of raw records on its way from an agent's spool to the hub: consecutive sequence numbers of one
// epoch, binary, packed. Layout in docs/formats/wire.md. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace phendau::wire {

/// How the hub must decode the bytes.
enum class RecordFormat : std::uint8_t { syslog, journald, text, ndjson };
std::string_view to_string(RecordFormat format);

struct Record {
  std::string channel;  // where it was read: "journald", "/var/log/auth.log"
  RecordFormat format = RecordFormat::text;
  UtcTime received_at;  // when the agent read it
  std::string bytes;    // as read, without the line end
  friend bool operator==(const Record&, const Record&) = default;
};

struct RecordBatch {
  std::string epoch;            // 32 hex letters: the life of one spool
  std::uint64_t first_seq = 0;  // records are first_seq, first_seq + 1, ...
  std::vector<Record> records;
  std::uint64_t last_seq() const { return first_seq + records.size() - 1; }
  friend bool operator==(const RecordBatch&, const RecordBatch&) = default;
};

inline constexpr std::size_t kEpochLetters = 32;
bool is_epoch(std::string_view text);

/// `limit` names the limit (records, bytes, channels); `invalid` for a bad epoch, first_seq 0, numbers above
/// kSequenceMax or an empty batch.
Result<std::string> encode_batch(const RecordBatch& batch);
/// `invalid`, `limit` or `corrupt`; never reads past the end and allocates at most kBatchBytesMax.
Result<RecordBatch> decode_batch(std::string_view bytes);

}  // namespace phendau::wire

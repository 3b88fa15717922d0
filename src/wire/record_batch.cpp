// SPDX-License-Identifier: Apache-2.0
#include "wire/record_batch.h"

#include <map>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "wire/bytes.h"
#include "wire/compress.h"
#include "wire/protocol.h"

namespace phendau::wire {
namespace {

constexpr std::string_view kMagic = "PHDB";
constexpr std::size_t kHeaderBytes = 4 + 1 + 3 + 8;
constexpr int kFormats = 4;

Result<> check(const RecordBatch& batch) {
  if (!is_epoch(batch.epoch)) return fail(ErrorCode::invalid, "the batch has no valid epoch");
  if (batch.first_seq == 0) return fail(ErrorCode::invalid, "sequence numbers begin at 1");
  if (batch.records.empty()) return fail(ErrorCode::invalid, "the batch holds no record");
  if (batch.records.size() > kBatchRecordsMax) {
    return fail(ErrorCode::limit,
                fmt::format("{} records in a batch; at most {}", batch.records.size(), kBatchRecordsMax));
  }
  if (batch.first_seq > kSequenceMax - batch.records.size())
    return fail(ErrorCode::invalid, fmt::format("sequence numbers end at {}", kSequenceMax));
  return {};
}

Result<std::string> encode_payload(const RecordBatch& batch) {
  std::map<std::string, std::size_t> channels;
  std::string table;
  std::string body;
  for (const Record& record : batch.records) {
    if (record.bytes.size() > kRecordBytesMax) {
      return fail(ErrorCode::limit,
                  fmt::format("a record of {} bytes; at most {}", record.bytes.size(), kRecordBytesMax));
    }
    if (record.channel.empty() || record.channel.size() > kChannelBytesMax) {
      return fail(ErrorCode::limit, fmt::format("a channel name must have 1 to {} bytes", kChannelBytesMax));
    }
    const auto [found, added] = channels.emplace(record.channel, channels.size());
    if (added) put_short_text(table, record.channel);
    put_uint(body, found->second, 2);
    put_uint(body, static_cast<std::uint64_t>(record.format), 1);
    put_uint(body, static_cast<std::uint64_t>(record.received_at.ns), 8);
    put_uint(body, record.bytes.size(), 4);
    body += record.bytes;
  }
  if (channels.size() > kChannelsPerBatchMax) {
    return fail(ErrorCode::limit,
                fmt::format("{} channels in a batch; at most {}", channels.size(), kChannelsPerBatchMax));
  }
  std::string out = batch.epoch;
  put_uint(out, batch.first_seq, 8);
  put_uint(out, batch.records.size(), 4);
  put_uint(out, channels.size(), 2);
  out += table;
  out += body;
  if (out.size() > kBatchBytesMax) {
    return fail(ErrorCode::limit, fmt::format("a batch of {} bytes; at most {}", out.size(), kBatchBytesMax));
  }
  return out;
}

Result<RecordBatch> decode_payload(std::string_view payload) {
  ByteReader reader(payload);
  RecordBatch batch;
  batch.epoch = std::string(reader.bytes(kEpochLetters));
  batch.first_seq = reader.uint(8);
  const std::uint64_t count = reader.uint(4);
  const std::uint64_t channel_count = reader.uint(2);
  if (!reader.ok()) return fail(ErrorCode::corrupt, "the batch ends inside its header");
  if (count > kBatchRecordsMax) {
    return fail(ErrorCode::limit, fmt::format("{} records in a batch; at most {}", count, kBatchRecordsMax));
  }
  if (channel_count > kChannelsPerBatchMax) {
    return fail(ErrorCode::limit,
                fmt::format("{} channels in a batch; at most {}", channel_count, kChannelsPerBatchMax));
  }
  std::vector<std::string> channels;
  for (std::uint64_t i = 0; i < channel_count; ++i) {
    channels.emplace_back(reader.short_text());
    if (!reader.ok()) return fail(ErrorCode::corrupt, "the batch ends inside its channel names");
    if (channels.back().empty() || channels.back().size() > kChannelBytesMax ||
        !is_valid_utf8(channels.back())) {
      return fail(ErrorCode::invalid, "a channel name is empty, too long or not UTF-8");
    }
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t channel = reader.uint(2);
    const std::uint64_t format = reader.uint(1);
    const auto received_ns = static_cast<std::int64_t>(reader.uint(8));
    const std::uint64_t size = reader.uint(4);
    if (size > kRecordBytesMax) {
      return fail(ErrorCode::limit,
                  fmt::format("record {} has {} bytes; at most {}", i, size, kRecordBytesMax));
    }
    const std::string_view bytes = reader.bytes(static_cast<std::size_t>(size));
    if (!reader.ok()) return fail(ErrorCode::corrupt, fmt::format("the batch ends inside record {}", i));
    if (channel >= channels.size())
      return fail(ErrorCode::invalid, fmt::format("record {} names no channel", i));
    if (format >= kFormats)
      return fail(ErrorCode::invalid, fmt::format("record {} has an unknown format", i));
    batch.records.push_back(
        {channels[channel], static_cast<RecordFormat>(format), {received_ns}, std::string(bytes)});
  }
  if (!reader.at_end()) return fail(ErrorCode::corrupt, "the batch has bytes after its last record");
  PHENDAU_TRY(check(batch));
  return batch;
}

}  // namespace

std::string_view to_string(RecordFormat format) {
  switch (format) {
    case RecordFormat::syslog:
      return "syslog";
    case RecordFormat::journald:
      return "journald";
    case RecordFormat::text:
      return "text";
    case RecordFormat::ndjson:
      return "ndjson";
  }
  return "text";
}

bool is_epoch(std::string_view text) {
  if (text.size() != kEpochLetters) return false;
  for (const char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

Result<std::string> encode_batch(const RecordBatch& batch) {
  PHENDAU_TRY(check(batch));
  const std::string payload = PHENDAU_TRY(encode_payload(batch));
  std::string out(kMagic);
  put_uint(out, kProtocolVersion, 1);
  put_uint(out, 0, 3);
  put_uint(out, hash64(payload), 8);
  out += compress(payload);
  return out;
}

Result<RecordBatch> decode_batch(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) {
    return fail(ErrorCode::invalid, "this is not a batch of records");
  }
  ByteReader reader(bytes.substr(kMagic.size()));
  const std::uint64_t version = reader.uint(1);
  if (version != kProtocolVersion) {
    return fail(ErrorCode::invalid, fmt::format("batches of version {} are not understood here", version),
                "wire.version", {std::to_string(version)});
  }
  if (reader.uint(3) != 0) return fail(ErrorCode::invalid, "reserved bytes of the batch are not zero");
  const std::uint64_t checksum = reader.uint(8);
  const std::string payload = PHENDAU_TRY(decompress(bytes.substr(kHeaderBytes), kBatchBytesMax));
  if (hash64(payload) != checksum) return fail(ErrorCode::corrupt, "the batch was damaged on its way");
  return decode_payload(payload);
}

}  // namespace phendau::wire

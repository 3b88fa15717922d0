// SPDX-License-Identifier: Apache-2.0
#include "store/journal/frame.h"

#include "store/journal/bytes.h"
#include "store/journal/limits.h"

namespace phendau::journal {
namespace {

constexpr std::string_view kWalMagic = "PDJW";
constexpr std::string_view kFrameMagic = "PDJF";
constexpr std::string_view kHeadMagic = "PDJH";
constexpr std::size_t kFrameChecksumAt = 56;

/// The checksum is the last eight bytes of a fixed-size structure.
void close_with_checksum(std::string& out, std::size_t begin) {
  put(out, hash64(std::string_view(out).substr(begin)));
}
bool checksum_holds(std::string_view bytes) {
  ByteReader reader(bytes.substr(bytes.size() - 8));
  return reader.get<std::uint64_t>() == hash64(bytes.substr(0, bytes.size() - 8));
}

void append_any_frame(std::string& out, FrameKind kind, std::uint64_t seq, const Sha256& previous,
                      std::string_view payload) {
  const std::size_t begin = out.size();
  out.reserve(begin + kFrameHeaderBytes + payload.size());
  out += kFrameMagic;
  put(out, kFormatVersion);
  put(out, static_cast<std::uint16_t>(kind));
  put(out, static_cast<std::uint32_t>(payload.size()));
  put(out, std::uint32_t{0});
  put(out, seq);
  out += as_bytes(previous);
  const std::uint64_t header_hash = hash64(std::string_view(out).substr(begin));
  put(out, hash64(payload, header_hash));
  out += payload;
}

}  // namespace

std::string encode_wal_header(const WalHeader& header) {
  std::string out(kWalMagic);
  put(out, kFormatVersion);
  put(out, std::uint16_t{0});
  put(out, header.first_seq);
  out += as_bytes(header.previous);
  put(out, header.created_at.ns);
  close_with_checksum(out, 0);
  PHENDAU_ASSERT(out.size() == kWalHeaderBytes);
  return out;
}

Result<WalHeader> decode_wal_header(std::string_view bytes) {
  if (bytes.size() < kWalHeaderBytes) return fail(ErrorCode::corrupt, "the file header is cut");
  bytes = bytes.substr(0, kWalHeaderBytes);
  ByteReader reader(bytes);
  const bool magic = reader.take(4) == kWalMagic;
  const auto version = reader.get<std::uint16_t>();
  const auto reserved = reader.get<std::uint16_t>();
  if (!magic || version != kFormatVersion || reserved != 0 || !checksum_holds(bytes)) {
    return fail(ErrorCode::corrupt, "the file header is damaged");
  }
  WalHeader out;
  out.first_seq = reader.get<std::uint64_t>();
  out.previous = reader.digest();
  out.created_at.ns = reader.get<std::int64_t>();
  return out;
}

std::string encode_frame_payload(const FrameMeta& meta, std::string_view encoded_batch) {
  std::string out;
  out.reserve(encoded_batch.size() + 64 + meta.producer.id.size());
  put(out, meta.received.ns);
  put(out, meta.rows);
  put_text(out, meta.producer.id);
  put(out, meta.producer.epoch);
  put(out, meta.producer.first_seq);
  put(out, meta.producer.last_seq);
  out += encoded_batch;
  return out;
}

Result<FramePayload> decode_frame_payload(std::string_view payload) {
  ByteReader reader(payload);
  FramePayload out;
  out.meta.received.ns = reader.get<std::int64_t>();
  out.meta.rows = reader.get<std::uint32_t>();
  out.meta.producer.id = reader.text();
  out.meta.producer.epoch = reader.get<std::uint64_t>();
  out.meta.producer.first_seq = reader.get<std::uint64_t>();
  out.meta.producer.last_seq = reader.get<std::uint64_t>();
  if (!reader.ok() || out.meta.producer.id.size() > kProducerIdBytesMax) {
    return fail(ErrorCode::corrupt, "the append record of a frame is damaged");
  }
  out.batch = payload.substr(reader.offset());
  return out;
}

Sha256 append_frame(std::string& out, std::uint64_t seq, const Sha256& previous, std::string_view payload) {
  const std::size_t begin = out.size();
  append_any_frame(out, FrameKind::batch, seq, previous, payload);
  return sha256(std::string_view(out).substr(begin));
}

void append_commit(std::string& out, std::uint64_t last_seq, const Sha256& last_hash) {
  append_any_frame(out, FrameKind::commit, last_seq, last_hash, {});
}

Result<FrameHeader> peek_frame(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.take(4) != kFrameMagic) return fail(ErrorCode::corrupt, "no frame begins here");
  const auto version = reader.get<std::uint16_t>();
  const auto kind = reader.get<std::uint16_t>();
  FrameHeader out;
  out.payload_bytes = reader.get<std::uint32_t>();
  const auto reserved = reader.get<std::uint32_t>();
  out.seq = reader.get<std::uint64_t>();
  out.previous = reader.digest();
  if (!reader.ok()) return fail(ErrorCode::corrupt, "the frame header is cut");
  const bool known_kind = kind == static_cast<std::uint16_t>(FrameKind::batch) ||
                          (kind == static_cast<std::uint16_t>(FrameKind::commit) && out.payload_bytes == 0);
  if (version != kFormatVersion || !known_kind || reserved != 0 ||
      out.payload_bytes > kFramePayloadBytesMax) {
    return fail(ErrorCode::corrupt, "the frame header is damaged");
  }
  out.kind = static_cast<FrameKind>(kind);
  return out;
}

Result<Frame> decode_frame(std::string_view bytes) {
  Frame out;
  out.header = PHENDAU_TRY(peek_frame(bytes));
  out.size_bytes = kFrameHeaderBytes + out.header.payload_bytes;
  if (bytes.size() < out.size_bytes) return fail(ErrorCode::corrupt, "the frame is cut");
  bytes = bytes.substr(0, out.size_bytes);
  out.payload = bytes.substr(kFrameHeaderBytes);
  ByteReader checksum(bytes.substr(kFrameChecksumAt, 8));
  if (checksum.get<std::uint64_t>() != hash64(out.payload, hash64(bytes.substr(0, kFrameChecksumAt)))) {
    return fail(ErrorCode::corrupt, "the frame's checksum does not fit its bytes");
  }
  if (out.header.kind == FrameKind::batch) out.hash = sha256(bytes);
  return out;
}

std::string encode_head_slot(const Head& head) {
  std::string out(kHeadMagic);
  put(out, kFormatVersion);
  put(out, std::uint16_t{0});
  put(out, head.frame_seq);
  out += as_bytes(head.frame_hash);
  put(out, head.chain_entries);
  out += as_bytes(head.chain_hash);
  out.resize(kHeadSlotBytes - 8, '\0');
  close_with_checksum(out, 0);
  return out;
}

Result<Head> decode_head_slot(std::string_view bytes) {
  if (bytes.size() != kHeadSlotBytes || !bytes.starts_with(kHeadMagic) || !checksum_holds(bytes)) {
    return fail(ErrorCode::corrupt, "the acknowledged mark is damaged");
  }
  ByteReader reader(bytes.substr(4));
  Head out;
  if (reader.get<std::uint16_t>() != kFormatVersion || reader.get<std::uint16_t>() != 0) {
    return fail(ErrorCode::corrupt, "the acknowledged mark has an unknown version");
  }
  out.frame_seq = reader.get<std::uint64_t>();
  out.frame_hash = reader.digest();
  out.chain_entries = reader.get<std::uint64_t>();
  out.chain_hash = reader.digest();
  return out;
}

}  // namespace phendau::journal

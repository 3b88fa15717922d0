// SPDX-License-Identifier: Apache-2.0
#include "store/journal/chain.h"

#include <fmt/format.h>

#include "base/text.h"
#include "store/journal/bytes.h"
#include "store/journal/limits.h"

namespace phendau::journal {
namespace {

constexpr std::string_view kChainMagic = "PDJC";
constexpr std::string_view kFramesMagic = "PDJL";
constexpr std::string_view kProducersMagic = "PDJP";
constexpr std::size_t kEntryHeaderBytes =
    56;  // magic 4, version 2, kind 2, body size 4, reserved 4, number 8, previous 32
constexpr std::size_t kSignatureBytes = 64;

Json digest_json(const Sha256& digest) { return to_hex(digest); }

Result<Sha256> digest_from(const Json& json) {
  const std::string bytes = PHENDAU_TRY(from_hex(json.as_string()));
  Sha256 out{};
  if (bytes.size() != out.size()) return fail(ErrorCode::corrupt, "a digest of the chain has a wrong length");
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(out.data()));
  return out;
}
std::uint64_t number_from(const Json& json) { return static_cast<std::uint64_t>(json.as_int()); }

Json file_json(const SealedFile& file) {
  return Json::object({{"name", file.name}, {"size", file.size_bytes}, {"sha256", digest_json(file.digest)}});
}
/// Names come from a signed file, but a name that leaves the folder is refused all the same.
Result<std::string> name_from(const Json& json) {
  const std::string& name = json.as_string();
  if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos) {
    return fail(ErrorCode::corrupt, "the chain names an impossible file");
  }
  return name;
}
Result<SealedFile> file_from(const Json& json) {
  SealedFile out;
  out.name = PHENDAU_TRY(name_from(json["name"]));
  out.size_bytes = number_from(json["size"]);
  out.digest = PHENDAU_TRY(digest_from(json["sha256"]));
  return out;
}

Json segment_json(const SegmentSummary& segment) {
  return Json::object({{"name", segment.name},
                       {"agency", segment.agency},
                       {"class", segment.source_class},
                       {"day", format_date(segment.day)},
                       {"size", segment.size_bytes},
                       {"sha256", digest_json(segment.digest)},
                       {"rows", segment.rows},
                       {"event_min_ns", segment.event_min.ns},
                       {"event_max_ns", segment.event_max.ns},
                       {"received_min_ns", segment.received_min.ns},
                       {"received_max_ns", segment.received_max.ns},
                       {"first_frame", segment.first_frame},
                       {"last_frame", segment.last_frame}});
}
Result<SegmentSummary> segment_from(const Json& json) {
  SegmentSummary out;
  out.name = PHENDAU_TRY(name_from(json["name"]));
  out.agency = json["agency"].as_string();
  out.source_class = json["class"].as_string();
  out.day = PHENDAU_TRY(parse_date(json["day"].as_string()));
  out.size_bytes = number_from(json["size"]);
  out.digest = PHENDAU_TRY(digest_from(json["sha256"]));
  out.rows = number_from(json["rows"]);
  out.event_min.ns = json["event_min_ns"].as_int();
  out.event_max.ns = json["event_max_ns"].as_int();
  out.received_min.ns = json["received_min_ns"].as_int();
  out.received_max.ns = json["received_max_ns"].as_int();
  out.first_frame = number_from(json["first_frame"]);
  out.last_frame = number_from(json["last_frame"]);
  return out;
}

enum class EntryRead : std::uint8_t { good, torn, damaged };

EntryRead read_entry(std::string_view bytes, ChainEntry& out, std::string& why) {
  ByteReader reader(bytes);
  const std::string_view magic = reader.take(4);
  const auto version = reader.get<std::uint16_t>();
  const auto kind = reader.get<std::uint16_t>();
  const auto body_size = reader.get<std::uint32_t>();
  const auto reserved = reader.get<std::uint32_t>();
  out.number = reader.get<std::uint64_t>();
  out.previous = reader.digest();
  if (!reader.ok()) return EntryRead::torn;
  if (magic != kChainMagic || version != kFormatVersion || kind < 1 || kind > 4 || reserved != 0 ||
      body_size > kChainBodyBytesMax) {
    why = "the entry's header is damaged";
    return EntryRead::damaged;
  }
  out.kind = static_cast<ChainKind>(kind);
  out.body = reader.take(body_size);
  reader.take(kSignatureBytes);
  if (!reader.ok()) return EntryRead::torn;
  out.size_bytes = reader.offset();
  out.hash = sha256(bytes.substr(0, out.size_bytes));
  return EntryRead::good;
}

}  // namespace

Result<std::string> encode_entry(ChainKind kind, std::uint64_t number, const Sha256& previous,
                                 std::string_view body, std::string_view signing_key) {
  if (body.size() > kChainBodyBytesMax)
    return fail(ErrorCode::limit, "a chain entry is larger than its limit");
  std::string out(kChainMagic);
  put(out, kFormatVersion);
  put(out, static_cast<std::uint16_t>(kind));
  put(out, static_cast<std::uint32_t>(body.size()));
  put(out, std::uint32_t{0});
  put(out, number);
  out += as_bytes(previous);
  PHENDAU_ASSERT(out.size() == kEntryHeaderBytes);
  out += body;
  out += PHENDAU_TRY(ed25519_sign(signing_key, out));
  return out;
}

std::string genesis_body(UtcTime at, ZoneOffset zone, std::string_view public_key) {
  return Json::object(
             {{"at", format_rfc3339(at)}, {"zone_seconds", zone.seconds}, {"public_key", to_hex(public_key)}})
      .dump();
}

std::string seal_body(const SealBody& body) {
  Json segments = Json::array();
  for (const auto& segment : body.segments) segments.push(segment_json(segment));
  return Json::object({{"at", format_rfc3339(body.at)},
                       {"first_frame", body.first_frame},
                       {"last_frame", body.last_frame},
                       {"previous_hash", digest_json(body.previous_hash)},
                       {"last_hash", digest_json(body.last_hash)},
                       {"frames", file_json(body.frames)},
                       {"producers", file_json(body.producers)},
                       {"segments", std::move(segments)}})
      .dump();
}

std::string tombstone_body(const TombstoneBody& body) {
  Json segments = Json::array();
  for (const auto& name : body.segments) segments.push(name);
  return Json::object({{"at", format_rfc3339(body.at)},
                       {"reason", body.reason},
                       {"who", body.who},
                       {"segments", std::move(segments)}})
      .dump();
}

std::string repair_body(UtcTime at, const std::string& file, const std::string& reason) {
  return Json::object({{"at", format_rfc3339(at)}, {"file", file}, {"reason", reason}}).dump();
}

Result<SealBody> parse_seal(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_json(body));
  SealBody out;
  out.at = PHENDAU_TRY(parse_rfc3339(json["at"].as_string()));
  out.first_frame = number_from(json["first_frame"]);
  out.last_frame = number_from(json["last_frame"]);
  out.previous_hash = PHENDAU_TRY(digest_from(json["previous_hash"]));
  out.last_hash = PHENDAU_TRY(digest_from(json["last_hash"]));
  out.frames = PHENDAU_TRY(file_from(json["frames"]));
  out.producers = PHENDAU_TRY(file_from(json["producers"]));
  for (const Json& segment : json["segments"].items())
    out.segments.push_back(PHENDAU_TRY(segment_from(segment)));
  if (out.first_frame == 0 || out.last_frame < out.first_frame) {
    return fail(ErrorCode::corrupt, "a seal names an impossible range of frames");
  }
  return out;
}

Result<TombstoneBody> parse_tombstone(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_json(body));
  TombstoneBody out;
  out.at = PHENDAU_TRY(parse_rfc3339(json["at"].as_string()));
  out.reason = json["reason"].as_string();
  out.who = json["who"].as_string();
  for (const Json& name : json["segments"].items()) out.segments.push_back(PHENDAU_TRY(name_from(name)));
  return out;
}

ChainScan scan_chain(std::string_view bytes) {
  ChainScan out;
  Sha256 previous{};
  const auto damage = [&](std::string what) {
    out.damaged = true;
    out.damage = std::move(what);
    return std::move(out);
  };
  while (out.good_bytes < bytes.size()) {
    ChainEntry entry;
    std::string why;
    const std::string_view rest = bytes.substr(out.good_bytes);
    const EntryRead read = read_entry(rest, entry, why);
    if (read == EntryRead::torn) return out;
    if (read == EntryRead::damaged) return damage(why);
    entry.offset_bytes = out.good_bytes;
    if (entry.number != out.entries.size() || entry.previous != previous) {
      return damage("an entry does not link to the one before it");
    }
    if (entry.number == 0) {
      const auto body = parse_json(entry.body);
      const auto key =
          body ? from_hex((*body)["public_key"].as_string()) : Result<std::string>(std::string());
      if (entry.kind != ChainKind::genesis || !body || !key)
        return damage("the first entry is not a genesis entry");
      out.public_key = *key;
      out.zone_seconds = static_cast<std::int32_t>((*body)["zone_seconds"].as_int());
    }
    const std::size_t signed_size = entry.size_bytes - kSignatureBytes;
    if (!ed25519_verify(out.public_key, rest.substr(0, signed_size),
                        rest.substr(signed_size, kSignatureBytes))) {
      return damage("an entry's signature does not fit");
    }
    previous = entry.hash;
    out.good_bytes += entry.size_bytes;
    out.entries.push_back(std::move(entry));
  }
  return out;
}

std::string encode_sealed_frames(std::uint64_t first_frame, const std::vector<SealedFrame>& frames) {
  std::string out(kFramesMagic);
  put(out, kFormatVersion);
  put(out, std::uint16_t{0});
  put(out, first_frame);
  put(out, static_cast<std::uint64_t>(frames.size()));
  for (const auto& frame : frames) {
    out += as_bytes(frame.hash);
    put_text(out, encode_frame_payload(frame.meta, {}));
  }
  return out;
}

Result<std::vector<SealedFrame>> decode_sealed_frames(std::string_view bytes, std::uint64_t first_frame) {
  ByteReader reader(bytes);
  const bool magic = reader.take(4) == kFramesMagic;
  const auto version = reader.get<std::uint16_t>();
  reader.take(2);
  const auto first = reader.get<std::uint64_t>();
  const auto count = reader.get<std::uint64_t>();
  if (!reader.ok() || !magic || version != kFormatVersion || first != first_frame ||
      count > bytes.size() / 36) {
    return fail(ErrorCode::corrupt, "a list of sealed frames is damaged");
  }
  std::vector<SealedFrame> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    SealedFrame frame;
    frame.hash = reader.digest();
    frame.meta = PHENDAU_TRY(decode_frame_payload(reader.text())).meta;
    out.push_back(std::move(frame));
  }
  if (!reader.at_end()) return fail(ErrorCode::corrupt, "a list of sealed frames is damaged");
  return out;
}

std::string encode_producers(const ProducerTable& table) {
  std::string out(kProducersMagic);
  put(out, kFormatVersion);
  put(out, std::uint16_t{0});
  put(out, static_cast<std::uint64_t>(table.size()));
  for (const auto& [id, state] : table) {
    put_text(out, id);
    put(out, state.epoch);
    put(out, state.next_seq);
    put(out, state.last_frame);
  }
  return out;
}

Result<ProducerTable> decode_producers(std::string_view bytes) {
  ByteReader reader(bytes);
  const bool magic = reader.take(4) == kProducersMagic;
  const auto version = reader.get<std::uint16_t>();
  reader.take(2);
  const auto count = reader.get<std::uint64_t>();
  if (!reader.ok() || !magic || version != kFormatVersion)
    return fail(ErrorCode::corrupt, "the producer table is damaged");
  ProducerTable out;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string id(reader.text());
    ProducerState& state = out[std::move(id)];
    state.epoch = reader.get<std::uint64_t>();
    state.next_seq = reader.get<std::uint64_t>();
    state.last_frame = reader.get<std::uint64_t>();
  }
  if (!reader.at_end()) return fail(ErrorCode::corrupt, "the producer table is damaged");
  return out;
}

}  // namespace phendau::journal

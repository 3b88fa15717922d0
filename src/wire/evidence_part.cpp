// SPDX-License-Identifier: Apache-2.0
#include "wire/evidence_part.h"

#include "base/hash.h"
#include "base/json.h"
#include "wire/bytes.h"

namespace phendau::wire {
namespace {

constexpr std::string_view kMagic = "PHDE";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kNameBytesMax = 200;

}  // namespace

std::string encode_evidence_part(const EvidencePart& part) {
  std::string out(kMagic);
  put_uint(out, kVersion, 1);
  put_uint(out, part.last ? 1 : 0, 1);
  put_uint(out, part.number, 2);
  put_uint(out, part.offset, 8);
  put_short_text(out, part.order_id);
  put_short_text(out, part.name);
  put_short_text(out, part.sha256);
  put_short_text(out, part.sha512);
  put_uint(out, hash64(part.bytes), 8);
  put_uint(out, part.bytes.size(), 4);
  return out + part.bytes;
}

Result<EvidencePart> decode_evidence_part(std::string_view body) {
  ByteReader reader(body);
  if (reader.bytes(kMagic.size()) != kMagic || reader.uint(1) != kVersion)
    return fail(ErrorCode::invalid, "this is no piece of evidence");
  EvidencePart out;
  out.last = reader.uint(1) != 0;
  out.number = static_cast<std::uint16_t>(reader.uint(2));
  out.offset = reader.uint(8);
  out.order_id = reader.short_text();
  out.name = reader.short_text();
  out.sha256 = reader.short_text();
  out.sha512 = reader.short_text();
  const std::uint64_t hash = reader.uint(8);
  const std::uint64_t size = reader.uint(4);
  if (!reader.ok() || out.number == 0 || out.order_id.size() > 64 || out.name.size() > kNameBytesMax ||
      out.sha256.size() > 64 || out.sha512.size() > 128) {
    return fail(ErrorCode::invalid, "a piece of evidence is cut off or too long");
  }
  if (size > kEvidencePartBytesMax || out.offset > kEvidenceFileBytesMax || out.number > kEvidenceFilesMax)
    return fail(ErrorCode::limit, "a piece of evidence is too large");
  out.bytes = reader.bytes(size);
  if (!reader.ok() || !reader.at_end()) return fail(ErrorCode::invalid, "a piece of evidence is cut off");
  if (hash64(out.bytes) != hash) return fail(ErrorCode::corrupt, "a piece of evidence changed on the way");
  return out;
}

std::string encode_evidence_answer(const EvidenceAnswer& answer) {
  return Json::object({{"next_offset", answer.next_offset}, {"finished", answer.finished}}).dump();
}

Result<EvidenceAnswer> decode_evidence_answer(std::string_view body) {
  const Json json = PHENDAU_TRY(parse_json(body, {.size_bytes_max = 4096, .depth_max = 4}));
  if (!json["next_offset"].is_int() || json["next_offset"].as_int() < 0)
    return fail(ErrorCode::invalid, "member 'next_offset' must be a whole number of 0 or more");
  return EvidenceAnswer{static_cast<std::uint64_t>(json["next_offset"].as_int()), json["finished"].as_bool()};
}

}  // namespace phendau::wire

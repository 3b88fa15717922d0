// SPDX-License-Identifier: Apache-2.0
// A piece of a file that a machine collected on an order, on its way to the hub. Pieces of a file come in
// order; the hub answers where it wants the next one, so that either side may start anew. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau::wire {

inline constexpr std::size_t kEvidencePartBytesMax = 1u << 20;
inline constexpr std::uint64_t kEvidenceFileBytesMax = 256ull << 20;  // half of the largest blob
inline constexpr std::uint64_t kEvidenceOrderBytesMax = 2ull << 30;
inline constexpr std::uint16_t kEvidenceFilesMax = 64;

struct EvidencePart {
  std::string order_id;
  std::uint16_t number = 0;  // of the file within the order, from 1
  std::string name;          // a claim of the machine: shown, never used as a path
  std::uint64_t offset = 0;
  bool last = false;
  std::string sha256;  // hex, of the whole file; with the last piece
  std::string sha512;
  std::string bytes;
};
std::string encode_evidence_part(const EvidencePart& part);
/// `invalid` for what is no such piece, `limit` above the sizes, `corrupt` when bytes changed on the way.
Result<EvidencePart> decode_evidence_part(std::string_view body);

/// What the hub answers: {next_offset, finished}.
struct EvidenceAnswer {
  std::uint64_t next_offset = 0;
  bool finished = false;  // the file is kept, or refused for what it holds
};
std::string encode_evidence_answer(const EvidenceAnswer& answer);
Result<EvidenceAnswer> decode_evidence_answer(std::string_view body);

}  // namespace phendau::wire

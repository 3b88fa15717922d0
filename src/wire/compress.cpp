// SPDX-License-Identifier: Apache-2.0
#include "wire/compress.h"

#include <zstd.h>

namespace phendau::wire {
namespace {
constexpr int kLevel = 3;  // Log text packs about 8:1 here; higher levels cost the endpoint's processor.
}

std::string compress(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  PHENDAU_ASSERT(ZSTD_isError(size) == 0);  // The bound is enough by definition.
  out.resize(size);
  return out;
}

Result<std::string> decompress(std::string_view packed, std::size_t size_bytes_max) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR) return fail(ErrorCode::corrupt, "the records are not a zstd frame");
  // A frame without a stated size is refused: we always state it, and so memory is bounded before unpacking.
  if (size == ZSTD_CONTENTSIZE_UNKNOWN)
    return fail(ErrorCode::invalid, "the zstd frame does not state its size");
  if (size > size_bytes_max) return fail(ErrorCode::limit, "the zstd frame unpacks to more than the limit");
  std::string out(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) != 0 || got != out.size())
    return fail(ErrorCode::corrupt, "the zstd frame is damaged");
  return out;
}

}  // namespace phendau::wire

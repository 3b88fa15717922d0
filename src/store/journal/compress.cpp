// SPDX-License-Identifier: Apache-2.0
#include "store/journal/compress.h"

#include <zstd.h>

#include "store/journal/limits.h"

namespace phendau::journal {

std::string compress(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kZstdLevel);
  PHENDAU_ASSERT(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

Result<std::string> decompress(std::string_view block, std::size_t size_bytes) {
  if (size_bytes > kBlockBytesMax)
    return fail(ErrorCode::limit, "a block says that it is larger than the limit");
  // The size in the zstd header must agree before memory is taken for it.
  if (ZSTD_getFrameContentSize(block.data(), block.size()) != size_bytes) {
    return fail(ErrorCode::corrupt, "a compressed block has another size than its index says");
  }
  std::string out(size_bytes, '\0');
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), block.data(), block.size());
  if (ZSTD_isError(size) != 0 || size != size_bytes)
    return fail(ErrorCode::corrupt, "a compressed block is damaged");
  return out;
}

}  // namespace phendau::journal

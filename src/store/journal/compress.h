// SPDX-License-Identifier: Apache-2.0
// zstd blocks with a known decompressed size. Adapter: compress.cpp only. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau::journal {

inline constexpr int kZstdLevel = 3;

std::string compress(std::string_view bytes);
/// `corrupt` unless the block decompresses to exactly `size_bytes`; `limit` above kBlockBytesMax.
Result<std::string> decompress(std::string_view block, std::size_t size_bytes);

}  // namespace phendau::journal

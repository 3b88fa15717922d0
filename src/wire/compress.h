// SPDX-License-Identifier: Apache-2.0
// The one compressor of the wire (zstd), behind two functions so that portable code does not see the library.
// Adapter: compress.cpp is the only file that includes zstd.h here. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau::wire {

std::string compress(std::string_view bytes);
/// `limit` if the text would have more than `size_bytes_max`; `corrupt` if it is no zstd frame.
Result<std::string> decompress(std::string_view packed, std::size_t size_bytes_max);

}  // namespace phendau::wire

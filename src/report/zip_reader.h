// SPDX-License-Identifier: Apache-2.0
// Reads ZIP archives from memory with limits: uploads and office files. Adapter of libzip: zip_reader.cpp
// only. Plain values; thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau::report {

struct ZipLimits {
  std::size_t entries_max = 2'000;
  std::size_t total_bytes_max = 256u << 20;  // unpacked: what a bomb may cost us
  std::uint64_t ratio_max = 200;             // unpacked to packed, per entry over 1 MiB
  bool consistent = false;  // directory and local headers must agree, nothing may stand around them
};
struct ZipEntry {
  std::string name;
  std::uint64_t size_bytes = 0;
  bool encrypted = false;
  std::string bytes;  // empty when encrypted or a folder
};
/// All entries in archive order; with `wanted`, only those whose names it takes are unpacked and returned.
/// `invalid` for a damaged archive and for one that other programs could read as another archive, `limit`
/// names the limit.
Result<std::vector<ZipEntry>> read_zip(std::string_view archive, const ZipLimits& limits = {},
                                       const std::function<bool(std::string_view name)>& wanted = {});

}  // namespace phendau::report

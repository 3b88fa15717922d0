// SPDX-License-Identifier: Apache-2.0
// Writes ZIP archives into memory: the same files give the same bytes, whatever the clock and the time zone.
// Used by the office writers. Adapter of libzip: zip_writer.cpp. Pure; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace phendau::report {

struct ZipFile {
  std::string name;
  std::string bytes;
};
/// Deflated, in this order, dated 1980-01-01. `io` when libzip cannot (memory).
Result<std::string> write_zip(const std::vector<ZipFile>& files);

}  // namespace phendau::report

// SPDX-License-Identifier: Apache-2.0
// The portal's files, compiled in by cmake/embed.cmake. Read-only; thread-safe.
#pragma once

#include <string_view>

namespace phendau::api {

struct Asset {
  std::string_view path;  // "/assets/index-3f2a.js"
  std::string_view bytes;
  std::string_view gzip;  // empty when compression does not pay
  std::string_view content_type;
  bool immutable = false;  // the name carries a hash: cached for ever
};
/// Or nullptr. "/" is not mapped: callers ask for "/index.html".
const Asset* find_asset(std::string_view path);

}  // namespace phendau::api

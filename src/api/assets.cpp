// SPDX-License-Identifier: Apache-2.0
#include "api/assets.h"

#include <iterator>

namespace phendau::api {
namespace {
#include "assets_table.inc"  // kAssets: made by tools/embed.py
}  // namespace

const Asset* find_asset(std::string_view path) {
  for (const auto& asset : kAssets) {
    if (asset.path == path && !asset.path.empty()) return &asset;
  }
  return nullptr;
}

}  // namespace phendau::api

// SPDX-License-Identifier: Apache-2.0
#include "base/similar.h"

#include <algorithm>
#include <utility>

namespace phendau {
namespace {

/// Letters to insert, remove or replace, and neighbours to swap.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> similar_names(std::string_view wanted, const std::vector<std::string>& names) {
  constexpr std::size_t kShownMax = 3;
  constexpr std::size_t kLengthMax = 64;  // names are short; more is not a slip of the pen
  constexpr std::size_t kInsideMin = 4;   // "lockout" is in "posture_login_lockout"; "a" is in too many
  std::vector<std::pair<std::size_t, std::string>> near;
  if (wanted.empty() || wanted.size() > kLengthMax) return {};
  for (const auto& name : names) {
    if (name.size() > kLengthMax) continue;
    const std::size_t distance = edit_distance(wanted, name);
    const bool inside = (wanted.size() >= kInsideMin && name.find(wanted) != std::string::npos) ||
                        (name.size() >= kInsideMin && wanted.find(name) != std::string_view::npos);
    if (inside || distance <= std::max<std::size_t>(1, wanted.size() / 3)) near.emplace_back(distance, name);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  std::vector<std::string> out;
  for (auto& [distance, name] : near) {
    if (out.size() < kShownMax) out.push_back(std::move(name));
  }
  return out;
}

}  // namespace phendau

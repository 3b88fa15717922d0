// SPDX-License-Identifier: Apache-2.0
#include "report/tlp.h"

#include <algorithm>

#include "base/text.h"

namespace phendau::report {

std::string tlp_label(std::string_view text) {
  std::string label;
  for (const char c : trim(text)) {
    if (c != '"' && c != ' ') label += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  if (label == "TLP:WHITE") return "TLP:CLEAR";
  const bool known = std::any_of(std::begin(kTlpLevels), std::end(kTlpLevels),
                                 [&](const TlpLevel& level) { return level.label == label; });
  return known ? label : std::string();
}

}  // namespace phendau::report

// SPDX-License-Identifier: Apache-2.0
#include "base/texts.h"

#include <algorithm>

namespace phendau {
namespace {
struct Entry {
  std::string_view id;
  std::string_view vi;
  std::string_view en;
};
#include "texts_table.inc"  // kTexts: sorted by id; made by tools/make_texts.py

const Entry* find(std::string_view id) {
  const auto* at =
      std::lower_bound(std::begin(kTexts), std::end(kTexts), id,
                       [](const Entry& entry, std::string_view wanted) { return entry.id < wanted; });
  return at != std::end(kTexts) && at->id == id ? at : nullptr;
}
}  // namespace

std::string tr(Lang lang, std::string_view text_id, const std::vector<std::string>& args) {
  const Entry* entry = find(text_id);
  if (entry == nullptr) return std::string(text_id);
  const std::string_view pattern = lang == Lang::vi ? entry->vi : entry->en;
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '{' && i + 2 < pattern.size() && pattern[i + 2] == '}' && pattern[i + 1] >= '0' &&
        pattern[i + 1] <= '9') {
      const auto index = static_cast<std::size_t>(pattern[i + 1] - '0');
      if (index < args.size()) out += args[index];
      i += 2;
    } else {
      out += pattern[i];
    }
  }
  return out;
}

bool has_text(std::string_view text_id) { return find(text_id) != nullptr; }

std::string explain(Lang lang, const Error& error) {
  if (error.text_id.empty()) return error.message;
  return tr(lang, error.text_id, error.args);
}

}  // namespace phendau

// SPDX-License-Identifier: Apache-2.0
// Regular expressions whose work is limited, also on long subjects. Adapter: regex.cpp is the only user of
// PCRE2.
// A compiled Regex is immutable and may be used from several threads at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau {

struct RegexFlags {
  bool ignore_case = false;
  bool multiline = false;
  bool dot_all = false;
  /// Subject and pattern are UTF-8; invalid subjects are matched as bytes.
  bool utf = true;
};

class Regex {
 public:
  /// `invalid` with PCRE2's reason and offset; `limit` if the pattern is over 16 KiB.
  static Result<Regex> compile(std::string_view pattern, RegexFlags flags = {});

  /// True if found anywhere. Running into a limit counts as no match and is reported by `exhausted`.
  bool search(std::string_view subject, bool* exhausted = nullptr) const;
  /// Groups of the first match (0 = whole); a group that took no part is empty and nullopt data.
  std::optional<std::vector<std::string_view>> match_groups(std::string_view subject) const;

 private:
  struct Code;
  std::shared_ptr<const Code> code_;
};

/// Escapes every metacharacter.
std::string regex_escape(std::string_view literal);

}  // namespace phendau

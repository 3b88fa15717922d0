// SPDX-License-Identifier: Apache-2.0
// The small text formats of /etc: KEY VALUE, key = value, sections, PAM stacks, colon fields. Tolerant: lines
// that make no sense are skipped, sizes are bounded; nothing here fails. Pure; thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau::agent {

inline constexpr std::size_t kConfigLinesMax = 200'000;
inline constexpr int kIncludeDepthMax = 8;
inline constexpr std::size_t kPamLinesMax = 500;

/// Lines without their ends, trimmed; a backslash at the end joins the next line.
std::vector<std::string> config_lines(std::string_view text);
std::vector<std::string> words_of(std::string_view line);

/// "key = value" or "KEY value"; '#' and ';' begin comments; a key alone has the value "". Keys in lower
/// case. A later line replaces an earlier one.
using Settings = std::map<std::string, std::string, std::less<>>;
Settings parse_settings(std::string_view text);
/// [section] and "key = value" below it; section names as written, keys in lower case without inner spaces
/// ("guest ok" -> "guestok"). Text before the first section has the name "".
using Sections = std::vector<std::pair<std::string, Settings>>;
Sections parse_sections(std::string_view text);
std::optional<std::int64_t> int_of(const Settings& settings, std::string_view key);
/// yes, true, 1, on.
bool is_yes(std::string_view text);

struct PamLine {
  std::string type;     // auth, account, password, session
  std::string control;  // required, [success=1 default=ignore], ...
  std::string module;   // pam_unix.so
  std::vector<std::string> arguments;
  /// Value of "name=value", or nothing.
  std::optional<std::string> argument(std::string_view name) const;
  bool has(std::string_view word) const;
  bool is_enforced() const;  // not optional
};
/// One stack of /etc/pam.d with everything that it includes. `read` gives the text of a service file; the
/// first error of it is returned for the service itself, and as `missing` for included files.
struct PamStack {
  std::vector<PamLine> lines;
  std::string missing;  // reason why a part could not be read; empty if complete
};
Result<PamStack> parse_pam(const std::string& service, std::string_view type,
                           const std::function<Result<std::string>(const std::string& service)>& read);

/// Seconds of systemd's spans: "30min", "1h 30min", "90", "infinity" (nothing).
std::optional<std::int64_t> parse_systemd_span(std::string_view text);

}  // namespace phendau::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/linux/config_text.h"

#include <algorithm>

#include "base/text.h"

namespace phendau::agent {
namespace {

std::string unquoted(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

bool is_comment(std::string_view line) { return line.empty() || line[0] == '#' || line[0] == ';'; }

/// Without a comment behind the value ("minlen = 8 # ours").
std::string_view without_comment(std::string_view line) {
  const std::size_t at = line.find(" #");
  return at == std::string_view::npos ? line : line.substr(0, at);
}

/// PAM lines: brackets hold spaces together.
std::vector<std::string> pam_words(std::string_view line) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ' || line[at] == '\t') {
      ++at;
      continue;
    }
    const bool bracket = line[at] == '[';
    std::size_t end = bracket ? line.find(']', at) : line.find_first_of(" \t", at);
    if (end == std::string_view::npos)
      end = line.size();
    else if (bracket)
      ++end;
    out.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return out;
}

}  // namespace

std::vector<std::string> config_lines(std::string_view text) {
  std::vector<std::string> out;
  std::string joined;
  for (std::size_t at = 0; at <= text.size() && out.size() < kConfigLinesMax;) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty() && line.back() == '\\') {
      joined += line.substr(0, line.size() - 1);
      joined += ' ';
      continue;
    }
    joined += line;
    out.emplace_back(trim(joined));
    joined.clear();
  }
  if (!joined.empty()) out.emplace_back(trim(joined));
  return out;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    out.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return out;
}

Settings parse_settings(std::string_view text) {
  Settings out;
  for (const std::string& line : config_lines(text)) {
    if (is_comment(line)) continue;
    const std::string_view clean = without_comment(line);
    const std::size_t split_at = clean.find_first_of("= \t");
    const std::string key = to_lower_ascii(trim(clean.substr(0, split_at)));
    if (key.empty()) continue;
    std::string_view value =
        split_at == std::string_view::npos ? std::string_view() : trim(clean.substr(split_at));
    if (value.starts_with('=')) value = trim(value.substr(1));
    out[key] = unquoted(value);
  }
  return out;
}

Sections parse_sections(std::string_view text) {
  Sections out;
  out.emplace_back("", Settings{});
  for (const std::string& line : config_lines(text)) {
    if (is_comment(line)) continue;
    if (line.front() == '[') {
      const std::size_t end = line.find(']');
      if (end != std::string::npos) out.emplace_back(std::string(trim(line.substr(1, end - 1))), Settings{});
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    std::string key = to_lower_ascii(line.substr(0, equals));
    std::erase_if(key, [](char c) { return c == ' ' || c == '\t'; });
    out.back().second[key] = unquoted(std::string_view(line).substr(equals + 1));
  }
  return out;
}

std::optional<std::int64_t> int_of(const Settings& settings, std::string_view key) {
  const auto found = settings.find(key);
  if (found == settings.end()) return std::nullopt;
  const auto value = parse_int(found->second);
  if (!value) return std::nullopt;
  return *value;
}

bool is_yes(std::string_view text) {
  const std::string low = to_lower_ascii(trim(text));
  return low == "yes" || low == "true" || low == "1" || low == "on";
}

std::optional<std::string> PamLine::argument(std::string_view name) const {
  std::optional<std::string> out;
  for (const auto& word : arguments) {
    if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=') {
      out = word.substr(name.size() + 1);
    }
  }
  return out;
}

bool PamLine::has(std::string_view word) const {
  return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
}

bool PamLine::is_enforced() const {
  if (control == "optional") return false;
  // "[default=ignore]" alone never refuses anybody; with success=N a later pam_deny does.
  return !(control.find("default=ignore") != std::string::npos &&
           control.find("success=") == std::string::npos);
}

namespace {

struct PamReading {
  std::string_view type;
  const std::function<Result<std::string>(const std::string&)>& read;
  PamStack stack;
};

bool is_service_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.find('/') == std::string_view::npos && name != "." &&
         name != "..";
}

void read_pam(PamReading& reading, const std::string& text, int depth);

void include_pam(PamReading& reading, std::string name, int depth) {
  if (name.starts_with("/etc/pam.d/")) name = name.substr(11);
  if (depth >= kIncludeDepthMax || !is_service_name(name)) {
    reading.stack.missing = "PAM files include each other too deeply, or a file outside /etc/pam.d";
    return;
  }
  const auto text = reading.read(name);
  if (!text) {
    if (reading.stack.missing.empty()) reading.stack.missing = text.error().message;
    return;
  }
  read_pam(reading, *text, depth + 1);
}

void read_pam(PamReading& reading, const std::string& text, int depth) {
  for (const std::string& raw : config_lines(text)) {
    const std::string line = raw.substr(0, raw.find('#'));
    std::vector<std::string> words = pam_words(line);
    if (words.size() < 2) continue;
    if (reading.stack.lines.size() >= kPamLinesMax) return;
    if (words[0] == "@include") {
      include_pam(reading, words[1], depth);
      continue;
    }
    if (words[0].starts_with('-')) words[0].erase(0, 1);
    if (to_lower_ascii(words[0]) != reading.type || words.size() < 3) continue;
    const std::string control = to_lower_ascii(words[1]);
    if (control == "include" || control == "substack") {
      include_pam(reading, words[2], depth);
      continue;
    }
    PamLine out{words[0], control, words[2].substr(words[2].find_last_of('/') + 1), {}};
    out.arguments.assign(words.begin() + 3, words.end());
    reading.stack.lines.push_back(std::move(out));
  }
}

}  // namespace

Result<PamStack> parse_pam(const std::string& service, std::string_view type,
                           const std::function<Result<std::string>(const std::string& service)>& read) {
  const std::string text = PHENDAU_TRY(read(service));
  PamReading reading{type, read, {}};
  read_pam(reading, text, 0);
  return std::move(reading.stack);
}

std::optional<std::int64_t> parse_systemd_span(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t seconds;
  };
  constexpr Unit kUnits[] = {{"s", 1},
                             {"sec", 1},
                             {"second", 1},
                             {"seconds", 1},
                             {"", 1},
                             {"m", 60},
                             {"min", 60},
                             {"minute", 60},
                             {"minutes", 60},
                             {"h", 3600},
                             {"hr", 3600},
                             {"hour", 3600},
                             {"hours", 3600},
                             {"d", 86400},
                             {"day", 86400},
                             {"days", 86400},
                             {"w", 604800},
                             {"week", 604800},
                             {"weeks", 604800},
                             {"month", 2629800},
                             {"months", 2629800},
                             {"y", 31557600},
                             {"year", 31557600},
                             {"years", 31557600}};
  std::int64_t total = 0;
  bool any = false;
  std::size_t at = 0;
  text = trim(text);
  while (at < text.size()) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    const std::size_t digits_end = std::min(text.find_first_not_of("0123456789", at), text.size());
    const auto number = parse_int(text.substr(at, digits_end - at));
    if (!number || *number > 100'000'000) return std::nullopt;
    std::size_t unit_start = digits_end;
    while (unit_start < text.size() && text[unit_start] == ' ') ++unit_start;
    std::size_t unit_end = unit_start;
    while (unit_end < text.size() && ascii_lower(text[unit_end]) >= 'a' && ascii_lower(text[unit_end]) <= 'z')
      ++unit_end;
    const std::string_view name = text.substr(unit_start, unit_end - unit_start);
    const auto unit =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& u) { return u.name == name; });
    if (unit == std::end(kUnits)) return std::nullopt;
    total += *number * unit->seconds;
    if (total > 4'000'000'000'000) return std::nullopt;
    any = true;
    at = unit_end;
  }
  return any ? std::optional<std::int64_t>(total) : std::nullopt;
}

}  // namespace phendau::agent

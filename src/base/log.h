// SPDX-License-Identifier: Apache-2.0
// Our own diagnostics: one JSON object a line on stderr, a stable name plus typed fields.
//   PHENDAU_LOG(warn, "segment_quarantined", {"path", path}, {"offset_bytes", offset});
// error means that a person must act; odd input is counted, never logged per line. Never secrets, never
// payload. Per name at most kLogPerMinute lines a minute, then a suppressed count. Thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace phendau {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

struct LogField {
  std::string_view name;
  std::string value;
  bool quoted = true;

  LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
  LogField(std::string_view field, const char* text) : name(field), value(text) {}
  LogField(std::string_view field, std::string text) : name(field), value(std::move(text)) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  LogField(std::string_view field, T number) : name(field), value(std::to_string(number)), quoted(false) {}
};

inline constexpr int kLogPerMinute = 60;
inline constexpr std::size_t kLogValueBytesMax = 512;

void log_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
void set_log_level(LogLevel level);
/// Tests: number of lines at `error` so far; unexpected ones fail the test.
std::uint64_t log_error_count();

}  // namespace phendau

#define PHENDAU_LOG(level, event, ...) ::phendau::log_line(::phendau::LogLevel::level, event, {__VA_ARGS__})

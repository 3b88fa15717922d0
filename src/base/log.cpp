// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <unistd.h>

#include <ctime>
#include <mutex>
#include <unordered_map>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

namespace phendau {
namespace {

struct Budget {
  std::int64_t minute = -1;
  int used = 0;
  std::uint64_t suppressed = 0;
};

std::mutex mutex;
LogLevel level_min = LogLevel::info;              // guarded by mutex
std::uint64_t errors = 0;                         // guarded by mutex
std::unordered_map<std::string, Budget> budgets;  // guarded by mutex; names are a closed set of literals

std::string_view name_of(LogLevel level) {
  constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
  return kNames[static_cast<int>(level)];
}

}  // namespace

void log_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  // The one clock read outside os/: a log line's own stamp decides nothing.
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::lock_guard lock(mutex);
  if (level == LogLevel::error) ++errors;
  if (level < level_min) return;
  Budget& budget = budgets[std::string(event)];
  const std::int64_t minute = now.tv_sec / 60;
  if (budget.minute != minute) {
    budget.minute = minute;
    budget.used = 0;
  }
  if (++budget.used > kLogPerMinute) {
    ++budget.suppressed;
    return;
  }
  std::string line = "{\"time\":\"";
  line += format_rfc3339(
      UtcTime{static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec / 1'000'000 * 1'000'000});
  line += "\",\"level\":\"";
  line += name_of(level);
  line += "\",\"event\":";
  append_json_string(line, event);
  for (const LogField& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    if (field.quoted)
      append_json_string(line, truncate_utf8(field.value, kLogValueBytesMax));
    else
      line += field.value;
  }
  if (budget.suppressed > 0) {
    line += ",\"suppressed\":" + std::to_string(budget.suppressed);
    budget.suppressed = 0;
  }
  line += "}\n";
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = ::write(STDERR_FILENO, line.data() + done, line.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

void set_log_level(LogLevel level) {
  const std::lock_guard lock(mutex);
  level_min = level;
}

std::uint64_t log_error_count() {
  const std::lock_guard lock(mutex);
  return errors;
}

}  // namespace phendau

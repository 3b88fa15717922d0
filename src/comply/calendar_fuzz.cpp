// SPDX-License-Identifier: Apache-2.0
// Any bytes as a calendar, as regimes and, line by line, as rule and start: mistakes are reported with a
// place, what was read is written the same way again, and no due date lies before its start.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "comply/deadline.h"

using namespace phendau;
using namespace phendau::comply;

namespace {
void check_places(const std::vector<ContentError>& errors) {
  for (const auto& error : errors) {
    if (error.line < 0 || error.reason.empty()) std::abort();
  }
}

void check_rule(std::string_view rule_text, std::string_view start_text, const WorkCalendar& calendar) {
  if (const auto period = parse_period(rule_text, kVietnamZone); period && period->id != rule_text)
    std::abort();
  const auto rule = parse_deadline(rule_text);
  if (!rule) return;
  if (to_string(*rule) != rule_text && rule->kind != DeadlineRule::Kind::period_end) std::abort();
  const auto start = TermStart::parse(start_text, kVietnamZone);
  if (!start) return;
  const auto due = due_of(*rule, *start, calendar, kVietnamZone);
  if (due && due->last_good_day < start->day) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<ContentError> errors;
  WorkCalendar calendar;
  parse_calendar(text, "fuzz.yaml", calendar, errors);
  check_places(errors);
  errors.clear();
  parse_regimes(text, "fuzz.yaml", errors);
  check_places(errors);
  calendar.years.insert({2025, 2026, 2027, 2028});
  for (const std::string_view line : split(text.substr(0, 4096), '\n')) {
    const std::size_t cut = line.find('\t');
    if (cut != std::string_view::npos) check_rule(line.substr(0, cut), line.substr(cut + 1), calendar);
  }
  return 0;
}

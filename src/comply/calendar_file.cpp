// SPDX-License-Identifier: Apache-2.0
// calendar.yaml: years with their holidays, and single days on top. A year is either complete or absent, so
// that nobody counts working days of a year that nobody has entered.
#include <algorithm>

#include <fmt/format.h>

#include "comply/calendar.h"
#include "comply/content.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

constexpr std::int64_t kYearMin = 1976;  // Tet of one country on one calendar
constexpr std::int64_t kYearMax = 2200;

struct DayAt {
  CivilDate day;
  const YamlNode* node = nullptr;
};

/// Days as YYYY-MM-DD, each once.
std::vector<DayAt> read_days(ContentReader& reader, const YamlNode& map, std::string_view key) {
  std::vector<DayAt> out;
  const YamlNode* list = reader.list(map, key, false);
  if (list == nullptr) return out;
  if (list->items.size() > kCalendarDaysMax) {
    reader.error(*list, fmt::format("more than {} days in '{}'", kCalendarDaysMax, key));
    return out;
  }
  std::set<CivilDate> seen;
  for (const auto& item : list->items) {
    const auto day = parse_date(item.scalar);
    if (!day) {
      reader.error(item, fmt::format("'{}' is no day (YYYY-MM-DD)", item.scalar));
    } else if (!seen.insert(*day).second) {
      reader.error(item, fmt::format("{} stands twice in '{}'", item.scalar, key));
    } else {
      out.push_back({*day, &item});
    }
  }
  return out;
}

void forget_year(std::set<CivilDate>& days, std::int32_t year) {
  days.erase(days.lower_bound({year, 1, 1}), days.upper_bound({year, 12, 31}));
}

void add_days(ContentReader& reader, const YamlNode& map, WorkCalendar& into, std::int32_t year) {
  const auto add = [&](std::string_view key, std::set<CivilDate>& target) {
    for (const DayAt& one : read_days(reader, map, key)) {
      if (year != 0 && one.day.year != year) {
        reader.error(*one.node, fmt::format("{} is not in {}", format_date(one.day), year));
      } else if (!into.covers(one.day.year)) {
        reader.error(*one.node, fmt::format("the calendar has no entry for {} under 'years': single days are "
                                            "added to a year that is known",
                                            one.day.year));
      } else if (&target == &into.extra_working_days && iso_weekday(one.day) <= 5 &&
                 !into.holidays.contains(one.day)) {
        reader.error(*one.node, fmt::format("{} is a working day anyway: neither a weekend nor a holiday",
                                            format_date(one.day)));
      } else {
        target.insert(one.day);
      }
    }
  };
  add("holidays", into.holidays);
  add("extra_working_days", into.extra_working_days);
}

void read_year(ContentReader& reader, const YamlNode& node, WorkCalendar& into,
               std::set<std::int32_t>& seen) {
  if (!node.is_map()) return reader.error(node, "a year must be a map: {year, basis, holidays}");
  reader.only_keys(node, {"year", "basis", "source", "holidays", "extra_working_days"});
  if (node.find("year") == nullptr) return reader.error(node, "'year' is missing");
  const auto year = static_cast<std::int32_t>(reader.integer(node, "year", 0, kYearMin, kYearMax));
  if (year == 0) return;
  if (!seen.insert(year).second) reader.error(node, fmt::format("year {} stands twice", year));
  const std::string basis = reader.text(node, "basis", true);
  if (!basis.empty() && basis != "official" && basis != "minimum") {
    reader.error(*node.find("basis"),
                 "'basis' is official (as decided) or minimum (by the labour code only)");
  }
  reader.text(node, "source", false);
  reader.list(node, "holidays", true);
  forget_year(into.holidays, year);
  forget_year(into.extra_working_days, year);
  into.years.insert(year);
  add_days(reader, node, into, year);
}

}  // namespace

void parse_calendar(std::string_view text, const std::string& file, WorkCalendar& into,
                    std::vector<ContentError>& errors) {
  ContentReader reader(file, errors);
  const auto document = reader.document(text);
  if (!document) return;
  reader.only_keys(*document, {"years", "holidays", "extra_working_days"});
  std::set<std::int32_t> seen;
  if (const YamlNode* years = reader.list(*document, "years", false)) {
    for (const auto& node : years->items) read_year(reader, node, into, seen);
  }
  add_days(reader, *document, into, 0);
}

}  // namespace phendau::comply

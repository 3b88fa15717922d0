// SPDX-License-Identifier: Apache-2.0
#include "comply/condition.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/calendar.h"
#include "comply/clause_reader.h"
#include "comply/deadline.h"
#include "comply/limits.h"

namespace phendau::comply {
namespace {

const Json& member_of(const Json& document, std::string_view field) {
  return document.contains(field) ? document[field] : document.at_path(field);
}

/// A date or an instant; two of them are compared as instants only if both have a time.
struct Moment {
  CivilDate day;
  UtcTime at;
  bool whole_day = false;
};
std::optional<Moment> moment_of(const Json& value, ZoneOffset zone) {
  const std::string& text = value.as_string();
  const auto start = TermStart::parse(text, zone);
  if (!start) return std::nullopt;
  return Moment{start->day, start->at, parse_date(text).has_value()};
}

/// -1: `a` is earlier, 0: the same, 1: later.
int compare(const Moment& a, const Moment& b) {
  const auto sign = [](const auto& one, const auto& other) { return one < other ? -1 : other < one ? 1 : 0; };
  return a.whole_day || b.whole_day ? sign(a.day, b.day) : sign(a.at.ns, b.at.ns);
}

/// Two dates, or two numbers.
bool in_order(const Json& value, const Json& document, const std::string& other, int most, ZoneOffset zone) {
  if (other.empty()) return true;
  const Json& limit = member_of(document, other);
  if (value.is_number() && limit.is_number()) {
    return most < 0 ? value.as_double() < limit.as_double() : value.as_double() <= limit.as_double();
  }
  const auto own = moment_of(value, zone);
  const auto against = moment_of(limit, zone);
  return own && against && compare(*own, *against) <= most;
}

/// Whether the day has begun; when not, the clock learns of it.
bool has_come(std::int64_t day, AgeClock& clock) {
  const UtcTime turns_at = start_of_day(civil_from_days(day), clock.zone);
  if (clock.now >= turns_at) return true;
  if (!clock.next_at || turns_at < *clock.next_at) clock.next_at = turns_at;
  return false;
}

Span read_span(ContentReader& reader, const YamlNode& map, std::string_view key) {
  const std::string text = reader.text(map, key, false);
  if (text.empty()) return {};
  const auto span = parse_span(text);
  if (!span) reader.error(*map.find(key), fmt::format("'{}' is no span: P1Y P6M P2W P90D", text));
  return span.value_or(Span{});
}

}  // namespace

std::optional<Span> parse_span(std::string_view text) {
  if (text.size() < 3 || text.front() != 'P') return std::nullopt;
  const auto count = parse_int(text.substr(1, text.size() - 2));
  if (!count || *count < 1 || *count > kKeepCountMax) return std::nullopt;
  const auto n = static_cast<std::int32_t>(*count);
  switch (text.back()) {
    case 'Y':
      return Span{n * 12, 0};
    case 'M':
      return Span{n, 0};
    case 'W':
      return Span{0, n * 7};
    case 'D':
      return Span{0, n};
    default:
      return std::nullopt;
  }
}

std::optional<bool> is_older(const Json& value, Span span, AgeClock& clock) {
  const auto moment = moment_of(value, clock.zone);
  if (!moment) return std::nullopt;
  const CivilDate last = add_months(moment->day, span.months);
  return has_come(days_from_civil(last) + span.days + 1, clock);
}

std::optional<bool> is_within(const Json& value, Span span, AgeClock& clock) {
  const auto moment = moment_of(value, clock.zone);
  if (!moment) return std::nullopt;
  return has_come(days_from_civil(add_months(moment->day, -span.months)) - span.days, clock);
}

bool holds(const Condition& condition, const Json& document) {
  const Json& value = member_of(document, condition.field);
  const bool is_empty = value.is_null() || (value.is_string() && value.as_string().empty()) ||
                        (value.is_array() && value.items().empty());
  return std::any_of(condition.any_of.begin(), condition.any_of.end(), [&](const Json& wanted) {
    if (wanted.is_string() && wanted.as_string() == "*") return !is_empty;
    if (value.is_array() && !wanted.is_array()) {
      return std::find(value.items().begin(), value.items().end(), wanted) != value.items().end();
    }
    return value == wanted;
  });
}

bool holds(const Condition& condition, const Json& document, AgeClock& clock) {
  if (!condition.asks_dates()) return holds(condition, document);
  const Json& value = member_of(document, condition.field);
  if (!in_order(value, document, condition.not_after, 0, clock.zone)) return false;
  if (!in_order(value, document, condition.before, -1, clock.zone)) return false;
  if (!condition.older_than.empty() && !is_older(value, condition.older_than, clock).value_or(false)) {
    return false;
  }
  if (!condition.within.empty() && !is_within(value, condition.within, clock).value_or(false)) return false;
  return condition.not_older_than.empty() || !is_older(value, condition.not_older_than, clock).value_or(true);
}

bool all_hold(const std::vector<Condition>& conditions, const Json& document, AgeClock& clock) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& one) { return holds(one, document, clock); });
}

std::vector<Condition> conditions_of(ContentReader& reader, const YamlNode& map, std::string_view label) {
  std::vector<Condition> out;
  for (const auto& [name, value] : map.members) {
    Condition condition;
    condition.field = name.scalar;
    condition.place = reader.place(value.is_null() ? name : value);
    if (value.is_map()) {
      reader.only_keys(value, {"older_than", "not_older_than", "within", "not_after", "before"});
      condition.older_than = read_span(reader, value, "older_than");
      condition.not_older_than = read_span(reader, value, "not_older_than");
      condition.within = read_span(reader, value, "within");
      condition.not_after = reader.text(value, "not_after", false);
      condition.before = reader.text(value, "before", false);
      if (value.members.empty()) {
        reader.error(value, fmt::format("'{}.{}' must be a value, a list of values or a map of tests", label,
                                        name.scalar));
      }
    } else if (const Json json = yaml_to_json(value); json.is_array()) {
      condition.any_of = json.items();
    } else {
      condition.any_of.push_back(json);
    }
    out.push_back(std::move(condition));
  }
  return out;
}

std::vector<Condition> read_conditions(ContentReader& reader, const YamlNode& map, std::string_view key) {
  const YamlNode* node = reader.map(map, key, false);
  return node == nullptr ? std::vector<Condition>() : conditions_of(reader, *node, key);
}

}  // namespace phendau::comply

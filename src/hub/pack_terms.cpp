// SPDX-License-Identifier: Apache-2.0
#include "hub/pack_terms.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace phendau::hub {
namespace {

using comply::DeadlineRule;

constexpr std::string_view kRegime = "regime:";
constexpr std::int64_t kCountMax = std::numeric_limits<std::int32_t>::max();

/// Periods and days in the words of deadlines: "end P3M", "before 11-15".
std::string text_of(comply::PeriodKind period) {
  DeadlineRule rule;
  rule.kind = DeadlineRule::Kind::period_end;
  rule.period = period;
  return to_string(rule);
}

std::string text_of(comply::MonthDay day) {
  DeadlineRule rule;
  rule.kind = DeadlineRule::Kind::before;
  rule.day = day;
  return to_string(rule);
}

std::optional<DeadlineRule> rule_from(const Json& text) {
  const auto rule = comply::parse_deadline(text.as_string());
  return rule ? std::optional(*rule) : std::nullopt;
}

std::optional<comply::MonthDay> day_from(const Json& text) {
  const auto rule = rule_from(text);
  return rule ? std::optional(rule->day) : std::nullopt;
}

std::string clock_text(const comply::Trigger& trigger) {
  if (!trigger.regime.empty()) return std::string(kRegime) + trigger.regime;
  return trigger.within ? to_string(*trigger.within) : "";
}

void set_clock(comply::Trigger& trigger, const std::string& text) {
  trigger.regime = text.starts_with(kRegime) ? text.substr(kRegime.size()) : "";
  trigger.within = rule_from(text);
}

Json to_json(const comply::Satisfier& way) {
  Json out = Json::object({{"kind", comply::to_string(way.kind)}, {"ref", way.ref}});
  if (way.period != comply::PeriodKind::none) out.set("period", text_of(way.period));
  if (way.before) out.set("before", text_of(*way.before));
  if (way.not_before) out.set("not_before", text_of(*way.not_before));
  if (way.age_days_max > 0) out.set("max_age_days", std::int64_t{way.age_days_max});
  if (way.at_least > 1) out.set("at_least", std::int64_t{way.at_least});
  if (!way.equals.is_null()) out.set("equals", way.equals);
  if (way.minimum) out.set("minimum", *way.minimum);
  if (way.maximum) out.set("maximum", *way.maximum);
  return out;
}

std::optional<double> bound_from(const Json& value) {
  return value.is_number() ? std::optional(value.as_double()) : std::nullopt;
}

void set_terms(comply::Satisfier& way, const Json& terms) {
  const auto count = [&](std::string_view name, std::int64_t fallback) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(terms[name].as_int(fallback), 0, kCountMax));
  };
  const auto period = rule_from(terms["period"]);
  way.period = period ? period->period : comply::PeriodKind::none;
  way.before = day_from(terms["before"]);
  way.not_before = day_from(terms["not_before"]);
  way.age_days_max = count("max_age_days", 0);
  way.at_least = count("at_least", 1);
  way.equals = terms["equals"];
  way.minimum = bound_from(terms["minimum"]);
  way.maximum = bound_from(terms["maximum"]);
}

}  // namespace

Json terms_of(const Pack& pack) {
  Json out = Json::object();
  for (const auto& clause : pack.catalog.clauses) {
    for (const auto& part : clause.parts) {
      if (part.satisfied_by.empty()) continue;
      Json ways = Json::array();
      for (const auto& way : part.satisfied_by) ways.push(to_json(way));
      Json terms = Json::object({{"ways", std::move(ways)}});
      if (part.trigger) terms.set("within", clock_text(*part.trigger));
      out.set(part.id, std::move(terms));
    }
  }
  return out;
}

std::optional<comply::ClausePart> with_terms(const comply::ClausePart& part, const Json& terms) {
  if (!terms.is_object() || part.trigger.has_value() != terms.contains("within")) return std::nullopt;
  comply::ClausePart out = part;
  out.earlier.reset();
  if (out.trigger) set_clock(*out.trigger, terms["within"].as_string());
  const Json::Array& ways = terms["ways"].items();
  std::vector<bool> taken(ways.size(), false);
  for (auto& way : out.satisfied_by) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const bool same =
          ways[i]["kind"].as_string() == comply::to_string(way.kind) && ways[i]["ref"].as_string() == way.ref;
      if (!same || taken[i]) continue;
      taken[i] = true;
      set_terms(way, ways[i]);
      break;
    }
  }
  return out;
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "detect/silence.h"

#include <algorithm>

#include "detect/compile.h"
#include "model/predicate.h"

namespace phendau::detect {
namespace {

constexpr std::int64_t kHoursPerDay = 24;

/// Which streams a rule looks at.
class StreamFilter {
 public:
  explicit StreamFilter(const SilenceRule& rule)
      : source_(pattern_of(rule.source)), host_(pattern_of(rule.host)) {}
  bool fits(const SourceActivity& stream) const {
    return (!source_ || matches(*source_, stream.source, ValueKind::text)) &&
           (!host_ || matches(*host_, stream.host, ValueKind::text));
  }

 private:
  static std::optional<Pattern> pattern_of(const std::string& wanted) {
    if (wanted.empty()) return std::nullopt;
    return pattern_of_parts(parse_sigma_string(wanted), false);
  }
  std::optional<Pattern> source_;
  std::optional<Pattern> host_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::optional<LessThanUsual> judge_less(const SilenceRule& rule, const SourceActivity& stream,
                                        const WholeDays& days) {
  const auto span = static_cast<std::size_t>(rule.timespan.ns / phendau::days(1).ns);
  const auto sum = [&](std::size_t first) -> std::optional<std::uint64_t> {
    std::uint64_t total = 0;
    for (std::size_t day = first; day < first + span; ++day) {
      if (day >= stream.day_counts.size() || day >= days.comparable.size() || !days.comparable[day])
        return std::nullopt;
      total += stream.day_counts[day];
    }
    return total;
  };
  const auto came = sum(0);
  if (!came) return std::nullopt;
  std::vector<double> weeks;
  for (std::size_t week = 1; week <= kUsualWeeks; ++week) {
    if (const auto one = sum(7 * week)) weeks.push_back(static_cast<double>(*one));
  }
  if (std::ssize(weeks) < rule.weeks_min) return std::nullopt;
  LessThanUsual out;
  out.came = *came;
  out.weeks = static_cast<std::int32_t>(weeks.size());
  out.usual = median(std::move(weeks));
  out.to = days.ended_at;
  out.from = days.ended_at - rule.timespan;
  const double hours = static_cast<double>(span) * kHoursPerDay;
  if (out.usual < rule.events_per_hour_usual_min * hours) return std::nullopt;
  if (static_cast<double>(out.came) >= rule.below_share_of_usual * out.usual) return std::nullopt;
  return out;
}

}  // namespace

std::vector<SilenceMatch> evaluate_silence(const std::vector<SilenceRule>& rules,
                                           const std::vector<SourceActivity>& sources, UtcTime now,
                                           const WholeDays& days) {
  std::vector<SilenceMatch> out;
  std::vector<bool> is_silent(sources.size());
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    if (rules[i].below_share_of_usual > 0) continue;
    const StreamFilter filter(rules[i]);
    for (std::size_t s = 0; s < sources.size(); ++s) {
      const Duration silent = now - sources[s].last_event_time;
      if (silent < rules[i].timespan) continue;
      if (sources[s].events_per_hour_usual < rules[i].events_per_hour_usual_min) continue;
      if (!filter.fits(sources[s])) continue;
      is_silent[s] = true;
      out.push_back({i, sources[s], silent, std::nullopt});
    }
  }
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    if (rules[i].below_share_of_usual <= 0) continue;
    const StreamFilter filter(rules[i]);
    for (std::size_t s = 0; s < sources.size(); ++s) {
      if (is_silent[s] || !filter.fits(sources[s])) continue;
      const auto less = judge_less(rules[i], sources[s], days);
      if (less) out.push_back({i, sources[s], now - sources[s].last_event_time, less});
    }
  }
  return out;
}

}  // namespace phendau::detect

// SPDX-License-Identifier: Apache-2.0
#include "hub/live_rules.h"

#include <algorithm>

#include "detect/filter.h"
#include "hub/active_pack.h"
#include "hub/services.h"

namespace phendau::hub {
namespace {

bool names_rule(const std::vector<std::string>& names, const detect::RuleMeta& rule) {
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return rule.is_called(name); });
}

void add_all(std::vector<ContentError>& to, const std::vector<ContentError>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

bool RulesInForce::is_filtered(const detect::SilenceRule& rule, const detect::SourceActivity& source) const {
  const Json row =
      Json::object({{"source", source.source}, {"host", source.host}, {"agency", source.agency}});
  return std::any_of(silences.begin(), silences.end(), [&](const SilenceFilter& filter) {
    return names_rule(filter.rules, rule) && judge(*filter.still_alerts, row, {}, nullptr) == Tri::no;
  });
}

std::shared_ptr<LiveRules> make_live_rules(const ActivePack& pack) {
  return std::make_shared<LiveRules>(pack);
}

LiveRules::LiveRules(const ActivePack& pack)
    : pack_(pack), current_(std::make_shared<const RulesInForce>(compile({}))) {}

std::shared_ptr<const RulesInForce> LiveRules::current() const {
  const std::lock_guard lock(mu_);
  return current_;
}

void LiveRules::put_filters(std::vector<detect::FilterRule> filters) {
  const std::lock_guard lock(put_mu_);
  filters_ = std::move(filters);
  swap_in();
}

void LiveRules::put_indicators(std::vector<detect::Rule> rules) {
  const std::lock_guard lock(put_mu_);
  indicator_rules_ = std::move(rules);
  swap_in();
}

void LiveRules::swap_in() {
  auto fresh = std::make_shared<const RulesInForce>(compile(filters_, nullptr, indicator_rules_));
  const std::lock_guard lock(mu_);
  current_ = std::move(fresh);
}

detect::Plan LiveRules::compile_alone(std::vector<detect::Rule> rules) const {
  return detect::Plan::compile(std::move(rules), pack_.sources(), pack_.compile_options());
}

RulesInForce LiveRules::compile(const std::vector<detect::FilterRule>& filters,
                                const std::vector<std::string>* only_rules,
                                const std::vector<detect::Rule>& indicator_rules) const {
  RulesInForce out;
  if (filters.empty() && only_rules == nullptr && indicator_rules.empty()) {
    out.plan = pack_.plan();  // compiled when the pack was loaded
    return out;
  }
  std::vector<detect::Rule> rules;
  for (const auto& rule : pack_.pack().rules.rules) {
    if (only_rules == nullptr || names_rule(*only_rules, rule)) rules.push_back(rule);
  }
  rules.insert(rules.end(), indicator_rules.begin(), indicator_rules.end());
  detect::apply_filters(rules, pack_.pack().rules.filters, pack_.compile_options());
  std::vector<detect::FilterRule> for_events;
  for (const auto& filter : filters) {
    const auto& silences = pack_.silences();
    const bool of_silence = std::any_of(silences.begin(), silences.end(),
                                        [&](const auto& rule) { return names_rule(filter.rules, rule); });
    if (!of_silence) {
      for_events.push_back(filter);
      continue;
    }
    const auto compiled = detect::compile_rule(filter, pack_.compile_options());
    add_all(out.problems, compiled.errors);
    if (compiled.errors.empty()) out.silences.push_back({filter.rules, compiled.predicate});
  }
  const auto applied = detect::apply_filters(rules, for_events, pack_.compile_options());
  add_all(out.problems, applied.errors);
  if (only_rules == nullptr) add_all(out.problems, applied.warnings);
  if (only_rules != nullptr) {
    out.plan = compile_alone(std::move(rules));
    return out;
  }
  std::vector<ContentError> of_the_pack;  // known since it was loaded
  out.plan = pack_.compile(std::move(rules), of_the_pack);
  return out;
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// From a list of indicators to rules: the pack has Sigma rules with placeholders (`DestinationIp|expand:
// '%ip%'`) that say in which fields a kind of indicator shows; each list gives them its values and its name.
// Called by hub/live_rules.h. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "detect/rule.h"
#include "model/indicator.h"

namespace phendau::detect {

/// Begins the ids of rules that were made of a list: "indicator.LIST.TEMPLATE".
inline constexpr std::string_view kIndicatorRulePrefix = "indicator.";

/// The names of indicator types that a template asks for. `invalid` names a placeholder that is no type, or
/// says that there is none.
Result<std::vector<IndicatorType>> types_asked(const Rule& rule);

/// A rule for each template that can be filled: where the list has nothing of a type, the values that ask for
/// it are left out, and a template with nothing left makes no rule.
/// @param templates passed types_asked().
std::vector<Rule> indicator_rules(const std::vector<Rule>& templates, std::string_view list_id,
                                  std::string_view title, const std::vector<Indicator>& indicators);

}  // namespace phendau::detect

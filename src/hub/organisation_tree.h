// SPDX-License-Identifier: Apache-2.0
// Agencies over time: what one was called, whom it stood under and whether it existed on a day, and what an
// act (rename, move, merge, split, abolish) makes of them. Works on the documents of kind `agency` and
// `organisation_act`; days are "YYYY-MM-DD", which compare like dates. Pure; used by organisations.cpp.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace phendau::hub {

inline constexpr std::size_t kActAgenciesMax = 50;  // taking part in one act
inline constexpr int kAgencyLevelsMax = 16;         // above each other

/// One agency as its record says.
struct Organisation {
  Json doc;
  bool ended = false;    // state abolished
  std::string known_on;  // the day of its first writing: what is older is as it was then
};
using AgencyMap = std::map<std::string, Organisation, std::less<>>;

/// The name on a day; before the first known one, the first; without a list of names, the name.
std::string name_on(const Json& doc, std::string_view day);
std::string parent_on(const Json& doc, std::string_view day);
/// From `founded_on` (without it: always) until the day before `abolished_on`.
bool exists_on(const Json& doc, std::string_view day);

/// What an act makes of the agencies on its day.
struct ActEffect {
  AgencyMap changed;                           // those whose document changes; new ones too
  std::set<std::string, std::less<>> created;  // among them
  std::map<std::string, std::string> ended;    // agency -> who takes what nobody else was given
};
/// `invalid` and `conflict` with organisation.* texts: an agency that does not exist on the day, nobody to
/// take over, a circle of parents, an act from before what happened already.
/// @param act the document of kind `organisation_act`: act, in_force, decision_number, agencies, into, ...
Result<ActEffect> effect_of(const Json& act, const AgencyMap& agencies);
/// Puts the effect in place.
void apply(AgencyMap& agencies, ActEffect effect);

}  // namespace phendau::hub

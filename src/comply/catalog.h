// SPDX-License-Identifier: Apache-2.0
// What the active pack says, ready to be judged: clauses, scopes, compiled posture rules, calendar. Made by
// hub/pack, read by assess.h and board.h. Pure; plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "comply/calendar.h"
#include "comply/clause.h"
#include "model/predicate.h"

namespace phendau::comply {

/// `one`: the fact is one row. `every`, `any`: the fact is a list, judged with its completeness.
enum class Quantifier : std::uint8_t { one, every, any };

struct PostureRule {
  std::string id;
  std::string name;
  std::string title;
  std::string fact_kind;
  Quantifier quantifier = Quantifier::one;
  PredicatePtr predicate;               // what is compliant
  std::string row_name_field = "name";  // names a row of a list in reasons and evidence
};

/// "units with systems of their own": an attribute of the subject, else of its agency, has one of these
/// values (a list: one of its items), lies within the bounds or is a date further back; or scopes put
/// together.
struct Scope {
  std::string id;
  BiText title;
  std::string attribute;
  std::vector<Json> any_of;
  std::optional<double> minimum = std::nullopt;
  std::optional<double> maximum = std::nullopt;
  Place place = {};
  Span older_than = {};
  std::vector<std::string> any_scopes = {};  // one of these scopes holds
  std::vector<std::string> all_scopes = {};  // all of these hold

  bool is_composed() const { return !any_scopes.empty() || !all_scopes.empty(); }
};
bool holds(const Scope& scope, const Json& value);

/// The active pack, ready to be judged. hub/pack makes it.
struct Catalog {
  std::string pack_id;
  ZoneOffset zone = kVietnamZone;
  std::optional<UtcTime> in_force_from;
  std::optional<UtcTime> in_force_until;
  std::vector<Clause> clauses;  // in the document's order
  std::map<std::string, Scope, std::less<>> scopes;
  std::map<std::string, PostureRule, std::less<>> posture_rules;  // by id and, a second time, by name
  WorkCalendar work_calendar;
  std::map<std::string, RegimeTable, std::less<>> regimes;  // which rule counts when the law changed
  std::vector<std::string> packs;                           // this pack and what it imports
  std::map<std::string, BiText, std::less<>> roles;         // titles of the slots
  std::map<SubjectKind, BiText> subject_registers;  // the register whose records are subjects of this kind
  std::map<std::string, BiText, std::less<>> registers;  // titles of those that parts name as `record:KIND`
};

}  // namespace phendau::comply

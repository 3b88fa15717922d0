// SPDX-License-Identifier: Apache-2.0
#include "hub/record_rules.h"

#include <algorithm>

#include "base/text.h"
#include "base/texts.h"
#include "hub/active_pack.h"
#include "hub/config.h"

namespace phendau::hub {
namespace {

using comply::AgeClock;
using comply::Condition;
using Conditions = std::vector<Condition>;

std::string vi(std::string_view text_id, const std::vector<std::string>& args = {}) {
  return tr(Lang::vi, text_id, args);
}

bool is_empty(const Json& value) {
  return value.is_null() || (value.is_string() && trim(value.as_string()).empty()) ||
         (value.is_array() && value.items().empty());
}

const Json& member_of(const RegisterKind& kind, std::string_view field) {
  const Json* at = &kind.spec.schema;
  for (const auto name : split(field, '.')) at = &(*at)["properties"][name];
  return *at;
}

std::string title_of(const RegisterKind& kind, const std::string& field) {
  return member_of(kind, field)["title"].string_or(field);
}

std::string titles_of(const RegisterKind& kind, const std::vector<std::string>& fields) {
  std::vector<std::string> out;
  for (const auto& field : fields) out.push_back(title_of(kind, field));
  return join(out, ", ");
}

std::string value_words(const Json& member, const Json& value) {
  if (value.is_null()) return vi("record.value_empty");
  if (value.is_bool()) return vi(value.as_bool() ? "record.value_yes" : "record.value_no");
  const std::string text = value.is_string() ? value.as_string() : value.dump();
  const std::string& title = member["x-titles-vi"][text].as_string();
  return "\"" + (title.empty() ? text : title) + "\"";
}

std::string span_words(comply::Span span) {
  if (span.months == 0) return vi("record.days", {std::to_string(span.days)});
  const bool years = span.months % 12 == 0;
  return vi(years ? "record.years" : "record.months",
            {std::to_string(years ? span.months / 12 : span.months)});
}

/// The condition as part of a sentence.
std::string words(const RegisterKind& kind, const Condition& condition) {
  const std::string title = title_of(kind, condition.field);
  if (!condition.older_than.empty()) return vi("record.is_older", {title, span_words(condition.older_than)});
  if (!condition.not_older_than.empty())
    return vi("record.is_newer", {title, span_words(condition.not_older_than)});
  if (!condition.within.empty()) return vi("record.is_within", {title, span_words(condition.within)});
  if (!condition.not_after.empty())
    return vi("record.is_not_after", {title, title_of(kind, condition.not_after)});
  if (!condition.before.empty()) return vi("record.is_before", {title, title_of(kind, condition.before)});
  std::vector<std::string> values;
  for (const auto& value : condition.any_of) {
    if (value.is_string() && value.as_string() == "*") return vi("record.is_filled", {title});
    values.push_back(value_words(member_of(kind, condition.field), value));
  }
  return vi("record.is", {title, join(values, vi("record.or"))});
}

std::string words(const RegisterKind& kind, const Conditions& conditions) {
  std::vector<std::string> out;
  for (const auto& one : conditions) out.push_back(words(kind, one));
  return join(out, vi("record.and"));
}

std::string words(const Pack& pack, const RegisterKind& kind, const RecordNeed& need) {
  if (!need.title.vi.empty()) return need.title.vi;
  const RegisterKind* other = pack.reg(need.reg);
  std::vector<std::string> parts;
  if (need.own_field == kIdField) {
    parts.push_back(vi("record.linked"));
  } else if (need.their_field == kIdField) {
    parts.push_back(vi("record.named", {title_of(kind, need.own_field)}));
  } else {
    parts.push_back(vi("record.same", {title_of(*other, need.their_field)}));
  }
  for (const auto& [theirs, ours] : need.also_same)
    parts.push_back(vi("record.same", {title_of(*other, theirs)}));
  for (const auto& one : need.where) parts.push_back(words(*other, one));
  if (!need.covers.first.empty())
    parts.push_back(
        vi("record.covers", {title_of(*other, need.covers.first), title_of(kind, need.covers.second)}));
  std::vector<std::string> states;
  for (const auto& state : need.states) {
    const auto title = pack.state_titles.find(state);
    states.push_back("\"" + (title == pack.state_titles.end() ? state : title->second.vi) + "\"");
  }
  if (!states.empty()) parts.push_back(vi("record.in_state", {join(states, vi("record.or"))}));
  return vi(need.none ? "record.no_other" : "record.other", {other->title.vi, join(parts, ", ")});
}

/// A copy: the id is not part of the document.
Json value_of(const std::string& field, const std::string& id, const Json& doc) {
  return field == kIdField ? Json(id) : doc.at_path(field);
}

std::vector<Json> values_of(const Json& value) {
  if (is_empty(value)) return {};
  return value.is_array() ? value.items() : std::vector<Json>{value};
}

/// Whether the other record is there, or not there, as it should be.
Result<bool> is_met(Services& services, const RecordNeed& need, const ledger::Record& record, const Json& doc,
                    AgeClock& clock) {
  if (!comply::all_hold(need.when, doc, clock)) return true;
  const std::vector<Json> wanted = linked_values(need, record, doc);
  if (wanted.empty()) return need.none;
  const RegisterKind* other = services.pack.pack().reg(need.reg);
  std::vector<ledger::Record> found;
  if (need.their_field == kIdField) {
    for (const auto& id : wanted) {
      auto one = services.ledger.get(need.reg, id.as_string(), everything());
      if (one) found.push_back(std::move(*one));
    }
  } else {
    ledger::Query query;
    query.kind = other->spec.name;
    if (!need.in_province) query.agency_ids = {record.agency_id};
    query.filters.push_back({need.their_field, ledger::FieldFilter::Op::any_of, wanted});
    found = PHENDAU_TRY(ledger::all_records(services.ledger, ledger::by_id(std::move(query)), everything()));
  }
  std::vector<const ledger::Record*> others;
  for (const auto& one : found) others.push_back(&one);
  return is_answered(need, record, doc, others, clock);
}

std::unexpected<Error> refusal(const char* text_id, const workflow::StateMove& move,
                               const std::string& what) {
  return fail(ErrorCode::invalid, "the move needs: " + what, text_id, {move.title_vi, what});
}

/// What of `must` does not hold, in words.
Conditions broken(const Conditions& must, const Json& doc, AgeClock& clock) {
  Conditions out;
  for (const auto& one : must) {
    if (!comply::holds(one, doc, clock)) out.push_back(one);
  }
  return out;
}

Json conditions_json(const RegisterKind& kind, const Conditions& conditions) {
  Json out = Json::array();
  for (const auto& one : conditions) {
    Json values = Json::array();
    for (const auto& value : one.any_of) values.push(value);
    out.push(Json::object({{"field", one.field}, {"values", std::move(values)}, {"text", words(kind, one)}}));
  }
  return out;
}

}  // namespace

std::vector<Json> linked_values(const RecordNeed& need, const ledger::Record& record, const Json& doc) {
  return values_of(value_of(need.own_field, record.id, doc));
}

bool is_answered(const RecordNeed& need, const ledger::Record& record, const Json& doc,
                 const std::vector<const ledger::Record*>& others, AgeClock& clock) {
  const auto fits = [&](const ledger::Record& one) {
    const bool in_state = need.states.empty() ||
                          std::find(need.states.begin(), need.states.end(), one.state) != need.states.end();
    const bool same = std::all_of(need.also_same.begin(), need.also_same.end(), [&](const auto& pair) {
      const Json ours = value_of(pair.second, record.id, doc);
      return !is_empty(ours) && value_of(pair.first, one.id, one.doc) == ours;
    });
    return in_state && same && (need.in_province || one.agency_id == record.agency_id) &&
           comply::all_hold(need.where, one.doc, clock);
  };
  std::vector<Json> left;  // of ours, what none of theirs holds
  const bool covers = !need.covers.first.empty();
  if (covers) left = values_of(value_of(need.covers.second, record.id, doc));
  bool any = false;
  for (const auto* one : others) {
    if (!fits(*one)) continue;
    any = true;
    if (!covers) break;
    for (const auto& value : values_of(value_of(need.covers.first, one->id, one->doc)))
      std::erase(left, value);
  }
  return (covers ? left.empty() : any) != need.none;
}

bool is_offered(const MoveRule& rule, const Json& doc, UtcTime now) {
  AgeClock clock{now, kHubZone};
  return std::all_of(rule.when.begin(), rule.when.end(), [&](const Condition& one) {
    const bool asked_empty = one.any_of.size() == 1 && one.any_of.front().is_null();
    return (is_empty(doc.at_path(one.field)) && !asked_empty) || comply::holds(one, doc, clock);
  });
}

Result<> check_rule(Services& services, const RegisterKind& kind, const workflow::StateMove& move,
                    const ledger::Record& record, const Json& doc) {
  const MoveRule& rule = kind.rule_of(move);
  AgeClock clock{services.env.now(), kHubZone};
  if (const auto wrong = broken(rule.when, doc, clock); !wrong.empty())
    return refusal("record.when", move, words(kind, wrong));
  if (const auto wrong = broken(rule.must, doc, clock); !wrong.empty())
    return refusal("record.must", move, words(kind, wrong));
  for (const auto& also : rule.also) {
    if (!comply::all_hold(also.when, doc, clock)) continue;
    std::vector<std::string> missing;
    for (const auto& field : also.needs) {
      if (is_empty(doc.at_path(field))) missing.push_back(field);
    }
    const auto wrong = broken(also.must, doc, clock);
    if (missing.empty() && wrong.empty()) continue;
    const std::string what = missing.empty() ? words(kind, wrong) : titles_of(kind, missing);
    return fail(ErrorCode::invalid, "the move needs: " + what, "record.must_when",
                {move.title_vi, words(kind, also.when), what});
  }
  for (const auto& need : rule.records) {
    if (!PHENDAU_TRY(is_met(services, need, record, doc, clock)))
      return refusal("record.needs_other", move, words(services.pack.pack(), kind, need));
  }
  return {};
}

Result<> check_kept(Services& services, const RegisterKind& kind, const ledger::Record& before,
                    const Json& doc) {
  if (!kind.lifecycle.has_moves() || before.state == kind.lifecycle.initial) return {};
  AgeClock clock{services.env.now(), kHubZone};
  const MoveRule* held = nullptr;
  for (const auto& move : kind.lifecycle.moves) {
    if (move.to != before.state) continue;
    const MoveRule& rule = kind.rule_of(move);
    if (broken(rule.must, doc, clock).empty()) return {};
    if (broken(rule.must, before.doc, clock).empty()) held = &rule;
  }
  if (held == nullptr) return {};
  const auto title = services.pack.pack().state_titles.find(before.state);
  const std::string& state =
      title == services.pack.pack().state_titles.end() ? before.state : title->second.vi;
  const std::string what = words(kind, broken(held->must, doc, clock));
  return fail(ErrorCode::invalid, "the state of the record needs: " + what, "record.kept", {state, what});
}

void add_rule(Services& services, const RegisterKind& kind, const workflow::StateMove& move,
              const ledger::Record* record, Json& out) {
  const MoveRule& rule = kind.rule_of(move);
  Json also = Json::array();
  for (const auto& one : rule.also) {
    also.push(Json::object({{"when", conditions_json(kind, one.when)},
                            {"needs", texts_json(one.needs)},
                            {"must", conditions_json(kind, one.must)}}));
  }
  AgeClock clock{services.env.now(), kHubZone};
  Json records = Json::array();
  for (const auto& need : rule.records) {
    const RegisterKind* other = services.pack.pack().reg(need.reg);
    Json one = Json::object({{"register", need.reg},
                             {"their_field", need.their_field},
                             {"own_field", need.own_field},
                             {"when", conditions_json(kind, need.when)},
                             {"where", conditions_json(*other, need.where)},
                             {"states", texts_json(need.states)},
                             {"none", need.none},
                             {"text", words(services.pack.pack(), kind, need)}});
    if (record != nullptr) {
      const auto met = is_met(services, need, *record, record->doc, clock);
      one.set("met", met && *met);
    }
    records.push(std::move(one));
  }
  out.set("fills", texts_json(move.fills))
      .set("when", conditions_json(kind, rule.when))
      .set("must", conditions_json(kind, rule.must))
      .set("also", std::move(also))
      .set("records", std::move(records));
}

std::vector<std::string> fields_of_move(const RegisterKind& kind, const workflow::StateMove& move) {
  std::vector<std::string> out = move.needs;
  out.insert(out.end(), move.fills.begin(), move.fills.end());
  const auto add = [&](const Conditions& conditions) {
    for (const auto& one : conditions) out.push_back(one.field);
  };
  const MoveRule& rule = kind.rule_of(move);
  add(rule.must);
  for (const auto& one : rule.also) {
    out.insert(out.end(), one.needs.begin(), one.needs.end());
    add(one.must);
  }
  return out;
}

}  // namespace phendau::hub

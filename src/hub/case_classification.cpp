// SPDX-License-Identifier: Apache-2.0
// How severe an incident is and of which kind: the pack's table answers, with its reasons; people may say
// otherwise with a reason of their own. What was decided stands in the case and in the form that clocks ask.
#include "hub/classification.h"

#include <algorithm>

#include "base/text.h"
#include "base/texts.h"
#include "hub/incidents.h"
#include "hub/record_checks.h"
#include "hub/upload_guard.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kClassifiedReasonBytesMax = 2'000;

Json decided_json(const comply::DecisionTable& table, const Json& answers) {
  const auto decided = comply::decide(table, answers);
  Json lines = Json::array();
  for (const auto& one : decided.lines) {
    lines.push(Json::object({{"text", one.line->text.vi}, {"holds", one.holds ? Json(*one.holds) : Json()}}));
  }
  const auto* outcome = decided.outcome;
  return Json::object({{"answers", answers},
                       {"lines", std::move(lines)},
                       {"open", texts_json(decided.open)},
                       {"proposed", outcome == nullptr ? Json() : Json(outcome->id)},
                       {"proposed_title", outcome == nullptr ? Json() : Json(outcome->title.vi)},
                       {"source", outcome == nullptr ? Json() : Json(outcome->source)}});
}

/// Why, in the words of the table, for the form and the timeline.
std::string reason_of(const Json& decided) {
  std::vector<std::string> parts;
  for (const auto& line : decided["lines"].items()) {
    if (line["holds"].is_null()) continue;
    parts.push_back(tr(Lang::vi, line["holds"].as_bool() ? "case.line_holds" : "case.line_fails",
                       {line["text"].as_string()}));
  }
  parts.push_back(decided["source"].as_string());
  return std::string(truncate_utf8(join(parts, "; "), kClassifiedReasonBytesMax));
}

/// What the table says of the province's own category, as the form of the step has it.
std::string category_from(const comply::DecisionTable& table, const workflow::StepState* step) {
  if (step == nullptr) return {};
  const std::string& own = step->doc[table.category_field].as_string();
  const auto& map = table.categories_of_own;
  const auto found = std::find_if(map.begin(), map.end(), [&](const auto& one) { return one.first == own; });
  return found == map.end() ? std::string() : found->second;
}

}  // namespace

std::optional<comply::DecisionTable> classification_of(const Pack& pack, std::vector<ContentError>& errors) {
  const PackFile* found = nullptr;
  for (const auto& file : pack.other_files) {  // imports come first
    if (file.path == kClassificationFile) found = &file;
  }
  if (found == nullptr) return std::nullopt;
  return comply::parse_decision(found->text, found->pack_id + "/" + found->path, errors);
}

namespace {

Result<comply::DecisionTable> table_in_force(const Services& services) {
  std::vector<ContentError> errors;
  auto table = classification_of(services.pack.pack(), errors);
  if (!table) return fail(ErrorCode::not_found, "the pack classifies nothing", "case.no_classification");
  return std::move(*table);
}

/// The systems that are affected, as the actor may read them; the highest level goes into the answers.
Result<Json> systems_of(Services& services, const Actor& actor, const comply::DecisionTable& table,
                        const Json& ids, Json& answers) {
  Json out = Json::array();
  if (ids.size() > kCaseSystemsMax) return fail(ErrorCode::limit, "too many systems", "case.too_many");
  const RegisterKind* kind = services.pack.pack().reg(table.reg);
  if (kind == nullptr) return ids.size() == 0 ? Result<Json>(out) : bad_member("system_ids");
  const Scope scope = record_scope(services, actor, Action::read, *kind, "");
  std::int64_t highest = 0;
  for (const auto& id : ids.items()) {
    const auto record = services.ledger.get(table.reg, id.as_string(), scope);
    if (!record) return bad_member("system_ids");
    const std::int64_t level = record->doc[table.reg_field].as_int();
    highest = std::max(highest, level);
    out.push(Json::object(
        {{"id", record->id}, {"name", record->doc["name"]}, {"level", level == 0 ? Json() : Json(level)}}));
  }
  if (highest > 0) answers.set(table.reg_answers, highest);
  return out;
}

}  // namespace

Result<Json> Incidents::classification(const Actor& actor) {
  PHENDAU_TRY(scope_for(actor, Action::read, Resource::pack));
  return comply::to_json(PHENDAU_TRY(table_in_force(services_)));
}

Result<Json> Incidents::classify(const Actor& actor, std::string_view id, const Json& body) {
  const Loaded now_its = PHENDAU_TRY(load(actor, id, CaseRight::act));
  const auto table = PHENDAU_TRY(table_in_force(services_));
  PHENDAU_TRY(check_typed(services_.pack.upload_policy(), body));
  Json answers = body["answers"].is_object() ? body["answers"] : Json::object();
  Json systems = PHENDAU_TRY(systems_of(services_, actor, table, body["system_ids"], answers));
  if (const auto wrong = comply::wrong_answer(table, answers)) return bad_member(*wrong);
  Json out = decided_json(table, answers);
  const auto* step = now_its.state.find(table.step);
  const std::string category = body["category"].string_or(category_from(table, step));
  if (!category.empty() && !table.has_category(category)) return bad_member("category");
  out.set("systems", std::move(systems)).set("category", category.empty() ? Json() : Json(category));
  if (body["dry_run"].as_bool()) return out;
  const std::string outcome = body["outcome"].string_or(out["proposed"].as_string());
  const auto* chosen = table.outcome(outcome);
  if (chosen == nullptr)
    return fail(ErrorCode::invalid, "questions are open", "case.classification_open", {"outcome"});
  std::string why = reason_of(out);
  if (outcome != out["proposed"].as_string()) {
    why = PHENDAU_TRY(required_text(body["reason"].as_string(), "reason", kClassifiedReasonBytesMax));
    out.set("override_reason", why);
  }
  out.set("outcome", outcome)
      .set("outcome_title", chosen->title.vi)
      .set("by", actor.name)
      .set("at", format_rfc3339(services_.env.now()))
      .set("pack", services_.pack.pack().reference());
  return change(actor, id, CaseRight::act,
                [&](const Loaded& loaded) { return classified(actor, loaded, table, out, why); });
}

/// Into the form of the step, as far as this case's procedure has the members, and into the timeline.
Result<Incidents::Change> Incidents::classified(const Actor& actor, const Loaded& loaded,
                                                const comply::DecisionTable& table,
                                                const Json& classification, const std::string& why) {
  const workflow::Definition& definition = *loaded.definition.definition;
  const UtcTime now = services_.env.now();
  workflow::CaseState state = loaded.state;
  CaseStanding standing{actor, {}};
  if (const auto* rule = definition.find(table.step); rule != nullptr) {
    standing = names_in_case(services_, actor, loaded.record.agency_id, rule->roles);
    const Json& members = rule->form["properties"];
    Json doc = state.find(table.step)->doc;
    if (members.contains(table.outcome_field)) doc.set(table.outcome_field, classification["outcome"]);
    if (members.contains(table.reason_field)) doc.set(table.reason_field, why);
    workflow::Move draft;
    draft.step = table.step;
    draft.verb = workflow::Verb::begin;
    draft.doc = std::move(doc);
    draft.names = standing.names;
    state = PHENDAU_TRY(workflow::act(definition, state, draft, standing.actor, now));
  }
  workflow::Move note;
  note.reason = tr(Lang::vi, "case.classified", {classification["outcome_title"].as_string(), why});
  state = PHENDAU_TRY(workflow::act(definition, state, note, standing.actor, now));
  return Change{standing.actor, state, "classified", Json::object({{"classification", classification}})};
}

}  // namespace phendau::hub

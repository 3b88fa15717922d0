// SPDX-License-Identifier: Apache-2.0
#include "hub/case_record.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/texts.h"

namespace phendau::hub {
namespace {

using workflow::CaseState;
using workflow::Definition;

Json clock_json(const workflow::ClockState& clock) {
  Json out = Json::object({{"step", clock.step},
                           {"label", clock.label_vi},
                           {"from", format_rfc3339(clock.from)},
                           {"due_at", time_or_null(clock.due.at)},
                           {"inclusive", clock.due.inclusive},
                           {"stopped", clock.stopped}});
  for (const auto& [key, text] : {std::pair{"rule", &clock.due.rule}, std::pair{"form", &clock.due.form},
                                  std::pair{"to", &clock.due.to}, std::pair{"source", &clock.due.source}}) {
    if (!text->empty()) out.set(key, *text);
  }
  return out;
}

/// With the first clock that runs for it.
Json open_step(const workflow::Step& step, const std::vector<workflow::ClockState>& clocks) {
  Json due;
  for (const auto& clock : clocks) {
    if (clock.step == step.id && !clock.stopped && clock.due.at && due.is_null())
      due = format_rfc3339(*clock.due.at);
  }
  return Json::object(
      {{"step", step.id}, {"title", step.title_vi}, {"roles", texts_json(step.roles)}, {"due_at", due}});
}

/// The steps that somebody could do now, the one that is needed next before the others.
Json open_steps(const Definition& definition, const CaseState& state,
                const std::vector<workflow::ClockState>& clocks, UtcTime now) {
  Json out = Json::array();
  const auto need = workflow::next_needed(definition, state);
  if (!need) return out;
  out.push(open_step(*definition.find(need->step), clocks));
  for (const auto& step : definition.steps) {
    const workflow::Move begin{step.id, workflow::Verb::begin, {}, "", {}};
    if (step.id != need->step && workflow::act(definition, state, begin, system_actor(), now))
      out.push(open_step(step, clocks));
  }
  return out;
}

Json progress_of(const Definition& definition, const CaseState& state,
                 const std::vector<workflow::ClockState>& clocks, UtcTime now) {
  std::int64_t done = 0;
  std::int64_t total = 0;
  std::string current;
  Json titles = Json::object();
  for (std::size_t i = 0; i < state.steps.size() && i < definition.steps.size(); ++i) {
    const bool finished = is_finished(state.steps[i]);
    if (!finished && !workflow::applies(state, definition.steps[i])) continue;
    ++total;
    if (finished) ++done;
    if (!finished && current.empty()) current = definition.steps[i].title_vi;
    titles.set(definition.steps[i].id, definition.steps[i].title_vi);
  }
  Json list = Json::array();
  for (const auto& clock : clocks) list.push(clock_json(clock));
  return Json::object({{"steps_done", done},
                       {"steps_total", total},
                       {"current", current},
                       {"open", open_steps(definition, state, clocks, now)},
                       {"close_roles", texts_json(definition.close_roles)},
                       {"titles", std::move(titles)},
                       {"clocks", std::move(list)}});
}

/// The earliest instant at which something of the case falls due.
Json next_due_of(const Json& progress) {
  for (const auto& clock : progress["clocks"].items()) {
    if (!clock["stopped"].as_bool() && clock["due_at"].is_string()) return clock["due_at"];
  }
  return Json();
}

std::string entry_id(std::string_view case_id, std::size_t seq) {
  return fmt::format("{}.{:06}", case_id, seq);
}

ledger::Write entry_write(const ledger::Write& of, const workflow::TimelineEntry& entry, std::size_t seq) {
  ledger::Write out;
  out.kind = kCaseEntryKind;
  out.id = entry_id(of.id, seq);
  out.agency_id = of.agency_id;
  out.expected_version = 0;
  out.reason = entry.what;
  out.doc.set("case_id", of.id)
      .set("seq", seq)
      .set("at", format_rfc3339(entry.at))
      .set("by", entry.by)
      .set("by_name", entry.by_name)
      .set("role", entry.role)
      .set("step", entry.step)
      .set("what", entry.what)
      .set("text", entry.text);
  if (!entry.sealed_by.empty()) {
    out.agency_id = entry.sealed_by;
    out.doc.set("sealed", true).set("sealed_for", texts_json(entry.sealed_for));
  }
  return out;
}

/// One record for each effect of a case, whatever brings it about again.
ledger::Write effect_write(const ledger::Write& of, const workflow::EffectCall& call, UtcTime now) {
  ledger::Write out;
  out.kind = kCaseEffectKind;
  out.id = of.id + "." + call.id;
  out.agency_id = of.agency_id;
  out.state = "waiting";
  out.if_absent = true;
  out.reason = "brought about";
  out.doc.set("case_id", of.id)
      .set("effect", call.id)
      .set("step", call.step)
      .set("does", workflow::to_string(call.kind))
      .set("name", call.name)
      .set("to", texts_json(call.to))
      .set("values", call.values)
      .set("at", format_rfc3339(now))
      .set("tries", 0);
  return out;
}

constexpr int kNoteTries = 50;

}  // namespace

CaseDefinition CaseDefinitions::of_pack(const KnownWorkflow& known) const {
  ledger::Write keep;
  keep.kind = kWorkflowDefinitionKind;
  keep.id = known.name;
  keep.if_absent = true;
  keep.reason = "followed by a case";
  keep.doc.set("workflow", known.definition->id)
      .set("pack", services_.pack.pack().reference())
      .set("text", known.text);
  return {known.definition, known.name, std::move(keep)};
}

Result<CaseDefinition> CaseDefinitions::current(std::string_view workflow_id) {
  const KnownWorkflow* known = services_.pack.known_workflow(workflow_id);
  if (known == nullptr) return fail(ErrorCode::corrupt, "no such workflow", "incident.no_workflow");
  return of_pack(*known);
}

Result<CaseDefinition> CaseDefinitions::of(const ledger::Record& record, UtcTime opened_at) {
  const std::string& name = record.doc["definition"].as_string();
  if (name.empty()) {
    const KnownWorkflow* known = services_.pack.known_workflow(record.doc["workflow"].as_string(), opened_at);
    if (known != nullptr) return of_pack(*known);
    return fail(ErrorCode::corrupt, "the pack in force lacks the case's workflow", "incident.no_workflow");
  }
  {
    const std::lock_guard lock(mu_);
    const auto found = parsed_.find(name);
    if (found != parsed_.end()) return CaseDefinition{found->second, name, std::nullopt};
  }
  const auto kept = services_.ledger.get(kWorkflowDefinitionKind, name, everything());
  if (!kept) return fail(ErrorCode::corrupt, "the case's definition is gone", "incident.no_workflow");
  const std::string& text = kept->doc["text"].as_string();
  std::vector<ContentError> errors;
  auto definition = workflow::parse_definition(text, name, errors);
  if (!definition || definition_name(definition->id, text) != name)
    return fail(ErrorCode::corrupt, "the case's definition was changed: " + name, "incident.no_workflow");
  auto shared = std::make_shared<const Definition>(std::move(*definition));
  const std::lock_guard lock(mu_);
  if (parsed_.size() >= kDefinitionsParsedMax) parsed_.clear();
  parsed_.insert_or_assign(name, shared);
  return CaseDefinition{std::move(shared), name, std::nullopt};
}

Result<CaseDefinitions::Opened> CaseDefinitions::open(const ledger::Record& record) {
  CaseState state = PHENDAU_TRY(workflow::from_json(record.doc["state"]));
  auto definition = PHENDAU_TRY(of(record, state.opened_at));
  state = PHENDAU_TRY(workflow::adopt(*definition.definition, std::move(state)));
  return Opened{std::move(state), std::move(definition)};
}

void put_state(ledger::WriteBatch& batch, ledger::Write write, const CaseDefinition& definition,
               const CaseState& state, const ActivePack& pack, UtcTime now) {
  write.state = state.closed ? "closed" : "open";
  const auto clocks = pack.clocks_of(*definition.definition, state, now);
  Json progress = progress_of(*definition.definition, state, clocks, now);
  const Json next_due = state.closed ? Json() : next_due_of(progress);
  write.doc.set("definition", definition.name)
      .set("state", workflow::to_json(state))
      .set("detected_at", format_rfc3339(state.detected_at))
      .set("progress", std::move(progress));
  write.doc.erase("next_due");
  write.doc.erase("closed_at");
  if (!next_due.is_null()) write.doc.set("next_due", next_due);
  write.doc.erase("next_call");
  const auto calls = workflow::clock_calls(*definition.definition, clocks, now);
  if (calls.next_at) write.doc.set("next_call", format_rfc3339(*calls.next_at));
  if (state.closed_at) write.doc.set("closed_at", format_rfc3339(*state.closed_at));
  if (definition.keep) batch.writes.push_back(*definition.keep);
  std::vector<ledger::Write> entries;
  for (std::size_t i = 0; i < state.timeline.size(); ++i)
    entries.push_back(entry_write(write, state.timeline[i], state.entries + i + 1));
  for (const auto* list : {&state.effects, &calls.due}) {
    for (const auto& call : *list) entries.push_back(effect_write(write, call, now));
  }
  batch.writes.push_back(std::move(write));
  for (auto& entry : entries) batch.writes.push_back(std::move(entry));
}

Result<> put_fact(ledger::WriteBatch& batch, Services& services, CaseDefinitions& definitions,
                  const Actor& actor, const ledger::Record& record, const CaseFact& fact) {
  const UtcTime now = services.env.now();
  const std::string by = fact.by_name.empty() ? tr(Lang::vi, "case.by_hub") : fact.by_name;
  auto opened = PHENDAU_TRY(definitions.open(record));
  const auto state = PHENDAU_TRY(workflow::note_fact(
      std::move(opened.state),
      {now, actor.user_id, by, std::string(to_string(actor.role)), fact.step, fact.what, fact.text}));
  put_state(batch, ledger::rewrite(record, fact.what), opened.definition, state, services.pack, now);
  return {};
}

Result<> note_in_case(Services& services, CaseDefinitions& definitions, const Actor& actor,
                      std::string_view case_id, const CaseFact& fact, std::vector<ledger::Write> also) {
  const UtcTime now = services.env.now();
  for (int i = 0;; ++i) {
    ledger::WriteBatch batch;
    const auto record = services.ledger.get(kCaseKind, case_id, everything());
    if (!record && record.error().code != ErrorCode::not_found) return std::unexpected(record.error());
    const auto noted = [&]() -> Result<> {
      return put_fact(batch, services, definitions, actor, PHENDAU_TRY(record), fact);
    }();
    if (!noted) {
      batch = {};
      PHENDAU_LOG(warn, "case_not_noted", {"case", case_id}, {"error", noted.error().message});
    }
    batch.writes.insert(batch.writes.end(), also.begin(), also.end());
    if (batch.writes.empty()) return {};
    const auto written = services.ledger.write_batch(batch, actor, now);
    if (!written && (written.error().code != ErrorCode::conflict || !noted || i >= kNoteTries))
      return std::unexpected(written.error());
    if (written) {
      if (noted)
        services.live.publish(
            {"incident", Resource::incident, record->agency_id, Json::object({{"id", record->id}})});
      return {};
    }
    const auto after = PHENDAU_TRY(services.ledger.get(kCaseKind, case_id, everything()));
    if (after.version == record->version) return std::unexpected(written.error());  // of `also`
  }
}

Json case_progress(const ActivePack& pack, const ledger::Record& record, UtcTime now) {
  if (record.doc["progress"].is_object()) return record.doc["progress"];
  const auto state = workflow::from_json(record.doc["state"]);
  if (!state) return Json();
  const KnownWorkflow* known = pack.known_workflow(record.doc["workflow"].as_string(), state->opened_at);
  if (known == nullptr) return Json();
  const auto adopted = workflow::adopt(*known->definition, *state);
  if (!adopted) return Json();
  return progress_of(*known->definition, *adopted, pack.clocks_of(*known->definition, *adopted, now), now);
}

bool is_clock_overdue(const Json& clock, UtcTime now) {
  const auto due = parse_rfc3339(clock["due_at"].as_string());
  return due && (clock["inclusive"].as_bool() ? now > *due : now >= *due);
}

ledger::Query cases_query(bool exercises) {
  ledger::Query out;
  out.kind = kCaseKind;
  using Op = ledger::FieldFilter::Op;
  if (exercises) {
    out.filters.push_back({"exercise", Op::equal, {Json(true)}});
  } else {
    out.filters.push_back({"exercise", Op::missing, {}});
  }
  return out;
}

bool is_of_exercise(Services& services, const Json& doc) {
  if (doc["exercise"].as_bool() || doc["head"]["exercise"].as_bool()) return true;  // head: of a paper
  const std::string& case_id = doc["case_id"].as_string();
  if (case_id.empty()) return false;
  const auto of_case = services.ledger.get(kCaseKind, case_id, everything());
  return of_case && of_case->doc["exercise"].as_bool();
}

std::string entry_words(const Json& case_view, const Json& entry) {
  const std::string& text = entry["text"].as_string();
  const std::string& kind = entry["kind"].as_string();
  // What these say needs no name before it.
  constexpr std::string_view kSaying[] = {"note", "order", "effect", "request", "evidence"};
  const bool tells = std::find(std::begin(kSaying), std::end(kSaying), kind) != std::end(kSaying);
  const std::string id = "case.entry." + kind;
  if (!has_text(id) || (tells && !text.empty())) return text.empty() ? kind : text;
  std::string title = entry["step"].as_string();
  for (const auto& step : case_view["definition"]["steps"].items()) {
    if (step["id"].as_string() == title) title = step["title"].string_or(title);
  }
  const std::string words = tr(Lang::vi, id, {title});
  return text.empty() ? words : words + ": " + text;
}

Result<ledger::Page> case_summaries(ledger::Ledger& ledger, ledger::Query query, const Scope& scope) {
  query.only = {"title", "workflow", "exercise", "detected_at", "closed_at", "next_due", "progress"};
  auto page = PHENDAU_TRY(ledger.list(query, scope));
  for (auto& record : page.records) {
    if (record.doc["progress"].is_object()) continue;
    // From before, untouched since.
    if (auto whole = ledger.get(kCaseKind, record.id, scope)) record = std::move(*whole);
  }
  return page;
}

Json entry_view(const workflow::TimelineEntry& entry) {
  return Json::object({{"at", format_rfc3339(entry.at)},
                       {"by", entry.by_name},
                       {"kind", entry.what == "attach" ? "attachment" : entry.what},
                       {"text", entry.text},
                       {"step", entry.step},
                       {"sealed", !entry.sealed_by.empty()}});
}

namespace {

ledger::Query entries_of(std::string_view case_id) {
  ledger::Query query;
  query.kind = kCaseEntryKind;
  query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(case_id)}});
  return query;
}

}  // namespace

Result<std::uint64_t> case_entries_count(ledger::Ledger& ledger, std::string_view case_id,
                                         const Scope& scope) {
  return ledger.count(entries_of(case_id), scope);
}

Result<Json> case_entries(ledger::Ledger& ledger, std::string_view case_id, std::string_view cursor,
                          std::size_t limit, const Scope& scope) {
  ledger::Query query = entries_of(case_id);
  query.order_by = "id";
  query.limit = limit;
  query.cursor = cursor;
  const auto page = PHENDAU_TRY(ledger.list(query, scope));
  Json::Array items;
  for (const auto& record : page.records) {
    workflow::TimelineEntry entry;
    entry.at = parse_rfc3339(record.doc["at"].as_string()).value_or(record.created_at);
    entry.by_name = record.doc["by_name"].as_string();
    entry.step = record.doc["step"].as_string();
    entry.what = record.doc["what"].as_string();
    entry.text = record.doc["text"].as_string();
    if (record.doc["sealed"].as_bool()) entry.sealed_by = record.agency_id;
    items.push_back(entry_view(entry));
    if (!entry.sealed_by.empty())
      items.back()
          .set("seal", std::string(kCaseEntryKind) + "/" + record.id)
          .set("sealed_by", entry.sealed_by);
  }
  return page_json(std::move(items), page.next_cursor);
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// Both packs become lists of things with fields; the rest is comparing lists.
#include "hub/pack_diff.h"

#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kAreas[] = {"clause", "part", "way", "parameter", "register"};

struct Thing {
  std::string id;
  std::string title;
  Json fields = Json::object();
};
using Things = std::map<std::string, std::vector<Thing>, std::less<>>;  // by area

Json texts(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const auto& one : list) out.push(one);
  return out;
}

/// Only what is said: a field that both leave out is no difference.
void put(Json& fields, std::string_view name, Json value) {
  const bool nothing = value.is_null() || (value.is_string() && value.as_string().empty()) ||
                       (value.is_array() && value.items().empty()) ||
                       (value.is_object() && value.members().empty());
  if (!nothing) fields.set(name, std::move(value));
}

Json conditions(const std::vector<comply::Condition>& list) {
  Json out = Json::object();
  for (const auto& one : list) {
    out.set(one.field, one.any_of.size() == 1 ? one.any_of.front() : Json::array(Json::Array(one.any_of)));
  }
  return out;
}

Json day(const std::optional<comply::MonthDay>& at) {
  return at ? Json(fmt::format("{:02}-{:02}", at->month, at->day)) : Json();
}

Json trigger(const std::optional<comply::Trigger>& one) {
  if (!one) return {};
  Json out = Json::object();
  put(out, one->source == comply::Trigger::Source::reg ? "register" : "workflow", one->ref);
  put(out, "where", conditions(one->where));
  put(out, "state", texts(one->states));
  put(out, "from", one->from);
  if (one->within) put(out, "within", comply::to_string(*one->within));
  if (one->each) put(out, "each", true);
  return out;
}

Thing way_of(const comply::ClausePart& part, const comply::Satisfier& way) {
  const auto kind = std::string(comply::to_string(way.kind));
  Thing out;
  out.id = fmt::format("{}: {}{}{}", part.id, kind, way.ref.empty() ? "" : " ", way.ref);
  if (!way.step.empty()) out.id += "/" + way.step;
  out.title = part.duty.vi;
  Json& fields = out.fields;
  put(fields, "where", conditions(way.where));
  put(fields, "state", texts(way.states));
  put(fields, "every", conditions(way.every));
  put(fields, "link", way.link);
  if (way.at_least != 1) put(fields, "at_least", std::int64_t{way.at_least});
  if (way.period != comply::PeriodKind::none) put(fields, "period", comply::to_string(way.period));
  put(fields, "before", day(way.before));
  if (way.age_days_max != 0) put(fields, "max_age_days", std::int64_t{way.age_days_max});
  if (way.silence_max != hours(24)) put(fields, "silence", format_duration(way.silence_max));
  put(fields, "equals", way.equals);
  if (way.minimum) put(fields, "minimum", *way.minimum);
  if (way.maximum) put(fields, "maximum", *way.maximum);
  if (way.file_needed) put(fields, "file", true);
  put(fields, "done", way.done);
  put(fields, "waits_for", way.waits_for);
  put(fields, "reason", way.reason.vi);
  return out;
}

void add_clause(Things& out, const comply::Clause& clause) {
  Thing thing{clause.id, clause.title.vi, Json::object()};
  put(thing.fields, "citation", clause.citation);
  put(thing.fields, "title", clause.title.vi);
  put(thing.fields, "duty", clause.duty.vi);
  put(thing.fields, "bound", texts(clause.bound));
  put(thing.fields, "kind", clause.kind);
  put(thing.fields, "modality", comply::to_string(clause.modality));
  if (clause.period) put(thing.fields, "period", comply::to_string(*clause.period));
  put(thing.fields, "before", day(clause.before));
  put(thing.fields, "parameters", clause.parameters);
  put(thing.fields, "open_terms", texts(clause.open_terms));
  put(thing.fields, "no_duty", clause.no_duty.vi);
  out["clause"].push_back(std::move(thing));
  for (const auto& part : clause.parts) {
    Thing one{part.id, part.duty.vi, Json::object()};
    put(one.fields, "duty", part.duty.vi);
    put(one.fields, "subject",
        part.role.empty() ? Json(comply::to_string(part.subject)) : Json("role:" + part.role));
    put(one.fields, "scope", texts(part.scopes));
    put(one.fields, "modality", comply::to_string(part.modality));
    if (part.from) put(one.fields, "from", format_date(*part.from));
    if (part.until) put(one.fields, "until", format_date(*part.until));
    put(one.fields, "trigger", trigger(part.trigger));
    if (part.any) put(one.fields, "satisfied_when", "any");
    out["part"].push_back(std::move(one));
    for (const auto& way : part.satisfied_by) out["way"].push_back(way_of(part, way));
  }
}

Thing register_of(const RegisterKind& kind) {
  Thing out{kind.spec.name, kind.title.vi, Json::object()};
  put(out.fields, "title", kind.title.vi);
  put(out.fields, "owner", kind.owner);
  if (kind.visible == Visibility::everyone) put(out.fields, "visible", "everyone");
  put(out.fields, "writers", texts(kind.writers));
  put(out.fields, "date_field", kind.date_field);
  put(out.fields, "states", texts(kind.lifecycle.states));
  put(out.fields, "live_states", texts(kind.lifecycle.live));
  Json moves = Json::array();
  for (const auto& move : kind.lifecycle.moves) {
    std::vector<std::string> asks = move.needs;
    for (const auto& also : kind.rule_of(move).also)
      asks.insert(asks.end(), also.needs.begin(), also.needs.end());
    for (const auto& need : kind.rule_of(move).records) asks.push_back(need.reg);
    for (const auto& from : move.from)
      moves.push(from + " > " + move.to + (asks.empty() ? "" : ": " + join(asks, ", ")));
  }
  put(out.fields, "moves", std::move(moves));
  Json addressed = Json::array();
  for (const auto& one : kind.spec.addressees)
    addressed.push(one.field.empty() ? std::string(kSlotPrefix) + one.slot : one.field);
  put(out.fields, "addressed", std::move(addressed));
  put(out.fields, "indexed", texts(kind.spec.indexed_fields));
  put(out.fields, "personal", texts(kind.spec.personal_fields));
  put(out.fields, "required", kind.spec.schema["required"]);
  for (const auto& [name, member] : kind.spec.schema["properties"].members())
    put(out.fields, "schema." + name, member);
  return out;
}

Things things_of(const Pack& pack) {
  Things out;
  for (const auto& clause : pack.catalog.clauses) add_clause(out, clause);
  for (const auto& parameter : pack.parameters) {
    Thing thing{parameter.name, parameter.title.vi, Json::object()};
    put(thing.fields, "title", parameter.title.vi);
    put(thing.fields, "value", parameter.value);
    put(thing.fields, "unit", parameter.unit);
    put(thing.fields, "reason", parameter.reason.vi);
    out["parameter"].push_back(std::move(thing));
  }
  for (const auto& kind : pack.registers) out["register"].push_back(register_of(kind));
  return out;
}

std::vector<PackChange::Field> differences(const Json& before, const Json& after) {
  std::vector<PackChange::Field> out;
  for (const auto& [name, value] : after.members()) {
    if (!(before[name] == value)) out.push_back({name, before[name], value});
  }
  for (const auto& [name, value] : before.members()) {
    if (!after.contains(name)) out.push_back({name, value, Json()});
  }
  return out;
}

}  // namespace

std::string_view to_string(PackChange::Kind kind) {
  return kind == PackChange::Kind::added     ? "added"
         : kind == PackChange::Kind::removed ? "removed"
                                             : "changed";
}

std::vector<PackChange> diff_packs(const Pack& before, const Pack& after) {
  using Kind = PackChange::Kind;
  const Things old_things = things_of(before);
  const Things new_things = things_of(after);
  const std::vector<Thing> none;
  std::vector<PackChange> out;
  for (const auto area : kAreas) {
    const auto old_at = old_things.find(area);
    const auto new_at = new_things.find(area);
    const auto& olds = old_at == old_things.end() ? none : old_at->second;
    const auto& news = new_at == new_things.end() ? none : new_at->second;
    // Two ways of one part may have the same name: then they are compared in order.
    std::multimap<std::string_view, const Thing*> left;
    for (const auto& thing : olds) left.emplace(thing.id, &thing);
    for (const auto& thing : news) {
      const auto same = left.find(thing.id);
      if (same == left.end()) {
        out.push_back({Kind::added, std::string(area), thing.id, thing.title, {}});
        continue;
      }
      auto fields = differences(same->second->fields, thing.fields);
      left.erase(same);
      if (!fields.empty())
        out.push_back({Kind::changed, std::string(area), thing.id, thing.title, std::move(fields)});
    }
    for (const auto& thing : olds) {
      const auto [first, last] = left.equal_range(thing.id);
      for (auto at = first; at != last; ++at) {
        if (at->second == &thing)
          out.push_back({Kind::removed, std::string(area), thing.id, thing.title, {}});
      }
    }
  }
  return out;
}

Json to_json(const std::vector<PackChange>& changes, const Pack& before, const Pack& after) {
  Json list = Json::array();
  std::uint64_t counts[3] = {0, 0, 0};
  for (const auto& change : changes) {
    ++counts[static_cast<std::size_t>(change.kind)];
    Json fields = Json::array();
    for (const auto& field : change.fields)
      fields.push(Json::object({{"field", field.name}, {"before", field.before}, {"after", field.after}}));
    list.push(Json::object({{"change", to_string(change.kind)},
                            {"area", change.area},
                            {"id", change.id},
                            {"title", change.title},
                            {"fields", std::move(fields)}}));
  }
  return Json::object(
      {{"from", before.reference()},
       {"to", after.reference()},
       {"changes", std::move(list)},
       {"counts", Json::object({{"added", counts[0]}, {"removed", counts[1]}, {"changed", counts[2]}})}});
}

std::string field_title(Lang lang, const std::string& field) {
  constexpr std::string_view kSchema = "schema.";
  if (field.starts_with(kSchema)) return tr(lang, "pack.field_member", {field.substr(kSchema.size())});
  const std::string id = "pack.field_" + field;
  return has_text(id) ? tr(lang, id) : field;
}

}  // namespace phendau::hub

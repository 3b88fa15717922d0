// SPDX-License-Identifier: Apache-2.0
#include "hub/document_reader.h"

#include <algorithm>

#include "base/text.h"
#include "base/texts.h"

namespace phendau::hub {
namespace {

using comply::Clause;
using comply::ClausePart;
using comply::Satisfier;
using comply::SatisfierKind;

std::string say(std::string_view id, const std::vector<std::string>& args = {}) {
  return tr(Lang::vi, "document." + std::string(id), args);
}

std::string_view period_word(comply::PeriodKind period) {
  switch (period) {
    case comply::PeriodKind::week:
      return "week";
    case comply::PeriodKind::month:
      return "month";
    case comply::PeriodKind::quarter:
      return "quarter";
    case comply::PeriodKind::half_year:
      return "half_year";
    case comply::PeriodKind::year:
      return "year";
    case comply::PeriodKind::none:
      break;
  }
  return {};
}

std::string day_text(const comply::MonthDay& day) {
  return (day.day < 10 ? "0" : "") + std::to_string(day.day) + "/" + (day.month < 10 ? "0" : "") +
         std::to_string(day.month);
}

/// "every year, before 15/11": of the text, else of the ways; empty: no period.
std::string when_text(comply::PeriodKind period, const std::optional<comply::MonthDay>& before) {
  std::string out;
  if (const auto word = period_word(period); !word.empty()) out = say("every." + std::string(word));
  if (before) out += (out.empty() ? "" : ", ") + say("before", {day_text(*before)});
  return out;
}

/// "from 01/03/2026 to 31/12/2029": between which days the duty arises; empty: always.
std::string days_text(const ClausePart& part) {
  const auto text = [](CivilDate day) {
    return format_vietnamese(start_of_day(day, kVietnamZone)).substr(0, 10);
  };
  std::string out;
  if (part.from) out = say("from_day", {text(*part.from)});
  if (part.until) {
    const CivilDate last = civil_from_days(days_from_civil(*part.until) - 1);
    out += (out.empty() ? "" : " ") + say("to_day", {text(last)});
  }
  return out;
}

std::string register_title(const Pack& pack, std::string_view kind) {
  const RegisterKind* found = pack.reg(kind);
  return found == nullptr ? std::string(kind) : found->title.vi;
}

std::string workflow_title(const ActivePack& active, std::string_view id, std::string_view step) {
  const auto* found = active.workflow(id);
  if (found == nullptr) return std::string(id);
  for (const auto& one : found->steps) {
    if (one.id == step) return found->title_vi + ", " + one.title_vi;
  }
  return found->title_vi;
}

std::string rule_title(const ActivePack& active, const std::string& ref) {
  if (const auto* rule = active.rule(ref)) return rule->title_for_people();
  const auto& posture = active.pack().catalog.posture_rules;
  const auto found = posture.find(ref);
  return found == posture.end() ? std::string() : found->second.title;
}

/// One way as a sentence.
std::string way_text(const ActivePack& active, const ClausePart& part, const Satisfier& way) {
  const Pack& pack = active.pack();
  const std::string when = when_text(way.period, way.before);
  const std::string tail = when.empty() ? std::string() : ", " + when;
  switch (way.kind) {
    case SatisfierKind::posture_rule:
      return say("way.posture", {rule_title(active, way.ref)});
    case SatisfierKind::detection: {
      const std::string title = rule_title(active, way.ref);
      return title.empty() ? say("way.watched") : say("way.detection", {title});
    }
    case SatisfierKind::reg:
      return say("way.register", {register_title(pack, way.ref)}) + tail;
    case SatisfierKind::document:
      return say("way.document") + tail;
    case SatisfierKind::occasion:
      return part.trigger && part.trigger->source == comply::Trigger::Source::reg
                 ? say("way.occasion", {register_title(pack, part.trigger->ref)})
                 : say("way.case");
    case SatisfierKind::workflow:
      return say("way.workflow", {workflow_title(active, way.ref, way.step)});
    case SatisfierKind::setting:
      return say("way.setting");
    case SatisfierKind::attestation:
      return say(way.file_needed ? "way.attest_file" : "way.attest") + tail;
    case SatisfierKind::pack:
      return say("way.pack");
    case SatisfierKind::pending:
      return say("way.pending", {way.reason.vi});
  }
  return {};
}

/// Where the first thing that somebody can do about the part is done: {label, to}; null: nowhere.
Json action_of(const Pack& pack, const Clause& clause, const ClausePart& part) {
  const auto to_register = [&](std::string_view kind) {
    const RegisterKind* found = pack.reg(kind);
    if (found == nullptr || !found->is_kept_by_people()) return Json();
    return Json::object(
        {{"label", say("act.register", {found->title.vi})}, {"to", "/so-dang-ky/" + std::string(kind)}});
  };
  for (const Satisfier& way : part.satisfied_by) {
    Json out;
    if (way.kind == SatisfierKind::reg) out = to_register(way.ref);
    if (way.kind == SatisfierKind::document) out = to_register("document");
    if (way.kind == SatisfierKind::occasion && part.trigger) out = to_register(part.trigger->ref);
    if (way.kind == SatisfierKind::workflow) {
      out = Json::object({{"label", say("act.workflow")}, {"to", "/su-co"}});
    }
    if (way.kind == SatisfierKind::attestation) {
      out = Json::object({{"label", say("act.attest")}, {"to", "/nghia-vu?clause=" + clause.id}});
    }
    if (!out.is_null()) return out;
  }
  return {};
}

std::string subject_text(const Pack& pack, const ClausePart& part) {
  if (part.subject != comply::SubjectKind::role)
    return say("subject." + std::string(comply::to_string(part.subject)));
  const auto found = pack.catalog.roles.find(part.role);
  return found == pack.catalog.roles.end() ? part.role : found->second.vi;
}

std::string trigger_text(const ActivePack& active, const ClausePart& part) {
  if (!part.trigger) return {};
  return part.trigger->source == comply::Trigger::Source::reg
             ? say("trigger.register", {register_title(active.pack(), part.trigger->ref)})
             : say("trigger.workflow", {workflow_title(active, part.trigger->ref, {})});
}

Json part_json(const ActivePack& active, const Clause& clause, const ClausePart& part) {
  Json how = Json::array();
  bool pending = false;
  for (const Satisfier& way : part.satisfied_by) {
    pending = pending || way.kind == SatisfierKind::pending;
    how.push(way_text(active, part, way));
  }
  Json scopes = Json::array();
  for (const auto& id : part.scopes) {
    const auto found = active.pack().catalog.scopes.find(id);
    scopes.push(found == active.pack().catalog.scopes.end() ? id : found->second.title.vi);
  }
  Json out = Json::object({{"id", part.id},
                           {"duty", part.duty.vi},
                           {"modality", comply::to_string(part.modality)},
                           {"for", subject_text(active.pack(), part)},
                           {"scopes", std::move(scopes)},
                           {"trigger", trigger_text(active, part)},
                           {"any", part.any},
                           {"how", std::move(how)},
                           {"pending", pending}});
  if (Json action = action_of(active.pack(), clause, part); !action.is_null())
    out.set("action", std::move(action));
  return out;
}

Json clause_json(const ActivePack& active, const Clause& clause) {
  const auto& roles = active.pack().catalog.roles;
  Json bound = Json::array();
  for (const auto& id : clause.bound) {
    const auto found = roles.find(id);
    bound.push(found == roles.end() ? id : found->second.vi);
  }
  Json open = Json::array();
  for (const auto& term : clause.open_terms) open.push(term);
  Json parts = Json::array();
  for (const auto& part : clause.parts) parts.push(part_json(active, clause, part));
  std::string when = when_text(clause.period.value_or(comply::PeriodKind::none), clause.before);
  const std::string days = clause.parts.empty() ? "" : days_text(clause.parts.front());
  if (!days.empty()) when += (when.empty() ? "" : ", ") + days;
  return Json::object({{"id", clause.id},
                       {"citation", clause.citation},
                       {"title", clause.title.vi},
                       {"duty", clause.duty.vi},
                       {"kind", clause.kind},
                       {"bound", std::move(bound)},
                       {"when", std::move(when)},
                       {"open_terms", std::move(open)},
                       {"parts", std::move(parts)}});
}

Json parameters_json(const Pack& pack) {
  Json out = Json::array();
  for (const auto& one : pack.parameters) {
    Json clauses = Json::array();
    for (const auto& id : one.clauses) clauses.push(id);
    out.push(Json::object({{"name", one.name},
                           {"title", one.title.vi},
                           {"value", one.value},
                           {"unit", one.unit},
                           {"reason", one.reason.vi},
                           {"set_in", one.set_in.vi},
                           {"clauses", std::move(clauses)}}));
  }
  return out;
}

Json date_or_null(const std::optional<UtcTime>& at, ZoneOffset zone) {
  return at ? Json(format_date(to_civil(*at, zone).date)) : Json();
}

}  // namespace

Json document_json(const ActivePack& active, const DocumentStanding* standing) {
  const Pack& pack = active.pack();
  Json clauses = Json::array();
  for (std::size_t i = 0; i < pack.catalog.clauses.size(); ++i) {
    Json one = clause_json(active, pack.catalog.clauses[i]);
    const comply::RollUp roll =
        standing != nullptr && i < standing->clauses.size() ? standing->clauses[i] : comply::RollUp{};
    if (roll.counts != decltype(roll.counts){}) {
      one.set("standing",
              Json::object({{"status", to_string(roll.status)},
                            {"met", roll.good},
                            {"total", roll.total},
                            {"unknown", roll.counts[static_cast<std::size_t>(Status::unknown)]}}));
    }
    clauses.push(std::move(one));
  }
  Json terms = Json::array();
  for (const auto& term : pack.terms) {
    terms.push(Json::object(
        {{"id", term.id}, {"term", term.term.vi}, {"meaning", term.meaning.vi}, {"clause", term.clause}}));
  }
  Json out = Json::object({{"id", pack.id},
                           {"title", pack.title.vi},
                           {"reference", pack.reference()},
                           {"known_from", pack.known_from.vi},
                           {"in_force_from", date_or_null(pack.catalog.in_force_from, pack.catalog.zone)},
                           {"in_force_until", date_or_null(pack.catalog.in_force_until, pack.catalog.zone)},
                           {"terms", std::move(terms)},
                           {"parameters", parameters_json(pack)},
                           {"clauses", std::move(clauses)}});
  if (pack.document) {
    out.set("document", Json::object({{"title", pack.document->title.vi},
                                      {"number", pack.document->number},
                                      {"issuer", pack.document->issuer},
                                      {"date", pack.document->date}}));
  }
  return out;
}

}  // namespace phendau::hub

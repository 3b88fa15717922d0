// SPDX-License-Identifier: Apache-2.0
// Puts the verdicts of a part's satisfiers together and applies, in this order: dates in force, scope, all or
// any, modality (a prohibition is never met), exceptions.
#include "comply/assess.h"

#include <algorithm>

#include <fmt/format.h>

#include "comply/limits.h"
#include "comply/verdict.h"

namespace phendau::comply {
namespace {

constexpr std::string_view kHostFact =
    "host";  // its row holds attributes of the device (is_server, os_family)

bool is_good(Status status) {
  return status == Status::met || status == Status::attested || status == Status::excepted;
}

/// For `satisfied_when: any`: the smaller the better.
int weight_of_any(const Satisfier& satisfier, Status status) {
  if (satisfier.kind == SatisfierKind::pending) return 100;
  if (status == Status::no_occasion || status == Status::not_applicable) return 50;
  return static_cast<int>(status);
}

const Json& attribute_of(const Knowledge& knowledge, const Subject& subject, std::string_view name) {
  static const Json kNull;
  const Json& own = subject.attributes[name];
  if (!own.is_null()) return own;
  if (subject.kind == SubjectKind::device) {
    const Fact* host = knowledge.fact(subject.id, kHostFact);
    if (host != nullptr && !host->rows.empty() && host->rows.front().contains(name))
      return host->rows.front()[name];
  }
  const Subject* agency = knowledge.subject(SubjectKind::agency, subject.agency_id);
  return agency == nullptr ? kNull : agency->attributes[name];
}

/// nullopt: all scopes hold. Otherwise not_applicable, or unknown when an attribute is not known.
std::optional<Verdict> judge_scopes(const Context& context) {
  std::optional<Verdict> unknown;
  for (const auto& id : context.part.scopes) {
    const auto scope = context.catalog.scopes.find(id);
    Verdict out;
    if (scope == context.catalog.scopes.end()) {
      out.reason = {"comply.scope_unknown", {id}};
      unknown = out;
      continue;
    }
    const Json& value = attribute_of(context.knowledge, context.subject, scope->second.attribute);
    const auto& wanted = scope->second.any_of;
    if (value.is_null()) {
      out.reason = {"comply.scope_unknown", {both(scope->second.title)}};
      unknown = out;
    } else if (std::find(wanted.begin(), wanted.end(), value) == wanted.end()) {
      out.status = Status::not_applicable;
      out.reason = {"comply.out_of_scope", {both(scope->second.title)}};
      return out;
    }
  }
  return unknown;
}

void take_times(Verdict& into, const Verdict& from, UtcTime now) {
  if (from.next_at) into.look_again(*from.next_at, now);
  if (from.due_at && (!into.due_at || *from.due_at < *into.due_at)) into.due_at = from.due_at;
  if (from.fresh_until && (!into.fresh_until || *from.fresh_until < *into.fresh_until)) {
    into.fresh_until = from.fresh_until;
  }
  if (from.stale_since && (!into.stale_since || *from.stale_since < *into.stale_since)) {
    into.stale_since = from.stale_since;
  }
}

void take_evidence(Verdict& into, const Verdict& from) {
  for (const auto& item : from.evidence) {
    if (into.evidence.size() < kEvidenceMax) into.evidence.push_back(item);
  }
  into.evidence_total += from.evidence_total;
}

Verdict judge_all(const Context& context) {
  Verdict out;
  bool first = true;
  for (const Satisfier& satisfier : context.part.satisfied_by) {
    Verdict one = judge_satisfier(context, satisfier);
    const bool worse = first || roll_up(out.status, one.status) != out.status;
    take_times(out, one, context.now);
    take_evidence(out, one);
    if (worse) {
      if (!first) out.details.insert(out.details.begin(), out.reason);
      out.status = one.status;
      out.reason = std::move(one.reason);
    } else {
      out.add_detail(std::move(one.reason));
    }
    for (auto& detail : one.details) out.add_detail(std::move(detail));
    first = false;
  }
  return out;
}

Verdict judge_any(const Context& context) {
  Verdict best;
  int best_weight = 1'000;
  Verdict merged;
  for (const Satisfier& satisfier : context.part.satisfied_by) {
    Verdict one = judge_satisfier(context, satisfier);
    if (one.next_at) merged.look_again(*one.next_at, context.now);
    take_evidence(merged, one);
    const int weight = weight_of_any(satisfier, one.status);
    if (weight >= best_weight) continue;
    best_weight = weight;
    best = std::move(one);
  }
  best.next_at = merged.next_at;
  best.evidence = std::move(merged.evidence);
  best.evidence_total = merged.evidence_total;
  return best;
}

bool concerns(std::string_view scope_id, const Context& context, std::string_view clause_id) {
  return scope_id == context.part.id || scope_id == clause_id;
}

bool concerns_subject(std::string_view agency_id, std::string_view subject_id, const Context& context) {
  return agency_id == context.agency_id && (subject_id.empty() || subject_id == context.subject.id);
}

void apply_modality(Verdict& out, const Context& context, const Clause& clause) {
  const Modality modality = context.part.modality;
  if (modality == Modality::must_not) {
    for (const auto& [id, breach] : context.knowledge.breaches()) {
      if (!breach.open || !concerns(breach.scope_id, context, clause.id)) continue;
      if (!concerns_subject(breach.agency_id, breach.subject_id, context)) continue;
      out.status = Status::violated;
      out.reason = {"comply.breach", {time_label(breach.at, context.catalog.zone)}};
      out.add_evidence({EvidenceItem::Kind::record, "violation/" + id, breach.at, "open"});
    }
    if (out.status == Status::met) {
      out.details.insert(out.details.begin(), out.reason);
      out.status = Status::no_occasion;
      out.reason = {"comply.no_breach_known", {}};
    }
  }
  const bool optional_duty = modality == Modality::may || modality == Modality::encouraged;
  const bool failing =
      out.status == Status::due || out.status == Status::overdue || out.status == Status::violated;
  if (optional_duty && failing) {
    out.details.insert(out.details.begin(), out.reason);
    out.status = Status::no_occasion;
    out.reason = {"comply.not_required", {}};
    out.due_at.reset();
  }
}

void apply_exceptions(Verdict& out, const Context& context, const Clause& clause,
                      std::optional<Status>& from) {
  for (const auto& [id, exception] : context.knowledge.exceptions()) {
    if (!concerns(exception.scope_id, context, clause.id)) continue;
    if (!concerns_subject(exception.agency_id, exception.subject_id, context)) continue;
    if (context.now < exception.from) {
      out.look_again(exception.from, context.now);
      continue;
    }
    if (context.now >= exception.until) continue;
    out.look_again(exception.until, context.now);
    const bool helps = out.status == Status::violated || out.status == Status::overdue ||
                       out.status == Status::due || out.status == Status::unknown;
    if (!helps) continue;
    from = out.status;
    out.details.insert(out.details.begin(), out.reason);
    out.status = Status::excepted;
    out.reason = {"comply.excepted",
                  {exception.reason, time_label(exception.until, context.catalog.zone).substr(0, 10)}};
    out.add_evidence({EvidenceItem::Kind::record, "exception/" + id, exception.from, {}});
  }
}

Obligation judge_in(const Context& context, const Clause& clause) {
  Verdict verdict;
  std::optional<Status> excepted_from;
  const Catalog& catalog = context.catalog;
  if (catalog.in_force_from && context.now < *catalog.in_force_from) {
    verdict.status = Status::not_applicable;
    verdict.reason = {"comply.not_yet_in_force", {time_label(*catalog.in_force_from, catalog.zone)}};
    verdict.look_again(*catalog.in_force_from, context.now);
  } else if (catalog.in_force_until && context.now >= *catalog.in_force_until) {
    verdict.status = Status::not_applicable;
    verdict.reason = {"comply.no_longer_in_force", {time_label(*catalog.in_force_until, catalog.zone)}};
  } else if (context.part.satisfied_by.empty()) {
    verdict.status = Status::not_applicable;
    verdict.reason = {"comply.no_duty", {both(clause.no_duty)}};
  } else if (auto out_of_scope = judge_scopes(context)) {
    verdict = std::move(*out_of_scope);
  } else {
    verdict = context.part.any ? judge_any(context) : judge_all(context);
    apply_modality(verdict, context, clause);
    apply_exceptions(verdict, context, clause, excepted_from);
  }
  if (catalog.in_force_until) verdict.look_again(*catalog.in_force_until, context.now);
  Obligation out;
  out.clause_id = clause.id;
  out.part_id = context.part.id;
  out.subject_kind = context.subject.kind;
  out.subject_id = context.subject.id;
  out.agency_id = context.agency_id;
  out.period_id = context.period.id;
  out.id =
      fmt::format("{}|{}:{}|{}", out.part_id, to_string(out.subject_kind), out.subject_id, out.period_id);
  out.status = verdict.status;
  out.excepted_from = excepted_from;
  out.reason = std::move(verdict.reason);
  out.details = std::move(verdict.details);
  out.evidence = std::move(verdict.evidence);
  out.evidence_total = verdict.evidence_total;
  out.fresh_until = verdict.fresh_until;
  out.stale_since = verdict.stale_since;
  out.due_at = verdict.due_at;
  out.next_evaluation_at = verdict.next_at;
  return out;
}

/// The longest period among the part's satisfiers; one obligation covers them all.
PeriodKind period_kind_of(const ClausePart& part) {
  PeriodKind out = PeriodKind::none;
  for (const Satisfier& satisfier : part.satisfied_by) {
    if (satisfier.kind != SatisfierKind::workflow) out = std::max(out, satisfier.period);
  }
  return out;
}

/// A part about machines in an agency that has none: nobody knows, and that is said once.
Obligation no_machine(const Context& context, const Clause& clause) {
  ClausePart bare = context.part;
  std::erase_if(bare.scopes, [&](const std::string& id) {  // scopes of machines cannot be judged without one
    const auto scope = context.catalog.scopes.find(id);
    return scope != context.catalog.scopes.end() &&
           attribute_of(context.knowledge, context.subject, scope->second.attribute).is_null();
  });
  const Context with_bare{context.catalog,   context.knowledge, bare,         context.subject,
                          context.agency_id, context.period,    context.past, context.now};
  Obligation out = judge_in(with_bare, clause);
  if (out.status == Status::not_applicable) return out;
  out.status = Status::unknown;
  out.reason = {"comply.no_device", {}};
  out.details.clear();
  out.evidence.clear();
  out.evidence_total = 0;
  out.next_evaluation_at.reset();
  return out;
}

std::vector<const Subject*> subjects_of(const Knowledge& knowledge, const ClausePart& part,
                                        const Subject& agency) {
  std::vector<const Subject*> out;
  if (part.subject == SubjectKind::agency) {
    out.push_back(&agency);
    return out;
  }
  for (const auto& [id, subject] : knowledge.subjects(part.subject)) {
    if (subject.agency_id != agency.id) continue;
    if (part.subject == SubjectKind::role && subject.role != part.role) continue;
    out.push_back(&subject);
  }
  return out;
}

}  // namespace

std::vector<Obligation> assess_part(const Catalog& catalog, const Knowledge& knowledge, const Clause& clause,
                                    const ClausePart& part, const Subject& subject, UtcTime now) {
  std::vector<Obligation> out;
  const PeriodKind kind = period_kind_of(part);
  Context context{catalog, knowledge, part, subject, subject.agency_id, {}, false, now};
  if (subject.kind == SubjectKind::agency) context.agency_id = subject.id;
  if (part.subject == SubjectKind::device && subject.kind == SubjectKind::agency) {
    out.push_back(no_machine(context, clause));
    return out;
  }
  if (kind == PeriodKind::none) {
    out.push_back(judge_in(context, clause));
    return out;
  }
  const Period current = period_containing(kind, now, catalog.zone);
  const Period previous = previous_period(current, catalog.zone);
  const bool in_force = !catalog.in_force_from || *catalog.in_force_from <= previous.begin_at;
  if (subject.known_since <= previous.begin_at && in_force) {
    context.period = previous;
    context.past = true;
    Obligation past = judge_in(context, clause);
    if (past.status != Status::not_applicable) out.push_back(std::move(past));
  }
  context.period = current;
  context.past = false;
  out.push_back(judge_in(context, clause));
  return out;
}

std::vector<Obligation> assess_agency(const Catalog& catalog, const Knowledge& knowledge,
                                      std::string_view agency_id, UtcTime now) {
  std::vector<Obligation> out;
  const Subject* agency = knowledge.subject(SubjectKind::agency, agency_id);
  if (agency == nullptr) return out;
  for (const Clause& clause : catalog.clauses) {
    for (const ClausePart& part : clause.parts) {
      auto subjects = subjects_of(knowledge, part, *agency);
      if (subjects.empty() && part.subject == SubjectKind::device) subjects.push_back(agency);
      for (const Subject* subject : subjects) {
        auto some = assess_part(catalog, knowledge, clause, part, *subject, now);
        std::move(some.begin(), some.end(), std::back_inserter(out));
      }
    }
  }
  return out;
}

std::vector<Obligation> assess(const Catalog& catalog, const Knowledge& knowledge, UtcTime now) {
  std::vector<Obligation> out;
  for (const auto& [id, agency] : knowledge.subjects(SubjectKind::agency)) {
    auto some = assess_agency(catalog, knowledge, id, now);
    std::move(some.begin(), some.end(), std::back_inserter(out));
  }
  std::map<std::string_view, std::size_t> order;
  for (const Clause& clause : catalog.clauses) {
    for (const ClausePart& part : clause.parts) order.emplace(part.id, order.size());
  }
  std::stable_sort(out.begin(), out.end(), [&](const Obligation& a, const Obligation& b) {
    return order.at(a.part_id) < order.at(b.part_id);  // within a part the agencies are in order already
  });
  return out;
}

bool depends_on(const Catalog& catalog, const ClausePart& part, Dependency dependency,
                std::string_view name) {
  if (dependency == Dependency::fact && name == kHostFact && !part.scopes.empty()) return true;
  return std::any_of(part.satisfied_by.begin(), part.satisfied_by.end(), [&](const Satisfier& one) {
    switch (dependency) {
      case Dependency::fact: {
        const auto rule = catalog.posture_rules.find(one.ref);
        return one.kind == SatisfierKind::posture_rule && rule != catalog.posture_rules.end() &&
               rule->second.fact_kind == name;
      }
      case Dependency::reg:
        return (one.kind == SatisfierKind::reg && one.ref == name) ||
               (one.kind == SatisfierKind::document && name == "document");
      case Dependency::workflow:
        return one.kind == SatisfierKind::workflow && one.ref == name;
      case Dependency::detection:
        return one.kind == SatisfierKind::detection && one.ref == name;
      case Dependency::setting:
        return one.kind == SatisfierKind::setting && one.ref == name;
      case Dependency::attestation:
        return one.kind == SatisfierKind::attestation;
    }
    return false;
  });
}

void RollUp::add(Status one) {
  ++counts[static_cast<std::size_t>(one)];
  status = roll_up(status, one);
  if (one == Status::not_applicable || one == Status::no_occasion) return;
  ++total;
  if (is_good(one)) ++good;
}

RollUp roll_up(std::span<const Obligation> obligations) {
  RollUp out;
  for (const Obligation& one : obligations) out.add(one.status);
  return out;
}

std::map<std::pair<std::string, std::string>, RollUp> roll_up_by_clause_and_agency(
    std::span<const Obligation> obligations) {
  std::map<std::pair<std::string, std::string>, RollUp> out;
  for (const Obligation& one : obligations) out[{one.clause_id, one.agency_id}].add(one.status);
  return out;
}

std::string_view to_string(EvidenceItem::Kind kind) {
  constexpr std::string_view kNames[] = {"fact", "record", "setting", "detection", "case", "attestation"};
  return kNames[static_cast<std::size_t>(kind)];
}

Json to_json(const Obligation& obligation, Lang lang) {
  Json details = Json::array();
  for (const Reason& reason : obligation.details) details.push(explain(lang, reason));
  Json evidence = Json::array();
  for (const EvidenceItem& item : obligation.evidence) {
    evidence.push(Json::object({{"kind", to_string(item.kind)},
                                {"ref", item.ref},
                                {"at", format_rfc3339(item.at)},
                                {"summary", item.summary}}));
  }
  Json out = Json::object({{"id", obligation.id},
                           {"clause", obligation.clause_id},
                           {"part", obligation.part_id},
                           {"subject", obligation.subject_id},
                           {"subject_kind", to_string(obligation.subject_kind)},
                           {"agency", obligation.agency_id},
                           {"period", obligation.period_id},
                           {"status", to_string(obligation.status)},
                           {"reason", explain(lang, obligation.reason)},
                           {"reason_id", obligation.reason.text_id},
                           {"details", std::move(details)},
                           {"evidence", std::move(evidence)},
                           {"evidence_total", obligation.evidence_total}});
  if (obligation.excepted_from) out.set("excepted_from", to_string(*obligation.excepted_from));
  const auto set_time = [&](std::string_view key, const std::optional<UtcTime>& at) {
    if (at) out.set(key, format_rfc3339(*at));
  };
  set_time("fresh_until", obligation.fresh_until);
  set_time("stale_since", obligation.stale_since);
  set_time("due_at", obligation.due_at);
  set_time("next_evaluation_at", obligation.next_evaluation_at);
  return out;
}

Json to_json(const RollUp& roll_up) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < roll_up.counts.size(); ++i) {
    if (roll_up.counts[i] > 0) counts.set(to_string(static_cast<Status>(i)), roll_up.counts[i]);
  }
  return Json::object({{"status", to_string(roll_up.status)},
                       {"good", roll_up.good},
                       {"total", roll_up.total},
                       {"counts", std::move(counts)}});
}

}  // namespace phendau::comply

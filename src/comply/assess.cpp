// SPDX-License-Identifier: Apache-2.0
// Puts the verdicts of a part's satisfiers together and applies, in this order: dates in force, scope, all or
// any, modality (a prohibition is never met), exceptions. A past period is judged twice: with what had been
// entered when it closed, and with everything.
#include "comply/assess.h"

#include <algorithm>

#include <fmt/format.h>

#include "comply/limits.h"
#include "comply/subjects.h"
#include "comply/verdict.h"

namespace phendau::comply {
namespace {

bool is_good(Status status) {
  return status == Status::met || status == Status::attested || status == Status::excepted;
}

/// For `satisfied_when: any`: the smaller the better.
int weight_of_any(const Satisfier& satisfier, Status status) {
  if (satisfier.kind == SatisfierKind::pending) return 100;
  if (status == Status::no_occasion || status == Status::not_applicable) return 50;
  return static_cast<int>(status);
}

void take_entry(Verdict& into, const Verdict& from) {
  if (from.entered_at && (!into.entered_at || *from.entered_at > *into.entered_at)) {
    into.entered_at = from.entered_at;
  }
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
  if (from.done_at && (!into.done_at || *from.done_at > *into.done_at)) into.done_at = from.done_at;
  take_entry(into, from);
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
    take_entry(merged, one);
    take_evidence(merged, one);
    const int weight = weight_of_any(satisfier, one.status);
    if (weight >= best_weight) continue;
    best_weight = weight;
    best = std::move(one);
  }
  best.next_at = merged.next_at;
  best.entered_at = merged.entered_at;
  best.evidence = std::move(merged.evidence);
  best.evidence_total = merged.evidence_total;
  return best;
}

bool concerns_subject(std::string_view subject_id, const Context& context) {
  return subject_id.empty() || subject_id == context.subject.id;
}

/// Calls `look` for what was recorded about the part, then about its clause.
template <class T, class Look>
void each_about(const Keyed<T>& of, const Context& context, const Clause& clause, Look look) {
  for (const auto& [id, one] : of.group(context.part.id, context.agency_id)) look(id, one);
  if (clause.id == context.part.id) return;
  for (const auto& [id, one] : of.group(clause.id, context.agency_id)) look(id, one);
}

void replace_reason(Verdict& out, Status status, Reason reason) {
  out.details.insert(out.details.begin(), std::move(out.reason));
  out.status = status;
  out.reason = std::move(reason);
}

/// An open breach counts until it is closed; one that was closed still counts in the period in which it was
/// found.
bool counts(const Breach& breach, const Context& context) {
  if (!concerns_subject(breach.subject_id, context)) return false;
  const bool within = context.period.kind != PeriodKind::none && breach.at >= context.period.begin_at &&
                      breach.at < context.period.end_at;
  return within || (breach.open && !(context.past && breach.at >= context.period.end_at));
}

void apply_modality(Verdict& out, const Context& context, const Clause& clause) {
  const Modality modality = context.part.modality;
  if (modality == Modality::must_not) {
    each_about(
        context.knowledge.breaches(), context, clause, [&](const std::string& id, const Breach& breach) {
          if (!counts(breach, context)) return;
          out.status = Status::violated;
          out.reason = {breach.open ? "comply.breach" : "comply.breach_closed",
                        {time_label(breach.at, context.catalog.zone)}};
          out.add_evidence(
              {EvidenceItem::Kind::record, "violation/" + id, breach.at, breach.open ? "open" : "closed"});
        });
    if (out.status == Status::met) {  // what was found fine is what watches: it stays as a detail
      replace_reason(out, Status::no_occasion, {"comply.no_breach_known", {}});
    }
  }
  const bool optional_duty = modality == Modality::may || modality == Modality::encouraged;
  const bool failing =
      out.status == Status::due || out.status == Status::overdue || out.status == Status::violated;
  if (optional_duty && failing) {
    replace_reason(out, Status::no_occasion, {"comply.not_required", {}});
    out.due_at.reset();
  }
}

void apply_exceptions(Verdict& out, const Context& context, const Clause& clause,
                      std::optional<Status>& from) {
  each_about(
      context.knowledge.exceptions(), context, clause, [&](const std::string& id, const Exception& one) {
        if (!concerns_subject(one.subject_id, context)) return;
        // What was excused when its period closed stays excused.
        const UtcTime at = context.past ? context.period.end_at - nanoseconds(1) : context.now;
        if (at < one.from) return out.look_again(one.from, context.now);
        if (at >= one.until) return;
        out.look_again(one.until, context.now);
        const bool helps = out.status == Status::violated || out.status == Status::overdue ||
                           out.status == Status::due || out.status == Status::unknown;
        if (!helps) return;
        from = out.status;
        replace_reason(
            out, Status::excepted,
            {"comply.excepted", {one.reason, time_label(one.until, context.catalog.zone).substr(0, 10)}});
        out.add_evidence({EvidenceItem::Kind::record, "exception/" + id, one.from, {}});
      });
}

/// Why there is nothing to judge: not in force, no duty, a definition. nullopt: there is.
std::optional<Verdict> judge_standing_of(const Context& context, const Clause& clause) {
  const Catalog& catalog = context.catalog;
  Verdict out;
  out.status = Status::not_applicable;
  if (catalog.in_force_from && context.now < *catalog.in_force_from) {
    out.reason = {"comply.not_yet_in_force", {time_label(*catalog.in_force_from, catalog.zone)}};
    out.look_again(*catalog.in_force_from, context.now);
    return out;
  }
  if (catalog.in_force_until && context.now >= *catalog.in_force_until) {
    out.reason = {"comply.no_longer_in_force", {time_label(*catalog.in_force_until, catalog.zone)}};
    return out;
  }
  if (!context.part.defines.empty()) {
    std::string names;
    for (const Definition& one : context.part.defines) {
      if (!names.empty()) names += ", ";
      names += one.id.empty() ? one.kind : one.id;
    }
    out.reason = {"comply.defines", {names}};
    return out;
  }
  if (!context.part.satisfied_by.empty()) return std::nullopt;
  out.reason = {"comply.no_duty", {both(clause.no_duty)}};
  return out;
}

/// A duty that has not begun yet, or has ended: what had arisen by then (an occasion, a period that was over)
/// is still owed. nullopt: it holds.
std::optional<Verdict> judge_days_of(const Context& context) {
  if (context.occasion != nullptr) return std::nullopt;
  const ClausePart& part = context.part;
  const ZoneOffset zone = context.catalog.zone;
  const auto label = [&](UtcTime at) { return time_label(at, zone).substr(0, 10); };
  const UtcTime at = context.past ? context.period.end_at - nanoseconds(1) : context.now;
  if (part.from && at < start_of_day(*part.from, zone)) {
    return make_verdict(Status::not_applicable, "comply.duty_not_begun",
                        {label(start_of_day(*part.from, zone))});
  }
  if (part.until && at >= start_of_day(*part.until, zone)) {
    return make_verdict(Status::not_applicable, "comply.duty_ended",
                        {label(start_of_day(*part.until, zone) - nanoseconds(1))});
  }
  return std::nullopt;
}

/// @param given takes the place of the satisfiers' verdict.
Judged judge_in(const Context& context, const Clause& clause, const std::optional<Verdict>& given = {}) {
  Judged out;
  out.period_id = context.occasion != nullptr ? std::string_view(context.occasion->id) : context.period.id;
  Verdict& verdict = out.verdict;
  AgeClock clock = context.age_clock();
  if (auto standing = judge_standing_of(context, clause)) {
    verdict = std::move(*standing);
  } else if (auto out_of_time = judge_days_of(context)) {
    verdict = std::move(*out_of_time);
  } else if (auto out_of_scope = judge_scopes(context, clock)) {
    verdict = std::move(*out_of_scope);
  } else {
    verdict = given ? *given : context.part.any ? judge_any(context) : judge_all(context);
    if (context.occasion != nullptr) verdict.add_evidence(evidence_of(*context.occasion));
    apply_modality(verdict, context, clause);
    apply_exceptions(verdict, context, clause, out.excepted_from);
  }
  verdict.look_again(clock, context.now);
  if (context.catalog.in_force_until) verdict.look_again(*context.catalog.in_force_until, context.now);
  for (const auto& day : {context.part.from, context.part.until}) {
    if (day) verdict.look_again(start_of_day(*day, context.catalog.zone), context.now);
  }
  return out;
}

/// The longest period among the part's satisfiers; one obligation covers them all.
PeriodKind period_kind_of(const ClausePart& part) {
  PeriodKind out = PeriodKind::none;
  if (part.trigger) return out;
  for (const Satisfier& satisfier : part.satisfied_by) {
    if (satisfier.kind != SatisfierKind::workflow) out = std::max(out, satisfier.period);
  }
  return out;
}

/// Terms that were changed while a period ran hold until it ends. Its end is looked at anyway: the period
/// does that by itself.
const ClausePart* running_terms(const Catalog& catalog, const ClausePart& part, UtcTime now) {
  if (!part.earlier) return nullptr;
  const PeriodKind kind = period_kind_of(*part.earlier->part);
  if (kind == PeriodKind::none) return nullptr;
  const Period began = period_containing(kind, part.earlier->until, catalog.zone);
  return now < began.end_at ? part.earlier->part.get() : nullptr;
}

/// Under which terms the period before ran: changed ones begin with the next period.
const ClausePart& terms_of_past(const ClausePart& part, const Period& previous) {
  const ClausePart* of = &part;
  while (of->earlier && previous.begin_at < of->earlier->until &&
         period_kind_of(*of->earlier->part) == previous.kind) {
    of = of->earlier->part.get();
  }
  return *of;
}

/// The period before, as it was when it closed; what was entered later is a visible correction.
Judged judge_past(Context& context, const Clause& clause) {
  Judged out = judge_in(context, clause);
  const UtcTime close = std::max(context.period.end_at, out.verdict.due_at.value_or(context.period.end_at));
  if (!out.verdict.entered_at || *out.verdict.entered_at < close) return out;
  context.entered_before = close;
  const Judged closed = judge_in(context, clause);
  context.entered_before.reset();
  if (closed.verdict.status == out.verdict.status) return out;
  out.closed_status = closed.verdict.status;
  const std::string status = "comply.status." + std::string(to_string(closed.verdict.status));
  replace_reason(
      out.verdict, out.verdict.status,
      {"comply.corrected",
       {time_label(*out.verdict.entered_at, context.catalog.zone).substr(0, 10), both_of(status)}});
  return out;
}

/// Bodies answer for the period in which they came to be. Who took a role over in it answers from the next
/// one on; of a machine, an account or a person nothing is known from before it was entered.
bool lives_by_periods(SubjectKind kind) { return kind == SubjectKind::agency || kind == SubjectKind::hub; }

void judge_occasions(Context& context, const Clause& clause, const Judge& give) {
  const Trigger& trigger = *context.part.trigger;
  std::vector<Occasion> occasions;
  AgeClock clock = context.age_clock();
  if (!judge_standing_of(context, clause)) {
    occasions = occasions_of(context.catalog, context.knowledge, context.part, context.subject, clock);
  }
  LinkCache links;
  context.links = &links;
  std::size_t given = 0;
  for (const Occasion& occasion : occasions) {
    context.occasion = &occasion;
    Judged one = judge_in(context, clause);
    const Status status = one.verdict.status;
    if (status == Status::not_applicable) continue;
    const bool over = is_good(status) || status == Status::no_occasion;
    if (over) {
      const UtcTime done_at =
          std::max(occasion.occurred_at, one.verdict.done_at.value_or(occasion.occurred_at));
      const UtcTime until = kept_until(trigger, done_at, context.catalog.zone);
      if (until <= context.now) continue;
      one.verdict.look_again(until, context.now);
    }
    ++given;
    one.verdict.look_again(clock, context.now);
    give(context.subject, std::move(one));
  }
  context.occasion = nullptr;
  if (given > 0) return;
  Judged none = judge_in(context, clause, make_verdict(Status::no_occasion, "comply.no_occasion_yet"));
  none.verdict.look_again(clock, context.now);
  give(context.subject, std::move(none));
}

}  // namespace

void judge_part(const Catalog& catalog, const Knowledge& knowledge, const Clause& clause,
                const ClausePart& part, const Subject& subject, UtcTime now, bool brief, const Judge& give) {
  Context context{catalog, knowledge, part, subject, subject.agency_id, {}, false, now};
  context.brief = brief;
  if (subject.kind == SubjectKind::agency) context.agency_id = subject.id;
  if (part.trigger) return judge_occasions(context, clause, give);
  if (const auto* running = running_terms(catalog, part, now))
    return judge_part(catalog, knowledge, clause, *running, subject, now, brief, give);
  const PeriodKind kind = period_kind_of(part);
  if (kind == PeriodKind::none) return give(subject, judge_in(context, clause));
  const Period current = period_containing(kind, now, catalog.zone);
  const Period previous = previous_period(current, catalog.zone);
  UtcTime bound_since = std::max(subject.known_since, catalog.in_force_from.value_or(subject.known_since));
  if (part.from) bound_since = std::max(bound_since, start_of_day(*part.from, catalog.zone));
  if (bound_since < previous.end_at && (lives_by_periods(subject.kind) || bound_since <= previous.begin_at)) {
    Context then{catalog, knowledge, terms_of_past(part, previous), subject, context.agency_id, previous,
                 true,    now};
    then.brief = brief;
    Judged past = judge_past(then, clause);
    past.past = true;
    // Who came after the day was over owes nothing for it.
    const bool too_late = past.verdict.due_at && *past.verdict.due_at <= bound_since;
    if (past.verdict.status != Status::not_applicable && !too_late) give(subject, std::move(past));
  }
  context.period = current;
  Judged open = judge_in(context, clause);
  open.verdict.look_again(current.end_at, now);  // also what does not apply is of a period
  give(subject, std::move(open));
}

void judge_absence(const Catalog& catalog, const Knowledge& knowledge, const Clause& clause,
                   const ClausePart& part, std::string_view agency_id, UtcTime now, bool brief,
                   const Judge& give) {
  ClausePart bare = part;
  Verdict verdict;
  Subject nobody;
  const Subject* subject = &nobody;
  if (part.subject == SubjectKind::role) {
    nobody.kind = SubjectKind::role;
    nobody.id = part.role + "@";
    nobody.role = part.role;
    bare.scopes.clear();
    const auto title = catalog.roles.find(part.role);
    verdict = make_verdict(Status::unknown, "comply.slot_unbound",
                           {title == catalog.roles.end() ? part.role : both(title->second)});
  } else {
    subject = knowledge.subject(SubjectKind::agency, agency_id);
    if (subject == nullptr) return;
    AgeClock clock{now, catalog.zone};
    std::erase_if(bare.scopes, [&](const std::string& id) {  // scopes of things cannot be judged without one
      const auto scope = catalog.scopes.find(id);
      return scope != catalog.scopes.end() &&
             !scope_holds(catalog, knowledge, *subject, scope->second, clock);
    });
    verdict = none_of(catalog, part);
  }
  Context context{catalog, knowledge, bare, *subject, agency_id, {}, false, now};
  context.brief = brief;
  give(*subject, judge_in(context, clause, verdict));
}

namespace {

Obligation obligation_of(const Clause& clause, const ClausePart& part, const Subject& subject,
                         Judged&& judged) {
  Obligation out;
  Verdict& verdict = judged.verdict;
  out.clause_id = clause.id;
  out.part_id = part.id;
  out.subject_kind = subject.kind;
  out.subject_id = subject.id;
  out.agency_id = subject.kind == SubjectKind::agency ? subject.id : subject.agency_id;
  out.period_id = judged.period_id;
  out.id =
      fmt::format("{}|{}:{}|{}", out.part_id, to_string(out.subject_kind), out.subject_id, out.period_id);
  out.status = verdict.status;
  out.excepted_from = judged.excepted_from;
  out.closed_status = judged.closed_status;
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

}  // namespace

std::vector<Obligation> assess_part(const Catalog& catalog, const Knowledge& knowledge, const Clause& clause,
                                    const ClausePart& part, const Subject& subject, UtcTime now) {
  std::vector<Obligation> out;
  const Judge keep = [&](const Subject& of, Judged&& one) {
    out.push_back(obligation_of(clause, part, of, std::move(one)));
  };
  const bool absent =
      subject.kind != part.subject || (subject.kind == SubjectKind::role && subject.id.ends_with('@'));
  if (absent) {
    judge_absence(catalog, knowledge, clause, part, subject.agency_id, now, false, keep);
  } else {
    judge_part(catalog, knowledge, clause, part, subject, now, false, keep);
  }
  return out;
}

std::vector<Obligation> assess_agency(const Catalog& catalog, const Knowledge& knowledge,
                                      std::string_view agency_id, UtcTime now) {
  std::vector<Obligation> out;
  if (!agency_id.empty() && knowledge.subject(SubjectKind::agency, agency_id) == nullptr) return out;
  for (const Clause& clause : catalog.clauses) {
    for (const ClausePart& part : clause.parts) {
      const Judge keep = [&](const Subject& of, Judged&& one) {
        out.push_back(obligation_of(clause, part, of, std::move(one)));
      };
      const Subjects subjects = subjects_of(catalog, knowledge, part, agency_id, now);
      for (const Subject* subject : subjects.of) {
        judge_part(catalog, knowledge, clause, part, *subject, now, false, keep);
      }
      if (subjects.absent) judge_absence(catalog, knowledge, clause, part, agency_id, now, false, keep);
    }
  }
  return out;
}

std::vector<Obligation> assess(const Catalog& catalog, const Knowledge& knowledge, UtcTime now) {
  std::vector<Obligation> out = assess_agency(catalog, knowledge, "", now);
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
  if (obligation.closed_status) out.set("closed_status", to_string(*obligation.closed_status));
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

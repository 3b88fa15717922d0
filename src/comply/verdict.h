// SPDX-License-Identifier: Apache-2.0
// Inside comply: the verdict on one satisfier, and the sentences it is made of. Shared by the files of the
// engine; nobody else includes it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "comply/assess.h"
#include "comply/trigger.h"

namespace phendau::comply {

struct Verdict {
  Status status = Status::unknown;
  Reason reason;
  std::vector<Reason> details;
  std::vector<EvidenceItem> evidence;
  std::uint32_t evidence_total = 0;
  std::optional<UtcTime> fresh_until;
  std::optional<UtcTime> stale_since;
  std::optional<UtcTime> due_at;
  std::optional<UtcTime> next_at;
  std::optional<UtcTime> done_at;     // of an occasion: when it was fulfilled
  std::optional<UtcTime> entered_at;  // the latest first writing among the evidence

  void add_detail(Reason one);
  void add_evidence(EvidenceItem one);
  /// Time alone changes something at `at`, if that lies ahead.
  void look_again(UtcTime at, UtcTime now);
  void look_again(const AgeClock& clock, UtcTime now) {
    if (clock.next_at) look_again(*clock.next_at, now);
  }
};

/// An argument of a Reason that differs by language: explain() picks its side.
std::string both(std::string_view vi, std::string_view en);
std::string both(const BiText& text);
/// The text of this id in both languages.
std::string both_of(std::string_view text_id, const std::vector<std::string>& args = {});
/// What people call this field of a fact; its own name if nobody named it.
std::string field_label(std::string_view fact_kind, std::string_view field);
std::string value_label(std::string_view json_text);
/// Why an agent could not read something, for people: the agent's English sentence where nobody put it into
/// words.
std::string agent_reason(std::string_view english);
/// An instant as people read it.
std::string time_label(UtcTime at, ZoneOffset zone);

/// Records by the id that they link to, made once per part and subject.
using LinkIndex = std::multimap<std::string, const RegisterRecord*, std::less<>>;
struct LinkCache {
  std::map<const Satisfier*, LinkIndex> of;
};

/// What one satisfier is judged in.
struct Context {
  const Catalog& catalog;
  const Knowledge& knowledge;
  const ClausePart& part;
  const Subject& subject;
  std::string_view agency_id;
  Period period;      // of the obligation; kind none: now
  bool past = false;  // the period is over
  UtcTime now;
  const Occasion* occasion = nullptr;                    // what raised the duty; then `period` is none
  std::optional<UtcTime> entered_before = std::nullopt;  // only what had been entered by then counts
  LinkCache* links = nullptr;                            // set with `occasion`
  bool brief = false;  // reasons and evidence are not wanted; they may be missing

  /// Ages in a period that is over are those of its end.
  AgeClock age_clock() const { return {past ? period.end_at : now, catalog.zone}; }
};

/// One obligation before it is put into words.
struct Judged {
  Verdict verdict;
  std::optional<Status> excepted_from;
  std::optional<Status> closed_status;
  std::string_view period_id;
  bool past = false;  // its period is over
};
using Judge = std::function<void(const Subject&, Judged&&)>;
/// Every obligation of the part for the subject; assess_part() and the board put it into their own form.
void judge_part(const Catalog& catalog, const Knowledge& knowledge, const Clause& clause,
                const ClausePart& part, const Subject& subject, UtcTime now, bool brief, const Judge& give);
/// Likewise for the agency that has no such subject, and (agency empty) for a slot that nobody holds.
void judge_absence(const Catalog& catalog, const Knowledge& knowledge, const Clause& clause,
                   const ClausePart& part, std::string_view agency_id, UtcTime now, bool brief,
                   const Judge& give);
/// nullopt: all scopes hold. Otherwise not_applicable, or unknown when an attribute is not known. `clock`
/// receives when time alone changes that.
std::optional<Verdict> judge_scopes(const Context& context, AgeClock& clock);
/// nullopt: nobody knows.
std::optional<bool> scope_holds(const Catalog& catalog, const Knowledge& knowledge, const Subject& subject,
                                const Scope& scope, AgeClock& clock, int depth = 0);

Verdict make_verdict(Status status, std::string_view text_id, std::vector<std::string> args = {});
/// @param brief status and times only, without a word.
Verdict judge_rule(const PostureRule& rule, const Fact* fact, UtcTime now, bool brief = false);
Verdict judge_register(const Context& context, const Satisfier& satisfier);
Verdict judge_occasion(const Context& context, const Satisfier& satisfier);
Verdict judge_attestation(const Context& context, const Satisfier& satisfier);
Verdict judge_workflow(const Context& context, const Satisfier& satisfier);
/// What raised the duty, as evidence.
EvidenceItem evidence_of(const Occasion& occasion);
/// Done or not by the clock of the occasion.
Verdict by_clock(const Context& context, std::optional<UtcTime> done_at);
Verdict judge_satisfier(const Context& context, const Satisfier& satisfier);

}  // namespace phendau::comply

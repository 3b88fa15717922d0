// SPDX-License-Identifier: Apache-2.0
// Inside comply: the verdict on one satisfier, and the sentences it is made of. Shared by assess.cpp,
// posture.cpp and satisfier.cpp; nobody else includes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "comply/assess.h"

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

  void add_detail(Reason one);
  void add_evidence(EvidenceItem one);
  /// Time alone changes something at `at`, if that lies ahead.
  void look_again(UtcTime at, UtcTime now);
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

/// What one satisfier is judged in.
struct Context {
  const Catalog& catalog;
  const Knowledge& knowledge;
  const ClausePart& part;
  const Subject& subject;
  std::string agency_id;
  Period period;      // of the obligation; kind none: now
  bool past = false;  // the period is over
  UtcTime now;
};

Verdict judge_rule(const PostureRule& rule, const Fact* fact, UtcTime now);
Verdict judge_satisfier(const Context& context, const Satisfier& satisfier);

}  // namespace phendau::comply

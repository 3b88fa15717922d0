// SPDX-License-Identifier: Apache-2.0
// The obligation engine: clause part x subject x period or occasion -> status, with the evidence and the
// reason. Pure: what is known comes in as values (knowledge.h), `now` is an argument, the same input gives
// the same output in the same order. board.h keeps the statuses of a whole province and judges again only
// what depends on a change or is due at `next_evaluation_at`.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/texts.h"
#include "base/time.h"
#include "comply/catalog.h"
#include "comply/knowledge.h"
#include "model/status.h"

namespace phendau::comply {

/// A sentence for people: an id of src/texts/comply.json and its arguments.
struct Reason {
  std::string text_id;
  std::vector<std::string> args;
  friend bool operator==(const Reason&, const Reason&) = default;
};
std::string explain(Lang lang, const Reason& reason);

struct EvidenceItem {
  enum class Kind : std::uint8_t {
    fact,
    record,
    setting,
    detection,
    workflow_run,
    attestation
  } kind = Kind::fact;
  std::string ref;  // "DEVICE/KIND" of a fact; "KIND/ID" of a record; a name or id otherwise
  UtcTime at;
  std::string summary;  // the values that count, language-neutral ("min_length=6"); may be empty
};
std::string_view to_string(EvidenceItem::Kind kind);

struct Obligation {
  std::string id;  // "PART|SUBJECT_KIND:SUBJECT|PERIOD": stable
  std::string clause_id;
  std::string part_id;
  SubjectKind subject_kind = SubjectKind::agency;
  std::string subject_id;
  std::string agency_id;
  std::string period_id;  // empty: now; "KIND/ID": the occasion that raised it
  Status status = Status::unknown;
  std::optional<Status> closed_status;  // of a past period: the verdict of its close, corrected since
  std::optional<Status> excepted_from;  // what it would be without the exception
  Reason reason;
  std::vector<Reason> details;
  std::vector<EvidenceItem> evidence;  // at most kEvidenceMax
  std::uint32_t evidence_total = 0;
  std::optional<UtcTime> fresh_until;  // until when the evidence carries the status
  std::optional<UtcTime> stale_since;
  std::optional<UtcTime> due_at;
  std::optional<UtcTime> next_evaluation_at;  // when time alone changes something
};
/// `{"id","clause","part","subject","subject_kind","agency","period","status","reason","details",...}`
/// with the sentences in `lang`. `subject` is the id.
Json to_json(const Obligation& obligation, Lang lang);

/// All obligations: clauses in order, parts, the province, agencies by id, subjects by id, past period before
/// the current one.
std::vector<Obligation> assess(const Catalog& catalog, const Knowledge& knowledge, UtcTime now);
/// One agency with everything in it; empty if it is unknown. assess() is this for each. Agency "" is the
/// province: the hub, and slots that nobody holds.
std::vector<Obligation> assess_agency(const Catalog& catalog, const Knowledge& knowledge,
                                      std::string_view agency_id, UtcTime now);
/// One part for one subject: one obligation, or two when a past period counts too, or one per occasion. With
/// an agency where the part is about things: what it means that the agency has none.
std::vector<Obligation> assess_part(const Catalog& catalog, const Knowledge& knowledge, const Clause& clause,
                                    const ClausePart& part, const Subject& subject, UtcTime now);
/// One posture rule on one fact, without a hub: `phendau check` and the packs' own tests.
/// Only status, reason, details, evidence, freshness are set. `fact` may be null.
Obligation judge_posture(const PostureRule& rule, const Fact* fact, UtcTime now);

/// Several statuses as one, with the count behind it. Not applicable and no occasion are outside the
/// denominator.
struct RollUp {
  Status status = Status::not_applicable;
  std::uint32_t good = 0;                 // met, attested, excepted
  std::uint32_t total = 0;                // all that apply
  std::array<std::uint32_t, 9> counts{};  // by Status
  void add(Status one);
};
RollUp roll_up(std::span<const Obligation> obligations);
/// By (clause, agency): the matrix.
std::map<std::pair<std::string, std::string>, RollUp> roll_up_by_clause_and_agency(
    std::span<const Obligation> obligations);
Json to_json(const RollUp& roll_up);

}  // namespace phendau::comply

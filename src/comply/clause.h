// SPDX-License-Identifier: Apache-2.0
// Clauses: what a document asks, as data. Parsed from a pack's clauses/*.yaml; judged by assess.h.
// Pure; plain values. The file's form is described in docs/packs.md, "Clauses".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "base/yaml.h"
#include "comply/calendar.h"
#include "comply/condition.h"
#include "comply/content.h"
#include "comply/deadline.h"

namespace phendau::comply {

enum class Modality : std::uint8_t { must, must_not, may, encouraged };
/// What a duty is applied to. `role` is an organisation in a role slot of the pack; `hub` is this
/// installation; `record` is each live record of a register that the part names.
enum class SubjectKind : std::uint8_t { agency, device, role, system, account, person, hub, record };
inline constexpr std::size_t kSubjectKinds = 8;
/// One that acts itself, not a thing or person that somebody looks after.
constexpr bool is_body(SubjectKind kind) {
  return kind == SubjectKind::agency || kind == SubjectKind::role || kind == SubjectKind::hub;
}
enum class SatisfierKind : std::uint8_t {
  posture_rule,  // a fact of a device satisfies a rule
  detection,     // a rule watches, and sources feed it
  reg,           // "register": records of a kind exist, are fresh, or all satisfy something
  workflow,      // a case was run, or a step of it done
  document,      // a paper was sent
  setting,       // the hub itself is set so
  attestation,   // somebody answers for it, with a file if asked
  occasion,      // the record or case that triggered the duty itself says that it is done
  pack,          // what another document asks, once its pack is loaded
  pending,       // nothing checks it yet; never shown as met
};
/// What it means when an agency has no subject of the kind that a part is about.
enum class NoneMeans : std::uint8_t { unknown, no_occasion, not_applicable };
std::string_view to_string(Modality modality);
std::string_view to_string(SubjectKind kind);
std::string_view to_string(SatisfierKind kind);

/// What makes a duty arise, again and again: a record of a register, or a case.
struct Trigger {
  enum class Source : std::uint8_t { reg, workflow } source = Source::reg;
  std::string ref;               // kind of record or workflow
  std::vector<Condition> where;  // of the record's or the case's document
  std::vector<std::string> states;
  /// Where the clock starts. Record: a field with a date or an instant; empty: the kind's own date, else the
  /// first writing. Case: "opened" (as empty), "closed" or a step, when that was done. Not there yet: no
  /// duty.
  std::string from;
  std::optional<DeadlineRule> within;  // none: no clock, due until it is done
  std::string regime;                  // instead of `within`: the table whose rule of that day says it
  std::int32_t keep_months = 12;       // how long a fulfilled occasion still counts
  std::int32_t keep_days = 0;
  /// Occurrences of the subject's own agency, or of every agency; by_subject: all for a role and the hub.
  enum class Whose : std::uint8_t { by_subject, own, all } whose = Whose::by_subject;
  /// Every subject of the agency owes it anew with each occurrence, whomever the record is about. Who came
  /// later owes it from then on.
  bool each = false;
  /// Only the occurrence that makes it so many of one agency in a calendar period raises the duty.
  std::int32_t at_least = 1;
  PeriodKind counted_in = PeriodKind::none;
  Place place;
};

/// What it means when `every` has no record to look at.
enum class EmptyMeans : std::uint8_t { unknown, met, no_occasion, due };

/// One way in which a part is satisfied. Members that the kind does not use stay at their defaults.
struct Satisfier {
  SatisfierKind kind = SatisfierKind::pending;
  std::string ref;  // rule id or name, register kind, workflow id, document type, setting name, pack
  // register, document
  std::string link;              // the field that names the occasion or the subject
  std::vector<Condition> where;  // which records count
  std::vector<std::string> states;
  std::vector<Condition> every;  // what each record that counts must satisfy; occasion: what it must say
  EmptyMeans empty = EmptyMeans::unknown;
  std::int32_t at_least = 1;
  PeriodKind period = PeriodKind::none;  // also attestation: anew in each period
  std::optional<MonthDay> before;        // within the period (a year)
  std::optional<MonthDay> not_before;    // what is done earlier in the year does not count
  std::int32_t age_days_max = 0;         // the newest must not be older; 0 = no limit
  // workflow
  std::string step;
  // detection
  Duration silence_max = hours(24);  // no event for longer: nobody can say that it watches
  // setting
  Json equals;
  std::optional<double> minimum;
  std::optional<double> maximum;
  // attestation
  bool file_needed = false;
  // occasion
  std::string done;  // the date or instant that says when
  // pending: what is missing. Others: why this is a proof, if not obvious.
  BiText reason;
  std::string waits_for;  // pending: agent, probe or incident
  std::string test;       // the test that changes the status both ways
  Place place;
};

/// What a definition or an enacting article brings into being: "glossary:TERM", "unit_class:ID", "scope:ID",
/// "role:SLOT" or "profile".
struct Definition {
  std::string kind;
  std::string id;  // empty for profile
  Place place;
};

struct ClausePart;
/// What a part said before a province changed a parameter or another version of the pack came.
struct EarlierTerms {
  UtcTime until;  // when that was
  std::shared_ptr<const ClausePart> part;
};

/// A duty that can be judged on its own. A clause without parts has one whose id is the clause's.
struct ClausePart {
  std::string id;
  BiText duty;
  SubjectKind subject = SubjectKind::agency;
  std::string role;                 // subject role: the slot; record: the register
  std::vector<std::string> scopes;  // all must hold: those of the clause and of the part
  Modality modality = Modality::must;
  NoneMeans none = NoneMeans::unknown;
  std::optional<Trigger> trigger;   // the duty arises with each occurrence
  bool any = false;                 // one satisfier is enough; otherwise all are needed
  std::vector<Definition> defines;  // no duty but meaning; then nothing satisfies it
  std::vector<Satisfier> satisfied_by;
  /// What began before `until` runs under these: an occasion keeps its clock, a period its length and day.
  std::optional<EarlierTerms> earlier;
  std::optional<CivilDate> from;   // the first day on which the duty arises
  std::optional<CivilDate> until;  // the first day without it
  Place place;
};
/// Whether clocks, periods and days are the same.
bool same_terms(const ClausePart& a, const ClausePart& b);

struct Clause {
  std::string id;        // "hg-1374:3.1.b"
  std::string citation;  // in Vietnamese
  BiText title;
  BiText duty;
  std::vector<std::string> bound;  // role slots and classes of people that must act
  std::string kind;                // technical_control, process, register, periodic_report, ...
  Modality modality = Modality::must;
  std::optional<PeriodKind> period;  // what the text says; satisfiers repeat it where it is judged
  std::optional<MonthDay> before;
  Json parameters = Json::object();  // numbers of the text, for readers; rules use the pack's parameters
  std::vector<std::string> open_terms;
  BiText no_duty;  // why nobody has to do anything (definitions)
  std::vector<ClausePart> parts;
  Place place;
};

/// All clauses of one file. Mistakes go to `errors`; a clause with a mistake is still returned where
/// possible.
std::vector<Clause> parse_clauses(std::string_view text, const std::string& file,
                                  std::vector<ContentError>& errors);

}  // namespace phendau::comply

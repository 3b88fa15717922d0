// SPDX-License-Identifier: Apache-2.0
// OSCAL 1.2 as JSON: a pack as catalog and profile, a round of obligations as assessment results. Called by
// hub/oscal_export.h, which fills these structs. The same input gives the same document: UUIDs follow from
// the pack and from ids, times are arguments. What OSCAL has no word for stands in props of kOscalNamespace.
// Pure; thread-safe. Source: NIST OSCAL 1.2.1 JSON schemas (catalog, profile, assessment-results).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "model/status.h"

namespace phendau::report {

inline constexpr std::string_view kOscalVersion = "1.2.1";
inline constexpr std::string_view kOscalNamespace = "urn:phendau:oscal";

/// Vietnamese is what counts, English the translation; either may be empty.
struct OscalText {
  std::string vi;
  std::string en;
};

struct OscalParameter {
  std::string name;
  OscalText label;
  std::vector<std::string> values;
  OscalText reason;  // why this value where the text leaves it open
};

/// How a statement is checked: TEST, EXAMINE or INTERVIEW, by what.
struct OscalMethod {
  std::string method;
  std::string kind;  // posture_rule, register, ...
  std::string reference;
};

struct OscalPart {
  std::string id;  // "hg-1374:3.1.b#1"
  OscalText duty;
  std::string subject;
  std::string modality;
  std::vector<OscalMethod> methods;
};

struct OscalControl {
  std::string id;        // "hg-1374:3.1.b"
  std::string citation;  // in Vietnamese
  std::string kind;      // technical_control, process, ...
  std::string modality;
  OscalText title;
  OscalText duty;
  OscalText no_duty;  // why nobody has to do anything
  std::vector<std::string> bound;
  std::vector<std::string> open_terms;
  std::vector<OscalParameter> parameters;  // numbers of the text
  std::vector<std::string> related;        // ids of other controls
  std::vector<OscalPart> parts;            // one whose id is the control's: the control itself
};

/// The pack and its document.
struct OscalSource {
  std::string pack_id;
  std::string digest;
  OscalText title;
  std::string document_number;  // empty: a pack without a document
  std::string issuer;
  std::string issued_on;  // YYYY-MM-DD
  std::vector<std::pair<std::string, OscalText>> roles;
  UtcTime written_at;  // last-modified
};

/// {"catalog": {...}}: one group per first number of the ids, the controls in order, parameters of the pack.
Json write_oscal_catalog(const OscalSource& source, const std::vector<OscalControl>& controls,
                         const std::vector<OscalParameter>& parameters);
/// {"profile": {...}}: the controls that ask for something, with the values in force. Refers to the catalog
/// by its UUID and `catalog_href`.
Json write_oscal_profile(const OscalSource& source, const std::vector<OscalControl>& controls,
                         const std::vector<OscalParameter>& parameters, std::string_view catalog_href);

struct OscalEvidence {
  std::string kind;
  std::string reference;
  std::string summary;
  UtcTime at;
  std::string href;  // where it can be looked at; may be empty
};

/// One obligation of the round.
struct OscalStatus {
  std::string id;  // stable
  std::string control_id;
  std::string part_id;
  std::string subject_kind;
  std::string subject_id;
  std::string subject_name;
  std::string agency_id;
  std::string period_id;
  Status status = Status::unknown;
  OscalText reason;
  std::vector<OscalEvidence> evidence;
  std::optional<UtcTime> due_at;
  std::optional<UtcTime> fresh_until;
  std::string method;  // TEST, EXAMINE, INTERVIEW; empty: UNKNOWN
};

struct OscalAgency {
  std::string id;
  std::string name;
};

struct OscalRound {
  OscalText title;
  UtcTime started_at;
  UtcTime ended_at;
  std::vector<OscalAgency> agencies;
  std::vector<OscalStatus> statuses;
};

/// {"assessment-results": {...}}: agencies as parties, devices and systems as inventory items, one
/// observation per obligation, one finding where the obligation applies. Met and attested are satisfied; what
/// is unknown is not, and says so.
Json write_oscal_results(const OscalSource& source, const OscalRound& round);

/// Ids as OSCAL takes them: "hg-1374:3.1.b#1" -> "hg-1374_3.1.b_1". Unlike ids of one pack stay unlike.
std::string oscal_token(std::string_view id);
/// The form of RFC 9562 version 5 over SHA-256 of "pack digest, kind, id": the same for the same pack.
std::string stable_uuid(std::string_view digest, std::string_view kind, std::string_view id);

}  // namespace phendau::report

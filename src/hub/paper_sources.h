// SPDX-License-Identifier: Apache-2.0
// What the program already knows for a paper: the agency, who writes, the case with its steps, the system,
// evidence, a record of a register, earlier papers, figures. Everything is read with the rights of the actor,
// so that no paper shows its writer more than screens do. Values are texts as people write them, lists of
// texts, or tables. Used by Papers. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "hub/incidents.h"
#include "hub/paper_kinds.h"
#include "hub/records.h"
#include "hub/services.h"

namespace phendau::hub {

/// What a paper is about.
struct PaperOrigin {
  std::string agency_id;  // whose paper it is
  std::string case_id;
  std::string record;  // KIND/ID
  std::string system_id;
  std::string period;  // of figures, as figure_span() takes it; empty: this year
};

/// The record KIND/ID of a register, for who may read it; `not_found` otherwise.
Result<ledger::Record> origin_record(Services& services, const Actor& actor, std::string_view record);
/// Whether a field says something: text that is more than blanks, a list that is not empty, any other value.
bool is_filled(const Json& value);

class PaperSources {
 public:
  PaperSources(Services& services, Incidents& incidents, Records& records)
      : services_(services), incidents_(incidents), records_(records) {}

  /// The values of the paper's fields that are known, by field id.
  Result<Json> known(const Actor& actor, const PaperTemplate& paper, const PaperOrigin& origin);
  /// Its head as far as it is known: kind, agency, agency_above, symbol, place, subject, addressees,
  /// recipients, archive, signer, exercise (report::paper_from_json).
  Result<Json> head(const Actor& actor, const PaperTemplate& paper, const PaperOrigin& origin);
  /// `{root: values}` for sources that begin with `year.`, `late.`, `province.` or `ranking.`; set before
  /// use.
  std::function<Result<Json>(const Actor& actor, std::string_view root, const PaperOrigin& origin)> figures;

 private:
  /// `paper`: whose figures are wanted; nullptr: none.
  Result<Json> gather(const Actor& actor, const PaperTemplate* paper, const PaperOrigin& origin);
  /// A record's values in words; what refers to another record by that one's name.
  Json record_of(const ledger::Record& record);
  /// What runs in the agency's reach: open cases, requests, papers that wait for a signature, isolated
  /// machines.
  Result<Json> open_of(const Actor& actor, const PaperOrigin& origin);
  Result<Json> pending_of(const Actor& actor, const PaperOrigin& origin);
  Result<Json> agency_of(const std::string& agency_id);
  /// `officer`: who drafts; `contact`: the same, if the agency's register knows how to reach him, else its
  /// focal point.
  void add_people(const Actor& actor, const std::string& agency_id, Json& sources);
  Json system_of(const Actor& actor, const PaperOrigin& origin);
  /// The name of who holds each role slot; its title while nobody does.
  Json bodies();
  /// Of the case, or those that the package `bag` holds.
  Json evidence_of(const PaperOrigin& origin, const Json& bag);
  Json papers_of(const PaperOrigin& origin);
  std::vector<std::string> names_of(const std::vector<PaperParty>& parties, const PaperOrigin& origin,
                                    const Json& sources);

  Services& services_;
  Incidents& incidents_;
  Records& records_;
};

/// "3 MiB": of a file, rounded up.
std::string size_text(std::int64_t bytes);
/// "08:15, 03/02/2026" in Vietnamese words, at +07.
std::string paper_moment(UtcTime at);
/// A text without the addresses that only exist inside networks (RFC 1918 and the like): a paper names public
/// ones only.
std::string public_addresses_of(std::string_view text);
/// Whether one of the words is such an address.
bool names_inside_address(std::string_view text);

}  // namespace phendau::hub

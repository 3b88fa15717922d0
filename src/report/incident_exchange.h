// SPDX-License-Identifier: Apache-2.0
// One incident as other organisations' programs read it: a bundle of STIX 2.1 and a document of IODEF 2. What
// they have no word for stays in the description. Called by hub/incident_exports.h. Deterministic, pure;
// thread-safe. Source: STIX 2.1 (OASIS, 2021), sections 4.5, 4.7, 7.2 and 7.3; TLP 2.0; RFC 7970, section 3.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "model/indicator.h"

namespace phendau::report {

struct ExchangedIncident {
  std::string id;  // ours; never changes
  std::string title;
  std::string description;  // may be empty
  std::string agency;       // name of whose incident it is; also the creator
  std::string issuer;       // domain name or address that makes `id` unique in the world
  std::string tlp;          // "TLP:AMBER"
  std::string severity;     // low, medium, high or empty
  bool exercise = false;
  std::optional<UtcTime> detected_at;
  UtcTime opened_at;
  UtcTime changed_at;
  std::optional<UtcTime> closed_at;
  std::vector<std::string> hosts;  // affected
  std::vector<Indicator> indicators;
  struct Step {
    UtcTime at;
    std::string what;
  };
  std::vector<Step> history;
};

/// {"type": "bundle", ...}. Ids follow from `id`, so that a later export is the next version of the same
/// objects.
Json write_stix(const ExchangedIncident& incident);
/// @param made_at when the document is made.
std::string write_iodef(const ExchangedIncident& incident, UtcTime made_at);

}  // namespace phendau::report

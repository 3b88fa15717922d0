// SPDX-License-Identifier: Apache-2.0
// An incident in the forms that other organisations' programs read (report/incident_exchange.h), with what
// the reader may see of it and nothing else.
#pragma once

#include <string>
#include <string_view>

#include "hub/incidents.h"
#include "hub/services.h"

namespace phendau::hub {

struct IncidentFile {
  std::string name;
  std::string media_type;
  std::string bytes;
};

/// @param format stix or iodef. @param tlp a label of TLP 2.0; empty: TLP:AMBER.
/// Errors: those of Incidents::get; `invalid` for another format or label.
Result<IncidentFile> export_incident(Services& services, Incidents& incidents, const Actor& actor,
                                     std::string_view id, std::string_view format, std::string_view tlp);

}  // namespace phendau::hub

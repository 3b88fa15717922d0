// SPDX-License-Identifier: Apache-2.0
// The files that hang on a case or on a record of a register, as screens list them. Asks no rights: who may
// read the case or the record may read its list.
#pragma once

#include "hub/services.h"

namespace phendau::hub {

/// Attachments whose indexed `field` ("case_id", "record") is `value`, oldest first: a JSON list.
/// @param scope everything_open_to() whom they are shown to.
Result<Json> attachments_of(Services& services, std::string_view field, std::string_view value,
                            const Scope& scope);

}  // namespace phendau::hub

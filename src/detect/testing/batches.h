// SPDX-License-Identifier: Apache-2.0
// Batches from field maps, for tests and for the proof samples of rules. Tests only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "model/batch.h"

namespace phendau::detect::testing {

/// One row per object. Members become fields: nested objects get dotted names, arrays several values, kinds
/// are kept. `logsource`, `source`, `host`, `agency`, `time` (RFC 3339) and `raw` set the row instead;
/// `logsource` defaults to the argument, `time` to 2026-11-24T00:00:00Z plus one second per row.
Batch batch_of(const std::vector<Json>& rows, std::string_view logsource = "linux//syslog");
/// As above from JSON text; asserts that it parses.
Batch batch_of_text(const std::vector<std::string>& rows, std::string_view logsource = "linux//syslog");
/// Whole file; empty if it cannot be read.
std::string read_text_file(const std::string& path);

}  // namespace phendau::detect::testing

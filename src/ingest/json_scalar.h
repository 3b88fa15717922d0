// SPDX-License-Identifier: Apache-2.0
// Values of JSON as values of a batch. Internal to ingest; pure.
#pragma once

#include <array>
#include <string_view>

#include "ingest/json_tape.h"
#include "model/batch.h"

namespace phendau::ingest {

struct Scalar {
  std::string_view text;
  ValueKind kind = ValueKind::null;
};
/// Room for any double as text.
using NumberBuffer = std::array<char, 40>;

/// Text and kind of a scalar, null for arrays and objects. Numbers with a fraction or an exponent are written
/// anew, into `buffer`, in their shortest form.
Scalar scalar_of(JsonValue value, NumberBuffer& buffer);

}  // namespace phendau::ingest

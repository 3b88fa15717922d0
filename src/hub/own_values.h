// SPDX-License-Identifier: Apache-2.0
// What the province has, by the marks that registers give their members: `x-indicator` (addresses, names that
// may be on a list) and `x-software`. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "hub/active_pack.h"
#include "hub/services.h"

namespace phendau::hub {

struct OwnValue {
  const RegisterKind& kind;
  const ledger::Record& record;
  std::string agency_id;  // to whom it was given, else whose record it is; may be empty
  std::string mark;       // what the member's mark says
  std::string text;
};

/// Calls `use` for every value of a live record, of those kinds that `scope_of` lets be read, until it is
/// false.
Result<> each_own_value(Services& services, std::string_view mark,
                        const std::function<Scope(const RegisterKind&)>& scope_of,
                        const std::function<bool(const OwnValue&)>& use);

}  // namespace phendau::hub

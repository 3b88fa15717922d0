// SPDX-License-Identifier: Apache-2.0
// What the texts leave open and the province decides: values of the pack's parameters, with reason and date,
// as records of kind `setting`; beside them who holds which role slot and the plan of reminders. A value
// takes effect when the hub starts; until then it is shown as waiting. Duties that began before it was
// written keep their terms. Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "hub/active_pack.h"
#include "hub/services.h"

namespace phendau::hub {

/// The values that the ledger holds for parameters of this pack, and what they, or the terms of the packs
/// before it, were during the last year. A value that the pack no longer allows is left out and logged.
Result<PackOptions> pack_options_of(ledger::Ledger& ledger, const Pack& pack, UtcTime now);
/// Keeps the terms of the pack with which the hub starts, for when another one comes; writes nothing when
/// they are known.
Result<> note_terms(ledger::Ledger& ledger, const Pack& pack, UtcTime now);

class ProvinceSettings {
 public:
  explicit ProvinceSettings(Services& services) : services_(services) {}
  /// ProvinceSettings of openapi.yaml.
  Result<Json> get(const Actor& actor);
  /// `body`: {value, reason}; a null value goes back to the pack's. `invalid` says what the pack allows.
  Result<Json> set(const Actor& actor, std::string_view name, const Json& body);

 private:
  Json parameter_view(const PackParameter& parameter);
  Result<Json> slots_view();

  Services& services_;
  std::mutex mu_;
};

}  // namespace phendau::hub

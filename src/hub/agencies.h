// SPDX-License-Identifier: Apache-2.0
// Agencies: the organisations that own machines, events and duties. Records of kind `agency`, owned by
// themselves.
#pragma once

#include <mutex>
#include <vector>

#include "hub/services.h"

namespace phendau::hub {

/// "So Noi vu" -> "so-noi-vu": readable, stable, safe in paths and addresses.
std::string agency_code_of(std::string_view name);
bool is_agency_code(std::string_view text);

class Agencies {
 public:
  explicit Agencies(Services& services) : services_(services) {}
  /// {items: [...], unit_classes: [...]}: in Vietnamese order, and the classes that the pack knows.
  Result<Json> list(const Actor& actor);
  /// `body`: AgencyWrite of openapi.yaml; without a code one is made of the name. `conflict`
  /// (agency.address_taken) when another agency has the same network.
  Result<Json> create(const Actor& actor, const Json& body);
  /// An agency's own people change how it is called for short and reached (short_name, contact). What decides
  /// whose records and duties something is (name, networks, parent, class, state) is the province's.
  Result<Json> update(const Actor& actor, std::string_view id, const Json& body);

 private:
  Result<> merge(ledger::Write& write, const Json& body);
  Result<> merge_attributes(Json& doc, const Json& body);
  Result<> check_parent(std::string_view id, const Json& parent);
  Result<Json> check_networks(std::string_view id, const Json& networks);
  Result<std::vector<ledger::Record>> all(const Scope& scope);

  Services& services_;
  std::mutex mu_;  // one change at a time: two agencies must not take one network together
};

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// Agencies: the organisations that own machines, events and duties. Records of kind `agency`, owned by
// themselves.
#pragma once

#include "hub/services.h"

namespace phendau::hub {

class Agencies {
 public:
  explicit Agencies(Services& services) : services_(services) {}
  /// {items: [...]} in Vietnamese order.
  Result<Json> list(const Actor& actor);
  /// `body`: AgencyWrite of openapi.yaml; without a code one is made of the name.
  Result<Json> create(const Actor& actor, const Json& body);
  Result<Json> update(const Actor& actor, std::string_view id, const Json& body);

 private:
  Services& services_;
};

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// A fact: what an agent measured about its machine at one instant ("password_policy", "antimalware", ...).
// Plain value. A field that could not be read is absent from the rows and named in `unreadable` with the
// reason.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace phendau {

struct Fact {
  std::string kind;       // the Sigma service of product phendau, category fact
  std::string device_id;  // set by the hub from the certificate; empty on the agent
  UtcTime collected_at;
  Duration valid_for = hours(24);  // afterwards a verdict on it is unknown (stale)
  std::vector<Json> rows;          // objects; one for a plain fact, one per thing for a list
  bool complete = true;            // false: the list may lack things
  std::string incomplete_reason;
  std::vector<std::pair<std::string, std::string>> unreadable;  // field -> reason

  bool is_stale(UtcTime now) const { return now > collected_at + valid_for; }
};

Json to_json(const Fact& fact);
/// `invalid` names the member that is wrong (a kind is [a-z0-9_]+, joined by . or -); `limit` above 10,000
/// rows.
Result<Fact> fact_from_json(const Json& json);

}  // namespace phendau

// SPDX-License-Identifier: Apache-2.0
// Who stands in the place of an agency that is no more, and whose past an agency may read. Read from the
// agencies' records by organisations.cpp; asked where events, alerts and sessions come in. Thread-safe.
#pragma once

#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "store/ledger/ledger.h"

namespace phendau::hub {

class Succession {
 public:
  /// From the agencies that have ended and name their successors.
  Result<> load(ledger::Ledger& ledger);
  /// Itself while it exists, else the first successor that does.
  std::string current(std::string_view agency_id) const;
  bool has_ended(std::string_view agency_id) const;
  /// Agencies that have ended and whose past belongs to one of these: any successor, over any number of acts.
  std::vector<std::string> past_of(const std::vector<std::string>& agency_ids) const;

 private:
  mutable std::shared_mutex mu_;
  std::map<std::string, std::vector<std::string>, std::less<>> successors_;  // guarded by mu_; of the ended
};

}  // namespace phendau::hub

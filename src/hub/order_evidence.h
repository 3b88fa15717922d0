// SPDX-License-Identifier: Apache-2.0
// Files that a machine collects on an order: taken in piece by piece aside from the ledger, checked against
// their digests when the last piece is there, then kept as blobs and named on the order (`files`). What
// evidence becomes of them is decided elsewhere. Never unpacked here: they are as hostile as the machine.
// Thread-safe.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "hub/active_pack.h"
#include "hub/services.h"
#include "wire/evidence_part.h"

namespace phendau::hub {

class OrderEvidence {
 public:
  explicit OrderEvidence(Services& services) : services_(services) {}
  /// Removes what orders left that ended while the hub was away. Before use.
  Result<> open();
  /// `denied` for an order of another machine, of another kind or one that has ended; `limit` for too much;
  /// `unavailable` while another piece of the same order is being taken in.
  Result<wire::EvidenceAnswer> take(const Actor& device, const wire::EvidencePart& part);

 private:
  Result<wire::EvidenceAnswer> take_alone(const Actor& device, const wire::EvidencePart& part);
  Result<ledger::Record> order_of(const Actor& device, const wire::EvidencePart& part);
  /// The whole file is aside: true when it is what the machine says it is.
  Result<bool> keep(const Actor& device, const ledger::Record& order, const wire::EvidencePart& part,
                    const std::string& path);

  Services& services_;
  std::mutex mu_;
  std::set<std::string> busy_;  // orders; guarded by mu_
};

}  // namespace phendau::hub

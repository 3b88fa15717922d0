// SPDX-License-Identifier: Apache-2.0
// Makes evidence of what machines collected: each file of a collect order that has ended becomes an item of
// its case, or of the agency, with the first entry of its custody log; a file whose bytes were refused is
// known by its digest. Items have the ids of their files, so that a kill doubles none. Thread-safe.
#pragma once

#include "hub/case_record.h"
#include "hub/evidence.h"
#include "hub/repeated.h"

namespace phendau::hub {

class CollectedFiles {
 public:
  CollectedFiles(Services& services, Evidence& evidence)
      : services_(services), evidence_(evidence), definitions_(services) {}
  void start();
  void stop() { worker_.stop(); }
  /// The number of files taken in. For the own thread and tests.
  Result<std::size_t> look();

 private:
  Result<std::size_t> take_in(const ledger::Record& order);
  Result<Json> take_one(const ledger::Record& order, const Json& file);

  Services& services_;
  Evidence& evidence_;
  CaseDefinitions definitions_;
  std::mutex mu_;  // one at a time takes in
  Repeated worker_;
};

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// Live updates inside the hub: use cases publish, the API's streams subscribe with the scope of their actor,
// so that a stream never carries what its owner may not read. Thread-safe. Receivers must not block; the
// stream behind one that is too slow is cut (net/stream_writer.h), and the reader reconnects.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/authorize.h"

namespace phendau::hub {

struct LiveMessage {
  std::string topic;  // alert, incident, obligation, device, ingest, notice
  Resource resource = Resource::alert;
  std::string agency_id;     // owner; empty = belongs to no agency (seen only with reach `everything`)
  Json body;                 // identifiers and counts only; never payload
  std::string user_id = {};  // set: for this person alone
  std::vector<std::string> also_for = {};  // other agencies that it is addressed to
};

class Live {
 public:
  using Receiver = std::function<void(const LiveMessage&)>;
  /// Calls `receiver` from the publishing thread for messages that `actor` may read. Must not block.
  std::uint64_t subscribe(const Actor& actor, Receiver receiver);
  void unsubscribe(std::uint64_t id);
  void publish(const LiveMessage& message);

 private:
  struct Subscriber {
    Actor actor;
    Receiver receiver;
  };
  std::mutex mu_;
  std::uint64_t next_id_ = 1;                                         // guarded by mu_
  std::map<std::uint64_t, std::shared_ptr<Subscriber>> subscribers_;  // guarded by mu_
};

}  // namespace phendau::hub

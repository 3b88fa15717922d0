// SPDX-License-Identifier: Apache-2.0
// What an isolated machine may still talk to besides its hub: what must stay up, as the order that isolates
// it lists it. Checked by the hub when the order is given and by the agent before it is obeyed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace phendau::wire {

/// One connection that stays: clients in `network` that come to this machine's port (incoming), or a service
/// at that port in `network` that this machine goes to.
struct StaysUp {
  bool incoming = false;
  std::string network;  // "10.1.0.0/16": normalised, without the bits that do not count
  bool ipv6 = false;
  std::uint16_t port = 0;
  bool udp = false;
};
/// A list of at most kStaysUpMax {direction: in|out, network, port, protocol: tcp|udp}; null is an empty one.
/// `invalid` (wire.stays_up) names the item. A network of an address may stand without its length; one that
/// is wider than /8 (IPv6 /32) is refused: that would be no isolation.
Result<std::vector<StaysUp>> parse_stays_up(const Json& list);
Json to_json(const std::vector<StaysUp>& list);

}  // namespace phendau::wire

// SPDX-License-Identifier: Apache-2.0
// Opens listening sockets of Linux and turns what goes wrong into a sentence that says what to do.
// Used by http_server.cpp and listeners.cpp. Thread-safe: free functions; the caller owns the descriptor.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/address.h"

namespace phendau::net {

enum class SocketKind : std::uint8_t { tcp, udp };

struct BoundSocket {
  int descriptor = -1;
  Address address;  // with the port that the kernel chose for port 0
};

/// Non-blocking, close-on-exec, listening when TCP. An empty host takes IPv6 and IPv4.
/// Texts net.bind.{in_use,permission,no_address,failed}.
Result<BoundSocket> bind_socket(const HostPort& place, SocketKind kind);
/// Next connection, non-blocking, without Nagle; -1 when none waits or descriptors ran out (`exhausted`).
int accept_connection(int listener, Address& peer, bool& exhausted);

}  // namespace phendau::net

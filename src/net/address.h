// SPDX-License-Identifier: Apache-2.0
// Network addresses as plain values: "host:port" of settings, address and port of a peer, loopback checks.
// Nothing here resolves names or opens sockets. Pure; thread-safe. IPv4 mapped into IPv6 is kept as IPv4.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

struct sockaddr;

namespace phendau::net {

/// A socket of Linux or Windows; kNoSocket when there is none.
using SocketHandle = std::intptr_t;
inline constexpr SocketHandle kNoSocket = -1;

/// An IP address with a port. `size` is 4, 16, or 0 for "none".
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  std::uint8_t size = 0;
  std::uint16_t port = 0;

  friend auto operator<=>(const Address&, const Address&) = default;
  bool is_loopback() const;
  bool is_any() const;
  /// Who counts as one sender: the address without its port, of IPv6 the /64, because one line has all of it.
  Address sender() const;
  /// "192.0.2.7" or "2001:db8::7"; "" for none.
  std::string ip_text() const;
  /// "192.0.2.7:514" or "[2001:db8::7]:514".
  std::string text() const;
};

/// Name or address with a port, as written in settings: "hub.example:443", "192.0.2.7:514", "[::1]:0",
/// ":8443". An empty host means every address of the machine.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  std::string text() const;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// `default_port` < 0 makes the port mandatory. `invalid` with text "net.address.bad" otherwise.
Result<HostPort> parse_host_port(std::string_view text, int default_port = -1);
/// An IP literal without brackets; `invalid` for names.
Result<Address> parse_ip(std::string_view text, std::uint16_t port = 0);
bool is_ip(std::string_view text);
/// True for localhost, 127.0.0.0/8 and ::1.
bool is_loopback_host(std::string_view host);
/// From what the kernel returned; none for other families.
Address address_from(const sockaddr* raw);

}  // namespace phendau::net

// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "net/socket_portable.h"

namespace phendau::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void set_v4(Address& out, const void* raw) {
  std::memcpy(out.bytes.data(), raw, 4);
  out.size = 4;
}

void set_v6(Address& out, const void* raw) {
  if (std::memcmp(raw, kMappedPrefix.data(), kMappedPrefix.size()) == 0) {
    set_v4(out, static_cast<const std::uint8_t*>(raw) + kMappedPrefix.size());
    return;
  }
  std::memcpy(out.bytes.data(), raw, 16);
  out.size = 16;
}

bool is_host_text(std::string_view host) {
  if (host.size() > 253) return false;
  for (const char c : host) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '_';
    if (!good) return false;
  }
  return true;
}

}  // namespace

bool Address::is_loopback() const {
  if (size == 4) return bytes[0] == 127;
  if (size != 16) return false;
  for (std::size_t i = 0; i < 15; ++i) {
    if (bytes[i] != 0) return false;
  }
  return bytes[15] == 1;
}

bool Address::is_any() const {
  for (std::size_t i = 0; i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  return size != 0;
}

Address Address::sender() const {
  Address out = *this;
  out.port = 0;
  if (size == 16) std::fill(out.bytes.begin() + 8, out.bytes.end(), std::uint8_t{0});
  return out;
}

std::string Address::ip_text() const {
  if (size == 0) return {};
  char buffer[64] = {};
  if (inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes.data(), buffer, sizeof buffer) == nullptr) return {};
  return buffer;
}

std::string Address::text() const {
  if (size == 0) return {};
  return size == 4 ? fmt::format("{}:{}", ip_text(), port) : fmt::format("[{}]:{}", ip_text(), port);
}

std::string HostPort::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<HostPort> parse_host_port(std::string_view text, int default_port) {
  const auto bad = [&] {
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is not an address of the form host:port", text),
                "net.address.bad", {std::string(text)});
  };
  HostPort out;
  std::string_view port_text;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return bad();
    out.host = text.substr(1, close - 1);
    if (!is_ip(out.host)) return bad();
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return bad();
    has_port = !rest.empty();
    if (has_port) port_text = rest.substr(1);
  } else if (is_ip(text)) {
    out.host = text;
  } else {
    const auto colon = text.rfind(':');
    has_port = colon != std::string_view::npos;
    out.host = text.substr(0, colon);
    if (has_port) port_text = text.substr(colon + 1);
    if (!is_host_text(out.host)) return bad();
  }
  if (!has_port) {
    if (default_port < 0 || out.host.empty()) return bad();
    out.port = static_cast<std::uint16_t>(default_port);
    return out;
  }
  const auto port = parse_int(port_text);
  if (!port || *port < 0 || *port > 65'535 || port_text.starts_with('+')) return bad();
  out.port = static_cast<std::uint16_t>(*port);
  return out;
}

Result<Address> parse_ip(std::string_view text, std::uint16_t port) {
  Address out;
  out.port = port;
  const std::string copy(text);
  std::uint8_t raw[16] = {};
  if (inet_pton(AF_INET, copy.c_str(), raw) == 1) {
    set_v4(out, raw);
    return out;
  }
  if (inet_pton(AF_INET6, copy.c_str(), raw) == 1) {
    set_v6(out, raw);
    return out;
  }
  return fail(ErrorCode::invalid, fmt::format("\"{}\" is not an IP address", text), "net.address.bad",
              {copy});
}

bool is_ip(std::string_view text) { return parse_ip(text).has_value(); }

bool is_loopback_host(std::string_view host) {
  if (equals_ignore_case_ascii(host, "localhost")) return true;
  const auto ip = parse_ip(host);
  return ip && ip->is_loopback();
}

Address address_from(const sockaddr* raw) {
  Address out;
  if (raw == nullptr) return out;
  if (raw->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, raw, sizeof v4);
    set_v4(out, &v4.sin_addr);
    out.port = ntohs(v4.sin_port);
  } else if (raw->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, raw, sizeof v6);
    set_v6(out, &v6.sin6_addr);
    out.port = ntohs(v6.sin6_port);
  }
  return out;
}

}  // namespace phendau::net

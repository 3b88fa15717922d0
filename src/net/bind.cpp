// SPDX-License-Identifier: Apache-2.0
#include "net/bind.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace phendau::net {
namespace {

constexpr int kBacklog = 1024;

std::unexpected<Error> bind_failure(const HostPort& place, int code) {
  const std::string text = place.text();
  switch (code) {
    case EADDRINUSE:
      return fail(ErrorCode::conflict,
                  fmt::format("port {} of {} is in use by another program; stop it or choose another port",
                              place.port, text),
                  "net.bind.in_use", {text, std::to_string(place.port)});
    case EACCES:
    case EPERM:
      return fail(
          ErrorCode::denied,
          fmt::format("no permission to listen on {}; ports below 1024 need CAP_NET_BIND_SERVICE", text),
          "net.bind.permission", {text});
    case EADDRNOTAVAIL:
      return fail(ErrorCode::invalid, fmt::format("this machine has no address {}", place.host),
                  "net.bind.no_address", {place.host});
    default:
      return fail(ErrorCode::io, fmt::format("cannot listen on {}: {}", text, std::strerror(code)),
                  "net.bind.failed", {text, std::strerror(code)});
  }
}

/// 0 or errno.
int bind_one(int descriptor, const addrinfo& entry, SocketKind kind) {
  const int on = 1;
  const int off = 0;
  if (kind == SocketKind::tcp) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (entry.ai_family == AF_INET6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(descriptor, entry.ai_addr, entry.ai_addrlen) != 0) return errno;
  if (kind == SocketKind::tcp && listen(descriptor, kBacklog) != 0) return errno;
  return 0;
}

}  // namespace

Result<BoundSocket> bind_socket(const HostPort& place, SocketKind kind) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = kind == SocketKind::tcp ? SOCK_STREAM : SOCK_DGRAM;
  hints.ai_family = AF_UNSPEC;
  // "" means both families: ask for :: first, and for 0.0.0.0 on machines without IPv6.
  const std::vector<std::string> hosts =
      place.host.empty() ? std::vector<std::string>{"::", "0.0.0.0"} : std::vector<std::string>{place.host};
  int code = EADDRNOTAVAIL;
  for (const std::string& host : hosts) {
    addrinfo* list = nullptr;
    if (getaddrinfo(host.c_str(), std::to_string(place.port).c_str(), &hints, &list) != 0 || list == nullptr)
      continue;
    const int descriptor =
        socket(list->ai_family, list->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, list->ai_protocol);
    code = descriptor < 0 ? errno : bind_one(descriptor, *list, kind);
    freeaddrinfo(list);
    if (code == 0) {
      sockaddr_storage bound{};
      socklen_t size = sizeof bound;
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size);
      return BoundSocket{descriptor, address_from(reinterpret_cast<sockaddr*>(&bound))};
    }
    if (descriptor >= 0) ::close(descriptor);
    if (code != EAFNOSUPPORT && code != EADDRNOTAVAIL) break;
  }
  return bind_failure(place, code);
}

int accept_connection(int listener, Address& peer, bool& exhausted) {
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  const int descriptor =
      accept4(listener, reinterpret_cast<sockaddr*>(&raw), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  exhausted = descriptor < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
  if (descriptor < 0) return -1;
  peer = address_from(reinterpret_cast<sockaddr*>(&raw));
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

}  // namespace phendau::net

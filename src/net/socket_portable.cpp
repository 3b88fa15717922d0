// SPDX-License-Identifier: Apache-2.0
#include "net/socket_portable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#ifndef _WIN32
#include <fcntl.h>
#endif

namespace phendau::net {
namespace {

/// One address of a name gets at most this long, so that a dead IPv6 route does not eat the whole timeout.
constexpr Duration kPerAddressMax = seconds(5);

#ifdef _WIN32
struct WinsockStart {
  WinsockStart() {
    WSADATA facts;
    WSAStartup(MAKEWORD(2, 2), &facts);
  }
};
void start_sockets() { static const WinsockStart start; }
int last_error() { return WSAGetLastError(); }
bool is_would_block(int code) { return code == WSAEWOULDBLOCK; }
bool is_refused(int code) { return code == WSAECONNREFUSED; }
bool set_non_blocking(SocketHandle socket) {
  u_long on = 1;
  return ioctlsocket(static_cast<SOCKET>(socket), FIONBIO, &on) == 0;
}
constexpr int kSendFlags = 0;
using NativeSocket = SOCKET;
using WireLength = int;
using AddressLength = int;
#else
void start_sockets() {}
int last_error() { return errno; }
bool is_would_block(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINPROGRESS; }
bool is_refused(int code) { return code == ECONNREFUSED; }
bool set_non_blocking(SocketHandle socket) {
  const int flags = fcntl(static_cast<int>(socket), F_GETFL, 0);
  return flags >= 0 && fcntl(static_cast<int>(socket), F_SETFL, flags | O_NONBLOCK) == 0;
}
constexpr int kSendFlags = MSG_NOSIGNAL;
using NativeSocket = int;
using WireLength = std::size_t;
using AddressLength = socklen_t;
#endif

/// Error code of one attempt, 0 when connected, -1 when time ran out.
int connect_one(SocketHandle socket, const addrinfo& entry, Duration timeout) {
  const auto native = static_cast<NativeSocket>(socket);
  if (connect(native, entry.ai_addr, static_cast<AddressLength>(entry.ai_addrlen)) == 0) return 0;
  const int started = last_error();
  if (!is_would_block(started)) return started;
  if (!socket_wait(socket, SocketWait::writable, timeout)) return -1;
  int code = 0;
  socklen_t size = sizeof code;
  getsockopt(native, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&code), &size);
  return code;
}

std::unexpected<Error> connect_failure(const std::string& host, std::uint16_t port, int code) {
  const std::string place = fmt::format("{}:{}", host, port);
  if (code == -1) {
    return fail(ErrorCode::unavailable, place + " did not answer in time", "net.connect.timeout", {place});
  }
  if (is_refused(code)) {
    return fail(ErrorCode::unavailable, place + " refused the connection; nothing listens there",
                "net.connect.refused", {place});
  }
  return fail(ErrorCode::unavailable, fmt::format("{} cannot be reached (error {})", place, code),
              "net.connect.unreachable", {place});
}

}  // namespace

long socket_receive(SocketHandle socket, char* out, std::size_t size_bytes, bool& would_block) {
  for (;;) {
    const auto got = recv(static_cast<NativeSocket>(socket), out, static_cast<WireLength>(size_bytes), 0);
    if (got >= 0) return static_cast<long>(got);
    const int code = last_error();
    if (code == EINTR) continue;
    would_block = is_would_block(code);
    return -1;
  }
}

long socket_send(SocketHandle socket, std::string_view bytes, bool& would_block) {
  for (;;) {
    const auto sent = send(static_cast<NativeSocket>(socket), bytes.data(),
                           static_cast<WireLength>(bytes.size()), kSendFlags);
    if (sent >= 0) return static_cast<long>(sent);
    const int code = last_error();
    if (code == EINTR) continue;
    would_block = is_would_block(code);
    return -1;
  }
}

void socket_close(SocketHandle socket) {
  if (socket == kNoSocket) return;
#ifdef _WIN32
  closesocket(static_cast<SOCKET>(socket));
#else
  ::close(static_cast<int>(socket));
#endif
}

bool socket_wait(SocketHandle socket, SocketWait what, Duration timeout) {
  const Duration end{socket_clock().ns + timeout.ns};
  for (;;) {
    const std::int64_t left_ms =
        std::max<std::int64_t>(0, (end.ns - socket_clock().ns + 999'999) / 1'000'000);
    const short events = what == SocketWait::readable ? POLLIN : POLLOUT;
#ifdef _WIN32
    WSAPOLLFD entry{static_cast<SOCKET>(socket), events, 0};
    const int ready = WSAPoll(&entry, 1, static_cast<int>(left_ms));
#else
    pollfd entry{static_cast<int>(socket), events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(left_ms));
#endif
    if (ready > 0) return true;
    if (ready < 0 && last_error() == EINTR) continue;
    return false;
  }
}

Result<SocketHandle> socket_connect(const std::string& host, std::uint16_t port, Duration timeout) {
  start_sockets();
  const Duration end{socket_clock().ns + timeout.ns};
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string service = std::to_string(port);
  if (getaddrinfo(host.c_str(), service.c_str(), &hints, &list) != 0 || list == nullptr) {
    return fail(ErrorCode::unavailable, fmt::format("the name {} cannot be resolved", host),
                "net.connect.name", {host});
  }
  int code = -1;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    const Duration left{end.ns - socket_clock().ns};
    if (left.ns <= 0) break;
    const auto native = ::socket(entry->ai_family, entry->ai_socktype, entry->ai_protocol);
    const auto handle = static_cast<SocketHandle>(native);
    if (handle == kNoSocket) continue;
    const int on = 1;
    setsockopt(native, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on), sizeof on);
    const bool last = entry->ai_next == nullptr;
    code = set_non_blocking(handle)
               ? connect_one(handle, *entry, last ? left : std::min(left, kPerAddressMax))
               : -1;
    if (code == 0) {
      freeaddrinfo(list);
      return handle;
    }
    socket_close(handle);
  }
  freeaddrinfo(list);
  return connect_failure(host, port, code);
}

Duration socket_clock() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

}  // namespace phendau::net

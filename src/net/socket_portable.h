// SPDX-License-Identifier: Apache-2.0
// The few socket calls that differ between Linux and Windows, so that the HTTP client and the address code
// serve the agents of both. Included by .cpp files of net/ only (it pulls system headers). Thread-safe: free
// functions.
#pragma once

#ifdef _WIN32
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0601
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/address.h"

namespace phendau::net {

enum class SocketWait : std::uint8_t { readable, writable };

/// Non-blocking; the count, 0 at the end of the stream, or -1 with `would_block` telling the reason.
long socket_receive(SocketHandle socket, char* out, std::size_t size_bytes, bool& would_block);
/// Never raises SIGPIPE.
long socket_send(SocketHandle socket, std::string_view bytes, bool& would_block);
void socket_close(SocketHandle socket);
/// False when `timeout` passed first.
bool socket_wait(SocketHandle socket, SocketWait what, Duration timeout);
/// Resolves and connects, trying every address of the name within `timeout`; the socket is non-blocking.
/// `unavailable` with texts net.connect.{name,refused,timeout,unreachable}.
Result<SocketHandle> socket_connect(const std::string& host, std::uint16_t port, Duration timeout);
/// Monotonic clock for deadlines of blocking calls.
Duration socket_clock();

}  // namespace phendau::net

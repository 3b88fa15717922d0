// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 server: connections wait on a few I/O threads, handlers run on a bounded pool, streams cost no
// thread while they are idle. Decides nothing about users: the handler gets values and returns values. One
// exception: under the agents' protocol nothing but the enrolment path is reachable without a good
// certificate. Adapter of Boost.Asio: http_server.cpp. Thread-safe; the handler is called from several
// threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/address.h"
#include "net/http.h"
#include "net/stream_writer.h"
#include "net/tls.h"

namespace phendau::net {

struct Request {
  std::string method;
  std::string target;
  std::string path;  // decoded and checked, see http.h
  QueryPairs query;
  Headers headers;
  std::string body;  // whole, in memory
  Address peer;
  bool tls = false;
  std::string protocol;   // ALPN: "phendau-agent", "http/1.1" or ""
  PeerIdentity identity;  // of agents; looked at again for every request

  /// First value of a query parameter, or the fallback.
  std::string query_value(std::string_view name, std::string_view fallback = "") const;
  bool has_query(std::string_view name) const;
  /// Value of a cookie, or "".
  std::string cookie(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// Long answers: runs on the stream pool after the head; returning finishes the body. Use write_blocking().
  std::function<void(StreamWriter&)> stream;
  /// Live updates: called once on an I/O thread, must not block; keep the writer (SseHub::subscribe) and
  /// return.
  std::function<void(std::shared_ptr<StreamWriter>)> attach;
};

using Handler = std::function<Response(const Request&)>;

struct HttpServerConfig {
  HostPort listen;               // port 0: the kernel chooses
  std::optional<TlsServer> tls;  // none: plain HTTP
  std::string enrol_path = "/agent/v1/enrol";

  std::size_t io_threads = 2;
  std::size_t worker_threads = 8;  // handlers wait for disks
  std::size_t queue_max = 256;     // requests in front of the workers; beyond: 503 and Retry-After
  std::size_t stream_threads = 8;  // exports that run at the same time
  std::size_t stream_queue_max = 32;
  std::size_t connections_max = 10'000;
  std::size_t connections_per_address_max = 512;           // many agents behind one NAT
  std::uint64_t bodies_bytes_max = 512u << 20;             // all bodies in memory together; beyond: 503
  std::uint64_t bodies_bytes_per_sender_max = 128u << 20;  // of one Address::sender(); beyond: 503

  Duration handshake_timeout = seconds(10);
  Duration head_timeout = seconds(10);   // from the first byte to the end of the head
  Duration idle_timeout = seconds(75);   // between requests
  Duration body_grace = seconds(30);     // plus, for who proved itself, the time at kBodyBytesPerSecondMin
  Duration body_time_max = minutes(20);  // whatever the size
  Duration write_timeout = seconds(60);  // without any progress
  Duration stream_heartbeat = seconds(15);
  Duration stop_grace = seconds(5);

  /// Largest body of a request, asked before it is read. At most kBodyBytesMax; 1 MiB when not set.
  std::function<std::uint64_t(const Request& head)> body_limit;
  /// Whether the head proves who asks (session, certificate): asked before more than kBodyBytesUnproved of a
  /// body is read. The error is answered. Runs on an I/O thread: must not block. Not set: everybody.
  std::function<Result<>(const Request& head)> proof;
  /// Body of refusals that the server makes itself; `request` is null when its head could not be read, and
  /// `status` is 0 when the error alone decides.
  std::function<Response(int status, const Error& error, const Request* request)> refusal;
};

/// Bodies are kept in memory for now; larger files come in parts.
inline constexpr std::uint64_t kBodyBytesMax = 64u << 20;
inline constexpr std::uint64_t kBodyBytesDefault = 1u << 20;
/// What a stranger may send, within HttpServerConfig::body_grace: enrolments and sign-ins are smaller.
inline constexpr std::uint64_t kBodyBytesUnproved = 64u << 10;
/// The start of a body that costs no budget, the connection limit bounds it: a sign-in always finds room.
inline constexpr std::uint64_t kBodyBytesFree = 4u << 10;
/// 64 kbit/s: what a body must arrive with, on average, after the grace.
inline constexpr std::uint64_t kBodyBytesPerSecondMin = 8u << 10;

struct HttpServerCounts {
  std::uint64_t accepted = 0;
  std::uint64_t refused_connections = 0;  // over a connection limit
  std::uint64_t failed_handshakes = 0;
  std::uint64_t requests = 0;
  std::uint64_t bad_requests = 0;
  std::uint64_t overloaded = 0;  // answered 503
  std::uint64_t timed_out = 0;
  std::uint64_t open_connections = 0;
  std::uint64_t open_streams = 0;
};

class HttpServer {
 public:
  /// Binds and starts. Errors of bind_socket(), text ids net.bind.*.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerConfig config, Handler handler);
  ~HttpServer();  // stops
  std::uint16_t port() const;
  HttpServerCounts counts() const;
  /// New connections use this certificate from now on.
  void replace_tls(TlsServer tls);
  /// Accepts no more, lets requests end within stop_grace, then closes. Handlers must return by themselves.
  void stop();

  struct Core;

 private:
  explicit HttpServer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace phendau::net

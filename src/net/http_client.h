// SPDX-License-Identifier: Apache-2.0
// Blocking HTTP/1.1 client for the agent (Linux and Windows) and for tests: one server, one connection that
// is kept and reused, TLS by tls.h. Errors are typed: an impostor is `denied`, silence is `unavailable`. Not
// thread-safe: one client per thread. No OpenSSL and no Asio in this header.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "net/tls.h"

namespace phendau::net {

struct HttpClientConfig {
  std::string host;
  std::uint16_t port = 443;
  std::optional<TlsClientConfig> tls;      // none: plain; server_name defaults to `host` unless pinned
  Duration connect_timeout = seconds(10);  // with the TLS handshake
  Duration request_timeout = seconds(60);  // without any progress
  std::uint64_t response_bytes_max = 64u << 20;
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// Gets pieces of the body as they come; false ends the request and closes the connection.
using BodySink = std::function<bool(std::string_view piece)>;

class HttpClient {
 public:
  static Result<HttpClient> create(HttpClientConfig config);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Connects when needed. Any HTTP status is a success here. Host, Content-Length and Connection are added.
  /// `unavailable`: net.connect.*, net.tls.handshake, net.http.{timeout,closed}; `denied`: net.tls.*;
  /// `limit`: net.http.answer_too_large; `corrupt`: the answer is not HTTP.
  Result<HttpResponse> send(std::string_view method, std::string_view target, const Headers& headers = {},
                            std::string_view body = {});
  /// As above with the body of a 2xx answer given to `sink`; other answers keep theirs.
  Result<HttpResponse> receive(std::string_view method, std::string_view target, const Headers& headers,
                               std::string_view body, const BodySink& sink);
  Result<HttpResponse> get(std::string_view target) { return send("GET", target); }
  /// Connects and shakes hands without a request.
  Result<> connect();
  void close();
  bool is_connected() const;
  /// Whether the server asked this side for a certificate during the last handshake.
  bool certificate_asked() const;
  std::string tls_version() const;

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phendau::net

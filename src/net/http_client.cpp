// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "net/socket_portable.h"

namespace phendau::net {
namespace {

constexpr std::size_t kReadBytes = 16u << 10;

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE";
}

}  // namespace

struct HttpClient::State {
  HttpClientConfig config;
  std::optional<TlsClient> tls_client;
  SocketHandle socket = kNoSocket;
  std::optional<TlsSession> tls;
  std::string buffer;  // read, not yet used
  bool certificate_asked = false;
  std::string tls_version;

  ~State() { close(); }

  std::string place() const { return fmt::format("{}:{}", config.host, config.port); }

  void close() {
    if (tls) tls->close();
    tls.reset();
    socket_close(socket);
    socket = kNoSocket;
    buffer.clear();
  }

  std::unexpected<Error> silent() const {
    return fail(ErrorCode::unavailable, place() + " did not answer in time", "net.connect.timeout",
                {place()});
  }
  std::unexpected<Error> gone() const {
    return fail(ErrorCode::unavailable, place() + " closed the connection", "net.http.closed", {place()});
  }

  Result<> wait(TlsStep step, Duration timeout) {
    const SocketWait what = step == TlsStep::want_write ? SocketWait::writable : SocketWait::readable;
    if (!socket_wait(socket, what, timeout)) return silent();
    return {};
  }

  Result<> connect() {
    close();
    const Duration start = socket_clock();
    socket = PHENDAU_TRY(socket_connect(config.host, config.port, config.connect_timeout));
    if (!tls_client) return {};
    tls.emplace(PHENDAU_TRY(tls_client->connect(socket)));
    for (;;) {
      const TlsStep step = tls->handshake();
      certificate_asked = tls->certificate_asked();
      if (step == TlsStep::done) break;
      if (step == TlsStep::failed || step == TlsStep::closed) {
        Error error = tls->error();
        if (error.message.empty()) return gone();
        return std::unexpected(std::move(error));
      }
      const std::int64_t left_ns = config.connect_timeout.ns - (socket_clock().ns - start.ns);
      if (left_ns <= 0) return silent();
      PHENDAU_TRY(wait(step, {left_ns}));
    }
    tls_version = tls->version();
    return {};
  }

  /// A kept connection with something to read was closed by the server (or TLS sent tickets, which is read
  /// away).
  bool is_stale() {
    if (!socket_wait(socket, SocketWait::readable, {0})) return false;
    char byte = 0;
    if (!tls) return true;
    return tls->read(&byte, 1).step != TlsStep::want_read;
  }

  Result<> write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      TlsCount sent;
      if (tls) {
        sent = tls->write(bytes);
      } else {
        bool would_block = false;
        const long count = socket_send(socket, bytes, would_block);
        sent = count >= 0 ? TlsCount{TlsStep::done, static_cast<std::size_t>(count)}
                          : TlsCount{would_block ? TlsStep::want_write : TlsStep::failed, 0};
      }
      if (sent.step == TlsStep::done) {
        bytes.remove_prefix(sent.size_bytes);
      } else if (sent.step == TlsStep::failed || sent.step == TlsStep::closed) {
        return gone();
      } else {
        PHENDAU_TRY(wait(sent.step, config.request_timeout));
      }
    }
    return {};
  }

  /// Adds to `buffer`; false at a clean end of the connection.
  Result<bool> read_more() {
    char bytes[kReadBytes];
    for (;;) {
      TlsCount got;
      if (tls) {
        got = tls->read(bytes, sizeof bytes);
      } else {
        bool would_block = false;
        const long count = socket_receive(socket, bytes, sizeof bytes, would_block);
        got.step = count > 0 ? TlsStep::done : count == 0 ? TlsStep::closed : TlsStep::failed;
        if (count < 0 && would_block) got.step = TlsStep::want_read;
        got.size_bytes = count > 0 ? static_cast<std::size_t>(count) : 0;
      }
      if (got.step == TlsStep::done) {
        buffer.append(bytes, got.size_bytes);
        return true;
      }
      if (got.step == TlsStep::closed) return false;
      if (got.step == TlsStep::failed) return gone();
      PHENDAU_TRY(wait(got.step, config.request_timeout));
    }
  }

  Result<ResponseHead> read_head() {
    std::size_t searched = 0;
    for (;;) {
      const std::size_t end = find_head_end(buffer, searched);
      if (end != 0) {
        auto head = parse_response_head(std::string_view(buffer).substr(0, end));
        buffer.erase(0, end);
        if (!head) return fail(ErrorCode::corrupt, fmt::format("{}: {}", place(), head.error().reason));
        if (head->status >= 200) return std::move(*head);
        searched = 0;  // 100 Continue
        continue;
      }
      searched = buffer.size();
      if (searched > kHeadBytesMax)
        return fail(ErrorCode::corrupt, place() + ": the answer's head is too large");
      if (!PHENDAU_TRY(read_more())) return gone();
    }
  }

  /// Gives the bytes of the body to `sink`; false when the sink had enough.
  Result<bool> read_body(const ResponseHead& head, const BodySink& sink) {
    std::uint64_t left = head.content_length.value_or(UINT64_MAX);
    ChunkedBody chunks(UINT64_MAX);
    for (;;) {
      std::string piece;
      if (head.chunked) {
        const auto used = chunks.feed(buffer, piece);
        if (!used) return fail(ErrorCode::corrupt, fmt::format("{}: {}", place(), used.error().reason));
        buffer.erase(0, *used);
      } else {
        const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
        piece = buffer.substr(0, take);
        buffer.erase(0, take);
        left -= take;
      }
      if (!piece.empty() && !sink(piece)) return false;
      if (head.chunked ? chunks.done() : left == 0) return true;
      if (PHENDAU_TRY(read_more())) continue;
      if (head.chunked || head.content_length) return gone();
      return true;  // framed by the end of the connection
    }
  }

  Result<HttpResponse> exchange(std::string_view method, std::string_view bytes, std::string_view body,
                                const BodySink* sink, bool& answered) {
    PHENDAU_TRY(write_all(bytes));
    // A server that refuses an upload answers before it has read it: its answer is worth more than our error.
    const Result<> uploaded = write_all(body);
    auto read = read_head();
    if (!read) return uploaded ? std::unexpected(read.error()) : std::unexpected(uploaded.error());
    const ResponseHead head = std::move(*read);
    answered = true;
    HttpResponse response;
    response.status = head.status;
    response.headers = head.headers;
    bool keep = head.keep_alive && uploaded && (head.chunked || head.content_length);
    if (method != "HEAD" && head.status != 204 && head.status != 304) {
      bool too_large = false;
      const bool pass_on = sink != nullptr && head.status < 300;
      const BodySink collect = [&](std::string_view piece) {
        if (pass_on) return (*sink)(piece);
        too_large = response.body.size() + piece.size() > config.response_bytes_max;
        if (!too_large) response.body.append(piece);
        return !too_large;
      };
      keep = PHENDAU_TRY(read_body(head, collect)) && keep;
      if (too_large) {
        close();
        return fail(ErrorCode::limit, place() + ": the answer is too large", "net.http.answer_too_large",
                    {place()});
      }
    } else {
      keep = head.keep_alive;
    }
    if (!keep) close();
    return response;
  }

  std::string request_head(std::string_view method, std::string_view target, const Headers& headers,
                           std::size_t body_bytes) const {
    std::string out = fmt::format("{} {} HTTP/1.1\r\n", method, target);
    if (!headers.has("Host")) append_header(out, "Host", HostPort{config.host, config.port}.text());
    for (const auto& [name, value] : headers.fields()) append_header(out, name, value);
    if (body_bytes > 0 || !is_idempotent(method) || method == "PUT") {
      append_header(out, "Content-Length", std::to_string(body_bytes));
    }
    out += "\r\n";
    return out;
  }

  Result<HttpResponse> request(std::string_view method, std::string_view target, const Headers& headers,
                               std::string_view body, const BodySink* sink) {
    if (target.empty() || target.find_first_of(" \r\n") != std::string_view::npos) {
      return fail(ErrorCode::bug, "a request target must be encoded");
    }
    const std::string bytes = request_head(method, target, headers, body.size());
    for (int attempt = 0;; ++attempt) {
      const bool reused = socket != kNoSocket && !is_stale();
      if (!reused) PHENDAU_TRY(connect());
      bool answered = false;
      auto result = exchange(method, bytes, body, sink, answered);
      if (result) return result;
      close();
      // The server may close a kept connection while our request travels; only then, and once, try anew.
      const bool retry = reused && !answered && attempt == 0 && is_idempotent(method) &&
                         result.error().text_id == "net.http.closed";
      if (!retry) return result;
    }
  }
};

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpClient> HttpClient::create(HttpClientConfig config) {
  auto state = std::make_unique<State>();
  if (config.tls) {
    TlsClientConfig tls = *config.tls;
    // A pinned CA proves the hub; its address may be a name that the certificate does not know yet.
    if (tls.server_name.empty() && tls.pinned_ca_sha256.empty()) tls.server_name = config.host;
    state->tls_client = PHENDAU_TRY(TlsClient::create(std::move(tls)));
  }
  state->config = std::move(config);
  return HttpClient(std::move(state));
}

Result<HttpResponse> HttpClient::send(std::string_view method, std::string_view target,
                                      const Headers& headers, std::string_view body) {
  return state_->request(method, target, headers, body, nullptr);
}
Result<HttpResponse> HttpClient::receive(std::string_view method, std::string_view target,
                                         const Headers& headers, std::string_view body,
                                         const BodySink& sink) {
  return state_->request(method, target, headers, body, &sink);
}
Result<> HttpClient::connect() { return state_->connect(); }
void HttpClient::close() { state_->close(); }
bool HttpClient::is_connected() const { return state_->socket != kNoSocket; }
bool HttpClient::certificate_asked() const { return state_->certificate_asked; }
std::string HttpClient::tls_version() const { return state_->tls_version; }

}  // namespace phendau::net

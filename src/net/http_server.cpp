// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <unordered_map>

#include "base/log.h"
#include "base/text.h"
#include "net/async_stream.h"
#include "net/bind.h"
#include "net/worker_pool.h"

namespace phendau::net {
namespace {

constexpr std::size_t kReadBytes = 16u << 10;
/// What is read and thrown away after a refusal, so that the peer gets the answer and not a reset.
constexpr std::size_t kLingerBytesMax = 1u << 20;
constexpr Duration kLingerMax = seconds(2);
constexpr Duration kAcceptPause = milliseconds(100);  // when descriptors ran out
constexpr Duration kSweepMin = milliseconds(20);
constexpr Duration kSweepMax = seconds(1);
constexpr std::string_view kRetryAfterSeconds = "2";
constexpr std::size_t kBodyPieceBytes = 64u << 10;
constexpr int kStatusUnproved = 401;  // without a `refusal` that knows better

std::chrono::nanoseconds chrono_of(Duration duration) { return std::chrono::nanoseconds(duration.ns); }

struct Connection : std::enable_shared_from_this<Connection> {
  Connection(HttpServer::Core& server, asio::io_context& context, int descriptor, Address from,
             Duration write_timeout)
      : core(server), io(context), stream(context, descriptor, write_timeout), wake(context), peer(from) {}

  HttpServer::Core& core;
  asio::io_context& io;
  AsyncStream stream;
  Timer wake;  // never fires by time while a handler runs; cancelled to wake the coroutine
  Address peer;
  PeerIdentity identity;
  std::string protocol;
  std::string buffer;  // read, not yet used
  std::optional<TlsServer> tls;
  std::optional<Response> response;
  std::shared_ptr<StreamWriter> writer;
  bool idle = true;
  bool expired = false;
  bool peer_gone = false;
  bool heartbeats = false;
  std::uint64_t body_bytes = 0;  // held of the common budget

  void expire() {
    expired = true;
    stream.cancel(false);
    if (writer) stream.cancel(true);
  }
};
using ConnectionPtr = std::shared_ptr<Connection>;

Error error_of(int status, const std::string& reason) {
  switch (status) {
    case 408:
      return {ErrorCode::unavailable, "the request did not arrive in time", "net.http.timeout", {}};
    case 413:
      return {ErrorCode::limit, "the request body is too large", "net.http.too_large", {}};
    case 503:
      return {ErrorCode::unavailable, "the server is busy; try again soon", "net.http.overloaded", {}};
    case 500:
      return {ErrorCode::bug, reason, "error.internal", {reason}};
    default:
      return {ErrorCode::invalid, reason, "net.http.bad_request", {reason}};
  }
}

std::string http_date(UtcTime now) {
  static constexpr std::string_view kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime t = to_civil(now, kUtcZone);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[iso_weekday(t.date) - 1], t.date.day,
                     kMonths[t.date.month - 1], t.date.year, t.hour, t.minute, t.second);
}

/// What a body may cost, known from the head alone.
struct BodyTerms {
  std::uint64_t size_bytes_max = 0;
  bool proved = true;
  std::optional<Error> unproved;  // what to answer when the size is too large only for a stranger
};

bool is_body_allowed(int status) { return status != 204 && status != 304 && status >= 200; }

}  // namespace

struct HttpServer::Core {
  Core(HttpServerConfig given, Handler run, BoundSocket bound)
      : config(std::move(given)),
        handler(std::move(run)),
        address(bound.address),
        workers(config.worker_threads, config.queue_max),
        streamers(config.stream_threads, config.stream_queue_max),
        io(config.io_threads),
        acceptor(io.first(), bound.descriptor),
        accept_pause(io.first()),
        sweep_timer(io.first()),
        tls(config.tls) {}

  HttpServerConfig config;
  Handler handler;
  Address address;
  std::atomic<bool> stopping{false};
  struct Counters {
    std::atomic<std::uint64_t> accepted{0}, refused_connections{0}, failed_handshakes{0}, requests{0},
        bad_requests{0}, overloaded{0}, timed_out{0}, open_streams{0};
  } counters;

  std::mutex mutex;
  std::condition_variable emptied;
  std::unordered_map<Connection*, std::weak_ptr<Connection>> open;  // guarded by mutex
  std::map<Address, std::size_t> per_address;                       // guarded by mutex; port 0
  std::map<Address, std::uint64_t> bodies_of;                       // guarded by mutex; by sender()
  std::uint64_t bodies_bytes = 0;                                   // guarded by mutex; sum of bodies_of
  std::size_t open_count = 0;                                       // guarded by mutex

  WorkerPool workers;
  WorkerPool streamers;
  IoThreads io;  // declared after what connections use: the last of them end in its destructor
  Descriptor acceptor;
  Timer accept_pause;
  Timer sweep_timer;
  std::optional<TlsServer> tls;  // guarded by mutex

  // One connection, in the order of its life.
  Task<void> accept_loop();
  Task<void> sweep_loop();
  void admit(int descriptor, Address peer);
  Task<void> run(ConnectionPtr c);
  Task<void> run_requests(Connection& c);
  Task<std::size_t> read_head(Connection& c);
  Task<bool> serve_one(Connection& c, std::size_t head_bytes);
  Task<int> read_body(Connection& c, const RequestHead& head, Request& request);
  Task<int> read_sized_body(Connection& c, std::uint64_t size_bytes, bool proved, std::string& body);
  Task<int> read_chunked_body(Connection& c, const BodyTerms& terms, std::string& body);
  Task<bool> read_more(Connection& c);
  Task<void> call_handler(Connection& c, std::shared_ptr<Request> request);
  Task<bool> send(Connection& c, const Request* request, bool http_1_1, bool keep_alive);
  Task<void> send_stream(Connection& c, bool chunked);
  Task<void> refuse(Connection& c, int status, std::string reason, const Request* request);
  Task<void> linger(Connection& c);

  Response refusal(int status, const Error& error, const Request* request);
  BodyTerms terms_for(const RequestHead& head, const Request& request) const;
  std::int64_t body_deadline_ns(std::int64_t start_ns, std::uint64_t received_bytes, bool proved) const;
  bool hold(Connection& c, std::uint64_t size_bytes);
  void release(Connection& c);
  void start_stream(Connection& c, const Response& response);
  void watch_peer(const ConnectionPtr& c);
  void forget(Connection& c);
  std::vector<ConnectionPtr> connections();
  bool wait_until_empty(Duration timeout);
  void stop();
};

// ---- accepting and sweeping ----

Task<void> HttpServer::Core::accept_loop() {
  while (!stopping) {
    const auto [failure] = co_await acceptor.async_wait(Descriptor::wait_read, kAwait);
    if (failure || stopping) co_return;
    bool exhausted = false;
    for (;;) {
      Address peer;
      const int descriptor = accept_connection(acceptor.native_handle(), peer, exhausted);
      if (descriptor < 0) break;
      admit(descriptor, peer);
    }
    if (!exhausted) continue;
    accept_pause.expires_after(chrono_of(kAcceptPause));
    co_await accept_pause.async_wait(kAwait);
  }
}

void HttpServer::Core::admit(int descriptor, Address peer) {
  counters.accepted++;
  Address key = peer;
  key.port = 0;
  ConnectionPtr c;
  {
    const std::lock_guard lock(mutex);
    std::size_t& from_there = per_address[key];
    if (stopping || open_count >= config.connections_max ||
        from_there >= config.connections_per_address_max) {
      counters.refused_connections++;
      if (from_there == 0) per_address.erase(key);
      ::close(descriptor);
      return;
    }
    c = std::make_shared<Connection>(*this, io.next(), descriptor, peer, config.write_timeout);
    c->tls = tls;
    c->stream.deadline.set(config.handshake_timeout);
    ++from_there;
    ++open_count;
    open.emplace(c.get(), c);
  }
  asio::co_spawn(c->io, run(c), asio::detached);
}

void HttpServer::Core::forget(Connection& c) {
  if (c.writer) {
    c.writer->detach();
    counters.open_streams--;
  }
  release(c);
  Address key = c.peer;
  key.port = 0;
  const std::lock_guard lock(mutex);
  open.erase(&c);
  const auto found = per_address.find(key);
  if (found != per_address.end() && --found->second == 0) per_address.erase(found);
  --open_count;
  if (open_count == 0) emptied.notify_all();
}

std::vector<ConnectionPtr> HttpServer::Core::connections() {
  std::vector<ConnectionPtr> out;
  const std::lock_guard lock(mutex);
  out.reserve(open.size());
  for (const auto& [raw, weak] : open) {
    if (ConnectionPtr c = weak.lock()) out.push_back(std::move(c));
  }
  return out;
}

Task<void> HttpServer::Core::sweep_loop() {
  const Duration shortest = std::min({config.handshake_timeout, config.head_timeout, config.idle_timeout,
                                      config.body_grace, config.write_timeout});
  const Duration interval = std::clamp(Duration{shortest.ns / 4}, kSweepMin, kSweepMax);
  for (;;) {
    sweep_timer.expires_after(chrono_of(interval));
    const auto [failure] = co_await sweep_timer.async_wait(kAwait);
    if (failure) co_return;
    const Duration now = socket_clock();
    const std::vector<ConnectionPtr> all = connections();
    for (const ConnectionPtr& c : all) {
      if (!c->stream.deadline.passed(now)) continue;
      asio::post(c->io, [c] {
        if (c->stream.deadline.passed(socket_clock())) c->expire();
      });
    }
  }
}

// ---- one connection ----

Task<void> HttpServer::Core::run(ConnectionPtr c) {
  struct Leave {
    HttpServer::Core& core;
    Connection& c;
    ~Leave() { core.forget(c); }
  };
  const Leave leave{*this, *c};
  if (c->tls) {
    auto session = c->tls->accept(c->stream.descriptor().native_handle());
    bool good = session.has_value();
    if (good) {
      c->stream.tls.emplace(std::move(*session));
      good = co_await c->stream.handshake();
    }
    if (!good) {
      counters.failed_handshakes++;
      co_return;
    }
    c->protocol = c->stream.tls->protocol();
    if (c->stream.tls->certificate_asked()) c->identity = c->stream.tls->peer();
  }
  co_await run_requests(*c);
}

Task<void> HttpServer::Core::run_requests(Connection& c) {
  for (;;) {
    const std::size_t head_bytes = co_await read_head(c);
    if (head_bytes == 0) co_return;
    const bool again = co_await serve_one(c, head_bytes);
    if (!again || stopping) co_return;
  }
}

Task<bool> HttpServer::Core::read_more(Connection& c) {
  const std::size_t before = c.buffer.size();
  c.buffer.resize(before + kReadBytes);
  const std::size_t got = co_await c.stream.read_some(c.buffer.data() + before, kReadBytes);
  c.buffer.resize(before + got);
  co_return got > 0;
}

/// Size of the next head, 0 when the connection ends here.
Task<std::size_t> HttpServer::Core::read_head(Connection& c) {
  c.idle = c.buffer.empty();
  c.stream.deadline.set(c.idle ? config.idle_timeout : config.head_timeout);
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = find_head_end(c.buffer, searched);
    if (end != 0) {
      c.idle = false;
      co_return end;
    }
    searched = c.buffer.size();
    if (searched > kHeadBytesMax) {
      co_await refuse(c, 431, "the head is too large", nullptr);
      co_return 0;
    }
    if (stopping && c.idle) co_return 0;
    const bool more = co_await read_more(c);
    if (!more) {
      if (c.expired) counters.timed_out++;
      if (c.expired && !c.idle) co_await refuse(c, 408, "slow head", nullptr);
      co_return 0;
    }
    if (c.idle) c.stream.deadline.set(config.head_timeout);  // once: further bytes do not extend it
    c.idle = false;
  }
}

Task<bool> HttpServer::Core::serve_one(Connection& c, std::size_t head_bytes) {
  counters.requests++;
  auto head = parse_request_head(std::string_view(c.buffer).substr(0, head_bytes));
  if (!head) {
    co_await refuse(c, head.error().status, head.error().reason, nullptr);
    co_return false;
  }
  c.buffer.erase(0, head_bytes);
  auto request = std::make_shared<Request>();
  request->method = std::move(head->method);
  request->target = std::move(head->target);
  request->path = std::move(head->path);
  request->query = std::move(head->query);
  request->headers = std::move(head->headers);
  request->peer = c.peer;
  request->tls = c.tls.has_value();
  request->protocol = c.protocol;
  if (c.tls) c.tls->recheck(c.identity);
  request->identity = c.identity;
  if (c.protocol == kAgentProtocol && !c.identity.verified && request->path != config.enrol_path) {
    c.response = refusal(403, c.identity.error, request.get());
    co_await send(c, request.get(), head->http_1_1, false);
    co_await linger(c);
    co_return false;
  }
  const int status = co_await read_body(c, *head, *request);
  if (status != 0) {
    if (status > 0) co_await refuse(c, status, "body", request.get());
    co_return false;
  }
  // Bytes after the body would be a second request in flight: answer the first and close.
  const bool keep_alive = head->keep_alive && c.buffer.empty() && !stopping;
  c.stream.deadline.clear();
  co_await call_handler(c, request);
  request->body = std::string();  // a slow reader of the answer holds no body
  release(c);
  const bool sent = co_await send(c, request.get(), head->http_1_1, keep_alive);
  co_return sent&& keep_alive;
}

BodyTerms HttpServer::Core::terms_for(const RequestHead& head, const Request& request) const {
  BodyTerms terms;
  terms.size_bytes_max =
      config.body_limit ? std::min(config.body_limit(request), kBodyBytesMax) : kBodyBytesDefault;
  terms.proved = !config.proof;
  const bool tiny = !head.chunked && head.content_length <= kBodyBytesFree;
  if (!config.proof || tiny) return terms;
  auto proof = config.proof(request);
  terms.proved = proof.has_value();
  const bool too_large_for_all = head.content_length > terms.size_bytes_max;
  if (terms.proved || too_large_for_all || terms.size_bytes_max <= kBodyBytesUnproved) return terms;
  terms.size_bytes_max = kBodyBytesUnproved;
  terms.unproved = std::move(proof).error();
  return terms;
}

/// Counts a body that has grown to `size_bytes`. False when the budget of all or of this sender is used up.
bool HttpServer::Core::hold(Connection& c, std::uint64_t size_bytes) {
  const std::uint64_t wanted = size_bytes > kBodyBytesFree ? size_bytes - kBodyBytesFree : 0;
  if (wanted <= c.body_bytes) return true;
  const std::uint64_t more = wanted - c.body_bytes;
  const std::lock_guard lock(mutex);
  const Address sender = c.peer.sender();
  const auto found = bodies_of.find(sender);
  const std::uint64_t of_sender = found == bodies_of.end() ? 0 : found->second;
  if (bodies_bytes + more > config.bodies_bytes_max || of_sender + more > config.bodies_bytes_per_sender_max)
    return false;
  bodies_bytes += more;
  bodies_of[sender] += more;
  c.body_bytes = wanted;
  return true;
}

void HttpServer::Core::release(Connection& c) {
  if (c.body_bytes == 0) return;
  const std::lock_guard lock(mutex);
  bodies_bytes -= c.body_bytes;
  const auto found = bodies_of.find(c.peer.sender());
  if ((found->second -= c.body_bytes) == 0) bodies_of.erase(found);
  c.body_bytes = 0;
}

/// 0 when the body is whole, -1 when the connection ends, else the status to answer.
Task<int> HttpServer::Core::read_body(Connection& c, const RequestHead& head, Request& request) {
  if (!head.chunked && head.content_length == 0) co_return 0;
  const BodyTerms terms = terms_for(head, request);
  if (head.content_length > terms.size_bytes_max && terms.unproved) {
    counters.bad_requests++;
    c.response = refusal(0, *terms.unproved, &request);
    co_await send(c, &request, true, false);
    co_await linger(c);
    co_return -1;
  }
  if (head.content_length > terms.size_bytes_max) co_return 413;
  c.stream.deadline.set(config.body_grace);
  if (head.expects_continue && c.buffer.empty()) {
    const bool sent = co_await c.stream.write_all("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return -1;
  }
  int status = 0;
  if (head.chunked) {
    status = co_await read_chunked_body(c, terms, request.body);
  } else {
    status = co_await read_sized_body(c, head.content_length, terms.proved, request.body);
  }
  if (status == -1 && c.expired) {
    counters.timed_out++;
    co_return 408;
  }
  co_return status;
}

/// A stranger has the grace and no more; who proved itself must keep up a minimum rate.
std::int64_t HttpServer::Core::body_deadline_ns(std::int64_t start_ns, std::uint64_t received_bytes,
                                                bool proved) const {
  if (!proved) return start_ns + config.body_grace.ns;
  const auto earned = static_cast<std::int64_t>(received_bytes / kBodyBytesPerSecondMin);
  return start_ns + std::min(config.body_grace.ns + seconds(earned).ns, config.body_time_max.ns);
}

Task<int> HttpServer::Core::read_sized_body(Connection& c, std::uint64_t size_bytes, bool proved,
                                            std::string& body) {
  const std::int64_t start_ns = socket_clock().ns;
  const auto size = static_cast<std::size_t>(size_bytes);
  const std::size_t ready = std::min(size, c.buffer.size());
  body = c.buffer.substr(0, ready);
  c.buffer.erase(0, ready);
  for (;;) {
    if (!hold(c, body.size())) co_return 503;  // memory and its count follow what arrives
    if (body.size() >= size) co_return 0;
    c.stream.deadline.at_ns = body_deadline_ns(start_ns, body.size(), proved);
    const std::size_t before = body.size();
    const std::size_t piece = std::min(size - before, kBodyPieceBytes);
    body.resize(before + piece);
    const std::size_t got = co_await c.stream.read_some(body.data() + before, piece);
    body.resize(before + got);
    if (got == 0) co_return -1;
  }
}

Task<int> HttpServer::Core::read_chunked_body(Connection& c, const BodyTerms& terms, std::string& body) {
  const std::int64_t start_ns = socket_clock().ns;
  ChunkedBody chunks(terms.size_bytes_max);
  for (;;) {
    const auto used = chunks.feed(c.buffer, body);
    if (!used) co_return used.error().status;
    c.buffer.erase(0, *used);
    if (!hold(c, body.size())) co_return 503;
    if (chunks.done()) co_return 0;
    c.stream.deadline.at_ns = body_deadline_ns(start_ns, body.size(), terms.proved);
    const bool more = co_await read_more(c);
    if (!more) co_return -1;
  }
}

Task<void> HttpServer::Core::call_handler(Connection& c, std::shared_ptr<Request> request) {
  c.response.reset();
  const ConnectionPtr self = c.shared_from_this();
  const bool queued = workers.submit([this, self, request] {
    Response made;
    try {
      made = handler(*request);
    } catch (const std::exception& thrown) {  // the last line of defence: our code does not throw
      PHENDAU_LOG(error, "http_handler_threw", {"path", request->path}, {"reason", thrown.what()});
      made = refusal(500, error_of(500, "handler"), request.get());
    }
    asio::post(self->io, [self, answer = std::move(made)]() mutable {
      self->response = std::move(answer);
      self->wake.cancel();
    });
  });
  if (!queued) {
    counters.overloaded++;
    c.response = refusal(503, error_of(503, {}), request.get());
    c.response->headers.set("Retry-After", std::string(kRetryAfterSeconds));
    co_return;
  }
  while (!c.response) {
    c.wake.expires_at(Timer::time_point::max());
    co_await c.wake.async_wait(kAwait);
  }
}

// ---- answering ----

Response HttpServer::Core::refusal(int status, const Error& error, const Request* request) {
  if (config.refusal) return config.refusal(status, error, request);
  Response response;
  response.status = status == 0 ? kStatusUnproved : status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = error.message + "\n";
  return response;
}

std::string head_of(const Response& response, bool http_1_1, bool keep_alive, UtcTime now) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  for (const auto& [name, value] : response.headers.fields()) {
    const bool ours = equals_ignore_case_ascii(name, "Content-Length") ||
                      equals_ignore_case_ascii(name, "Connection") ||
                      equals_ignore_case_ascii(name, "Transfer-Encoding");
    if (!ours) append_header(out, name, value);
  }
  if (!response.headers.has("Date")) append_header(out, "Date", http_date(now));
  if (response.stream || response.attach) {
    if (http_1_1) out += "Transfer-Encoding: chunked\r\n";
  } else if (is_body_allowed(response.status)) {
    out += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  if (!keep_alive) {
    out += "Connection: close\r\n";
  } else if (!http_1_1) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return out;
}

Task<bool> HttpServer::Core::send(Connection& c, const Request* request, bool http_1_1, bool keep_alive) {
  const Response response = std::move(*c.response);
  c.response.reset();
  const bool head_only = request != nullptr && request->method == "HEAD";
  const bool streams = (response.stream || response.attach) && !head_only;
  std::string bytes = head_of(response, http_1_1, keep_alive && !streams, posix_env().now());
  const bool has_body = !head_only && !streams && is_body_allowed(response.status);
  const bool small = response.body.size() <= kReadBytes;
  if (has_body && small) bytes += response.body;
  bool sent = co_await c.stream.write_all(bytes);
  if (sent && has_body && !small) sent = co_await c.stream.write_all(response.body);
  if (!sent || !streams) co_return sent;
  start_stream(c, response);
  co_await send_stream(c, http_1_1);
  co_return false;
}

void HttpServer::Core::start_stream(Connection& c, const Response& response) {
  const std::weak_ptr<Connection> weak = c.weak_from_this();
  asio::io_context& context = c.io;
  c.writer = std::make_shared<StreamWriter>([weak, &context] {
    asio::post(context, [weak] {
      if (const ConnectionPtr open_one = weak.lock()) open_one->wake.cancel();
    });
  });
  counters.open_streams++;
  watch_peer(c.shared_from_this());
  if (response.attach) {
    c.heartbeats = true;
    response.attach(c.writer);
    return;
  }
  const bool queued = streamers.submit([writer = c.writer, produce = response.stream] {
    try {
      produce(*writer);
      writer->finish();
    } catch (const std::exception& thrown) {
      PHENDAU_LOG(error, "http_stream_threw", {"reason", thrown.what()});
      writer->abort();
    }
  });
  if (!queued) {
    counters.overloaded++;
    c.writer->abort();
  }
}

/// A stream's peer has nothing to say: what can be read is its end.
void HttpServer::Core::watch_peer(const ConnectionPtr& c) {
  c->stream.descriptor().async_wait(Descriptor::wait_read,
                                    [this, c](const boost::system::error_code& failure) {
                                      if (failure) return;
                                      char byte = 0;
                                      if (c->stream.try_read(&byte, 1).step == TlsStep::want_read) {
                                        watch_peer(c);
                                        return;
                                      }
                                      c->peer_gone = true;
                                      c->wake.cancel();
                                    });
}

Task<void> HttpServer::Core::send_stream(Connection& c, bool chunked) {
  std::string piece;
  bool good = true;
  while (good && !c.peer_gone && !c.expired && !stopping) {
    const StreamWriter::Take took = c.writer->take(piece);
    if (took == StreamWriter::Take::aborted) break;
    if (took == StreamWriter::Take::finished) {
      if (chunked) co_await c.stream.write_all("0\r\n\r\n");
      break;
    }
    if (took == StreamWriter::Take::nothing) {
      c.stream.deadline.clear();
      c.wake.expires_after(chrono_of(config.stream_heartbeat));
      const auto [failure] = co_await c.wake.async_wait(kAwait);
      if (failure) continue;
      if (c.writer.use_count() == 1) break;  // everybody who could write has gone
      if (!c.heartbeats) continue;
      piece = ": \n\n";  // a comment of SSE; proxies and NATs see traffic
    }
    if (chunked) piece = fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
    good = co_await c.stream.write_all(piece);
  }
  c.writer->detach();
  c.stream.cancel(true);
}

Task<void> HttpServer::Core::refuse(Connection& c, int status, std::string reason, const Request* request) {
  if (status == 503) {
    counters.overloaded++;
  } else {
    counters.bad_requests++;
  }
  c.response = refusal(status, error_of(status, reason), request);
  if (status == 503) c.response->headers.set("Retry-After", std::string(kRetryAfterSeconds));
  co_await send(c, request, true, false);
  co_await linger(c);
}

Task<void> HttpServer::Core::linger(Connection& c) {
  c.stream.end_writing();
  c.stream.deadline.set(kLingerMax);
  c.expired = false;
  std::size_t total = 0;
  c.buffer.resize(kReadBytes);
  while (total < kLingerBytesMax && !stopping) {
    const std::size_t got = co_await c.stream.read_some(c.buffer.data(), kReadBytes);
    if (got == 0) co_return;
    total += got;
  }
}

// ---- stopping ----

bool HttpServer::Core::wait_until_empty(Duration timeout) {
  std::unique_lock lock(mutex);
  return emptied.wait_for(lock, chrono_of(timeout), [this] { return open_count == 0; });
}

void HttpServer::Core::stop() {
  if (stopping.exchange(true)) return;
  asio::post(io.first(), [this] {
    boost::system::error_code ignored;
    static_cast<void>(acceptor.close(ignored));
    accept_pause.cancel();
  });
  for (const ConnectionPtr& c : connections()) {
    asio::post(c->io, [c] {
      if (c->writer) c->wake.cancel();
      if (c->idle) c->stream.cancel(true);
    });
  }
  if (!wait_until_empty(config.stop_grace)) {
    for (const ConnectionPtr& c : connections()) asio::post(c->io, [c] { c->stream.cancel(true); });
  }
  for (const ConnectionPtr& c : connections()) {
    asio::post(c->io, [c] {
      if (c->writer) c->writer->detach();
    });
  }
  streamers.stop();
  workers.stop();
  wait_until_empty(seconds(1));
  io.stop();
}

// ---- the public face ----

HttpServer::HttpServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
HttpServer::~HttpServer() { stop(); }
void HttpServer::stop() { core_->stop(); }
std::uint16_t HttpServer::port() const { return core_->address.port; }

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerConfig config, Handler handler) {
  const BoundSocket bound = PHENDAU_TRY(bind_socket(config.listen, SocketKind::tcp));
  auto core = std::make_unique<Core>(std::move(config), std::move(handler), bound);
  asio::co_spawn(core->io.first(), core->accept_loop(), asio::detached);
  asio::co_spawn(core->io.first(), core->sweep_loop(), asio::detached);
  core->io.start();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

void HttpServer::replace_tls(TlsServer tls) {
  const std::lock_guard lock(core_->mutex);
  core_->tls = std::move(tls);
}

HttpServerCounts HttpServer::counts() const {
  const Core::Counters& from = core_->counters;
  HttpServerCounts out;
  out.accepted = from.accepted;
  out.refused_connections = from.refused_connections;
  out.failed_handshakes = from.failed_handshakes;
  out.requests = from.requests;
  out.bad_requests = from.bad_requests;
  out.overloaded = from.overloaded;
  out.timed_out = from.timed_out;
  out.open_streams = from.open_streams;
  const std::lock_guard lock(core_->mutex);
  out.open_connections = core_->open_count;
  return out;
}

std::string Request::query_value(std::string_view name, std::string_view fallback) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::string(fallback);
}

bool Request::has_query(std::string_view name) const {
  return std::any_of(query.begin(), query.end(), [&](const auto& pair) { return pair.first == name; });
}

std::string Request::cookie(std::string_view name) const {
  for (const auto& [field, value] : headers.fields()) {
    if (!equals_ignore_case_ascii(field, "Cookie")) continue;
    for (const std::string_view part : split(value, ';')) {
      const std::string_view pair = trim(part);
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name)
        return std::string(pair.substr(equals + 1));
    }
  }
  return {};
}

}  // namespace phendau::net

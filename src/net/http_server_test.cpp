// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/texts.h"
#include "net/http_client.h"
#include "net/socket_portable.h"
#include "os/testing/fake_env.h"

namespace http_server_test {

using namespace phendau;
using namespace phendau::net;

namespace {

constexpr Duration kPatience = seconds(20);  // only a failing test waits this long

HttpServerConfig local() {
  HttpServerConfig config;
  config.listen = {"127.0.0.1", 0};
  return config;
}

Response text_response(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain");
  response.body = std::move(body);
  return response;
}

Response echo(const Request& request) {
  return text_response(request.method + " " + request.path + " " + request.body);
}

HttpClient client_of(const HttpServer& server, std::optional<TlsClientConfig> tls = {}) {
  HttpClientConfig config;
  config.host = "127.0.0.1";
  config.port = server.port();
  config.tls = std::move(tls);
  config.request_timeout = kPatience;
  return HttpClient::create(std::move(config)).value();
}

/// Sends raw bytes and returns all that comes back until the server closes.
std::string talk(std::uint16_t port, std::string_view bytes) {
  const auto socket = socket_connect("127.0.0.1", port, kPatience);
  REQUIRE(socket);
  bool would_block = false;
  while (!bytes.empty()) {
    const long sent = socket_send(*socket, bytes, would_block);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (sent <= 0 && (!would_block || !socket_wait(*socket, SocketWait::writable, kPatience))) break;
  }
  std::string out;
  char piece[4096];
  for (;;) {
    const long got = socket_receive(*socket, piece, sizeof piece, would_block);
    if (got > 0) out.append(piece, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && !would_block)) break;
    if (got < 0 && !socket_wait(*socket, SocketWait::readable, kPatience)) {
      out += "(still open)";
      break;
    }
  }
  socket_close(*socket);
  return out;
}

struct Pki {
  KeyPair ca;
  KeyPair server;
  Pki() {
    ca = create_ca(posix_env(), "Hub CA", 3650).value();
    server = issue_server_certificate(posix_env(), ca, {"127.0.0.1", "hub.example"}, 90).value();
  }
  static KeyPair client(Env& env, const KeyPair& by, const std::string& device) {
    const auto request = make_certificate_request(device).value();
    return {sign_client_request(env, by, request.request_pem, {device, "agency-1"}, 30).value(),
            request.key_pem};
  }
};

}  // namespace

TEST_CASE("requests, keep-alive, HEAD, bodies") {
  const auto server = HttpServer::start(local(), echo).value();
  HttpClient client = client_of(*server);
  CHECK(client.get("/a?x=1")->body == "GET /a ");
  CHECK(client.is_connected());
  CHECK(client.send("POST", "/b", {}, "hello")->body == "POST /b hello");
  const auto head = client.send("HEAD", "/c");
  REQUIRE(head);
  CHECK(head->body.empty());
  CHECK(head->headers.get("Content-Length") == "8");
  CHECK(client.send("POST", "/big", {}, std::string(kBodyBytesDefault, 'x'))->body.size() ==
        kBodyBytesDefault + 10);
  CHECK(server->counts().accepted == 1);
  const auto refused = client.send("POST", "/big", {}, std::string(kBodyBytesDefault + 1, 'x'));
  REQUIRE(refused);
  CHECK(refused->status == 413);
}

TEST_CASE("a raw exchange in pieces, HTTP/1.0 and chunks") {
  const auto server = HttpServer::start(local(), echo).value();
  const std::string one = talk(server->port(), "GET /old HTTP/1.0\r\n\r\n");
  CHECK(one.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(one.ends_with("GET /old "));
  const std::string chunks =
      talk(server->port(),
           "POST /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(chunks.ends_with("POST /c abcde"));
  // A client that waits for leave to send its body gets it.
  const auto socket = socket_connect("127.0.0.1", server->port(), kPatience).value();
  bool would_block = false;
  const std::string_view head =
      "PUT /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  CHECK(socket_send(socket, head, would_block) == static_cast<long>(head.size()));
  CHECK(socket_wait(socket, SocketWait::readable, kPatience));
  char answer[64] = {};
  CHECK(socket_receive(socket, answer, sizeof answer, would_block) > 0);
  CHECK(std::string_view(answer).starts_with("HTTP/1.1 100 "));
  socket_close(socket);
}

TEST_CASE("smuggling, pipelining and oversized heads") {
  std::atomic<int> calls{0};
  const auto server = HttpServer::start(local(), [&](const Request& request) {
                        ++calls;
                        return echo(request);
                      }).value();
  const std::uint16_t port = server->port();
  CHECK(talk(port,
             "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: "
             "chunked\r\n\r\n0\r\n\r\nGET /x")
            .starts_with("HTTP/1.1 400 "));
  CHECK(talk(port, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            .starts_with("HTTP/1.1 400 "));
  CHECK(talk(port, "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(kHeadBytesMax, 'a'))
            .starts_with("HTTP/1.1 431 "));
  CHECK(calls == 0);
  // Only the first of two requests in flight is answered.
  const std::string two = talk(port, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(two.find("GET /1 ") != std::string::npos);
  CHECK(two.find("GET /2 ") == std::string::npos);
  CHECK(calls == 1);
}

TEST_CASE("slow senders are cut off") {
  HttpServerConfig config = local();
  config.head_timeout = config.idle_timeout = config.body_grace = milliseconds(100);
  const auto server = HttpServer::start(config, echo).value();
  CHECK(talk(server->port(), "GET / HTTP/1.1\r\nHos").starts_with("HTTP/1.1 408 "));
  CHECK(talk(server->port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
            .starts_with("HTTP/1.1 408 "));
  CHECK(talk(server->port(), "").empty());
  CHECK(server->counts().timed_out == 3);
}

namespace {

std::string post_head(std::string_view path, std::size_t size_bytes, std::string_view more = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) +
         "Content-Length: " + std::to_string(size_bytes) + "\r\n\r\n";
}

/// Large bodies only for who says the word.
HttpServerConfig guarded() {
  HttpServerConfig config = local();
  config.body_limit = [](const Request&) { return std::uint64_t{32u << 20}; };
  config.proof = [](const Request& head) -> Result<> {
    if (head.headers.get("X-Word") == "open") return {};
    return fail(ErrorCode::denied, "say the word");
  };
  return config;
}

/// A connection that stays open with some bytes sent.
SocketHandle hold_open(std::uint16_t port, std::string_view bytes) {
  const auto socket = socket_connect("127.0.0.1", port, kPatience).value();
  bool would_block = false;
  while (!bytes.empty()) {
    const long sent = socket_send(socket, bytes, would_block);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (sent <= 0 && (!would_block || !socket_wait(socket, SocketWait::writable, kPatience))) break;
  }
  return socket;
}

}  // namespace

TEST_CASE("a stranger sends no large body, and is told so before it arrives") {
  const auto server = HttpServer::start(guarded(), echo).value();
  const std::string refused = talk(server->port(), post_head("/big", 20u << 20));
  CHECK(refused.starts_with("HTTP/1.1 401 "));
  CHECK(refused.find("say the word") != std::string::npos);
  HttpClient client = client_of(*server);
  CHECK(client.send("POST", "/s", {}, std::string(kBodyBytesUnproved, 'x'))->status == 200);
  Headers word;
  word.add("X-Word", "open");
  CHECK(client.send("POST", "/b", word, std::string(1u << 20, 'x'))->status == 200);
  // Chunks tell no size beforehand: a stranger's end at the same limit.
  const std::string piece = "10000\r\n" + std::string(0x10000, 'c') + "\r\n";
  CHECK(talk(server->port(),
             "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + piece + piece)
            .starts_with("HTTP/1.1 413 "));
}

TEST_CASE("a declared size costs no budget, only what arrives does") {
  HttpServerConfig config = guarded();
  config.bodies_bytes_max = 1u << 20;
  const auto server = HttpServer::start(config, echo).value();
  std::vector<SocketHandle> held;
  for (int i = 0; i < 16; ++i) {
    held.push_back(hold_open(server->port(), post_head("/big", 20u << 20, "X-Word: open\r\n") + "x"));
  }
  HttpClient client = client_of(*server);
  CHECK(client.send("POST", "/s", {}, std::string(60'000, 'x'))->status == 200);
  for (const SocketHandle socket : held) socket_close(socket);
}

TEST_CASE("one sender cannot use up the budget of all bodies, and a small body always finds room") {
  HttpServerConfig config = guarded();
  config.bodies_bytes_max = 4u << 20;
  config.bodies_bytes_per_sender_max = 1u << 20;
  const auto server = HttpServer::start(config, echo).value();
  const SocketHandle held = hold_open(
      server->port(), post_head("/big", 20u << 20, "X-Word: open\r\n") + std::string(1u << 20, 'x'));
  // What was sent is counted soon; until then the others still find room.
  int status = 200;
  for (int i = 0; i < 500 && status == 200; ++i) {
    status = client_of(*server).send("POST", "/s", {}, std::string(60'000, 'x'))->status;
  }
  CHECK(status == 503);
  CHECK(client_of(*server).send("POST", "/sign-in", {}, std::string(kBodyBytesFree, 'x'))->status == 200);
  socket_close(held);
}

TEST_CASE("a stranger's body has the grace and no more, however busily it trickles") {
  HttpServerConfig config = guarded();
  config.body_grace = milliseconds(300);
  const auto server = HttpServer::start(config, echo).value();
  const SocketHandle socket = hold_open(server->port(), post_head("/t", 60'000));
  const Duration begin = socket_clock();
  bool would_block = false;
  bool open = true;
  // 8 KiB a piece earned another second before; now nothing is earned.
  while (open && socket_clock().ns - begin.ns < seconds(10).ns) {
    char byte = 0;
    open = socket_send(socket, std::string(512, 'y'), would_block) >= 0 || would_block;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (socket_receive(socket, &byte, 1, would_block) > 0) open = false;  // the answer: 408
  }
  CHECK(socket_clock().ns - begin.ns < seconds(5).ns);
  CHECK(server->counts().timed_out == 1);
  socket_close(socket);
}

TEST_CASE("an export does not wait for ever for a reader") {
  StreamWriter writer([] {});
  CHECK(writer.write_blocking(std::string(kStreamBufferBytesMax, 'x'), milliseconds(50)));
  CHECK_FALSE(writer.write_blocking("y", milliseconds(50)));
  std::string taken;
  writer.take(taken);
  CHECK(writer.write_blocking("y", milliseconds(50)));
}

TEST_CASE("overload is answered at once") {
  std::promise<void> started;
  std::promise<void> go;
  std::shared_future<void> gate = go.get_future().share();
  std::atomic<int> running{0};
  HttpServerConfig config = local();
  config.worker_threads = 1;
  config.queue_max = 1;
  const auto server = HttpServer::start(config, [&](const Request& request) {
                        if (running.fetch_add(1) == 0) started.set_value();
                        gate.wait();
                        return echo(request);
                      }).value();
  auto first = std::async(std::launch::async, [&] { return client_of(*server).get("/1")->status; });
  started.get_future().wait();
  // One of the two waits in the queue, the other is refused; which one is open.
  auto ask = [&] { return client_of(*server).get("/n")->status; };
  auto second = std::async(std::launch::async, ask);
  auto third = std::async(std::launch::async, ask);
  while (server->counts().overloaded == 0) std::this_thread::yield();
  go.set_value();
  CHECK(first.get() == 200);
  CHECK(second.get() + third.get() == 200 + 503);
}

TEST_CASE("connection limits") {
  HttpServerConfig config = local();
  config.connections_per_address_max = 2;
  const auto server = HttpServer::start(config, echo).value();
  HttpClient a = client_of(*server);
  HttpClient b = client_of(*server);
  HttpClient c = client_of(*server);
  CHECK(a.get("/"));
  CHECK(b.get("/"));
  CHECK_FALSE(c.get("/"));
  CHECK(server->counts().refused_connections >= 1);
}

TEST_CASE("200 clients with kept connections") {
  const auto server = HttpServer::start(local(), echo).value();
  std::vector<HttpClient> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(client_of(*server));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 3; ++round) {
        for (std::size_t i = t; i < clients.size(); i += 4) {
          const auto answer = clients[i].get("/k");
          if (answer && answer->body == "GET /k ") ++good;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 600);
  CHECK(server->counts().accepted == 200);
  CHECK(server->counts().open_connections == 200);
}

TEST_CASE("live updates reach every subscriber and end when the reader leaves") {
  SseHub hub;
  HttpServerConfig config = local();
  const auto server = HttpServer::start(config, [&](const Request& request) {
                        Response response;
                        response.headers.add("Content-Type", "text/event-stream");
                        const std::string tag = request.query_value("tag");
                        response.attach = [&hub, tag](std::shared_ptr<StreamWriter> writer) {
                          if (!hub.subscribe(writer, tag)) writer->abort();
                        };
                        return response;
                      }).value();
  std::vector<std::future<std::string>> readers;
  for (int i = 0; i < 10; ++i) {
    readers.push_back(std::async(std::launch::async, [&, i] {
      std::string got;
      const std::string target = i % 2 == 0 ? "/s?tag=even" : "/s?tag=odd";
      static_cast<void>(client_of(*server).receive("GET", target, {}, {}, [&](std::string_view piece) {
        got += piece;
        return got.find("last") == std::string::npos;
      }));
      return got;
    }));
  }
  while (hub.size() < 10) std::this_thread::yield();
  CHECK(hub.publish({"1", "case", "a\nb"}, [](std::string_view tag) { return tag == "even"; }) == 5);
  CHECK(hub.publish({"2", "", "last"}, [](std::string_view) { return true; }) == 10);
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const std::string expected = i % 2 == 0 ? "id: 1\nevent: case\ndata: a\ndata: b\n\nid: 2\ndata: last\n\n"
                                            : "id: 2\ndata: last\n\n";
    CHECK(readers[i].get() == expected);
  }
  while (server->counts().open_streams > 0) std::this_thread::yield();
  CHECK(hub.publish({"3", "", "x"}, [](std::string_view) { return true; }) == 0);
  CHECK(hub.size() == 0);
}

TEST_CASE("long exports are streamed, an abort is seen as a fault") {
  constexpr std::size_t kPieces = 64;
  const auto server = HttpServer::start(local(), [](const Request& request) {
                        Response response;
                        const bool broken = request.path == "/broken";
                        response.stream = [broken](StreamWriter& writer) {
                          const std::string piece(kStreamBufferBytesMax / 8, 'p');
                          for (std::size_t i = 0; i < kPieces; ++i) {
                            if (!writer.write_blocking(piece)) return;
                          }
                          if (broken) writer.abort();
                        };
                        return response;
                      }).value();
  std::size_t total = 0;
  const auto count = [&](std::string_view piece) {
    total += piece.size();
    return true;
  };
  CHECK(client_of(*server).receive("GET", "/whole", {}, {}, count));
  CHECK(total == kPieces * kStreamBufferBytesMax / 8);
  CHECK_FALSE(client_of(*server).receive("GET", "/broken", {}, {}, count));
}

TEST_CASE("stopping with open connections, and a port in use") {
  auto server = HttpServer::start(local(), echo).value();
  HttpClient client = client_of(*server);
  CHECK(client.get("/"));
  HttpServerConfig same = local();
  same.listen.port = server->port();
  const auto second = HttpServer::start(same, echo);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(explain(Lang::en, second.error()).find("another port") != std::string::npos);
  server->stop();
  CHECK(server->counts().open_connections == 0);
  CHECK(client.get("/").error().text_id == "net.connect.refused");
}

TEST_CASE("agents prove themselves, browsers are never asked") {
  const Pki pki;
  const KeyPair foreign_ca = create_ca(posix_env(), "Hub CA", 3650).value();
  FakeEnv past(posix_env().now() - days(60));
  const KeyPair good = Pki::client(posix_env(), pki.ca, "device-1");
  std::atomic<bool> locked{false};
  TlsServerConfig tls;
  tls.certificate = pki.server;
  tls.client_ca_pem = pki.ca.certificate_pem;
  tls.ask = AskCertificate::agents;
  tls.revoked = [&](const PeerIdentity& peer) { return peer.device_id == "device-9" || locked; };
  HttpServerConfig config = local();
  config.tls = TlsServer::create(tls).value();
  const auto server =
      HttpServer::start(config, [](const Request& request) {
        return text_response(request.protocol + "|" + request.identity.device_id + "|" +
                             request.identity.agency_id + "|" +
                             (request.identity.verified ? "yes" : request.identity.error.text_id));
      }).value();
  const auto agent = [&](KeyPair certificate) {
    TlsClientConfig out;
    out.ca_pem = pki.ca.certificate_pem;
    out.protocol = kAgentProtocol;
    out.certificate = std::move(certificate);
    return client_of(*server, out);
  };

  SUBCASE("a good certificate, locked later") {
    HttpClient client = agent(good);
    CHECK(client.get("/agent/v1/facts")->body == "phendau-agent|device-1|agency-1|yes");
    CHECK(client.certificate_asked());
    CHECK(client.tls_version() == "TLSv1.3");
    locked = true;  // takes effect on the open connection
    const auto refused = client.get("/agent/v1/facts");
    REQUIRE(refused);
    CHECK(refused->status == 403);
    CHECK(refused->body.find("locked out") != std::string::npos);
  }
  SUBCASE("every bad certificate gets a readable refusal and may still enrol") {
    struct Case {
      KeyPair certificate;
      const char* text_id;
      const char* word;
    };
    const Case cases[] = {
        {{}, "net.peer.no_certificate", "enrol"},
        {Pki::client(past, pki.ca, "device-2"), "net.peer.expired", "expired"},
        {Pki::client(posix_env(), foreign_ca, "device-3"), "net.peer.foreign", "not issued"},
        {Pki::client(posix_env(), pki.ca, "device-9"), "net.peer.revoked", "locked out"},
        {pki.server, "net.peer.foreign", "not issued"}};
    for (const Case& c : cases) {
      const auto refused = agent(c.certificate).get("/agent/v1/facts");
      REQUIRE_MESSAGE(refused, c.text_id);
      CHECK(refused->status == 403);
      CHECK_MESSAGE(refused->body.find(c.word) != std::string::npos, refused->body);
      const auto enrol = agent(c.certificate).send("POST", "/agent/v1/enrol", {}, "x");
      REQUIRE(enrol);
      CHECK(enrol->status == 200);
      CHECK_MESSAGE(enrol->body.ends_with(c.text_id), enrol->body);
    }
  }
  SUBCASE("a browser") {
    for (const char* protocol : {"", "http/1.1", "h2"}) {
      TlsClientConfig browser;
      browser.ca_pem = pki.ca.certificate_pem;
      browser.protocol = protocol;
      browser.certificate = good;  // it has one, and must not be asked for it
      HttpClient client = client_of(*server, browser);
      const auto answer = client.get("/");
      REQUIRE(answer);
      CHECK(answer->status == 200);
      CHECK_FALSE(client.certificate_asked());
      CHECK(answer->body.find("device") == std::string::npos);
    }
  }
  SUBCASE("plain bytes at a TLS port") {
    CHECK(talk(server->port(), "GET / HTTP/1.1\r\n\r\n").find("200") == std::string::npos);
  }
}

TEST_CASE("the client tells an impostor, a wrong name, an old certificate and silence apart") {
  const Pki pki;
  const Pki other;
  HttpServerConfig config = local();
  TlsServerConfig tls;
  tls.certificate = pki.server;
  config.tls = TlsServer::create(tls).value();
  const auto server = HttpServer::start(config, echo).value();
  const auto ask = [&](TlsClientConfig client) { return client_of(*server, std::move(client)).get("/"); };

  TlsClientConfig pinned;
  pinned.pinned_ca_sha256 = public_key_sha256(pki.ca.certificate_pem).value();
  CHECK(ask(pinned)->status == 200);
  pinned.pinned_ca_sha256 = public_key_sha256(other.ca.certificate_pem).value();
  CHECK(ask(pinned).error().text_id == "net.tls.impostor");
  CHECK(ask(pinned).error().code == ErrorCode::denied);

  TlsClientConfig trusting;
  trusting.ca_pem = other.ca.certificate_pem;
  CHECK(ask(trusting).error().text_id == "net.tls.untrusted");
  trusting.ca_pem = pki.ca.certificate_pem;
  CHECK(ask(trusting)->status == 200);
  trusting.server_name = "hub.example";
  CHECK(ask(trusting)->status == 200);
  trusting.server_name = "elsewhere.example";
  CHECK(ask(trusting).error().text_id == "net.tls.wrong_name");
  FakeEnv future(posix_env().now() + days(200));
  trusting.server_name = "hub.example";
  trusting.env = &future;
  CHECK(ask(trusting).error().text_id == "net.tls.expired");

  // An agent's certificate must not pass for the hub's.
  TlsServerConfig fake;
  fake.certificate = Pki::client(posix_env(), pki.ca, "device-1");
  fake.certificate.certificate_pem += pki.ca.certificate_pem;
  HttpServerConfig fake_config = local();
  fake_config.tls = TlsServer::create(fake).value();
  const auto fake_server = HttpServer::start(fake_config, echo).value();
  TlsClientConfig pin;
  pin.pinned_ca_sha256 = public_key_sha256(pki.ca.certificate_pem).value();
  CHECK(client_of(*fake_server, pin).get("/").error().code == ErrorCode::denied);
}

}  // namespace http_server_test

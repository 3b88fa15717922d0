// SPDX-License-Identifier: Apache-2.0
#include "net/listeners.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/socket_portable.h"

namespace listeners_test {

using namespace phendau;
using namespace phendau::net;

namespace {

/// Collects what callbacks say and lets the test wait for it.
struct Collected {
  std::mutex mutex;
  std::condition_variable changed;
  std::string bytes;
  int closed = 0;
  std::uint64_t last_id = 0;
  std::string device;
  std::string refused;  // text of the last refusal

  template <class Test>
  bool wait(Test test) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), test);  // only a failing test waits this long
  }
};

StreamEvents events_into(Collected& collected, bool go_on = true) {
  StreamEvents events;
  events.on_chunk = [&collected, go_on](const StreamPeer& peer, std::string_view chunk) {
    const std::lock_guard lock(collected.mutex);
    collected.bytes += chunk;
    collected.last_id = peer.connection_id;
    collected.device = peer.identity.device_id;
    collected.changed.notify_all();
    return go_on;
  };
  events.on_closed = [&collected](const StreamPeer&) {
    const std::lock_guard lock(collected.mutex);
    ++collected.closed;
    collected.changed.notify_all();
  };
  events.on_refused = [&collected](const StreamPeer&, const Error& why) {
    const std::lock_guard lock(collected.mutex);
    collected.refused = why.text_id;
    collected.changed.notify_all();
  };
  return events;
}

StreamListenerConfig local() {
  StreamListenerConfig config;
  config.listen = {"127.0.0.1", 0};
  return config;
}

void send_bytes(SocketHandle socket, std::string_view bytes) {
  bool would_block = false;
  CHECK(socket_send(socket, bytes, would_block) == static_cast<long>(bytes.size()));
}

/// Sends over TLS and reads until the listener ends it; why it ended, as the sender sees it.
std::string send_tls(const TlsClientConfig& config, std::uint16_t port, std::string_view bytes) {
  const auto socket = socket_connect("127.0.0.1", port, seconds(20)).value();
  std::string why;
  {
    const auto client = TlsClient::create(config).value();
    auto session = client.connect(socket).value();
    const auto waited = [&](TlsStep step) {
      if (step != TlsStep::want_read && step != TlsStep::want_write) return false;
      const auto kind = step == TlsStep::want_read ? SocketWait::readable : SocketWait::writable;
      return socket_wait(socket, kind, seconds(20));
    };
    TlsStep step = session.handshake();
    while (waited(step)) step = session.handshake();
    if (step == TlsStep::done) step = session.write(bytes).step;
    char answer[64];
    if (step == TlsStep::done) step = session.read(answer, sizeof answer).step;
    while (waited(step)) step = session.read(answer, sizeof answer).step;
    why = session.error().message;
  }
  socket_close(socket);
  return why;
}

}  // namespace

TEST_CASE("datagrams arrive whole, in batches, with their sender") {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> got;
  bool loopback = true;
  UdpListenerConfig config;
  config.listen = {"127.0.0.1", 0};
  const auto listener = UdpListener::start(config, [&](std::span<const Datagram> batch) {
                          const std::lock_guard lock(mutex);
                          for (const Datagram& datagram : batch) {
                            got.emplace_back(datagram.bytes);
                            loopback = loopback && datagram.peer.is_loopback() && datagram.peer.port != 0;
                          }
                          changed.notify_all();
                        }).value();
  const int sender = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(listener->port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string large(60'000, 'L');
  for (int i = 0; i < 200; ++i) {
    const std::string text = i == 7 ? large : "message " + std::to_string(i);
    CHECK(::sendto(sender, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to) ==
          static_cast<ssize_t>(text.size()));
  }
  ::close(sender);
  {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return got.size() == 200; }));
  }
  CHECK(loopback);
  CHECK(got[7] == large);
  CHECK(got[199] == "message 199");
  CHECK(listener->counts().received == 200);
  CHECK(listener->counts().dropped_by_kernel == 0);
  CHECK(listener->counts().receive_buffer_bytes > 0);
  listener->stop();
  UdpListenerConfig taken = config;
  const auto again = UdpListener::start(taken, [](std::span<const Datagram>) {}).value();
  taken.listen.port = again->port();
  CHECK(UdpListener::start(taken, [](std::span<const Datagram>) {}).error().text_id == "net.bind.in_use");
}

TEST_CASE("a stream is delivered in order and its end is told") {
  Collected collected;
  const auto listener = StreamListener::start(local(), events_into(collected)).value();
  const auto socket = socket_connect("127.0.0.1", listener->port(), seconds(20)).value();
  send_bytes(socket, "one\n");
  send_bytes(socket, "two\n");
  CHECK(collected.wait([&] { return collected.bytes == "one\ntwo\n"; }));
  socket_close(socket);
  CHECK(collected.wait([&] { return collected.closed == 1; }));
}

TEST_CASE("a paused stream reads on after resume") {
  Collected collected;
  const auto listener = StreamListener::start(local(), events_into(collected, false)).value();
  const auto socket = socket_connect("127.0.0.1", listener->port(), seconds(20)).value();
  send_bytes(socket, "first");
  CHECK(collected.wait([&] { return collected.bytes == "first"; }));
  send_bytes(socket, "second");
  CHECK(listener->counts().received_bytes == 5);
  listener->resume(collected.last_id);
  listener->resume(999);
  CHECK(collected.wait([&] { return collected.bytes == "firstsecond"; }));
  listener->stop();  // while paused
  CHECK(collected.closed == 1);
  socket_close(socket);
}

TEST_CASE("stream connection limits") {
  Collected collected;
  StreamListenerConfig config = local();
  config.connections_per_address_max = 1;
  const auto listener = StreamListener::start(config, events_into(collected)).value();
  const auto first = socket_connect("127.0.0.1", listener->port(), seconds(20)).value();
  send_bytes(first, "x");
  CHECK(collected.wait([&] { return collected.bytes == "x"; }));
  const auto second = socket_connect("127.0.0.1", listener->port(), seconds(20)).value();
  CHECK(socket_wait(second, SocketWait::readable, seconds(20)));  // closed
  CHECK(listener->counts().refused_connections == 1);
  socket_close(first);
  socket_close(second);
}

TEST_CASE("TLS senders with good, foreign and no certificate") {
  Env& env = posix_env();
  const auto ca = create_ca(env, "CA", 3650).value();
  const auto foreign = create_ca(env, "CA", 3650).value();
  TlsServerConfig tls;
  tls.certificate = issue_server_certificate(env, ca, {"127.0.0.1"}, 90).value();
  tls.client_ca_pem = ca.certificate_pem;
  tls.ask = AskCertificate::everybody;
  tls.revoked = [](const PeerIdentity& peer) { return peer.device_id == "stolen"; };
  const auto certificate = [&](const KeyPair& by, const std::string& device) {
    const auto request = make_certificate_request(device).value();
    return KeyPair{sign_client_request(env, by, request.request_pem, {device, "a"}, 30).value(),
                   request.key_pem};
  };
  struct Case {
    KeyPair certificate;
    bool verified_only;
    const char* device;   // null: refused
    const char* refused;  // text that the hub's side gets
    const char* told;     // part of what the sender's side sees
  };
  const Case cases[] = {
      {certificate(ca, "relay-1"), true, "relay-1", "", ""},
      {{}, false, "", "", ""},
      {{}, true, nullptr, "net.peer.no_certificate", ""},
      {certificate(foreign, "relay-1"), false, nullptr, "net.peer.foreign", "unknown ca"},
      {certificate(ca, "stolen"), false, nullptr, "net.peer.revoked", "certificate revoked"}};
  for (const Case& c : cases) {
    Collected collected;
    StreamListenerConfig config = local();
    config.tls = TlsServer::create(tls).value();
    config.verified_only = c.verified_only;
    const auto listener = StreamListener::start(config, events_into(collected)).value();
    TlsClientConfig client;
    client.server_name = "127.0.0.1";
    client.ca_pem = ca.certificate_pem;
    client.certificate = c.certificate;
    std::string told;
    std::thread sender([&] { told = send_tls(client, listener->port(), "payload"); });
    if (c.device == nullptr) {
      sender.join();
      CHECK(told.find(c.told) != std::string::npos);
      CHECK(collected.wait([&] { return collected.refused == c.refused; }));
      CHECK(listener->counts().refused_peers == 1);
      CHECK(collected.bytes.empty());
    } else {
      CHECK(collected.wait([&] { return collected.bytes.ends_with("payload"); }));
      CHECK(collected.device == c.device);
      listener->stop();
      sender.join();
    }
  }
}

}  // namespace listeners_test

// SPDX-License-Identifier: Apache-2.0
#include <condition_variable>
#include <map>
#include <mutex>
#include <unordered_map>

#include "net/async_stream.h"
#include "net/bind.h"
#include "net/listeners.h"

namespace phendau::net {
namespace {

constexpr Duration kWriteTimeout = seconds(10);  // only TLS records of the handshake are written
constexpr Duration kRefusedLinger = seconds(2);
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr auto kSweepInterval = std::chrono::seconds(1);
constexpr auto kStopMax = std::chrono::seconds(5);

struct Sender {
  Sender(asio::io_context& context, int descriptor)
      : io(context), stream(context, descriptor, kWriteTimeout), wake(context) {}
  asio::io_context& io;
  AsyncStream stream;
  Timer wake;
  StreamPeer peer;
  bool paused = false;
  bool cut = false;

  void end() {
    cut = true;
    wake.cancel();
    stream.cancel(true);
  }
};
using SenderPtr = std::shared_ptr<Sender>;

}  // namespace

struct StreamListener::Core {
  Core(StreamListenerConfig given, StreamEvents calls, BoundSocket bound)
      : config(std::move(given)),
        events(std::move(calls)),
        address(bound.address),
        io(config.io_threads),
        acceptor(io.first(), bound.descriptor),
        pause(io.first()),
        sweep_timer(io.first()) {}

  StreamListenerConfig config;
  StreamEvents events;
  Address address;
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> accepted{0}, refused_connections{0}, refused_peers{0}, received_bytes{0};

  std::mutex mutex;
  std::condition_variable emptied;
  std::unordered_map<std::uint64_t, SenderPtr> open;  // guarded by mutex
  std::map<Address, std::size_t> per_address;         // guarded by mutex; port 0
  std::uint64_t last_id = 0;                          // guarded by mutex

  IoThreads io;
  Descriptor acceptor;
  Timer pause;
  Timer sweep_timer;

  Task<void> accept_loop() {
    while (!stopping) {
      const auto [failure] = co_await acceptor.async_wait(Descriptor::wait_read, kAwait);
      if (failure || stopping) co_return;
      bool exhausted = false;
      for (;;) {
        Address from;
        const int descriptor = accept_connection(acceptor.native_handle(), from, exhausted);
        if (descriptor < 0) break;
        admit(descriptor, from);
      }
      if (!exhausted) continue;
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAwait);
    }
  }

  void admit(int descriptor, Address from) {
    accepted++;
    Address key = from;
    key.port = 0;
    SenderPtr sender;
    {
      const std::lock_guard lock(mutex);
      std::size_t& from_there = per_address[key];
      if (stopping || open.size() >= config.connections_max ||
          from_there >= config.connections_per_address_max) {
        refused_connections++;
        if (from_there == 0) per_address.erase(key);
        ::close(descriptor);
        return;
      }
      sender = std::make_shared<Sender>(io.next(), descriptor);
      sender->peer.connection_id = ++last_id;
      sender->peer.address = from;
      sender->peer.tls = config.tls.has_value();
      ++from_there;
      open.emplace(sender->peer.connection_id, sender);
    }
    asio::co_spawn(sender->io, run(sender), asio::detached);
  }

  void forget(const SenderPtr& sender) {
    Address key = sender->peer.address;
    key.port = 0;
    const std::lock_guard lock(mutex);
    open.erase(sender->peer.connection_id);
    const auto found = per_address.find(key);
    if (found != per_address.end() && --found->second == 0) per_address.erase(found);
    if (open.empty()) emptied.notify_all();
  }

  Task<bool> shake_hands(SenderPtr sender) {
    sender->stream.deadline.set(config.handshake_timeout);
    auto session = config.tls->accept(sender->stream.descriptor().native_handle());
    if (!session) co_return false;
    sender->stream.tls.emplace(std::move(*session));
    const bool good = co_await sender->stream.handshake();
    if (!good) {
      Error& why = sender->peer.identity.error;
      why = sender->stream.tls->error();
      if (why.message.empty()) {
        why = {
            ErrorCode::unavailable, "TLS failed: nothing was sent in time", "net.tls.handshake", {"timeout"}};
      }
      co_return false;
    }
    sender->peer.identity = sender->stream.tls->peer();
    const PeerIdentity& identity = sender->peer.identity;
    co_return identity.verified || (!identity.has_certificate && !config.verified_only);
  }

  void tell_refused(const Sender& sender) {
    refused_peers++;
    if (events.on_refused && !stopping) events.on_refused(sender.peer, sender.peer.identity.error);
  }

  /// Reads what the refused peer already sent: closing with unread bytes would reset the connection, and the
  /// alert that says why would be lost on the way.
  Task<void> let_read_alert(SenderPtr sender) {
    sender->stream.end_writing();
    sender->stream.tls.reset();
    sender->stream.deadline.set(kRefusedLinger);
    std::string buffer(kStreamChunkBytes, '\0');
    while (!sender->cut && co_await sender->stream.read_some(buffer.data(), buffer.size()) > 0) {
    }
  }

  /// Whether the sender may go on: an expired or revoked certificate ends open connections too.
  bool still_good(Sender& sender) const {
    if (!config.tls || !sender.peer.identity.verified) return true;
    config.tls->recheck(sender.peer.identity);
    return sender.peer.identity.verified;
  }

  Task<void> run(SenderPtr sender) {
    bool good = true;
    if (config.tls) good = co_await shake_hands(sender);
    if (good) {
      co_await pump(sender);
      if (events.on_closed) events.on_closed(sender->peer);
    } else {
      tell_refused(*sender);
      co_await let_read_alert(sender);
    }
    forget(sender);
  }

  Task<void> pump(SenderPtr sender) {
    std::string buffer(kStreamChunkBytes, '\0');
    while (!sender->cut) {
      sender->stream.deadline.set(config.idle_timeout);
      const std::size_t got = co_await sender->stream.read_some(buffer.data(), buffer.size());
      if (got == 0) co_return;
      if (!still_good(*sender)) {
        tell_refused(*sender);
        co_return;
      }
      received_bytes += got;
      sender->paused = !events.on_chunk(sender->peer, std::string_view(buffer).substr(0, got));
      sender->stream.deadline.clear();
      while (sender->paused && !sender->cut) {
        sender->wake.expires_at(Timer::time_point::max());
        co_await sender->wake.async_wait(kAwait);
      }
    }
  }

  std::vector<SenderPtr> senders() {
    std::vector<SenderPtr> out;
    const std::lock_guard lock(mutex);
    for (const auto& [id, sender] : open) out.push_back(sender);
    return out;
  }

  Task<void> sweep_loop() {
    for (;;) {
      sweep_timer.expires_after(kSweepInterval);
      const auto [failure] = co_await sweep_timer.async_wait(kAwait);
      if (failure) co_return;
      const Duration now = socket_clock();
      const std::vector<SenderPtr> all = senders();
      for (const SenderPtr& sender : all) {
        if (!sender->stream.deadline.passed(now)) continue;
        asio::post(sender->io, [sender] { sender->end(); });
      }
    }
  }

  void stop() {
    if (stopping.exchange(true)) return;
    asio::post(io.first(), [this] {
      boost::system::error_code ignored;
      static_cast<void>(acceptor.close(ignored));
      pause.cancel();
    });
    for (const SenderPtr& sender : senders()) asio::post(sender->io, [sender] { sender->end(); });
    {
      std::unique_lock lock(mutex);
      emptied.wait_for(lock, kStopMax, [this] { return open.empty(); });
    }
    io.stop();
    const std::lock_guard lock(mutex);
    open.clear();  // streams belong to the io contexts and must go before them
  }
};

Result<std::unique_ptr<StreamListener>> StreamListener::start(StreamListenerConfig config,
                                                              StreamEvents events) {
  const BoundSocket bound = PHENDAU_TRY(bind_socket(config.listen, SocketKind::tcp));
  auto core = std::make_unique<Core>(std::move(config), std::move(events), bound);
  asio::co_spawn(core->io.first(), core->accept_loop(), asio::detached);
  asio::co_spawn(core->io.first(), core->sweep_loop(), asio::detached);
  core->io.start();
  return std::unique_ptr<StreamListener>(new StreamListener(std::move(core)));
}

StreamListener::StreamListener(std::unique_ptr<Core> core) : core_(std::move(core)) {}
StreamListener::~StreamListener() { stop(); }
void StreamListener::stop() { core_->stop(); }
std::uint16_t StreamListener::port() const { return core_->address.port; }

StreamListenerCounts StreamListener::counts() const {
  StreamListenerCounts out{core_->accepted, core_->refused_connections, core_->refused_peers,
                           core_->received_bytes, 0};
  const std::lock_guard lock(core_->mutex);
  out.open_connections = core_->open.size();
  return out;
}

void StreamListener::resume(std::uint64_t connection_id) {
  SenderPtr sender;
  {
    const std::lock_guard lock(core_->mutex);
    const auto found = core_->open.find(connection_id);
    if (found == core_->open.end()) return;
    sender = found->second;
  }
  asio::post(sender->io, [sender] {
    sender->paused = false;
    sender->wake.cancel();
  });
}

}  // namespace phendau::net

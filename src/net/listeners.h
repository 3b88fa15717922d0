// SPDX-License-Identifier: Apache-2.0
// Raw listeners for senders that speak first and never wait for an answer, such as syslog: datagrams in
// batches, and bytes of TCP or TLS connections as they come. Framing and decoding are the caller's. Callbacks
// run on the listeners' own threads: for one connection in order, for different ones at the same time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "net/address.h"
#include "net/tls.h"

namespace phendau::net {

/// Largest UDP payload: nothing is ever cut.
inline constexpr std::size_t kDatagramBytesMax = 65'535;
/// Datagrams per system call; above 64 the gain ends and the buffers (64 KiB each) leave the cache.
inline constexpr std::size_t kDatagramBatchMax = 64;
inline constexpr std::size_t kStreamChunkBytes = 64u << 10;

struct Datagram {
  std::string_view bytes;  // valid during the callback
  Address peer;
};

struct UdpListenerConfig {
  HostPort listen;
  int receive_buffer_bytes = 32 << 20;  // 250 ms at 500,000 messages of 250 bytes; the kernel may grant less
};

struct UdpCounts {
  std::uint64_t received = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t dropped_by_kernel = 0;  // since start, as of the newest datagram
  int receive_buffer_bytes = 0;         // what the kernel granted
};

class UdpListener {
 public:
  using OnDatagrams = std::function<void(std::span<const Datagram>)>;
  /// One thread. While the callback runs, the kernel queues, then drops and counts.
  static Result<std::unique_ptr<UdpListener>> start(const UdpListenerConfig& config,
                                                    OnDatagrams on_datagrams);
  ~UdpListener();  // stops
  std::uint16_t port() const;
  UdpCounts counts() const;
  /// After it returns no callback runs.
  void stop();

  struct Core;

 private:
  explicit UdpListener(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

/// A connection as callbacks see it.
struct StreamPeer {
  std::uint64_t connection_id = 0;  // never reused
  Address address;
  bool tls = false;
  PeerIdentity identity;  // when TLS and a certificate was shown
};

struct StreamListenerConfig {
  HostPort listen;
  std::optional<TlsServer> tls;
  bool verified_only = false;  // refuse TLS peers without a good certificate; a bad one is always refused
  std::size_t io_threads = 1;
  std::size_t connections_max = 2'000;
  std::size_t connections_per_address_max = 64;
  Duration handshake_timeout = seconds(10);
  Duration idle_timeout = hours(24);  // quiet devices are normal, dead ones must go some day
};

struct StreamEvents {
  /// The bytes are taken in any case; false pauses the connection until resume(), and TCP pushes back.
  std::function<bool(const StreamPeer& peer, std::string_view chunk)> on_chunk;
  /// Once per connection that got through the handshake.
  std::function<void(const StreamPeer& peer)> on_closed;
  /// TLS: a peer that may not send (or no longer: then on_closed follows) and why; texts of
  /// TlsSession::error().
  std::function<void(const StreamPeer& peer, const Error& why)> on_refused;
};

struct StreamListenerCounts {
  std::uint64_t accepted = 0;
  std::uint64_t refused_connections = 0;
  std::uint64_t refused_peers = 0;  // handshake failed or certificate not good
  std::uint64_t received_bytes = 0;
  std::uint64_t open_connections = 0;
};

class StreamListener {
 public:
  static Result<std::unique_ptr<StreamListener>> start(StreamListenerConfig config, StreamEvents events);
  ~StreamListener();  // stops
  std::uint16_t port() const;
  StreamListenerCounts counts() const;
  /// From any thread; unknown ids (closed meanwhile) are ignored.
  void resume(std::uint64_t connection_id);
  /// Closes everything; on_closed still comes for each connection, and after it returns no callback runs.
  void stop();

  struct Core;

 private:
  explicit StreamListener(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace phendau::net

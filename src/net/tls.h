// SPDX-License-Identifier: Apache-2.0
// TLS over a socket that somebody else waits on: contexts for servers and clients, and sessions whose calls
// never block. Decides who is asked for a certificate and what a certificate proves. Adapter of libssl:
// tls.cpp. Contexts are immutable and shared between threads; a session is used by one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/address.h"
#include "net/pki.h"

namespace phendau::net {

/// What agents offer in ALPN. Only those who offer it are asked for a certificate: no browser ever shows a
/// dialog.
inline constexpr std::string_view kAgentProtocol = "phendau-agent";
inline constexpr std::string_view kHttpProtocol = "http/1.1";

/// Who the other side proved to be. Without `verified` the texts are claims of a stranger (kept for the log).
struct PeerIdentity {
  bool has_certificate = false;
  bool verified = false;
  std::string device_id;
  std::string agency_id;
  std::string serial;
  UtcTime not_after;
  std::string certificate_sha256;
  /// Why `verified` is false; texts net.peer.{no_certificate,expired,not_yet_valid,foreign,revoked}.
  Error error;
};

enum class AskCertificate : std::uint8_t {
  never,
  agents,    // those who offer kAgentProtocol
  everybody  // optional for the peer, a bad one ends the handshake; machine-to-machine ports such as syslog
};

struct TlsServerConfig {
  KeyPair certificate;        // own certificate, then the CA, so that enrolling agents see its key
  std::string client_ca_pem;  // CAs that sign clients; several while a CA is replaced
  AskCertificate ask = AskCertificate::never;
  bool allow_tls_1_2 = true;  // old machines; 1.3 is preferred
  /// Called for each handshake and each request, on any thread, with a certificate that is otherwise good.
  std::function<bool(const PeerIdentity&)> revoked;
  Env* env = nullptr;  // clock; posix_env() if null
};

struct TlsClientConfig {
  std::string ca_pem;            // trusted CAs; or:
  std::string pinned_ca_sha256;  // hex of a CA key that must stand in the chain (enrolment)
  std::string server_name;       // checked against the certificate and sent as SNI; "" checks nothing
  KeyPair certificate;           // empty: none
  std::string protocol;          // ALPN; "" sends none
  Env* env = nullptr;
};

enum class TlsStep : std::uint8_t { done, want_read, want_write, closed, failed };
struct TlsCount {
  TlsStep step = TlsStep::failed;
  std::size_t size_bytes = 0;
};

/// One connection. Does not own the socket, which must be non-blocking and outlive it.
class TlsSession {
 public:
  struct State;
  explicit TlsSession(std::unique_ptr<State> state);
  ~TlsSession();
  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;

  TlsStep handshake();
  TlsCount read(char* out, std::size_t size_bytes);
  TlsCount write(std::string_view bytes);
  /// Sends close_notify once; never waits for the answer.
  void close();
  /// Agreed protocol, "" if none.
  std::string protocol() const;
  std::string version() const;  // "TLSv1.3"
  /// Why the last step failed. Client texts: net.tls.{impostor,untrusted,wrong_name,expired,handshake};
  /// server texts: net.tls.handshake and those of PeerIdentity::error.
  const Error& error() const;
  /// Whether this side asked for a certificate (server) or was asked for one (client).
  bool certificate_asked() const;
  /// Server: judged after the handshake.
  PeerIdentity peer() const;

 private:
  std::unique_ptr<State> state_;
};

class TlsServer {
 public:
  /// `invalid` with a text when key, certificate or CA cannot be used.
  static Result<TlsServer> create(TlsServerConfig config);
  Result<TlsSession> accept(SocketHandle socket) const;
  /// Looks again at expiry and revocation; both take effect on open connections.
  void recheck(PeerIdentity& peer) const;

  struct State;

 private:
  std::shared_ptr<const State> state_;
};

class TlsClient {
 public:
  static Result<TlsClient> create(TlsClientConfig config);
  Result<TlsSession> connect(SocketHandle socket) const;

  struct State;

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace phendau::net

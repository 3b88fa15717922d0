// SPDX-License-Identifier: Apache-2.0
// Binds the syslog listeners of the settings and feeds the pipeline. UDP: best effort, kernel drops are
// shown. TCP and TLS: reading stops while the journal cannot take more. A source is a listener plus the
// sender's address; over TLS a sender with the certificate of an enrolled device is that device. Refused TLS
// senders are counted, logged with the reason, and the newest is shown.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "hub/devices.h"
#include "hub/ingest_pipeline.h"
#include "hub/keys.h"
#include "ingest/framing.h"
#include "net/listeners.h"

namespace phendau::hub {

class SyslogListeners {
 public:
  SyslogListeners(Services& services, IngestPipeline& pipeline, Devices& devices, const Keys& keys);
  ~SyslogListeners();
  /// Errors name the address and what to do (port in use, not allowed), or the listener or sender that is set
  /// up for an agency that does not exist.
  Result<> start();
  void stop();
  std::uint64_t kernel_drops() const;
  /// {count, at, from, reason} of TLS senders that were turned away since start; without the last three if
  /// none.
  Json refused_senders() const;
  /// [{protocol, address, received, ...}] for the portal and tests; addresses with the port that was bound.
  Json view() const;

 private:
  struct Connection {
    Origin origin;
    ingest::Deframer deframer;
  };
  struct Running {
    ListenerConfig config;
    std::unique_ptr<net::UdpListener> udp;
    std::unique_ptr<net::StreamListener> stream;
    std::mutex mu;
    std::map<std::uint64_t, Connection> connections;  // guarded by mu
  };
  Result<> start_udp(Running& running);
  Result<> start_stream(Running& running);
  void receive(Running& running, const net::StreamPeer& peer, std::string_view chunk);
  void take(Connection& connection);
  void note_refused(const Running& running, const net::StreamPeer& peer, const Error& why);
  /// Owner of what this sender sends: its certificate's device, else listener and address.
  Origin origin_of(const ListenerConfig& config, const net::Address& peer,
                   const net::PeerIdentity& identity) const;
  Result<> check_agencies() const;

  Services& services_;
  IngestPipeline& pipeline_;
  Devices& devices_;
  const Keys& keys_;
  mutable std::mutex refused_mu_;
  std::int64_t refused_ = 0;  // guarded by refused_mu_
  Json last_refused_;         // guarded by refused_mu_
  std::vector<std::unique_ptr<Running>> running_;
};

}  // namespace phendau::hub

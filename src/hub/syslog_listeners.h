// SPDX-License-Identifier: Apache-2.0
// Binds the syslog listeners of the settings and feeds the pipeline. UDP: best effort, kernel drops are
// shown. TCP and TLS: reading stops while the journal cannot take more. A source is a listener plus the
// sender's address.
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
  /// [{protocol, address, received, ...}] for the portal and tests; addresses with the port that was bound.
  Json view() const;

 private:
  struct Running {
    ListenerConfig config;
    std::unique_ptr<net::UdpListener> udp;
    std::unique_ptr<net::StreamListener> stream;
    std::mutex mu;
    std::map<std::uint64_t, ingest::Deframer> connections;  // guarded by mu
  };
  Result<> start_udp(Running& running);
  Result<> start_stream(Running& running);
  Result<> check_agencies() const;
  Origin origin_for(const ListenerConfig& config, const net::Address& peer,
                    const net::PeerIdentity& identity) const;
  void take(Running& running, const net::StreamPeer& peer, ingest::Deframer& deframer);

  Services& services_;
  IngestPipeline& pipeline_;
  Devices& devices_;
  const Keys& keys_;
  std::vector<std::unique_ptr<Running>> running_;
};

}  // namespace phendau::hub

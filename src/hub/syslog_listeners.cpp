// SPDX-License-Identifier: Apache-2.0
#include "hub/syslog_listeners.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/texts.h"

namespace phendau::hub {

SyslogListeners::SyslogListeners(Services& services, IngestPipeline& pipeline, Devices& devices,
                                 const Keys& keys)
    : services_(services), pipeline_(pipeline), devices_(devices), keys_(keys) {}

SyslogListeners::~SyslogListeners() { stop(); }

Result<> SyslogListeners::check_agencies() const {
  const auto check = [this](std::string_view what, const std::string& agency_id) -> Result<> {
    if (agency_id.empty() || agency_id == kUnassignedAgency) return {};
    if (services_.ledger.get("agency", agency_id, everything())) return {};
    return fail(ErrorCode::invalid,
                fmt::format("hub.json: {} is set up for agency '{}', which does not exist", what, agency_id),
                "config.no_agency", {std::string(what), agency_id});
  };
  for (const auto& config : services_.config.listeners) {
    PHENDAU_TRY(check(fmt::format("{}://{}", to_string(config.protocol), config.address), config.agency_id));
  }
  for (const auto& sender : services_.config.senders) {
    PHENDAU_TRY(check(sender.network_text, sender.agency_id));
  }
  return {};
}

Result<> SyslogListeners::start() {
  PHENDAU_TRY(check_agencies());
  for (const auto& config : services_.config.listeners) {
    auto running = std::make_unique<Running>();
    running->config = config;
    if (config.protocol == ListenerConfig::Protocol::udp)
      PHENDAU_TRY(start_udp(*running));
    else
      PHENDAU_TRY(start_stream(*running));
    running_.push_back(std::move(running));
  }
  return {};
}

Result<> SyslogListeners::start_udp(Running& running) {
  net::UdpListenerConfig config;
  config.listen = PHENDAU_TRY(net::parse_host_port(running.config.address));
  running.udp =
      PHENDAU_TRY(net::UdpListener::start(config, [this, &running](std::span<const net::Datagram> datagrams) {
        for (const auto& datagram : datagrams) {
          const Origin origin = origin_of(running.config, datagram.peer, {});
          pipeline_.submit("syslog", datagram.bytes, origin, WhenFull::drop_newest);
        }
      }));
  PHENDAU_LOG(info, "listening", {"protocol", "udp"}, {"port", running.udp->port()});
  return {};
}

Origin SyslogListeners::origin_of(const ListenerConfig& config, const net::Address& peer,
                                  const net::PeerIdentity& identity) const {
  Origin out;
  out.peer = peer.ip_text();
  out.source = config.source + "/" + out.peer;
  out.channel = std::string(to_string(config.protocol));
  if (identity.verified) {
    if (const auto device = devices_.actor_for(identity, out.peer)) {
      // The certificate says which machine it is, whatever address it uses.
      out.agency_id = device->agency_ids.front();
      out.source = device->user_id;
      out.host = device->name;
      return out;
    }
  }
  out.agency_id = pipeline_.agency_of(config, out.peer);
  return out;
}

void SyslogListeners::receive(Running& running, const net::StreamPeer& peer, std::string_view chunk) {
  Connection* connection = nullptr;
  {
    const std::lock_guard lock(running.mu);
    connection = &running.connections[peer.connection_id];
  }
  // Calls for one connection come in order, and the map's nodes stay where they are.
  if (connection->origin.source.empty() || services_.succession->has_ended(connection->origin.agency_id))
    connection->origin = origin_of(running.config, peer.address, peer.identity);
  connection->deframer.push(chunk);
  take(*connection);
}

void SyslogListeners::take(Connection& connection) {
  while (const auto frame = connection.deframer.next()) {
    pipeline_.submit("syslog", frame->record, connection.origin, WhenFull::block, frame->oversized,
                     frame->truncated);
  }
}

void SyslogListeners::note_refused(const Running& running, const net::StreamPeer& peer, const Error& why) {
  PHENDAU_LOG(warn, "syslog_sender_refused", {"port", running.stream->port()},
              {"from", peer.address.ip_text()}, {"error", why.message});
  const std::lock_guard lock(refused_mu_);
  ++refused_;
  last_refused_ = Json::object({{"at", format_rfc3339(services_.env.now())},
                                {"from", peer.address.ip_text()},
                                {"reason", explain(Lang::vi, why)}});
}

Json SyslogListeners::refused_senders() const {
  const std::lock_guard lock(refused_mu_);
  Json out = last_refused_.is_object() ? last_refused_ : Json::object();
  out.set("count", refused_);
  return out;
}

Result<> SyslogListeners::start_stream(Running& running) {
  net::StreamListenerConfig config;
  config.listen = PHENDAU_TRY(net::parse_host_port(running.config.address));
  if (running.config.protocol == ListenerConfig::Protocol::tls) {
    net::TlsServerConfig tls;
    tls.certificate = keys_.server;
    tls.client_ca_pem = keys_.ca.certificate_pem;
    tls.ask = net::AskCertificate::everybody;
    tls.revoked = [this](const net::PeerIdentity& peer) { return !devices_.may_send(peer); };
    tls.env = &services_.env;
    config.tls = PHENDAU_TRY(net::TlsServer::create(std::move(tls)));
  }
  net::StreamEvents events;
  events.on_chunk = [this, &running](const net::StreamPeer& peer, std::string_view chunk) {
    receive(running, peer, chunk);
    return true;
  };
  events.on_refused = [this, &running](const net::StreamPeer& peer, const Error& why) {
    note_refused(running, peer, why);
  };
  events.on_closed = [this, &running](const net::StreamPeer& peer) {
    std::unique_lock lock(running.mu);
    const auto found = running.connections.find(peer.connection_id);
    if (found == running.connections.end()) return;
    auto node = running.connections.extract(found);
    lock.unlock();
    node.mapped().deframer.finish();
    take(node.mapped());
  };
  running.stream = PHENDAU_TRY(net::StreamListener::start(std::move(config), std::move(events)));
  PHENDAU_LOG(info, "listening", {"protocol", to_string(running.config.protocol)},
              {"port", running.stream->port()});
  return {};
}

void SyslogListeners::stop() {
  for (auto& running : running_) {
    if (running->udp) running->udp->stop();
    if (running->stream) running->stream->stop();
  }
}

std::uint64_t SyslogListeners::kernel_drops() const {
  std::uint64_t total = 0;
  for (const auto& running : running_) {
    if (running->udp) total += running->udp->counts().dropped_by_kernel;
  }
  return total;
}

Json SyslogListeners::view() const {
  Json out = Json::array();
  for (const auto& running : running_) {
    const std::uint16_t port = running->udp ? running->udp->port() : running->stream->port();
    out.push(Json::object({{"protocol", to_string(running->config.protocol)},
                           {"port", static_cast<int>(port)},
                           {"agency", running->config.agency_id}}));
  }
  return out;
}

}  // namespace phendau::hub

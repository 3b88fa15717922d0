// SPDX-License-Identifier: Apache-2.0
// How a hub is set up: DATA/hub.json plus what the command line overrides. Each member is documented in
// docs/reference/settings.md with unit, default and limits. Plain values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "model/predicate.h"
#include "net/smtp_client.h"
#include "net/webhook_client.h"
#include "os/env.h"

namespace phendau::hub {

/// One place where records arrive.
struct ListenerConfig {
  enum class Protocol : std::uint8_t { udp, tcp, tls } protocol = Protocol::udp;
  std::string address;  // "127.0.0.1:5514"
  std::string source;   // name of the source; the peer's address is appended for senders that are told apart
  std::string agency_id;  // owner of what arrives here; empty: by sender address, else "unassigned"
};
std::string_view to_string(ListenerConfig::Protocol protocol);

/// A sender that belongs to an agency by its address.
struct SenderConfig {
  Cidr network;
  std::string network_text;
  std::string agency_id;
};

inline constexpr std::string_view kUnassignedAgency = "unassigned";

struct HubConfig {
  std::string data_dir;
  std::string pack_dir;                          // the active pack's folder; its siblings are its imports
  std::string https_address = "127.0.0.1:8443";  // the portal, the API and the agents
  std::vector<std::string> server_names;         // further names and addresses in the server certificate
  std::vector<ListenerConfig> listeners;
  std::vector<SenderConfig> senders;
  int disk_quota_percent = 80;  // of the file system that holds the journal; at this fill appends are refused
  Duration flush_after = milliseconds(50);
  Duration skew_max = minutes(10);  // an event further from its reception is flagged
  Duration session_idle_max = minutes(30);
  Duration session_age_max = hours(12);
  int sign_in_failures_max = 5;  // then the account waits
  Duration sign_in_wait = minutes(15);
  /// Whether the last administrator waits only seconds after failures when signing in at the machine itself.
  /// Not set: only where https_address is a loopback address.
  std::optional<bool> local_sign_in;
  Duration enrolment_token_age_max = hours(24);
  Duration order_age_max = hours(24);
  int device_certificate_days = 365;
  Duration silence_check_every = minutes(1);
  Duration assess_every = minutes(1);  // how often passing time is looked at
  Duration journal_verify_every = days(7);
  std::int64_t journal_verify_bytes_per_second = 8 << 20;
  std::optional<net::SmtpServer> smtp;           // notices also go out by mail
  std::map<std::string, net::Gateway> gateways;  // sms, zalo: short messages
  Duration send_retry_first = minutes(1);        // then three times as long each time, up to six hours
  bool report_form = true;                       // strangers may report incidents by a page of their own
  bool demo = false;                             // the data are invented; every screen says so
};

/// HubConfig::local_sign_in with its default, which follows the address that is really used.
bool allows_local_sign_in(const HubConfig& config);
/// How people and programs reach this hub: its first further name, else the address it listens on.
std::string public_host(const HubConfig& config);
/// `invalid` names the member and what it may be.
Result<HubConfig> config_from_json(const Json& json);
/// DATA/hub.json if it exists, else defaults.
Result<HubConfig> load_config(Env& env, const std::string& data_dir);
/// The pack's zone is the hub's zone.
inline constexpr ZoneOffset kHubZone = kVietnamZone;

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "hub/config.h"

#include <algorithm>

#include "base/text.h"
#include "base/texts.h"

#include "net/address.h"

namespace phendau::hub {
namespace {

constexpr std::uint64_t kPasswordFileBytesMax = 4u << 10;
constexpr std::size_t kGatewaySecretBytesMin = 16;
constexpr std::uint64_t kAuthoritiesBytesMax = 4u << 20;
constexpr std::string_view kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

/// @param what end of a text id "config.WHAT": {0} is the member, further ones what the sentence needs.
std::unexpected<Error> wrong(std::string_view what, std::string_view member,
                             std::vector<std::string> more = {}) {
  std::vector<std::string> args = {std::string(member)};
  args.insert(args.end(), more.begin(), more.end());
  const std::string id = "config." + std::string(what);
  std::string english = tr(Lang::en, id, args);
  return fail(ErrorCode::invalid, std::move(english), id, std::move(args));
}

Result<> read_text(const Json& json, std::string_view member, std::string& out) {
  if (!json.contains(member)) return {};
  if (!json[member].is_string() || json[member].as_string().empty()) return wrong("not_text", member);
  out = json[member].as_string();
  return {};
}

Result<> read_int(const Json& json, std::string_view member, int low, int high, int& out) {
  if (!json.contains(member)) return {};
  const std::int64_t value = json[member].as_int(-1);
  if (!json[member].is_int() || value < low || value > high) {
    return wrong("not_number", member, {std::to_string(low), std::to_string(high)});
  }
  out = static_cast<int>(value);
  return {};
}

Result<> read_duration(const Json& json, std::string_view member, Duration low, Duration high,
                       Duration& out) {
  if (!json.contains(member)) return {};
  const auto value = parse_duration(json[member].as_string());
  if (!value || *value < low || *value > high) {
    return wrong("not_duration", member, {format_duration(low), format_duration(high)});
  }
  out = *value;
  return {};
}

Result<> read_optional_bool(const Json& json, std::string_view member, std::optional<bool>& out) {
  if (!json.contains(member)) return {};
  if (!json[member].is_bool()) return wrong(member, "true or false");
  out = json[member].as_bool();
  return {};
}

Result<ListenerConfig> listener_from(const Json& json) {
  ListenerConfig out;
  const std::string& protocol = json["protocol"].as_string();
  if (protocol == "udp")
    out.protocol = ListenerConfig::Protocol::udp;
  else if (protocol == "tcp")
    out.protocol = ListenerConfig::Protocol::tcp;
  else if (protocol == "tls")
    out.protocol = ListenerConfig::Protocol::tls;
  else
    return wrong("not_like", "listeners.protocol", {"udp | tcp | tls"});
  out.address = json["address"].as_string();
  if (out.address.find(':') == std::string::npos)
    return wrong("not_like", "listeners.address", {"127.0.0.1:5514"});
  out.source = json["source"].string_or("syslog-" + protocol);
  out.agency_id = json["agency"].as_string();
  return out;
}

Result<SenderConfig> sender_from(const Json& json) {
  SenderConfig out;
  out.network_text = json["network"].as_string();
  const auto network = Cidr::parse(out.network_text);
  if (!network) return wrong("not_like", "senders.network", {"10.1.2.0/24"});
  out.network = *network;
  out.agency_id = json["agency"].as_string();
  if (out.agency_id.empty()) return wrong("not_agency", "senders.agency");
  return out;
}

Result<net::SmtpServer> smtp_from(const Json& json) {
  using Security = net::SmtpServer::Security;
  if (!json.is_object()) return wrong("not_like", "smtp", {"{\"host\": ..., \"from\": ...}"});
  for (const auto& [name, value] : json.members()) {
    constexpr std::string_view kKnown[] = {"host",    "port",          "security",
                                           "from",    "user",          "password_file",
                                           "ca_file", "reply_timeout", "final_timeout"};
    if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown))
      return wrong("unknown", "smtp." + name);
  }
  net::SmtpServer out;
  const std::string& security = json["security"].as_string();
  if (security == "none")
    out.security = Security::none;
  else if (security == "tls")
    out.security = Security::tls;
  else if (!security.empty() && security != "starttls")
    return wrong("not_like", "smtp.security", {"starttls | tls | none"});
  int port = out.security == Security::none ? 25 : out.security == Security::tls ? 465 : 587;
  PHENDAU_TRY(read_int(json, "port", 1, 65'535, port));
  out.port = static_cast<std::uint16_t>(port);
  PHENDAU_TRY(read_text(json, "host", out.host));
  const bool is_host = !out.host.empty() && out.host.find_first_of("/@ ?#") == std::string::npos;
  if (!is_host) return wrong("not_like", "smtp.host", {"mail.example.vn"});
  PHENDAU_TRY(read_text(json, "from", out.from));
  if (!net::is_mail_address(out.from)) return wrong("not_like", "smtp.from", {"phendau@example.vn"});
  PHENDAU_TRY(read_text(json, "user", out.user));
  PHENDAU_TRY(read_text(json, "ca_file", out.ca_file));
  PHENDAU_TRY(read_duration(json, "reply_timeout", seconds(1), minutes(10), out.reply_timeout));
  PHENDAU_TRY(read_duration(json, "final_timeout", seconds(1), minutes(30), out.final_timeout));
  if (!out.user.empty() && json["password_file"].as_string().empty())
    return wrong("not_text", "smtp.password_file");
  // A password never crosses the network in clear.
  if (!out.user.empty() && out.security == Security::none)
    return wrong("not_like", "smtp.security", {"starttls | tls"});
  return out;
}

/// Secret and authorities are read by load_config().
Result<std::map<std::string, net::Gateway>> gateways_from(const Json& json) {
  std::map<std::string, net::Gateway> out;
  if (!json.is_object())
    return wrong("not_like", "gateways", {"{\"sms\": {\"url\": ..., \"secret_file\": ...}}"});
  for (const auto& [channel, one] : json.members()) {
    const std::string member = "gateways." + channel;
    if (channel != "sms" && channel != "zalo") return wrong("unknown", member);
    for (const auto& [name, value] : one.members()) {
      if (name != "url" && name != "secret_file" && name != "ca_file")
        return wrong("unknown", member + "." + name);
    }
    const auto gateway = net::gateway_from(one["url"].as_string());
    if (!gateway) return wrong("not_like", member + ".url", {"https://sms.example.vn/send"});
    if (one["secret_file"].as_string().empty()) return wrong("not_text", member + ".secret_file");
    out.emplace(channel, *gateway);
  }
  return out;
}

Result<> read_gateway_files(Env& env, const Json& json, std::map<std::string, net::Gateway>& gateways) {
  for (auto& [channel, gateway] : gateways) {
    const Json& one = json[channel];
    const std::string secret =
        PHENDAU_TRY(read_file(env, one["secret_file"].as_string(), kPasswordFileBytesMax));
    gateway.secret = trim(secret);
    if (gateway.secret.size() < kGatewaySecretBytesMin)
      return wrong("not_like", "gateways." + channel + ".secret_file", {"openssl rand -hex 32"});
    gateway.ca_pem =
        PHENDAU_TRY(read_file(env, one["ca_file"].string_or(kSystemAuthorities), kAuthoritiesBytesMax));
  }
  return {};
}

constexpr std::string_view kConfigMembers[] = {"pack_dir",
                                               "https_address",
                                               "server_names",
                                               "listeners",
                                               "senders",
                                               "disk_quota_percent",
                                               "flush_after",
                                               "skew_max",
                                               "session_idle_max",
                                               "session_age_max",
                                               "sign_in_failures_max",
                                               "sign_in_wait",
                                               "local_sign_in",
                                               "enrolment_token_age_max",
                                               "order_age_max",
                                               "device_certificate_days",
                                               "silence_check_every",
                                               "assess_every",
                                               "journal_verify_every",
                                               "journal_verify_mib_per_second",
                                               "smtp",
                                               "gateways",
                                               "send_retry_first",
                                               "report_form",
                                               "demo"};

}  // namespace

std::string_view to_string(ListenerConfig::Protocol protocol) {
  constexpr std::string_view kNames[] = {"udp", "tcp", "tls"};
  return kNames[static_cast<std::size_t>(protocol)];
}

bool allows_local_sign_in(const HubConfig& config) {
  if (config.local_sign_in) return *config.local_sign_in;
  const auto address = net::parse_host_port(config.https_address);
  return address && net::is_loopback_host(address->host);
}

std::string public_host(const HubConfig& config) {
  const auto address = net::parse_host_port(config.https_address);
  if (config.server_names.empty() || !address) return config.https_address;
  return config.server_names.front() + ":" + std::to_string(address->port);
}

Result<HubConfig> config_from_json(const Json& json) {
  if (!json.is_object()) return wrong("not_object", "");
  for (const auto& [name, value] : json.members()) {
    if (std::find(std::begin(kConfigMembers), std::end(kConfigMembers), name) == std::end(kConfigMembers)) {
      return wrong("unknown", name);
    }
  }
  HubConfig out;
  PHENDAU_TRY(read_text(json, "pack_dir", out.pack_dir));
  PHENDAU_TRY(read_text(json, "https_address", out.https_address));
  PHENDAU_TRY(read_int(json, "disk_quota_percent", 10, 98, out.disk_quota_percent));
  PHENDAU_TRY(read_duration(json, "flush_after", milliseconds(1), seconds(5), out.flush_after));
  PHENDAU_TRY(read_duration(json, "skew_max", seconds(1), days(30), out.skew_max));
  PHENDAU_TRY(read_duration(json, "session_idle_max", seconds(5), hours(12), out.session_idle_max));
  PHENDAU_TRY(read_duration(json, "session_age_max", minutes(5), days(7), out.session_age_max));
  PHENDAU_TRY(read_int(json, "sign_in_failures_max", 3, 20, out.sign_in_failures_max));
  PHENDAU_TRY(read_duration(json, "sign_in_wait", seconds(1), days(1), out.sign_in_wait));
  PHENDAU_TRY(read_optional_bool(json, "local_sign_in", out.local_sign_in));
  PHENDAU_TRY(
      read_duration(json, "enrolment_token_age_max", minutes(5), days(7), out.enrolment_token_age_max));
  PHENDAU_TRY(read_duration(json, "order_age_max", minutes(5), days(7), out.order_age_max));
  PHENDAU_TRY(read_int(json, "device_certificate_days", 1, 3650, out.device_certificate_days));
  PHENDAU_TRY(read_duration(json, "silence_check_every", seconds(1), hours(1), out.silence_check_every));
  PHENDAU_TRY(read_duration(json, "assess_every", seconds(1), hours(1), out.assess_every));
  PHENDAU_TRY(read_duration(json, "journal_verify_every", seconds(1), days(90), out.journal_verify_every));
  int mib_per_second = static_cast<int>(out.journal_verify_bytes_per_second >> 20);
  PHENDAU_TRY(read_int(json, "journal_verify_mib_per_second", 1, 1'000, mib_per_second));
  out.journal_verify_bytes_per_second = std::int64_t{mib_per_second} << 20;
  out.demo = json["demo"].as_bool(false);
  out.report_form = json["report_form"].as_bool(true);
  PHENDAU_TRY(read_duration(json, "send_retry_first", seconds(1), hours(1), out.send_retry_first));
  if (json.contains("gateways")) out.gateways = PHENDAU_TRY(gateways_from(json["gateways"]));
  if (json.contains("smtp")) out.smtp = PHENDAU_TRY(smtp_from(json["smtp"]));
  for (const auto& name : json["server_names"].items()) out.server_names.push_back(name.as_string());
  for (const auto& item : json["listeners"].items())
    out.listeners.push_back(PHENDAU_TRY(listener_from(item)));
  for (const auto& item : json["senders"].items()) out.senders.push_back(PHENDAU_TRY(sender_from(item)));
  return out;
}

Result<HubConfig> load_config(Env& env, const std::string& data_dir) {
  const std::string path = path_join(data_dir, "hub.json");
  HubConfig out;
  if (env.exists(path)) {
    const std::string text = PHENDAU_TRY(read_file(env, path, 1u << 20));
    const auto json = parse_json(text);
    if (!json) {
      const Error& error = json.error();
      const bool syntax = error.text_id == "json.syntax";
      std::vector<std::string> args = {path};
      if (syntax) args.insert(args.end(), error.args.begin(), error.args.end());
      return fail(error.code, path + ": " + error.message, syntax ? "config.not_json" : "config.bad_json",
                  std::move(args));
    }
    out = PHENDAU_TRY(config_from_json(*json));
    if (out.smtp && !out.smtp->user.empty()) {
      const std::string secret =
          PHENDAU_TRY(read_file(env, (*json)["smtp"]["password_file"].as_string(), kPasswordFileBytesMax));
      out.smtp->password = trim(secret);
    }
    PHENDAU_TRY(read_gateway_files(env, (*json)["gateways"], out.gateways));
  }
  out.data_dir = data_dir;
  return out;
}

}  // namespace phendau::hub

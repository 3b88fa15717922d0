// SPDX-License-Identifier: Apache-2.0
#include "agent/config.h"

#include <fmt/format.h>

#include "base/text.h"
#include "net/pki.h"
#include "wire/protocol.h"
#include "wire/token.h"

namespace phendau::agent {
namespace {

constexpr std::uint64_t kFileBytesMax = 1u << 20;  // of each of the three files

std::string_view to_string(JournalUse use) {
  switch (use) {
    case JournalUse::automatic:
      return "automatic";
    case JournalUse::always:
      return "always";
    case JournalUse::never:
      return "never";
  }
  return "automatic";
}

std::unexpected<Error> bad_setting(std::string_view key, std::string_view what) {
  return fail(ErrorCode::invalid, fmt::format("agent.json: '{}' {}", key, what), "agent.config.invalid",
              {std::string(key)});
}

Result<wire::RecordFormat> parse_format(const std::string& text) {
  for (const auto format :
       {wire::RecordFormat::syslog, wire::RecordFormat::text, wire::RecordFormat::ndjson}) {
    if (text == wire::to_string(format)) return format;
  }
  return bad_setting("files.format", "must be syslog, text or ndjson");
}

Result<std::vector<TailedFile>> parse_files(const Json& json) {
  if (!json.is_array() || json.items().size() > kFilesMax)
    return bad_setting("files", "must be a list of at most 64");
  std::vector<TailedFile> out;
  for (const Json& item : json.items()) {
    TailedFile file;
    file.path = item["path"].as_string();
    if (file.path.empty() || file.path.size() > wire::kChannelBytesMax)
      return bad_setting("files.path", "is missing");
    if (item.contains("format")) file.format = PHENDAU_TRY(parse_format(item["format"].as_string()));
    out.push_back(std::move(file));
  }
  return out;
}

Result<std::uint64_t> parse_size(std::string_view key, const Json& json, std::uint64_t least,
                                 std::uint64_t most) {
  const auto value = static_cast<std::uint64_t>(json.as_int(-1) < 0 ? 0 : json.as_int());
  if (!json.is_int() || value < least || value > most) {
    return bad_setting(key, fmt::format("must be a number from {} to {}", least, most));
  }
  return value;
}

Result<Duration> parse_span(std::string_view key, const Json& json, Duration least, Duration most) {
  const auto span = parse_duration(json.as_string());
  if (!span || *span < least || *span > most) {
    return bad_setting(key, fmt::format("must be a time such as \"5m\", from {} to {}",
                                        format_duration(least), format_duration(most)));
  }
  return *span;
}

}  // namespace

Result<Config> parse_config(const Json& json) {
  if (!json.is_object()) return bad_setting("", "must be an object");
  Config config;
  for (const auto& [key, value] : json.members()) {
    if (key == "files") {
      config.files = PHENDAU_TRY(parse_files(value));
    } else if (key == "journald") {
      bool known = false;
      for (const auto use : {JournalUse::automatic, JournalUse::always, JournalUse::never}) {
        if (value.as_string() != to_string(use)) continue;
        config.journald = use;
        known = true;
      }
      if (!known) return bad_setting(key, "must be automatic, always or never");
    } else if (key == "journald_folder") {
      config.journald_folder = value.as_string();
      if (!value.is_string() || (!config.journald_folder.empty() && config.journald_folder[0] != '/'))
        return bad_setting(key, "must be a full path, or empty for this machine's journal");
    } else if (key == "spool_bytes_max") {
      config.spool_bytes_max = PHENDAU_TRY(parse_size(key, value, kSpoolBytesMin, 64ull << 30));
    } else if (key == "memory_bytes_max") {
      config.memory_bytes_max = PHENDAU_TRY(parse_size(key, value, 48u << 20, 4ull << 30));
    } else if (key == "heartbeat_every") {
      config.heartbeat_every = PHENDAU_TRY(parse_span(key, value, seconds(5), hours(1)));
    } else if (key == "facts_every") {
      config.facts_every = PHENDAU_TRY(parse_span(key, value, minutes(5), hours(24)));
    } else {
      return bad_setting(key, "is not a setting");
    }
  }
  return config;
}

Json to_json(const Config& config) {
  Json files = Json::array();
  for (const auto& file : config.files) {
    files.push(Json::object({{"path", file.path}, {"format", wire::to_string(file.format)}}));
  }
  return Json::object({{"files", files},
                       {"journald", to_string(config.journald)},
                       {"journald_folder", config.journald_folder},
                       {"spool_bytes_max", config.spool_bytes_max},
                       {"memory_bytes_max", config.memory_bytes_max},
                       {"heartbeat_every", format_duration(config.heartbeat_every)},
                       {"facts_every", format_duration(config.facts_every)}});
}

Result<Config> load_config(Env& env, const std::string& data_folder) {
  const auto bytes = read_file(env, path_join(data_folder, "agent.json"), kFileBytesMax);
  if (!bytes && bytes.error().code == ErrorCode::not_found) return Config{};
  if (!bytes) return std::unexpected(bytes.error());
  const auto json = parse_json(*bytes);
  if (!json) return fail_with_context("agent.json", json.error());
  return parse_config(*json);
}

Result<Config> change_config(Env& env, const std::string& data_folder, const Json& changes) {
  const std::string path = path_join(data_folder, "agent.json");
  Json json = Json::object();
  if (env.exists(path)) {
    const std::string bytes = PHENDAU_TRY(read_file(env, path, kFileBytesMax));
    json = PHENDAU_TRY(parse_json(bytes));
  }
  if (!json.is_object()) return bad_setting("", "must be an object");
  for (const auto& [key, value] : changes.members()) {
    if (value.is_null())
      json.erase(key);
    else
      json.set(key, value);
  }
  Config config = PHENDAU_TRY(parse_config(json));
  PHENDAU_TRY(write_file_atomic(env, path, json.dump_pretty() + "\n"));
  return config;
}

Result<Identity> load_identity(Env& env, const std::string& data_folder) {
  const auto bytes = read_file(env, path_join(data_folder, "identity.json"), kFileBytesMax);
  if (!bytes && bytes.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found, "this machine is not enrolled: run 'phendau-agent enrol TOKEN'",
                "agent.not_enrolled");
  }
  if (!bytes) return std::unexpected(bytes.error());
  const auto json = parse_json(*bytes);
  if (!json) return fail_with_context("identity.json", json.error());
  Identity out;
  out.host = (*json)["host"].as_string();
  out.port = static_cast<std::uint16_t>((*json)["port"].as_int());
  out.device_id = (*json)["device_id"].as_string();
  out.agency = (*json)["agency"].as_string();
  out.certificate_pem = (*json)["certificate_pem"].as_string();
  out.key_pem = (*json)["key_pem"].as_string();
  out.ca_pem = (*json)["ca_pem"].as_string();
  out.order_key = PHENDAU_TRY(from_hex((*json)["order_key"].as_string()));
  if (out.host.empty() || out.port == 0 || out.device_id.empty() || out.certificate_pem.empty() ||
      out.ca_pem.empty()) {
    return fail(ErrorCode::corrupt, "identity.json is incomplete: enrol this machine again",
                "agent.identity_damaged");
  }
  return out;
}

Result<> save_identity(Env& env, const std::string& data_folder, const Identity& identity) {
  const Json json = Json::object({{"host", identity.host},
                                  {"port", int{identity.port}},
                                  {"device_id", identity.device_id},
                                  {"agency", identity.agency},
                                  {"certificate_pem", identity.certificate_pem},
                                  {"key_pem", identity.key_pem},
                                  {"ca_pem", identity.ca_pem},
                                  {"order_key", phendau::to_hex(identity.order_key)}});
  return write_file_atomic(env, path_join(data_folder, "identity.json"), json.dump_pretty() + "\n");
}

Connection connection_of(const Identity& identity) {
  Connection out;
  out.host = identity.host;
  out.port = identity.port;
  out.ca_pem = identity.ca_pem;
  out.certificate_pem = identity.certificate_pem;
  out.key_pem = identity.key_pem;
  return out;
}

Result<Identity> enrol(Env& env, const std::string& data_folder, std::string_view token_text,
                       const Connector& connect, std::string_view hostname, bool again) {
  const wire::EnrolToken token = PHENDAU_TRY(wire::decode_token(token_text));
  PHENDAU_TRY(env.make_dirs(data_folder));
  if (!again && env.exists(path_join(data_folder, "identity.json"))) {
    return fail(ErrorCode::conflict, "this machine is already enrolled; --again replaces its identity",
                "agent.already_enrolled");
  }
  Connection connection;
  connection.host = token.host;
  connection.port = token.port;
  connection.ca_key_sha256 = phendau::to_hex(token.ca_key_sha256);
  const auto transport = PHENDAU_TRY(connect(connection));
  const auto request = PHENDAU_TRY(net::make_certificate_request(hostname));
  wire::EnrolRequest message{token.secret, request.request_pem, std::string(hostname), "linux",
                             PHENDAU_VERSION};
#ifdef _WIN32
  message.os = "windows";
#endif
  const Answer answer =
      PHENDAU_TRY(transport->post(wire::kEnrolPath, wire::kJsonType, wire::to_json(message).dump()));
  if (answer.status != 200) return std::unexpected(wire::error_of_answer(answer.status, answer.body));
  const auto response = PHENDAU_TRY(wire::decode_enrol_response(answer.body));
  // The hub proved its CA key in the handshake; the CA that it sends must be that one and no other.
  const std::string ca_key = PHENDAU_TRY(net::public_key_sha256(response.ca_pem));
  if (ca_key != connection.ca_key_sha256) {
    return fail(ErrorCode::denied, "the hub sent another certificate authority than the token names",
                "agent.enrol.other_ca");
  }
  if (!net::key_matches({response.certificate_pem, request.key_pem})) {
    return fail(ErrorCode::denied, "the hub's certificate is not for the key of this machine",
                "agent.enrol.other_key");
  }
  Identity identity{
      token.host,      token.port,      response.device_id, response.agency, response.certificate_pem,
      request.key_pem, response.ca_pem, response.order_key};
  PHENDAU_TRY(save_identity(env, data_folder, identity));
  return identity;
}

Result<Identity> renew(Env& env, const std::string& data_folder, const Identity& identity,
                       Transport& transport) {
  const auto request = PHENDAU_TRY(net::make_certificate_request(identity.device_id));
  const Answer answer = PHENDAU_TRY(transport.post(
      wire::kRenewPath, wire::kJsonType, wire::to_json(wire::RenewRequest{request.request_pem}).dump()));
  if (answer.status != 200) return std::unexpected(wire::error_of_answer(answer.status, answer.body));
  const auto response = PHENDAU_TRY(wire::decode_renew_response(answer.body));
  if (!net::key_matches({response.certificate_pem, request.key_pem})) {
    return fail(ErrorCode::denied, "the renewed certificate is not for the key of this machine",
                "agent.enrol.other_key");
  }
  Identity out = identity;
  out.certificate_pem = response.certificate_pem;
  out.key_pem = request.key_pem;
  if (!response.ca_pem.empty())
    out.ca_pem = response.ca_pem;  // Sent over the channel that the old CA vouches for.
  PHENDAU_TRY(save_identity(env, data_folder, out));
  return out;
}

RememberedState load_state(Env& env, const std::string& data_folder) {
  RememberedState out;
  const auto bytes = read_file(env, path_join(data_folder, "state.json"), kFileBytesMax);
  if (!bytes) return out;
  const auto json = parse_json(*bytes);
  if (!json) return out;
  const Json& head = (*json)["journal_head"];
  if (head.is_object()) {
    out.journal_head =
        wire::JournalHead{static_cast<std::uint64_t>(head["seq"].as_int()), head["hash"].as_string()};
  }
  return out;
}

Result<> save_state(Env& env, const std::string& data_folder, const RememberedState& state) {
  Json json = Json::object();
  if (state.journal_head) {
    json.set("journal_head",
             Json::object({{"seq", state.journal_head->seq}, {"hash", state.journal_head->hash}}));
  }
  return write_file_atomic(env, path_join(data_folder, "state.json"), json.dump_pretty() + "\n");
}

}  // namespace phendau::agent

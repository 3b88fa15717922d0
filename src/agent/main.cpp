// SPDX-License-Identifier: Apache-2.0
// phendau-agent: the small program on each machine. Constructs everything and hands it to Agent.
// Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration or not enrolled, 4 storage.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "agent/agent.h"
#include "agent/linux/evidence.h"
#include "agent/linux/facts.h"
#include "agent/linux/file_tail.h"
#include "agent/linux/isolation.h"
#include "agent/linux/journald.h"
#include "agent/linux/limits.h"
#include "agent/tls_transport.h"
#include "base/text.h"
#include "base/texts.h"
#include "os/env.h"
#include "os/process.h"
#include "wire/protocol.h"

namespace {

using namespace phendau;
using namespace phendau::agent;

struct Arguments {
  std::string command;
  std::vector<std::string> words;
  std::string data_folder = "/var/lib/phendau-agent";
  std::string root = "/";
  std::string reason;
  Lang lang = Lang::vi;
  bool again = false;
  bool help = false;
};

Lang locale_lang() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("vi") ? Lang::vi : Lang::en;
  }
  return Lang::vi;
}

Result<Arguments> parse_arguments(int argc, char** argv) {
  Arguments out;
  out.lang = locale_lang();
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool takes_value = word == "--data" || word == "--root" || word == "--lang" || word == "--reason";
    if (takes_value && i + 1 >= argc)
      return fail(ErrorCode::invalid, word + " needs a value", "agent.usage.value", {word});
    if (word == "--data")
      out.data_folder = argv[++i];
    else if (word == "--root")
      out.root = argv[++i];
    else if (word == "--reason")
      out.reason = argv[++i];
    else if (word == "--lang")
      out.lang = std::string_view(argv[++i]) == "vi" ? Lang::vi : Lang::en;
    else if (word == "--again")
      out.again = true;
    else if (word == "--help" || word == "-h")
      out.help = true;
    else if (word.starts_with("-") && word != "-")
      return fail(ErrorCode::invalid, "unknown option " + word, "agent.usage.option", {word});
    else if (out.command.empty())
      out.command = word;
    else
      out.words.push_back(word);
  }
  return out;
}

int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid:
    case ErrorCode::not_found:
      return 3;
    case ErrorCode::io:
    case ErrorCode::corrupt:
      return 4;
    default:
      return 1;
  }
}

int complain(const Arguments& arguments, const Error& error) {
  std::fprintf(stderr, "%s\n", explain(arguments.lang, error).c_str());
  return exit_code_of(error);
}

std::string own_hostname() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "unknown";
}

/// The token from the command line, or from standard input as "-", so that it need not stand in the shell's
/// history.
Result<std::string> token_of(const Arguments& arguments) {
  if (arguments.words.size() != 1)
    return fail(ErrorCode::invalid, "enrol needs one token", "agent.usage.token");
  if (arguments.words[0] != "-") return arguments.words[0];
  char line[1024];
  if (std::fgets(line, sizeof line, stdin) == nullptr)
    return fail(ErrorCode::invalid, "no token on standard input", "agent.usage.token");
  return std::string(line);
}

int enrol_command(const Arguments& arguments) {
  const auto token = token_of(arguments);
  if (!token) return complain(arguments, token.error());
  const auto identity =
      enrol(posix_env(), arguments.data_folder, *token, connect_tls, own_hostname(), arguments.again);
  if (!identity) return complain(arguments, identity.error());
  std::printf("%s\n", tr(arguments.lang, "agent.enrolled", {identity->device_id, identity->host}).c_str());
  return 0;
}

int facts_command(const Arguments& arguments) {
  const auto view = make_machine_view(arguments.root);
  const std::vector<std::string>& kinds = arguments.words.empty() ? linux_fact_kinds() : arguments.words;
  Json out = Json::array();
  for (const auto& kind : kinds) {
    const auto& known = linux_fact_kinds();
    if (std::find(known.begin(), known.end(), kind) == known.end()) {
      return complain(arguments,
                      Error{ErrorCode::invalid, "unknown fact " + kind, "agent.usage.kind", {kind}});
    }
    out.push(to_json(collect_fact(kind, {*view, posix_env().now()})));
  }
  std::printf("%s\n", out.dump_pretty().c_str());
  return 0;
}

int status_command(const Arguments& arguments) {
  Env& env = posix_env();
  const auto identity = load_identity(env, arguments.data_folder);
  if (!identity) return complain(arguments, identity.error());
  std::printf("%s\n", tr(arguments.lang, "agent.status.identity",
                         {identity->device_id, identity->agency, identity->host})
                          .c_str());
  const auto bytes = read_file(env, path_join(arguments.data_folder, "status.json"));
  const auto json = bytes ? parse_json(*bytes) : Result<Json>(std::unexpected(bytes.error()));
  if (!json) {
    std::printf("%s\n", tr(arguments.lang, "agent.status.never_ran").c_str());
    return 1;
  }
  const Json& status = *json;
  std::printf("%s\n", tr(arguments.lang, "agent.status.spool",
                         {std::to_string(status["spool_records"].as_int()),
                          std::to_string(status["spool_bytes"].as_int() >> 20), status["time"].as_string()})
                          .c_str());
  for (const Json& source : status["sources"].items()) {
    std::printf("  %-40s %s %s\n", source["channel"].as_string().c_str(), source["state"].as_string().c_str(),
                source["reason"].as_string().c_str());
  }
  for (const Json& trouble : status["troubles"].items()) {
    std::printf("! %s (%s)\n", trouble["message"].as_string().c_str(), trouble["since"].as_string().c_str());
  }
  return status["troubles"].size() > 0 ? 1 : 0;
}

/// For a person who stands at an isolated machine, with or without the hub.
int release_command(const Arguments& arguments) {
  const std::string reason(trim(arguments.reason));
  if (reason.empty())
    return complain(arguments, Error{ErrorCode::invalid, "release needs a reason", "agent.usage.reason", {}});
  const char* person = std::getenv("SUDO_USER");
  if (person == nullptr) person = std::getenv("USER");
  const auto released =
      release_at_console(posix_env(), linux_isolation_parts(arguments.data_folder, "", 0), reason,
                         person == nullptr || *person == '\0' ? fmt::format("uid {}", ::getuid()) : person);
  if (!released) return complain(arguments, released.error());
  std::printf("%s\n", tr(arguments.lang, "agent.released").c_str());
  return 0;
}

/// Each attempt at the next of the addresses that the hub had when the machine was cut off.
Connector connector_for(const std::shared_ptr<Isolation>& isolation) {
  return [isolation, count = std::make_shared<std::atomic<std::size_t>>(0)](Connection connection) {
    const auto addresses = isolation->addresses();
    if (!addresses.empty()) connection.address = addresses[(*count)++ % addresses.size()];
    return connect_tls(connection);
  };
}

Result<std::shared_ptr<Isolation>> make_isolation(Env& env, const std::string& data_folder,
                                                  const Identity& identity, Connector& connect) {
  auto parts = linux_isolation_parts(data_folder, identity.host, identity.port);
  const auto itself = std::make_shared<std::weak_ptr<Isolation>>();
  parts.reach_hub = [itself, identity]() -> Result<> {
    const auto isolation = itself->lock();
    if (!isolation) return {};
    const auto transport = PHENDAU_TRY(connector_for(isolation)(connection_of(identity)));
    // Nothing to tell: that the hub answers is all that counts.
    PHENDAU_TRY(transport->post(wire::kFactsPath, wire::kJsonType, R"({"facts":[]})"));
    return {};
  };
  auto isolation = std::make_shared<Isolation>(env, std::move(parts));
  *itself = isolation;
  PHENDAU_TRY(isolation->open());
  connect = connector_for(isolation);
  return isolation;
}

OrderHands hands_of(const std::shared_ptr<Isolation>& isolation) {
  OrderHands out;
  out.kinds["isolate"] = [isolation](const wire::Order& order) { return isolation->isolate(order); };
  out.kinds["release"] = [isolation](const wire::Order& order) { return isolation->release(order); };
  out.keep = [isolation](const ConsoleReport& report) { return isolation->keep(report); };
  out.isolation = [isolation] { return isolation->status(); };
  return out;
}

std::vector<std::unique_ptr<Collector>> make_collectors(const Config& config) {
  std::vector<std::unique_ptr<Collector>> out;
  std::vector<TailedFile> files = config.files;
  const bool journal = config.journald == JournalUse::always ||
                       (config.journald == JournalUse::automatic && probe_journald(config.journald_folder));
  if (journal) out.push_back(make_journald(config.journald_folder));
  if (!journal && files.empty()) {
    for (const char* path :
         {"/var/log/auth.log", "/var/log/secure", "/var/log/syslog", "/var/log/messages"}) {
      if (::access(path, F_OK) == 0) files.push_back({path, wire::RecordFormat::syslog});
    }
  }
  // What is in no system log is read in any case: what was installed, the audit system, web and mail servers.
  if (config.files.empty()) {
    for (const char* path :
         {"/var/log/dpkg.log", "/var/log/apt/history.log", "/var/log/audit/audit.log",
          "/var/log/apache2/access.log", "/var/log/apache2/error.log", "/var/log/httpd/access_log",
          "/var/log/httpd/error_log", "/var/log/nginx/access.log", "/var/log/nginx/error.log",
          "/var/log/squid/access.log", "/var/log/exim4/mainlog"}) {
      if (::access(path, F_OK) == 0) files.push_back({path, wire::RecordFormat::text});
    }
  }
  for (const auto& file : files) out.push_back(make_file_tail(file.path, file.format));
  return out;
}

int run_command(const Arguments& arguments) {
  block_stop_signals();
  Env& env = posix_env();
  AgentParts parts;
  parts.data_folder = arguments.data_folder;
  const auto identity = load_identity(env, arguments.data_folder);
  if (!identity) return complain(arguments, identity.error());
  const auto config = load_config(env, arguments.data_folder);
  if (!config) return complain(arguments, config.error());
  if (auto limited = limit_self(config->memory_bytes_max * 3); !limited)
    return complain(arguments, limited.error());
  parts.identity = *identity;
  parts.config = *config;
  parts.collectors = make_collectors(*config);
  const auto isolation = make_isolation(env, arguments.data_folder, *identity, parts.connect);
  if (!isolation) return complain(arguments, isolation.error());
  parts.order_hands = hands_of(*isolation);
  const auto evidence = std::make_shared<Evidence>(
      env, EvidenceParts{arguments.data_folder, "/", parts.connect, connection_of(*identity)});
  parts.order_hands.kinds["collect"] = [evidence](const wire::Order& order) {
    return evidence->collect(order);
  };
  parts.order_hands.keep = [evidence, keep = parts.order_hands.keep](const ConsoleReport& report) {
    const auto swept = evidence->sweep();
    const auto kept = keep ? keep(report) : Result<>();
    return kept ? swept : kept;
  };
  parts.memory_bytes = resident_bytes;
  parts.fact_kinds = linux_fact_kinds();
  const std::shared_ptr<MachineView> view = make_machine_view("/");
  parts.collect_fact = [view](std::string_view kind) {
    return collect_fact(kind, {*view, posix_env().now()});
  };
  auto agent = Agent::create(env, std::move(parts));
  if (!agent) return complain(arguments, agent.error());
  const auto ended = (*agent)->run([](Duration pause) { return wait_for_stop_signal(pause) != 0; });
  return ended ? 0 : complain(arguments, ended.error());
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(077);
  const auto arguments = parse_arguments(argc, argv);
  if (!arguments) {
    std::fprintf(stderr, "%s\n", explain(locale_lang(), arguments.error()).c_str());
    return 2;
  }
  if (arguments->help) {
    std::printf("%s\n", tr(arguments->lang, "agent.help").c_str());
    return 0;
  }
  if (arguments->command == "run") return run_command(*arguments);
  if (arguments->command == "enrol") return enrol_command(*arguments);
  if (arguments->command == "facts") return facts_command(*arguments);
  if (arguments->command == "status") return status_command(*arguments);
  if (arguments->command == "release") return release_command(*arguments);
  std::fprintf(stderr, "%s\n", tr(arguments->lang, "agent.help").c_str());
  return 2;
}

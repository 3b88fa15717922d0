// SPDX-License-Identifier: Apache-2.0
// phendau hub: the server, until SIGTERM or SIGINT.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "api/server.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/rule_cache.h"
#include "hub/hub.h"
#include "os/process.h"

namespace phendau::cli {
namespace {

struct HubArguments {
  std::string data;
  std::string pack;
  std::string https;
};

/// What bound where, for scripts and tests: DATA/state/running.json.
Result<> write_running(hub::Hub& hub, std::uint16_t port) {
  const std::string folder = path_join(hub.config().data_dir, "state");
  PHENDAU_TRY(hub.env().make_dirs(folder, 0700));
  const Json body = Json::object({{"pid", static_cast<int>(::getpid())},
                                  {"https_port", static_cast<int>(port)},
                                  {"listeners", hub.listeners().view()}});
  return write_file_atomic(hub.env(), path_join(folder, "running.json"), body.dump_pretty() + "\n");
}

Result<> run_hub(const Globals& globals, const HubArguments& arguments) {
  keep_files_private();
  Env& env = posix_env();
  if (::geteuid() == 0) {
    return fail(ErrorCode::denied, "the hub does not run as root", "hub.not_as_root");
  }
  hub::HubConfig config = PHENDAU_TRY(hub::load_config(env, arguments.data));
  if (!arguments.pack.empty()) config.pack_dir = arguments.pack;
  if (config.pack_dir.empty()) config.pack_dir = default_pack();
  if (!arguments.https.empty()) config.https_address = arguments.https;
  auto compiled_rules = compiled_rules_of(config.data_dir);
  const auto hub = PHENDAU_TRY(hub::Hub::open(env, std::move(config), std::move(compiled_rules)));
  const auto server = PHENDAU_TRY(api::Server::start(*hub));
  PHENDAU_TRY(write_running(*hub, server->port()));
  const auto address = PHENDAU_TRY(net::parse_host_port(hub->config().https_address));
  net::HostPort shown = address;
  shown.port = server->port();
  if (shown.host.empty() || shown.host == "0.0.0.0") shown.host = "127.0.0.1";
  print_line(globals.text("hub.ready", {"https://" + shown.text() + "/"}));
  if (hub->first_password()) print_line(globals.text("hub.first_password", {*hub->first_password()}));
  std::fflush(stdout);
  const int signal = wait_for_stop_signal();
  PHENDAU_LOG(info, "stopping", {"signal", signal});
  server->stop();
  hub->stop();
  return {};
}

}  // namespace

void add_hub(CLI::App& app, Globals& globals, int& exit_code) {
  auto* command = app.add_subcommand("hub", globals.text("cli.hub"));
  auto arguments = std::make_shared<HubArguments>();
  command->add_option("--data", arguments->data, globals.text("cli.data"))->required();
  command->add_option("--pack", arguments->pack, globals.text("cli.pack"));
  command->add_option("--https", arguments->https, globals.text("cli.https"));
  command->callback([&globals, &exit_code, arguments] {
    const auto done = run_hub(globals, *arguments);
    exit_code = done ? kOk : complain(globals, done.error());
  });
}

int run_agent(const Globals& globals, std::vector<std::string> words) {
  std::string program = program_path() + "-agent";
  std::vector<char*> argv = {program.data()};
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  return complain(globals, Error{ErrorCode::not_found, "cannot start " + program, "cli.no_agent", {program}});
}

void add_agent(CLI::App& app, Globals& globals) {
  // For the list of commands only: main() hands everything behind `agent` over before it is parsed here.
  app.add_subcommand("agent", globals.text("cli.agent"));
}

}  // namespace phendau::cli

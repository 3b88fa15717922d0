// SPDX-License-Identifier: Apache-2.0
// phendau: one program with many commands. --help of each is complete.
#include <CLI/CLI.hpp>

#include "cli/cli.h"
#include "os/process.h"

namespace {

phendau::Lang lang_of(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--lang") {
      return std::string_view(argv[i + 1]) == "en" ? phendau::Lang::en : phendau::Lang::vi;
    }
  }
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') {
      return std::string_view(value).starts_with("en") ? phendau::Lang::en : phendau::Lang::vi;
    }
  }
  return phendau::Lang::vi;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace phendau::cli;
  // Before any thread: only the thread that waits for them gets the stop signals.
  phendau::block_stop_signals();
  Globals globals;
  globals.lang = lang_of(argc, argv);
  CLI::App app(globals.text("cli.about"), "phendau");
  app.set_version_flag("--version", std::string("phendau ") + PHENDAU_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  std::string lang;
  app.add_option("--lang", lang, globals.text("cli.lang"))->check(CLI::IsMember({"vi", "en"}));
  int exit_code = kOk;
  add_hub(app, globals, exit_code);
  add_agent(app, globals, exit_code);
  add_check(app, globals, exit_code);
  add_scan(app, globals, exit_code);
  add_rules(app, globals, exit_code);
  add_search(app, globals, exit_code);
  add_journal(app, globals, exit_code);
  add_pack(app, globals, exit_code);
  add_admin(app, globals, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  return exit_code;
}

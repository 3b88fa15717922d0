// SPDX-License-Identifier: Apache-2.0
// phendau: one program with many commands. --help of each is complete.
#include <cstdio>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "cli/cli.h"
#include "os/process.h"

namespace {

phendau::Lang lang_of(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    std::string_view value;
    if (word.starts_with("--lang=")) value = word.substr(7);
    if (word == "--lang" && i + 1 < argc) value = argv[i + 1];
    if (!value.empty()) return value == "en" ? phendau::Lang::en : phendau::Lang::vi;
  }
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') {
      return std::string_view(value).starts_with("en") ? phendau::Lang::en : phendau::Lang::vi;
    }
  }
  return phendau::Lang::vi;
}

/// What the agent is to be told when the first word is `agent` (only --lang may stand before it), else
/// nothing.
std::optional<std::vector<std::string>> agent_words(int argc, char** argv, phendau::Lang lang) {
  int at = 1;
  while (at < argc && std::string_view(argv[at]).starts_with("--lang")) {
    at += std::string_view(argv[at]) == "--lang" ? 2 : 1;
  }
  if (at >= argc || std::string_view(argv[at]) != "agent") return std::nullopt;
  std::vector<std::string> words = {"--lang", lang == phendau::Lang::en ? "en" : "vi"};
  words.insert(words.end(), argv + at + 1, argv + argc);
  return words;
}

/// The library's help in the language of all other messages.
class TranslatedHelp : public CLI::Formatter {
 public:
  explicit TranslatedHelp(const phendau::cli::Globals& globals) {
    for (const auto& [word, id] :
         {std::pair{"Usage", "cli.help.usage"}, std::pair{"OPTIONS", "cli.help.options"},
          std::pair{"Options", "cli.help.options"}, std::pair{"Positionals", "cli.help.positionals"},
          std::pair{"SUBCOMMAND", "cli.help.command"}, std::pair{"SUBCOMMANDS", "cli.help.command"},
          std::pair{"REQUIRED", "cli.help.required"}, std::pair{"TEXT", "cli.help.text"}}) {
      label(word, globals.text(id));
    }
  }
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    return CLI::Formatter::make_group(get_label(group), is_positional, std::move(options));
  }
};

void name_command_groups(CLI::App& app, const std::string& name) {
  for (CLI::App* command : app.get_subcommands({})) {
    command->group(name);
    name_command_groups(*command, name);
  }
}

/// What is wrong with the command line, for people, and what the library says of it.
int complain_of_usage(const phendau::cli::Globals& globals, const CLI::ParseError& error) {
  std::string id = "cli.usage.other";
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::ExtrasError:
      id = "cli.usage.extra";
      break;
    case CLI::ExitCodes::RequiredError:
      id = "cli.usage.missing";
      break;
    case CLI::ExitCodes::ValidationError:
    case CLI::ExitCodes::ConversionError:
      id = "cli.usage.value";
      break;
    default:
      break;
  }
  std::fprintf(stderr, "phendau: %s\n  (%s)\n", globals.text(id).c_str(), error.what());
  return phendau::cli::kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace phendau::cli;
  // Before any thread: only the thread that waits for them gets the stop signals.
  phendau::block_stop_signals();
  Globals globals;
  globals.lang = lang_of(argc, argv);
  if (auto words = agent_words(argc, argv, globals.lang)) return run_agent(globals, std::move(*words));
  CLI::App app(globals.text("cli.about"), "phendau");
  app.formatter(std::make_shared<TranslatedHelp>(globals));
  app.set_help_flag("-h,--help", globals.text("cli.help.help"));
  app.set_version_flag("--version", std::string("phendau ") + PHENDAU_VERSION,
                       globals.text("cli.help.version"));
  app.require_subcommand(1);
  app.fallthrough();
  std::string lang;
  app.add_option("--lang", lang, globals.text("cli.lang"))->check(CLI::IsMember({"vi", "en"}));
  int exit_code = kOk;
  add_hub(app, globals, exit_code);
  add_agent(app, globals);
  add_check(app, globals, exit_code);
  add_evidence(app, globals, exit_code);
  add_scan(app, globals, exit_code);
  add_rules(app, globals, exit_code);
  add_search(app, globals, exit_code);
  add_journal(app, globals, exit_code);
  add_pack(app, globals, exit_code);
  add_admin(app, globals, exit_code);
  name_command_groups(app, globals.text("cli.help.commands"));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool help = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    return help ? app.exit(error) : complain_of_usage(globals, error);
  }
  if (const auto written = flush_output(); !written) return complain(globals, written.error());
  return exit_code;
}

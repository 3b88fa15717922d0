// SPDX-License-Identifier: Apache-2.0
// What all commands share: language, output, exit codes. main.cpp is the only place where things are
// constructed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/texts.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace phendau::cli {

/// Documented in docs/reference/cli.md; scripts rely on them.
enum ExitCode : int { kOk = 0, kFound = 1, kUsage = 2, kConfiguration = 3, kStorage = 4 };

struct Globals {
  Lang lang = Lang::vi;
  std::string format = "table";
  bool json() const { return format == "json"; }
  std::string text(std::string_view id, const std::vector<std::string>& args = {}) const;
};

/// Prints the error for people on stderr and says which exit code it is.
int complain(const Globals& globals, const Error& error);
void print(std::string_view text);
/// Whether everything that was printed got there; good, too, where nobody reads any more (`| head`).
Result<> flush_output();
void print_line(std::string_view text);
/// Columns padded to their widest cell; the first row is the head.
void print_table(const std::vector<std::vector<std::string>>& rows);
bool is_terminal_stderr();
/// Before results where they and the progress bar stand on one terminal.
void clear_progress();
/// The pack that counts when none is named: in PHENDAU_PACKS; or else in packs/ of the folder where we are,
/// in packs/ or share/phendau/packs/ of a folder above the program, in /usr/share/phendau/packs.
std::string default_pack();

/// Each adds its command; the callback it registers sets `exit_code`.
void add_hub(CLI::App& app, Globals& globals, int& exit_code);
void add_admin(CLI::App& app, Globals& globals, int& exit_code);
void add_journal(CLI::App& app, Globals& globals, int& exit_code);
void add_search(CLI::App& app, Globals& globals, int& exit_code);
void add_scan(CLI::App& app, Globals& globals, int& exit_code);
void add_rules(CLI::App& app, Globals& globals, int& exit_code);
void add_rule_tools(CLI::App& rules, Globals& globals, int& exit_code);  // command_rules.cpp
void add_pack(CLI::App& app, Globals& globals, int& exit_code);
void add_check(CLI::App& app, Globals& globals, int& exit_code);
void add_evidence(CLI::App& app, Globals& globals, int& exit_code);
void add_agent(CLI::App& app, Globals& globals);
/// Becomes phendau-agent, the program of its own beside this one, so that an endpoint loads only what it
/// needs. Returns only when it cannot be started.
int run_agent(const Globals& globals, std::vector<std::string> words);

}  // namespace phendau::cli

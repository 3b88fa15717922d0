// SPDX-License-Identifier: Apache-2.0
// phendau scan and phendau rules: rules over files, without a hub.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/rule_loader.h"
#include "cli/rule_sources.h"
#include "cli/scanner.h"

namespace phendau::cli {
namespace {

struct ScanArguments {
  RuleArguments rules;
  std::vector<std::string> paths;
  std::string data;
  bool no_event = false;
  bool stats = false;
  std::size_t threads = 0;
};

Json stats_of(const Scanner& scanner, Duration loading, Duration scanning) {
  return Json::object({{"events", scanner.totals().events},
                       {"bytes", scanner.totals().bytes},
                       {"rules", scanner.rules_in_force()},
                       {"rules_rejected", scanner.rules().rules_rejected},
                       {"matches", scanner.matches()},
                       {"load_seconds", static_cast<double>(loading.ns) / 1e9},
                       {"seconds", static_cast<double>(scanning.ns) / 1e9}});
}

Result<int> run_scan(const Globals& globals, const ScanArguments& arguments) {
  Env& env = posix_env();
  const Duration begin = env.monotonic();
  detect::RuleSet rules = PHENDAU_TRY(load_rules(globals, arguments.rules));
  const Duration loaded = env.monotonic();
  for (const auto& mistake : rules.rejected) std::fprintf(stderr, "%s\n", mistake.to_string().c_str());
  ScanOptions options;
  options.paths = arguments.paths;
  options.with_event = !arguments.no_event;
  options.threads =
      arguments.threads > 0 ? arguments.threads : std::max(1u, std::thread::hardware_concurrency());
  Scanner scanner(globals, std::move(options), std::move(rules));
  PHENDAU_TRY(scanner.run());
  clear_progress();
  if (globals.format == "table") {
    print_line(globals.text(
        "scan.found",
        {std::to_string(scanner.matches()), std::to_string(scanner.totals().events),
         std::to_string(scanner.rules_in_force()), std::to_string(scanner.rules().rules_rejected)}));
  }
  const auto written = flush_output();
  const Duration done = env.monotonic();
  if (is_terminal_stderr()) std::fprintf(stderr, "\r\x1b[K");
  const int lost = written ? kOk : complain(globals, written.error());
  if (arguments.stats) {
    std::fprintf(stderr, "%s\n",
                 stats_of(scanner, {loaded.ns - begin.ns}, {done.ns - loaded.ns}).dump().c_str());
  }
  if (lost != kOk || scanner.unreadable() > 0) return kStorage;
  return scanner.matches() > 0 ? kFound : kOk;
}

Result<bool> run_validate(const Globals& globals, const ScanArguments& arguments) {
  const detect::RuleSet rules = PHENDAU_TRY(load_rules(globals, arguments.rules));
  for (const auto& mistake : rules.rejected) print_line(mistake.to_string());
  for (const auto& odd : rules.warnings) {
    const std::string place = fmt::format("{}:{}:{}", odd.file, odd.line, odd.column);
    print_line(globals.text("pack.warning", {place, odd.reason}));
  }
  if (rules.rejected.empty()) {
    print_line(
        globals.text("rules.valid", {std::to_string(rules.plan.rules().size() + rules.correlations.size())}));
  }
  return rules.rejected.empty();
}

Result<bool> run_list(const Globals& globals, const ScanArguments& arguments) {
  const detect::RuleSet rules = PHENDAU_TRY(load_rules(globals, arguments.rules));
  const RuleSources seen = PHENDAU_TRY(rule_sources(globals, rules.plan, rules.sources, arguments.data));
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows = {{"ID", "LEVEL", "LOGSOURCE", "TITLE", "BLIND"}};
  const auto add = [&](const detect::RuleMeta& rule, const std::string& source, const RuleSight& sight) {
    const std::string title = globals.lang == Lang::vi ? rule.title_for_people() : rule.title;
    rows.push_back({rule.id, rule.level, source, title, sight.to_text()});
    Json item =
        Json::object({{"id", rule.id}, {"level", rule.level}, {"logsource", source}, {"title", title}});
    sight.add_to(item);
    list.push(std::move(item));
  };
  for (std::size_t i = 0; i < rules.plan.rules().size(); ++i) {
    const auto& rule = rules.plan.rules()[i];
    add(rule, rule.logsource.key(), seen.rules[i]);
  }
  for (const auto& rule : rules.correlations) add(rule, "correlation", {});
  if (globals.json())
    print_line(list.dump());
  else
    print_table(rows);
  return true;
}

}  // namespace

void add_scan(CLI::App& app, Globals& globals, int& exit_code) {
  auto* command = app.add_subcommand("scan", globals.text("cli.scan"));
  auto arguments = std::make_shared<ScanArguments>();
  // One folder each: what follows are the paths.
  command->add_option("--rules", arguments->rules.rules, globals.text("cli.scan_rules"))
      ->allow_extra_args(false);
  add_rule_options(*command, globals, arguments->rules);
  command->add_option("--format", globals.format, globals.text("cli.format"))
      ->check(CLI::IsMember({"table", "json", "ndjson"}));
  command->add_flag("--no-event", arguments->no_event, globals.text("cli.scan_no_event"));
  command->add_option("--threads", arguments->threads, globals.text("cli.scan_threads"))
      ->check(CLI::Range(1, 256));
  command->add_flag("--stats", arguments->stats, globals.text("cli.scan_stats"));
  command->add_option("paths", arguments->paths, globals.text("cli.files"))->required();
  command->callback([&globals, &exit_code, arguments] {
    const auto done = run_scan(globals, *arguments);
    exit_code = done ? *done : complain(globals, done.error());
  });
}

void add_rules(CLI::App& app, Globals& globals, int& exit_code) {
  auto* rules = app.add_subcommand("rules", globals.text("cli.rules"));
  rules->require_subcommand(1);
  auto arguments = std::make_shared<ScanArguments>();
  const auto add = [&](const char* name, const char* text,
                       Result<bool> (*run)(const Globals&, const ScanArguments&)) -> CLI::App* {
    auto* command = rules->add_subcommand(name, globals.text(text));
    command->add_option("--rules,folders", arguments->rules.rules, globals.text("cli.scan_rules"));
    add_rule_options(*command, globals, arguments->rules);
    command->add_option("--format", globals.format, globals.text("cli.format"))
        ->check(CLI::IsMember({"table", "json"}));
    command->callback([&globals, &exit_code, arguments, run] {
      const auto good = run(globals, *arguments);
      exit_code = !good ? complain(globals, good.error()) : *good ? kOk : kFound;
    });
    return command;
  };
  add("validate", "cli.rules_validate", run_validate);
  add("list", "cli.rules_list", run_list)
      ->add_option("--data", arguments->data, globals.text("cli.rules_list_data"));
  add_rule_tools(*rules, globals, exit_code);
}

}  // namespace phendau::cli

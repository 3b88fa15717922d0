// SPDX-License-Identifier: Apache-2.0
// phendau rules explain, filter and replay: why a rule did or did not match a record, the filter that a false
// alarm asks for, and what it would have held back.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/cli.h"
#include "cli/known_heads.h"
#include "cli/record_reader.h"
#include "cli/rule_loader.h"
#include "detect/explain.h"
#include "detect/filter_text.h"
#include "hub/active_pack.h"
#include "hub/live_rules.h"
#include "hub/rule_replay.h"

namespace phendau::cli {
namespace {

constexpr std::size_t kExplainedMax = 20;  // records, if none is named
constexpr std::size_t kFilterFileBytesMax = 1u << 20;

struct ToolArguments {
  RuleArguments rules;
  std::string rule;
  std::vector<std::string> paths;
  std::vector<std::string> fields;
  std::string title;
  std::string data;
  std::uint64_t record = 0;
  std::int64_t days = hub::kReplayDaysDefault;
};

const detect::Rule* find_rule(const detect::RuleSet& set, std::string_view name) {
  for (const auto& rule : set.plan.rules()) {
    if (rule.id == name || (!rule.name.empty() && rule.name == name) || rule.title == name) return &rule;
  }
  return nullptr;
}

std::unexpected<Error> no_rule(const std::string& name) {
  return fail(ErrorCode::not_found, "no rule for events '" + name + "'", "rules.none", {name});
}

/// Calls `look` with each record that was asked for; false ends it.
Result<> each_row(
    const detect::RuleSet& set, const ToolArguments& arguments,
    const std::function<bool(const Batch&, std::uint32_t, const std::string&, std::uint64_t)>& look) {
  const auto channels = hub::channel_table(set.sources);
  ReadOptions options;
  options.channels = channels;
  bool go_on = true;
  for (const auto& path : arguments.paths) {
    for (const auto& file : PHENDAU_TRY(files_under(posix_env(), path))) {
      if (!go_on) return {};
      const auto take = [&](const Batch& batch, const std::vector<std::uint64_t>& positions) -> Result<> {
        for (std::uint32_t row = 0; row < batch.rows() && go_on; ++row) {
          if (arguments.record != 0 && positions[row] != arguments.record) continue;
          go_on = look(batch, row, file, positions[row]);
        }
        return {};
      };
      PHENDAU_TRY(read_records(posix_env(), file, options, take));
    }
  }
  return {};
}

/// What a pack knows of placeholders; without a pack there are none.
detect::CompileOptions options_of(const RuleArguments& arguments) {
  const auto pack =
      hub::ActivePack::load(posix_env(), arguments.pack.empty() ? default_pack() : arguments.pack);
  return pack ? pack->compile_options() : detect::CompileOptions();
}

Result<int> run_explain(const Globals& globals, const ToolArguments& arguments) {
  const auto set = PHENDAU_TRY(load_rules(globals, arguments.rules));
  const detect::Rule* rule = find_rule(set, arguments.rule);
  if (rule == nullptr) return no_rule(arguments.rule);
  const auto options = options_of(arguments.rules);
  Json list = Json::array();
  std::size_t shown = 0, matched = 0;
  bool more = false;
  const auto look = [&](const Batch& batch, std::uint32_t row, const std::string& path,
                        std::uint64_t record) {
    if (shown == kExplainedMax) {
      more = true;
      return false;
    }
    ++shown;
    const auto why = detect::explain(*rule, set.sources, batch, row, options);
    if (why.yes) ++matched;
    if (globals.json()) {
      list.push(Json::object({{"path", path}, {"record", record}, {"explanation", detect::to_json(why)}}));
    } else {
      print_line(fmt::format("{}:{}", path, record));
      print(detect::to_text(why));
    }
    return true;
  };
  PHENDAU_TRY(each_row(set, arguments, look));
  if (globals.json()) print_line(list.dump());
  if (more)
    std::fprintf(stderr, "phendau: %s\n",
                 globals.text("rules.explained_some", {std::to_string(shown)}).c_str());
  if (shown == 0) return fail(ErrorCode::not_found, "no such record", "rules.no_record");
  return matched > 0 ? kFound : kOk;
}

Result<int> run_filter(const Globals& globals, const ToolArguments& arguments) {
  const auto set = PHENDAU_TRY(load_rules(globals, arguments.rules));
  const detect::Rule* rule = find_rule(set, arguments.rule);
  if (rule == nullptr) return no_rule(arguments.rule);
  std::vector<detect::FilterCondition> conditions;
  std::string missing;
  bool seen = false;
  const auto look = [&](const Batch& batch, std::uint32_t row, const std::string&, std::uint64_t) {
    seen = true;
    for (const auto& field : arguments.fields) {
      detect::FilterCondition one{field, {}};
      const Column* column = batch.column(field);
      if (column != nullptr && column->has(row)) {
        one.values.emplace_back(column->text(row));
        for (const auto& more : column->more) {
          if (more.row == row) one.values.emplace_back(column->values.text(more.id));
        }
      }
      if (one.values.empty()) missing = field;
      conditions.push_back(std::move(one));
    }
    return false;
  };
  PHENDAU_TRY(each_row(set, arguments, look));
  if (!seen) return fail(ErrorCode::not_found, "no such record", "rules.no_record");
  if (!missing.empty())
    return fail(ErrorCode::invalid, "the record has no field '" + missing + "'", "rules.no_field", {missing});
  const std::string title = arguments.title.empty() ? rule->title : arguments.title;
  print(detect::filter_text(title, "", {rule}, conditions));
  return kOk;
}

Result<int> run_replay(const Globals& globals, const ToolArguments& arguments) {
  const std::string folder = arguments.rules.pack.empty() ? default_pack() : arguments.rules.pack;
  const auto pack = PHENDAU_TRY(hub::ActivePack::load(posix_env(), folder));
  const hub::LiveRules rules(pack);
  hub::ReplayAsk ask;
  for (const auto& path : arguments.paths) {
    auto parsed = detect::parse_rules(path, PHENDAU_TRY(read_file(posix_env(), path, kFilterFileBytesMax)));
    for (const auto& mistake : parsed.errors) std::fprintf(stderr, "%s\n", mistake.to_string().c_str());
    if (!parsed.errors.empty() || parsed.filters.empty())
      return fail(ErrorCode::invalid, path + " holds no filter", "rules.no_filter", {path});
    for (auto& filter : parsed.filters) {
      ask.rules.insert(ask.rules.end(), filter.rules.begin(), filter.rules.end());
      ask.filter.push_back(std::move(filter));
    }
  }
  ask.from = posix_env().now() - days(arguments.days);
  const auto journal = PHENDAU_TRY(open_journal_to_read(posix_env(), arguments.data));
  const bool terminal = is_terminal_stderr();
  const auto progress = [&](double share) {
    if (terminal) std::fprintf(stderr, "\r%3.0f %%", share * 100);
    return true;
  };
  const auto result = PHENDAU_TRY(hub::replay_filter(*journal, pack, rules, ask, progress));
  if (terminal) std::fprintf(stderr, "\r\x1b[K");
  if (globals.json()) {
    print_line(hub::to_json(result).dump());
  } else {
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    print_line(globals.text(
        "rules.replayed", {number(result.events), number(result.without.matches), number(result.with.matches),
                           number(result.without.correlations), number(result.with.correlations)}));
  }
  return result.with.matches < result.without.matches ? kFound : kOk;
}

}  // namespace

void add_rule_tools(CLI::App& rules, Globals& globals, int& exit_code) {
  const auto add = [&](const char* name, const char* text, bool of_files,
                       Result<int> (*run)(const Globals&, const ToolArguments&)) {
    auto* command = rules.add_subcommand(name, globals.text(text));
    auto arguments = std::make_shared<ToolArguments>();
    if (of_files) {
      command->add_option("--rules", arguments->rules.rules, globals.text("cli.scan_rules"))
          ->allow_extra_args(false);
      command->add_option("rule", arguments->rule, globals.text("cli.rules_rule"))->required();
      command->add_option("--record", arguments->record, globals.text("cli.rules_record"));
      add_rule_options(*command, globals, arguments->rules);
    } else {
      command->add_option("--pack", arguments->rules.pack, globals.text("cli.pack"));
      command->add_option("--data", arguments->data, globals.text("cli.data"))->required();
      command->add_option("--days", arguments->days, globals.text("cli.rules_days"))
          ->check(CLI::Range(std::int64_t{1}, hub::kReplayDaysMax));
    }
    if (run == run_filter) {
      command->add_option("--field", arguments->fields, globals.text("cli.rules_field"))
          ->required()
          ->allow_extra_args(false);
      command->add_option("--title", arguments->title, globals.text("cli.rules_title"));
    } else {
      command->add_option("--format", globals.format, globals.text("cli.format"))
          ->check(CLI::IsMember({"table", "json"}));
    }
    command->add_option("paths", arguments->paths, globals.text("cli.files"))->required();
    command->callback([&globals, &exit_code, arguments, run] {
      const auto done = run(globals, *arguments);
      exit_code = done ? *done : complain(globals, done.error());
    });
  };
  add("explain", "cli.rules_explain", true, run_explain);
  add("filter", "cli.rules_filter", true, run_filter);
  add("replay", "cli.rules_replay", false, run_replay);
}

}  // namespace phendau::cli

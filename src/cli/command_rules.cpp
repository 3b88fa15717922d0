// SPDX-License-Identifier: Apache-2.0
// phendau rules explain, filter and replay: why a rule did or did not match a record, the filter that a false
// alarm asks for, and what it would have held back.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/known_heads.h"
#include "cli/record_reader.h"
#include "cli/rule_loader.h"
#include "detect/explain.h"
#include "detect/filter.h"
#include "detect/filter_text.h"
#include "detect/matcher.h"
#include "hub/active_pack.h"
#include "hub/live_rules.h"
#include "hub/rule_replay.h"

namespace phendau::cli {
namespace {

constexpr std::size_t kExplainedMax = 20;  // records, if none is named
constexpr std::size_t kFilterFileBytesMax = 1u << 20;
constexpr std::size_t kReplayedShownMax = 5;    // events of each kind
constexpr std::size_t kReplayedBytesMax = 160;  // of an event

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

/// Is given to those who ask for a rule that is not there: why, and what to ask for instead.
std::unexpected<Error> no_rule(const std::string& name,
                               const std::vector<detect::CorrelationRule>& correlations) {
  for (const auto& rule : correlations) {
    if (rule.is_called(name) || rule.title == name)
      return fail(ErrorCode::invalid, "'" + name + "' is a correlation", "rules.not_of_events",
                  {name, join(rule.rules, ", ")});
  }
  return fail(ErrorCode::not_found, "no rule for events '" + name + "'", "rules.none", {name});
}

void print_mistakes(const std::vector<ContentError>& mistakes) {
  for (const auto& mistake : mistakes) std::fprintf(stderr, "%s\n", mistake.to_string().c_str());
}

/// Index in the plan.
Result<std::uint32_t> find_rule(const detect::RuleSet& set, const std::string& name) {
  const auto& rules = set.plan.rules();
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    if (rules[i].is_called(name) || rules[i].title == name) return i;
  }
  print_mistakes(set.rejected);  // it may be one of those
  return no_rule(name, set.correlations);
}

std::unexpected<Error> no_record(const ToolArguments& arguments) {
  if (arguments.record == 0) return fail(ErrorCode::not_found, "no records", "rules.no_records");
  const std::string number = std::to_string(arguments.record);
  return fail(ErrorCode::not_found, "no record " + number, "rules.no_record", {number});
}

struct RecordPlace {
  const std::string& path;
  std::uint64_t position;
};

/// Calls `look` with each record that was asked for; false ends it.
Result<> each_row(const detect::RuleSet& set, const ToolArguments& arguments,
                  const std::function<bool(const Batch&, std::uint32_t, const RecordPlace&)>& look) {
  const auto channels = hub::channel_table(set.sources);
  ReadOptions options;
  options.channels = channels;
  for (const auto& path : arguments.paths) {
    for (const auto& file : PHENDAU_TRY(files_under(posix_env(), path))) {
      bool go_on = true;
      const auto take = [&](const Batch& batch, const std::vector<std::uint64_t>& positions) -> Result<> {
        for (std::uint32_t row = 0; row < batch.rows() && go_on; ++row) {
          if (arguments.record != 0 && positions[row] != arguments.record) continue;
          go_on = look(batch, row, {file, positions[row]});
        }
        return go_on ? Result<>() : fail(ErrorCode::limit, "enough");  // the rest of the file is not read
      };
      const auto read = read_records(posix_env(), file, options, take);
      if (!go_on) return {};
      PHENDAU_TRY(read);
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
  const detect::Rule& rule = set.plan.rules()[PHENDAU_TRY(find_rule(set, arguments.rule))];
  const auto options = options_of(arguments.rules);
  Json list = Json::array();
  std::size_t shown = 0, matched = 0;
  bool more = false;
  const auto look = [&](const Batch& batch, std::uint32_t row, const RecordPlace& place) {
    if (shown == kExplainedMax) {
      more = true;
      return false;
    }
    const auto why = detect::explain(rule, set.sources, batch, row, options);
    if (why.yes) ++matched;
    if (globals.json()) {
      list.push(Json::object(
          {{"path", place.path}, {"record", place.position}, {"explanation", detect::to_json(why)}}));
    } else {
      if (shown == 0) print_line(globals.text("rules.legend"));
      const std::string where = fmt::format("{}:{}", place.path, place.position);
      print_line(globals.text(why.yes ? "rules.matched" : "rules.not_matched", {where}));
      print(detect::to_text(why, globals.lang));
    }
    ++shown;
    return true;
  };
  PHENDAU_TRY(each_row(set, arguments, look));
  if (shown == 0) return no_record(arguments);
  if (globals.json()) print_line(list.dump());
  if (more)
    std::fprintf(stderr, "phendau: %s\n",
                 globals.text("rules.explained_some", {std::to_string(shown)}).c_str());
  return matched > 0 ? kFound : kOk;
}

/// What the record has in these fields.
Result<std::vector<detect::FilterCondition>> conditions_of(const std::vector<std::string>& fields,
                                                           const Batch& batch, std::uint32_t row) {
  std::vector<detect::FilterCondition> out;
  for (const auto& field : fields) {
    detect::FilterCondition one{field, {}};
    const Column* column = batch.column(field);
    if (column == nullptr || !column->has(row)) {
      std::vector<std::string> present;
      for (const auto& other : batch.columns()) {
        if (other.has(row)) present.emplace_back(other.name);
      }
      std::sort(present.begin(), present.end());
      return fail(ErrorCode::invalid, "the record has no field '" + field + "'", "rules.no_field",
                  {field, join(present, ", ")});
    }
    one.values.emplace_back(column->text(row));
    for (const auto& more : column->more) {
      if (more.row == row) one.values.emplace_back(column->values.text(more.id));
    }
    out.push_back(std::move(one));
  }
  return out;
}

Result<int> run_filter(const Globals& globals, const ToolArguments& arguments) {
  const auto set = PHENDAU_TRY(load_rules(globals, arguments.rules));
  const std::uint32_t index = PHENDAU_TRY(find_rule(set, arguments.rule));
  std::optional<Result<std::vector<detect::FilterCondition>>> conditions;
  bool seen = false, matches = false;
  std::vector<detect::Match> found;
  const auto look = [&](const Batch& batch, std::uint32_t row, const RecordPlace&) {
    if (row == 0 || arguments.record != 0) found = detect::match(set.plan, batch);
    seen = true;
    matches = std::binary_search(found.begin(), found.end(), detect::Match{index, row});
    if (arguments.record == 0 && !matches) return true;
    conditions = conditions_of(arguments.fields, batch, row);
    return false;
  };
  PHENDAU_TRY(each_row(set, arguments, look));
  if (!seen) return no_record(arguments);
  if (!conditions) return fail(ErrorCode::not_found, "the rule matches nothing", "rules.no_match");
  const auto wanted = PHENDAU_TRY(*conditions);
  if (!matches) std::fprintf(stderr, "phendau: %s\n", globals.text("rules.filter_idle").c_str());
  const detect::Rule& rule = set.plan.rules()[index];
  print(detect::filter_text(arguments.title.empty() ? rule.title : arguments.title, "", {&rule}, wanted));
  return kOk;
}

/// The filters of the files, and the rules that they are for. A filter that touches no rule is refused: it
/// would look as if it did no harm.
Result<hub::ReplayAsk> read_filters(const Globals& globals, const std::vector<std::string>& paths,
                                    const hub::ActivePack& pack) {
  hub::ReplayAsk ask;
  std::vector<detect::Rule> rules = pack.pack().rules.rules;
  for (const auto& path : paths) {
    auto parsed = detect::parse_rules(path, PHENDAU_TRY(read_file(posix_env(), path, kFilterFileBytesMax)));
    for (const auto& filter : parsed.filters) {
      for (const auto& name : filter.rules) {
        const bool known =
            std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.is_called(name); });
        if (!known) return no_rule(name, pack.correlations());
        ask.rules.push_back(name);
      }
      for (std::size_t i = 0; filter.every_rule && i < rules.size(); ++i)
        ask.rules.push_back(rules[i].id.empty() ? rules[i].name : rules[i].id);
    }
    const auto applied = detect::apply_filters(rules, parsed.filters, pack.compile_options());
    print_mistakes(parsed.errors);
    print_mistakes(applied.errors);
    if (!parsed.errors.empty() || !applied.errors.empty() || parsed.filters.empty())
      return fail(ErrorCode::invalid, path + " holds no filter", "rules.no_filter", {path});
    for (const auto& odd : applied.warnings) {
      const std::string place = fmt::format("{}:{}:{}", odd.file, odd.line, odd.column);
      std::fprintf(stderr, "%s\n", globals.text("pack.warning", {place, odd.reason}).c_str());
    }
    if (applied.applied == 0)
      return fail(ErrorCode::invalid, path + " fits no rule", "rules.filters_nothing");
    std::move(parsed.filters.begin(), parsed.filters.end(), std::back_inserter(ask.filter));
  }
  return ask;
}

/// A few of the events, a line each.
Result<> print_events(journal::Journal& journal, const std::string& head, const std::vector<EventRef>& refs) {
  if (!refs.empty()) print_line(head);
  for (std::size_t i = 0; i < std::min(refs.size(), kReplayedShownMax); ++i) {
    const auto row = PHENDAU_TRY(journal.get(refs[i]));
    const std::string raw = to_valid_utf8(row.raw);
    print_line(fmt::format("  {}  {}  {}", format_vietnamese(row.event_time), row.host,
                           truncate_utf8(raw, kReplayedBytesMax)));
  }
  return {};
}

Result<int> run_replay(const Globals& globals, const ToolArguments& arguments) {
  const std::string folder = arguments.rules.pack.empty() ? default_pack() : arguments.rules.pack;
  const auto pack = PHENDAU_TRY(hub::ActivePack::load(posix_env(), folder));
  const hub::LiveRules rules(pack);
  hub::ReplayAsk ask = PHENDAU_TRY(read_filters(globals, arguments.paths, pack));
  ask.from = posix_env().now() - days(arguments.days);
  const auto journal = PHENDAU_TRY(open_journal_to_read(posix_env(), arguments.data));
  const bool terminal = is_terminal_stderr();
  const auto progress = [&](double share) {
    if (terminal) std::fprintf(stderr, "\r%3.0f %%", share * 100);
    return true;
  };
  const auto result = PHENDAU_TRY(hub::replay_filter(*journal, pack, rules, ask, progress));
  if (terminal) std::fprintf(stderr, "\r\x1b[K");
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  if (result.events == 0)
    return fail(ErrorCode::not_found, "no events", "rules.no_events",
                {number(static_cast<std::uint64_t>(arguments.days))});
  if (globals.json()) {
    print_line(hub::to_json(result).dump());
  } else {
    print_line(globals.text(
        "rules.replayed", {number(result.events), number(result.without.matches), number(result.with.matches),
                           number(result.without.correlations), number(result.with.correlations)}));
    PHENDAU_TRY(print_events(*journal, globals.text("rules.would_be_silent"), result.silenced));
    PHENDAU_TRY(print_events(*journal, globals.text("rules.would_stay"), result.kept));
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

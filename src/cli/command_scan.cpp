// SPDX-License-Identifier: Apache-2.0
// phendau scan and phendau rules: rules over files, without a hub. Files are read in order by one thread;
// batches are matched by `--threads` workers; results come out in input order whatever the number of threads.
#include <sys/ioctl.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <condition_variable>
#include <deque>
#include <future>
#include <thread>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/record_reader.h"
#include "cli/rule_sources.h"
#include "detect/correlation.h"
#include "detect/filter.h"
#include "detect/matcher.h"
#include "hub/active_pack.h"

namespace phendau::cli {
namespace {

constexpr std::size_t kBatchesInFlight = 8;  // per worker: bounds memory

struct ScanArguments {
  std::vector<std::string> rules;
  std::vector<std::string> paths;
  std::string pack;
  std::string data;
  bool no_event = false;
  bool stats = false;
  std::size_t threads = 0;
};

struct RuleSet {
  detect::Plan plan;
  detect::SourceMap sources;
  std::vector<detect::CorrelationRule> correlations;
  std::vector<detect::FilterRule> filters;
  std::vector<ContentError> rejected;
  std::vector<ContentError> warnings;
};

/// What a pack knows that rules need.
struct RuleContext {
  detect::SourceMap sources;
  detect::CompileOptions options;  // value lists for placeholders
};

/// What was given with --rules and is no rule for events, by why.
struct Skipped {
  std::vector<std::string> posture;
  std::vector<std::string> samples;
  std::vector<std::string> others;

  void say(const Globals& globals) const {
    const auto line = [&](std::string_view id, const std::vector<std::string>& args) {
      std::fprintf(stderr, "phendau: %s\n", globals.text(id, args).c_str());
    };
    for (const auto& path : posture) line("scan.skipped_posture", {path});
    if (!samples.empty()) line("scan.skipped_samples", {std::to_string(samples.size())});
    if (!others.empty()) line("scan.skipped_others", {std::to_string(others.size()), others.front()});
  }
};

bool judges_facts(const detect::Rule& rule) {
  return rule.logsource.product == "phendau" && rule.logsource.category == "fact";
}

/// Rules work without a pack as well: one that was not named need not be there.
Result<RuleContext> load_context(const Globals& globals, const ScanArguments& arguments) {
  const std::string folder = arguments.pack.empty() ? default_pack() : arguments.pack;
  if (arguments.pack.empty() && !posix_env().exists(path_join(folder, "pack.yaml"))) {
    std::fprintf(stderr, "phendau: %s\n", globals.text("scan.no_sources", {folder}).c_str());
    return RuleContext();
  }
  const auto pack = PHENDAU_TRY(hub::ActivePack::load(posix_env(), folder));
  return RuleContext{pack.sources(), pack.compile_options()};
}

Result<> load_rule_file(const std::string& path, std::vector<detect::Rule>& rules, RuleSet& out,
                        Skipped& skipped) {
  if (path.ends_with(".samples.yaml") || path.ends_with(".tests.yaml")) {
    skipped.samples.push_back(path);
    return {};
  }
  if (!path.ends_with(".yml") && !path.ends_with(".yaml")) {
    skipped.others.push_back(path);
    return {};
  }
  auto parsed = detect::parse_rules(path, PHENDAU_TRY(read_file(posix_env(), path, 4u << 20)));
  const auto facts = std::stable_partition(parsed.rules.begin(), parsed.rules.end(),
                                           [](const detect::Rule& rule) { return !judges_facts(rule); });
  if (facts != parsed.rules.end()) skipped.posture.push_back(path);
  parsed.rules.erase(facts, parsed.rules.end());
  std::move(parsed.rules.begin(), parsed.rules.end(), std::back_inserter(rules));
  std::move(parsed.correlations.begin(), parsed.correlations.end(), std::back_inserter(out.correlations));
  std::move(parsed.filters.begin(), parsed.filters.end(), std::back_inserter(out.filters));
  out.warnings.insert(out.warnings.end(), parsed.warnings.begin(), parsed.warnings.end());
  out.rejected.insert(out.rejected.end(), parsed.errors.begin(), parsed.errors.end());
  return {};
}

/// Correlations that refer to nothing are mistakes as well.
void reject_correlations(RuleSet& set) {
  const auto compiled = detect::Correlator::compile(set.correlations, set.plan);
  set.rejected.insert(set.rejected.end(), compiled.rejected().begin(), compiled.rejected().end());
}

Result<RuleSet> load_rules(const Globals& globals, const ScanArguments& arguments) {
  RuleSet out;
  if (arguments.rules.empty()) {
    const std::string folder = arguments.pack.empty() ? default_pack() : arguments.pack;
    const auto pack = PHENDAU_TRY(hub::ActivePack::load(posix_env(), folder));
    out.plan = pack.plan();
    out.sources = pack.sources();
    out.correlations = pack.pack().rules.correlations;
    out.rejected = pack.rejected();
    out.warnings = pack.warnings();
    reject_correlations(out);
    return out;
  }
  std::vector<detect::Rule> rules;
  Skipped skipped;
  for (const auto& folder : arguments.rules) {
    for (const auto& path : PHENDAU_TRY(files_under(posix_env(), folder))) {
      PHENDAU_TRY(load_rule_file(path, rules, out, skipped));
    }
  }
  skipped.say(globals);
  RuleContext context = PHENDAU_TRY(load_context(globals, arguments));
  const auto filtered = detect::apply_filters(rules, out.filters, context.options);
  out.rejected.insert(out.rejected.end(), filtered.errors.begin(), filtered.errors.end());
  out.warnings.insert(out.warnings.end(), filtered.warnings.begin(), filtered.warnings.end());
  out.sources = std::move(context.sources);
  out.plan = detect::Plan::compile(std::move(rules), out.sources, context.options);
  out.rejected.insert(out.rejected.end(), out.plan.rejected().begin(), out.plan.rejected().end());
  reject_correlations(out);
  return out;
}

Json event_of(const Batch& batch, std::uint32_t row) {
  Json out = Json::object();
  for (const auto& column : batch.columns()) {
    if (!column.has(row) || column.name == kSourceColumn || column.name == kAgencyColumn) continue;
    const ValueId id = column.ids[row];
    const std::string text = to_valid_utf8(column.values.text(id));
    switch (column.values.kind(id)) {
      case ValueKind::null:
        out.set(column.name, Json());
        break;
      case ValueKind::boolean:
        out.set(column.name, text == "true");
        break;
      case ValueKind::integer: {
        const auto number = parse_int(text);
        out.set(column.name, number ? Json(*number) : Json(text));
        break;
      }
      case ValueKind::real: {
        const auto number = parse_double(text);
        out.set(column.name, number ? Json(*number) : Json(text));
        break;
      }
      case ValueKind::text:
        out.set(column.name, text);
        break;
    }
  }
  return out;
}

/// One batch on its way through the workers.
struct Work {
  Batch batch;
  std::vector<std::uint64_t> lines;
  std::string path;
  std::future<std::vector<detect::Match>> matches;
};

class Scanner {
 public:
  Scanner(const Globals& globals, const ScanArguments& arguments, RuleSet rules)
      : globals_(globals),
        arguments_(arguments),
        rules_(std::move(rules)),
        channels_(hub::channel_table(rules_.sources)),
        correlator_(detect::Correlator::compile(rules_.correlations, rules_.plan)) {
    threads_ = arguments.threads > 0 ? arguments.threads : std::max(1u, std::thread::hardware_concurrency());
    if (globals_.format == "table") {
      table_.push_back({"TIME", "LEVEL", "RULE", "HOST", "PATH", "RECORD"});
    }
  }

  Result<> run() {
    Env& env = posix_env();
    for (const auto& given : arguments_.paths) {
      for (const auto& path : PHENDAU_TRY(files_under(env, given))) PHENDAU_TRY(scan_file(env, path));
    }
    while (!queue_.empty()) finish_front();
    for (const auto& match : correlator_.advance(detect::kCorrelationTimeMax)) {
      if (match.alerts) report_past(match);
    }
    if (globals_.json()) print_line(array_.dump_pretty());
    if (globals_.format == "table") {
      print_table(table_);
      print_line(globals_.text("scan.found", {std::to_string(matches_), std::to_string(totals_.events),
                                              std::to_string(rules_.plan.rules().size()),
                                              std::to_string(rules_.rejected.size())}));
    }
    return {};
  }

  std::uint64_t matches() const { return matches_; }
  const ReadTotals& totals() const { return totals_; }
  const RuleSet& rules() const { return rules_; }

 private:
  Result<> scan_file(Env& env, const std::string& path) {
    ReadOptions options;
    options.channels = channels_;
    const auto take = [&](const Batch& batch, const std::vector<std::uint64_t>& lines) -> Result<> {
      while (queue_.size() >= threads_ * kBatchesInFlight) finish_front();
      auto work = std::make_unique<Work>();
      work->batch = batch;
      work->lines = lines;
      work->path = path;
      const auto policy = threads_ > 1 ? std::launch::async : std::launch::deferred;
      work->matches =
          std::async(policy, [plan = &rules_.plan, raw = &work->batch] { return match(*plan, *raw); });
      queue_.push_back(std::move(work));
      if (threads_ == 1) finish_front();
      show_progress(path);
      return {};
    };
    const auto read = PHENDAU_TRY(read_records(env, path, options, take));
    totals_.events += read.events;
    totals_.bytes += read.bytes;
    totals_.parse_errors += read.parse_errors;
    return {};
  }

  void finish_front() {
    const auto work = std::move(queue_.front());
    queue_.pop_front();
    const auto matches = work->matches.get();
    for (const auto& match : matches) {
      if (!correlator_.rule_alerts()[match.rule_index]) continue;
      report(rules_.plan.rules()[match.rule_index], *work, match.row);
    }
    for (const auto& match : correlator_.observe(work->batch, ++frame_, matches)) {
      if (!match.alerts || match.update) continue;
      if (match.last_event.frame == frame_)
        report(correlator_.rules()[match.correlation_index], *work, match.last_event.row);
      else
        report_past(match);
    }
  }

  void report(const detect::RuleMeta& rule, const Work& work, std::uint32_t row) {
    Json out = match_of(rule, work.batch.event_time(row));
    out.set("path", work.path).set("record", work.lines[row]);
    if (!arguments_.no_event && globals_.format != "table") out.set("event", event_of(work.batch, row));
    put(std::move(out), work.batch.column(kHostColumn)->text(row));
  }

  /// A window whose last event went by with an earlier batch: there is no record to show any more.
  void report_past(const detect::CorrelationMatch& match) {
    put(match_of(correlator_.rules()[match.correlation_index], match.last_time), "");
  }

  Json match_of(const detect::RuleMeta& rule, UtcTime time) const {
    const std::string title = globals_.lang == Lang::vi ? rule.title_for_people() : rule.title;
    return Json::object(
        {{"rule_id", rule.id}, {"title", title}, {"level", rule.level}, {"time", format_rfc3339(time)}});
  }

  void put(Json match, std::string_view host) {
    ++matches_;
    if (globals_.format == "table") {
      const std::string record = match.contains("record") ? match["record"].dump() : std::string();
      table_.push_back({match["time"].as_string(), match["level"].as_string(), match["title"].as_string(),
                        std::string(host), match["path"].as_string(), record});
    } else if (globals_.json()) {
      array_.push(std::move(match));
    } else {
      print_line(match.dump());
    }
  }

  void show_progress(const std::string& path) {
    if (!is_terminal_stderr()) return;
    const Duration now = posix_env().monotonic();
    if (now.ns - shown_at_.ns < milliseconds(200).ns) return;
    shown_at_ = now;
    std::fprintf(stderr, "\r%s  %llu\x1b[K", path.c_str(), static_cast<unsigned long long>(frame_));
    std::fflush(stderr);
  }

  const Globals& globals_;
  const ScanArguments& arguments_;
  RuleSet rules_;
  const std::vector<ingest::ChannelLogsource> channels_;  // views into rules_
  detect::Correlator correlator_;
  std::size_t threads_ = 1;
  std::deque<std::unique_ptr<Work>> queue_;
  std::uint64_t frame_ = 0;
  std::uint64_t matches_ = 0;
  ReadTotals totals_;
  Duration shown_at_;
  Json array_ = Json::array();
  std::vector<std::vector<std::string>> table_;
};

Result<bool> run_scan(const Globals& globals, const ScanArguments& arguments) {
  Env& env = posix_env();
  const Duration begin = env.monotonic();
  RuleSet rules = PHENDAU_TRY(load_rules(globals, arguments));
  const Duration loaded = env.monotonic();
  for (const auto& mistake : rules.rejected) std::fprintf(stderr, "%s\n", mistake.to_string().c_str());
  Scanner scanner(globals, arguments, std::move(rules));
  PHENDAU_TRY(scanner.run());
  std::fflush(stdout);
  if (is_terminal_stderr()) std::fprintf(stderr, "\r\x1b[K");
  if (arguments.stats) {
    const Json stats = Json::object({{"events", scanner.totals().events},
                                     {"bytes", scanner.totals().bytes},
                                     {"rules", scanner.rules().plan.rules().size()},
                                     {"rules_rejected", scanner.rules().rejected.size()},
                                     {"matches", scanner.matches()},
                                     {"load_seconds", static_cast<double>((loaded.ns - begin.ns)) / 1e9},
                                     {"seconds", static_cast<double>(env.monotonic().ns - loaded.ns) / 1e9}});
    std::fprintf(stderr, "%s\n", stats.dump().c_str());
  }
  return scanner.matches() > 0;
}

Result<bool> run_validate(const Globals& globals, const ScanArguments& arguments) {
  const RuleSet rules = PHENDAU_TRY(load_rules(globals, arguments));
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
  const RuleSet rules = PHENDAU_TRY(load_rules(globals, arguments));
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
  command->add_option("--rules", arguments->rules, globals.text("cli.scan_rules"));
  command->add_option("--pack", arguments->pack, globals.text("cli.pack"));
  command->add_option("--format", globals.format, globals.text("cli.format"))
      ->check(CLI::IsMember({"table", "json", "ndjson"}));
  command->add_flag("--no-event", arguments->no_event, globals.text("cli.scan_no_event"));
  command->add_option("--threads", arguments->threads, globals.text("cli.scan_threads"))
      ->check(CLI::Range(1, 256));
  command->add_flag("--stats", arguments->stats, globals.text("cli.scan_stats"));
  command->add_option("paths", arguments->paths, globals.text("cli.files"))->required();
  command->callback([&globals, &exit_code, arguments] {
    const auto found = run_scan(globals, *arguments);
    exit_code = !found ? complain(globals, found.error()) : *found ? kFound : kOk;
  });
}

void add_rules(CLI::App& app, Globals& globals, int& exit_code) {
  auto* rules = app.add_subcommand("rules", globals.text("cli.rules"));
  rules->require_subcommand(1);
  auto arguments = std::make_shared<ScanArguments>();
  const auto add = [&](const char* name, const char* text,
                       Result<bool> (*run)(const Globals&, const ScanArguments&)) -> CLI::App* {
    auto* command = rules->add_subcommand(name, globals.text(text));
    command->add_option("--rules,folders", arguments->rules, globals.text("cli.scan_rules"));
    command->add_option("--pack", arguments->pack, globals.text("cli.pack"));
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
}

}  // namespace phendau::cli

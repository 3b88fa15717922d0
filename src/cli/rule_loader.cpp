// SPDX-License-Identifier: Apache-2.0
// The idea: all inputs are read, which takes a moment, and their digest names a file of the cache; only if
// that is not there are they parsed and compiled, which takes seconds. What the program is counts as an
// input.
#include "cli/rule_loader.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "cli/record_reader.h"
#include "cli/rule_cache.h"
#include "detect/correlation.h"
#include "detect/filter.h"
#include "hub/active_pack.h"

namespace phendau::cli {
namespace {

constexpr std::uint64_t kRuleFileBytesMax = 4u << 20;

struct RuleText {
  std::string path;
  std::string text;
  bool too_large = false;  // and not read
};

/// What was given with --rules.
struct RuleInputs {
  std::vector<RuleText> files;
  std::size_t samples = 0;
  std::vector<std::string> others;  // neither rules nor samples
};

/// What a pack knows that rules need.
struct RuleContext {
  detect::SourceMap sources;
  detect::CompileOptions options;  // value lists for placeholders
};

void say(const Globals& globals, std::string_view id, const std::vector<std::string>& args) {
  std::fprintf(stderr, "phendau: %s\n", globals.text(id, args).c_str());
}

Result<RuleInputs> read_inputs(const std::vector<std::string>& given) {
  RuleInputs out;
  std::set<std::filesystem::path> seen;  // a folder may be given beside one above it
  for (const auto& folder : given) {
    for (auto& path : PHENDAU_TRY(files_under(posix_env(), folder))) {
      std::error_code unknown;
      if (!seen.insert(std::filesystem::weakly_canonical(path, unknown)).second && !unknown) continue;
      const std::string name = to_lower_ascii(path);
      if (name.ends_with(".samples.yaml") || name.ends_with(".tests.yaml")) {
        ++out.samples;
      } else if (!name.ends_with(".yml") && !name.ends_with(".yaml")) {
        out.others.push_back(std::move(path));
      } else {
        auto text = read_file(posix_env(), path, kRuleFileBytesMax);
        if (!text && text.error().code != ErrorCode::limit) return std::unexpected(text.error());
        out.files.push_back({std::move(path), text ? std::move(*text) : "", !text});
      }
    }
  }
  return out;
}

/// Each text with its length, so that no two lists of texts are the same bytes.
class TextsDigest {
 public:
  void add(std::string_view text) {
    stream_.update(std::to_string(text.size()) + ":");
    stream_.update(text);
  }
  std::string finish() { return to_hex(stream_.finish()); }

 private:
  Sha256Stream stream_;
};

/// The pack and those that lie beside it: what it imports is among them.
Result<> add_packs(TextsDigest& digest, const std::string& folder) {
  Env& env = posix_env();
  const std::string below = std::filesystem::path(folder).lexically_normal().string() + "/..";
  const std::string parent = std::filesystem::path(below).lexically_normal().string();
  std::vector<std::string> folders = {folder};
  for (const auto& entry : PHENDAU_TRY(env.list(parent))) {
    const std::string path = path_join(parent, entry.name);
    if (entry.is_directory && env.exists(path_join(path, "pack.yaml"))) folders.push_back(path);
  }
  for (const auto& pack : folders) {
    for (const auto& path : PHENDAU_TRY(files_under(env, pack))) {
      digest.add(path);
      digest.add(PHENDAU_TRY(read_file(env, path)));
    }
  }
  return {};
}

/// Names the rule set that the inputs come to.
/// @param pack_folder empty: none
Result<std::string> key_of(const RuleInputs& inputs, const std::string& pack_folder) {
  TextsDigest digest;
  // A program of the same version may be another build, which reads rules in another way.
  for (const auto& text : {std::string(PHENDAU_VERSION), program_stamp(), detect::rule_set_version()})
    digest.add(text);
  for (const auto& file : inputs.files) {
    digest.add(file.path);
    digest.add(file.text);
    digest.add(file.too_large ? "too large" : "");
  }
  digest.add("pack " + pack_folder);
  if (!pack_folder.empty()) PHENDAU_TRY(add_packs(digest, pack_folder));
  return digest.finish();
}

bool judges_facts(const detect::Rule& rule) {
  return rule.logsource.product == "phendau" && rule.logsource.category == "fact";
}

/// Correlations that refer to nothing are mistakes as well.
void reject_correlations(detect::RuleSet& set) {
  const auto compiled = detect::Correlator::compile(set.correlations, set.plan, {}, set.broken_correlations);
  set.rejected.insert(set.rejected.end(), compiled.rejected().begin(), compiled.rejected().end());
  set.rules_rejected += set.correlations.size() - compiled.rules().size();
}

/// Each of them is in force, but who refers to the id means one of them.
void warn_of_same_ids(const std::vector<detect::Rule>& rules, std::vector<ContentError>& warnings) {
  std::unordered_map<std::string_view, const detect::Rule*> first;
  for (const auto& rule : rules) {
    const auto [found, fresh] = first.emplace(rule.id, &rule);
    if (fresh || rule.id.empty()) continue;
    warnings.push_back({rule.file, rule.place.line, rule.place.column,
                        fmt::format("id {} is that of another rule too: {}:{}", rule.id, found->second->file,
                                    found->second->place.line)});
  }
}

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

detect::RuleSet compile_rules(const RuleInputs& inputs, RuleContext context) {
  detect::RuleSet out;
  std::vector<detect::Rule> rules;
  std::vector<detect::FilterRule> filters;
  for (const auto& file : inputs.files) {
    if (file.too_large) {
      out.rejected.push_back(
          {file.path, 1, 1, fmt::format("the file is larger than {} MiB", kRuleFileBytesMax >> 20)});
      ++out.rules_rejected;
      continue;
    }
    auto parsed = detect::parse_rules(file.path, file.text);
    if (std::erase_if(parsed.rules, judges_facts) > 0) out.fact_rule_files.push_back(file.path);
    append(rules, std::move(parsed.rules));
    append(out.correlations, std::move(parsed.correlations));
    append(out.broken_correlations, std::move(parsed.broken_correlations));
    append(filters, std::move(parsed.filters));
    append(out.warnings, std::move(parsed.warnings));
    append(out.rejected, std::move(parsed.errors));
    out.rules_rejected += parsed.rejected;
  }
  warn_of_same_ids(rules, out.warnings);
  out.sources = std::move(context.sources);
  auto filtered = detect::apply_filters(rules, filters, context.options);
  out.rules_rejected += filtered.rejected;
  append(out.rejected, std::move(filtered.errors));
  append(out.warnings, std::move(filtered.warnings));
  const std::size_t rules_given = rules.size();
  out.plan = detect::Plan::compile(std::move(rules), out.sources, context.options);
  append(out.rejected, out.plan.rejected());
  out.rules_rejected += rules_given - out.plan.rules().size();
  reject_correlations(out);
  return out;
}

Result<detect::RuleSet> rules_of_pack(const std::string& folder) {
  const auto pack = PHENDAU_TRY(hub::ActivePack::load(posix_env(), folder));
  detect::RuleSet out;
  out.plan = pack.plan();
  out.sources = pack.sources();
  out.correlations = pack.pack().rules.correlations;
  out.rejected = pack.rejected();
  out.rules_rejected = out.rejected.size();  // a pack with mistakes in rules is not published
  out.warnings = pack.warnings();
  reject_correlations(out);
  return out;
}

/// From the cache, or made and put there.
Result<detect::RuleSet> rules_of_files(const RuleInputs& inputs, const std::string& pack_folder,
                                       const RuleCache& cache) {
  const auto key = key_of(inputs, pack_folder);  // without one nothing is kept; loading says what is wrong
  if (key) {
    if (auto found = cache.find(*key)) return std::move(*found);
  }
  RuleContext context;
  if (!pack_folder.empty()) {
    const auto pack = PHENDAU_TRY(hub::ActivePack::load(posix_env(), pack_folder));
    context = {pack.sources(), pack.compile_options()};
  }
  detect::RuleSet out = compile_rules(inputs, std::move(context));
  const auto key_now = key_of(inputs, pack_folder);  // somebody may have changed the pack meanwhile
  if (key && key_now && *key == *key_now) cache.keep(*key, out);
  return out;
}

}  // namespace

void add_rule_options(CLI::App& command, const Globals& globals, RuleArguments& arguments) {
  command.add_option("--pack", arguments.pack, globals.text("cli.pack"));
  command.add_option("--cache", arguments.cache, globals.text("cli.rule_cache"));
  command.add_flag("--no-cache", arguments.no_cache, globals.text("cli.no_rule_cache"));
}

Result<detect::RuleSet> load_rules(const Globals& globals, const RuleArguments& arguments) {
  std::string pack = arguments.pack.empty() ? default_pack() : arguments.pack;
  if (arguments.rules.empty()) return rules_of_pack(pack);
  const RuleInputs inputs = PHENDAU_TRY(read_inputs(arguments.rules));
  // Rules work without a pack as well: one that was not named need not be there.
  if (arguments.pack.empty() && !posix_env().exists(path_join(pack, "pack.yaml"))) {
    say(globals, "scan.no_sources", {pack});
    pack.clear();
  }
  const RuleCache cache = arguments.no_cache ? RuleCache() : RuleCache(arguments.cache);
  auto out = PHENDAU_TRY(rules_of_files(inputs, pack, cache));
  for (const auto& path : out.fact_rule_files) say(globals, "scan.skipped_posture", {path});
  if (inputs.samples > 0) say(globals, "scan.skipped_samples", {std::to_string(inputs.samples)});
  if (!inputs.others.empty())
    say(globals, "scan.skipped_others", {std::to_string(inputs.others.size()), inputs.others.front()});
  if (out.plan.rules().empty() && out.correlations.empty()) say(globals, "scan.no_rules", {});
  return out;
}

}  // namespace phendau::cli

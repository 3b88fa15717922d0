// SPDX-License-Identifier: Apache-2.0
#include "hub/pack_validate.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "comply/deadline.h"
#include "detect/samples.h"
#include "hub/active_pack.h"
#include "hub/pack_reader.h"
#include "hub/setting_names.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kSamplesSuffix = ".samples.yaml";
constexpr std::string_view kFiles[] = {
    "pack.yaml",    "calendar.yaml", "glossary.yaml",       "upload_guard.yaml",
    "ranking.yaml", "regimes.yaml",  "notices.yaml",        "coordination.yaml",
    "LICENSE",      "NOTICE",        "classification.yaml", "CHANGELOG.md"};
constexpr std::string_view kYamlFolders[] = {"clauses", "registers", "workflows", "sources", "indicators"};

template <class List>
bool is_one_of(const List& list, std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

/// Why nobody reads this file, or nothing.
std::string misplaced(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == path.npos) return is_one_of(kFiles, path) ? "" : "a pack has no such file";
  const std::string_view folder = path.substr(0, slash);
  if (folder == "documents") return "";
  if (folder == "rules") {
    const bool known =
        path.ends_with(".yml") || path.ends_with(kTestsSuffix) || path.ends_with(kSamplesSuffix);
    return known ? "" : "rules are .yml, beside them .samples.yaml and .tests.yaml";
  }
  if (!is_one_of(kYamlFolders, folder)) return fmt::format("a pack has no folder '{}'", folder);
  return path.ends_with(".yaml") || path.ends_with(".yml") ? "" : "files in this folder are .yaml";
}

class Validator {
 public:
  Validator(const std::vector<PackTree>& trees, PackReport& report) : trees_(trees), report_(report) {}

  void check_layout() {
    for (const auto& tree : trees_) {
      for (const auto& [path, text] : tree.files) {
        const std::string reason = misplaced(path);
        if (!reason.empty()) error({tree.id + "/" + path, 1, 1}, reason);
      }
    }
  }

  void check_satisfiers() {
    for (const auto& clause : report_.pack.catalog.clauses) {
      for (const auto& part : clause.parts) {
        for (const auto& way : part.satisfied_by) {
          if (way.kind == comply::SatisfierKind::setting) check_setting(way);
          if (way.test.ends_with(kTestsSuffix) && !has_file(way.test)) {
            error(way.place, fmt::format("there is no file '{}'", way.test));
          }
        }
      }
    }
  }

  /// @param active the pack made ready; its mistakes are in the report already.
  void check_rules(const ActivePack& active) {
    auto& errors = report_.errors;
    errors.insert(errors.end(), active.rejected().begin(), active.rejected().end());
    report_.warnings.insert(report_.warnings.end(), active.warnings().begin(), active.warnings().end());
    const auto correlator = detect::Correlator::compile(active.correlations(), active.plan());
    errors.insert(errors.end(), correlator.rejected().begin(), correlator.rejected().end());
  }

  void run_samples(const ActivePack& active) {
    for (const auto& tree : trees_) {
      for (const auto& [path, text] : tree.files) {
        if (!path.starts_with("rules/") || !path.ends_with(kSamplesSuffix)) continue;
        const std::string rule_path = path.substr(0, path.size() - kSamplesSuffix.size()) + ".yml";
        const auto rule_file = tree.files.find(rule_path);
        if (rule_file == tree.files.end()) {
          error({tree.id + "/" + path, 1, 1}, fmt::format("there is no rule file '{}'", rule_path));
          continue;
        }
        const auto rules = detect::parse_rules(tree.id + "/" + rule_path, rule_file->second);
        const auto found = detect::run_samples(rules, active.sources(), tree.id + "/" + path, text,
                                               report_.examples, active.compile_options());
        report_.errors.insert(report_.errors.end(), found.begin(), found.end());
      }
    }
  }

  /// Days off that are days off anyway: the author may have mistaken the date.
  void warn_of_weekend_holidays() {
    const PackTree& own = trees_.back();
    const auto file = own.files.find("calendar.yaml");
    const auto document = file == own.files.end() ? parse_yaml("{}") : parse_yaml(file->second);
    if (!document) return;
    const auto look = [&](const YamlNode& map) {
      const YamlNode* days = map.find("holidays");
      if (days == nullptr) return;
      for (const auto& item : days->items) {
        const auto day = parse_date(item.scalar);
        if (!day || iso_weekday(*day) <= 5) continue;
        report_.warnings.push_back(
            {own.id + "/calendar.yaml", item.line, item.column,
             fmt::format("{} is a weekend: it is no working day anyway", item.scalar)});
      }
    };
    look(*document);
    if (const YamlNode* years = document->find("years")) {
      for (const auto& year : years->items) look(year);
    }
  }

 private:
  void check_setting(const comply::Satisfier& way) {
    std::vector<std::string> names;
    for (const SettingName& one : kSettingNames) names.emplace_back(one.name);
    if (is_one_of(names, way.ref)) return;
    error(way.place, fmt::format("no setting '{}'{}", way.ref, did_you_mean(way.ref, names)));
  }
  void error(const comply::Place& at, std::string reason) {
    report_.errors.push_back({at.file, at.line, at.column, std::move(reason)});
  }
  bool has_file(const std::string& name) const {
    return std::any_of(trees_.begin(), trees_.end(), [&](const PackTree& tree) {
      return std::any_of(tree.files.begin(), tree.files.end(), [&](const auto& file) {
        return file.first == name || file.first.ends_with("/" + name);
      });
    });
  }

  const std::vector<PackTree>& trees_;
  PackReport& report_;
};

}  // namespace

Result<PackReport> validate_pack(Env& env, const std::string& folder) {
  LoadedPack loaded = PHENDAU_TRY(load_pack(env, folder));
  const auto trees = PHENDAU_TRY(read_pack_trees(env, folder));
  PackReport report{loaded.pack, std::move(loaded.errors), {}, loaded.pack.notes, 0};
  Validator validator(trees, report);
  validator.check_layout();
  validator.check_satisfiers();
  validator.warn_of_weekend_holidays();
  const ActivePack active = ActivePack::build(std::move(loaded.pack), report.errors);
  validator.check_rules(active);
  // What the examples say is worth reading only when the pack itself is right.
  if (report.errors.empty()) {
    report.errors = PHENDAU_TRY(run_posture_examples(env, folder, report.examples));
    validator.run_samples(active);
  }
  const auto key = [](const ContentError& one) {
    return std::tie(one.file, one.line, one.column, one.reason);
  };
  std::sort(report.errors.begin(), report.errors.end(),
            [&](const ContentError& a, const ContentError& b) { return key(a) < key(b); });
  report.errors.erase(
      std::unique(report.errors.begin(), report.errors.end(),
                  [&](const ContentError& a, const ContentError& b) { return key(a) == key(b); }),
      report.errors.end());
  return report;
}

}  // namespace phendau::hub

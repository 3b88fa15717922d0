// SPDX-License-Identifier: Apache-2.0
#include "hub/active_pack.h"

#include "base/text.h"

namespace phendau::hub {
namespace {

constexpr std::string_view kUploadGuardFile = "upload_guard.yaml";

std::unexpected<Error> content_error(const std::vector<ContentError>& errors) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < errors.size() && i < 10; ++i) lines.push_back(errors[i].to_string());
  return fail(ErrorCode::invalid, "pack: " + join(lines, "; "), "hub.pack_invalid",
              {lines.empty() ? "" : lines[0]});
}

}  // namespace

Result<ActivePack> ActivePack::load(Env& env, const std::string& folder) {
  ActivePack out;
  out.pack_ = PHENDAU_TRY(load_valid_pack(env, folder));
  std::vector<ContentError> errors;
  for (const auto& file : out.pack_.source_files) {
    const auto mistakes = out.sources_.add(file.path, file.text);
    errors.insert(errors.end(), mistakes.begin(), mistakes.end());
  }
  for (const auto& file : out.pack_.workflow_files) {
    auto definition = workflow::parse_definition(file.text, file.path, errors);
    if (definition) out.workflows_.emplace(definition->id, std::move(*definition));
  }
  if (!errors.empty()) return content_error(errors);
  detect::CompileOptions options;
  for (const auto& parameter : out.pack_.parameters) {
    std::vector<std::string> values;
    if (parameter.value.is_array()) {
      for (const auto& item : parameter.value.items()) {
        values.push_back(item.is_string() ? item.as_string() : item.dump());
      }
    } else {
      values.push_back(parameter.value.is_string() ? parameter.value.as_string() : parameter.value.dump());
    }
    options.placeholders[parameter.name] = std::move(values);
  }
  out.plan_ = detect::Plan::compile(out.pack_.rules.rules, out.sources_, options);
  out.rejected_ = out.plan_.rejected();
  out.correlations_ = out.pack_.rules.correlations;
  for (auto& rule : out.correlations_) {
    rule.group_by.insert(rule.group_by.begin(), std::string(kAgencyColumn));
  }
  for (const auto& file : out.pack_.other_files) {
    if (file.path != kUploadGuardFile) continue;
    const auto node = PHENDAU_TRY(parse_yaml(file.text));
    out.upload_policy_ = PHENDAU_TRY(upload_policy_from(node));
  }
  if (out.upload_policy_.extensions.empty()) {
    return fail(ErrorCode::invalid, "the pack lacks upload_guard.yaml", "hub.pack_invalid",
                {"upload_guard.yaml"});
  }
  return out;
}

const workflow::Definition* ActivePack::workflow(std::string_view id) const {
  const auto found = workflows_.find(id);
  return found == workflows_.end() ? nullptr : &found->second;
}

PasswordRule ActivePack::password_rule() const {
  PasswordRule rule;
  if (const auto* length = pack_.parameter("password_min_length")) rule.length_min = length->value.as_int(8);
  if (const auto* classes = pack_.parameter("password_classes")) {
    rule.classes.clear();
    for (const auto& name : classes->value.items()) rule.classes.push_back(name.as_string());
  }
  if (const auto* age = pack_.parameter("password_max_age_months"))
    rule.age_months_max = age->value.as_int(3);
  return rule;
}

const detect::RuleMeta* ActivePack::rule(std::string_view id) const {
  const auto fits = [&](const detect::RuleMeta& rule) {
    return rule.id == id || (!id.empty() && rule.name == id);
  };
  for (const auto& rule : pack_.rules.rules) {
    if (fits(rule)) return &rule;
  }
  for (const auto& rule : pack_.rules.correlations) {
    if (fits(rule)) return &rule;
  }
  for (const auto& rule : pack_.rules.silences) {
    if (fits(rule)) return &rule;
  }
  for (const auto& rule : pack_.posture_rules) {
    if (fits(rule)) return &rule;
  }
  return nullptr;
}

std::string ActivePack::rule_source(std::string_view id) const {
  const detect::RuleMeta* found = rule(id);
  if (found == nullptr) return "";
  for (const auto& file : pack_.rule_files) {
    if (found->file == file.path || found->file.ends_with("/" + file.path)) return file.text;
  }
  return "";
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// password_policy and login_lockout. What a new password must satisfy is decided by the PAM stack of
// `passwd`, not by files that nothing refers to. Sources: pam_pwquality(8), pwquality.conf(5), pam_unix(8),
// pam_passwdqc(8), pam_pwhistory(8), pam_faillock(8), faillock.conf(5), login.defs(5), as in Debian 12.
#include <algorithm>

#include "agent/linux/config_text.h"
#include "agent/linux/fact_builder.h"
#include "base/text.h"

namespace phendau::agent {
namespace {

constexpr std::int64_t kNeverDays = 99'999;        // login.defs' way of saying never
constexpr std::int64_t kPwqualityLengthFloor = 6;  // libpwquality accepts no smaller minlen
constexpr std::int64_t kLengthMax = 1000;          // larger numbers are typing errors

Result<PamStack> stack_of(MachineView& view, std::initializer_list<std::string_view> services,
                          std::string_view type) {
  Error first{ErrorCode::not_found, "no PAM configuration in /etc/pam.d", {}, {}};
  for (const auto service : services) {
    auto stack = parse_pam(std::string(service), type,
                           [&view](const std::string& name) { return view.read("/etc/pam.d/" + name); });
    if (stack) return stack;
    if (stack.error().code != ErrorCode::not_found) return stack;
  }
  return std::unexpected(first);
}

struct Policy {
  std::int64_t min_length = 0;
  std::vector<std::string> classes;
  std::int64_t min_classes = 0;
  std::int64_t history = 0;
  std::string enforced_by = "none";
  std::string unknown;  // why the policy cannot be judged
};

/// A missing settings file means defaults; an unreadable one means that we do not know.
bool merge_settings(MachineView& view, const std::string& path, Settings& into, std::string& unknown) {
  const auto text = view.read(path);
  if (!text) {
    if (text.error().code != ErrorCode::not_found) unknown = text.error().message;
    return false;
  }
  for (auto& [key, value] : parse_settings(*text)) into[key] = value;
  return true;
}

std::int64_t number_or(const Settings& settings, std::string_view key, std::int64_t fallback) {
  return std::clamp(int_of(settings, key).value_or(fallback), -kLengthMax, kLengthMax);
}

void apply_pwquality(MachineView& view, const PamLine& line, Policy& policy) {
  Settings settings;
  // Drop-ins first, then the main file, then arguments: the last one wins.
  if (const auto names = view.list("/etc/security/pwquality.conf.d")) {
    for (const auto& name : *names) {
      if (name.ends_with(".conf")) {
        merge_settings(view, "/etc/security/pwquality.conf.d/" + name, settings, policy.unknown);
      }
    }
  }
  merge_settings(view, "/etc/security/pwquality.conf", settings, policy.unknown);
  for (const auto& word : line.arguments) {
    const std::size_t equals = word.find('=');
    settings[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  if (number_or(settings, "enforcing", 1) == 0) return;  // It only warns.
  std::int64_t length = number_or(settings, "minlen", 8);
  struct Credit {
    std::string_view key;
    std::string_view name;
  };
  constexpr Credit kCredits[] = {
      {"lcredit", "lower"}, {"ucredit", "upper"}, {"dcredit", "digit"}, {"ocredit", "special"}};
  std::int64_t negative = 0;
  for (const auto& credit : kCredits) {
    const std::int64_t value = number_or(settings, credit.key, 0);
    // A positive credit makes passwords with that class shorter: what is guaranteed is less than minlen.
    if (value > 0) length -= value;
    if (value < 0) policy.classes.emplace_back(credit.name);
    if (value < 0) negative -= value;
  }
  length = std::max({length, kPwqualityLengthFloor, negative});
  policy.min_length = std::max(policy.min_length, length);
  const auto required = static_cast<std::int64_t>(policy.classes.size());
  policy.min_classes = std::max({policy.min_classes, number_or(settings, "minclass", 0), required});
  policy.enforced_by = "pam_pwquality";
}

void apply_passwdqc(MachineView& view, const PamLine& line, Policy& policy) {
  Settings settings;
  if (const auto config = line.argument("config")) {
    if (!merge_settings(view, *config, settings, policy.unknown) && policy.unknown.empty()) {
      policy.unknown = *config + ": named by pam_passwdqc, but not there";
    }
  }
  for (const auto key : {"min", "enforce"}) {
    if (const auto value = line.argument(key)) settings[key] = *value;
  }
  if (settings["enforce"] == "none") return;
  const std::string text = settings["min"].empty() ? "disabled,24,11,8,7" : settings["min"];
  const auto parts = split(text, ',');
  constexpr std::int64_t kClasses[] = {1, 2, 1, 3,
                                       4};  // of N0..N4; N2 is for passphrases, which need no classes
  std::int64_t length = kLengthMax;
  std::int64_t classes = 4;
  for (std::size_t i = 0; i < std::size(kClasses) && i < parts.size(); ++i) {
    const auto number = parse_int(trim(parts[i]));
    if (!number) continue;
    length = std::min(length, *number);
    classes = std::min(classes, kClasses[i]);
  }
  if (length == kLengthMax) return;
  policy.min_length = std::max(policy.min_length, length);
  policy.min_classes = std::max(policy.min_classes, classes);
  if (classes == 4) policy.classes = {"lower", "upper", "digit", "special"};
  policy.enforced_by = "pam_passwdqc";
}

std::int64_t argument_number(const PamLine& line, std::string_view name, std::int64_t fallback) {
  const auto text = line.argument(name);
  if (!text) return fallback;
  const auto number = parse_int(*text);
  return number ? std::clamp<std::int64_t>(*number, 0, kLengthMax) : fallback;
}

Policy judge_password_stack(MachineView& view, const PamStack& stack) {
  Policy policy;
  policy.unknown = stack.missing;
  for (const PamLine& line : stack.lines) {
    if (!line.is_enforced()) continue;
    if (line.module == "pam_pwquality.so") {
      apply_pwquality(view, line, policy);
    } else if (line.module == "pam_passwdqc.so") {
      apply_passwdqc(view, line, policy);
    } else if (line.module == "pam_pwhistory.so") {
      policy.history = std::max(policy.history, argument_number(line, "remember", 10));
    } else if (line.module == "pam_unix.so") {
      policy.history = std::max(policy.history, argument_number(line, "remember", 0));
      policy.min_length = std::max(policy.min_length, argument_number(line, "minlen", 6));
      if (policy.enforced_by == "none") policy.enforced_by = "pam_unix";
    } else if (line.module == "pam_cracklib.so") {
      policy.unknown = "pam_cracklib is in use, which this agent cannot judge";
    }
  }
  return policy;
}

void set_max_age(const CollectContext& context, FactBuilder& out) {
  const auto text = context.view.read("/etc/login.defs");
  if (!text) {
    out.unreadable("max_age_days", text.error().message);
    return;
  }
  const std::int64_t days_max = int_of(parse_settings(*text), "pass_max_days").value_or(-1);
  out.set("max_age_days", days_max < 0 || days_max >= kNeverDays ? Json("never") : Json(days_max));
}

}  // namespace

Fact collect_password_policy(const CollectContext& context) {
  FactBuilder out("password_policy", context);
  set_max_age(context, out);
  const auto stack = stack_of(context.view, {"passwd", "common-password", "system-auth"}, "password");
  const auto unknown = [&out](const std::string& reason) {
    out.unreadable({"min_length", "classes", "min_classes", "history_count", "enforced_by"}, reason);
    return out.finish();
  };
  if (!stack) return unknown(stack.error().message);
  const Policy policy = judge_password_stack(context.view, *stack);
  if (!policy.unknown.empty()) return unknown(policy.unknown);
  Json classes = Json::array();
  for (const auto& name : policy.classes) classes.push(name);
  out.set("min_length", policy.min_length);
  out.set("classes", classes);
  out.set("min_classes", policy.min_classes);
  out.set("history_count", policy.history);
  out.set("enforced_by", policy.enforced_by);
  return out.finish();
}

namespace {

void set_lockout(FactBuilder& out, std::string_view module, std::int64_t deny, std::int64_t unlock_seconds) {
  const bool enabled = deny > 0;
  out.set("enabled", enabled);
  out.set("deny_after", enabled ? Json(deny) : Json("unlimited"));
  if (enabled)
    out.set("unlock_seconds", unlock_seconds > 0 ? Json(unlock_seconds) : Json("never"));
  else
    out.unreadable("unlock_seconds", "no lockout is configured");
  out.set("enforced_by", module);
}

}  // namespace

Fact collect_login_lockout(const CollectContext& context) {
  FactBuilder out("login_lockout", context);
  const auto unknown = [&out](const std::string& reason) {
    out.unreadable({"enabled", "deny_after", "unlock_seconds", "enforced_by"}, reason);
    return out.finish();
  };
  // What every sign-in shares; MaxAuthTries of sshd ends a connection and locks nobody.
  const auto stack = stack_of(context.view, {"common-auth", "system-auth", "login"}, "auth");
  if (!stack) return unknown(stack.error().message);
  for (const PamLine& line : stack->lines) {
    if (line.module == "pam_faillock.so" && !line.has("authsucc")) {
      Settings settings;
      std::string problem;
      const std::string path = line.argument("conf").value_or("/etc/security/faillock.conf");
      merge_settings(context.view, path, settings, problem);
      if (!problem.empty()) return unknown(problem);
      for (const auto key : {"deny", "unlock_time"}) {
        if (const auto value = line.argument(key)) settings[key] = *value;
      }
      if (settings["unlock_time"] == "never") settings["unlock_time"] = "0";
      const std::int64_t unlock = int_of(settings, "unlock_time").value_or(600);
      set_lockout(out, "pam_faillock", int_of(settings, "deny").value_or(3), unlock);
      return out.finish();
    }
    if (line.module == "pam_tally2.so" || line.module == "pam_tally.so") {
      const std::int64_t deny = argument_number(line, "deny", 0);  // Without deny it only counts.
      const auto unlock = parse_int(line.argument("unlock_time").value_or("0"));
      set_lockout(out, line.module.substr(0, line.module.size() - 3), deny, unlock ? *unlock : 0);
      return out.finish();
    }
  }
  if (!stack->missing.empty()) return unknown(stack->missing);
  set_lockout(out, "none", 0, 0);
  return out.finish();
}

}  // namespace phendau::agent

// SPDX-License-Identifier: Apache-2.0
// The kinds of facts that agents measure and their fields, for who writes posture rules: the pack validator
// and `phendau pack list facts`. docs/reference/facts.md says what they mean; a test keeps the two alike.
// Plain data.
#pragma once

#include <span>
#include <string_view>

namespace phendau::hub {

struct FactField {
  std::string_view name;
  std::string_view type;
};
struct FactKind {
  std::string_view name;
  bool is_list = false;  // a row per thing: the rule says `for: every` or `for: any`
  std::span<const FactField> fields;
};

inline constexpr FactField kHostFields[] = {
    {"hostname", "text"}, {"os_family", "linux, windows"}, {"os_name", "text"},  {"os_version", "text"},
    {"kernel", "text"},   {"agent_version", "text"},       {"is_server", "bool"}};
inline constexpr FactField kPasswordPolicyFields[] = {
    {"min_length", "int"},    {"classes", "list of lower, upper, digit, special"},
    {"min_classes", "int"},   {"max_age_days", "int or never"},
    {"history_count", "int"}, {"enforced_by", "text"}};
inline constexpr FactField kAccountFields[] = {{"name", "text"},
                                               {"uid", "int"},
                                               {"password_state", "set, locked, empty, none"},
                                               {"password_changed_on", "date"},
                                               {"password_age_days", "int"},
                                               {"max_age_days", "int or never"},
                                               {"privileged", "bool"},
                                               {"interactive", "bool"}};
inline constexpr FactField kLoginLockoutFields[] = {{"enabled", "bool"},
                                                    {"deny_after", "int or unlimited"},
                                                    {"unlock_seconds", "int or never"},
                                                    {"enforced_by", "text"}};
inline constexpr FactField kAntimalwareFields[] = {
    {"present", "bool"},           {"products", "list of text"},
    {"realtime", "bool"},          {"engine_version", "text"},
    {"definitions_at", "instant"}, {"definitions_age_days", "number"},
    {"last_scan_at", "instant"},   {"last_scan_age_days", "number or never"}};
inline constexpr FactField kUpdatesFields[] = {{"pending_security", "int"},
                                               {"pending_total", "int"},
                                               {"index_age_hours", "number"},
                                               {"automatic", "bool"}};
inline constexpr FactField kLoggingFields[] = {{"service", "rsyslog, syslog-ng, journald, none"},
                                               {"running", "bool"},
                                               {"persistent", "bool"},
                                               {"records_login", "bool"},
                                               {"records_configuration", "bool"},
                                               {"records_access", "bool"},
                                               {"retention_days", "int or unlimited"},
                                               {"size_limited", "bool"}};
inline constexpr FactField kBackupFields[] = {{"seen", "bool"},
                                              {"tool", "text"},
                                              {"last_at", "instant"},
                                              {"last_age_hours", "number or never"},
                                              {"destination", "text"}};
inline constexpr FactField kIdleShutdownFields[] = {{"configured", "bool"},
                                                    {"idle_minutes", "int or never"},
                                                    {"action", "shutdown, suspend, disconnect, lock, none"}};
inline constexpr FactField kShareFields[] = {{"name", "text"},          {"protocol", "smb, nfs"},
                                             {"path", "text"},          {"password_protected", "bool"},
                                             {"guest_allowed", "bool"}, {"writable", "bool"},
                                             {"allowed_from", "text"}};
inline constexpr FactField kLogSourceFields[] = {{"channel", "text"},
                                                 {"last_event_at", "instant"},
                                                 {"last_event_age_minutes", "number"},
                                                 {"readable", "bool"}};

inline constexpr FactKind kFactKinds[] = {
    {"host", false, kHostFields},
    {"password_policy", false, kPasswordPolicyFields},
    {"account", true, kAccountFields},
    {"login_lockout", false, kLoginLockoutFields},
    {"antimalware", false, kAntimalwareFields},
    {"updates", false, kUpdatesFields},
    {"logging", false, kLoggingFields},
    {"backup", false, kBackupFields},
    {"idle_shutdown", false, kIdleShutdownFields},
    {"share", true, kShareFields},
    {"log_source", true, kLogSourceFields},
};

}  // namespace phendau::hub

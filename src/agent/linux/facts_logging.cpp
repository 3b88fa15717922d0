// SPDX-License-Identifier: Apache-2.0
// logging. Sources: journald.conf(5), logrotate(8), rsyslog.conf(5), auditctl(8), as in Debian 12.
#include <algorithm>
#include <optional>

#include "agent/linux/config_text.h"
#include "agent/linux/fact_builder.h"
#include "base/text.h"

namespace phendau::agent {
namespace {

/// Files of a folder whose names end so, joined; the reason of the first unreadable one in `problem`.
std::string read_folder(MachineView& view, const std::string& folder, std::string_view suffix,
                        std::string& problem) {
  std::string out;
  const auto names = view.list(folder);
  if (!names) {
    if (names.error().code != ErrorCode::not_found) problem = names.error().message;
    return out;
  }
  for (const auto& name : *names) {
    if (!name.ends_with(suffix)) continue;
    const auto text = view.read(folder + "/" + name);
    if (text)
      out += *text + "\n";
    else if (problem.empty())
      problem = text.error().message;
  }
  return out;
}

std::string read_file_or_note(MachineView& view, const std::string& path, std::string& problem) {
  auto text = view.read(path);
  if (text) return *text + "\n";
  if (text.error().code != ErrorCode::not_found && problem.empty()) problem = text.error().message;
  return {};
}

struct Rotation {
  std::int64_t period_days = 7;  // logrotate's own default is weekly by logrotate.conf
  std::int64_t keep = 0;
  std::int64_t age_days_max = 0;
  bool by_size = false;
};

void apply_rotation_word(const std::vector<std::string>& words, Rotation& rotation) {
  const auto value =
      words.size() > 1 ? parse_int(words[1]) : Result<std::int64_t>(fail(ErrorCode::invalid, ""));
  const std::int64_t number = value ? std::clamp<std::int64_t>(*value, -1, 100'000) : 0;
  if (words[0] == "daily")
    rotation.period_days = 1;
  else if (words[0] == "weekly")
    rotation.period_days = 7;
  else if (words[0] == "monthly")
    rotation.period_days = 30;
  else if (words[0] == "yearly")
    rotation.period_days = 365;
  else if (words[0] == "rotate")
    rotation.keep = number;
  else if (words[0] == "maxage")
    rotation.age_days_max = number;
  else if (words[0] == "size" || words[0] == "maxsize")
    rotation.by_size = true;
}

/// The rotation of the stanza that names a login log; nothing if no stanza does.
std::optional<Rotation> login_rotation(std::string_view text) {
  Rotation defaults;
  std::optional<Rotation> found;
  Rotation current;
  bool inside = false;
  bool names_login = false;
  for (const std::string& line : config_lines(text)) {
    if (line.empty() || line[0] == '#') continue;
    if (!inside && (line[0] == '/' || line[0] == '"')) {
      names_login = names_login || line.find("/auth.log") != std::string::npos ||
                    line.find("/secure") != std::string::npos ||
                    line.find("/var/log/*.log") != std::string::npos;
    }
    if (line.find('{') != std::string::npos) {
      inside = true;
      current = defaults;
      continue;
    }
    if (line[0] == '}') {
      if (names_login) found = current;
      inside = false;
      names_login = false;
      continue;
    }
    const auto words = words_of(line);
    if (!words.empty()) apply_rotation_word(words, inside ? current : defaults);
  }
  return found;
}

void set_file_retention(MachineView& view, FactBuilder& out) {
  std::string problem;
  std::string text = read_file_or_note(view, "/etc/logrotate.conf", problem);
  text += read_folder(view, "/etc/logrotate.d", "", problem);
  if (!problem.empty()) {
    out.unreadable({"retention_days", "size_limited"}, problem);
    return;
  }
  const auto rotation = login_rotation(text);
  if (!rotation || rotation->keep < 0) {
    out.set("retention_days",
            rotation && rotation->age_days_max > 0 ? Json(rotation->age_days_max) : Json("unlimited"));
    out.set("size_limited", rotation && rotation->by_size);
    return;
  }
  std::int64_t kept = rotation->keep * rotation->period_days;
  if (rotation->age_days_max > 0) kept = std::min(kept, rotation->age_days_max);
  out.set("retention_days", kept);
  out.set("size_limited", rotation->by_size);
}

void set_journal_retention(const Settings& journal, FactBuilder& out) {
  const auto found = journal.find("maxretentionsec");
  const auto span = found == journal.end() ? std::nullopt : parse_systemd_span(found->second);
  if (span && *span > 0)
    out.set("retention_days", *span / 86'400);
  else
    out.set("retention_days", "unlimited");
  out.set("size_limited", true);  // journald always has a size limit: a tenth of the disk unless set
}

Settings journal_settings(MachineView& view, std::string& problem) {
  std::string text = read_file_or_note(view, "/etc/systemd/journald.conf", problem);
  text += read_folder(view, "/etc/systemd/journald.conf.d", ".conf", problem);
  return parse_settings(text);
}

bool journal_is_persistent(MachineView& view, const Settings& journal) {
  const auto found = journal.find("storage");
  const std::string storage = found == journal.end() ? "auto" : to_lower_ascii(found->second);
  return storage == "persistent" || (storage == "auto" && view.exists("/var/log/journal"));
}

/// rsyslog writes a facility to a file: "auth,authpriv.*  /var/log/auth.log" or "*.* action(type="omfile"".
bool rsyslog_keeps_login(std::string_view text) {
  for (const std::string& line : config_lines(text)) {
    if (line.empty() || line[0] == '#') continue;
    const auto words = words_of(line);
    if (words.size() < 2) continue;
    const bool file =
        words[1].starts_with('/') || words[1].starts_with("-/") || line.find("omfile") != std::string::npos;
    if (!file || words[0].find("authpriv.none") != std::string::npos) continue;
    if (words[0].find("auth") != std::string::npos || words[0].starts_with("*.*")) return true;
  }
  return false;
}

void set_audit(MachineView& view, const std::vector<std::string>& processes, FactBuilder& out) {
  const bool running = contains_name(processes, "auditd");
  std::string problem;
  std::string rules = read_file_or_note(view, "/etc/audit/audit.rules", problem);
  rules += read_folder(view, "/etc/audit/rules.d", ".rules", problem);
  if (!problem.empty() && running) {
    out.unreadable({"records_configuration", "records_access"}, problem);
    return;
  }
  bool configuration = false;
  bool access = false;
  for (const std::string& line : config_lines(rules)) {
    if (line.empty() || line[0] == '#') continue;
    const bool watch = line.starts_with("-w ") || line.find("-F path=") != std::string::npos ||
                       line.find("-F dir=") != std::string::npos;
    const std::size_t at = std::max(line.find(" -p ") == std::string::npos ? 0 : line.find(" -p ") + 4,
                                    line.find("perm=") == std::string::npos ? 0 : line.find("perm=") + 5);
    const std::string perm = at > 0 ? line.substr(at, line.find(' ', at) - at) : std::string("rwxa");
    if (watch && line.find("/etc") != std::string::npos && perm.find('w') != std::string::npos)
      configuration = true;
    if (watch && perm.find('r') != std::string::npos) access = true;
    if (line.find("-S open") != std::string::npos || line.find(",openat") != std::string::npos) access = true;
  }
  out.set("records_configuration", running && configuration);
  out.set("records_access", running && access);
}

}  // namespace

Fact collect_logging(const CollectContext& context) {
  FactBuilder out("logging", context);
  MachineView& view = context.view;
  const auto processes = process_names(view);
  const bool rsyslog = view.exists("/usr/sbin/rsyslogd");
  const bool syslog_ng = view.exists("/usr/sbin/syslog-ng");
  const bool journald =
      view.exists("/lib/systemd/systemd-journald") || view.exists("/usr/lib/systemd/systemd-journald");
  const std::string service = rsyslog ? "rsyslog" : syslog_ng ? "syslog-ng" : journald ? "journald" : "none";
  out.set("service", service);
  if (processes) {
    out.set("running", contains_name(*processes, rsyslog     ? "rsyslogd"
                                                 : syslog_ng ? "syslog-ng"
                                                             : "systemd-journald"));
    set_audit(view, *processes, out);
  } else {
    out.unreadable({"running", "records_configuration", "records_access"}, processes.error().message);
  }
  std::string problem;
  if (service == "journald") {
    const Settings journal = journal_settings(view, problem);
    if (!problem.empty()) {
      out.unreadable({"persistent", "records_login", "retention_days", "size_limited"}, problem);
      return out.finish();
    }
    out.set("persistent", journal_is_persistent(view, journal));
    out.set("records_login", true);  // Everything that PAM and sshd say goes to the journal.
    set_journal_retention(journal, out);
  } else if (service == "rsyslog") {
    const std::string text = read_file_or_note(view, "/etc/rsyslog.conf", problem) +
                             read_folder(view, "/etc/rsyslog.d", ".conf", problem);
    const bool keeps = rsyslog_keeps_login(text);
    if (problem.empty() || keeps) {
      out.set("records_login", keeps);
      out.set("persistent", keeps);
    } else {
      out.unreadable({"records_login", "persistent"}, problem);
    }
    set_file_retention(view, out);
  } else if (service == "syslog-ng") {
    out.unreadable({"persistent", "records_login"},
                   "the configuration of syslog-ng is not understood by this agent");
    set_file_retention(view, out);
  } else {
    out.set("persistent", false);
    out.set("records_login", false);
    out.unreadable({"retention_days", "size_limited"}, "no logging service is installed");
  }
  return out.finish();
}

}  // namespace phendau::agent

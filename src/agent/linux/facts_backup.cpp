// SPDX-License-Identifier: Apache-2.0
// backup and idle_shutdown. A backup tool counts as seen when something makes it run (its configuration or a
// scheduled job), not because its package is installed. Sources: rsnapshot(1), logind.conf(5), dconf(7),
// bash(1) TMOUT.
#include <algorithm>
#include <optional>

#include "agent/linux/config_text.h"
#include "agent/linux/fact_builder.h"
#include "base/text.h"

namespace phendau::agent {
namespace {

struct Tool {
  std::string_view name;
  std::string_view settings;   // its presence means that it was set up
  std::string_view traces[3];  // files or folders that change when it ran
};
constexpr Tool kTools[] = {
    {"restic", "/etc/restic", {"/root/.cache/restic", "/var/log/restic.log", "/var/cache/restic"}},
    {"borg", "/etc/borgmatic", {"/root/.cache/borg", "/var/log/borg.log", "/root/.config/borg/security"}},
    {"rsnapshot", "/etc/rsnapshot.conf", {"/var/log/rsnapshot.log", "/var/log/rsnapshot", ""}},
    {"duplicity", "/etc/duplicity", {"/root/.cache/duplicity", "/var/log/duplicity.log", ""}},
    {"bacula", "/etc/bacula/bacula-fd.conf", {"/var/lib/bacula", "/var/log/bacula/bacula.log", ""}},
    {"timeshift", "/etc/timeshift/timeshift.json", {"/timeshift/snapshots", "/var/log/timeshift", ""}},
};

/// All text of scheduled jobs; which tool they name.
std::string scheduled_jobs(MachineView& view) {
  constexpr std::size_t kJobsBytesMax = 4u << 20;
  std::string out = view.read("/etc/crontab").value_or(std::string());
  for (const auto folder : {"/etc/cron.d", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly",
                            "/var/spool/cron/crontabs", "/etc/systemd/system"}) {
    for (const auto& name : view.list(folder).value_or(std::vector<std::string>())) {
      const auto text = view.read(std::string(folder) + "/" + name, 64u << 10);
      if (text && out.size() < kJobsBytesMax) out += "\n" + *text;
    }
  }
  return out;
}

bool job_names(const std::string& jobs, std::string_view tool) {
  for (const std::string& line : config_lines(jobs)) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t at = line.find(tool);
    if (at == std::string::npos) continue;
    const std::size_t end = at + tool.size();
    const bool starts = at == 0 || line[at - 1] == '/' || line[at - 1] == ' ' || line[at - 1] == '\t';
    if (starts &&
        (end == line.size() || line[end] == ' ' || line[end] == '\t' || line.substr(end, 5) == "matic")) {
      return true;
    }
  }
  return false;
}

/// The newest change of the tool's traces: of the folder and of what lies directly in it.
std::optional<UtcTime> newest_trace(MachineView& view, const Tool& tool, std::string& problem) {
  std::optional<UtcTime> newest;
  const auto take = [&](const std::string& path) {
    const auto at = view.modified_at(path);
    if (at && (!newest || *at > *newest)) newest = *at;
    if (!at && at.error().code != ErrorCode::not_found) problem = at.error().message;
  };
  for (const auto trace : tool.traces) {
    if (trace.empty()) continue;
    take(std::string(trace));
    for (const auto& name : view.list(std::string(trace)).value_or(std::vector<std::string>())) {
      take(std::string(trace) + "/" + name);
    }
  }
  return newest;
}

std::string rsnapshot_root(MachineView& view) {
  const auto text = view.read("/etc/rsnapshot.conf");
  if (!text) return {};
  const Settings settings = parse_settings(*text);
  const auto found = settings.find("snapshot_root");
  return found == settings.end() ? std::string() : found->second;
}

}  // namespace

Fact collect_backup(const CollectContext& context) {
  FactBuilder out("backup", context);
  const std::string jobs = scheduled_jobs(context.view);
  for (const auto& tool : kTools) {
    if (!context.view.exists(std::string(tool.settings)) && !job_names(jobs, tool.name)) continue;
    out.set("seen", true);
    out.set("tool", tool.name);
    std::string problem;
    const auto at = newest_trace(context.view, tool, problem);
    if (at) {
      out.set("last_at", format_rfc3339(*at));
      out.set("last_age_hours", age_days(context, *at) * 24);
    } else if (!problem.empty()) {
      out.unreadable({"last_at", "last_age_hours"}, problem);
    } else {
      out.set("last_age_hours", "never");
      out.unreadable("last_at", "the tool has left no trace of a run");
    }
    const std::string destination = tool.name == "rsnapshot" ? rsnapshot_root(context.view) : std::string();
    if (destination.empty())
      out.unreadable("destination", "the tool's settings do not say it in one place");
    else
      out.set("destination", destination);
    return out.finish();
  }
  out.set("seen", false);
  out.unreadable({"tool", "last_at", "last_age_hours", "destination"}, "no backup of a known tool is set up");
  return out.finish();
}

namespace {

struct Idle {
  std::string_view action;
  std::int64_t seconds = 0;
};

std::optional<Idle> logind_idle(MachineView& view, std::string& problem) {
  std::string text;
  for (const auto path : {"/etc/systemd/logind.conf", "/usr/lib/systemd/logind.conf"}) {
    const auto part = view.read(path);
    if (part) {
      text = *part + "\n";
      break;
    }
    if (part.error().code != ErrorCode::not_found) problem = part.error().message;
  }
  for (const auto& name : view.list("/etc/systemd/logind.conf.d").value_or(std::vector<std::string>())) {
    if (name.ends_with(".conf"))
      text += view.read("/etc/systemd/logind.conf.d/" + name).value_or(std::string()) + "\n";
  }
  const Settings settings = parse_settings(text);
  const auto action = settings.find("idleaction");
  if (action == settings.end()) return std::nullopt;
  const auto span_text = settings.find("idleactionsec");
  const auto span =
      span_text == settings.end() ? std::optional<std::int64_t>(1800) : parse_systemd_span(span_text->second);
  if (!span || *span <= 0) return std::nullopt;
  const std::string name = to_lower_ascii(action->second);
  if (name == "poweroff" || name == "halt") return Idle{"shutdown", *span};
  if (name == "suspend" || name == "hibernate" || name == "hybrid-sleep" ||
      name == "suspend-then-hibernate") {
    return Idle{"suspend", *span};
  }
  if (name == "lock") return Idle{"lock", *span};
  return std::nullopt;
}

std::int64_t last_number(std::string_view text) {
  const auto words = words_of(text);  // "uint32 300" or "300"
  const auto value =
      words.empty() ? Result<std::int64_t>(fail(ErrorCode::invalid, "")) : parse_int(words.back());
  return value ? std::clamp<std::int64_t>(*value, 0, 100'000'000) : 0;
}

/// System-wide defaults of GNOME in keyfiles below /etc/dconf/db/NAME.d.
void dconf_idle(MachineView& view, std::vector<Idle>& out) {
  for (const auto& database : view.list("/etc/dconf/db").value_or(std::vector<std::string>())) {
    if (!database.ends_with(".d")) continue;
    const std::string folder = "/etc/dconf/db/" + database;
    for (const auto& name : view.list(folder).value_or(std::vector<std::string>())) {
      for (const auto& [section, settings] :
           parse_sections(view.read(folder + "/" + name).value_or(std::string()))) {
        const auto value = [&s = settings](std::string_view key) {
          const auto found = s.find(key);
          return found == s.end() ? std::string() : found->second;
        };
        if (section == "org/gnome/desktop/session" && last_number(value("idle-delay")) > 0) {
          out.push_back({"lock", last_number(value("idle-delay"))});
        }
        if (section != "org/gnome/settings-daemon/plugins/power") continue;
        const std::int64_t after = last_number(value("sleep-inactive-ac-timeout"));
        const std::string type = value("sleep-inactive-ac-type");
        if (after > 0 && type == "shutdown") out.push_back({"shutdown", after});
        if (after > 0 && (type == "suspend" || type == "hibernate")) out.push_back({"suspend", after});
      }
    }
  }
}

/// TMOUT ends an idle shell.
void shell_idle(MachineView& view, std::vector<Idle>& out) {
  std::vector<std::string> paths = {"/etc/profile", "/etc/bash.bashrc"};
  for (const auto& name : view.list("/etc/profile.d").value_or(std::vector<std::string>())) {
    if (name.ends_with(".sh")) paths.push_back("/etc/profile.d/" + name);
  }
  for (const auto& path : paths) {
    for (std::string line : config_lines(view.read(path).value_or(std::string()))) {
      for (const std::string_view prefix : {"export ", "readonly ", "declare -xr ", "typeset -xr "}) {
        if (line.starts_with(prefix)) line.erase(0, prefix.size());
      }
      if (!line.starts_with("TMOUT=")) continue;
      const auto value = parse_int(line.substr(6, line.find_first_of(" ;#", 6) - 6));
      if (value && *value > 0 && *value < 100'000'000) out.push_back({"disconnect", *value});
    }
  }
}

int strength(std::string_view action) {
  if (action == "shutdown") return 4;
  if (action == "suspend") return 3;
  if (action == "disconnect") return 2;
  return 1;
}

}  // namespace

Fact collect_idle_shutdown(const CollectContext& context) {
  FactBuilder out("idle_shutdown", context);
  std::string problem;
  std::vector<Idle> found;
  if (const auto idle = logind_idle(context.view, problem)) found.push_back(*idle);
  dconf_idle(context.view, found);
  shell_idle(context.view, found);
  if (found.empty() && !problem.empty()) {
    out.unreadable({"configured", "idle_minutes", "action"}, problem);
    return out.finish();
  }
  const auto best = std::max_element(found.begin(), found.end(), [](const Idle& a, const Idle& b) {
    return strength(a.action) != strength(b.action) ? strength(a.action) < strength(b.action)
                                                    : a.seconds > b.seconds;
  });
  out.set("configured", best != found.end());
  out.set("action", best == found.end() ? std::string_view("none") : best->action);
  // Rounded up: 61 seconds are not within one minute.
  out.set("idle_minutes", best == found.end() ? Json("never") : Json((best->seconds + 59) / 60));
  return out.finish();
}

}  // namespace phendau::agent

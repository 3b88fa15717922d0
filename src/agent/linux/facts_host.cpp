// SPDX-License-Identifier: Apache-2.0
// host, updates, and the list of kinds. Sources: os-release(5), apt-get(8), apt.conf(5), dpkg's status file.
#include <algorithm>

#include "agent/linux/config_text.h"
#include "agent/linux/fact_builder.h"
#include "base/text.h"

namespace phendau::agent {

Result<std::string> dpkg_version(const std::string& status_text, std::string_view package) {
  std::string name;
  std::string version;
  bool installed = false;
  for (const std::string_view line : split(status_text, '\n')) {
    if (line.empty()) {
      if (installed && name == package) return version;
      name.clear();
      version.clear();
      installed = false;
    } else if (line.starts_with("Package: ")) {
      name = std::string(trim(line.substr(9)));
    } else if (line.starts_with("Status: ")) {
      installed = line.ends_with(" installed");
    } else if (line.starts_with("Version: ")) {
      version = std::string(trim(line.substr(9)));
    }
  }
  return installed && name == package ? version : std::string();
}

namespace {

void set_release(const CollectContext& context, FactBuilder& out) {
  auto text = context.view.read("/etc/os-release");
  if (!text) text = context.view.read("/usr/lib/os-release");
  if (!text) {
    out.unreadable({"os_name", "os_version"}, text.error().message);
    return;
  }
  const Settings release = parse_settings(*text);
  const auto value = [&release](std::string_view key) {
    const auto found = release.find(key);
    return found == release.end() ? std::string() : found->second;
  };
  const std::string name = value("name");
  const std::string version = value("version_id");
  if (name.empty())
    out.unreadable("os_name", "/etc/os-release does not say NAME");
  else
    out.set("os_name", name);
  if (version.empty())
    out.unreadable("os_version", "/etc/os-release does not say VERSION_ID");
  else
    out.set("os_version", version);
}

bool has_desktop(MachineView& view) {
  for (const auto path : {"/usr/share/xsessions", "/usr/share/wayland-sessions"}) {
    const auto sessions = view.list(path);
    if (sessions && !sessions->empty()) return true;
  }
  return view.exists("/etc/X11/default-display-manager");
}

}  // namespace

Fact collect_host(const CollectContext& context) {
  FactBuilder out("host", context);
  const auto hostname = context.view.read("/etc/hostname", 4096);
  const std::string name(hostname ? trim(*hostname) : std::string_view());
  if (name.empty())
    out.unreadable("hostname", hostname ? "/etc/hostname is empty" : hostname.error().message);
  else
    out.set("hostname", name);
  out.set("os_family", "linux");
  set_release(context, out);
  const auto kernel = context.view.read_start("/proc/sys/kernel/osrelease", 256);
  if (kernel)
    out.set("kernel", std::string(trim(*kernel)));
  else
    out.unreadable("kernel", kernel.error().message);
  out.set("agent_version", PHENDAU_VERSION);
  out.set("is_server", !has_desktop(context.view));
  return out.finish();
}

namespace {

struct Pending {
  std::int64_t total = 0;
  std::int64_t security = 0;
};

/// Lines as "Inst libc6 [2.36-9] (2.36-9+deb12u4 Debian-Security:12/stable-security [amd64])".
Pending count_pending(std::string_view text) {
  Pending out;
  for (const std::string_view line : split(text, '\n')) {
    // Also without an installed version in brackets: new kernels come as new packages.
    if (!line.starts_with("Inst ") || line.find(" (") == std::string_view::npos) continue;
    ++out.total;
    const std::string low = to_lower_ascii(line.substr(line.find(" (")));
    if (low.find("-security") != std::string::npos) ++out.security;
  }
  return out;
}

void set_automatic(const CollectContext& context, const std::string& dpkg, FactBuilder& out) {
  const auto names = context.view.list("/etc/apt/apt.conf.d");
  if (!names) {
    out.unreadable("automatic", names.error().message);
    return;
  }
  std::string value = "0";
  for (const auto& name : *names) {
    const auto text = context.view.read("/etc/apt/apt.conf.d/" + name);
    if (!text) {
      out.unreadable("automatic", text.error().message);
      return;
    }
    for (const std::string& line : config_lines(*text)) {
      if (line.starts_with("//") || line.starts_with("#")) continue;
      const std::size_t at = line.find("APT::Periodic::Unattended-Upgrade");
      const std::size_t quote = at == std::string::npos ? at : line.find('"', at);
      if (quote == std::string::npos) continue;
      value = line.substr(quote + 1, line.find('"', quote + 1) - quote - 1);
    }
  }
  const auto version = dpkg_version(dpkg, "unattended-upgrades");
  // The number is days between runs, "always" is every time.
  out.set("automatic", version && !version->empty() && value != "0" && !value.empty());
}

/// The newest sign that package lists were fetched.
Result<UtcTime> index_fetched_at(MachineView& view) {
  if (const auto stamp = view.modified_at("/var/lib/apt/periodic/update-success-stamp")) return *stamp;
  UtcTime newest{};
  for (const auto& name : PHENDAU_TRY(view.list("/var/lib/apt/lists"))) {
    if (name.find("Release") == std::string::npos && name.find("_Packages") == std::string::npos) continue;
    const auto at = view.modified_at("/var/lib/apt/lists/" + name);
    if (at) newest = std::max(newest, *at);
  }
  if (newest.ns == 0)
    return fail(ErrorCode::not_found, "package lists were never fetched (/var/lib/apt/lists is empty)");
  return newest;
}

}  // namespace

Fact collect_updates(const CollectContext& context) {
  FactBuilder out("updates", context);
  const auto dpkg = context.view.read("/var/lib/dpkg/status", 4 * kFactFileBytesMax);
  if (!dpkg) {
    const std::string reason = dpkg.error().code == ErrorCode::not_found
                                   ? "only machines with apt are understood; " + dpkg.error().message
                                   : dpkg.error().message;
    out.unreadable({"pending_security", "pending_total", "index_age_hours", "automatic"}, reason);
    return out.finish();
  }
  set_automatic(context, *dpkg, out);
  const auto fetched = index_fetched_at(context.view);
  if (!fetched) {
    // Without lists apt reports nothing to do, which would look like a machine that is up to date.
    out.unreadable({"pending_security", "pending_total", "index_age_hours"}, fetched.error().message);
    return out.finish();
  }
  out.set("index_age_hours", age_days(context, *fetched) * 24);
  const auto run = context.view.run({"apt-get", "-s", "-o", "Debug::NoLocking=1", "dist-upgrade"});
  if (!run || run->exit_code != 0) {
    const std::string reason =
        run ? "apt-get -s dist-upgrade failed: " + std::string(truncate_utf8(run->err, 200))
            : run.error().message;
    out.unreadable({"pending_security", "pending_total"}, reason);
    return out.finish();
  }
  const Pending pending = count_pending(run->out);
  out.set("pending_security", pending.security);
  out.set("pending_total", pending.total);
  return out.finish();
}

namespace {
struct Kind {
  std::string_view name;
  Fact (*collect)(const CollectContext&);
};
constexpr Kind kKinds[] = {{"host", collect_host},
                           {"password_policy", collect_password_policy},
                           {"account", collect_account},
                           {"login_lockout", collect_login_lockout},
                           {"antimalware", collect_antimalware},
                           {"updates", collect_updates},
                           {"logging", collect_logging},
                           {"backup", collect_backup},
                           {"idle_shutdown", collect_idle_shutdown},
                           {"share", collect_share}};
}  // namespace

const std::vector<std::string>& linux_fact_kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> out;
    for (const auto& kind : kKinds) out.emplace_back(kind.name);
    return out;
  }();
  return kinds;
}

Fact collect_fact(std::string_view kind, const CollectContext& context) {
  for (const auto& known : kKinds) {
    if (known.name == kind) return known.collect(context);
  }
  Fact fact = start_fact(kind, context);
  fact.complete = false;
  fact.incomplete_reason = "this agent does not measure such a fact";
  return fact;
}

}  // namespace phendau::agent

// SPDX-License-Identifier: Apache-2.0
// account and share: the two lists. Sources: passwd(5), shadow(5), group(5), smb.conf(5), exports(5).
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "agent/linux/config_text.h"
#include "agent/linux/fact_builder.h"
#include "base/text.h"

namespace phendau::agent {
namespace {

constexpr std::int64_t kShadowNeverDays = 99'999;

struct Shadow {
  std::string hash;
  std::optional<std::int64_t> changed_day;
  std::optional<std::int64_t> max_days;
};

std::optional<std::int64_t> small_number(std::string_view text) {
  const auto value = parse_int(text);
  if (!value || *value < 0 || *value > 10'000'000) return std::nullopt;
  return *value;
}

std::map<std::string, Shadow> parse_shadow(const std::string& text) {
  std::map<std::string, Shadow> out;
  for (const std::string_view line : split(text, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 5) continue;
    out[std::string(fields[0])] = {std::string(fields[1]), small_number(fields[2]), small_number(fields[4])};
  }
  return out;
}

std::string_view password_state(std::string_view hash) {
  if (hash.empty()) return "empty";
  if (hash.find_first_not_of("!*") == std::string_view::npos || hash == "NP") return "none";
  return hash[0] == '!' || hash[0] == '*' ? "locked" : "set";
}

/// Names of those who may administer: members of these groups by list, and the groups' numbers.
struct Privileged {
  std::set<std::string, std::less<>> names;
  std::set<std::string, std::less<>> groups;
};

Privileged parse_privileged(const std::string& group_text) {
  constexpr std::string_view kGroups[] = {"sudo", "wheel", "adm", "root"};
  Privileged out;
  for (const std::string_view line : split(group_text, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 4) continue;
    if (std::find(std::begin(kGroups), std::end(kGroups), fields[0]) == std::end(kGroups)) continue;
    out.groups.emplace(fields[2]);
    for (const auto name : split(fields[3], ',')) {
      if (!trim(name).empty()) out.names.emplace(trim(name));
    }
  }
  return out;
}

bool is_interactive(std::string_view shell) {
  const std::string_view name = shell.substr(shell.find_last_of('/') + 1);
  // An empty shell field means /bin/sh.
  return name != "nologin" && name != "false" && name != "true" && name != "sync" && name != "halt" &&
         name != "shutdown";
}

void set_password(Json& row, const Shadow& shadow, const CollectContext& context) {
  row.set("password_state", password_state(shadow.hash));
  const bool never = !shadow.max_days || *shadow.max_days >= kShadowNeverDays;
  row.set("max_age_days", never ? Json("never") : Json(*shadow.max_days));
  if (!shadow.changed_day || *shadow.changed_day == 0) return;  // 0: must be changed at the next sign-in.
  row.set("password_changed_on", format_date(civil_from_days(*shadow.changed_day)));
  row.set("password_age_days", context.now.ns / days(1).ns - *shadow.changed_day);
}

bool uses_directory(MachineView& view) {
  const auto text = view.read("/etc/nsswitch.conf");
  if (!text) return false;
  for (const std::string& line : config_lines(*text)) {
    if (!line.starts_with("passwd:")) continue;
    for (const auto& word : words_of(line)) {
      if (word == "sss" || word == "ldap" || word == "winbind" || word == "nis") return true;
    }
  }
  return false;
}

void incomplete(Fact& fact, std::string reason) {
  fact.complete = false;
  if (fact.incomplete_reason.empty()) fact.incomplete_reason = std::move(reason);
}

}  // namespace

Fact collect_account(const CollectContext& context) {
  Fact fact = start_fact("account", context);
  const auto passwd = context.view.read("/etc/passwd");
  if (!passwd) {
    incomplete(fact, passwd.error().message);
    return fact;
  }
  const auto group = context.view.read("/etc/group");
  const auto shadow_text = context.view.read("/etc/shadow");
  const std::map<std::string, Shadow> shadow =
      shadow_text ? parse_shadow(*shadow_text) : std::map<std::string, Shadow>();
  const Privileged privileged = group ? parse_privileged(*group) : Privileged();
  if (!group) fact.unreadable.emplace_back("privileged", group.error().message);
  if (!shadow_text) {
    for (const auto field : {"password_state", "password_changed_on", "password_age_days", "max_age_days"}) {
      fact.unreadable.emplace_back(field, shadow_text.error().message);
    }
  }
  for (const std::string_view line : split(*passwd, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const auto fields = split(line, ':');
    const auto uid =
        fields.size() >= 7 ? parse_int(fields[2]) : Result<std::int64_t>(fail(ErrorCode::invalid, ""));
    if (!uid || fields[0].empty() || fields[0][0] == '+') {
      incomplete(fact, "/etc/passwd has a line that is no account");
      continue;
    }
    if (fact.rows.size() >= kFactRowsMax) {
      incomplete(fact, "more accounts than a fact may hold");
      break;
    }
    Json row = Json::object({{"name", fields[0]}, {"uid", *uid}});
    const auto found = shadow.find(std::string(fields[0]));
    if (fields[1] != "x") {
      row.set("password_state",
              password_state(fields[1]));  // Kept in passwd itself; "" asks for none at all.
    } else if (found != shadow.end()) {
      set_password(row, found->second, context);
    }
    const bool listed = privileged.names.contains(fields[0]) || privileged.groups.contains(fields[3]);
    if (*uid == 0 || group) row.set("privileged", *uid == 0 || listed);
    row.set("interactive", is_interactive(fields[6]));
    fact.rows.push_back(std::move(row));
  }
  if (uses_directory(context.view)) incomplete(fact, "accounts also come from a directory (nsswitch.conf)");
  return fact;
}

namespace {

std::string value_of(const Settings& settings, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) {
    const auto found = settings.find(key);
    if (found != settings.end()) return found->second;
  }
  return {};
}

void add_smb_shares(const std::string& text, Fact& fact) {
  Settings global;
  for (const auto& [name, settings] : parse_sections(text)) {
    if (settings.contains("include") || settings.contains("configfile") || settings.contains("copy")) {
      incomplete(fact, "smb.conf takes settings from other files, which are not read");
    }
    if (equals_ignore_case_ascii(name, "global")) {
      for (const auto& [key, value] : settings) global[key] = value;
      if (value_of(settings, {"registryshares"}) == "yes" ||
          value_of(settings, {"configbackend"}) == "registry") {
        incomplete(fact, "smb.conf says that shares are also kept in the registry");
      }
      continue;
    }
    if (name.empty() || is_yes(value_of(settings, {"printable", "printok"}))) continue;
    if (settings.contains("available") && !is_yes(settings.at("available"))) continue;
    if (fact.rows.size() >= kFactRowsMax) return incomplete(fact, "more shares than a fact may hold");
    Settings all = global;
    for (const auto& [key, value] : settings) all[key] = value;
    const bool guest = is_yes(value_of(all, {"guestok", "public"}));
    const bool writable = is_yes(value_of(all, {"writable", "writeable", "writeok"})) ||
                          (all.contains("readonly") && !is_yes(all.at("readonly")));
    Json row = Json::object({{"name", name},
                             {"protocol", "smb"},
                             {"password_protected", !guest},
                             {"guest_allowed", guest},
                             {"writable", writable}});
    const std::string path = value_of(settings, {"path", "directory"});
    if (!path.empty()) row.set("path", path);
    const std::string hosts = value_of(all, {"hostsallow", "allowhosts"});
    row.set("allowed_from", hosts.empty() ? std::string("*") : hosts);
    fact.rows.push_back(std::move(row));
  }
}

void add_nfs_shares(const std::string& text, Fact& fact) {
  for (const std::string& line : config_lines(text)) {
    if (line.empty() || line[0] == '#' || line[0] != '/') continue;
    std::vector<std::string> words = words_of(line);
    if (words.size() == 1) words.emplace_back("*");
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i].starts_with('#')) break;
      if (fact.rows.size() >= kFactRowsMax) return incomplete(fact, "more shares than a fact may hold");
      const std::size_t open = words[i].find('(');
      const std::string host = words[i].substr(0, open);
      const std::string options =
          open == std::string::npos ? "" : words[i].substr(open + 1, words[i].find(')') - open - 1);
      bool writable = false;
      bool every_flavour_signs = false;
      for (const auto option : split(options, ',')) {
        if (option == "rw") writable = true;
        if (!option.starts_with("sec=")) continue;
        every_flavour_signs = true;
        for (const auto flavour : split(std::string_view(option).substr(4), ':')) {
          if (!flavour.starts_with("krb5")) every_flavour_signs = false;
        }
      }
      // Without Kerberos, NFS believes what the client says about its users: no password protects it.
      fact.rows.push_back(Json::object({{"name", words[0]},
                                        {"protocol", "nfs"},
                                        {"path", words[0]},
                                        {"password_protected", every_flavour_signs},
                                        {"guest_allowed", !every_flavour_signs},
                                        {"writable", writable},
                                        {"allowed_from", host.empty() ? std::string("*") : host}}));
    }
  }
}

}  // namespace

Fact collect_share(const CollectContext& context) {
  Fact fact = start_fact("share", context);
  const auto take = [&](const std::string& path, void (*add)(const std::string&, Fact&)) {
    const auto text = context.view.read(path);
    if (text)
      add(*text, fact);
    else if (text.error().code != ErrorCode::not_found)
      incomplete(fact, text.error().message);
  };
  take("/etc/samba/smb.conf", add_smb_shares);
  take("/etc/exports", add_nfs_shares);
  if (const auto names = context.view.list("/etc/exports.d")) {
    for (const auto& name : *names) {
      if (name.ends_with(".exports")) take("/etc/exports.d/" + name, add_nfs_shares);
    }
  }
  return fact;
}

}  // namespace phendau::agent

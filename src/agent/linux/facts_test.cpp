// SPDX-License-Identifier: Apache-2.0
// Proves what each fact says of whole machines: Debian as installed, hardened, seen by a user who may not
// read, with nothing on it, and with garbage in every file. Each field of docs/reference/facts.md is either
// set or explained.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "agent/linux/config_text.h"
#include "agent/linux/facts.h"
#include "base/text.h"

namespace facts_test {

using namespace phendau;
using namespace phendau::agent;

namespace {

constexpr UtcTime kNow{1'795'478'400'000'000'000};  // 2026-11-24T00:00:00Z

/// A fixture tree, with programs, times and refusals that files of a repository cannot hold.
class FixtureView : public MachineView {
 public:
  explicit FixtureView(const std::string& name)
      : tree_(make_machine_view(std::string(PHENDAU_SOURCE_DIR "/tests/data/linux-roots/") + name)) {}
  std::map<std::string, ProgramOutput> programs;
  std::map<std::string, UtcTime> times;
  std::set<std::string> denied;

  Result<std::string> read(const std::string& path, std::size_t size_bytes_max) override {
    PHENDAU_TRY(check(path));
    return tree_->read(path, size_bytes_max);
  }
  Result<std::string> read_start(const std::string& path, std::size_t size_bytes) override {
    PHENDAU_TRY(check(path));
    return tree_->read_start(path, size_bytes);
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    PHENDAU_TRY(check(path));
    return tree_->list(path);
  }
  Result<UtcTime> modified_at(const std::string& path) override {
    PHENDAU_TRY(check(path));
    const auto found = times.find(path);
    if (found != times.end()) return found->second;
    return fail(ErrorCode::not_found, path + ": no such file");
  }
  bool exists(const std::string& path) override { return tree_->exists(path); }
  Result<ProgramOutput> run(const std::vector<std::string>& argv) override {
    const auto found = programs.find(argv[0]);
    if (found == programs.end()) return fail(ErrorCode::not_found, argv[0] + " is not installed");
    return found->second;
  }

 private:
  Result<> check(const std::string& path) const {
    for (const auto& prefix : denied) {
      if (path.starts_with(prefix)) return fail(ErrorCode::denied, path + ": Permission denied");
    }
    return {};
  }
  std::unique_ptr<MachineView> tree_;
};

FixtureView hardened() {
  FixtureView view("hardened");
  view.programs["apt-get"] = {
      0,
      "Reading package lists...\n"
      "Inst libc6 [2.36-9] (2.36-9+deb12u9 Debian-Security:12/stable-security [amd64])\n"
      "Inst vim [9.0] (9.1 Debian:12.8/stable [amd64])\n"
      "Inst brand-new (1.0 Debian:12.8/stable [amd64])\n"
      "Conf libc6 (2.36-9+deb12u9 Debian-Security:12/stable-security [amd64])\n",
      {}};
  view.times["/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease"] = kNow - hours(12);
  view.times["/var/log/rsnapshot.log"] = kNow - hours(24);
  return view;
}

std::string one(const Fact& fact, std::string_view field) {
  REQUIRE(fact.rows.size() == 1);
  return fact.rows[0][field].dump();
}

bool is_unreadable(const Fact& fact, std::string_view field) {
  for (const auto& [name, reason] : fact.unreadable) {
    if (name == field) return !reason.empty();
  }
  return false;
}

struct Expected {
  std::string_view kind;
  std::string_view field;
  std::string_view json;  // "" : named as unreadable
};

void check_all(FixtureView& view, std::initializer_list<Expected> table) {
  for (const auto& row : table) {
    CAPTURE(row.kind);
    CAPTURE(row.field);
    const Fact fact = collect_fact(row.kind, {view, kNow});
    if (row.json.empty()) {
      CHECK(is_unreadable(fact, row.field));
      CHECK(one(fact, row.field) == "null");
    } else {
      CHECK(one(fact, row.field) == row.json);
      CHECK(!is_unreadable(fact, row.field));
    }
  }
}

/// docs/reference/facts.md, the kinds of one row.
const std::map<std::string, std::vector<std::string>> kFields = {
    {"host", {"hostname", "os_family", "os_name", "os_version", "kernel", "agent_version", "is_server"}},
    {"password_policy",
     {"min_length", "classes", "min_classes", "max_age_days", "history_count", "enforced_by"}},
    {"login_lockout", {"enabled", "deny_after", "unlock_seconds", "enforced_by"}},
    {"antimalware",
     {"present", "products", "realtime", "engine_version", "definitions_at", "definitions_age_days",
      "last_scan_at", "last_scan_age_days"}},
    {"updates", {"pending_security", "pending_total", "index_age_hours", "automatic"}},
    {"logging",
     {"service", "running", "persistent", "records_login", "records_configuration", "records_access",
      "retention_days", "size_limited"}},
    {"backup", {"seen", "tool", "last_at", "last_age_hours", "destination"}},
    {"idle_shutdown", {"configured", "idle_minutes", "action"}}};

}  // namespace

TEST_CASE("facts: Debian as installed") {
  FixtureView view("debian-default");
  check_all(view, {{"host", "hostname", "\"may-01\""},
                   {"host", "os_version", "\"12\""},
                   {"host", "is_server", "true"},
                   {"password_policy", "min_length", "6"},
                   {"password_policy", "classes", "[]"},
                   {"password_policy", "max_age_days", "\"never\""},
                   {"password_policy", "enforced_by", "\"pam_unix\""},
                   {"login_lockout", "enabled", "false"},
                   {"login_lockout", "deny_after", "\"unlimited\""},
                   {"login_lockout", "unlock_seconds", ""},
                   {"antimalware", "present", "false"},
                   {"antimalware", "realtime", "false"},
                   {"antimalware", "definitions_age_days", ""},
                   {"updates", "automatic", "false"},
                   {"updates", "pending_security", ""},
                   {"logging", "service", "\"journald\""},
                   {"logging", "running", "true"},
                   {"logging", "persistent", "false"},
                   {"logging", "records_configuration", "false"},
                   {"backup", "seen", "false"},
                   {"idle_shutdown", "configured", "false"},
                   {"idle_shutdown", "idle_minutes", "\"never\""}});
  const Fact accounts = collect_account({view, kNow});
  CHECK(accounts.complete);
  struct Row {
    std::string_view name;
    std::string_view state;
    std::string_view max_age;
    bool privileged;
    bool shell;
  };
  const Row rows[] = {{"root", "none", "\"never\"", true, true},
                      {"daemon", "none", "\"never\"", false, false},
                      {"lan", "set", "\"never\"", true, true},
                      {"minh", "locked", "90", false, true},
                      {"khach", "empty", "\"never\"", false, true}};
  REQUIRE(accounts.rows.size() == std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    CHECK(accounts.rows[i]["name"].as_string() == rows[i].name);
    CHECK(accounts.rows[i]["password_state"].as_string() == rows[i].state);
    CHECK(accounts.rows[i]["max_age_days"].dump() == rows[i].max_age);
    CHECK(accounts.rows[i]["privileged"].as_bool() == rows[i].privileged);
    CHECK(accounts.rows[i]["interactive"].as_bool() == rows[i].shell);
  }
  CHECK(accounts.rows[2]["password_changed_on"].as_string() == "2024-10-04");
}

TEST_CASE("facts: a hardened server") {
  FixtureView view = hardened();
  check_all(view, {{"host", "is_server", "false"},
                   {"password_policy", "min_length", "12"},
                   {"password_policy", "classes", R"(["lower","upper","digit"])"},
                   {"password_policy", "min_classes", "3"},
                   {"password_policy", "max_age_days", "90"},
                   {"password_policy", "history_count", "5"},
                   {"password_policy", "enforced_by", "\"pam_pwquality\""},
                   {"login_lockout", "enabled", "true"},
                   {"login_lockout", "deny_after", "5"},
                   {"login_lockout", "unlock_seconds", "900"},
                   {"antimalware", "products", R"(["ClamAV"])"},
                   {"antimalware", "realtime", "true"},
                   {"antimalware", "definitions_at", "\"2026-11-22T08:30:00Z\""},
                   {"antimalware", "last_scan_at", "\"2026-11-22T18:40:10Z\""},
                   {"updates", "pending_security", "1"},
                   {"updates", "pending_total", "3"},
                   {"updates", "index_age_hours", "12.0"},
                   {"updates", "automatic", "true"},
                   {"logging", "service", "\"rsyslog\""},
                   {"logging", "records_login", "true"},
                   {"logging", "records_configuration", "true"},
                   {"logging", "records_access", "true"},
                   {"logging", "retention_days", "182"},
                   {"backup", "tool", "\"rsnapshot\""},
                   {"backup", "last_age_hours", "24.0"},
                   {"backup", "destination", "\"/mnt/saoluu/\""},
                   {"idle_shutdown", "action", "\"shutdown\""},
                   {"idle_shutdown", "idle_minutes", "15"}});
  const Fact accounts = collect_account({view, kNow});
  CHECK(!accounts.complete);                           // sss in nsswitch.conf: some live in a directory
  CHECK(accounts.rows.at(1)["privileged"].as_bool());  // by primary group
  const Fact shares = collect_share({view, kNow});
  REQUIRE(shares.rows.size() == 4);
  CHECK(shares.rows[0]["writable"].as_bool());
  CHECK(shares.rows[0]["allowed_from"].as_string() == "10.1.0.0/16");
  CHECK(!shares.rows[1]["password_protected"].as_bool());
  CHECK(shares.rows[2]["password_protected"].as_bool());
  CHECK(shares.rows[3]["guest_allowed"].as_bool());
  CHECK(shares.rows[3]["allowed_from"].as_string() == "*");
}

TEST_CASE("facts: what a plain user may not read is unreadable with the reason, never fine") {
  FixtureView view = hardened();
  view.denied = {"/etc/shadow", "/etc/audit", "/var/log/clamav", "/etc/security", "/etc/pam.d/common-auth"};
  const Fact accounts = collect_account({view, kNow});
  CHECK(is_unreadable(accounts, "password_state"));
  CHECK(accounts.rows.at(0)["password_state"].is_null());
  CHECK(accounts.rows.at(0)["name"].as_string() == "root");
  check_all(view, {{"password_policy", "min_length", ""},
                   {"password_policy", "enforced_by", ""},
                   {"password_policy", "max_age_days", "90"},
                   {"login_lockout", "enabled", ""},
                   {"logging", "records_access", ""},
                   {"antimalware", "last_scan_age_days", ""}});
}

TEST_CASE("facts: on an empty or garbled machine each field is set or explained, and nothing looks good") {
  for (const auto name : {"debian-default", "hardened", "missing", "hostile"}) {
    FixtureView view(name);
    CAPTURE(name);
    for (const auto& [kind, fields] : kFields) {
      const Fact fact = collect_fact(kind, {view, kNow});
      CAPTURE(kind);
      REQUIRE(fact.rows.size() == 1);
      for (const auto& field : fields) {
        CAPTURE(field);
        CHECK(fact.rows[0][field].is_null() == is_unreadable(fact, field));
      }
      for (const auto& [key, value] : fact.rows[0].members()) {
        CHECK(std::find(fields.begin(), fields.end(), key) != fields.end());
      }
      CHECK(fact_from_json(to_json(fact)).has_value());
    }
  }
  FixtureView missing("missing");
  check_all(missing, {{"password_policy", "min_length", ""},
                      {"login_lockout", "enabled", ""},
                      {"updates", "automatic", ""}});
  CHECK(!collect_account({missing, kNow}).complete);
  CHECK(collect_share({missing, kNow}).rows.empty());
  FixtureView hostile("hostile");
  check_all(hostile, {{"password_policy", "min_length", ""}});  // files that include each other: not judged
  CHECK(!collect_account({hostile, kNow}).complete);
  CHECK(!collect_fact("nonsense", {hostile, kNow}).complete);
}

TEST_CASE("facts: what a password must hold, by PAM line") {
  struct Row {
    std::string_view pam;
    std::string_view length;
    std::string_view classes;
    std::string_view by;
  };
  const Row rows[] = {
      {"password requisite pam_pwquality.so", "8", "[]", "\"pam_pwquality\""},
      {"password optional pam_pwquality.so minlen=14", "0", "[]", "\"none\""},
      {"password requisite pam_pwquality.so minlen=14 enforcing=0", "0", "[]", "\"none\""},
      {"password requisite pam_pwquality.so minlen=10 dcredit=1 ucredit=1", "8", "[]", "\"pam_pwquality\""},
      {"password requisite pam_pwquality.so minlen=8 lcredit=-1 ocredit=-2", "8", R"(["lower","special"])",
       "\"pam_pwquality\""},
      {"password requisite pam_pwquality.so minlen=2", "6", "[]", "\"pam_pwquality\""},
      {"password required pam_unix.so minlen=9", "9", "[]", "\"pam_unix\""},
      {"password requisite pam_passwdqc.so min=disabled,24,11,8,7", "7", "[]", "\"pam_passwdqc\""},
      {"password requisite pam_passwdqc.so min=disabled,disabled,disabled,disabled,10", "10",
       R"(["lower","upper","digit","special"])", "\"pam_passwdqc\""},
      {"password requisite pam_passwdqc.so enforce=none", "0", "[]", "\"none\""},
  };
  class OneFile : public FixtureView {
   public:
    explicit OneFile(std::string pam) : FixtureView("missing"), pam_(std::move(pam)) {}
    Result<std::string> read(const std::string& path, std::size_t size) override {
      if (path == "/etc/pam.d/passwd") return pam_;
      return FixtureView::read(path, size);
    }
    std::string pam_;
  };
  for (const auto& row : rows) {
    CAPTURE(row.pam);
    OneFile view{std::string(row.pam)};
    const Fact fact = collect_password_policy({view, kNow});
    CHECK(one(fact, "min_length") == row.length);
    CHECK(one(fact, "classes") == row.classes);
    CHECK(one(fact, "enforced_by") == row.by);
  }
}

TEST_CASE("facts: spans of systemd") {
  struct Row {
    std::string_view text;
    std::int64_t seconds;
  };
  const Row rows[] = {
      {"90", 90}, {"15min", 900}, {"1h 30min", 5400}, {"1h30min", 5400}, {"2 weeks", 1209600}};
  for (const auto& row : rows) CHECK(parse_systemd_span(row.text).value_or(-1) == row.seconds);
  for (const auto bad : {"", "infinity", "5 parsecs", "99999999999999999999s", "min"})
    CHECK(!parse_systemd_span(bad));
}

}  // namespace facts_test

// SPDX-License-Identifier: Apache-2.0
// phendau admin: what a person at the machine does with the hub stopped (or, where said, running).
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/known_heads.h"
#include "hub/anchors.h"
#include "hub/backup_note.h"
#include "hub/hub.h"
#include "os/process.h"
#include "store/journal/verify.h"
#include "store/ledger/signatures.h"

namespace phendau::cli {
namespace {

constexpr std::size_t kOrphansShown = 20;
constexpr std::uint64_t kHeadFileBytesMax = 64u << 10;

struct AdminArguments {
  std::string data;
  std::string pack;
  std::string agency_id;
  std::string agency_name;
  std::string username;
  std::string folder;
  std::string address;
  std::string reason;
  std::string file;
  std::string public_key;
  bool unsigned_backup = false;
  int own_systems = 0;  // below 0: no; above: yes; 0: nobody said
};

/// The stores of a stopped hub, without workers or listeners.
struct Opened {
  hub::HubConfig config;
  hub::Keys keys;
  std::unique_ptr<hub::ActivePack> pack;
  std::unique_ptr<ledger::Ledger> ledger;
};

Result<Opened> open_stopped(const AdminArguments& arguments) {
  keep_files_private();
  Env& env = posix_env();
  Opened out;
  out.config = PHENDAU_TRY(hub::load_config(env, arguments.data));
  if (!arguments.pack.empty()) out.config.pack_dir = arguments.pack;
  if (out.config.pack_dir.empty()) out.config.pack_dir = default_pack();
  if (!hub::has_keys(env, arguments.data)) {
    return std::unexpected(hub::explain_missing_keys(env, arguments.data));
  }
  out.keys = PHENDAU_TRY(hub::load_keys(env, arguments.data, out.config.server_names));
  out.pack = std::make_unique<hub::ActivePack>(PHENDAU_TRY(hub::ActivePack::load(env, out.config.pack_dir)));
  out.ledger = PHENDAU_TRY(hub::open_hub_ledger(env, arguments.data, out.keys.secret_key, out.pack->pack()));
  return out;
}

Result<> create_agency(Opened& opened, const AdminArguments& arguments) {
  ledger::Write write;
  write.kind = "agency";
  write.id = arguments.agency_id;
  write.agency_id = arguments.agency_id;
  write.state = "active";
  write.reason = "created at set-up";
  write.if_absent = true;
  write.doc.set("name", arguments.agency_name.empty() ? arguments.agency_id : arguments.agency_name);
  if (arguments.own_systems != 0) write.doc.set("has_own_systems", arguments.own_systems > 0);
  PHENDAU_TRY(opened.ledger->write_if_absent(write, system_actor(), posix_env().now()));
  return {};
}

Result<> run_init(const Globals& globals, const AdminArguments& arguments) {
  keep_files_private();
  Env& env = posix_env();
  PHENDAU_TRY(env.make_dirs(arguments.data, 0700));
  hub::HubConfig config = PHENDAU_TRY(hub::load_config(env, arguments.data));
  if (!hub::has_keys(env, arguments.data)) {
    std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
    names.insert(names.end(), config.server_names.begin(), config.server_names.end());
    PHENDAU_TRY(hub::create_keys(env, arguments.data, names));
  }
  Opened opened = PHENDAU_TRY(open_stopped(arguments));
  if (!arguments.agency_id.empty()) PHENDAU_TRY(create_agency(opened, arguments));
  hub::Accounts accounts(env, *opened.ledger, opened.config);
  const auto password = PHENDAU_TRY(accounts.ensure_administrator());
  if (globals.json()) {
    print_line(Json::object({{"username", hub::kFirstAdministrator},
                             {"password", password ? Json(*password) : Json()},
                             {"pack", opened.pack->pack().reference()}})
                   .dump());
  } else {
    print_line(globals.text("admin.ready", {arguments.data}));
    if (password) print_line(globals.text("hub.first_password", {*password}));
  }
  return {};
}

Result<> run_token(const Globals&, const AdminArguments& arguments) {
  Env& env = posix_env();
  Opened opened = PHENDAU_TRY(open_stopped(arguments));
  const std::string address = arguments.address.empty() ? opened.config.https_address : arguments.address;
  const Json token =
      PHENDAU_TRY(hub::issue_token(env, opened.config, *opened.ledger, opened.keys, address, system_actor(),
                                   arguments.agency_id, "phendau admin token"));
  print_line(token["token"].as_string());
  return {};
}

Result<> run_user_reset(const Globals& globals, const AdminArguments& arguments) {
  Env& env = posix_env();
  Opened opened = PHENDAU_TRY(open_stopped(arguments));
  hub::Accounts accounts(env, *opened.ledger, opened.config);
  const std::string password = PHENDAU_TRY(accounts.reset_locally(arguments.username));
  print_line(globals.text("admin.reset", {arguments.username, password}));
  return {};
}

/// The hub may run under another account than the person at the machine: the note is for the folder's owner.
Result<> note_for_hub(Env& env, const std::string& data, const ledger::Backup& verified) {
  PHENDAU_TRY(hub::note_backup(env, data, verified, env.now()));
  struct stat owner{};
  if (::geteuid() != 0 || ::stat(data.c_str(), &owner) != 0) return {};
  const std::string path = hub::backup_note_path(data);
  if (::chown(path.c_str(), owner.st_uid, owner.st_gid) == 0) return {};
  return fail(ErrorCode::io, fmt::format("{}: cannot be given to the owner of {}", path, data));
}

Result<> run_backup(const Globals& globals, const AdminArguments& arguments) {
  Env& env = posix_env();
  const auto ledger = PHENDAU_TRY(open_ledger_to_read(env, arguments.data));  // beside a running hub
  const auto made = PHENDAU_TRY(ledger->backup(arguments.folder, env.now()));
  const auto verified = PHENDAU_TRY(ledger::verify_backup(env, arguments.folder));
  PHENDAU_TRY(note_for_hub(env, arguments.data, verified));
  if (hub::has_keys(env, arguments.data)) {
    const std::string key =
        PHENDAU_TRY(read_file(env, path_join(arguments.data, "keys/journal.key"), kHeadFileBytesMax));
    PHENDAU_TRY(ledger::sign_backup(env, arguments.folder, key, env.now()));
  }
  print_line(globals.text("admin.backup_made",
                          {arguments.folder, std::to_string(made.files), std::to_string(made.bytes >> 10)}));
  return {};
}

/// A backup from elsewhere could hold another history: it must be ours, unless somebody answers for it.
Result<> check_signer(Env& env, const AdminArguments& arguments) {
  if (arguments.unsigned_backup) return {};
  const std::string signer = PHENDAU_TRY(ledger::backup_signer(env, arguments.folder));
  if (signer.empty())
    return fail(ErrorCode::denied, "the backup is not signed", "admin.backup_unsigned", {arguments.folder});
  const std::string own = known_heads(env, arguments.data, false).public_key;
  if (own.empty() || own == signer) return {};
  return fail(ErrorCode::denied, "another key signed the backup", "admin.backup_foreign", {arguments.folder});
}

Result<> run_restore(const Globals& globals, const AdminArguments& arguments) {
  keep_files_private();
  Env& env = posix_env();
  PHENDAU_TRY(check_signer(env, arguments));
  PHENDAU_TRY(env.make_dirs(arguments.data, 0700));
  const std::string target = hub::DataFolder::of(arguments.data).ledger;
  const auto restored = PHENDAU_TRY(ledger::restore_backup(env, arguments.folder, target));
  PHENDAU_TRY(note_for_hub(env, arguments.data, restored));
  print_line(globals.text("admin.restored", {target, std::to_string(restored.head.seq)}));
  return {};
}

/// After a loss or a restore that people know of: each store takes the other one as it is now. The ledger
/// keeps who accepted what and why.
Result<> run_accept(const Globals& globals, const AdminArguments& arguments) {
  Env& env = posix_env();
  Opened opened = PHENDAU_TRY(open_stopped(arguments));
  journal::Options options;
  options.dir = hub::DataFolder::of(arguments.data).journal;
  options.zone = hub::kHubZone;
  options.signing_key = opened.keys.journal_key;
  const auto journal = PHENDAU_TRY(journal::Journal::open(env, std::move(options)));
  PHENDAU_TRY(
      hub::anchor_journal(*opened.ledger, journal->head(), "accepted: " + arguments.reason, env.now()));
  hub::Live live;
  hub::Services services{env, opened.config, *opened.ledger, *journal, live, *opened.pack};
  hub::IngestPipeline pipeline(services);
  pipeline.start();
  pipeline.submit_own(hub::ledger_anchor_event(PHENDAU_TRY(opened.ledger->head()), env.now()));
  pipeline.close_intake();
  pipeline.stop();
  PHENDAU_TRY(hub::check_anchors(*opened.ledger, *journal));
  print_line(globals.text("admin.accepted"));
  return {};
}

/// A signed head from a paper or a file: does the signature hold, is it ours, is it still in the chain.
Result<bool> run_verify_head(const Globals& globals, const AdminArguments& arguments) {
  Env& env = posix_env();
  const std::string text = PHENDAU_TRY(read_file(env, arguments.file, kHeadFileBytesMax));
  const auto head = PHENDAU_TRY(ledger::signed_head_from(PHENDAU_TRY(parse_json(text))));
  const std::string seq = std::to_string(head.head.seq);
  const std::string signer = to_hex(std::string_view(head.public_key));
  std::string wanted = arguments.public_key;
  if (!arguments.data.empty()) {
    const std::string own = known_heads(env, arguments.data, false).public_key;
    if (wanted.empty() && !own.empty()) wanted = to_hex(std::string_view(own));
  }
  if (!wanted.empty() && wanted != signer) {
    print_line(globals.text("admin.head_other_key", {seq, signer}));
    return false;
  }
  if (!arguments.data.empty()) {
    const auto ledger = PHENDAU_TRY(open_ledger_to_read(env, arguments.data));
    const auto verified = PHENDAU_TRY(ledger->verify(head.head, false));
    if (!verified.ok) {
      print_line(globals.text("admin.head_not_in_chain", {seq, verified.reason}));
      return false;
    }
  }
  print_line(globals.text(arguments.data.empty() ? "admin.head_signed" : "admin.head_good",
                          {seq, format_vietnamese(head.at), signer}));
  return true;
}

Result<bool> run_doctor(const Globals& globals, const AdminArguments& arguments) {
  Env& env = posix_env();
  Json report = Json::array();
  bool all_good = true;
  const auto note = [&](std::string_view what, bool ok, std::string detail) {
    all_good = all_good && ok;
    report.push(Json::object({{"check", what}, {"ok", ok}, {"detail", std::move(detail)}}));
  };
  const auto config = hub::load_config(env, arguments.data);
  note("config", config.has_value(), config ? "" : explain(globals.lang, config.error()));
  const auto keys = hub::load_keys(env, arguments.data, {});
  note("keys", keys.has_value(), keys ? "" : explain(globals.lang, keys.error()));
  std::string pack_dir = arguments.pack;
  if (pack_dir.empty() && config) pack_dir = config->pack_dir;
  if (pack_dir.empty()) pack_dir = default_pack();
  const auto pack = hub::ActivePack::load(env, pack_dir);
  note("pack", pack.has_value(), pack ? pack->pack().reference() : explain(globals.lang, pack.error()));
  const KnownHeads known = known_heads(env, arguments.data, true);
  if (const auto ledger = open_ledger_to_read(env, arguments.data); ledger) {
    const auto verified = (*ledger)->verify(known.ledger_head, true);
    note("ledger", verified && verified->ok,
         verified ? fmt::format("{} changes; {}", verified->changes, verified->reason)
                  : explain(globals.lang, verified.error()));
    const auto orphans = hub::find_orphans(**ledger, kOrphansShown);
    note("orphans", orphans && orphans->empty(),
         orphans ? join(*orphans, "; ") : explain(globals.lang, orphans.error()));
  } else {
    note("ledger", false, explain(globals.lang, ledger.error()));
  }
  const auto verified = journal::verify_folder(env, hub::DataFolder::of(arguments.data).journal,
                                               known.journal_heads, known.public_key);
  note("journal", verified && verified->ok && verified->unknown_files.empty(),
       !verified                         ? explain(globals.lang, verified.error())
       : !verified->ok                   ? verified->reason
       : verified->unknown_files.empty() ? fmt::format("{} frames", verified->frames)
                                         : "not part of the journal: " + join(verified->unknown_files, ", "));
  const auto disk = env.disk_space(arguments.data);
  const auto used = disk && disk->total_bytes > 0 ? 100 - disk->free_bytes * 100 / disk->total_bytes : 0;
  note("disk", disk && used < 90, fmt::format("{} % used", used));
  if (globals.json()) {
    print_line(Json::object({{"ok", all_good}, {"checks", report}}).dump());
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const auto& item : report.items()) {
      rows.push_back(
          {item["ok"].as_bool() ? "OK" : "!!", item["check"].as_string(), item["detail"].as_string()});
    }
    print_table(rows);
  }
  return all_good;
}

}  // namespace

void add_admin(CLI::App& app, Globals& globals, int& exit_code) {
  auto* admin = app.add_subcommand("admin", globals.text("cli.admin"));
  admin->require_subcommand(1);
  auto arguments = std::make_shared<AdminArguments>();
  const auto add = [&](CLI::App& parent, const char* name, const char* text,
                       Result<> (*run)(const Globals&, const AdminArguments&)) {
    auto* command = parent.add_subcommand(name, globals.text(text));
    command->add_option("--data", arguments->data, globals.text("cli.data"))->required();
    command->add_option("--pack", arguments->pack, globals.text("cli.pack"));
    command->callback([&globals, &exit_code, arguments, run] {
      const auto done = run(globals, *arguments);
      exit_code = done ? kOk : complain(globals, done.error());
    });
    return command;
  };
  auto* init = add(*admin, "init", "cli.admin_init", run_init);
  init->add_option("--agency-id", arguments->agency_id, globals.text("cli.agency_id"));
  init->add_option("--agency-name", arguments->agency_name, globals.text("cli.agency_name"));
  init->add_flag("--own-systems,!--no-own-systems", arguments->own_systems, globals.text("cli.own_systems"));
  init->add_option("--format", globals.format, globals.text("cli.format"))
      ->check(CLI::IsMember({"table", "json"}));
  auto* token = add(*admin, "token", "cli.admin_token", run_token);
  token->add_option("--agency", arguments->agency_id, globals.text("cli.agency_id"))->required();
  token->add_option("--address", arguments->address, globals.text("cli.https"));
  auto* user = admin->add_subcommand("user", globals.text("cli.admin_user"));
  user->require_subcommand(1);
  auto* reset = add(*user, "reset", "cli.admin_user_reset", run_user_reset);
  reset->add_option("username", arguments->username, globals.text("cli.username"))->required();
  auto* backup = add(*admin, "backup", "cli.admin_backup", run_backup);
  backup->add_option("folder", arguments->folder, globals.text("cli.backup_folder"))->required();
  auto* restore = add(*admin, "restore", "cli.admin_restore", run_restore);
  restore->add_option("folder", arguments->folder, globals.text("cli.backup_folder"))->required();
  restore->add_flag("--unsigned", arguments->unsigned_backup, globals.text("cli.unsigned_backup"));
  auto* head = admin->add_subcommand("verify-head", globals.text("cli.admin_verify_head"));
  head->add_option("file", arguments->file, globals.text("cli.head_file"))->required();
  head->add_option("--data", arguments->data, globals.text("cli.data"));
  head->add_option("--public-key", arguments->public_key, globals.text("cli.public_key"));
  head->callback([&globals, &exit_code, arguments] {
    const auto done = run_verify_head(globals, *arguments);
    exit_code = !done ? complain(globals, done.error()) : *done ? kOk : kFound;
  });
  auto* accept = add(*admin, "accept", "cli.admin_accept", run_accept);
  accept->add_option("--reason", arguments->reason, globals.text("cli.reason"))->required();
  auto* doctor = admin->add_subcommand("doctor", globals.text("cli.admin_doctor"));
  doctor->add_option("--data", arguments->data, globals.text("cli.data"))->required();
  doctor->add_option("--pack", arguments->pack, globals.text("cli.pack"));
  doctor->add_option("--format", globals.format, globals.text("cli.format"))
      ->check(CLI::IsMember({"table", "json"}));
  doctor->callback([&globals, &exit_code, arguments] {
    const auto done = run_doctor(globals, *arguments);
    exit_code = !done ? complain(globals, done.error()) : *done ? kOk : kFound;
  });
}

}  // namespace phendau::cli

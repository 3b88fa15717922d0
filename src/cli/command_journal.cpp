// SPDX-License-Identifier: Apache-2.0
// phendau journal and phendau search: a journal with or beside a hub.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/known_heads.h"
#include "cli/record_reader.h"
#include "detect/query.h"
#include "hub/events.h"
#include "hub/hub.h"
#include "hub/keys.h"
#include "ingest/decoder.h"
#include "store/journal/journal.h"
#include "store/journal/verify.h"

namespace phendau::cli {
namespace {

struct JournalArguments {
  std::string data;
  std::vector<std::string> files;
  std::string agency = "unassigned";
  std::string query;
  std::string from;
  std::string to;
  std::size_t limit = 100;
  bool histogram = false;
};

/// A journal of its own, outside a hub, gets a signing key beside it on first use.
Result<std::string> signing_key_of(Env& env, const std::string& data) {
  if (hub::has_keys(env, data)) return read_file(env, path_join(data, "keys/journal.key"), 64);
  const std::string folder = path_join(data, "keys");
  const std::string path = path_join(folder, "journal.key");
  if (env.exists(path)) return read_file(env, path, 64);
  PHENDAU_TRY(env.make_dirs(folder, 0700));
  std::string key = env.random_bytes(32);
  PHENDAU_TRY(write_file_atomic(env, path, key));
  return key;
}

Result<std::unique_ptr<journal::Journal>> open_journal(const std::string& data) {
  Env& env = posix_env();
  journal::Options options;
  options.dir = hub::DataFolder::of(data).journal;
  PHENDAU_TRY(env.make_dirs(data, 0700));
  options.signing_key = PHENDAU_TRY(signing_key_of(env, data));
  return journal::Journal::open(env, std::move(options));
}

Result<> run_import(const Globals& globals, const JournalArguments& arguments) {
  const auto journal = PHENDAU_TRY(open_journal(arguments.data));
  Json files = Json::array();
  for (const auto& path : arguments.files) {
    std::uint64_t rows = 0;
    const auto append = [&](const Batch& batch, const std::vector<std::uint64_t>&) -> Result<> {
      PHENDAU_TRY(journal->append(batch, {}));
      rows += batch.rows();
      return {};
    };
    ReadOptions options;
    options.agency = arguments.agency;
    options.rows_max = 8'192;
    const auto read = PHENDAU_TRY(read_records(posix_env(), path, options, append));
    std::uint64_t parse_errors = 0;
    for (const auto& [reason, count] : read.damage) parse_errors += count;
    files.push(Json::object({{"file", path}, {"rows", rows}, {"parse_errors", parse_errors}}));
    if (!globals.json()) print_line(globals.text("journal.imported", {path, std::to_string(rows)}));
  }
  PHENDAU_TRY(journal->seal_now());
  if (globals.json()) print_line(files.dump());
  return {};
}

Json array_of(const std::vector<std::string>& texts) {
  return Json::array(Json::Array(texts.begin(), texts.end()));
}

int run_verify(const Globals& globals, const JournalArguments& arguments) {
  const std::string folder = hub::DataFolder::of(arguments.data).journal;
  // A journal beside a hub's ledger and keys must be the one that those know.
  const KnownHeads known = known_heads(posix_env(), arguments.data, false);
  const auto verified = journal::verify_folder(posix_env(), folder, known.journal_heads, known.public_key);
  if (!verified) return complain(globals, verified.error());
  const journal::VerifyReport& report = *verified;
  if (globals.json()) {
    print_line(Json::object({{"ok", report.ok},
                             {"segment", report.segment},
                             {"offset_bytes", report.offset_bytes},
                             {"reason", report.reason},
                             {"state", journal::to_string(report.state)},
                             {"frames", report.frames},
                             {"unknown_files", array_of(report.unknown_files)}})
                   .dump());
    return report.ok ? kOk : kFound;
  }
  for (const auto& file : report.unknown_files) print_line(globals.text("journal.unknown_file", {file}));
  if (report.ok) {
    print_line(globals.text("journal.clean", {std::to_string(report.frames)}));
  } else {
    print_line(globals.text("journal.damaged",
                            {report.segment, std::to_string(report.offset_bytes), report.reason}));
  }
  return report.ok ? kOk : kFound;
}

Result<> run_stat(const Globals& globals, const JournalArguments& arguments) {
  const auto journal = PHENDAU_TRY(open_journal_to_read(posix_env(), arguments.data));
  const auto stat = journal->stat();
  Json out = Json::object({{"rows", stat.rows},
                           {"segments", stat.segments},
                           {"segment_bytes", stat.segment_bytes},
                           {"wal_bytes", stat.wal_bytes},
                           {"disk_used_percent", stat.disk_used_percent},
                           {"damaged", stat.damaged}});
  print_line(globals.json() ? out.dump() : out.dump_pretty());
  return {};
}

Result<journal::SearchRequest> request_of(const JournalArguments& arguments) {
  journal::SearchRequest request;
  request.predicate = PHENDAU_TRY(detect::parse_query(arguments.query));
  if (!arguments.from.empty()) request.event_time.from = PHENDAU_TRY(parse_rfc3339(arguments.from));
  if (!arguments.to.empty()) request.event_time.to = PHENDAU_TRY(parse_rfc3339(arguments.to));
  request.limit = arguments.limit;
  return request;
}

Result<bool> run_search(const Globals& globals, const JournalArguments& arguments) {
  const auto journal = PHENDAU_TRY(open_journal_to_read(posix_env(), arguments.data));
  const auto request = PHENDAU_TRY(request_of(arguments));
  const auto result = PHENDAU_TRY(journal->search(request));
  for (const auto& row : result.rows) {
    if (globals.json()) {
      print_line(hub::event_view(row).dump());
    } else {
      print_line(format_vietnamese(row.event_time) + "  " + row.host + "  " + to_valid_utf8(row.raw));
    }
  }
  return !result.rows.empty();
}

}  // namespace

void add_journal(CLI::App& app, Globals& globals, int& exit_code) {
  auto* journal = app.add_subcommand("journal", globals.text("cli.journal"));
  journal->require_subcommand(1);
  auto arguments = std::make_shared<JournalArguments>();
  const auto common = [&](CLI::App* command) {
    command->add_option("--data", arguments->data, globals.text("cli.data"))->required();
    command->add_option("--format", globals.format, globals.text("cli.format"))
        ->check(CLI::IsMember({"table", "json"}));
  };
  auto* import = journal->add_subcommand("import", globals.text("cli.journal_import"));
  common(import);
  import->add_option("files", arguments->files, globals.text("cli.files"))->required();
  import->add_option("--agency", arguments->agency, globals.text("cli.agency_id"));
  import->callback([&globals, &exit_code, arguments] {
    const auto done = run_import(globals, *arguments);
    exit_code = done ? kOk : complain(globals, done.error());
  });
  auto* verify = journal->add_subcommand("verify", globals.text("cli.journal_verify"));
  common(verify);
  verify->callback([&globals, &exit_code, arguments] { exit_code = run_verify(globals, *arguments); });
  auto* stat = journal->add_subcommand("stat", globals.text("cli.journal_stat"));
  common(stat);
  stat->callback([&globals, &exit_code, arguments] {
    const auto done = run_stat(globals, *arguments);
    exit_code = done ? kOk : complain(globals, done.error());
  });
}

void add_search(CLI::App& app, Globals& globals, int& exit_code) {
  auto* command = app.add_subcommand("search", globals.text("cli.search"));
  auto arguments = std::make_shared<JournalArguments>();
  command->add_option("--data", arguments->data, globals.text("cli.data"))->required();
  command->add_option("query", arguments->query, globals.text("cli.query"));
  command->add_option("--from", arguments->from, globals.text("cli.from"));
  command->add_option("--to", arguments->to, globals.text("cli.to"));
  command->add_option("--limit", arguments->limit, globals.text("cli.limit"))->check(CLI::Range(1, 100'000));
  command->add_option("--format", globals.format, globals.text("cli.format"))
      ->check(CLI::IsMember({"table", "json"}));
  command->callback([&globals, &exit_code, arguments] {
    const auto found = run_search(globals, *arguments);
    exit_code = !found ? complain(globals, found.error()) : *found ? kOk : kFound;
  });
}

}  // namespace phendau::cli

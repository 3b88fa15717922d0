// SPDX-License-Identifier: Apache-2.0
// phendau pack and phendau check: the law as data, and this machine judged by it.
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "agent/linux/facts.h"
#include "base/text.h"
#include "cli/check_report.h"
#include "cli/cli.h"
#include "comply/assess.h"
#include "hub/active_pack.h"
#include "hub/oscal_export.h"
#include "hub/pack_diff.h"
#include "hub/pack_list.h"
#include "hub/pack_validate.h"
#include "os/env.h"
#include "report/xlsx_writer.h"

namespace phendau::cli {
namespace {

struct PackArguments {
  std::string folder;
  std::string list;  // `list`: which one; empty: all
  std::string root = "/";
  std::string out;   // coverage --format xlsx
  std::string from;  // diff
  std::string to;
};

std::string folder_of(const PackArguments& arguments) {
  return arguments.folder.empty() ? default_pack() : arguments.folder;
}

Result<bool> run_validate(const Globals& globals, const PackArguments& arguments) {
  const auto report = PHENDAU_TRY(hub::validate_pack(posix_env(), folder_of(arguments)));
  const auto& errors = report.errors;
  if (globals.json()) {
    const auto list_json = [](const std::vector<ContentError>& list) {
      Json out = Json::array();
      for (const auto& one : list) {
        out.push(Json::object(
            {{"file", one.file}, {"line", one.line}, {"column", one.column}, {"reason", one.reason}}));
      }
      return out;
    };
    print_line(Json::object({{"ok", errors.empty()},
                             {"errors", list_json(errors)},
                             {"warnings", list_json(report.warnings)},
                             {"notes", list_json(report.notes)}})
                   .dump());
    return errors.empty();
  }
  for (const auto& error : errors) print_line(error.to_string());
  const auto print_all = [&](std::string_view text_id, const std::vector<ContentError>& list) {
    for (const auto& one : list) {
      print_line(
          globals.text(text_id, {fmt::format("{}:{}:{}", one.file, one.line, one.column), one.reason}));
    }
  };
  print_all("pack.warning", report.warnings);
  print_all("pack.note", report.notes);
  if (errors.empty()) {
    const auto cover = hub::coverage(report.pack);
    print_line(globals.text("pack.valid",
                            {report.pack.reference(), std::to_string(cover.clauses),
                             std::to_string(cover.parts_working), std::to_string(cover.parts_pending)}));
  }
  return errors.empty();
}

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> out;
  for (const auto part : split(text, ';')) out.emplace_back(trim(part));
  return out;
}

/// A row for each way in which a part is checked, for people who read it beside the document.
Result<bool> write_coverage(const Globals& globals, const PackArguments& arguments, const hub::Pack& pack,
                            const hub::Coverage& cover) {
  using report::Cell;
  if (arguments.out.empty())
    return fail(ErrorCode::invalid, "--format xlsx needs --out", "pack.coverage_out");
  report::Sheet sheet;
  sheet.name = pack.id;
  sheet.titles = {
      globals.text("pack.coverage_title", {pack.title.vi}),
      globals.text("pack.coverage_sum", {std::to_string(cover.clauses), std::to_string(cover.parts_working),
                                         std::to_string(cover.parts_pending)}),
      pack.reference()};
  for (const auto& title : parts_of(globals.text("pack.coverage_columns")))
    sheet.columns.push_back({title, 0});
  for (const auto& row : cover.rows) {
    const comply::Clause* clause = pack.clause(row.clause);
    std::string duty;
    for (const auto& part : clause->parts) {
      if (part.id == row.part) duty = part.duty.vi;
    }
    const auto line = [&](const hub::CoverageRow::By* by) {
      const std::string state =
          by == nullptr ? "" : globals.text(by->working ? "pack.coverage_working" : "pack.coverage_pending");
      std::vector<Cell> cells;
      for (const std::string& text :
           {row.clause, clause->citation, clause->title.vi, row.part, duty.empty() ? clause->duty.vi : duty,
            row.subject, by == nullptr ? "" : by->kind, by == nullptr ? "" : by->ref, state,
            by == nullptr ? "" : by->waits_for, by == nullptr ? "" : by->test, row.no_duty.vi}) {
        cells.push_back(Cell::of_text(text));
      }
      sheet.rows.push_back(std::move(cells));
    };
    for (const auto& by : row.satisfied_by) line(&by);
    if (row.satisfied_by.empty()) line(nullptr);
  }
  const std::string bytes = PHENDAU_TRY(report::write_xlsx({pack.title.vi, "", {std::move(sheet)}}));
  PHENDAU_TRY(write_file_atomic(posix_env(), arguments.out, bytes));
  print_line(globals.text("pack.coverage_written", {arguments.out}));
  return true;
}

std::string shown(const Globals& globals, const Json& value) {
  if (value.is_null()) return globals.text("pack.diff_nothing");
  return value.is_string() ? value.as_string() : value.dump();
}

/// Two packs side by side: what an office would have to do differently.
Result<bool> run_diff(const Globals& globals, const PackArguments& arguments) {
  const auto before = PHENDAU_TRY(hub::load_valid_pack(posix_env(), arguments.from));
  const auto after = PHENDAU_TRY(hub::load_valid_pack(posix_env(), arguments.to));
  const auto changes = hub::diff_packs(before, after);
  const Json json = hub::to_json(changes, before, after);
  if (globals.json()) {
    print_line(json.dump());
    return changes.empty();
  }
  if (changes.empty()) {
    print_line(globals.text("pack.diff_same"));
    return true;
  }
  std::vector<std::vector<std::string>> rows = {parts_of(globals.text("pack.diff_head"))};
  for (const auto& change : changes) {
    const std::string kind = globals.text("pack.change_" + std::string(hub::to_string(change.kind)));
    const std::string area = globals.text("pack.area_" + change.area);
    if (change.fields.empty()) rows.push_back({kind, area, change.id, change.title});
    for (const auto& field : change.fields) {
      rows.push_back({kind, area, change.id,
                      hub::field_title(globals.lang, field.name) + ": " + shown(globals, field.before) +
                          " -> " + shown(globals, field.after)});
    }
  }
  print_table(rows);
  const Json& counts = json["counts"];
  print_line(globals.text("pack.diff_total", {before.reference(), after.reference(), counts["added"].dump(),
                                              counts["removed"].dump(), counts["changed"].dump()}));
  return false;
}

Result<bool> run_coverage(const Globals& globals, const PackArguments& arguments) {
  const auto pack = PHENDAU_TRY(hub::load_valid_pack(posix_env(), folder_of(arguments)));
  const auto cover = hub::coverage(pack);
  if (globals.format == "xlsx") return write_coverage(globals, arguments, pack, cover);
  if (globals.json()) {
    print_line(hub::to_json(cover, pack).dump());
    return true;
  }
  std::vector<std::vector<std::string>> rows = {{"CLAUSE", "PART", "SUBJECT", "BY", "REF", "STATE"}};
  for (const auto& row : cover.rows) {
    for (const auto& by : row.satisfied_by) {
      rows.push_back({row.clause, row.part, row.subject, by.kind, by.ref,
                      by.working             ? "working"
                      : by.waits_for.empty() ? "pending"
                                             : "pending: " + by.waits_for});
    }
    if (row.satisfied_by.empty()) rows.push_back({row.clause, row.part, row.subject, "-", "-", "-"});
  }
  print_table(rows);
  return true;
}

/// The pack in the exchange format: catalog of all clauses, or profile of those that ask for something.
Result<bool> run_export(const Globals& globals, const PackArguments& arguments) {
  Env& env = posix_env();
  const auto pack = PHENDAU_TRY(hub::load_valid_pack(env, folder_of(arguments)));
  const bool profile = globals.format == "oscal-profile";
  const Json document =
      profile ? hub::export_oscal_profile(pack, env.now()) : hub::export_oscal_catalog(pack, env.now());
  print_line(document.dump_pretty());
  return true;
}

/// What a list says of one thing, besides its name and title, in one line.
std::string details_of(const Json& item) {
  std::vector<std::string> out;
  for (const char* key :
       {"id", "kind", "fact", "group", "owner", "subject_kind", "date_field", "period_field", "subject_field",
        "rows", "type", "meaning", "attribute", "value", "unit"}) {
    const Json& value = item[key];
    if (value.is_null() || (value.is_string() && value.as_string().empty())) continue;
    out.push_back(fmt::format("{}: {}", key, value.is_string() ? value.as_string() : value.dump()));
  }
  for (const char* key : {"values", "features", "states", "steps", "addressed"}) {
    std::vector<std::string> words;
    for (const auto& one : item[key].items()) words.push_back(one.is_string() ? one.as_string() : one.dump());
    if (!words.empty()) out.push_back(fmt::format("{}: {}", key, join(words, ", ")));
  }
  return join(out, "; ");
}

std::string words_of(const Json& list) {
  std::vector<std::string> out;
  for (const auto& one : list.items()) out.push_back(one.as_string());
  return join(out, ", ");
}

/// Names and titles; below each its fields and moves.
void print_list(const Globals& globals, std::string_view what, const Json& list) {
  const char* lang = globals.lang == Lang::vi ? "vi" : "en";
  print_line(fmt::format("{} ({})", what, list.size()));
  for (const auto& item : list.items()) {
    const std::string& title = item["title"][lang].as_string();
    print_line(fmt::format("  {}{}{}", item["name"].as_string(), title.empty() ? "" : "  ", title));
    if (const std::string details = details_of(item); !details.empty()) print_line("      " + details);
    for (const auto& field : item["fields"].items()) {
      print_line(fmt::format("      {}{} ({}) {}", field["name"].as_string(),
                             field["required"].as_bool() ? "*" : "", field["type"].as_string(),
                             field["title"][lang].as_string()));
    }
    for (const auto& move : item["moves"].items()) {
      const std::string needs = words_of(move["needs"]);
      print_line(fmt::format("      {} -> {}{}{}{}", words_of(move["from"]), move["to"].as_string(),
                             needs.empty() ? "" : "; needs ", needs,
                             move["attachment"].as_bool() ? "; needs a file" : ""));
    }
  }
}

/// What clauses may name. A pack that is being written has mistakes: what could be read is listed.
Result<bool> run_list(const Globals& globals, const PackArguments& arguments) {
  const auto loaded = PHENDAU_TRY(hub::load_pack(posix_env(), folder_of(arguments)));
  Json all = Json::object();
  for (const std::string_view what : hub::kPackLists) {
    if (!arguments.list.empty() && what != arguments.list) continue;
    const auto list = hub::list_of(loaded.pack, what);
    if (list && globals.json()) all.set(what, *list);
    if (list && !globals.json()) print_list(globals, what, *list);
  }
  if (globals.json()) print_line(all.dump());
  return true;
}

/// The posture rules that a clause names, judged on facts that are measured now.
Result<bool> run_check(const Globals& globals, const PackArguments& arguments) {
  Env& env = posix_env();
  const auto pack = PHENDAU_TRY(hub::ActivePack::load(env, folder_of(arguments)));
  const auto view = agent::make_machine_view(arguments.root);
  const UtcTime now = env.now();
  comply::Knowledge knowledge;
  comply::Subject agency;
  agency.kind = comply::SubjectKind::agency;
  agency.id = agency.agency_id = "this-machine";
  agency.known_since = now;
  knowledge.put_subject(agency);
  comply::Subject device;
  device.kind = comply::SubjectKind::device;
  device.id = "this-machine";
  device.agency_id = agency.id;
  device.known_since = now;
  for (const auto& kind : agent::linux_fact_kinds()) {
    Fact fact = agent::collect_fact(kind, {*view, now});
    fact.device_id = device.id;
    if (kind == "host" && !fact.rows.empty()) {
      device.attributes.set("is_server", fact.rows[0]["is_server"]);
      device.name = fact.rows[0]["hostname"].as_string();
    }
    knowledge.put_fact(std::move(fact));
  }
  knowledge.put_subject(device);
  bool violated = false;
  Json list = Json::array();
  CheckReport report(globals);
  for (const auto& clause : pack.pack().catalog.clauses) {
    for (const auto& part : clause.parts) {
      if (part.subject != comply::SubjectKind::device) continue;
      for (const auto& one : comply::assess_part(pack.pack().catalog, knowledge, clause, part, device, now)) {
        violated = violated || one.status == Status::violated;
        std::string reason = comply::explain(globals.lang, one.reason);
        for (const auto& detail : one.details) reason += " " + comply::explain(globals.lang, detail);
        Json evidence = Json::array();
        for (const auto& item : one.evidence) {
          evidence.push(Json::object({{"kind", comply::to_string(item.kind)},
                                      {"ref", item.ref},
                                      {"at", format_rfc3339(item.at)},
                                      {"summary", item.summary}}));
        }
        report.add(clause, one);
        list.push(Json::object({{"clause", one.clause_id},
                                {"part", one.part_id},
                                {"subject", device.name},
                                {"status", to_string(one.status)},
                                {"evidence", std::move(evidence)},
                                {"reason", reason}}));
      }
    }
  }
  if (globals.json())
    print_line(list.dump_pretty());
  else
    report.show();
  return !violated;
}

}  // namespace

void add_pack(CLI::App& app, Globals& globals, int& exit_code) {
  auto* pack = app.add_subcommand("pack", globals.text("cli.pack_command"));
  pack->require_subcommand(1);
  auto arguments = std::make_shared<PackArguments>();
  const auto add = [&](const char* name, const char* text,
                       Result<bool> (*run)(const Globals&, const PackArguments&),
                       const std::vector<std::string>& formats = {"table", "json"}) {
    auto* command = pack->add_subcommand(name, globals.text(text));
    if (run == run_diff) {
      command->add_option("from", arguments->from, globals.text("cli.pack_from"))->required();
      command->add_option("to", arguments->to, globals.text("cli.pack_to"))->required();
    } else {
      command->add_option("--pack,folder", arguments->folder, globals.text("cli.pack"));
    }
    if (run == run_coverage) command->add_option("--out", arguments->out, globals.text("cli.out"));
    command->add_option("--format", globals.format, globals.text("cli.format"))
        ->check(CLI::IsMember(formats));
    command->callback([&globals, &exit_code, arguments, run] {
      const auto good = run(globals, *arguments);
      exit_code = !good ? complain(globals, good.error()) : *good ? kOk : kFound;
    });
  };
  add("validate", "cli.pack_validate", run_validate);
  add("coverage", "cli.pack_coverage", run_coverage, {"table", "json", "xlsx"});
  add("diff", "cli.pack_diff", run_diff);
  auto* list = pack->add_subcommand("list", globals.text("cli.pack_list"));
  list->add_option("what", arguments->list, globals.text("cli.pack_list_what"))
      ->check(
          CLI::IsMember(std::vector<std::string>(std::begin(hub::kPackLists), std::end(hub::kPackLists))));
  list->add_option("--pack", arguments->folder, globals.text("cli.pack"));
  list->add_option("--format", globals.format, globals.text("cli.format"))
      ->check(CLI::IsMember({"table", "json"}));
  list->callback([&globals, &exit_code, arguments] {
    const auto good = run_list(globals, *arguments);
    exit_code = good ? kOk : complain(globals, good.error());
  });
  add("export", "cli.pack_export", run_export, {"oscal-catalog", "oscal-profile"});
}

void add_check(CLI::App& app, Globals& globals, int& exit_code) {
  auto* command = app.add_subcommand("check", globals.text("cli.check"));
  auto arguments = std::make_shared<PackArguments>();
  command->add_option("--pack", arguments->folder, globals.text("cli.pack"));
  command->add_option("--root", arguments->root, "")->group("");  // hidden: another root, for tests
  command->add_option("--format", globals.format, globals.text("cli.format"))
      ->check(CLI::IsMember({"table", "json"}));
  command->callback([&globals, &exit_code, arguments] {
    const auto good = run_check(globals, *arguments);
    exit_code = !good ? complain(globals, good.error()) : *good ? kOk : kFound;
  });
}

}  // namespace phendau::cli

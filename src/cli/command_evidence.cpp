// SPDX-License-Identifier: Apache-2.0
// phendau evidence: judges a package of evidence that somebody brings, without a hub; lists what a data
// folder keeps and judges every custody log in it, beside a running hub too.
#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/text.h"
#include "base/unicode.h"
#include "cli/bag_folder.h"
#include "cli/cli.h"
#include "cli/known_heads.h"
#include "hub/custody_log.h"
#include "model/custody.h"

namespace phendau::cli {
namespace {

constexpr std::string_view kCustodyPath = "data/custody.jsonl";
constexpr std::uint64_t kCustodyBytesMax = 256u << 20;

struct EvidenceArguments {
  std::string bag;
  std::string public_key;
  bool must_be_signed = false;
};
struct Judgement {
  report::BagReport bag;
  std::optional<custody::FileVerdict> custody;
  bool good() const { return bag.valid() && (!custody || !custody->broken); }
};

Result<std::string> signer_key_of(const EvidenceArguments& arguments) {
  if (arguments.public_key.empty()) return std::string();
  auto key = from_hex(trim(arguments.public_key));
  if (!key || key->size() != 32)
    return fail(ErrorCode::invalid, "not a public key of 64 hex digits", "evidence.bad_key", {});
  return std::move(*key);
}

/// The custody log of a package of ours: a signed one that holds one.
Result<std::optional<custody::FileVerdict>> custody_of(report::BagFiles& files,
                                                       const report::BagReport& bag) {
  if (bag.signer.empty()) return std::nullopt;
  const auto entries = PHENDAU_TRY(files.list());
  if (std::none_of(entries.begin(), entries.end(), [](const auto& one) { return one.path == kCustodyPath; }))
    return std::nullopt;
  std::string text;
  PHENDAU_TRY(files.read(std::string(kCustodyPath), [&](std::string_view bytes) -> Result<> {
    if (text.size() + bytes.size() > kCustodyBytesMax)
      return fail(ErrorCode::limit, "the custody log is too large", "custody.too_many",
                  {std::to_string(custody::kEventsMax)});
    text += bytes;
    return {};
  }));
  return custody::verify_file(text);
}

Result<Judgement> judge(const EvidenceArguments& arguments) {
  report::BagOptions options;
  options.must_be_signed = arguments.must_be_signed;
  options.public_key = PHENDAU_TRY(signer_key_of(arguments));
  const auto files = PHENDAU_TRY(open_bag(posix_env(), arguments.bag));
  Judgement out;
  out.bag = PHENDAU_TRY(report::verify_bag(*files, options));
  out.custody = PHENDAU_TRY(custody_of(*files, out.bag));
  return out;
}

Json json_of(const Globals& globals, const Judgement& judgement) {
  const auto& bag = judgement.bag;
  Json digests = Json::array();
  for (const auto kind : bag.digests) digests.push(to_string(kind));
  Json info = Json::array();
  for (const auto& [label, value] : bag.info) info.push(Json::object({{"label", label}, {"value", value}}));
  Json findings = Json::array();
  for (const auto& one : bag.findings) {
    findings.push(Json::object({{"level", one.error ? "error" : "warning"},
                                {"issue", to_string(one.issue)},
                                {"file", one.file},
                                {"detail", one.detail},
                                {"text", one.text(globals.lang)}}));
  }
  Json custody;
  if (judgement.custody) {
    Json items = Json::array();
    for (const auto& [id, standing] : judgement.custody->items) {
      items.push(Json::object({{"item", id},
                               {"entries", standing.events},
                               {"holder", standing.holders.empty() ? "" : standing.holder()},
                               {"sealed", standing.sealed},
                               {"ended", standing.ended},
                               {"hash", standing.hash}}));
    }
    const auto& broken = judgement.custody->broken;
    custody = Json::object({{"ok", !broken},
                            {"line", broken ? Json(broken->event) : Json()},
                            {"reason", broken ? Json(explain(globals.lang, broken->error)) : Json()},
                            {"signed", judgement.custody->all_signed},
                            {"items", std::move(items)}});
  }
  return Json::object({{"ok", judgement.good()},
                       {"version", bag.version},
                       {"digests", std::move(digests)},
                       {"files", bag.payload_files},
                       {"bytes", bag.payload_bytes},
                       {"errors", bag.errors},
                       {"warnings", bag.warnings},
                       {"signer", bag.signer},
                       {"signed_at", bag.signed_at},
                       {"tagmanifest_sha256", bag.tagmanifest_sha256},
                       {"info", std::move(info)},
                       {"findings", std::move(findings)},
                       {"custody", std::move(custody)}});
}

void print_custody(const Globals& globals, const custody::FileVerdict& custody) {
  for (const auto& [id, standing] : custody.items) {
    if (standing.events == 0) continue;
    print_line(globals.text("evidence.custody_item", {without_invisible(id), std::to_string(standing.events),
                                                      without_invisible(standing.holder()), standing.hash}));
  }
  if (custody.broken) {
    print_line(globals.text("evidence.custody_bad",
                            {std::to_string(custody.broken->event), without_invisible(custody.broken->item),
                             explain(globals.lang, custody.broken->error)}));
  } else {
    print_line(globals.text("evidence.custody_good", {std::to_string(custody.items.size())}));
  }
}

void print_judgement(const Globals& globals, const Judgement& judgement) {
  const auto& bag = judgement.bag;
  for (const auto& [label, value] : bag.info)
    print_line(without_invisible(label) + ": " + without_invisible(value));
  for (const auto& one : bag.findings)
    print_line(globals.text(one.error ? "evidence.error" : "evidence.warning", {one.text(globals.lang)}));
  if (const std::uint64_t all = bag.errors + bag.warnings; all > bag.findings.size())
    print_line(globals.text("evidence.more", {std::to_string(all - bag.findings.size())}));
  if (!bag.tagmanifest_sha256.empty())
    print_line(globals.text("evidence.tagmanifest", {bag.tagmanifest_sha256}));
  if (!bag.signer.empty()) {
    const auto at = parse_rfc3339(bag.signed_at);
    print_line(globals.text("evidence.signed", {at ? format_vietnamese(*at) : bag.signed_at, bag.signer}));
  } else if (bag.valid()) {
    print_line(globals.text("evidence.unsigned"));
  }
  if (judgement.custody) print_custody(globals, *judgement.custody);
  std::vector<std::string> digests;
  for (const auto kind : bag.digests) digests.emplace_back(to_string(kind));
  print_line(judgement.good()
                 ? globals.text("evidence.good", {std::to_string(bag.payload_files),
                                                  std::to_string(bag.payload_bytes), join(digests, ", ")})
                 : globals.text("evidence.bad"));
}

int run_evidence_verify(const Globals& globals, const EvidenceArguments& arguments) {
  const auto judgement = judge(arguments);
  if (!judgement) return complain(globals, judgement.error());
  if (globals.json()) {
    print_line(json_of(globals, *judgement).dump());
  } else {
    print_judgement(globals, *judgement);
  }
  return judgement->good() ? kOk : kFound;
}

struct ListArguments {
  std::string data;
  std::string case_id;
};

Json item_json(const Globals& globals, const ledger::Record& item, const custody::Verdict& verdict) {
  Json out = Json::object({{"id", item.id}, {"state", item.state}, {"agency_id", item.agency_id}});
  for (const char* member : {"number", "case_id", "label", "sha256", "holder", "outside", "custody_head"})
    out.set(member, item.doc[member]);
  const auto& broken = verdict.broken;
  return std::move(out.set("entries", verdict.standing.events)
                       .set("ok", !broken)
                       .set("reason", broken ? Json(explain(globals.lang, broken->error)) : Json()));
}

Result<bool> run_evidence_list(const Globals& globals, const ListArguments& arguments) {
  const auto ledger = PHENDAU_TRY(open_ledger_to_read(posix_env(), arguments.data));
  const std::string key = known_heads(posix_env(), arguments.data, false).public_key;
  ledger::Query query;
  query.kind = hub::kItemKind;
  if (!arguments.case_id.empty())
    query.filters.push_back({"case_id", ledger::FieldFilter::Op::equal, {Json(arguments.case_id)}});
  Json items = Json::array();
  std::vector<std::vector<std::string>> rows;
  bool all_good = true;
  const auto add = [&](const ledger::Record& item) -> Result<> {
    const auto entries = hub::custody_entries(*ledger, item.id);
    custody::Verdict verdict;
    if (entries)
      verdict = hub::judge_custody(item, *entries, key);
    else
      verdict.broken = custody::Broken{item.id, 1, entries.error()};
    const bool good = !verdict.broken;
    all_good = all_good && good;
    items.push(item_json(globals, item, verdict));
    rows.push_back({good ? "OK" : "!!", item.doc["number"].as_string(), item.doc["case_id"].as_string(),
                    without_invisible(item.doc["label"].as_string()), item.state,
                    without_invisible(item.doc["holder"].as_string()), item.doc["sha256"].as_string(),
                    good ? std::string() : explain(globals.lang, verdict.broken->error)});
    return {};
  };
  PHENDAU_TRY(ledger::each_record(*ledger, ledger::by_id(std::move(query)), hub::everything(), add));
  if (globals.json())
    print_line(Json::object({{"ok", all_good}, {"items", std::move(items)}}).dump());
  else
    print_table(rows);
  return all_good;
}

}  // namespace

void add_evidence(CLI::App& app, Globals& globals, int& exit_code) {
  auto* evidence = app.add_subcommand("evidence", globals.text("cli.evidence"));
  evidence->require_subcommand(1);
  auto arguments = std::make_shared<EvidenceArguments>();
  auto* verify = evidence->add_subcommand("verify", globals.text("cli.evidence_verify"));
  verify->add_option("bag", arguments->bag, globals.text("cli.bag"))->required();
  verify->add_flag("--signed", arguments->must_be_signed, globals.text("cli.bag_signed"));
  verify->add_option("--public-key", arguments->public_key, globals.text("cli.bag_key"));
  verify->add_option("--format", globals.format, globals.text("cli.format"))
      ->check(CLI::IsMember({"table", "json"}));
  verify->callback(
      [&globals, &exit_code, arguments] { exit_code = run_evidence_verify(globals, *arguments); });

  auto wanted = std::make_shared<ListArguments>();
  auto* list = evidence->add_subcommand("list", globals.text("cli.evidence_list"));
  list->add_option("--data", wanted->data, globals.text("cli.data"))->required();
  list->add_option("--case", wanted->case_id, globals.text("cli.evidence_case"));
  list->add_option("--format", globals.format, globals.text("cli.format"))
      ->check(CLI::IsMember({"table", "json"}));
  list->callback([&globals, &exit_code, wanted] {
    const auto good = run_evidence_list(globals, *wanted);
    exit_code = !good ? complain(globals, good.error()) : *good ? kOk : kFound;
  });
}

}  // namespace phendau::cli

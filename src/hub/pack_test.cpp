// SPDX-License-Identifier: Apache-2.0
// The packs that ship are free of mistakes, every posture rule gives what its examples say, and mistakes in a
// pack are each named with file, line and reason.
#include "hub/pack.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/text.h"
#include "os/testing/fake_env.h"

namespace pack_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

const std::string kPacks = std::string(PHENDAU_SOURCE_DIR) + "/packs";

constexpr const char* kPackYaml =
    "id: trial\ntitle: {vi: a, en: b}\nroles:\n  - {id: staff, title: {vi: a, en: b}}\n"
    "scopes:\n  - {id: own, title: {vi: a, en: b}, attribute: x, values: [true]}\n"
    "parameters:\n  - {name: length, title: {vi: a, en: b}, default: 8, reason: {vi: a, en: b}, set_in: {vi: "
    "a, en: b}}\n";

constexpr const char* kRule =
    "title: t\nname: rule_one\nlogsource: {product: phendau, category: fact, service: password_policy}\n"
    "detection:\n  ok:\n    min_length|gte: '%length%'\n  condition: ok\n";

std::string clause_with(std::string_view rest) {
  return "clauses:\n  - id: tr-1:1.a\n    citation: x\n    title: {vi: a, en: b}\n    duty: {vi: a, en: b}\n"
         "    bound: [staff]\n    kind: process\n" +
         std::string(rest);
}

void put(FakeEnv& env, const std::string& path, std::string_view text, const std::string& pack = "trial") {
  const std::string full = "/packs/" + pack + "/" + path;
  REQUIRE(env.make_dirs(full.substr(0, full.rfind('/')), 0700));
  REQUIRE(write_file_atomic(env, full, text));
}

LoadedPack load(FakeEnv& env, const PackOptions& options = {}) {
  auto loaded = load_pack(env, "/packs/trial", options);
  REQUIRE(loaded);
  return std::move(*loaded);
}

std::vector<std::string> shipped_packs() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(kPacks)) {
    if (entry.is_directory()) out.push_back(entry.path().filename().string());
  }
  return out;
}

std::vector<Pack> packs_with_clauses() {
  std::vector<Pack> out;
  for (const auto& name : shipped_packs()) {
    auto pack = load_valid_pack(posix_env(), kPacks + "/" + name);
    REQUIRE(pack);
    if (!pack->catalog.clauses.empty()) out.push_back(std::move(*pack));
  }
  return out;
}

/// What the catalogue says of how a clause or part can be proved.
struct Proof {
  std::int64_t tier = 0;  // 3: nothing but somebody's word
  std::string by;         // agent_check, active_probe, ...
};

void check_ways(const comply::ClausePart& part, const Proof& proof) {
  using comply::SatisfierKind;
  CAPTURE(part.id);
  CAPTURE(proof.by);
  const auto& ways = part.satisfied_by;
  const bool attested_alone = !ways.empty() && std::all_of(ways.begin(), ways.end(), [](const auto& way) {
    return way.kind == SatisfierKind::attestation;
  });
  if (attested_alone) CHECK(proof.tier == 3);
  for (const auto& way : ways) {
    if (way.kind != SatisfierKind::pending) continue;
    CHECK((proof.by == "agent_check" || proof.by == "active_probe" || way.waits_for == "incident"));
  }
}

/// Runs of words that nobody may repeat.
class Original {
 public:
  explicit Original(const std::string& text) {
    const auto whole = words_of(text);
    for (std::size_t i = 0; i + kWordsMax <= whole.size(); ++i) runs_.insert(run_at(whole, i));
  }
  std::size_t size() const { return runs_.size(); }
  bool is_repeated_by(std::string_view text) const {
    const auto words = words_of(text);
    for (std::size_t i = 0; i + kWordsMax <= words.size(); ++i) {
      if (runs_.contains(run_at(words, i))) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kWordsMax = 12;
  static std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> out;
    const std::string line = replace_all(text, "\n", " ");
    for (const auto word : split(line, ' ')) {
      if (!trim(word).empty()) out.emplace_back(trim(word));
    }
    return out;
  }
  static std::string run_at(const std::vector<std::string>& words, std::size_t at) {
    std::string run;
    for (std::size_t i = at; i < at + kWordsMax; ++i) run += words[i] + " ";
    return run;
  }
  std::set<std::string> runs_;
};

}  // namespace

TEST_CASE("shipped packs have no mistakes") {
  for (const std::string& name : shipped_packs()) {
    CAPTURE(name);
    const auto loaded = load_pack(posix_env(), kPacks + "/" + name);
    REQUIRE(loaded);
    for (const auto& error : loaded->errors) {
      CAPTURE(error.to_string());
      CHECK(false);
    }
    CHECK(loaded->pack.digest.size() == 64);
    CHECK(load_pack(posix_env(), kPacks + "/" + name)->pack.digest == loaded->pack.digest);
  }
}

TEST_CASE("posture rules give what their examples say, and each has all six kinds") {
  std::size_t count = 0;
  const auto errors = run_posture_examples(posix_env(), kPacks + "/ha-giang", count);
  REQUIRE(errors);
  for (const auto& error : *errors) {
    CAPTURE(error.to_string());
    CHECK(false);
  }
  const auto pack = load_valid_pack(posix_env(), kPacks + "/ha-giang");
  REQUIRE(pack);
  CHECK(count >= pack->posture_rules.size() * 6);
  const std::string folder = kPacks + "/base/rules/posture/";
  for (const auto& rule : pack->posture_rules) {
    CAPTURE(rule.name);
    std::vector<ContentError> mistakes;
    const auto text =
        read_file(posix_env(), folder + rule.name.substr(std::string("posture_").size()) + ".tests.yaml");
    REQUIRE(text);
    std::set<std::string> names;
    for (const auto& example : parse_posture_examples(*text, rule.name, mistakes)) names.insert(example.name);
    CHECK(mistakes.empty());
    for (const char* needed : {"compliant", "field missing", "empty but complete", "incomplete", "stale"}) {
      CHECK(names.contains(needed));
    }
  }
}

TEST_CASE("types of papers that clauses ask for have words: of the register, else of the clause") {
  auto packs = packs_with_clauses();
  // The example lies apart from the packs that it imports.
  const auto folder =
      std::filesystem::temp_directory_path() / ("phendau-packs-" + std::to_string(::getpid()));
  constexpr auto kAll = std::filesystem::copy_options::recursive;
  std::filesystem::create_directories(folder);
  std::filesystem::copy(PHENDAU_SOURCE_DIR "/packs/base", folder / "base", kAll);
  std::filesystem::copy(PHENDAU_SOURCE_DIR "/docs/examples/binh-minh", folder / "binh-minh", kAll);
  auto own = load_valid_pack(posix_env(), (folder / "binh-minh").string());
  std::filesystem::remove_all(folder);
  REQUIRE_MESSAGE(own.has_value(), own.error().message);
  packs.push_back(std::move(*own));
  std::size_t count = 0;
  for (const auto& pack : packs) {
    CAPTURE(pack.id);
    const Json titles = pack.reg("document")->spec.schema["properties"]["type"]["x-titles-vi"];
    CHECK_FALSE(titles["yearly_report"].as_string().empty());
    for (const auto& clause : pack.catalog.clauses) {
      for (const auto& part : clause.parts) {
        for (const auto& way : part.satisfied_by) {
          if (way.kind != comply::SatisfierKind::document) continue;
          ++count;
          CAPTURE(way.ref);
          CHECK_FALSE(titles[way.ref].as_string().empty());
        }
      }
    }
  }
  CHECK(count >= 6);
  const Json named = packs.back().reg("document")->spec.schema["properties"]["type"]["x-titles-vi"];
  CHECK(named.contains("bm_yearly_report"));  // it has no words but the clause's
}

TEST_CASE("the packs cover every clause and part of the five documents") {
  const std::string catalogue = PHENDAU_SOURCE_DIR "/../shared/regulations/clauses.json";
  if (!std::filesystem::exists(catalogue)) {
    MESSAGE("skipped: the catalogue of clauses is not beside the source");
    return;
  }
  const auto packs = packs_with_clauses();
  const auto json = parse_json(*read_file(posix_env(), catalogue));
  REQUIRE(json);
  std::size_t count = 0;
  std::size_t parts = 0;
  for (const Json& one : json->is_array() ? json->items() : (*json)["clauses"].items()) {
    const std::string& id = one["id"].as_string();
    CAPTURE(id);
    const comply::Clause* clause = nullptr;
    for (const auto& pack : packs) {
      if (clause == nullptr) clause = pack.clause(id);
    }
    REQUIRE(clause != nullptr);
    ++count;
    parts += one["parts"].size();
    std::map<std::string, Proof> proofs;
    for (const Json& part : one["parts"].items())
      proofs[part["id"].as_string()] = {part["tier"].as_int(), part["verified_by"].as_string()};
    const Proof whole{one["tier"].as_int(), one["verified_by"].as_string()};
    for (const auto& part : clause->parts) {
      const auto own = proofs.find(part.id);
      check_ways(part, own == proofs.end() ? whole : own->second);
    }
    if (one["parts"].items().empty()) continue;
    REQUIRE(clause->parts.size() == one["parts"].size());
    for (std::size_t i = 0; i < clause->parts.size(); ++i) {
      CHECK(clause->parts[i].id == one["parts"].items()[i]["id"].as_string());
    }
  }
  CHECK(count == 360);
  CHECK(parts == 127);
  std::size_t written = 0;
  std::size_t without_pending = 0;
  for (const auto& pack : packs) {
    written += pack.catalog.clauses.size();
    without_pending += coverage(pack).clauses_without_pending;
  }
  CHECK(written == count);  // no clause is invented
  CHECK(without_pending >= 242);
}

TEST_CASE("duties are own words: no run of twelve words of the original") {
  const std::string folder = PHENDAU_SOURCE_DIR "/../shared/regulations";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: the original texts are not beside the source");
    return;
  }
  std::map<std::string, Original> originals;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".txt")) originals.emplace(name, *read_file(posix_env(), entry.path().string()));
  }
  CHECK(originals.size() == 5);
  for (const auto& pack : packs_with_clauses()) {
    CAPTURE(pack.id);
    const auto original = originals.lower_bound(pack.id + "-");
    REQUIRE(original != originals.end());
    REQUIRE(original->first.starts_with(pack.id));
    CHECK(original->second.size() > 900);
    for (const auto& clause : pack.catalog.clauses) {
      CAPTURE(clause.id);
      CHECK_FALSE(original->second.is_repeated_by(clause.duty.vi));
      for (const auto& part : clause.parts) CHECK_FALSE(original->second.is_repeated_by(part.duty.vi));
    }
  }
}

TEST_CASE("coverage says what works and what waits") {
  for (const auto& pack : packs_with_clauses()) {
    CAPTURE(pack.id);
    const Coverage all = coverage(pack);
    CHECK(all.clauses == pack.catalog.clauses.size());
    CHECK(all.parts_working + all.parts_pending == all.rows.size());
    const Json json = to_json(all, pack);
    MESSAGE(pack.id, " ", json["counts"].dump());
    REQUIRE(json["clauses"].size() == all.clauses);
    for (const Json& clause : json["clauses"].items()) {
      CAPTURE(clause["id"].as_string());
      CHECK((clause["satisfied_by"].size() > 0 || !clause["no_duty_reason"].is_null()));
      for (const Json& by : clause["satisfied_by"].items()) {
        const bool pending = by["state"].as_string() == "pending";
        CHECK(pending == (by["kind"].as_string() == "pending"));
        CHECK(pending == by["test"].as_string().empty());
        CHECK(pending == !by["waits_for"].as_string().empty());
      }
    }
  }
}

TEST_CASE("parameters reach the rules, and the installation can change them") {
  FakeEnv env;
  put(env, "pack.yaml", kPackYaml);
  put(env, "rules/posture/one.yml", kRule);
  Fact fact;
  fact.kind = "password_policy";
  fact.collected_at = env.now();
  fact.rows.push_back(Json::object({{"min_length", 9}}));
  const auto status_with = [&](const PackOptions& options) {
    const LoadedPack loaded = load(env, options);
    REQUIRE(loaded.ok());
    return comply::judge_posture(loaded.pack.catalog.posture_rules.at("rule_one"), &fact, env.now()).status;
  };
  CHECK(status_with({}) == Status::met);
  CHECK(status_with({Json::object({{"length", 12}})}) == Status::violated);
  CHECK_FALSE(load(env, {Json::object({{"length", "long"}})}).ok());
  CHECK_FALSE(load(env, {Json::object({{"width", 1}})}).ok());
}

TEST_CASE("the digest changes with any byte and any name") {
  FakeEnv env;
  put(env, "pack.yaml", kPackYaml);
  put(env, "documents/report.txt", "a");
  const std::string first = load(env).pack.digest;
  put(env, "documents/report.txt", "b");
  const std::string second = load(env).pack.digest;
  put(env, "documents/report2.txt", "");
  CHECK(first != second);
  CHECK(load(env).pack.digest != second);
}

namespace {

constexpr const char* kSmallWorkflow =
    "id: small\ntitle_vi: a\ntitle_en: b\ncase_kind: case\nsteps:\n  - {id: one, title_vi: a, title_en: b}\n";

}  // namespace

TEST_CASE("a province's workflow replaces the imported one of its id; two in one pack are a mistake") {
  FakeEnv env;
  put(env, "pack.yaml", std::string(kPackYaml) + "imports: [general]\n");
  put(env, "pack.yaml", "id: general\ntitle: {vi: a, en: b}\n", "general");
  put(env, "workflows/any.yaml", kSmallWorkflow, "general");
  put(env, "workflows/own.yaml", std::string(kSmallWorkflow) + "  - {id: two, title_vi: a, title_en: b}\n");
  const LoadedPack replaced = load(env);
  REQUIRE(replaced.ok());
  REQUIRE(replaced.pack.workflows.size() == 1);
  CHECK(replaced.pack.workflows[0].steps == std::vector<std::string>{"one", "two"});
  REQUIRE(replaced.pack.workflow_files.size() == 1);
  CHECK(replaced.pack.workflow_files[0].pack_id == "trial");
  REQUIRE(replaced.pack.notes.size() == 1);
  CHECK(replaced.pack.notes[0].to_string() ==
        "trial/workflows/own.yaml:1:5: workflow 'small' replaces that of general/workflows/any.yaml");
  put(env, "workflows/twice.yaml", "# again\n" + std::string(kSmallWorkflow));
  const LoadedPack twice = load(env);
  REQUIRE(twice.errors.size() == 1);
  CHECK(twice.errors[0].file == "trial/workflows/twice.yaml");
  CHECK(twice.errors[0].line == 2);
  CHECK(twice.errors[0].reason.starts_with("workflow 'small' is defined twice"));
}

TEST_CASE("every province that ships can open an incident, and its definition has no mistakes") {
  for (const auto& name : shipped_packs()) {
    CAPTURE(name);
    const auto pack = load_valid_pack(posix_env(), kPacks + "/" + name);
    REQUIRE(pack);
    CHECK(std::count_if(pack->workflows.begin(), pack->workflows.end(),
                        [](const WorkflowRef& one) { return one.id == "incident"; }) == 1);
  }
}

TEST_CASE("every mistake is named with its place") {
  struct Case {
    const char* file;
    std::string text;
    int line;
    const char* reason;
  };
  const std::string good = "    satisfied_by:\n      - {kind: posture_rule, ref: rule_one}\n";
  const Case cases[] = {
      {"clauses/a.yaml",
       clause_with("    subject: device\n    satisfied_by:\n      - {kind: posture_rule, ref: nix}\n"), 10,
       "no posture rule 'nix'"},
      {"clauses/a.yaml", clause_with(good), 9, "needs 'subject: device'"},
      {"clauses/a.yaml", clause_with("    satisfied_by:\n      - {kind: register, ref: nix}\n"), 9,
       "no register 'nix'"},
      {"clauses/a.yaml", clause_with("    satisfied_by:\n      - {kind: workflow, ref: nix}\n"), 9,
       "no workflow 'nix'"},
      {"clauses/a.yaml", clause_with("    satisfied_by:\n      - {kind: detection, ref: nix}\n"), 9,
       "no detection rule"},
      {"clauses/a.yaml", clause_with("    satisfied_by:\n      - {kind: pending}\n"), 9,
       "'reason' is missing"},
      {"clauses/a.yaml", clause_with("    satisfied_by: []\n"), 8, "is empty"},
      {"clauses/a.yaml", clause_with("    scope: nix\n    satisfied_by:\n      - {kind: attestation}\n"), 2,
       "no scope 'nix'"},
      {"clauses/a.yaml", clause_with("    colour: red\n    satisfied_by:\n      - {kind: attestation}\n"), 8,
       "unknown key"},
      {"clauses/a.yaml", clause_with("    period: P90D\n    satisfied_by:\n      - {kind: attestation}\n"), 8,
       "calendar period"},
      {"clauses/a.yaml",
       clause_with(
           "    parts:\n      - {id: tr-1:2#1, duty: {vi: a, en: b}, satisfied_by: [{kind: attestation}]}\n"),
       9, "the part's id must be"},
      {"clauses/a.yaml", "clauses:\n  - a: [\n", 3, ""},
      {"clauses/a.yaml", "clauses: 1\n", 1, "must be a list"},
      {"rules/posture/b.yml",
       std::string("title: t\nname: b\nlogsource: {product: phendau, category: fact, service: x}\n"
                   "detection:\n  ok:\n    a|gte: '%nix%'\n  condition: ok\n"),
       6, "no parameter 'nix'"},
      {"rules/posture/zwei.yml", kRule, 1, "defined twice"},
      {"registers/r.yaml",
       "registers:\n  - kind: A\n    title: {vi: a, en: b}\n    owner: agency\n    schema: {type: object}\n",
       2, "a-z 0-9"},
      {"registers/r.yaml",
       "registers:\n  - kind: a\n    title: {vi: a, en: b}\n    owner: agency\n    indexed: [x]\n    schema: "
       "{type: object}\n",
       2, "no field 'x'"},
      {"registers/r.yaml",
       "registers:\n  - kind: a\n    title: {vi: a, en: b}\n    owner: agency\n    schema: {type: colour}\n",
       5, ""},
      {"calendar.yaml", "holidays: [tomorrow]\n", 1, "no day"},
      {"clauses/a.yaml", clause_with("    defines: ['glossary:nix']\n"), 8, "no glossary 'nix'"},
      {"clauses/a.yaml", clause_with("    defines: [profile]\n"), 8, "needs a 'document'"},
      {"clauses/a.yaml", clause_with("    defines: ['scope:nix', 'role:nix', 'unit_class:nix']\n"), 8,
       "no role 'nix'"},
      {"clauses/a.yaml",
       clause_with("    trigger: {register: nix}\n    satisfied_by:\n      - {kind: attestation}\n"), 8,
       "no register 'nix'"},
      {"clauses/a.yaml",
       clause_with("    trigger: {workflow: nix}\n    satisfied_by:\n      - {kind: attestation}\n"), 8,
       "no workflow 'nix'"},
      {"clauses/a.yaml", clause_with("    satisfied_by:\n      - {kind: pack, ref: NIX}\n"), 9,
       "no name of a pack"},
      {"clauses/a.yaml",
       clause_with("    trigger: {register: r, within: '%nix%'}\n    satisfied_by: [{kind: attestation}]\n"),
       8, "no parameter 'nix'"},
      {"glossary.yaml", "terms:\n  - {id: a, term: {vi: a, en: b}}\n", 2, "'meaning' is missing"},
      {"glossary.yaml",
       "terms:\n  - {id: a, term: {vi: a, en: b}, meaning: {vi: a, en: b}}\n"
       "  - {id: a, term: {vi: a, en: b}, meaning: {vi: a, en: b}}\n",
       3, "defined twice"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    FakeEnv env;
    put(env, "pack.yaml", kPackYaml);
    put(env, "rules/posture/one.yml", kRule);
    put(env, c.file, c.text);
    const LoadedPack loaded = load(env);
    const auto hit = std::find_if(loaded.errors.begin(), loaded.errors.end(), [&](const ContentError& error) {
      return error.line == c.line && error.reason.find(c.reason) != std::string::npos &&
             error.file == "trial/" + std::string(c.file) && error.column > 0;
    });
    std::string all;
    for (const auto& error : loaded.errors) all += error.to_string() + "\n";
    CAPTURE(all);
    CHECK(hit != loaded.errors.end());
    CHECK_FALSE(load_valid_pack(env, "/packs/trial"));
  }
}

TEST_CASE("the shipped holidays arrive, and a pack of its own may say a year anew") {
  const auto shipped = load_pack(posix_env(), kPacks + "/ha-giang");
  REQUIRE(shipped);
  const comply::WorkCalendar& calendar = shipped->pack.catalog.work_calendar;
  for (std::int32_t year = 2016; year <= 2027; ++year) CHECK(calendar.covers(year));
  CHECK_FALSE(calendar.covers(2028));
  CHECK_FALSE(calendar.is_working_day({2026, 2, 17}));
  FakeEnv env;
  put(env, "pack.yaml", kPackYaml);
  put(env, "calendar.yaml", "years:\n  - {year: 2028, basis: minimum, holidays: [\"2028-01-26\"]}\n");
  const LoadedPack own = load(env);
  CHECK(own.ok());
  CHECK(own.pack.catalog.work_calendar.covers(2028));
  CHECK_FALSE(own.pack.catalog.work_calendar.is_working_day({2028, 1, 26}));
}

TEST_CASE("triggers, definitions, unit classes, scopes with bounds, reminders are read and checked") {
  FakeEnv env;
  put(env, "pack.yaml",
      "id: trial\ntitle: {vi: a, en: b}\nknown_from: {vi: bao, en: news}\n"
      "document: {title: {vi: a, en: b}, number: x, issuer: x, date: \"2026-01-01\", prefix: tr-1}\n"
      "roles: [{id: staff, title: {vi: a, en: b}}]\n"
      "unit_classes: [{id: commune, title: {vi: xa, en: commune}, clause: \"tr-1:1.a\"}]\n"
      "scopes:\n  - {id: high, title: {vi: a, en: b}, attribute: level, minimum: 3, maximum: 5}\n"
      "  - {id: communes, title: {vi: a, en: b}, attribute: unit_class, values: [commune]}\n"
      "reminders: {before_days: [7, 1], overdue_days: [0], to: [staff]}\n"
      "parameters:\n  - {name: limit, title: {vi: a, en: b}, default: 3wd, reason: {vi: a, en: b}, set_in: "
      "{vi: a, en: "
      "b}}\n");
  put(env, "glossary.yaml",
      "terms: [{id: cipher, term: {vi: a, en: b}, meaning: {vi: a, en: b}, clause: \"tr-1:1.a\"}]\n");
  put(env, "registers/r.yaml",
      "registers:\n  - kind: leaver\n    title: {vi: a, en: b}\n    owner: agency\n    states: [open, done]\n"
      "    schema: {type: object, properties: {left_on: {title: a}, on: {title: a}}}\n"
      "  - kind: system\n    title: {vi: so, en: systems}\n    owner: agency\n    subject_kind: system\n"
      "    schema: {type: object, properties: {level: {title: a}}}\n");
  put(env, "clauses/a.yaml",
      clause_with(
          "    defines: ['glossary:cipher', 'unit_class:commune', 'scope:high', 'role:staff', profile]\n") +
          "  - {id: tr-1:2.a, citation: x, title: {vi: a, en: b}, duty: {vi: a, en: b}, bound: [staff], "
          "kind: process,\n"
          "     trigger: {register: leaver, from: left_on, within: '%limit%'}, satisfied_by: [{kind: "
          "occasion, state: "
          "[done], done: on}]}\n");
  const LoadedPack loaded = load(env);
  for (const auto& error : loaded.errors) FAIL_CHECK(error.to_string());
  const Pack& pack = loaded.pack;
  CHECK(pack.known_from.en == "news");
  CHECK(pack.terms.size() == 1);
  CHECK(pack.unit_classes.size() == 1);
  CHECK(pack.reminders.before_days.size() == 2);
  CHECK(pack.catalog.scopes.at("high").maximum == 5);
  CHECK(pack.catalog.packs == std::vector<std::string>{"trial"});
  CHECK(pack.catalog.roles.contains("staff"));
  CHECK(pack.catalog.subject_registers.at(comply::SubjectKind::system).en == "systems");
  CHECK(pack.clause("tr-1:2.a")->parts[0].trigger->within == *comply::parse_term("3wd"));
  const Coverage all = coverage(pack);
  REQUIRE(all.rows.size() == 2);
  CHECK(all.rows[0].satisfied_by.size() == 5);
  CHECK(all.rows[0].satisfied_by[0].kind == "definition");
  CHECK(all.rows[0].working());
  CHECK(all.rows[1].satisfied_by[0].test == "pack_flip_test: tr-1:2.a");

  put(env, "pack.yaml",
      "id: trial\ntitle: {vi: a, en: b}\nunit_classes: [{id: commune, title: {vi: xa, en: commune}}]\n"
      "scopes:\n  - {id: x, title: {vi: a, en: b}, attribute: unit_class, values: [nix]}\n");
  const LoadedPack wrong = load(env);
  CHECK(std::any_of(wrong.errors.begin(), wrong.errors.end(), [](const ContentError& error) {
    return error.line == 5 && error.reason.find("no unit class 'nix'") != std::string::npos;
  }));
}

TEST_CASE("a folder that is no pack, and an import that is not there") {
  FakeEnv env;
  REQUIRE(env.make_dirs("/packs/trial", 0700));
  CHECK(load_pack(env, "/packs/trial").error().code == ErrorCode::not_found);
  put(env, "pack.yaml", std::string(kPackYaml) + "imports: [nowhere]\n");
  const LoadedPack loaded = load(env);
  REQUIRE(loaded.errors.size() == 1);
  CHECK(loaded.errors[0].reason.find("nowhere") != std::string::npos);
}

}  // namespace pack_test

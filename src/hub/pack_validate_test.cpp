// SPDX-License-Identifier: Apache-2.0
// `phendau pack validate` lists what only turns up when a pack is made ready, each with its place.
#include "hub/pack_validate.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "hub/active_pack.h"
#include "os/testing/fake_env.h"

using namespace phendau;
using namespace phendau::hub;

namespace {

void put(FakeEnv& env, const std::string& path, std::string_view text) {
  const std::string full = "/packs/trial/" + path;
  REQUIRE(env.make_dirs(full.substr(0, full.rfind('/')), 0700));
  REQUIRE(write_file_atomic(env, full, text));
}

constexpr const char* kDetections =
    "title: t\nname: failed\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: linux, service: "
    "sshd}\n"
    "detection: {s: {action: login}, condition: s}\n";

/// A small pack without any mistake.
void put_good(FakeEnv& env) {
  put(env, "pack.yaml",
      "id: trial\ntitle: {vi: a, en: b}\nroles:\n  - {id: staff, title: {vi: a, en: b}}\n"
      "scopes: []\nparameters: []\n");
  put(env, "upload_guard.yaml", "extensions: [txt]\nmarking_lines: [MAT]\nmarking_words: [TOI MAT]\n");
  put(env, "sources/linux.yaml",
      "sources:\n  - logsource: {product: linux, service: sshd}\n    covers: [linux//sshd]\n");
  put(env, "workflows/w.yaml",
      "id: w\ntitle_vi: a\ntitle_en: b\ncase_kind: case\nsteps:\n  - {id: one, title_vi: a, title_en: b}\n");
  put(env, "rules/linux/failed.yml", kDetections);
  put(env, "rules/linux/failed.samples.yaml",
      "logsource: linux//sshd\nfire:\n  - events: [{fields: {action: login}}]\nsilent:\n  - events: "
      "[{fields: {action: "
      "logout}}]\n");
  put(env, "documents/paper.html", "<p>abc</p>");
}

std::string clause_with(std::string_view way) {
  return "clauses:\n  - id: tr-1:1.a\n    citation: x\n    title: {vi: a, en: b}\n    duty: {vi: a, en: b}\n"
         "    bound: [staff]\n    kind: process\n    satisfied_by:\n      - " +
         std::string(way) + "\n";
}

}  // namespace

TEST_CASE("validate: the packs that ship, and a small good one") {
  for (const char* name : {"base", "ha-giang"}) {
    CAPTURE(name);
    const auto report = validate_pack(posix_env(), std::string(PHENDAU_SOURCE_DIR) + "/packs/" + name);
    REQUIRE(report);
    for (const auto& error : report->errors) FAIL_CHECK(error.to_string());
    CHECK(report->examples > 100);
  }
  FakeEnv env;
  put_good(env);
  const auto report = validate_pack(env, "/packs/trial");
  REQUIRE(report);
  for (const auto& error : report->errors) FAIL_CHECK(error.to_string());
  CHECK(report->examples == 2);
}

TEST_CASE("validate: every mistake is listed with its place") {
  const std::string correlation =
      "---\ntitle: many\nid: 22222222-2222-4222-8222-222222222222\ncorrelation:\n  type: event_count\n  "
      "rules:\n"
      "    - failed\n    - nobody\n  timespan: 1m\n  condition: {gte: 3}\n";
  struct Case {
    const char* file;
    std::string text;
    int line;
    const char* reason;
  };
  const Case cases[] = {
      {"workflows/w.yaml",
       "id: w\ntitle_vi: a\ntitle_en: b\ncase_kind: case\nsteps:\n  - {id: one, title_vi: a, title_en: b, "
       "colour: red}\n",
       6, "colour"},
      {"workflows/w.yaml", "id: w\ntitle_vi: a\n  title_en: [\n", 3, ""},
      {"sources/linux.yaml", "sources:\n  - logsource: {product: linux}\n    covers: [linux]\n", 3,
       "product/category/service"},
      {"sources/linux.yaml", "sources: 1\n", 1, "must be a list"},
      {"upload_guard.yaml", "extensions: [txt]\nmarking_lines: MAT\nmarking_words: [TOI MAT]\n", 2,
       "must be a list"},
      {"upload_guard.yaml", "extensions: [txt]\nmarking_lines: [MAT]\n", 1, "'marking_words' is missing"},
      {"upload_guard.yaml",
       "extensions: [txt]\nmarking_lines: [MAT]\nmarking_words: [TOI MAT]\nsize_bytes_max: many\n", 4,
       "number"},
      {"upload_guard.yaml", "extensions: [txt]\nmarking_lines: [MAT]\nmarking_words: [X]\ncolour: red\n", 4,
       "unknown key"},
      {"upload_guard.yaml", "extensions: [\n", 2, ""},
      {"rules/linux/many.yml", correlation, 8, "rule 'nobody' is not known"},
      {"rules/linux/failed.samples.yaml",
       "logsource: linux//sshd\nfire:\n  - events: [{fields: {action: logout}}]\n", 3, "raises no alert"},
      {"rules/linux/failed.samples.yaml",
       "logsource: linux//sshd\nsilent:\n  - events: [{fields: {action: login}}]\n", 3, "must stay silent"},
      {"rules/linux/other.samples.yaml", "fire: []\n", 1, "there is no rule file"},
      {"clauses/a.yaml", clause_with("{kind: setting, ref: hub.colour, equals: red}"), 9,
       "no setting 'hub.colour'"},
      {"clauses/a.yaml", clause_with("{kind: attestation, test: nobody.tests.yaml}"), 9,
       "there is no file 'nobody.tests.yaml'"},
      {"rules/linux/failed.yaml", kDetections, 1, "rules are .yml"},
      {"clause/a.yaml", "a: b\n", 1, "no folder 'clause'"},
      {"clauses/a.txt", "abc", 1, "are .yaml"},
      {"packs.yaml", "a: b\n", 1, "no such file"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.file);
    CAPTURE(c.text);
    FakeEnv env;
    put_good(env);
    put(env, c.file, c.text);
    const auto report = validate_pack(env, "/packs/trial");
    REQUIRE(report);
    const auto hit =
        std::find_if(report->errors.begin(), report->errors.end(), [&](const ContentError& error) {
          return error.file == "trial/" + std::string(c.file) && error.line == c.line && error.column > 0 &&
                 error.reason.find(c.reason) != std::string::npos;
        });
    std::string all;
    for (const auto& error : report->errors) all += error.to_string() + "\n";
    CAPTURE(all);
    CHECK(hit != report->errors.end());
  }
  FakeEnv env;
  put_good(env);
  put(env, "clauses/a.yaml",
      clause_with("{kind: setting, ref: hub.tls, equals: true, test: failed.samples.yaml}"));
  CHECK(validate_pack(env, "/packs/trial")->errors.empty());
  REQUIRE(env.remove_file("/packs/trial/upload_guard.yaml"));
  const auto report = validate_pack(env, "/packs/trial");
  REQUIRE(report->errors.size() == 1);
  CHECK(report->errors[0].reason.find("upload_guard.yaml") != std::string::npos);
}

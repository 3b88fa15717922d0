// SPDX-License-Identifier: Apache-2.0
// Proves the format of sources/*.yaml, and of the base pack: every log source that SigmaHQ's rules name is
// either routed or said to be not covered, and every Windows key that a route covers has a channel.
#include "detect/source_map.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "detect/testing/batches.h"

using namespace phendau;
using namespace phendau::detect;
namespace fs = std::filesystem;

namespace {

SourceMap base_sources() {
  SourceMap out;
  for (const auto& entry : fs::directory_iterator(PHENDAU_SOURCE_DIR "/packs/base/sources")) {
    const auto errors =
        out.add(entry.path().filename().string(), testing::read_text_file(entry.path().string()));
    for (const auto& error : errors) FAIL_CHECK(error.to_string());
  }
  return out;
}

std::vector<std::string> mistakes(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& error : SourceMap().add("x", text)) out.push_back(error.to_string());
  return out;
}

}  // namespace

TEST_CASE("sources: channels and reasons are read, mistakes are named with their place") {
  SourceMap map;
  REQUIRE(map.add("x.yaml", R"(channels: {Security: windows//security}
sources: []
not_covered:
  - {logsource: {product: aws}, reason: {vi: khong, en: no}}
)")
              .empty());
  REQUIRE(map.channels().size() == 1);
  CHECK(map.channels()[0].channel == "Security");
  CHECK(map.channels()[0].logsource == "windows//security");
  CHECK(map.reason_not_covered({"aws", "", "cloudtrail"}, Lang::en) == "no");
  CHECK(map.reason_not_covered({"aws", "", "cloudtrail"}, Lang::vi) == "khong");
  CHECK(map.reason_not_covered({"azure", "", "x"}, Lang::en).empty());
  CHECK(mistakes("sources: []\ncolour: red\n") == std::vector<std::string>{"x:2:1: unknown key 'colour'"});
  CHECK(mistakes("sources: []\nchannels: {A: b}\n") ==
        std::vector<std::string>{"x:2:15: 'b' is not product/category/service"});
  CHECK(mistakes("sources:\n  - {logsource: {products: a}, covers: [a//b], field: {}}\n") ==
        std::vector<std::string>{"x:2:18: unknown key 'products'", "x:2:48: unknown key 'field'"});
  CHECK(mistakes("sources: []\nnot_covered: [{logsource: {product: a}, reason: {en: no}}]\n") ==
        std::vector<std::string>{"x:2:15: reason needs vi and en"});
}

TEST_CASE("base pack: each Windows key that a route covers comes from a channel") {
  const SourceMap sources = base_sources();
  CHECK(sources.size() > 120);
  std::set<std::string> made;
  std::set<std::string> channels;
  for (const auto& channel : sources.channels()) {
    CHECK_MESSAGE(channels.insert(to_lower_ascii(channel.channel)).second, channel.channel);
    made.insert(channel.logsource);
    const LogSource key = LogSource::from_key(channel.logsource);
    CHECK_MESSAGE(sources.routes({key.product, "", key.service}).known, channel.logsource);
  }
  for (const auto& category :
       {"process_creation", "registry_set", "file_event", "ps_script", "image_load", "pipe_created"}) {
    const SourceRoutes routes = sources.routes({"windows", category, ""});
    REQUIRE(routes.known);
    for (const auto& route : routes.routes) {
      CHECK(route.conditions != nullptr);
      for (const auto& key : route.covers) CHECK_MESSAGE(made.contains(key), key);
    }
  }
}

TEST_CASE("base pack: every log source of SigmaHQ's rules is routed or said to be not covered") {
  const std::string corpus = PHENDAU_SOURCE_DIR "/../shared/corpora/sigma/";
  if (!fs::exists(corpus)) {
    MESSAGE("skipped: no Sigma corpus");
    return;
  }
  const SourceMap sources = base_sources();
  std::set<std::string> routed;
  std::set<std::string> left_out;
  for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
    const std::string path = entry.path().string();
    if (entry.path().extension() != ".yml" || !path.starts_with(corpus + "rules")) continue;
    for (const auto& rule : parse_rules(path, testing::read_text_file(path)).rules) {
      const bool known = sources.routes(rule.logsource).known;
      const std::string reason = sources.reason_not_covered(rule.logsource, Lang::vi);
      CHECK_MESSAGE(known != !reason.empty(), path << ": " << rule.logsource.key());
      (known ? routed : left_out).insert(rule.logsource.key());
    }
  }
  CHECK(routed.size() >= 100);
  MESSAGE(fmt::format("{} log sources routed, {} not covered", routed.size(), left_out.size()));
}

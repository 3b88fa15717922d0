// SPDX-License-Identifier: Apache-2.0
// Proves on a real pack that every clause and every obligation of a round arrives in the OSCAL documents.
#include "hub/oscal_export.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "os/env.h"

namespace phendau::hub::oscal_export_test {
namespace {

std::size_t count_controls(const Json& groups) {
  std::size_t out = 0;
  for (const auto& group : groups.items()) out += group["controls"].size();
  return out;
}

}  // namespace

TEST_CASE("a pack and a round of its obligations as OSCAL") {
  const auto pack = load_valid_pack(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang");
  REQUIRE(pack.has_value());
  const UtcTime now = *parse_rfc3339("2026-11-24T10:00:00+07:00");
  const Json catalog = export_oscal_catalog(*pack, now);
  CHECK(count_controls(catalog["catalog"]["groups"]) == pack->catalog.clauses.size());
  CHECK(catalog["catalog"]["params"].size() == pack->parameters.size());
  CHECK(export_oscal_profile(*pack, now)["profile"]["imports"].items()[0]["href"].as_string() ==
        "#" + catalog["catalog"]["uuid"].as_string());

  comply::Knowledge knowledge;
  for (const char* id : {"snv", "sgd"}) {
    comply::Subject agency;
    agency.kind = comply::SubjectKind::agency;
    agency.id = agency.agency_id = id;
    knowledge.put_subject(agency);
  }
  const auto obligations = comply::assess(pack->catalog, knowledge, now);
  REQUIRE(!obligations.empty());
  const Json results = export_oscal_results(*pack, obligations, {{"snv", "S\u1edf N\u1ed9i v\u1ee5"}}, now);
  const Json& result = results["assessment-results"]["results"].items()[0];
  CHECK(result["observations"].size() == obligations.size());
  CHECK(results.dump().find("S\u1edf N\u1ed9i v\u1ee5") != std::string::npos);
  if (const char* path = std::getenv("PHENDAU_OSCAL_ROUND")) std::ofstream(path) << results.dump_pretty();
}

}  // namespace phendau::hub::oscal_export_test

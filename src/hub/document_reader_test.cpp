// SPDX-License-Identifier: Apache-2.0
// Every pack of the tree reads as a document: no clause lost, every way a sentence, nothing in English or by
// id.
#include "hub/document_reader.h"

#include <doctest/doctest.h>

#include "os/env.h"

namespace phendau::hub::document_reader_test {

TEST_CASE("each pack reads as a document, in order, with every way in words") {
  for (const char* id : {"ha-giang", "hung-yen", "vinh-long", "lao-cai", "son-la"}) {
    CAPTURE(id);
    const auto active = ActivePack::load(posix_env(), std::string(PHENDAU_SOURCE_DIR "/packs/") + id);
    REQUIRE(active.has_value());
    const comply::Catalog& catalog = active->pack().catalog;
    const Json document = document_json(*active, nullptr);
    CHECK(document["id"].as_string() == id);
    CHECK_FALSE(document["document"]["number"].as_string().empty());
    CHECK(document["known_from"].as_string().empty() == (std::string_view(id) != "lao-cai"));
    REQUIRE(document["clauses"].size() == catalog.clauses.size());
    for (std::size_t i = 0; i < catalog.clauses.size(); ++i) {
      const Json& clause = document["clauses"].items()[i];
      CAPTURE(clause["id"].as_string());
      CHECK(clause["id"].as_string() == catalog.clauses[i].id);
      CHECK_FALSE(clause.contains("standing"));
      REQUIRE(clause["parts"].size() == catalog.clauses[i].parts.size());
      for (std::size_t p = 0; p < clause["parts"].size(); ++p) {
        const Json& part = clause["parts"].items()[p];
        CHECK(part["how"].size() == catalog.clauses[i].parts[p].satisfied_by.size());
        CHECK_FALSE(part["for"].as_string().empty());
        for (const Json& way : part["how"].items()) {
          CHECK_FALSE(way.as_string().empty());
          CHECK(way.as_string().find("document.") == std::string::npos);  // a text that is not there
          CHECK(way.as_string().find('_') == std::string::npos);
        }
        if (part.contains("action")) CHECK(part["action"]["to"].as_string().starts_with("/"));
      }
    }
    // Definitions are found where they stand.
    for (const Json& term : document["terms"].items())
      CHECK(active->pack().clause(term["clause"].as_string()));
  }
}

TEST_CASE("the yearly report says its day, and how it stands is shown to those who may see it") {
  const auto active = ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang");
  REQUIRE(active.has_value());
  DocumentStanding standing;
  standing.clauses.resize(active->pack().catalog.clauses.size());
  std::size_t report = 0;
  while (active->pack().catalog.clauses[report].id != "hg-1374:9.8") ++report;
  standing.clauses[report].add(Status::met);
  standing.clauses[report].add(Status::overdue);
  const Json clause = document_json(*active, &standing)["clauses"].items()[report];
  CHECK(clause["when"].as_string().ends_with("15/11"));
  CHECK(clause["standing"]["status"].as_string() == "overdue");
  CHECK(clause["standing"]["met"].as_int() == 1);
  CHECK(clause["standing"]["total"].as_int() == 2);
  CHECK(clause["parts"].items()[0]["action"]["to"].as_string() == "/so-dang-ky/document");
}

TEST_CASE("a duty that ended says until when") {
  const auto active = ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/son-la");
  REQUIRE(active.has_value());
  const Json document = document_json(*active, nullptr);
  for (const Json& clause : document["clauses"].items()) {
    if (clause["id"].as_string() == "sl-3063:4.1.a")
      CHECK(clause["when"].as_string().ends_with("31/12/2020"));
    if (clause["id"].as_string() == "sl-3063:4.1.b") CHECK(clause["when"].as_string().empty());
  }
}

}  // namespace phendau::hub::document_reader_test

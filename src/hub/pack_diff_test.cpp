// SPDX-License-Identifier: Apache-2.0
// Proves that a pack equals itself, and that each kind of change is found with its field, in both directions.
#include "hub/pack_diff.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace pack_diff_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

Pack base_pack() {
  auto loaded = load_valid_pack(posix_env(), std::string(PHENDAU_SOURCE_DIR) + "/packs/ha-giang");
  REQUIRE(loaded.has_value());
  return std::move(*loaded);
}

const PackChange* find(const std::vector<PackChange>& changes, std::string_view area, std::string_view id) {
  const auto at = std::find_if(changes.begin(), changes.end(),
                               [&](const auto& one) { return one.area == area && one.id.starts_with(id); });
  return at == changes.end() ? nullptr : &*at;
}

}  // namespace

TEST_CASE("pack diff: the same pack has no changes") {
  const Pack pack = base_pack();
  CHECK(diff_packs(pack, pack).empty());
}

TEST_CASE("pack diff: clauses, parts, ways, parameters and registers") {
  using Kind = PackChange::Kind;
  const Pack before = base_pack();
  Pack after = before;
  auto& clauses = after.catalog.clauses;
  auto& changed = *std::find_if(clauses.begin(), clauses.end(), [](const auto& one) {
    return one.parts.size() > 1 && one.parts.front().satisfied_by.size() == 1;
  });
  const std::string part = changed.parts.front().id;
  const std::string dropped = changed.parts.back().id;
  changed.duty.vi = "Another duty";
  changed.parts.front().satisfied_by.front().at_least = 7;
  changed.parts.pop_back();
  after.parameters.front().value = Json(99);
  const std::string gone = after.registers.back().spec.name;
  after.registers.pop_back();

  const auto changes = diff_packs(before, after);
  const PackChange* duty = find(changes, "clause", changed.id);
  REQUIRE(duty != nullptr);
  CHECK(duty->kind == Kind::changed);
  REQUIRE(duty->fields.size() == 1);
  CHECK(duty->fields[0].name == "duty");
  CHECK(duty->fields[0].after == Json("Another duty"));
  const PackChange* way = find(changes, "way", part + ": ");
  REQUIRE(way != nullptr);
  CHECK(way->fields.at(0).name == "at_least");
  REQUIRE(find(changes, "part", dropped) != nullptr);
  CHECK(find(changes, "part", dropped)->kind == Kind::removed);
  const PackChange* parameter = find(changes, "parameter", after.parameters.front().name);
  REQUIRE(parameter != nullptr);
  CHECK(parameter->fields.at(0).after == Json(99));
  REQUIRE(find(changes, "register", gone) != nullptr);
  CHECK(find(changes, "register", gone)->kind == Kind::removed);

  const auto back = diff_packs(after, before);
  CHECK(back.size() == changes.size());
  CHECK(find(back, "register", gone)->kind == Kind::added);
  const Json json = to_json(changes, before, after);
  CHECK(json["counts"]["removed"].as_int() >= 3);
  CHECK(json["changes"].size() == changes.size());
}

}  // namespace pack_diff_test

// SPDX-License-Identifier: Apache-2.0
// The rights of the product against a table that people can read (tests/data/rights.tsv): every combination
// of role, action, resource, kind, state and ownership is judged, and the table and the code must agree on
// each.
#include "model/authorize.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/text.h"

namespace authorize_test {

using namespace phendau;

namespace {

using Texts = std::vector<std::string>;
const Texts kActions = {"read",   "create", "update",     "remove",    "triage",
                        "decide", "attest", "export_out", "administer"};
const Texts kResources = {"event",          "alert",       "incident", "device",     "fact",
                          "obligation",     "agency",      "record",   "attachment", "attestation",
                          "pack",           "rule",        "user",     "setting",    "enrolment_token",
                          "ledger_history", "own_account", "storage",  "duty_roster"};
const Texts kRoles = {
    "administrator", "province_operator", "agency_officer", "agency_head", "partner", "staff", "device"};
const Texts kKinds = {"plain", "notice", "head", "delegation", "addressed"};
const Texts kStates = {"live", "final"};
const Texts kWhose = {"own",       "other",          "invited", "addressed",
                      "delegated", "delegated_kind", "deputy",  "delegated_elsewhere"};
const Texts kNone = {"-"};

/// role, action, resource, kind, state, whose
using Cell = std::array<std::string, 6>;

struct Table {
  std::set<Cell> permits;
  std::map<std::string, Texts> words;
  std::vector<std::pair<std::string, std::size_t>> lines;  // text, how many cells it added

  Texts expand(const std::string& text, const Texts& all) const {
    if (text == "*") return all;
    Texts out;
    for (const auto part : split(text, ',')) {
      const auto word = words.find(std::string(part));
      if (word == words.end())
        out.emplace_back(part);
      else
        out.insert(out.end(), word->second.begin(), word->second.end());
    }
    for (const auto& one : out) {
      CAPTURE(text);
      CAPTURE(one);
      CHECK(std::find(all.begin(), all.end(), one) != all.end());
    }
    return out;
  }

  void add(const std::string& line) {
    Texts fields;
    for (const auto field : split(line, '\t')) fields.emplace_back(field);
    CAPTURE(line);
    if (fields.size() == 2) {
      for (const auto one : split(fields[1], ',')) words[fields[0]].emplace_back(one);
      return;
    }
    REQUIRE(fields.size() == 6);
    std::size_t added = 0;
    for (const auto& resource : expand(fields[2], kResources)) {
      const bool record = resource == "record";
      for (const auto& role : expand(fields[0], kRoles))
        for (const auto& action : expand(fields[1], kActions))
          for (const auto& kind : record ? expand(fields[3], kKinds) : kNone)
            for (const auto& state : record ? expand(fields[4], kStates) : kNone)
              for (const auto& whose : expand(fields[5], kWhose))
                added += permits.insert({role, action, resource, kind, state, whose}).second ? 1 : 0;
    }
    lines.emplace_back(line, added);
  }
};

Table read_table() {
  std::ifstream file(std::string(PHENDAU_SOURCE_DIR) + "/tests/data/rights.tsv");
  REQUIRE(file.good());
  Table out;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && !line.starts_with('#')) out.add(line);
  }
  return out;
}

template <class Enum>
Enum from_name(const Texts& names, const std::string& name) {
  return static_cast<Enum>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string kind_word(const std::string& resource, const std::string& kind) {
  if (resource == "incident") return "case";
  if (resource == "attestation" || resource == "obligation") return "attestation";
  return resource == "record" ? kind : "log_review";
}

Actor actor_for(const Cell& cell) {
  const auto& [role, action, resource, kind, state, whose] = cell;
  Actor out;
  out.user_id = "me";
  out.role = *role_from(role);
  out.agency_ids = {"mine"};
  if (whose == "delegated") out.delegations = {{"d", "other", Role::agency_officer, {}}};
  if (whose == "delegated_kind")
    out.delegations = {{"d", "other", Role::agency_officer, {kind_word(resource, kind)}}};
  if (whose == "delegated_elsewhere") out.delegations = {{"d", "other", Role::agency_officer, {"elsewhere"}}};
  if (whose == "deputy") out.delegations = {{"d", "other", Role::agency_head, {}}};
  return out;
}

bool permitted(const Cell& cell) {
  const auto& [role, action_name, resource_name, kind, state, whose] = cell;
  const auto action = from_name<Action>(kActions, action_name);
  const auto resource = from_name<Resource>(kResources, resource_name);
  const Actor actor = actor_for(cell);
  RecordRights rights;
  rights.everyone_reads = kind == "notice";
  rights.final_state = state == "final";
  rights.head_writes = kind == "head" || kind == "delegation";
  rights.kind = kind;
  rights.addressed = kind == "addressed";
  rights.holders = {{"mine", "police"}, {"other", "military"}};
  const Scope scope = resource == Resource::record ? authorize_record(actor, action, rights)
                                                   : authorize(actor, action, resource);
  if (scope.covers(whose == "own" ? "mine" : "other")) return true;
  const auto sent_to = [&](const char* body) {
    return std::find(scope.addressed.begin(), scope.addressed.end(), body) != scope.addressed.end();
  };
  if (whose == "addressed") {
    CHECK(sent_to("mine") == sent_to("role:police"));
    CHECK_FALSE(sent_to("role:military"));
    return sent_to("mine");
  }
  // Nobody is named by what does not exist yet.
  return whose == "invited" && action != Action::create && scope.invited_id == actor.user_id;
}

}  // namespace

TEST_CASE("rights: the table and the code agree on every combination") {
  const Table table = read_table();
  std::size_t judged = 0;
  Texts wrong;
  for (const auto& role : kRoles)
    for (const auto& action : kActions)
      for (const auto& resource : kResources)
        for (const auto& kind : resource == "record" ? kKinds : kNone)
          for (const auto& state : resource == "record" ? kStates : kNone)
            for (const auto& whose : kWhose) {
              const Cell cell = {role, action, resource, kind, state, whose};
              const bool expected = table.permits.contains(cell);
              ++judged;
              if (permitted(cell) == expected) continue;
              wrong.push_back((expected ? "refused: " : "permitted, and no line grants it: ") +
                              join({cell.begin(), cell.end()}, " "));
            }
  MESSAGE(judged, " combinations, ", table.permits.size(), " permits");
  CHECK(judged == 7 * 9 * 8 * (18 + 5 * 2));
  for (const auto& one : wrong) FAIL_CHECK(one);
  for (const auto& [line, added] : table.lines) {
    CAPTURE(line);
    CHECK(added > 0);
  }
}

TEST_CASE("rights: cases, by role, right and standing, as the table says") {
  const Texts kRights = {"view",    "timeline", "files", "papers", "evidence",
                         "notices", "export",   "note",  "act",    "ask"};
  const Texts kStandings = {"own", "party", "without", "stranger", "past", "deputy", "deputy_elsewhere"};
  REQUIRE(kRights.size() == kCaseRights);
  std::ifstream file(std::string(PHENDAU_SOURCE_DIR) + "/tests/data/case_rights.tsv");
  REQUIRE(file.good());
  Table table;
  std::set<std::array<std::string, 3>> permits;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    Texts fields;
    for (const auto field : split(line, '\t')) fields.emplace_back(field);
    if (fields.size() == 2) {
      for (const auto one : split(fields[1], ',')) table.words[fields[0]].emplace_back(one);
      continue;
    }
    REQUIRE(fields.size() == 3);
    const std::size_t before = permits.size();
    for (const auto& role : table.expand(fields[0], kRoles))
      for (const auto& right : table.expand(fields[1], kRights))
        for (const auto& standing : table.expand(fields[2], kStandings))
          permits.insert({role, right, standing});
    CAPTURE(line);
    CHECK(permits.size() > before);
  }
  std::size_t judged = 0;
  for (const auto& role : kRoles)
    for (const auto& right_name : kRights)
      for (const auto& standing : kStandings) {
        const CaseRight right = *case_right_from(right_name);
        CHECK(to_string(right) == right_name);
        Actor actor;
        actor.role = *role_from(role);
        actor.agency_ids = {"mine"};
        actor.past_agency_ids = {"old"};
        if (standing == "deputy") actor.delegations = {{"d", "far", Role::agency_officer, {"case"}}};
        if (standing == "deputy_elsewhere")
          actor.delegations = {{"d", "far", Role::agency_officer, {"log_review"}}};
        Texts names;  // what the case is addressed to
        const std::string party = standing == "past"               ? "old"
                                  : standing.starts_with("deputy") ? "far"
                                                                   : "mine";
        for (const auto& one : kRights) {
          const bool has = standing == "without" ? one != right_name : one == right_name;
          if (has && standing != "own" && standing != "stranger")
            names.push_back(party_name(*case_right_from(one), party));
        }
        const Scope scope = authorize_case(actor, right);
        const bool seen =
            scope.covers(standing == "own" ? "mine" : "other") ||
            std::any_of(names.begin(), names.end(), [&](const std::string& name) {
              return std::find(scope.addressed.begin(), scope.addressed.end(), name) != scope.addressed.end();
            });
        ++judged;
        CAPTURE(role);
        CAPTURE(right_name);
        CAPTURE(standing);
        CHECK(seen == permits.contains({role, right_name, standing}));
      }
  CHECK(judged == 7 * 10 * 7);
}

TEST_CASE("rights: what is sealed is for the own bodies, however far the reach goes") {
  using Bodies = std::vector<std::string>;
  Actor actor;
  actor.role = Role::administrator;
  CHECK(authorize(actor, Action::read, Resource::record).sealed_for == Bodies{});
  actor.agency_ids = {"mine"};
  actor.past_agency_ids = {"old"};
  CHECK(authorize(actor, Action::export_out, Resource::attachment).sealed_for == Bodies{"mine", "old"});
  CHECK(authorize_case(actor, CaseRight::timeline).sealed_for == Bodies{"mine", "old"});
  RecordRights rights;
  rights.kind = "request";
  rights.addressed = true;
  rights.holders = {{"mine", "lead_department"}, {"other", "police"}};
  CHECK(authorize_record(actor, Action::read, rights).sealed_for ==
        Bodies{"mine", "old", "role:lead_department"});
  rights.everyone_reads = true;
  CHECK(authorize_record(actor, Action::read, rights).sealed_for ==
        Bodies{"mine", "old", "role:lead_department"});
  // A deputy opens what its principal opens, for what the delegation covers.
  actor.role = Role::staff;
  actor.delegations = {{"d", "other", Role::agency_officer, {"request"}}};
  rights.everyone_reads = false;
  CHECK(authorize_record(actor, Action::read, rights).sealed_for ==
        Bodies{"mine", "old", "role:lead_department", "other", "role:police"});
  rights.kind = "elsewhere";
  CHECK(authorize_record(actor, Action::read, rights).sealed_for ==
        Bodies{"mine", "old", "role:lead_department"});
  // The hub's own work.
  CHECK_FALSE(authorize(system_actor(), Action::read, Resource::record).sealed_for.has_value());
}

TEST_CASE("rights: a partner without a body sees what names it, nothing else") {
  Actor partner;
  partner.user_id = "police.1";
  partner.role = Role::partner;
  for (const auto& name : kActions) {
    const Scope scope = authorize_record(partner, from_name<Action>(kActions, name), {});
    CHECK(scope.reach != Scope::Reach::everything);
    CHECK(scope.reach != Scope::Reach::agencies);
    if (!scope.allows_nothing()) CHECK(scope.invited_id == "police.1");
  }
}

TEST_CASE("rights: what is sent to a body is for its people, for who took its place, and for its deputies") {
  RecordRights rights;
  rights.addressed = true;
  rights.kind = "request";
  rights.holders = {{"mine", "police"}, {"far", "finance"}};
  Actor actor;
  actor.role = Role::agency_officer;
  actor.agency_ids = {"mine"};
  actor.past_agency_ids = {"old"};
  using Names = std::vector<std::string>;
  CHECK(authorize_record(actor, Action::read, rights).addressed == Names{"mine", "old", "role:police"});
  CHECK(authorize_record(actor, Action::update, rights).addressed.empty());
  actor.delegations = {{"d", "far", Role::agency_officer, {"request"}}};
  CHECK(authorize_record(actor, Action::decide, rights).addressed ==
        Names{"mine", "old", "role:police", "far", "role:finance"});
  actor.delegations.front().kinds = {"other"};
  CHECK(authorize_record(actor, Action::decide, rights).addressed.size() == 3);
  // Staff read no records, unless they stand in for somebody who does.
  actor.role = Role::staff;
  CHECK(authorize_record(actor, Action::read, rights).allows_nothing());
  actor.delegations.front() = {"d", "mine", Role::agency_head, {}};
  CHECK(authorize_record(actor, Action::decide, rights).addressed == Names{"mine", "role:police"});
  // The province sees all of it anyway; a body without people is nobody's.
  actor.role = Role::province_operator;
  CHECK(authorize_record(actor, Action::read, rights).addressed.empty());
  actor.role = Role::partner;
  actor.agency_ids.clear();
  actor.delegations.clear();
  CHECK(authorize_record(actor, Action::read, rights).addressed.empty());
}

TEST_CASE("rights: whom a record may be addressed to by name, and no further") {
  RecordRights rights;
  rights.kind = "request";
  rights.addressed = true;
  const AddressRights bodies{{"lead", "police"}, {"above", "party"}};
  Actor actor;
  actor.user_id = "u";
  actor.agency_ids = {"mine"};
  const auto to = [&](Role role, std::string_view agency) {
    actor.role = role;
    return authorize_addressees(actor, rights, bodies).covers(agency);
  };
  for (const char* agency : {"mine", "lead", "police", "above", "party"}) {
    CAPTURE(agency);
    CHECK(to(Role::agency_officer, agency));
    CHECK_FALSE(to(Role::staff, agency));
    CHECK_FALSE(to(Role::device, agency));
  }
  CHECK_FALSE(to(Role::agency_officer, "other"));
  CHECK(to(Role::province_operator, "other"));
  CHECK_FALSE(to(Role::partner, "other"));  // a body from outside without a slot
  // Who stands in for a holder holds no slot.
  actor.delegations = {{"d", "police", Role::agency_officer, {}}};
  CHECK_FALSE(to(Role::agency_officer, "other"));
  actor.delegations.clear();
  actor.agency_ids = {"police"};
  CHECK(to(Role::partner, "other"));
  actor.agency_ids.clear();
  CHECK(authorize_addressees(actor, rights, bodies).allows_nothing());
}

TEST_CASE("rights: a change under a delegation names it, one by own right does not") {
  Actor actor;
  actor.role = Role::agency_officer;
  actor.agency_ids = {"mine"};
  actor.delegations = {{"01ABC", "other", Role::agency_officer, {"log_review"}}};
  CHECK(delegation_used(actor, "log_review", "mine") == nullptr);
  CHECK(delegation_used(actor, "training", "other") == nullptr);
  const Delegation* used = delegation_used(actor, "log_review", "other");
  REQUIRE(used != nullptr);
  const std::string reason = with_delegation("changed", used);
  CHECK(delegation_in(reason) == "01ABC");
  CHECK(without_delegation(reason) == "changed");
  // Typed words cannot pretend to be one.
  CHECK(with_delegation("changed (delegation/01XYZ)", nullptr) == "changed");
  CHECK(delegation_in("changed").empty());
  CHECK(delegation_in("(delegation/)").empty());
}

}  // namespace authorize_test

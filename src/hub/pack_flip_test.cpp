// SPDX-License-Identifier: Apache-2.0
// Every way of every part that packs call working really moves the status, both ways: knowledge is built that
// makes the part good, each way is taken away in turn and put back, and the engine must follow each time.
// What `pack coverage` names as "pack_flip_test: PART" is the case of that part here.
#include <doctest/doctest.h>

#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <map>

#include "hub/pack.h"
#include "os/env.h"

namespace pack_flip_test {

using namespace phendau;
using namespace phendau::hub;
using comply::ClausePart;
using comply::Condition;
using comply::Satisfier;
using comply::SatisfierKind;
using comply::SubjectKind;

namespace {

const std::string kPacks = std::string(PHENDAU_SOURCE_DIR) + "/packs";
const UtcTime kNow = *parse_rfc3339("2026-06-15T10:00:00+07:00");  // a Monday; no yearly term has passed
constexpr const char* kAgency = "a1";
constexpr const char* kThing = "thing-1";

struct FactPair {
  std::optional<Fact> good;
  std::optional<Fact> bad;
};
/// By posture rule, from the examples that lie beside the rules.
using Examples = std::map<std::string, FactPair>;

Examples examples_of(const std::string& pack) {
  Examples out;
  for (const std::string& folder : {kPacks + "/base/rules", kPacks + "/" + pack + "/rules"}) {
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      const std::string path = entry.path().string();
      if (!path.ends_with(".tests.yaml")) continue;
      std::vector<ContentError> errors;
      for (const auto& one : parse_posture_examples(*read_file(posix_env(), path), path, errors)) {
        FactPair& pair = out[one.rule];
        if (one.fact && one.expected == Status::met) pair.good = one.fact;
        if (one.fact && one.expected == Status::violated) pair.bad = one.fact;
      }
      CHECK(errors.empty());
    }
  }
  return out;
}

Json right_value(const Condition& one) {
  if (!one.older_than.empty()) return "1990-01-01";
  if (one.asks_dates()) return "2026-06-14";
  const Json& first = one.any_of.front();
  return first.is_string() && first.as_string() == "*" ? Json("2026-06-15") : first;
}

void set_right(Json& document, const std::vector<Condition>& conditions) {
  for (const auto& one : conditions) {
    document.set(one.field, right_value(one));
    for (const auto* other : {&one.not_after, &one.before}) {
      if (!other->empty()) document.set(*other, "2026-06-15");
    }
  }
}

void set_wrong(Json& document, const std::vector<Condition>& conditions) {
  for (const auto& one : conditions) {
    const bool any = one.any_of.empty() || right_value(one) != one.any_of.front();
    document.set(one.field, any ? Json() : Json("~wrong~"));
  }
}

/// Attributes with which the scope holds.
void set_inside(const comply::Catalog& catalog, const comply::Scope& scope, Json& attributes) {
  for (const auto* list : {&scope.any_scopes, &scope.all_scopes}) {
    for (const auto& id : *list) set_inside(catalog, catalog.scopes.at(id), attributes);
  }
  if (scope.is_composed()) return;
  attributes.set(scope.attribute, !scope.older_than.empty() ? Json("1990-01-01")
                                  : !scope.any_of.empty()   ? scope.any_of.front()
                                  : scope.minimum           ? Json(*scope.minimum)
                                                            : Json(*scope.maximum));
}

/// The world of one part: one agency, one subject, and knowledge about each way.
class World {
 public:
  World(const Pack& pack, const comply::Clause& clause, const ClausePart& part, const Examples& examples)
      : pack_(pack), catalog_(pack.catalog), clause_(clause), part_(part), examples_(examples) {
    catalog_.in_force_from.reset();  // dates in force have tests of their own
    catalog_.in_force_until.reset();
    for (auto& one : catalog_.clauses) {
      for (auto& of : one.parts) {
        of.from.reset();
        of.until.reset();
      }
    }
    for (const auto& way : part.satisfied_by) {
      if (way.not_before)
        now_ = start_of_day({2026, way.not_before->month, way.not_before->day}, kVietnamZone);
    }
    put_subjects();
  }

  void put_all(bool good) {
    if (part_.trigger) put_trigger(good);
    for (std::size_t i = 0; i < part_.satisfied_by.size(); ++i) put(i, good);
  }
  void put(std::size_t index, bool good);

  comply::Obligation judge() const {
    const bool province = part_.subject == SubjectKind::hub;
    for (auto& one : comply::assess_agency(catalog_, knowledge_, province ? "" : kAgency, now_)) {
      if (one.part_id == part_.id) return one;
    }
    return {};
  }

  void put_breach(bool there) {
    if (!there) return knowledge_.drop_breach("v1");
    knowledge_.put_breach({"v1", part_.id, part_.subject == SubjectKind::hub ? "" : kAgency, "", kNow, true});
  }

 private:
  bool about_thing() const {
    return part_.subject != SubjectKind::agency && part_.subject != SubjectKind::role &&
           part_.subject != SubjectKind::hub;
  }
  void put_subjects();
  void put_trigger(bool good);
  void put_records(const Satisfier& way, std::size_t index, bool good);
  void put_own_record(const Satisfier& way, bool good);
  bool is_own(const Satisfier& way) const {
    return part_.subject == SubjectKind::record && way.ref == part_.role && way.link.empty();
  }
  void put_case(const std::string& workflow, const std::string& step, bool good);
  comply::RegisterRecord record(const std::string& kind, const std::string& id) const;

  const Pack& pack_;
  comply::Catalog catalog_;
  const comply::Clause& clause_;
  const ClausePart& part_;
  const Examples& examples_;
  comply::Knowledge knowledge_;
  UtcTime now_ = kNow;  // within the window of a way with `not_before`
};

void World::put_subjects() {
  Json attributes = Json::object();
  for (const auto& id : part_.scopes) set_inside(catalog_, catalog_.scopes.at(id), attributes);
  comply::Subject agency;
  agency.id = agency.agency_id = kAgency;
  agency.attributes = attributes;
  agency.known_since = kNow;
  knowledge_.put_subject(agency);
  if (part_.subject == SubjectKind::role) {
    knowledge_.put_binding({"b1", part_.role, kAgency, kNow - days(1), std::nullopt});
  }
  comply::Subject one = agency;
  one.kind = part_.subject;
  one.id = part_.subject == SubjectKind::hub ? "hub" : kThing;
  if (part_.subject == SubjectKind::record) one.role = part_.role;
  if (part_.subject == SubjectKind::hub) one.agency_id = "";
  if (about_thing() || part_.subject == SubjectKind::hub) knowledge_.put_subject(one);
}

comply::RegisterRecord World::record(const std::string& kind, const std::string& id) const {
  comply::RegisterRecord out;
  out.kind = kind;
  out.id = id;
  out.agency_id = part_.subject == SubjectKind::hub ? "" : kAgency;
  if (about_thing()) out.subject_id = kThing;
  out.at = out.entered_at = now_;
  return out;
}

/// The occasion; as an `occasion` way wants it when good.
void World::put_trigger(bool good) {
  const comply::Trigger& trigger = *part_.trigger;
  if (trigger.source == comply::Trigger::Source::workflow) return put_case(trigger.ref, "", good);
  for (std::int32_t n = 1; n <= trigger.at_least; ++n) {
    auto one = record(trigger.ref, "occasion-" + std::to_string(n));
    set_right(one.document, trigger.where);
    if (!trigger.states.empty()) one.state = trigger.states.front();
    if (!trigger.from.empty()) one.document.set(trigger.from, format_rfc3339(kNow, kVietnamZone));
    for (const auto& way : part_.satisfied_by) {
      if (way.kind != SatisfierKind::occasion) continue;
      if (good) {
        set_right(one.document, way.every);
        if (!way.done.empty()) one.document.set(way.done, format_rfc3339(kNow, kVietnamZone));
      } else {
        set_wrong(one.document, way.every);
        if (!way.done.empty()) one.document.set(way.done, Json());
      }
      if (good && !way.states.empty()) one.state = way.states.front();
    }
    knowledge_.put_record(std::move(one));
  }
}

/// The record that is the subject, as all ways want it except, when not good, this one.
void World::put_own_record(const Satisfier& way, bool good) {
  auto one = record(way.ref, kThing);
  for (const auto& other : part_.satisfied_by) {
    if (!is_own(other)) continue;
    set_right(one.document, other.every);
    set_right(one.document, other.where);
    if (!other.states.empty()) one.state = other.states.front();
  }
  if (!good && way.every.empty()) return knowledge_.drop_record(way.ref, kThing);
  if (!good) set_wrong(one.document, way.every);
  knowledge_.put_record(std::move(one));
}

void World::put_records(const Satisfier& way, std::size_t index, bool good) {
  if (is_own(way)) return put_own_record(way, good);
  const std::string kind = way.kind == SatisfierKind::document ? "document" : way.ref;
  if (!good) {  // another way's record would do for this one as well: all of the kind go
    for (std::size_t other = 0; other < part_.satisfied_by.size(); ++other) {
      for (std::int32_t n = 0; n < part_.satisfied_by[other].at_least; ++n) {
        knowledge_.drop_record(kind, std::to_string(other) + "-" + std::to_string(n));
      }
    }
    if (way.every.empty()) return;
  }
  for (std::int32_t n = 0; n < way.at_least; ++n) {
    auto one = record(kind, std::to_string(index) + "-" + std::to_string(n));
    if (way.kind == SatisfierKind::document) one.document.set("type", way.ref);
    if (good) {
      set_right(one.document, way.every);
    } else {
      set_wrong(one.document, way.every);
    }
    set_right(one.document, way.where);
    if (!way.states.empty()) one.state = way.states.front();
    if (!way.link.empty()) {
      const bool of_case = part_.trigger && part_.trigger->source == comply::Trigger::Source::workflow;
      one.document.set(way.link, !part_.trigger ? kThing
                                 : of_case      ? "case-" + part_.trigger->ref
                                                : "occasion-" + std::to_string(part_.trigger->at_least));
    }
    knowledge_.put_record(std::move(one));
  }
}

void World::put_case(const std::string& workflow, const std::string& step, bool good) {
  comply::CaseState one;
  one.id = "case-" + workflow;
  one.workflow = workflow;
  one.agency_id = kAgency;
  one.opened_at = kNow - minutes(1);
  if (part_.trigger && part_.trigger->ref == workflow) {
    set_right(one.document, part_.trigger->where);
    if (!part_.trigger->states.empty()) one.state = part_.trigger->states.front();
    if (part_.trigger->from == "closed") one.closed_at = kNow;
    for (const auto& way : part_.satisfied_by) {
      if (way.kind != SatisfierKind::occasion) continue;
      good ? set_right(one.document, way.every) : set_wrong(one.document, way.every);
      if (!way.done.empty()) one.document.set(way.done, good ? format_rfc3339(kNow, kVietnamZone) : Json());
    }
  }
  for (const auto& known : pack_.workflows) {
    if (known.id != workflow) continue;
    for (const auto& id : known.steps) {
      comply::CaseStep state;
      state.id = id;
      const bool starts_clock = part_.trigger && part_.trigger->from == id;
      if (good || starts_clock || (!step.empty() && id != step)) {
        state.state = comply::CaseStep::State::done;
        state.at = kNow;
      }
      one.steps.push_back(std::move(state));
    }
  }
  knowledge_.put_case(std::move(one));
}

Json setting_value(const Satisfier& way, bool good) {
  if (!good) return way.equals.is_bool() ? Json(!way.equals.as_bool()) : Json("~wrong~");
  if (!way.equals.is_null()) return way.equals;
  return way.minimum ? Json(*way.minimum) : Json(*way.maximum);
}

void World::put(std::size_t index, bool good) {
  const Satisfier& way = part_.satisfied_by[index];
  const std::string agency = part_.subject == SubjectKind::hub ? "" : kAgency;
  switch (way.kind) {
    case SatisfierKind::posture_rule: {
      const FactPair& pair = examples_.at(catalog_.posture_rules.at(way.ref).name);
      REQUIRE(pair.good);
      REQUIRE(pair.bad);
      Fact fact = good ? *pair.good : *pair.bad;
      fact.device_id = kThing;
      fact.collected_at = kNow;
      knowledge_.put_fact(std::move(fact));
      return;
    }
    case SatisfierKind::detection:
      return knowledge_.put_detection({way.ref, agency, good, 1, kNow, {}, {}});
    case SatisfierKind::reg:
    case SatisfierKind::document:
      return put_records(way, index, good);
    case SatisfierKind::workflow:
      return put_case(way.ref, way.step, good);
    case SatisfierKind::setting:
      return knowledge_.put_setting(way.ref, setting_value(way, good), kNow);
    case SatisfierKind::attestation:
      if (!good) return knowledge_.drop_attestation("x1");
      return knowledge_.put_attestation(
          {"x1", part_.id, agency, part_.trigger ? judge().period_id : "", kNow, std::nullopt, "ab", ""});
    case SatisfierKind::occasion:
      return put_trigger(good);
    case SatisfierKind::pack:
      std::erase(catalog_.packs, way.ref);
      if (good) catalog_.packs.push_back(way.ref);
      return;
    case SatisfierKind::pending:
      return;
  }
}

/// What a part must be when everything it asks for is there.
bool is_good(const ClausePart& part, Status status) {
  if (part.modality == comply::Modality::must_not) return status == Status::no_occasion;
  const bool only_pointer = std::all_of(part.satisfied_by.begin(), part.satisfied_by.end(),
                                        [](const auto& way) { return way.kind == SatisfierKind::pack; });
  if (only_pointer) return status == Status::not_applicable;
  return status == Status::met || status == Status::attested;
}

/// Statuses that are expected once a needed way is gone; a prohibition that nobody watches is not fine.
bool is_gone(const ClausePart& part, Status status) {
  const bool optional =
      part.modality == comply::Modality::may || part.modality == comply::Modality::encouraged;
  if (optional && status == Status::no_occasion) return true;
  return status == Status::due || status == Status::overdue || status == Status::violated ||
         status == Status::unknown;
}

void flip(World& world, const ClausePart& part) {
  const auto look = [&](const char* when, bool good) {
    const auto one = world.judge();
    CAPTURE(part.id);
    CAPTURE(when);
    CAPTURE(to_string(one.status));
    CAPTURE(comply::explain(Lang::en, one.reason));
    CHECK((good ? is_good(part, one.status) : is_gone(part, one.status)));
  };
  world.put_all(false);
  look("nothing is there", false);
  world.put_all(true);
  world.put_all(true);  // attestations of an occasion name it: it is there now
  look("everything is there", true);
  for (std::size_t i = 0; i < part.satisfied_by.size(); ++i) {
    if (part.any) break;
    world.put(i, false);
    look("one way is gone", false);
    world.put_all(true);
    look("it is back", true);
  }
  if (part.any) {
    for (std::size_t i = 0; i < part.satisfied_by.size(); ++i) world.put(i, false);
    look("all ways are gone", false);
    world.put_all(true);
    look("they are back", true);
  }
  if (part.modality != comply::Modality::must_not) return;
  world.put_breach(true);
  CHECK(world.judge().status == Status::violated);
  world.put_breach(false);
  look("the breach is taken back", true);
}

bool works(const ClausePart& part) {
  const auto pending = [](const Satisfier& way) { return way.kind == SatisfierKind::pending; };
  const auto& ways = part.satisfied_by;
  if (ways.empty()) return false;
  return part.any ? !std::all_of(ways.begin(), ways.end(), pending)
                  : std::none_of(ways.begin(), ways.end(), pending);
}

}  // namespace

namespace {

std::size_t flip_all(const std::string& folder) {
  const std::string name = std::filesystem::path(folder).filename().string();
  CAPTURE(name);
  const auto pack = load_valid_pack(posix_env(), folder);
  REQUIRE(pack);
  const Examples examples = examples_of(name);
  std::size_t parts = 0;
  for (const auto& clause : pack->catalog.clauses) {
    for (const auto& part : clause.parts) {
      if (!works(part)) continue;
      World world(*pack, clause, part, examples);
      flip(world, part);
      ++parts;
    }
  }
  return parts;
}

}  // namespace

TEST_CASE("every working way of every pack moves the status both ways") {
  std::size_t parts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kPacks)) {
    if (std::filesystem::exists(entry.path() / "clauses")) parts += flip_all(entry.path().string());
  }
  MESSAGE(parts, " parts");
  CHECK(parts > 0);
}

TEST_CASE("so does every way of the worked example of docs/packs.md") {
  namespace fs = std::filesystem;
  const fs::path beside = fs::temp_directory_path() / ("phendau-example-" + std::to_string(::getpid()));
  fs::create_directories(beside);
  fs::copy(kPacks + "/base", beside / "base", fs::copy_options::recursive);
  fs::copy(std::string(PHENDAU_SOURCE_DIR) + "/docs/examples/binh-minh", beside / "binh-minh",
           fs::copy_options::recursive);
  CHECK(flip_all((beside / "binh-minh").string()) >= 16);
  fs::remove_all(beside);
}

}  // namespace pack_flip_test

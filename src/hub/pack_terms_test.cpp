// SPDX-License-Identifier: Apache-2.0
// A pack is replaced by another version with other clocks: what began before keeps them, also at the starts
// after that, and what begins later has the new ones.
#include "hub/pack_terms.h"

#include <doctest/doctest.h>

#include <fstream>

#include "base/text.h"
#include "hub/hub_test_folder.h"
#include "hub/province_settings.h"

namespace pack_terms_test {

using namespace phendau;
using namespace phendau::hub;

namespace {

constexpr std::string_view kClauses = R"(clauses:
  - id: tr-1:1
    citation: a
    title: {vi: a, en: b}
    duty: {vi: a, en: b}
    bound: [agency_head]
    kind: process
    parts:
      - id: tr-1:1#1
        duty: {vi: a, en: b}
        trigger: {register: leaver, from: left_on, within: 3d}
        satisfied_by: [{kind: attestation}]
      - id: tr-1:1#2
        duty: {vi: a, en: b}
        satisfied_by: [{kind: register, ref: log_review, period: P3M}]
)";

/// A province of two duties in a folder of its own, beside a copy of base.
class TrialPack {
 public:
  explicit TrialPack(const std::string& root) : folder_(root + "/packs/trial") {
    namespace fs = std::filesystem;
    fs::create_directories(folder_ + "/clauses");
    fs::copy(std::string(PHENDAU_SOURCE_DIR) + "/packs/base", root + "/packs/base",
             fs::copy_options::recursive);
    std::ofstream(folder_ + "/pack.yaml") << "id: trial\ntitle: {vi: a, en: b}\nimports: [base]\n";
  }
  void say(const std::string& within, const std::string& period) {
    std::string text = replace_all(kClauses, "within: 3d", "within: " + within);
    text = replace_all(text, "period: P3M", "period: " + period);
    std::ofstream(folder_ + "/clauses/a.yaml") << text;
  }
  /// As the hub starts.
  Pack start(ledger::Ledger& ledger, UtcTime now) const {
    const auto plain = load_valid_pack(posix_env(), folder_);
    REQUIRE(plain);
    const auto options = pack_options_of(ledger, *plain, now);
    REQUIRE(options);
    auto out = load_valid_pack(posix_env(), folder_, *options);
    REQUIRE(out);
    REQUIRE(note_terms(ledger, *out, now));
    return std::move(*out);
  }

 private:
  std::string folder_;
};

/// Due times of the occasions by record, and the period that runs.
std::map<std::string, UtcTime> due_of(const Pack& pack, const comply::Knowledge& knowledge, UtcTime now) {
  std::map<std::string, UtcTime> out;
  for (const auto& one : comply::assess_agency(pack.catalog, knowledge, "a1", now)) {
    if (one.due_at) out[one.period_id] = *one.due_at;
  }
  return out;
}

}  // namespace

TEST_CASE("another version of the pack: what began before keeps its clock and its period") {
  TestHub hub;
  TrialPack trial(hub.root);
  const UtcTime changed = *parse_rfc3339("2026-11-10T08:00:00+07:00");
  comply::Knowledge knowledge;
  comply::Subject agency;
  agency.id = agency.agency_id = "a1";
  agency.known_since = changed - days(400);
  knowledge.put_subject(agency);
  for (const auto& [id, day] : {std::pair{"before", "2026-11-09"}, std::pair{"after", "2026-11-11"}}) {
    comply::RegisterRecord record;
    record.kind = "leaver";
    record.id = id;
    record.agency_id = "a1";
    record.at = record.entered_at = changed;
    record.document.set("left_on", day);
    knowledge.put_record(record);
  }
  const UtcTime now = *parse_rfc3339("2026-11-12T08:00:00+07:00");

  trial.say("3d", "P3M");
  trial.start(*hub.ledger, changed - days(30));
  const auto history = [&] { return hub.ledger->history("setting", "pack_terms", everything())->size(); };
  CHECK(history() == 1);
  trial.start(*hub.ledger, changed - days(20));  // nothing changed: nothing is written
  CHECK(history() == 1);
  trial.say("10d", "P1M");
  for (const UtcTime start : {changed, changed + days(1)}) {
    const Pack pack = trial.start(*hub.ledger, start);
    CHECK(history() == 2);
    auto due = due_of(pack, knowledge, now);
    CHECK(due["leaver/before"] == *parse_rfc3339("2026-11-13T00:00:00+07:00"));
    CHECK(due["leaver/after"] == *parse_rfc3339("2026-11-22T00:00:00+07:00"));
    CHECK(due.contains("2026-Q4"));
    CHECK_FALSE(due.contains("2026-11"));
    CHECK(due_of(pack, knowledge, *parse_rfc3339("2027-01-05T08:00:00+07:00")).contains("2027-01"));
  }
}

TEST_CASE("terms: of a duty that had no trigger they mean nothing, of a way that was not there neither") {
  comply::ClausePart part;
  part.id = "t:1";
  part.satisfied_by.resize(2);
  part.satisfied_by[0].kind = comply::SatisfierKind::reg;
  part.satisfied_by[0].ref = "a";
  part.satisfied_by[0].period = comply::PeriodKind::month;
  part.satisfied_by[1].kind = comply::SatisfierKind::attestation;
  part.satisfied_by[1].period = comply::PeriodKind::year;
  const Json terms = parse_json(R"({"ways":[{"kind":"register","ref":"a","period":"end P3M"}]})").value();
  const auto then = with_terms(part, terms);
  REQUIRE(then);
  CHECK(then->satisfied_by[0].period == comply::PeriodKind::quarter);
  CHECK(then->satisfied_by[1].period == comply::PeriodKind::year);
  CHECK_FALSE(with_terms(part, Json()));
  part.trigger.emplace();
  CHECK_FALSE(with_terms(part, terms));
}

}  // namespace pack_terms_test

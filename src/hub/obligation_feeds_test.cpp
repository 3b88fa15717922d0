// SPDX-License-Identifier: Apache-2.0
// What the engine learns from records of the ledger, with the pack that ships: who is a subject, who holds a
// slot, what counts no longer, and when something was first written.
#include "hub/obligation_feeds.h"

#include <doctest/doctest.h>

#include <memory>

#include "os/env.h"

namespace obligation_feeds_test {

using namespace phendau;
using namespace phendau::hub;
using comply::SubjectKind;

namespace {

const UtcTime kNow = *parse_rfc3339("2026-11-24T10:00:00+07:00");

const ActivePack& pack() {
  static const auto kPack = ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang");
  REQUIRE(kPack);
  return *kPack;
}

ledger::Record record(std::string kind, std::string id, std::string state, Json doc = Json::object()) {
  ledger::Record out;
  out.kind = std::move(kind);
  out.id = std::move(id);
  out.agency_id = "a1";
  out.state = std::move(state);
  out.doc = std::move(doc);
  out.created_at = kNow - days(10);
  out.updated_at = kNow - days(1);
  return out;
}

struct Fed {
  comply::Board board{pack().pack().catalog};
  void operator()(const ledger::Record& one) { feed_record(board, pack(), one, kNow); }
  const comply::Knowledge& known() const { return board.knowledge(); }
};

}  // namespace

TEST_CASE("agencies, machines, systems, accounts and people are subjects while they live") {
  Fed feed;
  feed(record("agency", "a1", "", Json::object({{"name", "UBND"}, {"unit_class", "commune"}})));
  REQUIRE(feed.known().subject(SubjectKind::agency, "a1") != nullptr);
  CHECK(feed.known().subject(SubjectKind::agency, "a1")->known_since == kNow - days(10));
  feed(record("device", "d1", "enrolled", Json::object({{"hostname", "pc"}})));
  CHECK(feed.known().subjects_in(SubjectKind::device, "a1").size() == 1);
  feed(record("device", "d1", "revoked"));
  CHECK(feed.known().subjects_in(SubjectKind::device, "a1").empty());
  std::size_t kinds = 0;
  CHECK(pack().pack().reg("agency")->lifecycle.is_live("merged") == false);
  for (const auto& kind : pack().pack().registers) {
    if (!kind.subject_kind) continue;
    CAPTURE(kind.spec.name);
    ++kinds;
    const auto& live = kind.lifecycle.live;
    feed(record(kind.spec.name, "x", live.empty() ? "" : live.front(), Json::object({{"name", "X"}})));
    REQUIRE(feed.known().subject(*kind.subject_kind, "x") != nullptr);
    CHECK(feed.known().subject(*kind.subject_kind, "x")->name == "X");
    for (const auto& state : kind.lifecycle.states) {
      feed(record(kind.spec.name, "x", state));
      CHECK((feed.known().subject(*kind.subject_kind, "x") != nullptr) == kind.lifecycle.is_live(state));
    }
  }
  CHECK(kinds == 3);
  feed(record("agency", "a1", "merged"));
  CHECK(feed.known().subject(SubjectKind::agency, "a1") == nullptr);
}

TEST_CASE("records of a register that a part names are subjects while they live") {
  Pack with_part = pack().pack();
  std::vector<ContentError> errors;
  auto clauses = comply::parse_clauses(
      "clauses:\n  - id: x-1:1\n    citation: x\n    title: {vi: a, en: a}\n    duty: {vi: a, en: a}\n"
      "    bound: [staff]\n    kind: process\n    subject: record:perimeter_device\n"
      "    satisfied_by: [{kind: register, ref: perimeter_device, where: {logs_sent: true}}]\n",
      "x.yaml", errors);
  with_part.catalog.clauses = std::move(clauses);
  const ActivePack active = ActivePack::build(std::move(with_part), errors);
  REQUIRE(errors.empty());
  comply::Board board(active.pack().catalog);
  const auto feed = [&](const ledger::Record& one) { feed_record(board, active, one, kNow); };
  feed(record("agency", "a1", "", Json::object({{"name", "UBND"}})));
  feed(record("perimeter_device", "f1", "in_use", Json::object({{"name", "FW"}, {"logs_sent", true}})));
  feed(record("perimeter_device", "f2", "in_use", Json::object({{"name", "FW 2"}})));
  feed(record("vpn", "v1", "in_use", Json::object({{"name", "VPN"}})));
  board.settle(kNow);
  const auto status = [&](std::string_view id) {
    for (const auto& row : board.page({}, 0, 100).rows) {
      if (row.subject_id == id) return row.status;
    }
    return Status::not_applicable;
  };
  CHECK(board.row_count() == 2);
  CHECK(status("f1") == Status::met);
  CHECK(status("f2") == Status::due);
  CHECK(board.knowledge().subject(SubjectKind::record, "f1")->name == "FW");
  feed(record("perimeter_device", "f2", "in_use", Json::object({{"logs_sent", true}})));
  CHECK(board.settle(kNow).judged == 1);
  CHECK(status("f2") == Status::met);
  feed(record("perimeter_device", "f2", "ended"));
  board.settle(kNow);
  CHECK(board.row_count() == 1);
}

TEST_CASE("a slot is held from the first to the last day of its binding") {
  Fed feed;
  feed(record("agency", "a1", "", Json::object({{"name", "Cong an"}})));
  feed(record(
      "role_binding", "b1", "active",
      Json::object({{"slot", "police"}, {"agency_id", "a1"}, {"from", "2026-01-01"}, {"to", "2026-11-30"}})));
  const auto holders = [&](const char* at) {
    return feed.known().holders("police", *parse_rfc3339(at)).size();
  };
  CHECK(holders("2025-12-31T23:59:59+07:00") == 0);
  CHECK(holders("2026-01-01T00:00:00+07:00") == 1);
  CHECK(holders("2026-11-30T23:59:59+07:00") == 1);
  CHECK(holders("2026-12-01T00:00:00+07:00") == 0);
  feed(record("role_binding", "b1", "ended",
              Json::object({{"slot", "police"}, {"agency_id", "a1"}, {"from", "2026-01-01"}})));
  CHECK(holders("2026-11-01T00:00:00+07:00") == 1);
  CHECK(holders("2026-11-24T00:00:00+07:00") == 0);  // ended when that was written
}

TEST_CASE("records: the day of the act, the first writing, and withdrawn as if never there") {
  Fed feed;
  feed(record("log_review", "r1", "", Json::object({{"reviewed_on", "2026-11-20"}, {"period", "2026-11"}})));
  const comply::RegisterRecord* one = feed.known().record("log_review", "r1");
  REQUIRE(one != nullptr);
  CHECK(one->at == *parse_rfc3339("2026-11-20T00:00:00+07:00"));
  CHECK(one->dated == comply::Dated::day);
  CHECK(one->entered_at == kNow - days(10));
  CHECK(one->period_id == "2026-11");
  feed(record("log_review", "r1", "withdrawn"));
  CHECK(feed.known().record("log_review", "r1") == nullptr);
  feed(record("alert", "x", "new"));  // no clause asks
  CHECK(feed.known().record("alert", "x") == nullptr);
}

TEST_CASE("attestations, exceptions and breaches count in their live states only") {
  Fed feed;
  const std::string part = pack().pack().catalog.clauses.front().parts.front().id;
  const Json about =
      Json::object({{"part", part}, {"scope_id", part}, {"from", "2026-11-01"}, {"until", "2026-12-01"}});
  feed(record("attestation", "t", "valid", about));
  CHECK(feed.known().attestations().find("t") != nullptr);
  CHECK(feed.known().attestations().find("t")->entered_at == kNow - days(10));
  feed(record("attestation", "t", "withdrawn", about));
  CHECK(feed.known().attestations().find("t") == nullptr);
  feed(record("exception", "e", "requested", about));
  CHECK(feed.known().exceptions().find("e") == nullptr);
  feed(record("exception", "e", "approved", about));
  REQUIRE(feed.known().exceptions().find("e") != nullptr);
  CHECK(feed.known().exceptions().find("e")->until == *parse_rfc3339("2026-12-02T00:00:00+07:00"));
  feed(record("violation", "v", "open", about));
  CHECK(feed.known().breaches().find("v")->open);
  feed(record("violation", "v", "closed", about));
  CHECK_FALSE(feed.known().breaches().find("v")->open);
}

}  // namespace obligation_feeds_test

// SPDX-License-Identifier: Apache-2.0
// Proves what may follow what in the custody of an item, and that ten thousand changes of a chain (a byte of
// the file, an event removed, added, repeated, swapped, a chain cut) are all found by whoever knows its head.
#include "model/custody.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "base/hash.h"
#include "base/text.h"
#include "base/texts.h"

namespace phendau::custody::custody_test {
namespace {

const std::string kAgency = "S\u1edf T\u00e0i ch\u00ednh";
const std::string kDepartment = "S\u1edf Khoa h\u1ecdc v\u00e0 C\u00f4ng ngh\u1ec7";
const std::string kPolice = "C\u00f4ng an t\u1ec9nh";
const std::string kKey(32, '\x07');

Event draft(Action action, std::string from = "", std::string to = "", std::string reason = "") {
  Event event;
  event.item = "E001";
  event.actor = "Nguy\u1ec5n V\u0103n A";
  event.action = action;
  event.from = std::move(from);
  event.to = std::move(to);
  event.reason = std::move(reason);
  return event;
}
Event collected() { return draft(Action::collected, kAgency, kDepartment); }

struct Chain {
  std::vector<Event> events;
  Standing standing;
  std::int64_t second = 1'795'000'000;

  /// The text id of the refusal, or nothing.
  std::string add(Event event, bool sign = true) {
    event.at = UtcTime{} + seconds(second += 60);
    auto linked = link(standing, event);
    if (!linked) return linked.error().text_id;
    if (sign) {
      linked->signature = to_hex(*ed25519_sign(kKey, bytes_to_sign(*linked)));
      linked->public_key = to_hex(*ed25519_public_key(kKey));
    }
    standing = *after(standing, *linked);
    standing.hash = linked->hash;
    events.push_back(*linked);
    return "";
  }
};

Chain whole_life(const std::string& item = "E001") {
  Chain chain;
  for (Event event :
       {collected(), draft(Action::copied), draft(Action::sealed),
        draft(Action::handed_over, kDepartment, kPolice, "C\u00f4ng an \u0111\u1ec1 ngh\u1ecb"),
        draft(Action::analysed, "", "", "m\u1edf ni\u00eam phong"), draft(Action::sealed),
        draft(Action::returned, kPolice, kDepartment), draft(Action::returned, kDepartment, kAgency)}) {
    event.item = item;
    REQUIRE(chain.add(event) == "");
  }
  return chain;
}

}  // namespace

TEST_CASE("custody: what may follow what") {
  struct Case {
    std::vector<Event> events;
    std::string refused;  // text id of the last one's refusal
  };
  const auto hand_over = draft(Action::handed_over, kDepartment, kPolice, "request 12");
  const auto give_back = draft(Action::returned, kPolice, kDepartment);
  const auto to_owner = draft(Action::returned, kDepartment, kAgency);
  const auto destroyed = draft(Action::destroyed, "", "", "worthless");
  const Case cases[] = {
      {{draft(Action::sealed)}, "custody.not_collected"},
      {{collected(), collected()}, "custody.collected_twice"},
      {{draft(Action::collected, kAgency, kAgency)}, "custody.to_itself"},
      {{draft(Action::collected, "", kDepartment)}, "custody.bad_member"},
      {{collected(), draft(Action::sealed), draft(Action::sealed)}, "custody.sealed_twice"},
      {{collected(), draft(Action::sealed), draft(Action::analysed)}, "custody.seal_needs_reason"},
      {{collected(), draft(Action::sealed), draft(Action::copied)}, "custody.seal_needs_reason"},
      {{collected(), draft(Action::sealed), draft(Action::analysed, "", "", "r"), draft(Action::sealed)}, ""},
      {{collected(), draft(Action::analysed), draft(Action::copied, "", kPolice)}, ""},
      {{collected(), draft(Action::handed_over, kDepartment, kPolice)}, "custody.needs_reason"},
      {{collected(), draft(Action::handed_over, kPolice, kAgency, "r")}, "custody.not_holder"},
      {{collected(), draft(Action::handed_over, kDepartment, kDepartment, "r")}, "custody.to_itself"},
      {{collected(), hand_over, hand_over}, "custody.not_holder"},
      {{collected(), hand_over, give_back, hand_over}, ""},
      {{collected(), hand_over, draft(Action::returned, kPolice, "B\u1ed9 CHQS")},
       "custody.returned_elsewhere"},
      {{collected(), hand_over, draft(Action::returned, kPolice, kAgency)}, ""},
      {{collected(), hand_over, draft(Action::returned, kDepartment, kAgency)}, "custody.not_holder"},
      {{collected(), to_owner, draft(Action::copied)}, "custody.ended"},
      {{collected(), draft(Action::destroyed)}, "custody.needs_reason"},
      {{collected(), destroyed, draft(Action::analysed)}, "custody.ended"},
      {{collected(), draft(Action::sealed, kDepartment)}, "custody.bad_member"},
      {{collected(), draft(Action::analysed, "", "", "line\nbreak")}, "custody.bad_member"},
      {{collected(), draft(Action::analysed, "", "", std::string(kReasonBytesMax + 1, 'x'))},
       "custody.bad_member"},
  };
  int number = 0;
  for (const auto& one : cases) {
    CAPTURE(number++);
    Chain chain;
    std::string refused;
    for (std::size_t i = 0; i < one.events.size(); ++i) {
      refused = chain.add(one.events[i]);
      if (i + 1 < one.events.size()) REQUIRE(refused == "");
    }
    CHECK(refused == one.refused);
    if (!refused.empty()) CHECK(has_text(refused));
  }
}

TEST_CASE("custody: time, holders, seal") {
  Chain chain = whole_life();
  CHECK(chain.standing.ended);
  CHECK(chain.standing.events == 8);
  CHECK(chain.standing.holder() == kAgency);
  CHECK(chain.standing.sealed);
  Event late = draft(Action::copied);
  Standing standing;
  Event first = collected();
  first.at = UtcTime{} + seconds(100);
  standing = *after(standing, first);
  late.at = UtcTime{} + seconds(99);
  const auto refused = after(standing, late);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().text_id == "custody.time_goes_back");
  CHECK(refused.error().code == ErrorCode::conflict);
  late.at = first.at;
  CHECK(after(standing, late).has_value());
}

TEST_CASE("custody: JSON there and back, signatures and heads") {
  const Chain chain = whole_life();
  for (const auto& event : chain.events) {
    const auto back = event_from(*parse_json(to_json(event).dump_canonical()));
    REQUIRE(back.has_value());
    CHECK(*back == event);
  }
  const std::string key = to_hex(*ed25519_public_key(kKey));
  CHECK(!verify(chain.events, {chain.standing.hash, {key}, true}).broken);
  const auto foreign = verify(chain.events, {"", {std::string(64, 'a')}, true});
  REQUIRE(foreign.broken.has_value());
  CHECK(foreign.broken->event == 1);
  CHECK(foreign.broken->error.text_id == "custody.foreign_signature");
  // Cut at the end: good by itself, not for who knows the head.
  const auto cut = std::span(chain.events).first(5);
  CHECK(!verify(cut).broken);
  const auto known = verify(cut, {chain.standing.hash, {}, false});
  REQUIRE(known.broken.has_value());
  CHECK(known.broken->event == 6);
  CHECK(known.broken->error.text_id == "custody.other_head");
  // Written anew with right hashes: the signatures tell.
  auto forged = chain.events;
  forged[1].reason = "other";
  for (std::size_t i = 1; i < forged.size(); ++i) {
    forged[i].previous_hash = forged[i - 1].hash;
    forged[i].hash = sha256_hex(canonical_bytes(forged[i]));
  }
  CHECK(verify(forged).broken->error.text_id == "custody.bad_signature");
  for (auto& event : forged) event.signature = event.public_key = "";
  CHECK(!verify(forged).broken);
  CHECK(verify(forged, {"", {}, true}).broken->error.text_id == "custody.unsigned");
  CHECK(verify({}).broken->error.text_id == "custody.not_collected");
}

TEST_CASE("custody: every change of a file is found") {
  std::mt19937_64 random(7);
  const Chain first = whole_life("E001");
  const Chain second = whole_life("E002");
  std::vector<Event> events;
  for (std::size_t i = 0; i < first.events.size(); ++i) {
    events.push_back(first.events[i]);
    events.push_back(second.events[i]);
  }
  const std::string file = to_jsonl(events);
  const std::map<std::string, std::string> heads = {{"E001", first.standing.hash},
                                                    {"E002", second.standing.hash}};
  const Expected expected{"", {to_hex(*ed25519_public_key(kKey))}, true};
  const auto good = verify_file(file, expected, heads);
  CHECK(!good.broken);
  CHECK(good.items.size() == 2);
  CHECK(good.all_signed);
  int unnoticed = 0;
  for (int round = 0; round < 1'500; ++round) {
    std::string changed = file;
    const std::size_t at = random() % changed.size();
    const char byte = static_cast<char>(random());
    switch (random() % 3) {
      case 0:
        changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
        break;
      case 1:
        changed.erase(at, 1);
        break;
      default:
        changed.insert(at, 1, byte);
    }
    if (changed == file) continue;
    const auto verdict = verify_file(changed, expected, heads);
    if (!verdict.broken) ++unnoticed;
    if (verdict.broken) CHECK(has_text(verdict.broken->error.text_id));
  }
  CHECK(unnoticed == 0);
}

TEST_CASE("slow: custody: ten thousand changed chains are all found") {
  std::mt19937_64 random(11);
  const std::string key = to_hex(*ed25519_public_key(kKey));
  const Chain chain = whole_life();
  const Chain other = whole_life("E002");
  int unnoticed = 0;
  for (int round = 0; round < 10'000; ++round) {
    auto events = chain.events;
    const std::size_t at = random() % events.size();
    const std::size_t with = random() % events.size();
    Event& event = events[at];
    const auto flip = [&](std::string& text) {
      if (text.empty()) return text.push_back('x');
      char& c = text[random() % text.size()];
      c = static_cast<char>(c ^ (1 << random() % 7));
    };
    switch (random() % 14) {
      case 0:
        events.erase(events.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 1:
        events.insert(events.begin() + static_cast<std::ptrdiff_t>(with), event);
        break;
      case 2:
        std::swap(events[at], events[with]);
        break;
      case 3:
        events.resize(at);
        break;
      case 4:
        flip(event.reason);
        break;
      case 5:
        flip(event.actor);
        break;
      case 6:
        flip(event.from);
        break;
      case 7:
        flip(event.to);
        break;
      case 8:
        event.at.ns += static_cast<std::int64_t>(random() % 1'000) - 500;
        break;
      case 9:
        event.action = static_cast<Action>(random() % 7);
        break;
      case 10:
        event.seq += random() % 3 - 1;
        break;
      case 11:
        flip(random() % 2 == 0 ? event.hash : event.previous_hash);
        break;
      case 12:
        flip(random() % 2 == 0 ? event.signature : event.public_key);
        break;
      default:
        event = other.events[at];
        break;
    }
    if (events == chain.events) continue;
    // Half of them with the hash made right again, as a forger would.
    if (random() % 2 == 0 && at < events.size()) events[at].hash = sha256_hex(canonical_bytes(events[at]));
    if (events == chain.events) continue;
    const auto verdict = verify(events, {chain.standing.hash, {key}, true});
    if (!verdict.broken) ++unnoticed;
  }
  CHECK(unnoticed == 0);
}

}  // namespace phendau::custody::custody_test

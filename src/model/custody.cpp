// SPDX-License-Identifier: Apache-2.0
#include "model/custody.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace phendau::custody {
namespace {

constexpr std::string_view kForm = "phendau custody event 1\n";
constexpr std::string_view kSignedForm = "phendau custody signature 1\n";
constexpr std::string_view kNames[] = {"collected", "sealed",   "handed_over", "copied",
                                       "analysed",  "returned", "destroyed"};
const std::string kNoHash(64, '0');

std::unexpected<Error> refuse(std::string_view reason, std::vector<std::string> args = {}) {
  std::string message = fmt::format("custody: {}", reason);
  for (const auto& arg : args) message += " [" + arg + "]";
  return fail(ErrorCode::conflict, std::move(message), fmt::format("custody.{}", reason), std::move(args));
}
std::unexpected<Error> bad_member(std::string_view member) {
  return fail(ErrorCode::invalid, fmt::format("custody event: {} is missing or malformed", member),
              "custody.bad_member", {std::string(member)});
}

bool is_text(std::string_view text, std::size_t size_bytes_max) {
  return text.size() <= size_bytes_max && is_valid_utf8(text) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}
bool is_name(std::string_view text) { return !trim(text).empty() && is_text(text, kNameBytesMax); }

Result<> check_texts(const Event& event) {
  const bool gives = event.action == Action::collected || event.action == Action::handed_over ||
                     event.action == Action::returned;
  if (!is_name(event.item)) return bad_member("item");
  if (!is_name(event.actor)) return bad_member("actor");
  if (gives ? !is_name(event.from) : !event.from.empty()) return bad_member("from");
  const bool takes = gives || (event.action == Action::copied && !event.to.empty());
  if (takes ? !is_name(event.to) : !event.to.empty()) return bad_member("to");
  if (!is_text(event.reason, kReasonBytesMax)) return bad_member("reason");
  return {};
}

/// Who holds it afterwards, when the item is given back.
Result<> give_back(Standing& standing, const Event& event) {
  const auto& source = standing.holders.front();
  const auto& before = standing.holders[standing.holders.size() - 2];
  if (event.to == source) {
    standing.holders.push_back(source);
    standing.ended = true;
  } else if (event.to == before) {
    standing.holders.pop_back();
  } else {
    return refuse("returned_elsewhere", {event.to, before});
  }
  return {};
}

Result<> move(Standing& standing, const Event& event) {
  const bool without_reason = trim(event.reason).empty();
  switch (event.action) {
    case Action::collected:
      return refuse("collected_twice");
    case Action::sealed:
      if (standing.sealed) return refuse("sealed_twice");
      standing.sealed = true;
      return {};
    case Action::handed_over:
    case Action::returned:
      if (event.from != standing.holder()) return refuse("not_holder", {event.from, standing.holder()});
      if (event.to == event.from) return refuse("to_itself", {event.to});
      if (event.action == Action::returned) return give_back(standing, event);
      if (without_reason) return refuse("needs_reason", {std::string(to_string(event.action))});
      standing.holders.push_back(event.to);
      return {};
    case Action::copied:
    case Action::analysed:
      if (standing.sealed && without_reason) return refuse("seal_needs_reason");
      standing.sealed = false;
      return {};
    case Action::destroyed:
      if (without_reason) return refuse("needs_reason", {std::string(to_string(event.action))});
      standing.ended = true;
      return {};
  }
  return bad_member("action");
}

/// Changes nothing when it refuses.
Result<> advance(Standing& standing, const Event& event) {
  PHENDAU_TRY(check_texts(event));
  if (standing.ended) return refuse("ended");
  if (standing.events >= kEventsMax) return refuse("too_many", {std::to_string(kEventsMax)});
  if (standing.events == 0) {
    if (event.action != Action::collected) return refuse("not_collected");
    if (event.to == event.from) return refuse("to_itself", {event.to});
    standing.holders = {event.from, event.to};
  } else {
    if (event.at < standing.at)
      return refuse("time_goes_back", {format_vietnamese(event.at), format_vietnamese(standing.at)});
    PHENDAU_TRY(move(standing, event));
  }
  ++standing.events;
  standing.at = event.at;
  return {};
}

Json to_json_without_proof(const Event& event) {
  return Json::object({{"item", event.item},
                       {"seq", event.seq},
                       {"prev_hash", event.previous_hash},
                       {"at", format_rfc3339(event.at)},
                       {"actor", event.actor},
                       {"from", event.from},
                       {"to", event.to},
                       {"action", to_string(event.action)},
                       {"reason", event.reason}});
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<> check_signature(const Event& event, const Expected& expected) {
  if (event.signature.empty() && event.public_key.empty()) {
    if (expected.signed_wholly) return refuse("unsigned");
    return {};
  }
  const auto key = from_hex(event.public_key);
  const auto signature = from_hex(event.signature);
  // Only in the one form that is written: other letters for the same digits are a change.
  if (!is_hex(event.public_key, 64) || !is_hex(event.signature, 128) ||
      !ed25519_verify(*key, bytes_to_sign(event), *signature))
    return refuse("bad_signature");
  const auto& known = expected.public_keys;
  if (!known.empty() && std::find(known.begin(), known.end(), event.public_key) == known.end())
    return refuse("foreign_signature", {event.public_key});
  return {};
}

/// One event at its place: links and hash first, since what they do not cover says nothing.
Result<> follow(Standing& standing, const Event& event, const Expected& expected) {
  if (event.seq != standing.events + 1)
    return refuse("wrong_number", {std::to_string(event.seq), std::to_string(standing.events + 1)});
  if (event.previous_hash != (standing.events == 0 ? kNoHash : standing.hash)) return refuse("broken_link");
  if (event.hash != sha256_hex(canonical_bytes(event))) return refuse("wrong_hash");
  PHENDAU_TRY(check_signature(event, expected));
  PHENDAU_TRY(advance(standing, event));
  standing.hash = event.hash;
  return {};
}

Error error_of(std::unexpected<Error> error) { return std::move(error).error(); }

}  // namespace

std::string_view to_string(Action action) { return kNames[static_cast<std::size_t>(action)]; }
std::optional<Action> action_from(std::string_view name) {
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Action>(found - std::begin(kNames));
}

Result<Standing> after(const Standing& standing, const Event& event) {
  Standing next = standing;
  PHENDAU_TRY(advance(next, event));
  return next;
}

Result<Event> link(const Standing& standing, Event draft) {
  PHENDAU_TRY(after(standing, draft));
  draft.seq = standing.events + 1;
  draft.previous_hash = standing.events == 0 ? kNoHash : standing.hash;
  draft.hash = sha256_hex(canonical_bytes(draft));
  draft.public_key.clear();
  draft.signature.clear();
  return draft;
}

std::string canonical_bytes(const Event& event) {
  return std::string(kForm) + to_json_without_proof(event).dump_canonical();
}

std::string bytes_to_sign(const Event& event) {
  return fmt::format("{}{}\n{}\n{}\n", kSignedForm, event.item, event.seq, event.hash);
}

Json to_json(const Event& event) {
  Json out = to_json_without_proof(event);
  out.set("hash", event.hash);
  if (!event.signature.empty()) out.set("public_key", event.public_key).set("signature", event.signature);
  return out;
}

Result<Event> event_from(const Json& json) {
  static constexpr std::string_view kTexts[] = {"item", "prev_hash", "at",     "actor", "from",
                                                "to",   "action",    "reason", "hash"};
  for (const auto& member : kTexts) {
    if (!json[member].is_string()) return bad_member(member);
  }
  if (!json["seq"].is_int() || json["seq"].as_int() < 1) return bad_member("seq");
  const bool is_signed = json.contains("signature") || json.contains("public_key");
  if (json.size() != std::size(kTexts) + (is_signed ? 3 : 1)) return bad_member("*");
  Event event;
  event.item = json["item"].as_string();
  event.seq = static_cast<std::uint64_t>(json["seq"].as_int());
  event.previous_hash = json["prev_hash"].as_string();
  const auto at = parse_rfc3339(json["at"].as_string());
  if (!at) return bad_member("at");
  event.at = *at;
  event.actor = json["actor"].as_string();
  event.from = json["from"].as_string();
  event.to = json["to"].as_string();
  const auto action = action_from(json["action"].as_string());
  if (!action) return bad_member("action");
  event.action = *action;
  event.reason = json["reason"].as_string();
  event.hash = json["hash"].as_string();
  event.public_key = json["public_key"].as_string();
  event.signature = json["signature"].as_string();
  if (!is_hex(event.previous_hash, 64)) return bad_member("prev_hash");
  if (!is_hex(event.hash, 64)) return bad_member("hash");
  if (is_signed && !is_hex(event.public_key, 64)) return bad_member("public_key");
  if (is_signed && !is_hex(event.signature, 128)) return bad_member("signature");
  return event;
}

std::string to_jsonl(std::span<const Event> events) {
  std::string out;
  for (const auto& event : events) out += to_json(event).dump_canonical() + "\n";
  return out;
}

Verdict verify(std::span<const Event> chain, const Expected& expected) {
  Verdict verdict;
  const auto broken = [&](std::uint64_t at, Error error) {
    verdict.broken = Broken{chain.empty() ? "" : chain.front().item, at, std::move(error)};
  };
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain[i].item != chain.front().item) {
      broken(i + 1, error_of(refuse("other_item", {chain[i].item})));
      return verdict;
    }
    if (auto good = follow(verdict.standing, chain[i], expected); !good) {
      broken(i + 1, good.error());
      return verdict;
    }
  }
  if (chain.empty()) broken(1, error_of(refuse("not_collected")));
  if (!chain.empty() && !expected.head.empty() && verdict.standing.hash != expected.head)
    broken(chain.size() + 1, error_of(refuse("other_head", {verdict.standing.hash, expected.head})));
  return verdict;
}

FileVerdict verify_file(std::string_view jsonl, const Expected& expected,
                        const std::map<std::string, std::string>& heads) {
  FileVerdict verdict;
  const auto broken = [&](std::string item, std::uint64_t line, Error error) {
    verdict.broken = Broken{std::move(item), line, std::move(error)};
    return verdict;
  };
  std::uint64_t line = 0;
  while (!jsonl.empty()) {
    ++line;
    const std::size_t end = jsonl.find('\n');
    const std::string_view text = jsonl.substr(0, end);
    if (end == std::string_view::npos) return broken("", line, error_of(refuse("cut_line")));
    jsonl.remove_prefix(end + 1);
    const auto json = parse_json(text, {64u << 10, 4});
    if (!json) return broken("", line, error_of(refuse("no_event")));
    const auto event = event_from(*json);
    if (!event) return broken("", line, event.error());
    // The same event written otherwise is a change of the file.
    if (to_json(*event).dump_canonical() != text)
      return broken(event->item, line, error_of(refuse("other_form")));
    if (!verdict.items.contains(event->item) && verdict.items.size() >= kItemsMax)
      return broken(event->item, line, error_of(refuse("too_many", {std::to_string(kItemsMax)})));
    Standing& standing = verdict.items[event->item];
    if (auto good = follow(standing, *event, expected); !good) return broken(event->item, line, good.error());
    verdict.all_signed = verdict.all_signed && !event->signature.empty();
  }
  for (const auto& [item, head] : heads) {
    const auto found = verdict.items.find(item);
    const std::string last = found == verdict.items.end() ? "" : found->second.hash;
    if (last != head) return broken(item, line + 1, error_of(refuse("other_head", {last, head})));
  }
  return verdict;
}

}  // namespace phendau::custody

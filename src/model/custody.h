// SPDX-License-Identifier: Apache-2.0
// The custody log of one item of evidence: who had it when, and what was done with it. Each event holds the
// hash of the one before; the hub signs each. The hub keeps and extends chains, packages carry them
// (data/custody.jsonl), whoever receives one verifies it. Pure; thread-safe. Decisions: docs/decisions/0023.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace phendau::custody {

inline constexpr std::size_t kEventsMax = 10'000;  // of one item
inline constexpr std::size_t kItemsMax = 10'000;   // in one file of chains
inline constexpr std::size_t kNameBytesMax = 600;  // item, actor, from, to
inline constexpr std::size_t kReasonBytesMax = 4'000;

enum class Action : std::uint8_t { collected, sealed, handed_over, copied, analysed, returned, destroyed };
std::string_view to_string(Action action);
std::optional<Action> action_from(std::string_view name);

struct Event {
  std::string item;           // id of the item
  std::uint64_t seq = 0;      // 1, 2, ... within the item
  std::string previous_hash;  // hex; 64 zeros in the first event
  UtcTime at;
  std::string actor;  // who did it
  std::string from;   // collected: where it came from; handed_over, returned: who gave it
  std::string to;     // collected: who has it now; handed_over, returned: who took it; copied: whom for
  Action action = Action::collected;
  std::string reason;
  std::string hash;        // hex, over canonical_bytes()
  std::string public_key;  // hex Ed25519 key that signed, or empty
  std::string signature;   // hex, over bytes_to_sign(), or empty
  friend bool operator==(const Event&, const Event&) = default;
};

/// What a chain says about its item so far.
struct Standing {
  std::uint64_t events = 0;
  std::string hash;                  // of the last event; the head that a minute prints
  UtcTime at;                        // of the last event
  std::vector<std::string> holders;  // where it came from, then who took it from whom; the last one has it
  bool sealed = false;
  bool ended = false;  // destroyed, or back where it came from: nothing can follow
  const std::string& holder() const { return holders.back(); }  // only when events > 0
};

/// Standing after one more event, links of the chain not looked at. `conflict` (custody.*) says why the event
/// cannot follow; `invalid` for texts that are no names, or missing.
/// Rules: an item is collected once and first; only its holder seals, copies, analyses, hands over, returns
/// or destroys it; times never go back; a seal is set once and ends when the item is analysed or copied; it
/// is returned only to whom the holder had it from, or to where it came from, which ends the chain, as
/// destruction does; handing over, destroying, and opening a seal need a reason.
Result<Standing> after(const Standing& standing, const Event& event);
/// The draft as the next event of the chain: seq, previous_hash and hash filled in, as yet unsigned.
Result<Event> link(const Standing& standing, Event draft);

/// Deterministic JSON without hash and signature, behind a line that names the form.
std::string canonical_bytes(const Event& event);
/// What the signature covers: item, seq and hash. Sign with ed25519_sign and set public_key and signature.
std::string bytes_to_sign(const Event& event);

Json to_json(const Event& event);
/// `invalid` names the member. Takes no others than to_json writes.
Result<Event> event_from(const Json& json);
/// One canonical line an event.
std::string to_jsonl(std::span<const Event> events);

struct Expected {
  std::string head;                      // hash of the last event that somebody outside knows; empty: unknown
  std::vector<std::string> public_keys;  // hex; whoever signs must be one of these; empty: any signer
  bool signed_wholly = false;            // every event must be signed
};
/// The first event that is wrong, and why.
struct Broken {
  std::string item;
  std::uint64_t event = 0;  // place in the chain, from 1; one past the end when events are missing there
  Error error;              // custody.*
};
struct Verdict {
  std::optional<Broken> broken;
  Standing standing;  // up to the last good event
};
/// Links, hashes, order, signatures, and the head when one is known. Without a known head a chain that lost
/// its last events, or was written anew and is unsigned, looks good: keep heads elsewhere (minute, ledger).
Verdict verify(std::span<const Event> chain, const Expected& expected = {});

/// Chains of several items in one file, one event a line, those of one item in order. Each line must be
/// exactly what to_jsonl writes. `heads`: item -> its known head; an item in `heads` that is not in the file
/// is broken, too.
struct FileVerdict {
  std::optional<Broken> broken;  // event: the line
  std::map<std::string, Standing> items;
  bool all_signed = true;
};
FileVerdict verify_file(std::string_view jsonl, const Expected& expected = {},
                        const std::map<std::string, std::string>& heads = {});

}  // namespace phendau::custody

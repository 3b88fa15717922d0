// SPDX-License-Identifier: Apache-2.0
// The custody chains (model/custody) as the ledger keeps them: one record an entry, signed with the hub's
// key, written in the same batch as the item's state. The states that an act may lead to and who makes it are
// the moves of the register `evidence_item`. Used by evidence.cpp and evidence_bags.cpp, which hold their
// lock from the reading to the write. Thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/services.h"
#include "model/custody.h"

namespace phendau::hub {

inline constexpr std::string_view kItemKind = "evidence_item";
inline constexpr std::string_view kCustodyKind = "custody_event";

struct CustodyAct {
  custody::Action action = custody::Action::collected;
  UtcTime at;
  std::string person;   // who did it
  std::string from;     // collected only; else the holder
  std::string to;       // collected, handed_over, copied; returned: empty is whom the holder had it from
  std::string to_body;  // a role slot, when it is handed to one
  std::string reason;
  Json fields = Json::object();  // further members of the item: seal_number, kept_at, ...
};
/// What is to be written in one batch.
struct CustodyStep {
  ledger::Write item;
  ledger::Write event;
  custody::Standing standing;
};

struct CustodyEntry {
  custody::Event event;
  std::string bag_id;
  std::string tagmanifest_sha256;
};
/// Also for a ledger that is only read.
Result<std::vector<CustodyEntry>> custody_entries(ledger::Ledger& ledger, std::string_view item_id);
/// The chain judged against the head and the digest that the item names, and the hub's own key (32 bytes).
custody::Verdict judge_custody(const ledger::Record& item, const std::vector<CustodyEntry>& entries,
                               const std::string& public_key);

class CustodyLog {
 public:
  /// @param signing_key Ed25519, 32 bytes.
  CustodyLog(Services& services, std::string signing_key)
      : services_(services), signing_key_(std::move(signing_key)) {}
  /// Before use: the public key.
  Result<> open();
  const std::string& public_key() const { return public_key_; }
  Result<std::string> sign(std::string_view bytes) const;

  using Entry = CustodyEntry;
  Result<std::vector<Entry>> entries_of(std::string_view item_id) const {
    return custody_entries(services_.ledger, item_id);
  }
  custody::Verdict judge(const ledger::Record& item, const std::vector<Entry>& entries) const {
    return judge_custody(item, entries, public_key_);
  }

  /// The first entry of an item that is about to be made: `item` gets its custody members.
  Result<CustodyStep> begin(ledger::Write item, const CustodyAct& act) const;
  /// The next entry. `names`: what the actor goes by for moves. `corrupt` (evidence.chain_broken) when the
  /// chain does not hold: then nothing is added to it. `conflict`, `denied`, `invalid` as custody::after()
  /// and workflow::check_move() say.
  Result<CustodyStep> step(const ledger::Record& item, const CustodyAct& act,
                           std::span<const std::string> names) const;

 private:
  Result<custody::Event> signed_event(const custody::Standing& standing, custody::Event draft) const;

  Services& services_;
  std::string signing_key_;
  std::string public_key_;
};

/// The state after an act, by what the chain then says and the state before.
std::string_view state_after(const custody::Standing& standing, custody::Action action,
                             std::string_view before);
/// What the first entry says of the bytes: binds the chain to them.
std::string digest_note(std::string_view sha256, std::string_view method);

}  // namespace phendau::hub

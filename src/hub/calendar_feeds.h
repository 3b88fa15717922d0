// SPDX-License-Identifier: Apache-2.0
// Secret addresses under which a calendar program reads its owner's deadlines without signing in. The ledger
// keeps the SHA-256 of the token only; one address per person, made anew or taken back at will. The token is
// the person: what it opens is asked of authorize() with the owner as actor. Thread-safe.
#pragma once

#include <string>

#include "hub/accounts.h"
#include "hub/services.h"

namespace phendau::hub {

inline constexpr std::size_t kFeedTokenBytes = 16;  // 128 bits: nobody guesses one

class CalendarFeeds {
 public:
  CalendarFeeds(Services& services, Accounts& accounts) : services_(services), accounts_(accounts) {}
  /// {active, made_at}: whether the actor has an address.
  Result<Json> state(const Actor& actor);
  /// A new address; the one before is void. {path, made_at}: shown once.
  Result<Json> make(const Actor& actor);
  Result<Json> revoke(const Actor& actor);
  /// Whose address this is; `not_found` when it is nobody's, taken back, or its owner is locked.
  Result<Actor> owner_of(std::string_view token, std::string_view from);

 private:
  Result<> write(const Actor& actor, std::string_view state, std::string_view token_hash,
                 std::string_view reason);

  Services& services_;
  Accounts& accounts_;
};

}  // namespace phendau::hub

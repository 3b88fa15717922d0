// SPDX-License-Identifier: Apache-2.0
// Things by the names that people write in tables: agencies, accounts and records of registers, found by id,
// by name, or by a name without accents, and named again for exports. A kind is read once, when it is first
// asked for. For one import or export; not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/active_pack.h"
#include "hub/services.h"

namespace phendau::hub {

/// What a person calls a record: its first telling member, else the first two things that every one has.
std::string record_name(const RegisterKind& kind, const Json& doc);

class RecordNames {
 public:
  RecordNames(Services& services, const Actor& actor) : services_(services), actor_(actor) {}

  struct Found {
    std::string id;        // empty: nothing, or several
    bool several = false;  // more than one thing is called so
  };
  /// `wanted` narrows what may be meant; empty: everything that the actor may know of.
  Result<Found> find(std::string_view kind, std::string_view text,
                     const std::function<bool(std::string_view)>& wanted = {});
  /// A name that find() takes back to this id; the id where there is none.
  Result<std::string> name(std::string_view kind, std::string_view id);
  /// A record that is about to be: later rows of a table may name it.
  Result<> add(std::string_view kind, std::string_view id, std::string_view name);
  /// For people: what the kind is called.
  std::string title(std::string_view kind) const;

 private:
  struct Things {
    std::unordered_map<std::string, std::string> name_of;            // by id
    std::unordered_map<std::string, std::vector<std::string>> ids;   // by name as written, without case
    std::unordered_map<std::string, std::vector<std::string>> like;  // without accents
    void add(std::string_view id, std::string_view name);
  };
  Result<Things*> things_of(std::string_view kind);

  Services& services_;
  const Actor& actor_;
  std::map<std::string, Things, std::less<>> kinds_;
};

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// What changes for people when one pack takes the place of another: clauses, parts, ways in which they are
// satisfied, parameters, registers that are new, gone or different, field by field. Called by `phendau pack
// diff`. Pure; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/texts.h"
#include "hub/pack.h"

namespace phendau::hub {

struct PackChange {
  enum class Kind : std::uint8_t { added, removed, changed } kind = Kind::changed;
  std::string area;   // clause, part, way, parameter, register
  std::string id;     // of a way: "PART: KIND REF"
  std::string title;  // in Vietnamese, as it is afterwards
  struct Field {
    std::string name;  // as in docs/packs.md
    Json before;
    Json after;
  };
  std::vector<Field> fields;  // of what changed
};
std::string_view to_string(PackChange::Kind kind);

/// By area, then in the order of the packs: what is gone stands last.
std::vector<PackChange> diff_packs(const Pack& before, const Pack& after);
/// {"from","to","changes":[{"change","area","id","title","fields":[{"field","before","after"}]}],"counts"}
Json to_json(const std::vector<PackChange>& changes, const Pack& before, const Pack& after);
/// The field's name for people; the name itself where it has none.
std::string field_title(Lang lang, const std::string& field);

}  // namespace phendau::hub

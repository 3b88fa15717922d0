// SPDX-License-Identifier: Apache-2.0
#include "ingest/member_names.h"

#include "ingest/row_writer.h"
#include "ingest/windows_fields.h"

namespace phendau::ingest {
MemberNames::Id MemberNames::id_of(std::string_view text) {
  const auto known = ids_.find(text);
  if (known != ids_.end()) return known->second;
  const auto id = static_cast<Id>(names_.size());
  const auto added = ids_.emplace(std::string(text), id).first;
  text_bytes_ += text.size();
  Name name;
  name.text = added->first;
  name.told = told_of_(text);
  name.inside = id;
  name.field = id;
  name.asked = asks_windows_field(text);
  names_.push_back(name);
  values_.emplace_back();
  // Sigma writes names without spaces ("Threat Name" is ThreatName); a batch gives some a meaning of its own.
  std::string other(text);
  std::erase(other, ' ');
  if (other != name.text) {
    const Id plain = id_of(other);
    names_[id].inside = plain;
    names_[id].field = names_[plain].field;
  } else if (is_reserved_field(other)) {
    const Id field = id_of(std::string(kReservedPrefix) + other);
    names_[id].field = field;
  }
  return id;
}

}  // namespace phendau::ingest

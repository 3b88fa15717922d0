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
  Name name;
  name.text = added->first;
  name.looked_up = is_looked_up_(text);
  name.plain = !is_reserved_field(text) && text.find(' ') == text.npos;
  name.asked = asks_windows_field(text);
  names_.push_back(name);
  values_.emplace_back();
  return id;
}

}  // namespace phendau::ingest

// SPDX-License-Identifier: Apache-2.0
#include "ingest/member_names.h"

#include "ingest/row_writer.h"
#include "ingest/windows_fields.h"

namespace phendau::ingest {
namespace {

/// Sigma writes names without spaces: "Threat Name" is ThreatName.
std::string without_spaces(std::string_view member) {
  std::string out(member);
  std::erase(out, ' ');
  return out;
}

}  // namespace

MemberNames::Id MemberNames::id_of(std::string_view text) {
  const auto known = ids_.find(text);
  if (known != ids_.end()) return known->second;
  const auto id = static_cast<Id>(names_.size());
  const auto added = ids_.emplace(std::string(text), id).first;
  Name name;
  name.text = added->first;
  std::string field = without_spaces(name.text);
  name.told = told_of_(field);
  name.asked = asks_windows_field(field);
  name.field = id;
  names_.push_back(name);
  values_.emplace_back();
  if (is_reserved_field(field)) field.insert(0, kReservedPrefix);
  if (field != name.text) {
    const Id other = id_of(field);
    names_[id].field = other;
  }
  return id;
}

}  // namespace phendau::ingest

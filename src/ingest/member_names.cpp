// SPDX-License-Identifier: Apache-2.0
#include "ingest/member_names.h"

#include "ingest/row_writer.h"
#include "ingest/windows_fields.h"

namespace phendau::ingest {
namespace {

/// Sigma writes names without spaces ("Threat Name" is ThreatName); a batch gives some a meaning of its own.
std::string field_name(std::string_view member) {
  std::string out(member);
  std::erase(out, ' ');
  return is_reserved_field(out) ? std::string(kReservedPrefix) + out : out;
}

}  // namespace

MemberNames::Id MemberNames::id_of(std::string_view text) {
  const auto known = ids_.find(text);
  if (known != ids_.end()) return known->second;
  const auto id = static_cast<Id>(names_.size());
  const auto added = ids_.emplace(std::string(text), id).first;
  Name name;
  name.text = added->first;
  name.told = told_of_(text);
  name.field = id;
  name.asked = asks_windows_field(text);
  names_.push_back(name);
  values_.emplace_back();
  if (const std::string of_field = field_name(name.text); of_field != name.text) {
    const Id field = id_of(of_field);
    names_[id].field = field;
  }
  return id;
}

}  // namespace phendau::ingest

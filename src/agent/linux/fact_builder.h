// SPDX-License-Identifier: Apache-2.0
// Builds a fact of one row: each field is set, or named as unreadable with the reason. Shared by the
// collectors of this folder. One thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "agent/linux/facts.h"
#include "base/json.h"

namespace phendau::agent {

inline Fact start_fact(std::string_view kind, const CollectContext& context) {
  Fact fact;
  fact.kind = std::string(kind);
  fact.collected_at = context.now;
  fact.valid_for = hours(24);
  return fact;
}

class FactBuilder {
 public:
  FactBuilder(std::string_view kind, const CollectContext& context)
      : fact_(start_fact(kind, context)), row_(Json::object()) {}
  void set(std::string_view field, Json value) { row_.set(field, std::move(value)); }
  void unreadable(std::string_view field, std::string reason) {
    fact_.unreadable.emplace_back(std::string(field), std::move(reason));
  }
  void unreadable(std::initializer_list<std::string_view> fields, const std::string& reason) {
    for (const auto field : fields) unreadable(field, reason);
  }
  Fact finish() {
    fact_.rows.push_back(std::move(row_));
    return std::move(fact_);
  }

 private:
  Fact fact_;
  Json row_;
};

inline double age_days(const CollectContext& context, UtcTime at) {
  const double days_old = static_cast<double>((context.now - at).ns) / static_cast<double>(days(1).ns);
  return static_cast<double>(static_cast<std::int64_t>(days_old * 10)) / 10;  // one digit says enough
}

inline bool contains_name(const std::vector<std::string>& names, std::string_view name) {
  for (const auto& other : names) {
    // The kernel keeps 15 letters of a process name.
    if (other == name || (name.size() > 15 && other == name.substr(0, 15))) return true;
  }
  return false;
}

/// Version of an installed package by /var/lib/dpkg/status; "" if not installed, an error if dpkg's list is
/// unreadable.
Result<std::string> dpkg_version(const std::string& status_text, std::string_view package);

}  // namespace phendau::agent

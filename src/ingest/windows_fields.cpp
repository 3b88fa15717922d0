// SPDX-License-Identifier: Apache-2.0
#include "ingest/windows_fields.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/text.h"
#include "ingest/row_writer.h"

namespace phendau::ingest {
namespace {

/// Sysmon's and our own; only where the row does not have the field yet.
void add_missing(BatchBuilder& builder, std::string_view field, std::string_view value,
                 ValueKind kind = ValueKind::text) {
  if (!value.empty() && builder.current(field).empty()) builder.add(field, value, kind);
}

/// "0x18b8" as a decimal number; empty if it is none.
std::string decimal(std::string_view hex) {
  if (!hex.starts_with("0x")) return {};
  std::uint64_t value = 0;
  const auto done = std::from_chars(hex.data() + 2, hex.data() + hex.size(), value, 16);
  return done.ec == std::errc() && done.ptr == hex.data() + hex.size() ? std::to_string(value)
                                                                       : std::string();
}

void add_process_creation(BatchBuilder& builder, ZoneOffset) {
  const std::string_view name = builder.current("SubjectUserName");
  const std::string_view domain = builder.current("SubjectDomainName");
  const bool has_domain = !domain.empty() && domain != "-";
  if (!name.empty() && name != "-") {
    add_missing(builder, "User", has_domain ? fmt::format("{}\\{}", domain, name) : std::string(name));
  }
  add_missing(builder, "IntegrityLevel", integrity_level(builder.current("MandatoryLabel")));
  add_missing(builder, "NewProcessNumber", decimal(builder.current("NewProcessId")), ValueKind::integer);
  add_missing(builder, "CreatorProcessNumber", decimal(builder.current("ProcessId")), ValueKind::integer);
}

void add_registry_value(BatchBuilder& builder, ZoneOffset) {
  const std::string_view object = builder.current("ObjectName");
  if (object.empty()) return;
  const std::string_view value = builder.current("ObjectValueName");
  const bool has_value = !value.empty() && value != "-";
  add_missing(builder, "TargetObject",
              has_value ? fmt::format("{}\\{}", registry_path(object), value) : registry_path(object));
}

void add_direction(BatchBuilder& builder, ZoneOffset) {
  const std::string direction(builder.current("Direction"));  // adding moves what it shows
  if (direction == "%%14593") add_missing(builder, "Initiated", "true", ValueKind::boolean);
  if (direction == "%%14592") add_missing(builder, "Initiated", "false", ValueKind::boolean);
}

/// What is added to events of a number.
struct Addition {
  std::string_view event_id;
  void (*add)(BatchBuilder& builder, ZoneOffset zone);
};
constexpr Addition kAdditions[] = {{"4688", add_process_creation},
                                   {"4657", add_registry_value},
                                   {"5156", add_direction},
                                   {"4624", add_local_time},
                                   {"4625", add_local_time}};

const Addition* addition_of(std::string_view event_id) {
  for (const auto& one : kAdditions) {
    if (equal_bytes(one.event_id, event_id)) return &one;
  }
  return nullptr;
}

}  // namespace

std::string registry_path(std::string_view object) {
  struct Root {
    std::string_view native;
    std::string_view short_name;
  };
  static constexpr Root kRoots[] = {{R"(\REGISTRY\MACHINE)", "HKLM"}, {R"(\REGISTRY\USER)", "HKU"}};
  for (const auto& root : kRoots) {
    if (!starts_with_ignore_case_ascii(object, root.native)) continue;
    const std::string_view rest = object.substr(root.native.size());
    if (rest.empty() || rest[0] == '\\') return fmt::format("{}{}", root.short_name, rest);
  }
  return std::string(object);
}

std::string_view integrity_level(std::string_view sid) {
  if (sid == "S-1-16-0") return "Untrusted";
  if (sid == "S-1-16-4096") return "Low";
  if (sid == "S-1-16-8192") return "Medium";
  if (sid == "S-1-16-8448") return "Medium Plus";
  if (sid == "S-1-16-12288") return "High";
  if (sid == "S-1-16-16384") return "System";
  if (sid == "S-1-16-20480") return "Protected Process";
  return {};
}

bool has_windows_fields(std::string_view event_id) { return addition_of(event_id) != nullptr; }

bool asks_windows_field(std::string_view field) {
  static constexpr std::string_view kAsked[] = {
      "EventID",        "SubjectUserName",  "SubjectDomainName", "MandatoryLabel", "NewProcessId",
      "ProcessId",      "ObjectName",       "ObjectValueName",   "Direction",      "User",
      "IntegrityLevel", "NewProcessNumber", "TargetObject",      "Initiated",      "CreatorProcessNumber",
  };
  return std::find(std::begin(kAsked), std::end(kAsked), field) != std::end(kAsked);
}

void add_windows_fields(BatchBuilder& builder, ZoneOffset zone) {
  if (const Addition* addition = addition_of(builder.current("EventID"))) addition->add(builder, zone);
}

}  // namespace phendau::ingest

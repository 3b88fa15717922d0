// SPDX-License-Identifier: Apache-2.0
#include "detect/testing/batches.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/time.h"

namespace phendau::detect::testing {
namespace {

void add_field(BatchBuilder& builder, const std::string& name, const Json& value) {
  if (value.is_object()) {
    for (const auto& member : value.members()) add_field(builder, name + "." + member.first, member.second);
  } else if (value.is_array()) {
    for (const auto& item : value.items()) add_field(builder, name, item);
  } else if (value.is_string()) {
    builder.add(name, value.as_string());
  } else if (value.is_null()) {
    builder.add(name, "", ValueKind::null);
  } else {
    const ValueKind kind = value.is_bool()  ? ValueKind::boolean
                           : value.is_int() ? ValueKind::integer
                                            : ValueKind::real;
    builder.add(name, value.dump(), kind);
  }
}

}  // namespace

Batch batch_of(const std::vector<Json>& rows, std::string_view logsource) {
  constexpr std::string_view kSystem[] = {"logsource", "source", "host", "agency", "time", "raw"};
  BatchBuilder builder("test");
  UtcTime next = parse_rfc3339("2026-11-24T00:00:00Z").value();
  for (const auto& object : rows) {
    BatchBuilder::Row row;
    const std::string key = object["logsource"].string_or(logsource);
    if (object.contains("time")) next = parse_rfc3339(object["time"].as_string()).value();
    row.event_time = next;
    row.received_time = next;
    next = next + seconds(1);
    row.logsource = key;
    row.source = object["source"].as_string();
    row.host = object["host"].as_string();
    row.agency = object["agency"].as_string();
    row.raw = object["raw"].as_string();
    builder.begin_row(row);
    for (const auto& member : object.members()) {
      if (std::find(std::begin(kSystem), std::end(kSystem), member.first) == std::end(kSystem)) {
        add_field(builder, member.first, member.second);
      }
    }
  }
  return builder.finish();
}

Batch batch_of_text(const std::vector<std::string>& rows, std::string_view logsource) {
  std::vector<Json> objects;
  for (const auto& row : rows) {
    auto parsed = parse_json(row);
    if (!parsed) std::fprintf(stderr, "test data: %s: %s\n", parsed.error().message.c_str(), row.c_str());
    objects.push_back(std::move(parsed).value());
  }
  return batch_of(objects, logsource);
}

std::string read_text_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace phendau::detect::testing

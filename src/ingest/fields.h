// SPDX-License-Identifier: Apache-2.0
// The fixed fields of syslog-like rows (docs/reference/fields.md), a small list of them without heap, and
// their column indices in the batch under construction. Internal to ingest; plain values, one thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/batch.h"

namespace phendau::ingest {

enum class Field : std::uint8_t {
  none,
  facility,
  severity,
  program,
  pid,
  msgid,
  message,
  relay_host,
  relay_program,
  peer_address,
  input_channel,
  action,
  outcome,
  user,
  target_user,
  user_known,
  source_ip,
  source_port,
  source_name,
  method,
  key_fingerprint,
  command,
  tty,
  working_directory,
  uid,
  gid,
  group,
  groups,
  home,
  shell,
  repeat_count,
  session_id,
  usb_port,
  device_serial,
  local_hour,
  local_weekday,
  count,
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::count);
std::string_view to_string(Field field);

struct FieldValue {
  Field field = Field::none;
  ValueKind kind = ValueKind::text;
  std::string_view value;
};

/// More than any message form has; further values are dropped.
inline constexpr std::size_t kFieldListMax = 24;

class FieldList {
 public:
  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }
  std::size_t size() const { return size_; }
  void add(Field field, std::string_view value, ValueKind kind = ValueKind::text) {
    if (size_ < items_.size()) items_[size_++] = {field, kind, value};
  }
  FieldValue* find(Field field) {
    for (std::size_t i = 0; i < size_; ++i) {
      if (items_[i].field == field) return &items_[i];
    }
    return nullptr;
  }
  /// Value of the field; empty if it is not there.
  std::string_view text(Field field) {
    const FieldValue* found = find(field);
    return found == nullptr ? std::string_view() : found->value;
  }
  std::span<const FieldValue> items() const { return {items_.data(), size_}; }

 private:
  std::array<FieldValue, kFieldListMax> items_;
  std::size_t size_ = 0;
};

/// integer if the text is a decimal number as we would write it ("022" is text), so that the bytes stay as
/// they were.
ValueKind number_kind(std::string_view text);

/// Resolves each fixed field once per batch and only when a row has it: a column that no row uses does not
/// exist.
class FieldColumns {
 public:
  /// Call before each row.
  void follow(const BatchBuilder& builder) {
    if (builder.rows() != rows_ || &builder != builder_ || rows_ == 0) columns_.fill(kUnresolved);
    builder_ = &builder;
    rows_ = builder.rows() + 1;
  }
  void add(BatchBuilder& builder, Field field, std::string_view value, ValueKind kind = ValueKind::text) {
    std::size_t& column = columns_[static_cast<std::size_t>(field)];
    if (column == kUnresolved) column = builder.column_index(to_string(field));
    builder.add(column, value, kind);
  }

 private:
  static constexpr std::size_t kUnresolved = static_cast<std::size_t>(-2);
  std::array<std::size_t, kFieldCount> columns_{};
  const BatchBuilder* builder_ = nullptr;
  std::uint32_t rows_ = 0;
};

}  // namespace phendau::ingest

// SPDX-License-Identifier: Apache-2.0
#include "model/batch.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/hash.h"
#include "base/text.h"

namespace phendau {
namespace {
constexpr std::size_t kSystemColumns = 5;
constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);
constexpr std::size_t kSlotsMin = 16;

std::uint32_t hash_value(std::string_view bytes, ValueKind kind) {
  return static_cast<std::uint32_t>(hash64(bytes, static_cast<std::uint64_t>(kind) + 1));
}
}  // namespace

std::size_t Dictionary::slot_of(std::string_view bytes, ValueKind kind, std::uint32_t hash) const {
  if (slots_.empty()) return kNoSlot;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    if (slots_[at] == 0) return at;
    if (slots_[at] >> 32 != hash) continue;
    const ValueId id = static_cast<ValueId>(slots_[at]) - 1;
    if (kinds_[id] == kind && text(id) == bytes) return at;
  }
}

ValueId Dictionary::find(std::string_view bytes, ValueKind kind) const {
  const std::size_t at = slot_of(bytes, kind, hash_value(bytes, kind));
  return at == kNoSlot || slots_[at] == 0 ? kAbsent : static_cast<ValueId>(slots_[at]) - 1;
}

void Dictionary::grow(std::size_t slots) {
  const auto before = std::exchange(slots_, {});
  slots_.assign(slots, 0);
  const std::size_t mask = slots_.size() - 1;
  for (const std::uint64_t slot : before) {
    if (slot == 0) continue;
    std::size_t at = (slot >> 32) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

void Dictionary::reserve(std::size_t values, std::size_t bytes) {
  bytes_.reserve(bytes);
  ends_.reserve(values);
  kinds_.reserve(values);
  const std::size_t slots = std::bit_ceil(std::max(values * 2, kSlotsMin));
  if (slots > slots_.size()) grow(slots);
}

ValueId Dictionary::intern(std::string_view bytes, ValueKind kind) {
  const std::uint32_t hash = hash_value(bytes, kind);
  std::size_t at = slot_of(bytes, kind, hash);
  if (at != kNoSlot && slots_[at] != 0) return static_cast<ValueId>(slots_[at]) - 1;
  if ((ends_.size() + 1) * 2 > slots_.size()) {
    grow(std::max(slots_.size() * 2, kSlotsMin));
    at = slot_of(bytes, kind, hash);
  }
  const ValueId id = size();
  bytes_ += bytes;
  ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  kinds_.push_back(kind);
  slots_[at] = std::uint64_t{hash} << 32 | (id + 1);
  return id;
}

std::string_view to_string(TimeQuality quality) {
  switch (quality) {
    case TimeQuality::exact:
      return "exact";
    case TimeQuality::zone_assumed:
      return "zone_assumed";
    case TimeQuality::year_assumed:
      return "year_assumed";
    case TimeQuality::received:
      return "received";
    case TimeQuality::skewed:
      return "skewed";
  }
  return "received";
}

LogSource LogSource::from_key(std::string_view key) {
  const auto parts = split(key, '/');
  LogSource out;
  if (parts.size() == 3) {
    out.product = parts[0];
    out.category = parts[1];
    out.service = parts[2];
  }
  return out;
}

std::string_view Batch::raw(std::uint32_t row) const {
  const std::size_t begin = row == 0 ? 0 : raw_ends_[row - 1];
  return std::string_view(raw_).substr(begin, raw_ends_[row] - begin);
}

const Column* Batch::column(std::string_view name) const {
  for (const auto& column : columns_) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

UtcTime Batch::event_time_min() const { return *std::min_element(event_time_.begin(), event_time_.end()); }
UtcTime Batch::event_time_max() const { return *std::max_element(event_time_.begin(), event_time_.end()); }
UtcTime Batch::received_time_min() const {
  return *std::min_element(received_time_.begin(), received_time_.end());
}
UtcTime Batch::received_time_max() const {
  return *std::max_element(received_time_.begin(), received_time_.end());
}

BatchBuilder::BatchBuilder(std::string shape) { begin(std::move(shape)); }

void BatchBuilder::begin(std::string shape) {
  batch_ = Batch();
  batch_.shape_ = std::move(shape);
  index_.clear();
  size_bytes_ = 0;
  dropped_fields_ = 0;
  for (const std::string_view name :
       {kSourceColumn, kHostColumn, kAgencyColumn, kLogsourceColumn, kParseErrorColumn}) {
    column_index(name);
  }
}

/// Before columns and cells are used up: the next row may bring as many columns as one record has, and must
/// not go without because of what stood in rows before.
bool BatchBuilder::full() const {
  constexpr std::size_t kColumnsOfRow = kBatchColumnsMax / 2;
  const std::size_t columns = batch_.columns_.size() + kColumnsOfRow;
  return rows() >= kBatchRowsMax || size_bytes_ >= kBatchBytesMax || columns > kBatchColumnsMax ||
         (rows() + 1) * columns > kBatchCellsMax;
}

void BatchBuilder::begin_row(const Row& row) {
  batch_.event_time_.push_back(row.event_time);
  batch_.received_time_.push_back(row.received_time);
  batch_.time_quality_.push_back(row.time_quality);
  batch_.raw_ += row.raw;
  batch_.raw_ends_.push_back(static_cast<std::uint32_t>(batch_.raw_.size()));
  size_bytes_ += row.raw.size() + 24;
  const std::string_view system[kSystemColumns] = {row.source, row.host, row.agency, row.logsource,
                                                   row.parse_error};
  for (std::size_t i = 0; i < kSystemColumns; ++i) {
    if (!system[i].empty()) add(i, system[i]);
  }
}

std::size_t BatchBuilder::column_index(std::string_view field) {
  const auto found = index_.find(field);
  if (found != index_.end()) return found->second;
  if (batch_.columns_.size() >= kBatchColumnsMax) return kNoColumn;
  const std::size_t at = batch_.columns_.size();
  Column& column = batch_.columns_.emplace_back();
  column.name = field;
  index_.emplace(std::string(field), at);
  const auto expected = expected_.find(field);
  if (expected != expected_.end()) {
    column.values.reserve(expected->second.values, expected->second.bytes);
    column.ids.reserve(expected_rows_);
  }
  return at;
}

void BatchBuilder::add(std::string_view field, std::string_view value, ValueKind kind) {
  if (field.empty()) return;
  add(column_index(field), value, kind);
}

void BatchBuilder::add(std::size_t column, std::string_view value, ValueKind kind) {
  add_known(column, intern(column, value, kind));
}

ValueId BatchBuilder::intern(std::size_t column, std::string_view value, ValueKind kind) {
  if (column == kNoColumn) return kAbsent;
  Dictionary& values = batch_.columns_[column].values;
  // Mostly a row has what the row before has.
  const auto& ids = batch_.columns_[column].ids;
  const ValueId last = ids.empty() ? kAbsent : ids.back();
  if (last != kAbsent && values.kind(last) == kind && values.text(last) == value) return last;
  const std::size_t before = values.size_bytes();
  const ValueId id = values.intern(value, kind);
  size_bytes_ += values.size_bytes() - before;
  return id;
}

void BatchBuilder::set_projected(bool may_hold_keyword) {
  PHENDAU_ASSERT(rows() == 1 || batch_.is_projected_);
  batch_.is_projected_ = true;
  if (may_hold_keyword) batch_.keyword_rows_.push_back(rows() - 1);
}

void BatchBuilder::add_known(std::size_t column, ValueId id) {
  PHENDAU_ASSERT(rows() > 0);
  if (column == kNoColumn) {
    ++dropped_fields_;
    return;
  }
  Column& target = batch_.columns_[column];
  const std::uint32_t row = rows() - 1;
  if (target.ids.size() > row) {
    target.more.push_back({row, id});
    size_bytes_ += sizeof(Column::More);
    return;
  }
  if (target.ids.size() < row) target.ids.resize(row, kAbsent);
  target.ids.push_back(id);
}

std::string_view BatchBuilder::current(std::string_view field) const {
  const auto found = index_.find(field);
  if (found == index_.end() || rows() == 0) return {};
  const Column& column = batch_.columns_[found->second];
  return column.ids.size() == rows() ? column.text(rows() - 1) : std::string_view();
}

Batch BatchBuilder::finish() {
  expected_.clear();
  expected_rows_ = rows();
  for (auto& column : batch_.columns_) {
    column.ids.resize(rows(), kAbsent);
    expected_[column.name] = {column.values.size(), column.values.size_bytes()};
  }
  Batch done = std::move(batch_);
  begin(done.shape_);
  return done;
}

}  // namespace phendau

// SPDX-License-Identifier: Apache-2.0
// Per column: dictionary (kinds, lengths, bytes), then ids, dense in 1, 2 or 4 bytes or as (row, id) pairs
// where few rows have the field, then the further values. The decoder checks each count against the bytes
// that are left before it takes memory.
#include "store/journal/batch_codec.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

namespace phendau::journal {
namespace {

constexpr std::uint16_t kBatchVersion = 1;
constexpr std::uint8_t kSparse = 0;  // else the width of an id in bytes
constexpr std::size_t kSystemColumns = 5;
constexpr std::uint32_t kSparseShare = 8;  // sparse when fewer than one row in eight has the field

std::unexpected<Error> corrupt(const ByteReader& reader, std::string_view what) {
  return fail(ErrorCode::corrupt, fmt::format("{} at offset {} of the payload", what, reader.offset()));
}

template <class T>
void put_ids(std::string& out, const std::vector<ValueId>& ids) {
  const std::size_t at = out.size();
  out.resize(at + ids.size() * sizeof(T));
  char* to = out.data() + at;
  for (const ValueId id : ids) {
    const T narrow = static_cast<T>(id);  // kAbsent becomes all ones in every width
    std::memcpy(to, &narrow, sizeof narrow);
    to += sizeof narrow;
  }
}

template <class T>
void get_ids(std::string_view bytes, std::vector<ValueId>& ids) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    T narrow;
    std::memcpy(&narrow, bytes.data() + i * sizeof(T), sizeof narrow);
    ids[i] = narrow == static_cast<T>(-1) ? kAbsent : narrow;
  }
}

Result<> decode_values(ByteReader& reader, ColumnView& out) {
  const auto distinct = reader.get<std::uint32_t>();
  if (std::uint64_t{distinct} * 5 > reader.remaining())
    return corrupt(reader, "a dictionary longer than its block");
  out.values.reserve(distinct);
  out.kinds.reserve(distinct);
  for (const char kind : reader.take(distinct)) {
    if (static_cast<std::uint8_t>(kind) > static_cast<std::uint8_t>(ValueKind::null)) {
      return corrupt(reader, "an unknown kind of value");
    }
    out.kinds.push_back(static_cast<ValueKind>(kind));
  }
  ByteReader lengths(reader.take(std::size_t{distinct} * 4));
  for (std::uint32_t i = 0; i < distinct; ++i)
    out.values.push_back(reader.take(lengths.get<std::uint32_t>()));
  if (!reader.ok()) return corrupt(reader, "a value that ends after its block");
  return {};
}

Result<> decode_ids(ByteReader& reader, std::uint32_t rows, ColumnView& out) {
  const auto width = reader.get<std::uint8_t>();
  out.ids.assign(rows, kAbsent);
  if (width == kSparse) {
    const auto count = reader.get<std::uint32_t>();
    if (count > rows) return corrupt(reader, "more ids than rows");
    ByteReader pairs(reader.take(std::size_t{count} * 8));
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      const auto row = pairs.get<std::uint32_t>();
      if (row >= rows) return corrupt(reader, "an id for a row that does not exist");
      out.ids[row] = pairs.get<std::uint32_t>();
    }
  } else if (width == 1 || width == 2 || width == 4) {
    const std::string_view bytes = reader.take(std::size_t{rows} * width);
    if (!reader.ok()) return corrupt(reader, "ids that end after their block");
    if (width == 1) get_ids<std::uint8_t>(bytes, out.ids);
    if (width == 2) get_ids<std::uint16_t>(bytes, out.ids);
    if (width == 4) get_ids<std::uint32_t>(bytes, out.ids);
  } else {
    return corrupt(reader, "an unknown width of ids");
  }
  if (!reader.ok()) return corrupt(reader, "ids that end after their block");
  for (const ValueId id : out.ids) {
    if (id != kAbsent && id >= out.values.size()) return corrupt(reader, "an id without a value");
  }
  return {};
}

Result<> decode_more(ByteReader& reader, std::uint32_t rows, ColumnView& out) {
  const auto count = reader.get<std::uint32_t>();
  if (std::uint64_t{count} * 8 > reader.remaining()) return corrupt(reader, "more further values than bytes");
  out.more.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Column::More more{reader.get<std::uint32_t>(), reader.get<std::uint32_t>()};
    const bool sorted = out.more.empty() || out.more.back().row <= more.row;
    if (more.row >= rows || more.id >= out.values.size() || !sorted || out.ids[more.row] == kAbsent) {
      return corrupt(reader, "a further value in a wrong place");
    }
    out.more.push_back(more);
  }
  if (!reader.ok()) return corrupt(reader, "further values that end after their block");
  return {};
}

Result<RowParts> decode_rows(ByteReader& reader, std::uint32_t rows) {
  if (rows == 0 || rows > kBatchRowsMax) return corrupt(reader, "a number of rows outside 1 to 65,536");
  RowParts out;
  if (std::uint64_t{rows} * 21 > reader.remaining()) return corrupt(reader, "fewer bytes than rows need");
  for (std::uint32_t i = 0; i < rows; ++i) out.event_time.push_back({reader.get<std::int64_t>()});
  for (std::uint32_t i = 0; i < rows; ++i) out.received_time.push_back({reader.get<std::int64_t>()});
  for (std::uint32_t i = 0; i < rows; ++i) {
    const auto quality = reader.get<std::uint8_t>();
    if (quality > static_cast<std::uint8_t>(TimeQuality::skewed))
      return corrupt(reader, "an unknown time quality");
    out.time_quality.push_back(static_cast<TimeQuality>(quality));
  }
  ByteReader lengths(reader.take(std::size_t{rows} * 4));
  for (std::uint32_t i = 0; i < rows; ++i) out.raw.push_back(reader.take(lengths.get<std::uint32_t>()));
  if (!reader.ok()) return corrupt(reader, "raw bytes that end after the payload");
  return out;
}

}  // namespace

void encode_column(std::string& out, const Column& column) {
  put_text(out, column.name);
  const std::uint32_t distinct = column.values.size();
  put(out, distinct);
  for (ValueId id = 0; id < distinct; ++id) out += static_cast<char>(column.values.kind(id));
  for (ValueId id = 0; id < distinct; ++id)
    put(out, static_cast<std::uint32_t>(column.values.text(id).size()));
  for (ValueId id = 0; id < distinct; ++id) out += column.values.text(id);
  const auto present =
      static_cast<std::uint32_t>(column.ids.size() - static_cast<std::size_t>(std::count(
                                                         column.ids.begin(), column.ids.end(), kAbsent)));
  if (std::uint64_t{present} * kSparseShare < column.ids.size()) {
    out += static_cast<char>(kSparse);
    put(out, present);
    for (std::uint32_t row = 0; row < column.ids.size(); ++row) {
      if (column.ids[row] == kAbsent) continue;
      put(out, row);
      put(out, column.ids[row]);
    }
  } else if (distinct < 0xFF) {
    out += '\1';
    put_ids<std::uint8_t>(out, column.ids);
  } else if (distinct < 0xFFFF) {
    out += '\2';
    put_ids<std::uint16_t>(out, column.ids);
  } else {
    out += '\4';
    put_ids<std::uint32_t>(out, column.ids);
  }
  put(out, static_cast<std::uint32_t>(column.more.size()));
  for (const auto& more : column.more) {
    put(out, more.row);
    put(out, more.id);
  }
}

Result<ColumnView> decode_column(ByteReader& reader, std::uint32_t rows) {
  ColumnView out;
  out.name = reader.text();
  if (!reader.ok() || out.name.empty()) return corrupt(reader, "a column without a name");
  PHENDAU_TRY(decode_values(reader, out));
  PHENDAU_TRY(decode_ids(reader, rows, out));
  PHENDAU_TRY(decode_more(reader, rows, out));
  return out;
}

void encode_batch(std::string& out, const Batch& batch) {
  PHENDAU_ASSERT(!batch.is_projected());  // what nobody reads now may be asked for later
  const std::uint32_t rows = batch.rows();
  out.reserve(out.size() + batch.raw_bytes() + std::size_t{rows} * (21 + 2 * batch.columns().size()) + 4096);
  put(out, kBatchVersion);
  put_text(out, batch.shape());
  put(out, rows);
  for (std::uint32_t row = 0; row < rows; ++row) put(out, batch.event_time(row).ns);
  for (std::uint32_t row = 0; row < rows; ++row) put(out, batch.received_time(row).ns);
  for (std::uint32_t row = 0; row < rows; ++row) out += static_cast<char>(batch.time_quality(row));
  for (std::uint32_t row = 0; row < rows; ++row) put(out, static_cast<std::uint32_t>(batch.raw(row).size()));
  for (std::uint32_t row = 0; row < rows; ++row) out += batch.raw(row);
  put(out, static_cast<std::uint32_t>(batch.columns().size()));
  for (const auto& column : batch.columns()) encode_column(out, column);
}

Result<Batch> decode_batch(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.get<std::uint16_t>() != kBatchVersion) return corrupt(reader, "an unknown batch version");
  const std::string_view shape = reader.text();
  const auto row_count = reader.get<std::uint32_t>();
  if (!reader.ok()) return corrupt(reader, "a cut batch header");
  const RowParts rows = PHENDAU_TRY(decode_rows(reader, row_count));
  const auto column_count = reader.get<std::uint32_t>();
  if (!reader.ok() || column_count > kBatchColumnsMax) return corrupt(reader, "too many columns");
  std::vector<ColumnView> columns;
  std::unordered_set<std::string_view> names;
  std::size_t cells = 0;
  for (std::uint32_t i = 0; i < column_count; ++i) {
    columns.push_back(PHENDAU_TRY(decode_column(reader, row_count)));
    if (!names.insert(columns.back().name).second) return corrupt(reader, "two columns of one name");
    // Sparse columns are small on disk and large in memory: bound what hostile bytes can make us hold.
    cells += row_count;
    if (cells > kBatchCellsMax) return corrupt(reader, "too many cells");
  }
  if (!reader.at_end()) return corrupt(reader, "bytes after the last column");
  return assemble(shape, rows, columns);
}

Batch assemble(std::string_view shape, const RowParts& rows, const std::vector<ColumnView>& columns,
               const RowSet* only) {
  BatchBuilder builder{std::string(shape)};
  std::vector<std::size_t> targets;
  std::vector<std::size_t> next_more(columns.size(), 0);
  targets.reserve(columns.size());
  for (const auto& column : columns) targets.push_back(builder.column_index(column.name));
  for (std::uint32_t row = 0; row < rows.event_time.size(); ++row) {
    if (only != nullptr && !only->contains(row)) continue;
    BatchBuilder::Row parts;
    parts.event_time = rows.event_time[row];
    parts.received_time = rows.received_time[row];
    parts.time_quality = rows.time_quality[row];
    if (!rows.raw.empty()) parts.raw = rows.raw[row];
    builder.begin_row(parts);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const ColumnView& column = columns[i];
      if (column.ids[row] == kAbsent) continue;
      builder.add(targets[i], column.values[column.ids[row]], column.kinds[column.ids[row]]);
      std::size_t& more = next_more[i];
      while (more < column.more.size() && column.more[more].row < row) ++more;
      for (; more < column.more.size() && column.more[more].row == row; ++more) {
        builder.add(targets[i], column.values[column.more[more].id], column.kinds[column.more[more].id]);
      }
    }
  }
  return builder.finish();
}

void copy_row(const Batch& from, std::uint32_t row, BatchBuilder& to) {
  to.begin_row({.event_time = from.event_time(row),
                .received_time = from.received_time(row),
                .time_quality = from.time_quality(row),
                .source = {},
                .host = {},
                .agency = {},
                .logsource = {},
                .parse_error = {},
                .raw = from.raw(row)});
  for (std::size_t i = 0; i < from.columns().size(); ++i) {
    const Column& column = from.columns()[i];
    if (!column.has(row)) continue;
    const std::size_t target = i < kSystemColumns ? i : to.column_index(column.name);
    to.add(target, column.text(row), column.values.kind(column.ids[row]));
    for (const auto& more : column.more_of(row)) {
      to.add(target, column.values.text(more.id), column.values.kind(more.id));
    }
  }
}

}  // namespace phendau::journal

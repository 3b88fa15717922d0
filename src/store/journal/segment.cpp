// SPDX-License-Identifier: Apache-2.0
// Layout: header, per row group its blocks (keys, columns, raw, filters), then the index and a fixed trailer
// that says where the index begins. Times are deltas and refs are deltas, so that zstd sees small numbers.
#include "store/journal/segment.h"

#include <algorithm>

#include <fmt/format.h>

#include "store/journal/batch_codec.h"
#include "store/journal/bytes.h"
#include "store/journal/compress.h"
#include "store/journal/limits.h"

namespace phendau::journal {
namespace {

constexpr std::string_view kHeaderMagic = "PDJS";
constexpr std::string_view kTrailerMagic = "PDJT";
constexpr std::size_t kHeaderBytes = 8;    // magic, version, reserved
constexpr std::size_t kTrailerBytes = 32;  // magic, version, reserved, index offset, index size, checksum
constexpr std::uint64_t kIndexBytesMax = 1u << 30;

void put_place(std::string& out, const BlockPlace& place) {
  put(out, place.offset_bytes);
  put(out, place.size_bytes);
  put(out, place.unpacked_bytes);
  put(out, place.checksum);
}
BlockPlace get_place(ByteReader& reader) {
  BlockPlace out;
  out.offset_bytes = reader.get<std::uint64_t>();
  out.size_bytes = reader.get<std::uint32_t>();
  out.unpacked_bytes = reader.get<std::uint32_t>();
  out.checksum = reader.get<std::uint64_t>();
  return out;
}

std::string encode_keys(const Batch& rows, const std::vector<EventRef>& refs) {
  std::string out;
  EventRef before;
  for (const EventRef& ref : refs) {
    put_varint(out, zigzag(static_cast<std::int64_t>(ref.frame - before.frame)));
    put_varint(out, zigzag(std::int64_t{ref.row} - std::int64_t{before.row}));
    before = ref;
  }
  std::int64_t event = 0;
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    const std::int64_t now = rows.event_time(row).ns;
    put_varint(out, zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(now) -
                                                     static_cast<std::uint64_t>(event))));
    event = now;
  }
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    put_varint(out, zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(rows.received_time(row).ns) -
                                                     static_cast<std::uint64_t>(rows.event_time(row).ns))));
  }
  for (std::uint32_t row = 0; row < rows.rows(); ++row) out += static_cast<char>(rows.time_quality(row));
  return out;
}

struct Keys {
  std::vector<EventRef> refs;
  RowParts parts;
};

std::int64_t add_wrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

Result<Keys> decode_keys(std::string_view bytes, std::uint32_t rows) {
  ByteReader reader(bytes);
  Keys out;
  EventRef ref;
  for (std::uint32_t i = 0; i < rows && reader.ok(); ++i) {
    ref.frame += static_cast<std::uint64_t>(unzigzag(reader.varint()));
    const std::int64_t row = add_wrapping(ref.row, unzigzag(reader.varint()));
    if (row < 0 || row >= std::int64_t{kBatchRowsMax})
      return fail(ErrorCode::corrupt, "an event has an impossible row");
    ref.row = static_cast<std::uint32_t>(row);
    out.refs.push_back(ref);
  }
  std::int64_t event = 0;
  for (std::uint32_t i = 0; i < rows && reader.ok(); ++i) {
    event = add_wrapping(event, unzigzag(reader.varint()));
    out.parts.event_time.push_back({event});
  }
  for (std::uint32_t i = 0; i < rows && reader.ok(); ++i) {
    out.parts.received_time.push_back({add_wrapping(out.parts.event_time[i].ns, unzigzag(reader.varint()))});
  }
  for (std::uint32_t i = 0; i < rows && reader.ok(); ++i) {
    const auto quality = reader.get<std::uint8_t>();
    if (quality > static_cast<std::uint8_t>(TimeQuality::skewed))
      return fail(ErrorCode::corrupt, "an unknown time quality");
    out.parts.time_quality.push_back(static_cast<TimeQuality>(quality));
  }
  if (!reader.at_end()) return fail(ErrorCode::corrupt, "the keys do not fill their block");
  return out;
}

std::string encode_raw(const Batch& rows) {
  std::string out;
  for (std::uint32_t row = 0; row < rows.rows(); ++row)
    put(out, static_cast<std::uint32_t>(rows.raw(row).size()));
  for (std::uint32_t row = 0; row < rows.rows(); ++row) out += rows.raw(row);
  return out;
}

Result<> decode_raw(std::string_view bytes, std::uint32_t rows, RowParts& out) {
  ByteReader reader(bytes);
  ByteReader lengths(reader.take(std::size_t{rows} * 4));
  for (std::uint32_t i = 0; i < rows; ++i) out.raw.push_back(reader.take(lengths.get<std::uint32_t>()));
  if (!reader.at_end()) return fail(ErrorCode::corrupt, "the raw bytes do not fill their block");
  return {};
}

Result<std::string> read_block(const File& file, const BlockPlace& place) {
  std::string bytes = PHENDAU_TRY(file.read_at(place.offset_bytes, place.size_bytes));
  if (bytes.size() != place.size_bytes || hash64(bytes) != place.checksum) {
    return fail(ErrorCode::corrupt, fmt::format("the block at offset {} is damaged", place.offset_bytes));
  }
  if (place.unpacked_bytes == 0) return bytes;
  return decompress(bytes, place.unpacked_bytes);
}

void encode_group(std::string& out, const RowGroup& group) {
  put_text(out, group.shape);
  put(out, group.rows);
  for (const UtcTime time : {group.event_min, group.event_max, group.received_min, group.received_max})
    put(out, time.ns);
  put(out, group.first_frame);
  put(out, group.last_frame);
  put_place(out, group.keys);
  put_place(out, group.filters);
  put_place(out, group.raw);
  out += as_bytes(group.raw_digest);
  put(out, static_cast<std::uint32_t>(group.columns.size()));
  for (const auto& [name, place] : group.columns) {
    put_text(out, name);
    put_place(out, place);
  }
}

Result<RowGroup> decode_group(ByteReader& reader) {
  RowGroup out;
  out.shape = reader.text();
  out.rows = reader.get<std::uint32_t>();
  for (UtcTime* time : {&out.event_min, &out.event_max, &out.received_min, &out.received_max}) {
    time->ns = reader.get<std::int64_t>();
  }
  out.first_frame = reader.get<std::uint64_t>();
  out.last_frame = reader.get<std::uint64_t>();
  out.keys = get_place(reader);
  out.filters = get_place(reader);
  out.raw = get_place(reader);
  out.raw_digest = reader.digest();
  const auto columns = reader.get<std::uint32_t>();
  if (!reader.ok() || out.rows == 0 || out.rows > kRowGroupRowsMax || columns > kBatchColumnsMax) {
    return fail(ErrorCode::corrupt, "a row group of the index is damaged");
  }
  for (std::uint32_t i = 0; i < columns && reader.ok(); ++i) {
    std::string name(reader.text());
    out.columns.emplace_back(std::move(name), get_place(reader));
  }
  return out;
}

RowGroup describe(const Batch& rows, const std::vector<EventRef>& refs) {
  RowGroup out;
  out.shape = rows.shape();
  out.rows = rows.rows();
  out.event_min = rows.event_time_min();
  out.event_max = rows.event_time_max();
  out.received_min = rows.received_time_min();
  out.received_max = rows.received_time_max();
  const auto [first, last] = std::minmax_element(refs.begin(), refs.end());
  out.first_frame = first->frame;
  out.last_frame = last->frame;
  return out;
}

}  // namespace

SegmentWriter::SegmentWriter(std::unique_ptr<File> file, std::string agency, std::string source_class)
    : file_(std::move(file)), agency_(std::move(agency)), source_class_(std::move(source_class)) {}

Result<> SegmentWriter::write(std::string_view bytes) {
  PHENDAU_TRY(file_->append(bytes));
  stream_.update(bytes);
  offset_ += bytes.size();
  return {};
}

Result<BlockPlace> SegmentWriter::write_block(std::string_view bytes, bool packed) {
  const std::string stored = packed ? compress(bytes) : std::string(bytes);
  BlockPlace place{offset_, static_cast<std::uint32_t>(stored.size()),
                   packed ? static_cast<std::uint32_t>(bytes.size()) : 0u, hash64(stored)};
  PHENDAU_TRY(write(stored));
  return place;
}

Result<> SegmentWriter::add_group(const Batch& rows, const std::vector<EventRef>& refs) {
  PHENDAU_ASSERT(rows.rows() == refs.size() && rows.rows() > 0 && rows.rows() <= kRowGroupRowsMax);
  if (offset_ == 0) {
    std::string header(kHeaderMagic);
    put(header, kFormatVersion);
    put(header, std::uint16_t{0});
    PHENDAU_TRY(write(header));
  }
  RowGroup group = describe(rows, refs);
  group.keys = PHENDAU_TRY(write_block(encode_keys(rows, refs), true));
  for (const auto& column : rows.columns()) {
    if (column.values.size() == 0) continue;  // No row of this group has the field.
    std::string encoded;
    encode_column(encoded, column);
    group.columns.emplace_back(column.name, PHENDAU_TRY(write_block(encoded, true)));
  }
  const std::string raw = encode_raw(rows);
  group.raw_digest = sha256(raw);
  group.raw = PHENDAU_TRY(write_block(raw, true));
  group.filters = PHENDAU_TRY(write_block(build_filters(rows), false));
  const Column& source = rows.columns().front();
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    sources_[std::string(source.text(row))].add(1, rows.event_time(row), rows.received_time(row));
  }
  groups_.push_back(std::move(group));
  return {};
}

Result<> SegmentWriter::finish() {
  std::string index;
  put_text(index, agency_);
  put_text(index, source_class_);
  put(index, static_cast<std::uint32_t>(groups_.size()));
  for (const auto& group : groups_) encode_group(index, group);
  put(index, static_cast<std::uint32_t>(sources_.size()));
  for (const auto& [name, count] : sources_) {
    put_text(index, name);
    put(index, count.rows);
    put(index, count.last_event.ns);
    put(index, count.last_received.ns);
  }
  std::string trailer(kTrailerMagic);
  put(trailer, kFormatVersion);
  put(trailer, std::uint16_t{0});
  put(trailer, offset_);
  put(trailer, static_cast<std::uint64_t>(index.size()));
  put(trailer, hash64(index, hash64(trailer)));
  PHENDAU_TRY(write(index));
  PHENDAU_TRY(write(trailer));
  PHENDAU_TRY(file_->sync());
  digest_ = stream_.finish();
  file_.reset();
  return {};
}

Result<std::shared_ptr<const SegmentReader>> SegmentReader::open(const File& file) {
  const std::uint64_t size = PHENDAU_TRY(file.size());
  if (size < kHeaderBytes + kTrailerBytes) return fail(ErrorCode::corrupt, "the segment is cut (offset 0)");
  const std::uint64_t trailer_at = size - kTrailerBytes;
  const std::string trailer = PHENDAU_TRY(file.read_at(trailer_at, kTrailerBytes));
  ByteReader end(trailer);
  const bool magic = end.take(4) == kTrailerMagic;
  const auto version = end.get<std::uint16_t>();
  end.take(2);
  const auto index_at = end.get<std::uint64_t>();
  const auto index_size = end.get<std::uint64_t>();
  const auto checksum = end.get<std::uint64_t>();
  const bool placed =
      index_at >= kHeaderBytes && index_at <= trailer_at && index_size == trailer_at - index_at;
  if (!end.ok() || !magic || version != kFormatVersion || !placed || index_size > kIndexBytesMax) {
    return fail(ErrorCode::corrupt, fmt::format("the segment's trailer is damaged (offset {})", trailer_at));
  }
  const std::string index = PHENDAU_TRY(file.read_at(index_at, index_size));
  if (hash64(index, hash64(std::string_view(trailer).substr(0, kTrailerBytes - 8))) != checksum) {
    return fail(ErrorCode::corrupt, fmt::format("the segment's index is damaged (offset {})", index_at));
  }
  auto out = std::make_shared<SegmentReader>();
  ByteReader reader(index);
  out->agency_ = reader.text();
  out->source_class_ = reader.text();
  const auto groups = reader.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < groups && reader.ok(); ++i)
    out->groups_.push_back(PHENDAU_TRY(decode_group(reader)));
  const auto sources = reader.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < sources && reader.ok(); ++i) {
    std::string name(reader.text());
    SourceCount& count = out->sources_[std::move(name)];
    count.rows = reader.get<std::uint64_t>();
    count.last_event.ns = reader.get<std::int64_t>();
    count.last_received.ns = reader.get<std::int64_t>();
  }
  if (!reader.at_end())
    return fail(ErrorCode::corrupt, fmt::format("the segment's index is damaged (offset {})", index_at));
  return std::shared_ptr<const SegmentReader>(std::move(out));
}

std::uint64_t SegmentReader::index_damage_offset(const File& file) {
  const std::uint64_t size = file.size().value_or(0);
  if (size < kHeaderBytes + kTrailerBytes) return 0;
  const std::uint64_t trailer_at = size - kTrailerBytes;
  const std::string trailer = file.read_at(trailer_at, kTrailerBytes).value_or(std::string());
  ByteReader reader(trailer);
  reader.take(8);
  const auto index_at = reader.get<std::uint64_t>();
  const auto index_size = reader.get<std::uint64_t>();
  const bool plausible = reader.ok() && index_at <= trailer_at && index_size == trailer_at - index_at;
  return plausible ? index_at : trailer_at;
}

Result<GroupFilters> SegmentReader::filters(const File& file, const RowGroup& group) const {
  const std::string block = PHENDAU_TRY(read_block(file, group.filters));
  return decode_filters(block);
}

Result<std::vector<EventRef>> SegmentReader::refs(const File& file, const RowGroup& group) const {
  const std::string block = PHENDAU_TRY(read_block(file, group.keys));
  return PHENDAU_TRY(decode_keys(block, group.rows)).refs;
}

Result<SegmentRows> SegmentReader::load(const File& file, const RowGroup& group, const LoadSpec& spec) const {
  const std::string block = PHENDAU_TRY(read_block(file, group.keys));
  Keys keys = PHENDAU_TRY(decode_keys(block, group.rows));
  std::string raw;
  if (spec.raw) {
    raw = PHENDAU_TRY(read_block(file, group.raw));
    PHENDAU_TRY(decode_raw(raw, group.rows, keys.parts));
  }
  std::vector<std::string> blocks;
  blocks.reserve(group.columns.size());  // Views point into them.
  std::vector<ColumnView> columns;
  for (const auto& [name, place] : group.columns) {
    if (spec.columns != nullptr && !spec.columns->contains(name)) continue;
    blocks.push_back(PHENDAU_TRY(read_block(file, place)));
    ByteReader reader(blocks.back());
    columns.push_back(PHENDAU_TRY(decode_column(reader, group.rows)));
    if (!reader.at_end() || columns.back().name != name) {
      return fail(ErrorCode::corrupt, fmt::format("the column at offset {} is damaged", place.offset_bytes));
    }
  }
  SegmentRows out;
  out.batch = assemble(group.shape, keys.parts, columns, spec.only);
  if (spec.only == nullptr)
    out.refs = std::move(keys.refs);
  else
    spec.only->for_each([&](std::uint32_t row) { out.refs.push_back(keys.refs[row]); });
  return out;
}

Result<std::pair<std::uint64_t, std::string>> SegmentReader::first_damage(const File& file) const {
  const std::string header = PHENDAU_TRY(file.read_at(0, kHeaderBytes));
  std::string wanted(kHeaderMagic);
  put(wanted, kFormatVersion);
  put(wanted, std::uint16_t{0});
  if (header != wanted) return std::pair<std::uint64_t, std::string>{0, "the segment's header was changed"};
  for (const auto& group : groups_) {
    std::vector<BlockPlace> places{group.keys};
    for (const auto& [name, place] : group.columns) places.push_back(place);
    places.push_back(group.raw);
    places.push_back(group.filters);
    for (const BlockPlace& place : places) {
      const auto block = read_block(file, place);
      if (!block) return std::pair<std::uint64_t, std::string>{place.offset_bytes, block.error().message};
      if (place.offset_bytes == group.raw.offset_bytes && sha256(*block) != group.raw_digest) {
        return std::pair<std::uint64_t, std::string>{place.offset_bytes,
                                                     "raw records differ from their digest"};
      }
    }
  }
  return std::pair<std::uint64_t, std::string>{0, "the index was replaced"};
}

}  // namespace phendau::journal

// SPDX-License-Identifier: Apache-2.0
// The idea: a record is a reference to a template and a list of values. Its fields are first collected as
// references into the chunk, because a row begins with what stands in the middle (host, channel, time); then
// they are written. A record that turns out to be damaged while it is collected leaves no trace in the batch.
#include "ingest/evtx_reader.h"

#include <algorithm>
#include <utility>

#include "base/crc32.h"
#include "base/text.h"
#include "ingest/evtx_record.h"
#include "ingest/evtx_value.h"
#include "ingest/limits.h"
#include "ingest/little_endian.h"
#include "ingest/parse_error.h"
#include "ingest/row_writer.h"
#include "ingest/windows_fields.h"

namespace phendau::ingest {
namespace {

constexpr std::string_view kFileMagic("ElfFile\0", 8);
constexpr std::string_view kChunkMagic("ElfChnk\0", 8);
constexpr std::string_view kRecordMagic("\x2a\x2a\0\0", 4);
constexpr std::size_t kChunkHeaderBytes = 512;
constexpr std::size_t kChecksumAt = 124;  // file and chunk header; over the first 120 bytes
constexpr std::size_t kChecksummedBytes = 120;
constexpr std::size_t kRecordHeadBytes = 24;
constexpr std::size_t kRecordBytesMin = kRecordHeadBytes + 4;

bool is_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == bytes.npos; }

/// Size of the record at `at`: its head is intact and its size stands at its end again; else 0.
std::size_t record_size(std::string_view chunk, std::size_t at) {
  if (chunk.substr(at, kRecordMagic.size()) != kRecordMagic) return 0;
  const std::size_t size = load<std::uint32_t>(chunk, at + 4);
  if (size < kRecordBytesMin || size > chunk.size() - at) return 0;
  return load<std::uint32_t>(chunk, at + size - 4) == size ? size : 0;
}

struct ChunkHeader {
  std::uint64_t last_id = 0;
  std::size_t free_at = 0;  // where the records end, as far as the header knows
  bool intact = false;
};

ChunkHeader read_chunk_header(std::string_view chunk, DecodeCounters& counters) {
  ChunkHeader header;
  header.free_at = load<std::uint32_t>(chunk, 48);
  header.last_id = load<std::uint64_t>(chunk, 32);
  const bool named = chunk.starts_with(kChunkMagic);
  const bool sane = header.free_at >= kChunkHeaderBytes && header.free_at <= chunk.size();
  if (!named) counters.count_reason(evtx_skip::kChunkHeader);
  if (named && chunk.size() == kEvtxChunkBytes) {
    const std::uint32_t head =
        crc32(chunk.substr(128, kChunkHeaderBytes - 128), crc32(chunk.substr(0, kChecksummedBytes)));
    const bool same = head == load<std::uint32_t>(chunk, kChecksumAt) && sane &&
                      crc32(chunk.substr(kChunkHeaderBytes, header.free_at - kChunkHeaderBytes)) ==
                          load<std::uint32_t>(chunk, 52);
    if (!same) counters.count_reason(evtx_skip::kChunkChecksum);
  }
  header.intact = named && sane;
  if (!header.intact) {
    header.free_at = chunk.size();
    header.last_id = 0;
  }
  return header;
}

}  // namespace

bool is_evtx_skip(std::string_view reason) {
  static constexpr std::string_view kReasons[] = {evtx_skip::kFileHeader,    evtx_skip::kChunkHeader,
                                                  evtx_skip::kChunkChecksum, evtx_skip::kChunkTruncated,
                                                  evtx_skip::kRecordHeader,  evtx_skip::kRecordContent,
                                                  evtx_skip::kRecordLimit};
  return std::find(std::begin(kReasons), std::end(kReasons), reason) != std::end(kReasons);
}

bool is_evtx(std::string_view file_head) { return file_head.starts_with(kFileMagic); }

bool is_evtx_chunk(std::string_view bytes) { return bytes.starts_with(kChunkMagic); }

struct EvtxReader::Impl {
  EvtxPool pool;
  EvtxRecord record{pool};
  DecodeCounters counters;
  FieldColumns fixed_columns;
  std::string host, channel, scratch;
  std::string routed_channel, logsource;  // of the record before; records of a chunk share their channel

  // Of the batch under construction:
  static constexpr std::size_t kUnresolved = static_cast<std::size_t>(-2);
  struct KnownLiteral {
    std::size_t column = kUnresolved;
    ValueId value = 0;
  };
  /// The value that a field had last; not kept up for a field that keeps changing.
  struct Latest {
    std::string bytes;
    ValueId value = kAbsent;
    std::uint8_t type = 0;
    std::uint8_t misses = 0;
  };
  static constexpr std::uint8_t kMissesMax = 64;
  static constexpr std::size_t kLatestBytesMax = 256;
  const BatchBuilder* builder = nullptr;
  std::uint32_t rows = 0;
  std::vector<std::size_t> columns;    // by name of the pool
  std::vector<Latest> latests;         // by name of the pool
  std::vector<KnownLiteral> literals;  // by text of the pool

  void follow(const BatchBuilder& now) {
    if (&now != builder || now.rows() != rows || rows == 0) {
      columns.clear();
      literals.clear();
      latests.clear();
    }
    builder = &now;
    rows = now.rows() + 1;
    columns.resize(pool.names(), kUnresolved);
    literals.resize(pool.texts());
    latests.resize(pool.names());
  }

  std::size_t column_of(EvtxNameId name, BatchBuilder& out) {
    if (columns[name] == kUnresolved) columns[name] = out.column_index(pool.name_text(name));
    return columns[name];
  }

  void add(const EvtxRecord::Field& field, BatchBuilder& out) {
    const std::size_t column = column_of(field.name, out);
    if (field.kind == EvtxSlot::Kind::literal) {
      KnownLiteral& known = literals[field.index];
      if (known.column != column) known = {column, out.intern(column, pool.text_of(field.index))};
      return out.add_known(column, known.value);
    }
    if (field.kind == EvtxSlot::Kind::value && add_repeated(field, column, out)) return;
    record.each_text(field, scratch, [&](EvtxText value) { out.add(column, value.text, value.kind); });
  }

  /// Rows of a chunk often have the value of the row before: then nothing is converted or looked up.
  bool add_repeated(const EvtxRecord::Field& field, std::size_t column, BatchBuilder& out) {
    const auto [type, bytes] = record.raw_value(field);
    Latest& latest = latests[field.name];
    if (latest.value != kAbsent && latest.type == type && latest.bytes == bytes) {
      latest.misses = 0;
      out.add_known(column, latest.value);
      return true;
    }
    if (latest.misses >= kMissesMax || bytes.size() > kLatestBytesMax || (type & evtx_type::kArray) != 0) {
      return false;
    }
    ++latest.misses;
    const EvtxText text = evtx_text(type, bytes, scratch);
    latest.value = out.intern(column, text.text, text.kind);
    latest.type = type;
    latest.bytes = bytes;
    out.add_known(column, latest.value);
    return true;
  }

  /// The time that the event says, else the time at which its record was written.
  bool set_time(std::uint64_t written, UtcTime& time) {
    const EvtxRecord::Known& known = record.known();
    if (known.time_ticks != 0) return instant_of_filetime(known.time_ticks, time);
    if (known.time_text != nullptr) {
      record.copy_text(known.time_text, scratch, host);
      if (const auto said = parse_rfc3339(host)) {
        time = *said;
        return true;
      }
    }
    return instant_of_filetime(written, time);
  }

  std::uint64_t record_id(std::uint64_t number_of_record) {
    const EvtxRecord::Known& known = record.known();
    if (known.has_record_id) return known.record_id;
    record.copy_text(known.record_id_text, scratch, host);
    const auto said = parse_int(host);
    return said && *said >= 0 ? static_cast<std::uint64_t>(*said) : number_of_record;
  }

  /// One row.
  void write(std::string_view raw, std::uint64_t written, const Provenance& provenance, BatchBuilder& out) {
    const EvtxRecord::Known& known = record.known();
    RowParts parts;
    parts.quality = set_time(written, parts.time) ? TimeQuality::exact : TimeQuality::received;
    if (parts.quality != TimeQuality::exact) parts.error = parse_error::kBadTimestamp;
    if (record.cut()) parts.error = parse_error::kTooManyFields;
    record.copy_text(known.computer, scratch, host);
    record.copy_text(known.channel, scratch, channel);
    parts.host = host;
    if (channel != routed_channel || channel.empty()) {
      routed_channel = channel;
      logsource = windows_logsource(channel, provenance);
    }
    parts.logsource = logsource;
    follow(out);
    begin_row(raw, provenance, parts, out, fixed_columns, counters);
    for (const auto& field : record.fields()) add(field, out);
    add_windows_fields(out, provenance.zone);
  }

  /// Where the next intact record begins, or the end.
  static std::size_t find_record(std::string_view chunk, std::size_t from) {
    for (std::size_t at = from; (at = chunk.find(kRecordMagic, at)) != chunk.npos; ++at) {
      if (record_size(chunk, at) != 0) return at;
    }
    return chunk.size();
  }

  /// Records are numbered one by one: as many may be missing as the unreadable bytes between could hold.
  static bool may_follow(std::uint64_t last_id, std::uint64_t id, std::size_t bytes_between) {
    return last_id == 0 || (id > last_id && id - last_id - 1 <= bytes_between / kRecordBytesMin);
  }

  void read_records(std::string_view chunk, const ChunkHeader& header, const Provenance& provenance,
                    BatchBuilder& out, std::vector<std::uint64_t>& ids) {
    std::uint64_t last_id = header.last_id;
    std::size_t last_end = kChunkHeaderBytes;
    for (std::size_t at = kChunkHeaderBytes; at + kRecordBytesMin <= chunk.size();) {
      const bool known = at < header.free_at;
      const std::size_t size = record_size(chunk, at);
      const auto id = load<std::uint64_t>(chunk, at + 8);
      // A log that was not closed has newer records behind those that the header knows; what else is there is
      // older than the chunk. Without a header only the numbers tell where that begins.
      if (!known && (size == 0 || id != last_id + 1)) return;
      if (!header.intact && size != 0 && !may_follow(last_id, id, at - last_end)) return;
      if (size == 0) {
        if (is_zero(chunk.substr(at))) return;
        counters.count_reason(evtx_skip::kRecordHeader);
        at = find_record(chunk, at + 1);
        continue;
      }
      last_id = id;
      last_end = at + size;
      switch (record.collect(at + kRecordHeadBytes, at + size - 4)) {
        case EvtxRecord::Outcome::good:
          write(chunk.substr(at, size), load<std::uint64_t>(chunk, at + 16), provenance, out);
          ids.push_back(record_id(id));
          break;
        case EvtxRecord::Outcome::damaged:
          counters.count_reason(evtx_skip::kRecordContent);
          break;
        case EvtxRecord::Outcome::limit:
          counters.count_reason(evtx_skip::kRecordLimit);
          break;
      }
      at += size;
    }
  }
};

EvtxReader::EvtxReader() : impl_(std::make_unique<Impl>()) {}
EvtxReader::~EvtxReader() = default;
EvtxReader::EvtxReader(EvtxReader&&) noexcept = default;
EvtxReader& EvtxReader::operator=(EvtxReader&&) noexcept = default;

void EvtxReader::read_file_header(std::string_view bytes) {
  const bool intact = bytes.size() >= kEvtxFileHeaderBytes && is_evtx(bytes) &&
                      crc32(bytes.substr(0, kChecksummedBytes)) == load<std::uint32_t>(bytes, kChecksumAt);
  if (!intact) impl_->counters.count_reason(evtx_skip::kFileHeader);
}

void EvtxReader::read_chunk(std::string_view chunk, const Provenance& provenance, BatchBuilder& builder,
                            std::vector<std::uint64_t>& record_ids) {
  Impl& impl = *impl_;
  chunk = chunk.substr(0, kEvtxChunkBytes);
  if (is_zero(chunk)) return;
  if (chunk.size() < kEvtxChunkBytes) impl.counters.count_reason(evtx_skip::kChunkTruncated);
  if (chunk.size() < kChunkHeaderBytes) return;
  if (impl.pool.full()) {
    impl.pool.clear();
    impl.rows = 0;  // columns and literals are numbered anew
  }
  const ChunkHeader header = read_chunk_header(chunk, impl.counters);
  impl.record.begin_chunk(chunk);
  impl.routed_channel.clear();  // another table of log sources may be given with each chunk
  impl.read_records(chunk, header, provenance, builder, record_ids);
}

DecodeCounters EvtxReader::take_counters() { return std::exchange(impl_->counters, {}); }

}  // namespace phendau::ingest

// SPDX-License-Identifier: Apache-2.0
// The Batch: up to 64 Ki events of one shape, column by column. Decoders build it, the journal stores it,
// detection and search read it; there is no second event type. Per field a dictionary of distinct values and
// one id per row. A finished Batch is immutable and may be read from several threads. Source: docs/design of
// the pipeline in ARCHITECTURE.md, "The Batch".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace phendau {

/// Limits of one batch; a builder answers `full()` at the first that is reached.
inline constexpr std::uint32_t kBatchRowsMax = 65'536;
inline constexpr std::size_t kBatchBytesMax = 16u << 20;  // raw bytes plus distinct values
inline constexpr std::size_t kBatchColumnsMax = 4'096;    // further fields of a row are counted as dropped
/// Rows times columns: that is what is held, however few of them have a value. A builder stops at 64 MiB;
/// what is read back may be larger, as builders made it before.
inline constexpr std::size_t kBatchCellsMax = std::size_t{kBatchRowsMax} * kBatchColumnsMax / 4;
inline constexpr std::size_t kBuilderCellsMax = kBatchCellsMax / 4;

enum class ValueKind : std::uint8_t { text, integer, real, boolean, null };

using ValueId = std::uint32_t;
/// The row does not have the field. Differs from an empty text and from null.
inline constexpr ValueId kAbsent = 0xFFFF'FFFF;

/// Distinct values in order of first appearance. (kind, bytes) identifies a value: 1 and "1" are two entries.
class Dictionary {
 public:
  ValueId intern(std::string_view bytes, ValueKind kind = ValueKind::text);
  /// Entry or kAbsent.
  ValueId find(std::string_view bytes, ValueKind kind = ValueKind::text) const;
  std::string_view text(ValueId id) const {
    const std::size_t begin = id == 0 ? 0 : ends_[id - 1];
    return std::string_view(bytes_).substr(begin, ends_[id] - begin);
  }
  ValueKind kind(ValueId id) const { return kinds_[id]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }
  std::size_t size_bytes() const { return bytes_.size(); }
  /// Makes room for values that are expected.
  void reserve(std::size_t values, std::size_t bytes);

 private:
  static constexpr std::size_t kNoSlot = static_cast<std::size_t>(-1);
  /// The entry's slot, or the free one where it belongs; kNoSlot while there are none.
  std::size_t slot_of(std::string_view bytes, ValueKind kind, std::uint32_t hash) const;
  void grow(std::size_t slots);
  std::string bytes_;
  std::vector<std::uint32_t> ends_;
  std::vector<ValueKind> kinds_;
  /// Open addressing: hash in the upper half, id + 1 in the lower; 0 = free. Built on first intern().
  std::vector<std::uint64_t> slots_;
};

/// One field. Row r holds ids[r], and for the few rows with several values the rest is in `more`.
struct Column {
  struct More {
    std::uint32_t row = 0;
    ValueId id = 0;
  };
  std::string name;
  Dictionary values;
  std::vector<ValueId> ids;  // one per row, kAbsent where the row has none
  std::vector<More> more;    // sorted by row

  /// First value's text; empty if absent.
  std::string_view text(std::uint32_t row) const {
    return ids[row] == kAbsent ? std::string_view() : values.text(ids[row]);
  }
  bool has(std::uint32_t row) const { return ids[row] != kAbsent; }
  /// The row's values after its first.
  std::span<const More> more_of(std::uint32_t row) const;
};

/// How the event's time is known.
enum class TimeQuality : std::uint8_t {
  exact,         // full date and zone were in the message
  zone_assumed,  // no zone: the listener's default zone was taken
  year_assumed,  // RFC 3164: nearest year not more than 24 h ahead, default zone
  received,      // no usable time: received time was taken
  skewed,        // exact or assumed, but further from received time than the skew limit
};
std::string_view to_string(TimeQuality quality);

/// Where the event came from, as Sigma names it. Empty parts are "any".
struct LogSource {
  std::string product;
  std::string category;
  std::string service;
  /// "linux//sshd": the form kept in Batch::logsource().
  std::string key() const { return product + "/" + category + "/" + service; }
  static LogSource from_key(std::string_view key);
};

/// Names of the columns that every batch has. They can be searched like fields.
inline constexpr std::string_view kSourceColumn = "source";  // configured source id
inline constexpr std::string_view kHostColumn = "host";      // host named in the message or by the agent
inline constexpr std::string_view kAgencyColumn = "agency";  // owner by listener, certificate or address
inline constexpr std::string_view kLogsourceColumn = "logsource";  // LogSource::key()
inline constexpr std::string_view kParseErrorColumn =
    "parse_error";  // reason; absent when the record was understood

class Batch {
 public:
  std::uint32_t rows() const { return static_cast<std::uint32_t>(event_time_.size()); }
  /// Decoder name: "syslog", "journald", "ndjson", ...
  const std::string& shape() const { return shape_; }
  UtcTime event_time(std::uint32_t row) const { return event_time_[row]; }
  UtcTime received_time(std::uint32_t row) const { return received_time_[row]; }
  TimeQuality time_quality(std::uint32_t row) const { return time_quality_[row]; }
  /// Bytes as received, without the transport's framing.
  std::string_view raw(std::uint32_t row) const;
  std::size_t raw_bytes() const { return raw_.size(); }
  const std::vector<Column>& columns() const { return columns_; }
  /// By name (system columns included), or nullptr.
  const Column* column(std::string_view name) const;
  /// Whether rows have only what a Projection reads: matching may look at such a batch, and nobody else.
  bool is_projected() const { return is_projected_; }
  /// Of a projected batch: the rows in which an atom without a field (keywords) may hold, ascending.
  const std::vector<std::uint32_t>& keyword_rows() const { return keyword_rows_; }
  UtcTime event_time_min() const;
  UtcTime event_time_max() const;
  UtcTime received_time_min() const;
  UtcTime received_time_max() const;

 private:
  friend class BatchBuilder;
  std::string shape_;
  std::vector<UtcTime> event_time_;
  std::vector<UtcTime> received_time_;
  std::vector<TimeQuality> time_quality_;
  std::string raw_;
  std::vector<std::uint32_t> raw_ends_;
  std::vector<Column> columns_;  // the system columns first, in the order of the constants above
  bool is_projected_ = false;
  std::vector<std::uint32_t> keyword_rows_;
};

/// Builds a batch row by row. One thread.
class BatchBuilder {
 public:
  explicit BatchBuilder(std::string shape);

  bool full() const;
  std::uint32_t rows() const { return batch_.rows(); }
  std::size_t size_bytes() const { return size_bytes_; }

  struct Row {
    UtcTime event_time;
    UtcTime received_time;
    TimeQuality time_quality = TimeQuality::exact;
    std::string_view source;
    std::string_view host;
    std::string_view agency;
    std::string_view logsource;    // LogSource::key()
    std::string_view parse_error;  // empty = none
    std::string_view raw;
  };
  void begin_row(const Row& row);
  /// Sets or, for a field that the row already has, adds a further value. Empty names are ignored.
  void add(std::string_view field, std::string_view value, ValueKind kind = ValueKind::text);
  /// Index for repeated use with add(): decoders resolve their fixed fields once per batch.
  std::size_t column_index(std::string_view field);
  void add(std::size_t column, std::string_view value, ValueKind kind = ValueKind::text);
  /// add() in two steps, for a decoder that has the same value in many rows: its id in the column, valid
  /// until finish(); and the id as a value of the row.
  ValueId intern(std::size_t column, std::string_view value, ValueKind kind = ValueKind::text);
  void add_known(std::size_t column, ValueId id);
  /// Says of the row being built that it was made with a Projection, and whether keywords may hold in it. For
  /// all rows of a batch or for none.
  void set_projected(bool may_hold_keyword);
  /// First value that the row being built has in the field; empty if none. For fields made from others.
  /// Valid until the next add().
  std::string_view current(std::string_view field) const;
  /// Event time of the row being built.
  UtcTime current_time() const { return batch_.event_time_.back(); }
  /// Fields dropped because kBatchColumnsMax was reached.
  std::uint64_t dropped_fields() const { return dropped_fields_; }

  /// The batch; the builder is empty and usable again.
  Batch finish();

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  /// What a column of the batch before had: the next one will need about as much.
  struct Expected {
    std::size_t values = 0;
    std::size_t bytes = 0;
  };
  void begin(std::string shape);

  Batch batch_;
  std::unordered_map<std::string, std::size_t, NameHash, std::equal_to<>> index_;
  std::unordered_map<std::string, Expected, NameHash, std::equal_to<>> expected_;
  std::uint32_t expected_rows_ = 0;
  std::size_t size_bytes_ = 0;
  std::uint64_t dropped_fields_ = 0;
};

}  // namespace phendau

// SPDX-License-Identifier: Apache-2.0
// A sealed segment: one immutable columnar file for one received day, agency and source class. Written once
// by the sealer; read block by block. docs/formats/journal.md, "Segment". A SegmentReader is immutable after
// open; each thread brings its own File.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"
#include "model/event_ref.h"
#include "model/row_set.h"
#include "os/env.h"
#include "store/journal/filter.h"

namespace phendau::journal {

struct TimeRange {
  UtcTime from{INT64_MIN};  // inclusive
  UtcTime to{INT64_MAX};    // exclusive
  bool contains(UtcTime time) const { return from <= time && time < to; }
  bool overlaps(UtcTime min, UtcTime max) const { return from <= max && min < to; }
};

struct SourceCount {
  std::uint64_t rows = 0;
  UtcTime last_event{INT64_MIN};
  UtcTime last_received{INT64_MIN};
  void add(std::uint64_t count, UtcTime event, UtcTime received) {
    rows += count;
    last_event = std::max(last_event, event);
    last_received = std::max(last_received, received);
  }
};

struct BlockPlace {
  std::uint64_t offset_bytes = 0;
  std::uint32_t size_bytes = 0;      // compressed
  std::uint32_t unpacked_bytes = 0;  // 0: stored as it is
  std::uint64_t checksum = 0;        // XXH3 of the stored bytes
};
struct RowGroup {
  std::string shape;
  std::uint32_t rows = 0;
  UtcTime event_min, event_max, received_min, received_max;
  std::uint64_t first_frame = 0, last_frame = 0;
  BlockPlace keys;  // refs, times, qualities
  BlockPlace filters;
  BlockPlace raw;       // the cold column
  Sha256 raw_digest{};  // SHA-256 over the unpacked raw block: lengths and bytes
  std::vector<std::pair<std::string, BlockPlace>> columns;
};

/// Rows of a group as a Batch, with the place each came from.
struct SegmentRows {
  Batch batch;
  std::vector<EventRef> refs;
};
struct LoadSpec {
  const std::set<std::string>* columns = nullptr;  // null: all
  bool raw = true;
  const RowSet* only = nullptr;  // null: all rows
};

/// Collects row groups and writes the file front to back. One thread.
class SegmentWriter {
 public:
  SegmentWriter(std::unique_ptr<File> file, std::string agency, std::string source_class);
  Result<> add_group(const Batch& rows, const std::vector<EventRef>& refs);
  /// Writes the index and syncs. Afterwards digest() and size_bytes() describe the file.
  Result<> finish();
  const Sha256& digest() const { return digest_; }
  std::uint64_t size_bytes() const { return offset_; }
  const std::vector<RowGroup>& groups() const { return groups_; }

 private:
  Result<> write(std::string_view bytes);
  Result<BlockPlace> write_block(std::string_view bytes, bool packed);
  std::unique_ptr<File> file_;
  std::string agency_;
  std::string source_class_;
  std::vector<RowGroup> groups_;
  std::map<std::string, SourceCount> sources_;
  Sha256Stream stream_;
  Sha256 digest_{};
  std::uint64_t offset_ = 0;
};

class SegmentReader {
 public:
  /// Reads and checks the index only. `corrupt` names offset and reason.
  static Result<std::shared_ptr<const SegmentReader>> open(const File& file);

  /// Where the index begins if open() refused it, else where the trailer does.
  static std::uint64_t index_damage_offset(const File& file);

  const std::string& agency() const { return agency_; }
  const std::string& source_class() const { return source_class_; }
  const std::vector<RowGroup>& groups() const { return groups_; }
  const std::map<std::string, SourceCount>& sources() const { return sources_; }
  Result<GroupFilters> filters(const File& file, const RowGroup& group) const;
  Result<std::vector<EventRef>> refs(const File& file, const RowGroup& group) const;
  Result<SegmentRows> load(const File& file, const RowGroup& group, const LoadSpec& spec) const;
  /// Checks every block and every byte between them; the first that is wrong as (offset, reason).
  Result<std::pair<std::uint64_t, std::string>> first_damage(const File& file) const;

 private:
  std::string agency_;
  std::string source_class_;
  std::vector<RowGroup> groups_;
  std::map<std::string, SourceCount> sources_;
};

}  // namespace phendau::journal

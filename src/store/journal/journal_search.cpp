// SPDX-License-Identifier: Apache-2.0
// Reading. Everything readable is a list of blocks (write-ahead frames and row groups) with their time
// bounds. A search visits blocks in the order of those bounds, keeps the best `limit` rows and stops when no
// later block can beat the worst of them; the cursor is the last row's place in that order, so pages never
// overlap and need no server state.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "store/journal/limits.h"
#include "store/journal/state.h"

namespace phendau::journal {
namespace {

constexpr std::size_t kAgencyColumnAt = 2;

struct Block {
  std::shared_ptr<WalFile> wal;  // or
  std::shared_ptr<SegmentHandle> segment;
  const RowGroup* group = nullptr;
  LiveFrame frame;
  UtcTime event_min, event_max, received_min, received_max;
};

std::vector<Block> blocks_of(const Snapshot& snapshot) {
  std::vector<Block> out;
  for (std::size_t i = 0; i < snapshot.wals.size(); ++i) {
    for (const auto& frame : snapshot.wal_frames[i]) {
      out.push_back({snapshot.wals[i], nullptr, nullptr, frame, frame.event_min, frame.event_max,
                     frame.received_min, frame.received_max});
    }
  }
  for (const auto& segment : snapshot.segments) {
    if (!segment->reader) continue;
    for (const auto& group : segment->reader->groups()) {
      out.push_back({nullptr,
                     segment,
                     &group,
                     {},
                     group.event_min,
                     group.event_max,
                     group.received_min,
                     group.received_max});
    }
  }
  return out;
}

/// Opens each segment file once per operation. A segment deleted meanwhile reads as not_found.
class BlockSource {
 public:
  explicit BlockSource(Env& env) : env_(env) {}

  Result<const File*> file_of(const SegmentHandle& segment) {
    auto& file = files_[&segment];
    if (!file) {
      if (files_.size() > kOpenFilesMax) {
        files_.clear();
        return file_of(segment);
      }
      file = PHENDAU_TRY(env_.open(segment.path, OpenMode::read));
    }
    return file.get();
  }
  Result<SegmentRows> load(const Block& block, const LoadSpec& spec) {
    if (block.group != nullptr) {
      const File* file = PHENDAU_TRY(file_of(*block.segment));
      return block.segment->reader->load(*file, *block.group, spec);
    }
    SegmentRows out;
    out.batch = PHENDAU_TRY(load_frame(*block.wal, block.frame));
    for (std::uint32_t row = 0; row < out.batch.rows(); ++row)
      out.refs.push_back({block.frame.entry.seq, row});
    return out;
  }

 private:
  static constexpr std::size_t kOpenFilesMax = 64;
  Env& env_;
  std::map<const SegmentHandle*, std::unique_ptr<File>> files_;
};

class Scan {
 public:
  Scan(Env& env, const SearchRequest& request)
      : env_(env), source_(env), request_(request), begin_(env.monotonic()) {
    bool keywords = false;
    std::vector<std::string> fields;
    if (request.predicate) collect_fields(*request.predicate, fields, keywords);
    all_columns_ = keywords;
    columns_.insert(fields.begin(), fields.end());
    collect_field_refs(request.predicate);
    if (request.agencies) agencies_.emplace(request.agencies->begin(), request.agencies->end());
  }
  void need_column(const std::string& name) { columns_.insert(name); }
  ScanStats& stats() { return stats_; }
  BlockSource& source() { return source_; }

  /// Whether a block was left half judged.
  bool stopped() const { return stopped_; }
  bool out_of_time() const {
    if (stopped_) return true;
    if (request_.cancel != nullptr && request_.cancel->load(std::memory_order_relaxed)) return true;
    return request_.time_limit && env_.monotonic().ns - begin_.ns > request_.time_limit->ns;
  }
  bool worth_opening(const Block& block) {
    const bool wanted =
        request_.event_time.overlaps(block.event_min, block.event_max) &&
        request_.received_time.overlaps(block.received_min, block.received_max) &&
        (block.group == nullptr || !agencies_ || agencies_->contains(block.segment->reader->agency()));
    if (!wanted) ++stats_.blocks_skipped;
    return wanted;
  }

  /// Calls visit(rows, hits) if the block may hold hits. Damage is counted, not returned: the rest is served.
  template <class Visit>
  void scan(const Block& block, Visit visit) {
    if (!worth_opening(block)) return;
    if (block.group != nullptr && request_.predicate) {
      const auto file = source_.file_of(*block.segment);
      const auto filters = file ? block.segment->reader->filters(**file, *block.group)
                                : Result<GroupFilters>(std::unexpected(file.error()));
      if (!filters) return count_damage(filters.error());
      stats_.bytes += block.group->filters.size_bytes;
      if (!may_match(*request_.predicate, *filters)) {
        ++stats_.blocks_skipped;
        return;
      }
    }
    const auto rows = source_.load(block, {all_columns_ ? nullptr : &columns_, all_columns_, nullptr});
    if (!rows) return count_damage(rows.error());
    ++stats_.blocks;
    stats_.rows += rows->batch.rows();
    stats_.bytes += bytes_of(block);
    const auto found = hits(block, rows->batch);
    stopped_ = stopped_ || !found;
    if (found) visit(*rows, *found);
  }

 private:
  void count_damage(const Error& error) {
    if (error.code != ErrorCode::not_found) ++stats_.blocks_damaged;
  }
  std::uint64_t bytes_of(const Block& block) const {
    if (block.group == nullptr) return block.frame.entry.size_bytes;
    std::uint64_t out = block.group->keys.size_bytes + (all_columns_ ? block.group->raw.size_bytes : 0);
    for (const auto& [name, place] : block.group->columns) {
      if (all_columns_ || columns_.contains(name)) out += place.size_bytes;
    }
    return out;
  }
  /// The other side of a field comparison is a column too.
  void collect_field_refs(const PredicatePtr& predicate) {
    if (!predicate) return;
    if (is_field_reference(predicate->pattern.op)) columns_.insert(predicate->pattern.value);
    for (const auto& child : predicate->children) collect_field_refs(child);
  }
  /// Nullopt when time ran out inside the block: half of its rows would be a wrong answer.
  std::optional<RowSet> hits(const Block& block, const Batch& batch) const {
    std::optional<RowSet> judged;
    if (request_.predicate) {
      judged = select_until(*request_.predicate, batch, true, [this] { return out_of_time(); });
      if (!judged) return std::nullopt;
    }
    const RowSet out = judged ? std::move(*judged) : RowSet(batch.rows(), true);
    RowSet allowed(batch.rows());
    const Column& agency = batch.columns()[kAgencyColumnAt];
    out.for_each([&](std::uint32_t row) {
      const bool in_time = request_.event_time.contains(batch.event_time(row)) &&
                           request_.received_time.contains(batch.received_time(row));
      const bool permitted = !agencies_ || block.group != nullptr || agencies_->contains(agency.text(row));
      if (in_time && permitted) allowed.insert(row);
    });
    return allowed;
  }

  Env& env_;
  BlockSource source_;
  const SearchRequest& request_;
  Duration begin_;
  bool all_columns_ = false;
  std::set<std::string> columns_;
  std::optional<std::set<std::string, std::less<>>> agencies_;
  ScanStats stats_;
  bool stopped_ = false;
};

struct Hit {
  UtcTime event_time;
  EventRef ref;
  std::size_t block = 0;
  std::uint32_t row = 0;  // in the block
};
struct HitOrder {
  bool newest_first = true;
  /// True if a comes before b in the answer.
  bool operator()(const Hit& a, const Hit& b) const {
    const auto key = [](const Hit& hit) { return std::pair(hit.event_time, hit.ref); };
    return newest_first ? key(b) < key(a) : key(a) < key(b);
  }
};

EventRow event_row(const Batch& batch, std::uint32_t row, EventRef ref, const SearchRequest& request) {
  EventRow out;
  out.ref = ref;
  out.event_time = batch.event_time(row);
  out.received_time = batch.received_time(row);
  out.time_quality = batch.time_quality(row);
  out.shape = batch.shape();
  out.source = batch.columns()[0].text(row);
  out.host = batch.columns()[1].text(row);
  out.agency = batch.columns()[2].text(row);
  out.logsource = batch.columns()[3].text(row);
  for (std::size_t i = 4; i < batch.columns().size(); ++i) {
    const Column& column = batch.columns()[i];
    if (!column.has(row)) continue;
    if (request.fields &&
        std::find(request.fields->begin(), request.fields->end(), column.name) == request.fields->end()) {
      continue;
    }
    out.fields.emplace_back(column.name, column.text(row));
    for (const auto& more : column.more) {
      if (more.row == row) out.fields.emplace_back(column.name, column.values.text(more.id));
    }
  }
  if (request.with_raw) out.raw = batch.raw(row);
  return out;
}

/// Loads whole rows for the hits of one block.
Result<> fetch(BlockSource& source, const Block& block, const std::vector<const Hit*>& hits,
               const SearchRequest& request, std::map<EventRef, EventRow>& out) {
  const std::uint32_t block_rows = block.group != nullptr ? block.group->rows : block.frame.entry.meta.rows;
  RowSet only(block_rows);
  for (const Hit* hit : hits) only.insert(hit->row);
  std::set<std::string> columns;
  if (request.fields) {
    columns.insert(request.fields->begin(), request.fields->end());
    for (const auto name : {kSourceColumn, kHostColumn, kAgencyColumn, kLogsourceColumn})
      columns.emplace(name);
  }
  const auto rows =
      PHENDAU_TRY(source.load(block, {request.fields ? &columns : nullptr, request.with_raw, &only}));
  for (std::uint32_t row = 0; row < rows.batch.rows(); ++row) {
    // A frame comes whole, a row group comes as the rows asked for.
    if (block.group == nullptr && !only.contains(row)) continue;
    out.emplace(rows.refs[row], event_row(rows.batch, row, rows.refs[row], request));
  }
  return {};
}

Result<> materialise(BlockSource& source, const std::vector<Block>& blocks, const std::vector<Hit>& hits,
                     const SearchRequest& request, SearchResult& out) {
  std::map<std::size_t, std::vector<const Hit*>> by_block;
  for (const auto& hit : hits) by_block[hit.block].push_back(&hit);
  std::map<EventRef, EventRow> rows;
  for (const auto& [block, wanted] : by_block) {
    const auto done = fetch(source, blocks[block], wanted, request, rows);
    if (!done && done.error().code != ErrorCode::not_found) ++out.scanned.blocks_damaged;
  }
  for (const auto& hit : hits) {
    const auto found = rows.find(hit.ref);
    if (found != rows.end()) out.rows.push_back(std::move(found->second));
  }
  return {};
}

}  // namespace

Result<SearchResult> Journal::search(const SearchRequest& request) {
  if (request.limit == 0 || request.limit > kSearchLimitMax) {
    return fail(ErrorCode::limit, fmt::format("a page of results has 1 to {} rows", kSearchLimitMax));
  }
  std::vector<Block> blocks = blocks_of(state_->snapshot());
  const HitOrder before{request.newest_first};
  std::stable_sort(blocks.begin(), blocks.end(), [&](const Block& a, const Block& b) {
    return request.newest_first ? a.event_max > b.event_max : a.event_min < b.event_min;
  });
  Scan scan(state_->env, request);
  SearchResult out;
  std::vector<Hit> best;  // a heap with the row that comes last at the front, at most limit + 1 rows
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Block& block = blocks[i];
    if (best.size() > request.limit) {
      const UtcTime worst = best.front().event_time;
      if (request.newest_first ? block.event_max < worst : block.event_min > worst) break;
    }
    if (request.after) {
      const UtcTime edge = request.after->event_time;
      if (request.newest_first ? block.event_min > edge : block.event_max < edge) continue;
    }
    if (scan.out_of_time()) {
      out.cut = true;
      break;
    }
    scan.scan(block, [&](const SegmentRows& rows, const RowSet& hits) {
      hits.for_each([&](std::uint32_t row) {
        const Hit hit{rows.batch.event_time(row), rows.refs[row], i, row};
        if (request.after && !before(Hit{request.after->event_time, request.after->ref, 0, 0}, hit)) return;
        if (best.size() > request.limit && !before(hit, best.front())) return;
        best.push_back(hit);
        std::push_heap(best.begin(), best.end(), before);
        if (best.size() <= request.limit + 1) return;
        std::pop_heap(best.begin(), best.end(), before);
        best.pop_back();
      });
    });
  }
  out.cut = out.cut || scan.stopped();
  std::sort(best.begin(), best.end(), before);
  out.more = best.size() > request.limit || out.cut;
  if (best.size() > request.limit) best.pop_back();
  if (!best.empty() && out.more && !out.cut) out.next = SearchCursor{best.back().event_time, best.back().ref};
  out.scanned = scan.stats();
  PHENDAU_TRY(materialise(scan.source(), blocks, best, request, out));
  return out;
}

Result<Histogram> Journal::histogram(const SearchRequest& request, std::size_t buckets) {
  const TimeRange range = request.event_time;
  const bool bounded = range.from.ns != INT64_MIN && range.to.ns != INT64_MAX && range.from < range.to;
  if (!bounded || buckets == 0 || buckets > kHistogramBucketsMax) {
    return fail(ErrorCode::invalid, fmt::format("a histogram needs a bounded time range and 1 to {} buckets",
                                                kHistogramBucketsMax));
  }
  Histogram out;
  out.from = range.from;
  const auto span = static_cast<std::uint64_t>(range.to.ns) - static_cast<std::uint64_t>(range.from.ns);
  out.width.ns = static_cast<std::int64_t>((span - 1) / buckets + 1);
  out.counts.resize(buckets);
  Scan scan(state_->env, request);
  for (const Block& block : blocks_of(state_->snapshot())) {
    if (scan.out_of_time()) {
      out.cut = true;
      break;
    }
    scan.scan(block, [&](const SegmentRows& rows, const RowSet& hits) {
      hits.for_each([&](std::uint32_t row) {
        const auto offset = static_cast<std::uint64_t>(rows.batch.event_time(row).ns) -
                            static_cast<std::uint64_t>(range.from.ns);
        ++out.counts[offset / static_cast<std::uint64_t>(out.width.ns)];
      });
    });
  }
  out.cut = out.cut || scan.stopped();
  out.scanned = scan.stats();
  return out;
}

Result<TopValues> Journal::top_values(const SearchRequest& request, const std::string& field,
                                      std::size_t count) {
  TopValues out;
  std::map<std::string, std::uint64_t, std::less<>> totals;
  const auto add = [&](std::string_view text, std::uint64_t times) {
    const auto found = totals.find(text);
    if (found != totals.end())
      found->second += times;
    else if (totals.size() < kTopValuesDistinctMax)
      totals.emplace(text, times);
    else
      out.others += times;
  };
  Scan scan(state_->env, request);
  scan.need_column(field);
  for (const Block& block : blocks_of(state_->snapshot())) {
    if (scan.out_of_time()) {
      out.cut = true;
      break;
    }
    scan.scan(block, [&](const SegmentRows& rows, const RowSet& hits) {
      const Column* column = rows.batch.column(field);
      if (column == nullptr) {
        out.absent += hits.count();
        return;
      }
      std::vector<std::uint64_t> times(column->values.size());
      hits.for_each([&](std::uint32_t row) {
        if (column->has(row))
          ++times[column->ids[row]];
        else
          ++out.absent;
      });
      for (const auto& more : column->more) {
        if (hits.contains(more.row)) ++times[more.id];
      }
      for (ValueId id = 0; id < times.size(); ++id) {
        if (times[id] > 0) add(column->values.text(id), times[id]);
      }
    });
  }
  out.cut = out.cut || scan.stopped();
  out.values.assign(totals.begin(), totals.end());
  std::stable_sort(out.values.begin(), out.values.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (std::size_t i = count; i < out.values.size(); ++i) out.others += out.values[i].second;
  if (out.values.size() > count) out.values.resize(count);
  out.scanned = scan.stats();
  return out;
}

Result<EventRow> Journal::get(EventRef ref) {
  const auto blocks = blocks_of(state_->snapshot());
  BlockSource source(state_->env);
  const SearchRequest everything;
  for (const Block& block : blocks) {
    const bool holds = block.group != nullptr
                           ? block.group->first_frame <= ref.frame && ref.frame <= block.group->last_frame
                           : block.frame.entry.seq == ref.frame;
    if (!holds) continue;
    std::uint32_t row = ref.row;
    if (block.group != nullptr) {
      const File* file = PHENDAU_TRY(source.file_of(*block.segment));
      const auto refs = PHENDAU_TRY(block.segment->reader->refs(*file, *block.group));
      row = static_cast<std::uint32_t>(std::find(refs.begin(), refs.end(), ref) - refs.begin());
      if (row == refs.size()) continue;
    } else if (row >= block.frame.entry.meta.rows) {
      break;
    }
    const Hit hit{{}, ref, 0, row};
    std::map<EventRef, EventRow> rows;
    PHENDAU_TRY(fetch(source, block, {&hit}, everything, rows));
    if (const auto found = rows.find(ref); found != rows.end()) return std::move(found->second);
  }
  const std::string name = fmt::format("{}.{}", ref.frame, ref.row);
  return fail(ErrorCode::not_found, "no event " + name, "journal.no_event", {name});
}

}  // namespace phendau::journal

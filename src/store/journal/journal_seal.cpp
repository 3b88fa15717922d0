// SPDX-License-Identifier: Apache-2.0
// Sealing: the frames of closed write-ahead files become columnar segments, partitioned by received day,
// agency, source class and shape. Order on disk: segments, frame list and checkpoint (synced), then the
// signed chain entry, which is the moment of truth, then the write-ahead files go. Whatever a crash leaves is
// removed at the next open.
#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/log.h"
#include "store/journal/batch_codec.h"
#include "store/journal/limits.h"
#include "store/journal/state.h"

namespace phendau::journal {
namespace {

struct PartitionKey {
  std::int64_t day = 0;
  std::string agency;
  std::string source_class;
  friend auto operator<=>(const PartitionKey&, const PartitionKey&) = default;
};
struct RowPlace {
  std::shared_ptr<const Batch> batch;
  std::uint64_t frame = 0;
  std::uint32_t row = 0;
};
struct Partition {
  std::unique_ptr<SegmentWriter> writer;
  std::map<std::string, std::pair<std::vector<RowPlace>, std::size_t>>
      open;  // by shape: rows and their raw bytes
  SegmentSummary summary;
};

std::string class_of(std::string_view logsource, const std::string& shape) {
  std::string product = LogSource::from_key(logsource).product;
  return product.empty() ? shape : product;
}

/// Rows of one host and log source side by side compress best; refs keep the true order.
Result<> flush(Partition& partition, const std::string& shape, std::vector<RowPlace>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const RowPlace& a, const RowPlace& b) {
    const auto key = [](const RowPlace& place) {
      const auto& columns = place.batch->columns();
      return std::tuple(columns[1].text(place.row), columns[3].text(place.row));
    };
    return key(a) < key(b);
  });
  BatchBuilder builder(shape);
  std::vector<EventRef> refs;
  for (const RowPlace& place : rows) {
    copy_row(*place.batch, place.row, builder);
    refs.push_back({place.frame, place.row});
  }
  rows.clear();
  return partition.writer->add_group(builder.finish(), refs);
}

class Sealer {
 public:
  Sealer(Env& env, std::string folder, ZoneOffset zone, std::uint64_t number)
      : env_(env), folder_(std::move(folder)), zone_(zone), number_(number) {}

  Result<> add(std::uint64_t frame, const std::shared_ptr<const Batch>& batch) {
    const Column& agency = batch->columns()[2];
    const Column& logsource = batch->columns()[3];
    for (std::uint32_t row = 0; row < batch->rows(); ++row) {
      const PartitionKey key{days_from_civil(to_civil(batch->received_time(row), zone_).date),
                             std::string(agency.text(row)), class_of(logsource.text(row), batch->shape())};
      Partition& partition = *PHENDAU_TRY(partition_of(key));
      auto& [rows, bytes] = partition.open[batch->shape()];
      rows.push_back({batch, frame, row});
      bytes += batch->raw(row).size();
      if (rows.size() < kRowGroupRowsMax && bytes < kRowGroupBytesMax) continue;
      PHENDAU_TRY(flush(partition, batch->shape(), rows));
      bytes = 0;
    }
    return {};
  }

  Result<std::vector<SegmentSummary>> finish() {
    std::vector<SegmentSummary> out;
    std::vector<std::string> folders;
    for (auto& [key, partition] : partitions_) {
      for (auto& [shape, open] : partition.open) {
        if (!open.first.empty()) PHENDAU_TRY(flush(partition, shape, open.first));
      }
      PHENDAU_TRY(partition.writer->finish());
      SegmentSummary summary = summarise(key, partition);
      const std::string day_folder = path_join(folder_, format_date(summary.day));
      if (folders.empty() || folders.back() != day_folder) folders.push_back(day_folder);
      out.push_back(std::move(summary));
    }
    for (const auto& day_folder : folders) PHENDAU_TRY(env_.sync_dir(day_folder));
    PHENDAU_TRY(env_.sync_dir(folder_));
    return out;
  }

 private:
  Result<Partition*> partition_of(const PartitionKey& key) {
    auto found = partitions_.find(key);
    if (found != partitions_.end()) return &found->second;
    const std::string day = format_date(civil_from_days(key.day));
    Partition partition;
    partition.summary.name = fmt::format("{}/{:012}-{:04}.seg", day, number_, partitions_.size());
    const std::string file_path = path_join(folder_, partition.summary.name);
    PHENDAU_TRY(env_.make_dirs(path_join(folder_, day)));
    if (env_.exists(file_path)) PHENDAU_TRY(env_.remove_file(file_path));  // Of a seal that failed.
    auto file = PHENDAU_TRY(env_.open(file_path, OpenMode::create_new));
    partition.writer = std::make_unique<SegmentWriter>(std::move(file), key.agency, key.source_class);
    return &partitions_.emplace(key, std::move(partition)).first->second;
  }

  static SegmentSummary summarise(const PartitionKey& key, const Partition& partition) {
    SegmentSummary out = partition.summary;
    out.agency = key.agency;
    out.source_class = key.source_class;
    out.day = civil_from_days(key.day);
    out.size_bytes = partition.writer->size_bytes();
    out.digest = partition.writer->digest();
    bool first = true;
    for (const RowGroup& group : partition.writer->groups()) {
      out.rows += group.rows;
      out.event_min = first ? group.event_min : std::min(out.event_min, group.event_min);
      out.event_max = first ? group.event_max : std::max(out.event_max, group.event_max);
      out.received_min = first ? group.received_min : std::min(out.received_min, group.received_min);
      out.received_max = first ? group.received_max : std::max(out.received_max, group.received_max);
      out.first_frame = first ? group.first_frame : std::min(out.first_frame, group.first_frame);
      out.last_frame = first ? group.last_frame : std::max(out.last_frame, group.last_frame);
      first = false;
    }
    return out;
  }

  Env& env_;
  std::string folder_;
  ZoneOffset zone_;
  std::uint64_t number_;
  std::map<PartitionKey, Partition> partitions_;
};

Result<SealedFile> write_sealed(Env& env, const std::string& folder, std::string name,
                                const std::string& bytes) {
  PHENDAU_TRY(write_file_atomic(env, path_join(folder, name), bytes));
  return SealedFile{std::move(name), bytes.size(), sha256(bytes)};
}

}  // namespace

Result<Batch> load_frame(WalFile& wal, const LiveFrame& frame) {
  const std::string bytes = PHENDAU_TRY(wal.read(frame.entry.offset_bytes, frame.entry.size_bytes));
  const Frame checked = PHENDAU_TRY(decode_frame(bytes));
  if (checked.hash != frame.entry.hash)
    return fail(ErrorCode::corrupt, "a frame changed after it was written");
  const FramePayload payload = PHENDAU_TRY(decode_frame_payload(checked.payload));
  return decode_batch(payload.batch);
}

/// Seals the first `wal_count` files, which are closed. seal_mu is held.
Result<> Journal::State::seal(std::size_t wal_count) {
  std::vector<std::shared_ptr<WalFile>> chosen;
  SealBody body;
  std::uint64_t number = 0;
  ProducerTable table;
  {
    const std::lock_guard writing(write_mu);
    table = producers;
    const std::lock_guard guard(mu);
    chosen.assign(wals.begin(), wals.begin() + static_cast<std::ptrdiff_t>(wal_count));
    number = head_now.chain_entries;
  }
  body.at = env.now();
  body.first_frame = chosen.front()->frames.front().entry.seq;
  body.previous_hash = chosen.front()->frames.front().entry.previous;
  body.last_frame = chosen.back()->frames.back().entry.seq;
  body.last_hash = chosen.back()->frames.back().entry.hash;
  Sealer sealer(env, path(kSegmentsFolder), zone, number);
  std::vector<SealedFrame> frames;
  for (const auto& wal : chosen) {
    for (const auto& frame : wal->frames) {
      // A hole that damage left stays visible: a frame without digest.
      while (body.first_frame + frames.size() < frame.entry.seq) frames.emplace_back();
      frames.push_back({frame.entry.hash, frame.entry.meta});
      auto batch = std::make_shared<const Batch>(PHENDAU_TRY(load_frame(*wal, frame)));
      PHENDAU_TRY(sealer.add(frame.entry.seq, batch));
    }
  }
  body.segments = PHENDAU_TRY(sealer.finish());
  const std::string seals_folder = path(kSealsFolder);
  body.frames = PHENDAU_TRY(write_sealed(env, seals_folder, fmt::format("{:012}.frames", number),
                                         encode_sealed_frames(body.first_frame, frames)));
  body.producers = PHENDAU_TRY(
      write_sealed(env, seals_folder, fmt::format("{:012}.producers", number), encode_producers(table)));
  std::vector<std::shared_ptr<SegmentHandle>> handles;
  for (const auto& summary : body.segments) {
    auto handle = std::make_shared<SegmentHandle>();
    handle->summary = summary;
    handle->path = path_join(path(kSegmentsFolder), summary.name);
    const auto file = PHENDAU_TRY(env.open(handle->path, OpenMode::read));
    handle->reader = PHENDAU_TRY(SegmentReader::open(*file));
    handles.push_back(std::move(handle));
  }
  PHENDAU_TRY(append_chain(ChainKind::seal, seal_body(body)));
  std::string old_checkpoint;
  {
    const std::lock_guard guard(mu);
    if (!seals.empty()) old_checkpoint = seals.back().producers.name;
    seals.push_back(body);
    wals.erase(wals.begin(), wals.begin() + static_cast<std::ptrdiff_t>(wal_count));
    segments.insert(segments.end(), handles.begin(), handles.end());
  }
  {
    const std::lock_guard writing(write_mu);
    write_head();
  }
  for (const auto& wal : chosen) PHENDAU_TRY(env.remove_file(wal->path));
  PHENDAU_TRY(env.sync_dir(path(kWalFolder)));
  if (!old_checkpoint.empty()) PHENDAU_TRY(env.remove_file(path_join(seals_folder, old_checkpoint)));
  return {};
}

/// Seals every closed file, in entries of bounded size. seal_mu is held.
Result<> Journal::State::seal_all() {
  for (;;) {
    std::size_t count = 0;
    {
      const std::lock_guard writing(write_mu);
      const std::lock_guard guard(mu);
      const std::size_t closed = wals.size() - (wal_writer && !wals.empty() ? 1 : 0);
      std::uint64_t bytes = 0;
      while (count < closed && (count == 0 || bytes + wals[count]->size_bytes <= kSealWalBytesMax)) {
        bytes += wals[count++]->size_bytes;
      }
    }
    if (count == 0) return {};
    PHENDAU_TRY(seal(count));
  }
}

Result<> Journal::seal_now() {
  State& state = *state_;
  if (state.options.read_only)
    return fail(ErrorCode::denied, state.options.dir + ": opened for reading only");
  const std::lock_guard sealing(state.seal_mu);
  {
    const std::lock_guard writing(state.write_mu);
    PHENDAU_TRY(state.close_wal());
  }
  return state.seal_all();
}

Result<> Journal::maintenance(UtcTime now) {
  State& state = *state_;
  if (state.options.read_only)
    return fail(ErrorCode::denied, state.options.dir + ": opened for reading only");
  const std::lock_guard sealing(state.seal_mu);
  bool due = false;
  {
    const std::lock_guard writing(state.write_mu);
    const auto day = [&](UtcTime time) { return to_civil(time, state.zone).date; };
    UtcTime oldest = now;
    std::uint64_t bytes = 0;
    bool rotate = false;
    {
      const std::lock_guard guard(state.mu);
      for (const auto& wal : state.wals) {
        oldest = std::min(oldest, wal->created_at);
        bytes += wal->size_bytes;
      }
      due =
          now - oldest >= state.options.seal_age_max || day(oldest) != day(now) || bytes >= kSealWalBytesMax;
      rotate = state.wal_writer && !state.wals.back()->frames.empty() &&
               (due || now - state.wals.back()->created_at > state.options.wal_age_max);
    }
    if (rotate) PHENDAU_TRY(state.close_wal());
  }
  if (due) PHENDAU_TRY(state.seal_all());
  return state.retain(now);
}

Result<> Journal::State::retain(UtcTime now) {
  const auto rule_of = [&](const std::string& source_class) {
    std::int32_t fallback = 0;
    for (const auto& rule : options.retention) {
      if (rule.source_class == source_class) return rule.online_days;
      if (rule.source_class.empty()) fallback = rule.online_days;
    }
    return fallback;
  };
  const std::int64_t today = days_from_civil(to_civil(now, zone).date);
  std::vector<std::string> names;
  for (const auto& handle : snapshot().segments) {
    const std::int32_t keep = rule_of(handle->summary.source_class);
    if (keep <= 0 || today - days_from_civil(handle->summary.day) <= keep) continue;
    if (may_delete(handle->summary)) names.push_back(handle->summary.name);
  }
  if (names.empty()) return {};
  PHENDAU_TRY(remove_segments(names, "retention", "system"));
  const std::lock_guard writing(write_mu);
  write_head();
  return {};
}

/// Called by the leader of a group, which must not wait for a sealer that may wait for it: then it does
/// without.
Result<bool> Journal::State::free_space() {
  const std::unique_lock sealing(seal_mu, std::try_to_lock);
  if (!sealing.owns_lock()) return false;
  std::shared_ptr<SegmentHandle> oldest;
  for (const auto& handle : snapshot().segments) {
    if (oldest && oldest->summary.received_max <= handle->summary.received_max) continue;
    if (may_delete(handle->summary)) oldest = handle;
  }
  if (!oldest) return false;
  PHENDAU_TRY(remove_segments({oldest->summary.name}, "disk quota", "system"));
  write_head();
  return true;
}

/// seal_mu is held.
Result<> Journal::State::remove_segments(const std::vector<std::string>& names, const std::string& reason,
                                         const std::string& who) {
  std::vector<std::string> paths;
  {
    const std::lock_guard guard(mu);
    for (const auto& name : names) {
      const bool known = std::any_of(segments.begin(), segments.end(),
                                     [&](const auto& handle) { return handle->summary.name == name; });
      if (!known) return fail(ErrorCode::not_found, "no segment " + name, "journal.no_segment", {name});
    }
  }
  PHENDAU_TRY(append_chain(ChainKind::tombstone, tombstone_body({env.now(), reason, who, names})));
  {
    const std::lock_guard guard(mu);
    const auto gone = [&](const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    std::erase_if(segments, [&](const auto& handle) {
      if (gone(handle->summary.name)) paths.push_back(handle->path);
      return gone(handle->summary.name);
    });
    for (auto& body : seals)
      std::erase_if(body.segments, [&](const auto& summary) { return gone(summary.name); });
  }
  PHENDAU_LOG(info, "journal_segments_deleted", {"count", names.size()}, {"reason", reason}, {"who", who});
  for (const auto& file_path : paths) {
    if (!env.exists(file_path)) continue;  // Quarantined.
    PHENDAU_TRY(env.remove_file(file_path));
    PHENDAU_TRY(env.sync_dir(file_path.substr(0, file_path.find_last_of('/'))));
  }
  return {};
}

Result<> Journal::delete_segments(const std::vector<std::string>& names, const std::string& reason,
                                  const std::string& who) {
  if (state_->options.read_only)
    return fail(ErrorCode::denied, state_->options.dir + ": opened for reading only");
  if (reason.empty() || who.empty()) return fail(ErrorCode::invalid, "a deletion needs a reason and a name");
  const std::lock_guard sealing(state_->seal_mu);
  for (const auto& handle : state_->snapshot().segments) {
    const std::string& name = handle->summary.name;
    if (std::find(names.begin(), names.end(), name) == names.end() || !state_->is_held(handle->summary))
      continue;
    return fail(ErrorCode::denied, name + " is under a legal hold", "journal.held", {name});
  }
  PHENDAU_TRY(state_->remove_segments(names, reason, who));
  const std::lock_guard writing(state_->write_mu);
  state_->write_head();
  return {};
}

}  // namespace phendau::journal

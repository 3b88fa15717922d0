// SPDX-License-Identifier: Apache-2.0
// Group commit: callers encode their batch, queue it and wait; the first becomes the leader, writes
// everything that waits as one append, syncs once and wakes the others. Frames, hashes and duplicates are
// settled by the leader only, so that order in the queue is order in the journal.
#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/log.h"
#include "store/journal/batch_codec.h"
#include "store/journal/limits.h"
#include "store/journal/state.h"

namespace phendau::journal {
namespace {

std::int64_t day_number(UtcTime time, ZoneOffset zone) { return days_from_civil(to_civil(time, zone).date); }

Result<> prepare(Env& env, const AppendItem& item, PendingAppend& out) {
  const Batch& batch = *item.batch;
  const ProducerRange& range = item.meta.producer;
  if (batch.rows() == 0 || batch.rows() > kBatchRowsMax) {
    return fail(ErrorCode::invalid, "a batch to append needs 1 to 65,536 rows");
  }
  if (range.id.size() > kProducerIdBytesMax || (!range.id.empty() && range.last_seq < range.first_seq) ||
      range.last_seq == UINT64_MAX) {
    return fail(ErrorCode::invalid, "the producer's range of sequence numbers is impossible");
  }
  out.meta = item.meta;
  if (out.meta.received.ns == 0) out.meta.received = env.now();
  std::string encoded;
  encode_batch(encoded, batch);
  out.payload = encode_frame_payload({out.meta.received, batch.rows(), range}, encoded);
  if (out.payload.size() > kFramePayloadBytesMax)
    return fail(ErrorCode::limit, "a batch is larger than a frame may be");
  out.frame.event_min = batch.event_time_min();
  out.frame.event_max = batch.event_time_max();
  out.frame.received_min = batch.received_time_min();
  out.frame.received_max = batch.received_time_max();
  out.frame.entry.meta = {out.meta.received, batch.rows(), range};
  const Column& source = batch.columns().front();
  std::vector<SourceCount> counts(source.values.size() + 1);
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    const std::size_t id = source.has(row) ? source.ids[row] : source.values.size();
    counts[id].add(1, batch.event_time(row), batch.received_time(row));
  }
  for (std::size_t id = 0; id < counts.size(); ++id) {
    if (counts[id].rows == 0) continue;
    const auto name =
        id < source.values.size() ? source.values.text(static_cast<ValueId>(id)) : std::string_view();
    out.sources[std::string(name)].add(counts[id].rows, counts[id].last_event, counts[id].last_received);
  }
  return {};
}

enum class Known : std::uint8_t { fresh, duplicate, conflict };

Known judge_range(const ProducerRange& range, const ProducerState* state) {
  if (state == nullptr || range.epoch > state->epoch) return Known::fresh;
  if (range.epoch < state->epoch) return Known::conflict;
  if (range.last_seq < state->next_seq) return Known::duplicate;
  return range.first_seq == state->next_seq ? Known::fresh : Known::conflict;
}

std::unexpected<Error> conflict(const ProducerRange& range, const ProducerState& state) {
  return fail(
      ErrorCode::conflict,
      fmt::format("producer {} sent {} to {} of epoch {}, but {} of epoch {} is expected next", range.id,
                  range.first_seq, range.last_seq, range.epoch, state.next_seq, state.epoch),
      "journal.sequence", {std::to_string(state.next_seq), std::to_string(state.epoch), range.id});
}

}  // namespace

Result<> Journal::State::check_quota() {
  for (;;) {
    const DiskSpace space = PHENDAU_TRY(env.disk_space(options.dir));
    const auto used = static_cast<double>(space.total_bytes - std::min(space.free_bytes, space.total_bytes));
    if (space.total_bytes == 0 ||
        used * 100 < static_cast<double>(options.quota_percent) * static_cast<double>(space.total_bytes)) {
      return {};
    }
    // Oldest first, and only what was archived and is not held: policy "reclaim, then refuse".
    if (!PHENDAU_TRY(free_space())) break;
  }
  return fail(ErrorCode::limit,
              fmt::format("disk quota: more than {} % of the disk is in use", options.quota_percent),
              "journal.quota", {std::to_string(options.quota_percent)});
}

Result<> Journal::State::repair_wal() {
  if (!wal_needs_repair || !wal_writer) return {};
  std::uint64_t good = 0;
  {
    const std::lock_guard guard(mu);
    good = wals.back()->size_bytes;
  }
  PHENDAU_TRY(wal_writer->truncate(good));
  PHENDAU_TRY(wal_writer->sync());
  wal_needs_repair = false;
  return {};
}

Result<> Journal::State::close_wal() {
  PHENDAU_TRY(repair_wal());
  wal_writer.reset();
  const std::lock_guard guard(mu);
  if (!wals.empty() && wals.back()->frames.empty())
    wals.pop_back();  // Its file is overwritten or removed at open.
  return {};
}

Result<> Journal::State::open_wal(UtcTime now) {
  auto wal = std::make_shared<WalFile>();
  WalHeader header;
  {
    const std::lock_guard guard(mu);
    header = {head_now.frame_seq + 1, head_now.frame_hash, now};
  }
  wal->path = path_join(path(kWalFolder), wal_name(header.first_seq));
  wal->created_at = now;
  if (env.exists(wal->path)) PHENDAU_TRY(env.remove_file(wal->path));  // A file without a frame.
  auto file = PHENDAU_TRY(env.open(wal->path, OpenMode::create_new));
  PHENDAU_TRY(file->append(encode_wal_header(header)));
  PHENDAU_TRY(file->sync());
  PHENDAU_TRY(env.sync_dir(path(kWalFolder)));
  wal->reader = PHENDAU_TRY(env.open(wal->path, OpenMode::read));
  wal->size_bytes = kWalHeaderBytes;
  wal_writer = std::move(file);
  wal_needs_repair = false;
  const std::lock_guard guard(mu);
  wals.push_back(std::move(wal));
  return {};
}

Result<> Journal::State::prepare_wal(UtcTime now) {
  PHENDAU_TRY(repair_wal());
  if (wal_writer) {
    bool full = false;
    {
      const std::lock_guard guard(mu);
      const WalFile& wal = *wals.back();
      full = wal.size_bytes >= options.wal_bytes_max || now - wal.created_at > options.wal_age_max ||
             day_number(now, zone) != day_number(wal.created_at, zone);
    }
    if (!full) return {};
    PHENDAU_TRY(close_wal());
  }
  return open_wal(now);
}

void Journal::State::publish(const std::vector<PendingAppend*>& group, const Head& head,
                             std::uint64_t wal_bytes) {
  const std::lock_guard guard(mu);
  WalFile& wal = *wals.back();
  for (PendingAppend* item : group) {
    if (!item->stored) continue;
    wal.frames.push_back(std::move(item->frame));
    ++counters.frames;
    for (const auto& [name, count] : item->sources) {
      const bool known = counters.sources.contains(name) || counters.sources.size() < kStatSourcesMax;
      counters.sources[known ? name : std::string()].add(count.rows, count.last_event, count.last_received);
    }
  }
  wal.size_bytes = wal_bytes;
  head_now.frame_seq = head.frame_seq;
  head_now.frame_hash = head.frame_hash;
  ++counters.groups;
  committed.notify_all();
}

/// Settles every item of the group. An error means that nothing of it was stored.
Result<> Journal::State::write_group(std::vector<PendingAppend*>& group) {
  Head next;
  std::uint64_t wal_bytes = 0;
  PHENDAU_TRY(check_quota());
  PHENDAU_TRY(prepare_wal(env.now()));
  {
    const std::lock_guard guard(mu);
    next = head_now;
    wal_bytes = wals.back()->size_bytes;
  }
  std::string out;
  std::map<std::string, ProducerState> overlay;
  std::uint64_t duplicates = 0, conflicts = 0;
  for (PendingAppend* item : group) {
    const ProducerRange& range = item->meta.producer;
    const auto known = producers.find(range.id);
    const auto seen = overlay.find(range.id);
    const ProducerState* state = seen != overlay.end()      ? &seen->second
                                 : known != producers.end() ? &known->second
                                                            : nullptr;
    const Known judged = range.id.empty() ? Known::fresh : judge_range(range, state);
    if (judged == Known::conflict) {
      item->result = conflict(range, *state);
      ++conflicts;
      continue;
    }
    if (judged == Known::duplicate) {
      item->result = AppendResult{next.frame_seq, true};
      ++duplicates;
      continue;
    }
    FrameEntry& entry = item->frame.entry;
    entry.seq = ++next.frame_seq;
    entry.previous = next.frame_hash;
    entry.offset_bytes = wal_bytes + out.size();
    next.frame_hash = append_frame(out, entry.seq, entry.previous, item->payload);
    entry.hash = next.frame_hash;
    entry.size_bytes = kFrameHeaderBytes + item->payload.size();
    item->result = AppendResult{entry.seq, false};
    item->stored = true;
    if (!range.id.empty()) overlay[range.id] = {range.epoch, range.last_seq + 1, entry.seq};
  }
  if (!out.empty()) {
    append_commit(out, next.frame_seq, next.frame_hash);
    wal_needs_repair = true;  // Until the sync has succeeded.
    PHENDAU_TRY(wal_writer->append(out));
    PHENDAU_TRY(wal_writer->sync());
    wal_needs_repair = false;
    for (PendingAppend* item : group) {
      if (item->stored) remember_producer(item->meta.producer, item->frame.entry.seq);
    }
    publish(group, next, wal_bytes + out.size());
    write_head();
  }
  const std::lock_guard guard(mu);
  counters.duplicates += duplicates;
  counters.conflicts += conflicts;
  return {};
}

void Journal::State::commit_group(std::vector<PendingAppend*>& group) {
  const std::lock_guard guard(write_mu);
  const auto done = write_group(group);
  if (done) return;
  if (const auto repaired = repair_wal(); !repaired) {
    PHENDAU_LOG(warn, "journal_repair_postponed", {"error", repaired.error().message});
  }
  for (PendingAppend* item : group) item->result = std::unexpected(done.error());
  if (done.error().text_id != "journal.quota") return;
  const std::lock_guard inner(mu);
  counters.refused_quota += group.size();
}

Result<> Journal::State::enqueue(const std::vector<PendingAppend*>& items) {
  if (options.read_only) return fail(ErrorCode::denied, options.dir + ": opened for reading only");
  std::unique_lock guard(queue_mu);
  if (queue.size() + items.size() > kAppendQueueMax) {
    const std::lock_guard inner(mu);
    counters.refused_queue += items.size();
    return fail(ErrorCode::limit, "too many appends wait for the disk", "journal.queue");
  }
  queue.insert(queue.end(), items.begin(), items.end());
  const auto all_done = [&] {
    return std::all_of(items.begin(), items.end(), [](const auto* item) { return item->done; });
  };
  while (!all_done()) {
    if (leader_active) {
      queue_moved.wait(guard);
      continue;
    }
    leader_active = true;
    std::vector<PendingAppend*> group;
    std::size_t bytes = 0;
    while (!queue.empty() && group.size() < kGroupFramesMax && bytes < kGroupBytesMax) {
      group.push_back(queue.front());
      bytes += queue.front()->payload.size();
      queue.pop_front();
    }
    guard.unlock();
    commit_group(group);
    guard.lock();
    for (PendingAppend* item : group) item->done = true;
    leader_active = false;
    queue_moved.notify_all();
  }
  return {};
}

Result<AppendResult> Journal::append(const Batch& batch, const AppendMeta& meta) {
  return std::move(append_many({{&batch, meta}}).front());
}

std::vector<Result<AppendResult>> Journal::append_many(const std::vector<AppendItem>& items) {
  std::deque<PendingAppend> pending(items.size());
  std::vector<PendingAppend*> ready;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (const auto done = prepare(state_->env, items[i], pending[i]); !done)
      pending[i].result = std::unexpected(done.error());
    else
      ready.push_back(&pending[i]);
  }
  if (!ready.empty()) {
    if (const auto done = state_->enqueue(ready); !done) {
      for (PendingAppend* item : ready) item->result = std::unexpected(done.error());
    }
  }
  std::vector<Result<AppendResult>> out;
  for (auto& item : pending) out.push_back(std::move(item.result));
  return out;
}

std::uint64_t Journal::wait_committed(std::uint64_t after_seq, Duration timeout) {
  std::unique_lock guard(state_->mu);
  state_->committed.wait_for(guard, std::chrono::nanoseconds(timeout.ns),
                             [&] { return state_->head_now.frame_seq > after_seq; });
  return state_->head_now.frame_seq;
}

}  // namespace phendau::journal

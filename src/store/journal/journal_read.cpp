// SPDX-License-Identifier: Apache-2.0
// Committed frames in order, for detection. Frames in write-ahead files come as they are; a sealed frame is
// put together again from the rows that its segments hold, in the order of the refs.
#include <algorithm>
#include <map>

#include "store/journal/batch_codec.h"
#include "store/journal/limits.h"
#include "store/journal/state.h"

namespace phendau::journal {
namespace {

struct Part {
  std::shared_ptr<const SegmentRows> rows;
  std::uint32_t row = 0;
};
/// Rows of frames [first, last] by ref.
using Collected = std::map<EventRef, Part>;

Result<> collect(Env& env, const std::vector<std::shared_ptr<SegmentHandle>>& segments, std::uint64_t first,
                 std::uint64_t last, Collected& out) {
  for (const auto& segment : segments) {
    if (!segment->reader || segment->summary.last_frame < first || segment->summary.first_frame > last)
      continue;
    const auto file = env.open(segment->path, OpenMode::read);
    if (!file && file.error().code == ErrorCode::not_found) continue;  // Deleted meanwhile.
    if (!file) return std::unexpected(file.error());
    for (const auto& group : segment->reader->groups()) {
      if (group.last_frame < first || group.first_frame > last) continue;
      const auto refs = PHENDAU_TRY(segment->reader->refs(**file, group));
      RowSet only(group.rows);
      for (std::uint32_t row = 0; row < refs.size(); ++row) {
        if (first <= refs[row].frame && refs[row].frame <= last) only.insert(row);
      }
      if (only.empty()) continue;
      auto rows = std::make_shared<SegmentRows>(
          PHENDAU_TRY(segment->reader->load(**file, group, {nullptr, true, &only})));
      for (std::uint32_t row = 0; row < rows->refs.size(); ++row) out[rows->refs[row]] = {rows, row};
    }
  }
  return {};
}

/// One frame of at most `budget` rows of others is gathered at a time, so that reading history needs bounded
/// memory.
Result<> append_sealed(const Collected& rows, const std::vector<SealedFrame>* frames,
                       std::uint64_t list_first, std::vector<CommittedBatch>& out) {
  for (auto at = rows.begin(); at != rows.end();) {
    const std::uint64_t seq = at->first.frame;
    CommittedBatch committed;
    committed.seq = seq;
    BatchBuilder builder(at->second.rows->batch.shape());
    committed.received = at->second.rows->batch.received_time(at->second.row);
    if (frames != nullptr && seq - list_first < frames->size())
      committed.received = (*frames)[seq - list_first].meta.received;
    for (; at != rows.end() && at->first.frame == seq; ++at) {
      copy_row(at->second.rows->batch, at->second.row, builder);
      committed.refs.push_back(at->first);
    }
    committed.batch = builder.finish();
    out.push_back(std::move(committed));
  }
  return {};
}

/// Frames gathered from segments at once.
constexpr std::uint64_t kSealedStep = 64;

}  // namespace

Result<std::vector<CommittedBatch>> Journal::read_from(std::uint64_t frame_seq, std::size_t frames_max) {
  State& state = *state_;
  frames_max = std::min(frames_max, kReadFramesMax);
  frame_seq = std::max<std::uint64_t>(frame_seq, 1);
  std::vector<CommittedBatch> out;
  Snapshot view;
  std::vector<SealBody> seals;
  {
    // Both under one lock: a seal in between would hide its frames from this read.
    const std::lock_guard guard(state.mu);
    view = {state.wals, {}, state.segments};
    for (const auto& wal : state.wals) view.wal_frames.push_back(wal->frames);
    for (const auto& body : state.seals) {
      if (body.last_frame >= frame_seq) seals.push_back(body);
    }
  }
  for (const auto& body : seals) {
    if (out.size() >= frames_max) return out;
    std::vector<SealedFrame> frames;
    const auto list =
        read_file(state.env, path_join(state.path(kSealsFolder), body.frames.name), kSmallFileBytesMax);
    if (list) {
      auto decoded = decode_sealed_frames(*list, body.first_frame);
      if (decoded) frames = std::move(*decoded);
    }
    std::uint64_t from = std::max(frame_seq, body.first_frame);
    while (from <= body.last_frame && out.size() < frames_max) {
      const std::uint64_t room = std::min<std::uint64_t>(kSealedStep, frames_max - out.size());
      const std::uint64_t to = std::min(body.last_frame, from + room - 1);
      Collected rows;
      PHENDAU_TRY(collect(state.env, view.segments, from, to, rows));
      PHENDAU_TRY(append_sealed(rows, &frames, body.first_frame, out));
      from = to + 1;
    }
  }
  for (std::size_t i = 0; i < view.wals.size(); ++i) {
    for (const auto& frame : view.wal_frames[i]) {
      if (out.size() >= frames_max) return out;
      if (frame.entry.seq < frame_seq) continue;
      CommittedBatch committed;
      committed.seq = frame.entry.seq;
      committed.received = frame.entry.meta.received;
      committed.batch = PHENDAU_TRY(load_frame(*view.wals[i], frame));
      for (std::uint32_t row = 0; row < committed.batch.rows(); ++row)
        committed.refs.push_back({committed.seq, row});
      out.push_back(std::move(committed));
    }
  }
  return out;
}

}  // namespace phendau::journal

// SPDX-License-Identifier: Apache-2.0
// After damage the scan looks for the next byte position where a whole frame checks, so that one bad sector
// costs the frames that it touches and no more. Frames count once the commit marker of their group was seen;
// frames found after damage count at once, because their group cannot be told.
#include "store/journal/wal.h"

#include <fmt/format.h>

#include "store/journal/limits.h"

namespace phendau::journal {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view bytes) : bytes_(bytes) {}

  WalScan run() {
    scan_.size_bytes = bytes_.size();
    if (auto header = decode_wal_header(bytes_)) {
      scan_.header_ok = true;
      scan_.header = *header;
      next_seq_ = header->first_seq;
      previous_ = header->previous;
      at_ = kWalHeaderBytes;
      scan_.committed_bytes = at_;
    } else {
      damage(0, header.error().message);
      if (!resync()) at_ = bytes_.size();
    }
    while (at_ < bytes_.size()) step();
    // A header without a single readable frame after it is a file whose creation was cut, not damage.
    scan_.torn_frames = pending_.size();
    return std::move(scan_);
  }

 private:
  void damage(std::size_t offset, std::string what) {
    if (scan_.damaged) return;
    scan_.damaged = true;
    scan_.damage_offset_bytes = offset;
    scan_.damage = std::move(what);
    scan_.frames_before_damage = scan_.frames.size();
    scan_.committed_bytes_before_damage = scan_.committed_bytes;
  }

  void step() {
    auto frame = decode_frame(bytes_.substr(at_));
    if (!frame) {
      const std::size_t bad = at_;
      const std::string what = frame.error().message;
      if (!resync()) {
        at_ = bytes_.size();  // A tail in which nothing is readable: torn.
        return;
      }
      damage(bad, what);
      flush();
      return;
    }
    if (frame->header.kind == FrameKind::commit)
      commit(*frame);
    else
      accept(*frame);
    at_ += frame->size_bytes;
  }

  void accept(const Frame& frame) {
    auto payload = decode_frame_payload(frame.payload);
    if (!payload) {
      damage(at_, payload.error().message);
      return;
    }
    const bool first = !anchored_ && scan_.damaged;
    if (!first && (frame.header.seq != next_seq_ || frame.header.previous != previous_)) {
      damage(at_, fmt::format("frame {} stands where frame {} belongs", frame.header.seq, next_seq_));
      if (frame.header.seq < next_seq_) return;  // Repeated or moved: the first one counts.
    }
    anchored_ = true;
    FrameEntry entry{frame.header.seq,      at_,          frame.size_bytes, frame.hash,
                     frame.header.previous, payload->meta};
    next_seq_ = entry.seq + 1;
    previous_ = entry.hash;
    pending_.push_back(std::move(entry));
    if (scan_.damaged) flush();
  }

  void commit(const Frame& frame) {
    if (frame.header.seq + 1 != next_seq_ || frame.header.previous != previous_) {
      damage(at_, "a commit marker that does not fit the frame before it");
    }
    if (scan_.damaged) ++scan_.commits_after_damage;
    flush();
    scan_.committed_bytes = at_ + frame.size_bytes;
  }

  void flush() {
    for (auto& entry : pending_) scan_.frames.push_back(std::move(entry));
    pending_.clear();
    if (!scan_.frames.empty()) {
      const auto& last = scan_.frames.back();
      scan_.committed_bytes = std::max(scan_.committed_bytes, last.offset_bytes + last.size_bytes);
    }
  }

  /// Moves to the next readable frame after at_; false if there is none.
  bool resync() {
    for (std::size_t from = at_ + 1;;) {
      const std::size_t found = bytes_.find("PDJF", from);
      if (found == std::string_view::npos) return false;
      if (decode_frame(bytes_.substr(found))) {
        at_ = found;
        anchored_ = false;
        return true;
      }
      from = found + 1;
    }
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint64_t next_seq_ = 1;
  Sha256 previous_{};
  bool anchored_ = false;  // after damage: the next frame opens a new stretch
  std::vector<FrameEntry> pending_;
  WalScan scan_;
};

}  // namespace

void cut_torn_tail(WalScan& scan, std::uint64_t acknowledged_seq) {
  if (!scan.damaged || !scan.header_ok || scan.commits_after_damage > 1) return;
  const std::uint64_t kept = scan.frames_before_damage == 0 ? scan.header.first_seq - 1
                                                            : scan.frames[scan.frames_before_damage - 1].seq;
  if (acknowledged_seq > kept) return;
  scan.torn_frames += scan.frames.size() - scan.frames_before_damage;
  scan.frames.resize(scan.frames_before_damage);
  scan.committed_bytes = scan.committed_bytes_before_damage;
  scan.damaged = false;
}

WalScan scan_wal_bytes(std::string_view bytes) { return Scanner(bytes).run(); }

Result<WalScan> scan_wal(const File& file) {
  const std::uint64_t size = PHENDAU_TRY(file.size());
  const std::string bytes = PHENDAU_TRY(file.read_at(0, size));
  return scan_wal_bytes(bytes);
}

}  // namespace phendau::journal

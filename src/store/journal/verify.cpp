// SPDX-License-Identifier: Apache-2.0
// The acknowledged mark is read first: whatever was durable then must be found afterwards, however far a live
// journal has moved on. If a file vanishes under our hands (a seal removed a write-ahead file), the whole
// pass is repeated.
#include "store/journal/verify.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "store/journal/limits.h"
#include "store/journal/segment.h"
#include "store/journal/state.h"

namespace phendau::journal {
namespace {

constexpr int kPassesMax = 3;
constexpr std::size_t kReadStepBytes = 4u << 20;

class Verifier {
 public:
  Verifier(Env& env, const std::string& dir) : env_(env), dir_(dir) {}

  VerifyReport run(const std::vector<Head>& expected, std::string_view public_key) {
    check_format();
    check_head_file();
    if (check_chain(public_key)) {
      check_seals();
      check_wals();
      for (const Head& head : expected) check_expected(head, "a head kept elsewhere");
      if (mark_) check_expected(*mark_, "the acknowledged mark");
    }
    // A seal that finished meanwhile moved frames from files we had not read into files we had not looked
    // for.
    const auto chain_file = env_.open(path(std::string(kChainFile)), OpenMode::read);
    if (chain_file && (*chain_file)->size().value_or(chain_bytes_) != chain_bytes_) raced_ = true;
    name_files("");
    report_.head = {last_seq_, last_hash_, chain_.entries.size(),
                    chain_.entries.empty() ? Sha256{} : chain_.entries.back().hash};
    report_.ok = report_.state <= VerifyState::recovered;
    return std::move(report_);
  }
  bool raced() const { return raced_; }

 private:
  std::string path(const std::string& file) const { return path_join(dir_, file); }

  void find(VerifyState state, std::string file, std::uint64_t offset, std::string reason) {
    if (state > report_.state) {
      report_.state = state;
      report_.segment = file;
      report_.offset_bytes = offset;
      report_.reason = reason;
    }
    if (report_.findings.size() < kVerifyFindingsMax)
      report_.findings.push_back({state, std::move(file), offset, std::move(reason)});
  }
  void cannot_read(const std::string& file, const Error& error) {
    if (error.code == ErrorCode::denied && !report_.unreadable) report_.unreadable = error;
    find(VerifyState::lost, file, 0, error.message);
  }
  void covered(const std::string& file) {
    if (covered_.insert(file).second) report_.files_checked.push_back(file);
  }
  std::optional<std::string> bytes_of(const std::string& file) {
    auto bytes = read_file(env_, path(file), UINT64_MAX);
    if (!bytes) {
      cannot_read(file, bytes.error());
      return std::nullopt;
    }
    covered(file);
    return std::move(*bytes);
  }

  void check_format() {
    const std::string file(kFormatFile);
    const auto bytes = bytes_of(file);
    if (bytes && *bytes != format_text(kFormatVersion)) {
      const std::string wanted = format_text(kFormatVersion);
      const auto at =
          std::mismatch(bytes->begin(), bytes->end(), wanted.begin(), wanted.end()).first - bytes->begin();
      find(VerifyState::changed, file, static_cast<std::uint64_t>(at), "the format file was changed");
    }
    const std::string lock_file(kLockFile);
    if (!env_.exists(path(lock_file))) return;
    const auto lock_bytes = bytes_of(lock_file);
    if (lock_bytes && !lock_bytes->empty())
      find(VerifyState::changed, lock_file, 0, "the lock file is not empty");
  }

  void check_head_file() {
    const std::string file(kHeadFile);
    const auto bytes = bytes_of(file);
    if (!bytes) return;
    mark_ = best_head(*bytes);
    if (bytes->size() != 2 * kHeadSlotBytes) {
      find(VerifyState::changed, file, std::min<std::uint64_t>(bytes->size(), 2 * kHeadSlotBytes),
           "the acknowledged mark has a wrong size");
    }
    int bad = 0;
    for (std::size_t at = 0; at + kHeadSlotBytes <= bytes->size() && at < 2 * kHeadSlotBytes;
         at += kHeadSlotBytes) {
      if (decode_head_slot(std::string_view(*bytes).substr(at, kHeadSlotBytes))) continue;
      ++bad;
      // A power cut can tear the slot that was being written; the other one then stands.
      find(bad == 2 ? VerifyState::changed : VerifyState::recovered, file, at,
           "a slot of the acknowledged mark is damaged");
    }
  }

  bool check_chain(std::string_view public_key) {
    const std::string file(kChainFile);
    const auto bytes = bytes_of(file);
    if (!bytes) return false;
    chain_bytes_ = bytes->size();
    chain_ = scan_chain(*bytes);
    if (chain_.damaged)
      find(VerifyState::changed, file, chain_.good_bytes, chain_.damage);
    else if (chain_.good_bytes < bytes->size())
      find(VerifyState::recovered, file, chain_.good_bytes, "the last entry is cut");
    if (!public_key.empty() && chain_.public_key != public_key) {
      find(VerifyState::changed, file, 0, "the chain was signed with another key");
    }
    for (const auto& entry : chain_.entries) {
      if (entry.kind == ChainKind::seal) {
        auto body = parse_seal(entry.body);
        if (body)
          seals_.push_back(std::move(*body));
        else
          find(VerifyState::changed, file, entry.offset_bytes, body.error().message);
      } else if (entry.kind == ChainKind::tombstone) {
        if (const auto body = parse_tombstone(entry.body))
          deleted_.insert(body->segments.begin(), body->segments.end());
      }
    }
    return true;
  }

  void follow(const std::string& file, std::uint64_t offset, std::uint64_t seq, const Sha256& previous) {
    if (seq != last_seq_ + 1) {
      find(VerifyState::lost, file, offset,
           fmt::format("frames {} to {} are missing before it", last_seq_ + 1, seq - 1));
    } else if (previous != last_hash_) {
      find(VerifyState::changed, file, offset,
           fmt::format("frame {} does not link to the frame before it", seq));
    }
  }
  void accept(std::uint64_t seq, const Sha256& hash) {
    hashes_[seq] = hash;
    last_seq_ = seq;
    last_hash_ = hash;
    ++report_.frames;
  }

  void check_seals() {
    for (std::size_t i = 0; i < seals_.size(); ++i) {
      const SealBody& body = seals_[i];
      follow(std::string(kChainFile), 0, body.first_frame, body.previous_hash);
      const std::string frames_file = path_join(kSealsFolder, body.frames.name);
      if (const auto bytes = bytes_of(frames_file)) check_frame_list(frames_file, *bytes, body);
      last_seq_ = body.last_frame;
      last_hash_ = body.last_hash;
      const std::string producers_file = path_join(kSealsFolder, body.producers.name);
      if (i + 1 == seals_.size() || env_.exists(path(producers_file))) {
        const auto bytes = bytes_of(producers_file);
        if (bytes && sha256(*bytes) != body.producers.digest) {
          find(VerifyState::changed, producers_file, 0, "the file differs from its digest in the chain");
        } else if (bytes && i + 1 < seals_.size()) {
          find(VerifyState::recovered, producers_file, 0, "an old checkpoint is left over");
        }
      }
      for (const auto& segment : body.segments) check_segment(segment);
    }
  }

  void check_frame_list(const std::string& file, const std::string& bytes, const SealBody& body) {
    if (sha256(bytes) != body.frames.digest) {
      find(VerifyState::changed, file,
           std::min<std::uint64_t>(bytes.size(), body.frames.size_bytes) == bytes.size() &&
                   bytes.size() < body.frames.size_bytes
               ? bytes.size()
               : 0,
           "the file differs from its digest in the chain");
      return;
    }
    const auto frames = decode_sealed_frames(bytes, body.first_frame);
    if (!frames) return find(VerifyState::changed, file, 0, frames.error().message);
    for (std::size_t i = 0; i < frames->size(); ++i) {
      const std::uint64_t seq = body.first_frame + i;
      if ((*frames)[i].meta.rows == 0)
        find(VerifyState::lost, file, 0, fmt::format("frame {} was lost before it was sealed", seq));
      else
        accept(seq, (*frames)[i].hash);
    }
  }

  Result<Sha256> digest_of(const File& file) {
    Sha256Stream stream;
    for (std::uint64_t at = 0;;) {
      const std::string part = PHENDAU_TRY(file.read_at(at, kReadStepBytes));
      if (part.empty()) return stream.finish();
      stream.update(part);
      at += part.size();
    }
  }

  void check_segment(const SegmentSummary& summary) {
    const std::string name = path_join(kSegmentsFolder, summary.name);
    const bool deleted = deleted_.contains(summary.name);
    if (deleted && !env_.exists(path(name))) return;
    const auto file = env_.open(path(name), OpenMode::read);
    if (!file) return cannot_read(name, file.error());
    covered(name);
    if (deleted) return find(VerifyState::recovered, name, 0, "a segment with a tombstone is left over");
    const auto digest = digest_of(**file);
    if (digest && *digest == summary.digest) return;
    const std::uint64_t size = (*file)->size().value_or(0);
    if (size != summary.size_bytes) {
      return find(size < summary.size_bytes ? VerifyState::lost : VerifyState::changed, name,
                  std::min(size, summary.size_bytes),
                  fmt::format("the file has {} bytes and was sealed with {}", size, summary.size_bytes));
    }
    const auto reader = SegmentReader::open(**file);
    if (!reader)
      return find(VerifyState::changed, name, SegmentReader::index_damage_offset(**file),
                  reader.error().message);
    const auto damage = (*reader)->first_damage(**file);
    if (!damage) return find(VerifyState::changed, name, 0, damage.error().message);
    find(VerifyState::changed, name, damage->first, damage->second);
  }

  void check_wals() {
    const auto entries = env_.list(path(std::string(kWalFolder)));
    if (!entries) return cannot_read(std::string(kWalFolder), entries.error());
    std::vector<std::string> names;
    for (const auto& entry : *entries) {
      if (!entry.is_directory && entry.name.ends_with(".wal")) names.push_back(entry.name);
    }
    for (const auto& name : names) {
      const auto bytes = read_file(env_, path_join(path(std::string(kWalFolder)), name), UINT64_MAX);
      if (!bytes) {
        raced_ = bytes.error().code == ErrorCode::not_found;
        cannot_read(path_join(kWalFolder, name), bytes.error());
        continue;
      }
      covered(path_join(kWalFolder, name));
      check_wal(name, *bytes, name == names.back());
    }
  }

  void check_wal(const std::string& name, const std::string& bytes, bool last) {
    const std::string file = path_join(kWalFolder, name);
    const std::uint64_t acknowledged = mark_ ? mark_->frame_seq : 0;
    WalScan scan = scan_wal_bytes(bytes);
    if (last) cut_torn_tail(scan, acknowledged);
    if (scan.damaged && !(last && !scan.header_ok && scan.frames.empty())) {
      find(VerifyState::changed, file, scan.damage_offset_bytes, scan.damage);
    }
    if (scan.header_ok && wal_name(scan.header.first_seq) != name)
      find(VerifyState::changed, file, 0, "the file was renamed");
    std::uint64_t sealed = 0;
    for (const auto& frame : scan.frames) {
      const auto known = hashes_.find(frame.seq);
      if (known != hashes_.end()) {
        ++sealed;
        if (known->second != frame.hash)
          find(VerifyState::changed, file, frame.offset_bytes, "a frame differs from its sealed digest");
        continue;
      }
      follow(file, frame.offset_bytes, frame.seq, frame.previous);
      accept(frame.seq, frame.hash);
    }
    if (sealed > 0 && sealed == scan.frames.size())
      find(VerifyState::recovered, file, 0, "a sealed write-ahead file is left over");
    if (scan.committed_bytes == scan.size_bytes || scan.damaged) {
      if (scan.damaged && scan.frames.empty() && last) {
        find(acknowledged > last_seq_ ? VerifyState::lost : VerifyState::recovered, file, 0,
             "the file was never completed");
      }
      return;
    }
    const bool torn = last && acknowledged <= last_seq_;
    find(torn ? VerifyState::recovered : VerifyState::lost, file, scan.committed_bytes,
         torn ? "the tail was never acknowledged" : "acknowledged frames cannot be read");
  }

  void check_expected(const Head& head, std::string_view what) {
    const std::string chain_file(kChainFile);
    if (head.frame_seq > last_seq_) {
      find(VerifyState::lost, std::string(kWalFolder), 0,
           fmt::format("{} knows frame {}, but the last one here is {}", what, head.frame_seq, last_seq_));
    } else if (head.frame_seq > 0) {
      const auto found = hashes_.find(head.frame_seq);
      if (found != hashes_.end() && found->second != head.frame_hash) {
        find(VerifyState::changed, std::string(kWalFolder), 0,
             fmt::format("frame {} is not the one that {} knows", head.frame_seq, what));
      }
    }
    if (head.chain_entries > chain_.entries.size()) {
      find(VerifyState::lost, chain_file, chain_.good_bytes,
           fmt::format("{} knows {} chain entries, but there are {}", what, head.chain_entries,
                       chain_.entries.size()));
    } else if (head.chain_entries > 0 && chain_.entries[head.chain_entries - 1].hash != head.chain_hash) {
      find(VerifyState::changed, chain_file, chain_.entries[head.chain_entries - 1].offset_bytes,
           fmt::format("chain entry {} is not the one that {} knows", head.chain_entries - 1, what));
    }
  }

  void name_files(const std::string& folder) {
    const auto entries = env_.list(folder.empty() ? dir_ : path(folder));
    if (!entries) return;
    for (const auto& entry : *entries) {
      const std::string file = folder.empty() ? entry.name : path_join(folder, entry.name);
      if (entry.is_directory)
        name_files(file);
      else if (!covered_.contains(file))
        report_.unknown_files.push_back(file);
    }
  }

  Env& env_;
  std::string dir_;
  VerifyReport report_;
  std::set<std::string> covered_;
  std::optional<Head> mark_;
  ChainScan chain_;
  std::uint64_t chain_bytes_ = 0;
  std::vector<SealBody> seals_;
  std::set<std::string> deleted_;
  std::map<std::uint64_t, Sha256> hashes_;
  std::uint64_t last_seq_ = 0;
  Sha256 last_hash_{};
  bool raced_ = false;
};

}  // namespace

std::string_view to_string(VerifyState state) {
  constexpr std::string_view kNames[] = {"intact", "recovered", "changed", "lost"};
  return kNames[static_cast<std::size_t>(state)];
}

VerifyReport verify(Env& env, const std::string& dir, const std::vector<Head>& expected_heads,
                    std::string_view public_key) {
  for (int pass = 1;; ++pass) {
    Verifier verifier(env, dir);
    VerifyReport report = verifier.run(expected_heads, public_key);
    if (!verifier.raced() || pass == kPassesMax) return report;
  }
}

Result<VerifyReport> verify_folder(Env& env, const std::string& dir, const std::vector<Head>& expected_heads,
                                   std::string_view public_key) {
  const auto entries = env.list(dir);
  if (!entries && entries.error().code != ErrorCode::not_found) return std::unexpected(entries.error());
  const auto is_ours = [](const DirEntry& entry) {
    constexpr std::string_view kOurs[] = {kFormatFile, kChainFile,      kHeadFile,
                                          kWalFolder,  kSegmentsFolder, kSealsFolder};
    return std::find(std::begin(kOurs), std::end(kOurs), entry.name) != std::end(kOurs);
  };
  if (!entries || std::none_of(entries->begin(), entries->end(), is_ours)) {
    return fail(ErrorCode::not_found, dir + ": no journal here", "journal.none", {dir});
  }
  VerifyReport report = verify(env, dir, expected_heads, public_key);
  if (report.unreadable) return std::unexpected(*report.unreadable);
  return report;
}

}  // namespace phendau::journal

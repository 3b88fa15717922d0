// SPDX-License-Identifier: Apache-2.0
// Opening and recovery. Order: format, acknowledged mark, chain, segments, write-ahead files, duplicate
// table, then leftovers of a seal or deletion that a crash cut short. Every step may be repeated after
// another crash.
#include "store/journal/journal.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "store/journal/batch_codec.h"
#include "store/journal/limits.h"
#include "store/journal/state.h"

namespace phendau::journal {
namespace {

constexpr std::size_t kProblemsMax = 100;
constexpr std::string_view kFormatPrefix = "phendau-journal ";

std::string quarantine_name(UtcTime now, const std::string& name) {
  return fmt::format("{}-{}", now.ns / 1'000'000, replace_all(name, "/", "_"));
}

}  // namespace

std::string format_text(std::uint32_t version) { return fmt::format("{}{}\n", kFormatPrefix, version); }

Result<> check_format_text(const std::string& text) {
  if (text == format_text(kFormatVersion)) return {};
  const std::string_view view(text);
  if (view.starts_with(kFormatPrefix) && view.ends_with('\n')) {
    const auto version = parse_int(view.substr(kFormatPrefix.size(), view.size() - kFormatPrefix.size() - 1));
    if (version && *version > kFormatVersion) {
      return fail(
          ErrorCode::invalid,
          fmt::format(
              "this journal has format {} and this program knows formats up to {}: install a newer version",
              *version, kFormatVersion),
          "journal.newer_format", {std::to_string(*version), std::to_string(kFormatVersion)});
    }
  }
  return fail(ErrorCode::corrupt, "the file FORMAT of the journal is damaged", "journal.format_damaged");
}

std::string wal_name(std::uint64_t first_seq) { return fmt::format("{:020}.wal", first_seq); }

std::optional<Head> best_head(const std::string& head_bytes) {
  std::optional<Head> best;
  for (std::size_t at = 0; at + kHeadSlotBytes <= head_bytes.size(); at += kHeadSlotBytes) {
    const auto slot = decode_head_slot(std::string_view(head_bytes).substr(at, kHeadSlotBytes));
    if (!slot) continue;
    const auto rank = [](const Head& head) { return std::pair(head.frame_seq, head.chain_entries); };
    if (!best || rank(*best) < rank(*slot)) best = *slot;
  }
  return best;
}

Snapshot Journal::State::snapshot() const {
  const std::lock_guard guard(mu);
  Snapshot out{wals, {}, segments};
  for (const auto& wal : wals) out.wal_frames.push_back(wal->frames);
  return out;
}

void Journal::State::problem(std::string sentence) {
  PHENDAU_LOG(warn, "journal_problem", {"reason", sentence});
  const std::lock_guard guard(mu);
  counters.damaged = true;
  if (counters.problems.size() < kProblemsMax) counters.problems.push_back(std::move(sentence));
}

Result<> Journal::State::create() {
  for (const auto folder : {kWalFolder, kSegmentsFolder, kSealsFolder, kQuarantineFolder}) {
    PHENDAU_TRY(env.make_dirs(path(folder)));
  }
  // FORMAT is written last: until it exists nothing was acknowledged and creation starts again.
  for (const auto name : {kChainFile, kHeadFile}) {
    if (env.exists(path(name))) PHENDAU_TRY(env.remove_file(path(name)));
  }
  if (!PHENDAU_TRY(env.list(path(kWalFolder))).empty() ||
      !PHENDAU_TRY(env.list(path(kSegmentsFolder))).empty()) {
    return fail(ErrorCode::corrupt, options.dir + ": the file FORMAT is missing beside stored events",
                "journal.format_missing", {options.dir});
  }
  public_key = PHENDAU_TRY(ed25519_public_key(options.signing_key));
  const std::string entry =
      PHENDAU_TRY(encode_entry(ChainKind::genesis, 0, Sha256{},
                               genesis_body(env.now(), options.zone, public_key), options.signing_key));
  PHENDAU_TRY(write_file_atomic(env, path(kChainFile), entry));
  const std::string slot = encode_head_slot({0, {}, 1, sha256(entry)});
  PHENDAU_TRY(write_file_atomic(env, path(kHeadFile), slot + slot));
  return write_file_atomic(env, path(kFormatFile), format_text(kFormatVersion));
}

Result<> Journal::State::load_chain() {
  const std::string bytes = PHENDAU_TRY(read_file(env, path(kChainFile), kSmallFileBytesMax));
  ChainScan scan = scan_chain(bytes);
  const bool lost = scan.entries.size() < head_now.chain_entries || scan.entries.empty();
  if (scan.damaged || lost) {
    const std::string why = scan.damaged ? scan.damage : "signed entries are missing at its end";
    return fail(
        ErrorCode::corrupt,
        fmt::format(
            "the chain file of {} is damaged at offset {}: {}; run `phendau journal verify` and restore "
            "the file from a backup",
            options.dir, scan.good_bytes, why),
        "journal.chain_damaged", {options.dir, std::to_string(scan.good_bytes)});
  }
  if (scan.good_bytes < bytes.size() && !options.read_only) {
    const auto file = PHENDAU_TRY(env.open(path(kChainFile), OpenMode::read_write));
    PHENDAU_TRY(file->truncate(scan.good_bytes));
    PHENDAU_TRY(file->sync());
  }
  public_key = scan.public_key;
  zone = ZoneOffset{scan.zone_seconds};
  if (!options.read_only && public_key != PHENDAU_TRY(ed25519_public_key(options.signing_key))) {
    return fail(ErrorCode::invalid,
                options.dir + ": the signing key is not the one that this journal was created with",
                "journal.other_key", {options.dir});
  }
  std::set<std::string> deleted;
  for (const auto& entry : scan.entries) {
    chain_hashes.push_back(entry.hash);
    if (entry.kind == ChainKind::seal) seals.push_back(PHENDAU_TRY(parse_seal(entry.body)));
    if (entry.kind != ChainKind::tombstone) continue;
    for (auto& name : PHENDAU_TRY(parse_tombstone(entry.body)).segments) deleted.insert(std::move(name));
  }
  for (auto& seal_entry : seals) {
    std::erase_if(seal_entry.segments, [&](const SegmentSummary& s) { return deleted.contains(s.name); });
  }
  head_now.chain_entries = scan.entries.size();
  head_now.chain_hash = scan.entries.back().hash;
  return {};
}

void Journal::State::load_segment(const SegmentSummary& summary) {
  auto handle = std::make_shared<SegmentHandle>();
  handle->summary = summary;
  handle->path = path_join(path(kSegmentsFolder), summary.name);
  const auto attempt = [&]() -> Result<> {
    const auto file = PHENDAU_TRY(env.open(handle->path, OpenMode::read));
    if (PHENDAU_TRY(file->size()) != summary.size_bytes)
      return fail(ErrorCode::corrupt, "its size differs from the chain");
    handle->reader = PHENDAU_TRY(SegmentReader::open(*file));
    return {};
  };
  if (const auto done = attempt(); !done) {
    problem(fmt::format("segment {}: {}", summary.name, done.error().message));
    if (!options.read_only && done.error().code == ErrorCode::corrupt) {
      const std::string to = path_join(path(kQuarantineFolder), quarantine_name(env.now(), summary.name));
      if (!env.rename(handle->path, to))
        problem("segment " + summary.name + " could not be moved to quarantine");
    }
  }
  segments.push_back(std::move(handle));
}

Result<> Journal::State::load_segments() {
  for (const auto& seal_entry : seals) {
    for (const auto& summary : seal_entry.segments) load_segment(summary);
  }
  for (const auto& handle : segments) {
    if (!handle->reader) continue;
    for (const auto& [name, count] : handle->reader->sources()) {
      const bool known = counters.sources.contains(name) || counters.sources.size() < kStatSourcesMax;
      counters.sources[known ? name : std::string()].add(count.rows, count.last_event, count.last_received);
    }
  }
  return {};
}

Result<> Journal::State::adopt(const std::string& file_path, const WalScan& scan) {
  auto wal = std::make_shared<WalFile>();
  wal->path = file_path;
  wal->created_at = scan.header.created_at;
  wal->reader = PHENDAU_TRY(env.open(file_path, OpenMode::read));
  wal->size_bytes = scan.committed_bytes;
  for (const auto& entry : scan.frames) {
    if (entry.seq <= head_now.frame_seq) continue;
    if (entry.seq != head_now.frame_seq + 1) {
      counters.lost_frames += entry.seq - head_now.frame_seq - 1;
      problem(fmt::format("frames {} to {} are missing", head_now.frame_seq + 1, entry.seq - 1));
    }
    head_now.frame_seq = entry.seq;
    head_now.frame_hash = entry.hash;
    wal->frames.push_back({entry});
  }
  if (!wal->frames.empty()) {
    for (const auto& frame : wal->frames) remember_producer(frame.entry.meta.producer, frame.entry.seq);
    wals.push_back(std::move(wal));
  }
  return {};
}

/// Keeps the damaged file as evidence and writes each stretch of readable frames as a file of its own.
Result<> Journal::State::salvage(const std::string& name, const std::string& bytes, const WalScan& scan) {
  const std::string old_path = path_join(path(kWalFolder), name);
  const std::string kept = path_join(path(kQuarantineFolder), quarantine_name(env.now(), name));
  PHENDAU_TRY(write_file_atomic(env, kept, bytes));
  std::vector<std::string> written;
  for (std::size_t i = 0; i < scan.frames.size();) {
    const auto& first = scan.frames[i];
    std::string out =
        encode_wal_header({first.seq, first.previous, scan.header_ok ? scan.header.created_at : env.now()});
    std::size_t last = i;
    for (;; ++last) {
      out += std::string_view(bytes).substr(scan.frames[last].offset_bytes, scan.frames[last].size_bytes);
      if (last + 1 == scan.frames.size() || scan.frames[last + 1].previous != scan.frames[last].hash) break;
    }
    append_commit(out, scan.frames[last].seq, scan.frames[last].hash);
    written.push_back(path_join(path(kWalFolder), wal_name(first.seq)));
    PHENDAU_TRY(write_file_atomic(env, written.back(), out));
    i = last + 1;
  }
  if (std::find(written.begin(), written.end(), old_path) == written.end())
    PHENDAU_TRY(env.remove_file(old_path));
  PHENDAU_TRY(env.sync_dir(path(kWalFolder)));
  for (const auto& file_path : written) {
    const auto file = PHENDAU_TRY(env.open(file_path, OpenMode::read));
    const WalScan part = PHENDAU_TRY(scan_wal(*file));
    PHENDAU_TRY(adopt(file_path, part));
  }
  return append_chain(
      ChainKind::repair,
      repair_body(env.now(), name, fmt::format("offset {}: {}", scan.damage_offset_bytes, scan.damage)));
}

Result<> Journal::State::load_wal(const std::string& name, bool last, std::uint64_t acknowledged) {
  const std::string file_path = path_join(path(kWalFolder), name);
  const std::string bytes = PHENDAU_TRY(read_file(env, file_path, UINT64_MAX));
  WalScan scan = scan_wal_bytes(bytes);
  if (last) cut_torn_tail(scan, acknowledged);
  const std::uint64_t kept = scan.frames.empty() ? head_now.frame_seq : scan.frames.back().seq;
  if (last && !scan.damaged && acknowledged > kept && scan.committed_bytes < scan.size_bytes) {
    scan.damaged = true;  // Not torn: these bytes were acknowledged, so they stay as evidence.
    scan.damage_offset_bytes = scan.committed_bytes;
    scan.damage = "acknowledged frames cannot be read";
  }
  if (scan.frames.empty() && (!scan.damaged || bytes.size() <= kWalHeaderBytes)) {
    counters.recovered_frames += scan.torn_frames;
    if (options.read_only) return {};
    PHENDAU_TRY(env.remove_file(file_path));  // Nothing in it was acknowledged.
    return env.sync_dir(path(kWalFolder));
  }
  if (scan.damaged) {
    problem(fmt::format("write-ahead file {} is damaged at offset {}: {}", name, scan.damage_offset_bytes,
                        scan.damage));
    if (!options.read_only) return salvage(name, bytes, scan);
  } else if (scan.committed_bytes < scan.size_bytes && !options.read_only) {
    counters.recovered_frames += scan.torn_frames;
    const auto file = PHENDAU_TRY(env.open(file_path, OpenMode::read_write));
    PHENDAU_TRY(file->truncate(scan.committed_bytes));
    PHENDAU_TRY(file->sync());
  }
  return adopt(file_path, scan);
}

Result<> Journal::State::load_wals() {
  const Head acknowledged = head_now;
  head_now.frame_seq = seals.empty() ? 0 : seals.back().last_frame;
  head_now.frame_hash = seals.empty() ? Sha256{} : seals.back().last_hash;
  std::vector<std::string> names;
  for (const auto& entry : PHENDAU_TRY(env.list(path(kWalFolder)))) {
    if (entry.name.ends_with(".wal")) names.push_back(entry.name);
  }
  const std::uint64_t sealed = head_now.frame_seq;
  for (const auto& name : names) {
    PHENDAU_TRY(load_wal(name, name == names.back(), acknowledged.frame_seq));
  }
  if (head_now.frame_seq < acknowledged.frame_seq) {
    counters.lost_frames += acknowledged.frame_seq - head_now.frame_seq;
    problem(fmt::format("acknowledged frames {} to {} are missing", head_now.frame_seq + 1,
                        acknowledged.frame_seq));
    head_now.frame_seq = acknowledged.frame_seq;
    head_now.frame_hash = acknowledged.frame_hash;
  }
  PHENDAU_ASSERT(head_now.frame_seq >= sealed);
  return {};
}

void Journal::State::remember_producer(const ProducerRange& range, std::uint64_t frame) {
  if (range.id.empty()) return;
  ProducerState& state = producers[range.id];
  if (frame <= state.last_frame) return;
  state = {range.epoch, range.last_seq + 1, frame};
  if (producers.size() <= kProducersMax) return;
  const auto idle = std::min_element(producers.begin(), producers.end(), [](const auto& a, const auto& b) {
    return a.second.last_frame < b.second.last_frame;
  });
  producers.erase(idle);
  const std::lock_guard guard(mu);
  ++counters.producers_forgotten;
}

Result<> Journal::State::load_producers() {
  if (seals.empty()) return {};
  const SealedFile& file = seals.back().producers;
  const auto bytes = read_file(env, path_join(path(kSealsFolder), file.name), kSmallFileBytesMax);
  if (bytes && sha256(*bytes) == file.digest) {
    producers = PHENDAU_TRY(decode_producers(*bytes));
    return {};
  }
  problem("the checkpoint " + file.name +
          " is damaged; the duplicate table is rebuilt from the sealed frames");
  for (const auto& body : seals) {
    const auto list = read_file(env, path_join(path(kSealsFolder), body.frames.name), kSmallFileBytesMax);
    const auto frames = list && sha256(*list) == body.frames.digest
                            ? decode_sealed_frames(*list, body.first_frame)
                            : Result<std::vector<SealedFrame>>();
    if (!frames || frames->empty()) problem("the list " + body.frames.name + " is damaged");
    for (std::size_t i = 0; frames && i < frames->size(); ++i) {
      remember_producer((*frames)[i].meta.producer, body.first_frame + i);
    }
  }
  return {};
}

/// Files of a seal without chain entry, write-ahead files already sealed, segments with a tombstone, old
/// checkpoints.
Result<> Journal::State::remove_leftovers() {
  std::set<std::string> wanted;
  for (const auto& handle : segments) wanted.insert(handle->path);
  for (const auto& body : seals) wanted.insert(path_join(path(kSealsFolder), body.frames.name));
  if (!seals.empty()) wanted.insert(path_join(path(kSealsFolder), seals.back().producers.name));
  for (const auto& wal : wals) wanted.insert(wal->path);
  std::vector<std::string> folders{path(kSealsFolder), path(kWalFolder)};
  for (const auto& day : PHENDAU_TRY(env.list(path(kSegmentsFolder)))) {
    if (day.is_directory) folders.push_back(path_join(path(kSegmentsFolder), day.name));
  }
  for (const auto& folder : folders) {
    bool removed = false;
    for (const auto& entry : PHENDAU_TRY(env.list(folder))) {
      const std::string file_path = path_join(folder, entry.name);
      const std::string_view name(entry.name);
      const bool ours = name.ends_with(".seg") || name.ends_with(".frames") || name.ends_with(".producers") ||
                        name.ends_with(".wal") || name.ends_with(".new");
      if (entry.is_directory || !ours || wanted.contains(file_path)) continue;
      PHENDAU_TRY(env.remove_file(file_path));
      removed = true;
    }
    if (removed) PHENDAU_TRY(env.sync_dir(folder));
  }
  return {};
}

Result<> Journal::State::append_chain(ChainKind kind, const std::string& body) {
  const std::string entry =
      PHENDAU_TRY(encode_entry(kind, head_now.chain_entries, head_now.chain_hash, body, options.signing_key));
  const auto file = PHENDAU_TRY(env.open(path(kChainFile), OpenMode::read_write));
  const std::uint64_t before = PHENDAU_TRY(file->size());
  auto written = file->append(entry);
  if (written) written = file->sync();
  if (!written) {
    // What is left of the entry is cut now, or else by the next open as a torn tail.
    const auto cut = file->truncate(before);
    if (!cut) problem("the chain file could not be cut back after a failed write");
    return written;
  }
  const std::lock_guard guard(mu);
  head_now.chain_hash = sha256(entry);
  ++head_now.chain_entries;
  chain_hashes.push_back(head_now.chain_hash);
  return {};
}

void Journal::State::write_head() {
  Head now;
  {
    const std::lock_guard guard(mu);
    now = head_now;
  }
  const auto attempt = [&]() -> Result<> {
    if (!head_writer) head_writer = PHENDAU_TRY(env.open(path(kHeadFile), OpenMode::read_write));
    return head_writer->write_at(head_writes++ % 2 * kHeadSlotBytes, encode_head_slot(now));
  };
  // A mark that lags only makes `recovered` out of `lost` after a power cut; the frames themselves are safe.
  if (const auto done = attempt(); !done)
    PHENDAU_LOG(warn, "journal_mark_not_written", {"error", done.error().message});
}

Result<> Journal::State::open() {
  if (!options.read_only) {
    PHENDAU_TRY(env.make_dirs(options.dir));
    auto held = env.lock_file(path(kLockFile));
    if (!held && held.error().code == ErrorCode::conflict) {
      return fail(ErrorCode::conflict, options.dir + ": data folder in use by another process",
                  "journal.in_use", {options.dir});
    }
    lock = PHENDAU_TRY(std::move(held));
    PHENDAU_TRY(env.sync_dir(options.dir));
  }
  if (!env.exists(path(kFormatFile))) {
    if (options.read_only)
      return fail(ErrorCode::not_found, options.dir + ": no journal here", "journal.none", {options.dir});
    PHENDAU_TRY(create());
  }
  const std::string format = PHENDAU_TRY(read_file(env, path(kFormatFile)));
  PHENDAU_TRY(check_format_text(format));
  if (!options.read_only) {
    for (const auto folder : {kWalFolder, kSegmentsFolder, kSealsFolder, kQuarantineFolder}) {
      PHENDAU_TRY(env.make_dirs(path(folder)));
    }
  }
  const auto head_bytes = read_file(env, path(kHeadFile));
  const auto mark = head_bytes ? best_head(*head_bytes) : std::nullopt;
  if (mark)
    head_now = *mark;
  else
    problem("the acknowledged mark (file head) cannot be read");
  const std::uint64_t frame_seq = head_now.frame_seq;
  PHENDAU_TRY(load_chain());
  PHENDAU_ASSERT(head_now.frame_seq == frame_seq);
  PHENDAU_TRY(load_producers());
  PHENDAU_TRY(load_segments());
  PHENDAU_TRY(load_wals());
  if (options.read_only) return {};
  PHENDAU_TRY(remove_leftovers());
  const std::string slot = encode_head_slot(head_now);
  return write_file_atomic(env, path(kHeadFile), slot + slot);
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(Env& env, Options options) {
  auto state = std::make_unique<State>(env, std::move(options));
  PHENDAU_TRY(state->open());
  return std::unique_ptr<Journal>(new Journal(std::move(state)));
}

Head Journal::head() const {
  const std::lock_guard guard(state_->mu);
  return state_->head_now;
}

bool Journal::knows(const Head& past) const {
  const std::lock_guard guard(state_->mu);
  const auto& hashes = state_->chain_hashes;
  if (past.frame_seq > state_->head_now.frame_seq || past.chain_entries > hashes.size()) return false;
  return past.chain_entries == 0 || hashes[past.chain_entries - 1] == past.chain_hash;
}

std::vector<SegmentSummary> Journal::segments() const {
  const std::lock_guard guard(state_->mu);
  std::vector<SegmentSummary> out;
  for (const auto& handle : state_->segments) out.push_back(handle->summary);
  return out;
}

Stat Journal::stat() const {
  const auto space = state_->env.disk_space(state_->options.dir);
  const std::lock_guard guard(state_->mu);
  Stat out = state_->counters;
  out.quota_percent = state_->options.quota_percent;
  if (space && space->total_bytes > 0) {
    out.disk_used_percent = static_cast<int>(100 - static_cast<double>(space->free_bytes) * 100 /
                                                       static_cast<double>(space->total_bytes));
  }
  for (const auto& wal : state_->wals) {
    ++out.wal_files;
    out.wal_bytes += wal->size_bytes;
    out.wal_frames += wal->frames.size();
    for (const auto& frame : wal->frames) out.rows += frame.entry.meta.rows;
  }
  for (const auto& handle : state_->segments) {
    ++out.segments;
    out.segment_bytes += handle->summary.size_bytes;
    out.rows += handle->summary.rows;
  }
  return out;
}

}  // namespace phendau::journal

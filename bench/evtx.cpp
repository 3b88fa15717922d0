// SPDX-License-Identifier: Apache-2.0
// Event logs: the dense chunks of the shared corpora one after another, as one file of half a gigabyte.
#include "bench/scan.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "ingest/evtx_reader.h"
#include "os/env.h"

namespace phendau::bench {
namespace {

constexpr std::size_t kFileBytes = 512u << 20;
constexpr std::uint32_t kDenseAt = 60'000;  // records reach to here
constexpr double kMegabytesTarget = 150;    // a second, on two cores
constexpr int kRuns = 5;

struct Pieces {
  std::string file_header;
  std::vector<std::string> chunks;
};

Pieces dense_pieces(const std::string& corpus) {
  std::vector<std::string> paths;
  Pieces out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
    if (entry.path().extension() == ".evtx") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    const auto bytes = read_file(posix_env(), path);
    if (!bytes) give_up(bytes.error().message);
    if (out.file_header.empty()) out.file_header = bytes->substr(0, ingest::kEvtxFileHeaderBytes);
    for (std::size_t at = ingest::kEvtxFileHeaderBytes; at + ingest::kEvtxChunkBytes <= bytes->size();
         at += ingest::kEvtxChunkBytes) {
      std::string chunk = bytes->substr(at, ingest::kEvtxChunkBytes);
      std::uint32_t free_at = 0;
      std::memcpy(&free_at, chunk.data() + 48, sizeof free_at);
      if (free_at >= kDenseAt) out.chunks.push_back(std::move(chunk));
    }
  }
  return out;
}

void write_log(const Pieces& pieces, const std::string& path) {
  auto file = posix_env().open(path, OpenMode::create_new);
  if (!file) give_up(file.error().message);
  const auto append = [&](const std::string& bytes) {
    if (const auto done = (*file)->append(bytes); !done) give_up(done.error().message);
  };
  append(pieces.file_header);
  std::uint64_t size = 0;
  for (std::size_t i = 0; size < kFileBytes; ++i) {
    const std::string& chunk = pieces.chunks[i % pieces.chunks.size()];
    append(chunk);
    size += chunk.size();
  }
}

}  // namespace

void evtx_report(const SigmaRules& rules, const std::string& folder) {
  if (!wanted("detect, EVTX")) return;
  const std::string corpus = std::string(kCorpora) + "/evtx";
  const Pieces pieces = std::filesystem::exists(corpus) ? dense_pieces(corpus) : Pieces();
  if (pieces.chunks.empty()) {
    report("detect, EVTX", "     skipped: the shared corpora are not here");
    return;
  }
  const std::string path = folder + "/chunks.evtx";
  write_log(pieces, path);
  const auto none = rules.compile({});
  const auto all = rules.compile(rules.all());
  for (const auto& set : {none, all}) {
    for (const std::size_t threads : thread_counts()) {
      Pair pair = scan_pair(
          fmt::format("detect, EVTX, {} rules, {}", set->plan.rules().size(), threads_name(threads)), set,
          path, threads);
      pair.baseline = "read the same file";
      pair.base = [path] { read_plainly(path); };
      pair.pairs = kRuns;
      if (set == all && threads == all_threads()) pair.megabytes_target = kMegabytesTarget;
      run(pair);
    }
  }
  for (const std::size_t threads : thread_counts())
    report_peak("detect, EVTX, memory, " + threads_name(threads), *all, path, threads);
}

}  // namespace phendau::bench

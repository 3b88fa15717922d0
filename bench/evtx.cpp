// SPDX-License-Identifier: Apache-2.0
// Event logs: the dense chunks of the shared corpora one after another; read, against reading the same file;
// and with all of SigmaHQ's rules, against reading alone.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "bench/bench.h"
#include "detect/matcher.h"
#include "hub/active_pack.h"
#include "ingest/evtx_reader.h"
#include "os/env.h"

namespace phendau::bench {
namespace {

constexpr std::size_t kFileBytes = 512u << 20;
constexpr std::size_t kPieceBytes = 4u << 20;  // as the command line reads
constexpr std::uint32_t kDenseAt = 60'000;     // records reach to here

std::vector<std::string> dense_chunks(const std::string& corpus) {
  std::vector<std::string> paths, out;
  if (!std::filesystem::exists(corpus)) return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
    if (entry.path().extension() == ".evtx") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    const auto bytes = read_file(posix_env(), path);
    if (!bytes) give_up(bytes.error().message);
    for (std::size_t at = ingest::kEvtxFileHeaderBytes; at + ingest::kEvtxChunkBytes <= bytes->size();
         at += ingest::kEvtxChunkBytes) {
      std::string chunk = bytes->substr(at, ingest::kEvtxChunkBytes);
      std::uint32_t free_at = 0;
      std::memcpy(&free_at, chunk.data() + 48, sizeof free_at);
      if (free_at >= kDenseAt) out.push_back(std::move(chunk));
    }
  }
  return out;
}

template <class Use>
void each_piece(const std::string& path, const Use& use) {
  const auto file = posix_env().open(path, OpenMode::read);
  if (!file) give_up(file.error().message);
  for (std::uint64_t at = 0;;) {
    const auto piece = (*file)->read_at(at, kPieceBytes);
    if (!piece) give_up(piece.error().message);
    if (piece->empty()) return;
    at += piece->size();
    use(std::string_view(*piece));
  }
}

/// Reads the file as the command line does, a batch per piece; `use` gets each batch.
template <class Use>
void each_batch(const std::string& path, const std::vector<ingest::ChannelLogsource>& channels,
                const Use& use) {
  ingest::EvtxReader reader;
  ingest::Provenance provenance;
  provenance.source = "bench";
  provenance.agency = "agency";
  provenance.skew_limit = Duration{0};
  provenance.channel_logsources = channels;
  each_piece(path, [&](std::string_view piece) {
    BatchBuilder builder("evtx");
    std::vector<std::uint64_t> ids;
    for (std::size_t at = 0; at < piece.size(); at += ingest::kEvtxChunkBytes) {
      reader.read_chunk(piece.substr(at, ingest::kEvtxChunkBytes), provenance, builder, ids);
    }
    use(builder.finish());
  });
}

/// All rules of the shared corpora under the log sources of the packs.
struct Rules {
  detect::SourceMap sources;
  detect::Plan plan;
  std::vector<ingest::ChannelLogsource> channels;  // views into sources
};

std::shared_ptr<const Rules> all_rules(const std::string& folder) {
  auto pack = hub::ActivePack::load(posix_env(), PHENDAU_SOURCE_DIR "/packs/ha-giang");
  if (!pack) give_up(pack.error().message);
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".yml") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<detect::Rule> rules;
  for (const auto& path : paths) {
    const auto text = read_file(posix_env(), path);
    if (!text) give_up(text.error().message);
    auto parsed = detect::parse_rules(path, *text);
    std::move(parsed.rules.begin(), parsed.rules.end(), std::back_inserter(rules));
  }
  auto out = std::make_shared<Rules>();
  out->sources = pack->sources();
  out->plan = detect::Plan::compile(std::move(rules), out->sources, pack->compile_options());
  out->channels = hub::channel_table(out->sources);
  return out;
}

Pair reading_pair(const std::string& path, std::uint64_t size) {
  Pair pair;
  pair.name = "read EVTX into batches";
  pair.baseline = "read the same file";
  each_batch(path, {}, [&](const Batch& batch) { pair.events += batch.rows(); });
  pair.bytes = size;
  pair.pairs = 5;
  pair.ours = [path] { each_batch(path, {}, [](const Batch& batch) { keep(batch.rows()); }); };
  pair.base = [path] {
    std::uint64_t sum = 0;
    each_piece(path, [&](std::string_view piece) { sum += static_cast<unsigned char>(piece.front()); });
    keep(sum);
  };
  return pair;
}

Pair matching_pair(const std::string& path, const Pair& reading, const std::string& folder) {
  const auto rules = all_rules(folder);
  Pair pair = reading;
  pair.name = fmt::format("EVTX, {} rules", rules->plan.rules().size());
  pair.baseline = reading.name;
  pair.base = reading.ours;
  pair.ours = [path, rules] {
    each_batch(path, rules->channels,
               [&](const Batch& batch) { keep(detect::match(rules->plan, batch).size()); });
  };
  return pair;
}

}  // namespace

std::vector<Pair> evtx_pairs(const std::string& folder) {
  const auto chunks = dense_chunks(PHENDAU_SOURCE_DIR "/../shared/corpora/evtx");
  if (chunks.empty()) {
    std::fprintf(stderr, "(no EVTX: the shared corpora are not here)\n");
    return {};
  }
  const std::string path = folder + "/chunks";
  std::uint64_t size = 0;
  {
    auto file = posix_env().open(path, OpenMode::create_new);
    if (!file) give_up(file.error().message);
    for (std::size_t i = 0; size < kFileBytes; ++i) {
      const std::string& chunk = chunks[i % chunks.size()];
      if (const auto done = (*file)->append(chunk); !done) give_up(done.error().message);
      size += chunk.size();
    }
  }
  std::vector<Pair> out = {reading_pair(path, size)};
  const std::string rules = PHENDAU_SOURCE_DIR "/../shared/corpora/sigma";
  if (std::filesystem::exists(rules)) out.push_back(matching_pair(path, out.front(), rules));
  return out;
}

}  // namespace phendau::bench

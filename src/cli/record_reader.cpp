// SPDX-License-Identifier: Apache-2.0
#include "cli/record_reader.h"

#include "base/text.h"
#include "hub/config.h"
#include "ingest/decoder.h"
#include "ingest/framing.h"

namespace phendau::cli {
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;
constexpr std::size_t kLineBytesMax = 1u << 20;
constexpr std::size_t kFilesMax = 1'000'000;

}  // namespace

Result<ReadTotals> read_records(Env& env, const std::string& path, const ReadOptions& options,
                                const TakeBatch& take) {
  const auto file = PHENDAU_TRY(env.open(path, OpenMode::read));
  const std::string head = PHENDAU_TRY(file->read_at(0, 4096));
  auto decoder = PHENDAU_TRY(ingest::make_decoder(ingest::detect_format(head)));
  ingest::FramingOptions framing;
  framing.message_bytes_max = kLineBytesMax;
  framing.octet_counting = false;
  ingest::Deframer deframer(framing);
  BatchBuilder builder{std::string(decoder->name())};
  std::vector<std::uint64_t> lines;
  ReadTotals totals;
  std::uint64_t line = 0;
  ingest::Provenance provenance;
  provenance.received_time = env.now();
  provenance.source = options.source.empty() ? std::string_view(path) : std::string_view(options.source);
  provenance.agency = options.agency;
  provenance.zone = hub::kHubZone;
  provenance.skew_limit = Duration{0};
  provenance.channel_logsources = options.channels;
  const auto flush = [&]() -> Result<> {
    if (builder.rows() == 0) return {};
    const Batch batch = builder.finish();
    totals.events += batch.rows();
    PHENDAU_TRY(take(batch, lines));
    lines.clear();
    return {};
  };
  const auto drain = [&]() -> Result<> {
    while (const auto frame = deframer.next()) {
      // Blank lines are not delivered; they count as lines all the same.
      line = totals.events + lines.size() + deframer.counters().empty + 1;
      provenance.oversized = frame->oversized;
      provenance.truncated = frame->truncated;
      decoder->decode(frame->record, provenance, builder);
      lines.push_back(line);
      if (builder.full() || builder.rows() >= options.rows_max) PHENDAU_TRY(flush());
    }
    return {};
  };
  std::uint64_t offset = 0;
  for (;;) {
    const std::string piece = PHENDAU_TRY(file->read_at(offset, kPieceBytes));
    if (piece.empty()) break;
    offset += piece.size();
    deframer.push(piece);
    PHENDAU_TRY(drain());
  }
  deframer.finish();
  PHENDAU_TRY(drain());
  PHENDAU_TRY(flush());
  totals.bytes = offset;
  for (const auto& [reason, count] : decoder->counters().by_reason) totals.parse_errors += count;
  return totals;
}

Result<std::vector<std::string>> files_under(Env& env, const std::string& path) {
  std::vector<std::string> out;
  const auto entries = env.list(path);
  if (!entries) {
    if (!env.exists(path)) return std::unexpected(entries.error());
    out.push_back(path);
    return out;
  }
  for (const auto& entry : *entries) {
    const std::string child = path_join(path, entry.name);
    if (!entry.is_directory) {
      out.push_back(child);
      continue;
    }
    auto below = PHENDAU_TRY(files_under(env, child));
    out.insert(out.end(), below.begin(), below.end());
    if (out.size() > kFilesMax)
      return fail(ErrorCode::limit, "too many files under " + path, "cli.too_many_files", {path});
  }
  return out;
}

}  // namespace phendau::cli

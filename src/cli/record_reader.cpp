// SPDX-License-Identifier: Apache-2.0
#include "cli/record_reader.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/text.h"
#include "hub/config.h"
#include "ingest/framing.h"

namespace phendau::cli {
namespace {

/// Enough rows for the dictionaries of a batch to pay, little enough for several blocks in memory.
constexpr std::size_t kBlockBytes = 4u << 20;
constexpr std::size_t kHeadBytes = 64u << 10;
constexpr std::size_t kLineBytesMax = 1u << 20;
constexpr std::size_t kFilesMax = 1'000'000;

/// Whether documents end where lines end. The first line alone may be damaged.
bool is_json_lines(std::string_view head) {
  constexpr int kLines = 4;
  if (head.find('\n') == head.npos && head.size() >= kHeadBytes) return true;
  for (int i = 0; i < kLines && !head.empty(); ++i) {
    const std::string_view line = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    bool whole = false;
    ingest::JsonFramer framer;
    framer.push(line, [&](const ingest::JsonFramer::Document& document) {
      whole = line.starts_with('{') && document.bytes.size() == trim(line).size();
    });
    if (whole) return true;
  }
  return false;
}

/// Bytes that no text has, but for NUL: a power cut leaves those where lines were to be written.
bool is_binary(std::string_view head) {
  return std::any_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte != 0 && byte < ' ' && (byte < '\b' || byte > '\r') && byte != 0x1B;
  });
}

/// Two ASCII characters, little-endian.
bool is_unmarked_utf16(std::string_view head) {
  const auto is_ascii = [](char c) { return c >= ' ' && c <= '~'; };
  return head.size() >= 4 && is_ascii(head[0]) && head[1] == '\0' && is_ascii(head[2]) && head[3] == '\0';
}

/// Without the zeros that the disk put before it; empty if only white space is left.
std::string_view record_of_line(std::string_view line) {
  while (line.starts_with('\0')) line.remove_prefix(1);
  const bool begins = !line.empty() && line.front() > ' ';
  return begins || !trim(line).empty() ? line : std::string_view();
}

void count_damage(const Batch& batch, DamageCounts& damage) {
  const Column* errors = batch.column(kParseErrorColumn);
  if (errors->values.size() == 0) return;
  for (const ValueId id : errors->ids) {
    if (id != kAbsent) ++damage[std::string(errors->values.text(id))];
  }
}

}  // namespace

// ---------------------------------------------------------------- BlockDecoder

void BlockDecoder::decode(Block& block, ingest::Provenance provenance, ingest::Decoder* text_decoder,
                          const TakeDecoded& take) {
  take_ = &take;
  if (block.kind == InputKind::evtx) return decode_evtx(block, provenance);
  if (block.kind == InputKind::event_xml) return decode_documents(block, xml_, provenance);
  if (text_decoder != nullptr) return decode_lines(block, *text_decoder, provenance);
  if (json_ == nullptr) json_ = std::move(*ingest::make_decoder("ndjson"));
  if (block.kind == InputKind::json_documents) return decode_documents(block, *json_, provenance);
  decode_json_lines(block, provenance);
}

void BlockDecoder::decode_evtx(Block& block, const ingest::Provenance& provenance) {
  BatchBuilder& builder = builder_of("evtx");
  if (!block.evtx_header.empty()) evtx_.read_file_header(block.evtx_header);
  const std::string_view all = block.bytes;
  for (std::size_t at = 0; at < all.size(); at += ingest::kEvtxChunkBytes) {
    evtx_.read_chunk(all.substr(at, ingest::kEvtxChunkBytes), provenance, builder, positions_);
    flush(builder, block, false);
  }
  flush(builder, block, true);
  for (const auto& [reason, count] : evtx_.take_counters().by_reason) block.damage[reason] = count;
}

BatchBuilder& BlockDecoder::builder_of(std::string_view shape) {
  if (!builder_ || builder_shape_ != shape) {
    builder_.emplace(std::string(shape));
    builder_shape_ = shape;
  }
  return *builder_;
}

void BlockDecoder::decode_json_lines(Block& block, ingest::Provenance& provenance) {
  BatchBuilder& builder = builder_of(json_->name());
  std::uint64_t& line = block.lines;
  for (std::string_view rest = block.bytes; !rest.empty();) {
    ++line;
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view record = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (record.ends_with('\r')) record.remove_suffix(1);
    record = record_of_line(record);
    if (record.empty()) continue;
    provenance.oversized = record.size() > kLineBytesMax;
    json_->decode(record.substr(0, kLineBytesMax), provenance, builder);
    positions_.push_back(line);
    flush(builder, block, false);
  }
  flush(builder, block, true);
}

void BlockDecoder::decode_documents(Block& block, ingest::Decoder& decoder, ingest::Provenance& provenance) {
  BatchBuilder& builder = builder_of(decoder.name());
  for (const auto& part : block.parts) {
    provenance.oversized = part.oversized;
    provenance.truncated = part.truncated;
    decoder.decode(std::string_view(block.bytes).substr(part.begin, part.size), provenance, builder);
    // The viewer of Windows writes all events into one line; in its window people look for the number.
    const auto number = block.kind == InputKind::event_xml ? parse_int(builder.current("EventRecordID"))
                                                           : Result<std::int64_t>{0};
    positions_.push_back(number && *number > 0 ? static_cast<std::uint64_t>(*number) : part.line);
    flush(builder, block, false);
  }
  flush(builder, block, true);
}

void BlockDecoder::decode_lines(Block& block, ingest::Decoder& decoder, ingest::Provenance& provenance) {
  ingest::FramingOptions framing;
  framing.message_bytes_max = kLineBytesMax;
  framing.octet_counting = false;
  ingest::Deframer deframer(framing);
  BatchBuilder& builder = builder_of(decoder.name());
  std::uint64_t records = 0;
  const auto drain = [&] {
    while (const auto frame = deframer.next()) {
      provenance.oversized = frame->oversized;
      provenance.truncated = frame->truncated;
      decoder.decode(frame->record, provenance, builder);
      // Blank lines are not delivered; they count as lines all the same.
      positions_.push_back(block.first_line + records++ + deframer.counters().empty);
      flush(builder, block, false);
    }
  };
  deframer.push(block.bytes);
  drain();
  deframer.finish();
  drain();
  flush(builder, block, true);
}

void BlockDecoder::flush(BatchBuilder& builder, Block& block, bool always) {
  if (builder.rows() == 0 || !(always || builder.full() || builder.rows() >= rows_max_)) return;
  DecodedBatch decoded{builder.finish(), std::exchange(positions_, {})};
  if (block.kind != InputKind::evtx) count_damage(decoded.batch, block.damage);  // its reader counts
  (*take_)(std::move(decoded));
}

// ---------------------------------------------------------------- RecordReader

Result<std::unique_ptr<RecordReader>> RecordReader::open(Env& env, const std::string& path,
                                                         ReadOptions options) {
  std::unique_ptr<RecordReader> reader(new RecordReader());
  reader->path_ = path;
  reader->options_ = std::move(options);
  if (reader->options_.source.empty()) reader->options_.source = path;
  reader->received_time_ = env.now();
  reader->source_ = PHENDAU_TRY(open_byte_source(env, path));
  PHENDAU_TRY(reader->detect());
  return reader;
}

Result<> RecordReader::detect() {
  fill(kHeadBytes);
  if (is_unmarked_utf16(buffer_)) buffer_.insert(0, "\xFF\xFE");
  if (buffer_.starts_with("\xFF\xFE") || buffer_.starts_with("\xFE\xFF")) {
    source_ = text_of_utf16(std::move(source_), std::exchange(buffer_, {}));
    bytes_ = 0;
    source_ended_ = false;
    fill(kHeadBytes);
  }
  if (buffer_.starts_with("\xEF\xBB\xBF")) buffer_.erase(0, 3);
  std::string_view head = std::string_view(buffer_).substr(0, kHeadBytes);
  if (ingest::is_evtx(head) ||
      ingest::is_evtx_chunk(head.substr(std::min(ingest::kEvtxFileHeaderBytes, head.size())))) {
    kind_ = InputKind::evtx;
    return {};
  }
  if (head.find('\0') != head.npos && (is_binary(head) || head.find_first_not_of('\0') == head.npos)) {
    return fail(ErrorCode::invalid, path_ + " is no log: neither EVTX nor text", "input.not_a_log", {path_});
  }
  head.remove_prefix(std::min(head.find_first_not_of('\0'), head.size()));
  if (ingest::is_event_xml(head)) {
    kind_ = InputKind::event_xml;
    return {};
  }
  const std::string_view format = ingest::detect_format(head);
  if (format == "ndjson") {
    const bool wrapped = ingest::begins_with_json_wrapper(head);
    if (wrapped) framer_.unwrap();
    kind_ = !wrapped && is_json_lines(trim(head)) ? InputKind::json_lines : InputKind::json_documents;
    return {};
  }
  text_decoder_ = PHENDAU_TRY(ingest::make_decoder(format));
  return {};
}

void RecordReader::decode(Block& block, BlockDecoder& decoder, const TakeDecoded& take) const {
  decoder.decode(block, provenance(), text_decoder_.get(), take);
}

ingest::Provenance RecordReader::provenance() const {
  ingest::Provenance out;
  out.received_time = received_time_;
  out.source = options_.source;
  out.agency = options_.agency;
  out.zone = hub::kHubZone;
  out.skew_limit = Duration{0};
  out.channel_logsources = options_.channels;
  out.keep_raw = options_.keep_raw;
  out.projection = options_.projection;
  return out;
}

Result<bool> RecordReader::next(Block& block) {
  block = Block();
  block.kind = kind_;
  const bool documents = kind_ == InputKind::json_documents || kind_ == InputKind::event_xml;
  const bool more = kind_ == InputKind::evtx ? next_evtx(block)
                    : documents              ? next_documents(block)
                                             : next_lines(block);
  if (!more && !error_.message.empty()) return std::unexpected(std::exchange(error_, {}));
  return more;
}

/// Reads until the buffer has so many bytes or the file ends.
void RecordReader::fill(std::size_t bytes_wanted) {
  while (!source_ended_ && buffer_.size() < bytes_wanted) {
    const std::size_t before = buffer_.size();
    const auto more = source_->read(buffer_);
    bytes_ += buffer_.size() - before;
    if (!more) error_ = more.error();
    source_ended_ = !more || !*more;
  }
}

bool RecordReader::next_evtx(Block& block) {
  fill(ingest::kEvtxFileHeaderBytes + kBlockBytes);
  if (!header_read_) {
    header_read_ = true;
    block.evtx_header = buffer_.substr(0, ingest::kEvtxFileHeaderBytes);
    buffer_.erase(0, ingest::kEvtxFileHeaderBytes);
  } else if (buffer_.empty()) {
    return false;
  }
  std::size_t whole =
      std::min(buffer_.size(), kBlockBytes) / ingest::kEvtxChunkBytes * ingest::kEvtxChunkBytes;
  if (source_ended_ && buffer_.size() < kBlockBytes) whole = buffer_.size();  // the last chunk may be cut
  // Where a chunk would begin, another log may: files are joined with `cat` and `copy /b`.
  for (std::size_t at = 0; at < whole; at += ingest::kEvtxChunkBytes) {
    if (!ingest::is_evtx(std::string_view(buffer_).substr(at))) continue;
    whole = at;
    header_read_ = false;
  }
  std::string rest = buffer_.substr(whole);
  buffer_.resize(whole);
  block.bytes = std::exchange(buffer_, std::move(rest));
  return true;
}

bool RecordReader::next_lines(Block& block) {
  for (;;) {
    buffer_.reserve(kBlockBytes + kBlockBytes / 2);  // and the last piece, which may reach beyond
    fill(kBlockBytes);
    if (buffer_.empty()) return false;
    if (!skipping_line_) break;
    const std::size_t end = buffer_.find('\n');
    buffer_.erase(0, end == buffer_.npos ? end : end + 1);
    skipping_line_ = end == buffer_.npos;
    if (!skipping_line_) ++line_;
  }
  std::size_t cut = buffer_.size();
  if (!source_ended_) {
    const std::size_t last = buffer_.rfind('\n');
    skipping_line_ = last == buffer_.npos;
    if (!skipping_line_) cut = last + 1;
  }
  block.first_line = line_;
  std::string rest = buffer_.substr(cut);
  buffer_.resize(cut);
  block.bytes = std::exchange(buffer_, std::move(rest));
  if (kind_ == InputKind::text) {
    for (std::size_t at = 0; (at = block.bytes.find('\n', at)) != block.bytes.npos; ++at) ++line_;
  }
  return true;
}

bool RecordReader::next_documents(Block& block) {
  const auto take = [&](const ingest::JsonFramer::Document& document) {
    block.parts.push_back(
        {block.bytes.size(), document.bytes.size(), document.line, document.oversized, document.truncated});
    block.bytes += document.bytes;
  };
  while (block.bytes.size() < kBlockBytes && !framer_ended_) {
    fill(1);
    framer_ended_ = buffer_.empty();
    const auto cut = [&](auto& framer) { framer_ended_ ? framer.finish(take) : framer.push(buffer_, take); };
    if (kind_ == InputKind::event_xml)
      cut(xml_framer_);
    else
      cut(framer_);
    buffer_.clear();
  }
  return !block.parts.empty();
}

// ---------------------------------------------------------------- whole files

Result<ReadTotals> read_records(Env& env, const std::string& path, const ReadOptions& options,
                                const TakeBatch& take) {
  const auto reader = PHENDAU_TRY(RecordReader::open(env, path, options));
  BlockDecoder decoder(options.rows_max);
  ReadTotals totals;
  Block block;
  std::uint64_t lines_before = 0;
  Result<> taken;
  const TakeDecoded take_decoded = [&](DecodedBatch&& decoded) {
    if (!taken) return;
    totals.events += decoded.batch.rows();
    for (auto& position : decoded.positions) position += lines_before;
    taken = take(decoded.batch, decoded.positions);
  };
  while (PHENDAU_TRY(reader->next(block))) {
    reader->decode(block, decoder, take_decoded);
    PHENDAU_TRY(taken);
    lines_before += block.lines;
    for (const auto& [reason, count] : block.damage) totals.damage[reason] += count;
  }
  totals.bytes = reader->bytes();
  return totals;
}

namespace {

/// Folders by what they are, not by how they were reached: links may lead back to a folder above.
using SeenFolders = std::set<std::filesystem::path>;

Result<> add_files(Env& env, const std::string& folder, const std::vector<DirEntry>& entries,
                   SeenFolders& seen, std::vector<std::string>& out) {
  std::error_code unknown;
  const auto real = std::filesystem::canonical(folder, unknown);
  if (!unknown && !seen.insert(real).second) return {};
  for (const auto& entry : entries) {
    std::string child = path_join(folder, entry.name);
    if (entry.is_directory) {
      PHENDAU_TRY(add_files(env, child, PHENDAU_TRY(env.list(child)), seen, out));
    } else if (!entry.is_special) {
      out.push_back(std::move(child));
    }
    if (out.size() > kFilesMax)
      return fail(ErrorCode::limit, "too many files under " + folder, "cli.too_many_files", {folder});
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> files_under(Env& env, const std::string& path) {
  std::vector<std::string> out;
  const auto entries = env.list(path);
  if (!entries) {
    if (!env.exists(path)) return std::unexpected(entries.error());
    out.push_back(path);
    return out;
  }
  SeenFolders seen;
  PHENDAU_TRY(add_files(env, path, *entries, seen, out));
  return out;
}

}  // namespace phendau::cli

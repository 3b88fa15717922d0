// SPDX-License-Identifier: Apache-2.0
// Reads files of records in blocks: event logs of Windows (EVTX or XML), JSON in any layout, lines of text;
// plain, gzip or zstd. What a file is, is told by its content. Blocks of EVTX, XML and JSON can be decoded on
// any thread; lines of text may depend on lines before. Memory depends on the size of a block and of a batch,
// not of a file. Used by `scan` and `journal import`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/byte_source.h"
#include "ingest/decoder.h"
#include "ingest/event_xml.h"
#include "ingest/evtx_reader.h"
#include "ingest/json_framing.h"
#include "model/batch.h"
#include "os/env.h"

namespace phendau::cli {

struct ReadOptions {
  std::string agency = "unassigned";
  std::string source;                                  // default: the path
  std::uint32_t rows_max = kBatchRowsMax;              // per batch
  bool keep_raw = true;                                // in batches
  std::span<const ingest::ChannelLogsource> channels;  // of the pack's log sources
  const Projection* projection = nullptr;              // null: all of every record
};

enum class InputKind : std::uint8_t { evtx, event_xml, json_lines, json_documents, text };

/// Records per reason that were not or not wholly understood.
using DamageCounts = std::map<std::string, std::uint64_t, std::less<>>;

struct DecodedBatch {
  Batch batch;
  /// Of each row: EventRecordID, or the 1-based line; with InputKind::json_lines counted from the block's
  /// first.
  std::vector<std::uint64_t> positions;
};
/// Gets each batch as soon as it is full, in order: a block may become many that are far larger than its
/// bytes.
using TakeDecoded = std::function<void(DecodedBatch&& decoded)>;

/// A part of a file that is understood without the others.
struct Block {
  /// A document in `bytes`.
  struct Part {
    std::size_t begin = 0;
    std::size_t size = 0;
    std::uint64_t line = 1;
    bool oversized = false;
    bool truncated = false;
  };
  InputKind kind = InputKind::text;
  std::string bytes;
  std::string evtx_header;       // evtx: of the file, in the first block
  std::uint64_t first_line = 1;  // text
  std::uint64_t lines = 0;       // json_lines, when decoded
  std::vector<Part> parts;       // json_documents, event_xml
  DamageCounts damage;           // when decoded
};

/// Decodes blocks; one per thread. Views in the provenance live as long as the call.
class BlockDecoder {
 public:
  explicit BlockDecoder(std::uint32_t rows_max = kBatchRowsMax) : rows_max_(rows_max) {}
  /// @param text_decoder for blocks of text only
  void decode(Block& block, ingest::Provenance provenance, ingest::Decoder* text_decoder,
              const TakeDecoded& take);

 private:
  void decode_evtx(Block& block, const ingest::Provenance& provenance);
  BatchBuilder& builder_of(std::string_view shape);
  void decode_json_lines(Block& block, ingest::Provenance& provenance);
  void decode_documents(Block& block, ingest::Decoder& decoder, ingest::Provenance& provenance);
  void decode_lines(Block& block, ingest::Decoder& decoder, ingest::Provenance& provenance);
  void flush(BatchBuilder& builder, Block& block, bool always);

  std::uint32_t rows_max_;
  const TakeDecoded* take_ = nullptr;  // of the block that is being decoded
  ingest::EvtxReader evtx_;
  std::unique_ptr<ingest::Decoder> json_;
  ingest::EventXmlDecoder xml_;
  std::optional<BatchBuilder> builder_;  // empty between blocks; knows how large batches become
  std::string builder_shape_;
  std::vector<std::uint64_t> positions_;
};

/// One file. One thread.
class RecordReader {
 public:
  /// `invalid` if the file is neither EVTX nor text.
  static Result<std::unique_ptr<RecordReader>> open(Env& env, const std::string& path, ReadOptions options);

  /// The next block; false at the end. An error in the middle (damaged compression, a disk that fails) comes
  /// after the blocks before it.
  Result<bool> next(Block& block);
  /// On any thread; blocks of text on one, in order, and with the same decoder.
  void decode(Block& block, BlockDecoder& decoder, const TakeDecoded& take) const;
  /// Unpacked bytes so far, and where we are in the file itself.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t file_offset() const { return source_->file_offset(); }

 private:
  RecordReader() = default;
  void fill(std::size_t bytes_wanted);
  Result<> detect();
  bool next_evtx(Block& block);
  bool next_lines(Block& block);
  bool next_documents(Block& block);
  ingest::Provenance provenance() const;

  std::string path_;
  ReadOptions options_;
  UtcTime received_time_;
  std::unique_ptr<ByteSource> source_;
  InputKind kind_ = InputKind::text;
  std::unique_ptr<ingest::Decoder> text_decoder_;
  ingest::JsonFramer framer_;
  ingest::EventXmlFramer xml_framer_;
  std::string buffer_;
  std::uint64_t bytes_ = 0;
  std::uint64_t line_ = 1;
  bool source_ended_ = false;
  Error error_;  // of the source, with text; told when what came before is used up
  bool framer_ended_ = false;
  bool header_read_ = false;
  bool skipping_line_ = false;  // the rest of a line that was too long
};

struct ReadTotals {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  DamageCounts damage;
};
/// `take` gets a batch and the position of each row.
using TakeBatch = std::function<Result<>(const Batch& batch, const std::vector<std::uint64_t>& positions)>;
/// The whole file on this thread.
Result<ReadTotals> read_records(Env& env, const std::string& path, const ReadOptions& options,
                                const TakeBatch& take);

/// The files under a path (itself, or the folder's files in order): each folder once, however many links lead
/// to it; no pipes or devices.
Result<std::vector<std::string>> files_under(Env& env, const std::string& path);

}  // namespace phendau::cli

// SPDX-License-Identifier: Apache-2.0
// Event logs of Windows (EVTX) chunk by chunk into a BatchBuilder. A chunk is understood on its own, so
// chunks may be read in any order and by several readers. Damage costs what is damaged: what cannot be read
// is skipped and counted by reason (README.md, "EVTX"). Called by the command line's record reader. Pure; one
// reader per thread. Source: [MS-EVEN6] 2.2; J. Metz, "Windows XML Event Log (EVTX) format", 2 to 4.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ingest/decoder.h"

namespace phendau::ingest {

inline constexpr std::size_t kEvtxFileHeaderBytes = 4'096;
inline constexpr std::size_t kEvtxChunkBytes = 65'536;

/// Reasons of EvtxReader::counters().
namespace evtx_skip {
inline constexpr std::string_view kFileHeader = "file_header";        // damaged; chunks are read all the same
inline constexpr std::string_view kChunkHeader = "chunk_header";      // no chunk; records are looked for
inline constexpr std::string_view kChunkChecksum = "chunk_checksum";  // changed bytes somewhere in it
inline constexpr std::string_view kChunkTruncated = "chunk_truncated";  // the file ends in it
inline constexpr std::string_view kRecordHeader = "record_header";      // the next record is looked for
inline constexpr std::string_view kRecordContent = "record_content";    // binary XML or its values damaged
inline constexpr std::string_view kRecordLimit = "record_limit";        // more work than a chunk may cause
}  // namespace evtx_skip

/// Whether it is one of evtx_skip.
bool is_evtx_skip(std::string_view reason);

bool is_evtx(std::string_view file_head);
/// The first chunk stands behind the header of the file, which a power cut may have left as zeros.
bool is_evtx_chunk(std::string_view bytes);

class EvtxReader {
 public:
  EvtxReader();
  ~EvtxReader();
  EvtxReader(EvtxReader&&) noexcept;
  EvtxReader& operator=(EvtxReader&&) noexcept;

  /// Checks the first kEvtxFileHeaderBytes of a file. The log was not closed properly if its flag says so;
  /// then, and in a damaged file, chunks may hold more records than their headers know.
  void read_file_header(std::string_view bytes);

  /// Appends a row per record; `record_ids` gets the EventRecordID of each. Not more than 2,340 rows and some
  /// MiB. A chunk of zeros is an unused one.
  void read_chunk(std::string_view chunk, const Provenance& provenance, BatchBuilder& builder,
                  std::vector<std::uint64_t>& record_ids);

  /// records: rows; by_reason: evtx_skip, and parse_error of the rows. Counts from the last call on.
  DecodeCounters take_counters();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phendau::ingest

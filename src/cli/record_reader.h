// SPDX-License-Identifier: Apache-2.0
// Reads files of records (NDJSON or lines of syslog text) into batches, for `scan` and `journal import`.
// Memory stays bounded: one file is read in pieces and handed over batch by batch.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ingest/decoder.h"
#include "model/batch.h"
#include "os/env.h"

namespace phendau::cli {

struct ReadOptions {
  std::string agency = "unassigned";
  std::string source;                                  // default: the path
  std::uint32_t rows_max = 8'192;                      // per batch
  std::span<const ingest::ChannelLogsource> channels;  // of the pack's log sources
  bool with_event_time_as_received = false;            // scan: the file's own time is the only one there is
};
struct ReadTotals {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t parse_errors = 0;
};
/// `take` gets a batch and the 1-based line of each row.
using TakeBatch = std::function<Result<>(const Batch& batch, const std::vector<std::uint64_t>& lines)>;
Result<ReadTotals> read_records(Env& env, const std::string& path, const ReadOptions& options,
                                const TakeBatch& take);

/// The files under a path (itself, or the folder's files in order).
Result<std::vector<std::string>> files_under(Env& env, const std::string& path);

}  // namespace phendau::cli

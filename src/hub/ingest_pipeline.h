// SPDX-License-Identifier: Apache-2.0
// From received bytes to the journal. Listeners submit records; a lane per format decodes them into one batch
// that is appended when it is full or 50 ms old, so that many quiet sources share an fsync. Agents and
// uploads append at once and are acknowledged after the fsync. Overload: datagrams are dropped and counted
// (policy drop_newest), streams wait (policy block). Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "hub/services.h"
#include "hub/spool_book.h"
#include "ingest/decoder.h"
#include "ingest/line_formats.h"
#include "wire/messages.h"
#include "wire/record_batch.h"

namespace phendau::hub {

inline constexpr std::size_t kUploadBytesMax = 64u << 20;  // one NDJSON upload; larger ones are sent in parts

/// Where records come from, as the hub is set up; never from what a message says.
struct Origin {
  std::string source;
  std::string agency_id;
  std::string peer;
  std::string channel;
  std::string host;               // known from a certificate
  std::string default_logsource;  // of what the decoder cannot tell
};

/// How far an event may lie from now before its clock is doubted: what an agent read while it had no
/// connection is judged by when it was read, as far as that is believable.
/// @param read_at the instant of reading by our clock: the agent's stamp, corrected by what its clock is off.
Duration skew_limit_for(UtcTime read_at, UtcTime now, Duration skew_max);

enum class WhenFull : std::uint8_t { drop_newest, block };

struct IngestCounters {
  std::uint64_t accepted = 0;
  std::uint64_t stored = 0;
  std::uint64_t dropped = 0;          // datagrams while the lane was full
  std::uint64_t append_failures = 0;  // tried again until it works
  std::uint64_t spools_refused = 0;   // batches of devices that began too many spools
  ingest::DecodeCounters decode;
};

class IngestPipeline {
 public:
  explicit IngestPipeline(Services& services);
  ~IngestPipeline();
  void start();
  /// Nobody waits for room any more: called before the listeners are stopped.
  void close_intake();
  /// Appends what is held, then ends the thread.
  void stop();

  /// One record of a listener. False if it was dropped.
  bool submit(std::string_view format, std::string_view record, const Origin& origin, WhenFull when_full,
              bool oversized = false, bool truncated = false);
  /// An event of the hub itself, as NDJSON, under log source "phendau//hub".
  void submit_own(const Json& event);

  /// A batch of an agent: stored exactly once. A range that is partly known answers with what is expected
  /// next. `unavailable` when the device begins too many spools (spool_book.h).
  Result<wire::Ack> append_records(const Actor& device, const wire::RecordBatch& batch);
  /// {accepted, rejected, first_errors}; durable when it returns.
  Result<Json> upload_ndjson(const Actor& actor, std::string_view agency_id, std::string_view source,
                             std::string_view body);
  /// Facts as events: the evidence behind verdicts.
  Result<> append_facts(const Actor& device, const std::vector<Fact>& facts);

  /// Owner of what arrives from this address: the listener's agency, else the sender table, else agencies'
  /// networks.
  std::string agency_of(const ListenerConfig& listener, std::string_view peer_ip) const;
  /// Reads the networks of agencies again (after one was changed).
  Result<> reload_senders();
  IngestCounters counters() const;

 private:
  struct Lane;
  Lane& lane(std::string_view format);
  void run();
  bool flush(Lane& lane, std::unique_lock<std::mutex>& lock);
  ingest::Provenance provenance_of(const Origin& origin, UtcTime now);
  void decode(Lane& lane, std::string_view record, const Origin& origin, bool oversized, bool truncated);

  Services& services_;
  const std::vector<ingest::ChannelLogsource> channels_;
  ingest::LineMemory memory_;  // of all decoders: an agent's batches are decoded apart
  SpoolBook spools_;
  mutable std::mutex mu_;
  std::condition_variable room_;                                     // a lane was flushed
  std::condition_variable work_;                                     // a lane has rows
  std::map<std::string, std::unique_ptr<Lane>, std::less<>> lanes_;  // guarded by mu_
  std::vector<SenderConfig> senders_;                                // guarded by mu_
  bool closed_ = false;                                              // guarded by mu_
  bool stopping_ = false;                                            // guarded by mu_
  IngestCounters counters_;                                          // guarded by mu_
  std::thread thread_;
};

}  // namespace phendau::hub

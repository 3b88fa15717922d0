// SPDX-License-Identifier: Apache-2.0
// Cuts a TCP byte stream into syslog messages: octet counting ("123 <34>1 ...", RFC 6587 3.4.1) and messages
// that end in LF, CR LF or NUL (3.4.2), told apart message by message. Also cuts NDJSON (octet counting off).
// Pure; one object per connection, one thread. Called by the hub's listeners and the agent's socket inputs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/limits.h"

namespace phendau::ingest {

struct FramingOptions {
  std::size_t message_bytes_max = kSyslogMessageBytesMax;
  bool octet_counting = true;
};

struct Frame {
  std::string_view record;  // without framing; valid until the next call of the deframer
  bool oversized = false;   // cut at the limit, the rest was skipped
  bool truncated = false;   // the stream ended inside an octet-counted message
};

struct FramingCounters {
  std::uint64_t records = 0;
  std::uint64_t oversized = 0;
  std::uint64_t skipped_bytes = 0;  // behind the limit of oversized messages
  std::uint64_t empty = 0;          // blank lines, not delivered
  std::uint64_t truncated = 0;
};

/// Use: push(chunk), then next() until nullopt; finish() at the end of the stream, then next() again.
/// The result does not depend on where the stream was cut into chunks.
class Deframer {
 public:
  explicit Deframer(FramingOptions options = {}) : options_(options) {}

  /// `chunk` must live until next() has returned nullopt.
  void push(std::string_view chunk);
  std::optional<Frame> next();
  /// The peer closed: what is pending becomes the last message.
  void finish() { ended_ = true; }
  const FramingCounters& counters() const { return counters_; }
  /// Bytes held for an unfinished message; at most message_bytes_max plus a count.
  std::size_t pending_bytes() const { return pending_.size(); }

 private:
  enum class State : std::uint8_t { start, line, octets, skip_line, skip_octets };

  bool step_start();
  /// These two return nullopt in state start (blank message) or because more bytes are needed.
  std::optional<Frame> step_line();
  std::optional<Frame> step_octets();
  bool step_skip();
  Frame deliver(std::string_view record);
  Frame deliver_oversized(std::string_view head);
  void keep_rest();

  FramingOptions options_;
  State state_ = State::start;
  bool ended_ = false;
  std::string_view chunk_;
  std::string pending_;        // start of an unfinished message
  std::string delivered_;      // holds a message that came in several chunks
  std::size_t remaining_ = 0;  // octets: bytes of the message still to come, as announced
  FramingCounters counters_;
};

}  // namespace phendau::ingest

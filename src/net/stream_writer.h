// SPDX-License-Identifier: Apache-2.0
// The open end of a streamed response, and SseHub, which sends one event to many of them. A slow reader never
// holds up a writer beyond its bounded buffer: live updates cut it off, exports wait for it. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace phendau::net {

/// Bytes that wait for one reader: a second of a good line, minutes of live updates.
inline constexpr std::size_t kStreamBufferBytesMax = 1u << 20;
/// A portal tab holds one; a province has thousands of users, not all at once.
inline constexpr std::size_t kSseSubscribersMax = 4'096;
inline constexpr std::size_t kSsePerTagMax = 16;

class StreamWriter {
 public:
  /// False when the reader is gone. A full buffer ends the stream (false too): the reader reconnects and
  /// catches up.
  bool write(std::string_view chunk);
  /// Waits for room; false when the reader is gone, the server stops or the reader was too slow to take it
  /// all within `patience`. For exports, not on I/O threads.
  bool write_blocking(std::string_view chunk, std::optional<Duration> patience = {});
  /// The response is whole. Dropping the writer without it cuts the connection, so that the reader sees a
  /// fault.
  void finish();
  void abort();
  bool closed() const;

  // ---- for the server ----
  enum class Take : std::uint8_t { bytes, nothing, finished, aborted };
  explicit StreamWriter(std::function<void()> notify) : notify_(std::move(notify)) {}
  Take take(std::string& out);
  /// The reader is gone: writers get false, `notify` is never called again.
  void detach();

 private:
  void wake_reader();  // mutex_ held

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::string pending_;  // all guarded by mutex_
  std::function<void()> notify_;
  bool finished_ = false;
  bool aborted_ = false;
  bool detached_ = false;
};

struct SseEvent {
  std::string id;
  std::string name;
  std::string text;  // may hold several lines
};

/// Serialised form of one event; line breaks inside id and name are dropped.
std::string to_sse(const SseEvent& event);

/// Subscribers with a tag (who is listening); the publisher decides per tag who may see an event.
class SseHub {
 public:
  /// False when there are too many subscribers (of this tag): answer 503 or close.
  bool subscribe(std::shared_ptr<StreamWriter> writer, std::string tag);
  /// `allowed` is called once per distinct tag. Returns how many got it. Never blocks on readers.
  std::size_t publish(const SseEvent& event, const std::function<bool(std::string_view tag)>& allowed);
  /// Cuts all streams of a tag, for example when a session ends or a role changes.
  void drop(std::string_view tag);
  std::size_t size() const;

 private:
  std::size_t prune();  // mutex_ held

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::vector<std::shared_ptr<StreamWriter>>> by_tag_;  // guarded by mutex_
};

}  // namespace phendau::net

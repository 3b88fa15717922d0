// SPDX-License-Identifier: Apache-2.0
#include "net/stream_writer.h"

#include <chrono>

#include "base/text.h"

namespace phendau::net {

bool StreamWriter::write(std::string_view chunk) {
  const std::lock_guard lock(mutex_);
  if (detached_ || finished_ || aborted_) return false;
  if (pending_.size() + chunk.size() > kStreamBufferBytesMax) {
    aborted_ = true;
    wake_reader();
    return false;
  }
  pending_.append(chunk);
  wake_reader();
  return true;
}

bool StreamWriter::write_blocking(std::string_view chunk, std::optional<Duration> patience) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point until = Clock::now() + std::chrono::nanoseconds(patience ? patience->ns : 0);
  while (!chunk.empty()) {
    std::unique_lock lock(mutex_);
    const auto has_room = [this] {
      return detached_ || aborted_ || finished_ || pending_.size() < kStreamBufferBytesMax;
    };
    if (!patience) {
      room_.wait(lock, has_room);
    } else if (!room_.wait_until(lock, until, has_room)) {
      return false;
    }
    if (detached_ || aborted_ || finished_) return false;
    const std::size_t room = kStreamBufferBytesMax - pending_.size();
    const std::string_view piece = chunk.substr(0, room);
    pending_.append(piece);
    chunk.remove_prefix(piece.size());
    wake_reader();
  }
  return !closed();
}

void StreamWriter::finish() {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  wake_reader();
}

void StreamWriter::abort() {
  const std::lock_guard lock(mutex_);
  if (!finished_) aborted_ = true;
  room_.notify_all();
  wake_reader();
}

bool StreamWriter::closed() const {
  const std::lock_guard lock(mutex_);
  return detached_ || finished_ || aborted_;
}

StreamWriter::Take StreamWriter::take(std::string& out) {
  out.clear();
  const std::lock_guard lock(mutex_);
  if (aborted_) return Take::aborted;
  if (pending_.empty()) return finished_ ? Take::finished : Take::nothing;
  out.swap(pending_);
  room_.notify_all();
  return Take::bytes;
}

void StreamWriter::detach() {
  const std::lock_guard lock(mutex_);
  detached_ = true;
  notify_ = nullptr;
  pending_.clear();
  room_.notify_all();
}

void StreamWriter::wake_reader() {
  if (notify_) notify_();
}

std::string to_sse(const SseEvent& event) {
  const auto one_line = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c != '\r' && c != '\n' && c != '\0') out += c;
    }
    return out;
  };
  std::string out;
  if (!event.id.empty()) out += "id: " + one_line(event.id) + "\n";
  if (!event.name.empty()) out += "event: " + one_line(event.name) + "\n";
  // A lone CR ends a line for browsers too, so it must not survive inside data.
  const std::string text = replace_all(replace_all(event.text, "\r\n", "\n"), "\r", "\n");
  for (const std::string_view line : split(text, '\n')) {
    out += "data: ";
    out += line;
    out += '\n';
  }
  out += '\n';
  return out;
}

bool SseHub::subscribe(std::shared_ptr<StreamWriter> writer, std::string tag) {
  const std::lock_guard lock(mutex_);
  if (prune() >= kSseSubscribersMax) return false;
  auto& writers = by_tag_[std::move(tag)];
  if (writers.size() >= kSsePerTagMax) return false;
  writers.push_back(std::move(writer));
  return true;
}

std::size_t SseHub::publish(const SseEvent& event, const std::function<bool(std::string_view tag)>& allowed) {
  const std::string bytes = to_sse(event);
  std::size_t sent = 0;
  const std::lock_guard lock(mutex_);
  for (const auto& [tag, writers] : by_tag_) {
    if (!allowed(tag)) continue;
    for (const auto& writer : writers) sent += writer->write(bytes) ? 1 : 0;
  }
  prune();
  return sent;
}

void SseHub::drop(std::string_view tag) {
  const std::lock_guard lock(mutex_);
  const auto found = by_tag_.find(std::string(tag));
  if (found == by_tag_.end()) return;
  for (const auto& writer : found->second) writer->abort();
  by_tag_.erase(found);
}

std::size_t SseHub::size() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [tag, writers] : by_tag_) count += writers.size();
  return count;
}

std::size_t SseHub::prune() {
  std::size_t count = 0;
  for (auto it = by_tag_.begin(); it != by_tag_.end();) {
    std::erase_if(it->second, [](const auto& writer) { return writer->closed(); });
    count += it->second.size();
    it = it->second.empty() ? by_tag_.erase(it) : std::next(it);
  }
  return count;
}

}  // namespace phendau::net

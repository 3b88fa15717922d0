// SPDX-License-Identifier: Apache-2.0
// A message whose bytes all lie in the current chunk is delivered as a view of it; only a message that
// crosses a chunk border is copied. `pending_` holds bytes that belong to the current message and were
// consumed from older chunks.
#include "ingest/framing.h"

#include <algorithm>

#include "base/ascii.h"

namespace phendau::ingest {
namespace {

constexpr std::string_view kTerminators("\n\0", 2);
constexpr std::size_t kCountDigitsMax = 8;

/// The first LF or NUL. Window by window, so that neither is looked for far beyond the other.
std::size_t find_terminator(std::string_view text) {
  constexpr std::size_t kWindowBytes = 1'024;
  for (std::size_t at = 0; at < text.size(); at += kWindowBytes) {
    const std::string_view window = text.substr(at, kWindowBytes);
    const std::size_t line_end = window.find('\n');
    const std::size_t end = std::min(line_end, window.substr(0, line_end).find('\0'));
    if (end != window.npos) return at + end;
  }
  return text.npos;
}

struct Count {
  enum class Kind : std::uint8_t { none, undecided, octets } kind = Kind::none;
  std::size_t octets = 0;
  std::size_t prefix = 0;  // digits and the space
};

/// A count is digits, a space and then the "<" of a priority: a line that merely starts with a number is no
/// count.
Count read_count(std::string_view text) {
  std::size_t at = 0;
  std::size_t value = 0;
  while (at < text.size() && at <= kCountDigitsMax && is_digit(text[at])) {
    value = value * 10 + static_cast<std::size_t>(text[at] - '0');
    ++at;
  }
  if (at > kCountDigitsMax || (at > 0 && text[0] == '0')) return {};
  if (at == text.size()) return {Count::Kind::undecided, 0, 0};
  if (at == 0 || text[at] != ' ') return {};
  if (at + 1 == text.size()) return {Count::Kind::undecided, 0, 0};
  if (text[at + 1] != '<' || value > kOctetCountMax) return {};
  return {Count::Kind::octets, value, at + 1};
}

}  // namespace

void Deframer::push(std::string_view chunk) { chunk_ = chunk; }

std::optional<Frame> Deframer::next() {
  for (;;) {
    switch (state_) {
      case State::start:
        if (!step_start()) return std::nullopt;
        break;
      case State::line:
      case State::octets: {
        // An empty message gives no frame; a loop, not recursion: a peer may send nothing but blank lines.
        auto frame = state_ == State::line ? step_line() : step_octets();
        if (frame || state_ != State::start) return frame;
        break;
      }
      case State::skip_line:
      case State::skip_octets:
        if (!step_skip()) return std::nullopt;
        break;
    }
  }
}

/// Decides the framing of the next message; false if more bytes are needed.
bool Deframer::step_start() {
  if (pending_.empty()) {
    while (!chunk_.empty() && (kTerminators.find(chunk_.front()) != kTerminators.npos)) {
      chunk_.remove_prefix(1);
      ++counters_.empty;
    }
  }
  if (pending_.empty() && chunk_.empty()) return false;
  if (!options_.octet_counting) {
    state_ = State::line;
    return true;
  }
  const std::size_t kept = pending_.size();
  Count count;
  if (kept == 0) {
    count = read_count(chunk_.substr(0, kCountDigitsMax + 3));
  } else {
    std::string head = pending_;
    head += chunk_.substr(0, kCountDigitsMax + 3);
    count = read_count(head);
  }
  if (count.kind == Count::Kind::undecided && !ended_) {
    keep_rest();
    return false;
  }
  if (count.kind != Count::Kind::octets) {
    state_ = State::line;
    return true;
  }
  chunk_.remove_prefix(count.prefix - std::min(count.prefix, kept));
  // All pending bytes are part of the count: a decision needs one byte more than the count has.
  pending_.clear();
  remaining_ = count.octets;
  state_ = State::octets;
  return true;
}

std::optional<Frame> Deframer::step_line() {
  const std::size_t max = options_.message_bytes_max;
  const std::size_t at = find_terminator(chunk_);
  const std::size_t length = at == chunk_.npos ? chunk_.size() : at;
  if (pending_.size() + length > max) {
    const std::size_t take = max - std::min(max, pending_.size());
    delivered_ = std::move(pending_);
    pending_.clear();
    delivered_ += chunk_.substr(0, take);
    if (delivered_.size() > max) {  // a limit below the size of a count: only in tests
      counters_.skipped_bytes += delivered_.size() - max;
      delivered_.resize(max);
    }
    chunk_.remove_prefix(take);
    state_ = State::skip_line;
    return deliver_oversized(delivered_);
  }
  if (at == chunk_.npos && !ended_) {
    keep_rest();
    return std::nullopt;
  }
  std::string_view record = chunk_.substr(0, length);
  chunk_.remove_prefix(at == chunk_.npos ? length : length + 1);
  if (!pending_.empty()) {
    pending_ += record;
    delivered_ = std::move(pending_);
    pending_.clear();
    record = delivered_;
  }
  state_ = State::start;
  if (record.ends_with('\r')) record.remove_suffix(1);
  if (record.empty()) {
    ++counters_.empty;
    return std::nullopt;
  }
  return deliver(record);
}

std::optional<Frame> Deframer::step_octets() {
  const std::size_t max = options_.message_bytes_max;
  const std::size_t take = std::min({remaining_, chunk_.size(), max - pending_.size()});
  std::string_view part = chunk_.substr(0, take);
  chunk_.remove_prefix(take);
  remaining_ -= take;
  const bool complete = remaining_ == 0;
  const bool oversized = !complete && pending_.size() + take == max;
  if (!complete && !oversized && !ended_) {
    pending_ += part;
    return std::nullopt;
  }
  if (!pending_.empty()) {
    pending_ += part;
    delivered_ = std::move(pending_);
    pending_.clear();
    part = delivered_;
  }
  if (oversized) {
    state_ = State::skip_octets;
    return deliver_oversized(part);
  }
  state_ = State::start;
  remaining_ = 0;
  if (part.empty()) {
    ++counters_.empty;
    return std::nullopt;
  }
  Frame frame = deliver(part);
  frame.truncated = !complete;
  counters_.truncated += frame.truncated ? 1 : 0;
  return frame;
}

/// Passes over the rest of an oversized message; false if more bytes are needed.
bool Deframer::step_skip() {
  if (state_ == State::skip_octets) {
    const std::size_t take = std::min(remaining_, chunk_.size());
    counters_.skipped_bytes += take;
    chunk_.remove_prefix(take);
    remaining_ -= take;
    if (remaining_ > 0) return false;
  } else {
    const std::size_t at = find_terminator(chunk_);
    counters_.skipped_bytes += at == chunk_.npos ? chunk_.size() : at;
    chunk_.remove_prefix(at == chunk_.npos ? chunk_.size() : at + 1);
    if (at == chunk_.npos) return false;
  }
  state_ = State::start;
  return true;
}

Frame Deframer::deliver(std::string_view record) {
  ++counters_.records;
  return Frame{record, false, false};
}

Frame Deframer::deliver_oversized(std::string_view head) {
  ++counters_.records;
  ++counters_.oversized;
  return Frame{head, true, false};
}

void Deframer::keep_rest() {
  pending_ += chunk_;
  chunk_ = {};
}

}  // namespace phendau::ingest

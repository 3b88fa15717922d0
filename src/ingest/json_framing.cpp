// SPDX-License-Identifier: Apache-2.0
#include "ingest/json_framing.h"

#include <algorithm>
#include <utility>

namespace phendau::ingest {
namespace {

/// NUL is what a power cut leaves of lines.
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; }

}  // namespace

void JsonFramer::push(std::string_view piece, const Sink& sink) {
  document_.begin(0);
  for (std::size_t at = 0; at < piece.size();) at = step(piece, at, sink);
  if (is_in_document()) document_.keep(piece, piece.size());
}

void JsonFramer::finish(const Sink& sink) {
  document_.begin(0);
  if (is_in_document()) deliver({}, 0, true, sink);
}

/// Returns where to go on.
std::size_t JsonFramer::step(std::string_view piece, std::size_t at, const Sink& sink) {
  switch (state_) {
    case State::between:
      return step_between(piece, at);
    case State::head:
      return step_head(piece, at);
    case State::tail:
    case State::tail_string:
    case State::tail_escape:
      return step_tail(piece, at);
    case State::value:
      return step_value(piece, at, sink);
    case State::escape:
      state_ = State::string;
      return at + 1;
    case State::string:
      return step_string(piece, at);
    case State::garbage:
    case State::line_start:
      return step_garbage(piece, at, sink);
  }
  return piece.size();
}

std::size_t JsonFramer::step_between(std::string_view piece, std::size_t at) {
  for (; at < piece.size(); ++at) {
    const char c = piece[at];
    if (c == '\n') ++line_;
    // An array around the documents is no document; "\xEF\xBB\xBF" marks the encoding of the file.
    if (wrapped_depth_ > 0 && c == '[') ++lists_in_list_;
    if (wrapped_depth_ > 0 && c == ']' && lists_in_list_-- == 0) {
      lists_in_list_ = 0;
      depth_ = std::exchange(wrapped_depth_, 0);
      state_ = State::tail;
      return at + 1;
    }
    if (is_space(c) || c == ',' || c == '[' || c == ']' || c == '\xEF' || c == '\xBB' || c == '\xBF')
      continue;
    document_line_ = line_;
    document_.begin(at);
    depth_ = 0;
    state_ = c == '{' ? State::value : State::garbage;
    if (unwraps_ && wrapped_depth_ == 0 && c == '{') {
      state_ = State::head;
      wrapper_ = {};
    }
    return at;
  }
  return at;
}

std::size_t JsonFramer::step_head(std::string_view piece, std::size_t at) {
  for (; at < piece.size(); ++at) {
    const auto seen = wrapper_.take(piece[at]);
    if (seen == JsonWrapper::Seen::undecided) {
      if (piece[at] == '\n') ++line_;
      continue;
    }
    depth_ = wrapper_.depth();
    state_ = wrapper_.in_string() ? State::string : State::value;
    if (seen == JsonWrapper::Seen::elements) {
      wrapped_depth_ = depth_;
      state_ = State::between;
      document_.restart();
    }
    return at;
  }
  return at;
}

/// What a wrapper says behind its list.
std::size_t JsonFramer::step_tail(std::string_view piece, std::size_t at) {
  for (; at < piece.size(); ++at) {
    const char c = piece[at];
    if (c == '\n') ++line_;
    if (state_ == State::tail_escape) {
      state_ = State::tail_string;
    } else if (state_ == State::tail_string) {
      if (c == '"' || c == '\\') state_ = c == '"' ? State::tail : State::tail_escape;
    } else if (c == '"') {
      state_ = State::tail_string;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      state_ = State::between;
      return at + 1;
    }
  }
  return at;
}

bool JsonFramer::is_in_document() const {
  return state_ != State::between && state_ != State::tail && state_ != State::tail_string &&
         state_ != State::tail_escape;
}

std::size_t JsonFramer::step_value(std::string_view piece, std::size_t at, const Sink& sink) {
  for (; at < piece.size(); ++at) {
    switch (piece[at]) {
      case '\n':
        ++line_;
        break;
      case '"':
        state_ = State::string;
        return at + 1;
      case '{':
      case '[':
        ++depth_;
        break;
      case '}':
      case ']':
        if (--depth_ > 0) break;
        state_ = State::between;
        deliver(piece, at + 1, false, sink);
        return at + 1;
      default:
        break;
    }
  }
  return at;
}

/// A line end inside a string is an error of the document: what follows is found again at a line with a
/// brace.
std::size_t JsonFramer::step_string(std::string_view piece, std::size_t at) {
  for (; at < piece.size(); ++at) {
    const char c = piece[at];
    if (c == '"' || c == '\\' || c == '\n') {
      state_ = c == '"' ? State::value : c == '\\' ? State::escape : State::garbage;
      return c == '\n' ? at : at + 1;
    }
  }
  return at;
}

std::size_t JsonFramer::step_garbage(std::string_view piece, std::size_t at, const Sink& sink) {
  for (; at < piece.size(); ++at) {
    const char c = piece[at];
    if (c == '\n') {
      ++line_;
      state_ = State::line_start;
    } else if (state_ == State::line_start && c == '{') {
      state_ = State::between;
      deliver(piece, at, true, sink);
      return at;
    } else if (!is_space(c)) {
      state_ = State::garbage;
    }
  }
  return at;
}

void JsonFramer::deliver(std::string_view piece, std::size_t end, bool truncated, const Sink& sink) {
  Document document = document_.up_to(piece, end, document_line_, truncated);
  const bool whole = !document.oversized && !truncated;
  if (wrapped_depth_ > 0 && whole && !wrapper_.event_member().empty())
    document.bytes = object_member(document.bytes, wrapper_.event_member());
  sink(document);
  document_.restart();
}

}  // namespace phendau::ingest

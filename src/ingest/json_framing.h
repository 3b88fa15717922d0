// SPDX-License-Identifier: Apache-2.0
// Cuts a stream of JSON into its documents: one after another however they are laid out, the members of one
// array, or of the lists in wrappers (json_wrapper.h). Looks at brackets and strings only; the decoder checks
// the rest. Lines that are documents (NDJSON) are cut by framing.h instead, which loses one line where a
// document is damaged. Pure; one object per stream.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "ingest/document_bytes.h"
#include "ingest/json_wrapper.h"

namespace phendau::ingest {

class JsonFramer {
 public:
  using Document = FramedDocument;
  using Sink = std::function<void(const Document&)>;

  /// Takes wrappers apart. Off, they are documents like others.
  void unwrap() { unwraps_ = true; }
  /// Calls `sink` with each document that ends in `piece`. What does not belong to a document is one too,
  /// up to the next line that begins with a brace: the decoder will say what is wrong with it.
  void push(std::string_view piece, const Sink& sink);
  void finish(const Sink& sink);

 private:
  enum class State : std::uint8_t {
    between,
    head,  // of a document that may be a wrapper
    value,
    string,
    escape,
    garbage,
    line_start,
    tail,  // of a wrapper, behind its list
    tail_string,
    tail_escape
  };

  std::size_t step(std::string_view piece, std::size_t at, const Sink& sink);
  std::size_t step_between(std::string_view piece, std::size_t at);
  std::size_t step_head(std::string_view piece, std::size_t at);
  std::size_t step_tail(std::string_view piece, std::size_t at);
  std::size_t step_value(std::string_view piece, std::size_t at, const Sink& sink);
  std::size_t step_string(std::string_view piece, std::size_t at);
  std::size_t step_garbage(std::string_view piece, std::size_t at, const Sink& sink);
  bool is_in_document() const;
  void deliver(std::string_view piece, std::size_t end, bool truncated, const Sink& sink);

  State state_ = State::between;
  bool unwraps_ = false;
  JsonWrapper wrapper_;
  std::size_t wrapped_depth_ = 0;  // brackets around the list that is being read; 0: none
  std::size_t lists_in_list_ = 0;  // open between its documents
  std::size_t depth_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t document_line_ = 1;
  DocumentBytes document_;
};

}  // namespace phendau::ingest

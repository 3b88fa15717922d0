// SPDX-License-Identifier: Apache-2.0
// The bytes of one document of a stream that comes in pieces: those of the piece at hand are looked at where
// they are, those of pieces before are kept, up to kRecordBytesMax. For framers. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/limits.h"

namespace phendau::ingest {

struct FramedDocument {
  std::string_view bytes;  // valid during the call that delivers it
  std::uint64_t line = 1;  // where it begins
  bool oversized = false;  // cut at kRecordBytesMax
  bool truncated = false;  // the stream ended in it, or it breaks off
};

class DocumentBytes {
 public:
  /// Where in the piece the document begins or goes on.
  void begin(std::size_t at) { begin_ = at; }
  /// Of a place in the piece, from the document's beginning.
  std::size_t offset_of(std::size_t at) const { return kept_.size() + (at - begin_); }
  /// The document goes on behind `end`.
  void keep(std::string_view piece, std::size_t end) {
    const std::size_t room = kRecordBytesMax - kept_.size();
    const std::string_view more = piece.substr(begin_, end - begin_);
    kept_ += more.substr(0, room);
    oversized_ = oversized_ || more.size() > room;
    begin_ = end;
  }
  /// The whole document. Valid until the next call.
  FramedDocument up_to(std::string_view piece, std::size_t end, std::uint64_t line, bool truncated) {
    FramedDocument out{piece.substr(begin_, end - begin_), line, false, truncated};
    if (!kept_.empty()) {
      keep(piece, end);
      out.bytes = kept_;
    }
    begin_ = end;
    out.oversized = oversized_ || out.bytes.size() > kRecordBytesMax;
    out.bytes = out.bytes.substr(0, kRecordBytesMax);
    return out;
  }
  const std::string& kept() const { return kept_; }
  bool is_oversized() const { return oversized_; }
  /// Another document, of which so much has been kept.
  void restart(std::string kept = {}) {
    kept_ = std::move(kept);
    oversized_ = false;
  }

 private:
  std::size_t begin_ = 0;  // of the document in the piece
  std::string kept_;       // what of it came in earlier pieces
  bool oversized_ = false;
};

}  // namespace phendau::ingest

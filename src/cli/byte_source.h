// SPDX-License-Identifier: Apache-2.0
// The bytes of a file, unpacked if it is gzip or zstd (told by its first bytes, not by its name). Piece by
// piece: memory does not depend on the size of the file. Adapter: byte_source.cpp is the only file here that
// includes zlib and zstd. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "os/env.h"

namespace phendau::cli {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Appends some bytes to `out`, at most about 1 MiB; false at the end. `corrupt` if a packed file is
  /// damaged or ends too early.
  virtual Result<bool> read(std::string& out) = 0;
  /// How far we are in the file itself; for progress.
  virtual std::uint64_t file_offset() const = 0;
};

Result<std::unique_ptr<ByteSource>> open_byte_source(Env& env, const std::string& path);

/// UTF-16, which Windows writes where a command's output is sent to a file, as UTF-8 without a mark.
/// @param head what was read of the source: begins with the mark of its encoding.
std::unique_ptr<ByteSource> text_of_utf16(std::unique_ptr<ByteSource> source, std::string head);

}  // namespace phendau::cli

// SPDX-License-Identifier: Apache-2.0
// Writes ZIP archives of any size piece by piece: entries are stored as they are, their size and CRC-32 known
// before, so that the size of the whole is known before its first byte. For packages of evidence that go out
// over HTTP or to a stick. Deterministic: dated 1980-01-01. Pure: bytes go to a sink. One thread.
// Source: PKWARE APPNOTE 6.3.10 (2022), sections 4.3 to 4.5 (ZIP64), appendix D (UTF-8 names).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau::report {

inline constexpr std::size_t kZipNameBytesMax = 4'096;
inline constexpr std::size_t kZipEntriesMax = 1'000'000;

struct ZipStored {
  std::string name;  // UTF-8, '/' between folders
  std::uint64_t size_bytes = 0;
  std::uint32_t crc32 = 0;
};

/// Bytes of the whole archive with these entries.
std::uint64_t zip_stream_size(const std::vector<ZipStored>& entries);

class ZipStream {
 public:
  using Sink = std::function<Result<>(std::string_view bytes)>;
  explicit ZipStream(Sink sink) : sink_(std::move(sink)) {}

  /// `invalid` for a name that is empty, too long, or no UTF-8; `limit` above kZipEntriesMax.
  Result<> begin(const ZipStored& entry);
  /// The bytes of the entry begun last. `corrupt` (zip.other_bytes) when they are more than announced.
  Result<> write(std::string_view bytes);
  /// Ends the entry: `corrupt` (zip.other_bytes) when size or checksum are not what was announced.
  Result<> end();
  /// The directory; nothing can follow.
  Result<> finish();

 private:
  struct Entry {
    ZipStored stored;
    std::uint64_t offset = 0;
  };
  Result<> put(std::string_view bytes);

  Sink sink_;
  std::vector<Entry> entries_;
  std::uint64_t written_ = 0;
  std::uint64_t left_ = 0;  // bytes of the open entry that are still to come
  std::uint32_t crc32_ = 0;
  bool open_ = false;
};

}  // namespace phendau::report

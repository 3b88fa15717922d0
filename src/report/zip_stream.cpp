// SPDX-License-Identifier: Apache-2.0
// Sizes and offsets that 32 bits do not hold stand in the ZIP64 fields, all others do not have one: what is
// small is read by the oldest programs.
#include "report/zip_stream.h"

#include <fmt/format.h>

#include "base/crc32.h"
#include "base/text.h"

namespace phendau::report {
namespace {

constexpr std::uint64_t kMax32 = 0xFFFF'FFFF;
constexpr std::uint64_t kMax16 = 0xFFFF;
constexpr std::uint16_t kVersionPlain = 20;
constexpr std::uint16_t kVersionZip64 = 45;
constexpr std::uint16_t kFlagUtf8 = 1u << 11;
constexpr std::uint16_t kZipDosDate = (0 << 9) | (1 << 5) | 1;  // 1980-01-01
constexpr std::uint16_t kZip64Field = 1;
constexpr std::uint32_t kRegularFile = 0100644u << 16;  // made by "Unix": programs set these rights
constexpr std::uint16_t kMadeByUnix = 3 << 8;

class LittleEndian {
 public:
  template <class... Numbers>
  LittleEndian& add(Numbers... numbers) {
    (append(numbers), ...);
    return *this;
  }
  LittleEndian& text(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  template <class Number>
  void append(Number number) {
    for (std::size_t i = 0; i < sizeof(Number); ++i) bytes_ += static_cast<char>(number >> (8 * i) & 0xFF);
  }
  std::string bytes_;
};

using U16 = std::uint16_t;
using U32 = std::uint32_t;
using U64 = std::uint64_t;

U32 cut32(U64 number) { return static_cast<U32>(number < kMax32 ? number : kMax32); }

std::string local_header(const ZipStored& entry) {
  const bool large = entry.size_bytes >= kMax32;
  LittleEndian out;
  out.add(U32{0x0403'4B50}, large ? kVersionZip64 : kVersionPlain, kFlagUtf8, U16{0}, U16{0}, kZipDosDate)
      .add(entry.crc32, cut32(entry.size_bytes), cut32(entry.size_bytes))
      .add(static_cast<U16>(entry.name.size()), static_cast<U16>(large ? 20 : 0))
      .text(entry.name);
  if (large) out.add(kZip64Field, U16{16}, entry.size_bytes, entry.size_bytes);
  return out.bytes();
}

std::string directory_header(const ZipStored& entry, U64 offset) {
  const bool large = entry.size_bytes >= kMax32;
  const bool far = offset >= kMax32;
  const auto field = static_cast<U16>((large ? 16 : 0) + (far ? 8 : 0));
  const U16 version = large || far ? kVersionZip64 : kVersionPlain;
  LittleEndian out;
  out.add(U32{0x0201'4B50}, static_cast<U16>(kMadeByUnix | version), version, kFlagUtf8, U16{0}, U16{0},
          kZipDosDate)
      .add(entry.crc32, cut32(entry.size_bytes), cut32(entry.size_bytes))
      .add(static_cast<U16>(entry.name.size()), static_cast<U16>(field == 0 ? 0 : field + 4), U16{0}, U16{0},
           U16{0}, kRegularFile, cut32(offset))
      .text(entry.name);
  if (field != 0) out.add(kZip64Field, field);
  if (large) out.add(entry.size_bytes, entry.size_bytes);
  if (far) out.add(offset);
  return out.bytes();
}

std::string end_of_directory(U64 count, U64 size_bytes, U64 offset) {
  LittleEndian out;
  if (count >= kMax16 || size_bytes >= kMax32 || offset >= kMax32) {
    out.add(U32{0x0606'4B50}, U64{44}, static_cast<U16>(kMadeByUnix | kVersionZip64), kVersionZip64, U32{0},
            U32{0}, count, count, size_bytes, offset)
        .add(U32{0x0706'4B50}, U32{0}, offset + size_bytes, U32{1});
  }
  const auto count16 = static_cast<U16>(count < kMax16 ? count : kMax16);
  out.add(U32{0x0605'4B50}, U16{0}, U16{0}, count16, count16, cut32(size_bytes), cut32(offset), U16{0});
  return out.bytes();
}

std::unexpected<Error> other_bytes(const std::string& name) {
  return fail(ErrorCode::corrupt, fmt::format("ZIP: {} is not what was announced", name), "zip.other_bytes",
              {name});
}

}  // namespace

std::uint64_t zip_stream_size(const std::vector<ZipStored>& entries) {
  U64 offset = 0;
  U64 directory = 0;
  for (const auto& entry : entries) {
    directory += directory_header(entry, offset).size();
    offset += local_header(entry).size() + entry.size_bytes;
  }
  return offset + directory + end_of_directory(entries.size(), directory, offset).size();
}

Result<> ZipStream::put(std::string_view bytes) {
  PHENDAU_TRY(sink_(bytes));
  written_ += bytes.size();
  return {};
}

Result<> ZipStream::begin(const ZipStored& entry) {
  PHENDAU_ASSERT(!open_);
  if (entry.name.empty() || entry.name.size() > kZipNameBytesMax || !is_valid_utf8(entry.name))
    return fail(ErrorCode::invalid, "ZIP: not a name: " + to_valid_utf8(truncate_utf8(entry.name, 200)));
  if (entries_.size() >= kZipEntriesMax) return fail(ErrorCode::limit, "ZIP: too many entries");
  entries_.push_back({entry, written_});
  left_ = entry.size_bytes;
  crc32_ = 0;
  open_ = true;
  return put(local_header(entry));
}

Result<> ZipStream::write(std::string_view bytes) {
  PHENDAU_ASSERT(open_);
  if (bytes.size() > left_) return other_bytes(entries_.back().stored.name);
  left_ -= bytes.size();
  crc32_ = crc32(bytes, crc32_);
  return put(bytes);
}

Result<> ZipStream::end() {
  PHENDAU_ASSERT(open_);
  open_ = false;
  const ZipStored& entry = entries_.back().stored;
  if (left_ != 0 || crc32_ != entry.crc32) return other_bytes(entry.name);
  return {};
}

Result<> ZipStream::finish() {
  PHENDAU_ASSERT(!open_);
  const U64 offset = written_;
  for (const auto& entry : entries_) PHENDAU_TRY(put(directory_header(entry.stored, entry.offset)));
  return put(end_of_directory(entries_.size(), written_ - offset, offset));
}

}  // namespace phendau::report

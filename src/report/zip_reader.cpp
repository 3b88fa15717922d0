// SPDX-License-Identifier: Apache-2.0
#include "report/zip_reader.h"

#include <zip.h>

#include <algorithm>

#include <fmt/format.h>

namespace phendau::report {
namespace {

struct ArchiveCloser {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

Result<std::string> read_entry(zip_t* archive, zip_uint64_t index, std::uint64_t size_bytes) {
  zip_file_t* file = zip_fopen_index(archive, index, 0);
  if (file == nullptr) return fail(ErrorCode::invalid, "damaged ZIP entry");
  // One byte more than announced: a header that lies about the size is found.
  std::string bytes(size_bytes + 1, '\0');
  std::size_t done = 0;
  zip_int64_t n = 0;
  while (done < bytes.size() && (n = zip_fread(file, bytes.data() + done, bytes.size() - done)) > 0) {
    done += static_cast<std::size_t>(n);
  }
  zip_fclose(file);
  if (n < 0 || done != size_bytes) return fail(ErrorCode::invalid, "damaged ZIP entry");
  bytes.resize(done);
  return bytes;
}

std::size_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::size_t out = 0;
  for (std::size_t i = size; i > 0; --i) out = out << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  return out;
}

/// Whether the extra fields of an entry give it a second name, which libzip takes and others do not
/// (Info-ZIP's Unicode path). A name in an old encoding may have one, unless `any`.
bool has_second_name(std::string_view name, std::string_view extra, bool any) {
  constexpr std::size_t kUnicodePath = 0x7075;
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return (c & 0x80) == 0; });
  for (std::size_t at = 0; at + 4 <= extra.size(); at += 4 + little_endian(extra, at + 2, 2)) {
    if (little_endian(extra, at, 2) != kUnicodePath) continue;
    const std::size_t size = std::min(little_endian(extra, at + 2, 2), extra.size() - at - 4);
    if (any || (ascii && size > 5 && extra.substr(at + 9, size - 5) != name)) return true;
  }
  return false;
}

/// Readers take the last end of a directory; libzip weighs all that it finds, also in comments. So there
/// must be one, and its entries have one name each. Source: APPNOTE.TXT 6.3.10, 4.3 and 4.6.9.
bool has_one_reading(std::string_view archive, bool strict) {
  constexpr std::string_view kEnd = "PK\5\6";
  constexpr std::string_view kEntry = "PK\1\2";
  constexpr std::size_t kEndBytes = 22;
  constexpr std::size_t kEntryBytes = 46;
  const std::size_t end = archive.rfind(kEnd);
  if (end == archive.npos || archive.size() - end < kEndBytes) return false;
  const std::size_t empty_end = archive.size() - kEndBytes;
  const bool large = end >= 20 && archive.substr(end - 20).starts_with("PK\6\7");  // ZIP64
  if (strict && (end != empty_end || large)) return false;
  for (std::size_t at = archive.find(kEnd); at < end; at = archive.find(kEnd, at + 1)) {
    const std::size_t directory = at <= empty_end ? little_endian(archive, at + 16, 4) : archive.size();
    if (directory < archive.size() && archive.substr(directory).starts_with(kEntry)) return false;
  }
  std::size_t at = little_endian(archive, end + 16, 4);
  for (std::size_t left = large ? 0 : little_endian(archive, end + 10, 2); left > 0; --left) {
    if (at > end || end - at < kEntryBytes || !archive.substr(at).starts_with(kEntry)) return !strict;
    const std::size_t name = little_endian(archive, at + 28, 2);
    const std::size_t extra = little_endian(archive, at + 30, 2);
    const std::size_t next = at + kEntryBytes + name + extra + little_endian(archive, at + 32, 2);
    if (next > end) return !strict;
    if (has_second_name(archive.substr(at + kEntryBytes, name),
                        archive.substr(at + kEntryBytes + name, extra), strict))
      return false;
    at = next;
  }
  return true;
}

}  // namespace

Result<std::vector<ZipEntry>> read_zip(std::string_view archive_bytes, const ZipLimits& limits,
                                       const std::function<bool(std::string_view name)>& wanted) {
  if (!has_one_reading(archive_bytes, limits.consistent))
    return fail(ErrorCode::invalid, "not a ZIP archive, or one of several readings");
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(archive_bytes.data(), archive_bytes.size(), 0, &error);
  if (source == nullptr) return fail(ErrorCode::invalid, "not a ZIP archive");
  const int flags = ZIP_RDONLY | (limits.consistent ? ZIP_CHECKCONS : 0);
  const std::unique_ptr<zip_t, ArchiveCloser> archive(zip_open_from_source(source, flags, &error));
  if (!archive) {
    zip_source_free(source);
    return fail(ErrorCode::invalid, "not a ZIP archive, or damaged");
  }
  const auto count = static_cast<std::size_t>(zip_get_num_entries(archive.get(), 0));
  if (count > limits.entries_max) return fail(ErrorCode::limit, fmt::format("ZIP of {} entries", count));
  std::vector<ZipEntry> out;
  std::uint64_t total = 0;
  for (zip_uint64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr zip_uint64_t kNeeded =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(archive.get(), i, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
      return fail(ErrorCode::invalid, "damaged ZIP directory");
    }
    if (wanted && !wanted(stat.name)) continue;
    ZipEntry entry;
    entry.name = stat.name;
    entry.size_bytes = stat.size;
    entry.encrypted = stat.encryption_method != ZIP_EM_NONE;
    total += stat.size;
    const bool bomb = stat.size > (1u << 20) && stat.size / (stat.comp_size + 1) > limits.ratio_max;
    if (total > limits.total_bytes_max || bomb) return fail(ErrorCode::limit, "ZIP unpacks to too much");
    if (!entry.encrypted && !entry.name.ends_with('/')) {
      entry.bytes = PHENDAU_TRY(read_entry(archive.get(), i, stat.size));
    }
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace phendau::report

// SPDX-License-Identifier: Apache-2.0
#include "report/zip_reader.h"

#include <zip.h>

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

std::size_t number_at(std::string_view bytes, std::size_t at, std::size_t size_bytes) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < size_bytes && at + i < bytes.size(); ++i) {
    out |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return out;
}

/// The names in the directory as they lie there. libzip prefers those in an extra field (APPNOTE 4.6.9),
/// which office programs do not know: to them, the entry would be another. The directory must end the
/// archive.
std::vector<std::string_view> names_as_stored(std::string_view archive) {
  constexpr std::size_t kEndBytes = 22;
  constexpr std::size_t kEntryBytes = 46;
  std::vector<std::string_view> out;
  if (archive.size() < kEndBytes || !archive.substr(archive.size() - kEndBytes).starts_with("PK\5\6"))
    return out;
  const std::size_t end = archive.size() - kEndBytes;
  std::size_t at = number_at(archive, end + 16, 4);
  while (at < end && end - at >= kEntryBytes && archive.substr(at).starts_with("PK\1\2")) {
    const std::size_t name_bytes = number_at(archive, at + 28, 2);
    out.push_back(archive.substr(at + kEntryBytes, name_bytes));
    at += kEntryBytes + name_bytes + number_at(archive, at + 30, 2) + number_at(archive, at + 32, 2);
  }
  if (at != end) out.clear();
  return out;
}

}  // namespace

Result<std::vector<ZipEntry>> read_zip(std::string_view archive_bytes, const ZipLimits& limits,
                                       const std::function<bool(std::string_view name)>& wanted) {
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
  const auto names = limits.consistent ? names_as_stored(archive_bytes) : std::vector<std::string_view>();
  if (limits.consistent && names.size() != count) return fail(ErrorCode::invalid, "unusual ZIP directory");
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
    if (limits.consistent && names[i] != stat.name)
      return fail(ErrorCode::invalid, "a ZIP entry with two names");
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

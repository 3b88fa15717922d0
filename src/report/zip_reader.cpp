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

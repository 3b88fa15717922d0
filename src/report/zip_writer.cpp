// SPDX-License-Identifier: Apache-2.0
#include "report/zip_writer.h"

#include <zip.h>

#include <fmt/format.h>

namespace phendau::report {
namespace {

constexpr zip_uint32_t kDeflateLevel = 4;  // XML packs 20:1 already; higher levels cost time for percents
constexpr zip_uint16_t kDosDateFirst = (0 << 9) | (1 << 5) | 1;  // 1980-01-01

std::unexpected<Error> failed(const char* what, zip_error_t* error) {
  return fail(ErrorCode::io, fmt::format("ZIP: {}: {}", what, zip_error_strerror(error)));
}

Result<> add_file(zip_t* archive, const ZipFile& file) {
  zip_source_t* source = zip_source_buffer(archive, file.bytes.data(), file.bytes.size(), 0);
  if (source == nullptr) return failed("buffer", zip_get_error(archive));
  const zip_int64_t index = zip_file_add(archive, file.name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return failed("add", zip_get_error(archive));
  }
  const auto at = static_cast<zip_uint64_t>(index);
  if (zip_set_file_compression(archive, at, ZIP_CM_DEFLATE, kDeflateLevel) != 0 ||
      zip_file_set_dostime(archive, at, 0, kDosDateFirst, 0) != 0) {
    return failed("attributes", zip_get_error(archive));
  }
  return {};
}

}  // namespace

Result<std::string> write_zip(const std::vector<ZipFile>& files) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (target == nullptr) return failed("create", &error);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  if (archive == nullptr) {
    zip_source_free(target);
    return failed("open", &error);
  }
  zip_source_keep(target);  // closing the archive must leave the bytes to us
  for (const auto& file : files) {
    if (auto added = add_file(archive, file); !added) {
      zip_discard(archive);
      zip_source_free(target);
      return std::unexpected(added.error());
    }
  }
  if (zip_close(archive) != 0) {
    auto problem = failed("close", zip_get_error(archive));
    zip_discard(archive);
    zip_source_free(target);
    return problem;
  }
  zip_stat_t stat;
  zip_stat_init(&stat);
  std::string out;
  bool good = zip_source_open(target) == 0;
  if (good && zip_source_stat(target, &stat) == 0 && (stat.valid & ZIP_STAT_SIZE) != 0) {
    out.resize(stat.size);
    good = zip_source_read(target, out.data(), out.size()) == static_cast<zip_int64_t>(out.size());
  } else {
    good = false;
  }
  zip_source_close(target);
  zip_source_free(target);
  if (!good) return fail(ErrorCode::io, "ZIP: the archive cannot be read back");
  return out;
}

}  // namespace phendau::report

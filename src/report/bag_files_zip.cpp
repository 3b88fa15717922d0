// SPDX-License-Identifier: Apache-2.0
#include "report/bag_files_zip.h"

#include <zip.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace phendau::report {
namespace {

constexpr std::size_t kZipPieceBytes = 256u << 10;
constexpr std::uint32_t kUnixTypeMask = 0170000;
constexpr std::uint32_t kUnixLink = 0120000;

/// What libzip reads through: a window over RandomBytes.
struct ZipWindow {
  RandomBytes bytes;
  std::uint64_t at = 0;
  zip_error_t error;
};

zip_int64_t window_call(void* user, void* data, zip_uint64_t length, zip_source_cmd_t command) {
  auto& window = *static_cast<ZipWindow*>(user);
  switch (command) {
    case ZIP_SOURCE_SUPPORTS:
      return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                            ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                            ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, -1);
    case ZIP_SOURCE_OPEN:
      window.at = 0;
      return 0;
    case ZIP_SOURCE_READ: {
      const auto wanted = static_cast<std::size_t>(std::min<zip_uint64_t>(length, 16u << 20));
      const auto piece = window.bytes.read(window.at, wanted);
      if (!piece) {
        zip_error_set(&window.error, ZIP_ER_READ, 0);
        return -1;
      }
      std::memcpy(data, piece->data(), piece->size());
      window.at += piece->size();
      return static_cast<zip_int64_t>(piece->size());
    }
    case ZIP_SOURCE_STAT: {
      auto* stat = static_cast<zip_stat_t*>(data);
      zip_stat_init(stat);
      stat->valid = ZIP_STAT_SIZE;
      stat->size = window.bytes.size_bytes;
      return sizeof(zip_stat_t);
    }
    case ZIP_SOURCE_SEEK: {
      const zip_int64_t to =
          zip_source_seek_compute_offset(window.at, window.bytes.size_bytes, data, length, &window.error);
      if (to < 0) return -1;
      window.at = static_cast<std::uint64_t>(to);
      return 0;
    }
    case ZIP_SOURCE_TELL:
      return static_cast<zip_int64_t>(window.at);
    case ZIP_SOURCE_ERROR:
      return zip_error_to_data(&window.error, data, length);
    default:
      return 0;
  }
}

std::unexpected<Error> damaged_zip(std::string_view what) {
  return fail(ErrorCode::invalid, fmt::format("ZIP: {}", what), "zip.damaged", {});
}

class ZipBag : public BagFiles {
 public:
  explicit ZipBag(RandomBytes bytes) : window_{std::move(bytes), 0, {}} { zip_error_init(&window_.error); }
  ~ZipBag() override {
    if (archive_ != nullptr) zip_discard(archive_);
    zip_error_fini(&window_.error);
  }
  ZipBag(const ZipBag&) = delete;
  ZipBag& operator=(const ZipBag&) = delete;

  Result<> open() {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_function_create(window_call, &window_, &error);
    if (source == nullptr) return damaged_zip("no source");
    archive_ = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (archive_ == nullptr) {
      zip_source_free(source);
      return damaged_zip(zip_error_strerror(&error));
    }
    return take_directory();
  }

  Result<std::vector<Entry>> list() override { return entries_; }

  Result<> read(const std::string& path, const ZipStream::Sink& sink) override {
    const auto found = by_path_.find(path);
    if (found == by_path_.end()) return fail(ErrorCode::not_found, "not in the archive: " + path);
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
        zip_fopen_index(archive_, found->second.index, 0), zip_fclose);
    if (!file) return damaged_zip(zip_strerror(archive_));
    std::string piece(kZipPieceBytes, '\0');
    std::uint64_t done = 0;
    for (;;) {
      const zip_int64_t n = zip_fread(file.get(), piece.data(), piece.size());
      // Also when the checksum does not hold, which is known at the end.
      if (n < 0) return fail(ErrorCode::corrupt, fmt::format("ZIP: {}", zip_file_strerror(file.get())));
      if (n == 0) break;
      done += static_cast<std::uint64_t>(n);
      if (done > found->second.size_bytes) return fail(ErrorCode::corrupt, "ZIP: longer than announced");
      PHENDAU_TRY(sink(std::string_view(piece).substr(0, static_cast<std::size_t>(n))));
    }
    return {};
  }

 private:
  struct Place {
    zip_uint64_t index;
    std::uint64_t size_bytes;
  };

  Result<> take_directory() {
    const auto count = static_cast<std::size_t>(zip_get_num_entries(archive_, 0));
    if (count > kBagFilesMax) return fail(ErrorCode::limit, fmt::format("ZIP of {} entries", count));
    std::vector<Entry> all;
    for (zip_uint64_t i = 0; i < count; ++i) {
      zip_stat_t stat;
      zip_stat_init(&stat);
      constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_ENCRYPTION_METHOD;
      if (zip_stat_index(archive_, i, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded)
        return damaged_zip("directory");
      Entry entry{stat.name, stat.size, Kind::file};
      zip_uint8_t system = 0;
      zip_uint32_t attributes = 0;
      const bool known = zip_file_get_external_attributes(archive_, i, 0, &system, &attributes) == 0;
      const bool link = known && system == ZIP_OPSYS_UNIX && (attributes >> 16 & kUnixTypeMask) == kUnixLink;
      if (entry.path.ends_with('/')) {
        entry.path.pop_back();
        entry.kind = Kind::folder;
      } else if (link || stat.encryption_method != ZIP_EM_NONE) {
        entry.kind = Kind::other;
      }
      all.push_back(std::move(entry));
    }
    const std::string folder = folder_of(all);
    for (std::size_t i = 0; i < all.size(); ++i) take_entry(std::move(all[i]), folder, i);
    return {};
  }

  /// "" when bagit.txt lies at the top, else "NAME/" of the only folder that holds one.
  static std::string folder_of(const std::vector<Entry>& all) {
    std::string folder;
    for (const auto& entry : all) {
      const std::size_t slash = entry.path.find('/');
      const bool in_folder = slash != std::string::npos && entry.path.substr(slash + 1) == "bagit.txt";
      if (entry.path == "bagit.txt" || (in_folder && !folder.empty())) return "";
      if (in_folder) folder = entry.path.substr(0, slash + 1);
    }
    return folder;
  }

  void take_entry(Entry entry, const std::string& folder, zip_uint64_t index) {
    if (entry.path + "/" == folder) return;
    // What lies beside the bag's folder is told as what it is: outside.
    entry.path = entry.path.starts_with(folder) ? entry.path.substr(folder.size()) : "../" + entry.path;
    if (entry.kind == Kind::file) by_path_.emplace(entry.path, Place{index, entry.size_bytes});
    entries_.push_back(std::move(entry));
  }

  ZipWindow window_;
  zip_t* archive_ = nullptr;
  std::vector<Entry> entries_;
  std::map<std::string, Place> by_path_;
};

}  // namespace

Result<std::unique_ptr<BagFiles>> open_zip_bag(RandomBytes bytes) {
  auto bag = std::make_unique<ZipBag>(std::move(bytes));
  PHENDAU_TRY(bag->open());
  return std::unique_ptr<BagFiles>(std::move(bag));
}

}  // namespace phendau::report

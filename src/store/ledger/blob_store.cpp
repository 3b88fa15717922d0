// SPDX-License-Identifier: Apache-2.0
#include "store/ledger/blob_store.h"

#include <fmt/format.h>

#include "base/text.h"

namespace phendau::ledger {

bool is_blob_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::string> sha256_of_file(const File& file, std::uint64_t* size_bytes) {
  Sha256Stream stream;
  const std::uint64_t size = PHENDAU_TRY(each_piece(file, [&](std::string_view piece) -> Result<> {
    stream.update(piece);
    return {};
  }));
  if (size_bytes != nullptr) *size_bytes = size;
  return to_hex(stream.finish());
}

std::string BlobStore::path_of(std::string_view sha256) const {
  return path_join(path_join(folder_, sha256.substr(0, 2)), sha256.substr(2));
}

Result<std::string> BlobStore::write_aside(File& file, const BlobReader& reader,
                                           std::uint64_t size_bytes_max) {
  Sha256Stream stream;
  std::uint64_t written = 0;
  for (;;) {
    const std::string part = PHENDAU_TRY(reader(kBlobPartBytes));
    if (part.empty()) break;
    written += part.size();
    if (written > size_bytes_max) {
      return fail(ErrorCode::limit, fmt::format("file larger than {} bytes", size_bytes_max),
                  "ledger.blob_too_large", {std::to_string(size_bytes_max >> 20)});
    }
    stream.update(part);
    PHENDAU_TRY(file.append(part));
  }
  PHENDAU_TRY(file.sync());
  return to_hex(stream.finish());
}

Result<> BlobStore::publish(const std::string& temporary, const std::string& sha256) {
  const std::string shelf = path_join(folder_, sha256.substr(0, 2));
  PHENDAU_TRY(env_.make_dirs(shelf));
  PHENDAU_TRY(env_.rename(temporary, path_of(sha256)));
  PHENDAU_TRY(env_.sync_dir(shelf));
  return env_.sync_dir(folder_);
}

Result<std::string> BlobStore::put(const BlobReader& reader, std::uint64_t size_bytes_max) {
  const std::string aside = path_join(folder_, "tmp");
  PHENDAU_TRY(env_.make_dirs(aside));
  const std::string temporary = path_join(aside, new_ulid(env_));
  Result<std::string> digest = fail(ErrorCode::bug, "");
  {
    const auto file = PHENDAU_TRY(env_.open(temporary, OpenMode::create_new));
    digest = write_aside(*file, reader, std::min(size_bytes_max, kBlobBytesMax));
  }
  if (digest) {
    const std::lock_guard lock(mu_);
    recent_.insert(*digest);
    // Renaming over an equal file is harmless and heals one that a crash left unsynced.
    const auto published = publish(temporary, *digest);
    if (published) return digest;
    digest = std::unexpected(published.error());
  }
  // The error that stopped us matters more than a temporary that cannot be removed; sweep() takes it later.
  static_cast<void>(env_.remove_file(temporary));
  return digest;
}

Result<std::unique_ptr<File>> BlobStore::open(std::string_view sha256) const {
  if (!is_blob_digest(sha256) || !env_.exists(path_of(sha256))) {
    return fail(ErrorCode::not_found, "no such attachment", "ledger.no_blob");
  }
  return env_.open(path_of(sha256), OpenMode::read);
}

bool BlobStore::exists(std::string_view sha256) const {
  return is_blob_digest(sha256) && env_.exists(path_of(sha256));
}

Result<> BlobStore::remove(std::string_view sha256) {
  if (!exists(sha256)) return fail(ErrorCode::not_found, "no such attachment", "ledger.no_blob");
  const std::lock_guard lock(mu_);
  recent_.erase(std::string(sha256));
  PHENDAU_TRY(env_.remove_file(path_of(sha256)));
  return env_.sync_dir(path_join(folder_, sha256.substr(0, 2)));
}

Result<std::vector<std::string>> BlobStore::list() const {
  std::vector<std::string> out;
  if (!env_.exists(folder_)) return out;
  for (const auto& shelf : PHENDAU_TRY(env_.list(folder_))) {
    if (!shelf.is_directory || shelf.name.size() != 2) continue;
    for (const auto& entry : PHENDAU_TRY(env_.list(path_join(folder_, shelf.name)))) {
      if (is_blob_digest(shelf.name + entry.name)) out.push_back(shelf.name + entry.name);
    }
  }
  return out;
}

bool BlobStore::is_recent(const std::string& sha256) const {
  const std::lock_guard lock(mu_);
  return recent_.contains(sha256);
}

Result<> BlobStore::sweep() {
  const std::string aside = path_join(folder_, "tmp");
  if (!env_.exists(aside)) return {};
  for (const auto& entry : PHENDAU_TRY(env_.list(aside)))
    PHENDAU_TRY(env_.remove_file(path_join(aside, entry.name)));
  return {};
}

}  // namespace phendau::ledger

// SPDX-License-Identifier: Apache-2.0
// A backup is a folder: ledger.db as SQLite copies it (VACUUM INTO: one consistent state), blobs/, and
// manifest.json with the SHA-256 of each file and the head of the chain. The manifest is written last: a
// folder without one is no backup.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "store/ledger/schema.h"
#include "store/ledger/signatures.h"
#include "store/ledger/sqlite_ledger.h"

namespace phendau::ledger {
namespace {

constexpr std::string_view kManifestName = "manifest.json";
constexpr std::string_view kFormat = "phendau-ledger-backup/1";
constexpr std::uint64_t kManifestBytesMax = 1u << 30;  // ~5 million blobs

struct CopiedFile {
  std::string path;  // relative
  std::uint64_t size_bytes = 0;
  std::string sha256;
};

std::unexpected<Error> broken(const std::string& reason, const std::string& path) {
  return fail(ErrorCode::corrupt, "backup: " + reason, "ledger.backup_broken", {path});
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

Result<> require_empty(Env& env, const std::string& folder) {
  if (env.exists(folder) && !PHENDAU_TRY(env.list(folder)).empty()) {
    return fail(ErrorCode::conflict, folder + " is not empty", "ledger.folder_not_empty", {folder});
  }
  return env.make_dirs(folder);
}

Result<CopiedFile> copy_file(Env& env, const std::string& from, const std::string& to, std::string relative) {
  const auto source = PHENDAU_TRY(env.open(from, OpenMode::read));
  PHENDAU_TRY(env.make_dirs(folder_of(to)));
  const auto target = PHENDAU_TRY(env.open(to, OpenMode::create_new));
  Sha256Stream stream;
  const std::uint64_t size = PHENDAU_TRY(each_piece(*source, [&](std::string_view piece) -> Result<> {
    stream.update(piece);
    return target->append(piece);
  }));
  PHENDAU_TRY(target->sync());
  PHENDAU_TRY(env.sync_dir(folder_of(to)));
  return CopiedFile{std::move(relative), size, to_hex(stream.finish())};
}

Result<std::vector<std::string>> files_below(Env& env, const std::string& folder, const std::string& prefix,
                                             int depth) {
  std::vector<std::string> out;
  if (depth > 4) return broken("folders nested too deeply", folder);
  for (const auto& entry : PHENDAU_TRY(env.list(folder))) {
    if (!entry.is_directory) {
      out.push_back(prefix + entry.name);
      continue;
    }
    const auto below =
        PHENDAU_TRY(files_below(env, path_join(folder, entry.name), prefix + entry.name + "/", depth + 1));
    out.insert(out.end(), below.begin(), below.end());
  }
  return out;
}

bool is_safe_path(std::string_view path) {
  if (path == "ledger.db") return true;
  // blobs/ab/cdef... and nothing else: a manifest from elsewhere must not name ../../etc/passwd.
  return path.size() == 6 + 2 + 1 + 62 && path.starts_with("blobs/") && path[8] == '/' &&
         is_blob_digest(std::string(path.substr(6, 2)) + std::string(path.substr(9)));
}

Result<std::vector<CopiedFile>> read_manifest(Env& env, const std::string& folder, Backup& backup) {
  const std::string path = path_join(folder, kManifestName);
  if (!env.exists(path)) return broken(folder + " has no manifest.json: unfinished or not a backup", folder);
  const auto json =
      parse_json(PHENDAU_TRY(read_file(env, path, kManifestBytesMax)), {.size_bytes_max = kManifestBytesMax});
  if (!json || (*json)["format"].as_string() != kFormat)
    return broken(path + " is not of format " + std::string(kFormat), path);
  const auto hash = from_hex((*json)["head"]["hash"].as_string());
  const auto made_at = parse_rfc3339((*json)["made_at"].as_string());
  if (!hash || hash->size() != sizeof(Sha256) || !made_at) return broken(path + " is damaged", path);
  backup.head.seq = static_cast<std::uint64_t>((*json)["head"]["seq"].as_int());
  std::copy(hash->begin(), hash->end(), reinterpret_cast<char*>(backup.head.hash.data()));
  backup.made_at = *made_at;
  std::vector<CopiedFile> out;
  for (const auto& item : (*json)["files"].items()) {
    CopiedFile file{item["path"].as_string(), static_cast<std::uint64_t>(item["size_bytes"].as_int()),
                    item["sha256"].as_string()};
    if (!is_safe_path(file.path))
      return broken("manifest names the unexpected file '" + file.path + "'", path);
    backup.bytes += file.size_bytes;
    out.push_back(std::move(file));
  }
  backup.files = out.size();
  return out;
}

Result<> check_files(Env& env, const std::string& folder, const std::vector<CopiedFile>& files) {
  std::set<std::string> named = {std::string(kManifestName), std::string(kManifestSignatureName)};
  for (const auto& file : files) {
    const std::string path = path_join(folder, file.path);
    if (!env.exists(path)) return broken(path + " is missing", path);
    std::uint64_t size_bytes = 0;
    const auto opened = PHENDAU_TRY(env.open(path, OpenMode::read));
    if (PHENDAU_TRY(sha256_of_file(*opened, &size_bytes)) != file.sha256 || size_bytes != file.size_bytes) {
      return broken(path + " was altered", path);
    }
    if (file.path != "ledger.db" && replace_all(file.path.substr(6), "/", "") != file.sha256) {
      return broken(path + " does not have the digest in its name", path);
    }
    named.insert(file.path);
  }
  if (!named.contains("ledger.db")) return broken("the manifest does not name ledger.db", folder);
  for (const auto& path : PHENDAU_TRY(files_below(env, folder, "", 0))) {
    if (!named.contains(path)) return broken(path_join(folder, path) + " is not in the manifest", path);
  }
  return {};
}

/// Judges a ledger.db that nobody writes to; no side files are made beside it.
Result<Verification> verify_database_file(const std::string& path, const Head& head) {
  const auto db = PHENDAU_TRY(Database::open(path, Database::Mode::immutable));
  PHENDAU_TRY(check_schema(*db));
  return verify_database(*db, head);
}

}  // namespace

Result<Backup> SqliteLedger::backup(const std::string& folder, UtcTime now) {
  PHENDAU_TRY(require_empty(env_, folder));
  const std::string copy = path_join(folder, "ledger.db");
  {
    auto db = PHENDAU_TRY(Database::open(db_path(), Database::Mode::read_write));
    auto vacuum = PHENDAU_TRY(db->prepare("VACUUM INTO ?"));
    PHENDAU_TRY(vacuum.bind(1, copy).run());
  }
  Backup out;
  out.made_at = now;
  std::vector<CopiedFile> files;
  {
    const auto db = PHENDAU_TRY(Database::open(copy, Database::Mode::immutable));
    out.head = PHENDAU_TRY(read_head(*db));
    const auto file = PHENDAU_TRY(env_.open(copy, OpenMode::read_write));
    PHENDAU_TRY(file->sync());
    CopiedFile entry{"ledger.db", 0, ""};
    entry.sha256 = PHENDAU_TRY(sha256_of_file(*file, &entry.size_bytes));
    files.push_back(std::move(entry));
  }
  // After the database: blobs are older than the records that name them, so none is missing.
  for (const auto& digest : PHENDAU_TRY(blobs_.list())) {
    const std::string relative = "blobs/" + digest.substr(0, 2) + "/" + digest.substr(2);
    auto copied = PHENDAU_TRY(copy_file(env_, blobs_.path_of(digest), path_join(folder, relative), relative));
    if (copied.sha256 != digest) return broken("attachment " + digest + " was altered", digest);
    files.push_back(std::move(copied));
  }
  Json list = Json::array();
  for (const auto& file : files) {
    out.bytes += file.size_bytes;
    list.push(Json::object({{"path", file.path}, {"size_bytes", file.size_bytes}, {"sha256", file.sha256}}));
  }
  out.files = files.size();
  const Json manifest =
      Json::object({{"format", kFormat},
                    {"made_at", format_rfc3339(now)},
                    {"head", Json::object({{"seq", out.head.seq}, {"hash", to_hex(out.head.hash)}})},
                    {"files", std::move(list)}});
  PHENDAU_TRY(write_file_atomic(env_, path_join(folder, kManifestName), manifest.dump_pretty()));
  return out;
}

Result<Backup> verify_backup(Env& env, const std::string& folder) {
  Backup out;
  const auto files = PHENDAU_TRY(read_manifest(env, folder, out));
  PHENDAU_TRY(check_files(env, folder, files));
  const auto judged = PHENDAU_TRY(verify_database_file(path_join(folder, "ledger.db"), out.head));
  if (!judged.ok) return broken(judged.reason, folder);
  if (!(judged.head == out.head)) return broken("the manifest's head is not the ledger's", folder);
  return out;
}

Result<Backup> restore_backup(Env& env, const std::string& backup_folder, const std::string& data_folder) {
  Backup out = PHENDAU_TRY(verify_backup(env, backup_folder));
  PHENDAU_TRY(require_empty(env, data_folder));
  Backup scratch;
  const auto files = PHENDAU_TRY(read_manifest(env, backup_folder, scratch));
  for (const auto& file : files) {
    const auto copied = PHENDAU_TRY(
        copy_file(env, path_join(backup_folder, file.path), path_join(data_folder, file.path), file.path));
    if (copied.sha256 != file.sha256) return broken(file.path + " changed while it was copied", file.path);
  }
  PHENDAU_TRY(env.sync_dir(data_folder));
  const auto judged = PHENDAU_TRY(verify_database_file(path_join(data_folder, "ledger.db"), out.head));
  if (!judged.ok || !(judged.head == out.head))
    return broken("the restored ledger is not whole: " + judged.reason, data_folder);
  return out;
}

}  // namespace phendau::ledger

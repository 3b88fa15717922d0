// SPDX-License-Identifier: Apache-2.0
#include "os/env.h"

#include "base/hash.h"
#include "base/ulid.h"

namespace phendau {

Result<std::uint64_t> each_piece(const File& file, const std::function<Result<>(std::string_view)>& each) {
  for (std::uint64_t at = 0;;) {
    const std::string piece = PHENDAU_TRY(file.read_at(at, kFilePieceBytes));
    if (piece.empty()) return at;
    PHENDAU_TRY(each(piece));
    at += piece.size();
  }
}

Result<FileDigests> digests_of(const File& file, const std::function<void(std::string_view)>& also) {
  DigestStream sha256(DigestKind::sha256);
  DigestStream sha512(DigestKind::sha512);
  FileDigests out;
  out.size_bytes = PHENDAU_TRY(each_piece(file, [&](std::string_view piece) -> Result<> {
    sha256.update(piece);
    sha512.update(piece);
    if (also) also(piece);
    return {};
  }));
  out.sha256 = sha256.finish_hex();
  out.sha512 = sha512.finish_hex();
  return out;
}

Result<std::string> read_file(Env& env, const std::string& path, std::uint64_t size_bytes_max) {
  return read_whole(*PHENDAU_TRY(env.open(path, OpenMode::read)), path, size_bytes_max);
}

Result<std::string> read_whole(const File& file, const std::string& name, std::uint64_t size_bytes_max) {
  const auto too_large = [&] {
    return fail(ErrorCode::limit, name + ": larger than the limit for such a file", "file.too_large", {name});
  };
  const std::uint64_t size = PHENDAU_TRY(file.size());
  if (size > size_bytes_max) return too_large();
  // Read until the end rather than to `size`: files under /proc report 0 bytes. One byte more than the file
  // should have tells the end at once.
  const std::size_t asked = size == 0 ? 1u << 20 : size + 1;
  std::string out;
  for (;;) {
    std::string part = PHENDAU_TRY(file.read_at(out.size(), asked));
    const bool at_end = part.size() < asked;
    if (out.empty())
      out = std::move(part);
    else
      out += part;
    if (at_end && out.size() <= size_bytes_max) return out;
    if (out.size() > size_bytes_max) return too_large();
  }
}

Result<> write_file_atomic(Env& env, const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".new";
  if (env.exists(temporary)) PHENDAU_TRY(env.remove_file(temporary));
  {
    const auto file = PHENDAU_TRY(env.open(temporary, OpenMode::create_new));
    PHENDAU_TRY(file->append(bytes));
    PHENDAU_TRY(file->sync());
  }
  PHENDAU_TRY(env.rename(temporary, path));
  const std::size_t slash = path.find_last_of('/');
  return env.sync_dir(slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash));
}

std::string path_join(std::string_view folder, std::string_view name) {
  std::string out(folder);
  if (!out.empty() && out.back() != '/') out += '/';
  return out += name;
}

std::string new_ulid(Env& env) { return make_ulid(env.now(), env.random_bytes(10)); }

}  // namespace phendau

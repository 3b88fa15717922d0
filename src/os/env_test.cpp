// SPDX-License-Identifier: Apache-2.0
// The real and the fake Env keep the same promises; the fake one also forgets, fills up and fails when told.
#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/ulid.h"
#include "os/env.h"
#include "os/testing/fake_env.h"

namespace env_test {

using namespace phendau;

namespace {

/// A folder of the real machine that is removed at the end.
struct TemporaryFolder {
  std::string path;
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "phendau-os-XXXXXX").string();
    PHENDAU_ASSERT(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

void check_files(Env& env, const std::string& dir) {
  const std::string path = path_join(dir, "f");
  CHECK(env.open(path, OpenMode::read).error().code == ErrorCode::not_found);
  {
    const auto file = env.open(path, OpenMode::create_new);
    REQUIRE(file);
    REQUIRE((*file)->append("hello "));
    REQUIRE((*file)->append("world"));
    REQUIRE((*file)->write_at(0, "J"));
    CHECK((*file)->size().value() == 11);
    CHECK((*file)->read_at(0, 100).value() == "Jello world");
    CHECK((*file)->read_at(6, 2).value() == "wo");
    CHECK((*file)->read_at(50, 2).value().empty());
    REQUIRE((*file)->truncate(5));
    REQUIRE((*file)->append("!"));
    CHECK((*file)->read_at(0, 100).value() == "Jello!");
    REQUIRE((*file)->sync());
  }
  CHECK(env.open(path, OpenMode::create_new).error().code == ErrorCode::conflict);
  for (const OpenMode mode : {OpenMode::append, OpenMode::read_write}) {
    const auto file = env.open(path, mode);
    REQUIRE(file);
    REQUIRE((*file)->append("+"));
    REQUIRE((*file)->write_at(1, "E"));
  }
  CHECK(read_file(env, path).value() == "JEllo!++");
  CHECK(read_file(env, path, 3).error().code == ErrorCode::limit);
}

void check_folders(Env& env, const std::string& dir) {
  const std::string folder = path_join(dir, "a/b");
  REQUIRE(env.make_dirs(folder));
  REQUIRE(env.make_dirs(folder));
  REQUIRE(write_file_atomic(env, path_join(folder, "z"), "1"));
  REQUIRE(write_file_atomic(env, path_join(folder, "y"), "2"));
  REQUIRE(write_file_atomic(env, path_join(folder, "y"), "three"));
  const auto entries = env.list(folder);
  REQUIRE(entries);
  REQUIRE(entries->size() == 2);
  CHECK((*entries)[0].name == "y");
  CHECK((*entries)[0].size_bytes == 5);
  const auto parents = env.list(path_join(dir, "a"));
  REQUIRE(parents->size() == 1);
  CHECK((*parents)[0].is_directory);
  REQUIRE(env.rename(path_join(folder, "y"), path_join(folder, "z")));
  CHECK(read_file(env, path_join(folder, "z")).value() == "three");
  CHECK_FALSE(env.exists(path_join(folder, "y")));
  REQUIRE(env.remove_file(path_join(folder, "z")));
  CHECK(env.remove_file(path_join(folder, "z")).error().code == ErrorCode::not_found);
  CHECK(env.list(path_join(dir, "nope")).error().code == ErrorCode::not_found);
  REQUIRE(env.sync_dir(folder));
  REQUIRE(env.remove_dir(folder));
  CHECK_FALSE(env.exists(folder));
}

void check_rest(Env& env, const std::string& dir) {
  const std::string path = path_join(dir, "lock");
  {
    const auto lock = env.lock_file(path);
    REQUIRE(lock);
    CHECK(env.lock_file(path).error().code == ErrorCode::conflict);
  }
  CHECK(env.lock_file(path));
  const auto space = env.disk_space(dir);
  REQUIRE(space);
  CHECK(space->total_bytes >= space->free_bytes);
  CHECK(env.random_bytes(40).size() == 40);
  CHECK(env.random_bytes(16) != env.random_bytes(16));
  CHECK(is_ulid(new_ulid(env)));
  const Duration before = env.monotonic();
  CHECK(env.monotonic() >= before);
}

}  // namespace

TEST_CASE("the real Env keeps its promises") {
  const TemporaryFolder folder;
  check_files(posix_env(), folder.path);
  check_folders(posix_env(), folder.path);
  check_rest(posix_env(), folder.path);
}

TEST_CASE("the fake Env keeps the same promises") {
  FakeEnv env;
  REQUIRE(static_cast<Env&>(env).make_dirs("/d"));
  check_files(env, "/d");
  check_folders(env, "/d");
  check_rest(env, "/d");
}

TEST_CASE("files of any size are read piece by piece: memory stays bounded") {
  const TemporaryFolder folder;
  Env& env = posix_env();
  const std::string path = folder.path + "/large";
  const auto file = env.open(path, OpenMode::create_new).value();
  constexpr std::uint64_t kLarge = 300u << 20;
  REQUIRE(file->truncate(kLarge));  // takes no room on the disk
  REQUIRE(file->write_at(kLarge - 1, "x"));
  const auto peak_bytes = [&]() -> std::uint64_t {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;  // a sanitizer keeps what was freed: the peak would be its own
#endif
    const std::string status = read_file(env, "/proc/self/status").value();
    const std::size_t at = status.find("VmHWM:");
    REQUIRE(at != std::string::npos);
    return std::strtoull(status.c_str() + at + 6, nullptr, 10) << 10;
  };
  {
    std::FILE* const reset = std::fopen("/proc/self/clear_refs", "w");
    if (reset == nullptr) return;  // a kernel without it tells nothing of a part of the program
    std::fputs("5", reset);
    std::fclose(reset);
  }
  const auto before = peak_bytes();
  std::uint64_t seen = 0;
  const auto digests = digests_of(*file, [&](std::string_view piece) {
    CHECK(piece.size() <= kFilePieceBytes);
    seen += piece.size();
  });
  REQUIRE(digests);
  CHECK(seen == kLarge);
  CHECK(digests->size_bytes == kLarge);
  CHECK(digests->sha256 == "8db6773d443f7e82944188220b6fc4ca626602c6f1413cd2640a8bca0659071f");
  CHECK(digests->sha512 ==
        "e11fe3540715fbeeaf667acf9b8b4da8fc688fb351f884f0efd8eada5b96d9c1"
        "3460f47e830541e40c2c490dd7d131439d90792a2d99af1ae5ffe21b21ed216c");
  CHECK(peak_bytes() - before < 16u << 20);
  CHECK(read_whole(*file, "large", kLarge - 1).error().text_id == "file.too_large");
  CHECK(peak_bytes() - before < 16u << 20);
  const auto stopped =
      each_piece(*file, [](std::string_view) -> Result<> { return fail(ErrorCode::io, "stop"); });
  CHECK(stopped.error().code == ErrorCode::io);
}

TEST_CASE("a power cut forgets bytes, names, renames and removals that were not synced") {
  FakeEnv env;
  Env& machine = env;
  REQUIRE(machine.make_dirs("/d"));
  REQUIRE(write_file_atomic(machine, "/d/kept", "kept"));
  REQUIRE(write_file_atomic(machine, "/d/old", "old"));
  const auto file = machine.open("/d/kept", OpenMode::append);
  REQUIRE((*file)->append("1234"));
  const auto lost = machine.open("/d/lost", OpenMode::create_new);
  REQUIRE((*lost)->append("x"));
  REQUIRE((*lost)->sync());
  REQUIRE(machine.remove_file("/d/old"));
  env.power_cut(128);
  CHECK((*file)->append("x").error().code == ErrorCode::io);
  CHECK(read_file(machine, "/d/kept").value() == "kept12");
  CHECK_FALSE(machine.exists("/d/lost"));
  CHECK(read_file(machine, "/d/old").value() == "old");
}

TEST_CASE("the fake disk fills up, gets free again and fails when told") {
  FakeEnv env;
  Env& machine = env;
  REQUIRE(machine.make_dirs("/d"));
  const auto file = machine.open("/d/f", OpenMode::create_new);
  env.set_free_bytes(4);
  const auto full = (*file)->append("123456");
  REQUIRE_FALSE(full);
  CHECK(full.error().text_id == "error.disk_full");
  CHECK((*file)->size().value() == 4);
  REQUIRE((*file)->truncate(0));
  CHECK((*file)->append("1234"));
  REQUIRE(machine.remove_file("/d/f"));
  CHECK(machine.disk_space("/d")->free_bytes == 4);
  env.set_fault_hook([](std::string_view operation, const std::string&) -> Result<> {
    if (operation == "create") return fail(ErrorCode::io, "no");
    return {};
  });
  const auto before = env.mutation_count();
  CHECK(machine.open("/d/g", OpenMode::append).error().message == "no");
  CHECK(env.mutation_count() == before + 1);
  CHECK_FALSE(machine.exists("/d/g"));
  const UtcTime now = machine.now();
  env.advance(seconds(2));
  CHECK(machine.now() - now == seconds(2));
}

}  // namespace env_test

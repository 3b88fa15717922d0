// SPDX-License-Identifier: Apache-2.0
// What others could have written is not read: folders and files that are open to others, links, pipes.
#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "os/private_folder.h"

namespace private_folder_test {

using namespace phendau;

namespace {

/// A folder of the real machine that is removed at the end.
struct Scratch {
  std::string path;
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "phendau-os-XXXXXX").string();
    PHENDAU_ASSERT(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
};

ErrorCode code_of(const Result<std::string>& read) { return read ? ErrorCode::bug : read.error().code; }

unsigned mode_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777u : 0;
}

}  // namespace

TEST_CASE("private folder: made with those above it, for us alone; files are replaced whole") {
  const Scratch scratch;
  const auto folder = PrivateFolder::open(scratch / "a/b");
  REQUIRE(folder);
  CHECK(mode_of(scratch / "a/b") == 0700);
  CHECK(code_of(folder->read("f", 100)) == ErrorCode::not_found);
  REQUIRE(folder->write("f", "first"));
  REQUIRE(folder->write("f", std::string(3'000'000, 'x')));
  CHECK(mode_of(scratch / "a/b/f") == 0600);
  CHECK(folder->read("f", 3'000'000).value() == std::string(3'000'000, 'x'));
  CHECK(code_of(folder->read("f", 2'999'999)) == ErrorCode::limit);
  const std::filesystem::directory_iterator files(scratch / "a/b");
  CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE(
    "private folder: one that others may write, a link to one, and files that are not ours are refused") {
  const Scratch scratch;
  const std::string path = scratch / "f";
  const auto folder = PrivateFolder::open(scratch.path);
  REQUIRE(folder);
  REQUIRE(folder->write("f", "text"));
  for (const mode_t open : {0620, 0602}) {
    REQUIRE(::chmod(path.c_str(), open) == 0);
    CHECK(code_of(folder->read("f", 100)) == ErrorCode::denied);
  }
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK(folder->read("f", 100).value() == "text");
  REQUIRE(::symlink(path.c_str(), (scratch / "link").c_str()) == 0);
  CHECK(!folder->read("link", 100));
  REQUIRE(::mkfifo((scratch / "pipe").c_str(), 0600) == 0);
  CHECK(code_of(folder->read("pipe", 100)) == ErrorCode::denied);
  CHECK(code_of(folder->read(".", 100)) == ErrorCode::denied);
  REQUIRE(::symlink(scratch.path.c_str(), (scratch / "folder").c_str()) == 0);
  CHECK(!PrivateFolder::open(scratch / "folder"));
  CHECK(!PrivateFolder::open(path));
  for (const mode_t open : {0770, 0707}) {
    REQUIRE(::chmod(scratch.path.c_str(), open) == 0);
    const auto refused = PrivateFolder::open(scratch.path);
    CHECK((!refused && refused.error().code == ErrorCode::denied));
  }
  if (::geteuid() == 0) {  // only root can give files away
    REQUIRE(::chmod(scratch.path.c_str(), 0700) == 0);
    REQUIRE(::chown(path.c_str(), 65'534, 65'534) == 0);
    CHECK(code_of(folder->read("f", 100)) == ErrorCode::denied);
    REQUIRE(::chown(scratch.path.c_str(), 65'534, 65'534) == 0);
    CHECK(!PrivateFolder::open(scratch.path));
  }
}

TEST_CASE("private folder: the oldest files of a kind go") {
  const Scratch scratch;
  const auto folder = PrivateFolder::open(scratch.path);
  REQUIRE(folder);
  REQUIRE(folder->write("other", ""));
  for (int i = 0; i < 5; ++i) {
    const std::string name = "rules-" + std::to_string((i * 3) % 5);
    REQUIRE(folder->write(name, ""));
    const auto age = std::filesystem::file_time_type::clock::now() - std::chrono::hours(10 - i);
    std::filesystem::last_write_time(scratch / name, age);
  }
  folder->keep_newest("rules-", 2);
  for (int i = 0; i < 5; ++i)
    CHECK(folder->read("rules-" + std::to_string((i * 3) % 5), 100).has_value() == (i >= 3));
  CHECK(folder->read("other", 100));
  CHECK(!program_stamp().empty());
}

}  // namespace private_folder_test

// SPDX-License-Identifier: Apache-2.0
// Proves on real files that each line is read once: while growing, through both kinds of rotation, and by a
// new reader that only has the position of the one before.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "agent/linux/file_tail.h"
#include "os/env.h"

namespace file_tail_test {

using namespace phendau;
using namespace phendau::agent;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() : path(fs::temp_directory_path() / ("phendau-tail-" + new_ulid(posix_env()))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path path;
  std::string log() const { return (path / "auth.log").string(); }
  void add(const std::string& text, const char* name = "auth.log") const {
    std::ofstream(path / name, std::ios::app | std::ios::binary) << text;
  }
};

struct Reader {
  explicit Reader(const Folder& folder)
      : tail(make_file_tail(folder.log(), wire::RecordFormat::syslog)), where(folder) {}
  std::unique_ptr<Collector> tail;
  const Folder& where;
  std::string position;

  std::string take() {
    std::string out;
    for (int i = 0; i < 100; ++i) {
      const auto collected = tail->collect(UtcTime{1}).value();
      for (const auto& record : collected.records) out += record.bytes + "|";
      position = collected.position;
      if (!collected.more) break;
    }
    return out;
  }
  void restart() {
    tail = make_file_tail(where.log(), wire::RecordFormat::syslog);
    tail->rewind(position);
  }
};

}  // namespace

TEST_CASE("file_tail: lines come once, an unfinished line waits, each restart continues") {
  for (const bool restart : {false, true}) {
    Folder folder;
    Reader reader(folder);
    CHECK(reader.take().empty());
    CHECK(reader.tail->status().state == "waiting");
    folder.add("a\nb\r\n\nc");
    CHECK(reader.take() == "a|b|");
    if (restart) reader.restart();
    folder.add("c\nd\n");
    CHECK(reader.take() == "cc|d|");
    if (restart) reader.restart();
    CHECK(reader.take().empty());
    CHECK(reader.tail->status().state == "reading");
  }
}

TEST_CASE("file_tail: rotation by rename loses nothing, not even what is written after it") {
  for (const bool restart : {false, true}) {
    Folder folder;
    Reader reader(folder);
    folder.add("a\nb\n");
    CHECK(reader.take() == "a|b|");
    folder.add("c\n");
    fs::rename(folder.path / "auth.log", folder.path / "auth.log.1");
    if (restart) reader.restart();
    CHECK(reader.take() == "c|");
    folder.add("d\n", "auth.log.1");  // The writer has not reopened its log yet.
    folder.add("");
    if (restart) reader.restart();
    CHECK(reader.take() == "d|");
    folder.add("e-without-end", "auth.log.1");
    folder.add("f\n");
    CHECK(reader.take() == "e-without-end|f|");
    if (restart) reader.restart();
    folder.add("g\n");
    CHECK(reader.take() == "g|");
  }
}

TEST_CASE("file_tail: copy and truncate, also when the new text is already longer") {
  for (const bool restart : {false, true}) {
    Folder folder;
    Reader reader(folder);
    folder.add("day one, first\nday one, second\n");
    CHECK(reader.take() == "day one, first|day one, second|");
    folder.add("day one, last\n");
    fs::copy_file(folder.path / "auth.log", folder.path / "auth.log.1");
    fs::resize_file(folder.path / "auth.log", 0);
    folder.add(
        "day two, a much longer line than all of the first day together, so that the size says nothing\n");
    if (restart) reader.restart();
    CHECK(reader.take() ==
          "day one, last|day two, a much longer line than all of the first day together, so that the size "
          "says nothing|");
    CHECK(reader.take().empty());
  }
}

TEST_CASE("file_tail: a line above the limit is cut once and counted") {
  Folder folder;
  Reader reader(folder);
  folder.add(std::string(3 * kCollectBytesMax, 'x') + "\nshort\n");
  std::size_t records = 0;
  std::string last;
  for (int i = 0; i < 50; ++i) {
    const auto collected = reader.tail->collect(UtcTime{1}).value();
    for (const auto& record : collected.records) {
      ++records;
      last = record.bytes;
      CHECK(record.bytes.size() <= kLineBytesMax);
    }
    if (!collected.more) break;
  }
  CHECK(records == 2);
  CHECK(last == "short");
  CHECK(reader.tail->status().cut_total == 1);
}

TEST_CASE("file_tail: many lines come in bounded groups; a bad position starts over; a folder is refused") {
  Folder folder;
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i) + "\n";
  folder.add(text);
  Reader reader(folder);
  std::size_t records = 0;
  for (;;) {
    const auto collected = reader.tail->collect(UtcTime{1}).value();
    CHECK(collected.records.size() <= kCollectRecordsMax);
    records += collected.records.size();
    if (!collected.more) break;
  }
  CHECK(records == 5000);
  reader.tail->rewind("1 2 3 nonsense");
  CHECK(!reader.tail->collect(UtcTime{1}).value().records.empty());
  auto tail = make_file_tail(folder.path.string(), wire::RecordFormat::text);
  CHECK(!tail->collect(UtcTime{1}));
  CHECK(tail->status().state == "not_available");
}

}  // namespace file_tail_test

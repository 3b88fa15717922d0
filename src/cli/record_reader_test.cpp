// SPDX-License-Identifier: Apache-2.0
// What files are really like: encodings of Windows, holes that a power cut left, arrays in arrays, frames of
// zstd that hold nothing, links that lead back, pipes. Layouts of JSON and damage: tests/scenario/scan.py.
#include "cli/record_reader.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>

#include "base/crc32.h"
#include "ingest/testing/evtx_writer.h"

namespace record_reader_test {

using namespace phendau;
using namespace phendau::cli;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path;
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "phendau-read-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return path / name;
  }
};

/// Values of the field "f" of all events, and places that were not understood.
struct Seen {
  std::vector<std::string> values;
  std::vector<std::uint64_t> positions;
  std::uint64_t events = 0;
  DamageCounts damage;
};

Seen seen_in(const std::string& path) {
  Seen out;
  const auto done =
      read_records(posix_env(), path, {}, [&](const Batch& batch, const auto& positions) -> Result<> {
        out.positions.insert(out.positions.end(), positions.begin(), positions.end());
        const Column* column = batch.column("f");
        for (std::uint32_t row = 0; column != nullptr && row < batch.rows(); ++row)
          out.values.emplace_back(column->has(row) ? column->text(row) : "");
        return {};
      });
  REQUIRE(done);
  out.events = done->events;
  out.damage = done->damage;
  return out;
}

/// Characters of 16 bits and one of two halves.
std::string utf16(std::u16string_view text, bool big_endian) {
  std::string out;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  }
  return out;
}

using Values = std::vector<std::string>;

}  // namespace

TEST_CASE("record reader: UTF-16 in either byte order, marked or not") {
  const Folder folder;
  const std::u16string_view text = u"{\"f\":\"Nguy\u1EC5n\"}\r\n{\"f\":\"\U0001D400\"}\r\n";
  const Values wanted = {"Nguy\xE1\xBB\x85n", "\xF0\x9D\x90\x80"};
  CHECK(seen_in(folder.write("le", "\xFF\xFE" + utf16(text, false))).values == wanted);
  CHECK(seen_in(folder.write("be", "\xFE\xFF" + utf16(text, true))).values == wanted);
  CHECK(seen_in(folder.write("plain", utf16(text, false))).values == wanted);
  // Pieces of a file end anywhere in a character.
  std::u16string many;
  for (int i = 0; i < 60'000; ++i) many += u"{\"f\":\"a\U0001D400\"}\n";
  for (const bool big_endian : {false, true}) {
    const std::string mark = big_endian ? "\xFE\xFF" : "\xFF\xFE";
    const Seen seen = seen_in(folder.write("many", mark + utf16(many, big_endian)));
    CHECK(seen.values == Values(60'000, "a\xF0\x9D\x90\x80"));
    CHECK(seen.damage.empty());
  }
}

TEST_CASE("record reader: a mark alone, blanks and empty arrays are no events") {
  const Folder folder;
  for (const char* text : {"", "\xEF\xBB\xBF", "\xFF\xFE", "\r\n\n", "[]", "[[], []]\n", "\xEF\xBB\xBF[ ]"}) {
    CAPTURE(text);
    CHECK(seen_in(folder.write("blank", text)).events == 0);
  }
  const Seen seen = seen_in(folder.write("spaces", "  {\"f\":\"a\"}\n   \n\t{\"f\":\"b\"}  \n  "));
  CHECK(seen.values == Values{"a", "b"});
  CHECK(seen.positions == std::vector<std::uint64_t>{1, 3});
  CHECK(seen.damage.empty());
  CHECK(seen_in(folder.write("arrays", "[[{\"f\":\"a\"},[{\"f\":\"b\"}]],[]]")).values == Values{"a", "b"});
}

TEST_CASE("record reader: zeros where a power cut stopped writing are skipped, binary files refused") {
  const Folder folder;
  const std::string hole(4'096, '\0');
  const std::string line = "{\"f\":\"a\"}\n";
  for (const std::string& text : {line + hole + line, hole + line + line, line + line + hole}) {
    const Seen seen = seen_in(folder.write("hole", text));
    CHECK(seen.values == Values{"a", "a"});
    CHECK(seen.damage.empty());
  }
  CHECK(seen_in(folder.write("pretty", "{\n \"f\": \"a\"\n}\n" + hole + "{\n \"f\": \"b\"\n}\n")).values ==
        Values{"a", "b"});
  CHECK(seen_in(folder.write("text", "one\n" + hole + "two\n")).events == 2);
  for (const std::string& text : {hole, std::string("MZ\x90\0\x03\0\0\0", 8), "a\n" + hole + "\x01\x02"}) {
    const auto opened = RecordReader::open(posix_env(), folder.write("binary", text), {});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("record reader: frames of zstd that are to be skipped, at any place") {
  const Folder folder;
  const std::string skip("\x5A\x2A\x4D\x18\x03\0\0\0abc", 11);
  // One segment of ten bytes, in one block, as they are.
  const std::string frame = std::string("\x28\xB5\x2F\xFD\x20\x0A\x51\0\0", 9) + "{\"f\":\"a\"}\n";
  CHECK(seen_in(folder.write("x", skip + frame + skip + frame + skip)).values == Values{"a", "a"});
  CHECK(seen_in(folder.write("x", skip)).events == 0);
}

TEST_CASE("record reader: folders behind links once, no pipes; a pipe that is named is read") {
  const Folder folder;
  fs::create_directories(folder.path / "a" / "b");
  folder.write("a/b/Nh\xE1\xBA\xADt k\xC3\xBD 1.json", "{\"f\":\"a\"}\n");
  fs::create_directory_symlink("..", folder.path / "a" / "up");
  fs::create_directory_symlink("b", folder.path / "a" / "c");
  fs::create_symlink("nowhere", folder.path / "a" / "gone");
  fs::create_symlink("b", folder.path / "a" / "b" / "self");
  const std::string pipe = folder.path / "a" / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto files = files_under(posix_env(), folder.path);
  REQUIRE(files);
  CHECK(*files == Values{(folder.path / "a/b/Nh\xE1\xBA\xADt k\xC3\xBD 1.json").string()});
  std::thread writer([&] {
    std::ofstream out(pipe);
    for (int i = 0; i < 100'000; ++i) out << "{\"f\":\"a\"}\n";
  });
  CHECK(seen_in(pipe).values == Values(100'000, "a"));
  writer.join();
}

TEST_CASE("record reader: wrappers of any size are taken apart, others stay events") {
  const Folder folder;
  constexpr int kEvents = 200'000;  // some blocks
  for (const char* begin : {"{\"Events\":[", "{\"took\":1,\"hits\":{\"total\":{\"value\":2},\"hits\":["}) {
    const bool hits = std::string_view(begin).find("hits") != std::string_view::npos;
    std::string text = begin;
    for (int i = 0; i < kEvents; ++i)
      text += std::string(i == 0 ? "" : ",\n") +
              (hits ? "{\"_id\":1,\"_source\":{\"f\":\"a\",\"n\":" : "{\"f\":\"a\",\"n\":") +
              std::to_string(i) + (hits ? "}}" : "}");
    const Seen seen = seen_in(folder.write("wrapper", text + (hits ? "]}}" : "],\"next\":\"x\"}")));
    CHECK(seen.values == Values(kEvents, "a"));
    CHECK(seen.positions.back() == kEvents);
    CHECK(seen.damage.empty());
  }
  CHECK(seen_in(folder.write("line",
                             "{\"Records\":[{\"f\":\"a\"},{\"f\":\"b\"}]}\n{\"Records\":[{\"f\":\"c\"}]}\n"))
            .values == Values{"a", "b", "c"});
  const Seen events = seen_in(
      folder.write("events", "{\"f\":\"a\",\"Events\":[{\"f\":\"b\"}]}\n{\"Events\":[{\"f\":\"b\"}]}\n"));
  CHECK(events.events == 2);
}

TEST_CASE("record reader: events of Windows as XML, also as UTF-16") {
  const Folder folder;
  std::u16string text = u"<?xml version='1.0'?>\r\n<Events>";
  for (int i = 0; i < 3'000; ++i)
    text +=
        u"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><TimeCreated "
        u"SystemTime="
        u"'2026-11-20T08:00:00Z'/></System><EventData><Data "
        u"Name='f'>Nguy\u1EC5n</Data></EventData></Event>\r\n";
  text += u"</Events>";
  const Seen seen = seen_in(folder.write("xml", "\xFF\xFE" + utf16(text, false)));
  CHECK(seen.values == Values(3'000, "Nguy\xE1\xBB\x85n"));
  CHECK(seen.positions.back() == 3'001);
  CHECK(seen.damage.empty());
  const Seen cut = seen_in(folder.write("xml", "<Events><Event><System/></Event><Event><System>"));
  CHECK(cut.events == 2);
  CHECK(cut.damage == DamageCounts{{"bad_timestamp", 1}, {"truncated", 1}});
}

TEST_CASE("record reader: event logs behind each other in one file") {
  const Folder folder;
  std::string header("ElfFile\0", 8);
  header.resize(ingest::kEvtxFileHeaderBytes);
  const std::uint32_t sum = crc32(std::string_view(header).substr(0, 120));
  for (std::size_t i = 0; i < 4; ++i) header[124 + i] = static_cast<char>(sum >> (8 * i) & 0xFF);
  const auto chunk_of = [](const std::string& value) {
    ingest::EvtxChunkWriter chunk;
    ingest::put_test_event(chunk, 1, {{"f", {0x01, ingest::wide(value)}}});
    return chunk.finish();
  };
  std::string many = header;  // more than a block
  for (int i = 0; i < 70; ++i) many += chunk_of("a");
  Values wanted(70, "a");
  wanted.insert(wanted.end(), {"b", "c"});
  const Seen seen =
      seen_in(folder.write("logs", many + header + chunk_of("b") + header + header + chunk_of("c")));
  CHECK(seen.values == wanted);
  CHECK(seen.damage.empty());
  for (const int chunks : {63, 64, 65}) {  // around the end of a block
    const std::string first =
        many.substr(0, header.size() + static_cast<std::size_t>(chunks) * ingest::kEvtxChunkBytes);
    const Seen joined = seen_in(folder.write("logs", first + header + chunk_of("b")));
    CHECK(joined.events == static_cast<std::uint64_t>(chunks) + 1);
    CHECK(joined.damage.empty());
  }
}

}  // namespace record_reader_test

// SPDX-License-Identifier: Apache-2.0
// Proves the sizes and fields of large archives without writing them: the headers are real, the bytes of the
// entries are left out by the sink that counts.
#include "report/zip_stream.h"

#include <doctest/doctest.h>

#include "base/crc32.h"
#include "report/zip_reader.h"

namespace phendau::report::zip_stream_test {
namespace {

Result<> nothing(std::string_view) { return {}; }

}  // namespace

TEST_CASE("ZIP stream: UTF-8 names, empty and binary entries, read by libzip") {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"a/t\u1ec7p.txt", "xin ch\u00e0o"}, {"empty", ""}, {"binary", std::string("\0PK\x03\x04", 5)}};
  std::string out;
  std::vector<ZipStored> stored;
  ZipStream zip([&](std::string_view bytes) -> Result<> {
    out += bytes;
    return {};
  });
  for (const auto& [name, bytes] : files) {
    stored.push_back({name, bytes.size(), crc32(bytes)});
    REQUIRE(zip.begin(stored.back()).has_value());
    for (const char c : bytes) REQUIRE(zip.write({&c, 1}).has_value());
    REQUIRE(zip.end().has_value());
  }
  REQUIRE(zip.finish().has_value());
  CHECK(out.size() == zip_stream_size(stored));
  const auto back = read_zip(out);
  REQUIRE_MESSAGE(back.has_value(), back.error().message);
  REQUIRE(back->size() == 3);
  for (std::size_t i = 0; i < files.size(); ++i) {
    CHECK((*back)[i].name == files[i].first);
    CHECK((*back)[i].bytes == files[i].second);
  }
}

TEST_CASE("ZIP stream: nothing else than was announced") {
  ZipStream zip(nothing);
  REQUIRE(zip.begin({"a", 3, crc32("abc")}).has_value());
  CHECK(!zip.write("abcd").has_value());
  CHECK(zip.write("ab").has_value());
  CHECK(!zip.end().has_value());
  REQUIRE(zip.begin({"a", 3, crc32("abc")}).has_value());
  CHECK(zip.write("abd").has_value());
  const auto ended = zip.end();
  REQUIRE(!ended.has_value());
  CHECK(ended.error().text_id == "zip.other_bytes");
  CHECK(!ZipStream(nothing).begin({"", 0, 0}).has_value());
  CHECK(!ZipStream(nothing).begin({"\xFF", 0, 0}).has_value());
  const auto full = [](std::string_view) -> Result<> { return fail(ErrorCode::io, "full"); };
  CHECK(!ZipStream(full).begin({"a", 0, 0}).has_value());
}

TEST_CASE("slow: ZIP stream: beyond 4 GiB and 65,535 entries in ZIP64 fields") {
  // 4 GiB of zeros in one entry, with the checksum that zlib gives.
  constexpr std::uint32_t kSum = 0xD202EF8D;
  const std::string piece(16u << 20, '\0');
  std::vector<ZipStored> stored = {{"large", std::uint64_t{4} << 30, kSum}};
  for (int i = 0; i < 66'000; ++i) stored.push_back({"e" + std::to_string(i), 0, 0});
  std::uint64_t written = 0;
  std::string tail;
  ZipStream zip([&](std::string_view bytes) -> Result<> {
    written += bytes.size();
    if (bytes.size() < 100) tail = std::string(bytes);
    return {};
  });
  for (const auto& entry : stored) {
    REQUIRE(zip.begin(entry).has_value());
    for (std::uint64_t done = 0; done < entry.size_bytes; done += piece.size())
      REQUIRE(zip.write(piece).has_value());
    REQUIRE(zip.end().has_value());
  }
  REQUIRE(zip.finish().has_value());
  CHECK(written == zip_stream_size(stored));
  CHECK(tail.size() == 56 + 20 + 22);
  CHECK(tail.substr(0, 4) == "PK\x06\x06");
  CHECK(tail.substr(76, 4) == "PK\x05\x06");
}

}  // namespace phendau::report::zip_stream_test

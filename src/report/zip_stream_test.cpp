// SPDX-License-Identifier: Apache-2.0
// Proves that libzip reads what is written, small and large, and that nothing else than was announced goes
// in.
#include "report/zip_stream.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "base/crc32.h"
#include "report/bag_files_zip.h"
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

TEST_CASE("slow: ZIP stream: beyond 4 GiB and 65,535 entries, read by libzip") {
  // 4 GiB of zeros in one entry, with the checksum that zlib gives. Of what is written, all but the zeros is
  // kept and given to the reader at its place.
  constexpr std::uint32_t kSum = 0xD202EF8D;
  const std::string zeros(16u << 20, '\0');
  std::vector<ZipStored> stored = {{"large", std::uint64_t{4} << 30, kSum}};
  for (int i = 0; i < 66'000; ++i) stored.push_back({"e" + std::to_string(i), 0, 0});
  stored.push_back({"last", 3, crc32("end")});
  std::uint64_t written = 0;
  std::map<std::uint64_t, std::string> kept;
  ZipStream zip([&](std::string_view bytes) -> Result<> {
    if (bytes.size() < zeros.size()) kept.emplace(written, bytes);
    written += bytes.size();
    return {};
  });
  for (const auto& entry : stored) {
    REQUIRE(zip.begin(entry).has_value());
    if (entry.name == "last") REQUIRE(zip.write("end").has_value());
    for (std::uint64_t done = 0; entry.name == "large" && done < entry.size_bytes; done += zeros.size())
      REQUIRE(zip.write(zeros).has_value());
    REQUIRE(zip.end().has_value());
  }
  REQUIRE(zip.finish().has_value());
  CHECK(written == zip_stream_size(stored));
  const auto read = [&](std::uint64_t at, std::size_t size) -> Result<std::string> {
    std::string out(static_cast<std::size_t>(std::min<std::uint64_t>(size, written - std::min(at, written))),
                    '\0');
    auto piece = kept.upper_bound(at);
    if (piece != kept.begin()) --piece;
    for (; piece != kept.end() && piece->first < at + out.size(); ++piece) {
      for (std::size_t i = 0; i < piece->second.size(); ++i) {
        const std::uint64_t place = piece->first + i;
        if (place >= at && place < at + out.size())
          out[static_cast<std::size_t>(place - at)] = piece->second[i];
      }
    }
    return out;
  };
  const auto archive = open_zip_bag({written, read});
  REQUIRE_MESSAGE(archive.has_value(), archive.error().message);
  const auto entries = (*archive)->list();
  REQUIRE(entries.has_value());
  REQUIRE(entries->size() == stored.size());
  CHECK(entries->front().size_bytes == std::uint64_t{4} << 30);
  CHECK(entries->back().path == "last");
  std::string last;
  const auto done = (*archive)->read("last", [&](std::string_view bytes) -> Result<> {
    last += bytes;
    return {};
  });
  CHECK(done.has_value());
  CHECK(last == "end");
}

}  // namespace phendau::report::zip_stream_test

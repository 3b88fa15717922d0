// SPDX-License-Identifier: Apache-2.0
// Batches survive encoding whatever their shape; damaged bytes give an error, never a crash or a wrong size.
#include <doctest/doctest.h>

#include "store/journal/batch_codec.h"
#include "store/journal/testing/conformance.h"
#include "store/journal/wal.h"

namespace batch_codec_test {

using namespace phendau;
using namespace phendau::journal;
using namespace phendau::journal::testing;

namespace {

Batch wide_batch(std::uint32_t rows, std::uint32_t distinct) {
  BatchBuilder builder("ndjson");
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::string raw(i % 5, 'r');
    builder.begin_row({.event_time = {-static_cast<std::int64_t>(i)},
                       .received_time = {INT64_MAX - i},
                       .time_quality = static_cast<TimeQuality>(i % 5),
                       .source = {},
                       .host = {},
                       .agency = {},
                       .logsource = {},
                       .parse_error = {},
                       .raw = raw});
    builder.add("v", std::to_string(i % distinct));
    if (i % 50 == 0) builder.add("rare", std::string(1, '\0') + "x");
  }
  return builder.finish();
}

}  // namespace

TEST_CASE("slow: a batch survives its encoding, at every width of ids") {
  for (const auto& [rows, distinct] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{1, 1},
                                                            {254, 254},
                                                            {255, 255},
                                                            {300, 256},
                                                            {65'534, 65'534},
                                                            {65'535, 65'535},
                                                            {65'536, 65'536}}) {
    CAPTURE(rows);
    const Batch batch = wide_batch(rows, distinct);
    std::string bytes;
    encode_batch(bytes, batch);
    const auto decoded = decode_batch(bytes);
    REQUIRE(decoded);
    REQUIRE(decoded->rows() == rows);
    std::string again;
    encode_batch(again, *decoded);
    CHECK(again == bytes);
  }
  const Batch sample = sample_batch("x", 40, {5});
  std::string bytes;
  encode_batch(bytes, sample);
  check_same(sample, *decode_batch(bytes));
  CHECK(decode_batch(bytes)->column("tag")->more.size() == sample.column("tag")->more.size());
}

TEST_CASE("a batch that was finished when it was full is read back, however many fields its rows have") {
  BatchBuilder builder("ndjson");
  std::uint32_t fields = 0;
  const auto add_row = [&](std::uint32_t count) {
    builder.begin_row(BatchBuilder::Row{});
    for (std::uint32_t i = 0; i < count; ++i) builder.add("f" + std::to_string(fields++), "v");
  };
  add_row(2'000);  // what a record of JSON has at most
  while (!builder.full()) add_row(0);
  CHECK(builder.rows() > 4'000);
  add_row(2'000);
  CHECK(builder.dropped_fields() == 0);
  std::string bytes;
  encode_batch(bytes, builder.finish());
  CHECK(decode_batch(bytes));
  add_row(2'000);
  CHECK_FALSE(builder.full());
  add_row(2'000);
  CHECK(builder.full());
  CHECK(builder.dropped_fields() == 0);
}

TEST_CASE("cut or changed batches are refused or decode to something of a sane size") {
  std::string bytes;
  encode_batch(bytes, sample_batch("x", 20, {5}));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_batch(std::string_view(bytes).substr(0, size)));
  CHECK_FALSE(decode_batch(bytes + "x"));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xFF'}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const auto decoded = decode_batch(changed);
      if (decoded) CHECK(decoded->rows() == 20);
    }
  }
}

TEST_CASE("a torn group is cut unless the mark covers it") {
  std::string file = encode_wal_header({1, {}, {0}});
  std::string encoded;
  encode_batch(encoded, sample_batch("x", 2, {5}));
  const std::string payload = encode_frame_payload({{1}, 2, {}}, encoded);
  Sha256 hash{};
  hash = append_frame(file, 1, hash, payload);
  append_commit(file, 1, hash);
  const std::size_t committed = file.size();
  hash = append_frame(file, 2, hash, payload);
  const std::size_t second_end = file.size();
  hash = append_frame(file, 3, hash, payload);
  append_commit(file, 3, hash);
  CHECK(scan_wal_bytes(file).frames.size() == 3);
  for (std::size_t size = committed; size < file.size(); ++size) {
    const WalScan scan = scan_wal_bytes(std::string_view(file).substr(0, size));
    CHECK_FALSE(scan.damaged);
    CHECK(scan.frames.size() == 1);
    CHECK(scan.committed_bytes == committed);
  }
  // Pages of the group reached the disk out of order.
  std::string holed = file;
  std::fill(holed.begin() + static_cast<std::ptrdiff_t>(committed),
            holed.begin() + static_cast<std::ptrdiff_t>(second_end), '\0');
  WalScan scan = scan_wal_bytes(holed);
  CHECK(scan.damaged);
  WalScan acknowledged = scan;
  cut_torn_tail(acknowledged, 3);
  CHECK(acknowledged.damaged);
  cut_torn_tail(scan, 1);
  CHECK_FALSE(scan.damaged);
  CHECK(scan.frames.size() == 1);
  CHECK(scan.committed_bytes == committed);
}

}  // namespace batch_codec_test

// SPDX-License-Identifier: Apache-2.0
// The SQLite implementation against what every ledger must do, and what is its own: the folder of
// half-written blobs, a full disk. Each case has its own folder on the real disk.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "store/ledger/ledger_test_folder.h"
#include "store/ledger/testing/conformance.h"

namespace ledger_test {

using namespace phendau;
using namespace phendau::ledger;

TEST_CASE("ledger: SQLite does what every implementation must") {
  for (const auto& one : testing::kConformance) {
    CAPTURE(one.what);
    TestLedger t(open_ledger);
    one.run(t);
  }
}

TEST_CASE("ledger: a blob that is refused leaves nothing behind") {
  TestLedger t;
  const auto broken = [](std::size_t) -> Result<std::string> { return fail(ErrorCode::io, "gone"); };
  CHECK_FALSE(t.ledger->put_blob(broken, 100).has_value());
  CHECK(std::filesystem::is_empty(t.folder + "/blobs/tmp"));
}

TEST_CASE("ledger: a full disk leaves nothing half done") {
  TestLedger t;
  t.close();
  t.size_bytes_max = 60 * 4096;
  t.open();
  std::uint64_t written = 0;
  Error error;
  for (int i = 0; i < 1000; ++i) {
    WriteBatch batch;
    for (int k = 0; k < 3; ++k) {
      Write write = t.asset(fmt::format("p-{}-{}", i, k), "a1", R"({"name":"n"})");
      write.doc.set("note", std::string(3000, 'x'));
      batch.writes.push_back(std::move(write));
    }
    const auto result = t.ledger->write_batch(batch, t.officer(), t.at(i));
    if (!result) {
      error = result.error();
      break;
    }
    ++written;
  }
  CHECK(error.code == ErrorCode::io);
  CHECK(error.text_id == "error.disk_full");
  CHECK(written > 0);
  CHECK(t.ledger->head()->seq == written * 3);
  CHECK(t.ledger->verify()->ok);
  t.close();
  t.size_bytes_max = 0;
  t.open();
  CHECK(t.put("after", "a1", R"({"name":"n"})"));
  CHECK(t.ledger->verify()->ok);
}

}  // namespace ledger_test

// SPDX-License-Identifier: Apache-2.0
// Any bytes as a segment file of the spool: it opens, takes a record and gives a batch.
#include "agent/spool.h"
#include "os/testing/fake_env.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  FakeEnv env;
  PHENDAU_ASSERT(env.make_dirs("/spool", 0700).has_value());
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  PHENDAU_ASSERT(write_file_atomic(env, "/spool/00000000000000000001.seg", bytes).has_value());
  auto spool = agent::Spool::open(env, {"/spool", 1u << 20, 4096});
  PHENDAU_ASSERT(spool.has_value());
  PHENDAU_ASSERT((*spool)->enqueue({{"c", wire::RecordFormat::text, {1}, "x"}}, std::nullopt).has_value());
  PHENDAU_ASSERT((*spool)->sync().has_value());
  PHENDAU_ASSERT(!(*spool)->lease(1u << 20, 1000).value().records.empty());
  return 0;
}

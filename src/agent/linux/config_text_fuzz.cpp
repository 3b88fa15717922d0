// SPDX-License-Identifier: Apache-2.0
// Any bytes as each configuration format, and as every file of a machine in the eyes of every fact collector.
#include "agent/linux/config_text.h"
#include "agent/linux/facts.h"

namespace {
using namespace phendau;
using namespace phendau::agent;

/// A machine on which every file holds the same bytes and every folder one entry of each kind.
class SameEverywhere : public MachineView {
 public:
  explicit SameEverywhere(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::string> read(const std::string&, std::size_t) override { return bytes_; }
  Result<std::string> read_start(const std::string&, std::size_t size_bytes) override {
    return bytes_.substr(0, size_bytes);
  }
  Result<std::vector<std::string>> list(const std::string&) override {
    return std::vector<std::string>{"1", "a.conf", "a.d", "a.log", "a.rules", "a.sh", "x_Packages"};
  }
  Result<UtcTime> modified_at(const std::string&) override { return UtcTime{1'000'000'000}; }
  bool exists(const std::string&) override { return true; }
  Result<ProgramOutput> run(const std::vector<std::string>&) override { return ProgramOutput{0, bytes_, {}}; }

 private:
  std::string bytes_;
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_settings(bytes).size());
  static_cast<void>(parse_sections(bytes).size());
  static_cast<void>(parse_systemd_span(bytes).has_value());
  SameEverywhere machine(bytes);
  for (const auto& kind : linux_fact_kinds()) {
    const Fact fact = collect_fact(kind, {machine, UtcTime{1'764'000'000'000'000'000}});
    PHENDAU_ASSERT(fact_from_json(to_json(fact)).has_value());
  }
  return 0;
}

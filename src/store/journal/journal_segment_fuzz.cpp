// SPDX-License-Identifier: Apache-2.0
// The segment reader on arbitrary bytes. Inputs that open get every block read.
#include "store/journal/segment.h"

namespace {

class MemoryFile : public phendau::File {
 public:
  explicit MemoryFile(std::string_view bytes) : bytes_(bytes) {}
  phendau::Result<> append(std::string_view) override { return {}; }
  phendau::Result<> write_at(std::uint64_t, std::string_view) override { return {}; }
  phendau::Result<std::string> read_at(std::uint64_t offset_bytes, std::size_t size_bytes) const override {
    if (offset_bytes >= bytes_.size()) return std::string();
    return std::string(bytes_.substr(offset_bytes, size_bytes));
  }
  phendau::Result<std::uint64_t> size() const override { return bytes_.size(); }
  phendau::Result<> sync() override { return {}; }
  phendau::Result<> truncate(std::uint64_t) override { return {}; }

 private:
  std::string_view bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau::journal;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)decode_filters(bytes).has_value();
  const MemoryFile file(bytes);
  const auto reader = SegmentReader::open(file);
  if (!reader) return 0;
  for (const auto& group : (*reader)->groups()) {
    (void)(*reader)->filters(file, group).has_value();
    (void)(*reader)->load(file, group, {}).has_value();
  }
  (void)(*reader)->first_damage(file).has_value();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// The fast engine against the row-by-row oracle. Input that begins with 'R' is a rule file of any content,
// else the bytes choose rules; events are made from the rules. A difference aborts.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "detect/testing/batches.h"
#include "detect/testing/random_rules.h"

namespace {

constexpr std::size_t kRulesMax = 8;
constexpr std::size_t kTextBytesMax = 4'096;  // the oracle is slow

/// The bytes, one after the other; then a sequence that depends on them.
class ByteChooser {
 public:
  ByteChooser(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::size_t operator()(std::size_t n) {
    if (at_ < size_) {
      state_ = state_ * 31 + data_[at_];
      return data_[at_++] % n;
    }
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state_ >> 33) % n;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
  std::uint64_t state_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  using namespace phendau::detect;
  ByteChooser bytes(data, size);
  const testing::Chooser choose = [&bytes](std::size_t n) { return bytes(n); };
  const bool is_text = size > 0 && data[0] == 'R';
  if (is_text && size > kTextBytesMax) return 0;
  std::string text;
  if (is_text) {
    text = std::string_view(reinterpret_cast<const char*>(data), size).substr(1);
  } else {
    for (int i = 0; i < 4; ++i) text += testing::random_rule(choose, i) + "---\n";
  }
  RuleFile file = parse_rules("fuzz.yml", text);
  if (file.rules.size() > kRulesMax) file.rules.resize(kRulesMax);
  for (auto& rule : file.rules) rule.logsource = {"test", "", ""};  // the comparison is not about routing
  std::vector<Json> rows;
  for (int i = 0; i < 4; ++i) rows.push_back(testing::random_event(choose));
  for (const auto& rule : file.rules) {
    for (int i = 0; i < 2; ++i) rows.push_back(testing::event_near(rule, choose));
  }
  const CompileOptions options = testing::random_rule_options();
  const SourceMap sources = testing::everything_for(file.rules);
  const Plan plan = Plan::compile(std::move(file.rules), sources, options);
  const Batch batch = testing::batch_of(rows);
  if (match(plan, batch) != testing::oracle_matches(plan, batch, options)) {
    std::fprintf(stderr, "fast engine and oracle differ on:\n%s\n", text.c_str());
    std::abort();
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// What correlations look at, put into the order of event time: files come in the order of their names, and
// some have their newest record first. Keeps of each match the fields that correlations read and what is
// shown of it, beyond kTapeBytesMax in a temporary file without a name. One thread.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/scan_output.h"
#include "detect/correlation.h"

namespace phendau::cli {

inline constexpr std::size_t kTapeBytesMax = 32u << 20;         // in memory
inline constexpr std::size_t kTimeOrderEntriesMax = 4'000'000;  // 24 bytes each; then what is there goes on
inline constexpr std::uint32_t kTimeOrderBatchRows = 8'192;

/// Bytes one after the other, that are read again in any order.
class Tape {
 public:
  explicit Tape(std::size_t memory_bytes_max) : memory_bytes_max_(memory_bytes_max) {}
  /// @return where they begin.
  Result<std::uint64_t> append(std::string_view bytes);
  Result<std::string> read(std::uint64_t at, std::size_t size);
  void clear();

 private:
  Result<> flush();

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::size_t memory_bytes_max_;
  std::string memory_;
  std::uint64_t in_file_ = 0;
  std::unique_ptr<std::FILE, Close> file_;
};

class TimeOrder {
 public:
  using Show = std::function<void(const detect::RuleMeta& rule, const ShownEvent& event)>;
  using ShowPast = std::function<void(const detect::RuleMeta& rule, UtcTime time)>;

  TimeOrder(detect::Correlator& correlator, Show show, ShowPast show_past,
            std::size_t memory_bytes_max = kTapeBytesMax, std::size_t entries_max = kTimeOrderEntriesMax)
      : correlator_(correlator),
        show_(std::move(show)),
        show_past_(std::move(show_past)),
        entries_max_(entries_max),
        tape_(memory_bytes_max) {}

  /// @param rules indexes in the Plan, of rules that matched the row and that a correlation uses.
  Result<> add(const Batch& batch, std::uint32_t row, const std::vector<std::uint32_t>& rules,
               const ShownEvent& event);
  /// Judges what was added and every window that is open.
  Result<> finish();

 private:
  struct Entry {
    UtcTime time;
    std::uint64_t at = 0;  // on the tape
    std::uint32_t size = 0;
    auto operator<=>(const Entry&) const = default;
  };
  Result<> judge_all();
  Result<> judge(std::size_t begin, std::size_t end);
  void report(const std::vector<detect::CorrelationMatch>& found, const std::vector<ShownEvent>& events);

  detect::Correlator& correlator_;
  Show show_;
  ShowPast show_past_;
  std::size_t entries_max_;
  Tape tape_;
  std::vector<Entry> entries_;
  std::uint64_t frame_ = 0;
  std::string buffer_;
};

}  // namespace phendau::cli

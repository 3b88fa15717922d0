// SPDX-License-Identifier: Apache-2.0
// What lets a search skip a row group unread: per column a Bloom filter of its distinct values, and one of
// all three-byte sequences of values and raw bytes for `contains` and keywords. A filter may say yes wrongly,
// never no. Pure; immutable once decoded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "model/predicate.h"
#include "store/journal/bytes.h"

namespace phendau::journal {

class BloomFilter {
 public:
  BloomFilter() = default;
  explicit BloomFilter(std::size_t entries);
  void insert(std::uint64_t hash);
  bool may_contain(std::uint64_t hash) const;
  void encode(std::string& out) const;
  static Result<BloomFilter> decode(ByteReader& reader);

 private:
  std::vector<std::uint64_t> words_;  // a power of two of them; none: contains nothing
};

struct GroupFilters {
  std::vector<std::pair<std::string, BloomFilter>> values;  // per column
  BloomFilter grams;
};
/// Filters of a finished row group. Cost: folds every distinct value and every raw record once.
std::string build_filters(const Batch& rows);
Result<GroupFilters> decode_filters(std::string_view bytes);

/// False only if no row of the group can satisfy the predicate.
bool may_match(const Predicate& predicate, const GroupFilters& filters);

}  // namespace phendau::journal

// SPDX-License-Identifier: Apache-2.0
// Numbers in order, any of which can be added, taken away and asked for by rank: in blocks, so that a change
// moves the numbers of one block and not all of them. Plain value, one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace phendau::detect {

class SortedNumbers {
 public:
  std::size_t size() const { return size_; }

  void add(double number) {
    ++size_;
    if (blocks_.empty()) {
      blocks_.push_back({number});
      return;
    }
    const auto block = std::min(block_of(number), blocks_.end() - 1);
    block->insert(std::upper_bound(block->begin(), block->end(), number), number);
    if (block->size() <= kBlockMax) return;
    std::vector<double> upper(block->begin() + kBlockMax / 2, block->end());
    block->resize(kBlockMax / 2);
    blocks_.insert(block + 1, std::move(upper));
  }

  /// Takes one of them away; nothing if there is none.
  void remove(double number) {
    const auto block = block_of(number);
    if (block == blocks_.end()) return;
    const auto place = std::lower_bound(block->begin(), block->end(), number);
    if (place == block->end() || *place != number) return;
    block->erase(place);
    --size_;
    if (block->empty()) blocks_.erase(block);
  }

  /// @param rank below size()
  double at(std::size_t rank) const {
    auto block = blocks_.begin();
    for (; rank >= block->size(); ++block) rank -= block->size();
    return (*block)[rank];
  }

 private:
  static constexpr std::size_t kBlockMax = 512;
  using Blocks = std::vector<std::vector<double>>;  // none of them empty

  /// The first block that ends with the number or beyond it.
  Blocks::iterator block_of(double number) {
    return std::partition_point(blocks_.begin(), blocks_.end(),
                                [&](const auto& block) { return block.back() < number; });
  }

  Blocks blocks_;
  std::size_t size_ = 0;
};

}  // namespace phendau::detect

// SPDX-License-Identifier: Apache-2.0
// The idea: sorted as they are read from the side, the literals below a node are a range. What all of them
// have next is compared at once.
#include "detect/literal_trie.h"

#include <algorithm>
#include <numeric>

namespace phendau::detect {

LiteralTrie LiteralTrie::build(std::vector<std::string> literals, Side side) {
  LiteralTrie out;
  out.side_ = side;
  out.literals_ = std::move(literals);
  if (out.literals_.empty()) return out;
  out.order_.resize(out.literals_.size());
  std::iota(out.order_.begin(), out.order_.end(), 0u);
  const auto less = [&](std::uint32_t a, std::uint32_t b) {
    const std::string& left = out.literals_[a];
    const std::string& right = out.literals_[b];
    if (side == Side::begin) return left < right;
    return std::lexicographical_compare(left.rbegin(), left.rend(), right.rbegin(), right.rend());
  };
  std::sort(out.order_.begin(), out.order_.end(), less);
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::size_t depth = 0;
  };
  std::vector<Range> ranges = {{0, static_cast<std::uint32_t>(out.order_.size()), 0}};
  out.nodes_.emplace_back();
  out.labels_ += '\0';
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const Range range = ranges[i];
    Node node;
    node.first_child = static_cast<std::uint32_t>(ranges.size());
    node.literals_begin = range.begin;
    node.literals_end = range.begin;
    const auto text = [&](std::uint32_t at) { return std::string_view(out.literals_[out.order_[at]]); };
    if (range.end - range.begin == 1) {
      node.literals_end = range.end;
    } else {
      // Sorted: what the first and the last share, all do.
      const std::string_view first = text(range.begin);
      const std::string_view last = text(range.end - 1);
      std::size_t depth = range.depth;
      while (depth < first.size() && depth < last.size() &&
             out.byte_at(first, depth) == out.byte_at(last, depth))
        ++depth;
      node.shared = static_cast<std::uint32_t>(depth - range.depth);
      node.sample = out.order_[range.begin];
      while (node.literals_end < range.end && text(node.literals_end).size() == depth) ++node.literals_end;
      for (std::uint32_t at = node.literals_end; at < range.end;) {
        const std::uint32_t begin = at;
        const unsigned char label = out.byte_at(text(begin), depth);
        while (at < range.end && out.byte_at(text(at), depth) == label) ++at;
        ranges.push_back({begin, at, depth + 1});
        out.nodes_.emplace_back();
        out.labels_ += static_cast<char>(label);
        ++node.children;
      }
    }
    out.nodes_[i] = node;
  }
  return out;
}

}  // namespace phendau::detect

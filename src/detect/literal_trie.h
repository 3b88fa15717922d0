// SPDX-License-Identifier: Apache-2.0
// Which of many literals a text begins with, or ends with: a walk from that side, a few bytes deep for most
// texts. Bytes are compared. Immutable after build(); thread-safe.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"

namespace phendau::detect {

class LiteralTrie {
 public:
  enum class Side : std::uint8_t { begin, end };

  /// @param literals none empty.
  static LiteralTrie build(std::vector<std::string> literals, Side side);
  bool empty() const { return literals_.empty(); }

  /// Calls `found(index)` for each literal that the text has on this side.
  template <class Found>
  void find(std::string_view text, Found found) const {
    if (literals_.empty()) return;
    std::uint32_t at = 0;
    for (std::size_t depth = 0;; ++depth) {
      const Node& node = nodes_[at];
      if (node.children == 0) {
        for (std::uint32_t i = node.literals_begin; i < node.literals_end; ++i) {
          if (has(text, order_[i])) found(order_[i]);
        }
        return;
      }
      if (node.shared > 0 && !shares(text, node, depth)) return;
      depth += node.shared;
      for (std::uint32_t i = node.literals_begin; i < node.literals_end; ++i) found(order_[i]);
      if (depth == text.size()) return;
      const char* const labels = labels_.data() + node.first_child;
      const void* const label = std::memchr(labels, byte_at(text, depth), node.children);
      if (label == nullptr) return;
      at = node.first_child + static_cast<std::uint32_t>(static_cast<const char*>(label) - labels);
    }
  }

 private:
  /// Without children it stands for all that is left of its literals, which are to be compared.
  struct Node {
    std::uint32_t first_child = 0;
    std::uint32_t children = 0;
    std::uint32_t literals_begin = 0;  // in order_
    std::uint32_t literals_end = 0;
    std::uint32_t shared = 0;  // bytes that all literals below have next, before the labels of the children
    std::uint32_t sample = 0;  // one of these literals
  };

  unsigned char byte_at(std::string_view text, std::size_t depth) const {
    return static_cast<unsigned char>(text[side_ == Side::begin ? depth : text.size() - 1 - depth]);
  }
  bool shares(std::string_view text, const Node& node, std::size_t depth) const {
    if (text.size() - depth < node.shared) return false;
    const std::string_view literal = literals_[node.sample];
    const bool begins = side_ == Side::begin;
    const char* const here = begins ? text.data() + depth : text.data() + text.size() - depth - node.shared;
    const char* const there =
        begins ? literal.data() + depth : literal.data() + literal.size() - depth - node.shared;
    return equal_bytes(here, there, node.shared);
  }
  bool has(std::string_view text, std::uint32_t literal) const {
    return side_ == Side::begin ? text.starts_with(literals_[literal]) : text.ends_with(literals_[literal]);
  }

  Side side_ = Side::begin;
  std::vector<std::string> literals_;
  std::vector<std::uint32_t> order_;  // of the literals, as they are read from the side
  std::vector<Node> nodes_;           // children of one node stand together
  std::string labels_;                // by node: the byte that leads to it
};

}  // namespace phendau::detect

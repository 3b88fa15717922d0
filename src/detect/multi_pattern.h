// SPDX-License-Identifier: Apache-2.0
// Many literals in many texts in one pass. Adapter: multi_pattern.cpp is the only user of Vectorscan.
// Immutable after build(); may be used from several threads (each has its own scratch memory).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace phendau::detect {

/// Texts one after another: a pass over all of them costs one call.
struct JoinedTexts {
  std::string bytes;
  std::vector<std::uint32_t> ends;  // of each text, in `bytes`
  std::uint32_t size() const { return static_cast<std::uint32_t>(ends.size()); }
  std::size_t begin_of(std::size_t index) const { return index == 0 ? 0 : ends[index - 1]; }
  std::string_view text(std::size_t index) const {
    return std::string_view(bytes).substr(begin_of(index), ends[index] - begin_of(index));
  }
  void clear() {
    bytes.clear();
    ends.clear();
  }
};

class MultiPattern {
 public:
  /// Never fails: without an automaton (Vectorscan refuses) it searches one by one.
  /// @param literals none empty.
  /// @param saved what save() gave for the same literals; built anew if it is empty, damaged or of another
  /// engine(). Bytes that somebody made up can do anything: take only what this program wrote.
  static MultiPattern build(std::vector<std::string> literals, std::string_view saved = {});
  /// The automata as bytes; empty if there are none.
  std::string save() const;
  /// What a saved automaton depends on besides its literals: Vectorscan's version and the processor.
  static std::string engine();

  using Found = std::function<void(std::uint32_t text, std::uint32_t literal)>;
  /// Calls `found` for each text and literal that it has, at least once and in no particular order. Bytes are
  /// compared; what reaches from one text into the next is not found.
  /// @param first the texts before are not looked at
  void scan(const JoinedTexts& texts, const Found& found, std::uint32_t first = 0) const;
  std::size_t size() const { return literals_.size(); }

 private:
  struct Automaton;
  /// Literals that are sought together.
  struct Part {
    std::vector<std::uint32_t> literals;
    std::shared_ptr<const Automaton> automaton;  // null: one by one
    bool beyond_ascii = false;                   // all of them: no text of ASCII has one
  };
  void scan_part(const Part& part, const JoinedTexts& texts, std::uint32_t first, const Found& found) const;
  std::vector<std::string> literals_;
  std::vector<Part> parts_;
};

}  // namespace phendau::detect

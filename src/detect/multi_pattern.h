// SPDX-License-Identifier: Apache-2.0
// Many literals against one text in one pass. Adapter: multi_pattern.cpp is the only user of Vectorscan.
// Immutable after build(); may be used from several threads (each has its own scratch memory).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace phendau::detect {

/// Below this many literals a plain search is as fast as the automaton.
inline constexpr std::size_t kLiteralsForAutomatonMin = 9;

struct Literal {
  enum class Anchor : std::uint8_t { anywhere, begin, end };
  std::string text;  // not empty
  Anchor anchor = Anchor::anywhere;
};

class MultiPattern {
 public:
  /// Never fails: without an automaton (few literals, or Vectorscan refuses) it searches one by one.
  /// @param saved what save() gave for the same literals; built anew if it is empty, damaged or of another
  /// engine(). Bytes that somebody made up can do anything: take only what this program wrote.
  static MultiPattern build(std::vector<Literal> literals, std::string_view saved = {});
  /// The automaton as bytes; empty if there is none.
  std::string save() const;
  /// What a saved automaton depends on besides its literals: Vectorscan's version and the processor.
  static std::string engine();
  /// Appends the indexes of the literals that the text has, each once, in no particular order. Bytes are
  /// compared.
  void scan(std::string_view text, std::vector<std::uint32_t>& hits) const;
  std::size_t size() const { return literals_.size(); }

 private:
  struct Automaton;
  std::vector<Literal> literals_;
  std::shared_ptr<const Automaton> automaton_;
};

}  // namespace phendau::detect

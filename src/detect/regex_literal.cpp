// SPDX-License-Identifier: Apache-2.0
// The idea: only plain letters outside of groups, classes and repetitions count; whatever is not understood
// gives nothing. The last letter of a run is left out unless ASCII must follow: folding may join it with an
// accent.
#include "detect/regex_literal.h"

#include <algorithm>

#include "base/text.h"

namespace phendau::detect {
namespace {

constexpr std::string_view kOfOneLetter = "dDwWsSbBAZzGhHvVRXKnrtfea";  // escapes that take nothing more

class LiteralFinder {
 public:
  explicit LiteralFinder(std::string_view regex) : regex_(regex) {}

  std::string find() {
    if (regex_.find("(*") != std::string_view::npos || regex_.find("\\Q") != std::string_view::npos)
      return {};
    while (at_ < regex_.size()) {
      if (!take_one()) return {};
    }
    end_run();
    return to_lower_ascii(longest_);
  }

 private:
  /// One item with what repeats it; false if nothing can be said of the expression.
  bool take_one() {
    const char c = regex_[at_];
    switch (c) {
      case '|':
        return false;
      case '(':
        return skip_group() && skip_item_end();
      case '[':
        return skip_class() && skip_item_end();
      case '\\':
        return take_escape();
      case '.':
      case '^':
      case '$':
        ++at_;
        return skip_item_end();
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ')':
        return false;
      default:
        break;
    }
    if (static_cast<unsigned char>(c) < 0x80) {
      ++at_;
      return take_letter(c);
    }
    at_ += std::max<std::size_t>(1, utf8_sequence_length(regex_, at_));
    return skip_item_end();
  }

  bool take_escape() {
    if (at_ + 1 >= regex_.size()) return false;
    const char c = regex_[at_ + 1];
    at_ += 2;
    if (kOfOneLetter.find(c) != std::string_view::npos) {
      if (std::string_view("dws").find(c) != kNpos && stands_once_at_least()) end_run(true);  // all ASCII
      return skip_item_end();
    }
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return !word && static_cast<unsigned char>(c) < 0x80 && take_letter(c);
  }

  bool stands_once_at_least() const {
    return at_ >= regex_.size() || std::string_view("*?{").find(regex_[at_]) == kNpos;
  }

  bool take_letter(char c) {
    if (stands_once_at_least()) run_ += c;
    if (at_ < regex_.size() && std::string_view("*?{+").find(regex_[at_]) != kNpos) return skip_item_end();
    return true;
  }

  /// Ends the run of letters, and passes what repeats the item before.
  bool skip_item_end() {
    end_run();
    if (at_ >= regex_.size()) return true;
    if (regex_[at_] == '{') {
      at_ = regex_.find('}', at_);
      if (at_ == kNpos) return false;
      ++at_;
    } else if (std::string_view("*+?").find(regex_[at_]) != kNpos) {
      ++at_;
    } else {
      return true;
    }
    if (at_ < regex_.size() && (regex_[at_] == '?' || regex_[at_] == '+')) ++at_;
    return true;
  }

  void end_run(bool whole = false) {
    if (!whole && !run_.empty()) run_.pop_back();
    if (run_.size() > longest_.size()) longest_ = run_;
    run_.clear();
  }

  /// Flags in the middle are fine but for x, which makes spaces mean nothing.
  bool skip_group() {
    int depth = 0;
    while (at_ < regex_.size()) {
      const char c = regex_[at_];
      if (c == '[') {
        if (!skip_class()) return false;
        continue;
      }
      if (regex_.substr(at_).starts_with("(?") && !is_plain_group(regex_.substr(at_ + 2))) return false;
      at_ += c == '\\' ? 2 : 1;
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) return true;
    }
    return false;
  }

  /// After "(?": looking around, not capturing, or the flags i, m and s.
  static bool is_plain_group(std::string_view rest) {
    const std::size_t flags_end = rest.find_first_not_of("ims-");
    if (flags_end == kNpos) return false;
    return rest[flags_end] == ':' || rest[flags_end] == ')' ||
           (flags_end == 0 && std::string_view("=!<>P").find(rest.front()) != kNpos);
  }

  bool skip_class() {
    ++at_;
    if (at_ < regex_.size() && regex_[at_] == '^') ++at_;
    for (bool first = true; at_ < regex_.size(); first = false) {
      const char c = regex_[at_];
      if (c == ']' && !first) {
        ++at_;
        return true;
      }
      if (c == '[' && at_ + 1 < regex_.size() && std::string_view(":.=").find(regex_[at_ + 1]) != kNpos)
        return false;
      at_ += c == '\\' ? 2 : 1;
    }
    return false;
  }

  static constexpr std::size_t kNpos = std::string_view::npos;
  std::string_view regex_;
  std::size_t at_ = 0;
  std::string run_;
  std::string longest_;
};

}  // namespace

std::string required_literal(std::string_view regex) { return LiteralFinder(regex).find(); }

}  // namespace phendau::detect

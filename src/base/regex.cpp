// SPDX-License-Identifier: Apache-2.0
// PCRE2's limit counts anew at every place of the subject where a match may begin, and a run over a thousand
// characters counts as one step: on a value of a megabyte "[a-z]+[0-9]" works for minutes within it. So long
// subjects are searched by code that calls us before each item of the pattern, and we count how far it went.
#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <mutex>

#include "base/text.h"

namespace phendau {
namespace {
constexpr std::size_t kPatternBytesMax = 16u << 10;
constexpr std::uint32_t kMatchLimit = 200'000;
constexpr std::uint32_t kMatchLimitCounted =
    100'000'000;                                     // ".*?b" takes a step for each character before "b"
constexpr std::size_t kLongSubjectBytes = 8u << 10;  // counting costs time: most scripts are shorter
// What a pattern needs that looks at each character a few times, and as much again as it may waste.
constexpr std::uint64_t kWorkPerByte = 64;
constexpr std::uint64_t kWorkMin = 4'000'000;
constexpr std::uint32_t kDepthLimit = 5'000;
constexpr std::uint32_t kHeapLimitKib = 8'192;
// Without a stack of its own compiled code has 32 KiB: then "(a|b)*c" fails on a long value and finds
// nothing.
constexpr std::size_t kJitStackBytesMin = 32u << 10;
constexpr std::size_t kJitStackBytesMax = 8u << 20;

/// PCRE2 takes a null pointer for an error even when the length is 0.
PCRE2_SPTR pointer_of(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data() == nullptr ? "" : text.data());
}

/// Items of a pattern that were tried, and characters that they went over.
struct Work {
  std::uint64_t left = 0;
  std::size_t last_position = 0;
};

int count_work(pcre2_callout_block* block, void* data) {
  auto& work = *static_cast<Work*>(data);
  const std::size_t position = block->current_position;
  const std::uint64_t step = 1 + (position > work.last_position ? position - work.last_position : 0);
  work.last_position = position;
  if (step > work.left) return PCRE2_ERROR_CALLOUT;
  work.left -= step;
  return 0;
}

struct MatchContext {
  Work work;
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_jit_stack* stack = pcre2_jit_stack_create(kJitStackBytesMin, kJitStackBytesMax, nullptr);
  MatchContext() {
    pcre2_jit_stack_assign(context, nullptr, stack);
    pcre2_set_depth_limit(context, kDepthLimit);
    pcre2_set_heap_limit(context, kHeapLimitKib);
    pcre2_set_callout(context, count_work, &work);
  }
  ~MatchContext() {
    pcre2_match_context_free(context);
    pcre2_jit_stack_free(stack);
  }
  MatchContext(const MatchContext&) = delete;
  MatchContext& operator=(const MatchContext&) = delete;
};
}  // namespace

struct Regex::Code {
  std::string pattern;
  std::uint32_t options = 0;
  pcre2_code* code = nullptr;
  std::optional<char> required;  // a byte that every text has in which it is found

  Code() = default;
  ~Code() {
    pcre2_code_free(code);
    pcre2_code_free(counting_);
  }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

  /// Without JIT the interpreter gives the same answers.
  pcre2_code* compile(std::uint32_t more_options, int& error, PCRE2_SIZE& offset) const {
    pcre2_code* out =
        pcre2_compile(pointer_of(pattern), pattern.size(), options | more_options, &error, &offset, nullptr);
    if (out != nullptr) pcre2_jit_compile(out, PCRE2_JIT_COMPLETE);
    return out;
  }
  /// No letter: of those we are not told whether they may be capital or small.
  void find_required() {
    std::uint32_t given = 0;
    std::uint32_t unit = 0;
    pcre2_pattern_info(code, PCRE2_INFO_LASTCODETYPE, &given);
    pcre2_pattern_info(code, PCRE2_INFO_LASTCODEUNIT, &unit);
    const bool letter = (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z');
    if (given == 1 && unit < 0x80 && !letter) required = static_cast<char>(unit);
  }
  /// As pcre2_match(); PCRE2_ERROR_CALLOUT when it would take too long.
  int match(std::string_view subject, pcre2_match_data* data) const {
    if (required && subject.find(*required) == std::string_view::npos) return PCRE2_ERROR_NOMATCH;
    thread_local MatchContext context;
    const pcre2_code* chosen = code;
    const bool is_long = subject.size() > kLongSubjectBytes;
    pcre2_set_match_limit(context.context, is_long ? kMatchLimitCounted : kMatchLimit);
    if (is_long) {
      std::call_once(counting_made_, [&] {
        int error = 0;
        PCRE2_SIZE offset = 0;
        counting_ = compile(PCRE2_AUTO_CALLOUT, error, offset);
      });
      if (counting_ == nullptr) return PCRE2_ERROR_CALLOUT;  // too large a pattern for that
      chosen = counting_;
      context.work = {kWorkMin + kWorkPerByte * subject.size(), 0};
    }
    return pcre2_match(chosen, pointer_of(subject), subject.size(), 0, 0, data, context.context);
  }

 private:
  mutable std::once_flag counting_made_;
  mutable pcre2_code* counting_ = nullptr;  // for long subjects, few of which ever come
};

Result<Regex> Regex::compile(std::string_view pattern, RegexFlags flags) {
  if (pattern.size() > kPatternBytesMax) return fail(ErrorCode::limit, "regular expression over 16 KiB");
  std::uint32_t options = PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
  if (flags.ignore_case) options |= PCRE2_CASELESS;
  if (flags.multiline) options |= PCRE2_MULTILINE;
  if (flags.dot_all) options |= PCRE2_DOTALL;
  if (flags.utf) options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto compiled = std::make_shared<Code>();
  compiled->pattern = pattern;
  compiled->options = options;
  compiled->code = compiled->compile(0, error, offset);
  if (compiled->code == nullptr) {
    PCRE2_UCHAR message[256];
    pcre2_get_error_message(error, message, sizeof message);
    return fail(ErrorCode::invalid, fmt::format("regular expression, offset {}: {}", offset,
                                                reinterpret_cast<const char*>(message)));
  }
  compiled->find_required();
  Regex out;
  out.code_ = std::move(compiled);
  return out;
}

bool Regex::search(std::string_view subject, bool* exhausted) const {
  thread_local std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(
      pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
  const int rc = code_->match(subject, data.get());
  if (exhausted != nullptr) *exhausted = rc < PCRE2_ERROR_PARTIAL;
  return rc >= 0;
}

std::optional<std::vector<std::string_view>> Regex::match_groups(std::string_view subject) const {
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(
      pcre2_match_data_create_from_pattern(code_->code, nullptr), pcre2_match_data_free);
  const int rc = code_->match(subject, data.get());
  if (rc < 0) return std::nullopt;
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data.get());
  std::vector<std::string_view> groups(pcre2_get_ovector_count(data.get()));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (offsets[2 * i] != PCRE2_UNSET && offsets[2 * i] <= offsets[2 * i + 1]) {
      groups[i] = subject.substr(offsets[2 * i], offsets[2 * i + 1] - offsets[2 * i]);
    }
  }
  return groups;
}

std::string regex_escape(std::string_view literal) {
  std::string out;
  for (const char c : literal) {
    if (std::string_view("\\^$.[]|()?*+{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace phendau

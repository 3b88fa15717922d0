// SPDX-License-Identifier: Apache-2.0
#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include "base/text.h"

namespace phendau {
namespace {
constexpr std::size_t kPatternBytesMax = 16u << 10;
constexpr std::uint32_t kMatchLimit = 200'000;
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

struct MatchContext {
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_jit_stack* stack = pcre2_jit_stack_create(kJitStackBytesMin, kJitStackBytesMax, nullptr);
  MatchContext() {
    pcre2_jit_stack_assign(context, nullptr, stack);
    pcre2_set_match_limit(context, kMatchLimit);
    pcre2_set_depth_limit(context, kDepthLimit);
    pcre2_set_heap_limit(context, kHeapLimitKib);
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
  pcre2_code* code = nullptr;
  Code() = default;
  ~Code() { pcre2_code_free(code); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
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
  compiled->code = pcre2_compile(pointer_of(pattern), pattern.size(), options, &error, &offset, nullptr);
  if (compiled->code == nullptr) {
    PCRE2_UCHAR message[256];
    pcre2_get_error_message(error, message, sizeof message);
    return fail(ErrorCode::invalid, fmt::format("regular expression, offset {}: {}", offset,
                                                reinterpret_cast<const char*>(message)));
  }
  pcre2_jit_compile(compiled->code,
                    PCRE2_JIT_COMPLETE);  // Without JIT the interpreter gives the same answers.
  Regex out;
  out.code_ = std::move(compiled);
  return out;
}

bool Regex::search(std::string_view subject, bool* exhausted) const {
  thread_local MatchContext context;
  thread_local std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(
      pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
  const int rc =
      pcre2_match(code_->code, pointer_of(subject), subject.size(), 0, 0, data.get(), context.context);
  if (exhausted != nullptr) *exhausted = rc < PCRE2_ERROR_PARTIAL;
  return rc >= 0;
}

std::optional<std::vector<std::string_view>> Regex::match_groups(std::string_view subject) const {
  thread_local MatchContext context;
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(
      pcre2_match_data_create_from_pattern(code_->code, nullptr), pcre2_match_data_free);
  const int rc =
      pcre2_match(code_->code, pointer_of(subject), subject.size(), 0, 0, data.get(), context.context);
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

// SPDX-License-Identifier: Apache-2.0
// Errors as values. Every fallible function returns Result<T>; dropping one is a compiler warning and so an
// error. Sits at the bottom (L0); used by everybody. Thread-safe: plain values.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern template class std::vector<std::string>;

namespace phendau {

/// A code exists only because some caller reacts to it: retry (unavailable), ask (invalid, conflict), hide
/// (not_found, denied), shed (limit), quarantine (corrupt), stop (bug), say what the disk said (io).
enum class ErrorCode : std::uint8_t {
  invalid,
  not_found,
  conflict,
  denied,
  limit,
  unavailable,
  io,
  corrupt,
  bug
};

/// `message` is an English sentence an administrator can act on; it goes to logs and machine output and never
/// holds secrets. `text_id` (optional) names an entry of base/texts with `args`, for people: see texts.h.
struct Error {
  ErrorCode code = ErrorCode::bug;
  std::string message;
  std::string text_id;
  std::vector<std::string> args;

  // In result.cpp: compiled once, not in every file.
  Error();
  Error(ErrorCode code, std::string message, std::string text_id = {}, std::vector<std::string> args = {});
  Error(const Error&);
  Error(Error&&) noexcept;
  Error& operator=(const Error&);
  Error& operator=(Error&&) noexcept;
  ~Error();
};

std::string_view to_string(ErrorCode code);

template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

/// Builds the error arm: `return fail(ErrorCode::invalid, "...")`.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message), {}, {}});
}
/// As above, with the text that people see.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string text_id,
                                                 std::vector<std::string> args = {}) {
  return std::unexpected<Error>(Error{code, std::move(message), std::move(text_id), std::move(args)});
}
/// Adds what this layer knows ("append to wal/7.seg") in front of an error from below.
[[nodiscard]] std::unexpected<Error> fail_with_context(std::string_view context, Error error);

/// Says `BUG:` with the place and aborts; a supervisor restarts us and the journal replays.
[[noreturn]] void assertion_failed(const char* what, const char* file, int line);

}  // namespace phendau

/// Holds in release builds too. For programmer error only; the world's errors are Results.
#define PHENDAU_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::phendau::assertion_failed(#condition, __FILE__, __LINE__))

/// Value of `expression`, or return its error to our caller. A statement expression (GCC, Clang); may be
/// nested.
#define PHENDAU_TRY(expression) PHENDAU_TRY_AS(expression, __COUNTER__)
#define PHENDAU_TRY_AS(expression, number) PHENDAU_TRY_JOIN(expression, number)
#define PHENDAU_TRY_JOIN(expression, number) PHENDAU_TRY_NAMED(expression, phendau_try_##number)
#define PHENDAU_TRY_NAMED(expression, result)                       \
  __extension__({                                                   \
    auto result = (expression);                                     \
    if (!result) return std::unexpected(std::move(result).error()); \
    ::phendau::detail::take(std::move(result));                     \
  })

namespace phendau::detail {
template <class T>
T take(Result<T>&& result) {
  return std::move(*result);
}
inline void take(Result<void>&&) {}
}  // namespace phendau::detail

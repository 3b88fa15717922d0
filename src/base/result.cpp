// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cstdio>
#include <cstdlib>

template class std::vector<std::string>;

namespace phendau {

Error::Error() = default;
Error::Error(ErrorCode kind, std::string sentence, std::string id, std::vector<std::string> values)
    : code(kind), message(std::move(sentence)), text_id(std::move(id)), args(std::move(values)) {}
Error::Error(const Error&) = default;
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(const Error&) = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::limit:
      return "limit";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::io:
      return "io";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::bug:
      return "bug";
  }
  return "bug";
}

std::unexpected<Error> fail_with_context(std::string_view context, Error error) {
  error.message = std::string(context) + ": " + error.message;
  return std::unexpected<Error>(std::move(error));
}

void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "{\"level\":\"error\",\"event\":\"BUG\",\"condition\":\"%s\",\"at\":\"%s:%d\"}\n",
               what, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace phendau

// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of clauses: mistakes are reported, nothing crashes, and every mistake has a place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "comply/clause.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<phendau::ContentError> errors;
  const auto clauses = phendau::comply::parse_clauses(text, "fuzz.yaml", errors);
  for (const auto& error : errors) {
    if (error.line < 0 || error.reason.empty()) std::abort();
  }
  return clauses.size() > 1'000'000 ? 1 : 0;
}

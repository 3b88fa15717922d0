// SPDX-License-Identifier: Apache-2.0
// Signed papers of any content, as a DOCX and as a PDF. Nothing may crash or hang, and without an authority
// nothing is valid.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hub/signed_paper.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string_view type : {hub::kDocxMediaType, std::string_view("application/pdf")}) {
    const auto found = hub::verify_signed_paper(type, bytes, "", UtcTime{0});
    if (found.verdict == net::DocumentSignature::Verdict::valid) __builtin_trap();
  }
  return 0;
}

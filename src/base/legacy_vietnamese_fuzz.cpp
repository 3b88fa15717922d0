// SPDX-License-Identifier: Apache-2.0
// Any bytes: detection answers, every conversion gives valid UTF-8 in NFC and counts what it replaced.
#include "base/legacy_vietnamese.h"
#include "base/text.h"
#include "base/unicode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto detected = detect_encoding(bytes);
  PHENDAU_ASSERT(detected.confidence >= 0 && detected.confidence <= 1);
  for (const auto encoding : {TextEncoding::unknown, TextEncoding::utf8, TextEncoding::utf16_le,
                              TextEncoding::utf16_be, TextEncoding::tcvn3, TextEncoding::tcvn3_upper,
                              TextEncoding::vni_windows, TextEncoding::viqr, TextEncoding::windows_1258}) {
    for (const bool in_unicode : {false, true}) {
      const auto converted = convert_to_utf8(bytes, encoding, in_unicode);
      PHENDAU_ASSERT(converted && is_valid_utf8(converted->text));
      PHENDAU_ASSERT(to_nfc(converted->text) == converted->text);
    }
  }
  return 0;
}

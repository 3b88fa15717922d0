// SPDX-License-Identifier: Apache-2.0
#include "detect/encode.h"

#include <cctype>

#include "base/text.h"

namespace phendau::detect {
namespace {

constexpr std::string_view kDashes[] = {"-", "/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95"};

/// Bytes of the dash at `at`; 0 if there is none.
std::size_t dash_at(std::string_view text, std::size_t at) {
  for (const auto dash : kDashes) {
    if (text.substr(at).starts_with(dash)) return dash.size();
  }
  return 0;
}

bool is_word_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || dash_at(text, at) != 0) return false;
  const auto byte = static_cast<unsigned char>(text[at]);
  return std::isalnum(byte) != 0 || text[at] == '_' || byte >= 0x80;
}

}  // namespace

Result<std::string> to_utf16(std::string_view text, bool big_endian) {
  std::string out;
  const auto put = [&](std::uint32_t unit) {
    const char high = static_cast<char>(unit >> 8);
    const char low = static_cast<char>(unit & 0xFF);
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence_length(text, at);
    if (length == 0)
      return fail(ErrorCode::invalid, "UTF-16 modifiers need text, not bytes of another encoding");
    std::uint32_t code = static_cast<unsigned char>(text[at]);
    if (length > 1) code &= 0x7Fu >> length;
    for (std::size_t i = 1; i < length; ++i)
      code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
    at += length;
    if (code < 0x10000) {
      put(code);
    } else {
      put(0xD800 + ((code - 0x10000) >> 10));
      put(0xDC00 + ((code - 0x10000) & 0x3FF));
    }
  }
  return out;
}

Result<std::vector<std::string>> base64_offsets(std::string_view bytes) {
  constexpr std::size_t kSkip[] = {0, 2, 3};
  constexpr std::size_t kCut[] = {0, 3, 2};
  std::vector<std::string> out;
  for (std::size_t offset = 0; offset < 3; ++offset) {
    const std::string encoded = to_base64(std::string(offset, ' ') + std::string(bytes));
    const std::size_t end = encoded.size() - kCut[(bytes.size() + offset) % 3];
    if (end <= kSkip[offset]) return fail(ErrorCode::invalid, "'base64offset' needs a longer value");
    out.push_back(encoded.substr(kSkip[offset], end - kSkip[offset]));
  }
  return out;
}

std::vector<std::string> windash_variants(std::string_view text) {
  std::vector<std::string> out = {""};
  bool after_word = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t dash = dash_at(text, at);
    const std::size_t length = dash == 0 ? 1 : dash;
    const bool is_option = dash != 0 && !after_word && is_word_at(text, at + dash);
    after_word = is_word_at(text, at);
    if (!is_option || out.size() * std::size(kDashes) > kVariantsPerValueMax) {
      for (auto& variant : out) variant += text.substr(at, length);
    } else {
      std::vector<std::string> grown;
      for (const auto& variant : out) {
        for (const auto choice : kDashes) grown.push_back(variant + std::string(choice));
      }
      out = std::move(grown);
    }
    at += length;
  }
  return out;
}

}  // namespace phendau::detect

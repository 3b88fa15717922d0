// SPDX-License-Identifier: Apache-2.0
// Bytes and text: UTF-8 checks, splitting, ASCII and Unicode folding, Vietnamese accent folding, encodings of
// bytes. Pure and thread-safe. Functions that need ICU live in base/unicode.h so that the agent does not link
// it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau {

/// Length (1..4) of the valid UTF-8 sequence at `pos`, 0 if the bytes there are not valid UTF-8.
std::size_t utf8_sequence_length(std::string_view text, std::size_t pos);
bool is_valid_utf8(std::string_view text);
/// Invalid bytes become U+FFFD, one each.
std::string to_valid_utf8(std::string_view text);
/// Cuts to at most `size_bytes_max` without splitting a sequence.
std::string_view truncate_utf8(std::string_view text, std::size_t size_bytes_max);

char ascii_lower(char c);
std::string to_lower_ascii(std::string_view text);
bool equals_ignore_case_ascii(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);
/// Views into `text`; an empty text gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
bool starts_with_ignore_case_ascii(std::string_view text, std::string_view prefix);
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

/// Whole decimal text as a number; `invalid` otherwise.
Result<std::int64_t> parse_int(std::string_view text);
Result<double> parse_double(std::string_view text);

std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view text);
std::string to_base64(std::string_view bytes);
std::string to_base64url(std::string_view bytes);  // without padding
std::string to_base32(std::string_view bytes);     // RFC 4648, without padding
/// Accepts both alphabets, with or without padding.
Result<std::string> from_base64(std::string_view text);

/// Compares in time that depends on the lengths only. For secrets.
bool equals_constant_time(std::string_view a, std::string_view b);

}  // namespace phendau

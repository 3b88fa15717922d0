// SPDX-License-Identifier: Apache-2.0
// The value of one hexadecimal digit, for readers of escapes (%2F, =C3, \x1b) and sizes. Whole texts:
// from_hex() of base/text.h. Pure; thread-safe.
#pragma once

namespace phendau {

/// 0 to 15 in either case; -1 for what is no digit.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace phendau

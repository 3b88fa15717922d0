// SPDX-License-Identifier: Apache-2.0
// QR codes (ISO/IEC 18004) for what a person's phone should read: bytes, error correction level M, versions 1
// to 15. Gives the squares; the portal or a paper draws them. Pure; the same bytes give the same squares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace phendau::report {

inline constexpr int kQrVersionMax = 15;
inline constexpr std::size_t kQrBytesMax = 412;  // of version 15 at level M

/// Rows of '1' (dark) and '0', without the four squares of quiet around. `limit` above kQrBytesMax.
Result<std::vector<std::string>> qr_code(std::string_view bytes);

}  // namespace phendau::report

// SPDX-License-Identifier: Apache-2.0
// UTF-16 (little-endian, as Windows writes it) to UTF-8. Eight ASCII characters at a time on x86-64, because
// event logs are nearly all ASCII. Pure; thread-safe. Internal to ingest.
#pragma once

#include <string>
#include <string_view>

namespace phendau::ingest {

/// Appends the text; lone surrogates become U+FFFD, an odd last byte is left out.
void append_utf16le(std::string_view bytes, std::string& out);

}  // namespace phendau::ingest

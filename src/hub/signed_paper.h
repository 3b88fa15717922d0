// SPDX-License-Identifier: Apache-2.0
// The digital signature of a paper that comes back, PDF or DOCX, of any content: opens the archive of a DOCX
// within limits and lets net judge. Used by papers. Pure but for the clock that is given; thread-safe.
#pragma once

#include <string_view>

#include "net/document_signature.h"

namespace phendau::hub {

inline constexpr std::string_view kDocxMediaType =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
inline constexpr std::size_t kSignedDocxBytesMax = 64u << 20;  // unpacked

/// `media_type` by content (upload_guard.h); files that are neither PDF nor DOCX are not signed.
net::DocumentSignature verify_signed_paper(std::string_view media_type, std::string_view bytes,
                                           std::string_view authorities_pem, UtcTime now);

}  // namespace phendau::hub

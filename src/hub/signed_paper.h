// SPDX-License-Identifier: Apache-2.0
// A paper that comes back: its digital signature (opens the archive of a DOCX within limits and lets net
// judge), and whether its words are those of the paper that was made. Files of any content. Used by papers;
// runs pdftotext for PDF. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "net/document_signature.h"

namespace phendau::hub {

inline constexpr std::string_view kDocxMediaType =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
inline constexpr std::size_t kSignedDocxBytesMax = 64u << 20;  // unpacked

/// `media_type` by content (upload_guard.h); files that are neither PDF nor DOCX are not signed.
net::DocumentSignature verify_signed_paper(std::string_view media_type, std::string_view bytes,
                                           std::string_view authorities_pem, UtcTime now);

/// Whether a file that comes back is the paper that was made, by its words: signs and spaces say nothing, nor
/// do capitals. A reader sees pictures, too; those nobody compares.
struct Likeness {
  enum class Verdict : std::uint8_t {
    same,     // all words of the paper; of a DOCX in their order and no others, of a PDF few others
    other,    // words are missing, or there are many others
    unknown,  // nothing to compare: a picture, a scan
  } verdict = Verdict::unknown;
  std::string words;   // of `other`: the first ones that are missing, else the first ones besides
  bool close = false;  // of `other`: at least half of the paper's words are there, as in a scan that was read
};
/// What a signature that can be seen, numbers of pages and of lists may add.
inline constexpr std::size_t kSignatureWordsMax = 80;
inline constexpr std::size_t kComparedWordsMin = 10;  // fewer are a stamp on a picture

/// @param docx the paper as it was made. @param pdf what was made of it, if anything.
Likeness compare_with_paper(std::string_view media_type, std::string_view bytes, std::string_view docx,
                            std::string_view pdf);

}  // namespace phendau::hub

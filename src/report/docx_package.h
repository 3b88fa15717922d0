// SPDX-License-Identifier: Apache-2.0
// Inside report: the parts of a DOCX as an office sent it, checked before anything looks at their text. A
// file that could fetch, run or hide something is refused with a sentence: external relationships, an
// attached template, fields other than page numbers, embedded objects, macros, tracked changes, comments.
// Used by docx_template. Pure; thread-safe. Source: ECMA-376-1:2016 and ECMA-376-2:2016 (packages).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "report/zip_writer.h"

namespace phendau::report {

// A paper of an office has some ten parts and 200 kB; each limit breaks with ErrorCode::limit.
inline constexpr std::size_t kDocxBytesMax = 4u << 20;
inline constexpr std::size_t kDocxUnpackedBytesMax = 32u << 20;
inline constexpr std::size_t kDocxPartBytesMax = 8u << 20;
inline constexpr std::size_t kDocxPartsMax = 200;

template <class List>
bool is_listed(const List& list, std::string_view text) {
  for (const auto& one : list) {
    if (one == text) return true;
  }
  return false;
}

struct DocxPackage {
  std::vector<ZipFile> parts;           // in the order in which they are written: [Content_Types].xml first
  std::vector<std::string> text_parts;  // the document, headers, footers and notes
};

/// Errors: `invalid` with the part and what is wrong, `denied` for what could fetch, run or hide something,
/// `limit`.
Result<DocxPackage> open_docx(std::string_view bytes);

}  // namespace phendau::report

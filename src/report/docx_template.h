// SPDX-License-Identifier: Apache-2.0
// Fills the templates of papers that an office edits in Word: `{{case.title}}` is a value
// (`{{case.title|none}}` says what stands there when it is empty), `{{#each copies}}
// ... {{/each}}` repeats what stands between (rows of a table, paragraphs, words), `{{#if x}} ... {{/if}}`
// keeps it or not. Word may have split a mark over several runs; the first run's format stays. Called by the
// hub for papers and by `pack validate` for their marks. Pure; thread-safe. Source: ECMA-376-1:2016.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace phendau::report {

// Each limit breaks with ErrorCode::limit.
inline constexpr std::size_t kDocxMarksMax = 2'000;
inline constexpr std::size_t kDocxMarkDepthMax = 8;      // loops and conditions in one another
inline constexpr std::size_t kDocxMarkBytesMax = 200;    // a longer one is a brace that nobody closed
inline constexpr std::size_t kFilledNodesMax = 400'000;  // a paper of about 3,000 pages
inline constexpr std::size_t kFilledTextBytesMax = 8u << 20;

struct DocxMark {
  enum class Kind : std::uint8_t { value, each, when };
  Kind kind = Kind::value;
  std::string
      name;  // "case.title"; of an item "." (itself), "@number", "@letter", "@end" (";", the last ".")
  std::vector<std::string> inside;  // lists of the loops around it, outermost first
  std::string part;                 // "word/document.xml"
  std::size_t paragraph = 0;        // of the part, from 1
};

/// All marks of a template, in their order; text boxes last. Errors: those of docx_package.h and `invalid`
/// for a mark that is not closed or no mark at all, with part and paragraph.
Result<std::vector<DocxMark>> read_docx_marks(std::string_view docx);

/// The paper. A name is looked for in the item of the innermost loop first, then outwards, then in `values`.
/// Texts are made NFC, without control and invisible characters; a line break becomes one (a paragraph that
/// is nothing but one value is repeated for each of its lines). null and a missing text differ: the first is
/// empty, the second an error. A paragraph that holds only marks of loops and conditions vanishes; one that
/// begins with such a mark and ends with its close is repeated or dropped as a whole. The same input gives
/// the same bytes. Errors: as above; `invalid` for a name that is not in the values, a list where a text
/// is wanted and the like, with part and paragraph; `limit`.
Result<std::string> fill_docx(std::string_view docx, const Json& values);

}  // namespace phendau::report

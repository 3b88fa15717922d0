// SPDX-License-Identifier: Apache-2.0
// The text that a person would read in a file: plain text in its encodings, PDF, DOCX/XLSX/PPTX with headers,
// footers, text boxes, comments and embedded documents, e-mails with their attachments, ZIP archives. Refuses
// what cannot be read at all (encrypted, old or damaged containers, programs). Works in memory; pdftotext
// gets its input through a pipe. Used by upload_guard. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace phendau::hub {

struct DocumentLimits {
  int depth_max = 3;                            // a document in a document in an archive in an e-mail
  std::size_t unpacked_bytes_max = 256u << 20;  // of all containers together
  std::size_t members_max = 2'000;              // likewise
};
struct DocumentText {
  std::string text;  // UTF-8; a paragraph, cell or header to a line
  std::string media_type;
  bool inspected = true;  // false: holds something that has no readable text (pictures, scans, objects)
};

/// `denied` with text ids upload.* for what is refused; `unavailable` if a PDF needs pdftotext and it is
/// missing. A name with a marking inside a container is part of the text.
Result<DocumentText> read_document(std::string_view name, std::string_view bytes,
                                   const DocumentLimits& limits = {});

}  // namespace phendau::hub

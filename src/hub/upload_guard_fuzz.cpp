// SPDX-License-Identifier: Apache-2.0
// Uploads of any content: ZIP and office containers, mails, text in any encoding, lines of events, the policy
// itself. Nothing may crash or hang, and what is accepted must not be marked.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hub/document_text.h"
#include "hub/upload_guard.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau;
  using namespace phendau::hub;
  static const UploadPolicy policy = *upload_policy_from(*parse_yaml(
      "extensions: [txt]\nmarking_lines: [MAT]\nmarking_words: [TOI MAT]\nmarking_labels: [do mat]\n"
      "number_labels: [so]\nordinary_before: [bao]\n"));
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with("%PDF-")) return 0;  // that is pdftotext's work
  DocumentLimits limits;
  limits.unpacked_bytes_max = 4u << 20;
  const auto document = read_document("a.txt", bytes, limits);
  const auto checked = check_upload(policy, "a.txt", bytes);
  if (document && checked && has_secret_marking(policy, document->text)) __builtin_trap();
  (void)has_marked_event(policy, bytes);
  if (const auto node = parse_yaml(bytes)) {
    std::vector<ContentError> errors;
    (void)read_upload_policy(*node, "fuzz.yaml", errors);
  }
  return 0;
}

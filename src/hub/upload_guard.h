// SPDX-License-Identifier: Apache-2.0
// The one guard that every uploaded file passes before a byte of it reaches the disk: size, type, containers
// that cannot be inspected, markings of state secrets. It works on bytes in memory; refusing is dropping
// them. Source: design, section 10; Luat Bao ve bi mat nha nuoc: marked material must not be on networked
// machines (law-and-users, R31). Limits: it finds marked documents only, and text only; a picture or a scan
// is accepted as "not inspected". Thread-safe; runs pdftotext for PDF.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"

namespace phendau::hub {

/// Comes from the pack (upload_guard.yaml): words are data.
struct UploadPolicy {
  std::size_t size_bytes_max = 32u << 20;
  std::vector<std::string> extensions;  // lower case, without dot
  /// A line that consists of one of these (case, spacing and punctuation aside, with or without accents)
  /// marks it.
  std::vector<std::string> marking_lines;
  /// One of these anywhere, as whole words and in capitals with accents, marks the document.
  std::vector<std::string> marking_words;
  /// "do mat:" and the like: followed by a marking line on the same line.
  std::vector<std::string> marking_labels;
};
Result<UploadPolicy> upload_policy_from(const YamlNode& node);

struct CheckedUpload {
  std::string name;        // without folders
  std::string media_type;  // by content, not by name
  std::string sha256;
  std::size_t size_bytes = 0;
  bool inspected = true;  // false: no text could be read (pictures, scans)
};

/// `denied` with text ids upload.* when refused; `unavailable` if a PDF cannot be read because pdftotext is
/// missing.
Result<CheckedUpload> check_upload(const UploadPolicy& policy, std::string_view name, std::string_view bytes);

/// True if the text carries a marking. Exposed for tests and for text typed into forms.
bool has_secret_marking(const UploadPolicy& policy, std::string_view text);

}  // namespace phendau::hub

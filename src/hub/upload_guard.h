// SPDX-License-Identifier: Apache-2.0
// The one guard that every uploaded file passes before a byte of it reaches the disk: size, type, containers
// that cannot be inspected, markings of state secrets. It works on bytes in memory; refusing is dropping
// them. Source: design, section 10; Luat Bao ve bi mat nha nuoc: marked material must not be on networked
// machines (law-and-users, R31). Limits: it finds marked documents only, and text only; a picture or a scan
// is accepted as "not inspected". The same look is taken at what people type and at uploaded events.
// Thread-safe; runs pdftotext for PDF.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/yaml.h"
#include "os/env.h"

namespace phendau::hub {

/// Comes from the pack (upload_guard.yaml): words are data.
struct UploadPolicy {
  std::size_t size_bytes_max = 32u << 20;
  std::vector<std::string> extensions;  // lower case, without dot
  /// Further types that are taken in as evidence. Nothing but their bytes is looked at.
  std::vector<std::string> evidence_extensions;
  /// Types among `extensions` that are plain text and so may be larger than size_bytes_max as evidence.
  std::vector<std::string> text_extensions;
  /// A line that consists of one of these (case, spacing and punctuation aside) marks it; without accents in
  /// capitals only. The lists that hold comparable text are made by upload_policy_from().
  std::vector<std::string> marking_lines;
  /// What every line with a marking contains once its signs and gaps are gone. Most lines end there.
  std::vector<std::string> marking_cores;
  /// One of these anywhere, as whole words and in capitals with accents, marks the document.
  std::vector<std::string> marking_words;
  /// "do mat:" and the like: followed by a marking on the same line.
  std::vector<std::string> marking_labels;
  /// "so", "ban so": what may follow a marking on its line, with a number.
  std::vector<std::string> number_labels;
  /// Words that make an ordinary one with a marking after them ("bao mat"), however wide the gap between.
  std::vector<std::string> ordinary_before;
};
/// `invalid` with the first mistake.
Result<UploadPolicy> upload_policy_from(const YamlNode& node);
/// The policy as far as it can be read; every mistake with its place.
UploadPolicy read_upload_policy(const YamlNode& node, std::string_view file,
                                std::vector<ContentError>& errors);

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

/// The same for a file on disk that is to be kept as evidence, of any size: what `extensions` names and is
/// not too large is read as above; larger plain texts and `evidence_extensions` piece by piece, as UTF-8 and
/// UTF-16. Whatever else there is, is refused (upload.evidence_type, upload.evidence_too_large): it stays
/// outside and is known by its digest. sha256 is not filled in.
Result<CheckedUpload> check_evidence(const UploadPolicy& policy, std::string_view name, const File& file);

/// True if the text, read as a document, carries a marking.
bool has_secret_marking(const UploadPolicy& policy, std::string_view text);

/// What people type: `denied` (upload.state_secret_text) if any text inside the value carries a marking. For
/// the bodies of incidents, attestations and other records.
Result<> check_typed(const UploadPolicy& policy, const Json& value);

/// One line of an upload of events. Log lines mention many words, so here only a value that is a marking or a
/// labelled marking counts ("MAT", "do mat: mat"), not one in running text. Cheap for lines without any.
bool has_marked_event(const UploadPolicy& policy, std::string_view line);

/// has_marked_event() of the lines that bytes of any form hold as UTF-16, in either byte order, with or
/// without a mark of it, beginning anywhere. The bytes come piece by piece; not thread-safe.
class WideMarkings {
 public:
  explicit WideMarkings(const UploadPolicy& policy) : policy_(policy) {}
  void add(std::string_view piece);
  /// After the last piece.
  bool found();

 private:
  static constexpr std::size_t kReadings = 4;  // two byte orders, at even and at odd places
  void add_unit(std::string& line, unsigned unit);
  void end_line(std::string& line);

  const UploadPolicy& policy_;
  std::string lines_[kReadings];
  std::uint64_t seen_ = 0;
  unsigned last_ = 0;  // the byte before
  bool found_ = false;
};

}  // namespace phendau::hub

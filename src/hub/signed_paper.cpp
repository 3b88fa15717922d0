// SPDX-License-Identifier: Apache-2.0
#include "hub/signed_paper.h"

#include <vector>

#include "report/zip_reader.h"

namespace phendau::hub {
namespace {

net::DocumentSignature damaged(std::string_view why) {
  net::DocumentSignature out;
  out.verdict = net::DocumentSignature::Verdict::damaged;
  out.detail = why;
  return out;
}

net::DocumentSignature verify_docx(std::string_view docx, std::string_view authorities_pem, UtcTime now) {
  report::ZipLimits limits;
  limits.entries_max = net::kSignedPartsMax;
  limits.total_bytes_max = kSignedDocxBytesMax;
  limits.consistent = true;
  const auto entries = report::read_zip(docx, limits);
  if (!entries) return damaged(entries.error().message);
  std::vector<net::PackagePart> parts;
  for (const auto& entry : *entries) {
    if (entry.encrypted) return damaged("an encrypted part");
    parts.push_back({entry.name, entry.bytes});
  }
  return net::verify_docx_signature(parts, authorities_pem, now);
}

}  // namespace

net::DocumentSignature verify_signed_paper(std::string_view media_type, std::string_view bytes,
                                           std::string_view authorities_pem, UtcTime now) {
  if (media_type == "application/pdf") return net::verify_pdf_signature(bytes, authorities_pem, now);
  if (media_type == kDocxMediaType) return verify_docx(bytes, authorities_pem, now);
  return {};
}

}  // namespace phendau::hub

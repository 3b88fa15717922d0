// SPDX-License-Identifier: Apache-2.0
// Digital signatures of papers that come back: of a PDF, the last signature must cover the whole file, its
// digest must agree (CMS, detached), and its certificate must lead to an authority that the office named.
// Revocation is not asked: provincial networks often have no Internet; the answer says so. Word files are
// only recognised as signed: nothing here can judge their signatures. Pure but for the clock that is given;
// thread-safe. Source: ISO 32000-1:2008, 12.8; RFC 5652; ETSI EN 319 142-1.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace phendau::net {

inline constexpr std::size_t kSignatureBytesMax = 1u << 20;  // of one CMS object
inline constexpr std::size_t kSignaturesMax = 64;            // of one file

struct DocumentSignature {
  enum class Verdict : std::uint8_t {
    none,       // not signed
    valid,      // whole, unchanged, by a certificate of a named authority that is in force
    changed,    // a byte was changed after signing
    extended,   // something was added behind the signature
    untrusted,  // unchanged, but nobody knows the authority
    misused,    // unchanged and known, but the certificate is not for signing documents
    expired,    // unchanged and known, but the certificate is not in force
    damaged,    // no signature that can be read
  } verdict = Verdict::none;
  std::string signer;     // common name, then organisation
  std::string issuer;     // common name
  std::string signed_at;  // what the signer's computer said, RFC 3339; "": it did not say
  std::string detail;     // English, for the log
};

/// `authorities_pem`: certificates of authorities; empty: nothing is trusted.
DocumentSignature verify_pdf_signature(std::string_view pdf, std::string_view authorities_pem, UtcTime now);
/// Whether a DOCX holds a signature (package part _xmlsignatures/).
bool has_docx_signature(std::string_view docx);

}  // namespace phendau::net

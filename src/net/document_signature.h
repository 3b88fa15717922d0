// SPDX-License-Identifier: Apache-2.0
// Digital signatures of papers that come back. PDF: the last signature must cover the whole file, its digest
// must agree (CMS, detached). DOCX: every signature must be unbroken and cover all that can change what the
// reader sees (XML signatures over packages, docx_signature.cpp). The certificate must lead to an authority
// that the office named. Revocation is not asked: provincial networks often have no Internet; the answer says
// so. Pure but for the clock that is given; thread-safe. Source: ISO 32000-1:2008, 12.8; RFC 5652; ETSI EN
// 319 142-1; ECMA-376-2:2021, clause 13.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace phendau::net {

inline constexpr std::size_t kSignatureBytesMax = 1u << 20;     // of one CMS object
inline constexpr std::size_t kSignaturesMax = 64;               // of one file
inline constexpr std::size_t kXmlSignatureBytesMax = 4u << 20;  // of one signature in a DOCX, with pictures
inline constexpr std::size_t kDocxSignaturesMax = 16;           // each hashes the whole package
inline constexpr std::size_t kSignedPartsMax = 2'000;

struct DocumentSignature {
  enum class Verdict : std::uint8_t {
    none,       // not signed
    valid,      // whole, unchanged, by a certificate of a named authority that is in force
    changed,    // a byte was changed after signing
    extended,   // something is not under the signature: added later, or left out
    weak,       // unchanged, but by a digest or a key that can be forged (SHA-1, RSA below 2,048 bits)
    untrusted,  // unchanged, but nobody knows the authority
    misused,    // unchanged and known, but the certificate is not for signing documents
    expired,    // unchanged and known, but the certificate is not in force
    damaged,    // no signature that can be read
  } verdict = Verdict::none;
  std::string signer;     // common name, then organisation; several signers of a DOCX: with ';' between
  std::string issuer;     // common name
  std::string signed_at;  // what the signer's computer said, RFC 3339; "": it did not say
  std::string detail;     // English, for the log
};

/// `authorities_pem`: certificates of authorities; empty: nothing is trusted.
DocumentSignature verify_pdf_signature(std::string_view pdf, std::string_view authorities_pem, UtcTime now);

/// One entry of a package, as it lies in the ZIP archive.
struct PackagePart {
  std::string_view name;
  std::string_view bytes;
};
/// `parts`: all entries of the archive, also those of one name, so that a second one is seen.
DocumentSignature verify_docx_signature(std::span<const PackagePart> parts, std::string_view authorities_pem,
                                        UtcTime now);

}  // namespace phendau::net

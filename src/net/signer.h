// SPDX-License-Identifier: Apache-2.0
// Inside net: the certificate behind a signature of a document, judged alike for PDF and DOCX. Thread-safe.
#pragma once

#include "net/document_signature.h"
#include "net/openssl_types.h"

namespace phendau::net {

/// Sets signer and issuer by what the certificate says.
void name_signer(X509* signer, DocumentSignature& out);
/// Whether the key is too short for a signature that is to hold (RSA below 2,048 bits, curves below P-256 and
/// Ed25519).
bool has_weak_key(X509* signer);
/// untrusted, misused, expired or valid. `others`: certificates that came with the signature; they only help
/// to reach one of the authorities.
DocumentSignature::Verdict judge_signer(X509* signer, STACK_OF(X509) * others,
                                        std::string_view authorities_pem, UtcTime now);

}  // namespace phendau::net

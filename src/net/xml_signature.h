// SPDX-License-Identifier: Apache-2.0
// Inside net: one XML signature (W3C xmldsig-core1) with a manifest of parts of a package, as office programs
// make it. Far less than the standard allows: references only to objects of the signature itself, by ids that
// are unique, with no transform but canonical XML; the key only from a certificate. What is not known is
// refused. Used by docx_signature.cpp. Plain values; thread-safe.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "net/openssl_types.h"

namespace phendau::net {

/// Which relationships of a part are signed.
struct SelectedRelationships {
  std::set<std::string> ids;
  std::set<std::string> types;
};
/// "/word/document.xml?ContentType=...": a part, and the digest that it must have.
struct SignedPart {
  std::string name;  // without the first '/'
  std::string content_type;
  std::optional<SelectedRelationships> relationships;  // nullopt: all bytes of the part
  DigestKind digest = DigestKind::sha256;
  std::string digest_hex;
};
struct XmlSignature {
  X509Ptr signer;
  std::vector<X509Ptr> others;  // that came with it
  std::vector<SignedPart> parts;
  std::string signed_at;         // what the signer's computer said, RFC 3339; "": it did not say
  bool has_weak_digest = false;  // SHA-1 anywhere
};

/// Everything but the parts of the manifest is checked. Errors: `corrupt` when something was changed after
/// signing, `invalid` for what cannot be read or is not on the list of what is known.
Result<XmlSignature> read_xml_signature(std::string_view xml);

}  // namespace phendau::net

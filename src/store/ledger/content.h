// SPDX-License-Identifier: Apache-2.0
// What the chain covers: a record's content as leaves with salted digests, and the exact bytes of a change
// that are hashed. The written form is docs/formats/ledger.md; both change together. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "base/result.h"
#include "store/ledger/ledger.h"

namespace phendau::ledger {

inline constexpr std::size_t kSaltBytes =
    16;  // 128 bits: a redacted short value cannot be guessed from its digest.

/// One member of a content. A redacted leaf has a digest and nothing else.
struct Leaf {
  std::string name;
  std::optional<Json> value;
  std::string salt;
  Sha256 digest{};
};

struct Content {
  std::vector<Leaf> leaves;  // in the order of the document

  void add(std::string name, Json value, std::string salt);
  const Leaf* find(std::string_view name) const;
  Leaf* find(std::string_view name);
  Sha256 digest() const;
  /// As stored beside the chain.
  Json to_json() const;
  /// `corrupt` when the form is wrong. Digests of leaves with a value are computed, not believed.
  static Result<Content> from_json(const Json& json);
  /// Members of the document: leaves whose name does not begin with '$'; redacted ones as {"$redacted":
  /// true}.
  Json document() const;
};

Sha256 leaf_digest(std::string_view salt, std::string_view name, const Json& value);

/// The bytes whose SHA-256 is change.hash.
std::string chain_bytes(const Change& change);

Json redacted_marker();
Json secret_marker(std::int64_t version);
bool is_redacted_marker(const Json& value);
bool is_secret_marker(const Json& value);

}  // namespace phendau::ledger

// SPDX-License-Identifier: Apache-2.0
// What writer and verifier of bags share: paths and the signature file. Internal to report/bag*.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phendau::report {

/// Stays below the folder that it is taken from, on every system.
bool is_safe_bag_path(std::string_view path);
/// Made by systems on their own, never put into a bag by us.
bool is_system_file(std::string_view path);
/// Lines without their ends (LF, CR or both); what ends the last line adds none.
std::vector<std::string_view> bag_lines(std::string_view text);
bool is_tag_manifest(std::string_view path);

/// Says of the manifests of tag files what they are, as nothing in a bag can say of itself. One line each;
/// the signature covers all lines before its own.
struct BagSignature {
  std::string signed_at;                                       // RFC 3339
  std::vector<std::pair<std::string, std::string>> manifests;  // name, hex SHA-256; in order of names
  std::string public_key;                                      // hex
  std::string signature;                                       // hex
};
std::string bag_signed_text(const BagSignature& signature);
std::string bag_signature_text(const BagSignature& signature);
/// Only what bag_signature_text writes, byte for byte.
std::optional<BagSignature> parse_bag_signature(std::string_view text);

}  // namespace phendau::report

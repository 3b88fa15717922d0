// SPDX-License-Identifier: Apache-2.0
// Lines and paths of bags. A manifest's line is "digest, spaces, path"; md5sum writes a '*' in front of
// paths.
#include "report/bag_tags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"
#include "report/bag.h"

namespace phendau::report {
namespace {

constexpr std::string_view kSignatureHead = "Phendau-Bag-Signature: 1\n";
constexpr std::string_view kIssueNames[] = {"no_declaration",
                                            "bad_declaration",
                                            "unknown_version",
                                            "unknown_encoding",
                                            "no_payload_folder",
                                            "no_manifest",
                                            "unknown_digest",
                                            "bad_line",
                                            "outside",
                                            "listed_twice",
                                            "listed_differently",
                                            "missing",
                                            "missing_empty_system_file",
                                            "system_file",
                                            "not_listed",
                                            "tag_not_listed",
                                            "digest_differs",
                                            "same_name",
                                            "other_spelling",
                                            "lax_line",
                                            "special_file",
                                            "unreadable",
                                            "changed_while_read",
                                            "too_large",
                                            "fetch_present",
                                            "not_fetched",
                                            "bad_info",
                                            "oxum_differs",
                                            "not_signed",
                                            "bad_signature",
                                            "other_signer"};
static_assert(std::size(kIssueNames) == static_cast<std::size_t>(BagIssue::other_signer) + 1);

std::unexpected<Error> bad_bag_line(std::size_t number) {
  return fail(ErrorCode::invalid, fmt::format("line {} is malformed", number), "bag.bad_line",
              {"", std::to_string(number)});
}
bool is_gap(char c) { return c == ' ' || c == '\t'; }

/// The value of the line "LABEL: value" at the front, which is taken off.
std::optional<std::string> take_line(std::string_view& text, std::string_view label) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(label)) return std::nullopt;
  std::string value(text.substr(label.size(), end - label.size()));
  text.remove_prefix(end + 1);
  return value;
}

}  // namespace

std::string_view to_string(BagIssue issue) { return kIssueNames[static_cast<std::size_t>(issue)]; }

std::string BagFinding::text(Lang lang) const {
  return tr(lang, fmt::format("bag.{}", to_string(issue)),
            {without_invisible(file), without_invisible(detail)});
}

bool is_safe_bag_path(std::string_view path) {
  if (path.empty() || path.size() > kBagPathBytesMax || path.find('\\') != std::string_view::npos ||
      path.find('\0') != std::string_view::npos || (path.size() > 1 && path[1] == ':')) {
    return false;
  }
  const auto parts = split(path, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](std::string_view part) { return part.empty() || part == "." || part == ".."; });
}

bool is_system_file(std::string_view path) {
  const std::string name = to_lower_ascii(path.substr(path.rfind('/') + 1));
  return name == "thumbs.db" || name == "desktop.ini" || name == ".ds_store" || name.starts_with("._");
}

std::vector<std::string_view> bag_lines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return out;
}

bool is_tag_manifest(std::string_view path) {
  return path.starts_with("tagmanifest-") && path.ends_with(".txt");
}

Result<std::vector<BagLine>> parse_bag_manifest(std::string_view text, DigestKind kind) {
  std::vector<BagLine> out;
  std::size_t number = 0;
  for (const auto line : bag_lines(text)) {
    ++number;
    if (trim(line).empty()) continue;
    const std::size_t digits = 2 * digest_size_bytes(kind);
    if (line.size() < digits + 2 || !from_hex(line.substr(0, digits)) || !is_gap(line[digits]))
      return bad_bag_line(number);
    std::size_t at = digits;
    while (at < line.size() && is_gap(line[at])) ++at;
    BagLine one;
    one.digest = to_lower_ascii(line.substr(0, digits));
    one.starred = at < line.size() && line[at] == '*';
    one.path = line.substr(at + (one.starred ? 1 : 0));
    if (one.path.empty()) return bad_bag_line(number);
    if (out.size() >= kBagFilesMax)
      return fail(ErrorCode::limit, "too many lines", "bag.too_large", {"", ""});
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_bag_info(std::string_view text, bool strict) {
  std::vector<std::pair<std::string, std::string>> out;
  std::size_t number = 0;
  for (const auto line : bag_lines(text)) {
    ++number;
    if (trim(line).empty()) continue;
    if (is_gap(line.front())) {
      if (out.empty()) return bad_bag_line(number);
      out.back().second += " " + std::string(trim(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return bad_bag_line(number);
    const std::string_view label = trim(line.substr(0, colon));
    const bool spaced = colon + 1 < line.size() && is_gap(line[colon + 1]);
    if (strict && (label.size() != colon || !spaced)) return bad_bag_line(number);
    out.emplace_back(label, trim(line.substr(colon + 1)));
    if (out.size() > 10'000) return fail(ErrorCode::limit, "too many lines", "bag.too_large", {"", ""});
  }
  return out;
}

std::string bag_signed_text(const BagSignature& signature) {
  std::string out = fmt::format("{}Signed-At: {}\n", kSignatureHead, signature.signed_at);
  for (const auto& [name, digest] : signature.manifests)
    out += fmt::format("SHA-256: {}  {}\n", digest, name);
  return out + fmt::format("Public-Key: {}\n", signature.public_key);
}

std::string bag_signature_text(const BagSignature& signature) {
  return bag_signed_text(signature) + fmt::format("Signature: {}\n", signature.signature);
}

std::optional<BagSignature> parse_bag_signature(std::string_view text) {
  std::string_view rest = text;
  if (!rest.starts_with(kSignatureHead)) return std::nullopt;
  rest.remove_prefix(kSignatureHead.size());
  BagSignature out;
  const auto at = take_line(rest, "Signed-At: ");
  if (!at) return std::nullopt;
  out.signed_at = *at;
  while (const auto line = take_line(rest, "SHA-256: ")) {
    constexpr std::size_t kDigits = 64;
    if (line->size() < kDigits + 3) return std::nullopt;
    out.manifests.emplace_back(line->substr(kDigits + 2), line->substr(0, kDigits));
  }
  const auto key = take_line(rest, "Public-Key: ");
  const auto signature = take_line(rest, "Signature: ");
  if (!key || !signature || out.manifests.empty()) return std::nullopt;
  out.public_key = to_lower_ascii(*key);
  out.signature = to_lower_ascii(*signature);
  if (bag_signature_text(out) != text) return std::nullopt;
  return out;
}

}  // namespace phendau::report

// SPDX-License-Identifier: Apache-2.0
// What stands in a bag of ours, and in which order: payload, tag files, manifests of the payload, manifests
// of the tag files, signature. Manifests are what `sha256sum -c` and `sha512sum -c` read.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/crc32.h"
#include "base/text.h"
#include "base/unicode.h"
#include "report/bag.h"
#include "report/bag_tags.h"

namespace phendau::report {
namespace {

constexpr DigestKind kWritten[] = {DigestKind::sha256, DigestKind::sha512};

std::unexpected<Error> refuse_bag(std::string_view reason, std::string_view name) {
  return fail(ErrorCode::invalid, fmt::format("bag: {}: {}", reason, to_valid_utf8(name)),
              fmt::format("bag.plan.{}", reason), {without_invisible(name)});
}

/// ASCII that Linux, Windows and sha256sum -c take as it is.
bool is_plain_part(std::string_view part) {
  static constexpr std::string_view kDevices[] = {"con", "prn", "aux", "nul", "com", "lpt"};
  if (part.empty() || part.size() > 120 || part.front() == ' ' || part.front() == '-' || part.back() == '.' ||
      part.back() == ' ') {
    return false;
  }
  const bool plain = std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-' || c == ' ';
  });
  std::string stem = to_lower_ascii(part.substr(0, part.find('.')));
  while (!stem.empty() && stem.back() >= '0' && stem.back() <= '9') stem.pop_back();
  return plain && std::find(std::begin(kDevices), std::end(kDevices), stem) == std::end(kDevices);
}
bool is_plain_path(std::string_view path) {
  const auto parts = split(path, '/');
  return path.size() <= 200 && is_safe_bag_path(path) && !is_system_file(path) &&
         std::all_of(parts.begin(), parts.end(), is_plain_part);
}
bool is_digest(std::string_view hex, DigestKind kind) {
  return hex.size() == 2 * digest_size_bytes(kind) && hex == to_lower_ascii(hex) && from_hex(hex).has_value();
}
bool is_info_text(std::string_view text) {
  return !trim(text).empty() && text.size() <= 4'000 && is_valid_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

const std::string& digest_of(const BagPayload& file, DigestKind kind) {
  return kind == DigestKind::sha256 ? file.sha256 : file.sha512;
}
std::string digest_of(std::string_view bytes, DigestKind kind) {
  DigestStream stream(kind);
  stream.update(bytes);
  return stream.finish_hex();
}

/// Names that our own tag files have, in lower case.
bool is_reserved(std::string_view name) {
  const std::string lower = to_lower_ascii(name);
  return lower == "bagit.txt" || lower == "bag-info.txt" || lower == "fetch.txt" ||
         lower == kBagSignatureName || lower.starts_with("manifest-") || lower.starts_with("tagmanifest-") ||
         lower == "data" || lower.starts_with("data/");
}

Result<> check_content(const BagContent& content) {
  if (!is_plain_part(content.folder)) return refuse_bag("bad_name", content.folder);
  if (content.payload.empty()) return refuse_bag("empty", content.folder);
  if (content.payload.size() + content.tags.size() > kBagFilesMax - 10)
    return refuse_bag("too_many", content.folder);
  std::map<std::string, bool> names;
  for (const auto& file : content.payload) {
    if (!file.path.starts_with("data/") || !is_plain_path(file.path))
      return refuse_bag("bad_name", file.path);
    if (!names.emplace(to_lower_ascii(file.path), true).second) return refuse_bag("twice", file.path);
    if (!is_digest(file.sha256, DigestKind::sha256) || !is_digest(file.sha512, DigestKind::sha512))
      return refuse_bag("no_digest", file.path);
  }
  for (const auto& tag : content.tags) {
    if (!is_plain_path(tag.name) || is_reserved(tag.name)) return refuse_bag("bad_name", tag.name);
    if (!names.emplace(to_lower_ascii(tag.name), true).second) return refuse_bag("twice", tag.name);
    if (tag.bytes.size() > kBagTagBytesMax) return refuse_bag("too_many", tag.name);
  }
  for (const auto& [label, value] : content.info) {
    const std::string lower = to_lower_ascii(label);
    const bool ours = lower == "payload-oxum" || lower == "bagging-date" || lower == "bag-software-agent";
    if (ours || !is_plain_part(label) || !is_info_text(value)) return refuse_bag("bad_info", label);
  }
  return {};
}

std::string bag_info(const BagContent& content) {
  std::string out;
  for (const auto& [label, value] : content.info) out += fmt::format("{}: {}\n", label, to_nfc(trim(value)));
  std::uint64_t size_bytes = 0;
  for (const auto& file : content.payload) size_bytes += file.size_bytes;
  return out + fmt::format("Bagging-Date: {}\nPayload-Oxum: {}.{}\nBag-Software-Agent: phendau\n",
                           format_date(content.bagging_date), size_bytes, content.payload.size());
}

Result<std::string> signature_file(const std::vector<BagTagFile>& tag_manifests, const BagSigner& signer) {
  BagSignature signature;
  signature.signed_at = format_rfc3339(signer.at);
  signature.public_key = to_hex(signer.public_key);
  for (const auto& file : tag_manifests) signature.manifests.emplace_back(file.name, sha256_hex(file.bytes));
  const std::string text = bag_signed_text(signature);
  const std::string bytes = PHENDAU_TRY(signer.sign(text));
  if (!ed25519_verify(signer.public_key, text, bytes))
    return fail(ErrorCode::bug, "the signature of a bag does not hold by the key that was named");
  signature.signature = to_hex(bytes);
  return bag_signature_text(signature);
}

}  // namespace

BagTagFile bag_check_sheet() { return {"HUONG-DAN-KIEM-TRA.txt", tr(Lang::vi, "bag.sheet")}; }

Result<BagPlan> plan_bag(const BagContent& content, const BagSigner& signer) {
  PHENDAU_TRY(check_content(content));
  std::vector<BagTagFile> tags = content.tags;
  tags.push_back({"bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"});
  tags.push_back({"bag-info.txt", bag_info(content)});
  for (const auto kind : kWritten) {
    std::string lines;
    for (const auto& file : content.payload) lines += digest_of(file, kind) + "  " + file.path + "\n";
    tags.push_back({fmt::format("manifest-{}.txt", to_string(kind)), std::move(lines)});
  }
  std::vector<BagTagFile> tag_manifests;
  for (const auto kind : kWritten) {
    std::string lines;
    for (const auto& tag : tags) lines += digest_of(tag.bytes, kind) + "  " + tag.name + "\n";
    tag_manifests.push_back({fmt::format("tagmanifest-{}.txt", to_string(kind)), std::move(lines)});
  }
  BagPlan plan;
  plan.tagmanifest_sha256 = sha256_hex(tag_manifests.front().bytes);
  const std::string signature = PHENDAU_TRY(signature_file(tag_manifests, signer));
  tags.insert(tags.end(), tag_manifests.begin(), tag_manifests.end());
  tags.push_back({std::string(kBagSignatureName), signature});

  const std::string prefix = content.folder + "/";
  std::vector<ZipStored> stored;
  for (std::size_t i = 0; i < content.payload.size(); ++i) {
    const auto& file = content.payload[i];
    plan.files.push_back({{prefix + file.path, file.size_bytes, file.crc32}, i, {}});
  }
  for (auto& tag : tags) {
    plan.files.push_back(
        {{prefix + tag.name, tag.bytes.size(), crc32(tag.bytes)}, std::nullopt, std::move(tag.bytes)});
  }
  for (const auto& file : plan.files) stored.push_back(file.stored);
  plan.zip_size_bytes = zip_stream_size(stored);
  return plan;
}

Result<> write_bag_zip(const BagPlan& plan, const BagPayloadSource& payload, const ZipStream::Sink& sink) {
  ZipStream zip(sink);
  for (const auto& file : plan.files) {
    PHENDAU_TRY(zip.begin(file.stored));
    if (file.payload) {
      PHENDAU_TRY(payload(*file.payload, [&](std::string_view bytes) { return zip.write(bytes); }));
    } else {
      PHENDAU_TRY(zip.write(file.bytes));
    }
    PHENDAU_TRY(zip.end());
  }
  return zip.finish();
}

}  // namespace phendau::report

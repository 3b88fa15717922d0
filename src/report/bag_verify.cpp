// SPDX-License-Identifier: Apache-2.0
// Judges a bag in four steps: what files are there; what the tag files say of them; the digests of all that
// is listed, each file read once; what is there and not listed, or listed and not there.
// A path of a manifest only ever looks up a file that the listing named, so nothing outside can be read.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unicode.h"
#include "report/bag.h"
#include "report/bag_tags.h"

namespace phendau::report {
namespace {

constexpr std::string_view kPayload = "data/";
constexpr std::string_view kVersions[] = {"0.93", "0.94", "0.95", "0.96", "0.97", "1.0"};

struct Listing {
  DigestKind kind;
  std::string digest;
  std::string manifest;
};
struct Found {
  std::uint64_t size_bytes = 0;
  std::vector<Listing> listings;
};
struct Manifest {
  std::string name;
  DigestKind kind;
  bool of_tags;
};

/// Undoes the escapes of a path: only those of line ends, and from 1.0 on of the sign itself.
std::string unescaped(std::string_view path, bool percent_too) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::string code = path[i] == '%' ? to_lower_ascii(path.substr(i + 1, 2)) : "";
    const char c = code == "0a" ? '\n' : code == "0d" ? '\r' : code == "25" && percent_too ? '%' : '\0';
    out += c == '\0' ? path[i] : c;
    if (c != '\0') i += 2;
  }
  return out;
}

class BagJudge {
 public:
  BagJudge(BagFiles& files, const BagOptions& options) : files_(files), options_(options) {}

  Result<BagReport> judge() {
    auto entries = PHENDAU_TRY(files_.list());
    take_entries(entries);
    const bool ours = files_by_path_.contains(std::string(kBagSignatureName));
    strict_ = ours || options_.must_be_signed || !options_.public_key.empty();
    if (read_declaration()) {
      read_manifests();
      read_info();
      read_fetch();
      check_digests();
      check_listed();
      check_names();
      check_oxum();
    }
    if (strict_) check_signature();
    if (const std::string name = "tagmanifest-sha256.txt"; files_by_path_.contains(name))
      report_.tagmanifest_sha256 = sha256_hex(text_of(name));
    std::stable_sort(report_.findings.begin(), report_.findings.end(),
                     [](const BagFinding& a, const BagFinding& b) { return a.error && !b.error; });
    return std::move(report_);
  }

 private:
  void add(BagIssue issue, bool error, std::string file, std::string detail = "") {
    error = error || strict_;
    std::uint64_t& count = error ? report_.errors : report_.warnings;
    if (++count <= kBagFindingsMax)
      report_.findings.push_back({issue, error, std::move(file), std::move(detail)});
  }
  void wrong(BagIssue issue, std::string file, std::string detail = "") {
    add(issue, true, std::move(file), std::move(detail));
  }
  void odd(BagIssue issue, std::string file, std::string detail = "") {
    add(issue, false, std::move(file), std::move(detail));
  }

  void take_entries(const std::vector<BagFiles::Entry>& entries) {
    std::uint64_t total = 0;
    if (entries.size() > kBagFilesMax) wrong(BagIssue::too_large, "", std::to_string(kBagFilesMax));
    for (const auto& entry : entries) {
      if (!is_safe_bag_path(entry.path)) {
        wrong(BagIssue::outside, entry.path);
        continue;
      }
      has_payload_ = has_payload_ || entry.path == "data" || entry.path.starts_with(kPayload);
      if (entry.kind == BagFiles::Kind::other) wrong(BagIssue::special_file, entry.path);
      if (entry.kind != BagFiles::Kind::file) continue;
      total += std::min(entry.size_bytes, kBagBytesMax);
      if (total > kBagBytesMax || files_by_path_.size() >= kBagFilesMax) {
        wrong(BagIssue::too_large, entry.path, std::to_string(kBagBytesMax));
        break;
      }
      if (!files_by_path_.emplace(entry.path, Found{entry.size_bytes, {}}).second)
        wrong(BagIssue::listed_twice, entry.path);
      by_spelling_.emplace(to_nfc(entry.path), entry.path);
      by_folding_.emplace(fold_case(entry.path), entry.path);
      if (!entry.path.starts_with(kPayload)) continue;
      ++report_.payload_files;
      report_.payload_bytes += entry.size_bytes;
    }
    if (!has_payload_) wrong(BagIssue::no_payload_folder, "data");
  }

  /// A tag file as it lies there; empty, and a finding, when it cannot be read.
  std::string text_of(const std::string& path, std::uint64_t size_bytes_max = kBagTagBytesMax) {
    std::string out;
    const auto take = [&](std::string_view bytes) -> Result<> {
      if (out.size() + bytes.size() > size_bytes_max) return fail(ErrorCode::limit, "too large");
      out += bytes;
      return {};
    };
    if (const auto done = files_.read(path, take); !done) {
      const bool large = done.error().code == ErrorCode::limit;
      wrong(large ? BagIssue::too_large : BagIssue::unreadable, path,
            large ? std::to_string(size_bytes_max) : done.error().message);
      return "";
    }
    return out;
  }
  /// The same as UTF-8 text.
  std::string decoded(const std::string& path) {
    std::string bytes = text_of(path);
    const std::string name = to_lower_ascii(report_.encoding);
    if (name == "utf-8" || name == "us-ascii") {
      constexpr std::string_view kMark = "\xEF\xBB\xBF";
      return bytes.starts_with(kMark) ? bytes.substr(kMark.size()) : bytes;
    }
    auto text = from_charset(bytes, report_.encoding);
    if (text) return std::move(*text);
    wrong(BagIssue::unknown_encoding, path, report_.encoding);
    return "";
  }

  bool read_declaration() {
    const std::string name = "bagit.txt";
    if (!files_by_path_.contains(name)) {
      wrong(BagIssue::no_declaration, name);
      return false;
    }
    const std::string text = text_of(name, 4'096);
    const auto lines = bag_lines(text);
    constexpr std::string_view kVersion = "BagIt-Version: ";
    constexpr std::string_view kEncoding = "Tag-File-Character-Encoding: ";
    const auto bad = [&](std::string detail) {
      wrong(BagIssue::bad_declaration, name, std::move(detail));
      return false;
    };
    if (lines.empty() || !lines[0].starts_with(kVersion)) return bad("BagIt-Version");
    report_.version = trim(lines[0].substr(kVersion.size()));
    if (lines.size() != 2 || !lines[1].starts_with(kEncoding)) return bad("Tag-File-Character-Encoding");
    report_.encoding = trim(lines[1].substr(kEncoding.size()));
    if (std::find(std::begin(kVersions), std::end(kVersions), report_.version) == std::end(kVersions)) {
      wrong(BagIssue::unknown_version, name, report_.version);
      return false;
    }
    modern_ = report_.version == "1.0";
    // Only names, as options of the converter could stand behind them.
    const bool plain = std::all_of(report_.encoding.begin(), report_.encoding.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
             c == '_';
    });
    if (report_.encoding.empty() || report_.encoding.size() > 40 || !plain ||
        !from_charset("", report_.encoding)) {
      wrong(BagIssue::unknown_encoding, name, report_.encoding);
      return false;
    }
    return true;
  }

  void read_manifests() {
    for (const auto& [path, found] : files_by_path_) {
      const bool of_tags = is_tag_manifest(path);
      if (!of_tags && !(path.starts_with("manifest-") && path.ends_with(".txt"))) continue;
      const std::size_t begin = of_tags ? 12 : 9;
      std::string digest = to_lower_ascii(std::string_view(path).substr(begin, path.size() - begin - 4));
      std::erase(digest, '-');
      const auto kind = digest_kind_from(digest);
      if (!kind) {
        odd(BagIssue::unknown_digest, path, digest);
        continue;
      }
      manifests_.push_back({path, *kind, of_tags});
      if (!of_tags) report_.digests.push_back(*kind);
    }
    if (report_.digests.empty()) wrong(BagIssue::no_manifest, "manifest-sha256.txt");
    for (const auto& manifest : manifests_) read_manifest(manifest);
  }

  void read_manifest(const Manifest& manifest) {
    const auto lines = parse_bag_manifest(decoded(manifest.name), manifest.kind);
    if (!lines) {
      wrong(BagIssue::bad_line, manifest.name, lines.error().args.back());
      return;
    }
    for (const auto& line : *lines) {
      std::string path = line.path;
      bool lax = line.starred;
      while (path.starts_with("./")) {
        path.erase(0, 2);
        lax = true;
      }
      if (lax) odd(BagIssue::lax_line, manifest.name, line.path);
      path = unescaped(path, modern_);
      if (!is_safe_bag_path(path) || (!manifest.of_tags && !path.starts_with(kPayload))) {
        wrong(BagIssue::outside, manifest.name, line.path);
        continue;
      }
      if (manifest.of_tags && (is_tag_manifest(path) || path == kBagSignatureName)) {
        odd(BagIssue::bad_line, manifest.name, line.path);
        continue;
      }
      list(manifest, resolved(path, line.path), line);
    }
  }

  /// The file that is meant: as the manifest names it, or else spelled otherwise.
  std::string resolved(const std::string& path, const std::string& written) {
    if (files_by_path_.contains(path)) return path;
    for (const auto& other : {written, unescaped(written, true)}) {
      if (!is_safe_bag_path(other) || !files_by_path_.contains(other)) continue;
      odd(BagIssue::other_spelling, other, written);
      return other;
    }
    const auto spelled = by_spelling_.find(to_nfc(path));
    if (spelled == by_spelling_.end()) return path;
    odd(BagIssue::other_spelling, spelled->second, written);
    return spelled->second;
  }

  void list(const Manifest& manifest, const std::string& path, const BagLine& line) {
    const auto found = files_by_path_.find(path);
    Found& file = found != files_by_path_.end() ? found->second : absent_[path];
    const auto before = std::find_if(file.listings.begin(), file.listings.end(),
                                     [&](const Listing& one) { return one.manifest == manifest.name; });
    if (before != file.listings.end()) {
      if (before->digest != line.digest) {
        wrong(BagIssue::listed_differently, path, manifest.name);
      } else {
        add(BagIssue::listed_twice, modern_, path, manifest.name);
      }
      return;
    }
    file.listings.push_back({manifest.kind, line.digest, manifest.name});
  }

  void read_info() {
    const std::string name = "bag-info.txt";
    if (!files_by_path_.contains(name)) return;
    auto info = parse_bag_info(decoded(name), false);
    if (!info) {
      wrong(BagIssue::bad_info, name, info.error().args.back());
      return;
    }
    if (modern_) {
      if (const auto strict = parse_bag_info(decoded(name), true); !strict)
        odd(BagIssue::bad_info, name, strict.error().args.back());
    }
    report_.info = std::move(*info);
  }

  /// "URL LENGTH PATH": told, never fetched.
  void read_fetch() {
    const std::string name = "fetch.txt";
    if (!files_by_path_.contains(name)) return;
    bool whole = true;
    const std::string text = decoded(name);
    std::size_t number = 0;
    for (const auto line : bag_lines(text)) {
      ++number;
      if (trim(line).empty()) continue;
      std::size_t at = 0;
      for (int word = 0; word < 2; ++word) {
        at = line.find_first_of(" \t", at);
        at = at == std::string_view::npos ? at : line.find_first_not_of(" \t", at);
      }
      if (at == std::string_view::npos) {
        wrong(BagIssue::bad_line, name, std::to_string(number));
        continue;
      }
      std::string path = unescaped(line.substr(at), modern_);
      while (path.starts_with("./")) path.erase(0, 2);
      if (!is_safe_bag_path(path) || !path.starts_with(kPayload)) {
        wrong(BagIssue::outside, name, path);
      } else if (!files_by_path_.contains(resolved(path, path))) {
        wrong(BagIssue::not_fetched, path);
        whole = false;
      }
    }
    if (whole) odd(BagIssue::fetch_present, name);
  }

  void check_digests() {
    for (const auto& [path, file] : files_by_path_) {
      if (file.listings.empty()) continue;
      std::map<DigestKind, DigestStream> streams;
      for (const auto& listing : file.listings) streams.try_emplace(listing.kind, listing.kind);
      std::uint64_t size_bytes = 0;
      const auto take = [&](std::string_view bytes) -> Result<> {
        size_bytes += bytes.size();
        if (size_bytes > file.size_bytes) return fail(ErrorCode::corrupt, "longer than it was listed");
        for (auto& [kind, stream] : streams) stream.update(bytes);
        return {};
      };
      if (const auto done = files_.read(path, take); !done) {
        wrong(size_bytes > file.size_bytes ? BagIssue::changed_while_read : BagIssue::unreadable, path,
              done.error().message);
        continue;
      }
      if (size_bytes != file.size_bytes) wrong(BagIssue::changed_while_read, path);
      std::map<DigestKind, std::string> digests;
      for (auto& [kind, stream] : streams) digests[kind] = stream.finish_hex();
      for (const auto& listing : file.listings) {
        if (digests[listing.kind] != listing.digest)
          wrong(BagIssue::digest_differs, path, std::string(to_string(listing.kind)));
      }
    }
  }

  void check_listed() {
    for (const auto& [path, file] : absent_) check_absent(path, file);
    for (const auto& [path, file] : files_by_path_) {
      const bool payload = path.starts_with(kPayload);
      if (payload && is_system_file(path)) odd(BagIssue::system_file, path);
      if (!payload && (is_tag_manifest(path) || path == kBagSignatureName)) continue;
      const bool anywhere = std::any_of(file.listings.begin(), file.listings.end(), [&](const Listing& one) {
        return is_tag_manifest(one.manifest) != payload;
      });
      for (const auto& manifest : manifests_) {
        if (manifest.of_tags == payload) continue;
        const bool here = std::any_of(file.listings.begin(), file.listings.end(),
                                      [&](const Listing& one) { return one.manifest == manifest.name; });
        if (here) continue;
        // Before 1.0 it was enough that one manifest of the payload lists a file.
        if (payload && (modern_ || !anywhere)) wrong(BagIssue::not_listed, path, manifest.name);
        if (!payload) odd(BagIssue::tag_not_listed, path, manifest.name);
      }
    }
  }

  /// Names that a system folds into one, and empty files that systems make and remove on their own, are no
  /// loss; everything else is.
  void check_absent(const std::string& path, const Found& file) {
    const auto range = by_folding_.equal_range(fold_case(path));
    for (auto twin = range.first; twin != range.second; ++twin) {
      const auto& listings = files_by_path_.at(twin->second).listings;
      const auto same = [&](const Listing& wanted) {
        return std::any_of(listings.begin(), listings.end(), [&](const Listing& one) {
          return one.manifest == wanted.manifest && one.digest == wanted.digest;
        });
      };
      if (!std::all_of(file.listings.begin(), file.listings.end(), same)) continue;
      odd(BagIssue::same_name, path, twin->second);
      return;
    }
    const bool empty = std::all_of(file.listings.begin(), file.listings.end(), [](const Listing& one) {
      return one.digest == DigestStream(one.kind).finish_hex();
    });
    if (empty && is_system_file(path) && path.starts_with(kPayload)) {
      ++excused_;
      odd(BagIssue::missing_empty_system_file, path);
    } else {
      wrong(BagIssue::missing, path);
    }
  }

  /// Two files that cannot lie side by side on Windows.
  void check_names() {
    for (auto at = by_folding_.begin(); at != by_folding_.end(); ++at) {
      const auto next = std::next(at);
      if (next != by_folding_.end() && next->first == at->first)
        odd(BagIssue::same_name, next->second, at->second);
    }
  }

  void check_oxum() {
    const std::string there = fmt::format("{}.{}", report_.payload_bytes, report_.payload_files + excused_);
    for (const auto& [label, value] : report_.info) {
      if (equals_ignore_case_ascii(label, "Payload-Oxum") && value != there)
        wrong(BagIssue::oxum_differs, "bag-info.txt", there);
    }
  }

  void check_signature() {
    const std::string name(kBagSignatureName);
    std::vector<std::string> tag_manifests;
    for (const auto& [path, file] : files_by_path_) {
      if (is_tag_manifest(path)) tag_manifests.push_back(path);
    }
    if (!files_by_path_.contains(name)) return wrong(BagIssue::not_signed, name);
    const auto signature = parse_bag_signature(text_of(name, 64u << 10));
    const auto key = signature ? from_hex(signature->public_key) : Result<std::string>("");
    const auto bytes = signature ? from_hex(signature->signature) : Result<std::string>("");
    if (!signature || !key || !bytes || !parse_rfc3339(signature->signed_at) ||
        !ed25519_verify(*key, bag_signed_text(*signature), *bytes)) {
      return wrong(BagIssue::bad_signature, name);
    }
    if (!options_.public_key.empty() && *key != options_.public_key)
      return wrong(BagIssue::other_signer, name, signature->public_key);
    std::vector<std::string> covered;
    for (const auto& [path, digest] : signature->manifests) {
      covered.push_back(path);
      if (!files_by_path_.contains(path)) return wrong(BagIssue::missing, path);
      if (sha256_hex(text_of(path)) != digest) return wrong(BagIssue::bad_signature, path);
    }
    if (covered != tag_manifests) return wrong(BagIssue::bad_signature, name);
    report_.signer = signature->public_key;
    report_.signed_at = signature->signed_at;
  }

  BagFiles& files_;
  const BagOptions& options_;
  BagReport report_;
  bool strict_ = false;
  bool modern_ = false;  // version 1.0
  bool has_payload_ = false;
  std::uint64_t excused_ = 0;                           // files that are listed, empty and not missed
  std::map<std::string, Found> files_by_path_;          // in order of names
  std::map<std::string, Found> absent_;                 // listed, but not there
  std::map<std::string, std::string> by_spelling_;      // NFC form -> path
  std::multimap<std::string, std::string> by_folding_;  // without case -> paths
  std::vector<Manifest> manifests_;
};

}  // namespace

Result<BagReport> verify_bag(BagFiles& files, const BagOptions& options) {
  return BagJudge(files, options).judge();
}

}  // namespace phendau::report

// SPDX-License-Identifier: Apache-2.0
// Packages of files with their digests (BagIt, RFC 8493): a plan of what stands in one that we make, and the
// judgement of one that somebody brings. We write version 1.0 with SHA-256 and SHA-512, ASCII names and a
// signature; we read 0.93 to 1.0 with MD5 and all of SHA-1 and SHA-2, other encodings of tag files, and
// bags that others were lax about, with a warning. Nothing is ever fetched or unpacked, no file is read but
// those that the bag itself lists. Used by the hub (export) and the command line. Pure; one thread a call.
// Decisions: docs/decisions/0023.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "base/texts.h"
#include "base/time.h"
#include "report/zip_stream.h"

namespace phendau::report {

inline constexpr std::size_t kBagFilesMax = 200'000;
inline constexpr std::size_t kBagPathBytesMax = 1'024;
inline constexpr std::uint64_t kBagBytesMax = std::uint64_t{4} << 40;
inline constexpr std::uint64_t kBagTagBytesMax = 64u << 20;  // of a manifest or another tag file that is read
inline constexpr std::size_t kBagFindingsMax = 1'000;
inline constexpr std::string_view kBagSignatureName = "phendau-signature.txt";

// ---- making one ----

/// A file of the payload, whose bytes lie elsewhere. Names are ASCII and good on Windows, too, so that
/// `sha256sum -c` and every stick take them; the real name belongs into a file beside it.
struct BagPayload {
  std::string path;  // "data/evidence/E001/original"
  std::uint64_t size_bytes = 0;
  std::uint32_t crc32 = 0;
  std::string sha256;  // lower-case hex
  std::string sha512;
};
struct BagTagFile {
  std::string name;  // in the bag's own folder: "HUONG-DAN-KIEM-TRA.txt"
  std::string bytes;
};
struct BagContent {
  std::string folder;  // name of the bag: "SC-2026-0007"
  CivilDate bagging_date;
  std::vector<BagPayload> payload;
  std::vector<std::pair<std::string, std::string>> info;  // of bag-info.txt, UTF-8, in this order
  std::vector<BagTagFile> tags;
};
/// Who signs: gives the 64 bytes of an Ed25519 signature.
struct BagSigner {
  std::string public_key;  // 32 bytes
  UtcTime at;
  std::function<Result<std::string>(std::string_view bytes)> sign;
};
struct BagFile {
  ZipStored stored;                         // name with the bag's folder in front
  std::optional<std::size_t> payload = {};  // index in BagContent::payload, else
  std::string bytes;                        // a tag file
};
struct BagPlan {
  std::vector<BagFile> files;
  std::string
      tagmanifest_sha256;  // hex digest of tagmanifest-sha256.txt: for ledger, minute, covering letter
  std::uint64_t zip_size_bytes = 0;
};
/// The sheet for who receives the package: how to check it on Linux and Windows without our program, in
/// Vietnamese. Its commands are lines that begin with four spaces.
BagTagFile bag_check_sheet();
/// `invalid` (bag.plan.*) names what cannot stand in a bag.
Result<BagPlan> plan_bag(const BagContent& content, const BagSigner& signer);
/// The whole package as ZIP; `payload` gives the bytes of one file of the payload to the sink.
using BagPayloadSource = std::function<Result<>(std::size_t index, const ZipStream::Sink& sink)>;
Result<> write_bag_zip(const BagPlan& plan, const BagPayloadSource& payload, const ZipStream::Sink& sink);

// ---- judging one ----

/// The files of a bag wherever they lie.
class BagFiles {
 public:
  enum class Kind : std::uint8_t { file, folder, other };  // other: link, device, encrypted entry
  struct Entry {
    std::string path;  // from the bag's folder, '/' between folders
    std::uint64_t size_bytes = 0;
    Kind kind = Kind::file;
  };
  virtual ~BagFiles() = default;
  /// Everything below the bag's folder; at most kBagFilesMax, else `limit`.
  virtual Result<std::vector<Entry>> list() = 0;
  /// The bytes of a file that list() named, piece by piece; stops with the sink's error.
  virtual Result<> read(const std::string& path, const ZipStream::Sink& sink) = 0;
};

/// Each has a sentence "bag.NAME" with {0} the file and {1} the detail.
enum class BagIssue : std::uint8_t {
  no_declaration,    // no bagit.txt
  bad_declaration,   // detail: what
  unknown_version,   // detail: the version
  unknown_encoding,  // detail: the encoding
  no_payload_folder,
  no_manifest,         // none, or none with a digest that we know
  unknown_digest,      // a manifest by a digest that we do not know
  bad_line,            // detail: its number
  outside,             // a path that leaves the bag's folder, or its payload in a manifest of the payload
  listed_twice,        // with the same digest
  listed_differently,  // twice, with different digests
  missing,             // listed, but not there
  missing_empty_system_file,  // the same, of a file that systems make themselves and that was empty
  system_file,                // Thumbs.db and the like among the payload
  not_listed,                 // detail: the manifest. A file of the payload that it does not list
  tag_not_listed,             // a tag file that no manifest of tag files lists
  digest_differs,             // detail: the digest's name
  same_name,                  // detail: the other one. Names that differ in case or in composition of letters
  other_spelling,             // detail: as the manifest writes it
  lax_line,                   // "*" of md5sum, "./"
  special_file,               // a link, device or encrypted entry
  unreadable,                 // detail: why
  changed_while_read,
  too_large,
  fetch_present,  // fetch.txt, everything is there
  not_fetched,    // named by fetch.txt, not there
  bad_info,       // detail: line or member of bag-info.txt
  oxum_differs,   // detail: what is there
  not_signed,
  bad_signature,
  other_signer,  // detail: the key
};
std::string_view to_string(BagIssue issue);

struct BagFinding {
  BagIssue issue = BagIssue::bad_line;
  bool error = true;  // else a warning: the bag is good nevertheless
  std::string file;
  std::string detail;
  std::string text(Lang lang) const;
};

struct BagOptions {
  /// One of ours: signed, every tag file listed, no warning about content. A bag that has a signature file is
  /// judged so in any case.
  bool must_be_signed = false;
  std::string public_key;  // 32 bytes; the only signer to be trusted. Implies must_be_signed
};
struct BagReport {
  std::string version;
  std::string encoding;
  std::vector<DigestKind> digests;  // of the payload's manifests
  std::uint64_t payload_files = 0;
  std::uint64_t payload_bytes = 0;
  std::vector<std::pair<std::string, std::string>> info;  // of bag-info.txt
  std::string signer;                                     // hex public key of a signature that holds
  std::string signed_at;                                  // RFC 3339
  std::string tagmanifest_sha256;                         // hex, of the file; empty when there is none
  std::vector<BagFinding> findings;  // errors first; at most kBagFindingsMax of either sort
  std::uint64_t errors = 0;          // all of them
  std::uint64_t warnings = 0;
  bool valid() const { return errors == 0; }
};
/// Reads every file once. An error only when the files cannot be listed; all else is a finding.
Result<BagReport> verify_bag(BagFiles& files, const BagOptions& options = {});

/// The tag files' own readers, for tests and fuzzing.
struct BagLine {
  std::string digest;  // lower-case
  std::string path;    // as written
  bool starred = false;
};
/// `invalid` with the number of the line as argument.
Result<std::vector<BagLine>> parse_bag_manifest(std::string_view text, DigestKind kind);
/// Labels and values, folded lines joined. `strict`: version 1.0.
Result<std::vector<std::pair<std::string, std::string>>> parse_bag_info(std::string_view text, bool strict);

}  // namespace phendau::report

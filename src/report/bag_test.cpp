// SPDX-License-Identifier: Apache-2.0
// Proves that what we write is a bag for us, for sha256sum and for ZIP programs; that the published corpus is
// judged as its folders say; and that no change of a signed bag goes unnoticed.
#include "report/bag.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "base/crc32.h"
#include "base/hash.h"
#include "base/text.h"
#include "report/bag_files_zip.h"
#include "report/bag_tags.h"
#include "report/zip_reader.h"

namespace phendau::report::bag_test {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

const std::string kCorpus = PHENDAU_SOURCE_DIR "/../shared/corpora/bagit/";
const std::string kKey(32, '\x05');

class MemoryBag : public BagFiles {
 public:
  explicit MemoryBag(const Files& files) : files_(files) {}
  Result<std::vector<Entry>> list() override {
    std::vector<Entry> out;
    for (const auto& [path, bytes] : files_) {
      ++listed;
      out.push_back({path, bytes.size(), path.ends_with(".link") ? Kind::other : Kind::file});
    }
    return out;
  }
  Result<> read(const std::string& path, const ZipStream::Sink& sink) override {
    const auto found = files_.find(path);
    if (found == files_.end()) return fail(ErrorCode::bug, "asked for a file that it did not list: " + path);
    for (std::size_t at = 0; at < found->second.size(); at += 1'000)
      PHENDAU_TRY(sink(std::string_view(found->second).substr(at, 1'000)));
    return {};
  }
  int listed = 0;

 private:
  const Files& files_;
};

std::string public_key() { return *ed25519_public_key(kKey); }

BagReport judged(const Files& files, const BagOptions& options = {}) {
  MemoryBag bag(files);
  auto report = verify_bag(bag, options);
  REQUIRE(report.has_value());
  for (const auto& finding : report->findings) {
    CHECK(finding.text(Lang::vi) != fmt::format("bag.{}", to_string(finding.issue)));
  }
  CHECK(report->errors + report->warnings >= report->findings.size());
  return *report;
}
bool says(const BagReport& report, BagIssue issue) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&](const BagFinding& one) { return one.issue == issue; });
}
std::string words(const BagReport& report) {
  std::string out;
  for (const auto& finding : report.findings)
    out += (finding.error ? "\n  error: " : "\n  warning: ") + finding.text(Lang::en);
  return out;
}

const Files& payload() {
  static const Files files = {
      {"data/custody.jsonl", "{}\n"},
      {"data/evidence/E001/original", std::string(3'000, 'a') + std::string("\0\r\n\x80", 4)},
      {"data/evidence/E001.json", "{\"name\":\"t\u1ec7p g\u1ed1c.log\"}\n"},
      {"data/evidence/E002/original", ""},
      {"data/timeline.csv", "a,b\n"}};
  return files;
}

BagContent content() {
  BagContent out;
  out.folder = "SC-2026-0007";
  out.bagging_date = {2026, 11, 26};
  for (const auto& [path, bytes] : payload())
    out.payload.push_back({path, bytes.size(), crc32(bytes), sha256_hex(bytes), sha512_hex(bytes)});
  out.info = {{"Source-Organization", "S\u1edf Khoa h\u1ecdc v\u00e0 C\u00f4ng ngh\u1ec7"},
              {"External-Identifier", "SC-2026-0007"},
              {"TLP", "TLP:AMBER"}};
  out.tags = {bag_check_sheet()};
  return out;
}
BagSigner signer() {
  return {public_key(), *parse_rfc3339("2026-11-26T10:00:00Z"),
          [](std::string_view bytes) { return ed25519_sign(kKey, bytes); }};
}

/// A plan's files without the folder in front.
Files files_of(const BagPlan& plan, const std::string& folder) {
  Files out;
  for (const auto& file : plan.files) {
    const std::string name = file.stored.name.substr(folder.size() + 1);
    out[name] = file.payload ? payload().at(name) : file.bytes;
  }
  return out;
}
Files our_bag() {
  const auto plan = plan_bag(content(), signer());
  REQUIRE_MESSAGE(plan.has_value(), plan.error().message);
  return files_of(*plan, "SC-2026-0007");
}

std::string zip_of(const BagPlan& plan) {
  std::string out;
  const auto sink = [&](std::string_view bytes) -> Result<> {
    out += bytes;
    return {};
  };
  const auto source = [&](std::size_t index, const ZipStream::Sink& to) {
    return to(payload().at(content().payload[index].path));
  };
  REQUIRE(write_bag_zip(plan, source, sink).has_value());
  return out;
}
Result<BagReport> judged_zip(const std::string& bytes, const BagOptions& options = {}) {
  const auto read = [&](std::uint64_t at, std::size_t size) -> Result<std::string> {
    return at >= bytes.size() ? std::string() : bytes.substr(at, size);
  };
  auto bag = PHENDAU_TRY(open_zip_bag({bytes.size(), read}));
  return verify_bag(*bag, options);
}

Files read_folder(const fs::path& folder) {
  Files out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    out[entry.path().lexically_relative(folder).string()] =
        std::string(std::istreambuf_iterator<char>(in), {});
  }
  return out;
}

/// Takes the manifests along, as somebody who forges a bag would.
void forge_manifests(Files& files) {
  for (const std::string digest : {"sha256", "sha512"}) {
    const auto sum = [&](const std::string& bytes) {
      return digest == "sha256" ? sha256_hex(bytes) : sha512_hex(bytes);
    };
    std::string lines;
    for (const auto& [path, bytes] : files) {
      if (path.starts_with("data/")) lines += sum(bytes) + "  " + path + "\n";
    }
    files["manifest-" + digest + ".txt"] = lines;
  }
  for (const std::string digest : {"sha256", "sha512"}) {
    std::string lines;
    for (const auto& [path, bytes] : files) {
      if (path.starts_with("data/") || is_tag_manifest(path) || path == kBagSignatureName) continue;
      lines += (digest == "sha256" ? sha256_hex(bytes) : sha512_hex(bytes)) + "  " + path + "\n";
    }
    files["tagmanifest-" + digest + ".txt"] = lines;
  }
}

}  // namespace

TEST_CASE("bag: ours is good, signed, and the same every time") {
  const Files files = our_bag();
  CHECK(files == our_bag());
  const auto report = judged(files, {true, public_key()});
  CHECK_MESSAGE(report.valid(), words(report));
  CHECK(report.findings.empty());
  CHECK(report.version == "1.0");
  CHECK(report.digests == std::vector{DigestKind::sha256, DigestKind::sha512});
  CHECK(report.payload_files == payload().size());
  CHECK(report.signer == to_hex(public_key()));
  CHECK(report.signed_at == "2026-11-26T10:00:00Z");
  CHECK(report.tagmanifest_sha256 == plan_bag(content(), signer())->tagmanifest_sha256);
  CHECK(report.info.at(1) == std::pair<std::string, std::string>{"External-Identifier", "SC-2026-0007"});
  CHECK(files.at("bagit.txt") == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
  const auto foreign = judged(files, {true, std::string(32, '\x01')});
  CHECK(!foreign.valid());
  CHECK(says(foreign, BagIssue::other_signer));
}

TEST_CASE("bag: what cannot stand in one is refused by name") {
  const auto refused = [](const std::function<void(BagContent&)>& change) {
    BagContent changed = content();
    change(changed);
    const auto plan = plan_bag(changed, signer());
    return plan ? std::string() : plan.error().text_id;
  };
  CHECK(refused([](BagContent&) {}).empty());
  for (const char* path : {"evidence/x", "data/../x", "data//x", "data/", "data/t\u1ec7p", "data/a%0Ab",
                           "data/a\\b", "data/CON.txt", "data/com1", "data/x.", "data/x ", "data/-x",
                           "data/a:b", "data/Thumbs.db", "/data/x"}) {
    CAPTURE(path);
    CHECK(refused([&](BagContent& one) { one.payload[0].path = path; }) == "bag.plan.bad_name");
  }
  CHECK(refused([](BagContent& one) { one.payload[0].path = "data/TIMELINE.csv"; }) == "bag.plan.twice");
  CHECK(refused([](BagContent& one) { one.payload[0].sha512.clear(); }) == "bag.plan.no_digest");
  CHECK(refused([](BagContent& one) { one.payload.clear(); }) == "bag.plan.empty");
  CHECK(refused([](BagContent& one) { one.folder = "a/b"; }) == "bag.plan.bad_name");
  CHECK(refused([](BagContent& one) { one.tags[0].name = "Manifest-md5.txt"; }) == "bag.plan.bad_name");
  CHECK(refused([](BagContent& one) { one.tags[0].name = "Phendau-Signature.TXT"; }) == "bag.plan.bad_name");
  CHECK(refused([](BagContent& one) { one.info[0].second = "a\nPayload-Oxum: 1.1"; }) == "bag.plan.bad_info");
  CHECK(refused([](BagContent& one) { one.info[0].first = "Payload-Oxum"; }) == "bag.plan.bad_info");
  for (const char* id : {"bad_name", "twice", "no_digest", "empty", "bad_info", "too_many"})
    CHECK(has_text(fmt::format("bag.plan.{}", id)));
}

TEST_CASE("bag: each issue is told as itself") {
  struct Case {
    std::string name;
    std::function<void(Files&)> change;
    BagIssue issue;
    bool valid;
  };
  const std::string empty = sha256_hex("");
  const Files plain = [] {
    Files files = {{"bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"},
                   {"data/a.txt", "a"},
                   {"data/b c%.txt", "b"}};
    files["manifest-sha256.txt"] =
        sha256_hex("a") + "  data/a.txt\n" + sha256_hex("b") + "  data/b c%25.txt\n";
    files["bag-info.txt"] = "Payload-Oxum: 2.2\nLong: one\n two\n";
    return files;
  }();
  const auto good = judged(plain);
  CHECK_MESSAGE(good.findings.empty(), words(good));
  CHECK(good.info.at(1).second == "one two");
  const auto line = [&](std::string path, std::string digest) {
    return [=](Files& f) { f["manifest-sha256.txt"] += digest + "  " + path + "\n"; };
  };
  const Case cases[] = {
      {"no bagit.txt", [](Files& f) { f.erase("bagit.txt"); }, BagIssue::no_declaration, false},
      {"three lines", [](Files& f) { f["bagit.txt"] += "x\n"; }, BagIssue::bad_declaration, false},
      {"version", [](Files& f) { f["bagit.txt"][15] = '3'; }, BagIssue::unknown_version, false},
      {"encoding",
       [](Files& f) { f["bagit.txt"] = "BagIt-Version: 1.0\nTag-File-Character-Encoding: KLINGON\n"; },
       BagIssue::unknown_encoding, false},
      {"options behind the encoding",
       [](Files& f) { f["bagit.txt"] = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-7,x=1\n"; },
       BagIssue::unknown_encoding, false},
      {"no payload", [](Files& f) { std::erase_if(f, [](auto& one) { return one.first[0] == 'd'; }); },
       BagIssue::no_payload_folder, false},
      {"no manifest", [](Files& f) { f.erase("manifest-sha256.txt"); }, BagIssue::no_manifest, false},
      {"odd digest", [](Files& f) { f["manifest-blake3.txt"] = "x"; }, BagIssue::unknown_digest, true},
      {"bad line", [](Files& f) { f["manifest-sha256.txt"] += "beef  data/a.txt\n"; }, BagIssue::bad_line,
       false},
      {"up", line("data/../../etc/passwd", empty), BagIssue::outside, false},
      {"root", line("/etc/passwd", empty), BagIssue::outside, false},
      {"drive", line("C:/x", empty), BagIssue::outside, false},
      {"backslash", line("data\\..\\x", empty), BagIssue::outside, false},
      {"home", line("~/x", empty), BagIssue::outside, false},
      {"tag file in a payload manifest", line("bagit.txt", empty), BagIssue::outside, false},
      {"missing", line("data/c", empty), BagIssue::missing, false},
      {"missing system file",
       [&](Files& f) {
         line("data/.DS_Store", empty)(f);
         f["bag-info.txt"] = "Payload-Oxum: 2.3\n";
       },
       BagIssue::missing_empty_system_file, true},
      {"missing full system file", line("data/Thumbs.db", sha256_hex("x")), BagIssue::missing, false},
      {"twice", line("data/a.txt", sha256_hex("a")), BagIssue::listed_twice, false},
      {"twice and otherwise", line("data/a.txt", empty), BagIssue::listed_differently, false},
      {"case", line("data/A.txt", sha256_hex("a")), BagIssue::same_name, true},
      {"case, other content", line("data/A.txt", empty), BagIssue::missing, false},
      {"renamed in case",
       [](Files& f) {
         f["data/A.txt"] = "a";
         f.erase("data/a.txt");
       },
       BagIssue::missing, false},
      {"extra", [](Files& f) { f["data/extra"] = ""; }, BagIssue::not_listed, false},
      {"changed", [](Files& f) { f["data/a.txt"] = "A"; }, BagIssue::digest_differs, false},
      {"link", [](Files& f) { f["data/x.link"] = "A"; }, BagIssue::special_file, false},
      {"oxum", [](Files& f) { f["bag-info.txt"] = "PAYLOAD-OXUM: 3.2\n"; }, BagIssue::oxum_differs, false},
      {"info", [](Files& f) { f["bag-info.txt"] = " x: y\n"; }, BagIssue::bad_info, false},
      {"info's spaces", [](Files& f) { f["bag-info.txt"] = "A : b\n"; }, BagIssue::bad_info, true},
      {"star", [](Files& f) { f["manifest-sha256.txt"].replace(65, 1, "*"); }, BagIssue::lax_line, true},
      {"unescaped percent",
       [](Files& f) {
         auto& text = f["manifest-sha256.txt"];
         text = replace_all(text, "%25", "%");
         f["data/c%25"] = "";
         f.erase("bag-info.txt");
         text += sha256_hex("") + "  data/c%25\n";
       },
       BagIssue::other_spelling, true},
      {"fetch, all there", [](Files& f) { f["fetch.txt"] = "http://x/ - data/a.txt\n"; },
       BagIssue::fetch_present, true},
      {"fetch, not there", [](Files& f) { f["fetch.txt"] = "http://x/ 12 data/z.txt\n"; },
       BagIssue::not_fetched, false},
      {"fetch outside", [](Files& f) { f["fetch.txt"] = "http://x/ 12 data/../../z\n"; }, BagIssue::outside,
       false},
      {"tag not listed",
       [](Files& f) {
         f["tagmanifest-md5.txt"] = "900150983cd24fb0d6963f7d28e17f72  tag\n", f["tag"] = "abc";
       },
       BagIssue::tag_not_listed, true},
      {"signature", [](Files& f) { f["phendau-signature.txt"] = "x"; }, BagIssue::bad_signature, false},
      {"unsafe file", [](Files& f) { f["../x"] = ""; }, BagIssue::outside, false},
  };
  for (const auto& one : cases) {
    CAPTURE(one.name);
    Files files = plain;
    one.change(files);
    const auto report = judged(files);
    CHECK_MESSAGE(says(report, one.issue), words(report));
    CHECK_MESSAGE(report.valid() == one.valid, words(report));
  }
  CHECK(says(judged(plain, {true, ""}), BagIssue::not_signed));
}

TEST_CASE("bag: the corpus is judged as its folders say") {
  if (!fs::exists(kCorpus)) {
    MESSAGE("skipped: no BagIt corpus");
    return;
  }
  int bags = 0;
  for (const char* version : {"v0.97", "v1.0"}) {
    for (const char* verdict : {"valid", "warning", "invalid", "linux-only"}) {
      const fs::path folder = kCorpus + version + "/" + verdict;
      if (!fs::exists(folder)) continue;
      for (const auto& entry : fs::directory_iterator(folder)) {
        if (!entry.is_directory()) continue;
        CAPTURE(entry.path().string());
        const auto report = judged(read_folder(entry.path()));
        const bool good = verdict[0] == 'v' || verdict[0] == 'w';
        CHECK_MESSAGE(report.valid() == good, words(report));
        if (verdict[0] == 'w') CHECK(report.warnings > 0);
        if (verdict[0] == 'v' && report.warnings > 0)
          MESSAGE(entry.path().filename().string(), words(report));
        ++bags;
      }
    }
  }
  CHECK(bags == 34);
}

TEST_CASE("bag: sha256sum, sha512sum and OpenSSL accept ours, by the commands of its own sheet") {
  const auto runs = [](const std::string& command) {
    return std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0;  // NOLINT: a test
  };
  if (!runs("command -v sha256sum && command -v openssl && command -v xxd")) {
    MESSAGE("skipped: no sha256sum, openssl or xxd");
    return;
  }
  const fs::path folder = fs::temp_directory_path() / fmt::format("phendau-bag-{}", std::random_device{}());
  for (const auto& [path, bytes] : our_bag()) {
    fs::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::binary) << bytes;
  }
  const auto in_folder = [&](const std::string& command) {
    return fmt::format("cd '{}' && {}", folder.string(),
                       replace_all(command, "/tmp/", folder.string() + "-"));
  };
  int commands = 0;
  const std::string sheet = bag_check_sheet().bytes;
  for (const auto line : bag_lines(sheet)) {
    if (!line.starts_with("    ") || line.starts_with("    Get-Content")) continue;
    CAPTURE(line);
    CHECK(runs(in_folder(std::string(line))));
    ++commands;
  }
  CHECK(commands == 7);
  for (const char* kind : {"manifest", "tagmanifest"})
    CHECK(runs(in_folder(fmt::format("sha512sum --strict -c {}-sha512.txt", kind))));
  std::ofstream(folder / "data/timeline.csv", std::ios::binary) << "altered\n";
  CHECK(!runs(in_folder("sha256sum -c manifest-sha256.txt")));
  for (const char* left : {"-noi-dung", "-chu-ky", "-khoa.der"}) fs::remove(folder.string() + left);
  fs::remove_all(folder);
}

TEST_CASE("bag: as ZIP, of the size that was announced, and nothing else than was announced") {
  const auto plan = plan_bag(content(), signer());
  REQUIRE(plan.has_value());
  const std::string bytes = zip_of(*plan);
  CHECK(bytes.size() == plan->zip_size_bytes);
  const auto entries = read_zip(bytes);
  REQUIRE(entries.has_value());
  CHECK(entries->size() == plan->files.size());
  const auto report = judged_zip(bytes, {true, public_key()});
  REQUIRE_MESSAGE(report.has_value(), report.error().message);
  CHECK_MESSAGE(report->findings.empty(), words(*report));
  // A stored file that is no longer what was recorded stops the export.
  const auto other = [](std::size_t, const ZipStream::Sink& to) { return to("other bytes"); };
  const auto stopped = write_bag_zip(*plan, other, [](std::string_view) -> Result<> { return {}; });
  REQUIRE(!stopped.has_value());
  CHECK(stopped.error().text_id == "zip.other_bytes");
  CHECK(stopped.error().code == ErrorCode::corrupt);
  CHECK(!judged_zip("no archive").has_value());
  CHECK(!judged_zip(bytes.substr(0, bytes.size() / 2)).has_value());
  int unnoticed = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const auto judgement = judged_zip(changed, {true, public_key()});
    // What changes no file (dates, versions, rights) is no change of the package.
    if (judgement && judgement->valid()) {
      const auto back = read_zip(changed);
      if (back && back->size() == entries->size() &&
          std::equal(back->begin(), back->end(), entries->begin(), [](const ZipEntry& a, const ZipEntry& b) {
            return a.name == b.name && a.bytes == b.bytes;
          })) {
        continue;
      }
      ++unnoticed;
    }
  }
  CHECK(unnoticed == 0);
}

TEST_CASE("slow: bag: ten thousand changes of a signed bag are all found") {
  const char* wished = std::getenv("PHENDAU_SEED");
  const std::uint64_t seed = wished != nullptr ? std::strtoull(wished, nullptr, 10) : 20'261'126;
  MESSAGE("PHENDAU_SEED=", seed);
  std::mt19937_64 random(seed);
  const Files bag = our_bag();
  const BagOptions options{true, public_key()};
  REQUIRE(judged(bag, options).valid());
  std::map<int, int> tried;
  for (int made = 0; made < 10'000;) {
    Files files = bag;
    auto at = files.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random() % files.size()));
    const std::string path = at->first;
    std::string& bytes = at->second;
    const std::size_t place = bytes.empty() ? 0 : random() % bytes.size();
    const int kind = static_cast<int>(random() % 12);
    switch (kind) {
      case 0:
        if (!bytes.empty()) bytes[place] = static_cast<char>(bytes[place] ^ (1 << random() % 8));
        break;
      case 1:
        if (!bytes.empty()) bytes.erase(place, 1 + random() % 3);
        break;
      case 2:
        bytes.insert(place, 1, static_cast<char>(random()));
        break;
      case 3:
        bytes.resize(place);
        break;
      case 4:
        files.erase(at);
        break;
      case 5:
        files[fmt::format("{}{}", random() % 2 == 0 ? "data/" : "", random() % 1'000)] = "new";
        break;
      case 6: {  // renamed, also only in case
        auto node = files.extract(at);
        std::string name = path;
        char& c = name[random() % name.size()];
        c = static_cast<char>(c ^ 0x20);
        node.key() = random() % 2 == 0 ? name : path + "x";
        files.insert(std::move(node));
        break;
      }
      case 7: {  // two files swapped
        auto with = files.begin();
        std::advance(with, static_cast<std::ptrdiff_t>(random() % files.size()));
        std::swap(bytes, with->second);
        break;
      }
      case 8: {  // a line of a manifest or tag file gone, repeated or moved
        const auto lines = bag_lines(bytes);
        std::string changed;
        const std::size_t gone = lines.empty() ? 0 : random() % lines.size();
        const int how = static_cast<int>(random() % 3);
        for (std::size_t i = 0; i < lines.size(); ++i) {
          if (i == gone && how == 0) continue;
          changed += std::string(lines[i]) + "\n";
          if (i == gone && how == 1) changed += std::string(lines[i]) + "\n";
        }
        if (how == 2 && !lines.empty()) changed = std::string(lines[gone]) + "\n" + changed;
        bytes = changed;
        break;
      }
      case 9:  // the content and all manifests
        bytes.push_back('x');
        forge_manifests(files);
        break;
      case 10: {  // a file of the payload removed or added, with all manifests
        if (random() % 2 == 0) files["data/planted"] = "new";
        if (path.starts_with("data/") && random() % 2 == 0) files.erase(at);
        forge_manifests(files);
        break;
      }
      default:  // signed again, by somebody else
        bytes.push_back('y');
        forge_manifests(files);
        {
          BagSignature signature;
          const std::string other(32, static_cast<char>(random()));
          if (other == kKey) break;
          signature.signed_at = "2026-11-26T10:00:00Z";
          for (const char* name : {"tagmanifest-sha256.txt", "tagmanifest-sha512.txt"})
            signature.manifests.emplace_back(name, sha256_hex(files[name]));
          signature.public_key = to_hex(*ed25519_public_key(other));
          signature.signature = to_hex(*ed25519_sign(other, bag_signed_text(signature)));
          files[std::string(kBagSignatureName)] = bag_signature_text(signature);
        }
    }
    if (files == bag) continue;
    ++made;
    ++tried[kind];
    MemoryBag changed(files);
    const auto report = verify_bag(changed, options);
    REQUIRE(report.has_value());
    if (report->valid()) FAIL_CHECK("unnoticed: kind ", kind, " of ", path);
  }
  CHECK(tried.size() == 12);
}

}  // namespace phendau::report::bag_test

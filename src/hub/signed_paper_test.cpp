// SPDX-License-Identifier: Apache-2.0
// A DOCX that LibreOffice 7.4 signed (RSA, SHA-256): valid as it is; whatever is done to the bytes of the
// archive, it is valid only with the same content; archives that two programs could read in two ways.
#include "hub/signed_paper.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "base/crc32.h"
#include "hub/hub_test_pdf.h"
#include "os/env.h"
#include "report/zip_reader.h"
#include "report/zip_writer.h"

namespace signed_paper_test {

using namespace phendau;
using namespace phendau::hub;
using Verdict = net::DocumentSignature::Verdict;

namespace {

const UtcTime kNow = *parse_rfc3339("2027-03-01T08:00:00Z");

std::string file_of(std::string_view name) {
  return *read_file(posix_env(), std::string(PHENDAU_SOURCE_DIR "/tests/data/papers/").append(name),
                    1u << 20);
}

Verdict verdict_of(std::string_view docx, UtcTime now = kNow) {
  static const std::string ca = file_of("signed-libreoffice-ca.pem");
  return verify_signed_paper(kDocxMediaType, docx, ca, now).verdict;
}

/// What a reader sees, by name.
std::vector<std::pair<std::string, std::string>> content_of(std::string_view docx) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto entries = report::read_zip(docx);
  if (!entries) return out;
  for (const auto& entry : *entries) {
    const bool text = entry.name.starts_with("word/") && entry.name.find("_rels/") == std::string::npos;
    if (text) out.emplace_back(entry.name, entry.bytes);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string packed(std::string_view docx, const std::function<void(std::vector<report::ZipFile>&)>& change) {
  std::vector<report::ZipFile> files;
  const auto entries = *report::read_zip(docx);
  for (const auto& entry : entries) files.push_back({entry.name, entry.bytes});
  change(files);
  return *report::write_zip(files);
}

struct RawEntry {
  std::string name;
  std::string bytes;
  std::string extra;  // in the directory and before the bytes
};
std::string little(std::uint64_t value, int size) {
  std::string out;
  for (int i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
/// An archive by hand, nothing packed, that begins at `offset` of its file and ends in `comment`.
std::string raw_archive(const std::vector<RawEntry>& entries, std::size_t offset, std::string_view comment) {
  std::string out;
  std::string directory;
  for (const auto& one : entries) {
    const std::size_t size = one.bytes.size();
    const std::string common = little(20, 2) + little(0, 4) + little(0x21'0000, 4) +
                               little(crc32(one.bytes), 4) + little(size, 4) + little(size, 4) +
                               little(one.name.size(), 2) + little(one.extra.size(), 2);
    directory += "PK\1\2" + little(20, 2) + common + std::string(10, '\0') + little(offset + out.size(), 4) +
                 one.name + one.extra;
    out += "PK\3\4" + common + one.name + one.extra + one.bytes;
  }
  const std::size_t at = offset + out.size();
  out += directory + "PK\5\6" + little(0, 4) + little(entries.size(), 2) + little(entries.size(), 2);
  return out + little(directory.size(), 4) + little(at, 4) + little(comment.size(), 2).append(comment);
}

std::vector<RawEntry> raw_entries(std::string_view docx) {
  std::vector<RawEntry> out;
  const auto entries = *report::read_zip(docx);
  for (const auto& entry : entries) out.push_back({entry.name, entry.bytes, ""});
  return out;
}
RawEntry& named(std::vector<RawEntry>& entries, std::string_view name) {
  return *std::find_if(entries.begin(), entries.end(), [&](const RawEntry& one) { return one.name == name; });
}

}  // namespace

TEST_CASE("what LibreOffice signed is valid, packed anew too, and no longer once a byte of it is another") {
  const std::string docx = file_of("signed-libreoffice.docx");
  const auto found = verify_signed_paper(kDocxMediaType, docx, file_of("signed-libreoffice-ca.pem"), kNow);
  CAPTURE(found.detail);
  CHECK(found.verdict == Verdict::valid);
  CHECK(found.signer == "Signer rsa, So KHCN");
  CHECK(found.issuer == "Test CA");
  CHECK(found.signed_at.starts_with("2026-11-27T"));
  CHECK(verify_signed_paper(kDocxMediaType, docx, "", kNow).verdict == Verdict::untrusted);
  CHECK(verdict_of(docx, *parse_rfc3339("2020-01-01T00:00:00Z")) == Verdict::expired);
  CHECK(verdict_of(packed(docx, [](auto& files) { std::reverse(files.begin(), files.end()); })) ==
        Verdict::valid);
  for (const auto& [name, bytes] : content_of(docx)) {
    const auto other = packed(docx, [&](auto& files) {
      for (auto& file : files) {
        if (file.name == name) file.bytes[file.bytes.size() / 2] ^= 1;
      }
    });
    CAPTURE(name);
    CHECK(verdict_of(other) == Verdict::changed);
  }
  CHECK(verify_signed_paper("image/png", docx, "", kNow).verdict == Verdict::none);
}

TEST_CASE("5,000 mutations of a signed archive and of what is in it: valid only with the same content") {
  const std::string docx = file_of("signed-libreoffice.docx");
  const auto content = content_of(docx);
  REQUIRE(content.size() == 5);
  std::mt19937 random(27);
  const auto mutate = [&](std::string& bytes) {
    const std::string before = bytes;
    for (std::uint32_t i = 0; i <= random() % 3 && !bytes.empty(); ++i) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
          break;
        case 2:
          bytes.erase(at, 1 + random() % 40);
          break;
        default:
          bytes.insert(at, before.substr(random() % before.size(), 1 + random() % 60));
      }
    }
  };
  std::map<Verdict, int> seen;
  for (int round = 0; round < 5'000; ++round) {
    std::string other = docx;
    if (round % 2 == 0) {
      mutate(other);
    } else {
      other = packed(docx, [&](auto& files) { mutate(files[random() % files.size()].bytes); });
    }
    const Verdict verdict = verdict_of(other);
    ++seen[verdict];
    CAPTURE(round);
    if (verdict == Verdict::valid) CHECK(content_of(other) == content);
  }
  // Dates in the archive, spaces in what is not signed: there are harmless changes, and not many.
  CHECK(seen[Verdict::valid] > 0);
  CHECK(seen[Verdict::valid] < 1'000);
  CHECK(seen[Verdict::changed] > 500);
  CHECK(seen[Verdict::damaged] > 500);
}

TEST_CASE("archives that are damaged, too large or of two readings are damaged papers") {
  const std::string docx = file_of("signed-libreoffice.docx");
  CHECK(verdict_of("PK") == Verdict::damaged);
  CHECK(verdict_of(docx.substr(0, docx.size() / 2)) == Verdict::damaged);
  const auto with = [&](const std::string& name, const std::string& bytes) {
    return verdict_of(packed(docx, [&](auto& files) { files.push_back({name, bytes}); }));
  };
  CHECK(with("word/bomb.bin", std::string(kSignedDocxBytesMax, '\0')) == Verdict::damaged);
  CHECK(with("word/DOCUMENT.xml", "<x/>") == Verdict::damaged);
  CHECK(with("word/new.xml", "<x/>") == Verdict::extended);
  // Two entries of one name: the second takes the place of a name of the same length.
  std::string twice = packed(docx, [](auto& files) { files.push_back({"word/documend.xml", "<forged/>"}); });
  for (std::size_t at = twice.find("documend"); at != twice.npos; at = twice.find("documend", at))
    twice[at + 7] = 't';
  CHECK(verdict_of(twice) == Verdict::damaged);
  // A name in an extra field (Unicode path, 0x7075), which libzip prefers and office programs do not read: to
  // them, the first entry would be the document.
  std::string two_named =
      packed(docx, [](auto& files) { files.insert(files.begin(), {"word/forged.xml", "<forged/>"}); });
  const std::size_t directory = two_named.find("PK\1\2");
  const std::string stored = "word/forged.xml";
  std::string field = "\x75\x70";
  const std::string shown = "docProps/x.jpeg";
  field += static_cast<char>(5 + shown.size());
  field += std::string(1, '\0') + '\1';
  const std::uint32_t crc = crc32(stored);
  for (int i = 0; i < 4; ++i) field += static_cast<char>(crc >> (8 * i));
  field += shown;
  two_named[directory + 30] = static_cast<char>(field.size());
  two_named.insert(directory + 46 + stored.size(), field);
  std::size_t at = two_named.size() - 10;  // size of the directory
  for (std::size_t add = field.size(); add != 0; ++at) {
    add += static_cast<unsigned char>(two_named[at]);
    two_named[at] = static_cast<char>(add);
    add >>= 8;
  }
  CHECK_FALSE(report::read_zip(two_named, {}));  // no upload may be so
  CHECK(verdict_of(two_named) == Verdict::damaged);
  // The directory says one name, the entry itself another.
  std::string other = docx;
  other[other.find("word/styles.xml")] = 'W';
  CHECK(verdict_of(other) == Verdict::damaged);
}

TEST_CASE("an archive in the comment of an archive: readers disagree which of the two it is") {
  const auto good = raw_entries(file_of("signed-libreoffice.docx"));
  REQUIRE(verdict_of(raw_archive(good, 0, "")) == Verdict::valid);
  CHECK(verdict_of(raw_archive(good, 0, "a comment")) == Verdict::damaged);
  auto forged = good;
  named(forged, "word/document.xml").bytes = "<forged/>";
  const std::size_t size = raw_archive(good, 0, "").size();
  CHECK(verdict_of(raw_archive(good, 0, raw_archive(forged, size, ""))) == Verdict::damaged);
  const std::string both = raw_archive(good, 0, "") + raw_archive(forged, size, "");
  CHECK(verdict_of(both) == Verdict::damaged);
  // The guard of uploads must not look into another archive than people do.
  CHECK(!report::read_zip(raw_archive(good, 0, raw_archive(forged, size, ""))).has_value());
  CHECK(!report::read_zip(both).has_value());
  CHECK(report::read_zip(raw_archive(good, 0, "a comment")).has_value());
  CHECK(report::read_zip(raw_archive({{"inner.docx", raw_archive(good, 0, ""), ""}}, 0, "")).has_value());
}

TEST_CASE("a second name of an entry, which some readers take for its name") {
  auto entries = raw_entries(file_of("signed-libreoffice.docx"));
  const auto second = [](std::string_view name, std::string_view plain) {  // Info-ZIP's Unicode path
    return little(0x7075, 2) + little(5 + name.size(), 2) + little(1, 1) +
           little(crc32(plain), 4).append(name);
  };
  RawEntry& document = named(entries, "word/document.xml");
  const std::string signed_text = document.bytes;
  document.bytes = "<forged/>";
  document.extra = second("docProps/core.xml", document.name);
  entries.push_back({"x.xml", signed_text, second("word/document.xml", "x.xml")});
  std::string& rels = named(entries, "_rels/.rels").bytes;
  rels.insert(rels.find("</Relationships>"),
              "<Relationship Id=\"r9\" Type=\"http://schemas.openxmlformats.org/package/2006/relationships/"
              "metadata/core-properties\" Target=\"docProps/core.xml\"/>");
  CHECK(verdict_of(raw_archive(entries, 0, "")) == Verdict::damaged);
}

TEST_CASE("whether a signed DOCX is the paper: its words, wherever runs begin and end") {
  using Is = Likeness::Verdict;
  const auto document = [](std::string_view body) {
    const std::string xml =
        std::string("<w:document xmlns:w=\"x\"><w:body>").append(body) + "</w:body></w:document>";
    return *report::write_zip({{"[Content_Types].xml", "<Types/>"}, {"word/document.xml", xml}});
  };
  const std::string head = "<w:p><w:r><w:t>S\u1ed1 12/BC-SKHCN: m\u1ed9t hai ba b\u1ed1n n\u0103m s\u00e1u ";
  const auto lines = [&](std::string_view last) {
    return document(head + "</w:t></w:r><w:r><w:t>b\u1ea3y</w:t></w:r></w:p><w:p><w:r><w:t>" +
                    std::string(last) + "</w:t></w:r></w:p>");
  };
  const std::string paper = lines("Kh\u00f4ng ph\u1ea3i s\u1ef1 c\u1ed1.");
  const auto found = [&](std::string_view file) {
    return compare_with_paper(kDocxMediaType, file, paper, "");
  };
  CHECK(found(paper).verdict == Is::same);
  // As another program writes it: other runs, a mark of spelling, a drawing's second form, capitals.
  const std::string written =
      document(head + "b\u1ea3</w:t></w:r><w:proofErr/><w:r><w:t>y</w:t></w:r></w:p>" +
               "<w:p><w:r><w:t>KH\u00d4NG PH\u1ea2I s\u1ef1 c\u1ed1.</w:t>"
               "<mc:Fallback><w:t>again</w:t></mc:Fallback></w:r></w:p>");
  CHECK(found(written).verdict == Is::same);
  CHECK(found(lines("Ph\u1ea3i s\u1ef1 c\u1ed1.")).verdict == Is::other);
  CHECK(found(lines("S\u1ef1 c\u1ed1 kh\u00f4ng ph\u1ea3i.")).verdict == Is::other);  // in another order
  const auto more = found(lines("Kh\u00f4ng ph\u1ea3i s\u1ef1 c\u1ed1. Th\u00eam."));
  CHECK(more.verdict == Is::other);
  CHECK(more.words == "th\u00eam");
  CHECK(found(file_of("signed-libreoffice.docx")).verdict == Is::other);
  CHECK(found(document("<w:p><w:r><w:drawing/></w:r></w:p>")).verdict == Is::unknown);
  CHECK(found("no archive").verdict == Is::unknown);
  CHECK(compare_with_paper("image/png", "x", paper, "").verdict == Is::unknown);
}

TEST_CASE("whether a PDF is the paper: all its words, and few besides") {
  using Is = Likeness::Verdict;
  const std::string rest = "/BC-SKHCN of today one two three four five six seven eight nine ten";
  const std::string text = "Number 12" + rest;
  const std::string paper = make_pdf(text);
  const auto found = [&](const std::string& file) {
    return compare_with_paper("application/pdf", file, "", paper);
  };
  CHECK(found(paper + "\n% more, as a signature adds it\n").verdict == Is::same);
  CHECK(found(make_pdf("Signed by A on 1 May. " + text)).verdict == Is::same);
  const Likeness changed = found(make_pdf("Number 13" + rest));
  CHECK(changed.verdict == Is::other);
  CHECK(changed.words == "12");
  CHECK(changed.close);
  std::string many = text;
  for (std::size_t i = 0; i <= kSignatureWordsMax; ++i) many += " other";
  CHECK(found(make_pdf(many)).verdict == Is::other);
  const Likeness another =
      found(make_pdf("quite another letter about something else that nobody here has ever asked for"));
  CHECK(another.verdict == Is::other);
  CHECK_FALSE(another.close);
  CHECK(found(make_pdf("stamp")).verdict == Is::unknown);
}

}  // namespace signed_paper_test

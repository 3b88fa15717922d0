// SPDX-License-Identifier: Apache-2.0
#include "hub/signed_paper.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/unicode.h"
#include "base/xml_reader.h"
#include "hub/document_text.h"
#include "report/zip_reader.h"

namespace phendau::hub {
namespace {

net::DocumentSignature damaged(std::string_view why) {
  net::DocumentSignature out;
  out.verdict = net::DocumentSignature::Verdict::damaged;
  out.detail = why;
  return out;
}

net::DocumentSignature verify_docx(std::string_view docx, std::string_view authorities_pem, UtcTime now) {
  report::ZipLimits limits;
  limits.entries_max = net::kSignedPartsMax;
  limits.total_bytes_max = kSignedDocxBytesMax;
  limits.consistent = true;
  const auto entries = report::read_zip(docx, limits);
  if (!entries) return damaged(entries.error().message);
  std::vector<net::PackagePart> parts;
  for (const auto& entry : *entries) {
    if (entry.encrypted) return damaged("an encrypted part");
    parts.push_back({entry.name, entry.bytes});
  }
  return net::verify_docx_signature(parts, authorities_pem, now);
}

constexpr std::string_view kMainPart = "word/document.xml";
constexpr std::size_t kWordsNamed = 5;

/// How many bytes of a composed Latin letter (Vietnamese too) or digit stand first; 0: something else does.
std::size_t letter_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  const char first = ascii_lower(text.front());
  if ((first >= 'a' && first <= 'z') || (first >= '0' && first <= '9')) return 1;
  if (byte(0) >= 0xC3 && byte(0) <= 0xC9) return 2;                     // U+00C0 to U+027F
  if (byte(0) == 0xE1 && byte(1) >= 0xB8 && byte(1) <= 0xBB) return 3;  // U+1E00 to U+1EFF
  return 0;
}

std::vector<std::string> words_of(std::string_view text) {
  const std::string seen = fold_case(to_visible(to_valid_utf8(text)));
  std::vector<std::string> out;
  std::string word;
  for (std::size_t at = 0; at < seen.size();) {
    const std::size_t bytes = letter_bytes(std::string_view(seen).substr(at));
    if (bytes == 0 && !word.empty()) out.push_back(std::exchange(word, {}));
    if (bytes > 0) word += seen.substr(at, bytes);
    at += std::max(bytes, std::size_t{1});
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

/// The text of a DOCX without headers and footers; a drawing's second form for older programs is left out.
Result<std::string> main_text(std::string_view docx) {
  report::ZipLimits limits;
  limits.total_bytes_max = kSignedDocxBytesMax;
  const auto entries =
      PHENDAU_TRY(report::read_zip(docx, limits, [](std::string_view name) { return name == kMainPart; }));
  if (entries.empty()) return fail(ErrorCode::invalid, "no document in the archive");
  using Token = XmlReader::Token;
  XmlReader xml(entries.front().bytes);
  std::string out;
  std::size_t older = 0;  // depth of mc:Fallback; 0: outside
  bool run = false;
  for (;;) {
    const Token token = PHENDAU_TRY(xml.next());
    if (token == Token::eof) return out;
    if (token == Token::start) {
      if (xml.name() == "Fallback" && older == 0) older = xml.depth();
      run = xml.name() == "t";
      if (xml.name() == "tab" || xml.name() == "br" || xml.name() == "cr") out += ' ';
    } else if (token == Token::end) {
      if (older != 0 && xml.depth() < older) older = 0;
      run = false;
      if (xml.name() == "p") out += '\n';
    } else if (run && older == 0) {
      out += xml.text();
    }
  }
}

std::string first_of(const std::vector<std::string>& words) {
  const std::size_t count = std::min(words.size(), kWordsNamed);
  return join(std::vector<std::string>(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count)),
              " ");
}

/// Those of `words` that are not in `others`, each as often as it is missing there.
std::vector<std::string> missing_in(const std::vector<std::string>& words,
                                    const std::vector<std::string>& others) {
  std::map<std::string_view, std::size_t> left;
  for (const auto& word : others) ++left[word];
  std::vector<std::string> out;
  for (const auto& word : words) {
    std::size_t& count = left[word];
    if (count == 0)
      out.push_back(word);
    else
      --count;
  }
  return out;
}

}  // namespace

Likeness compare_with_paper(std::string_view media_type, std::string_view bytes, std::string_view docx,
                            std::string_view pdf) {
  using Verdict = Likeness::Verdict;
  const bool is_docx = media_type == kDocxMediaType;
  const auto text_of = [](std::string_view file) -> Result<std::string> {
    return PHENDAU_TRY(read_document("paper.pdf", file)).text;
  };
  if (!is_docx && media_type != "application/pdf") return {};
  const auto theirs = is_docx ? main_text(bytes) : text_of(bytes);
  const auto ours = is_docx || pdf.empty() ? main_text(docx) : text_of(pdf);
  if (!theirs || !ours) return {};
  const auto paper = words_of(*ours);
  const auto file = words_of(*theirs);
  if (file.size() < kComparedWordsMin) return {};
  const auto missing = missing_in(paper, file);
  const auto more = missing_in(file, paper);
  const bool same = is_docx ? paper == file : missing.empty() && more.size() <= kSignatureWordsMax;
  if (same) return {Verdict::same, {}, true};
  return {Verdict::other, first_of(missing.empty() ? more : missing), missing.size() * 2 <= paper.size()};
}

net::DocumentSignature verify_signed_paper(std::string_view media_type, std::string_view bytes,
                                           std::string_view authorities_pem, UtcTime now) {
  if (media_type == "application/pdf") return net::verify_pdf_signature(bytes, authorities_pem, now);
  if (media_type == kDocxMediaType) return verify_docx(bytes, authorities_pem, now);
  return {};
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
// Everything is read as a stream first, with its limits of depth and size, so that no tree is built of what
// is not sound. What is allowed is listed; the rest is refused.
#include "report/docx_package.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/text.h"
#include "base/xml_reader.h"
#include "report/zip_reader.h"

namespace phendau::report {
namespace {

constexpr std::string_view kTypesPart = "[Content_Types].xml";
constexpr std::string_view kRootLinks = "_rels/.rels";
constexpr std::string_view kMainType =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
constexpr std::string_view kWordNamespace =
    "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";
constexpr std::string_view kExtensions[] = {"xml", "rels", "png", "jpg", "jpeg", "gif"};
constexpr std::string_view kDocxFields[] = {"PAGE", "NUMPAGES", "SECTION", "SECTIONPAGES"};
// Last words of relationship types.
constexpr std::string_view kLinks[] = {"officeDocument",
                                       "core-properties",
                                       "extended-properties",
                                       "custom-properties",
                                       "styles",
                                       "settings",
                                       "webSettings",
                                       "stylesWithEffects",
                                       "fontTable",
                                       "theme",
                                       "numbering",
                                       "header",
                                       "footer",
                                       "footnotes",
                                       "endnotes",
                                       "image",
                                       "customXml",
                                       "customXmlProps",
                                       "thumbnail"};
constexpr std::string_view kTextLinks[] = {"officeDocument", "header", "footer", "footnotes", "endnotes"};
constexpr std::string_view kActive[] = {"altChunk",    "object",    "OLEObject",        "control",  "subDoc",
                                        "dataBinding", "mailMerge", "attachedTemplate", "frameset", "movie"};
constexpr std::string_view kTracked[] = {"ins", "del", "moveFrom", "moveTo", "delText", "delInstrText"};

std::unexpected<Error> bad_part(std::string_view part, std::string_view what) {
  return fail(ErrorCode::invalid, fmt::format("DOCX, {}: {}", part, what), "docx.damaged",
              {std::string(part)});
}
std::unexpected<Error> refuse_part(std::string_view part, std::string_view what, std::string text_id) {
  return fail(ErrorCode::denied, fmt::format("DOCX, {}: {} is not accepted", part, what), std::move(text_id),
              {std::string(part), std::string(what)});
}

std::string folder_of(std::string_view part) {
  const std::size_t slash = part.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(part.substr(0, slash + 1));
}

/// "word/" and "../media/a.png" is "media/a.png"; empty when it leads out.
std::string part_at(std::string_view folder, std::string_view target) {
  if (target.starts_with('/')) return std::string(target.substr(1));
  std::vector<std::string_view> steps;
  for (const auto& from : {folder, target}) {
    for (const std::string_view step : split(from, '/')) {
      if (step.empty() || step == ".") continue;
      if (step != "..") {
        steps.push_back(step);
      } else if (steps.empty()) {
        return "";
      } else {
        steps.pop_back();
      }
    }
  }
  std::string out;
  for (const std::string_view step : steps) out += (out.empty() ? "" : "/") + std::string(step);
  return out;
}

class PackageChecker {
 public:
  Result<DocxPackage> run(std::string_view bytes) {
    PHENDAU_TRY(read_parts(bytes));
    PHENDAU_TRY(read_types());
    for (const auto& [name, text] : parts_) {
      if (name.ends_with(".rels")) PHENDAU_TRY(read_links(name, text));
    }
    if (document_.empty()) return fail(ErrorCode::invalid, "not a DOCX: no document", "docx.not_word");
    for (const auto& [name, text] : parts_) {
      if (name.starts_with("word/") && name.ends_with(".xml")) PHENDAU_TRY(check_word(name, text));
    }
    DocxPackage out;
    out.text_parts.push_back(document_);
    for (const auto& name : texts_) {
      if (name != document_) out.text_parts.push_back(name);
      PHENDAU_TRY(check_namespace(name));
    }
    for (const std::string_view first : {kTypesPart, kRootLinks}) move_part(first, out);
    for (const auto& name : order_) move_part(name, out);
    return out;
  }

 private:
  Result<> read_parts(std::string_view bytes) {
    if (bytes.size() > kDocxBytesMax)
      return fail(ErrorCode::limit, "the DOCX is larger than 4 MiB", "docx.too_large");
    auto entries = read_zip(
        bytes, {.entries_max = kDocxPartsMax, .total_bytes_max = kDocxUnpackedBytesMax, .ratio_max = 200});
    if (!entries) {
      const bool limit = entries.error().code == ErrorCode::limit;
      return fail(entries.error().code, "DOCX: " + entries.error().message,
                  limit ? "docx.too_large" : "docx.not_word");
    }
    std::set<std::string> seen;
    for (auto& entry : *entries) {
      if (entry.encrypted) return refuse_part(entry.name, "a password", "docx.active");
      if (entry.name.ends_with('/')) continue;
      const std::size_t dot = entry.name.rfind('.');
      const std::string extension =
          to_lower_ascii(dot == std::string::npos ? "" : entry.name.substr(dot + 1));
      const bool odd = entry.name.starts_with('/') || entry.name.find('\\') != std::string::npos ||
                       entry.name.find("..") != std::string::npos || !is_all_ascii(entry.name);
      if (odd || !seen.insert(to_lower_ascii(entry.name)).second)
        return bad_part(entry.name, "name of a part");
      if (!is_listed(kExtensions, extension)) return refuse_part(entry.name, "this part", "docx.active");
      if (entry.bytes.size() > kDocxPartBytesMax)
        return fail(ErrorCode::limit, "DOCX: a part is larger than 8 MiB", "docx.too_large");
      order_.push_back(entry.name);
      parts_.emplace(entry.name, std::move(entry.bytes));
    }
    return {};
  }

  Result<> read_types() {
    const auto found = parts_.find(std::string(kTypesPart));
    if (found == parts_.end()) return fail(ErrorCode::invalid, "not a DOCX", "docx.not_word");
    std::set<std::string> extensions;
    PHENDAU_TRY(each_start(kTypesPart, found->second, [&](const XmlReader& xml) -> Result<> {
      if (xml.name() == "Default") extensions.insert(to_lower_ascii(xml.attribute("Extension").value_or("")));
      if (xml.name() != "Override") return {};
      const std::string part = xml.attribute("PartName").value_or("");
      const std::string name = part.empty() ? part : part.substr(1);
      if (!parts_.contains(name)) return bad_part(kTypesPart, "a part that is not there");
      types_.emplace(name, xml.attribute("ContentType").value_or(""));
      return {};
    }));
    for (const auto& [name, text] : parts_) {
      const bool known = name == kTypesPart || types_.contains(name) ||
                         extensions.contains(to_lower_ascii(name.substr(name.rfind('.') + 1)));
      if (!known) return bad_part(name, "a part without a content type");
    }
    return {};
  }

  Result<> read_links(const std::string& name, const std::string& text) {
    const std::string owner_folder = part_at(folder_of(name) + "..", "");
    return each_start(name, text, [&](const XmlReader& xml) -> Result<> {
      if (xml.name() != "Relationship") return {};
      const std::string type = xml.attribute("Type").value_or("");
      const std::string kind = type.substr(type.rfind('/') + 1);
      const std::string target = xml.attribute("Target").value_or("");
      const bool external = to_lower_ascii(xml.attribute("TargetMode").value_or("")) == "external" ||
                            target.find(':') != std::string::npos || target.starts_with("//") ||
                            target.find('\\') != std::string::npos;
      if (external) return refuse_part(name, target.substr(0, 200), "docx.external");
      if (!is_listed(kLinks, kind)) return refuse_part(name, kind.substr(0, 60), "docx.active");
      const std::string part = part_at(owner_folder, target);
      if (!parts_.contains(part)) return bad_part(name, "a target that is not there");
      if (name == kRootLinks && kind == "officeDocument") {
        const auto declared = types_.find(part);
        if (declared == types_.end() || declared->second != kMainType)
          return fail(ErrorCode::invalid, "not a Word document without macros", "docx.not_word");
        document_ = part;
      }
      if (is_listed(kTextLinks, kind)) texts_.insert(part);
      return {};
    });
  }

  /// One name of the namespace in each part, the usual one: what looks for w:p finds every paragraph.
  Result<> check_namespace(const std::string& name) {
    const std::string& text = parts_.at(name);
    const std::string_view bare = kWordNamespace.substr(9, kWordNamespace.size() - 10);
    const std::size_t first = text.find(bare);
    if (text.find(kWordNamespace) == std::string::npos || text.find(bare, first + 1) != std::string::npos)
      return fail(ErrorCode::invalid, fmt::format("DOCX, {}: not as Word writes it", name), "docx.not_word");
    return {};
  }

  static Result<> check_field(const std::string& name, std::string_view instruction) {
    const std::string_view code = trim(instruction);
    const std::string word(code.substr(0, code.find_first_of(" \t\r\n\\")));
    const auto same = [&](std::string_view field) { return equals_ignore_case_ascii(field, word); };
    if (std::any_of(std::begin(kDocxFields), std::end(kDocxFields), same)) return {};
    return refuse_part(name, word.substr(0, 60), "docx.field");
  }

  Result<> check_word(const std::string& name, const std::string& text) {
    std::vector<std::string> fields;  // open ones: their instruction so far
    bool in_instruction = false;
    XmlReader xml(text);
    for (;;) {
      const auto token = PHENDAU_TRY(step(name, xml));
      if (token == XmlReader::Token::eof) break;
      if (token == XmlReader::Token::text && in_instruction) {
        if (fields.empty()) return refuse_part(name, "a field", "docx.field");
        fields.back() += xml.text();
      }
      if (token == XmlReader::Token::text) continue;
      if (xml.name() == "instrText") in_instruction = token == XmlReader::Token::start;
      if (token == XmlReader::Token::end) continue;
      if (is_listed(kActive, xml.name())) return refuse_part(name, xml.name(), "docx.active");
      if (is_listed(kTracked, xml.name())) return refuse_part(name, "a tracked change", "docx.tracked");
      if (xml.name() == "commentReference") return refuse_part(name, "a comment", "docx.tracked");
      if (xml.attribute("src") || xml.attribute("href"))
        return refuse_part(name, xml.name(), "docx.external");
      if (xml.name() == "fldSimple") PHENDAU_TRY(check_field(name, xml.attribute("instr").value_or("")));
      if (xml.name() != "fldChar") continue;
      const std::string type = xml.attribute("fldCharType").value_or("");
      if (type == "begin") {
        fields.emplace_back();
      } else if (fields.empty()) {
        return bad_part(name, "a field ends that has not begun");
      } else {
        PHENDAU_TRY(check_field(name, fields.back()));
        if (type == "end") fields.pop_back();
      }
    }
    if (!fields.empty()) return bad_part(name, "a field without an end");
    return {};
  }

  static Result<XmlReader::Token> step(std::string_view name, XmlReader& xml) {
    auto token = xml.next();
    if (token) return *token;
    if (token.error().code == ErrorCode::limit)
      return fail(ErrorCode::limit, fmt::format("DOCX, {}: {}", name, token.error().message),
                  "docx.too_large");
    return bad_part(name, token.error().message);
  }

  template <class Do>
  static Result<> each_start(std::string_view name, const std::string& text, Do&& act) {
    XmlReader xml(text);
    for (;;) {
      const auto token = PHENDAU_TRY(step(name, xml));
      if (token == XmlReader::Token::eof) return {};
      if (token == XmlReader::Token::start) PHENDAU_TRY(act(xml));
    }
  }

  void move_part(std::string_view name, DocxPackage& out) {
    const auto found = parts_.find(std::string(name));
    if (found == parts_.end()) return;
    out.parts.push_back({found->first, std::move(found->second)});
    parts_.erase(found);
  }

  std::map<std::string, std::string> parts_;
  std::vector<std::string> order_;
  std::map<std::string, std::string> types_;
  std::string document_;
  std::set<std::string> texts_;
};

}  // namespace

Result<DocxPackage> open_docx(std::string_view bytes) { return PackageChecker().run(bytes); }

}  // namespace phendau::report

// SPDX-License-Identifier: Apache-2.0
// Signatures over a package: everything is refused that is not under the signature, but for what the table
// kUnsignedTypes names, because office programs leave it out and no reader sees it in the text. What an
// unsigned part could still show (properties and data that the text draws in, content outside of the file)
// is looked for in the signed text. Source: ECMA-376-2:2021, clauses 6 to 9 and 13; [MS-OFFCRYPTO] 2.5;
// docs/decisions/0027-docx-signatures.md.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "net/signer.h"
#include "net/xml_signature.h"
#include "net/xml_tree.h"

namespace phendau::net {
namespace {

using Verdict = DocumentSignature::Verdict;

constexpr std::size_t kPackageXmlBytesMax = 1u << 20;  // content types, relationships of one part
constexpr std::string_view kContentTypes = "[content_types].xml";
constexpr std::string_view kTypesSpace = "http://schemas.openxmlformats.org/package/2006/content-types";
constexpr std::string_view kRelationshipsSpace =
    "http://schemas.openxmlformats.org/package/2006/relationships";
constexpr std::string_view kOrigin =
    "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin";
constexpr std::string_view kSignature =
    "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/signature";
// Transitional, then strict: the same relationships under two names.
constexpr std::string_view kOffice = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
constexpr std::string_view kOfficeStrict = "http://purl.oclc.org/ooxml/officeDocument/relationships/";

/// Relationships that may be unsigned, with the parts that they name.
constexpr std::string_view kUnsignedTypes[] = {
    kOrigin,  // signing adds these two
    kSignature,
    // Who wrote it, when, in which program, how its first page looks in a folder.
    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail",
    // Later than the list in [MS-OFFCRYPTO]: names behind comments, which of them are settled, labels.
    "http://schemas.microsoft.com/office/2011/relationships/people",
    "http://schemas.microsoft.com/office/2011/relationships/commentsExtended",
    "http://schemas.microsoft.com/office/2016/09/relationships/commentsIds",
    "http://schemas.microsoft.com/office/2018/08/relationships/commentsExtensible",
    "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels",
    "http://schemas.microsoft.com/office/2020/10/relationships/intelligence",  // hints of the proofing tools
};
constexpr std::string_view kUnsignedOfficeTypes[] = {
    "extended-properties",
    "custom-properties",
    // Data of add-ins; Office signs that they exist, not what they say.
    "customXml",
    "customXmlProps",
};
/// Fields whose result comes from unsigned properties or from outside of the file.
constexpr std::string_view kDrawingFields[] = {
    "AUTHOR",      "BIBLIOGRAPHY", "CITATION", "COMMENTS",    "CREATEDATE", "DATABASE", "DDE",
    "DDEAUTO",     "DOCPROPERTY",  "EDITTIME", "FILENAME",    "IMPORT",     "INCLUDE",  "INCLUDEPICTURE",
    "INCLUDETEXT", "INFO",         "KEYWORDS", "LASTSAVEDBY", "LINK",       "NUMCHARS", "NUMWORDS",
    "PRINTDATE",   "RD",           "REVNUM",   "SAVEDATE",    "SUBJECT",    "TEMPLATE", "TITLE"};

struct Relationship {
  std::string id;
  std::string type;
  std::string target;  // as it stands there
  bool external = false;
};
struct Relationships {
  std::vector<Relationship> all;
  std::size_t texts = 0;  // white space between them
};

std::string office_type(std::string_view type) {
  for (const auto prefix : {kOffice, kOfficeStrict}) {
    if (type.starts_with(prefix)) return std::string(type.substr(prefix.size()));
  }
  return "";
}

bool may_be_unsigned(std::string_view type) {
  return std::find(std::begin(kUnsignedTypes), std::end(kUnsignedTypes), type) != std::end(kUnsignedTypes) ||
         std::find(std::begin(kUnsignedOfficeTypes), std::end(kUnsignedOfficeTypes), office_type(type)) !=
             std::end(kUnsignedOfficeTypes);
}

std::unexpected<Error> broken(std::string_view what, std::string_view name) {
  return fail(ErrorCode::invalid, fmt::format("{}: '{}'", what, truncate_utf8(name, 200)));
}

/// A name that every reader understands alike: ASCII, no escapes, no empty or dotted steps, no pieces.
bool is_plain_name(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("%\\:?#\"<>|*").find(c) == std::string_view::npos;
  });
  if (!plain ||
      equals_ignore_case_ascii(name.substr(name.size() - std::min<std::size_t>(name.size(), 6)), ".piece"))
    return false;
  const auto steps = split(name, '/');
  return std::none_of(steps.begin(), steps.end(),
                      [](std::string_view step) { return step.empty() || step.ends_with('.'); });
}

/// "word/_rels/document.xml.rels" -> "word/document.xml"; "_rels/.rels" -> "": the package.
std::optional<std::string> source_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  if (slash == name.npos || !name.ends_with(".rels")) return std::nullopt;
  std::string_view folder = name.substr(0, slash);
  if (folder != "_rels" && !folder.ends_with("/_rels")) return std::nullopt;
  folder.remove_suffix(5);
  return std::string(folder) + std::string(name.substr(slash + 1, name.size() - slash - 6));
}

/// The part that a target names, seen from its source.
Result<std::string> resolve(std::string_view source, std::string_view target) {
  target = target.substr(0, target.find('#'));
  std::vector<std::string_view> steps;
  if (!target.starts_with('/')) {
    steps = split(source, '/');
    steps.pop_back();
  }
  for (const std::string_view step : split(target, '/')) {
    if (step == "..") {
      if (steps.empty()) return broken("a relationship leads out of the package", target);
      steps.pop_back();
    } else if (!step.empty() && step != ".") {
      steps.push_back(step);
    }
  }
  std::string out;
  for (const std::string_view step : steps) out.append(out.empty() ? "" : "/").append(step);
  if (!out.empty() && !is_plain_name(out)) return broken("a relationship has an unusual target", target);
  return to_lower_ascii(out);
}

class Package {
 public:
  static Result<Package> open(std::span<const PackagePart> parts);

  const std::map<std::string, std::string_view>& parts() const { return parts_; }
  /// By the part that they belong to; "" for the package's own.
  const std::map<std::string, Relationships>& relationships() const { return relationships_; }
  std::string content_type(const std::string& name) const;
  /// Targets of this type that are there.
  std::vector<std::string> targets(const std::string& source, std::string_view type) const;

 private:
  Result<> read_types(std::string_view xml);
  Result<> read_relationships(const std::string& source, std::string_view xml);

  std::map<std::string, std::string_view> parts_;  // names in small letters
  std::map<std::string, std::string> types_;       // by name
  std::map<std::string, std::string> defaults_;    // by extension
  std::map<std::string, Relationships> relationships_;
};

Result<Package> Package::open(std::span<const PackagePart> parts) {
  Package out;
  if (parts.size() > kSignedPartsMax) return broken("too many parts", std::to_string(parts.size()));
  for (const auto& part : parts) {
    const bool folder = part.name.ends_with('/') && part.bytes.empty();
    if (!is_plain_name(folder ? part.name.substr(0, part.name.size() - 1) : part.name))
      return broken("an unusual name of a part", part.name);
    if (folder) continue;
    if (!out.parts_.emplace(to_lower_ascii(part.name), part.bytes).second)
      return broken("two parts of one name", part.name);
  }
  const auto types = out.parts_.find(std::string(kContentTypes));
  if (types == out.parts_.end()) return broken("a part is missing", kContentTypes);
  PHENDAU_TRY(out.read_types(types->second));
  for (const auto& [name, bytes] : out.parts_) {
    if (const auto source = source_of(name)) PHENDAU_TRY(out.read_relationships(*source, bytes));
  }
  return out;
}

Result<> Package::read_types(std::string_view xml) {
  const auto tree = XmlTree::parse(xml, kPackageXmlBytesMax);
  if (!tree || !is_named(tree->root(), kTypesSpace, "Types")) return broken("unreadable", kContentTypes);
  for (XmlElement one : children_of(tree->root())) {
    const bool is_default = is_named(one, kTypesSpace, "Default");
    const std::string key = to_lower_ascii(attribute_of(one, is_default ? "Extension" : "PartName"));
    const bool sound =
        is_default ? !key.empty() : is_named(one, kTypesSpace, "Override") && key.starts_with('/');
    auto& types = is_default ? defaults_ : types_;
    if (!sound || !types.emplace(is_default ? key : key.substr(1), attribute_of(one, "ContentType")).second)
      return broken("unreadable", kContentTypes);
  }
  return {};
}

Result<> Package::read_relationships(const std::string& source, std::string_view xml) {
  const auto tree = XmlTree::parse(xml, kPackageXmlBytesMax);
  if (!tree || !is_named(tree->root(), kRelationshipsSpace, "Relationships") ||
      !attributes_of(tree->root()).empty())
    return broken("unreadable relationships of", source);
  std::set<std::string> ids;
  Relationships& out = relationships_[source];
  out.texts = texts_between(tree->root());
  for (XmlElement one : children_of(tree->root())) {
    Relationship made;
    std::string mode = "Internal";
    if (!is_named(one, kRelationshipsSpace, "Relationship"))
      return broken("unreadable relationships of", source);
    for (const auto& [name, value] : attributes_of(one)) {
      std::string* member = name == "Id"           ? &made.id
                            : name == "Type"       ? &made.type
                            : name == "Target"     ? &made.target
                            : name == "TargetMode" ? &mode
                                                   : nullptr;
      if (member == nullptr) return broken("unreadable relationships of", source);
      *member = value;
    }
    made.external = mode == "External";
    if ((!made.external && mode != "Internal") || made.type.empty() || !ids.insert(made.id).second)
      return broken("unreadable relationships of", source);
    out.all.push_back(std::move(made));
  }
  return {};
}

std::string Package::content_type(const std::string& name) const {
  if (const auto own = types_.find(name); own != types_.end()) return own->second;
  const std::size_t dot = name.rfind('.');
  const auto found = dot == name.npos ? defaults_.end() : defaults_.find(name.substr(dot + 1));
  return found == defaults_.end() ? "" : found->second;
}

std::vector<std::string> Package::targets(const std::string& source, std::string_view type) const {
  std::vector<std::string> out;
  const auto found = relationships_.find(source);
  if (found == relationships_.end()) return out;
  for (const auto& one : found->second.all) {
    if (one.type != type || one.external) continue;
    const auto target = resolve(source, one.target);
    if (target && parts_.contains(*target)) out.push_back(*target);
  }
  return out;
}

bool is_selected(const SelectedRelationships& selected, const Relationship& one) {
  return selected.ids.contains(one.id) || selected.types.contains(one.type);
}

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
  out.append(" ").append(name).append("=\"");
  for (const char c : value) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\t':
        out += "&#x9;";
        break;
      case '\n':
        out += "&#xA;";
        break;
      case '\r':
        out += "&#xD;";
        break;
      default:
        out += c;
    }
  }
  out += '"';
}

/// The relationships transform and canonical XML in one: what is selected, by id, with every attribute.
/// `texts`: as LibreOffice signs (xmlsec before August 2026), with an empty element for each white space. It
/// says no less about the relationships.
std::string transformed(std::vector<Relationship> all, const SelectedRelationships& selected,
                        std::size_t texts) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  std::string out = "<Relationships xmlns=\"" + std::string(kRelationshipsSpace) + "\">";
  for (std::size_t i = 0; i < texts; ++i) out += "<text></text>";
  for (const auto& one : all) {
    if (!is_selected(selected, one)) continue;
    out += "<Relationship";
    append_attribute(out, "Id", one.id);
    append_attribute(out, "Target", one.target);
    append_attribute(out, "TargetMode", one.external ? "External" : "Internal");
    append_attribute(out, "Type", one.type);
    out += "></Relationship>";
  }
  return out + "</Relationships>";
}

std::string hex_of(DigestKind kind, std::string_view bytes) {
  DigestStream stream(kind);
  stream.update(bytes);
  return stream.finish_hex();
}

bool is_unchanged(const Package& package, const std::string& name, const SignedPart& part) {
  const auto found = package.parts().find(name);
  if (found == package.parts().end() ||
      !equals_ignore_case_ascii(package.content_type(name), part.content_type))
    return false;
  if (!part.relationships) return hex_of(part.digest, found->second) == part.digest_hex;
  const auto& own = package.relationships().at(*source_of(name));
  return hex_of(part.digest, transformed(own.all, *part.relationships, 0)) == part.digest_hex ||
         hex_of(part.digest, transformed(own.all, *part.relationships, own.texts)) == part.digest_hex;
}

/// What one signature covers, by names in small letters.
using Covered = std::map<std::string, const SignedPart*>;

/// `corrupt`: a part is no longer what was signed.
Result<Covered> check_parts(const Package& package, const XmlSignature& signature) {
  Covered out;
  for (const auto& one : signature.parts) {
    const std::string name = to_lower_ascii(one.name);
    if (!out.emplace(name, &one).second) return broken("signed twice", name);
    if (one.relationships && !source_of(name)) return broken("no relationships", name);
    if (!is_unchanged(package, name, one))
      return fail(ErrorCode::corrupt, fmt::format("{} was changed", name));
  }
  return out;
}

/// Whether some attribute is one of these ids: there are readers that follow it whatever the relationship's
/// type is. "Unreadable" counts as such.
bool asks_for(std::string_view xml, const std::set<std::string, std::less<>>& ids) {
  bool found = false;
  const bool read = read_xml(xml, {[](std::string_view) {},
                                   [&](std::string_view, std::string_view, std::string_view value) {
                                     found = found || ids.contains(value);
                                   },
                                   [](std::string_view, std::string_view) {}});
  return found || !read;
}

/// Why not everything that counts is under the signature; "": all of it is.
std::string uncovered(const Package& package, const Covered& covered) {
  std::set<std::string> named;  // by relationships that may be unsigned
  bool has_document = false;
  for (const auto& [source, relations] : package.relationships()) {
    const std::size_t slash = source.rfind('/') == source.npos ? 0 : source.rfind('/') + 1;
    const std::string name = source.substr(0, slash) + "_rels/" + source.substr(slash) + ".rels";
    const auto found = covered.find(name);
    std::set<std::string, std::less<>> free;  // ids
    for (const auto& one : relations.all) {
      if (one.external && office_type(one.type) != "hyperlink")
        return "something outside of the file is shown: " + one.id;
      const auto target = one.external ? Result<std::string>("") : resolve(source, one.target);
      if (!target) return target.error().message;
      if (may_be_unsigned(one.type)) {
        named.insert(*target);
        free.insert(one.id);
        continue;
      }
      const bool is_signed = found != covered.end() && (!found->second->relationships ||
                                                        is_selected(*found->second->relationships, one));
      if (!is_signed) return fmt::format("a relationship is not signed: {} {}", name, one.id);
      if (one.external) continue;
      if (office_type(one.type) == "aFChunk") return "a text in another format is shown: " + *target;
      if (package.parts().contains(*target) && !covered.contains(*target)) return "not signed: " + *target;
      has_document = has_document || (source.empty() && office_type(one.type) == "officeDocument" &&
                                      covered.contains(*target));
    }
    if (covered.contains(source) && !free.empty() && asks_for(package.parts().at(source), free))
      return "the text asks for what is not signed: " + source;
  }
  for (const auto& [name, bytes] : package.parts()) {
    const bool known =
        name == kContentTypes || covered.contains(name) || source_of(name) || named.contains(name);
    if (!known) return "not signed: " + name;
  }
  return has_document ? "" : "no document is signed";
}

/// Whether the text shows what stands in unsigned parts or elsewhere; "unreadable" counts as such.
bool draws_from_elsewhere(std::string_view xml) {
  bool bound = false;
  std::string fields;  // instructions, each on a line of its own
  const bool read = read_xml(
      xml, {[&](std::string_view element) {
              bound = bound || element == "dataBinding";
              if (element == "fldChar") fields += '\n';
            },
            [&](std::string_view element, std::string_view name, std::string_view value) {
              bound = bound || (element == "imagedata" && name == "src");  // an address, no relationship
              if (element == "fldSimple" && name == "instr") fields.append("\n").append(value).append("\n");
            },
            [&](std::string_view element, std::string_view text) {
              if (element == "instrText") fields += text;
            }});
  for (const auto line : split(fields, '\n')) {
    const std::string_view instruction = trim(line);
    const std::string_view word = instruction.substr(0, instruction.find_first_of(" \t\\\""));
    bound = bound || std::any_of(std::begin(kDrawingFields), std::end(kDrawingFields),
                                 [&](std::string_view one) { return equals_ignore_case_ascii(one, word); });
  }
  return bound || !read;
}

/// By its type or by its bytes: readers are not strict about types.
bool is_text(const Package& package, const std::string& name) {
  const std::string type = to_lower_ascii(package.content_type(name));
  const std::string_view bytes = package.parts().at(name);
  const std::size_t first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return type.find("word") != type.npos || type.ends_with("xml") || bytes.starts_with("\xFF\xFE") ||
         bytes.starts_with("\xFE\xFF") || (first != bytes.npos && bytes[first] == '<');
}

DocumentSignature judge_one(const Package& package, std::string_view xml, std::string_view authorities_pem,
                            UtcTime now) {
  DocumentSignature out;
  const auto refuse = [&](const Error& error) {
    out.verdict = error.code == ErrorCode::corrupt ? Verdict::changed : Verdict::damaged;
    out.detail = error.message;
    return out;
  };
  const auto signature = read_xml_signature(xml);
  if (!signature) return refuse(signature.error());
  X509* signer = signature->signer.get();
  name_signer(signer, out);
  out.signed_at = signature->signed_at;
  const auto covered = check_parts(package, *signature);
  if (!covered) return refuse(covered.error());
  out.detail = uncovered(package, *covered);
  for (const auto& [name, part] : *covered) {
    if (out.detail.empty() && is_text(package, name) && draws_from_elsewhere(package.parts().at(name)))
      out.detail = "the text draws on something that is not signed: " + name;
  }
  STACK_OF(X509)* others = sk_X509_new_null();
  for (const auto& one : signature->others) sk_X509_push(others, one.get());
  out.verdict = !out.detail.empty() ? Verdict::extended
                : signature->has_weak_digest || has_weak_key(signer)
                    ? Verdict::weak
                    : judge_signer(signer, others, authorities_pem, now);
  sk_X509_free(others);
  return out;
}

}  // namespace

DocumentSignature verify_docx_signature(std::span<const PackagePart> parts, std::string_view authorities_pem,
                                        UtcTime now) {
  DocumentSignature out;
  const bool named = std::any_of(parts.begin(), parts.end(), [](const PackagePart& part) {
    return to_lower_ascii(part.name).find("_xmlsignatures") != std::string::npos;
  });
  const auto package = Package::open(parts);
  std::vector<std::string> signatures;
  const auto origins = package ? package->targets("", kOrigin) : std::vector<std::string>();
  for (const auto& origin : origins) {
    for (auto& one : package->targets(origin, kSignature)) signatures.push_back(std::move(one));
  }
  if (origins.size() > 1 || signatures.empty() || signatures.size() > kDocxSignaturesMax) {
    out.verdict = named || !signatures.empty() ? Verdict::damaged : Verdict::none;
    out.detail = package ? "no signature is named, or too many are" : package.error().message;
    return out;
  }
  for (const auto& name : signatures) {
    auto found = judge_one(*package, package->parts().at(name), authorities_pem, now);
    if (found.verdict != Verdict::valid) return found;
    for (const auto& [all, one] : {std::pair(&out.signer, &found.signer), {&out.issuer, &found.issuer}}) {
      *all = all->empty() ? *one : *all + "; " + *one;
    }
    out.signed_at = std::max(out.signed_at, found.signed_at);
    out.verdict = Verdict::valid;
  }
  return out;
}

}  // namespace phendau::net

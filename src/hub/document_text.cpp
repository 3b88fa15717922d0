// SPDX-License-Identifier: Apache-2.0
// One recursive reader with one budget: every container, however nested, draws on the same number of bytes
// and members, so that nothing small can unpack to something large.
#include "hub/document_text.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/json.h"
#include "base/text.h"
#include "base/unicode.h"
#include "hub/mime_reader.h"
#include "os/process.h"
#include "report/zip_reader.h"

namespace phendau::hub {
namespace {

using report::ZipEntry;

constexpr int kXmlDepthMax = 256;  // office documents stay below 40
constexpr std::size_t kPdfTextBytesMax = 64u << 20;

std::unexpected<Error> refuse(std::string why, std::string text_id) {
  return fail(ErrorCode::denied, "upload refused: " + std::move(why), std::move(text_id));
}

/// What the bytes are, whatever the name says. Empty = unknown.
std::string sniff(std::string_view bytes) {
  const auto starts = [&](std::string_view magic) { return bytes.starts_with(magic); };
  if (starts("%PDF-")) return "application/pdf";
  if (starts("PK\x03\x04") || starts("PK\x05\x06")) return "application/zip";
  if (starts("\x89PNG\r\n\x1a\n")) return "image/png";
  if (starts("\xFF\xD8\xFF")) return "image/jpeg";
  if (starts("\xD0\xCF\x11\xE0")) return "application/x-ole-storage";
  if (starts("7z\xBC\xAF\x27\x1C") || starts("Rar!")) return "application/x-archive";
  if (starts("MZ") || starts("\x7f"
                             "ELF"))
    return "application/x-executable";
  if (starts("\xFF\xFE") || starts("\xFE\xFF")) return "text/plain; charset=utf-16";
  if (bytes.find('\0') == std::string_view::npos) return "text/plain";
  return "";
}

/// All readings of bytes that say nothing about their encoding: UTF-8, else the two Vietnamese encodings of
/// before. Which one is right does not matter here; a marking shows in one of them.
std::string in_any_encoding(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  std::string out = to_valid_utf8(bytes);
  for (const char* charset : {"windows-1258", "iso-8859-1"}) {
    const auto reading = from_charset(bytes, charset);
    if (reading) out += "\n" + *reading;  // Latin-1 is what from_tcvn3() takes
  }
  return out;
}

void collect_strings(const Json& value, std::string& out) {
  if (value.is_string()) out += value.as_string() + "\n";
  for (const auto& item : value.items()) collect_strings(item, out);
  for (const auto& [name, member] : value.members()) collect_strings(member, out);
}

/// The texts inside JSON, or inside lines of it, without escapes; empty when it is none.
std::string strings_of_json(std::string_view text) {
  std::string out;
  if (!trim(text).starts_with('{') && !trim(text).starts_with('[')) return out;
  if (const auto whole = parse_json(text, {.size_bytes_max = text.size()})) {
    collect_strings(*whole, out);
    return out;
  }
  for (const std::string_view line : split(text, '\n')) {
    if (const auto value = parse_json(line)) collect_strings(*value, out);
  }
  return out;
}

void append_code(std::string& out, unsigned long code) {
  append_utf8(out, code == 0 || code > 0x10FFFF ? U'\uFFFD' : static_cast<char32_t>(code));
}

/// "&#7852;", "&#x1EAC;" and the few names that matter; other names stay.
std::string undo_entities(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = text[at] == '&' ? text.substr(0, at + 12).find(';', at) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += text[at];
      continue;
    }
    const std::string name = to_lower_ascii(text.substr(at + 1, end - at - 1));
    if (name.starts_with("#x")) {
      append_code(out, std::strtoul(name.c_str() + 2, nullptr, 16));
    } else if (name.starts_with('#')) {
      append_code(out, std::strtoul(name.c_str() + 1, nullptr, 10));
    } else if (name == "nbsp" || name == "ensp" || name == "emsp") {
      out += ' ';
    } else if (name != "shy" && name != "zwj" && name != "zwnj") {
      out += text.substr(at, end - at + 1);
    }
    at = end;
  }
  return out;
}

/// HTML or other markup without its tags. Tags that set letters are nothing, all others end a line.
std::string text_of_markup(std::string_view text) {
  constexpr std::string_view kInline[] = {"a",    "b",   "i",   "u",     "s",   "em",  "strong", "span",
                                          "font", "sub", "sup", "small", "big", "o:p", "wbr",    "mark"};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = std::min(text.find('<', at), text.size());
    out += text.substr(at, open - at);
    const std::size_t close = std::min(text.find('>', open), text.size());
    std::string_view tag = text.substr(open, close - open);
    tag.remove_prefix(std::min(tag.size(), tag.starts_with("</") ? std::size_t{2} : std::size_t{1}));
    const std::string name = to_lower_ascii(tag.substr(0, tag.find_first_of(" \t\r\n/")));
    if (std::find(std::begin(kInline), std::end(kInline), name) == std::end(kInline)) out += '\n';
    at = close + 1;
  }
  return undo_entities(out);
}

void end_line(std::string& out) {
  if (!out.empty() && out.back() != '\n') out += '\n';
}

/// "&C&B TEXT &R&P" in a sheet's header: parts at the left, in the middle and at the right, with format
/// codes.
void add_sheet_header(std::string_view value, std::string& out) {
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] != '&' || at + 1 == value.size()) {
      out += value[at];
      continue;
    }
    const char code = value[++at];
    if (code == 'L' || code == 'C' || code == 'R') out += '\n';
    if (code == '"') at = std::min(value.find('"', at + 1), value.size());
    while (code >= '0' && code <= '9' && at + 1 < value.size() && value[at + 1] >= '0' &&
           value[at + 1] <= '9') {
      ++at;
    }
  }
  out += '\n';
}

/// Everything readable of an OOXML part. Text runs (t, delText) join within their paragraph; any other text
/// stands on a line of its own, and so do word art (v:textpath) and the names of sheets. False: too deep.
bool collect_xml_text(const pugi::xml_node& node, int depth, std::string& out) {
  if (depth > kXmlDepthMax) return false;
  const std::string_view name = node.name();
  const std::string_view local = name.substr(name.find(':') == name.npos ? 0 : name.find(':') + 1);
  const bool run = local == "t" || local == "delText";
  const bool paragraph = local == "p" || local == "si" || local == "c" || local == "comment" || local == "tr";
  if (paragraph) end_line(out);
  if (local == "tab") out += '\t';
  if (local == "br" || local == "cr") out += '\n';
  for (const char* attribute : {"string", "name", "alt", "title", "descr"}) {
    const pugi::xml_attribute found = node.attribute(attribute);
    if (!found || (local != "textpath" && local != "sheet" && local != "docPr")) continue;
    end_line(out);
    out += found.value();
    out += '\n';
  }
  for (const auto& child : node.children()) {
    if (child.type() != pugi::node_pcdata && child.type() != pugi::node_cdata) {
      if (!collect_xml_text(child, depth + 1, out)) return false;
    } else if (run) {
      out += child.value();
    } else if (local.ends_with("Header") || local.ends_with("Footer")) {
      add_sheet_header(child.value(), out);
    } else {
      end_line(out);
      out += child.value();
      out += '\n';
    }
  }
  if (paragraph) end_line(out);
  return true;
}

std::string office_type(const std::vector<ZipEntry>& entries) {
  const auto any = [&](std::string_view prefix) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const ZipEntry& entry) { return entry.name.starts_with(prefix); });
  };
  if (!any("[Content_Types].xml")) return "";
  constexpr std::string_view kBase = "application/vnd.openxmlformats-officedocument.";
  if (any("word/")) return std::string(kBase) + "wordprocessingml.document";
  if (any("xl/")) return std::string(kBase) + "spreadsheetml.sheet";
  if (any("ppt/")) return std::string(kBase) + "presentationml.presentation";
  return "";
}

class DocumentReader {
 public:
  explicit DocumentReader(const DocumentLimits& limits)
      : depth_max_(limits.depth_max),
        bytes_left_(limits.unpacked_bytes_max),
        members_left_(limits.members_max) {}

  Result<DocumentText> read(std::string_view name, std::string_view bytes, int depth) {
    if (depth > depth_max_) return refuse("nested containers", "upload.container_too_big");
    const std::string type = sniff(bytes);
    if (type == "application/pdf") return read_pdf(bytes);
    if (type == "application/zip") return read_container(bytes, depth);
    if (type == "application/x-ole-storage") {
      return refuse("legacy or encrypted office file", "upload.old_office");
    }
    if (type == "application/x-archive") {
      return refuse("archive that cannot be inspected", "upload.cannot_inspect");
    }
    if (type == "application/x-executable") return refuse("executable", "upload.executable");
    if (type.starts_with("image/")) return DocumentText{"", type, false};
    if (type.ends_with("utf-16")) return read_text(from_charset(bytes, "utf-16").value_or(""), type, depth);
    if (type == "text/plain") return read_text(in_any_encoding(bytes), type, depth);
    return refuse(fmt::format("content of '{}' is of no known type", truncate_utf8(name, 80)),
                  "upload.cannot_inspect");
  }

 private:
  Result<DocumentText> read_text(std::string text, std::string type, int depth) {
    if (looks_like_mail(text)) return read_mail(text, depth);
    if (trim(text).starts_with('<')) text += "\n" + text_of_markup(text);
    text += "\n" + strings_of_json(text);
    return DocumentText{std::move(text), std::move(type), true};
  }

  Result<DocumentText> read_mail(std::string_view text, int depth) {
    const auto message = read_mime(text);
    if (!message) return refuse(message.error().message, "upload.container_too_big");
    DocumentText out;
    out.media_type = "message/rfc822";
    out.text = text;
    out.text += '\n';
    for (const auto& header : message->headers) out.text += header + "\n";
    for (const auto& part : message->parts) {
      PHENDAU_TRY(draw(part.bytes.size()));
      add_name(part.name, out);
      const bool is_text = part.media_type.starts_with("text/");
      const auto converted = is_text && !part.charset.empty() ? from_charset(part.bytes, part.charset)
                                                              : Result<std::string>(part.bytes);
      if (is_text) out.text += text_of_markup(in_any_encoding(converted ? *converted : part.bytes)) + "\n";
      if (part.bytes.empty()) continue;
      auto inner = read(part.name, converted ? *converted : part.bytes, depth + 1);
      // A harmful attachment is what people report, so a program inside a mail is no reason to refuse it.
      if (!inner && inner.error().text_id == "upload.executable") {
        out.inspected = false;
        continue;
      }
      add(PHENDAU_TRY(std::move(inner)), out);
      out.inspected = out.inspected && part.decoded;
    }
    return out;
  }

  Result<DocumentText> read_container(std::string_view bytes, int depth) {
    report::ZipLimits limits;
    limits.entries_max = members_left_;
    limits.total_bytes_max = bytes_left_;
    const auto entries = report::read_zip(bytes, limits);
    if (!entries) {
      const bool limit = entries.error().code == ErrorCode::limit;
      return refuse(entries.error().message, limit ? "upload.container_too_big" : "upload.damaged");
    }
    DocumentText out;
    out.media_type = office_type(*entries);
    const bool office = !out.media_type.empty();
    if (!office) out.media_type = "application/zip";
    for (const auto& entry : *entries) {
      if (entry.encrypted) return refuse("encrypted ZIP entry", "upload.encrypted");
      if (entry.name.ends_with('/')) continue;
      PHENDAU_TRY(draw(entry.bytes.size()));
      if (office) {
        PHENDAU_TRY(add_office_member(entry, depth, out));
        continue;
      }
      add_name(entry.name, out);
      if (!entry.bytes.empty()) add(PHENDAU_TRY(read(entry.name, entry.bytes, depth + 1)), out);
    }
    return out;
  }

  /// XML is read as such; members that are documents themselves (embedded files, parts in HTML) like files;
  /// pictures, fonts and settings have no text; of other objects nobody can say.
  Result<> add_office_member(const ZipEntry& entry, int depth, DocumentText& out) {
    if (entry.name.find("vbaProject") != std::string::npos) return refuse("macros", "upload.macros");
    if (entry.bytes.empty() || entry.name.ends_with(".rels")) return {};
    const std::string type = sniff(entry.bytes);
    if (entry.name.ends_with(".xml") || entry.name.ends_with(".vml")) {
      pugi::xml_document document;
      // No DTD processing: entities stay as they are.
      if (document.load_buffer(entry.bytes.data(), entry.bytes.size(),
                               pugi::parse_default & ~pugi::parse_doctype)) {
        if (collect_xml_text(document, 0, out.text)) return {};
      } else if (entry.name.ends_with(".vml")) {
        out.text += text_of_markup(in_any_encoding(entry.bytes));  // old drawings are HTML at heart
        return {};
      }
      return refuse("damaged office document", "upload.damaged");
    }
    if (type == "application/zip" || type == "application/pdf" || type.starts_with("text/")) {
      add(PHENDAU_TRY(read(entry.name, entry.bytes, depth + 1)), out);
      return {};
    }
    const bool object = entry.name.find("/embeddings/") != std::string::npos ||
                        type == "application/x-ole-storage" || type == "application/x-archive";
    if (object) out.inspected = false;
    return {};
  }

  Result<DocumentText> read_pdf(std::string_view bytes) {
    if (bytes.find("/Encrypt") != std::string_view::npos) return refuse("encrypted PDF", "upload.encrypted");
    const auto run = run_program({"pdftotext", "-enc", "UTF-8", "-", "-"}, bytes,
                                 {.timeout = seconds(30), .output_bytes_max = kPdfTextBytesMax});
    if (!run) {
      if (run.error().code == ErrorCode::not_found) {
        return fail(ErrorCode::unavailable, "pdftotext is not installed", "upload.no_pdftotext");
      }
      return refuse("PDF could not be read", "upload.damaged");
    }
    if (run->exit_code != 0) return refuse("PDF could not be read", "upload.damaged");
    const bool holds_files = bytes.find("/EmbeddedFile") != std::string_view::npos;
    return DocumentText{run->out, "application/pdf", !holds_files && !trim(run->out).empty()};
  }

  /// The name of a member, also without its ending, as a line.
  static void add_name(std::string_view name, DocumentText& out) {
    name = name.substr(name.find_last_of("/\\") == name.npos ? 0 : name.find_last_of("/\\") + 1);
    const std::string shown = replace_all(to_valid_utf8(name), "_", " ");
    end_line(out.text);
    out.text += shown + "\n" + shown.substr(0, shown.rfind('.')) + "\n";
  }

  static void add(const DocumentText& inner, DocumentText& out) {
    end_line(out.text);
    out.text += inner.text + "\n";
    out.inspected = out.inspected && inner.inspected;
  }

  Result<> draw(std::size_t bytes) {
    if (members_left_ == 0 || bytes > bytes_left_)
      return refuse("too much inside", "upload.container_too_big");
    --members_left_;
    bytes_left_ -= bytes;
    return {};
  }

  int depth_max_;
  std::size_t bytes_left_;
  std::size_t members_left_;
};

}  // namespace

Result<DocumentText> read_document(std::string_view name, std::string_view bytes,
                                   const DocumentLimits& limits) {
  return DocumentReader(limits).read(name, bytes, 0);
}

}  // namespace phendau::hub

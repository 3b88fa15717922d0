// SPDX-License-Identifier: Apache-2.0
#include "hub/upload_guard.h"

#include <algorithm>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "base/unicode.h"
#include "os/process.h"
#include "report/zip_reader.h"

namespace phendau::hub {
namespace {

constexpr int kContainerDepthMax = 2;  // a ZIP may hold DOCX files, nothing deeper

std::unexpected<Error> refuse(std::string why, std::string text_id, std::vector<std::string> args = {}) {
  return fail(ErrorCode::denied, "upload refused: " + std::move(why), std::move(text_id), std::move(args));
}

std::string extension_of(std::string_view name) {
  const std::size_t dot = name.find_last_of('.');
  return dot == std::string_view::npos ? std::string() : to_lower_ascii(name.substr(dot + 1));
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

/// UTF-16 with a byte order mark to UTF-8; unpaired surrogates become U+FFFD.
std::string from_utf16(std::string_view bytes) {
  const bool little = static_cast<unsigned char>(bytes[0]) == 0xFF;
  std::string out;
  const auto unit = [&](std::size_t at) {
    const unsigned first = static_cast<unsigned char>(bytes[at]);
    const unsigned second = static_cast<unsigned char>(bytes[at + 1]);
    return little ? second << 8 | first : first << 8 | second;
  };
  for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
    unsigned code = unit(at);
    if (code >= 0xD800 && code < 0xDC00 && at + 3 < bytes.size()) {
      const unsigned low = unit(at + 2);
      code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0xFFFD;
      at += 2;
    } else if (code >= 0xD800 && code < 0xE000) {
      code = 0xFFFD;
    }
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
      out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return out;
}

/// Paragraph texts of an OOXML part: text runs joined, one line per paragraph, cell or string item.
void collect_xml_text(const pugi::xml_node& node, std::string& out) {
  const std::string_view name = node.name();
  const std::string_view local =
      name.substr(name.find(':') == std::string_view::npos ? 0 : name.find(':') + 1);
  if (local == "t") out += node.child_value();
  if (local == "tab" || local == "br") out += ' ';
  for (const auto& child : node.children()) collect_xml_text(child, out);
  if (local == "p" || local == "si" || local == "c" || local == "tr") out += '\n';
}

struct Inspection {
  std::string text;
  std::string media_type;
  bool inspected = true;
};

Result<Inspection> inspect(std::string_view name, std::string_view bytes, int depth);

std::string office_type(const std::vector<report::ZipEntry>& entries) {
  for (const auto& entry : entries) {
    if (entry.name == "word/document.xml") {
      return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    }
    if (entry.name == "xl/workbook.xml")
      return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    if (entry.name == "ppt/presentation.xml") {
      return "application/vnd.openxmlformats-officedocument.presentationml.presentation";
    }
  }
  return "";
}

Result<Inspection> inspect_zip(std::string_view bytes, int depth) {
  const auto read = report::read_zip(bytes);
  if (!read) {
    if (read.error().code == ErrorCode::limit)
      return refuse(read.error().message, "upload.container_too_big");
    return refuse(read.error().message, "upload.damaged");
  }
  Inspection out;
  out.media_type = office_type(*read);
  const bool office = !out.media_type.empty();
  if (!office) out.media_type = "application/zip";
  for (const auto& entry : *read) {
    if (entry.encrypted) return refuse("encrypted ZIP entry", "upload.encrypted");
    if (entry.name.ends_with('/')) continue;
    if (office) {
      if (entry.name.find("vbaProject") != std::string::npos) return refuse("macros", "upload.macros");
      if (!entry.name.ends_with(".xml")) continue;
      pugi::xml_document document;
      // No DTD processing: entities stay as they are.
      if (!document.load_buffer(entry.bytes.data(), entry.bytes.size(),
                                pugi::parse_default & ~pugi::parse_doctype)) {
        return refuse("damaged office document", "upload.damaged");
      }
      collect_xml_text(document, out.text);
      continue;
    }
    const Inspection inner = PHENDAU_TRY(inspect(entry.name, entry.bytes, depth + 1));
    out.text += inner.text + "\n";
    out.inspected = out.inspected && inner.inspected;
  }
  return out;
}

Result<Inspection> inspect_pdf(std::string_view bytes) {
  if (bytes.find("/Encrypt") != std::string_view::npos) return refuse("encrypted PDF", "upload.encrypted");
  const auto run = run_program({"pdftotext", "-enc", "UTF-8", "-", "-"}, bytes,
                               {.timeout = seconds(30), .output_bytes_max = 64u << 20});
  if (!run) {
    if (run.error().code == ErrorCode::not_found) {
      return fail(ErrorCode::unavailable, "pdftotext is not installed", "upload.no_pdftotext");
    }
    return refuse("PDF could not be read", "upload.damaged");
  }
  if (run->exit_code != 0) return refuse("PDF could not be read", "upload.damaged");
  return Inspection{run->out, "application/pdf", !trim(run->out).empty()};
}

Result<Inspection> inspect(std::string_view name, std::string_view bytes, int depth) {
  if (depth > kContainerDepthMax) return refuse("nested containers", "upload.container_too_big");
  const std::string type = sniff(bytes);
  if (type == "application/pdf") return inspect_pdf(bytes);
  if (type == "application/zip") return inspect_zip(bytes, depth);
  if (type == "application/x-ole-storage")
    return refuse("legacy or encrypted office file", "upload.old_office");
  if (type == "application/x-archive")
    return refuse("archive that cannot be inspected", "upload.cannot_inspect");
  if (type == "application/x-executable") return refuse("executable", "upload.executable");
  if (type.starts_with("image/")) return Inspection{"", type, false};
  if (type.ends_with("utf-16")) return Inspection{from_utf16(bytes), type, true};
  if (type == "text/plain") return Inspection{to_valid_utf8(bytes), type, true};
  return refuse(fmt::format("content of '{}' is of no known type", truncate_utf8(name, 80)),
                "upload.cannot_inspect");
}

bool is_one_letter(const std::string& word) { return utf8_sequence_length(word, 0) == word.size(); }

/// Letters and digits of the line in one case, single spaces between words: "M A T" and "- MAT -" become
/// "mat". A line that was typed with accents keeps them, so that the word for eye is no marking.
std::string essence(std::string_view line) {
  const std::string folded = fold_case(line);
  std::vector<std::string> words;
  std::string word;
  for (const char c : folded + " ") {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  // Letters set apart are one word.
  if (words.size() >= 3 && std::all_of(words.begin(), words.end(), is_one_letter)) {
    return join(words, "");
  }
  return join(words, " ");
}

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool has_words(std::string_view text, std::string_view words) {
  for (std::size_t at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    const std::size_t end = at + words.size();
    const bool left = at == 0 || !is_word_byte(text[at - 1]);
    const bool right = end == text.size() || !is_word_byte(text[end]);
    if (left && right) return true;
  }
  return false;
}

}  // namespace

Result<UploadPolicy> upload_policy_from(const YamlNode& node) {
  UploadPolicy out;
  const auto size = parse_int(node.text("size_bytes_max", "33554432"));
  if (!size || *size < 1) return fail(ErrorCode::invalid, fmt::format("line {}: size_bytes_max", node.line));
  out.size_bytes_max = static_cast<std::size_t>(*size);
  out.extensions = node.texts("extensions");
  for (const auto& line : node.texts("marking_lines")) {
    out.marking_lines.push_back(essence(line));
    out.marking_lines.push_back(fold_accents(essence(line)));
  }
  for (const auto& words : node.texts("marking_words")) out.marking_words.push_back(to_nfc(words));
  for (const auto& label : node.texts("marking_labels")) {
    out.marking_labels.push_back(essence(label));
    out.marking_labels.push_back(fold_accents(essence(label)));
  }
  if (out.extensions.empty() || out.marking_lines.empty() || out.marking_words.empty()) {
    return fail(ErrorCode::invalid, "upload policy needs extensions, marking_lines and marking_words");
  }
  return out;
}

bool has_secret_marking(const UploadPolicy& policy, std::string_view text) {
  const std::string composed = to_nfc(text);
  for (const auto& words : policy.marking_words) {
    if (has_words(composed, words)) return true;
  }
  const auto is_marking = [&](const std::string& line) {
    return std::find(policy.marking_lines.begin(), policy.marking_lines.end(), line) !=
           policy.marking_lines.end();
  };
  for (const std::string_view line : split(composed, '\n')) {
    if (line.size() > 400) continue;  // A marking stands alone on its line.
    const std::string core = essence(line);
    if (is_marking(core)) return true;
    // "joined" also covers letters set apart in two words: "T O I  M A T".
    if (core.size() <= 24 && is_marking(replace_all(core, " ", ""))) return true;
    for (const auto& label : policy.marking_labels) {
      if (core.starts_with(label + " ") && is_marking(core.substr(label.size() + 1))) return true;
    }
  }
  return false;
}

Result<CheckedUpload> check_upload(const UploadPolicy& policy, std::string_view name,
                                   std::string_view bytes) {
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  CheckedUpload out;
  for (const char c : to_nfc(to_valid_utf8(name))) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) out.name += c;
  }
  out.name = truncate_utf8(out.name, 200);
  if (out.name.empty() || out.name == "." || out.name == "..") return refuse("no file name", "upload.name");
  if (bytes.empty()) return refuse("empty file", "upload.empty");
  if (bytes.size() > policy.size_bytes_max) {
    return refuse("too large", "upload.too_large", {std::to_string(policy.size_bytes_max >> 20)});
  }
  const std::string extension = extension_of(out.name);
  if (std::find(policy.extensions.begin(), policy.extensions.end(), extension) == policy.extensions.end()) {
    return refuse("file type ." + extension, "upload.type", {join(policy.extensions, ", ")});
  }
  const Inspection inspection = PHENDAU_TRY(inspect(out.name, bytes, 0));
  if (has_secret_marking(policy, inspection.text) ||
      has_secret_marking(policy, replace_all(out.name, "_", " "))) {
    return refuse("marking of a state secret", "upload.state_secret");
  }
  out.media_type = inspection.media_type;
  out.inspected = inspection.inspected;
  out.size_bytes = bytes.size();
  out.sha256 = sha256_hex(bytes);
  return out;
}

}  // namespace phendau::hub

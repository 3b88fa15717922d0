// SPDX-License-Identifier: Apache-2.0
// The text of the file comes from document_text; here it is compared with the markings. A line is reduced to
// its essence (letters and digits in one case, single spaces) and compared as a whole, in parts that stand
// far apart, and behind a label.
#include "hub/upload_guard.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/unicode.h"
#include "hub/document_text.h"

namespace phendau::hub {
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;  // what is looked at together
constexpr std::size_t kLineBytesMax = 400;     // a marking stands alone on its line
constexpr std::size_t kApartBytesMax = 24;     // letters set apart in several words
constexpr std::size_t kGapSpaces = 3;          // what stands this far apart is not one sentence

std::unexpected<Error> refuse(std::string why, std::string text_id, std::vector<std::string> args = {}) {
  return fail(ErrorCode::denied, "upload refused: " + std::move(why), std::move(text_id), std::move(args));
}

std::string extension_of(std::string_view name) {
  const std::size_t dot = name.find_last_of('.');
  return dot == std::string_view::npos ? std::string() : to_lower_ascii(name.substr(dot + 1));
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_one_letter(const std::string& word) { return utf8_sequence_length(word, 0) == word.size(); }

/// Small letter or digit. Signs outside ASCII are in three blocks: Latin-1's (C2), dashes, quotes and bullets
/// (E2), those of wide scripts (E3 80).
bool is_letter(std::string_view c) {
  if (static_cast<unsigned char>(c[0]) < 0x80) return (c[0] >= 'a' && c[0] <= 'z') || is_digit(c[0]);
  return c[0] != '\xC2' && c[0] != '\xE2' && !c.starts_with("\xE3\x80");
}

/// Letters and digits of the line in one case, single spaces between words: "M A T" and "- MAT -" become
/// "mat". A line that was typed with accents keeps them, so that the word for eye is no marking.
std::string essence(std::string_view line) {
  const std::string folded = fold_case(line);
  std::vector<std::string> words;
  std::string word;
  for (std::size_t at = 0; at <= folded.size();) {
    const bool end = at == folded.size();
    const std::size_t length = end ? 1 : std::max<std::size_t>(1, utf8_sequence_length(folded, at));
    if (!end && is_letter(std::string_view(folded).substr(at, length))) {
      word.append(folded, at, length);
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
    at += length;
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

bool is_ascii_small(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; }) &&
         std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// A text that is nothing but a marking. Without accents only capitals count: "mat" is a name, a unit, a
/// word.
bool is_marking(const UploadPolicy& policy, std::string_view text) {
  if (text.size() > kLineBytesMax || is_ascii_small(text)) return false;
  const std::string core = essence(text);
  if (contains(policy.marking_lines, core)) return true;
  // Letters set apart in two words: "T O I  M A T".
  return core.size() <= kApartBytesMax && contains(policy.marking_lines, replace_all(core, " ", ""));
}

/// Whether a letter of the text is a small one (Latin and Vietnamese letters).
bool has_small_letter(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(1, utf8_sequence_length(text, at));
    const std::string_view letter = text.substr(at, length);
    const auto lead = static_cast<unsigned char>(letter[0]);
    const bool latin = (lead >= 'a' && lead <= 'z') || (lead >= 0xC3 && lead <= 0xC9) || lead == 0xE1;
    if (latin && fold_case(letter) == letter) return true;
    at += length;
  }
  return false;
}

/// Pieces of a line that stand apart: at tabs, bars and wide gaps.
std::vector<std::string_view> pieces_of(std::string_view line) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  const auto add = [&](std::size_t end) {
    const std::string_view piece = trim(line.substr(begin, end - begin));
    if (!piece.empty()) out.push_back(piece);
  };
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at;
    while (end < line.size() && (line[end] == ' ' || line[end] == '\t' || line[end] == '|')) ++end;
    const std::string_view gap = line.substr(at, end - at);
    if (gap.size() >= kGapSpaces || gap.find_first_of("\t|") != std::string_view::npos) {
      add(at);
      begin = end;
    }
    at = end > at ? end : at + 1;
  }
  add(line.size());
  return out;
}

/// A piece that is a marking in capitals. A marking of one word needs a neighbour that is no part of a
/// wide-set heading: "B A O   M A T", "MAT   KHAU".
bool has_marking_piece(const UploadPolicy& policy, std::string_view line) {
  const auto pieces = pieces_of(line);
  if (pieces.size() < 2) return false;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!is_marking(policy, pieces[i]) || has_small_letter(pieces[i])) continue;
    if (essence(pieces[i]).find(' ') != std::string::npos) return true;
    const std::string before = i > 0 ? essence(pieces[i - 1]) : "";
    const std::string after = i + 1 < pieces.size() ? essence(pieces[i + 1]) : "";
    const bool numbered = std::any_of(before.begin(), before.end(), is_digit) ||
                          std::any_of(after.begin(), after.end(), is_digit);
    const std::string last = before.substr(before.rfind(' ') + 1);
    const bool ordinary = contains(policy.ordinary_before, last);
    if (numbered ? !ordinary : !ordinary && before.find(' ') != std::string::npos && after.empty())
      return true;
  }
  return false;
}

/// "do mat: toi mat", "Do mat: MAT; so 5".
bool has_labelled_marking(const UploadPolicy& policy, const std::string& core, std::string_view line) {
  for (const auto& label : policy.marking_labels) {
    if (!core.starts_with(label + " ")) continue;
    if (contains(policy.marking_lines, std::string_view(core).substr(label.size() + 1))) return true;
    for (std::size_t at = 0; (at = line.find_first_of(":-=", at)) != std::string_view::npos; ++at) {
      const std::string_view rest = line.substr(at + 1);
      if (is_marking(policy, rest.substr(0, rest.find_first_of(".,;()[]/|")))) return true;
    }
  }
  return false;
}

/// "MAT So: 12/BC", "TOI MAT - Ban so 03".
bool has_numbered_marking(const UploadPolicy& policy, const std::string& core) {
  for (const auto& marking : policy.marking_lines) {
    if (!core.starts_with(marking + " ")) continue;
    const std::string_view rest = std::string_view(core).substr(marking.size() + 1);
    for (const auto& label : policy.number_labels) {
      if (rest.starts_with(label + " ") && rest.size() > label.size() + 1 &&
          is_digit(rest[label.size() + 1])) {
        return true;
      }
    }
  }
  return false;
}

/// Letters and digits alone, in one case.
std::string squeezed(std::string_view line) {
  const std::string folded = fold_case(line);
  std::string out;
  for (std::size_t at = 0; at < folded.size();) {
    const std::size_t length = std::max<std::size_t>(1, utf8_sequence_length(folded, at));
    const std::string_view letter = std::string_view(folded).substr(at, length);
    if (is_letter(letter)) out += letter;
    at += length;
  }
  return out;
}

/// The markings without gaps, without those that hold another one.
std::vector<std::string> cores_of(const std::vector<std::string>& marking_lines) {
  std::vector<std::string> out;
  for (const auto& line : marking_lines) {
    const std::string core = replace_all(line, " ", "");
    const auto holds = [](std::string_view text, std::string_view part) {
      return text.find(part) != std::string_view::npos;
    };
    if (std::any_of(out.begin(), out.end(), [&](const auto& other) { return holds(core, other); })) continue;
    std::erase_if(out, [&](const auto& other) { return holds(other, core); });
    out.push_back(core);
  }
  return out;
}

bool is_marked_line(const UploadPolicy& policy, std::string_view line) {
  if (line.size() > kLineBytesMax || trim(line).empty()) return false;
  const std::string letters = policy.marking_cores.empty() ? std::string() : squeezed(line);
  if (!letters.empty() &&
      std::none_of(policy.marking_cores.begin(), policy.marking_cores.end(),
                   [&](const auto& core) { return letters.find(core) != std::string::npos; }))
    return false;
  if (is_marking(policy, line) || has_marking_piece(policy, line)) return true;
  const std::string core = essence(line);
  return has_labelled_marking(policy, core, line) || has_numbered_marking(policy, core);
}

bool any_marked_line(const UploadPolicy& policy, std::string_view visible) {
  for (const std::string_view line : split(visible, '\n')) {
    if (is_marked_line(policy, line)) return true;
  }
  return false;
}

bool any_marking_words(const UploadPolicy& policy, std::string visible) {
  std::replace(visible.begin(), visible.end(), '\t', ' ');
  visible.erase(
      std::unique(visible.begin(), visible.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
      visible.end());
  return std::any_of(policy.marking_words.begin(), policy.marking_words.end(),
                     [&](const std::string& words) { return has_words(visible, words); });
}

/// Letters of Latin-1 that the TCVN3 fonts show as Vietnamese ones.
bool may_be_tcvn3(std::string_view text) {
  return text.find('\xC2') != std::string_view::npos || text.find('\xC3') != std::string_view::npos;
}

/// Applies `found` to the text as it is and as TCVN3.
template <class Found>
bool in_either_reading(std::string_view text, const Found& found) {
  const std::string valid = to_valid_utf8(text);
  return found(to_visible(valid)) || (may_be_tcvn3(valid) && found(to_visible(from_tcvn3(valid))));
}

/// Whether `found` holds for a text inside the value.
template <class Found>
bool any_string(const Json& value, const Found& found) {
  if (value.is_string()) return found(value.as_string());
  for (const auto& item : value.items()) {
    if (any_string(item, found)) return true;
  }
  return std::any_of(value.members().begin(), value.members().end(),
                     [&](const auto& member) { return any_string(member.second, found); });
}

/// Lines that cannot hold a marking are most of a log: ASCII, no escapes, no "mat".
bool may_hold_marking(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (static_cast<unsigned char>(line[i]) >= 0x80 || line.substr(i, 2) == "\\u") return true;
    if (starts_with_ignore_case_ascii(line.substr(i), "mat")) return true;
  }
  return false;
}

}  // namespace

UploadPolicy read_upload_policy(const YamlNode& node, std::string_view file,
                                std::vector<ContentError>& errors) {
  UploadPolicy out;
  const auto error = [&](const YamlNode& at, std::string reason) {
    errors.push_back({std::string(file), at.line, at.column, std::move(reason)});
  };
  if (!node.is_map()) {
    error(node, "the upload policy must be a map");
    return out;
  }
  constexpr std::string_view kLists[] = {"extensions",    "evidence_extensions", "text_extensions",
                                         "marking_lines", "marking_words",       "marking_labels",
                                         "number_labels", "ordinary_before"};
  for (const auto& [key, value] : node.members) {
    const bool is_list = std::find(std::begin(kLists), std::end(kLists), key.scalar) != std::end(kLists);
    if (!is_list && key.scalar != "size_bytes_max") error(key, fmt::format("unknown key '{}'", key.scalar));
    if (!is_list) continue;
    if (!value.is_sequence() || value.items.empty())
      error(value, fmt::format("'{}' must be a list", key.scalar));
    for (const auto& item : value.items) {
      if (!item.is_scalar()) error(item, fmt::format("'{}' holds texts only", key.scalar));
    }
  }
  for (const char* needed : {"extensions", "marking_lines", "marking_words"}) {
    if (node.find(needed) == nullptr) error(node, fmt::format("'{}' is missing", needed));
  }
  const auto size = parse_int(node.text("size_bytes_max", "33554432"));
  if (!size || *size < 1) error(*node.find("size_bytes_max"), "'size_bytes_max' must be a number above 0");
  if (size && *size >= 1) out.size_bytes_max = static_cast<std::size_t>(*size);
  out.extensions = node.texts("extensions");
  out.evidence_extensions = node.texts("evidence_extensions");
  out.text_extensions = node.texts("text_extensions");
  for (const auto& words : node.texts("marking_words")) out.marking_words.push_back(to_nfc(words));
  for (const auto& [key, list] :
       {std::pair{"marking_lines", &out.marking_lines}, std::pair{"marking_labels", &out.marking_labels},
        std::pair{"number_labels", &out.number_labels}}) {
    for (const auto& text : node.texts(key)) {
      list->push_back(essence(text));
      list->push_back(fold_accents(essence(text)));
    }
  }
  out.marking_cores = cores_of(out.marking_lines);
  for (const auto& word : node.texts("ordinary_before")) out.ordinary_before.push_back(essence(word));
  return out;
}

Result<UploadPolicy> upload_policy_from(const YamlNode& node) {
  std::vector<ContentError> errors;
  UploadPolicy out = read_upload_policy(node, "upload_guard.yaml", errors);
  if (!errors.empty()) return fail(ErrorCode::invalid, errors[0].to_string());
  return out;
}

bool has_secret_marking(const UploadPolicy& policy, std::string_view text) {
  return in_either_reading(text, [&](const std::string& visible) {
    return any_marked_line(policy, visible) || any_marking_words(policy, visible);
  });
}

Result<> check_typed(const UploadPolicy& policy, const Json& value) {
  if (!any_string(value, [&](const std::string& text) { return has_secret_marking(policy, text); }))
    return {};
  return fail(ErrorCode::denied, "the text carries the marking of a state secret",
              "upload.state_secret_text");
}

bool has_marked_event(const UploadPolicy& policy, std::string_view line) {
  if (!may_hold_marking(line)) return false;
  const auto marked = [&](const std::string& text) {
    return in_either_reading(text,
                             [&](const std::string& visible) { return any_marked_line(policy, visible); });
  };
  const auto value = parse_json(line);
  // One word in capitals without accents is a name in logs: a host, a domain, an account.
  const auto in_value = [&](const std::string& text) {
    return !equals_ignore_case_ascii(text, "mat") && marked(text);
  };
  return value ? any_string(*value, in_value) : marked(std::string(line));
}

namespace {

/// What Vietnamese text consists of; whatever else comes ends a line, as most bytes of other forms do.
bool is_text_unit(unsigned unit) {
  return (unit >= 0x20 && unit <= 0x1B0) || unit == 0x09 || (unit >= 0x300 && unit <= 0x323) ||
         (unit >= 0x1EA0 && unit <= 0x1EF9) || (unit >= 0x2010 && unit <= 0x2026);
}

}  // namespace

void WideMarkings::end_line(std::string& line) {
  // One word in capitals without accents is a name, here as in logs.
  if (!line.empty() && !equals_ignore_case_ascii(trim(line), "mat"))
    found_ = found_ || has_marked_event(policy_, line);
  line.clear();
}

void WideMarkings::add_unit(std::string& line, unsigned unit) {
  if (is_text_unit(unit)) {
    if (line.size() < kPieceBytes) append_utf8(line, unit);
  } else if (!line.empty()) {
    end_line(line);
  }
}

void WideMarkings::add(std::string_view piece) {
  for (const char c : piece) {
    const unsigned byte = static_cast<unsigned char>(c);
    if (seen_ > 0) {
      const std::size_t place = seen_ % 2 * 2;
      add_unit(lines_[place], last_ | byte << 8);
      add_unit(lines_[place + 1], last_ << 8 | byte);
    }
    last_ = byte;
    ++seen_;
  }
}

bool WideMarkings::found() {
  for (auto& line : lines_) end_line(line);
  return found_;
}

namespace {

/// Without folders, control characters and excess; `denied` when nothing is left.
Result<std::string> clean_name(std::string_view name) {
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  std::string out;
  for (const char c : to_nfc(to_valid_utf8(name))) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) out += c;
  }
  out = truncate_utf8(out, 200);
  if (out.empty() || out == "." || out == "..") return refuse("no file name", "upload.name");
  return out;
}

bool has_marked_name(const UploadPolicy& policy, const std::string& name) {
  const std::string shown = replace_all(name, "_", " ");
  return has_secret_marking(policy, shown + "\n" + shown.substr(0, shown.rfind('.')));
}

}  // namespace

Result<CheckedUpload> check_upload(const UploadPolicy& policy, std::string_view name,
                                   std::string_view bytes) {
  CheckedUpload out;
  out.name = PHENDAU_TRY(clean_name(name));
  if (bytes.empty()) return refuse("empty file", "upload.empty");
  if (bytes.size() > policy.size_bytes_max) {
    return refuse("too large", "upload.too_large", {std::to_string(policy.size_bytes_max >> 20)});
  }
  const std::string extension = extension_of(out.name);
  if (std::find(policy.extensions.begin(), policy.extensions.end(), extension) == policy.extensions.end()) {
    return refuse("file type ." + extension, "upload.type", {join(policy.extensions, ", ")});
  }
  const DocumentText document = PHENDAU_TRY(read_document(out.name, bytes));
  if (has_secret_marking(policy, document.text) || has_marked_name(policy, out.name))
    return refuse("marking of a state secret", "upload.state_secret");
  out.media_type = document.media_type;
  out.inspected = document.inspected;
  out.size_bytes = bytes.size();
  out.sha256 = sha256_hex(bytes);
  return out;
}

namespace {

/// Of kPieceBytes; the next piece begins inside it, so that no line is cut for both.
constexpr std::size_t kOverlapBytes = 8u << 10;

bool has_marked_bytes(const UploadPolicy& policy, std::string_view piece) {
  if (has_secret_marking(policy, to_valid_utf8(piece))) return true;
  if (piece.find('\0') == std::string_view::npos) return false;
  for (const std::size_t begin : {0u, 1u}) {  // texts in binary files begin anywhere
    const std::size_t even = (piece.size() - std::min(piece.size(), begin)) / 2 * 2;
    for (const char* charset : {"utf-16le", "utf-16be"}) {
      const auto text = from_charset(piece.substr(std::min(piece.size(), begin), even), charset);
      if (text && has_secret_marking(policy, *text)) return true;
    }
  }
  return false;
}

}  // namespace

Result<CheckedUpload> check_evidence(const UploadPolicy& policy, std::string_view name, const File& file) {
  CheckedUpload out;
  out.name = PHENDAU_TRY(clean_name(name));
  out.size_bytes = static_cast<std::size_t>(PHENDAU_TRY(file.size()));
  const std::string extension = extension_of(out.name);
  const bool is_document = contains(policy.extensions, extension);
  if (is_document && out.size_bytes <= policy.size_bytes_max)
    return check_upload(policy, out.name, PHENDAU_TRY(file.read_at(0, out.size_bytes)));
  const bool is_text = contains(policy.text_extensions, extension);
  if (!is_text && is_document)
    return refuse("too large to be looked at", "upload.evidence_too_large",
                  {std::to_string(policy.size_bytes_max >> 20)});
  if (!is_text && !contains(policy.evidence_extensions, extension))
    return refuse("file type ." + extension, "upload.evidence_type",
                  {join(policy.extensions, ", ") + ", " + join(policy.evidence_extensions, ", ")});
  if (out.size_bytes == 0) return refuse("empty file", "upload.empty");
  out.media_type = is_text ? "text/plain" : "application/octet-stream";
  out.inspected = is_text;
  bool marked = has_marked_name(policy, out.name);
  for (std::uint64_t at = 0; !marked && at < out.size_bytes; at += kPieceBytes - kOverlapBytes)
    marked = has_marked_bytes(policy, PHENDAU_TRY(file.read_at(at, kPieceBytes)));
  if (marked) return refuse("marking of a state secret", "upload.state_secret");
  return out;
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "hub/mime_reader.h"

#include <algorithm>

#include "base/hex_digit.h"
#include "base/text.h"
#include "base/unicode.h"

namespace phendau::hub {
namespace {

struct Header {
  std::string name;  // lower case
  std::string value;
};

/// `mark`XX becomes a byte. In quoted-printable a mark at the end of a line joins it to the next.
std::string undo_escapes(std::string_view text, char mark, bool soft_breaks) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != mark) {
      out += text[at];
      continue;
    }
    const std::size_t end = soft_breaks ? text.find_first_not_of(" \t", at + 1) : std::string_view::npos;
    if (end != std::string_view::npos && (text[end] == '\r' || text[end] == '\n')) {
      at = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n' ? end + 1 : end;
    } else if (at + 2 < text.size() && hex_digit(text[at + 1]) >= 0 && hex_digit(text[at + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2]));
      at += 2;
    } else {
      out += mark;
    }
  }
  return out;
}

/// Whatever base64 there is; other characters are passed over, padding starts anew.
std::string undo_base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') {
      bits = 0;
      count = 0;
      continue;
    }
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) continue;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFFFF;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  return out;
}

std::string in_utf8(const std::string& bytes, const std::string& charset) {
  const auto converted = from_charset(bytes, charset);
  return converted ? *converted : to_valid_utf8(bytes);
}

/// "=?UTF-8?B?...?=" anywhere in a header (RFC 2047).
std::string undo_encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = text.find("=?");
    const std::size_t charset_end = begin == text.npos ? text.npos : text.find('?', begin + 2);
    const std::size_t kind_end = charset_end == text.npos ? text.npos : text.find('?', charset_end + 1);
    const std::size_t end = kind_end == text.npos ? text.npos : text.find("?=", kind_end + 1);
    if (end == text.npos) break;
    const std::string_view before = text.substr(0, begin);
    // Space between two encoded words is no text.
    if (out.empty() || !trim(before).empty()) out += before;
    const std::string charset = to_lower_ascii(text.substr(begin + 2, charset_end - begin - 2));
    const bool base64 = ascii_lower(text[charset_end + 1]) == 'b';
    const std::string_view word = text.substr(kind_end + 1, end - kind_end - 1);
    out +=
        in_utf8(base64 ? undo_base64(word) : undo_escapes(replace_all(word, "_", " "), '=', false), charset);
    text.remove_prefix(end + 2);
  }
  out += text;
  return out;
}

/// The first line without its end; removes it from `text`.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == text.npos) {
    text.remove_prefix(text.size());
  } else {
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  return line;
}

/// Fields up to the empty line, which is removed with them.
std::vector<Header> take_headers(std::string_view& text) {
  std::vector<Header> out;
  while (!text.empty()) {
    const std::string_view before = text;
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if ((line[0] == ' ' || line[0] == '\t') && !out.empty()) {
      out.back().value += " " + std::string(trim(line));
    } else if (colon != line.npos && line.substr(0, colon).find(' ') == line.npos) {
      out.push_back({to_lower_ascii(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
    } else {
      text = before;  // no header: the body begins without an empty line
      break;
    }
  }
  return out;
}

/// Without a byte order mark, empty lines and a mail box's "From a@b ..." line in front.
std::string_view without_envelope(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  if (text.starts_with("From ")) take_line(text);
  return text;
}

std::string value_of(const std::vector<Header>& headers, std::string_view name) {
  for (const auto& header : headers) {
    if (header.name == name) return header.value;
  }
  return "";
}

/// Parameter of a header: charset="utf-8", filename*=UTF-8''t%E1%BB%87p.txt; empty if absent.
std::string parameter(std::string_view header, std::string_view name) {
  const std::string lower = to_lower_ascii(header);
  for (std::size_t at = lower.find(name); at != lower.npos; at = lower.find(name, at + 1)) {
    const bool begins = at > 0 && (lower[at - 1] == ';' || lower[at - 1] == ' ' || lower[at - 1] == '\t');
    std::size_t equal = at + name.size();
    const bool extended = equal < lower.size() && lower[equal] == '*';
    if (extended) ++equal;
    if (!begins || equal >= lower.size() || lower[equal] != '=') continue;
    std::string_view rest = header.substr(equal + 1);
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      return undo_encoded_words(rest.substr(0, rest.find('"')));
    }
    rest = trim(rest.substr(0, rest.find(';')));
    const std::size_t quote = extended ? rest.rfind('\'') : rest.npos;
    if (quote == rest.npos) return undo_encoded_words(rest);
    return in_utf8(undo_escapes(rest.substr(quote + 1), '%', false),
                   to_lower_ascii(rest.substr(0, rest.find('\''))));
  }
  return "";
}

class Reader {
 public:
  Reader(MimeMessage& out, const MimeLimits& limits) : out_(out), limits_(limits) {}

  Result<> entity(std::string_view text, int depth) {
    if (depth > limits_.depth_max || out_.parts.size() >= limits_.parts_max) {
      return fail(ErrorCode::limit, "the message has too many parts", "upload.container_too_big");
    }
    const std::vector<Header> headers = take_headers(text);
    for (const auto& header : headers) out_.headers.push_back(undo_encoded_words(header.value));
    const std::string type = value_of(headers, "content-type");
    MimePart part;
    part.media_type = to_lower_ascii(trim(std::string_view(type).substr(0, type.find(';'))));
    if (part.media_type.empty()) part.media_type = "text/plain";
    const std::string boundary = parameter(type, "boundary");
    if (part.media_type.starts_with("multipart/") && !boundary.empty()) {
      return multipart(text, "--" + boundary, depth);
    }
    part.charset = to_lower_ascii(parameter(type, "charset"));
    part.name = parameter(value_of(headers, "content-disposition"), "filename");
    if (part.name.empty()) part.name = parameter(type, "name");
    const std::string encoding = to_lower_ascii(trim(value_of(headers, "content-transfer-encoding")));
    if (encoding == "base64") {
      part.bytes = undo_base64(text);
    } else if (encoding == "quoted-printable") {
      part.bytes = undo_escapes(text, '=', true);
    } else {
      part.bytes = text;
      part.decoded = encoding.empty() || encoding == "7bit" || encoding == "8bit" || encoding == "binary";
    }
    out_.parts.push_back(std::move(part));
    return {};
  }

 private:
  /// Also what stands before the first and after the last boundary is text that a reader can see.
  Result<> multipart(std::string_view text, const std::string& boundary, int depth) {
    std::string_view rest = text;
    const char* begin = text.data();
    bool inside = false;
    const auto finish = [&](const char* end) -> Result<> {
      const std::string_view piece(begin, static_cast<std::size_t>(end - begin));
      if (inside) return entity(piece, depth + 1);
      if (!trim(piece).empty()) out_.headers.emplace_back(piece);
      return {};
    };
    while (!rest.empty()) {
      const char* line_begin = rest.data();
      const std::string_view line = take_line(rest);
      if (!line.starts_with(boundary)) continue;
      const std::string_view tail = trim(line.substr(boundary.size()));
      if (!tail.empty() && tail != "--") continue;
      PHENDAU_TRY(finish(line_begin));
      begin = rest.data();
      inside = tail.empty();
    }
    return finish(text.data() + text.size());
  }

  MimeMessage& out_;
  const MimeLimits& limits_;
};

}  // namespace

bool looks_like_mail(std::string_view text) {
  std::string_view rest = without_envelope(text.substr(0, 64u << 10));
  for (const auto& header : take_headers(rest)) {
    for (const char* name : {"mime-version", "content-type", "content-transfer-encoding"}) {
      if (header.name == name) return true;
    }
  }
  return false;
}

Result<MimeMessage> read_mime(std::string_view text, const MimeLimits& limits) {
  MimeMessage out;
  PHENDAU_TRY(Reader(out, limits).entity(without_envelope(text), 0));
  return out;
}

}  // namespace phendau::hub

// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

#include <algorithm>
#include <array>

#include "base/hex_digit.h"
#include "base/text.h"

namespace phendau::net {
namespace {

std::unexpected<HttpFault> fault(int status, std::string reason) {
  return std::unexpected(HttpFault{status, std::move(reason)});
}

/// tchar of RFC 9110, 5.6.2.
bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

/// Digits only (no sign, no spaces) and no overflow.
std::optional<std::uint64_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

/// The next line without CRLF. The caller knows that the head ends with an empty line.
std::optional<std::string_view> take_line(std::string_view& head) {
  const auto end = head.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = head.substr(0, end);
  head.remove_prefix(end + 2);
  return line;
}

HttpResult<Headers> parse_fields(std::string_view head) {
  Headers headers;
  for (;;) {
    const auto line = take_line(head);
    if (!line) return fault(400, "header line without end");
    if (line->empty()) return headers;
    if (headers.fields().size() == kHeadersMax) return fault(431, "too many headers");
    const auto colon = line->find(':');
    if (colon == std::string_view::npos) return fault(400, "header line without colon");
    const std::string_view name = line->substr(0, colon);
    // A space before the colon or at the start of a line (folding) is how requests are smuggled.
    if (!is_token(name)) return fault(400, "bad header name");
    const std::string_view value = trim(line->substr(colon + 1));
    if (std::any_of(value.begin(), value.end(), is_control))
      return fault(400, "control character in a header");
    headers.add(std::string(name), std::string(value));
  }
}

bool list_contains(std::string_view list, std::string_view token) {
  for (const std::string_view part : split(list, ',')) {
    if (equals_ignore_case_ascii(trim(part), token)) return true;
  }
  return false;
}

struct Framing {
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
};

HttpResult<Framing> parse_framing(const Headers& headers, bool http_1_1) {
  Framing framing;
  const std::size_t lengths = headers.count("Content-Length");
  const std::size_t encodings = headers.count("Transfer-Encoding");
  if (lengths > 1 || encodings > 1 || lengths + encodings > 1) return fault(400, "more than one body length");
  if (encodings == 1) {
    if (!http_1_1) return fault(400, "Transfer-Encoding in HTTP/1.0");
    if (!equals_ignore_case_ascii(headers.get("Transfer-Encoding"), "chunked")) {
      return fault(501, "unknown transfer encoding");
    }
    framing.chunked = true;
  }
  if (lengths == 1) {
    framing.content_length = parse_length(headers.get("Content-Length"));
    if (!framing.content_length) return fault(400, "bad Content-Length");
  }
  return framing;
}

bool wants_keep_alive(const Headers& headers, bool http_1_1) {
  const std::string_view connection = headers.get("Connection");
  if (list_contains(connection, "close")) return false;
  return http_1_1 || list_contains(connection, "keep-alive");
}

/// Cuts scheme and authority of the absolute form; other forms but origin are refused.
std::optional<std::string_view> origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!starts_with_ignore_case_ascii(target, scheme)) continue;
    target.remove_prefix(scheme.size());
    const auto slash = target.find_first_of("/?");
    if (slash == std::string_view::npos) return "/";
    if (target[slash] == '?') return std::nullopt;
    return target.substr(slash);
  }
  if (!target.starts_with('/')) return std::nullopt;
  return target;
}

HttpResult<std::string> parse_path(std::string_view raw) {
  // An encoded slash would let one parser see a folder where another sees a name.
  std::string lower = to_lower_ascii(raw);
  if (lower.find("%2f") != std::string::npos || lower.find("%5c") != std::string::npos) {
    return fault(400, "encoded slash in the path");
  }
  auto path = percent_decode(raw, false);
  if (!path || !is_valid_utf8(*path)) return fault(400, "bad encoding of the path");
  for (const char c : *path) {
    if (is_control(c) || c == '\t' || c == '\\') return fault(400, "bad character in the path");
  }
  for (const std::string_view part : split(*path, '/')) {
    if (part == "." || part == "..") return fault(400, "dot segment in the path");
  }
  return std::move(*path);
}

HttpResult<void> parse_target(RequestHead& head) {
  const bool visible =
      std::all_of(head.target.begin(), head.target.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (head.target.size() > kTargetBytesMax) return fault(414, "the target is too long");
  if (!visible) return fault(400, "bad character in the target");
  const auto origin = origin_form(head.target);
  if (!origin || origin->find('#') != std::string_view::npos) return fault(400, "bad request target");
  const auto question = origin->find('?');
  auto path = parse_path(origin->substr(0, question));
  if (!path) return std::unexpected(path.error());
  head.path = std::move(*path);
  if (question == std::string_view::npos) return {};
  auto query = parse_query(origin->substr(question + 1));
  if (!query) return std::unexpected(query.error());
  head.query = std::move(*query);
  return {};
}

}  // namespace

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const Field& field) { return equals_ignore_case_ascii(field.first, name); });
  add(std::string(name), std::move(value));
}

std::string_view Headers::get(std::string_view name) const {
  for (const Field& field : fields_) {
    if (equals_ignore_case_ascii(field.first, name)) return field.second;
  }
  return {};
}

bool Headers::has(std::string_view name) const { return count(name) > 0; }

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(), [&](const Field& field) {
    return equals_ignore_case_ascii(field.first, name);
  }));
}

std::size_t find_head_end(std::string_view bytes, std::size_t from) {
  const auto end = bytes.find("\r\n\r\n", from < 3 ? 0 : from - 3);
  return end == std::string_view::npos ? 0 : end + 4;
}

HttpResult<RequestHead> parse_request_head(std::string_view bytes) {
  if (bytes.size() > kHeadBytesMax) return fault(431, "the head is too large");
  const auto line = take_line(bytes);
  if (!line) return fault(400, "no request line");
  const auto parts = split(*line, ' ');
  if (parts.size() != 3 || !is_token(parts[0]) || parts[0].size() > 16) return fault(400, "bad request line");
  const bool http_1_1 = parts[2] == "HTTP/1.1";
  if (!http_1_1 && parts[2] != "HTTP/1.0") {
    return fault(parts[2].starts_with("HTTP/") ? 505 : 400, "unknown HTTP version");
  }
  RequestHead head;
  head.http_1_1 = http_1_1;
  head.method = parts[0];
  head.target = parts[1];
  if (auto parsed = parse_target(head); !parsed) return std::unexpected(parsed.error());
  auto headers = parse_fields(bytes);
  if (!headers) return std::unexpected(headers.error());
  head.headers = std::move(*headers);
  if (head.headers.count("Host") > 1 || (http_1_1 && !head.headers.has("Host"))) {
    return fault(400, "a request needs exactly one Host");
  }
  const auto framing = parse_framing(head.headers, http_1_1);
  if (!framing) return std::unexpected(framing.error());
  head.chunked = framing->chunked;
  head.content_length = framing->content_length.value_or(0);
  head.keep_alive = wants_keep_alive(head.headers, http_1_1);
  if (head.headers.has("Expect")) {
    if (!equals_ignore_case_ascii(head.headers.get("Expect"), "100-continue"))
      return fault(417, "unknown Expect");
    head.expects_continue = http_1_1;
  }
  return head;
}

HttpResult<ResponseHead> parse_response_head(std::string_view bytes) {
  if (bytes.size() > kHeadBytesMax) return fault(502, "the head is too large");
  const auto line = take_line(bytes);
  const bool http_1_1 = line && line->starts_with("HTTP/1.1 ");
  if (!line || (!http_1_1 && !line->starts_with("HTTP/1.0 ")) || line->size() < 12) {
    return fault(502, "not an HTTP response");
  }
  const auto status = parse_length(line->substr(9, 3));
  if (!status || *status < 100 || *status > 599 || (line->size() > 12 && (*line)[12] != ' ')) {
    return fault(502, "bad status line");
  }
  auto headers = parse_fields(bytes);
  if (!headers) return std::unexpected(headers.error());
  const auto framing = parse_framing(*headers, http_1_1);
  if (!framing) return std::unexpected(framing.error());
  ResponseHead head;
  head.status = static_cast<int>(*status);
  head.headers = std::move(*headers);
  head.chunked = framing->chunked;
  head.content_length = framing->content_length;
  head.keep_alive = wants_keep_alive(head.headers, http_1_1);
  return head;
}

HttpResult<QueryPairs> parse_query(std::string_view text) {
  QueryPairs out;
  if (text.empty()) return out;
  for (const std::string_view part : split(text, '&')) {
    if (part.empty()) continue;
    if (out.size() == kQueryPairsMax) return fault(400, "too many query parameters");
    const auto equals = part.find('=');
    auto name = percent_decode(part.substr(0, equals), true);
    auto value =
        equals == std::string_view::npos ? std::string() : percent_decode(part.substr(equals + 1), true);
    if (!name || !value || !is_valid_utf8(*name) || !is_valid_utf8(*value))
      return fault(400, "bad encoding of the query");
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

// ---- chunked bodies ----

HttpResult<std::size_t> ChunkedBody::feed(std::string_view in, std::string& out) {
  std::size_t used = 0;
  while (used < in.size() && part_ != Part::done) {
    if (part_ == Part::bytes) {
      const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_bytes_, in.size() - used));
      out.append(in.substr(used, take));
      used += take;
      left_bytes_ -= take;
      if (left_bytes_ == 0) part_ = Part::bytes_end;
      continue;
    }
    const auto took = feed_line(in.substr(used));
    if (!took) return took;
    used += *took;
  }
  return used;
}

/// Collects up to and including the next LF; acts when the line is whole.
HttpResult<std::size_t> ChunkedBody::feed_line(std::string_view in) {
  const auto end = in.find('\n');
  const std::size_t take = end == std::string_view::npos ? in.size() : end + 1;
  if (line_.size() + take > kChunkLineBytesMax) return fault(400, "a chunk line is too long");
  line_.append(in.substr(0, take));
  if (end == std::string_view::npos) return take;
  if (!line_.ends_with("\r\n")) return fault(400, "bare LF in a chunked body");
  line_.resize(line_.size() - 2);
  if (auto ended = end_line(); !ended) return std::unexpected(ended.error());
  line_.clear();
  return take;
}

HttpResult<void> ChunkedBody::end_line() {
  if (part_ == Part::bytes_end) {
    if (!line_.empty()) return fault(400, "a chunk is longer than it said");
    part_ = Part::size_line;
    return {};
  }
  if (part_ == Part::trailer) {
    trailer_bytes_ += line_.size();
    if (trailer_bytes_ > kHeadBytesMax) return fault(431, "the trailers are too large");
    if (line_.empty()) part_ = Part::done;
    return {};
  }
  std::uint64_t size = 0;
  std::size_t digits = 0;
  while (digits < line_.size() && hex_digit(line_[digits]) >= 0) {
    if (digits == 15) return fault(400, "bad chunk size");
    size = size * 16 + static_cast<std::uint64_t>(hex_digit(line_[digits]));
    ++digits;
  }
  const bool extension = digits < line_.size() && line_[digits] == ';';
  if (digits == 0 || (digits < line_.size() && !extension)) return fault(400, "bad chunk size");
  if (std::any_of(line_.begin(), line_.end(), is_control)) return fault(400, "bad chunk extension");
  total_bytes_ += size;
  if (total_bytes_ > size_bytes_max_) return fault(413, "the body is too large");
  left_bytes_ = size;
  part_ = size == 0 ? Part::trailer : Part::bytes;
  return {};
}

std::string_view reason_phrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr std::array kPhrases{Phrase{100, "Continue"},
                                       Phrase{200, "OK"},
                                       Phrase{201, "Created"},
                                       Phrase{202, "Accepted"},
                                       Phrase{204, "No Content"},
                                       Phrase{301, "Moved Permanently"},
                                       Phrase{302, "Found"},
                                       Phrase{303, "See Other"},
                                       Phrase{304, "Not Modified"},
                                       Phrase{307, "Temporary Redirect"},
                                       Phrase{308, "Permanent Redirect"},
                                       Phrase{400, "Bad Request"},
                                       Phrase{401, "Unauthorized"},
                                       Phrase{403, "Forbidden"},
                                       Phrase{404, "Not Found"},
                                       Phrase{405, "Method Not Allowed"},
                                       Phrase{406, "Not Acceptable"},
                                       Phrase{408, "Request Timeout"},
                                       Phrase{409, "Conflict"},
                                       Phrase{410, "Gone"},
                                       Phrase{411, "Length Required"},
                                       Phrase{412, "Precondition Failed"},
                                       Phrase{413, "Content Too Large"},
                                       Phrase{414, "URI Too Long"},
                                       Phrase{415, "Unsupported Media Type"},
                                       Phrase{417, "Expectation Failed"},
                                       Phrase{422, "Unprocessable Content"},
                                       Phrase{428, "Precondition Required"},
                                       Phrase{429, "Too Many Requests"},
                                       Phrase{431, "Request Header Fields Too Large"},
                                       Phrase{500, "Internal Server Error"},
                                       Phrase{501, "Not Implemented"},
                                       Phrase{502, "Bad Gateway"},
                                       Phrase{503, "Service Unavailable"},
                                       Phrase{504, "Gateway Timeout"},
                                       Phrase{505, "HTTP Version Not Supported"},
                                       Phrase{507, "Insufficient Storage"}};
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "Status";
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  const auto append_clean = [&out](std::string_view text) {
    for (const char c : text) {
      if (!is_control(c)) out += c;
    }
  };
  append_clean(name);
  out += ": ";
  append_clean(value);
  out += "\r\n";
}

}  // namespace phendau::net

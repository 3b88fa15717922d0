// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 as plain values and the strict parsing of its messages (RFC 9112), shared by server and client.
// What two parsers could read differently (both lengths, folded lines, bare LF, odd chunks) is refused, so
// that no request can be smuggled past a proxy. Pure; thread-safe; the input is hostile.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace phendau::net {

/// Browsers send under 4 KiB; cookies and tokens of ours stay under 2 KiB.
inline constexpr std::size_t kHeadBytesMax = 16u << 10;
inline constexpr std::size_t kHeadersMax = 100;
inline constexpr std::size_t kTargetBytesMax = 8u << 10;
inline constexpr std::size_t kQueryPairsMax = 200;
/// One chunk-size line: 16 hex digits and extensions nobody uses.
inline constexpr std::size_t kChunkLineBytesMax = 256;

/// Names compare without regard to ASCII case; order is kept.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// Replaces all fields of that name.
  void set(std::string_view name, std::string value);
  /// First value, or "".
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

/// Why a message was refused: the status to answer and an English reason for the log.
struct HttpFault {
  int status = 400;
  std::string reason;
};
template <class T>
using HttpResult = std::expected<T, HttpFault>;

using QueryPairs = std::vector<std::pair<std::string, std::string>>;

struct RequestHead {
  std::string method;
  std::string target;  // as sent
  std::string path;    // decoded; starts with '/', no dot segments, no control characters
  QueryPairs query;    // decoded
  Headers headers;
  bool http_1_1 = true;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;
};

struct ResponseHead {
  int status = 0;
  Headers headers;
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
};

/// Size of the head including its empty line, 0 while incomplete. `from` skips what was searched before.
std::size_t find_head_end(std::string_view bytes, std::size_t from = 0);
/// `head` is exactly what find_head_end() delimits.
HttpResult<RequestHead> parse_request_head(std::string_view head);
HttpResult<ResponseHead> parse_response_head(std::string_view head);
HttpResult<QueryPairs> parse_query(std::string_view text);
/// Percent-decoding; with `plus_is_space` as in forms. Nothing if a % is not followed by two digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode(std::string_view text);

/// Decodes a chunked body piece by piece; trailers are read and thrown away.
class ChunkedBody {
 public:
  explicit ChunkedBody(std::uint64_t size_bytes_max) : size_bytes_max_(size_bytes_max) {}
  /// Appends to `out`; returns how many bytes of `in` belonged to the body. Fault 413 over the limit.
  HttpResult<std::size_t> feed(std::string_view in, std::string& out);
  bool done() const { return part_ == Part::done; }

 private:
  enum class Part : std::uint8_t { size_line, bytes, bytes_end, trailer, done };
  HttpResult<std::size_t> feed_line(std::string_view in);
  HttpResult<void> end_line();

  Part part_ = Part::size_line;
  std::uint64_t size_bytes_max_;
  std::uint64_t total_bytes_ = 0;
  std::uint64_t left_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string line_;
};

std::string_view reason_phrase(int status);
/// "Name: value" lines with control characters removed, so that no value can add a header.
void append_header(std::string& out, std::string_view name, std::string_view value);

}  // namespace phendau::net

// SPDX-License-Identifier: Apache-2.0
// Request and response heads, queries and chunked bodies from hostile bytes. A body fed in two pieces must
// decode as it does in one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "net/address.h"
#include "net/http.h"

namespace {

void check_chunks(std::string_view bytes, std::size_t cut) {
  using phendau::net::ChunkedBody;
  constexpr std::uint64_t kLimit = 1u << 20;
  ChunkedBody whole(kLimit);
  std::string at_once;
  const auto first = whole.feed(bytes, at_once);
  ChunkedBody parts(kLimit);
  std::string in_two;
  auto second = parts.feed(bytes.substr(0, cut), in_two);
  if (second && !parts.done()) second = parts.feed(bytes.substr(cut), in_two);
  if (first.has_value() != second.has_value()) std::abort();
  if (first && (at_once != in_two || whole.done() != parts.done())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phendau::net;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = find_head_end(bytes);
  const std::string_view head = end == 0 ? bytes : bytes.substr(0, end);
  const auto request = parse_request_head(head);
  if (request) {
    if (request->path.empty() || request->path[0] != '/') std::abort();
    if (request->chunked && request->content_length != 0) std::abort();
  }
  static_cast<void>(parse_response_head(head));
  static_cast<void>(parse_query(bytes));
  static_cast<void>(parse_host_port(bytes));
  const std::string_view body = bytes.substr(end);
  check_chunks(body, body.size() / 2);
  return 0;
}

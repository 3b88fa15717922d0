// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

#include <doctest/doctest.h>

namespace http_test {

using namespace phendau::net;

namespace {
int status_of(const std::string& head) {
  const auto parsed = parse_request_head(head);
  return parsed ? 0 : parsed.error().status;
}
const std::string kEnd = "\r\nHost: h\r\n\r\n";
}  // namespace

TEST_CASE("a good request head") {
  const auto head = parse_request_head(
      "GET https://hub/api/c%C3%A1i?q=a+b%26&empty&x=1 HTTP/1.1\r\nHost: hub\r\nX-A:  v \r\nConnection: "
      "close\r\n\r\n");
  REQUIRE(head);
  CHECK(head->path == "/api/c\xc3\xa1i");
  CHECK(head->query == QueryPairs{{"q", "a b&"}, {"empty", ""}, {"x", "1"}});
  CHECK(head->headers.get("x-a") == "v");
  CHECK_FALSE(head->keep_alive);
}

TEST_CASE("requests that two parsers could read differently are refused") {
  struct Case {
    const char* what;
    std::string head;
    int status;
  };
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const Case cases[] = {
      {"both lengths", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"two lengths", post + "Content-Length: 4\r\nContent-Length: 4\r\n\r\n", 400},
      {"length list", post + "Content-Length: 4, 4\r\n\r\n", 400},
      {"signed length", post + "Content-Length: +4\r\n\r\n", 400},
      {"overflow", post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"odd encoding", post + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"two encodings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"encoding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"space before colon", post + "Content-Length : 4\r\n\r\n", 400},
      {"folded", post + "X: a\r\n b\r\n\r\n", 400},
      {"bare LF", "GET / HTTP/1.1\nHost: h\n\r\n\r\n", 400},
      {"bare CR in value", post + "X: a\rb\r\n\r\n", 400},
      {"NUL", post + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", post + "Host: h\r\n\r\n", 400},
      {"version", "GET / HTTP/2.0" + kEnd, 505},
      {"spaces", "GET  / HTTP/1.1" + kEnd, 400},
      {"authority form", "CONNECT h:443 HTTP/1.1" + kEnd, 400},
      {"dot segments", "GET /a/../b HTTP/1.1" + kEnd, 400},
      {"encoded dots", "GET /a/%2e%2E/b HTTP/1.1" + kEnd, 400},
      {"encoded slash", "GET /a%2Fb HTTP/1.1" + kEnd, 400},
      {"encoded NUL", "GET /a%00 HTTP/1.1" + kEnd, 400},
      {"bad percent", "GET /a%4 HTTP/1.1" + kEnd, 400},
      {"bad UTF-8", "GET /%FF HTTP/1.1" + kEnd, 400},
      {"long target", "GET /" + std::string(kTargetBytesMax, 'a') + " HTTP/1.1" + kEnd, 414},
      {"expectation", post + "Expect: tea\r\n\r\n", 417},
      {"good", post + "Content-Length: 4\r\n\r\n", 0},
  };
  for (const Case& c : cases) CHECK_MESSAGE(status_of(c.head) == c.status, c.what);
  std::string many = post;
  for (std::size_t i = 0; i < kHeadersMax; ++i) many += "X: y\r\n";
  CHECK(status_of(many + "\r\n") == 431);
}

TEST_CASE("chunked bodies") {
  struct Case {
    const char* in;
    const char* out;  // null: refused
  };
  const Case cases[] = {{"5\r\nhello\r\n0\r\n\r\n", "hello"},
                        {"2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: v\r\n\r\n", "hello"},
                        {"5\nhello\r\n0\r\n\r\n", nullptr},
                        {"5\r\nhelloX\r\n0\r\n\r\n", nullptr},
                        {"0x5\r\nhello\r\n0\r\n\r\n", nullptr},
                        {"-1\r\nhello\r\n0\r\n\r\n", nullptr},
                        {"\r\n", nullptr},
                        {"fffffffffffffffff\r\n", nullptr},
                        {"65\r\n", nullptr}};
  for (const Case& c : cases) {
    ChunkedBody body(100);
    std::string out;
    bool good = true;
    for (const char* at = c.in; *at != '\0' && good; ++at) good = body.feed({at, 1}, out).has_value();
    CHECK_MESSAGE((good && body.done()) == (c.out != nullptr), c.in);
    if (c.out != nullptr) CHECK(out == c.out);
  }
}

TEST_CASE("no header value can add a header") {
  std::string out;
  append_header(out, "Location", "/a\r\nSet-Cookie: x=1");
  CHECK(out == "Location: /aSet-Cookie: x=1\r\n");
}

}  // namespace http_test

// SPDX-License-Identifier: Apache-2.0
// Proves that gateways are https addresses only, that the signature is what docs/reference/webhook.md says
// (computed once with openssl), and that each status leads on rightly. A real exchange:
// scenario/notices.py.
#include "net/webhook_client.h"

#include <doctest/doctest.h>

namespace webhook_client_test {

using namespace phendau;
using namespace phendau::net;

TEST_CASE("webhook: only https addresses") {
  const auto full = gateway_from("https://sms.tinh.example:8443/v1/send?x=1");
  REQUIRE(full);
  CHECK(full->host == "sms.tinh.example");
  CHECK(full->port == 8443);
  CHECK(full->path == "/v1/send?x=1");
  CHECK(gateway_from("https://a")->path == "/");
  CHECK(gateway_from("https://a")->port == 443);
  for (const char* bad :
       {"", "http://a/", "https://", "https:///x", "https://u:p@a/", "https://a:0/", "https://a:x/",
        "https://a b/", "https://a/\r\nX: y", "ftp://a", "https://a/#x", "https://a?x/"}) {
    CAPTURE(bad);
    CHECK_FALSE(gateway_from(bad));
  }
}

TEST_CASE("webhook: the signature covers time and body") {
  // printf '1764144000.{"a":1}' | openssl dgst -sha256 -hmac bi-mat
  const UtcTime at{std::int64_t{1'764'144'000} * 1'000'000'000};
  CHECK(webhook_signature("bi-mat", at, "{\"a\":1}") ==
        "t=1764144000,v1=31a22d41f2db13f6be6eb6477cd73ce90e548cb53b5532d1e561c6334c14db98");
  CHECK(webhook_signature("khac", at, "{\"a\":1}") != webhook_signature("bi-mat", at, "{\"a\":1}"));
  const std::string good = webhook_signature("bi-mat", at, "{}");
  CHECK(is_webhook_signature("bi-mat", good, at, "{}"));
  CHECK(is_webhook_signature("bi-mat", good, at + minutes(5), "{}"));
  CHECK_FALSE(is_webhook_signature("bi-mat", good, at + minutes(6), "{}"));
  CHECK_FALSE(is_webhook_signature("bi-mat", good, at - minutes(6), "{}"));
  CHECK_FALSE(is_webhook_signature("bi-mat", good, at, "{ }"));
  CHECK_FALSE(is_webhook_signature("khac", good, at, "{}"));
  for (const char* bad :
       {"", "t=", "t=1764144000", "t=1764144000,v1=", "v1=31", "t=99999999999999999999,v1=3"})
    CHECK_FALSE(is_webhook_signature("bi-mat", bad, at, "{}"));
}

TEST_CASE("webhook: what a status leads to") {
  for (const int status : {200, 202, 204}) CHECK(judge_webhook_status(status) == SendEnd::accepted);
  for (const int status : {400, 404, 422}) CHECK(judge_webhook_status(status) == SendEnd::refused);
  for (const int status : {409, 429}) CHECK(judge_webhook_status(status) == SendEnd::put_off);
  for (const int status : {301, 401, 403, 500, 503, 0})
    CHECK(judge_webhook_status(status) == SendEnd::unreachable);
}

}  // namespace webhook_client_test

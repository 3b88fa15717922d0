// SPDX-License-Identifier: Apache-2.0
#include "net/pki.h"

#include <doctest/doctest.h>

#include "net/address.h"

namespace pki_test {

using namespace phendau;
using namespace phendau::net;

TEST_CASE("a CA issues a server certificate with names and addresses") {
  Env& env = posix_env();
  const auto ca = create_ca(env, "Test CA", 3650);
  REQUIRE(ca);
  const auto ca_facts = parse_certificate(ca->certificate_pem);
  REQUIRE(ca_facts);
  CHECK(ca_facts->is_ca);
  CHECK(ca_facts->common_name == "Test CA");
  const auto server = issue_server_certificate(env, *ca, {"hub.example", "127.0.0.1", "::1"}, 90);
  REQUIRE(server);
  CHECK(key_matches(*server));
  CHECK_FALSE(key_matches({server->certificate_pem, ca->key_pem}));
  CHECK(is_signed_by(server->certificate_pem, ca->certificate_pem));
  const auto facts = parse_certificate(server->certificate_pem);
  REQUIRE(facts);
  CHECK(facts->names == std::vector<std::string>{"hub.example", "127.0.0.1", "::1"});
  CHECK(facts->for_server);
  CHECK_FALSE(facts->for_client);
  CHECK_FALSE(facts->is_ca);
  CHECK(facts->issuer_common_name == "Test CA");
  CHECK((facts->not_after - facts->not_before).ns == days(90).ns + kClockTolerance.ns);
  CHECK(check_validity(*facts, env.now()));
  CHECK(check_validity(*facts, env.now() + days(91)).error().text_id == "net.certificate.expired");
  CHECK(check_validity(*facts, env.now() - days(1)).error().text_id == "net.certificate.not_yet_valid");
  CHECK(public_key_sha256(ca->certificate_pem).value() == ca_facts->public_key_sha256);
  CHECK(facts->public_key_sha256 != ca_facts->public_key_sha256);
  for (const char* name : {"", "a,DNS:evil", "b c", "x/y"}) {
    CHECK_FALSE(issue_server_certificate(env, *ca, {name}, 90));
  }
}

TEST_CASE("an agent's request becomes a client certificate with the subject that the hub chose") {
  Env& env = posix_env();
  const auto ca = create_ca(env, "Test CA", 3650).value();
  const auto request = make_certificate_request("device-1");
  REQUIRE(request);
  const auto signed_pem = sign_client_request(env, ca, request->request_pem, {"device-1", "agency-9"}, 365);
  REQUIRE(signed_pem);
  const auto facts = parse_certificate(*signed_pem).value();
  CHECK(facts.common_name == "device-1");
  CHECK(facts.organization == "agency-9");
  CHECK(facts.for_client);
  CHECK_FALSE(facts.for_server);
  CHECK(facts.serial.size() == 32);
  CHECK(key_matches({*signed_pem, request->key_pem}));
  CHECK(renewal_due(facts) > env.now() + days(240));
  CHECK(renewal_due(facts) < env.now() + days(244));
  const auto other =
      sign_client_request(env, ca, request->request_pem, {"device-1", "agency-9"}, 365).value();
  CHECK(parse_certificate(other)->serial != facts.serial);

  std::string damaged = request->request_pem;
  damaged[damaged.size() / 2] = damaged[damaged.size() / 2] == 'A' ? 'B' : 'A';
  CHECK_FALSE(sign_client_request(env, ca, damaged, {"d", "a"}, 365));
  CHECK_FALSE(sign_client_request(env, ca, "", {"d", "a"}, 365));
  CHECK_FALSE(sign_client_request(env, ca, request->request_pem, {"d", ""}, 365));
  CHECK_FALSE(sign_client_request(env, ca, request->request_pem, {"d", "a"}, 0));
  CHECK_FALSE(parse_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

TEST_CASE("host and port") {
  struct Case {
    const char* text;
    const char* host;
    int port;
  };
  const Case good[] = {{"hub.example:443", "hub.example", 443}, {"[::1]:0", "::1", 0}, {":8443", "", 8443},
                       {"192.0.2.7", "192.0.2.7", 99},          {"::1", "::1", 99},    {"hub", "hub", 99},
                       {"[2001:db8::1]", "2001:db8::1", 99}};
  for (const Case& c : good) {
    const auto parsed = parse_host_port(c.text, 99);
    REQUIRE_MESSAGE(parsed, c.text);
    CHECK(parsed->host == c.host);
    CHECK(parsed->port == c.port);
  }
  for (const char* bad :
       {"", "hub:", "hub:65536", "hub:-1", "[::1", "[hub]:1", "a b:1", "hub:1x", "[::1]443"}) {
    CHECK_FALSE_MESSAGE(parse_host_port(bad, 99), bad);
  }
  CHECK_FALSE(parse_host_port("hub"));
  CHECK(parse_ip("::ffff:192.0.2.7")->ip_text() == "192.0.2.7");
  CHECK(parse_ip("::1", 80)->text() == "[::1]:80");
  CHECK(is_loopback_host("127.9.9.9"));
  CHECK(is_loopback_host("localhost"));
  CHECK_FALSE(is_loopback_host("192.0.2.7"));
}

}  // namespace pki_test

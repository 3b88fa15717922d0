// SPDX-License-Identifier: Apache-2.0
// Published vectors: FIPS 180-4 examples, RFC 4231 (HMAC), RFC 8032 (Ed25519).
#include "base/hash.h"

#include <doctest/doctest.h>

#include "base/crc32.h"
#include "base/text.h"

namespace hash_test {

using namespace phendau;

TEST_CASE("hash: SHA-2") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha512_hex("abc") ==
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d"
        "4423643ce80e2a9ac94f"
        "a54ca49f");
  const std::string million(1'000'000, 'a');
  CHECK(sha256_hex(million) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  for (const std::size_t step : {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{65'537}}) {
    Sha256Stream stream;
    const std::string text = million.substr(0, 200'000);
    for (std::size_t at = 0; at < text.size(); at += step)
      stream.update(std::string_view(text).substr(at, step));
    CHECK(stream.finish() == sha256(text));
  }
  Sha256Stream empty;
  CHECK(empty.finish() == sha256(std::string_view()));
}

// FIPS 180-4 and RFC 1321 examples for "abc"; RFC 1952's CRC by its check value.
TEST_CASE("hash: streams of every kind, CRC-32") {
  const std::pair<const char*, const char*> expected[] = {
      {"md5", "900150983cd24fb0d6963f7d28e17f72"},
      {"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {"sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
      {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"sha384",
       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"}};
  for (const auto& [name, hex] : expected) {
    INFO(name);
    const auto kind = digest_kind_from(name);
    REQUIRE(kind.has_value());
    CHECK(to_string(*kind) == name);
    DigestStream stream(*kind);
    for (const char* part : {"a", "", "bc"}) stream.update(part);
    const std::string found = stream.finish_hex();
    CHECK(found == hex);
    CHECK(found.size() == 2 * digest_size_bytes(*kind));
  }
  DigestStream long_one(DigestKind::sha512);
  const std::string million(1'000'000, 'a');
  for (std::size_t at = 0; at < million.size(); at += 4'097) long_one.update(million.substr(at, 4'097));
  CHECK(long_one.finish_hex() == sha512_hex(million));
  CHECK(!digest_kind_from("sha3"));
  CHECK(crc32("123456789") == 0xCBF4'3926u);
  CHECK(crc32("6789", crc32("12345")) == 0xCBF4'3926u);
}

TEST_CASE("hash: HMAC-SHA-256") {
  CHECK(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(hmac_sha256(std::string(131, '\xaa'),
                           "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(to_hex(hmac_sha256({}, {})) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("hash: fast hash is stable within a process and seeded") {
  CHECK(hash64("abc") == hash64("abc"));
  CHECK(hash64("abc") != hash64("abd"));
  CHECK(hash64("abc", 1) != hash64("abc", 2));
  CHECK(hash64({}) == hash64(""));
}

TEST_CASE("hash: Ed25519") {
  const struct {
    const char* secret;
    const char* open;
    const char* message;
    const char* signature;
  } kCases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf"
       "5f0595bbe24655141438e7a"
       "100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2"
       "eaeb4302aeeb00d291612bb"
       "0c00"},
  };
  for (const auto& c : kCases) {
    const std::string secret = *from_hex(c.secret);
    const std::string open = *from_hex(c.open);
    const std::string message = *from_hex(c.message);
    const std::string signature = *from_hex(c.signature);
    CHECK(*ed25519_public_key(secret) == open);
    CHECK(*ed25519_sign(secret, message) == signature);
    CHECK(ed25519_verify(open, message, signature));
    CHECK_FALSE(ed25519_verify(open, message + "x", signature));
    std::string flipped = signature;
    flipped[5] = static_cast<char>(flipped[5] ^ 1);
    CHECK_FALSE(ed25519_verify(open, message, flipped));
    CHECK_FALSE(ed25519_verify(open, message, signature.substr(1)));
    CHECK_FALSE(ed25519_verify(open.substr(1), message, signature));
  }
  CHECK(ed25519_sign("short", "m").error().code == ErrorCode::invalid);
  CHECK(ed25519_public_key("").error().code == ErrorCode::invalid);
}

}  // namespace hash_test

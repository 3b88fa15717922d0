// SPDX-License-Identifier: Apache-2.0
// Signed PDFs made here with libcrypto: valid; one byte changed anywhere; something appended; nobody knows
// the signer; the certificate has expired; damaged ranges.
#include "net/document_signature.h"

#include <doctest/doctest.h>
#include <openssl/cms.h>

#include <fmt/format.h>

#include "base/text.h"
#include "net/openssl_types.h"
#include "net/testing/document_signer.h"

namespace document_signature_test {

using namespace phendau;
using namespace phendau::net;
using Verdict = DocumentSignature::Verdict;

namespace {

constexpr std::size_t kHole = 8'192;  // hex digits
const UtcTime kNow = *parse_rfc3339("2026-11-26T08:00:00Z");

std::string signed_pdf(const Signer& signer, const EVP_MD* digest = nullptr) {
  const std::string head =
      "%PDF-1.7\n1 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached\n/ByteRange [";
  const std::string contents = "]\n/Contents ";
  const std::string tail = " >>\nendobj\ntrailer << /Root 2 0 R >>\n%%EOF\n";
  constexpr std::size_t kNumbers = 43;  // "0 10 digits 10 digits 10 digits", filled with blanks
  const std::size_t begin = head.size() + kNumbers + contents.size();
  const std::size_t end = begin + kHole + 2;
  std::string numbers = fmt::format("0 {} {} {}", begin, end, tail.size());
  numbers.resize(kNumbers, ' ');
  const std::string before = head + numbers + contents;
  const std::string content = before + tail;
  BioPtr data(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  constexpr unsigned kFlags = CMS_DETACHED | CMS_BINARY;
  CMS_ContentInfo* cms = CMS_sign(nullptr, nullptr, nullptr, data.get(), kFlags | CMS_PARTIAL);
  REQUIRE(CMS_add1_signer(cms, signer.certificate.get(), signer.key.get(), digest, kFlags) != nullptr);
  REQUIRE(CMS_final(cms, data.get(), nullptr, kFlags) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_CMS_ContentInfo(cms, &der);
  std::string hex =
      to_hex(std::string_view(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  CMS_ContentInfo_free(cms);
  REQUIRE(hex.size() <= kHole);
  hex.resize(kHole, '0');
  return before + "<" + hex + ">" + tail;
}

}  // namespace

TEST_CASE("a whole signature of a named authority is valid and says who signed") {
  const Signer signer = make_signer(kNow, 365);
  const std::string pdf = signed_pdf(signer);
  const auto found = verify_pdf_signature(pdf, signer.ca.certificate_pem, kNow);
  CAPTURE(found.detail);
  CHECK(found.verdict == Verdict::valid);
  CHECK(found.signer.starts_with("Nguyen Thi Ky"));
  CHECK(found.issuer == "Test CA");
  CHECK_FALSE(found.signed_at.empty());
}

TEST_CASE("a changed byte is found wherever it is") {
  const Signer signer = make_signer(kNow, 365);
  const std::string pdf = signed_pdf(signer);
  const std::size_t hole = pdf.find("/Contents <") + 11;
  for (std::size_t at = 0; at < pdf.size(); at += at >= hole && at < hole + kHole ? 97 : 3) {
    std::string other = pdf;
    other[at] = other[at] == '1' ? '2' : '1';
    if (other == pdf) continue;
    const auto found = verify_pdf_signature(other, signer.ca.certificate_pem, kNow);
    CAPTURE(at);
    // A digit of the signature object that is covered by nothing (padding, versions) changes neither content
    // nor signer.
    const bool in_hole = at >= hole && at < hole + kHole;
    CHECK((found.verdict != Verdict::valid || (in_hole && found.signer.starts_with("Nguyen Thi Ky"))));
  }
}

TEST_CASE("what was added later, an unknown authority and an expired certificate each have their answer") {
  const Signer signer = make_signer(kNow, 30);
  const std::string pdf = signed_pdf(signer);
  CHECK(verify_pdf_signature(pdf + "3 0 obj\nendobj\n%%EOF\n", signer.ca.certificate_pem, kNow).verdict ==
        Verdict::extended);
  CHECK(verify_pdf_signature(pdf, "", kNow).verdict == Verdict::untrusted);
  CHECK(verify_pdf_signature(pdf, make_signer(kNow, 30).ca.certificate_pem, kNow).verdict ==
        Verdict::untrusted);
  CHECK(verify_pdf_signature(pdf, signer.ca.certificate_pem, kNow + days(60)).verdict == Verdict::expired);
}

TEST_CASE("a certificate for something else signs no papers") {
  struct Case {
    const char* usage;
    const char* purposes;
    Verdict verdict;
  };
  for (const Case& one :
       {Case{"critical,nonRepudiation", nullptr, Verdict::valid},
        Case{"digitalSignature", "emailProtection,clientAuth", Verdict::valid},
        Case{nullptr, nullptr, Verdict::valid}, Case{"critical,keyEncipherment", nullptr, Verdict::misused},
        Case{"keyCertSign,cRLSign", nullptr, Verdict::misused},
        Case{"digitalSignature", "serverAuth", Verdict::misused},
        Case{"digitalSignature", "codeSigning,timeStamping", Verdict::misused}}) {
    Signer signer = make_signer(kNow, 365);
    give_purpose(signer, one.usage, one.purposes);
    const std::string pdf = signed_pdf(signer);
    CAPTURE(one.usage);
    CAPTURE(one.purposes);
    CHECK(verify_pdf_signature(pdf, signer.ca.certificate_pem, kNow).verdict == one.verdict);
  }
}

TEST_CASE("a digest that can be forged does not count, and says so") {
  const Signer signer = make_signer(kNow, 365);
  const std::string pdf = signed_pdf(signer, EVP_sha1());
  CHECK(verify_pdf_signature(pdf, signer.ca.certificate_pem, kNow).verdict == Verdict::weak);
  CHECK(verify_pdf_signature(signed_pdf(signer, EVP_sha384()), signer.ca.certificate_pem, kNow).verdict ==
        Verdict::valid);
}

TEST_CASE("a file without a signature is none, a damaged one is said to be") {
  const Signer signer = make_signer(kNow, 30);
  CHECK(verify_pdf_signature("%PDF-1.7\n%%EOF\n", signer.ca.certificate_pem, kNow).verdict == Verdict::none);
  for (const char* range :
       {"[0 5 4 1]", "[1 2 3 4]", "[0 99999999999 1 2]", "[0 1 2", "", "[]", "[0 3 9 0]"}) {
    const std::string pdf = "%PDF /ByteRange " + std::string(range) + " /Contents <00>";
    CHECK(verify_pdf_signature(pdf, signer.ca.certificate_pem, kNow).verdict == Verdict::damaged);
  }
}

}  // namespace document_signature_test

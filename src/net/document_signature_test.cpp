// SPDX-License-Identifier: Apache-2.0
// Signed PDFs made here with libcrypto: valid; one byte changed anywhere; something appended; nobody knows
// the signer; the certificate has expired; damaged ranges.
#include "net/document_signature.h"

#include <doctest/doctest.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>

#include "base/text.h"
#include "net/openssl_types.h"
#include "os/testing/fake_env.h"

namespace document_signature_test {

using namespace phendau;
using namespace phendau::net;
using Verdict = DocumentSignature::Verdict;

namespace {

constexpr std::size_t kHole = 8'192;  // hex digits
const UtcTime kNow = *parse_rfc3339("2026-11-26T08:00:00Z");

/// A signer whose certificate an authority of the test issued.
struct Signer {
  KeyPair ca;
  X509Ptr certificate;
  KeyPtr key;
};

Signer make_signer(UtcTime now, int days) {
  FakeEnv env;
  env.set_now(now);
  Signer out;
  out.ca = *create_ca(env, "Test CA", 3'650);
  const auto request = *make_certificate_request("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  const auto pem = *sign_client_request(env, out.ca, request.request_pem, {"Nguyen Thi Ky", "So KHCN"}, days);
  out.certificate = std::move(read_certificates(pem)->front());
  out.key = std::move(*read_key(request.key_pem));
  return out;
}

std::string signed_pdf(const Signer& signer) {
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
  CMS_ContentInfo* cms =
      CMS_sign(signer.certificate.get(), signer.key.get(), nullptr, data.get(), CMS_DETACHED | CMS_BINARY);
  REQUIRE(cms != nullptr);
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

/// The same certificate with other purposes, signed by the same authority.
void give_purpose(Signer& signer, const char* usage, const char* purposes) {
  X509* certificate = signer.certificate.get();
  for (const int nid : {NID_key_usage, NID_ext_key_usage}) {
    const int at = X509_get_ext_by_NID(certificate, nid, -1);
    if (at >= 0) X509_EXTENSION_free(X509_delete_ext(certificate, at));
  }
  for (const auto& [nid, text] : {std::pair(NID_key_usage, usage), std::pair(NID_ext_key_usage, purposes)}) {
    if (text == nullptr) continue;
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, text);
    REQUIRE(extension != nullptr);
    REQUIRE(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }
  const KeyPtr key = std::move(*read_key(signer.ca.key_pem));
  REQUIRE(X509_sign(certificate, key.get(), EVP_sha256()) > 0);
  // Read again: what the object remembers of its extensions is of before.
  BioPtr out(BIO_new(BIO_s_mem()));
  REQUIRE(PEM_write_bio_X509(out.get(), certificate) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  signer.certificate =
      std::move(read_certificates(std::string_view(text, static_cast<std::size_t>(size)))->front());
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

TEST_CASE("a file without a signature is none, a damaged one is said to be") {
  const Signer signer = make_signer(kNow, 30);
  CHECK(verify_pdf_signature("%PDF-1.7\n%%EOF\n", signer.ca.certificate_pem, kNow).verdict == Verdict::none);
  for (const char* range :
       {"[0 5 4 1]", "[1 2 3 4]", "[0 99999999999 1 2]", "[0 1 2", "", "[]", "[0 3 9 0]"}) {
    const std::string pdf = "%PDF /ByteRange " + std::string(range) + " /Contents <00>";
    CHECK(verify_pdf_signature(pdf, signer.ca.certificate_pem, kNow).verdict == Verdict::damaged);
  }
  CHECK(has_docx_signature("PK...._xmlsignatures/sig1.xml"));
  CHECK_FALSE(has_docx_signature("PK....word/document.xml"));
}

}  // namespace document_signature_test

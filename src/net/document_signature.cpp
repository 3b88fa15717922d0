// SPDX-License-Identifier: Apache-2.0
#include "net/document_signature.h"

#include <ctime>

#include <openssl/cms.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/text.h"
#include "net/openssl_types.h"
#include "net/signer.h"

namespace phendau::net {
namespace {

using CmsPtr = std::unique_ptr<CMS_ContentInfo, Freer<CMS_ContentInfo_free>>;
using Verdict = DocumentSignature::Verdict;

/// Where a signature's bytes are: everything but the hole that holds the signature itself.
struct ByteRange {
  std::size_t hole_begin = 0;  // of '<'
  std::size_t hole_end = 0;    // after '>'
  std::size_t end = 0;         // of what is signed
};

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Four numbers after "/ByteRange", as far as they can be true of this file.
std::optional<ByteRange> range_at(std::string_view pdf, std::size_t at) {
  std::array<std::size_t, 4> numbers{};
  const auto skip = [&] {
    while (at < pdf.size() && is_space(pdf[at])) ++at;
  };
  skip();
  if (at >= pdf.size() || pdf[at++] != '[') return std::nullopt;
  for (auto& number : numbers) {
    skip();
    std::size_t digits = 0;
    while (at < pdf.size() && pdf[at] >= '0' && pdf[at] <= '9' && digits < 12) {
      number = number * 10 + static_cast<std::size_t>(pdf[at++] - '0');
      ++digits;
    }
    if (digits == 0) return std::nullopt;
  }
  skip();
  if (at >= pdf.size() || pdf[at] != ']') return std::nullopt;
  const auto [begin, first, second, rest] = numbers;
  const bool fits = begin == 0 && first < second && second <= pdf.size() && rest <= pdf.size() - second;
  if (!fits || second - first < 2 || pdf[first] != '<' || pdf[second - 1] != '>') return std::nullopt;
  return ByteRange{first, second, second + rest};
}

/// The signature that covers most of the file; nullopt when there is none at all.
std::optional<ByteRange> last_range(std::string_view pdf, bool& named) {
  constexpr std::string_view kName = "/ByteRange";
  std::optional<ByteRange> out;
  std::size_t seen = 0;
  for (std::size_t at = pdf.find(kName); at != pdf.npos && seen < kSignaturesMax;
       at = pdf.find(kName, at + kName.size())) {
    named = true;
    ++seen;
    const auto range = range_at(pdf, at + kName.size());
    if (range && (!out || range->end > out->end)) out = range;
  }
  return out;
}

std::optional<std::string> bytes_of_hex(std::string_view hex) {
  std::string digits;
  for (const char c : hex) {
    if (!is_space(c)) digits += c;
  }
  if (digits.size() % 2 != 0) digits += '0';
  if (digits.size() > kSignatureBytesMax * 2) return std::nullopt;
  auto bytes = from_hex(digits);
  return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
}

BioPtr bio_over(std::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// The time that the signer's computer wrote into the signature.
std::string signing_time(CMS_SignerInfo* info) {
  const int at = CMS_signed_get_attr_by_NID(info, NID_pkcs9_signingTime, -1);
  X509_ATTRIBUTE* attribute = at < 0 ? nullptr : CMS_signed_get_attr(info, at);
  const ASN1_TYPE* value = attribute == nullptr ? nullptr : X509_ATTRIBUTE_get0_type(attribute, 0);
  if (value == nullptr || (value->type != V_ASN1_UTCTIME && value->type != V_ASN1_GENERALIZEDTIME)) return "";
  std::tm civil{};
  if (ASN1_TIME_to_tm(value->value.asn1_string, &civil) != 1) return "";
  const CivilTime at_utc{
      {civil.tm_year + 1900, civil.tm_mon + 1, civil.tm_mday}, civil.tm_hour, civil.tm_min, civil.tm_sec};
  return format_rfc3339(from_civil(at_utc, kUtcZone));
}

bool has_weak_digest(CMS_SignerInfo* info) {
  X509_ALGOR* digest = nullptr;
  CMS_SignerInfo_get0_algs(info, nullptr, nullptr, &digest, nullptr);
  const ASN1_OBJECT* name = nullptr;
  X509_ALGOR_get0(&name, nullptr, nullptr, digest);
  const int nid = OBJ_obj2nid(name);
  return nid == NID_sha1 || nid == NID_md5;
}

DocumentSignature judge(std::string_view pdf, const ByteRange& range, std::string_view authorities_pem,
                        UtcTime now) {
  DocumentSignature out;
  out.verdict = Verdict::damaged;
  const auto der = bytes_of_hex(pdf.substr(range.hole_begin + 1, range.hole_end - range.hole_begin - 2));
  const BioPtr der_bio = der ? bio_over(*der) : nullptr;
  const CmsPtr cms(der_bio ? d2i_CMS_bio(der_bio.get(), nullptr) : nullptr);
  if (!cms) {
    out.detail = "no CMS object: " + openssl_reason();
    return out;
  }
  std::string content(pdf.substr(0, range.hole_begin));
  content += pdf.substr(range.hole_end, range.end - range.hole_end);
  const BioPtr data = bio_over(content);
  const unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY;
  const bool whole = CMS_verify(cms.get(), nullptr, nullptr, data.get(), nullptr, flags) == 1;
  if (!whole) out.detail = openssl_reason();
  ERR_clear_error();
  STACK_OF(CMS_SignerInfo)* infos = CMS_get0_SignerInfos(cms.get());
  STACK_OF(X509)* signers = whole ? CMS_get0_signers(cms.get()) : nullptr;
  X509* signer = signers != nullptr && sk_X509_num(signers) == 1 ? sk_X509_value(signers, 0) : nullptr;
  if (!whole) {
    out.verdict = Verdict::changed;
  } else if (signer == nullptr || infos == nullptr || sk_CMS_SignerInfo_num(infos) != 1) {
    out.detail = "not exactly one signer";
  } else {
    CMS_SignerInfo* info = sk_CMS_SignerInfo_value(infos, 0);
    name_signer(signer, out);
    out.signed_at = signing_time(info);
    STACK_OF(X509)* others = CMS_get1_certs(cms.get());
    out.verdict = range.end != pdf.size() ? Verdict::extended
                  : has_weak_digest(info) || has_weak_key(signer)
                      ? Verdict::weak
                      : judge_signer(signer, others, authorities_pem, now);
    sk_X509_pop_free(others, X509_free);
  }
  sk_X509_free(signers);
  return out;
}

}  // namespace

DocumentSignature verify_pdf_signature(std::string_view pdf, std::string_view authorities_pem, UtcTime now) {
  DocumentSignature out;
  bool named = false;
  const auto range = last_range(pdf, named);
  if (range) return judge(pdf, *range, authorities_pem, now);
  if (named) {
    out.verdict = Verdict::damaged;
    out.detail = "no byte range that fits the file";
  }
  return out;
}

}  // namespace phendau::net

// SPDX-License-Identifier: Apache-2.0
#include "model/indicator.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/json_schema.h"
#include "base/text.h"
#include "model/predicate.h"

namespace phendau {
namespace {

constexpr int kNetworkBitsMin4 = 8;  // wider networks are no sign of anybody
constexpr int kNetworkBitsMin6 = 24;
constexpr std::size_t kDomainBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;
// What files that arrive by mail or download are called; none of them is a top-level domain in use here.
constexpr std::string_view kFileEndings[] = {
    "exe", "dll", "sys", "scr", "bat", "cmd",  "ps1",  "vbs", "js",   "jse",  "hta", "lnk",
    "msi", "iso", "img", "jar", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "rtf", "pdf",
    "zip", "rar", "7z",  "elf", "bin", "tmp",  "dat",  "php", "aspx", "jsp",  "so"};

std::unexpected<Error> refuse(std::string_view reason, std::string_view text_id) {
  return fail(ErrorCode::invalid, std::string(reason), std::string(text_id));
}

/// Lists write addresses so that nobody opens them by mistake.
std::string refang(std::string_view text) {
  std::string out(trim(text));
  for (const auto& [from, to] : {std::pair<std::string_view, std::string_view>{"[.]", "."},
                                 {"(.)", "."},
                                 {"[dot]", "."},
                                 {"(dot)", "."},
                                 {"[:]", ":"},
                                 {"[at]", "@"},
                                 {"[@]", "@"},
                                 {"[://]", "://"}}) {
    out = replace_all(out, from, to);
  }
  if (starts_with_ignore_case_ascii(out, "hxxp")) out = "http" + out.substr(4);
  return out;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f'); });
}

std::size_t digits_of(IndicatorType type) {
  return type == IndicatorType::md5 ? 32u : type == IndicatorType::sha1 ? 40u : 64u;
}

bool is_domain(std::string_view text) {
  if (text.size() > kDomainBytesMax || text.find('.') == text.npos) return false;
  const auto labels = split(text, '.');
  const bool fine = std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), [](char c) {
             return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
                    static_cast<unsigned char>(c) >= 0x80;
           });
  });
  return fine && !std::all_of(labels.back().begin(), labels.back().end(), is_digit);
}

Result<std::string> ip_value(const std::string& text) {
  const auto bytes = parse_ip(text);
  if (!bytes) return refuse("this is no address", "indicator.ip");
  const bool nothing = std::all_of(bytes->begin(), bytes->end() - 1, [](std::uint8_t b) { return b == 0; }) &&
                       bytes->back() <= 1;
  const bool itself =
      bytes->size() == 4 && (bytes->front() == 127 || bytes->front() == 0 || bytes->front() >= 224);
  if (nothing || itself)
    return refuse("this address means the machine itself or everybody", "indicator.itself");
  return to_lower_ascii(text);
}

Result<std::string> network_value(const std::string& text) {
  const Cidr network = PHENDAU_TRY(Cidr::parse(text));
  const int narrowest = network.address.size() == 4 ? kNetworkBitsMin4 : kNetworkBitsMin6;
  if (network.prefix_bits < narrowest)
    return refuse("this network is too wide to mean anybody", "indicator.wide");
  return to_lower_ascii(text);
}

Result<std::string> domain_value(std::string text) {
  text = to_lower_ascii(text);
  if (text.starts_with("*.")) text.erase(0, 2);
  while (text.ends_with('.')) text.pop_back();
  if (!is_domain(text)) return refuse("this is no domain name", "indicator.domain");
  return text;
}

/// Logs have an address with or without its scheme, and hosts in any case: the scheme is left out.
Result<std::string> url_value(const std::string& text) {
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos)
    return refuse("an address of a page begins with its scheme", "indicator.url_scheme");
  const std::string rest = text.substr(scheme + 3);
  const std::size_t path = std::min(rest.find('/'), rest.find('?'));
  const std::string host = to_lower_ascii(rest.substr(0, path));
  if (host.empty() ||
      !std::all_of(rest.begin(), rest.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20; }))
    return refuse("this is no address of a page", "indicator.url");
  const std::string tail = path == rest.npos ? std::string() : rest.substr(path);
  if (tail.empty() || tail == "/")
    return refuse("a page without a path is a domain or an address", "indicator.url_path");
  return host + tail;
}

Result<std::string> file_value(std::string text) {
  const std::size_t folder = text.find_last_of("/\\");
  if (folder != text.npos) text.erase(0, folder + 1);
  if (text.find('.') == text.npos || text.size() < 5)
    return refuse("the name of the file is too short to mean anything", "indicator.file");
  return text;
}

}  // namespace

std::string_view to_string(IndicatorType type) {
  switch (type) {
    case IndicatorType::ip:
      return "ip";
    case IndicatorType::network:
      return "network";
    case IndicatorType::domain:
      return "domain";
    case IndicatorType::url:
      return "url";
    case IndicatorType::md5:
      return "md5";
    case IndicatorType::sha1:
      return "sha1";
    case IndicatorType::sha256:
      return "sha256";
    case IndicatorType::email:
      return "email";
    case IndicatorType::file_name:
      return "file_name";
  }
  return "";
}

std::optional<IndicatorType> indicator_type_from(std::string_view name) {
  for (const IndicatorType type : kIndicatorTypes) {
    if (to_string(type) == name) return type;
  }
  return std::nullopt;
}

Result<Indicator> indicator_from(IndicatorType type, std::string_view value) {
  const std::string text = refang(value);
  if (text.empty()) return refuse("there is no value", "indicator.none");
  if (text.size() > kIndicatorBytesMax || !is_valid_utf8(text))
    return refuse("the value is too long or no UTF-8", "indicator.long");
  const auto normal = [&]() -> Result<std::string> {
    switch (type) {
      case IndicatorType::ip:
        return ip_value(text);
      case IndicatorType::network:
        return network_value(text);
      case IndicatorType::domain:
        return domain_value(text);
      case IndicatorType::url:
        return url_value(text);
      case IndicatorType::email:
        if (!is_email(text)) return refuse("this is no mail address", "indicator.email");
        return to_lower_ascii(text);
      case IndicatorType::file_name:
        return file_value(text);
      case IndicatorType::md5:
      case IndicatorType::sha1:
      case IndicatorType::sha256:
        if (text.size() != digits_of(type) || !is_hex(text))
          return fail(ErrorCode::invalid,
                      fmt::format("a hash of this kind has {} hexadecimal digits", digits_of(type)),
                      "indicator.hash", {std::to_string(digits_of(type))});
        return to_lower_ascii(text);
    }
    return refuse("unknown type", "indicator.type");
  };
  return Indicator{type, PHENDAU_TRY(normal()), {}};
}

Result<Indicator> indicator_from(std::string_view value) {
  const std::string text = refang(value);
  if (text.empty()) return refuse("there is no value", "indicator.none");
  if (is_hex(text)) {
    for (const IndicatorType type : {IndicatorType::md5, IndicatorType::sha1, IndicatorType::sha256}) {
      if (text.size() == digits_of(type)) return indicator_from(type, text);
    }
  }
  if (parse_ip(text)) return indicator_from(IndicatorType::ip, text);
  if (is_cidr(text)) return indicator_from(IndicatorType::network, text);
  if (text.find("://") != text.npos) {
    if (auto page = indicator_from(IndicatorType::url, text)) return page;
    std::string host = text.substr(text.find("://") + 3);  // without a path: the host is meant
    while (host.ends_with('/')) host.pop_back();
    return indicator_from(parse_ip(host) ? IndicatorType::ip : IndicatorType::domain, host);
  }
  if (is_email(text)) return indicator_from(IndicatorType::email, text);
  const std::string ending = to_lower_ascii(text.substr(std::min(text.rfind('.'), text.size() - 1) + 1));
  const bool is_file =
      std::find(std::begin(kFileEndings), std::end(kFileEndings), ending) != std::end(kFileEndings);
  if (is_file || text.find_first_of("/\\ ") != text.npos)
    return indicator_from(IndicatorType::file_name, text);
  return indicator_from(IndicatorType::domain, text);
}

}  // namespace phendau

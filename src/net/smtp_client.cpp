// SPDX-License-Identifier: Apache-2.0
#include "net/smtp_client.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/text.h"

namespace phendau::net {
namespace {

constexpr std::size_t kAddressBytesMax = 254;  // RFC 5321 4.5.3.1.3 without the brackets
constexpr std::size_t kBase64LineChars = 76;   // RFC 2045 6.8
constexpr std::size_t kWordBytesMax = 42;      // of text in one encoded word: 56 characters and its frame

/// "=?UTF-8?B?...?=" words of at most 75 characters, split between characters (RFC 2047).
std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view piece = truncate_utf8(text, kWordBytesMax);
    if (piece.empty()) break;
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + to_base64(piece) + "?=";
    text.remove_prefix(piece.size());
  }
  return out;
}

std::string mail_date(UtcTime at) {
  constexpr std::string_view kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime c = to_civil(at, kVietnamZone);
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0700",
                     kDays[static_cast<std::size_t>(iso_weekday(c.date) - 1)], c.date.day,
                     kMonths[static_cast<std::size_t>(c.date.month - 1)], c.date.year, c.hour, c.minute,
                     c.second);
}

struct Reading {
  std::string text;
  std::size_t at = 0;
};
std::size_t read_some(char* buffer, std::size_t size, std::size_t count, void* data) {
  auto& reading = *static_cast<Reading*>(data);
  const std::size_t take = std::min(size * count, reading.text.size() - reading.at);
  std::copy_n(reading.text.data() + reading.at, take, buffer);
  reading.at += take;
  return take;
}
/// What the server says is not ours to print.
std::size_t drop(char*, std::size_t size, std::size_t count, void*) { return size * count; }

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void set_server(CURL* curl, const SmtpServer& server) {
  using Security = SmtpServer::Security;
  const bool tls = server.security == Security::tls;
  const std::string url = fmt::format("{}://{}:{}", tls ? "smtps" : "smtp", server.host, server.port);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_USE_SSL,
                   static_cast<long>(server.security == Security::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!server.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, server.ca_file.c_str());
  if (!server.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.c_str());
  }
  const long milliseconds = static_cast<long>(server.timeout.ns / 1'000'000);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

}  // namespace

bool is_mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 >= text.size() || text.size() > kAddressBytesMax)
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; }) &&
         text.find_first_of("<>,;:\\\"()[]", 0) == std::string_view::npos &&
         text.find('@', at + 1) == std::string_view::npos;
}

std::string mail_text(std::string_view from, const Mail& mail) {
  const std::size_t at = from.find('@');
  const std::string_view host = at == std::string_view::npos ? from : from.substr(at + 1);
  std::string out = fmt::format("From: {}\r\nTo: {}\r\n", from, mail.to);
  out += "Subject: " + encoded_words(to_valid_utf8(mail.subject)) + "\r\n";
  out += "Date: " + mail_date(mail.at) + "\r\n";
  out += fmt::format("Message-ID: <{}@{}>\r\n", mail.id, host);
  out += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  // Nobody answers a machine, and machines must not answer this one (RFC 3834).
  out += "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n";
  const std::string body = to_base64(replace_all(to_valid_utf8(mail.text), "\n", "\r\n"));
  for (std::size_t i = 0; i < body.size(); i += kBase64LineChars)
    out += body.substr(i, kBase64LineChars) + "\r\n";
  return out;
}

Result<> send_mail(const SmtpServer& server, const Mail& mail) {
  if (!is_mail_address(mail.to) || !is_mail_address(server.from))
    return fail(ErrorCode::invalid, "no mail address", "mail.refused", {mail.to, "-"});
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
  if (!curl) return fail(ErrorCode::unavailable, "out of memory", "mail.unreachable", {server.host, "-"});
  set_server(curl.get(), server);
  const std::string from = "<" + server.from + ">";
  const std::string to = "<" + mail.to + ">";
  const std::unique_ptr<curl_slist, ListDeleter> readers(curl_slist_append(nullptr, to.c_str()));
  Reading reading{mail_text(server.from, mail), 0};
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, readers.get());
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, read_some);
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &reading);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, drop);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer);
  const std::string why = fmt::format("{} ({})", curl_easy_strerror(code), answer);
  // 5xx to this mail is final; 5xx to the sign-in is a setting that somebody will mend.
  const bool is_final = answer >= 500 && answer < 600 && code == CURLE_SEND_ERROR;
  return fail(is_final ? ErrorCode::invalid : ErrorCode::unavailable, "mail not sent: " + why,
              is_final ? "mail.refused" : "mail.unreachable", {is_final ? mail.to : server.host, why});
}

}  // namespace phendau::net

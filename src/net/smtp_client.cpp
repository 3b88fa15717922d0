// SPDX-License-Identifier: Apache-2.0
#include "net/smtp_client.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/text.h"

namespace phendau::net {
namespace {

constexpr std::size_t kAddressBytesMax = 254;  // RFC 5321 4.5.3.1.3 without the brackets
constexpr std::size_t kBase64LineChars = 76;   // RFC 2045 6.8
/// Greeting, EHLO twice, STARTTLS, sign-in, MAIL, RCPT, DATA.
constexpr std::int64_t kAnswersMax = 9;
constexpr long kGoodbyeSeconds = 5;  // for the answer to QUIT, which nobody needs
constexpr std::chrono::seconds kStopPatience{10};
constexpr std::size_t kWordBytesMax = 42;  // of text in one encoded word: 56 characters and its frame

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

/// How far an exchange has come: the command that waits for an answer.
enum class Stage : std::uint8_t { before, recipient, data, text, dot };

/// One exchange, as libcurl's callbacks see it.
struct Exchange {
  CURL* curl = nullptr;
  const std::atomic<bool>* stop = nullptr;
  Duration final_timeout;
  std::string text;
  std::size_t at = 0;
  Stage stage = Stage::before;
  std::string reply;  // lines of the newest answer
  int code = 0;       // of it; 0: none yet
  std::chrono::steady_clock::time_point stop_seen;
  bool is_stopping = false;
  bool is_leaving = false;  // QUIT was said: what follows is about nothing

  void hear(std::string_view line);
  void say(std::string_view line);
};

void Exchange::hear(std::string_view line) {
  if (line.size() < 3 || is_leaving) return;
  const auto number = parse_int(line.substr(0, 3));
  if (!number) return;
  code = static_cast<int>(*number);
  if (reply.size() < kServerAnswerBytesMax) reply += (reply.empty() ? "" : " ") + std::string(trim(line));
}

void Exchange::say(std::string_view line) {
  is_leaving = is_leaving || line.starts_with("QUIT");
  if (is_leaving) return;
  reply.clear();
  code = 0;
  if (line.starts_with("RCPT ")) stage = Stage::recipient;
  if (line.starts_with("DATA")) stage = Stage::data;
}

std::size_t read_some(char* buffer, std::size_t size, std::size_t count, void* data) {
  auto& exchange = *static_cast<Exchange*>(data);
  const std::size_t take = std::min(size * count, exchange.text.size() - exchange.at);
  std::copy_n(exchange.text.data() + exchange.at, take, buffer);
  exchange.at += take;
  if (exchange.stage != Stage::dot) {
    exchange.stage = take == 0 ? Stage::dot : Stage::text;
    exchange.reply.clear();
    exchange.code = 0;
  }
  // From here on the server may have it: it gets the time that it needs.
  if (take == 0) {
    curl_easy_setopt(exchange.curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                     static_cast<long>(exchange.final_timeout.ns / 1'000'000'000));
  }
  return take;
}

/// What both sides say, to know how far they came. Sign-in passes here too: nothing of it is kept.
int note_talk(CURL*, curl_infotype type, char* data, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (type == CURLINFO_HEADER_IN) exchange.hear({data, size});
  if (type == CURLINFO_HEADER_OUT) exchange.say({data, size});
  return 0;
}

int may_go_on(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (!exchange.stop->load()) return 0;
  const auto now = std::chrono::steady_clock::now();
  if (!exchange.is_stopping) exchange.stop_seen = now;
  exchange.is_stopping = true;
  return exchange.stage == Stage::dot && now - exchange.stop_seen < kStopPatience ? 0 : 1;
}
/// Bodies of answers there are none.
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
  const auto milliseconds = [](Duration time) { return static_cast<long>(time.ns / 1'000'000); };
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(server.connect_timeout));
  curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, milliseconds(server.reply_timeout) / 1'000);
  const Duration whole{server.connect_timeout.ns + kAnswersMax * server.reply_timeout.ns +
                       server.final_timeout.ns};
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds(whole));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

void set_callbacks(CURL* curl, Exchange& exchange) {
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_some);
  curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, note_talk);
  curl_easy_setopt(curl, CURLOPT_DEBUGDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, may_go_on);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
}

/// 4xx means later and 5xx never (RFC 5321 4.2.1), if it is about the recipient or the message. A refused
/// greeting, sign-in or sender is a setting that somebody will mend, and no reason to drop a mail.
SendEnd judge(const Exchange& exchange) {
  constexpr int kGoingDown = 421;
  constexpr int kSignInFirst = 530;
  const int code = exchange.code;
  const bool is_about_mail = exchange.stage != Stage::before;
  if (exchange.stage == Stage::dot && code == 0) return SendEnd::unsure;
  if (!is_about_mail || code == kGoingDown || code == kSignInFirst) return SendEnd::unreachable;
  if (code >= 500 && code < 600) return SendEnd::refused;
  if (exchange.stage == Stage::dot && code >= 200 && code < 300) return SendEnd::accepted;
  return exchange.is_stopping ? SendEnd::unreachable : SendEnd::put_off;
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

SendReply send_mail(const SmtpServer& server, const Mail& mail, const std::atomic<bool>& stop) {
  if (!is_mail_address(mail.to) || !is_mail_address(server.from)) return {SendEnd::refused, "no address"};
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  Exchange exchange;  // outlives the handle, whose end still says QUIT
  const std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
  if (!curl) return {SendEnd::unreachable, "out of memory"};
  exchange.curl = curl.get();
  exchange.stop = &stop;
  exchange.final_timeout = server.final_timeout;
  exchange.text = mail_text(server.from, mail);
  set_server(curl.get(), server);
  set_callbacks(curl.get(), exchange);
  const std::string from = "<" + server.from + ">";
  const std::string to = "<" + mail.to + ">";
  const std::unique_ptr<curl_slist, ListDeleter> readers(curl_slist_append(nullptr, to.c_str()));
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, readers.get());
  const CURLcode code = curl_easy_perform(curl.get());
  SendReply out{code == CURLE_OK ? SendEnd::accepted : judge(exchange), printable_answer(exchange.reply)};
  if (out.answer.empty()) out.answer = curl_easy_strerror(code);
  curl_easy_setopt(curl.get(), CURLOPT_SERVER_RESPONSE_TIMEOUT, kGoodbyeSeconds);
  return out;
}

}  // namespace phendau::net

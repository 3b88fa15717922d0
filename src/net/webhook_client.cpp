// SPDX-License-Identifier: Apache-2.0
#include "net/webhook_client.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "net/http_client.h"

namespace phendau::net {
namespace {

constexpr std::size_t kUrlBytesMax = 2'000;
constexpr std::uint64_t kAnswerBytesMax = 64u << 10;
constexpr Duration kConnectTimeout = seconds(10);
/// Short: a gateway that takes longer is asked again with the same key.
constexpr Duration kAnswerTimeout = seconds(20);

}  // namespace

Result<Gateway> gateway_from(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  const auto wrong = [] { return fail(ErrorCode::invalid, "not an https address"); };
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  if (!url.starts_with(kScheme) || !plain || url.size() > kUrlBytesMax) return wrong();
  url.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(url.find('/'), url.size());
  std::string_view host = url.substr(0, slash);
  Gateway out;
  if (slash < url.size()) out.path = url.substr(slash);
  if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    const auto port = parse_int(host.substr(colon + 1));
    if (!port || *port < 1 || *port > 65'535) return wrong();
    out.port = static_cast<std::uint16_t>(*port);
    host = host.substr(0, colon);
  }
  if (host.empty() || host.find_first_of("@?#[]:") != std::string_view::npos ||
      out.path.find('#') != std::string::npos)
    return wrong();
  out.host = host;
  return out;
}

std::string webhook_signature(std::string_view secret, UtcTime now, std::string_view body) {
  const std::int64_t at = now.ns / 1'000'000'000;
  return fmt::format("t={},v1={}", at, to_hex(hmac_sha256(secret, fmt::format("{}.{}", at, body))));
}

bool is_webhook_signature(std::string_view secret, std::string_view signature, UtcTime now,
                          std::string_view body) {
  if (!signature.starts_with("t=")) return false;
  const auto at = parse_int(signature.substr(2, std::min(signature.find(','), signature.size()) - 2));
  const std::int64_t now_s = now.ns / 1'000'000'000;
  const std::int64_t skew_s = kWebhookSkewMax.ns / 1'000'000'000;
  if (!at || *at < now_s - skew_s || *at > now_s + skew_s) return false;
  return equals_constant_time(signature, webhook_signature(secret, UtcTime{*at * 1'000'000'000}, body));
}

SendEnd judge_webhook_status(int status) {
  constexpr int kAboutThisOne[] = {400, 404, 410, 413, 415, 422};
  constexpr int kLater[] = {408, 409, 425, 429};
  const auto is_one_of = [&](const auto& list) {
    return std::find(std::begin(list), std::end(list), status) != std::end(list);
  };
  if (status >= 200 && status < 300) return SendEnd::accepted;
  if (is_one_of(kAboutThisOne)) return SendEnd::refused;
  return is_one_of(kLater) ? SendEnd::put_off : SendEnd::unreachable;
}

SendReply post_webhook(const Gateway& gateway, std::string_view id, const Json& body, UtcTime now) {
  HttpClientConfig config;
  config.host = gateway.host;
  config.port = gateway.port;
  config.tls.emplace();
  config.tls->ca_pem = gateway.ca_pem;
  config.tls->server_name = gateway.host;
  config.connect_timeout = kConnectTimeout;
  config.request_timeout = kAnswerTimeout;
  config.response_bytes_max = kAnswerBytesMax;
  auto client = HttpClient::create(std::move(config));
  if (!client) return {SendEnd::unreachable, printable_answer(client.error().message)};
  if (const auto connected = client->connect(); !connected)
    return {SendEnd::unreachable, printable_answer(connected.error().message)};
  const std::string text = body.dump();
  Headers headers;
  headers.set("Content-Type", "application/json; charset=utf-8");
  headers.set("Idempotency-Key", std::string(id));
  headers.set("Phendau-Signature", webhook_signature(gateway.secret, now, text));
  const auto answer = client->send("POST", gateway.path, headers, text);
  // The line broke after it was asked: it may have it.
  if (!answer) return {SendEnd::unsure, printable_answer(answer.error().message)};
  return {judge_webhook_status(answer->status),
          printable_answer(fmt::format("{} {}", answer->status, answer->body))};
}

}  // namespace phendau::net

// SPDX-License-Identifier: Apache-2.0
// Hands a short text to a gateway (SMS, Zalo) of the province: one POST over https with the number of the
// delivery as Idempotency-Key, so that a gateway takes the same one once, and a signature over time and body
// (HMAC-SHA256), so that it takes it from nobody else. docs/reference/webhook.md. Blocking: for a thread of
// its own; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "net/send_reply.h"

namespace phendau::net {

struct Gateway {
  std::string host;
  std::uint16_t port = 443;
  std::string path = "/";  // with the query
  std::string secret;      // never logged, never in an answer
  std::string ca_pem;      // who may have signed its certificate
};
/// Host, port and path of "https://HOST[:PORT]/PATH"; `invalid` for anything else.
Result<Gateway> gateway_from(std::string_view url);

/// "t=1764144000,v1=HEX": HMAC-SHA256 of "1764144000.BODY" with the secret.
std::string webhook_signature(std::string_view secret, UtcTime now, std::string_view body);

/// Whether `signature` is one as above of this body, not older or younger than kWebhookSkewMax.
inline constexpr Duration kWebhookSkewMax = minutes(5);
bool is_webhook_signature(std::string_view secret, std::string_view signature, UtcTime now,
                          std::string_view body);

/// 2xx: accepted. 400, 404, 410, 413, 415 and 422 are about this text or number: refused. 401, 403, redirects
/// and what else is a setting that somebody mends: unreachable. 408, 409, 425, 429: put_off, 5xx:
/// unreachable.
SendEnd judge_webhook_status(int status);
SendReply post_webhook(const Gateway& gateway, std::string_view id, const Json& body, UtcTime now);

}  // namespace phendau::net

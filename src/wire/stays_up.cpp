// SPDX-License-Identifier: Apache-2.0
#include "wire/stays_up.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "net/address.h"
#include "wire/protocol.h"

namespace phendau::wire {
namespace {

constexpr int kBitsMinIpv4 = 8;
constexpr int kBitsMinIpv6 = 32;

std::unexpected<Error> bad_item(const Json& item) {
  const std::string text(truncate_utf8(item.dump(), 200));
  return fail(ErrorCode::invalid, "cannot stay up: " + text, "wire.stays_up", {text});
}

/// Writes the network into `out`; false for what is none, or a too wide one.
bool read_network(std::string_view text, StaysUp& out) {
  const std::size_t slash = text.find('/');
  auto address = net::parse_ip(text.substr(0, slash));
  if (!address) return false;
  const int bits_all = address->size * 8;
  std::int64_t bits = bits_all;
  if (slash != std::string_view::npos) {
    const auto typed = parse_int(text.substr(slash + 1));
    if (!typed) return false;
    bits = *typed;
  }
  out.ipv6 = address->size == 16;
  if (bits < (out.ipv6 ? kBitsMinIpv6 : kBitsMinIpv4) || bits > bits_all) return false;
  for (std::size_t i = 0; i < address->size; ++i) {
    const std::int64_t kept = std::clamp<std::int64_t>(bits - static_cast<std::int64_t>(i) * 8, 0, 8);
    address->bytes[i] = static_cast<std::uint8_t>(address->bytes[i] & (0xFF << (8 - kept)));
  }
  out.network = fmt::format("{}/{}", address->ip_text(), bits);
  return true;
}

}  // namespace

Result<std::vector<StaysUp>> parse_stays_up(const Json& list) {
  if (!list.is_array() && !list.is_null()) return bad_item(list);
  if (list.items().size() > kStaysUpMax)
    return fail(ErrorCode::limit, "too much is to stay up", "wire.stays_up_many",
                {std::to_string(kStaysUpMax)});
  std::vector<StaysUp> out;
  for (const Json& item : list.items()) {
    StaysUp one;
    const std::string& direction = item["direction"].as_string();
    const std::string& protocol = item["protocol"].as_string();
    const std::int64_t port = item["port"].as_int();
    one.incoming = direction == "in";
    one.udp = protocol == "udp";
    const bool good = (one.incoming || direction == "out") && (one.udp || protocol == "tcp") && port > 0 &&
                      port <= 65535 && read_network(trim(item["network"].as_string()), one);
    if (!good) return bad_item(item);
    one.port = static_cast<std::uint16_t>(port);
    out.push_back(std::move(one));
  }
  return out;
}

Json to_json(const std::vector<StaysUp>& list) {
  Json out = Json::array();
  for (const auto& one : list) {
    out.push(Json::object({{"direction", one.incoming ? "in" : "out"},
                           {"network", one.network},
                           {"port", int{one.port}},
                           {"protocol", one.udp ? "udp" : "tcp"}}));
  }
  return out;
}

}  // namespace phendau::wire

// SPDX-License-Identifier: Apache-2.0
#include "ingest/dns_log.h"

#include "base/ascii.h"
#include "base/text.h"

namespace phendau::ingest {
namespace {

/// The next word; `text` moves behind it and the spaces after it.
std::string_view take_dns_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  return word;
}

/// Names end with a dot in some logs; rules write them without.
bool add_question(std::string_view server, std::string_view client, std::string_view name,
                  std::string_view type, PairList& fields, LineMeaning& meaning) {
  if (client.empty() || name.empty() || type.empty()) return false;
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  meaning.logsource = server;
  fields.add("query", name);
  fields.add("record_type", type);
  fields.add("source_ip", client);
  return true;
}

/// "client @0x7f 192.0.2.1#53211 (a.vn): view inside: query: a.vn IN A +E(0)K (10.0.0.1)"
bool parse_bind_question(std::string_view text, PairList& fields, LineMeaning& meaning) {
  const std::size_t at = text.find("client ");
  const std::size_t question = text.find(": query: ", at);
  if (at == text.npos || question == text.npos) return false;
  std::string_view client = text.substr(at + 7);
  if (client.starts_with('@')) take_dns_word(client);
  const std::size_t hash = client.find('#');
  if (hash == client.npos || hash > client.find(' ')) return false;
  std::string_view rest = text.substr(question + 9);
  const std::string_view name = take_dns_word(rest);
  take_dns_word(rest);  // class
  return add_question("linux/dns/bind", client.substr(0, hash), name, take_dns_word(rest), fields, meaning);
}

/// "[123:0] info: 192.0.2.1 a.vn. A IN"
bool parse_unbound(std::string_view text, PairList& fields, LineMeaning& meaning) {
  const std::size_t at = text.find("info: ");
  if (at == text.npos) return false;
  text.remove_prefix(at + 6);
  const std::string_view client = take_dns_word(text);
  const std::string_view name = take_dns_word(text);
  const std::string_view type = take_dns_word(text);
  const bool question = name.ends_with('.') && text == "IN";  // answers go on behind the class
  return question && add_question("linux/dns/unbound", client, name, type, fields, meaning);
}

/// "query[A] a.vn from 192.0.2.1"
bool parse_dnsmasq(std::string_view text, PairList& fields, LineMeaning& meaning) {
  const std::size_t open = text.find("query[");
  const std::size_t close = text.find("] ", open);
  if (open == text.npos || close == text.npos) return false;
  const std::string_view type = text.substr(open + 6, close - open - 6);
  text.remove_prefix(close + 2);
  const std::string_view name = take_dns_word(text);
  if (take_dns_word(text) != "from") return false;
  return add_question("linux/dns/dnsmasq", take_dns_word(text), name, type, fields, meaning);
}

}  // namespace

bool parse_dns_message(std::string_view program, std::string_view message, PairList& fields,
                       LineMeaning& meaning) {
  if (program == "named") return parse_bind_question(message, fields, meaning);
  if (program == "unbound") return parse_unbound(message, fields, meaning);
  return program == "dnsmasq" && parse_dnsmasq(message, fields, meaning);
}

bool parse_bind_line(std::string_view line, ZoneOffset zone, PairList& fields, LineMeaning& meaning) {
  constexpr std::size_t kTimeBytes = 20;  // "24-Nov-2026 10:00:00"
  if (line.size() <= kTimeBytes || line[2] != '-' || line[6] != '-' || line[11] != ' ') return false;
  if (!parse_bind_question(line.substr(kTimeBytes), fields, meaning)) return false;
  std::string stamp(line.substr(0, kTimeBytes));
  stamp[2] = stamp[6] = '/';
  stamp[11] = ':';
  meaning.time = parse_web_time(stamp, zone);
  if (!meaning.time) return true;
  std::int64_t unit = 100'000'000;
  for (std::size_t i = kTimeBytes + 1;
       line[kTimeBytes] == '.' && i < line.size() && is_digit(line[i]) && unit > 0; ++i) {
    meaning.time->time.ns += (line[i] - '0') * unit;
    unit /= 10;
  }
  return true;
}

}  // namespace phendau::ingest

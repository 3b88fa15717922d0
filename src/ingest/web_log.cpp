// SPDX-License-Identifier: Apache-2.0
#include "ingest/web_log.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/hex_digit.h"
#include "base/text.h"
#include "ingest/message_template.h"
#include "ingest/parse_error.h"

namespace phendau::ingest {
namespace {

constexpr std::string_view kWebServer = "/webserver/";
constexpr std::string_view kProxy = "/proxy/";

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::all_of(text.begin(), text.end(), is_digit);
}

std::string_view take_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

/// Servers write \" \\ \t \xHH inside quotes.
std::string_view unescaped(std::string_view text, PairList& fields) {
  if (text.find('\\') == text.npos) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] != '\\') {
      out += text[at];
    } else if (next == '"' || next == '\\') {
      out += text[++at];
    } else if (next == 'x' && at + 3 < text.size() && hex_digit(text[at + 2]) >= 0 &&
               hex_digit(text[at + 3]) >= 0) {
      out += static_cast<char>(hex_digit(text[at + 2]) * 16 + hex_digit(text[at + 3]));
      at += 3;
    } else {
      out += '\\';
    }
  }
  return fields.hold(is_valid_utf8(out) ? std::move(out) : to_valid_utf8(out));
}

/// `"..."` at the start (a backslash guards the next byte); moves behind it. False if there is none.
bool take_quoted(std::string_view& text, std::string_view& out) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (!text.starts_with('"')) return false;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      out = text.substr(1, at - 1);
      text.remove_prefix(at + 1);
      return true;
    }
  }
  return false;
}

void add_unless_dash(PairList& fields, std::string_view name, std::string_view value) {
  if (!value.empty() && value != "-") fields.add(name, value);
}

/// Parts of the address that was asked for: stem, query, extension, and of a full address the host.
void add_uri(std::string_view uri, PairList& fields) {
  if (uri.empty() || uri == "-") return;
  fields.add("cs-uri", uri);
  std::string_view path = uri;
  const std::size_t scheme = uri.find("://");
  if (scheme != uri.npos && scheme < 8) {
    const std::size_t host_begin = scheme + 3;
    const std::size_t slash = std::min(uri.find('/', host_begin), uri.size());
    std::string_view host = uri.substr(host_begin, slash - host_begin);
    if (host.rfind(':') != host.npos && !host.ends_with(']')) host = host.substr(0, host.rfind(':'));
    add_unless_dash(fields, "cs-host", host);
    path = uri.substr(slash);
  }
  const std::size_t question = path.find('?');
  const std::string_view stem = path.substr(0, question);
  add_unless_dash(fields, "cs-uri-stem", stem);
  if (question != path.npos) add_unless_dash(fields, "cs-uri-query", path.substr(question + 1));
  const std::size_t dot = stem.rfind('.');
  const std::size_t slash = stem.rfind('/');
  constexpr std::size_t kExtensionBytesMax = 10;
  if (dot != stem.npos && (slash == stem.npos || dot > slash) && stem.size() - dot - 1 <= kExtensionBytesMax)
    add_unless_dash(fields, "cs-uri-extension", stem.substr(dot + 1));
}

/// "GET /index.html HTTP/1.1"; the address may hold spaces. True when a proxy was asked.
bool add_request(std::string_view request, PairList& fields) {
  const std::size_t space = request.find(' ');
  const std::string_view method = request.substr(0, space);
  const bool is_method = !method.empty() && method.size() <= 20 &&
                         std::all_of(method.begin(), method.end(),
                                     [](char c) { return (c >= 'A' && c <= 'Z') || c == '_' || c == '-'; });
  if (!is_method || method == "-") {
    add_unless_dash(fields, "cs-uri", request);  // what scanners send to a port that speaks HTTP
    return false;
  }
  fields.add("cs-method", method);
  std::string_view uri = space == request.npos ? std::string_view() : request.substr(space + 1);
  const std::size_t version = uri.rfind(" HTTP/");
  if (version != uri.npos) {
    fields.add("cs-version", uri.substr(version + 1));
    uri = uri.substr(0, version);
  }
  if (method == "CONNECT") {
    fields.add("cs-uri", uri);
    add_unless_dash(fields, "cs-host", uri.substr(0, uri.rfind(':')));
    return true;
  }
  add_uri(uri, fields);
  return uri.starts_with("http://") || uri.starts_with("https://") || uri.starts_with("ftp://");
}

/// cs(User-Agent) -> cs-user-agent.
std::string sigma_name(std::string_view name) {
  std::string out = to_lower_ascii(name);
  const std::size_t open = out.find('(');
  if (open != out.npos && out.ends_with(')')) {
    out[open] = '-';
    out.pop_back();
  }
  if (out == "cs-cookies") out = "cs-cookie";
  return is_pair_name(out) ? out : std::string();
}

/// The columns that IIS writes unless somebody changed them; before IIS 7.5 without the referer.
const W3cLayout* default_layout(std::size_t columns) {
  static const W3cLayout newer{
      {"date", "time", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip",
       "cs-user-agent", "cs-referer", "sc-status", "sc-substatus", "sc-win32-status", "time-taken"},
      false};
  static const W3cLayout older{
      {"date", "time", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip",
       "cs-user-agent", "sc-status", "sc-substatus", "sc-win32-status", "time-taken"},
      false};
  return columns == newer.names.size() ? &newer : columns == older.names.size() ? &older : nullptr;
}

/// Columns, separated by spaces or tabs, with quotes around values that hold the separator.
bool split_columns(std::string_view line, std::vector<std::string_view>& out) {
  const char separator = line.find('\t') != line.npos ? '\t' : ' ';
  while (!line.empty()) {
    if (out.size() == kLayoutColumnsMax) return false;
    std::string_view value;
    if (line.starts_with('"') && take_quoted(line, value)) {
      out.push_back(value);
      if (line.starts_with(separator)) line.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(line.find(separator), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
    while (separator == ' ' && line.starts_with(' ')) line.remove_prefix(1);
  }
  return true;
}

std::string_view column_of(const W3cLayout& layout, const std::vector<std::string_view>& values,
                           std::string_view name) {
  for (std::size_t i = 0; i < layout.names.size(); ++i) {
    if (layout.names[i] == name) return values[i];
  }
  return {};
}

bool is_iis_line(const W3cLayout& layout, const std::vector<std::string_view>& values) {
  return is_address(column_of(layout, values, "s-ip")) && is_address(column_of(layout, values, "c-ip")) &&
         is_number(column_of(layout, values, "sc-status"));
}

void add_w3c_uri(const PairList& known, PairList& fields) {
  if (!known.find("cs-uri").empty()) return;
  const std::string_view stem = known.find("cs-uri-stem");
  if (stem.empty()) return;
  const std::string_view query = known.find("cs-uri-query");
  fields.add("cs-uri", query.empty() ? stem : fields.hold(fmt::format("{}?{}", stem, query)));
}

}  // namespace

std::shared_ptr<const W3cLayout> parse_w3c_directive(std::string_view line, std::string_view software) {
  constexpr std::string_view kFields = "#Fields:";
  if (!line.starts_with(kFields)) return nullptr;
  auto layout = std::make_shared<W3cLayout>();
  std::vector<std::string_view> names;
  std::string_view rest = trim(line.substr(kFields.size()));
  if (!split_columns(rest, names) || names.empty()) return nullptr;
  for (const std::string_view name : names) layout->names.push_back(sigma_name(name));
  const auto has = [&](std::string_view name) {
    return std::find(layout->names.begin(), layout->names.end(), name) != layout->names.end();
  };
  layout->proxy = has("c-uri") || has("r-host") || has("s-hierarchy") || has("sc-filter-result") ||
                  has("cs-categories") || has("cs-uri-scheme") || software.find("SGOS") != software.npos ||
                  software.find("Proxy") != software.npos || software.find("Forefront") != software.npos;
  return layout;
}

bool parse_w3c(std::string_view line, const W3cLayout* layout, PairList& fields, LineMeaning& meaning) {
  std::vector<std::string_view> values;
  if (!split_columns(line, values)) return false;
  const bool guessed = layout == nullptr;
  if (guessed) layout = default_layout(values.size());
  if (layout == nullptr || layout->names.size() != values.size()) return false;
  if (guessed && !is_iis_line(*layout, values)) return false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string_view name = layout->names[i];
    std::string_view value = values[i];
    if (value == "-" || value.empty()) continue;
    if (name == "cs-user-agent" && value.find('+') != value.npos && value.find(' ') == value.npos) {
      value = fields.hold(replace_all(value, "+", " "));  // IIS writes + for a space
    }
    fields.add_number(name, value);
  }
  add_w3c_uri(fields, fields);
  const std::string stamp =
      fmt::format("{}T{}", column_of(*layout, values, "date"), column_of(*layout, values, "time"));
  if (auto time = parse_iso_time(stamp, kUtcZone)) {  // the format says GMT
    time->quality = TimeQuality::exact;
    meaning.time = time;
  }
  meaning.logsource = layout->proxy ? kProxy : kWebServer;
  return true;
}

bool parse_ncsa(std::string_view line, PairList& fields, LineMeaning& meaning) {
  const std::size_t open = line.find(" [");
  constexpr std::size_t kHeadBytesMax = 600;  // host names, address, user
  if (open == line.npos || open > kHeadBytesMax) return false;
  std::string_view head = line.substr(0, open);
  std::string_view rest = line.substr(open + 2);
  const std::size_t close = rest.find(']');
  if (close == rest.npos) return false;
  const auto time = parse_web_time(rest.substr(0, close), kVietnamZone);
  if (!time) return false;
  rest.remove_prefix(close + 1);
  std::string_view request;
  if (!take_quoted(rest, request)) return false;
  const std::string_view status = take_word(rest);
  if (!is_number(status) && status != "-") return false;
  const std::string_view size = take_word(rest);
  // "vhost:port address ident user" or "address ident user"; the user may hold spaces.
  std::string_view first = take_word(head);
  std::string_view second = take_word(head);
  if (is_address(second) && !is_address(first)) {
    add_unless_dash(fields, "cs-host", first.substr(0, first.rfind(':')));
    first = second;
    take_word(head);
  }
  fields.add("c-ip", first);
  add_unless_dash(fields, "cs-username", head);
  meaning.logsource = add_request(unescaped(request, fields), fields) ? kProxy : kWebServer;
  fields.add_number("sc-status", status);
  if (is_number(size)) fields.add_number("sc-bytes", size);
  std::string_view quoted;
  for (const std::string_view name : {"cs-referer", "cs-user-agent", "x-forwarded-for"}) {
    if (!take_quoted(rest, quoted)) break;
    add_unless_dash(fields, name, unescaped(quoted, fields));
  }
  meaning.time = time;
  return true;
}

bool parse_squid(std::string_view line, PairList& fields, LineMeaning& meaning) {
  // 1795489200.123    180 10.0.0.5 TCP_MISS/200 411 GET http://example.com/ lan HIER_DIRECT/192.0.2.1
  // text/html
  constexpr std::size_t kStampDot = 10;
  if (line.size() < 40 || line[kStampDot] != '.' || !is_number(line.substr(0, kStampDot))) return false;
  const std::string_view stamp = take_word(line);
  const std::string_view elapsed = take_word(line);
  const std::string_view client = take_word(line);
  const std::string_view result = take_word(line);
  const std::size_t slash = result.find('/');
  const auto time = parse_epoch(stamp);
  if (!time || !is_number(elapsed) || slash == result.npos || !is_number(result.substr(slash + 1)))
    return false;
  const std::string_view size = take_word(line);
  const std::string_view method = take_word(line);
  const std::string_view uri = take_word(line);
  fields.add_number("time-taken", elapsed);
  fields.add("c-ip", client);
  fields.add("s-action", result.substr(0, slash));
  fields.add_number("sc-status", result.substr(slash + 1));
  if (is_number(size)) fields.add_number("sc-bytes", size);
  add_request(fields.hold(fmt::format("{} {}", method, uri)), fields);
  add_unless_dash(fields, "cs-username", take_word(line));
  const std::string_view peer = take_word(line);
  add_unless_dash(fields, "r-ip", peer.substr(std::min(peer.find('/') + 1, peer.size())));
  add_unless_dash(fields, "rs-content-type", take_word(line));
  meaning.time = ParsedTime{*time, TimeQuality::exact, stamp.size()};
  meaning.logsource = kProxy;
  return true;
}

namespace {

/// "[Wed Oct 11 14:32:52.123456 2026] [core:error] [pid 3570] [client 192.0.2.1:1234] text"
bool parse_apache_error(std::string_view line, UtcTime received, ZoneOffset zone, PairList& fields,
                        LineMeaning& meaning) {
  constexpr std::size_t kWeekday = 5;  // "[Wed "
  const std::size_t close = line.find("] ");
  if (close == line.npos || close > 40 || close <= kWeekday || line[kWeekday - 1] != ' ') return false;
  const auto time = parse_bsd_time(line.substr(kWeekday, close - kWeekday), received, zone);
  if (!time) return false;
  std::string_view rest = line.substr(close + 2);
  while (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == rest.npos) break;
    std::string_view part = rest.substr(1, end - 1);
    if (part.starts_with("client ")) {
      part.remove_prefix(7);
      if (!is_address(part)) part = part.substr(0, part.rfind(':'));
      fields.add("c-ip", part);
    } else if (part.starts_with("pid ")) {
      part.remove_prefix(4);
      fields.add_number("pid", part.substr(0, part.find(':')));
    } else if (fields.find("severity").empty()) {
      const std::size_t colon = part.find(':');
      fields.add("severity", colon == part.npos ? part : part.substr(colon + 1));
    }
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  meaning.time = time;
  meaning.logsource = "apache//error";
  return true;
}

/// "2026/11/24 10:00:00 [error] 123#0: *1 text, client: 192.0.2.1, server: x, request: "GET / HTTP/1.1""
bool parse_nginx_error(std::string_view line, ZoneOffset zone, PairList& fields, LineMeaning& meaning) {
  constexpr std::size_t kStampBytes = 19;
  if (line.size() < kStampBytes + 4 || line[4] != '/' || line[7] != '/' || line[kStampBytes + 1] != '[')
    return false;
  std::string stamp(line.substr(0, kStampBytes));
  stamp[4] = stamp[7] = '-';
  const auto time = parse_iso_time(stamp, zone);
  const std::size_t close = line.find(']', kStampBytes);
  if (!time || close == line.npos) return false;
  fields.add("severity", line.substr(kStampBytes + 2, close - kStampBytes - 2));
  constexpr std::string_view kClient = ", client: ";
  const std::size_t client = line.rfind(kClient);
  if (client != line.npos) {
    const std::string_view text = line.substr(client + kClient.size());
    fields.add("c-ip", text.substr(0, text.find(',')));
  }
  meaning.time = time;
  meaning.logsource = "nginx//error";
  return true;
}

}  // namespace

bool parse_web_error(std::string_view line, UtcTime received, ZoneOffset zone, PairList& fields,
                     LineMeaning& meaning) {
  if (line.starts_with('[')) return parse_apache_error(line, received, zone, fields, meaning);
  return !line.empty() && is_digit(line[0]) && parse_nginx_error(line, zone, fields, meaning);
}

}  // namespace phendau::ingest

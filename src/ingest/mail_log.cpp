// SPDX-License-Identifier: Apache-2.0
// Addresses are what strangers chose: a sender cannot end its own field, because the servers print addresses
// inside <> (Postfix) or as one word (Exim), and other values are taken from the pairs behind them.
#include "ingest/mail_log.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "ingest/message_template.h"
#include "ingest/parse_error.h"

namespace phendau::ingest {
namespace {

constexpr std::string_view kPostfix = "linux/mail/postfix";
constexpr std::string_view kExim = "linux/mail/exim";
constexpr std::string_view kDovecot = "linux/mail/dovecot";

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Our name of a pair that Postfix, Exim or Dovecot prints; empty: not kept.
std::string_view field_name(std::string_view name) {
  struct Known {
    std::string_view name;
    std::string_view field;
  };
  static constexpr std::array<Known, 17> kKnown = {{{"from", "mail_from"},
                                                    {"to", "mail_to"},
                                                    {"orig_to", "mail_to_original"},
                                                    {"size", "mail_bytes"},
                                                    {"nrcpt", "recipients"},
                                                    {"relay", "relay"},
                                                    {"dsn", "dsn"},
                                                    {"status", "status"},
                                                    {"message-id", "message_id"},
                                                    {"sasl_username", "user"},
                                                    {"sasl_method", "method"},
                                                    {"helo", "helo"},
                                                    {"proto", "protocol"},
                                                    {"client", "client"},
                                                    {"user", "user"},
                                                    {"method", "method"},
                                                    {"rip", "source_ip"}}};
  for (const auto& known : kKnown) {
    if (known.name == name) return known.field;
  }
  return {};
}

/// "host.example[192.0.2.1]:25" -> source_name and source_ip.
void add_client(std::string_view text, PairList& fields) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']', open == text.npos ? 0 : open);
  if (open == text.npos || close == text.npos) return;
  const std::string_view name = text.substr(0, open);
  const std::string_view address = text.substr(open + 1, close - open - 1);
  if (!name.empty() && name != "unknown") fields.add("source_name", name);
  if (is_address(address)) fields.add("source_ip", address);
}

/// "name=<value>, name=value, ..." as Postfix and Dovecot print it. A value in <> ends at its >.
void read_mail_pairs(std::string_view text, PairList& fields) {
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && (text[at] == ' ' || text[at] == ',' || text[at] == ';')) ++at;
    const std::size_t begin = at;
    while (at < text.size() && (is_letter_or_digit(text[at]) || text[at] == '_' || text[at] == '-')) ++at;
    if (at >= text.size() || text[at] != '=') {
      at = std::min(text.find(' ', at), text.size());
      continue;
    }
    const std::string_view field = field_name(text.substr(begin, at - begin));
    ++at;
    const bool angled = at < text.size() && text[at] == '<';
    const std::size_t value_begin = angled ? at + 1 : at;
    const std::size_t end = angled ? text.find('>', value_begin) : text.find_first_of(", ", value_begin);
    const std::string_view value = text.substr(value_begin, end == text.npos ? end : end - value_begin);
    at = end == text.npos ? text.size() : end + 1;
    if (field == "client")
      add_client(value, fields);
    else if (!field.empty())
      fields.add_number(field, value);
    if (field == "status") return;  // behind it stands what the other server said
  }
}

/// "4AB12C3D: " or "NOQUEUE: " at the start; moves behind it.
bool take_queue_id(std::string_view& text, std::string_view& id) {
  constexpr std::size_t kIdBytesMin = 6;
  constexpr std::size_t kIdBytesMax = 24;
  const std::size_t colon = text.find(": ");
  if (colon == text.npos || colon < kIdBytesMin || colon > kIdBytesMax) return false;
  id = text.substr(0, colon);
  if (!std::all_of(id.begin(), id.end(), is_letter_or_digit)) return false;
  text.remove_prefix(colon + 2);
  return true;
}

void add_delivery(PairList& fields) {
  const std::string_view status = fields.find("status");
  if (!fields.find("mail_to").empty() && !status.empty()) {
    fields.add("action", "mail_delivery");
    fields.add("outcome", status == "sent" ? "success" : "failure");
  } else if (!fields.find("mail_from").empty() && !fields.find("recipients").empty()) {
    fields.add("action", "mail_queued");
  }
}

/// A header that header_checks was told to log: "warning: header Subject: text from host[addr]; from=<...>".
void add_subject(std::string_view text, PairList& fields) {
  constexpr std::string_view kHeader = "header Subject: ";
  const std::size_t at = text.find(kHeader);
  if (at == text.npos) return;
  const std::string_view rest = text.substr(at + kHeader.size());
  const std::size_t end = rest.rfind(" from ", rest.rfind("; from=<"));
  if (end != rest.npos) fields.add("subject", rest.substr(0, end));
}

bool parse_postfix(std::string_view message, PairList& fields, LineMeaning& meaning) {
  meaning.logsource = kPostfix;
  constexpr std::string_view kConnect = "connect from ";
  constexpr std::string_view kWarning = "warning: ";
  if (message.starts_with(kConnect)) {
    add_client(message.substr(kConnect.size()), fields);
    return true;
  }
  if (message.starts_with(kWarning) && message.find(" authentication failed") != message.npos) {
    add_client(message.substr(kWarning.size()), fields);
    fields.add("action", "login");
    fields.add("outcome", "failure");
    return true;
  }
  std::string_view id;
  if (!take_queue_id(message, id)) return true;
  if (id != "NOQUEUE") fields.add("queue_id", id);
  constexpr std::string_view kReject = "reject: ";
  if (message.starts_with(kReject)) {
    fields.add("action", "mail_rejected");
    fields.add("outcome", "failure");
    const std::size_t from = message.find(" from ");
    if (from != message.npos) add_client(message.substr(from + 6), fields);
    // What the server says of itself stands behind the last semicolon.
    const std::size_t pairs = message.rfind("; from=<");
    if (pairs != message.npos) read_mail_pairs(message.substr(pairs), fields);
    return true;
  }
  add_subject(message, fields);
  const std::size_t pairs = message.starts_with(kWarning) ? message.rfind("; from=<") : 0;
  if (pairs != message.npos) read_mail_pairs(message.substr(pairs), fields);
  add_delivery(fields);
  if (!fields.find("user").empty()) {
    fields.add("action", "login");
    fields.add("outcome", "success");
  }
  return true;
}

bool is_exim_id(std::string_view word) {
  // 1tFabc-000001-2b, since 4.97 1tFabc-00000000abc-2b1c
  const bool sizes = (word.size() == 16 && word[6] == '-' && word[13] == '-') ||
                     (word.size() == 23 && word[6] == '-' && word[18] == '-');
  return sizes &&
         std::all_of(word.begin(), word.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

std::string_view take_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

/// H=, P=, S=, A=, T="...", id= and "for a b" behind the address.
void read_exim_items(std::string_view text, bool arrival, PairList& fields) {
  while (!text.empty()) {
    const std::string_view word = take_word(text);
    if (word.starts_with("H=")) {
      // "H=host (helo) [192.0.2.1]:25": the helo is the stranger's, the name and the address are the
      // server's.
      const std::string_view name = word.substr(2);
      const bool named = !name.starts_with('[') && !name.starts_with('(');
      std::string_view helo = name.starts_with('(') && !name.ends_with(')') ? text : std::string_view();
      if (named && text.starts_with('(')) helo = text;
      if (!helo.empty()) text = helo.substr(std::min(helo.find(')') + 1, helo.size()));
      while (text.starts_with(' ')) text.remove_prefix(1);
      std::string_view address = name;
      if (!name.starts_with('[')) address = text.starts_with('[') ? take_word(text) : std::string_view();
      if (arrival && named) fields.add("source_name", name);
      if (!arrival) fields.add("relay", name);
      const std::size_t close = address.find(']');
      if (arrival && address.starts_with('[') && close != address.npos &&
          is_address(address.substr(1, close - 1)))
        fields.add("source_ip", address.substr(1, close - 1));
    } else if (word.starts_with("P=")) {
      fields.add("protocol", word.substr(2));
    } else if (word.starts_with("S=")) {
      fields.add_number("mail_bytes", word.substr(2));
    } else if (word.starts_with("A=")) {
      const std::size_t colon = word.find(':');
      if (colon != word.npos) fields.add("user", word.substr(colon + 1));
    } else if (word.starts_with("id=")) {
      fields.add("message_id", word.substr(3));
    } else if (arrival && word == "for") {
      while (!text.empty()) fields.add("mail_to", take_word(text));
    } else if (arrival && word.starts_with("T=\"")) {
      return read_exim_items(text.substr(std::min(text.find("\" ") + 1, text.size())), arrival, fields);
    }
  }
}

bool parse_exim(std::string_view text, PairList& fields, LineMeaning& meaning) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find("] ");
    if (close == text.npos || close > 12) return false;
    text.remove_prefix(close + 2);
  }
  std::string_view rest = text;
  const std::string_view id = take_word(rest);
  if (!is_exim_id(id)) return false;
  const std::string_view sign = take_word(rest);
  meaning.logsource = kExim;
  fields.add("queue_id", id);
  if (sign == "Completed") return true;
  const bool arrival = sign == "<=";
  const bool delivery = sign == "=>" || sign == "->" || sign == "*>";
  if (!arrival && !delivery && sign != "**" && sign != "==") return true;
  const std::string_view address = take_word(rest);
  fields.add(arrival ? "mail_from" : "mail_to", address);
  fields.add("action", arrival ? "mail_queued" : "mail_delivery");
  if (!arrival) {
    fields.add("outcome", delivery ? "success" : "failure");
    fields.add("status", delivery ? "sent" : sign == "**" ? "bounced" : "deferred");
  }
  read_exim_items(rest, arrival, fields);
  return true;
}

bool parse_dovecot(std::string_view message, PairList& fields, LineMeaning& meaning) {
  meaning.logsource = kDovecot;
  const std::size_t user = message.find("user=<");
  if (user == message.npos) return true;
  const bool good = message.find("Login: user=<") != message.npos;
  const bool failed = message.substr(0, user).find("auth failed") != message.npos;
  read_mail_pairs(message.substr(user), fields);
  if (good || failed) {
    fields.add("action", "login");
    fields.add("outcome", good ? "success" : "failure");
  }
  return true;
}

}  // namespace

bool parse_mail_message(std::string_view program, std::string_view message, PairList& fields,
                        LineMeaning& meaning) {
  if (program.starts_with("postfix/")) return parse_postfix(message, fields, meaning);
  if (program == "exim" || program == "exim4") return parse_exim(message, fields, meaning);
  if (program == "dovecot") return parse_dovecot(message, fields, meaning);
  return false;
}

bool parse_exim_line(std::string_view line, ZoneOffset zone, PairList& fields, LineMeaning& meaning) {
  constexpr std::size_t kStampBytes = 19;
  if (line.size() < kStampBytes + 18 || line[4] != '-' || line[10] != ' ') return false;
  auto time = parse_iso_time(line, zone);
  if (!time) return false;
  std::string_view rest = line.substr(std::min(time->used, line.size()));
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.size() > 6 && (rest[0] == '+' || rest[0] == '-') && rest[5] == ' ') {  // log_timezone
    if (const auto zoned =
            parse_iso_time(std::string(line.substr(0, time->used)) + std::string(rest.substr(0, 5)), zone))
      time = zoned;
    rest.remove_prefix(6);
  }
  if (!parse_exim(rest, fields, meaning)) return false;
  meaning.time = time;
  return true;
}

}  // namespace phendau::ingest

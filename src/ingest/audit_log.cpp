// SPDX-License-Identifier: Apache-2.0
#include "ingest/audit_log.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/text.h"
#include "ingest/fields.h"
#include "ingest/parse_error.h"

namespace phendau::ingest {
namespace {

/// Where an enriched log puts the names for the numbers.
constexpr char kEnrichedMark = '\x1D';

struct NumberName {
  int number;
  std::string_view name;
};

/// Kernel lines have the number of the type.
constexpr std::array<NumberName, 26> kTypes = {
    {{1100, "USER_AUTH"},       {1101, "USER_ACCT"},    {1103, "CRED_ACQ"},
     {1104, "CRED_DISP"},       {1105, "USER_START"},   {1106, "USER_END"},
     {1108, "USER_CHAUTHTOK"},  {1109, "USER_ERR"},     {1112, "USER_LOGIN"},
     {1113, "USER_LOGOUT"},     {1114, "ADD_USER"},     {1115, "DEL_USER"},
     {1116, "ADD_GROUP"},       {1123, "USER_CMD"},     {1130, "SERVICE_START"},
     {1131, "SERVICE_STOP"},    {1300, "SYSCALL"},      {1302, "PATH"},
     {1305, "CONFIG_CHANGE"},   {1306, "SOCKADDR"},     {1307, "CWD"},
     {1309, "EXECVE"},          {1327, "PROCTITLE"},    {1400, "AVC"},
     {1403, "MAC_POLICY_LOAD"}, {1325, "NETFILTER_CFG"}}};

/// x86-64 (arch c000003e), the calls that rules name.
constexpr std::array<NumberName, 34> kSyscalls = {
    {{2, "open"},           {41, "socket"},         {42, "connect"},     {43, "accept"},
     {49, "bind"},          {50, "listen"},         {59, "execve"},      {62, "kill"},
     {82, "rename"},        {83, "mkdir"},          {85, "creat"},       {87, "unlink"},
     {88, "symlink"},       {90, "chmod"},          {91, "fchmod"},      {92, "chown"},
     {99, "sysinfo"},       {101, "ptrace"},        {103, "syslog"},     {105, "setuid"},
     {106, "setgid"},       {133, "mknod"},         {155, "pivot_root"}, {159, "adjtimex"},
     {161, "chroot"},       {164, "settimeofday"},  {165, "mount"},      {170, "sethostname"},
     {175, "init_module"},  {176, "delete_module"}, {257, "openat"},     {263, "unlinkat"},
     {313, "finit_module"}, {322, "execveat"}}};

template <std::size_t N>
std::string_view name_of(const std::array<NumberName, N>& table, std::string_view digits) {
  const auto number = parse_int(digits);
  if (!number) return {};
  for (const auto& row : table) {
    if (row.number == *number) return row.name;
  }
  return {};
}

/// Fields whose value the kernel writes in hex when it is not plain: anybody may have chosen it.
bool may_be_hex(std::string_view type, std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {"comm",      "exe", "cwd", "name",
                                                             "proctitle", "cmd", "acct"};
  if (type == "EXECVE" && name.size() > 1 && name[0] == 'a' && name[1] >= '0' && name[1] <= '9') return true;
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// What of a SYSCALL record is true for the whole event. Not a0..a3: those of EXECVE are something else.
bool is_carried(std::string_view name) {
  static constexpr std::array<std::string_view, 20> kNames = {
      "exe", "comm", "pid", "ppid",    "auid",    "uid",     "gid",  "euid", "egid", "suid",
      "tty", "ses",  "key", "success", "syscall", "SYSCALL", "AUID", "UID",  "EUID", "subj"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_hex_text(std::string_view text) {
  return !text.empty() && text.size() % 2 == 0 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
  });
}

/// Decoded hex; NUL separates arguments. Invalid UTF-8 is replaced, because fields are text.
std::string_view from_hex_field(std::string_view text, PairList& fields) {
  auto bytes = from_hex(text);
  if (!bytes) return text;
  while (bytes->ends_with('\0')) bytes->pop_back();
  std::replace(bytes->begin(), bytes->end(), '\0', ' ');
  return fields.hold(is_valid_utf8(*bytes) ? std::move(*bytes) : to_valid_utf8(*bytes));
}

void read_body(std::string_view type, std::string_view text, PairList& fields, int depth = 0) {
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && (text[at] == ' ' || text[at] == ',' || text[at] == kEnrichedMark)) ++at;
    const std::size_t begin = at;
    while (at < text.size() && text[at] != '=' && text[at] != ' ' && text[at] != kEnrichedMark) ++at;
    if (at >= text.size() || text[at] != '=') continue;
    const std::string_view name = text.substr(begin, at - begin);
    ++at;
    const char quote = at < text.size() ? text[at] : '\0';
    std::string_view value;
    bool quoted = false;
    if (quote == '"' || quote == '\'') {
      const std::size_t end = text.find(quote, at + 1);
      value = text.substr(at + 1, end == text.npos ? end : end - at - 1);
      at = end == text.npos ? text.size() : end + 1;
      quoted = true;
    } else {
      const std::size_t value_begin = at;
      while (at < text.size() && text[at] != ' ' && text[at] != kEnrichedMark) ++at;
      value = text.substr(value_begin, at - value_begin);
    }
    if (quote == '\'' && name == "msg" && depth == 0) {
      read_body(type, value, fields,
                depth + 1);  // what a program says of itself: op=login acct="x" res=failed
      continue;
    }
    if (!is_pair_name(name) || value == "?" || value == "(null)" || value == "(none)") continue;
    if (!quoted && may_be_hex(type, name) && is_hex_text(value)) value = from_hex_field(value, fields);
    fields.add_number(name, value);
  }
}

/// All arguments in order; an argument in pieces ("a1[0]=... a1[1]=...") counts as one.
void add_command_line(PairList& fields) {
  std::string line;
  std::string_view last;
  const std::size_t count = fields.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Pair item = fields.items()[i];
    const bool argument = item.name.size() > 1 && item.name[0] == 'a' && item.name[1] >= '0' &&
                          item.name[1] <= '9' && item.name.find("_len") == item.name.npos;
    if (!argument || line.size() > kRecordBytesMax) continue;
    const std::string_view base = item.name.substr(0, item.name.find('['));
    if (!line.empty() && base != last) line += ' ';
    line += item.value;
    last = base;
  }
  if (!line.empty()) fields.add("cmdline", fields.hold(std::move(line)));
}

int hex_at(std::string_view text, std::size_t byte) {
  const auto digit = [&](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
  return digit(text[byte * 2]) * 16 + digit(text[byte * 2 + 1]);
}

/// saddr=020001BB0A000001...: family 2 (IPv4) or 10 (IPv6), port, address.
void add_peer(std::string_view address, PairList& fields) {
  constexpr std::size_t kIpv4Bytes = 8;
  constexpr std::size_t kIpv6Bytes = 24;
  if (!is_hex_text(address) || address.size() / 2 < kIpv4Bytes) return;
  const int family = hex_at(address, 0);
  std::string ip;
  if (family == 2) {
    ip = fmt::format("{}.{}.{}.{}", hex_at(address, 4), hex_at(address, 5), hex_at(address, 6),
                     hex_at(address, 7));
  } else if (family == 10 && address.size() / 2 >= kIpv6Bytes) {
    for (std::size_t i = 8; i < kIpv6Bytes; i += 2) {
      ip += fmt::format("{}{:x}", i == 8 ? "" : ":", hex_at(address, i) * 256 + hex_at(address, i + 1));
    }
  } else {
    return;
  }
  fields.add("DestinationIp", fields.hold(std::move(ip)));
  fields.add_number("DestinationPort",
                    fields.hold(std::to_string(hex_at(address, 2) * 256 + hex_at(address, 3))));
  if (fields.find("SYSCALL") == "connect") fields.add("Initiated", "true", ValueKind::boolean);
}

void add_syscall_name(PairList& fields) {
  const bool x86_64 = fields.find("arch") == "c000003e";
  if (!x86_64 || !fields.find("SYSCALL").empty()) return;
  const std::string_view name = name_of(kSyscalls, fields.find("syscall"));
  if (!name.empty()) fields.add("SYSCALL", name);
}

void remember(std::string_view type, std::string_view source, std::string_view id, AuditMemory& memory,
              const PairList& fields) {
  if (type == "SYSCALL") {
    AuditMemory::Context& context = memory.begin(source, id);
    for (const Pair& item : fields.items()) {
      if (is_carried(item.name)) context.fields.emplace_back(item.name, item.value);
    }
  } else if (type == "CWD") {
    if (auto* context = memory.find(source, id)) context->folder = fields.find("cwd");
  }
}

void add_context(const AuditMemory::Context& context, PairList& fields) {
  for (const auto& [name, value] : context.fields) {
    if (!fields.find(name).empty()) continue;
    const std::string_view held = fields.hold(std::string_view(value));
    const auto carried = std::string_view(name);
    fields.add(fields.hold(carried), held, number_kind(held));
  }
}

void add_path(const AuditMemory::Context* context, PairList& fields) {
  const std::string_view name = fields.find("name");
  if (name.empty()) return;
  if (name[0] == '/' || context == nullptr || context->folder.empty()) {
    fields.add("path", name);
    return;
  }
  const std::string_view slash = context->folder.ends_with('/') ? "" : "/";
  fields.add("path", fields.hold(fmt::format("{}{}{}", context->folder, slash, name)));
}

/// "audit(1364481363.243:24287): " at the start; moves behind it.
bool take_stamp(std::string_view& text, std::string_view& id) {
  constexpr std::string_view kOpen = "audit(";
  constexpr std::size_t kIdBytesMax = 40;
  if (!text.starts_with(kOpen)) return false;
  const std::size_t close = text.find(')', kOpen.size());
  if (close == text.npos || close - kOpen.size() > kIdBytesMax) return false;
  id = text.substr(kOpen.size(), close - kOpen.size());
  if (id.empty() || !is_digit(id[0]) || id.find(':') == id.npos) return false;
  text.remove_prefix(close + 1);
  if (text.starts_with(':')) text.remove_prefix(1);
  return true;
}

std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

AuditMemory::Context* AuditMemory::find(std::string_view source, std::string_view id) {
  for (auto& context : contexts_) {
    if (context.id.size() == source.size() + id.size() && context.id.ends_with(id) &&
        context.id.starts_with(source))
      return &context;
  }
  return nullptr;
}

AuditMemory::Context& AuditMemory::begin(std::string_view source, std::string_view id) {
  Context* context = find(source, id);
  if (context == nullptr) {
    context = &contexts_[next_];
    next_ = (next_ + 1) % contexts_.size();
  }
  context->id.assign(source);
  context->id += id;
  context->fields.clear();
  context->folder.clear();
  return *context;
}

bool parse_audit_body(std::string_view type, std::string_view id, std::string_view body,
                      std::string_view source, AuditMemory& memory, PairList& fields, LineMeaning& meaning) {
  if (!type.empty() && is_digit(type[0])) {
    if (const auto name = name_of(kTypes, type); !name.empty()) type = name;
  }
  meaning.logsource = "linux//auditd";
  fields.add("type", type);
  if (!id.empty()) {
    fields.add("audit_id", id);
    const std::size_t serial = id.find(':');  // journald's id is only the serial number
    if (const auto time = parse_epoch(id.substr(0, serial)); time && serial != id.npos)
      meaning.time = ParsedTime{*time, TimeQuality::exact, 0};
  }
  read_body(type, body, fields);
  add_syscall_name(fields);
  if (type == "EXECVE") add_command_line(fields);
  if (type == "PROCTITLE") {
    if (const auto title = fields.find("proctitle"); !title.empty()) fields.add("cmdline", title);
  }
  if (!id.empty()) {
    remember(type, source, id, memory, fields);
    const AuditMemory::Context* context = memory.find(source, id);
    if (context != nullptr && type != "SYSCALL") add_context(*context, fields);
    if (type == "PATH") add_path(context, fields);
  }
  if (type == "SOCKADDR") add_peer(fields.find("saddr"), fields);
  if (fields.cut()) meaning.error = parse_error::kTooManyFields;
  return true;
}

bool parse_audit(std::string_view text, std::string_view source, AuditMemory& memory, PairList& fields,
                 LineMeaning& meaning) {
  constexpr std::string_view kNode = "node=";
  constexpr std::string_view kType = "type=";
  constexpr std::string_view kMessage = "msg=";
  constexpr std::string_view kKernel = "audit: ";
  if (text.starts_with('[')) {  // "[   12.345678] audit: type=1400 ..."
    const std::size_t close = text.find("] ");
    if (close != text.npos && close < kPairNameBytesMax) text.remove_prefix(close + 2);
  }
  if (text.starts_with(kKernel)) text.remove_prefix(kKernel.size());
  std::string_view node;
  if (text.starts_with(kNode)) node = take_word(text).substr(kNode.size());
  if (!text.starts_with(kType)) return false;
  const std::string_view type = take_word(text).substr(kType.size());
  if (!is_pair_name(type)) return false;
  if (text.starts_with(kMessage)) text.remove_prefix(kMessage.size());
  std::string_view id;
  if (!take_stamp(text, id)) return false;
  meaning.host = node;
  return parse_audit_body(type, id, text, source, memory, fields, meaning);
}

}  // namespace phendau::ingest

// SPDX-License-Identifier: Apache-2.0
// The table below is the knowledge; rows of a speaker are tried in order, the first that fits wins. What each
// program prints was read from its own sources: OpenSSH 6.6 to 9.2, Linux-PAM 1.5, sudo 1.9, shadow 4.13,
// util-linux 2.38, systemd 252, cron 3.0pl1 (Debian 12), and older forms from the public loghub samples.
#include "ingest/auth_messages.h"

#include <array>
#include <vector>

#include "base/text.h"
#include "ingest/message_template.h"

namespace phendau::ingest {
namespace {

/// Which rows apply. `pam` rows are tried behind "pam_x(service:type): " of any program.
enum class Group : std::uint8_t { sshd, su, login, shadow, logind, cron, network, kernel, pam, count };

constexpr std::uint8_t kUnknownUser = 1;  // user_known = false
constexpr std::uint8_t kRoot = 2;         // the message means root without naming it
constexpr std::uint8_t kPamMethod = 4;    // a judgement of PAM: method = pam
constexpr std::uint8_t kAnonymous = 8;

/// Action "end": preauth_disconnect in a line of the unauthenticated part of sshd, else logout.
/// Action "auth": login, su or sudo after the PAM service.
constexpr std::string_view kEnd = "end";
constexpr std::string_view kAuth = "auth";
constexpr std::string_view kCut = "preauth_disconnect";
constexpr std::string_view kOk = "success";
constexpr std::string_view kFailed = "failure";

struct Form {
  Group group;
  std::string_view pattern;
  std::string_view action = {};
  std::string_view outcome = {};
  std::uint8_t flags = 0;
};

// One line per form. PAM: `user` captures who asks (ruser, "by"), `target_user` whom it is about;
// assign_actor() sorts.
constexpr Form kForms[] = {
    {Group::sshd,
     "Failed {word:method} for invalid user {text:user} from {peer} port {num:source_port} ssh2{tail}",
     "login", kFailed, kUnknownUser},
    {Group::sshd, "Failed {word:method} for {text:user} from {peer} port {num:source_port} ssh2{tail}",
     "login", kFailed},
    {Group::sshd, "Failed {word:method} for {rest}", "login", kFailed},
    {Group::sshd, "Accepted {word:method} for {word:user} from {peer} port {num:source_port} ssh2{tail}",
     "login", kOk},
    {Group::sshd,
     "Accepted {word:method} for {word:user} from {peer} port {num:source_port} ssh2: {word} "
     "{word:key_fingerprint} {rest}",
     "login", kOk},
    {Group::sshd, "Accepted {word:method} for {text:user} from {peer} port {num:source_port} ssh2{tail}",
     "login", kOk},
    {Group::sshd,
     "Postponed {word:method} for invalid user {text:user} from {peer} port {num:source_port} ssh2", "", "",
     kUnknownUser},
    {Group::sshd, "Postponed {word:method} for {text:user} from {peer} port {num:source_port} ssh2"},
    {Group::sshd, "Partial {word:method} for {text:user} from {peer} port {num:source_port} ssh2{tail}"},
    {Group::sshd, "Invalid user {text:user} from {peer} port {num:source_port}", "", kFailed, kUnknownUser},
    {Group::sshd, "Invalid user {text:user} from {peer}", "", kFailed, kUnknownUser},
    {Group::sshd, "input_userauth_request: invalid user {rest:user}", "", kFailed, kUnknownUser},
    {Group::sshd, "User {text:user} from {peer} not allowed because {rest}", "", kFailed},
    {Group::sshd, "ROOT LOGIN REFUSED FROM {peer} port {num:source_port}", "login", kFailed, kRoot},
    {Group::sshd, "Received disconnect from {peer} port {num:source_port}:{num}: {rest}", kEnd},
    {Group::sshd, "Received disconnect from {peer}: {num}: {rest}", kEnd},
    {Group::sshd, "Disconnected from invalid user {text:user} {peer} port {num:source_port}", kCut, "",
     kUnknownUser},
    {Group::sshd, "Disconnected from authenticating user {text:user} {peer} port {num:source_port}", kCut},
    {Group::sshd, "Disconnected from user {text:user} {peer} port {num:source_port}", "logout"},
    {Group::sshd, "Disconnected from {peer} port {num:source_port}", kEnd},
    {Group::sshd, "Connection closed by invalid user {text:user} {peer} port {num:source_port}", kCut, "",
     kUnknownUser},
    {Group::sshd, "Connection closed by authenticating user {text:user} {peer} port {num:source_port}", kCut},
    {Group::sshd, "Connection closed by {peer} port {num:source_port}", kEnd},
    {Group::sshd, "Connection closed by {peer}", kEnd},
    {Group::sshd, "Connection reset by invalid user {text:user} {peer} port {num:source_port}", kCut, "",
     kUnknownUser},
    {Group::sshd, "Connection reset by authenticating user {text:user} {peer} port {num:source_port}", kCut},
    {Group::sshd, "Connection reset by {peer} port {num:source_port}", kEnd},
    {Group::sshd, "Connection reset by {peer}", kEnd},
    // Other reasons of "Disconnecting" may quote a second user name behind the address: no address is taken
    // there.
    {Group::sshd,
     "Disconnecting invalid user {text:user} {peer} port {num:source_port}: Too many authentication failures",
     kCut, kFailed, kUnknownUser},
    {Group::sshd,
     "Disconnecting authenticating user {text:user} {peer} port {num:source_port}: Too many authentication "
     "failures",
     kCut, kFailed},
    {Group::sshd,
     "Disconnecting: Too many authentication failures for {text:user} from {peer} port {num:source_port} "
     "ssh2",
     kCut, kFailed},
    {Group::sshd, "Disconnecting: Too many authentication failures for {rest:user}", kCut, kFailed},
    {Group::sshd, "Disconnecting{rest}", kEnd},
    {Group::sshd,
     "maximum authentication attempts exceeded for invalid user {text:user} from {peer} port "
     "{num:source_port} ssh2",
     kCut, kFailed, kUnknownUser},
    {Group::sshd,
     "maximum authentication attempts exceeded for {text:user} from {peer} port {num:source_port} ssh2", kCut,
     kFailed},
    {Group::sshd, "reverse mapping checking getaddrinfo for {word:source_name} [{peer}] failed{rest}"},
    {Group::sshd,
     "Address {peer} maps to {word:source_name}, but this does not map back to the address{rest}"},
    {Group::sshd, "Did not receive identification string from {peer} port {num:source_port}", kCut},
    {Group::sshd, "Did not receive identification string from {peer}", kCut},
    {Group::sshd, "Bad protocol version identification '{text}' from {peer} port {num:source_port}", kCut},
    {Group::sshd, "banner exchange: Connection from {peer} port {num:source_port}: {rest}", kCut},
    {Group::sshd, "ssh_dispatch_run_fatal: Connection from {peer} port {num:source_port}: {rest}", kEnd},
    {Group::sshd, "Unable to negotiate with {peer} port {num:source_port}: {rest}", kCut},
    {Group::sshd, "Timeout before authentication for connection from {peer} to {rest}", kCut},
    {Group::sshd, "Timeout before authentication for {peer} port {num:source_port}", kCut},
    {Group::sshd, "drop connection #{num} from [{peer}]:{num:source_port} on {rest}", kCut},
    {Group::sshd, "kex_exchange_identification: {rest}", kCut},
    {Group::sshd, "Write failed: {rest}", kEnd},
    {Group::sshd, "Connection from {peer} port {num:source_port} on {rest}"},
    {Group::sshd, "Connection from {peer} port {num:source_port}"},
    {Group::sshd, "PAM: {lazy} for illegal user {text:user} from {peer}", "", kFailed,
     kUnknownUser | kPamMethod},
    {Group::sshd, "PAM: {lazy} for {text:user} from {peer}", "", kFailed, kPamMethod},
    {Group::sshd, "PAM service({lazy}) ignoring max retries; {num} > {num}", "", kFailed},
    {Group::sshd,
     "PAM {num} more authentication failure{lazy}; logname={lazy} uid={lazy} euid={lazy} tty={lazy:tty} "
     "ruser={lazy} rhost={peer}  user={rest:user}",
     "", kFailed, kPamMethod},
    {Group::sshd,
     "PAM {num} more authentication failure{lazy}; logname={lazy} uid={lazy} euid={lazy} tty={lazy:tty} "
     "ruser={lazy} rhost={peer}",
     "", kFailed, kPamMethod},
    {Group::sshd, "Authentication refused: {rest}", "", kFailed},
    {Group::sshd, "Starting session: {lazy} for {word:user} from {peer} port {num:source_port} id {num}"},
    {Group::sshd, "Close session: user {word:user} from {peer} port {num:source_port} id {num}"},

    {Group::su, "(to {word:target_user}) {lazy:user} on {rest:tty}", "su", kOk},
    {Group::su, "FAILED SU (to {word:target_user}) {lazy:user} on {rest:tty}", "su", kFailed},
    {Group::su, "Successful su for {word:target_user} by {rest:user}", "su", kOk},
    {Group::su, "FAILED su for {word:target_user} by {rest:user}", "su", kFailed},
    {Group::su, "+ {word:tty} {lazy:user}:{rest:target_user}", "su", kOk},
    {Group::su, "- {word:tty} {lazy:user}:{rest:target_user}", "su", kFailed},

    {Group::login, "FAILED LOGIN ({num}) on '{lazy:tty}' from '{peer}' FOR '{text:user}', {rest}", "login",
     kFailed},
    {Group::login, "FAILED LOGIN ({num}) on '{lazy:tty}' FOR '{text:user}', {rest}", "login", kFailed},
    {Group::login, "FAILED LOGIN {num} FROM {lazy:tty} FOR {text:user}, {rest}", "login", kFailed},
    {Group::login, "FAILED LOGIN SESSION FROM {lazy:tty} FOR {text:user}, {rest}", "login", kFailed},
    {Group::login, "TOO MANY LOGIN TRIES ({num}) on '{lazy:tty}'{rest}", "", kFailed},
    {Group::login, "TOO MANY LOGIN TRIES {rest}", "", kFailed},
    {Group::login, "ROOT LOGIN  on '{lazy:tty}' from '{peer}'", "login", kOk, kRoot},
    {Group::login, "ROOT LOGIN  on '{lazy:tty}'", "login", kOk, kRoot},
    {Group::login, "ROOT LOGIN ON {word:tty} FROM {peer}", "login", kOk, kRoot},
    {Group::login, "ROOT LOGIN ON {word:tty}", "login", kOk, kRoot},
    {Group::login, "LOGIN ON {word:tty} BY {word:user} FROM {peer}", "login", kOk},
    {Group::login, "LOGIN ON {word:tty} BY {rest:user}", "login", kOk},

    {Group::shadow,
     "new user: name={word:target_user}, UID={num:uid}, GID={num:gid}, home={lazy:home}, "
     "shell={lazy:shell}, from={rest:tty}",
     "user_added", kOk},
    {Group::shadow,
     "new user: name={word:target_user}, UID={num:uid}, GID={num:gid}, home={lazy:home}, "
     "shell={rest:shell}",
     "user_added", kOk},
    {Group::shadow, "failed adding user '{lazy:target_user}', {rest}", "user_added", kFailed},
    {Group::shadow, "new group: name={word:group}, GID={num:gid}", "group_added", kOk},
    {Group::shadow, "group added to {word}: name={word:group}, GID={num:gid}", "", kOk},
    {Group::shadow, "group added to {word}: name={rest:group}", "", kOk},
    {Group::shadow, "add '{lazy:target_user}' to group '{lazy:group}'", "member_added", kOk},
    {Group::shadow, "add '{lazy:target_user}' to shadow group '{lazy:group}'", "", kOk},
    {Group::shadow, "delete '{lazy:target_user}' from group '{lazy:group}'", "member_removed", kOk},
    {Group::shadow, "delete '{lazy:target_user}' from shadow group '{lazy:group}'", "", kOk},
    {Group::shadow, "delete user '{lazy:target_user}'", "user_deleted", kOk},
    {Group::shadow, "removed group '{lazy:group}' owned by '{lazy:target_user}'", "group_deleted", kOk},
    {Group::shadow, "removed shadow group '{lazy:group}' owned by '{lazy:target_user}'", "", kOk},
    {Group::shadow, "group '{lazy:group}' removed", "group_deleted", kOk},
    {Group::shadow, "group '{lazy:group}' removed from {rest}", "", kOk},
    {Group::shadow, "change user '{lazy:target_user}' password", "password_changed", kOk},
    {Group::shadow, "change user '{lazy:target_user}' UID from '{lazy}' to '{lazy:uid}'", "user_changed",
     kOk},
    {Group::shadow, "change user '{lazy:target_user}' GID from '{lazy}' to '{lazy:gid}'", "user_changed",
     kOk},
    {Group::shadow, "change user '{lazy:target_user}' home from '{lazy}' to '{lazy:home}'", "user_changed",
     kOk},
    {Group::shadow, "change user '{lazy:target_user}' shell from '{lazy}' to '{lazy:shell}'", "user_changed",
     kOk},
    {Group::shadow, "change user '{lazy:target_user}' {rest}", "user_changed", kOk},
    {Group::shadow, "change user name '{lazy:target_user}' to '{lazy}'", "user_changed", kOk},
    {Group::shadow, "changed user '{lazy:target_user}' information", "user_changed", kOk},
    {Group::shadow, "changed user '{lazy:target_user}' shell to '{lazy:shell}'", "user_changed", kOk},
    {Group::shadow, "lock user '{lazy:target_user}' password", "account_locked", kOk},
    {Group::shadow, "unlock user '{lazy:target_user}' password", "account_unlocked", kOk},
    // gpasswd says it once for the change and once per file (" in /etc/group"): only the first is an action.
    {Group::shadow, "user {word:target_user} added by {word:user} to group {word:group}", "member_added",
     kOk},
    {Group::shadow, "user {word:target_user} added by {word:user} to group {word:group} in {rest}", "", kOk},
    {Group::shadow, "user {word:target_user} removed by {word:user} from group {word:group}",
     "member_removed", kOk},
    {Group::shadow, "user {word:target_user} removed by {word:user} from group {word:group} in {rest}", "",
     kOk},
    {Group::shadow, "{word:user} failed to add user {word:target_user} to group {word:group}{rest}",
     "member_added", kFailed},
    {Group::shadow, "{word:user} failed to remove user {word:target_user} from group {word:group}{rest}",
     "member_removed", kFailed},
    {Group::shadow, "administrators of group {word:group} set by {word:user} to {rest}", "group_changed",
     kOk},
    {Group::shadow, "password of group {word:group} changed by {word:user}", "group_changed", kOk},
    {Group::shadow, "password of group {word:group} removed by {word:user}", "group_changed", kOk},
    {Group::shadow, "members of group {word:group} set by {word:user} to {rest}", "group_changed", kOk},
    {Group::shadow, "group changed in {word} (group {lazy:group}/{num:gid}{rest}", "group_changed", kOk},
    {Group::shadow, "password for '{lazy:target_user}' changed by '{lazy:user}'", "password_changed", kOk},
    {Group::shadow, "password for {word:target_user} changed by {word:user}", "password_changed", kOk},
    {Group::shadow, "changed password expiry for {rest:target_user}", "password_expiry_changed", kOk},

    {Group::logind, "New session '{lazy:session_id}' of user '{lazy:user}' with {rest}", "session_open", kOk},
    {Group::logind, "New session {word:session_id} of user {text:user}.", "session_open", kOk},
    {Group::logind, "Removed session {text:session_id}.", "session_close"},
    {Group::logind, "Session {word:session_id} logged out. {rest}"},

    {Group::cron, "({lazy:user}) CMD ({text:command})"},

    {Group::network, "connection from {peer} ({lazy:source_name}) at {rest}"},
    {Group::network, "ANONYMOUS FTP LOGIN FROM {peer}, {lazy:source_name} ({lazy})", "login", kOk,
     kAnonymous},
    {Group::network, "ANONYMOUS FTP LOGIN FROM {peer},  ({lazy})", "login", kOk, kAnonymous},
    {Group::network, "Authentication failed from {peer} ({lazy}): {rest}", "login", kFailed},
    {Group::network, "Kerberos authentication failed", "login", kFailed},

    {Group::pam,
     "authentication failure; logname={lazy} uid={lazy} euid={lazy} tty={lazy:tty} ruser={lazy:user} "
     "rhost={peer}  user={rest:target_user}",
     kAuth, kFailed, kPamMethod},
    {Group::pam,
     "authentication failure; logname={lazy} uid={lazy} euid={lazy} tty={lazy:tty} ruser={lazy:user} "
     "rhost={peer} user={rest:target_user}",
     kAuth, kFailed, kPamMethod},
    {Group::pam,
     "authentication failure; logname={lazy} uid={lazy} euid={lazy} tty={lazy:tty} ruser={lazy:user} "
     "rhost={peer}",
     kAuth, kFailed, kPamMethod},
    {Group::pam,
     "authentication success; logname={lazy} uid={lazy} euid={lazy} tty={lazy:tty} ruser={lazy:user} "
     "rhost={peer} user={rest:target_user}",
     "", kOk, kPamMethod},
    {Group::pam,
     "{num} more authentication failure{lazy}; logname={lazy} uid={lazy} euid={lazy} tty={lazy:tty} "
     "ruser={lazy:user} rhost={peer}  user={rest:target_user}",
     "", kFailed, kPamMethod},
    {Group::pam,
     "{num} more authentication failure{lazy}; logname={lazy} uid={lazy} euid={lazy} tty={lazy:tty} "
     "ruser={lazy:user} rhost={peer}",
     "", kFailed, kPamMethod},
    // A memory stick gives both lines, joined by its port; a keyboard only the first.
    {Group::kernel, "usb {word:usb_port}: SerialNumber: {rest:device_serial}", "usb_device"},
    {Group::kernel, "usb {word:usb_port}: New USB device strings: Mfr={num}, Product={num}, SerialNumber=0",
     "usb_device"},
    {Group::kernel, "usb-storage {lazy:usb_port}:{word} USB Mass Storage device detected", "removable_media"},
    // Fast disks (USB Attached SCSI): this line, which names no port, in the place of the one above.
    {Group::kernel, "scsi host{num}: uas", "removable_media"},

    {Group::pam, "service({lazy}) ignoring max retries; {num} > {num}", "", kFailed},
    {Group::pam, "check pass; user ({text:target_user}) unknown", "", kFailed, kUnknownUser},
    {Group::pam, "user [{text:target_user}] has blank password; authenticated without it", "", kOk},
    {Group::pam, "check pass; user unknown", "", kFailed, kUnknownUser},
    {Group::pam, "session opened for user {word:target_user}(uid={lazy}) by {lazy:user}(uid={num})",
     "session_open", kOk},
    {Group::pam, "session opened for user {word:target_user} by {lazy:user}(uid={num})", "session_open", kOk},
    {Group::pam, "session closed for user {rest:target_user}", "session_close"},
    {Group::pam, "password changed for {rest:target_user}", "password_changed", kOk},
    {Group::pam, "account {text:target_user} has expired {rest}", "", kFailed},
    {Group::pam, "expired password for user {text:target_user} ({rest}", "", kFailed},
    {Group::pam, "Consecutive login failures for user {text:target_user} account temporarily locked",
     "account_locked", kFailed},
    {Group::pam, "auth could not identify password for [{text:target_user}]", "", kFailed},
    {Group::pam, "conversation failed", "", kFailed},
    {Group::pam, "requirement \"{lazy}\" not met by user \"{text:target_user}\"", "", kFailed},
    {Group::pam, "received for user {text:target_user}: {num} ({rest}", "", kFailed},
};

struct CompiledForm {
  const Form* form;
  MessageTemplate pattern;
};
using Forms = std::array<std::vector<CompiledForm>, static_cast<std::size_t>(Group::count)>;

const Forms& forms() {
  static const Forms compiled = [] {
    Forms out;
    for (const Form& form : kForms) {
      out[static_cast<std::size_t>(form.group)].push_back({&form, MessageTemplate(form.pattern)});
    }
    return out;
  }();
  return compiled;
}

struct ProgramName {
  std::string_view name;
  Speaker speaker;
};
constexpr ProgramName kPrograms[] = {
    {"sshd", Speaker::sshd},       {"sshd-session", Speaker::sshd},
    {"sshd-auth", Speaker::sshd},  {"sudo", Speaker::sudo},
    {"su", Speaker::su},           {"su-l", Speaker::su},
    {"login", Speaker::login},     {"CRON", Speaker::cron},
    {"cron", Speaker::cron},       {"crond", Speaker::cron},
    {"crontab", Speaker::cron},    {"anacron", Speaker::cron},
    {"kernel", Speaker::kernel},   {"systemd-logind", Speaker::logind},
    {"useradd", Speaker::shadow},  {"userdel", Speaker::shadow},
    {"usermod", Speaker::shadow},  {"groupadd", Speaker::shadow},
    {"groupdel", Speaker::shadow}, {"groupmod", Speaker::shadow},
    {"gpasswd", Speaker::shadow},  {"passwd", Speaker::shadow},
    {"chpasswd", Speaker::shadow}, {"chage", Speaker::shadow},
    {"chfn", Speaker::shadow},     {"chsh", Speaker::shadow},
    {"newusers", Speaker::shadow}, {"auditd", Speaker::auditd},
    {"audispd", Speaker::auditd},  {"audisp-syslog", Speaker::auditd},
};

/// Name without path and without the "(pam_unix)" that old PAM put behind it.
std::string_view bare_name(std::string_view program) {
  if (const auto at = program.find('('); at != program.npos && at > 0) program = program.substr(0, at);
  if (const auto at = program.rfind('/'); at != program.npos && program.starts_with('/'))
    program.remove_prefix(at + 1);
  return program;
}

bool is_network_daemon(std::string_view name) {
  return name == "ftpd" || name == "klogind" || name == "kshd";
}

bool is_actor_service(std::string_view service) {
  return service.starts_with("su");
}  // su, su-l, sudo, sudo-i

std::string_view trim_right(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

struct Body {
  std::string_view text;
  std::string_view service;  // of PAM
  bool pam = false;
  bool preauth = false;
};

/// "pam_unix(sshd:auth): ..." -> service and the text behind.
void take_pam_prefix(Body& body) {
  if (!body.text.starts_with("pam_")) return;
  const std::size_t open = body.text.find('(');
  const std::size_t close = body.text.find("): ");
  if (open == body.text.npos || close == body.text.npos || open > close) return;
  const std::string_view inside = body.text.substr(open + 1, close - open - 1);
  body.service = inside.substr(0, inside.find(':'));
  body.pam = true;
  body.text.remove_prefix(close + 3);
}

/// In su and sudo the asking user acts on the other; elsewhere the named user is the one who acts.
void assign_actor(const Form& form, std::string_view service, FieldList& fields) {
  const bool password = form.action == "password_changed";
  if (password || is_actor_service(service)) return;
  FieldValue* target = fields.find(Field::target_user);
  if (FieldValue* asking = fields.find(Field::user); asking != nullptr) asking->field = Field::none;
  if (target != nullptr) target->field = Field::user;
}

void add_constants(const Form& form, const Body& body, FieldList& fields) {
  std::string_view action = form.action;
  if (action == kEnd) action = body.preauth ? kCut : "logout";
  if (action == kAuth) {
    action = body.service.starts_with("sudo") ? "sudo" : is_actor_service(body.service) ? "su" : "login";
  }
  if (!action.empty()) fields.add(Field::action, action);
  if (!form.outcome.empty()) fields.add(Field::outcome, form.outcome);
  if ((form.flags & kUnknownUser) != 0) fields.add(Field::user_known, "false", ValueKind::boolean);
  if ((form.flags & kRoot) != 0) fields.add(Field::user, "root");
  if ((form.flags & kAnonymous) != 0) fields.add(Field::user, "anonymous");
  if ((form.flags & kPamMethod) != 0) fields.add(Field::method, "pam");
}

bool match_group(Group group, const Body& body, FieldList& fields) {
  const std::size_t before = fields.size();
  for (const auto& candidate : forms()[static_cast<std::size_t>(group)]) {
    if (!candidate.pattern.match(body.text, fields)) continue;
    if (group == Group::pam) assign_actor(*candidate.form, body.service, fields);
    add_constants(*candidate.form, body, fields);
    return true;
  }
  fields.truncate(before);
  return false;
}

Field sudo_field(std::string_view key) {
  if (key == "TTY") return Field::tty;
  if (key == "PWD") return Field::working_directory;
  if (key == "USER") return Field::target_user;
  if (key == "GROUP") return Field::group;
  if (key == "COMMAND") return Field::command;
  return Field::none;
}

bool is_sudo_key(std::string_view key) {
  return sudo_field(key) != Field::none || key == "HOST" || key == "CHROOT" || key == "ENV" || key == "TSID";
}

std::string_view sudo_key(std::string_view text) {
  const std::string_view key = text.substr(0, text.find('='));
  return key.size() < text.size() && is_sudo_key(key) ? key : std::string_view();
}

/// "bob : [reason ;] TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/id": keys in this order, the
/// command last.
bool parse_sudo(std::string_view text, FieldList& fields) {
  text = trim(text);
  const std::size_t colon = text.find(" : ");
  if (colon == text.npos || colon == 0) return false;
  constexpr std::string_view kContinued = "(command continued) ";
  const std::string_view user = text.substr(0, colon);
  text.remove_prefix(colon + 3);
  if (text.starts_with(kContinued)) {
    fields.add(Field::user, user);
    fields.add(Field::command, text.substr(kContinued.size()));
    fields.add(Field::action, "sudo");
    return true;
  }
  bool refused = false;
  if (sudo_key(text).empty()) {
    const std::size_t end = text.find(" ; ");
    if (end == text.npos || sudo_key(text.substr(end + 3)).empty()) return false;
    refused = true;
    text.remove_prefix(end + 3);
  }
  fields.add(Field::user, user);
  while (!text.empty()) {
    const std::string_view key = sudo_key(text);
    if (key.empty()) break;
    text.remove_prefix(key.size() + 1);
    std::size_t end = key == "COMMAND" ? text.npos : text.find(" ; ");
    for (int tries = 0; end != text.npos && sudo_key(text.substr(end + 3)).empty() && tries < 16; ++tries) {
      end = text.find(" ; ", end + 3);  // a folder name may hold the separator
    }
    if (const Field field = sudo_field(key); field != Field::none) fields.add(field, text.substr(0, end));
    text = end == text.npos ? std::string_view() : text.substr(end + 3);
  }
  fields.add(Field::action, "sudo");
  fields.add(Field::outcome, refused ? kFailed : kOk);
  return true;
}

/// "[   12.345678] text" of the kernel -> "text".
Body without_clock(Body body) {
  const std::size_t close = body.text.starts_with('[') ? body.text.find("] ") : body.text.npos;
  if (close != body.text.npos && close < 24) body.text.remove_prefix(close + 2);
  return body;
}

bool match_speaker(Speaker speaker, const Body& body, std::string_view name, FieldList& fields) {
  switch (speaker) {
    case Speaker::sshd:
      return match_group(Group::sshd, body, fields);
    case Speaker::sudo:
      return parse_sudo(body.text, fields);
    case Speaker::su:
      return match_group(Group::su, body, fields);
    case Speaker::login:
      return match_group(Group::login, body, fields);
    case Speaker::shadow:
      return match_group(Group::shadow, body, fields);
    case Speaker::logind:
      return match_group(Group::logind, body, fields);
    case Speaker::cron:
      return match_group(Group::cron, body, fields);
    case Speaker::other:
      return is_network_daemon(name) && match_group(Group::network, body, fields);
    case Speaker::kernel:
      return match_group(Group::kernel, without_clock(body), fields);
    case Speaker::auditd:
    case Speaker::pam:
      return false;
  }
  return false;
}

/// "message repeated 2 times: [ ... ]" -> the text inside; "last message repeated 2 times" -> only the count.
std::string_view take_repetition(std::string_view message, FieldList& fields) {
  static const MessageTemplate kLast("last message repeated {num:repeat_count} times");
  constexpr std::string_view kHead = "message repeated ";
  if (message.starts_with("last")) {
    kLast.match(trim_right(message), fields);
    return message;
  }
  if (!message.starts_with(kHead)) return message;
  std::size_t at = kHead.size();
  while (at < message.size() && message[at] >= '0' && message[at] <= '9') ++at;
  const std::string_view count = message.substr(kHead.size(), at - kHead.size());
  std::string_view rest = trim_right(message.substr(at));
  constexpr std::string_view kOpen = " times: [";
  if (count.empty() || !rest.starts_with(kOpen) || !rest.ends_with(']')) return message;
  fields.add(Field::repeat_count, count, number_kind(count));
  rest.remove_suffix(1);
  rest.remove_prefix(kOpen.size());
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return rest;
}

}  // namespace

Speaker speaker_of(std::string_view program) {
  const std::string_view name = bare_name(program);
  for (const auto& known : kPrograms) {
    if (known.name == name) return known.speaker;
  }
  return Speaker::other;
}

MessageMeaning parse_auth_message(std::string_view program, std::string_view message, FieldList& fields) {
  MessageMeaning meaning;
  meaning.speaker = speaker_of(program);
  Body body;
  body.text = trim_right(take_repetition(message, fields));
  take_pam_prefix(body);
  const std::string_view name = bare_name(program);
  if (!body.pam && name.size() < program.size() && program.ends_with("(pam_unix)")) {
    body.pam = true;
    body.service = name;
  }
  if (body.pam) {
    if (meaning.speaker == Speaker::other) meaning.speaker = Speaker::pam;
    meaning.understood = match_group(Group::pam, body, fields);
    return meaning;
  }
  if (meaning.speaker == Speaker::sshd) {
    constexpr std::string_view kPreauth = " [preauth]";
    if (body.text.ends_with(kPreauth)) {
      body.preauth = true;
      body.text.remove_suffix(kPreauth.size());
    }
    for (const std::string_view level : {std::string_view("error: "), std::string_view("fatal: ")}) {
      if (body.text.starts_with(level)) body.text.remove_prefix(level.size());
    }
  }
  meaning.understood = match_speaker(meaning.speaker, body, name, fields);
  return meaning;
}

std::string_view logsource_of(Speaker speaker) {
  switch (speaker) {
    case Speaker::sshd:
      return "linux//sshd";
    case Speaker::sudo:
      return "linux//sudo";
    case Speaker::su:
    case Speaker::login:
    case Speaker::shadow:
    case Speaker::logind:
    case Speaker::pam:
      return "linux//auth";
    case Speaker::cron:
      return "linux//cron";
    case Speaker::kernel:
      return "linux//kernel";
    case Speaker::auditd:
      return "linux//auditd";
    case Speaker::other:
      return "linux//syslog";
  }
  return "linux//syslog";
}

}  // namespace phendau::ingest

// SPDX-License-Identifier: Apache-2.0
// Proves the message forms: program and message in, fields out as one line of text. Real logs at the end.
#include "ingest/auth_messages.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ingest/message_template.h"
#include "ingest/syslog_decoder.h"
#include "ingest/testing/rows.h"

namespace phendau::ingest::auth_messages_test {
namespace {

std::string describe(std::string_view program, std::string_view message) {
  FieldList fields;
  parse_auth_message(program, message, fields);
  std::string out;
  for (std::size_t i = 1; i < kFieldCount; ++i) {
    for (const FieldValue& item : fields.items()) {
      if (item.field != static_cast<Field>(i)) continue;
      if (!out.empty()) out += "|";
      out += std::string(to_string(item.field)) + "=" + std::string(item.value);
    }
  }
  return out;
}

struct Case {
  const char* program;
  const char* message;
  const char* fields;
};

template <std::size_t N>
void check(const Case (&cases)[N]) {
  for (const Case& test : cases) {
    CHECK_MESSAGE(describe(test.program, test.message) == std::string(test.fields),
                  std::string(test.message));
  }
}

TEST_CASE("auth: the kernel tells of memory sticks") {
  const Case cases[] = {
      {"kernel", "[ 1234.567890] usb 1-1.2: SerialNumber: 4C530001",
       "action=usb_device|usb_port=1-1.2|device_serial=4C530001"},
      {"kernel", "usb-storage 1-1.2:1.0: USB Mass Storage device detected",
       "action=removable_media|usb_port=1-1.2"},
      {"kernel", "[ 1234.567890] scsi host6: uas", "action=removable_media"},
      {"kernel", "scsi host6: ahci", ""},
      {"kernel", "[ 1234.567890] usb 1-1.2: Product: Cruzer", ""},
      {"kernel", "[ 1234.567890] usb 1-1.2: New USB device strings: Mfr=1, Product=2, SerialNumber=0",
       "action=usb_device|usb_port=1-1.2"},
      {"kernel", "[ 1234.567890] usb 1-1.2: New USB device strings: Mfr=1, Product=2, SerialNumber=3", ""},
  };
  check(cases);
}

TEST_CASE("auth: sshd logins") {
  const Case cases[] = {
      {"sshd", "Failed password for root from 183.62.140.253 port 60627 ssh2",
       "action=login|outcome=failure|user=root|source_ip=183.62.140.253|source_port=60627|method=password"},
      {"sshd", "Failed password for invalid user x from 2001:db8::7 port 5 ssh2",
       "action=login|outcome=failure|user=x|user_known=false|source_ip=2001:db8::7|source_port=5|method="
       "password"},
      {"sshd", "Failed publickey for bob from 1.2.3.4 port 5 ssh2: RSA SHA256:abc+/",
       "action=login|outcome=failure|user=bob|source_ip=1.2.3.4|source_port=5|method=publickey|"
       "key_fingerprint=SHA256:abc+/"},
      {"sshd", "Accepted publickey for root from 10.0.0.5 port 40022 ssh2: ED25519 SHA256:x1",
       "action=login|outcome=success|user=root|source_ip=10.0.0.5|source_port=40022|method=publickey|"
       "key_fingerprint=SHA256:x1"},
      {"sshd",
       "Accepted publickey for bob from 10.0.0.5 port 1 ssh2: ED25519-CERT SHA256:x1 ID bob from 6.6.6.6 "
       "port 2 "
       "ssh2 (serial 0) CA RSA SHA256:y",
       "action=login|outcome=success|user=bob|source_ip=10.0.0.5|source_port=1|method=publickey|"
       "key_fingerprint=SHA256:x1"},
      {"sshd", "Accepted password for fztu from 119.137.62.142 port 49116 ssh2",
       "action=login|outcome=success|user=fztu|source_ip=119.137.62.142|source_port=49116|method=password"},
      {"sshd", "Accepted keyboard-interactive/pam for bob from 10.0.0.5 port 1 ssh2",
       "action=login|outcome=success|user=bob|source_ip=10.0.0.5|source_port=1|method=keyboard-interactive/"
       "pam"},
      {"sshd", "Failed none for invalid user  from 1.2.3.4 port 5 ssh2",
       "action=login|outcome=failure|user=|user_known=false|source_ip=1.2.3.4|source_port=5|method=none"},
      {"sshd", "Invalid user admin from 1.2.3.4 port 5",
       "outcome=failure|user=admin|user_known=false|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Invalid user admin from 1.2.3.4",
       "outcome=failure|user=admin|user_known=false|source_ip=1.2.3.4"},
      {"sshd", "input_userauth_request: invalid user webmaster [preauth]",
       "outcome=failure|user=webmaster|user_known=false"},
      {"sshd", "User bob from 1.2.3.4 not allowed because not listed in AllowUsers",
       "outcome=failure|user=bob|source_ip=1.2.3.4"},
      {"sshd", "error: PAM: Authentication failure for root from 1.2.3.4",
       "outcome=failure|user=root|source_ip=1.2.3.4|method=pam"},
      {"sshd",
       "error: PAM: User not known to the underlying authentication module for illegal user x from 1.2.3.4",
       "outcome=failure|user=x|user_known=false|source_ip=1.2.3.4|method=pam"},
      {"sshd", "error: maximum authentication attempts exceeded for root from 1.2.3.4 port 5 ssh2 [preauth]",
       "action=preauth_disconnect|outcome=failure|user=root|source_ip=1.2.3.4|source_port=5"},
      {"sshd",
       "error: maximum authentication attempts exceeded for invalid user a from 1.2.3.4 port 5 ssh2 "
       "[preauth]",
       "action=preauth_disconnect|outcome=failure|user=a|user_known=false|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "message repeated 5 times: [ Failed password for root from 1.2.3.4 port 5 ssh2]",
       "action=login|outcome=failure|user=root|source_ip=1.2.3.4|source_port=5|method=password|repeat_count="
       "5"},
      {"sshd", "last message repeated 3 times", "repeat_count=3"},
  };
  check(cases);
}

TEST_CASE("auth: sshd connections") {
  const Case cases[] = {
      {"sshd", "Connection closed by authenticating user root 1.2.3.4 port 5 [preauth]",
       "action=preauth_disconnect|user=root|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Connection closed by invalid user a b 1.2.3.4 port 5 [preauth]",
       "action=preauth_disconnect|user=a b|user_known=false|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Connection closed by 1.2.3.4 port 5 [preauth]",
       "action=preauth_disconnect|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Connection closed by 212.47.254.145 [preauth]",
       "action=preauth_disconnect|source_ip=212.47.254.145"},
      {"sshd", "Connection reset by authenticating user root 1.2.3.4 port 5 [preauth]",
       "action=preauth_disconnect|user=root|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Received disconnect from 1.2.3.4 port 5:11: Bye Bye [preauth]",
       "action=preauth_disconnect|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Received disconnect from fe80::1: 11: Bye Bye [preauth]",
       "action=preauth_disconnect|source_ip=fe80::1"},
      {"sshd", "Received disconnect from 1.2.3.4 port 5:11: disconnected by user",
       "action=logout|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Disconnected from user root 1.2.3.4 port 5",
       "action=logout|user=root|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Disconnected from authenticating user root 1.2.3.4 port 5 [preauth]",
       "action=preauth_disconnect|user=root|source_ip=1.2.3.4|source_port=5"},
      {"sshd",
       "Disconnecting authenticating user root 1.2.3.4 port 5: Too many authentication failures [preauth]",
       "action=preauth_disconnect|outcome=failure|user=root|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Disconnecting: Too many authentication failures for admin [preauth]",
       "action=preauth_disconnect|outcome=failure|user=admin"},
      {"sshd",
       "Disconnecting invalid user a 1.2.3.4 port 5: Change of username or service not allowed: "
       "(a,ssh-connection) -> (b 6.6.6.6 port 7: x,ssh-connection) [preauth]",
       "action=preauth_disconnect"},
      {"sshd",
       "reverse mapping checking getaddrinfo for ns.x.com [173.234.31.186] failed - POSSIBLE BREAK-IN "
       "ATTEMPT!",
       "source_ip=173.234.31.186|source_name=ns.x.com"},
      {"sshd", "Did not receive identification string from 1.2.3.4",
       "action=preauth_disconnect|source_ip=1.2.3.4"},
      {"sshd", "error: kex_exchange_identification: Connection closed by remote host",
       "action=preauth_disconnect"},
      {"sshd", "banner exchange: Connection from 1.2.3.4 port 5: invalid format",
       "action=preauth_disconnect|source_ip=1.2.3.4|source_port=5"},
      {"sshd",
       "Unable to negotiate with 1.2.3.4 port 5: no matching key exchange method found. Their offer: x "
       "[preauth]",
       "action=preauth_disconnect|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Server listening on 0.0.0.0 port 22.", ""},
  };
  check(cases);
}

TEST_CASE("auth: a user name that imitates the rest of the message does not move the address") {
  const Case cases[] = {
      {"sshd", "Failed password for invalid user x from 6.6.6.6 port 22 ssh2 from 1.2.3.4 port 5 ssh2",
       "action=login|outcome=failure|user=x from 6.6.6.6 port 22 "
       "ssh2|user_known=false|source_ip=1.2.3.4|source_port=5|"
       "method=password"},
      {"sshd",
       "Failed publickey for invalid user x from 6.6.6.6 port 22 ssh2: RSA SHA256:q from 1.2.3.4 port 5 "
       "ssh2: "
       "ED25519 SHA256:r",
       "action=login|outcome=failure|user=x from 6.6.6.6 port 22 ssh2: RSA "
       "SHA256:q|user_known=false|source_ip=1.2.3.4|"
       "source_port=5|method=publickey|key_fingerprint=SHA256:r"},
      {"sshd",
       "Failed publickey for invalid user x from 1.2.3.4 port 5 ssh2: ED25519-CERT SHA256:q ID a from "
       "6.6.6.6 "
       "port 22 ssh2: b (serial 0) CA RSA SHA256:r",
       "action=login|outcome=failure|method=publickey"},
      {"sshd", "Invalid user x from 6.6.6.6 port 22 from 1.2.3.4 port 5",
       "outcome=failure|user=x from 6.6.6.6 port 22|user_known=false|source_ip=1.2.3.4|source_port=5"},
      {"sshd", "Invalid user x from 6.6.6.6 port 22 from 1.2.3.4",
       "outcome=failure|user=x from 6.6.6.6 port 22|user_known=false|source_ip=1.2.3.4"},
      {"sshd", "Connection closed by invalid user x 6.6.6.6 port 22 1.2.3.4 port 5 [preauth]",
       "action=preauth_disconnect|user=x 6.6.6.6 port 22|user_known=false|source_ip=1.2.3.4|source_port=5"},
      {"sshd",
       "Failed password for invalid user Accepted password for root from 6.6.6.6 port 1 ssh2 from 1.2.3.4 "
       "port 5 "
       "ssh2",
       "action=login|outcome=failure|user=Accepted password for root from 6.6.6.6 port 1 "
       "ssh2|user_known=false|"
       "source_ip=1.2.3.4|source_port=5|method=password"},
      {"sshd",
       "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4  "
       "user=a rhost=6.6.6.6  user=root",
       "action=login|outcome=failure|user=a rhost=6.6.6.6  user=root|source_ip=1.2.3.4|method=pam|tty=ssh"},
  };
  check(cases);
  // Many separators cost a bounded number of tries, and the address is still the last one.
  std::string name;
  for (int i = 0; i < 3'000; ++i) name += " from 6.6.6.6 port 1 ssh2";
  CHECK(describe("sshd", "Failed password for invalid user" + name + " from 1.2.3.4 port 5 ssh2")
            .find("source_ip=1.2.3.4|source_port=5|") != std::string::npos);
}

TEST_CASE("auth: PAM") {
  const Case cases[] = {
      {"sshd",
       "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4  "
       "user=root",
       "action=login|outcome=failure|user=root|source_ip=1.2.3.4|method=pam|tty=ssh"},
      {"sshd(pam_unix)",
       "authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=n.example.com ",
       "action=login|outcome=failure|source_name=n.example.com|method=pam|tty=NODEVssh"},
      {"sshd", "pam_unix(sshd:auth): check pass; user unknown", "outcome=failure|user_known=false"},
      {"sshd", "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)",
       "action=session_open|outcome=success|user=root"},
      {"sshd", "pam_unix(sshd:session): session opened for user fztu by (uid=0)",
       "action=session_open|outcome=success|user=fztu"},
      {"sshd", "pam_unix(sshd:session): session closed for user fztu", "action=session_close|user=fztu"},
      {"sudo", "pam_unix(sudo:session): session opened for user root(uid=0) by bob(uid=1000)",
       "action=session_open|outcome=success|user=bob|target_user=root"},
      {"sudo",
       "pam_unix(sudo:auth): authentication failure; logname=bob uid=1000 euid=0 tty=/dev/pts/0 ruser=bob "
       "rhost=  "
       "user=bob",
       "action=sudo|outcome=failure|user=bob|target_user=bob|method=pam|tty=/dev/pts/0"},
      {"su",
       "pam_unix(su:auth): authentication failure; logname=bob uid=1000 euid=0 tty=/dev/pts/0 ruser=bob "
       "rhost=  "
       "user=root",
       "action=su|outcome=failure|user=bob|target_user=root|method=pam|tty=/dev/pts/0"},
      {"login", "pam_unix(login:session): session opened for user root(uid=0) by LOGIN(uid=0)",
       "action=session_open|outcome=success|user=root"},
      {"CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
       "action=session_open|outcome=success|user=root"},
      {"passwd", "pam_unix(passwd:chauthtok): password changed for bob",
       "action=password_changed|outcome=success|target_user=bob"},
      {"sshd", "pam_unix(sshd:account): account bob has expired (account expired)",
       "outcome=failure|user=bob"},
      {"sshd", "pam_faillock(sshd:auth): Consecutive login failures for user bob account temporarily locked",
       "action=account_locked|outcome=failure|user=bob"},
      {"gdm-password]", "pam_unix(gdm-password:auth): conversation failed", "outcome=failure"},
      {"sshd",
       "pam_sss(sshd:auth): authentication success; logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4 "
       "user=bob",
       "outcome=success|user=bob|source_ip=1.2.3.4|method=pam|tty=ssh"},
      {"sshd",
       "PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4  user=root",
       "outcome=failure|user=root|source_ip=1.2.3.4|method=pam|tty=ssh"},
      {"sshd",
       "pam_unix(sshd:auth): 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= "
       "rhost=1.2.3.4  user=root",
       "outcome=failure|user=root|source_ip=1.2.3.4|method=pam|tty=ssh"},
      {"sshd", "pam_unix(sshd:auth): check pass; user (a) b) unknown",
       "outcome=failure|user=a) b|user_known=false"},
      {"sshd", "pam_unix(sshd:session): session opened for user x(uid=getpwnam error) by (uid=0)",
       "action=session_open|outcome=success|user=x"},
      {"sshd", "pam_unix(", ""},
  };
  check(cases);
}

TEST_CASE("auth: sudo, su, login") {
  const Case cases[] = {
      {"sudo", "     bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/cat a ; b",
       "action=sudo|outcome=success|user=bob|target_user=root|command=/usr/bin/cat a ; b|tty=pts/0|"
       "working_directory=/home/bob"},
      {"sudo",
       "bob : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/tmp/a ; b ; USER=root ; COMMAND=/bin/sh",
       "action=sudo|outcome=failure|user=bob|target_user=root|command=/bin/sh|tty=pts/0|working_directory=/"
       "tmp/a ; b"},
      {"sudo",
       "bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; GROUP=adm ; ENV=A=1 ; COMMAND=list",
       "action=sudo|outcome=failure|user=bob|target_user=root|command=list|tty=pts/0|working_directory=/"
       "|group=adm"},
      {"sudo", "bob : (command continued) --flag", "action=sudo|user=bob|command=--flag"},
      {"sudo", "unable to resolve host x", ""},
      {"su", "(to root) bob on pts/0", "action=su|outcome=success|user=bob|target_user=root|tty=pts/0"},
      {"su", "FAILED SU (to root) bob on pts/0",
       "action=su|outcome=failure|user=bob|target_user=root|tty=pts/0"},
      {"su", "+ /dev/pts/0 bob:root", "action=su|outcome=success|user=bob|target_user=root|tty=/dev/pts/0"},
      {"login", "FAILED LOGIN (1) on '/dev/tty1' FOR 'x', Authentication failure",
       "action=login|outcome=failure|user=x|tty=/dev/tty1"},
      {"login", "FAILED LOGIN (2) on '/dev/pts/3' from '10.1.1.1' FOR 'x' FOR 'y', Authentication failure",
       "action=login|outcome=failure|user=x' FOR 'y|source_ip=10.1.1.1|tty=/dev/pts/3"},
      {"login", "ROOT LOGIN  on '/dev/tty1'", "action=login|outcome=success|user=root|tty=/dev/tty1"},
      {"login", "LOGIN ON tty1 BY bob", "action=login|outcome=success|user=bob|tty=tty1"},
      {"systemd-logind", "New session 3 of user a.b.",
       "action=session_open|outcome=success|user=a.b|session_id=3"},
      {"systemd-logind", "Removed session c1.", "action=session_close|session_id=c1"},
      {"CRON", "(root) CMD (cd / && run-parts --report /etc/cron.hourly)",
       "user=root|command=cd / && run-parts --report /etc/cron.hourly"},
  };
  check(cases);
}

TEST_CASE("auth: shadow tools") {
  const Case cases[] = {
      {"useradd", "new user: name=bob, UID=1001, GID=1001, home=/home/bob, shell=/bin/bash, from=/dev/pts/0",
       "action=user_added|outcome=success|target_user=bob|tty=/dev/pts/0|uid=1001|gid=1001|home=/home/"
       "bob|shell=/bin/bash"},
      {"useradd", "new user: name=bob, UID=0, GID=0, home=/home/bob, shell=/bin/sh",
       "action=user_added|outcome=success|target_user=bob|uid=0|gid=0|home=/home/bob|shell=/bin/sh"},
      {"useradd", "failed adding user 'bob', exit code: 9",
       "action=user_added|outcome=failure|target_user=bob"},
      {"useradd", "new group: name=bob, GID=1001", "action=group_added|outcome=success|gid=1001|group=bob"},
      {"groupadd", "group added to /etc/group: name=ops, GID=1002", "outcome=success|gid=1002|group=ops"},
      {"groupadd", "group added to /etc/gshadow: name=ops", "outcome=success|group=ops"},
      {"usermod", "add 'bob' to group 'sudo'",
       "action=member_added|outcome=success|target_user=bob|group=sudo"},
      {"usermod", "add 'bob' to shadow group 'sudo'", "outcome=success|target_user=bob|group=sudo"},
      {"usermod", "change user 'bob' UID from '1001' to '0'",
       "action=user_changed|outcome=success|target_user=bob|uid=0"},
      {"usermod", "change user 'bob' password", "action=password_changed|outcome=success|target_user=bob"},
      {"usermod", "change user 'bob' expiration from 'never' to '2026-01-01'",
       "action=user_changed|outcome=success|target_user=bob"},
      {"usermod", "lock user 'bob' password", "action=account_locked|outcome=success|target_user=bob"},
      {"userdel", "delete user 'bob'", "action=user_deleted|outcome=success|target_user=bob"},
      {"userdel", "removed group 'bob' owned by 'bob'",
       "action=group_deleted|outcome=success|target_user=bob|group=bob"},
      {"userdel", "delete 'bob' from group 'sudo'",
       "action=member_removed|outcome=success|target_user=bob|group=sudo"},
      {"gpasswd", "user bob added by root to group sudo",
       "action=member_added|outcome=success|user=root|target_user=bob|group=sudo"},
      {"gpasswd", "user bob removed by root from group sudo",
       "action=member_removed|outcome=success|user=root|target_user=bob|group=sudo"},
      {"gpasswd", "user bob added by root to group sudo in /etc/gshadow",
       "outcome=success|user=root|target_user=bob|group=sudo"},
      {"gpasswd", "eve failed to add user eve to group sudo",
       "action=member_added|outcome=failure|user=eve|target_user=eve|group=sudo"},
      {"passwd", "password for 'bob' changed by 'root'",
       "action=password_changed|outcome=success|user=root|target_user=bob"},
      {"chage", "changed password expiry for bob",
       "action=password_expiry_changed|outcome=success|target_user=bob"},
  };
  check(cases);
}

TEST_CASE("auth: addresses") {
  for (const char* good :
       {"1.2.3.4", "::1", "::", "2001:db8::7", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "fe80::1%eth0"}) {
    CHECK_MESSAGE(is_address(good), good);
  }
  for (const char* bad : {"1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4.", "a.b.c.d", ":", ":::", "1:2",
                          "1::2::3", "UNKNOWN", "1:2:3:4:5:6:7:8:9", "12345::", "1.2.3.4.dsl.example"}) {
    CHECK_MESSAGE(!is_address(bad), bad);
  }
}

struct CorpusCount {
  std::map<std::string, int> action, outcome, error;
  int lines = 0;
  int meaning = 0;  // an action or an outcome
  int fields = 0;   // anything from the message
};

CorpusCount count_corpus(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  SyslogDecoder decoder;
  BatchBuilder builder("syslog");
  CorpusCount count;
  std::string line;
  Provenance provenance = test_provenance();
  provenance.skew_limit = {};  // the lines are months old
  while (std::getline(in, line)) decoder.decode(line, provenance, builder);
  const Batch batch = builder.finish();
  count.lines = static_cast<int>(batch.rows());
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    const std::string action = field_of(batch, "action", row);
    const std::string outcome = field_of(batch, "outcome", row);
    ++count.action[action];
    ++count.outcome[outcome];
    ++count.error[field_of(batch, "parse_error", row)];
    const bool peer =
        field_of(batch, "source_ip", row) != "<absent>" || field_of(batch, "source_name", row) != "<absent>";
    const bool meaning = action != "<absent>" || outcome != "<absent>";
    count.meaning += meaning ? 1 : 0;
    count.fields += meaning || peer ? 1 : 0;
    CHECK(field_of(batch, "host", row) != "<absent>");
    CHECK(batch.time_quality(row) == TimeQuality::year_assumed);
  }
  return count;
}

TEST_CASE("auth: public sample of sshd") {
  const std::filesystem::path path = PHENDAU_SOURCE_DIR "/../shared/corpora/loghub/OpenSSH_2k.log";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: no " << path.string());
    return;
  }
  CorpusCount count = count_corpus(path);
  CHECK(count.lines == 2'000);
  CHECK(count.error.at("<absent>") == 2'000);
  CHECK(count.fields == 2'000);
  CHECK(count.meaning == 1'915);
  // All but the 85 lines about reverse lookups, which say nothing about an outcome.
  CHECK(count.outcome["failure"] == 1'399);
  CHECK(count.action["login"] == 1'019);
  CHECK(count.action["preauth_disconnect"] == 515);
}

TEST_CASE("auth: public sample of an old server") {
  const std::filesystem::path path = PHENDAU_SOURCE_DIR "/../shared/corpora/loghub/Linux_2k.log";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: no " << path.string());
    return;
  }
  CorpusCount count = count_corpus(path);
  CHECK(count.lines == 2'000);
  CHECK(count.error.at("<absent>") == 2'000);
  // The rest are lines of the kernel, cron jobs and services without anything about identities.
  CHECK(count.fields == 1'810);
  CHECK(count.meaning == 901);
  CHECK(count.action["login"] == 538);
  CHECK(count.action["session_open"] == 123);
  CHECK(count.action["session_close"] == 123);
}

}  // namespace
}  // namespace phendau::ingest::auth_messages_test

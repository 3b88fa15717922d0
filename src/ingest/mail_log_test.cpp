// SPDX-License-Identifier: Apache-2.0
// Proves the mail servers' lines: one message's queue id, addresses and result; logins; hostile subjects.
#include "ingest/mail_log.h"

#include <doctest/doctest.h>

#include "ingest/testing/rows.h"

namespace phendau::ingest {
namespace {

const std::vector<std::string> kMail = {"action",     "outcome", "queue_id", "mail_from",   "mail_to",
                                        "mail_bytes", "status",  "relay",    "source_name", "source_ip",
                                        "user",       "method",  "subject"};

std::string postfix(std::string_view program, std::string_view message) {
  const std::string line = "<22>Nov 24 09:59:00 mx " + std::string(program) + "[1]: " + std::string(message);
  const Batch batch = decode_one(**make_decoder("syslog"), line);
  return field_of(batch, "logsource") + " " + fields_of(batch, kMail);
}

TEST_CASE("Postfix: the way of a message") {
  CHECK(postfix("postfix/qmgr", "4AB12C3D: from=<a@facebookmail.com>, size=12345, nrcpt=1 (queue active)") ==
        "linux/mail/postfix "
        "action=mail_queued|queue_id=4AB12C3D|mail_from=a@facebookmail.com|mail_bytes=12345");
  CHECK(postfix("postfix/lmtp",
                "4AB12C3D: to=<lan@xa.gov.vn>, orig_to=<x@xa.gov.vn>, relay=mx[/run/lmtp], delay=0.1, "
                "delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 from=<evil@x> OK)") ==
        "linux/mail/postfix action=mail_delivery|outcome=success|queue_id=4AB12C3D|mail_to=lan@xa.gov.vn|"
        "status=sent|relay=mx[/run/lmtp]");
  CHECK(postfix("postfix/smtp",
                "4AB12C3D: to=<a@b.vn>, relay=none, delay=1, dsn=4.4.1, status=deferred (timeout)") ==
        "linux/mail/postfix action=mail_delivery|outcome=failure|queue_id=4AB12C3D|mail_to=a@b.vn|"
        "status=deferred|relay=none");
  CHECK(postfix("postfix/smtpd",
                "4AB12C3D: client=pc1.xa.vn[10.1.2.3], sasl_method=PLAIN, sasl_username=lan") ==
        "linux/mail/postfix action=login|outcome=success|queue_id=4AB12C3D|source_name=pc1.xa.vn|"
        "source_ip=10.1.2.3|user=lan|method=PLAIN");
  CHECK(
      postfix("postfix/smtpd",
              "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 no; from=<a@b> to=<c@d> proto=ESMTP "
              "helo=<e>") ==
      "linux/mail/postfix "
      "action=mail_rejected|outcome=failure|mail_from=a@b|mail_to=c@d|source_ip=192.0.2.1");
  CHECK(postfix("postfix/smtpd", "warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x") ==
        "linux/mail/postfix action=login|outcome=failure|source_ip=192.0.2.1");
}

TEST_CASE("Postfix: a subject cannot name another sender") {
  CHECK(postfix("postfix/cleanup",
                "4AB12C3D: warning: header Subject: hi from me[1.1.1.1]; from=<x@y> to=<p@q> z from "
                "mx[192.0.2.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<e>") ==
        "linux/mail/postfix queue_id=4AB12C3D|mail_from=a@b|mail_to=c@d|"
        "subject=hi from me[1.1.1.1]; from=<x@y> to=<p@q> z");
}

std::string exim(std::string_view line) { return fields_of(decode_one(**make_decoder("text"), line), kMail); }

TEST_CASE("Exim: arrival, delivery, failure") {
  CHECK(exim("2026-11-24 10:00:00 1tFabc-000001-2b <= a@xa.gov.vn H=pc1 (evil [6.6.6.6]) [10.1.2.3]:25 "
             "P=esmtpsa "
             "A=plain:lan S=1234 id=x@y T=\"P=smtp S=9\" for b@gmail.com c@gmail.com") ==
        "action=mail_queued|queue_id=1tFabc-000001-2b|mail_from=a@xa.gov.vn|mail_to=b@gmail.com|mail_bytes="
        "1234|"
        "source_name=pc1|source_ip=10.1.2.3|user=lan");
  CHECK(
      exim("2026-11-24 10:00:01 +0700 1tFabc-00000000abc-2b1c => b@gmail.com R=dnslookup T=remote_smtp "
           "H=mx.google.com [192.0.2.2]:25 C=\"250 OK\"") ==
      "action=mail_delivery|outcome=success|queue_id=1tFabc-00000000abc-2b1c|mail_to=b@gmail.com|status=sent|"
      "relay=mx.google.com");
  CHECK(exim("2026-11-24 10:00:02 1tFabc-000001-2b ** b@gmail.com: unrouteable") ==
        "action=mail_delivery|outcome=failure|queue_id=1tFabc-000001-2b|mail_to=b@gmail.com:|status=bounced");
  const Batch batch = decode_one(**make_decoder("text"), "2026-11-24 10:00:00 1tFabc-000001-2b Completed");
  CHECK(fields_of(batch, {"logsource", "queue_id"}) == "logsource=linux/mail/exim|queue_id=1tFabc-000001-2b");
  CHECK(format_rfc3339(batch.event_time(0)) == "2026-11-24T03:00:00Z");
}

TEST_CASE("Dovecot: logins") {
  CHECK(postfix("dovecot",
                "imap-login: Login: user=<lan@xa.gov.vn>, method=PLAIN, rip=203.0.113.9, lip=10.0.0.5") ==
        "linux/mail/dovecot "
        "action=login|outcome=success|source_ip=203.0.113.9|user=lan@xa.gov.vn|method=PLAIN");
  CHECK(postfix("dovecot",
                "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<lan>, method=PLAIN, "
                "rip=203.0.113.9") ==
        "linux/mail/dovecot action=login|outcome=failure|source_ip=203.0.113.9|user=lan|method=PLAIN");
}

}  // namespace
}  // namespace phendau::ingest

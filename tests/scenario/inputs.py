# SPDX-License-Identifier: Apache-2.0
"""Every way in, with the senders that people really have, and clocks that are wrong. Debian's rsyslogd forwards Vietnamese text in
composed and decomposed form over TLS with octet counting, over TCP with line ends and over UDP; what arrives is what was sent, byte for
byte, and belongs to the agency of the certificate, the listener or the address. Senders with a foreign or revoked certificate are
refused, and the hub's log, the overview and the TLS alert say why; those that do not trust the hub send nothing and say so. A real agent reads a journal that systemd's own writer made, beside a file that
is rotated, through stops and kills: every entry once. Machines two days early and two days late are flagged and counted and keep their
events. A hub at New Year's Eve gives lines without a year the right one. An upload is acknowledged after the disk has it."""
import base64
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import signal
import socket
import sys
import time
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import FAKETIME, HANOI, PACK, PHENDAU, Agent, Hub, Problem, free_port, run, scratch, skip, spawn, verify_journal, wait_for

RSYSLOGD = pathlib.Path("/usr/sbin/rsyslogd")
MODULES = pathlib.Path("/usr/lib/x86_64-linux-gnu/rsyslog")
JOURNAL_WRITER = pathlib.Path("/lib/systemd/systemd-journal-remote")
for need in (RSYSLOGD, MODULES / "lmnsd_gtls.so", JOURNAL_WRITER, FAKETIME):
    if not need.exists():
        skip(f"{need} is not here")
UTC = datetime.timezone.utc
TWO_DAYS = 2 * 86_400
LONG_AGO = "2015-01-01T00:00:00Z"
LATER = "2099-01-01T00:00:00Z"
PLAIN = "Sở Tài nguyên và Môi trường huyện Đồng Văn: đăng nhập thất bại, người dùng Nguyễn Thị Hường"
TEXTS = {"nfc": unicodedata.normalize("NFC", PLAIN), "nfd": unicodedata.normalize("NFD", PLAIN)}
assert TEXTS["nfc"].encode() != TEXTS["nfd"].encode()
began = time.monotonic()
base = scratch()


def told(what):
    print(f"{time.monotonic() - began:5.0f} s  {what}", flush=True)


@contextlib.contextmanager
def environment(**more):
    """What children started inside see beside the usual."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update({name: str(value) for name, value in more.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def clock_off(offset_seconds, *preloads):
    """The wall clock alone is wrong: pauses and file times stay what they are."""
    return environment(LD_PRELOAD=" ".join(map(str, [*preloads, FAKETIME])), FAKETIME=f"{offset_seconds:+d}", FAKETIME_DONT_FAKE_MONOTONIC=1,
                       DONT_FAKE_MONOTONIC=1, NO_FAKE_STAT=1)


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def found(admin, query, **more):
    items, cursor = [], None
    while True:
        page = admin.get("/events", **{"q": query, "from_": LONG_AGO, "to": LATER, "order": "oldest", "limit": 200, "cursor": cursor, **more})
        items += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return items


def raw_of(event):
    return base64.b64decode(event["raw_base64"]) if "raw_base64" in event else event["raw"].encode()


def counters(admin):
    return admin.get("/overview")["ingest"]


# ---- a disk that can be made slow or broken -------------------------------------------------------------------------------
DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static int wanted(const char* name, int fd) {
  int milliseconds = 0;
  FILE* file = fopen(getenv("DISK_FILE"), "r");
  if (file != NULL) {
    if (fscanf(file, "%d", &milliseconds) != 1) milliseconds = 0;
    fclose(file);
  }
  if (milliseconds < 0) return errno = EIO, -1;
  usleep((useconds_t)milliseconds * 1000);
  return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}
int fdatasync(int fd) { return wanted("fdatasync", fd); }
int fsync(int fd) { return wanted("fsync", fd); }
"""
(base / "disk.c").write_text(DISK)
disk_library, disk_file = base / "disk.so", base / "disk.txt"
run("gcc" if shutil.which("gcc") else "gcc-12", "-shared", "-fPIC", "-O1", "-o", disk_library, base / "disk.c", "-ldl")


def disk(milliseconds):
    fresh = disk_file.with_suffix(".new")
    fresh.write_text(str(milliseconds))
    fresh.replace(disk_file)


# ---- one hub, set up ten days ago so that its certificates are valid for a machine two days late ---------------------------
ports = {name: free_port(socket.SOCK_DGRAM if name.startswith("udp") else socket.SOCK_STREAM) for name in ("udp", "udp_any", "tcp", "tcp_any", "tls")}
OWN = {"udp": "co-quan-udp", "tcp": "co-quan-tcp", "tls": "co-quan-tls"}
BY_ADDRESS, BY_NETWORK, OF_DEVICES = "co-quan-dia-chi", "co-quan-mang", "co-quan-thiet-bi"
hub = Hub(config={
    "listeners": [{"protocol": name[:3], "address": f"127.0.0.1:{port}", **({"agency": OWN[name]} if name in OWN else {})} for name, port in ports.items()],
    "senders": [{"network": "127.0.0.2/32", "agency": BY_ADDRESS}, {"network": "127.0.0.0/30", "agency": BY_NETWORK}], "session_idle_max": "12h"})
with clock_off(-10 * 86_400):
    hub.init("co-quan-tls", "Cơ quan của cổng TLS")
    for code in (OWN["udp"], OWN["tcp"], BY_ADDRESS, BY_NETWORK, OF_DEVICES):
        run(PHENDAU, "admin", "init", "--data", hub.data, "--pack", PACK, "--agency-id", code, "--agency-name", "Cơ quan " + code,
            "--own-systems")


def start_hub():
    with environment(LD_PRELOAD=disk_library, DISK_FILE=disk_file):
        hub.start()
    return hub.admin()


admin = start_hub()
told("hub is up")


def enrolled():
    return Agent(hub).enrol(admin.post("/enrolment-tokens", {"agency_id": OF_DEVICES})["token"])


# ---- syslog from rsyslogd: TLS, TCP, UDP -----------------------------------------------------------------------------------
def identity_files(agent, name):
    """What an administrator gives a syslog sender: certificate and key of an enrolled device."""
    identity = json.loads((agent.data / "identity.json").read_text())
    for part, member in (("cert", "certificate_pem"), ("key", "key_pem"), ("ca", "ca_pem")):
        (base / f"{name}.{part}.pem").write_text(identity[member])
    return identity


def foreign_files(name):
    key, cert = base / f"{name}.key.pem", base / f"{name}.cert.pem"
    ca_key, ca = base / f"{name}.other.key.pem", base / f"{name}.ca.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("openssl", "req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-subj", "/CN=Phen Dau CA", "-days", 30)
    run("openssl", "req", *curve, "-keyout", key, "-out", base / "csr.pem", "-subj", f"/O={OF_DEVICES}/CN=may-la")
    (base / "client.cnf").write_text("extendedKeyUsage=clientAuth\n")
    run("openssl", "x509", "-req", "-in", base / "csr.pem", "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", 30, "-extfile",
        base / "client.cnf", "-out", cert)


def tls_action(ca, own=None):
    mine = f'streamDriver.certFile="{base}/{own}.cert.pem" streamDriver.keyFile="{base}/{own}.key.pem"' if own else ""
    return (f'type="omfwd" target="localhost" port="{ports["tls"]}" protocol="tcp" tcp_framing="octet-counted" streamDriver="gtls" '
            f'streamDriverMode="1" streamDriverAuthMode="x509/name" streamDriverPermittedPeers="localhost" '
            f'streamDriver.caFile="{base}/{ca}.ca.pem" {mine} resendLastMSGOnReconnect="on"')


def plain_action(protocol, port):
    return f'type="omfwd" target="127.0.0.1" port="{port}" protocol="{protocol}"'


class Rsyslog:
    """One rsyslogd: what comes in on a loopback port goes out through the action of the same name, unchanged."""

    def __init__(self, name, actions, template="%rawmsg%"):
        self.folder = scratch()
        self.log = self.folder / "rsyslogd.log"
        self.ports = {action: free_port(socket.SOCK_DGRAM) for action in actions}
        rules = "".join(f'ruleset(name="{action}") {{ action({how} template="form" queue.type="LinkedList" action.resumeRetryCount="-1" '
                        f'action.resumeInterval="1") }}\ninput(type="imudp" address="127.0.0.1" port="{self.ports[action]}" ruleset="{action}")\n'
                        for action, how in actions.items())
        config = self.folder / "rsyslog.conf"
        config.write_text(f'global(workDirectory="{self.folder}" processInternalMessages="on" parser.escapeControlCharactersOnReceive="off" maxMessageSize="64k")\n'
                          f'module(load="imudp")\ntemplate(name="form" type="string" string="{template}")\n{rules}'
                          f'syslog.* action(type="omfile" file="{self.folder}/own.log")\n')
        with environment(TZ="Asia/Ho_Chi_Minh"):
            self.process = spawn(RSYSLOGD, "-n", "-f", config, "-i", self.folder / "pid", log=self.log)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wait_for(self.listens, 30)

    def listens(self):
        assert self.process.poll() is None, self.log.read_text()
        table = pathlib.Path("/proc/net/udp").read_text()
        return all(f"0100007F:{port:04X}" in table for port in self.ports.values())

    def send(self, action, *records):
        for record in records:
            self.socket.sendto(record, ("127.0.0.1", self.ports[action]))
            time.sleep(0.002)  # datagrams within this machine: never more than the socket holds

    def said(self):
        own = self.folder / "own.log"
        return self.log.read_text() + (own.read_text() if own.exists() else "")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def records(way):
    """RFC 5424 and 3164 records with both forms of the text; one spans lines, which only counted octets survive."""
    now = datetime.datetime.now(HANOI)
    out = []
    for form, text in TEXTS.items():
        out += [f"<134>1 {now.isoformat()} may-{form} thu-{way} 7 - - {number:02d} {form} {text}".encode() for number in range(20)]
        out.append(f"<134>{now.strftime('%b')} {now.day:2d} {now.strftime('%H:%M:%S')} may-{form} thu-{way}: 20 {form} {text}".encode())
    if way.startswith("tls"):
        out.append(f"<134>1 {now.isoformat()} may-dong thu-{way} 7 - - hai\ndòng\tvà {TEXTS['nfd']}".encode())
    return out


def check_arrived(way, sent, agency, source):
    events = wait_for(lambda: len(got := found(admin, f"program:thu-{way}")) >= len(sent) and got, 60)
    assert sorted(map(raw_of, events)) == sorted(sent), way
    assert {event["agency_id"] for event in events} == {agency}, (way, agency, events[0])
    assert {event["source"] for event in events} == {source}, (way, source, events[0])
    for event in events:
        form = event["host"][4:]
        if form in TEXTS:
            assert event["fields"]["message"].encode().endswith(f" {form} {TEXTS[form]}".encode()), event
        assert event["time_quality"] in ("exact", "year_assumed") and event["parse_error"] is None, event


relay, stolen = enrolled(), enrolled()
relay_id = identity_files(relay, "relay")["device_id"]
stolen_id = identity_files(stolen, "stolen")["device_id"]
foreign_files("foreign")
admin.post(f"/devices/{stolen_id}/revoke", {"reason": "mất máy"})
good = Rsyslog("good", {"tls-cert": tls_action("relay", "relay"), "tls-none": tls_action("relay"), "tcp": plain_action("tcp", ports["tcp"]),
                        "udp": plain_action("udp", ports["udp"]), "tcp-any": plain_action("tcp", ports["tcp_any"]),
                        "udp-any": plain_action("udp", ports["udp_any"])})
sent = {way: records(way) for way in good.ports}
for way, lines in sent.items():
    good.send(way, *lines)
check_arrived("tls-cert", sent["tls-cert"], OF_DEVICES, relay_id)
check_arrived("tls-none", sent["tls-none"], OWN["tls"], "syslog-tls/127.0.0.1")
check_arrived("tcp", sent["tcp"], OWN["tcp"], "syslog-tcp/127.0.0.1")
check_arrived("udp", sent["udp"], OWN["udp"], "syslog-udp/127.0.0.1")
check_arrived("tcp-any", sent["tcp-any"], BY_NETWORK, "syslog-tcp/127.0.0.1")
check_arrived("udp-any", sent["udp-any"], BY_NETWORK, "syslog-udp/127.0.0.1")
assert counters(admin)["refused_senders"]["count"] == 0, counters(admin)
assert counters(admin)["skewed"] == 0, counters(admin)

# By the sender's address on a listener of nobody: the narrowest network, else unassigned. What the message claims counts for nothing.
for address, agency in (("127.0.0.2", BY_ADDRESS), ("127.0.0.3", BY_NETWORK), ("127.0.0.9", "unassigned")):
    line = f"<134>1 {datetime.datetime.now(HANOI).isoformat()} {OWN['tls']} thu-dia-chi - - [x agency=\"{OWN['tls']}\"] từ {address}".encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((address, 0))
        udp.sendto(line, ("127.0.0.1", ports["udp_any"]))
    with socket.create_connection(("127.0.0.1", ports["tcp_any"]), source_address=(address, 0)) as tcp:
        tcp.sendall(line + b"\n")
    for protocol in ("udp", "tcp"):
        event = wait_for(lambda: found(admin, f"program:thu-dia-chi source:syslog-{protocol}/{address}"))[0]
        assert event["agency_id"] == agency and raw_of(event) == line, event
told("syslog over TLS, TCP and UDP arrives as sent, at its agency")


# ---- refused: foreign, revoked, not trusting us, not TLS --------------------------------------------------------------------
def refusals():
    return [json.loads(line) for line in hub.log.read_text().splitlines() if '"syslog_sender_refused"' in line]


def newest_reason():
    return counters(admin)["refused_senders"].get("reason", "")


def check_refused(name, action, hub_says, portal_says, sender_says):
    before, counted = len(refusals()), counters(admin)["refused_senders"]["count"]
    sender = Rsyslog(name, {name: action})
    sender.send(name, f"<134>1 - may-la thu-bi-tu-choi - - - {name}".encode())
    wait_for(lambda: any(hub_says in entry["error"] for entry in refusals()[before:]), 40)
    wait_for(lambda: counters(admin)["refused_senders"]["count"] > counted)
    assert portal_says in newest_reason(), newest_reason()
    entry = refusals()[-1]
    assert entry["level"] == "warn" and entry["from"] == "127.0.0.1" and entry["port"] == ports["tls"], entry


    def complains():
        # It looks at the connection when it has something to send.
        sender.send(name, b"<134>1 - may-la thu-bi-tu-choi - - - again")
        return any(words in sender.said() for words in sender_says) and sender.said()
    wait_for(complains, 40, 0.5)
    sender.stop()


# Debian 12's rsyslogd does not read the alert and sees a broken connection; openssl below does read it.
REFUSED = ("fatal alert", "TCPSendBuf error")
check_refused("foreign", tls_action("relay", "foreign"), "not issued by this hub", "không do máy chủ này cấp", REFUSED)
check_refused("stolen", tls_action("relay", "stolen"), "locked out", "đã bị khóa", REFUSED)
# rsyslogd looks at the hub's certificate when the handshake is over and simply leaves; openssl says why it leaves.
distrust = Rsyslog("distrust", {"distrust": tls_action("foreign")})
distrust.send("distrust", b"<134>1 - may-la thu-bi-tu-choi - - - distrust")
wait_for(lambda: "certificate" in distrust.said(), 30)
distrust.stop()


def openssl_client(*more):
    return run("openssl", "s_client", "-connect", f"127.0.0.1:{ports['tls']}", "-quiet", *more, check=False, input="<134>thu-bi-tu-choi: x\n").stderr


for ca, own in (("foreign", []), ("relay", ["-cert", base / "foreign.cert.pem", "-key", base / "foreign.key.pem"])):
    before = len(refusals())
    said = openssl_client("-CAfile", base / f"{ca}.ca.pem", "-verify_return_error", *own)
    entry = wait_for(lambda: refusals()[before:])[0]
    assert ("alert unknown ca" in said) if own else ("alert unknown ca" in entry["error"]), (said, entry)
before = len(refusals())
with socket.create_connection(("127.0.0.1", ports["tls"])) as tcp:
    tcp.sendall(b"<134>Nov 24 10:00:00 may thu-bi-tu-choi: khong ma hoa\n")
    wait_for(lambda: len(refusals()) > before)
# Revoking takes effect on a connection that is open, and it stays shut.
good.send("tls-cert", f"<134>1 {datetime.datetime.now(HANOI).isoformat()} may thu-truoc-khi-khoa - - - x".encode())
wait_for(lambda: found(admin, "program:thu-truoc-khi-khoa"))
admin.post(f"/devices/{relay_id}/revoke", {"reason": "thay máy"})
before = len(refusals())
good.send("tls-cert", b"<134>1 - may thu-bi-tu-choi - - - after")
wait_for(lambda: any("locked out" in entry["error"] for entry in refusals()[before:]))
assert found(admin, "program:thu-bi-tu-choi OR thu-bi-tu-choi") == []
good.stop()
told("foreign, revoked and plain senders are refused with a reason; distrusting ones send nothing")


# ---- the journal, by systemd's own writer, beside a file that is rotated ----------------------------------------------------
BOOT = "0123456789abcdef0123456789abcdef"
JOURNAL = scratch() / "remote"
JOURNAL.mkdir()
FIRST = (datetime.datetime.now(UTC) - datetime.timedelta(days=2)).replace(hour=1, minute=0, second=0, microsecond=0)  # 08:00 at +07
written = 0


def journal_entry(program, message, **more):
    """One entry of the export format: binary form, so that a message may hold line ends."""
    global written
    at = FIRST + datetime.timedelta(seconds=written)
    written += 1
    fields = {"_BOOT_ID": BOOT, "_HOSTNAME": "may-chu-dong-van", "SYSLOG_IDENTIFIER": program, "_PID": str(100 + written), "PRIORITY": "6",
              "SYSLOG_FACILITY": "10", "_UID": "0", "MESSAGE": message, **more}
    out = f"__REALTIME_TIMESTAMP={int(at.timestamp()) * 1_000_000}\n__MONOTONIC_TIMESTAMP={1_000_000 * written}\n".encode()
    for name, value in fields.items():
        data = value.encode()
        out += name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
    return out + b"\n"


def write_journal(file, entries):
    run(JOURNAL_WRITER, "-o", JOURNAL / file, "-", input=b"".join(entries), text=False)


def numbered(first, count):
    return [journal_entry("dem-so", f"so {number:04d} {TEXTS['nfd']}") for number in range(first, first + count)]


ATTACKER = "203.0.113.77"
story = [journal_entry("sshd", f"Failed password for root from {ATTACKER} port {40_000 + i} ssh2") for i in range(8)]
story += [journal_entry("sshd", f"Failed password for invalid user quantri from {ATTACKER} port 41000 ssh2"),
          journal_entry("sshd", f"Accepted publickey for lan from 10.20.1.5 port 52000 ssh2: ED25519 SHA256:{'a' * 43}"),
          journal_entry("sudo", "     lan : TTY=pts/0 ; PWD=/home/lan ; USER=root ; COMMAND=/usr/bin/systemctl stop rsyslog"),
          journal_entry("sudo", "    minh : user NOT in sudoers ; TTY=pts/1 ; PWD=/home/minh ; USER=root ; COMMAND=/bin/cat /etc/shadow"),
          journal_entry("su", "FAILED SU (to root) minh on pts/1"),
          journal_entry("su", "pam_unix(su:auth): authentication failure; logname=minh uid=1001 euid=0 tty=/dev/pts/1 ruser=minh rhost=  user=root"),
          journal_entry("useradd", "new user: name=khach, UID=1007, GID=1007, home=/home/khach, shell=/bin/bash, from=/dev/pts/0"),
          journal_entry("ung-dung", f"hai\ndòng: {TEXTS['nfc']}")]
write_journal("may-1.journal", story + numbered(0, 300))

log = scratch() / "may.log"
lines_written = []


def append_lines(count, path=log):
    with open(path, "ab") as out:
        for _ in range(count):
            stamp = datetime.datetime.now(HANOI).isoformat(timespec="microseconds")
            lines_written.append(f"{stamp} may-tep xoay: dong {len(lines_written):04d} {TEXTS['nfc' if len(lines_written) % 2 else 'nfd']}".encode())
            out.write(lines_written[-1] + b"\n")


def rotate(times):
    if pathlib.Path(f"{log}.1").exists():
        pathlib.Path(f"{log}.1").rename(f"{log}.2")
    log.rename(f"{log}.1")
    append_lines(times)


append_lines(50)
SETTINGS = {"journald": "always", "journald_folder": str(JOURNAL), "files": [{"path": str(log)}], "heartbeat_every": "5s"}
agent = enrolled()
agent_id = json.loads((agent.data / "identity.json").read_text())["device_id"]
(agent.data / "agent.json").write_text(json.dumps(SETTINGS))
agent.start()


def journal_numbers():
    return [event["fields"]["message"] for event in found(admin, f"program:dem-so source:{agent_id}")]


def tailed():
    return [raw_of(event) for event in found(admin, f"program:xoay source:{agent_id}")]


def total(query):
    return admin.get("/events/histogram", q=query, from_=LONG_AGO, to=LATER, buckets=1)["total"]


def check_complete(count):
    wait_for(lambda: total(f"program:dem-so source:{agent_id}") >= count and total(f"program:xoay source:{agent_id}") >= len(lines_written), 150, 0.3)
    expected = [f"so {number:04d} {TEXTS['nfd']}" for number in range(count)]
    assert journal_numbers() == expected, "journal entries are not there once each, in order"
    assert tailed() == lines_written, "lines of the rotated file are not there once each, in order"


check_complete(300)


def one(query):
    events = found(admin, f"{query} source:{agent_id}")
    assert len(events) == 1, (query, events)
    return events[0]


failed = found(admin, f"source_ip:{ATTACKER} user:root source:{agent_id}")
assert len(failed) == 8, failed
for number, event in enumerate(failed):
    assert {"program": "sshd", "method": "password", "outcome": "failure", "action": "login"}.items() <= event["fields"].items(), event
    assert moment(event["event_time"]) == FIRST + datetime.timedelta(seconds=number), event
    assert event["host"] == "may-chu-dong-van" and event["agency_id"] == OF_DEVICES and event["logsource"] == "linux//sshd", event
    assert event["fields"]["input_channel"] == "journald", event
for query, wanted in {
        "user:quantri": {"source_ip": ATTACKER, "outcome": "failure", "user_known": "false"},
        "program:sshd user:lan": {"source_ip": "10.20.1.5", "method": "publickey", "outcome": "success", "action": "login"},
        "program:sudo user:lan": {"target_user": "root", "command": "/usr/bin/systemctl stop rsyslog", "action": "sudo", "outcome": "success"},
        "program:sudo user:minh": {"target_user": "root", "command": "/bin/cat /etc/shadow", "action": "sudo", "outcome": "failure"},
        "program:su tty:pts/1": {"user": "minh", "target_user": "root", "action": "su", "outcome": "failure"},
        "program:su method:pam": {"user": "minh", "target_user": "root", "action": "su", "outcome": "failure"},
        "program:useradd": {"target_user": "khach", "action": "user_added", "outcome": "success"},
        "program:ung-dung": {"message": f"hai\ndòng: {TEXTS['nfc']}"}}.items():
    event = one(query)
    assert wanted.items() <= event["fields"].items(), (query, wanted, event)
alert = wait_for(lambda: [a for a in admin.get("/alerts", limit=200)["items"] if a["entity"].get("source_ip") == ATTACKER])[0]
assert moment(admin.get(f"/alerts/{alert['id']}")["first_at"]) == FIRST, alert

# While it runs, while it is stopped, and after it was killed: nothing twice, nothing missing.
write_journal("may-1.journal", numbered(300, 100))
append_lines(30)
rotate(30)
check_complete(400)
agent.stop()
write_journal("may-1.journal", numbered(400, 100))
append_lines(30)
rotate(30)
agent.start()
check_complete(500)
write_journal("may-2.journal", numbered(500, 1500))  # the writer began a new file
append_lines(2000)
time.sleep(0.3)
agent.stop(signal.SIGKILL)
rotate(40)
write_journal("may-2.journal", numbered(2000, 50))
agent.start()
check_complete(2050)
told("journal and rotated file come once each, in order, through restarts")


# ---- clocks two days off ------------------------------------------------------------------------------------------------------
def check_clock(agent_of, off_seconds):
    """An agent whose machine's clock is off tails what programs of that machine write."""
    name = "som" if off_seconds > 0 else "muon"
    file = scratch() / "may.log"
    (agent_of.data / "agent.json").write_text(json.dumps({"journald": "never", "files": [{"path": str(file)}], "heartbeat_every": "5s"}))
    file.write_text("")
    device = json.loads((agent_of.data / "identity.json").read_text())["device_id"]
    before = counters(admin)["skewed"]
    with clock_off(off_seconds):
        agent_of.start()
    seen = wait_for(lambda: (d := admin.get(f"/devices/{device}"))["troubles"] and d, 150)
    assert abs(seen["clock_offset_ms"] / 1000 - off_seconds) < 30, seen
    assert any(trouble["text_id"] == "agent.trouble.clock" for trouble in seen["troubles"]), seen
    start = datetime.datetime.now(UTC)
    theirs = (start + datetime.timedelta(seconds=off_seconds)).astimezone(HANOI).replace(microsecond=0)
    stamps = {"day-du": theirs.isoformat(), "khong-nam": f"{theirs.strftime('%b')} {theirs.day:2d} {theirs.strftime('%H:%M:%S')}"}
    with open(file, "a") as out:
        for form, stamp in stamps.items():
            out.writelines(f"{stamp} may-{name} {form}-{name}: {number} {TEXTS['nfc']}\n" for number in range(10))
    for form in stamps:
        events = wait_for(lambda: len(got := found(admin, f"program:{form}-{name}")) >= 10 and got, 150)
        check_skewed(events, theirs, start, no_year=form == "khong-nam")
        assert {event["source"] for event in events} == {device}, events[0]
    assert counters(admin)["skewed"] == before + 20, (before, counters(admin))
    agent_of.stop()


def check_skewed(events, theirs, start, no_year):
    assert len(events) == 10, len(events)
    # Without a year, two days ahead is more than the day that is believed: it reads as last year, and is flagged as such.
    expected = theirs if not no_year or theirs < start + datetime.timedelta(hours=24) else theirs.replace(year=theirs.year - 1)
    for event in events:
        assert event["time_quality"] == "skewed", event
        assert abs(moment(event["event_time"]) - expected) <= datetime.timedelta(seconds=15), (event, expected)
        assert start - datetime.timedelta(seconds=5) <= moment(event["received_time"]) <= datetime.datetime.now(UTC), event


def check_syslog_clock(off_seconds):
    name = "som" if off_seconds > 0 else "muon"
    before = counters(admin)["skewed"]
    with clock_off(off_seconds):
        stamped = Rsyslog(name, {name: plain_action("tcp", ports["tcp"])}, f"<134>%timegenerated:::date-rfc3339% may ro-{name}: %msg%")
        bare = Rsyslog(name, {name: plain_action("udp", ports["udp"])}, f"<134>%timegenerated% may tran-{name}: %msg%")
    start = datetime.datetime.now(UTC)
    for sender in (stamped, bare):
        sender.send(name, *[f"<13>x: {number} {TEXTS['nfd']}".encode() for number in range(10)])
    theirs = (start + datetime.timedelta(seconds=off_seconds)).astimezone(HANOI)
    for form in ("ro", "tran"):
        events = wait_for(lambda: len(got := found(admin, f"program:{form}-{name}")) >= 10 and got, 150)
        check_skewed(events, theirs, start, no_year=form == "tran")
    assert counters(admin)["skewed"] == before + 20, (before, counters(admin))
    stamped.stop()
    bare.stop()


for off in (TWO_DAYS, -TWO_DAYS):
    check_syslog_clock(off)
    one_off = enrolled()
    check_clock(one_off, off)
# The right clock raises no flag, and neither does waiting: the file of the good agent was read all along.
assert {event["time_quality"] for event in found(admin, f"program:xoay source:{agent_id}")} == {"exact"}
assert not [trouble for trouble in admin.get(f"/devices/{agent_id}")["troubles"] or [] if trouble["text_id"] == "agent.trouble.clock"]
told("clocks two days off: flagged, counted, kept")


# ---- uploads: acknowledged after the disk has them ------------------------------------------------------------------------------
def upload(name, count=20):
    lines = [json.dumps({"timestamp": datetime.datetime.now(HANOI).isoformat(), "host": f"tai-{form}", "program": name,
                         "message": f"{number:03d} {text}"}, ensure_ascii=False).encode() for form, text in TEXTS.items() for number in range(count)]
    start = time.monotonic()
    answer = admin.call("POST", "/uploads/ndjson", b"\n".join(lines) + b"\n", {"Content-Type": "application/x-ndjson"}, agency=OF_DEVICES, source="tai-len")
    return lines, answer, time.monotonic() - start


def check_uploaded(name, lines):
    events = found(admin, f"program:{name}")
    assert sorted(map(raw_of, events)) == sorted(lines), name
    for event in events:
        assert event["fields"]["message"].encode().endswith(TEXTS[event["host"][4:]].encode()), event
        assert event["agency_id"] == OF_DEVICES and event["source"] == "tai-len", event


agent.stop()
lines, answer, _ = upload("tai-nhanh")
assert answer["accepted"] == len(lines) and answer["rejected"] == 0, answer
check_uploaded("tai-nhanh", lines)
disk(2500)
slow_lines, answer, took = upload("tai-cham")
assert answer["accepted"] == len(slow_lines) and took >= 2.5, f"acknowledged after {took:.2f} s, before the disk had it"
disk(0)
hub.process.kill()
hub.process.wait()
admin = start_hub()
check_uploaded("tai-cham", slow_lines)
disk(-1)  # the disk reports an error: nothing may be acknowledged
try:
    raise AssertionError(f"acknowledged without the disk: {upload('tai-hong')[1]}")
except Problem as problem:
    assert problem.status >= 500, problem
disk(0)
hub.stop()
admin = start_hub()
lines, answer, _ = upload("tai-sau")
assert answer["accepted"] == len(lines), answer
check_uploaded("tai-sau", lines)
hub.stop()
code, report = verify_journal(hub.data)
assert code == 0 and report["ok"], report
told("uploads are acknowledged after the disk has them")

# ---- New Year's Eve in a province at +07 ---------------------------------------------------------------------------------------
year = datetime.datetime.now(HANOI).year + 1
midnight = datetime.datetime(year + 1, 1, 1, tzinfo=HANOI)
time_file = base / "time.txt"


def set_clock(at):
    fresh = time_file.with_suffix(".new")
    fresh.write_text(f"{round(at.timestamp() - time.time()):+d}")
    fresh.replace(time_file)


set_clock(midnight - datetime.timedelta(hours=3))
eve = Hub(config={"session_idle_max": "12h"})
with environment(LD_PRELOAD=FAKETIME, FAKETIME_TIMESTAMP_FILE=time_file, FAKETIME_CACHE_DURATION=1, FAKETIME_DONT_FAKE_MONOTONIC=1, DONT_FAKE_MONOTONIC=1,
                 NO_FAKE_STAT=1):
    eve.init().start()
admin = eve.admin()


def send_at(clock, stamps, program):
    """Sends year-less lines when the hub's clock shows `clock`; the events by their stamp."""
    set_clock(clock)
    wait_for(lambda: abs(moment(admin.get("/overview")["generated_at"]) - clock) < datetime.timedelta(seconds=20), 20, 0.2)
    with socket.create_connection(("127.0.0.1", eve.tcp)) as tcp:
        tcp.sendall("".join(f"<134>{stamp} may-cu {program}: {stamp}\n" for stamp in stamps).encode())
    events = wait_for(lambda: len(got := found(admin, f"program:{program}")) >= len(stamps) and got)
    for event in events:
        assert abs(moment(event["received_time"]) - clock) < datetime.timedelta(seconds=25), event
    return {event["fields"]["message"]: event for event in events}


def check_years(events, expected):
    assert set(events) == set(expected), set(events) ^ set(expected)
    for stamp, (wanted, quality) in expected.items():
        event = events[stamp]
        assert moment(event["event_time"]) == wanted and event["time_quality"] == quality, (stamp, wanted, quality, event)


def hanoi(y, month, day, *clock):
    return datetime.datetime(y, month, day, *clock, tzinfo=HANOI)


leap = next(y for y in range(year, 0, -1) if y % 4 == 0 and (y % 100 != 0 or y % 400 == 0))
before = {"Dec 31 23:59:30": (hanoi(year, 12, 31, 23, 59, 30), "year_assumed"),
          "Dec 31 23:59:59": (hanoi(year, 12, 31, 23, 59, 59), "year_assumed"),
          "Jan  1 00:00:03": (hanoi(year + 1, 1, 1, 0, 0, 3), "year_assumed"),  # a clock that is seconds ahead
          "Jan  1 23:58:00": (hanoi(year + 1, 1, 1, 23, 58), "skewed"),  # within the day that is believed
          "Jan  2 00:30:00": (hanoi(year, 1, 2, 0, 30), "skewed"),  # beyond it
          "Nov 30 23:59:59": (hanoi(year, 11, 30, 23, 59, 59), "skewed"),
          "Feb 29 12:00:00": (hanoi(leap, 2, 29, 12), "skewed")}
check_years(send_at(midnight - datetime.timedelta(seconds=40), before, "giao-thua"), before)
after = {"Dec 31 23:59:59": (hanoi(year, 12, 31, 23, 59, 59), "year_assumed"),
         "Jan  1 00:00:10": (hanoi(year + 1, 1, 1, 0, 0, 10), "year_assumed"),
         "Dec 31 17:00:10": (hanoi(year, 12, 31, 17, 0, 10), "skewed"),  # a device that writes UTC
         "Jan  1 00:00:10 UTC": (hanoi(year + 1, 1, 1, 7, 0, 10), "skewed"),
         "Jan  2 00:30:00": (hanoi(year, 1, 2, 0, 30), "skewed")}
check_years(send_at(midnight + datetime.timedelta(seconds=15), after, "nam-moi"), after)
# Days begin at midnight of the province, 17:00 UTC, in what people see ...
for program, day, events_that_day in (("giao-thua", hanoi(year, 12, 31), 2), ("giao-thua", midnight, 2), ("nam-moi", hanoi(year, 12, 31), 2)):
    shown = admin.get("/events/histogram", q=f"program:{program}", from_=hanoi(year, 12, 30).isoformat(), to=hanoi(year + 1, 1, 3).isoformat(), buckets=6)
    assert shown["bucket_seconds"] == 86_400, shown
    counts = {moment(bucket["start"]): bucket["count"] for bucket in shown["buckets"]}
    assert counts[day] == events_that_day, (program, day, counts)
# ... and in what is kept: by UTC the minutes around midnight would be one day of the journal.
set_clock(midnight + datetime.timedelta(hours=3))
days = {f"{year}-12-31", f"{year + 1}-01-01"}
wait_for(lambda: {folder.name for folder in (eve.data / "journal" / "segments").glob("*")} == days, 40, 0.2)
eve.stop()
assert not eve.errors(), eve.errors()
code, report = verify_journal(eve.data)
assert code == 0 and report["ok"], report
told("New Year's Eve at +07: the right years and days")
print("inputs: passed")

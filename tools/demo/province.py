# SPDX-License-Identifier: Apache-2.0
"""The invented province of `./dev run --demo`. Nothing in it is real: names say so, addresses are those that RFC 5737
keeps for examples, people do not exist. Standard library and the `openssl` program only.

  province.py agencies            the agencies to set up: id, name, options (tab separated)
  province.py logs FOLDER         one log file per agency: a day of ordinary work with an attack in it
  province.py fill DATA PORT      users, devices, facts, attestations, incidents, through the hub's own interfaces;
                                  PHENDAU_FIRST_PASSWORD holds the one-time password. Done once; DATA/filled.json marks it
  province.py accounts            names and roles, without passwords
  province.py live DATA PORT      until SIGTERM: heartbeats, fresh facts and a few new log lines
"""
import base64
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import random
import secrets
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse

ZONE = datetime.timezone(datetime.timedelta(hours=7))
AGENCIES = [
    {"id": "so-thu-nghiem-a", "name": "Sở Thử nghiệm A (dữ liệu mẫu)", "own_systems": True, "short": "a",
     "hosts": ["so-a-may-chu", "so-a-van-thu"]},
    {"id": "huyen-thu-nghiem-b", "name": "Huyện Thử nghiệm B (dữ liệu mẫu)", "own_systems": True,
     "short": "b", "hosts": ["huyen-b-may-chu", "huyen-b-mot-cua"]},
    {"id": "trung-tam-thu-nghiem-c", "name": "Trung tâm Thử nghiệm C (dữ liệu mẫu)", "own_systems": False,
     "short": "c", "hosts": ["tt-c-may-01", "tt-c-may-02"]},
]
USERS = [  # name, role, agencies; two of each role where a province would have several
    ("tinh.truc1", "Trực tỉnh Một (mẫu)", "province_operator", []),
    ("tinh.truc2", "Trực tỉnh Hai (mẫu)", "province_operator", []),
    ("a.canbo", "Cán bộ CNTT A (mẫu)", "agency_officer", ["so-thu-nghiem-a"]),
    ("b.canbo", "Cán bộ CNTT B (mẫu)", "agency_officer", ["huyen-thu-nghiem-b"]),
    ("c.canbo", "Cán bộ CNTT C (mẫu)", "agency_officer", ["trung-tam-thu-nghiem-c"]),
    ("a.lanhdao", "Lãnh đạo Sở A (mẫu)", "agency_head", ["so-thu-nghiem-a"]),
    ("b.lanhdao", "Lãnh đạo Huyện B (mẫu)", "agency_head", ["huyen-thu-nghiem-b"]),
    ("a.nhanvien", "Nhân viên A (mẫu)", "staff", ["so-thu-nghiem-a"]),
    ("c.nhanvien", "Nhân viên C (mẫu)", "staff", ["trung-tam-thu-nghiem-c"]),
    ("congan.phoihop", "Đơn vị phối hợp Một (mẫu)", "partner", []),
    ("vienthong.phoihop", "Đơn vị phối hợp Hai (mẫu)", "partner", []),
    ("quantri2", "Quản trị Hai (mẫu)", "administrator", []),
]
ROLES = {"administrator": "Quản trị viên", "province_operator": "Trực vận hành tỉnh", "partner": "Đơn vị phối hợp",
         "agency_officer": "Cán bộ phụ trách CNTT", "agency_head": "Thủ trưởng cơ quan", "staff": "Cán bộ, công chức"}
ATTACKER = "203.0.113.66"
PEOPLE = ["an.mau", "binh.mau", "chi.mau", "dung.mau", "giang.mau"]


def now():
    return datetime.datetime.now(ZONE)


def rfc3339(at):
    return at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- logs ----------------------------------------------------------------------------------------------------------
def line(at, host, program, text, priority=38):
    return f"<{priority}>1 {at.isoformat(timespec='milliseconds')} {host} {program} {1000 + hash_of(host, program)} - - {text}"


def hash_of(*words):
    return int.from_bytes(hashlib.sha256("/".join(words).encode()).digest()[:2], "big") % 20000


def ordinary(agency, at, chance):
    """One line of an ordinary working day."""
    host = chance.choice(agency["hosts"])
    who = chance.choice(PEOPLE)
    address = f"192.0.2.{chance.randrange(10, 90)}"
    kind = chance.randrange(8)
    if kind < 3:
        return line(at, host, "sshd", f"Accepted password for {who} from {address} port {chance.randrange(20000, 60000)} ssh2")
    if kind == 3:
        return line(at, host, "sshd", f"Failed password for {who} from {address} port {chance.randrange(20000, 60000)} ssh2")
    if kind == 4:
        return line(at, host, "sudo", f"{who} : TTY=pts/0 ; PWD=/home/{who} ; USER=root ; COMMAND=/usr/bin/apt update", 86)
    if kind == 5:
        return line(at, host, "CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)", 86)
    if kind == 6:
        return line(at, host, "systemd", "Started sao-luu.service - Sao lưu hồ sơ một cửa hằng ngày.", 30)
    return line(at, host, "kernel", "usb 1-1: new high-speed USB device number 7 using xhci_hcd", 6)


def attack(agency, start):
    """Password guessing that succeeds, then a new administrator and a cleared log."""
    host = agency["hosts"][0]
    guesses = ["root", "admin", "ketoan", "vanthu", "quantri", "postgres"]
    out = []
    for i in range(48):
        at = start + datetime.timedelta(seconds=4 * i)
        user = guesses[i % len(guesses)]
        invalid = "" if user == "root" else "invalid user "
        out.append(line(at, host, "sshd", f"Failed password for {invalid}{user} from {ATTACKER} port {41000 + i} ssh2"))
    at = start + datetime.timedelta(seconds=210)
    out.append(line(at, host, "sshd", f"Accepted password for root from {ATTACKER} port 41999 ssh2"))
    at += datetime.timedelta(seconds=40)
    out.append(line(at, host, "useradd", "new user: name=hotro, UID=0, GID=0, home=/home/hotro, shell=/bin/bash, from=/dev/pts/0", 86))
    at += datetime.timedelta(seconds=25)
    out.append(line(at, host, "sudo", "hotro : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/usr/bin/truncate -s 0 /var/log/auth.log", 86))
    return out


def write_logs(folder):
    """A day up to eleven minutes ago: what is newer comes in live, while detection runs."""
    chance = random.Random(20261124)
    end = now() - datetime.timedelta(minutes=11)
    for agency in AGENCIES:
        lines = []
        for minute in range(24 * 60):
            at = end - datetime.timedelta(minutes=minute)
            busy = 7 <= at.hour < 18
            for _ in range(chance.randrange(0, 3) if busy else chance.randrange(0, 8) // 7):
                lines.append((at, ordinary(agency, at, chance)))
        if agency["short"] == "b":
            start = end - datetime.timedelta(hours=5)
            lines += [(start, text) for text in attack(agency, start)]
        lines.sort(key=lambda item: item[0])
        (pathlib.Path(folder) / f"{agency['id']}.log").write_text("".join(text + "\n" for _, text in lines))


def syslog_port(data, agency):
    """Where the hub of this province listens for the agency's logs: as its settings say."""
    listeners = json.loads((pathlib.Path(data) / "hub" / "hub.json").read_text())["listeners"]
    address = next(one["address"] for one in listeners if one.get("agency") == agency["id"] and one["protocol"] == "tcp")
    return int(address.rsplit(":", 1)[1])


def send(data, agency, lines):
    with socket.create_connection(("127.0.0.1", syslog_port(data, agency)), timeout=10) as connection:
        connection.sendall("".join(text + "\n" for text in lines).encode())


# ---- the hub's interfaces ------------------------------------------------------------------------------------------
class Portal:
    def __init__(self, port):
        self.port, self.cookie, self.csrf = port, None, None

    def call(self, method, path, body=None, headers=None, **query):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60,
                                                 context=ssl._create_unverified_context())
        all_headers = dict(headers or {})
        if self.cookie:
            all_headers["Cookie"] = f"phendau_session={self.cookie}"
        if self.csrf:
            all_headers["X-CSRF-Token"] = self.csrf
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            all_headers.setdefault("Content-Type", "application/json")
        target = "/api/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        connection.request(method, target, body=body, headers=all_headers)
        response = connection.getresponse()
        data = response.read()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie" and value.startswith("phendau_session="):
                self.cookie = value.split(";")[0].split("=", 1)[1]
        connection.close()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {data.decode(errors='replace')}")
        return json.loads(data) if data else None

    def get(self, path, **query):
        return self.call("GET", path, **query)

    def post(self, path, body=None):
        return self.call("POST", path, body if body is not None else {})

    def sign_in(self, name, password, new=None):
        session = self.post("/session", {"username": name, "password": password})
        self.csrf = session["csrf_token"]
        if session["must_change_password"] and new:
            self.csrf = self.post("/session/password", {"old": password, "new": new})["csrf_token"]
        return self


def new_password():
    words = ["song", "nui", "rung", "suoi", "doi", "ruong", "tre", "lua", "nang", "gio"]
    return "-".join(secrets.choice(words).capitalize() for _ in range(3)) + f"-{secrets.randbelow(9000) + 1000}"


class Device:
    """A pretend agent: the real protocol, invented measurements."""

    def __init__(self, folder, port):
        self.folder, self.port = pathlib.Path(folder), port
        self.identity = json.loads((self.folder / "identity.json").read_text()) if self.folder.exists() else None

    def post(self, path, body):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_alpn_protocols(["phendau-agent"])
        if self.identity:
            context.load_verify_locations(cadata=self.identity["ca_pem"])
            context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        connection.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {data.decode(errors='replace')}")
        return json.loads(data)

    def enrol(self, token, host):
        raw = base64.urlsafe_b64decode(token.split(".", 1)[1] + "=" * (-len(token.split(".", 1)[1]) % 4))
        secret = raw[1 + raw[0] + 2 + 32:][:16]
        self.folder.mkdir(parents=True, mode=0o700)
        key = self.folder / "key.pem"
        csr = subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                              "-keyout", str(key), "-subj", f"/CN={host}"], check=True, capture_output=True, text=True)
        key.chmod(0o600)
        answer = self.post("/agent/v1/enrol", {"secret": base64.b64encode(secret).decode(), "csr_pem": csr.stdout,
                                               "hostname": host, "os": "linux", "agent_version": "0.1.0"})
        (self.folder / "cert.pem").write_text(answer["certificate_pem"])
        (self.folder / "identity.json").write_text(json.dumps(answer))
        self.identity = answer

    def heartbeat(self, troubles=()):
        at = now()
        self.post("/agent/v1/heartbeat", {
            "agent_version": "0.1.0", "time": rfc3339(at), "epoch": "", "spool_bytes": 4096, "spool_records": 0,
            "spool_bytes_max": 1 << 30, "rejected_total": 0, "lost_records_total": 0, "clock_skew_ms": 3,
            "memory_bytes": 21 << 20, "troubles": list(troubles), "order_results": [],
            "sources": [{"channel": "journald", "state": "reading", "reason": "", "records_total": 1200, "cut_total": 0,
                         "last_event_at": rfc3339(at)}]})

    def facts(self, quality, host):
        self.post("/agent/v1/facts", {"facts": facts_of(quality, host)})


def fact(kind, rows, unreadable=None, hours=24, complete=True, reason=""):
    return {"kind": kind, "device_id": "", "collected_at": rfc3339(now()), "valid_seconds": hours * 3600, "rows": rows,
            "complete": complete, "incomplete_reason": reason, "unreadable": unreadable or {}}


def facts_of(quality, host):
    """quality: good, poor (several duties broken) or blind (an agent without root: much is unreadable)."""
    host_fact = fact("host", [{"hostname": host, "os_family": "linux", "os_name": "Debian GNU/Linux (mẫu)",
                               "os_version": "12", "kernel": "6.1.0", "agent_version": "0.1.0",
                               "is_server": host.endswith("chu")}])
    source = fact("log_source", [{"channel": "journald", "last_event_at": rfc3339(now()), "last_event_age_minutes": 0,
                                  "readable": True}], hours=1)
    if quality == "blind":
        why = "cần quyền root để đọc"
        return [host_fact, source,
                fact("password_policy", [{"min_length": 12, "classes": ["lower", "digit", "special"]}],
                     {"max_age_days": why}),
                fact("account", [{"name": "an.mau", "uid": 1000, "interactive": True, "privileged": False}],
                     {"password_state": why, "password_age_days": why}),
                fact("login_lockout", [{}], {"enabled": why, "deny_after": why, "unlock_seconds": why}),
                fact("antimalware", [{"present": True, "products": ["ClamAV"]}], {"last_scan_age_days": why,
                                                                              "definitions_age_days": why}),
                fact("updates", [{"pending_total": 4}], {"pending_security": "chưa có danh mục gói"})]
    good = quality == "good"
    return [
        host_fact, source,
        fact("password_policy", [{"min_length": 12 if good else 6, "enforced_by": "pam_pwquality",
                                  "classes": ["lower", "upper", "digit", "special"] if good else ["lower", "digit"],
                                  "min_classes": 4 if good else 1, "max_age_days": 90 if good else "never",
                                  "history_count": 5}]),
        fact("account", [
            {"name": "an.mau", "uid": 1000, "password_state": "set", "password_changed_on": "2026-11-01",
             "password_age_days": 23, "max_age_days": 90, "privileged": True, "interactive": True},
            {"name": "ketoan", "uid": 1001, "password_state": "set" if good else "empty", "interactive": True,
             "password_changed_on": "2026-11-05" if good else "2024-02-01", "password_age_days": 19 if good else 1027,
             "max_age_days": 90 if good else "never", "privileged": False}]),
        fact("login_lockout", [{"enabled": good, "deny_after": 5 if good else "unlimited",
                                "unlock_seconds": 600 if good else 0, "enforced_by": "pam_faillock"}]),
        fact("antimalware", [{"present": good, "products": ["ClamAV"] if good else [], "realtime": good,
                              "definitions_age_days": 1 if good else 60, "last_scan_age_days": 2 if good else "never"}]),
        fact("updates", [{"pending_security": 0 if good else 17, "pending_total": 2 if good else 64,
                          "index_age_hours": 5 if good else 900, "automatic": good}]),
        fact("logging", [{"service": "rsyslog", "running": True, "persistent": good, "records_login": True,
                          "records_configuration": good, "records_access": good, "size_limited": good,
                          "retention_days": 180 if good else 7}]),
        fact("backup", [{"seen": good, "tool": "borg" if good else "", "last_age_hours": 20 if good else "never",
                         "destination": "thiết bị lưu trữ rời" if good else ""}]),
        fact("idle_shutdown", [{"configured": good, "idle_minutes": 60 if good else "never",
                                "action": "shutdown" if good else "none"}]),
        fact("share", [{"name": "hoso", "protocol": "smb", "path": "/srv/hoso", "password_protected": True,
                        "guest_allowed": not good, "writable": True, "allowed_from": "mạng nội bộ"}])]


QUALITIES = {"a": ["good", "good"], "b": ["poor", "good"], "c": ["blind", "poor"]}


def devices_of(data, port):
    for agency in AGENCIES:
        for host, quality in zip(agency["hosts"], QUALITIES[agency["short"]]):
            yield agency, host, quality, Device(pathlib.Path(data) / "devices" / host, port)


# ---- filling -------------------------------------------------------------------------------------------------------
def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.5)
    return None


def step_docs():
    at = now().isoformat(timespec="seconds")
    return {
        "isolate": {"ordered_by": "Lãnh đạo Huyện B (mẫu)", "cut": "Rút dây mạng của huyen-b-may-chu; không tắt nguồn",
                    "cut_at": at, "method": "cable", "still_powered": True},
        "verify": {"state": "Có tài khoản lạ mang UID 0, nhật ký đăng nhập bị xoá", "severity": "high",
                   "scope": "Một máy chủ; các máy khác chưa thấy dấu hiệu", "category": "other",
                   "category_other": "Dò mật khẩu rồi chiếm quyền"},
        "collect": {"complex": False, "copies": [{"what": "Nhật ký và ảnh đĩa", "where": "Ổ rời số 3 (mẫu)",
                                                  "sha256": hashlib.sha256(b"du lieu mau").hexdigest(), "taken_at": at}]},
        "report": {"head_at": at, "head_channel": "phone", "department_at": at, "department_channel": "email",
                   "document_number": "00/BC-MAU"},
        "restore": {"backup": "Bản sao lưu đêm hôm trước (mẫu)", "backup_at": at, "tested_on": at[:10], "restored_at": at, "file_kept": True,
                    "file_location": "Tủ hồ sơ số 1 (mẫu)"},
    }


def make_users(admin, port):
    shown, sessions = [], {}
    for name, full, role, agencies in USERS:
        made = admin.post("/users", {"username": name, "name": full, "role": role, "agency_ids": agencies})
        password = new_password()
        sessions[name] = Portal(port).sign_in(name, made["one_time_password"], password)
        shown.append((name, role, password))
    return shown, sessions


def make_devices(admin, data, port):
    for agency, host, quality, device in devices_of(data, port):
        device.enrol(admin.post("/enrolment-tokens", {"agency_id": agency["id"], "note": "thiết bị mẫu"})["token"], host)
        device.facts(quality, host)
        device.heartbeat()


def make_attestations(sessions):
    until = (now() + datetime.timedelta(days=300)).date().isoformat()
    for user, agency, clause, part in [("a.lanhdao", "so-thu-nghiem-a", "hg-1374:3.1.a", "hg-1374:3.1.a"),
                                       ("a.lanhdao", "so-thu-nghiem-a", "hg-1374:11.2.dd", "hg-1374:11.2.dd#2"),
                                       ("b.lanhdao", "huyen-thu-nghiem-b", "hg-1374:11.2.b", "hg-1374:11.2.b#2")]:
        body = {"agency_id": agency, "clause": clause, "part": part, "valid_until": until,
                "statement": "Đã chỉ đạo và kiểm tra tại đơn vị (xác nhận mẫu)."}
        file = sessions[user[0] + ".canbo"].call(
            "POST", "/attachments", f"Biên bản mẫu cho {clause}\n".encode(),
            {"X-Agency": agency, "Content-Type": "text/plain"}, name="bien-ban-mau.txt")
        body["attachment"] = file["sha256"]
        sessions[user].post("/attestations", body)


def make_incidents(admin, sessions):
    """One closed by the agency itself, one open at its third step."""
    officer = sessions["b.canbo"]
    by_attacker = wait_for(lambda: [a for a in admin.get("/alerts", limit=200)["items"]
                                    if a["agency_id"] == "huyen-thu-nghiem-b"], 30)
    docs = step_docs()
    if by_attacker:
        case = officer.post(f"/alerts/{by_attacker[0]['id']}/incident")
        for step in ["isolate", "verify"]:
            officer.post(f"/incidents/{case['id']}/steps/{step}", {"verb": "done", "doc": docs[step]})
    closed = sessions["a.canbo"].post("/incidents", {
        "agency_id": "so-thu-nghiem-a", "title": "Trang thông tin bị thay ảnh (vụ việc mẫu)",
        "description": "Người dân báo ảnh lạ trên trang chủ."})
    file = sessions["a.canbo"].call("POST", "/attachments", "Ảnh chụp và nhật ký kèm theo (mẫu)\n".encode(),
                                    {"X-Case": closed["id"], "Content-Type": "text/plain"}, name="ghi-chep-mau.txt")
    for step, doc in docs.items():
        doc = dict(doc, category="defacement") if step == "verify" else doc
        sessions["a.canbo"].post(f"/incidents/{closed['id']}/steps/{step}",
                                 {"verb": "done", "doc": doc, "attachments": [file["sha256"]]})
    sessions["a.canbo"].post(f"/incidents/{closed['id']}/close", {"summary": "Đã khôi phục từ bản sao lưu sạch (mẫu)."})


def fill(data, port):
    marker = pathlib.Path(data) / "filled.json"
    if marker.exists():
        return
    if (pathlib.Path(data) / "devices").exists() or not os.environ.get("PHENDAU_FIRST_PASSWORD"):
        sys.exit(f"Lần nạp trước bị dừng giữa chừng: hãy xoá {data} rồi chạy lại. (remove that folder and start again)")
    started = time.monotonic()
    password = new_password()
    admin = Portal(port).sign_in("admin", os.environ["PHENDAU_FIRST_PASSWORD"], password)
    shown, sessions = make_users(admin, port)
    make_devices(admin, data, port)
    # A second attack while detection runs, so that alerts of today are there whatever the history did.
    send(data, AGENCIES[1], attack(AGENCIES[1], now() - datetime.timedelta(minutes=6)))
    send(data, AGENCIES[2], attack(AGENCIES[2], now() - datetime.timedelta(minutes=8))[:20])
    make_attestations(sessions)
    make_incidents(admin, sessions)
    alerts = admin.get("/alerts", limit=200)["items"]
    for alert in [a for a in alerts if a["agency_id"] == "trung-tam-thu-nghiem-c"][:1]:
        admin.post(f"/alerts/{alert['id']}/triage", {"status": "acknowledged", "note": "Đang hỏi đơn vị (mẫu)"})
    marker.write_text(json.dumps({"filled_at": rfc3339(now())}))
    print("\n  DỮ LIỆU MẪU: mọi tên, địa chỉ và sự việc đều bịa ra. (invented data)")
    print("  Tài khoản, chỉ hiện một lần này (accounts, shown only now):")
    for name, role, secret in [("admin", "administrator", password)] + shown:
        print(f"    {name:20} {ROLES[role]:22} {secret}")
    print(f"  Nạp xong sau {time.monotonic() - started:.0f} giây (filled); cảnh báo (alerts): {len(alerts)}", flush=True)


def show_accounts():
    print("\n  DỮ LIỆU MẪU: mọi tên, địa chỉ và sự việc đều bịa ra. (invented data)")
    print("  Tài khoản, mật khẩu đã hiện ở lần chạy đầu (accounts; passwords were shown at the first start):")
    for name, role in [("admin", "administrator")] + [(user[0], user[2]) for user in USERS]:
        print(f"    {name:20} {ROLES[role]}")


def live(data, port):
    """Keeps the province breathing. A hub that is away is tried again."""
    chance = random.Random()
    facts_due = 0.0
    while True:
        try:
            refresh = time.monotonic() >= facts_due
            for agency, host, quality, device in devices_of(data, port):
                if refresh:
                    device.facts(quality, host)
                device.heartbeat()
            if refresh:
                facts_due = time.monotonic() + 1800
            for agency in AGENCIES:
                send(data, agency, [ordinary(agency, now(), chance) for _ in range(chance.randrange(1, 4))])
        except (OSError, RuntimeError, http.client.HTTPException) as problem:
            print(f"{rfc3339(now())} {problem}", flush=True)
        time.sleep(30)


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "agencies":
        for agency in AGENCIES:
            print(agency["id"], agency["name"], "--own-systems" if agency["own_systems"] else "--no-own-systems", sep="\t")
    elif command == "accounts":
        show_accounts()
    elif command == "logs":
        write_logs(sys.argv[2])
    elif command == "fill":
        fill(sys.argv[2], int(sys.argv[3]))
    elif command == "live":
        live(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()

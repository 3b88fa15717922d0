# SPDX-License-Identifier: Apache-2.0
"""Trouble gives one clear Vietnamese sentence that says what to do, and nothing acknowledged is lost: no set-up, a folder in use, a
port in use, root, a folder of a newer version, an agency that does not exist, wrong and used tokens, an impostor hub, a revoked device, a
hub that is away, malformed batches, a full disk; hostile syslog lines are kept raw and counted."""
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import AGENT, AS_ROOT, PACK, PHENDAU, Agent, Hub, free_port, give_to_hub, hub_account, run, scratch, verify_journal, wait_for


def sentence(*argv, words, as_hub=True, code=None, env=None):
    """Runs a command that must fail; its Vietnamese sentence, which stands first, must hold these words."""
    account = hub_account() if as_hub else {}
    env = {**os.environ, **env} if env else None
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=60, env=env, **account)
    said = done.stderr + done.stdout
    assert done.returncode != 0 and (code is None or done.returncode == code), (argv, done.returncode, said)
    first = [line for line in said.splitlines() if line and not line.startswith("{")][0]
    for word in words:
        assert word in first, (argv, word, said)
    assert words and "Traceback" not in said and "terminate" not in said, said
    return said


base = scratch()
sentence(PHENDAU, "hub", "--data", base / "nothing", "--lang", "vi", words=["chưa được khởi tạo", "phendau admin init"], code=3)

hub = Hub().init()
tls_port = free_port()
config = json.loads((hub.data / "hub.json").read_text())
hub.change_config(listeners=[*config["listeners"], {"protocol": "tls", "address": f"127.0.0.1:{tls_port}"}])
tokens = [hub.token() for _ in range(3)]
if AS_ROOT:
    for env in (None, {"PHENDAU_ALLOW_ROOT": "1"}):  # no switch turns this off
        sentence(PHENDAU, "hub", "--data", hub.data, "--lang", "vi", as_hub=False, words=["không chạy bằng tài khoản root"], code=3, env=env)
hub.start()
sentence(PHENDAU, "hub", "--data", hub.data, "--lang", "vi", words=["đang được", "sử dụng"])
other = Hub().init()
config = json.loads((other.data / "hub.json").read_text())
config["https_address"] = f"127.0.0.1:{hub.port}"
(other.data / "hub.json").write_text(json.dumps(config))
give_to_hub(other.data)
sentence(PHENDAU, "hub", "--data", other.data, "--lang", "vi", words=[str(hub.port)])

# A listener or a sender of an agency that nobody created.
lost = Hub(config={"listeners": [{"protocol": "udp", "address": f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}", "agency": "khong-co"}]}).init()
give_to_hub(lost.data)
sentence(PHENDAU, "hub", "--data", lost.data, "--lang", "vi", words=["udp://127.0.0.1", '"khong-co"', "không có cơ quan nào"], code=3)
lost.change_config(listeners=[], senders=[{"network": "10.1.0.0/16", "agency": "cung-khong"}])
give_to_hub(lost.data)
sentence(PHENDAU, "hub", "--data", lost.data, "--lang", "vi", words=["10.1.0.0/16", '"cung-khong"'], code=3)

# A folder that a newer version wrote.
newer = base / "newer"
shutil.copytree(other.data, newer)
import sqlite3  # noqa: E402

with sqlite3.connect(next((newer / "ledger").glob("*.db"))) as db:
    db.execute("PRAGMA user_version = 99")
    for (name,) in db.execute("select name from sqlite_master where type = 'table' and name in ('meta', 'schema_version')").fetchall():
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
        if "version" in columns:
            db.execute(f"update {name} set version = 99")
        elif {"key", "value"} <= set(columns):
            db.execute(f"update {name} set value = '99' where key like '%version%'")
give_to_hub(newer)
sentence(PHENDAU, "hub", "--data", newer, "--lang", "vi", words=["mới hơn"])

# Settings: no JSON, a name that does not exist, wrong values.
odd = Hub().init()
for text, words in (('{"https_address": "127.0.0.1:1",\n "demo": }', ["hub.json sai cú pháp JSON ở dòng 2, cột 10", "Hãy sửa"]),
                    ('{"demo": true, "demo": false}', ["khóa bị lặp", "Hãy sửa"]),
                    ('{"mau_sac": 1}', ["không có thiết lập nào tên là", "mau_sac", "Hãy bỏ"]),
                    ('{"disk_quota_percent": 500}', ["disk_quota_percent", "số nguyên từ 10 đến 98"]),
                    ('{"flush_after": "lau"}', ["flush_after", "khoảng thời gian từ"]),
                    ('{"pack_dir": 7}', ["pack_dir", "đoạn chữ"]),
                    ('{"listeners": [{"protocol": "x"}]}', ["listeners.protocol", "phải viết như"]),
                    ('[1]', ["đối tượng JSON"]),
                    (json.dumps({"pack_dir": str(base / "khong-co")}), ["Không có bộ quy định trong", "khong-co"])):
    (odd.data / "hub.json").write_text(text)
    give_to_hub(odd.data)
    sentence(PHENDAU, "hub", "--data", odd.data, "--lang=vi", words=words, code=3)
(odd.data / "hub.json").unlink()
(odd.data / "hub.json").mkdir()
give_to_hub(odd.data)
sentence(PHENDAU, "hub", "--data", odd.data, "--lang=vi", words=["Không đọc hoặc ghi được", "hub.json"], code=4)
(odd.data / "hub.json").rmdir()
(odd.data / "hub.json").write_text(json.dumps({"pack_dir": str(PACK)}))
give_to_hub(odd.data)
(odd.data / "hub.json").chmod(0)
sentence(PHENDAU, "hub", "--data", odd.data, "--lang=vi", words=["Không có quyền truy cập", "hub.json"], code=3)
(odd.data / "hub.json").chmod(0o600)
ledger = next((odd.data / "ledger").glob("*.db"))
ledger.chmod(0)
sentence(PHENDAU, "hub", "--data", odd.data, "--lang=vi", words=["Không mở hoặc ghi được tệp sổ cái", ledger.name, "Hãy kiểm tra"], code=4)

# Files, packs, journals and searches at the command line.
shown = scratch() / "j"
lines = scratch() / "may.log"
lines.write_text("<13>Nov 24 09:00:00 may ung-dung: mot dong\n")
run(PHENDAU, "journal", "import", "--data", shown, lines)
sentence(PHENDAU, "scan", "--pack", PACK, base / "khong-co.log", "--lang=vi", words=["Không có tệp hoặc thư mục", "khong-co.log"], code=3)
sentence(PHENDAU, "pack", "validate", base / "khong-co", "--lang=vi", words=["Không có bộ quy định trong", "khong-co"], code=3)
for query, words in (("user:(a", ["cột 6", "chưa đóng"]), ("a or", ["cột 5", "cần một từ"]), ("n:>=x", ["cột 3", "phép so sánh"])):
    sentence(PHENDAU, "search", "--data", shown, query, "--lang=vi", words=["Câu tìm kiếm sai ở"] + words, code=3, as_hub=False)
sentence(PHENDAU, "search", "--data", shown, "a", "--from", "hom-qua", "--lang=vi", words=["hom-qua", "không phải là thời điểm"], code=3, as_hub=False)
(shown / "journal" / "FORMAT").write_text("x")
sentence(PHENDAU, "journal", "stat", "--data", shown, "--lang=vi", words=["FORMAT", "bị hỏng", "journal verify"], code=4, as_hub=False)

# Tokens: garbled, used.
sentence(AGENT, "enrol", "--data", base / "a0", "--lang", "vi", "phd1.khong-phai-ma", as_hub=False, words=["Mã đăng ký", "sao chép lại"])
agent = Agent(hub).enrol(tokens[0])
sentence(AGENT, "enrol", "--data", base / "a1", "--lang", "vi", tokens[0], as_hub=False, words=["đã được dùng"])
unknown = tokens[1][:-8] + ("AAAAAAAA" if not tokens[1].endswith("AAAAAAAA") else "BBBBBBBB")
sentence(AGENT, "enrol", "--data", base / "a2", "--lang", "vi", unknown, as_hub=False, words=["Mã đăng ký", "sao chép lại"])

# The hub is away: the agent keeps lines and delivers them once, in order.
tailed = scratch() / "may.log"
tailed.write_text("")
(agent.data / "agent.json").write_text(json.dumps({"journald": "never", "files": [{"path": str(tailed)}]}))
agent.start()
admin = hub.admin()
wait_for(lambda: [d for d in admin.get("/devices")["items"] if d["status"] == "online"], 40)
hub.stop()
with open(tailed, "a") as out:
    for number in range(500):
        out.write(f"<13>Nov 24 09:00:00 may ung-dung: so {number:04d}\n")
time.sleep(2)

# An impostor on the hub's port: another CA. Nothing goes there.
impostor = Hub().init()
config = json.loads((impostor.data / "hub.json").read_text())
config["https_address"] = f"127.0.0.1:{hub.port}"
(impostor.data / "hub.json").write_text(json.dumps(config))
impostor.port = hub.port
impostor.start()
sentence(AGENT, "enrol", "--data", base / "a3", "--lang", "vi", tokens[1], as_hub=False, words=["không phải máy chủ đã cấp", "xin mã mới"])
time.sleep(3)
impostor_admin = impostor.admin()
assert impostor_admin.get("/events", q="program:ung-dung", from_="2020-01-01T00:00:00Z")["items"] == []
impostor.stop()
hub.start()
admin = hub.admin()


def numbers():
    items, cursor = [], None
    while True:
        page = admin.get("/events", q="program:ung-dung", from_="2020-01-01T00:00:00Z", limit=200, cursor=cursor, order="oldest")
        items += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return [event["fields"]["message"] for event in items]


wait_for(lambda: len(numbers()) >= 500, 90, 0.5)
assert sorted(numbers()) == [f"so {number:04d}" for number in range(500)]

# Hostile lines over TCP: kept raw, counted, shown as data.
hostile = [b"<13>Nov 24 10:00:00 may xau: <script>alert(1)</script> \x1b[31mdo", b"<13>Nov 24 10:00:01 may xau: \xff\xfe kh\xc3\xb4ng UTF-8",
           b"<999>", b"<13>Nov 24 10:00:02 may xau: " + b"d" * 100_000, b"khong co dau gi ca", b"<13>Nov 24 10:00:03 may xau: a\tb\x07c"]
with socket.create_connection(("127.0.0.1", hub.tcp)) as sock:
    sock.sendall(b"".join(line + b"\n" for line in hostile))


def kept(query):
    return admin.get("/events", q=query, from_="2020-01-01T00:00:00Z")["items"]


wait_for(lambda: len(kept("source:syslog-tcp*")) == len(hostile))
assert kept("script")[0]["raw"].startswith("<13>Nov 24 10:00:00 may xau: <script>")
assert {event["parse_error"] for event in kept("source:syslog-tcp*")} >= {"not_utf8", "oversized"}, kept("source:syslog-tcp*")
assert admin.get("/overview")["ingest"]["parse_errors"] >= 2

# A device may send syslog over TLS with its certificate: what it sends is its agency's, as the ledger says.
device = admin.get("/devices")["items"][0]["id"]
identity = json.loads((agent.data / "identity.json").read_text())
pem = scratch() / "device.pem"
pem.write_text(identity["certificate_pem"] + identity["key_pem"])


def as_device(port, protocol=None):
    context = ssl._create_unverified_context()
    context.load_cert_chain(pem)
    if protocol:
        context.set_alpn_protocols([protocol])
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20))


def by_certificate():
    return [(event["agency_id"], event["fields"]["message"]) for event in kept(f"source:{device} program:chung-thu")]


sender = as_device(tls_port)
sender.sendall(b"<13>Nov 24 10:00:04 may chung-thu: truoc thu hoi\n")
wait_for(lambda: by_certificate() == [(hub.agency, "truoc thu hoi")])


# What a machine sends wrongly is its mistake, not ours.
def post_as_device(path, body):
    with as_device(hub.port, "phendau-agent") as sock:
        sock.sendall(f"POST {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return int(sock.recv(4096).split()[1])


fact = {"kind": "../x", "collected_at": "2026-11-24T00:00:00Z", "valid_seconds": 60, "rows": [], "complete": True}
assert post_as_device("/agent/v1/records", b"PHDB\x01\0\0\0" + b"\0" * 8 + b"hong") == 400
assert post_as_device("/agent/v1/records", b"PHDB\x01\0\0\0" + b"\0" * 8) == 400
assert post_as_device("/agent/v1/facts", json.dumps({"facts": [fact]}).encode()) == 400

# A revoked device is refused at once, on every port and on open connections too, and says so.
admin.post(f"/devices/{device}/revoke", {"reason": "mat may"})
for again in (sender, as_device(tls_port)):
    try:
        for _ in range(3):
            again.sendall(b"<13>Nov 24 10:00:05 may chung-thu: sau thu hoi\n")
            time.sleep(0.3)
    except OSError:
        pass  # the hub hung up
    again.close()
time.sleep(2)
assert by_certificate() == [(hub.agency, "truoc thu hoi")], by_certificate()
with open(tailed, "a") as out:
    out.write("<13>Nov 24 09:00:01 may ung-dung: sau khi thu hoi\n")
wait_for(lambda: "locked out" in agent.log.read_text(), 60, 0.5)
assert "so 0000" in numbers()[0] and "sau khi thu hoi" not in numbers()
agent.stop()
hub.stop()

# A full disk, on a small file system of its own.
if AS_ROOT:
    small = scratch() / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode == 0:
        try:
            small.chmod(0o755)
            full = Hub(folder=small, config={"disk_quota_percent": 80}).init().start()
            admin = full.admin()

            def send(first, count):
                with socket.create_connection(("127.0.0.1", full.tcp)) as sock:
                    sock.sendall(b"".join(b"<13>Nov 24 11:00:00 may day: %06d\n" % n for n in range(first, first + count)))

            def stored():
                return admin.get("/events/histogram", q="program:day", from_="2020-01-01T00:00:00Z", buckets=1)["total"]

            send(0, 100)
            wait_for(lambda: stored() == 100)
            filler = small / "filler"
            free = os.statvfs(small).f_bavail * os.statvfs(small).f_frsize
            filler.write_bytes(b"x" * (free - (4 << 20)))  # above the quota, below the brim
            send(100, 100)
            time.sleep(3)
            assert stored() == 100, "the quota did not act"
            assert full.process.poll() is None
            filler.unlink()
            wait_for(lambda: stored() == 200, 40, 0.5)
            full.stop()
            assert verify_journal(full.data)[0] == 0
        finally:
            subprocess.run(["umount", "-l", str(small)], check=False)
    else:
        print("skipped: no tmpfs can be mounted here, so the full disk was not tried")
else:
    print("skipped: only root can mount a small file system, so the full disk was not tried")
print("trouble: passed")

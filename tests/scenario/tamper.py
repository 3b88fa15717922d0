# SPDX-License-Identifier: Apache-2.0
"""Changing the past is seen: a flipped byte in a sealed segment, a cut tail, a removed segment and a changed ledger row are
each found and located; untouched copies are clean."""
import json
import pathlib
import shutil
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PACK, PHENDAU, run, scratch, verify_journal

base = scratch()
log = base / "may.log"
log.write_text("".join(f"<38>Nov 2{i % 4} 10:{i // 60 % 60:02d}:{i % 60:02d} may sshd[{i}]: Failed password for u{i} from "
                       f"192.0.2.{i % 200} port 5 ssh2\n" for i in range(5000)))
good = base / "good"
run(PHENDAU, "journal", "import", "--data", good, log)
code, report = verify_journal(good)
assert code == 0 and report["ok"], report
segments = sorted((good / "journal").rglob("*.seg"))
assert segments, "nothing was sealed"


def damaged(change):
    copy = base / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(good, copy)
    change(copy)
    return verify_journal(copy)


for part in (0.0, 0.1, 0.5, 0.9, 0.999):
    at = int(segments[0].stat().st_size * part)

    def flip(copy):
        path = copy / segments[0].relative_to(good)
        data = bytearray(path.read_bytes())
        data[at] ^= 0x40
        path.write_bytes(data)

    code, report = damaged(flip)
    assert code == 1 and not report["ok"], (part, report)
    assert report["segment"].endswith(segments[0].name), report
    # Located: within the damaged file, at the byte or at the start of the block that holds it.
    assert 0 <= report["offset_bytes"] <= segments[0].stat().st_size and report["reason"], report


def cut(copy):
    path = copy / segments[-1].relative_to(good)
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size - 1)


def remove(copy):
    (copy / segments[0].relative_to(good)).unlink()


for change in (cut, remove):
    code, report = damaged(change)
    assert code == 1 and report["segment"] and report["reason"], (change.__name__, report)

# The tail of the write-ahead log after acknowledged appends: a hub that was shot leaves one behind.
from harness import Hub, wait_for  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402

hub = Hub().init().start()
admin = hub.admin()
with socket.create_connection(("127.0.0.1", hub.tcp)) as sock:
    sock.sendall(b"".join(b"<13>Nov 24 10:00:00 may thu: dong %d\n" % i for i in range(300)))
wait_for(lambda: admin.get("/events/histogram", q="program:thu", from_="2020-01-01T00:00:00Z", buckets=1)["total"] == 300)
hub.stop(signal.SIGKILL)
code, report = verify_journal(hub.data)
assert code == 0 and report["ok"], report
wals = sorted((hub.data / "journal").rglob("*.wal"), key=lambda p: p.stat().st_size)
assert wals, sorted((hub.data / "journal").rglob("*"))
tail = wals[-1].read_bytes()
wals[-1].write_bytes(tail[:-40])
code, report = verify_journal(hub.data)
assert code == 1 and report["state"] == "lost", report
wals[-1].write_bytes(tail)
assert verify_journal(hub.data)[0] == 0

# The ledger.
doctor = run(PHENDAU, "admin", "doctor", "--data", hub.data, "--pack", PACK, "--format", "json", check=False)
checks = {c["check"]: c for c in json.loads(doctor.stdout)["checks"]}
assert checks["ledger"]["ok"] and checks["journal"]["ok"], checks
database = next((hub.data / "ledger").glob("*.db"))
with sqlite3.connect(database) as db:
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    row = db.execute("select rowid, doc from records where kind = 'agency'").fetchone()
    doc = row[1] if isinstance(row[1], str) else row[1].decode()
    db.execute("update records set doc = ? where rowid = ?", (doc.replace("thử nghiệm", "đã sửa lén"), row[0]))
doctor = run(PHENDAU, "admin", "doctor", "--data", hub.data, "--pack", PACK, "--format", "json", check=False)
checks = {c["check"]: c for c in json.loads(doctor.stdout)["checks"]}
assert doctor.returncode == 1 and not checks["ledger"]["ok"], checks
assert "agency" in checks["ledger"]["detail"] or "van-phong" in checks["ledger"]["detail"], checks["ledger"]
print("tamper: passed")

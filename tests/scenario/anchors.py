# SPDX-License-Identifier: Apache-2.0
"""A store that was removed, replaced or put back to an older day is seen at the next start, because the other store remembers
its head; so are keys that are missing, unreadable or of another ledger, and a backup that would act by itself. Each gets one
sentence with the way out, and after `admin accept` the hub works on: an attack in the new journal raises its alert."""
import hashlib
import json
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import AS_ROOT, PACK, PHENDAU, Hub, give_to_hub, hub_account, run, scratch, wait_for

base = scratch()


def refused(data, words, code=None):
    give_to_hub(data)
    done = subprocess.run([str(PHENDAU), "hub", "--data", str(data), "--lang", "vi"], capture_output=True, text=True, timeout=60,
                          **hub_account())
    assert done.returncode != 0 and (code is None or done.returncode == code), (done.returncode, done.stderr)
    for word in words:
        assert word in done.stderr, (word, done.stderr)


def burst(hub, user):
    with socket.create_connection(("127.0.0.1", hub.tcp)) as line:
        for i in range(9):
            text = f"<38>{time.strftime('%b %e %H:%M:%S')} may sshd[{i}]: Failed password for {user} from 198.51.100.9 port 5 ssh2\n"
            line.sendall(text.encode())
    admin = hub.admin()
    return wait_for(lambda: [a for a in admin.get("/alerts")["items"] if user in json.dumps(a)], 30)


def doctor(data):
    done = run(PHENDAU, "admin", "doctor", "--data", data, "--pack", PACK, "--format", "json", check=False)
    return {c["check"]: c for c in json.loads(done.stdout)["checks"]}


hub = Hub().init().start()
burst(hub, "root")
hub.admin().post("/agencies", {"code": "xa-mot", "name": "Xã Một"})
hub.stop()
checks = doctor(hub.data)
assert checks["ledger"]["ok"] and checks["journal"]["ok"], checks
older = base / "older"
shutil.copytree(hub.data, older)

# Another day passes; then each store is put back to the older copy, and removed.
hub.start()
burst(hub, "oracle")
hub.admin().post("/agencies", {"code": "xa-hai", "name": "Xã Hai"})
hub.stop()
for store, words in (("journal", "Kho nhật ký không phải kho"), ("ledger", "Sổ cái không phải sổ")):
    for how in ("older", "removed"):
        copy = base / f"{store}-{how}"
        shutil.copytree(hub.data, copy)
        shutil.rmtree(copy / store)
        if how == "older":
            shutil.copytree(older / store, copy / store)
        checks = doctor(copy)
        assert not checks[store]["ok"], (store, how, checks)
        if store == "journal":
            done = run(PHENDAU, "journal", "verify", "--data", copy, "--format", "json", check=False)
            # A journal that is not there is no verdict; an older one is damaged.
            assert done.returncode == (1 if how == "older" else 3), (how, done.returncode, done.stdout, done.stderr)
            assert how == "removed" or not json.loads(done.stdout)["ok"], done.stdout
        refused(copy, [words, "phendau admin accept"])

# The way out: the loss is accepted, the ledger keeps the reason, and detection sees what comes next.
lost = base / "journal-removed"
run(PHENDAU, "admin", "accept", "--data", lost, "--pack", PACK, "--reason", "ổ đĩa nhật ký hỏng")
shutil.rmtree(hub.data)
shutil.copytree(lost, hub.data)
hub.start()
burst(hub, "postgres")
reasons = [c["reason"] for c in hub.admin().get("/history/setting/journal_head")["items"]]
assert any("ổ đĩa nhật ký hỏng" in reason for reason in reasons), reasons
hub.stop()

# A file that is no part of the journal is named.
(hub.data / "journal" / "segments" / "la.bin").write_bytes(b"x")
checks = doctor(hub.data)
assert not checks["journal"]["ok"] and "la.bin" in checks["journal"]["detail"], checks
(hub.data / "journal" / "segments" / "la.bin").unlink()

# Keys: gone, of another ledger, unreadable.
keys = base / "keys"
shutil.copytree(hub.data / "keys", keys)
shutil.rmtree(hub.data / "keys")
refused(hub.data, ["thiếu khóa", "đừng khởi tạo lại"])
done = run(PHENDAU, "admin", "init", "--data", hub.data, "--pack", PACK, "--lang", "vi", check=False)
assert done.returncode != 0 and "thiếu khóa" in done.stderr, done.stderr
shutil.copytree(keys, hub.data / "keys")
(hub.data / "keys" / "secret.key").write_bytes(hashlib.sha256(b"another").digest())
refused(hub.data, ["keys/secret.key"])
shutil.copy(keys / "secret.key", hub.data / "keys" / "secret.key")
if AS_ROOT:
    give_to_hub(hub.data)
    hub.data.chmod(0o700)
    import os
    os.chown(hub.data, 0, 0)
    done = subprocess.run([str(PHENDAU), "hub", "--data", str(hub.data), "--lang", "vi"], capture_output=True, text=True, timeout=60,
                          **hub_account())
    assert done.returncode != 0 and "không đọc được" in done.stderr, done.stderr

# A backup with a trigger in it is refused, also with a manifest to match.
give_to_hub(hub.data)
hub.start()
backup = base / "backup"
run(PHENDAU, "admin", "backup", "--data", hub.data, backup)
hub.stop()
with sqlite3.connect(backup / "ledger.db") as db:
    db.execute("CREATE TRIGGER la AFTER INSERT ON changes BEGIN UPDATE records SET state='x'; END")
manifest = json.loads((backup / "manifest.json").read_text())
for entry in manifest["files"]:
    if entry["path"] == "ledger.db":
        data = (backup / "ledger.db").read_bytes()
        entry["sha256"], entry["size_bytes"] = hashlib.sha256(data).hexdigest(), len(data)
(backup / "manifest.json").write_text(json.dumps(manifest))
done = run(PHENDAU, "admin", "restore", "--data", base / "bare", backup, "--lang", "vi", check=False)
assert done.returncode != 0 and "Chữ ký" in done.stderr, done.stderr  # what was altered is signed no longer
done = run(PHENDAU, "admin", "restore", "--data", base / "bare", backup, "--lang", "vi", "--unsigned", check=False)
assert done.returncode != 0 and "thành phần lạ" in done.stderr, done.stderr

# A whole backup of another hub, rightly signed by that one, is another history: refused where our keys are.
other = Hub().init()
run(PHENDAU, "admin", "backup", "--data", other.data, base / "foreign")
ours = base / "ours"
ours.mkdir()
shutil.copytree(hub.data / "keys", ours / "keys")
restore = (PHENDAU, "admin", "restore", "--data", ours, base / "foreign", "--lang", "vi")
done = run(*restore, check=False)
assert done.returncode != 0 and "khóa khác" in done.stderr, done.stderr
(base / "foreign" / "manifest.sig").unlink()
done = run(*restore, check=False)
assert done.returncode != 0 and "không có chữ ký" in done.stderr and not (ours / "ledger").exists(), done.stderr
run(*restore, "--unsigned")

# The signed head: kept as a file, it shows a forged signature, another hub's key and a ledger put back to an older day.
hub.start()
paper = base / "head.json"
paper.write_text(json.dumps(hub.admin().get("/ledger/head")))
hub.stop()
verify = (PHENDAU, "admin", "verify-head", paper, "--lang", "vi")
assert "Chữ ký đúng" in run(*verify).stdout and "vẫn nằm trong sổ cái" in run(*verify, "--data", hub.data).stdout
done = run(*verify, "--data", older, check=False)
assert done.returncode == 1 and "không còn khớp" in done.stdout, done.stdout
done = run(*verify, "--data", other.data, check=False)
assert done.returncode == 1 and "khóa khác" in done.stdout, done.stdout
paper.write_text(paper.read_text().replace('"seq": ', '"seq": 1'))
done = run(*verify, check=False)
assert done.returncode != 0 and "Chữ ký" in done.stderr, (done.stdout, done.stderr)

# What the hub keeps is for its own account only.
for path in [p for p in hub.data.rglob("*") if p.is_file() and p.name != "hub.json"]:
    assert path.stat().st_mode & 0o077 == 0, (path, oct(path.stat().st_mode))
print("anchors: passed")

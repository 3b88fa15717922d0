# SPDX-License-Identifier: Apache-2.0
"""What people do at the machine itself: check, scan, rules, pack, search, journal import, and the administration of a stopped
hub: reset of a password, backup beside a running hub, restore on a bare folder. Output shapes and exit codes as documented."""
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PACK, PHENDAU, Client, Hub, give_to_hub, run, scratch

base = scratch()

# check: one verdict per clause part that is about a machine, each with a reason; never 'ok' for what cannot be read.
done = run(PHENDAU, "check", "--pack", PACK, "--format", "json", "--lang", "en", check=False)
verdicts = json.loads(done.stdout)
assert len(verdicts) > 15 and all({"clause", "part", "subject", "status", "evidence", "reason"} == set(v) for v in verdicts)
assert done.returncode == (1 if any(v["status"] == "violated" for v in verdicts) else 0)
assert all(v["reason"] for v in verdicts if v["status"] in ("violated", "unknown"))
done = run(PHENDAU, "check", "--pack", PACK, "--root", base, "--format", "json", check=False)
# A folder without anything in it shares nothing; every other duty cannot be met by absence.
assert {v["part"] for v in json.loads(done.stdout) if v["status"] == "met"} <= {"hg-1374:11.2.b#1"}, done.stdout

# For people: states and titles in their language, no endless lists of names, a last line that counts.
shown = run(PHENDAU, "check", "--pack", PACK, "--lang", "vi", check=False).stdout.splitlines()
assert shown[0].split("  ")[0] == "KẾT QUẢ" and all(word in shown[0] for word in ("ĐIỀU KHOẢN", "NỘI DUNG", "LÝ DO")), shown[0]
total = next(line for line in shown if line.startswith("Tổng cộng"))
assert total.startswith(f"Tổng cộng {len(verdicts)} phần") and len(shown) >= len(verdicts) + 2, total
states = [line.split("  ")[0] for line in shown[1:len(verdicts) + 1]]
assert set(states) <= {"đạt", "vi phạm", "chưa rõ", "không áp dụng", "chưa phát sinh", "quá hạn", "đến hạn", "được miễn", "xác nhận"}, states
assert f"{states.count('vi phạm')} vi phạm" in total or "vi phạm" not in states, total
assert max(len(line) for line in shown) < 1200, max(shown, key=len)

# scan: the final keys, the same rows for any number of threads, statistics on stderr.
log = base / "may.log"
log.write_text("".join(f"Nov 20 08:00:{i:02d} may sshd[7]: Failed password for root from 192.0.2.1 port 5 ssh2\n" for i in range(8)))
events = base / "may.ndjson"
events.write_text("\n".join(json.dumps({"timestamp": f"2026-11-20T08:00:0{i}Z", "host": "may", "message": "Tiếng Việt"}) for i in range(3)))
outputs = set()
for threads in (1, 2, 4):
    done = run(PHENDAU, "scan", "--pack", PACK, "--format", "ndjson", "--threads", threads, "--stats", log, events, check=False)
    assert done.returncode == 1
    outputs.add(done.stdout)
assert len(outputs) == 1
rows = [json.loads(line) for line in outputs.pop().splitlines()]
assert rows and all({"rule_id", "title", "level", "time", "path", "record", "event"} <= set(r) for r in rows), rows
stats = json.loads(done.stderr.splitlines()[-1])
assert stats["events"] == 11 and stats["rules_rejected"] == 0 and stats["matches"] == len(rows), stats
assert all("event" not in json.loads(line) for line in run(PHENDAU, "scan", "--pack", PACK, "--format", "ndjson", "--no-event", log, check=False).stdout.splitlines())
assert run(PHENDAU, "scan", "--pack", PACK, "--format", "json", events, check=False).returncode == 0

# rules and packs: every mistake with file, line and reason.
rules = base / "rules"
rules.mkdir()
(rules / "sai.yml").write_text("title: x\nlogsource: {product: linux}\ndetection:\n  a: {b: 1}\n  condition: a and khong_co\n")
done = run(PHENDAU, "rules", "validate", "--rules", rules, "--pack", PACK, check=False)
assert done.returncode == 1 and "sai.yml:5:" in done.stdout and "khong_co" in done.stdout, done.stdout
copy = base / "packs"
shutil.copytree(PACK.parent, copy)
clauses = copy / "ha-giang" / "clauses" / "dieu-03.yaml"
clauses.write_text(clauses.read_text().replace("kind: posture_rule", "kind: khong_co_loai_nay", 1) if "kind: posture_rule" in clauses.read_text()
                   else clauses.read_text() + "\n  - id: sai\n")
done = run(PHENDAU, "pack", "validate", "--pack", copy / "ha-giang", "--format", "json", check=False)
report = json.loads(done.stdout)
assert done.returncode == 1 and report["errors"] and report["errors"][0]["line"] > 0 and "dieu-03" in report["errors"][0]["file"], report
coverage = json.loads(run(PHENDAU, "pack", "coverage", "--pack", PACK, "--format", "json").stdout)
assert len(coverage["clauses"]) == 48 and all(s["state"] in ("working", "pending") for c in coverage["clauses"] for s in c["satisfied_by"])

# A journal without a hub.
run(PHENDAU, "journal", "import", "--data", base / "j", log)
found = run(PHENDAU, "search", "--data", base / "j", "source_ip:192.0.2.1", "--format", "json").stdout.splitlines()
assert len(found) == 8 and json.loads(found[0])["fields"]["user"] == "root"
assert run(PHENDAU, "search", "--data", base / "j", "user:khong-co", check=False).returncode == 1

# Administration: backup beside a running hub, restore on a bare machine, reset of a forgotten password.
hub = Hub().init().start()
admin = hub.admin()
admin.post("/agencies", {"code": "xa-mot", "name": "Xã Một"})
run(PHENDAU, "admin", "backup", "--data", hub.data, base / "backup")
hub.stop()
bare = Hub(folder=scratch())
bare.port, bare.data = hub.port, bare.folder / "hub"
run(PHENDAU, "admin", "restore", "--data", bare.data, base / "backup")
shutil.copytree(hub.data / "keys", bare.data / "keys")
shutil.copy(hub.data / "hub.json", bare.data / "hub.json")
assert "secret" not in {p.name for p in (base / "backup").rglob("*")} and not list((base / "backup").rglob("*.key"))
said = run(PHENDAU, "admin", "user", "reset", "admin", "--data", bare.data, "--pack", PACK).stdout
password = said.split()[-1]
# The ledger remembers a journal that was not restored: the hub says so, and starts once that is accepted.
accept = ("admin", "accept", "--data", bare.data, "--pack", PACK, "--reason", "máy cũ hỏng ổ đĩa")
run(PHENDAU, *accept)
give_to_hub(bare.data)
bare.start()
admin = Client(bare.port).sign_in("admin", password, "Mat-khau-moi-3!")
assert {a["id"] for a in admin.get("/agencies")["items"]} == {"van-phong", "xa-mot"}
bare.stop()
doctor = run(PHENDAU, "admin", "doctor", "--data", bare.data, "--pack", PACK, "--format", "json", check=False)
assert all(c["ok"] for c in json.loads(doctor.stdout)["checks"] if c["check"] != "disk"), doctor.stdout
assert run(PHENDAU, "khong-co-lenh", check=False).returncode == 2
print("command line: passed")

# SPDX-License-Identifier: Apache-2.0
"""What people do at the machine itself: check, scan, rules, pack, search, journal import, and the administration of a stopped
hub: reset of a password, backup beside a running hub, restore on a bare folder. Output shapes and exit codes as documented."""
import json
import os
import pathlib
import re
import shutil
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import AGENT, PACK, PHENDAU, Client, Hub, give_to_hub, hub_account, run, scratch

base = scratch()

# agent: everything behind the word goes to phendau-agent, and its answer comes back as it is.
assert run(PHENDAU, "agent", "--help", "--lang", "vi").stdout == run(AGENT, "--help", "--lang", "vi").stdout
for lang, word in (("vi", "đăng ký máy"), ("en", "join a hub")):
    for argv in (("--lang", lang, "agent", "--help"), (f"--lang={lang}", "agent", "--help"), ("agent", "--help", "--lang", lang)):
        assert word in run(PHENDAU, *argv).stdout, argv
host = json.loads(run(PHENDAU, "agent", "facts", "host").stdout)
assert [f["kind"] for f in host] == ["host"] and host[0]["rows"], host
done = run(PHENDAU, "agent", "facts", "khong-co", "--lang", "vi", check=False)
assert done.returncode == 3 and "khong-co" in done.stderr, done
assert run(PHENDAU, "agent", "status", "--data", base / "nowhere", check=False).returncode == 3

# Help and usage errors are in one language.
for lang, words, others in (("vi", ("Cách dùng", "Lệnh", "Tùy chọn", "In hướng dẫn"), ("Usage", "Subcommands", "Options", "REQUIRED")),
                            ("en", ("Usage", "Options", "Print this help"), ("Cách dùng", "Tùy chọn"))):
    for argv in ((f"--lang={lang}", "--help"), ("--lang", lang, "journal", "import", "--help"), ("hub", "--help", "--lang", lang)):
        text = run(PHENDAU, *argv).stdout
        assert words[0] in text and words[2] in text and not [w for w in others if w in text], (argv, text)
assert "agent" in run(PHENDAU, "--help").stdout
for argv, word in ((("hub",), "Thiếu"), (("khong-co-lenh",), "tên lệnh không đúng"), (("rules", "list", "--khong-co"), "Không có lệnh"), (("scan", "--threads", "0", "x"), "Giá trị")):
    done = run(PHENDAU, *argv, "--lang=vi", check=False)
    assert done.returncode == 2 and word in done.stderr, (argv, done)

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
listed = json.loads(run(PHENDAU, "rules", "list", "--pack", PACK, "--format", "json").stdout)
correlations = {rule["id"] for rule in listed if rule["logsource"] == "correlation"}
for threads in (1, 2, 4):
    done = run(PHENDAU, "scan", "--pack", PACK, "--format", "ndjson", "--threads", threads, "--stats", log, events, check=False)
    assert done.returncode == 1
    outputs.add(done.stdout)
assert len(outputs) == 1
rows = [json.loads(line) for line in outputs.pop().splitlines()]
assert rows and all(list(r) == ["rule_id", "title", "level", "time", "path", "record", "event"] for r in rows), rows
assert [r for r in rows if r["rule_id"] in correlations], "no row of a correlation was judged"
stats = json.loads(done.stderr.splitlines()[-1])
assert stats["events"] == 11 and stats["rules_rejected"] == 0 and stats["matches"] == len(rows), stats
assert all("event" not in json.loads(line) for line in run(PHENDAU, "scan", "--pack", PACK, "--format", "ndjson", "--no-event", log, check=False).stdout.splitlines())
assert run(PHENDAU, "scan", "--pack", PACK, "--format", "json", events, check=False).returncode == 0

# --rules: .yaml is accepted, what is left out is said with its reason, and no pack needs to be installed.
own = base / "own-rules"
(own / "posture").mkdir(parents=True)
(own / "a.yaml").write_text("title: a\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: linux}\ndetection:\n  s: {user: root}\n  condition: s\n")
(own / "posture" / "b.yml").write_text((own / "a.yaml").read_text().replace("title: a", "title: b").replace("1111-4", "2222-4"))
(own / "posture" / "fact.yml").write_text("title: f\nname: f\nlogsource: {product: phendau, category: fact, service: host}\ndetection:\n  s: {a: 1}\n  condition: s\n")
(own / "a.samples.yaml").write_text("fire: []\n")
(own / "NOTES.txt").write_text("x")
done = run(PHENDAU, "scan", "--rules", own, "--format", "ndjson", "--lang=vi", log, check=False, cwd=base, env={**os.environ, "PHENDAU_PACKS": str(base / "no-packs")})
assert done.returncode == 1 and {json.loads(line)["title"] for line in done.stdout.splitlines()} == {"a", "b"}, done
for word in ("posture/fact.yml", "xét hiện trạng", "1 tệp mẫu thử", "NOTES.txt", "no-packs"):
    assert word in done.stderr, (word, done.stderr)
assert run(PHENDAU, "scan", "--pack", base / "no-packs", "--rules", own, log, check=False).returncode == 3

# The pack that belongs to the program is found from any folder: in a checkout, and beside a program that was installed somewhere else. A program
# that has none says so. (A rule for "auth" matches what sshd writes only if the pack tells that sshd's messages are of that kind.)
away = base / "away"
away.mkdir()
(away / "auth.yml").write_text("title: auth\nlogsource: {product: linux, service: auth}\ndetection:\n  s: {user: root}\n  condition: s\n")
no_packs = {name: value for name, value in os.environ.items() if name != "PHENDAU_PACKS"}


def scan_away(program, *more):
    done = run(program, "scan", "--format", "ndjson", "--lang=vi", *more, log, check=False, cwd=away, env=no_packs)
    return done, [json.loads(line) for line in done.stdout.splitlines()]


installed, lonely = base / "opt/phendau/bin/phendau", base / "one/two/three/four/phendau"
for program in (installed, lonely):
    program.parent.mkdir(parents=True)
    shutil.copy(PHENDAU, program)
shutil.copytree(PACK.parent, base / "opt/phendau/share/phendau/packs")
with_pack = scan_away(PHENDAU, "--rules", away, "--pack", PACK)[1]
assert len(with_pack) == 8, with_pack
for program in (PHENDAU, installed):
    done, rows = scan_away(program, "--rules", away)
    assert rows == with_pack and "nguồn nhật ký" not in done.stderr, (program, done.stderr)
    assert scan_away(program)[1] == scan_away(PHENDAU, "--pack", PACK)[1] != []
if not pathlib.Path("/usr/share/phendau/packs").exists():
    done, rows = scan_away(lonely, "--rules", away)
    assert done.returncode == 0 and not rows and "Không có bộ quy định" in done.stderr and "nguồn nhật ký" in done.stderr, done
    done, rows = scan_away(lonely)
    assert done.returncode == 3 and not rows and "/usr/share/phendau/packs" in done.stderr, done

# The building blocks of a correlation stay quiet, also when the correlation refers to nothing; that is a mistake with a place.
chain = base / "chain"
chain.mkdir()
block = (own / "a.yaml").read_text().replace("title: a", "title: a\nname: root_seen")
broken = block + "---\ntitle: many\ncorrelation:\n  type: event_count\n  rules:\n    - root_seen\n    - khong_co\n  timespan: 1m\n  condition: {gte: 3}\n"
(chain / "a.yml").write_text(broken)
done = run(PHENDAU, "rules", "validate", "--rules", chain, "--pack", PACK, check=False)
assert done.returncode == 1 and "a.yml:14:" in done.stdout and "khong_co" in done.stdout, done.stdout
assert run(PHENDAU, "scan", "--rules", chain, "--pack", PACK, log, check=False).returncode == 0
(chain / "a.yml").write_text(broken.replace("  timespan", "  generate: true\n  timespan"))
assert run(PHENDAU, "scan", "--rules", chain, "--pack", PACK, log, check=False).returncode == 1

# pack diff: nothing between a pack and itself; a changed number, duty and register with field, old and new; the same in JSON.
other = base / "changed"
shutil.copytree(PACK.parent, other)
clauses = next(p for p in sorted((other / "ha-giang/clauses").glob("*.yaml")) if "at_least" in p.read_text() or "title: {vi:" in p.read_text())
text = clauses.read_text()
clauses.write_text(text.replace("title: {vi: ", "title: {vi: Đã sửa ", 1))
staff = other / "base/registers/who.yaml"
staff.write_text(staff.read_text().replace("title: Họ và tên, x-title-en: Full name}", "title: Họ tên, x-title-en: Full name}", 1))
assert run(PHENDAU, "pack", "diff", PACK, PACK, "--lang=vi").stdout.strip() == "Hai bộ quy định không khác nhau."
done = run(PHENDAU, "pack", "diff", PACK, other / "ha-giang", "--lang=vi", check=False)
assert done.returncode == 1 and "Đã sửa" in done.stdout and "->" in done.stdout and "đổi 2" in done.stdout.splitlines()[-1], done.stdout[-800:]
assert any(line.startswith("đổi") and "sổ" in line and "full_name" in line for line in done.stdout.splitlines()), done.stdout
found = json.loads(run(PHENDAU, "pack", "diff", PACK, other / "ha-giang", "--format", "json", check=False).stdout)
assert found["counts"] == {"added": 0, "removed": 0, "changed": 2} and {c["area"] for c in found["changes"]} == {"clause", "register"}, found
across = json.loads(run(PHENDAU, "pack", "diff", PACK, PACK.parent / "son-la", "--format", "json", check=False).stdout)
assert across["counts"]["added"] > 30 and across["counts"]["removed"] > 30, across["counts"]
assert run(PHENDAU, "pack", "diff", PACK, base / "nowhere", check=False).returncode == 3
# pack coverage as a workbook: a line for each way, the same as the table.
sheet = base / "do-phu.xlsx"
run(PHENDAU, "pack", "coverage", "--pack", PACK, "--format", "xlsx", "--out", sheet, "--lang=vi")
with zipfile.ZipFile(sheet) as book:
    words = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
table = run(PHENDAU, "pack", "coverage", "--pack", PACK).stdout.splitlines()
assert "hg-1374:3.1.e" in words and "Nội dung phải làm" in words and len(re.findall(r"<row ", words)) == len(table) - 1 + 4, (len(re.findall(r"<row ", words)), len(table))
assert run(PHENDAU, "pack", "coverage", "--pack", PACK, "--format", "xlsx", check=False).returncode == 3

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

def mistakes_with(path, text):
    """What pack validate lists for a copy of the packs in which one file is other."""
    copies = base / "packs-2"
    shutil.rmtree(copies, ignore_errors=True)
    shutil.copytree(PACK.parent, copies)
    (copies / path).parent.mkdir(parents=True, exist_ok=True)
    (copies / path).write_text(text)
    done = run(PHENDAU, "pack", "validate", "--pack", copies / "ha-giang", "--format", "json", check=False)
    found = json.loads(done.stdout)
    assert done.returncode == 1 and not found["ok"], (path, done)
    table = run(PHENDAU, "pack", "validate", "--pack", copies / "ha-giang", check=False)
    assert table.returncode == 1, table
    for one in found["errors"]:
        assert set(one) == {"file", "line", "column", "reason"} and one["line"] > 0 and one["column"] > 0, one
        assert f"{one['file']}:{one['line']}:{one['column']}: {one['reason']}" in table.stdout
    return [one for one in found["errors"] if one["file"] == path]


workflow = next((PACK / "workflows").glob("*.yaml"))
source = next((PACK.parent / "base" / "sources").glob("*.yaml"))
guard = (PACK.parent / "base" / "upload_guard.yaml").read_text()
assert mistakes_with(f"ha-giang/workflows/{workflow.name}", workflow.read_text() + "\ncolour: red\n")
assert mistakes_with(f"base/sources/{source.name}", source.read_text() + "\n  - {covers: [a]}\n")
assert mistakes_with("base/upload_guard.yaml", guard.replace("marking_words:", "marking_word:"))
assert mistakes_with("base/rules/linux/auth/chuoi.yml", broken)[0]["line"] == 14
samples = (PACK.parent / "base/rules/linux/auth/su_to_root.samples.yaml").read_text()
assert mistakes_with("base/rules/linux/auth/su_to_root.samples.yaml", samples.replace("silent:", "khac:").replace("fire:", "silent:"))
assert mistakes_with("ha-giang/clause/a.yaml", "a: 1\n") and mistakes_with("ha-giang/rules/a.yaml", block)
coverage = json.loads(run(PHENDAU, "pack", "coverage", "--pack", PACK, "--format", "json").stdout)
assert len(coverage["clauses"]) == 75 and all(s["state"] in ("working", "pending") for c in coverage["clauses"] for s in c["satisfied_by"])

# A journal without a hub.
run(PHENDAU, "journal", "import", "--data", base / "j", log)
found = run(PHENDAU, "search", "--data", base / "j", "source_ip:192.0.2.1", "--format", "json").stdout.splitlines()
assert len(found) == 8 and json.loads(found[0])["fields"]["user"] == "root"
assert run(PHENDAU, "search", "--data", base / "j", "user:khong-co", check=False).returncode == 1

# journal verify: files that are not the journal's are named; a journal that is not there or may not be read is no damage.
(base / "j" / "journal" / "la.txt").write_text("x")
done = run(PHENDAU, "journal", "verify", "--data", base / "j", "--format", "json")
report = json.loads(done.stdout)
assert report["ok"] and report["unknown_files"] == ["la.txt"] and {"ok", "segment", "offset_bytes", "reason"} <= set(report), report
assert "la.txt" in run(PHENDAU, "journal", "verify", "--data", base / "j").stdout
(base / "empty").mkdir()
for folder in ("khong-co", "empty"):
    done = run(PHENDAU, "journal", "verify", "--data", base / folder, "--lang=vi", check=False)
    assert done.returncode == 3 and "Không có kho nhật ký" in done.stderr and not done.stdout, done
for name in ("wal", "FORMAT", ""):
    closed = base / "j" / "journal" / name
    mode = closed.stat().st_mode
    give_to_hub(base / "j")
    closed.chmod(0)
    done = run(PHENDAU, "journal", "verify", "--data", base / "j", "--lang=vi", check=False, **hub_account())
    closed.chmod(mode)
    assert done.returncode in (3, 4) and "Không có quyền" in done.stderr and not done.stdout, (name, done)

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

# SPDX-License-Identifier: Apache-2.0
"""A rule alerted wrongly, seen from the machine itself: rules explain says item by item why it matched, rules filter writes a Sigma filter of
the record, rules validate accepts it, scan is quiet with it, and rules replay shows on a stored journal what would no longer alert. Who asks
for what is not there is told so in one plain sentence, with what to do instead. The hub compiles rules once, not at each start."""
import json
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PACK, PHENDAU, Hub, run, scratch

base = scratch()
RULE = "11111111-1111-4111-8111-111111111111"
own = base / "rules"
own.mkdir()
(own / "root.yml").write_text("""title: Root đăng nhập sai
name: root_sai
id: 11111111-1111-4111-8111-111111111111
logsource: {product: linux, service: sshd}
detection:
  s: {user: root, source_ip|cidr: 192.0.2.0/24}
  t:
    - message|contains: [Failed, Sai]
    - program: khac
  tu_khoa: ['khong co chu nay']
  bo: {source_port: 77}
  condition: s and 1 of t and not bo and not tu_khoa
---
title: Nhiều lần
name: nhieu_lan
id: 22222222-2222-4222-8222-222222222222
correlation: {type: event_count, rules: [root_sai], group-by: [source_ip], timespan: 1h, condition: {gte: 2}}
""")
SCANNER, STRANGER = "192.0.2.1", "192.0.2.9"
log = base / "may.log"
log.write_text("".join(f"Nov 20 08:00:{n:02d} may {line}\n" for n, line in enumerate((
    "cron[7]: (root) CMD (x)", f"sshd[7]: Failed password for root from {SCANNER} port 5 ssh2",
    f"sshd[7]: Failed password for root from {STRANGER} port 5 ssh2", f"sshd[7]: Failed password for root from {STRANGER} port 77 ssh2",
    "sshd[7]: Failed password for root from 198.51.100.1 port 5 ssh2"))))


def rules(word, *argv, lang="vi", **more):
    return run(PHENDAU, "rules", word, *argv, "--lang", lang, check=False, cwd=base, **more)


def refused(done, code, *words):
    """In one sentence, without a result."""
    assert done.returncode == code and not done.stdout, done
    for word in words:
        assert word in done.stderr, (word, done.stderr)


# ---------------------------------------------------------------- explain: what holds and what does not, down to each value
of_mine = ("--rules", own, "--pack", PACK)
done = rules("explain", *of_mine, "root_sai", log)
assert done.returncode == 1 and not done.stderr, done
parts = done.stdout.split(f"{log}:")
assert "Dấu +" in parts[0] and [part.splitlines()[0] for part in parts[1:]] == [
    "1: luật không khớp", "2: luật khớp", "3: luật khớp", "4: luật không khớp", "5: luật không khớp"], done.stdout


def has(part, *lines):
    shown = [line.strip() for line in part.splitlines()]
    for line in lines:
        assert line in shown, (line, part)


has(parts[1], "- Root đăng nhập sai", "- nguồn nhật ký: luật dùng cho linux//sshd, bản ghi thuộc linux//cron", "- source_ip|cidr: bản ghi không có trường này")
has(parts[2], "+ Root đăng nhập sai", "+ nguồn nhật ký: luật dùng cho linux//sshd, bản ghi thuộc linux//sshd", '+ user = "root"', "+ 'root'",
    f'+ source_ip|cidr = "{SCANNER}"', "+ '192.0.2.0/24'", "+ 'Failed'", "- 'Sai'", "+ mọi mục sau", '- program = "sshd"', "- 'khac'", "- source_port = 5",
    "- trường bất kỳ", "+ not bo")
has(parts[4], "- not bo", "+ bo", "+ source_port = 77", "+ '77'")
has(parts[5], '- source_ip|cidr = "198.51.100.1"', "- '192.0.2.0/24'", "- s", '+ user = "root"')
assert [word for word in ("all of", "any field", "one of", "record") if word in done.stdout] == []
assert "the rule matches" in rules("explain", *of_mine, RULE, log, lang="en").stdout  # by its id; by its title:
done = rules("explain", *of_mine, "Root đăng nhập sai", log, "--record", "5", "--format", "json")
told = json.loads(done.stdout)
assert done.returncode == 0 and [(one["path"], one["record"], one["explanation"]["yes"]) for one in told] == [(str(log), 5, False)], told


def nodes(node):
    return [node] + [below for child in node.get("children", ()) for below in nodes(child)]


of_json = {(node["kind"], node["label"]): (node["yes"], node.get("found")) for node in nodes(told[0]["explanation"])}
assert of_json["item", "source_ip|cidr"] == (False, '"198.51.100.1"') and of_json["item", "user"] == (True, '"root"'), of_json
assert of_json["logsource", "linux//sshd"] == (True, "linux//sshd") and of_json["value", "'Failed'"] == (True, None), of_json
assert of_json["selection", "s"][0] is False and of_json["selection", "t"][0] is True and of_json["condition", "not bo"][0] is True, of_json
# Twenty records, unless one is asked for; a long value is cut, in JSON it is whole.
many = base / "many.log"
many.write_text(log.read_text() * 8 + f"Nov 20 08:00:00 may sshd[7]: {'dài' * 1000}\n")
done = rules("explain", *of_mine, "root_sai", many)
assert done.stdout.count(f"{many}:") == 20 and "20 bản ghi đầu" in done.stderr and "--record" in done.stderr, done.stderr
cut = rules("explain", *of_mine, "root_sai", many, "--record", "41")
assert max(map(len, cut.stdout.splitlines())) < 400 and "dài" * 1000 in rules("explain", *of_mine, "root_sai", many, "--record", "41", "--format", "json").stdout

# ---------------------------------------------------------------- what is not there
empty = base / "empty.log"
empty.write_text("")
broken = base / "broken.yml"
broken.write_text("title: [x\n")
binary = base / "binary"
binary.write_bytes(bytes(range(256)) * 9)
for word, *more in (("explain",), ("filter", "--field", "user")):
    refused(rules(word, *of_mine, "khong_co", log, *more), 3, "khong_co", "phendau rules list")
    refused(rules(word, *of_mine, "nhieu_lan", log, *more), 3, "ghép nhiều sự kiện", "root_sai")
    refused(rules(word, *of_mine, "root_sai", log, "--record", "99", *more), 3, "bản ghi số 99", "--record")
    refused(rules(word, *of_mine, "root_sai", empty, *more), 3, "không có bản ghi nào", "đường dẫn")
    refused(rules(word, *of_mine, "root_sai", base / "nowhere", *more), 3, "nowhere", "đường dẫn")
    refused(rules(word, *of_mine, "root_sai", binary, *more), 3, "binary", "không phải nhật ký")
    refused(rules(word, "--rules", broken, "--pack", PACK, "root_sai", log, *more), 3, "broken.yml:2:1: ", "root_sai")
    refused(rules(word, "--rules", base / "nowhere", "--pack", PACK, "root_sai", log, *more), 3, "nowhere")
assert rules("explain", "--rules", broken, *of_mine, "root_sai", log).returncode == 1  # the others still work
refused(rules("filter", *of_mine, "root_sai", log), 2, "--field")
refused(rules("filter", *of_mine, "root_sai", log, "--field", "khong_co"), 3, "khong_co", "source_ip", "user")
refused(rules("filter", *of_mine, "root_sai", log, "--field", "user|re"), 3, "user|re")
refused(rules("filter", *of_mine, "root_sai", empty, "--field", "user", "--record", "1"), 3, "bản ghi số 1")
quiet = base / "quiet.log"
quiet.write_text(log.read_text().splitlines()[0] + "\n")
refused(rules("filter", *of_mine, "root_sai", quiet, "--field", "user"), 3, "không khớp", "phendau rules explain")
done = rules("filter", *of_mine, "root_sai", quiet, "--field", "user", "--record", "1")
assert done.returncode == 0 and "không bớt cảnh báo" in done.stderr and '"root"' in done.stdout, done

# ---------------------------------------------------------------- filter: of the first record that the rule matches, or of the one that is named
done = rules("filter", *of_mine, "root_sai", log, "--field", "source_ip", "--field", "user", "--title", "Máy quét: \"của ta\"")
assert done.returncode == 0 and not done.stderr and f'"{SCANNER}"' in done.stdout and f'"{RULE}"' in done.stdout, done
assert f'"{STRANGER}"' in rules("filter", *of_mine, "root_sai", log, "--field", "source_ip", "--record", "3").stdout
kept = own / "filter.yml"
kept.write_text(done.stdout)
done = rules("validate", own, "--pack", PACK)
assert done.returncode == 0 and "không có lỗi" in done.stdout and "filter.yml" not in done.stdout, done
with_filter = run(PHENDAU, "scan", *of_mine, "--format", "ndjson", log, check=False).stdout
kept.rename(base / "filter.yml")
without = run(PHENDAU, "scan", *of_mine, "--format", "ndjson", log, check=False).stdout
sources = [[json.loads(line)["event"]["source_ip"] for line in text.splitlines() if json.loads(line)["rule_id"] == RULE] for text in (without, with_filter)]
# (a rule that a correlation counts is silent by itself: only what is left of the correlation speaks)
assert sources == [[], []], sources
(own / "root.yml").write_text((own / "root.yml").read_text().split("---")[0])
for expected, files in (([SCANNER, STRANGER], (own,)), ([STRANGER], (own, base / "filter.yml"))):
    argv = [word for folder in files for word in ("--rules", folder)]
    rows = [json.loads(line) for line in run(PHENDAU, "scan", *argv, "--pack", PACK, "--format", "ndjson", log, check=False).stdout.splitlines()]
    assert [row["event"]["source_ip"] for row in rows] == expected, rows
# With the filter among the rules the explanation shows its part.
shown = rules("explain", "--rules", own, "--rules", base / "filter.yml", "--pack", PACK, "root_sai", log, "--record", "2")
assert shown.returncode == 0 and "luật không khớp" in shown.stdout and f"+ '{SCANNER}'" in shown.stdout, shown.stdout

# ---------------------------------------------------------------- replay: a rule of the pack, on a stored journal
logins = base / "logins.log"
logins.write_text("".join(f"Nov 20 09:{m:02d}:{s:02d} may sshd[7]: Failed password for root from {address} port 5 ssh2\n"
                          for m, address in ((0, SCANNER), (10, STRANGER)) for s in range(6)) + "Nov 20 09:30:00 may cron[7]: (root) CMD (x)\n")
run(PHENDAU, "journal", "import", "--data", base / "data", logins)
made = rules("filter", "linux_login_failed", logins, "--field", "source_ip", "--pack", PACK)
tried = base / "tried.yml"
tried.write_text(made.stdout)
replay = ("--data", base / "data", "--pack", PACK)
done = rules("replay", *replay, tried)
lines = done.stdout.splitlines()
assert done.returncode == 1 and lines[0].startswith("13 sự kiện: luật khớp 12 lần, có bộ lọc còn 6; cảnh báo ghép "), done
silent = lines.index("Sẽ không còn cảnh báo vì những sự kiện như:")
stays = lines.index("Vẫn cảnh báo vì những sự kiện như:")
assert (silent, stays, len(lines)) == (1, 7, 13), lines
assert all(SCANNER in line for line in lines[2:7]) and all(STRANGER in line for line in lines[8:]), lines
found = json.loads(rules("replay", *replay, tried, "--format", "json").stdout)
assert found["events"] == 13 and found["without"]["matches"] == 12 and found["with"]["matches"] == 6, found
assert found["without"]["correlations"] > found["with"]["correlations"] > 0 and len(found["silenced"]) == len(found["kept"]) == 6, found
tried.write_text(made.stdout.replace(SCANNER, "203.0.113.1"))
done = rules("replay", *replay, tried)
assert done.returncode == 0 and "Sẽ không" not in done.stdout and "luật khớp 12 lần, có bộ lọc còn 12" in done.stdout, done
# A filter for any rule is one for those whose log source it has.
tried.write_text(f"title: x\nlogsource: {{product: linux, service: auth}}\nfilter: {{rules: any, s: {{source_ip: {SCANNER}}}, condition: not s}}\n")
found = json.loads(rules("replay", *replay, tried, "--format", "json").stdout)
assert found["without"]["matches"] >= 12 and found["with"]["matches"] == found["without"]["matches"] - 6, found
tried.write_text(made.stdout)
refused(rules("replay", *replay, base / "nowhere.yml"), 3, "nowhere.yml", "đường dẫn")
refused(rules("replay", *replay, broken), 3, "broken.yml:2:1: ", "phendau rules filter")
refused(rules("replay", *replay, own / "root.yml"), 3, "root.yml", "phendau rules filter")
refused(rules("replay", *replay, base / "filter.yml"), 3, RULE, "phendau rules list")
for words, other in ((("Máy quét", "ghép nhiều sự kiện", "linux_login_failed"), ("6ef3cadc-efc2-4d67-a336-97fa03290773", "linux_login_failed_per_address")),
                     (("lưu ý", "logsource"), ('product: "linux"', 'product: "windows"')), (("tried.yml:",), ('"source_ip"', '"source_ip|cidr|re"'))):
    assert other[0] in made.stdout
    tried.write_text(made.stdout.replace(*other))
    refused(rules("replay", *replay, tried), 3, *words[1:])
tried.write_text(made.stdout)
refused(rules("replay", "--data", base / "nowhere", "--pack", PACK, tried), 3, "kho nhật ký", "--data")
run(PHENDAU, "journal", "import", "--data", base / "empty", empty)
refused(rules("replay", "--data", base / "empty", "--pack", PACK, tried), 3, "không có sự kiện nào", "30 ngày", "--days", "--data")
refused(rules("replay", *replay, tried, "--days", "0"), 2, "--days")
refused(rules("replay", "--data", base / "data", "--pack", base / "no-pack", tried), 3, "no-pack")
assert rules("replay", "--data", base / "data", tried, env={**os.environ, "PHENDAU_PACKS": str(PACK.parent)}).returncode == 1

# ---------------------------------------------------------------- the hub keeps what it compiled, and uses it only while nothing has changed
packs = base / "packs"
for name in ("base", PACK.name):
    shutil.copytree(PACK.parent / name, packs / name)
hub = Hub(folder=base / "of-hub", pack=packs / PACK.name)
hub.folder.mkdir()
hub.init()
KEPT = hub.data / "state" / "compiled-rules"


def start_and_stop():
    """Whether the rules of each compiling came from what was kept, how many they were, and whether something kept could not be used."""
    before = hub.log.stat().st_size if hub.log.exists() else 0
    hub.start()
    hub.stop()
    said = [json.loads(line) for line in hub.log.read_text()[before:].splitlines() if line.startswith("{")]
    ready = [line for line in said if line["event"] == "rules_ready"]
    return [line["kept"] for line in ready], ready[-1]["rules"], sum(line["event"] == "kept_rules_unusable" for line in said)


first, count, unusable = start_and_stop()
assert first[0] == 0 and count > 10 and unusable == 0, (first, count, unusable)
assert KEPT.stat().st_mode & 0o777 == 0o700 and all(path.stat().st_mode & 0o777 == 0o600 for path in KEPT.iterdir())
assert start_and_stop() == ([1] * len(first), count, 0)
for path in KEPT.iterdir():
    path.write_bytes(path.read_bytes()[:-9] + b"!" + path.read_bytes()[-8:])
files = len(list(KEPT.iterdir()))
again, now, unusable = start_and_stop()
assert again[0] == 0 and now == count and unusable == files, (again, now, unusable)
assert start_and_stop() == ([1] * len(first), count, 0)
(packs / "base" / "rules" / "linux" / "auth" / "them.yml").write_text((own / "root.yml").read_text().split("---")[0])
again, now, unusable = start_and_stop()  # the pack is read a second time: what it said before counts for what began then
assert again[0] == 0 and now == count + 1 and unusable == 0, (again, now, unusable)
again, now, unusable = start_and_stop()
assert set(again) == {1} and now == count + 1 and unusable == 0, (again, now, unusable)
# A set under the name of another is not that other.
paths = sorted(KEPT.iterdir())
assert len(paths) > 1, paths
sets = [path.read_bytes() for path in paths]
for path, other in zip(paths, sets[1:] + sets[:1]):
    path.write_bytes(other)
again, now, unusable = start_and_stop()
assert again[0] == 0 and now == count + 1 and unusable > 0, (again, now, unusable)
print("rules: passed")

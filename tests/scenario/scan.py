# SPDX-License-Identifier: Apache-2.0
"""phendau scan on what people have: event logs (EVTX) and the same events as JSON, one by one, in arrays, pretty-printed, packed; damaged and
cut files; syslog. Where the shared corpora are, all of SigmaHQ's rules over its regression samples: the golden list comes out from EVTX
and from JSON, with nothing missing and nothing extra."""
import collections
import gzip
import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PACK, PHENDAU, ROOT, SHARED, run, scratch

base = scratch()
CORPORA = SHARED / "corpora"


def scan(*paths, rules=None, threads=2, extra=()):
    """Rows, the figures of --stats, and the run."""
    argv = [PHENDAU, "scan", "--pack", PACK, "--format", "ndjson", "--threads", threads, "--stats", *extra]
    for folder in rules or []:
        argv += ["--rules", folder]
    done = run(*argv, *paths, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], json.loads(done.stderr.splitlines()[-1]), done


# ---------------------------------------------------------------- layouts of JSON, packed or not: the same rows
rule = base / "rules" / "a.yml"
rule.parent.mkdir()
rule.write_text("title: whoami\nid: 11111111-1111-4111-8111-111111111111\nlevel: high\nlogsource: {product: windows}\n"
                "detection:\n  s: {EventID: 1, CommandLine|contains: whoami}\n  condition: s\n")


def event(number, command):
    return {"Event": {"System": {"EventID": 1, "EventRecordID": number, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "PC-1",
                                 "TimeCreated": {"#attributes": {"SystemTime": f"2026-11-20T08:00:{number % 60:02d}.5Z"}}},
                      "EventData": {"CommandLine": command}}}


events = [event(n, "cmd /c whoami" if n % 10 == 0 else "cmd \"}{\" é") for n in range(1, 101)]
layouts = {
    "lines.json": "\n".join(json.dumps(e) for e in events),
    "array.json": json.dumps(events),
    "pretty-array.json": json.dumps(events, indent=2),
    "pretty.json": "\n".join(json.dumps(e, indent=2, ensure_ascii=False) for e in events),
    "lines-bom.json": "\ufeff" + "\r\n".join(json.dumps(e) for e in events),
}
seen = set()
for name, text in layouts.items():
    (base / name).write_text(text, newline="")
    for path in (base / name, base / (name + ".gz"), base / (name + ".zst")):
        if path.suffix == ".gz":  # two members, as logrotate's appending makes them
            half = len(text.encode()) // 2
            path.write_bytes(gzip.compress(text.encode()[:half]) + gzip.compress(text.encode()[half:]))
        if path.suffix == ".zst":
            if not shutil.which("zstd"):
                continue
            subprocess.run(["zstd", "-q", base / name, "-o", path], check=True)
        rows, stats, done = scan(path, rules=[rule.parent])
        assert done.returncode == 1 and stats["events"] == 100 and stats["bytes"] == len(text.encode()), (path, stats)
        assert stats["rules"] == 1 and stats["rules_rejected"] == 0 and stats["matches"] == 10 and stats["unreadable"] == 0, stats
        assert all({"load_seconds", "seconds"} <= set(stats) for _ in (1,))
        assert [row["time"] for row in rows] == [f"2026-11-20T08:00:{n % 60:02d}.500Z" for n in range(10, 101, 10)], rows
        assert rows[0]["event"]["CommandLine"] == "cmd /c whoami" and rows[0]["event"]["EventID"] == 1 and rows[0]["level"] == "high"
        assert rows[0]["event"]["host"] == "PC-1", rows[0]
        seen.add(json.dumps([{k: v for k, v in row.items() if k not in ("path", "record")} for row in rows]))
assert len(seen) == 1
assert [row["record"] for row in scan(base / "lines.json", rules=[rule.parent])[0]][:2] == [10, 20]
lines = layouts["pretty.json"].splitlines()
assert all(lines[row["record"] - 1] == "{" for row in scan(base / "pretty.json", rules=[rule.parent])[0])

# ---------------------------------------------------------------- damage and what is no log
cut = base / "cut.gz"
cut.write_bytes((base / "lines.json.gz").read_bytes()[:-200])
rows, stats, done = scan(cut, base / "lines.json", rules=[rule.parent])
assert done.returncode == 4 and stats["unreadable"] == 1 and stats["matches"] > 10 and "cut.gz" in done.stderr, (stats, done.stderr)
broken = base / "broken.json"
broken.write_text(layouts["lines.json"].replace("\n", "\n{\"Event\": \"\n", 3))
rows, stats, done = scan(broken, rules=[rule.parent])
assert done.returncode == 1 and stats["matches"] == 10 and stats["damage"] == {"bad_json": 3}, stats
binary = base / "binary.bin"
binary.write_bytes(bytes(range(256)) * 10)
rows, stats, done = scan(binary, base / "lines.json", rules=[rule.parent])
assert done.returncode == 4 and stats["matches"] == 10 and "binary.bin" in done.stderr
assert run(PHENDAU, "scan", "--pack", PACK, base / "nowhere", check=False).returncode == 3
folder = base / "folder"
folder.mkdir()
shutil.copy(base / "lines.json", folder / "a.json")
(folder / "info.yml").write_text("whoami: whoami\n")
rows, stats, done = scan(folder, rules=[rule.parent])
assert stats["events"] == 100 and ".yml" in done.stderr, stats
as_json = run(PHENDAU, "scan", "--rules", rule.parent, "--pack", PACK, "--format", "json", base / "lines.json", check=False).stdout
assert len(json.loads(as_json)) == 10

# ---------------------------------------------------------------- the shared corpora
REGRESSION = CORPORA / "sigma-regression"
if not REGRESSION.exists() or not (CORPORA / "sigma" / "rules").exists():
    print("skipped: the shared corpora are not here (EVTX and the golden list)")
    sys.exit(0)
if not (PACK.parent / "base/sources/windows.yaml").exists():
    print("skipped: no pack says yet what the log sources of Windows are")
    sys.exit(0)

RULES = [CORPORA / "sigma" / name for name in ("rules", "rules-emerging-threats", "rules-threat-hunting", "rules-dfir", "rules-compliance")]
RULES = [folder for folder in RULES if folder.exists()]
golden = collections.Counter()
for line in (REGRESSION / "golden.tsv").read_text().splitlines():
    if not line.startswith("#"):
        sample, rule_id, count = line.split("\t")
        golden[sample, rule_id] = int(count)
# What needs something that is not there yet: "sample<TAB>rule id<TAB>why" a line. It may only shrink.
known_missing = {tuple(line.split("\t")[:2]) for line in (ROOT / "tests/data/golden_missing.tsv").read_text().splitlines()
                 if line and not line.startswith("#")}
assert known_missing <= set(golden), known_missing - set(golden)


def hits(suffix, threads):
    files = sorted(REGRESSION.rglob("*" + suffix))
    assert len(files) == 110, len(files)
    rows, stats, done = scan(*files, rules=RULES, threads=threads, extra=["--no-event"])
    assert stats["unreadable"] == 0 and stats["damage"] == {}, (stats, done.stderr[-2000:])
    assert all(row["record"] > 0 and row["time"].endswith("Z") for row in rows)
    found = collections.Counter()
    for row in rows:
        found[str(pathlib.Path(row["path"]).relative_to(REGRESSION))[:-len(suffix)], row["rule_id"]] += 1
    return found, [dict(row, path="") for row in rows], stats


problems = []
by_suffix = {}
for suffix in (".evtx", ".json"):
    found, rows, stats = hits(suffix, 2)
    by_suffix[suffix] = found
    missing = {key: n for key, n in golden.items() if found[key] != n and key not in known_missing}
    extra = {key: n for key, n in found.items() if key not in golden}
    came = {key for key in known_missing if found[key] == golden[key]}
    problems += [(suffix, "missing", key, n, found[key]) for key, n in missing.items()]
    problems += [(suffix, "extra", key, n) for key, n in extra.items()]
    problems += [(suffix, "no longer missing: take it out of golden_missing.tsv", key) for key in came]
    # 110 of 110: each sample fires the rule that it belongs to.
    silent = [key for key in golden if key[0].endswith(key[1]) and not found[key] and key not in known_missing]
    problems += [(suffix, "its own rule is silent", key) for key in silent]
    assert hits(suffix, 1)[1] == rows, "the number of threads changes the result"
assert not problems, "\n".join(map(str, problems))
assert by_suffix[".evtx"] == by_suffix[".json"]

# Every recorded attack is read to the end; nothing of it is damaged.
rows, stats, done = scan(CORPORA / "evtx", rules=RULES[:1], extra=["--no-event"])
assert stats["unreadable"] == 0 and stats["damage"] == {} and stats["events"] > 2_000 and stats["matches"] > 500, stats
# Real logs, damaged at will: never a crash, and what is not damaged is found.
source = (CORPORA / "evtx" / "UACME_59_Sysmon.evtx").read_bytes()
for name, data in {"header": b"X" * 128 + source[128:], "cut": source[:4096 + 9000], "zeros": source[:8192] + b"\0" * 2048 + source[10240:],
                   "no-file-header": b"ElfFile\0" + bytes(4088) + source[4096:]}.items():
    path = base / f"{name}.evtx"
    path.write_bytes(data)
    rows, stats, done = scan(path, rules=RULES[:1], extra=["--no-event"])
    assert done.returncode in (0, 1, 4), (name, done)
    assert stats["damage"] or stats["unreadable"], (name, stats)

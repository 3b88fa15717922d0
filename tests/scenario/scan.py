# SPDX-License-Identifier: Apache-2.0
"""phendau scan on what people have: event logs (EVTX) and the same events as JSON, one by one, in arrays, pretty-printed, packed; damaged and
cut files; syslog; files larger than the memory that reading may take. Where the shared corpora are, all of SigmaHQ's rules over its regression
samples: the golden list comes out from EVTX and from JSON, with nothing missing and nothing extra."""
import collections
import gzip
import html
import json
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import AS_ROOT, PACK, PHENDAU, SHARED, run, scratch

base = scratch()
CORPORA = SHARED / "corpora"
KEYS = ["events", "bytes", "rules", "rules_rejected", "matches", "load_seconds", "seconds"]


def scan(*paths, rules=None, threads=2, extra=()):
    """Rows, the figures of --stats, and the run, which says its sentences in English."""
    argv = [PHENDAU, "scan", "--pack", PACK, "--format", "ndjson", "--threads", threads, "--stats", "--lang", "en", *extra]
    for folder in rules or []:
        argv += ["--rules", folder]
    done = run(*argv, *paths, check=False)
    stats = json.loads(done.stderr.splitlines()[-1])
    assert list(stats) == KEYS and stats["load_seconds"] >= 0 and stats["seconds"] >= 0, stats
    return [json.loads(line) for line in done.stdout.splitlines()], stats, done


# ---------------------------------------------------------------- layouts of JSON, packed or not: the same rows
rule = base / "rules" / "a.yml"
rule.parent.mkdir()
rule.write_text("title: whoami\nid: 11111111-1111-4111-8111-111111111111\nlevel: high\nlogsource: {product: windows}\n"
                "detection:\n  s: {EventID: 1, CommandLine|contains: whoami}\n  condition: s\n")


def event(number, command):
    return {"Event": {"System": {"EventID": 1, "EventRecordID": number, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "PC-1",
                                 "TimeCreated": {"#attributes": {"SystemTime": f"2026-11-20T08:00:{number % 60:02d}.5Z"}}},
                      "EventData": {"CommandLine": command}}}


def xml_of(one):
    """As Windows shows it."""
    system, data = one["Event"]["System"], one["Event"]["EventData"]
    return ("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>" +
            "".join(f"<{name}>{system[name]}</{name}>" for name in ("EventID", "EventRecordID", "Channel", "Computer")) +
            f"<TimeCreated SystemTime='{system['TimeCreated']['#attributes']['SystemTime']}'/></System><EventData>"
            f"<Data Name='CommandLine'>{html.escape(data['CommandLine'])}</Data></EventData></Event>")


events = [event(n, "cmd /c whoami" if n % 10 == 0 else "cmd \"}{\" é") for n in range(1, 101)]
layouts = {
    "lines.json": "\n".join(json.dumps(e) for e in events),
    "array.json": json.dumps(events),
    "pretty-array.json": json.dumps(events, indent=2),
    "pretty.json": "\n".join(json.dumps(e, indent=2, ensure_ascii=False) for e in events),
    "lines-bom.json": "\ufeff" + "\r\n".join(json.dumps(e) for e in events),
    "wrapper.json": json.dumps({"count": 100, "Events": events, "next": None}),
    "wrappers.json": "\n".join(json.dumps({"Records": part}) for part in (events[:50], [], events[50:])),
    "hits.json": json.dumps({"took": 3, "hits": {"total": {"value": 100}, "hits": [{"_index": "a", "_source": e} for e in events]}}, indent=1),
    "viewer.xml": "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>" + "".join(xml_of(e) for e in events) + "</Events>",
    "wevtutil.xml": "\n".join(xml_of(e) for e in events),
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
        assert stats["rules"] == 1 and stats["rules_rejected"] == 0 and stats["matches"] == 10, stats
        assert [row["time"] for row in rows] == [f"2026-11-20T08:00:{n % 60:02d}.500Z" for n in range(10, 101, 10)], rows
        assert rows[0]["event"]["CommandLine"] == "cmd /c whoami" and rows[0]["event"]["EventID"] == 1 and rows[0]["level"] == "high"
        assert rows[0]["event"]["host"] == "PC-1" and list(rows[0]) == ["rule_id", "title", "level", "time", "path", "record", "event"], rows[0]
        seen.add(json.dumps([{k: v for k, v in row.items() if k not in ("path", "record")} for row in rows]))
assert len(seen) == 1
assert [row["record"] for row in scan(base / "lines.json", rules=[rule.parent])[0]][:2] == [10, 20]
assert [row["record"] for row in scan(base / "viewer.xml", rules=[rule.parent])[0]][:2] == [10, 20]
lines = layouts["pretty.json"].splitlines()
assert all(lines[row["record"] - 1] == "{" for row in scan(base / "pretty.json", rules=[rule.parent])[0])

# ---------------------------------------------------------------- correlations see all files in the order of event time
order = base / "order"
(order / "rules").mkdir(parents=True)
(order / "rules" / "r.yml").write_text(
    "title: w\nname: w\nid: 66666666-6666-4666-8666-666666666661\nlogsource: {product: windows}\n"
    "detection: {s: {CommandLine: whoami}, condition: s}\n---\ntitle: three\nid: 66666666-6666-4666-8666-666666666662\n"
    "correlation: {type: event_count, rules: [w], timespan: 10s, condition: {gte: 3}}\n---\ntitle: at most two\n"
    "id: 66666666-6666-4666-8666-666666666663\ncorrelation: {type: event_count, rules: [w], timespan: 10s, condition: {lte: 2}}\n")


def at(second, number):
    made = event(number, "whoami")
    made["Event"]["System"]["TimeCreated"]["#attributes"]["SystemTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1795000000 + second))
    return made


(order / "logs").mkdir()
bursts = [at(5050 + 1000 * n + k, 100 + n) for n in range(5) for k in range(3)]
for name, rows in (("a-day.json", [at(600 * n, n) for n in range(100)]), ("b-early.json", [at(300 + n, n) for n in range(5)]),
                   ("c-newest-first.json", bursts[::-1])):
    (order / "logs" / name).write_text("\n".join(json.dumps(row) for row in rows))
seen = set()
for threads in (1, 2, 5):
    rows, stats, done = scan(order / "logs", rules=[order / "rules"], threads=threads, extra=["--no-event"])
    three = [(pathlib.Path(row["path"]).name, row["record"]) for row in rows if row["title"] == "three"]
    assert three == [("b-early.json", 3)] + [("c-newest-first.json", line) for line in (13, 10, 7, 4, 1)], three
    assert sum(row["title"] == "at most two" for row in rows) == 100, len(rows)
    seen.add(done.stdout)
assert len(seen) == 1

# ---------------------------------------------------------------- JSON that does not say what wrote it
(base / "own-rules").mkdir()
(base / "own-rules" / "r.yml").write_text(
    "title: own\nid: 77777777-7777-4777-8777-777777777771\nlogsource: {product: cong-mot-cua}\ndetection: {s: {action: export}, condition: s}\n---\n"
    "title: of another\nid: 77777777-7777-4777-8777-777777777772\nlogsource: {product: windows, service: security}\n"
    "detection: {s: {action: export}, condition: s}\n")
(base / "own.json").write_text('{"action":"export","time":"2026-11-20T08:00:00Z"}\n{"action":"export","Channel":"Security"}\n')
for extra in ([], ["--no-event"]):
    rows, stats, done = scan(base / "own.json", rules=[base / "own-rules"], extra=extra)
    assert [(row["title"], row["record"]) for row in rows] == [("own", 1), ("of another", 2)], rows
    assert "1 records of JSON do not say their log source" in done.stderr, done.stderr

# ---------------------------------------------------------------- damage and what is no log
cut = base / "cut.gz"
cut.write_bytes((base / "lines.json.gz").read_bytes()[:-200])
rows, stats, done = scan(cut, base / "lines.json", rules=[rule.parent])
assert done.returncode == 4 and stats["matches"] > 10 and f"The compressed data of {cut}" in done.stderr, (stats, done.stderr)
broken = base / "broken.json"
broken.write_text(layouts["lines.json"].replace("\n", "\n{\"Event\": \"\n", 3))
rows, stats, done = scan(broken, rules=[rule.parent])
assert done.returncode == 1 and stats["matches"] == 10 and "3 records" in done.stderr and "bad_json 3" in done.stderr, (stats, done.stderr)
binary = base / "binary.bin"
binary.write_bytes(bytes(range(256)) * 10)
rows, stats, done = scan(binary, base / "lines.json", rules=[rule.parent])
assert done.returncode == 4 and stats["matches"] == 10 and f"{binary} is no log" in done.stderr
if not AS_ROOT:
    closed = base / "closed.json"
    closed.write_text(layouts["lines.json"])
    closed.chmod(0)
    rows, stats, done = scan(closed, base / "lines.json", rules=[rule.parent])
    assert done.returncode == 4 and stats["matches"] == 10 and str(closed) in done.stderr, done.stderr
assert run(PHENDAU, "scan", "--pack", PACK, base / "nowhere", check=False).returncode == 3
folder = base / "folder"
folder.mkdir()
shutil.copy(base / "lines.json", folder / "a.json")
(folder / "info.yml").write_text("whoami: whoami\n")
rows, stats, done = scan(folder, rules=[rule.parent])
assert stats["events"] == 100 and ".yml" in done.stderr, stats
(folder / "b").mkdir()
shutil.copy(base / "array.json.gz", folder / "b" / "later.json.gz")
rows, stats, done = scan(folder, rules=[rule.parent], extra=["--no-event"])
assert [pathlib.Path(row["path"]).name for row in rows] == ["a.json"] * 10 + ["later.json.gz"] * 10 and not any("event" in row for row in rows)
as_json = run(PHENDAU, "scan", "--rules", rule.parent, "--pack", PACK, "--format", "json", base / "lines.json", check=False).stdout
assert len(json.loads(as_json)) == 10
table = run(PHENDAU, "scan", "--rules", rule.parent, "--pack", PACK, base / "lines.json", check=False).stdout
assert sum("whoami" in line and "PC-1" in line for line in table.splitlines()) == 10, table

# ---------------------------------------------------------------- results that get nowhere; rules that are too large, given twice, or none
with open("/dev/full", "wb") as full:
    done = subprocess.run([PHENDAU, "scan", "--pack", PACK, "--rules", rule.parent, "--format", "ndjson", "--lang", "en", base / "lines.json"],
                          stdout=full, stderr=subprocess.PIPE, text=True)
assert done.returncode == 4 and "incomplete" in done.stderr, done
large = base / "large"
shutil.copytree(rule.parent, large)
(large / "huge.yml").write_text("#" * (4 << 20) + "\n")
shutil.copy(rule, large / "B.YML")
rows, stats, done = scan(base / "lines.json", rules=[large, large / "a.yml"])
assert stats["rules"] == 2 and stats["rules_rejected"] == 1 and stats["matches"] == 20 and "huge.yml:1:1: the file is larger" in done.stderr, (stats, done.stderr)
(base / "none").mkdir()
rows, stats, done = scan(base / "lines.json", rules=[base / "none"])
assert done.returncode == 0 and stats["rules"] == 0 and "No rule is in force" in done.stderr, (stats, done.stderr)

# ---------------------------------------------------------------- compiled rules are kept, and used only while nothing has changed


def cached(cache):
    """Files of compiled rules: name and time of writing."""
    return {path.name: path.stat().st_mtime_ns for path in cache.iterdir()} if cache.exists() else {}


mixed = base / "mixed"
shutil.copytree(rule.parent, mixed)
(mixed / "correlation.yml").write_text("title: several\nname: several\nid: 44444444-4444-4444-8444-444444444444\nlevel: low\ncorrelation: {type: "
                                       "event_count, rules: [11111111-1111-4111-8111-111111111111], group-by: [host], timespan: 1h, condition: {gte: 3}, "
                                       "generate: true}\n")
(mixed / "broken.yml").write_text("title: no detection\nlogsource: {product: windows}\n")
(mixed / "fact.yml").write_text("title: fact\nlogsource: {product: phendau, category: fact}\ndetection: {s: {a: 1}, condition: s}\n")
(mixed / "filter.yml").write_text("title: filter\nlogsource: {product: windows}\nfilter:\n  rules: [11111111-1111-4111-8111-111111111111]\n"
                                  "  selection: {EventRecordID: 20}\n  condition: not selection\n")
(mixed / "note.txt").write_text("note\n")
cache = base / "cache" / "below"


def scan_mixed(*extra):
    """Everything that a run says, but for the figures of time; and how many files it wrote."""
    before = cached(cache)
    rows, stats, done = scan(base / "lines.json", rules=[mixed], extra=["--cache", cache, *extra])
    said = done.stderr.splitlines()[:-1]
    # By their times 60, 10 and 70 come first; what follows is of the same alert, whatever else its block holds.
    assert [row["record"] for row in rows if row["title"] == "several"] == [70], rows
    assert len(rows) == 10 and stats["rules"] == 2 and stats["rules_rejected"] == 1, (rows, stats)
    return rows, said, len(set(cached(cache).items()) - set(before.items()))


first, said, written = scan_mixed()
assert written == 1 and "several" in [row["title"] for row in first] and any("fact.yml" in line for line in said), (written, said)
assert (cache.stat().st_mode & 0o777, next(cache.iterdir()).stat().st_mode & 0o777) == (0o700, 0o600)
assert scan_mixed() == (first, said, 0), "a second run does not use what the first one kept"
assert scan_mixed("--no-cache") == (first, said, 0)
lists = [run(PHENDAU, "rules", word, mixed, "--pack", PACK, *extra, check=False).stdout
         for word in ("validate", "list") for extra in (["--no-cache"], ["--cache", cache])]
assert lists[0] == lists[1] and "broken.yml" in lists[0] and lists[2] == lists[3] and "several" in lists[2] and len(cached(cache)) == 1, lists
# A correlation that cannot be read keeps what it counts silent, and says so; out of the cache as well.
parts = base / "parts"
shutil.copytree(rule.parent, parts)
(parts / "several.yml").write_text("title: several\ncorrelation:\n  type: event_count\n  rules: [11111111-1111-4111-8111-111111111111]\n"
                                   "  timespan: soon\n  condition: {gte: 3}\n")
for extra in (["--cache", base / "cache-of-parts"], ["--cache", base / "cache-of-parts"], ["--no-cache"]):
    rows, stats, done = scan(base / "lines.json", rules=[parts], extra=extra)
    assert rows == [] and stats["rules"] == stats["rules_rejected"] == 1, (rows, stats)
    assert "several.yml:5:13: timespan 'soon'" in done.stderr and "several.yml:1:1: the correlation 'several' has mistakes; until it is mended, what it " \
        f"names does not alert: 'whoami' ({parts / 'a.yml'}:1)" in done.stderr, done.stderr
(parts / "several.yml").unlink()
assert len(scan(base / "lines.json", rules=[parts])[0]) == 10
# Damaged, cut and foreign files are written again; who could have written them decides whether they are read.
kept = next(cache.iterdir())
whole = kept.read_bytes()
for bytes_of_it in (whole[:-1], whole[:100] + b"!" + whole[101:], b"", b"PDRULES9" + whole[8:]):
    kept.write_bytes(bytes_of_it)
    assert scan_mixed() == (first, said, 1) and kept.read_bytes() == whole
for path, mode in ((kept, 0o666), (cache, 0o777)):
    path.chmod(mode)
    assert scan_mixed() == (first, said, 1 if path == kept else 0)
    assert path == cache or path.stat().st_mode & 0o777 == 0o600
cache.chmod(0o700)
assert scan_mixed() == (first, said, 0)
# A rule, its path and the pack are part of it; eight files stay.
(mixed / "a.yml").write_text(rule.read_text().replace("level: high", "level: low"))
changed, _, written = scan_mixed()
assert written == 1 and {row["level"] for row in changed} == {"low"}
shutil.copytree(PACK.parent, base / "packs")
pack = base / "packs" / PACK.name
argv = (PHENDAU, "scan", "--rules", mixed, "--pack", pack, "--cache", cache, "--format", "ndjson", base / "lines.json")
assert run(*argv, check=False).stdout and len(cached(cache)) == 3
for path in (pack / "pack.yaml", base / "packs/base/pack.yaml"):
    before = cached(cache)
    path.write_text(path.read_text() + "# changed\n")
    assert run(*argv, check=False).returncode == 1 and len(set(cached(cache)) - set(before)) == 1
for n in range(6):
    (mixed / "a.yml").write_text(rule.read_text() + f"# {n}\n")
    assert scan_mixed()[2] == 1
assert len(cached(cache)) == 8

# ---------------------------------------------------------------- text, and windows that only the end of the input closes
ssh = base / "ssh" / "a.yml"
ssh.parent.mkdir()
ssh.write_text("title: failed\nname: failed\nid: 22222222-2222-4222-8222-222222222222\nlevel: low\nlogsource: {product: linux, service: sshd}\n"
               "detection:\n  keywords: ['Failed password']\n  condition: keywords\n---\n"
               "title: few failures\nid: 33333333-3333-4333-8333-333333333333\nlevel: high\n"
               "correlation: {type: event_count, rules: [failed], group-by: [host], timespan: 1h, condition: {lte: 5}}\n")
log = base / "auth.log"
log.write_text("\n" + "".join(f"<38>1 2026-11-20T08:00:0{n}+07:00 gate sshd 7 - - Failed password for root from 10.0.0.{n} port 22 ssh2\n" for n in range(1, 4)))
rows, stats, done = scan(log, rules=[ssh.parent])
assert [(row["title"], row["time"], row.get("record")) for row in rows] == [("few failures", "2026-11-20T01:00:03Z", None)], rows
assert stats["matches"] == 1 and stats["events"] == 3, stats

# ---------------------------------------------------------------- memory does not grow with the input, nor what comes out with the threads


def memory_kib(*paths, threads=2):
    """Peak resident memory, and what came out. Not wait4's figure: that one begins with the memory of this program."""
    out = base / "rows"
    with open(out, "wb") as to:
        process = subprocess.Popen([str(word) for word in (PHENDAU, "scan", "--pack", PACK, "--rules", rule.parent, "--format", "ndjson",
                                                           "--threads", threads, *paths)], stdout=to, stderr=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            peak = max([peak] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")])
            time.sleep(0.005)
    assert process.returncode == 1 and peak > 0, (process.returncode, peak)
    return peak, out.read_bytes()


long_text = "\n".join(json.dumps(event(n, f"cmd {n} " + "x" * 500 + (" whoami" if n % 1000 == 0 else ""))) for n in range(1, 40_001)) + "\n"
small, large, one_line = base / "small.json.gz", base / "large.json.gz", base / "one-line.json"
small.write_bytes(gzip.compress(long_text.encode(), 1))
large.write_bytes(small.read_bytes() * 6)
few, rows_few = memory_kib(small)
many, rows_many = memory_kib(large)
assert len(rows_many.splitlines()) == 6 * len(rows_few.splitlines()) == 240, len(rows_many.splitlines())
assert many < few + 48_000 and many < 400_000, (few, many)
assert memory_kib(large, threads=1)[1] == rows_many == memory_kib(large, threads=5)[1]
one_line.write_text("{\"x\": \"" + "a" * 60_000_000 + "\"}\n" + layouts["lines.json"])
huge, rows = memory_kib(one_line)
assert huge < few + 48_000 and len(rows.splitlines()) == 10, (few, huge)

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


sigma_cache = base / "sigma-cache"


def hits(suffix, threads):
    files = sorted(REGRESSION.rglob("*" + suffix))
    assert len(files) == 110, len(files)
    rows, stats, done = scan(*files, rules=RULES, threads=threads, extra=["--no-event", "--cache", sigma_cache])
    assert done.returncode == 1 and " damaged " not in done.stderr and "not wholly" not in done.stderr, done.stderr[-2000:]
    assert all(row["record"] > 0 and row["time"].endswith("Z") for row in rows)
    found = collections.Counter()
    for row in rows:
        found[str(pathlib.Path(row["path"]).relative_to(REGRESSION))[:-len(suffix)], row["rule_id"]] += 1
    return found, [dict(row, path="") for row in rows], stats


problems = []
by_suffix = {}
compiled = None
for suffix in (".evtx", ".json"):
    found, rows, stats = hits(suffix, 2)
    by_suffix[suffix] = found
    # Only the first run compiles; the others answer the same from what it kept.
    compiled = compiled or cached(sigma_cache)
    assert len(compiled) == 1 and cached(sigma_cache) == compiled, compiled
    missing = {key: n for key, n in golden.items() if found[key] != n}
    extra = {key: n for key, n in found.items() if key not in golden}
    problems += [(suffix, "missing", key, n, found[key]) for key, n in missing.items()]
    problems += [(suffix, "extra", key, n) for key, n in extra.items()]
    # 110 of 110: each sample fires the rule that it belongs to.
    silent = [key for key in golden if key[0].endswith(key[1]) and not found[key]]
    problems += [(suffix, "its own rule is silent", key) for key in silent]
    assert hits(suffix, 1)[1] == rows, "the number of threads, or the cache, changes the result"
    assert cached(sigma_cache) == compiled, "the rules were compiled again"
assert not problems, "\n".join(map(str, problems))
assert by_suffix[".evtx"] == by_suffix[".json"]

# What is left out where no event is printed changes nothing.
with_events = scan(CORPORA / "otrf", rules=RULES, threads=2, extra=["--cache", sigma_cache])[0]
without = scan(CORPORA / "otrf", rules=RULES, threads=2, extra=["--no-event", "--cache", sigma_cache])[0]
assert len(without) > 500 and without == [{k: v for k, v in row.items() if k != "event"} for row in with_events]

# Every recorded attack is read to the end; nothing of it is damaged.
rows, stats, done = scan(CORPORA / "evtx", rules=RULES[:1], extra=["--no-event"])
assert done.returncode == 1 and " damaged " not in done.stderr and stats["events"] > 2_000 and stats["matches"] > 500, (stats, done.stderr[-2000:])
# Real logs, damaged: what is not damaged is found, and what is, is counted.
source = (CORPORA / "evtx" / "UACME_59_Sysmon.evtx").read_bytes()
whole = scan(CORPORA / "evtx" / "UACME_59_Sysmon.evtx", rules=RULES[:1])[1]["events"]
for reason, data, least in (("file_header", b"ElfFile\0" + bytes(4088) + source[4096:], whole), ("chunk_truncated", source[:4096 + 30_000], 1),
                            ("record_header", source[:8192] + bytes(2048) + source[10240:], 1), ("chunk_checksum", source[:5000] + b"!" + source[5001:], 1),
                            ("chunk_header", source[:4096] + b"X" + source[4097:], whole)):
    path = base / f"{reason}.evtx"
    path.write_bytes(data)
    rows, stats, done = scan(path, rules=RULES[:1], extra=["--no-event"])
    assert done.returncode in (0, 1) and reason in done.stderr and least <= stats["events"] <= whole, (reason, stats, done.stderr)
headless = base / "header.evtx"
headless.write_bytes(bytes(4096) + source[4096:])
rows, stats, done = scan(headless, rules=RULES[:1])
assert done.returncode in (0, 1) and "file_header" in done.stderr and stats["events"] == whole, (stats, done.stderr)
not_evtx = base / "chunk.evtx"
not_evtx.write_bytes(bytes(4096) + b"X" * 128 + source[4224:])
assert scan(not_evtx, rules=RULES[:1])[2].returncode == 4

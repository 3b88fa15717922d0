# SPDX-License-Identifier: Apache-2.0
"""Rules and logs that somebody made to break things, through the whole program: some hundred mutated rules, YAML and regexes that multiply, events
with one field of ten megabytes, ten thousand fields, ten thousand levels, records without end, packed data that unpacks to far more, event logs
with broken templates. Every run ends by itself with a documented exit code, within its memory; what is not understood is named or counted.
All randomness has a fixed seed, so that a finding comes again. Where the shared corpora are, they are the material."""
import collections
import gzip
import json
import os
import pathlib
import random
import re
import resource
import signal
import subprocess
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PACK, PHENDAU, SHARED, scratch

base = scratch()
CORPORA = SHARED / "corpora"
MEMORY_MIB = 600  # of a run; the largest (small records that all match, beside records of two thousand fields) takes three quarters of it
SECONDS = 240  # of a run; the longest takes a tenth of it on a machine of its own
ADDRESSES = 6 << 30
dice = random.Random(20261126)
peak_mib = 0


def limits():
    """In the child: it is ended by a signal when it waits or works for too long, and gets no memory without end."""
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


Ended = collections.namedtuple("Ended", "code out err")


def run(*argv, codes):
    """Ends by itself with one of `codes`, below the limit of memory."""
    global peak_mib
    argv = [str(word) for word in (PHENDAU, *argv, "--lang", "en")]
    with open(base / "out", "wb") as out, open(base / "err", "wb") as err:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=limits)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    ended = Ended(child.returncode, (base / "out").read_text(errors="replace"), (base / "err").read_text(errors="replace"))
    assert ended.code in codes, (ended.code, argv, ended.out[-1500:], ended.err[-1500:])
    mib = usage.ru_maxrss / 1024
    assert mib < MEMORY_MIB, (mib, argv)
    peak_mib = max(peak_mib, mib)
    return ended


def scan(*paths, rules=None, codes=(0, 1), extra=()):
    argv = ["scan", "--pack", PACK, "--format", "ndjson", "--threads", 2, "--stats", "--no-event", "--no-cache", *extra]
    if rules is not None:
        argv += ["--rules", rules]
    ended = run(*argv, *paths, codes=codes)
    return [json.loads(line) for line in ended.out.splitlines()], json.loads(ended.err.splitlines()[-1]), ended


def new_folder(name):
    (base / name).mkdir()
    return base / name


HEAD = "logsource: {product: windows}\n"
GOOD = "title: good\nid: 99999999-9999-4999-8999-999999999999\nlevel: high\n" + HEAD + "detection:\n  s: {CommandLine|contains: whoami}\n  condition: s\n"
PLACE = re.compile(r"^(.+?\.ya?ml):(\d+):(\d+): (.+)$")


def mistakes_of(folder, codes=(1,)):
    """What rules validate says: each mistake with file, line and reason, and nothing else. By file."""
    out = collections.defaultdict(list)
    for line in run("rules", "validate", folder, "--pack", PACK, "--no-cache", codes=codes).out.splitlines():
        found = PLACE.match(line)
        assert found and pathlib.Path(found[1]).exists() and int(found[2]) > 0, line
        if not found[4].startswith(("note:", "lưu ý:")):
            out[pathlib.Path(found[1]).name].append((int(found[2]), found[4]))
    return out


# ---------------------------------------------------------------- rules: mutated
sources = sorted((PACK.parent / "base" / "rules").rglob("*.yml"))
if (CORPORA / "sigma" / "rules").exists():
    others = sorted(path for name in ("rules", "rules-threat-hunting", "unsupported") for path in (CORPORA / "sigma" / name).rglob("*.yml"))
    sources += dice.sample(others, min(120, len(others)))
WORDS = [b"&a", b"*a", b"<<: *a", b"!!binary", b"!x", b"{", b"}", b"[", b"]", b": ", b"- ", b"'", b'"', b"|", b">", b"\t", b"\0", b"\xff\xfe", b"%", b"---\n", b"...\n", b"# ",
         b"|re", b"|cidr", b"|all", b"|base64offset", b"|windash", b"|fieldref", b"|gte", b"|exists", b"|expand", b"|re|i|m|s", b"1 of ", b"all of them", b" and not ", b"(", b")",
         b"99999999999999999999", b"-1", b"null", b"~", b"1e999", b".nan", b"\\", b"*" * 300, b"(a+)+$", b"(?<x", b"\\u0000", b"condition: ", b"detection:\n", b"timespan: 99999d\n",
         b"correlation:\n  type: temporal\n", b"filter:\n  rules: any\n", b"%x%", "Đ".encode(), b"\xed\xa0\x80"]


def mutated(text):
    lines = text.split(b"\n")
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(lines))
        what = dice.randrange(9)
        line = lines[at]
        if what == 0:
            del lines[at:at + dice.randint(1, 4)]
        elif what == 1:
            lines.insert(dice.randrange(len(lines) + 1), line)
        elif what == 2:
            lines[at] = b" " * dice.randint(0, 9) + line.lstrip()
        elif what == 3:
            lines[at] = line[:dice.randint(0, len(line))]
        elif what == 4 and line:
            cut = dice.randrange(len(line))
            lines[at] = line[:cut] + bytes([dice.randrange(256)]) + line[cut + 1:]
        elif what == 5:
            lines[at] = line * dice.randint(2, 60)
        elif what == 6:
            lines = lines[:at + 1]
        else:
            cut = dice.randint(0, len(line))
            lines[at] = line[:cut] + dice.choice(WORDS) + line[cut:]
        lines = lines or [b""]
    return b"\n".join(lines)


folder = new_folder("mutated")
(folder / "good.yml").write_text(GOOD)
for n in range(600):
    (folder / f"m{n:03d}.yml").write_bytes(mutated(sources[n % len(sources)].read_bytes()))
mistakes = mistakes_of(folder)
assert "good.yml" not in mistakes and len(mistakes) > 200, len(mistakes)
listed = json.loads(run("rules", "list", folder, "--pack", PACK, "--no-cache", "--format", "json", codes=(0,)).out)
assert len(listed) > 40 and [rule for rule in listed if rule["title"] == "good"], len(listed)  # what is understood works beside what is not
events = base / "events.json"
event = {"Event": {"System": {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "PC"}, "EventData": {"CommandLine": "cmd /c whoami"}}}
events.write_text(json.dumps(event) + "\n")
rows, stats, _ = scan(events, rules=folder, codes=(1,))
assert [row for row in rows if row["title"] == "good"] and stats["rules_rejected"] > 0, stats

# ---------------------------------------------------------------- rules: what multiplies, and what is too large
DETECTION = "title: t\n" + HEAD + "detection:\n"
large = {
    "laughs": "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)) + DETECTION + "  s: {a: *a11}\n  condition: s\n",
    "deep": DETECTION + "  s: " + "[" * 100_000 + "]" * 100_000 + "\n  condition: s\n",
    "deep-map": DETECTION + "  s: " + "{a: " * 100_000 + "1" + "}" * 100_000 + "\n  condition: s\n",
    "parentheses": DETECTION + "  s: {a: 1}\n  condition: " + "(" * 100_000 + "s" + ")" * 100_000 + "\n",
    "nots": DETECTION + "  s: {a: 1}\n  condition: " + "not " * 100_000 + "s\n",
    "values": DETECTION + "  s: {a: [" + "x, " * 200_000 + "x]}\n  condition: s\n",
    "variants": DETECTION + "  s: {a|windash: '" + "* -a -b -c " * 6 + "'}\n  condition: s\n",
    "documents": "---\n" * 200_000,
    "many": DETECTION + "".join(f"  s{n}: {{a: {n}}}\n" for n in range(60_000)) + "  condition: 1 of s*\n",
    "many-documents": "---\n".join([DETECTION + "  s: {a: 1}\n  condition: khong\n"] * 20_000),
    "regex": DETECTION + "  s: {a|re: '" + "a" * 17_000 + "'}\n  condition: s\n",
    "regex-product": DETECTION + "  s: {a|re: 'a{1,1000}{1,1000}{1,1000}'}\n  condition: s\n",
    "regex-deep": DETECTION + "  s: {a|re: '" + "(" * 8_000 + "a" + ")" * 8_000 + "'}\n  condition: s\n",
    "title": "title: " + "x" * 3_000_000 + "\n",
}
folder = new_folder("large")
(folder / "good.yml").write_text(GOOD)
for name, text in large.items():
    (folder / f"{name}.yml").write_text(text)
mistakes = mistakes_of(folder)
assert set(mistakes) == {f"{name}.yml" for name in large}, sorted(mistakes)
(folder / "huge.yml").write_text(GOOD + "# " + "x" * 5_000_000 + "\n")
assert set(mistakes_of(folder)) == {"huge.yml"} | {f"{name}.yml" for name in large}

# ---------------------------------------------------------------- regexes that take for ever, on values of a megabyte
folder = new_folder("regexes")
BOMBS = ["(a+)+$", "^(a|aa)+$", "(.*)*x", "(.*a){20}x", "a{1,1000}b", "(x+x+)+y", "(?:a?){80}a{80}[bc]", r"(\w+\s?)+:", r"(?=(a+))a*b\1", ".*.*.*.*.*b$", "[a-z]+[0-9]"]
for n, bomb in enumerate(BOMBS):
    (folder / f"{n}.yml").write_text(f"title: bomb {n}\nlevel: low\n{HEAD}detection:\n  s: {{CommandLine|re: '{bomb}'}}\n  condition: s\n")
(folder / "product.yml").write_text(f"title: product\n{HEAD}detection:\n  s: {{CommandLine|re: 'a{{1,1000}}{{1,1000}}'}}\n  condition: s\n")
(folder / "good.yml").write_text(GOOD)
assert set(mistakes_of(folder)) == {"product.yml"}
VALUES = ("a" * 1_000_000 + "!", "x" * 1_000_000, "a " * 400_000 + "whoami", "a" * 30_000 + "!", "aaa" * 9)


def command(value):
    event["Event"]["EventData"]["CommandLine"] = value
    return json.dumps(event) + "\n"


(base / "bombs.json").write_text("".join(map(command, VALUES)))
rows, stats, ended = scan(base / "bombs.json", rules=folder, codes=(1,))
assert stats["events"] == len(VALUES) and [row["record"] for row in rows if row["title"] == "good"] == [3], (stats, rows)

# ---------------------------------------------------------------- events: large, wide, deep, without end; those beside them are found
only_good = new_folder("good") / "good.yml"
only_good.write_text(GOOD)
whoami = command("whoami")


def nested(levels, opening, closing):
    return opening * levels + "1" + closing * levels + "\n"


hostile_json = {
    "field": whoami[:-4] + "x" * 10_000_000 + whoami[-4:],
    "fields": json.dumps({f"f{n}": n for n in range(10_000)}) + "\n",
    "fields-of-many": "".join(json.dumps({f"f{row}_{n}": n for n in range(1_000)}) + "\n" for row in range(100)),
    "names": "".join(json.dumps({"n" * 5_000 + str(n): n}) + "\n" for n in range(1_000)),
    "deep": nested(10_000, '{"a":', "}"),
    "deep-lists": nested(10_000, '{"a":[', "]}"),
    "deeper": nested(1_000_000, "[", "]"),
    "open": '{"a":' * 1_000_000 + "\n",
    "values": json.dumps({"a": ["x"] * 1_000_000}) + "\n",
    "no-end": '{"a": "' + "x" * 20_000_000,
    "braces": "}" * 3_000_000 + "\n",
    "escapes": '{"CommandLine": "' + "\\u0000" * 150_000 + '"}\n',
    "quotes": '"' * 3_000_000 + "\n",
}
for name, text in hostile_json.items():
    for layout, whole in (("lines", whoami + text + whoami), ("array", "[" + whoami + "," + text + "," + whoami + "]"), ("first", text + whoami),
                          ("wrapper", '{"Events": [' + whoami + "," + text + "," + whoami + "]}")):
        path = base / f"{name}-{layout}.json"
        path.write_text(whole)
        rows, stats, ended = scan(path, rules=only_good)
        assert layout != "wrapper" or rows, (name, ended.err)
        if layout == "lines":
            assert len(rows) == (1 if name == "no-end" else 2) or name in ("open", "braces", "quotes"), (name, rows, ended.err)
            if name not in ("fields-of-many", "names", "values", "escapes", "quotes", "braces"):
                assert " 1 records " in ended.err or "damaged" in ended.err or "not wholly" in ended.err, (name, ended.err)
        path.unlink()
NAMESPACE = "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'"


def event_xml(content, end="</EventData></Event>\n"):
    return (f"<Event {NAMESPACE}><System><EventID>1</EventID><Channel>Microsoft-Windows-Sysmon/Operational</Channel>"
            f"<TimeCreated SystemTime='2026-11-20T08:00:00Z'/></System><EventData>{content}{end}")


whoami_xml = event_xml("<Data Name='CommandLine'>cmd /c whoami</Data>")
hostile_xml = {
    "laughs": "<!DOCTYPE x [<!ENTITY a0 'xxxxxxxxxx'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>" +
              event_xml("<Data Name='CommandLine'>&a11;&a11;</Data>"),
    "outside": "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + event_xml("<Data Name='CommandLine'>&a;</Data>"),
    "field": event_xml("<Data Name='CommandLine'>" + "x" * 10_000_000 + "whoami</Data>"),
    "fields": event_xml("".join(f"<Data Name='f{n}'>x</Data>" for n in range(10_000))),
    "attributes": event_xml("<Data " + " ".join(f"a{n}='x'" for n in range(60_000)) + "/>"),
    "names": event_xml("".join(f"<Data Name='{'n' * 5_000}{n}'>x</Data>" for n in range(150))),
    "deep": event_xml("<x>" * 200_000),
    "no-end": event_xml("x" * 20_000_000, ""),
    "opens": "<" * 3_000_000,
    "quote": "<a b='" + "x" * 3_000_000,
    "entities": event_xml("<Data Name='a'>" + "&" * 300_000 + "&#x41;" * 50_000 + "&#99999999999999999999;</Data>"),
    "closes": "</Event>" * 300_000,
    "bytes": event_xml("<Data Name='a'>\x01\x7f\ufffd</Data>"),
    "comment": "<!--" + "x" * 3_000_000,
    "cdata": event_xml("<![CDATA[" + "]]" * 1_000_000, ""),
}
for name, text in hostile_xml.items():
    path = base / f"{name}.xml"
    path.write_text("<Events>" + whoami_xml + text + whoami_xml + "</Events>")
    rows, stats, ended = scan(path, rules=only_good)
    assert len(rows) == (1 if name in ("comment", "cdata") else 2), (name, rows, ended.err)
    path.unlink()
mutated_xml = new_folder("xml")
for n in range(300):
    data = bytearray(("<Events>" + whoami_xml * 20 + "</Events>").encode())
    for _ in range(dice.randint(1, 12)):
        at = dice.randrange(9, len(data))
        data[at:at + dice.randint(0, 3)] = dice.choice((b"<", b">", b"'", b"/", b"&", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?", b"</Event>", b"<Event>", b"\0", b"\xff", b"]", b"="))
    (mutated_xml / f"{n:03d}.xml").write_bytes(data)
rows, stats, _ = scan(mutated_xml, rules=only_good, codes=(0, 1, 4))
assert stats["events"] > 300 * 10, stats
# Rows times columns: small records, and now and then one with names that no other has. Whether all match or none, what is full is let go.
small = json.dumps({"Channel": "Security", "EventID": 1, "CommandLine": "whoami"}) + "\n"
wide = [json.dumps({f"k{part}_{n}": n for n in range(1_900)}) + "\n" for part in range(60)]
line = "<38>1 2026-11-20T08:00:00+07:00 gate sshd 7 - - "
everything = new_folder("everything") / "good.yml"
everything.write_text(GOOD.replace("CommandLine|contains: whoami", "EventID: 1"))
sparse = {"empty": "".join("{}\n" * 8_000 + record for record in wide), "small": "".join(small * 4_000 + record for record in wide),
          "list": "[" + ",".join("{}," * 8_000 + record for record in wide) + "]",
          "lines": "".join("x\n" * 8_000 + line + " ".join(f"k{part}_{n}=v" for n in range(500)) + "\n" for part in range(200))}
for name, text in sparse.items():
    (base / f"sparse-{name}").write_text(text)
    for rules in (only_good, everything):
        ended = run("scan", "--pack", PACK, "--format", "ndjson", "--threads", 2, "--stats", "--rules", rules, base / f"sparse-{name}", codes=(0, 1))
        found = ended.out.count("\n")
        assert found == (60 * 4_000 if name == "small" else 0), (name, found, ended.err)
    (base / f"sparse-{name}").unlink()
texts = {
    "line": line + "x" * 10_000_000 + "\n",
    "pairs": line + " ".join(f"k{n}=v{n}" for n in range(100_000)) + "\n",
    "cef": line + "CEF:0|a|b|c|d|e|5|" + " ".join(f"k{n}=v\\={n}" for n in range(100_000)) + "\n",
    "data": "<38>1 2026-11-20T08:00:00+07:00 gate sshd 7 - " + "".join(f'[x{n} a="b"]' for n in range(50_000)) + " m\n",
    "headers": "<38>Nov 20 08:00:00 a b: " * 20_000 + "\n",
    "audit": "".join(f"type=EXECVE msg=audit(1700000000.{n % 1000:03d}:{n}): argc=1 a0=\"x\"\n" for n in range(60_000)),
    "layouts": "".join(f"#Fields: c{n} " + "d " * 2_000 + "\n1 2 3\n" for n in range(3_000)),
    "no-line": "Nov 20 08:00:00 a b: " + "\xff" * 5_000_000,
}
for name, text in texts.items():
    (base / f"{name}.log").write_text(text)
    _, stats, _ = scan(base / f"{name}.log")
    assert stats["events"] > 0, (name, stats)
packer = zlib.compressobj(9, zlib.DEFLATED, 31)
with open(base / "packed.gz", "wb") as out:
    out.write(packer.compress(whoami.encode()))
    for _ in range(150):
        out.write(packer.compress(b"a" * (1 << 20)))
    out.write(packer.flush())
rows, stats, _ = scan(base / "packed.gz", rules=only_good)
assert len(rows) == 1 and stats["bytes"] > 150 << 20, stats
plain = gzip.compress((whoami * 500).encode())
for n in range(40):
    damaged = bytearray(plain)
    for _ in range(dice.randint(1, 8)):
        damaged[dice.randrange(len(damaged))] = dice.randrange(256)
    path = base / "damaged" / f"{n}.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(damaged)
scan(base / "damaged", rules=only_good, codes=(0, 1, 4))

# ---------------------------------------------------------------- event logs: bytes of templates and values turned over
sound = sorted(path for path in (CORPORA / "evtx").rglob("*.evtx") if path.stat().st_size < 300_000)
if not sound:
    print("skipped: the shared corpora are not here (EVTX)")
else:
    HEADER, CHUNK = 4096, 65_536

    def turned(data):
        """In one to forty places of a chunk, half of the time with checksums that fit again."""
        out = bytearray(data)
        begin = HEADER + CHUNK * dice.randrange(max(1, (len(out) - HEADER) // CHUNK))
        end = min(begin + CHUNK, len(out))
        for _ in range(dice.choice((1, 1, 2, 5, 40))):
            at = dice.randrange(begin + 512, min(begin + dice.choice((1_500, 4_000, CHUNK)), end))
            size = dice.choice((1, 1, 2, 4))
            what = dice.choice((bytes(size), b"\xff" * size, bytes(dice.randrange(256) for _ in range(size)), bytes([dice.choice(b"\x00\x01\x02\x04\x05\x06\x07\x0c\x0d\x0e\x0f\x41\x46\x81")])))
            out[at:at + len(what)] = what
        if dice.random() < 0.5 and end - begin == CHUNK:
            free = int.from_bytes(out[begin + 48:begin + 52], "little")
            if 512 <= free <= CHUNK:
                out[begin + 52:begin + 56] = zlib.crc32(out[begin + 512:begin + free]).to_bytes(4, "little")
            out[begin + 124:begin + 128] = zlib.crc32(out[begin:begin + 120] + out[begin + 128:begin + 512]).to_bytes(4, "little")
        return bytes(out)

    turned_over = new_folder("evtx")
    chosen = dice.sample(sound, min(100, len(sound)))
    for n in range(500):
        (turned_over / f"{n:03d}.evtx").write_bytes(turned(chosen[n % len(chosen)].read_bytes()))
    rows, stats, ended = scan(turned_over, codes=(0, 1, 4))
    assert stats["events"] > 2_000 and "record_content" in ended.err, (stats, ended.err[-1500:])
    print(f"event logs: {stats['events']} events in {stats['seconds']} s")
print(f"hostile: passed; the largest run had {peak_mib:.0f} MiB")

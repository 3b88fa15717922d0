#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""log_events.py [--check]: writes docs/reference/log-events.md from the PHENDAU_LOG calls in src/. With --check it writes
nothing and exits 1 if the page is not current: a test of the tree."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "log-events.md"
CALL = re.compile(r'PHENDAU_LOG\(\s*(\w+)\s*,\s*"([a-z0-9_]+)"')
FIELD = re.compile(r'\{\s*"([a-z0-9_]+)"\s*,')
HEAD = """# Log events

<!-- Written by tools/log_events.py; a test compares. Change the call in src/, then run the script. -->

The hub and the agent write one JSON object per line on standard error: `time` (RFC 3339, UTC), `level`, `event`, then the
fields below. Names are stable: scripts and alerts may rely on them. `error` means that a person must act, `warn` that
something was refused or put aside, `info` marks a change of state. Secrets and log contents are never written. Of each
name at most 60 lines a minute appear; then one line counts what was suppressed.

| event | level | fields | where |
|---|---|---|---|
"""


def calls():
    for path in sorted((ROOT / "src").rglob("*.cpp")):
        if path.name.endswith(("_test.cpp", "_fuzz.cpp")):
            continue
        text = path.read_text()
        for found in CALL.finditer(text):
            depth, end = 0, found.start()
            for end in range(found.start(), len(text)):
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                if depth == 0 and text[end] == ")":
                    break
            yield found[2], found[1], FIELD.findall(text[found.end():end]), path.parent.relative_to(ROOT / "src")


def page():
    events = {}
    for event, level, fields, folder in calls():
        levels, names, folders = events.setdefault(event, (set(), [], set()))
        levels.add(level)
        folders.add(str(folder))
        names.extend(name for name in fields if name not in names)
    rows = [f"| `{event}` | {', '.join(sorted(levels))} | {', '.join(f'`{n}`' for n in names) or '-'} | "
            f"{', '.join(sorted(folders))} |\n" for event, (levels, names, folders) in sorted(events.items())]
    return HEAD + "".join(rows)


if sys.argv[1:] == ["--check"]:
    if not PAGE.exists() or PAGE.read_text() != page():
        sys.exit("docs/reference/log-events.md is not current: run tools/log_events.py")
else:
    PAGE.write_text(page())

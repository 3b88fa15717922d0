#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what a ctest run left out: tests that ended as skipped, and parts that tests announce with a line "skipped: why".
ctest hides the output of tests that pass, so the log of the whole run is read; which tests ended as skipped stands only in what
ctest printed (kept as ctest.log by ./dev). Prints the number; names each on stderr. Usage: skips.py BUILD_DIR | --self-test"""
import pathlib
import re
import sys
import tempfile

LOG = pathlib.Path("Testing/Temporary/LastTest.log")
SCREEN = pathlib.Path("ctest.log")


def skips(folder):
    """(test, why) of everything that was left out in the last run."""
    out, test, output = [], "?", False
    for line in lines_of(folder / LOG):
        begins = re.match(r"\d+/\d+ Test: (\S+)", line)
        if begins:
            test = begins.group(1)
        output = line == "Output:" or (output and line != "<end of output>")
        why = re.search(r"\bskipped: (.*)", line)
        if output and why:
            out.append((test, why.group(1).strip()))
    for line in lines_of(folder / SCREEN):
        silent = re.search(r"Test +#\d+: (\S+) \.+\*\*\*Skipped", line)
        if silent and silent.group(1) not in (name for name, _ in out):
            out.append((silent.group(1), "no reason given"))
    return out


def lines_of(path):
    return path.read_text(errors="replace").splitlines() if path.exists() else []


def self_test():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        assert skips(folder) == []
        (folder / LOG).parent.mkdir(parents=True)
        (folder / LOG).write_text("""1/3 Testing: unit.hub
1/3 Test: unit.hub
Command: "sh" "-c" "echo skipped: this is no output"
Output:
----------------------------------------------------------
src/hub/pack_test.cpp:97: MESSAGE: skipped: no catalogue
[doctest] test cases: 40 | 40 passed | 0 failed | 1 skipped
<end of output>
Test Passed.
2/3 Test: tree.mingw
Output:
skipped: no compiler
<end of output>
Test Passed.
3/3 Test: scenario.x
Output:
<end of output>
Test Passed.
""")
        (folder / SCREEN).write_text("""1/3 Test #1: unit.hub .........   Passed    0.01 sec
2/3 Test #2: tree.mingw ....................***Skipped   0.07 sec
3/3 Test #12: scenario.x ...................***Skipped   0.07 sec
""")
        wanted = [("unit.hub", "no catalogue"), ("tree.mingw", "no compiler"), ("scenario.x", "no reason given")]
        assert skips(folder) == wanted, skips(folder)


if sys.argv[1:] == ["--self-test"]:
    self_test()
    print("skips: passed")
else:
    every = skips(pathlib.Path(sys.argv[1]))
    for one, reason in every:
        print(f"   left out: {one}: {reason}", file=sys.stderr)
    print(len(every))

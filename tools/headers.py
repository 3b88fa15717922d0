#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""headers.py BUILD [FOLDER...]: every header under src/ compiles alone, with the flags of the build and without the
precompiled header, so that none leans on what its users happen to include. Part of `./dev test --all`."""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def flags_of(build):
    """Flags of any file of src/base: all modules share them."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if "/src/base/" not in entry["file"]:
            continue
        words = shlex.split(entry["command"])
        while not words[0].endswith(("g++-12", "clang++-19", "g++", "clang++")):
            words.pop(0)  # ccache
        out, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-c", "-MT", "-MF", "-include", "-Xclang"):
                skip = True
            elif word not in ("-MD", "-Winvalid-pch") and not word.endswith(".cpp"):
                out.append(word)
        return [*out, f'-DPHENDAU_SOURCE_DIR="{ROOT}"']  # what tests have besides
    sys.exit("no compile command: configure the build first (./dev build)")


def check(flags, header):
    # Not the header itself: then '#pragma once in main file' would warn.
    done = subprocess.run(flags + ["-fsyntax-only", "-x", "c++", "-"], cwd=ROOT, text=True, capture_output=True,
                          input=f'#include "{header.relative_to(ROOT / "src")}"\n')
    return header, done.returncode, done.stderr


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/dev").resolve()
    folders = [ROOT / folder for folder in sys.argv[2:]] or [ROOT / "src"]
    headers = sorted(h for folder in folders for h in folder.rglob("*.h"))
    flags = flags_of(build)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count() or 2))) as pool:
        for header, status, errors in pool.map(lambda header: check(flags, header), headers):
            if status != 0:
                failed += 1
                print(f"{header.relative_to(ROOT)} does not compile alone:\n{errors}")
    print(f"headers: {len(headers)} checked, {failed} failed")
    sys.exit(1 if failed else 0)


main()

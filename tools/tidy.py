#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Style that a machine can judge: a test of the source text. Exit 1 on a finding.
Checks: ASCII C++ sources, <= 110 columns, functions <= 70 lines (exceptions listed, the list only shrinks), banned words,
SPDX lines, a README in each module, links in documents that resolve, no paths of a developer's machine, no registry
addresses in lock files, every text id used in C++ exists."""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLUMNS_MAX = 110
FUNCTION_LINES_MAX = 70
LONG_FUNCTIONS = json.loads((ROOT / "tools" / "long_functions.json").read_text())
BANNED = {
    r"\bstd::regex\b": "std::regex is slow and recursive: use base/regex.h",
    r"\bstrcpy\b|\bstrcat\b|\bsprintf\b": "unbounded C string function",
    r"\bsystem\(": "runs a shell: use os/process.h",
    r"(?<![\w.>])rand\(": "use Env::random_bytes",
    r"\bFIXME\b": "finish it, or TODO(#issue)",
    r"\bTODO(?!\(#\d+\))": "TODO needs an issue: TODO(#12)",
    r"\busing namespace std\b": "spell std::",
    r"for \(.* : .*\bPHENDAU_TRY\(.*\)\.\w+\(\)\)": "the list is gone before the loop: name it first",
    r"for \(.* : .*\)\.value\(\)\)": "the list is gone before the loop: name it first",
}
errors = []


def tracked():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]


def say(path, line, text):
    errors.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def check_cpp(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    if not lines or "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
        say(path, 1, "first line must be the SPDX line")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            say(path, number, f"{len(line)} columns (at most {COLUMNS_MAX})")
        if not line.isascii():
            say(path, number, "non-ASCII source: put texts into src/texts/ or a data file")
        code = line.split("//")[0] if "NOLINT" not in line else ""
        for pattern, why in BANNED.items():
            target = line if "TODO" in pattern or "FIXME" in pattern else code
            if re.search(pattern, target):
                say(path, number, why)
        if path.suffix == ".h" and re.match(r"\s*#\s*include\s*<iostream>", line):
            say(path, number, "<iostream> in a header")
    check_functions(path, lines)


def check_functions(path, lines):
    """A function body opens with a line that ends in ') ... {' at low indentation and closes at the same indentation."""
    if path.name.endswith("_test.cpp"):
        return
    open_at = None
    for number, line in enumerate(lines, 1):
        if open_at is None:
            match = re.match(r"^( {0,4})\S.*\)\s*(const|noexcept|override|mutable|->.*|\s)*\{$", line)
            if match and not re.match(r"\s*(if|for|while|switch|namespace|struct|class|enum|else|do|try|catch)\b", line):
                # "    : member_(value) {" is the end of a constructor's head; its body closes where the head began.
                indent = 0 if line.startswith("    : ") else len(match.group(1))
                open_at = (number, indent, line.strip())
        elif line.startswith(" " * open_at[1] + "}") :
            length = number - open_at[0] + 1
            key = f"{path.relative_to(ROOT).as_posix()}:{open_at[2][:60]}"
            if length > FUNCTION_LINES_MAX and LONG_FUNCTIONS.get(key, 0) < length:
                say(path, open_at[0], f"function of {length} lines (at most {FUNCTION_LINES_MAX})")
            open_at = None


def check_links(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                say(path, number, f"link to {target} does not resolve")


def check_texts(files):
    known = set()
    for path in (ROOT / "src" / "texts").glob("*.json"):
        known |= set(json.loads(path.read_text(encoding="utf-8")))
    pattern = re.compile(r'\btr\(\s*\w+(?:\(\))?\s*,\s*"([a-z0-9_.]+)"')
    for path in files:
        if path.suffix == ".cpp" and "src" in path.parts and not path.name.endswith("_test.cpp"):
            for match in pattern.finditer(path.read_text(encoding="utf-8", errors="replace")):
                if match.group(1) not in known:
                    errors.append(f"{path.relative_to(ROOT)}: text id '{match.group(1)}' is not in src/texts/")


def main():
    files = tracked()
    foreign = re.compile("(^|[^A-Za-z0-9._-])/(" + "wo" + "rk|" + "fa" + "rm)/")
    for path in files:
        if path.suffix in (".h", ".cpp") and path.is_relative_to(ROOT / "src"):
            check_cpp(path)
        if path.suffix == ".md":
            check_links(path)
        if path.name == "package-lock.json" and '"resolved": "http' in path.read_text(encoding="utf-8"):
            say(path, 1, "the lock file records download addresses")
        if path.stat().st_size < 2_000_000 and path.suffix not in (".png", ".gz", ".zst"):
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if foreign.search(line):
                    say(path, number, "path of a developer's machine")
    for folder in sorted((ROOT / "src").iterdir()):
        if folder.is_dir() and folder.name not in ("texts", "store") and not (folder / "README.md").exists():
            say(folder, 1, "module without README.md")
    check_texts(files)
    for error in errors:
        print(error)
    print(f"tidy: {len(errors)} findings in {len(files)} files")
    return 1 if errors else 0


sys.exit(main())

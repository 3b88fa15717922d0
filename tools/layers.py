#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that folders under src/ are layers: each includes only what the table allows, third-party headers appear in
one adapter, and the agent executable links only its share. Usage: layers.py [BUILD_DIR]. Exit 1 on a violation."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

ENGINES = {"detect", "comply", "workflow", "report"}
ALLOWED = {
    "base": set(),
    "os": {"base"},
    "model": {"base"},
    "net": {"base", "os", "model"},
    "ingest": {"base", "model"},
    "detect": {"base", "model"},
    "comply": {"base", "model"},
    "workflow": {"base", "model"},
    "report": {"base", "model"},
    "store": {"base", "os", "model"},
    "wire": {"base", "os", "model", "net"},
    "agent": {"base", "os", "model", "net", "wire"},
    "hub": {"base", "os", "model", "net", "ingest", "detect", "comply", "workflow", "report", "store", "wire"},
    "api": {"base", "os", "model", "net", "hub", "report"},
    "cli": {"base", "os", "model", "net", "ingest", "detect", "comply", "workflow", "report", "store", "wire", "agent",
            "hub", "api"},
}
# The two halves of store know nothing of each other.
STORE_HALVES = {"journal", "ledger"}

# header pattern -> files that may include it
THIRD_PARTY = {
    r"nlohmann/": {"base/json.cpp"},
    r"yaml-cpp/": {"base/yaml.cpp"},
    r"pcre2\.h": {"base/regex.cpp"},
    r"unicode/": {"base/unicode.cpp"},
    r"xxhash\.h": {"base/hash.cpp"},
    r"sqlite3\.h": None,      # only in store/ledger
    r"simdjson\.h": None,     # only in ingest
    r"boost/": None,          # only in net
    r"openssl/": None,        # base/hash.cpp, store/ledger adapter, net
    r"hs/hs\.h": None,        # only in detect
    r"zstd\.h": None,         # store/journal, wire
    r"argon2\.h": None,       # only in hub
    r"CLI/": None,            # only in cli
    r"zip\.h": None,
    r"pugixml\.hpp": {"hub/document_text.cpp", "report/docx_template.cpp"},
    r"systemd/": None,
    r"curl/": {"net/smtp_client.cpp"},
    r"libxml/": {"net/xml_tree.cpp"},
    r"zlib\.h": {"cli/byte_source.cpp"},
}
FOLDER_OF = {
    r"sqlite3\.h": ("store/ledger/",),
    r"simdjson\.h": ("ingest/", "cli/", "../bench/"),
    r"boost/": ("net/",),
    r"openssl/": ("base/hash.cpp", "base/cipher.cpp", "store/ledger/", "net/"),
    r"hs/hs\.h": ("detect/",),
    r"zstd\.h": ("store/journal/", "wire/", "cli/"),
    r"argon2\.h": ("hub/",),
    r"CLI/": ("cli/",),
    r"zip\.h": ("hub/", "report/"),
    r"pugixml\.hpp": ("hub/", "report/"),
    r"systemd/": ("agent/linux/",),
}
BANNED_IN_ENGINES = re.compile(r"<(chrono|thread|mutex|filesystem|fstream|iostream)>|\bclock_gettime\b|\btime\(nullptr\)")
AGENT_MAY_LINK = re.compile(r"lib(c|m|stdc\+\+|gcc_s|ssl|crypto|zstd|fmt|systemd|dl|pthread|asan|ubsan|tsan)\.so|linux-vdso|ld-linux|"
                            r"lib(cap|gcrypt|lzma|lz4|gpg-error|xxhash)\.so")

errors = []


def check_file(path):
    relative = path.relative_to(SRC).as_posix()
    folder = relative.split("/")[0]
    is_test = re.search(r"_(test|fuzz|bench)\.cpp$", relative) or "/testing/" in relative
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        quoted = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        angled = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        if quoted and "/" in quoted.group(1):
            check_include(relative, folder, number, quoted.group(1))
        header = (quoted or angled).group(1) if (quoted or angled) else None
        if header and not is_test:
            check_third_party(relative, number, header)
        if folder in ENGINES and not is_test and BANNED_IN_ENGINES.search(line):
            errors.append(f"src/{relative}:{number}: an engine must not use files, clocks or threads: {line.strip()}")


def check_include(relative, folder, number, target):
    top = target.split("/")[0]
    if top == folder:
        if folder == "store":
            mine, other = relative.split("/")[1], target.split("/")[1]
            if mine != other and {mine, other} <= STORE_HALVES:
                errors.append(f"src/{relative}:{number}: store/{mine} must not include store/{other}")
        return
    if top in ALLOWED and top not in ALLOWED[folder]:
        errors.append(f"src/{relative}:{number}: {folder} must not include {top} ({target})")


def check_third_party(relative, number, header):
    for pattern, files in THIRD_PARTY.items():
        if re.match(pattern, header):
            places = files if files is not None else FOLDER_OF[pattern]
            if not any(relative == place or (place.endswith("/") and relative.startswith(place)) for place in places):
                errors.append(f"src/{relative}:{number}: <{header}> belongs into {sorted(places)}")


def check_agent(build):
    agent = next(iter(pathlib.Path(build).glob("src/**/phendau-agent")), None)
    if agent is None:
        print("layers: no phendau-agent in the build folder; its libraries were not checked")
        return
    out = subprocess.run(["readelf", "-d", str(agent)], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"NEEDED.*\[(.*)\]", out):
        if not AGENT_MAY_LINK.search(library):
            errors.append(f"phendau-agent links {library}")


for path in sorted(SRC.rglob("*")):
    if path.suffix in (".h", ".cpp") and path.is_file():
        if path.relative_to(SRC).parts[0] not in ALLOWED:
            errors.append(f"{path}: folder is not in the table of tools/layers.py")
            continue
        check_file(path)
if len(sys.argv) > 1:
    check_agent(sys.argv[1])
for error in errors:
    print(error)
print(f"layers: {len(errors)} violations")
sys.exit(1 if errors else 0)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the licence of everything that our programs link and of every npm package in the portal, and fails on one that an
Apache-2.0 product may not link. Usage: licences.py PROGRAM..."""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Debian source package -> licence, read from /usr/share/doc/*/copyright of Debian 12. A library that is not here fails.
KNOWN = {
    "libc6": "LGPL-2.1+ (dynamic)", "libgcc-s1": "GPL-3 with runtime exception", "libstdc++6": "GPL-3 with runtime exception",
    "libssl3": "Apache-2.0", "libfmt9": "MIT", "libyaml-cpp0.7": "MIT", "libxxhash0": "BSD-2-Clause",
    "libpcre2-8-0": "BSD-3-Clause", "libicu72": "Unicode-DFS", "libsqlite3-0": "public domain", "libzstd1": "BSD-3-Clause",
    "libsimdjson14": "Apache-2.0", "libvectorscan5": "BSD-3-Clause", "libhyperscan5": "BSD-3-Clause",
    "libargon2-1": "CC0 or Apache-2.0", "libsystemd0": "LGPL-2.1+ (dynamic)", "libcap2": "BSD-3-Clause",
    "libgcrypt20": "LGPL-2.1+ (dynamic)", "liblzma5": "public domain", "liblz4-1": "BSD-2-Clause",
    "libgpg-error0": "LGPL-2.1+ (dynamic)", "libzip4": "BSD-3-Clause", "libxml2": "MIT", "libpugixml1v5": "MIT", "zlib1g": "Zlib",
    "libbz2-1.0": "bzip2", "libgnutls30": "LGPL-2.1+ (dynamic)", "libmbedcrypto7": "Apache-2.0",
    "libasan8": "with GCC", "libubsan1": "with GCC", "libtsan2": "with GCC",
    "libp11-kit0": "BSD-3-Clause", "libidn2-0": "LGPL-3+ (dynamic)", "libunistring2": "LGPL-3+ (dynamic)",
    "libtasn1-6": "LGPL-2.1+ (dynamic)", "libnettle8": "LGPL-3+ (dynamic)", "libhogweed6": "LGPL-3+ (dynamic)",
    "libgmp10": "LGPL-3+ (dynamic)", "libffi8": "MIT", "libcurl4": "curl (MIT)", "libbrotli1": "MIT", "libcom-err2": "MIT",
    "libgssapi-krb5-2": "MIT", "libk5crypto3": "MIT", "libkrb5-3": "MIT", "libkrb5support0": "MIT",
    "libkeyutils1": "LGPL-2+ (dynamic)", "libldap-2.5-0": "OpenLDAP-2.8", "libnghttp2-14": "MIT", "libpsl5": "MIT",
    "librtmp1": "LGPL-2.1+ (dynamic)", "libsasl2-2": "BSD-3-Clause", "libssh2-1": "BSD-3-Clause",
}
NPM_ALLOWED = re.compile(r"^(MIT|ISC|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|0BSD|CC0-1\.0|BlueOak-1\.0\.0|Python-2\.0|CC-BY-4\.0|"
                         r"Unlicense|MPL-2\.0|\(MIT OR .*\)|MIT OR .*|\(.* OR MIT\))$")
errors = []


def package_of(library):
    out = subprocess.run(["dpkg", "-S", library], capture_output=True, text=True).stdout
    if not out:
        alternative = library[4:] if library.startswith("/usr/") else "/usr" + library
        out = subprocess.run(["dpkg", "-S", alternative], capture_output=True, text=True).stdout
    return out.split(":")[0] if out else ""


def check_program(program):
    out = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    for library in re.findall(r"=> (/\S+)", out):
        package = package_of(library) or package_of(str(pathlib.Path(library).resolve()))
        licence = KNOWN.get(package)
        print(f"  {pathlib.Path(library).name:32} {package:20} {licence or 'NOT LISTED'}")
        if licence is None:
            errors.append(f"{program}: {library} (package '{package}') has no licence entry in tools/licences.py")


def check_npm():
    lock = ROOT / "web" / "package-lock.json"
    if not lock.exists():
        return
    shipped = 0
    for name, entry in json.loads(lock.read_text())["packages"].items():
        if not name:
            continue
        licence = entry.get("license", "")
        shipped += 0 if entry.get("dev") else 1
        if not NPM_ALLOWED.match(licence):
            errors.append(f"npm {name}: licence '{licence}'")
    print(f"  npm: {shipped} packages shipped")


for argument in sys.argv[1:]:
    print(argument)
    check_program(argument)
check_npm()
for error in errors:
    print(error)
print(f"licences: {len(errors)} findings")
sys.exit(1 if errors else 0)

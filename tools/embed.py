#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes an assembler file and a table of the portal's files. Usage: embed.py DIST_DIR OUT_S OUT_INC OUT_DEPS_DIR"""
import gzip
import pathlib
import re
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".json": "application/json", ".png": "image/png", ".ico": "image/x-icon",
         ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8"}


def main():
    dist, out_s, out_inc, work = (pathlib.Path(a) for a in sys.argv[1:5])
    work.mkdir(parents=True, exist_ok=True)
    files = sorted(p for p in dist.rglob("*") if p.is_file() and p.suffix in TYPES) if dist.is_dir() else []
    assembler = [".section .note.GNU-stack,\"\",%progbits", ".section .rodata"]
    declarations, rows = [], []
    for number, path in enumerate(files):
        name = "/" + path.relative_to(dist).as_posix()
        packed = gzip.compress(path.read_bytes(), 9, mtime=0)
        packed_path = work / f"{number}.gz"
        packed_path.write_bytes(packed)
        use_gzip = len(packed) < path.stat().st_size * 0.95
        for kind, file in (("raw", path), ("gz", packed_path)):
            if kind == "gz" and not use_gzip:
                continue
            label = f"phendau_asset_{number}_{kind}"
            assembler += [f".global {label}", f"{label}:", f'.incbin "{file}"', f".global {label}_end", f"{label}_end:"]
            declarations.append(f'extern "C" const char {label}[];\nextern "C" const char {label}_end[];')
        view = lambda kind: (f"{{phendau_asset_{number}_{kind}, static_cast<std::size_t>(phendau_asset_{number}_{kind}_end - "
                             f"phendau_asset_{number}_{kind})}}")
        hashed = "true" if re.search(r"-[A-Za-z0-9_-]{8,}\.", path.name) else "false"
        rows.append(f'    {{"{name}", {view("raw")}, {view("gz") if use_gzip else "{}"}, "{TYPES[path.suffix]}", {hashed}}},')
    out_s.write_text("\n".join(assembler) + "\n")
    table = "\n".join(rows) if rows else "    {},"
    out_inc.write_text("\n".join(declarations) + f"\nconst Asset kAssets[] = {{\n{table}\n}};\n")


main()

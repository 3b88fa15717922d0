#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles src/texts/*.json into a sorted C++ table. Usage: make_texts.py OUT IN..."""
import json
import re
import sys


def literal(text):
    """A C++ string literal in ASCII."""
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append("\\%03o" % byte)
    return '"' + "".join(out) + '"'


def main():
    out_path, *inputs = sys.argv[1:]
    texts = {}
    for path in inputs:
        for key, value in json.load(open(path, encoding="utf-8")).items():
            if key in texts:
                sys.exit(f"{path}: text id '{key}' is defined twice")
            if set(value) != {"vi", "en"}:
                sys.exit(f"{path}: '{key}' needs exactly vi and en")
            if set(re.findall(r"\{\d\}", value["vi"])) != set(re.findall(r"\{\d\}", value["en"])):
                sys.exit(f"{path}: '{key}' uses different arguments in vi and en")
            texts[key] = value
    with open(out_path, "w", encoding="ascii") as out:
        out.write("constexpr Entry kTexts[] = {\n")
        for key in sorted(texts):
            out.write(f"    {{{literal(key)}, {literal(texts[key]['vi'])},\n     {literal(texts[key]['en'])}}},\n")
        out.write("};\n")


main()

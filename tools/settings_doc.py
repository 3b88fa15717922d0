#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""settings_doc.py: every setting that hub and agent accept has a row in docs/reference/settings.md, and no row is about a
setting that is gone. A test of the tree; exit 1 names the difference."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
page = (ROOT / "docs" / "reference" / "settings.md").read_text()


def rows(title):
    part = page.split(f"## {title}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", part, re.M))


hub = (ROOT / "src" / "hub" / "config.cpp").read_text()
members = re.search(r"kConfigMembers\[\] = \{(.*?)\};", hub, re.S)[1]
agent = (ROOT / "src" / "agent" / "config.cpp").read_text()
wanted = {"Hub": set(re.findall(r'"(\w+)"', members)), "Agent": set(re.findall(r'key == "(\w+)"', agent))}
problems = []
for title, names in wanted.items():
    problems += [f"{title}: no row for '{name}'" for name in sorted(names - rows(title))]
    problems += [f"{title}: '{name}' is no setting" for name in sorted(rows(title) - names)]
print("\n".join(problems) or "settings.md is complete")
sys.exit(1 if problems else 0)

# SPDX-License-Identifier: Apache-2.0
"""A stranger can write a pack with docs/packs.md alone: its blocks together are a pack without a mistake, the worked example
validates and is covered, `pack list` names what the guide points to, and slips of the pen are answered with the name that was
meant, at the place where it stands."""
import json
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PHENDAU, ROOT, run, scratch

packs = scratch() / "packs"
shutil.copytree(ROOT / "packs" / "base", packs / "base")
shutil.copytree(ROOT / "docs" / "examples" / "binh-minh", packs / "binh-minh")


def validate(name):
    done = run(PHENDAU, "pack", "validate", packs / name, "--format", "json", check=False)
    return json.loads(done.stdout)


def place_of(block, number):
    """Where a block of the guide belongs: its first key says so."""
    key = block.split(":", 1)[0].split("\n")[-1]
    if key == "id":
        return "workflows/ex_case.yaml" if "case_kind:" in block else "classification.yaml" if "outcomes:" in block else "pack.yaml"
    if key == "title" and "|expand" in block:
        return "indicators/ex.yml"
    if key == "paper":
        return "documents/ex_letter.yaml"
    if key == "rule":
        return "rules/posture/ex.tests.yaml"
    return {"title": "rules/posture/ex.yml", "terms": "glossary.yaml", "clauses": f"clauses/{number}.yaml", "state_titles":
            f"registers/{number}.yaml", "registers": f"registers/{number}.yaml", "extends": f"registers/{number}.yaml", "sources": "sources/ex.yaml", "years": "calendar.yaml",
            "extensions": "upload_guard.yaml", "regimes": "regimes.yaml", "rankings": "ranking.yaml", "notices": "notices.yaml", "parties": "coordination.yaml", "reminders": "pack.yaml"}.get(key)


guide = (ROOT / "docs" / "packs.md").read_text(encoding="utf-8")
blocks = [re.sub(r"^    ", "", block, flags=re.M) for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", guide, re.M)]
blocks = [block.strip("\n") + "\n" for block in blocks]
blocks = [block for block in blocks if re.match(r"[a-z_]+:", block)]
assert len(blocks) >= 15, len(blocks)
files = {}
for number, block in enumerate(blocks):
    path = place_of(block, number)
    assert path, f"what is this block?\n{block}"
    if block.startswith("registers:") and "\nclauses:" in block:
        block, clauses = block.split("\nclauses:")
        files[f"clauses/{number}.yaml"] = "clauses:" + clauses
    if block.startswith("reminders:"):  # the longer form of what the first block says in one line
        files[path] = re.sub(r"^reminders:.*\n", lambda _: block, files[path], flags=re.M)
    else:
        assert path not in files, f"two blocks for {path}"
        files[path] = block
for path, text in files.items():
    target = packs / "guide" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
sys.path.insert(0, str(ROOT / "tools"))
import make_templates  # noqa: E402
make_templates.PAPERS["ex_letter"] = lambda: make_templates.head(letter=True) + make_templates.body("{{case.title}}: {{state}}", "{{answer}}")
(packs / "guide" / "documents" / "ex_letter.docx").write_bytes(make_templates.make("ex_letter"))
report = validate("guide")
assert report["ok"], json.dumps(report["errors"], indent=1, ensure_ascii=False)
print(f"{len(blocks)} blocks of the guide are a pack")

report = validate("binh-minh")
assert report["ok"], json.dumps(report["errors"], indent=1, ensure_ascii=False)
cover = json.loads(run(PHENDAU, "pack", "coverage", packs / "binh-minh", "--format", "json").stdout)
assert cover["counts"]["clauses"] == 13 and cover["counts"]["parts_pending"] == 0, cover["counts"]

# What a pack adds to a register of base is in the list, and what it must not change is refused where it stands.
listed = json.loads(run(PHENDAU, "pack", "list", "registers", "--pack", packs / "guide", "--format", "json").stdout)["registers"]
admission = next(one for one in listed if one["name"] == "device_admission")
assert {"ex_room", "serial"} <= {f["name"] for f in admission["fields"]}, admission
assert next(f for f in admission["fields"] if f["name"] == "kind")["type"].endswith("other, ex_kiosk"), admission
assert next(m for m in admission["moves"] if m["to"] == "approved")["needs"] == ["ip_address", "approved_by", "approved_on", "decision_number"], admission
extending = next(packs / "guide" / path for path, text in files.items() if text.startswith("extends:"))
moving = next(packs / "guide" / path for path, text in files.items() if "addressed:" in text)
for path, right, wrong, reason in [
        (extending, "kind: {enum", "kind: {pattern: x, enum", "field 'kind' of an imported register keeps its 'pattern'"),
        (extending, "title: {vi: ..., en: ...}", "owner: province", "'owner' of an imported register cannot be changed"),
        (extending, "kind: device_admission", "kind: device_admision", "did you mean 'device_admission'"),
        (extending, "needs: [decision_number]", "needs: [decision]", "has no field 'decision'"),
        (moving, "link: {device_id: device_id}", "link: {lent_on: device_id}", "'lent_on' must be among 'indexed' of register 'ex_loan'"),
        (moving, "register: ex_loan", "register: ex_lown", "did you mean 'ex_loan'"),
        (moving, "{result: [good, fair]}", "{result: [good, fine]}", "'fine' of 'result' is none of good, fair, bad"),
        (moving, "{field: sent_to}", "{field: place}", "no value of 'place' is a role slot"),
        (moving, "{role: lead_department,", "{role: lead_departmen,", "did you mean 'lead_department'"),
        (packs / "guide/documents/ex_letter.yaml", "begins: [case]", "begins: [cases]", "'cases' is not case, agency or record:KIND"),
        (packs / "guide/documents/ex_letter.yaml", "type: long", "type: longer", "type 'longer' is not text, long, lines, rows, flag or chart"),
        (moving, "when: {place: outside}", "when: {plaice: outside}", "did you mean 'place'")]:
    before = path.read_text(encoding="utf-8")
    assert before.count(right) == 1, right
    path.write_text(before.replace(right, wrong), encoding="utf-8")
    errors = validate("guide")["errors"]
    assert len(errors) == 1 and reason in errors[0]["reason"] and errors[0]["file"].endswith(path.name), (wrong, errors)
    path.write_text(before, encoding="utf-8")

# What the guide points to is there, with titles and types.
lists = json.loads(run(PHENDAU, "pack", "list", "--pack", packs / "binh-minh", "--format", "json").stdout)
assert set(lists) == {"rules", "registers", "settings", "facts", "parameters", "roles", "scopes", "workflows"}, set(lists)
by_name = {what: {one["name"]: one for one in items} for what, items in lists.items()}
assert by_name["rules"]["posture_login_lockout"]["kind"] == "posture"
assert by_name["rules"]["posture_login_lockout"]["fact"] == "login_lockout"
leaver = by_name["registers"]["leaver"]
assert {"name": "left_on", "type": "date", "title": {"vi": "Ngày nghỉ, chuyển", "en": "Left on"}, "required": True} in leaver["fields"], leaver
assert leaver["states"] == ["open", "done"] and leaver["moves"][0]["to"] == "done", leaver
assert by_name["registers"]["staff"]["subject_kind"] == "person"
assert "upper" in by_name["parameters"]["password_classes"]["values"]
assert by_name["parameters"]["password_min_length"]["value"] == 10
assert "hub.tls" in by_name["settings"] and "past_six_years" in by_name["scopes"] and "police" in by_name["roles"]
page = (ROOT / "docs" / "reference" / "facts.md").read_text(encoding="utf-8")
for row in re.findall(r"^\| `(\w+)` \| (one|list) \|.*?\|(.*)\|$", page, re.M):
    fact = by_name["facts"].pop(row[0])
    assert fact["rows"] == row[1], (row, fact)
    # Fields stand before brackets; what is inside are values.
    named = set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row[2])))
    assert named == {field["name"] for field in fact["fields"]}, (row[0], named ^ {field["name"] for field in fact["fields"]})
assert not by_name["facts"], by_name["facts"]
one = run(PHENDAU, "pack", "list", "registers", "--pack", packs / "binh-minh", "--lang", "vi").stdout
assert "Máy công vụ" in one and "in_use_since* (date)" in one, one[-2000:]
assert run(PHENDAU, "pack", "list", "colours", check=False).returncode == 2

# Slips of the pen: what was meant, and where it stands.
clauses = packs / "binh-minh" / "clauses" / "all.yaml"
pack = packs / "binh-minh" / "pack.yaml"
slips = [
    (clauses, "posture_password_max_age}", "password_max_age}", "did you mean 'posture_password_max_age'"),
    (clauses, "ref: attendance", "ref: attendence", "no register 'attendence'; did you mean 'attendance'"),
    (clauses, "subject: role:police", "subject: role:polise", "no role slot 'polise'; did you mean 'police'"),
    (clauses, "'%isolate_within%'", "'%isolate_withi%'", "no parameter 'isolate_withi'; did you mean 'isolate_within'"),
    (pack, "default: [upper, lower, digit]", "default: [uper, lower, digit]", "did you mean 'upper'"),
    (pack, "default: 30m", "default: 0m", "count from 1"),
]
for path, right, wrong, reason in slips:
    before = path.read_text(encoding="utf-8")
    assert before.count(right) == 1, right
    path.write_text(before.replace(right, wrong), encoding="utf-8")
    # The imported procedure takes the parameter, too.
    errors = [one for one in validate("binh-minh")["errors"] if one["file"] != "base/workflows/incident.yaml"]
    where = clauses if wrong.endswith("0m") else path
    assert len(errors) == 1 and reason in errors[0]["reason"], (wrong, errors)
    assert errors[0]["file"].endswith(where.name), (wrong, errors)
    path.write_text(before, encoding="utf-8")

# The list helps while the pack has mistakes.
(packs / "binh-minh" / "clauses" / "broken.yaml").write_text("clauses:\n  - id: x\n   y: %a%\n", encoding="utf-8")
assert not validate("binh-minh")["ok"]
assert "bm_router" in run(PHENDAU, "pack", "list", "registers", "--pack", packs / "binh-minh").stdout
print("ok")

# SPDX-License-Identifier: Apache-2.0
"""Packs and a round of obligations in OSCAL are valid against NIST's published schemas, and a second export of the same
pack names everything the same. Skipped where the schemas (../shared) or Debian's python3-jsonschema are missing."""
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import BUILD, PHENDAU, ROOT, SHARED, Client, Hub, Problem, run, scratch, skip, wait_for

try:
    import jsonschema
except ImportError:
    # Debian's own Python has the package; another one in front of it need not.
    if os.environ.get("PHENDAU_RETRIED") is None and pathlib.Path("/usr/bin/python3").exists():
        os.execve("/usr/bin/python3", ["/usr/bin/python3", *sys.argv], {**os.environ, "PHENDAU_RETRIED": "1"})
    skip("python3-jsonschema is not installed")

SCHEMAS = SHARED / "schemas" / "oscal"
if not SCHEMAS.is_dir():
    skip("../shared/schemas/oscal is missing")


def plain(node):
    """Python's regular expressions know no \\p{L} and \\p{N}: letters and digits, said otherwise."""
    if isinstance(node, dict):
        return {key: value.replace(r"\p{L}", r"[^\W\d_]").replace(r"\p{N}", r"\d") if key == "pattern" and isinstance(value, str)
                else plain(value) for key, value in node.items()}
    return [plain(item) for item in node] if isinstance(node, list) else node


def validator(name):
    schema = plain(json.loads((SCHEMAS / f"oscal_{name}_schema.json").read_text(encoding="utf-8")))
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


def valid(kind, text):
    document = json.loads(text)
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in CHECK[kind].iter_errors(document)]
    assert not errors, "\n".join(errors[:20])
    return document


def names(node, key):
    if isinstance(node, dict):
        return ([node[key]] if isinstance(node.get(key), str) else []) + [n for value in node.values() for n in names(value, key)]
    return [n for item in node for n in names(item, key)] if isinstance(node, list) else []


CHECK = {name: validator(name) for name in ("catalog", "profile", "assessment-results")}
# The validator itself is not blind.
assert list(CHECK["catalog"].iter_errors({"catalog": {"uuid": "x", "metadata": {}}}))

packs = 0
for pack in sorted(path.parent for path in (ROOT / "packs").glob("*/pack.yaml")):
    done = run(PHENDAU, "pack", "export", "--pack", pack, "--format", "oscal-catalog", check=False)
    if done.returncode != 0:
        assert not pack.joinpath("clauses").is_dir(), done.stderr
        continue
    catalog = valid("catalog", done.stdout)
    profile = valid("profile", run(PHENDAU, "pack", "export", "--pack", pack, "--format", "oscal-profile").stdout)
    ids = names(catalog["catalog"].get("groups", []), "id")
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)[:5]
    uuids = names(catalog, "uuid")
    assert len(uuids) == len(set(uuids))
    imports = profile["profile"]["imports"][0]
    chosen = [one for group in imports.get("include-controls", []) for one in group["with-ids"]]
    assert set(chosen) <= set(ids) and imports["href"] == "#" + catalog["catalog"]["uuid"]
    again = json.loads(run(PHENDAU, "pack", "export", "--pack", pack).stdout)
    assert names(again, "uuid") == uuids
    print(f"{pack.name}: {len(ids)} ids, {len(chosen)} controls in the profile")
    packs += 1
assert packs >= 1

# A sample with every status, and a round over a real pack.
folder = scratch()
for program, case, variable in (("report_test", "oscal: results*", "PHENDAU_OSCAL_SAMPLE"),
                                ("hub_test", "a pack and a round*", "PHENDAU_OSCAL_ROUND")):
    out = folder / f"{program}.json"
    subprocess.run([BUILD / "src" / program, f"--test-case={case}"], check=True, capture_output=True,
                   env={**os.environ, variable: str(out)})
    results = valid("assessment-results", out.read_text(encoding="utf-8"))["assessment-results"]["results"][0]
    uuids = names(results, "uuid")
    assert len(uuids) == len(set(uuids))
    print(f"assessment results of {program}: {len(results['observations'])} observations")

# What a running hub serves: the round of those whom the caller sees, with evidence that can be opened.
hub = Hub().init(agency="so-tttt", name="Sở Thông tin và Truyền thông").start()
admin = hub.admin()
admin.post("/agencies", {"code": "xa-mot", "name": "Xã Một"})
admin.post("/agencies", {"code": "xa-hai", "name": "Xã Hai"})
made = admin.post("/users", {"username": "can-bo", "name": "x", "role": "agency_officer", "agency_ids": ["xa-mot"]})
officer = Client(hub.port).sign_in("can-bo", made["one_time_password"], "Mat-khau-rieng-7!")
line = {k["kind"]: k for k in officer.get("/registers")["items"]}["budget_line"]["schema"]["properties"]
record = officer.post("/registers/budget_line", {"doc": {"subject": line["subject"].get("enum", ["Tường lửa"])[0], "amount_million_vnd": 40, "decided_on": time.strftime("%Y-02-01")}})


def served(client, **query):
    results = valid("assessment-results", json.dumps(client.get("/obligations/oscal", **query)))["assessment-results"]["results"][0]
    return results, [e for o in results.get("observations", []) for e in o.get("relevant-evidence", [])]


href = f"/api/v1/registers/budget_line/{record['id']}"
wait_for(lambda: any(o["status"] == "met" for o in officer.get("/obligations", part="hg-1374:9.3", limit=50)["items"]), 60)
results, evidence = served(officer)
assert href in [e.get("href") for e in evidence], evidence
assert officer.get(href.removeprefix("/api/v1"))["id"] == record["id"]
listed = sum(1 for _ in names(officer.get("/obligations", agency="xa-mot", limit=200)["items"], "would_change"))
assert len(results["observations"]) >= listed > 50, (len(results["observations"]), listed)
assert "Xã Hai" not in json.dumps(results, ensure_ascii=False) and "Xã Một" in json.dumps(officer.get("/obligations/oscal"), ensure_ascii=False)
assert "Xã Hai" in json.dumps(admin.get("/obligations/oscal"), ensure_ascii=False)
assert {e["href"] for e in served(admin, agency="xa-mot")[1] if "href" in e} >= {href}
year = time.strftime("%Y")
round_of_year, _ = served(admin, agency="xa-mot", period=year)
assert 0 < len(round_of_year["observations"]) < len(results["observations"]), "one round is less than all"
try:
    officer.get("/obligations/oscal", agency="xa-hai")
    raise AssertionError("another agency's round")
except Problem as problem:
    assert problem.status == 404, problem
hub.stop()
assert not hub.errors(), hub.errors()
print(f"served: {len(results['observations'])} observations, {len(evidence)} pieces of evidence")

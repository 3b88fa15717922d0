# SPDX-License-Identifier: Apache-2.0
"""A case opens, is walked step by step and closes under the pack of every province."""
import datetime
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import ROOT, Client, Hub, refused

PASSWORD = "Mat-khau-rieng-7!"
PROVINCES = sorted(folder.name for folder in (ROOT / "packs").iterdir() if (folder / "clauses").is_dir())
assert len(PROVINCES) == 5, PROVINCES


def instant(minutes=0):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def value_for(schema):
    """Something that the schema takes."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return instant()
    if schema.get("format") == "date":
        return instant()[:10]
    if schema.get("pattern") == "^[0-9a-f]{64}$":
        return "0" * 64
    kind = schema.get("type")
    if kind == "object":
        return filled(schema)
    if kind == "array":
        return [value_for(schema["items"])]
    return {"boolean": True, "integer": 1}.get(kind, "Nội dung thử")


def filled(form):
    return {name: value_for(schema) for name, schema in form.get("properties", {}).items()}


def person(hub, admin, name, role, *agencies):
    made = admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": list(agencies)})
    return Client(hub.port).sign_in(name, made["one_time_password"], PASSWORD)


def walk(client, case):
    """Does every open step in order; the closed case."""
    for step in case["definition"]["steps"]:
        if next(s for s in case["steps"] if s["id"] == step["id"])["state"] in ("done", "skipped"):
            continue
        assert not case["may_close"], step["id"]
        case = client.post(f"/incidents/{case['id']}/steps/{step['id']}", {"verb": "done", "doc": filled(step["form"])})
    assert case["may_close"], case["next_needed"]
    return client.post(f"/incidents/{case['id']}/close", {"summary": "Đã xử lý xong"})


for province in PROVINCES:
    hub = Hub(pack=ROOT / "packs" / province, config={"assess_every": "1h"}).init(agency="xa-mot", name="Xã Một").start()
    admin = hub.admin()
    officer = person(hub, admin, "canbo.mot", "agency_officer", "xa-mot")
    case = officer.post("/incidents", {"title": "Trang thông tin bị thay giao diện", "agency_id": "xa-mot"})
    assert len(case["definition"]["steps"]) == 5 and case["status"] == "open", case
    refused(409, lambda: officer.post(f"/incidents/{case['id']}/close", {"summary": "chưa xong"}))
    closed = walk(officer, case)
    assert closed["status"] == "closed" and closed["steps_done"] == 5, closed
    assert officer.get("/incidents")["items"][0]["status"] == "closed"
    hub.stop()
print("ok")

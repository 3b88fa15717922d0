# SPDX-License-Identifier: Apache-2.0
"""A case opens, is walked step by step and closes under the pack of every province; the head of the agency reports, and does nothing else. Its
definition stays when the pack's file is replaced and the hub restarted; it ends early, is opened again, its detection is corrected with a reason."""
import datetime
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import ROOT, Client, Hub, refused, scratch

PASSWORD = "Mat-khau-rieng-7!"
PROVINCES = sorted(folder.name for folder in (ROOT / "packs").iterdir() if (folder / "clauses").is_dir())
assert len(PROVINCES) == 5, PROVINCES
# The clause by which the police are asked to investigate.
POLICE = {"ha-giang": "hg-1374:8.1", "hung-yen": "hy-05:13.5", "son-la": "sl-3063:6.1.e"}


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


def is_done(case, step):
    return next(s for s in case["steps"] if s["id"] == step)["state"] in ("done", "skipped")


def walk(client, case):
    """Does every open step in order, also those that an answer brings up; the closed case."""
    while step := next((s for s in case["definition"]["steps"] if not is_done(case, s["id"])), None):
        assert not case["may_close"], step["id"]
        case = client.post(f"/incidents/{case['id']}/steps/{step['id']}", {"verb": "done", "doc": filled(step["form"])})
    assert case["may_close"], case["next_needed"]
    return client.post(f"/incidents/{case['id']}/close", {"summary": "Đã xử lý xong"})


def form_of(case, step):
    return filled(next(s for s in case["definition"]["steps"] if s["id"] == step)["form"])


for province in PROVINCES:
    hub = Hub(pack=ROOT / "packs" / province, config={"assess_every": "1h"}).init(agency="xa-mot", name="Xã Một").start()
    admin = hub.admin()
    officer = person(hub, admin, "canbo.mot", "agency_officer", "xa-mot")
    case = officer.post("/incidents", {"title": "Trang thông tin bị thay giao diện", "agency_id": "xa-mot"})
    assert len(case["definition"]["steps"]) == 5 and case["status"] == "open", case
    refused(409, lambda: officer.post(f"/incidents/{case['id']}/close", {"summary": "chưa xong"}))
    # The step that names the head is his, at any time; the others are not, and neither is another agency's case.
    head = person(hub, admin, "lanhdao.mot", "agency_head", "xa-mot")
    assert [s["id"] for s in head.get(f"/incidents/{case['id']}")["steps"] if s["may_act"]] == ["report"]
    assert [s["step"] for s in head.get("/tasks")["steps"]] == ["report"] and [s["step"] for s in officer.get("/tasks")["steps"]] == ["isolate"]
    refused(403, lambda: head.post(f"/incidents/{case['id']}/steps/isolate", {"verb": "done", "doc": form_of(case, "isolate")}))
    case = head.post(f"/incidents/{case['id']}/steps/report", {"verb": "done", "doc": form_of(case, "report")})
    assert case["steps_done"] == 1 and case["timeline"][-1]["by"] == "lanhdao.mot", case["timeline"]
    # Serious and with personal data: two more reports are due.
    # What is asked of others is to be answered in the pack's term; a document that names none has ours.
    officer.post("/registers/coordination_request", {"agency_id": "xa-mot", "doc": {"to_body": "lead_department", "wanted": "information", "channel": "phone",
                                                                                    "sent_at": instant(), "content": "x", "case_id": case["id"]}})
    assert (request := officer.get(f"/incidents/{case['id']}/coordination")["requests"][0])["due_at"] > request["sent_at"] and not request["overdue"], request
    # What is filled in says that the agency cannot mend it and, where the procedure asks, that information security was breached.
    closed = walk(officer, case)
    asked = admin.get(f"/incidents/{case['id']}/coordination")["proposals"]
    assert POLICE.get(province) == next((p["clause"] for p in asked if p["to_body"] == "police" and p["wanted"] == "investigation"), None), (province, asked)
    assert closed["status"] == "closed" and closed["steps_done"] == closed["steps_total"] == 7, closed
    assert officer.get("/incidents")["items"][0]["status"] == "closed"
    refused(403, lambda: head.post(f"/incidents/{case['id']}/reopen", {"reason": "chưa yên tâm"}))
    refused(400, lambda: officer.post(f"/incidents/{case['id']}/reopen", {"reason": " "}))
    again = officer.post(f"/incidents/{case['id']}/reopen", {"reason": "Lại thấy dấu hiệu cũ"})
    assert again["status"] == "open" and again["may_close"] and again["timeline"][-1]["kind"] == "reopened"
    officer.post(f"/incidents/{case['id']}/steps/restore", {"verb": "reopen", "reason": "Làm lại"})
    assert officer.post(f"/incidents/{case['id']}/stop", {"reason": "Gộp vào hồ sơ khác"})["stop_reason"] == "Gộp vào hồ sơ khác"
    hub.stop()

# A folder of packs of its own, so that the procedure can be replaced under a running case.
packs = scratch() / "packs"
shutil.copytree(ROOT / "packs" / "base", packs / "base")
shutil.copytree(ROOT / "packs" / "lao-cai", packs / "lao-cai")
hub = Hub(pack=packs / "lao-cai", config={"assess_every": "1h"}).init(agency="xa-mot", name="Xã Một").start()
admin = hub.admin()
before = admin.post("/incidents", {"title": "Máy chủ gửi thư lạ", "agency_id": "xa-mot", "detected_at": instant(-90)})
before = admin.post(f"/incidents/{before['id']}/steps/isolate", {"verb": "done", "doc": form_of(before, "isolate")})
law = next(c for c in before["clocks"] if "rule" in c)
assert law["rule"] == "VN-2026" and law["from"] == before["detected_at"] and law["due_at"] > law["from"], law
refused(400, lambda: admin.post(f"/incidents/{before['id']}/detected", {"detected_at": instant(60), "reason": "x"}))
refused(400, lambda: admin.post(f"/incidents/{before['id']}/detected", {"detected_at": instant(-100), "reason": ""}))
moved = admin.post(f"/incidents/{before['id']}/detected", {"detected_at": "2026-06-30T23:59:00+07:00", "reason": "Nhật ký ghi trước đó"})
assert next(c for c in moved["clocks"] if "rule" in c)["rule"] == "VN-LEGACY" and moved["timeline"][-1]["kind"] == "detected"
hub.stop()
(packs / "lao-cai" / "workflows").mkdir()
(packs / "lao-cai" / "coordination.yaml").unlink()  # asks the forms of the procedure that goes
(packs / "lao-cai" / "workflows" / "incident.yaml").write_text(
    "id: incident\ntitle_vi: Khác\ntitle_en: Other\ncase_kind: case\nsteps:\n  - {id: only, title_vi: Một bước, title_en: One}\n", encoding="utf-8")
hub.start()
admin = hub.admin()
same = admin.get(f"/incidents/{before['id']}")
assert [s["id"] for s in same["steps"]] == [s["id"] for s in moved["steps"]] and same["steps_done"] == 1, same["steps"]
assert walk(admin, same)["status"] == "closed"
assert [s["id"] for s in admin.post("/incidents", {"title": "Mới", "agency_id": "xa-mot"})["steps"]] == ["only"]
entries = admin.get(f"/incidents/{before['id']}/entries", limit=2)
kinds = [e["kind"] for e in entries["items"]]
while entries["next_cursor"]:
    entries = admin.get(f"/incidents/{before['id']}/entries", limit=2, cursor=entries["next_cursor"])
    kinds += [e["kind"] for e in entries["items"]]
assert kinds[0] == "closed" and kinds[-1] == "opened" and "detected" in kinds and len(kinds) == admin.get(f"/incidents/{before['id']}")["timeline_total"]
hub.stop()
print("ok")

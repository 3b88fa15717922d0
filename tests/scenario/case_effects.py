# SPDX-License-Identifier: Apache-2.0
"""What a case brings about by itself, on the real hub, killed at many moments: the report step drafts the initial report and tells head and
department; a draft that says "beyond our ability" tells them at once; an order is proposed for the machine that the form names and given by a
person; closing drafts the final report. The clock moves: the first step's term is reminded of, is told to be late, and goes up to the head and
the lead department. Each of it once, in the timeline and in what people were told, whatever was killed when; a running case goes on doing what
the procedure said that it began with."""
import collections
import datetime
import pathlib
import random
import re
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import FAKETIME, ROOT, Agent, Client, Clock, Hub, refused, scratch, skip, wait_for

if not FAKETIME.exists():
    skip("libfaketime is not installed (Debian: faketime)")
PASSWORD = "Mat-khau-rieng-7!"
ROUNDS = 8
random.seed(20261127)
clock = Clock(scratch())
clock.move(clock.now())
packs = scratch() / "packs"
for name in ("base", "ha-giang"):
    shutil.copytree(ROOT / "packs" / name, packs / name)
hub = Hub(pack=packs / "ha-giang", config={"assess_every": "1h"}).init(agency="xa-mot", name="Xã Một")
token = hub.token()


def start():
    with clock.for_children():
        hub.start()
    return hub.admin()


def restart(pause=0.0):
    time.sleep(pause)
    hub.stop(signal.SIGKILL)
    return start()


admin = start()
agent = Agent(hub).enrol(token)  # never started: an order may wait for it
admin.post("/agencies", {"code": "so-ttttt", "name": "Sở chủ trì"})
admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-ttttt", "from": "2026-01-01"}})
device = admin.get("/devices")["items"][0]["id"]
one_time = {}
for name, role, agency in (("can.bo", "agency_officer", "xa-mot"), ("thu.truong", "agency_head", "xa-mot"), ("chuyen.vien", "agency_officer", "so-ttttt")):
    one_time[name] = admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": [agency]})["one_time_password"]
officer = Client(hub.port).sign_in("can.bo", one_time["can.bo"], PASSWORD)


def again(pause=0.0):
    """The hub is killed; the people sign in anew."""
    global admin, officer
    admin = restart(pause)
    officer = Client(hub.port).sign_in("can.bo", PASSWORD)


def pass_to(at):
    """Sessions end with the time that passes."""
    global admin, officer
    clock.move(at)
    admin, officer = hub.admin(), Client(hub.port).sign_in("can.bo", PASSWORD)


def told(case, notice):
    items = admin.get("/deliveries", about=f"case/{case}", limit=100)["items"]
    return collections.Counter(d["to_user"] for d in items if d["notice"] == notice)


def effect(case, name):
    return next((e for e in officer.get(f"/incidents/{case}")["effects"] if name in e["id"].split(".")), None)


def settled(case, *names):
    """Waits until each has come to its end."""
    wait_for(lambda: all((e := effect(case, n)) and e["state"] != "waiting" for n in names), 60)
    return [effect(case, n) for n in names]


def entries(case, kind):
    return [e for e in admin.get(f"/incidents/{case}/entries", limit=200)["items"] if e["kind"] == kind]


def moment(minutes=0):
    return (clock.now() + datetime.timedelta(minutes=minutes)).isoformat(timespec="seconds")


REPORT = {"head_at": moment(-2), "head_channel": "phone", "department_at": moment(-1), "department_channel": "phone"}

# ---- done once, whenever the hub is killed ------------------------------------------------------------------------------------------
first = None
for number in range(ROUNDS):
    case = officer.post("/incidents", {"title": f"Trang bị sửa {number}", "agency_id": "xa-mot"})["id"]
    first = first or case
    officer.post(f"/incidents/{case}/steps/report", {"verb": "done", "doc": REPORT})
    again(random.choice([0, 0.2, 0.6, 1.1]) * random.random())
    for one in settled(case, "initial_report", "reported"):
        assert one["state"] == "done", one
    again()
    time.sleep(1.5)  # the worker looked at least once after the kill
    assert told(case, "case_reported") == {"thu.truong": 1, "chuyen.vien": 1}, told(case, "case_reported")
    papers = admin.get("/papers", case=case)["items"]
    assert [p["paper"] for p in papers] == ["initial_report"] and papers[0]["state"] == "drafted", papers
    assert papers[0]["id"] == effect(case, "initial_report")["paper"]["id"]
    assert len(entries(case, "effect")) == 2, entries(case, "effect")

# ---- an order is proposed; a person gives it ------------------------------------------------------------------------------------------
case = first
officer.post(f"/incidents/{case}/steps/isolate", {"verb": "begin", "doc": {"device_id": device, "method": "agent", "ordered_by": "Ông A"}})
[proposed] = settled(case, "isolate_order")
assert proposed["state"] == "proposed" and proposed["devices"][0]["order_id"] is None and not admin.get("/orders", device=device)["items"], proposed
# Until then it stands in the officer's tasks and in the province's queue.
assert [e["effect"] for e in officer.get("/tasks")["effects"]] == [proposed["id"]], officer.get("/tasks")["effects"]
queued = admin.get("/queue", type="effect")
assert queued["counts"]["effect"] == 1 and queued["items"][0]["id"] == f"{case}/{proposed['id']}", queued
body = {"order": "isolate", "ordered_by": proposed["ordered_by"], "reason": "mã độc", "weighed": "không có", "case_id": case, "effect": proposed["id"]}
given = officer.post(f"/devices/{device}/orders", body)
refused(409, lambda: officer.post(f"/devices/{device}/orders", body))
assert not officer.get("/tasks")["effects"] and not admin.get("/queue", type="effect")["items"]
again()
assert effect(case, "isolate_order")["state"] == "done" and effect(case, "isolate_order")["devices"][0]["order_id"] == given["id"]
assert len(admin.get("/orders", device=device)["items"]) == 1 and len(entries(case, "order")) == 1
officer.post(f"/orders/{given['id']}/cancel", {"reason": "rút dây tại chỗ"})
assert len(entries(case, "order")) == 2
done = {"device_id": device, "method": "agent", "ordered_by": "Ông A", "cut": "máy chủ web", "cut_at": moment(-1)}
officer.post(f"/incidents/{case}/steps/isolate", {"verb": "done", "doc": done})

# ---- a draft alone tells who can help ---------------------------------------------------------------------------------------------------
officer.post(f"/incidents/{case}/steps/verify", {"verb": "begin", "doc": {"beyond_ability": True}})
again()
settled(case, "beyond_ability")
assert told(case, "case_beyond_ability") == {"thu.truong": 1, "chuyen.vien": 1}, told(case, "case_beyond_ability")

# ---- dismissed with a reason, by who may ------------------------------------------------------------------------------------------------
other = officer.post("/incidents", {"title": "Máy lạ", "agency_id": "xa-mot"})["id"]
officer.post(f"/incidents/{other}/steps/isolate", {"verb": "begin", "doc": {"device_id": "khong-co", "method": "agent"}})
[failed] = settled(other, "isolate_order")
assert failed["state"] == "failed" and "tại chỗ" in failed["outcome"], failed
head = Client(hub.port).sign_in("thu.truong", one_time["thu.truong"], PASSWORD)
refused(403, lambda: head.post(f"/incidents/{other}/effects/isolate_order", {"verb": "dismiss", "reason": "x"}))
refused(400, lambda: officer.post(f"/incidents/{other}/effects/isolate_order", {"verb": "dismiss", "reason": " "}))
officer.post(f"/incidents/{other}/effects/isolate_order", {"verb": "dismiss", "reason": "đã rút dây"})
assert effect(other, "isolate_order")["state"] == "dismissed"

# ---- the clock: a reminder, too late, up ------------------------------------------------------------------------------------------------
late = officer.post("/incidents", {"title": "Máy chủ thư", "agency_id": "xa-mot"})
due = min(datetime.datetime.fromisoformat(c["due_at"].replace("Z", "+00:00")) for c in late["clocks"] if c["due_at"])
late = late["id"]
pass_to(due - datetime.timedelta(minutes=10))
settled(late, "minutes_before")
again()
assert told(late, "case_clock_soon") == {"can.bo": 1} and not told(late, "case_clock_late"), told(late, "case_clock_soon")
pass_to(due + datetime.timedelta(minutes=5))
again()
settled(late, "late")
assert told(late, "case_clock_late") == {"can.bo": 1, "thu.truong": 1}, told(late, "case_clock_late")
hub.stop(signal.SIGKILL)
clock.move(due + datetime.timedelta(hours=4, minutes=5))  # it was away when the hour came
admin = start()
officer = Client(hub.port).sign_in("can.bo", PASSWORD)
settled(late, "escalated")
again()
time.sleep(1.5)
assert told(late, "case_clock_late") == {"can.bo": 1, "thu.truong": 2, "chuyen.vien": 1}, told(late, "case_clock_late")
assert told(late, "case_clock_soon") == {"can.bo": 1}
head = Client(hub.port).sign_in("thu.truong", PASSWORD)
assert any("quá hạn" in n["text"] and "Máy chủ thư" in n["text"] for n in head.get("/notices")["items"]), head.get("/notices")

# ---- a new procedure without effects: for cases that open now -------------------------------------------------------------------------
procedure = packs / "ha-giang" / "workflows" / "incident.yaml"
text, count = re.subn(r"(?m)^( *)effects:\n(?:\1  - .*\n)+", "", procedure.read_text(encoding="utf-8"))
assert count >= 5, count
procedure.write_text(text, encoding="utf-8")
again()
fresh = officer.post("/incidents", {"title": "Vụ mới", "agency_id": "xa-mot"})["id"]
officer.post(f"/incidents/{fresh}/steps/report", {"verb": "done", "doc": REPORT})
assert officer.get(f"/incidents/{fresh}")["effects"] == []

# ---- closing drafts the final report, as the case's own procedure says; an early end does not -----------------------------------------
officer.post(f"/incidents/{other}/stop", {"reason": "nhầm"})
verify = {"state": "Trang bị sửa", "severity": "low", "scope": "một máy", "category": "defacement", "serious": "ordinary", "serious_reason": "một trang"}
officer.post(f"/incidents/{case}/steps/verify", {"verb": "done", "doc": verify})
officer.post(f"/incidents/{case}/steps/collect", {"verb": "done", "doc": {"copies": [{"what": "nhật ký", "where": "đĩa", "sha256": "a" * 64}]}})
officer.post(f"/incidents/{case}/steps/restore", {"verb": "done", "doc": {"backup": "đêm qua", "tested_on": "2026-01-01", "restored_at": moment(-1), "file_kept": True}})
part = officer.post("/incidents", {"title": "Rà máy trạm", "agency_id": "xa-mot", "parent_id": case})["id"]
assert refused(409, lambda: officer.post(f"/incidents/{case}/close", {"summary": "xong"}))["text_id"] == "workflow.sub_case_open"
again()
officer.post(f"/incidents/{part}/stop", {"reason": "máy trạm sạch"})
officer.post(f"/incidents/{case}/close", {"summary": "xong"})
refused(409, lambda: officer.post(f"/incidents/{part}/reopen", {"reason": "thêm"}))  # the main case is closed
again()
settled(case, "final_report")
assert sorted(p["paper"] for p in admin.get("/papers", case=case)["items"]) == ["final_report", "initial_report"]
assert effect(other, "final_report") is None
assert [e["kind"] for e in admin.get(f"/incidents/{case}/entries", limit=1)["items"]] == ["effect"]  # also of a closed case
hub.stop()
assert not hub.errors(), hub.errors()
print(f"case_effects: {ROUNDS} cases, killed after each act: passed")

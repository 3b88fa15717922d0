# SPDX-License-Identifier: Apache-2.0
"""Registers through the API: records with schema, history, undo and point in time; moves only by whom and with what the pack says;
uniqueness, networks that may nest but not cross, references; who sees and writes what; attachments; and each record moves the
status of its clause, both ways."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Client, Hub, refused, wait_for

hub = Hub().init(agency="so-tttt", name="Sở Thông tin và Truyền thông").start()
admin = hub.admin()
admin.post("/agencies", {"code": "xa-mot", "name": "Xã Một"})
admin.post("/agencies", {"code": "xa-hai", "name": "Xã Hai"})


def person(name, role, agency):
    made = admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": [agency]})
    return Client(hub.port).sign_in(name, made["one_time_password"], "Mat-khau-rieng-7!")


officer, head, other = person("can-bo", "agency_officer", "xa-mot"), person("thu-truong", "agency_head", "xa-mot"), person("xa-ben", "agency_officer", "xa-hai")
police = person("cong-an", "partner", "so-tttt")


def status_of(part, agency="xa-mot"):
    return [o["status"] for o in admin.get("/obligations", part=part, agency=agency, limit=50)["items"]]


def until(part, wanted, agency="xa-mot"):
    return wait_for(lambda: wanted in status_of(part, agency), 20)


# Binding the lead department is the administrator's; it makes the province's registers possible.
refused(409, lambda: admin.post("/registers/ip_prefix", {"doc": {"prefix": "10.20.0.0/16", "purpose": "Mạng tỉnh"}}), "chủ trì")
refused(403, lambda: officer.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "xa-mot", "from": "2026-01-01"}}))
binding = admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-tttt", "from": "2026-01-01"}})
assert binding["agency_id"] == "so-tttt", binding
refused(409, lambda: admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-tttt", "from": "2026-02-01"}}))

# The list of registers: schema, states with words, groups; hub kinds are not among them.
kinds = {k["kind"]: k for k in admin.get("/registers")["items"]}
assert len(kinds) > 80 and "user" not in kinds and "alert" not in kinds, sorted(kinds)
assert {s["title"] for s in kinds["leaver"]["states"]} == {"Đang mở", "Đã xong"}, kinds["leaver"]["states"]
refused(404, lambda: admin.get("/registers/user"))
refused(404, lambda: admin.post("/registers/alert", {"doc": {}}))

# A record, its mistakes, its changes.
bad = refused(400, lambda: officer.post("/registers/training", {"doc": {"kind": "course"}}))
training = officer.post("/registers/training", {"doc": {"kind": "course", "audience": "staff", "held_on": time.strftime("%Y-%m-%d"), "attended": 12}, "state": "done"})
assert training["agency_id"] == "xa-mot" and training["state"] == "done" and training["version"] == 1, training
path = f"/registers/training/{training['id']}"
before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
time.sleep(2)
changed = officer.call("PATCH", path, {"doc": {"attended": 14}, "version": 1})
assert changed["doc"]["attended"] == 14 and changed["version"] == 2
refused(409, lambda: officer.call("PATCH", path, {"doc": {"attended": 15}, "version": 1}))
assert officer.get(path, at=before)["doc"]["attended"] == 12
refused(404, lambda: officer.get(path, at="2020-01-01T00:00:00Z"))
history = officer.get(path + "/history")["items"]
assert [h["doc"]["attended"] for h in history] == [14, 12] and not history[0]["on_behalf"], history
undone = officer.post(path + "/undo", {"sequence": history[1]["sequence"], "reason": "nhập nhầm số người"})
assert undone["doc"]["attended"] == 12 and undone["version"] == 3, undone
admin.call("PATCH", path, {"doc": {"attended": 20}, "version": 3})
assert officer.get(path + "/history")["items"][0]["on_behalf"], "what the province enters for an agency is marked"
refused(404, lambda: other.get(path))
refused(404, lambda: other.call("PATCH", path, {"doc": {"attended": 1}, "version": 4}))
refused(404, lambda: other.get(path + "/history"))
assert not other.get("/registers/training")["items"] and other.get("/registers/training")["total"] == 0
refused(422, lambda: officer.post("/registers/training", {"doc": {"kind": "course", "audience": "staff", "held_on": "2026-01-01", "attended": 1, "note": "TUYỆT MẬT"}}))

# Moves: by whom, with what, and what is decided stays.
system = officer.post("/registers/information_system", {"doc": {"name": "Cổng thông tin xã"}})
assert system["state"] == "design", system
where = f"/registers/information_system/{system['id']}"
refused(403, lambda: officer.post(where + "/move", {"to": "running", "doc": {"security_plan": "12/PA", "plan_approved_on": "2026-01-02"}}))
needs = refused(400, lambda: admin.post(where + "/move", {"to": "running"}), "Phương án")
refused(400, lambda: admin.post(where + "/move", {"to": "running", "doc": {"security_plan": "12/PA", "plan_approved_on": "2026-01-02"}}), "đính kèm")
officer.call("POST", "/attachments", b"Phuong an bao dam an toan", {"X-Record": f"information_system/{system['id']}", "Content-Type": "text/plain"}, name="phuong-an.txt")
running = admin.post(where + "/move", {"to": "running", "doc": {"security_plan": "12/PA", "plan_approved_on": "2026-01-02"}})
assert running["state"] == "running"
refused(409, lambda: admin.post(where + "/move", {"to": "design"}))
asked = officer.post("/registers/software_approval", {"doc": {"software": "Bộ gõ", "purpose": "Soạn văn bản", "requested_on": "2026-11-01"}})
where = f"/registers/software_approval/{asked['id']}"
assert [m["allowed"] for m in officer.get(where)["moves"]] and not any(m["allowed"] for m in officer.get(where)["moves"])
admin.post(where + "/move", {"to": "approved", "doc": {"decided_on": "2026-11-02", "decided_by": "Phòng CNTT", "check_result": "passed"}})

# A move that needs a file; the file hangs on the record and obeys its rights.
regulation = officer.post("/registers/internal_regulation", {"doc": {"number": "5/QC", "issued_on": "2026-03-01"}})
where = f"/registers/internal_regulation/{regulation['id']}"
refused(400, lambda: admin.post(where + "/move", {"to": "in_force"}), "đính kèm")
file = officer.call("POST", "/attachments", b"Quy che noi bo cua xa", {"X-Record": f"internal_regulation/{regulation['id']}", "Content-Type": "text/plain"}, name="quy-che.txt")
assert [f["name"] for f in officer.get(where)["attachments"]] == ["quy-che.txt"]
refused(404, lambda: other.get(f"/attachments/{file['sha256']}"))
refused(404, lambda: other.call("POST", "/attachments", b"x", {"X-Record": f"internal_regulation/{regulation['id']}", "Content-Type": "text/plain"}, name="x.txt"))
admin.post(where + "/move", {"to": "in_force"})

# Networks nest, they do not cross; an address lies in one; names are used once in the province.
top = admin.post("/registers/ip_prefix", {"doc": {"prefix": "10.20.0.0/16", "purpose": "Mạng tỉnh"}, "state": "allocated"})
refused(409, lambda: admin.post("/registers/ip_prefix", {"doc": {"prefix": "10.20.4.0/24", "purpose": "Xã Một"}}), "10.20.0.0/16")
admin.post("/registers/ip_prefix", {"doc": {"prefix": "10.20.4.0/24", "purpose": "Xã Một", "parent": top["id"]}, "state": "allocated"})
refused(409, lambda: admin.post("/registers/ip_prefix", {"doc": {"prefix": "10.20.4.128/25", "purpose": "Trùng"}}))
refused(400, lambda: admin.post("/registers/ip_prefix", {"doc": {"prefix": "10.99.0.0/24", "purpose": "Ngoài", "parent": top["id"]}}))
refused(400, lambda: officer.post("/registers/ip_address", {"doc": {"address": "192.0.2.5", "device": "Máy 1", "requested_on": "2026-11-01"}}), "192.0.2.5")
officer.post("/registers/ip_address", {"doc": {"address": "10.20.4.5", "device": "Máy 1", "requested_on": "2026-11-01"}})
refused(409, lambda: officer.post("/registers/ip_address", {"doc": {"address": "10.20.4.5", "device": "Máy 2", "requested_on": "2026-11-01"}}), "10.20.4.5")
refused(400, lambda: officer.post("/registers/vpn_user", {"doc": {"vpn_id": "khong-co", "person": "A", "from": "2026-01-01", "approved_by": "B"}}), "khong-co")

# Warnings are for everybody, drafts of an agency are not; police keep their own.
warning = admin.post("/registers/warning", {"doc": {"kind": ["malware"], "title": "Mã độc mới", "text": "Gửi qua thư", "measures": "Không mở"}})
assert [w["id"] for w in other.get("/registers/warning")["items"]] == [warning["id"]]
refused(403, lambda: other.call("PATCH", f"/registers/warning/{warning['id']}", {"doc": {"title": "x"}, "version": 1}))

# Each record moves the status of its clause, both ways.
part = "hg-1374:9.6"
until(part, "met")
admin.post(where + "/move", {"to": "replaced"})
wait_for(lambda: "met" not in status_of(part), 20)
part = "hg-1374:9.3"
assert "met" not in status_of(part), status_of(part)
year = time.strftime("%Y")
line = officer.post("/registers/budget_line", {"doc": {"subject": kinds["budget_line"]["schema"]["properties"]["subject"].get("enum", ["Tường lửa"])[0], "amount_million_vnd": 40, "decided_on": f"{year}-02-01"}})
until(part, "met")
officer.call("PATCH", f"/registers/budget_line/{line['id']}", {"doc": {"decided_on": "2019-02-01"}, "version": 1})
wait_for(lambda: "met" not in status_of(part), 20)

# A leaver starts a clock; done in time it is met, an exception that is only asked for excuses nothing.
leaver = officer.post("/registers/leaver", {"doc": {"full_name": "Nguyễn Văn Thử", "left_on": time.strftime("%Y-%m-%d")}})
found = wait_for(lambda: [o for o in admin.get("/obligations", agency="xa-mot", limit=200)["items"] if o["period"] == f"leaver/{leaver['id']}"], 20)
assert all(o["status"] in ("due", "overdue") for o in found), found
clause = found[0]["part"].split("#")[0]
exception = officer.post("/registers/exception", {"doc": {"scope_id": clause, "reason": "Bàn giao kéo dài", "from": "2026-01-01", "until": "2027-01-01"}})
time.sleep(2)
assert "excepted" not in status_of(found[0]["part"])
refused(403, lambda: officer.post(f"/registers/exception/{exception['id']}/move", {"to": "approved", "doc": {"approved_by": "Tôi"}}))
refused(400, lambda: admin.post(f"/registers/exception/{exception['id']}/move", {"to": "approved", "doc": {"approved_by": "Giám đốc Sở"}}), "Người chịu trách nhiệm")
admin.post(f"/registers/exception/{exception['id']}/move", {"to": "approved", "doc": {"approved_by": "Giám đốc Sở", "owner": "Vàng Mí Sính"}})
until(found[0]["part"], "excepted")
admin.post(f"/registers/exception/{exception['id']}/move", {"to": "withdrawn"})
wait_for(lambda: "excepted" not in status_of(found[0]["part"]), 20)
admin.post(f"/registers/leaver/{leaver['id']}/move", {"to": "done", "doc": {"accounts_locked": True, "rights_updated": True, "devices_recovered": True, "done_on": time.strftime("%Y-%m-%d")}})
until(found[0]["part"], "met")
hub.stop()
assert not hub.errors(), hub.errors()
print("registers: passed")

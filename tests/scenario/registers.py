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
# What another record must say: the gate of this system, of this stage, approved.
opens = lambda: admin.post(where + "/move", {"to": "running", "doc": {"security_plan": "12/PA", "plan_approved_on": "2026-01-02"}})
refused(400, opens, "Phê duyệt an toàn theo giai đoạn", '"Vận hành"', '"Đã duyệt"')
gate_of = lambda of, stage: officer.post("/registers/system_gate", {"doc": {"system_id": of, "stage": stage, "requested_on": "2026-01-02"}})


def approve(gate):
    officer.call("POST", "/attachments", b"To trinh", {"X-Record": f"system_gate/{gate['id']}", "Content-Type": "text/plain"}, name="to-trinh.txt")
    admin.post(f"/registers/system_gate/{gate['id']}/move", {"to": "approved", "doc": {"security_plan": "12/PA", "approved_on": "2026-01-02", "approved_by": "Sở"}})


other_system = officer.post("/registers/information_system", {"doc": {"name": "Hệ thống khác"}})
approve(gate_of(system["id"], "design"))
approve(gate_of(other_system["id"], "operation"))
gate = gate_of(system["id"], "operation")
refused(400, opens)
assert [r["met"] for m in admin.get(where)["moves"] if m["to"] == "running" for r in m["records"]] == [False]
approve(gate)
assert [r["met"] for m in admin.get(where)["moves"] if m["to"] == "running" for r in m["records"]] == [True]
running = admin.post(where + "/move", {"to": "running", "doc": {"security_plan": "12/PA", "plan_approved_on": "2026-01-02"}})
assert running["state"] == "running"
refused(409, lambda: admin.post(where + "/move", {"to": "design"}))
asked = officer.post("/registers/software_approval", {"doc": {"software": "Bộ gõ", "purpose": "Soạn văn bản", "requested_on": "2026-11-01"}})
where = f"/registers/software_approval/{asked['id']}"
assert [m["allowed"] for m in officer.get(where)["moves"]] and not any(m["allowed"] for m in officer.get(where)["moves"])
admin.post(where + "/move", {"to": "approved", "doc": {"decided_on": "2026-11-02", "decided_by": "Phòng CNTT", "check_result": "passed"}})

# What a field must say before the move, and goes on saying while the record is in that state.
asked = officer.post("/registers/software_approval", {"doc": {"software": "Bộ gõ lậu", "purpose": "Soạn văn bản", "requested_on": "2026-11-01"}})
decides = lambda result: admin.post(f"/registers/software_approval/{asked['id']}/move", {"to": "approved", "doc": {"decided_on": "2026-11-02", "decided_by": "Phòng CNTT", "check_result": result}})
refused(400, lambda: decides("failed"), "Kết quả kiểm tra", '"Đạt"', '"Đạt có điều kiện"')
refused(400, lambda: decides("hong"), "Đạt có điều kiện")
approved = decides("passed_with_conditions")
refused(400, lambda: admin.call("PATCH", f"/registers/software_approval/{asked['id']}", {"doc": {"check_result": "failed"}, "version": approved["version"]}), "Đã duyệt")
admin.call("PATCH", f"/registers/software_approval/{asked['id']}", {"doc": {"check_result": "passed"}, "version": approved["version"]})

# A move that is there only for such records.
repair = officer.post("/registers/maintenance", {"doc": {"device": "Máy 3", "fault": "Hỏng nguồn", "reported_on": "2026-11-01", "done_by": "outside"}})
where = f"/registers/maintenance/{repair['id']}"
assert [m["to"] for m in head.get(where)["moves"]] == ["outside"], head.get(where)["moves"]
refused(400, lambda: officer.post(where + "/move", {"to": "in_house", "doc": {"performed_by": "A"}}), "Ai làm", '"Bộ phận của đơn vị"')
officer.post(where + "/move", {"to": "in_house", "doc": {"done_by": "own", "performed_by": "A"}})
officer.post(where + "/move", {"to": "done", "doc": {"done_on": "2026-11-02"}})

# Who leaves keeps no account of a shared application.
staff = officer.post("/registers/staff", {"doc": {"full_name": "Lê Thị Đi", "personnel_code": "D1"}, "state": "working"})
account = officer.post("/registers/shared_account", {"doc": {"account": "di.lt", "system": "Một cửa", "staff_id": staff["id"], "issued_on": "2026-01-01", "default_password_changed": True}})
gone = officer.post("/registers/leaver", {"doc": {"full_name": "Lê Thị Đi", "staff_id": staff["id"], "left_on": "2026-11-01"}})
leaves = lambda **doc: head.post(f"/registers/leaver/{gone['id']}/move", {"to": "done", "doc": {"accounts_locked": True, "rights_updated": True, "devices_recovered": True, "done_on": "2026-11-02"} | doc})
refused(400, lambda: leaves(devices_recovered=False), "Đã thu hồi thiết bị", '"Có"')
refused(400, leaves, "tài khoản phần mềm dùng chung")
officer.post(f"/registers/shared_account/{account['id']}/move", {"to": "locked", "doc": {"changed_on": "2026-11-02", "change_reason": "Chuyển công tác"}})
leaves()

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

# What is sent to a body is read by its people, who answer it; nobody else sees it, and it stays its writer's.
for code, name in (("cong-an-tinh", "Công an tỉnh"), ("so-tai-chinh", "Sở Tài chính"), ("vien-thong", "Viễn thông")):
    admin.post("/agencies", {"code": code, "name": name})
bindings = {slot: admin.post("/registers/role_binding", {"doc": {"slot": slot, "agency_id": agency, "from": "2026-01-01"}})
            for slot, agency in (("police", "cong-an-tinh"), ("finance_department", "so-tai-chinh"), ("telecom", "vien-thong"))}
addressed, finance, telecom = person("cong-an-tinh", "partner", "cong-an-tinh"), person("tai-chinh", "agency_officer", "so-tai-chinh"), person("vien-thong", "partner", "vien-thong")
other_head = person("thu-truong-hai", "agency_head", "xa-hai")
asks = {"wanted": "investigation", "channel": "document", "sent_at": "2026-11-03T08:00:00+07:00", "content": "Đề nghị xác minh máy chủ lạ"}
incident = officer.post("/registers/incident_notice", {"doc": {"what": "Máy chủ lạ", "noticed_at": "2026-11-03T07:00:00+07:00", "severity": "high"}})
request = officer.post("/registers/coordination_request", {"doc": {**asks, "to_body": "police", "incident_id": incident["id"]}})
where = f"/registers/coordination_request/{request['id']}"
assert [r["id"] for r in addressed.get("/registers/coordination_request")["items"]] == [request["id"]] and addressed.get("/registers/coordination_request")["total"] == 1
assert "Đề nghị xác minh".encode() in addressed.call("GET", "/registers/coordination_request/export", format="csv")
seen = addressed.get(where)
assert seen["addressed"] and not seen["may_update"] and seen["may_attach"] and [m["to"] for m in seen["moves"] if m["allowed"]] == ["answered"], seen
assert request["id"] in [r["id"] for r in addressed.get("/tasks")["records"]], addressed.get("/tasks")["records"]
for stranger in (other, other_head, finance, telecom, police):
    refused(404, lambda: stranger.get(where))
    refused(404, lambda: stranger.get(where + "/history"))
    refused(404, lambda: stranger.post(where + "/move", {"to": "answered", "doc": {}}))
    assert stranger.get("/registers/coordination_request")["total"] == 0
refused(404, lambda: addressed.get(f"/registers/incident_notice/{incident['id']}"))
refused(403, lambda: addressed.call("PATCH", where, {"doc": {"content": "khác"}, "version": 1}), "gửi đến")
refused(403, lambda: addressed.post(where + "/move", {"to": "withdrawn"}))
answer = {"answered_at": "2026-11-04T08:00:00+07:00", "answered_by": "Đội 5", "answer": "Đã xác minh"}
refused(403, lambda: addressed.post(where + "/move", {"to": "answered", "doc": answer | {"content": "khác"}}), "Trả lời")
refused(403, lambda: addressed.post(where + "/undo", {"sequence": 1, "reason": "x"}))
file = addressed.call("POST", "/attachments", b"Ket qua xac minh", {"X-Record": f"coordination_request/{request['id']}", "Content-Type": "text/plain"}, name="ket-qua.txt")
answered = addressed.post(where + "/move", {"to": "answered", "doc": answer | {"given": "Hai cán bộ"}})
assert answered["state"] == "answered" and answered["doc"]["content"] == asks["content"] and answered["agency_id"] == "xa-mot", answered
assert officer.get(where)["doc"]["answer"] == "Đã xác minh" and officer.get(f"/attachments/{file['sha256']}") is not None
refused(404, lambda: addressed.call("POST", "/attachments", b"x", {"X-Record": f"coordination_request/{request['id']}", "Content-Type": "text/plain"}, name="x.txt"))
refused(404, lambda: other.get(f"/attachments/{file['sha256']}"))
# To an agency by its name: its officer and its head.
by_name = {"doc": {**asks, "to_body": "agency", "to_agency_id": "xa-hai"}}
refused(403, lambda: officer.post("/registers/coordination_request", by_name), "Xã Hai")  # neither above nor below, nor with a role
admin.call("PATCH", "/agencies/xa-hai", {"parent_id": "xa-mot"})
asked = officer.post("/registers/coordination_request", by_name)
where = f"/registers/coordination_request/{asked['id']}"
assert other_head.get(where)["addressed"] and other.post(where + "/move", {"to": "answered", "doc": answer})["state"] == "answered"
refused(404, lambda: addressed.get(where))
# From a state on, and of its past only what was sent; the opinion goes back to who asked.
plan = officer.post("/registers/plan", {"doc": {"kind": "security", "title": "Bản nháp đầu", "drafted_on": "2026-11-01", "sent_to": ["finance_department"]}})
where = f"/registers/plan/{plan['id']}"
refused(404, lambda: finance.get(where))
officer.call("PATCH", where, {"doc": {"title": "Kế hoạch 2027"}, "version": 1})
officer.post(where + "/move", {"to": "sent", "doc": {"number": "1/KH", "sent_on": "2026-11-02"}})
assert finance.get(where)["doc"]["title"] == "Kế hoạch 2027" and [h["state"] for h in finance.get(where + "/history")["items"]] == ["sent"]
assert [h["state"] for h in officer.get(where + "/history")["items"]] == ["sent", "draft", "draft"]
opinion = finance.post("/registers/budget_opinion", {"doc": {"plan_id": plan["id"], "given_on": "2026-11-03", "number": "7/STC", "opinion": "Đồng ý", "for_agency_id": "xa-mot"}})
assert officer.get(f"/registers/budget_opinion/{opinion['id']}")["addressed"]
refused(403, lambda: officer.call("PATCH", f"/registers/budget_opinion/{opinion['id']}", {"doc": {"opinion": "x"}, "version": 1}))
refused(404, lambda: other.get(f"/registers/budget_opinion/{opinion['id']}"))
# The provider restores what it was told of, and sees no other outage.
outage = officer.post("/registers/outage", {"doc": {"what": "line", "description": "Mất đường truyền", "started_at": "2026-11-03T08:00:00+07:00", "sent_to": ["telecom"]}})
officer.post("/registers/outage", {"doc": {"what": "lan", "description": "Hỏng bộ chuyển mạch", "started_at": "2026-11-03T08:00:00+07:00"}})
assert telecom.get("/registers/outage")["total"] == 1
telecom.post(f"/registers/outage/{outage['id']}/move", {"to": "restored", "doc": {"restored_at": "2026-11-03T09:00:00+07:00", "cause": "Đứt cáp"}})
# Whoever holds the role now: not who held it.
admin.call("PATCH", f"/registers/role_binding/{bindings['police']['id']}", {"doc": {"to": "2026-06-30"}, "version": 1})
refused(404, lambda: addressed.get(f"/registers/coordination_request/{request['id']}"))
assert addressed.get("/registers/coordination_request")["total"] == 0
where = f"/registers/internal_regulation/{regulation['id']}"

# A derived list: for today, scoped, paged, as a table.
assert {"id": "expiring", "title": "Hết hạn trong 60 ngày"} in kinds["signature_token"]["lists"], kinds["signature_token"]["lists"]
for serial, valid in (("SO-1", "2021-01-01"), ("SO-2", "2021-01-01"), ("SO-CON-HAN", "2099-01-01")):
    officer.post("/registers/signature_token", {"doc": {"serial": serial, "holder": "x", "issued_on": "2020-01-01", "valid_until": valid}})
page = officer.get("/registers/signature_token", list="expiring", limit=1)
assert page["total"] == 2 and len(page["items"]) == 1, page
assert {r["doc"]["serial"] for r in page["items"] + officer.get("/registers/signature_token", list="expiring", limit=1, cursor=page["next_cursor"])["items"]} == {"SO-1", "SO-2"}
table = officer.call("GET", "/registers/signature_token/export", list="expiring", format="csv").decode()
assert "SO-1" in table and "SO-2" in table and "SO-CON-HAN" not in table, table
assert other.get("/registers/signature_token", list="expiring")["total"] == 0
refused(404, lambda: officer.get("/registers/signature_token", list="khong-co"))

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

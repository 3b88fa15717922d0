# SPDX-License-Identifier: Apache-2.0
"""Coordination of Sơn La with accounts of lead department, police, military command, an invited unit and an agency. Who was asked into a case sees
of it exactly what its kind of party may (a table of kind x way, from the pack), nobody else anything; what is sealed is read by its author's body and
the named ones alone, in every way tried, the administrator's too; triggers of the pack, answers, invitations, withdrawal, loans, inbox and duty page."""
import io
import json
import os
import pathlib
import re
import shutil
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import ROOT, Client, Hub, refused, run

PASSWORD = "Mat-khau-rieng-7!"
NOW = "2026-11-01T08:00:00+07:00"
hub = Hub(pack=ROOT / "packs" / "son-la", config={"assess_every": "1h"}).init(agency="xa-mot", name="Xã Một").start()
admin = hub.admin()
BODIES = {"so": ("Sở chủ trì", "lead_department"), "cong-an": ("Công an tỉnh", "police"), "quan-su": ("Bộ CHQS tỉnh", "military"),
          "doi": ("Đội ứng cứu", "response_team"), "benh-vien": ("Bệnh viện tỉnh", None), "xa-hai": ("Xã Hai", None)}
for code, (name, slot) in BODIES.items():
    admin.post("/agencies", {"code": code, "name": name})
    if slot:
        admin.post("/registers/role_binding", {"doc": {"slot": slot, "agency_id": code, "from": "2026-01-01"}})


def person(name, role, *agencies):
    made = admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": list(agencies)})
    return Client(hub.port).sign_in(name, made["one_time_password"], PASSWORD)


so = person("so.truc", "province_operator", "so")
cong_an = person("cong.an", "partner", "cong-an")
quan_su = person("quan.su", "partner", "quan-su")
doi = person("doi.mot", "agency_officer", "doi")
benh_vien = person("benh.vien", "agency_officer", "benh-vien")
xa_mot, xa_hai = person("xa.mot", "agency_officer", "xa-mot"), person("xa.hai", "agency_officer", "xa-hai")
EVERYBODY = {"admin": admin, "so": so, "cong-an": cong_an, "quan-su": quan_su, "doi": doi, "benh-vien": benh_vien, "xa-mot": xa_mot, "xa-hai": xa_hai}

# ---- a case with a mark in everything that hangs on it ---------------------------------------------------------------
MARKS = {way: f"dauHIEU{way}7731" for way in ("view", "timeline", "files", "papers", "evidence")}
case = xa_mot.post("/incidents", {"title": MARKS["view"], "agency_id": "xa-mot"})["id"]
xa_mot.post(f"/incidents/{case}/steps/isolate", {"verb": "note", "reason": MARKS["timeline"]})
sha = xa_mot.call("POST", "/attachments", MARKS["files"].encode(), {"X-Case": case}, name=MARKS["files"] + ".txt")["sha256"]
begun = xa_mot.post("/evidence/uploads", {"case_id": case, "label": MARKS["evidence"], "source": "x", "name": "x.log", "size_bytes": 3})
xa_mot.call("POST", f"/evidence/uploads/{begun['id']}", b"abc", offset=0)
item = xa_mot.post(f"/evidence/uploads/{begun['id']}/finish")["id"]
paper = xa_mot.post("/papers", {"paper": "evidence_minute", "case_id": case, "agency_id": "xa-mot"})
draft = xa_mot.post("/papers", {"paper": "evidence_minute", "case_id": case, "agency_id": "xa-mot"})


def fill(paper):
    """Types what no source knows, with the mark."""
    typed = {"text": MARKS["papers"], "long": MARKS["papers"], "flag": True, "number": "1", "date": "2026-11-01", "time": NOW, "lines": ["x"]}
    values = {}
    for field in paper["fields"]:
        if field["required"] and field["source"] == "none":
            rows = [{column["id"]: "x" for column in field["columns"]}]
            values[field["id"]] = rows if field["type"] == "rows" else typed[field["type"]]
    head = {"place": "Xã Một", "symbol": "BB-XM", "subject": MARKS["papers"], "signer": {"prefix": "none", "title": "Chuyên viên", "name": "Vũ Đức Thắng"}}
    done = xa_mot.call("PATCH", f"/papers/{paper['id']}", {"version": paper["version"], "values": values, "head": head})
    assert done["missing"] == [], done["missing"]


fill(paper)
fill(draft)

# What each way shows: (name, call) -> the bytes of the answer, or b"" when refused.
WAYS = {
    "view": [("GET", f"/incidents/{case}", None), ("GET", "/incidents", None)],
    "timeline": [("GET", f"/incidents/{case}", None), ("GET", f"/incidents/{case}/entries", None)],
    "files": [("GET", f"/incidents/{case}", None), ("GET", f"/attachments/{sha}", None)],
    "papers": [("GET", f"/papers?case={case}", None), ("GET", f"/papers/{paper['id']}", None)],
    "evidence": [("GET", f"/evidence?case={case}", None), ("GET", f"/evidence/{item}", None)],
    "export": [("GET", f"/incidents/{case}/export?format=stix", None), ("GET", f"/incidents/{case}/export?format=iodef", None)],
    "note": [("POST", f"/incidents/{case}/steps/isolate", {"verb": "note", "reason": MARKS["timeline"]})],
    "ask": [("POST", "/registers/coordination_request", {"doc": {"to_body": "lead_department", "wanted": "information", "channel": "phone", "sent_at": NOW,
                                                                 "content": "x", "case_id": case}})],
}
EXPORT_PATH = next(m.group(1) for m in re.finditer(r"^  (/incidents/\{id\}\S*):\n(?:.*\n){1,4}?      operationId: exportIncident$",
                                                   (ROOT / "src/api/openapi.yaml").read_text(), re.M)).replace("{id}", case)
WAYS["export"] = [("GET", f"{EXPORT_PATH}?format={f}", None) for f in ("stix", "iodef")]


def raw(client, method, path, body=None, headers=None):
    headers = dict(headers or {})
    if isinstance(body, dict):
        headers["Content-Type"] = "application/json"
        body = json.dumps(body).encode()
    response, data = client.raw(method, "/api/v1" + path, body, headers)
    return response.status, data


def may(client, way):
    """Whether the way is open: for reading the mark must be there, every time; a mixture fails."""
    outcomes = set()
    for method, path, body in WAYS[way]:
        status, data = raw(client, method, path, body)
        if way in MARKS:
            outcomes.add(status == 200 and MARKS[way].encode() in data)
        else:
            assert status in (200, 201, 400, 403, 404, 422), (way, status, data)
            outcomes.add(status in (200, 201))
    assert len(outcomes) == 1, (way, outcomes, WAYS[way])
    return outcomes.pop()


def rights_of(client):
    return {way for way in WAYS if may(client, way)}


def nothing_else(client):
    """No mark of what it may not see in anything that it can ask of the case."""
    seen = rights_of(client)
    for way, calls in WAYS.items():
        for method, path, body in calls:
            if method == "GET":
                data = raw(client, method, path)[1]
                for mark, secret in MARKS.items():
                    assert mark in seen or secret.encode() not in data, (mark, path, data[:300])
    return seen


# A paper is shown to parties once it has a number.
numbered = raw(xa_mot, "POST", f"/papers/{paper['id']}/number", {})
assert numbered[0] == 200, numbered
ALL = set(WAYS)
for name in ("admin", "so", "xa-mot"):
    assert rights_of(EVERYBODY[name]) == ALL, (name, rights_of(EVERYBODY[name]))
for name in ("cong-an", "quan-su", "doi", "benh-vien", "xa-hai"):
    assert nothing_else(EVERYBODY[name]) == set(), (name, rights_of(EVERYBODY[name]))
    refused(404, lambda: EVERYBODY[name].get(f"/incidents/{case}/coordination"))
    # Nobody asks about a case that is not theirs to ask about.
    refused(400, lambda: EVERYBODY[name].post("/registers/coordination_request", {"agency_id": name, "doc": {
        "to_body": "police", "wanted": "support", "channel": "phone", "sent_at": NOW, "content": "x", "case_id": case}}))


# ---- what the pack says now applies, and the prefilled request -------------------------------------------------------
def instant():
    return "2026-11-01T01:00:00Z"


assert so.get(f"/incidents/{case}/coordination")["proposals"] == []
xa_mot.post(f"/incidents/{case}/steps/isolate", {"verb": "done", "doc": {"ordered_by": "Chủ tịch xã", "cut": "máy 7", "cut_at": instant()}})
xa_mot.post(f"/incidents/{case}/steps/verify", {"verb": "done", "doc": {"state": "x2", "severity": "high", "scope": "x2", "category": "malware",
                                                                        "beyond_ability": True, "security_violation": True}})
page = so.get(f"/incidents/{case}/coordination")
assert {p["id"] for p in page["proposals"]} == {"cannot_be_mended", "tell_national_cert", "security_violation", "violators"}, page
at_once = next(p for p in page["proposals"] if p["id"] == "security_violation")
assert at_once["to_body"] == "police" and at_once["due_at"] and not at_once["sent"] and at_once["citation"] == "Điều 6 khoản 1 điểm e", at_once


def ask(client, agency, channel="phone", **doc):
    return client.post("/registers/coordination_request", {"agency_id": agency, "doc": {"channel": channel, "sent_at": NOW, "content": "x", "case_id": case, **doc}})


first = ask(so, "so", to_body="police", wanted=at_once["wanted"], content=at_once["content"], sent_by="Trực ban sở")
page = so.get(f"/incidents/{case}/coordination")
assert next(p for p in page["proposals"] if p["id"] == "security_violation")["sent"]
assert [(p["agency_id"], p["kind"]) for p in page["parties"]] == [("cong-an", "police")], page["parties"]
assert "Công an tỉnh" in so.get(f"/incidents/{case}")["timeline"][-1]["text"]

# Whom an agency may send to by name: the bodies of the coordination, those above and below it, the parties of its case; nobody else.
def receivers(client, **query):
    return [a["id"] for a in client.get("/registers/coordination_request/addressees", **query)["items"]]


assert set(receivers(xa_mot)) == {"xa-mot", "so", "cong-an", "quan-su", "doi"}, receivers(xa_mot)
assert set(receivers(so)) == set(receivers(cong_an)) == set(receivers(admin)) > {"benh-vien", "xa-hai"}
admin.call("PATCH", "/agencies/xa-mot", {"parent_id": "benh-vien"})
assert "benh-vien" in receivers(xa_mot) and "xa-mot" in receivers(benh_vien)
admin.call("PATCH", "/agencies/xa-mot", {"parent_id": None})
assert "benh-vien" not in receivers(xa_mot)
refused(403, lambda: ask(xa_mot, "xa-mot", to_body="agency", to_agency_id="xa-hai", wanted="information"), "sở chủ trì")

# ---- the matrix: kind of party x way ---------------------------------------------------------------------------------
READS = {"view", "timeline", "files", "papers", "evidence"}
assert nothing_else(cong_an) == READS | {"export", "note", "ask"}
ask(so, "so", to_body="military", wanted="experts")
assert nothing_else(quan_su) == READS | {"note", "ask"}
ask(so, "so", to_body="response_team", wanted="joint_handling")
assert nothing_else(doi) == {"view", "timeline", "files", "evidence", "note", "ask"}
invited = ask(so, "so", to_body="agency", to_agency_id="benh-vien", wanted="join", members_agreed=True)
assert nothing_else(benh_vien) == set()  # asked, has not accepted
waiting = benh_vien.get("/coordination")["waiting"]
assert [r["id"] for r in waiting] == [invited["id"]] and waiting[0]["may_answer"] and waiting[0]["case_title"] is None, waiting
ANSWER = {"answered_at": NOW, "answered_by": "Giám đốc", "answer": "Đồng ý"}
refused(400, lambda: benh_vien.post(f"/registers/coordination_request/{invited['id']}/move", {"to": "answered", "doc": {"accepted": True}}))
benh_vien.post(f"/registers/coordination_request/{invited['id']}/move", {"to": "answered", "doc": {**ANSWER, "accepted": True}})
assert nothing_else(benh_vien) == {"view", "timeline", "note"}
refusing = ask(so, "so", to_body="agency", to_agency_id="xa-hai", wanted="join", members_agreed=True)
xa_hai.post(f"/registers/coordination_request/{refusing['id']}/move", {"to": "answered", "doc": {**ANSWER, "answer": "Không", "accepted": False}})
assert nothing_else(xa_hai) == set()
# A question lets nobody in, and neither does a request that was taken back.
ask(so, "so", to_body="agency", to_agency_id="xa-hai", wanted="information")
assert nothing_else(xa_hai) == set()
taken_back = ask(so, "so", to_body="agency", to_agency_id="xa-hai", wanted="support")
assert nothing_else(xa_hai) == {"view", "timeline", "note"}
so.post(f"/registers/coordination_request/{taken_back['id']}/move", {"to": "withdrawn"})
assert nothing_else(xa_hai) == set()
# Parties do no step that does not name them, and end no case.
for client in (cong_an, quan_su, doi, benh_vien):
    status, data = raw(client, "POST", f"/incidents/{case}/steps/collect", {"verb": "done", "doc": {}})
    assert status in (403, 404), data
    status, data = raw(client, "POST", f"/incidents/{case}/close", {"summary": "x"})
    assert status in (403, 404, 409), data
    assert not any(s["may_act"] for s in client.get(f"/incidents/{case}")["steps"])
assert raw(cong_an, "GET", f"/papers/{draft['id']}")[0] == 404
# The police take evidence in, the unit does not.
refer = {"case_id": case, "label": "x", "source": "x", "sha256": "a" * 64, "kept_at": "x", "custodian": "x"}
assert raw(cong_an, "POST", "/evidence", refer)[0] == 201
assert raw(benh_vien, "POST", "/evidence", refer)[0] in (403, 404)

# ---- sealed: every way ----------------------------------------------------------------------------------------------
SEAL = "dauNIEMphong5512"
note = cong_an.post(f"/incidents/{case}/sealed-notes", {"text": SEAL + "note", "sealed_for": ["so"]})
assert note["timeline"][-1]["sealed"] and note["timeline"][-1]["text"] == SEAL + "note"
sealed_sha = cong_an.call("POST", "/attachments", (SEAL + "file").encode(), {"X-Case": case, "X-Sealed": "1", "X-Sealed-For": "so"}, name=SEAL + "file.txt")["sha256"]
request = ask(cong_an, "cong-an", to_body="lead_department", wanted="evidence", content=SEAL + "request", confidential=True, readers=["Giám đốc sở"])
request_sha = cong_an.call("POST", "/attachments", (SEAL + "paper").encode(), {"X-Record": f"coordination_request/{request['id']}"}, name=SEAL + "paper.txt")["sha256"]
letter = cong_an.post("/papers", {"paper": "request", "record": f"coordination_request/{request['id']}", "agency_id": "cong-an"})
assert SEAL + "request" in json.dumps(letter), letter
# Its signed copy stays with the request, also when the letter was drafted from both, request and case.
letter = cong_an.post("/papers", {"paper": "request", "record": f"coordination_request/{request['id']}", "case_id": case, "agency_id": "cong-an"})
letter = cong_an.call("PATCH", f"/papers/{letter['id']}", {
    "version": letter["version"], "values": {f["id"]: "x" for f in letter["fields"] if f["required"] and not f["value"]},
    "head": {"place": "Hà Giang", "symbol": "CAT", "addressees": ["Sở chủ trì"], "signer": {"title": "Giám đốc", "name": "Thủ trưởng công an"}}})
letter = cong_an.post(f"/papers/{letter['id']}/number", {"version": letter["version"]})
letter = cong_an.call("POST", f"/papers/{letter['id']}/issue", b"\x89PNG\r\n\x1a\n" + bytes(64) + (SEAL + "letter").encode(), name=SEAL + "letter.png")
refused(400, lambda: admin.post(f"/incidents/{case}/sealed-notes", {"text": "x"}))  # of no body
refused(400, lambda: ask(admin, "so", to_body="police", wanted="evidence", confidential=True, readers=["x"]), "không thuộc đơn vị nào")

OPERATIONS = [f"/incidents/{case}", f"/incidents/{case}/entries", f"/incidents/{case}/coordination", "/coordination", f"/attachments/{sealed_sha}",
              f"/attachments/{request_sha}", f"/registers/coordination_request/{request['id']}", f"/registers/coordination_request/{request['id']}/history",
              "/registers/coordination_request", f"/registers/coordination_request?q={SEAL}request", "/registers/coordination_request/export?format=csv",
              f"/registers/coordination_request?case_id={case}", "/queue", "/tasks", "/notices?limit=200", "/deliveries", f"/evidence?case={case}", "/evidence/bags",
              f"/papers?case={case}", f"{EXPORT_PATH}?format=stix", f"{EXPORT_PATH}?format=iodef", "/leader", "/obligations/matrix", "/obligations/oscal", "/obligations?agency=cong-an&limit=200", "/overview",
              f"/history/coordination_request/{request['id']}", f"/history/case/{case}", "/papers", f"/papers/{letter['id']}"]


def sealed_seen(client):
    out = set()
    for path in OPERATIONS:
        data = raw(client, "GET", path)[1].replace(f"{SEAL}request".encode(), b"" if "?q=" in path else f"{SEAL}request".encode())
        out |= {match.decode() for match in re.findall((SEAL + "(note|file|request|paper)").encode(), data)}
    return out


ALL_SEALED = {"note", "file", "request", "paper"}
assert sealed_seen(cong_an) == ALL_SEALED, sealed_seen(cong_an)
assert sealed_seen(so) == ALL_SEALED, sealed_seen(so)
for name in ("admin", "quan-su", "doi", "benh-vien", "xa-mot", "xa-hai"):
    assert sealed_seen(EVERYBODY[name]) == set(), (name, sealed_seen(EVERYBODY[name]))
    for path in (f"/attachments/{letter['signed']['sha256']}", f"/incidents/{case}"):
        assert (SEAL + "letter").encode() not in raw(EVERYBODY[name], "GET", path)[1], (name, path)
    # Nor is it there to be changed, answered, taken up or named.
    client = EVERYBODY[name]
    for call in (("POST", f"/registers/coordination_request/{request['id']}/move", {"to": "answered", "doc": ANSWER}),
                 ("PATCH", f"/registers/coordination_request/{request['id']}", {"doc": {"content": "y"}, "version": 1}),
                 ("POST", f"/registers/coordination_request/{request['id']}/undo", {"sequence": 1, "reason": "x"}),
                 ("POST", "/papers", {"paper": "request", "record": f"coordination_request/{request['id']}"}),
                 ("POST", "/evidence/bags", {"case_id": case, "act": "copied", "to": "x", "request_id": request["id"]})):
        status, data = raw(client, *call)
        assert status in (400, 403, 404, 409, 422) and SEAL.encode() not in data, (name, call, status, data[:300])
    step = raw(client, "POST", f"/incidents/{case}/steps/report", {"verb": "note", "reason": "x", "attachments": [sealed_sha]})
    assert SEAL.encode() not in step[1], (name, step)
total = {name: EVERYBODY[name].get(f"/incidents/{case}")["timeline_total"] for name in ("cong-an", "so", "xa-mot", "admin")}
assert total["cong-an"] == total["so"] > total["xa-mot"] == total["admin"], total
# What leaves the circle holds nothing of it, even in the hands of those who read it.
for client in (cong_an, so):
    for fmt in ("stix", "iodef"):
        assert SEAL.encode() not in raw(client, "GET", f"{EXPORT_PATH}?format={fmt}")[1]
made = so.post("/papers", {"paper": "evidence_minute", "case_id": case, "agency_id": "so"})
assert SEAL not in json.dumps(made) and SEAL not in json.dumps(so.get(f"/papers/{made['id']}"))
bag = so.post("/evidence/bags", {"case_id": case, "act": "copied", "to": "x", "no_request_reason": "x"})
with zipfile.ZipFile(io.BytesIO(raw(so, "GET", f"/evidence/bags/{bag['id']}/content")[1])) as package:
    payload = b"".join(package.read(name) for name in package.namelist())
assert MARKS["timeline"].encode() in payload and SEAL.encode() not in payload

# ---- evidence on the police's request; answer, later confirmation; done ----------------------------------------------
assert request["id"] in [r["id"] for r in so.get("/coordination")["waiting"]]
so.post(f"/registers/coordination_request/{request['id']}/move", {"to": "answered", "doc": {**ANSWER, "received_by": "Trực ban sở"}})
given = so.post("/evidence/bags", {"case_id": case, "act": "copied", "to": "Công an tỉnh", "to_body": "police", "request_id": request["id"]})
assert given["request_id"] == request["id"] and given["id"] in [b["id"] for b in cong_an.get("/evidence/bags", case=case)["items"]]
one = so.get(f"/registers/coordination_request/{first['id']}")
so.call("PATCH", f"/registers/coordination_request/{first['id']}", {"version": one["version"], "doc": {"confirmation_number": "12/STTTT", "confirmed_on": "2026-11-02"}})
shown = next(r for r in cong_an.get("/coordination")["waiting"] if r["id"] == first["id"])
assert shown["confirmation_number"] == "12/STTTT" and shown["overdue"] and shown["channel"] == "phone" and shown["sent_by"] == "Trực ban sở", shown
assert cong_an.get("/coordination")["overdue"] >= 1
cong_an.post(f"/registers/coordination_request/{first['id']}/move", {"to": "answered", "doc": {**ANSWER, "given": "02 cán bộ", "acted_at": NOW}})
so.post(f"/registers/coordination_request/{first['id']}/move", {"to": "done"})
assert first["id"] not in [r["id"] for r in cong_an.get("/coordination")["waiting"]]

# Lent, and taken back.
loan = cong_an.post("/registers/coordination_loan", {"agency_id": "cong-an", "doc": {"what": "equipment", "name": "Máy sao chép ổ cứng", "borrower_id": "so", "lent_on": "2026-11-02",
                                                                                     "request_id": first["id"], "case_id": case, "due_back_on": "2026-12-01"}})
assert so.get(f"/registers/coordination_loan/{loan['id']}")["state"] == "lent"
refused(404, lambda: xa_mot.get(f"/registers/coordination_loan/{loan['id']}"))
refused(400, lambda: cong_an.post(f"/registers/coordination_loan/{loan['id']}/move", {"to": "returned"}))
cong_an.post(f"/registers/coordination_loan/{loan['id']}/move", {"to": "returned", "doc": {"returned_on": "2026-11-20", "condition": "Tốt"}})

# ---- police and military open cases, notices and warnings of their own -----------------------------------------------
own = cong_an.post("/incidents", {"title": "Vụ của công an", "agency_id": "cong-an"})
own = cong_an.post(f"/incidents/{own['id']}/steps/isolate", {"verb": "done", "doc": {"ordered_by": "Trưởng phòng", "cut": "máy 1", "cut_at": instant()}})
assert own["steps"][0]["state"] == "done" and own["may"]["close"]
# Who ends a case with requests that nobody answered is told, and its timeline keeps it; what is sealed, for those of the seal.
ended = cong_an.post("/incidents", {"title": "Vụ nhầm", "agency_id": "cong-an"})["id"]
assert cong_an.get(f"/incidents/{ended}")["unanswered"] == []
ask(cong_an, "cong-an", to_body="military", wanted="experts", case_id=ended)
ask(cong_an, "cong-an", to_body="lead_department", wanted="evidence", case_id=ended, content=SEAL + "end", confidential=True, readers=["Giám đốc sở"])
unanswered = cong_an.get(f"/incidents/{ended}")["unanswered"]
assert len(unanswered) == 2 and all(re.search(r"Còn 1 đề nghị chưa được trả lời: Công an tỉnh đề nghị .* ngày 01/11/2026: ", u) for u in unanswered), unanswered
assert quan_su.get(f"/incidents/{ended}")["unanswered"] == [] and admin.get(f"/incidents/{ended}")["unanswered"] == unanswered[:1]
cong_an.post(f"/incidents/{ended}/stop", {"reason": "không phải sự cố"})
kept_of = {name: [e["text"] for e in EVERYBODY[name].get(f"/incidents/{ended}")["timeline"] if "chưa được trả lời" in (e["text"] or "")] for name in ("cong-an", "quan-su", "admin")}
assert kept_of == {"cong-an": unanswered, "quan-su": unanswered[:1], "admin": unanswered[:1]}, kept_of
refused(404, lambda: quan_su.get(f"/incidents/{own['id']}"))
refused(404, lambda: cong_an.post("/incidents", {"title": "x", "agency_id": "xa-mot"}))
told = quan_su.post("/registers/incident_notice", {"agency_id": "quan-su", "doc": {"what": "Dấu hiệu tấn công", "noticed_at": NOW, "severity": "high", "sent_to": ["lead_department", "police"]}})
assert cong_an.get(f"/registers/incident_notice/{told['id']}")["doc"]["what"] == "Dấu hiệu tấn công"
refused(404, lambda: xa_mot.get(f"/registers/incident_notice/{told['id']}"))
quan_su.post(f"/registers/incident_notice/{told['id']}/move", {"to": "reported", "doc": {"told_department_at": NOW}})
warning = quan_su.post("/warnings", {"doc": {"kind": ["risk"], "title": "Cảnh báo của quân sự", "text": "x", "measures": "x", "to_agencies": ["xa-mot"]}})
assert xa_mot.get(f"/warnings/{warning['id']}")["id"] == warning["id"]

# ---- whom to call, who is on duty -----------------------------------------------------------------------------------
cong_an.post("/registers/officer", {"agency_id": "cong-an", "doc": {"full_name": "Đầu mối công an", "roles": ["focal_point"], "assigned_on": "2026-01-01", "phone": "0201",
                                                                    "out_of_hours_phone": "0909", "deputy": "Người thay"}})
xa_hai.post("/registers/officer", {"agency_id": "xa-hai", "doc": {"full_name": "Đầu mối xã hai", "roles": ["focal_point"], "assigned_on": "2026-01-01", "phone": "0202"}})
today = xa_mot.get("/duty-roster")["today"]
shift = cong_an.post("/registers/duty_shift", {"agency_id": "cong-an", "doc": {"officer": "Trực ban công an", "on_duty_on": today, "hours": "24 giờ"}})
roster = xa_mot.get("/duty-roster")
police = next(b for b in roster["bodies"] if b["agency_id"] == "cong-an")["people"]
assert police[0]["out_of_hours_phone"] == "0909" and police[0]["deputy"] == "Người thay", police
assert "Đầu mối xã hai" not in json.dumps(roster, ensure_ascii=False)  # no body of the coordination
cong_an.post(f"/registers/duty_shift/{shift['id']}/move", {"to": "done", "doc": {"handed_over_to": "Ca sau", "handed_over_at": NOW, "notes": "Việc còn lại của ca"}})
assert next(s for s in cong_an.get("/duty-roster")["shifts"] if s["id"] == shift["id"])["notes"] == "Việc còn lại của ca"
assert next(s for s in xa_mot.get("/duty-roster")["shifts"] if s["id"] == shift["id"])["notes"] is None
staff = person("cong.chuc", "staff", "xa-mot")
for path in ("/duty-roster", "/coordination"):
    refused(403, lambda: staff.get(path))

# The same by hand, in the browser, where there is one.
CHROMIUM = pathlib.Path(os.environ.get("PHENDAU_CHROMIUM", "/usr/bin/chromium"))
browser = shutil.which("node") and CHROMIUM.exists() and (ROOT / "web" / "node_modules" / "playwright-core").exists()
by_hand = ask(so, "so", to_body="police", wanted="experts", channel="email")
kept = ask(cong_an, "cong-an", to_body="lead_department", wanted="documents", content="Đề nghị giữ kín từ sổ", confidential=True, readers=["Giám đốc sở"])
cong_an.post("/registers/duty_shift", {"agency_id": "cong-an", "doc": {"officer": "Trực ban công an", "on_duty_on": today}})
if browser:
    run("node", ROOT / "tests" / "ui" / "coordination.mjs", env={
        **os.environ, "PHENDAU_CHROMIUM": str(CHROMIUM), "PHENDAU_UI_URL": f"https://127.0.0.1:{hub.port}", "PHENDAU_UI_CASE": case,
        "PHENDAU_UI_REQUEST": by_hand["id"], "PHENDAU_UI_SEALED": kept["id"], "PHENDAU_UI_PASSWORD": PASSWORD})
    assert cong_an.get(f"/registers/coordination_request/{by_hand['id']}")["doc"]["answer"] == "Công an tỉnh cử 02 cán bộ"
    opened = so.get(f"/registers/coordination_request/{kept['id']}/history")["items"][0]
    assert (opened["by"], opened["reason"]) == ("cong.an", "Đã công bố kết quả") and not opened["doc"]["confidential"], opened

# ---- a seal is lifted by who set it: every account tries, one may -----------------------------------------------------
seals = [e["seal"] for e in cong_an.get(f"/incidents/{case}")["timeline"] if e.get("text") == SEAL + "note"] + [
    f["seal"] for f in cong_an.get(f"/incidents/{case}")["attachments"] if f["sha256"] == sealed_sha]
assert len(seals) == 2 and all(seals), seals
unsealed = [e["kind"] for e in cong_an.get(f"/incidents/{case}")["timeline"]].count("unsealed")
for name, client in EVERYBODY.items():
    if name == "cong-an":
        continue
    for seal in seals:
        status, data = raw(client, "POST", f"/incidents/{case}/lift-seal", {"record": seal, "reason": "x"})
        assert status in (403, 404) and SEAL.encode() not in data, (name, seal, status, data[:200])
refused(400, lambda: cong_an.post(f"/incidents/{case}/lift-seal", {"record": seals[0], "reason": " "}))
refused(400, lambda: cong_an.post(f"/incidents/{case}/lift-seal", {"record": f"case/{case}", "reason": "x"}))
for seal in seals:
    cong_an.post(f"/incidents/{case}/lift-seal", {"record": seal, "reason": "đã kết thúc xác minh"})
    refused(409, lambda: cong_an.post(f"/incidents/{case}/lift-seal", {"record": seal, "reason": "x"}))
assert [e["kind"] for e in cong_an.get(f"/incidents/{case}")["timeline"]].count("unsealed") == unsealed + 2
for name, client in EVERYBODY.items():
    status, data = raw(client, "GET", f"/incidents/{case}")
    rights = set(json.loads(data).get("rights", [])) if status == 200 else set()
    assert ((SEAL + "note").encode() in data) == ("timeline" in rights), (name, rights)
    assert ((SEAL + "file").encode() in data) == ("files" in rights), (name, rights)
    assert (raw(client, "GET", f"/attachments/{sealed_sha}")[0] == 200) == ("files" in rights), (name, rights)
LIFTED = {"note", "file"}

# The sealed request, likewise, from inbox and case: its addressee reads it and may not open it, nor may an undo; the others do not find it.
shown = {name: next((r for r in client.get(f"/incidents/{case}/coordination")["requests"] if r["id"] == request["id"]), None) for name, client in (("cong-an", cong_an), ("so", so))}
assert {name: (r["sealed"], r["may_unseal"]) for name, r in shown.items()} == {"cong-an": (True, True), "so": (True, False)}, shown
open_it = {"doc": {"confidential": False}, "reason": "đã kết thúc xác minh", "version": shown["cong-an"]["version"]}
for name, client in EVERYBODY.items():
    if name != "cong-an":
        status, data = raw(client, "PATCH", f"/registers/coordination_request/{request['id']}", open_it)
        assert status == (403 if name == "so" else 404) and SEAL.encode() not in data, (name, status, data[:300])
cong_an.call("PATCH", f"/registers/coordination_request/{request['id']}", open_it)
assert cong_an.get(f"/registers/coordination_request/{request['id']}/history")["items"][0]["reason"] == open_it["reason"]
told = admin.get(f"/incidents/{case}")["timeline"][-1]
assert told["kind"] == "unsealed" and not told["sealed"] and "Công an tỉnh bỏ giữ kín đề nghị gửi Sở chủ trì" in told["text"], told
seen = {name: SEAL.encode() + b"request" in raw(client, "GET", f"/registers/coordination_request/{request['id']}")[1] for name, client in EVERYBODY.items()}
assert seen == {name: name in ("admin", "so", "cong-an") for name in EVERYBODY}, seen  # as of any other request: its two sides and the province
again = {"doc": {"confidential": True}, "reason": "giữ kín lại"}
cong_an.call("PATCH", f"/registers/coordination_request/{request['id']}", again)
opened = next(h["sequence"] for h in cong_an.get(f"/registers/coordination_request/{request['id']}/history")["items"] if h["reason"] == open_it["reason"])
refused(403, lambda: so.post(f"/registers/coordination_request/{request['id']}/undo", {"sequence": opened, "reason": "x"}), "Công an tỉnh")

# ---- loans of the case ------------------------------------------------------------------------------------------------
loan = cong_an.post("/registers/coordination_loan", {"agency_id": "cong-an", "doc": {"what": "equipment", "name": "Máy phân tích", "borrower_id": "xa-mot", "lent_on": today, "case_id": case}})
shown = cong_an.get(f"/incidents/{case}/coordination")["loans"][0]
assert (shown["id"], shown["state"], shown["may_return"]) == (loan["id"], "lent", True), shown
borrowed = {one["id"]: one["may_return"] for one in EVERYBODY["xa-mot"].get(f"/incidents/{case}/coordination")["loans"]}
assert borrowed[loan["id"]] is False and not any(borrowed.values()), borrowed  # the lender takes back
cong_an.post(f"/registers/coordination_loan/{loan['id']}/move", {"to": "returned", "doc": {"returned_on": today}, "version": loan["version"]})
assert cong_an.get(f"/incidents/{case}/coordination")["loans"][0]["state"] == "returned"

# All of it is there after a kill, and means the same.
hub.stop(9)
hub.start()
admin = hub.admin()
cong_an, benh_vien = (Client(hub.port).sign_in(name, PASSWORD) for name in ("cong.an", "benh.vien"))
assert not sealed_seen(admin) - LIFTED and sealed_seen(cong_an) == ALL_SEALED, (sealed_seen(admin), sealed_seen(cong_an))
assert nothing_else(benh_vien) == {"view", "timeline", "note"}, rights_of(benh_vien)
hub.stop()
print(f"browser: {'walked' if browser else 'not here'}; 8 accounts x {sum(map(len, WAYS.values()))} ways, sealed records by {len(OPERATIONS)} operations")

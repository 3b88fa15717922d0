# SPDX-License-Identifier: Apache-2.0
"""The province at a glance, as its people: a ranking with points by hand, an appeal, publication and correction that is computed
again after a restart; warnings from the police, receipts, silence that moves a clause both ways; one queue in the right order and
within the scope; the leader page of a head, the committee and the province, also against last year; settings that are refused, wait, and count after a
restart."""
import datetime
import json
import pathlib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Client, Hub, refused, wait_for

hub = Hub(config={"assess_every": "1s"}).init(agency="so-tttt", name="Sở Thông tin và Truyền thông").start()
admin = hub.admin()
for code, name in (("xa-mot", "Xã Một"), ("xa-hai", "Xã Hai"), ("cong-an", "Công an tỉnh"), ("ubnd", "Ủy ban nhân dân tỉnh")):
    admin.post("/agencies", {"code": code, "name": name})
for slot, agency in (("lead_department", "so-tttt"), ("police", "cong-an"), ("provincial_committee", "ubnd")):
    admin.post("/registers/role_binding", {"doc": {"slot": slot, "agency_id": agency, "from": "2026-01-01"}})
PASSWORD = "Mat-khau-rieng-7!"


def person(name, role, *agencies):
    made = admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": list(agencies)})
    return Client(hub.port).sign_in(name, made["one_time_password"], PASSWORD)


officer, head, staff = (person(f"{role}.mot", f"{kind}", "xa-mot") for role, kind in (("canbo", "agency_officer"), ("lanhdao", "agency_head"), ("nhanvien", "staff")))
other, watcher = person("canbo.hai", "agency_officer", "xa-hai"), person("truc.tinh", "province_operator")
police, committee = person("cong.an", "partner", "cong-an"), person("chu.tich", "agency_head", "ubnd")
TODAY = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=7)).date()
YEAR = TODAY.year


# ---- ranking -----------------------------------------------------------------------------------------------------------
def ranking(client=None, **query):
    return (client or admin).get(f"/rankings/{YEAR}", **query)


def row(of, agency):
    return next(r for r in of["items"] if r["agency_id"] == agency)


def points(of, agency, criterion):
    return next(c["points"] for c in row(of, agency)["criteria"] if c["criterion"] == criterion)


officer.post("/registers/training", {"doc": {"kind": "course", "audience": "staff", "held_on": f"{YEAR}-01-01", "attended": 12}, "state": "done"})
first = ranking()
assert first["ranking"]["id"] == "agency_year" and first["provisional"] and {r["agency_id"] for r in first["items"]} >= {"xa-mot", "xa-hai"}
assert points(first, "xa-mot", "training") == "10.00" and points(first, "xa-hai", "training") == "0.00"


def sheet_with_duties():  # an agency has no duties until the engine has run after it was entered
    sheet = ranking(officer, agency="xa-mot")["sheet"]
    duties = next(c for c in sheet["criteria"] if c["criterion"] == "duties_met")
    return (sheet, duties) if duties["total"] else None


sheet, duties = wait_for(sheet_with_duties, 60)
assert duties["total"] > 20 and len(duties["evidence"]) >= duties["total"], (duties["total"], len(duties["evidence"]))
trained = next(c for c in sheet["criteria"] if c["criterion"] == "training")
assert officer.get("/registers/" + trained["evidence"][0]["ref"])["doc"]["attended"] == 12, "evidence opens in the portal"
refused(404, lambda: ranking(officer, agency="xa-hai"))
assert [r["agency_id"] for r in ranking(officer)["items"]] == ["xa-mot"]
refused(403, lambda: ranking(staff))
# Points by hand need a file; an agency appeals; the department grants.
given = {"year": YEAR, "ranking": "agency_year", "criterion": "inspection"}
refused(403, lambda: officer.post("/registers/ranking_score", {"doc": {**given, "points": 10, "reason": "x"}}))
score = watcher.post("/registers/ranking_score", {"agency_id": "xa-mot", "doc": {**given, "points": 6, "reason": "Kiểm tra tháng 5"}})
assert points(ranking(), "xa-mot", "inspection") == "0.00" and ranking()["ignored"]
admin.call("POST", "/attachments", b"Bien ban kiem tra", {"X-Record": f"ranking_score/{score['id']}", "Content-Type": "text/plain"}, name="bien-ban.txt")
assert points(ranking(), "xa-mot", "inspection") == "6.00"
appeal = officer.post("/registers/ranking_appeal", {"doc": {**given, "reason": "Đã khắc phục"}})
refused(403, lambda: officer.post(f"/registers/ranking_appeal/{appeal['id']}/move", {"to": "granted", "doc": {"points": 10, "answer": "x"}}))
watcher.post(f"/registers/ranking_appeal/{appeal['id']}/move", {"to": "granted", "doc": {"points": 9, "answer": "Đồng ý"}})
assert points(ranking(), "xa-mot", "inspection") == "9.00"
# Published, it stays; a correction is a new one.
refused(403, lambda: officer.post(f"/rankings/{YEAR}/publish", {"decision_number": "1"}))
published = watcher.post(f"/rankings/{YEAR}/publish", {"decision_number": "12/TB-STTTT"})["publication"]
other.post("/registers/training", {"doc": {"kind": "course", "audience": "staff", "held_on": f"{YEAR}-01-01", "attended": 3}, "state": "done"})
assert points(ranking(), "xa-hai", "training") == "10.00" and points(ranking(publication=published["id"]), "xa-hai", "training") == "0.00"
seen = ranking(officer, publication=published["id"])
assert row(seen, "xa-hai")["rank"] > 0 and row(seen, "xa-hai")["criteria"] == [] and row(seen, "xa-mot")["criteria"], "the published table, and no more of others"
refused(400, lambda: watcher.post(f"/rankings/{YEAR}/publish", {"decision_number": "13"}), "lý do")
second = watcher.post(f"/rankings/{YEAR}/publish", {"decision_number": "13/TB-STTTT", "reason": "Bổ sung đào tạo của Xã Hai"})["publication"]
assert second["replaces"] == published["id"]
response, book = officer.raw("GET", f"/api/v1/rankings/{YEAR}/xlsx?agency=xa-mot")
assert response.status == 200 and book[:2] == b"PK", response.status
refused(404, lambda: admin.get(f"/rankings/{YEAR - 3}"))


# ---- warnings ----------------------------------------------------------------------------------------------------------
def status_of(part):
    return [o["status"] for o in admin.get("/obligations", part=part, agency="so-tttt", limit=50)["items"]]


TOLD = {"kind": ["malware"], "title": "Mã độc mới", "text": "Gửi qua thư", "measures": "Không mở tệp lạ"}
refused(403, lambda: officer.post("/warnings", {"doc": TOLD}))
refused(403, lambda: staff.post("/warnings", {"doc": TOLD}))
sent = police.post("/warnings", {"doc": TOLD})
assert sent["state"] == "issued" and sent["counts"]["sent"] == 4 and sent["reply_by"] > str(TODAY), sent
path = f"/warnings/{sent['id']}"
assert [w["id"] for w in staff.get("/warnings")["items"]] == [sent["id"]] and staff.get(path)["counts"] is None
staff.post(path + "/receipt", {})
assert officer.get(path)["own"][0]["state"] == "none" and officer.get(path)["own"][0]["readers"] == 1
refused(404, lambda: officer.post(path + "/receipt", {"agency_id": "xa-hai"}))
assert officer.post(path + "/receipt", {})["own"][0]["state"] == "received"
done = officer.post(path + "/receipt", {"measures_taken": "Đã quét 12 máy"})["own"][0]
assert done["state"] == "done" and done["done_on"] == str(TODAY) and done["read_by"], done
receipts = {r["agency_id"]: r for r in police.get(path)["receipts"]}
assert receipts["xa-mot"]["measures_taken"] == "Đã quét 12 máy" and receipts["xa-hai"]["state"] == "none"
# The lead department's own warning, with a term: while it runs the clause is met; silence breaks it; an answer mends it.
part = "hg-1374:7.10"
mine = admin.post("/warnings", {"doc": {**TOLD, "to_agencies": ["xa-hai"]}})
refused(404, lambda: officer.get(f"/warnings/{mine['id']}"))
wait_for(lambda: status_of(part) == ["met"], 30)
old = admin.post("/registers/warning", {"doc": {**TOLD, "title": "Đã quá hạn", "reply_by": str(TODAY - datetime.timedelta(days=2)), "sent_to": ["xa-mot", "xa-hai"]}})
admin.post(f"/registers/warning/{old['id']}/move", {"to": "issued", "doc": {"issued_on": str(TODAY - datetime.timedelta(days=9))}})
wait_for(lambda: status_of(part) == ["violated"], 30)
assert {r["agency_id"] for r in watcher.get(f"/warnings/{old['id']}")["receipts"] if r["silent"]} == {"xa-mot", "xa-hai"}

# ---- queue -------------------------------------------------------------------------------------------------------------
case = officer.post("/incidents", {"title": "Máy chủ lạ", "agency_id": "xa-mot"})
asked = officer.post("/registers/software_approval", {"doc": {"software": "Bộ gõ", "purpose": "Soạn văn bản", "requested_on": str(TODAY)}})
officer.post("/registers/exception", {"doc": {"scope_id": "hg-1374:3.1.b", "reason": "Chờ máy mới", "from": str(TODAY), "until": f"{YEAR + 1}-01-01"}})
queue = watcher.get("/queue", limit=200)
kinds = {item["type"] for item in queue["items"]}
assert {"incident", "request", "warning"} <= kinds, queue["counts"]
assert {"Bộ gõ", "Máy chủ lạ", "Đã quá hạn"} <= {item["title"] for item in queue["items"]}, [i["title"] for i in queue["items"]]
dues = [item["due_at"] for item in queue["items"]]
clocked = [due for due in dues if due]
assert dues[:len(clocked)] == sorted(clocked) and not any(dues[len(clocked):]), "clocks first, by their end"
assert {item["type"] for item in watcher.get("/queue", type="request")["items"]} == {"request"}
assert queue["counts"]["request"] >= 2 and queue["counts"]["warning"] == 1
watcher.post(f"/registers/software_approval/{asked['id']}/move", {"to": "approved", "doc": {"decided_on": str(TODAY), "decided_by": "Phòng CNTT", "check_result": "passed"}})
assert "Bộ gõ" not in {item["title"] for item in watcher.get("/queue", limit=200)["items"]}
assert all(item["agency_id"] == "xa-hai" for item in other.get("/queue", limit=200)["items"])
refused(403, lambda: staff.get("/queue"))
for client in (officer, other):
    client.post(f"/warnings/{old['id']}/receipt", {})
wait_for(lambda: status_of(part) == ["met"], 30)
assert watcher.get("/queue", type="warning")["items"] == []

# ---- leader page -------------------------------------------------------------------------------------------------------
paper = officer.post("/registers/internal_regulation", {"doc": {"number": "5/QC", "issued_on": f"{YEAR}-03-01"}})
page = head.get("/leader")
assert not page["province"] and page["agency_name"] == "Xã Một" and page["incidents"]["total"] == 1, page
assert paper["id"] in {p["id"] for p in page["papers"]["items"]} and page["last_year"] is None
assert page["this_year"]["total"] > 20 and page["incidents"]["opened_this_month"] == 1
whole = admin.get("/leader")
assert whole["province"] and whole["agencies"] == 5 and sum(whole["counts"].values()) > sum(page["counts"].values())
assert committee.get("/leader")["agencies"] == 5 and committee.get("/leader")["incidents"]["total"] == 1
refused(404, lambda: committee.get(f"/incidents/{case['id']}"))
for client in (officer, staff, police):
    refused(403, lambda: client.get("/leader"))

# ---- settings ----------------------------------------------------------------------------------------------------------
def setting(name):
    return next(p for p in admin.get("/settings")["parameters"] if p["name"] == name)


refused(403, lambda: officer.get("/settings"))
refused(403, lambda: watcher.call("PATCH", "/settings/password_min_length", {"value": 12, "reason": "x"}))
refused(400, lambda: admin.call("PATCH", "/settings/password_min_length", {"value": 1, "reason": "x"}), "không nhỏ hơn 6")
refused(400, lambda: admin.call("PATCH", "/settings/password_classes", {"value": ["letter"], "reason": "x"}), "lower")
refused(400, lambda: admin.call("PATCH", "/settings/warning_reply_within", {"value": "nhanh", "reason": "x"}), "5wd")
refused(400, lambda: admin.call("PATCH", "/settings/password_min_length", {"value": 12, "reason": " "}), "lý do")
was = setting("password_min_length")["value"]
changed = admin.call("PATCH", "/settings/password_min_length", {"value": 14, "reason": "Kế hoạch 12/KH-UBND"})
assert changed["waits_for_restart"] and changed["value"] == was and changed["set"]["by"], changed
admin.call("PATCH", "/settings/warning_reply_within", {"value": "1d", "reason": "Rút ngắn"})
assert {s["id"]: [h["agency_id"] for h in s["holders"]] for s in watcher.get("/settings")["slots"]}["police"] == ["cong-an"]
before = ranking(publication=second["id"])
hub.stop()
# What the hub would have kept of last year (the year book): of all duties that count, how many were good.
LAST = [("xa-mot", "1", "met", 0, 0), ("xa-mot", "2", "attested", 0, 0), ("xa-mot", "3", "excepted", 0, 0), ("xa-mot", "4", "overdue", 0, 0),
        ("xa-mot", "5", "violated", 3, 5), ("xa-mot", "6", "no_occasion", 0, 0), ("xa-mot", "7", "not_applicable", 0, 0),
        ("xa-hai", "1", "violated", 0, 0), ("", "1", "met", 0, 0)]
with sqlite3.connect(hub.data / "ledger" / "ledger.db") as db:
    for agency, n, status, good, total in LAST:
        line = f"hg-1374:9.8|agency:{agency}|{n}"
        kept = {"id": line, "clause": "hg-1374:9.8", "part": "hg-1374:9.8", "agency": agency, "year": YEAR - 1, "status": status, "good": good, "total": total}
        db.execute("INSERT INTO derived VALUES('obligation_year', ?, ?, ?, 0)", (f"{YEAR - 1}|{agency}|{line}", agency, json.dumps(kept)))
db.close()
hub.start()
admin, watcher = hub.admin(), Client(hub.port).sign_in("truc.tinh", PASSWORD)
head, committee = (Client(hub.port).sign_in(name, PASSWORD) for name in ("lanhdao.mot", "chu.tich"))
page = head.get("/leader")
assert page["last_year"] == {"year": YEAR - 1, "good": 6, "total": 9}, ("three duties and three of five machines; one agency's own", page["last_year"])
assert page["this_year"]["year"] == YEAR and 0 <= page["this_year"]["good"] < page["this_year"]["total"], page["this_year"]
for client in (admin, committee):
    assert client.get("/leader")["last_year"] == {"year": YEAR - 1, "good": 7, "total": 11}, client.get("/leader")["last_year"]
assert setting("password_min_length")["value"] == 14 and not admin.get("/settings")["waits_for_restart"]
made = admin.post("/users", {"username": "moi.vao", "name": "Mới vào", "role": "staff", "agency_ids": ["xa-mot"]})
refused(400, lambda: Client(hub.port).sign_in("moi.vao", made["one_time_password"], "Ngan-12345!"))
short = admin.post("/warnings", {"doc": TOLD})
assert short["reply_by"] == str(TODAY + datetime.timedelta(days=1)), short["reply_by"]
assert admin.get(f"/warnings/{mine['id']}")["reply_by"] == mine["reply_by"], "what was sent before keeps its term"
after = ranking(publication=second["id"])
assert after["publication"]["recomputed"] and after["publication"]["sheet_sha256"] == before["publication"]["sheet_sha256"] and after["items"] == before["items"]
hub.stop()
assert not hub.errors(), hub.errors()
print("province: passed")

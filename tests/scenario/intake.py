# SPDX-License-Identifier: Apache-2.0
"""Reports before there is a case: a stranger's by the public form in a browser without scripts, twice over a bad line and marked as secret;
one by telephone; each answered once, several and an alert in one case, two cases merged; severity by the pack's table; limits; nothing of it is lost over a kill. An exercise
stays one and is counted nowhere."""
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import ROOT, Client, Hub, Problem, refused, run, scratch, wait_for

PASSWORD = "Mat-khau-rieng-7!"
PAGE = "/bao-su-co-nhanh"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CHROMIUM = pathlib.Path(os.environ.get("PHENDAU_CHROMIUM", "/usr/bin/chromium"))
BROWSER = shutil.which("node") and CHROMIUM.exists() and (ROOT / "web" / "node_modules" / "playwright-core").exists()

hub = Hub().init("xa-a", "Xã A").start()
admin = hub.admin()
admin.post("/agencies", {"code": "xa-b", "name": "Xã B"})
admin.post("/agencies", {"code": "so-chu-tri", "name": "Sở chủ trì"})
admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-chu-tri", "from": "2026-01-01"}})


def person(name, role, *agencies):
    made = admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": list(agencies)})
    return Client(hub.port).sign_in(name, made["one_time_password"], PASSWORD)


officer_a, officer_b, staff = (person(*who) for who in
                               (("can.bo.a", "agency_officer", "xa-a"), ("can.bo.b", "agency_officer", "xa-b"), ("nhan.vien", "staff", "xa-a")))


def form(source=None, **query):
    response, body = Client(hub.port, source).raw("GET", PAGE + ("?" + urllib.parse.urlencode(query) if query else ""))
    return response, body.decode()


def send(fields, source=None, headers=None):
    response, body = Client(hub.port, source).raw("POST", PAGE, urllib.parse.urlencode(fields).encode(), {**FORM, **(headers or {})})
    return response.status, body.decode()


def number_in(page):
    return re.search(r"[A-Z2-7]{4}-[A-Z2-7]{4}", page)[0]


def reports(client=None, **query):
    return (client or admin).get("/incident-reports", **query)


# ---- the public form -------------------------------------------------------------------------------------------------
response, page = form(**{"co-quan": "xa-b"})
assert response.status == 200 and response.getheader("Content-Type") == "text/html; charset=utf-8"
policy = response.getheader("Content-Security-Policy")
assert "unsafe" not in policy and response.getheader("Set-Cookie") is None and response.getheader("Cache-Control") == "no-store"
assert "<script" not in page and not re.findall(r'(?:src|href|action)="(?!/)', page), page
assert '<option value="xa-b" selected>Xã B</option>' in page and len(page) < 8_000
once = re.search(r'name="once" value="([0-9a-f]{32})"', page)[1]
said = {"once": once, "agency_id": "xa-b", "about": "incident", "title": 'Máy đòi tiền <script>alert("1")</script>', "text": "Từ 8 giờ sáng",
        "email": "nguoi.bao@xa.example", "phone": "0912000111"}
status, page = send(said)
assert status == 200 and "Đã nhận tin báo" in page, (status, page)
number = number_in(page)
assert "calls" not in page and "Cần gấp" not in page, page  # nobody entered whom to call
# The line broke and the browser sent it again: one report, one number. Other words are another report.
assert number_in(send(said)[1]) == number and reports()["total"] == 1
assert number_in(send({**said, "text": "Thêm điều khác"})[1]) != number and reports()["total"] == 2
# Once somebody did, the receipt says whom to call of the agency that got it: by number, without names; of nobody else.
today = officer_b.get("/duty-roster")["today"]
for who, doc in ((officer_b, {"full_name": "Đầu mối xã B", "roles": ["focal_point"], "phone": "0219 3111 222", "out_of_hours_phone": "0912 <b>345</b>"}),
                 (officer_b, {"full_name": "Trực ban xã B", "roles": ["it_officer"], "phone": "0219 3999 888"}),
                 (officer_b, {"full_name": "Người khác xã B", "roles": ["it_officer"], "phone": "0219 3777 666"}),
                 (officer_a, {"full_name": "Đầu mối xã A", "roles": ["focal_point"], "phone": "0219 3444 555"})):
    who.post("/registers/officer", {"agency_id": "xa-b" if who is officer_b else "xa-a", "doc": {**doc, "assigned_on": "2026-01-01"}})
officer_b.post("/registers/duty_shift", {"agency_id": "xa-b", "doc": {"officer": "Trực ban xã B", "on_duty_on": today}})
page = send(said)[1]
assert re.findall(r"<li>([^:]*): <a href=\"tel:([^\"]*)\">", page) == [("Trực hôm nay", "02193999888"), ("Đầu mối", "02193111222"), ("Ngoài giờ", "0912345")], page
assert "Cần gấp thì gọi Xã B" in page and "0912 &lt;b&gt;345" in page and "Đầu mối xã" not in page and "3444" not in page and "3777" not in page, page
# Wrong, forged and marked ones are refused with what was typed, escaped; nothing of it is kept.
status, page = send({**said, "title": " ", "text": '"><b>x'})
assert status == 400 and "Chuyện gì xảy ra?" in page and "&quot;&gt;&lt;b&gt;x" in page and '"><b>x' not in page
for fields, headers, wanted in (({**said, "text": "A\nTỐI MẬT\nB"}, {}, 422), (said, {"Sec-Fetch-Site": "cross-site"}, 403),
                                (said, {"Content-Type": "text/plain"}, 400), ({**said, "agency_id": "khong-co"}, {}, 400), ({**said, "about": "x"}, {}, 400),
                                ({**said, "email": "a@b, c@d"}, {}, 400), ({**said, "found_at": "2090-01-01T00:00"}, {}, 400), ({**said, "text": "x" * 20_000}, {}, 400)):
    status, page = send(fields, headers=headers)
    assert status == wanted, (fields, headers, status, page)
response, _ = Client(hub.port).raw("POST", PAGE, b"title=" + b"x" * 40_000, FORM)
assert response.status == 413, response.status
assert reports()["total"] == 2 and "TỐI MẬT" not in json.dumps(reports(), ensure_ascii=False)
# Whoever does not know the agency reaches the lead department.
assert send({**said, "agency_id": "", "title": "Không rõ nơi nào"})[0] == 200
assert reports(agency="so-chu-tri")["total"] == 1
# One address floods: it is told to telephone, the others go on; what was refused is counted.
codes = [send({**said, "title": f"Tin {i}"}, "127.0.0.9")[0] for i in range(22)]
assert codes.count(200) == 20 and codes[-1] == 429, codes
assert reports()["refused"] == 2 and "refused" not in reports(officer_a)
assert send({**said, "title": "Từ nơi khác"}, "127.0.0.8")[0] == 200
# Nothing of any report is shown without a session, and of another agency with one.
for path in ("/incident-reports", f"/incident-reports/{reports()['items'][0]['id']}"):
    refused(401, lambda: Client(hub.port).get(path))
assert reports(officer_a)["total"] == 0 and reports(officer_b)["total"] == reports(agency="xa-b")["total"] > 20
refused(403, lambda: reports(staff))
first = reports(q="Máy đòi tiền")["items"][-1]
refused(404, lambda: officer_a.get(f"/incident-reports/{first['id']}"))

# ---- signed in, and by telephone -----------------------------------------------------------------------------------------
own = staff.post("/incident-reports", {"agency_id": "xa-a", "about": "risk", "title": "Cổng đang mở ra Internet"})
refused(404, lambda: staff.post("/incident-reports", {"agency_id": "xa-b", "about": "risk", "title": "x"}))
call = admin.post("/incident-reports", {"agency_id": "xa-a", "channel": "phone", "about": "incident", "title": "Gọi lúc sáng sớm", "reporter_name": "Chị Hoa",
                                        "received_at": "2026-11-01T06:05:00+07:00", "found_at": "2026-11-01T05:50:00+07:00"})
assert own["channel"] == "portal" and call["entered_by"] and call["found_at"] == "2026-10-31T22:50:00Z", call


def decide(client, report, **body):
    return client.post(f"/incident-reports/{report['id']}/decision", body)


# ---- each is answered once; several and an alert in one case ----------------------------------------------------------
with socket.create_connection(("127.0.0.1", hub.tcp)) as sock:
    sock.sendall(b"".join(b"<38>Nov 24 01:00:%02d may sshd[9]: Failed password for root from 192.0.2.1 port 7 ssh2\n" % i for i in range(12)))
alert = wait_for(lambda: admin.get("/alerts", agency="xa-a")["items"])[0]
refused(404, lambda: decide(officer_b, call, decision="opened"))
opened = decide(officer_a, call, decision="opened", report_ids=[own["id"]], alert_ids=[alert["id"]])
case = officer_a.get(f"/incidents/{opened['case_id']}")
assert case["detected_at"] == "2026-10-31T22:50:00Z" and len(case["links"]["reports"]) == 2 and case["alerts"][0]["id"] == alert["id"], case
assert officer_a.get(f"/alerts/{alert['id']}")["case_id"] == case["id"]
assert "Theo tin báo" in case["description"] and not case["exercise"]
for report in (call, own):
    refused(409, lambda: decide(officer_a, report, decision="answered", answer="x"))
late = admin.post("/incident-reports", {"agency_id": "xa-a", "channel": "fax", "about": "incident", "title": "Bản fax đến sau"})
decide(officer_a, late, decision="linked", case_id=case["id"])
answered = decide(officer_b, first, decision="answered", answer="Cửa sổ quảng cáo")
assert answered["state"] == "answered" and answered["answer"] == "Cửa sổ quảng cáo"
refused(422, lambda: decide(officer_b, reports(officer_b, state="new")["items"][0], decision="answered", answer="A\nTỐI MẬT\nB"))

# ---- severity by the pack's table ----------------------------------------------------------------------------------------
system = admin.post("/registers/information_system", {"agency_id": "xa-a", "doc": {"name": "Một cửa", "level": 4}})
foreign = admin.post("/registers/information_system", {"agency_id": "xa-b", "doc": {"name": "Của xã B", "level": 5}})
table = officer_a.get("/classification")
assert len(table["categories"]) == 10 and [o["id"] for o in table["outcomes"]] == ["serious", "ordinary"], table


def classify(client=officer_a, **body):
    return client.post(f"/incidents/{case['id']}/classification", body)


def law_clocks():
    return [c for c in officer_a.get(f"/incidents/{case['id']}")["clocks"] if c["label"].startswith("Thông báo ban đầu")]


told = classify(dry_run=True, system_ids=[system["id"]])
assert told["answers"]["level"] == 4 and told["proposed"] is None and set(told["open"]) == {"consequences", "beyond_control"}, told
assert classify(dry_run=True, system_ids=[system["id"]], answers={"consequences": [], "beyond_control": True})["proposed"] == "ordinary"
two_tests = {"system_ids": [system["id"]], "answers": {"consequences": ["interrupted"], "beyond_control": True}}
told = classify(dry_run=True, **two_tests)
assert told["proposed"] == "serious" and "05/2017" in told["source"] and all(line["holds"] for line in told["lines"]), told
for wrong in ({"system_ids": [foreign["id"]]}, {"answers": {"level": 9}}, {"answers": {"x": True}}, {"category": "x"}, {"outcome": "x"}, {"system_ids": [system["id"]]},
              {**two_tests, "outcome": "ordinary"}):  # the last one: another outcome without a reason
    refused(400, lambda: classify(**wrong))
refused(404, lambda: classify(officer_b, **two_tests))
refused(409, lambda: classify(**two_tests))  # the law's second step waits for the first
steps = [s["id"] for s in case["definition"]["steps"]]
officer_a.post(f"/incidents/{case['id']}/steps/{steps[0]}", {"verb": "done", "doc": {"ordered_by": "Chủ tịch xã", "cut": "Máy chủ", "cut_at": "2026-11-01T06:30:00+07:00"}})
assert len(law_clocks()) == 1  # nobody has said how severe it is: the stricter clock runs
done = classify(**two_tests, category="malware")
assert done["classification"]["outcome"] == "serious" and done["classification"]["category"] == "malware"
assert next(s for s in done["steps"] if s["id"] == "verify")["doc"]["serious"] == "serious"
assert any("Sự cố nghiêm trọng" in e["text"] for e in done["timeline"]) and law_clocks()
done = classify(**two_tests, outcome="ordinary", reason="Đã khôi phục trong mười phút")
assert done["classification"]["proposed"] == "serious" and done["classification"]["override_reason"] and not law_clocks(), law_clocks()

# ---- two cases become one; everything is found from both ----------------------------------------------------------------
other = officer_a.post("/incidents", {"title": "Cùng một việc", "agency_id": "xa-a"})
note = {"verb": "note", "reason": "Ghi trước khi gộp"}
officer_a.post(f"/incidents/{other['id']}/steps/{other['definition']['steps'][0]['id']}", note)
file = officer_a.call("POST", "/attachments", b"nhat ky", {"X-Case": other["id"]}, name="nhat-ky.txt")
refused(404, lambda: officer_b.post(f"/incidents/{other['id']}/merge", {"into": case["id"], "reason": "x"}))
ended = officer_a.post(f"/incidents/{other['id']}/merge", {"into": case["id"], "reason": "Cùng máy chủ"})
assert ended["status"] == "closed" and ended["links"]["merged_into"]["id"] == case["id"]

# ---- an exercise ---------------------------------------------------------------------------------------------------------
drill = officer_a.post("/incidents", {"title": "Diễn tập mã độc", "agency_id": "xa-a", "exercise": True})
assert drill["exercise"] and drill["id"] not in [c["id"] for c in officer_a.get("/incidents")["items"]]
assert [c["id"] for c in officer_a.get("/incidents", exercise="true")["items"]] == [drill["id"]]
assert [a["open_incidents"] for a in admin.get("/overview")["agencies"] if a["id"] == "xa-a"] == [1]
assert [s["case_title"] for s in officer_a.get("/tasks")["steps"] if s["case_id"] == drill["id"]] == ["[DIỄN TẬP] Diễn tập mã độc"]


def duties_text():
    return json.dumps(officer_a.get("/obligations", agency="xa-a", limit=200), ensure_ascii=False)


wait_for(lambda: "Gọi lúc sáng sớm" in duties_text())
assert "Diễn tập mã độc" not in duties_text()
refused(409, lambda: officer_a.post(f"/incidents/{drill['id']}/merge", {"into": case["id"], "reason": "x"}))
stix = officer_a.get(f"/incidents/{drill['id']}/export", format="stix")
assert "DIỄN TẬP" in json.dumps(stix, ensure_ascii=False)
paper = officer_a.post("/papers", {"paper": "evidence_minute", "case_id": drill["id"]})
assert paper["exercise"]
notices = wait_for(lambda: [n for n in officer_a.get("/notices", limit=200)["items"] if "Diễn tập mã độc" in n["text"]])
assert notices[0]["text"].startswith("[DIỄN TẬP] "), notices
held = admin.post("/registers/drill", {"agency_id": "xa-a", "doc": {"scenario": "Mã độc tống tiền", "held_on": "2026-11-20", "case_id": drill["id"]}})
assert held["doc"]["case_id"] == drill["id"]

# ---- the hub is killed ---------------------------------------------------------------------------------------------------
def settled(case_id):
    """The case, once what is due in it has happened: it goes on happening after the kill."""
    now = admin.get(f"/incidents/{case_id}")
    due = [e for e in now["effects"] if e["state"] == "waiting" and (e["at"] or "") <= datetime.datetime.now(datetime.timezone.utc).isoformat()]
    return None if due else now


before = {"reports": reports(limit=200)["items"], "other": wait_for(lambda: settled(other["id"])), "case": wait_for(lambda: settled(case["id"]))}
hub.stop(signal.SIGKILL)
hub.start()
admin = hub.admin()
assert reports(limit=200)["items"] == before["reports"]
case, other = admin.get(f"/incidents/{case['id']}"), admin.get(f"/incidents/{other['id']}")
for now, then in ((case, before["case"]), (other, before["other"])):
    changed = {name: (then.get(name), now[name]) for name in now if now[name] != then.get(name)}
    assert changed.keys() <= {"definition"}, changed  # there the prepared searches reach up to now
assert [m["id"] for m in case["links"]["merged_from"]] == [other["id"]] and len(case["links"]["reports"]) == 3
assert any(e["text"] == note["reason"] for e in other["timeline"]) and other["attachments"][0]["sha256"] == file["sha256"]
assert any("Cùng máy chủ" in e["text"] for e in case["timeline"])
refused(409, lambda: admin.post(f"/incidents/{other['id']}/reopen", {"reason": "x"}))

# ---- in a browser: a telephone without scripts, then the inbox -------------------------------------------------------
if BROWSER:
    done = run("node", ROOT / "tests" / "ui" / "intake.mjs", check=False, cwd=scratch(),
               env={**os.environ, "PHENDAU_CHROMIUM": str(CHROMIUM), "PHENDAU_UI_URL": f"https://127.0.0.1:{hub.port}",
                    "PHENDAU_UI_PASSWORD": Hub.ADMIN_PASSWORD, "PHENDAU_UI_DRILL": drill["id"], "PHENDAU_UI_CASE": case["id"]})
    print(done.stdout, end="")
    assert done.returncode == 0, f"browser: {done.returncode}\n{done.stdout}\n{done.stderr}"
hub.stop()

# Closed by a setting, it is not there.
hub.change_config(report_form=False).start()
assert form()[0].status == 404 and send(said)[0] == 404
assert not hub.errors(), hub.errors()
print("intake: passed" + ("" if BROWSER else " (no browser)"))

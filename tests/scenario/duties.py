# SPDX-License-Identifier: Apache-2.0
"""What I owe, and when: a duty comes due, stands among the tasks of its own agency with the act that fulfils it, is told of once
(a restart repeats nothing), stands in the calendar that a phone reads without signing in, and is gone when it is done. The head's
quarterly sign-off: figures by the hub, signed by the head alone. Another agency sees none of it."""
import base64
import datetime
import email
import email.header
import http.client
import pathlib
import re
import shutil
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import AS_ROOT, Client, HUB_UID, Hub, ROOT, refused, run, scratch, wait_for

# ---- a small document of our own: reminders at midnight, so that each is either due or not -----------------------------
packs = scratch()
shutil.copytree(ROOT / "packs/base", packs / "base")
(packs / "thu/clauses").mkdir(parents=True)
(packs / "thu/pack.yaml").write_text("""
id: thu
title: {vi: Quy chế thử, en: Trial regulation}
document:
  title: {vi: Quy chế thử, en: Trial regulation}
  number: 1/QĐ
  issuer: UBND
  date: "2026-01-01"
  prefix: t
in_force: {from: "2026-01-01"}
imports: [base]
reminders:
  before_days: [30, 7, 3, 1, 0]
  overdue_days: [0, 7]
  to: [it_officer]
  at: "00:00"
  escalate: {after_days: 3, to: [agency_head]}
""")
(packs / "thu/clauses/all.yaml").write_text("""
clauses:
  - id: t:1
    citation: Điều 1
    title: {vi: "Khóa tài khoản người thôi việc; thu hồi thiết bị, thẻ", en: Lock the accounts of leavers}
    duty: {vi: Khóa tài khoản trong năm ngày., en: Lock within five days.}
    bound: [it_officer]
    kind: process
    modality: must
    subject: agency
    trigger: {register: leaver, from: left_on, within: 5d}
    satisfied_by: [{kind: occasion, state: [done], done: done_on}]
  - id: t:2
    citation: Điều 2
    title: {vi: Xem nhật ký hằng tháng, en: Review the logs monthly}
    duty: {vi: Xem nhật ký mỗi tháng., en: Review the logs each month.}
    bound: [it_officer]
    kind: process
    modality: must
    subject: agency
    satisfied_by: [{kind: register, ref: log_review, period: P1M}]
  - id: t:3
    citation: Điều 3
    title: {vi: Có phòng máy chủ riêng, en: A server room of its own}
    duty: {vi: Bố trí phòng máy chủ., en: Have a server room.}
    bound: [agency_head]
    kind: governance
    modality: must
    subject: agency
    satisfied_by: [{kind: attestation, file: true}]
""")


# ---- a mail server: plain greeting, STARTTLS, sign-in, one mailbox that it does not know ----------------------------------
mail_folder = scratch()
run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
    "-keyout", mail_folder / "key.pem", "-out", mail_folder / "cert.pem")
(mail_folder / "password").write_text("mat khau thu\n")
for name in ("password", "cert.pem"):
    if AS_ROOT:
        shutil.chown(mail_folder / name, HUB_UID, HUB_UID)
mails, refusals = [], []


def serve_mail(listener):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(mail_folder / "cert.pem", mail_folder / "key.pem")
    while True:
        talk, _ = listener.accept()
        threading.Thread(target=answer_mail, args=(talk, context), daemon=True).start()


def answer_mail(talk, context):
    stream, is_tls, is_known, envelope = talk.makefile("rwb"), False, False, {}

    def say(text):
        stream.write(text.encode() + b"\r\n")
        stream.flush()
    say("220 thu nghiem")
    try:
        while line := stream.readline().decode().rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                say("250-thu\r\n250 " + ("AUTH PLAIN" if is_tls else "STARTTLS"))
            elif verb == "STARTTLS":
                say("220 go")
                stream.close()
                talk = context.wrap_socket(talk, server_side=True)
                stream, is_tls = talk.makefile("rwb"), True
            elif verb == "AUTH":
                word = line.split(" ")[2] if line.count(" ") == 2 else None
                if word is None:
                    say("334 ")
                    word = stream.readline().decode().strip()
                is_known = is_tls and base64.b64decode(word) == b"\0phendau\0mat khau thu"
                say("235 ok" if is_known else "535 no")
            elif verb == "MAIL":
                envelope = {"from": line}
                say("250 ok" if is_known else "530 sign in first")
            elif verb == "RCPT":
                envelope["to"] = line
                if "khong.co@" in line:
                    refusals.append(line)
                    say("550 no such mailbox")
                else:
                    say("250 ok")
            elif verb == "DATA":
                say("354 go")
                lines = []
                while (piece := stream.readline()) != b".\r\n":
                    assert piece.endswith(b"\r\n"), piece
                    lines.append(piece[1:] if piece.startswith(b".") else piece)
                mails.append((envelope["to"], email.message_from_bytes(b"".join(lines))))
                say("250 kept")
            elif verb == "QUIT":
                return say("221 bye")
            else:
                say("502 what")
    except OSError:
        pass


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve_mail, args=(listener,), daemon=True).start()
smtp = {"host": "localhost", "port": listener.getsockname()[1], "from": "phendau@tinh.example", "user": "phendau",
        "password_file": str(mail_folder / "password"), "ca_file": str(mail_folder / "cert.pem")}

hub = Hub(pack=packs / "thu", config={"assess_every": "1s", "smtp": smtp}).init(agency="so-tttt", name="Sở Thông tin và Truyền thông").start()
admin = hub.admin()
for code, name in (("xa-mot", "Xã Một"), ("xa-hai", "Xã Hai")):
    admin.post("/agencies", {"code": code, "name": name})
PASSWORD = "Mat-khau-rieng-7!"


def person(name, role, agency):
    made = admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": [agency]})
    return Client(hub.port).sign_in(name, made["one_time_password"], PASSWORD)


officer, head = person("can-bo", "agency_officer", "xa-mot"), person("thu-truong", "agency_head", "xa-mot")
other, staff = person("xa-ben", "agency_officer", "xa-hai"), person("nhan-vien", "staff", "xa-mot")


def tasks(client, clause):
    return [t for t in client.get("/tasks")["items"] if t["clause"] == clause]


def notices(client, task):
    return [n for n in client.get("/notices", limit=200)["items"] if n["task"] == task]


today = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=7)).date()
day = lambda ago: (today - datetime.timedelta(days=ago)).isoformat()

# ---- tasks: what fulfils each, in the group that its day belongs to -----------------------------------------------------
review = wait_for(lambda: tasks(officer, "t:2"), 20)[0]
assert review["group"] == "month" and review["status"] == "due" and review["agency_id"] == "xa-mot", review
assert review["last_good_day"][:7] == today.isoformat()[:7] and review["period"] == today.isoformat()[:7], review
[act] = review["actions"]
assert act["kind"] == "record" and act["register"] == "log_review" and act["title"], act
assert act["prefill"].get("period", review["period"]) == review["period"], act
room = tasks(officer, "t:3")[0]
assert room["group"] == "undated" and room["due_at"] is None and room["reason"], room
assert room["actions"] == [{"kind": "attest", "file_needed": True}], room["actions"]
assert not tasks(officer, "t:1"), "nobody has left yet"
refused(403, lambda: staff.get("/tasks"))
# Who works for the province answers for its lead department.
admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-tttt", "from": "2026-01-01"}})
wait_for(lambda: [t["agency_id"] for t in tasks(admin, "t:2")] == ["so-tttt"], 20)

seen = {"can-bo": b"", "xa-ben": b""}


def listen(name, client):
    connection = http.client.HTTPSConnection("127.0.0.1", client.port, context=ssl._create_unverified_context(), timeout=60)
    connection.request("GET", "/api/v1/stream", headers={"Cookie": f"phendau_session={client.cookie}"})
    response = connection.getresponse()
    try:
        while True:
            seen[name] += response.read1(4096)
    except (OSError, http.client.HTTPException):
        pass


for name, client in (("can-bo", officer), ("xa-ben", other)):
    threading.Thread(target=listen, args=(name, client), daemon=True).start()
wait_for(lambda: all(seen.values()))

# By mail to whom the agency registered for this.
for name, address in (("Cán bộ", "can.bo@xa.example"), ("Cũ", "khong.co@xa.example")):
    officer.post("/registers/officer", {"doc": {"full_name": name, "roles": ["it_officer"], "assigned_on": day(30), "email": address}})

# ---- an occasion: two days left of five; a second one that is five days late ---------------------------------------------
soon = officer.post("/registers/leaver", {"doc": {"full_name": "Nguyễn Văn Sớm", "left_on": day(3)}})
late = officer.post("/registers/leaver", {"doc": {"full_name": "Trần Thị Muộn", "left_on": day(10)}})
due = wait_for(lambda: {t["period"]: t for t in tasks(officer, "t:1")} if len(tasks(officer, "t:1")) == 2 else None, 20)
first, second = due[f"leaver/{soon['id']}"], due[f"leaver/{late['id']}"]
assert first["status"] == "due" and first["last_good_day"] == day(-2), first
assert second["status"] == "overdue" and second["group"] == "late" and second["last_good_day"] == day(5), second
assert first["actions"] == [{"kind": "open_record", "id": soon["id"], "register": "leaver", "title": first["actions"][0]["title"]}], first["actions"]
assert officer.get("/tasks")["items"][0]["id"] == second["id"], "what is late stands first"
assert tasks(head, "t:1") and not tasks(other, "t:1")

# ---- told once: the officer of both, the head of what is three days late; live for the person alone ---------------------
mine = wait_for(lambda: notices(officer, first["id"]) and notices(officer, second["id"]) and notices(head, second["id"]), 30)
[told] = notices(officer, first["id"])
assert told["kind"] == "before" and "2 ngày" in told["text"] and told["read_at"] is None, told
assert [n["kind"] for n in notices(officer, second["id"])] == ["overdue"]
assert [n["kind"] for n in notices(head, second["id"])] == ["escalation"] and not notices(head, first["id"])
assert not notices(other, first["id"]) and not notices(admin, first["id"])
wait_for(lambda: b"event: notice" in seen["can-bo"])
assert b'"can-bo"' not in seen["xa-ben"]
count = len(officer.get("/notices", limit=200)["items"])
unread = officer.get("/notices", limit=1)["unread"]
assert unread == count, (unread, count)
assert officer.post("/notices/read", {"ids": [told["id"]]})["unread"] == unread - 1
assert head.post("/notices/read", {"ids": [notices(officer, second["id"])[0]["id"]]})["unread"] == len(head.get("/notices")["items"]), "nobody reads for others"

def by_mail():
    return "\n".join(m.get_payload(decode=True).decode() for to, m in mails if "can.bo@xa.example" in to)


wait_for(lambda: by_mail().count(told["text"]) and refusals, 30)
assert by_mail().count(told["text"]) == 1 and "viec-cua-toi" in by_mail(), by_mail()
assert all("can.bo@xa.example" in to for to, _ in mails), mails
subject = email.header.make_header(email.header.decode_header(mails[0][1]["Subject"]))
assert re.fullmatch(r"Phên Dậu: \d+ lời nhắc", str(subject)) and mails[0][1]["Auto-Submitted"] == "auto-generated", str(subject)
assert wait_for(lambda: admin.get("/overview")["mail"]["given_up"]) >= 1, "what has no mailbox is given up"

hub.stop()
hub.start()
officer = Client(hub.port).sign_in("can-bo", PASSWORD)
head, other, admin = Client(hub.port).sign_in("thu-truong", PASSWORD), Client(hub.port).sign_in("xa-ben", PASSWORD), hub.admin()
# A notice of now shows that the reminders have run since the start; the old ones are not repeated.
third = officer.post("/registers/leaver", {"doc": {"full_name": "Lê Văn Mới", "left_on": day(4)}})
wait_for(lambda: notices(officer, f"t:1|xa-mot|leaver/{third['id']}"), 30)
assert len(notices(officer, first["id"])) == 1 and len(notices(officer, second["id"])) == 1 and len(notices(head, second["id"])) == 1
assert notices(officer, first["id"])[0]["read_at"], "read stays read"
head.post(f"/registers/leaver/{third['id']}/move", {"to": "done", "doc": {"accounts_locked": True, "rights_updated": True, "devices_recovered": True, "done_on": day(0)}})


# ---- the calendar, read by a parser of our own ----------------------------------------------------------------------------
def fetch(path, method="GET"):
    response, data = Client(hub.port).raw(method, path)
    return response, data


def parse(data):
    """RFC 5545: CR LF, folded at 75 octets, text escapes; -> list of events (name -> value)."""
    text = data.decode()
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "") and "\r" not in text.replace("\r\n", "")
    for line in data.split(b"\r\n"):
        assert len(line) <= 75, line
        line.decode()  # never folded inside a character
    lines = text.replace("\r\n ", "").split("\r\n")[:-1]
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR" and "VERSION:2.0" in lines, lines[:4]
    events, stack = [], []
    for line in lines:
        name, value = re.match(r"([A-Z-]+)(?:;[A-Z]+=[^:]*)?:(.*)", line).groups()
        if name == "BEGIN":
            stack.append(value)
            if value == "VEVENT":
                events.append({"ALARMS": []})
        elif name == "END":
            assert stack.pop() == value
        elif stack[-1] == "VEVENT":
            events[-1][name] = re.sub(r"\\([\\;,nN])", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)
        elif stack[-1] == "VALARM" and name == "TRIGGER":
            events[-1]["ALARMS"].append(value)
    assert not stack
    return events


staff = Client(hub.port).sign_in("nhan-vien", PASSWORD)
refused(403, lambda: staff.post("/account/calendar"))
assert officer.get("/account/calendar") == {"active": False, "made_at": None}
made = officer.post("/account/calendar")
assert made["active"] and re.fullmatch(r"/api/v1/calendar/[\w-]{22}\.ics", made["path"]), made
assert "path" not in officer.get("/account/calendar")
response, data = fetch(made["path"])
assert response.status == 200 and response.getheader("Content-Type").startswith("text/calendar"), response.status
events = {e["SUMMARY"]: e for e in parse(data)}
title = first["title"]
assert events[title]["DTSTART"] == day(-2).replace("-", "") and events[title]["DTEND"] == day(-3).replace("-", ""), events[title]
assert events["Quá hạn: " + title]["DTSTART"] == day(5).replace("-", "")
assert "-P3D" in events[title]["ALARMS"] and len(events[title]["ALARMS"]) == 5, events[title]["ALARMS"]
assert len({e["UID"] for e in events.values()}) == len(events) == 3 and "viec-cua-toi" in events[title]["URL"], events
assert fetch(made["path"])[1] == data, "the same duties give the same bytes"
assert fetch(made["path"], "HEAD")[0].status == 200
theirs = other.post("/account/calendar")
assert title not in {e["SUMMARY"] for e in parse(fetch(theirs["path"])[1])}
for bad in ("/api/v1/calendar/x.ics", made["path"][:-4], made["path"][:-5] + ("B" if made["path"][-5] == "A" else "A") + ".ics", "/api/v1/calendar/.ics"):
    assert fetch(bad)[0].status == 404, bad
again = officer.post("/account/calendar")
assert fetch(made["path"])[0].status == 404 and fetch(again["path"])[0].status == 200
admin.call("PATCH", "/users/xa-ben", {"locked": True})
assert fetch(theirs["path"])[0].status == 404
admin.call("PATCH", "/users/xa-ben", {"locked": False})
assert again["path"].split("/")[-1][:-4].encode() not in (hub.data / "ledger/ledger.db").read_bytes(), "only its hash is kept"

assert by_mail().count(told["text"]) == 1, "no mail twice"

# ---- done: gone from the tasks and from the calendar ------------------------------------------------------------------------
head.post(f"/registers/leaver/{soon['id']}/move", {"to": "done", "doc": {"accounts_locked": True, "rights_updated": True, "devices_recovered": True, "done_on": day(0)}})
wait_for(lambda: first["id"] not in {t["id"] for t in tasks(officer, "t:1")}, 20)
assert [e["SUMMARY"] for e in parse(fetch(again["path"])[1]) if title in e["SUMMARY"]] == ["Quá hạn: " + title]
officer.post("/registers/log_review", {"doc": {"reviewed_on": day(0), "reviewer": "Cán bộ", "layers": ["application"], "finding": "Không có gì lạ"}})
wait_for(lambda: not tasks(officer, "t:2"), 20)
assert officer.call("DELETE", "/account/calendar") == {"active": False, "made_at": None}
assert fetch(again["path"])[0].status == 404

# ---- what waits for whom -------------------------------------------------------------------------------------------------------
asked = officer.post("/registers/software_approval", {"doc": {"software": "Bộ gõ", "purpose": "Soạn văn bản", "requested_on": day(0)}})
waiting = [r for r in admin.get("/tasks")["records"] if r["id"] == asked["id"]]
assert waiting and waiting[0]["name"] == "Bộ gõ" and "Cho phép dùng" in waiting[0]["moves"], waiting
assert not [r for r in officer.get("/tasks")["records"] if r["id"] == asked["id"]], "not the applicant's move"

# ---- the quarterly sign-off --------------------------------------------------------------------------------------------------------
quarter = f"{today.year}-Q{(today.month + 2) // 3}"
refused(403, lambda: officer.post("/registers/quarterly_sign_off", {"doc": {"period": quarter, "prepared_on": day(0), "figures": {"late": []}}}))
draft = officer.post("/registers/quarterly_sign_off", {"doc": {"period": quarter, "prepared_on": day(0), "remarks": "Còn một việc quá hạn."}})
figures = draft["doc"]["figures"]
assert draft["state"] == "drafted" and figures["obligations"]["overdue"] == 1 and any(title in line for line in figures["late"]), draft
where = f"/registers/quarterly_sign_off/{draft['id']}"
refused(403, lambda: officer.call("PATCH", where, {"doc": {"figures": None}, "version": 1}))
refused(403, lambda: officer.post(where + "/move", {"to": "signed", "doc": {"signed_on": day(0), "signer": "Thủ trưởng"}}))
refused(403, lambda: admin.post(where + "/move", {"to": "signed", "doc": {"signed_on": day(0), "signer": "Thủ trưởng"}}))
assert [r["id"] for r in head.get("/tasks")["records"] if r["register"] == "quarterly_sign_off"] == [draft["id"]]
# What changes between draft and signature does not change what is signed.
head.post(f"/registers/leaver/{late['id']}/move", {"to": "done", "doc": {"accounts_locked": True, "rights_updated": True, "devices_recovered": True, "done_on": day(0)}})
wait_for(lambda: not tasks(officer, "t:1"), 20)
signed = head.post(where + "/move", {"to": "signed", "doc": {"signed_on": day(0), "signer": "Thủ trưởng"}})
assert signed["state"] == "signed" and signed["doc"]["figures"] == figures, signed
refused(403, lambda: officer.call("PATCH", where, {"doc": {"remarks": "x"}, "version": 2}))
refused(409, lambda: officer.post("/registers/quarterly_sign_off", {"doc": {"period": quarter, "prepared_on": day(0)}}))
page = officer.get("/agencies/xa-mot/page")
assert page["name"] == "Xã Một" and "overdue" not in page["obligations"] and page["open_incidents"] == 0, page

# ---- the other agency ------------------------------------------------------------------------------------------------------------------
other = Client(hub.port).sign_in("xa-ben", PASSWORD)
refused(404, lambda: other.get("/agencies/xa-mot/page"))
refused(404, lambda: other.get(where))
assert {t["agency_id"] for t in other.get("/tasks")["items"]} == {"xa-hai"}
assert not other.get("/tasks")["records"] and all(n["agency_id"] == "xa-hai" for n in other.get("/notices")["items"])
hub.stop()
assert not hub.errors(), hub.errors()
print("duties: passed")

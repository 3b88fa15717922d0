# SPDX-License-Identifier: Apache-2.0
"""Who is told at once, by which way, and what became of it. A case, a request and a warning are written; people are told in the portal, by
mail (a real mail server), by gateways for SMS and Zalo (a real https server that checks each signature) and by a list of calls. Short
messages say nothing of a case; who may not read a record gets the short words; each delivery has its states, receipts and history; the
gateway refuses, is down, breaks the line; the hub is killed. Everything arrives under one key. Receipts of gateways count by their signature; what
nobody confirms goes to the deputy, then to the number out of hours."""
import collections
import datetime
import hashlib
import hmac
import http.server
import json
import pathlib
import shutil
import signal
import ssl
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import AS_ROOT, HUB_UID, ROOT, Client, Hub, refused, run, scratch, wait_for
from smtp_server import SmtpServer, make_certificate

SECRET = "b7f1c2d9e8a6405f9d3c1b2a"
TITLE = "Máy chủ kế toán bị mã hóa"
folder = scratch()
cert, key = make_certificate(folder, run)
(folder / "secret").write_text(SECRET + "\n")
if AS_ROOT:
    for name in ("secret", "cert.pem"):
        shutil.chown(folder / name, HUB_UID, HUB_UID)


class Gateway(http.server.ThreadingHTTPServer):
    """Takes each key once, as gateways should; `answer` may say something else first."""
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.lock = threading.Lock()
        self.kept, self.asked, self.problems = {}, collections.Counter(), []
        self.status, self.cut = {}, 0  # number -> status; so many answers that never come

    def handle_error(self, request, address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = dict(part.split("=", 1) for part in self.headers["Phendau-Signature"].split(","))
        wanted = hmac.new(SECRET.encode(), said["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        message, server = json.loads(body), self.server
        with server.lock:
            if not hmac.compare_digest(wanted, said["v1"]) or abs(int(said["t"]) - time.time()) > 300:
                server.problems.append(f"signature of {body}")
            if self.headers["Idempotency-Key"] != message["id"]:
                server.problems.append(f"key of {body}")
            server.asked[message["id"]] += 1
            status = server.status.get(message["to"], 202)
            if status < 300:
                server.kept.setdefault(message["id"], message)
            cut = server.cut > 0
            server.cut -= cut
        if cut:
            self.connection.close()
            return
        answer = json.dumps({"status": status}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


gateway = Gateway()
threading.Thread(target=gateway.serve_forever, daemon=True).start()
mails = SmtpServer(cert, key).start()
one = {"url": f"https://localhost:{gateway.server_address[1]}/send?v=1", "secret_file": str(folder / "secret"), "ca_file": str(cert)}
packs = folder / "packs"  # of its own: terms change at the end
for name in ("base", "ha-giang"):
    shutil.copytree(ROOT / "packs" / name, packs / name)
hub = Hub(config={"smtp": {"host": "localhost", "port": mails.port, "from": "phendau@tinh.example", "ca_file": str(cert)},
                  "gateways": {"sms": one, "zalo": one}, "send_retry_first": "1s"}, pack=packs / "ha-giang").init(agency="so-tttt", name="Sở TTTT").start()
admin = hub.admin()
for code, name in (("xa-mot", "Xã Một"), ("xa-hai", "Xã Hai"), ("cong-an", "Công an tỉnh")):
    admin.post("/agencies", {"code": code, "name": name})
for slot, agency in (("lead_department", "so-tttt"), ("police", "cong-an")):
    admin.post("/registers/role_binding", {"doc": {"slot": slot, "agency_id": agency, "from": "2026-01-01"}})
PASSWORD = "Mat-khau-rieng-7!"


def person(name, role, *agencies):
    made = admin.post("/users", {"username": name, "name": "Ông " + name, "role": role, "agency_ids": list(agencies)})
    return Client(hub.port).sign_in(name, made["one_time_password"], PASSWORD)


officer, head, other = person("can-bo", "agency_officer", "xa-mot"), person("thu-truong", "agency_head", "xa-mot"), person("xa-ben", "agency_officer", "xa-hai")
police, operator, staff = person("canh-sat", "partner", "cong-an"), person("truc-ban", "province_operator"), person("nhan-vien", "staff", "xa-mot")


def register(kind, agency, name, **more):
    doc = {"officer": {"roles": ["it_officer"], "assigned_on": "2026-01-01"}, "head": {"position": "Chủ tịch", "since": "2026-01-01"}}[kind]
    return admin.post(f"/registers/{kind}", {"agency_id": agency, "doc": {"full_name": name, **doc, **more}})


anh = register("officer", "xa-mot", "Anh CNTT", email="cntt@xa-mot.example", phone="0912 345 678", out_of_hours_phone="0988 000 111")
register("head", "xa-mot", "Bà Chủ tịch", email="chutich@xa-mot.example", phone="0913111222", notice_ways=["sms"])
register("officer", "so-tttt", "Anh Sở", email="anh@so.example")
register("officer", "xa-hai", "Chị Hai", email="chi@xa-hai.example", phone="(+84) 915-222-333")
register("officer", "cong-an", "Đội An ninh", phone="069 234 5678")


def told(client, kind):
    return [n for n in client.get("/notices", limit=200)["items"] if n.get("about", "").startswith(kind)]


def about(what, **query):
    return admin.get("/deliveries", about=what, limit=200, **query)["items"]


def done(what, count):
    """All deliveries about it, once nothing waits but calls."""
    def ready():
        listed = about(what)
        waits = [d for d in listed if d["state"] in ("waiting", "sending", "failed") and d["channel"] != "phone"]
        return listed if len(listed) == count and not waits else None
    try:
        return wait_for(ready, 40)
    except AssertionError:
        raise AssertionError(json.dumps(about(what), indent=1, ensure_ascii=False)) from None


# ---- a case: the agency's people, and who stands for the lead department ---------------------------------------------------
case = admin.post("/incidents", {"title": TITLE, "agency_id": "xa-mot"})
what = f"case/{case['id']}"
# Portal: officer, head, operator (the lead department has no account). Mail: officer, lead department's officer. SMS: officer and head; Zalo: officer.
all_ = done(what, 8)
by = collections.Counter((d["channel"], d["state"]) for d in all_)
assert by == {("portal", "sent"): 3, ("mail", "sent"): 2, ("sms", "sent"): 2, ("zalo", "sent"): 1}, by
assert {d["to_user"] for d in all_ if d["channel"] == "portal"} == {"can-bo", "thu-truong", "truc-ban"}
[notice] = told(officer, "case/")
assert notice["text"] == f"Xã Một có vụ việc mới: {TITLE}." and notice["kind"] == "notice" and notice["about"] == what, notice
assert told(head, "case/") and told(operator, "case/") and not told(other, "case/") and not told(police, "case/")
[mail] = mails.to("cntt@xa-mot.example")
assert mail.subject == "Phên Dậu: Có vụ việc mới" and TITLE in mail.text and f"/su-co/{case['id']}" in mail.text, mail.text
[mail] = mails.to("anh@so.example")
assert TITLE not in mail.text and "Xã Một" not in mail.text and "có vụ việc mới" in mail.text, "may not read it: " + mail.text
assert not mails.to("chutich@xa-mot.example"), "chose SMS only"
with gateway.lock:
    sent = sorted((m["channel"], m["to"]) for m in gateway.kept.values())
    texts = {m["text"] for m in gateway.kept.values()}
assert sent == [("sms", "0912345678"), ("sms", "0913111222"), ("zalo", "0912345678")], sent
assert len(texts) == 1 and all("Máy chủ" not in t and "Xã" not in t and len(t) < 160 for t in texts), texts
assert set(gateway.kept) == {d["id"] for d in all_ if d["channel"] in ("sms", "zalo")}

# ---- receipts -----------------------------------------------------------------------------------------------------------------
mine = next(d for d in officer.get("/deliveries", channel="portal")["items"] if d.get("to_user") == "can-bo")
assert officer.post("/notices/read", {"ids": [notice["id"]]})["unread"] == officer.get("/notices", limit=1)["unread"]
assert wait_for(lambda: officer.get(f"/deliveries/{mine['id']}")["state"] == "read")
by_mail = next(d for d in all_ if d["channel"] == "mail" and d["agency_id"] == "xa-mot")
refused(404, lambda: other.post(f"/deliveries/{by_mail['id']}/confirm"))
refused(403, lambda: operator.post(f"/deliveries/{by_mail['id']}/confirm"))  # only who was told
refused(403, lambda: staff.get("/deliveries"))
confirmed = head.post(f"/deliveries/{by_mail['id']}/confirm")
assert confirmed["state"] == "answered" and confirmed["answered_by"] == "Ông thu-truong", confirmed
refused(409, lambda: head.post(f"/deliveries/{by_mail['id']}/confirm"))
assert {d["agency_id"] for d in officer.get("/deliveries", limit=200)["items"]} == {"xa-mot"}
assert [d["state"] for d in admin.get("/deliveries", state="read,answered")["items"]] and admin.get("/deliveries", state="read,answered")["total"] == 2

# ---- a request: the body it is addressed to, and somebody calls -------------------------------------------------------------
request = officer.post("/registers/coordination_request", {"agency_id": "xa-mot", "doc": {"wanted": "information", "channel": "document", "sent_at": "2026-11-26T08:00:00+07:00",
                                                                                        "to_body": "police", "content": TITLE}})
what = f"coordination_request/{request['id']}"
all_ = done(what, 4)
assert sorted(d["channel"] for d in all_) == ["phone", "portal", "sms", "zalo"], all_
assert told(police, "coordination_request/") and not told(officer, "coordination_request/")
assert TITLE not in told(police, "coordination_request/")[0]["text"]
[call] = operator.get("/deliveries", channel="phone", state="waiting")["items"]
assert call["address"] == "069 234 5678" and call["name"] == "Đội An ninh" and call["may_call"] and not call["may_resend"], call
refused(400, lambda: operator.post(f"/deliveries/{call['id']}/call", {"outcome": "x"}))
refused(422, lambda: operator.post(f"/deliveries/{call['id']}/call", {"outcome": "answered", "note": "TUYỆT MẬT"}))
refused(404, lambda: other.post(f"/deliveries/{call['id']}/call", {"outcome": "answered"}))
once = operator.post(f"/deliveries/{call['id']}/call", {"outcome": "no_answer"})
assert once["state"] == "failed" and once["may_call"], once
again = operator.post(f"/deliveries/{call['id']}/call", {"outcome": "answered", "note": "Gặp anh Nam, hẹn 16 giờ"})
assert again["state"] == "answered" and [(c["by"], c["outcome"]) for c in again["calls"]] == [("truc-ban", "no_answer"), ("truc-ban", "answered")], again
history = operator.get(f"/deliveries/{call['id']}")["history"]
assert [h["by"] for h in history][:2] == ["Ông truc-ban"] * 2 and again["calls"][1]["note"].startswith("Gặp anh Nam")
refused(409, lambda: operator.post(f"/deliveries/{call['id']}/call", {"outcome": "answered"}))
refused(409, lambda: operator.post(f"/deliveries/{next(d for d in all_ if d['channel'] == 'portal')['id']}/resend"))

# ---- a warning: to the agencies that it is sent to ------------------------------------------------------------------------------
warning = admin.post("/warnings", {"doc": {"kind": ["risk"], "title": "Lỗ hổng mới", "text": "x", "measures": "x", "to_agencies": ["xa-hai"]}})
all_ = done(f"warning/{warning['id']}", 4)
assert {d["agency_id"] for d in all_} == {"xa-hai"} and told(other, "warning/")[0]["text"].startswith("Thông báo nguy cơ của Sở TTTT: Lỗ hổng mới"), all_
assert any(d["channel"] == "sms" and d["address"] == "+84915222333" for d in all_), all_

# ---- the gateway refuses a number, is down, breaks the line ------------------------------------------------------------------------
gateway.status["0912345678"] = 422
case = admin.post("/incidents", {"title": TITLE, "agency_id": "xa-mot"})
what = f"case/{case['id']}"
dead = wait_for(lambda: len(about(what, state="dead")) == 2 and about(what, state="dead"), 40)
assert all(d["end"] == "refused" and d["answer"].startswith("422") for d in dead) and admin.get("/deliveries")["dead"] == 2, dead
wait_for(lambda: [d for d in about(what) if d["channel"] == "sms" and d["address"] == "0913111222" and d["state"] == "sent"], 20)
record = admin.get(f"/registers/officer/{anh['id']}")
admin.call("PATCH", f"/registers/officer/{anh['id']}", {"doc": {**record["doc"], "phone": "0977 555 444"}, "version": record["version"]})
for delivery in dead:
    officer.post(f"/deliveries/{delivery['id']}/resend")
all_ = done(what, 8)
assert {d["address"] for d in all_ if d["id"] in {x["id"] for x in dead}} == {"0977555444"}, "sent again to the number that is registered now"

gateway.cut = 2
case = admin.post("/incidents", {"title": TITLE, "agency_id": "xa-mot"})
all_ = done(f"case/{case['id']}", 8)
with gateway.lock:
    twice = {i for i, times in gateway.asked.items() if times > 1 and gateway.kept[i]["to"] != "0977555444" or times > 1 and i in {d["id"] for d in all_}}
assert {d["id"] for d in all_ if d.get("twice")} == {i for i in twice if i in {d["id"] for d in all_}} and len([d for d in all_ if d.get("twice")]) == 2, all_

port = gateway.server_address[1]
old = gateway
old.shutdown()
old.server_close()
case = admin.post("/incidents", {"title": TITLE, "agency_id": "xa-mot"})
what = f"case/{case['id']}"
waits = wait_for(lambda: [d for d in about(what) if d["channel"] in ("sms", "zalo") and d.get("end") == "unreachable"], 30)
assert all(d["state"] in ("failed", "sending") and d["tries"] == 0 for d in waits), waits
wait_for(lambda: [d for d in about(what) if d["channel"] == "mail" and d["state"] == "sent"], 20)
gateway = Gateway(port)
threading.Thread(target=gateway.serve_forever, daemon=True).start()
done(what, 8)
assert len(gateway.kept) == 3 and not gateway.problems + old.problems, (gateway.kept, gateway.problems, old.problems)

# ---- killed right after writing: all are told, once ---------------------------------------------------------------------------------
cases = [admin.post("/incidents", {"title": f"{TITLE} {i}", "agency_id": "xa-mot"})["id"] for i in range(4)]
hub.stop(signal.SIGKILL)
hub.start()
admin = hub.admin()
for number, id in enumerate(cases):
    done(f"case/{id}", 8)
    assert len({m.id for m in mails.to("cntt@xa-mot.example") if f"{TITLE} {number}." in m.text}) == 1
officer = Client(hub.port).sign_in("can-bo", PASSWORD)
assert collections.Counter(n["about"] for n in told(officer, "case/")).most_common(1)[0][1] == 1

# ---- a test to oneself ------------------------------------------------------------------------------------------------------------------
operator = Client(hub.port).sign_in("truc-ban", PASSWORD)
assert operator.get("/account/notices") == {"email": "", "phone": "", "ways": [], "available": ["mail", "sms", "zalo"]}
refused(400, lambda: operator.post("/account/notices/test", {"channel": "mail"}), code=None)
for bad in ({"email": "x"}, {"phone": "abc"}, {"ways": ["mail"]}, {"ways": ["sms"], "email": "a@b.example"}):
    refused(400, lambda: operator.post("/account/notices", bad))
chosen = operator.post("/account/notices", {"email": "truc@tinh.example", "phone": "0901 222 333", "ways": ["mail", "sms"]})
assert chosen["ways"] == ["mail", "sms"] and chosen["email"] == "truc@tinh.example", chosen
for channel in ("mail", "sms", "zalo"):
    test = operator.post("/account/notices/test", {"channel": channel})
    wait_for(lambda: operator.get(f"/deliveries/{test['id']}")["state"] == "sent", 20)
[mail] = mails.to("truc@tinh.example")
assert mail.subject == "Phên Dậu: gửi thử", mail.subject
assert {m["channel"] for m in gateway.kept.values() if m["to"] == "0901222333"} == {"sms", "zalo"}
for _ in range(7):
    operator.post("/account/notices/test", {"channel": "sms"})
refused(429, lambda: operator.post("/account/notices/test", {"channel": "sms"}), code=None)
# Who chose ways is told by them, too: the operator stands in for the lead department.
case = admin.post("/incidents", {"title": TITLE, "agency_id": "xa-hai"})
wait_for(lambda: [m for m in mails.to("truc@tinh.example") if TITLE in m.text], 20)

# ---- a gateway says later whether it arrived: by its signature alone, the same again changes nothing ------------------------------------
def receipt(channel, delivery, status, at, secret=SECRET, age=0, **more):
    body = json.dumps({"id": delivery, "status": status, "at": at, **more}).encode()
    t = int(time.time()) - age
    v1 = hmac.new(secret.encode(), f"{t}.".encode() + body, hashlib.sha256).hexdigest()
    response, _ = Client(hub.port).raw("POST", f"/api/v1/gateways/{channel}/receipts", body, {"Content-Type": "application/json", "Phendau-Signature": f"t={t},v1={v1}"})
    return response.status


def moment():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")


admin = hub.admin()
one = next(d for d in admin.get("/deliveries", channel="sms", state="sent", limit=200)["items"] if d["address"] == "0913111222")
read = lambda: admin.get(f"/deliveries/{one['id']}")  # noqa: E731
for wrong in ({"secret": "x" * 24}, {"age": 600}):
    assert receipt("sms", one["id"], "failed", moment(), **wrong) == 403
assert receipt("fax", one["id"], "failed", moment()) == 403 and receipt("zalo", one["id"], "failed", moment()) == 404 and receipt("sms", "0" * 32, "failed", moment()) == 404
assert receipt("sms", one["id"], "seen", moment()) == 400 and "receipt" not in read() and read()["state"] == "sent"
arrived = moment()
assert receipt("sms", one["id"], "delivered", arrived) == 200 and (read()["state"], read()["receipt"]) == ("sent", "delivered"), read()
kept = len(read()["history"])
assert receipt("sms", one["id"], "delivered", arrived) == 200 and len(read()["history"]) == kept
lost = moment()
assert receipt("sms", one["id"], "failed", lost, detail="Thuê bao không liên lạc được") == 200
assert (read()["state"], read()["end"], read()["answer"]) == ("dead", "undelivered", "Thuê bao không liên lạc được"), read()
admin.post(f"/deliveries/{one['id']}/resend")
wait_for(lambda: read()["state"] == "sent", 20)
assert receipt("sms", one["id"], "failed", lost) == 200 and read()["state"] == "sent"  # of before it was sent again

# ---- nobody reads it: the deputy, then the number out of hours, once each, over a kill; until somebody confirms ------------------------
hub.stop()
described = (packs / "base" / "pack.yaml").read_text(encoding="utf-8")
for name, default, short in (("notice_deputy_after", "30m", "2s"), ("notice_out_of_hours_after", "1h", "25s")):
    head_, tail = described.split(f"  - name: {name}\n")
    described = f"{head_}  - name: {name}\n{tail.replace(f'default: {default}', f'default: {short}', 1)}"
(packs / "base" / "pack.yaml").write_text(described, encoding="utf-8")
hub.start()
admin, officer = hub.admin(), Client(hub.port).sign_in("can-bo", PASSWORD)
register("officer", "cong-an", "Đầu mối an ninh", phone="0933 111 111", out_of_hours_phone="0933 222 222", deputy="Trung úy Hải", deputy_phone="0933 333 333", roles=["focal_point"])
sent = [officer.post("/registers/coordination_request", {"agency_id": "xa-mot", "doc": {"wanted": "information", "channel": "document", "sent_at": "2026-11-26T08:00:00+07:00",
                                                                                      "to_body": "police", "content": TITLE}})["id"] for _ in range(2)]
first, second = (f"coordination_request/{id}" for id in sent)
steps = lambda what: sorted((d["step"], d["channel"], d["address"]) for d in about(what) if d.get("step"))  # noqa: E731
DEPUTY = [("deputy", "phone", "0933 333 333"), ("deputy", "sms", "0933333333"), ("deputy", "zalo", "0933333333")]
wait_for(lambda: steps(first) == DEPUTY and steps(second) == DEPUTY, 40)
call = next(d for d in about(second, channel="phone") if d["name"] == "Trung úy Hải")
admin.post(f"/deliveries/{call['id']}/call", {"outcome": "answered", "note": "Đã nhận"})
hub.stop(signal.SIGKILL)
hub.start()
admin = hub.admin()
NIGHT = [("out_of_hours", "phone", "0933 222 222"), ("out_of_hours", "sms", "0933222222"), ("out_of_hours", "zalo", "0933222222")]
wait_for(lambda: steps(first) == DEPUTY + NIGHT, 60)
assert steps(second) == DEPUTY, steps(second)
wait_for(lambda: not [d for d in about(first) if d["state"] in ("waiting", "sending", "failed") and d["channel"] != "phone"], 30)
with gateway.lock:
    for number, count in (("0933333333", 4), ("0933222222", 2)):
        assert len([m for m in gateway.kept.values() if m["to"] == number]) == count, number
    assert not gateway.problems, gateway.problems

log = hub.log.read_bytes()
for secret in (SECRET, "0912345678", "cntt@xa-mot.example", TITLE):
    assert secret.encode() not in log, secret
assert not hub.errors(), hub.errors()
hub.stop()
print("notices: passed")

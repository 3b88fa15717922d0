# SPDX-License-Identifier: Apache-2.0
"""The door of the portal, a point at a time: cookie flags, anti-forgery token, session expiry, waiting after failures, one-time
passwords, security headers on every kind of answer, sessions that end with a reset, a lock or by themselves, sign-ins that become events,
secrets that never reach the log, paths that lead nowhere, strangers who want to fill the memory, exports that nobody reads."""
import http.client
import json
import pathlib
import ssl
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Client, Hub, Problem, wait_for


def refused(call, status, code=None):
    try:
        call()
    except Problem as problem:
        assert problem.status == status and (code is None or problem.body.get("code") == code), (problem, status, code)
        return problem
    raise AssertionError(f"not refused with {status} {code}")


hub = Hub(config={"sign_in_failures_max": 5, "sign_in_wait": "4s"}).init().start()
one_time = hub.password
stranger = Client(hub.port)

# No session, wrong password, unknown user: the same answer for the last two.
refused(lambda: stranger.get("/overview"), 401, "signed_out")
wrong = refused(lambda: stranger.post("/session", {"username": "admin", "password": "x"}), 401, "sign_in_failed")
nobody = refused(lambda: stranger.post("/session", {"username": "khong-co", "password": "x"}), 401, "sign_in_failed")
assert wrong.body["text"] == nobody.body["text"]
for guess in ("admin", "phendau"):  # there is no default password
    refused(lambda: Client(hub.port).post("/session", {"username": "admin", "password": guess}), 401)

# Cookie flags, forced change.
admin = Client(hub.port)
response, body = admin.raw("POST", "/api/v1/session", b'{"username":"admin","password":"%s"}' % one_time.encode(),
                           {"Content-Type": "application/json"})
assert response.status == 200, body
cookie = response.getheader("Set-Cookie")
for flag in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
    assert flag in cookie, cookie
admin = Client(hub.port).sign_in("admin", one_time)
refused(lambda: admin.get("/alerts"), 403, "must_change_password")
refused(lambda: admin.post("/session/password", {"old": one_time, "new": "abc"}), 400)
admin.csrf = admin.post("/session/password", {"old": one_time, "new": Hub.ADMIN_PASSWORD})["csrf_token"]
assert admin.get("/alerts")["total"] == 0

# Anti-forgery token.
token, admin.csrf = admin.csrf, None
refused(lambda: admin.post("/agencies", {"name": "A"}), 403, "csrf")
admin.csrf = "x" * len(token)
refused(lambda: admin.post("/agencies", {"name": "A"}), 403, "csrf")
admin.csrf = token
refused(lambda: admin.call("POST", "/agencies", b'{"name":"A"}', {"Content-Type": "text/plain"}), 400)

# Accounts: an officer's session ends with a reset, a lock, a changed role.
made = admin.post("/users", {"username": "can.bo", "name": "Cán bộ", "role": "agency_officer", "agency_ids": ["van-phong"]})
password = "Doi-mat-khau-1!"
officer = Client(hub.port).sign_in("can.bo", made["one_time_password"], password)
assert officer.get("/alerts")["total"] == 0
refused(lambda: officer.get("/users"), 403, "denied")
refused(lambda: officer.post("/users", {"username": "x.y", "name": "x", "role": "administrator"}), 403, "denied")
refused(lambda: admin.call("PATCH", "/users/admin", {"locked": True}), 409)
refused(lambda: admin.call("PATCH", "/users/admin", {"role": "staff", "agency_ids": ["van-phong"]}), 409)
again = admin.call("PATCH", "/users/can.bo", {"reset_password": True})
refused(lambda: officer.get("/alerts"), 401, "signed_out")
officer = Client(hub.port).sign_in("can.bo", again["one_time_password"], "Doi-mat-khau-2!")
stream = http.client.HTTPSConnection("127.0.0.1", hub.port, context=ssl._create_unverified_context(), timeout=30)
stream.request("GET", "/api/v1/stream", headers={"Cookie": f"phendau_session={officer.cookie}"})
answer = stream.getresponse()
assert answer.status == 200 and answer.read1(100).startswith(b":")
admin.call("PATCH", "/users/can.bo", {"locked": True})
refused(lambda: officer.get("/alerts"), 401, "signed_out")
# An open stream says nothing more and ends when something happens.
admin.post("/incidents", {"title": "Sau khi khoa tai khoan", "agency_id": "van-phong"})
rest = answer.read()
assert b"event" not in rest, rest
refused(lambda: Client(hub.port).post("/session", {"username": "can.bo", "password": "Doi-mat-khau-2!"}), 401)
admin.call("PATCH", "/users/can.bo", {"locked": False})

# Waiting after failures: also the right password waits; the last administrator at the machine waits no longer than 5 s.
for _ in range(4):  # one failure was noted while the account was locked
    refused(lambda: Client(hub.port).post("/session", {"username": "can.bo", "password": "sai"}), 401)
waiting = refused(lambda: Client(hub.port).post("/session", {"username": "can.bo", "password": "Doi-mat-khau-2!"}), 429, "locked_out")
assert "giây" in waiting.body["text"], waiting
for _ in range(6):
    try:
        Client(hub.port).post("/session", {"username": "admin", "password": "sai"})
    except Problem as problem:
        assert problem.status in (401, 429)


def administrator_gets_in():
    try:
        return Client(hub.port).sign_in("admin", Hub.ADMIN_PASSWORD)
    except Problem as problem:
        assert problem.status == 429
        return None


began = time.monotonic()
admin = wait_for(administrator_gets_in, 12, 0.3)
assert time.monotonic() - began < 10

# A stranger elsewhere who guesses does not keep a person out.
made = admin.post("/users", {"username": "chuyen.vien", "name": "Chuyên viên", "role": "agency_officer", "agency_ids": ["van-phong"]})
Client(hub.port).sign_in("chuyen.vien", made["one_time_password"], password)
guesses = []
for _ in range(8):
    try:
        Client(hub.port, "127.0.0.4").post("/session", {"username": "chuyen.vien", "password": "sai"})
    except Problem as problem:
        guesses.append(problem.status)
assert guesses == [401] * 5 + [429] * 3, guesses
Client(hub.port).sign_in("chuyen.vien", password)

# Headers on every kind of answer.
for method, path in (("GET", "/"), ("GET", "/api/v1/health"), ("GET", "/api/v1/alerts"), ("GET", "/khong-co.js"), ("GET", "/api/v2/x"),
                     ("POST", "/api/v1/alerts"), ("DELETE", "/"), ("GET", "/../../etc/passwd"), ("GET", "/%2e%2e/%2e%2e/etc/passwd"),
                     ("GET", "/nghia-vu")):
    response, body = Client(hub.port).raw(method, path)
    policy = response.getheader("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy and "unsafe" not in policy, (path, policy)
    assert response.getheader("X-Content-Type-Options") == "nosniff", path
    assert b"root:" not in body, path
    if path.startswith("/api"):
        assert response.getheader("Cache-Control") == "no-store", path
# Refused at its announced size, before a byte of the body is sent.
large = http.client.HTTPSConnection("127.0.0.1", hub.port, context=ssl._create_unverified_context(), timeout=30)
large.putrequest("POST", "/api/v1/session")
large.putheader("Content-Type", "application/json")
large.putheader("Content-Length", str(2 << 20))
large.endheaders()
response = large.getresponse()
assert response.status == 413 and response.getheader("Content-Security-Policy"), (response.status, response.read())
response, body = Client(hub.port).raw("POST", "/api/v1/session", b'{"username":"' + b"u" * 5000 + b'"}', {"Content-Type": "application/json"})
assert response.status == 413, response.status


# Strangers who declare large bodies are told to sign in before they send one, and hold nothing up.
def declare(size, headers=(), source="127.0.0.3"):
    connection = http.client.HTTPSConnection("127.0.0.1", hub.port, context=ssl._create_unverified_context(), timeout=30, source_address=(source, 0))
    connection.putrequest("POST", "/api/v1/attachments?name=a.txt")
    connection.putheader("Content-Length", str(size))
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders(b"x")
    return connection


held = [declare(33 << 20) for _ in range(16)]
began = time.monotonic()
Client(hub.port).sign_in("admin", Hub.ADMIN_PASSWORD)
assert admin.post("/incidents", {"title": "Trong luc bi lam phien", "agency_id": "van-phong"})["id"]
assert time.monotonic() - began < 20
assert [connection.getresponse().status for connection in held] == [401] * 16
cookie = ("Cookie", f"phendau_session={admin.cookie}")
assert declare(33 << 20, [cookie]).getresponse().status == 403  # no anti-forgery token
# With both the body may come; declared sizes cost nothing until it does.
held = [declare(33 << 20, [cookie, ("X-CSRF-Token", admin.csrf)]) for _ in range(20)]
file = admin.call("POST", "/attachments", b"xin chao " * 20_000, {"X-Agency": "van-phong"}, name="ban\u202etxt.ke\u200b\n hoach.txt")
assert file["name"] == "bantxt.ke hoach.txt", file
for connection in held:
    connection.close()

# Exports that nobody reads: two places per account, the others go on.
lines = b"".join(json.dumps({"message": f"dong {n} " + "x" * 1000, "host": "may-xuat"}).encode() + b"\n" for n in range(12_000))
assert admin.call("POST", "/uploads/ndjson", lines, {"Content-Type": "application/x-ndjson"}, agency="van-phong", source="xuat")["accepted"] == 12_000
unread = []
for _ in range(2):
    connection = http.client.HTTPSConnection("127.0.0.1", hub.port, context=ssl._create_unverified_context(), timeout=30)
    connection.request("GET", "/api/v1/events/export?format=ndjson&q=host:may-xuat", headers=dict([cookie]))
    assert connection.getresponse().status == 200
    unread.append(connection)
refused(lambda: admin.get("/events/export", format="csv", q="host:khong-co"), 429)
chuyen_vien = Client(hub.port).sign_in("chuyen.vien", password)
assert b"ref,event_time" in chuyen_vien.get("/events/export", format="csv", q="host:khong-co")
for connection in unread:
    connection.sock.close() if connection.sock else None
    connection.close()
del unread, connection


def place_is_free():
    try:
        return admin.get("/events/export", format="csv", q="host:khong-co")
    except Problem as problem:
        assert problem.status == 429
        return None


wait_for(place_is_free, 60, 0.5)
response, body = Client(hub.port).raw("OPTIONS", "/api/v1/alerts")
assert response.status in (404, 405), response.status

# The agents' paths are not reachable as a browser.
response, body = Client(hub.port).raw("POST", "/agent/v1/records", b"x")
assert response.status in (403, 404), (response.status, body)


# Sign-ins are events of the journal.
def sign_ins(query):
    return admin.get("/events", q=f"source:phendau-hub action:login {query}")["items"]


wait_for(lambda: sign_ins("outcome:failure user:can.bo") and sign_ins("outcome:success user:admin"))
hub.stop()

# A session that nobody uses ends by itself; use keeps it. (Its greatest age: accounts_test.cpp, by the clock of the test.)
hub.change_config(session_idle_max="5s").start()
visitor = Client(hub.port).sign_in("admin", Hub.ADMIN_PASSWORD)
for _ in range(3):
    time.sleep(3)
    visitor.get("/alerts")
time.sleep(6)
refused(lambda: visitor.get("/alerts"), 401, "signed_out")
hub.stop()
log = hub.log.read_text()
for secret in (one_time, Hub.ADMIN_PASSWORD, password, admin.cookie, admin.csrf, made["one_time_password"]):
    assert secret not in log, "a secret is in the log"
assert not hub.errors(), hub.errors()
print("door: passed")

# SPDX-License-Identifier: Apache-2.0
"""A first hour: set up, sign in with the one-time password, syslog over TCP and UDP is stored and found, brute force in
it raises alerts, an incident is walked through its five steps and closed; a second start keeps all of it."""
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Client, Hub, Problem, wait_for


def send_tcp(hub, lines):
    with socket.create_connection(("127.0.0.1", hub.tcp)) as sock:
        sock.sendall("".join(line + "\n" for line in lines).encode())


def failed(number, address="203.0.113.9"):
    return f"<38>Nov 20 08:{number // 60:02d}:{number % 60:02d} may-chu sshd[77]: Failed password for root from {address} port 4242 ssh2"


hub = Hub().init().start()
try:
    Client(hub.port).get("/alerts")
    raise AssertionError("alerts without a session")
except Problem as problem:
    assert problem.status == 401 and problem.body["code"] == "signed_out", problem
admin = hub.admin()

send_tcp(hub, [failed(i) for i in range(8)])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
    text = "<13>1 2026-11-20T08:00:00+07:00 may-chu thu - - - Tiếng Việt: Sở Nội vụ, 'quê hương'"
    udp.sendto(text.encode(), ("127.0.0.1", hub.udp))


def found(query):
    return admin.get("/events", q=query, from_="2020-01-01T00:00:00Z", order="oldest")["items"]


wait_for(lambda: len(found("source_ip:203.0.113.9")) == 8)
wait_for(lambda: len(found("program:thu")) == 1)
event = found("program:thu")[0]
assert event["fields"]["message"].endswith("'quê hương'"), event
# The zone was in the message, but it is days away from its reception.
assert event["time_quality"] == "skewed" and event["event_time"] == "2026-11-20T01:00:00Z", event

alerts = wait_for(lambda: [a for a in admin.get("/alerts")["items"] if a["entity"].get("source_ip") == "203.0.113.9"])
detail = admin.get(f"/alerts/{alerts[0]['id']}")
assert detail["rule"]["source_yaml"] and len(detail["events"]) >= 5, detail

case = admin.post(f"/alerts/{alerts[0]['id']}/incident")
assert case["steps_total"] == 5 and case["status"] == "open", case
again = admin.post(f"/alerts/{alerts[0]['id']}/incident")
assert again["id"] == case["id"], "a second click opened a second case"
try:
    admin.post(f"/incidents/{case['id']}/close", {"summary": "xong"})
    raise AssertionError("closed with open steps")
except Problem as problem:
    assert problem.status == 409, problem
file = admin.call("POST", "/attachments", "da rut day mang".encode(), {"X-Case": case["id"], "Content-Type": "text/plain"},
                  name="ghi-chep.txt")
assert len(file["sha256"]) == 64
try:
    admin.call("POST", "/attachments", "TUYỆT MẬT\n".encode(), {"X-Case": case["id"]}, name="a.txt")
    raise AssertionError("a marked file was taken")
except Problem as problem:
    assert problem.status == 422 and problem.body["code"] == "upload_refused", problem


def fill(schema, name=""):
    """A document that satisfies a step's form."""
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        return {member: fill(part, member) for member, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [fill(schema["items"])]
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return name != "complex"  # that one leads elsewhere
    samples = {"date-time": "2026-11-20T08:30:00+07:00", "date": "2026-11-20"}
    return samples.get(schema.get("format"), "a" * 64 if "64" in schema.get("pattern", "") else "da lam xong theo quy trinh")


def next_step(case):
    open_ones = {s["id"] for s in case["steps"] if s["state"] not in ("done", "skipped")}
    return next((s for s in case["definition"]["steps"] if s["id"] in open_ones), None)


while step := next_step(case):
    case = admin.post(f"/incidents/{case['id']}/steps/{step['id']}",
                      {"verb": "done", "doc": fill(step["form"]), "attachments": [file["sha256"]]})
assert case["may_close"], case["next_needed"]
case = admin.post(f"/incidents/{case['id']}/close", {"summary": "Da khoi phuc tu ban sao luu moi nhat"})
assert case["status"] == "closed", case

hub.stop()
assert not hub.errors(), hub.errors()
hub.start()
admin = hub.admin()
assert admin.get(f"/incidents/{case['id']}")["status"] == "closed"
assert len(found("source_ip:203.0.113.9")) == 8
hub.stop()
print("first steps: passed")

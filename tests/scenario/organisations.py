# SPDX-License-Identifier: Apache-2.0
"""Two communes merge. Each has a machine with an agent, an officer, a register, an open incident, a network that sends syslog and a
listener in hub.json; on the day all of it belongs to the new commune, whose officer sees old and new, while the officer of a third
sees nothing more. What was closed before keeps the old name, the tree of a day before shows both, an act that was entered for a day
to come waits and can be withdrawn, and `admin doctor` finds no orphan, until one is made."""
import datetime
import json
import pathlib
import socket
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Agent, Client, Hub, PACK, PHENDAU, free_port, give_to_hub, refused, run, wait_for

TODAY = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=7))).date()
EARLIER = (TODAY - datetime.timedelta(days=400)).isoformat()
LATER = (TODAY + datetime.timedelta(days=40)).isoformat()
PASSWORD = "To-chuc-2026!"
COMMUNES = {"xa-an-binh": "Xã An Bình", "xa-binh-minh": "Xã Bình Minh", "xa-cao-son": "Xã Cao Sơn"}
ports = {id: free_port() for id in COMMUNES}


def listeners(*ids):
    return [{"protocol": "tcp", "address": f"127.0.0.1:{ports[id]}", "agency": id, "source": "tuong-lua"} for id in ids]


def send(id, user, count=1):
    with socket.create_connection(("127.0.0.1", ports[id])) as line:
        for i in range(count):
            text = f"<38>{time.strftime('%b %e %H:%M:%S')} may-{id} sshd[{i}]: Failed password for {user} from 198.51.100.9 port 5 ssh2\n"
            line.sendall(text.encode())


def doctor():
    done = run(PHENDAU, "admin", "doctor", "--data", hub.data, "--pack", PACK, "--format", "json", check=False)
    return {c["check"]: c for c in json.loads(done.stdout)["checks"]}


hub = Hub(config={"listeners": []}).init("xa-an-binh", COMMUNES["xa-an-binh"]).start()
admin = hub.admin()
for id in list(COMMUNES)[1:]:
    admin.post("/agencies", {"code": id, "name": COMMUNES[id]})
hub.stop()
tokens = {id: hub.token(id) for id in COMMUNES}
hub.change_config(listeners=listeners(*COMMUNES)).start()
admin = hub.admin()

# ---- what each commune has ---------------------------------------------------------------------------------------------
agents, officers, cases, closed, records = {}, {}, {}, {}, {}
for number, id in enumerate(COMMUNES):
    agents[id] = Agent(hub).enrol(tokens[id]).start()
    made = admin.post("/users", {"username": f"cb{number}", "name": f"Cán bộ {number}", "role": "agency_officer", "agency_ids": [id]})
    officers[id] = Client(hub.port).sign_in(made["username"], made["one_time_password"], PASSWORD)
    admin.call("PATCH", f"/agencies/{id}", {"addresses": [f"10.{number}.0.0/16"]})
    cases[id] = officers[id].post("/incidents", {"title": f"Máy lạ ở {COMMUNES[id]}", "agency_id": id})["id"]
    records[id] = officers[id].post("/registers/asset", {"doc": {"name": "Máy một cửa", "kind": "workstation", "serial": f"SN{number}"}})["id"]
    send(id, f"truoc-{number}", 9)
    wait_for(lambda: [d for d in officers[id].get("/devices")["items"] if d["status"] == "online"], 60)
    wait_for(lambda: officers[id].get("/alerts")["items"], 30)
alert = officers["xa-an-binh"].get("/alerts")["items"][0]["id"]
officers["xa-an-binh"].post(f"/alerts/{alert}/triage", {"status": "closed", "note": "thử mật khẩu"})
facts = wait_for(lambda: admin.get("/devices/" + officers["xa-an-binh"].get("/devices")["items"][0]["id"])["facts"], 60)
head = admin.post("/users", {"username": "ct", "name": "Chủ tịch", "role": "agency_head", "agency_ids": ["xa-an-binh"]})

# ---- plans ---------------------------------------------------------------------------------------------------------------
merge = {"act": "merge", "in_force": TODAY.isoformat(), "decision_number": "1685/NQ-UBTVQH15", "agencies": ["xa-an-binh", "xa-binh-minh"],
         "into": [{"name": "Xã An Minh", "code": "xa-an-minh"}]}
refused(403, lambda: officers["xa-an-binh"].post("/organisations/acts", merge))
refused(403, lambda: officers["xa-an-binh"].post("/organisations/acts/preview", merge))
rename = admin.post("/organisations/acts", {"act": "rename", "in_force": EARLIER, "decision_number": "7/QĐ", "agencies": ["xa-cao-son"], "name": "Xã Cao Sơn Mới"})
assert rename["state"] == "done", rename
later = admin.post("/organisations/acts", {**merge, "in_force": LATER})
assert later["state"] == "planned" and not any(a["id"] == "xa-an-minh" for a in admin.get("/agencies")["items"])
assert {a["name"] for a in admin.get("/organisations", at=LATER)["items"]} == {"Xã An Minh", "Xã Cao Sơn Mới"}
assert LATER in admin.get("/organisations")["days"]
assert admin.post(f"/organisations/acts/{later['id']}/withdraw", {"reason": "ghi nhầm ngày"})["state"] == "withdrawn"
preview = admin.post("/organisations/acts/preview", merge)
moves = {m["from"]["id"]: {c["kind"]: c["count"] for c in m["counts"]} for m in preview["moves"]}
assert moves["xa-an-binh"]["user"] == 2 and moves["xa-binh-minh"]["user"] == 1, moves
assert all(moves[id][kind] == 1 for id in moves for kind in ("device", "case", "asset", "network")), moves

# ---- the day -------------------------------------------------------------------------------------------------------------
line = socket.create_connection(("127.0.0.1", ports["xa-an-binh"]))  # open before, used after
line.sendall(f"<38>{time.strftime('%b %e %H:%M:%S')} may sshd[1]: Accepted password for cu from 198.51.100.9 port 5 ssh2\n".encode())
wait_for(lambda: admin.get("/events", q="user:cu", agency="xa-an-binh")["items"], 30)
done = admin.post("/organisations/acts", merge)
assert done["state"] == "done" and done["moved"] >= 12, done
assert [a["name"] for a in done["agencies"]] == ["Xã An Bình", "Xã Bình Minh"] and done["into"][0]["name"] == "Xã An Minh"

# Nothing is left behind, and the new commune's people see the old and the new.
for id in ("xa-an-binh", "xa-binh-minh"):
    officer = officers[id]
    assert officer.get("/session")["user"]["agency_ids"] == ["xa-an-minh"]
    assert {d["agency_id"] for d in officer.get("/devices")["items"]} == {"xa-an-minh"} and officer.get("/devices")["total"] == 2
    assert {i["id"] for i in officer.get("/incidents")["items"]} == {cases["xa-an-binh"], cases["xa-binh-minh"]}
    case = officer.get("/incidents/" + cases[id])
    assert case["agency_name"] == "Xã An Minh" and case["opened_agency_name"] == COMMUNES[id], case
    assert officer.get("/registers/asset")["total"] == 2
    found = officer.get("/events", q="truoc-0 OR truoc-1", limit=200)["items"]
    assert {e["agency_id"] for e in found} == {"xa-an-binh", "xa-binh-minh"}, found
    assert {e["agency_id"] for e in officer.get("/events", q="truoc-0", agency="xa-an-minh")["items"]} == {"xa-an-binh"}
    refused(409, lambda: admin.post("/incidents", {"title": "x", "agency_id": id}))
    refused(404, lambda: officer.post("/incidents", {"title": "x", "agency_id": id}))  # the past is read, not written
third = officers["xa-cao-son"]
assert third.get("/devices")["total"] == third.get("/incidents")["total"] == third.get("/registers/asset")["total"] == 1
assert not third.get("/events", q="truoc-0 OR truoc-1 OR user:cu")["items"]
assert {a["id"] for a in third.get("/organisations")["items"]} == {"xa-cao-son"}
for id in ("xa-an-binh", "xa-binh-minh", "xa-an-minh"):
    refused(404, lambda: third.get("/incidents/" + cases[id if id in cases else "xa-an-binh"]))
device = officers["xa-an-binh"].get("/devices")["items"][0]
refused(404, lambda: third.get("/devices/" + device["id"]))
assert wait_for(lambda: officers["xa-binh-minh"].get("/devices/" + device["id"])["facts"], 30)

# Syslog: what hub.json says, what the networks say, and a connection that was open all the time.
send("xa-an-binh", "sau-ngay")
line.sendall(f"<38>{time.strftime('%b %e %H:%M:%S')} may sshd[1]: Accepted password for moi from 198.51.100.9 port 5 ssh2\n".encode())
for user in ("sau-ngay", "moi"):
    event = wait_for(lambda: admin.get("/events", q=f"user:{user}")["items"], 30)[0]
    assert event["agency_id"] == "xa-an-minh", event
agency = next(a for a in admin.get("/agencies")["items"] if a["id"] == "xa-an-minh")
assert sorted(agency["addresses"]) == ["10.0.0.0/16", "10.1.0.0/16"] and agency["devices"] == 2
wait_for(lambda: all(d["status"] == "online" for d in officers["xa-an-binh"].get("/devices")["items"]), 60)

# Duties: the old ones stay as they were on their last day, the new commune is bound from its own.
old = admin.get("/obligations", agency="xa-an-binh", limit=5)["items"]
assert old and all("kết thúc hoạt động" in one["reason"] for one in old), old
assert admin.get("/obligations", agency="xa-an-minh", limit=5)["items"]
assert [a["id"] for a in officers["xa-an-binh"].get("/overview")["agencies"]] == ["xa-an-minh"]
columns = {a["id"] for a in admin.get("/obligations/matrix")["agencies"]}
assert "xa-an-minh" in columns and "xa-an-binh" not in columns, columns

# The past: the tree of another day, a record as it was, a file that was closed under the old name.
yesterday = (TODAY - datetime.timedelta(days=1)).isoformat()
before = {a["id"]: a["name"] for a in admin.get("/organisations", at=yesterday)["items"]}
assert before == {**COMMUNES, "xa-cao-son": "Xã Cao Sơn Mới"}, before
assert {a["name"] for a in admin.get("/organisations", at="2020-01-01")["items"]} == set(COMMUNES.values())
assert {a["name"] for a in admin.get("/organisations")["items"]} == {"Xã An Minh", "Xã Cao Sơn Mới"}
history = officers["xa-an-binh"].get("/registers/asset/" + records["xa-binh-minh"] + "/history")["items"]
was = admin.get("/registers/asset/" + records["xa-binh-minh"], at=history[-1]["at"])
assert was["agency_id"] == "xa-binh-minh" and was["agency_name"] == "Xã Bình Minh", was
refused(409, lambda: admin.post(f"/organisations/acts/{done['id']}/withdraw", {"reason": "muộn"}))

# A restart changes nothing of it.
hub.stop()
checks = doctor()
assert checks["orphans"]["ok"] and checks["ledger"]["ok"] and checks["journal"]["ok"], checks
hub.start()
admin = hub.admin()
assert admin.get("/obligations", agency="xa-an-binh", limit=5)["items"][0]["status"] == old[0]["status"]
send("xa-binh-minh", "sau-khi-chay-lai")
assert wait_for(lambda: admin.get("/events", q="sau-khi-chay-lai")["items"], 30)[0]["agency_id"] == "xa-an-minh"
for agent in agents.values():
    agent.stop()
hub.stop()

# Doctor can fail: a user of an agency that is no more.
with sqlite3.connect(hub.data / "ledger" / "ledger.db") as db:
    db.execute("""UPDATE records SET doc=json_set(doc,'$.agency_ids[0]','xa-an-binh') WHERE kind='user' AND id='cb0'""")
give_to_hub(hub.data)
checks = doctor()
assert not checks["orphans"]["ok"] and "cb0" in checks["orphans"]["detail"], checks
assert not checks["ledger"]["ok"], checks
assert not hub.errors(), hub.errors()
print("organisations: passed")

# SPDX-License-Identifier: Apache-2.0
"""The province's own scanner sets off an alert. An operator makes a filter of it, sees on the stored journal what it would have held back,
puts it in force, and the scanner alerts no more, while everybody else does; also after a restart. Ended, the rule alerts as before. Nothing
that the scanner sent is missing in the journal, and each step stands in the ledger with who did it."""
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Hub, day_text, free_port, refused, verify_journal, wait_for

port = free_port()
hub = Hub(config={"listeners": [{"protocol": "tcp", "address": f"127.0.0.1:{port}", "agency": "van-phong", "source": "may-chu"}]})
hub.init()
hub.start()
admin = hub.admin()
admin.post("/users", {"username": "truc.ban", "name": "Người trực", "role": "province_operator", "agency_ids": []})
SCANNER, STRANGER = "192.0.2.77", "198.51.100.9"
RULE = "8622bfb5-a8e9-4e15-8815-491297f25cf1"  # repeated failed logins from one address
minute = 0
sent = 0


def tries(address, count=6):
    """Failed logins within one minute, half an hour after those before."""
    global minute, sent
    minute += 30
    with socket.create_connection(("127.0.0.1", port)) as sock:
        for i in range(count):
            at = time.strftime("%b %d %H:%M", time.gmtime(time.time() - 86_400 + minute * 60))
            sock.sendall(f"<38>{at}:{i:02d} may-chu sshd[77]: Failed password for root from {address} port 4242 ssh2\n".encode())
    sent += count
    wait_for(lambda: stored() == sent)


def stored():
    items = admin.get("/events", q="method:password program:sshd", from_="2020-01-01T00:00:00Z", limit=500)["items"]
    return len(items)


def alerts(address):
    found = [a for a in admin.get("/alerts", rule=RULE, limit=200)["items"] if a["entity"].get("source_ip") == address]
    return len(found)


def settled(address, count):
    """As many alerts as that, and no more after what detection still had to read."""
    wait_for(lambda: alerts(address) >= count)
    time.sleep(1.5)
    assert alerts(address) == count, (address, alerts(address))


tries(SCANNER)
tries(STRANGER)
settled(SCANNER, 1)
settled(STRANGER, 1)
alert = next(a for a in admin.get("/alerts", rule=RULE)["items"] if a["entity"]["source_ip"] == SCANNER)
assert all(e["fields"]["source_ip"] == SCANNER for e in admin.get(f"/alerts/{alert['id']}")["events"])

# ---------------------------------------------------------------- a draft, tried on the journal
wish = {"rule_id": RULE, "alert_id": alert["id"], "agency_id": "van-phong", "reason": "Máy quét của trung tâm", "until": day_text(30),
        "conditions": [{"field": "source_ip", "values": [SCANNER]}]}
made = admin.post("/rule-filters", wish)
assert made["state"] == "draft" and made["title"] and "not known" in made["sigma"] and made["owner_name"], made


def tried(id):
    return wait_for(lambda: (lambda f: f if f["running"] is None and f["replay"] else None)(admin.get(f"/rule-filters/{id}")))


replay = tried(made["id"])["replay"]
assert replay["without"]["matches"] == 12 and replay["with"]["matches"] == 6, replay
assert replay["without"]["correlations"] > replay["with"]["correlations"] > 0, replay
assert len(replay["silenced"]) == 6 and len(replay["kept"]) == 6 and replay["events"] >= 12, replay
assert admin.get(f"/events/{replay['silenced'][0]}")["fields"]["source_ip"] == SCANNER
tries(SCANNER)
settled(SCANNER, 2)  # a draft changes nothing

# ---------------------------------------------------------------- in force
admin.post(f"/rule-filters/{made['id']}/enforce")
refused(409, lambda: admin.post(f"/rule-filters/{made['id']}/enforce"))
wait_for(lambda: admin.get(f"/rule-filters/{made['id']}")["state"] == "in_force")
time.sleep(0.5)  # compiled in the background
tries(SCANNER, 20)
tries(STRANGER)
settled(STRANGER, 2)
assert alerts(SCANNER) == 2
hub.stop()
hub.start()
admin = hub.admin()
tries(SCANNER, 20)
tries(STRANGER)
settled(STRANGER, 3)
assert alerts(SCANNER) == 2

# ---------------------------------------------------------------- ended early
refused(400, lambda: admin.post(f"/rule-filters/{made['id']}/end", {"reason": " "}))
ended = admin.post(f"/rule-filters/{made['id']}/end", {"reason": "Máy quét đã chuyển đi"})
assert ended["state"] == "ended" and ended["end_reason"] == "Máy quét đã chuyển đi"
time.sleep(0.5)
tries(SCANNER)
settled(SCANNER, 3)
assert [f["id"] for f in admin.get("/rule-filters", state="ended")["items"]] == [made["id"]]
assert admin.get("/rule-filters", state="draft,in_force")["items"] == []

# ---------------------------------------------------------------- a rule about silence has filters, too; what cannot be is refused in words
silent = admin.post("/rule-filters", {**wish, "rule_id": "23258f24-d048-4b2e-988f-4c78394cdb64", "conditions": [{"field": "host", "values": ["may-chu"]}]})
assert tried(silent["id"])["replay"]["without"]["matches"] == 0
refused(404, lambda: admin.post("/rule-filters", {**wish, "rule_id": "khong-co"}))
refused(400, lambda: admin.post("/rule-filters", {**wish, "until": day_text(400)}), "366")
refused(400, lambda: admin.post("/rule-filters", {**wish, "until": day_text(-1)}))
refused(400, lambda: admin.post("/rule-filters", {**wish, "conditions": []}))

history = admin.get(f"/history/rule_filter/{made['id']}")["items"]
assert [h["state"] for h in reversed(history)][0] == "draft" and {h["state"] for h in history} == {"draft", "in_force", "ended"}, history
assert stored() == sent
hub.stop()
code, verdict = verify_journal(hub.data)
assert code == 0 and verdict["ok"], verdict

# SPDX-License-Identifier: Apache-2.0
"""A machine is cut off by an order and put back, on real parts: a hub, an agent in a network namespace of its own behind a veth pair, nft. What
was reachable before, in and out, old connections too, is not afterwards; the hub and what must stay up is. That holds when the agent is killed,
when the hub's name can no longer be looked up, when somebody takes the rules away, and when the machine starts anew; it ends by an order or at
the machine's console without the hub. Where there is a browser, the first cut and its end are ordered on the machine's page. An order after which the hub would be lost is undone. Runs in namespaces of its own: nothing outside is touched."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import AGENT, ROOT, Client, refused, run, wait_for
from machine_apart import CHROMIUM, HUB, MACHINE, MACHINE6, PEER, PEER6, Network, go_inside, greeted

go_inside()
network = Network()
IN_MACHINE, name_leads_to = network.enter, network.name_leads_to


def serve(address, port):
    """Greets whoever comes, then sends back what it gets."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.create_server((address, port), family=family)

    def talk(connection):
        with connection:
            connection.sendall(b"hello")
            while data := connection.recv(100):
                connection.sendall(data)

    def accept():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=talk, args=(connection,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


GREET = """
import socket, sys
def talk(c):
    c.sendall(b'hello')
    c.close()
servers = [socket.create_server((a, int(p)), family=socket.AF_INET6 if ':' in a else socket.AF_INET) for a, p in zip(sys.argv[1::2], sys.argv[2::2])]
import selectors
which = selectors.DefaultSelector()
for s in servers: which.register(s, selectors.EVENT_READ)
while True:
    for key, _ in which.select(): talk(key.fileobj.accept()[0])
"""
for at, port in ((PEER, 9000), (PEER, 9443), (HUB, 9000), (PEER6, 9000)):
    serve(at, port)
inner = subprocess.Popen([*IN_MACHINE, sys.executable, "-c", GREET, MACHINE, "7000", MACHINE, "7443", MACHINE6, "7000"])


def goes_out(address, port):
    return greeted(IN_MACHINE, address, port)


def comes_in(address, port):
    return greeted([], address, port)


OPEN = [(goes_out, PEER, 9000), (goes_out, HUB, 9000), (goes_out, PEER6, 9000), (comes_in, MACHINE, 7000), (comes_in, MACHINE6, 7000)]
KEPT = [(goes_out, PEER, 9443), (comes_in, MACHINE, 7443)]
STAYS_UP = [{"direction": "out", "network": PEER, "port": 9443, "protocol": "tcp"}, {"direction": "in", "network": "10.77.0.0/24", "port": 7443, "protocol": "tcp"}]


def all_reachable(ways):
    return all(way(*at) for way, *at in ways)


def none_reachable(ways):
    return not any(way(*at) for way, *at in ways)


wait_for(lambda: all_reachable(OPEN + KEPT))

# ---- hub and agent ---------------------------------------------------------------------------------------------------------
hub = network.hub()
token = hub.token()
hub.start()
admin = hub.admin()
PASSWORD = "Cach-ly-may-1!"
made = admin.post("/users", {"username": "van.phong", "name": "Cán bộ", "role": "agency_officer", "agency_ids": [hub.agency]})
officer = Client(hub.port).sign_in("van.phong", made["one_time_password"], PASSWORD)
made = admin.post("/users", {"username": "thu.truong", "name": "Thủ trưởng", "role": "agency_head", "agency_ids": [hub.agency]})
head = Client(hub.port).sign_in("thu.truong", made["one_time_password"], PASSWORD)
agent = network.agent(hub, token)
device = wait_for(lambda: [d for d in admin.get("/devices")["items"] if d["status"] == "online"])[0]["id"]


def isolation():
    return admin.get(f"/devices/{device}")["isolation"]


def reapplied(times):
    """The hub has heard that the rules were put back so often; what it heard instead is said."""
    try:
        wait_for(lambda: isolation()["reapplied_total"] == times, 40)
    except AssertionError:
        raise AssertionError(f"put back {times} times? {isolation()}\n" + agent.log.read_text()[-4000:]) from None


def orders():
    return admin.get("/orders", device=device)["items"]


def heard_anew(seconds=40):
    before = admin.get(f"/devices/{device}")["last_seen_at"]
    return wait_for(lambda: admin.get(f"/devices/{device}")["last_seen_at"] != before, seconds)


def give(who, order, **more):
    body = {"order": order, "ordered_by": "Ông Nguyễn Văn A, Giám đốc Sở", "reason": "mã độc trên máy", **more}
    return who.post(f"/devices/{device}/orders", body)["id"]


BROWSER = shutil.which("node") and CHROMIUM.exists() and (ROOT / "web" / "node_modules" / "playwright-core").exists()


def on_the_page(stage):
    """By the form, if there is a browser; the id of the order."""
    if BROWSER:
        run("node", ROOT / "tests" / "ui" / "isolation.mjs", stage, env={
            **os.environ, "PHENDAU_CHROMIUM": str(CHROMIUM), "PHENDAU_UI_URL": f"https://{HUB}:{hub.port}", "PHENDAU_UI_DEVICE": device,
            "PHENDAU_UI_USER": "van.phong", "PHENDAU_UI_PASSWORD": PASSWORD, "PHENDAU_UI_STAYS_UP": json.dumps(STAYS_UP)})
        return orders()[0]["id"]
    more = {"weighed": "Cổng 7443 cho một cửa", "stays_up": STAYS_UP} if stage == "isolate" else {}
    return give(officer, stage, **more)


def outcome(order, seconds=60):
    return wait_for(lambda: next((o for o in orders() if o["id"] == order and o["state"] in ("done", "failed", "expired")), None), seconds)


try:
    assert isolation()["active"] is False, isolation()
    refused(400, lambda: give(officer, "isolate"))  # what must stay up was not weighed
    refused(403, lambda: give(head, "isolate", weighed="x"))
    held = socket.create_connection((MACHINE, 7000), 5)  # opened before
    old = subprocess.Popen([*IN_MACHINE, sys.executable, "-c", f"import socket,sys\nc=socket.create_connection(('{PEER}',9000),5)\nc.recv(5)\nprint('ready',flush=True)\n"
                            "sys.stdin.readline()\nc.settimeout(4)\ntry:\n c.sendall(b'x')\n print('leaked' if c.recv(1) else 'cut',flush=True)\nexcept OSError:\n print('cut',flush=True)"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert old.stdout.readline() == "ready\n"

    # ---- cut off ----
    cut = on_the_page("isolate")
    done = outcome(cut)
    assert done["state"] == "done" and done["issued_by"] == "Cán bộ" and done["stays_up"][0]["network"] == PEER + "/32", done
    assert none_reachable(OPEN), [(w.__name__, at) for w, *at in OPEN if w(*at)]
    assert all_reachable(KEPT), [(w.__name__, at) for w, *at in KEPT if not w(*at)]
    old.stdin.write("go\n")
    old.stdin.flush()
    assert old.stdout.readline() == "cut\n", "a connection from before still carries data"
    heard_anew()
    assert isolation()["active"] and isolation()["order_id"] == cut, isolation()

    # ---- a killed agent, a name that leads nowhere, rules taken away, a machine that starts anew ----
    name_leads_to()
    agent.stop(signal.SIGKILL)
    assert none_reachable(OPEN)
    agent.start()
    heard_anew()
    assert none_reachable(OPEN) and all_reachable(KEPT)
    run(*IN_MACHINE, "nft", "delete", "table", "inet", "phendau_isolate")
    assert all_reachable(OPEN[:1])  # the test can fail
    wait_for(lambda: none_reachable(OPEN), 60)
    reapplied(1)
    agent.stop(signal.SIGKILL)
    run(*IN_MACHINE, "nft", "flush", "ruleset")  # as after a start of the machine
    agent.start()
    wait_for(lambda: none_reachable(OPEN), 60)
    reapplied(2)
    assert [o["id"] for o in orders() if o["order"] == "isolate" and o["state"] == "done"] == [cut], orders()

    # ---- back by an order ----
    assert outcome(on_the_page("release"))["state"] == "done"
    assert all_reachable(OPEN + KEPT)
    wait_for(lambda: not isolation()["active"])
    name_leads_to(HUB)

    # ---- an order after which the hub would be lost is undone ----
    run("ip", "addr", "add", "10.77.0.9/24", "dev", "outside")  # somebody else answers there, no hub
    name_leads_to("10.77.0.9")
    lost = outcome(give(officer, "isolate", weighed="không có"), 180)
    assert lost["state"] == "failed" and "như cũ" in lost["outcome_text"], lost
    assert all_reachable(OPEN)
    name_leads_to(HUB)
    heard_anew()
    assert not isolation()["active"]

    # ---- at the console, without the hub ----
    assert outcome(give(officer, "isolate", weighed="không có"))["state"] == "done"
    assert none_reachable(OPEN + KEPT)
    hub.stop()
    assert run(*IN_MACHINE, AGENT, "release", "--data", agent.data, check=False).returncode == 3
    run(*IN_MACHINE, AGENT, "release", "--data", agent.data, "--reason", "phải chạy dịch vụ khẩn cấp", env={**os.environ, "SUDO_USER": "quantri"})
    assert all_reachable(OPEN)
    time.sleep(12)  # longer than the agent takes to look
    assert all_reachable(OPEN)
    hub.start()
    admin = hub.admin()
    told = wait_for(lambda: [o for o in orders() if o["at_console"]], 120)
    assert len(told) == 1 and told[0]["reason"] == "phải chạy dịch vụ khẩn cấp" and told[0]["ordered_by"] == "quantri" and told[0]["order"] == "release", told
    wait_for(lambda: not isolation()["active"])
    heard_anew(90)
    assert len([o for o in orders() if o["at_console"]]) == 1
    # No trace is left in the machine's rules.
    assert "phendau" not in run(*IN_MACHINE, "nft", "list", "ruleset").stdout
    held.close()
finally:
    agent.stop()
    for process in (inner, network.machine):
        process.kill()
        process.wait()
hub.stop()
assert not hub.errors(), hub.errors()
print("isolation: passed")

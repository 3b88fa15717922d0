#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""latency.py BUILD [RATE [SECONDS]]: how long an alert takes under load: a hub of its own gets RATE syslog lines a second over TCP for
SECONDS, among them a marked one twice a second that fires a rule of the pack; printed are median and p95 of (the alert's message on
the live stream) - (the marked line was sent), and the rate that was reached: half of the highest rate that is still reached is half
load. Nothing is judged. A folder and loopback ports of its own, ended by pid."""
import http.client
import json
import os
import pathlib
import socket
import ssl
import statistics
import sys
import threading
import time

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release").resolve()
RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 60
os.environ["PHENDAU_BUILD"] = str(BUILD)
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from harness import Hub, wait_for  # noqa: E402

TICK = 0.05     # seconds between two writes to the socket
MARKED_EVERY = 0.5
PER_AGENCY = 8  # marked lines, an alert each: a rule raises few alerts in one agency
PATIENCE = 30   # seconds for the last alerts


def stamp():
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())


def line(host, program, text):
    return f"<86>1 {stamp()} {host} {program} 1 - - {text}\n".encode()


class Watch:
    """Reads the live stream; `seen` holds when each alert was announced, in order, with its id."""

    def __init__(self, admin):
        self.seen = []
        context = ssl._create_unverified_context()
        self.connection = http.client.HTTPSConnection("127.0.0.1", admin.port, context=context, timeout=PATIENCE + SECONDS)
        self.connection.request("GET", "/api/v1/stream", headers={"Cookie": f"phendau_session={admin.cookie}"})
        self.response = self.connection.getresponse()
        self.ready = threading.Event()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        topic = None
        while True:
            try:
                text = self.response.readline().decode().strip()
            except (OSError, http.client.HTTPException, ValueError):
                return
            self.ready.set()  # the greeting
            if text.startswith("event:"):
                topic = text[6:].strip()
            elif text.startswith("data:") and topic == "alert":
                body = json.loads(text[5:])
                if body.get("kind") == "raised":
                    self.seen.append((time.monotonic(), body["id"]))


# Every marked line is about another machine.
agencies = [f"co-quan-{n}" for n in range(1 + int(SECONDS / MARKED_EVERY) // PER_AGENCY)]
hub = Hub().init(agency=agencies[0]).start()
admin = hub.admin()
for name in agencies[1:]:
    admin.post("/agencies", {"code": name, "name": name})
hub.stop()
listeners = [{"protocol": "tcp", "address": f"127.0.0.1:{hub.tcp}", "agency": agencies[0]}]
ports = {agencies[0]: hub.tcp}
for name in agencies[1:]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        ports[name] = probe.getsockname()[1]
    listeners.append({"protocol": "tcp", "address": f"127.0.0.1:{ports[name]}", "agency": name})
hub.change_config(listeners=listeners).start()
admin = hub.admin()
watch = Watch(admin)
assert watch.ready.wait(10), "the live stream does not greet"

marked = {name: socket.create_connection(("127.0.0.1", port)) for name, port in ports.items()}
load = socket.create_connection(("127.0.0.1", hub.tcp))
# Made beforehand: the sender is not to take the hub's processor.
lines = [line(f"may{n % 40}", "app", f"viec so {n} da xong trong {n % 97} ms") for n in range(20_000)]
sent = {}
count = 0
began = time.monotonic()
next_marked = began
while (now := time.monotonic()) < began + SECONDS:
    due = int((now - began) * RATE) - count
    if due > 0:
        load.sendall(b"".join(lines[(count + n) % len(lines)] for n in range(due)))
        count += due
    if now >= next_marked:
        number = len(sent)
        host = f"danh-dau-{number}"
        sent[host] = time.monotonic()
        text = f"new user: name=u{number}, UID=1000, GID=1000, home=/home/u, shell=/bin/sh"
        marked[agencies[number // PER_AGENCY]].sendall(line(host, "useradd", text))
        next_marked += MARKED_EVERY
    time.sleep(max(0.0, now + TICK - time.monotonic()))
reached = count / (time.monotonic() - began)

try:
    wait_for(lambda: len(watch.seen) >= len(sent), PATIENCE)
except AssertionError:
    print(f"only {len(watch.seen)} of {len(sent)} alerts came within {PATIENCE} s")
delays = []
for at, alert in list(watch.seen):
    host = admin.get(f"/alerts/{alert}")["host"]
    if host in sent:
        delays.append(at - sent[host])
hub.stop()
delays.sort()
if not delays:
    sys.exit("no alert came")
print(f"{reached:,.0f} lines/s (asked for {RATE:,}), {len(delays)} of {len(sent)} marked lines alerted: "
      f"median {statistics.median(delays):.3f} s, p95 {delays[int(0.95 * (len(delays) - 1))]:.3f} s, longest {delays[-1]:.3f} s")

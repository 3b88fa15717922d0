#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rest.py BUILD: what the programs cost when nothing happens: stripped sizes, seconds from start until the hub answers
and until the first event is stored, resident memory of hub and agent at rest (30 s after start). Folders of its own,
loopback ports of its own, ended by pid."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release").resolve()
os.environ["PHENDAU_BUILD"] = str(BUILD)
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from harness import AGENT, PHENDAU, Agent, Hub, Problem, run, wait_for  # noqa: E402

REST_SECONDS = 30
STARTS = 5  # odd, for a median


def stripped_mib(program):
    with tempfile.NamedTemporaryFile() as copy:
        shutil.copy(program, copy.name)
        run("strip", "--strip-unneeded", copy.name)
        return os.path.getsize(copy.name) / (1 << 20)


def resident_mib(pid):
    """Private and shared pages apart: the shared ones are files that other programs use too."""
    values = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        values[name] = int(value.split()[0]) / 1024
    return values["Rss"], values["Private_Clean"] + values["Private_Dirty"]


def first_event(hub):
    """Seconds from exec until a line sent over TCP is found in the journal."""
    began = time.monotonic()
    hub.start(wait=False)

    def connects():
        try:
            return socket.create_connection(("127.0.0.1", hub.tcp), 0.5)
        except OSError:
            return None
    with wait_for(connects, 60, 0.005) as connection:
        connection.sendall(b"<13>1 2026-11-24T08:00:00+07:00 may mau - - - su kien dau tien\n")
        accepted = time.monotonic() - began
        wait_for(lambda: run(PHENDAU, "search", "--data", hub.data, "program:mau", "--format", "json",
                             check=False).stdout.strip(), 30, 0.02)
        stored = time.monotonic() - began
    return accepted, stored


print(f"size, stripped: phendau {stripped_mib(PHENDAU):.1f} MiB, phendau-agent {stripped_mib(AGENT):.1f} MiB")
times = []
for _ in range(STARTS):
    hub = Hub().init()
    times.append(first_event(hub))
    hub.stop()
print(f"start until the first event is accepted: {sorted(t[0] for t in times)[STARTS // 2]:.2f} s; "
      f"until a search finds it: {sorted(t[1] for t in times)[STARTS // 2]:.2f} s (medians of {STARTS})")
hub = Hub().init()
token = hub.token()
hub.start()
agent = Agent(hub).enrol(token)
agent.start()
time.sleep(REST_SECONDS)
for name, process in [("hub", hub.process), ("agent", agent.process)]:
    rss, private = resident_mib(process.pid)
    print(f"resident at rest: {name} {rss:.1f} MiB, of which private {private:.1f} MiB")
agent.stop()
hub.stop()

# SPDX-License-Identifier: Apache-2.0
"""A real agent collects evidence on an order and the hub keeps it: nine tar files in the order of RFC 3227, each with the digests that are on the
order. Agent and hub are killed in the middle, several times; in the end each file is there once and whole, and the agent has kept nothing."""
import hashlib
import io
import os
import pathlib
import signal
import sys
import tarfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Agent, Hub, wait_for

hub = Hub()
hub.init()
token = hub.token()
hub.start()
admin = hub.admin()
agent = Agent(hub).enrol(token)
(agent.data / "agent.json").write_text('{"heartbeat_every": "5s"}')
agent.start()
device = wait_for(lambda: [d for d in admin.get("/devices")["items"] if d["status"] == "online"])[0]["id"]
order = admin.post(f"/devices/{device}/orders", {"order": "collect", "ordered_by": "Ông Nguyễn Văn A, Giám đốc Sở", "reason": "máy bị xâm nhập"})["id"]
folder = agent.data / "evidence" / order


def shown():
    return admin.get("/orders", device=device)["items"][0]


def peak_memory():
    try:
        lines = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return max((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), default=0) << 10


memory = 0
for count in (1, 3, 7):
    wait_for(lambda: len(list(folder.glob("*.tar"))) >= count or shown()["files"], 120)
    memory = max(memory, peak_memory())
    agent.stop(signal.SIGKILL)
    agent.start()
for count in (1, 4):
    wait_for(lambda: len(shown()["files"]) >= count, 180)
    memory = max(memory, peak_memory())
    (agent if count == 1 else hub).stop(signal.SIGKILL)
    if count == 1:
        agent.start()
    else:
        time.sleep(1)
        hub.start()
        admin = hub.admin()
done = wait_for(lambda: shown() if shown()["state"] in ("done", "failed", "expired") else None, 300)
assert done["state"] == "done", done
memory = max(memory, peak_memory())
assert memory < 150 << 20, f"{memory >> 20} MiB to collect"

names = [f["name"] for f in done["files"]]
assert names == sorted(names) and len(names) == 9 and names[0] == "01-arp-routes.tar" and names[-1] == "09-packages.tar", names
members = {}
for file in done["files"]:
    assert not file["refused"], file
    blob = next((hub.data / "ledger" / "blobs").rglob(file["sha256"][2:]))
    data = blob.read_bytes()
    assert len(data) == file["size_bytes"], file
    assert hashlib.sha256(data).hexdigest() == file["sha256"] and hashlib.sha512(data).hexdigest() == file["sha512"], file
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members[file["name"]] = {m.name: m for m in tar.getmembers()}
        if file["name"] == "03-processes.tar":
            programs = tar.extractfile("programs.tsv").read().decode()
assert f"\n{agent.process.pid}\t" in programs or "phendau-agent" in programs, programs[:300]
assert "proc/net/tcp" in members["02-sockets.tar"] and "etc/passwd" in members["08-configuration.tar"], members["02-sockets.tar"]
assert "etc/shadow" not in members["08-configuration.tar"]
assert "listing.tsv" in members["06-temporary-files.tar"]
wait_for(lambda: not folder.exists(), 30)
assert not list((hub.data / "evidence-staging").rglob("*.part"))
assert admin.get("/orders", device=device)["items"][0]["files"] == done["files"]
agent.stop()
hub.stop()
assert not hub.errors(), hub.errors()
print(f"evidence_agent: {sum(f['size_bytes'] for f in done['files']) >> 20} MiB in {len(names)} files, agent {memory >> 20} MiB: passed")

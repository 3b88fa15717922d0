# SPDX-License-Identifier: Apache-2.0
"""A real agent collects evidence on an order and the hub keeps it: nine tar files in the order of RFC 3227, each with the digests that are on the
order. Agent and hub are killed in the middle, several times; in the end each file is there once and whole, and the agent has kept nothing. Each is
an item of evidence of the case, once, whose custody log begins with who ordered it; the case's timeline says how the order went."""
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
case = admin.post("/incidents", {"title": "Máy bị xâm nhập", "agency_id": hub.agency})["id"]
order = admin.post(f"/devices/{device}/orders", {"order": "collect", "case_id": case, "ordered_by": "Ông Nguyễn Văn A, Giám đốc Sở", "reason": "máy bị xâm nhập"})["id"]
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
files = shown()["files"]
assert [f["sha256"] for f in files] == [f["sha256"] for f in done["files"]]

# ---- evidence of the case, once over kills --------------------------------------------------------------------------------------------
for pause in (0.3, 0.9, 1.7):
    hub.stop(signal.SIGKILL)
    hub.start()
    time.sleep(pause)
admin = hub.admin()
files = wait_for(lambda: [f for f in shown()["files"] if f.get("evidence_id")] if all(f.get("evidence_id") for f in shown()["files"]) else None, 120)
items = admin.get("/evidence", case=case, limit=100)["items"]
assert sorted(i["sha256"] for i in items) == sorted(f["sha256"] for f in files) and len(items) == 9, items
assert {i["id"] for i in items} == {f["evidence_id"] for f in files} and {i["number"] for i in items} == {f"E{n:03}" for n in range(1, 10)}
assert all(i["has_content"] and i["size_bytes"] > 0 and not i["outside"] for i in items), items  # the bytes go into a package, not their digest alone
item = admin.get(f"/evidence/{files[0]['evidence_id']}")
assert item["taken_by"].startswith("Ông Nguyễn Văn A") and item["custody_events"] == 1 and item["case_id"] == case, item
kinds = [e["kind"] for e in admin.get(f"/incidents/{case}/entries", limit=50)["items"]]
assert kinds.count("order") == 2 and kinds.count("evidence") == 1, kinds
agent.stop()
hub.stop()
assert not hub.errors(), hub.errors()
print(f"evidence_agent: {sum(f['size_bytes'] for f in done['files']) >> 20} MiB in {len(names)} files, agent {memory >> 20} MiB: passed")

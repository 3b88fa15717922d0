# SPDX-License-Identifier: Apache-2.0
"""The portal as its people use it: a hub filled through the API with the invented province of tools/demo, then Chromium
walks through it as administrator, operator, officer, head, partner and staff (ui/walk.mjs says what it looks at). Half way the
browser asks for the hub to be stopped and started again. Pictures go to the folder that PHENDAU_WALK_SHOTS names."""
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PHENDAU, ROOT, Hub, free_port, run, scratch, skip

sys.path.insert(0, str(ROOT / "tools" / "demo"))
import province

CHROMIUM = os.environ.get("PHENDAU_CHROMIUM", "/usr/bin/chromium")
NODE = shutil.which("node")
WALK_SECONDS_MAX = 1500
WALKERS = {"administrator": "admin", "operator": "tinh.truc1", "officer": "b.canbo", "head": "b.lanhdao", "partner": "congan.phoihop", "staff": "a.nhanvien"}
# Names of accounts, machines and programs in the invented logs, which stand on screens as they are.
DATA_WORDS = ["hotro", "vanthu", "quantri", "ketoan", "postgres", "canbo", "lanhdao", "nhanvien", "huyen", "hoso", "srv"]

for need in (pathlib.Path(CHROMIUM), ROOT / "web" / "node_modules" / "playwright-core"):
    if not need.exists():
        skip(f"{need} is not here")
if not NODE:
    skip("node is not here")


def start_hub():
    """Three agencies, each with a port of its own, and a day of logs read in before the hub runs."""
    for agency in province.AGENCIES:
        agency["port"] = free_port()
    first, *others = province.AGENCIES
    hub = Hub(config={"demo": True, "listeners": [
        {"protocol": "tcp", "address": f"127.0.0.1:{a['port']}", "agency": a["id"]} for a in province.AGENCIES]})
    hub.init(agency=first["id"], name=first["name"])
    for agency in others:
        own = ["--own-systems" if agency["own_systems"] else "--no-own-systems"]
        run(PHENDAU, "admin", "init", "--data", hub.data, "--pack", hub.pack, "--agency-id", agency["id"], "--agency-name",
            agency["name"], *own, "--format", "json")
    logs = scratch()
    province.write_logs(logs)
    for agency in province.AGENCIES:
        run(PHENDAU, "journal", "import", "--data", hub.data, "--agency", agency["id"], logs / f"{agency['id']}.log")
    return hub.start()


def fill(hub):
    """Everything through the API, as tools/demo does it; the passwords of those who walk."""
    admin = province.Portal(hub.port).sign_in("admin", hub.password, Hub.ADMIN_PASSWORD)
    shown, sessions = province.make_users(admin, hub.port)
    province.make_devices(admin, scratch(), hub.port)
    start = province.now() - datetime.timedelta(minutes=6)
    province.send(hub.folder, province.AGENCIES[1], province.attack(province.AGENCIES[1], start))
    province.make_attestations(sessions)
    province.make_incidents(admin, sessions)
    admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": province.AGENCIES[0]["id"],
                                                   "from": "2026-01-01"}})
    # The police is a body of its own: it sends warnings under its name.
    police = admin.post("/agencies", {"code": "cong-an-thu-nghiem", "name": "Công an tỉnh Thử nghiệm (dữ liệu mẫu)"})
    admin.call("PATCH", f"/users/{WALKERS['partner']}", {"agency_ids": [police["id"]]})
    today = time.strftime("%Y-%m-%d")
    for attended in (12, 30):
        sessions["b.canbo"].post("/registers/training", {"state": "done", "doc": {
            "kind": "course", "audience": "staff", "held_on": today, "attended": attended}})
    passwords = {"admin": Hub.ADMIN_PASSWORD, **{name: password for name, _, password in shown}}
    return {role: {"username": name, "password": passwords[name]} for role, name in WALKERS.items()}


def browser(hub, people):
    folder = scratch()
    settings = {"PHENDAU_UI_URL": f"https://127.0.0.1:{hub.port}", "PHENDAU_UI_PEOPLE": json.dumps(people), "PHENDAU_CHROMIUM": CHROMIUM,
                "PHENDAU_UI_AGENCY": "huyen-thu-nghiem-b", "PHENDAU_UI_CLAUSE": "hg-1374:3.1.b", "PHENDAU_UI_DATA_WORDS": ",".join(DATA_WORDS),
                "PHENDAU_UI_SHOTS": os.environ.get("PHENDAU_WALK_SHOTS", "")}
    walker = subprocess.Popen([NODE, str(ROOT / "tests" / "ui" / "walk.mjs")], cwd=folder, env={**os.environ, **settings})
    end = time.monotonic() + WALK_SECONDS_MAX
    try:
        while walker.poll() is None:
            assert time.monotonic() < end, "the walk takes too long"
            for wish, act, seen in (("stop", hub.stop, "stopped"), ("start", hub.start, "started")):
                if (folder / wish).exists() and not (folder / seen).exists():
                    act()
                    (folder / seen).touch()
            time.sleep(0.1)
    finally:
        if walker.poll() is None:
            walker.kill()
            walker.wait()
    assert walker.returncode == 0, f"browser: {walker.returncode}"


hub = start_hub()
browser(hub, fill(hub))
hub.stop()
assert not hub.errors(), hub.errors()
print("portal walk: passed")

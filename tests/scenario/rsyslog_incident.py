# SPDX-License-Identifier: Apache-2.0
"""From a log file to a closed incident, with the real programs: Debian's rsyslogd reads an sshd log and forwards it over
TCP, so that every line arrives as a syslog line within a syslog line; the hub must find the inner header, the fields and
the brute force in it. Then Chromium signs in with the one-time password, opens the alert and an incident, walks the five
steps through the real forms, attaches a file and closes the case, while a burst from a new address shows up live. No
request may leave for another host, and the browser must report no refused script and no error."""
import datetime
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import ROOT, RSYSLOGD, SHARED, Hub, forward_by_rsyslog, run, scratch, skip, wait_for

LOG = SHARED / "corpora" / "loghub" / "OpenSSH_2k.log"
CHROMIUM = os.environ.get("PHENDAU_CHROMIUM", "/usr/bin/chromium")
NODE = shutil.which("node")
HANOI = datetime.timezone(datetime.timedelta(hours=7))

for need in (LOG, RSYSLOGD, pathlib.Path(CHROMIUM), ROOT / "web" / "node_modules" / "playwright-core"):
    if not need.exists():
        skip(f"{need} is not here")
if not NODE:
    skip("node is not here")

def browser(stage, hub, password, **more):
    """One run of the browser's script; its own assertions decide."""
    settings = {"PHENDAU_UI_STAGE": stage, "PHENDAU_UI_URL": f"https://127.0.0.1:{hub.port}", "PHENDAU_UI_PASSWORD": password,
                "PHENDAU_UI_NEW_PASSWORD": Hub.ADMIN_PASSWORD, "PHENDAU_UI_TCP": str(hub.tcp), "PHENDAU_CHROMIUM": CHROMIUM}
    done = run(NODE, ROOT / "tests" / "ui" / "incident.mjs", check=False, cwd=scratch(),
               env={**os.environ, **settings, **{k: str(v) for k, v in more.items()}})
    print(done.stdout, end="")
    assert done.returncode == 0, f"browser, {stage}: {done.returncode}\n{done.stdout}\n{done.stderr}"


def local_time(event):
    moment = datetime.datetime.fromisoformat(event["event_time"].replace("Z", "+00:00"))
    return moment.astimezone(HANOI)


hub = Hub().init().start()
browser("first-sign-in", hub, hub.password)
hub.password = None
admin = hub.admin()
rsyslogd = forward_by_rsyslog(LOG, hub.tcp)


def found(query, limit=200):
    return admin.get("/events", q=query, from_="2020-01-01T00:00:00Z", order="oldest", limit=limit)["items"]


# The last lines of the file have arrived.
wait_for(lambda: len(found("source_ip:173.234.31.186")) >= 3 and len(found("source_ip:183.62.140.253")) >= 100, 60)

# 06:55:48, "Failed password for invalid user webmaster from 173.234.31.186 port 38926 ssh2".
event = next(e for e in found("source_ip:173.234.31.186") if "port 38926" in e["fields"]["message"])
assert event["fields"]["user"] == "webmaster" and event["fields"]["program"] == "sshd", event
assert event["host"] == "LabSZ", event
assert event["fields"]["relay_program"].startswith("sshd-file"), event
assert local_time(event).strftime("%m-%d %H:%M:%S") == "12-10 06:55:48", event
# 07:13:43, "Failed password for root from 5.36.59.76 port 42393 ssh2".
event = next(e for e in found("source_ip:5.36.59.76") if "port 42393" in e["fields"]["message"])
assert event["fields"]["user"] == "root" and local_time(event).strftime("%m-%d %H:%M:%S") == "12-10 07:13:43", event
dates = {local_time(e).strftime("%m-%d") for e in found("program:sshd")}
assert dates == {"12-10"}, dates

alert = wait_for(lambda: [a for a in admin.get("/alerts")["items"] if a["entity"].get("source_ip") == "183.62.140.253"])[0]
assert alert["count"] >= 5, alert
detail = admin.get(f"/alerts/{alert['id']}")
assert detail["events"] and local_time(detail["events"][0]).strftime("%m-%d") == "12-10", detail
# What the alert offers as a search finds its events at their own time, which is months back.
last = datetime.datetime.fromisoformat(detail["last_at"].replace("Z", "+00:00")) + datetime.timedelta(seconds=1)
again = admin.get("/events", q=detail["search"], from_=detail["first_at"], to=last.isoformat().replace("+00:00", "Z"), limit=200)
assert {e["ref"] for e in detail["events"]} <= {e["ref"] for e in again["items"]}, (detail["search"], detail["first_at"], last)

browser("walk", hub, Hub.ADMIN_PASSWORD, PHENDAU_UI_ALERT=alert["id"])
case = admin.get("/incidents", status="closed")["items"]
assert len(case) == 1 and case[0]["steps_done"] == 5, case
case = admin.get(f"/incidents/{case[0]['id']}")
assert case["status"] == "closed" and len(case["attachments"]) == 1, case
assert case["attachments"][0]["name"] == "ghi-chep.txt", case["attachments"]
assert case["alerts"][0]["id"] == alert["id"], case["alerts"]

rsyslogd.terminate()
rsyslogd.wait(30)
hub.stop()
assert not hub.errors(), hub.errors()
print("rsyslog and incident: passed")

# SPDX-License-Identifier: Apache-2.0
"""Nothing is lost, doubled or forgotten when programs die. A real agent tails a file to which 100,000 lines are appended
while the hub is killed with -9 twenty times (right after it took records, while it detects, as alerts are written) and the
agent four times. Afterwards every line is stored exactly once, byte for byte, the alerts equal those of an undisturbed run of
the same lines and those that the lines were made for, and the journal and the ledger prove themselves."""
import collections
import datetime
import json
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PHENDAU, Agent, Hub, run, scratch, verify_journal, wait_for

LINES = int(os.environ.get("PHENDAU_LINES", "100000"))
KILLS = int(os.environ.get("PHENDAU_KILLS", "20"))
AGENT_KILLS_AFTER = {3, 8, 13, 18}  # hub kills after which the agent is killed too
BURST_EVERY = 250
CHANNEL = "nhat-ky.log"
PER_ADDRESS = "8622bfb5-a8e9-4e15-8815-491297f25cf1"
AFTER_FAILURES = "c65f9b80-4044-4c43-b998-510a3490bc1b"
ACCOUNT_CREATED = "14d4c2f8-52e5-478c-ae3e-6cc80cc8d3e5"
SILENCE_TITLES = ()  # rules judged on the wall clock; none can fire within the minutes of this test
random.seed(20261124)


def make_lines():
    """The lines and the alerts they must raise: {(rule, entity): count}. One line every half second of the recent past."""
    start = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=7) - datetime.timedelta(seconds=LINES / 2 + 3600)
    lines, expected = [], {}
    plan = collections.deque()  # what the next lines are, beside harmless ones
    for number in range(LINES):
        at = start + datetime.timedelta(seconds=number // 2)
        stamp = f"{at:%b} {at.day:2d} {at:%H:%M:%S} may-chu"
        if number % BURST_EVERY == 0:
            burst = number // BURST_EVERY
            address = f"198.18.{burst // 250}.{burst % 250 + 1}"
            failures = 2 + burst % 9
            plan.extend([("failed", address)] * failures)
            if failures >= 5:
                expected[(PER_ADDRESS, json.dumps({"source_ip": address}))] = failures
            if burst % 5 == 0:
                plan.append(("accepted", address))
                if failures >= 5:
                    expected[(AFTER_FAILURES, json.dumps({"source_ip": address}))] = 2
            if burst % 7 == 0:
                plan.append(("created", f"moi{burst}"))
                expected[(ACCOUNT_CREATED, json.dumps({"host": "may-chu", "target_user": f"moi{burst}"}))] = 1
        kind, what = plan.popleft() if plan and number % 2 == 0 else ("harmless", "")
        if kind == "failed":
            lines.append(f"<86>{stamp} sshd[{number}]: Failed password for invalid user u{number} from {what} port {1024 + number % 60000} ssh2")
        elif kind == "accepted":
            lines.append(f"<86>{stamp} sshd[{number}]: Accepted password for canbo{number} from {what} port {1024 + number % 60000} ssh2")
        elif kind == "created":
            lines.append(f"<86>{stamp} useradd[{number}]: new user: name={what}, UID={2000 + number}, GID={2000 + number}, home=/home/{what}, shell=/bin/bash, from=none")
        else:
            lines.append(f"<14>{stamp} ung-dung[77]: yêu cầu {number} xong sau {random.randint(1, 900)} ms")
    assert not plan and len(set(lines)) == len(lines)
    return lines, expected


def start_pair(source):
    hub = Hub().init()
    token = hub.token()
    hub.start()
    agent = Agent(hub)
    agent.enrol(token)
    (agent.data / "agent.json").write_text(json.dumps({"journald": "never", "files": [{"path": str(source)}]}))
    agent.start()
    return hub, agent


def stored(admin):
    return admin.get("/events/histogram", q=f"input_channel:*{CHANNEL}", from_="2020-01-01T00:00:00Z", buckets=1)["total"]


def alerts_of(admin):
    out, cursor = [], None
    while True:
        page = admin.get("/alerts", limit=200, cursor=cursor)
        out += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return sorted((a["rule_id"], json.dumps(a["entity"], sort_keys=True), a["first_at"], a["count"], a["last_at"]) for a in out)


def wait_complete(hub, lines, alerts):
    """Everything stored, then everything detected: the alerts are complete and stay so."""
    admin = hub.admin()
    wait_for(lambda: stored(admin) >= lines, 120, 0.3)
    try:
        wait_for(lambda: sum(a[3] for a in alerts_of(admin)) >= alerts, 60, 0.5)
    except AssertionError:
        pass  # the comparison below says what is missing
    time.sleep(3)
    return admin


def check_rows(admin, lines):
    """Byte for byte, each exactly once."""
    response, body = admin.raw("GET", f"/api/v1/events/export?format=ndjson&from=2020-01-01T00:00:00Z&q=input_channel:*{CHANNEL}", timeout=300)
    assert response.status == 200, body[:500]
    rows = collections.Counter(json.loads(line)["raw"] for line in body.splitlines())
    doubled = [raw for raw, times in rows.items() if times > 1]
    missing = set(lines) - rows.keys()
    foreign = rows.keys() - set(lines)
    assert not doubled and not missing and not foreign, (
        f"{len(doubled)} doubled, {len(missing)} missing, {len(foreign)} foreign: {doubled[:2]} {sorted(missing)[:2]} {sorted(foreign)[:2]}")
    assert stored(admin) == len(lines) == sum(rows.values())


def size_of(folder):
    total = 0
    for item in folder.rglob("*"):
        try:
            total += item.stat().st_size
        except OSError:
            pass  # sealed or removed meanwhile
    return total


def changes(folder, seconds):
    """Waits until bytes are written below `folder`; False if none are within `seconds`."""
    end, before = time.monotonic() + seconds, size_of(folder)
    while time.monotonic() < end:
        if size_of(folder) != before:
            return True
        time.sleep(0.002)
    return False


def wait_for_moment(hub, number):
    """Where in the life of a batch the hub is shot."""
    kind = number % 4
    if kind == 0:
        changes(hub.data / "journal", 6)  # just written, perhaps before the acknowledgement
    elif kind == 1:
        changes(hub.data / "journal", 6)
        time.sleep(random.uniform(0.01, 0.12))  # acknowledged; detection reads it
    elif kind == 2:
        changes(hub.data / "journal", 6)
        changes(hub.data / "ledger", 3)  # alerts or a checkpoint are being written
    else:
        time.sleep(random.uniform(0.0, 1.5))  # anywhere
    return ("journal written", "detecting", "alerts being written", "anywhere")[kind]


lines, expected = make_lines()
text = [line + "\n" for line in lines]
total_count = sum(expected.values())

# 1. The undisturbed run.
began = time.monotonic()
calm_file = scratch() / CHANNEL
calm_file.write_text("".join(text))
hub, agent = start_pair(calm_file)
admin = wait_complete(hub, LINES, total_count)
calm = alerts_of(admin)
check_rows(admin, lines)
agent.stop()
hub.stop()
assert {(a[0], a[1]): a[3] for a in calm if a[0] in (PER_ADDRESS, AFTER_FAILURES, ACCOUNT_CREATED)} == expected, "undisturbed run: other alerts than planned"
assert not hub.errors(), hub.errors()
print(f"undisturbed: {LINES} lines, {len(calm)} alerts in {time.monotonic() - began:.0f} s", flush=True)

# 2. The same lines, with deaths.
began = time.monotonic()
file = scratch() / CHANNEL
file.write_text("")
hub, agent = start_pair(file)
chunk = -(-LINES // (KILLS + 1))
moments = collections.Counter()
with open(file, "a") as out:
    for number in range(KILLS):
        out.writelines(text[number * chunk:(number + 1) * chunk])
        out.flush()
        moments[wait_for_moment(hub, number)] += 1
        hub.process.kill()
        hub.process.wait()
        if number in AGENT_KILLS_AFTER:
            agent.process.kill()
            agent.process.wait()
            agent.start()
        hub.start()
    out.writelines(text[KILLS * chunk:])
admin = wait_complete(hub, LINES, total_count)
wild = alerts_of(admin)
check_rows(admin, lines)
if wild != calm:
    for one in sorted(set(calm) ^ set(wild))[:10]:
        print("undisturbed only:" if one in set(calm) else "disturbed only:", one)
assert wild == calm, f"{len(set(calm) - set(wild))} alerts differ of {len(calm)}"
agent.stop()
hub.stop()
code, report = verify_journal(hub.data)
assert code == 0 and report["ok"], report
doctor = json.loads(run(PHENDAU, "admin", "doctor", "--data", hub.data, "--format", "json", check=False).stdout)
assert all(c["ok"] for c in doctor["checks"] if c["check"] in ("ledger", "journal")), doctor
assert not hub.errors(), hub.errors()[:3]
print(f"{KILLS} deaths of the hub ({dict(moments)}), {len(AGENT_KILLS_AFTER)} of the agent in {time.monotonic() - began:.0f} s: passed")

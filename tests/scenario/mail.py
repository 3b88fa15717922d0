# SPDX-License-Identifier: Apache-2.0
"""Mails are neither lost, starved nor doubled. The real hub makes real reminders for eight agencies and sends them through a real mail
server (STARTTLS, sign-in) that is good, down, slow, refuses with 4xx and 5xx at each stage, greylists, hangs at one recipient, cuts the line
in the middle of a message and after the final dot; then the hub is killed at random moments. In every mode each reminder arrives under one
Message-ID; the same one twice only where nobody can know (cut after the dot, killed while sending), and then the delivery says so. What is
given up stands in the list with the server's answer and is sent again by hand."""
import collections
import datetime
import pathlib
import random
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import AS_ROOT, HUB_UID, ROOT, Client, Hub, refused, run, scratch, wait_for
from smtp_server import SmtpServer, make_certificate

packs = scratch()
shutil.copytree(ROOT / "packs/base", packs / "base")
(packs / "thu/clauses").mkdir(parents=True)
(packs / "thu/pack.yaml").write_text("""
id: thu
title: {vi: Quy chế thử, en: Trial regulation}
document: {title: {vi: Quy chế thử, en: Trial regulation}, number: 1/QĐ, issuer: UBND, date: "2026-01-01", prefix: t}
in_force: {from: "2026-01-01"}
imports: [base]
reminders: {before_days: [3], overdue_days: [], to: [it_officer], at: "00:00"}
""")
(packs / "thu/clauses/all.yaml").write_text("""
clauses:
  - id: t:1
    citation: Điều 1
    title: {vi: Khóa tài khoản người thôi việc, en: Lock the accounts of leavers}
    duty: {vi: Khóa tài khoản trong năm ngày., en: Lock within five days.}
    bound: [it_officer]
    kind: process
    modality: must
    subject: agency
    trigger: {register: leaver, from: left_on, within: 5d}
    satisfied_by: [{kind: occasion, state: [done], done: done_on}]
""")

folder = scratch()
cert, key = make_certificate(folder, run)
(folder / "password").write_text("mat khau thu\n")
if AS_ROOT:
    for name in ("password", "cert.pem"):
        shutil.chown(folder / name, HUB_UID, HUB_UID)
server = SmtpServer(cert, key, "phendau", "mat khau thu").start()
smtp = {"host": "localhost", "port": server.port, "from": "phendau@tinh.example", "user": "phendau", "password_file": str(folder / "password"),
        "ca_file": str(cert), "reply_timeout": "2s", "final_timeout": "20s"}
hub = Hub(pack=packs / "thu", config={"assess_every": "1s", "smtp": smtp, "send_retry_first": "1s"}).init(agency="so-tttt", name="Sở").start()
admin = hub.admin()
today = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=7)).date()
day = lambda ago: (today - datetime.timedelta(days=ago)).isoformat()

AGENCIES = [f"xa-{i}" for i in range(8)]
ADDRESS = {agency: f"can.bo@{agency}.example" for agency in AGENCIES}
expected = collections.Counter()  # reminders, by address
for agency in AGENCIES:
    admin.post("/agencies", {"code": agency, "name": "Xã " + agency})
    admin.post("/registers/officer", {"agency_id": agency, "doc": {"full_name": "Cán bộ " + agency, "roles": ["it_officer"], "assigned_on": day(30),
                                                                  "email": ADDRESS[agency]}})
PASSWORD = "Mat-khau-rieng-7!"
made = admin.post("/users", {"username": "can-bo", "name": "Cán bộ", "role": "agency_officer", "agency_ids": ["xa-0"]})
officer = Client(hub.port).sign_in("can-bo", made["one_time_password"], PASSWORD)
number = 0


def wave(agencies=AGENCIES):
    """One more reminder for each."""
    global number
    for agency in agencies:
        number += 1
        admin.post("/registers/leaver", {"agency_id": agency, "doc": {"full_name": f"Người {number}", "left_on": day(3)}})
        expected[ADDRESS[agency]] += 1


def reminders(address):
    """That arrived, each Message-ID counted once."""
    return sum(sum(line.startswith("- ") for line in mail.text.splitlines()) for mail in {m.id: m for m in server.to(address)}.values())


def doubled():
    return {id for id, times in collections.Counter(server.ids()).items() if times > 1}


def all_there(but=()):
    return all(reminders(address) == expected[address] for address in ADDRESS.values() if address not in but)


def deliveries(**query):
    out, cursor = [], None
    while True:
        page = admin.get("/deliveries", limit=200, cursor=cursor, **query)
        out += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return out


def settled(but=(), seconds=60):
    wait_for(lambda: all_there(but), seconds)
    # The server has the mail a moment before the hub knows.
    wait_for(lambda: not [d for d in deliveries(state="waiting,failed,sending") if d["address"] not in but], 30)


def failed_once():
    return wait_for(lambda: [d for d in deliveries(state="failed")], 40)


def arrives_once(mode, but=()):
    before = doubled()
    settled(but)
    assert doubled() == before, (mode, doubled() - before)
    print("mail:", mode, flush=True)


# ---- good --------------------------------------------------------------------------------------------------------------
wave()
arrives_once("good")
one = server.to(ADDRESS["xa-0"])[0]
assert "lời nhắc" in one.subject and "viec-cua-toi" in one.text and one.message["Auto-Submitted"] == "auto-generated"
[mine] = officer.get("/deliveries")["items"]
assert mine["state"] == "sent" and mine["answer"].startswith("250") and mine["name"] == "Cán bộ xa-0" and mine["tries"] == 1, mine
assert one.id == f"<{mine['id']}@tinh.example>", one.id
detail = officer.get(f"/deliveries/{mine['id']}")
assert detail["text"].startswith("- ") and [h["state"] for h in detail["history"]] == ["sent", "waiting"], detail
refused(409, lambda: officer.post(f"/deliveries/{mine['id']}/resend"))
theirs = next(d for d in deliveries() if d["agency_id"] == "xa-1")
refused(404, lambda: officer.get(f"/deliveries/{theirs['id']}"))
refused(404, lambda: officer.post(f"/deliveries/{theirs['id']}/resend"))

# ---- down: everything waits, no try is used up ---------------------------------------------------------------------------
server.down()
wave()
wait = failed_once()
assert all(d["end"] == "unreachable" and d["tries"] == 0 and d["next_at"] and d["answer"] for d in wait), wait
assert admin.get("/overview")["mail"]["waiting"] == len(AGENCIES)
server.start()
arrives_once("down")

# ---- slow: longer after the dot than any other answer may take ------------------------------------------------------------
server.pause, server.pause_at_dot = 0.2, 4
wave(AGENCIES[:4])
arrives_once("slow")
server.good()

# ---- 4xx at each stage, 5xx where they are about the server: waits, then arrives --------------------------------------------
FEW = AGENCIES[:3]
for stage, reply in (("greeting", "421 busy"), ("greeting", "554 not you"), ("ehlo", "451 later"), ("auth", "454 later"), ("auth", "535 no"), ("mail", "451 later"),
                     ("mail", "550 sender unknown"), ("rcpt", "451 later"), ("rcpt", "421 going down"), ("data", "451 later"), ("dot", "451 later"), ("dot", "421 going down")):
    server.good().refuse[stage] = reply
    wave(FEW)
    found = failed_once()
    about_mail = stage in ("rcpt", "data", "dot") and not reply.startswith("421")
    assert all(d["end"] == ("put_off" if about_mail else "unreachable") for d in found), (stage, reply, found)
    if stage != "ehlo":
        assert all(reply[:3] in d["answer"] for d in found), (stage, reply, found)
    assert "mat khau" not in str(found)
    server.good()
    arrives_once(f"{reply} at {stage}")

# ---- 5xx about the recipient or the message: dead, with the reason, sent again by hand --------------------------------------
for stage in ("rcpt", "data", "dot"):
    server.good().refuse[stage] = f"550 5.1.1 refused at {stage}"
    wave(FEW)
    dead = wait_for(lambda: len(deliveries(state="dead")) == 3 and deliveries(state="dead"), 40)
    assert all(d["answer"] == f"550 5.1.1 refused at {stage}" and d["end"] == "refused" and d["may_resend"] and d["tries"] == 1 for d in dead), dead
    assert admin.get("/overview")["mail"]["given_up"] == 3 and admin.get("/deliveries")["dead"] == 3
    server.good()
    [own] = officer.get("/deliveries", state="dead")["items"]
    again = officer.post(f"/deliveries/{own['id']}/resend")
    assert again["state"] in ("waiting", "sending", "sent"), again
    for other in dead:
        if other["id"] != own["id"]:
            admin.post(f"/deliveries/{other['id']}/resend")
    arrives_once(f"550 at {stage}, sent again")
    assert not deliveries(state="dead")
    states = [h["state"] for h in officer.get(f"/deliveries/{own['id']}")["history"]]
    assert states == ["sent", "waiting", "dead", "waiting"], states

# ---- one bad recipient among others ------------------------------------------------------------------------------------------
for mode in ("4xx", "hangs"):
    server.good()
    if mode == "4xx":
        server.refuse_to[ADDRESS["xa-7"]] = "450 mailbox busy"
    else:
        server.hang_at = {ADDRESS["xa-7"]}
    for _ in range(3):
        wave(["xa-7"])
        time.sleep(1.2)
    began = time.monotonic()
    wave()
    settled(but={ADDRESS["xa-7"]})
    print(f"mail: others arrive while one recipient {mode}: {time.monotonic() - began:.1f} s", flush=True)
    # The others may all be there before the first answer, or the end of the patience with it, is noted.
    wait_for(lambda: {d["end"] for d in deliveries(state="failed") if d["address"] == ADDRESS["xa-7"]} == {"put_off"}, 60)
    server.good()
    for delivery in deliveries(state="waiting,failed"):  # a person need not wait for the next try
        try:
            admin.post(f"/deliveries/{delivery['id']}/resend")
        except Exception as problem:  # noqa: BLE001 sent meanwhile
            assert problem.status == 409, problem
    arrives_once(f"one recipient {mode}")

# ---- greylisting ------------------------------------------------------------------------------------------------------------
server.good().greylist_after = 2
wave()
arrives_once("greylisting")

# ---- the line breaks -----------------------------------------------------------------------------------------------------------
server.good().cut_data = 2
wave()
arrives_once("cut in the message")
before, marked = doubled(), {d["id"] for d in deliveries() if d.get("twice")}  # a line that breaks looks the same from here
assert len(marked) <= 2 and not before, (marked, before)
server.good().cut = 2
wave()
settled()
twice = doubled() - before
assert len(twice) == 2, twice
assert {f"<{d['id']}@tinh.example>" for d in deliveries() if d.get("twice") and d["id"] not in marked} == twice, "who may have it twice is marked, nobody else"
print("mail: cut after the dot", flush=True)

# ---- killed at random moments ----------------------------------------------------------------------------------------------------
dice = random.Random(5)
rounds = 10
server.good().pause_kept = 0.4  # the moment in which nobody can know
for number_of_round in range(rounds):
    kept = len(server.ids())
    wave()
    if number_of_round % 2:  # any moment
        time.sleep(dice.uniform(0.05, 2.0))
    else:  # between the server's keeping it and its saying so, or just after
        wait_for(lambda: len(server.ids()) > kept, 20, step=0.01)
        time.sleep(dice.uniform(0, 0.5))
    hub.stop(signal.SIGKILL)
    hub.start()
    admin = hub.admin()
server.good()
settled(seconds=120)
marked = {f"<{d['id']}@tinh.example>" for d in deliveries() if d.get("twice")}
assert doubled() <= marked, doubled() - marked
assert 1 <= len(doubled() - twice) <= rounds * 4, "the moment was hit, and no more than what was on its way came twice"
assert {d["state"] for d in deliveries()} == {"sent"} and {f"<{d['id']}@tinh.example>" for d in deliveries()} == set(server.ids())
print(f"mail: {rounds} kills, {len(doubled() - twice)} arrived twice, all marked", flush=True)

# A quiet end waits for no server.
server.hang_at = set(ADDRESS.values())
wave(["xa-3"])
wait_for(lambda: admin.get("/deliveries", state="sending")["items"], 20)
began = time.monotonic()
hub.stop()
assert time.monotonic() - began < 15
server.good()
hub.start()
admin = hub.admin()
arrives_once("stopped while sending")
assert b"mat khau" not in hub.log.read_bytes()
print(f"mail: {len(set(server.ids()))} mails, {sum(expected.values())} reminders: passed")

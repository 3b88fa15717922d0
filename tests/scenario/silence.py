# SPDX-License-Identifier: Apache-2.0
"""A source that sends far less than on the same weekday of the weeks before alerts, with both numbers, at the end of the day; one that sends as
much as ever does not, and nobody alerts again for the same source within the rule's window, also not after a restart. The hub's clock is moved
from week to week while it runs."""
import datetime
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import FAKETIME, HANOI, Client, Clock, Hub, free_port, scratch, skip, verify_journal, wait_for

if not FAKETIME.exists():
    skip(f"{FAKETIME} is not here")
LESS = "b6e32215-be76-4d12-8bbc-6bc661891841"
SICK, WELL = "may-om", "may-khoe"
USUAL, FEW = 200, 20
DAY = datetime.datetime(2027, 3, 24, 9, 0, tzinfo=HANOI)  # a Wednesday; no holiday on it or in the three weeks before
ports = {SICK: free_port(), WELL: free_port()}
folder = scratch()
clock = Clock(folder)
hub = Hub(folder, config={"silence_check_every": "1s", "listeners": [
    {"protocol": "tcp", "address": f"127.0.0.1:{port}", "agency": "van-phong", "source": name} for name, port in ports.items()]})
sent = 0
password = None


def day(number, **counts):
    """So many days after DAY the hub receives so many events of each."""
    global sent
    clock.move(DAY + datetime.timedelta(days=number))
    at = f"{clock.now():%b %e %H:%M:%S}"
    for name, count in ((SICK, counts["sick"]), (WELL, counts["well"])):
        with socket.create_connection(("127.0.0.1", ports[name])) as sock:
            sock.sendall("".join(f"<38>{at} {name} app[7]: dong {n}\n" for n in range(count)).encode())
        sent += count
    reader = sign_in(number)
    wait_for(lambda: reader.get("/events/histogram", q="program:app", from_="2027-01-01T00:00:00Z", to="2028-01-01T00:00:00Z")["total"] == sent)
    return reader


def sign_in(number):
    """Sessions end while the clock jumps; and within two weeks an account must have a second step, so a younger one takes over."""
    global password
    if number < -7:
        return hub.admin()
    reader = Client(hub.port)
    if password is None:
        made = hub.admin().post("/users", {"username": "truc.ban", "name": "Người trực", "role": "province_operator", "agency_ids": []})
        password = "Truc-ban-2027!"
        return reader.sign_in("truc.ban", made["one_time_password"], password)
    return reader.sign_in("truc.ban", password)


def alerts(reader):
    return [(a["entity"]["host"], a["status"]) for a in reader.get("/alerts", rule=LESS, limit=100)["items"]]


clock.move(DAY - datetime.timedelta(days=15))
with clock.for_children():
    hub.init().start()
day(-15, sick=1, well=1)  # the day on which a source is first heard is no measure
for week in (-14, -7):
    assert alerts(day(week, sick=USUAL, well=USUAL)) == []
reader = day(0, sick=FEW, well=USUAL)
assert alerts(reader) == []  # the day is not over
reader = day(1, sick=1, well=1)
wait_for(lambda: alerts(reader))
(found,) = reader.get("/alerts", rule=LESS)["items"]
assert found["entity"] == {"source": f"{SICK}/127.0.0.1", "host": SICK} and found["level"] == "medium" and found["agency_id"] == "van-phong", found
detail = found["detail"]
assert detail["vi"] == f"Ngày 24/03/2027 chỉ nhận được {FEW} sự kiện; cùng ngày ấy của 2 tuần trước thường là {USUAL}.", detail
assert f"{FEW} events" in detail["en"] and f"{USUAL} are usual" in detail["en"], detail
hub.stop()
with clock.for_children():
    hub.start()
reader = day(2, sick=1, well=1)
assert alerts(reader) == [(SICK, "new")], alerts(reader)
hub.stop()
code, verdict = verify_journal(hub.data)
assert code == 0 and verdict["ok"], verdict
print("silence: passed")

# SPDX-License-Identifier: Apache-2.0
"""A year of a province's document, walked with the real hub: `year.py PROVINCE` reads year/PROVINCE.txt, which is written in the words
of the screens for people of the office, does what stands there through the API, moves the hub's clock from date to date, and compares
the status of every clause part that the file names. year/README.md explains the lines. The clock is libfaketime's, moved by a file
while the hub runs; nothing but the clock is made up."""
import base64
import datetime
import hashlib
import hmac
import os
import pathlib
import re
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import FAKETIME, HANOI, PHENDAU, ROOT, Client, Clock, Hub, Problem, run, scratch, skip, wait_for

STATUSES = {"đạt": "met", "đến hạn": "due", "quá hạn": "overdue", "vi phạm": "violated", "chưa rõ": "unknown", "được miễn": "excepted",
            "xác nhận": "attested", "chưa phát sinh": "no_occasion", "không áp dụng": "not_applicable"}
ROLES = {"quản trị viên": "administrator", "trực vận hành tỉnh": "province_operator", "cán bộ phụ trách CNTT": "agency_officer",
         "thủ trưởng cơ quan": "agency_head", "đơn vị phối hợp": "partner", "cán bộ, công chức": "staff"}
ADMIN = "quản trị viên"
AVAILABLE = {"organisations", "training_gate"}  # parts of the program that lines with `(cần: ...)` may use: organisations, training_gate


class Mistake(Exception):
    """Of the file, or of the hub: said with the line."""


def parse_moment(text):
    form = "%d/%m/%Y %H:%M" if ":" in text else "%d/%m/%Y"
    at = datetime.datetime.strptime(text.strip(), form).replace(tzinfo=HANOI)
    return at if ":" in text else at.replace(hour=8)


class YearClock(Clock):
    def move(self, at):
        """Forward only, as time goes."""
        if self.file.exists() and round(at.timestamp() - time.time()) < self.offset:
            raise Mistake(f"{at:%d/%m/%Y %H:%M} lies before the hub's time")
        super().move(at)


class Province:
    """The hub with its people, and the names that the file gives to records."""

    def __init__(self, pack):
        self.folder = scratch()
        self.clock = YearClock(self.folder)
        self.pack = pack
        self.hub = None
        self.agencies = {}   # name in the file -> (id, members)
        self.people = {}     # name in the file -> {"user", "role", "agency", "password", "changes"}
        self.clients = {}    # of this date: name -> Client
        self.records = {}    # name in the file -> (kind, id)
        self.kinds = {}      # title -> kind
        self.parts = {}      # "Điều 9 khoản 8" or "..., ý 2" -> (clause, part)

    # ---- setting up ----
    def start(self, at):
        self.clock.move(at)
        (lead, _), *_ = self.agencies.values()
        name = next(iter(self.agencies))
        self.hub = Hub(self.folder, pack=ROOT / "packs" / self.pack, config={"session_idle_max": "12h"})
        with self.clock.for_children():
            self.hub.init(lead, name)
            for code, members in list(self.agencies.values())[1:]:
                run(PHENDAU, "admin", "init", "--data", self.hub.data, "--pack", self.hub.pack, "--agency-id", code, "--agency-name",
                    members["name"])
            self.hub.start()
        self.people[ADMIN] = {"user": "admin", "role": "administrator", "agency": None, "password": None, "changes": 0}
        admin = self.client(ADMIN)
        for code, members in self.agencies.values():
            more = {k: v for k, v in members.items() if k != "name"}
            if more:
                admin.call("PATCH", f"/agencies/{code}", more)
        for person in self.people.values():
            if person["user"] != "admin":
                made = admin.post("/users", {"username": person["user"], "name": person["name"], "role": person["role"],
                                             "agency_ids": [person["agency"]] if person["agency"] else []})
                person["password"] = made["one_time_password"]
        if "training_gate" in AVAILABLE:
            for person in self.people.values():
                if not person.get("untrained"):
                    admin.call("PATCH", f"/users/{person['user']}", {"basic_training_on": at.strftime("%Y-%m-%d")})
        self.kinds = {kind["title"]: kind for kind in admin.get("/registers")["items"]}
        for clause in admin.get("/obligations/matrix")["clauses"]:
            for part in clause["parts"]:
                number = part["id"].partition("#")[2]
                self.parts[clause["citation"] + (f", ý {number}" if number else "")] = (clause["id"], part["id"])

    def restart(self):
        self.hub.stop()
        self.clients = {}
        with self.clock.for_children():
            self.hub.start()

    # ---- people ----
    def client(self, name, expired=False):
        """Signed in today. A password that the pack's rule has aged out is changed, as the person would have to."""
        if name not in self.people:
            raise Mistake(f"who is '{name}'?")
        if name in self.clients and not expired:
            return self.clients[name]
        person = self.people[name]
        if person["password"] is None:
            person["password"] = self.hub.password
        client = Client(self.hub.port)
        body = {"username": person["user"], "password": person["password"]}
        if "totp" in person:
            body["totp"] = self.code(person)
        session = client.post("/session", body)
        client.csrf = session["csrf_token"]
        if expired and not session["must_change_password"]:
            raise Mistake(f"the password of {name} should have expired")
        if session["must_change_password"]:
            with_old = refused(lambda: client.get("/obligations"))
            assert with_old.status == 403, with_old
            person["changes"] += 1
            fresh = f"Mat-khau-rieng-{person['changes']}!"
            session = client.post("/session/password", {"old": person["password"], "new": fresh})
            client.csrf = session["csrf_token"]
            person["password"] = fresh
        if session.get("must_enrol_totp"):  # the second step of the roles that need one
            person["totp"] = client.post("/session/totp", {"password": person["password"]})["secret"]
            client.csrf = client.post("/session/totp/confirm", {"code": self.code(person)})["session"]["csrf_token"]
        self.clients[name] = client
        return client

    def code(self, person):
        """Of RFC 6238; no code is used twice."""
        now = int(time.time() + self.clock.offset) // 30
        counter = person["counter"] = max(now, min(person.get("counter", 0) + 1, now + 1))
        digest = hmac.new(base64.b32decode(person["totp"] + "=" * (-len(person["totp"]) % 8)), struct.pack(">Q", counter), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"

    def agency(self, name):
        if name not in self.agencies:
            raise Mistake(f"which agency is '{name}'?")
        return self.agencies[name][0]

    # ---- words of the screens to what the API wants ----
    def part(self, citation):
        if citation not in self.parts:
            near = [known for known in self.parts if known.startswith(citation.split(",")[0])]
            raise Mistake(f"no such clause: '{citation}'; there is {near[:8]}")
        return self.parts[citation]

    def kind(self, title):
        if title not in self.kinds:
            raise Mistake(f"no register has the title '{title}'")
        return self.kinds[title]

    def value(self, schema, text):
        words = {title: word for word, title in {**schema.get("x-titles-vi", {}), **schema.get("items", {}).get("x-titles-vi", {})}.items()}
        if schema.get("type") == "array":
            return [words.get(item.strip(), item.strip()) for item in text.split(" + ")]
        if "x-ref" in schema:
            return self.agency(text) if schema["x-ref"] == "agency" else self.record(text)[1]
        if schema.get("format") == "date":
            return parse_moment(text).strftime("%Y-%m-%d")
        if schema.get("format") == "date-time":
            return parse_moment(text).isoformat()
        if schema.get("type") == "boolean":
            return {"có": True, "không": False}[text]
        if schema.get("type") in ("integer", "number"):
            return float(text) if "." in text else int(text)
        if text in self.parts:  # exceptions and violations name what they are about
            return self.parts[text][1]
        return words.get(text, text)

    def fields(self, properties, text):
        by_title = {schema.get("title"): name for name, schema in properties.items()}
        out = {}
        for field in filter(None, (one.strip() for one in text.split(";"))):
            title, equals, value = (piece.strip() for piece in field.partition("="))
            if not equals or title not in by_title:
                raise Mistake(f"no field '{title}'; there is {sorted(filter(None, by_title))}")
            out[by_title[title]] = self.value(properties[by_title[title]], value)
        return out

    def record(self, name):
        if name not in self.records:
            raise Mistake(f"which record is '{name}'?")
        return self.records[name]


def refused(call):
    try:
        call()
    except Problem as problem:
        return problem
    raise Mistake("should have been refused")


# ---- what people do ----
class Act:
    """One line: who, verb and object, then fields and what else the line says."""

    def __init__(self, province, line):
        self.province = province
        self.who, self.what, *rest = (piece.strip() for piece in line.split("|"))
        self.more = {}
        self.text = ""
        self.refused = False
        for piece in rest:
            key, colon, value = piece.partition(":")
            if piece == "bị từ chối":
                self.refused = True
            elif colon and key in ("tên", "trạng thái", "cho", "tệp"):
                self.more[key] = value.strip()
            else:
                self.text = piece

    def do(self):
        for verb, act in VERBS.items():
            if self.what.startswith(verb):
                self.object = self.what[len(verb):].strip()
                if self.refused:
                    return print(f"      từ chối: {refused(lambda: act(self)).body.get('text')}")
                return act(self)
        raise Mistake(f"nobody knows how to do '{self.what}'")

    @property
    def client(self):
        return self.province.client(self.who)

    def keep(self, kind, made):
        if "tên" in self.more:
            self.province.records[self.more["tên"]] = (kind, made["id"])

    def attach(self, kind, id):
        if "tệp" in self.more:
            self.client.call("POST", "/attachments", f"{self.more['tệp']}\n".encode(),
                             {"X-Record": f"{kind}/{id}", "Content-Type": "text/plain"}, name=self.more["tệp"])

    def write(self):
        kind = self.province.kind(self.object)
        body = {"doc": self.province.fields(kind["schema"]["properties"], self.text)}
        if "cho" in self.more:
            body["agency_id"] = self.province.agency(self.more["cho"])
        if "trạng thái" in self.more:
            states = {state["title"]: state["id"] for state in kind["states"]}
            body["state"] = states[self.more["trạng thái"]]
        made = self.client.post(f"/registers/{kind['kind']}", body)
        self.keep(kind["kind"], made)
        self.attach(kind["kind"], made["id"])

    def correct(self):
        kind, id = self.province.record(self.object)
        properties = next(one for one in self.province.kinds.values() if one["kind"] == kind)["schema"]["properties"]
        version = self.client.get(f"/registers/{kind}/{id}")["version"]
        self.client.call("PATCH", f"/registers/{kind}/{id}", {"doc": self.province.fields(properties, self.text), "version": version})
        self.attach(kind, id)

    def move(self):
        name, _, title = self.object.partition(":")
        kind, id = self.province.record(name.strip())
        known = next(one for one in self.province.kinds.values() if one["kind"] == kind)
        to = next((move["to"] for move in known["moves"] if move["title"] == title.strip()), None)
        if to is None:
            raise Mistake(f"no move '{title.strip()}'; there is {[move['title'] for move in known['moves']]}")
        self.attach(kind, id)
        self.client.post(f"/registers/{kind}/{id}/move", {"to": to, "doc": self.province.fields(known["schema"]["properties"], self.text)})

    def attest(self):
        clause, part = self.province.part(self.object)
        agency = self.province.agency(self.more["cho"]) if "cho" in self.more else self.province.people[self.who]["agency"]
        body = {"clause": clause, "part": part, "agency_id": agency, "statement": self.text}
        if "tệp" in self.more:
            file = self.client.call("POST", "/attachments", f"{self.more['tệp']}\n".encode(),
                                    {"X-Agency": agency, "Content-Type": "text/plain"}, name=self.more["tệp"])
            body["attachment"] = file["sha256"]
        self.client.post("/attestations", body)

    def open_incident(self):
        agency = self.province.agency(self.more["cho"]) if "cho" in self.more else self.province.people[self.who]["agency"]
        self.keep("incident", self.client.post("/incidents", {"title": self.object, "agency_id": agency}))

    def draft(self):
        self.step(("begin",))

    def step(self, verbs=("begin", "done")):
        name, _, title = self.object.partition(":")
        case = self.client.get(f"/incidents/{self.province.record(name.strip())[1]}")
        step = next((one for one in case["definition"]["steps"] if one["title"].startswith(title.strip())), None)
        if step is None:
            raise Mistake(f"no step '{title}'; there is {[one['title'] for one in case['definition']['steps']]}")
        path = f"/incidents/{case['id']}/steps/{step['id']}"
        state = next(one for one in case["steps"] if one["id"] == step["id"])
        doc = self.province.fields(step["form"]["properties"], self.text)
        for verb in verbs:
            if verb != "begin" or verbs == ("begin",) or state["state"] == "waiting":
                self.client.post(path, {"verb": verb, "doc": doc})

    def skip(self):
        name, _, title = self.object.partition(":")
        case = self.client.get(f"/incidents/{self.province.record(name.strip())[1]}")
        step = next(one for one in case["definition"]["steps"] if one["title"].startswith(title.strip()))
        self.client.post(f"/incidents/{case['id']}/steps/{step['id']}", {"verb": "skip", "reason": self.text})

    def close_incident(self):
        self.client.post(f"/incidents/{self.province.record(self.object)[1]}/close", {"summary": self.text})

    def renew_password(self):
        self.province.client(self.who, expired=True)

    def sign_in_again(self):
        self.province.clients.pop(self.who, None)
        self.province.client(self.who).get("/session")

    def restart(self):
        self.province.restart()

    def train(self):
        self.client.call("PATCH", f"/users/{self.province.people[self.object]['user']}", {"basic_training_on": parse_moment(self.text).strftime("%Y-%m-%d")})

    def merge(self):
        into, _, rest = self.text.partition(";")
        day, _, number = (piece.strip() for piece in rest.partition(";"))
        gone, heir = self.province.agency(self.object), self.province.agency(into.strip())
        self.client.post("/organisations/acts", {"act": "merge", "in_force": parse_moment(day).strftime("%Y-%m-%d"), "decision_number": number,
                                                 "agencies": [gone], "into": [{"id": heir}]})


VERBS = {"ghi sổ": Act.write, "sửa": Act.correct, "chuyển": Act.move, "xác nhận": Act.attest, "mở sự cố": Act.open_incident,
         "làm sự cố": Act.step, "ghi nháp sự cố": Act.draft,
         "bỏ bước sự cố": Act.skip, "đóng sự cố": Act.close_incident, "phải đổi mật khẩu": Act.renew_password,
         "đăng nhập": Act.sign_in_again, "khởi động lại": Act.restart, "sáp nhập": Act.merge,
         "ghi ngày học của": Act.train}


# ---- what must be seen ----
def period_of(province, text):
    for form, out in ((r"năm (\d{4})", r"\1"), (r"quý (\d)/(\d{4})", r"\2-Q\1"), (r"tháng (\d\d)/(\d{4})", r"\2-\1"),
                      (r"nửa đầu năm (\d{4})", r"\1-H1"), (r"nửa cuối năm (\d{4})", r"\1-H2"), (r"tuần (\d+)/(\d{4})", r"\2-W\1")):
        if re.fullmatch(form, text):
            return re.sub(form, out, text)
    if text == "-":
        return ""
    kind, id = province.record(text)
    return f"{kind}/{id}"


class Expectation:
    """`Điều ..., ý N | agency or the province | period or occasion | status | what else`."""

    def __init__(self, province, line):
        citation, whose, period, status, *rest = (piece.strip() for piece in line.split("|"))
        self.province = province
        self.line = line
        self.part = province.part(citation)[1]
        whose, _, self.subject = (piece.strip() for piece in whose.partition(":"))
        self.agency = "" if whose == "toàn tỉnh" else province.agency(whose)
        self.period = period_of(province, period)
        self.status = STATUSES[status]
        self.more = {key.strip(): value.strip() for key, _, value in (one.partition(":") for one in rest)}

    def rows(self, after):
        query = {"part": self.part, "limit": 200}
        if self.agency:
            query["agency"] = self.agency
        items = self.province.client(ADMIN).get("/obligations", **query)["items"]
        if any(datetime.datetime.fromisoformat(one["evaluated_at"].replace("Z", "+00:00")) < after for one in items):
            return None  # not looked at since the last act
        self.there = [(one["period"], one["subject"]["name"], one["status"]) for one in items]
        wanted = self.subject and (self.province.records[self.subject][1] if self.subject in self.province.records else self.subject)
        return [one for one in items if one["agency_id"] == self.agency and one["period"] == self.period
                and (not wanted or wanted in (one["subject"]["id"], one["subject"]["name"]))]

    def wrong(self, row):
        if row["status"] != self.status:
            return f"is '{row['status']}': {row['reason']} {row.get('would_change', '')}"
        if "hạn" in self.more:
            wanted = self.more["hạn"]
            due = row["due_at"] and datetime.datetime.fromisoformat(row["due_at"].replace("Z", "+00:00"))
            if due and ":" not in wanted:  # the end of a day is the start of the next
                due -= datetime.timedelta(seconds=1)
            seen = due and due.astimezone(HANOI).strftime("%d/%m/%Y %H:%M" if ":" in wanted else "%d/%m/%Y")
            if seen != wanted:
                return f"is due {seen}"
        if "chốt kỳ" in self.more and row.get("closed_status") != STATUSES[self.more["chốt kỳ"]]:
            return f"was '{row.get('closed_status')}' when the period closed: {row['reason']}"
        if "lý do" in self.more and self.more["lý do"] not in row["reason"] + row.get("would_change", ""):
            return f"says: {row['reason']} {row.get('would_change', '')}"
        return None

    def check(self, after):
        seen = []

        def holds():
            rows = self.rows(after)
            if rows is None:
                return False
            seen[:] = [self.wrong(row) for row in rows] or [f"is not there; there is {self.there[:6]}"]
            return not any(seen)
        try:
            wait_for(holds, 90, 0.2)
        except AssertionError:
            return f"{self.line}\n         {next(filter(None, seen), 'was not judged')}"
        return None


# ---- the file ----
def head(province, key, value):
    name, _, rest = (piece.strip() for piece in value.partition("="))
    pieces = [piece.strip() for piece in rest.split(";")]
    if key == "Đơn vị":
        members = {"name": name}
        for own in ("có", "không có"):
            if f"{own} hệ thống thông tin riêng" in pieces[1:]:
                members["has_own_system"] = own == "có"
        if "dùng trung tâm dữ liệu" in pieces[1:]:
            members["uses_data_centre"] = True
        for piece in pieces[1:]:
            if piece.startswith("loại "):
                members["unit_class"] = piece[5:]
        province.agencies[name] = (pieces[0], members)
    elif key == "Người":
        agency = province.agency(pieces[2]) if len(pieces) > 2 else None
        province.people[name] = {"user": pieces[0], "name": name, "role": ROLES[pieces[1]], "agency": agency, "changes": 0,
                                 "untrained": "chưa học" in pieces[3:]}
    else:
        raise Mistake(f"unknown heading '{key}'")


def switched_on(line):
    """`(cần: organisations) ...` waits for a part of the program that is not there yet; left out loudly."""
    need = re.match(r"\(cần: (\w+)\)\s*", line)
    if not need:
        return line
    if need.group(1) in AVAILABLE:
        return line[need.end():]
    print(f"      BỎ QUA, chưa có '{need.group(1)}': {line[need.end():]}", flush=True)
    return None


def walk(province, path):
    wrong, began, after = [], time.monotonic(), None
    counts = {"days": 0, "acts": 0, "statuses": 0}
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        try:
            if line.startswith("Ngày "):
                when, _, story = line[5:].partition(" - ")
                at = parse_moment(when)
                if province.hub is None:
                    province.start(at)
                else:
                    province.clock.move(at)
                province.clients = {}
                after = province.clock.now() - datetime.timedelta(seconds=1)
                counts["days"] += 1
                print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True)
            elif province.hub is None:
                key, _, value = (piece.strip() for piece in line.partition(":"))
                head(province, key, value)
            elif (line := switched_on(line)) is None:
                continue
            elif line.startswith("→"):
                counts["statuses"] += 1
                fault = Expectation(province, line[1:].strip()).check(after)
                if fault:
                    wrong.append(f"{path.name}:{number}: {fault}")
                    print(f"      SAI  {fault}", flush=True)
            else:
                counts["acts"] += 1
                Act(province, line).do()
                after = province.clock.now()
        except (Mistake, Problem, KeyError, StopIteration, ValueError) as mistake:
            wrong.append(f"{path.name}:{number}: {line}\n         {type(mistake).__name__}: {mistake}")
            print(f"      SAI  {wrong[-1]}", flush=True)
            if province.hub is None:
                break
    return wrong, counts


def main(name):
    if not FAKETIME.exists():
        skip(f"{FAKETIME} is not here")
    province = Province(name)
    wrong, counts = walk(province, pathlib.Path(__file__).resolve().parent / "year" / f"{name}.txt")
    if province.hub is not None:
        province.hub.stop()
        wrong += province.hub.errors()
    assert not wrong, "\n" + "\n".join(wrong)
    assert counts["days"] >= 12 and counts["statuses"] >= 40, counts
    print(f"year of {name}: {counts['days']} days, {counts['acts']} acts, {counts['statuses']} statuses, as written")


main(sys.argv[1])

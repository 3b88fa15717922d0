# SPDX-License-Identifier: Apache-2.0
"""Every register of every pack through the API, from its own description: a record in each state, each move refused to whom
it is not for and without what it needs (fields, their values, a file, what other records say), then made; what is decided stays.
Packs add kinds without code here. Kinds with pages and rules of their own are in their own scenarios (OWN)."""
import json
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import ROOT, Client, Hub, Problem

OWN = {"role_binding", "exception", "warning", "warning_receipt", "delegation", "quarterly_sign_off", "ranking_score", "ranking_appeal"}
TODAY = time.strftime("%Y-%m-%d")
PROVINCES = ["ha-giang", "hung-yen", "vinh-long", "lao-cai", "son-la"]
seen = set()


class Walk:
    def __init__(self, pack):
        self.hub = Hub(pack=ROOT / "packs" / pack).init(agency="so-tttt", name="Sở chủ trì").start()
        self.admin = self.hub.admin()
        self.admin.post("/agencies", {"code": "xa-mot", "name": "Xã Một"})
        self.admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-tttt", "from": "2020-01-01"}})
        self.people = {role: self.person(role) for role in ("agency_officer", "agency_head")}
        self.kinds = {k["kind"]: k for k in self.admin.get("/registers")["items"]}
        self.counter = 0
        self.made = {}

    def person(self, role):
        name = role.replace("_", "-")
        made = self.admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": ["xa-mot"]})
        return Client(self.hub.port).sign_in(name, made["one_time_password"], "Mat-khau-rieng-7!")

    def example(self, rule):
        """A value that the schema takes; texts differ each time."""
        self.counter += 1
        n = self.counter
        if "x-ref" in rule:
            return "xa-mot" if rule["x-ref"] == "agency" else self.one(rule["x-ref"])
        if "anyOf" in rule:
            return f"10.{n // 65536 % 256}.{n // 256 % 256}.{n % 256}" if rule["anyOf"][0].get("format") == "ipv4" else self.example(rule["anyOf"][0])
        if "enum" in rule:
            return rule["enum"][0]
        kind = rule.get("type", "string")
        if kind == "boolean":
            return True
        if kind in ("integer", "number"):
            return rule.get("minimum", 1)
        if kind == "array":
            return [self.example(rule.get("items", {"type": "string"}))]
        if kind == "object":
            return {name: self.example(rule["properties"][name]) for name in rule.get("required", [])}
        if rule.get("format") == "cidr":
            return f"172.{16 + n // 256 % 16}.{n % 256}.0/24"
        by_format = {"date": TODAY, "date-time": TODAY + "T08:00:00+07:00", "email": "a@vidu.gov.vn"}
        if rule.get("format") in by_format:
            return by_format[rule["format"]]
        texts = [f"x{n}", f"{2000 + n % 999}-Q1", f"{2000 + n % 999}", f"{n:064x}"]
        return next(t for t in texts if re.search(rule.get("pattern", ""), t))

    def needed(self, kind, names):
        rules = self.kinds[kind]["schema"]["properties"]
        return {name: self.example(rules[name]) for name in names if not rules[name].get("x-frozen")}

    def create(self, kind, state=None, doc=None):
        doc = self.needed(kind, self.kinds[kind]["schema"].get("required", [])) | (doc or {})
        body = {"doc": doc} | ({"state": state} if state else {})
        if self.kinds[kind]["owner"] == "agency":
            body["agency_id"] = "xa-mot"
        return self.admin.post(f"/registers/{kind}", body)

    def one(self, kind):
        if kind not in self.made:
            self.made[kind] = self.create(kind)["id"]
        return self.made[kind]

    def refused(self, statuses, where, call):
        try:
            call()
        except Problem as problem:
            assert problem.status in statuses, (where, problem.status, problem.body)
            return
        raise AssertionError(f"{where}: was not refused")

    def mover(self, move):
        by = move["by"]
        if not by or "administrator" in by:
            return self.admin
        return next(person for role, person in self.people.items() if role in by)

    def holds(self, conditions, doc):
        """Of conditions with values; dates that are compared are all today."""
        def one(c):
            here = doc.get(c["field"])
            return any(here not in (None, "", []) if v == "*" else v in here if isinstance(here, list) else here == v for v in c["values"])
        return all(one(c) for c in conditions if c["values"])

    def fulfil(self, conditions, doc):
        """Sets in doc what the conditions ask."""
        for c in conditions:
            if c["values"] and c["values"][0] != "*" and c["values"][0] is not None and not self.holds([c], doc):
                doc[c["field"]] = c["values"][0]

    def filled(self, kind, record, move):
        """What the record lacks for the move."""
        doc = dict(record["doc"])
        self.fulfil(move["when"], doc)
        needs = list(move["needs"])
        self.fulfil(move["must"], doc)
        for also in move["also"]:
            if self.holds(also["when"], doc):
                needs += also["needs"]
                self.fulfil(also["must"], doc)
        doc |= self.needed(kind, [name for name in needs if doc.get(name) in (None, "", [])])
        return {name: value for name, value in doc.items() if record["doc"].get(name) != value}

    def wrong_values(self, kind, move, doc):
        """For each condition with values the same document with another value of the schema, if there is one."""
        rules = self.kinds[kind]["schema"]["properties"]
        for c in move["when"] + move["must"] + [m for a in move["also"] if self.holds(a["when"], doc) for m in a["must"]]:
            rule = rules[c["field"]]
            all_values = rule.get("enum", [True, False] if rule.get("type") == "boolean" else [])
            others = [v for v in all_values if v not in c["values"]]
            if others and "*" not in c["values"]:
                yield c, doc | {c["field"]: others[0]}

    def linked(self, kind, record, doc, need):
        """Another record as the move wants it, through its own moves; what this one needs of it comes first."""
        other = need["register"]
        value = record["id"] if need["own_field"] == "id" else (record["doc"] | doc)[need["own_field"]]
        assert need["their_field"] != "id", (kind, need)
        made = self.create(other, doc={need["their_field"]: value} | {c["field"]: c["values"][0] for c in need["where"] if c["values"][0] != "*"})
        wanted = need["states"] or [made["state"]]
        if made["state"] in wanted:
            return made
        for move in self.kinds[other]["moves"]:
            if made["state"] in move["from"]:
                made = self.make(other, made, move, strict=False)
            if made["state"] in wanted:
                return made
        raise AssertionError(f"{kind}: no way to a {other} in {wanted}")

    def refused_while(self, kind, record, doc, need, call):
        """The move waits while such a record is there; afterwards it is moved on and no longer in the way."""
        if need["own_field"] != "id" and (record["doc"] | doc).get(need["own_field"]) is None:
            return  # nothing to look for
        other = self.linked(kind, record, doc, need)
        self.refused((400,), f"{kind} while there is a {need['register']}", call)
        links.append(need)
        for _ in range(4):
            if other["state"] not in need["states"]:
                return
            other = self.make(need["register"], other, next(m for m in self.kinds[need["register"]]["moves"] if other["state"] in m["from"] and m["to"] not in m["from"]), strict=False)
        raise AssertionError((kind, need))

    def make(self, kind, record, move, strict):
        where = f"/registers/{kind}/{record['id']}"
        act = self.mover(move)
        say = f"{kind}: {record['state']} -> {move['to']}"
        doc = self.filled(kind, record, move)
        missing = [name for name in move["needs"] if record["doc"].get(name) in (None, "", []) and name in doc]
        if strict:
            for role, person in self.people.items():
                if move["by"] and role not in move["by"]:
                    self.refused((403, 404), f"{say} by {role}", lambda: person.post(where + "/move", {"to": move["to"], "doc": doc}))
            if missing:
                self.refused((400,), f"{say} without {missing}", lambda: act.post(where + "/move", {"to": move["to"]}))
        if move["attachment"] and not self.admin.get(where)["attachments"]:
            if strict:
                self.refused((400,), f"{say} without a file", lambda: act.post(where + "/move", {"to": move["to"], "doc": doc}))
            self.admin.call("POST", "/attachments", b"Ban scan", {"X-Record": f"{kind}/{record['id']}", "Content-Type": "text/plain"}, name="ban-scan.txt")
        if strict:
            for condition, wrong in self.wrong_values(kind, move, record["doc"] | doc):
                self.refused((400,), f"{say} although not: {condition['text']}", lambda: act.post(where + "/move", {"to": move["to"], "doc": wrong}))
                conditions.append(condition)
            for name in [n for also in move["also"] if self.holds(also["when"], record["doc"] | doc) for n in also["needs"] if n in doc]:
                lacking = {n: value for n, value in doc.items() if n != name}
                self.refused((400,), f"{say} without {name}", lambda: act.post(where + "/move", {"to": move["to"], "doc": lacking}))
        for need in move["records"]:
            if not self.holds(need["when"], record["doc"] | doc):
                continue
            if need["none"]:
                if strict:
                    self.refused_while(kind, record, doc, need, lambda: act.post(where + "/move", {"to": move["to"], "doc": doc}))
                continue
            if strict:
                self.refused((400,), f"{say} without: {need['text']}", lambda: act.post(where + "/move", {"to": move["to"], "doc": doc}))
                links.append(need)
            self.linked(kind, record, doc, need)
        moved = act.post(where + "/move", {"to": move["to"], "doc": doc})
        assert moved["state"] == move["to"], (say, moved)
        return moved

    def walk(self, kind):
        states = [state["id"] for state in self.kinds[kind]["states"]]
        moves = self.kinds[kind]["moves"]
        if not moves:
            for state in states or [None]:
                assert self.create(kind, state)["state"] == (state or ""), (kind, state)
            return
        record = self.create(kind)
        way = {record["state"]: []}  # how to get to each state
        waiting = [record["state"]]
        while waiting:
            state = waiting.pop(0)
            for move in moves:
                if state not in move["from"]:
                    continue
                fresh = self.create(kind)
                for step in way[state]:
                    fresh = self.make(kind, fresh, step, strict=False)
                fresh = self.make(kind, fresh, move, strict=True)
                if move["to"] in way:
                    continue
                way[move["to"]] = [*way[state], move]
                waiting.append(move["to"])
                if not any(move["to"] in other["from"] for other in moves):
                    self.refused((403, 404), f"{kind}: change of what is decided",
                                 lambda: self.people["agency_officer"].call("PATCH", f"/registers/{kind}/{fresh['id']}", {"doc": {}, "version": fresh["version"]}))
        assert set(way) == set(states), (kind, "cannot be reached", set(states) - set(way))


moves, conditions, links = 0, [], []
for province in PROVINCES:
    walk = Walk(province)
    if "ip_prefix" in walk.kinds:
        walk.admin.post("/registers/ip_prefix", {"doc": {"prefix": "10.0.0.0/8", "purpose": "Mạng tỉnh"}, "state": "allocated"})
    for kind in sorted(set(walk.kinds) - OWN):
        as_here = kind + json.dumps(walk.kinds[kind]["moves"])  # a pack may extend what it imports
        if as_here in seen:
            continue
        walk.walk(kind)
        moves += len(walk.kinds[kind]["moves"])
        seen.add(as_here)
    walk.hub.stop()
    assert not walk.hub.errors(), walk.hub.errors()
assert len(seen) > 85 and moves > 120, (len(seen), moves)
assert len(conditions) > 15 and len(links) > 4, (len(conditions), len(links))
print(f"processes: {len(seen)} registers, {moves} moves, {len(conditions)} wrong values and {len(links)} missing records refused, passed")

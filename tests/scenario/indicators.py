# SPDX-License-Identifier: Apache-2.0
"""The national CERT sends a list of indicators. The operator imports it as CSV, as STIX 2.1 and as an event of MISP: what is in it and what cannot
be used, whose addresses and names are on it, and what the stored journal shows of it. Put in force, each sighting alerts, also after a restart; ended, it
is quiet again."""
import json
import pathlib
import socket
import sys
import time
from xml.etree import ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import ROOT, Hub, day_text, free_port, refused, wait_for

port = free_port()
hub = Hub(config={"listeners": [{"protocol": "tcp", "address": f"127.0.0.1:{port}", "agency": "van-phong", "source": "may-chu"}]})
hub.init()
hub.start()
admin = hub.admin()
admin.post("/agencies", {"code": "so-y-te", "name": "Sở Y tế"})
admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-y-te", "from": "2026-01-01"}})
admin.post("/registers/ip_prefix", {"doc": {"prefix": "203.0.113.0/28", "purpose": "Trang web", "agency_id": "so-y-te"}})
BAD, GOOD = "198.51.100.66", "198.51.100.7"
sent = 0


def log_in_from(address):
    """A failed login, as sshd writes it."""
    global sent
    with socket.create_connection(("127.0.0.1", port)) as sock:
        at = time.strftime("%b %d %H:%M:%S", time.gmtime())
        sock.sendall(f"<38>{at} may-chu sshd[77]: Failed password for root from {address} port 4242 ssh2\n".encode())
    sent += 1
    wait_for(lambda: len(admin.get("/events", q="program:sshd", from_="2020-01-01T00:00:00Z", limit=500)["items"]) == sent)


def imported(text, **wish):
    body = text if isinstance(text, bytes) else text.encode()
    return admin.call("POST", "/indicator-lists", body, {}, **{"source": "Trung tâm ứng cứu", "reason": "Công văn 12", "until": day_text(30), **wish})


def looked(made):
    return wait_for(lambda: (lambda one: one if one["running"] is None and one["hunt"] else None)(admin.get(f"/indicator-lists/{made['id']}")))


def alerts():
    return [a for a in admin.get("/alerts", limit=200)["items"] if a["rule_id"].startswith("indicator.")]


def check_stix(bundle):
    """Each object against the schemas of OASIS, when they are here."""
    folder = ROOT.parent / "shared" / "schemas" / "stix"
    if not folder.exists():
        print("skipped: the schemas of STIX are not here")
        return
    import jsonschema
    schemas = {}
    for path in folder.rglob("*.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        schemas[schema["$id"]] = schema
    base = next(i for i in schemas if i.endswith("/sdos/incident.json")).removesuffix("sdos/incident.json")
    places = {"relationship": "sros", "marking-definition": "common"}
    assert set(bundle) == {"type", "id", "objects"} and bundle["type"] == "bundle" and bundle["id"].startswith("bundle--"), bundle.keys()
    for one in bundle["objects"]:
        schema = schemas[f"{base}{places.get(one['type'], 'sdos')}/{one['type']}.json"]
        resolver = jsonschema.RefResolver(schema["$id"], schema, store=schemas)
        problems = [e.message for e in jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(one)]
        assert not problems, (one["type"], problems)


log_in_from(BAD)
log_in_from(GOOD)

# ---- a table, with what cannot be used -----------------------------------------------------------------------------
made = imported("# TLP:GREEN\nloại;giá trị;ghi chú\nip;" + BAD.replace(".", "[.]") + ";máy điều khiển\n;hxxp://xau.example/tai/a.exe;\n;127.0.0.1;\n"
                "ip;203.0.113.9;\n;" + BAD + ";\n", title="Chiến dịch A")
assert made["counts"] == {"ip": 2, "url": 1} and made["repeated"] == 1 and made["refused_count"] == 1 and made["tlp"] == "TLP:GREEN", made
assert made["refused"][0]["place"] == "5" and "chính máy" in made["refused"][0]["reason"]["vi"], made["refused"]
assert made["values"][0] == {"type": "ip", "value": BAD, "note": "máy điều khiển"}, made["values"]
assert [(o["agency_id"], o["value"], o["indicator"]) for o in made["owners"]] == [("so-y-te", "203.0.113.0/28", "203.0.113.9")], made["owners"]
seen = looked(made)["hunt"]
assert seen["matches"] == 1 and seen["events"] >= 2 and [a["agency_id"] for a in seen["agencies"]] == ["van-phong"], seen
assert admin.get(f"/events/{seen['refs'][0]}")["fields"]["source_ip"] == BAD
assert alerts() == []  # a draft alerts nobody

# ---- in force ----------------------------------------------------------------------------------------------------
admin.post(f"/indicator-lists/{made['id']}/enforce")
refused(409, lambda: admin.post(f"/indicator-lists/{made['id']}/enforce"))
time.sleep(1.5)  # compiled in the background
log_in_from(GOOD)
log_in_from(BAD)
alert = wait_for(alerts)[0]
assert "Chiến dịch A" in alert["title"] and alert["agency_id"] == "van-phong" and alert["level"] == "high", alert
assert [e["fields"]["source_ip"] for e in admin.get(f"/alerts/{alert['id']}")["events"]] == [BAD]
hub.stop()
hub.start()
admin = hub.admin()
log_in_from(BAD)
wait_for(lambda: len(admin.get(f"/alerts/{alert['id']}")["events"]) == 2)  # the same alert goes on

# ---- the incident, as other organisations' programs read it ------------------------------------------------------------
case = admin.post(f"/alerts/{alert['id']}/incident")
bundle = admin.get(f"/incidents/{case['id']}/export", format="stix", tlp="TLP:GREEN")
kinds = sorted(o["type"] for o in bundle["objects"])
assert kinds == ["identity", "incident", "indicator", "marking-definition", "relationship"], kinds
assert next(o for o in bundle["objects"] if o["type"] == "indicator")["pattern"] == f"[ipv4-addr:value = '{BAD}']", bundle
assert next(o for o in bundle["objects"] if o["type"] == "marking-definition")["name"] == "TLP:GREEN"
check_stix(bundle)
document = ElementTree.fromstring(admin.get(f"/incidents/{case['id']}/export", format="iodef"))
space = "{urn:ietf:params:xml:ns:iodef-2.0}"
incident = document.find(space + "Incident")
assert incident.get("restriction") == "amber" and incident.find(space + "IncidentID").text == case["id"], document
assert [e.tag.removeprefix(space) for e in incident][:2] == ["IncidentID", "DetectTime"], list(incident)
refused(400, lambda: admin.get(f"/incidents/{case['id']}/export", format="pdf"))
refused(400, lambda: admin.get(f"/incidents/{case['id']}/export", tlp="TLP:PINK"))
refused(404, lambda: admin.get("/incidents/khong-co/export"))

# ---- ended -------------------------------------------------------------------------------------------------------
refused(400, lambda: admin.post(f"/indicator-lists/{made['id']}/end", {"reason": " "}))
admin.post(f"/indicator-lists/{made['id']}/end", {"reason": "Đã rà soát xong"})
time.sleep(1.5)
log_in_from(BAD)
time.sleep(1.5)
assert len(admin.get(f"/alerts/{alert['id']}")["events"]) == 2
assert [x["id"] for x in admin.get("/indicator-lists", state="ended")["items"]] == [made["id"]]

# ---- STIX 2.1 and MISP ---------------------------------------------------------------------------------------------
stix = imported(json.dumps({"type": "bundle", "id": "bundle--1", "objects": [
    {"type": "report", "name": "Mã độc tống tiền"},
    {"type": "indicator", "id": "indicator--1", "pattern_type": "stix", "pattern": f"[ipv4-addr:value = '{BAD}'] OR [domain-name:value = 'xau.example']",
     "object_marking_refs": ["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]},
    {"type": "indicator", "id": "indicator--2", "pattern_type": "stix", "pattern": "[ipv4-addr:value = '198.51.100.1' AND file:name = 'a.exe']"}]}))
assert stix["title"] == "Mã độc tống tiền" and stix["tlp"] == "TLP:RED" and stix["counts"] == {"ip": 1, "domain": 1} and stix["format"] == "stix", stix
assert stix["refused"][0]["place"] == "indicator--2"
assert looked(stix)["hunt"]["matches"] == 4
misp = imported(json.dumps({"Event": {"info": "Thư giả mạo", "Tag": [{"name": "tlp:amber"}], "Attribute": [
    {"type": "ip-src", "value": BAD, "to_ids": True}, {"type": "link", "value": "https://bao.example/x", "to_ids": False}]}}))
assert misp["title"] == "Thư giả mạo" and misp["tlp"] == "TLP:AMBER" and misp["counts"] == {"ip": 1} and misp["refused_count"] == 1, misp

# ---- what cannot be is refused in words; who may not sees nothing -------------------------------------------------------
refused(400, lambda: imported("{\"a\": 1}", title="x"), "STIX")
refused(400, lambda: imported("127.0.0.1\n", title="x"), "127.0.0.1")
refused(400, lambda: imported(b"\xff\xfe\x00", title="x"), "UTF-8")
refused(400, lambda: imported("xau.example"))  # nobody named it
refused(400, lambda: imported("xau.example", title="x", until=day_text(-1)))
refused(400, lambda: imported("xau.example", title="x", tlp="TLP:PINK"))
refused(422, lambda: imported("xau.example", title="TỐI MẬT"))
hub.stop()

# SPDX-License-Identifier: Apache-2.0
"""Nobody sees another agency. Two agencies are each seeded with a secret string in everything that carries text; then every
operation of openapi.yaml is called as every role of the first agency: no byte of the other's secret in any answer, export, stream
or attachment, foreign ids answer 403 or 404, and counts are the own ones. The administrator sees both: the test can fail.
A third agency sends a request with a secret of its own to the police: they see exactly this, where records are shown; the others nothing.
Also: openapi.yaml and the table of routes name the same operations with the same action and resource."""
import json
import pathlib
import re
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PACK, ROOT, Agent, Client, Hub, Problem, day_text, free_port, wait_for

# ---- the contract: what operations there are -----------------------------------------------------------------------
OPERATIONS = {}  # operationId -> (method, path, action, resource)
path = method = None
for line in (ROOT / "src/api/openapi.yaml").read_text().splitlines():
    if found := re.match(r"^  (/\S+):$", line):
        path = found.group(1)
    elif found := re.match(r"^    (get|post|patch|delete|put):$", line):
        method = found.group(1).upper()
    elif found := re.match(r"^      operationId: (\w+)$", line):
        operation = found.group(1)
        OPERATIONS[operation] = [method, path, None, None]
    elif found := re.match(r"^      x-(action|resource): (\w+)$", line):
        OPERATIONS[operation][2 if found.group(1) == "action" else 3] = found.group(2)
routes = {}
source = "".join(path.read_text() for path in sorted((ROOT / "src/api").glob("routes*.cpp")))
for found in re.finditer(r'\{"(GET|POST|PATCH|DELETE)",\s*"([^"]+)",\s*"(\w+)",\s*(\w+),\s*(\w+),', source):
    routes[found.group(3)] = [found.group(1), found.group(2), found.group(4), found.group(5)]
assert routes == OPERATIONS, set(map(str, routes.items())) ^ set(map(str, OPERATIONS.items()))

# ---- two agencies ----------------------------------------------------------------------------------------------------
CANARY = {"a": "chimHOANGYENaaa7731", "b": "chimHOANGYENbbb9402"}
AGENCY = {"a": "co-quan-a", "b": "co-quan-b"}
tcp = {"a": free_port(), "b": free_port()}
listeners = [{"protocol": "tcp", "address": f"127.0.0.1:{tcp[s]}", "agency": AGENCY[s], "source": CANARY[s]} for s in "ab"]
hub = Hub(config={"listeners": listeners[:1], "sign_in_failures_max": 20})  # a listener's agency must exist
hub.init(AGENCY["a"], "Cơ quan A " + CANARY["a"])
hub.start()
admin = hub.admin()
admin.post("/agencies", {"code": "so-chu-tri", "name": "Sở chủ trì"})
admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-chu-tri", "from": "2026-01-01"}})
admin.post("/agencies", {"code": AGENCY["b"], "name": "Cơ quan B " + CANARY["b"], "has_own_system": True})
hub.stop()
agents = {}
for side in "ab":
    agents[side] = hub.token(AGENCY[side])
# Nobody listens there: what is told by mail stays among the deliveries.
hub.change_config(listeners=listeners, smtp={"host": "127.0.0.1", "port": 1, "security": "none", "from": "phendau@tinh.example"}).start()
admin = hub.admin()


def send(side, number, count):
    lines = [f"<38>Nov 24 0{number}:00:{i:02d} may-{CANARY[side]} sshd[9]: Failed password for {CANARY[side]} from 192.0.2.{number} port 7 ssh2\n"
             for i in range(count)]
    with socket.create_connection(("127.0.0.1", tcp[side])) as sock:
        sock.sendall("".join(lines).encode())


def device_of(side):
    return admin.get("/devices", agency=AGENCY[side])["items"][0]["id"]


def take_in(client, secret, owner):
    """An item of evidence that holds the secret wherever it carries text."""
    begun = client.post("/evidence/uploads", {**owner, "label": secret, "source": secret, "note": secret, "name": secret + ".log", "size_bytes": len(secret)})
    client.call("POST", f"/evidence/uploads/{begun['id']}", secret.encode(), offset=0)
    return client.post(f"/evidence/uploads/{begun['id']}/finish")


ids = {}
for side in "ab":
    send(side, 1, 7 if side == "a" else 11)
    admin.call("POST", "/uploads/ndjson", json.dumps({"message": CANARY[side], "host": CANARY[side]}).encode(), {"Content-Type": "application/x-ndjson"},
               agency=AGENCY[side], source=CANARY[side])
    agent = Agent(hub)
    agent.enrol(agents[side]).start()
    agents[side] = agent
    wait_for(lambda: [d for d in admin.get("/devices", agency=AGENCY[side])["items"] if d["status"] == "online"], 40)
    admin.post("/enrolment-tokens", {"agency_id": AGENCY[side], "note": CANARY[side]})
    admin.post("/users", {"username": "nguoi." + side, "name": CANARY[side], "role": "staff", "agency_ids": [AGENCY[side]]})
    admin.post("/registers/officer", {"agency_id": AGENCY[side], "doc": {"full_name": CANARY[side], "roles": ["it_officer"], "assigned_on": "2026-01-01",
                                                                        "email": f"{CANARY[side]}@xa.example"}})
    alert = wait_for(lambda: admin.get("/alerts", agency=AGENCY[side])["items"])[0]
    admin.post(f"/alerts/{alert['id']}/triage", {"status": "acknowledged", "note": CANARY[side]})
    rule_filter = admin.post("/rule-filters", {"rule_id": alert["rule_id"], "alert_id": alert["id"], "agency_id": AGENCY[side], "reason": CANARY[side],
                                               "until": day_text(30), "conditions": [{"field": "user", "values": [CANARY[side]]}]})
    indicators = admin.call("POST", "/indicator-lists", (CANARY[side].lower() + ".example").encode(), {}, title=CANARY[side], source="x", reason="x",
                            until=day_text(30))
    case = admin.post(f"/alerts/{alert['id']}/incident")
    file = admin.call("POST", "/attachments", CANARY[side].encode(), {"X-Case": case["id"]}, name=CANARY[side] + ".txt")
    step = case["definition"]["steps"][0]["id"]
    admin.post(f"/incidents/{case['id']}/steps/{step}", {"verb": "note", "reason": CANARY[side], "attachments": [file["sha256"]]})
    report = admin.post("/incident-reports", {"agency_id": AGENCY[side], "channel": "phone", "about": "risk",
                                              **{name: CANARY[side] for name in ("title", "text", "where", "done", "reporter_name", "reporter_unit")}})
    clause = next(c for c in admin.get("/obligations/matrix")["clauses"] for p in c["parts"] if p["satisfied_by"] == "attestation")
    part = next(p for p in clause["parts"] if p["satisfied_by"] == "attestation")
    admin.post("/attestations", {"clause": clause["id"], "part": part["id"], "agency_id": AGENCY[side], "statement": CANARY[side],
                                 "valid_until": "2027-12-31T00:00:00Z"})
    record = admin.post("/registers/log_review", {"agency_id": AGENCY[side], "doc": {"reviewed_on": "2026-11-01", "reviewer": CANARY[side], "layers": ["application"], "finding": "x"}})
    admin.post("/registers/signature_token", {"agency_id": AGENCY[side], "doc": {"serial": CANARY[side], "holder": "x", "issued_on": "2020-01-01", "valid_until": "2021-01-01"}})
    # Never an order to isolate: the agents of this test run in the network of whoever runs it.
    order = admin.post(f"/devices/{device_of(side)}/orders", {"order": "collect_facts", "ordered_by": CANARY[side], "reason": CANARY[side], "case_id": case["id"]})
    warning = admin.post("/warnings", {"doc": {"kind": ["risk"], "title": CANARY[side], "text": "x", "measures": "x", "to_agencies": [AGENCY[side]]}})
    admin.post("/registers/exception", {"agency_id": AGENCY[side], "doc": {"scope_id": clause["id"], "reason": CANARY[side], "from": "2026-01-01", "until": "2027-01-01"}})
    admin.call("POST", "/attachments", CANARY[side].encode(), {"X-Record": f"log_review/{record['id']}"}, name=CANARY[side] + ".txt")
    evidence = take_in(admin, CANARY[side], {"case_id": case["id"]})
    bag = admin.post("/evidence/bags", {"case_id": case["id"], "act": "copied", "to": CANARY[side], "no_request_reason": CANARY[side]})
    hold = admin.post("/holds", {"what": "item", "item_id": evidence["id"], "reason": CANARY[side], "paper_number": CANARY[side]})
    unfinished = admin.post("/evidence/uploads", {"case_id": case["id"], "label": CANARY[side], "source": "x", "name": "x.log", "size_bytes": 9})
    act = admin.post("/organisations/acts", {"act": "rename", "in_force": "2029-01-01", "decision_number": CANARY[side], "agencies": [AGENCY[side]],
                                             "name": f"Cơ quan {side} " + CANARY[side], "note": CANARY[side]})
    event = admin.get("/events", q=CANARY[side], from_="2020-01-01T00:00:00Z")["items"][0]
    device = admin.get("/devices", agency=AGENCY[side])["items"][0]["id"]
    delivery = wait_for(lambda: admin.get("/deliveries", agency=AGENCY[side], channel="mail")["items"])[0]["id"]
    paper = admin.post("/papers", {"paper": "evidence_minute", "case_id": case["id"], "agency_id": AGENCY[side]})
    admin.call("PATCH", f"/papers/{paper['id']}", {"values": {"remarks": CANARY[side]}, "head": {"subject": CANARY[side]}})
    ids[side] = {"delivery": delivery, "paper": paper["id"], "alert": alert["id"], "case": case["id"], "step": step, "sha": file["sha256"], "event": event["ref"], "device": device,
                 "agency": AGENCY[side], "user": "nguoi." + side, "record": record["id"], "sequence": 1, "clause": clause["id"], "part": part["id"], "act": act["id"], "warning": warning["id"],
                 "rule_filter": rule_filter["id"], "rule": alert["rule_id"], "order": order["id"], "evidence": evidence["id"], "bag": bag["id"], "report": report["id"], "hold": hold["id"], "upload": unfinished["id"], "indicators": indicators["id"]}
wait_for(lambda: admin.get(f"/devices/{ids['b']['device']}")["facts"], 60)

# What is sent to a body, beside what the same agency keeps for itself.
SENT, KEPT = "chimHOANGYENsss5512", "chimHOANGYENkkk6623"
for code, name in (("co-quan-gui", "Cơ quan gửi"), ("cong-an", "Công an tỉnh")):
    admin.post("/agencies", {"code": code, "name": name})
admin.post("/registers/role_binding", {"doc": {"slot": "police", "agency_id": "cong-an", "from": "2026-01-01"}})
asks = {"wanted": "information", "channel": "document", "sent_at": "2026-11-01T08:00:00+07:00"}
request = admin.post("/registers/coordination_request", {"agency_id": "co-quan-gui", "doc": {**asks, "to_body": "police", "content": SENT}})
kept = admin.post("/registers/coordination_request", {"agency_id": "co-quan-gui", "doc": {**asks, "to_body": "military", "content": KEPT}})
for one, secret in ((request, SENT), (kept, KEPT)):
    file = admin.call("POST", "/attachments", secret.encode(), {"X-Record": f"coordination_request/{one['id']}"}, name=secret + ".txt")
    one["sha"] = file["sha256"]
admin.post("/registers/log_review", {"agency_id": "co-quan-gui", "doc": {"reviewed_on": "2026-11-01", "reviewer": KEPT, "layers": ["application"], "finding": "x"}})
# Evidence that the police were given, beside what stays with the same agency.
given, stays = take_in(admin, SENT, {"agency_id": "co-quan-gui"}), take_in(admin, KEPT, {"agency_id": "co-quan-gui"})
given_bag = admin.post("/evidence/bags", {"item_ids": [given["id"]], "to": SENT, "to_body": "police", "no_request_reason": SENT})
kept_bag = admin.post("/evidence/bags", {"item_ids": [stays["id"]], "to": KEPT, "no_request_reason": KEPT})
ids["a"] |= {"given": given["id"], "stays": stays["id"], "given_bag": given_bag["id"], "kept_bag": kept_bag["id"]}
ids["b"] |= {"given": given["id"], "stays": stays["id"], "given_bag": given_bag["id"], "kept_bag": kept_bag["id"]}
ids["b"] |= {"request": request["id"], "kept": kept["id"], "request_sha": request["sha"], "kept_sha": kept["sha"]}
ids["a"] |= {"request": request["id"], "kept": kept["id"], "request_sha": request["sha"], "kept_sha": kept["sha"]}

# ---- every operation, on the other agency's things -------------------------------------------------------------------
LONG = {"from": "2020-01-01T00:00:00Z"}


def requests(on, own):
    """operationId -> list of (body, query, path values). `on`: whose ids; `own`: the caller's."""
    everything = [{}, {"agency": on["agency"]}, {"q": CANARY["b"]}]
    search = [{**LONG, **q} for q in everything]
    return {
        "signIn": [({"username": "khong.ai", "password": "x"}, {}, {})], "getSession": [(None, {}, {})], "signOut": [],
        "changeOwnPassword": [({"old": "x", "new": "y"}, {}, {})], "beginTotp": [({"password": "x"}, {}, {})],
        "confirmTotp": [({"code": "123456"}, {}, {})], "removeTotp": [({"code": "123456"}, {}, {})], "getOverview": [(None, {}, {})],
        "listAlerts": [(None, q, {}) for q in [{}, {"agency": on["agency"]}, {"status": "new,acknowledged,closed"}, {"rule": "x"}]],
        "getAlert": [(None, {}, {"id": on["alert"]})], "triageAlert": [({"status": "closed", "note": "x"}, {}, {"id": on["alert"]})],
        "openIncidentFromAlert": [({}, {}, {"id": on["alert"]})],
        "listRuleFilters": [(None, {}, {})], "getRuleFilter": [(None, {}, {"id": on["rule_filter"]})],
        "createRuleFilter": [({"rule_id": on["rule"], "agency_id": on["agency"], "reason": "x", "until": day_text(30),
                               "conditions": [{"field": "user", "values": ["x"]}]}, {}, {})],
        "replayRuleFilter": [({}, {}, {"id": on["rule_filter"]})], "enforceRuleFilter": [({}, {}, {"id": on["rule_filter"]})],
        "endRuleFilter": [({"reason": "x"}, {}, {"id": on["rule_filter"]})],
        "exportIncident": [(None, {"format": f}, {"id": on["case"]}) for f in ("stix", "iodef")],
        "listIndicatorLists": [(None, {}, {})], "getIndicatorList": [(None, {}, {"id": on["indicators"]})],
        "importIndicators": [(b"xau.example", {"title": "x", "source": "x", "reason": "x", "until": day_text(30)}, {})],
        "huntIndicators": [({}, {}, {"id": on["indicators"]})], "enforceIndicators": [({}, {}, {"id": on["indicators"]})],
        "leaveOutIndicator": [({"value": "xau" + ".example", "out": True, "reason": "x"}, {}, {"id": on["indicators"]})],
        "endIndicators": [({"reason": "x"}, {}, {"id": on["indicators"]})],
        "searchEvents": [(None, q, {}) for q in search], "getEventHistogram": [(None, q, {}) for q in search],
        "getTopValues": [(None, {**q, "field": f}, {}) for q in search for f in ("user", "host", "source", "agency", "message")],
        "listEventFields": [(None, q, {}) for q in search], "getEvent": [(None, {}, {"ref": on["event"]})],
        "exportEvents": [(None, {**q, "format": f}, {}) for q in search for f in ("ndjson", "csv", "raw")],
        "uploadNdjson": [(b'{"message":"x"}', {"agency": on["agency"]}, {})],
        "listDevices": [(None, q, {}) for q in [{}, {"agency": on["agency"]}, {"q": "m"}]], "getDevice": [(None, {}, {"id": on["device"]})],
        "issueOrder": [({"order": "collect_facts", "ordered_by": "x", "reason": "x", **more}, {}, {"id": on["device"]}) for more in ({}, {"case_id": on["case"]})],
        "listOrders": [(None, q, {}) for q in [{}, {"device": on["device"]}, {"case": on["case"]}, {"state": "waiting,done"}]],
        "cancelOrder": [({"reason": "x"}, {}, {"id": on["order"]})],
        "revokeDevice": [({"reason": "x"}, {}, {"id": on["device"]})], "createEnrolmentToken": [({"agency_id": on["agency"]}, {}, {})],
        "getObligationMatrix": [(None, q, {}) for q in [{}, {"agency": on["agency"]}]],
        "listObligations": [(None, {**q, "limit": 200}, {}) for q in [{}, {"agency": on["agency"]}, {"device": on["device"]}, {"clause": on["clause"]}]],
        "getClause": [(None, {}, {"id": on["clause"]})],
        "getDocument": [(None, q, {"id": PACK.name}) for q in [{}, {"agency": on["agency"]}]],
        "createAttestation": [({"clause": on["clause"], "part": on["part"], "agency_id": on["agency"], "statement": "x", "valid_until": "2027-01-01T00:00:00Z"}, {}, {})],
        "listIncidents": [(None, q, {}) for q in [{}, {"agency": on["agency"]}, {"status": "open"}]],
        "createIncident": [({"title": "x", "agency_id": on["agency"]}, {}, {})], "getIncident": [(None, {}, {"id": on["case"]})],
        "actOnIncidentStep": [({"verb": "note", "reason": "x"}, {}, {"id": on["case"], "step": on["step"]})],
        "closeIncident": [({"summary": "x"}, {}, {"id": on["case"]})], "actOnIncidentEffect": [({"verb": "retry"}, {}, {"id": on["case"], "effect": "none"})], "stopIncident": [({"reason": "x"}, {}, {"id": on["case"]})],
        "reopenIncident": [({"reason": "x"}, {}, {"id": on["case"]})], "listIncidentEntries": [(None, {}, {"id": on["case"]})],
        "correctIncidentDetected": [({"reason": "x", "detected_at": "2026-01-01T00:00:00Z"}, {}, {"id": on["case"]})],
        "getReportForm": [(None, {}, {}), (None, {"co-quan": on["agency"]}, {})], "sendReport": [(b"title=x&about=risk", {}, {})],
        "listIncidentReports": [(None, q, {}) for q in [*everything, {"state": "new"}]], "getIncidentReport": [(None, {}, {"id": on["report"]})],
        "createIncidentReport": [({"agency_id": on["agency"], "about": "risk", "title": "x"}, {}, {})],
        "decideIncidentReport": [(body, {}, {"id": on["report"]}) for body in ({"decision": "opened"}, {"decision": "answered", "answer": "x"}, {"decision": "linked", "case_id": on["case"]})],
        "addIncidentAlerts": [({"alert_ids": [on["alert"]], "reason": "x"}, {}, {"id": on["case"]})],
        "getClassification": [(None, {}, {})], "classifyIncident": [(body, {}, {"id": on["case"]}) for body in ({"dry_run": True}, {"outcome": "ordinary", "reason": "x"})],
        "mergeIncident": [({"into": i, "reason": "x"}, {}, {"id": j}) for i, j in ((own["case"], on["case"]), (on["case"], own["case"]))],
        "uploadAttachment": [(b"x", {"name": "x.txt", "X-Case": on["case"]}, {}), (b"x", {"name": "x.txt", "X-Agency": on["agency"]}, {}),
                             (b"x", {"name": "x.txt", "X-Record": "log_review/" + on["record"]}, {}),
                             (b"x", {"name": "x.txt", "X-Record": "coordination_request/" + on["kept"]}, {})],
        "getAttachment": [(None, {}, {"sha256": on[i]}) for i in ("sha", "request_sha", "kept_sha")], "listAgencies": [(None, {}, {})],
        "createAgency": [({"code": "co-quan-c", "name": "x"}, {}, {})], "updateAgency": [({"name": "x"}, {}, {"id": on["agency"]})],
        "listUsers": [(None, {}, {})], "createUser": [({"username": "x.y", "name": "x", "role": "staff", "agency_ids": [on["agency"]]}, {}, {})],
        "updateUser": [({"name": "x"}, {}, {"id": on["user"]})], "listPacks": [(None, {}, {})], "listRules": [(None, {}, {})],
        "getHistory": [(None, {}, {"kind": k, "id": on[i]}) for k, i in (("alert", "alert"), ("case", "case"), ("device", "device"), ("agency", "agency"), ("user", "user"))],
        "listRegisters": [(None, {}, {})],
        "listRecords": [(None, q, {"kind": "log_review"}) for q in [*everything, {"where": "period:x"}, {"order": "created_at"}]]
                     + [(None, q, {"kind": "coordination_request"}) for q in [*everything, {"where": "to_body:police"}, {"q": "chimHOANGYEN"}]]
                     + [(None, {**q, "list": "expiring"}, {"kind": "signature_token"}) for q in everything],
        "createRecord": [({"agency_id": on["agency"], "doc": {"reviewed_on": "2026-11-01", "reviewer": "x", "layers": ["application"], "finding": "x"}}, {}, {"kind": "log_review"})],
        "getRecord": [(None, q, {"kind": "log_review", "id": on["record"]}) for q in [{}, {"at": "2030-01-01T00:00:00Z"}]]
                   + [(None, q, {"kind": "coordination_request", "id": on[i]}) for q in [{}, {"at": "2030-01-01T00:00:00Z"}] for i in ("request", "kept")],
        "updateRecord": [({"doc": {"finding": "y"}, "version": 1}, {}, {"kind": "log_review", "id": on["record"]})]
                      + [({"doc": {"content": "y"}, "version": 1}, {}, {"kind": "coordination_request", "id": on[i]}) for i in ("request", "kept")],
        "moveRecord": [({"to": "x"}, {}, {"kind": "log_review", "id": on["record"]})]
                    + [({"to": to}, {}, {"kind": "coordination_request", "id": on[i]}) for i in ("request", "kept") for to in ("answered", "withdrawn")],
        "undoRecord": [({"sequence": 1, "reason": "x"}, {}, {"kind": "log_review", "id": on["record"]})]
                    + [({"sequence": 1, "reason": "x"}, {}, {"kind": "coordination_request", "id": on[i]}) for i in ("request", "kept")],
        "getRecordHistory": [(None, {}, {"kind": "log_review", "id": on["record"]})] + [(None, {}, {"kind": "coordination_request", "id": on[i]}) for i in ("request", "kept")],
        "exportRecords": [(None, {**q, "format": f}, {"kind": k}) for k in ("log_review", "coordination_request") for q in everything for f in ("xlsx", "csv")]
                       + [(None, {**q, "list": "expiring", "format": "csv"}, {"kind": "signature_token"}) for q in everything],
        "getRecordForm": [(None, {}, {"kind": "log_review"})],
        "importRecords": [("Ngày xem,Người xem,Loại nhật ký đã xem,Kết quả\n01/11/2026,x,Ứng dụng,x".encode(), {"name": "x.csv", "agency": on["agency"], "dry_run": d}, {"kind": "log_review"}) for d in ("true", "false")],
        "exportOscal": [(None, q, {}) for q in [{}, {"agency": on["agency"]}, {"period": "2026"}]],
        "listOrganisations": [(None, q, {}) for q in [{}, {"at": "2020-01-01"}, {"at": "2030-01-01"}]], "listOrganisationActs": [(None, {}, {})],
        **{name: [({"act": "abolish", "in_force": "2026-01-01", "decision_number": "x", "agencies": [on["agency"]], "into": [{"id": own["agency"]}]}, {}, {})]
           for name in ("createOrganisationAct", "previewOrganisationAct")},
        "withdrawOrganisationAct": [({"reason": "x"}, {}, {"id": on["act"]})],
        "getLedgerHead": [(None, {}, {})],
        "getRanking": [(None, q, {"year": "2026"}) for q in [{}, {"agency": own["agency"]}]] + [(None, {"agency": on["agency"]}, {"year": "2026"})],
        "exportRanking": [(None, q, {"year": "2026"}) for q in [{}, {"agency": on["agency"]}]],
        "publishRanking": [({"decision_number": "x"}, {}, {"year": "2026"})],
        "listDeliveries": [(None, q, {}) for q in [{}, {"agency": on["agency"]}, {"state": "waiting,failed,sending,dead"}, {"channel": "mail"}]],
        "getDelivery": [(None, {}, {"id": on["delivery"]})], "resendDelivery": [({}, {}, {"id": on["delivery"]})],
        "noteCall": [({"outcome": "answered", "note": "x"}, {}, {"id": on["delivery"]})], "confirmDelivery": [({}, {}, {"id": on["delivery"]})],
        "takeReceipt": [({"id": on["delivery"], "status": "delivered", "at": "2026-01-01T00:00:00Z"}, {}, {"id": "sms"})],
        "getNoticeChoice": [(None, {}, {})], "setNoticeChoice": [({"email": "x@y.example", "ways": []}, {}, {})], "testNotice": [({"channel": "mail"}, {}, {})],
        "listWarnings": [(None, q, {}) for q in [{}, {"box": "received"}, {"box": "sent"}]],
        "sendWarning": [({"agency_id": on["agency"], "doc": {"kind": ["risk"], "title": "x", "text": "x", "measures": "x"}}, {}, {})],
        "listWarningAddressees": [(None, {}, {})],
        "getWarning": [(None, {}, {"id": on["warning"]})], "acknowledgeWarning": [({}, {}, {"id": on["warning"]}), ({"agency_id": on["agency"]}, {}, {"id": on["warning"]})],
        "getIncidentCoordination": [(None, {}, {"id": on["case"]})], "liftSeal": [({"record": "case_entry/x", "reason": "x"}, {}, {"id": on["case"]})], "addSealedNote": [({"text": "x", "sealed_for": [own["agency"]]}, {}, {"id": on["case"]})],
        "listAddressees": [(None, q, {"kind": "coordination_request"}) for q in ({}, {"case": on["case"]})],
        "getCoordination": [(None, {}, {})], "getDutyRoster": [(None, {}, {})],
        "getLeaderPage": [(None, {}, {})], "getQueue": [(None, q, {}) for q in [{}, {"type": "request,warning"}]],
        "getProvinceSettings": [(None, {}, {})], "setProvinceSetting": [({"value": 9, "reason": "x"}, {}, {"name": "password_min_length"})],
        "listEvidence": [(None, q, {}) for q in [{}, {"agency": on["agency"]}, {"case": on["case"]}, {"state": "collected,handed_over"}, {"q": "chimHOANGYEN"}]],
        "referEvidence": [({**who, "label": "x", "source": "x", "sha256": "a" * 64, "kept_at": "x", "custodian": "x"}, {}, {}) for who in ({"case_id": on["case"]}, {"agency_id": on["agency"]})],
        "beginEvidenceUpload": [({**who, "label": "x", "source": "x", "name": "x.log", "size_bytes": 1}, {}, {}) for who in ({"case_id": on["case"]}, {"agency_id": on["agency"]})],
        "getEvidenceUpload": [(None, {}, {"id": on["upload"]})],
        "addEvidencePart": [(b"x", {"offset": "0"}, {"id": on["upload"]})], "cancelEvidenceUpload": [(None, {}, {"id": on["upload"]})],
        "finishEvidenceUpload": [({}, {}, {"id": on["upload"]})],
        "takeJournalExcerpt": [({**who, "label": "x", "source": "x", "from": "2020-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"}, {}, {}) for who in ({"case_id": on["case"]}, {"agency_id": on["agency"]})],
        "listEvidenceBags": [(None, q, {}) for q in [{}, {"case": on["case"]}]],
        "createEvidenceBag": [({**who, "to": "x", "no_request_reason": "x"}, {}, {}) for who in ({"case_id": on["case"]}, {"item_ids": [on["evidence"]]}, {"item_ids": [on["stays"]]})],
        "getEvidenceBagContent": [(None, {}, {"id": on[i]}) for i in ("bag", "given_bag", "kept_bag")],
        "getEvidence": [(None, {}, {"id": on[i]}) for i in ("evidence", "given", "stays")],
        "updateEvidence": [({"note": "x"}, {}, {"id": on[i]}) for i in ("evidence", "stays")],
        "actOnEvidence": [({"act": "copied", "to": "x", "reason": "x"}, {}, {"id": on[i]}) for i in ("evidence", "stays")],
        "getEvidenceContent": [(None, {}, {"id": on[i]}) for i in ("evidence", "given", "stays")],
        "listHolds": [(None, q, {}) for q in [{}, {"case": on["case"]}, {"item": on["evidence"]}, {"state": "in_force"}]],
        "placeHold": [({"what": "case", "case_id": on["case"], "reason": "x", "paper_number": "x"}, {}, {}), ({"what": "item", "item_id": on["evidence"], "reason": "x", "paper_number": "x"}, {}, {}),
                      ({"what": "journal", "agency_id": on["agency"], "reason": "x", "paper_number": "x"}, {}, {}), ({"what": "journal", "reason": "x", "paper_number": "x"}, {}, {})],
        "liftHold": [({"reason": "x", "paper_number": "x"}, {}, {"id": on["hold"]})],
        "listPaperKinds": [(None, {}, {}), (None, {"from": "case"}, {})], "listNumberBooks": [(None, {}, {})],
        "listPapers": [(None, q, {}) for q in [*everything, {"case": on["case"]}, {"state": "drafted,numbered"}]],
        "createPaper": [({"paper": "evidence_minute", "agency_id": on["agency"]}, {}, {}), ({"paper": "evidence_minute", "case_id": on["case"]}, {}, {})],
        **{name: [(None, {}, {"id": on["paper"]})] for name in ("getPaper", "previewPaper")},
        "getPaperFile": [(None, {}, {"id": on["paper"], "part": part}) for part in ("docx", "pdf", "signed", "xlsx")],
        "updatePaper": [({"values": {"remarks": "y"}}, {}, {"id": on["paper"]})], "numberPaper": [({}, {}, {"id": on["paper"]})],
        "decidePaper": [({"outcome": "approved", "decided_by": "x", "decided_on": "2026-01-01"}, {}, {"id": on["paper"]})],
        "cancelPaper": [({"reason": "x"}, {}, {"id": on["paper"]})], "issuePaper": [(b"x", {"name": "x.pdf"}, {"id": on["paper"]})],
        "openStream": [], "getHealth": [(None, {}, {})],
        "listTasks": [(None, {}, {})], "getAgencyPage": [(None, {}, {"id": on["agency"]})], "listNotices": [(None, {"limit": 200}, {})],
        "markNoticesRead": [({"ids": [], "all": False}, {}, {})], "getCalendarAddress": [(None, {}, {})], "makeCalendarAddress": [({}, {}, {})],
        "revokeCalendarAddress": [], "getCalendar": [(None, {}, {"feed": "khong-co.ics"}), (None, {}, {"feed": "khong-co"})],
    }


covered = requests(ids["b"], ids["a"])
assert set(covered) == set(OPERATIONS), set(covered) ^ set(OPERATIONS)
BY_ID = {name for name, calls in covered.items() for call in calls if call[2] and name not in ("getClause", "getDocument", "listRecords", "createRecord", "exportRecords", "getRecordForm", "importRecords", "getRanking", "exportRanking", "listAddressees")}
WRITES = {"uploadNdjson", "createEnrolmentToken", "createAttestation", "createIncident", "createIncidentReport", "uploadAttachment", "createAgency", "createUser", "updateAgency",
          "updateUser", "revokeDevice", "createRecord", "importRecords", "createOrganisationAct", "previewOrganisationAct", "sendWarning", "publishRanking", "referEvidence", "beginEvidenceUpload", "takeJournalExcerpt", "createEvidenceBag", "placeHold", "createPaper"}


def ask(client, name, call):
    body, query, values = call
    method, path, _, _ = OPERATIONS[name]
    for key, value in values.items():
        path = path.replace("{" + key + "}", value)
    headers = {key: query[key] for key in query if key.startswith("X-")}
    query = {key: value for key, value in query.items() if not key.startswith("X-")}
    target = "/api/v1" + path
    if query:
        from urllib.parse import urlencode
        target += "?" + urlencode(query)
    if isinstance(body, dict):
        headers["Content-Type"] = "application/json"
        body = json.dumps(body).encode()
    response, data = client.raw(method, target, body, headers)
    return response.status, json.dumps(dict(response.getheaders())).encode() + data


PASSWORD = "Chim-hoang-yen-1!"
clients = {}
for number, role in enumerate(("agency_officer", "agency_head", "staff", "partner", "province_operator"), 11):
    made = admin.post("/users", {"username": "vai." + role.replace("_", "."), "name": role, "role": role,
                                 "agency_ids": [] if role == "province_operator" else [AGENCY["a"]]})
    clients[role] = Client(hub.port, f"127.0.0.{number}").sign_in(made["username"], made["one_time_password"], PASSWORD)

streams = {}


def officer_notices():
    listed = clients["agency_officer"].get("/notices", limit=200)["items"]
    assert all(n["agency_id"] == AGENCY["a"] for n in listed), listed
    return listed


def listen(role, client):
    import http.client
    import ssl
    connection = http.client.HTTPSConnection("127.0.0.1", hub.port, context=ssl._create_unverified_context(), timeout=120)
    connection.request("GET", "/api/v1/stream", headers={"Cookie": f"phendau_session={client.cookie}"})
    response = connection.getresponse()
    seen = b""
    try:
        while True:
            seen += response.read1(4096)
            streams[role] = seen
    except (OSError, http.client.HTTPException):
        pass


threads = [threading.Thread(target=listen, args=item, daemon=True) for item in [*clients.items(), ("administrator", admin)]]
for thread in threads:
    thread.start()
wait_for(lambda: len(streams) == len(threads) and all(streams.values()))


def without_names(status, shown):
    """Who may send a warning, and anybody who reports an incident, chooses whom by name; the name is all that is told."""
    assert status == 200 and shown.count(CANARY["b"].encode()) == 1, shown
    for which in "ab":
        for spelt in (f"Cơ quan {which.upper()} {CANARY[which]}", json.dumps(f"Cơ quan {which.upper()} {CANARY[which]}")[1:-1]):
            shown = shown.replace(spelt.encode(), b"")
    return shown


secret = CANARY["b"].encode()
foreign = [secret, SENT.encode(), KEPT.encode()]
asked = 0
for role, client in clients.items():
    if role == "province_operator":
        continue
    for name, calls in covered.items():
        for call in calls:
            status, data = ask(client, name, call)
            asked += 1
            # What the caller typed may come back in an error; the query itself is not a leak.
            shown = data.replace(json.dumps(call[1].get("q", "\0")).encode()[1:-1], b"") if status >= 400 else data
            if name == "getReportForm" or (role, name) == ("partner", "listWarningAddressees"):
                shown = without_names(status, shown)
            assert not any(s in shown for s in foreign), f"{role} {name} {call}: the other agency's secret in the answer: {data[:400]}"
            if name in BY_ID or name in WRITES:
                assert status in (400, 403, 404), f"{role} {name} {call} answered {status}: {data[:300]}"

# The body that a request was sent to sees it where records are shown and files are read, and nothing else of anybody.
made = admin.post("/users", {"username": "vai.cong.an", "name": "Công an", "role": "partner", "agency_ids": ["cong-an"]})
addressed = Client(hub.port).sign_in("vai.cong.an", made["one_time_password"], PASSWORD)
shows = set()
for name, calls in covered.items():
    for call in calls:
        status, data = ask(addressed, name, call)
        asked += 1
        shown = data.replace(json.dumps(call[1].get("q", "\0")).encode()[1:-1], b"") if status >= 400 else data
        if name in ("getReportForm", "listWarningAddressees", "listAddressees"):
            shown = without_names(status, shown)
        assert not any(s in shown for s in (secret, KEPT.encode(), CANARY["a"].encode())), f"addressee {name} {call}: {data[:400]}"
        if SENT.encode() in shown:
            shows.add(name)
        if name in BY_ID and name not in ("getRecord", "getRecordHistory", "getAttachment", "getEvidence", "getEvidenceContent", "getEvidenceBagContent"):
            assert status in (400, 403, 404), f"addressee {name} {call} answered {status}: {data[:300]}"
seen = {"listRecords", "getRecord", "getRecordHistory", "exportRecords", "getAttachment", "listEvidence", "getEvidence", "getEvidenceContent", "listEvidenceBags",
        "getEvidenceBagContent"}
assert seen | {"getCoordination"} <= shows <= {*seen, "getCoordination", "listTasks", "getQueue"}, shows
assert addressed.get("/registers/coordination_request")["total"] == 1

# The feed of each is the owner's alone, and needs no session: a person without any reads it by its address.
stranger = Client(hub.port)
for role in ("agency_officer", "agency_head", "partner"):
    path = clients[role].post("/account/calendar")["path"]
    status, data = ask(stranger, "getCalendar", (None, {}, {"feed": path.rsplit("/", 1)[1]}))
    assert status == 200 and data.count(b"BEGIN:VCALENDAR") == 1 and secret not in data, (role, status)
    clients[role].call("DELETE", "/account/calendar")
    assert ask(stranger, "getCalendar", (None, {}, {"feed": path.rsplit("/", 1)[1]}))[0] == 404, role
# Everybody has notices of the own agency; none of another one's.
admin.post("/warnings", {"doc": {"kind": ["risk"], "title": CANARY["a"], "text": "x", "measures": "x", "to_agencies": [AGENCY["a"]]}})
wait_for(lambda: officer_notices(), 40)

# Counts are the own ones.
officer = clients["agency_officer"]
own = officer.get("/events/histogram", from_="2020-01-01T00:00:00Z", buckets=1)["total"]
assert own == admin.get("/events/histogram", from_="2020-01-01T00:00:00Z", buckets=1, agency=AGENCY["a"])["total"]
assert officer.get("/alerts")["total"] == admin.get("/alerts", agency=AGENCY["a"])["total"] < admin.get("/alerts")["total"]
assert officer.get("/devices")["total"] == officer.get("/incidents")["total"] == 1
assert [a["id"] for a in officer.get("/overview")["agencies"]] == [AGENCY["a"]]
assert officer.get("/events", q=CANARY["b"], from_="2020-01-01T00:00:00Z")["items"] == []

# Of the own agency, too, nothing that decides whose records something is: nobody captures the other's syslog.
for body in ({"addresses": ["127.0.0.1/32"]}, {"addresses": ["0.0.0.0/0"]}, {"has_own_system": True}, {"uses_data_centre": True}, {"state": "ended"}, {"parent_id": AGENCY["b"]},
             {"name": "x"}, {"short_name": "x", "addresses": []}):
    try:
        officer.call("PATCH", f"/agencies/{AGENCY['a']}", body)
        raise AssertionError(f"an officer may write {body}")
    except Problem as problem:
        assert problem.status == 403, (body, problem)
assert officer.call("PATCH", f"/agencies/{AGENCY['a']}", {"short_name": "CQA", "contact": "0219"})["short_name"] == "CQA"
admin.call("PATCH", f"/agencies/{AGENCY['b']}", {"addresses": ["10.1.0.0/16"]})
for body, status in (({"addresses": ["10.1.2.3/16"]}, 409), ({"addresses": ["0.0.0.0/0"]}, 400), ({"state": "x"}, 400), ({"parent_id": "khong-co"}, 400)):
    try:
        admin.call("PATCH", f"/agencies/{AGENCY['a']}", body)
        raise AssertionError(f"accepted: {body}")
    except Problem as problem:
        assert problem.status == status, (body, problem)

# The stream: something happens at the other agency.
send("b", 3, 9)
wait_for(lambda: len(admin.get("/alerts", agency=AGENCY["b"], limit=200)["items"]) >= 4)
send("a", 4, 9)
wait_for(lambda: AGENCY["b"].encode() in streams["administrator"] and AGENCY["a"].encode() in streams["agency_officer"])
for role in ("agency_officer", "agency_head", "staff", "partner"):
    assert AGENCY["b"].encode() not in streams[role], (role, streams[role][-500:])

# The control: who may see everything does see the secret, almost everywhere.
sees = {name for name, calls in covered.items() if OPERATIONS[name][0] == "GET" for call in calls if secret in ask(admin, name, call)[1]}
assert {"listAlerts", "getAlert", "searchEvents", "getTopValues", "exportEvents", "getEvent", "getIncident", "listIncidentEntries", "getAttachment", "listAgencies", "listUsers", "listRecords", "getRecord", "listWarnings", "getWarning", "getQueue", "getRanking", "listOrders", "listEvidence", "getEvidence", "getEvidenceContent", "listEvidenceBags", "getEvidenceBagContent", "listHolds", "listPapers", "getPaper", "listDeliveries", "getDelivery",
        "getOverview", "getObligationMatrix"} <= sees, sees
for agent in agents.values():
    agent.stop()
hub.stop()
assert not hub.errors(), hub.errors()
print(f"canary: {asked} calls of {len(OPERATIONS)} operations: passed")

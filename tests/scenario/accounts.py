# SPDX-License-Identifier: Apache-2.0
"""Accounts obey the law, and rights hold, through the real program: the second step from enrolment to recovery, a leaver whose session
ends with the record, the gate of training and its exception, delegation with revocation and its name in every change, the officer's own
form, police and military who see what they opened and what is published and nothing else, a deputy who decides for the head, backups
and the journal whose verification moves the hub's settings; secrets of the second step in no answer, log or backup."""
import base64
import hashlib
import hmac
import json
import pathlib
import shutil
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness
from harness import PACK, PHENDAU, Client, Hub, give_to_hub, run, scratch, wait_for

PASSWORD = "Mat-khau-rieng-7!"
TODAY = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 3600))


def day(offset):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 3600 + offset * 86400))


def refused(status, call, code=None, *words):
    return harness.refused(status, call, *words, code=code)


def totp(secret, steps=0):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


# A pack of the province with short terms: the hub's rules are its parameters.
packs = scratch() / "packs"
shutil.copytree(PACK.parent, packs)
text = (packs / "ha-giang" / "pack.yaml").read_text()


def set_terms(training_days, totp_days, roles):
    reason = "reason: {vi: thử, en: test}"
    more = (f"  - name: training_grace_days\n    default: {training_days}\n    {reason}\n  - name: totp_grace_days\n    default: {totp_days}\n    {reason}\n"
            f"  - name: totp_roles\n    default: {roles}\n    {reason}\n")
    (packs / "ha-giang" / "pack.yaml").write_text(text.replace("parameters:\n", "parameters:\n" + more, 1))


set_terms(30, 14, "[administrator]")
hub = Hub(pack=packs / "ha-giang", config={"journal_verify_every": "1s", "assess_every": "1s", "sign_in_failures_max": 20}).init(agency="so-tttt", name="Sở TTTT").start()
admin = hub.admin()
for code, name in (("xa-mot", "Xã Một"), ("xa-hai", "Xã Hai"), ("cong-an", "Công an tỉnh"), ("quan-su", "Bộ CHQS tỉnh")):
    admin.post("/agencies", {"code": code, "name": name})
admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-tttt", "from": "2026-01-01"}})


def person(username, role, agency, name=None):
    made = admin.post("/users", {"username": username, "name": name or username, "role": role, "agency_ids": [agency] if agency else []})
    return Client(hub.port).sign_in(username, made["one_time_password"], PASSWORD)


officer, other = person("xa.mot", "agency_officer", "xa-mot", "Lê Văn Một"), person("xa.hai", "agency_officer", "xa-hai")
head, deputy = person("thu.truong", "agency_head", "xa-mot"), person("cap.pho", "staff", "xa-mot")
police, military = person("cong.an", "partner", "cong-an"), person("quan.su", "partner", "quan-su")

# ---- the second step ---------------------------------------------------------------------------------------------------
session = officer.get("/session")
assert session["totp"] == {"enrolled": False, "recovery_codes_left": 0, "due_on": None} and not session["must_enrol_totp"], session
assert admin.get("/session")["totp"]["due_on"] == day(14)
refused(400, lambda: officer.post("/session/totp", {"password": "sai"}))
offer = officer.post("/session/totp", {"password": PASSWORD})
assert offer["secret"] in offer["uri"] and len(offer["qr"]) == len(offer["qr"][0]) >= 33, offer
refused(400, lambda: officer.post("/session/totp/confirm", {"code": "000000"}))
enrolled = officer.post("/session/totp/confirm", {"code": totp(offer["secret"])})
codes = enrolled["recovery_codes"]
assert len(codes) == 10 and enrolled["session"]["totp"]["enrolled"]


def sign_in(username, password=PASSWORD, code=None):
    client = Client(hub.port)
    body = {"username": username, "password": password}
    session = client.post("/session", body if code is None else {**body, "totp": code})
    client.csrf = session["csrf_token"]
    return client


refused(401, lambda: sign_in("xa.mot"), "totp_required")
refused(401, lambda: sign_in("xa.mot", "sai", totp(offer["secret"], 1)), "sign_in_failed")
refused(401, lambda: sign_in("xa.mot", code="12345"), "totp_required")
used = totp(offer["secret"], 1)
officer = sign_in("xa.mot", code=used)
refused(401, lambda: sign_in("xa.mot", code=used), "totp_required")
officer = sign_in("xa.mot", code=codes[0].upper().replace("-", " "))
refused(401, lambda: sign_in("xa.mot", code=codes[0]), "totp_required")
assert officer.get("/session")["totp"]["recovery_codes_left"] == 9
admin.call("PATCH", "/users/xa.mot", {"reset_totp": True})
refused(401, lambda: officer.get("/alerts"), "signed_out")
officer = sign_in("xa.mot")
second = officer.post("/session/totp", {"password": PASSWORD})
assert second["secret"] != offer["secret"]

# ---- the pack's lockout counts where it is stricter than the hub's own 20 failures and 15 minutes ------------------------------
guessed = person("bi.do", "agency_officer", "xa-mot")


def guess():
    client = Client(hub.port, "127.0.0.9")
    return client.post("/session", {"username": "bi.do", "password": "sai"})


for _ in range(5):
    refused(401, guess, "sign_in_failed")
waits = [int(word) for word in refused(429, guess, "locked_out")["text"].split() if word.isdigit()]
assert max(waits) > 800, waits
assert guessed.get("/alerts")["total"] == 0  # who is in stays in

# ---- a leaver's account is locked with the record ----------------------------------------------------------------------
leaver = person("nghi.viec", "agency_officer", "xa-mot", "Đỗ Thị Nghỉ")
assert leaver.get("/alerts")["total"] == 0
future = officer.post("/registers/leaver", {"doc": {"full_name": "Đỗ Thị Nghỉ", "left_on": day(3)}})
assert leaver.get("/alerts")["total"] == 0
officer.call("PATCH", f"/registers/leaver/{future['id']}", {"doc": {"left_on": TODAY}, "version": 1})
refused(401, lambda: leaver.get("/alerts"), "signed_out")
refused(401, lambda: sign_in("nghi.viec"), "sign_in_failed")
locked = next(u for u in admin.get("/users")["items"] if u["username"] == "nghi.viec")
assert locked["locked"] and locked["locked_by"] == f"leaver/{future['id']}", locked
assert f"leaver/{future['id']}" in admin.get("/history/user/nghi.viec")["items"][0]["reason"]
refused(409, lambda: admin.call("PATCH", "/users/nghi.viec", {"locked": False}), None, "nghỉ việc")

# ---- delegation --------------------------------------------------------------------------------------------------------
mine = officer.post("/registers/log_review", {"doc": {"reviewed_on": TODAY, "reviewer": "Xã Một", "layers": ["application"], "finding": "không"}})
path = f"/registers/log_review/{mine['id']}"
refused(404, lambda: other.get(path))
grant = {"doc": {"username": "xa.hai", "place": "officer", "kinds": ["log_review"], "from": TODAY, "until": day(7), "reason": "Cán bộ nghỉ ốm"}}
refused(403, lambda: officer.post("/registers/delegation", grant))
refused(403, lambda: head.post("/registers/training", {"doc": {"kind": "course", "audience": "staff", "held_on": TODAY, "attended": 1}}))
refused(400, lambda: head.post("/registers/delegation", {"doc": {**grant["doc"], "username": "cong.an"}}), None, "cong.an")
refused(400, lambda: head.post("/registers/delegation", {"doc": {**grant["doc"], "until": day(-1)}}))
given = head.post("/registers/delegation", grant)
assert given["agency_id"] == "xa-mot" and given["state"] == "active", given
held = other.get("/session")["delegations"]
assert [(d["id"], d["agency_name"], d["kinds"]) for d in held] == [(given["id"], "Xã Một", ["log_review"])], held
assert other.get(path)["doc"]["reviewer"] == "Xã Một"
changed = other.call("PATCH", path, {"doc": {"finding": "một máy lạ"}, "version": 1, "reason": "nhập giúp (delegation/01GIA)"})
made = other.post("/registers/log_review", {"agency_id": "xa-mot", "doc": {"reviewed_on": TODAY, "reviewer": "Xã Hai thay", "layers": ["application"], "finding": "không"}})
assert made["agency_id"] == "xa-mot"
own = other.post("/registers/log_review", {"agency_id": "xa-hai", "doc": {"reviewed_on": TODAY, "reviewer": "Xã Hai", "layers": ["application"], "finding": "không"}})
latest = officer.get(path + "/history")["items"][0]
assert latest["on_behalf"] and latest["delegation"] == given["id"] and latest["reason"] == "nhập giúp", latest
assert not other.get(f"/registers/log_review/{own['id']}/history")["items"][0]["delegation"]
# Other kinds, other operations, passing it on: no.
training = officer.post("/registers/training", {"doc": {"kind": "course", "audience": "staff", "held_on": TODAY, "attended": 1}})
refused(404, lambda: other.get(f"/registers/training/{training['id']}"))
refused(404, lambda: other.post("/registers/training", {"agency_id": "xa-mot", "doc": {"kind": "course", "audience": "staff", "held_on": TODAY, "attended": 1}}))
refused(403, lambda: other.post("/registers/delegation", {"agency_id": "xa-mot", **grant}))
refused(404, lambda: other.post("/incidents", {"title": "x", "agency_id": "xa-mot"}))
assert {d["agency_id"] for d in other.get("/devices")["items"]} <= {"xa-hai"}
head.post(f"/registers/delegation/{given['id']}/move", {"to": "revoked"})
refused(404, lambda: other.get(path))
refused(404, lambda: other.call("PATCH", path, {"doc": {"finding": "x"}, "version": 2}))
assert other.get("/session")["delegations"] == []
# A deputy of the same agency decides in the head's place; who is of another agency cannot be one.
refused(400, lambda: admin.post("/registers/delegation", {"agency_id": "xa-mot", "doc": {**grant["doc"], "place": "head"}}), None, "xa.hai")
going = officer.post("/registers/leaver", {"doc": {"full_name": "Người Khác", "left_on": TODAY, "accounts_locked": True, "rights_updated": True, "devices_recovered": True, "done_on": TODAY}})
where = f"/registers/leaver/{going['id']}"
refused(403, lambda: deputy.post(where + "/move", {"to": "done"}))
seat = head.post("/registers/delegation", {"doc": {"username": "cap.pho", "place": "head", "from": TODAY, "until": TODAY, "reason": "Thủ trưởng đi công tác"}})
assert deputy.post(where + "/move", {"to": "done"})["state"] == "done"
assert officer.get(where + "/history")["items"][0]["delegation"] == seat["id"]
refused(403, lambda: deputy.get("/users"))
head.post(f"/registers/delegation/{seat['id']}/move", {"to": "revoked"})
refused(403, lambda: deputy.get(where))

# ---- partners: what they opened, what is published, nothing else ---------------------------------------------------------
kinds = {k["kind"]: k for k in police.get("/registers")["items"]}
contact = police.post("/registers/contact", {"doc": {"body": "police", "full_name": "Trực ban"}})
assert contact["agency_id"] == "cong-an"
refused(404, lambda: military.get(f"/registers/contact/{contact['id']}"))
refused(404, lambda: officer.get(f"/registers/contact/{contact['id']}"))
warning = admin.post("/registers/warning", {"doc": {"kind": ["malware"], "title": "Mã độc mới", "text": "Gửi qua thư", "measures": "Không mở"}})
seen = {}
for name, client in (("police", police), ("military", military)):
    for kind in kinds:
        for record in client.get(f"/registers/{kind}", limit=200)["items"]:
            seen.setdefault(name, []).append((kind, record["agency_id"]))
assert set(seen["police"]) == {("contact", "cong-an"), ("warning", "so-tttt")}, seen
assert set(seen["military"]) == {("warning", "so-tttt")}, seen
assert police.get("/incidents")["items"] == [] and [a["id"] for a in police.get("/agencies")["items"]] == ["cong-an"]
for path_ in ("/alerts", "/events", "/devices", "/users", "/rules", "/events/fields"):
    refused(403, lambda: police.get(path_))
refused(404, lambda: police.get(path))

# ---- the officer's own form ---------------------------------------------------------------------------------------------
form = next(a for a in officer.get("/agencies")["items"] if a["id"] == "xa-mot")
assert form["may_change"] == ["short_name", "contact", "address", "phone", "email", "place", "head_name"], form
assert officer.call("PATCH", "/agencies/xa-mot", {name: "van.thu@xa-mot.gov.vn" if name == "email" else "0219 386" for name in form["may_change"]})["contact"] == "0219 386"
assert "name" in next(a for a in admin.get("/agencies")["items"] if a["id"] == "xa-mot")["may_change"]
assert head.get("/agencies")["items"][0]["may_change"] == []

# ---- nothing of the second step leaves ------------------------------------------------------------------------------------
backup = hub.folder / "backup"
run(PHENDAU, "admin", "backup", "--data", hub.data, backup)
give_to_hub(hub.data)
secrets = [offer["secret"], base64.b32decode(offer["secret"]).hex(), codes[1], second["secret"]]
answers = json.dumps([admin.get("/users"), admin.get("/history/user/xa.mot"), officer.get("/session")])
for secret in secrets:
    assert secret not in answers and secret.replace("-", "") not in answers
    for file in [hub.log, *(f for f in [*backup.rglob("*"), *hub.data.rglob("*")] if f.is_file())]:
        assert secret.encode() not in file.read_bytes(), file
note = json.loads((hub.data / "last_backup.json").read_text())
assert note["made_at"] and note["ledger_changes"] > 10, note

# ---- the gate of training -------------------------------------------------------------------------------------------------
part = "hg-1374:9.2"


def status(agency="xa-mot"):
    return {o["status"] for o in admin.get("/obligations", part=part, agency=agency, limit=50)["items"]}


assert "met" not in status(), status()
hub.stop()
set_terms(0, 14, "[administrator]")
hub.start()
admin = hub.admin()  # without training, within the days for the second step
assert admin.get("/session")["permissions"] and all(p.endswith(":user") for p in admin.get("/session")["permissions"])
refused(403, lambda: admin.get("/alerts"), "training_missing")
admin.call("PATCH", "/users/admin", {"basic_training_on": TODAY})
assert admin.get("/alerts")["total"] >= 0
officer = sign_in("xa.mot")
session = officer.get("/session")
assert session["training"]["missing"] and session["permissions"] == [], session
refused(403, lambda: officer.get("/alerts"), "training_missing", "sổ Cán bộ")
refused(403, lambda: officer.get("/registers"), "training_missing")
refused(400, lambda: admin.call("PATCH", "/users/xa.mot", {"training_exception": {"until": day(5), "reason": ""}}))
admin.call("PATCH", "/users/xa.mot", {"training_exception": {"until": day(5), "reason": "Lớp mở tuần sau"}})
assert officer.get("/alerts")["total"] == 0
admin.call("PATCH", "/users/xa.mot", {"training_exception": {"until": "", "reason": ""}})
refused(403, lambda: officer.get("/alerts"), "training_missing")
staff = admin.post("/registers/staff", {"agency_id": "xa-mot", "doc": {"full_name": "Lê Văn Một", "personnel_code": "M1"}})
admin.call("PATCH", "/users/xa.mot", {"staff_id": staff["id"]})
admin.call("PATCH", f"/registers/staff/{staff['id']}", {"doc": {"basic_training_on": TODAY}, "version": 1})
assert wait_for(lambda: not officer.get("/session")["training"]["missing"], 20)
assert officer.get("/alerts")["total"] == 0
# The clause follows, both ways: everybody of the agency is trained, then one record is taken back.
for username in ("thu.truong", "cap.pho", "nghi.viec", "bi.do"):
    admin.call("PATCH", f"/users/{username}", {"basic_training_on": TODAY})
wait_for(lambda: status() == {"met"}, 30)
admin.call("PATCH", f"/registers/staff/{staff['id']}", {"doc": {"basic_training_on": None}, "version": 2})
wait_for(lambda: "met" not in status(), 30)
refused(403, lambda: officer.get("/alerts"), "training_missing")
hub.stop()
set_terms(30, 14, "[administrator]")
hub.start()
admin = hub.admin()
wait_for(lambda: status() and "met" not in status(), 30)

# ---- a role that needs the second step ------------------------------------------------------------------------------------
hub.stop()
set_terms(30, 0, "[administrator]")
hub.start()
admin = hub.admin()
assert admin.get("/session")["must_enrol_totp"] and admin.get("/session")["permissions"] == []
refused(403, lambda: admin.get("/users"), "must_enrol_totp")
offer = admin.post("/session/totp", {"password": Hub.ADMIN_PASSWORD})
enrolled = admin.post("/session/totp/confirm", {"code": totp(offer["secret"])})
assert admin.get("/users")["items"]
removed = admin.post("/session/totp/remove", {"code": enrolled["recovery_codes"][0]})
assert removed["must_enrol_totp"]
refused(403, lambda: admin.get("/users"), "must_enrol_totp")
offer = admin.post("/session/totp", {"password": Hub.ADMIN_PASSWORD})
admin.post("/session/totp/confirm", {"code": totp(offer["secret"])})
# A lost phone: the person at the machine resets the account.
hub.stop()
done = run(PHENDAU, "admin", "user", "reset", "admin", "--data", hub.data, "--pack", hub.pack, "--lang", "en")
hub.start()
one_time = [word for word in done.stdout.split() if len(word) >= 16][-1].rstrip(".")
client = Client(hub.port).sign_in("admin", one_time, "Phen-dau-2027!")
assert client.get("/session")["must_enrol_totp"]
hub.stop()
assert not hub.errors(), hub.errors()
assert "journal_verified" in hub.log.read_text()
print("accounts: passed")

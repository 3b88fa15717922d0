# SPDX-License-Identifier: Apache-2.0
"""Evidence. First a real hub: files taken in by parts (over kills), refused, by reference and out of the journal; acts; a package that sha256sum and
phendau evidence verify accept; holds; a custody log that somebody changed in the store. Then packages on a PC without a hub: made by
Python and OpenSSL by what docs/decisions/0023 says, whole and altered; hostile ones; and the published bags of others."""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PHENDAU, SHARED, Client, Hub, refused, run, scratch, skip, wait_for

if shutil.which("openssl") is None:
    skip("openssl is not installed")
base = scratch()


def openssl(*argv, data=None):
    return subprocess.run(["openssl", *map(str, argv)], input=data, capture_output=True, check=True).stdout


def make_key(name):
    path = base / name
    openssl("genpkey", "-algorithm", "ed25519", "-out", path)
    return path, openssl("pkey", "-in", path, "-pubout", "-outform", "DER")[-32:].hex()


def sign(key, text):
    (base / "to-sign").write_bytes(text.encode())
    return openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", base / "to-sign").hex()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def custody(events, key, public):
    lines, last = [], "0" * 64
    for seq, event in enumerate(events, 1):
        event = {"item": "E001", "seq": seq, "prev_hash": last, "actor": "Nguyễn Văn A", "from": "", "to": "", "reason": "", **event}
        last = hashlib.sha256(("phendau custody event 1\n" + canonical(event)).encode()).hexdigest()
        signature = sign(key, f"phendau custody signature 1\nE001\n{seq}\n{last}\n")
        lines.append(canonical({**event, "hash": last, "public_key": public, "signature": signature}))
    return "\n".join(lines) + "\n", last


def finish(folder, key, public):
    """Manifests and signature over whatever lies in the folder."""
    for path in folder.glob("*.txt"):
        if path.name.startswith(("manifest-", "tagmanifest-", "phendau-signature")):
            path.unlink()
    for prefix, files in (("manifest", lambda: sorted(p for p in (folder / "data").rglob("*") if p.is_file())),
                          ("tagmanifest", lambda: sorted(p for p in folder.glob("*.txt") if not p.name.startswith("tagmanifest")))):
        named = files()
        for digest in ("sha256", "sha512"):
            lines = [f"{hashlib.new(digest, p.read_bytes()).hexdigest()}  {p.relative_to(folder)}\n" for p in named]
            (folder / f"{prefix}-{digest}.txt").write_text("".join(lines))
    text = "Phendau-Bag-Signature: 1\nSigned-At: 2026-11-26T10:00:00Z\n"
    for name in ("tagmanifest-sha256.txt", "tagmanifest-sha512.txt"):
        text += f"SHA-256: {hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
    text += f"Public-Key: {public}\n"
    (folder / "phendau-signature.txt").write_text(text + f"Signature: {sign(key, text)}\n")


def verify(path, *argv, lang="vi"):
    return run(PHENDAU, "evidence", "verify", path, *argv, "--lang", lang, check=False)


def verdict(path, *argv):
    done = verify(path, *argv, "--format", "json")
    report = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0) and done.returncode in (0, 1), done
    return report


def zipped(folder, name, top="goi/"):
    with zipfile.ZipFile(base / name, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            out.write(path, top + str(path.relative_to(folder)))
    return base / name


# ---- a real hub ----------------------------------------------------------------------------------------------------
hub = Hub().init().start()
admin = hub.admin()
case = admin.post("/incidents", {"title": "Mã hóa dữ liệu", "agency_id": hub.agency})
PASSWORD = "Chung-cu-2026!"


def person(name, role, agency):
    made = admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": [agency]})
    return Client(hub.port).sign_in(name, made["one_time_password"], PASSWORD)


def attempt(what):
    """Its answer may be lost."""
    try:
        what()
    except Exception:
        pass


def take_in(client, name, data, part=None, **about):
    body = {"case_id": case["id"], "label": name, "source": "máy web-01", "name": name, "size_bytes": len(data), **about}
    begun = client.post("/evidence/uploads", body)
    part = part or begun["part_bytes_max"]
    for at in range(0, len(data), part):
        client.call("POST", f"/evidence/uploads/{begun['id']}", data[at:at + part], offset=at)
    return client.post(f"/evidence/uploads/{begun['id']}/finish", {"sha256": hashlib.sha256(data).hexdigest()})


admin.post("/agencies", {"code": "cong-an", "name": "Công an tỉnh"})
admin.post("/registers/role_binding", {"doc": {"slot": "police", "agency_id": "cong-an", "from": "2026-01-01"}})
officer, police = person("can.bo", "agency_officer", hub.agency), person("cong.an", "partner", "cong-an")

large = bytes(range(256)) * 40_000  # three parts
first = take_in(officer, "bắt gói.pcap", large)
assert (first["number"], first["state"], first["sha512"]) == ("E001", "collected", hashlib.sha512(large).hexdigest()), first
second = take_in(officer, "web.log", b"192.0.2.1 GET /shell.php\n", part=5)
marked = "bí mật bị lộ\nTỐI MẬT\n".encode()
refused(422, lambda: take_in(officer, "van-ban.log", marked), code="upload_refused")
refused(422, lambda: take_in(officer, "dia.e01", b"EVF"), "giữ bên ngoài", code="upload_refused")
for path in hub.data.rglob("*"):
    assert not path.is_file() or "bí mật bị lộ".encode() not in path.read_bytes(), path
assert not list((hub.data / "evidence-staging").iterdir())

# Killed in the middle of a large file, and once more before the answer that it is whole: it goes on where it was, and is there once.
huge = b"".join(b"%062d\r\n" % i for i in range(1 << 20))  # 64 MiB
begun = officer.post("/evidence/uploads", {"case_id": case["id"], "label": "Bắt gói lớn", "source": "web-01", "name": "lon.pcap", "size_bytes": len(huge)})
path, part = f"/evidence/uploads/{begun['id']}", begun["part_bytes_max"]
received = 0
for acknowledged in (4 * part, 7 * part):
    while received < acknowledged:
        received = officer.call("POST", path, huge[received:received + part], offset=received)["received"]
    late = threading.Thread(target=lambda at: attempt(lambda: officer.call("POST", path, huge[at:at + part], offset=at)), args=(received,))
    late.start()  # a part is on its way
    hub.stop(signal.SIGKILL)
    late.join()
    hub.start()
    admin, officer, police = hub.admin(), Client(hub.port).sign_in("can.bo", PASSWORD), Client(hub.port).sign_in("cong.an", PASSWORD)
    refused(404, lambda: police.get(path))
    received = officer.get(path)["received"]
    assert received in (acknowledged, acknowledged + part), (received, acknowledged)
while received < len(huge):
    received = officer.call("POST", path, huge[received:received + part], offset=received)["received"]
digest = {"sha256": hashlib.sha256(huge).hexdigest()}
late = threading.Thread(target=lambda: attempt(lambda: officer.post(path + "/finish", digest)))
late.start()
time.sleep(0.1)
# Asked again meanwhile: it is being checked, or is there already; never that there is no such upload.
again, answer = officer.raw("POST", f"/api/v1{path}/finish", json.dumps(digest).encode(), {"Content-Type": "application/json"})
answer = json.loads(answer)
assert again.status == 201 or (again.status, answer["code"], again.getheader("Retry-After")) == (409, "being_checked", "2"), answer
hub.stop(signal.SIGKILL)
late.join()
hub.start()
admin, officer, police = hub.admin(), Client(hub.port).sign_in("can.bo", PASSWORD), Client(hub.port).sign_in("cong.an", PASSWORD)
def memory(what):  # of the hub, MiB
    line = next(l for l in (pathlib.Path("/proc") / str(hub.process.pid) / "status").read_text().splitlines() if l.startswith(what))
    return int(line.split()[1]) >> 10


(pathlib.Path("/proc") / str(hub.process.pid) / "clear_refs").write_text("5")  # the peak is counted from here
at_rest = memory("VmRSS")
resumed = officer.post(path + "/finish", digest)
assert resumed["sha256"] == digest["sha256"] and resumed["number"] == "E003" and resumed["id"] == begun["id"], resumed
assert officer.post(path + "/finish", digest)["id"] == begun["id"] and admin.get("/evidence", case=case["id"])["total"] == 3
assert hashlib.sha256(officer.raw("GET", f"/api/v1/evidence/{begun['id']}/content")[1]).hexdigest() == digest["sha256"]
assert not list((hub.data / "evidence-staging").iterdir())
assert memory("VmHWM") - at_rest < 48, f"{memory('VmHWM')} MiB, at rest {at_rest}"  # never whole in memory
outside = officer.post("/evidence", {"case_id": case["id"], "label": "Ảnh đĩa", "source": "web-01", "sha256": "ab" * 32, "kept_at": "Tủ số 2", "custodian": "Trần B"})
assert outside["number"] == "E004" and outside["outside"] and not outside["has_content"]

# The rows of a search become an item.
with socket.create_connection(("127.0.0.1", hub.tcp)) as sock:
    sock.sendall(b"".join(b"<38>Nov 26 08:00:%02d web-01 sshd[9]: Failed password for root from 192.0.2.9 port 7 ssh2\n" % i for i in range(20)))
span = {"from": "2020-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"}
wait_for(lambda: officer.get("/events/histogram", q="192.0.2.9", buckets=1, from_=span["from"], to=span["to"])["total"] == 20)
excerpt = officer.post("/evidence/journal", {"case_id": case["id"], "label": "Nhật ký SSH", "source": "Nhật ký hệ thống", "q": "192.0.2.9", **span})
assert excerpt["number"] == "E005" and excerpt["journal"]["rows"] == 20 and len(excerpt["journal"]["head_hash"]) == 64, excerpt["journal"]
response, rows = officer.raw("GET", f"/api/v1/evidence/{excerpt['id']}/content")
assert rows.count(b"Failed password") == 20 and hashlib.sha256(rows).hexdigest() == excerpt["sha256"]
assert response.getheader("Content-Type") == "application/octet-stream" and response.getheader("Content-Disposition").startswith("attachment")
assert [r["by"] for r in admin.get(f"/evidence/{excerpt['id']}")["readings"]] == ["can.bo"]
refused(400, lambda: officer.post("/evidence/journal", {"case_id": case["id"], "label": "x", "source": "x", "q": "khong-co-gi-het", **span}), "Không có dòng")

# Acts: sealed, opened with a reason; the police see nothing yet.
officer.post(f"/evidence/{first['id']}/acts", {"act": "sealed", "seal_number": "NP-01"})
refused(409, lambda: officer.post(f"/evidence/{first['id']}/acts", {"act": "analysed"}), "niêm phong")
assert police.get("/evidence")["total"] == 0
refused(404, lambda: police.get(f"/evidence/{first['id']}"))

# A package without a request says why; with it the police have what is theirs.
refused(400, lambda: officer.post("/evidence/bags", {"case_id": case["id"], "to": "Công an tỉnh"}), "vì sao")
bag = officer.post("/evidence/bags", {"case_id": case["id"], "to": "Công an tỉnh", "to_body": "police", "no_request_reason": "Yêu cầu qua điện thoại của PA05",
                                      "minute": {"receiver_name": "Lê Văn C", "carrier": "USB 32 GB"}})
assert bag["numbers"] == ["E001", "E002", "E003", "E004", "E005"], bag
response, data = police.raw("GET", f"/api/v1/evidence/bags/{bag['id']}/content")
assert response.status == 200 and len(data) == bag["size_bytes"] and data == officer.raw("GET", f"/api/v1/evidence/bags/{bag['id']}/content")[1]
(base / "goi-cua-hub.zip").write_bytes(data)
with zipfile.ZipFile(base / "goi-cua-hub.zip") as archive:
    assert archive.testzip() is None
    archive.extractall(base / "goi-cua-hub")
folder = base / "goi-cua-hub" / bag["name"]
if shutil.which("sha256sum"):
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--quiet", "--strict", name], cwd=folder, check=True)
assert (folder / "data/evidence/E001/original").read_bytes() == large
assert json.loads((folder / "data/evidence/E001.json").read_text())["original_name"] == "bắt gói.pcap"
assert "PowerShell" in (folder / "HUONG-DAN-KIEM-TRA.txt").read_text() and bag["public_key"] in (folder / "public-key.txt").read_text()
assert "E001: Bàn giao" in (folder / "data/timeline.csv").read_text("utf-8-sig")
with zipfile.ZipFile(folder / "data/bien-ban-ban-giao.docx") as minute:
    text = minute.read("word/document.xml").decode()
    assert all(word in text for word in ("Lê Văn C", "USB 32 GB", first["sha256"], "E005"))
for where in (base / "goi-cua-hub.zip", folder):
    report = json.loads(run(PHENDAU, "evidence", "verify", where, "--public-key", bag["public_key"], "--format", "json").stdout)
    assert report["ok"] and not report["findings"] and report["tagmanifest_sha256"] == bag["tagmanifest_sha256"], report
    assert len(report["custody"]["items"]) == 5 and all(i["holder"] == "Công an tỉnh" for i in report["custody"]["items"]), report["custody"]
heads = {e["number"]: e["custody_head"] for e in admin.get("/evidence", case=case["id"])["items"]}
assert heads == {i["item"].split("@")[0]: i["hash"] for i in report["custody"]["items"]}
shown = police.get(f"/evidence/{first['id']}")
assert shown["verified"]["ok"] and shown["events"][-1]["tagmanifest_sha256"] == bag["tagmanifest_sha256"] and shown["state"] == "handed_over"
assert {r["what"] for r in admin.get(f"/evidence/{second['id']}")["readings"]} == set()

# A hold: nothing of the case is destroyed until the province lifts it.
returned = police.post(f"/evidence/{second['id']}/acts", {"act": "returned"})
assert returned == {"id": second["id"]}, returned  # theirs no more
destroy = {"act": "destroyed", "reason": "Hết hạn", "decision_number": "QĐ 1"}
hold = admin.post("/holds", {"what": "case", "case_id": case["id"], "reason": "Điều tra", "paper_number": "CV 7/PA05"})
refused(403, lambda: officer.post(f"/evidence/{second['id']}/acts", destroy), "CV 7/PA05")
hub.stop()
hub.start()
admin, officer = hub.admin(), Client(hub.port).sign_in("can.bo", PASSWORD)
refused(403, lambda: officer.post(f"/evidence/{second['id']}/acts", destroy), "CV 7/PA05")
refused(403, lambda: officer.post(f"/holds/{hold['id']}/lift", {"reason": "x", "paper_number": "y"}), "cấp tỉnh")
admin.post(f"/holds/{hold['id']}/lift", {"reason": "Xong", "paper_number": "CV 9/PA05"})
assert officer.post(f"/evidence/{second['id']}/acts", destroy)["state"] == "destroyed"
refused(404, lambda: officer.get(f"/evidence/{second['id']}/content"), "đã hủy")
assert admin.get(f"/evidence/{first['id']}")["verified"]["ok"]
assert run(PHENDAU, "evidence", "list", "--data", hub.data).stdout.count("OK") == 5  # beside the hub
hub.stop()
listed = json.loads(run(PHENDAU, "evidence", "list", "--data", hub.data, "--format", "json").stdout)
assert [(i["number"], i["ok"]) for i in listed["items"]] == [(f"E00{n}", True) for n in range(1, 6)], listed

# Somebody changes the custody log in the store.
with sqlite3.connect(hub.data / "ledger" / "ledger.db") as store:
    changed = store.execute("UPDATE records SET doc=replace(doc,'PA05','PA06') WHERE kind='custody_event' AND id LIKE ?", (first["id"] + ".%",)).rowcount
assert changed > 0
listed = run(PHENDAU, "evidence", "list", "--data", hub.data, "--format", "json", check=False)
assert listed.returncode == 1 and [i["number"] for i in json.loads(listed.stdout)["items"] if not i["ok"]] == ["E001"], listed
assert not hub.errors(), hub.errors()

# ---- a PC without a hub --------------------------------------------------------------------------------------------
# A package of ours, made by somebody else from the description.
key, public = make_key("key.pem")
other_key, other_public = make_key("other.pem")
bag = base / "SC-2026-0007"
(bag / "data/evidence/E001").mkdir(parents=True)
(bag / "data/evidence/E001/original").write_bytes(bytes(range(256)) * 1000)
log, head = custody([{"action": "collected", "at": "2026-11-26T08:00:00Z", "from": "Sở Tài chính", "to": "Sở KH&CN"},
                     {"action": "sealed", "at": "2026-11-26T08:05:00Z"},
                     {"action": "handed_over", "at": "2026-11-26T09:00:00Z", "from": "Sở KH&CN", "to": "Công an tỉnh", "reason": "CV 12/CAT"}], key, public)
(bag / "data/custody.jsonl").write_text(log)
(bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
(bag / "bag-info.txt").write_text(f"External-Identifier: SC-2026-0007\nPayload-Oxum: {256000 + len(log.encode())}.2\n")
finish(bag, key, public)
for where in (bag, f"{bag}/", os.path.relpath(bag), zipped(bag, "goi.zip"), zipped(bag, "phang.zip", top="")):
    report = verdict(where, "--public-key", public)
    assert report["ok"] and not report["findings"] and report["signer"] == public and report["files"] == 2, report
    assert report["tagmanifest_sha256"] == hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert report["custody"] == {"ok": True, "line": None, "reason": None, "signed": True, "items": [
        {"item": "E001", "entries": 3, "holder": "Công an tỉnh", "sealed": True, "ended": False, "hash": head}]}, report["custody"]
if shutil.which("sha256sum"):
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--quiet", "--strict", name], cwd=bag, check=True)

# For people: in Vietnamese, what it is, who signed, who holds what.
said = verify(bag)
assert said.returncode == 0 and "Gói nguyên vẹn" in said.stdout and public in said.stdout and head in said.stdout, said
assert "đang giữ: Công an tỉnh" in said.stdout and "External-Identifier: SC-2026-0007" in said.stdout, said.stdout
assert "is intact" in verify(bag, lang="en").stdout

# Altered, and each time named.
def altered(name, change, issue, *argv, forged_by=None):
    folder = base / name
    shutil.copytree(bag, folder)
    change(folder)
    if forged_by:
        finish(folder, *forged_by)
    for where in (folder, zipped(folder, name + ".zip")):
        report = verdict(where, *argv)
        issues = [f["issue"] for f in report["findings"] if f["level"] == "error"]
        assert not report["ok"] and issue in issues, (name, issues)
        assert all(f["text"] and "bag." not in f["text"] for f in report["findings"]), report
    said = verify(folder, *argv)
    assert said.returncode == 1 and "SAI: " in said.stdout and "KHÔNG nguyên vẹn" in said.stdout, said


original = "data/evidence/E001/original"
altered("byte", lambda f: (f / original).write_bytes(b"\1" + (f / original).read_bytes()[1:]), "digest_differs")
altered("gone", lambda f: (f / original).unlink(), "missing")
altered("added", lambda f: (f / "data/them").write_text("x"), "not_listed")
altered("tag", lambda f: (f / "LOI-DAN.txt").write_text("x"), "tag_not_listed")
altered("unsigned", lambda f: (f / "phendau-signature.txt").unlink(), "not_signed", "--signed")
altered("line", lambda f: (f / "tagmanifest-sha256.txt").write_text((f / "tagmanifest-sha256.txt").read_text().split("\n", 1)[1]), "bad_signature")
altered("foreign", lambda f: (f / original).write_bytes(b"other"), "other_signer", "--public-key", public, forged_by=(other_key, other_public))
report = verdict(base / "unsigned")
assert report["ok"] and not report["signer"] and "không có chữ ký" in verify(base / "unsigned").stdout, report

# The custody log speaks for itself, also in a package that is signed anew.
folder = base / "custody"
shutil.copytree(bag, folder)
(folder / "data/custody.jsonl").write_text(log.replace("CV 12/CAT", "CV 13/CAT"))
finish(folder, key, public)
report = verdict(folder)
assert not report["findings"] and not report["ok"] and report["custody"]["line"] == 3, report
assert "dòng 3" in verify(folder).stdout

# Hostile: links are told and never followed, archives reach nothing outside, broken ones are no crash.
folder = base / "link"
shutil.copytree(bag, folder)
(folder / original).unlink()
os.symlink("/etc/passwd", folder / original)
assert {"special_file", "missing"} <= {f["issue"] for f in verdict(folder)["findings"]}
with zipfile.ZipFile(shutil.copy(base / "goi.zip", base / "slip.zip"), "a") as out:
    out.writestr("goi/../../etc/x", "x")
    out.writestr("khac/y", "y")
assert [f["issue"] for f in verdict(base / "slip.zip")["findings"]].count("outside") == 2
bomb = base / "bomb.zip"
with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
    out.writestr("bagit.txt", b"\0" * (300 << 20))
report = verdict(bomb)
assert not report["ok"] and "too_large" in {f["issue"] for f in report["findings"]}, report
data = (base / "goi.zip").read_bytes()
(base / "cut.zip").write_bytes(data[:len(data) // 2])
for path, code, word in ((base / "cut.zip", 3, "ZIP"), (base / "khong-co", 3, "Không có tệp"), (bag / "bagit.txt", 3, "ZIP")):
    done = verify(path)
    assert done.returncode == code and word in done.stderr and not done.stdout, done
assert verify(bag, "--public-key", "abc").returncode == 3
assert run(PHENDAU, "evidence", "verify", check=False).returncode == 2

# What others published, judged as its folders say.
corpus = SHARED / "corpora" / "bagit"
if corpus.exists():
    bags = [p for p in sorted(corpus.glob("v*/*/*")) if p.is_dir()]
    assert len(bags) == 34
    for path in bags:
        for where in (path, zipped(path, "other.zip")):
            report = verdict(where)
            assert report["ok"] == (path.parent.name in ("valid", "warning")), (where, path, report)
            assert report["warnings"] or path.parent.name != "warning", path
else:
    print("skipped: no BagIt corpus")
print("evidence: passed")

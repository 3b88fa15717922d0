# SPDX-License-Identifier: Apache-2.0
"""One incident from its first log line to its closed file, on real parts: lines of a real attack sent by rsyslogd, the hub's rules, a machine in a
network namespace of its own with an agent, Chromium, nft, LibreOffice, sha256sum, restic. Alert, case, initial report (fields and minutes are counted
and shown), isolation, evidence with custody, the report signed, scanned and issued, a request that the police answer, the package that they check,
a web folder that was destroyed and comes back from its backup byte for byte, release, the closed file and the draft of the final report. Then the same
as an exercise: everything says so, and no list, count or yearly figure holds it. Pages stay in OUT, if given.

usage: journey.py [OUT]"""
import datetime
import hashlib
import http.client
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import HANOI, ROOT, RSYSLOGD, SHARED, Client, ends_with_us, forward_by_rsyslog, refused, run, scratch, skip, wait_for
from machine_apart import CHROMIUM, HUB, MACHINE, Network, go_inside

LOG = SHARED / "corpora" / "loghub" / "OpenSSH_2k.log"
ATTACKER = "183.62.140.253"  # in LOG
for need in (LOG, RSYSLOGD, CHROMIUM, ROOT / "web" / "node_modules" / "playwright-core"):
    if not need.exists():
        skip(f"{need} is not here")
for need in ("node", "restic", "soffice", "pdftotext", "pdftoppm", "sha256sum"):
    if not shutil.which(need):
        skip(f"{need} is not here")
go_inside()
from papers_hub import checked_docx, checked_pdf  # noqa: E402

OUT = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
PASSWORD = "Hanh-trinh-1!"
work = scratch()
network = Network()


def said(text):
    print(f"  {time.monotonic() - BEGUN:5.1f} s  {text}", flush=True)


BEGUN = time.monotonic()

# ---- the hub and whom it knows ---------------------------------------------------------------------------------------
hub = network.hub("so-van-hoa", "Sở Văn hóa, Thể thao và Du lịch")
token = hub.token()
hub.start()
admin = hub.admin()
for code, name in (("ubnd", "Ủy ban nhân dân tỉnh Hà Giang"), ("so-khcn", "Sở Khoa học và Công nghệ"), ("cong-an", "Công an tỉnh Hà Giang")):
    admin.post("/agencies", {"code": code, "name": name})
for slot, agency in (("lead_department", "so-khcn"), ("police", "cong-an")):
    admin.post("/registers/role_binding", {"doc": {"slot": slot, "agency_id": agency, "from": "2026-01-01"}})
admin.call("PATCH", "/agencies/so-van-hoa", {
    "parent_id": "ubnd", "short_name": "SVHTTDL", "place": "Hà Giang", "address": "Phường Nguyễn Trãi, thành phố Hà Giang, tỉnh Hà Giang", "phone": "0219 3860 001",
    "email": "svhttdl@hagiang.gov.vn", "head_name": "Thủ trưởng Thứ Nhất"})
admin.post("/registers/information_system", {"agency_id": "so-van-hoa", "doc": {
    "name": "Trang thông tin điện tử của sở", "kind": "portal", "level": 2, "owner": "Văn phòng sở", "purpose": "Đăng tin, tiếp nhận phản ánh", "protection": "self",
    "os": "Debian 12", "services": "Web, SSH", "public_addresses": "203.0.113.20", "domains": "svhttdl.hagiang.gov.vn", "internet_provider": "Viễn thông Hà Giang"}})
admin.post("/registers/officer", {"agency_id": "so-van-hoa", "doc": {
    "full_name": "Cán bộ phụ trách", "roles": ["it_officer", "focal_point"], "assigned_on": "2026-01-01", "phone": "0219 3860 002", "email": "cntt@hagiang.gov.vn"}})


def person(username, name, role, agency):
    made = admin.post("/users", {"username": username, "name": name, "role": role, "agency_ids": [agency]})
    return Client(hub.port).sign_in(username, made["one_time_password"], PASSWORD)


officer = person("can.bo", "Cán bộ phụ trách", "agency_officer", "so-van-hoa")
head = person("thu.truong", "Thủ trưởng Thứ Nhất", "agency_head", "so-van-hoa")
operator = person("truc.tinh", "Trực vận hành", "province_operator", "so-khcn")
police = person("cong.an", "Cán bộ điều tra", "partner", "cong-an")


def browser(stage, **more):
    """One stage in Chromium; what it prints as JSON in its last line, if it does."""
    settings = {"PHENDAU_CHROMIUM": CHROMIUM, "PHENDAU_UI_URL": f"https://{HUB}:{hub.port}", "PHENDAU_UI_PASSWORD": PASSWORD, **more}
    if OUT:
        OUT.mkdir(parents=True, exist_ok=True)
        settings["PHENDAU_WALK_SHOTS"] = OUT
    done = run("node", ROOT / "tests" / "ui" / "journey.mjs", stage, check=False, env={**os.environ, **{k: str(v) for k, v in settings.items()}})
    assert done.returncode == 0, f"browser, {stage}\n{done.stdout}\n{done.stderr}"
    lines = done.stdout.strip().splitlines()
    answer = json.loads(lines.pop()) if lines and lines[-1].startswith("{") else None
    print("\n".join(lines), end="\n" if lines else "")
    return answer


# ---- a web server on the machine, and its backup, which was tried ------------------------------------------------------
site = work / "trang-web"
(site / "tin").mkdir(parents=True)
(site / "index.html").write_text("<h1>Sở Văn hóa, Thể thao và Du lịch</h1>\n")
for number in range(40):
    (site / "tin" / f"{number:03}.html").write_bytes(os.urandom(2_000 + number * 313))
(site / "tin" / "trống").touch()
server = ends_with_us(subprocess.Popen([*network.enter, sys.executable, "-m", "http.server", "8080", "--bind", MACHINE, "--directory", site],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
repository, key_file = work / "kho-sao-luu", work / "khoa"
key_file.write_text("khoa-kho-sao-luu\n")


def restic(*argv):
    return run("restic", "--repo", repository, "--password-file", key_file, "--no-cache", "--quiet", *argv, env={**os.environ, "HOME": str(work)}).stdout


def bytes_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def restored_to(target, snapshot):
    restic("restore", snapshot, "--target", target, "--verify")
    return bytes_of(target / site.relative_to("/"))


def served():
    """The web page as others see it from outside; None when nobody answers."""
    connection = http.client.HTTPConnection(MACHINE, 8080, timeout=2)
    try:
        connection.request("GET", "/index.html")
        return connection.getresponse().read()
    except OSError:
        return None
    finally:
        connection.close()


restic("init")
restic("backup", site)
[snapshot] = json.loads(restic("snapshots", "--json"))
whole = bytes_of(site)
assert restored_to(work / "thu-khoi-phuc", snapshot["short_id"]) == whole
today = datetime.datetime.now(HANOI).date().isoformat()
officer.post("/registers/backup_restore_test", {"agency_id": "so-van-hoa", "doc": {"tested_on": today, "system": "Trang thông tin điện tử của sở", "succeeded": True, "minutes": 1}})
wait_for(lambda: served() == whole["index.html"])

agent = network.agent(hub, token)
device = wait_for(lambda: [d for d in admin.get("/devices")["items"] if d["status"] == "online"], 60)[0]["id"]
said("hub, machine, web server, backup that was tried")

# ---- the attack: lines of a real one, by a real sender; and the web folder is gone --------------------------------------
rsyslogd = forward_by_rsyslog(LOG, hub.tcp)
alert = wait_for(lambda: [a for a in officer.get("/alerts", limit=100)["items"] if a["entity"].get("source_ip") == ATTACKER], 90)[0]
shutil.rmtree(site / "tin")
(site / "index.html").write_text("<h1>hacked</h1>\n")
said(f"alert: {alert['title']}, {alert['count']} events")


def year_figures():
    """What a yearly report would say now, of the agency and of the province, and what pages count."""
    out = []
    for client, paper, agency in ((officer, "yearly_report", "so-van-hoa"), (operator, "provincial_summary", "so-khcn")):
        draft = client.post("/papers", {"paper": paper, "agency_id": agency})
        out.append({f["id"]: f["value"] for f in draft["fields"] if f["type"] in ("rows", "chart") or "count" in f["id"] or "incident" in f["id"]})
        client.post(f"/papers/{draft['id']}/cancel", {"reason": "chỉ để so số liệu"})
    for client in (officer, head, operator, police):
        out += [client.get("/incidents")["total"], client.get("/evidence")["total"]]
    leader = head.get("/leader")
    leader.pop("generated_at", None)
    overview = operator.get("/overview")
    return json.loads(json.dumps([out, [a["open_incidents"] for a in overview["agencies"]], [c["id"] for c in overview["open_incidents"]]]))


# ---- from the alert to the complete report, by hand --------------------------------------------------------------------
walked = browser("report", PHENDAU_UI_ALERT=alert["id"], PHENDAU_UI_DEVICE=device)
case = walked["incident"]
assert walked["fields"] <= 25, walked
report = officer.get(f"/papers/{walked['paper']}")
assert report["missing"] == [] and report["case_id"] == case and report["made_by"] == "system", report
shown = {f["id"]: f["value"] for f in report["fields"]}
assert ATTACKER in shown["incident.description"] and [r["channel"] for r in shown["told"]] == ["Điện thoại"] * 2, shown
assert shown["contact.phone"] == "0219 3860 002" and report["head"]["signer"]["name"] == "Thủ trưởng Thứ Nhất", (shown, report["head"])
said("the initial report is complete")


def entries(of, kind):
    return [e for e in officer.get(f"/incidents/{of}/entries", limit=200)["items"] if e["kind"] == kind]


def outcome(order):
    return wait_for(lambda: next((o for o in officer.get("/orders", device=device)["items"] if o["id"] == order and o["state"] in ("done", "failed", "expired")), None), 120)


def effect(of, name):
    return wait_for(lambda: next((e for e in officer.get(f"/incidents/{of}")["effects"] if e["id"] == name and e["state"] != "waiting"), None), 30)


def order(of, what, **more):
    body = {"order": what, "ordered_by": "Thủ trưởng cơ quan", "reason": "xử lý sự cố", "case_id": of, **more}
    done = outcome(officer.post(f"/devices/{device}/orders", body)["id"])
    assert done["state"] == "done", done
    return done


# ---- cut off -----------------------------------------------------------------------------------------------------------
assert served() is not None
browser("isolate", PHENDAU_UI_CASE=case)
cut = outcome(effect(case, "isolate_order")["devices"][0]["order_id"])
assert cut["state"] == "done" and served() is None, cut
said("the machine is cut off")

# ---- evidence: what the machine holds, and the attack's own lines ------------------------------------------------------
officer.post(f"/incidents/{case}/steps/collect", {"verb": "begin", "doc": {}})
proposed = effect(case, "collect_order")
assert proposed["state"] == "proposed" and proposed["devices"][0]["id"] == device, proposed
order(case, "collect", effect="collect_order")
excerpt = officer.post("/evidence/journal", {"case_id": case, "label": "Dò mật khẩu SSH", "source": "Nhật ký hệ thống", "q": f"source_ip:{ATTACKER}",
                                             "from": "2020-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"})
items = wait_for(lambda: (i := officer.get("/evidence", case=case, limit=100)["items"]) and len(i) == 10 and i, 60)
assert excerpt["journal"]["rows"] > 100 and all(i["has_content"] and i["custody_events"] == 1 and i["holder"].startswith("Sở Văn hóa") for i in items), items
copies = [{"what": i["label"], "where": "Máy chủ Phên Dậu", "sha256": i["sha256"]} for i in items]
officer.post(f"/incidents/{case}/steps/collect", {"verb": "done", "doc": {"copies": copies}})
said(f"{len(items)} items of evidence, {excerpt['journal']['rows']} lines of the attack")


# ---- papers: numbered, opened, measured, drawn; signed on paper, scanned, issued -----------------------------------------
def numbered(client, paper):
    """Its DOCX measured against the layout, its PDF drawn."""
    assert paper["missing"] == [], paper["missing"]
    paper = client.post(f"/papers/{paper['id']}/number", {"version": paper["version"]})
    place = work / ("dien-tap" if paper["exercise"] else "that")
    place.mkdir(exist_ok=True)
    docx = checked_docx(client, paper, place)
    pages = checked_pdf(client, paper, docx, place)
    if OUT:
        for one in pages:
            shutil.copy(one, OUT / f"{place.name}-{one.name}")
    text = run("pdftotext", "-layout", docx.with_suffix(".pdf"), "-").stdout
    assert ("DIỄN TẬP" in text) == paper["exercise"], text[:500]
    if paper["exercise"]:
        assert text.count("DIỄN TẬP") >= text.count("\f"), "not on every page"
    return paper, docx.with_suffix(".pdf")


def issued(client, paper):
    paper, pdf = numbered(client, paper)
    run("pdftoppm", "-r", "200", "-png", "-singlefile", pdf, work / "scan")
    return client.call("POST", f"/papers/{paper['id']}/issue", (work / "scan.png").read_bytes(), name="ban-quet-da-ky.png")


report = issued(officer, officer.get(f"/papers/{report['id']}"))
assert report["state"] == "issued" and report["number"] == "01/BC-SVHTTDL", report
said(f"report {report['number']} is issued")


# ---- the police are asked and answer -------------------------------------------------------------------------------------
def ask(of):
    return officer.post("/registers/coordination_request", {"agency_id": "so-van-hoa", "doc": {
        "to_body": "police", "wanted": "evidence", "channel": "document", "sent_at": datetime.datetime.now(HANOI).isoformat(timespec="seconds"),
        "content": "Tiếp nhận chứng cứ và điều tra nguồn tấn công", "case_id": of}})["id"]


def drafted(of_request):
    letter = officer.post("/papers", {"paper": "request", "record": f"coordination_request/{of_request}", "agency_id": "so-van-hoa"})
    return numbered(officer, letter)[0]


request = ask(case)
letter = drafted(request)
assert letter["number"].startswith("01/SVHTTDL") and letter["head"]["addressees"] == ["Công an tỉnh Hà Giang"], letter["head"]
browser("police", PHENDAU_UI_REQUEST=request)
answered = officer.get(f"/registers/coordination_request/{request}")
assert answered["state"] == "answered" and answered["doc"]["answer"] == "Đồng ý tiếp nhận chứng cứ", answered
assert police.get(f"/incidents/{case}")["id"] == case
said("the police answered")


# ---- handed over, checked with what every machine has ----------------------------------------------------------------------
def handed_over(of, of_request):
    bag = officer.post("/evidence/bags", {"case_id": of, "to": "Công an tỉnh Hà Giang", "to_body": "police", "request_id": of_request,
                                          "minute": {"place": "Trụ sở sở", "city": "Hà Giang", "receiver_name": "Cán bộ điều tra", "receiver_title": "Điều tra viên", "giver_title": "Chuyên viên",
                                                     "carrier": "USB 32 GB", "checked": "Khớp"}})
    response, data = police.raw("GET", f"/api/v1/evidence/bags/{bag['id']}/content")
    assert response.status == 200 and len(data) == bag["size_bytes"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(work / "nhan")
    folder = work / "nhan" / bag["name"]
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--quiet", "--strict", name], cwd=folder, check=True)
    minute = folder / "data" / "bien-ban-ban-giao.docx"
    run("soffice", "--headless", "--convert-to", "pdf", "--outdir", work, minute, env={**os.environ, "HOME": str(work)})
    pdf = work / "bien-ban-ban-giao.pdf"
    if OUT:
        run("pdftoppm", "-r", "90", "-png", pdf, OUT / f"{bag['name'][:4]}-minute")
    held = [i for i in officer.get("/evidence", case=of, limit=100)["items"] if i["has_content"]]
    for one in held:
        assert hashlib.sha256((folder / "data" / "evidence" / one["number"] / "original").read_bytes()).hexdigest() == one["sha256"], one
    assert len(held) >= 9, held
    return bag, folder, run("pdftotext", "-layout", pdf, "-").stdout


bag, folder, minute = handed_over(case, request)
assert len(bag["numbers"]) == 10, bag
assert all(w in minute for w in ("USB 32 GB", "Cán bộ điều tra", excerpt["number"])) and "DIỄN TẬP" not in minute, minute
after = officer.get("/evidence", case=case, limit=100)["items"]
assert all(i["holder"] == "Công an tỉnh Hà Giang" and i["state"] == "handed_over" for i in after), after
said(f"package {bag['name']}: sha256sum agrees")

# ---- back from the backup, byte for byte; then back to the network -----------------------------------------------------------
assert bytes_of(site) != whole
back = restored_to(work / "khoi-phuc", snapshot["short_id"])
assert back == whole
for path in sorted(site.rglob("*"), reverse=True):
    path.unlink() if path.is_file() else path.rmdir()
shutil.copytree(work / "khoi-phuc" / site.relative_to("/"), site, dirs_exist_ok=True)
assert bytes_of(site) == whole and served() is None
order(case, "release")
wait_for(lambda: served() == whole["index.html"], 30)
taken_at = re.sub(r"(\.\d{3})\d*", r"\1", snapshot["time"])
restored = {"remedy": "Mật khẩu SSH yếu bị dò; đã đổi mật khẩu, chỉ cho đăng nhập bằng khóa", "backup": f"restic, bản {snapshot['short_id']} trong kho của sở", "backup_at": taken_at, "tested_on": today,
            "restored_at": datetime.datetime.now(HANOI).isoformat(timespec="seconds"), "file_kept": True, "file_location": "Hồ sơ trên Phên Dậu", "lessons": "Không để SSH mở ra Internet; thử khôi phục hằng quý."}
officer.post(f"/incidents/{case}/steps/restore", {"verb": "done", "doc": restored})
said("restored from restic, released")

# ---- closed, with the draft of the final report ------------------------------------------------------------------------------
left = [s["id"] for s in officer.get(f"/incidents/{case}")["steps"] if s["state"] not in ("done", "skipped")]
assert left == [], left
officer.post(f"/incidents/{case}/close", {"summary": "Đã chặn nguồn dò mật khẩu, khôi phục trang từ bản sao lưu, giao chứng cứ cho công an."})
final = officer.get(f"/papers/{effect(case, 'final_report')['paper']['id']}")
final = officer.call("PATCH", f"/papers/{final['id']}", {"version": final["version"], "refresh": True})
said(f"closed; the final report asks for {final['missing']}")
assert final["missing"] == [], final["missing"]
known = {f["id"]: f["value"] for f in final["fields"]}
assert known["initial.number"] == report["number"] and known["lessons"] == restored["lessons"], known
done = [row["what"] for row in known["timeline"]]
assert "Hoàn thành Bước 1: Cô lập máy chủ" in done and not {"done", "begin", "opened"} & set(done), done
final, _ = numbered(officer, final)
kinds = {e["kind"] for e in officer.get(f"/incidents/{case}/entries", limit=200)["items"]}
assert {"order", "evidence", "effect"} <= kinds, kinds
browser("look", PHENDAU_UI_CASE=case, PHENDAU_UI_PAPER=report["id"], PHENDAU_UI_ITEM=excerpt["id"])
said("each role looked at its pages")

# ---- the same as an exercise: it says so everywhere and counts nowhere --------------------------------------------------------
before = year_figures()
drill = officer.post("/incidents", {"title": "Trang chủ bị thay giao diện", "agency_id": "so-van-hoa", "exercise": True, "description": "Tình huống diễn tập số 1"})["id"]
moment = datetime.datetime.now(HANOI).isoformat(timespec="seconds")
officer.post(f"/incidents/{drill}/steps/isolate", {"verb": "done", "doc": {"ordered_by": "Thủ trưởng cơ quan", "cut": "Máy chủ web", "cut_at": moment, "device_id": device, "method": "agent"}})
assert effect(drill, "isolate_order")["state"] == "proposed"
refused(409, lambda: officer.post(f"/devices/{device}/orders", {"order": "isolate", "ordered_by": "x", "reason": "x", "weighed": "x", "case_id": drill, "effect": "isolate_order"}))
cut = order(drill, "isolate", weighed="không có", effect="isolate_order", exercise_confirmed=True)
assert cut["exercise"] and served() is None, cut
officer.post(f"/incidents/{drill}/steps/verify", {"verb": "done", "doc": {"state": "Trang chủ bị thay giao diện", "severity": "high", "scope": "một máy", "category": "defacement"}})
officer.post(f"/incidents/{drill}/steps/report", {"verb": "done", "doc": {"head_at": moment, "head_channel": "phone", "department_at": moment, "department_channel": "phone"}})
kept = officer.post("/evidence", {"case_id": drill, "label": "Ảnh đĩa diễn tập", "source": "web-01", "sha256": "ab" * 32, "kept_at": "Tủ số 2", "custodian": "Cán bộ phụ trách"})
collected = order(drill, "collect")
wait_for(lambda: len(officer.get("/evidence", case=drill, limit=100)["items"]) == 10, 60)
assert collected["exercise"] and all(i["exercise"] for i in officer.get("/evidence", case=drill, limit=100)["items"])
officer.post(f"/incidents/{drill}/steps/collect", {"verb": "skip", "reason": "đã có ở sổ chứng cứ"})
drill_report = issued(officer, officer.call("PATCH", f"/papers/{effect(drill, 'initial_report')['paper']['id']}", {
    "refresh": True, "values": {"incident.found_how": "Tình huống diễn tập"}}))  # of a case without alerts that is asked
assert drill_report["exercise"] and drill_report["book"] == "dien_tap" and drill_report["state"] == "issued", drill_report
drill_request = ask(drill)
assert drafted(drill_request)["exercise"]
told = wait_for(lambda: [d for d in admin.get("/deliveries", limit=200)["items"] if d["notice"] == "request_sent" and d["to_user"] == "cong.an"][:2], 30)
texts = [admin.get(f"/deliveries/{d['id']}")["text"] for d in told]
assert sorted(t.startswith("[DIỄN TẬP]") for t in texts) == [False, True], texts
assert next(r for r in police.get("/coordination")["waiting"] if r["id"] == drill_request)["exercise"]
police.post(f"/registers/coordination_request/{drill_request}/move", {"to": "answered", "doc": {"answered_at": moment, "answered_by": "Cán bộ điều tra", "answer": "Đã nhận"}})
drill_bag, folder, minute = handed_over(drill, drill_request)
assert drill_bag["exercise"] and drill_bag["name"].startswith("DIEN-TAP-") and "DIỄN TẬP" in minute, (drill_bag, minute)
for name in ("bag-info.txt", "HUONG-DAN-KIEM-TRA.txt", "data/timeline.csv"):
    assert "DIỄN TẬP" in (folder / name).read_text("utf-8-sig"), name
assert json.loads((folder / f"data/evidence/{kept['number']}.json").read_text())["exercise"] is True
assert order(drill, "release")["exercise"]
wait_for(lambda: served() == whole["index.html"], 30)
officer.post(f"/incidents/{drill}/steps/restore", {"verb": "done", "doc": {**restored, "restored_at": moment}})
browser("look", PHENDAU_UI_CASE=drill, PHENDAU_UI_PAPER=drill_report["id"], PHENDAU_UI_ITEM=kept["id"], PHENDAU_UI_DRILL="1")
assert year_figures() == before, (before, year_figures())
officer.post(f"/incidents/{drill}/close", {"summary": "Diễn tập xong."})
drill_final = officer.call("PATCH", f"/papers/{effect(drill, 'final_report')['paper']['id']}", {"refresh": True})
assert numbered(officer, drill_final)[0]["book"] == "dien_tap"
assert year_figures() == before, (before, year_figures())
assert all(e["outcome"].startswith("[DIỄN TẬP]") for e in officer.get(f"/incidents/{drill}")["effects"] if e["outcome"]), officer.get(f"/incidents/{drill}")["effects"]
assert [b["last"] for b in officer.get("/number-books")["items"] if b["book"] == "bao_cao"] == [2]
assert drill in [c["id"] for c in officer.get("/incidents", exercise="true")["items"]]
said("the exercise: marked everywhere, counted nowhere")

# ---- all of it holds ----------------------------------------------------------------------------------------------------------
agent.stop()
rsyslogd.terminate()
rsyslogd.wait(30)
for process in (server, network.machine):
    process.kill()
    process.wait()
hub.stop()
assert not hub.errors(), hub.errors()
print(f"journey: {time.monotonic() - BEGUN:.0f} s; {walked['fields']} fields and {walked['seconds']} s from the alert to the report: passed")

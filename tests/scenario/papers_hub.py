# SPDX-License-Identifier: Apache-2.0
"""Papers made by a real hub: drafted from a case, numbered, opened by LibreOffice, drawn, measured against Nghị định 30/2020
(tests/layout.py: no deviation), signed on paper and scanned back, signed as PDF, signed by LibreOffice as DOCX; cancelled ones keep
their number; other people see nothing.
PNG pages stay in OUT, if given.

usage: papers_hub.py [OUT]"""
import hashlib
import io
import pathlib
import shutil
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import layout  # noqa: E402
from harness import Agent, Client, Hub, give_to_hub, refused, scratch, skip, wait_for  # noqa: E402
from papers import run, squeezed, texts_of  # noqa: E402

OUT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
PASSWORD = "Giay-to-thu-1!"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SYSTEM_PYTHON = "/usr/bin/python3"  # python3-uno is Debian's, for Debian's Python
TYPED = {"text": "nội dung thử nghiệm", "long": "Dòng thứ nhất của nội dung.\nDòng thứ hai của nội dung.", "flag": True,
         "lines": ["việc thứ nhất", "việc thứ hai", "việc thứ ba"]}


def user(hub, admin, name, role, agencies, **more):
    made = admin.post("/users", {"username": name, "name": "Nguyễn Thị Thử", "role": role, "agency_ids": agencies, **more})
    return Client(hub.port).sign_in(name, made["one_time_password"], PASSWORD)


def fill(client, paper):
    """Types what no source knows, as a person would."""
    values = {}
    for field in paper["fields"]:
        if field["required"] and field["source"] == "none":
            rows = [{column["id"]: "ô thử" for column in field["columns"]}] * 2
            values[field["id"]] = rows if field["type"] == "rows" else TYPED[field["type"]]
    head = {"place": "Hà Giang", "agency_above": "Ủy ban nhân dân tỉnh Hà Giang",
            "signer": {"prefix": "kt", "head": "Giám đốc", "title": "Phó Giám đốc", "name": "Nguyễn Thị Hồng Hạnh"}}
    if paper["head"]["kind"] == "bien_ban":
        head["signer"] = {"prefix": "none", "title": "Chuyên viên", "name": "Vũ Đức Thắng"}
    if paper["head"]["symbol"] in ("", "BC", "BB", "TTr", "QĐ", "TB"):
        head["symbol"] = "-".join([*filter(None, [paper["head"]["symbol"]]), "SKHCN"])
    if paper["head"]["kind"] == "cong_van" and not paper["head"]["addressees"]:
        head["addressees"] = ["Công an tỉnh Hà Giang"]
    if not paper["head"]["subject"]:
        head["subject"] = "trích yếu thử nghiệm"
    done = client.call("PATCH", f"/papers/{paper['id']}", {"version": paper["version"], "values": values, "head": head})
    assert done["missing"] == [], (paper["paper"], done["missing"])
    return done, len(values)


def checked_docx(client, paper, work):
    """The frozen DOCX: no mark is left, no deviation from the layout."""
    _, data = client.raw("GET", f"/api/v1/papers/{paper['id']}/files/docx")
    path = work / f"{paper['paper']}.docx"
    path.write_bytes(data)
    assert "{{" not in "\n".join(texts_of(path)), path.name
    found = layout.check(data)
    assert not found, f"{paper['paper']}: deviations from Nghị định 30: {found}"
    return path


def checked_pdf(client, paper, docx, work):
    response, data = client.raw("GET", f"/api/v1/papers/{paper['id']}/files/pdf", timeout=120)
    assert response.status == 200, data[:500]
    pdf = work / f"{paper['paper']}.pdf"
    pdf.write_bytes(data)
    whole = squeezed(run("pdftotext", "-raw", pdf, "-"))
    for text in texts_of(docx):
        missing = [word for word in text.split() if squeezed(word) not in whole]
        assert not missing, f"{paper['paper']}: {missing} of '{text}' are not in the PDF"
    run("pdftoppm", "-r", "90", "-png", pdf, pdf.with_suffix(""))
    pages = sorted(work.glob(pdf.stem + "-*.png"))
    assert pages and all(page.stat().st_size > 10_000 for page in pages)
    assert client.raw("GET", f"/api/v1/papers/{paper['id']}/files/pdf")[1] == data  # made once
    return pages


def sign(pdf, signer, key, work):
    """A detached CMS signature over the whole file but its own hole, as PDF programs put it."""
    size = 16_384
    head = b"\n99 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange ["
    tail = b" >>\nendobj\n%%EOF\n"
    begin = len(pdf) + len(head) + 40 + len(b"] /Contents ")
    numbers = f"0 {begin} {begin + size + 2} {len(tail)}".encode().ljust(40)
    before = pdf + head + numbers + b"] /Contents "
    (work / "content").write_bytes(before + tail)
    run("openssl", "cms", "-sign", "-binary", "-in", work / "content", "-signer", signer, "-inkey", key, "-outform", "DER", "-out", work / "sig")
    return before + b"<" + (work / "sig").read_bytes().hex().encode().ljust(size, b"0") + b">" + tail


# What a scanner makes: a page without a word.
WORDLESS = (b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
            b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n")


def signed_copy(hub, client, paper, work):
    """Only a whole signature of an authority that the office named makes a signed PDF count."""
    issue = f"/papers/{paper['id']}/issue"
    for name, subject in (("ca", "/CN=CA thu nghiem"), ("nguoi", "/CN=Nguyen Thi Hong Hanh/O=So KHCN")):
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", work / f"{name}.key", "-subj", subject,
            *(["-x509", "-days", "30", "-out", work / "ca.pem"] if name == "ca" else ["-out", work / "nguoi.csr"]))
    run("openssl", "x509", "-req", "-in", work / "nguoi.csr", "-CA", work / "ca.pem", "-CAkey", work / "ca.key", "-CAcreateserial", "-days", "20", "-out", work / "nguoi.pem")
    pdf = sign((work / f"{paper['paper']}.pdf").read_bytes(), work / "nguoi.pem", work / "nguoi.key", work)
    refused(400, lambda: client.call("POST", issue, pdf, name="ky-so.pdf"), "Chưa tin cậy nơi cấp")
    authorities = hub.data / "document-authorities.pem"
    authorities.write_bytes((work / "ca.pem").read_bytes())
    give_to_hub(authorities.parent)
    refused(400, lambda: client.call("POST", issue, pdf.replace(b"/Type /Sig", b"/Type /Sog"), name="ky-so.pdf"), "đã bị thay đổi sau khi ký")
    refused(400, lambda: client.call("POST", issue, pdf + b"%them\n", name="ky-so.pdf"), "không nằm trong chữ ký số")
    # Another letter, signed as well as this one, is not issued in its place, and a scan that somebody signed is for a person to confirm.
    other = sign((work / "request.pdf").read_bytes(), work / "nguoi.pem", work / "nguoi.key", work)
    assert refused(400, lambda: client.call("POST", issue, other, name="ky-so.pdf"))["text_id"] == "paper.copy_other"
    picture = sign(WORDLESS, work / "nguoi.pem", work / "nguoi.key", work)
    assert refused(400, lambda: client.call("POST", issue, picture, name="ky-so.pdf"))["text_id"] == "paper.copy_unknown"
    refused(400, lambda: client.call("POST", issue, picture, name="ky-so.pdf", reason=" "))
    refused(422, lambda: client.call("POST", issue, picture, name="ky-so.pdf", reason="TỐI MẬT"))
    issued = client.call("POST", issue, pdf, name="ky-so.pdf")
    assert issued["signed"]["likeness"] == "same" and "confirmed" not in issued["signed"], issued["signed"]
    assert issued["signed"]["how"] == "signature" and issued["signed"]["signature"]["signer"].startswith("Nguyen Thi Hong Hanh"), issued["signed"]


def with_part(docx, name, change):
    """The package with one part changed, or one more."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            new.writestr(one, change(old.read(one)) if one == name else old.read(one))
        if name not in old.namelist():
            new.writestr(name, change(b""))
    return out.getvalue()


def signed_docx(client, paper, work):
    """The paper's own DOCX, signed by LibreOffice with a certificate of the authority that the office named."""
    issue = f"/papers/{paper['id']}/issue"
    nss = work / "nss"
    nss.mkdir()
    run("certutil", "-N", "-d", f"sql:{nss}", "--empty-password")
    run("certutil", "-A", "-d", f"sql:{nss}", "-n", "ca", "-t", "CT,C,C", "-i", work / "ca.pem")
    run("openssl", "pkcs12", "-export", "-in", work / "nguoi.pem", "-inkey", work / "nguoi.key", "-name", "nguoi", "-out", work / "nguoi.p12", "-passout", "pass:x")
    run("pk12util", "-i", work / "nguoi.p12", "-d", f"sql:{nss}", "-W", "x")
    path = work / "ky-so.docx"
    path.write_bytes((work / f"{paper['paper']}.docx").read_bytes())
    unsigned = with_part(path.read_bytes(), "word/document.xml", lambda xml: xml + b"\n")
    run(SYSTEM_PYTHON, ROOT / "tests" / "programs" / "sign_docx.py", path, nss, "Nguyen Thi Hong Hanh", work)
    docx = path.read_bytes()
    refused(400, lambda: client.call("POST", issue, unsigned, name="ky-so.docx"), "chưa có chữ ký số")
    changed = with_part(docx, "word/document.xml", lambda xml: xml.replace(b"</w:t>", b" them</w:t>", 1))
    assert changed != docx
    refused(400, lambda: client.call("POST", issue, changed, name="ky-so.docx"), "đã bị thay đổi sau khi ký")
    more = with_part(docx, "word/them.xml", lambda _: b"<them/>")
    refused(400, lambda: client.call("POST", issue, more, name="ky-so.docx"), "không nằm trong chữ ký số của Nguyen Thi Hong Hanh")
    broken = with_part(docx, "_xmlsignatures/sig1.xml", lambda xml: xml.replace(b"<SignatureValue>", b"<SignatureValue>*"))
    refused(400, lambda: client.call("POST", issue, broken, name="ky-so.docx"), "không đọc được")
    issued = client.call("POST", issue, docx, name="ky-so.docx")
    assert issued["signed"]["likeness"] == "same", issued["signed"]
    assert issued["state"] == "issued" and issued["signed"]["how"] == "signature", issued
    assert issued["signed"]["signature"]["signer"] == "Nguyen Thi Hong Hanh, So KHCN" and issued["signed"]["signature"]["signed_at"], issued["signed"]
    assert client.raw("GET", f"/api/v1/papers/{paper['id']}/files/signed")[1] == docx


def main():
    if not all(shutil.which(one) for one in ("soffice", "pdftotext", "pdftoppm", "certutil", "pk12util")):
        skip("programs are missing: install libreoffice-writer-nogui, poppler-utils and libnss3-tools")
    if not pathlib.Path("/usr/lib/python3/dist-packages/uno.py").exists():
        skip("python3-uno is missing")
    work = scratch()
    hub = Hub().init("so-khcn", "Sở Khoa học và Công nghệ").start()
    admin = hub.admin()
    for code, name in (("ubnd", "Ủy ban nhân dân tỉnh Hà Giang"), ("co-quan-khac", "Cơ quan khác"), ("cong-an", "Công an tỉnh Hà Giang")):
        admin.post("/agencies", {"code": code, "name": name})
    admin.call("PATCH", "/agencies/so-khcn", {"short_name": "SKHCN"})
    for slot, agency in (("lead_department", "so-khcn"), ("police", "cong-an")):
        admin.post("/registers/role_binding", {"doc": {"slot": slot, "agency_id": agency, "from": "2026-01-01"}})
    admin.post("/registers/information_system", {"agency_id": "so-khcn", "doc": {"name": "Cổng thông tin điện tử tỉnh", "level": 3}})
    officer = user(hub, admin, "can.bo", "agency_officer", ["so-khcn"])
    other = user(hub, admin, "nguoi.khac", "agency_officer", ["co-quan-khac"])
    staff = user(hub, admin, "nhan.vien", "staff", ["so-khcn"])
    head = user(hub, admin, "lanh.dao", "agency_head", ["so-khcn"])
    case = officer.post("/incidents", {"title": "trên cổng thông tin điện tử", "agency_id": "so-khcn",
                                       "description": "Trang chủ bị thay giao diện từ 07 giờ 52 phút.\nMáy chủ đã được ngắt khỏi mạng."})

    kinds = officer.get("/paper-kinds")
    assert kinds["may_create"], kinds
    of_agency = {kind["id"] for kind in kinds["items"]}
    everything = admin.get("/paper-kinds")["items"]
    of_province = {kind["id"] for kind in everything} - of_agency
    assert of_province == {"late_list", "provincial_summary", "ranking_sheet"}, of_province
    # A shift that is handed over: the minute says what is open, and that the case is there.
    today = officer.get("/duty-roster")["today"]
    shift = officer.post("/registers/duty_shift", {"agency_id": "so-khcn", "doc": {"officer": "Nguyễn Thị Thử", "on_duty_on": today, "hours": "07 giờ đến 19 giờ"}})
    officer.post("/registers/coordination_request", {"agency_id": "so-khcn", "doc": {"to_body": "police", "wanted": "experts", "channel": "document",
                                                                                     "sent_at": today + "T08:00:00+07:00", "content": "Cử người kiểm tra", "case_id": case["id"]}})
    officer.post(f"/registers/duty_shift/{shift['id']}/move", {"to": "done", "doc": {"handed_over_to": "Trần Văn Nhận", "handed_over_at": today + "T00:00:00+07:00", "notes": "Theo dõi cổng thông tin"}})
    # Evidence of the case that was handed over, and a machine that was cut off.
    log = b"192.0.2.1 GET /\n"
    begun = officer.post("/evidence/uploads", {"case_id": case["id"], "label": "Nhật ký web", "source": "web-01", "name": "web.log", "size_bytes": len(log)})
    officer.call("POST", f"/evidence/uploads/{begun['id']}", log, offset=0)
    officer.post(f"/evidence/uploads/{begun['id']}/finish", {"sha256": hashlib.sha256(log).hexdigest()})
    bag = officer.post("/evidence/bags", {"case_id": case["id"], "to": "Công an tỉnh Hà Giang", "no_request_reason": "Yêu cầu qua điện thoại"})
    first_minute = officer.get(f"/papers/{bag['minute_id']}")
    assert first_minute["state"] == "numbered" and bag["minutes_number"] == first_minute["number"] == "01/BB-SKHCN", (bag, first_minute["number"])
    Agent(hub).enrol(admin.post("/enrolment-tokens", {"agency_id": "so-khcn", "note": "thử"})["token"])
    device = officer.get("/devices")["items"][0]
    given = {"ordered_by": "Giám đốc Sở", "reason": "Trang chủ bị thay", "case_id": case["id"]}
    order = officer.post(f"/devices/{device['id']}/orders", {**given, "order": "isolate", "weighed": "Không có dịch vụ nào phải giữ",
                         "stays_up": [{"direction": "in", "network": "192.0.2.10/32", "port": 22, "protocol": "tcp"}]})
    measure = officer.post(f"/devices/{device['id']}/orders", {**given, "order": "collect_facts"})
    records = {"shift_handover": f"duty_shift/{shift['id']}", "isolation_order": f"device_order/{order['id']}"}
    assert [k["id"] for k in officer.get("/paper-kinds", record=records["isolation_order"])["items"]] == ["isolation_order"]
    assert officer.get("/paper-kinds", record=f"device_order/{measure['id']}")["items"] == []
    refused(400, lambda: officer.post("/papers", {"paper": "isolation_order", "record": f"device_order/{measure['id']}"}))
    refused(404, lambda: other.post("/papers", {"paper": "isolation_order", "record": records["isolation_order"]}))

    made = []
    for kind in everything:
        body = {"paper": kind["id"]}
        if kind["id"] in records:
            body["record"] = records[kind["id"]]
        elif "case" in kind["begins"]:
            body["case_id"] = case["id"]
        if kind["id"] in of_province:  # figures of every agency: not for the people of one
            refused(403, lambda body=body: officer.post("/papers", body))
        client = admin if kind["id"] in of_province else officer
        paper, typed = fill(client, client.post("/papers", body))
        assert typed <= 25, f"{kind['id']}: {typed} fields to type"
        known = {field["id"]: field["value"] for field in paper["fields"]}
        if kind["id"] == "shift_handover":
            assert known["giver.name"] == "Nguyễn Thị Thử" and known["receiver.name"] == "Trần Văn Nhận" and known["case_count"] == "1", known
            assert [(row["title"], row["agency"]) for row in known["cases"]] == [(case["title"], "Sở Khoa học và Công nghệ")], known["cases"]
            assert [row["to"] for row in known["requests"]] == ["Công an tỉnh"] and any("01/BB-SKHCN" in line for line in known["pending"]), known
        if kind["id"] == "isolation_order":
            assert known["machine"] == device["name"] and known["order"] == "Cách ly" and known["ordered_by"] == "Giám đốc Sở", known
            assert known["stays_up"][0]["direction"] == "Vào máy" and known["incident"] == case["title"], known
        if kind["id"] == "evidence_minute":
            assert [row["number"] for row in known["items"]] == ["E001"] and known["custody_head"].startswith("E001: "), known
        made.append(paper)
    numbers = {"bien_ban": [first_minute["number"]]}
    for at, paper in enumerate(made):
        paper = officer.post(f"/papers/{paper['id']}/number", {"version": paper["version"]})
        assert paper["state"] == "numbered" and paper["number"].startswith("0"), paper["number"]
        assert paper["number"] not in numbers.setdefault(paper["book"], []), paper["number"]
        numbers[paper["book"]].append(paper["number"])
        docx = checked_docx(officer, paper, work)
        pages = checked_pdf(officer, paper, docx, work)
        if OUT:
            OUT.mkdir(parents=True, exist_ok=True)
            for one in [docx, docx.with_suffix(".pdf"), *pages]:
                shutil.copy(one, OUT)
        made[at] = paper
    charted = (work / "yearly_report.docx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(charted)) as archive:
        assert "word/charts/phendau1.xml" in archive.namelist(), archive.namelist()
    # Tables are there as a spreadsheet, the ten national categories among them; a letter has none.
    figures = next(p for p in made if p["paper"] == "incident_summary")
    response, book = officer.raw("GET", f"/api/v1/papers/{figures['id']}/files/xlsx")
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        inside = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml"))
    assert response.status == 200 and "Từ chối dịch vụ" in inside and "Chưa phân loại" in inside and "Cộng" in inside, inside[:2000]
    # Of a period or of days that somebody chose; a subject that nobody changed says which.
    summary = officer.post("/papers", {"paper": "incident_summary", "period": "2025-H2"})
    value = lambda paper, field: next(f["value"] for f in paper["fields"] if f["id"] == field)  # noqa: E731
    assert summary["takes_period"] and summary["head"]["subject"].endswith("6 tháng cuối năm 2025"), summary["head"]
    assert value(summary, "period") == "từ ngày 01/07/2025 đến ngày 31/12/2025" and value(summary, "categories")[-1]["count"] == "0", summary
    chosen = officer.call("PATCH", f"/papers/{summary['id']}", {"period": f"2025-12-15/{today}"})
    assert chosen["period"].startswith("2025-12-15/") and chosen["head"]["subject"].endswith(value(chosen, "period")), chosen["head"]
    assert int(value(chosen, "categories")[-1]["count"]) == int(value(figures, "categories")[-1]["count"]) > 0, chosen
    refused(400, lambda: officer.call("PATCH", f"/papers/{summary['id']}", {"period": "2099"}))
    officer.call("PATCH", f"/papers/{summary['id']}", {"head": {"subject": "Tổng hợp sự cố"}})
    assert officer.call("PATCH", f"/papers/{summary['id']}", {"period": "2025"})["head"]["subject"] == "Tổng hợp sự cố"
    officer.post(f"/papers/{summary['id']}/cancel", {"reason": "thử"})
    letter = next(p for p in made if p["paper"] == "request")
    refused(404, lambda: officer.get(f"/papers/{letter['id']}/files/xlsx"))
    waiting = officer.get("/papers", state="numbered")["items"]
    assert {p["id"] for p in waiting} == {p["id"] for p in made} | {first_minute["id"]}

    # Who has to sign is told.
    wait_for(lambda: {d["about"] for d in admin.get("/deliveries", limit=200)["items"] if d["notice"] == "paper_to_sign"} >= {f"paper/{p['id']}" for p in made}, 30)

    # A scan of the first comes back; a file without a signature does not count.
    first, second = made[0], made[1]
    _, unsigned = officer.raw("GET", f"/api/v1/papers/{first['id']}/files/pdf")
    issue = f"/papers/{first['id']}/issue"
    refused(400, lambda: officer.call("POST", issue, unsigned, name="van-ban.pdf"), "chưa có chữ ký")
    refused(400, lambda: officer.call("POST", issue, b"ky ten", name="van-ban.txt"), "không phải bản quét")
    run("pdftoppm", "-r", "200", "-png", "-singlefile", work / f"{first['paper']}.pdf", work / "scan")
    scan = (work / "scan.png").read_bytes()
    issued = officer.call("POST", issue, scan, name="ban-quet.png")
    assert issued["state"] == "issued" and issued["signed"]["by"] == "can.bo", issued
    assert officer.raw("GET", f"/api/v1/papers/{first['id']}/files/signed")[1] == scan
    if first["case_id"]:
        assert issued["signed"]["sha256"] in [f["sha256"] for f in officer.get(f"/incidents/{case['id']}")["attachments"]]
    refused(409, lambda: officer.post(f"/papers/{first['id']}/cancel", {"reason": "x"}), "đã ban hành")

    # An issued yearly report is entered among the papers sent, for the duty that asks for it.
    yearly = next(p for p in made if p["paper"] == "yearly_report")
    signed_copy(hub, officer, yearly, work)
    sent = officer.get("/registers/document")["items"]
    assert [(s["doc"]["type"], s["doc"]["period"], s["doc"]["digitally_signed"]) for s in sent] == [("yearly_report", str(yearly["year"]), True)], sent

    # A letter comes back as a signed DOCX.
    assert letter["id"] not in (first["id"], second["id"])
    signed_docx(officer, letter, work)

    # A proposal is submitted, and then decided on; only once.
    proposal = next(p for p in made if p["paper"] == "proposal")
    decide = {"outcome": "approved", "decided_by": "Ủy ban nhân dân tỉnh", "decided_on": today, "number": "15/QĐ-UBND"}
    refused(409, lambda: officer.post(f"/papers/{proposal['id']}/decide", decide), "đã có số")
    submitted = officer.call("POST", f"/papers/{proposal['id']}/issue", scan, name="ban-quet.png")
    assert submitted["state"] == "issued" and submitted["awaits_decision"], submitted
    refused(404, lambda: other.post(f"/papers/{proposal['id']}/decide", decide))
    refused(400, lambda: officer.post(f"/papers/{proposal['id']}/decide", {**decide, "decided_on": "2020-01-01"}))
    decided = officer.post(f"/papers/{proposal['id']}/decide", decide)
    assert decided["state"] == "decided" and decided["decision"]["number"] == "15/QĐ-UBND", decided
    refused(409, lambda: officer.post(f"/papers/{proposal['id']}/decide", decide))
    refused(409, lambda: officer.post(f"/papers/{first['id']}/decide", decide))

    # The second is cancelled: its number is never given again.
    officer.post(f"/papers/{second['id']}/cancel", {"reason": "sai trích yếu"})
    body = {"paper": second["paper"], **({"case_id": case["id"]} if second["case_id"] else {})}
    again, typed = fill(officer, officer.post("/papers", body))
    assert again["head"]["place"] == "Hà Giang" and again["head"]["signer"]["name"], "the head of the last paper is remembered"
    again = officer.post(f"/papers/{again['id']}/number", {"version": again["version"]})
    assert again["number"] not in numbers[again["book"]], (again["number"], numbers)
    assert len(officer.get(f"/papers/{again['id']}/preview")["pages"]) >= 1
    # A scan that was signed by machine: nobody can see that it is this paper; who sends it says so, and that is kept, in the case too.
    picture = sign(WORDLESS, work / "nguoi.pem", work / "nguoi.key", work)
    scanned = officer.call("POST", f"/papers/{again['id']}/issue", picture, name="ky-so.pdf", reason="Bản quét được văn thư ký số")["signed"]
    assert (scanned["likeness"], scanned["confirmed"], scanned["how"]) == ("unknown", "Bản quét được văn thư ký số", "signature"), scanned
    if again["case_id"]:
        assert "văn thư ký số" in officer.get(f"/incidents/{case['id']}")["timeline"][-1]["text"]

    # Who may not see the case sees no paper of it.
    for path in (f"/papers/{first['id']}", f"/papers/{first['id']}/files/docx", f"/papers/{first['id']}/preview"):
        refused(404, lambda path=path: other.get(path))
        refused(403, lambda path=path: staff.get(path))
    assert other.get("/papers")["items"] == [] and other.get("/number-books")["items"] == []
    refused(404, lambda: other.post("/papers", {"paper": first["paper"], "case_id": case["id"]}))
    refused(404, lambda: other.post(f"/papers/{again['id']}/cancel", {"reason": "x"}))
    assert head.get(f"/papers/{first['id']}")["state"] == "issued"
    books = officer.get("/number-books")["items"]
    assert {b["book"]: b["last"] for b in books}[again["book"]] == len(numbers[again["book"]]) + 1, (books, numbers)

    hub.stop()
    hub.start()
    officer = Client(hub.port).sign_in("can.bo", PASSWORD)
    assert officer.get(f"/papers/{first['id']}")["state"] == "issued"
    hub.stop()
    assert not hub.errors(), hub.errors()
    print(f"papers_hub: {len(made)} papers drafted, numbered, measured, opened; one issued, one cancelled: passed")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Registers as files: workbooks with merged title rows and CSV in the old encodings come in without a lost accent, dates in the
office's form, zeros in front; each mistake has its row and a Vietnamese sentence; nothing is written twice, for another agency, or past
the upload guard; what goes out can come in again, formulas stay text; ten thousand rows."""
import csv
import io
import json
import pathlib
import re
import subprocess
import sys
import time
import unicodedata
import urllib.parse
import zipfile
from xml.sax.saxutils import escape

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Client, Hub, Problem, ROOT, refused

# ---- files as offices make them --------------------------------------------------------------------------------------
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def letters(n):
    return (letters(n // 26 - 1) if n >= 26 else "") + chr(65 + n % 26)


def xlsx(rows, merged=(), sheet="Danh sách"):
    """Cells: text, numbers, ("date", serial) or ("formula", formula, value)."""
    body = []
    for r, row in enumerate(rows, 1):
        cells = []
        for c, value in enumerate(row):
            at = f"{letters(c)}{r}"
            if value is None or value == "":
                continue
            if isinstance(value, tuple) and value[0] == "date":
                cells.append(f'<c r="{at}" s="1"><v>{value[1]}</v></c>')
            elif isinstance(value, tuple):
                cells.append(f'<c r="{at}" t="str"><f>{escape(value[1])}</f><v>{escape(value[2])}</v></c>')
            elif isinstance(value, (int, float)):
                cells.append(f'<c r="{at}"><v>{value}</v></c>')
            else:
                cells.append(f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>')
        body.append(f'<row r="{r}">{"".join(cells)}</row>')
    merges = "".join(f'<mergeCell ref="{m}"/>' for m in merged)
    merges = f'<mergeCells count="{len(merged)}">{merges}</mergeCells>' if merged else ""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", HEAD + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
                      '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
                      '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
                      '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>')
        book.writestr("_rels/.rels", HEAD + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
                      'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        book.writestr("xl/workbook.xml", HEAD + f'<workbook {MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
                      f'<sheet name="{escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", HEAD + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                      '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
                      '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>')
        book.writestr("xl/styles.xml", HEAD + f'<styleSheet {MAIN}><fonts count="1"><font><name val="Times New Roman"/></font></fonts><fills count="1"><fill/></fills>'
                      '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>')
        book.writestr("xl/worksheets/sheet1.xml", HEAD + f'<worksheet {MAIN}><sheetData>{"".join(body)}</sheetData>{merges}</worksheet>')
    return out.getvalue()


def csv_text(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


SHAPES, TONES = {"\u0302": 1, "\u0306": 2, "\u031b": 3}, {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}


def parts(text):
    """Letters taken apart: [base, shape, tone]."""
    out = []
    for c in unicodedata.normalize("NFD", text):
        if c in SHAPES:
            out[-1][1] = c
        elif c in TONES:
            out[-1][2] = TONES[c]
        else:
            out.append([c, "", 0])
    return out


def to_vni(text):
    grid = {"": [0, 0xF8, 0xFB, 0xF5, 0xF9, 0xEF], "\u0302": [0xE2, 0xE0, 0xE5, 0xE3, 0xE1, 0xE4], "\u0306": [0xEA, 0xE8, 0xFA, 0xFC, 0xE9, 0xEB]}
    own_i = [0x69, 0xEC, 0xE6, 0xF3, 0xED, 0xF2]
    out = bytearray()
    for base, shape, tone in parts(text):
        down = 0x20 if base.isupper() else 0
        if base in "đĐ":
            out.append(0xD1 if base == "Đ" else 0xF1)
        elif base in "iI":
            out.append(own_i[tone] - down)
        elif base in "yY" and tone == 5:
            out.append(0xEE - down)
        elif shape == "\u031b":
            out.append((0xF4 if base in "oO" else 0xF6) - down)
            if tone:
                out.append(grid[""][tone] - down)
        else:
            out += base.encode("ascii")
            if shape or tone:
                out.append(grid[shape][tone] - down)
    return bytes(out)


def to_1258(text):
    """Code page 1258 has letters with shapes; tones follow as combining marks."""
    marks = ["", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"]
    return "".join(unicodedata.normalize("NFC", base + shape) + marks[tone] for base, shape, tone in parts(text)).encode("cp1258")


def tcvn3_table():
    """From iconv's TCVN 5712 VN1; what the ABC fonts lack of it (capitals with tones) is not used here."""
    wanted = sorted({c for line in PHRASES for c in line if ord(c) > 127})
    done = subprocess.run(["iconv", "-f", "UTF-8", "-t", "TCVN5712-1"], input="\n".join(wanted).encode(), capture_output=True, check=True)
    table = dict(zip(wanted, done.stdout.split(b"\n")))
    return {c: b for c, b in table.items() if len(b) == 1 and b[0] >= 0xA1}


PHRASES = [line for line in (ROOT / "tests/data/vietnamese/phrases.txt").read_text(encoding="utf-8").splitlines() if line.upper() != line and len(line) < 250]
TCVN3 = tcvn3_table()
FOR_TCVN3 = [line for line in PHRASES if all(ord(c) < 128 or c in TCVN3 for c in line)]
assert len(PHRASES) > 200 and len(FOR_TCVN3) > 150, (len(PHRASES), len(FOR_TCVN3))


def to_tcvn3(text):
    return b"".join(c.encode() if ord(c) < 128 else TCVN3[c] for c in text)


# ---- people --------------------------------------------------------------------------------------------------------------
hub = Hub().init(agency="so-tttt", name="Sở Thông tin và Truyền thông").start()
admin = hub.admin()
admin.post("/agencies", {"code": "xa-mot", "name": "Xã Mường Một"})
admin.post("/agencies", {"code": "xa-hai", "name": "Xã Mường Hai", "short_name": "XMH"})
admin.post("/registers/role_binding", {"doc": {"slot": "lead_department", "agency_id": "so-tttt", "from": "2026-01-01"}})


def person(name, role, agency):
    made = admin.post("/users", {"username": name, "name": name, "role": role, "agency_ids": [agency]})
    return Client(hub.port).sign_in(name, made["one_time_password"], "Mat-khau-rieng-7!")


officer, head, other = person("can-bo", "agency_officer", "xa-mot"), person("thu-truong", "agency_head", "xa-mot"), person("xa-ben", "agency_officer", "xa-hai")
staff = person("nhan-vien", "staff", "xa-mot")


def bring(client, kind, name, data, write=False, **query):
    query = urllib.parse.urlencode({"name": name, "dry_run": "false" if write else "true", **query})
    response, answer = client.raw("POST", f"/api/v1/registers/{kind}/import?{query}", data, {"Content-Type": "application/octet-stream"}, timeout=400)
    if response.status >= 400:
        raise Problem(response.status, json.loads(answer))
    return json.loads(answer)


def total(client, kind, **query):
    return client.get(f"/registers/{kind}", **query)["total"]


def everything(client, kind, **query):
    items, cursor = [], None
    while True:
        page = client.get(f"/registers/{kind}", limit=200, cursor=cursor, **query)
        items += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return items


# ---- a workbook with merged titles, a number row, a sum; dates and zeros -------------------------------------------------
TITLES = [["ỦY BAN NHÂN DÂN", None, None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"], ["XÃ MƯỜNG MỘT"], [],
          ["DANH SÁCH CÁN BỘ, CÔNG CHỨC"], ["(Kèm theo Công văn số 12/CV-UBND ngày 05/3/2026)"], []]
HEADER = ["STT", "Họ và tên", "Mã cán bộ", "Chức vụ, chức danh", "Ngày về đơn vị", "Điện thoại", "Quê quán"]
MERGED = ["A1:C1", "E1:G1", "A4:G4", "A5:G5"]
people = [[1, "Nguyễn Thị Ỷ Lan", "00017", "Chủ tịch", ("date", 45356), "0912000111", "Hà Giang"],
          [2, "Lò Văn Ửng", "00018", ("formula", 'UPPER("a")', "Văn thư"), "5/3/2024", "0219 386 0001", ""],
          [3, "Đặng Quốc Khánh", "00019", "Kế toán", "05-03-2024", "+84 912 000 333", ""]]
book = xlsx([*TITLES, HEADER, ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)"], *people, ["", "Tổng cộng", "", 3]], MERGED)
seen = bring(officer, "staff", "danh-sach.xlsx", book)
assert seen["dry_run"] and seen["written"] == 0 and seen["counts"] == {"rows": 3, "good": 3, "present": 0, "wrong": 0, "skipped": 1}, seen
assert seen["header_row"] == 8 or seen["header_row"] == 7, seen["header_row"]
assert seen["unknown_columns"] == ["Quê quán"] and {"title": "Mã cán bộ", "field": "Mã cán bộ"} in seen["columns"], seen
assert seen["rows"][0]["cells"][:2] == ["Nguyễn Thị Ỷ Lan", "00017"] and seen["rows"][0]["agency_name"] == "Xã Mường Một", seen["rows"]
assert total(officer, "staff") == 0, "a dry run writes nothing"
done = bring(officer, "staff", "danh-sach.xlsx", book, write=True)
assert done["written"] == 3 and not done["dry_run"]
kept = {r["doc"]["personnel_code"]: r for r in everything(officer, "staff")}
assert sorted(kept) == ["00017", "00018", "00019"]
assert {r["doc"]["joined_on"] for r in kept.values()} == {"2024-03-05"}, kept
assert kept["00017"]["doc"]["full_name"] == "Nguyễn Thị Ỷ Lan" and kept["00017"]["doc"]["phone"] == "0912000111"
assert kept["00018"]["doc"]["position"] == "Văn thư", "of a formula the value that was shown"
assert kept["00019"]["doc"]["phone"] == "+84 912 000 333"
change = officer.get(f"/registers/staff/{kept['00018']['id']}/history")["items"][0]
assert "danh-sach.xlsx" in change["reason"] and "dòng 10" in change["reason"] and seen["file"]["sha256"] in change["reason"], change

# ---- twice is once -------------------------------------------------------------------------------------------------------
again = bring(officer, "staff", "danh-sach.xlsx", book, write=True)
assert again["written"] == 0 and again["counts"]["present"] == 3 and not any(p["differs"] for p in again["present"]), again
assert {p["id"] for p in again["present"]} == {r["id"] for r in kept.values()}
renamed = bring(officer, "staff", "sua.csv", csv_text([HEADER[1:3], ["Nguyễn Thị Ý Lan", "00017"], ["Mới", "00020"], ["Mới", "00020"]]).encode(), write=True)
assert renamed["written"] == 1 and renamed["present"] == [{"row": 2, "differs": True, "id": kept["00017"]["id"]}, {"row": 4, "differs": False, "same_as_row": 3}], renamed
assert officer.get(f"/registers/staff/{kept['00017']['id']}")["doc"]["full_name"] == "Nguyễn Thị Ỷ Lan", "what is there stays as it is"
# Also without unique fields, and when the record has gone on since.

properties = {k["kind"]: k["schema"]["properties"] for k in admin.get("/registers")["items"]}
titles = {name: member["title"] for name, member in properties["software_approval"].items()}
ask = csv_text([[titles["software"], titles["purpose"], titles["requested_on"]], ["Bộ gõ", "Soạn văn bản", "01/11/2026"]]).encode()
assert bring(officer, "software_approval", "xin.csv", ask, write=True)["written"] == 1
asked = officer.get("/registers/software_approval")["items"][0]
admin.post(f"/registers/software_approval/{asked['id']}/move", {"to": "approved", "doc": {"decided_on": "2026-11-02", "decided_by": "Phòng CNTT", "check_result": "passed"}})
assert bring(officer, "software_approval", "xin.csv", ask, write=True)["counts"]["present"] == 1 and total(officer, "software_approval") == 1

# ---- mistakes: one sentence each, all or nothing, or the good rows ---------------------------------------------------------
wrong = csv_text([["Họ và tên", "Mã cán bộ", "Ngày về đơn vị", "Cơ quan"], ["Đúng", "00031", "1/2/2025", ""], ["", "00032", "", ""], ["Sai ngày", "00033", "31/02/2025", ""],
                  ["Của xã khác", "00034", "", "Xã Mường Hai"], ["Không có", "00035", "", "Xã Không Có"]]).encode()
seen = bring(officer, "staff", "sai.csv", wrong)
assert [(e["row"], e["column"]) for e in seen["errors"]] == [(3, "Họ và tên"), (4, "Ngày về đơn vị"), (5, "Cơ quan"), (6, "Cơ quan")], seen["errors"]
assert "không được để trống" in seen["errors"][0]["text"] and "31/02/2025" in seen["errors"][1]["text"] and "Xã Mường Hai" in seen["errors"][2]["text"]
assert seen["counts"] == {"rows": 5, "good": 1, "present": 0, "wrong": 4, "skipped": 0}, seen["counts"]
assert bring(officer, "staff", "sai.csv", wrong, write=True)["written"] == 0 and total(officer, "staff", q="00031") == 0
assert bring(officer, "staff", "sai.csv", wrong, write=True, rows="good")["written"] == 1 and total(officer, "staff", q="00031") == 1
refused(400, lambda: bring(officer, "staff", "thieu.csv", csv_text([["Họ và tên", "Chức vụ, chức danh"], ["A", "B"]]).encode()), "Mã cán bộ")
refused(404, lambda: bring(officer, "staff", "khac.csv", csv_text([["Tên vật tư", "Giá"], ["A", "1"]]).encode()))
# The same checks as for one record: networks nest and do not cross, also inside the file; parents by name, of the file too.
titles = {name: member["title"] for name, member in properties["ip_prefix"].items()}
lines = [[titles["prefix"], titles["purpose"], titles["parent"]], ["10.20.0.0/16", "Mạng tỉnh", ""], ["10.20.4.0/24", "Xã Một", "10.20.0.0/16"],
         ["10.20.4.128/25", "Trùng", ""], ["10.99.0.0/24", "Ngoài", "10.20.0.0/16"], ["10.30.0.0/16", "Khác", ""], ["10.30.0.0/16", "Lặp", ""]]
seen = bring(admin, "ip_prefix", "dai.csv", csv_text(lines).encode(), write=True, rows="good")
assert seen["written"] == 3 and [e["row"] for e in seen["errors"]] == [4, 5, 7] and "10.20.0.0/16" in seen["errors"][0]["text"], (seen["errors"], seen["present"], seen["counts"])
made = {r["doc"]["prefix"]: r for r in everything(admin, "ip_prefix")}
assert made["10.20.4.0/24"]["doc"]["parent"] == made["10.20.0.0/16"]["id"]
assert bring(admin, "ip_prefix", "dai.csv", csv_text(lines[:3]).encode())["counts"]["present"] == 2

# ---- rights, whose records they are, and the guard ---------------------------------------------------------------------------
one = csv_text([["Họ và tên", "Mã cán bộ"], ["Ai đó", "00041"]]).encode()
refused(403, lambda: bring(head, "staff", "a.csv", one, write=True))
refused(403, lambda: bring(staff, "staff", "a.csv", one, write=True))
refused(403, lambda: head.get("/registers/staff/export"))
refused(404, lambda: bring(officer, "staff", "a.csv", one, write=True, agency="xa-hai"))
refused(403, lambda: bring(officer, "role_binding", "a.csv", one))
refused(404, lambda: bring(admin, "user", "a.csv", one))
many = csv_text([["Họ và tên", "Mã cán bộ", "Tên cơ quan", "Mã cơ quan"], ["Một", "00051", "xa muong mot", ""], ["Hai", "00052", "XMH", ""], ["Ba", "00053", "không rõ", "xa-hai"], ["Bốn", "00054", "", ""]]).encode()
done = bring(admin, "staff", "tinh.csv", many, write=True)
assert done["written"] == 4, (done["errors"], done["counts"])
assert {r["doc"]["full_name"]: r["agency_id"] for r in everything(admin, "staff", q="0005")} == {"Một": "xa-mot", "Hai": "xa-hai", "Ba": "xa-hai", "Bốn": "so-tttt"}
assert officer.get(f"/registers/staff/{everything(officer, 'staff', q='00051')[0]['id']}/history")["items"][0]["on_behalf"]
refused(422, lambda: bring(officer, "staff", "mat.xlsx", xlsx([["TUYỆT MẬT"], [], HEADER, *people])))
refused(422, lambda: bring(officer, "staff", "mat.csv", csv_text([["Họ và tên", "Mã cán bộ", "Chức vụ, chức danh"], ["A", "1", "TUYỆT MẬT"]]).encode()))
refused(422, lambda: bring(officer, "staff", "mat.csv", to_vni("Độ mật: TỐI MẬT\r\n" + csv_text([["Họ và tên", "Mã cán bộ"], *[[p, str(i)] for i, p in enumerate(PHRASES[:40])]]))))
refused(422, lambda: bring(officer, "staff", "a.exe", one))

# ---- old encodings: labelled truth, no accent lost -----------------------------------------------------------------------------
for number, (name, encode, phrases) in enumerate([("tcvn3", to_tcvn3, FOR_TCVN3), ("vni_windows", to_vni, PHRASES), ("windows_1258", to_1258, PHRASES),
                                                  ("utf8_nfd", lambda t: unicodedata.normalize("NFD", t).encode(), PHRASES),
                                                  ("utf16_le", lambda t: b"\xff\xfe" + t.encode("utf-16-le"), PHRASES)]):
    header = ["Họ và tên", "Mã cán bộ"]
    data = encode(csv_text([header, *[[text, f"E{number}{i:04}"] for i, text in enumerate(phrases)]]))
    seen = bring(officer, "staff", f"{name}.csv", data, write=True)
    assert seen["encoding"]["name"] == name and seen["written"] == len(phrases), (name, seen["encoding"], seen["errors"][:3], seen["counts"])
    assert seen["encoding"]["undecodable"] == 0, seen["encoding"]
    if not name.startswith("utf"):
        sample = seen["encoding"]["samples"][0]
        assert sample["after"] == "Họ và tên" and sample["before"][0] == "H" and sample["before"] != sample["after"], sample
    back = {r["doc"]["personnel_code"]: r["doc"]["full_name"] for r in everything(officer, "staff") if r["doc"]["personnel_code"].startswith(f"E{number}")}
    lost = [(text, back[f"E{number}{i:04}"]) for i, text in enumerate(phrases) if back[f"E{number}{i:04}"] != unicodedata.normalize("NFC", text.strip())]
    assert not lost, (name, lost[:5])
    print(f"{name}: {len(phrases)} phrases, none lost")
chosen = bring(officer, "staff", "chon.csv", to_vni(csv_text([["Họ và tên", "Mã cán bộ"], ["Lò Thị Ỷ", "9"]])), encoding="vni_windows")
assert chosen["rows"][0]["cells"][0] == "Lò Thị Ỷ", chosen["rows"]
refused(400, lambda: bring(officer, "staff", "chon.csv", one, encoding="klingon"))


# ---- out and in again --------------------------------------------------------------------------------------------------------
def fetch(client, path, **query):
    response, data = client.raw("GET", "/api/v1" + path + "?" + urllib.parse.urlencode(query), timeout=400)
    assert response.status == 200, (response.status, data[:300])
    assert "attachment" in response.getheader("Content-Disposition")
    return data


def shared_strings(book):
    return "".join(zipfile.ZipFile(io.BytesIO(book)).read(name).decode() for name in zipfile.ZipFile(io.BytesIO(book)).namelist() if name.endswith(".xml"))


titles = {name: member["title"] for name, member in properties["training"].items()}
dangerous = officer.post("/registers/provider", {"doc": {"name": "=HYPERLINK(\"http://x\")", "services": ["line", "hosting"], "contact_phone": "+84 1", "confidentiality_signed_on": "2026-02-03"}})
officer.post("/registers/provider", {"doc": {"name": "Viễn thông, chi nhánh \"Một\"\nHà Giang", "services": ["software"], "contact_phone": "0012"}})
other.post("/registers/provider", {"doc": {"name": "Của xã bên", "services": ["line"]}})
text = fetch(officer, "/registers/provider/export", format="csv")
assert text.startswith(b"\xef\xbb\xbf") and "Của xã bên" not in text.decode() and "'=HYPERLINK" in text.decode() and "'+84 1" in text.decode()
rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
assert len(rows) == 3 and rows[0][0] == "Tên nhà cung cấp" and "Cơ quan" in rows[0] and "03/02/2026" in sum(rows, []), rows
book = fetch(officer, "/registers/provider/export", format="xlsx")
assert "<f>" not in shared_strings(book), "no cell is a formula"
assert "Của xã bên" in shared_strings(fetch(admin, "/registers/provider/export")) and "Của xã bên" not in shared_strings(book)
for name, data in (("ra.csv", text), ("ra.xlsx", book)):
    back = bring(officer, "provider", name, data)
    assert back["counts"] == {"rows": 2, "good": 0, "present": 2, "wrong": 0, "skipped": 0}, (name, back["counts"], back["errors"], back["rows"])
    assert not any(p["differs"] for p in back["present"]) and not back["unknown_columns"], back
# What one agency sent out another takes in: the documents are the same, and references are found by name.
contract = officer.post("/registers/contract", {"doc": {"provider_id": dangerous["id"], "number": "007/HĐ", "subject": "Đường truyền", "signed_on": "2026-01-02", "availability_percent": 99.5, "confidentiality_clause": True}})
out = list(csv.reader(io.StringIO(fetch(officer, "/registers/contract/export", format="csv").decode("utf-8-sig"))))
assert out[1][0] == "'=HYPERLINK(\"http://x\")" and "007/HĐ" in out[1] and "99,5" in out[1] and "có" in out[1], out
back = bring(officer, "contract", "hd.csv", fetch(officer, "/registers/contract/export", format="csv"))
assert back["counts"]["present"] == 1, back
# Filtered as the list is.
rows = list(csv.reader(io.StringIO(fetch(admin, "/registers/staff/export", format="csv", q="0005", agency="xa-hai").decode("utf-8-sig"))))
assert len(rows) == 3, rows
assert len(list(csv.reader(io.StringIO(fetch(admin, "/registers/staff/export", format="csv").decode("utf-8-sig"))))) == total(admin, "staff") + 1

# ---- the empty form ----------------------------------------------------------------------------------------------------------
form = fetch(officer, "/registers/staff/template")
words = shared_strings(form)
assert "Họ và tên (*)" in words and "Hướng dẫn" in words and "Cơ quan" not in words
assert "Cơ quan" in shared_strings(fetch(admin, "/registers/staff/template"))
seen = bring(officer, "staff", "mau.xlsx", form)
assert seen["counts"]["rows"] == 0 and not seen["unknown_columns"], seen
sheet = next(n for n in zipfile.ZipFile(io.BytesIO(form)).namelist() if n.endswith("sheet1.xml"))
filled = io.BytesIO()
with zipfile.ZipFile(io.BytesIO(form)) as source, zipfile.ZipFile(filled, "w") as target:
    for name in source.namelist():
        data = source.read(name).decode() if name == sheet else source.read(name)
        if name == sheet:
            last = max(int(n) for n in re.findall(r'<row r="(\d+)"', data))
            row = "".join(f'<c r="{letters(i)}{last + 1}" t="inlineStr"><is><t>{v}</t></is></c>' for i, v in enumerate(["Vừ Mí Dính", "00071"]))
            data = data.replace("</sheetData>", f'<row r="{last + 1}">{row}</row></sheetData>')
        target.writestr(name, data)
assert bring(officer, "staff", "mau.xlsx", filled.getvalue(), write=True)["written"] == 1

# ---- ten thousand rows -------------------------------------------------------------------------------------------------------
rows = [["Họ và tên", "Mã cán bộ", "Chức vụ, chức danh", "Phòng, bộ phận", "Ngày về đơn vị", "Điện thoại", "Cơ quan"]]
rows += [[f"Nguyễn Văn Thử {i}", f"T{i:06}", "Chuyên viên", "Văn phòng", f"{i % 28 + 1:02}/03/2020", f"0{i:09}", "Xã Mường Hai" if i % 2 else "xa-mot"] for i in range(10_000)]
data = xlsx(rows)
before = total(admin, "staff")
started = time.monotonic()
seen = bring(admin, "staff", "muoi-nghin.xlsx", data)
looked = time.monotonic() - started
assert seen["counts"]["good"] == 10_000 and len(seen["rows"]) == 20, seen["counts"]
started = time.monotonic()
done = bring(admin, "staff", "muoi-nghin.xlsx", data, write=True)
wrote = time.monotonic() - started
assert done["written"] == 10_000 and total(admin, "staff") == before + 10_000
rows[5000][4] = "31/04/2020"
rows.append(["Trùng", "T000001", "", "", "", "", "Xã Mường Hai"])
started = time.monotonic()
seen = bring(admin, "staff", "muoi-nghin.xlsx", xlsx(rows), write=True)
again = time.monotonic() - started
assert seen["written"] == 0 and seen["counts"]["present"] == 10_000 and seen["counts"]["wrong"] == 1 and seen["errors"][0]["row"] == 5001, seen["counts"]
started = time.monotonic()
size = len(fetch(admin, "/registers/staff/export"))
print(f"10,000 rows: preview {looked:.1f} s, import {wrote:.1f} s, again with mistakes {again:.1f} s; export of {before + 10_000} {time.monotonic() - started:.1f} s, {size >> 10} kB")
refused(429, lambda: bring(admin, "staff", "qua.csv", csv_text([rows[0], *[[f"N {i}", f"U{i:06}", "", "", "", "", "xa-mot"] for i in range(10_001)]]).encode()), "10000")
hub.stop()
assert not hub.errors(), hub.errors()
print("tables: passed")

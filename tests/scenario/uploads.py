# SPDX-License-Identifier: Apache-2.0
"""What carries the marking of a state secret is refused wherever it is sent, and a refusal leaves no byte on disk: not in the
data folder, not in the hub's folder for temporary files, not in its log. The same search finds what was accepted."""
import io
import json
import os
import pathlib
import socket
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Hub, Problem, give_to_hub, scratch, wait_for

base = scratch()
temporary = base / "tmp"
temporary.mkdir()
give_to_hub(temporary)
os.environ["TMPDIR"] = str(temporary)  # of the hub, which is started from here


def docx(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # stored: the text would be found as it is
        archive.writestr("[Content_Types].xml", "<Types/>")
        paragraphs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.split("\n"))
        archive.writestr("word/document.xml", f"<w:document xmlns:w='w'><w:body>{paragraphs}</w:body></w:document>")
    return out.getvalue()


def pdf(lines):
    text = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 24 Tf 30 TL 72 700 Td {text} ET"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
               f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out, table = "%PDF-1.4\n", "0000000000 65535 f \n"
    for number, content in enumerate(objects, 1):
        table += f"{len(out):010d} 00000 n \n"
        out += f"{number} 0 obj\n{content}\nendobj\n"
    return (out + f"xref\n0 6\n{table}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n").encode()


hub = Hub(folder=base).init().start()
admin = hub.admin()
case = admin.post("/incidents", {"title": "Thử cửa nhận tệp", "agency_id": hub.agency})


def send(name, data):
    return admin.call("POST", "/attachments", data, {"X-Case": case["id"]}, name=name)


def refused(call, text_id="upload.state_secret"):
    try:
        call()
    except Problem as problem:
        assert problem.status == 422 and problem.body["text_id"] == text_id, problem
        assert problem.body["text"].count("mật") > 0, problem
        return
    raise AssertionError("accepted")


def holds(word):
    """Files under the hub's folders that hold the word, in UTF-8 or UTF-16."""
    forms = (word.encode(), word.encode("utf-16-le"))
    found = []
    for path in base.rglob("*"):
        if path.is_file() and any(form in path.read_bytes() for form in forms):
            found.append(path)
    return found


# What is accepted is found: the search below means something.
kept = "chuoi-duoc-nhan-7Q2"
send("ghi-chep.txt", f"{kept}\nan toàn, bảo mật\n".encode())
send("ghi-chep.docx", docx(f"{kept}-docx\nmật khẩu"))
send("ghi-chep.pdf", pdf([f"{kept}-pdf", "mat khau"]))
assert holds(kept) and holds(kept + "-docx") and holds(kept + "-pdf")

secret = "chuoi-khong-duoc-luu-9X4"
refused(lambda: send("a.txt", f"{secret}\nTỐI MẬT\n".encode()))
refused(lambda: send("a.txt", f"{secret}\nMẬT   Số: 12/BC\n".encode()))
refused(lambda: send("a.txt", f"{secret}\n\u200bM\u200bẬT\r{secret}".encode("utf-16")))
refused(lambda: send("a.docx", docx(f"{secret}\nMẬT")))
refused(lambda: send("a.pdf", pdf([secret, "TUYET MAT"])))
refused(lambda: send("MẬT.txt", secret.encode()))

# Typed text and events too.
note = {"verb": "note", "attachments": []}
step = case["definition"]["steps"][0]["id"]
refused(lambda: admin.post("/incidents", {"title": f"{secret} TỐI MẬT", "agency_id": hub.agency}), "upload.state_secret_text")
refused(lambda: admin.post("/incidents", {"title": "a", "description": f"{secret}\nMẬT\n", "agency_id": hub.agency}), "upload.state_secret_text")
refused(lambda: admin.post(f"/incidents/{case['id']}/steps/{step}", {**note, "reason": f"{secret}\nMẬT"}), "upload.state_secret_text")
refused(lambda: admin.post(f"/incidents/{case['id']}/steps/{step}", {**note, "reason": "a", "doc": {"x": "MẬT", "y": secret}}), "upload.state_secret_text")
refused(lambda: admin.post(f"/incidents/{case['id']}/close", {"summary": f"Độ mật: Mật\n{secret}"}), "upload.state_secret_text")
with socket.create_connection(("127.0.0.1", hub.tcp)) as sock:
    sock.sendall(b"".join(b"<38>Nov 20 08:00:%02d may sshd[7]: Failed password for root from 203.0.113.9 port 4 ssh2\n" % i for i in range(8)))
alert = wait_for(lambda: admin.get("/alerts")["items"], 40)[0]["id"]
refused(lambda: admin.post(f"/alerts/{alert}/triage", {"status": "acknowledged", "note": f"{secret}\nMẬT"}), "upload.state_secret_text")


def send_events(lines):
    body = "\n".join(json.dumps(line) for line in lines).encode()
    return admin.call("POST", "/uploads/ndjson", body, {"Content-Type": "application/x-ndjson"}, agency=hub.agency)


refused(lambda: send_events([{"message": secret}, {"message": "MẬT"}]), "upload.state_secret_line")
refused(lambda: send_events([{"message": f"{secret}\nTUYỆT MẬT\nSố 1"}]), "upload.state_secret_line")
done = send_events([{"message": "user mở tệp TỐI MẬT.docx", "user": "mat"}, {"message": "đổi mật khẩu, bảo mật"}])
assert done["accepted"] == 2 and done["rejected"] == 0, done

hub.stop()
assert holds(secret) == [], holds(secret)
assert holds(kept) and [p for p in temporary.rglob("*") if p.is_file()] == []
assert "MẬT" not in hub.log.read_text()
print("uploads: passed")

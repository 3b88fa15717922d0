# SPDX-License-Identifier: Apache-2.0
"""A package of evidence on a PC without a hub: phendau evidence verify over a signed package that Python and OpenSSL made by what
docs/decisions/0023 says, as a folder and as ZIP, whole and altered; over hostile ones; and over the published bags of others."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import PHENDAU, SHARED, run, scratch, skip

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

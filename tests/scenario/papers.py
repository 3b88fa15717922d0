# SPDX-License-Identifier: Apache-2.0
"""Every template of a paper in the packs, filled with the sample values of tests/data/papers: its layout obeys Nghị định
30/2020 (tests/layout.py, which is tested itself here), every mark is a field of the .yaml beside it, LibreOffice opens it
without error, a template that it has saved again still works, the PDF holds every text, and DOCX -> DOCX by LibreOffice keeps it. PNG pages stay in OUT, if given.

usage: papers.py [OUT]"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unicodedata
import xml.etree.ElementTree as ElementTree
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import layout  # noqa: E402
from harness import BUILD, skip  # noqa: E402

FILL = BUILD / "tests" / "phendau_fill_docx"
SAMPLES = ROOT / "tests" / "data" / "papers"
W = layout.W
PAGES_MAX = 3  # yearly reports hold the table of the ten national categories, charts and the list of incidents


def texts_of(path):
    """Paragraphs with text of a DOCX's body, in order, spaces and rules left out."""
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))
    found = ["".join(one.text or "" for one in p.iter(W + "t")) for p in root.iter(W + "p")]
    return [re.sub(r"\s+", " ", one.replace("\u00a0", " ")).strip() for one in found if one.strip().strip("\u00a0")]


def squeezed(text):
    """Without spaces and line ends: what stands in a PDF is broken where the page wants it."""
    return re.sub(r"[\s\u00a0\f-]", "", unicodedata.normalize("NFC", text))


def run(*command, seconds=120):
    """A program of its own process group, ended by its number when it takes too long."""
    process = subprocess.Popen([str(one) for one in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               start_new_session=True)
    try:
        out, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise AssertionError(f"{command[0]} took more than {seconds} s") from None
    assert process.returncode == 0, f"{command}: {process.returncode}: {out}"
    return out


def office(folder, out, wanted, *files):
    out.mkdir(exist_ok=True)
    run("soffice", f"-env:UserInstallation=file://{folder}/office", "--headless", "--norestore", "--convert-to", wanted,
        "--outdir", out, *files)
    made = [out / (file.stem + "." + wanted.split(":")[0]) for file in files]
    for file in made:
        assert file.exists(), f"LibreOffice made no {file.name}"
    return made


def fields_of(template):
    """{field: whether it is required}, from items of two forms (a reader of YAML is not in the standard library)."""
    items = re.split(r"(?m)^  - (?=id: |\{id: )", template.with_suffix(".yaml").read_text(encoding="utf-8"))[1:]
    return {re.match(r"\{?id: ([a-z_.]+)", item).group(1): "required: true" in item for item in items}


def check_fields(template):
    """Every mark outside of loops is a field of the paper, or of the paper's own lines, and every field has its mark."""
    fields = list(fields_of(template))
    run(FILL, "--marks", template, *fields)
    done = subprocess.run([FILL, "--marks", template, *fields[1:], "no_such_field"], capture_output=True, text=True)
    assert done.returncode == 1 and fields[0] in done.stderr and "no_such_field" in done.stderr, done


def main():
    if not FILL.exists():
        skip("phendau_fill_docx is not built")
    templates = sorted((ROOT / "packs").glob("*/documents/*.docx"))
    assert len(templates) >= 4, templates
    work = pathlib.Path(tempfile.mkdtemp(prefix="papers."))
    try:
        filled = []
        for template in templates:
            check_fields(template)
            sample = SAMPLES / (template.stem + ".json")
            paper = work / template.name
            run(FILL, template, sample, paper)
            assert "{{" not in "\n".join(texts_of(paper)), f"{paper.name}: a mark is left"
            filled.append(paper)
        check_layout(filled)
        sparse = list(check_sparse(work, templates))
        check_refusals(work, templates[0])
        if not all(shutil.which(one) for one in ("soffice", "pdftotext", "pdftoppm")):
            skip("layout is sound; soffice and pdftoppm are missing: install libreoffice-writer-nogui and poppler-utils")
        check_edited(work, templates, filled)
        check_office(work, filled + sparse, pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"papers: {len(filled)} templates filled, checked and opened")


def check_layout(filled):
    papers = {path.name: path.read_bytes() for path in filled}
    for name, data in papers.items():
        found = layout.check(data)
        assert not found, f"{name}: deviations from Nghị định 30: {found}"
    assert len(layout.ATTRIBUTES) >= 25
    mistakes = layout.self_test(papers)
    assert not mistakes, "\n".join(mistakes)


def check_sparse(work, templates):
    """A draft of an exercise without number and without anything that may be left out obeys the layout, too."""
    for template in templates:
        values = json.loads((SAMPLES / (template.stem + ".json")).read_text(encoding="utf-8"))
        for field, required in fields_of(template).items():
            *path, last = field.split(".")
            owner = values
            for step in path:
                owner = owner[step]
            if not required:
                owner[last] = None
        values["paper"].update(number=0, agency_above="", recipients=[], exercise=True)
        (work / "sparse.json").write_text(json.dumps(values), encoding="utf-8")
        paper = work / f"sparse-{template.name}"
        run(FILL, template, work / "sparse.json", paper)
        found = layout.check(paper.read_bytes())
        assert not found, f"{paper.name}: deviations from Nghị định 30: {found}"
        bare = [text for text in texts_of(paper) if re.search(r": [.;,]|: $", text)]
        assert not bare, f"{paper.name}: nothing after a colon: {bare}"
        yield paper


def check_refusals(work, template):
    """An unsound paper and an unknown mark end in a sentence, not in a file."""
    values = json.loads((SAMPLES / (template.stem + ".json")).read_text(encoding="utf-8"))
    for change, words in [(lambda v: v["paper"].update(symbol="05"), "Ký hiệu"), (lambda v: v.pop("told"), "không có ô điền")]:
        changed = json.loads(json.dumps(values))
        change(changed)
        (work / "bad.json").write_text(json.dumps(changed), encoding="utf-8")
        done = subprocess.run([FILL, template, work / "bad.json", work / "bad.docx"], capture_output=True, text=True)
        assert done.returncode == 1 and words in done.stderr, done
        assert not (work / "bad.docx").exists()


def check_edited(work, templates, filled):
    """A template that an office program has saved again (other runs, other styles, other parts) gives the same paper."""
    for template, paper in zip(office(work, work / "edited", "docx:MS Word 2007 XML", *templates), filled):
        again = work / f"edited-{template.name}"
        run(FILL, template, SAMPLES / (template.stem + ".json"), again)
        assert texts_of(again) == texts_of(paper), f"{template.name}: another text from the edited template"
        found = layout.check(again.read_bytes())
        assert not found, f"{template.name}: deviations of the edited template: {found}"


def check_office(work, filled, pictures):
    pdfs = office(work, work / "pdf", "pdf", *filled)
    again = office(work, work / "again", "docx:MS Word 2007 XML", *filled)
    for paper, pdf, other in zip(filled, pdfs, again):
        pages = run("pdftotext", "-layout", pdf, "-").count("\f")
        assert 1 <= pages <= PAGES_MAX, f"{paper.name}: {pages} pages"
        # No page holds a signature and nothing of the text.
        last_words = layout.Paper(paper.read_bytes()).read().text[-1].text.split()[-4:]
        ends_on = [page for page in run("pdftotext", "-raw", pdf, "-").split("\f")[:pages] if "Nơi nhận:" in page]
        assert len(ends_on) == 1 and all(word in ends_on[0] for word in last_words), f"{paper.name}: the signature stands alone"
        whole = squeezed(run("pdftotext", "-raw", pdf, "-"))
        for text in texts_of(paper):
            # A long cell or line is broken over others in the text of the page: its words must all be there.
            missing = [word for word in text.split() if squeezed(word) not in whole]
            assert not missing, f"{paper.name}: {missing} of '{text}' are not in the PDF"
        assert texts_of(other) == texts_of(paper), f"{paper.name}: another text after DOCX -> DOCX"
        fonts = run("pdffonts", pdf)
        assert re.search(r"Liberation ?Serif|Times ?New ?Roman", fonts), fonts
        run("pdftoppm", "-r", "90", "-png", pdf, pdf.with_suffix(""))
        pngs = sorted(pdf.parent.glob(pdf.stem + "-*.png"))
        assert len(pngs) == pages and all(png.stat().st_size > 10_000 for png in pngs), pngs
        if pictures:
            pictures.mkdir(parents=True, exist_ok=True)
            for one in [paper, pdf, *pngs]:
                shutil.copy(one, pictures)


if __name__ == "__main__":
    main()

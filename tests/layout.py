#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the layout of an official paper (DOCX) against Nghị định 30/2020/NĐ-CP, phụ lục I, phần I, attribute by attribute.

usage: layout.py FILE.docx...              prints each deviation with its clause; exit 1 if there is one
       layout.py --list                    the attributes
       layout.py --self-test FILE.docx...  breaks each attribute in a copy and expects exactly that one to be reported

It reads what the file says (effective properties over styles), not how a program draws it. Parts are found by their place,
so that a wrong one is reported, not overlooked. Standard library only; nothing of the program that makes papers."""
import copy
import io
import re
import sys
import unicodedata
import zipfile
from xml.etree import ElementTree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
KINDS = {"BÁO CÁO": "BC", "BIÊN BẢN": "BB", "TỜ TRÌNH": "TTr", "QUYẾT ĐỊNH": "QĐ", "THÔNG BÁO": "TB", "KẾ HOẠCH": "KH",
         "GIẤY MỜI": "GM", "PHIẾU CHUYỂN": "PC"}
LETTERS = "a b c d đ e g h i k l m n o p q r s t u v x y".split()
# Advance widths of bold Times New Roman from ' ' to '~', in thousandths of the size; signs over and under letters add none.
BOLD = ("250333555500500999833278333333500570250333250278500500500500500500500500500500333333570570570500930722667722722667611778778389"
        "500778667944722778611778722556667722722999722722667333278333581500333500556444556444333500556278333556278833556500556556444389"
        "333556500722500500444394220394520")
TWIPS_MM = 1440 / 25.4


def width_of(text, points):
    total = 0
    for letter in unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d").replace("\u00a0", " ")):
        at = ord(letter) - 32
        if 0 <= at < len(BOLD) // 3:
            total += int(BOLD[3 * at:3 * at + 3])
    return total * points / 1000


class Paragraph:
    def __init__(self, paper, node):
        self.paper, self.node = paper, node
        self.runs = [run for run in node.iter(W + "r") if text_of(run)]
        self.text = "".join(text_of(run) for run in self.runs)

    def property(self, name, key="val"):
        """Of the paragraph, its style, or the defaults; None where nobody says it."""
        return self.paper.find_property(self.node.find(W + "pPr"), "pPr", self.style(), name, key)

    def style(self):
        found = self.node.find(f"{W}pPr/{W}pStyle")
        return found.get(W + "val") if found is not None else None

    def of_runs(self, name, key="val"):
        """The values of a run property over all runs with text."""
        return {self.paper.find_property(run.find(W + "rPr"), "rPr", self.style(), name, key) for run in self.runs}

    def is_on(self, name):
        """True or False where all runs agree, else None."""
        values = {value not in (None, "0", "false", "off") for value in self.of_runs(name, "on")}
        return values.pop() if len(values) == 1 else None

    def sizes(self):
        return {float(value or 20) / 2 for value in self.of_runs("sz")}

    def size_in(self, low, high):
        return all(low <= size <= high for size in self.sizes())

    def is_upright(self):
        return self.is_on("i") is False

    def is_centred(self):
        return self.property("jc") == "center"

    def is_rule(self):
        return bool(self.text) and not self.text.strip("\u00a0") and self.of_runs("u") == {"single"}

    def length(self):
        return width_of(self.text, max(self.sizes()))


def text_of(node):
    return "".join(one.text or "" for one in node.iter(W + "t"))


class Paper:
    def __init__(self, data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.names = archive.namelist()
            self.files = {name: archive.read(name) for name in self.names}
        self.document = ElementTree.fromstring(self.files["word/document.xml"])
        self.styles = ElementTree.fromstring(self.files["word/styles.xml"])
        self.by_id = {style.get(W + "styleId"): style for style in self.styles.findall(W + "style")}
        self.default = next((key for key, style in self.by_id.items()
                             if style.get(W + "type") == "paragraph" and style.get(W + "default") == "1"), None)
        links = ElementTree.fromstring(self.files["word/_rels/document.xml.rels"])
        self.links = {link.get("Id"): "word/" + link.get("Target") for link in links}
        self.headers = {}
        self.body = self.document.find(W + "body")
        self.section = self.body.find(W + "sectPr")
        for reference in self.section.findall(W + "headerReference"):
            part = self.links[reference.get(R + "id")]
            self.headers[reference.get(W + "type")] = (part, ElementTree.fromstring(self.files[part]))

    def save(self):
        files = dict(self.files)
        for part, root in [("word/document.xml", self.document), ("word/styles.xml", self.styles), *self.headers.values()]:
            files[part] = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name in self.names:
                archive.writestr(name, files[name])
        return out.getvalue()

    def find_property(self, own, family, style, name, key):
        places = [own]
        style = style or self.default
        for _ in range(20):
            if style not in self.by_id:
                break
            places.append(self.by_id[style].find(W + family))
            based = self.by_id[style].find(W + "basedOn")
            style = based.get(W + "val") if based is not None else None
        places.append(self.styles.find(f"{W}docDefaults/{W}{family}Default/{W}{family}"))
        for place in places:
            found = place.find(W + name) if place is not None else None
            if found is None:
                continue
            if key == "on":
                return found.get(W + "val", "1")
            if found.get(W + key) is not None:
                return found.get(W + key)
        return None

    def paragraphs(self, node, deep=False):
        nodes = node.iter(W + "p") if deep else node.findall(W + "p")
        return [Paragraph(self, one) for one in nodes]

    def read(self):
        """The parts by their places."""
        blocks = [one for one in self.body if one.tag in (W + "p", W + "tbl")]
        tables = [one for one in blocks if one.tag == W + "tbl"]
        self.head = tables[0]
        cells = self.head.findall(f"{W}tr/{W}tc")
        self.columns = len(cells)
        left, right = ([one for one in self.paragraphs(cell) if one.text] for cell in (cells[0], cells[-1]))
        rule = next((i for i, one in enumerate(left) if one.is_rule()), len(left))
        self.agency_rule = left[rule] if rule < len(left) else None
        self.above, self.agency = left[:max(rule - 1, 0)], left[max(rule - 1, 0)] if left else None
        if rule == len(left):  # no rule: the first line with a number ends the names
            numbered = next(i for i, one in enumerate(left) if one.text.startswith("Số"))
            self.above, self.agency, rule = left[:numbered - 1], left[numbered - 1], numbered - 1
        self.number, self.about = left[rule + 1], left[rule + 2] if len(left) > rule + 2 else None
        self.country, self.motto = right[0], right[1]
        rest = right[2:]
        self.motto_rule = rest.pop(0) if rest and rest[0].is_rule() else None
        self.place_date = rest[0] if rest else None
        kept = next(table for table in reversed(tables) if "Nơi nhận:" in text_of(table))
        self.signatures = []
        for cell in kept.findall(f"{W}tr/{W}tc"):
            lines = [one for one in self.paragraphs(cell) if one.text]
            split = next((i for i, one in enumerate(lines) if one.text == "Nơi nhận:"), len(lines))
            if split:
                self.signatures.append(lines[:split])
            if split < len(lines):
                self.recipients = lines[split:]
        end = blocks.index(kept)
        middle = [Paragraph(self, one) for one in blocks[1:end] if one.tag == W + "p"]
        middle = [one for one in middle if one.text]
        self.type = self.subject_rule = None
        self.subject = []
        if self.about is None:
            self.type = middle.pop(0)
            while middle and not middle[0].is_rule() and middle[0].is_centred() and not middle[0].text.startswith("Kính gửi"):
                self.subject.append(middle.pop(0))
            if middle and middle[0].is_rule():
                self.subject_rule = middle.pop(0)
        self.to = []
        while middle and (middle[0].text.startswith("Kính gửi") or (self.to and middle[0].text.startswith("- "))):
            self.to.append(middle.pop(0))
        self.bases = [one for one in middle if one.text.startswith("Căn cứ ")]
        # The word that a decision gives its orders under stands alone in the middle.
        order = [one for one in middle if one.text == "QUYẾT ĐỊNH:" and one.is_centred() and one.is_on("b") is True]
        self.text = [one for one in middle if one not in self.bases and one not in order]
        return self


# ---- attributes: each a function of the paper that is true where the paper obeys, its clause and what it asks
ATTRIBUTES = {}


def attribute(clause, what):
    def add(function):
        ATTRIBUTES[function.__name__] = (clause, what, function)
        return function
    return add


def millimetres(paper, key):
    return int(paper.section.find(W + "pgMar").get(W + key)) / TWIPS_MM


def within(value, low, high):
    return low - 0.1 <= value <= high + 0.1


@attribute("I.1", "khổ giấy A4 đặt đứng (210 x 297 mm)")
def page_size(paper):
    size = paper.section.find(W + "pgSz")
    return within(int(size.get(W + "w")) / TWIPS_MM, 210, 210) and within(int(size.get(W + "h")) / TWIPS_MM, 297, 297)


@attribute("I.3", "lề trên 20-25 mm")
def margin_top(paper):
    return within(millimetres(paper, "top"), 20, 25)


@attribute("I.3", "lề dưới 20-25 mm")
def margin_bottom(paper):
    return within(millimetres(paper, "bottom"), 20, 25)


@attribute("I.3", "lề trái 30-35 mm")
def margin_left(paper):
    return within(millimetres(paper, "left"), 30, 35)


@attribute("I.3", "lề phải 15-20 mm")
def margin_right(paper):
    return within(millimetres(paper, "right"), 15, 20)


def every_paragraph(paper):
    headers = [one for _, root in paper.headers.values() for one in paper.paragraphs(root, deep=True)]
    return [one for one in paper.paragraphs(paper.body, deep=True) + headers if one.text]


@attribute("I.4", "phông chữ Times New Roman cho mọi chữ")
def font(paper):
    return all(one.of_runs("rFonts", key) == {"Times New Roman"} for one in every_paragraph(paper)
               for key in ("ascii", "hAnsi", "cs", "eastAsia"))


@attribute("I.4", "chữ màu đen")
def colour(paper):
    return all(one.of_runs("color") <= {"000000", "auto", None} for one in every_paragraph(paper))


@attribute("I.4", "chữ Unicode dựng sẵn (TCVN 6909:2001)")
def unicode_composed(paper):
    return all(unicodedata.is_normalized("NFC", one.text) and not re.search(r"[\ue000-\uf8ff\ufffd]", one.text)
               for one in every_paragraph(paper))


def page_number(paper):
    part = paper.headers.get("default")
    found = [] if part is None else [one for one in paper.paragraphs(part[1], deep=True)
                                     if any("PAGE" in (field.text or "") for field in one.node.iter(W + "instrText"))]
    return found[0] if found else None


@attribute("I.7", "số trang ở lề trên, chữ số Ả Rập")
def page_number_there(paper):
    kind = paper.section.find(W + "pgNumType")
    return page_number(paper) is not None and (kind is None or kind.get(W + "fmt", "decimal") == "decimal")


@attribute("I.7", "số trang canh giữa")
def page_number_centred(paper):
    return page_number(paper) is None or page_number(paper).is_centred()


@attribute("I.7", "số trang cỡ 13-14, kiểu đứng")
def page_number_size(paper):
    return page_number(paper) is None or (page_number(paper).size_in(13, 14) and page_number(paper).is_upright())


@attribute("I.7", "không hiện số trang thứ nhất")
def page_number_not_first(paper):
    first = paper.headers.get("first")
    title = paper.section.find(W + "titlePg")
    return title is not None and (first is None or not list(first[1].iter(W + "instrText")))


@attribute("I.6", "phần đầu có hai cột: cơ quan bên trái, Quốc hiệu bên phải")
def head_columns(paper):
    return paper.columns == 2


@attribute("II.1", "đúng chữ Quốc hiệu")
def country_text(paper):
    return paper.country.text == COUNTRY


@attribute("II.1", "Quốc hiệu cỡ 12-13, kiểu đứng")
def country_size(paper):
    return paper.country.size_in(12, 13) and paper.country.is_upright()


@attribute("II.1", "Quốc hiệu in đậm")
def country_bold(paper):
    return paper.country.is_on("b") is True


@attribute("II.1", "Quốc hiệu, Tiêu ngữ canh giữa")
def country_centred(paper):
    return paper.country.is_centred() and paper.motto.is_centred()


@attribute("II.1", "đúng chữ Tiêu ngữ, gạch nối có cách chữ")
def motto_text(paper):
    return paper.motto.text == MOTTO


@attribute("II.1", "Tiêu ngữ cỡ 13-14, kiểu đứng")
def motto_size(paper):
    return paper.motto.size_in(13, 14) and paper.motto.is_upright()


@attribute("II.1", "Tiêu ngữ in đậm")
def motto_bold(paper):
    return paper.motto.is_on("b") is True


@attribute("II.1", "đường kẻ dưới Tiêu ngữ dài bằng dòng chữ")
def motto_rule(paper):
    rule = paper.motto_rule
    return rule is not None and rule.is_centred() and 0.93 <= rule.length() / width_of(MOTTO, max(paper.motto.sizes())) <= 1.07


@attribute("II.2", "tên cơ quan viết hoa")
def agency_capitals(paper):
    return all(one.text == one.text.upper() for one in [*paper.above, paper.agency])


@attribute("II.2", "tên cơ quan cỡ 12-13, kiểu đứng")
def agency_size(paper):
    return all(one.size_in(12, 13) and one.is_upright() for one in [*paper.above, paper.agency])


@attribute("II.2", "tên cơ quan ban hành in đậm")
def agency_bold(paper):
    return paper.agency.is_on("b") is True


@attribute("II.2", "tên cơ quan cấp trên không in đậm")
def agency_above_plain(paper):
    return all(one.is_on("b") is False for one in paper.above)


@attribute("II.2", "đường kẻ dưới tên cơ quan dài 1/3-1/2 dòng chữ, ở giữa")
def agency_rule(paper):
    rule = paper.agency_rule
    line = min(width_of(paper.agency.text, max(paper.agency.sizes())), int(column_width(paper)) / 20)
    return rule is not None and rule.is_centred() and 1 / 3 <= rule.length() / line <= 1 / 2


def column_width(paper):
    return paper.head.find(f"{W}tblGrid/{W}gridCol").get(W + "w")


@attribute("II.3", "số cỡ 13, kiểu đứng, canh giữa")
def number_size(paper):
    return paper.number.sizes() == {13} and paper.number.is_upright() and paper.number.is_on("b") is False and paper.number.is_centred()


@attribute("II.3", "\"Số:\" và số, dưới 10 có số 0, rồi \"/\"")
def number_form(paper):
    return re.match(r"Số: (0[1-9]|[1-9]\d+| {4,})/", paper.number.text) is not None


@attribute("II.3", "ký hiệu: nhóm chữ in hoa nối bằng \"-\"; công văn không có tên loại")
def number_symbol(paper):
    symbol = paper.number.text.partition("/")[2]
    groups = symbol.split("-")
    kind = KINDS.get(paper.type.text) if paper.type is not None else None
    plain = groups[1:] if kind and groups[0] == kind else groups
    good = all(group and group == group.upper() and group.isalnum() for group in plain)
    if paper.type is None:
        return good and groups[0] not in KINDS.values()
    return good and len(groups) >= 2 and (kind is None or groups[0] == kind)


@attribute("II.4", "địa danh, ngày: ngày dưới 10 và tháng 1, 2 có số 0")
def place_date_form(paper):
    return paper.place_date is None or re.fullmatch(
        r"\S.*, ngày (0[1-9]|[12]\d|3[01]) tháng (01|02|[3-9]|1[0-2]) năm (19|20)\d\d", paper.place_date.text) is not None


@attribute("II.4", "địa danh, ngày in nghiêng")
def place_date_italic(paper):
    return paper.place_date is None or paper.place_date.is_on("i") is True


@attribute("II.4", "địa danh, ngày cỡ 13-14, canh giữa")
def place_date_size(paper):
    return paper.place_date is None or (paper.place_date.size_in(13, 14) and paper.place_date.is_centred())


@attribute("II.5", "tên loại viết hoa, đậm, đứng, cỡ 13-14, canh giữa")
def type_format(paper):
    one = paper.type
    return one is None or (one.text == one.text.upper() and one.is_on("b") is True and one.is_upright() and one.size_in(13, 14)
                           and one.is_centred())


@attribute("II.5", "trích yếu đậm, đứng, cỡ 13-14, canh giữa")
def subject_format(paper):
    return paper.type is None or (bool(paper.subject) and all(
        one.is_on("b") is True and one.is_upright() and one.size_in(13, 14) for one in paper.subject))


@attribute("II.5", "đường kẻ dưới trích yếu dài 1/3-1/2 dòng chữ, ở giữa")
def subject_rule(paper):
    if paper.type is None:
        return True
    rule = paper.subject_rule
    if rule is None or not paper.subject or not rule.is_centred():
        return False
    size, margins = paper.section.find(W + "pgSz"), paper.section.find(W + "pgMar")
    line = (int(size.get(W + "w")) - int(margins.get(W + "left")) - int(margins.get(W + "right"))) / 20
    text = min(width_of(paper.subject[-1].text, max(paper.subject[-1].sizes())), line)
    return 0.32 <= rule.length() / text <= 0.51  # a space is the smallest step


@attribute("II.5", "công văn: \"V/v ...\" dưới số, cỡ 12-13, đứng, canh giữa")
def about_format(paper):
    one = paper.about
    return one is None or (one.text.startswith("V/v ") and not one.text.endswith(".") and one.size_in(12, 13) and one.is_upright()
                           and one.is_centred())


@attribute("II.6", "căn cứ in nghiêng, mỗi dòng hết bằng \";\", dòng cuối \".\"")
def bases_format(paper):
    return all(one.is_on("i") is True for one in paper.bases) and all(
        one.text.endswith("." if one is paper.bases[-1] else ";") for one in paper.bases)


@attribute("II.6", "nội dung cỡ 13-14")
def body_size(paper):
    return all(one.size_in(13, 14) for one in paper.text)


@attribute("II.6", "nội dung kiểu đứng")
def body_upright(paper):
    return all(one.is_upright() for one in paper.text)


@attribute("II.6", "nội dung canh đều hai lề")
def body_justified(paper):
    return all(one.property("jc") == "both" for one in paper.text)


@attribute("II.6", "đầu đoạn lùi vào 1 cm hoặc 1,27 cm")
def body_indent(paper):
    return all(within(int(one.property("ind", "firstLine") or 0) / TWIPS_MM, low, low) for one in paper.text
               for low in [10 if int(one.property("ind", "firstLine") or 0) < 640 else 12.7])


@attribute("II.6", "các đoạn cách nhau ít nhất 6 pt")
def body_spacing(paper):
    return all(int(one.property("spacing", "after") or 0) + int(one.property("spacing", "before") or 0) >= 120 for one in paper.text)


@attribute("II.6", "cách dòng từ đơn đến 1,5")
def body_lines(paper):
    return all(one.property("spacing", "lineRule") in (None, "auto") and 240 <= int(one.property("spacing", "line") or 240) <= 360
               for one in paper.text)


@attribute("II.6", "điểm theo chữ cái tiếng Việt: a, b, c, d, đ, e, g (không có f, j, w, z)")
def points_lettered(paper):
    expected = 0
    for one in paper.text:
        match = re.match(r"(\w{1,2})\) ", one.text)
        if not match:
            if re.match(r"\d+\. |[IVX]+\. ", one.text):
                expected = 0
            continue
        if match.group(1) == "a":
            expected = 0
        if expected >= len(LETTERS) or match.group(1) != LETTERS[expected]:
            return False
        expected += 1
    return True


@attribute("II.7", "quyền hạn, chức vụ người ký viết hoa, đậm, đứng, cỡ 13-14, canh giữa")
def signer_title(paper):
    titles = [one for signature in paper.signatures for one in signature[:-1] if not one.text.startswith("(")]
    return all(one.text == one.text.upper() and one.is_on("b") is True and one.is_upright() and one.size_in(13, 14)
               and one.is_centred() for one in titles)


@attribute("II.7", "TM., KT., TL., TUQ., Q. trước chức vụ, có dấu chấm và cách chữ")
def signer_prefix(paper):
    titles = [one.text for signature in paper.signatures for one in signature[:-1]]
    return all(re.match(r"(TM|KT|TL|TUQ|Q)\. \S", one) or not re.match(r"(TM|KT|TL|TUQ|Q)\b", one) for one in titles)


@attribute("II.7", "họ tên người ký đậm, đứng, cỡ 13-14, không viết hoa cả")
def signer_name(paper):
    return all(signature and signature[-1].is_on("b") is True and signature[-1].is_upright() and signature[-1].size_in(13, 14)
               and signature[-1].text != signature[-1].text.upper() for signature in paper.signatures)


@attribute("II.9", "\"Kính gửi:\" cỡ 13-14, kiểu đứng")
def addressees_size(paper):
    return all(one.size_in(13, 14) and one.is_upright() for one in paper.to)


@attribute("II.9", "nhiều nơi gửi: mỗi nơi một dòng, \"- ...;\", dòng cuối \".\"")
def addressees_form(paper):
    lines = paper.to[1:]
    return all(one.text.startswith("- ") and one.text.endswith("." if one is lines[-1] else ";") for one in lines)


@attribute("II.9", "\"Nơi nhận:\" cỡ 12, nghiêng, đậm")
def recipients_heading(paper):
    one = paper.recipients[0]
    return one.sizes() == {12} and one.is_on("b") is True and one.is_on("i") is True


@attribute("II.9", "danh sách nơi nhận cỡ 11, kiểu đứng")
def recipients_size(paper):
    return all(one.sizes() == {11} and one.is_upright() and one.is_on("b") is False for one in paper.recipients[1:])


@attribute("II.9", "nơi nhận: \"- ...;\"")
def recipients_form(paper):
    return all(one.text.startswith("- ") and one.text.endswith(";") for one in paper.recipients[1:-1])


@attribute("II.9", "dòng cuối \"- Lưu: VT, ... .\"")
def recipients_kept(paper):
    return re.fullmatch(r"- Lưu: VT(, [^;]+)?\.", paper.recipients[-1].text) is not None


def check(data):
    """The names of the attributes that the paper does not obey."""
    paper = Paper(data).read()
    return [name for name, (_, _, function) in ATTRIBUTES.items() if not function(paper)]


# ---- self-test: one breakage per attribute; None where a paper has no such part
def set_run(paragraph, name, **values):
    for run in paragraph.runs:
        properties = run.find(W + "rPr")
        if properties is None:
            properties = ElementTree.Element(W + "rPr")
            run.insert(0, properties)
        for old in properties.findall(W + name):
            properties.remove(old)
        ElementTree.SubElement(properties, W + name, {W + key: value for key, value in values.items()})


def set_own(paragraph, name, **values):
    properties = paragraph.node.find(W + "pPr")
    for old in properties.findall(W + name):
        properties.remove(old)
    ElementTree.SubElement(properties, W + name, {W + key: value for key, value in values.items()})


def set_text(paragraph, text):
    for number, run in enumerate(paragraph.runs):
        for one in run.iter(W + "t"):
            one.text = text if number == 0 else ""


def margin(key, mm):
    return lambda paper: paper.section.find(W + "pgMar").set(W + key, str(round(mm * TWIPS_MM)))


def on(part, act, *arguments, **values):
    """Does `act` to a part of the paper, to the last one of a list; None: the paper has no such part."""
    def breaks(paper):
        found = part(paper)
        if isinstance(found, list):
            found = found[-1] if found else None
        if found is None:
            return False
        return act(found, *[one(found) if callable(one) else one for one in arguments], **values)
    return breaks


def third_column(paper):
    row = paper.head.find(W + "tr")
    middle = copy.deepcopy(row.findall(W + "tc")[0])
    row.insert(list(row).index(row.findall(W + "tc")[-1]), middle)


def two_points(paper):
    points = [one for one in paper.text if re.match(r"\w{1,2}\) ", one.text)]
    if not points:
        return False
    return set_text(points[-1], re.sub(r"^\w{1,2}\)", "f)", points[-1].text))


def add_base(text):
    def breaks(paper):
        if not paper.text:
            return False
        node = copy.deepcopy(paper.text[0].node)
        paper.body.insert(list(paper.body).index(paper.text[0].node), node)
        one = Paragraph(paper, node)
        set_text(one, text)
        return None
    return breaks


def no_first_header(paper):
    paper.section.remove(paper.section.find(W + "titlePg"))


def page_format(paper):
    paper.section.find(W + "pgNumType").set(W + "fmt", "lowerRoman")


BREAKS = {
    "page_size": lambda paper: paper.section.find(W + "pgSz").set(W + "w", str(round(216 * TWIPS_MM))),
    "margin_top": margin("top", 15), "margin_bottom": margin("bottom", 26), "margin_left": margin("left", 25),
    "margin_right": margin("right", 22),
    "font": on(lambda p: p.text, set_run, "rFonts", ascii="Arial", hAnsi="Arial", cs="Arial", eastAsia="Arial"),
    "colour": on(lambda p: p.text, set_run, "color", val="0000FF"),
    "unicode_composed": on(lambda p: p.text, set_text, lambda one: unicodedata.normalize("NFD", one.text + " ế")),
    "page_number_there": page_format,
    "page_number_centred": on(page_number, set_own, "jc", val="right"),
    "page_number_size": on(page_number, set_run, "sz", val="22"),
    "page_number_not_first": no_first_header,
    "head_columns": third_column,
    "country_text": on(lambda p: p.country, set_text, COUNTRY.replace("HÒA", "HOÀ")),
    "country_size": on(lambda p: p.country, set_run, "sz", val="28"),
    "country_bold": on(lambda p: p.country, set_run, "b", val="0"),
    "country_centred": on(lambda p: p.country, set_own, "jc", val="left"),
    "motto_text": on(lambda p: p.motto, set_text, MOTTO.replace(" - ", "-")),
    "motto_size": on(lambda p: p.motto, set_run, "i", val="1"),
    "motto_bold": on(lambda p: p.motto, set_run, "b", val="0"),
    "motto_rule": on(lambda p: p.motto_rule, set_text, "\u00a0" * 40),
    "agency_capitals": on(lambda p: p.agency, set_text, lambda one: one.text[:-1] + one.text[-1].lower()),
    "agency_size": on(lambda p: p.agency, set_run, "i", val="1"),
    "agency_bold": on(lambda p: p.agency, set_run, "b", val="0"),
    "agency_above_plain": on(lambda p: p.above, set_run, "b"),
    "agency_rule": on(lambda p: p.agency_rule, set_text, "\u00a0" * 90),
    "number_size": on(lambda p: p.number, set_run, "sz", val="28"),
    "number_form": on(lambda p: p.number, set_text, lambda one: re.sub(r"Số: \d+", "Số: 5", one.text)),
    "number_symbol": on(lambda p: p.number, set_text, lambda one: one.text.replace("-", " - ")),
    "place_date_form": on(lambda p: p.place_date, set_text, lambda one: re.sub(r"ngày \d+", "ngày 3", one.text)),
    "place_date_italic": on(lambda p: p.place_date, set_run, "i", val="0"),
    "place_date_size": on(lambda p: p.place_date, set_run, "sz", val="24"),
    "type_format": on(lambda p: p.type, set_run, "b", val="0"),
    "subject_format": on(lambda p: p.subject, set_run, "i"),
    "subject_rule": on(lambda p: p.subject_rule, set_text, "\u00a0" * 5),
    "about_format": on(lambda p: p.about, set_run, "sz", val="28"),
    "bases_format": add_base("Căn cứ Luật An ninh mạng;"),
    "body_size": on(lambda p: p.text, set_run, "sz", val="24"),
    "body_upright": on(lambda p: p.text, set_run, "i"),
    "body_justified": on(lambda p: p.text, set_own, "jc", val="left"),
    "body_indent": on(lambda p: p.text, set_own, "ind", firstLine="0"),
    "body_spacing": on(lambda p: p.text, set_own, "spacing", before="0", after="60"),
    "body_lines": on(lambda p: p.text, set_own, "spacing", line="480", lineRule="auto"),
    "points_lettered": two_points,
    "signer_title": on(lambda p: p.signatures[-1][:1], set_run, "b", val="0"),
    "signer_prefix": on(lambda p: p.signatures[-1][:1], set_text, "KT GIÁM ĐỐC"),
    "signer_name": on(lambda p: p.signatures[-1], set_text, lambda one: one.text.upper()),
    "addressees_size": on(lambda p: p.to, set_run, "sz", val="24"),
    "addressees_form": on(lambda p: p.to[1:], set_text, lambda one: one.text[:-1]),
    "recipients_heading": on(lambda p: p.recipients[:1], set_run, "i", val="0"),
    "recipients_size": on(lambda p: p.recipients, set_run, "sz", val="24"),
    "recipients_form": on(lambda p: p.recipients[1:-1], set_text, lambda one: one.text[:-1]),
    "recipients_kept": on(lambda p: p.recipients, set_text, "- Lưu: CNTT."),
}


def self_test(papers):
    """papers: {name: bytes}. Every attribute is broken in every paper that has the part, and in one at least."""
    mistakes = [f"no breakage for {name}" for name in set(ATTRIBUTES) ^ set(BREAKS)]
    seen = set()
    for label, data in papers.items():
        for name, breaks in BREAKS.items():
            paper = Paper(data).read()
            if breaks(paper) is False:
                continue
            seen.add(name)
            found = check(paper.save())
            if found != [name]:
                mistakes.append(f"{label}: {name} broken, reported: {', '.join(found) or 'nothing'}")
    mistakes += [f"{name}: no paper has it" for name in BREAKS if name not in seen]
    return mistakes


def main():
    arguments = sys.argv[1:]
    if arguments == ["--list"]:
        for name, (clause, what, _) in ATTRIBUTES.items():
            print(f"{name:24} phụ lục I, phần I, {clause:5} {what}")
        return 0
    testing = arguments[:1] == ["--self-test"]
    papers = {name: open(name, "rb").read() for name in arguments[testing:]}
    if not papers:
        print(__doc__)
        return 2
    wrong = []
    for label, data in papers.items():
        try:
            found = check(data)
        except (AttributeError, IndexError, KeyError, StopIteration, TypeError, zipfile.BadZipFile):
            wrong.append(f"{label}: no official paper: it needs a table with agency and Quốc hiệu, and one with \"Nơi nhận:\"")
            continue
        for name in found:
            clause, what, _ = ATTRIBUTES[name]
            wrong.append(f"{label}: {name} (phụ lục I, phần I, {clause}): {what}")
    if testing and not wrong:
        wrong = self_test(papers)
    print("\n".join(wrong) if wrong else f"layout: {len(papers)} papers, {len(ATTRIBUTES)} attributes, no deviation"
          + (f", {len(BREAKS)} breakages found" if testing else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

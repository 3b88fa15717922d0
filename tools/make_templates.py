#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the templates of papers: packs/base/documents/*.docx, in the layout of Nghị định 30/2020/NĐ-CP, phụ lục I.

usage: make_templates.py          writes them
       make_templates.py --check  exit 1 if a committed file is not what this makes

An office changes a template in Word and puts it into its own pack; this tool is for what the base pack brings along.
The same tool gives the same bytes. Marks in {{...}}: docs/packs.md. What a paper must hold: its .yaml beside it.
Standard library only."""
import html
import io
import pathlib
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "packs" / "base" / "documents"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def twips(mm):
    return round(mm / 25.4 * 1440)


# ---- layout (phụ lục I phần I): A4, margins within 20-25, 30-35, 15-20 mm
PAGE = (twips(210), twips(297))
TOP, BOTTOM, LEFT, RIGHT = twips(20), twips(20), twips(30), twips(15)
WIDTH = PAGE[0] - LEFT - RIGHT
LEFT_COLUMN = twips(70)  # of the head: the agency; the state's title beside it
HALF = WIDTH // 2
MOTTO = "Độc lập - Tự do - Hạnh phúc"
MOTTO_RULE = "\u00a0" * 80  # as long as the motto: 12.24 x 13 points, a space of 8 points has 2

# id: (name in Word, paragraph properties, size in half points, bold, italic)
CENTRE = '<w:jc w:val="center"/>'
RULE = '<w:spacing w:before="0" w:after="0" w:line="160" w:lineRule="exact"/>' + CENTRE
STYLES = {
    "QuocHieu": ("Quốc hiệu", CENTRE, 24, True, False),
    "TieuNgu": ("Tiêu ngữ", CENTRE, 26, True, False),
    "CoQuanCapTren": ("Cơ quan cấp trên", CENTRE, 24, False, False),
    "CoQuan": ("Cơ quan ban hành", CENTRE, 24, True, False),
    "DuongKe": ("Đường kẻ", RULE, 16, False, False),
    "DuongKeTrichYeu": ("Đường kẻ dưới trích yếu", RULE.replace('w:after="0"', 'w:after="120"'), 16, False, False),
    "SoKyHieu": ("Số, ký hiệu", '<w:spacing w:before="60"/>' + CENTRE, 26, False, False),
    "VeViec": ("Về việc", '<w:spacing w:before="120"/><w:ind w:left="113" w:right="113"/>' + CENTRE, 24, False, False),
    "DiaDanhNgay": ("Địa danh và ngày", '<w:spacing w:before="60"/>' + CENTRE, 26, False, True),
    "TenLoai": ("Tên loại", '<w:keepNext/><w:spacing w:before="240"/>' + CENTRE, 28, True, False),
    "TrichYeu": ("Trích yếu", '<w:keepNext/>' + CENTRE, 28, True, False),
    "KinhGui": ("Kính gửi", '<w:spacing w:before="240" w:after="120"/>' + CENTRE, 28, False, False),
    "KinhGuiNhieu": ("Kính gửi, dòng", '<w:spacing w:after="120"/><w:ind w:left="2835" w:hanging="284"/>', 28, False, False),
    "CanCu": ("Căn cứ", '<w:spacing w:after="120"/><w:ind w:firstLine="720"/><w:jc w:val="both"/>', 28, False, True),
    "NoiDung": ("Nội dung", '<w:spacing w:after="120"/><w:ind w:firstLine="720"/><w:jc w:val="both"/>', 28, False, False),
    "NoiDungCuoi": ("Nội dung, đoạn cuối", '<w:keepNext/><w:keepLines/><w:spacing w:after="120"/><w:ind w:firstLine="720"/>'
                    '<w:jc w:val="both"/>', 28, False, False),
    "Muc": ("Mục", '<w:keepNext/><w:spacing w:before="60" w:after="120"/><w:ind w:firstLine="720"/><w:jc w:val="both"/>', 28, True,
            False),
    "OBang": ("Ô của bảng", '<w:spacing w:before="40" w:after="40"/>', 24, False, False),
    "OBangGiua": ("Ô của bảng, giữa", '<w:spacing w:before="40" w:after="40"/>' + CENTRE, 24, False, False),
    "TieuDeBang": ("Tiêu đề bảng", '<w:keepNext/><w:spacing w:before="40" w:after="40"/>' + CENTRE, 24, True, False),
    "NoiNhan": ("Nơi nhận", "", 24, True, True),
    "NoiNhanMuc": ("Nơi nhận, dòng", "", 22, False, False),
    "QuyenHan": ("Quyền hạn, chức vụ", '<w:keepNext/>' + CENTRE, 28, True, False),
    "HoTen": ("Họ tên người ký", '<w:spacing w:before="1500"/>' + CENTRE, 28, True, False),
    "GhiChuKy": ("Ghi chú chỗ ký", '<w:keepNext/>' + CENTRE, 26, False, True),
    "DienTap": ("Diễn tập", CENTRE, 26, True, False),
    "SoTrang": ("Số trang", CENTRE, 26, False, False),
    "Cach": ("Cách dòng", '<w:keepNext/><w:spacing w:line="200" w:lineRule="exact"/>', 16, False, False),
    "SauBang": ("Cách sau bảng", '<w:spacing w:line="120" w:lineRule="exact"/>', 8, False, False),
    "Cuoi": ("Cuối trang ký", '<w:spacing w:line="20" w:lineRule="exact"/>', 2, False, False),
}
FONT = '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="Times New Roman" w:cs="Times New Roman"/>'


def run_properties(size, bold, italic, extra=""):
    bold = "<w:b/><w:bCs/>" if bold else ""
    italic = "<w:i/><w:iCs/>" if italic else ""
    return f'<w:rPr>{FONT}{bold}{italic}<w:color w:val="000000"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/>{extra}</w:rPr>'


def styles_xml():
    out = [f'{DECLARATION}<w:styles xmlns:w="{W}"><w:docDefaults><w:rPrDefault><w:rPr>{FONT}<w:color w:val="000000"/><w:sz w:val="28"/>'
           '<w:szCs w:val="28"/><w:lang w:val="vi-VN" w:eastAsia="en-US" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>'
           '<w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>'
           '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>'
           '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont"><w:name w:val="Default Paragraph Font"/>'
           '<w:uiPriority w:val="1"/><w:semiHidden/></w:style>'
           '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:uiPriority w:val="99"/>'
           '<w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/>'
           '<w:left w:w="0" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr>'
           '</w:style>']
    for style, (name, paragraph, size, bold, italic) in STYLES.items():
        out.append(f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{style}"><w:name w:val="{name}"/>'
                   f'<w:basedOn w:val="Normal"/><w:qFormat/><w:pPr>{paragraph}</w:pPr>{run_properties(size, bold, italic)}</w:style>')
    return "".join(out) + "</w:styles>"


# ---- pieces
def run(text, extra=""):
    properties = f"<w:rPr>{extra}</w:rPr>" if extra else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{html.escape(text, quote=False)}</w:t></w:r>'


def p(style, *texts, underline=False):
    """A paragraph; a text in a tuple is bold."""
    extra = '<w:u w:val="single"/>' if underline else ""
    runs = [run(one[0], "<w:b/><w:bCs/>") if isinstance(one, tuple) else run(one, extra) for one in texts]
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{"".join(runs)}</w:p>'


def cell(width, *paragraphs):
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{"".join(paragraphs)}</w:tc>'


def table(widths, *rows, borders=False, head=0):
    lines = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
                    for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    room = 85 if borders else 0
    margins = f'<w:tblCellMar><w:left w:w="{room}" w:type="dxa"/><w:right w:w="{room}" w:type="dxa"/></w:tblCellMar>'
    properties = (f'<w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>{f"<w:tblBorders>{lines}</w:tblBorders>" if borders else ""}'
                  f'<w:tblLayout w:type="fixed"/>{margins}</w:tblPr>')
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    out = []
    for number, cells in enumerate(rows):
        header = "<w:tblHeader/>" if number < head else ""
        out.append(f'<w:tr><w:trPr><w:cantSplit/>{header}</w:trPr>'
                   + "".join(cell(width, *(one if isinstance(one, list) else [one])) for width, one in zip(widths, cells)) + "</w:tr>")
    return f'<w:tbl>{properties}<w:tblGrid>{grid}</w:tblGrid>{"".join(out)}</w:tbl>'


def rows_of(name, titles, widths, cells):
    """A table with one row per item of a list: it opens in the first cell and closes in the last."""
    cells = list(cells)
    cells[0] = f"{{{{#each {name}}}}}{cells[0]}"
    cells[-1] = f"{cells[-1]}{{{{/each}}}}"
    return table(widths, [p("TieuDeBang", one) for one in titles],
                 [p("OBangGiua", cells[0])] + [p("OBang", one) for one in cells[1:]], borders=True, head=1)


def head(letter=False, day=True):
    """Agency, number and (of an official letter) what it is about; the state's title, motto, place and day."""
    left = [p("CoQuanCapTren", "{{#if paper.agency_above}}{{paper.agency_above}}{{/if}}"), p("CoQuan", "{{paper.agency}}"),
            p("DuongKe", "{{paper.agency_rule}}", underline=True), p("SoKyHieu", "{{paper.number_line}}")]
    if letter:
        left.append(p("VeViec", "{{paper.about}}"))
    right = [p("QuocHieu", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), p("TieuNgu", MOTTO), p("DuongKe", MOTTO_RULE, underline=True)]
    if day:
        right.append(p("DiaDanhNgay", "{{paper.place_date}}"))
    return table([LEFT_COLUMN, WIDTH - LEFT_COLUMN], [left, right])


def title():
    return p("TenLoai", "{{paper.type}}") + p("TrichYeu", "{{paper.subject}}") + p("DuongKeTrichYeu", "{{paper.subject_rule}}", underline=True)


def addressees():
    return (p("KinhGui", "{{#if paper.addressee}}Kính gửi: {{paper.addressee}}{{/if}}")
            + p("KinhGui", "{{#if paper.addressees}}Kính gửi:{{/if}}") + p("KinhGuiNhieu", "{{#each paper.addressees}}{{.}}{{/each}}"))


def recipients():
    return [p("NoiNhan", "Nơi nhận:"), p("NoiNhanMuc", "{{#each paper.recipients}}{{.}}{{/each}}")]


def signature():
    return p("Cach") + table([HALF, WIDTH - HALF], [recipients(), [p("QuyenHan", "{{#each paper.signer.lines}}{{.}}{{/each}}"),
                                                       p("HoTen", "{{paper.signer.name}}")]])


def body(*texts):
    return "".join(one if one.startswith("<w:") else p("NoiDung", one) for one in texts)


def heading(text):
    return p("Muc", text)


def last(text):
    """Stays on the page of the signature: no page holds a signature only."""
    return p("NoiDungCuoi", text)


# ---- papers
def initial_report():
    told = rows_of("told", ["STT", "Nơi nhận thông báo", "Thời gian", "Hình thức"], [680, 4400, 2200, WIDTH - 7280],
                   ["{{@number}}", "{{name}}", "{{at}}", "{{channel}}"])
    return (head() + title() + addressees() + body(
        heading("1. Đơn vị báo cáo"),
        "a) Tên đơn vị: {{reporter.name}}. Địa chỉ: {{reporter.address}}.",
        "b) Điện thoại: {{reporter.phone}}. Thư điện tử: {{reporter.email}}.",
        "c) Người liên hệ: {{contact.name}}{{#if contact.title}}, {{contact.title}}{{/if}}. Điện thoại: {{contact.phone}}. "
        "Thư điện tử: {{contact.email}}.",
        heading("2. Hệ thống thông tin gặp sự cố"),
        "a) Tên hệ thống: {{system.name}}{{#if system.level}}, cấp độ {{system.level}}{{/if}}. Mục đích sử dụng: {{system.purpose|chưa rõ}}.",
        "b) Đơn vị vận hành: {{system.operator}}. Cơ quan chủ quản: {{system.owner|chưa rõ}}.",
        "c) Đơn vị cung cấp dịch vụ an toàn thông tin: {{system.security_provider|chưa rõ}}. Nhà cung cấp kết nối: {{system.internet_provider|chưa rõ}}.",
        "d) Hệ điều hành: {{system.os|chưa rõ}}. Dịch vụ trên hệ thống: {{system.services|chưa rõ}}. Biện pháp bảo vệ đã có: {{system.protection|chưa rõ}}.",
        "đ) Địa chỉ IP công cộng: {{system.public_addresses|không có}}.",
        "e) Tên miền: {{system.domains|không có}}.",
        heading("3. Sự cố"),
        "a) Phát hiện lúc {{incident.detected_at}}. Cách phát hiện: {{incident.found_how}}.",
        "b) Mô tả sơ bộ:", "{{incident.description}}",
        "c) Hiện trạng: {{incident.state}}.",
        heading("4. Đã thông báo cho"),
        told, p("SauBang"),
        heading("5. Kiến nghị"),
        "{{proposal|Không có kiến nghị.}}",
        p("Muc", "{{#if attachments}}6. Tài liệu gửi kèm{{/if}}"),
        "{{#each attachments}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        "{{#if confidential}}Đề nghị nơi nhận giữ bí mật các thông tin trong báo cáo này.{{/if}}",
        last("Thời điểm lập báo cáo: {{reported_at}}.")) + signature())


def final_report():
    timeline = rows_of("timeline", ["STT", "Thời gian", "Diễn biến, việc đã làm", "Người thực hiện"], [680, 2000, 4475, WIDTH - 7155],
                       ["{{@number}}", "{{at}}", "{{what}}", "{{by}}"])
    return (head() + title() + addressees() + body(
        "Tiếp theo Báo cáo số {{initial.number}} ngày {{initial.date}}, {{reporter.name}} báo cáo kết quả ứng phó sự cố như sau:",
        heading("1. Thông tin chung"),
        "a) Đơn vị báo cáo: {{reporter.name}}. Địa chỉ: {{reporter.address}}. Điện thoại: {{reporter.phone}}.",
        "b) Hệ thống: {{system.name}}{{#if system.level}}, cấp độ {{system.level}}{{/if}}.",
        "c) Sự cố: {{incident.title}}. Phát hiện lúc {{incident.detected_at}}; kết thúc lúc {{incident.closed_at}}.",
        heading("2. Diễn biến và các việc đã làm"),
        timeline, p("SauBang"),
        heading("3. Nguyên nhân"), "{{incident.cause}}",
        heading("4. Kết quả xử lý và thiệt hại"), "{{incident.result}}", "{{#if incident.damage}}Thiệt hại: {{incident.damage}}.{{/if}}",
        heading("5. Bài học và kiến nghị"), "{{lessons}}", "{{#if proposal}}{{proposal}}{{/if}}",
        p("Muc", "{{#if attachments}}6. Tài liệu gửi kèm{{/if}}"),
        "{{#each attachments}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        last("Trên đây là kết quả ứng phó sự cố, {{reporter.name}} trân trọng báo cáo.")) + signature())


def request():
    return (head(letter=True) + addressees() + body(
        "{{#if grounds}}{{grounds}}{{/if}}",
        "{{reporter.name}} đang xử lý sự cố an toàn thông tin tại {{system.name}}, phát hiện lúc {{incident.detected_at}}. "
        "Tình hình đến nay:",
        "{{incident.description}}",
        "Để xử lý dứt điểm sự cố, {{reporter.name}} đề nghị quý cơ quan phối hợp các nội dung sau:",
        "{{#each wanted}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        "{{#if answer_by}}Đề nghị trả lời trước {{answer_by}}.{{/if}}",
        "Đầu mối liên hệ: {{contact.name}}{{#if contact.title}}, {{contact.title}}{{/if}}, điện thoại {{contact.phone}}, "
        "thư điện tử {{contact.email}}.",
        "{{#if confidential}}Đề nghị quý cơ quan chỉ sử dụng thông tin trong văn bản này để phối hợp xử lý sự cố.{{/if}}",
        last("Trân trọng cảm ơn sự phối hợp của quý cơ quan.")) + signature())


def evidence_minute():
    items = rows_of("items", ["Ký hiệu", "Tên, loại chứng cứ", "Dung lượng", "Niêm phong", "Mã SHA-256"],
                    [960, 2500, 1250, 1300, WIDTH - 6010], ["{{number}}", "{{name}}", "{{size}}", "{{seal}}", "{{sha256}}"])
    # One row: signatures and recipients stay on one page.
    sides = table([HALF, WIDTH - HALF],
                  [[p("QuyenHan", "ĐẠI DIỆN BÊN NHẬN"), p("GhiChuKy", "(Ký, ghi rõ họ tên)"), p("HoTen", "{{receiver.name}}"), p("Cach"),
                    *recipients()],
                   [p("QuyenHan", "ĐẠI DIỆN BÊN GIAO"), p("GhiChuKy", "(Ký, ghi rõ họ tên)"), p("HoTen", "{{paper.signer.name}}")]])
    return (head(day=False) + title() + body(
        "Hôm nay, hồi {{handed_at}}, tại {{handed_place}}, chúng tôi gồm:",
        heading("I. BÊN GIAO"),
        "1. Ông (bà): {{giver.name}}. Chức vụ: {{giver.title}}.",
        "2. Cơ quan: {{giver.agency}}.",
        heading("II. BÊN NHẬN"),
        "1. Ông (bà): {{receiver.name}}. Chức vụ: {{receiver.title}}.",
        "2. Cơ quan: {{receiver.agency}}.",
        "{{#if request_number}}3. Theo đề nghị tại văn bản số {{request_number}} ngày {{request_date}}.{{/if}}",
        heading("III. CHỨNG CỨ BÀN GIAO"),
        "Hai bên giao, nhận {{count}} chứng cứ điện tử của hồ sơ {{case.number}}, chứa trong {{carrier}}:",
        items, p("SauBang"),
        "Mã xác thực cuối của sổ theo dõi chứng cứ:", "{{custody_head}}",
        "Bên nhận đã đối chiếu mã SHA-256 của từng chứng cứ trên máy của mình: {{checked}}.",
        "{{#if remarks}}Ý kiến khác: {{remarks}}.{{/if}}",
        last("Biên bản được lập thành {{copies}} bản có giá trị như nhau, mỗi bên giữ một bản; hai bên đã đọc lại và cùng ký tên."))
        + p("Cach") + sides)


PAPERS = {"bao-cao-ban-dau": initial_report, "bao-cao-ket-thuc": final_report, "de-nghi-phoi-hop": request,
          "bien-ban-ban-giao": evidence_minute}


# ---- the file
def header_xml(first):
    """Of an exercise every page says so; the first page has no number."""
    number = ('<w:p><w:pPr><w:pStyle w:val="SoTrang"/></w:pPr><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText '
              'xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2</w:t></w:r>'
              '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>')
    exercise = p("DienTap", "{{#if paper.exercise}}{{paper.exercise}}{{/if}}")
    return f'{DECLARATION}<w:hdr xmlns:w="{W}">{"" if first else number}{exercise}</w:hdr>'


def document_xml(content):
    section = ('<w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:headerReference w:type="first" r:id="rId4"/>'
               f'<w:pgSz w:w="{PAGE[0]}" w:h="{PAGE[1]}"/><w:pgMar w:top="{TOP}" w:right="{RIGHT}" w:bottom="{BOTTOM}" w:left="{LEFT}" '
               f'w:header="{twips(8)}" w:footer="{twips(10)}" w:gutter="0"/><w:pgNumType w:fmt="decimal" w:start="1"/><w:titlePg/></w:sectPr>')
    return f'{DECLARATION}<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{content}{p("Cuoi")}{section}</w:body></w:document>'


def parts_of(paper):
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml."
    types = "".join(f'<Override PartName="/word/{name}.xml" ContentType="{kind}{what}+xml"/>' for name, what in (
        ("document", "document.main"), ("styles", "styles"), ("settings", "settings"), ("header1", "header"), ("header2", "header")))
    links = "".join(f'<Relationship Id="rId{number}" Type="{R}/{what}" Target="{name}.xml"/>' for number, what, name in (
        (1, "styles", "styles"), (2, "settings", "settings"), (3, "header", "header1"), (4, "header", "header2")))
    return {
        "[Content_Types].xml": f'{DECLARATION}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
                               f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                               f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": f'{DECLARATION}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
                       f'Type="{R}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": document_xml(PAPERS[paper]()),
        "word/_rels/document.xml.rels": f'{DECLARATION}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
        "word/styles.xml": styles_xml(),
        "word/settings.xml": f'{DECLARATION}<w:settings xmlns:w="{W}"><w:zoom w:percent="100"/><w:defaultTabStop w:val="720"/>'
                             '<w:characterSpacingControl w:val="doNotCompress"/><w:compat><w:compatSetting w:name="compatibilityMode" '
                             'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>',
        "word/header1.xml": header_xml(False),
        "word/header2.xml": header_xml(True),
    }


def make(paper):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts_of(paper).items():
            # Stored, not packed: the bytes do not depend on the version of zlib.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text.encode("utf-8"))
    return out.getvalue()


def main():
    wrong = 0
    for paper in PAPERS:
        path = OUT / f"{paper}.docx"
        made = make(paper)
        if sys.argv[1:] == ["--check"]:
            same = path.exists() and path.read_bytes() == made
            wrong += not same
            print(f"{path.relative_to(ROOT)}: {'as made' if same else 'differs: run tools/make_templates.py'}")
        else:
            OUT.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made)
            print(path.relative_to(ROOT))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

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
    "MenhLenh": ("Quyết định, mệnh lệnh", '<w:keepNext/><w:spacing w:before="120" w:after="120"/>' + CENTRE, 28, True, False),
    "BieuDo": ("Biểu đồ", '<w:keepNext/><w:spacing w:before="60" w:after="120"/>' + CENTRE, 28, False, False),
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


def rows_of(name, titles, widths, cells, first="OBangGiua"):
    """A table with one row per item of a list: it opens in the first cell and closes in the last."""
    cells = list(cells)
    cells[0] = f"{{{{#each {name}}}}}{cells[0]}"
    cells[-1] = f"{cells[-1]}{{{{/each}}}}"
    return table(widths, [p("TieuDeBang", one) for one in titles],
                 [p(first, cells[0])] + [p("OBang", one) for one in cells[1:]], borders=True, head=1)


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


def sides(left, left_name, right, right_name):
    """Two sides sign a minute. One row: signatures and recipients stay on one page."""
    return table([HALF, WIDTH - HALF],
                 [[p("QuyenHan", left), p("GhiChuKy", "(Ký, ghi rõ họ tên)"), p("HoTen", left_name), p("Cach"), *recipients()],
                  [p("QuyenHan", right), p("GhiChuKy", "(Ký, ghi rõ họ tên)"), p("HoTen", right_name)]])


CONTACT = ("Đầu mối liên hệ: {{contact.name}}{{#if contact.title}}, {{contact.title}}{{/if}}, điện thoại {{contact.phone}}, "
           "thư điện tử {{contact.email}}.")


def reply():
    return (head(letter=True) + addressees() + body(
        "Phúc đáp văn bản số {{request_number}} ngày {{request_date}} của {{requester}}, {{reporter.name}} trả lời như sau:",
        "{{answer}}",
        "{{#each given}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        "{{#if not_done}}Nội dung chưa thực hiện được và lý do: {{not_done}}.{{/if}}",
        CONTACT,
        last("{{reporter.name}} trả lời để quý cơ quan phối hợp thực hiện.")) + signature())


def inspection_minute():
    checks = rows_of("checklist", ["STT", "Nội dung kiểm tra", "Kết quả", "Ghi chú"], [680, 4600, 1500, WIDTH - 6780],
                     ["{{@number}}", "{{item}}", "{{result}}", "{{note}}"])
    return (head(day=False) + title() + body(
        "{{#if plan_number}}Thực hiện văn bản số {{plan_number}}; {{/if}}hôm nay, hồi {{held_at}}, tại {{held_place}}, chúng tôi gồm:",
        heading("I. ĐOÀN KIỂM TRA"),
        "{{#each team}}{{@number}}. {{.}}{{@end}}{{/each}}",
        heading("II. ĐƠN VỊ ĐƯỢC KIỂM TRA"),
        "1. Đơn vị: {{target}}.",
        "2. Đại diện: {{target_person.name}}. Chức vụ: {{target_person.title}}.",
        heading("III. NỘI DUNG VÀ KẾT QUẢ"),
        checks, p("SauBang"),
        heading("IV. KẾT LUẬN"),
        "{{conclusions}}",
        "{{#each demands}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        "{{#if opinion}}Ý kiến của đơn vị được kiểm tra: {{opinion}}.{{/if}}",
        last("Biên bản kết thúc hồi {{ended_at}}, lập thành {{copies}} bản có giá trị như nhau; các bên đã đọc lại và cùng ký tên."))
        + p("Cach") + sides("ĐẠI DIỆN ĐƠN VỊ", "{{target_person.name}}", "TRƯỞNG ĐOÀN KIỂM TRA", "{{paper.signer.name}}"))


def warning_letter():
    return (head(letter=True) + addressees() + body(
        "{{reporter.name}} thông báo nguy cơ mất an toàn thông tin sau đây để các cơ quan, đơn vị phòng tránh:",
        heading("1. Nguy cơ"),
        "{{warning.text}}",
        heading("2. Biện pháp cần làm"),
        "{{warning.measures}}",
        p("Muc", "{{#if warning.indicators}}3. Dấu hiệu nhận biết{{/if}}"),
        "{{#each warning.indicators}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        "{{#if reply_by}}Đề nghị các cơ quan, đơn vị báo kết quả thực hiện chậm nhất ngày {{reply_by}}.{{/if}}",
        CONTACT,
        last("Đề nghị các cơ quan, đơn vị quan tâm thực hiện.")) + signature())


def meeting_minute():
    return (head(day=False) + title() + body(
        "Hôm nay, hồi {{held_at}}, tại {{held_place}}, đã họp về {{topic}}.",
        heading("I. THÀNH PHẦN"),
        "1. Chủ trì: {{chair.name}}. Chức vụ: {{chair.title}}.",
        "2. Thư ký: {{secretary.name}}. Chức vụ: {{secretary.title}}.",
        "{{#each present}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        "{{#if absent}}Vắng mặt: {{absent}}.{{/if}}",
        heading("II. NỘI DUNG"),
        "{{discussion}}",
        heading("III. KẾT LUẬN"),
        "{{#each conclusions}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        last("Cuộc họp kết thúc hồi {{ended_at}} cùng ngày. Biên bản đã đọc lại cho người dự họp cùng nghe."))
        + p("Cach") + sides("CHỦ TRÌ", "{{chair.name}}", "THƯ KÝ", "{{paper.signer.name}}"))


def proposal():
    return (head() + title() + addressees() + body(
        heading("1. Sự cần thiết"), "{{need}}",
        heading("2. Nội dung đề nghị"), "{{#each asked}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        p("Muc", "{{#if cost}}3. Kinh phí, nguồn lực{{/if}}"), "{{#if cost}}{{cost}}{{/if}}",
        "{{#each attachments}}{{@letter}}) Kèm theo: {{.}}{{@end}}{{/each}}",
        last("{{reporter.name}} kính trình xem xét, quyết định.")) + signature())


def team_decision():
    members = rows_of("members", ["STT", "Họ và tên", "Chức vụ, đơn vị", "Nhiệm vụ trong đội"], [680, 2700, 3600, WIDTH - 6980],
                      ["{{@number}}", "{{name}}", "{{title}}", "{{duty}}"])
    return (head() + title() + p("CanCu", "{{#each bases}}Căn cứ {{.}}{{@end}}{{/each}}") + p("MenhLenh", "QUYẾT ĐỊNH:") + body(
        heading("Điều 1. Thành lập {{team}}, gồm các thành viên:"),
        members, p("SauBang"),
        heading("Điều 2. Nhiệm vụ"),
        "{{#each tasks}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        heading("Điều 3. Tổ chức thực hiện"),
        "{{#if working_rules}}{{working_rules}}{{/if}}",
        last("Quyết định này có hiệu lực kể từ ngày {{in_force}}. Các cơ quan, đơn vị liên quan và các thành viên nêu tại Điều 1 chịu trách nhiệm "
             "thi hành Quyết định này.")) + signature())


def progress_report():
    timeline = rows_of("timeline", ["STT", "Thời gian", "Diễn biến, việc đã làm", "Người thực hiện"], [680, 2000, 4475, WIDTH - 7155],
                       ["{{@number}}", "{{at}}", "{{what}}", "{{by}}"])
    return (head() + title() + addressees() + body(
        "{{#if initial.number}}Tiếp theo Báo cáo số {{initial.number}} ngày {{initial.date}}, {{/if}}{{reporter.name}} báo cáo diễn biến sự cố "
        "đến {{as_of}} như sau:",
        heading("1. Thông tin chung"),
        "a) Hệ thống: {{system.name}}{{#if system.level}}, cấp độ {{system.level}}{{/if}}.",
        "b) Sự cố: {{incident.title}}. Phát hiện lúc {{incident.detected_at}}.",
        "c) Loại sự cố: {{incident.category|chưa xác định}}. Mức độ: {{incident.severity|chưa xác định}}.",
        "d) Hiện trạng: {{incident.state}}.",
        heading("2. Diễn biến và các việc đã làm"),
        timeline, p("SauBang"),
        heading("3. Ảnh hưởng, thiệt hại đến nay"), "{{incident.damage}}",
        heading("4. Việc làm tiếp"),
        "{{#each next}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        "{{#if expected_end}}Dự kiến xử lý xong: {{expected_end}}.{{/if}}",
        heading("5. Kiến nghị"), "{{proposal|Không có kiến nghị.}}",
        p("Muc", "{{#if attachments}}6. Tài liệu gửi kèm{{/if}}"),
        "{{#each attachments}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        last(CONTACT)) + signature())


def shift_handover():
    cases = rows_of("cases", ["STT", "Sự cố", "Cơ quan", "Đang ở bước", "Hạn gần nhất"], [680, 3000, 2200, 1800, WIDTH - 7680],
                    ["{{@number}}", "{{title}}", "{{agency}}", "{{step}}", "{{due}}"])
    requests = rows_of("requests", ["STT", "Nội dung", "Bên đề nghị", "Gửi đến", "Gửi lúc", "Tình trạng"],
                       [680, 2600, 1800, 1700, 1300, WIDTH - 8080],
                       ["{{@number}}", "{{wanted}}", "{{from}}", "{{to}}", "{{sent}}", "{{state}}"])
    return (head(day=False) + title() + body(
        "Hôm nay, hồi {{handed_at}}, tại {{handed_place}}, đã bàn giao ca trực ngày {{shift.day}}{{#if shift.hours}} ({{shift.hours}}){{/if}} của "
        "{{agency_name}}.",
        heading("I. NGƯỜI GIAO, NHẬN CA"),
        "1. Người giao ca: {{giver.name}}.",
        "2. Người nhận ca: {{receiver.name}}.",
        heading("II. VIỆC ĐANG XỬ LÝ"),
        "1. Hồ sơ sự cố đang mở: {{case_count}}.",
        cases, p("SauBang"),
        "2. Đề nghị phối hợp chưa xong: {{request_count}}.",
        requests, p("SauBang"),
        "{{#if pending}}3. Văn bản chờ ký, máy đang cách ly:{{/if}}",
        "{{#each pending}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        heading("III. VIỆC TRONG CA, VIỆC CÒN LẠI"),
        "{{notes}}",
        "{{#if remarks}}Ý kiến của người nhận ca: {{remarks}}.{{/if}}",
        last("Biên bản được lập thành {{copies}} bản có giá trị như nhau; hai bên đã đọc lại và cùng ký tên."))
        + p("Cach") + sides("NGƯỜI NHẬN CA", "{{receiver.name}}", "NGƯỜI GIAO CA", "{{paper.signer.name}}"))


def isolation_order():
    stays = rows_of("stays_up", ["STT", "Chiều", "Địa chỉ", "Cổng", "Giao thức"], [680, 2400, 3200, 1400, WIDTH - 7680],
                    ["{{@number}}", "{{direction}}", "{{network}}", "{{port}}", "{{protocol}}"])
    return (head() + title() + p("CanCu", "{{#each bases}}Căn cứ {{.}}{{@end}}{{/each}}") + p("MenhLenh", "QUYẾT ĐỊNH:") + body(
        heading("Điều 1. {{order}} máy {{machine}} của {{agency_name}}"),
        "Người có thẩm quyền ra lệnh: {{ordered_by}}. Thời điểm ra lệnh: {{issued_at}}.{{#if incident}} Sự cố: {{incident}}.{{/if}}",
        "Lý do:", "{{reason}}",
        heading("Điều 2. Dịch vụ phải giữ và cân nhắc"),
        "{{weighed|Không có dịch vụ nào phải giữ.}}",
        "{{#if stays_up}}Các kết nối được giữ khi máy bị cách ly:{{/if}}",
        stays, p("SauBang"),
        heading("Điều 3. Tổ chức thực hiện"),
        "Người thực hiện: {{executor}}.{{#if handed_out_at}} Máy nhận lệnh lúc {{handed_out_at}}.{{/if}}{{#if finished_at}} Thực hiện xong lúc "
        "{{finished_at}}.{{/if}}",
        last("Quyết định này có hiệu lực kể từ thời điểm ra lệnh. {{agency_name}} và người thực hiện nêu trên chịu trách nhiệm thi hành Quyết định "
             "này.")) + signature())


def personal_data_notice():
    return (head() + title() + addressees() + body(
        heading("1. Bên thông báo"),
        "a) Tên: {{reporter.name}}. Địa chỉ: {{reporter.address}}.",
        "b) Người phụ trách bảo vệ dữ liệu cá nhân: {{contact.name}}{{#if contact.title}}, {{contact.title}}{{/if}}. Điện thoại: {{contact.phone}}. "
        "Thư điện tử: {{contact.email}}.",
        "c) Vai trò đối với dữ liệu: {{role}}.",
        heading("2. Vi phạm"),
        "a) Thời điểm xảy ra: {{happened_at|chưa rõ}}. Thời điểm phát hiện: {{found_at}}.",
        "b) Nơi xảy ra: {{place}}.",
        "c) Hành vi, diễn biến:", "{{description}}",
        heading("3. Dữ liệu và người bị ảnh hưởng"),
        "a) Loại dữ liệu: {{data_kinds}}.",
        "b) Số người bị ảnh hưởng: {{people}}.",
        heading("4. Hậu quả và biện pháp"),
        "a) Hậu quả, thiệt hại: {{damage}}.",
        "b) Biện pháp đã và sẽ thực hiện:", "{{measures}}",
        "{{#if late_reason}}Lý do thông báo sau 72 giờ: {{late_reason}}.{{/if}}",
        p("Muc", "{{#if attachments}}5. Tài liệu gửi kèm{{/if}}"),
        "{{#each attachments}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        last("{{reporter.name}} chịu trách nhiệm về nội dung thông báo này.")) + signature())


def ranking_sheet():
    rows = rows_of("ranking", ["Hạng", "Cơ quan, đơn vị", "Điểm", "Mức"], [900, 5100, 1400, WIDTH - 7400],
                   ["{{rank}}", "{{name}}", "{{score}}", "{{class}}"])
    return (head() + title() + body(
        "{{reporter.name}} thông báo kết quả {{ranking_title}} năm {{year}} như sau:",
        rows, p("SauBang"),
        p("BieuDo", "{{#if chart}}{{chart}}{{/if}}"),
        "Tiêu chí chấm: {{basis}}.",
        "{{#if provisional}}Kết quả tạm tính đến {{as_of}}, chưa công bố.{{/if}}",
        "{{#if remarks}}{{remarks}}{{/if}}",
        last("Đơn vị không đồng ý với kết quả gửi ý kiến bằng văn bản về {{reporter.name}}.")) + signature())


def classified():
    """Incidents by the national categories and by severity."""
    categories = rows_of("categories", ["Loại sự cố", "Số lượng", "Nghiêm trọng", "Tự xử lý", "Có hỗ trợ", "Nước ngoài", "VNCERT", "Thiệt hại"],
                         [2554, 850, 1000, 800, 800, 900, 1200, WIDTH - 8104],
                         ["{{category}}", "{{count}}", "{{serious}}", "{{own}}", "{{helped}}", "{{foreign}}", "{{national}}", "{{damage}}"], "OBang")
    severities = rows_of("severities", ["Mức độ", "Số lượng"], [6480, WIDTH - 6480], ["{{severity}}", "{{count}}"], "OBang")
    return categories + p("SauBang") + severities + p("SauBang")


def incident_summary():
    return (head() + title() + addressees() + body(
        heading("Đơn vị báo cáo"),
        "a) Tên đơn vị: {{reporter.name}}. Địa chỉ: {{reporter.address}}.",
        "b) Điện thoại: {{reporter.phone}}. Thư điện tử: {{reporter.email}}.{{#if member_code}} Mã số thành viên mạng lưới: {{member_code}}.{{/if}}",
        heading("Số lượng sự cố theo loại và mức độ"),
        "Kỳ báo cáo: {{period}}. Số liệu do phần mềm tổng hợp lúc {{as_of}} (không tính diễn tập).",
        classified(),
        p("Muc", "{{#if helpers}}Tổ chức đã hỗ trợ xử lý{{/if}}"),
        "{{#each helpers}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        heading("Kiến nghị"), "{{proposal|Không có kiến nghị.}}",
        last("{{reporter.name}} trân trọng báo cáo.")) + signature())


def yearly_report():
    incidents = rows_of("incidents", ["STT", "Thời điểm", "Sự cố", "Tình trạng"], [680, 2200, 4474, WIDTH - 7354],
                        ["{{@number}}", "{{at}}", "{{title}}", "{{state}}"])
    duties = rows_of("duties", ["Kết luận", "Số nghĩa vụ", "Tỷ lệ"], [4600, 2300, WIDTH - 6900], ["{{status}}", "{{count}}", "{{share}}"])
    return (head() + title() + addressees() + body(
        heading("I. TÌNH HÌNH"),
        "1. Kỳ báo cáo: {{period}}. Số liệu do phần mềm tổng hợp lúc {{as_of}}.",
        "2. Hệ thống thông tin: {{systems}}. Máy được theo dõi: {{devices}}. Cảnh báo trong kỳ: {{alerts}}.",
        "3. Sự cố trong kỳ: {{incident_count}} (không tính diễn tập). Theo loại và mức độ:",
        classified(),
        p("BieuDo", "{{#if chart_incidents}}{{chart_incidents}}{{/if}}"),
        p("Muc", "{{#if incidents}}4. Danh sách sự cố{{/if}}"),
        incidents, p("SauBang"),
        heading("II. KẾT QUẢ THỰC HIỆN QUY ĐỊNH"),
        "Số nghĩa vụ theo quy định đang áp dụng và kết luận đến ngày tổng hợp:",
        duties, p("SauBang"),
        p("BieuDo", "{{#if chart_duties}}{{chart_duties}}{{/if}}"),
        p("Muc", "{{#if late}}Việc quá hạn{{/if}}"),
        "{{#each late}}{{@letter}}) {{.}}{{@end}}{{/each}}",
        "{{#if ranking}}Xếp hạng năm: {{ranking}}.{{/if}}",
        heading("III. ĐÁNH GIÁ, KIẾN NGHỊ"),
        "{{assessment}}",
        "{{#if plan}}Phương hướng năm sau: {{plan}}{{/if}}",
        "{{#if proposal}}Kiến nghị: {{proposal}}{{/if}}",
        last("{{reporter.name}} trân trọng báo cáo.")) + signature())


def late_list():
    rows = rows_of("late", ["STT", "Cơ quan, đơn vị", "Việc quá hạn", "Hạn", "Số ngày"], [680, 2700, 3474, 1400, WIDTH - 8254],
                   ["{{@number}}", "{{agency}}", "{{duty}}", "{{due}}", "{{days}}"])
    return (head() + title() + addressees() + body(
        "Đến {{as_of}}, có {{agency_count}} cơ quan, đơn vị còn {{duty_count}} việc quá hạn theo quy định về an toàn thông tin:",
        rows, p("SauBang"),
        "{{#if more}}Danh sách nêu các việc chậm nhất; còn {{more}} việc khác xem trên phần mềm.{{/if}}",
        "Đề nghị các đơn vị có tên hoàn thành và báo cáo chậm nhất ngày {{answer_by}}.",
        "{{#if remarks}}{{remarks}}{{/if}}",
        last("{{reporter.name}} thông báo để các cơ quan, đơn vị thực hiện.")) + signature())


def provincial_summary():
    agencies = rows_of("agencies", ["STT", "Cơ quan, đơn vị", "Sự cố", "Đạt", "Quá hạn, vi phạm", "Tỷ lệ đạt"],
                       [680, 3774, 1000, 1000, 1500, WIDTH - 7954],
                       ["{{@number}}", "{{name}}", "{{incidents}}", "{{met}}", "{{late}}", "{{share}}"])
    return (head() + title() + addressees() + body(
        heading("I. TÌNH HÌNH CHUNG"),
        "1. Kỳ báo cáo: {{period}}. Số liệu do phần mềm tổng hợp lúc {{as_of}}.",
        "2. Số cơ quan, đơn vị: {{agency_count}}. Đã gửi báo cáo năm: {{reported}}. Chưa gửi: {{not_reported}}.",
        "3. Sự cố trong kỳ: {{incident_count}} (không tính diễn tập). Theo loại và mức độ:",
        classified(),
        p("BieuDo", "{{#if chart_incidents}}{{chart_incidents}}{{/if}}"),
        heading("II. THỰC HIỆN QUY ĐỊNH CỦA CÁC CƠ QUAN, ĐƠN VỊ"),
        agencies, p("SauBang"),
        p("BieuDo", "{{#if chart_late}}{{chart_late}}{{/if}}"),
        heading("III. ĐÁNH GIÁ, KIẾN NGHỊ"),
        "{{assessment}}",
        "{{#if proposal}}Kiến nghị: {{proposal}}{{/if}}",
        last("{{reporter.name}} trân trọng báo cáo.")) + signature())


PAPERS = {"bao-cao-ban-dau": initial_report, "bao-cao-ket-thuc": final_report, "de-nghi-phoi-hop": request,
          "bien-ban-ban-giao": evidence_minute, "tra-loi": reply, "bien-ban-kiem-tra": inspection_minute, "canh-bao-don-vi": warning_letter,
          "bien-ban-hop": meeting_minute, "to-trinh": proposal, "quyet-dinh-thanh-lap": team_decision,
          "thong-bao-du-lieu-ca-nhan": personal_data_notice, "ket-qua-xep-hang": ranking_sheet, "bao-cao-nam": yearly_report,
          "danh-sach-cham": late_list, "bao-cao-tinh": provincial_summary, "bao-cao-dien-bien": progress_report,
          "bien-ban-giao-ca": shift_handover, "quyet-dinh-cach-ly": isolation_order, "bao-cao-su-co": incident_summary}


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

"""A paper as a Word file, laid out by GB/T 9704-2012. Word 文书

Fonts are named for East-Asian text and hinted as such: without the hint Word sets “quotes” and dashes in the
Latin font (python-docx#1396). The font table names what stands in where 仿宋_GB2312 and 小标宋 are missing.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from tasks.documents.paper import Block, Line, Look, Paper, Part, Table

FANGSONG, HEITI, KAITI, TITLE, SONGTI = "仿宋_GB2312", "黑体", "楷体_GB2312", "方正小标宋简体", "宋体"
# What stands in, best first, by the names Word, WPS and LibreOffice look for.
STAND_INS = {
    FANGSONG: "仿宋,FangSong,STFangsong,Noto Serif CJK SC",
    HEITI: "SimHei,Noto Sans CJK SC",
    KAITI: "楷体,KaiTi,STKaiti,Noto Serif CJK SC",
    TITLE: "FZXiaoBiaoSong-B05S,小标宋体,STZhongsong,华文中宋,Noto Serif CJK SC",
    SONGTI: "SimSun,Noto Serif CJK SC",
}
_MARGINS = {"paper": (37, 26, 35, 28), "letter": (30, 26, 35, 28)}
_FORM = (25, 20, 25, 20)
_PITCH = 28.95  # 22 lines in 225 mm
_RED = RGBColor(0xCC, 0, 0)
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LINES_OF_SPACE = 57.9  # two lines

# name, font, size, line, alignment, first line indent in characters, space before, space after
_STYLES: dict[str, tuple[str, str, float, float, str, float, float, float]] = {
    Look.TEXT: ("公文正文", FANGSONG, 16, _PITCH, "both", 2, 0, 0),
    Look.FLUSH: ("公文顶格", FANGSONG, 16, _PITCH, "both", 0, 0, 0),
    Look.FIRST: ("公文一级标题", HEITI, 16, _PITCH, "left", 2, 0, 0),
    Look.SECOND: ("公文二级标题", KAITI, 16, _PITCH, "left", 2, 0, 0),
    Look.QUOTE: ("公文引文", KAITI, 16, _PITCH, "both", 2, 0, 0),
    Look.BOXED: ("公文框内文字", FANGSONG, 14, 24, "left", 0, 0, 0),
    Look.DIGEST: ("公文校验值", "Consolas", 11, 18, "left", 0, 0, 0),
    Look.MARK: ("发文机关标志", TITLE, 34, 46, "center", 0, 0, 0),
    Look.NUMBER: ("发文字号", FANGSONG, 16, _PITCH, "center", 0, 40, 0),
    Look.CASE: ("案号", FANGSONG, 14, 24, "right", 0, 0, 0),
    Look.TITLE: ("公文标题", TITLE, 22, 32, "center", 0, _LINES_OF_SPACE, _PITCH),
    Look.CAPTION: ("表题", HEITI, 14, 24, "left", 0, 8, 0),
    Look.MADE: ("制作日期", FANGSONG, 16, _PITCH, "right", 0, _PITCH, 0),
    "sign": ("署名", FANGSONG, 16, _PITCH, "center", 0, 0, 0),
    "note": ("附注", FANGSONG, 14, 24, "both", 2, 0, 0),
    "imprint": ("版记", FANGSONG, 14, 26, "left", 0, 0, 0),
    "cell": ("表格文字", FANGSONG, 12, 19, "left", 0, 0, 0),
    "cell-head": ("表头", HEITI, 12, 19, "center", 0, 0, 0),
    "page": ("页码", SONGTI, 14, 18, "left", 0, 0, 0),
}


def to_word(paper: Paper, seal: bytes | None = None) -> bytes:
    """The paper as .docx; the same paper gives the same bytes. `seal` is a PNG laid over the signature."""
    document = _blank(paper.layout)
    document.core_properties.title = paper.title
    document.core_properties.author = _organ(paper)
    body = document.element.body
    end = body.sectPr
    for part, blocks in paper.parts:
        for xml in _part(paper, part, blocks):
            end.addprevious(parse_xml(xml))
    if seal is not None:
        _stamp(document, seal)
    return _packed(document)


def _organ(paper: Paper) -> str:
    said = (
        b.text for part, blocks in paper.parts for b in blocks if part is Part.SIGN and isinstance(b, Line)
    )
    return next(said, "")


# --- blocks -----------------------------------------------------------------------------------------


def _part(paper: Paper, part: Part, blocks: tuple[Block, ...]) -> list[str]:
    if part is Part.SIGN and len(blocks) > 1:
        return _signature(paper.layout, blocks)
    out = []
    for place, block in enumerate(blocks):
        if isinstance(block, Table):
            out += [_table(block, _width(paper.layout)), _p("", "cell")]
        elif part is Part.IMPRINT:
            last = place == len(blocks) - 1
            out.append(_imprint(block.text, _width(paper.layout), first=place == 0, last=last))
            if last:
                out.append(_p("", "cell", extra=_spacing(before=0, line=1)))  # what the frame is anchored to
        else:
            style = "note" if part is Part.NOTE and block.look is Look.TEXT else block.look
            if part is Part.HANDS and block.look is Look.TEXT:
                style = Look.FLUSH
            starts = place == 0 and part in (Part.NOTE, Part.HANDS)
            out += _line(paper.layout, block, style, before=_PITCH if starts else None)
    return out


def _line(layout: str, line: Line, style: str, *, before: float | None) -> list[str]:
    if line.look is Look.MARK:
        size = min(34, 430 // max(len(line.text), 1))
        above = 71 if layout == "paper" else 0
        mark = _p(line.text, style, extra=_spacing(before=above), run=f'<w:sz w:val="{size * 2}"/>')
        return [mark, _rule(double=True)] if layout == "letter" else [mark]
    if line.look is Look.NUMBER:
        if layout == "letter":
            return [_p(line.text, style, extra=_spacing(before=0) + '<w:jc w:val="right"/>')]
        return [_p(line.text, style), _rule(double=False)]
    if line.look is Look.TITLE and layout not in _MARGINS:
        return [_p(line.text, style, extra=_spacing(before=0))]
    if line.look is Look.BOXED:
        edges = "".join(f'<w:{s} w:val="single" w:sz="4" w:space="6" w:color="000000"/>' for s in ("top", "left", "bottom", "right"))  # fmt: skip
        return [_p(line.text, style, extra=f"<w:pBdr>{edges}</w:pBdr>")]
    return [_p(line.text, style, extra=_spacing(before=before) if before else "")]


def _rule(*, double: bool) -> str:
    kind = 'w:val="double" w:sz="12"' if double else 'w:val="single" w:sz="12"'
    edge = f'<w:pBdr><w:top {kind} w:space="1" w:color="CC0000"/></w:pBdr>'
    return _p("", "cell", extra=edge + _spacing(before=11, line=8))


def _signature(layout: str, blocks: tuple[Block, ...]) -> list[str]:
    """署名 centred over the date, the date four characters from the right edge. GB/T 9704 7.3.5.1"""
    said = [block.text for block in blocks if isinstance(block, Line)]
    left = f'<w:ind w:left="{max(_width(layout) - round(_box(said) * 315), 0)}"/>'
    out = []
    for place, text in enumerate(said):
        keep = "<w:keepNext/>" if place < len(said) - 1 else ""
        before = _spacing(before=_LINES_OF_SPACE if place == 0 else 0)
        out.append(_p(text, "sign", extra=keep + before + left))
    return out


def _box(said: Sequence[str]) -> float:
    """How many characters from the right edge the signature takes, evenly about its middle."""
    return max(8 + _ems(said[-1]), *(_ems(text) + 1 for text in said))


def _ems(text: str) -> float:
    return sum(0.5 if letter.isascii() else 1 for letter in text)


def _imprint(text: str, width: int, *, first: bool, last: bool) -> str:
    """A line of the frame that stands at the foot of the last page, wherever the text ends. GB/T 9704 7.4"""
    thick, thin = 'w:val="single" w:sz="8"', 'w:val="single" w:sz="6"'
    edges = f'<w:top {thick if first else thin} w:space="1" w:color="000000"/>'
    if last:
        edges += f'<w:bottom {thick} w:space="1" w:color="000000"/>'
    frame = (
        f'<w:framePr w:w="{width}" w:hSpace="0" w:wrap="notBeside" w:vAnchor="margin" w:hAnchor="margin"'
        ' w:xAlign="left" w:yAlign="bottom"/>'
    )
    tabs = '<w:tabs><w:tab w:val="right" w:pos="8560"/></w:tabs>'
    extra = f"<w:keepNext/><w:keepLines/>{frame}<w:pBdr>{edges}</w:pBdr>{tabs}"
    extra += '<w:ind w:left="280" w:right="280"/>'
    return _p(text.replace("　　", "\t"), "imprint", extra=extra)


def _width(layout: str) -> int:
    """The width of the text in twips."""
    _, right, _, left = _MARGINS.get(layout, _FORM)
    return round((210 - left - right) / 25.4 * 1440)


def _table(table: Table, width: int) -> str:
    each = [round(width * share / sum(table.widths)) for share in table.widths]
    rows = []
    for place, row in enumerate(table.rows):
        head = "<w:tblHeader/>" if place < table.heads else ""
        cells, at = [], 0
        for cell in row:
            style = "cell-head" if cell.head else "cell"
            span = f'<w:gridSpan w:val="{cell.span}"/>' if cell.span > 1 else ""
            size = sum(each[at : at + cell.span])
            inside = "".join(_p(text, style) for text in cell.lines) or _p("", style)
            cells.append(
                f'<w:tc><w:tcPr><w:tcW w:w="{size}" w:type="dxa"/>{span}<w:vAlign w:val="center"/></w:tcPr>{inside}</w:tc>'
            )
            at += cell.span
        rows.append(f"<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>{''.join(cells)}</w:tr>")
    edges = "".join(f'<w:{s} w:val="single" w:sz="4" w:space="0" w:color="000000"/>' for s in ("top", "left", "bottom", "right", "insideH", "insideV"))  # fmt: skip
    grid = "".join(f'<w:gridCol w:w="{size}"/>' for size in each)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{width}" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(rows)}</w:tbl>'
    )


def _spacing(*, before: float | None = None, line: float | None = None) -> str:
    given = f' w:before="{round(before * 20)}"' if before is not None else ""
    given += f' w:line="{round(line * 20)}" w:lineRule="exact"' if line is not None else ""
    return f"<w:spacing{given}/>"


# An XML file cannot hold these at all, however they are written.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _p(text: str, style: str, *, extra: str = "", run: str = "") -> str:
    said = escape(_FORBIDDEN.sub("\ufffd", text))
    said = said.replace("\n", '</w:t><w:br/><w:t xml:space="preserve">')
    said = said.replace("\t", '</w:t><w:tab/><w:t xml:space="preserve">')
    inside = (
        f'<w:r><w:rPr><w:rFonts w:hint="eastAsia"/>{run}</w:rPr><w:t xml:space="preserve">{said}</w:t></w:r>'
        if text
        else ""
    )
    return f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="{_id(style)}"/>{extra}</w:pPr>{inside}</w:p>'


def _id(style: str) -> str:
    return f"Paper-{style}"


# --- the blank file ---------------------------------------------------------------------------------


def _blank(layout: str) -> DocumentObject:
    return Document(io.BytesIO(_template(layout if layout in _MARGINS else "form")))


@lru_cache
def _template(layout: str) -> bytes:
    """An empty paper with styles, margins and page numbers."""
    document = Document()
    _set_styles(document)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    top, right, bottom, left = _MARGINS.get(layout, _FORM)
    section.top_margin, section.right_margin = Mm(top), Mm(right)
    section.bottom_margin, section.left_margin = Mm(bottom), Mm(left)
    section.footer_distance = Mm(bottom - 12)
    document.settings.odd_and_even_pages_header_footer = True
    _number_pages(section.footer.paragraphs[0], "right")
    _number_pages(section.even_page_footer.paragraphs[0], "left")
    if layout == "letter":
        section.different_first_page_header_footer = True
        first = section.first_page_footer.paragraphs[0]
        first._p.getparent().replace(first._p, parse_xml(_rule(double=True)))
    fonts = next(p for p in document.part.package.iter_parts() if p.partname.endswith("fontTable.xml"))
    fonts._blob = _font_table().encode()
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _set_styles(document: DocumentObject) -> None:
    for name, (zh, font, size, line, align, indent, before, after) in _STYLES.items():
        style = document.styles.add_style(zh, WD_STYLE_TYPE.PARAGRAPH)
        style.element.set(qn("w:styleId"), _id(name))
        style.base_style = None
        style.font.size = Pt(size)
        if name == Look.MARK:
            style.font.color.rgb = _RED
        _set_font(style.element.get_or_add_rPr(), font, tight=name not in ("cell", "cell-head", Look.MARK))
        properties = style.element.get_or_add_pPr()
        keep = "<w:keepNext/>" if name in (Look.FIRST, Look.SECOND, Look.CAPTION, Look.TITLE) else ""
        widow = '<w:widowControl w:val="0"/>' if not keep else ""
        first = f'<w:ind w:firstLineChars="{int(indent * 100)}" w:firstLine="{int(indent * size * 20)}"/>'
        given = parse_xml(
            f'<w:pPr {nsdecls("w")}>{keep}{widow}<w:overflowPunct w:val="0"/>'
            '<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>'
            f'<w:spacing w:before="{round(before * 20)}" w:after="{round(after * 20)}"'
            f' w:line="{round(line * 20)}" w:lineRule="exact"/>'
            f'{first if indent else ""}<w:jc w:val="{align}"/></w:pPr>'
        )
        for child in list(given):
            properties.append(child)


def _set_font(properties: BaseOxmlElement, font: str, *, tight: bool) -> None:
    names = " ".join(f'w:{slot}="{font}"' for slot in ("ascii", "hAnsi", "eastAsia", "cs"))
    properties.insert(0, parse_xml(f'<w:rFonts {nsdecls("w")} w:hint="eastAsia" {names}/>'))
    if tight:  # 28 characters of 三号 in 156 mm
        size = properties.find(qn("w:sz"))
        size.addprevious(parse_xml(f'<w:spacing {nsdecls("w")} w:val="-5"/>'))
    properties.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="zh-CN" w:eastAsia="zh-CN"/>'))


def _number_pages(paragraph: Paragraph, side: str) -> None:
    def run(inside: str) -> str:
        return f'<w:r><w:rPr><w:rFonts w:hint="eastAsia"/></w:rPr>{inside}</w:r>'

    field = "".join(
        run(inside)
        for inside in (
            '<w:t xml:space="preserve">— </w:t>',
            '<w:fldChar w:fldCharType="begin"/>',
            '<w:instrText xml:space="preserve"> PAGE </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>1</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
            '<w:t xml:space="preserve"> —</w:t>',
        )
    )
    given = parse_xml(
        f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="{_id("page")}"/>'
        f'<w:ind w:left="280" w:right="280"/><w:jc w:val="{side}"/></w:pPr>{field}</w:p>'
    )
    paragraph._p.getparent().replace(paragraph._p, given)


def _font_table() -> str:
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{alternatives}"/><w:charset w:val="86"/>'
        '<w:family w:val="roman"/><w:pitch w:val="variable"/></w:font>'
        for name, alternatives in STAND_INS.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {nsdecls("w")}>{fonts}</w:fonts>'


# --- seal and file ----------------------------------------------------------------------------------

_SEAL_MM = 42


def _stamp(document: DocumentObject, seal: bytes) -> None:
    """Lay the seal over the date, behind nothing and in nobody's way. 7.3.5.1: 居中下压成文日期"""
    dates = [p for p in document.paragraphs if p._p.pPr.pStyle.val == _id("sign")]
    if not dates:
        return
    said, date = [p.text for p in dates], dates[-1]
    picture = date.add_run().add_picture(io.BytesIO(seal), width=Mm(_SEAL_MM))
    inline = picture._inline
    size, graphic = _SEAL_MM * 36000, inline.find(qn("a:graphic"))
    across = round((210 - 28 - 26 - _box(said) / 2 * 15.75 * 25.4 / 72 - _SEAL_MM / 2) * 36000)
    anchor = parse_xml(
        f'<wp:anchor {nsdecls("wp", "a", "pic", "r")} distT="0" distB="0" distL="0" distR="0" simplePos="0"'
        ' relativeHeight="1" behindDoc="1" locked="1" layoutInCell="1" allowOverlap="1">'
        '<wp:simplePos x="0" y="0"/>'
        f'<wp:positionH relativeFrom="margin"><wp:posOffset>{across}</wp:posOffset></wp:positionH>'
        f'<wp:positionV relativeFrom="paragraph"><wp:posOffset>{-round(_SEAL_MM * 0.62 * 36000)}</wp:posOffset></wp:positionV>'
        f'<wp:extent cx="{size}" cy="{size}"/><wp:wrapNone/><wp:docPr id="1" name="印章"/>'
        "<wp:cNvGraphicFramePr/></wp:anchor>"
    )
    anchor.append(graphic)
    inline.getparent().replace(inline, anchor)


def _packed(document: DocumentObject) -> bytes:
    """The file with the times of its entries fixed."""
    raw, packed = io.BytesIO(), io.BytesIO()
    document.save(raw)
    with zipfile.ZipFile(raw) as made, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for entry in made.infolist():
            out.writestr(zipfile.ZipInfo(entry.filename, _EPOCH), made.read(entry), zipfile.ZIP_DEFLATED)
    return packed.getvalue()

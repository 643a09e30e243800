"""The same paper as page, Word and PDF: the same words, laid out by GB/T 9704. 文书版式"""

import html
import importlib
import io
import re
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.oxml.ns import qn

from models.dossier import Dossier
from tasks.documents import DOCUMENTS
from tasks.documents.paper import Line, Look, Part, Table, UnknownElement, read_paper
from tasks.documents.pdf import NoPdf, _imprint_alone, _laid_out, can_make_pdf, to_pdf
from tasks.documents.word import STAND_INS, to_word
from tests.tasks.examples import a_paper_of, the_largest, the_smallest

needs_pdf = pytest.mark.skipif(not can_make_pdf(), reason="WeasyPrint or Pango is not on this machine")
SIZES: tuple[Callable[[str], Dossier], ...] = (the_smallest, the_largest)


def bare(text: str) -> str:
    """Letters only: what is said, however it is set."""
    return re.sub(r"\s+", "", text)


def page_words(page: bytes) -> str:
    return bare(html.unescape(re.sub(r"<[^>]+>", "", page.decode().split("<body>")[1])))


def word_words(file: bytes) -> str:
    body = docx.Document(io.BytesIO(file)).element.body
    return bare("".join(t.text or "" for t in body.iter(qn("w:t"))))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_page_and_word_file_say_the_same(kind: str, size: Callable[[str], Dossier]) -> None:
    page = a_paper_of(kind, size(kind)).content
    paper = read_paper(page)
    assert bare(paper.text) == page_words(page)
    file = to_word(paper)
    assert word_words(file) == page_words(page)
    assert to_word(read_paper(page)) == file


@needs_pdf
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_paper_can_be_laid_out_as_pdf(kind: str) -> None:
    page = a_paper_of(kind, the_smallest(kind)).content
    pdf = to_pdf(page, identifier=kind)
    assert pdf.startswith(b"%PDF-1.7")
    assert to_pdf(page, identifier=kind) == pdf


@needs_pdf
@pytest.mark.parametrize("kind", ["decision", "why-not", "clearing-letter", "checklist"])
def test_the_largest_paper_can_be_laid_out_as_pdf(kind: str) -> None:
    assert to_pdf(a_paper_of(kind, the_largest(kind)).content, identifier=kind).startswith(b"%PDF-1.7")


@needs_pdf
@pytest.mark.parametrize("lines", range(0, 30, 3))
def test_the_imprint_is_the_foot_of_the_last_page_wherever_the_text_ends(lines: int) -> None:
    """GB/T 9704 7.4: the last line of the imprint is the last line of the last page."""
    weasyprint = importlib.import_module("weasyprint")
    page = a_paper_of("convening-notice", the_smallest("convening-notice")).content.decode()
    more = page.replace('<div class="sign">', "<p>继续。</p>" * lines + '<div class="sign">')
    pages = weasyprint.HTML(string=more).render().pages
    feet = {
        (number, round(box.position_y + box.margin_height()))
        for number, sheet in enumerate(pages, 1)
        for box in sheet._page_box.descendants()
        # The place from which it was taken to the foot has its class too, and no height.
        if box.element is not None and box.element.get("class") == "imprint" and box.margin_height() > 10
    }
    assert feet == {(len(pages), round((297 - 35) / 25.4 * 96))}


@needs_pdf
@pytest.mark.parametrize("kind", ["convening-notice", "recusal-ruling"])
def test_neither_the_imprint_nor_the_signature_ever_stands_on_a_page_without_text(kind: str) -> None:
    weasyprint = importlib.import_module("weasyprint")
    page = a_paper_of(kind, the_smallest(kind)).content.decode()
    moved = 0
    for lines in range(23):  # a page holds 22
        more = page.replace('<div class="sign">', "<p>继续。</p>" * lines + '<div class="sign">')
        html = weasyprint.HTML(string=more)
        moved += _imprint_alone(html.render().pages[-1])
        last = _laid_out(weasyprint, html, []).pages[-1]
        text = "".join(box.text for box in last._page_box.descendants() if type(box).__name__ == "TextBox")
        assert not _imprint_alone(last), lines
        if "建议值" not in text:
            before = text.split("江州市市场监督管理局")[0]  # who signs
            assert before, (lines, text)
    assert moved > 0


def test_the_imprint_of_a_word_file_is_framed_at_the_foot_of_its_page() -> None:
    file = docx.Document(
        io.BytesIO(to_word(read_paper(a_paper_of("decision", the_smallest("decision")).content)))
    )
    framed = [p for p in file.element.body.iter(qn("w:p")) if p.find(f".//{qn('w:framePr')}") is not None]
    assert ["抄送" in (p.text or "") or "印发" in (p.text or "") for p in framed] == [True, True]
    frames = {tuple(sorted(p.find(f".//{qn('w:framePr')}").attrib.items())) for p in framed}
    assert len(frames) == 1  # paragraphs of the same frame stand in one
    said = {name.rpartition("}")[2]: value for name, value in frames.pop()}
    assert (said["vAnchor"], said["yAlign"], said["w"]) == ("margin", "bottom", "8844")
    last = list(file.element.body.iterchildren(qn("w:p")))[-1]
    assert last.find(f".//{qn('w:framePr')}") is None  # a frame needs a paragraph to be anchored to


def test_without_its_components_pdf_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.documents.pdf._weasyprint", lambda: None)
    with pytest.raises(NoPdf, match="请系统管理员安装"):
        to_pdf(b"<p>", identifier="x")


@needs_pdf
@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x.png", "file:///etc/hostname", "https://example.org"]
)
def test_a_page_fetches_nothing_while_it_is_laid_out(address: str, caplog: pytest.LogCaptureFixture) -> None:
    to_pdf(f'<body><img src="{address}">'.encode(), identifier="x")
    assert "refers to nothing outside itself" in caplog.text


def test_the_tree_knows_head_number_title_headings_signature_and_imprint() -> None:
    paper = read_paper(a_paper_of("decision", the_largest("decision")).content)
    assert paper.layout == "paper"
    head = dict(paper.parts)[Part.HEAD]
    assert [b.look for b in head if isinstance(b, Line)] == [Look.MARK, Look.NUMBER]
    lines = [b for part, blocks in paper.parts if part is Part.BODY for b in blocks if isinstance(b, Line)]
    assert lines[0] == Line("免责决定书", Look.TITLE)
    assert [line.text for line in lines if line.look is Look.FIRST][:2] == [
        "一、反映的问题",
        "二、查明的事实",
    ]
    assert [b.text for b in dict(paper.parts)[Part.SIGN] if isinstance(b, Line)] == [
        "江州市市场监督管理局",
        "2026年11月25日",
    ]
    printed = [b.text for b in dict(paper.parts)[Part.IMPRINT] if isinstance(b, Line)]
    assert printed[0].startswith("抄送：江州市市场监督管理局第1分局")
    assert printed[1].endswith("2026年11月25日印发")


def test_a_table_keeps_heads_spans_and_widths() -> None:
    paper = read_paper(a_paper_of("transfer-letter", the_largest("transfer-letter")).content)
    table = next(b for _, blocks in paper.parts for b in blocks if isinstance(b, Table))
    assert (table.heads, table.columns, len(table.rows)) == (1, 6, 201)
    assert sum(table.widths) == 100
    form = read_paper(a_paper_of("intake-form", the_smallest("intake-form")).content)
    spans = {c.span for _, bs in form.parts for b in bs if isinstance(b, Table) for r in b.rows for c in r}
    assert spans == {1, 3}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_table_says_how_wide_its_columns_are(kind: str) -> None:
    # Without, the engine measures every cell on every page: hours for two hundred rows.
    paper = read_paper(a_paper_of(kind, the_largest(kind)).content)
    tables = [b for _, blocks in paper.parts for b in blocks if isinstance(b, Table)]
    assert [(len(t.widths), sum(t.widths)) for t in tables] == [(t.columns, 100) for t in tables]


@pytest.mark.parametrize(
    "body", ["<ul>", "<p><b>x</b></p>", "<main>loose text", "<p class='new'>x</p>", "<main><tr>"]
)
def test_an_element_the_layouts_do_not_know_is_found(body: str) -> None:
    with pytest.raises((UnknownElement, ValueError)):
        read_paper(f"<body>{body}".encode())


def test_the_word_file_has_the_measures_of_the_standard() -> None:
    file = docx.Document(
        io.BytesIO(to_word(read_paper(a_paper_of("decision", the_smallest("decision")).content)))
    )
    section = file.sections[0]
    measures = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(m / 36000) for m in measures] == [37, 35, 28, 26]
    assert [round(m / 36000) for m in (section.page_width, section.page_height)] == [210, 297]
    assert file.settings.odd_and_even_pages_header_footer
    assert " PAGE " in section.footer._element.xml
    body = next(s for s in file.styles if s.name == "公文正文")
    assert round(body.paragraph_format.line_spacing.pt, 2) == 28.95  # 22 lines in 225 mm
    assert body.font.size.pt == 16


def test_every_run_of_the_word_file_is_set_in_an_east_asian_font() -> None:
    page = a_paper_of("decision", the_smallest("decision")).content
    file = docx.Document(io.BytesIO(to_word(read_paper(page))))
    runs = list(file.element.body.iter(qn("w:r")))
    assert runs
    assert {run.rPr.rFonts.get(qn("w:hint")) for run in runs} == {"eastAsia"}
    used = {p.style.element.rPr.rFonts.get(qn("w:eastAsia")) for p in file.paragraphs}
    assert "仿宋_GB2312" in used
    assert "方正小标宋简体" in used
    assert used <= set(STAND_INS)


def test_the_word_file_names_what_stands_in_for_a_missing_font() -> None:
    file = to_word(read_paper(a_paper_of("clearing-letter", the_smallest("clearing-letter")).content))
    with zipfile.ZipFile(io.BytesIO(file)) as package:
        table = package.read("word/fontTable.xml").decode()
    assert '<w:font w:name="仿宋_GB2312"><w:altName w:val="仿宋,FangSong,' in table


def test_what_xml_cannot_hold_does_not_stop_a_paper() -> None:
    file = to_word(read_paper("<body><main class='paper'><p>甲\x0b乙&lt;\ufffe</p></main>".encode()))
    assert word_words(file) == "甲\ufffd乙<\ufffd"

"""A paper as PDF, from the filed page and nothing else. PDF 文书

WeasyPrint is optional: it needs Pango on the machine, and a Chinese font. Nothing is fetched while a page is
laid out, whatever the page says.
"""

import importlib
import logging
from functools import lru_cache
from types import ModuleType
from typing import Any

_SEAL = "seal:image"
_LINE = 10  # px: what is lower holds no text
_FONTS = (".ttf", ".ttc", ".otf", ".otc")
# 居中下压署名和成文日期. GB/T 9704 7.3.5.1
_STAMPED = f""".sign:not(:has(.made))::after {{ content: ""; position: absolute; z-index: -1; left: 50%; top: -10mm;
  width: 42mm; height: 42mm; margin-left: -21mm; background: url({_SEAL}) center / contain no-repeat; }}"""

# What stands above an imprint that would be left alone on its page goes along; a signature never without text.
_ALONG = """main > :nth-last-child(2):not(.sign) { break-before: page }
main > :nth-last-child(3):has(+ .sign) { break-before: page }"""


class NoPdf(Exception):
    """This machine cannot make PDF; pages and Word files are made all the same. 不能制作 PDF"""

    def __init__(self) -> None:
        super().__init__(
            "本机没有制作 PDF 的组件，只提供网页和 Word 文书；请系统管理员安装 zhaodan[pdf]、系统库 Pango 和中文字体后再试。"
        )


@lru_cache
def _weasyprint() -> ModuleType | None:
    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # it warns of every rule meant for screens
    try:
        return importlib.import_module("weasyprint")
    except (ImportError, OSError):  # OSError: the package is there, Pango is not
        return None


def can_make_pdf() -> bool:
    """Whether this machine can lay out PDF."""
    return _weasyprint() is not None


def to_pdf(page: bytes, *, identifier: str, seal: bytes | None = None) -> bytes:
    """The filed page as PDF/A-3u, with the seal (PNG) over its signature. Raises NoPdf when the machine cannot."""
    engine = _weasyprint()
    if engine is None:
        raise NoPdf()

    fetcher = _fetcher(engine, seal)
    html = engine.HTML(string=page.decode(), url_fetcher=fetcher)
    styles = [engine.CSS(string=_STAMPED, url_fetcher=fetcher)] if seal is not None else []
    options = {"pdf_variant": "pdf/a-3u", "pdf_identifier": identifier.encode()}
    laid_out = _laid_out(engine, html, styles, **options)
    pdf: bytes = laid_out.write_pdf(**(engine.DEFAULT_OPTIONS | options))
    return pdf


def _laid_out(engine: ModuleType, html: Any, styles: list[Any], **options: Any) -> Any:
    """The pages; an imprint that no room is left for takes the last lines along to its own page. GB/T 9704 7.4"""
    pages = html.render(stylesheets=styles, **options)
    if _imprint_alone(pages.pages[-1]):
        return html.render(stylesheets=[*styles, engine.CSS(string=_ALONG)], **options)
    return pages


def _imprint_alone(page: Any) -> bool:
    """Whether nothing but the imprint stands on a page; the empty frame of the text does not count."""
    tall = [
        box for box in page._page_box.descendants() if box.element is not None and box.margin_height() > _LINE
    ]
    inside = {id(part) for box in tall if box.element.get("class") == "imprint" for part in box.descendants()}
    text = [box for box in tall if type(box).__name__ == "TextBox"]
    return bool(inside) and all(id(box) in inside for box in text)


def _fetcher(engine: ModuleType, seal: bytes | None) -> Any:
    """What gives the layout the seal and the fonts of this machine, and nothing else."""

    class Fetcher(engine.urls.URLFetcher):  # type: ignore[misc, name-defined]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url == _SEAL and seal is not None:
                return engine.urls.URLFetcherResponse(url, seal, {"Content-Type": "image/png"})
            if url.startswith("file:") and url.lower().endswith(_FONTS):  # a font the page names as local
                return super().fetch(url, headers)
            raise ValueError(f"a paper refers to nothing outside itself: {url}")

    return Fetcher()

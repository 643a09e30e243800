"""From a case file to a paper: pure, strict, escaped. 文书生成"""

from datetime import date
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.dossier import Dossier, cited_evidence, clause_label, day, shown, statement, weigh
from models.rules.errors import Incomplete, NotFound
from models.rules.lifecycle import Kind
from models.rules.permissions import Part
from tasks.documents import wording
from tasks.documents.registry import DOCUMENTS, Rendered

TEMPLATES = Path(__file__).parent / "templates"
_FIGURES = "〇一二三四五六七八九"


def render(
    kind: str,
    dossier: Dossier,
    *,
    number: str,
    issued_on: date,
    respondent_id: int | None = None,
    person_id: int | None = None,
    matter_id: int | None = None,
    armour: str = "",
) -> Rendered:
    """One paper of a case as HTML; the same arguments give the same bytes. `armour` is a signed certificate in it.

    Raises NotFound for an unknown kind or officer, Incomplete when the case does not carry the paper yet.
    """
    paper = DOCUMENTS.get(kind)
    if paper is None:
        raise NotFound(f"没有名为“{kind}”的文书种类，请核对。")
    if paper.about == "respondent" and respondent_id is None:
        raise Incomplete(f"{paper.zh}按人制作，请指明被核查人员。")
    if paper.audience == "officer" or paper.discreet:
        dossier = wording.for_officer(dossier)
    respondent = dossier.respondent(respondent_id) if paper.about == "respondent" else None
    title = paper.title(dossier, respondent_id)
    page = _environment().get_template(f"{kind}.html")
    text = page.render(
        d=dossier,
        r=respondent,
        title=title,
        number=number,
        issued_on=issued_on,
        paper=paper,
        armour=armour,
        **paper.facts(dossier, respondent_id, person_id, matter_id),
    )
    return Rendered(kind, title, text.encode(), "text/html; charset=utf-8", paper.audience)


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "day": day,
        "shown": shown,
        "paragraphs": paragraphs,
        "evidence": cited_evidence,
        "statement": statement,
        "sentence": sentence,
        "zh": chinese,
        "cited": wording.cited,
        "label": clause_label,
    }
    environment.globals |= {"w": wording, "weigh": weigh, "Kind": Kind, "Part": Part}
    return environment


def paragraphs(text: str) -> list[str]:
    """The paragraphs somebody typed, without empty ones."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def sentence(text: str) -> str:
    """The text with a full stop where its writer left it out."""
    text = text.rstrip()
    return text if text.endswith(("。", "！", "？", "；", "：", "”", "）")) else f"{text}。"


def chinese(value: int) -> str:
    """A small ordinal as it heads a section: 一, 十, 十二, 二十."""
    tens, ones = divmod(value, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_FIGURES[tens]}十"
    return head + (_FIGURES[ones] if ones or not tens else "")

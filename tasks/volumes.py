"""The order of a dossier: what goes into the open volume, what into the inner one, and the table of contents. 正卷、副卷

After article 78 of the procedure for administrative punishments of market regulation: the open volume holds what has
left the house, its receipts, the evidence and the records made with the officer; the inner one how it was decided.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from models.dossier import DocumentView, Dossier, EvidenceView, day


class Volume(StrEnum):
    """A volume of a dossier. 卷"""

    MAIN = "main"
    SIDE = "side"

    @property
    def zh(self) -> str:
        """正卷 or 副卷."""
        return {"main": "正卷", "side": "副卷"}[self]


# The order within each volume. Evidence follows the papers of the open volume.
ORDER: dict[Volume, Sequence[str]] = {
    Volume.MAIN: (
        "decision",
        "service-receipt",
        "why-not",
        "rights-notice",
        "intent-notice",
        "transfer-letter",
        "declined-notice",
        "sanction-proposal",
        "recusal-ruling",
        "clearing-letter",
        "public-notice",
        "acceptance-form",
        "commencement-form",
        "clearing-form",
        "evidence-list",
        "interview-record",
        "checklist",
        "statement-review",
        "clearing-inquiry",
    ),
    Volume.SIDE: (
        "intake-form",
        "preliminary-report",
        "investigation-report",
        "expert-opinion",
        "matching-report",
        "convening-notice",
        "minutes",
        "dissent-certificate",
        "publication-form",
        "closing-report",
    ),
}
_PLACES = {kind: (volume, place) for volume, kinds in ORDER.items() for place, kind in enumerate(kinds)}
_LAST = 99


def volume_of(kind: str) -> Volume:
    """The volume a paper belongs to; what is not known stays in the inner one."""
    return _PLACES.get(kind, (Volume.SIDE, _LAST))[0]


def in_order(papers: Iterable[DocumentView], volume: Volume) -> list[DocumentView]:
    """The papers of a volume as they are filed: by kind, then by officer, then by day."""
    return sorted(
        (paper for paper in papers if volume_of(paper.kind) is volume),
        key=lambda paper: (
            _PLACES.get(paper.kind, (volume, _LAST))[1],
            paper.respondent_id or 0,
            paper.filed_at,
            paper.id,
        ),
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table of contents. 目录行"""

    volume: Volume
    title: str
    number: str
    on: str
    name: str  # of the entry of the bundle
    sha256: str
    note: str = ""


def paper_entry(paper: DocumentView, name: str) -> Entry:
    """The line of a paper."""
    return Entry(volume_of(paper.kind), paper.title, paper.number, day(paper.filed_at), name, paper.sha256)


def evidence_entry(piece: EvidenceView, name: str) -> Entry:
    """The line of a piece of evidence."""
    title = f"证据{piece.number}　{piece.kind}　{piece.file_name}"
    return Entry(Volume.MAIN, title, "", day(piece.collected_at), name, piece.sha256, piece.proves)


_STYLE = """body{font-family:FangSong,"Noto Serif CJK SC",serif;margin:2em auto;max-width:60em}
h1,h2{text-align:center}table{border-collapse:collapse;width:100%}td,th{border:1px solid;padding:.2em .4em;text-align:left;
overflow-wrap:anywhere}td.sha{font-family:monospace;font-size:.7em}"""


def table_of_contents(dossier: Dossier, entries: Sequence[Entry]) -> bytes:
    """卷内目录: one table for each volume, for people. It says nothing the manifest does not say for machines."""
    parts = [
        '<!doctype html>\n<html lang="zh-CN"><meta charset="utf-8">',
        f"<title>{escape(dossier.number)} 卷内目录</title><style>{_STYLE}</style>",
        f"<h1>{escape(dossier.organ)}<br>卷内目录</h1>",
        f"<p>案号　{escape(dossier.number)}<br>案由　{escape(dossier.title)}</p>",
    ]
    for volume in Volume:
        mine = [entry for entry in entries if entry.volume is volume]
        parts.append(f"<h2>{volume.zh}（{len(mine)} 件）</h2>")
        parts.append(
            "<table><thead><tr><th>序号</th><th>名称</th><th>文号</th><th>日期</th><th>文件</th><th>SHA-256</th>"
            "<th>备注</th></tr></thead><tbody>"
        )
        parts += [_row(place, entry) for place, entry in enumerate(mine, 1)]
        parts.append("</tbody></table>")
    return "\n".join([*parts, "</html>", ""]).encode()


def _row(place: int, entry: Entry) -> str:
    said = (str(place), entry.title, entry.number, entry.on, entry.name)
    cells = "".join(f"<td>{escape(text)}</td>" for text in said)
    return f'<tr>{cells}<td class="sha">{entry.sha256}</td><td>{escape(entry.note)}</td></tr>'

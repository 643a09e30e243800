"""Reading the sentences a jurist writes: sentences/*.yaml become facts and expectations. 规则句子

How to write one is told at the head of sentences/一般情形.yaml.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.handbook import edition_for, load_edition
from models.handbook.reading import StrictLoader
from models.rules.clauses import Outcome, Status, Verdict
from models.rules.rulebook import Rulebook

FOLDER = Path(__file__).parent / "sentences"
EDITION = load_edition("2019")
CLAUSES = EDITION.clauses
GROUPS = {
    "从轻减轻": "mitigate",
    "一般情形": "general",
    "监督检查": "inspection",
    "行政处罚": "penalty",
    "行政许可": "licensing",
    "行政强制": "coercion",
    "前提与排除": "gates",
    "竞合与让位": "together",
}
LISTS = {"全部条款": tuple(CLAUSES), "全部免责条款": tuple(c for c in CLAUSES if c.startswith("exempt-"))}
STATUS = {"已查明": Status.ESTABLISHED, "查否": Status.REFUTED, "未证明": Status.UNPROVEN}
FOUND = {"成立": Status.ESTABLISHED, "不成立": Status.REFUTED, "未证明": Status.UNPROVEN}
VERDICTS = {"成立": Verdict.MET, "不成立": Verdict.NOT_MET, "未证明": Verdict.NOT_PROVEN}
OUTCOMES = {
    "不进入匹配": Outcome.NOT_REACHED,
    "可作澄清依据": Outcome.SUPPORTS_CLEARING,
    "成立": Outcome.ESTABLISHED,
    "暂定成立": Outcome.PROVISIONAL,
    "要件未证明": Outcome.UNPROVEN,
    "要件不成立": Outcome.REFUTED,
    "被排除": Outcome.EXCLUDED,
    "环节不适用": Outcome.NOT_APPLICABLE,
    "履职前提待核": Outcome.HELD_BY_PREMISE,
    "履职前提不具备": Outcome.BLOCKED_BY_PREMISE,
    "负面清单阻断": Outcome.BARRED,
    "让位": Outcome.DISPLACED,
    "只能由人适用": Outcome.HUMAN_ONLY,
}
ZH = {outcome: word for word, outcome in OUTCOMES.items()}
REVIEWS = {"必须": "必须送法制审核", "应当": "应当送法制审核", "建议": "建议送法制审核", "不需要": ""}
NEEDED = {"名称", "行为日期", "条款", "预期"}
KEYS = NEEDED | {
    "底稿",
    *STATUS,
    "因",
    "尚缺",
    "待排除",
    "让位于",
    "同时",
    "法制审核",
    "闸门",
    "只供参考",
    "写明",
}


def _read(name: str) -> Any:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=StrictLoader)  # noqa: S506 - a SafeLoader that refuses a key written twice


SHORT: dict[str, str] = _read("事实简称")
BASES: dict[str, dict[str, list[str]]] = _read("底稿")
NAMES = {fact: short for short, fact in SHORT.items()} | {g.id: g.zh for g in EDITION.gates.values()}
REFS = {clause.ref: clause.id for clause in CLAUSES.values()} | {clause: clause for clause in CLAUSES}


def _listed(raw: Any) -> list[str]:
    return [raw] if isinstance(raw, str) else list(raw or ())


def facts_of(*bases: str, established: Iterable[str] = (), refuted: Iterable[str] = ()) -> dict[str, Status]:
    """The facts of some bases of 底稿.yaml, and more facts by their ids."""
    found: dict[str, Status] = {}
    for base in (BASES[name] for name in bases):
        found |= facts_of(*base.get("含", ()))
        found |= {SHORT[fact]: status for word, status in STATUS.items() for fact in base.get(word, ())}
    found |= dict.fromkeys(established, Status.ESTABLISHED)
    return found | dict.fromkeys(refuted, Status.REFUTED)


@dataclass(frozen=True)
class Sentence:
    """One case as the jurist wrote it. 规则句子"""

    file: str
    number: int
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        first = (_listed(self.raw.get("条款")) or [""])[0]
        return f"{GROUPS[self.file]}-{self.number:02}-{REFS.get(first, 'all')}"

    @property
    def name(self) -> str:
        return str(self.raw.get("名称", ""))

    @property
    def clauses(self) -> tuple[str, ...]:
        if str(self.raw["条款"]) in LISTS:
            return LISTS[self.raw["条款"]]
        return tuple(self.clause(ref) for ref in _listed(self.raw["条款"]))

    @property
    def expected(self) -> dict[str, str]:
        """What each clause must come to."""
        beside = {self.clause(ref): word for ref, word in self.raw.get("同时", {}).items()}
        return dict.fromkeys(self.clauses, str(self.raw["预期"])) | beside

    def require(self, holds: bool, what: str) -> None:
        """Fail in the words of the file, without a trace of the program."""
        if not holds:
            pytest.fail(f"{self.file}.yaml 第{self.number}条“{self.name}”：{what}", pytrace=False)

    def one_of(self, word: str, known: Iterable[str], what: str) -> str:
        if word not in (known := tuple(known)):
            near = difflib.get_close_matches(word, known, n=3, cutoff=0.3)
            self.require(False, f"没有叫“{word}”的{what}；相近的有：{'、'.join(near) or '无'}")
        return word

    def clause(self, ref: str) -> str:
        return REFS[self.one_of(ref, REFS, "条款")]

    def facts(self) -> dict[str, Status]:
        """The bases first, then what the sentence says itself."""
        bases = [self.one_of(name, BASES, "底稿") for name in _listed(self.raw.get("底稿"))]
        said = [
            (SHORT[self.one_of(f, SHORT, "事实")], status)
            for word, status in STATUS.items()
            for f in self.raw.get(word, ())
        ]
        twice = [NAMES[fact] for fact, times in Counter(fact for fact, _ in said).items() if times > 1]
        self.require(not twice, f"同一事实写了两次：{'、'.join(twice)}")
        return facts_of(*bases) | dict(said)

    def rules(self) -> Rulebook:
        """The rules of the day of the conduct."""
        day = self.raw["行为日期"]
        self.require(isinstance(day, date), "行为日期写作 2022-04-04")
        return edition_for(day).edition.rules_on(day)


SENTENCES = [
    Sentence(file, number, raw) for file in GROUPS for number, raw in enumerate(_read(file), start=1)
]

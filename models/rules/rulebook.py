"""What one edition says about exemption and mitigation, ready to be applied. 减免责规则"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from models.rules.logic import Implication, Tree


class Effect(StrEnum):
    """What a clause may bring about. 条款效果"""

    EXEMPT = "exempt"  # 免于追究责任
    MITIGATE = "mitigate"  # 从轻或者减轻责任


class GateKind(StrEnum):
    """When a gate is asked and what it stops. 闸门种类"""

    SCOPE = "scope"  # 适用范围
    LOCK = "lock"  # 监察、司法优先
    PREMISE = "premise"  # 履职前提
    NEGATIVE = "negative"  # 负面清单
    CAUTION = "caution"  # 提请注意
    CATEGORY = "category"  # 执法环节
    HUMAN_ONLY = "human-only"  # 只能由人适用


class ReviewLevel(StrEnum):
    """How strongly a clause asks for legal review. 法制审核要求"""

    MANDATORY = "mandatory"  # 必须
    CONDITIONAL = "conditional"  # 具备条件时
    ADVICE = "advice"  # 提示


@dataclass(frozen=True, slots=True)
class Excluder:
    """A fact that defeats the clause once established. 排除事实"""

    fact: str
    why: str


@dataclass(frozen=True, slots=True)
class LegalReview:
    """Where the clause rubs against higher law, and on what basis. 与上位法的冲突提示"""

    level: ReviewLevel
    why: str
    basis: tuple[str, ...]
    when: Tree | None = None
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedBasis:
    """A written basis a person may cite under a catch-all clause. 兜底条款可援引的明文依据"""

    id: str
    zh: str
    basis: str
    tree: Tree


_REF = re.compile(r"五\(二\)(\d)[一二三四]?\((\d+)\)")


@dataclass(frozen=True, slots=True)
class Clause:
    """One item of the exemption list, with its exact text and its elements. 条款"""

    id: str
    ref: str
    category: str
    effect: Effect
    text: str
    premise: str
    requires: Tree | None
    in_force_from: date
    source: str
    in_force_until: date | None = None
    excludes: tuple[Excluder, ...] = ()
    yields_to: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()
    incompatible_with: tuple[str, ...] = ()
    catch_all: bool = False
    premise_clause: bool = False
    premise_like: bool = False
    excused_defect: str = ""
    legal_review: LegalReview | None = None
    named_bases: tuple[NamedBasis, ...] = ()
    reading: str = ""
    alternative: str = ""
    stage_hint: tuple[str, ...] = ()
    to_settle: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The clause as papers cite it: 五(二)3一(41) is 五（二）3第（41）项."""
        return _REF.sub(r"五（二）\1第（\2）项", self.ref)

    @property
    def supporting(self) -> bool:
        """It only describes duty performed: alone it shows that there was no fault, not an exemption."""
        return self.premise_clause or self.premise_like

    def in_force(self, day: date) -> bool:
        """Whether the clause applied on that day."""
        return self.in_force_from <= day and (self.in_force_until is None or day <= self.in_force_until)


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage a gate rests on. 出处"""

    ref: str
    text: str


@dataclass(frozen=True, slots=True)
class Gate:
    """A question asked before, or across, all clauses. 前提与排除"""

    id: str
    zh: str
    order: int
    kind: GateKind
    applies_to: tuple[Effect, ...]
    sources: tuple[Citation, ...]
    tree: Tree | None = None
    by_category: Mapping[str, Tree] = field(default_factory=dict)
    effect: str = ""
    inferred: bool = False
    consequence: str = ""
    if_unproven: str = ""
    note: str = ""

    @property
    def bars(self) -> bool:
        """Once established no exemption is possible. 负面清单"""
        return self.kind is GateKind.NEGATIVE and self.effect == "bar"


@dataclass(frozen=True, slots=True)
class Premise:
    """One way to read “严格履行法定职责” for a clause; no tree means nothing to ask. 履职前提的读法"""

    id: str
    zh: str
    meaning: str
    tree: Tree | None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The clauses of one edition in their order, with all they refer to. 一个版次的全部规则"""

    clauses: tuple[Clause, ...]
    gates: tuple[Gate, ...]
    premises: Mapping[str, Premise]
    implications: tuple[Implication, ...]
    questions: Mapping[str, str]

    def on(self, day: date) -> "Rulebook":
        """The same rules with the clauses of that day: an amended item stands in its old and its new words."""
        return replace(self, clauses=tuple(clause for clause in self.clauses if clause.in_force(day)))

"""Reading the plain lists of an edition: facts, duties, deadlines, roles, factors, cues. 读取各清单"""

from collections.abc import Collection, Mapping
from datetime import date

from models.handbook.edition import (
    Cues,
    Duty,
    Extension,
    FactQuestion,
    LegalBasis,
    Responsibility,
    RoleEntry,
    TimeLimit,
    WeighingFactor,
)
from models.handbook.periods import DIRECTIONS, STAGES
from models.handbook.reading import Entry, read_entries, texts_by_key
from models.rules.errors import Incomplete
from models.rules.review import VotingRule

JUDGED_AT = ("conduct", "outcome", "inquiry")
STANDINGS = ("法定", "文件", "建议")
POSTS = ("handler", "reviewer", "approver")


def read_facts(top: Entry) -> tuple[Mapping[str, str], dict[str, FactQuestion]]:
    """The fact questions and the names of their groups."""
    groups = texts_by_key(top, "groups")

    def build(entry: Entry) -> FactQuestion:
        return FactQuestion(
            id=entry.text("id"),
            zh=entry.text("zh"),
            group=entry.one_of("group", groups),
            evidence=entry.texts("evidence", required=True),
            settled_by=entry.text("settled_by"),
            judged_at=entry.one_of("judged_at", JUDGED_AT),
            asked_when=entry.texts("asked_when", required=True),
        )

    return groups, read_entries(top, "facts", build)


def read_duties(top: Entry, *, categories: Collection[str]) -> tuple[str, dict[str, Duty]]:
    """The duty list, and what to mind about the texts it cites."""
    laws: dict[str, date] = {}
    for entry in top.subs("laws", required=True):
        entry.label = entry.text("law")
        if entry.label in laws:
            raise entry.fault("法律名称重复")
        laws[entry.label] = entry.day("text_in_force_from")
        entry.done()

    def build(entry: Entry) -> Duty:
        basis = tuple(_legal_basis(article, laws) for article in entry.subs("legal_basis", required=True))
        return Duty(
            id=entry.text("id"),
            category=entry.one_of("category", categories),
            matter=entry.text("matter"),
            step=entry.text("step"),
            requirement=entry.text("requirement"),
            legal_basis=basis,
            time_limit=_time_limit(entry.sub("time_limit")),
            evidence=entry.texts("evidence", required=True),
            note=entry.text_or("note"),
            basis_in_force_from=max(laws[article.law] for article in basis),
        )

    duties = read_entries(top, "duties", build)
    top.text("basis_as_of")
    return top.text("basis_note"), duties


def _legal_basis(entry: Entry, laws: Collection[str]) -> LegalBasis:
    found = LegalBasis(entry.text("law"), entry.number("article"))
    if found.law not in laws:
        raise entry.fault(f"引用了 laws 中没有的 {found.law}")
    entry.done()
    return found


def _time_limit(entry: Entry | None) -> TimeLimit | None:
    if entry is None:
        return None
    found = TimeLimit(
        period=entry.period("value"),
        starts_from=entry.text("starts_from"),
        direction="within" if entry.raw("direction") is None else entry.one_of("direction", DIRECTIONS),
        extension=_extension(entry.sub("extension"), "value"),
    )
    entry.done()
    return found


def _extension(entry: Entry | None, amount: str) -> Extension | None:
    if entry is None:
        return None
    period = None if entry.raw(amount) is None else entry.period(amount)
    entry.raw("unit")
    found = Extension(period, entry.text("condition"))
    entry.done()
    return found


def read_roles(top: Entry) -> dict[str, RoleEntry]:
    """The roles of the procedure."""

    def build(entry: Entry) -> RoleEntry:
        stage = "" if entry.raw("stage") is None else entry.one_of("stage", STAGES)
        return RoleEntry(entry.text("id"), entry.text("zh"), entry.text("does"), stage, entry.text("source"))

    return read_entries(top, "roles", build)


def read_voting(top: Entry) -> VotingRule:
    """How many sit on a panel and what decides, with its standing. 表决规则"""
    try:
        return VotingRule(
            version=top.text("version"),
            size=top.number("size"),
            quorum_num=top.number("quorum_num"),
            quorum_den=top.number("quorum_den"),
            basis=f"{top.text('mark')}：{top.text('basis')}",
        )
    except Incomplete as fault:
        raise top.fault(str(fault)) from None


def read_factors(top: Entry, known: Collection[str]) -> tuple[WeighingFactor, ...]:
    """The six factors the panel weighs."""

    def build(entry: Entry) -> WeighingFactor:
        facts = entry.among("facts", known, "事实", required=True)
        return WeighingFactor(entry.text("id"), entry.text("zh"), facts)

    return tuple(read_entries(top, "weighing_factors", build).values())


def read_responsibilities(top: Entry, *, categories: Collection[str]) -> dict[str, Responsibility]:
    """Who answers for what; only what has a text to quote may be stated as law, and it comes first."""

    def build(entry: Entry) -> Responsibility:
        shares = entry.sub("shares") or Entry(entry.file, entry.label, {})
        found = Responsibility(
            id=entry.text("id"),
            situation=entry.text("situation"),
            shares={post: shares.text(post) for post in POSTS if shares.raw(post) is not None},
            mark=entry.one_of("mark", STANDINGS),
            source=entry.text("source"),
            quote=entry.text_or("quote"),
            category="" if entry.raw("category") is None else entry.one_of("category", categories),
            text_in_force_from=entry.day_or_none("text_in_force_from"),
        )
        shares.done()
        if not found.shares:
            raise entry.fault("shares 至少写明一个岗位")
        if found.suggested == bool(found.quote):
            raise entry.fault("标“法定”“文件”的须有 quote（条文原文），标“建议”的不得有 quote")
        if (found.mark == "法定") != (found.text_in_force_from is not None):
            raise entry.fault("标“法定”的须写 text_in_force_from，其他的不得写")
        return found

    read = read_entries(top, "responsibilities", build)
    return dict(sorted(read.items(), key=lambda pair: STANDINGS.index(pair[1].mark)))


def read_cues(top: Entry, clauses: Collection[str]) -> dict[str, Cues]:
    """The hint words of each clause."""

    def build(entry: Entry) -> Cues:
        if entry.text("id") not in clauses:
            raise entry.fault("没有这一条款")
        return Cues(entry.texts("cues", required=True), entry.texts("anti_cues"))

    return read_entries(top, "cues", build)

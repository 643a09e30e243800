"""Stages, what people are asked at each, and the only legal ways out. 案件流转规则

`asks` says which work items must exist, `way_out` whether the stage has been passed and where to. Both are
pure functions of a Situation, so what follows from an act by rule alone can be settled in its transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from models.rules.decision import Outcome
from models.rules.permissions import Role


class Stage(StrEnum):
    """The seven stages of a case. 环节"""

    INTAKE = "intake"  # 受理
    VERIFICATION = "verification"  # 事实核查
    MATCHING = "matching"  # 条款匹配
    REVIEW = "review"  # 集体审议
    DECISION = "decision"  # 决定
    CLEARING = "clearing"  # 澄清正名与公示
    ARCHIVE = "archive"  # 归档

    @property
    def zh(self) -> str:
        """The stage as people call it."""
        return _STAGE_ZH[self]


_STAGE_ZH = {
    Stage.INTAKE: "受理",
    Stage.VERIFICATION: "事实核查",
    Stage.MATCHING: "条款匹配",
    Stage.REVIEW: "集体审议",
    Stage.DECISION: "决定",
    Stage.CLEARING: "澄清正名与公示",
    Stage.ARCHIVE: "归档",
}


class State(StrEnum):
    """Whether the organ may still act. 案件状态"""

    OPEN = "open"  # 办理中
    TRANSFERRED = "transferred"  # 已移送，本机关暂停处理
    ARCHIVED = "archived"  # 已归档

    @property
    def zh(self) -> str:
        """The state as people call it."""
        return {"open": "办理中", "transferred": "已移送，本机关暂停处理", "archived": "已归档"}[self]


class Kind(StrEnum):
    """What a person may be asked to do. 待办种类"""

    SCREENING = "screening"
    INVESTIGATION = "investigation"
    COUNTERSIGN = "countersign"
    STATEMENT = "statement"
    ANSWER = "answer"
    LEGAL_REVIEW = "legal-review"
    NOTICE_OF_INTENT = "notice-of-intent"
    CONVENING = "convening"
    RECUSAL = "recusal"
    RECUSAL_RULING = "recusal-ruling"
    BALLOT = "ballot"
    CLOSE_SESSION = "close-session"
    SIGNATURE = "signature"
    SERVICE_RECEIPT = "service-receipt"
    AUTHORITY_REPLY = "authority-reply"
    CLEARING_CONSENT = "clearing-consent"
    CLEARING_APPROVAL = "clearing-approval"
    PUBLICATION_REVIEW = "publication-review"
    ARCHIVING = "archiving"

    @property
    def zh(self) -> str:
        """The work item as people call it."""
        return KINDS[self].zh


@dataclass(frozen=True)
class KindRule:
    """Where a work item belongs, who does it and how long it may take (a deadline id of the handbook)."""

    zh: str
    stage: Stage
    role: Role
    deadline: str = ""


KINDS: Mapping[Kind, KindRule] = {
    Kind.SCREENING: KindRule("受理审查", Stage.INTAKE, Role.SCREENING_OFFICER, "intake"),
    Kind.INVESTIGATION: KindRule("调查核实", Stage.VERIFICATION, Role.INVESTIGATOR, "investigation"),
    Kind.COUNTERSIGN: KindRule("调查人员会签", Stage.VERIFICATION, Role.INVESTIGATOR),
    Kind.STATEMENT: KindRule("陈述申辩", Stage.VERIFICATION, Role.OFFICER, "statement"),
    Kind.ANSWER: KindRule("答复申辩意见", Stage.VERIFICATION, Role.INVESTIGATOR),
    Kind.LEGAL_REVIEW: KindRule("法制审核", Stage.MATCHING, Role.LEGAL_REVIEWER, "legal-review"),
    Kind.NOTICE_OF_INTENT: KindRule("拟处理意见告知", Stage.MATCHING, Role.OFFICER, "statement"),
    Kind.CONVENING: KindRule("补足审议人员", Stage.REVIEW, Role.MANAGER),
    Kind.RECUSAL: KindRule("回避申报", Stage.REVIEW, Role.PANEL_MEMBER),
    Kind.RECUSAL_RULING: KindRule("回避申请裁定", Stage.REVIEW, Role.HEAD),  # in whatever stage it is asked
    Kind.BALLOT: KindRule("表决", Stage.REVIEW, Role.PANEL_MEMBER, "review"),
    Kind.CLOSE_SESSION: KindRule("结束审议", Stage.REVIEW, Role.PANEL_MEMBER),
    Kind.SIGNATURE: KindRule("签发决定", Stage.DECISION, Role.HEAD, "decision"),
    Kind.SERVICE_RECEIPT: KindRule("签收决定", Stage.DECISION, Role.OFFICER),
    Kind.AUTHORITY_REPLY: KindRule("登记受移送机关答复", Stage.DECISION, Role.MANAGER),
    Kind.CLEARING_CONSENT: KindRule("澄清正名意愿", Stage.CLEARING, Role.OFFICER, "clearing-consent"),
    Kind.CLEARING_APPROVAL: KindRule("澄清正名审批", Stage.CLEARING, Role.MANAGER, "clearing"),
    Kind.PUBLICATION_REVIEW: KindRule("公开审查", Stage.CLEARING, Role.PUBLICITY_REVIEWER, "publication"),
    Kind.ARCHIVING: KindRule("归档审核", Stage.ARCHIVE, Role.ARCHIVIST, "archiving"),
}


class Absence(StrEnum):
    """What takes the place of an answer the officer concerned does not give; a person records it. 未办理的情形"""

    LAPSED = "lapsed"  # 逾期未陈述
    LEFT = "left"  # 本人没有在系统中签收，由送达人登记送达情况
    SILENT = "silent"  # 逾期未表态

    @property
    def zh(self) -> str:
        """The absence as people call it."""
        return {"lapsed": "逾期未陈述", "left": "送达情况", "silent": "逾期未表态"}[self]


ABSENCES: Mapping[Kind, Absence] = {
    Kind.STATEMENT: Absence.LAPSED,
    Kind.NOTICE_OF_INTENT: Absence.LAPSED,
    Kind.SERVICE_RECEIPT: Absence.LEFT,
    Kind.CLEARING_CONSENT: Absence.SILENT,  # nothing is made known of who has not agreed
}

CLEARED = frozenset({Outcome.EXEMPT, Outcome.NO_FAULT})  # outcomes after which a name is cleared


@dataclass(frozen=True)
class Ask:
    """A work item that must exist. `slot` tells apart items of one kind in one round."""

    kind: Kind
    slot: str = ""
    respondent: int | None = None
    person: int | None = None


@dataclass(frozen=True)
class Move:
    """A passed stage: where the case goes, by which way and whether a new round begins."""

    to: Stage
    way: str
    new_round: bool = False


Answers = Mapping[tuple[Kind, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Situation:
    """All that decides what happens next: the answers of this stage and round and who takes part."""

    stage: Stage
    answers: Answers
    respondents: Mapping[int, int] = field(default_factory=dict)  # respondent id -> person id
    investigators: tuple[int, ...] = ()  # lead first
    conclusion: str = ""
    members: tuple[int, ...] = ()  # sitting members, in the order of the draw
    undeclared: tuple[int, ...] = ()  # who sits and must declare, or has
    called: int = 0  # how many were ever seated in this round
    short: bool = False  # not enough eligible people for a panel
    chair: int | None = None
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)  # respondent id -> signed outcome
    challenges: Mapping[int, int | None] = field(default_factory=dict)  # waiting request -> who rules
    settled: frozenset[int] = frozenset()  # respondents on whom the panel that sent the case back has decided
    cleared_elsewhere: frozenset[int] = frozenset()  # respondents the other authority found nothing against

    @property
    def heard(self) -> Mapping[int, int]:
        """Respondents who are to be heard in this round: those on whom nothing has been settled."""
        return {r: person for r, person in self.respondents.items() if r not in self.settled}

    def answer(self, kind: Kind, slot: object = "") -> Mapping[str, Any] | None:
        """What was answered, or None while it is open."""
        return self.answers.get((kind, str(slot)))

    def all_answered(self, kind: Kind, slots: object) -> bool:
        """Whether every slot of a kind has its answer."""
        return all((kind, str(slot)) in self.answers for slot in slots)  # type: ignore[attr-defined]


def asks(now: Situation) -> tuple[Ask, ...]:
    """Every work item this stage and round calls for so far, answered or not."""
    rulings = tuple(Ask(Kind.RECUSAL_RULING, str(r), person=who) for r, who in now.challenges.items())
    return (*_ASKS[now.stage](now), *rulings)


def way_out(now: Situation) -> Move | None:
    """Where the case goes next, or None while people still have to act."""
    return _WAYS[now.stage](now)


# --- 受理 ---------------------------------------------------------------------------------------


def _intake_asks(now: Situation) -> tuple[Ask, ...]:
    return (Ask(Kind.SCREENING),)


def _intake_way(now: Situation) -> Move | None:
    screening = now.answer(Kind.SCREENING)
    if screening is None:
        return None
    return {
        "accept": Move(Stage.VERIFICATION, "accepted"),
        "decline": Move(Stage.ARCHIVE, "declined"),
        "forward": Move(Stage.ARCHIVE, "forwarded"),
        "transfer": Move(Stage.DECISION, "transfer"),
    }[screening["verdict"]]


# --- 事实核查 -----------------------------------------------------------------------------------


def _hearing(now: Situation) -> bool:
    # Who did nothing wrong needs no defence, and a transfer must not warn the person concerned.
    return now.conclusion == "complete"


def _signed(now: Situation) -> Mapping[str, Any] | None:
    signature = now.answer(Kind.COUNTERSIGN)
    return signature if signature and signature["agreed"] else None


def _points(now: Situation) -> tuple[int, ...]:
    raised = ((r, now.answer(Kind.STATEMENT, r)) for r in now.respondents)
    return tuple(r for r, statement in raised if statement and statement.get("points"))


def _verification_asks(now: Situation) -> tuple[Ask, ...]:
    lead, second = now.investigators[0], now.investigators[1]
    wanted = [Ask(Kind.INVESTIGATION, person=lead)]
    if now.answer(Kind.INVESTIGATION):
        wanted.append(Ask(Kind.COUNTERSIGN, person=second))
    if _signed(now) and _hearing(now):
        wanted += [Ask(Kind.STATEMENT, str(r), r, person) for r, person in now.heard.items()]
        wanted += [Ask(Kind.ANSWER, str(r), r, lead) for r in _points(now)]
    return tuple(wanted)


def _verification_way(now: Situation) -> Move | None:
    signature = now.answer(Kind.COUNTERSIGN)
    if signature is None:
        return None
    if not signature["agreed"]:
        return Move(Stage.VERIFICATION, "not-countersigned", new_round=True)
    if not _hearing(now):
        return Move(Stage.DECISION, now.conclusion)
    heard = now.all_answered(Kind.STATEMENT, now.heard)
    if heard and now.all_answered(Kind.ANSWER, _points(now)):
        return Move(Stage.MATCHING, "complete")
    return None


# --- 条款匹配 -----------------------------------------------------------------------------------


def _matching_asks(now: Situation) -> tuple[Ask, ...]:
    review = now.answer(Kind.LEGAL_REVIEW)
    wanted = [Ask(Kind.LEGAL_REVIEW)]
    if review and review["verdict"] == "confirm":
        wanted += [Ask(Kind.NOTICE_OF_INTENT, str(r), r, person) for r, person in now.heard.items()]
    return tuple(wanted)


def _matching_way(now: Situation) -> Move | None:
    review = now.answer(Kind.LEGAL_REVIEW)
    if review is None:
        return None
    if review["verdict"] == "supplement":
        return Move(Stage.VERIFICATION, "facts-missing", new_round=True)
    if now.all_answered(Kind.NOTICE_OF_INTENT, now.heard):
        return Move(Stage.REVIEW, "confirmed")
    return None


# --- 集体审议 -----------------------------------------------------------------------------------


def _review_asks(now: Situation) -> tuple[Ask, ...]:
    if now.short:
        return (Ask(Kind.CONVENING, str(now.called)),)  # a panel may fall short again
    wanted = [Ask(Kind.RECUSAL, str(p), person=p) for p in now.undeclared]
    if now.all_answered(Kind.RECUSAL, now.undeclared):
        wanted += [Ask(Kind.BALLOT, str(p), person=p) for p in _voters(now)]
        wanted.append(Ask(Kind.CLOSE_SESSION, person=now.chair))
    return tuple(wanted)


def _voters(now: Situation) -> tuple[int, ...]:
    # The chair votes when everybody else has; a vote once cast stands when somebody moves up afterwards.
    others = tuple(p for p in now.members if p != now.chair)
    last = now.answer(Kind.BALLOT, now.chair) is not None or now.all_answered(Kind.BALLOT, others)
    return now.members if last else others


def _review_way(now: Situation) -> Move | None:
    closing = now.answer(Kind.CLOSE_SESSION)
    if closing is None:
        return None
    if "supplement" in closing["settled"].values():
        return Move(Stage.VERIFICATION, "supplement", new_round=True)
    return Move(Stage.DECISION, "decided")


# --- 决定 ---------------------------------------------------------------------------------------


def served(outcome: Outcome) -> bool:
    """Whether the officer is handed a decision of ours; a transfer is the other authority's to announce."""
    return outcome is not Outcome.TRANSFER


def _to_serve(now: Situation) -> tuple[int, ...]:
    return tuple(r for r, outcome in now.outcomes.items() if served(outcome))


def _decision_asks(now: Situation) -> tuple[Ask, ...]:
    signature = now.answer(Kind.SIGNATURE)
    wanted = [Ask(Kind.SIGNATURE)]
    if signature and signature["verdict"] == "sign":
        wanted += [Ask(Kind.SERVICE_RECEIPT, str(r), r, now.respondents[r]) for r in _to_serve(now)]
        if Outcome.TRANSFER in now.outcomes.values():
            wanted.append(Ask(Kind.AUTHORITY_REPLY))
    return tuple(wanted)


def _decision_way(now: Situation) -> Move | None:
    signature = now.answer(Kind.SIGNATURE)
    if signature is None:
        return None
    if signature["verdict"] == "return":
        return _returned(now)
    reply = now.answer(Kind.AUTHORITY_REPLY)
    if reply and reply["result"] == "returned":
        return _taken_up_again(now, "returned-by-authority")
    waiting = Outcome.TRANSFER in now.outcomes.values() and reply is None
    if waiting or not now.all_answered(Kind.SERVICE_RECEIPT, _to_serve(now)):
        return None
    return Move(Stage.CLEARING, "issued")


def _returned(now: Situation) -> Move:
    # A case that never had a panel (unfounded, out of scope, transfer) goes back to whoever proposed it.
    if now.conclusion == "complete":
        return Move(Stage.REVIEW, "returned-to-panel", new_round=True)
    return _taken_up_again(now, "returned-to-investigators")


def _taken_up_again(now: Situation, way: str) -> Move:
    # What was transferred at the door has never been accepted, so nobody has been named to investigate it.
    return Move(Stage.VERIFICATION if now.investigators else Stage.INTAKE, way, new_round=True)


# --- 澄清正名与公示 -----------------------------------------------------------------------------


def _to_clear(now: Situation) -> tuple[int, ...]:
    return tuple(r for r, outcome in now.outcomes.items() if outcome in CLEARED or r in now.cleared_elsewhere)


def _wanted(now: Situation) -> bool:
    return any((now.answer(Kind.CLEARING_CONSENT, r) or {}).get("wanted") for r in _to_clear(now))


def _clearing_asks(now: Situation) -> tuple[Ask, ...]:
    cleared = _to_clear(now)
    wanted = [Ask(Kind.CLEARING_CONSENT, str(r), r, now.respondents[r]) for r in cleared]
    if cleared and now.all_answered(Kind.CLEARING_CONSENT, cleared) and _wanted(now):
        wanted.append(Ask(Kind.CLEARING_APPROVAL))
        approval = now.answer(Kind.CLEARING_APPROVAL)
        if approval and approval["publication_class"] == "public":
            wanted.append(Ask(Kind.PUBLICATION_REVIEW))
    return tuple(wanted)


def _clearing_way(now: Situation) -> Move | None:
    cleared = _to_clear(now)
    if not cleared:
        return Move(Stage.ARCHIVE, "nothing-to-clear")
    if not now.all_answered(Kind.CLEARING_CONSENT, cleared):
        return None
    if not _wanted(now):
        return Move(Stage.ARCHIVE, "no-clearing-wanted")
    approval = now.answer(Kind.CLEARING_APPROVAL)
    if approval is None:
        return None
    if approval["publication_class"] != "public":
        return Move(Stage.ARCHIVE, "not-published")
    if now.answer(Kind.PUBLICATION_REVIEW) is None:
        return None
    return Move(Stage.ARCHIVE, "reviewed-for-publication")


# --- 归档 ---------------------------------------------------------------------------------------


def _archive_asks(now: Situation) -> tuple[Ask, ...]:
    return (Ask(Kind.ARCHIVING),)


def _archive_way(now: Situation) -> Move | None:
    return None  # the last stage: its answer archives the case


_ASKS = {
    Stage.INTAKE: _intake_asks,
    Stage.VERIFICATION: _verification_asks,
    Stage.MATCHING: _matching_asks,
    Stage.REVIEW: _review_asks,
    Stage.DECISION: _decision_asks,
    Stage.CLEARING: _clearing_asks,
    Stage.ARCHIVE: _archive_asks,
}
_WAYS = {
    Stage.INTAKE: _intake_way,
    Stage.VERIFICATION: _verification_way,
    Stage.MATCHING: _matching_way,
    Stage.REVIEW: _review_way,
    Stage.DECISION: _decision_way,
    Stage.CLEARING: _clearing_way,
    Stage.ARCHIVE: _archive_way,
}

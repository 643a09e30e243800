"""Who may do what: one function, `may`, for every path. 权限规则

A ruling comes from three things: the roles a person holds in an organ, the part the person has in the case,
and whether the person is recused. The same tables are compiled to SQL for lists and counts
(`models.queries.visible`), so a list can never show what the item itself would refuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from models.rules.confidentiality import Level, narrower
from models.rules.errors import NotFound
from models.rules.roles import Part as Part
from models.rules.roles import Role as Role

# Pairs of parts that one person may not hold in one case (lifecycle §4.2; 处分条例 41-42; 程序规定 49 by analogy).
PAIRS: frozenset[frozenset[Part]] = frozenset(
    frozenset(pair)
    for pair in (
        (Part.REGISTRAR, Part.SCREENER),
        (Part.REGISTRAR, Part.PANEL),
        (Part.INVESTIGATOR, Part.LEGAL_REVIEWER),
        (Part.INVESTIGATOR, Part.PANEL),
        (Part.INVESTIGATOR, Part.SIGNER),
        (Part.LEGAL_REVIEWER, Part.PANEL),
    )
)

# Parts that answering for a role gives; who answers as an officer is the respondent already.
PART_OF: Mapping[Role, Part] = {
    Role.INTAKE_CLERK: Part.REGISTRAR,
    Role.SCREENING_OFFICER: Part.SCREENER,
    Role.INVESTIGATOR: Part.INVESTIGATOR,
    Role.LEGAL_REVIEWER: Part.LEGAL_REVIEWER,
    Role.PANEL_MEMBER: Part.PANEL,
    Role.HEAD: Part.SIGNER,
    Role.MANAGER: Part.MANAGER,
    Role.PUBLICITY_REVIEWER: Part.PUBLICITY_REVIEWER,
    Role.ARCHIVIST: Part.ARCHIVIST,
    Role.OFFICER: Part.RESPONDENT,
}

# How confidential a case each role may know, by part or by waiting work (建议值; A-35 of the design). Whoever still has
# work on the way of every case reaches the top, or cases would stand still; whoever is done at the door does not.
CEILINGS: Mapping[Role, Level] = {
    Role.INTAKE_CLERK: Level.INTERNAL,
    Role.SCREENING_OFFICER: Level.SENSITIVE,
    Role.INVESTIGATOR: Level.STRICT,
    Role.OFFICER: Level.STRICT,  # nobody is kept from one's own matter
    Role.LEGAL_REVIEWER: Level.STRICT,
    Role.PANEL_MEMBER: Level.STRICT,
    Role.HEAD: Level.STRICT,
    Role.MANAGER: Level.STRICT,
    Role.PUBLICITY_REVIEWER: Level.STRICT,
    Role.ARCHIVIST: Level.STRICT,
    Role.IDENTITY_CUSTODIAN: Level.INTERNAL,  # rules on requests, and sees of a case its number
    Role.ADMINISTRATOR: Level.INTERNAL,
}
# Roles that see the cases of their organ without part or work in them, and how far: the archivist what is ordinary.
BROWSING: Mapping[Role, Level] = {
    Role.MANAGER: Level.STRICT,
    Role.HEAD: Level.STRICT,
    Role.ARCHIVIST: Level.INTERNAL,
}
ORGAN_WIDE = frozenset(BROWSING)
PART_CEILINGS: Mapping[Part, Level] = {part: CEILINGS[role] for role, part in PART_OF.items()} | {
    Part.RULER: Level.STRICT
}

# Parts that end sight (recused) or narrow it to one's own items and papers (respondent). What is not accepted may
# be a slander or a matter for another authority: the officer concerned is not to learn of it, nor to be warned.
BLIND = Part.RECUSED
NARROW = Part.RESPONDENT


class Action(StrEnum):
    """What somebody wants to do with a case. 操作"""

    REGISTER = "register"  # 登记案件
    SEE = "see"  # 查看案件
    SEE_FILE = "see-file"  # 查看证据、认定、内部文书
    ADD_EVIDENCE = "add-evidence"  # 补充证据
    SEE_ITEM = "see-item"  # 查看待办
    ANSWER = "answer"  # 办理待办
    RECORD_ABSENCE = "record-absence"  # 登记逾期、送达情况
    PIN_STEP = "pin-step"  # 置顶、取消置顶办理进程的一步
    SEE_READERS = "see-readers"  # 查看何人查阅过案卷
    SEE_PAPER = "see-paper"  # 查看一份文书
    SET_LEVEL = "set-level"  # 调整密级
    REQUEST_IDENTITY = "request-identity"  # 申请使用举报人信息
    RULE_IDENTITY = "rule-identity"  # 裁定申请、启封举报人信息
    HOLD_PART = "hold-part"  # 被指派
    TEND_NOTICES = "tend-notices"  # 处理未送达通知
    KEEP_WEBHOOKS = "keep-webhooks"  # 登记外部系统回调
    KEEP_NUMBERS = "keep-numbers"  # 查看文号簿，预留、作废文号
    FILE_DEPOSIT = "file-deposit"  # 在先留存：提出请示、告知、报告
    SEE_DEPOSIT = "see-deposit"  # 查看在先留存
    REPLY_DEPOSIT = "reply-deposit"  # 答复在先留存
    ATTACH_DEPOSIT = "attach-deposit"  # 将在先留存提交为证据
    NAME_SUBSTITUTE = "name-substitute"  # 登记外出、指定代理人
    SEE_SUBSTITUTION = "see-substitution"  # 查看代理
    END_SUBSTITUTION = "end-substitution"  # 撤销代理
    TAKE_INTERVIEW = "take-interview"  # 登记谈话笔录
    TAKE_OPINION = "take-opinion"  # 登记专业论证意见


@dataclass(frozen=True)
class StandIn:
    """Somebody who is away today, and for which of that person's roles another stands in. 代理"""

    person_id: int
    roles: frozenset[tuple[Role, int]]  # role, organ id


@dataclass(frozen=True)
class Actor:
    """A signed-in person, the roles held today and the colleagues stood in for today. 办理人"""

    person_id: int
    name: str
    roles: frozenset[tuple[Role, int]]  # role, organ id
    stands_in: frozenset[StandIn] = frozenset()

    def holds(self, role: Role, organ_id: int) -> bool:
        """Whether the role is held in that organ."""
        return (role, organ_id) in self.roles

    def organs(self, *roles: Role) -> frozenset[int]:
        """Organs in which one of the roles is held."""
        return frozenset(organ for role, organ in self.roles if role in roles)

    def keeps_identities_of(self) -> frozenset[int]:
        """Organs whose reporters' identities this person keeps: nobody who could come to handle their cases."""
        other = any(role is not Role.IDENTITY_CUSTODIAN for role, _ in self.roles)
        return frozenset() if other else self.organs(Role.IDENTITY_CUSTODIAN)


@dataclass(frozen=True)
class CaseFacts:
    """What a ruling needs to know of a case: its organ, who is what in it, and the queues that wait."""

    organ_id: int
    parts: Mapping[int, frozenset[Part]] = field(default_factory=dict)  # person id -> parts
    queues: frozenset[Role] = frozenset()  # roles whose unassigned items are open
    announced: bool = (
        False  # accepted, or something has been asked of an officer: the officers may know of it
    )
    served: frozenset[int] = frozenset()  # persons to whom their decision has been served
    in_place: Mapping[int, frozenset[Part]] = field(
        default_factory=dict
    )  # parts that only tie: taken standing in
    waiting: "frozenset[ItemFacts]" = frozenset()  # open items, for those who stand in for somebody
    level: Level = Level.INTERNAL

    def parts_of(self, person_id: int) -> frozenset[Part]:
        """The parts a person has in the case."""
        return self.parts.get(person_id, frozenset())


@dataclass(frozen=True)
class ItemFacts:
    """What a ruling needs to know of a work item."""

    role: Role
    assignee_id: int | None
    organ_id: int
    personal: bool = False  # done by nobody but who was asked: votes, declarations, what was delegated
    paired: bool = False  # one half of what two investigators do, each half by another person


@dataclass(frozen=True)
class PaperFacts:
    """What a ruling needs to know of a paper; `own` when it is made out to the person who asks."""

    audience: str  # internal, officer, public
    level: Level
    own: bool


@dataclass(frozen=True)
class DepositFacts:
    """What a ruling needs to know of a deposit: who put it to whom. 在先留存"""

    filed_by: int
    addressed_to: int


@dataclass(frozen=True)
class SubstitutionFacts:
    """What a ruling needs to know of a substitution: who is away, who stands in, who looks after the one away. 代理"""

    person_id: int
    substitute_id: int | None
    overseen_by: frozenset[int] = frozenset()  # organs whose managers and heads may name for this person


@dataclass(frozen=True)
class Ruling:
    """Yes, or no with the reason in words; `recused` marks a refusal for bias, `hidden` one of sight."""

    ok: bool
    why: str = ""
    recused: bool = False
    hidden: bool = False


YES = Ruling(ok=True)
# What is hidden and what is not there are refused in the same words, so that asking tells nobody which it is.
HIDDEN = Ruling(False, str(NotFound()), hidden=True)


def may(
    actor: Actor,
    action: Action,
    case: CaseFacts | None = None,
    *,
    item: ItemFacts | None = None,
    part: Part | None = None,
    organ_id: int | None = None,
    paper: PaperFacts | None = None,
    deposit: DepositFacts | None = None,
    substitution: SubstitutionFacts | None = None,
) -> Ruling:
    """The one ruling on rights. Answers with the reason, raises nothing."""
    if action is Action.REGISTER:
        holds = organ_id is not None and actor.holds(Role.INTAKE_CLERK, organ_id)
        return YES if holds else Ruling(False, "只有本机关的登记员可以登记案件；请联系本机关登记员。")
    if action is Action.TEND_NOTICES:
        holds = organ_id is not None and actor.holds(Role.MANAGER, organ_id)
        return YES if holds else Ruling(False, "未送达的通知由本机关分管负责人处理；请联系分管负责人。")
    if action is Action.KEEP_NUMBERS:
        holds = organ_id is not None and actor.holds(Role.MANAGER, organ_id)
        return YES if holds else Ruling(False, "文号簿由本机关分管负责人管理；请联系分管负责人。")
    if action is Action.KEEP_WEBHOOKS:
        holds = organ_id is not None and actor.holds(Role.ADMINISTRATOR, organ_id)
        return YES if holds else Ruling(False, "外部系统回调由本机关系统管理员登记；请联系系统管理员。")
    if action is Action.FILE_DEPOSIT:
        holds = organ_id is not None and actor.holds(Role.OFFICER, organ_id)
        return YES if holds else Ruling(False, "在先留存由本机关执法人员提出；请由执法人员本人办理。")
    if action in (Action.SEE_DEPOSIT, Action.REPLY_DEPOSIT):
        return _deposit(actor, action, deposit)
    if action in _OF_SUBSTITUTIONS:
        return _substitution(actor, action, substitution)
    if case is None:
        return HIDDEN
    parts = case.parts_of(actor.person_id)
    if action is Action.HOLD_PART:
        return _hold_part(parts, part)
    if BLIND in parts:
        return Ruling(False, "您已回避本案，不能查看或者办理。", recused=True, hidden=True)
    if action is Action.RULE_IDENTITY:
        # Whoever has a part in the case may not know the reporter; a custodian needs no sight of the case.
        return YES if case.organ_id in actor.keeps_identities_of() and not parts else HIDDEN
    if (NARROW in parts and not case.announced) or not _sees(actor, case, parts):
        return HIDDEN
    if action is Action.SEE:
        return YES
    if action is Action.SEE_PAPER:
        return _see_paper(actor, case, paper, parts)
    if action is Action.SEE_FILE:
        return Ruling(False, "被核查人员可以查看本人的文书和告知，不能查看案卷。") if NARROW in parts else YES
    if action is Action.ADD_EVIDENCE:
        return _add_evidence(parts)
    if action is Action.PIN_STEP:
        return _pin_step(parts)
    if action in (Action.TAKE_INTERVIEW, Action.TAKE_OPINION):
        return _take_transcript(action, parts)
    if action is Action.ATTACH_DEPOSIT:
        return _attach(actor, case, deposit, parts)
    if action is Action.SET_LEVEL:
        if NARROW not in parts and actor.holds(Role.MANAGER, case.organ_id):
            return YES
        return Ruling(False, "密级由本机关分管负责人调整；请向分管负责人说明理由。")
    if action is Action.REQUEST_IDENTITY:
        if Part.INVESTIGATOR in parts and NARROW not in parts:
            return YES
        return Ruling(False, "举报人信息由本案调查人员写明理由申请使用；请联系本案调查人员。")
    if action is Action.SEE_READERS:
        return _see_readers(actor, case, parts)
    if item is None:
        return HIDDEN
    if action is Action.SEE_ITEM:
        return _see_item(actor, item, parts)
    if action is Action.RECORD_ABSENCE:
        return _record_absence(actor, item, parts)
    return _answer(actor, case, item, parts)


_OF_SUBSTITUTIONS = frozenset({Action.NAME_SUBSTITUTE, Action.SEE_SUBSTITUTION, Action.END_SUBSTITUTION})


def _sees(actor: Actor, case: CaseFacts, parts: frozenset[Part]) -> bool:
    own = parts - case.in_place.get(actor.person_id, frozenset())
    if any(PART_CEILINGS[part].covers(case.level) for part in own if part in PART_CEILINGS):
        return True
    if any(actor.holds(role, case.organ_id) and top.covers(case.level) for role, top in BROWSING.items()):
        return True
    if any(actor.holds(role, case.organ_id) and CEILINGS[role].covers(case.level) for role in case.queues):
        return True
    return bool(actor.stands_in) and any(stood_in_for(actor, item, case) for item in case.waiting)


def stood_in_for(actor: Actor, item: ItemFacts, case: CaseFacts) -> int | None:
    """In whose place the actor may do an item; None in one's own right, or when either of the two is tied. 代理

    Nobody hands on: only who is away and named the actor counts, never whom that person stands in for.
    """
    part = PART_OF.get(item.role)
    if item.personal or part is None or not CEILINGS[item.role].covers(case.level):
        return None
    if item.assignee_id is None and actor.holds(item.role, item.organ_id):
        return None
    mine = case.parts_of(actor.person_id)
    if not _hold_part(mine, part).ok or (item.paired and part in mine):
        return None
    fits = (
        one.person_id
        for one in actor.stands_in
        if item.assignee_id in (None, one.person_id)
        and (item.role, item.organ_id) in one.roles
        and _hold_part(case.parts_of(one.person_id), part).ok
    )
    return min(fits, default=None)


def _hold_part(parts: frozenset[Part], part: Part | None) -> Ruling:
    if BLIND in parts:
        return Ruling(False, "此人已回避本案，不能参与办理；请另行指派。", recused=True)
    if NARROW in parts:
        return Ruling(False, "此人是本案被核查人员，应当回避，不能参与办理。", recused=True)
    clash = next((held for held in sorted(parts) if part and frozenset({held, part}) in PAIRS), None)
    if clash and part:
        return Ruling(False, f"同一人不能既是本案{clash.zh}又是{part.zh}；请另行指派。")
    return YES


def _see_paper(actor: Actor, case: CaseFacts, paper: PaperFacts | None, parts: frozenset[Part]) -> Ruling:
    """The file's papers, one's own, or one for everybody; a paper may be more confidential than its case."""
    if paper is None or not _sees(actor, replace(case, level=narrower(case.level, paper.level)), parts):
        return HIDDEN
    concerns = paper.audience == "public" or (paper.audience == "officer" and paper.own)
    return YES if concerns or NARROW not in parts else HIDDEN


def _add_evidence(parts: frozenset[Part]) -> Ruling:
    if parts & {Part.REGISTRAR, Part.INVESTIGATOR, Part.RESPONDENT}:
        return YES
    return Ruling(False, "只有登记人、调查人和被核查人员可以提交证据；请将材料交给调查人员。")


def _pin_step(parts: frozenset[Part]) -> Ruling:
    """Who works on the case says what is to be seen first; neither who is looked at nor who only looks on."""
    if NARROW in parts:
        return Ruling(False, "您是本案被核查人员，不能置顶办理进程；需要说明的，请作为陈述申辩或者证据提出。")
    return YES if parts else Ruling(False, "置顶由参与本案办理的人员决定；请联系本案调查人员。")


def _take_transcript(action: Action, parts: frozenset[Part]) -> Ruling:
    if NARROW not in parts and Part.INVESTIGATOR in parts:
        return YES
    if action is Action.TAKE_INTERVIEW:
        return Ruling(False, "谈话笔录由本案调查人员登记；请联系本案调查人员。")
    if NARROW not in parts and Part.LEGAL_REVIEWER in parts:
        return YES
    return Ruling(False, "专业论证意见由本案调查人员或者法制审核人员登记；请联系承办人员。")


def _deposit(actor: Actor, action: Action, deposit: DepositFacts | None) -> Ruling:
    """A deposit lies between who filed it and who is to answer; nobody else learns that it is there."""
    if deposit is None or actor.person_id not in (deposit.filed_by, deposit.addressed_to):
        return HIDDEN
    if action is Action.REPLY_DEPOSIT and actor.person_id != deposit.addressed_to:
        return Ruling(False, "答复由受文人作出；您是提出人，请等待答复。")
    return YES


def _attach(actor: Actor, case: CaseFacts, deposit: DepositFacts | None, parts: frozenset[Part]) -> Ruling:
    """The officer concerned brings in one's own; the investigator that of an officer concerned, who gave its number."""
    if deposit is None or NARROW not in case.parts_of(deposit.filed_by):
        return HIDDEN
    if actor.person_id == deposit.filed_by:
        return YES
    return YES if Part.INVESTIGATOR in parts and NARROW not in parts else HIDDEN


def _substitution(actor: Actor, action: Action, said: SubstitutionFacts | None) -> Ruling:
    """Who is away, who stands in and the managers of the one away know of it; nobody hands a power to oneself."""
    if said is None:
        return HIDDEN
    oversees = bool(said.overseen_by & actor.organs(Role.MANAGER, Role.HEAD))
    away = actor.person_id == said.person_id
    if action is Action.NAME_SUBSTITUTE:
        if away:
            return YES
        if not oversees:
            return Ruling(
                False,
                "代理人由本人或者其分管负责人指定（机关负责人的由上级机关指定）；请联系其本人或者分管负责人。",
            )
        if actor.person_id == said.substitute_id:
            return Ruling(False, "不能指定自己代理他人；请由其本人指定，或者由另一名负责人指定。")
        return YES
    if away or oversees or actor.person_id == said.substitute_id:
        return YES
    return HIDDEN


def _see_readers(actor: Actor, case: CaseFacts, parts: frozenset[Part]) -> Ruling:
    # Before the service the list would tell an officer who sits in judgement, while they can still be spoken to.
    if NARROW in parts:
        if actor.person_id in case.served:
            return YES
        return Ruling(False, "决定送达您本人之后，才能查看何人查阅过案卷；请在签收决定后再来查看。")
    if actor.holds(Role.MANAGER, case.organ_id):
        return YES
    return Ruling(False, "查阅记录由本机关分管负责人和决定送达后的本人查看；确有需要的，请联系分管负责人。")


def _see_item(actor: Actor, item: ItemFacts, parts: frozenset[Part]) -> Ruling:
    if NARROW in parts and item.assignee_id != actor.person_id:
        return HIDDEN
    return YES


def _record_absence(actor: Actor, item: ItemFacts, parts: frozenset[Part]) -> Ruling:
    seen = _see_item(actor, item, parts)
    if not seen.ok:
        return seen
    if item.role is not Role.OFFICER:
        return Ruling(False, "此事项不由被核查人员办理，不能登记逾期或者送达情况。")
    if Part.INVESTIGATOR in parts and NARROW not in parts:
        return YES
    return Ruling(False, "逾期和送达情况由本案调查人员登记；请联系本案调查人员。")


def _answer(actor: Actor, case: CaseFacts, item: ItemFacts, parts: frozenset[Part]) -> Ruling:
    if NARROW in parts:
        if item.role is Role.OFFICER and item.assignee_id == actor.person_id:
            return YES
        unseen = not _see_item(actor, item, parts).ok
        return Ruling(False, "您是本案被核查人员，应当回避，不能办理此事项。", recused=True, hidden=unseen)
    if stood_in_for(actor, item, case) is not None:
        return YES
    if item.assignee_id is not None and item.assignee_id != actor.person_id:
        return Ruling(False, "此事项已指定他人办理，您不能代为办理。")
    if item.assignee_id is None and not actor.holds(item.role, item.organ_id):
        return Ruling(False, f"此事项由{item.role.zh}办理，您没有该角色。")
    return _hold_part(parts, PART_OF[item.role])

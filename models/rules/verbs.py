"""What people may do with a work item or a case besides answering: who, on what, when. 办理动作

Every verb has one ruling here; `models.casework.handling` carries it out and records who did it, when, why and on
whose behalf. Source: lifecycle.md §3.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from models.rules.lifecycle import KINDS, Kind
from models.rules.permissions import NARROW, Actor, CaseFacts, ItemFacts, Part, Role, Ruling

YES = Ruling(True)


class Verb(StrEnum):
    """What is done with one work item. 待办动作"""

    CLAIM = "claim"
    RELEASE = "release"
    TRANSFER = "transfer"
    DELEGATE = "delegate"
    TAKE_BACK = "take-back"
    WITHDRAW = "withdraw"
    NUDGE = "nudge"
    EXTEND = "extend"
    SUSPEND = "suspend"
    RESTART = "restart"

    @property
    def zh(self) -> str:
        """The verb as people call it."""
        return _ZH[self]


_ZH = {
    Verb.CLAIM: "认领",
    Verb.RELEASE: "退回本组",
    Verb.TRANSFER: "转办",
    Verb.DELEGATE: "委派",
    Verb.TAKE_BACK: "收回委派",
    Verb.WITHDRAW: "撤回",
    Verb.NUDGE: "催办",
    Verb.EXTEND: "延长期限",
    Verb.SUSPEND: "中止期限",
    Verb.RESTART: "恢复计算期限",
}


class CaseVerb(StrEnum):
    """What is done with a case as a whole. 案件动作"""

    HOLD = "hold"
    RESUME = "resume"
    COPY = "copy"
    ADD_MEMBERS = "add-members"
    REMOVE_MEMBER = "remove-member"
    CHALLENGE = "challenge"

    @property
    def zh(self) -> str:
        """The verb as people call it."""
        return _CASE_ZH[self]


_CASE_ZH = {
    CaseVerb.HOLD: "中止办理",
    CaseVerb.RESUME: "恢复办理",
    CaseVerb.COPY: "抄送知悉",
    CaseVerb.ADD_MEMBERS: "增加审议成员",
    CaseVerb.REMOVE_MEMBER: "减少审议成员",
    CaseVerb.CHALLENGE: "申请回避",
}

# Nobody speaks, votes or declares for another: these stay with the person who was asked.
PERSONAL = frozenset(
    kind for kind, rule in KINDS.items() if rule.role in (Role.OFFICER, Role.PANEL_MEMBER)
) | {Kind.RECUSAL_RULING}
# Two halves of one thing, done by two investigators.
PAIRED = frozenset({Kind.INVESTIGATION, Kind.COUNTERSIGN})
# Who may decide on a period; the edition says which of them does.
DECIDERS = (Role.MANAGER, Role.HEAD)
# What can be taken back before anybody has acted on it.
WITHDRAWABLE = frozenset({Kind.BALLOT, Kind.STATEMENT, Kind.NOTICE_OF_INTENT})


@dataclass(frozen=True)
class Holding:
    """Who was asked, who has it now and for whom. 待办的归属"""

    kind: Kind
    state: str  # open, done, cancelled
    asked: int | None  # whom the procedure asks; nobody: whoever holds the role
    holder: int | None
    delegated_by: int | None = None
    answered_by: int | None = None


def asked_of(kind: Kind, assignee: int | None, organ_id: int, *, delegated: bool) -> ItemFacts:
    """What a ruling on rights needs to know of an item; what was delegated is not handed on to anybody's substitute."""
    personal = kind in PERSONAL or delegated
    return ItemFacts(KINDS[kind].role, assignee, organ_id, personal, kind in PAIRED)


def item_ruling(verb: Verb, actor: Actor, held: Holding, case: CaseFacts, *, may_answer: Ruling) -> Ruling:
    """Whether the actor, who may see the item, may do this with it now."""
    if verb is Verb.WITHDRAW:
        return _withdraw(actor, held)
    if held.state != "open":
        return Ruling(False, "此事项已经办结或者撤销，不能再" + verb.zh + "；请刷新后查看现在的待办。")
    mine = held.holder == actor.person_id
    manages = actor.holds(Role.MANAGER, case.organ_id) and NARROW not in case.parts_of(actor.person_id)
    match verb:
        case Verb.CLAIM:
            if held.holder is not None:
                return (
                    YES
                    if mine
                    else Ruling(False, "此事项已由他人认领或者指定他人办理；需要接手的，请由其转办。")
                )
            if may_answer.ok and not actor.holds(KINDS[held.kind].role, case.organ_id):
                return Ruling(False, "您是代理办理，不能认领；请直接办理，或者留给本组其他人。")
            return may_answer
        case Verb.RELEASE:
            if not mine or held.asked is not None or held.delegated_by is not None:
                return Ruling(
                    False, "只有认领了本组待办的人可以退回本组；指定您办理的，请改用转办并说明理由。"
                )
            return YES
        case Verb.TAKE_BACK:
            if held.delegated_by is None:
                return Ruling(False, "此事项没有委派，不需要收回。")
            ours = actor.person_id in (held.delegated_by, held.holder)
            return YES if ours else Ruling(False, "只有委派人可以收回、受委派人可以退还；请与其联系。")
        case Verb.NUDGE:
            return _nudge(actor, held, case, manages=manages)
        case Verb.EXTEND | Verb.SUSPEND | Verb.RESTART:
            if mine:
                return Ruling(False, f"您是此事项的办理人，不能自行批准{verb.zh}；请向批准人说明理由。")
            rulings = [decider_ruling(verb, actor, case, role) for role in DECIDERS]
            return next((one for one in rulings if one.ok), rulings[0])
        case _:
            return _pass_on(verb, held, mine=mine, manages=manages)


def decider_ruling(verb: Verb, actor: Actor, case: CaseFacts, approver: Role) -> Ruling:
    """Whether the actor is the one who, by the edition, decides on a period; never in one's own matter."""
    if NARROW in case.parts_of(actor.person_id):
        return Ruling(False, f"您是本案被核查人员，不能批准{verb.zh}；需要延长的，请向分管负责人提出。")
    if actor.holds(approver, case.organ_id):
        return YES
    return Ruling(False, f"{verb.zh}由本机关{approver.zh}批准；请向其说明理由。")


def _pass_on(verb: Verb, held: Holding, *, mine: bool, manages: bool) -> Ruling:
    if held.kind in PERSONAL:
        return Ruling(False, f"『{held.kind.zh}』须由本人办理，不能{verb.zh}；有回避情形的，请申请回避。")
    if held.delegated_by is not None and mine:
        return Ruling(False, f"此事项是委派给您的，不能再{verb.zh}；不能办理的，请退还委派人。")
    if mine or (verb is Verb.TRANSFER and manages):
        return YES
    if held.holder is None:
        return Ruling(False, f"此事项还没有人认领；请先认领再{verb.zh}。")
    return Ruling(False, f"此事项不在您手上，不能{verb.zh}；请由办理人或者分管负责人转办。")


def _withdraw(actor: Actor, held: Holding) -> Ruling:
    if held.state != "done" or held.answered_by != actor.person_id:
        return Ruling(False, "只能撤回您本人已经提交的内容。")
    if held.kind not in WITHDRAWABLE:
        return Ruling(
            False, f"『{held.kind.zh}』提交后即生效，不能撤回；确有错误的，请说明情况，由下一环节退回。"
        )
    return YES


def _nudge(actor: Actor, held: Holding, case: CaseFacts, *, manages: bool) -> Ruling:
    if held.holder == actor.person_id:
        return Ruling(False, "此事项由您本人办理，不需要催办。")
    if manages or Part.INVESTIGATOR in case.parts_of(actor.person_id):
        return YES
    return Ruling(False, "催办由分管负责人或者本案调查人员提出；请与其联系。")


def case_ruling(verb: CaseVerb, actor: Actor, case: CaseFacts) -> Ruling:
    """Whether the actor, who may see the case, may do this with it."""
    parts = case.parts_of(actor.person_id)
    if verb is CaseVerb.CHALLENGE:
        return YES if parts else Ruling(False, "回避由被核查人员或者参与办理的人员提出；您没有参与本案。")
    if NARROW in parts:
        return Ruling(False, f"您是本案被核查人员，不能{verb.zh}；可以申请有关人员回避。")
    manages = actor.holds(Role.MANAGER, case.organ_id)
    if verb is CaseVerb.COPY:
        if manages or Part.INVESTIGATOR in parts:
            return YES
        return Ruling(False, "抄送由分管负责人或者本案调查人员提出。")
    return YES if manages else Ruling(False, f"{verb.zh}由本机关分管负责人决定；请向分管负责人说明理由。")


def taker_ruling(
    kind: Kind, taker: Actor, organ_id: int, *, tie: Ruling, investigators: Collection[int]
) -> Ruling:
    """Whether somebody may take an item over: the same role, no tie, and never both halves of a pair. 接办"""
    role = KINDS[kind].role
    if not taker.holds(role, organ_id):
        return Ruling(False, f"此事项须由本机关的{role.zh}办理，所选人员没有该角色；请另选。")
    if not tie.ok:
        return tie
    if kind in PAIRED and taker.person_id in investigators:
        return Ruling(False, "调查和会签须由两名不同的调查人员办理，所选人员已是本案调查人员；请另选。")
    return YES

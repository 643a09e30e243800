"""Verbs over JSON: pass a work item on, take it back, urge, hold a case, apply for recusal. 办理动作"""

from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from api.cases import CaseId
from api.deps import (
    ActorDep,
    KeyDep,
    RequestHashDep,
    Said,
    SessionDep,
    VersionDep,
    clock,
    once,
    wake_after_commit,
)
from api.inbox import ItemId
from models.answers import CaseAct, ItemVerb
from models.casework import handle_case, handle_item
from models.rules.lifecycle import Kind
from models.rules.permissions import Actor
from models.rules.verbs import CaseVerb, Verb

router = APIRouter(prefix="/api", tags=["办理动作"])


@router.post("/work-items/{item_id}/verbs/{verb}", summary="认领、退回本组、转办、委派、收回、撤回、催办")
def post_item_verb(
    item_id: ItemId,
    verb: Verb,
    body: ItemVerb,
    actor: ActorDep,
    session: SessionDep,
    version: VersionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """`claim` 认领、`release` 退回本组、`transfer` 转办、`delegate` 委派、`take-back` 收回或者退还、`withdraw` 撤回、`nudge` 催办、
    `extend` 延长期限、`suspend` 中止期限、`restart` 恢复计算期限（`ground` 取手册列明的情形）。

    转办和委派须写明 `to`（用户名）和 `reason`。表决在结束审议之前可以撤回重投，只计最后一次，撤回的事实留痕。
    """

    def act() -> Said:
        return do_with_item(session, item_id, verb, body, actor=actor, expect_version=version)

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post("/cases/{case_id}/verbs/{verb}", summary="中止、恢复、抄送、增减审议成员、申请回避")
def post_case_verb(
    case_id: CaseId,
    verb: CaseVerb,
    body: CaseAct,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """`hold` 中止（`until`）、`resume` 恢复、`copy` 抄送（`to`）、`add-members`（`members`）、`remove-member`（`to`）、`challenge`（`to` 姓名）。"""

    def act() -> Said:
        return do_with_case(session, case_id, verb, body, actor=actor)

    return once(session, actor, act, key=key, request_hash=request_hash)


def do_with_item(
    session: Session, item_id: str, verb: Verb, said: ItemVerb, *, actor: Actor, expect_version: int | None
) -> Said:
    """Carry a verb out and have the case woken after the commit. For API and pages alike."""
    item = handle_item(session, item_id, verb, said, actor=actor, now=clock(), expect_version=expect_version)
    wake_after_commit(session, item.case_id)
    told: dict[str, Any] = {
        "id": item.id,
        "kind": item.kind,
        "kind_zh": Kind(item.kind).zh,
        "state": item.state,
    }
    return 200, told | {"verb": verb.value, "version": item.version}


def do_with_case(session: Session, case_id: str, verb: CaseVerb, said: CaseAct, *, actor: Actor) -> Said:
    """Carry a verb out and have the case woken after the commit. For API and pages alike."""
    case = handle_case(session, case_id, verb, said, actor=actor, now=clock())
    wake_after_commit(session, case.id)
    return 200, {"id": case_id, "verb": verb.value}

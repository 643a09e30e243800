"""The same verb for many work items at once, each by itself and with a result of its own. 成批办理"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from api.deps import ActorDep, SignedDep, writing
from api.errors import problem_of
from api.pages import show_inbox
from api.pages_forms import FormDep
from api.verbs import do_with_item
from models.answers import ItemVerb, ManyItems
from models.database import register
from models.queries import Box, labels_of
from models.rules.errors import CaseworkError, Incomplete
from models.rules.permissions import Actor
from models.rules.verbs import Verb

router = APIRouter()
# What needs no word of its own for each item.
TOGETHER = frozenset({Verb.CLAIM, Verb.RELEASE})
BatchVerb = Annotated[Verb, Path(description="claim 认领、release 退回本组")]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one work item. 逐件结果"""

    id: str
    label: str
    ok: bool
    status: int
    detail: str = ""


class DoneView(BaseModel):
    """一件待办的结果；没有办成的写明原因"""

    id: str
    ok: bool
    status: int = Field(description="如同单独办理时的状态码", examples=[200])
    detail: str


class BatchView(BaseModel):
    """成批办理的结果，次序同请求"""

    results: list[DoneView]


@router.post("/api/inbox/verbs/{verb}", summary="成批认领、成批退回本组", tags=["办理动作"])
def post_batch(verb: BatchVerb, body: ManyItems, request: Request, actor: ActorDep) -> BatchView:
    """每件单独办理：办成的即时生效，没有办成的写明原因，互不影响；同样的请求重复提交不会重复办理。"""
    results = do_with_each(request, verb, body.items, actor=actor)
    return BatchView(
        results=[DoneView(id=one.id, ok=one.ok, status=one.status, detail=one.detail) for one in results]
    )


@router.post("/inbox/verbs/{verb}", include_in_schema=False)
def post_chosen(verb: Verb, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """The ticked items of the inbox; the page comes back and says of each what became of it."""
    chosen = list(dict.fromkeys(str(one) for one in form.getlist("item")))
    box = Box.SHARED if verb is Verb.CLAIM else Box.MINE
    results: list[Done] = []
    if chosen:
        results = do_with_each(request, verb, ManyItems(items=chosen).items, actor=signed.actor)
    return show_inbox(request, signed, box=box, results=results, verb=verb)


def do_with_each(request: Request, verb: Verb, item_ids: list[str], *, actor: Actor) -> list[Done]:
    """One transaction for each item, so that a refusal undoes nothing but itself. Raises Incomplete for another verb."""
    if verb not in TOGETHER:
        raise Incomplete("只有认领和退回本组可以成批办理；其他动作请打开待办逐件办理并写明理由。")
    with register().reading() as session:
        labels = labels_of(session, actor, item_ids)
    return [_one(request, verb, item_id, labels, actor=actor) for item_id in item_ids]


def _one(request: Request, verb: Verb, item_id: str, labels: Mapping[str, str], *, actor: Actor) -> Done:
    label = labels.get(item_id, "")
    try:
        with writing(request) as session:
            do_with_item(session, item_id, verb, ItemVerb(), actor=actor, expect_version=None)
    except CaseworkError as error:
        problem = problem_of(error)
        return Done(item_id, label, False, problem.status, problem.detail)
    return Done(item_id, label, True, 200)

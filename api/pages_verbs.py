"""The same verbs from the pages; what is refused comes back as it was typed. 办理动作页面"""

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api import forms
from api.deps import SignedDep, writing
from api.errors import problem_of
from api.pages_cases import show_case
from api.pages_forms import FormDep, fields_of
from api.pages_items import known, show_item, version_sent
from api.pages_rendering import see_other
from api.verbs import do_with_case, do_with_item
from models.answers import CaseAct, ItemVerb
from models.rules.errors import CaseworkError, NotFound
from models.rules.verbs import CaseVerb, Verb

router = APIRouter(include_in_schema=False)


@router.post("/work-items/{item_id}/verbs/{verb}")
def post_item_verb(item_id: str, verb: Verb, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Do something with a work item besides answering it."""
    head = f"{verb.value}."
    typed = {name.removeprefix(head): values for name, values in fields_of(form).items()}
    try:
        said = ItemVerb.model_validate(forms.read(forms.ITEM_VERB, typed))
        with writing(request) as session:
            do_with_item(
                session, known(item_id), verb, said, actor=signed.actor, expect_version=version_sent(form)
            )
    except (CaseworkError, ValidationError) as error:
        if isinstance(error, NotFound) and not typed.get("to"):
            raise
        return show_item(
            request, signed, item_id, fields={head + n: v for n, v in typed.items()},
            refusal=_words(error), status=problem_of(error).status,
        )  # fmt: skip
    gone = verb in (Verb.RELEASE, Verb.TRANSFER, Verb.DELEGATE, Verb.TAKE_BACK)
    return see_other(f"/inbox?did={verb.value}" if gone else f"/work-items/{item_id}")


@router.post("/cases/{case_id}/verbs/{verb}")
def post_case_verb(
    case_id: str, verb: CaseVerb, request: Request, signed: SignedDep, form: FormDep
) -> Response:
    """Do something with a case as a whole."""
    head = f"{verb.value}."
    typed = {name.removeprefix(head): values for name, values in fields_of(form).items()}
    try:
        said = CaseAct.model_validate(forms.read(forms.CASE_VERB, typed))
        with writing(request) as session:
            do_with_case(session, known(case_id), verb, said, actor=signed.actor)
    except (CaseworkError, ValidationError) as error:
        if isinstance(error, NotFound) and not typed.get("to"):
            raise
        return show_case(
            request, signed, case_id, fields={head + n: v for n, v in typed.items()},
            refusal=_words(error), status=problem_of(error).status, typed_for=verb.value,
        )  # fmt: skip
    return see_other(f"/cases/{case_id}?recorded=1")


def _words(error: CaseworkError | ValidationError) -> str:
    if isinstance(error, CaseworkError):
        return str(error)
    first = error.errors()[0]
    label = forms.label_of(forms.CASE_VERB, str(first["loc"][0])) if first["loc"] else ""
    return f"{label}：{forms.explain(first)}" if label else forms.explain(first)

"""A form whose session ended while somebody typed: they sign in again and nothing typed is lost. 重新登录"""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from api.deps import clock
from api.errors import Problem, status_of
from api.pages_forms import OURS, FormDep, fields_of
from api.pages_items import keep_typed
from api.pages_rendering import inside, page, problem_page, see_other
from api.session import set_cookie, sign_in
from models.accounts import SESSION, authenticate
from models.database import register
from models.rules.errors import CaseworkError

router = APIRouter(include_in_schema=False)
_HEAD = "typed."
Typed = Sequence[tuple[str, str]]


def refusal_page(request: Request, problem: Problem) -> Response:
    """A refusal as a page; a form that came after its session had ended is kept in the page it comes back as."""
    form: FormData | None = getattr(request.state, "form", None)
    sent = [(n, v) for n, v in form.multi_items() if isinstance(v, str) and n != "csrf"] if form else []
    back = request.url.path
    # A button that sends nothing, such as signing out, has nothing to lose and nothing to take up.
    if problem.code != "sign-in-required" or not sent or inside(back) != back:
        return problem_page(request, problem)
    return _ask(request, back, sent, status=problem.status)


@router.post("/sign-in/again")
def post_sign_in_again(request: Request, form: FormDep) -> Response:
    """Sign in and take the form up: a work item's becomes a draft, any other is shown and sent once more."""
    username = str(form.get("username", "")).strip().replace("\0", "")
    back = inside(str(form.get("back", "")))
    sent = [
        (n.removeprefix(_HEAD), v)
        for n, v in form.multi_items()
        if isinstance(v, str) and n.startswith(_HEAD)
    ]
    try:
        opened = sign_in(request, username, str(form.get("password", "")))
    except CaseworkError as error:
        return _ask(request, back, sent, status=status_of(error), username=username, refusal=str(error))
    with register().reading() as session:
        signed = authenticate(session, opened.token, now=clock(), kind=SESSION)
    if signed is not None and keep_typed(request, signed, back, fields_of(FormData(sent))):
        response: Response = see_other(back)
    else:
        typed = [v for n, v in sent if v.strip() and n not in OURS]
        response = page(request, "send-again.html", signed, back=back, sent=sent, typed=typed)
    set_cookie(response, opened)
    return response


def _ask(
    request: Request, back: str, sent: Typed, *, status: int, username: str = "", refusal: str = ""
) -> Response:
    fields = {"username": [username]}
    return page(
        request,
        "sign-in-again.html",
        None,
        status=status,
        back=back,
        sent=sent,
        fields=fields,
        refusal=refusal,
    )

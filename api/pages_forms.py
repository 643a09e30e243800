"""Reading the form a page has sent. 表单读取"""

from typing import Annotated

from fastapi import Depends
from starlette.datastructures import FormData

from api.deps import read_form

FormDep = Annotated[FormData, Depends(read_form)]
OURS = frozenset({"csrf", "version", "do", "all"})  # fields of the page itself, no part of an answer


def fields_of(form: FormData) -> dict[str, list[str]]:
    """Field name -> what was typed, in the order of the page."""
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and name not in OURS:
            fields.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return fields

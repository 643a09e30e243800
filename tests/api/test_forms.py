"""Flat fields become the nested answer and back again. 表单测试"""

from typing import Any

import pytest
from pydantic import ValidationError

from api import forms
from demo.story import STORIES, Item, load_story
from models.answers import ANSWERS, NewCase, read_answer
from models.rules.lifecycle import Kind

OFFICERS = {
    "zhou.kai": 3,
    "xu.jing": 4,
    "lou.ming": 3,
    "peng.hao": 3,
    "ruan.cheng": 3,
    "mei.fang": 3,
    "ding.ke": 4,
    "hou.yi": 4,
}
PROPOSED = [(3, "exempt-41"), (4, "exempt-42")]


def story_answers() -> list[tuple[Kind, dict[str, Any]]]:
    """Every answer of every story."""
    made = []
    for name in STORIES:
        story = load_story(name)
        named = {r["username"]: OFFICERS[r["username"]] for r in story.case["respondents"]}
        for kind, said in story.answers.items():
            per_officer = set(said) <= set(OFFICERS)
            for officer in said if per_officer else named:
                made.append((Kind(kind), story.answer(Item(kind, officer), named, PROPOSED)))
    return made


def by_hand() -> list[tuple[Kind, dict[str, Any]]]:
    """Answers no story gives."""
    return [
        (Kind.CONVENING, {"members": ["a", "b"], "reason": "人员不足"}),
        (Kind.RECUSAL, {"recuse": True, "ground": "亲属"}),
        (
            Kind.CLOSE_SESSION,
            {"summary": "讨论", "ties": [{"respondent": 3, "outcome": "exempt", "reason": "x"}]},
        ),
        (Kind.AUTHORITY_REPLY, {"result": "handled", "authority": "某机关", "summary": "已处理"}),
        (Kind.SIGNATURE, {"verdict": "return", "reason": "材料不全"}),
    ]


@pytest.mark.parametrize(("kind", "content"), [*story_answers(), *by_hand()])
def test_an_answer_written_into_fields_is_read_as_the_same_answer(
    kind: Kind, content: dict[str, Any]
) -> None:
    form = forms.FORMS[kind]
    again = forms.read(form, forms.write(form, content))
    assert read_answer(kind, again) == read_answer(kind, content)


@pytest.mark.parametrize("name", STORIES)
def test_a_lead_written_into_fields_is_read_as_the_same_lead(name: str) -> None:
    case = dict(load_story(name).case)
    again = forms.read(forms.NEW_CASE, forms.write(forms.NEW_CASE, case))
    assert NewCase.model_validate(again) == NewCase.model_validate(case)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_field_of_an_answer_has_its_field_in_the_form(kind: Kind) -> None:
    form = forms.FORMS[kind]
    lists = {name for name, part in form.items() if not (isinstance(part, forms.Rows) and part.into)}
    assert lists == set(ANSWERS[kind].model_fields)


def test_an_empty_row_does_not_exist_and_a_begun_one_is_never_lost() -> None:
    fields = {
        "findings.3.LIC-005.result": [""],
        "findings.3.LIC-005.evidence": [" "],
        "findings.3.LIC-023.note": ["有说明没有结果"],
    }
    read = forms.read(forms.FORMS[Kind.INVESTIGATION], fields)
    assert read["findings"] == [{"respondent": 3, "duty": "LIC-023", "note": "有说明没有结果"}]


@pytest.mark.parametrize("typed", ["1、3", "1,3", "1，3", " 1  3 ", "1；3", "1\n3"])
def test_evidence_numbers_are_read_however_people_separate_them(typed: str) -> None:
    fields = {"findings.3.LIC-005.result": ["done"], "findings.3.LIC-005.evidence": [typed]}
    assert forms.read(forms.FORMS[Kind.INVESTIGATION], fields)["findings"][0]["evidence"] == [1, 3]


def test_a_fault_is_named_beside_its_field() -> None:
    form = forms.FORMS[Kind.INVESTIGATION]
    fields = {
        "findings.3.LIC-005.result": ["done"],
        "findings.4.LIC-023.result": ["done"],
        "findings.4.LIC-023.evidence": ["证据二"],
        "facts.4.private-gain.note": ["没有选择认定"],
        "report": ["x"],
    }
    with pytest.raises(ValidationError) as refused:
        read_answer(Kind.INVESTIGATION, forms.read(form, fields))
    faults = forms.faults(form, fields, refused.value)
    assert set(faults) == {"conclusion", "findings.4.LIC-023.evidence", "facts.4.private-gain.status"}
    assert forms.label_of(form, "findings.4.LIC-023.evidence") == "证据编号"


def test_an_added_clause_joins_the_review_as_confirmed() -> None:
    form = forms.FORMS[Kind.LEGAL_REVIEW]
    fields = {
        "verdict": ["confirm"],
        "clauses.3.exempt-41.confirmed": ["no"],
        "clauses.3.exempt-41.reason": ["要件不符"],
        "added.3.0.clause": ["exempt-42"],
        "added.3.0.reason": ["有依据"],
        "added.3.1.clause": [""],
        "added.3.1.reason": [""],
    }
    assert forms.read(form, fields)["clauses"] == [
        {"respondent": 3, "clause": "exempt-41", "confirmed": False, "reason": "要件不符"},
        {"respondent": 3, "clause": "exempt-42", "reason": "有依据", "confirmed": True},
    ]


@pytest.mark.parametrize(
    "names",
    [
        ["findings"],
        ["findings."],
        ["findings.result"],
        ["findings.x.y.z.result"],
        ["findings.3.LIC-005.evidence"],
        [".result", "..", "facts..private-gain.status"],
    ],
)
def test_made_up_field_names_are_refused_as_faults_and_never_break_the_page(names: list[str]) -> None:
    form = forms.FORMS[Kind.INVESTIGATION]
    fields = {name: ["done", "９"] for name in names}
    with pytest.raises(ValidationError) as refused:
        read_answer(Kind.INVESTIGATION, forms.read(form, fields))
    assert all(forms.faults(form, fields, refused.value).values())


def test_a_refusal_that_quotes_a_row_is_also_shown_beside_it() -> None:
    texts = {"findings.3.LIC-005.result": "形式审查", "findings.3.LIC-023.result": "限期登记"}
    found = forms.quoted_rows(texts, "“形式审查”没有写明证据", texts)
    assert list(found) == ["findings.3.LIC-005.result"]

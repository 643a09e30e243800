"""Every kind of notice over every group robot: the number, what is asked, by when, where; nobody and nothing else. 保密"""

import re
from collections.abc import Iterator
from datetime import date

import pytest
from sqlmodel import select

from models.database import Register
from models.dossier import case_number
from models.rules.lifecycle import Kind, Stage
from models.tables import Allegation, Case, Channel, Organ, Person, Respondent, WorkItem
from notifications.channels import INSTANT
from notifications.digest import digest
from notifications.messages import INSTRUCTIONS, MESSAGES, compose
from notifications.outbox import notify
from tests.builders import Told, a_bureau, a_case
from tests.notifications.services import SERVICES, Heard, a_service
from tests.notifications.test_messages import a_context

LINK = "https://zd.example.org/work-items/0123456789abcdef0123456789abcdef"


def test_every_group_robot_is_proven() -> None:
    assert set(SERVICES) == INSTANT


@pytest.fixture(params=sorted(SERVICES))
def robot(request: pytest.FixtureRequest) -> Iterator[Heard]:
    with a_service(request.param) as heard:
        yield heard


@pytest.fixture
def told(register: Register) -> Told:
    return a_case(a_bureau(register)).to(Stage.REVIEW)


def private(told: Told) -> set[str]:
    """Everything about people and what happened that the register holds of this case."""
    with told.bureau.register.reading() as session:
        case = session.get_one(Case, told.case_id)
        officers = session.exec(select(Respondent).where(Respondent.case_id == told.case_id)).all()
        said = session.exec(select(Allegation).where(Allegation.case_id == told.case_id)).all()
        people = session.exec(select(Person)).all()
        organs = session.exec(select(Organ)).all()
    words = {case.title, *re.split(r"[，。；]", case.narrative + case.harm)}
    words |= {p.name for p in people} | {p.username for p in people} | {o.name for o in organs}
    words |= {o.unit for o in officers} | {o.position for o in officers} | {a.text for a in said}
    return {word for word in words if len(word) > 1}


def test_nothing_of_a_case_but_its_number_leaves_over_a_group_robot(told: Told, robot: Heard) -> None:
    bureau = told.bureau
    with bureau.register.writing() as session:
        session.add(Channel(person_id=bureau.ids["luo.ying"], name="group", url=robot.url()))
        items = list(session.exec(select(WorkItem).where(WorkItem.case_id == told.case_id)))
        case = session.get_one(Case, told.case_id)
        number = case_number(session.get_one(Organ, case.organ_id).mark, case.year, case.number)
    dated = [item for item in items if item.due_on]
    sent = 0
    for kind in MESSAGES:
        for item in (
            dated
            if kind in ("work-item", "reminder", "escalation", "nudge", "standstill", "deposit-due")
            else [None]
        ):
            notify(
                bureau.register,
                key=f"{kind}:{item.id if item else ''}",
                kind=kind,
                person_id=bureau.ids["luo.ying"],
                case_id=told.case_id,
                item_id=item.id if item else None,
                now=bureau.now,
            )
            sent += 1
            text = robot.texts[-1]
            assert number in text
            for word in private(told):
                assert word not in text
    assert len(robot.texts) == sent
    assert all(said.get("errcode", said.get("code")) == 0 for said in robot.said)


# What a notice may consist of besides number, link, stage, kind of item, what is asked and the last day.
DATE = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日（周[一二三四五六日](，暂定)?）")


@pytest.mark.parametrize("kind", sorted(MESSAGES))
@pytest.mark.parametrize("item", Kind)
def test_what_a_robot_is_told_of_a_work_item_is_fixed_text_and_five_things(kind: str, item: Kind) -> None:
    """The words of a notice come from its template: two cases differ in these five things and in nothing else."""
    told = [
        a_context(item=item, link=LINK, today=date(2026, 3, 17)),
        a_context(
            item=item,
            link=LINK.replace("0123", "4567"),
            today=date(2026, 3, 17),
            case_number="洪市监责〔2027〕99号",
            stage=Stage.DECISION,
        ),
    ]
    bare = []
    for context in told:
        notice = compose(kind, context)
        text = notice.subject + notice.body
        stage = (f"（{context.stage.zh}环节）", f"现处环节：{context.stage.zh}")
        for known in (context.case_number, context.link, *stage, INSTRUCTIONS[item], item.zh):
            text = text.replace(known, "·")
        bare.append(DATE.sub("·", text))
    assert bare[0] == bare[1]
    assert not re.search(r"[A-Za-z0-9]{4,}", bare[0])


def test_the_longest_digest_fits_the_narrowest_robot() -> None:
    longest = max(
        (
            compose(
                "reminder", a_context(item=kind, provisional=True, case_number="赣章云市监责〔2026〕10000号")
            )
            for kind in Kind
        ),
        key=lambda notice: len(notice.subject),
    )
    notice = digest([longest.subject] * 1000)
    assert len(f"{notice.subject}\r\n{notice.body}".encode()) <= 2048

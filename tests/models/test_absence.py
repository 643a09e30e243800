"""What an officer leaves undone is recorded by a person after the period, never by silence. 逾期未陈述与留置送达"""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlmodel import col, select

from models.casework import record_absence, verify_all
from models.database import Register
from models.handbook import load_edition
from models.rules.deadlines import beijing_day
from models.rules.errors import AlreadyDone, Conflict, Incomplete, NotFound, NotPermitted, Stale
from models.rules.lifecycle import ABSENCES, KINDS, Stage
from models.rules.permissions import Role
from models.tables import Clearing, Clock, Decision, Effect, Event, Participation, WorkItem
from tests.builders import Bureau, Told, a_bureau, a_case

SAID = {"reason": "告知书于送达当日签收，期满未收到陈述申辩。"}
WITNESSED = {"witnesses": ["社区干部甲", "社区干部乙"]}


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def until(told: Told, kind: str) -> WorkItem:
    """The case carried until the first officer is asked for this."""
    told.go_on(lambda t: any(i.kind == kind for i in t.open_items()))
    return next(i for i in told.open_items() if i.kind == kind)


def record(
    told: Told, item: WorkItem, content: dict[str, object], *, by: str = "tang.wei", version: int = 1
) -> WorkItem:
    bureau = told.bureau
    with bureau.register.writing() as session:
        return record_absence(
            session, item.id, content, actor=bureau.actor(by), now=bureau.now(), expect_version=version
        )


def pass_by(told: Told, item: WorkItem) -> None:
    """The last day of the period has gone by."""
    assert item.due_on is not None
    told.bureau.clock += timedelta(days=(item.due_on - told.bureau.clock.date()).days + 1)


def events(told: Told) -> list[Event]:
    with told.bureau.register.reading() as session:
        wanted = select(Event).where(Event.case_id == told.case_id).order_by(col(Event.seq))
        return list(session.exec(wanted))


def test_a_lapsed_period_is_recorded_and_the_case_goes_on_as_without_a_statement(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = until(told, "statement")
    pass_by(told, item)
    done = record(told, item, SAID)
    assert done.state == "done"
    assert done.answer == {"declined": False, "points": [], "absence": "lapsed"} | SAID
    assert bureau.username(done.answered_by or 0) == "tang.wei"
    last = events(told)[-1]
    assert (last.tag, last.reason) == ("item:statement:lapsed", SAID["reason"])
    with bureau.register.reading() as session:
        clock = session.exec(select(Clock).where(Clock.item_id == item.id)).one()
        assert clock.closed_at is not None
        parts = session.exec(select(Participation.part).where(Participation.person_id == done.answered_by))
        assert set(parts) == {"investigator"}
    told.to(Stage.MATCHING)
    intent = until(told, "notice-of-intent")
    pass_by(told, intent)
    assert record(told, intent, SAID, by="shen.lan").answer == {"statement": "", "absence": "lapsed"} | SAID
    told.to_the_end()
    assert told.case().state == "archived"
    with bureau.register.reading() as session:
        assert [broken for _, broken in verify_all(session)] == [None]


def test_the_same_record_again_changes_nothing_and_another_is_refused(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = until(told, "statement")
    pass_by(told, item)
    first = record(told, item, SAID)
    before = [e.hash for e in events(told)]
    assert record(told, item, SAID).version == first.version
    assert [e.hash for e in events(told)] == before
    for content, by in ((SAID | {"reason": "另一理由。"}, "tang.wei"), (SAID, "shen.lan")):
        with pytest.raises(AlreadyDone):
            record(told, item, content, by=by)
    with pytest.raises(AlreadyDone):
        told.answer(item, {"points": ["迟到的意见。"]}, by=told.who(item))
    assert [e.hash for e in events(told)] == before


def test_before_the_last_day_has_passed_nobody_cuts_the_period_short(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = until(told, "statement")
    pass_by(told, item)
    bureau.clock -= timedelta(days=1)  # the last day itself
    before = told.case().model_dump()
    assert item.due_on is not None
    with pytest.raises(Conflict, match=f"{item.due_on.month}月{item.due_on.day}日届满"):
        record(told, item, SAID)
    assert told.case().model_dump() == before
    assert told.item("statement", item.slot).state == "open"


def test_only_an_investigator_of_the_case_with_a_reason_records_it(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = until(told, "statement")
    pass_by(told, item)
    before = told.case().model_dump()
    officer = told.who(item)
    other = next(name for name in told.respondents if name != officer)
    for by, refusal in (
        ("cao.ran", NotPermitted),
        ("luo.ying", NotPermitted),
        (officer, NotPermitted),
        (other, NotFound),
        ("lou.ming", NotFound),
    ):
        with pytest.raises(refusal):
            record(told, item, SAID, by=by)
    for content in ({}, {"reason": " "}, SAID | {"points": ["代为陈述"]}):
        with pytest.raises(ValidationError):
            record(told, item, content)
    with pytest.raises(Stale):
        record(told, item, SAID, version=7)
    assert told.case().model_dump() == before


def test_papers_left_before_two_witnesses_count_as_served(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = until(told, "service-receipt")
    done = record(told, item, WITNESSED)
    assert record(told, item, WITNESSED).version == done.version
    empty = {"remark": "", "reason": "", "on": None, "place": "", "servers": [], "scans": []}
    assert done.answer == empty | {"method": "left", "absence": "left"} | WITNESSED
    assert events(told)[-1].tag == "item:service-receipt:left"
    with bureau.register.reading() as session:
        decision = session.exec(select(Decision).where(Decision.respondent_id == item.respondent_id)).one()
    assert decision.served_at == done.answered_at
    told.to_the_end()
    assert told.case().state == "archived"


def test_papers_are_not_left_before_one_witness_or_without_a_word(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = until(told, "service-receipt")
    before = told.case().model_dump()
    for names in ([], ["社区干部甲"], ["社区干部甲", "社区干部甲"]):
        with pytest.raises(Incomplete, match="见证人"):
            record(told, item, {"witnesses": names})
    with pytest.raises(ValidationError):
        record(told, item, {"witnesses": ["甲", "乙", "丙"]})
    assert told.case().model_dump() == before
    assert record(told, item, {"reason": "当场无人愿意见证，已录像。"}).state == "done"


SERVED: dict[str, dict[str, object]] = {
    "paper": {"scans": [1], "servers": ["唐蔚", "沈岚"], "place": "城南分局"},
    "refused": {"reason": "本人称对决定有异议，拒绝签字。"} | WITNESSED,
    "left": {"reason": "本人不在，文书留于办公室，已拍照。", "scans": [1]},
    "published": {"reason": "本人离职后下落不明，电话、邮寄均无法送达，在本机关网站公告。"},
}


@pytest.mark.parametrize("method", SERVED)
def test_the_day_that_counts_is_the_one_on_the_receipt(bureau: Bureau, method: str) -> None:
    told = a_case(bureau)
    item = until(told, "service-receipt")
    with bureau.register.reading() as session:
        wanted = select(Decision).where(Decision.respondent_id == item.respondent_id)
        signed = beijing_day(session.exec(wanted).one().signed_at or bureau.clock)
        days = load_edition(told.case().edition).deadlines["published-service"]
    assert days.mark == "建议值"  # the law it follows binds other cases only
    on = signed + timedelta(days=1)
    bureau.clock += timedelta(days=60)
    said = SERVED[method] | {"method": method, "on": on.isoformat()}
    done = record(told, item, said)
    assert record(told, item, said).version == done.version
    with bureau.register.reading() as session:
        decision = session.exec(wanted).one()
        event = [e for e in events(told) if e.tag == "item:service-receipt:left"][-1]
        paper = session.exec(
            select(Effect).where(
                Effect.subject == "service-receipt", Effect.respondent_id == item.respondent_id
            )
        ).one()
    assert paper.kind == "document"
    counted = beijing_day(decision.served_at or bureau.clock)
    if method == "published":
        assert counted >= on + timedelta(days=days.amount)
    else:
        assert counted == on
    assert event.data["served"] == {"method": method, "on": counted.isoformat()}
    told.to_the_end()
    assert told.case().state == "archived"
    with bureau.register.reading() as session:
        assert [broken for _, broken in verify_all(session)] == [None]


def test_a_receipt_that_does_not_carry_the_service_is_refused(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = until(told, "service-receipt")
    before = told.case().model_dump()
    tomorrow = (beijing_day(bureau.clock) + timedelta(days=1)).isoformat()
    for method, changed, says in (
        ("paper", {"scans": []}, "回证扫描件"),
        ("paper", {"scans": [99]}, "没有证据99"),
        ("paper", {"on": tomorrow}, "晚于今天"),
        ("paper", {"on": "2020-01-02"}, "早于决定签发"),
        ("refused", {"witnesses": ["社区干部甲"]}, "拒收事由"),
        ("refused", {"reason": ""}, "拒收事由"),
        ("left", {"reason": ""}, "见证人"),
        ("published", {"reason": ""}, "原因和经过"),
    ):
        with pytest.raises(Incomplete, match=says):
            record(told, item, SERVED[method] | {"method": method} | changed)
    with pytest.raises(Conflict, match="届满"):  # a notice of today has not hung long enough
        record(told, item, SERVED["published"] | {"method": "published"})
    with pytest.raises(ValidationError):
        record(told, item, SERVED["paper"] | {"method": "electronic"})
    assert told.case().model_dump() == before


def test_nothing_an_officer_is_asked_can_hold_a_case_up_for_ever() -> None:
    assert {kind for kind, rule in KINDS.items() if rule.role is Role.OFFICER} == set(ABSENCES)


def test_what_is_nobody_s_own_has_no_absence(bureau: Bureau) -> None:
    earlier = a_case(bureau)
    with pytest.raises(NotFound):
        record(earlier, earlier.item("screening"), SAID)
    earlier.to(Stage.MATCHING)
    with pytest.raises(NotPermitted):
        record(earlier, earlier.item("legal-review"), SAID)


def test_a_silent_officer_holds_up_nobody_else_s_name_and_is_not_made_known(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.CLEARING)
    silent, wishes = (told.item("clearing-consent", str(r)) for r in sorted(told.respondents.values()))
    with pytest.raises(Conflict, match="届满"):
        record(told, silent, SAID)
    told.answer(wishes, told.content(wishes), by=told.who(wishes))
    pass_by(told, silent)
    done = record(told, silent, SAID)
    assert (done.answer or {})["wanted"] is False
    assert record(told, silent, SAID).version == done.version
    told.to_the_end()
    assert told.case().state == "archived"
    with bureau.register.reading() as session:
        rows = session.exec(select(Clearing).order_by(col(Clearing.respondent_id)))
        assert [(c.wanted, c.named) for c in rows] == [(False, False), (True, False)]
        assert [broken for _, broken in verify_all(session)] == [None]

"""Whoever is to answer a deposit is told once that it came and once that its period runs out. 在先留存通知"""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from models.casework.depositing import reply_end
from models.database import Register
from models.holidays import calendar_of
from models.queries.inbox import told
from models.queries.undelivered import tending
from models.rules.deadlines import beijing_day, rungs
from models.rules.permissions import Role
from models.tables import Channel, Deposit, Notification
from notifications.messages import MESSAGES
from tasks.depositing import DUE, FILED, announce_deposits, remind_of_deposits
from tests.builders import Bureau, a_bureau
from tests.models.test_depositing import OFFICER, SAID, SUPERIOR, filed, replied
from tests.notifications.services import SERVICES, a_service


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def notices(bureau: Bureau) -> list[Notification]:
    with bureau.register.reading() as session:
        return list(session.exec(select(Notification).order_by(col(Notification.id))))


def first_rung(bureau: Bureau, row: Deposit) -> datetime:
    """The day on which the addressee is reminded, at the hour it was filed."""
    with bureau.register.reading() as session:
        calendar = calendar_of(session)
        rung = rungs(reply_end(row, calendar).due_on, calendar)[0]
    return row.filed_at + timedelta(days=(rung.on - beijing_day(row.filed_at)).days)


def test_the_superior_is_told_once_that_something_has_come(bureau: Bureau) -> None:
    assert announce_deposits(bureau.now()) == 0
    row = filed(bureau)
    assert announce_deposits(bureau.now()) == 1
    assert announce_deposits(bureau.now()) == 0
    (notice,) = notices(bureau)
    assert (notice.person_id, notice.case_id) == (bureau.ids[SUPERIOR], None)
    assert notice.key == f"deposit:{row.id}:{FILED}"
    assert f"在先留存第{row.seq}件" in notice.subject
    assert "答复期至" in notice.body
    with bureau.register.reading() as session:
        assert session.exec(select(Notification).where(told(bureau.actor(SUPERIOR)))).one().id == notice.id


def test_a_round_that_broke_off_after_the_sending_tells_nobody_twice(bureau: Bureau) -> None:
    row = filed(bureau)
    announce_deposits(bureau.now())
    with bureau.register.writing() as session:
        session.get_one(Deposit, row.id).noticed_at = None
    assert announce_deposits(bureau.now()) == 1
    assert len(notices(bureau)) == 1


def test_the_superior_is_reminded_once_before_the_period_runs_out_and_not_earlier(bureau: Bureau) -> None:
    row = filed(bureau)
    announce_deposits(bureau.now())
    on = first_rung(bureau, row)
    assert remind_of_deposits(on - timedelta(days=1)) == 0
    assert remind_of_deposits(on) == 1
    assert remind_of_deposits(on + timedelta(days=1)) == 0
    notice = notices(bureau)[-1]
    assert notice.key.endswith(DUE)
    assert "天到期" in notice.subject
    assert "未答复" in notice.body


def test_who_has_answered_is_not_reminded(bureau: Bureau) -> None:
    row = filed(bureau)
    announce_deposits(bureau.now())
    replied(bureau, row)
    assert remind_of_deposits(first_rung(bureau, row) + timedelta(days=60)) == 0


def test_a_watch_that_was_away_says_that_the_period_has_ended(bureau: Bureau) -> None:
    row = filed(bureau)
    announce_deposits(bureau.now())
    assert remind_of_deposits(row.filed_at + timedelta(days=60)) == 1
    assert "已届满" in notices(bureau)[-1].subject


@pytest.mark.parametrize("service", sorted(SERVICES))
@pytest.mark.parametrize("database", ["sqlite"])
def test_no_person_and_no_word_of_it_leaves_over_a_group_robot(bureau: Bureau, service: str) -> None:
    with a_service(service) as heard:
        with bureau.register.writing() as session:
            session.add(Channel(person_id=bureau.ids[SUPERIOR], name="group", url=heard.url()))
        row = filed(bureau)
        announce_deposits(bureau.now())
        remind_of_deposits(first_rung(bureau, row))
        assert len(heard.texts) == 2
        for text in heard.texts:
            assert f"第{row.seq}件" in text
            for word in (SAID["title"], SAID["text"], "食品", "周凯", "曹", OFFICER, SUPERIOR):
                assert word not in text


def test_a_notice_of_a_deposit_that_did_not_arrive_is_no_business_of_another_manager(bureau: Bureau) -> None:
    filed(bureau)
    announce_deposits(bureau.now())
    with bureau.register.writing() as session:
        session.exec(select(Notification)).one().state = "failed"
    with bureau.register.reading() as session:
        managers = [name for name in bureau.ids if bureau.actor(name).organs(Role.MANAGER)]
        assert SUPERIOR in managers
        for name in managers:
            seen = tending(bureau.actor(name), today=beijing_day(bureau.clock))
            assert session.exec(select(Notification.id).where(seen)).all() == [], name


def test_a_new_deposit_must_arrive_and_a_reminder_may_wait() -> None:
    assert MESSAGES[FILED].served
    assert not MESSAGES[DUE].served

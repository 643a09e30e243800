"""What somebody has chosen is kept to, and what must arrive arrives all the same. 通知偏好"""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from models.database import Register
from models.notices import Word, settle_notice
from models.queries import undelivered, unreachable
from models.rules.deadlines import beijing_day
from models.rules.errors import Incomplete, NotFound
from models.rules.notices import How, Wishes
from models.settings import settings
from models.tables import Channel, Notification
from notifications.addresses import add_channel, channels_of, remove_channel, try_channel
from notifications.outbox import Sent, notify, send_due
from notifications.wishes import save_wishes, wishes_of
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.notifications.conftest import Listener

WHO = "luo.ying"
EVENING = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # 20:00 in Beijing, a Monday
MORNING = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)  # 08:30 of the next day
OFFICE_HOURS = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


@pytest.fixture
def told(bureau: Bureau, listener: Listener) -> Told:
    told = a_case(bureau)
    with bureau.register.writing() as session:
        add_channel(session, bureau.ids[WHO], "hook", listener.url())
    return told


def wish(told: Told, quiet: int | None = None, **kinds: How) -> None:
    bureau = told.bureau
    with bureau.register.writing() as session:
        save_wishes(session, bureau.ids[WHO], {k.replace("_", "-"): v for k, v in kinds.items()}, quiet)


def tell(
    told: Told, key: str, kind: str = "work-item", *, at: datetime = OFFICE_HOURS, item: bool = True
) -> Sent:
    bureau = told.bureau
    return notify(
        bureau.register,
        key=key,
        kind=kind,
        person_id=bureau.ids[WHO],
        case_id=told.case_id,
        item_id=told.item("screening").id if item else None,
        now=lambda: at,
    )


def send(told: Told, at: datetime) -> Sent:
    return send_due(told.bureau.register, now=lambda: at)


def rows(told: Told, channel: str = "hook") -> list[Notification]:
    with told.bureau.register.reading() as session:
        mine = select(Notification).where(Notification.channel == channel)
        return list(session.exec(mine.order_by(col(Notification.id))))


def test_what_is_chosen_is_kept_and_choosing_twice_is_once(told: Told) -> None:
    for _ in range(2):
        wish(told, 20, reminder=How.DIGEST, case_archived=How.OFF, work_item=How.NOW)
    with told.bureau.register.reading() as session:
        kept = wishes_of(session, told.bureau.ids[WHO])
    assert kept == Wishes(20, {"reminder": How.DIGEST, "case-archived": How.OFF})


@pytest.mark.parametrize("kind", ["rights-notice", "decision-issued", "clearing-issued"])
@pytest.mark.parametrize("how", [How.DIGEST, How.OFF])
def test_muting_a_legal_service_is_refused_and_nothing_is_kept(told: Told, kind: str, how: How) -> None:
    with pytest.raises(Incomplete, match="依法送达"), told.bureau.register.writing() as session:
        save_wishes(session, told.bureau.ids[WHO], {"reminder": How.OFF, kind: how}, None)
    with told.bureau.register.reading() as session:
        assert wishes_of(session, told.bureau.ids[WHO]) == Wishes()


def test_an_unknown_kind_or_way_is_refused(told: Told) -> None:
    for kinds in ({"gossip": "now"}, {"reminder": "sometimes"}):
        with pytest.raises(Incomplete, match="无法识别"), told.bureau.register.writing() as session:
            save_wishes(session, told.bureau.ids[WHO], kinds, None)


def test_quiet_hours_wait_for_the_morning_and_the_in_app_inbox_does_not(
    told: Told, listener: Listener
) -> None:
    wish(told, 19)
    assert tell(told, "a", at=EVENING) == Sent(delivered=1, failed=0)
    assert tell(told, "a", at=EVENING) == Sent(delivered=1, failed=0)  # asked again, it still waits
    assert [row.state for row in rows(told, "inbox")] == ["delivered"]
    assert send(told, MORNING - timedelta(seconds=1)) == Sent(0, 0)
    assert not listener.posts
    assert send(told, MORNING) == Sent(delivered=1, failed=0)
    assert send(told, MORNING) == Sent(0, 0)
    assert len(listener.posts) == 1


def test_a_legal_service_arrives_in_quiet_hours(told: Told, listener: Listener) -> None:
    wish(told, 19, work_item=How.OFF)
    for kind in ("rights-notice", "decision-issued"):
        assert tell(told, kind, kind, at=EVENING, item=False) == Sent(delivered=2, failed=0)
    # An item that serves something cannot be muted either, whatever its kind of notice.
    told.go_on(lambda one: any(item.kind == "statement" for item in one.open_items()))
    statement = told.item("statement")
    bureau = told.bureau
    notify(
        bureau.register,
        key="s",
        kind="work-item",
        person_id=bureau.ids[WHO],
        case_id=told.case_id,
        item_id=statement.id,
        now=lambda: EVENING,
    )
    assert len(listener.posts) == 3


def test_what_is_off_lies_in_the_in_app_inbox_only(told: Told, listener: Listener) -> None:
    wish(told, work_item=How.OFF)
    assert tell(told, "a") == Sent(delivered=1, failed=0)
    assert not rows(told)
    assert not listener.posts


def test_the_digest_says_several_in_one_and_each_is_delivered_with_it(told: Told, listener: Listener) -> None:
    wish(told, work_item=How.DIGEST, case_archived=How.DIGEST)
    for n in range(12):
        tell(told, f"n{n}", "case-archived" if n % 2 else "work-item", item=not n % 2)
    assert not listener.posts
    assert send(told, MORNING) == Sent(delivered=1, failed=0)
    assert send(told, MORNING) == Sent(0, 0)
    ((_, body),) = listener.posts
    assert "12 件通知" in body["title"]
    assert "另有 4 件" in body["message"]
    assert body["message"].count(rows(told)[0].subject.removeprefix("【照单】")) == 4
    assert {row.state for row in rows(told)} == {"delivered"}
    assert len({row.carrier_id for row in rows(told)} - {None}) == 1


def test_a_digest_that_fails_is_tried_again_as_one_and_a_manager_settles_it_as_one(
    told: Told, listener: Listener
) -> None:
    bureau, listener.status = told.bureau, 504
    wish(told, work_item=How.DIGEST)
    for key in ("a", "b"):
        tell(told, key)
    send(told, MORNING)
    assert [row.state for row in rows(told)] == ["gathered", "gathered", "unsure"]
    with bureau.register.writing() as session:
        boss, today = bureau.actor("cao.ran"), beijing_day(MORNING)
        (open_one,) = undelivered(session, boss, today=today)
        assert (open_one.number, open_one.state) == ("", "unsure")
        with pytest.raises(NotFound):
            settle_notice(session, rows(told)[0].id or 0, Word.AGAIN, actor=boss, now=MORNING)
        settle_notice(session, open_one.id, Word.DELIVERED, actor=boss, now=MORNING)
    assert {row.state for row in rows(told)} == {"delivered"}


def test_a_single_notice_of_a_digest_is_sent_as_itself(told: Told, listener: Listener) -> None:
    wish(told, work_item=How.DIGEST)
    tell(told, "a")
    assert send(told, MORNING) == Sent(delivered=1, failed=0)
    ((_, body),) = listener.posts
    assert body["title"] == rows(told)[0].subject


def test_who_has_no_channel_is_named_to_the_manager(told: Told) -> None:
    bureau = told.bureau
    tell(told, "a")

    def names() -> dict[str, int]:
        with bureau.register.reading() as session:
            found = unreachable(session, bureau.actor("cao.ran"), today=beijing_day(bureau.clock))
            return {bureau.username(one.person_id): one.unread for one in found}

    assert WHO not in names()
    with bureau.register.writing() as session:
        remove_channel(session, bureau.ids[WHO], "hook")
        remove_channel(session, bureau.ids[WHO], "hook")
    assert names()[WHO] == 1


def test_a_channel_can_be_tried_once_a_minute_and_carries_nothing(told: Told, listener: Listener) -> None:
    bureau = told.bureau
    with bureau.register.writing() as session:
        for _ in range(2):
            try_channel(session, bureau.ids[WHO], "hook", now=MORNING)
        with pytest.raises(NotFound):
            try_channel(session, bureau.ids[WHO], "nowhere", now=MORNING)
    send(told, MORNING)
    ((_, body),) = listener.posts
    assert "测试" in body["title"]
    assert "责〔" not in body["title"] + body["message"]


def test_an_address_from_a_page_leads_out_of_the_house(
    told: Told, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau = told.bureau
    with pytest.raises(Incomplete, match="内部网络"), bureau.register.writing() as session:
        add_channel(session, bureau.ids[WHO], "own", listener.url(), personal=True)
    monkeypatch.setenv("ZHAODAN_PRIVATE_NETWORKS", "127.0.0.0/8")
    settings.cache_clear()
    with bureau.register.writing() as session:
        add_channel(session, bureau.ids[WHO], "own", listener.url(), personal=True)
    monkeypatch.delenv("ZHAODAN_PRIVATE_NETWORKS")
    settings.cache_clear()
    # What was allowed when it was entered is looked at again when something is sent.
    assert tell(told, "a") == Sent(delivered=2, failed=1)
    assert "内部网络" in rows(told, "own")[0].error
    assert len(listener.posts) == 1


def test_an_owner_sees_what_a_channel_is_and_never_its_address(told: Told) -> None:
    bureau = told.bureau
    with bureau.register.writing() as session:
        for name, url in (
            ("mail", "mailtos://clerk:pa55@mail.example.org?to=someone@example.org"),
            ("group", "wecombot://s3cret-key"),
        ):
            add_channel(session, bureau.ids[WHO], name, url)
        said = {one.name: one.what for one in channels_of(session, bureau.ids[WHO])}
        for n in range(2):
            add_channel(
                session, bureau.ids[WHO], f"m{n}", "mailto://1.1.1.1?to=a@b.cn&from=c@d.cn", personal=True
            )
        with pytest.raises(Incomplete, match="最多"):
            add_channel(
                session, bureau.ids[WHO], "six", "mailto://1.1.1.1?to=a@b.cn&from=c@d.cn", personal=True
            )
        assert len(session.exec(select(Channel)).all()) == 5
    assert said == {"hook": "回调地址", "mail": "电子邮件 someone@example.org", "group": "企业微信群机器人"}

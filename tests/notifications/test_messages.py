"""Every kind of notice has its words, and the words say only what a notice may say. 通知文字"""

from datetime import date

import pytest
from jinja2 import UndefinedError

from models.rules.lifecycle import Kind, Stage
from notifications import messages
from notifications.messages import INSTRUCTIONS, MESSAGES, TEMPLATES, Context, compose

CASE = "赣市监责〔2026〕3号"
CONTRACT = {
    "work-item",
    "case-registered",
    "rights-notice",
    "decision-issued",
    "clearing-issued",
    "notice-published",
    "reminder",
    "escalation",
    "dissent-certificate",
    "case-archived",
    "nudge",
    "copy",
    "challenge-ruled",
    "standstill",
    "deposit-filed",
    "deposit-due",
}
MONDAY = date(2026, 3, 16)


def a_context(**changes: object) -> Context:
    known: dict[str, object] = {
        "case_number": CASE,
        "stage": Stage.MATCHING,
        "today": date(2026, 3, 2),
        "link": "https://zd.example.org/cases/1",
        "item": Kind.LEGAL_REVIEW,
        "due_on": MONDAY,
    }
    return Context(**(known | changes))  # type: ignore[arg-type]


def test_every_kind_has_both_templates_and_every_template_a_kind() -> None:
    files = {path.name for path in TEMPLATES.iterdir()}
    assert files == {f"{kind}{end}" for kind in MESSAGES for end in (".subject.txt", ".txt")}
    assert set(MESSAGES) == CONTRACT


def test_every_kind_of_work_item_says_what_to_do() -> None:
    assert set(INSTRUCTIONS) == set(Kind)
    for kind in Kind:
        notice = compose("work-item", a_context(item=kind))
        assert INSTRUCTIONS[kind] in notice.body
        assert kind.zh in notice.subject


@pytest.mark.parametrize("kind", sorted(CONTRACT))
@pytest.mark.parametrize("link", ["", "https://zd.example.org/cases/1"])
@pytest.mark.parametrize("day", [1, 16, 31])
@pytest.mark.parametrize("shared", [False, True])
def test_every_template_renders_short_and_names_the_case(
    kind: str, link: str, day: int, shared: bool
) -> None:
    notice = compose(kind, a_context(link=link, today=date(2026, 3, day), shared=shared, provisional=True))
    assert CASE in notice.subject
    assert "\n" not in notice.subject
    assert len(notice.subject) <= 60
    assert CASE in notice.body
    assert len(notice.body) < 250
    assert "\n\n" not in notice.body
    assert "None" not in notice.subject + notice.body
    assert notice.body.rstrip().endswith(f"：{link}" if link else "。")


def test_a_due_date_is_said_with_its_weekday_and_whether_it_is_provisional() -> None:
    assert "最迟办理日：2026年3月16日（周一）" in compose("work-item", a_context()).body
    assert "最迟办理日：2026年3月16日（周一，暂定）" in compose("work-item", a_context(provisional=True)).body
    assert "未定期限" in compose("work-item", a_context(due_on=None)).body


@pytest.mark.parametrize("shared", [False, True])
def test_who_gets_an_item_with_others_is_told_that_one_is_enough(shared: bool) -> None:
    for kind in ("work-item", "reminder"):
        assert ("一人办理即可" in compose(kind, a_context(shared=shared)).body) is shared


@pytest.mark.parametrize(
    ("today", "words"),
    [
        # 期限前三天
        (date(2026, 3, 13), "还有 3 天到期"),
        # 期限当日
        (MONDAY, "今天到期"),
        # 期限已过一天
        (date(2026, 3, 17), "已逾期 1 天"),
    ],
)
def test_a_reminder_says_how_near_the_end_is(today: date, words: str) -> None:
    notice = compose("reminder", a_context(today=today))
    assert words in notice.subject
    assert words in notice.body


@pytest.mark.parametrize("escalated", [False, True])
def test_an_overdue_reminder_speaks_of_a_manager_only_when_one_is_told(escalated: bool) -> None:
    overdue = compose("reminder", a_context(today=date(2026, 3, 17), escalated=escalated)).body
    assert "请立即办理" in overdue
    assert ("分管负责人" in overdue) is escalated
    assert "分管负责人" not in compose("reminder", a_context(today=MONDAY, escalated=escalated)).body


@pytest.mark.parametrize("kind", ["work-item", "reminder", "escalation"])
def test_a_notice_about_a_work_item_is_refused_without_one(kind: str) -> None:
    with pytest.raises(ValueError, match="work item"):
        compose(kind, a_context(item=None))


@pytest.mark.parametrize("kind", ["reminder", "escalation", "deposit-due"])
def test_a_notice_about_a_period_is_refused_without_one(kind: str) -> None:
    with pytest.raises(ValueError, match="period"):
        compose(kind, a_context(due_on=None))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(LookupError):
        compose("gossip", a_context())


def test_a_template_that_asks_for_more_than_it_is_given_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = messages.MessageKind("case-archived", "归档", lambda _: {})
    monkeypatch.setitem(MESSAGES, "case-archived", silent)
    with pytest.raises(UndefinedError):
        compose("case-archived", a_context())


def test_template_code_in_a_value_stays_what_was_typed() -> None:
    notice = compose("case-archived", a_context(case_number="{{ 7*7 }}<b>"))
    assert "{{ 7*7 }}<b>" in notice.subject
    assert "{{ 7*7 }}<b>" in notice.body

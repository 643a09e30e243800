"""A form that comes after its session has ended. 登录到期后的表单"""

from httpx import Response

from models.accounts import set_password
from tests.api.door import Door, on_sqlite
from tests.api.test_deposits import a_form
from tests.builders import Told, a_case

PASSWORD = "照单-2026-重新"
SAID = "一小时里写下的意见。"
HTML = {"accept": "text/html"}


def waiting(door: Door) -> tuple[Told, str, str]:
    """A statement that is asked for, its address and its officer, who has a password."""
    told = a_case(door.bureau).go_on(lambda t: any(i.kind == "statement" for i in t.open_items()))
    item = next(i for i in told.open_items() if i.kind == "statement")
    with door.register.writing() as session:
        set_password(session, door.bureau.ids[told.who(item)], PASSWORD)
    return told, item.id, told.who(item)


def again(door: Door, username: str, password: str = PASSWORD, **fields: str) -> Response:
    said = {"username": username, "password": password} | fields
    return door.client.post("/sign-in/again", data=said, headers=HTML, follow_redirects=False)


@on_sqlite
def test_what_was_typed_comes_back_and_becomes_a_draft(door: Door) -> None:
    _, item, who = waiting(door)
    path = f"/work-items/{item}"
    sent = {"csrf": "of-the-old-session", "version": "1", "points": SAID, "do": "submit"}
    ended = door.client.post(path, data=sent, headers=HTML)
    assert ended.status_code == 401
    for part in (SAID, f'value="{path}"', 'name="typed.points"', 'action="/sign-in/again"'):
        assert part in ended.text
    assert "of-the-old-session" not in ended.text
    typed = {"back": path, "typed.points": SAID, "typed.version": "1"}
    wrong = again(door, who, "不对", **typed)
    assert SAID in wrong.text
    assert wrong.status_code == 401
    back = again(door, who, **typed)
    assert (back.status_code, back.headers["location"]) == (303, path)
    page = door.client.get(path, headers=HTML).text
    assert SAID in page
    assert "尚未提交" in page


@on_sqlite
def test_another_person_keeps_no_draft_and_is_led_nowhere_else(door: Door) -> None:
    _, item, _ = waiting(door)
    with door.register.writing() as session:
        set_password(session, door.bureau.ids["luo.ying"], PASSWORD)
    shown = again(door, "luo.ying", back=f"/work-items/{item}", **{"typed.points": SAID})
    assert shown.status_code == 200
    assert SAID in shown.text
    away = again(door, "luo.ying", back="https://elsewhere.test/", **{"typed.points": SAID})
    assert "elsewhere" not in away.text
    assert 'action="/inbox"' in away.text


@on_sqlite
def test_signing_out_after_the_end_loses_nothing_and_asks_for_nothing_to_be_kept(door: Door) -> None:
    ended = door.client.post("/sign-out", data={"csrf": "old"}, headers=HTML)
    assert ended.status_code == 401
    assert "没有丢失" not in ended.text


@on_sqlite
def test_a_deposit_with_its_paper_comes_back_in_its_form_and_is_not_filed_without_it(door: Door) -> None:
    said = {"kind": "inquiry", "to": "cao.ran", "title": "请示", "text": SAID}
    with door.register.writing() as session:
        set_password(session, door.bureau.ids["zhou.kai"], PASSWORD)
    form = a_form(said | {"csrf": "old"}, ("a.pdf", b"%PDF-1.7", "application/pdf"))
    form["headers"] |= HTML
    ended = door.client.post("/me/deposits", **form)
    assert ended.status_code == 401
    assert SAID in ended.text
    back = again(door, "zhou.kai", back="/me/deposits", **{f"typed.{n}": v for n, v in said.items()})
    assert SAID in back.text
    shown = door.client.post("/me/deposits", data=said, headers=HTML)
    assert shown.status_code == 422
    assert "请重新选择文件" in shown.text
    assert SAID in shown.text
    assert door.get("/api/deposits", "zhou.kai").json() == []

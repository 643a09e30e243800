"""The register of numbers as managers meet it: page and programs. 文号簿"""

import pytest

from models.rules.lifecycle import Stage
from tasks.office import office_work
from tests.api.browser import Browser
from tests.api.door import Door, on_sqlite, refused
from tests.builders import a_case

RESERVE = {"organ": "zj-yx", "series": "免决", "reason": "决定书先行占号"}


def test_numbers_are_read_reserved_and_given_up(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    office_work(told.case_id)
    with door.register.reading() as session:
        number = session.connection().exec_driver_sql("SELECT number FROM case_file").scalar_one()
    before = door.get("/api/manage/numbers", "cao.ran").json()
    assert all(row["missing"] == 0 for row in before["series"])
    assert before["numbers"][0]["case_id"] == told.case_id
    case = before["numbers"][0]["case_number"]
    assert case.endswith(f"责〔{told.case().year}〕{number}号")
    same = {"Idempotency-Key": "a" * 32}
    made = [
        door.post("/api/manage/numbers", "cao.ran", json=RESERVE | {"case": case}, headers=same)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json()
    key = made[0].json()["id"]
    void = f"/api/manage/numbers/{key}/void"
    assert door.post(void, "cao.ran", json={"reason": "案情变化不再需要"}).json()["state"] == "void"
    assert refused(door.post(void, "cao.ran", json={"reason": "案情变化不再需要"}), 409, "already-done")
    [row] = door.get("/api/manage/numbers?state=void", "cao.ran").json()["numbers"]
    assert (row["void_reason"], row["state_zh"]) == ("案情变化不再需要", "作废")


@on_sqlite
def test_nobody_but_the_manager_is_let_in(door: Door) -> None:
    key = door.post("/api/manage/numbers", "cao.ran", json=RESERVE).json()["id"]
    for by in ("tang.wei", "meng.fan"):
        assert refused(door.get("/api/manage/numbers", by), 403, "not-permitted")
        assert refused(door.post("/api/manage/numbers", by, json=RESERVE), 403, "not-permitted")
        void = door.post(f"/api/manage/numbers/{key}/void", by, json={"reason": "不是负责人"})
        assert refused(void, 404, "not-found")
    for changed, status in (
        ({"organ": "无此机关"}, 404),
        ({"case": "无此案号"}, 404),
        ({"series": "无此"}, 422),
        ({"reason": "占"}, 422),
    ):
        answer = door.post("/api/manage/numbers", "cao.ran", json=RESERVE | changed)
        assert answer.status_code == status, answer.text


@on_sqlite
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_reserves_and_gives_up_and_keeps_what_was_typed(door: Door, language: str) -> None:
    browser = Browser(door.app, door.bureau, "cao.ran")
    browser.client.cookies.set("zhaodan_language", language)
    typed = {name: [text] for name, text in RESERVE.items()}
    back = browser.send("/manage/numbers", typed | {"reason": ["占"]})
    assert back.status_code == 422
    assert "占</textarea>" in back.text
    done = browser.send("/manage/numbers", typed)
    assert done.status_code == 303
    address = done.headers["location"]
    browser.open(address)
    assert "免决〔" in browser.seen[address]
    void = f"/manage/numbers/{address.rpartition('-')[2]}/void"
    assert browser.send(void, {"reason": ["占"]}, at=address).status_code == 422
    gone = browser.send(void, {"reason": ["不再需要此号"]}, at=address)
    assert gone.status_code == 303
    browser.open(gone.headers["location"])
    assert "不再需要此号" in browser.seen[gone.headers["location"]]
    Browser(door.app, door.bureau, "tang.wei").open("/manage/numbers", 403)

"""The choice between two editions at the people's door: JSON and page. 改用版次"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.casework.matching import _matched
from models.database import Register
from models.rules.lifecycle import Stage
from models.settings import settings
from tests.api.browser import Browser, Page
from tests.api.door import Door, on_sqlite, refused
from tests.builders import Told, a_case
from tests.editions import HARDER, an_edition

WHY = "现行清单对本案人员更为从宽。"


@pytest.fixture
def door(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    an_edition(tmp_path / "handbook", "2019", *HARDER, until="2023-12-31")
    an_edition(tmp_path / "handbook", "2024", starts="2024-01-01")
    monkeypatch.setenv("ZHAODAN_HANDBOOK_DIR", str(tmp_path / "handbook"))
    settings.cache_clear()
    _matched.cache_clear()
    door = Door(register)
    with door.client:
        yield door
    _matched.cache_clear()


@pytest.fixture
def told(door: Door) -> Told:
    return a_case(door.bureau).to(Stage.MATCHING)


@on_sqlite
def test_the_reviewer_chooses_over_http_once(door: Door, told: Told) -> None:
    path, body = f"/api/cases/{told.case_id}/edition", {"edition": "2024", "reason": WHY}
    tag = door.get(f"/api/cases/{told.case_id}", "gu.ping").headers["ETag"]
    asked = {"headers": {"If-Match": tag, "Idempotency-Key": "choose-1"}, "json": body}
    first, again = door.post(path, "gu.ping", **asked), door.post(path, "gu.ping", **asked)
    assert (first.status_code, first.json()["edition"]) == (200, "2024")
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    shown = door.get(f"/api/cases/{told.case_id}", "gu.ping").json()
    assert (shown["edition"], shown["edition_reason"]) == ("2024", first.json()["edition_reason"])
    steps = door.get(f"/api/cases/{told.case_id}/timeline", "gu.ping").json()
    assert [s["reason"] for s in steps if s["tag"] == "case:edition-repinned"] == [WHY]
    own = door.get(f"/api/cases/{told.case_id}/timeline", "zhou.kai").json()
    assert not any(WHY in str(step) for step in own)


@on_sqlite
def test_what_is_refused_changes_nothing(door: Door, told: Told) -> None:
    path, body = f"/api/cases/{told.case_id}/edition", {"edition": "2024", "reason": WHY}
    before = door.dump()
    refused(door.post(path, "gu.ping", json=body), 428, "precondition-required")
    stale = {"headers": {"If-Match": '"1"'}, "json": body}
    refused(door.post(path, "gu.ping", **stale), 412, "stale")
    any_ = {"If-Match": "*"}
    refused(door.post(path, "tang.wei", json=body, headers=any_), 403, "not-permitted")
    refused(door.post(path, "fang.min", json=body, headers=any_), 404, "not-found")
    refused(door.post(path, "gu.ping", json=body | {"edition": "2030"}, headers=any_), 404, "not-found")
    refused(door.post(path, "gu.ping", json=body | {"reason": "…"}, headers=any_), 422, "incomplete")
    assert door.post(path, "gu.ping", json={"edition": "2024"}, headers=any_).status_code == 422
    assert door.post(path, json=body, headers=any_).status_code == 401
    assert door.dump() == before


@on_sqlite
def test_the_page_shows_both_and_lets_the_reviewer_choose(door: Door, told: Told) -> None:
    reviewer = Browser(door.app, door.bureau, "gu.ping")
    item = told.item("legal-review")
    address, choosing = f"/work-items/{item.id}", f"/work-items/{item.id}/edition"
    page = reviewer.open(address)
    assert "两个版次的结果并列" in page.text
    assert "没有减免依据" in page.text
    assert "可以免于追究" in page.text
    sent = page.form(choosing).fill({"edition_reason": [""]})
    wrong = reviewer.client.post(choosing, data=sent)
    assert wrong.status_code == 422
    assert "不能为空" in Page(wrong.text).text
    assert told.case().edition == "2019"
    sent = page.form(choosing).fill({"edition_reason": [WHY]})
    assert reviewer.client.post(choosing, data=sent).status_code == 303
    assert told.case().edition == "2024"
    after = reviewer.open(address)
    assert "五（二）3第（41）项" in after.text
    assert sent["version"] != after.form(choosing).typed()["version"]
    stale = reviewer.client.post(choosing, data=after.form(choosing).typed() | {"version": ["1"], "edition_reason": [WHY]})  # fmt: skip
    assert stale.status_code == 412
    assert WHY in Page(stale.text).inputs[0].value
    file = reviewer.open(f"/cases/{told.case_id}")
    assert "改用手册版次" in file.text
    assert "由 2019 版改用 2024 版" in file.text
    unlabelled = [c.id for c in after.inputs if c.id not in after.labels]
    assert (unlabelled, after.styled) == ([], [])
    assert len(set(after.ids)) == len(after.ids)

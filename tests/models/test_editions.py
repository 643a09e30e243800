"""从旧兼从轻: two editions side by side, and the reviewer's choice between them. 版次选择"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from models.casework import repin_edition, replay, verify_all
from models.casework.matching import _matched
from models.database import Register
from models.handbook import HandbookError, editions, load_edition
from models.queries import clauses_of, item_page
from models.rules.deadlines import beijing_day
from models.rules.errors import (
    CaseworkError,
    Conflict,
    Incomplete,
    NotFound,
    NotPermitted,
    Stale,
    WrongStage,
)
from models.rules.lifecycle import Stage
from models.settings import settings
from models.tables import Case, Event, Match
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.editions import HARDER, an_edition

WHY = "现行清单放宽了形式审查的要求，对本案人员更为从宽。"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A handbook of two editions: nothing of the story holds in the older, all of it in the newer."""
    folder = tmp_path / "handbook"
    an_edition(folder, "2019", *HARDER, until="2023-12-31")
    reworded = ("已尽形式审查义务的。", "已尽形式审查义务、未能发现虚假的。")
    an_edition(folder, "2024", reworded, starts="2024-01-01")
    return folder


@pytest.fixture
def bureau(register: Register, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    use(root, monkeypatch)
    yield a_bureau(register)
    _matched.cache_clear()


def use(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work with the editions of a folder."""
    monkeypatch.setenv("ZHAODAN_HANDBOOK_DIR", str(root))
    settings.cache_clear()
    _matched.cache_clear()


def choose(told: Told, edition: str = "2024", *, by: str = "gu.ping", reason: str = WHY, **more: Any) -> Case:
    bureau = told.bureau
    with bureau.register.writing() as session:
        return repin_edition(
            session, told.case_id, edition, reason, actor=bureau.actor(by), now=bureau.now(), **more
        )


def shown(told: Told, kind: str) -> dict[str, Any]:
    item = next(i for i in told.open_items() if i.kind == kind)
    with told.bureau.register.reading() as session:
        on = beijing_day(told.bureau.clock)
        page = item_page(session, told.bureau.actor(told.who(item)), item.id, on=on)
    return dict(page.context["editions"])


def events(told: Told) -> list[Event]:
    with told.bureau.register.reading() as session:
        return list(session.exec(select(Event).where(Event.case_id == told.case_id).order_by(Event.seq)))


def proposed(told: Told) -> set[str]:
    with told.bureau.register.reading() as session:
        return set(session.exec(select(Match.clause).where(Match.case_id == told.case_id, Match.proposed)))


def refused(told: Told, error: type[CaseworkError], says: str, **choice: Any) -> None:
    before, case = len(events(told)), told.case().model_dump()
    with pytest.raises(error, match=says):
        choose(told, **choice)
    assert (len(events(told)), told.case().model_dump()) == (before, case)


def test_both_results_stand_side_by_side_with_the_words_that_differ(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.MATCHING)
    assert told.case().edition == "2019"
    seen = shown(told, "legal-review")
    assert seen["chosen"] == "2019"
    assert [e["id"] for e in seen["editions"]] == ["2019", "2024"]
    for officer in seen["officers"]:
        assert (officer["more_lenient"], officer["stricter"]) == (True, False)
        assert [r["effect_zh"] for r in officer["results"]] == ["没有减免依据", "可以免于追究"]
    texts = {t["clause"]: t["diff"] for t in seen["texts"]}
    assert [piece["is"] for piece in texts["exempt-41"]] == ["same"]
    assert {"is": "new", "text": "、未能发现虚假"} in texts["exempt-42"]


def test_the_reviewer_chooses_with_a_reason_and_the_clauses_are_matched_again(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.MATCHING)
    before, review = len(events(told)), told.item("legal-review")
    assert "exempt-41" not in proposed(told)
    case = choose(told, expect_version=told.case().version)
    assert (case.edition, case.stage) == ("2024", Stage.MATCHING)
    assert "从旧兼从轻" in case.edition_reason
    assert WHY not in case.edition_reason
    last = events(told)[-1]
    assert (last.tag, last.reason) == ("case:edition-repinned", WHY)
    assert (last.data["from"], last.data["to"]) == ("2019", "2024")
    assert {"exempt-41", "exempt-42"} <= proposed(told)
    assert told.item("legal-review").version == review.version + 1
    assert choose(told, expect_version=1).version == case.version  # the same again changes nothing
    assert len(events(told)) == before + 1
    assert shown(told, "legal-review")["chosen"] == "2024"
    told.to(Stage.REVIEW).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    assert shown(told, "ballot")["chosen"] == "2024"
    told.to_the_end()
    assert told.case().state == "archived"
    with bureau.register.reading() as session:
        assert all(found.same for found in replay(session, told.case()))
        assert [broken for _, broken in verify_all(session)] == [None]


def test_the_choice_can_be_taken_back_before_the_review_is_handed_in(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.MATCHING)
    first, reason = proposed(told), told.case().edition_reason
    choose(told)
    case = choose(told, "2019", reason="核对后认为两个版次的要件没有实质差别。")
    assert (case.edition, case.edition_reason) == ("2019", reason)
    assert proposed(told) == first


def test_who_may_not_choose_and_when_it_is_too_early_or_too_late(bureau: Bureau) -> None:
    told = a_case(bureau)
    refused(told, NotFound, "查无此")  # the reviewer has no part in it yet
    told.to(Stage.VERIFICATION)
    refused(told, WrongStage, "『事实核查』", by="cao.ran")
    told.to(Stage.MATCHING)
    refused(told, NotPermitted, "法制审核员", by="tang.wei")
    refused(told, NotPermitted, "只能由法制审核人员", by="zhou.kai")
    refused(told, NotFound, "查无此", by="fang.min")
    refused(told, Incomplete, "须写明理由", reason="。。")
    refused(told, Stale, "请刷新", expect_version=1)
    refused(told, NotFound, "2019 版和 2024 版之间", edition="2030")
    told.answer(
        told.item("legal-review"),
        told.content(told.item("legal-review"))
        | {"outcomes": [
            {"respondent": rid, "outcome": "accountable", "reason": "没有可以适用的条款。"}
            for rid in told.respondents.values()
        ]},
    )  # fmt: skip
    refused(told, WrongStage, "提交审核意见之前")


def test_with_one_edition_there_is_nothing_to_choose(
    bureau: Bureau, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(an_edition(root.parent / "single", "2019").parent, monkeypatch)
    told = a_case(bureau).to(Stage.MATCHING)
    assert shown(told, "legal-review") == {}
    refused(told, Conflict, "没有可以改用的版次")


def test_a_newer_edition_that_is_not_milder_is_neither_shown_nor_chosen(
    bureau: Bureau, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = root.parent / "stricter"
    an_edition(folder, "2019", until="2023-12-31")
    an_edition(folder, "2025", *HARDER, starts="2024-01-01")
    use(folder, monkeypatch)
    told = a_case(bureau).to(Stage.MATCHING)
    assert shown(told, "legal-review") == {}
    refused(told, Incomplete, "从旧兼从轻", edition="2025")


def test_conduct_under_the_newer_edition_is_never_judged_by_the_older(bureau: Bureau) -> None:
    told = a_case(bureau, conduct_on="2025-03-04").to(Stage.MATCHING)
    assert told.case().edition == "2024"
    assert shown(told, "legal-review") == {}
    refused(told, Conflict, "没有可以改用的版次", edition="2019")


def test_findings_that_the_newer_edition_cannot_read_keep_the_case_where_it_is(
    bureau: Bureau, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = root.parent / "renamed"
    an_edition(folder, "2019", *HARDER, until="2023-12-31")
    duties = an_edition(folder, "2026", starts="2024-01-01") / "duties.yaml"
    duties.write_text(duties.read_text(encoding="utf-8").replace("LIC-023", "LIC-923"), encoding="utf-8")
    use(folder, monkeypatch)
    told = a_case(bureau).to(Stage.MATCHING)
    assert shown(told, "legal-review")
    refused(told, Incomplete, "LIC-023 在 2026 版中没有", edition="2026")


def test_the_clauses_of_a_case_are_read_in_the_words_of_its_edition(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.MATCHING)
    choose(told)
    with bureau.register.reading() as session:
        rows = clauses_of(session, told.case())
    assert {r["text"] for r in rows if r["clause"] == "exempt-42"} == {
        load_edition("2024").clauses["exempt-42"].text
    }


@pytest.mark.parametrize("database", ["sqlite"])
def test_overlapping_editions_are_refused_by_name(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_edition(tmp_path / "twice", "2019", until="2024-01-01")
    an_edition(tmp_path / "twice", "2024", starts="2024-01-01")
    use(tmp_path / "twice", monkeypatch)
    with pytest.raises(HandbookError) as refused:
        editions()
    assert "2019/edition.yaml：in_force_until：与 2024 版的施行期间重叠" in str(refused.value)
    assert "未载入任何内容" in str(refused.value)

"""论证: what the rules say about one officer is read from the file, and says what was known when."""

from datetime import date

import pytest
from sqlmodel import select

from models.database import Register
from models.dossier import Weighing, load_dossier, weigh
from models.rules.clauses import Outcome, Status
from models.rules.errors import NotFound
from models.rules.explanation import Part
from models.rules.lifecycle import Stage
from models.rules.symmetry import Balance
from models.tables import Evidence, Fact
from tests.builders import Told, a_bureau, a_case


@pytest.fixture
def told(register: Register) -> Told:
    return a_case(a_bureau(register), "r2").to(Stage.MATCHING)


def weighed(told: Told, username: str = "zhou.kai") -> Weighing:
    with told.bureau.register.reading() as session:
        return weigh(load_dossier(session, told.case_id), told.respondents[username])


def test_a_clause_is_explained_down_to_evidence_and_the_two_who_found_it(told: Told) -> None:
    tree = weighed(told).explain("exempt-41")
    assert tree.status is Status.ESTABLISHED
    leaf = next(node for _, node in tree.walk() if node.fact == "materials-untrue")
    assert leaf.ground is not None
    assert leaf.ground.evidence == (2,)
    assert len(set(leaf.ground.confirmed_by)) == 2


def test_the_checklist_carries_the_premise_with_its_own_evidence(told: Told) -> None:
    premise = next(n for _, n in weighed(told).explain("exempt-41").walk() if n.part is Part.PREMISE)
    (leaf,) = premise.children
    assert leaf.ground is not None
    assert leaf.ground.evidence == (1, 2, 3)
    assert "已履行3项" in leaf.ground.note


def test_both_lists_stand_side_by_side(told: Told) -> None:
    found = weighed(told).symmetry
    assert found.balance is Balance.EXEMPTING
    assert {"exempt-41", "exempt-42"} <= set(found.exempting)
    assert (found.duties_missed, found.bars) == ((), ())


def test_what_became_known_afterwards_is_marked_and_set_aside(told: Told) -> None:
    with told.bureau.register.writing() as session:
        judgment = session.exec(
            select(Evidence).where(Evidence.case_id == told.case_id, Evidence.number == 2)
        ).one()
        judgment.formed_on = date(2022, 9, 1)
    found = weighed(told)
    assert [piece.number for piece in found.later_evidence] == [2]
    changed = {now.clause_id: once.outcome for now, once in found.at_the_time}
    # That the law asks for a formal review only rests on the judgment alone, which nobody could read in 2020.
    assert changed["exempt-42"] is Outcome.UNPROVEN
    # That the papers were false shows only afterwards by its nature, so (41) stands.
    assert "exempt-41" not in changed
    late = {n.fact for _, n in found.explain("exempt-42").walk() if n.ground and n.ground.later_only}
    assert late == {"formal-review-only-by-law"}


def test_nothing_is_hindsight_while_no_material_is_dated_later(told: Told) -> None:
    found = weighed(told)
    assert (found.later_evidence, found.at_the_time) == ((), ())


def test_what_a_missing_fact_would_bring_is_told(told: Told) -> None:
    with told.bureau.register.writing() as session:
        fact = session.exec(
            select(Fact).where(
                Fact.case_id == told.case_id,
                Fact.respondent_id == told.respondents["zhou.kai"],
                Fact.fact == "materials-formally-complete",
            )
        ).one()
        fact.status = Status.UNPROVEN
    turns = weighed(told).missing_for("exempt-41")
    assert [turn.facts for turn in turns] == [(("materials-formally-complete", Status.ESTABLISHED),)]
    assert weighed(told).settled_by("materials-formally-complete", "exempt-41") == "受理清单逐项勾对"
    # The other officer's facts are another matter.
    assert weighed(told, "xu.jing").missing_for("exempt-41") == ()


def test_somebody_else_is_no_respondent(told: Told) -> None:
    with told.bureau.register.reading() as session:
        dossier = load_dossier(session, told.case_id)
    with pytest.raises(NotFound):
        weigh(dossier, 999)


def test_what_is_worth_asking_is_grouped_and_keeps_to_this_case(told: Told) -> None:
    (asked,) = weighed(told).questions
    assert (
        weighed(told).told(asked) == "查明“行为动机出于公心、履行职责”属实的，可以提出五（二）2第（12）项。"
    )
    assert asked.gained == ("exempt-12",)
    assert asked.ways == ((("acted-in-public-spirit", Status.ESTABLISHED),),)


def test_an_open_bar_is_worth_asking(told: Told) -> None:
    with told.bureau.register.writing() as session:
        for fact in session.exec(select(Fact).where(Fact.case_id == told.case_id)):
            if fact.fact in ("private-gain", "unit-improper-gain"):
                fact.status = Status.UNPROVEN
    barring = [asked for asked in weighed(told).questions if asked.barred]
    # One sentence for all that would close the way to an exemption.
    named = {fact for asked in barring for way in asked.ways for fact, _ in way}
    assert {"private-gain", "unit-improper-gain"} <= named
    assert not any(asked.gained for asked in barring)

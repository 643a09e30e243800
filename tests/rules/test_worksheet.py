"""核查提纲: what is asked first, what no longer matters, and that nothing that matters is put aside."""

from collections.abc import Mapping

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.handbook import load_edition
from models.rules.clauses import Outcome, Status, Verdict, match
from models.rules.logic import All, Fact, leaves
from models.rules.worksheet import Worksheet, worksheet

BOOK = load_edition("2019").rulebook
YES, NO, OPEN = Status.ESTABLISHED, Status.REFUTED, Status.UNPROVEN
ACTS = ("inspection", "penalty", "licensing", "coercion")
LICENSING = {f"during-{act}": YES if act == "licensing" else NO for act in ACTS}
GATES = {f for gate in BOOK.gates if gate.tree is not None for f in leaves(gate.tree)}
SOUND = dict.fromkeys(GATES, NO) | dict.fromkeys(
    ("conduct-in-enforcement", "officer-in-charge", "within-applicable-period", "allegation-substantiated"),
    YES,
)
answers = st.dictionaries(
    st.sampled_from(sorted(BOOK.questions)), st.sampled_from([YES, NO, OPEN]), max_size=60
)
# At random few cases would get past the gates, so some are let through and some are reported without ground.
records = st.tuples(st.sampled_from([{}, SOUND, SOUND | {"allegation-substantiated": NO}]), answers).map(
    lambda drawn: drawn[1] | drawn[0]
)


def groups(sheet: Worksheet) -> tuple[tuple[str, ...], ...]:
    return sheet.first, sheet.turning, sheet.recorded, sheet.idle, sheet.elsewhere


def verdicts(facts: Mapping[str, Status]) -> dict[str, tuple[Verdict, Outcome | None]]:
    telling = {Outcome.ESTABLISHED, Outcome.PROVISIONAL, Outcome.SUPPORTS_CLEARING, Outcome.DISPLACED}
    return {
        m.clause_id: (m.verdict, m.outcome if m.outcome in telling else None)
        for m in match(BOOK, facts).matches
    }


def test_nothing_recorded_gates_come_first_and_the_facts_of_most_clauses_next() -> None:
    sheet = worksheet(BOOK, LICENSING, recorded=())
    assert set(sheet.first) >= GATES
    assert sheet.recorded == ()
    counts = [len(sheet.hinges[f]) for f in sheet.turning]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] >= 1


def test_a_licensing_case_leaves_the_facts_of_other_acts_elsewhere() -> None:
    sheet = worksheet(BOOK, LICENSING, recorded=())
    assert "goods-lost-or-destroyed" in sheet.elsewhere
    assert "materials-formally-complete" in sheet.turning
    assert "during-penalty" in sheet.idle  # the category of the case says it already
    everywhere = worksheet(BOOK, {})
    assert everywhere.elsewhere == ()
    assert "during-penalty" in everywhere.turning


def test_a_refuted_element_takes_the_other_elements_of_its_clause_off_the_list() -> None:
    before = worksheet(BOOK, LICENSING, recorded=())
    only = [f for f in before.turning if before.hinges[f] == ("exempt-41",)]
    assert only
    requires = next(clause.requires for clause in BOOK.clauses if clause.id == "exempt-41")
    assert isinstance(requires, All)
    element = next(part.id for part in requires.parts if isinstance(part, Fact))
    after = worksheet(BOOK, LICENSING | {element: NO}, recorded={element})
    assert element in after.recorded
    assert "exempt-41" not in {clause for found in after.hinges.values() for clause in found}
    assert set(only) & set(after.turning) == set()


def test_one_way_of_several_that_is_proven_ends_the_asking_for_the_others() -> None:
    gain = worksheet(BOOK, LICENSING | {"private-gain": YES}, recorded={"private-gain"})
    assert "unit-improper-gain" in gain.idle
    assert all(clause.startswith("mitigate") for found in gain.hinges.values() for clause in found)


def test_a_fact_to_be_verified_is_still_asked() -> None:
    asked = worksheet(BOOK, LICENSING | {"materials-untrue": OPEN}, recorded={"materials-untrue"})
    assert "materials-untrue" in asked.turning
    assert asked.recorded == ()


def test_a_fact_from_which_an_open_one_follows_counts_for_the_same_clauses() -> None:
    sheet = worksheet(BOOK, LICENSING, recorded=())
    assert set(sheet.hinges["harm-reduced"]) <= set(sheet.hinges["losses-recovered"])


def test_a_record_that_denies_itself_is_asked_first_and_said() -> None:
    facts = LICENSING | {"improper-gain-obtained": YES, "private-gain": NO}
    sheet = worksheet(BOOK, facts, recorded={"improper-gain-obtained", "private-gain"})
    assert sheet.first[0] == "private-gain"
    assert sheet.contradictions


def test_an_unfounded_report_still_asks_what_could_clear_the_officer() -> None:
    facts = LICENSING | {"allegation-substantiated": NO}
    sheet = worksheet(BOOK, facts, recorded={"allegation-substantiated"})
    asked = {clause for found in sheet.hinges.values() for clause in found}
    assert asked
    assert all(clause.supporting for clause in BOOK.clauses if clause.id in asked)


@settings(max_examples=150, deadline=None)
@given(facts=records)
def test_every_question_stands_in_exactly_one_group(facts: dict[str, Status]) -> None:
    listed = [f for group in groups(worksheet(BOOK, facts)) for f in group]
    assert sorted(listed) == sorted(BOOK.questions)


@settings(max_examples=300, deadline=None)
@given(facts=records, data=st.data())
def test_no_answer_to_what_was_put_aside_changes_any_clause(
    facts: dict[str, Status], data: st.DataObject
) -> None:
    sheet = worksheet(BOOK, facts)
    aside = [f for f in (*sheet.idle, *sheet.elsewhere) if facts.get(f, OPEN) is OPEN]
    assume(aside)
    more = data.draw(st.dictionaries(st.sampled_from(aside), st.sampled_from([YES, NO]), max_size=len(aside)))
    then = facts | more
    assume(len(match(BOOK, then).contradictions) == len(match(BOOK, facts).contradictions))
    assert verdicts(then) == verdicts(facts)

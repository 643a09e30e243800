"""What each stage asks of whom and the only ways out of it. 案件流转"""

from typing import Any

import pytest

from models.rules.decision import Outcome
from models.rules.lifecycle import Kind, Situation, Stage, asks, way_out

HANDLER, APPROVER = 1, 2  # respondent ids
OFFICERS = {HANDLER: 101, APPROVER: 102}
LEAD, SECOND = 201, 202
PANEL = (301, 302, 303, 304, 305)
AGREED: dict[str, Any] = {"agreed": True}


def at(stage: Stage, *said: tuple[Any, ...], **known: Any) -> Situation:
    """A case at a stage with what people have answered: kind, content[, slot]."""
    answers = {(kind, str(slot[0]) if slot else ""): content for kind, content, *slot in said}
    common = {"respondents": OFFICERS, "investigators": (LEAD, SECOND)}
    return Situation(stage, answers, **(common | known))


def asked(now: Situation) -> list[str]:
    return [f"{a.kind}:{a.slot}" if a.slot else str(a.kind) for a in asks(now)]


def way(now: Situation) -> tuple[str, str, bool] | None:
    move = way_out(now)
    return (move.to.value, move.way, move.new_round) if move else None


# --- 受理 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "out"),
    [
        ("accept", ("verification", "accepted", False)),
        ("decline", ("archive", "declined", False)),
        ("forward", ("archive", "forwarded", False)),
        ("transfer", ("decision", "transfer", False)),
    ],
)
def test_screening_sends_a_case_one_of_four_ways(verdict: str, out: tuple[str, str, bool]) -> None:
    assert asked(at(Stage.INTAKE)) == ["screening"]
    assert way(at(Stage.INTAKE)) is None
    assert way(at(Stage.INTAKE, (Kind.SCREENING, {"verdict": verdict}))) == out


# --- 事实核查 -----------------------------------------------------------------------------------

FOUND = (Kind.INVESTIGATION, {"conclusion": "complete"})
SIGNED = (Kind.COUNTERSIGN, AGREED)


def test_the_second_investigator_signs_after_the_first() -> None:
    assert [(a.kind, a.person) for a in asks(at(Stage.VERIFICATION))] == [(Kind.INVESTIGATION, LEAD)]
    filed = at(Stage.VERIFICATION, FOUND)
    assert [(a.kind, a.person) for a in asks(filed)][1:] == [(Kind.COUNTERSIGN, SECOND)]
    assert way(filed) is None


def test_findings_not_countersigned_open_a_new_round() -> None:
    refused = at(Stage.VERIFICATION, FOUND, (Kind.COUNTERSIGN, {"agreed": False}))
    assert way(refused) == ("verification", "not-countersigned", True)


def test_every_officer_is_heard_and_every_point_is_answered_before_the_matching() -> None:
    signed = at(Stage.VERIFICATION, FOUND, SIGNED, conclusion="complete")
    assert asked(signed)[2:] == ["statement:1", "statement:2"]
    assert [a.person for a in asks(signed)[2:]] == [101, 102]
    heard = (
        (Kind.STATEMENT, {"points": ["请予考虑"]}, HANDLER),
        (Kind.STATEMENT, {"declined": True}, APPROVER),
    )
    half = at(Stage.VERIFICATION, FOUND, SIGNED, heard[1], conclusion="complete")
    assert way(half) is None
    raised = at(Stage.VERIFICATION, FOUND, SIGNED, *heard, conclusion="complete")
    assert asked(raised)[-1] == "answer:1"
    assert way(raised) is None
    answered = (Kind.ANSWER, {"answers": ["采纳"]}, HANDLER)
    done = at(Stage.VERIFICATION, FOUND, SIGNED, *heard, answered, conclusion="complete")
    assert way(done) == ("matching", "complete", False)


@pytest.mark.parametrize("conclusion", ["unfounded", "out-of-scope", "transfer"])
def test_who_is_not_blamed_is_not_asked_to_defend_himself(conclusion: str) -> None:
    signed = at(Stage.VERIFICATION, FOUND, SIGNED, conclusion=conclusion)
    assert asked(signed) == ["investigation", "countersign"]
    assert way(signed) == ("decision", conclusion, False)


# --- 条款匹配 -----------------------------------------------------------------------------------


def test_the_legal_reviewer_confirms_then_every_officer_hears_the_intent() -> None:
    assert asked(at(Stage.MATCHING)) == ["legal-review"]
    confirmed = (Kind.LEGAL_REVIEW, {"verdict": "confirm"})
    assert asked(at(Stage.MATCHING, confirmed)) == [
        "legal-review",
        "notice-of-intent:1",
        "notice-of-intent:2",
    ]
    one = (Kind.NOTICE_OF_INTENT, {}, HANDLER)
    assert way(at(Stage.MATCHING, confirmed, one)) is None
    both = at(Stage.MATCHING, confirmed, one, (Kind.NOTICE_OF_INTENT, {}, APPROVER))
    assert way(both) == ("review", "confirmed", False)


def test_missing_facts_open_a_new_round_of_verification() -> None:
    sent_back = at(Stage.MATCHING, (Kind.LEGAL_REVIEW, {"verdict": "supplement"}))
    assert asked(sent_back) == ["legal-review"]
    assert way(sent_back) == ("verification", "facts-missing", True)


# --- 集体审议 -----------------------------------------------------------------------------------


def session(*said: tuple[Any, ...], **known: Any) -> Situation:
    return at(
        Stage.REVIEW,
        *said,
        **({"members": PANEL, "undeclared": PANEL, "called": len(PANEL), "chair": PANEL[0]} | known),
    )


DECLARED = tuple((Kind.RECUSAL, {"recuse": False}, p) for p in PANEL)


def test_nobody_votes_before_everybody_has_declared() -> None:
    assert {a.kind for a in asks(session())} == {Kind.RECUSAL}
    assert {a.kind for a in asks(session(*DECLARED[:4]))} == {Kind.RECUSAL}
    ready = asks(session(*DECLARED))
    assert [a.person for a in ready if a.kind is Kind.BALLOT] == list(PANEL[1:])
    assert [a.person for a in ready if a.kind is Kind.CLOSE_SESSION] == [PANEL[0]]


def test_a_replaced_member_declares_and_does_not_vote() -> None:
    replaced = (Kind.RECUSAL, {"recuse": True}, 299)
    now = session(*DECLARED, replaced, undeclared=(299, *PANEL))
    assert [a.person for a in asks(now) if a.kind is Kind.BALLOT] == list(PANEL[1:])


def test_the_chair_is_asked_when_everybody_else_has_voted_and_a_vote_cast_stands() -> None:
    def voters(*voted: int) -> list[int | None]:
        cast = tuple((Kind.BALLOT, {"sealed": "x"}, p) for p in voted)
        return [a.person for a in asks(session(*DECLARED, *cast)) if a.kind is Kind.BALLOT]

    assert voters(*PANEL[1:4]) == list(PANEL[1:])
    assert voters(*PANEL[1:]) == list(PANEL)
    assert voters(*PANEL[:4]) == list(PANEL)


def test_a_short_panel_asks_the_manager_alone() -> None:
    assert asked(session(*DECLARED, short=True)) == [f"convening:{len(PANEL)}"]


def test_a_session_without_the_chairs_closing_has_no_way_out() -> None:
    cast = tuple((Kind.BALLOT, {"sealed": "x"}, p) for p in PANEL)
    assert way(session(*DECLARED, *cast)) is None


@pytest.mark.parametrize(
    ("settled", "out"),
    [
        ({"1": "exempt", "2": "accountable"}, ("decision", "decided", False)),
        ({"1": "exempt", "2": "supplement"}, ("verification", "supplement", True)),
    ],
)
def test_one_officer_whose_facts_are_unclear_sends_the_case_back(
    settled: dict[str, str], out: tuple[str, str, bool]
) -> None:
    assert way(session(*DECLARED, (Kind.CLOSE_SESSION, {"settled": settled}))) == out


# --- 决定 ---------------------------------------------------------------------------------------

SIGNATURE = (Kind.SIGNATURE, {"verdict": "sign"})
RECEIPTS = tuple((Kind.SERVICE_RECEIPT, {}, r) for r in OFFICERS)


@pytest.mark.parametrize(
    ("conclusion", "out"),
    [
        ("complete", ("review", "returned-to-panel", True)),
        ("unfounded", ("verification", "returned-to-investigators", True)),
        ("transfer", ("verification", "returned-to-investigators", True)),
    ],
)
def test_a_head_returns_a_case_to_whoever_proposed(conclusion: str, out: tuple[str, str, bool]) -> None:
    returned = at(Stage.DECISION, (Kind.SIGNATURE, {"verdict": "return"}), conclusion=conclusion)
    assert asked(returned) == ["signature"]
    assert way(returned) == out


def test_a_decision_is_issued_when_every_officer_has_it() -> None:
    outcomes = {HANDLER: Outcome.EXEMPT, APPROVER: Outcome.ACCOUNTABLE}
    assert asked(at(Stage.DECISION)) == ["signature"]
    assert asked(at(Stage.DECISION, SIGNATURE, outcomes=outcomes))[1:] == [
        "service-receipt:1",
        "service-receipt:2",
    ]
    assert way(at(Stage.DECISION, SIGNATURE, RECEIPTS[0], outcomes=outcomes)) is None
    issued = at(Stage.DECISION, SIGNATURE, *RECEIPTS, outcomes=outcomes)
    assert way(issued) == ("clearing", "issued", False)


def test_a_transfer_waits_for_the_other_authority_and_serves_only_the_other_officer() -> None:
    outcomes = {HANDLER: Outcome.TRANSFER, APPROVER: Outcome.EXEMPT}
    signed = at(Stage.DECISION, SIGNATURE, RECEIPTS[1], outcomes=outcomes)
    assert asked(signed) == ["signature", "service-receipt:2", "authority-reply"]
    assert way(signed) is None
    for result in ("handled", "no-action"):
        reply = (Kind.AUTHORITY_REPLY, {"result": result})
        assert way(at(Stage.DECISION, SIGNATURE, RECEIPTS[1], reply, outcomes=outcomes)) == (
            "clearing",
            "issued",
            False,
        )
    back = (Kind.AUTHORITY_REPLY, {"result": "returned"})
    assert way(at(Stage.DECISION, SIGNATURE, back, outcomes=outcomes)) == (
        "verification",
        "returned-by-authority",
        True,
    )


# --- 澄清正名与公示 -----------------------------------------------------------------------------

WANTS = (Kind.CLEARING_CONSENT, {"wanted": True}, HANDLER)
CLEARED = {HANDLER: Outcome.EXEMPT, APPROVER: Outcome.ACCOUNTABLE}


@pytest.mark.parametrize(
    "outcome", [Outcome.ACCOUNTABLE, Outcome.MITIGATE, Outcome.OUT_OF_SCOPE, Outcome.TRANSFER]
)
def test_who_is_not_cleared_is_not_asked(outcome: Outcome) -> None:
    now = at(Stage.CLEARING, outcomes=dict.fromkeys(OFFICERS, outcome))
    assert asks(now) == ()
    assert way(now) == ("archive", "nothing-to-clear", False)


def test_whom_the_other_authority_found_nothing_against_is_cleared_too() -> None:
    now = at(Stage.CLEARING, outcomes={HANDLER: Outcome.TRANSFER}, cleared_elsewhere=frozenset({HANDLER}))
    assert asked(now) == ["clearing-consent:1"]
    assert way(now) is None


def test_a_name_is_cleared_only_with_the_officers_consent() -> None:
    refused = (Kind.CLEARING_CONSENT, {"wanted": False}, HANDLER)
    assert way(at(Stage.CLEARING, refused, outcomes=CLEARED)) == ("archive", "no-clearing-wanted", False)
    wanted = at(Stage.CLEARING, WANTS, outcomes=CLEARED)
    assert asked(wanted) == ["clearing-consent:1", "clearing-approval"]
    assert way(wanted) is None


@pytest.mark.parametrize("held_back", ["on-request", "closed"])
def test_nothing_is_published_before_both_a_manager_and_a_reviewer_agree(held_back: str) -> None:
    closed = (Kind.CLEARING_APPROVAL, {"publication_class": held_back})
    assert way(at(Stage.CLEARING, WANTS, closed, outcomes=CLEARED)) == ("archive", "not-published", False)
    public = (Kind.CLEARING_APPROVAL, {"publication_class": "public"})
    waiting = at(Stage.CLEARING, WANTS, public, outcomes=CLEARED)
    assert asked(waiting)[-1] == "publication-review"
    assert way(waiting) is None
    reviewed = at(
        Stage.CLEARING, WANTS, public, (Kind.PUBLICATION_REVIEW, {"publish": True}), outcomes=CLEARED
    )
    assert way(reviewed) == ("archive", "reviewed-for-publication", False)


# --- 归档 ---------------------------------------------------------------------------------------


def test_the_archive_is_the_last_stage() -> None:
    assert asked(at(Stage.ARCHIVE)) == ["archiving"]
    assert way(at(Stage.ARCHIVE, (Kind.ARCHIVING, {"complete": True}))) is None


# --- 凡环节皆然 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [s for s in Stage if s is not Stage.CLEARING])
def test_silence_moves_nothing(stage: Stage) -> None:
    assert way_out(at(stage)) is None

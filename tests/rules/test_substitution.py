"""Who stands in for whom: fit for the work, never in a loop, never for who is tied, never for what is personal. 代理"""

from dataclasses import replace
from datetime import date

import pytest

from models.rules.capacity import STANDING_IN, capacity, capacity_zh
from models.rules.confidentiality import Level
from models.rules.lifecycle import Kind
from models.rules.permissions import (
    PAIRS,
    PART_OF,
    Action,
    Actor,
    CaseFacts,
    ItemFacts,
    Part,
    Role,
    StandIn,
    SubstitutionFacts,
    may,
    stood_in_for,
)
from models.rules.substitution import FIT, Span, Why, lent, loop, overlap
from models.rules.verbs import PERSONAL, asked_of

HOME, ABOVE = 1, 2
ME, AWAY, THIRD = 10, 11, 12
DAY = [date(2026, 12, n) for n in range(1, 32)]


def a_substitute(*own: Role, for_: Role = Role.INVESTIGATOR, away: int = AWAY) -> Actor:
    roles = frozenset((role, HOME) for role in own)
    return Actor(ME, "代理", roles, frozenset({StandIn(away, frozenset({(for_, HOME)}))}))


def case_with(item: ItemFacts, **parts: Part) -> CaseFacts:
    ids = {"me": ME, "away": AWAY}
    held = {ids[who]: frozenset({part}) for who, part in parts.items()}
    queues = frozenset({item.role}) if item.assignee_id is None else frozenset()
    return CaseFacts(HOME, held, queues, announced=True, waiting=frozenset({item}))


GIVEN = ItemFacts(Role.INVESTIGATOR, AWAY, HOME)


def test_the_item_of_who_is_away_is_seen_and_done_by_the_substitute_and_by_nobody_else() -> None:
    case, actor = case_with(GIVEN, away=Part.INVESTIGATOR), a_substitute(Role.INVESTIGATOR)
    for action in (Action.SEE, Action.SEE_FILE, Action.SEE_ITEM, Action.ANSWER):
        assert may(actor, action, case, item=GIVEN).ok, action
        assert not may(replace(actor, stands_in=frozenset()), action, case, item=GIVEN).ok
        assert not may(a_substitute(Role.INVESTIGATOR, away=THIRD), action, case, item=GIVEN).ok
    assert stood_in_for(actor, GIVEN, case) == AWAY
    assert capacity_zh(capacity(actor, case)) == "代理人"
    assert capacity(actor, replace(case, waiting=frozenset())) == "" != STANDING_IN


def test_with_the_item_done_the_case_is_out_of_sight_again() -> None:
    case = replace(case_with(GIVEN, away=Part.INVESTIGATOR), waiting=frozenset())
    assert may(a_substitute(Role.INVESTIGATOR), Action.SEE, case, item=GIVEN).hidden


def test_a_part_taken_by_standing_in_ties_and_opens_nothing() -> None:
    case = replace(
        case_with(GIVEN, me=Part.INVESTIGATOR),
        in_place={ME: frozenset({Part.INVESTIGATOR})},
        waiting=frozenset(),
    )
    actor = replace(a_substitute(Role.INVESTIGATOR), stands_in=frozenset())
    for action in (Action.SEE, Action.ADD_EVIDENCE, Action.REQUEST_IDENTITY):
        assert may(actor, action, case).hidden
    assert not may(actor, Action.HOLD_PART, case, part=Part.PANEL).ok
    assert may(actor, Action.SEE, replace(case, in_place={})).ok


@pytest.mark.parametrize("part", [Part.RECUSED, Part.RESPONDENT, Part.LEGAL_REVIEWER, Part.PANEL])
@pytest.mark.parametrize("who", ["me", "away"])
def test_nobody_stands_in_who_is_tied_nor_for_who_is_tied(part: Part, who: str) -> None:
    case, actor = case_with(GIVEN, **{who: part}), a_substitute(Role.INVESTIGATOR)
    assert stood_in_for(actor, GIVEN, case) is None
    assert not may(actor, Action.ANSWER, case, item=GIVEN).ok
    if part in (Part.RECUSED, Part.RESPONDENT) and who == "me":
        assert not may(actor, Action.SEE_FILE, case).ok


@pytest.mark.parametrize("pair", sorted(PAIRS, key=sorted))
def test_no_pair_is_bypassed_by_standing_in(pair: frozenset[Part]) -> None:
    role_of = {part: role for role, part in PART_OF.items()}
    for held in pair:
        (wanted,) = pair - {held}
        for assignee in (None, AWAY):
            item = ItemFacts(role_of[wanted], assignee, HOME)
            actor = a_substitute(for_=role_of[wanted])
            assert stood_in_for(actor, item, case_with(item, me=held)) is None


def test_the_other_half_of_a_pair_of_investigators_is_not_done_by_the_first() -> None:
    half = replace(GIVEN, paired=True)
    actor = a_substitute(Role.INVESTIGATOR)
    assert stood_in_for(actor, half, case_with(half, me=Part.INVESTIGATOR)) is None
    assert stood_in_for(actor, GIVEN, case_with(GIVEN, me=Part.INVESTIGATOR)) == AWAY


@pytest.mark.parametrize("kind", sorted(PERSONAL))
def test_votes_declarations_and_an_officer_s_own_word_are_nobody_else_s(kind: Kind) -> None:
    item = asked_of(kind, AWAY, HOME, delegated=False)
    assert stood_in_for(a_substitute(*Role, for_=item.role), item, case_with(item)) is None


def test_what_was_delegated_is_not_handed_on_to_a_substitute() -> None:
    item = asked_of(Kind.LEGAL_REVIEW, AWAY, HOME, delegated=True)
    actor = a_substitute(Role.LEGAL_REVIEWER, for_=Role.LEGAL_REVIEWER)
    assert stood_in_for(actor, item, case_with(item)) is None
    own = asked_of(Kind.LEGAL_REVIEW, AWAY, HOME, delegated=False)
    assert stood_in_for(actor, own, case_with(own)) == AWAY


def test_what_one_may_do_oneself_is_done_in_nobody_s_place_and_ceilings_hold() -> None:
    queue = ItemFacts(Role.SCREENING_OFFICER, None, HOME)
    both = a_substitute(Role.SCREENING_OFFICER, for_=Role.SCREENING_OFFICER)
    lending = a_substitute(Role.LEGAL_REVIEWER, for_=Role.SCREENING_OFFICER)
    case = case_with(queue)
    assert stood_in_for(both, queue, case) is None
    assert may(both, Action.ANSWER, case, item=queue).ok
    assert stood_in_for(lending, queue, case) == AWAY
    assert may(lending, Action.SEE, replace(case, level=Level.STRICT)).hidden


def test_what_is_lent_is_what_the_substitute_is_fit_for_in_the_same_organ() -> None:
    away = {(Role.HEAD, HOME), (Role.INVESTIGATOR, HOME), (Role.OFFICER, HOME), (Role.MANAGER, ABOVE)}
    assert lent({(Role.MANAGER, HOME)}, away) == {(Role.HEAD, HOME)}
    assert lent({(Role.INVESTIGATOR, HOME)}, away) == {(Role.INVESTIGATOR, HOME)}
    assert lent({(Role.INVESTIGATOR, ABOVE), (Role.OFFICER, HOME)}, away) == frozenset()
    assert all(role in fit for role, fit in FIT.items())
    assert not {Role.OFFICER, Role.PANEL_MEMBER, Role.IDENTITY_CUSTODIAN, Role.ADMINISTRATOR} & set(FIT)
    assert FIT[Role.INVESTIGATOR] == {Role.INVESTIGATOR}
    assert FIT[Role.LEGAL_REVIEWER] == {Role.LEGAL_REVIEWER}


def test_a_loop_is_found_over_two_and_three_people_and_only_on_days_all_share() -> None:
    back = Span(2, 1, DAY[4], DAY[8])
    assert loop(Span(1, 2, DAY[0], DAY[4]), [back]) == (1, 2, 1)
    assert loop(Span(1, 2, DAY[0], DAY[3]), [back]) == ()
    round_trip = [Span(2, 3, DAY[0], DAY[5]), Span(3, 1, DAY[5], DAY[9])]
    assert loop(Span(1, 2, DAY[5], DAY[6]), round_trip) == (1, 2, 3, 1)
    assert loop(Span(1, 2, DAY[0], DAY[4]), round_trip) == ()
    # Each two of the three share a day, but there is none on which all three are away.
    never_all = [Span(2, 3, DAY[0], DAY[5]), Span(3, 1, DAY[6], DAY[9])]
    assert loop(Span(1, 2, DAY[5], DAY[6]), never_all) == ()
    elsewhere = [Span(2, 3, DAY[0], DAY[9]), Span(3, 2, DAY[0], DAY[9]), Span(3, None, DAY[0], DAY[9])]
    assert loop(Span(1, 2, DAY[0], DAY[9]), elsewhere) == ()
    assert loop(Span(1, None, DAY[0], DAY[9]), [back]) == ()


def test_one_person_is_away_once_a_day() -> None:
    noted = [Span(1, 2, DAY[2], DAY[5]), Span(3, 2, DAY[0], DAY[9])]
    assert overlap(Span(1, 4, DAY[5], DAY[6]), noted) == noted[0]
    assert overlap(Span(1, 4, DAY[6], DAY[7]), noted) is None
    assert {why.zh for why in Why} == {"休假", "出差", "学习培训", "其他"}


def test_a_substitute_is_named_by_who_is_away_or_a_manager_and_by_no_manager_for_oneself() -> None:
    said = SubstitutionFacts(AWAY, THIRD, frozenset({HOME}))
    manager = Actor(ME, "", frozenset({(Role.MANAGER, HOME)}))
    stranger = Actor(ME, "", frozenset({(Role.MANAGER, ABOVE), (Role.INVESTIGATOR, HOME)}))
    for action in (Action.NAME_SUBSTITUTE, Action.SEE_SUBSTITUTION, Action.END_SUBSTITUTION):
        assert may(manager, action, substitution=said).ok
        assert may(Actor(AWAY, "", frozenset()), action, substitution=said).ok
        assert not may(stranger, action, substitution=said).ok
        assert may(manager, action).hidden
    assert may(stranger, Action.SEE_SUBSTITUTION, substitution=said).hidden
    assert may(Actor(THIRD, "", frozenset()), Action.END_SUBSTITUTION, substitution=said).ok
    assert not may(Actor(THIRD, "", frozenset()), Action.NAME_SUBSTITUTE, substitution=said).ok
    grab = replace(said, substitute_id=ME)
    assert not may(manager, Action.NAME_SUBSTITUTE, substitution=grab).ok
    assert may(manager, Action.END_SUBSTITUTION, substitution=grab).ok

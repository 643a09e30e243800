"""Who may do what, as sentences: a role, a part in the case, an action, the ruling. 权限"""

import itertools
from dataclasses import replace

import pytest

from models.rules.confidentiality import Level
from models.rules.lifecycle import KINDS
from models.rules.permissions import (
    BROWSING,
    CEILINGS,
    ORGAN_WIDE,
    PAIRS,
    PART_CEILINGS,
    PART_OF,
    Action,
    Actor,
    CaseFacts,
    DepositFacts,
    ItemFacts,
    PaperFacts,
    Part,
    Role,
    may,
)

HOME, ELSEWHERE = 1, 2
ME, SOMEBODY = 10, 11

# role held at home, part held in the case, action, the ruling: yes, no, recused or hidden
SENTENCES = [
    (None, None, Action.SEE, "hidden"),
    (None, None, Action.SEE_FILE, "hidden"),
    (None, None, Action.ADD_EVIDENCE, "hidden"),
    (Role.ADMINISTRATOR, None, Action.SEE, "hidden"),
    (Role.INTAKE_CLERK, None, Action.SEE, "hidden"),
    (Role.PANEL_MEMBER, None, Action.SEE, "hidden"),
    (Role.MANAGER, None, Action.SEE_FILE, "yes"),
    (Role.HEAD, None, Action.SEE_FILE, "yes"),
    (Role.ARCHIVIST, None, Action.SEE, "yes"),
    (Role.MANAGER, None, Action.ADD_EVIDENCE, "no"),
    (Role.MANAGER, Part.RECUSED, Action.SEE, "recused"),
    (Role.HEAD, Part.RECUSED, Action.SEE_FILE, "recused"),
    (Role.HEAD, Part.RESPONDENT, Action.SEE, "yes"),
    (Role.HEAD, Part.RESPONDENT, Action.SEE_FILE, "no"),
    (None, Part.REGISTRAR, Action.SEE_FILE, "yes"),
    (None, Part.REGISTRAR, Action.ADD_EVIDENCE, "yes"),
    (None, Part.INVESTIGATOR, Action.ADD_EVIDENCE, "yes"),
    (None, Part.RESPONDENT, Action.ADD_EVIDENCE, "yes"),
    (None, Part.PANEL, Action.SEE_FILE, "yes"),
    (None, Part.PANEL, Action.ADD_EVIDENCE, "no"),
    (None, Part.LEGAL_REVIEWER, Action.ADD_EVIDENCE, "no"),
]

# What concerns an organ and no case, and the role that does it.
OF_ORGAN = {
    Action.REGISTER: Role.INTAKE_CLERK,
    Action.KEEP_NUMBERS: Role.MANAGER,
    Action.TEND_NOTICES: Role.MANAGER,
    Action.KEEP_WEBHOOKS: Role.ADMINISTRATOR,
    Action.FILE_DEPOSIT: Role.OFFICER,
}
# What concerns neither: a deposit is between who files it and whom it is put to, until it is brought into a case.
OF_DEPOSIT = {Action.SEE_DEPOSIT, Action.REPLY_DEPOSIT}
# Nor does who is away and who stands in: tests/rules/test_substitution.py.
OF_SUBSTITUTION = {Action.NAME_SUBSTITUTE, Action.SEE_SUBSTITUTION, Action.END_SUBSTITUTION}
NOT_OF_A_CASE = {*OF_ORGAN, *OF_DEPOSIT, *OF_SUBSTITUTION}


def me(*roles: Role, organ: int = HOME) -> Actor:
    return Actor(ME, "某人", frozenset((role, organ) for role in roles))


def a_case(*parts: Part, queues: frozenset[Role] = frozenset()) -> CaseFacts:
    return CaseFacts(HOME, {ME: frozenset(parts)} if parts else {}, queues, announced=True)


def said(ruling: object) -> str:
    if ruling.ok:  # type: ignore[attr-defined]
        return "yes"
    assert ruling.why, "no refusal is silent"  # type: ignore[attr-defined]
    if ruling.recused:  # type: ignore[attr-defined]
        return "recused"
    return "hidden" if ruling.hidden else "no"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("role", "part", "action", "ruling"), SENTENCES)
def test_what_a_role_and_a_part_allow(
    role: Role | None, part: Part | None, action: Action, ruling: str
) -> None:
    actor = me(role) if role else me()
    case = a_case(part) if part else a_case()
    assert said(may(actor, action, case)) == ruling


@pytest.mark.parametrize("role", list(Role))
def test_a_role_in_another_organ_opens_nothing(role: Role) -> None:
    case = a_case(queues=frozenset(Role))
    item = ItemFacts(role, None, HOME)
    stranger = me(role, organ=ELSEWHERE)
    for action in Action:
        if action is not Action.HOLD_PART:
            assert not may(stranger, action, case, item=item, organ_id=HOME).ok


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", sorted(OF_ORGAN))
def test_what_concerns_an_organ_is_done_by_one_role_of_it(role: Role, action: Action) -> None:
    assert may(me(role), action, organ_id=HOME).ok is (role is OF_ORGAN[action])
    assert not may(me(role), action, organ_id=ELSEWHERE).ok
    assert not may(me(role), action).ok


@pytest.mark.parametrize("role", [role for role in Role if role not in ORGAN_WIDE])
def test_a_queue_shows_the_case_to_those_who_may_take_it_and_to_nobody_else(role: Role) -> None:
    waiting = a_case(queues=frozenset({role}))
    assert may(me(role), Action.SEE, waiting).ok
    others = [other for other in Role if other not in ORGAN_WIDE | {role}]
    assert not any(may(me(other), Action.SEE, waiting).ok for other in others)


@pytest.mark.parametrize(("held", "wanted"), list(itertools.permutations(Part, 2)))
def test_nobody_holds_two_parts_that_exclude_each_other(held: Part, wanted: Part) -> None:
    ruling = said(may(me(), Action.HOLD_PART, a_case(held), part=wanted))
    if held in (Part.RECUSED, Part.RESPONDENT):
        assert ruling == "recused"
    else:
        assert ruling == ("no" if frozenset({held, wanted}) in PAIRS else "yes")


def test_the_pairs_of_the_procedure_are_all_there() -> None:
    named = {
        (Part.REGISTRAR, Part.SCREENER),
        (Part.INVESTIGATOR, Part.LEGAL_REVIEWER),
        (Part.INVESTIGATOR, Part.PANEL),
        (Part.LEGAL_REVIEWER, Part.PANEL),
    }
    assert {frozenset(pair) for pair in named} <= PAIRS


@pytest.mark.parametrize("pair", sorted(PAIRS, key=sorted))
def test_a_pair_is_refused_at_the_work_item_too(pair: frozenset[Part]) -> None:
    role_of = {part: role for role, part in PART_OF.items()}
    for held, wanted in itertools.permutations(pair):
        role = role_of[wanted]
        for assignee in (None, ME):
            item = ItemFacts(role, assignee, HOME)
            ruling = may(me(role), Action.ANSWER, a_case(held, queues=frozenset({role})), item=item)
            assert said(ruling) == "no"
            assert held.zh in ruling.why


@pytest.mark.parametrize("role", [role for role in PART_OF if role is not Role.OFFICER])
def test_a_free_item_is_answered_by_the_role_and_an_assigned_one_by_the_person(role: Role) -> None:
    waiting = a_case(queues=frozenset({role}))
    free, mine, theirs = (ItemFacts(role, person, HOME) for person in (None, ME, SOMEBODY))
    assert may(me(role), Action.ANSWER, waiting, item=free).ok
    assert may(me(role), Action.ANSWER, waiting, item=mine).ok
    assert said(may(me(role), Action.ANSWER, waiting, item=theirs)) == "no"
    wrong = me(Role.MANAGER if role is not Role.MANAGER else Role.HEAD)
    assert said(may(wrong, Action.ANSWER, waiting, item=free)) == "no"


@pytest.mark.parametrize("role", [role for role in Role if role in PART_OF])
def test_the_respondent_answers_own_items_only_whatever_roles_are_held(role: Role) -> None:
    case = a_case(Part.RESPONDENT, queues=frozenset(Role))
    everything = me(*Role)
    own = may(everything, Action.ANSWER, case, item=ItemFacts(role, ME, HOME))
    assert said(own) == ("yes" if role is Role.OFFICER else "recused")
    assert said(may(everything, Action.ANSWER, case, item=ItemFacts(role, None, HOME))) == "recused"
    assert said(may(everything, Action.SEE_ITEM, case, item=ItemFacts(role, SOMEBODY, HOME))) == "hidden"


def test_only_an_investigator_of_the_case_records_what_the_officer_leaves_undone() -> None:
    waiting = ItemFacts(Role.OFFICER, SOMEBODY, HOME)
    for part in Part:
        expected = {
            Part.INVESTIGATOR: "yes",
            Part.RECUSED: "recused",
            Part.RESPONDENT: "hidden",
        }.get(part, "no")
        assert said(may(me(*Role), Action.RECORD_ABSENCE, a_case(part), item=waiting)) == expected
    assert said(may(me(), Action.RECORD_ABSENCE, a_case(), item=waiting)) == "hidden"
    own = ItemFacts(Role.OFFICER, ME, HOME)
    assert said(may(me(*Role), Action.RECORD_ABSENCE, a_case(Part.RESPONDENT), item=own)) == "no"
    of_ours = ItemFacts(Role.HEAD, None, HOME)
    assert said(may(me(), Action.RECORD_ABSENCE, a_case(Part.INVESTIGATOR), item=of_ours)) == "no"


@pytest.mark.parametrize("action", [a for a in Action if a not in NOT_OF_A_CASE])
@pytest.mark.parametrize("part", [None, *(p for p in Part if p is not Part.RECUSED)])
def test_a_recused_person_has_no_right_left_whatever_else_is_held(action: Action, part: Part | None) -> None:
    parts = (Part.RECUSED, part) if part else (Part.RECUSED,)
    item = ItemFacts(Role.PANEL_MEMBER, ME, HOME)
    ruling = may(me(*Role), action, a_case(*parts, queues=frozenset(Role)), item=item, part=Part.PANEL)
    assert not ruling.ok
    assert ruling.recused
    assert ruling.hidden is (action is not Action.HOLD_PART), "whoever names the person sees the case"


@pytest.mark.parametrize("action", [a for a in Action if a not in {*NOT_OF_A_CASE, Action.HOLD_PART}])
def test_before_acceptance_the_respondent_has_no_sight_whatever_roles_are_held(action: Action) -> None:
    item = ItemFacts(Role.SCREENING_OFFICER, None, HOME)
    case = CaseFacts(HOME, {ME: frozenset({Part.RESPONDENT})}, frozenset(Role))
    colleague = CaseFacts(HOME, {SOMEBODY: frozenset({Part.RESPONDENT})}, frozenset(Role))
    assert said(may(me(*Role), action, case, item=item)) == "hidden"
    assert may(me(*Role), action, case, item=item).why == may(me(), action, case, item=item).why
    assert may(me(*Role), Action.SEE, colleague).ok


@pytest.mark.parametrize("action", [a for a in Action if a not in OF_ORGAN])
def test_a_case_or_an_item_that_is_not_there_is_refused_without_a_stir(action: Action) -> None:
    assert said(may(me(*Role), action, None)) == "hidden"
    if action in (Action.SEE_ITEM, Action.ANSWER):
        assert said(may(me(*Role), action, a_case(Part.REGISTRAR))) == "hidden"


# what one holds, what one is in the case, whether work waits in one's queue: up to which level one sees the case
REACH = [
    ({Role.MANAGER}, set(), False, Level.STRICT),
    ({Role.HEAD}, set(), False, Level.STRICT),
    ({Role.ARCHIVIST}, set(), False, Level.INTERNAL),
    ({Role.ARCHIVIST}, set(), True, Level.STRICT),
    ({Role.SCREENING_OFFICER}, set(), True, Level.SENSITIVE),
    (set(), {Part.REGISTRAR}, False, Level.INTERNAL),
    (set(), {Part.SCREENER}, False, Level.SENSITIVE),
    (set(), {Part.INVESTIGATOR}, False, Level.STRICT),
    (set(), {Part.RESPONDENT}, False, Level.STRICT),
    (set(), {Part.REGISTRAR, Part.LEGAL_REVIEWER}, False, Level.STRICT),
]


@pytest.mark.parametrize(("roles", "parts", "waiting", "top"), REACH)
def test_how_far_each_role_and_part_reaches(
    roles: set[Role], parts: set[Part], waiting: bool, top: Level
) -> None:
    for level in Level:
        case = replace(a_case(*parts, queues=frozenset(roles if waiting else ())), level=level)
        ruling = may(me(*roles), Action.SEE, case)
        assert said(ruling) == ("yes" if top.covers(level) else "hidden"), level
        paper = PaperFacts("internal", level, own=False)
        if Part.RESPONDENT not in parts:
            open_case = replace(case, level=Level.INTERNAL)
            assert said(may(me(*roles), Action.SEE_PAPER, open_case, paper=paper)) == said(ruling)


def test_whoever_must_still_work_on_every_case_reaches_the_top() -> None:
    done_at_the_door = {Role.INTAKE_CLERK, Role.SCREENING_OFFICER}
    at_work = {rule.role for rule in KINDS.values()} - done_at_the_door
    assert {CEILINGS[role] for role in at_work} == {Level.STRICT}
    assert set(CEILINGS) == set(Role)
    assert set(BROWSING) == ORGAN_WIDE
    assert set(PART_CEILINGS) == set(Part) - {Part.RECUSED}


def test_a_paper_is_read_by_the_file_s_readers_by_its_officer_or_by_everybody() -> None:
    concerned = a_case(Part.RESPONDENT)
    for audience, own, ruling in (
        ("internal", True, "hidden"),
        ("officer", False, "hidden"),
        ("officer", True, "yes"),
        ("public", False, "yes"),
    ):
        paper = PaperFacts(audience, Level.STRICT, own)
        assert said(may(me(), Action.SEE_PAPER, concerned, paper=paper)) == ruling
    assert said(may(me(), Action.SEE_PAPER, concerned)) == "hidden"


def test_only_the_manager_of_the_organ_sets_a_level() -> None:
    assert said(may(me(Role.MANAGER), Action.SET_LEVEL, a_case())) == "yes"
    assert said(may(me(Role.MANAGER), Action.SET_LEVEL, a_case(Part.RESPONDENT))) == "no"
    assert said(may(me(), Action.SET_LEVEL, a_case(Part.INVESTIGATOR))) == "no"
    assert said(may(me(), Action.SET_LEVEL, a_case())) == "hidden"


def test_the_readers_are_told_to_the_manager_and_to_an_officer_who_has_been_served() -> None:
    served = replace(a_case(Part.RESPONDENT), served=frozenset({ME}))
    assert said(may(me(), Action.SEE_READERS, served)) == "yes"
    assert said(may(me(Role.MANAGER), Action.SEE_READERS, a_case(Part.RESPONDENT))) == "no"
    assert said(may(me(Role.MANAGER), Action.SEE_READERS, a_case())) == "yes"
    assert said(may(me(), Action.SEE_READERS, a_case(Part.PANEL))) == "no"


def test_who_works_on_the_case_says_what_stands_on_top_and_nobody_else() -> None:
    for part in Part:
        expected = {Part.RECUSED: "recused", Part.RESPONDENT: "no"}.get(part, "yes")
        assert said(may(me(), Action.PIN_STEP, a_case(part))) == expected
        if part is not Part.RECUSED:
            both = a_case(part, Part.RESPONDENT)
            assert said(may(me(*Role), Action.PIN_STEP, both)) == "no", "not in one's own matter"
    for role in ORGAN_WIDE:
        assert said(may(me(role), Action.PIN_STEP, a_case())) == "no", "who only looks on"
    waiting = a_case(queues=frozenset({Role.SCREENING_OFFICER}))
    assert said(may(me(Role.SCREENING_OFFICER), Action.PIN_STEP, waiting)) == "no"
    assert said(may(me(), Action.PIN_STEP, a_case())) == "hidden"


def test_identities_are_kept_by_somebody_who_does_nothing_else() -> None:
    custodian = me(Role.IDENTITY_CUSTODIAN)
    assert said(may(custodian, Action.RULE_IDENTITY, a_case())) == "yes"
    assert said(may(custodian, Action.SEE, a_case())) == "hidden"
    for part in Part:
        ruling = said(may(custodian, Action.RULE_IDENTITY, a_case(part)))
        assert ruling == ("recused" if part is Part.RECUSED else "hidden")
    for role in Role:
        both = may(me(Role.IDENTITY_CUSTODIAN, role), Action.RULE_IDENTITY, a_case()).ok
        assert both is (role is Role.IDENTITY_CUSTODIAN)
    assert said(may(me(Role.IDENTITY_CUSTODIAN, organ=ELSEWHERE), Action.RULE_IDENTITY, a_case())) == "hidden"


def test_an_investigator_of_the_case_asks_for_the_reporter() -> None:
    for part in Part:
        expected = {Part.INVESTIGATOR: "yes", Part.RECUSED: "recused"}.get(part, "no")
        assert said(may(me(), Action.REQUEST_IDENTITY, a_case(part))) == expected
    assert said(may(me(), Action.REQUEST_IDENTITY, a_case(Part.INVESTIGATOR, Part.RESPONDENT))) == "no"


@pytest.mark.parametrize("action", sorted(OF_DEPOSIT))
def test_a_deposit_is_nobodys_but_its_writers_and_its_readers(action: Action) -> None:
    everything = me(*Role)
    assert said(may(everything, action, deposit=DepositFacts(SOMEBODY, SOMEBODY + 1))) == "hidden"
    assert said(may(everything, action)) == "hidden"
    assert said(may(me(), action, deposit=DepositFacts(SOMEBODY, ME))) == "yes"
    own = said(may(me(), action, deposit=DepositFacts(ME, SOMEBODY)))
    assert own == ("yes" if action is Action.SEE_DEPOSIT else "no")

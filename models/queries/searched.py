"""What one may ask the list of cases for, as conditions that find nothing a reader may not know. 案件检索

A filter is a question too: each looks only at what the row itself would tell this reader.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.queries.rights import organs_of, visible, within_reach
from models.rules.errors import Incomplete
from models.rules.lifecycle import Stage, State
from models.rules.permissions import NARROW, Actor
from models.tables import Case, Organ, Participation, Person, Respondent

LONGEST = 50  # characters of what is looked for
MOST_WORDS = 5
_LARGEST = 2**31 - 1
# 章云市监责〔2026〕1号, 〔2026〕1, 2026-1, 1号; brackets as people type them.
_NUMBER = re.compile(
    r"(?:(?P<mark>[^\d〔［\[（(]*?)责?[〔［\[（(]?(?P<year>\d{4})[〕］\]）)\-－])?第?(?P<number>\d{1,9})号?"
)


class SearchTooLong(Incomplete):
    """检索内容过长，请用 50 个字以内、不超过 5 个词检索，例如案号、案件名称中的几个字或者被核查人员姓名。"""

    code = "search-too-long"


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; nothing at all finds everything one may see. 检索条件"""

    words: str = ""
    stage: Stage | None = None
    state: State | None = None
    organ: str = ""  # its code

    @property
    def anything(self) -> bool:
        """Whether the list is narrowed at all."""
        return bool(self.words.strip() or self.stage or self.state or self.organ)


def fitting(actor: Actor, search: Search) -> list[Any]:
    """The visible cases that fit, as conditions on Case. Raises SearchTooLong."""
    conditions: list[Any] = [within_reach(actor), visible(actor)]
    words = search.words.split()
    if len(search.words) > LONGEST or len(words) > MOST_WORDS:
        raise SearchTooLong
    if search.stage:
        conditions.append(col(Case.stage) == search.stage)
    if search.state:
        conditions.append(_told_state(actor) == search.state)
    if search.organ:
        conditions.append(col(Case.organ_id).in_(select(Organ.id).where(Organ.code == search.organ)))
    conditions += [_says(actor, word) for word in words]
    return conditions


def organs_seen(session: Session, actor: Actor) -> Sequence[tuple[str, str]]:
    """Code and name of every organ that has a case the actor may see. 机关

    One such case is enough, so each organ within reach is asked for its first and not for all.
    """
    own = organs_of(actor)
    taken_part_in = (
        sa.select(Case.organ_id)
        .join(Participation, col(Participation.case_id) == col(Case.id))
        .where(col(Participation.person_id) == actor.person_id)
    )
    first = sa.select(sa.literal_column("1", sa.Integer())).where(
        col(Case.organ_id) == col(Organ.id), visible(actor)
    )
    wanted = sa.select(Organ.code, Organ.name).where(
        col(Organ.id).in_(own) | col(Organ.id).in_(taken_part_in),
        first.limit(1).correlate(Organ).scalar_subquery().is_not(None),
    )
    return [(code, name) for code, name in session.execute(wanted.order_by(col(Organ.id)))]


def _told_state(actor: Actor) -> Any:
    # A transfer is the other authority's to announce to the person concerned: no filter may tell of it either.
    away = (col(Case.state) == State.TRANSFERRED) & col(Case.id).in_(_own(actor))
    return sa.case((away, State.OPEN.value), else_=col(Case.state))


def _says(actor: Actor, word: str) -> Any:
    ways = [_contains(col(Case.title), word), _about(actor, word)]
    if number := _NUMBER.fullmatch(word):
        ways.append(_numbered(number))
    return sa.or_(*ways)


def _contains(text: Any, word: str) -> Any:
    """Whether the text holds the word, in either case where a script has one; Chinese has none and is found faster."""
    plain = word.lower() == word.upper()
    return text.contains(word, autoescape=True) if plain else text.icontains(word, autoescape=True)


def _numbered(found: re.Match[str]) -> Any:
    number, year, mark = int(found["number"]), found["year"], found["mark"]
    fits = col(Case.number) == min(number, _LARGEST)
    if year:
        fits &= col(Case.year) == int(year)
    if mark:
        fits &= col(Case.organ_id).in_(select(Organ.id).where(Organ.mark == mark))
    return fits


def _about(actor: Actor, word: str) -> Any:
    """Whether an officer of the case has that name: who is concerned by a case learns of no other officer in it.

    Asked of one case at a time: among the cases within reach that is a few look-ups, where all officers of a name are many.
    """
    concerned = sa.select(Participation.case_id).where(
        col(Participation.person_id) == actor.person_id, col(Participation.part) == NARROW
    )
    oneself = col(Respondent.person_id) == actor.person_id
    # Materialised, or PostgreSQL reads everybody's names once for every case.
    people = sa.select(Person.id).where(_contains(col(Person.name), word)).cte().prefix_with("MATERIALIZED")
    named = (
        sa.select(sa.literal_column("1", sa.Integer()))
        .where(
            col(Respondent.case_id) == col(Case.id),
            col(Respondent.person_id).in_(sa.select(people.c.id)),
            oneself | col(Respondent.case_id).not_in(concerned),
        )
        .limit(1)
    )
    return named.correlate(Case).scalar_subquery().is_not(None)


def _own(actor: Actor) -> Any:
    return sa.select(Respondent.case_id).where(col(Respondent.person_id) == actor.person_id)

"""What nobody can do today, for the managers who can mend it and for whoever reads the case. 无人可办"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from models.casework import Standstill, keepers_of, standstills
from models.dossier import case_number
from models.queries.overview import OVERSEERS, tree
from models.queries.rights import facts_of, narrow, visible
from models.rules.permissions import Actor, CaseFacts
from models.rules.standstill import Lack
from models.tables import Case, Organ

SHOWN = 100


@dataclass(frozen=True, slots=True)
class StandstillRow:
    """An item that nobody can do, as a manager sees it; without a key where the case is not the manager's to read. 无人可办"""

    case_id: str | None
    item_id: str | None
    case_number: str
    organ: str
    kind: str
    zh: str
    lack: Lack
    mend: str

    @property
    def said(self) -> str:
        """What is missing and who can mend it."""
        return self.lack.missing + self.mend


def standstills_of(
    session: Session, case: Case, facts: CaseFacts, actor: Actor, *, on: date
) -> Sequence[Standstill]:
    """What nobody can do in a case, for its readers; the officers concerned are not told."""
    return () if narrow(actor, facts) else standstills(session, on=on, case_id=case.id)


def standstills_for(session: Session, actor: Actor, *, on: date) -> Sequence[StandstillRow]:
    """What nobody can do in the organs the actor manages or heads and in those below, the oldest first.

    A case that the actor may not read is named by its number only, and only to the manager who is to mend it because
    the organ itself has none.
    """
    organs = tree(session, actor.organs(*OVERSEERS))
    found = standstills(session, on=on, organs=sorted(organs))
    ids = {one.case_id for one in found}
    both = select(Case, Organ.mark).join(Organ).where(col(Case.id).in_(ids))
    cases = {case.id: (case, mark) for case, mark in session.exec(both)}
    seen = set(session.exec(select(Case.id).where(col(Case.id).in_(ids), visible(actor))))
    rows = []
    for one in found:
        case, mark = cases[one.case_id]
        facts = facts_of(session, case)
        reads = one.case_id in seen and not narrow(actor, facts)
        if reads or actor.person_id in keepers_of(session, one.organ_id, facts, on=on):
            rows.append(
                StandstillRow(
                    one.case_id if reads else None,
                    one.item_id if reads else None,
                    case_number(mark, case.year, case.number),
                    organs[one.organ_id],
                    one.kind.value,
                    one.kind.zh,
                    one.lack,
                    one.mend,
                )
            )
    return rows[:SHOWN]

"""Reading a case file with a fixed number of queries, however large the case. 读取案卷"""

import re
from dataclasses import fields
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from models.dossier.terms import case_number
from models.dossier.views import (
    AllegationView,
    AnswerView,
    BallotView,
    ChallengeView,
    ClearingView,
    DecisionView,
    DocumentView,
    Dossier,
    EventView,
    EvidenceView,
    FactorView,
    FactView,
    FindingView,
    MatchView,
    PeriodView,
    PublicationView,
    RespondentView,
    SeatView,
    TranscriptView,
)
from models.handbook import DeadlineRule, Edition, load_edition
from models.rules.errors import NotFound
from models.rules.lifecycle import Kind
from models.tables import (
    Allegation,
    Ballot,
    Case,
    Challenge,
    Clearing,
    Decision,
    Document,
    Event,
    Evidence,
    Fact,
    Finding,
    Match,
    Organ,
    Participation,
    Person,
    Publication,
    Respondent,
    Seat,
    Transcript,
    WorkItem,
)


def load_dossier(
    session: Session, case_id: str, round: int | None = None, *, history: bool = True
) -> Dossier:
    """The case as it stood in a round, the current one unless named. Raises NotFound.

    Findings, facts, matches and answers are those of the latest round up to it that has any; seats, ballots,
    decisions and clearings are that round's own. Ballots stay sealed until the chair has closed the session.
    Without `history` events, papers and publications are left unread: a page asks for those with its reader's rights.
    """
    found = session.exec(select(Case, Organ).where(Case.id == case_id, Case.organ_id == Organ.id)).first()
    if found is None:
        raise NotFound("查无此案，请核对案件编号。")
    case, organ = found
    return _Reading(session, case, organ, round or case.round, history=history).dossier()


def find_case(session: Session, named: str) -> Case:
    """A case by its id or its number, e.g. 赣市监责〔2026〕1号. Raises NotFound."""
    case = session.get(Case, named)
    if case is not None:
        return case
    said = re.fullmatch(r"(.*?)责?〔(\d{4})〕(\d+)号?", named.strip())
    if said is not None:
        mark, year, number = said.groups()
        wanted = select(Case).join(Organ, col(Organ.id) == Case.organ_id)
        found = session.exec(
            wanted.where(Organ.mark == mark, Case.year == int(year), Case.number == int(number))
        )
        if (case := found.first()) is not None:
            return case
    raise NotFound(f"查无案件“{named}”，请核对案号（例如 某市监责〔2026〕1号）或者案件编号。")


class _Reading:
    """One reading of one case: every table once, names in one query."""

    def __init__(self, session: Session, case: Case, organ: Organ, round: int, *, history: bool) -> None:
        self.session, self.case, self.organ, self.round = session, case, organ, round
        self.edition: Edition = load_edition(case.edition)
        self.parts = self._all(Participation)
        self.respondents = self._all(Respondent)
        self.evidence = self._all(Evidence)
        self.matches = self._latest(self._all(Match))
        self.items = [item for item in self._all(WorkItem, by="created_at") if item.answer is not None]
        self.seats = self._own(self._all(Seat, by="position"))
        self.ballots = self._own(self._all(Ballot)) if self._closed() else []
        self.decisions = self._own(self._all(Decision))
        self.challenges = self._all(Challenge)
        self.transcripts = self._all(Transcript)
        self.events, self.papers, self.published = (
            (self._all(Event, by="seq"), self._all(Document), self._all(Publication))
            if history
            else ([], [], [])
        )
        self.names = self._names()

    def _all(self, table: Any, *, by: str = "id") -> list[Any]:
        rows = select(table).where(table.case_id == self.case.id).order_by(getattr(table, by), table.id)
        return list(self.session.exec(rows))

    def _own(self, rows: list[Any]) -> list[Any]:
        return [row for row in rows if row.round == self.round]

    def _latest(self, rows: list[Any]) -> list[Any]:
        """The rows of the latest round up to ours that has any: a new round keeps what was not done again."""
        last = max((row.round for row in rows if row.round <= self.round), default=0)
        return [row for row in rows if row.round == last]

    def _closed(self) -> bool:
        return any(i.kind == Kind.CLOSE_SESSION and i.round == self.round for i in self.items)

    def _names(self) -> dict[int | None, str]:
        wanted = {
            *(
                row.person_id
                for rows in (self.parts, self.respondents, self.seats, self.ballots)
                for row in rows
            ),
            *(row.added_by for row in self.evidence),
            *(row.confirmed_by for row in self.matches),
            *(row.answered_by for row in self.items),
            *(row.signed_by for row in self.decisions),
            *(person for row in self.challenges for person in (row.made_by, row.ruled_by)),
            *(row.taken_by for row in self.transcripts),
            *(person for row in self.events for person in (row.actor_id, row.on_behalf_of)),
        }
        people = select(Person.id, Person.name).where(col(Person.id).in_(wanted - {None}))
        return {None: "", **dict(self.session.exec(people).all())}

    def dossier(self) -> Dossier:
        """Everything put together."""
        case, facts = self.case, self._facts()
        return Dossier(
            case_id=case.id,
            number=case_number(self.organ.mark, case.year, case.number),
            round=self.round,
            organ=self.organ.name,
            organ_mark=self.organ.mark,
            title=case.title,
            category=case.category,
            source=case.source,
            conduct_on=case.conduct_on,
            narrative=case.narrative,
            harm=case.harm,
            edition=case.edition,
            edition_title=self.edition.title,
            instrument=self.edition.instrument,
            edition_reason=case.edition_reason,
            stage=case.stage,
            state=case.state,
            conclusion=case.conclusion,
            criminal_flag=case.criminal_flag,
            registered_at=case.registered_at,
            archived_at=case.archived_at,
            retain_until=case.retain_until,
            retention=case.retention,
            head=case.head,
            respondents=tuple(self._respondent(row) for row in self.respondents),
            allegations=tuple(AllegationView(row.text, row.respondent_id) for row in self._all(Allegation)),
            evidence=tuple(self._evidence(row) for row in self.evidence),
            findings=tuple(self._finding(row) for row in self._latest(self._all(Finding))),
            facts=facts,
            factors=self._factors(facts),
            matches=tuple(self._match(row) for row in self.matches),
            answers=tuple(self._answer(row) for row in self.items if row.round <= self.round),
            seats=tuple(
                SeatView(row.person_id, self.names[row.person_id], row.state, self._chairs(row), row.reason)
                for row in self.seats
            ),
            ballots=tuple(self._ballot(row) for row in self.ballots),
            decisions=tuple(self._decision(row) for row in self.decisions),
            clearings=tuple(_view(ClearingView, row) for row in self._own(self._all(Clearing))),
            documents=tuple(_view(DocumentView, row) for row in self.papers),
            publications=tuple(_view(PublicationView, row) for row in self.published),
            challenges=self._challenges(),
            transcripts=tuple(
                _view(TranscriptView, row, taken_by=self.names[row.taken_by], content=dict(row.content))
                for row in self.transcripts
                if row.round <= self.round
            ),
            timeline=tuple(self._event(row) for row in self.events),
            people=self._people(),
            periods={name: _period(rule) for name, rule in self.edition.deadlines.items()},
        )

    def _respondent(self, row: Respondent) -> RespondentView:
        return _view(RespondentView, row, name=self.names[row.person_id])

    def _evidence(self, row: Evidence) -> EvidenceView:
        return _view(EvidenceView, row, added_by=self.names[row.added_by])

    def _finding(self, row: Finding) -> FindingView:
        duty = self.edition.duties[row.duty]
        return _view(
            FindingView,
            row,
            matter=duty.matter,
            step=duty.step,
            requirement=duty.requirement,
            basis="；".join(map(str, duty.legal_basis)),
            evidence=tuple(row.evidence),
        )

    def _facts(self) -> tuple[FactView, ...]:
        rows = self._latest(self._all(Fact))
        return tuple(
            _view(FactView, row, question=self.edition.facts[row.fact].zh, evidence=tuple(row.evidence))
            for row in rows
        )

    def _factors(self, facts: tuple[FactView, ...]) -> tuple[FactorView, ...]:
        notes = self._factor_notes()
        return tuple(
            FactorView(
                row.id or 0,
                factor.zh,
                tuple(f for f in facts if f.respondent_id == row.id and f.fact in factor.facts),
                notes.get((row.id or 0, factor.id), ""),
            )
            for row in self.respondents
            for factor in self.edition.weighing_factors
        )

    def _factor_notes(self) -> dict[tuple[int, str], str]:
        """What the latest investigation noted; answers given before there were such notes have none."""
        filed = [i for i in self.items if i.kind == Kind.INVESTIGATION and i.round <= self.round]
        answer = max(filed, key=lambda i: i.round).answer if filed else None
        return {(f["respondent"], f["factor"]): f["note"] for f in (answer or {}).get("factors", ())}

    def _match(self, row: Match) -> MatchView:
        questions = self.edition.rulebook.questions
        return _view(
            MatchView,
            row,
            text=self.edition.clauses[row.clause].text,
            reasons=tuple(row.reasons),
            missing=tuple(questions.get(fact, fact) for fact in row.missing),
            confirmed_by=self.names[row.confirmed_by],
        )

    def _answer(self, row: WorkItem) -> AnswerView:
        return AnswerView(
            row.kind,
            row.slot,
            row.round,
            self.names[row.answered_by],
            row.answered_by,
            row.answered_at,
            row.answer or {},
        )

    def _challenges(self) -> tuple[ChallengeView, ...]:
        said = {i.slot: i.answer or {} for i in self.items if i.kind == Kind.RECUSAL_RULING}
        taken = {str(answer["replacement"]) for answer in said.values() if answer.get("replacement")}
        named = select(Person.username, Person.name).where(col(Person.username).in_(taken))
        names = dict(self.session.exec(named).all()) if taken else {}
        return tuple(
            _view(
                ChallengeView,
                row,
                applicant=self.names[row.made_by],
                ruled_by=self.names[row.ruled_by],
                reason=str(said.get(str(row.id), {}).get("reason", "")),
                replacement=names.get(str(said.get(str(row.id), {}).get("replacement", "")), ""),
            )
            for row in self.challenges
        )

    def _chairs(self, seat: Seat) -> bool:
        # Who sits first in the order of the draw chairs, unless the seats say otherwise.
        sitting = [row for row in self.seats if row.state == "sitting"]
        marked = [row for row in sitting if row.chair]
        return bool(sitting) and seat is (marked or sitting)[0]

    def _ballot(self, row: Ballot) -> BallotView:
        return _view(BallotView, row, name=self.names[row.person_id])

    def _decision(self, row: Decision) -> DecisionView:
        return _view(DecisionView, row, tally=dict(row.tally), signed_by=self.names[row.signed_by])

    def _event(self, row: Event) -> EventView:
        return _view(EventView, row, actor=self.names[row.actor_id], data=dict(row.data))

    def _people(self) -> dict[str, tuple[str, ...]]:
        named: dict[str, tuple[str, ...]] = {}
        for row in self.parts:
            named[row.part] = (*named.get(row.part, ()), self.names[row.person_id])
        return named


def _period(rule: DeadlineRule) -> PeriodView:
    return PeriodView(f"{rule.amount}{rule.period.unit.zh}", rule.mark, rule.basis)


_View = TypeVar("_View")


def _view(view: type[_View], row: Any, **resolved: Any) -> _View:
    """The fields of a view taken from the row, except those resolved to names and texts."""
    own = {f.name: getattr(row, f.name) for f in fields(view) if f.name not in resolved}  # type: ignore[arg-type]
    return view(**own, **resolved)

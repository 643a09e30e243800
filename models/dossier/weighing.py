"""What the rules say about one officer, worked out again from the file: never stored, so never out of date. 论证"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from models.dossier.terms import RESULT_ZH, clause_label
from models.dossier.views import Dossier, EvidenceView
from models.handbook import Edition, load_edition
from models.rules.clauses import Match, Matching, Outcome, match
from models.rules.counterfactual import Counterfactual, Turn, counterfactual
from models.rules.duties import ALL_PERFORMED, PERFORMED_EXCEPT_FLAGGED, DutyResult
from models.rules.errors import NotFound
from models.rules.explanation import Ground, Node, common, explain
from models.rules.hindsight import Piece, known_at_the_time
from models.rules.inquiry import known_facts
from models.rules.lifecycle import Kind
from models.rules.logic import Status
from models.rules.reasons import ANSWERS, statement
from models.rules.symmetry import Symmetry, symmetric

MOST_WAYS = 6  # one sentence names no more
DUTY_FACTS = (ALL_PERFORMED, PERFORMED_EXCEPT_FLAGGED)
_HOLDING = frozenset({Outcome.ESTABLISHED, Outcome.PROVISIONAL, Outcome.DISPLACED})


@dataclass(frozen=True, slots=True)
class Question:
    """What would come of it if any one of these sets of open facts were found. 还值得查明的事项"""

    gained: tuple[str, ...]
    lost: tuple[str, ...]
    barred: bool
    ends: bool
    ways: tuple[tuple[tuple[str, Status], ...], ...]


@dataclass(frozen=True)
class Weighing:
    """One officer's facts against both lists, as the file stands. 论证"""

    dossier: Dossier
    respondent_id: int

    @property
    def edition(self) -> Edition:
        """The edition the case pins."""
        return load_edition(self.dossier.edition)

    @cached_property
    def duties(self) -> Mapping[str, DutyResult]:
        """Duty item -> what was found."""
        found = self.dossier.of(self.dossier.findings, self.respondent_id)
        return {row.duty: DutyResult(row.result) for row in found}

    @cached_property
    def facts(self) -> Mapping[str, Status]:
        """What is known about the officer, the duty list included."""
        rows = self.dossier.of(self.dossier.facts, self.respondent_id)
        found = {row.fact: Status(row.status) for row in rows}
        return known_facts(self.dossier.category, found, self.duties)

    @cached_property
    def matching(self) -> Matching:
        """Every clause of the edition."""
        return _matched(self.dossier.edition, self.dossier.conduct_on, frozenset(self.facts.items()))

    @cached_property
    def symmetry(self) -> Symmetry:
        """Both lists; before the legal review the proposed clauses stand for the confirmed ones."""
        rows = self.dossier.of(self.dossier.matches, self.respondent_id)
        reviewed = any(row.confirmed is not None for row in rows)
        confirmed = [row.clause for row in rows if row.confirmed]
        return symmetric(self.matching, self.duties, confirmed if reviewed else None)

    @cached_property
    def counterfactual(self) -> Counterfactual:
        """What would have to be proven for the result to change."""
        return _missing(self.dossier.edition, self.dossier.conduct_on, frozenset(self.facts.items()))

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What is worth asking, by what would come of it: open facts that would bring about a clause somebody has to
        look at, or that would take away what is proposed. What is far from this case stays out."""
        near = {row.clause for row in self.dossier.of(self.dossier.matches, self.respondent_id)}
        left_open = {fact for fact, status in self.facts.items() if status is Status.UNPROVEN}
        worth = [
            turn
            for turn in self.counterfactual.turns
            if not turn.towards or near & {*turn.gained} or left_open & {fact for fact, _ in turn.facts}
        ]
        return tuple(_grouped(turn for turn in worth if len(turn.facts) == 1 or turn.towards))

    def told(self, asked: Question) -> str:
        """What is worth asking and what would come of it, in a sentence."""
        ways = "；或者".join(map(self.asked, asked.ways[:MOST_WAYS]))
        more = f"等{len(asked.ways)}种情形之一" if len(asked.ways) > MOST_WAYS else ""
        return f"{ways}{more}的，{_result(asked)}。"

    def asked(self, facts: Sequence[tuple[str, Status]]) -> str:
        """What would have to be found: 查明“……”属实，并且“……”不实."""
        return "查明" + "，并且".join(
            f"“{statement(self.question(fact))}”{ANSWERS[status]}" for fact, status in facts
        )

    def missing_for(self, clause: str) -> tuple[Turn, ...]:
        """The fewest facts that would bring a clause about, or none."""
        turns = [turn for turn in self.counterfactual.turns if clause in turn.gained]
        fewest = min((len(turn.facts) for turn in turns), default=0)
        return tuple(turn for turn in turns if len(turn.facts) == fewest)

    def question(self, fact: str) -> str:
        """The question a fact answers, as the handbook puts it."""
        return self.edition.rulebook.questions[fact]

    def duty(self, duty: str) -> str:
        """A duty item that was checked, as people call it."""
        found = self.dossier.of(self.dossier.findings, self.respondent_id)
        return next(row.step for row in found if row.duty == duty)

    @property
    def clearing(self) -> tuple[str, ...]:
        """The clauses that describe what the officer duly did, where the report was unfounded. 可作澄清依据的条款"""
        found = self.matching.matches
        return tuple(m.clause_id for m in found if m.outcome is Outcome.SUPPORTS_CLEARING)

    @property
    def common(self) -> tuple[Node, ...]:
        """What is asked once for all clauses."""
        return common(self.edition.rulebook, self.matching, self.facts, self._grounds)

    def settled_by(self, fact: str, clause: str = "") -> str:
        """How an open fact is settled: as the clause says, else as the handbook says of the fact. 怎样查清"""
        known = self.edition.facts[fact]
        named = self.edition.clauses[clause].to_settle.get(fact, "") if clause else ""
        usual = "、".join(known.evidence)
        return named or known.settled_by or (f"通常由{usual}证明" if usual else "")

    def explain(self, clause: str) -> Node:
        """Why a clause holds or not, down to the evidence. Raises NotFound."""
        return explain(self.edition.rulebook, self.matching, self.facts, clause, self._grounds)

    @property
    def later_evidence(self) -> tuple[EvidenceView, ...]:
        """The evidence that did not exist yet when the officer acted."""
        return tuple(e for e in self.dossier.evidence if e.later_than(self.dossier.conduct_on))

    @cached_property
    def at_the_time(self) -> tuple[tuple[Match, Match], ...]:
        """The clauses that hold now or held then, where the two differ: (now, known at the time). 防止事后诸葛"""
        dossier = self.dossier
        rows = dossier.of(dossier.facts, self.respondent_id)
        found = {row.fact: Status(row.status) for row in rows}
        cited = {row.fact: row.evidence for row in rows}
        then = known_at_the_time(
            found, cited, self._pieces, conduct_on=dossier.conduct_on, of_the_conduct=self._of_the_conduct
        )
        facts = known_facts(dossier.category, then, self.duties)
        known_then = _matched(dossier.edition, dossier.conduct_on, frozenset(facts.items()))
        pairs = zip(self.matching.matches, known_then.matches, strict=True)
        return tuple(
            (now, once)
            for now, once in pairs
            if now.outcome is not once.outcome and {now.outcome, once.outcome} & _HOLDING
        )

    @cached_property
    def _of_the_conduct(self) -> frozenset[str]:
        return frozenset(f.id for f in self.edition.facts.values() if f.judged_at == "conduct")

    @property
    def _pieces(self) -> tuple[Piece, ...]:
        return tuple(Piece(e.number, e.kind, e.formed_on) for e in self.dossier.evidence)

    @cached_property
    def _grounds(self) -> dict[str, Ground]:
        rows = self.dossier.of(self.dossier.facts, self.respondent_id)
        late = {p.number for p in self._pieces if p.only_hindsight(self.dossier.conduct_on)}
        signed = self.found_by
        return self._by_checklist(signed) | {
            row.fact: Ground(
                row.evidence,
                row.note,
                signed,
                later_only=row.fact in self._of_the_conduct
                and bool(row.evidence)
                and late.issuperset(row.evidence),
            )
            for row in rows
        }

    def _by_checklist(self, signed: tuple[str, ...]) -> dict[str, Ground]:
        """The checklist answers the two duty questions by itself; its evidence carries them."""
        rows = self.dossier.of(self.dossier.findings, self.respondent_id)
        if not rows:
            return {}
        evidence = tuple(sorted({number for row in rows for number in row.evidence}))
        note = "履职清单核查：" + "；".join(self._counted())
        return dict.fromkeys(DUTY_FACTS, Ground(evidence, note, signed))

    def _counted(self) -> Iterable[str]:
        """How many items there are of each result, those not performed by name."""
        for result in DutyResult:
            of_result = [duty for duty, found in self.duties.items() if found is result]
            if of_result:
                named = "、".join(f"“{self.duty(duty)}”" for duty in of_result)
                told = f"，即{named}" if result in (DutyResult.NOT_DONE, DutyResult.NOT_PROVEN) else ""
                yield f"{RESULT_ZH[result]}{len(of_result)}项{told}"

    @property
    def found_by(self) -> tuple[str, ...]:
        """The investigators whose word the findings are."""
        said = (self.dossier.answer(Kind.INVESTIGATION), self.dossier.answer(Kind.COUNTERSIGN))
        return tuple(answer.by for answer in said if answer is not None and answer.by)


def weigh(dossier: Dossier, respondent_id: int) -> Weighing:
    """What the rules say about one officer of the case. Raises NotFound for anybody else."""
    if not any(row.id == respondent_id for row in dossier.respondents):
        raise NotFound(f"本案没有编号为 {respondent_id} 的被核查人员，请核对。")
    return Weighing(dossier, respondent_id)


def _result(asked: Question) -> str:
    if asked.ends:
        return "不再进入条款匹配"
    if asked.barred:
        return "触及负面清单，不得免责"
    gained = f"可以提出{'、'.join(map(clause_label, asked.gained))}" if asked.gained else ""
    lost = f"不能再适用{'、'.join(map(clause_label, asked.lost))}" if asked.lost else ""
    return "，但".join(filter(None, (gained, lost)))


def _grouped(turns: Iterable[Turn]) -> Iterable[Question]:
    """The turns by what would come of them: what helps first, then what would harm."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...], bool, bool], list[Turn]] = {}
    for turn in turns:
        key = (turn.gained, turn.lost, bool(turn.barred_by), turn.ends)
        groups.setdefault(key, []).append(turn)
    for (gained, lost, barred, ends), same in sorted(
        groups.items(), key=lambda group: not group[1][0].towards
    ):
        fewest = min(len(turn.facts) for turn in same)
        ways = tuple(turn.facts for turn in same if len(turn.facts) == fewest)
        yield Question(gained, lost, barred, ends, ways)


@lru_cache(maxsize=256)
def _matched(edition: str, conduct_on: date, facts: frozenset[tuple[str, Status]]) -> Matching:
    # Pure: the same facts under the same edition on the same day match the same clauses.
    return match(load_edition(edition).rules_on(conduct_on), dict(facts))


@lru_cache(maxsize=256)
def _missing(edition: str, conduct_on: date, facts: frozenset[tuple[str, Status]]) -> Counterfactual:
    return counterfactual(load_edition(edition).rules_on(conduct_on), dict(facts))

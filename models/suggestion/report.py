"""The two things the command line does: propose for a file, score against labels. 命令行所需"""

from collections.abc import Mapping
from pathlib import Path

from models.handbook import Edition
from models.jsonl import as_bytes
from models.suggestion.baselines import baselines
from models.suggestion.lines import as_line, read_labelled, read_told
from models.suggestion.proposing import suggest
from models.suggestion.scoring import AT, gate_figures, recalls


def propose(edition: Edition, cases: Path) -> tuple[int, bytes]:
    """How many narratives there were and the proposals, one line each. Raises BadLines."""
    told = read_told(cases)
    lines = [as_line(one, suggest(edition, one.narrative, one.category)) for one in told]
    return len(told), as_bytes(lines)


def score(edition: Edition, labelled: Path) -> str:
    """The figures of this system beside the baselines, on the same cases. Raises BadLines."""
    cases = read_labelled(labelled, edition.clauses)
    made = {case.told.id: suggest(edition, case.told.narrative, case.told.category) for case in cases}
    rows = {"本系统": recalls(cases, lambda case: [c.clause for c in made[case.told.id].candidates])}
    for name, rank in baselines(edition).items():
        rows[name] = recalls(cases, lambda case, rank=rank: rank(case.told.narrative))  # type: ignore[misc]
    gates = gate_figures(cases, lambda case: bool(made[case.told.id].gates))
    with_gold = sum(bool(case.gold) for case in cases)
    return "\n".join(
        [
            f"共{len(cases)}件，其中有应适用条款的{with_gold}件。",
            *_table(rows),
            f"闸门：精确率 {_figure(gates.precision)}，召回率 {_figure(gates.recall)}"
            "（情节不足以判断的不计）。",
        ]
    )


def _table(rows: Mapping[str, Mapping[int, float]]) -> list[str]:
    head = "\t".join([*(f"recall@{k}" for k in AT), "方法"])
    return [head, *("\t".join([*(_figure(row.get(k)) for k in AT), name]) for name, row in rows.items())]


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"

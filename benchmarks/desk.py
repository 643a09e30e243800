"""Fifty people at their desks: inbox, case page and search in a register of 100,000 cases of fifty bureaus. 办公桌

The same is measured with a tenth of the cases in the same run: what grows with the register shows in the ratio.
"""

import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlmodel import col, select

from benchmarks.clients import crowd
from benchmarks.crowd import HERE, Elsewhere, copy_case
from benchmarks.measure import Figure, Place, percentile, spread
from benchmarks.people import Bureau, Life, a_bureau
from models.accounts import add_person, grant_role
from models.database import Register, register
from models.queries.rights import visible
from models.rules.permissions import Role
from models.tables import Case, Event, Organ, Person, RoleHolding, WorkItem
from processes import LOOPBACK, Supervisor, free_port, start_api

CASES = 100_000
BUREAUS = 50
COUNTY = ("zj-yx", "zj-yx-cn")  # the organs every bureau has for itself
TENTH = 10
# Where the cases stand, per thousand: most are history, as in an office of many years.
STANDING = {
    "": 120,
    "signature": 30,
    "ballot": 20,
    "legal-review": 80,
    "investigation": 150,
    "screening": 600,
}
CLIENTS = 50
PAUSE_S = 5.0  # between two visits of one person: each looks at three pages
SECONDS = 24.0
TARGETS_MS = {"inbox": 80.0, "case": 120.0, "search": 150.0}
GROWTH = 1.5
WORDS = ("电力设计", "登记被撤销", "2026-{number}", "章云市监责〔2026〕{number}号", "周凯", "没有这样的案件")
# Manager, head, investigator, legal reviewer, panel member, screening officer, archivist, officer concerned.
READERS = ("cao.ran", "meng.fan", "tang.wei", "gu.ping", "fang.min", "he.jun", "zou.he", "zhou.kai")


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """Fill the register to a tenth, measure; fill it to the end, measure again."""
    whole = CASES // (50 if quick else 1)
    bureau = a_bureau(register())
    bureaus = [HERE, *(_another(bureau, number) for number in range(1, BUREAUS))]
    originals = {kind: Life(bureau).begin().go_on(kind).case_id for kind in STANDING}
    _fill(originals, whole // TENTH, bureaus)
    small = _visit(place, bureau, quick=quick)
    _fill(originals, whole - whole // TENTH, bureaus)
    large = _visit(place, bureau, quick=quick)
    beside = _sizes(register()) | {"bare request p95": round(percentile(large["bare"], 95), 1)}
    return [
        figure
        for name, target in TARGETS_MS.items()
        for figure in _figures(name, place, small["looks"][name], large["looks"][name], target, beside)
    ]


def _another(bureau: Bureau, number: int) -> Elsewhere:
    """The same bureau once more, with organs and people of its own."""
    with register().writing() as session:
        organs, people = {}, {}
        for old in session.exec(select(Organ).where(col(Organ.code).in_(COUNTY)).order_by(col(Organ.id))):
            said = {"level": old.level, "parent_id": organs.get(old.parent_id or 0, old.parent_id)}
            new = Organ(
                code=f"{old.code}-{number}", name=f"{old.name}{number}", mark=f"{old.mark}{number}", **said
            )
            session.add(new)
            session.flush()
            organs[old.id or 0] = new.id or 0
        for username, old_id in bureau.ids.items():
            person = add_person(session, f"{username}.{number}", name=session.get_one(Person, old_id).name)
            people[old_id] = person.id or 0
        for held in session.exec(select(RoleHolding).where(col(RoleHolding.person_id).in_(people))):
            new_organ = organs.get(held.organ_id, held.organ_id)
            since = held.valid_from
            grant_role(session, people[held.person_id], new_organ, Role(held.role), valid_from=since)
    return Elsewhere(people, organs)


def _fill(originals: dict[str, str], cases: int, bureaus: Sequence[Elsewhere]) -> None:
    for kind, share in STANDING.items():
        copy_case(register(), originals[kind], cases * share // 1000, bureaus=bureaus)


def _visit(place: Place, bureau: Bureau, *, quick: bool) -> dict[str, Any]:
    """Fifty people, each with a bearer token of the bureau, over HTTP to one API process."""
    visits = _visits(bureau)
    with Supervisor(place.data_dir, env=place.env, on_progress=lambda _: None) as supervisor:
        port = free_port()
        start_api(supervisor, LOOPBACK, port, env={})
        supervisor.wait_for("API", f"http://{LOOPBACK}:{port}/healthz")
        crowd(
            port, visits[:CLIENTS], clients=CLIENTS, pause=0, seconds=20
        )  # the first answers import and compile
        said = crowd(
            port, visits[CLIENTS:], clients=CLIENTS, pause=PAUSE_S, seconds=SECONDS / (3 if quick else 1)
        )
    if said["faults"]:
        raise AssertionError(f"{len(said['faults'])} pages were refused, the first: {said['faults'][0]}")
    return said


def _visits(bureau: Bureau) -> list[dict[str, Any]]:
    """What people look at, in an order of its own, the same in every run: inbox, a case, a search."""
    order = random.Random(11)  # noqa: S311  # an order, not a secret
    cases = {reader: _cases_of(bureau, reader, order) for reader in READERS}
    visits = []
    for number in range(1000):
        reader = READERS[number % len(READERS)]
        word = WORDS[number % len(WORDS)].format(number=order.randrange(1, 9000))
        visits.append(
            {
                "token": bureau.tokens[reader],
                "looks": {
                    "inbox": "/inbox",
                    "case": f"/cases/{order.choice(cases[reader])}",
                    "search": f"/cases?q={quote(word)}",
                },
            }
        )
    return visits


def _cases_of(bureau: Bureau, reader: str, order: random.Random) -> Sequence[str]:
    """Two hundred cases this reader may open, from everywhere in the register."""
    with bureau.register.reading() as session:
        seen = session.exec(select(Case.id).where(visible(bureau.actors[reader])).limit(5000)).all()
    return order.sample(sorted(seen), min(200, len(seen)))


def _sizes(register: Register) -> dict[str, Any]:
    with register.reading() as session:
        return {
            name: session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in (("cases", Case), ("events", Event), ("work items", WorkItem))
        }


def _figures(
    name: str, place: Place, small: list[float], large: list[float], target: float, beside: dict[str, Any]
) -> list[Figure]:
    p95, before = percentile(large, 95), percentile(small, 95)
    grown = round(p95 / before, 2)
    return [
        Figure(
            f"desk {name}",
            place.database,
            round(p95, 1),
            "ms p95",
            f"<= {target:.0f}",
            p95 <= target,
            {**spread(large), "looks": len(large), **beside},
        ),
        Figure(
            f"desk {name} growth",
            place.database,
            grown,
            "x of a tenth",
            f"<= {GROWTH}",
            grown <= GROWTH,
            {"p95 at a tenth": round(before, 1), "looks": len(small)},
        ),
    ]

"""What a case costs while it waits for people: bytes of the register, and no process. 等候"""

from benchmarks.measure import Figure, Place
from benchmarks.people import a_bureau, open_one
from models.database import register

CASES = 1_000
A_TIME = 50  # cases per transaction: sizes are measured here, not speed


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """Register cases that wait for their screening, and look how much larger the register is."""
    cases = CASES // (10 if quick else 1)
    opened = register()
    bureau = a_bureau(opened)
    before = place.size(opened)
    for _ in range(0, cases, A_TIME):
        with opened.writing() as session:
            for _ in range(A_TIME):
                open_one(session, bureau)
    grown = place.size(opened) - before
    return [
        Figure(
            "waiting",
            place.database,
            round(grown / cases),
            "bytes/case",
            beside={"cases": cases, "register bytes before": before},
        )
    ]

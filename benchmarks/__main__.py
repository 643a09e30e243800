"""Run the benchmarks, print a table, write out/latest.json. 运行基准"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks import (
    casework,
    clocks,
    desk,
    door,
    follow_through,
    matching,
    notices,
    papers,
    suggestion,
    waiting,
)
from benchmarks.measure import DATABASES, OUT, Figure, NoServer, a_place

Run = Callable[..., list[Figure]]
BENCHMARKS: dict[str, Run] = {
    "casework": casework.run,
    "clocks": clocks.run,
    "desk": desk.run,
    "door": door.run,
    "follow-through": follow_through.run,
    "matching": matching.run,
    "notices": notices.run,
    "papers": papers.run,
    "suggestion": suggestion.run,
    "waiting": waiting.run,
}


def main() -> int:
    """Exit code 0 when every target is met, 1 when one is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"some of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="smaller sizes: is everything in order?")
    parser.add_argument("--database", choices=DATABASES, help="only on this one")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    # Asked to stop, leave like anybody else: databases dropped, children stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = Console(stderr=True)
    figures: list[Figure] = []
    skipped: list[str] = []
    for name in options.names or BENCHMARKS:
        for database in [options.database] if options.database else DATABASES:
            try:
                figures += _measure(console, name, database, quick=options.quick)
            except NoServer as why:
                skipped.append(f"{name} on {database}: {why}")
            _write(figures)
    _show(figures)
    for line in skipped:
        print(f"skipped {line}")
    return 0 if all(figure.ok is not False for figure in figures) else 1


def _measure(console: Console, name: str, database: str, *, quick: bool) -> list[Figure]:
    started = time.perf_counter()
    with console.status(f"{name} on {database} …"), a_place(database) as place:
        figures = BENCHMARKS[name](place, quick=quick)
    console.print(f"{name} on {database}: {time.perf_counter() - started:.0f} s")
    return figures


def _write(figures: list[Figure]) -> None:
    OUT.mkdir(exist_ok=True)
    text = json.dumps([figure.as_json() for figure in figures], ensure_ascii=False, indent=2)
    (OUT / "latest.json").write_text(text + "\n", encoding="utf-8")


def _show(figures: list[Figure]) -> None:
    table = Table(title="Zhaodan 照单 benchmarks")
    for heading in ("name", "database", "value", "unit", "target", "ok", "beside, in the same run"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "value" else "left")
    for figure in figures:
        ok = {True: "[green]yes", False: "[red]no", None: ""}[figure.ok]
        beside = ", ".join(f"{name} {value}" for name, value in figure.beside.items())
        value = f"{figure.value:,}"
        table.add_row(figure.name, figure.database, value, figure.unit, figure.target, ok, beside)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())

"""A decision as page, Word and PDF, and a dossier with half a gigabyte of evidence taken out and checked. 文书和案卷

The case is a story's, carried to its end; its evidence is random bytes, which no file system makes smaller. The memory
is the most a process of its own took, modules and all, beside what it takes with nothing in hand.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlmodel import select

from benchmarks.measure import Figure, Place, percentile, spread
from benchmarks.people import CLERK, Life, a_bureau, now
from models.answers import NewEvidence
from models.casework import add_evidence
from models.database import register
from models.dossier import load_dossier
from models.files import store
from models.rules.deadlines import beijing_day
from models.tables import Case, Decision, Organ
from tasks.documents import render
from tasks.documents.paper import read_paper
from tasks.documents.pdf import can_make_pdf, to_pdf
from tasks.documents.word import to_word
from tasks.office import office_work
from tasks.sealing import seal_of

HTML_MS, WORD_MS, DOSSIER_MB = 50.0, 150.0, 100.0  # targets
MEGABYTES, PIECES = 500, 10
_MB = 1 << 20

# In a process of its own, or the memory would be that of the benchmarks.
CHILD = """
import argparse, contextlib, io, json, pathlib, resource, sys, time
from zhaodan import dossiers as commands

def most():
    # getrusage begins, on Linux, with the memory of the process that started this one.
    status = pathlib.Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024

idle, case, out = most(), sys.argv[1], pathlib.Path(sys.argv[2])
began = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    commands.export(argparse.Namespace(case=case, out=out))
written, taken = time.perf_counter() - began, most()
began = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    whole = commands.import_check(argparse.Namespace(file=out)) == 0
checked = time.perf_counter() - began
print(json.dumps({"idle": idle, "export": taken, "check": most(), "written": written, "checked": checked,
                  "whole": whole, "size": out.stat().st_size}))
"""

WHOLE = """
import pathlib, sys, zhaodan
code = zhaodan.main(sys.argv[1:])
status = pathlib.Path("/proc/self/status")
print(next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), "") if status.exists() else "VmHWM: 0 kB")
sys.exit(code)
"""


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """Milliseconds for one decision in each form, then the memory and seconds a dossier takes."""
    bureau = a_bureau(register())
    life = Life(bureau).begin()
    megabytes = MEGABYTES // 10 if quick else MEGABYTES
    _add(life, megabytes)
    life.go_on()
    office_work(life.case_id)
    return [*_decision(place, life, times=5 if quick else 50), _dossier(place, life, megabytes)]


def _add(life: Life, megabytes: int) -> None:
    luck = random.Random(9704)  # noqa: S311 - bytes to be made again
    for number in range(PIECES):
        chunks: Iterator[bytes] = (luck.randbytes(_MB) for _ in range(megabytes // PIECES))
        kept = store().receive(chunks, limit=megabytes * _MB)
        said = {"kind": "视听资料", "collected_by": "调查组", "proves": "现场情况"}
        with life.bureau.register.writing() as session:
            add_evidence(
                session, life.case_id, NewEvidence.model_validate(said), kept,
                file_name=f"现场录像{number}.mp4", media_type="video/mp4", actor=life.bureau.actors[CLERK], now=now(),
            )  # fmt: skip


def _decision(place: Place, life: Life, *, times: int) -> list[Figure]:
    with register().reading() as session:
        officer = session.exec(select(Decision.respondent_id).where(Decision.case_id == life.case_id)).first()
        organ = session.get_one(Organ, session.get_one(Case, life.case_id).organ_id)
        seal = seal_of(organ.code, organ.name, now=datetime.now(UTC)).image

    def html() -> bytes:
        with register().reading() as session:
            dossier = load_dossier(session, life.case_id)
        number = f"{dossier.organ_mark}免决〔2026〕1号"
        return render(
            "decision", dossier, number=number, issued_on=beijing_day(now()), respondent_id=officer
        ).content

    page = html()
    word = _spans(lambda: to_word(read_paper(page), seal), times)
    pdf: dict[str, Any] = {"PDF": "not on this machine"}
    if can_make_pdf():
        said = _spans(lambda: to_pdf(page, identifier="0" * 64, seal=seal), max(3, times // 10))
        pdf = {f"PDF {name} ms": value for name, value in spread(said).items()}
    figures = []
    for name, spans, most, beside in (
        ("decision, page", _spans(html, times), HTML_MS, {}),
        ("decision, Word", word, WORD_MS, pdf),
    ):
        value = percentile(spans, 50)
        figures.append(
            Figure(
                name,
                place.database,
                round(value, 1),
                "ms",
                f"<= {most:.0f}",
                value <= most,
                spread(spans) | {"bytes of the page": len(page)} | beside,
            )  # fmt: skip
        )
    return figures


def _spans(make: Callable[[], object], times: int) -> list[float]:
    make()
    spans = []
    for _ in range(times):
        began = time.perf_counter()
        make()
        spans.append(1000 * (time.perf_counter() - began))
    return spans


def _dossier(place: Place, life: Life, megabytes: int) -> Figure:
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, life.case_id, str(place.data_dir / "dossier.zip")],
        env=place.env,
        capture_output=True,
        text=True,
        check=True,
    )
    took = json.loads(ended.stdout)
    whole = subprocess.run(
        [sys.executable, "-c", WHOLE, "export", life.case_id, "-o", str(place.data_dir / "dossier.zip")],
        env=place.env,
        capture_output=True,
        text=True,
        check=True,
    )
    if not took["whole"] or took["size"] < megabytes * _MB:
        raise AssertionError("the dossier is not whole")
    through = int(whole.stdout.split()[-2]) / 1024
    most = max(took["export"], took["check"], through)
    return Figure(
        f"dossier of {megabytes} MB, memory",
        place.database,
        round(most, 1),
        "MB",
        f"<= {DOSSIER_MB:.0f}",
        most <= DOSSIER_MB,
        {
            "with nothing in hand MB": round(took["idle"], 1),
            "export, through the command line MB": round(through, 1),
            "export s": round(took["written"], 2),
            "check s": round(took["checked"], 2),
        },
    )

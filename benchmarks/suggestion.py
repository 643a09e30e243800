"""Proposals for narratives of ordinary length in a process of their own, beside plain TF-IDF. 提示"""

import json
import subprocess
import sys

from benchmarks.measure import Figure, Place, spread

TARGET_MS, TARGET_MB = 20.0, 250.0

# In a process of its own, or the memory would be that of the benchmarks.
CHILD = """
import json, resource, sys, time
from models.handbook import load_edition
from models.suggestion import suggest

edition = load_edition("2019")
started = time.perf_counter()
suggest(edition, "检查时核对过报告的章和编号。")
warm = time.perf_counter() - started
told = [text for texts in edition.tellings.clauses.values() for text in texts]
# Five invented narratives on end are about as long as a labelled one.
cases = ["".join(told[at : at + 5]) for at in range(0, len(told) - 5, 3)][: int(sys.argv[1])]

def timed(run):
    spans = []
    for case in cases:
        began = time.perf_counter()
        run(case)
        spans.append(1000 * (time.perf_counter() - began))
    return spans

spans = timed(lambda case: suggest(edition, case, "penalty"))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
from models.suggestion.baselines import baselines
plain = timed(baselines(edition)["TF-IDF，条款原文加线索词"])
print(json.dumps({"warm": warm, "spans": spans, "memory": memory, "plain": plain, "length": sum(map(len, cases)) / len(cases)}))
"""


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """Milliseconds per narrative after warm-up and the most memory the process took; no database is in it."""
    if place.database != "sqlite":
        return []
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, "30" if quick else "300"], capture_output=True, text=True, check=True
    )
    took = json.loads(ended.stdout)
    mean = sum(took["spans"]) / len(took["spans"])
    beside = spread(took["spans"]) | {
        "narratives": len(took["spans"]),
        "mean characters": round(took["length"]),
        "first call s": round(took["warm"], 2),
        "plain TF-IDF ms": round(sum(took["plain"]) / len(took["plain"]), 2),
    }
    return [
        Figure(
            "suggestion time", "none", round(mean, 2), "ms", f"<= {TARGET_MS:.0f}", mean <= TARGET_MS, beside
        ),
        Figure(
            "suggestion memory",
            "none",
            round(took["memory"], 1),
            "MB",
            f"<= {TARGET_MB:.0f}",
            took["memory"] <= TARGET_MB,
        ),
    ]

"""`zhaodan match`: facts, gates and clauses proposed for narratives, never a verdict. 提示"""

import argparse
from pathlib import Path

from models.handbook import editions
from models.suggestion.report import propose, score
from zhaodan.running import Command
from zhaodan.tables import written


def match(options: argparse.Namespace) -> int:
    """Propose for every narrative of a file, or score the proposals; never a verdict. 提示"""
    edition = editions()[-1]
    if options.score is not None:
        print(score(edition, options.score))
        return 0
    count, lines = propose(edition, options.cases)
    if written(lines, options.out):
        print(f"已写出 {count} 件提示：{options.out}。只供参考，是否适用由人认定。")
    return 0


def _add_match(command: argparse.ArgumentParser) -> None:
    asked = command.add_mutually_exclusive_group(required=True)
    asked.add_argument("cases", nargs="?", type=Path, help="one JSON object a line: id, category, narrative")
    asked.add_argument("--score", type=Path, metavar="GOLD", help="labelled narratives to be scored on")
    command.add_argument("--out", type=Path, help="where the proposals go; without it, to the screen")


COMMANDS = {
    "match": Command(match, _add_match),
}

"""`zhaodan replay`, `differences` and `shadow`: decided cases looked at once more. 已决案件"""

import argparse
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from models.casework import replay
from models.database import register
from models.dossier import clause_label, find_case
from models.dossier.terms import POST_ZH
from models.handbook import read_edition
from models.queries import Shadowed, additions, differences, shadow, to_shadow
from models.rules.review import Vote
from zhaodan.running import Command


def replay_case(options: argparse.Namespace) -> int:
    """Rebuild every signed round of a case and compare it with what was signed. 复算"""
    with register().reading() as session:
        case = find_case(session, options.case)
        rounds = replay(session, case)
    for found in rounds:
        for officer in found.officers:
            holding = [c for c, o in officer["clauses"].items() if o in ("established", "provisional")]
            votes = "、".join(f"{Vote(vote).zh}{n}票" for vote, n in officer["votes"].items())
            print(
                f"第 {found.round} 轮　被核查人员 {officer['respondent']}：事实 {len(officer['facts'])} 项，"
                f"职责 {len(officer['duties'])} 项，系统提出 {'、'.join(map(clause_label, holding)) or '无'}，"
                f"审核确认 {'、'.join(map(clause_label, officer['confirmed'])) or '无'}，表决 {votes or '无'}，"
                f"签发 {Vote(officer['outcome']).zh}"
            )
        print(f"签发时 {found.recorded}\n复算后 {found.rebuilt}　{'一致' if found.same else '不一致'}")
    return 0 if all(found.same for found in rounds) else 1


def show_differences(_: argparse.Namespace) -> int:
    """What legal reviewers made of the proposals, and why they added what they added. 审核与建议的异同"""
    with register().reading() as session:
        counted, added = differences(session), additions(session)
    table = _table("法制审核与系统建议的异同", "版次", "条款", "", "确认", "不予确认", "增加")
    for row in counted:
        label = clause_label(row.clause)
        table.add_row(row.edition, row.clause, label, *map(str, (row.agreed, row.rejected, row.added)))
    reasons = _table("审核增加的条款", "案号", "版次", "条款", "理由")
    for one in added:
        reasons.add_row(one.number, one.edition, clause_label(one.clause), one.reason)
    console = Console()
    console.print(table if counted else "还没有法制审核意见。")
    if added:
        console.print(reasons)
    return 0


def shadow_run(options: argparse.Namespace) -> int:
    """Every decided case under a changed edition, read-only, with what would flip. 影子试算"""
    changed = read_edition(options.folder)
    progress = Console(stderr=True)
    flips: list[Shadowed] = []
    with register().reading() as session:
        total = to_shadow(session, edition=options.edition)
        run = shadow(session, changed, edition=options.edition)
        for found in track(run, "试算已决案件", total=total, console=progress):
            if found.comparison.changed:
                flips.append(found)
    table = _table(
        f"{changed.title}：结果有变的已决人员",
        "案号",
        "岗位",
        "增加的条款",
        "失去的条款",
        "开放",
        "关闭",
        "原结论",
    )
    for found in flips:
        seen = found.comparison
        table.add_row(
            found.decided.number,
            POST_ZH.get(found.decided.post, found.decided.post),
            "、".join(map(clause_label, seen.gained)) or "—",
            "、".join(map(clause_label, seen.lost)) or "—",
            "、".join(outcome.zh for outcome in seen.opened) or "—",
            "、".join(outcome.zh for outcome in seen.closed) or "—",
            found.decided.outcome.zh + ("（不再可作）" if found.undone else ""),
        )
    if flips:
        Console().print(table)
    undone = sum(found.undone for found in flips)
    print(
        f"已试算 {total} 名已决人员：{len(flips)} 名结果有变，其中 {undone} 名的原结论不再可作。登记库没有改动。"
    )
    return 0


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _add_shadow(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path)
    command.add_argument("--edition", help="only cases decided under this edition")


COMMANDS = {
    "replay": Command(replay_case, lambda p: p.add_argument("case")),
    "differences": Command(show_differences),
    "shadow": Command(shadow_run, _add_shadow),
}

"""Runs a story on a real system and prints it as a newcomer would want to read it. 演示"""

import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import set_cell_size
from rich.console import Console
from rich.panel import Panel

from demo.door import Casework, Door
from demo.listener import Listener
from demo.story import Story, load_people, load_story
from processes import Plan, Supervisor, start_system

CHINA = ZoneInfo("Asia/Shanghai")
STAGES = "受理 → 事实核查 → 条款匹配 → 集体审议 → 决定 → 澄清正名与公示 → 归档"
NAMES: Mapping[str, str] = {p["username"]: p["name"] for p in load_people()["people"]}
Prepare = Callable[[list[str], Mapping[str, str]], dict[str, str]]

console = Console(highlight=False, soft_wrap=True)


def run(name: str, data_dir: Path, *, prepare: Prepare) -> int:
    """Start a system of its own, tell the story, print it, stop everything. Exit code 0 when it ended as it must."""
    story = load_story(name)
    started = time.monotonic()
    shutil.rmtree(data_dir, ignore_errors=True)
    console.print(f"[bold]照单演示：{story.title}[/bold]\n{story.basis}。\n七个环节：{STAGES}\n")
    with Listener() as listener:
        officers = [r["username"] for r in story.case["respondents"]]
        channels = {username: listener.url(username) for username in (*officers, "cao.ran")}
        tokens = prepare(list(NAMES), channels)
        with Supervisor(data_dir, on_progress=_progress) as supervisor:
            running = start_system(supervisor, Plan(port=0, prefect_port=0))
            door = Door(running.api_url, running.prefect_api_url, tokens, _progress)
            work = Casework(door, story)
            _carry(work)
            ok = _print_all(work, listener)
    console.print(
        f"\n用时 {time.monotonic() - started:.0f} 秒（不含安装）。运行日志和数据在 {_short(data_dir)}。"
    )
    return 0 if ok else 1


def _progress(line: str) -> None:
    console.print(f"[dim]  {line}[/dim]")


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _carry(work: Casework) -> None:
    """Let people act and the office follow, stage by stage, until nothing is left to do."""
    work.register()
    _progress(f"案件 {work.number} 已由{NAMES[work.clerk]}登记")
    stage = ""
    while True:
        page = work.page()
        work.door.wait_for_office(work.case_id, names=("Suspended", "Completed"), papers=work.papers)
        if page["case"]["stage"] != stage:
            stage = page["case"]["stage"]
            _progress(f"——『{page['case']['stage_zh']}』")
        acted = [f"{NAMES[who]}（{item['kind_zh']}）" for who, item in work.act()]
        if not acted:
            break
        _progress("、".join(acted))
    final = ("Completed",) if work.story.ends == "archived" else ("Suspended",)
    work.door.wait_for_office(work.case_id, names=final, papers=work.papers)


# --- printing -----------------------------------------------------------------------------------


def _print_all(work: Casework, listener: Listener) -> bool:
    page = work.page()
    _timeline(work)
    _clauses(work, page)
    if page["conclusion"] == "complete":
        _vote(work, page)
    _papers(work)
    _locked(work, page)
    _portal(work)
    _notices(listener)
    run = _engine(work)
    ended = page["case"]["state"] == work.story.ends and _run_ended(work.story, run)
    console.print(
        f"\n[bold]结果：{work.number} 处于『{page['case']['stage_zh']}』，{page['case']['state_zh']}。[/bold]"
    )
    return ended


def _run_ended(story: Story, run: str) -> bool:
    return run == ("Completed" if story.ends == "archived" else "Suspended")


def _head(title: str) -> None:
    console.rule(f"[bold]{title}")


def _when(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(CHINA).strftime("%m-%d %H:%M:%S")


def _timeline(work: Casework) -> None:
    _head("办理进程：谁、何时、办了什么")
    papers = work.door.get("cao.ran", f"/api/cases/{work.case_id}/documents")
    titles = {paper["kind"]: paper["title"] for paper in papers}
    for row in work.door.get("cao.ran", f"/api/cases/{work.case_id}/timeline"):
        who = row["actor"] or "机关（自动）"
        stage = _STAGE_ZH.get(row["data"].get("stage", ""), "")
        # A line is never cut: numbers and times are what a reader looks for.
        line = (
            f"{row['seq']:>3}  {_when(row['at'])}  {set_cell_size(who, 13)} {_what(row, titles)}（{stage}）"
        )
        console.print(line, markup=False)


_STAGE_ZH = dict(
    zip(
        ("intake", "verification", "matching", "review", "decision", "clearing", "archive"),
        STAGES.split(" → "),
        strict=True,
    )
)
_TAGS = {
    "case:registered": "登记案件",
    "evidence:added": "提交证据",
    "transcript:interview-taken": "登记谈话笔录",
    "transcript:opinion-taken": "登记专业论证意见",
    "evidence:checked": "校验证据完整性",
    "document:filed": "文书归卷",
    "document:laid-out": "制作文书文件",
    "publication:published": "公示发布",
    "transfer:handed-over": "移送材料",
    "clock:reminded": "期限提醒",
    "clock:restarted": "恢复计算期限",
}
_KINDS = {
    "screening": "受理审查",
    "investigation": "调查核实",
    "countersign": "调查人员会签",
    "statement": "陈述申辩",
    "answer": "答复申辩意见",
    "legal-review": "法制审核",
    "notice-of-intent": "听取对拟处理意见的意见",
    "recusal": "回避申报",
    "ballot": "表决（密封）",
    "close-session": "结束审议，开票",
    "signature": "签发决定",
    "service-receipt": "签收决定",
    "clearing-consent": "澄清正名意愿",
    "clearing-approval": "澄清正名审批",
    "publication-review": "公开审查",
    "archiving": "归档审核",
}


def _what(row: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    parts = row["tag"].split(":")
    if parts[0] == "item":
        return _KINDS.get(parts[1], parts[1])
    title = titles.get(row["data"].get("kind", ""), "")
    number = row["data"].get("number", "")
    return " ".join(word for word in (_TAGS.get(row["tag"], row["tag"]), title, str(number)) if word)


def _clauses(work: Casework, page: Mapping[str, Any]) -> None:
    _head("条款匹配：系统只提建议，由法制审核人员逐条确认")
    officers = {r["id"]: r for r in page["respondents"]}
    shown = [c for c in page["clauses"] if c["proposed"] or c["confirmed"] is not None]
    if not shown:
        console.print(_NO_CLAUSES.get(page["conclusion"], "没有提出条款建议。"))
    for clause in shown:
        officer = officers[clause["respondent"]]
        mark = {True: "确认", False: "不予确认", None: "未审核"}[clause["confirmed"]]
        console.print(
            f"\n[bold]{officer['name']}（{_POSTS[officer['post']]}）  {clause['clause']}[/bold]  {clause['label']}"
        )
        console.print(f"  原文：{clause['text']}")
        for reason in clause["reasons"]:
            console.print(f"  · {reason}")
        console.print(f"  法制审核：{mark}。{clause['confirmed_reason']}")
    if page["conclusion"] == "complete":
        _weighing(work, officers, {(c["respondent"], c["clause"]): c for c in shown})


def _weighing(
    work: Casework, officers: Mapping[int, Any], shown: Mapping[tuple[int, str], Mapping[str, Any]]
) -> None:
    _head("说理：逐要件直到证据，还差什么，免责与问责对照")
    for found in work.door.get("cao.ran", f"/api/cases/{work.case_id}/weighing"):
        officer = officers[found["respondent"]]
        console.print(
            f"\n[bold]{officer['name']}（{_POSTS[officer['post']]}）[/bold]  免责与问责对照：{found['balance_zh']}"
        )
        if found["later_evidence"]:
            numbers = "、".join(f"证据{number}" for number in found["later_evidence"])
            then = "不同" if found["known_at_the_time"] else "相同"
            console.print(f"  防止事后诸葛：{numbers}形成于行为之后；只看当时已有的材料，结果{then}")
        for explained in found["clauses"]:
            clause = shown.get((found["respondent"], explained["clause"]))
            if clause is not None:
                console.print(f"  {explained['clause']}  {clause['label']}")
                _explained(explained["tree"]["children"])
        if found["questions"]:
            console.print("  改变结果最少要查明什么：")
        for asked in found["questions"]:
            console.print(f"    · {asked['text']}", markup=False)
            for one in (one for way in asked["ways"] for one in way if one["settled_by"]):
                console.print(f"      怎样查清：{one['settled_by']}", markup=False)


def _explained(parts: Sequence[Mapping[str, Any]]) -> None:
    """What speaks for or against the clause itself in full, what every clause shares in one line each."""
    for part in parts:
        leaves = list(_leaves(part))
        if part["part"] in ("elements", "exclusions", "premise"):
            _tree([part], depth=2)
        else:
            shared = sorted({n for leaf in leaves for n in (leaf["ground"] or {}).get("evidence", ())})
            cited = "、".join(f"证据{number}" for number in shared)
            console.print(f"    {part['zh']}　{part['text']}：{len(leaves)} 项事实（{cited}）", markup=False)


def _leaves(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if node["fact"]:
        yield node
    for child in node["children"]:
        yield from _leaves(child)


def _tree(nodes: Sequence[Mapping[str, Any]], *, depth: int) -> None:
    for node in nodes:
        ground = node["ground"] or {}
        evidence = "、".join(f"证据{number}" for number in ground.get("evidence", ()))
        by = "、".join(ground.get("confirmed_by", ()))
        tail = f"（{'，'.join(filter(None, (evidence, by and by + '认定')))}）" if evidence or by else ""
        console.print(f"{'  ' * depth}{node['zh']}　{node['text']}{tail}", markup=False)
        _tree(node["children"], depth=depth + 1)


_NO_CLAUSES = {
    "unfounded": "核查结论为反映失实：没有过错，也就不需要“免责”，不进入条款匹配。",
    "transfer": "核查结论为移送：本机关不再作条款匹配，也不得自行作出减免责决定。",
}
_POSTS = {"handler": "承办", "reviewer": "审核", "approver": "批准"}


def _vote(work: Casework, page: Mapping[str, Any]) -> None:
    _head("集体审议：密封表决，结束后开票，不同意见具名留存")
    papers = work.door.get("cao.ran", f"/api/cases/{work.case_id}/documents")
    for paper in papers:
        if paper["kind"] in ("minutes", "dissent-certificate"):
            _paper(work, "cao.ran", paper)
    for decision in page["decisions"]:
        for reason in decision["tally"].get("reasons", []):
            console.print(f"  · {reason}")


def _papers(work: Casework) -> None:
    papers = work.door.get("cao.ran", f"/api/cases/{work.case_id}/documents")
    for title, kinds in _SHOWN:
        found = [p for p in papers if p["kind"] in kinds]
        if found:
            _head(title)
        for paper in found:
            _paper(work, "cao.ran", paper)
    _head(f"全部文书（{len(papers)} 份）")
    for paper in papers:
        console.print(f"  {paper['title']}  {paper['number']}")


_SHOWN = (
    ("决定文书", ("decision", "transfer-letter")),
    ("不予适用条款的理由", ("why-not",)),
    ("澄清文书", ("clearing-letter",)),
)


def _paper(work: Casework, username: str, paper: Mapping[str, Any]) -> None:
    words = plain(work.door.text(username, f"/api/documents/{paper['id']}"))
    console.print(Panel(words, title=f"{paper['title']} {paper['number']}", expand=False), markup=False)


def _locked(work: Casework, page: Mapping[str, Any]) -> None:
    if page["case"]["state"] != "transferred":
        return
    _head("移送后：本机关的处理分支已锁定")
    signed = [i for i in work.signed if i["kind"] == "signature"]
    said = work.story.answer_as("accountable", work.respondents)
    item = signed[0]["id"]
    answer = work.door.post(
        "meng.fan", f"/api/work-items/{item}/answer", json=said, headers={"If-Match": "*"}
    )
    console.print(
        f"负责人再次签发“追究”：HTTP {answer.status_code}，{answer.json()['code']}\n  {answer.json()['detail']}"
    )


def _portal(work: Casework) -> None:
    notices = work.door.public("/api/portal/notices")["notices"]
    _head("公示门户：公众看到的内容（已脱敏）")
    if not notices:
        console.print("没有公示。")
    for notice in notices:
        shown = work.door.public(f"/api/portal/notices/{notice['slug']}")
        console.print(Panel(plain(shown["content"]), title=shown["title"], expand=False), markup=False)


def _notices(listener: Listener) -> None:
    _head(f"送达的通知（办公消息 {len(listener.received)} 条，另有站内通知）")
    for message in listener.received:
        console.print(f"  → {NAMES.get(message['to'], message['to'])}：{message['title']}", markup=False)
        console.print("      " + " ".join(message["message"].split()), markup=False)


def _engine(work: Casework) -> str:
    _head("流程引擎（Prefect）中的状态历史：等候人员办理时为 Suspended")
    run = work.door.flow_run(work.case_id)
    if run is None:
        console.print("Prefect 中没有该案件的流程。")
        return ""
    console.print(f"  {run['name']}  标签 {', '.join(run['tags'])}")
    for state in work.door.states(run["id"]):
        console.print(
            f"  {_when(state['timestamp'])}  {state['name']:<11} {state['message'] or ''}", markup=False
        )
    return str(run["state"]["name"])


class _Words(HTMLParser):
    """The words of a paper, a line per block, cells side by side."""

    _BLOCKS = frozenset(
        {
            "p",
            "div",
            "h1",
            "h2",
            "h3",
            "tr",
            "li",
            "section",
            "header",
            "footer",
            "table",
            "br",
            "dt",
            "caption",
        }
    )
    _SILENT = frozenset({"style", "title", "script"})

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _: object) -> None:
        self._silent += tag in self._SILENT
        if tag in self._BLOCKS:
            self.words.append("\n")
        elif tag in ("td", "th", "dd"):
            self.words.append("  ")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self._SILENT
        if tag in self._BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(re.sub(r"\s+", " ", data))


def plain(markup: str) -> str:
    """A paper as plain text."""
    reader = _Words()
    reader.feed(markup)
    lines = (line.strip() for line in "".join(reader.words).split("\n"))
    return "\n".join(line for line in lines if line)

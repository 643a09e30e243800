"""照单: the command line, and the only file that sees every part. 命令行

zhaodan up [--demo]          start the system and stay up
zhaodan demo [r2|r5|r1|r3|r4|r7]  carry a real case from intake to archive over HTTP
zhaodan migrate              bring the register to the newest schema
zhaodan people FILE          load organs, people and roles; prints one-time passwords
zhaodan token USERNAME       issue a bearer token for a program
zhaodan verify               walk every event chain; exit code 1 at a broken link
zhaodan replay CASE          rebuild a decision from edition, facts and votes; exit code 1 if it differs
zhaodan differences          how often legal reviewers followed the machine, clause by clause
zhaodan seal-key             the public key with which others check certificates of dissent
zhaodan verify-certificate FILE [--key K]
                             hold a certificate against a public key; needs no register
zhaodan shadow FOLDER [--edition ID]
                             decided cases once more under a changed edition; writes nothing
zhaodan retry-notices        send again what a channel refused
zhaodan match FILE [--out F] propose facts, gates and clauses for narratives, one JSON object a line
zhaodan match --score FILE   how good the proposals are on labelled narratives, beside simple baselines
zhaodan clock FILE [--out F] when periods end and how that was computed, one JSON object a line
zhaodan holidays [FILE]      load a year's holiday notice and compute open periods anew; without it, what is known
zhaodan settings [--write F] the settings table, or write it into a file
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import yaml
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from demo import show
from demo.story import STORIES
from demo.story import load_people as demo_people
from models import certificates
from models.accounts import issue_token
from models.calendar import ChinaCalendar, china_calendar
from models.casework import office, replay, verify_all, verify_deposits
from models.database import register
from models.directory import load_people
from models.dossier import clause_label, find_case
from models.dossier.terms import POST_ZH
from models.handbook import HandbookError, editions, read_edition
from models.holidays import calendar_of, load_notice, read_notice
from models.jsonl import BadLines
from models.migrate import current, newest, upgrade
from models.queries import Shadowed, additions, differences, shadow, to_shadow
from models.reckoning import reckon
from models.rules.deadlines import beijing_day
from models.rules.errors import CaseworkError
from models.rules.review import Vote
from models.settings import SettingsError, settings
from models.settings_table import settings_table
from models.suggestion.report import propose, score
from models.tables import Person
from notifications.addresses import add_channel, load_channels
from notifications.outbox import send_due
from processes import Plan, StartError, Stopped, Supervisor, start_system

FAULT = 2  # the exit code of a start that cannot be


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Faults of the start are one sentence and exit code 2."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (SettingsError, StartError, CaseworkError, HandbookError, BadLines) as fault:
        print(fault, file=sys.stderr)
        return FAULT
    except OperationalError as fault:
        print(f"The register cannot be opened: {str(fault.orig).splitlines()[0]}.", file=sys.stderr)
        return FAULT
    except (KeyboardInterrupt, Stopped):
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zhaodan", description="尽职照单免责、失职照单问责")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], int], what: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=what)
        added.set_defaults(run=run)
        return added

    command("up", up, "start the system and stay up").add_argument("--demo", action="store_true")
    command("demo", demo, "carry a real case over HTTP").add_argument(
        "story", nargs="?", default="r2", choices=STORIES
    )
    command("migrate", migrate, "bring the register to the newest schema")
    command("people", people, "load organs, people, roles and channels").add_argument("file", type=Path)
    command("token", token, "issue a bearer token").add_argument("username")
    command("verify", verify, "walk every event chain")
    command("replay", replay_case, "rebuild a signed decision").add_argument("case")
    command("seal-key", seal_key, "the public key of certificates")
    verifying = command("verify-certificate", verify_certificate, "check a certificate of dissent")
    verifying.add_argument("file", type=Path, help="the certificate, or any text that holds it")
    verifying.add_argument(
        "--key", help="the public key, or a file with it; without it, this installation's own"
    )
    command("differences", show_differences, "legal review beside what was proposed")
    shadowed = command("shadow", shadow_run, "decided cases under a changed edition")
    shadowed.add_argument("folder", type=Path)
    shadowed.add_argument("--edition", help="only cases decided under this edition")
    command("retry-notices", retry_notices, "send again what a channel refused")
    matching = command("match", match, "propose facts, gates and clauses for narratives")
    asked = matching.add_mutually_exclusive_group(required=True)
    asked.add_argument("cases", nargs="?", type=Path, help="one JSON object a line: id, category, narrative")
    asked.add_argument("--score", type=Path, metavar="GOLD", help="labelled narratives to be scored on")
    matching.add_argument("--out", type=Path, help="where the proposals go; without it, to the screen")
    reckoning = command("clock", clock, "when periods end, and why")
    reckoning.add_argument("vectors", type=Path, help="one JSON object a line: id, start, amount, unit, …")
    reckoning.add_argument("--out", type=Path, help="where the answers go; without it, to the screen")
    command("holidays", holidays, "load a year's holiday notice").add_argument("file", nargs="?", type=Path)
    command("settings", show_settings, "the settings table").add_argument("--write", type=Path)
    return parser


def up(options: argparse.Namespace) -> int:
    """Start everything and stay up until somebody asks to stop. 启动"""
    chosen = settings()
    if options.demo and chosen.environment == "production":
        raise SettingsError(
            "Demonstration people are refused in production: unset ZHAODAN_ENVIRONMENT or --demo."
        )
    editions()  # a handbook that cannot be used is found now, not by the first case
    with Supervisor(chosen.data_dir) as supervisor:
        _open_register()
        with register().reading() as session:
            _warn_of_missing_year(calendar_of(session), beijing_day(datetime.now(UTC)))
        plan = Plan(chosen.host, chosen.port, chosen.prefect_port, chosen.work_pool)
        running = start_system(supervisor, plan)
        if options.demo:
            _print_passwords(_load(demo_people()))
        print(f"办案页面 {running.api_url}/   接口说明 {running.api_url}/api/docs")
        print(f"公示门户 {running.api_url}/portal   流程监控（Prefect） {running.prefect_url}")
        print("按 Ctrl-C 停止。")
        supervisor.watch()
    return 0


def demo(options: argparse.Namespace) -> int:
    """A real case from intake to archive, over HTTP only. 演示"""
    data_dir = settings().data_dir.absolute() / "demo"
    # A register of its own: whatever the environment names is somebody's real one.
    os.environ["ZHAODAN_DATA_DIR"] = str(data_dir)
    os.environ.pop("ZHAODAN_DATABASE_URL", None)
    settings.cache_clear()
    return show.run(options.story, data_dir, prepare=_prepare_demo)


def _prepare_demo(usernames: list[str], channels: Mapping[str, str]) -> dict[str, str]:
    """A register with the demonstration people and their channels; username -> bearer token."""
    _open_register()
    _load(demo_people())
    with register().writing() as session:
        named = {p.username: p.id or 0 for p in session.exec(select(Person))}
        for username, url in channels.items():
            add_channel(session, named[username], "办公消息", url)
        at = datetime.now(UTC)
        return {u: issue_token(session, named[u], "演示", now=at) for u in usernames}


def migrate(_: argparse.Namespace) -> int:
    """Bring the register to the newest schema. 迁移"""
    _open_register()
    print("登记库已是最新结构。")
    return 0


def _open_register() -> None:
    directory = settings().data_dir
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise SettingsError(
            f"The data directory {directory} cannot be made ({fault.strerror}): "
            "give the user who starts Zhaodan the right, or set ZHAODAN_DATA_DIR."
        ) from None
    upgrade(register().engine)


def people(options: argparse.Namespace) -> int:
    """Load a list of organs, people, their roles and notification channels. 导入名册"""
    try:
        raw = yaml.safe_load(options.file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as fault:
        raise SettingsError(f"{options.file} cannot be read: {fault}") from None
    _open_register()
    _print_passwords(_load(raw))
    return 0


def _load(raw: object) -> dict[str, str]:
    if not isinstance(raw, dict):
        raise SettingsError(
            "The list of people must have the parts `organs` and `people`; see demo/people.yaml."
        )
    with register().writing() as session:
        passwords = load_people(session, raw, since=date(beijing_day(datetime.now(UTC)).year, 1, 1))
        load_channels(session, raw, sender=settings().smtp_from)
        return passwords


def _print_passwords(passwords: dict[str, str]) -> None:
    for username, password in passwords.items():
        print(f"{username:<14} 初始密码 {password}")
    if not passwords:
        print("名册中的人员都已存在，密码不变。")


def token(options: argparse.Namespace) -> int:
    """Issue a bearer token, shown this once. 签发令牌"""
    with register().writing() as session:
        person = session.exec(select(Person).where(Person.username == options.username)).first()
        if person is None or person.id is None:
            raise SettingsError(f"There is nobody with the username {options.username}.")
        print(issue_token(session, person.id, "command line", now=datetime.now(UTC)))
    return 0


def verify(_: argparse.Namespace) -> int:
    """Walk every chain; the first broken link of each case is named. 校验留痕"""
    cases = faults = 0
    with register().reading() as session:
        for case, broken in verify_all(session):
            cases += 1
            if broken:
                faults += 1
                print(f"案件 {case.id} 第 {broken.seq} 条留痕：{broken.fault}")
        changed = verify_deposits(session)
    for number in changed:
        print(f"在先留存 {number}：内容与校验值不符，或者前一件缺失。")
    print(f"已校验 {cases} 件案件的留痕，{faults} 件不完整。")
    return 1 if faults or changed else 0


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


def seal_key(_: argparse.Namespace) -> int:
    """The public key, to be made known to whoever checks certificates. 公钥"""
    key = certificates.public_key()
    print(f"{key}\n指纹 {certificates.fingerprint(key)}")
    return 0


def verify_certificate(options: argparse.Namespace) -> int:
    """Hold a certificate against a key that did not come with it; exit code 1 when it does not hold. 核验证明"""
    key = (
        certificates.read_key(_text_of(Path(options.key), options.key))
        if options.key
        else certificates.own_key()
    )
    if not key:
        raise SettingsError(
            "No public key: ask the organ that signed for the output of `zhaodan seal-key` and give it with --key."
        )
    found = certificates.check(_text_of(options.file), key=key)
    if found.statement is not None:
        said = found.statement
        print(f"签发机关　{said.organ}\n签发时间　{said.at}\n案件留痕　{said.head}\n{said.text}\n")
    print(f"公钥指纹　{certificates.fingerprint(key)}")
    print(found.fault if found.fault else "签名有效：以上内容自签发之后没有改动。")
    return 0 if found.holds else 1


def _text_of(path: Path, otherwise: str | None = None) -> str:
    """What a file says, as text; `otherwise` where there is no such file."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as fault:
        if otherwise is not None:
            return otherwise
        raise SettingsError(f"{path} cannot be read: {fault.strerror}") from None


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


def retry_notices(_: argparse.Namespace) -> int:
    """Send again what a channel refused. 补发通知"""
    sent = send_due(register(), now=lambda: datetime.now(UTC))
    print(f"补发成功 {sent.delivered} 条，仍失败 {sent.failed} 条。")
    return 0


def match(options: argparse.Namespace) -> int:
    """Propose for every narrative of a file, or score the proposals; never a verdict. 提示"""
    edition = editions()[-1]
    if options.score is not None:
        print(score(edition, options.score))
        return 0
    count, lines = propose(edition, options.cases)
    if _written(lines, options.out):
        print(f"已写出 {count} 件提示：{options.out}。只供参考，是否适用由人认定。")
    return 0


def clock(options: argparse.Namespace) -> int:
    """When every period of a file ends, with each step in words. 期限计算"""
    count, lines = reckon(options.vectors, _calendar())
    if _written(lines, options.out):
        print(f"已算出 {count} 项期限：{options.out}。")
    return 0


def _calendar() -> ChinaCalendar:
    """The calendar the register reckons by; the packaged one where there is no register yet."""
    address = make_url(settings().register_url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        return china_calendar()
    if current(register().engine.execution_options(reading=True)) != newest():
        raise SettingsError("The register has an older schema: run `zhaodan migrate` first.")
    with register().reading() as session:
        return calendar_of(session)


def holidays(options: argparse.Namespace) -> int:
    """Load a holiday notice and compute every open period anew by it. 载入放假安排"""
    notice = read_notice(options.file) if options.file else None
    _open_register()
    now = datetime.now(UTC)
    if notice is not None:
        with register().writing() as session:
            loaded = load_notice(session, notice, now=now)
        what = f"{notice.days.year}年放假安排"
        print(
            f"已载入{what}（第 {loaded.version} 次载入）：" if loaded else f"{what}与已载入的相同：", end=""
        )
        print(f"放假 {len(notice.days.holidays)} 天，调休上班 {len(notice.days.makeup_workdays)} 天。")
        for doubt in notice.doubts:
            print(f"注意：{doubt}")
    _recompute(now)
    with register().reading() as session:
        _warn_of_missing_year(calendar_of(session), beijing_day(now))
    return 0


def _recompute(now: datetime) -> None:
    """Each case in its own transaction: what a break leaves over is done by the next run or the deadline watch."""
    with register().reading() as session:
        concerned = office.outdated(session)
    for case_id in concerned:
        with register().writing() as session:
            for clock in office.recompute(session, case_id, now=now):
                print(f"案件 {case_id} {clock['zh']}：{clock['was']['due_on']} → {clock['now']['due_on']}")
    print(f"已重新计算 {len(concerned)} 件案件的期限，原届满日保留在留痕中。")


def _warn_of_missing_year(calendar: ChinaCalendar, today: date) -> None:
    year = calendar.missing_year(today)
    if year is not None:
        print(
            f"注意：{year}年的放假安排还没有载入，涉及该年的期限均为暂定；"
            "国务院办公厅的通知公布后，请用 zhaodan holidays 文件 载入。"
        )


def _written(lines: bytes, out: Path | None) -> bool:
    """Put the lines into a file, or on the screen without one. Whether it was a file."""
    if out is None:
        sys.stdout.buffer.write(lines)
        return False
    try:
        out.write_bytes(lines)
    except OSError as fault:
        raise SettingsError(f"{out} cannot be written: {fault.strerror}") from None
    return True


def show_settings(options: argparse.Namespace) -> int:
    """The settings table, on the screen or between the markers of a file."""
    table = settings_table()
    if options.write is None:
        print(table)
        return 0
    text = options.write.read_text(encoding="utf-8")
    start, end = "<!-- settings -->", "<!-- /settings -->"
    head, rest = text.split(start, 1)
    options.write.write_text(
        f"{head}{start}\n{table.strip()}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

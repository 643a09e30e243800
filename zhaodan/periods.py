"""`zhaodan clock` and `holidays`: when periods end, and the calendar they are reckoned by. 期限"""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from models.calendar import ChinaCalendar, china_calendar
from models.casework import office
from models.database import register
from models.holidays import calendar_of, load_notice, read_notice
from models.migrate import current, newest
from models.reckoning import reckon
from models.rules.deadlines import beijing_day
from models.settings import SettingsError, settings
from zhaodan.people import open_register
from zhaodan.running import Command
from zhaodan.tables import written


def clock(options: argparse.Namespace) -> int:
    """When every period of a file ends, with each step in words. 期限计算"""
    count, lines = reckon(options.vectors, _calendar())
    if written(lines, options.out):
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
    open_register()
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
        warn_of_missing_year(calendar_of(session), beijing_day(now))
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


def warn_of_missing_year(calendar: ChinaCalendar, today: date) -> None:
    year = calendar.missing_year(today)
    if year is not None:
        print(
            f"注意：{year}年的放假安排还没有载入，涉及该年的期限均为暂定；"
            "国务院办公厅的通知公布后，请用 zhaodan holidays 文件 载入。"
        )


def _add_clock(command: argparse.ArgumentParser) -> None:
    command.add_argument("vectors", type=Path, help="one JSON object a line: id, start, amount, unit, …")
    command.add_argument("--out", type=Path, help="where the answers go; without it, to the screen")


COMMANDS = {
    "clock": Command(clock, _add_clock),
    "holidays": Command(holidays, lambda p: p.add_argument("file", nargs="?", type=Path)),
}

"""`zhaodan up` and `zhaodan demo`: everything together, for real use and for show. 启动和演示"""

import argparse
import os
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlmodel import select

from demo import show
from demo.story import STORIES
from demo.story import load_people as demo_people
from models.accounts import issue_token
from models.database import register
from models.handbook import editions
from models.holidays import calendar_of
from models.rules.deadlines import beijing_day
from models.settings import SettingsError, settings
from models.tables import Person
from notifications.addresses import add_channel
from processes import Plan, Supervisor, start_system
from zhaodan.people import load, open_register, print_passwords
from zhaodan.periods import warn_of_missing_year
from zhaodan.running import Command


def up(options: argparse.Namespace) -> int:
    """Start everything and stay up until somebody asks to stop. 启动"""
    chosen = settings()
    if options.demo and chosen.environment == "production":
        raise SettingsError(
            "Demonstration people are refused in production: unset ZHAODAN_ENVIRONMENT or --demo."
        )
    editions()  # a handbook that cannot be used is found now, not by the first case
    with Supervisor(chosen.data_dir) as supervisor:
        open_register()
        with register().reading() as session:
            warn_of_missing_year(calendar_of(session), beijing_day(datetime.now(UTC)))
        plan = Plan(chosen.host, chosen.port, chosen.prefect_port, chosen.work_pool)
        running = start_system(supervisor, plan)
        if options.demo:
            print_passwords(load(demo_people()))
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
    open_register()
    load(demo_people())
    with register().writing() as session:
        named = {p.username: p.id or 0 for p in session.exec(select(Person))}
        for username, url in channels.items():
            add_channel(session, named[username], "办公消息", url)
        at = datetime.now(UTC)
        return {u: issue_token(session, named[u], "演示", now=at) for u in usernames}


COMMANDS = {
    "up": Command(up, lambda p: p.add_argument("--demo", action="store_true")),
    "demo": Command(demo, lambda p: p.add_argument("story", nargs="?", default="r2", choices=STORIES)),
}

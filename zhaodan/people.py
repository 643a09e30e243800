"""`zhaodan migrate`, `people` and `token`: a register, who is in it, and how a program gets in. 登记库和名册"""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path

import yaml
from sqlmodel import select

from models.accounts import issue_token
from models.database import register
from models.directory import load_people
from models.migrate import upgrade
from models.rules.deadlines import beijing_day
from models.settings import SettingsError, settings
from models.tables import Person
from notifications.addresses import load_channels
from zhaodan.running import Command


def migrate(_: argparse.Namespace) -> int:
    """Bring the register to the newest schema. 迁移"""
    open_register()
    print("登记库已是最新结构。")
    return 0


def people(options: argparse.Namespace) -> int:
    """Load a list of organs, people, their roles and notification channels. 导入名册"""
    try:
        raw = yaml.safe_load(options.file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as fault:
        raise SettingsError(f"{options.file} cannot be read: {fault}") from None
    open_register()
    print_passwords(load(raw))
    return 0


def token(options: argparse.Namespace) -> int:
    """Issue a bearer token, shown this once. 签发令牌"""
    with register().writing() as session:
        person = session.exec(select(Person).where(Person.username == options.username)).first()
        if person is None or person.id is None:
            raise SettingsError(f"There is nobody with the username {options.username}.")
        print(issue_token(session, person.id, "command line", now=datetime.now(UTC)))
    return 0


def open_register() -> None:
    directory = settings().data_dir
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise SettingsError(
            f"The data directory {directory} cannot be made ({fault.strerror}): "
            "give the user who starts Zhaodan the right, or set ZHAODAN_DATA_DIR."
        ) from None
    upgrade(register().engine)


def load(raw: object) -> dict[str, str]:
    if not isinstance(raw, dict):
        raise SettingsError(
            "The list of people must have the parts `organs` and `people`; see demo/people.yaml."
        )
    with register().writing() as session:
        passwords = load_people(session, raw, since=date(beijing_day(datetime.now(UTC)).year, 1, 1))
        load_channels(session, raw, sender=settings().smtp_from)
        return passwords


def print_passwords(passwords: dict[str, str]) -> None:
    for username, password in passwords.items():
        print(f"{username:<14} 初始密码 {password}")
    if not passwords:
        print("名册中的人员都已存在，密码不变。")


COMMANDS = {
    "migrate": Command(migrate),
    "people": Command(people, lambda p: p.add_argument("file", type=Path)),
    "token": Command(token, lambda p: p.add_argument("username")),
}

"""Ten thousand notices to a mail server on the loopback, each in a talk of its own, noted before and after. 通知

Beside it, as the floor: the same number of mails from as many threads by the standard library, nothing noted.
"""

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage

import sqlalchemy as sa
from sqlmodel import SQLModel, func, select

from benchmarks.measure import Figure, Place
from benchmarks.people import a_bureau, now
from models.database import register
from models.tables import Channel, Notification
from notifications.messages import Message
from notifications.outbox import send_due
from processes import LOOPBACK, free_port, port_in_use

NOTICES = 10_000
THREADS = 8  # as many as the outbox sends side by side
TARGET = 100.0
MESSAGE = Message(
    "【照单】待办：调查核实，最迟 2026年4月14日（周二），章云市监责〔2026〕1号",
    "您有一件新待办：调查核实\n请核实事实，逐项对照履职清单作出认定。\n最迟办理日：2026年4月14日（周二）\n请登录照单办理。\n",
)


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """Send what waits, round after round, until nothing waits any more."""
    notices = NOTICES // (20 if quick else 1)
    with _mail_server() as port:
        floor = _floor(port, notices // 5)
        _wait_for_their_time(port, notices)
        started = time.perf_counter()
        while send_due(register(), now=now).delivered:
            pass
        took = time.perf_counter() - started
    with register().reading() as session:
        count = select(func.count()).where(Notification.channel == "mail", Notification.state == "delivered")
        delivered = session.exec(count).one()
    if delivered != notices:
        raise AssertionError(f"{delivered} of {notices} notices arrived")
    speed = notices / took
    return [
        Figure(
            "notices",
            place.database,
            round(speed, 1),
            "notices/s",
            f">= {TARGET:.0f}",
            speed >= TARGET,
            {"bare mails/s": round(floor, 1), "of floor": round(speed / floor, 3), "notices": notices},
        )
    ]


def _wait_for_their_time(port: int, notices: int) -> None:
    """Rows as the outbox leaves them for later: everybody in the bureau has a mailbox."""
    people = list(a_bureau(register()).ids.values())
    moment = now()
    with register().writing() as session:
        session.add_all(
            Channel(
                person_id=number,
                name="mail",
                url=f"mailto://{LOOPBACK}:{port}?to=p{number}@example.org&from=office@example.org",
            )
            for number in people
        )
        rows = [
            {
                "key": f"bench:{n}",
                "person_id": people[n % len(people)],
                "channel": "mail",
                "subject": MESSAGE.subject,
                "body": MESSAGE.body,
                "entry": "",
                "state": "waiting",
                "digest": False,
                "attempts": 0,
                "error": "",
                "created_at": moment,
                "due_at": moment - timedelta(seconds=1),
            }
            for n in range(notices)
        ]
        session.connection().execute(sa.insert(SQLModel.metadata.tables["notification"]), rows)


@contextmanager
def _mail_server() -> Iterator[int]:
    """A mail server that takes everything and keeps nothing, in a process of its own."""
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "aiosmtpd", "--nosetuid"),
            *("--listen", f"{LOOPBACK}:{port}", "--class", "aiosmtpd.handlers.Sink"),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 10
        while not port_in_use(port) and time.monotonic() < until:
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()


def _floor(port: int, mails: int) -> float:
    def one(number: int) -> None:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = MESSAGE.subject, "a@example.org", f"p{number}@example.org"
        mail.set_content(MESSAGE.body)
        with smtplib.SMTP(LOOPBACK, port, timeout=10) as talk:
            talk.send_message(mail)

    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as side_by_side:
        list(side_by_side.map(one, range(mails)))
    return mails / (time.perf_counter() - started)

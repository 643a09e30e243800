"""Noting who reads what, without making anybody wait for it twice. 查阅留痕"""

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from api.deps import clock
from models.database import Register
from models.queries import case_facts, narrow
from models.readings import Look, ReadKind, enter_readings
from models.rules.capacity import capacity
from models.rules.deadlines import beijing_day
from models.rules.permissions import Actor, CaseFacts
from models.settings import settings

PAUSE_S = 30.0  # repeats are written at most this often


class ReadLog:
    """The first reading of a thing on a day is on record before it is shown; repeats are counted and written together.

    So nothing is read without a trace, whatever happens to this process, and only the first look costs a commit.
    It writes on a connection of its own: whoever looks still holds a reading one, and many who look at once would
    otherwise wait for each other's. They stand in line, and whoever has the turn writes for all who wait.
    """

    def __init__(self, *, tick: Callable[[], float] = time.monotonic) -> None:
        self._tick = tick
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._known: set[Look] = set()
        self._waiting: dict[Look, str] = {}
        self._repeats: dict[Look, int] = {}
        self._flushed = tick()

    @cached_property
    def _register(self) -> Register:
        return Register(settings().register_url, pool_size=1)

    def note(self, look: Look, capacity: Callable[[], str]) -> None:
        """Put a look on record. Raises what the register raises when the first one cannot be written."""
        with self._lock:
            known = look in self._known
            if known:
                self._repeats[look] = self._repeats.get(look, 0) + 1
            due = self._tick() - self._flushed > PAUSE_S
        if not known:
            self._write_first(look, capacity())
        if due:
            self.flush()

    def _write_first(self, look: Look, capacity: str) -> None:
        with self._lock:
            self._waiting[look] = capacity
        with self._turn:
            with self._lock:
                if look in self._known:
                    return  # written by who had the turn before
                waiting, self._waiting = {**self._waiting, look: capacity}, {}
            with self._register.writing() as session:
                enter_readings(session, {one: (1, said) for one, said in waiting.items()})
            with self._lock:
                # Yesterday's looks need not be remembered: they cannot happen again.
                self._known = {one for one in self._known if one.day == look.day} | set(waiting)

    def flush(self) -> None:
        """Write the repeats counted so far."""
        with self._lock:
            repeats, self._repeats, self._flushed = self._repeats, {}, self._tick()
        if repeats:
            with self._turn, self._register.writing() as session:
                enter_readings(session, {look: (times, "") for look, times in repeats.items()})

    def close(self) -> None:
        """Write what is counted and give the connection back."""
        self.flush()
        self._register.close()


def get_read_log(request: Request) -> ReadLog:
    """The log of this process."""
    log: ReadLog = request.app.state.read_log
    return log


ReadLogDep = Annotated[ReadLog, Depends(get_read_log)]


def note_case(log: ReadLog, actor: Actor, case_id: str, facts: CaseFacts) -> None:
    """Note that somebody has read the file; an officer who sees only what concerns oneself has not."""
    if not narrow(actor, facts):
        look = Look(case_id, actor.person_id, ReadKind.CASE, 0, beijing_day(clock()))
        log.note(look, lambda: capacity(actor, facts))


def note_object(
    log: ReadLog, session: Session, actor: Actor, case_id: str, *, kind: ReadKind, object_id: int
) -> None:
    """Note that somebody has opened a piece of evidence or a paper."""
    look = Look(case_id, actor.person_id, kind, object_id, beijing_day(clock()))
    log.note(look, lambda: capacity(actor, case_facts(session, case_id)[1]))

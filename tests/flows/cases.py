"""Cases in the real register, moved by people, and what the office did for them. 测试案件"""

import http.server
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any, Self

from sqlmodel import col, delete, select

from models.rules.lifecycle import Stage
from models.tables import Case, Channel, Document, Effect, Event, Notification, Publication
from tasks.office import office_work
from tests.builders import Bureau, Told, a_case

AFTER = dict(zip(list(Stage), list(Stage)[1:], strict=False))


class SlowListener:
    """A real HTTP listener that takes its time to accept a notice."""

    def __init__(self, seconds: float = 0.5) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name http.server calls
                self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(seconds)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class Cases:
    """People open cases and move them; each step is an act of casework."""

    def __init__(self, bureau: Bureau, listener: SlowListener) -> None:
        self._bureau = bureau
        self._listener = listener
        self._told: dict[str, Told] = {}

    def open(self, stage: str = "intake") -> str:
        """Register a case and let people carry it to a stage."""
        told = a_case(self._bureau)
        told.to(Stage(stage))
        self._told[told.case_id] = told
        return told.case_id

    def move_on(self, case_id: str, *, owing_nothing: bool = False) -> None:
        """Let people do what the present stage asks of them; the office may be through before anybody looks."""
        told = self._told[case_id]
        told.to(AFTER[Stage(told.case().stage)])
        if owing_nothing:
            office_work(case_id)

    def send_back(self, case_id: str) -> None:
        """The legal reviewer finds that facts are missing."""
        told = self._told[case_id]
        told.answer(
            told.item("legal-review"), {"verdict": "supplement", "reason": "缺少复核笔录，退回补充核实。"}
        )

    def archive(self, case_id: str) -> None:
        """Let people do all that is left."""
        self._told[case_id].to_the_end()

    def deliver_slowly(self) -> None:
        """Give everybody a channel that takes its time, so that a stage has a middle."""
        with self._bureau.register.writing() as session:
            session.add_all(
                Channel(person_id=person, name="slow", url=self._listener.url)
                for person in self._bureau.ids.values()
            )

    def deliver_at_once(self) -> None:
        """Take that channel away again."""
        with self._bureau.register.writing() as session:
            session.exec(delete(Channel).where(col(Channel.name) == "slow"))

    def is_in_the_middle(self, case_id: str) -> bool:
        """Is the office at an effect that it has claimed and not done?"""
        with self._bureau.register.reading() as session:
            claimed = select(Effect).where(Effect.case_id == case_id, Effect.state == "claimed")
            return session.exec(claimed).first() is not None

    def snapshot(self, case_id: str) -> list[str]:
        """Everything the register says about a case."""
        with self._bureau.register.reading() as session:
            rows = [session.get_one(Case, case_id)]
            for table in (Effect, Event, Document, Notification, Publication):
                rows += session.exec(select(table).where(table.case_id == case_id).order_by(table.id)).all()
            return [row.model_dump_json() for row in rows]

    def times_done(self, case_id: str) -> dict[str, int]:
        """How often each effect was done, by what it left in the register."""
        with self._bureau.register.reading() as session:
            effects = session.exec(select(Effect).where(Effect.case_id == case_id)).all()
            papers = session.exec(select(Document.key).where(Document.case_id == case_id)).all()
            events = session.exec(select(Event).where(Event.case_id == case_id)).all()
        filed = Counter(papers)
        told = Counter((e.tag, e.data.get("sha256")) for e in events if e.tag == "document:filed")
        times = {e.key: int(e.state == "done") for e in effects}
        times |= {e.key: filed[e.key] for e in effects if e.kind in ("document", "bundle")}
        return times | {f"filed {key}": number for key, number in told.items()}

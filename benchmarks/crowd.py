"""A register full of cases: one case carried there by casework, its rows copied many times. 满库

Ids, respondents and the event chain of every copy are its own, so each one can be worked on and verified.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from models.casework.record import link_hash
from models.database import Register
from models.tables import Event

# In the order of their foreign keys; papers and notices are the office's, which is not at work here.
COPIED = (
    *("case_file", "respondent", "participation", "allegation", "evidence", "finding", "fact", "match"),
    *("work_item", "seat", "ballot", "decision", "clearing", "clock", "effect", "event"),
)


def _leading_to(table: str) -> Mapping[str, frozenset[str]]:
    return {
        name: frozenset(
            column.name
            for column in SQLModel.metadata.tables[name].columns
            if any(key.column.table.name == table for key in column.foreign_keys)
        )
        for name in COPIED
    }


_PERSON, _ORGAN = _leading_to("person"), _leading_to("organ")
BATCH = 250  # cases per insert
Row = dict[str, Any]


@dataclass(frozen=True)
class Elsewhere:
    """Another bureau with the same people: who and which organ there stands for whom and which here."""

    people: Mapping[int, int]
    organs: Mapping[int, int]


HERE = Elsewhere({}, {})


def copy_case(
    register: Register, case_id: str, copies: int, *, bureaus: Sequence[Elsewhere] = (HERE,)
) -> list[str]:
    """Copy a case, to these bureaus in turn; returns the ids of the copies.

    Whatever the office owed for the original is done for them.
    """
    with register.reading() as session:
        rows = {name: _rows(session.connection(), name, case_id) for name in COPIED}
        number = session.connection().execute(sa.text("SELECT max(number) FROM case_file")).scalar_one()
        free = session.connection().execute(sa.text("SELECT max(id) FROM respondent")).scalar_one() + 1
    made: list[str] = []
    for begin in range(0, copies, BATCH):
        batch: dict[str, list[Row]] = {name: [] for name in COPIED}
        for turn in range(min(BATCH, copies - begin)):
            number += 1
            copy = _Copy(rows, number, free, bureaus[(begin + turn) % len(bureaus)])
            free += len(rows["respondent"])
            made.append(copy.case_id)
            for name, row in copy.rows():
                batch[name].append(row)
        with register.writing() as session:
            for name in COPIED:
                if batch[name]:
                    session.connection().execute(SQLModel.metadata.tables[name].insert(), batch[name])
    _raise_numbers(register, number, free)
    return made


class _Copy:
    """One copy of the original's rows, under names of its own."""

    def __init__(
        self, original: Mapping[str, list[Row]], number: int, respondent_id: int, bureau: Elsewhere
    ) -> None:
        self._original = original
        self._bureau = bureau
        self._number = number
        self.case_id = uuid.uuid4().hex
        self._names = {original["case_file"][0]["id"]: self.case_id}
        self._names |= {item["id"]: uuid.uuid4().hex for item in original["work_item"]}
        self._people = {row["id"]: respondent_id + i for i, row in enumerate(original["respondent"])}
        self._head = ""

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Table and row; the case comes with the head of its own chain."""
        copied = {name: [self._row(name, row) for row in self._original[name]] for name in COPIED}
        copied["event"] = [self._link(row) for row in copied["event"]]
        copied["case_file"][0] |= {"number": self._number, "head": self._head}
        for name in COPIED:
            for row in copied[name]:
                yield name, row

    def _row(self, table: str, row: Row) -> Row:
        new = {name: self._renamed(value) for name, value in row.items()}
        if "respondent_id" in row:
            new["respondent_id"] = self._people.get(row["respondent_id"])
        if table == "respondent":
            new["id"] = self._people[row["id"]]
        elif isinstance(row["id"], int):
            del new["id"]
        if table == "work_item" and row["respondent_id"] is not None:
            new["slot"] = str(new["respondent_id"])
        for name in _PERSON[table] & new.keys():
            new[name] = self._bureau.people.get(new[name], new[name])
        for name in _ORGAN[table] & new.keys():
            new[name] = self._bureau.organs.get(new[name], new[name])
        if table == "work_item" and row["slot"] and row["slot"] == str(row["assignee_id"]):
            new["slot"] = str(new["assignee_id"])
        if table == "effect":
            new |= {"state": "done", "done_at": row["owed_at"], "attempts": 1}
        return new

    def _renamed(self, value: Any) -> Any:
        """A value with the names of the copy, however deep they lie."""
        if isinstance(value, str):
            for old, new in self._names.items():
                value = value.replace(old, new) if old in value else value
            return value
        if isinstance(value, dict):
            return {
                key: self._people.get(inner, inner) if key == "respondent" else self._renamed(inner)
                for key, inner in value.items()
            }
        return [self._renamed(inner) for inner in value] if isinstance(value, list) else value

    def _link(self, row: Row) -> Row:
        event = Event(**row)
        previous, self._head = self._head, link_hash(self._head, event)
        return row | {"prev_hash": previous, "hash": self._head}


def _rows(connection: sa.Connection, name: str, case_id: str) -> list[Row]:
    table = SQLModel.metadata.tables[name]
    of_case = table.c.id if name == "case_file" else table.c.case_id
    found = connection.execute(sa.select(table).where(of_case == case_id).order_by(table.c.id))
    return [dict(row) for row in found.mappings()]


def _raise_numbers(register: Register, number: int, respondent_id: int) -> None:
    with register.writing() as session:
        connection = session.connection()
        last = sa.text("UPDATE serial SET last = :last WHERE series = 'case'")
        connection.execute(last, {"last": number})
        if connection.dialect.name == "postgresql":
            raise_to = sa.text("SELECT setval(pg_get_serial_sequence('respondent', 'id'), :id)")
            connection.execute(raise_to, {"id": respondent_id})
    if register.engine.dialect.name == "postgresql":
        with register.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE"))

"""The migrations build exactly the tables of the code, on both databases. 迁移与表结构一致"""

import re

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.schema import CreateIndex
from sqlmodel import SQLModel, select

from models import tables  # noqa: F401  # fills the metadata
from models.casework import verify_deposits
from models.database import Register
from models.migrate import _config, current, newest, upgrade
from models.rules.lifecycle import Stage
from models.tables import Deposit, Notification, PaperNumber
from processes import PROJECT
from tasks.office import office_work
from tests.builders import a_bureau, a_case
from tests.models.test_depositing import filed

VERSIONS = PROJECT / "models" / "migrations" / "versions"


def differences(engine: sa.Engine) -> list[object]:
    """What alembic would still have to change, types included."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))


def _columns(constraint: dict[str, object]) -> tuple[object, ...]:
    return tuple(constraint["column_names"])  # type: ignore[arg-type]


def test_the_migrated_schema_is_the_one_of_the_tables(register: Register):
    assert differences(register.engine) == []


def test_a_missing_index_and_a_missing_constraint_would_be_noticed(register: Register):
    """The comparison is only worth something when it can fail."""
    planned = SQLModel.metadata.tables["effect"]
    extra = sa.Index("ix_effect_planted", planned.c.stage)
    try:
        assert "ix_effect_planted" in str(differences(register.engine))
    finally:
        planned.indexes.discard(extra)
    assert differences(register.engine) == []


def test_every_unique_constraint_index_and_foreign_key_is_there_column_by_column(register: Register):
    """Alembic passes over some of these on SQLite, so they are read from the database itself."""
    inspector = sa.inspect(register.engine)
    missing = []
    for table in SQLModel.metadata.sorted_tables:
        unique = {_columns(c) for c in inspector.get_unique_constraints(table.name)}
        unique |= {_columns(i) for i in inspector.get_indexes(table.name) if i["unique"]}
        indexed = {(i["name"], _columns(i)) for i in inspector.get_indexes(table.name)}
        foreign = {
            (tuple(f["constrained_columns"]), f["referred_table"])
            for f in inspector.get_foreign_keys(table.name)
        }
        for constraint in table.constraints:
            names = tuple(constraint.columns.keys()) if isinstance(constraint, sa.UniqueConstraint) else None
            if names is not None and names not in unique:
                missing.append(f"{table.name}: unique {names}")
            if isinstance(constraint, sa.ForeignKeyConstraint):
                wanted = (tuple(constraint.column_keys), constraint.referred_table.name)
                if wanted not in foreign:
                    missing.append(f"{table.name}: foreign key {wanted}")
        missing += [
            f"{table.name}: index {index.name}"
            for index in table.indexes
            if len(index.columns) == len(index.expressions)
            and (index.name, tuple(index.columns.keys())) not in indexed
        ]
    assert missing == []


def test_an_index_of_an_expression_says_in_the_database_what_the_table_says(register: Register):
    """SQLAlchemy cannot read these back, so their words are compared."""
    wanted = [
        index
        for table in SQLModel.metadata.sorted_tables
        for index in table.indexes
        if len(index.columns) != len(index.expressions)
    ]
    assert {index.name for index in wanted} == {"ix_work_item_assigned", "ix_work_item_queue"}
    source = "SELECT sql FROM sqlite_master WHERE name = :name"
    if register.engine.dialect.name == "postgresql":
        source = "SELECT indexdef FROM pg_indexes WHERE indexname = :name"
    for index in wanted:
        with register.engine.connect() as connection:
            there = connection.execute(sa.text(source), {"name": index.name}).scalar_one()
        made = str(CreateIndex(index).compile(dialect=register.engine.dialect))
        assert _words(there) == _words(made)


def _words(statement: str) -> list[str]:
    """The words of an index, without what a database adds to them."""
    plain = re.sub(r"::[a-z ]+|USING btree|public\.|[()\",]|CREATE INDEX", " ", statement)
    return plain.upper().split()


def test_no_table_or_column_is_left_that_the_code_does_not_know(register: Register):
    inspector = sa.inspect(register.engine)
    there = {name: {c["name"] for c in inspector.get_columns(name)} for name in inspector.get_table_names()}
    there.pop("alembic_version")
    assert there == {t.name: set(t.columns.keys()) for t in SQLModel.metadata.sorted_tables}


def test_every_constraint_has_a_name_so_that_a_later_migration_can_change_it(register: Register):
    inspector = sa.inspect(register.engine)
    nameless = [
        f"{table}: {constraint}"
        for table in inspector.get_table_names()
        for constraint in [
            *inspector.get_unique_constraints(table),
            *inspector.get_foreign_keys(table),
            *inspector.get_check_constraints(table),
        ]
        if not constraint["name"]
    ]
    assert nameless == []


def _revision_of(engine: sa.Engine) -> str | None:
    return current(engine.execution_options(reading=True))


@pytest.fixture
def _one_person(register: Register) -> None:
    row = {
        "code": "jx",
        "name": "江西省市场监督管理局",
        "mark": "赣市监",
        "level": "province",
        "parent_id": None,
    }
    organ = SQLModel.metadata.tables["organ"]
    with register.engine.begin() as connection:
        connection.execute(organ.insert().values(row))


@pytest.mark.usefixtures("_one_person")
def test_upgrading_twice_is_harmless(register: Register):
    assert _revision_of(register.engine) == newest()
    upgrade(register.engine)
    upgrade(register.engine)
    assert _revision_of(register.engine) == newest()
    assert differences(register.engine) == []
    with register.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM organ")).scalars().all() == [
            "江西省市场监督管理局"
        ]


def test_officers_keep_the_sight_of_cases_accepted_before_the_rule(register: Register):
    bureau = a_bureau(register)
    accepted, registered = a_case(bureau).to(Stage.VERIFICATION), a_case(bureau)
    with register.engine.begin() as connection:
        command.downgrade(_config(connection), "0001")
    upgrade(register.engine)
    assert accepted.case().announced_at == accepted.case().registered_at
    assert registered.case().announced_at is None
    assert differences(register.engine) == []


def test_a_claim_of_before_is_no_arrival_after_the_upgrade(register: Register):
    bureau = a_bureau(register)
    at = bureau.now()
    with register.writing() as session:
        for state in ("sending", "delivered"):
            session.add(
                Notification(
                    key=state,
                    person_id=bureau.ids["luo.ying"],
                    channel="mail",
                    subject="待办",
                    body="待办",
                    state=state,
                    created_at=at,
                    **{"claimed_at" if state == "sending" else "delivered_at": at},
                )
            )
    with register.engine.begin() as connection:
        command.downgrade(_config(connection), "0001")
        moments = connection.execute(sa.text("SELECT count(delivered_at) FROM notification")).scalar_one()
    assert moments == 2
    upgrade(register.engine)
    with register.reading() as session:
        kept = {n.key: (n.claimed_at, n.delivered_at) for n in session.exec(select(Notification))}
    assert kept == {"sending": (at, None), "delivered": (None, at)}


def test_papers_numbered_before_are_in_the_register_of_numbers(register: Register):
    told = a_case(a_bureau(register)).to(Stage.VERIFICATION)
    office_work(told.case_id)

    def kept() -> set[tuple[object, ...]]:
        with register.reading() as session:
            rows = session.exec(select(PaperNumber))
            return {(r.organ_id, r.series, r.year, r.number, r.state, r.document_id, r.case_id) for r in rows}

    before = kept()
    with register.engine.begin() as connection:
        command.downgrade(_config(connection), "0012")
    upgrade(register.engine)
    assert kept() == before != set()


def test_a_superior_is_not_told_of_an_old_deposit_as_if_it_had_come_today(register: Register):
    row = filed(a_bureau(register))
    with register.engine.begin() as connection:
        command.downgrade(_config(connection), "0016")
    upgrade(register.engine)
    with register.reading() as session:
        kept = session.get_one(Deposit, row.id)
        assert (kept.noticed_at, kept.reminded_at, kept.file_name) == (row.filed_at, None, "")
        assert verify_deposits(session) == []


def test_migrations_are_numbered_in_one_line_and_say_what_they_do():
    numbers = []
    for path in sorted(VERSIONS.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        revision = re.search(r'^revision\b.*?=\s*"(\w+)"', text, re.MULTILINE)
        assert revision is not None, path.name
        assert path.name.startswith(f"{revision[1]}_"), path.name
        numbers.append(revision[1])
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]
    assert newest() == numbers[-1]

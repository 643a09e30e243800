"""Imports point down, never sideways or up; the rules stay pure; modules stay small. 架构约束"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from processes import PROJECT

OURS = ("api", "benchmarks", "demo", "flows", "models", "notifications", "processes", "tasks", "zhaodan")
OUTSIDE = ("tests", "benchmarks", "build", "var", ".venv")  # what looks at everything, and what is not source
Layer = tuple[frozenset[str], frozenset[str]]


def _layer(ours: str, third_party: str = "") -> Layer:
    return frozenset(ours.split()), frozenset(third_party.split())


# Path prefix: (ours, third party). The longest prefix wins.
LAYERS: Mapping[str, Layer] = {
    # What the procedure says: pure.
    "models/rules/": _layer("models.rules"),
    # What we store. Nothing here knows who asks.
    "models/": _layer("models", "pydantic sqlalchemy sqlmodel"),
    "models/accounts.py": _layer("models", "pwdlib sqlalchemy sqlmodel"),
    "models/answers.py": _layer("models.rules", "pydantic"),
    "models/calendar.py": _layer("models.rules", "chinese_calendar"),
    "models/casework/": _layer(
        "models.answers models.calendar models.casework models.certificates models.database models.dossier.terms"
        " models.declarations models.files models.handbook models.holidays models.readings models.rules"
        " models.standing_in models.tables models.transcripts models.vault",
        "sqlalchemy sqlmodel",
    ),
    "models/certificates.py": _layer("models.rules models.settings", "cryptography"),
    "models/database.py": _layer("models.settings", "sqlalchemy sqlmodel"),
    "models/dossier/": _layer("models.dossier models.handbook models.rules models.tables", "sqlmodel"),
    "models/files.py": _layer("models.rules models.settings"),
    "models/handbook/": _layer("models.handbook models.rules models.settings", "yaml"),
    "models/holidays.py": _layer(
        "models.calendar models.handbook.reading models.rules models.tables", "sqlmodel yaml"
    ),
    "models/jsonl.py": _layer(""),
    "models/migrate.py": _layer("", "alembic sqlalchemy"),
    "models/migrations/env.py": _layer("models.database models.tables", "alembic sqlmodel"),
    # A migration must run long after the tables have changed, so it never sees them.
    "models/migrations/versions/": _layer("", "alembic sqlalchemy"),
    # Periods by the line: the rules, and the calendar they are given.
    "models/reckoning.py": _layer("models.jsonl models.rules"),
    "models/settings.py": _layer("", "pydantic pydantic_settings"),
    "models/settings_table.py": _layer("models.settings"),
    # Suggestions: an edition and a text go in, a proposal comes out.
    "models/suggestion/": _layer(
        "models.handbook models.jsonl models.rules models.suggestion", "numpy scipy"
    ),
    "models/suggestion/baselines.py": _layer("models.handbook models.suggestion", "jieba numpy"),
    "models/tables.py": _layer("models.database models.rules", "sqlalchemy sqlmodel"),
    "models/declarations.py": _layer("models.answers models.rules", "pydantic"),
    "models/transcripts.py": _layer("models.answers", "pydantic"),
    "models/vault.py": _layer("models.rules models.settings", "cryptography"),
    # Saying it once.
    "notifications/": _layer("models notifications", "apprise icalendar jinja2 sqlmodel"),
    # The office's hands.
    "tasks/": _layer("models notifications tasks", "jinja2 prefect sqlalchemy sqlmodel"),
    "tasks/sealing.py": _layer("models.settings", "PIL asn1crypto cryptography"),
    "tasks/documents/word.py": _layer("tasks.documents", "docx"),
    # Order and waiting.
    "flows/": _layer("flows models.queries models.rules tasks", "prefect"),
    "flows/deployments.py": _layer("", "prefect yaml"),
    "flows/worker.py": _layer("flows tasks", "anyio httpx prefect"),
    # The people's door: it sees no flow, task or notification.
    "api/": _layer(
        "api models",
        "anyio babel fastapi jinja2 markupsafe pydantic python_multipart sqlalchemy sqlmodel starlette",
    ),
    # How large a picture is that somebody handed in.
    "api/previews.py": _layer("api models", "PIL fastapi sqlmodel"),
    "api/wake.py": _layer("models.settings", "prefect"),
    # The demonstration stands outside, like anybody who uses the API.
    "demo/": _layer("demo processes", "httpx rich yaml"),
    "demo/story.py": _layer("", "yaml"),
    # Starting and stopping processes needs nothing of what runs in them.
    "processes.py": _layer(""),
    # The command line. The list of commands needs nothing; each command, what it does.
    "zhaodan/": _layer("models notifications zhaodan", "rich sqlalchemy sqlmodel yaml"),
    "zhaodan/__init__.py": _layer(""),
    "zhaodan/dossiers.py": _layer("models tasks zhaodan.running", "rich"),
    "zhaodan/running.py": _layer("models processes", "sqlalchemy"),
    "zhaodan/verifying.py": _layer("models tasks zhaodan.running", "sqlalchemy"),
    # The composition root: the only file that sees every part.
    "zhaodan/starting.py": _layer("demo models notifications processes zhaodan", "sqlmodel"),
}

# Where everything may be caught, and why. One line per handler.
CATCH_ALL = {
    "api/wake.py": "whatever is wrong with Prefect, the act of a person is done and the sweep catches up",
    "flows/worker.py": "one run must not end the worker",
    "tasks/layouts.py": "one paper that cannot be laid out must not keep the others from it",
    "tasks/office.py": "one paper that cannot be made must not keep an officer from a notice",
}

LONGEST = 500  # lines
# Generated once and read by a person, then never touched again; and the tables, which are read one by one.
FREE_OF_SIZE = ("models/migrations/versions/", "models/tables.py")

# Standard library a rule may use: nothing that knows the time, the machine or chance.
PURE = frozenset(
    [
        "bisect",
        "calendar",
        "collections",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "itertools",
        "math",
        "operator",
        "re",
        "string",
        "types",
        "typing",
    ]
)
CLOCKS = frozenset({"now", "utcnow", "today", "time", "monotonic"})


def modules(root: Path) -> Iterator[Path]:
    """Every module of the product below a root."""
    for path in sorted(root.rglob("*.py")):
        first = path.relative_to(root).parts[0]
        if first not in OUTSIDE:
            yield path


def name_of(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def layer_of(name: str) -> Layer | None:
    fitting = [
        prefix for prefix in LAYERS if name == prefix or (prefix[-1] == "/" and name.startswith(prefix))
    ]
    return LAYERS[max(fitting, key=len)] if fitting else None


def imports(tree: ast.AST, root: Path) -> Iterator[str]:
    """Every module imported anywhere in it, inside functions too; `from a import b` is a.b when that is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = node.module or ""
            if node.level:
                yield "." * node.level + whole
                continue
            for alias in node.names:
                part = root.joinpath(*whole.split("."), alias.name)
                is_module = part.is_dir() or part.with_suffix(".py").exists()
                yield f"{whole}.{alias.name}" if is_module else whole


def breaches(root: Path) -> list[str]:
    """Every import that the table does not allow, as `file: module`."""
    found = []
    for path in modules(root):
        name = name_of(path, root)
        layer = layer_of(name)
        if layer is None:
            found.append(f"{name}: has no line in LAYERS")
            continue
        for wanted in sorted(set(imports(ast.parse(path.read_text(encoding="utf-8")), root))):
            if not allowed(wanted, layer):
                found.append(f"{name}: {wanted}")
    return found


def allowed(wanted: str, layer: Layer) -> bool:
    ours, third_party = layer
    top = wanted.split(".")[0]
    if top in OURS:
        return any(wanted == module or wanted.startswith(f"{module}.") for module in ours)
    return top in third_party or (top != "" and top in sys.stdlib_module_names)


TREES = {name_of(path, PROJECT): ast.parse(path.read_text(encoding="utf-8")) for path in modules(PROJECT)}


def test_imports_point_down():
    assert breaches(PROJECT) == []


def test_every_line_of_the_table_is_about_something_that_exists():
    assert [prefix for prefix in LAYERS if not (PROJECT / prefix).exists()] == []


@pytest.mark.parametrize(
    ("file", "line", "wanted"),
    [
        ("models/rules/bad.py", "import sqlmodel", "sqlmodel"),
        ("models/rules/bad.py", "from models.tables import Case", "models.tables"),
        ("models/rules/bad.py", "def late():\n    from models import tables", "models.tables"),
        ("models/casework/bad.py", "from models.queries import inbox", "models.queries"),
        ("models/bad.py", "import prefect", "prefect"),
        ("models/migrations/versions/0009_bad.py", "from models.tables import Case", "models.tables"),
        ("notifications/bad.py", "from tasks import office", "tasks"),
        ("tasks/bad.py", "import flows.sweep", "flows.sweep"),
        ("flows/bad.py", "from models import casework", "models"),
        ("flows/bad.py", "from models.database import register", "models.database"),
        ("api/bad.py", "from prefect.client.orchestration import get_client", "prefect.client.orchestration"),
        ("api/bad.py", "if True:\n    from notifications.outbox import notify", "notifications.outbox"),
        ("api/wake.py", "import fastapi", "fastapi"),
        ("demo/bad.py", "from models.database import register", "models.database"),
        ("demo/story.py", "import httpx", "httpx"),
        ("api/bad.py", "from . import deps", "."),
        ("helpers/bad.py", "import os", "has no line in LAYERS"),
    ],
)
def test_a_planted_breach_is_caught(tmp_path: Path, file: str, line: str, wanted: str):
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "models" / "tables.py").write_text("import os\n")
    planted.write_text(f'"""Planted."""\n\n{line}\n')
    assert breaches(tmp_path) == [f"{file}: {wanted}"]


def test_what_the_table_allows_is_not_called_a_breach(tmp_path: Path):
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "good.py").write_text(
        "import asyncio\nfrom prefect import flow\nfrom models.rules.lifecycle import Stage\n"
        "from tasks.office import office_work\n"
    )
    assert breaches(tmp_path) == []


def test_every_import_stands_at_the_top_of_its_file():
    nested = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and node not in tree.body
    ]
    assert nested == []


def test_the_rules_use_only_the_pure_part_of_the_standard_library():
    used = {
        f"{name}: {wanted}"
        for name, tree in TREES.items()
        if name.startswith("models/rules/")
        for wanted in imports(tree, PROJECT)
        if wanted.split(".")[0] not in PURE | {"models"}
    }
    assert used == set()


def test_rules_and_casework_never_ask_what_time_it_is_and_rules_open_no_file():
    asked = [
        f"{name}:{node.lineno} {ast.unparse(node.func)}"
        for name, tree in TREES.items()
        if name.startswith(("models/rules/", "models/casework/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS)
            or (isinstance(node.func, ast.Name) and node.func.id == "open")
        )
    ]
    assert asked == []


def test_nobody_commits_but_the_block_that_opened_the_transaction():
    committed = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert committed == []


def _catches_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})
        for kind in kinds
    )


def test_everything_is_caught_only_where_a_reason_is_given():
    found = [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node)
    ]
    assert found == sorted(CATCH_ALL)
    for name in CATCH_ALL:
        lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
        start = next(number for number, line in enumerate(lines) if "except Exception" in line)
        assert any(line.lstrip().startswith("#") for line in lines[start + 1 : start + 4]), name


def test_no_module_is_longer_than_anybody_wants_to_read():
    long = {
        name: lines
        for name in TREES
        if not name.startswith(FREE_OF_SIZE)
        and (lines := len((PROJECT / name).read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}


def test_every_module_says_in_both_languages_what_it_is_for():
    silent = [
        name
        for name, tree in TREES.items()
        if tree.body
        and not name.startswith("models/migrations/versions/")
        and not any("\u4e00" <= letter <= "\u9fff" for letter in ast.get_docstring(tree) or "")
    ]
    assert silent == []

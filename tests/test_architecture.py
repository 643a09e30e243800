"""Imports point down, never sideways or up. 结构

The table is data; the longest prefix wins. A file may import what its row names, and the standard library.
"""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"models", "notifications", "tasks", "flows", "api", "demo", "processes", "zhaodan"}
SQL = {"sqlmodel", "sqlalchemy"}

LAYERS: dict[str, tuple[set[str], set[str]]] = {  # path prefix: (ours, third party)
    "models/rules/": ({"models.rules"}, set()),
    "models/calendar.py": ({"models.rules"}, {"chinese_calendar"}),
    "models/migrat": ({"models"}, {"sqlmodel", "sqlalchemy", "alembic"}),
    "models/settings.py": ({"models"}, {"pydantic", "pydantic_settings"}),
    "models/accounts.py": ({"models"}, SQL | {"pwdlib"}),
    "models/answers.py": ({"models"}, {"pydantic"}),
    "models/handbook/": ({"models.handbook", "models.rules"}, {"yaml"}),
    "models/": ({"models"}, SQL | {"pydantic"}),
    "notifications/": ({"models", "notifications"}, SQL | {"apprise", "jinja2"}),
    "tasks/": ({"models", "notifications", "tasks"}, SQL | {"jinja2", "prefect"}),
    "flows/": ({"flows", "tasks", "models.rules", "models.queries"}, {"prefect"}),
    "flows/deployments.py": ({"flows"}, {"prefect", "yaml"}),
    "flows/worker.py": ({"flows", "tasks"}, {"prefect", "httpx", "anyio"}),
    "api/": (
        {"api", "models"},
        SQL | {"fastapi", "starlette", "jinja2", "pydantic", "anyio", "python_multipart"},
    ),
    "api/wake.py": ({"api", "models"}, {"prefect", "httpx"}),
    "demo/": ({"demo", "processes"}, {"httpx", "rich", "yaml"}),
    "processes.py": (set(), set()),
    "zhaodan.py": (OURS, SQL | {"yaml"}),
}
CATCH_ALLS = {  # the only places that catch every exception, each with its reason beside it
    "api/wake.py",
    "flows/worker.py",
    "tasks/office.py",
}


def modules(root: Path) -> list[Path]:
    """Every module of the product under a root."""
    tops = [root / top for top in ("models", "notifications", "tasks", "flows", "api", "demo")]
    found = [path for top in tops if top.exists() for path in sorted(top.rglob("*.py"))]
    return found + [path for path in (root / "processes.py", root / "zhaodan.py") if path.exists()]


def imported(path: Path) -> set[str]:
    """Full names of what a module imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def breaches(root: Path) -> list[str]:
    """Every import that its row of the table does not allow."""
    found = []
    for path in modules(root):
        place = path.relative_to(root).as_posix()
        ours, theirs = LAYERS[max((p for p in LAYERS if place.startswith(p)), key=len)]
        for name in sorted(imported(path)):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names:
                continue
            allowed = (
                any(f"{name}.".startswith(f"{prefix}.") for prefix in ours) if top in OURS else top in theirs
            )
            if not allowed:
                found.append(f"{place} imports {name}")
    return found


def test_imports_point_down() -> None:
    assert breaches(ROOT) == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("models/rules/x.py", "from models.tables import Case"),
        ("models/rules/x.py", "import sqlalchemy"),
        ("api/x.py", "from tasks.office import standing"),
        ("api/x.py", "import prefect"),
        ("flows/x.py", "def f():\n    from models.casework import open_case"),
    ],
)
def test_a_planted_breach_is_found(tmp_path: Path, place: str, line: str) -> None:
    planted = tmp_path / place
    planted.parent.mkdir(parents=True)
    planted.write_text(line, encoding="utf-8")
    assert len(breaches(tmp_path)) == 1


def test_no_module_has_grown_past_reading() -> None:
    long = [
        p
        for p in modules(ROOT)
        if len(p.read_text(encoding="utf-8").splitlines()) > 500 and p.name != "tables.py"
    ]
    assert [p for p in long if "migrations" not in p.parts] == []


def test_everything_is_caught_only_where_the_reason_is_written() -> None:
    catching = {
        path.relative_to(ROOT).as_posix()
        for path in modules(ROOT)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    }
    assert catching == CATCH_ALLS

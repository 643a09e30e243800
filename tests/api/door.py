"""The door as a client meets it, with every person of the bureau holding a token. 测试客户端"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import SQLModel

from api.app import create_app
from models.accounts import issue_token
from models.database import Register
from models.settings import settings
from tests.builders import Bureau, Told, a_bureau

# What only the door decides is tried on one database; what the register decides, on both.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
QUIET = ("credential", "reading")  # signing in and reading are no acts on a case


class Door:
    """Requests by username."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.bureau: Bureau = a_bureau(register)
        self.app: FastAPI = create_app()
        self.client = TestClient(self.app, raise_server_exceptions=False, base_url="http://zhaodan.test")
        with register.writing() as session:
            now = datetime.now(UTC)
            self.tokens = {u: issue_token(session, i, "test", now=now) for u, i in self.bureau.ids.items()}

    def ask(self, method: str, path: str, by: str | None = None, **options: Any) -> Response:
        """One request, with the person's token when somebody is named."""
        headers = dict(options.pop("headers", {}))
        if by is not None:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        return self.client.request(method, path, headers=headers, **options)

    def get(self, path: str, by: str | None = None, **options: Any) -> Response:
        """Read."""
        return self.ask("GET", path, by, **options)

    def post(self, path: str, by: str | None = None, **options: Any) -> Response:
        """Write."""
        return self.ask("POST", path, by, **options)

    def answer(
        self, item_id: str, content: Any, by: str, *, version: Any = 1, headers: Mapping[str, str] = {}
    ) -> Response:
        """Answer a work item."""
        said = {"If-Match": f'"{version}"', **headers}
        return self.post(f"/api/work-items/{item_id}/answer", by, json=content, headers=said)

    def tell(self, told: Told) -> Response:
        """Answer the first open item of a story over HTTP."""
        ready = [i for i in told.open_items() if i.kind != "close-session"] or told.open_items()
        item = ready[0]
        return self.answer(item.id, told.content(item), told.who(item), version=item.version)

    def dump(self) -> dict[str, str]:
        """Every table and every file, as hashes: what a refusal must not change."""
        tables = {}
        with self.register.reading() as session:
            for table in SQLModel.metadata.sorted_tables:
                if table.name not in QUIET:
                    rows = sorted(map(repr, session.execute(sa.select(table))))
                    tables[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        files = (settings().data_dir / "files").rglob("*")
        return tables | {"files": "\n".join(sorted(str(f) for f in files if f.is_file()))}


def refused(response: Response, status: int, code: str) -> dict[str, Any]:
    """A refusal in problem+json that says why; returns it."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json"), (
        response.text
    )
    problem: dict[str, Any] = response.json()
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert len(problem["detail"]) > 4
    assert any("\u4e00" <= char <= "\u9fff" for char in problem["detail"])
    assert "Traceback" not in response.text
    assert "sqlalchemy" not in response.text
    return problem

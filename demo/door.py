"""The demonstration's people at the door: everything they do goes over HTTP, each with their own token. 演示办理"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from demo.story import Item, Story

Told = Callable[[str], None]
PATIENCE_S = 30.0


@dataclass
class Door:
    """The API and the engine as seen from outside."""

    api_url: str
    prefect_api_url: str
    tokens: dict[str, str]
    tell: Told
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def get(self, username: str, path: str) -> Any:
        """Read as somebody."""
        answer = self.http.get(f"{self.api_url}{path}", headers=self._as(username))
        answer.raise_for_status()
        return answer.json()

    def text(self, username: str, path: str) -> str:
        """Read a paper as somebody."""
        answer = self.http.get(f"{self.api_url}{path}", headers=self._as(username))
        answer.raise_for_status()
        return answer.text

    def public(self, path: str) -> Any:
        """Read as the public, without signing in."""
        answer = self.http.get(f"{self.api_url}{path}")
        answer.raise_for_status()
        return answer.json()

    def post(self, username: str, path: str, **content: Any) -> httpx.Response:
        """Act as somebody."""
        headers = self._as(username) | content.pop("headers", {})
        return self.http.post(f"{self.api_url}{path}", headers=headers, **content)

    def _as(self, username: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[username]}"}

    # --- the engine -----------------------------------------------------------------------------

    def flow_run(self, case_id: str) -> dict[str, Any] | None:
        """The case's run as Prefect knows it."""
        wanted = {"flow_runs": {"name": {"any_": [f"case-{case_id}"]}}, "limit": 1, "offset": 0}
        found = self.http.post(f"{self.prefect_api_url}/flow_runs/filter", json=wanted).json()
        return found[0] if found else None

    def states(self, run_id: str) -> list[dict[str, Any]]:
        """The state history of a run, oldest first."""
        found = self.http.get(
            f"{self.prefect_api_url}/flow_run_states/", params={"flow_run_id": run_id}
        ).json()
        return sorted(found, key=lambda state: state["timestamp"])

    def wait_for_office(self, case_id: str, *, names: tuple[str, ...], papers: Callable[[], int]) -> None:
        """Wait until the run has rested in one of the states for a second and no new paper came."""
        deadline = time.monotonic() + PATIENCE_S
        before, still = -1, 0
        while time.monotonic() < deadline:
            run, count = self.flow_run(case_id), papers()
            rests = bool(run and run["state"] and run["state"]["name"] in names) and count == before
            still = still + 1 if rests else 0
            if still == 3:
                return
            before = count
            time.sleep(0.2)
        raise TimeoutError(
            f"the run of case {case_id} did not come to rest as {names} within {PATIENCE_S:.0f} s"
        )


@dataclass
class Casework:
    """One story carried through the door."""

    door: Door
    story: Story
    clerk: str = "luo.ying"
    case_id: str = ""
    number: str = ""
    respondents: dict[str, int] = field(default_factory=dict)
    proposed: list[tuple[int, str]] = field(default_factory=list)
    signed: list[dict[str, Any]] = field(default_factory=list)  # every item answered so far

    def register(self) -> None:
        """Register the case and hand in its evidence."""
        answer = self.door.post(self.clerk, "/api/cases", json=dict(self.story.case))
        _succeed(answer)
        self.case_id = answer.json()["id"]
        for piece in self.story.evidence:
            said = {name: piece[name] for name in ("kind", "collected_by", "proves", "formed_on")}
            file = {"file": (piece["file"], piece["content"].encode(), "text/plain")}
            _succeed(self.door.post(self.clerk, f"/api/cases/{self.case_id}/evidence", data=said, files=file))
        page = self.page()
        self.number = page["case"]["number"]
        self.respondents = {r["username"]: r["id"] for r in page["respondents"]}

    def page(self) -> dict[str, Any]:
        """The case as its manager sees it."""
        page: dict[str, Any] = self.door.get("cao.ran", f"/api/cases/{self.case_id}")
        return page

    def papers(self) -> int:
        """How many papers are filed."""
        return len(self.door.get("cao.ran", f"/api/cases/{self.case_id}/documents"))

    def act(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Let everybody who has something to do for this case do it once; the chair votes and closes last."""
        waiting = [(who, item) for who in self.door.tokens for item in self._inbox(who)]
        chair = next((who for who, item in waiting if item["kind"] == "close-session"), None)
        waiting.sort(key=lambda pair: (pair[1]["kind"] == "close-session", pair[0] == chair))
        seen: set[str] = set()
        for who, item in waiting:
            if item["id"] in seen or not self._is_for(who, item):
                continue
            seen.add(item["id"])
            if item["kind"] == "close-session" and len(waiting) > 1:
                continue
            self._answer(who, item)
            yield who, item

    def _inbox(self, username: str) -> list[dict[str, Any]]:
        items = self.door.get(username, "/api/work-items")["items"]
        return [i for i in items if i["case_id"] == self.case_id and i["kind"] in self.story.answers]

    def _is_for(self, username: str, item: dict[str, Any]) -> bool:
        # A queue is seen by everybody who holds the role; the story says who takes it.
        taker = self.story.actors.get(item["role"])
        return (
            taker is None or taker == username or item["role"] in ("investigator", "panel-member", "officer")
        )

    def _answer(self, username: str, item: dict[str, Any]) -> None:
        path = f"/api/work-items/{item['id']}"
        page = self.door.get(username, path)
        if item["kind"] == "legal-review":
            clauses = page["context"]["clauses"]
            self.proposed = [(c["respondent"], c["clause"]) for c in clauses if c["proposed"]]
        officer = next((u for u, rid in self.respondents.items() if rid == item["respondent_id"]), None)
        before = sum(one["kind"] == item["kind"] for one in self.signed)
        said = self.story.answer(Item(item["kind"], officer, before), self.respondents, self.proposed)
        headers = {"If-Match": f'"{page["item"]["version"]}"', "Idempotency-Key": f"demo-{item['id']}"}
        _succeed(self.door.post(username, f"{path}/answer", json=said, headers=headers))
        self.signed.append(item)


def _succeed(answer: httpx.Response) -> None:
    if answer.is_error:
        raise RuntimeError(
            f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        )

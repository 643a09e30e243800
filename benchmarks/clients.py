"""People at the door, in a process of their own: each reads a work item and answers it, or looks at pages. 客户端

Called by the door benchmark with one JSON document on standard input; prints the milliseconds of every answer.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from processes import PROJECT


class Client(threading.Thread):
    """One of them: a connection that stays open, one work item after another."""

    def __init__(
        self, port: int, work: "SimpleQueue[Mapping[str, Any]]", *, begin: float, end: float
    ) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._work = work
        self._begin, self._end = begin, end
        self.pause = 0.0
        self.reads: list[float] = []
        self.answers: list[float] = []
        self.bare: list[float] = []
        self.looks: dict[str, list[float]] = {}
        self.faults: list[str] = []

    def run(self) -> None:
        """Work until the time is over or nothing is left to do."""
        due = self._begin
        while True:
            time.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() >= self._end:
                return
            try:
                self._do(self._work.get_nowait())
            except Empty:
                return
            # Paced by the clock, so that a slow answer does not slow the crowd down.
            due += self.pause

    def _do(self, task: Mapping[str, Any]) -> None:
        took, _ = self._ask("GET", "/healthz", {}, None)
        self.bare.append(took)
        headers = {"Authorization": f"Bearer {task['token']}"}
        for name, looked_at in task.get("looks", {}).items():
            took, _ = self._ask("GET", looked_at, headers, None)
            self.looks.setdefault(name, []).append(took)
        if "item" in task:
            self._answer(task, headers)

    def _answer(self, task: Mapping[str, Any], headers: dict[str, str]) -> None:
        address = f"/api/work-items/{task['item']}"
        took, tag = self._ask("GET", address, headers, None)
        self.reads.append(took)
        headers |= {"If-Match": tag, "Idempotency-Key": task["item"], "Content-Type": "application/json"}
        took, _ = self._ask("POST", f"{address}/answer", headers, task["content"])
        self.answers.append(took)

    def _ask(self, method: str, address: str, headers: Mapping[str, str], content: Any) -> tuple[float, str]:
        body = None if content is None else json.dumps(content).encode()
        started = time.perf_counter()
        self._connection.request(method, address, body, dict(headers))
        answer = self._connection.getresponse()
        said = answer.read()
        took = (time.perf_counter() - started) * 1000
        if answer.status != 200:
            self.faults.append(f"{answer.status} to {method} {address}: {said.decode()[:300]}")
        return took, answer.headers.get("ETag", "")


def crowd(
    port: int, work: Sequence[Mapping[str, Any]], *, clients: int, pause: float, seconds: float
) -> dict[str, Any]:
    """Let so many people work in another process; returns what they measured, in milliseconds."""
    plan = {"port": port, "work": list(work), "clients": clients, "pause": pause, "seconds": seconds}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.clients"],
        cwd=PROJECT,
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"the clients failed:\n{done.stderr}")
    said: dict[str, Any] = json.loads(done.stdout)
    if said["faults"]:
        raise AssertionError(
            f"{len(said['faults'])} requests were refused, the first with {said['faults'][0]}"
        )
    return said


def main() -> None:
    """Read the plan, let the clients work, tell what they measured."""
    plan = json.load(sys.stdin)
    work: SimpleQueue[Mapping[str, Any]] = SimpleQueue()
    for task in plan["work"]:
        work.put(task)
    begin = time.monotonic() + 0.2
    clients = []
    for number in range(plan["clients"]):
        # People do not act in step: their turns are spread over the pause.
        late = plan["pause"] * number / plan["clients"]
        client = Client(plan["port"], work, begin=begin + late, end=begin + plan["seconds"])
        client.pause = plan["pause"]
        clients.append(client)
        client.start()
    for client in clients:
        client.join()
    said: dict[str, Any] = {
        name: [value for client in clients for value in getattr(client, name)]
        for name in ("answers", "reads", "bare", "faults")
    }
    seen = {name for client in clients for name in client.looks}
    said["looks"] = {
        name: [took for client in clients for took in client.looks.get(name, [])] for name in seen
    }
    json.dump(said | {"seconds": time.monotonic() - begin}, sys.stdout)


if __name__ == "__main__":
    main()

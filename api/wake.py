"""Telling Prefect that a case has moved: after the commit, off the request's path, at best effort. 唤醒

Losing a wake loses nothing, for the sweep repairs it; so no failure here ever reaches the person who acted.
"""

import logging
import threading
from collections import OrderedDict
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.responses import SetStateStatus

from models.settings import settings

log = logging.getLogger(__name__)

CASE_DEPLOYMENT = "accountability-case/case-lifecycle"
WAITING = 10_000  # cases that may wait for a wake; more are left to the sweep
TIMEOUT_S = 3.0
AGAIN_S = 1.0  # a run that is at work may have read the register just before the act: look again
AGAIN_MOST = 3
BREATH_S = 2.0  # after a failure, so that a Prefect that is down is not asked all the time


class Waker:
    """One background thread; a case that moves three times while it waits is woken once."""

    def __init__(self, api_url: str) -> None:
        self.api_url = api_url
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._client: SyncPrefectClient | None = None
        self._deployment: UUID | None = None
        self._failing = False
        self._again: dict[str, int] = {}

    def wake(self, case_id: str) -> None:
        """Note that a case has moved; returns at once."""
        with self._changed:
            self._waiting[case_id] = None
            if len(self._waiting) > WAITING:
                self._waiting.popitem(last=False)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()
            self._changed.notify()

    def stop(self) -> None:
        """End the thread; what still waits is left to the sweep."""
        self._stopping.set()
        with self._changed:
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(TIMEOUT_S + BREATH_S)

    def _run(self) -> None:
        while (case_id := self._next()) is not None:
            try:
                self._tell(case_id)
                self._failing = False
            except Exception as error:
                # Whatever is wrong with Prefect or the way to it, the act is done and the sweep will catch up.
                self._note_failure(error)
                self._stopping.wait(BREATH_S)
        self._hang_up()

    def _next(self) -> str | None:
        with self._changed:
            while not self._waiting and not self._stopping.is_set():
                self._changed.wait()
            return None if self._stopping.is_set() else self._waiting.popitem(last=False)[0]

    def _tell(self, case_id: str) -> None:
        """Create the one run of the case, or resume it when it is suspended."""
        if self._client is None:
            self._client = _client(self.api_url)
        if self._deployment is None:
            self._deployment = self._client.read_deployment_by_name(CASE_DEPLOYMENT).id
        run = self._client.create_flow_run_from_deployment(
            self._deployment,
            parameters={"case_id": case_id},
            idempotency_key=case_id,
            name=f"case-{case_id}",
        )
        if run.state is not None and run.state.is_running():
            self._look_again(case_id)
            return
        self._again.pop(case_id, None)
        if run.state is None or not run.state.is_paused():
            return
        result = self._client.resume_flow_run(run.id)
        # A refused resume answers HTTP 200, so the body decides.
        if result.status is not SetStateStatus.ACCEPT:
            log.info("run %s was not resumed: %s", run.id, result.status)

    def _look_again(self, case_id: str) -> None:
        tries = self._again.pop(case_id, 0) + 1
        if tries > AGAIN_MOST or self._stopping.is_set():
            return
        self._again[case_id] = tries
        timer = threading.Timer(AGAIN_S, self.wake, (case_id,))
        timer.daemon = True
        timer.start()

    def _note_failure(self, error: Exception) -> None:
        self._deployment = None
        self._again.clear()
        self._hang_up()
        if not self._failing:
            log.warning("Prefect does not answer (%s); the sweep will wake the cases.", type(error).__name__)
        self._failing = True

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.__exit__(None, None, None)
            self._client = None


def _client(api_url: str) -> SyncPrefectClient:
    client = SyncPrefectClient(api_url, httpx_settings={"timeout": TIMEOUT_S})
    return client.__enter__()


_waker: list[Waker] = []
_making = threading.Lock()


def wake(case_id: str) -> None:
    """Let Prefect look at a case again, soon and at best effort; nothing happens without an engine."""
    url = settings().prefect_api_url
    if not url:
        return
    with _making:
        if not _waker or _waker[0].api_url != url:
            _waker[:] = [Waker(url)]
    _waker[0].wake(case_id)


def stop() -> None:
    """End the background thread, if there is one."""
    with _making:
        for waker in _waker:
            waker.stop()
        _waker.clear()


def engine_state() -> str:
    """Whether Prefect answers: up, down, or off when we run without it."""
    url = settings().prefect_api_url
    if not url:
        return "off"
    with SyncPrefectClient(url, httpx_settings={"timeout": TIMEOUT_S}) as client:
        return "down" if client.api_healthcheck() is not None else "up"

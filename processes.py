"""Starts, watches and stops the processes of one installation: Prefect server, worker and API. 进程监管"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

PROJECT = Path(__file__).absolute().parent
LOOPBACK = "127.0.0.1"
CASE_DEPLOYMENT = "accountability-case/case-lifecycle"
# A process is asked first, and killed when it has not gone after these seconds.
GRACE_S = 12.0

Progress = Callable[[str], None]


class StartError(Exception):
    """The system cannot start or go on; the message is one sentence for the person who started it."""


class PortInUse(StartError):
    """Another program listens on a port we need."""


class ChildDied(StartError):
    """A process of ours ended by itself."""


class Stopped(BaseException):
    """Somebody asked us to stop (SIGTERM). No error, so that no `except Exception` holds it up."""


def free_port(host: str = LOOPBACK) -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def port_in_use(port: int, *, host: str = LOOPBACK) -> bool:
    """Does anybody hold this port?"""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def claim_port(port: int, *, purpose: str, setting: str, host: str = LOOPBACK) -> int:
    """The port to use, any free one for 0. Raises PortInUse with what to do."""
    if port == 0:
        return free_port(host)
    if port_in_use(port, host=host):
        raise PortInUse(
            f"Port {port} for {purpose} is in use: stop the program that holds it, or set {setting} to another"
            " port (0 means any free one)."
        )
    return port


@dataclass(frozen=True)
class Child:
    """A process of ours, leader of its own process group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    output: IO[bytes]

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def last_words(self, lines: int = 12) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


class Supervisor:
    """A context: whatever happens inside, no child of ours is left when it is closed.

    Ctrl-C raises KeyboardInterrupt and SIGTERM raises Stopped in the main thread. Children also end by
    themselves when this process is killed outright (Linux).
    """

    def __init__(
        self, data_dir: Path, *, env: Mapping[str, str] | None = None, on_progress: Progress = print
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.base_env = dict(os.environ if env is None else env)
        self.on_progress = on_progress
        self.children: list[Child] = []
        self._handler: Callable[[int, FrameType | None], object] | int | None = None

    def __enter__(self) -> Self:
        logs = self.data_dir / "logs"
        try:
            logs.mkdir(parents=True, exist_ok=True)
            (logs / ".writable").touch()
        except OSError as error:
            raise StartError(
                f"The data directory {self.data_dir} cannot be written ({error.strerror}): give the user who"
                " starts Zhaodan the right to write there, or set ZHAODAN_DATA_DIR."
            ) from None
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGTERM, _raise_stopped)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A second Ctrl-C must not leave children behind: while they are stopped, nothing interrupts.
        with _deaf():
            self.stop_all()
        if self._handler is not None:
            signal.signal(signal.SIGTERM, self._handler)

    def spawn(self, name: str, command: list[str], *, env: Mapping[str, str] | None = None) -> Child:
        """Start a process in its own group; its output goes to data_dir/logs/<name>.log."""
        log = self.data_dir / "logs" / f"{name}.log"
        # A start and its record must not be torn apart by a signal, or the child would be nobody's.
        with _deferred(), log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603  # our own commands, no shell
                command,
                cwd=PROJECT,
                env={**self.base_env, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_prepare_child,
            )
            child = Child(name, process, log, output)
            self.children.append(child)
        return child

    def stop(self, child: Child, *, grace_s: float = GRACE_S) -> None:
        """Ask the child and its own children to end, wait, then kill what is left."""
        _signal_group(child, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(grace_s)
        _signal_group(child, signal.SIGKILL)
        child.process.wait()
        if child in self.children:
            self.children.remove(child)

    def stop_all(self) -> None:
        """Stop every child, the last started first: the worker and the API before the server they speak to."""
        for child in reversed(self.children[1:]):
            _signal_group(child, signal.SIGTERM)
        for child in reversed(list(self.children)):
            self.stop(child)

    def check(self) -> None:
        """Raises ChildDied, with the end of its log, when a child ended by itself."""
        for child in self.children:
            if not child.is_alive:
                raise ChildDied(
                    f"The {child.name} process ended with code {child.process.returncode};"
                    f" see {child.log}.\n{child.last_words()}"
                )

    def watch(self, *, every_s: float = 0.5) -> None:
        """Stay until somebody asks to stop; raises ChildDied when a child ends by itself."""
        while True:
            self.check()
            time.sleep(every_s)

    def wait_for(self, what: str, url: str, *, timeout_s: float = 90, every_s: float = 0.2) -> None:
        """Wait until the address answers, telling how long it takes. Raises StartError, or ChildDied."""
        started = told = time.monotonic()
        while not _answers(url):
            self.check()
            now = time.monotonic()
            if now - started > timeout_s:
                raise StartError(f"{what} did not answer within {timeout_s:.0f} s at {url}.")
            if now - told >= 5:
                told = now
                self.on_progress(f"… {what}: {now - started:.0f} s")
            time.sleep(every_s)
        self.on_progress(f"{what}: ready after {time.monotonic() - started:.1f} s")


@dataclass(frozen=True)
class Installation:
    """Where the parts of a running system are reached."""

    api_url: str
    prefect_url: str
    prefect_api_url: str


@dataclass(frozen=True)
class Plan:
    """What to start, and where."""

    host: str = LOOPBACK
    port: int = 8000
    prefect_port: int = 4200
    pool: str = "zhaodan"
    concurrency: int = 4


def start_system(supervisor: Supervisor, plan: Plan) -> Installation:
    """Start Prefect server, worker and API on the ports of the plan, and wait until all of them answer.

    Raises PortInUse before anything is started, StartError when a part does not come up.
    """
    port = claim_port(plan.port, purpose="the API and pages", setting="ZHAODAN_PORT", host=plan.host)
    prefect_port = claim_port(plan.prefect_port, purpose="the Prefect server", setting="ZHAODAN_PREFECT_PORT")
    prefect_api_url = start_prefect(supervisor, prefect_port)
    env = {**prefect_env(supervisor.data_dir, prefect_port), **own_env(supervisor, plan, prefect_api_url)}
    # Worker and API load their modules while the server migrates its database.
    start_worker(supervisor, plan.pool, env=env, concurrency=plan.concurrency)
    start_api(supervisor, plan.host, port, env=env)
    await_prefect(supervisor, prefect_api_url)
    supervisor.wait_for("Deployments", f"{prefect_api_url}/deployments/name/{CASE_DEPLOYMENT}")
    reachable = LOOPBACK if plan.host in ("", "0.0.0.0") else plan.host  # noqa: S104  # compared, not bound
    api_url = f"http://{reachable}:{port}"
    supervisor.wait_for("API", f"{api_url}/healthz")
    return Installation(api_url, prefect_api_url.removesuffix("/api"), prefect_api_url)


def start_prefect(supervisor: Supervisor, port: int) -> str:
    """Start a Prefect server of our own on loopback; returns the address of its API at once."""
    # The command `prefect server start --background` runs, without the seconds its command line takes.
    command = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"]
    command += ["--host", LOOPBACK, "--port", str(port), "--timeout-keep-alive", "5"]
    supervisor.spawn("prefect", command, env=prefect_env(supervisor.data_dir, port))
    return f"http://{LOOPBACK}:{port}/api"


def await_prefect(supervisor: Supervisor, prefect_api_url: str) -> None:
    """Wait for the server; its first start takes long, for it builds its own database."""
    supervisor.wait_for("Prefect server", f"{prefect_api_url}/health", timeout_s=180)


def start_worker(
    supervisor: Supervisor, pool: str, *, env: Mapping[str, str], name: str = "zhaodan", concurrency: int = 4
) -> Child:
    """Start the warm worker, which also applies prefect.yaml."""
    command = [sys.executable, "-m", "flows.worker", "--pool", pool, "--name", name, "--deploy"]
    return supervisor.spawn("worker", [*command, "--concurrency", str(concurrency)], env=env)


def start_api(supervisor: Supervisor, host: str, port: int, *, env: Mapping[str, str]) -> Child:
    """Start the people's door."""
    command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app"]
    return supervisor.spawn("api", [*command, "--host", host, "--port", str(port)], env=env)


def prefect_env(data_dir: Path, port: int) -> dict[str, str]:
    """Settings of a Prefect of our own: its home in our data directory, loopback, nothing sent anywhere."""
    return {
        "PREFECT_HOME": str(data_dir / "prefect"),
        "PREFECT_API_URL": f"http://{LOOPBACK}:{port}/api",
        "PREFECT_SERVER_API_HOST": LOOPBACK,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_UI_ENABLED": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT__SERVER_FINAL": "1",
        # Prefect's history is a view, our events are the record: finished runs go after thirty days.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
    }


def own_env(supervisor: Supervisor, plan: Plan, prefect_api_url: str) -> dict[str, str]:
    """Settings of our own that every process of the installation shares."""
    return {
        "ZHAODAN_DATA_DIR": str(supervisor.data_dir),
        "ZHAODAN_PREFECT_API_URL": prefect_api_url,
        "ZHAODAN_WORK_POOL": plan.pool,
    }


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # our own http address
            return 200 <= int(answer.status) < 300
    except (urllib.error.URLError, OSError):
        return False


def _signal_group(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, number)


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def _prepare_child() -> None:
    """In the child: hear signals again, and be asked to end when the parent is gone, even by SIGKILL."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    raise Stopped(signal.Signals(number).name)


@contextlib.contextmanager
def _deferred() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block is done."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM inside the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

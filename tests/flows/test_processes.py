"""The supervisor starts, watches and stops processes, and leaves none behind. 进程监管"""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import pytest

from processes import (
    PROJECT,
    ChildDied,
    PortInUse,
    StartError,
    Supervisor,
    claim_port,
    free_port,
    port_in_use,
)

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def await_gone(pid: int, within_s: float = 5) -> bool:
    deadline = time.monotonic() + within_s
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


def test_a_port_somebody_listens_on_is_refused_in_one_clear_sentence():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert port_in_use(port)
        with pytest.raises(PortInUse) as refusal:
            claim_port(port, purpose="the API and pages", setting="ZHAODAN_PORT")
    assert str(port) in str(refusal.value)
    assert "ZHAODAN_PORT" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_port_zero_means_any_free_port_and_a_free_port_is_taken_as_it_is():
    assert claim_port(0, purpose="the API", setting="ZHAODAN_PORT") > 0
    port = free_port()
    assert claim_port(port, purpose="the API", setting="ZHAODAN_PORT") == port


def test_every_child_ends_with_the_context_even_after_an_exception(tmp_path):
    pids = []

    def fail_inside() -> None:
        with Supervisor(tmp_path) as supervisor:
            pids.extend(supervisor.spawn(name, SLEEPER).process.pid for name in ("one", "two"))
            assert all(is_alive(pid) for pid in pids)
            raise RuntimeError("anything")

    with pytest.raises(RuntimeError, match="anything"):
        fail_inside()
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


def test_a_child_that_will_not_go_is_killed(tmp_path):
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.spawn("stubborn", STUBBORN)
        while "deaf" not in child.log.read_text():
            time.sleep(0.02)
        supervisor.stop(child, grace_s=0.2)
        assert child.process.returncode == -signal.SIGKILL
        assert supervisor.children == []


def test_the_children_of_a_child_end_too(tmp_path):
    nest = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print(p.pid, flush=True); time.sleep(60)"
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.spawn("nest", [sys.executable, "-c", nest])
        while not (text := child.log.read_text().strip()):
            time.sleep(0.02)
    assert await_gone(int(text))


def test_a_child_that_ends_by_itself_is_reported_with_its_last_words(tmp_path):
    with Supervisor(tmp_path) as supervisor:
        supervisor.spawn("worker", [sys.executable, "-c", "print('no such table'); raise SystemExit(3)"])
        with pytest.raises(ChildDied, match=r"(?s)worker process ended with code 3.*no such table"):
            supervisor.watch(every_s=0.02)


def test_waiting_for_an_address_that_never_answers_ends_with_a_sentence(tmp_path):
    with Supervisor(tmp_path) as supervisor, pytest.raises(StartError, match="did not answer within 0 s"):
        supervisor.wait_for("API", f"http://127.0.0.1:{free_port()}/healthz", timeout_s=0.3)


def test_a_child_that_dies_ends_the_waiting_at_once(tmp_path):
    with Supervisor(tmp_path) as supervisor:
        supervisor.spawn("api", [sys.executable, "-c", "raise SystemExit(1)"])
        with pytest.raises(ChildDied):
            supervisor.wait_for("API", f"http://127.0.0.1:{free_port()}/healthz", timeout_s=10)


def test_a_data_directory_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a directory")
    with pytest.raises(StartError, match="cannot be written") as refusal, Supervisor(blocked / "data"):
        pass
    assert "ZHAODAN_DATA_DIR" in str(refusal.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_child_outlives_a_supervisor_that_is_stopped_or_killed(tmp_path, number):
    program = f"""
        import sys, time
        from pathlib import Path
        from processes import Stopped, Supervisor
        try:
            with Supervisor(Path({str(tmp_path)!r})) as supervisor:
                for name in ("one", "two"):
                    print(supervisor.spawn(name, {SLEEPER!r}).process.pid, flush=True)
                supervisor.watch()
        except (KeyboardInterrupt, Stopped):
            print("stopped", flush=True)
    """
    # As from a terminal: a suite started in the background hands an ignored Ctrl-C down to its children.
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    assert all(is_alive(pid) for pid in pids)
    os.kill(parent.pid, number)
    rest, _ = parent.communicate(timeout=10)
    assert rest.strip() == ("" if number == signal.SIGKILL else "stopped")
    assert all(await_gone(pid) for pid in pids)

"""One attempt of a flow run, executed in this process with what is already open and imported. 进程内执行"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from prefect import Flow
from prefect._flow_run_suspension import FlowRunSuspensionRequest, register_flow_run_suspension_request
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Abort
from prefect.exceptions import Pause as Suspended
from prefect.flow_engine import AsyncFlowRunEngine


class WarmEngine(AsyncFlowRunEngine[Any, Any]):
    """Prefect's engine without what only a process of its own for each attempt needs.

    Left out: the thread with its own connection that watches for a suspension ordered from outside, which
    blocks the event loop at both ends of an attempt (attempts are short, and an order from outside is met
    when the flow next speaks to Prefect), the heartbeat thread, and renaming a run to the name it has.
    """

    @property
    def heartbeat_seconds(self) -> int | None:
        """No heartbeat: the worker itself is watched, and an attempt that is lost is taken over."""
        return None

    @contextmanager
    def setup_flow_run_suspension_request(self) -> Generator[FlowRunSuspensionRequest, None, None]:
        """Let the flow suspend itself."""
        request = self._get_flow_run_suspension_request()
        with register_flow_run_suspension_request(self.flow_run.id, request):
            yield request


async def execute(flow: Flow[..., Any], flow_run: FlowRun) -> State:
    """Execute one attempt and return the state it ended in; what the flow raises is in that state."""
    engine = WarmEngine(flow=flow, flow_run=flow_run, parameters=flow_run.parameters)
    engine._flow_run_name_set = flow_run.name.startswith("case-")
    try:
        async with engine.start():
            while engine.is_running():
                async with engine.run_context():
                    await engine.call_flow_fn()
    except (Suspended, Abort):
        # Both are Prefect's way to leave the flow; the state is already with the server.
        pass
    return engine.state

"""Whether we are up, and whether we can work. 健康检查"""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from api.wake import engine_state
from models.database import register
from models.migrate import current, newest

router = APIRouter(tags=["健康检查"])


@router.get("/healthz", summary="进程是否存活")
async def healthz() -> dict[str, str]:
    """只要进程在运行就答复 ok。"""
    return {"status": "ok"}


@router.get("/readyz", summary="是否可以办理")
def readyz() -> JSONResponse:
    """登记库可以读写且结构为最新才算就绪；Prefect 只报告状态，不影响办理。"""
    state = register_state()
    body = {"status": "ready" if state == "ok" else "not-ready", "register": state, "prefect": engine_state()}
    return JSONResponse(body, 200 if state == "ok" else 503)


def register_state() -> str:
    """ok, unreachable, or not-migrated."""
    try:
        # Reading: a look at the register must not wait for, or hold up, a writer.
        at = current(register().engine.execution_options(reading=True))
    except SQLAlchemyError:
        return "unreachable"
    return "ok" if at == newest() else "not-migrated"

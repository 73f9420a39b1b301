"""The window's state, open to all, and whether this process is alive and ready."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable

from fastapi import APIRouter, Depends, Response

from adapter.entrypoints.web.api import shapes
from adapter.entrypoints.web.api.openapi import may_fail
from adapter.entrypoints.web.api.shapes import API
from adapter.entrypoints.web.guard import anybody
from adapter.entrypoints.web.problems import problem
from adapter.model.errors import Unavailable
from adapter.services.watch.window import Window


def window_routes(window: Window, declare_at: str) -> APIRouter:
    """GET /window."""
    router = APIRouter(tags=["service"], dependencies=[Depends(anybody)])

    @router.get(f"{API}/window", summary="The window's state", responses=may_fail(with_token=False))
    def state() -> shapes.WindowShape:
        """Whether the national single window works, and so whether the portal is open. Anybody may ask."""
        return shapes.window_shape(window.state(), declare_at)

    return router


def health_routes(
    database_reachable: Callable[[], bool], keys_ready: Callable[[], None], decides: Callable[[], bool]
) -> APIRouter:
    """GET /healthz and /readyz."""
    router = APIRouter(tags=["service"], dependencies=[Depends(anybody)])

    @router.get("/healthz", summary="Alive")
    async def alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @router.get("/readyz", summary="Ready", responses={503: may_fail()[503]}, response_model=None)
    def ready() -> dict[str, str] | Response:
        """Everything that serving needs is at hand; else 503 that says what is not."""
        if not database_reachable():
            return problem(503, "Not ready: the database cannot be reached.", kind="not-ready")
        try:
            keys_ready()
        except Unavailable:
            return problem(503, "Not ready: a key of ours cannot sign now.", kind="not-ready")
        if not decides():
            return problem(503, "Not ready: the part that judges and signs does not answer.", kind="not-ready")
        return {"status": "ready"}

    return router

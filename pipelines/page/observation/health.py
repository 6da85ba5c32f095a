"""Health: addresses that tell whoever watches over the server that it answers, and that it takes runs."""

from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ALIVE = ("/health", "/healthz")
READY = "/readyz"


class Health:
    """Answers /healthz (and /health) as long as the process does, and /readyz until the server is told to stop."""

    def __init__(self, app: ASGIApp, closing: Callable[[], bool] = lambda: False):
        self.app, self.closing = app, closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        app: ASGIApp = self.app
        if scope["path"] in ALIVE:
            app = JSONResponse({"status": "ok"})
        elif scope["path"] == READY:
            closing = self.closing()
            app = JSONResponse({"status": "closing" if closing else "ready"}, 503 if closing else 200)
        await app(scope, receive, send)

"""Health: an address that tells whoever watches over the server that it answers."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Health:
    """Answers /health, which Gradio does not have."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        app = JSONResponse({"status": "ok"}) if scope["path"] == "/health" else self.app
        await app(scope, receive, send)

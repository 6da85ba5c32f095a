"""Limit on request bodies: none is larger than what the page can send, whatever its address."""

import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.page import texts

CALLS = 2**20  # bytes, for everything that is no upload: words and settings take a few thousand
REFUSAL = json.dumps({"detail": texts.TOO_LARGE}).encode()


class BodyLimit:
    """ASGI middleware that refuses a body of too many bytes: at once if it says so, else when it grows too large."""

    def __init__(self, app: ASGIApp, uploads: int, calls: int = CALLS):
        self.app, self.uploads, self.calls = app, uploads, calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its bytes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.uploads if scope["path"].rstrip("/").endswith("/upload") else self.calls
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > most:
            await _refuse(send)
            return
        seen, answered = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except _TooLarge:
            if not answered:
                await _refuse(send)


class _TooLarge(Exception):
    pass


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL})

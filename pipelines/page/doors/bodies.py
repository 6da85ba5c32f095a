"""Bodies of requests: none has more bytes than its route takes, and none comes as slowly as it likes."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.page.doors import texts
from pipelines.page.doors.refusal import Refused

PATIENCE = 10.0  # seconds for a body, and more for a large one:
SLOWEST = 20_000  # bytes a second


class Bodies:
    """Refuses a body that is too large, at once if it says so, else when it grows too large; and one that is too slow.

    The count begins before anything is parsed. Whatever Gradio makes of a body that was cut off, the refusal is sent.
    """

    def __init__(self, app: ASGIApp, patience: float = PATIENCE, slowest: float = SLOWEST):
        self.app, self.patience, self.slowest = app, patience, slowest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body counted, or raise Refused."""
        most = scope["door"].body.most
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > most:
            raise Refused(413, texts.TOO_LARGE)
        body = _Body(receive, most, self.patience, self.slowest)

        async def answer(message: Message) -> None:
            if body.refused is None:
                await send(message)

        try:
            await self.app(scope, body.receive, answer)
        except Exception:
            if body.refused is None:
                raise
        if body.refused is not None:
            raise body.refused


class _Body:
    def __init__(self, receive: Receive, most: int, patience: float, slowest: float):
        self._receive, self._most, self._patience, self._slowest = receive, most, patience, slowest
        self._began = asyncio.get_running_loop().time()
        self._seen, self._complete = 0, False
        self._limits: set[asyncio.Timeout] = set()  # of all who wait: Starlette and Gradio listen to the same stream
        self.refused: Refused | None = None

    async def receive(self) -> Message:
        if self.refused is not None:
            raise self.refused
        if self._complete:
            return await self._receive()
        limit = asyncio.timeout_at(self._began + self._patience + self._seen / self._slowest)
        self._limits.add(limit)
        try:
            async with limit:
                message = await self._receive()
        except TimeoutError:
            self.refused = Refused(408, texts.TOO_SLOW)
            raise self.refused from None
        finally:
            self._limits.discard(limit)
        self._seen += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._complete:
            for other in self._limits:  # whoever still waits does so for the client to leave
                other.reschedule(None)
        if self._seen > self._most:
            self.refused = Refused(413, texts.TOO_LARGE)
            raise self.refused
        return message

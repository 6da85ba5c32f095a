"""Incidents: an error that nobody caught becomes a sentence with a number, and a line in the log without any value."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.page.doors.refusal import Refused, send_refusal
from pipelines.runtime.incident import incident


class Incidents:
    """Sends the refusals of the other doors, and answers for whatever breaks behind them."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raises nothing. Only HTTP, and the start and end of the server, get an answer."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            answer = _Answer(send)
            try:
                await self.app(scope, receive, answer.send)
            except Refused as refused:
                await answer.refuse(refused)
            except Exception as error:  # noqa: BLE001 - the last door: the server would print it with its values
                await answer.refuse(Refused(500, incident(error)))
            else:
                await answer.end(broken="incident" in scope)


class _Answer:
    """An answer of status 500 is held back until it is certain that nothing is raised.

    Starlette answers an error with a bare line and raises it again; Gradio gives the same status to people's mistakes,
    which are 400 here.
    """

    def __init__(self, send: Send):
        self._send, self._held, self._begun = send, list[Message](), False

    async def send(self, message: Message) -> None:
        if self._held or (message["type"] == "http.response.start" and message["status"] == 500):
            self._held.append(message)
        else:
            self._begun = True
            await self._send(message)

    async def refuse(self, refused: Refused) -> None:
        if not self._begun:
            await send_refusal(refused, self._send)

    async def end(self, *, broken: bool) -> None:
        if self._held and not broken:
            self._held[0]["status"] = 400
        for message in self._held:
            await self._send(message)

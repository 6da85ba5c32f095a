"""Door that tells the observers of every request that is answered with an error."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.page.observation.watch import Observer


class ObservedDoor:
    """Stands before all other doors, so that it sees every answer."""

    def __init__(self, app: ASGIApp, observers: Sequence[Observer]):
        self.app, self.observers = app, observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                for observer in self.observers:
                    observer.refused(message["status"])
            await send(message)

        await self.app(scope, receive, answer)

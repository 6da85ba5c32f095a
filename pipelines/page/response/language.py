"""Language of an answer: the first that the browser asks for and that is spoken here, from the page to a refusal."""

from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.language.catalogue import SOURCE
from pipelines.language.speaking import speaking, wanted_language


class LanguageDoor:
    """ASGI middleware around the whole app: inside, the request's language is spoken."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose the language; the answer's headers name what it depends on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["language"] = wanted_language(Headers(scope=scope).get("accept-language", ""))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).add_vary_header("Accept-Language")
            await send(message)

        with speaking(scope["language"]):
            await self.app(scope, receive, answer)


def language_of(request: Any) -> str:
    """Return the language of a Gradio request, which may be handled long after it came; English for none."""
    asked = getattr(request, "request", None)
    return SOURCE if asked is None else str(asked.scope.get("language", SOURCE))

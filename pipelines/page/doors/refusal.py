"""Refusals: a status and a sentence in the form that Gradio's clients show, in the language that is spoken."""

import json
from collections.abc import Iterable
from typing import Any

from starlette.types import Send

from pipelines.language.rendered import spoken_everywhere

Header = tuple[bytes, bytes]


class Refused(Exception):
    """Raised by a door; `message` is a sentence for whoever asked, `status` an HTTP status from 400 on.

    `detail` stands for the sentence where a client wants more than that.
    """

    def __init__(self, status: int, message: str, headers: Iterable[Header] = (), detail: Any = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, tuple(headers)
        self.detail = message if detail is None else detail


async def send_refusal(refused: Refused, send: Send) -> None:
    """Answer with the sentence and close the connection, on which an unread body may still be coming.

    Gradio's page shows `detail` of what waits in the queue and `error` of what does not.
    """
    body = json.dumps(spoken_everywhere({"detail": refused.detail, "error": refused.message})).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *refused.headers,
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

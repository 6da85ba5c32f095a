"""Door of the calls: endpoints, streams and heartbeats are open to those whose session it is."""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs

from gradio.blocks import Blocks
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.page.doors import texts
from pipelines.page.doors.calls.places import Places
from pipelines.page.doors.calls.reading import check_parts, read_call, read_json
from pipelines.page.doors.refusal import Refused
from pipelines.page.doors.routes import API, CALL
from pipelines.page.doors.visitors import NAME, Visitor

MOST_CLAIMS = 10_000  # names of sessions; the one that was not used for longest is forgotten


class Claims:
    """Names of sessions, and whose each is: that of whoever used it first."""

    def __init__(self) -> None:
        self._owners: OrderedDict[str, str] = OrderedDict()

    def claim(self, session: str, visitor: Visitor) -> None:
        """Take a session's name, or use it again. Raises Refused if it is another visitor's."""
        if not NAME.fullmatch(session) or self._owners.setdefault(session, visitor.name) != visitor.name:
            raise Refused(403, texts.NOT_YOUR_SESSION)
        self._owners.move_to_end(session)
        if len(self._owners) > MOST_CLAIMS:
            self._owners.popitem(last=False)


class CallDoor:
    """Checks calls and whose session is named. `blocks()` is Gradio's app, which is there once it is launched."""

    def __init__(self, app: ASGIApp, blocks: Callable[[], Blocks], places: Places):
        self.app, self.blocks, self.places, self.claims = app, blocks, places, Claims()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise Refused."""
        path, visitor = scope["path"].rstrip("/"), scope["visitor"]
        if scope["door"].body is CALL:
            body = await read_body(receive)
            kind = self._check(path, read_json(body), visitor)
            receive = replay(body, receive)
            if kind is not None:
                await self._enter(kind, scope, receive, send)
                return
        elif path.startswith(f"{API}/heartbeat/"):
            self.claims.claim(path.rpartition("/")[2], visitor)
        elif path == f"{API}/queue/data":
            named = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])
            self.claims.claim(named[0] if len(named) == 1 else "", visitor)
        await self.app(scope, receive, send)

    async def _enter(self, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Gradio put a call into its queue, if there is a place."""
        with ExitStack() as stack:
            try:
                scope["place"] = stack.enter_context(self.places.take(kind, scope["visitor"]))
            except Refused as refused:
                raise for_client(refused, scope) from None
            await self.app(scope, receive, send)

    def _check(self, path: str, given: dict[str, Any], visitor: Visitor) -> str | None:
        """Check a call, and return the kind of place that it needs in the queue; None for one that does not wait."""
        if path == f"{API}/reset":
            if not isinstance(given.get("event_id"), str):
                raise Refused(400, texts.BAD_PART.format(part="event_id"))
        elif path == f"{API}/cancel":
            self._check_cancel(given, visitor)
        else:
            call = read_call(path, given, self.blocks(), visitor)
            if call.session is not None:
                self.claims.claim(call.session, visitor)
            elif path == f"{API}/queue/join":
                raise Refused(400, texts.BAD_PART.format(part="session_hash"))
            return call.function.concurrency_id if call.function.queue else None
        return None

    def _check_cancel(self, given: dict[str, Any], visitor: Visitor) -> None:
        """Let a visitor cancel an event of their own session only."""
        check_parts(given)
        for part in ("session_hash", "fn_index", "event_id"):
            if given.get(part) is None:
                raise Refused(400, texts.BAD_PART.format(part=part))
        self.claims.claim(given["session_hash"], visitor)
        event = self.blocks()._queue.event_ids_to_events.get(given["event_id"])
        if event is not None and event.session_hash != given["session_hash"]:
            raise Refused(403, texts.NOT_YOUR_SESSION)


def for_client(refused: Refused, scope: Scope) -> Refused:
    """Put a refusal into the form in which Gradio's Python client shows its sentence: that of a validation."""
    agent = dict(scope["headers"]).get(b"user-agent", b"")
    if not agent.startswith(b"gradio_client"):
        return refused
    detail = [{"__type__": "validate", "is_valid": False, "parameter_name": "call", "message": refused.message}]
    return Refused(422, refused.message, detail=detail)


async def read_body(receive: Receive) -> bytes:
    """Read all of a body, whose size another door limits."""
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, texts.NOT_JSON)
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read once more, and then whatever comes."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again

"""Routes: the addresses that the page and the API need, each with its methods and the body that it takes.

Gradio serves more: developer tools, a proxy, recordings, its own login. Those are not there for anybody.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.images.decode import MAX_BYTES
from pipelines.page.doors import texts
from pipelines.page.doors.refusal import Refused
from pipelines.page.response.pictures import PLACE
from pipelines.settings import MAX_PHOTOS

READ, WRITE = frozenset({"GET", "HEAD"}), frozenset({"POST"})


@dataclass(frozen=True, kw_only=True)
class Body:
    """Kind of a request's body, and how many bytes it may have."""

    kind: str
    most: int


NOTHING = Body(kind="", most=0)
CALL = Body(kind="application/json", most=2**20)  # words and settings take a few thousand bytes
FORM = Body(kind="application/x-www-form-urlencoded", most=4096)
UPLOAD = Body(kind="multipart/form-data", most=MAX_PHOTOS * MAX_BYTES + 2**20)


@dataclass(frozen=True, kw_only=True)
class Route:
    """An address, as a pattern of the whole path without a slash at its end."""

    path: str
    methods: frozenset[str] = READ
    body: Body = NOTHING
    static: bool = False
    """The same for everybody: needs no login, and browsers may keep it."""
    open: bool = False
    """Needs no login, as it tells and changes nothing."""


API = "/gradio_api"
ONE = "[^/]+"
CALLS = (f"{API}/queue/join", f"{API}/(?:run|api)/{ONE}", f"{API}/call/(?:v2/)?{ONE}")
FILE = f"{API}/file=.+"
ROUTES = (
    Route(path="/"),
    Route(path="/config"),
    Route(path=f"{API}/info"),
    Route(path="/(?:healthz?|readyz)", open=True),
    Route(path=f"{API}/startup-events", open=True),  # asked for by Gradio's own start
    *(Route(path=path, methods=WRITE, body=CALL) for path in CALLS),
    Route(path=f"{API}/(?:cancel|reset)", methods=WRITE, body=CALL),
    Route(path=f"{API}/queue/(?:data|status)"),
    Route(path=f"{API}/call/(?:v2/)?{ONE}/{ONE}"),
    Route(path=f"{API}/heartbeat/{ONE}"),
    Route(path=f"{API}/upload", methods=WRITE, body=UPLOAD),
    Route(path=f"{API}/upload_progress"),
    Route(path=FILE),
    Route(path=f"(?:{API})?/theme.css", static=True),
    Route(path="/(?:assets|static|svelte)/.+", static=True),
    Route(path=f"/{PLACE}.+", static=True),
    Route(path="/(?:favicon.ico|robots.txt|manifest.json)", static=True),
)
"""All addresses. The first whose path and method fit is taken."""
MCP = (Route(path=f"{API}/mcp", methods=WRITE, body=Body(kind="application/json", most=MAX_PHOTOS * 8 * 2**20)),)
"""More of them for programs that speak the Model Context Protocol; photos may come in the call, as base64."""
LOGIN = (Route(path="/login", methods=WRITE, body=FORM, open=True), Route(path="/logout", methods=WRITE))
"""More of them where a password is asked for."""


class Routes:
    """Lets through what the table names; `scope["door"]` is its row."""

    def __init__(self, app: ASGIApp, routes: tuple[Route, ...] = ROUTES):
        self.app = app
        self.routes = [(re.compile(route.path), route) for route in routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise Refused."""
        scope["door"] = self._route(scope)
        await self.app(scope, receive, send)

    def _route(self, scope: Scope) -> Route:
        found = list(self._at(scope["path"].rstrip("/") or "/"))
        if not found:
            raise Refused(404, texts.NOT_HERE)
        route = next((route for route in found if scope["method"] in route.methods), None)
        if route is None:
            allow = ", ".join(sorted(set().union(*(route.methods for route in found))))
            raise Refused(405, texts.WRONG_METHOD.format(method=scope["method"][:20]), [(b"allow", allow.encode())])
        kind = dict(scope["headers"]).get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
        if route.body.kind and kind != route.body.kind:
            raise Refused(415, texts.WRONG_KIND.format(kind=route.body.kind))
        return route

    def _at(self, path: str) -> Iterator[Route]:
        return (route for pattern, route in self.routes if pattern.fullmatch(path))

"""Middleware that gives the page a head of its own, compresses it, and serves the small files beside it."""

import gzip
import re
from functools import lru_cache
from html import escape

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.language.speaking import language, spoken
from pipelines.page import texts
from pipelines.page.response.pictures import ICON, PLACE, PREVIEW, media_type, page_files

_LANGUAGE = re.compile(r'\blang="[^"]*"')
WEEK = 7 * 24 * 60 * 60
_FOREIGN = re.compile(r'[ \t]*<meta\s+(?:property="og:|name="twitter:)[^>]*>\n?')
"""Gradio's own description of the page, which names Gradio and a picture on another server."""


class PageResponse:
    """ASGI middleware around the whole app; everything but the page and its small files passes through.

    With `password` the page has a button for logging out.
    """

    def __init__(self, app: ASGIApp, *, password: bool = False):
        self.app, self.password = app, password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a small file; change the answer if it is the page."""
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
        elif f"/{PLACE}" in path:
            await _send_file(path.rpartition(f"/{PLACE}")[2], send)
        elif "/gradio_api/" in path or "/assets/" in path:
            await self.app(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        chunks: list[bytes] = []

        async def collected(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                if not _is_page(message):
                    await send(message)
            elif not _is_page(start):
                await send(message)
            else:
                chunks.append(message.get("body", b""))
                if not message.get("more_body", False):
                    body = _with_our_head(b"".join(chunks), _base(scope), language())
                    if self.password:
                        body = _with_a_way_out(body)
                    await _send_page(start, body, Headers(scope=scope), send)

        await self.app(scope, receive, collected)


def _is_page(start: Message) -> bool:
    return start.get("status") == 200 and Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")


def _base(scope: Scope) -> str:
    """Address of the page as the browser knows it: behind a proxy, as the proxy says."""
    headers = Headers(scope=scope)
    scheme = headers.get("x-forwarded-proto", scope.get("scheme", "http")).split(",")[0].strip()
    host = headers.get("x-forwarded-host", headers.get("host", ""))
    return f"{scheme}://{host}{scope.get('root_path', '').rstrip('/')}/"


@lru_cache(maxsize=8)
def _with_our_head(body: bytes, base: str, code: str) -> bytes:
    """The page with our description of it, in place of Gradio's, and the name of its language."""
    head, found, rest = _FOREIGN.sub("", body.decode()).partition("<head>")
    head = _LANGUAGE.sub(f'lang="{code}"', head, count=1)
    tags = {
        "og:title": texts.TITLE,
        "og:description": spoken(texts.DESCRIPTION),
        "og:type": "website",
        "og:url": base,
        "og:image": f"{base}{PLACE}{PREVIEW}",
    }
    ours = "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in tags.items())
    ours += f'<meta name="description" content="{escape(spoken(texts.DESCRIPTION))}">'
    ours += '<meta name="twitter:card" content="summary_large_image">'
    ours += f'<link rel="icon" type="image/png" href="{PLACE}{ICON}">'
    return f"{head}{found}{ours}{rest}".encode()


def _with_a_way_out(body: bytes) -> bytes:
    """The page with a button for logging out."""
    form = f'<form id="log-out" method="post" action="logout"><button>{escape(spoken(texts.LOG_OUT))}</button></form>'
    start, found, rest = body.partition(b"<body")
    tag, closes, inside = rest.partition(b">")
    return b"".join((start, found, tag, closes, form.encode(), inside)) if found else body


@lru_cache(maxsize=8)
def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, 6)


async def _send_page(start: Message, body: bytes, asked: Headers, send: Send) -> None:
    headers = MutableHeaders(raw=list(start["headers"]))
    headers.add_vary_header("Accept-Encoding")
    if "gzip" in asked.get("accept-encoding", ""):
        body = _compressed(body)
        headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(body))
    await send({**start, "headers": headers.raw})
    await send({"type": "http.response.body", "body": body})


async def _send_file(name: str, send: Send) -> None:
    content = page_files().get(name)
    kind = "text/plain" if content is None else media_type(name)
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(content or b"")).encode())]
    if content is not None:
        headers.append((b"cache-control", f"public, max-age={WEEK}".encode()))
    await send({"type": "http.response.start", "status": 404 if content is None else 200, "headers": headers})
    await send({"type": "http.response.body", "body": content or b""})

"""Visitors: a cookie that this server hands out with its page tells one from another, so that no name can be made up.

Gradio lets each page make up the name of its session. A session here is that name together with the visitor who was
served the page, or with the address of a script that never was.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAME = re.compile(r"[\w-]{1,64}", re.ASCII)  # of a session, as pages and scripts make them up


class SessionName(str):
    """Name of a session, which tells the `address` that it is used from."""

    address = ""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who asks. `page` is a random name, empty without the page's cookie; `address` an IP address."""

    page: str
    address: str

    @property
    def name(self) -> str:
        """Name of the visitor, which nobody at another address or with another page has."""
        return self.page or f"address {self.address}"

    def session(self, name: str) -> SessionName:
        """Return the session that this visitor calls `name`."""
        session = SessionName(f"{self.name}/{name}")
        session.address = self.address
        return session


class Cookies:
    """Cookies that this server signed. A new server knows none of an earlier one's."""

    def __init__(self, port: int, *, on_space: bool = False):
        self.name = f"headshot-visitor-{port}"  # browsers send a host's cookies to all of its ports
        self._on_space, self._key = on_space, secrets.token_bytes(32)

    def visitor(self, scope: Scope) -> Visitor:
        """Tell who sent a request."""
        value = next((value for name, value in _cookies(scope) if name == self.name), "")
        page, _, signature = value.partition(".")
        genuine = hmac.compare_digest(signature.encode(), self._sign(page).encode())
        client = scope.get("client")
        return Visitor(page=page if genuine else "", address=client[0] if client else "")

    def new(self, scope: Scope) -> tuple[str, str]:
        """Return a new visitor's name and the header that sets their cookie; scripts in the page cannot read it."""
        page = secrets.token_urlsafe(16)
        return page, self._header(f"{page}.{self._sign(page)}", scope)

    def none(self, scope: Scope) -> str:
        """Return the header that takes a visitor's cookie away."""
        return "; ".join((self._header("", scope), "Max-Age=0"))

    def _header(self, value: str, scope: Scope) -> str:
        parts = [f"{self.name}={value}", "Path=/", "HttpOnly"]
        if self._on_space:  # its page is a frame in another website's
            parts += ["SameSite=None", "Secure", "Partitioned"]
        else:
            parts += ["SameSite=Lax", *(["Secure"] if scope["scheme"] == "https" else [])]
        return "; ".join(parts)

    def _sign(self, page: str) -> str:
        return hmac.new(self._key, page.encode(), hashlib.sha256).hexdigest()


class VisitorDoor:
    """Sets `scope["visitor"]`, and hands out the cookie with the page."""

    def __init__(self, app: ASGIApp, cookies: Cookies):
        self.app, self.cookies = app, cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        visitor = scope["visitor"] = self.cookies.visitor(scope)
        page = scope["path"] == "/" and not visitor.page

        async def answer(message: Message) -> None:
            if page and message["type"] == "http.response.start" and message["status"] == 200:
                MutableHeaders(scope=message).append("set-cookie", self.cookies.new(scope)[1])
            await send(message)

        await self.app(scope, receive, answer)


def _cookies(scope: Scope) -> list[tuple[str, str]]:
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    return [pair for header in given for pair in cookie_parser(header).items()]

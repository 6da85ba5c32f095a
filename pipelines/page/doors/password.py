"""Password: whoever has not given it sees the page that asks for it, and nothing else.

Gradio's own login has no limit of tries, gives its cookie to other websites and logs out everybody at once.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from jinja2 import Environment, StrictUndefined, Template
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.language.speaking import language, spoken
from pipelines.page.doors import texts
from pipelines.page.doors.attempts import Attempts
from pipelines.page.doors.calls.door import read_body
from pipelines.page.doors.refusal import Refused
from pipelines.page.doors.visitors import Cookies, Visitor
from pipelines.page.texts import TITLE

MOST_LOGINS = 10_000  # the one that was not used for longest is logged out


class PasswordDoor:
    """Asks for the password. `on_logout` is told the name of a visitor who has left."""

    def __init__(
        self, app: ASGIApp, password: str, cookies: Cookies, on_logout: Callable[[str], None] = lambda _: None
    ):
        self.app, self.cookies, self.on_logout = app, cookies, on_logout
        self._password = _digest(password)
        self._attempts = Attempts()
        self._entered: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, answer it, or raise Refused."""
        visitor: Visitor = scope["visitor"]
        if scope["path"] == "/login":
            answer = self._login(scope, visitor, await read_body(receive))
            await answer(scope, receive, send)
        elif visitor.page in self._entered:
            self._entered.move_to_end(visitor.page)
            if scope["path"] == "/logout":
                await self._logout(scope, visitor)(scope, receive, send)
            else:
                await self.app(scope, receive, send)
        elif scope["door"].open or scope["door"].static:
            await self.app(scope, receive, send)
        elif scope["path"] == "/":
            await _ask(401)(scope, receive, send)
        else:
            raise Refused(401, texts.PASSWORD_NEEDED)

    def _login(self, scope: Scope, visitor: Visitor, body: bytes) -> Response:
        wait = self._attempts.wait(visitor.address)
        if wait > 0:
            return _refuse(scope, 429, texts.TOO_MANY_TRIES.format(seconds=int(wait) + 1), retry_after=int(wait) + 1)
        self._attempts.failed(visitor.address)
        if not hmac.compare_digest(_digest(_given(body)), self._password):
            return _refuse(scope, 401, texts.WRONG_PASSWORD)
        self._attempts.succeeded(visitor.address)
        page, cookie = self.cookies.new(scope)
        self._entered[page] = None
        if len(self._entered) > MOST_LOGINS:
            self._entered.popitem(last=False)
        return _done(scope, cookie)

    def _logout(self, scope: Scope, visitor: Visitor) -> Response:
        self._entered.pop(visitor.page, None)
        self.on_logout(visitor.name)
        return _done(scope, self.cookies.none(scope))


def _given(body: bytes) -> str:
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10)["password"][0]
    except (ValueError, KeyError):
        return ""


def _done(scope: Scope, cookie: str) -> Response:
    answer = RedirectResponse("./", 303) if _is_browser(scope) else JSONResponse({"success": True})
    answer.headers["set-cookie"] = cookie
    return answer


def _refuse(scope: Scope, status: int, sentence: str, retry_after: int | None = None) -> Response:
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    if _is_browser(scope):
        return _ask(status, sentence, headers)
    return JSONResponse({"detail": spoken(sentence), "error": spoken(sentence)}, status, headers)


def _ask(status: int, sentence: str = "", headers: dict[str, str] | None = None) -> Response:
    return HTMLResponse(
        _page().render(texts=texts, title=TITLE, sentence=sentence, language=language()), status, headers
    )


@cache
def _page() -> Template:
    source = Path(__file__).with_name("login.html").read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, finalize=spoken).from_string(source)


def _is_browser(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "")


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()

"""Front of the server: the doors in their order, and uvicorn in front of Gradio with all of them between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from gradio import http_server
from gradio.blocks import Blocks
from gradio.routes import App
from starlette.types import ASGIApp

from pipelines.page.doors.bodies import PATIENCE, Bodies
from pipelines.page.doors.calls.door import CallDoor
from pipelines.page.doors.calls.places import Places
from pipelines.page.doors.connections import HEAD_SECONDS, MOST, Connection
from pipelines.page.doors.files.owned import FileDoor
from pipelines.page.doors.files.uploads import Upload, UploadDoor, senders
from pipelines.page.doors.headers import SecurityHeaders
from pipelines.page.doors.hosts import HostDoor, Hosts
from pipelines.page.doors.incidents import Incidents
from pipelines.page.doors.password import PasswordDoor
from pipelines.page.doors.routes import LOGIN, MCP, ROUTES, Route, Routes
from pipelines.page.doors.visitors import Cookies, Visitor, VisitorDoor
from pipelines.page.observation.door import ObservedDoor
from pipelines.page.observation.health import Health
from pipelines.page.observation.watch import Observer
from pipelines.page.response.language import LanguageDoor
from pipelines.page.response.middleware import PageResponse

PROXIES = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,127.0.0.0/8,::1,fc00::/7"
"""Networks of a Space's own proxies. Each appends the address that it was asked from to X-Forwarded-For, so the last
that is in none of these is the visitor's; those before it anybody can make up, and so be another address each time."""


@dataclass(kw_only=True)
class Front:
    """Doors of one server, which listens on `port`."""

    port: int
    hosts: Hosts = field(default_factory=Hosts)
    on_space: bool = False
    password: str | None = None
    closing: Callable[[], bool] = lambda: False  # True once the server was told to stop
    observers: Sequence[Observer] = ()
    on_logout: Callable[[str], None] = lambda _: None  # told the name of a visitor
    anothers: Callable[[str, Path], bool]  # whether a file is a picture of another than the visitor of this name
    patience: float = PATIENCE  # seconds for a body
    head_seconds: float = HEAD_SECONDS
    proxies: str = PROXIES  # of a Space
    mcp: Callable[[ASGIApp, Callable[[], Blocks], Places], ASGIApp] | None = None
    """Puts the endpoint of the Model Context Protocol around an app."""

    def __post_init__(self) -> None:
        self.cookies = Cookies(self.port, on_space=self.on_space)
        self.places = Places(self._blocks)
        self.uploads: list[Upload] = []
        self.gradio: App | None = None

    def doors(self) -> dict[str, Callable[[ASGIApp], ASGIApp]]:
        """Return the doors by name, in the order in which a request passes them."""
        doors: dict[str, Callable[[ASGIApp], ASGIApp]] = {
            "observed": partial(ObservedDoor, observers=self.observers),
            "language": LanguageDoor,
            "headers": partial(SecurityHeaders, on_space=self.on_space),
            "incidents": Incidents,
            "hosts": partial(HostDoor, hosts=self.hosts),
            "routes": partial(Routes, routes=self._routes()),
            "visitors": partial(VisitorDoor, cookies=self.cookies),
            "bodies": partial(Bodies, patience=self.patience),
        }
        if self.password:
            doors["password"] = partial(
                PasswordDoor, password=self.password, cookies=self.cookies, on_logout=self.on_logout
            )
        return doors | {
            "health": partial(Health, closing=self.closing),
            "page": partial(PageResponse, password=bool(self.password)),
            "files": partial(FileDoor, uploads=self.uploads, anothers=self.anothers),
            "uploads": partial(UploadDoor, uploads=self.uploads),
            "calls": partial(CallDoor, blocks=self._blocks, places=self.places),
        }

    def sent(self, visitor: Visitor, file: Path) -> bool:
        """True if a file, without links in its path, is an upload of this visitor's that waits to be read."""
        return visitor.name in senders(self.uploads, file)

    def around(self, app: ASGIApp) -> ASGIApp:
        """Put the doors around an app."""
        if self.mcp is not None:
            app = self.mcp(app, self._blocks, self.places)
        for door in reversed(self.doors().values()):
            app = door(app)
        return app

    def _routes(self) -> tuple[Route, ...]:
        return ROUTES + (LOGIN if self.password else ()) + (() if self.mcp is None else MCP)

    def _blocks(self) -> Blocks:
        assert self.gradio is not None  # it is launched before the first request comes
        return self.gradio.get_blocks()

    def install(self) -> None:
        """Let Gradio's `launch` serve through the doors.

        Gradio puts an app's own middleware behind its own, and takes no settings for uvicorn; so the function is
        replaced that makes the server.
        """
        http_server.start_server = self._start_server  # type: ignore[assignment]  # TLS is left to a proxy

    def _start_server(
        self, app: App, server_name: str, server_port: int, **_: Any
    ) -> tuple[str, int, str, http_server.Server]:
        self.gradio = app
        config = uvicorn.Config(
            app=self.around(app),
            host=server_name,
            port=server_port,
            log_level="warning",
            http=type("TimedConnection", (Connection,), {"head_seconds": self.head_seconds}),
            ws="none",
            server_header=False,
            limit_concurrency=MOST,
            forwarded_allow_ips=self.proxies if self.on_space else None,
        )
        server = http_server.Server(config=config)
        server.run_in_thread()  # type: ignore[no-untyped-call]
        shown = "localhost" if server_name in ("0.0.0.0", "::") else server_name  # noqa: S104 - compared, not bound
        shown = f"[{shown}]" if ":" in shown else shown
        return server_name, server_port, f"http://{shown}:{server_port}/", server

"""Hosts and origins: the names this server answers to, and no other website's requests.

Starlette's TrustedHostMiddleware takes neither IPv6 addresses nor "any address", so the names are compared here.
"""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.page.doors import texts
from pipelines.page.doors.refusal import Refused

PORTS = {"http": 80, "https": 443}


class Hosts:
    """Names of this server. Loopback's are always among them.

    With `addresses` any IP address is: a page that was loaded from an address cannot have been led there by somebody
    who changed what a name stands for.
    """

    def __init__(self, names: Iterable[str] = (), *, addresses: bool = False):
        self.names, self.addresses = {name.lower() for name in names}, addresses

    def add(self, address: str) -> None:
        """Add the host of an address, such as https://studio.example.org/headshots."""
        if name := _split(address).hostname:
            self.names.add(name)

    def knows(self, host: str) -> bool:
        """True if the server answers to `host`, with or without a port."""
        name = _split(f"//{host}").hostname
        if not name:
            return False
        if name in self.names or name == "localhost":
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or self.addresses

    def owns(self, origin: str, hosts: Iterable[str]) -> bool:
        """True if a page of `origin` is this server's, which the browser asked by one of `hosts`."""
        page = _split(origin)
        if page.scheme not in PORTS or not page.hostname:
            return False
        if page.hostname in self.names and not _is_address(page.hostname):
            return True
        ports = {_place(_split(f"{page.scheme}://{host}")) for host in hosts}
        return _place(page) in ports


class HostDoor:
    """Refuses requests by other names, and those that another website's page sends."""

    def __init__(self, app: ASGIApp, hosts: Hosts):
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise Refused."""
        headers = Headers(scope=scope)
        asked = [value.strip() for name in ("host", "x-forwarded-host") for value in headers.get(name, "").split(",")]
        asked = [host for host in asked if host]
        if not asked or not all(self.hosts.knows(host) for host in asked):
            raise Refused(421, texts.FOREIGN_HOST)
        origin = headers.get("origin")
        foreign = origin is not None and not self.hosts.owns(origin, asked)
        if origin == "null" and headers.get("sec-fetch-site") == "same-origin":
            foreign = False  # a form of a page without referrers; no page can write this header itself
        if scope["method"] not in ("GET", "HEAD"):
            foreign = foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        if foreign:
            raise Refused(403, texts.FOREIGN_PAGE)
        await self.app(scope, receive, send)


def is_loopback(host: str) -> bool:
    """True if only this machine can reach a server that listens on `host`."""
    return Hosts().knows(f"[{host}]" if ":" in host else host)


def space_host(space: str) -> str:
    """Name of the host of a Space such as "somebody/headshot-studio"; empty without one."""
    return f"{re.sub('[^a-z0-9]+', '-', space.lower())}.hf.space" if space else ""


def _split(address: str) -> SplitResult:
    try:
        split = urlsplit(address)
        split.port  # noqa: B018 - raises ValueError for one that is no number
    except ValueError:
        return urlsplit("")
    return split


def _place(address: SplitResult) -> tuple[str | None, int | None]:
    return address.hostname, address.port or PORTS.get(address.scheme)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

"""Proxies: the environment's, made fit for a server that asks itself whether it is ready."""

import os
from collections.abc import MutableMapping
from importlib.util import find_spec

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
SOCKS = ("socks5", "socks5h")
KNOWN = ("http", "https", *SOCKS)
"""Schemes of proxies that the HTTP client (httpx) knows; those of SOCKS need a package of their own."""


def ask_directly(*hosts: str, environment: MutableMapping[str, str] = os.environ) -> None:
    """Except this machine and `hosts` from the environment's proxies (NO_PROXY).

    Gradio asks its own server for its first page through the proxies: https://www.python-httpx.org/environment_variables/
    """
    for name in ("NO_PROXY", "no_proxy"):
        given = [host.strip() for host in environment.get(name, "").split(",") if host.strip()]
        if given != ["*"]:  # it excepts all; with others beside it, not every client understands it
            environment[name] = ",".join(dict.fromkeys([*given, *LOOPBACK, *hosts]))


def drop_unusable_proxies(environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Remove proxies that the HTTP client cannot use, whose mere presence stops it; return a line on each."""
    lines = []
    for name in [name for name in environment if name.upper() in PROXIES]:
        scheme = environment[name].partition("://")[0].lower() if "://" in environment[name] else "http"
        if scheme in KNOWN and (scheme not in SOCKS or find_spec("socksio") is not None):
            continue
        del environment[name]
        if scheme in SOCKS:
            lines.append(
                f"The proxy in {name} is not used: for SOCKS a package is missing. Where weights are to be fetched "
                'through it, or with --share, install it with: pip install "httpx[socks]"'
            )
        else:
            lines.append(
                f"The proxy in {name} is not used: it must begin with http://, https:// or socks5://. Correct it where "
                "weights are to be fetched through it, or with --share."
            )
    return lines

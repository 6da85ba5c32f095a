"""Visitors on the server's own computer: they may fetch weights, which takes its disk and its network."""

import gradio as gr

from pipelines.page.doors.hosts import is_loopback

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers with which a proxy says that somebody else is behind it."""


def is_here(request: gr.Request) -> bool:
    """True if a request comes from a browser on this computer, which opened the page by a name of this computer."""
    asked = request.request
    if asked is None or asked.client is None or any(name in asked.headers for name in FORWARDED):
        return False
    opened = [asked.headers.get("host", ""), asked.headers.get("origin", "")]
    names = [part.removeprefix("http://") for part in opened if part]
    return bool(names) and is_loopback(asked.client.host) and all(_is_loopback_name(name) for name in names)


def _is_loopback_name(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return is_loopback(name.strip("[]"))

"""Replica of the page: Gradio's app behind our doors, as `python app.py` serves it, with engines elsewhere."""

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

SWEEP_SECONDS = 1.0
PARTS = ("blocked_paths", "show_error", "max_file_size", "run_history", "enable_monitoring", "footer_links")
"""Settings of `python app.py` that a page inside another app takes; the doors do the rest."""


def page_app(arguments: list[str], studio: Callable[[], Any]) -> ASGIApp:
    """Build the page with the arguments of `python app.py`. Call it in the process that serves it.

    The private folder is the process's own: another process that starts here removes what a lost one left.
    """
    import fastapi

    from pipelines.page import server
    from pipelines.page.private_folder import PrivateFolder
    from pipelines.page.sessions import Sessions

    given = server.parse(arguments)
    folder = PrivateFolder().__enter__()
    server.keep_to_ourselves(folder)
    sessions = Sessions(folder, keep_seconds=given.keep_seconds, keep_at_most=given.keep_at_most)
    demo, style = import_module("app").build_page(given.engine, sessions, studio())
    import gradio as gr

    known = {name: value for name, value in server.settings(given).items() if name in PARTS}
    outer = gr.mount_gradio_app(fastapi.FastAPI(), demo, path="", ssr_mode=False, **known, **style)
    front = server.front_of(given, server.given_hosts(given), sessions)
    front.gradio = outer.routes[-1].app  # the mounted one
    _sweep(sessions)
    return _Doors(outer, front.around(outer))


def _sweep(sessions: Any) -> None:
    def sweep() -> None:
        while not sessions.closing.wait(SWEEP_SECONDS):
            sessions.sweep()

    threading.Thread(target=sweep, daemon=True).start()


class _Doors:
    """Sends requests through the doors, and the server's start and end to the app itself."""

    def __init__(self, app: ASGIApp, doors: ASGIApp):
        self._app, self._doors = app, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._app if scope["type"] == "lifespan" else self._doors)(scope, receive, send)

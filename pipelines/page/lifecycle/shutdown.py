"""Shutdown: signals end the server within seconds, whatever it is doing, and whoever waits for a picture is told."""

import logging
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from pipelines.page.sessions import Sessions

if TYPE_CHECKING:
    import gradio as gr

SIGNALS = (signal.SIGTERM, signal.SIGINT)
TELLING_SECONDS = 1.5
"""Time that running visitors' streams get for the sentence about the end; a step of the run sees it much sooner."""


class Stopped(BaseException):
    """The server was told to stop before it served anybody."""


class StopSignals:
    """Signals to stop: until `serving` is called they raise Stopped at once, from then on they set `event`."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._serving = False
        for number in SIGNALS:
            signal.signal(number, self._stop)

    def serving(self) -> None:
        """Let signals end `event.wait` from here on."""
        self._serving = True

    def _stop(self, *_: Any) -> None:
        if not self._serving and not self.event.is_set():
            self.event.set()
            raise Stopped
        self.event.set()


def close(demo: "gr.Blocks", sessions: Sessions) -> None:
    """Tell the visitors, delete what is theirs, and close the server without waiting for open streams.

    Pages keep streams open for as long as they are shown, for which Gradio waits five seconds.
    """
    sessions.close()
    until = time.monotonic() + TELLING_SECONDS
    while sessions.running() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.25)  # the last sentences are on their way
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it logs every stream that is cut off
    if demo.server is not None:
        demo.server.force_exit = True
    demo.close(verbose=False)

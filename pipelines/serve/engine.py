"""Replica of an engine: a studio whose runs come one at a time, and end within a step when nobody waits for them."""

import asyncio
import logging
import tempfile
import threading
import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from pipelines.engines.zero_gpu import Failure
from pipelines.errors import UserError
from pipelines.request import Request
from pipelines.serve.messages import EngineFault, Finished, Order

LOG = logging.getLogger("headshot-studio")
LOADER = "pipelines.studio:Studio.load"


class EngineReplica:
    """Draws what the page orders. `loader` gives the studio, as "module:function"."""

    def __init__(self, engine: str, loader: str = LOADER):
        self._studio = resolve_name(loader)(engine)

    async def run(self, order: Order) -> AsyncIterator[Any]:
        """Yield progress, drawings, and at last the pictures or a failure; closing it cancels the run."""
        loop, news = asyncio.get_running_loop(), asyncio.Queue[Any]()
        cancel = threading.Event()

        def tell(event: Any) -> None:
            loop.call_soon_threadsafe(news.put_nowait, event)

        thread = threading.Thread(target=self._work, args=(order, tell, cancel), daemon=True)
        thread.start()
        try:
            while (event := await news.get()) is not None:
                yield event
        finally:
            cancel.set()
            await asyncio.shield(loop.run_in_executor(None, thread.join))  # the studio takes one run at a time

    def _work(self, order: Order, tell: Callable[[Any], None], cancel: threading.Event) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="headshots-") as folder:
                request = Request(photos=order.photos, out=Path(folder) / "run", **order.settings)
                told = {"on_drawing": tell} if order.drawings else {}
                pictures = self._studio.headshots(
                    request, on_progress=tell, previews=order.previews, cancel=cancel, **told
                )
                paths = [path for picture in pictures for path in (picture.path, *picture.sizes.values())]
                tell(Finished(pictures=tuple(pictures), files={path.name: path.read_bytes() for path in paths}))
        except UserError as error:
            tell(Failure.of(error))
        except Exception as error:  # noqa: BLE001 - Ray would write its message, and with it values, to a log
            frame = traceback.extract_tb(error.__traceback__)[-1]
            LOG.error("%s at %s:%s", type(error).__name__, Path(frame.filename).name, frame.lineno)
            tell(Failure.of(EngineFault()))
        finally:
            tell(None)

"""Loading of an engine in the background, while its studio looks at the first photos."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from pipelines.engine_table import EngineSpec, engine_row
from pipelines.errors import Cancelled
from pipelines.jobs import CANCEL_POLL
from pipelines.runtime.fast_imports import fast_imports
from pipelines.runtime.lazy_modules import lazy_modules

if TYPE_CHECKING:
    from pipelines.engines.engine import Engine


class BackgroundEngine:
    """An engine that loads in a thread of its own. A program that ends meanwhile waits for that thread."""

    def __init__(self, spec: EngineSpec):
        self.spec = spec
        thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._engine: Future[Engine] = thread.submit(load_engine, spec.id)
        thread.shutdown(wait=False)

    def wait(self, cancel: threading.Event) -> None:
        """Wait until `take` returns at once. Raises Cancelled when `cancel` is set."""
        while wait([self._engine], CANCEL_POLL).not_done:
            if cancel.is_set():
                raise Cancelled

    def take(self) -> "Engine":
        """The engine, when it is there. Raises what went wrong while loading it."""
        return self._engine.result()


def load_engine(engine_id: str) -> "Engine":
    """Load an engine, and torch and diffusers before the first one."""
    with fast_imports(), lazy_modules("scipy.stats"):  # only for samplers that no engine has
        from pipelines.engines.engine import Engine
        from pipelines.engines.loading import import_parts

        import_parts(engine_row(engine_id))
    return Engine.load(engine_id)

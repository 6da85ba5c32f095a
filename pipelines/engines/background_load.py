"""Loading of an engine in the background, while its studio looks at the first photos."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import engine_row
from pipelines.engines import zero_gpu
from pipelines.errors import Cancelled
from pipelines.jobs import CANCEL_POLL
from pipelines.runtime.fast_imports import fast_imports
from pipelines.runtime.lazy_modules import lazy_modules

if TYPE_CHECKING:
    from pipelines.engines.engine import Engine


class BackgroundEngine:
    """Engine that a thread of its own loads. A program that ends earlier waits until that thread is done.

    `before_load` runs in that thread first, for instance to fetch missing weights; what it raises, `take` raises.
    """

    def __init__(self, spec: EngineSpec, before_load: Callable[[], None] = lambda: None):
        self.spec = spec
        thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._engine: Future[Engine] = thread.submit(self._load, before_load)
        thread.shutdown(wait=False)

    def wait(self, cancel: threading.Event) -> None:
        """Wait until `take` returns at once. Raises Cancelled when `cancel` is set."""
        while wait([self._engine], CANCEL_POLL).not_done:
            if cancel.is_set():
                raise Cancelled

    def take(self) -> "Engine":
        """Return the engine, once it is loaded. Raises what went wrong while loading it."""
        return self._engine.result()

    def _load(self, before_load: Callable[[], None]) -> "Engine":
        before_load()
        return load_engine(self.spec.id)


def load_engine(engine_id: str) -> "Engine":
    """Load an engine, and torch and diffusers before the first one. On ZeroGPU it stays loaded."""
    if (engine := zero_gpu.placed(engine_id)) is not None:
        return engine
    with fast_imports(), lazy_modules("scipy.stats"):  # only for schedulers that no engine has
        from pipelines.engines.engine import Engine
        from pipelines.engines.loading import import_parts

        import_parts(engine_row(engine_id))
    return zero_gpu.place(Engine.load(engine_id))

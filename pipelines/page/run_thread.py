"""Run on a thread of its own, watched by a generator that may be closed at any moment.

Gradio stops only generators, by closing them between two of their values: https://www.gradio.app/docs/gradio/button
So the one who watches gives a value several times a second, news or not, and sets the run's cancel event when closed.
"""

import contextvars
import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from pipelines.errors import UserError
from pipelines.page import texts
from pipelines.progress import Progress

T = TypeVar("T")
BEAT = 0.2  # seconds between two values

Work = Callable[[Callable[[Progress], None], threading.Event], T]


class RunThread(Generic[T]):
    """A thread for one run: `with RunThread(work)` starts `work(on_progress, cancel)`, and sets `cancel` when left."""

    def __init__(self, work: Work[T], closing: threading.Event | None = None):
        self._closing = closing or threading.Event()  # set when the server stops
        self.cancel = threading.Event()
        self._news: queue.SimpleQueue[Progress] = queue.SimpleQueue()
        self._result: T | None = None
        self._error: BaseException | None = None
        self._cancelled = False
        # With the context: on ZeroGPU the GPU is asked for in the name of whose request this is.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._do, work), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.cancel.set()

    @property
    def cancelled(self) -> bool:
        """True if somebody has asked for the end of the work before it came."""
        return self._cancelled

    def news(self) -> Iterator[list[Progress]]:
        """Give the reports since the last value, oldest first; an empty list without any. Ends with the work.

        Raises UserError when the server stops, at once: the work may need a moment to notice.
        """
        while self._thread.is_alive():
            self._thread.join(BEAT)
            if self._closing.is_set():
                raise UserError(texts.CLOSING)
            yield self._waiting()
        if last := self._waiting():
            yield last

    def result(self) -> T:
        """Wait for the work; return its result, or raise its error."""
        self._thread.join()
        if self._closing.is_set():
            raise UserError(texts.CLOSING)
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # of type T when there was no error

    def _do(self, work: Work[T]) -> None:
        try:
            self._result = work(self._news.put, self.cancel)
            self._cancelled = self.cancel.is_set()
        except BaseException as error:  # noqa: BLE001 - raised again where somebody is watching
            self._error = error

    def _waiting(self) -> list[Progress]:
        news = []
        while not self._news.empty():
            news.append(self._news.get())
        return news

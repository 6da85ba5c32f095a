"""Stand-in for Hugging Face's package `spaces` on a ZeroGPU Space; put its folder on the import path.

As in spaces 0.51: each call of a decorated generator runs in a process forked for it, on a thread there; arguments and
values are pickled; of an error only its class's name comes back; closing the generator stops the other side after its
next value, and waits for that; and a page that declares no such function does not start.
"""

import multiprocessing
import pickle
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

if (gr := sys.modules.get("gradio")) is not None and not hasattr(gr, "Blocks"):
    raise ImportError("gradio is being imported: it is not to import spaces")

_fork = multiprocessing.get_context("fork")

decorated: list[Callable[..., Any]] = []
durations: list[int] = []
"""Seconds that each call has asked for."""
processes: list[Any] = []
"""A process for each call."""
refusal: tuple[str, str] | None = None
"""Title and message of the error that the next call meets instead of a GPU."""


class Error(Exception):
    """Error for the person, as gradio.Error has it."""

    def __init__(self, title: str, message: str):
        super().__init__(message)
        self.title, self.message = title, message


def GPU(task: Callable[..., Any] | None = None, *, duration: Callable[..., int]) -> Callable[..., Any]:
    assert task is None, "used without arguments"

    def decorate(task: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(task)
        def handler(*arguments: Any) -> Iterator[Any]:
            if refusal is not None:
                raise Error(*refusal)
            durations.append(duration(*arguments))
            yield from _forked(task, arguments)

        decorated.append(handler)
        return handler

    return decorate


def gradio_auto_wrap(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _forked(task: Callable[..., Any], arguments: tuple[Any, ...]) -> Iterator[Any]:
    stop, results = _fork.Event(), _fork.SimpleQueue()
    process = _fork.Process(target=_serve, args=(task, pickle.dumps(arguments), results, stop), daemon=True)
    processes.append(process)
    process.start()
    values: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()

    def fill() -> None:
        while True:
            values.put(one := pickle.loads(results.get()))
            if one[0] != "value":
                return

    reader = threading.Thread(target=fill)
    reader.start()
    try:
        while (one := values.get())[0] != "end":
            if one[0] == "error":
                raise Error("ZeroGPU worker error", one[1])
            try:
                yield one[1]
            except GeneratorExit:
                stop.set()
                raise
    finally:
        reader.join()
        process.join()


def _serve(task: Callable[..., Any], arguments: bytes, results: Any, stop: Any) -> None:
    def iterate() -> None:
        values = task(*pickle.loads(arguments))
        while True:
            try:
                value = next(values)
            except StopIteration:
                return results.put(pickle.dumps(("end", None)))
            except Exception as error:  # noqa: BLE001 - the parent raises what it may know of it
                return results.put(pickle.dumps(("error", type(error).__name__)))
            if stop.is_set():
                values.close()
                return results.put(pickle.dumps(("end", None)))
            results.put(pickle.dumps(("value", value)))

    thread = threading.Thread(target=iterate)
    thread.start()
    thread.join()


def _hook_launch() -> None:
    import gradio

    launch = gradio.Blocks.launch

    @wraps(launch)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not decorated:
            raise RuntimeError("No @spaces.GPU function detected during startup")
        return launch(*args, **kwargs)

    gradio.Blocks.launch = checked  # type: ignore[method-assign]


if "gradio" in sys.modules:
    _hook_launch()

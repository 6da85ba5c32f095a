"""ZeroGPU: a GPU that Hugging Face lends a Space for one call of a decorated function at a time.

Such a call runs in a forked process: it shares no event, condition or lock with this one, and what it changes on an
engine is lost with it. So everything goes in as arguments and comes out as values, errors too, and whoever wants it to
end closes the generator. Engines are placed when the program starts; faces are found and pictures finished outside.
Elsewhere than on ZeroGPU nothing here is used.
"""

import queue
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipelines.engine_spec import EngineSpec
from pipelines.errors import Cancelled, UserError
from pipelines.language.sentence import Sentence
from pipelines.progress import PREVIEW_PAUSE
from pipelines.runtime import space
from pipelines.runtime.memory import is_out_of_memory
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.engines.engine import Engine, OnStep, Step
    from pipelines.faces.identity import Identity

START_SECONDS, PICTURE_SECONDS, STEP_SECONDS_PER_GB = 10, 3, 0.04
"""Time on the GPU: until the weights are there, of a picture besides its steps, and of a step by the size of the part
that does it. Estimated with room to spare, not measured: a call that takes longer is ended."""

NOT_PLACED = Sentence(
    "{title} was not loaded when this Space started, and a borrowed GPU takes only what was. Choose {placed}; or set "
    "the Space's variable HEADSHOT_ENGINE to {id} and restart it."
)
THE_BUILTIN, EITHER = Sentence("the built-in engine"), Sentence("{one} or {other}")
TAKEN_BACK = Sentence(
    "The GPU was taken back before the pictures were done. Ask for fewer pictures or steps, and try again."
)

_placed: dict[str, "Engine"] = {}


def borrows(spec: EngineSpec) -> bool:
    """True if an engine draws on a borrowed GPU. The built-in one draws on the CPU, at nobody's expense."""
    return space.ON_ZERO_GPU and spec.memory_gb > 0


def place(engine: "Engine") -> "Engine":
    """Keep an engine for the forked processes; return it."""
    if borrows(engine.spec):
        _placed[engine.spec.id] = engine
    return engine


def placed(engine_id: str) -> "Engine | None":
    """The engine of this id, if it is kept."""
    return _placed.get(engine_id)


def require_placed(spec: EngineSpec) -> None:
    """Raise UserError for an engine that would have to be loaded now that the Space has started."""
    if borrows(spec) and spec.id not in _placed:
        titles = [engine.spec.title for engine in _placed.values()] + [THE_BUILTIN]
        offered = reduce(lambda one, other: EITHER.format(one=one, other=other), titles)
        raise UserError(NOT_PLACED.format(title=spec.title, placed=offered, id=spec.id))


@dataclass(frozen=True, kw_only=True, eq=False)
class StepDone:
    """A step that was done on the borrowed GPU."""

    number: int
    count: int
    preview: np.ndarray | None  # uint8 RGB (h, w, 3); not with every step


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An error as a value: `spaces` lets only the names of errors through."""

    kind: type[Exception]
    arguments: tuple[Any, ...]
    attributes: Mapping[str, Any]

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Take an error apart."""
        return cls(kind=type(error), arguments=error.args, attributes=dict(vars(error)))

    def error(self) -> Exception:
        """Put the error together again, without its traceback."""
        error: Exception = self.kind.__new__(self.kind, *self.arguments)
        error.__dict__.update(self.attributes)
        return error


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureDone:
    """A picture that was drawn on the borrowed GPU, uint8 RGB (H, W, 3), or why it was not."""

    seed: int
    result: np.ndarray | Failure


Event = StepDone | PictureDone


def seconds(
    engine_id: str, _identity: "Identity", _prepared: Any, settings: Settings, pictures: Mapping[int, Any]
) -> int:
    """Estimate how long a call of `draw_pictures` with these arguments needs the GPU."""
    spec = _placed[engine_id].spec
    steps = float(settings.steps)
    if (second := spec.second_pass) is not None:  # attention takes more than its share of the larger picture
        steps += second.steps(settings) * second.scale**3
    return round(START_SECONDS + len(pictures) * (PICTURE_SECONDS + steps * STEP_SECONDS_PER_GB * spec.part_gb))


@space.on_gpu(seconds)
def draw_pictures(
    engine_id: str, identity: "Identity", prepared: Any, settings: Settings, pictures: Mapping[int, Mapping[str, Any]]
) -> Generator[Event, None, None]:
    """Draw a run's pictures of a person, one after the other, in a forked process.

    Args:
        engine_id: of an engine that is placed.
        identity: the person.
        prepared: what the engine's adapter made of their photos.
        settings: of the run.
        pictures: further arguments of `Engine.generate` by seed.
    """
    engine = _placed[engine_id]

    def work(tell: Callable[[Event], None]) -> None:
        condition = engine.condition(identity, prepared)
        for seed, arguments in pictures.items():
            tell(
                PictureDone(seed=seed, result=_drawn(engine, condition, settings, seed, arguments, _step_teller(tell)))
            )

    yield from _told(work)


def _drawn(
    engine: "Engine", condition: Any, settings: Settings, seed: int, arguments: Mapping[str, Any], on_step: "OnStep"
) -> np.ndarray | Failure:
    try:
        return engine.generate(condition, settings=settings, seed=seed, on_step=on_step, **arguments)
    except Cancelled:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            return Failure.of(MemoryError())  # as on this side; the other one knows what to advise
        if isinstance(error, UserError):
            return Failure.of(error)
        raise


def _step_teller(tell: Callable[[Event], None]) -> "OnStep":
    """Tell every step, and a preview as often as a person is shown one."""
    next_preview = 0.0

    def on_step(step: "Step") -> None:
        nonlocal next_preview
        preview = None
        if time.monotonic() >= next_preview:
            preview = step.preview()
            next_preview = time.monotonic() + PREVIEW_PAUSE
        tell(StepDone(number=step.number, count=step.count, preview=preview))

    return on_step


def _told(work: Callable[[Callable[[Event], None]], None]) -> Iterator[Event]:
    """Yield what `work(tell)` tells, on a thread of its own; once this is closed, the next `tell` raises Cancelled."""
    news: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()
    closed = threading.Event()

    def tell(event: Event) -> None:
        if closed.is_set():
            raise Cancelled
        news.put(event)

    def run() -> None:
        try:
            work(tell)
            news.put(None)
        except Exception as error:  # noqa: BLE001 - raised again by whoever reads the news
            news.put(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        while (event := news.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event
    finally:
        closed.set()
        thread.join()


class BorrowedGpu:
    """Pictures of a run, drawn on a borrowed GPU: in one call for all of them, and one more for each that is redrawn.

    Args:
        call: `draw_pictures` with all its arguments but the pictures.
        arguments: gives the further arguments of `Engine.generate` for a seed.
        seeds: of the pictures that are wanted in any case.
    """

    def __init__(
        self,
        call: Callable[[Mapping[int, Mapping[str, Any]]], Generator[Event, None, None]],
        arguments: Callable[[int], Mapping[str, Any]],
        seeds: Sequence[int],
    ):
        self._call, self._arguments = call, arguments
        self._done: dict[int, np.ndarray | Failure] = {}
        self._preview = np.zeros((1, 1, 3), np.uint8)
        self._begin(seeds)

    def draw(self, seed: int, *, on_step: "OnStep") -> np.ndarray:
        """Return the picture of this seed. Raises as `Engine.generate` does."""
        while seed not in self._done:
            if not self._coming:
                self.close()
                self._begin([seed])
            self._next(on_step)
        result = self._done.pop(seed)
        if isinstance(result, Failure):
            raise result.error()
        return result

    def close(self) -> None:
        """Give the GPU back, within a step if it is still drawing."""
        self._events.close()

    def _begin(self, seeds: Sequence[int]) -> None:
        self._coming = set(seeds)
        self._events = self._call({seed: self._arguments(seed) for seed in seeds})

    def _next(self, on_step: "OnStep") -> None:
        from pipelines.engines.engine import Step

        try:
            event = next(self._events)
        except Exception as error:
            if sentence := _sentence(error):
                raise UserError(sentence) from None
            raise
        if isinstance(event, PictureDone):
            self._done[event.seed] = event.result
            self._coming.discard(event.seed)
            return
        self._preview = self._preview if event.preview is None else event.preview
        on_step(Step(event.number, event.count, lambda: self._preview))


def _sentence(error: Exception) -> str:
    """Sentence of Hugging Face for who gets no GPU (quota, queue), without its links; "" for a fault of ours."""
    title, message = str(getattr(error, "title", "")), str(getattr(error, "message", ""))
    if message == "GPU task aborted":
        return TAKEN_BACK
    if not title.startswith("ZeroGPU") or title == "ZeroGPU worker error":
        return ""
    return re.sub(r"<[^>]*>", "", message)

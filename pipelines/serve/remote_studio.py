"""Studio of the page on Ray Serve: it looks at photos and finishes drawings itself, and has runs drawn by replicas."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

from pipelines.drawings.drawing import Drawing
from pipelines.engine_spec import EngineSpec
from pipelines.engines.zero_gpu import Failure
from pipelines.errors import Cancelled, UserError
from pipelines.jobs import Jobs
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.provenance.folder import OutputFolder
from pipelines.request import Request
from pipelines.run_plan import RunPlan
from pipelines.serve.messages import ENDED, Finished, Order
from pipelines.studio import Studio

SETTINGS = tuple(field.name for field in fields(Request) if field.name not in ("photos", "out"))


class RemoteStudio(Studio):
    """A studio without an engine. `handle` is Serve's, of the engines' deployment, of which there are `replicas`."""

    def __init__(self, spec: EngineSpec, handle: Any, replicas: int):
        stub: Any = SimpleNamespace(spec=spec)  # it is asked for nothing but its row
        super().__init__(stub)
        self.jobs = Jobs(at_once=replicas)
        self._handle = handle

    def headshots(
        self,
        request: Request,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        previews: bool = True,
        cancel: threading.Event | None = None,
        session: str | None = None,
        skip: threading.Event | None = None,  # noqa: ARG002 - a replica cannot be told; the run goes on
        on_drawing: Callable[[Drawing], None] | None = None,
    ) -> list[Picture]:
        """Have the pictures drawn by a replica that is free; as `Studio.headshots` otherwise."""
        RunPlan.of(request, self.spec)  # what cannot be done is refused before anybody waits for it
        cancel, tell = cancel or threading.Event(), on_progress or (lambda _: None)
        with self.jobs.place(session) as place, OutputFolder(request.out) as output:
            place.wait(cancel, lambda ahead: tell(_waiting(ahead, request.count)))
            order = Order(
                photos=tuple(photo if isinstance(photo, bytes) else _read(photo) for photo in request.photos),
                settings={name: getattr(request, name) for name in SETTINGS},
                previews=previews and on_progress is not None,
                drawings=on_drawing is not None,
            )
            pictures = None
            with _stream(self._handle, order, cancel) as events:
                for event in events:  # to its end, so that the replica's own end is none that was cut off
                    if isinstance(event, Failure):
                        raise event.error()
                    if isinstance(event, Progress):
                        tell(event)
                    elif isinstance(event, Drawing) and on_drawing is not None:
                        on_drawing(event)
                    elif isinstance(event, Finished):
                        pictures = _saved(event, output)
            if pictures is None:
                raise UserError(ENDED)
            return pictures


@contextmanager
def _stream(handle: Any, order: Order, cancel: threading.Event) -> Iterator[Iterator[Any]]:
    """Give a replica's messages; the run is cancelled with `cancel`, also while it waits for a replica."""
    from ray.exceptions import RayError, TaskCancelledError
    from ray.serve.exceptions import RayServeException, RequestCancelledError

    stream = handle.options(stream=True).run.remote(order)
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if cancel.wait(0.1):
                stream.cancel()
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield stream
    except (RequestCancelledError, TaskCancelledError):
        raise Cancelled from None
    except (RayError, RayServeException) as error:
        if cancel.is_set():
            raise Cancelled from None
        raise UserError(ENDED) from error
    finally:
        over.set()
        stream.cancel()  # does nothing to one that has ended


def _saved(finished: Finished, output: OutputFolder) -> list[Picture]:
    """Write the files of a run into its folder, and return its pictures as they lie there."""
    paths = {}
    for name, content in finished.files.items():
        stem, dot, suffix = name.rpartition(".")
        paths[name] = output.reserve(stem, f"{dot}{suffix}")
        paths[name].write_bytes(content)
    return [
        replace(
            picture,
            path=paths[picture.path.name],
            sizes={size: paths[path.name] for size, path in picture.sizes.items()},
        )
        for picture in finished.pictures
    ]


def _waiting(ahead: int, count: int) -> Progress:
    return Progress(stage="waiting", done=0.0, picture=0, count=count, place=ahead)


def _read(photo: Any) -> bytes:
    from pipelines.images.decode import read_file

    return read_file(photo)

"""The page on Ray Serve with engines that tint the photo: `python -m tests.support.serve_run PORT REPLICAS LOG`.

LOG gets a line of each run: "begin", "end" or "cancelled", its seed and the process.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from pipelines.errors import Cancelled
from pipelines.images.decode import open_photo
from pipelines.progress import Progress
from pipelines.request import Request

SECONDS = 2.0  # of a run
LOG = "SERVE_RUN_LOG"


class WaitingStudio:
    """A studio whose runs take SECONDS."""

    def __init__(self, engine: str):
        assert engine == "builtin"

    def headshots(
        self, request: Request, *, on_progress: Callable[[Progress], None], cancel: threading.Event, **_: Any
    ) -> list[Any]:
        log(f"begin {request.seed}")
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            on_progress(Progress(stage="drawing", done=0.5, picture=1, count=1))
            if cancel.wait(0.1):
                log(f"cancelled {request.seed}")
                raise Cancelled
        assert isinstance(request.out, Path)
        request.out.mkdir()
        path = request.out / f"headshot-{request.look}-{request.seed}.png"
        Image.fromarray(np.ascontiguousarray(open_photo(request.photos[0])[::8, ::8])).save(path)
        log(f"end {request.seed}")
        return [fake_picture(path=path, seed=request.seed or 0)]


def log(line: str) -> None:
    with Path(os.environ[LOG]).open("a") as file:
        file.write(f"{line} {os.getpid()}\n")


def fake_picture(path: Path, seed: int) -> Any:
    from pipelines.faces.likeness import Likeness
    from pipelines.picture import Picture

    likeness = Likeness(cosine=0.6, low=0.5, high=0.7, basis="two shots of one person")
    recipe: Any = SimpleNamespace()
    return Picture(
        image=np.zeros((8, 8, 3), np.uint8), path=path, seed=seed, likeness=likeness, warnings=(), recipe=recipe
    )


def main(port: int, replicas: int) -> None:
    import ray
    from ray import serve

    from pipelines.paths import ROOT
    from pipelines.serve.application import application

    environment = {"env_vars": {"PYTHONPATH": str(ROOT), LOG: os.environ[LOG]}}
    ray.init(num_cpus=replicas, include_dashboard=False, object_store_memory=200 * 2**20, runtime_env=environment)
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    loader = "tests.support.serve_run:WaitingStudio"
    serve.run(application([], "builtin", replicas, loader=loader))
    print(f"Headshot Studio: http://127.0.0.1:{port}/", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    os.environ[LOG] = sys.argv[3]
    main(int(sys.argv[1]), int(sys.argv[2]))

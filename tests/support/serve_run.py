"""The page on Ray Serve with engines that tint the photo: `python -m tests.support.serve_run PORT REPLICAS LOG`.

Without LOG it is the application of deploy/serve_app.py, with an engine that draws. LOG gets a line of each run:
"begin", "end" or "cancelled", its seed and the process. A run takes a tenth of a second a step; one with the words DEAF
is not told that it was cancelled.
"""

import os
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from pipelines.errors import Cancelled
from pipelines.images.decode import open_photo
from pipelines.progress import Progress
from pipelines.request import Request

STEPS, STEP_SECONDS = 20, 0.1
SHRINK_SECONDS = 10.0  # an engine without work ends after so long
DEAF = "deaf"
LOG = "SERVE_RUN_LOG"


class WaitingStudio:
    """A studio whose runs draw nothing."""

    def __init__(self, engine: str):
        assert engine == "builtin"

    def headshots(
        self, request: Request, *, on_progress: Callable[[Progress], None], cancel: threading.Event, **_: Any
    ) -> list[Any]:
        log(f"begin {request.seed}")
        told = threading.Event() if request.words == DEAF else cancel
        for _step in range(request.steps or STEPS):
            on_progress(Progress(stage="drawing", done=0.5, picture=1, count=1))
            if told.wait(STEP_SECONDS):
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
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - Ray's name; its own is 15, and a test waits
    import ray
    from ray import serve

    from pipelines.paths import ROOT
    from pipelines.serve.application import application

    told = {name: os.environ[name] for name in (LOG,) if name in os.environ}
    environment = {"env_vars": {"PYTHONPATH": str(ROOT), **told}}
    ray.init(
        "local", num_cpus=replicas, include_dashboard=False, object_store_memory=200 * 2**20, runtime_env=environment
    )
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    loader = "tests.support.serve_run:WaitingStudio"
    tinting = application([], "builtin", replicas, loader=loader, shrink_seconds=SHRINK_SECONDS)
    serve.run(tinting if told else import_module("deploy.serve_app").app)
    print(f"Headshot Studio: http://127.0.0.1:{port}/", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    os.environ |= dict(zip([LOG], sys.argv[3:], strict=False))
    main(int(sys.argv[1]), int(sys.argv[2]))

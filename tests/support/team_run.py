"""The command `team` with studios that tint the photo: `python -m tests.support.team_run people.csv --out out`.

The environment variable TEAM_RUN is a JSON object. `log` names a file with a line for each row that was begun: its
seed, the process and the threads that it may use. `kill` lists files: one that holds a row's seed and a victim
("worker" or "program") is deleted, unless it says "always" too, and the victim killed, when that row's first picture is
there.
`without` names protections to leave out.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from pipelines.errors import UserError
from pipelines.images.decode import open_photo
from pipelines.provenance.folder import OutputFolder
from pipelines.provenance.recipe import Recipe
from pipelines.provenance.save import save
from pipelines.request import Request
from pipelines.runtime.process import CANCELLED
from pipelines.settings import FORMATS
from pipelines.team import command, workers

TOLD: dict[str, Any] = json.loads(os.environ.get("TEAM_RUN", "{}"))
if "end with the program" in TOLD.get("without", ()):  # workers import this, too
    workers._end_with_parent = lambda: None
STUDIO = "tests.support.team_run:TintingStudio"


class TintingStudio:
    """A studio whose pictures are the first photo, small and lighter or darker with each seed."""

    def __init__(self, engine: str):
        assert engine in ("builtin", "auto")

    def headshots(self, request: Request, **_: Any) -> list[Any]:
        """Save the pictures as the real one does: marked, with a recipe, and none if it ends early."""
        photo = Image.fromarray(open_photo(request.photos[0]))
        seed = request.seed or 0
        _log(f"{seed} {os.getpid()} {os.environ.get('OMP_NUM_THREADS')}")
        if request.words == "a bug":
            raise KeyError(request.words)
        pictures = []
        assert request.out is not None
        with OutputFolder(request.out) as output:
            for own in range(seed, seed + request.count):
                image = np.asarray(photo.resize((256, 320)))
                image = (image * (0.8 + 0.2 * np.random.default_rng(own).random())).astype(np.uint8)
                path = output.reserve(f"headshot-{request.look}-{own}", FORMATS[request.format])
                save(image, path, recipe(request, own))
                pictures.append(picture(path, own))
                _kill(seed)
        return pictures


def recipe(request: Request, seed: int) -> Recipe:
    numbers = {"identity_strength": 1.0, "structure": 1.0, "guidance_scale": 1.0, "steps": 4}
    return Recipe(engine="builtin", look=request.look, seed=seed, versions={}, **numbers)  # type: ignore[arg-type]


def picture(path: Path, seed: int) -> Any:
    likeness = SimpleNamespace(cosine=0.6, low=0.53, high=0.68, verdict="As alike as two shots of one person.")
    return SimpleNamespace(path=path, sizes={}, seed=seed, likeness=likeness, warnings=("It is a tint.",))


def _log(line: str) -> None:
    if "log" in TOLD:
        with Path(TOLD["log"]).open("a") as log:
            log.write(f"{line}\n")


def _kill(seed: int) -> None:
    for order in map(Path, TOLD.get("kill", ())):
        if order.exists() and order.read_text().split()[0] == str(seed):
            _, victim, *times = order.read_text().split()
            if not times:
                order.unlink()
            os.kill(os.getppid() if victim == "program" else os.getpid(), signal.SIGKILL)
            time.sleep(30)  # a row that takes long


def no_gpu(spec: Any, rows: int, count: int | None = None) -> list[str | None]:
    """Ask for no GPU: importing torch takes seconds."""
    return [None] * min(rows, count or 1)


def main(words: Sequence[str]) -> int:
    """Run the command in this process, with a worker unless more are asked for."""
    vars(command)["devices"] = no_gpu
    try:
        command.main(words, STUDIO)
    except KeyboardInterrupt:
        return CANCELLED
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

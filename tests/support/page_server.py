"""The page's server as it is, but for two things: its studio draws nothing, and a door can be left out.

`python -m tests.support.page_server [options of app.py]`. The environment variable PAGE_SERVER is a JSON object:
`without` names doors, settings of Gradio or other protections to leave out, `run_seconds` and `check_seconds` say how
long work takes, `draws` that pictures are drawn after all, by a fake engine and the real finishing, `upload_seconds`
how long uploads are kept, `front` holds attributes of Front.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from PIL import Image

import app
from pipelines.engine_table import ENGINES
from pipelines.errors import Cancelled
from pipelines.faces.photo_report import PhotoReport
from pipelines.images.decode import open_photo
from pipelines.jobs import Jobs
from pipelines.page import private_folder, server
from pipelines.page.doors import attempts, silence
from pipelines.page.doors.calls import blocks as blocks_module
from pipelines.page.doors.calls import places
from pipelines.page.doors.calls.blocks import StudioBlocks
from pipelines.page.doors.front import Front
from pipelines.page.doors.visitors import SessionName, Visitor
from pipelines.progress import Progress
from pipelines.provenance.save import read_recipe
from pipelines.request import Request
from pipelines.studio import Studio

TOLD = json.loads(os.environ.get("PAGE_SERVER", "{}"))
WITHOUT = TOLD.get("without", [])


class IdleStudio:
    """A studio whose runs wait in the real line, and whose pictures are the first photo."""

    spec, reason = ENGINES["builtin"], "it was asked for"

    def __init__(self) -> None:
        self.jobs = Jobs()

    def headshots(
        self, request: Request, *, on_progress: Callable[[Progress], None], cancel: Any, **named: Any
    ) -> list:
        with self.jobs.place(**{name: named[name] for name in ("session", "address") if name in named}) as place:
            image = open_photo(request.photos[0])
            on_progress(Progress(stage="photos", done=0, picture=0, count=1))
            place.wait(cancel)
            on_progress(Progress(stage="drawing", done=0.1, picture=1, count=1))
            if cancel.wait(TOLD.get("run_seconds", 0)):
                raise Cancelled
            assert isinstance(request.out, Path)
            request.out.mkdir()
            path = request.out / f"headshot-{request.look}-{request.seed or 0}.png"
            Image.fromarray(image[::8, ::8]).save(path)
            likeness = SimpleNamespace(cosine=0.6, low=0.5, high=0.7, basis="you", verdict="good")
            return [SimpleNamespace(path=path, sizes={}, seed=0, likeness=likeness, warnings=(), image=image)]

    def check_photos(self, photos: Sequence[bytes], faces: Any = ()) -> list[PhotoReport]:
        time.sleep(TOLD.get("check_seconds", 0))
        return [PhotoReport(image=open_photo(photo), faces=1, error=None) for photo in photos]

    def recipe(self, picture: bytes) -> Any:
        return read_recipe(picture)


def drawing_studio() -> Studio:
    """A studio whose engine draws the photo again, in milliseconds."""
    from tests.support.fake_engine import FakeEngine  # imports torch, which the others do without

    engine: Any = FakeEngine(spec=ENGINES["builtin"])
    return Studio(engine)


def open_fewer_doors() -> None:
    front: Any = Front
    every = front.doors
    front.doors = lambda self: {name: door for name, door in every(self).items() if name not in WITHOUT}
    if "visitors in names" in WITHOUT:
        visitor: Any = Visitor
        visitor.session = lambda self, name: SessionName(name)
    settings = server.settings
    server.settings = lambda given: {name: value for name, value in settings(given).items() if name not in WITHOUT}
    if "upload_seconds" in TOLD:
        private_folder.UPLOAD_SECONDS = TOLD["upload_seconds"]
    if "waiting" in WITHOUT:
        places.Places.named_files = lambda self: set()  # type: ignore[method-assign]
    if "senders" in WITHOUT:
        front.sent = lambda self, visitor, file: True
    if "attempts" in WITHOUT:
        attempts.FREE = attempts.FREE_IN_ALL = 10**9
    if "silence" in WITHOUT:
        silence.keep_values_out_of_the_log = lambda: None
    if "patience" in WITHOUT:
        blocks_module.LOOK_SECONDS = 0.001
    if "own errors" in WITHOUT:
        blocks: Any = StudioBlocks
        blocks.process_api, blocks.preprocess_data = gr.Blocks.process_api, gr.Blocks.preprocess_data
    front.__init__.__kwdefaults__.update(TOLD.get("front", {}))


if __name__ == "__main__":
    open_fewer_doors()
    studio: Any = Studio
    studio.load = lambda engine: drawing_studio() if TOLD.get("draws") else IdleStudio()
    sys.exit(server.serve(None, app.build_page))

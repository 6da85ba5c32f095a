"""The page. `python app.py` serves it; its sections, their wiring and the work are in `pipelines`."""

if __name__ == "__main__":  # before the imports below, which take seconds: most faults of a start need none of them
    from pipelines.runtime.process import run_and_exit

    run_and_exit("pipelines.page.server:main")

from typing import Any

import gradio as gr

from pipelines.jobs import MAX_RUNS
from pipelines.page import layout, texts
from pipelines.page.controls import Controls
from pipelines.page.doors.calls.blocks import StudioBlocks
from pipelines.page.events.camera import CameraEvents
from pipelines.page.events.change import ChangeEvents
from pipelines.page.events.controls import ControlEvents
from pipelines.page.events.explain import ExplainEvents
from pipelines.page.events.photos import PhotoEvents
from pipelines.page.events.run import SIZE_NAMES, RunEvents
from pipelines.page.events.settings import SettingsEvents
from pipelines.page.events.visit import VisitEvents
from pipelines.page.events.weights import WeightEvents
from pipelines.page.public_api import PublicApi
from pipelines.page.server import QUEUE_SIZE
from pipelines.page.sessions import Sessions
from pipelines.page.theme import appearance
from pipelines.page.wiring import (
    lay_out,
    wire_camera,
    wire_change,
    wire_controls,
    wire_explain,
    wire_photos,
    wire_runs,
    wire_settings,
    wire_visit,
    wire_weights,
)
from pipelines.studio import Studio


def build_page(engine: str, sessions: Sessions, studio: Studio | None = None) -> tuple[gr.Blocks, dict[str, Any]]:
    """Load the engine, unless there is a studio already, and build the page.

    Also give its theme, CSS and head, which `launch` takes.
    """
    studio = studio or Studio.load(engine)
    controls = Controls(studio)
    with StudioBlocks(sessions.folder, title=texts.TITLE, analytics_enabled=False, delete_cache=(60, 1800)) as demo:
        page = lay_out(controls)
        wire_photos(page, PhotoEvents(studio, sessions, page.photos))
        wire_camera(page, CameraEvents(studio, page.photos))
        wire_settings(page, SettingsEvents(controls, page.look), demo)
        wire_controls(page, ControlEvents(controls, page.look, page.words, page.engine))
        wire_weights(page, WeightEvents(controls, sessions, page.engine), demo)
        visit = VisitEvents(controls, sessions, page.photos, page.results, SIZE_NAMES)
        wire_visit(page, visit)
        wire_explain(page, ExplainEvents(controls, sessions, visit, page.results.explain))
        change = ChangeEvents(controls, sessions, visit, page.results.change, tuple(SIZE_NAMES))
        begin = wire_change(page, change)
        wire_runs(page, RunEvents(controls, sessions, visit, page.results), demo, begin)
        demo.public_api = PublicApi(studio, sessions)
        demo.public_api.add_to_page(concurrency_limit=MAX_RUNS + 8)
    demo.queue(max_size=QUEUE_SIZE)
    return demo, appearance(controls.all_looks, layout.EXAMPLES)

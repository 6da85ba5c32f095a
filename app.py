"""The page: layout and wiring. `python app.py` serves it; sections, events and work are in `pipelines`."""

if __name__ == "__main__":  # before the imports below, which take seconds: most faults of a start need none of them
    from pipelines.runtime.process import run_and_exit

    run_and_exit("pipelines.page.server:main")

from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines.jobs import MAX_RUNS
from pipelines.page import layout, texts
from pipelines.page.controls import Controls
from pipelines.page.doors.calls.blocks import StudioBlocks
from pipelines.page.events.controls import ControlEvents
from pipelines.page.events.photos import PhotoEvents
from pipelines.page.events.run import RunEvents
from pipelines.page.markup import header
from pipelines.page.public_api import PublicApi
from pipelines.page.server import QUEUE_SIZE
from pipelines.page.sessions import Sessions
from pipelines.page.theme import appearance, script
from pipelines.studio import Studio

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
AT_ONCE: dict[str, Any] = {**PRIVATE, "queue": False}
PHOTOS: dict[str, Any] = {**PRIVATE, "concurrency_id": "photos", "concurrency_limit": 2}
RUNS: dict[str, Any] = {**PRIVATE, "concurrency_id": "engine", "concurrency_limit": MAX_RUNS + 8}


@dataclass(frozen=True, kw_only=True, eq=False)
class Page:
    """The sections of the page."""

    photos: layout.PhotosSection
    look: layout.LookSection
    words: layout.WordsSection
    engine: layout.EngineSection
    results: layout.ResultsSection

    @property
    def settings(self) -> dict[str, Any]:
        """Controls of what a recipe holds, under its names."""
        return {
            "look": self.look.look,
            **self.look.fields,
            "words": self.words.words,
            "negative_words": self.words.negative_words,
            "engine": self.engine.engine,
            **self.engine.sliders,
            "seed": self.engine.seed,
        }


def build_page(engine: str, sessions: Sessions) -> tuple[gr.Blocks, dict[str, Any]]:
    """Load the engine and build the page; also give its theme, CSS and head, which `launch` takes."""
    studio = Studio.load(engine)
    controls = Controls(studio)
    with StudioBlocks(sessions.folder, title=texts.TITLE, analytics_enabled=False, delete_cache=(60, 1800)) as demo:
        page = lay_out(controls)
        wire_photos(page, PhotoEvents(studio, sessions, page.photos))
        wire_controls(page, ControlEvents(controls, page.look, page.words, page.engine))
        wire_runs(page, RunEvents(studio, sessions, page.results), demo)
        PublicApi(studio, sessions).add_to_page(concurrency_limit=MAX_RUNS + 8)
    demo.queue(max_size=QUEUE_SIZE)
    return demo, appearance(controls.all_looks, layout.EXAMPLES)


def lay_out(controls: Controls) -> Page:
    """Lay out the sections in two columns; on a narrow screen they are below each other."""
    gr.HTML(header(), elem_id="title")
    with gr.Row(elem_id="studio"):
        with gr.Column(elem_id="settings"):
            photos = layout.photos_section()
            look = layout.look_section(controls)
            words = layout.words_section(controls)
            engine = layout.engine_section(controls)
        results = layout.results_section(controls.all_looks)
    return Page(photos=photos, look=look, words=words, engine=engine, results=results)


def wire_photos(page: Page, events: PhotoEvents) -> None:
    """Connect uploads, examples, consent and the rows of photos."""
    photos = page.photos
    consent: dict[str, Any] = {"consent": photos.consent}
    values = {**consent, **photos.faces}
    outputs: dict[str, Any] = {"outputs": photos.found, **PHOTOS}
    photos.box.upload(
        events.add_photos, inputs_kwargs={"files": photos.box, **values}, outputs=[photos.box, *photos.found], **PHOTOS
    )
    photos.consent.input(events.check_again, inputs_kwargs=values, **outputs)
    for k, face in enumerate(photos.faces.values()):
        face.input(events.check_again, inputs_kwargs=values, **outputs)
        photos.removes[k].click(events.remove_photo(k), inputs_kwargs=values, **outputs)
    for example, button in photos.examples.items():
        button.click(events.take_example(example), inputs_kwargs=consent, **outputs)


def wire_controls(page: Page, events: ControlEvents) -> None:
    """Connect look, words and engine to what the page says about them."""
    look, engine, words = page.look.look, page.engine.engine, page.words
    fields: dict[str, Any] = dict(page.look.fields)
    chosen: dict[str, Any] = {"look": look, "engine": engine}
    gr.on(
        [look.change, engine.change],
        events.show_look,
        inputs_kwargs=chosen,
        outputs=[page.look.description, *fields.values()],
        **AT_ONCE,
    )
    gr.on(
        [look.change, engine.change, words.words.change, *(field.change for field in fields.values())],
        events.show_limits,
        inputs_kwargs={**chosen, "words": words.words, **fields},
        outputs=page.look.limits,
        trigger_mode="always_last",
        **AT_ONCE,
    )
    gr.on(
        [words.words.change, words.negative_words.change, engine.change, look.change],
        events.show_words,
        inputs_kwargs={**chosen, "words": words.words, "negative_words": words.negative_words},
        outputs=words.heard,
        trigger_mode="always_last",
        **AT_ONCE,
    )
    by_engine: dict[str, Any] = {"inputs_kwargs": {"engine": engine}, **AT_ONCE}
    sliders = list(page.engine.sliders.values())
    engine.change(events.show_engine, outputs=[page.engine.licence, words.known, *sliders], **by_engine)
    engine.input(events.reset_sliders, outputs=sliders, **by_engine)
    page.engine.dice.click(events.roll, outputs=page.engine.seed, **AT_ONCE)


def wire_runs(page: Page, events: RunEvents, demo: gr.Blocks) -> None:
    """Connect the buttons of a run, the recipe of an earlier picture, and the end of a session."""
    settings, engine, results = page.settings, page.engine, page.results
    engine.earlier.upload(
        events.use_recipe(settings, engine.count, engine.earlier),
        inputs_kwargs={"file": engine.earlier},
        outputs=[*settings.values(), engine.count, engine.earlier],
        **PHOTOS,
    )
    results.generate.click(None, js=script("scroll.js"), api_visibility="private")
    results.generate.click(
        events.generate,
        inputs_kwargs={"consent": page.photos.consent, **settings, "count": engine.count, **page.photos.faces},
        outputs=[results.status, results.pictures, results.generate, results.cancel],
        **RUNS,
    )
    results.cancel.click(events.cancel, **AT_ONCE)
    demo.unload(events.forget)

"""Sections of the page, laid out, and their components connected with the events."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from pipelines.jobs import MAX_RUNS
from pipelines.page import layout
from pipelines.page.controls import Controls
from pipelines.page.events.camera import CameraEvents
from pipelines.page.events.change import ChangeEvents
from pipelines.page.events.controls import ControlEvents
from pipelines.page.events.explain import ExplainEvents
from pipelines.page.events.photos import PhotoEvents
from pipelines.page.events.run import RunEvents
from pipelines.page.events.settings import MORE_LOOKS, SettingsEvents
from pipelines.page.events.visit import VisitEvents
from pipelines.page.events.weights import WeightEvents
from pipelines.page.markup import header
from pipelines.page.theme import script
from pipelines.page.visit.section import ResultsSection, results_section
from pipelines.settings import GUIDANCE

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
AT_ONCE: dict[str, Any] = {**PRIVATE, "queue": False}
PHOTOS: dict[str, Any] = {**PRIVATE, "concurrency_id": "photos", "concurrency_limit": 2}
FINISHING: dict[str, Any] = {**PRIVATE, "concurrency_id": "finishing", "concurrency_limit": 2}
FETCHING: dict[str, Any] = {**PRIVATE, "concurrency_id": "fetching", "concurrency_limit": 4}
RUNS: dict[str, Any] = {**PRIVATE, "concurrency_id": "engine", "concurrency_limit": MAX_RUNS + 8}


@dataclass(frozen=True, kw_only=True, eq=False)
class Page:
    """The sections of the page."""

    photos: layout.PhotosSection
    look: layout.LookSection
    words: layout.WordsSection
    engine: layout.EngineSection
    results: ResultsSection

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


def lay_out(controls: Controls) -> Page:
    """Lay out the sections in two columns; on a narrow screen they are below each other."""
    gr.HTML(header(), elem_id="title")
    with gr.Row(elem_id="studio"):
        with gr.Column(elem_id="settings"):
            photos = layout.photos_section()
            look = layout.look_section(controls)
            words = layout.words_section(controls)
            engine = layout.engine_section(controls)
        results = results_section(controls.all_looks)
    return Page(photos=photos, look=look, words=words, engine=engine, results=results)


def wire_photos(page: Page, events: PhotoEvents) -> None:
    """Connect uploads, examples, consent and the rows of photos."""
    photos = page.photos
    consent: dict[str, Any] = {"consent": photos.consent}
    values = {**consent, **photos.faces}
    outputs: dict[str, Any] = {"outputs": photos.found, **PHOTOS}
    photos.box.upload(
        events.add_photos,
        inputs_kwargs={"files": photos.box, **values},
        outputs=[photos.box, photos.notice, *photos.found],
        trigger_mode="multiple",
        **PHOTOS,
    )
    photos.consent.input(events.check_again, inputs_kwargs=values, **outputs)
    for k, face in enumerate(photos.faces.values()):
        face.input(events.check_again, inputs_kwargs=values, **outputs)
        photos.removes[k].click(
            events.remove_photo(k),
            inputs_kwargs={**values, "order": photos.order},
            outputs=[photos.notice, *photos.found],
            **PHOTOS,
        )
    question = [photos.asked, photos.question]
    taken: dict[str, Any] = {"outputs": [photos.notice, *question, *photos.found], **PHOTOS}
    for example, button in photos.examples.items():
        button.click(events.take_example(example), inputs_kwargs=consent, **taken)
    photos.yes.click(events.replace_photos, inputs_kwargs={**consent, "example": photos.asked}, **taken)
    photos.no.click(events.keep_photos, outputs=question, **AT_ONCE)


def wire_camera(page: Page, events: CameraEvents) -> None:
    """Connect the open camera."""
    photos = page.photos
    photos.camera.frame(events.look, inputs_kwargs={"consent": photos.consent}, outputs=photos.seen, **AT_ONCE)


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
    guidance = page.engine.sliders[GUIDANCE]
    gr.on(
        [words.words.change, words.negative_words.change, engine.change, look.change, guidance.change],
        events.show_words,
        inputs_kwargs={**chosen, "words": words.words, "negative_words": words.negative_words, "guidance": guidance},
        outputs=words.heard,
        trigger_mode="always_last",
        **AT_ONCE,
    )
    by_engine: dict[str, Any] = {"inputs_kwargs": {"engine": engine}, **AT_ONCE}
    sliders = list(page.engine.sliders.values())
    engine.change(events.show_engine, outputs=[page.engine.licence, words.known, *sliders], **by_engine)
    engine.input(events.reset_sliders, outputs=sliders, **by_engine)
    page.engine.dice.click(events.roll, outputs=page.engine.seed, **AT_ONCE)


def wire_settings(page: Page, events: SettingsEvents, demo: gr.Blocks) -> None:
    """Connect what sets or keeps several settings at once."""
    look, fields = page.look, dict(page.look.fields)
    gr.on([look.look.input, look.reset.click], events.reset_fields, outputs=list(fields.values()), **AT_ONCE)
    gr.on(
        [field.change for field in fields.values()],
        events.mark_changes,
        inputs_kwargs=fields,
        outputs=[*fields.values(), look.reset],
        trigger_mode="always_last",
        **AT_ONCE,
    )
    kept = {**page.settings, "count": page.engine.count, MORE_LOOKS: look.more}
    state = gr.BrowserState(storage_key="headshot-studio-settings", secret="settings")  # noqa: S106 - keeps no secret
    demo.load(events.restore(kept), inputs=state, outputs=list(kept.values()), **AT_ONCE)
    gr.on(
        [control.change for control in kept.values()],
        None,
        inputs=list(kept.values()),
        outputs=state,
        js=script("keep_settings.js"),
        api_visibility="private",
    )
    photos, status = page.photos, page.results.status
    gr.on(
        [photos.consent.input, photos.box.upload, *(button.click for button in photos.examples.values())],
        None,
        js=script("clear_alert.js"),
        inputs=status,
        outputs=status,
        api_visibility="private",
    )


def wire_weights(page: Page, events: WeightEvents, demo: gr.Blocks) -> None:
    """Connect the button that fetches an engine."""
    engine, fetching = page.engine.engine, page.engine.fetching
    by_engine: dict[str, Any] = {"inputs_kwargs": {"engine": engine}}
    gr.on([demo.load, engine.change], events.offer, outputs=fetching.parts, **by_engine, **AT_ONCE)
    fetching.fetch.click(events.fetch, outputs=fetching.parts, **by_engine, **FETCHING).then(
        events.after,
        outputs=[*fetching.parts, engine, page.engine.licence],
        trigger_mode="always_last",
        **by_engine,
        **AT_ONCE,
    )
    fetching.cancel.click(events.cancel, **AT_ONCE)


def wire_visit(page: Page, events: VisitEvents) -> None:
    """Connect the strip of earlier runs and the clock."""
    results = page.results
    results.earlier.open(events.open_run, outputs=results.shown, **AT_ONCE)
    page.photos.cards[0].change(events.begin_clock, outputs=results.kept, **AT_ONCE)
    told: dict[str, Any] = {"outputs": [*results.shown, *page.photos.found, *results.change.parts], **AT_ONCE}
    results.clock.tick(events.tick, **told)
    results.keep.click(events.keep, **told)
    results.pack.click(events.pack, outputs=results.archive, **FINISHING).then(
        None, js=script("download_archive.js"), api_visibility="private"
    )


def wire_explain(page: Page, events: ExplainEvents) -> None:
    """Connect the section that explains how it works."""
    explain = page.results.explain
    explain.whole.expand(events.explain, outputs=explain.of_run, **FINISHING)
    explain.draw.click(events.draw, outputs=explain.drawing, **RUNS)
    explain.cancel.click(events.cancel, **AT_ONCE)


def wire_change(page: Page, events: ChangeEvents) -> list[Any]:
    """Connect the section of one picture; return the events after which a run is to begin."""
    results, change = page.results, page.results.change
    shown: dict[str, Any] = {"outputs": [*results.shown, *change.parts], **FINISHING}
    compared = results.pictures.compare(events.compare, outputs=change.parts, **FINISHING)
    compared.then(None, js=script("show_change.js"), api_visibility="private")
    compared.then(events.prepare, change.chosen, None, **FINISHING)
    results.pictures.hold(events.hold, outputs=results.held, **FINISHING)
    for name, box in change.fields.items():
        box.select(events.finish_again(name), inputs_kwargs={"choice": box, "chosen": change.chosen}, **shown)
    change.every_look.click(events.every_look, inputs_kwargs={"chosen": change.chosen}, **shown)
    change.close.click(events.close, outputs=change.parts, **AT_ONCE)
    return [
        results.pictures.more(
            events.more_like_this(page.settings, page.look.more),
            outputs=[*page.settings.values(), page.look.more],
            **AT_ONCE,
        ).success
    ]


def wire_runs(page: Page, events: RunEvents, demo: gr.Blocks, begin: list[Any]) -> None:
    """Connect the buttons of a run, the recipe of an earlier picture, and the end of a session.

    `begin` are further events that begin a run.
    """
    settings, engine, results = page.settings, page.engine, page.results
    engine.earlier.upload(
        events.use_recipe(settings, engine.count, engine.earlier),
        inputs_kwargs={"file": engine.earlier},
        outputs=[*settings.values(), engine.count, engine.earlier],
        **PHOTOS,
    )
    for begins in (results.generate.click, *begin):
        _wire_run(page, events, begins)
    results.cancel.click(events.cancel, **AT_ONCE)
    results.skip.click(events.skip, **AT_ONCE)
    demo.unload(events.forget)


def _wire_run(page: Page, events: RunEvents, begins: Any) -> None:
    settings, engine, results = page.settings, page.engine, page.results
    begins(None, js=script("scroll.js"), api_visibility="private")
    begins(
        events.generate,
        inputs_kwargs={
            "consent": page.photos.consent,
            MORE_LOOKS: page.look.more,
            **settings,
            "count": engine.count,
            **page.photos.faces,
        },
        outputs=[*results.shown, results.generate, results.cancel, results.skip],
        **RUNS,
    )

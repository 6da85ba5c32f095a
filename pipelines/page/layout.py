"""Sections of the page. Each function lays one out inside the open `gr.Blocks` and returns its components by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from pipelines.looks.fields import CLOTHES, FIELDS, PERSONAL, field_label
from pipelines.page import texts
from pipelines.page.controls import AS_THE_LOOK, FACES, SLIDERS, Controls
from pipelines.page.fetching.section import FetchSection, fetch_section
from pipelines.page.markup import alert, camera, good_selfie, heading, muted, too_large
from pipelines.page.theme import script
from pipelines.paths import ASSETS
from pipelines.request import Request
from pipelines.settings import AUTO, COUNT, MAX_CHARACTERS, SETTINGS

FieldControl = gr.Dropdown | gr.Radio
EXAMPLES = sorted((ASSETS / "examples").glob("*.jpg"))


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotosSection:
    """Uploads, the person's consent, and a row for each photo, which is hidden until there is one."""

    box: gr.File
    camera: gr.HTML
    seen: gr.HTML
    """Hidden: what is in the last frame of the camera; the page's script shows it."""
    notice: gr.HTML
    """Says which files were left out."""
    examples: Mapping[Path, gr.Button]
    asked: gr.State
    """The example that waits for an answer: None, or its path."""
    question: gr.Row
    yes: gr.Button
    no: gr.Button
    consent: gr.Checkbox
    rows: Sequence[gr.Row]
    cards: Sequence[gr.HTML]
    faces: Mapping[str, gr.Radio]
    """Names are those of FACES."""
    removes: Sequence[gr.Button]
    order: gr.Textbox
    """Hidden: marks of the photos that the rows show, with spaces between."""

    @property
    def found(self) -> list[Block]:
        """Components that tell of the photos: their order, and row, card and choice of a face for each."""
        return [self.order, *self.parts]

    @property
    def parts(self) -> list[Block]:
        """Row, card and choice of a face for each photo."""
        return [part for row in zip(self.rows, self.cards, self.faces.values(), strict=True) for part in row]

    def without_photos(self, first: int = 0) -> dict[Any, Any]:
        """Updates of the rows from this one on, counted from 0, that have no photo."""
        updates: dict[Any, Any] = {} if first else {self.order: ""}
        for row, card, face in list(zip(self.rows, self.cards, self.faces.values(), strict=True))[first:]:
            updates |= {row: gr.Row(visible=False), card: "", face: gr.Radio(visible=False, value=None)}
        return updates


@dataclass(frozen=True, kw_only=True, eq=False)
class LookSection:
    """The look and its fields."""

    look: gr.Radio
    description: gr.HTML
    fields: Mapping[str, FieldControl]
    """Names are those of FIELDS."""
    reset: gr.Button
    """Takes all changes of the look back; hidden until there are some."""
    limits: gr.HTML
    more: gr.Dropdown
    """Further looks of the same run."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WordsSection:
    """The two boxes for words, and what becomes of their words."""

    words: gr.Textbox
    negative_words: gr.Textbox
    heard: gr.HTML
    known: gr.HTML


@dataclass(frozen=True, kw_only=True, eq=False)
class EngineSection:
    """The engine and the numbers that it draws with."""

    engine: gr.Radio
    licence: gr.HTML
    fetching: FetchSection
    sliders: Mapping[str, gr.Slider]
    """Names are those of SLIDERS."""
    count: gr.Slider
    seed: gr.Textbox
    dice: gr.Button
    earlier: gr.File


def photos_section() -> PhotosSection:
    """Lay out: 1. Your photos."""
    with gr.Column(elem_classes="card"):
        gr.HTML(heading(texts.YOUR_PHOTOS, 1))
        gr.HTML(muted(texts.PHOTOS_ENOUGH))
        box = gr.File(
            file_count="multiple",
            type="filepath",
            label=texts.PHOTOS_LABEL,
            show_label=False,
            height=120,
            elem_id="photos",
        )
        gr.HTML(too_large())
        camera_box = gr.HTML(camera(), elem_id="camera", js_on_load=script("camera_frames.js"))
        seen = gr.HTML(visible="hidden", elem_id="camera-seen")
        gr.HTML(good_selfie(), elem_id="good-selfie")
        notice = gr.HTML(elem_id="photo-notice")
        with gr.Row(elem_id="examples"):
            gr.HTML(muted(texts.NO_PHOTO_AT_HAND))
            examples = {
                file: gr.Button(texts.EXAMPLE.format(number=k), elem_id=f"example-{k}")
                for k, file in enumerate(EXAMPLES, 1)
            }
        asked = gr.State()
        with gr.Row(visible=False, elem_id="question") as question:
            gr.HTML(alert(texts.REPLACE_YOUR_PHOTOS))
            yes = gr.Button(texts.REPLACE, size="sm", elem_id="replace")
            no = gr.Button(texts.KEEP_MINE, size="sm", elem_id="keep-mine")
        consent = gr.Checkbox(label=texts.CONSENT, elem_id="consent")
        gr.HTML(muted(texts.PRIVACY))
        rows, cards, removes, faces = [], [], [], {}
        for k, name in enumerate(FACES, 1):
            with gr.Row(visible=False, elem_classes="photo-row") as row:
                cards.append(gr.HTML())
                with gr.Column(scale=0, min_width=96, elem_classes="choices"):
                    faces[name] = gr.Radio(label=texts.WHICH_FACE.format(number=k), visible=False)
                    removes.append(gr.Button(texts.REMOVE, size="sm", elem_classes="remove"))
            rows.append(row)
        order = gr.Textbox(visible="hidden", show_label=False, container=False)
    return PhotosSection(
        box=box,
        camera=camera_box,
        seen=seen,
        notice=notice,
        examples=examples,
        asked=asked,
        question=question,
        yes=yes,
        no=no,
        consent=consent,
        rows=rows,
        cards=cards,
        faces=faces,
        removes=removes,
        order=order,
    )


def look_section(controls: Controls) -> LookSection:
    """Lay out: 2. The look."""
    start = controls.first_look
    with gr.Column(elem_classes="card"):
        gr.HTML(heading(texts.THE_LOOK, 2))
        look = gr.Radio(controls.looks(), value=start, show_label=False, container=False, elem_id="look")
        description = gr.HTML(controls.description(start))
        clothes = _fields(controls, texts.CLOTHES, [field for field in FIELDS if field in CLOTHES])
        picture = _fields(controls, texts.PICTURE_FIELDS, [field for field in FIELDS if field not in CLOTHES])
        fields = {**clothes, **picture}
        reset = gr.Button(texts.RESET_ONE, size="sm", visible=False, elem_id="reset")
        limits = gr.HTML(controls.limits(start, AUTO, "", dict.fromkeys(FIELDS, AS_THE_LOOK)))
        more = gr.Dropdown(
            controls.looks(),
            multiselect=True,
            label=texts.MORE_LOOKS,
            info=texts.MORE_LOOKS_ABOUT,
            elem_id="more_looks",
        )
    return LookSection(look=look, description=description, fields=fields, reset=reset, limits=limits, more=more)


def _fields(controls: Controls, title: str, fields: Sequence[str]) -> dict[str, FieldControl]:
    """Lay out the controls of some fields under a title; buttons for those that only the person can tell."""
    gr.HTML(muted(title))

    def control(field: str, kind: type[gr.Dropdown] | type[gr.Radio], **more: Any) -> FieldControl:
        choices = controls.field_choices(field, controls.first_look, AUTO)
        return kind(choices, value=AS_THE_LOOK, label=field_label(field), min_width=200, elem_id=field, **more)

    own = {field: control(field, gr.Radio, info=texts.CUT_ABOUT) for field in fields if field in PERSONAL}
    with gr.Row(elem_classes="fields"):
        others = {field: control(field, gr.Dropdown, filterable=False) for field in fields if field not in own}
    return {field: {**own, **others}[field] for field in fields}


def words_section(controls: Controls) -> WordsSection:
    """Lay out: 3. In your words."""
    with gr.Column(elem_classes="card"):
        gr.HTML(heading(texts.IN_YOUR_WORDS, 3))
        with gr.Row():
            words = _words_box(texts.WORDS, texts.WORDS_EXAMPLE, "words")
            negative_words = _words_box(texts.NEGATIVE_WORDS, texts.NEGATIVE_WORDS_EXAMPLE, "negative_words")
        heard = gr.HTML()
        known = gr.HTML(controls.known_words(AUTO))
    return WordsSection(words=words, negative_words=negative_words, heard=heard, known=known)


def _words_box(label: str, example: str, name: str) -> gr.Textbox:
    return gr.Textbox(label=label, placeholder=example, lines=2, min_width=200, max_length=MAX_CHARACTERS, elem_id=name)


def engine_section(controls: Controls) -> EngineSection:
    """Lay out: 4. Engine and settings."""
    with gr.Column(elem_classes="card"):
        gr.HTML(heading(texts.ENGINE_AND_SETTINGS, 4))
        engine = gr.Radio(controls.engines(), value=AUTO, show_label=False, container=False, elem_id="engine")
        licence = gr.HTML(controls.licence(AUTO))
        fetching = fetch_section()
        with gr.Row(elem_id="sliders"):
            dial = _sliders(controls, AUTO, SLIDERS[:1])
            count = gr.Slider(
                COUNT.low, COUNT.high, Request.count, step=COUNT.step, label=texts.COUNT, min_width=220, elem_id="count"
            )
            with gr.Row(elem_id="seeds"):
                seed = gr.Textbox(
                    label=texts.SEED, placeholder=texts.SEED_EXAMPLE, max_length=10, min_width=120, elem_id="seed"
                )
                dice = gr.Button(texts.ROLL, scale=0, min_width=84, elem_id="dice")
        with gr.Accordion(texts.ADVANCED, open=False, elem_id="advanced"), gr.Row():
            sliders = {**dial, **_sliders(controls, AUTO, SLIDERS[1:])}
        with gr.Accordion(texts.EARLIER_SETTINGS, open=False):
            gr.HTML(muted(texts.EARLIER_PICTURE))
            earlier = gr.File(
                label=texts.EARLIER_PICTURE,
                show_label=False,
                height=120,
                elem_id="recipe",
            )
    return EngineSection(
        engine=engine,
        licence=licence,
        fetching=fetching,
        sliders=sliders,
        count=count,
        seed=seed,
        dice=dice,
        earlier=earlier,
    )


def _sliders(controls: Controls, engine: str, names: Sequence[str]) -> dict[str, gr.Slider]:
    defaults, states = controls.defaults(engine), controls.slider_states(engine)
    return {
        name: gr.Slider(
            value=defaults[name],
            step=SETTINGS[name].step,
            label=SETTINGS[name].label,
            min_width=220,
            elem_id=name,
            **states[name],
        )
        for name in names
    }

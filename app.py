"""The page: layout and wiring. `python app.py` serves it; events and work are in `pipelines`."""

import sys
from collections.abc import Mapping
from typing import Any

import gradio as gr

from pipelines.images.decode import open_photo
from pipelines.jobs import MAX_RUNS
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import Look
from pipelines.page.controls import AS_THE_LOOK, Controls
from pipelines.page.events import Handlers, roll
from pipelines.page.html import data_uri, header, heading, muted, sample_pictures
from pipelines.page.public_api import PublicApi
from pipelines.page.runs import CONSENT
from pipelines.page.server import QUEUE_SIZE, serve
from pipelines.page.sessions import Sessions
from pipelines.page.theme import appearance, look_picture
from pipelines.paths import ASSETS
from pipelines.settings import AUTO, COUNT, MAX_CHARACTERS, MAX_PHOTOS
from pipelines.studio import Studio

EXAMPLES = sorted((ASSETS / "examples").glob("*.jpg"))
TITLE = "Headshot Studio"
PROMISE = "A selfie in, studio headshots out."
START = "Add a photo, tick the box, then press Generate."
SAMPLE_PERSON, SAMPLE = 1, ("corporate", "outdoor", "editorial", "startup", "speaker")
PRIVACY = (
    "Your photos stay in this server's memory: they are sent nowhere and no log mentions them. Photos and pictures are "
    "deleted when you close the page, at the latest after half an hour."
)
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
AT_ONCE: dict[str, Any] = {**PRIVATE, "queue": False}
# Where the columns are below each other: to the pictures, once a run has begun.
SCROLL = """() => {
  const until = Date.now() + 5000;
  const look = setInterval(() => {
    const begun = document.querySelector(".pictures .place");
    if (begun && window.innerWidth < 1000)
      document.querySelector("#headshots").scrollIntoView({behavior: "smooth", block: "start"});
    if (begun || Date.now() > until) clearInterval(look);
  }, 100);
}"""


def build_page(engine: str, visits: Sessions) -> tuple[gr.Blocks, dict[str, Any]]:
    """Load the engine and lay out the page; also give its theme and CSS, which `launch` takes."""
    studio = Studio.load(engine)
    handlers, controls = Handlers(studio, visits), Controls(studio)
    start = next(iter(controls.all_looks)) if "corporate" not in controls.all_looks else "corporate"

    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(60, 1800)) as demo:
        gr.HTML(header(TITLE, PROMISE), elem_id="title")
        with gr.Row(elem_id="studio"):
            with gr.Column(elem_id="settings"):
                with gr.Column(elem_classes="card"):
                    gr.HTML(heading("Your photos", 1))
                    box = gr.File(
                        file_count="multiple",
                        file_types=["image", ".heic", ".heif"],
                        type="filepath",
                        label=f"1 to {MAX_PHOTOS} photos of one person",
                        show_label=False,
                        height=120,
                        elem_id="photos",
                    )
                    with gr.Row(elem_id="examples"):
                        gr.HTML(muted("No photo at hand? Take somebody who does not exist:"))
                        examples = [
                            gr.Button(f"Example {k}", elem_id=f"example-{k}") for k, _ in enumerate(EXAMPLES, 1)
                        ]
                    consent = gr.Checkbox(label=CONSENT, elem_id="consent")
                    gr.HTML(muted(PRIVACY))
                    rows, cards_of, faces, removes = [], [], [], []
                    for k in range(1, MAX_PHOTOS + 1):
                        with gr.Row(visible=False, elem_classes="photo-row") as row:
                            cards_of.append(gr.HTML())
                            with gr.Column(scale=0, min_width=96, elem_classes="choices"):
                                faces.append(gr.Radio(label=f"Which face is yours in photo {k}?", visible=False))
                                removes.append(gr.Button("Remove", size="sm", elem_classes="remove"))
                        rows.append(row)
                    found = [part for parts in zip(rows, cards_of, faces, strict=True) for part in parts]

                with gr.Column(elem_classes="card"):
                    gr.HTML(heading("The look", 2))
                    look = gr.Radio(controls.looks(), value=start, show_label=False, container=False, elem_id="look")
                    described = gr.HTML(controls.describe(start))
                    with gr.Row(elem_id="fields"):
                        fields = [
                            gr.Dropdown(
                                controls.field_choices(field, start, AUTO),
                                value=AS_THE_LOOK,
                                label=field.capitalize(),
                                min_width=200,
                                filterable=False,
                                elem_id=field,
                            )
                            for field in FIELDS
                        ]
                    limits = gr.HTML(controls.show_limits(start, AUTO, "", *[AS_THE_LOOK] * len(FIELDS)))

                with gr.Column(elem_classes="card"):
                    gr.HTML(heading("In your words", 3))
                    with gr.Row():
                        words = _words("What the picture should show", "big smile, grey background", "words")
                        negative = _words("What it should not show", "busy background", "negative_words")
                    heard = gr.HTML()
                    known = gr.HTML(controls.show_engine(AUTO)[1])

                with gr.Column(elem_classes="card"):
                    gr.HTML(heading("Engine and settings", 4))
                    chosen = gr.Radio(
                        controls.engines(), value=AUTO, show_label=False, container=False, elem_id="engine"
                    )
                    licence = gr.HTML(controls.show_engine(AUTO)[0])
                    with gr.Row(elem_id="sliders"):
                        sliders = controls.sliders(AUTO)
                        count = gr.Slider(
                            COUNT.low, COUNT.high, 4, step=1, label="How many pictures", min_width=220, elem_id="count"
                        )
                        with gr.Row(elem_id="seeds"):
                            seed = gr.Textbox(
                                label="Seed",
                                placeholder="empty: by chance",
                                max_length=10,
                                min_width=120,
                                elem_id="seed",
                            )
                            dice = gr.Button("⚄ Roll", scale=0, min_width=84, elem_id="dice")
                    with gr.Accordion("Use the settings of an earlier headshot", open=False):
                        earlier = gr.File(
                            file_types=[".png", ".jpg", ".jpeg"],
                            label="A picture as it was downloaded from here",
                            height=120,
                            elem_id="recipe",
                        )

            with gr.Column(elem_id="output", elem_classes="card"):
                with gr.Row(elem_id="bar"):
                    go = gr.Button("Generate", variant="primary", elem_id="generate")
                    stop = gr.Button("Cancel", visible=False, elem_id="cancel")
                    status = gr.HTML(muted(START), elem_id="status")
                gr.HTML(heading("Your headshots"), elem_id="headshots")
                pictures = gr.HTML(_sample(controls.all_looks), elem_id="pictures")

        photo_events: dict[str, Any] = {**PRIVATE, "concurrency_id": "photos", "concurrency_limit": 2}
        box.upload(handlers.add_photos, [box, consent, *faces], [box, *found], **photo_events)
        consent.input(handlers.look_at_photos, [consent, *faces], found, **photo_events)
        for k, face in enumerate(faces):
            face.input(handlers.look_at_photos, [consent, *faces], found, **photo_events)
            removes[k].click(handlers.remove_photo(k), [consent, *faces], found, **photo_events)
        for button, example in zip(examples, EXAMPLES, strict=True):
            button.click(handlers.add_example(example), [consent, *faces], found, **photo_events)

        gr.on([look.change, chosen.change], controls.show_look, [look, chosen], [described, *fields], **AT_ONCE)
        gr.on(
            [look.change, chosen.change, words.change, *(field.change for field in fields)],
            controls.show_limits,
            [look, chosen, words, *fields],
            limits,
            trigger_mode="always_last",
            **AT_ONCE,
        )
        gr.on(
            [words.change, negative.change, chosen.change, look.change],
            controls.show_words,
            [look, chosen, words, negative],
            heard,
            trigger_mode="always_last",
            **AT_ONCE,
        )
        chosen.change(controls.show_engine, chosen, [licence, known], **AT_ONCE)
        chosen.input(controls.defaults, chosen, sliders, **AT_ONCE)
        dice.click(roll, None, seed, **AT_ONCE)
        settings = [look, *fields, words, negative, chosen, *sliders, seed]
        earlier.upload(handlers.use_recipe, earlier, [*settings, count, earlier], **photo_events)

        go.click(None, js=SCROLL, api_visibility="private")
        go.click(
            handlers.generate,
            [consent, *settings, count, *faces],
            [status, pictures, go, stop],
            concurrency_id="engine",
            concurrency_limit=MAX_RUNS + 8,
            **PRIVATE,
        )
        stop.click(handlers.cancel, None, None, **AT_ONCE)
        demo.unload(handlers.forget)

        PublicApi(studio, visits).add_to_page(concurrency_limit=MAX_RUNS + 8)

    demo.queue(max_size=QUEUE_SIZE)
    return demo, appearance(controls.all_looks, EXAMPLES)


def _words(label: str, example: str, name: str) -> gr.Textbox:
    placeholder = f"such as: {example}"
    return gr.Textbox(
        label=label, placeholder=placeholder, lines=2, min_width=200, max_length=MAX_CHARACTERS, elem_id=name
    )


def _sample(looks: Mapping[str, Look]) -> str:
    """Example selfie, and looks that `tools.draw_look_thumbnails` made of it."""
    shown = {looks[name].title.partition(",")[0]: uri for name in SAMPLE if (uri := look_picture(name)) is not None}
    return sample_pictures(data_uri(open_photo(EXAMPLES[SAMPLE_PERSON])), shown)


if __name__ == "__main__":
    sys.exit(serve(None, build_page))

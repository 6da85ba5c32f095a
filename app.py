"""The page: layout and wiring. `python app.py` serves it; what events do is in `pipelines.page`, the work in `pipelines`."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.fields import FIELDS
from pipelines.images import open_photo
from pipelines.jobs import MAX_RUNS
from pipelines.page.cards import data_uri
from pipelines.page.controls import AS_THE_LOOK, AUTO, Controls
from pipelines.page.handlers import Handlers, roll
from pipelines.page.public_api import PublicApi
from pipelines.page.runs import CONSENT
from pipelines.page.serving import QUEUE_SIZE, serve
from pipelines.page.visits import Visits
from pipelines.request import COUNT, MAX_PHOTOS
from pipelines.studio import Studio

ROOT = Path(__file__).resolve().parent
EXAMPLES = sorted((ROOT / "assets/examples").glob("*.jpg"))
TITLE = "Headshot Studio"
INTRO = "A selfie in, studio headshots out. Add a photo, tick the box, press Generate."
PRIVACY = (
    "Your photos stay in this server's memory: they are sent nowhere and no log mentions them. Photos and pictures are "
    "deleted when you close the page, at the latest after half an hour."
)
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
AT_ONCE: dict[str, Any] = {**PRIVATE, "queue": False}
SCROLL = """() => setTimeout(
  () => document.querySelector("#headshots").scrollIntoView({behavior: "smooth", block: "start"}), 300)"""


def build_page(engine: str, visits: Visits) -> tuple[gr.Blocks, dict[str, Any]]:
    """Load the engine and lay out the page; also give its theme and CSS, which `launch` takes."""
    studio = Studio.load(engine)
    handlers, controls = Handlers(studio, visits), Controls(studio)
    start = next(iter(controls.all_looks)) if "corporate" not in controls.all_looks else "corporate"

    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(60, 1800)) as demo:
        gr.HTML(f"<h1>{TITLE}</h1><p>{INTRO}</p>", elem_id="title")

        gr.HTML("<h2>Your photos</h2>")
        box = gr.File(
            file_count="multiple",
            file_types=["image", ".heic", ".heif"],
            type="filepath",
            label=f"1 to {MAX_PHOTOS} photos of one person",
            height=150,
            elem_id="photos",
        )
        consent = gr.Checkbox(label=CONSENT, elem_id="consent")
        gr.HTML(f'<p class="quiet">{PRIVACY}</p>')
        with gr.Row(elem_id="examples"):
            gr.HTML('<p class="quiet">No photo at hand? Try somebody who does not exist:</p>')
            examples = [gr.Button(f"Example {k}", elem_id=f"example-{k}") for k in range(1, len(EXAMPLES) + 1)]
        rows, cards_of, faces, removes = [], [], [], []
        for k in range(1, MAX_PHOTOS + 1):
            with gr.Row(visible=False, elem_classes="photo-row") as row:
                cards_of.append(gr.HTML())
                with gr.Column(scale=0, min_width=96, elem_classes="choices"):
                    faces.append(gr.Radio(label=f"Which face is yours in photo {k}?", visible=False))
                    removes.append(gr.Button("Remove", size="sm", elem_classes="remove"))
            rows.append(row)
        found = [part for parts in zip(rows, cards_of, faces, strict=True) for part in parts]

        gr.HTML("<h2>The look</h2>")
        look = gr.Radio(controls.looks(), value=start, show_label=False, container=False, elem_id="look")
        described = gr.HTML(controls.describe(start))
        with gr.Row(elem_id="fields"):
            fields = [
                gr.Dropdown(
                    controls.field_choices(field, start, AUTO),
                    value=AS_THE_LOOK,
                    label=field.capitalize(),
                    min_width=240,
                    filterable=False,
                    elem_id=field,
                )
                for field in FIELDS
            ]
        limits = gr.HTML(controls.show_limits(start, AUTO, "", *[AS_THE_LOOK] * len(FIELDS)))

        gr.HTML("<h2>In your words</h2>")
        with gr.Row():
            words = gr.Textbox(
                label="What the picture should show", lines=2, min_width=260, max_length=1000, elem_id="words"
            )
            negative = gr.Textbox(
                label="What it should not show", lines=2, min_width=260, max_length=1000, elem_id="negative_words"
            )
        heard = gr.HTML()
        known = gr.HTML(controls.show_engine(AUTO)[1])

        gr.HTML("<h2>Engine and settings</h2>")
        chosen = gr.Radio(controls.engines(), value=AUTO, show_label=False, container=False, elem_id="engine")
        licence = gr.HTML(controls.show_engine(AUTO)[0])
        with gr.Row(elem_id="sliders"):
            sliders = controls.sliders(AUTO)
        with gr.Row(equal_height=True):
            count = gr.Slider(
                COUNT.low, COUNT.high, 4, step=1, label="How many pictures", min_width=260, elem_id="count"
            )
            seed = gr.Textbox(
                label="Seed",
                placeholder="empty: other pictures each time",
                max_length=10,
                min_width=200,
                elem_id="seed",
            )
            dice = gr.Button("⚄ New seed", scale=0, min_width=150, elem_id="dice")

        with gr.Row(elem_id="bar"):
            go = gr.Button("Generate", variant="primary", elem_id="generate")
            stop = gr.Button("Cancel", visible=False, elem_id="cancel")
            status = gr.HTML(elem_id="status")

        gr.HTML("<h2>Your headshots</h2>", elem_id="headshots")
        pictures = gr.HTML('<p class="quiet">They appear here.</p>', elem_id="pictures")
        with gr.Accordion("Use the settings of an earlier headshot", open=False):
            earlier = gr.File(
                file_types=[".png", ".jpg", ".jpeg"], label="A picture as it was downloaded from here", height=120,
                elem_id="recipe",
            )  # fmt: skip

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
        earlier.upload(handlers.use_recipe, earlier, [*settings, count, earlier], **AT_ONCE)

        go.click(None, js=SCROLL, api_visibility="private")
        run = go.click(
            handlers.generate,
            [consent, *settings, count, *faces],
            [status, pictures, go, stop],
            concurrency_id="engine",
            concurrency_limit=MAX_RUNS + 8,
            **PRIVATE,
        )
        stop.click(handlers.cancelled, None, [status, pictures, go, stop], cancels=run, **AT_ONCE)
        demo.unload(handlers.forget)

        PublicApi(studio, visits).add_to_page(concurrency_limit=MAX_RUNS + 8)

    demo.queue(max_size=QUEUE_SIZE)
    return demo, {"theme": theme(), "css": style(controls.all_looks)}


def style(looks: Iterable[str]) -> str:
    """The page's CSS, with the small pictures of looks and examples inside it."""
    rules = [(ROOT / "pipelines/page/style.css").read_text("utf-8")]
    files = {f"#look label:nth-of-type({k})": ROOT / f"assets/looks/{look}.jpg" for k, look in enumerate(looks, 1)}
    files |= {f"#examples #example-{k}": file for k, file in enumerate(EXAMPLES, 1)}
    pictures = {selector: data_uri(open_photo(file), 200) for selector, file in files.items() if file.exists()}
    rules += [f"{selector}::before {{ background-image: url({uri}); }}" for selector, uri in pictures.items()]
    return "\n".join(rules)


def theme() -> gr.themes.Base:
    """Gradio's own theme with the system's fonts, so that nothing is fetched."""
    return gr.themes.Default(
        primary_hue="indigo",
        neutral_hue="slate",
        radius_size="lg",
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica", "Arial", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    )


if __name__ == "__main__":
    sys.exit(serve(None, build_page))

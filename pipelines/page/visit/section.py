"""Section of the results: buttons, progress, the finished pictures, and how long they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass

import gradio as gr
from gradio.blocks import Block

from pipelines.looks.preset import Look
from pipelines.page import texts
from pipelines.page.explain.section import ExplainSection, explain_section
from pipelines.page.markup import heading, muted, sample_pictures, viewer
from pipelines.page.response.pictures import address
from pipelines.page.theme import look_picture, script
from pipelines.page.visit.change_section import ChangeSection, change_section
from pipelines.paths import ASSETS

TICK = 5  # seconds between two looks at the clock
SAMPLE_SELFIE = ASSETS / "examples" / "person-P006.jpg"
SAMPLE_LOOKS = ("corporate", "outdoor", "editorial", "startup", "speaker")
"""Looks shown where the pictures will be, as `tools.draw_look_thumbnails` made them of SAMPLE_SELFIE."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ResultsSection:
    """The buttons and the pictures."""

    generate: gr.Button
    cancel: gr.Button
    skip: gr.Button
    status: gr.HTML
    keeping: gr.Row
    left: gr.HTML
    """Time until photos and pictures are forgotten."""
    keep: gr.Button
    pack: gr.Button
    archive: gr.DownloadButton
    """Hidden: the page's script presses it once the archive is there."""
    clock: gr.Timer
    pictures: gr.HTML
    change: ChangeSection
    earlier: gr.HTML
    """Strip of earlier runs."""
    held: gr.HTML
    """Hidden: the selfie for the picture that was held last; the page's script shows it."""
    explain: ExplainSection

    @property
    def shown(self) -> list[Block]:
        """Components that show finished runs, and how long they are kept."""
        about_run = [self.explain.whole, *self.explain.of_run]
        return [self.status, self.pictures, self.earlier, *self.kept, *about_run]

    @property
    def kept(self) -> list[Block]:
        """Components that say how long photos and pictures are kept, with what is in reach until then."""
        return [self.keeping, self.left, self.keep, self.pack, self.clock]


def results_section(looks: Mapping[str, Look]) -> ResultsSection:
    """Lay out: buttons, how far a run is, and the pictures."""
    with gr.Column(elem_id="output", elem_classes="card"):
        with gr.Row(elem_id="bar"):
            generate = gr.Button(texts.GENERATE, variant="primary", elem_id="generate")
            cancel = gr.Button(texts.CANCEL, visible=False, elem_id="cancel")
            skip = gr.Button(texts.SKIP, visible=False, elem_id="skip")
            status = gr.HTML(muted(texts.START), elem_id="status")
        gr.HTML(heading(texts.YOUR_HEADSHOTS), elem_id="headshots")
        with gr.Row(visible=False, elem_id="keeping") as keeping:
            left = gr.HTML()
            keep = gr.Button(texts.KEEP, size="sm", elem_id="keep")
            pack = gr.Button(texts.ALL_AS_ZIP, size="sm", elem_id="pack")
            archive = gr.DownloadButton(visible="hidden", elem_id="archive")
        acts = script("pictures.js")
        change = change_section()
        pictures = gr.HTML(_sample(looks), elem_id="pictures", js_on_load=acts)
        earlier = gr.HTML(elem_id="earlier", js_on_load=acts)
        held = gr.HTML(visible="hidden", elem_id="held")
        gr.HTML(viewer())
        explain = explain_section()
        clock = gr.Timer(TICK, active=False)
    return ResultsSection(
        generate=generate,
        cancel=cancel,
        skip=skip,
        status=status,
        keeping=keeping,
        left=left,
        keep=keep,
        pack=pack,
        archive=archive,
        clock=clock,
        pictures=pictures,
        change=change,
        earlier=earlier,
        held=held,
        explain=explain,
    )


def _sample(looks: Mapping[str, Look]) -> str:
    """An example selfie, and headshots made of it."""
    shown = {
        looks[name].title: uri for name in SAMPLE_LOOKS if name in looks and (uri := look_picture(name)) is not None
    }
    return sample_pictures(address(f"example-{SAMPLE_SELFIE.name}") or "", shown)

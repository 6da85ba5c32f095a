"""Section of one finished picture: beside the selfie, and with other finishing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block

from pipelines.finishing.finisher import FINISHED_FIELDS
from pipelines.looks.fields import CHOICES, FIELDS, FIRST_FIELDS, field_label
from pipelines.page import texts
from pipelines.page.markup import heading, muted

OFFERED = tuple(field for field in FIRST_FIELDS if field in FINISHED_FIELDS["head"])
"""Fields that one click changes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ChangeSection:
    """One picture, hidden until it is chosen."""

    whole: gr.Column
    chosen: gr.State
    """Name of the picture."""
    slider: gr.ImageSlider
    fields: Mapping[str, gr.Dropdown]
    """Names are those of OFFERED."""
    every_look: gr.Button
    close: gr.Button

    @property
    def parts(self) -> list[Block]:
        """Components that show the chosen picture."""
        return [self.whole, self.chosen, self.slider, *self.fields.values(), self.every_look]

    def closed(self) -> dict[Any, Any]:
        """Updates that hide the section, and let go of its pictures."""
        return {self.whole: gr.Column(visible=False), self.chosen: None, self.slider: None}


def change_section() -> ChangeSection:
    """Lay out the picture beside the selfie, and what can be changed in it without drawing."""
    with gr.Column(visible=False, elem_id="change") as whole:
        gr.HTML(heading(texts.COMPARE_AND_CHANGE))
        chosen = gr.State()
        slider = gr.ImageSlider(
            show_label=False,
            interactive=False,
            buttons=["fullscreen"],
            max_height=640,
            slider_position=50,
            elem_id="compare",
        )
        gr.HTML(muted(texts.COMPARE_HOW))
        with gr.Row(elem_classes="fields"):
            fields = {
                field: gr.Dropdown(
                    [(CHOICES[field][choice].label, choice) for choice in FIELDS[field]],
                    label=texts.OTHER_FIELD.format(field=field_label(field)),
                    filterable=False,
                    min_width=160,
                    elem_id=f"other-{field}",
                )
                for field in OFFERED
            }
        with gr.Row(elem_id="change-buttons"):
            every_look = gr.Button(texts.EVERY_LOOK, size="sm", elem_id="every-look")
            close = gr.Button(texts.CLOSE, size="sm", elem_id="close-change")
    return ChangeSection(whole=whole, chosen=chosen, slider=slider, fields=fields, every_look=every_look, close=close)

"""Section that explains how it works on the run that is shown: closed until somebody opens it."""

from dataclasses import dataclass

import gradio as gr
from gradio.blocks import Block

from pipelines.page.explain import texts
from pipelines.page.explain.markup import glossary
from pipelines.page.markup import muted, titled


@dataclass(frozen=True, kw_only=True, eq=False)
class ExplainSection:
    """Components of it. All but the glossary is about one run."""

    whole: gr.Accordion
    run: gr.HTML
    """Film and scale of the run that is shown."""
    trial: gr.Column
    """Two settings tried out; hidden without a run."""
    draw: gr.Button
    cancel: gr.Button
    status: gr.HTML
    grid: gr.HTML

    @property
    def of_run(self) -> list[Block]:
        """Components that show something of a run."""
        return [self.run, self.trial, self.draw, self.grid]

    @property
    def drawing(self) -> list[Block]:
        """Components that change while the grid is drawn."""
        return [self.draw, self.cancel, self.status, self.grid]


def explain_section() -> ExplainSection:
    """Lay out the closed section."""
    with gr.Accordion(texts.HOW_IT_WORKS, open=False, elem_id="explain") as whole:
        run = gr.HTML(muted(texts.NOTHING_MADE_YET), elem_id="explain-run")
        with gr.Column(visible=False, elem_id="trial") as trial:
            gr.HTML(titled(texts.GRID, texts.GRID_ABOUT))
            with gr.Row(elem_id="trial-bar"):
                draw = gr.Button(size="sm", elem_id="draw-grid")
                cancel = gr.Button(texts.CANCEL_GRID, size="sm", visible=False, elem_id="cancel-grid")
                status = gr.HTML(elem_id="grid-status")
            grid = gr.HTML(elem_id="grid")
        gr.HTML(glossary(), elem_id="glossary")
    return ExplainSection(whole=whole, run=run, trial=trial, draw=draw, cancel=cancel, status=status, grid=grid)

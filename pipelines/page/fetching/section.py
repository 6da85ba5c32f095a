"""Section below the engine's licence: the button that fetches its weights, and how far that is."""

from dataclasses import dataclass

import gradio as gr
from gradio.blocks import Block

from pipelines.page.fetching import texts


@dataclass(frozen=True, kw_only=True, eq=False)
class FetchSection:
    """Components of it. All but the status are hidden where nothing is missing, or nothing may be fetched."""

    whole: gr.Column
    terms: gr.HTML
    fetch: gr.Button
    cancel: gr.Button
    status: gr.HTML

    @property
    def parts(self) -> list[Block]:
        """All of them."""
        return [self.whole, self.terms, self.fetch, self.cancel, self.status]


def fetch_section() -> FetchSection:
    """Lay it out, hidden."""
    with gr.Column(visible=False, elem_id="fetching") as whole:
        terms = gr.HTML()
        with gr.Row(elem_id="fetch-bar"):
            fetch = gr.Button(size="sm", elem_id="fetch")
            cancel = gr.Button(texts.FETCH_CANCEL, size="sm", visible=False, elem_id="cancel-fetch")
    status = gr.HTML(elem_id="fetch-status")
    return FetchSection(whole=whole, terms=terms, fetch=fetch, cancel=cancel, status=status)

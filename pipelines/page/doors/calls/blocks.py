"""Gradio's app with its errors mended: whatever goes wrong in a call is a sentence, and the log holds no value.

It speaks the language of whoever asks: its components are in English, and are said anew wherever they are sent.
"""

from functools import cache
from typing import Any

import gradio as gr

from pipelines.errors import UserError
from pipelines.images.decode import Refusal
from pipelines.language.rendered import spoken_everywhere
from pipelines.language.speaking import language, speaking
from pipelines.page.doors import texts
from pipelines.page.error_messages import sentences_only
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.response.language import language_of

LOOK_SECONDS = 0.02
"""Time between two looks into the queue, which an event waits longer at most. At 0.001, which is Gradio's, a server
that nobody asks uses 5 % of a core."""
ADDRESSES = ("http:", "https:", "data:", "ftp:", "file:", "blob:")


class StudioBlocks(gr.Blocks):
    """Gradio's Blocks, which takes only files of `folder` and echoes nothing that it was sent."""

    def __init__(self, folder: PrivateFolder, **options: Any):
        super().__init__(**options)
        self._folder = folder
        self.public_api: Any = None
        """The `PublicApi` of the page."""

    @property
    def config(self) -> Any:
        """Description of the page that Gradio sends to the browser, in the language that is spoken."""
        return self._spoken_config(language())

    @config.setter
    def config(self, config: Any) -> None:
        self._spoken_config = cache(lambda _: spoken_everywhere(config))

    def queue(self, *given: Any, **named: Any) -> "StudioBlocks":
        """Set the queue up as Gradio does, but looked into less often."""
        super().queue(*given, **named)
        self._queue.sleep_when_free = LOOK_SECONDS
        return self

    async def process_api(self, block_fn: Any, inputs: list[Any], *rest: Any, **named: Any) -> dict[str, Any]:
        """Process a call as Gradio does. Raises nothing but gr.Error with a sentence, which Gradio does not print."""
        try:
            with speaking(language_of(named.get("request"))), sentences_only():
                return await super().process_api(block_fn, inputs, *rest, **named)
        except gr.Error as error:
            if error.__cause__ is not None:  # of an incident
                mark_incident(named.get("request"))
            raise

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *rest: Any, **named: Any) -> list[Any]:
        """Turn what was sent into values of the components. Raises UserError.

        Gradio's own errors, about values that are not on offer or files that were not uploaded, hold what was sent.
        """
        checked = self._checked(inputs)
        try:
            values: list[Any] = await super().preprocess_data(block_fn, checked, *rest, **named)
            return values
        except Exception as error:
            raise UserError(texts.NOT_ON_OFFER) from error

    async def postprocess_data(self, *arguments: Any, **named: Any) -> list[Any]:
        """Turn what an event gives into what the browser is told, in the language that is spoken."""
        told: list[Any] = spoken_everywhere(await super().postprocess_data(*arguments, **named))
        return told

    def _checked(self, value: Any) -> Any:
        """Replace each file by one with nothing but its path, which must be an upload. Raises UserError."""
        if isinstance(value, list):
            return [self._checked(part) for part in value]
        if not isinstance(value, dict):
            return value
        path = value.get("path")
        if not isinstance(path, str):
            return {name: self._checked(part) for name, part in value.items()}
        if path.lower().startswith(ADDRESSES):
            raise UserError(texts.FROM_ADDRESS)
        if self._folder.upload(path) is None:
            raise UserError(Refusal.MISSING)
        name = value.get("orig_name")
        return {
            "path": path,
            "orig_name": name if isinstance(name, str) else None,
            "meta": {"_type": "gradio.FileData"},
        }


def mark_incident(request: Any) -> None:
    """Note on a request that the server is to blame for its answer."""
    asked = getattr(request, "request", None)
    if asked is not None:
        asked.scope["incident"] = True

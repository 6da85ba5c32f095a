"""Gradio's app with its errors mended: whatever goes wrong in a call is a sentence, and the log holds no value."""

from typing import Any

import gradio as gr

from pipelines.errors import UserError
from pipelines.images.decode import Refusal
from pipelines.page.doors import texts
from pipelines.page.error_messages import sentences_only
from pipelines.page.private_folder import PrivateFolder

ADDRESSES = ("http:", "https:", "data:", "ftp:", "file:", "blob:")


class StudioBlocks(gr.Blocks):
    """Gradio's Blocks, which takes only files of `folder` and echoes nothing that it was sent."""

    def __init__(self, folder: PrivateFolder, **options: Any):
        super().__init__(**options)
        self._folder = folder
        self.public_api: Any = None
        """The `PublicApi` of the page."""

    async def process_api(self, block_fn: Any, inputs: list[Any], *rest: Any, **named: Any) -> dict[str, Any]:
        """Process a call as Gradio does. Raises nothing but gr.Error with a sentence, which Gradio does not print."""
        try:
            with sentences_only():
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

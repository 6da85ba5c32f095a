"""Log filter: drops messages of diffusers and transformers about things that are as they should be here."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

EXPECTED = (
    # Without torchvision on purpose (it has no CPU build beside torch's): the PIL image processor gives the same crop.
    "`CLIPImageProcessor` requires torchvision",
    "`SiglipImageProcessor` requires torchvision",
    # The built-in model's autoencoder stands where diffusers expects its own class.
    "Expected types for vae",
    # The image encoder is a part of the row, where there is one; plain FaceID needs none.
    "image_encoder is not loaded since",
    # FaceID's LoRA is for the UNet only.
    "No LoRA keys associated to CLIPTextModel found",
    "No LoRA keys associated to CLIPTextModelWithProjection found",
    # Printed with an empty list of modules.
    "There are modules in",
    # The engine raises a sentence about it instead.
    "Potential NSFW content was detected",
    # These two print the person's words.
    "The following part of your input was truncated",
    "Token indices sequence length is longer",
    # The engine loads from the cache first, and says itself what it cannot get.
    "Couldn't connect to the Hub",
)
"""Beginnings of the messages."""
_EXPECTED_WARNINGS = (
    "The `local_dir_use_symlinks` argument is deprecated",  # diffusers still passes it to the hub's client
    "Already found a `peft_config` attribute",  # a few-step LoRA beside FaceID's is meant
)

_LIBRARIES = ("diffusers", "transformers")


class _NotExpected(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(EXPECTED)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Drop the expected messages and the loading bars while inside."""
    import diffusers.utils.logging as diffusers_logging
    import transformers.utils.logging as transformers_logging

    handlers = [handler for name in _LIBRARIES for handler in logging.getLogger(name).handlers]
    bars = [module for module in (diffusers_logging, transformers_logging) if module.is_progress_bar_enabled()]
    kept = _NotExpected()
    for handler in handlers:
        handler.addFilter(kept)
    for module in bars:
        module.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            for message in _EXPECTED_WARNINGS:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        for handler in handlers:
            handler.removeFilter(kept)
        for module in bars:
            module.enable_progress_bar()

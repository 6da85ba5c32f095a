"""EditPipeline: FLUX.2 [klein] as an engine calls it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers import Flux2KleinPipeline
from PIL import Image


class EditPipeline(Flux2KleinPipeline):
    """FLUX.2 [klein] as an engine calls it: the photos of each picture stand in `references` during the call."""

    _callback_tensor_inputs = [*Flux2KleinPipeline._callback_tensor_inputs, "noise_pred"]  # noqa: RUF012
    references: Sequence[tuple[Image.Image, ...]] = ()
    """Photos per picture. Set them for one call only."""
    grid: tuple[int, int] = (0, 0)
    """Rows and columns of tokens of the picture that is drawn."""

    def __call__(
        self,
        *,
        prompt: list[str],
        negative_prompt: list[str] | None = None,
        generator: list[torch.Generator],
        height: int,
        width: int,
        guidance_scale: float = 1.0,
        **arguments: Any,
    ) -> Any:
        """Draw each picture from its own photos, one after the other; negative words and guidance mean nothing to it.

        Diffusers shows all photos to all pictures of a batch: two people's would be mixed.
        """
        self.grid = (height // (2 * self.vae_scale_factor), width // (2 * self.vae_scale_factor))
        size = {"height": height, "width": width}
        photos = self.references or [()] * len(prompt)
        results = [
            super(EditPipeline, self).__call__(
                image=list(shown) or None,
                prompt=words,
                generator=noise,
                **size,
                guidance_scale=1.0,
                max_sequence_length=self._length_read(words),
                **arguments,
            )
            for shown, words, noise in zip(photos, prompt, generator, strict=True)
        ]
        results[0].images = np.concatenate([result.images for result in results])
        return results[0]

    def _length_read(self, words: str) -> int:
        """Tokens of a prompt to read: the usual number, or all of them where there are more.

        Diffusers would drop the rest without a word. The text encoder, a language model, reads tens of thousands.
        """
        said = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": words}], tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return max(int(self.tokenizer_max_length), len(self.tokenizer(said).input_ids))

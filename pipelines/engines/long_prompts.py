"""Prompts longer than a CLIP text encoder reads: 77 tokens, two of them for start and end.

A long one is cut into stretches that fit, each is encoded by itself, and cross-attention sees all of them one behind
the other, as in most programs around Stable Diffusion. Nothing of it is lost, and short prompts are encoded as ever.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch

_SEPARATORS = (r"[^,]*,?\s*", r"\S+\s*", r".")
"""Pieces of a text: between commas, words, characters."""


class LongPrompts:
    """Mixin of a diffusers pipeline with CLIP text encoders: encodes prompts of any length."""

    def encode_prompt(self, *args: Any, **kwargs: Any) -> tuple[torch.Tensor | None, ...]:
        """Encode as diffusers does: embeddings (B, 77 n, D), n the most stretches of a text, pooled ones of the first.

        Takes the arguments of the pipeline's own; prompts must be a list, and texts, not embeddings.
        """
        encode = super().encode_prompt  # type: ignore[misc]
        arguments = inspect.signature(encode).bind(*args, **kwargs).arguments
        texts = {name: arguments[name] for name in ("prompt", "negative_prompt") if arguments.get(name) is not None}
        cut = {name: [stretches(text, self._fits) for text in of] for name, of in texts.items()}
        count = max(len(one) for of in cut.values() for one in of)
        if count == 1:
            result: tuple[torch.Tensor | None, ...] = encode(**arguments)
            return result
        rounds = [encode(**arguments | {name: _kth(of, k) for name, of in cut.items()}) for k in range(count)]
        words = [None if parts[0] is None else torch.cat(parts, dim=1) for parts in list(zip(*rounds, strict=True))[:2]]
        return (*words, *rounds[0][2:])

    def _fits(self, text: str) -> bool:
        tokenizers = (getattr(self, name, None) for name in ("tokenizer", "tokenizer_2"))
        return all(len(one(text).input_ids) <= one.model_max_length for one in tokenizers if one is not None)


def stretches(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Cut a text into as few stretches as fit one after the other: at commas, else between words, else anywhere."""
    result = [""]
    for piece in _pieces(text, fits, _SEPARATORS):
        if fits(result[-1] + piece):
            result[-1] += piece
        else:
            result.append(piece)
    return [stretch.strip() for stretch in result]


def _pieces(text: str, fits: Callable[[str], bool], separators: tuple[str, ...]) -> Iterator[str]:
    if fits(text) or not separators:
        yield text
        return
    for piece in filter(None, re.findall(separators[0], text, re.DOTALL)):
        yield from _pieces(piece, fits, separators[1:])


def _kth(texts: list[list[str]], k: int) -> list[str]:
    return [of[k] if k < len(of) else "" for of in texts]

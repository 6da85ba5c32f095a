"""Pictures of the built-in engine with generated faces as selfies, and the inner maps of its upper layers.

The engine's upper layers are the generator's own, so the classifier on the inner maps reads them, too.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from pipelines.engines.engine import Engine
from pipelines.errors import UserError
from pipelines.faces.identity import FaceAnalyser, Shot, fuse
from pipelines.faces.photos import largest_face
from pipelines.looks.preset import load_looks
from pipelines.looks.prompts import compose
from training.parser.people import Drawing, draw, draw_upper
from training.stages.mobilestylegan import Mapping, Synthesis


class EnginePictures:
    """The built-in engine, which also tells what its last picture was decoded from."""

    def __init__(self) -> None:
        self.engine, self.analyser = Engine.load("builtin"), FaceAnalyser()
        self._looks = list(load_looks().values())
        self._vae = self.engine.pipeline.vae
        self._decode, self._latents = self._vae.decode, torch.zeros(0)
        self._vae.decode = self._recorded

    def _recorded(self, latents: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        self._latents = latents
        return self._decode(latents, *args, **kwargs)

    def draw(self, selfie: np.ndarray, seed: int) -> tuple[np.ndarray, Drawing] | None:
        """Draw the person of a selfie, uint8 RGB (H, W, 3), in the look that the seed picks.

        Returns the picture as the engine gives it, uint8 RGB (1024, 1024, 3), and the drawing before the head was
        turned by a warp; None where no face is found in the selfie.
        """
        face = largest_face(self.analyser.analyse(selfie))
        if face is None:
            return None
        spec, look = self.engine.spec, self._looks[seed % len(self._looks)]
        try:
            identity = fuse([Shot(image=selfie, face=face)], spec.recogniser)
            prompt = compose(look, family=spec.family)
            picture = self.engine.generate(self.engine.condition(identity), prompt, spec.defaults, seed)
        except UserError:
            return None
        with torch.no_grad():
            features, style = self._vae.features(self._latents)
            return picture, draw_upper(self._vae.synthesis, features, style)


def engine_drawings(
    pictures: EnginePictures, mapping: Mapping, synthesis: Synthesis, seeds: Sequence[int]
) -> Iterator[tuple[int, np.ndarray, Drawing]]:
    """Draw the people of these seeds by the engine; those in whose selfie no face is found are left out."""
    for seed, selfie in zip(seeds, draw(mapping, synthesis, seeds), strict=True):
        found = pictures.draw(selfie.picture, seed)
        if found is not None:
            yield seed, *found

"""An engine that draws in milliseconds, for tests of order, cancelling and cleaning up. It behaves like the real ones:

what it knows of a person sits on the shared object while it draws, so two runs at once would mix their faces.
"""

import dataclasses
import time
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import torch
from PIL import Image

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Step
from pipelines.engines.placement import Placement
from pipelines.faces.identity import Identity
from pipelines.looks.prompts import Prompt
from pipelines.looks.shoot import HeadPlace
from pipelines.settings import Settings

SIDE = 384  # of its pictures, pixels
SPEC: EngineSpec = dataclasses.replace(
    ENGINES["builtin"], id="fake", title="Fake", defaults=dataclasses.replace(ENGINES["builtin"].defaults, steps=4)
)


@dataclasses.dataclass(frozen=True, eq=False)
class Condition:
    """The person's own head, cut out of the best photo."""

    head: np.ndarray


class FakeEngine:
    """Draws the person's photo again, a little lighter or darker with each seed.

    `faceless` seeds show nobody, `monstrous` ones the photo's negative.
    """

    def __init__(
        self,
        *,
        step_seconds: float = 0.0,
        faceless: Collection[int] = (),
        monstrous: Collection[int] = (),
        spec: EngineSpec = SPEC,
    ):
        self.spec, self.placement = spec, Placement(device="cpu", dtype=torch.float32)
        self.step_seconds, self.faceless, self.monstrous = step_seconds, faceless, monstrous
        self.person: Condition | None = None
        self.drawn: list[int] = []  # seeds
        self.steps = 0

    def condition(self, identity: Identity, prepared: Any = None) -> Condition:
        """Cut the head out, with some room around it."""
        shot = identity.best
        left, top, right, bottom = shot.face.box
        middle, half = ((left + right) / 2, (top + bottom) / 2), 0.9 * max(right - left, bottom - top)
        box = (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
        head = Image.fromarray(shot.image).crop(tuple(map(int, box))).resize((SIDE, SIDE))  # type: ignore[arg-type]
        return Condition(head=np.asarray(head))

    def generate(
        self,
        condition: Condition,
        prompt: Prompt,
        settings: Settings,
        seed: int,
        *,
        crop: str = "portrait",
        place: HeadPlace | None = None,
        on_step: Callable[[Step], Any] | None = None,
    ) -> np.ndarray:
        """Draw in `settings.steps` steps, reading the person from the shared object as diffusers does."""
        self.drawn.append(seed)
        self.person = condition
        try:
            for number in range(1, settings.steps + 1):
                time.sleep(self.step_seconds)
                self.steps += 1
                if on_step is not None:
                    on_step(Step(number, settings.steps, lambda: self._picture(seed)[::4, ::4]))
            return self._picture(seed)
        finally:
            self.person = None

    def _picture(self, seed: int) -> np.ndarray:
        assert self.person is not None, "somebody else's run has taken the person away"
        light = 0.8 + 0.3 * np.random.default_rng(seed).random()
        picture = np.clip(self.person.head * light, 0, 255).astype(np.uint8)
        if seed in self.monstrous:
            return 255 - picture
        return np.full_like(picture, 128) if seed in self.faceless else picture

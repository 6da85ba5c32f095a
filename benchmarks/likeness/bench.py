"""Fixture of the likeness benchmark: the studio, the ten people, the judges, and two ways to draw.

`Bench.headshots` asks the product for finished headshots; `Bench.draw` asks its engine for a picture that nothing was
done to, at any settings.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from benchmarks.common.judges import DlibJudge
from benchmarks.likeness.contact_sheet import Sheet
from benchmarks.likeness.people import Person, load_people
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Condition, Engine
from pipelines.errors import UserError
from pipelines.faces.identity import Face
from pipelines.faces.photos import largest_face
from pipelines.looks.fields import field_of
from pipelines.looks.preset import load_look
from pipelines.looks.prompts import DRAWN, Prompt, compose
from pipelines.looks.vocabulary import VOCABULARY
from pipelines.matting.person_mask import PersonMask
from pipelines.picture import Picture
from pipelines.request import Request
from pipelines.settings import Settings
from pipelines.studio import Studio

T = TypeVar("T")

SEEDS = (7, 8, 9, 10)
"""Seeds of each person's four pictures. Chosen before anything was drawn; never picked."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """A picture as the engine drew it."""

    image: np.ndarray  # uint8 RGB (1024, 1024, 3)
    face: Face | None

    def cosine(self, embedding: np.ndarray) -> float:
        """Cosine to a unit embedding, (512,) float32; 0 where there is no face."""
        return 0.0 if self.face is None else float(self.face.embedding @ embedding)


class Bench:
    """The product and its judges, for every part of the benchmark."""

    def __init__(self, engine: Engine, people_count: int):
        self.engine = engine
        self.studio = Studio(engine)
        self.analyser = self.studio.likeness_analyser
        self.judge = DlibJudge()
        self.mask = PersonMask()
        self.sheet = Sheet()
        self.everybody = load_people(self.analyser, self.judge)
        self.people = self.everybody[:people_count]
        self.settings: Settings = engine.spec.defaults
        self.prompt = self.say("")
        self._conditions: dict[str, Condition] = {}

    def each(self, doing: str) -> Iterator[Person]:
        """Iterate over the people with a progress bar."""
        return self.counting(self.people, doing)

    def counting(self, things: Iterable[T], doing: str) -> Iterator[T]:
        """Iterate over anything with a progress bar on stderr; none where that is no terminal."""
        return iter(tqdm(things, desc=doing, leave=False, disable=None))

    def say(self, words: str) -> Prompt:
        """Compose the default look's prompt with a person's words; those for backdrop and clothes go to the model."""
        drawn = tuple(word for word in words.split() if word in VOCABULARY and field_of(word) in DRAWN)
        return compose(load_look(Request.look), words=words, family=self.engine.spec.family, cutout=drawn)

    def headshots(self, photo: Path | bytes, seeds: Sequence[int] = SEEDS) -> dict[int, np.ndarray]:
        """Make headshots as the product does, at its defaults, with seeds that follow each other.

        Returns:
            By seed: uint8 RGB (H, W, 3). A seed is missing if it showed no face (the product then draws another one,
            which does not count here), and all are if the product refused the photo.
        """
        return {picture.seed: picture.image for picture in self.given(photo, seeds) if picture.seed in seeds}

    def given(self, photo: Path | bytes, seeds: Sequence[int] = SEEDS) -> list[Picture]:
        """Make headshots likewise, with those that were drawn in place of others: what a person gets, or nothing."""
        with tempfile.TemporaryDirectory() as folder:
            request = Request(photos=[photo], seed=seeds[0], count=len(seeds), format="jpeg", out=folder)
            try:
                return self.studio.headshots(request, previews=False)
            except UserError:  # no face in any of them, or the photo will not do
                return []

    def draw(self, person: Person, seed: int, *, prompt: Prompt | None = None, **changes: float) -> Drawn:
        """Draw one engine output from the selfie; `changes` are settings that differ from the defaults."""
        if person.id not in self._conditions:
            self._conditions[person.id] = self.engine.condition(person.identity)
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        image = self.engine.generate(self._conditions[person.id], prompt or self.prompt, settings, seed)
        return Drawn(image=image, face=largest_face(self.analyser.analyse(image)))

    def nearest(self, embedding: np.ndarray) -> str:
        """Find the one of all ten people whose unseen portrait comes nearest to a unit embedding; their id."""
        return max(self.everybody, key=lambda person: float(person.portrait_embedding @ embedding)).id


def spec_at(folder: Path) -> EngineSpec:
    """Return the built-in engine's row with its model in another folder."""
    spec, place = ENGINES["builtin"], str(folder)
    components = {
        name: replace(part, source=replace(part.source, repo=place)) for name, part in spec.components.items()
    }
    base, adapter = (replace(source, repo=place) for source in (spec.base, spec.adapter_source))
    return replace(spec, base=base, components=components, adapter=adapter)

"""What every part of the likeness benchmark works with: the engine, the people, the judges, and one way to draw."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from benchmarks.common.judges import DlibJudge
from benchmarks.likeness.contact_sheet import Sheet
from benchmarks.likeness.people import Person, load_people
from pipelines.engine_table import ENGINES, EngineSpec
from pipelines.engines.engine import Condition, Engine
from pipelines.faces.identity import Face, FaceAnalyser
from pipelines.faces.photos import largest_face
from pipelines.finishing.finish import PersonMask
from pipelines.looks.preset import Look, load_look
from pipelines.looks.prompts import Prompt, compose
from pipelines.request import Request
from pipelines.settings import Settings

T = TypeVar("T")

SEEDS = (7, 8, 9, 10)
"""Each person's four pictures. Chosen before anything was drawn; never picked."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """A picture as the engine drew it."""

    image: np.ndarray  # uint8 RGB (1024, 1024, 3)
    face: Face | None

    def cosine(self, embedding: np.ndarray) -> float:
        """To a unit embedding; 0 where there is no face."""
        return 0.0 if self.face is None else float(self.face.embedding @ embedding)


class Bench:
    """The product's parts, put together as the product does, without redraws and without ranking."""

    def __init__(self, engine: Engine, people_count: int):
        self.engine = engine
        self.analyser = FaceAnalyser(engine.spec.recogniser)
        self.judge = DlibJudge()
        self.mask = PersonMask()
        self.sheet = Sheet()
        self.everybody = load_people(self.analyser, self.judge)
        self.people = self.everybody[:people_count]
        self.settings: Settings = engine.spec.defaults
        self.look: Look = load_look(Request.look)
        self.prompt = self.say("")
        self._conditions: dict[str, Condition] = {}
        self._kept: dict[tuple[str, int], Drawn] = {}

    def each(self, doing: str) -> Iterator[Person]:
        """The people in turn, with a progress bar."""
        return self.counting(self.people, doing)

    def counting(self, things: Iterable[T], doing: str) -> Iterator[T]:
        """Any things in turn, with a progress bar on stderr; none where that is no terminal."""
        return iter(tqdm(things, desc=doing, leave=False, disable=None))

    def say(self, words: str) -> Prompt:
        """The default look with a person's words."""
        return compose(self.look, words=words, family=self.engine.spec.family)

    def draw(self, person: Person, seed: int, *, prompt: Prompt | None = None, **changes: float) -> Drawn:
        """One engine output; `changes` are settings that differ from the defaults."""
        settings, words = replace(self.settings, **changes), prompt or self.prompt  # type: ignore[arg-type]
        usual = settings == self.settings and words == self.prompt
        if not (usual and (person.id, seed) in self._kept):
            if person.id not in self._conditions:
                self._conditions[person.id] = self.engine.condition(person.identity)
            image = self.engine.generate(self._conditions[person.id], words, settings, seed)
            drawn = Drawn(image=image, face=largest_face(self.analyser.analyse(image)))
            if not usual:
                return drawn
            self._kept[person.id, seed] = drawn  # several parts look at the same pictures
        return self._kept[person.id, seed]

    def nearest(self, embedding: np.ndarray) -> str:
        """Whose unseen portrait comes nearest, of all ten."""
        return max(self.everybody, key=lambda person: float(person.portrait_embedding @ embedding)).id


def spec_at(folder: Path) -> EngineSpec:
    """The built-in engine's row, with its model in another folder."""
    spec, place = ENGINES["builtin"], str(folder)
    components = {
        name: replace(part, source=replace(part.source, repo=place)) for name, part in spec.components.items()
    }
    base, adapter = (replace(source, repo=place) for source in (spec.base, spec.adapter))
    return replace(spec, base=base, components=components, adapter=adapter)


def mean(values: Sequence[float]) -> float:
    """Of numbers or of truths."""
    return float(np.mean(values))

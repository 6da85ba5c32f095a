"""Variants that only real weights can settle: the colours that CLIP sees, a large face's way to the recogniser's crop.

Both are fields of an engine's row. Each of openpeople's ten is drawn with every combination, by the same seeds, and
dlib's recogniser, which had no part in it, says how far the pictures are from the selfie and from a portrait of that
person that no engine saw.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Any

import numpy as np

from benchmarks.common.judges import SAME_PERSON, DlibJudge, distance
from benchmarks.likeness.people import Person, load_people
from pipelines.engine_spec import EngineSpec, import_by_path
from pipelines.engine_table import ENGINES
from pipelines.engines.adapters import FaceIDPlusV2Adapter
from pipelines.engines.engine import Condition, Engine
from pipelines.errors import UserError
from pipelines.faces.identity import FaceAnalyser, Shot, fuse
from pipelines.faces.photos import largest_face
from pipelines.looks.preset import load_look
from pipelines.looks.prompts import Prompt, compose
from pipelines.request import Request
from pipelines.runtime.memory import OutOfMemory, free_memory
from pipelines.weights.status import is_downloaded

SEEDS = (7, 8)
"""Seeds of each person's pictures in each variant. Chosen before anything was drawn."""
SURE = 2.0
"""Standard errors by which two variants have to differ before one is called better."""
HOW = """\
No engine that this can measure has its weights here. On a machine with a GPU, get those of one, then run this again:
    python -m pipelines weights fetch {engine} --dry-run   (what comes, and how large it is)
    python -m pipelines weights fetch {engine}
    python -m benchmarks.engines --real --engine {engine}
It takes some ten minutes, and prints one table for each engine. Send the table, and the row's field can be settled."""

Changes = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Pictures of one variant, by dlib; distances are infinite where there was no face, or no picture."""

    name: str
    to_selfie: Mapping[str, Sequence[float]]
    """By person, one for each seed."""
    to_portrait: Mapping[str, Sequence[float]]

    @property
    def pictures(self) -> list[float]:
        """Distances of all pictures to the selfie."""
        return [d for of in self.to_selfie.values() for d in of]


def engines(asked: Sequence[str] | None, table: Mapping[str, EngineSpec] = ENGINES) -> list[EngineSpec]:
    """List the rows to measure: those that are asked for, else all, as far as their weights are here."""
    able = [spec for spec in table.values() if len(variants(spec)) > 1 and spec.few_step_lora is None]
    return [spec for spec in able if is_downloaded(spec) and (not asked or spec.id in asked)]


def variants(spec: EngineSpec) -> dict[str, Changes]:
    """Combinations of a row's two fields, the row's own first; one only where neither is known to matter."""
    if spec.adapter is None or spec.memory_gb == 0:
        return {"as it is": {}}
    sees = issubclass(import_by_path(spec.adapter_class), FaceIDPlusV2Adapter)
    colours = ("bgr", "rgb") if sees else (spec.clip_colours,)
    found: dict[str, Changes] = {}
    for colour, sampling in itertools.product(colours, ("direct", "area")):
        name = f"{colour}, {sampling}" if sees else sampling
        found[name] = {"clip_colours": colour, "embedding_sampling": sampling}
    own = {"clip_colours": spec.clip_colours, "embedding_sampling": spec.embedding_sampling}
    return dict(sorted(found.items(), key=lambda item: item[1] != own))


def measure(spec: EngineSpec, people_count: int) -> list[Measured]:
    """Draw the people with an engine in every variant, the row's own first."""
    judge = DlibJudge()
    people = load_people(FaceAnalyser(), judge)[:people_count]
    free_memory()  # of the engine before, whose memory torch keeps: it would count as taken
    engine = Engine.load(spec.id)
    if engine.placement.warning:
        print(engine.placement.warning)
    return [_variant(engine, name, changes, people, judge) for name, changes in variants(spec).items()]


def _variant(engine: Engine, name: str, changes: Changes, people: Sequence[Person], judge: DlibJudge) -> Measured:
    """Draw everybody in one variant; the engine's own row is put back afterwards."""
    usual = engine.spec
    engine.spec = replace(usual, **changes)  # type: ignore[arg-type]
    analyser = FaceAnalyser(usual.recogniser, sampling=engine.spec.embedding_sampling)
    to_selfie, to_portrait = {}, {}
    try:
        for person in people:
            drawn = [
                None if picture is None else judge.describe(picture)
                for picture in _pictures(engine, analyser, person.selfie)
            ]
            to_selfie[person.id] = [distance(one, person.selfie_dlib) for one in drawn]
            to_portrait[person.id] = [distance(one, person.portrait_dlib) for one in drawn]
    finally:
        engine.spec = usual
    return Measured(name=name, to_selfie=to_selfie, to_portrait=to_portrait)


def _pictures(engine: Engine, analyser: FaceAnalyser, selfie: np.ndarray) -> Iterator[np.ndarray | None]:
    face = largest_face(analyser.analyse(selfie))
    assert face is not None, "openpeople's selfies all show a face"
    condition = engine.condition(fuse([Shot(image=selfie, face=face)], analyser.recogniser))
    prompt = compose(load_look(Request.look), family=engine.spec.family)
    for seed in SEEDS:
        yield _picture(engine, condition, prompt, seed)


def _picture(engine: Engine, condition: Condition, prompt: Prompt, seed: int) -> np.ndarray | None:
    """Draw one; None where it is lost to the safety checker or to numbers that overflowed."""
    try:
        return engine.generate(condition, prompt, engine.spec.defaults, seed)
    except OutOfMemory:
        raise
    except UserError:
        return None


def table(measured: Sequence[Measured]) -> list[tuple[str, ...]]:
    """Rows of the table, after the headings: variants by dlib's distances; less is more alike."""
    usual = measured[0]
    rows: list[tuple[str, ...]] = [
        ("variant", "to selfie", "to portrait", f"under {SAME_PERSON:g}", "lost or no face", "against the row's own")
    ]
    for one in measured:
        distances = one.pictures
        under = sum(d < SAME_PERSON for d in distances)
        missing = sum(not math.isfinite(d) for d in distances)
        rows.append(
            (
                one.name,
                _mean(distances),
                _mean([d for of in one.to_portrait.values() for d in of]),
                f"{under} of {len(distances)}",
                str(missing),
                "the row's own" if one is usual else verdict(usual, one),
            )
        )
    return rows


def verdict(usual: Measured, other: Measured) -> str:
    """Compare two variants person by person, by the distance to the unseen portrait: "-0.021 ± 0.006: better"."""
    pairs = zip(usual.to_portrait.values(), other.to_portrait.values(), strict=True)
    differences = [fmean(b) - fmean(a) for a, b in pairs if all(map(math.isfinite, [*a, *b]))]
    if len(differences) < 2:
        return "too few people with a face"
    mean, error = fmean(differences), stdev(differences) / math.sqrt(len(differences))
    word = "no sure difference" if abs(mean) <= SURE * error else "better" if mean < 0 else "worse"
    return f"{mean:+.3f} ± {error:.3f}: {word}"


def figures(measured: Sequence[Measured]) -> dict[str, Any]:
    """Figures by name, for benchmarks/figures.json."""
    found: dict[str, Any] = {}
    for one in measured:
        name = one.name.replace(", ", "_")
        found[f"{name}_pictures"] = len(one.pictures)
        found[f"{name}_dlib_same_as_selfie"] = sum(d < SAME_PERSON for d in one.pictures)
        for of, distances in (("selfie", one.to_selfie), ("portrait", one.to_portrait)):
            seen = [d for some in distances.values() for d in some if math.isfinite(d)]
            found[f"{name}_distance_to_{of}"] = fmean(seen) if seen else None
    return found


def _mean(distances: Sequence[float]) -> str:
    seen = [d for d in distances if math.isfinite(d)]
    return f"{fmean(seen):.3f}" if seen else "-"

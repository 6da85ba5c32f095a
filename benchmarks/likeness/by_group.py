"""Fairness of the built-in model: likeness, faults and skin tone by skin, sex and age, each with a 95 % interval.

Openpeople, whose sex and age are written down with them, and the people of held_out.npz, of whom only the skin is
known; four headshots each. Every figure is a person's mean, and the intervals are over people: four pictures of one
person are no four people. A group of fewer than ENOUGH people is measured and said to be too small to tell by.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.common.judges import SAME_PERSON, cheek_colour, distance, hue_difference
from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench
from benchmarks.likeness.photo_count import decode, load_files
from benchmarks.likeness.skin_groups import GROUPS as SKIN
from benchmarks.likeness.skin_groups import typology_angle
from pipelines.faces.photos import largest_face

ENOUGH = 10
"""Fewest people of a group whose mean is said without a warning."""
CONFIDENCE = 0.95
AGES: Mapping[str, tuple[float, float]] = {"under 35": (0, 35), "35 to 50": (35, 50), "over 50": (50, 150)}
"""Years, by the middle of a person's range."""
MEASURES: Mapping[str, str] = {
    "likeness": "cosine to the photo",
    "likeness_unseen": "cosine to another shot, which the model never saw",
    "faults": "share of pictures without a face, or of which dlib says that they show somebody else",
    "lightness": "cheeks off by, L*",
    "hue": "cheeks off by, degrees of hue",
}
"""Measures of a person, each the mean over their pictures."""
LARGEST_GAP = {"likeness": 0.10, "likeness_unseen": 0.10, "faults": 0.10, "lightness": 2.0, "hue": 3.0}
"""Most by which a group of ENOUGH people may be worse than everybody else, at the near end of the interval."""
LOWER_IS_WORSE = ("likeness", "likeness_unseen")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One person: which groups they belong to, and the mean of each measure."""

    name: str
    skin: str
    sex: str | None
    age: str | None
    likeness: float
    likeness_unseen: float
    faults: float
    lightness: float
    hue: float


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One person before anything is drawn: a photo, and another shot that the model does not see."""

    name: str
    photo: Path | bytes
    image: np.ndarray  # uint8 RGB (H, W, 3)
    unseen: np.ndarray  # uint8 RGB (H, W, 3)
    sex: str | None = None
    age: str | None = None


def by_group(bench: Bench) -> Outcome:
    """Measure everybody, and compare each group with everybody else."""
    people = [one for subject in bench.counting(_subjects(bench), "groups") if (one := _measure(bench, subject))]
    figures, bars = compare(people)
    return Outcome(bars=bars, figures=figures, details={"people": [asdict(one) for one in people]})


def compare(people: Sequence[Measured]) -> tuple[dict[str, float], list[Bar]]:
    """Return each group's figures, and bars for the gaps of groups that are large enough.

    The figures of the group "sex female" are `sex_female_people`, and for each measure `sex_female_likeness` with
    `..._low` and `..._high`, the interval's ends, and `..._worse`, `..._worse_low` and `..._worse_high`: by how much
    the group is worse than everybody else of whom the same is known.
    """
    figures: dict[str, float] = {"people": len(people), "enough": ENOUGH}
    bars = []
    for kind, group, members, others in groups(people):
        name = key(kind, group)
        figures[f"{name}_people"] = len(members)
        for measure in MEASURES:
            mine, theirs = ([getattr(one, measure) for one in some] for some in (members, others))
            sign = -1 if measure in LOWER_IS_WORSE else 1
            worse, low, high = difference([sign * one for one in mine], [sign * one for one in theirs])
            ends = dict(zip(("low", "high"), interval(mine), strict=True))
            figures |= {f"{name}_{measure}": fmean(mine)} | {f"{name}_{measure}_{end}": v for end, v in ends.items()}
            figures |= {f"{name}_{measure}_worse": worse}
            figures |= {f"{name}_{measure}_worse_low": low, f"{name}_{measure}_worse_high": high}
            if len(members) >= ENOUGH and len(others) > 1:
                about = f"{kind} {group}: worse than others for certain, {MEASURES[measure].partition(',')[0]}"
                bars.append(Bar(name=f"{about} ({measure})", figure=low, rule="<=", limit=LARGEST_GAP[measure]))
    return figures, bars


def groups(people: Sequence[Measured]) -> Iterator[tuple[str, str, list[Measured], list[Measured]]]:
    """Iterate over kind, group, its members and the others of whom the same is known."""
    for kind, names in (("skin", [*SKIN]), ("sex", ["female", "male"]), ("age", [*AGES])):
        known = [one for one in people if getattr(one, kind) is not None]
        for group in names:
            members = [one for one in known if getattr(one, kind) == group]
            if members:
                yield kind, group, members, [one for one in known if getattr(one, kind) != group]


def key(kind: str, group: str) -> str:
    """Beginning of a group's figures."""
    return f"{kind}_{group}".replace(" ", "_")


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Ends of the 95 % interval of a mean by Student's t; infinite for fewer than two values."""
    if len(values) < 2:
        return -np.inf, np.inf
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * np.std(values, ddof=1) / np.sqrt(len(values))
    return fmean(values) - float(half), fmean(values) + float(half)


def difference(mine: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """Difference of two means and the ends of its 95 % interval by Welch; infinite ends for fewer than two values."""
    gap = fmean(mine) - fmean(theirs) if theirs else 0.0
    if min(len(mine), len(theirs)) < 2:
        return gap, -np.inf, np.inf
    parts = [float(np.var(some, ddof=1)) / len(some) for some in (mine, theirs)]
    if not sum(parts):
        return gap, gap, gap
    freedom = sum(parts) ** 2 / sum(part**2 / (len(some) - 1) for part, some in zip(parts, (mine, theirs), strict=True))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * sum(parts) ** 0.5
    return gap, gap - half, gap + half


def _subjects(bench: Bench) -> Iterator[Subject]:
    for person in bench.people:
        about = json.loads((person.file.parent.parent / "metadata.json").read_text("utf-8"))
        told: dict[str, Any] = about["character_details"]["demographics"]
        years = fmean(float(end) for end in told["age_range"].split("-"))
        yield Subject(
            name=person.id, photo=person.file, image=person.selfie, unseen=person.portrait, sex=told["sex"],
            age=next(group for group, (low, high) in AGES.items() if low <= years < high),
        )  # fmt: skip
    for who, files in load_files().items():
        yield Subject(name=f"held out {who}", photo=files[0], image=decode(files[0]), unseen=decode(files[1]))


def _measure(bench: Bench, subject: Subject) -> Measured | None:
    """Draw a person four times and judge the pictures; None if the photo or the unseen shot shows no face."""
    faces = [largest_face(bench.analyser.analyse(image)) for image in (subject.image, subject.unseen)]
    if faces[0] is None or faces[1] is None:
        return None
    before = cheek_colour(subject.image, faces[0].landmarks)
    described = bench.judge.describe(subject.image)
    finished = bench.headshots(subject.photo)
    rows = []
    for seed in SEEDS:
        picture = finished.get(seed)
        face = None if picture is None else largest_face(bench.analyser.analyse(picture))
        if picture is None or face is None:
            rows.append({"faults": 1.0, "likeness": 0.0, "likeness_unseen": 0.0})
            continue
        after = cheek_colour(picture, face.landmarks)
        other = described is not None and distance(bench.judge.describe(picture), described) >= SAME_PERSON
        rows.append(
            {
                "faults": float(other),
                "likeness": float(face.embedding @ faces[0].embedding),
                "likeness_unseen": float(face.embedding @ faces[1].embedding),
                "lightness": abs(float(after[0] - before[0])),
                "hue": abs(hue_difference(after, before)),
            }
        )
    means = {name: fmean([row[name] for row in rows if name in row] or [np.inf]) for name in MEASURES}
    angle = typology_angle(before)
    skin = next(group for group, (low, high) in SKIN.items() if low <= angle < high)
    return Measured(name=subject.name, skin=skin, sex=subject.sex, age=subject.age, **means)
